/** What the client does when something else goes wrong: nothing is believed, nothing is done twice, and waiting goes on. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import * as signoff from "signoff";
import { Signoff, type SignoffOptions } from "signoff";
import { clock } from "../dist/esm/calls.js";

const PENDING = { id: "a", status: "pending", task_id: "t" };
const APPROVED = { id: "a", status: "resolved", resolution: "approved", task_id: "t" };
const ASKED = { runId: "r", approvalType: "tool_call", context: {} };

/** How long the client would have paused; it doesn't. */
let pauses: number[] = [];
const real = { ...clock };

beforeEach(() => {
  pauses = [];
  clock.sleep = async (ms) => void pauses.push(ms);
});
afterEach(() => void Object.assign(clock, real));

type Answer = () => Response;

/** Answers one after the other, and keeps what was asked. */
class Script {
  readonly requests: { readonly url: URL; readonly method: string; readonly headers: Headers; readonly body: unknown; readonly redirect: unknown }[] = [];
  readonly #answers: Answer[];

  constructor(...answers: Answer[]) {
    this.#answers = answers;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const url = new URL(String(input));
    this.requests.push({ url, method: init?.method ?? "", headers: new Headers(init?.headers), body: init?.body, redirect: init?.redirect });
    const answer = this.#answers.shift();
    assert.ok(answer, "there is no answer left");
    return answer();
  };

  client(options: SignoffOptions = {}): Signoff {
    return new Signoff({ url: "http://signoff.test", apiKey: "key", fetch: this.fetch, ...options });
  }
}

function ok(body: unknown, status = 200, headers: Record<string, string> = {}): Answer {
  return () => new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });
}

function problem(status: number, code: string, headers: Record<string, string> = {}): Answer {
  const body = JSON.stringify({ status, code, detail: "because", title: code });
  return () => new Response(body, { status, headers: { "content-type": "application/problem+json", ...headers } });
}

function page(status: number): Answer {
  return () => new Response("<h1>something on the way</h1>", { status, headers: { "content-type": "text/html" } });
}

function times(count: number, answer: Answer): Answer[] {
  return Array.from({ length: count }, () => answer);
}

const refused: Answer = () => {
  throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
};

const halfAnAnswer: Answer = () => {
  const body = new ReadableStream({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode('{"id": "a", "status": "resol'));
      controller.error(new TypeError("terminated"));
    },
  });
  return new Response(body, { headers: { "content-type": "application/json" } });
};

const TROUBLE: Record<string, Answer> = {
  "a refused connection": refused,
  "half an answer": halfAnAnswer,
  "a page with 502": page(502),
  "a page with 404": page(404),
  "a page with 200": page(200),
  "nothing with 200": () => new Response(""),
  "a list": ok([]),
  "a stub": ok({ status: "ok" }),
  "JSON with 404 that is no problem": ok({ code: "not_found" }, 404),
  unavailable: problem(503, "unavailable"),
  draining: problem(503, "draining"),
  "rate limited": problem(429, "rate_limited"),
  internal: problem(500, "internal"),
};

describe("asking goes on with the same key and body after", () => {
  for (const [name, trouble] of Object.entries(TROUBLE)) {
    test(name, async () => {
      const script = new Script(trouble, ok(PENDING, 201), trouble, ok(APPROVED));
      assert.equal((await script.client().approvals.ask(ASKED)).approved, true);
      const [first, second, third, fourth] = script.requests;
      assert.ok(first?.headers.get("idempotency-key"));
      assert.equal(first?.headers.get("idempotency-key"), second?.headers.get("idempotency-key"));
      assert.deepEqual(JSON.parse(String(first?.body)), { run_id: "r", approval_type: "tool_call", context: {} });
      assert.equal(first?.body, second?.body);
      assert.equal(first?.url.pathname, "/api/v1/approvals");
      assert.equal(third?.url.href, fourth?.url.href);
      assert.equal(third?.url.href, "http://signoff.test/api/v1/approvals/a/wait?timeout=50");
      assert.equal(pauses.length, 2);
      assert.ok(pauses.every((it) => it >= 250 && it <= 1500), String(pauses));
    });
  }
});

