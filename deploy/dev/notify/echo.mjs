// Plays Slack, and a receiver of webhooks, for a first look and for demonstrations: nothing leaves this machine.
//
//   node echo.mjs PORT        SLACK_SIGNING_SECRET and SIGNOFF_URL come from the environment
//
// What it knows of Slack: auth.test, chat.postMessage, chat.update, chat.postEphemeral, conversations.open, views.open,
// users.lookupByEmail, and presses of buttons, signed as Slack signs them. It keeps everything in memory, and is no test
// of what Slack accepts.
import { createHmac, randomUUID } from "node:crypto";
import { createServer } from "node:http";

const port = Number(process.argv[2]);
const secret = process.env.SLACK_SIGNING_SECRET ?? "";
const signoff = process.env.SIGNOFF_URL ?? "";
const here = `http://127.0.0.1:${port}`;
const TEAM = "T0DEV";
const PEOPLE = { ana: "U0ANA", admin: "U0ADMIN", stranger: "U0STRANGER" };
// A megabyte is more than any message has.
const LONGEST = 1024 * 1024;
const KEPT = 200;

const messages = [];
const whispers = [];
const views = new Map();
const triggers = new Map();
const hooks = new Map();
const behaviours = new Map();

function keep(list, item) {
  list.push(item);
  if (list.length > KEPT) list.shift();
}

// --- Slack's methods ---

const methods = {
  "auth.test": () => ({ url: `${here}/`, team: "dev", team_id: TEAM, user: "signoff", user_id: "U0BOT", bot_id: "B0BOT" }),
  "chat.postMessage"(body) {
    const channel = body.channel?.startsWith("U") ? `D${body.channel.slice(1)}` : body.channel;
    const message = { channel, ts: stamp(), text: body.text, blocks: body.blocks ?? [], thread_ts: body.thread_ts, edits: 0 };
    keep(messages, message);
    return { channel, ts: message.ts, message: { text: body.text, ts: message.ts, team: TEAM } };
  },
  "chat.update"(body) {
    const message = messages.find((it) => it.channel === body.channel && it.ts === body.ts);
    if (!message) return { ok: false, error: "message_not_found" };
    Object.assign(message, { text: body.text, blocks: body.blocks ?? [], edits: message.edits + 1 });
    return { channel: message.channel, ts: message.ts, text: message.text };
  },
  "chat.postEphemeral"(body) {
    keep(whispers, { user: body.user, text: body.text });
    return { message_ts: stamp() };
  },
  "conversations.open": (body) => ({ channel: { id: `D${String(body.users).slice(1)}` } }),
  "users.lookupByEmail"(body) {
    const name = String(body.email ?? "").split("@")[0];
    const id = PEOPLE[name];
    return id ? { user: { id, team_id: TEAM, name } } : { ok: false, error: "users_not_found" };
  },
  "views.open"(body) {
    const user = triggers.get(body.trigger_id);
    if (!user) return { ok: false, error: "expired_trigger_id" };
    triggers.delete(body.trigger_id);
    const id = `V${randomUUID()}`;
    views.set(id, { id, user, view: body.view });
    return { view: { id, hash: id } };
  },
};

let last = 0;
function stamp() {
  last = Math.max(last + 1, Date.now() * 1000);
  return `${Math.floor(last / 1e6)}.${String(last % 1e6).padStart(6, "0")}`;
}

// --- presses ---

async function interact(payload) {
  if (!signoff) throw new Error("SIGNOFF_URL is not set");
  const raw = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const at = String(Math.floor(Date.now() / 1000));
  const signature = createHmac("sha256", secret).update(`v0:${at}:${raw}`).digest("hex");
  const response = await fetch(`${signoff}/slack/interactions`, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-slack-request-timestamp": at,
      "x-slack-signature": `v0=${signature}`,
    },
    body: raw,
  });
  return { status: response.status, text: await response.text() };
}

function person(user) {
  return { id: user, team_id: TEAM, username: user.slice(2).toLowerCase() };
}

// `{ts, action_id, user}`: somebody presses a card's button.
function press({ ts, action_id, user }) {
  const message = messages.find((it) => it.ts === ts);
  const buttons = message?.blocks.flatMap((block) => block.elements ?? []) ?? [];
  const button = buttons.find((it) => it.action_id === action_id);
  if (!button) return { status: 404, text: "no such button any more" };
  const trigger_id = randomUUID();
  triggers.set(trigger_id, user);
  return interact({
    type: "block_actions",
    api_app_id: "A0DEV",
    team: { id: TEAM },
    user: person(user),
    trigger_id,
    response_url: `${here}/respond/${user}`,
    container: { type: "message", message_ts: ts, channel_id: message.channel },
    channel: { id: message.channel },
    message: { ts, text: message.text, blocks: message.blocks },
    actions: [{ type: "button", action_id, block_id: "a", value: button.value, action_ts: stamp() }],
  });
}

