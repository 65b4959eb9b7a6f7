import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { APPROVER, Api, Cluster, addressOf, axe, closeBrowser, open, overflows, signedIn, unharmed, until } from "./harness.mjs";

let cluster, base;
before(async () => {
  cluster = await Cluster.start({ instances: 2 });
  base = cluster.urls[0];
});
after(async () => {
  await closeBrowser();
  await cluster.stop();
});

const ADMIN = ["workspace:admin"];
const admin = async () => {
  const { name, keys, agent } = await cluster.workspace({ root: ADMIN });
  return { name, agent, keys, at: (path, more) => signedIn(base, keys.root, { path, ...more }) };
};
const ownParts = (page) => page.getByRole("navigation", { name: "Settings" }).getByRole("link").allTextContents();

test("each built-in role sees exactly its settings, and a refused page says what it takes", async () => {
  const name = `w-roles-${Date.now()}`;
  await cluster.workspace({}, name);
  const seen = { agent: ["You"], requester: ["You"], approver: ["You"], member: ["You"], auditor: ["Sent", "Audit", "You"], operator: ["You"], admin: ["Keys", "People", "Roles", "Workspace", "Webhooks", "Sent", "Audit", "You"] };
  const needs = { keys: "key:manage", people: "principal:manage", roles: "principal:manage", workspace: "workspace:admin", webhooks: "webhook:manage", sent: "notification:view", audit: "audit:view" };
  for (const [role, parts] of Object.entries(seen)) {
    const page = await signedIn(base, await cluster.key(name, `the-${role}`, null, [role]), { path: "/settings" });
    await page.waitForURL((url) => url.pathname === `/settings/${parts[0].toLowerCase()}`);
    await page.getByRole("navigation", { name: "Settings" }).waitFor();
    assert.deepEqual(await ownParts(page), parts, role);
    for (const [part, permission] of Object.entries(needs)) {
      if (parts.some((one) => one.toLowerCase() === part)) continue;
      await page.goto(`${base}/settings/${part}`);
      await page.getByRole("heading", { name: /^You may not see/ }).waitFor();
      await page.getByText(`needs the permission ${permission}`).waitFor();
      await page.getByText(["audit:view", "notification:view"].includes(permission) ? "auditor, admin" : "Roles that have it: admin").waitFor();
    }
    for (const absent of ["templates", "rules"]) {
      await page.goto(`${base}/settings/${absent}`);
      await page.getByText("There is nothing here").waitFor();
    }
    await unharmed(page);
    await page.context().close();
  }
});

test("a key is made, shown once, used, given a successor, and revoked by typing its name", async () => {
  const { at } = await admin();
  const page = await at("/settings/keys");
  await page.getByRole("button", { name: "New key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Make the key" }).click();
  await dialog.getByText("Choose a role or a permission.").waitFor();
  await dialog.getByLabel("requester").check();
  await dialog.getByRole("button", { name: "Make the key" }).click();
  // What the server finds wrong stands at the field, and what was typed stays.
  await dialog.getByText("It was not done.").waitFor();
  assert.ok(await dialog.getByLabel("requester").isChecked());
  await dialog.getByLabel("Acts as").fill("invoice-agent");
  await dialog.getByLabel("What for").fill("asks for invoices");
  await dialog.getByRole("button", { name: "Make the key" }).click();
  await page.getByText("Key for invoice-agent made.").waitFor();
  const key = await page.locator(".secret code").textContent();
  const asked = await new Api(cluster.urls[1], key).ask({ title: "An invoice" });
  assert.equal(asked.requested_by, "invoice-agent");
  await page.getByRole("button", { name: "I have it" }).click();
  assert.ok(!(await page.content()).includes(key));
  await page.reload();
  const row = page.getByRole("row").filter({ hasText: "invoice-agent" });
  await row.waitFor();
  assert.ok(!(await page.content()).includes(key));
  await row.getByText("asks for invoices").waitFor();

  await row.getByRole("button", { name: /^Rotate/ }).click();
  await dialog.getByRole("button", { name: "Make the new key" }).click();
  await page.getByText("Key for invoice-agent made.").waitFor();
  const second = await page.locator(".secret code").textContent();
  assert.notEqual(second, key);
  await page.getByText(/rotated to so_/).waitFor();

  const prefix = second.slice(3).split("_")[0];
  await page.getByRole("button", { name: `Revoke so_${prefix}` }).click();
  await dialog.getByRole("button", { name: "Revoke for good" }).click();
  await dialog.getByText(`This isn't ${prefix}.`).waitFor();
  await dialog.getByLabel(/^Type/).fill(prefix);
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Show 1 revoked" }).waitFor();
  await until("the key is refused", async () => (await new Api(cluster.urls[1], second).call("GET", "/approvals/pending")).status === 401);
  await unharmed(page);
});