for (const [status, code] of [[401, "unauthenticated"], [403, "forbidden"], [404, "not_found"], [422, "invalid"]] as const) {
  test(`${code} ends it`, async () => {
    const ends = { name: /Error$/, code, status };
    await assert.rejects(new Script(problem(status, code)).client().approvals.ask(ASKED), ends);
    await assert.rejects(new Script(ok(PENDING, 201), problem(status, code)).client().approvals.ask(ASKED), ends);
    assert.deepEqual(pauses, []);
  });
}

test("retry-after is obeyed", async () => {
  const script = new Script(problem(429, "rate_limited", { "retry-after": "7" }), ok(APPROVED));
  await script.client().approvals.get("a");
  assert.equal(pauses.length, 1);
  assert.ok((pauses[0] ?? 0) >= 7000 && (pauses[0] ?? 0) <= 7500);
});

test("an instance that goes away says when to ask again", async () => {
  const script = new Script(ok(PENDING, 200, { "retry-after": "1" }), ok(APPROVED));
  assert.equal((await script.client().approvals.wait("a")).approved, true);
  assert.deepEqual(pauses, [1000]);
});

test("a wait that nobody holds is not asked in a circle", async () => {
  const script = new Script(...times(20, ok(PENDING, 200, { "retry-after": "0" })), ok(APPROVED));
  assert.equal((await script.client().approvals.wait("a")).approved, true);
  assert.deepEqual(pauses, Array.from({ length: 20 }, () => 1000));
});

test("back-off grows up to a bound", async () => {
  const script = new Script(...times(12, refused), ok(APPROVED));
  assert.equal((await script.client().approvals.wait("a")).approved, true);
  assert.equal(pauses.length, 12);
  assert.ok((pauses[0] ?? Infinity) <= 500);
  assert.ok(pauses.slice(4).every((it) => it >= 4000 && it <= 8000), String(pauses));
});

test("a call is repeated a few times only", async () => {
  const script = new Script(...times(9, refused));
  await assert.rejects(script.client({ maxRetries: 2 }).approvals.get("a"), signoff.ConnectionFailedError);
  assert.equal(script.requests.length, 3);
  const another = new Script(...times(9, problem(503, "unavailable")));
  await assert.rejects(another.client({ maxRetries: 0 }).approvals.get("a"), signoff.UnavailableError);
  assert.equal(another.requests.length, 1);
});

test("patience ends what goes on otherwise", async () => {
  let now = 0;
  clock.now = () => now;
  const later: Answer = () => {
    now += 10_000;
    return refused();
  };
  await assert.rejects(new Script(...times(9, later)).client({ patienceMs: 60_000 }).approvals.ask(ASKED), signoff.ConnectionFailedError);
  assert.ok(now >= 50_000 && now <= 80_000, String(now));
  // Any answer begins it anew.
  const script = new Script(later, later, later, ok(PENDING), later, later, later, ok(PENDING), later, ok(APPROVED));
  assert.equal((await script.client({ patienceMs: 60_000 }).approvals.wait("a")).approved, true);
});

test("a pause that no timer can hold is no short one", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let over = false;
  void real.sleep(2 ** 33).then(() => (over = true));
  t.mock.timers.tick(1000);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(over, false);
  const ending = new AbortController();
  const sleeping = real.sleep(1000, ending.signal);
  ending.abort(new Error("enough"));
  await assert.rejects(sleeping, /enough/);
  const fetched = new Script(ok(APPROVED));
  assert.equal((await fetched.client({ timeoutMs: Infinity }).approvals.get("a")).id, "a");
});

