/** Tasks and runs: events in, events out, and what a run has asked. */

import { type Caller, call, pages } from "./calls.js";
import { follow, type SocketConstructor } from "./follow.js";
import { type Request, segment } from "./http.js";
import type { AcceptedEvents, Event, EventBody, Run } from "./types.js";

function eventsOf(taskId: string): string {
  return `/api/v1/tasks/${segment(taskId)}/events`;
}

/** Events of tasks. */
export class Tasks {
  readonly #caller: Caller;
  readonly #socket: SocketConstructor | undefined;

  /** @internal */
  constructor(caller: Caller, socket: SocketConstructor | undefined) {
    this.#caller = caller;
    this.#socket = socket;
  }

  /** Appends one event. It is not sent again where it is unknown what became of it. */
  async publish(taskId: string, eventType: string, data?: unknown): Promise<AcceptedEvents>;
  /** Appends up to 500 events, all or none. They are not sent again where it is unknown what became of them. */
  async publish(taskId: string, events: readonly EventBody[]): Promise<AcceptedEvents>;
  async publish(taskId: string, said: string | readonly EventBody[], data?: unknown): Promise<AcceptedEvents> {
    if (typeof said !== "string" && (!Array.isArray(said) || data !== undefined)) {
      throw new TypeError("give a list of events, or an event's type and its data");
    }
    const events = typeof said !== "string" ? said : [data === undefined ? { event_type: said } : { event_type: said, data }];
    const request: Request = { method: "POST", path: eventsOf(taskId), body: { events }, repeatable: false, expects: ["cursor"] };
    return call(request, this.#caller);
  }

  /** What is kept, the oldest first, up to now. */
  events(
    taskId: string,
    options: { readonly after?: string | undefined; readonly since?: string | undefined } = {},
  ): AsyncGenerator<Event, void, undefined> {
    const { after, since } = options;
    return pages(eventsOf(taskId), { after, since }, (cursor) => ({ after: cursor }), this.#caller);
  }

  /**
   * Events as they happen, each once and in order, across instances and their restarts. It ends when a newer socket follows
   * the task. An event `hello` comes first where something before is no longer kept. Leaving the loop closes the socket.
   */
  follow(
    taskId: string,
    options: { readonly cursor?: string | undefined; readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<Event, void, undefined> {
    return follow(this.#caller, this.#socket, taskId, options.cursor, options.signal);
  }
}

/** All that a run has asked. */
export class Runs {
  readonly #caller: Caller;

  /** @internal */
  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** How many of its approvals are pending, and how the others ended. */
  async get(runId: string): Promise<Run> {
    return call({ method: "GET", path: `/api/v1/runs/${segment(runId)}`, expects: ["run_id"] }, this.#caller);
  }

  /** Cancels what it still asks, and deletes it. `NotFoundError` may mean that an earlier try of this call has done it. */
  async delete(runId: string): Promise<void> {
    await call({ method: "DELETE", path: `/api/v1/runs/${segment(runId)}`, expects: ["nothing"] }, this.#caller);
  }
}
