import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { APPROVER, Api, Cluster, axe, closeBrowser, overflows, signedIn, unharmed } from "./harness.mjs";

let cluster;
before(async () => {
  cluster = await Cluster.start({ instances: 2 });
});
after(async () => {
  await closeBrowser();
  await cluster.stop();
});

/** The first that can be seen: some parts stand in two places, one of them shown. */
const seen = (locator) => locator.filter({ visible: true }).first();
const row = (page, title) => page.locator(".row").filter({ hasText: title });
const confirm = async (page) => {
  await page.keyboard.press("a");
  await page.getByText(/^Approve as/).waitFor();
  // The breath in which a second click counts for nothing.
  await page.waitForFunction((begun) => performance.now() - begun > 450, await page.evaluate(() => performance.now()));
  await page.keyboard.press("Enter");
};

test("an approval appears by itself, is decided, and the waiting caller returns", async () => {
  const { keys, agent } = await cluster.workspace({ ana: APPROVER });
  const page = await signedIn(cluster.urls[0], keys.ana);
  await seen(page.getByText("Nothing waits for you")).waitFor();
  const context = { tool: "refund", amounts: [49.9, 1e21, -0.001], "ü": "Größe" };
  const { id, digest } = await new Api(cluster.urls[1], keys.agent).ask({ title: "Refund order 1042", context, policy: { require_digest: true } });
  const waiter = agent.wait(id);
  await row(page, "Refund order 1042").waitFor();
  assert.equal(await page.title(), "(1) Inbox · Signoff");
  await page.getByRole("button", { name: /^Approve/ }).waitFor();
  await confirm(page);
  await page.getByText("Your approval is recorded.").waitFor();
  assert.deepEqual([(await waiter).body.status, (await agent.show(id)).resolved_by], ["resolved", "ana"]);
  const votes = await agent.call("GET", `/approvals/${id}/decisions`);
  assert.equal(votes.body.items[0].digest, digest, "the page has computed it from what it shows");
  await row(page, "Approved").waitFor();
  assert.equal(await page.title(), "Inbox · Signoff");
  await unharmed(page);
});

test("who acts on what was approved is shown, and how it ended", async () => {
  const { keys, agent } = await cluster.workspace({ ana: APPROVER });
  const { id } = await agent.ask({ title: "Deploy 4.18.0" });
  const page = await signedIn(cluster.urls[1], keys.ana, { path: `/approvals/${id}` });
  await page.getByRole("button", { name: /^Approve/ }).waitFor();
  assert.equal(await page.getByRole("heading", { name: "Who acts" }).count(), 0);
  await new Api(cluster.urls[0], keys.ana).call("POST", `/approvals/${id}/approve`, {});
  const claim = { key: "deploy/1", lease_seconds: 600, audience: "cluster-7" };
  assert.equal((await agent.call("POST", `/approvals/${id}/claim`, claim)).status, 200);
  await page.reload();
  const acting = page.getByRole("region", { name: "Who acts" });
  await acting.getByText("acts on it").waitFor();
  await acting.getByText(/^nobody takes it over before/).waitFor();
  await acting.getByText("cluster-7").waitFor();
  await unharmed(page);
  await agent.call("POST", `/approvals/${id}/claim/complete`, { key: "deploy/1", fence: 1, outcome: "failed", detail: "<b>Pod 3</b> did not start" });
  await page.reload();
  await acting.getByText("is done").waitFor();
  await acting.getByText(/It failed\./).waitFor();
  await acting.getByText("<b>Pod 3</b> did not start").waitFor();
  assert.deepEqual(await axe(page), []);
});

test("two approvers on two instances: the first vote counts, the second ends it, and both see both", async () => {
  const { keys, agent } = await cluster.workspace({ ana: APPROVER, bo: APPROVER });
  const { id } = await agent.ask({ title: "Roll out 4.18.0", policy: { allowed_approvers: ["ana", "bo"], min_approvers: 2 } });
  const [ana, bo] = await Promise.all([signedIn(cluster.urls[0], keys.ana, { path: `/approvals/${id}` }), signedIn(cluster.urls[1], keys.bo, { path: `/approvals/${id}` })]);
  await seen(ana.getByRole("heading", { name: "0 of 2 signed" })).waitFor();
  await ana.getByLabel("Comment (optional)").fill("Numbers look right.");
  await ana.getByRole("heading", { name: "Roll out 4.18.0" }).click();
  await confirm(ana);
  await ana.getByText("Your approval is recorded.").waitFor();
  await seen(bo.getByRole("heading", { name: "1 of 2 signed" })).waitFor();
  await seen(bo.getByText("Numbers look right.")).waitFor();
  assert.equal((await agent.show(id)).status, "pending");
  await bo.getByText("approved it as it is").waitFor();
  await confirm(bo);
  await bo.getByText("Your approval is recorded.").waitFor();
  await seen(ana.getByText("bo approved this at")).waitFor();
  assert.equal((await agent.show(id)).status, "resolved");
});

