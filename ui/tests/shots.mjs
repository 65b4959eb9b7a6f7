// Renders the pages for docs/screens: both themes, three widths, against real instances. Run by `./dev shots`.

import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { APPROVER, Api, Cluster, closeBrowser, open, signedIn, taskSocket, until } from "./browser/harness.mjs";
import { Relay } from "./browser/relay.mjs";
import { shotsOfMany } from "./shots-many.mjs";
import { HOOKS, Receiver } from "./browser/hooks.mjs";
import { shotsOfTold } from "./shots-told.mjs";
import { shotsOfWebhooks } from "./shots-webhooks.mjs";

const OUT = join(dirname(fileURLToPath(import.meta.url)), "../../docs/screens");
const WIDTHS = { 390: 844, 1280: 800, 1920: 1080 };
const only = process.argv.slice(2);

mkdirSync(OUT, { recursive: true });
for (const name of readdirSync(OUT)) if (name.endsWith(".png") && only.length === 0) rmSync(join(OUT, name));

const relay = await Relay.start();
const receiver = await Receiver.start();
const cluster = await Cluster.start({ instances: 2, settings: (url) => ({ ...relay.settings(url), ...HOOKS, SIGNOFF_SECRETS_KEY: Buffer.alloc(32, 7).toString("base64") }) });
const base = cluster.urls[0];
const { name: workspace, keys } = await cluster.workspace({ ana: APPROVER, bo: [...APPROVER, "approval:cancel"], cy: APPROVER }, "acme");
const by = async (name) => new Api(base, await cluster.key(workspace, name, ["approval:create"]));

const two = { allowed_approvers: ["ana", "bo", "cy"], min_approvers: 2 };
const rollOut = {
  current: { image: "checkout:4.17.3", replicas: 6, rollout: { max_surge: 1, max_unavailable: 0 }, flags: { new_tax_engine: false, gift_cards: true }, env: { REGION: "eu", TAX_LEGACY_MODE: "on" } },
  proposed: { image: "checkout:4.18.0", replicas: 10, rollout: { max_surge: 3, max_unavailable: 0 }, flags: { new_tax_engine: true, gift_cards: true }, env: { REGION: "eu", TAX_API_URL: "https://tax.internal.acme.example/v2" } },
  canary: { traffic_percent: 5, held_for: "30m", error_rate: { value: 0.0008, limit: 0.002 }, p95_ms: { value: 212, limit: 250 } },
  tests: { passed: 1214, failed: 0, skipped: 12, took: "8m" },
  commits: Array.from({ length: 24 }, (_, index) => ({ sha: `a${index}f03c`, by: "dev", files: index, at: "today" })),
  rollback: "helm rollback checkout 118",
  note_from_author: "please approve\u202e yadot",
  build_log: "2026-11-27T13:00:00Z compiled 1 of 1214 modules\n".repeat(3120),
};
const ASKED = [
  ["billing-agent", { title: "Refund order 10427: 1,249.00 EUR to card ending 4417", run_id: "refunds-8831", timeout_seconds: 112 }],
  ["release-agent", {
    title: "Roll out checkout 4.18.0 to production", run_id: "deploy-2291", approval_type: "plan_approval", workflow: "checkout-release", context: rollOut, timeout_seconds: 768, timeout_action: "escalate",
    description: "Canary at 5 % held for 30 minutes: error rate 0.08 % (limit 0.2 %), p95 212 ms (limit 250 ms). Turns on the new tax engine for all customers. Rolls back by itself if the error rate passes 0.5 % within an hour.",
    policy: two, escalation: [{ after_seconds: 1800, label: "platform-leads", policy: { allowed_approvers: ["dee"], min_approvers: 1 } }],
  }],
  ["cleanup-agent", { title: "Delete 312 inactive accounts in eu-west", run_id: "gdpr-sweep-77", timeout_seconds: 1560, policy: two }],
  ["etl-nightly", { title: "Retry “load invoices” a third time, skipping 4 bad rows", run_id: "etl-2026-11-27", timeout_seconds: 2880 }],
  ["train-pipeline", { title: "Publish churn-v12: AUC 0.914, up 0.006", run_id: "train-1182", timeout_seconds: 7500 }],
  ["campaign-agent", { title: "Send price change mail to 18,204 customers", run_id: "mail-2207", timeout_seconds: 19_200, policy: two, context: { tool: "send_mail", arguments: { subject: "Your plan's price changes on 1 January", segment: "all paying customers", max_recipients: 18_204, per_minute: 600, stop_on_bounce: true } } }],
  ["sec-agent", { title: "Rotate the signing key of the payments API", run_id: "rotate-19", timeout_seconds: 97_200 }],
  ["bo", { title: "Read access to warehouse.finance for bo", run_id: "access-310", timeout_seconds: 3300 }],
  ["buyer-agent", { title: "Accept supplier quote Q-7741 (18,400.00 EUR)", run_id: "quotes-12", timeout_seconds: 10_800, policy: { allowed_approvers: ["finance"], min_approvers: 1 } }],
];
const made = {};
for (const [name, body] of ASKED) made[name] = (await (await by(name)).ask(body)).id;
await new Api(base, keys.ana).call("POST", `/approvals/${made["release-agent"]}/approve`, { comment: "Numbers look right. Watch the tax flag." });