/** Never answers. */
const stuck: typeof fetch = (_, init) =>
  new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)));

test("an answer that is late counts as none", async () => {
  const client = new Script().client({ fetch: stuck, timeoutMs: 20, maxRetries: 1 });
  await assert.rejects(client.approvals.get("a"), { name: "ConnectionFailedError", message: /within 20 ms/ });
  assert.equal(pauses.length, 1);
});

test("a wait may be held for as long as it asks to be", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let sent: RequestInit | undefined;
  const held: typeof fetch = (input, init) => {
    sent = init;
    return stuck(input, init);
  };
  const waiting = new Script().client({ fetch: held, timeoutMs: 100, patienceMs: 0 }).approvals.wait("a");
  while (sent === undefined) await new Promise((resolve) => setImmediate(resolve));
  t.mock.timers.tick(50_099);
  assert.equal(sent.signal?.aborted, false);
  t.mock.timers.tick(1);
  await assert.rejects(waiting, signoff.ConnectionFailedError);
});

test("a call that its caller ends throws the caller's reason", async () => {
  const ending = new AbortController();
  const creating = new Script().client({ fetch: stuck, maxRetries: 0 }).approvals.create({ ...ASKED, signal: ending.signal });
  await new Promise((resolve) => setImmediate(resolve));
  ending.abort(new Error("enough"));
  await assert.rejects(creating, /^Error: enough$/);
  await assert.rejects(new Script().client().approvals.create({ ...ASKED, signal: ending.signal }), /^Error: enough$/);
});

test("events are not sent twice", async () => {
  for (const trouble of [refused, halfAnAnswer, page(502), problem(503, "unavailable")]) {
    const script = new Script(trouble, ok({ cursor: "1", connected: false }, 202));
    await assert.rejects(script.client().tasks.publish("t", "output"), signoff.SignoffError);
    assert.equal(script.requests.length, 1);
  }
  const script = new Script(problem(503, "overloaded"), ok({ cursor: "1", connected: false }, 202));
  assert.equal((await script.client().tasks.publish("t", "output")).cursor, "1");
});

for (const status of ["approved", "RESOLVED", "", "unknown"]) {
  test(`the status "${status}", which this version does not know, approves nothing`, async () => {
    const outcome = await new Script(ok({ id: "a", status, task_id: "t" })).client().approvals.wait("a");
    assert.equal(outcome.approved, false);
    assert.throws(() => outcome.unwrap(), signoff.NotApprovedError);
  });
}

test("edits that are missing run nothing", async () => {
  const outcome = await new Script(ok({ ...APPROVED, resolution: "modified" })).client().approvals.wait("a");
  assert.throws(() => outcome.arguments({ amount: 1 }), signoff.ModificationRefusedError);
});

test("edits of another form run nothing", async () => {
  for (const modifications of [{}, { amount: 1 }, { arguments: [1] }, { arguments: null }, { arguments: { amount: 1 }, more: 1 }]) {
    const answer = ok({ ...APPROVED, resolution: "modified", result: { resolution: "modified", modifications } });
    const outcome = await new Script(answer).client().approvals.wait("a");
    assert.throws(() => outcome.arguments({ amount: 2 }), signoff.ModificationRefusedError);
  }
});

test("the key goes nowhere else", async () => {
  const away: Answer = () => new Response(null, { status: 307, headers: { location: "http://elsewhere.test/" } });
  const script = new Script(...times(5, away));
  await assert.rejects(script.client().approvals.get("a"), signoff.ConnectionFailedError);
  assert.equal(script.requests.length, 5);
  assert.ok(script.requests.every((it) => it.url.host === "signoff.test" && it.redirect === "manual"));
});