test("who comes too late is told who was first, and keeps their comment", async () => {
  const { keys, agent } = await cluster.workspace({ ana: APPROVER, cy: APPROVER });
  const { id } = await agent.ask({ title: "Delete 312 accounts" });
  const page = await signedIn(cluster.urls[0], keys.ana, { path: `/approvals/${id}`, routed: true });
  await page.getByLabel("Comment (optional)").fill("Go. I watch the dashboards.");
  await page.getByRole("heading", { name: "Delete 312 accounts" }).click();
  // Nothing of the other's answer reaches this page before its own is sent.
  await page.route("**/approvals/**", (route) => (route.request().method() === "POST" ? route.continue() : route.abort()));
  await page.keyboard.press("a");
  await new Api(cluster.urls[1], keys.cy).call("POST", `/approvals/${id}/reject`, { reason: "The tax table is missing." });
  await page.waitForFunction((begun) => performance.now() - begun > 450, await page.evaluate(() => performance.now()));
  await page.keyboard.press("Enter");
  const alert = page.getByRole("alert");
  await alert.getByText("Not approved: cy rejected it first").waitFor();
  await alert.getByText("The tax table is missing.").waitFor();
  await page.getByText("Your comment was not sent:").waitFor();
  assert.equal(await page.getByText("is recorded").count(), 0);
  assert.deepEqual(await axe(page), []);
});

test("a rejection takes a reason, and the agent gets it", async () => {
  const { keys, agent } = await cluster.workspace({ ana: APPROVER });
  const { id } = await agent.ask({ title: "Send 18,204 mails" });
  const page = await signedIn(cluster.urls[0], keys.ana, { path: `/approvals/${id}`, width: 390, height: 844 });
  await page.getByRole("button", { name: /^Reject/ }).click();
  await page.waitForFunction((begun) => performance.now() - begun > 450, await page.evaluate(() => performance.now()));
  await page.getByRole("button", { name: "Reject", exact: true }).click();
  await page.getByText("Say why").waitFor();
  await page.getByLabel("Needs another test").check();
  await page.getByLabel("Reason", { exact: true }).fill("Needs another test: of 200 first.");
  await page.keyboard.press("Control+Enter");
  await page.getByText("Your rejection is recorded.").waitFor();
  const shown = await agent.show(id);
  assert.deepEqual([shown.resolution, shown.result.feedback], ["rejected", "Needs another test: of 200 first."]);
});

test("an approval for which something else answers could not be read, and can be read again", async () => {
  const { keys, agent } = await cluster.workspace({ ana: APPROVER });
  const { id } = await agent.ask({ title: "Behind a proxy" });
  const page = await signedIn(cluster.urls[0], keys.ana, { routed: true });
  const path = `**/api/v1/approvals/${id}`;
  await page.route(path, (route) => route.fulfill({ status: 200, contentType: "text/html", body: "<h1>Maintenance</h1>" }));
  await page.goto(`${cluster.urls[0]}/approvals/${id}`);
  await page.getByText("This approval could not be read").waitFor();
  await page.unroute(path);
  await page.reload();
  await page.getByRole("heading", { name: "Behind a proxy" }).waitFor();
  await unharmed(page);
});

test("an answer that must say something is given by a form, which begins with what is proposed", async () => {
  const { keys, agent } = await cluster.workspace({ ana: APPROVER });
  const response_schema = {
    type: "object",
    required: ["limit"],
    additionalProperties: false,
    properties: { limit: { type: "integer", minimum: 1, maximum: 50, title: "Pay back at most" }, note: { type: "string", default: "by hand" } },
  };
  const { id } = await agent.ask({ approval_type: "refund", title: "Refund 45", context: { limit: 45, order: 1042 }, response_schema });
  const page = await signedIn(cluster.urls[0], keys.ana, { path: `/approvals/${id}` });
  await page.getByRole("button", { name: /^Approve/ }).click();
  const limit = page.getByLabel("Pay back at most");
  assert.equal(await limit.inputValue(), "45");
  await limit.fill("51");
  await page.getByText("At most 50").first().waitFor();
  await limit.fill("30");
  await page.getByRole("button", { name: "Approve with this answer" }).click();
  await page.getByText("recorded").first().waitFor();
  const outcome = await agent.show(id);
  assert.deepEqual(outcome.result.modifications, { limit: 30, note: "by hand" });
  await unharmed(page);
});

