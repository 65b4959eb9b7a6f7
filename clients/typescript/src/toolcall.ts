/**
 * A tool call as a question to people: what is asked, under which key, and what its outcome means.
 *
 * All adapters and `requireApproval` share this, so that the same call is the same request whatever framework makes it.
 * Nothing here depends on a clock, on chance or on this package's version: a process that starts again asks the same.
 */

import { copy } from "./copy.js";
import { MissingCallIdError, SignoffError, TooLargeToShowError } from "./errors.js";
import { hex, sha256 } from "./sha256.js";
import type { JsonObject } from "./types.js";

/** Bytes of JSON that a request's context may have. */
export const LARGEST = 256 * 1024;
/** Levels of nesting within the arguments; the server takes 32 for the whole body. */
export const DEEPEST = 28;
/** Beyond these levels nothing is shown: what lies too deep becomes text within text, and grows with each time. */
const BOTTOM = 14 * DEEPEST;
const LARGEST_INTEGER = 2 ** 53;
const LONGEST_NAME = 200;
const LONGEST_TITLE = 200;
const REDACTED = "…";

const ENCODER = new TextEncoder();

/** UTF-8, in which half of a surrogate pair is encoded like any character, so that different texts stay different. */
function utf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (code < 0xd800 || code > 0xdfff) bytes.push(...ENCODER.encode(character));
    else bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
  }
  return Uint8Array.from(bytes);
}

/** A name that `run_id` takes. Different texts stay different. */
export function runName(text: string): string {
  const name = text.replace(/[^A-Za-z0-9._:-]/gu, "-");
  if (name === text && text.length > 0 && text.length <= LONGEST_NAME && text !== "." && text !== "..") return text;
  const mark = `.${hex(sha256(utf8(text))).slice(0, 8)}`;
  return name.slice(0, LONGEST_NAME - mark.length) + mark;
}

