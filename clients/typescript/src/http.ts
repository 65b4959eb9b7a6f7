/** How requests go out by `fetch`, and what of the answers is believed. */

import { ConnectionFailedError, SignoffError, type ProblemLike } from "./errors.js";

export const VERSION = "0.1.0";

/** The longest that a timer may be set for: one beyond it is over at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Where there is a process, its settings; a browser has none. */
const host = globalThis as {
  process?: { env?: Record<string, string | undefined>; versions?: Record<string, string | undefined> };
};

/** A setting from the environment. */
export function setting(name: string): string | undefined {
  return host.process?.env?.[name] || undefined;
}

/** A key, or what answers one: it is asked again when its key is no longer taken. */
export type ApiKey = string | (() => string | Promise<string>);

const isText = (value: unknown): boolean => typeof value === "string";

/** Fields by which an answer is known, and what they hold. */
const FIELDS = {
  id: isText,
  status: isText,
  cursor: isText,
  ticket: isText,
  run_id: isText,
  changed: (value: unknown): boolean => typeof value === "boolean",
  approval: (value: unknown): boolean => object(value) !== undefined,
  items: Array.isArray,
  results: Array.isArray,
} as const;

/** A field of an answer, or that it is 204 and has none. */
export type Expected = keyof typeof FIELDS | "nothing";

/** One call of the API. */
export interface Request {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>> | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds that the server may hold it, on top of what any answer may take. */
  readonly heldMs?: number | undefined;
  /** Whether sending it twice does what sending it once does; it does where nothing is said. */
  readonly repeatable?: boolean | undefined;
  /** What the answer has, if it is Signoff's. Something on the way may say `{"status": "ok"}`. */
  readonly expects: readonly Expected[];
  /** The id of the approval that is asked for, where no other one is an answer. */
  readonly id?: string | undefined;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

/** What came back. `problem` and `body` are undefined where it was not Signoff that answered. */
export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly requestId: string | undefined;
  readonly body: object | undefined;
  readonly problem: ProblemLike | undefined;
  /** Seconds; undefined where it says nothing that can be read. */
  readonly retryAfter: number | undefined;
  readonly tookMs: number;
  /** The key that it was sent with. */
  readonly key: string;
}

/** The key, and how another one is got. */
export class Credentials {
  readonly #source: ApiKey;
  #key: string | undefined;
  #asking: Promise<string> | undefined;

  constructor(given: ApiKey | undefined) {
    const source = given || setting("SIGNOFF_API_KEY");
    if (!source) throw new SignoffError("no key: give apiKey, or set SIGNOFF_API_KEY");
    this.#source = source;
    if (typeof source === "string") this.#key = sendable(source);
  }

  /** The key that was sent last; none before there was one. */
  get current(): string {
    return this.#key ?? "";
  }

