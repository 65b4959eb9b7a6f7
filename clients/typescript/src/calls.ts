/**
 * What a client does for each operation: retries, waiting, pages.
 *
 * A call is repeated where that is safe: always after an answer that says that nothing was begun, and after silence only
 * where sending it twice does what sending it once does. `ask` and `wait` go on for as long as the caller has patience,
 * because an agent that gives up while a person thinks is worse than one that waits.
 */

import { apiError, ConnectionFailedError, type SignoffError, StillPendingError, UnauthenticatedError } from "./errors.js";
import { answers, type Expected, type Http, LONGEST_TIMER_MS, type Reply, type Request, segment } from "./http.js";
import { Outcome } from "./outcome.js";
import { hex } from "./sha256.js";
import type { Approval } from "./types.js";

/** The longest that one wait is held, in milliseconds. The server takes 55 s. */
const LEG_MS = 50_000;
/** What an approval is known by. */
export const APPROVAL: readonly Expected[] = ["id", "status"];
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 8_000;
/** Answers that say that nothing was begun. */
const NOT_BEGUN: ReadonlySet<string> = new Set(["rate_limited", "overloaded", "draining"]);
const PASSING: ReadonlySet<number> = new Set([502, 503, 504]);

/** Time, in one place, so that tests can make it pass. */
export const clock = {
  /** Milliseconds, by a clock that nobody sets. */
  now: (): number => performance.now(),

  /** Some milliseconds of nothing. Throws the signal's reason when that ends it. */
  sleep: (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const end = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", end);
        resolve();
      }, Math.min(ms, LONGEST_TIMER_MS));
      signal?.addEventListener("abort", end, { once: true });
    }),
};

/** How long to pause before the next attempt: more each time, and never the same for two clients. */
export function delayMs(attempt: number, atLeastMs?: number): number {
  const backoff = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10));
  const pause = backoff * (0.5 + Math.random() / 2);
  return atLeastMs !== undefined && atLeastMs > pause ? atLeastMs + Math.random() * 500 : pause;
}

/** A name that nobody has used. A page that was not loaded by HTTPS has no `randomUUID`. */
export function newKey(): string {
  return hex(crypto.getRandomValues(new Uint8Array(16)));
}

/** Who calls: the connection, and how often and how long it tries. */
export interface Caller {
  readonly http: Http;
  readonly maxRetries: number;
  /** Milliseconds without any answer after which `ask` and `wait` give up; undefined: never. */
  readonly patienceMs: number | undefined;
}

/** The error for an answer that is no success. */
export function errorOf(reply: Reply, request: Request): SignoffError {
  if (reply.problem !== undefined) return apiError(reply.status, reply.problem, reply.requestId, reply.retryAfter);
  return new ConnectionFailedError(
    `${request.method} ${request.path} was answered with ${reply.status} and ${reply.contentType || "no content type"}: ` +
      "that is not Signoff, but something on the way",
  );
}

function retryAfterMs(reply: Reply): number | undefined {
  return reply.retryAfter === undefined ? undefined : reply.retryAfter * 1000;
}

function mayRepeat(reply: Reply, request: Request): boolean {
  if (reply.problem !== undefined && NOT_BEGUN.has(reply.problem.code)) return true;
  return request.repeatable !== false && (PASSING.has(reply.status) || reply.problem === undefined);
}

/** Final in itself: what the server said, and would say again. */
function isFinal(reply: Reply): boolean {
  return reply.problem !== undefined && reply.status !== 429 && reply.status < 500;
}

/** Neither Signoff nor something that passes: a redirect, or a refusal by what is on the way or stands in its place. */
function isForeign(reply: Reply): boolean {
  return reply.problem === undefined && (reply.status < 200 || (reply.status >= 300 && reply.status < 500));
}

/** Whether a refused key has become another one. Once in a row: one that is always new is not always asked for. */
class Renewal {
  #done = false;

  answered(): void {
    this.#done = false;
  }

  /** A failure where that can't be known: what asks for a key is a connection like any other. */
  async works(error: SignoffError, reply: Reply, request: Request, http: Http): Promise<boolean | ConnectionFailedError> {
    if (this.#done || !(error instanceof UnauthenticatedError)) return false;
    const renewed = await http.renewed(reply.key, request.signal).catch(failure);
    this.#done = typeof renewed === "boolean";
    return renewed;
  }
}

/** One call, repeated a few times where that is safe. Answers a success's body. */
export async function call<T>(request: Request, caller: Caller): Promise<T> {
  const renewal = new Renewal();
  for (let attempt = 0; ; attempt++) {
    const reply = await caller.http.send(request).catch(failure);
    let error: SignoffError;
    let repeatable: boolean;
    let atLeastMs: number | undefined;
    if (reply instanceof ConnectionFailedError) {
      error = reply;
      repeatable = request.repeatable !== false;
    } else {
      if (answers(reply, request)) return reply.body as T;
      error = errorOf(reply, request);
      const renewed = await renewal.works(error, reply, request, caller.http);
      if (renewed === true) {
        attempt--;
        continue;
      }
      if (renewed !== false) error = renewed;
      repeatable = renewed !== false || mayRepeat(reply, request);
      atLeastMs = retryAfterMs(reply);
    }
    if (!repeatable || attempt >= caller.maxRetries) throw error;
    await clock.sleep(delayMs(attempt, atLeastMs), request.signal);
  }
}

/** How long to go on without an answer, and in all. */
class Patience {
  readonly #longestMs: number | undefined;
  readonly #until: number | undefined;
  #since: number | undefined;
  #attempt = 0;