test("people are added, given roles and groups, disabled and enabled; hostile names do no harm", async () => {
  const { at, agent } = await admin();
  const page = await at("/settings/people");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill("eli");
  await dialog.getByLabel("Full name").fill("<img src=x onerror=alert(1)>");
  await dialog.getByRole("button", { name: "Add" }).click();
  const row = page.getByRole("row").filter({ hasText: "eli" });
  await row.getByText("no role: signing in allows nothing").waitFor();
  await row.getByText("<img src=x").waitFor();
  await row.getByRole("button", { name: "Edit eli" }).click();
  await dialog.getByLabel("approver").check();
  await dialog.getByLabel("Groups").fill("finance, platform");
  await dialog.getByRole("button", { name: "Save" }).click();
  await row.getByText("approver").waitFor();
  await row.getByText("platform").waitFor();
  const eli = (await agent.call("GET", "/principals?limit=200")).body.items.find((one) => one.name === "eli");
  assert.deepEqual([eli.roles, eli.groups, eli.display_name], [["approver"], ["finance", "platform"], "<img src=x onerror=alert(1)>"]);
  await row.getByRole("button", { name: "Disable eli" }).click();
  // Where something is taken away, the focus is on the way back.
  await until("the focus is on Back", () => page.evaluate(() => document.activeElement?.textContent === "Back"));
  await dialog.getByRole("button", { name: "Disable" }).click();
  await row.getByText("disabled").waitFor();
  await row.getByRole("button", { name: "Enable eli" }).click();
  await row.getByText("disabled").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Services" }).click();
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await dialog.getByLabel("Name", { exact: true }).fill("etl-nightly");
  await dialog.getByRole("button", { name: "Add" }).click();
  await page.getByRole("row").filter({ hasText: "etl-nightly" }).waitFor();
  await unharmed(page);
});