test("an id can't leave its place in the path", async () => {
  const script = new Script(ok(APPROVED));
  await script.client().approvals.get("../runs/x?y#z");
  assert.equal(script.requests[0]?.url.pathname, "/api/v1/approvals/..%2Fruns%2Fx%3Fy%23z");
  for (const id of ["", ".", ".."]) {
    await assert.rejects(script.client().approvals.wait(id), TypeError);
    await assert.rejects(script.client().runs.delete(id), TypeError);
  }
  assert.equal(script.requests.length, 1);
});

test("what can't be sent is never tried", async () => {
  const script = new Script();
  for (const n of [Number.NaN, Infinity, 2n ** 70n]) {
    await assert.rejects(script.client().approvals.ask({ ...ASKED, context: { n } }), TypeError);
  }
  await assert.rejects(script.client().approvals.ask({ ...ASKED, idempotencyKey: "→" }), TypeError);
  assert.deepEqual([script.requests, pauses], [[], []]);
});

test("a new key is taken", async () => {
  let key = "first";
  const rotated: Answer = () => {
    key = "second";
    return problem(401, "unauthenticated")();
  };
  const script = new Script(rotated, ok(APPROVED), problem(401, "unauthenticated"));
  const client = script.client({ apiKey: async () => key });
  assert.equal((await client.approvals.wait("a")).approved, true);
  assert.deepEqual(script.requests.map((it) => it.headers.get("authorization")), ["Bearer first", "Bearer second"]);
  await assert.rejects(client.approvals.wait("a"), signoff.UnauthenticatedError);
});

test("a key that is always new is not always asked for", async () => {
  let asked = 0;
  const script = new Script(...times(5, problem(401, "unauthenticated")));
  await assert.rejects(script.client({ apiKey: () => `key-${++asked}` }).approvals.ask(ASKED), signoff.UnauthenticatedError);
  assert.equal(asked, 2);
});

