/** A task's socket: one that comes back where it was cut off. */

import { type Caller, clock, delayMs, failure, persist } from "./calls.js";
import { SignoffError } from "./errors.js";
import { type Request, segment } from "./http.js";
import type { Event, Ticket } from "./types.js";

const SUBPROTOCOL = "signoff.v1";
/** These mean: don't come back. */
const FINAL: ReadonlySet<number> = new Set([1000, 1002, 1007, 1008, 1009]);
const OVER = 1000;
const NEW_CREDENTIAL = 4401;
const BROKEN = 1006;
/** How often it is looked whether the connection is still there. */
const HEARTBEAT_MS = 20_000;
const OPENING_MS = 20_000;

/** What this package needs of a WebSocket. */
export interface SocketLike {
  addEventListener(type: "open" | "error", listener: () => void): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: { readonly code: number; readonly reason: string }) => void): void;
  send(text: string): void;
  close(code?: number): void;
}

/** The standard WebSocket, or one like it. */
export type SocketConstructor = new (url: string, protocols: string[]) => SocketLike;

/** One connection: its messages in order, and how it ended. */
class Connection {
  opened = false;
  code = BROKEN;
  reason = "";
  readonly #socket: SocketLike;
  readonly #signal: AbortSignal | undefined;
  readonly #messages: unknown[] = [];
  #ended = false;
  #alive = true;
  #wake: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout>;

  constructor(socket: SocketLike, signal: AbortSignal | undefined) {
    this.#socket = socket;
    this.#signal = signal;
    this.#timer = setTimeout(this.close, OPENING_MS);
    signal?.addEventListener("abort", this.close);
    socket.addEventListener("open", () => {
      this.opened = true;
      clearTimeout(this.#timer);
      if (!this.#ended) this.#timer = setInterval(this.#beat, HEARTBEAT_MS);
    });
    socket.addEventListener("message", ({ data }) => {
      this.#alive = true;
      this.#messages.push(data);
      this.#wake?.();
    });
    // The close that follows tells what happened. Where it never opened, some tell of the error alone.
    socket.addEventListener("error", () => {
      if (!this.opened) this.#end(BROKEN, "");
    });
    socket.addEventListener("close", ({ code, reason }) => this.#end(code, reason));
  }

  /** The next message; undefined when there are no more. */
  async next(): Promise<unknown> {
    while (this.#messages.length === 0) {
      this.#signal?.throwIfAborted();
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#messages.shift();
  }

  /** Ends it from here, without waiting for the other side. */
  readonly close = (): void => {
    this.#end(BROKEN, "");
    this.#socket.close(OVER);
  };

  /** A connection can break without a word. The server answers each ping. */
  readonly #beat = (): void => {
    if (!this.#alive) return this.close();
    this.#alive = false;
    this.#socket.send('{"type":"ping"}');
  };

  #end(code: number, reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.code = code;
    this.reason = reason;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.close);
    this.#wake?.();
  }
}

interface Message {
  readonly event_type: string;
  readonly cursor?: string | null;
  readonly data?: { readonly after_ms?: number; readonly recovered?: boolean | null } | null;
}

function parsed(data: unknown): Message {
  try {
    return JSON.parse(String(data)) as Message;
  } catch (error) {
    throw new SignoffError("a message of the socket is no JSON", { cause: error });
  }
}

/** Events of a task. No WebSocket can send a key with its handshake, so each connection is opened with a ticket. */
export async function* follow(
  caller: Caller,
  given: SocketConstructor | undefined,
  taskId: string,
  from: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Event, void, undefined> {
  const Socket = given ?? (globalThis as { WebSocket?: SocketConstructor }).WebSocket;
  if (Socket === undefined) {
    throw new SignoffError(
      "there is no WebSocket here: give one to the client, new Signoff({WebSocket}), such as that of the package ws",
    );
  }
  const { http } = caller;
  const name = segment(taskId);
  const forEver: Caller = { ...caller, patienceMs: undefined };
  let cursor = from;
  let attempt = 0;
  for (;;) {
    const request: Request = { method: "POST", path: "/api/v1/ws-tickets", expects: ["ticket"], signal };
    const { ticket } = await persist<Ticket>(request, forEver);
    const key = http.credentials.current;
    const query = new URLSearchParams(cursor === undefined ? { ticket } : { ticket, cursor });
    const url = `${http.url.replace(/^http/, "ws")}/ws/${name}?${query}`;
    const connection = new Connection(new Socket(url, [SUBPROTOCOL]), signal);
    let afterMs: number | undefined;
    try {
      for (let data = await connection.next(); data !== undefined; data = await connection.next()) {
        const message = parsed(data);
        attempt = 0;
        cursor = message.cursor || cursor;
        const kind = message.event_type;
        // An instance that goes away spreads those who come back.
        if (kind === "reconnect") afterMs = message.data?.after_ms;
        else if (kind !== "pong" && (kind !== "hello" || message.data?.recovered === false)) yield message as Event;
      }
    } finally {
      connection.close();
    }
    const { code, reason } = connection;
    if (code === OVER) return;
    // Where no key can be got now, the next connection is refused in words, and one is asked for again.
    if (FINAL.has(code) || (code === NEW_CREDENTIAL && !(await http.renewed(key, signal).catch(failure)))) {
      throw new SignoffError(`the socket was closed with ${code}: ${reason || "no reason given"}`);
    }
    if (!connection.opened) {
      // Why a handshake was refused, no WebSocket says. The same question over HTTP is refused in words.
      await persist({ method: "GET", path: `/api/v1/tasks/${name}/events`, query: { limit: 1 }, expects: ["items"], signal }, forEver);
    }
    await clock.sleep(afterMs ?? delayMs(attempt++), signal);
  }
}