  constructor(longestMs: number | undefined, until: number | undefined) {
    this.#longestMs = longestMs;
    this.#until = until;
  }

  answered(): void {
    this.#since = undefined;
    this.#attempt = 0;
  }

  /** How long to pause after a failure; throws it where there is no more patience. */
  failed(error: SignoffError, atLeastMs?: number): number {
    const now = clock.now();
    this.#since ??= now;
    const pause = delayMs(this.#attempt++, atLeastMs);
    if (this.#longestMs !== undefined && now + pause - this.#since > this.#longestMs) throw error;
    if (this.#until !== undefined && now + pause > this.#until) throw error;
    return pause;
  }
}

/**
 * A success. Otherwise an answer that is final in itself ends it, or one that is not Signoff's again and again, the caller's
 * signal or lost patience.
 */
async function insist(request: () => Request, caller: Caller, patience: Patience): Promise<Success> {
  const renewal = new Renewal();
  let foreign = 0;
  for (;;) {
    const made = request();
    const reply = await caller.http.send(made).catch(failure);
    let error: SignoffError;
    let atLeastMs: number | undefined;
    if (reply instanceof ConnectionFailedError) {
      error = reply;
      foreign = 0;
    } else {
      if (answers(reply, made)) return reply;
      error = errorOf(reply, made);
      foreign = isForeign(reply) ? foreign + 1 : 0;
      if (foreign > caller.maxRetries) throw error;
      const renewed = await renewal.works(error, reply, made, caller.http);
      if (renewed === true) continue;
      if (renewed !== false) {
        error = renewed;
      } else {
        if (isFinal(reply)) throw error;
        renewal.answered();
        atLeastMs = retryAfterMs(reply);
      }
    }
    await clock.sleep(patience.failed(error, atLeastMs), made.signal);
  }
}

/** A connection that failed, as a value; what else is thrown, is thrown. */
export function failure(error: unknown): ConnectionFailedError {
  if (error instanceof ConnectionFailedError) return error;
  throw error;
}

type Success = Reply & { readonly body: object };

/** A call that must get through, without end where nothing is said. */
export async function persist<T>(request: Request, caller: Caller, until?: number): Promise<T> {
  const reply = await insist(() => request, caller, new Patience(caller.patienceMs, until));
  return reply.body as T;
}

/** Refuses what is no duration at once: a wait would meet it only once the server is away. */
export function checkDuration(name: string, milliseconds: number | undefined): void {
  // Of what is no number, the comparison is false.
  if (milliseconds !== undefined && !(typeof milliseconds === "number" && milliseconds >= 0)) {
    throw new TypeError(`${name} is a number of milliseconds, and not ${String(milliseconds)}`);
  }
}

/** When a time that begins now is over. */
export function untilOf(timeoutMs: number | undefined): number | undefined {
  checkDuration("timeoutMs", timeoutMs);
  return timeoutMs === undefined ? undefined : clock.now() + timeoutMs;
}

/** Waits until it has ended, across restarts of instances and of this process. */
export async function wait(
  id: string,
  caller: Caller,
  until: number | undefined,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  const patience = new Patience(caller.patienceMs, until);
  const left = (): number => (until === undefined ? Infinity : Math.max(0, until - clock.now()));
  const path = `/api/v1/approvals/${segment(id)}/wait`;
  let legMs = LEG_MS;
  const leg = (): Request => {
    legMs = Math.ceil(Math.min(LEG_MS, left()) / 1000) * 1000;
    const query = { timeout: legMs / 1000 };
    return { method: "GET", path, query, heldMs: legMs, expects: APPROVAL, id, signal };
  };
  for (;;) {
    const reply = await insist(leg, caller, patience);
    const approval = reply.body as Approval;
    if (approval.status !== "pending") return new Outcome(approval);
    if (left() === 0) throw new StillPendingError(approval);
    patience.answered();
    let pause = retryAfterMs(reply) ?? 0;
    // It was not held. Whatever is on the way, it is not asked in a circle.
    if (reply.tookMs < Math.min(1000, legMs / 2)) pause = Math.max(pause, 1000);
    if (pause > 0) await clock.sleep(Math.min(pause, left()), signal);
  }
}

/** Items page by page, as they are read. `next` makes the query of the page behind a cursor. */
export async function* pages<T>(
  path: string,
  query: Readonly<Record<string, unknown>>,
  next: (cursor: string) => Readonly<Record<string, unknown>>,
  caller: Caller,
): AsyncGenerator<T, void, undefined> {
  for (let asked = query; ; ) {
    const page = await call<Page<T>>({ method: "GET", path, query: asked, expects: ["items"] }, caller);
    yield* page.items;
    if (!page.next_cursor) return;
    asked = next(page.next_cursor);
  }
}

interface Page<T> {
  readonly items: readonly T[];
  readonly next_cursor?: string | null;
}