// The settings, as an administrator sees them.
const root = await cluster.key(workspace, "mia", ["workspace:admin"]);
const mia = new Api(base, root);
const PEOPLE = [
  ["ana", ["approver"], ["finance", "platform-leads"]], ["bo", ["member", "release-managers"], ["platform"]], ["cy", ["approver"], ["platform"]],
  ["dee", ["approver"], ["ml"]], ["eli", [], ["marketing"]], ["fin", ["auditor"], []], ["mo", ["approver"], ["platform"]], ["mia", ["admin"], ["platform-leads"]],
];
await mia.call("PUT", "/roles/release-managers", { permissions: ["approval:view:pending", "approval:view:history", "approval:approve", "approval:reject", "approval:escalate"], description: "Approve what goes out" });
const known = new Map((await mia.call("GET", "/principals?limit=200")).body.items.map((one) => [one.name, one.id]));
for (const [name, roles, groups] of PEOPLE) {
  const body = { roles, groups, display_name: null, email: `${name}@acme.example`, kind: "person" };
  if (known.has(name)) await mia.call("PATCH", `/principals/${known.get(name)}`, body);
  else await mia.call("POST", "/principals", { name, ...body });
}
for (const [name, id] of known) if (!PEOPLE.some(([person]) => person === name)) await mia.call("PATCH", `/principals/${id}`, { kind: "service", roles: ["requester"] });
const mo = (await mia.call("GET", "/principals?limit=200")).body.items.find((one) => one.name === "mo");
await mia.call("PATCH", `/principals/${mo.id}`, { disabled: true });
for (const [principal, label, days] of [["invoice-agent", "asks for invoices", 365], ["etl-nightly", "loads invoices at night", 3], ["wallboard", "the screen in the hall", null]]) {
  await mia.call("POST", "/keys", { principal, label, roles: principal === "wallboard" ? ["auditor"] : ["requester"], kind: "service", ...(days && { expires_in_seconds: days * 86_400 }) });
}
await mia.call("PATCH", "/workspace", { delegation: "own", reject_reasons: ["Not now, ask again later", "Wrong values", "Needs another test"] });
await new Api(base, keys.cy).call("POST", "/delegations", { to: "bo", ends_at: new Date(Date.now() + 5 * 86_400_000).toISOString(), reason: "leave" });

await mia.call("POST", "/audit/verifications");
await until("the record is looked over", async () => (await mia.call("GET", "/audit/verifications/latest")).body.state === "whole");