test("edits keep their kinds, and the next approver signs the same", async () => {
  const { keys, agent } = await cluster.workspace({ ana: APPROVER, bo: APPROVER });
  const context = { tool: "send", arguments: { amount: "49.90", count: 5, ratio: 1.5, on: true, big: "x" } };
  const { id } = await agent.ask({ title: "Send mails", context, policy: { allowed_approvers: ["ana", "bo"], min_approvers: 2 } });
  const ana = await signedIn(cluster.urls[0], keys.ana, { path: `/approvals/${id}` });
  await ana.getByRole("heading", { name: "Send mails" }).waitFor();
  await ana.getByRole("button", { name: /^Approve/ }).waitFor();
  await ana.keyboard.press("m");
  await ana.getByLabel("Count").fill("x");
  await ana.getByText("Must be a number").waitFor();
  assert.ok(await ana.getByRole("button", { name: /Approve with/ }).isDisabled());
  await ana.getByLabel("Count").fill("7");
  await ana.getByLabel("Amount").fill("39.90");
  await ana.getByRole("button", { name: "Approve with 2 edits" }).click();
  await ana.getByText("recorded").first().waitFor();
  const bo = await signedIn(cluster.urls[1], keys.bo, { path: `/approvals/${id}` });
  await bo.getByText("approved it with edits").waitFor();
  await bo.getByRole("cell", { name: "39.90" }).waitFor();
  await bo.keyboard.press("a");
  await bo.waitForFunction((begun) => performance.now() - begun > 450, await bo.evaluate(() => performance.now()));
  await bo.keyboard.press("Enter");
  await bo.getByText("recorded").first().waitFor();
  const { result, resolution } = await agent.show(id);
  assert.deepEqual([resolution, result.modifications], ["modified", { arguments: { amount: "39.90", count: 7 } }]);
});

test("an instance that dies while an answer is sent leaves it unknown, and asking again finds how it stands", async () => {
  const own = await Cluster.start({ instances: 2, balancer: true });
  const { keys } = await own.workspace({ ana: APPROVER });
  const agent = new Api(own.urls[1], keys.agent);
  const { id } = await agent.ask({ title: "Rotate the key", timeout_seconds: 900 });
  const page = await signedIn(own.url, keys.ana, { path: `/approvals/${id}`, routed: true });
  await page.getByRole("button", { name: /^Approve/ }).waitFor();
  // The answer reaches the server and is recorded; its own answer is lost on the way.
  let sent = 0;
  await page.route("**/approve", async (route) => {
    sent += 1;
    if (sent > 1) return route.continue();
    await route.fetch();
    await route.abort("connectionreset");
  });
  await confirm(page);
  await page.getByText("We don't know whether your approval was recorded").waitFor();
  assert.equal(await page.getByText("Your approval is recorded.").count(), 0);
  assert.deepEqual(await axe(page), []);
  await page.getByRole("button", { name: "Ask again" }).click();
  await page.getByText("Your approval is recorded.").waitFor();
  await page.getByText("it counts once").waitFor();
  assert.equal((await agent.call("GET", `/approvals/${id}/decisions`)).body.items.length, 1);
});

test("a context full of hostile strings is shown harmlessly, and nothing in it is applied", async () => {
  const { keys, agent } = await cluster.workspace({ ana: APPROVER });
  const context = JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": 1}}');
  Object.assign(context, {
    html: "<img src=x onerror=alert(1)><script>alert(2)</script>",
    "<b>key</b>": "javascript:alert(3)",
    bidi: "please approve\u202e yadot",
    zero: "pay\u200bpal",
    deep: Array.from({ length: 24 }).reduce((inner) => ({ a: inner }), "bottom"),
    wide: Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`k${index}`, index])),
    blob: "long line ".repeat(15_000),
  });
  const { id } = await agent.ask({ title: "Run <script>alert(1)</script> \u202eelmrah", context, description: "a\u2066b <i>c</i>" });
  for (const width of [390, 1280]) {
    const page = await signedIn(cluster.urls[0], keys.ana, { path: `/approvals/${id}`, width });
    let asked = false;
    page.on("dialog", (dialog) => {
      asked = true;
      void dialog.dismiss();
    });
    await page.getByRole("heading", { name: /Run <script>/ }).waitFor();
    await page.getByText("U+202E").first().waitFor();
    await page.getByText("U+200B").first().waitFor();
    assert.equal(await page.locator("article img, article script, article i, article b:not(.fuse b)").count(), 0);
    assert.equal(await page.evaluate(() => ({}).polluted), undefined);
    assert.ok(!asked && !(await overflows(page)), String(width));
    assert.deepEqual(await axe(page), []);
    await unharmed(page);
  }
});
