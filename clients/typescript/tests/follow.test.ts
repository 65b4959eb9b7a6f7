/** What a follower makes of each message, close code and refusal. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { type ApiKey, NotFoundError, Signoff, SignoffError, type SocketLike, UnauthenticatedError } from "signoff";
import { clock } from "../dist/esm/calls.js";

/** How long the follower would have paused; it doesn't. */
let pauses: number[] = [];
const real = { ...clock };

beforeEach(() => {
  pauses = [];
  clock.sleep = async (ms) => void pauses.push(ms);
});
afterEach(() => void Object.assign(clock, real));

interface Heard {
  readonly code: number;
  readonly reason: string;
  readonly data: unknown;
}
type Listener = (event: Heard) => void;

/** What a server does with a connection. */
type Play = (socket: Socket) => void;

class Socket implements SocketLike {
  readonly sent: string[] = [];
  readonly closed: (number | undefined)[] = [];
  readonly #listeners = new Map<string, Listener>();

  constructor(
    readonly url: URL,
    readonly protocols: string[],
  ) {}

  addEventListener(type: string, listener: Listener | (() => void)): void {
    this.#listeners.set(type, listener);
  }

  fire(type: string, event: Partial<Heard> = {}): void {
    this.#listeners.get(type)?.({ code: 1006, reason: "", data: undefined, ...event });
  }

  open(...messages: object[]): void {
    this.fire("open");
    for (const message of messages) this.fire("message", { data: JSON.stringify(message) });
  }

  close(code?: number): void {
    this.closed.push(code);
  }

  send(text: string): void {
    this.sent.push(text);
  }
}

function event(data: unknown, cursor: string, eventType = "output"): object {
  return { event_type: eventType, timestamp: "2026-11-28T14:00:00Z", task_id: "t", data, cursor };
}

/** A client whose connections go as they are played, and its sockets. */
function played(plays: Play[], options: { apiKey?: ApiKey; fetch?: (path: string) => Response | undefined } = {}) {
  const sockets: Socket[] = [];
  const paths: string[] = [];
  let tickets = 0;
  class Played extends Socket {
    constructor(url: string, protocols: string[]) {
      super(new URL(url), protocols);
      sockets.push(this);
      const play = plays.shift();
      assert.ok(play, "no connection is left");
      queueMicrotask(() => play(this));
    }
  }
  const answer = async (input: unknown): Promise<Response> => {
    const { pathname } = new URL(String(input));
    paths.push(pathname);
    const given = options.fetch?.(pathname);
    if (given) return given;
    const body = pathname.endsWith("/ws-tickets") ? { ticket: `wt_${++tickets}`, expires_at: "" } : { items: [], next_cursor: null, cursor: "0" };
    return new Response(JSON.stringify(body), { status: 201 });
  };
  const client = new Signoff({ url: "https://signoff.test/behind", apiKey: options.apiKey ?? "key", fetch: answer as typeof fetch, WebSocket: Played });
  return { client, sockets, paths };
}

function refusal(status: number, code: string): Response {
  return new Response(JSON.stringify({ code, detail: "because" }), { status, headers: { "content-type": "application/problem+json" } });
}

async function heard(client: Signoff, cursor?: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const one of client.tasks.follow("a/b", { cursor })) found.push(one.data);
  return found;
}

const over: Play = (socket) => {
  socket.open();
  socket.fire("close", { code: 1000, reason: "Reconnection" });
};

test("each connection has a ticket of its own, and goes on behind the last event", async () => {
  const { client, sockets } = played([
    (socket) => {
      socket.open({ event_type: "hello", data: { recovered: true } }, event(1, "c/1"), { event_type: "pong", data: {} }, event(2, "c/2"));
      socket.fire("close", { code: 1006 });
    },
    (socket) => {
      socket.open(event(3, "c/3"), { event_type: "reconnect", data: { after_ms: 120 } });
      socket.fire("close", { code: 1012, reason: "restarting" });
    },
    over,
  ]);
  assert.deepEqual(await heard(client, "c/0"), [1, 2, 3]);
  assert.deepEqual(sockets.map((it) => it.url.href), [
    "wss://signoff.test/behind/ws/a%2Fb?ticket=wt_1&cursor=c%2F0",
    "wss://signoff.test/behind/ws/a%2Fb?ticket=wt_2&cursor=c%2F2",
    "wss://signoff.test/behind/ws/a%2Fb?ticket=wt_3&cursor=c%2F3",
  ]);
  assert.ok(sockets.every((it) => it.protocols.join() === "signoff.v1"));
  assert.equal(pauses.length, 2);
  assert.ok((pauses[0] ?? 0) >= 250 && (pauses[0] ?? 0) <= 500);
  assert.equal(pauses[1], 120);
});