/** A text as the server takes it. */
export function sendable(text: string): string {
  return text.replace(/[\0\ud800-\udfff]/gu, (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * A value as JSON that a person can be shown and that means the same to every reader.
 *
 * What JSON can't hold, or readers round, becomes a text. The tool gets the original all the same.
 */
export function shown(value: unknown): unknown {
  return show(value, 0, 0);
}

/** `depth` counts within this JSON, `all` in all. */
function show(value: unknown, depth: number, all: number): unknown {
  switch (typeof value) {
    case "undefined":
      return null;
    case "boolean":
      return value;
    case "string":
      return sendable(value);
    case "bigint":
      return value > -LARGEST_INTEGER && value < LARGEST_INTEGER ? Number(value) : String(value);
    case "number":
      if (!Number.isFinite(value)) return String(value);
      return Number.isInteger(value) && Math.abs(value) >= LARGEST_INTEGER ? String(BigInt(value)) : value;
    case "object":
      break;
    default:
      return sendable(String(value));
  }
  if (value === null) return null;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? String(value) : value.toISOString();
  const data = bytesOf(value);
  if (data !== undefined) return `${data.length} bytes, SHA-256 ${hex(sha256(data))}`;
  if (all >= BOTTOM) throw new TooLargeToShowError("the arguments are nested too deeply to be shown");
  if ("toJSON" in value && typeof value.toJSON === "function") return show((value.toJSON as () => unknown)(), depth, all + 1);
  // What lies too deep, as one text.
  if (depth >= DEEPEST) return canonical(show(value, 0, all));
  if (Array.isArray(value)) return value.map((one) => show(one, depth + 1, all + 1));
  if (value instanceof Set) {
    const listed = Array.from(value, (one) => show(one, depth + 1, all + 1)).map((one) => ({ one, text: canonical(one) }));
    return listed.sort((left, right) => byCodePoint(left.text, right.text)).map(({ one }) => one);
  }
  const entries: Iterable<[unknown, unknown]> = value instanceof Map ? value : Object.entries(value);
  const names = new Set<string>();
  const members: [string, unknown][] = [];
  for (const [key, one] of entries) {
    const name = keyName(key);
    // The one would stand in the other's place, and nobody would see that it is there.
    if (names.has(name)) throw new SignoffError(`two keys would be shown as ${JSON.stringify(name)}: rename one of them`);
    names.add(name);
    if (one !== undefined) members.push([name, show(one, depth + 1, all + 1)]);
  }
  // Not by assignment: a name such as __proto__ would be lost.
  return Object.fromEntries(members);
}

function keyName(key: unknown): string {
  if ((typeof key === "object" && key !== null) || typeof key === "function") {
    throw new SignoffError(`the key ${Object.prototype.toString.call(key)} of a Map can't be shown: give texts or numbers as keys`);
  }
  return sendable(String(key));
}

/** Arguments for a person to read. */
export function shownArguments(args: object, redact: readonly string[]): JsonObject {
  const hidden = new Set(redact.map(sendable));
  const all = Object.entries(shown(args) as JsonObject);
  return Object.fromEntries(all.map(([name, value]) => [name, hidden.has(name) ? REDACTED : value]));
}

function bytesOf(value: object): Uint8Array | undefined {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : undefined;
}

function byCodePoint(one: string, other: string): number {
  const [left, right] = [Array.from(one), Array.from(other)];
  for (let n = 0; n < left.length && n < right.length; n++) {
    const difference = (left[n]?.codePointAt(0) ?? 0) - (right[n]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** JSON with blanks, for people: sorted, and the same as in other languages' clients. */
function spaced(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  const entries = Object.entries(value).sort(([one], [other]) => byCodePoint(one, other));
  return `{${entries.map(([name, it]) => `${JSON.stringify(name)}: ${spaced(it)}`).join(", ")}}`;
}

/** JSON in the one form that RFC 8785 gives it; of what `shown` answers. */
export function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  // Sorted by UTF-16 code units, as the RFC has it, and as `sort` does without being told.
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical((value as JsonObject)[name])}`).join(",")}}`;
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** A call, as its framework makes it. */
export interface CallFields {
  readonly dialect: string;
  readonly run: string;
  readonly tool: string;
  readonly arguments: JsonObject;
  readonly callId?: string | null | undefined;
  readonly agent?: string | null | undefined;
}

/** One call of a tool. The arguments are a copy: what is shown is what runs. */
export class Call {
  readonly dialect: string;
  readonly run: string;
  readonly tool: string;
  readonly arguments: JsonObject;
  readonly callId: string | null;
  readonly agent: string | null;

  constructor(fields: CallFields) {
    this.dialect = fields.dialect;
    this.run = fields.run;
    this.tool = fields.tool;
    this.arguments = copy(fields.arguments);
    this.callId = fields.callId || null;
    this.agent = fields.agent || null;
  }

  /** The arguments for a person to read. Throws `TooLargeToShowError` where they are nested too deeply. */
  shown(redact: readonly string[] = []): JsonObject {
    return shownArguments(this.arguments, redact);
  }

  /** The same for the same call, also after a restart; another for any other call. */
  key(): string {
    if (this.callId === null) {
      throw new MissingCallIdError(`the call of ${this.tool} has no id: two equal calls could not be told apart; give a key`);
    }
    const parts = [this.dialect, this.run, this.callId, this.tool, shown(this.arguments)];
    return `tc1.${base64url(sha256(ENCODER.encode(canonical(parts))))}`;
  }

  /** By the template, such as `Refund {order}`, or the call itself. In one order: the same call has the same title. */
  title(template?: string | null, redact: readonly string[] = []): string {
    const all = this.shown(redact);
    const listed = Object.keys(all).sort(byCodePoint).map((name) => `${name}=${spaced(all[name])}`);
    const text = template
      ? template.replace(/\{([^{}]*)\}/g, (found, name: string) => filled(found, name, all))
      : `${this.tool}(${listed.join(", ")})`;
    const characters = Array.from(sendable(text));
    return characters.length <= LONGEST_TITLE ? characters.join("") : `${characters.slice(0, LONGEST_TITLE - 1).join("")}…`;
  }

  /** What the request holds: enough to decide by. Throws `TooLargeToShowError`: nothing is ever cut in silence. */
  context(redact: readonly string[] = []): JsonObject {
    const context = {
      tool: this.tool,
      arguments: this.shown(redact),
      ...(this.callId === null ? {} : { call_id: sendable(this.callId) }),
      ...(this.agent === null ? {} : { agent: sendable(this.agent) }),
    };
    const size = ENCODER.encode(JSON.stringify(context)).length;
    if (size > LARGEST) {
      throw new TooLargeToShowError(`what a person is shown of ${this.tool} has ${size} bytes; ${LARGEST} are the most`);
    }
    return context;
  }
}

/** The argument of that name; a name that is no argument stays as it is. */
function filled(found: string, name: string, all: JsonObject): string {
  if (!Object.hasOwn(all, name)) return found;
  const value = all[name];
  return typeof value === "string" ? value : spaced(value);
}