// `{view, values: {block: text}}`: somebody sends a form.
async function submit({ view: id, values }) {
  const open = views.get(id);
  if (!open) return { status: 404, text: "no such form any more" };
  const state = { values: {} };
  for (const block of open.view.blocks.filter((it) => it.type === "input")) {
    state.values[block.block_id] = {
      [block.element.action_id]: { type: block.element.type, value: values[block.block_id] ?? null },
    };
  }
  const answer = await interact({
    type: "view_submission",
    api_app_id: "A0DEV",
    team: { id: TEAM },
    user: person(open.user),
    view: { ...open.view, id, hash: id, state },
  });
  const said = answer.text ? JSON.parse(answer.text) : {};
  if (said.response_action === "update") views.set(id, { ...open, view: said.view });
  else if (said.response_action === "errors") views.set(id, { ...open, errors: said.errors });
  else views.delete(id);
  return answer;
}

// --- webhooks ---

// It answers as the query says, or as `PUT /hook/NAME` said last: {status, delay_ms, retry_after}.
async function hook(name, query, request, body) {
  const told = behaviours.get(name) ?? {};
  const status = Number(query.get("status") ?? told.status ?? 200);
  const delay = Number(query.get("delay") ?? told.delay_ms ?? 0);
  const retryAfter = query.get("retry_after") ?? told.retry_after;
  if (!hooks.has(name)) hooks.set(name, []);
  keep(hooks.get(name), { at: new Date().toISOString(), answered: status, headers: request.headers, body });
  if (delay > 0) await new Promise((done) => setTimeout(done, delay));
  return { status, headers: retryAfter == null ? {} : { "retry-after": String(retryAfter) }, text: "" };
}

// --- HTTP ---

const json = (value, status = 200) => ({
  status,
  headers: { "content-type": "application/json; charset=utf-8" },
  text: JSON.stringify(value),
});

async function answer(request, body) {
  const url = new URL(request.url, here);
  const [, first, second] = url.pathname.split("/");
  const route = `${request.method} /${first}`;
  if (url.pathname === "/" && request.method === "GET") {
    return { status: 200, headers: { "content-type": "text/html; charset=utf-8" }, text: PAGE };
  }
  if (route === "POST /api" && methods[second]) {
    const type = request.headers["content-type"] ?? "";
    const read = type.includes("json") ? JSON.parse(body || "{}") : Object.fromEntries(new URLSearchParams(body));
    return json({ ok: true, ...methods[second](read) });
  }
  if (route === "POST /api") return json({ ok: false, error: "unknown_method" });
  if (route === "POST /respond") {
    keep(whispers, { user: second, ...JSON.parse(body) });
    return { status: 200, headers: {}, text: "ok" };
  }
  if (route === "POST /press") return json(await press(JSON.parse(body)));
  if (route === "POST /submit") return json(await submit(JSON.parse(body)));
  if (route === "POST /close") return json({ closed: views.delete(JSON.parse(body).view) });
  if (route === "GET /state") {
    return json({ messages, whispers, views: [...views.values()], hooks: Object.fromEntries(hooks) });
  }
  if (route === "PUT /hook" && second) {
    behaviours.set(second, JSON.parse(body));
    return json(behaviours.get(second));
  }
  if (route === "GET /hook" && second) return json(hooks.get(second) ?? []);
  if (route === "POST /hook" && second) return hook(second, url.searchParams, request, body);
  return json({ error: "no such path" }, 404);
}

