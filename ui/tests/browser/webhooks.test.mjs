// Settings → Webhooks: endpoints, their secrets, what was sent to them; and who is told that one has failed.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { APPROVER, Api, Cluster, addressOf, axe, closeBrowser, overflows, signedIn, unharmed, until } from "./harness.mjs";
import { Session } from "./database.mjs";
import { HOOKS, Receiver, signers } from "./hooks.mjs";

let cluster, receiver, database, base;
before(async () => {
  receiver = await Receiver.start();
  database = new Session();
  cluster = await Cluster.start({ instances: 2, settings: { ...HOOKS, SIGNOFF_SECRETS_KEY: randomBytes(32).toString("base64") } });
  base = cluster.urls[0];
});
after(async () => {
  await closeBrowser();
  await cluster.stop();
  database.end();
  receiver.end();
});

const ADMIN = ["workspace:admin"];
const PATH = "/settings/webhooks";
/** A workspace, and an endpoint with a path of its own. */
async function scene(more = {}) {
  const { name, keys, agent } = await cluster.workspace({ root: ADMIN });
  const path = `/${name}`;
  const endpoint = async () => (await agent.call("POST", "/webhooks", { url: receiver.url + path, ...more })).body;
  const at = (where = PATH, look = {}) => signedIn(base, keys.root, { path: where, ...look });
  return { name, keys, agent, path, endpoint, at };
}
const row = (page, text) => page.getByRole("row").filter({ hasText: text });
const facts = (page) => page.getByRole("region", { name: "Endpoint", exact: true });
const deliveries = (page) => page.getByRole("region", { name: "Deliveries", exact: true });
const press = (page, name) => page.getByRole("button", { name, exact: true }).click();

test("an endpoint is made, its secret is shown once and signs what arrives, and it is tested, changed and deleted", async () => {
  const { agent, path, at } = await scene();
  const page = await at();
  await page.getByText("There is no endpoint yet.").waitFor();
  await press(page, "New endpoint");
  const dialog = page.getByRole("dialog");
  // What the service finds wrong stands at the field, and what was typed stays.
  await dialog.getByLabel("URL").fill("http://user:word@127.0.0.1/in");
  await dialog.getByRole("button", { name: "Make it" }).click();
  await dialog.getByText("It was not done.").waitFor();
  assert.equal(await dialog.getByLabel("URL").getAttribute("aria-invalid"), "true");
  await dialog.getByLabel("URL").fill(receiver.url + path);
  await dialog.getByLabel("What it is for").fill("the <b>billing</b> team");
  await dialog.getByLabel("It has ended").check();
  await dialog.getByRole("button", { name: "Make it" }).click();
  await page.getByText("This is the only time it is shown.").waitFor();
  const secret = await page.locator(".secret code").textContent();
  assert.match(secret, /^whsec_/);
  await row(page, path).getByText("nothing sent yet").waitFor();
  await row(page, path).getByText("the <b>billing</b> team").waitFor();
  await press(page, "I have it");
  assert.ok(!(await page.content()).includes(secret));

  await page.getByRole("link", { name: receiver.url + path }).click();
  await facts(page).getByText("approval:resolved").waitFor();
  await press(page, "Test");
  await dialog.getByText("sent", { exact: true }).waitFor();
  await dialog.getByText('"type":"webhook:test"').waitFor();
  await dialog.getByText("code 204").waitFor();
  await press(page, "Close");
  assert.deepEqual(signers(receiver.at(path)[0], [secret]), [secret]);
  await facts(page).getByText("arrives").waitFor();

  await press(page, "Change…");
  assert.ok(await dialog.getByLabel("It has ended").isChecked());
  await dialog.getByLabel("It has ended").uncheck();
  await dialog.getByLabel("Format").selectOption("cloudevents");
  await dialog.getByLabel(/With the context/).check();
  await dialog.getByRole("button", { name: "Save" }).click();
  await facts(page).getByText("CloudEvents").waitFor();
  const [now] = (await agent.call("GET", "/webhooks")).body.items;
  assert.deepEqual([now.events, now.format, now.include_context, now.description], [[], "cloudevents", true, "the <b>billing</b> team"]);

  await press(page, "Delete…");
  await dialog.getByRole("button", { name: "Delete for good" }).click();
  await dialog.getByText("This isn't 127.").waitFor();
  await dialog.getByLabel(/^Type/).fill(new URL(receiver.url).host);
  await page.keyboard.press("Enter");
  await page.getByText("There is no endpoint yet.").waitFor();
  assert.equal((await agent.call("GET", "/webhooks")).body.items.length, 0);
  await unharmed(page);
});

