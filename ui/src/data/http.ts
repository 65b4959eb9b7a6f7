// The one place that calls the API. A reply is a value, also where it is a problem; what breaks off is `null`.

import { signal } from "@preact/signals";

export interface Violation {
  pointer: string;
  rule: string;
  message: string;
}

export interface Reply<T> {
  status: number;
  ok: boolean;
  body: T | null;
  /** As it came: for numbers that a double would change. */
  text: string;
  code: string | null;
  title: string | null;
  detail: string | null;
  errors: readonly Violation[];
  /** As it stands, on 409, 410 and 412. */
  approval: unknown;
  requestId: string | null;
  instance: string | null;
  etag: string | null;
  retryAfter: number | null;
}

export interface Asking {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Sent as it is. */
  body?: string;
  version?: number;
  patience?: number;
  signal?: AbortSignal;
}

/** Raised by a 401 to anything but a sign-in: the session has ended. */
export const signedOut = signal(false);

/**
 * When the service last answered, by this machine's clock: what "no connection since" is about. A balancer without an
 * instance behind it is no answer, nor is an instance without its database.
 */
export const lastReply = signal(0);

const PATIENCE = 15_000;

/** A reply of null: no answer came; whether it was carried out is unknown. */
export async function ask<T>(path: string, asking: Asking = {}): Promise<Reply<T> | null> {
  const patience = AbortSignal.timeout(asking.patience ?? PATIENCE);
  const headers: Record<string, string> = { accept: "application/json" };
  if (asking.body !== undefined) headers["content-type"] = "application/json";
  if (asking.version !== undefined) headers["if-match"] = `"${asking.version}"`;
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, {
      method: asking.method ?? "GET",
      headers,
      credentials: "same-origin",
      redirect: "error",
      cache: "no-store",
      signal: asking.signal ? AbortSignal.any([patience, asking.signal]) : patience,
      ...(asking.body === undefined ? {} : { body: asking.body }),
    });
    text = await response.text();
  } catch {
    return null;
  }
  if (response.status < 500) lastReply.value = Date.now();
  const reply = read<T>(response, text);
  if (reply.status === 401 && path !== "/auth/session") signedOut.value = true;
  return reply;
}

function read<T>(response: Response, text: string): Reply<T> {
  let body: unknown = null;
  try {
    if (text) body = JSON.parse(text);
  } catch {
    // A balancer's page, or half an answer: the status alone counts.
  }
  const problem = (response.ok ? {} : (body ?? {})) as Partial<{
    code: string;
    title: string;
    detail: string;
    errors: Violation[];
    approval: unknown;
  }>;
  const header = (name: string) => response.headers.get(name);
  const wait = Number.parseInt(header("retry-after") ?? "", 10);
  return {
    status: response.status,
    ok: response.ok,
    body: response.ok ? (body as T) : null,
    text,
    code: problem.code ?? null,
    title: problem.title ?? null,
    detail: problem.detail ?? null,
    errors: problem.errors ?? [],
    approval: problem.approval ?? null,
    requestId: header("x-request-id"),
    instance: header("x-signoff-instance"),
    etag: header("etag"),
    retryAfter: Number.isNaN(wait) ? null : wait,
  };
}

/** What went wrong with a reading, for the page to say. */
export interface Trouble {
  /** null: no answer came. */
  status: number | null;
  detail: string | null;
  requestId: string | null;
}

export const troubleOf = (reply: Reply<unknown> | null): Trouble => ({
  status: reply?.status ?? null,
  detail: reply?.detail ?? reply?.title ?? null,
  requestId: reply?.requestId ?? null,
});

/** A query with several values for a name, empty ones left out. */
export function query(values: Record<string, string | number | boolean | null | undefined | readonly string[]>): string {
  const text = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === undefined || value === "" || value === false) continue;
    for (const one of Array.isArray(value) ? value : [value]) text.append(name, String(one));
  }
  const query = text.toString();
  return query && `?${query}`;
}