const set = (part, act, key = root) => async (look) => {
  const page = await signedIn(base, key, { path: `/settings/${part}`, ...look });
  await page.getByRole("navigation", { name: "Settings" }).waitFor();
  await page.locator(".set-sk").first().waitFor({ state: "detached" });
  await act?.(page);
  return page;
};
const at = (path, act) => async (look) => {
  const page = await signedIn(base, keys.bo, { path, ...look });
  await act?.(page);
  return page;
};
const ready = (page) => page.getByRole("button", { name: /^Approve/ }).waitFor();
const SHOTS = {
  "sign-in": async (look) => {
    const page = await open(base, look);
    await page.goto(`${base}/sign-in`);
    await page.getByLabel("API key").waitFor();
    return page;
  },
  inbox: at("/inbox", (page) => page.getByText("Delete 312").first().waitFor()),
  "inbox-beside": at(`/inbox/${made["release-agent"]}`, ready),
  approval: at(`/approvals/${made["release-agent"]}`, ready),
  asking: at(`/inbox/${made["release-agent"]}`, async (page) => {
    await ready(page);
    await page.keyboard.press("a");
    await page.getByText("Approve as bo?").waitFor();
  }),
  rejecting: at(`/inbox/${made["release-agent"]}`, async (page) => {
    await ready(page);
    await page.keyboard.press("r");
    await page.getByLabel("Not now").check();
  }),
  editing: at(`/inbox/${made["campaign-agent"]}`, async (page) => {
    await ready(page);
    await page.keyboard.press("m");
    await page.getByLabel("Segment").fill("paying, without enterprise");
    await page.getByLabel("Max recipients").fill("many");
  }),
  "settings-keys": set("keys", (page) => page.getByText("asks for invoices").first().waitFor()),
  "settings-key-made": set("keys", async (page) => {
    await page.getByRole("button", { name: "New key" }).click();
    await page.getByLabel("Acts as").fill("report-agent");
    await page.getByLabel("requester").check();
    await page.getByRole("button", { name: "Make the key" }).click();
    await page.getByText("This is the only time").waitFor();
  }),
  "settings-new-key": set("keys", async (page) => {
    await page.getByRole("button", { name: "New key" }).click();
    await page.getByLabel("Acts as").fill("report-agent");
  }),
  "settings-people": set("people", (page) => page.getByText("release-managers").waitFor()),
  "settings-roles": set("roles", (page) => page.getByText("cluster:view").waitFor()),
  "settings-workspace": set("workspace", (page) => page.getByLabel("Days to keep").waitFor()),
  "settings-audit": set("audit", async (page) => {
    await page.getByText(/Whole: /).waitFor();
    await page.getByText("key.created").nth(1).waitFor();
  }),
  "settings-you": set("you", (page) => page.getByText("cy", { exact: true }).first().waitFor(), keys.bo),
  "settings-account": set("you", async (page) => {
    await page.getByTitle(/^bo, workspace/).locator("visible=true").first().click();
    await page.getByRole("dialog").waitFor();
  }, keys.bo),
  "settings-forbidden": async (look) => {
    const page = await signedIn(base, keys.bo, { path: "/settings/keys", ...look });
    await page.getByRole("heading", { name: /may not see/ }).waitFor();
    return page;
  },
  "own-request": at(`/inbox/${made.bo}`, (page) => page.getByText("You can't answer this one.").waitFor()),
};

// Before those whose many outcomes would fill the history.
Object.assign(SHOTS, await shotsOfMany({ at, base, by, keys, made, watcher: await cluster.key(workspace, "bo", [...APPROVER, "event:subscribe"]) }));

Object.assign(SHOTS, await shotsOfTold({ base, cluster, relay }), await shotsOfWebhooks({ base, cluster, receiver }));

// --- operations: decided by many, waited for by some, and one instance is lost ---