const server = createServer((request, response) => {
  const pieces = [];
  let size = 0;
  request.on("data", (piece) => {
    size += piece.length;
    if (size > LONGEST) request.destroy();
    else pieces.push(piece);
  });
  request.on("end", async () => {
    let said;
    try {
      said = await answer(request, Buffer.concat(pieces).toString("utf8"));
    } catch (error) {
      console.error(error);
      said = json({ error: String(error) }, 500);
    }
    response.writeHead(said.status, said.headers);
    response.end(said.text);
  });
});

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Echo: Slack and webhooks</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1d1c1d; }
  .card, form { border: 1px solid #ddd; border-left: 4px solid #888; border-radius: 6px; padding: .6rem 1rem; margin: .8rem 0; }
  .card button, form button { font: inherit; padding: .25rem .8rem; margin-right: .5rem; border: 1px solid #bbb; border-radius: 4px; background: #fff; }
  .primary { color: #fff; background: #007a5a !important; } .danger { color: #fff; background: #c9252d !important; }
  .small { color: #616061; font-size: 13px; } pre { background: #f6f6f6; padding: .5rem; white-space: pre-wrap; overflow-wrap: anywhere; }
  textarea { width: 100%; min-height: 4rem; font: inherit; } .whisper { background: #fff8e0; padding: .3rem .6rem; }
</style>
<h1>Echo</h1>
<p class="small">It plays Slack and a receiver of webhooks. Nothing leaves this machine.</p>
<p>You press as <select id="who">${Object.entries(PEOPLE).map(([name, id]) => `<option value="${id}">${name}</option>`).join("")}</select></p>
<div id="views"></div><h2>Messages</h2><div id="messages"></div><h2>For your eyes only</h2><div id="whispers"></div>
<h2>Webhooks</h2><div id="hooks"></div>
<script>
const make = (tag, props = {}, ...inside) => { const it = Object.assign(document.createElement(tag), props); it.append(...inside); return it; };
const plain = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
const words = (text) => plain(typeof text === "string" ? text : text?.text ?? "");
// Text as Slack shows it: what is bold, code, a date or a link.
function marked(text) {
  if (text?.type !== "mrkdwn") return [words(text)];
  return text.text.split(/(\\*[^*\\n]+\\*|\`[^\`]+\`|<[^>]+>)/).filter(Boolean).map((it) => {
    const [target, shown] = it.slice(1, -1).split("|");
    if (it.startsWith("*") && it.length > 1) return make("strong", {}, plain(it.slice(1, -1)));
    if (it.startsWith("\`")) return make("code", {}, plain(it.slice(1, -1)));
    if (it.startsWith("<!date")) return plain(shown ?? "");
    if (it.startsWith("<http")) return make("a", { href: plain(target) }, plain(shown ?? target));
    return plain(it);
  });
}
const send = (path, body) => fetch(path, { method: "POST", body: JSON.stringify(body) }).then((it) => it.json()).then(show);
function block(it, message) {
  if (it.type === "header") return make("strong", {}, words(it.text));
  if (it.type === "section") return make("div", {}, ...(it.text ? [make("div", {}, ...marked(it.text))] : []), ...(it.fields ?? []).map((one) => make("div", { className: "small" }, ...marked(one))));
  if (it.type === "rich_text") return make("pre", {}, it.elements.flatMap((one) => one.elements ?? []).map(words).join(""));
  if (it.type === "context") return make("div", { className: "small" }, ...it.elements.flatMap(marked));
  if (it.type === "actions") return make("div", {}, ...it.elements.map((one) => make("button", {
    className: one.style ?? "", onclick: () => one.url ? open(one.url, "_blank") : (!one.confirm || confirm(words(one.confirm.title) + " " + words(one.confirm.text))) && send("/press", { ts: message.ts, action_id: one.action_id, user: who.value }),
  }, words(one.text))));
  return make("div", { className: "small" }, it.type);
}
function form(open) {
  const fields = open.view.blocks.filter((it) => it.type === "input").map((it) => [it, make("textarea", { value: it.element.initial_value ?? "", name: it.block_id })]);
  const rest = open.view.blocks.filter((it) => it.type !== "input").map((it) => block(it, {}));
  return make("form", { onsubmit: (event) => { event.preventDefault(); send("/submit", { view: open.id, values: Object.fromEntries(fields.map(([it, box]) => [it.block_id, box.value])) }); } },
    make("strong", {}, words(open.view.title)), ...rest,
    ...fields.map(([it, box]) => make("label", {}, words(it.label), box, make("div", { className: "danger" }, open.errors?.[it.block_id] ?? ""))),
    ...(open.view.submit ? [make("button", { className: "primary" }, words(open.view.submit))] : []),
    make("button", { type: "button", onclick: () => send("/close", { view: open.id }) }, "Close"));
}
let seen = "";
async function show() {
  const text = await fetch("/state").then((it) => it.text());
  if (text === seen) return;
  seen = text;
  const state = JSON.parse(text);
  views.replaceChildren(...state.views.map(form));
  messages.replaceChildren(...state.messages.toReversed().map((it) => make("div", { className: "card" },
    make("div", { className: "small" }, it.channel + (it.edits ? ", edited" : "")), ...(it.blocks.length ? it.blocks.map((one) => block(one, it)) : [it.text]))));
  whispers.replaceChildren(...state.whispers.toReversed().map((it) => make("p", { className: "whisper" }, it.user + ": " + it.text)));
  hooks.replaceChildren(...Object.entries(state.hooks).flatMap(([name, all]) => all.toReversed().map((it) => make("details", {},
    make("summary", {}, name + " " + it.at + " " + (it.headers["webhook-id"] ?? "") + " → " + it.answered), make("pre", {}, JSON.stringify(it.headers, null, 1) + "\\n\\n" + it.body)))));
}
setInterval(show, 1000); show();
</script>
</html>
`;

server.listen(port, "127.0.0.1", () => console.log(`echo on ${here}`));
