import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { APPROVER, Api, Cluster, addressOf, axe, closeBrowser, open, overflows, signedIn, unharmed } from "./harness.mjs";

let cluster;
before(async () => {
  cluster = await Cluster.start({ instances: 2 });
});
after(async () => {
  await closeBrowser();
  await cluster.stop();
});

test("a stranger is asked to sign in, and is then where they wanted to go", async () => {
  const { keys, agent } = await cluster.workspace({ ana: APPROVER });
  const { id } = await agent.ask({ title: "Refund order 1042" });
  const page = await open(cluster.urls[0]);
  await page.goto(`${cluster.urls[0]}/approvals/${id}`);
  await page.waitForURL((url) => url.pathname === "/sign-in");
  // What one was about to see isn't named before one has signed in.
  assert.ok(!(await page.content()).includes("Refund order"));
  await page.getByLabel("API key").fill("so_wrong_key");
  await page.keyboard.press("Enter");
  await page.getByText("isn't known here").waitFor();
  await page.getByLabel("API key").fill(keys.ana);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Refund order 1042" }).waitFor();
  assert.equal((await addressOf(page)).pathname, `/approvals/${id}`);
  // The key is nowhere in the page, and no script can read the session.
  assert.ok(!(await page.content()).includes(keys.ana));
  assert.equal(await page.evaluate(() => document.cookie), "");
  assert.equal(await page.evaluate((key) => JSON.stringify({ ...localStorage, ...sessionStorage }).includes(key), keys.ana), false);
  await unharmed(page);
});

test("a link leads nobody elsewhere", async () => {
  const { keys } = await cluster.workspace({ ana: APPROVER });
  for (const to of ["//evil.example/inbox", "https://evil.example", "/\\evil.example", "/api/v1/approvals/pending", "javascript:alert(1)"]) {
    const page = await open(cluster.urls[0]);
    await page.goto(`${cluster.urls[0]}/sign-in?to=${encodeURIComponent(to)}`);
    await page.getByLabel("API key").fill(keys.ana);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Inbox" }).waitFor();
    assert.equal((await addressOf(page)).origin, cluster.urls[0], to);
    await page.context().close();
  }
});

test("a session that ends while one types is renewed over the page, and the text is kept", async () => {
  const { keys, agent } = await cluster.workspace({ ana: APPROVER });
  const { id } = await agent.ask({ title: "Refund order 1042" });
  const page = await signedIn(cluster.urls[0], keys.ana, { path: `/inbox/${id}` });
  await page.getByLabel("Comment (optional)").fill("Looks right to me");
  const ana = new Api(cluster.urls[1], keys.ana);
  const sessions = (await ana.call("GET", "/browser-sessions")).body.items;
  assert.equal(sessions.length, 1);
  await ana.call("DELETE", `/browser-sessions/${sessions[0].id}`);
  const dialog = page.getByRole("dialog");
  // By itself, when the feed is closed: within a minute.
  await dialog.waitFor({ timeout: 90_000 });
  assert.equal(await page.getByLabel("Comment (optional)").inputValue(), "Looks right to me");
  await page.keyboard.press("Escape");
  assert.ok(await dialog.isVisible());
  await dialog.getByLabel("API key").fill(keys.ana);
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  assert.equal(await page.getByLabel("Comment (optional)").inputValue(), "Looks right to me");
  assert.equal((await addressOf(page)).pathname, `/inbox/${id}`);
  await unharmed(page);
});

test("signing out ends the session on every instance", async () => {
  const { keys } = await cluster.workspace({ ana: APPROVER });
  const page = await signedIn(cluster.urls[0], keys.ana);
  await page.getByTitle(/^ana, workspace/).first().click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL((url) => url.pathname === "/sign-in");
  assert.equal((await new Api(cluster.urls[1], keys.ana).call("GET", "/browser-sessions")).body.items.length, 0);
});

for (const how of ["signing out", "over the page"]) {
  test(`another person who signs in ${how} sees nothing of the one before`, async () => {
    const { keys, agent } = await cluster.workspace({ ana: APPROVER });
    const elsewhere = await cluster.workspace({ zoe: APPROVER });
    const { id } = await agent.ask({ title: "Refund order 1042" });
    const page = await signedIn(cluster.urls[0], keys.ana, { path: `/inbox/${id}` });
    await page.getByLabel("Comment (optional)").fill("Nobody else's business");
    await page.locator(".row").filter({ hasText: "Refund order" }).waitFor();
    if (how === "signing out") {
      await page.getByTitle(/^ana, workspace/).first().click();
      await page.getByRole("button", { name: "Sign out" }).click();
    } else {
      // As a session that has ended: the next call is refused.
      await page.context().clearCookies();
      await page.getByRole("button", { name: /^Approve/ }).click();
      await page.waitForFunction((begun) => performance.now() - begun > 450, await page.evaluate(() => performance.now()));
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").waitFor();
    }
    await page.getByLabel("API key").fill(elsewhere.keys.zoe);
    await page.evaluate(() => {
      sessionStorage.setItem("seen", "");
      // As long as it is this page: what is drawn for the other one must not have it.
      new MutationObserver(() => {
        if (document.body.innerText.includes("zoe") && document.body.innerText.includes("Refund order")) localStorage.setItem("leaked", "yes");
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    await page.keyboard.press("Enter");
    await page.getByTitle(/^zoe, workspace/).first().waitFor();
    assert.equal(await page.evaluate((secret) => JSON.stringify({ ...sessionStorage }).includes(secret), "Nobody else's"), false);
    assert.ok(!(await page.content()).includes("Refund order"));
    assert.equal(await page.evaluate(() => localStorage.getItem("leaked")), null);
    await page.context().close();
  });
}

test("each role sees what it may, and a page that it may not says which permission that takes", async () => {
  const { keys } = await cluster.workspace({ wallboard: ["cluster:view", "connection:view"] });
  const page = await signedIn(cluster.urls[0], keys.wallboard);
  await page.getByRole("heading", { name: "You may not see approvals here" }).waitFor();
  await page.getByText("approval:view:pending").waitFor();
  assert.equal(await page.getByRole("link", { name: "Inbox", exact: true }).count(), 0);
  assert.deepEqual(await axe(page), []);
});

test("the page of signing in is accessible in both themes, at each width", async () => {
  for (const [width, theme] of [[390, "light"], [1280, "dark"], [320, "dark"]]) {
    const page = await open(cluster.urls[0], { width, theme });
    await page.goto(`${cluster.urls[0]}/sign-in`);
    await page.getByLabel("API key").waitFor();
    assert.deepEqual(await axe(page), [], `${width} ${theme}`);
    assert.ok(!(await overflows(page)));
    await page.context().close();
  }
});