  /** The key to send. `ending` ends the wait for it. */
  async key(ending: AbortSignal): Promise<string> {
    return (this.#key ??= await this.#ask(ending));
  }

  /** Whether there is another key than the one that was refused. */
  async renewed(refused: string, ending: AbortSignal): Promise<boolean> {
    if (typeof this.#source === "string") return false;
    if (this.#key === refused) this.#key = await this.#ask(ending);
    return this.#key !== refused;
  }

  /** Many callers ask together. Where one has waited in vain, the next one asks anew. */
  async #ask(ending: AbortSignal): Promise<string> {
    const asking = (this.#asking ??= this.#askOnce());
    try {
      return await unless(ending, asking);
    } catch (error) {
      if (error instanceof SignoffError) throw error;
      throw new ConnectionFailedError(`the key can't be got: ${said(error)}`, { cause: error });
    } finally {
      if (this.#asking === asking) this.#asking = undefined;
    }
  }

  async #askOnce(): Promise<string> {
    const source = this.#source;
    if (typeof source === "string") return source;
    let key: unknown;
    try {
      key = await source();
    } catch (error) {
      // Whatever it is, another try may do.
      throw new ConnectionFailedError(`the key can't be got: ${said(error)}`, { cause: error });
    }
    return sendable(key);
  }
}

/** What the promise answers, unless the signal ends the wait for it. */
function unless<T>(ending: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (): void => reject(ending.reason);
    ending.addEventListener("abort", end, { once: true });
    const over = (): void => ending.removeEventListener("abort", end);
    promise.then(resolve, reject).finally(over);
    if (ending.aborted) end();
  });
}

/** A key that a header can't hold would look like a connection that fails. */
function sendable(key: unknown): string {
  if (typeof key !== "string" || !/^[\x21-\x7e]+$/.test(key.trim())) {
    throw new SignoffError("the key is empty, or has characters that no key has");
  }
  return key.trim();
}

/** Where the server is. */
export function baseUrl(given: string | undefined): string {
  const found = given || setting("SIGNOFF_URL");
  if (!found) throw new SignoffError("no server: give url, or set SIGNOFF_URL");
  if (!/^https?:\/\/[^/@?#]+(\/[^?#]*)?$/.test(found)) {
    // It is not shown: it may hold a password.
    throw new SignoffError("url is no address of a server: it is http:// or https:// and a host, without a name or a query");
  }
  return found.replace(/\/+$/, "");
}

/** A name or an id as one segment of a path. */
export function segment(text: string): string {
  // These would be taken out of the path, and it would lead elsewhere.
  if (typeof text !== "string" || text === "" || text === "." || text === "..") {
    throw new TypeError(`"${text}" is no name and no id`);
  }
  return encodeURIComponent(text);
}

/** A body as text. What JSON can't hold is refused: it would be sent as `null`. */
function json(body: unknown): string {
  return JSON.stringify(body, (name, value: unknown) => {
    if (typeof value === "number" && !Number.isFinite(value)) {
      throw new TypeError(`"${name}" is ${value}: JSON has no such number`);
    }
    return value;
  });
}

function query(parameters: Readonly<Record<string, unknown>> | undefined): string {
  const made = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) made.append(name, String(one));
    }
  }
  const text = made.toString();
  return text && `?${text}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Undefined for what is no object: the API answers with nothing else. */
function object(value: unknown): object | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
}

/** Whether the answer is one to this request. */
export function answers(reply: Reply, request: Request): reply is Reply & { readonly body: object } {
  if (reply.body === undefined) return false;
  const body = reply.body as Readonly<Record<string, unknown>>;
  const has = (name: Expected): boolean => (name === "nothing" ? reply.status === 204 : FIELDS[name](body[name]));
  if (!request.expects.every(has)) return false;
  return request.id === undefined || String(body["id"]).toLowerCase() === request.id.toLowerCase();
}

function isProblem(value: object | undefined): value is ProblemLike {
  return value !== undefined && "code" in value && typeof value.code === "string";
}

/** What an error says, or what it is. */
export function said(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const why = error.cause instanceof Error && error.cause.message ? `: ${error.cause.message}` : "";
  return `${error.message || error.name}${why}`;
}

/** Sends requests. */
export class Http {
  readonly url: string;
  readonly credentials: Credentials;
  readonly #fetch: typeof fetch;
  readonly #timeoutMs: number;

  constructor(url: string | undefined, apiKey: ApiKey | undefined, timeoutMs: number, fetched: typeof fetch | undefined) {
    this.url = baseUrl(url);
    this.credentials = new Credentials(apiKey);
    this.#fetch = fetched ?? ((input, init) => globalThis.fetch(input, init));
    this.#timeoutMs = timeoutMs;
  }

  /** The reply, whatever it is. Throws `ConnectionFailedError` where none came, and the reason of a signal that was given. */
  async send(request: Request): Promise<Reply> {
    // Made before anything is tried: what can't be sent is no failure of the connection, and isn't tried again.
    const url = `${this.url}${request.path}${query(request.query)}`;
    const content = request.body === undefined ? null : json(request.body);
    const headers = new Headers({ accept: "application/json", ...request.headers });
    if (content !== null) headers.set("content-type", "application/json");
    const node = host.process?.versions?.["node"];
    if (node !== undefined) headers.set("user-agent", `signoff-typescript/${VERSION} node/${node}`);
    return this.#within(this.#timeoutMs + (request.heldMs ?? 0), request.signal, async (ending) => {
      const key = await this.credentials.key(ending);
      headers.set("authorization", `Bearer ${key}`);
      const began = performance.now();
      // The key goes nowhere else: a redirect is not followed.
      const init: RequestInit = { method: request.method, headers, body: content, redirect: "manual", signal: ending };
      const response = await this.#fetch(url, init);
      const text = await response.text();
      return read(response, text, performance.now() - began, key);
    });
  }

  /** Whether there is another key than the one that was refused. Throws as `send` does. */
  renewed(refused: string, signal: AbortSignal | undefined): Promise<boolean> {
    return this.#within(this.#timeoutMs, signal, (ending) => this.credentials.renewed(refused, ending));
  }

  async #within<T>(ms: number, signal: AbortSignal | undefined, act: (ending: AbortSignal) => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    const ending = new AbortController();
    const end = (): void => ending.abort(signal?.reason);
    signal?.addEventListener("abort", end, { once: true });
    const allowed = Math.min(LONGEST_TIMER_MS, ms);
    const timer = setTimeout(() => ending.abort(new Error(`no answer within ${allowed} ms`)), allowed);
    try {
      return await act(ending.signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof SignoffError) throw error;
      const why = ending.signal.aborted ? ending.signal.reason : error;
      throw new ConnectionFailedError(`${this.url}: ${said(why)}`, { cause: error });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
    }
  }
}

function read(response: Response, text: string, tookMs: number, key: string): Reply {
  const contentType = response.headers.get("content-type") ?? "";
  const kind = (contentType.split(";")[0] ?? "").trim().toLowerCase();
  const content = object(parsed(text));
  const after = response.headers.get("retry-after") ?? "";
  let body: object | undefined;
  if (response.status === 204) body = {};
  else if (response.ok) body = content;
  return {
    status: response.status,
    contentType,
    requestId: response.headers.get("x-request-id") ?? undefined,
    body,
    problem: !response.ok && kind === "application/problem+json" && isProblem(content) ? content : undefined,
    retryAfter: /^[0-9]+$/.test(after) ? Number(after) : undefined,
    tookMs,
    key,
  };
}