async function busy(rounds) {
  const waits = ["approval:create", "approval:view:pending"];
  const agents = await Promise.all(["release-agent", "billing-agent", "etl-nightly"].map(async (name, index) => new Api(cluster.urls[index % 2], await cluster.key(workspace, name, waits))));
  const people = ["ana", "bo", "cy"].map((name, index) => new Api(cluster.urls[index % 2], keys[name]));
  const types = ["tool_call", "tool_call", "plan_approval", "step_approval", "error_recovery"];
  for (let index = 0; index < rounds; index += 1) {
    const agent = agents[index % 3];
    const { id } = await agent.ask({ run_id: `run-${index}`, approval_type: types[index % 5], context: {}, title: `Step ${index}`, timeout_seconds: index % 11 === 7 ? 1 : 600 });
    const waiting = agent.wait(id, 5);
    await new Promise((done) => setTimeout(done, 60));
    if (index % 11 !== 7) await people[index % 3].call("POST", `/approvals/${id}/${index % 9 === 4 ? "reject" : "approve"}`, index % 9 === 4 ? { reason: "Not now" } : {});
    await waiting;
  }
}

const TASKS = ["deploy-2291", "refunds-8831", "etl-2026-11-27", "gdpr-sweep-77", "train-1182", "mail-2207"];
const held = [];
let prepared = false;
async function prepare() {
  if (prepared) return;
  prepared = true;
  keys.op = await cluster.key(workspace, "olga", ["workspace:admin", "cluster:view"]);
  const agent = await cluster.key(workspace, "release-agent", ["approval:create", "event:subscribe", "event:publish"]);
  for (const [index, task] of TASKS.entries()) held.push(await taskSocket(cluster.urls[index % 2], task, agent));
  const lines = [["workflow_started", { workflow: "checkout-release" }], ["output", { line: "compiled 1 of 1214 modules" }], ["output", { line: "14 tests passed" }], ["step", { name: "canary", percent: 5, error_rate: 0.0008, p95_ms: 212, held_for: "30m", region: "eu", image: "checkout:4.18.0", previous: "checkout:4.17.3", replicas: 10 }]];
  for (const [event_type, data] of lines) await new Api(base, agent).call("POST", "/tasks/deploy-2291/events", { event_type, data });
  // Some beats, so that there is something to plot.
  for (let round = 0; round < 4; round += 1) {
    await busy(30);
    await new Promise((done) => setTimeout(done, 11_000));
  }
}
const there = async (page) => {
  await page.locator(".pl-c svg").first().waitFor();
  await page.waitForFunction(() => document.querySelector(".loads") === null && document.querySelectorAll(".pl-c").length === document.querySelectorAll(".pl-c svg").length);
};
const operations = (path, act = there) => async (look) => {
  await prepare();
  const page = await signedIn(base, keys.op, { path, ...look, ...(look.width === 1280 && path === "/operations?range=15m" ? { height: 1900 } : {}) });
  await act(page);
  return page;
};
Object.assign(SHOTS, {
  operations: operations("/operations?range=15m"),
  "operations-task": operations("/operations/tasks/deploy-2291", (page) => page.getByText("14 tests passed").waitFor()),
  "operations-wall": operations("/operations?range=15m&wall=1"),
  "operations-wall-lost": operations("/operations?range=15m&wall=1", async (page) => {
    if (cluster.instances[1].child.exitCode === null && cluster.instances[1].child.signalCode === null) await cluster.instances[1].kill();
    await page.getByRole("region", { name: "State", exact: true }).getByText("is lost").waitFor({ timeout: 60_000 });
    await there(page);
  }),
});

/** Connected, with its type, and with nothing under way: what a picture shows must not be a matter of a moment. */
async function settled(page) {
  await page.waitForFunction(() => [...document.querySelectorAll(".live")].every((it) => !it.textContent.includes("Connecting")) && document.querySelector(".sk, [aria-busy=true]") === null);
  await page.evaluate(() => document.fonts.ready);
  await page.mouse.move(1, 1);
}

for (const [name, take] of Object.entries(SHOTS)) {
  if (only.length > 0 && !only.some((part) => name.includes(part))) continue;
  for (const [width, height] of Object.entries(WIDTHS)) {
    for (const theme of ["light", "dark"]) {
      const page = await take({ width: Number(width), height, theme });
      await settled(page);
      await page.screenshot({ path: join(OUT, `${name}-${width}-${theme}.png`) });
      await page.context().close();
    }
  }
  console.log(name);
}
for (const it of held) it.destroy();
relay.end();
receiver.end();
await closeBrowser();
await cluster.stop();