test("a connection that was good begins the back-off anew", async () => {
  const broken: Play = (socket) => (socket.open(), socket.fire("close"));
  const good: Play = (socket) => (socket.open(event(1, "1")), socket.fire("close"));
  const { client } = played([broken, broken, broken, good, over]);
  assert.deepEqual(await heard(client), [1]);
  assert.ok((pauses[2] ?? 0) >= 1000 && (pauses[3] ?? Infinity) <= 500, String(pauses));
});

test("what is missing is told", async () => {
  const hello = { event_type: "hello", data: { recovered: false, pending: [] } };
  const { client } = played([(socket) => (socket.open(hello), socket.fire("close", { code: 1000 }))]);
  assert.deepEqual(await heard(client), [hello.data]);
});

for (const code of [1002, 1007, 1008, 1009, 4401]) {
  test(`a socket that is closed with ${code} stays closed`, async () => {
    const { client } = played([(socket) => (socket.open(), socket.fire("close", { code, reason: "revoked" }))]);
    await assert.rejects(heard(client), (error) => error instanceof SignoffError && new RegExp(`${code}: revoked`).test(error.message));
  });
}

test("with a new key it comes back", async () => {
  let key = "first";
  const expired: Play = (socket) => {
    socket.open();
    key = "second";
    socket.fire("close", { code: 4401 });
  };
  const { client, sockets } = played([expired, over], { apiKey: () => key });
  assert.deepEqual(await heard(client), []);
  assert.equal(sockets.length, 2);
});

test("where no new key can be got now, it is asked for again", async () => {
  const keys = ["first", undefined, "second"];
  const apiKey = (): string => keys.shift() ?? assert.fail("no vault");
  const expired: Play = (socket) => (socket.open(), socket.fire("close", { code: 4401 }));
  const { client, sockets } = played([expired, expired, over], { apiKey });
  assert.deepEqual(await heard(client), []);
  assert.equal(sockets.length, 3);
});

for (const [how, breaks] of [
  ["an error alone", (socket: Socket) => socket.fire("error")],
  ["an error and its close", (socket: Socket) => (socket.fire("error"), socket.fire("close"))],
] as const) {
  test(`a handshake that fails with ${how} is tried again, with back-off`, async () => {
    const { client, paths } = played([...Array.from({ length: 6 }, () => breaks), over]);
    assert.deepEqual(await heard(client), []);
    assert.equal(paths.filter((it) => it.endsWith("/behind/api/v1/tasks/a%2Fb/events")).length, 6);
    assert.equal(pauses.length, 6);
    assert.ok((pauses[5] ?? 0) >= 4000, String(pauses));
  });
}

test("a handshake that can't succeed says why", async () => {
  const { client } = played([(socket) => socket.fire("error")], {
    fetch: (path) => (path.endsWith("/events") ? refusal(404, "not_found") : undefined),
  });
  await assert.rejects(heard(client), NotFoundError);
  const stranger = played([], { fetch: () => refusal(401, "unauthenticated") });
  await assert.rejects(heard(stranger.client), UnauthenticatedError);
});

test("tickets are asked for until there is one", async () => {
  const troubles = [
    refusal(503, "unavailable"), refusal(429, "rate_limited"), new Response("<h1>502</h1>", { status: 502 }), new Response('{"status": "ok"}'),
  ];
  const { client } = played([over], { fetch: () => troubles.shift() });
  assert.deepEqual(await heard(client), []);
  assert.equal(pauses.length, 4);
});

test("leaving the loop closes the socket", async () => {
  const { client, sockets } = played([(socket) => socket.open(event(1, "1"), event(2, "2"))]);
  for await (const one of client.tasks.follow("t")) {
    assert.equal(one.data, 1);
    break;
  }
  assert.deepEqual(sockets[0]?.closed, [1000]);
});

test("a message that is no JSON ends it", async () => {
  const { client, sockets } = played([(socket) => (socket.open(), socket.fire("message", { data: "{" }))]);
  await assert.rejects(heard(client), /no JSON/);
  assert.deepEqual(sockets[0]?.closed, [1000]);
});

test("a connection that breaks without a word is left", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval", "setTimeout"] });
  const mute: Play = (socket) => {
    socket.open();
    t.mock.timers.tick(20_000);
    assert.deepEqual(socket.sent, ['{"type":"ping"}']);
    socket.fire("message", { data: '{"event_type": "pong"}' });
    t.mock.timers.tick(20_000);
    assert.deepEqual(socket.closed, []);
    t.mock.timers.tick(20_000);
    assert.deepEqual(socket.closed, [1000]);
  };
  // One that never opens.
  const stuck: Play = () => t.mock.timers.tick(20_000);
  const { client, sockets } = played([mute, stuck, over]);
  assert.deepEqual(await heard(client), []);
  assert.equal(sockets.length, 3);
});