test("with a new secret both sign for a while; what comes for a disabled endpoint is kept, and goes when it is enabled", async () => {
  const { agent, path, endpoint, at } = await scene();
  const { id, secret } = await endpoint();
  const page = await at(`${PATH}?endpoint=${id}`);
  await press(page, "New secret…");
  await page.getByRole("dialog").getByRole("button", { name: "Make the new secret" }).click();
  await page.getByText("This is the only time it is shown.").waitFor();
  const second = await page.locator(".secret code").textContent();
  await press(page, "Disable");
  await facts(page).getByText("by hand").waitFor();
  // A test needs one that is enabled: the service's words say so.
  await press(page, "Test");
  await facts(page).getByText("It was not done.").waitFor();
  await agent.ask({ title: "A licence" });
  await facts(page).getByText("1 event, kept until it is enabled").waitFor();
  assert.equal(receiver.at(path).length, 0);
  await press(page, "Enable");
  await until("it arrives", () => receiver.at(path).length === 1);
  assert.deepEqual(signers(receiver.at(path)[0], [secret, second]), [secret, second]);
  await deliveries(page).getByRole("row").filter({ hasText: "approval:requested" }).getByText("sent", { exact: true }).waitFor();
  await facts(page).getByText("arrives").waitFor();
  await unharmed(page);
});

test("a delivery shows each try with request and answer; what failed is sent again, one or all", async () => {
  const { agent, path, endpoint, at } = await scene();
  const { id } = await endpoint();
  receiver.answer = (it) => (it.path === path ? [500, "out of <i>paper</i>"] : [204, ""]);
  for (const title of ["First", "Second"]) await agent.ask({ title });
  const all = async () => (await agent.call("GET", `/webhooks/${id}/deliveries`)).body.items;
  await until("both were tried", async () => (await all()).filter((it) => it.attempt_count > 0 && it.error_message).length === 2);
  const page = await at(`${PATH}?endpoint=${id}`);
  await facts(page).getByText("fails", { exact: true }).waitFor();
  await deliveries(page).getByRole("row").filter({ hasText: "waits" }).first().waitFor();
  // As after three days of it.
  await database.ask(`UPDATE approval_notifications SET status = 'failed', failed_at = now() WHERE recipient = '${id}' AND status = 'pending'`);
  await deliveries(page).getByLabel("State").selectOption("failed");
  await until("both have failed", async () => (await deliveries(page).getByRole("row").filter({ hasText: "failed" }).count()) === 2);
  assert.equal((await addressOf(page)).searchParams.get("status"), "failed");
  await deliveries(page).getByRole("button", { name: /^Details/ }).last().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("out of <i>paper</i>").first().waitFor();
  await dialog.getByText("code 500").first().waitFor();
  await dialog.getByText(/"title":"(First|Second)"/).waitFor();
  receiver.answer = () => [204, ""];
  await database.ask(`UPDATE notification_lanes SET hold_until = 'epoch' WHERE destination = '${id}'`);
  await dialog.getByRole("button", { name: "Send again" }).click();
  await until("the one has arrived", async () => (await all()).filter((it) => it.status === "sent").length === 1);
  await dialog.getByText("sent", { exact: true }).waitFor();
  await press(page, "Close");
  await press(page, "Send failed ones again…");
  await dialog.getByRole("button", { name: "Send them again" }).click();
  await page.getByText("1 waits again.").waitFor();
  await until("the other has arrived", async () => (await all()).every((it) => it.status === "sent"));
  const ids = receiver.at(path).map((it) => it.headers["webhook-id"]);
  assert.equal(new Set(ids).size, 2);
  await unharmed(page);
});

test("an endpoint that says it is gone is disabled, and the bell leads an administrator to it", async () => {
  const { agent, path, endpoint, at } = await scene();
  await endpoint();
  receiver.answer = (it) => (it.path === path ? [410, ""] : [204, ""]);
  const page = await at("/inbox");
  await agent.ask({ title: "A licence" });
  const bell = page.getByRole("link", { name: /^Notifications, \d+ unread/ }).and(page.locator(":visible"));
  await bell.click();
  const news = page.getByRole("region", { name: "News", exact: true }).locator(".row").filter({ hasText: "is disabled" });
  await news.getByRole("link").click();
  await row(page, path).getByText("it answered 410: gone").waitFor();
  receiver.answer = () => [204, ""];
  await unharmed(page);
});

test("what was sent by webhook is called so where all that was sent is shown, and leads to its endpoint", async () => {
  const { agent, path, endpoint, at } = await scene();
  const { id } = await endpoint();
  await agent.ask({ title: "A licence" });
  await until("it arrives", () => receiver.at(path).length === 1);
  const page = await at("/settings/sent?channel=webhook");
  await row(page, `endpoint …${id.slice(-8)}`).getByRole("button", { name: /^Details/ }).click();
  await page.getByRole("dialog").getByRole("link", { name: id }).click();
  await facts(page).getByText("arrives").waitFor();
  await unharmed(page);
});