test("a key that can't be got is a connection that failed", async () => {
  let tries = 0;
  const none = (): never => {
    tries++;
    throw new Error("no vault");
  };
  const noVault = { name: "ConnectionFailedError", message: /the key can't be got: no vault/ };
  await assert.rejects(new Script().client({ apiKey: none, maxRetries: 2 }).approvals.get("a"), noVault);
  assert.deepEqual([tries, pauses.length], [3, 2]);
  await assert.rejects(new Script().client({ apiKey: none, patienceMs: 0 }).approvals.ask(ASKED), noVault);
  // One that is no key stays none.
  await assert.rejects(new Script().client({ apiKey: () => "two\nlines" }).approvals.ask(ASKED), /no key has/);

  // At first, and when another one is needed.
  const keys: (string | undefined)[] = [undefined, "first", undefined, undefined, "second"];
  const apiKey = async (): Promise<string> => keys.shift() ?? none();
  const script = new Script(ok(PENDING, 201), ...times(3, problem(401, "unauthenticated")), ok(APPROVED));
  assert.equal((await script.client({ apiKey }).approvals.ask(ASKED)).approved, true);
  const sent = script.requests.map((it) => it.headers.get("authorization"));
  assert.deepEqual(sent, ["Bearer first", "Bearer first", "Bearer first", "Bearer first", "Bearer second"]);
  keys.push("first", undefined, "second");
  const another = new Script(...times(2, problem(401, "unauthenticated")), ok(APPROVED));
  assert.equal((await another.client({ apiKey }).approvals.get("a")).id, "a");
});

test("a key is waited for as long as for an answer", async () => {
  let tries = 0;
  const never = (): Promise<string> => {
    tries++;
    return new Promise(() => undefined);
  };
  const late = { name: "ConnectionFailedError", message: /the key can't be got: no answer within 20 ms/ };
  await assert.rejects(new Script().client({ apiKey: never, timeoutMs: 20, maxRetries: 1 }).approvals.get("a"), late);
  // The second try asks anew.
  assert.equal(tries, 2);
  const ending = new AbortController();
  const creating = new Script().client({ apiKey: never }).approvals.create({ ...ASKED, signal: ending.signal });
  await new Promise((resolve) => setImmediate(resolve));
  ending.abort(new Error("enough"));
  await assert.rejects(creating, /^Error: enough$/);
  // Also where another one is needed.
  let first: string | undefined = "first";
  const apiKey = (): string | Promise<string> => {
    const key = first;
    first = undefined;
    return key ?? never();
  };
  const script = new Script(problem(401, "unauthenticated"));
  await assert.rejects(script.client({ apiKey, timeoutMs: 20, maxRetries: 0 }).approvals.get("a"), late);
});

describe("what is not Signoff is not asked for ever", () => {
  const moved: Answer = () => new Response(null, { status: 302, headers: { location: "http://elsewhere.test/" } });
  for (const [name, trouble] of Object.entries({ "a page with 404": page(404), "a redirect": moved, "a 401 without a word": page(401) })) {
    test(name, async () => {
      const asking = new Script(...times(9, trouble));
      await assert.rejects(asking.client({ maxRetries: 2 }).approvals.ask(ASKED), signoff.ConnectionFailedError);
      assert.equal(asking.requests.length, 3);
      const waiting = new Script(ok(PENDING), ...times(9, trouble));
      await assert.rejects(waiting.client({ maxRetries: 0 }).approvals.wait("a"), signoff.ConnectionFailedError);
      assert.equal(waiting.requests.length, 2);
      // In a row.
      const [two, other] = [times(2, trouble), problem(503, "unavailable")];
      const script = new Script(...two, refused, ...two, other, ...two, page(502), ...two, ok(PENDING), ...two, ok(APPROVED));
      assert.equal((await script.client({ maxRetries: 2 }).approvals.wait("a")).approved, true);
    });
  }

  test("what passes is", async () => {
    for (const trouble of [refused, page(502), problem(500, "internal"), page(500)]) {
      const script = new Script(...times(30, trouble), ok(APPROVED));
      assert.equal((await script.client({ maxRetries: 0 }).approvals.wait("a")).approved, true);
    }
  });
});

test("another approval is no answer to a wait", async () => {
  const script = new Script(ok({ ...APPROVED, id: "b" }), ok({ ...APPROVED, id: "A1" }));
  assert.equal((await script.client().approvals.wait("a1")).id, "A1");
  assert.equal(script.requests.length, 2);
  const asked = new Script(ok(PENDING, 201), ok({ ...APPROVED, id: "b" }), ok({ ...APPROVED, resolution: "rejected" }));
  assert.equal((await asked.client().approvals.ask(ASKED)).approved, false);
});

describe("an answer without what it must have is none", () => {
  const DONE = { changed: true, approval: APPROVED };
  const calls: Record<string, [(client: Signoff) => Promise<unknown>, Answer, ...Answer[]]> = {
    create: [(it) => it.approvals.create(ASKED), ok(PENDING, 201), ok({ id: "a" }), ok({ id: 1, status: "pending" })],
    get: [(it) => it.approvals.get("a"), ok(PENDING), ok({ status: "ok" }), ok({ id: "a", status: null })],
    approve: [(it) => it.approvals.approve("a"), ok(DONE), ok(APPROVED), ok({ changed: true }), ok({ changed: "yes", approval: [] })],
    reject: [(it) => it.approvals.reject("a", "no"), ok(DONE), ok({ approval: APPROVED })],
    cancel: [(it) => it.approvals.cancel("a", "no"), ok(DONE), ok({ ok: true })],
    bulk: [(it) => it.approvals.bulk(["a"], "approve"), ok({ results: [] }), ok({}), ok({ results: {} })],
    pending: [(it) => it.approvals.pending().next(), ok({ items: [] }), ok({}), ok({ items: "none" })],
    history: [(it) => it.approvals.history().next(), ok({ items: [] }), ok({ status: "ok" })],
    events: [(it) => it.tasks.events("t").next(), ok({ items: [] }), ok({})],
    publish: [(it) => it.tasks.publish("t", "output"), ok({ cursor: "1", connected: false }, 202), ok({}), ok({ cursor: 1 })],
    run: [(it) => it.runs.get("r"), ok({ run_id: "r" }), ok({})],
    "deleting a run": [(it) => it.runs.delete("r"), () => new Response(null, { status: 204 }), ok({}), ok({ deleted: true }), () => new Response(null)],
  };
  for (const [name, [call, answer, ...others]] of Object.entries(calls)) {
    test(name, async () => {
      await call(new Script(answer).client({ maxRetries: 0 }));
      for (const other of [...others, (): Response => new Response(null, { status: name === "deleting a run" ? 200 : 204 })]) {
        await assert.rejects(call(new Script(other).client({ maxRetries: 0 })), signoff.ConnectionFailedError);
      }
    });
  }
});

test("settings that are missing are named", () => {
  for (const name of ["SIGNOFF_URL", "SIGNOFF_API_KEY"]) delete process.env[name];
  assert.throws(() => new Signoff({ apiKey: "x" }), /SIGNOFF_URL/);
  assert.throws(() => new Signoff({ url: "http://signoff.test" }), /SIGNOFF_API_KEY/);
  assert.throws(() => new Signoff({ url: "http://signoff.test", apiKey: "two\nlines" }), signoff.SignoffError);
  for (const url of ["signoff.test", "ftp://signoff.test", "http://", "http://a:b@signoff.test", "http://signoff.test?x"]) {
    assert.throws(() => new Signoff({ url, apiKey: "x" }), /address of a server/);
  }
  const hidden = (error: unknown): boolean => error instanceof signoff.SignoffError && !/hunter2|signoff\.test/.test(error.message);
  assert.throws(() => new Signoff({ url: "https://ana:hunter2@signoff.test", apiKey: "x" }), hidden);
  process.env["SIGNOFF_URL"] = "https://signoff.test?key=hunter2";
  assert.throws(() => new Signoff({ apiKey: "x" }), hidden);
  process.env["SIGNOFF_URL"] = "http://signoff.test/behind/";
  process.env["SIGNOFF_API_KEY"] = "from the environment".replaceAll(" ", "-");
  assert.ok(new Signoff());
});

test("errors say what the server said", async () => {
  const body = { code: "invalid", detail: "fields break rules", errors: [{ pointer: "/title", rule: "max", message: "too long" }] };
  const script = new Script(ok(body, 422, { "content-type": "application/problem+json; charset=utf-8", "x-request-id": "r-1" }));
  await assert.rejects(script.client().approvals.get("a"), { name: "InvalidError", message: /\/title: too long.*r-1/, requestId: "r-1" });
  await assert.rejects(new Script(problem(418, "teapot")).client().approvals.get("a"), { name: "ApiError", code: "teapot" });
});

test("following needs a WebSocket, and says so", async () => {
  const found = Object.getOwnPropertyDescriptor(globalThis, "WebSocket");
  delete (globalThis as { WebSocket?: unknown }).WebSocket;
  try {
    await assert.rejects(new Script().client().tasks.follow("t").next(), /WebSocket.*package ws/);
  } finally {
    if (found) Object.defineProperty(globalThis, "WebSocket", found);
  }
});

test("what is no duration is refused at once", async () => {
  for (const wrong of ["15m", Number.NaN, -1, {}] as unknown as number[]) {
    const script = new Script();
    for (const options of [{ patienceMs: wrong }, { timeoutMs: wrong }]) {
      assert.throws(() => script.client(options), TypeError);
    }
    await assert.rejects(async () => script.client({}).approvals.wait("a", { timeoutMs: wrong }), TypeError);
    await assert.rejects(async () => script.client({}).approvals.ask({ ...ASKED, timeoutMs: wrong }), TypeError);
    assert.equal(script.requests.length, 0);
  }
});
