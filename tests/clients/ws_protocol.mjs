// The socket protocol as a client meets it that others wrote: Node's `ws`.
//
// Two instances of one cluster are needed, and two principals of one workspace:
//
//     SIGNOFF_URLS         http://127.0.0.1:8081,http://127.0.0.1:8082 (more are ignored)
//     SIGNOFF_API_KEY      asks; permission workspace:admin
//     SIGNOFF_SECOND_KEY   decides; permission workspace:admin
//
// Prints a line for each check and stops at the first that fails, with what was expected and what came. Nothing
// sleeps: whatever is awaited has a time-out. `ws_protocol.py` makes the same checks; keep them alike.

import { randomUUID } from "node:crypto";
import { isDeepStrictEqual, inspect } from "node:util";
import WebSocket from "ws";

const PATIENCE = 15_000;
const PROTOCOL = "signoff.v1";
const [HERE, THERE] = process.env.SIGNOFF_URLS.split(",");
const AGENT = process.env.SIGNOFF_API_KEY;
const ANA = process.env.SIGNOFF_SECOND_KEY;

function check(what, expected, got) {
  if (!isDeepStrictEqual(expected, got)) {
    const show = (value) => inspect(value, { depth: null, breakLength: Infinity });
    console.log(`FAILED  ${what}\n  expected: ${show(expected)}\n  got:      ${show(got)}`);
    process.exit(1);
  }
  console.log(`ok      ${what}`);
}

const newTask = () => `js-${randomUUID()}`;