test("those who run the service see what waits, by channel, and an administrator of a workspace doesn't", async () => {
  const { name, agent, path, endpoint, at } = await scene();
  const { id } = await endpoint();
  receiver.answer = (it) => (it.path === path ? [500, ""] : [204, ""]);
  await agent.ask({ title: "A licence" });
  await until("it was tried", async () => (await agent.call("GET", `/webhooks/${id}`)).body.failing_since !== null);
  const operator = await signedIn(base, await cluster.role(name, "olga", "operator"), { path: "/operations" });
  const card = operator.getByRole("region", { name: "Waiting to be sent", exact: true });
  const webhooks = card.getByRole("row").filter({ hasText: "webhooks" });
  await webhooks.getByText("some fail").waitFor();
  await card.getByRole("row").filter({ hasText: "mail" }).getByText("well").waitFor();
  await card.getByText("all is routed").waitFor();
  assert.deepEqual(await axe(operator), []);
  await unharmed(operator);
  const admin = await at("/operations");
  await admin.getByRole("region", { name: "Connections", exact: true }).waitFor();
  assert.equal(await admin.getByRole("region", { name: "Waiting to be sent", exact: true }).count(), 0);
  await agent.call("DELETE", `/webhooks/${id}`);
  receiver.answer = () => [204, ""];
});

test("without a key for secrets the page says what the operator must set", async () => {
  const bare = await Cluster.start({ instances: 1, settings: HOOKS });
  const { keys } = await bare.workspace({ root: ADMIN });
  const page = await signedIn(bare.urls[0], keys.root, { path: PATH });
  await press(page, "New endpoint");
  await page.getByLabel("URL").fill("https://hooks.example/in");
  await page.getByRole("dialog").getByRole("button", { name: "Make it" }).click();
  await page.getByText("secrets.key (SIGNOFF_SECRETS_KEY)").waitFor();
  await unharmed(page);
  await page.context().close();
  await bare.instances[0].kill();
});

test("an administrator binds a person to an account in Slack, and takes it back", async () => {
  const { agent, keys } = await cluster.workspace({ root: ADMIN, ana: APPROVER });
  const page = await signedIn(base, keys.root, { path: "/settings/people" });
  const edit = () => page.getByRole("button", { name: "Edit ana" }).click();
  const dialog = page.getByRole("dialog");
  await edit();
  await dialog.getByLabel("Account in Slack").fill("nonsense");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByText("It was not done.").waitFor();
  await dialog.getByLabel("Account in Slack").fill("T0123ABCD/U0456EFGH");
  await dialog.getByRole("button", { name: "Save" }).click();
  await row(page, "ana").getByText("Slack T0123ABCD/U0456EFGH").waitFor();
  await edit();
  await dialog.getByLabel("Account in Slack").fill("");
  await dialog.getByRole("button", { name: "Save" }).click();
  await row(page, "ana").getByText("Slack T0123ABCD/U0456EFGH").waitFor({ state: "detached" });
  const ana = (await agent.call("GET", "/principals?limit=200")).body.items.find((it) => it.name === "ana");
  assert.equal(ana.slack ?? null, null);
  await unharmed(page);
});

for (const [theme, width] of [["light", 1280], ["dark", 1280], ["light", 390], ["dark", 320]]) {
  test(`webhooks in ${theme} at ${width} pixels: readable by all, and nothing overflows`, async () => {
    const { agent, path, endpoint, at } = await scene({ description: "where-the-billing-team-of-the-platform-hears-of-all-that-is-decided" });
    const { id } = await endpoint();
    await agent.call("POST", "/webhooks", { url: `https://hooks.example/${"a-very-long-path/".repeat(8)}`, events: ["approval:requested", "approval:resolved"] });
    await agent.ask({ title: "A licence" });
    await until("it arrives", () => receiver.at(path).length === 1);
    const page = await at(PATH, { theme, width, height: 900 });
    const look = async (what) => {
      assert.deepEqual(await axe(page), [], what);
      assert.ok(!(await overflows(page)), what);
    };
    await page.getByText("where-the-billing").waitFor();
    await look("all");
    await press(page, "New endpoint");
    await look("making");
    await page.keyboard.press("Escape");
    await page.goto(`${base}${PATH}?endpoint=${id}`);
    await deliveries(page).getByText("approval:requested").waitFor();
    await look("one");
    await press(page, "New secret…");
    await look("rotating");
    await page.getByRole("dialog").getByRole("button", { name: "Make the new secret" }).click();
    await page.locator(".secret code").waitFor();
    await look("secret");
    await deliveries(page).getByRole("button", { name: /^Details/ }).click();
    await page.getByRole("dialog").getByText("code 204").waitFor();
    await look("delivery");
    await unharmed(page);
    await page.context().close();
  });
}
