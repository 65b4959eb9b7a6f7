/** Webhooks: is this from Signoff? By the Standard Webhooks specification (https://www.standardwebhooks.com). */

import { InvalidSignatureError, SignoffError } from "./errors.js";

/** Seconds that a message may be old, or ahead of the clock here. */
export const TOLERANCE_SECONDS = 300;

const ENCODER = new TextEncoder();

/** Headers, as servers have them. */
export type HeadersLike =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** How strict it is. */
export interface VerifyOptions {
  /** 300 where nothing is said. */
  readonly toleranceSeconds?: number | undefined;
  /** The time, in seconds since 1970. */
  readonly now?: number | undefined;
}

/** A secret's bytes. */
function secretOf(text: string): Uint8Array<ArrayBuffer> {
  const encoded = text.replace(/^whsec_/, "");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded) || encoded.length % 4 !== 0) {
    throw new SignoffError("a webhook's secret is whsec_ and base64 behind it");
  }
  return Uint8Array.from(atob(encoded), (it) => it.charCodeAt(0));
}

/** One header. */
function header(headers: HeadersLike, name: string): string {
  let found: unknown;
  if (typeof headers.get === "function") {
    found = (headers as { get(name: string): string | null }).get(name);
  } else {
    const entries = Object.entries(headers as Readonly<Record<string, unknown>>);
    found = entries.find(([one]) => one.toLowerCase() === name)?.[1];
  }
  if (typeof found !== "string") throw new InvalidSignatureError(`the header '${name}' is missing`);
  return found;
}

/** Compares without telling by the time it takes where they differ. */
function same(one: string, other: string): boolean {
  let different = one.length ^ other.length;
  for (let at = 0; at < one.length; at++) different |= one.charCodeAt(at) ^ other.charCodeAt(at);
  return different === 0;
}

async function signature(secret: Uint8Array<ArrayBuffer>, signed: Uint8Array<ArrayBuffer>): Promise<string> {
  const { subtle } = globalThis.crypto;
  const key = await subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return btoa(String.fromCharCode(...new Uint8Array(await subtle.sign("HMAC", key, signed))));
}

/**
 * The message's content, if one of `secrets` has signed it and it is not old. Throws `InvalidSignatureError` otherwise.
 *
 * `body` is the request's body, byte for byte, before anything parsed it. `headers` in upper or lower case. Give both secrets
 * while one is being rotated. The header `webhook-id` is the same for every delivery of an event: keep it to tell a repetition.
 */
export async function verify(
  body: string | Uint8Array | ArrayBuffer,
  headers: HeadersLike,
  secrets: string | readonly string[],
  options: VerifyOptions = {},
): Promise<Record<string, unknown>> {
  const { toleranceSeconds = TOLERANCE_SECONDS, now = Date.now() / 1000 } = options;
  const keys = (typeof secrets === "string" ? [secrets] : secrets).map(secretOf);
  if (keys.length === 0) throw new SignoffError("give the webhook's secret");
  const id = header(headers, "webhook-id");
  const timestamp = header(headers, "webhook-timestamp");
  const signatures = header(headers, "webhook-signature");
  if (!/^[0-9]+$/.test(timestamp)) throw new InvalidSignatureError("the header 'webhook-timestamp' is no number of seconds");
  const age = now - Number(timestamp);
  if (!(Math.abs(age) <= toleranceSeconds)) {
    throw new InvalidSignatureError(`the message is ${Math.round(age)} s old; at most ${toleranceSeconds} s are taken`);
  }
  const content = typeof body === "string" ? ENCODER.encode(body) : new Uint8Array(body);
  const head = ENCODER.encode(`${id}.${timestamp}.`);
  const signed = new Uint8Array(head.length + content.length);
  signed.set(head);
  signed.set(content, head.length);
  const given = signatures.split(/\s+/).filter((it) => it.startsWith("v1,")).map((it) => it.slice(3));
  const expected = await Promise.all(keys.map((key) => signature(key, signed)));
  // All pairs are compared, so that the time taken says nothing.
  const matches = expected.flatMap((one) => given.map((other) => same(one, other)));
  if (!matches.includes(true)) throw new InvalidSignatureError("no signature fits");
  let message: unknown;
  try {
    message = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(content));
  } catch (error) {
    throw new InvalidSignatureError("the body is no JSON", { cause: error });
  }
  if (typeof message !== "object" || message === null || Array.isArray(message)) {
    throw new InvalidSignatureError("the body is no JSON object");
  }
  return message as Record<string, unknown>;
}