// The promise's value, or an error that says what did not come.
function inTime(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${PATIENCE} ms: ${what}`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// One call: its status and its body.
async function rest(base, method, path, body, key = AGENT) {
  const response = await fetch(base + path, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body && { "content-type": "application/json" }) },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE),
  });
  const text = await response.text();
  return [response.status, text ? JSON.parse(text) : null];
}

const publish = (base, task, data) =>
  rest(base, "POST", `/api/v1/tasks/${task}/events`, { event_type: "output", data });

async function ask(base, task) {
  const body = { run_id: task, approval_type: "tool_call", context: {} };
  const [status, approval] = await rest(base, "POST", "/api/v1/approvals", body);
  if (status !== 201) check("an approval is made", 201, [status, approval]);
  return approval.id;
}

function address(base, task, query) {
  const parameters = new URLSearchParams(query).toString();
  return `${base.replace("http", "ws")}/ws/${task}${parameters && "?" + parameters}`;
}

// One socket. Messages are kept until somebody asks for them.
class Client {
  kept = [];
  wake = () => {};

  constructor(url, options) {
    this.socket = new WebSocket(url, [PROTOCOL], { handshakeTimeout: PATIENCE, ...options });
    this.socket.on("message", (text) => {
      this.kept.push(JSON.parse(text));
      this.wake();
    });
    // A socket that fails closes too.
    this.failed = new Promise((_, reject) => this.socket.on("error", reject));
    this.failed.catch(() => {});
    this.ended = new Promise((resolve) =>
      this.socket.on("close", (code, reason) => resolve([code, reason.toString()])),
    );
  }

  // Opens one, and takes its hello.
  static async open(base, task, { key = AGENT, ...query } = {}) {
    const headers = key ? { authorization: `Bearer ${key}` } : {};
    const client = new Client(address(base, task, query), { headers });
    client.hello = await Promise.race([client.next(() => true), client.failed]);
    return client;
  }

  send(message) {
    this.socket.send(JSON.stringify(message));
  }

  // The first that is wanted, come or to come; the others stay.
  next(wanted) {
    const coming = async () => {
      for (;;) {
        const at = this.kept.findIndex(wanted);
        if (at >= 0) return this.kept.splice(at, 1)[0];
        await new Promise((resolve) => (this.wake = resolve));
      }
    };
    return inTime(coming(), `a message; there are ${inspect(this.kept)}`);
  }

  // The next of the task's log.
  event(type) {
    return this.next((it) => it.event_type === type && "cursor" in it);
  }

  reply(ref) {
    return this.next((it) => it.ref === ref);
  }

  ask(ref, message) {
    this.send({ ref, ...message });
    return this.reply(ref);
  }

  // Why the server closes the socket.
  end() {
    return inTime(this.ended, "a close");
  }

  async close() {
    this.socket.close(1000, "bye");
    const [code] = await this.end();
    if (code !== 1000) check("the server answers a close", 1000, code);
  }
}

// The HTTP answer to a handshake that is refused: status, code and media type.
function refusal(task, { query = {}, protocols = [PROTOCOL], ...options } = {}) {
  const answered = new Promise((resolve, reject) => {
    const socket = new WebSocket(address(HERE, task, query), protocols, { handshakeTimeout: PATIENCE, ...options });
    socket.on("open", () => {
      socket.terminate();
      resolve([101, null, null]);
    });
    socket.on("error", reject);
    socket.on("unexpected-response", async (request, response) => {
      let text = "";
      for await (const chunk of response) text += chunk;
      request.destroy();
      resolve([response.statusCode, JSON.parse(text).code, response.headers["content-type"]]);
    });
  });
  return inTime(answered, "an answer to the handshake");
}

const problem = (status, code) => [status, code, "application/problem+json"];
const codeOf = (message) => [message.event_type, message.data.code];

async function handshakes() {
  const task = newTask();
  const headers = { authorization: `Bearer ${AGENT}` };
  check("without the subprotocol: 400", problem(400, "malformed"), await refusal(task, { protocols: [], headers }));
  check("without a credential: 401", problem(401, "unauthenticated"), await refusal(task));
  const [status, ticket] = await rest(HERE, "POST", "/api/v1/ws-tickets");
  check("a ticket is made", [201, ["expires_at", "ticket"]], [status, Object.keys(ticket).sort()]);
  check("with a ticket, from a foreign origin: 403", problem(403, "forbidden"),
    await refusal(task, { query: { ticket: ticket.ticket }, origin: "https://evil.example" }));
  const client = await Client.open(HERE, task, { key: null, ticket: ticket.ticket });
  check("a ticket opens a socket", "hello", client.hello.event_type);
  await client.close();
  check("the same ticket opens no second one", problem(401, "unauthenticated"),
    await refusal(task, { query: { ticket: ticket.ticket } }));
}

async function greeting() {
  const task = newTask();
  const client = await Client.open(HERE, task, { session_id: "session-2" });
  const { hello } = client;
  const { data } = hello;
  check("the subprotocol is agreed on", PROTOCOL, client.socket.protocol);
  check("hello is about the task", ["hello", task, "session-2", null],
    [hello.event_type, hello.task_id, hello.session_id, hello.run_id]);
  check("hello has a time and a cursor", ["string", "string"], [typeof hello.timestamp, typeof hello.cursor]);
  check("hello has its fields", ["connection_id", "generation", "heartbeat_seconds", "instance_id", "pending",
    "pending_more", "recovered"], Object.keys(data).sort());
  check("nothing was recovered, nothing is pending", [null, [], false],
    [data.recovered, data.pending, data.pending_more]);
  check("hello says the ping interval", 20, data.heartbeat_seconds);
  check("hello says where it is", (await rest(HERE, "GET", "/readyz"))[1].instance_id, data.instance_id);
  const [status, shown] = await rest(THERE, "GET", `/api/v1/connections/${task}`);
  check("the other instance knows the connection",
    [200, data.connection_id, data.generation, "session-2", data.instance_id],
    [status, shown.connection_id, shown.generation, shown.session_id, shown.instance_id]);
  const [listed, page] = await rest(THERE, "GET", "/api/v1/connections?session_id=session-2&limit=200");
  check("and lists it", [200, true], [listed, page.items.some((it) => isDeepStrictEqual(it, shown))]);
  await client.close();
}

async function messages() {
  let client = await Client.open(HERE, newTask());
  for (const ref of ["a", 7]) {
    const pong = await client.ask(ref, { type: "ping" });
    check(`a ping is answered, with its ref ${inspect(ref)}`, ["pong", ref], [pong.event_type, pong.ref]);
  }
  client.send({ type: "ping" });
  const pong = await client.next(() => true);
  check("or without one", ["pong", false], [pong.event_type, "ref" in pong]);
  client.socket.send('{"type": "ping"');
  check("malformed JSON is an error", ["error", "malformed"], codeOf(await client.next(() => true)));
  check("and the socket stays open", "pong", (await client.ask(1, { type: "ping" })).event_type);
  check("an unknown type is invalid", ["error", "invalid"], codeOf(await client.ask(2, { type: "dance" })));
  check("so is an unknown field", ["error", "invalid"], codeOf(await client.ask(3, { type: "ping", extra: true })));
  await client.ask(4, { type: "ping" });
  const codes = [];
  for (let nth = 1; nth < 20; nth++) {
    client.socket.send("no JSON");
    codes.push((await client.next(() => true)).data.code);
  }
  check("nineteen malformed in a row: an error each", Array(19).fill("malformed"), codes);
  client.socket.send("no JSON");
  check("the twentieth: 1008", 1008, (await client.end())[0]);
  client = await Client.open(HERE, newTask());
  client.send({ type: "ping", ref: "x".repeat(600 * 1024) });
  check("a frame of 600 KiB: 1009", 1009, (await client.end())[0]);
}

async function events() {
  const task = newTask();
  const client = await Client.open(HERE, task);
  const [status, accepted] = await publish(THERE, task, { number: 1 });
  check("an event is taken for a connected task", [202, true], [status, accepted.connected]);
  const event = await client.event("output");
  check("and arrives from the other instance", [{ number: 1 }, accepted.cursor, task],
    [event.data, event.cursor, event.task_id]);
  await client.close();
}

async function approvals() {
  const task = newTask();
  const client = await Client.open(HERE, task);
  const request = { type: "request_approval", approval_type: "tool_call", title: "Refund?", context: { a: 1 },
    idempotency_key: task };
  const first = await client.ask("first", request);
  check("an approval is requested", ["approval_requested", task, task, "Refund?"],
    [first.event_type, first.run_id, first.data.task_id, first.data.title]);
  const again = await client.ask("again", request);
  check("the same key is the same approval", first.data.approval_id, again.data.approval_id);
  check("with another body it is a mismatch", ["error", "idempotency_mismatch"],
    codeOf(await client.ask("other", { ...request, title: "Another?" })));
  const requested = await client.event("approval_requested");
  check("the log has it too", first.data.approval_id, requested.data.approval_id);
  const approval = first.data.approval_id;
  client.send({ type: "wait_for_approval", approval_id: approval, ref: "wait" });
  check("a wait does not hold up the socket", "pong", (await client.ask("ping", { type: "ping" })).event_type);
  const [status] = await rest(THERE, "POST", `/api/v1/approvals/${approval}/approve`, { comment: "Fine." }, ANA);
  check("it is approved on the other instance", 200, status);
  const { event_type, data } = await client.reply("wait");
  check("and the wait is answered", ["approval_received", approval, "resolved", true, "approved", "Fine."],
    [event_type, data.approval_id, data.status, data.approved, data.resolution, data.feedback]);
  check("and the log tells", approval, (await client.event("approval_resolved")).data.approval_id);
  await client.close();
}

async function decisions() {
  const task = newTask();
  const ana = await Client.open(THERE, newTask(), { key: ANA });
  const modifications = { arguments: { amount: "5" } };
  for (const [what, decision, outcome] of [
    ["resolve_approval, approved", { type: "resolve_approval", resolution: "approved" },
      [true, "approved", null, null]],
    ["resolve_approval, modified",
      { type: "resolve_approval", resolution: "modified", feedback: "Less.", modifications },
      [true, "modified", "Less.", modifications]],
    ["resolve_approval, rejected", { type: "resolve_approval", resolution: "rejected", feedback: "No." },
      [false, "rejected", "No.", null]],
    ["approval_response, true", { type: "approval_response", approved: true, feedback: "Yes." },
      [true, "approved", "Yes.", null]],
    ["approval_response, false", { type: "approval_response", approved: false, feedback: "Never." },
      [false, "rejected", "Never.", null]],
  ]) {
    const approval = await ask(HERE, task);
    const { event_type, data } = await ana.ask(what, { approval_id: approval, ...decision });
    check(what, ["approval_received", ...outcome],
      [event_type, data.approved, data.resolution, data.feedback, data.modifications]);
    const [status, shown] = await rest(HERE, "GET", `/api/v1/approvals/${approval}`);
    check("  as the other instance sees it", [200, "resolved", outcome[1]],
      [status, shown.status, shown.resolution]);
  }
  const approval = await ask(HERE, task);
  for (const decision of [
    { type: "resolve_approval", resolution: "rejected" },
    { type: "approval_response", approved: false },
  ]) {
    const error = await ana.ask("bare", { approval_id: approval, ...decision });
    check(`${decision.type}: rejecting needs feedback`, ["error", "invalid", ["/feedback"]],
      [...codeOf(error), error.data.errors?.map((it) => it.pointer)]);
  }
  await ana.close();
}

async function recovery() {
  const task = newTask();
  let client = await Client.open(HERE, task);
  await publish(HERE, task, { number: 0 });
  const { cursor } = await client.event("output");
  await client.close();
  for (let number = 1; number < 4; number++) await publish(HERE, task, { number });
  client = await Client.open(THERE, task, { cursor });
  check("with a cursor, elsewhere, it goes on", [true, cursor], [client.hello.data.recovered, client.hello.cursor]);
  for (let number = 4; number < 7; number++) await publish(HERE, task, { number });
  const got = [];
  for (let nth = 0; nth < 6; nth++) got.push((await client.event("output")).data.number);
  check("each later event comes once, in order", [1, 2, 3, 4, 5, 6], got);
  check("and nothing else", "pong", (await client.ask("end", { type: "ping" })).event_type);
  check("  not even late", [], client.kept);
  await client.close();
  const approval = await ask(HERE, task);
  for (const bogus of ["nonsense", "9223372036854775807"]) {
    client = await Client.open(THERE, task, { cursor: bogus });
    const { data } = client.hello;
    check(`with the cursor ${bogus} it says that it can't`, [false, [approval], false],
      [data.recovered, data.pending.map((it) => it.approval_id), data.pending_more]);
    await client.close();
  }
}

async function owners() {
  const task = newTask();
  const old = await Client.open(HERE, task);
  const fresh = await Client.open(THERE, task);
  check("a newer socket replaces the older", [1000, "Reconnection"], await old.end());
  check("and has the later generation", true, fresh.hello.data.generation > old.hello.data.generation);
  await publish(HERE, task, { number: 1 });
  check("events go to it", { number: 1 }, (await fresh.event("output")).data);
  check("a connection is closed by hand", [204, null], await rest(HERE, "DELETE", `/api/v1/connections/${task}`));
  check("and its client told not to come again", 1008, (await fresh.end())[0]);
  check("then there is none", 404, (await rest(HERE, "GET", `/api/v1/connections/${task}`))[0]);
}

for (const part of [handshakes, greeting, messages, events, approvals, decisions, recovery, owners]) await part();
// fetch keeps its connections open, and with them the process.
process.exit(0);
