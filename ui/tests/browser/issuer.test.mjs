import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Api, Cluster, addressOf, axe, closeBrowser, open, unharmed, until } from "./harness.mjs";
import { Issuer } from "./issuer.mjs";

let cluster, base, issuer;
before(async () => {
  issuer = await Issuer.start();
  cluster = await Cluster.start({ instances: 1, settings: (url) => issuer.settings(url) });
  base = cluster.urls[0];
});
after(async () => {
  await closeBrowser();
  await cluster.stop();
  issuer.stop();
});

const organisation = (page) => page.getByRole("link", { name: "Sign in with your organisation" });

/** At the issuer, in a workspace, and back at a page. */
async function through(page, person, path) {
  issuer.person = person;
  await page.goto(`${base}/sign-in?to=${encodeURIComponent(path)}`);
  await organisation(page).click();
  await page.waitForURL((url) => url.origin === base && url.pathname === path);
}

test("signing in at the organisation leads back to where one wanted to go", async () => {
  const { name, agent } = await cluster.workspace();
  const { id } = await agent.ask({ title: "Refund order 1042" });
  const page = await open(base);
  await page.goto(`${base}/approvals/${id}`);
  await page.waitForURL((url) => url.pathname === "/sign-in");
  await organisation(page).waitFor();
  assert.deepEqual(await axe(page), []);
  issuer.person = { sub: "ana-7", name: "Ana", org: name, roles: ["approver"] };
  await organisation(page).click();
  await page.getByRole("heading", { name: "Refund order 1042" }).waitFor();
  assert.equal((await addressOf(page)).pathname, `/approvals/${id}`);
  await unharmed(page);
});

test("who has no role may sign in, and is told what that means; claimed roles are told apart", async () => {
  const { name, keys } = await cluster.workspace({ root: ["workspace:admin"] });
  const page = await open(base);
  await through(page, { sub: "eli", org: name, roles: [] }, "/settings/you");
  await page.getByText("You have no permission here.").waitFor();
  await page.getByText("your organisation").first().waitFor();
  await through(await open(base), { sub: "ana", org: name, roles: ["approver"], groups: ["finance"] }, "/settings/you");
  const admin = await open(base);
  await admin.goto(`${base}/sign-in?to=/settings/people`);
  await admin.getByLabel("API key").fill(keys.root);
  await admin.keyboard.press("Enter");
  const row = admin.getByRole("row").filter({ hasText: "ana" });
  await until("the claimed role and group are shown as such", async () => (await row.getByText("from sign-in").count()) === 2);
  await row.getByRole("button", { name: "Edit ana" }).click();
  await admin.getByText("From their sign-in, changed only at your organisation: approver, finance.").waitFor();
  assert.ok(!(await admin.getByRole("dialog").getByLabel("approver").isChecked()));
  assert.deepEqual(await axe(admin), []);
  await unharmed(admin);
});

test("a person of two workspaces goes from one to the other, and nothing of the first stays on the screen", async () => {
  const [one, two] = [await cluster.workspace(), await cluster.workspace()];
  await one.agent.ask({ title: "Of the first" });
  await two.agent.ask({ title: "Of the second" });
  const page = await open(base);
  const ana = (org) => ({ sub: "ana-7", org, roles: ["approver"] });
  await through(page, ana(two.name), "/inbox");
  await page.context().clearCookies();
  await through(page, ana(one.name), "/inbox");
  await page.getByText("Of the first").first().waitFor();
  await page.getByTitle(/^ana-7, workspace/).first().click();
  await page.getByRole("button", { name: `Go to ${two.name}, as ana-7` }).waitFor();
  assert.deepEqual(await axe(page), []);
  await page.getByRole("button", { name: `Go to ${two.name}, as ana-7` }).click();
  await page.getByText("Of the second").first().waitFor();
  assert.equal(await page.getByText("Of the first").count(), 0);
  await page.getByTitle(`ana-7, workspace ${two.name}`).first().waitFor();
  await unharmed(page);
});

test("a session that ends is renewed at the organisation, and what was typed is there again", async () => {
  const { name, agent } = await cluster.workspace();
  const { id } = await agent.ask({ title: "Refund order 1042" });
  const page = await open(base);
  await through(page, { sub: "ana-7", org: name, roles: ["approver"] }, `/approvals/${id}`);
  await page.getByLabel("Comment (optional)").fill("Looks right to me");
  const sessions = (await new Api(base, agent.key).call("GET", "/browser-sessions")).body.items;
  for (const session of sessions) await agent.call("DELETE", `/browser-sessions/${session.id}`);
  const dialog = page.getByRole("dialog", { name: "Sign in again" });
  await until("the page asks to sign in again", async () => {
    await page.getByRole("button", { name: "Try now" }).click({ timeout: 100 }).catch(() => {});
    return dialog.isVisible();
  }, 90_000);
  await dialog.getByRole("link", { name: "Sign in with your organisation" }).click();
  await page.getByRole("heading", { name: "Refund order 1042" }).waitFor();
  assert.equal(await page.getByLabel("Comment (optional)").inputValue(), "Looks right to me");
  await unharmed(page);
});