test("a role of one's own is made, changed and deleted, and the table shows it", async () => {
  const { at, agent } = await admin();
  const page = await at("/settings/roles");
  await page.getByRole("columnheader", { name: "requester" }).waitFor();
  await page.getByRole("button", { name: "New role" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill("watcher");
  await dialog.getByLabel("What it is for").fill("Looks on");
  await dialog.getByLabel(/See approvals/).check();
  // An administrator of a workspace doesn't see the instances, so they can't give it.
  assert.ok(await dialog.getByLabel(/See the instances/).isDisabled());
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByRole("columnheader", { name: "watcher" }).waitFor();
  await page.getByRole("button", { name: "Edit watcher" }).click();
  await dialog.getByLabel(/See decisions/).check();
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByText("2 permissions").waitFor();
  const role = (await agent.call("GET", "/roles?limit=200")).body.items.find((one) => one.name === "watcher");
  assert.deepEqual([...role.permissions].sort(), ["approval:view:history", "approval:view:pending"]);
  await page.getByRole("button", { name: "Delete watcher" }).click();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("columnheader", { name: "watcher" }).waitFor({ state: "detached" });
  await unharmed(page);
});

test("the workspace's settings are changed; what deletes for good asks for the workspace's name", async () => {
  const { at, agent, name } = await admin();
  const page = await at("/settings/workspace");
  await page.getByLabel(/Timeouts may approve/).check();
  await page.getByLabel(/Their own/).check();
  await page.getByLabel("Reasons offered").fill("Too dear\n\nNot now\nToo dear");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();
  const now = (await agent.call("GET", "/workspace")).body;
  assert.deepEqual([now.allow_timeout_approve, now.delegation, now.reject_reasons], [true, "own", ["Too dear", "Not now"]]);
  // What is offered to who rejects, at once and without a reload.
  const { id } = await agent.ask({ title: "A licence" });
  await page.locator('.rail a[href="/inbox"]').last().click();
  await page.getByText("A licence").first().waitFor();
  await page.waitForURL((url) => url.pathname === `/inbox/${id}`);
  await page.getByRole("button", { name: /^Reject/ }).click();
  await page.getByLabel("Too dear").waitFor();
  await page.goto(`${base}/settings/workspace`);
  await page.getByLabel("Days to keep").fill("many");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("It was not done.").waitFor();
  await page.getByLabel("Days to keep").fill("30");
  await page.getByRole("button", { name: "Save" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/^Type/).fill(name);
  await dialog.getByRole("button", { name: "Keep for that long" }).click();
  await page.getByText("Saved.").waitFor();
  assert.equal((await agent.call("GET", "/workspace")).body.history_retention_days, 30);
  await unharmed(page);
});

test("the record is looked over, and its latest records are filtered and opened", async () => {
  const { at, agent } = await admin();
  for (let index = 0; index < 3; index += 1) await agent.ask({ title: `Number ${index}` });
  const page = await at("/settings/audit");
  await page.getByText("Not looked over yet").waitFor();
  await page.getByRole("button", { name: "Verify now" }).click();
  await page.getByText(/Whole: \d+ records, none edited/).waitFor();
  await page.getByText(/Looked over by root/).waitFor();
  await page.reload();
  await page.getByText(/Whole: \d+ records, none edited/).waitFor();
  await page.getByLabel("Action").selectOption("approval.requested");
  await until("three are left", async () => (await page.getByRole("rowheader", { name: "approval.requested" }).count()) === 3 && (await page.getByRole("rowheader", { name: "key.created" }).count()) === 0);
  assert.equal((await addressOf(page)).searchParams.get("action"), "approval.requested");
  await page.getByRole("button", { name: /^Details of record/ }).first().click();
  await page.getByRole("dialog").getByText("After", { exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "No filter" }).click();
  await page.getByRole("rowheader", { name: "key.created" }).first().waitFor();
  await unharmed(page);
});

test("what one likes is kept under one's name: another browser has it", async () => {
  const { at, agent, keys } = await admin();
  const first = await at("/settings/you");
  await first.getByRole("group", { name: "Theme" }).getByRole("button", { name: "Dark" }).click();
  await first.getByRole("group", { name: "Rows" }).getByRole("button", { name: "Compact" }).click();
  await first.getByLabel(/Single keys/).uncheck();
  const root = new Api(base, keys.root);
  // What others have put there is put back as it was.
  await until("it is stored", async () => (await root.call("GET", "/me/preferences")).body.single_keys === false);
  const views = [{ name: "Deploys", query: "?type=deploy" }];
  await root.call("PUT", "/me/preferences", { ...(await root.call("GET", "/me/preferences")).body, saved_views: views });
  await first.getByLabel(/Single keys/).check();
  await until("it is stored anew", async () => (await root.call("GET", "/me/preferences")).body.single_keys === true);
  assert.deepEqual((await root.call("GET", "/me/preferences")).body.saved_views, views);
  const second = await at("/settings/you");
  await until("the theme is there", () => second.evaluate(() => document.documentElement.dataset.theme === "dark" && document.documentElement.dataset.density === "compact"));
  assert.equal((await agent.call("GET", "/me/preferences")).body.theme ?? null, null);
  await unharmed(second);
});

test("a session ended elsewhere asks to sign in over the page, and a half-filled form is kept", async () => {
  const { keys, at } = await admin();
  const page = await at("/settings/keys");
  await page.getByRole("button", { name: "New key" }).click();
  await page.getByLabel("Acts as").fill("invoice-agent");
  await page.getByLabel("requester").check();
  const root = new Api(cluster.urls[1], keys.root);
  for (const one of (await root.call("GET", "/browser-sessions")).body.items) if (one.principal === "root") await root.call("DELETE", `/browser-sessions/${one.id}`);
  const again = page.getByRole("dialog", { name: "Sign in again" });
  await until("the page asks to sign in again", async () => {
    if (await again.isVisible()) return true;
    await page.getByRole("button", { name: "Make the key" }).click({ timeout: 500 }).catch(() => {});
    return again.isVisible();
  });
  // Over any dialog, and left by nothing but signing in.
  await page.keyboard.press("Escape");
  assert.ok(await again.isVisible());
  await again.getByLabel("API key").fill(keys.root);
  await page.keyboard.press("Enter");
  await again.waitFor({ state: "detached" });
  if (await page.getByText("Key for invoice-agent made.").isVisible()) return unharmed(page);
  assert.equal(await page.getByLabel("Acts as").inputValue(), "invoice-agent");
  await page.getByRole("button", { name: "Make the key" }).click();
  await page.getByText("Key for invoice-agent made.").waitFor();
  await unharmed(page);
});

test("sessions are listed, and another one is ended; delegations are made and revoked", async () => {
  const { name, keys, agent } = await cluster.workspace({ ana: APPROVER, bo: APPROVER });
  await agent.call("PATCH", "/workspace", { delegation: "own" });
  const other = await signedIn(base, keys.ana, { path: "/settings/you" });
  const page = await signedIn(base, keys.ana, { path: "/settings/you" });
  const sessions = page.getByRole("region", { name: "Browser sessions", exact: true });
  await until("both are listed", async () => (await sessions.getByRole("button", { name: /^End/ }).count()) === 2);
  await sessions.getByRole("row").filter({ hasNotText: /this one/ }).filter({ hasText: "127.0.0.1" }).getByRole("button", { name: /^End/ }).click();
  await sessions.getByText("It is ended").waitFor();
  await until("one is left", async () => (await sessions.getByRole("button", { name: /^End/ }).count()) === 1);
  await sessions.getByText("this one").waitFor();
  await until("the other asks to sign in", async () => {
    await other.reload();
    return (await addressOf(other)).pathname === "/sign-in";
  });

  await page.getByRole("button", { name: "Delegate…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("To", { exact: true }).fill("nobody-here");
  await dialog.getByRole("button", { name: "Delegate" }).click();
  await dialog.getByText("It was not done.").waitFor();
  await dialog.getByLabel("To", { exact: true }).fill("bo");
  await dialog.getByLabel("Only these types").fill("deploy");
  await dialog.getByRole("button", { name: "Delegate" }).click();
  await page.getByRole("button", { name: "Revoke the delegation from ana to bo" }).click();
  await dialog.getByRole("button", { name: "Revoke" }).click();
  await page.getByText("There is none from you or to you.").waitFor();
  await page.getByRole("button", { name: "Show 1 past" }).click();
  await page.getByText("revoked").waitFor();
  assert.ok(name);
  await unharmed(page);
});

test("no session can be ended before the page knows which of them it is looked through", async () => {
  const { keys } = await cluster.workspace({ ana: APPROVER });
  const page = await open(base, { routed: true });
  await page.route("**/auth/session", async (route) => {
    if (route.request().method() === "GET") await new Promise((done) => setTimeout(done, 1500));
    await route.continue();
  });
  await page.goto(`${base}/sign-in?to=/settings/you`);
  await page.getByLabel("API key").fill(keys.ana);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  const sessions = page.getByRole("region", { name: "Browser sessions", exact: true });
  await sessions.getByRole("button", { name: /^End/ }).waitFor();
  assert.ok(await sessions.getByText("this one").isVisible());
  await unharmed(page);
});

test("without a connection the page says so, keeps what it had, and tries again", async () => {
  const { at } = await admin();
  const page = await at("/settings/keys", { routed: true });
  await page.getByRole("rowheader").first().waitFor();
  await page.route("**/api/v1/keys*", (route) => (route.request().method() === "GET" ? route.fulfill({ status: 503, headers: { "x-request-id": "req-77" }, contentType: "application/problem+json", body: '{"code":"unavailable","detail":"The database can\'t be reached."}' }) : route.abort()));
  await page.getByRole("button", { name: "New key" }).click();
  await page.getByLabel("Acts as").fill("x");
  await page.getByLabel("requester").check();
  await page.getByRole("button", { name: "Make the key" }).click();
  // The answer didn't come: it doesn't claim either way.
  await page.getByText("We don't know whether it was done").waitFor();
  await page.getByRole("button", { name: "Back" }).click();
  await page.reload();
  await page.getByText("This could not be read.").waitFor();
  await page.getByText("Request req-77").waitFor();
  await page.unroute("**/api/v1/keys*");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("rowheader").first().waitFor();
  await page.getByText("This could not be read.").waitFor({ state: "detached" });
});

for (const [width, theme] of [[390, "light"], [390, "dark"], [320, "dark"], [1280, "light"], [1280, "dark"], [1920, "light"], [2560, "dark"]]) {
  test(`the settings are accessible and fit, ${width} px, ${theme}`, async () => {
    const { at, agent } = await admin();
    await agent.call("PUT", "/roles/release-managers-of-the-platform", { permissions: ["approval:approve"], description: "Approve what goes out" });
    await agent.call("POST", "/principals", { name: "a-person-with-a-very-long-name.of-the-platform@acme.example", roles: ["approver"], groups: ["finance"] });
    const page = await at("/settings/you", { width, theme, height: 900 });
    const look = async (what) => {
      assert.deepEqual(await axe(page), [], what);
      assert.ok(!(await overflows(page)), what);
    };
    const ready = { you: "this one", keys: "Last used", people: "a-person-with", roles: "cluster:view", workspace: "Days to keep", audit: "Not looked over yet" };
    for (const [part, text] of Object.entries(ready)) {
      await page.goto(`${base}/settings/${part}`);
      await page.getByText(text).first().waitFor({ state: part === "keys" ? "attached" : "visible" });
      await page.locator(".set-sk").first().waitFor({ state: "detached" });
      await look(part);
    }
    await page.getByRole("button", { name: "Verify now" }).click();
    await page.getByText(/Whole: /).waitFor();
    await look("whole");
    await page.goto(`${base}/settings/keys`);
    await page.getByRole("button", { name: "New key" }).click();
    await page.getByLabel("Acts as").fill("x");
    await look("new key");
    await page.getByLabel("requester").check();
    await page.getByRole("button", { name: "Make the key" }).click();
    await page.getByText("Key for x made.").waitFor();
    await look("a key, shown");
    await page.getByRole("button", { name: /^Revoke/ }).first().click();
    await look("revoking");
    await unharmed(page);
    await page.context().close();
  });
}
