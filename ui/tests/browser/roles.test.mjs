import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Session } from "./database.mjs";
import { APPROVER, Api, Cluster, axe, closeBrowser, signedIn, taskSocket, unharmed, until } from "./harness.mjs";

let cluster, base, name, keys, agent, database, held;
const ids = {};
before(async () => {
  cluster = await Cluster.start({ instances: 2 });
  base = cluster.urls[0];
  database = new Session();
  ({ name, keys, agent } = await cluster.workspace({ ana: APPROVER }));
  const asking = keys.agent;
  for (const role of ROLES) keys[role] = await cluster.role(name, `the-${role}`, role);
  const asked = { run_id: "run-roles", task_id: "task-roles", workflow: "checkout", timeout_seconds: 900 };
  ids.ended = (await agent.ask({ ...asked, title: "Roll out 4.17.3" })).id;
  await new Api(base, keys.ana).call("POST", `/approvals/${ids.ended}/approve`, { comment: "Same as staging." });
  ids.pending = (await agent.ask({ ...asked, title: "Roll out 4.18.0" })).id;
  await agent.call("POST", "/tasks/task-roles/events", { events: [{ event_type: "output", data: { line: "14 tests passed" } }] });
  // Somebody is connected: who may see that is led on to the task's events only where they may be seen.
  held = await taskSocket(base, "task-roles", asking);
  const other = await cluster.workspace({ ana: APPROVER });
  ids.foreign = (await other.agent.ask({ title: "Of another workspace", run_id: "run-foreign", timeout_seconds: 900 })).id;
});
after(async () => {
  held.destroy();
  database.end();
  await closeBrowser();
  await cluster.stop();
});

const ROLES = ["agent", "requester", "approver", "member", "auditor", "operator", "admin"];

/** Who sees a page. All others are told what it takes, and which built-in roles have that. */
const PAGES = {
  inbox: { path: () => "/inbox", needs: "approval:view:pending", roles: "agent, requester, approver, member, auditor, admin", shows: "Roll out 4.18.0" },
  "one of the inbox": { path: () => `/inbox/${ids.pending}`, needs: "approval:view:pending", roles: "agent, requester, approver, member, auditor, admin", shows: "What has happened" },
  approval: { path: () => `/approvals/${ids.pending}`, needs: "approval:view:pending", roles: "agent, requester, approver, member, auditor, admin", shows: "What has happened" },
  "an approval that has ended": { path: () => `/approvals/${ids.ended}`, needs: "approval:view:pending", roles: "agent, requester, approver, member, auditor, admin", shows: "ana approved this at" },
  run: { path: () => "/runs/run-roles", needs: "approval:view:pending", roles: "agent, requester, approver, member, auditor, admin", shows: "Events" },
  history: { path: () => "/history", needs: "approval:view:history", roles: "approver, member, auditor, admin", shows: "That is all" },
  timeline: { path: () => "/history?view=timeline", needs: "approval:view:history", roles: "approver, member, auditor, admin", shows: "That is all" },
  operations: { path: () => "/operations", needs: "cluster:view or connection:view", roles: "member, auditor, operator, admin", shows: "Connections" },
  wall: { path: () => "/operations?wall", needs: "cluster:view or connection:view", roles: "member, auditor, operator, admin", shows: /^(Connections|Instances)$/ },
  "a task's events": { path: () => "/operations/tasks/task-roles", needs: "event:subscribe", roles: "requester, approver, member, admin", shows: "of the last hour, as they come" },
  keys: { path: () => "/settings/keys", needs: "key:manage", roles: "admin", shows: "New key" },
  people: { path: () => "/settings/people", needs: "principal:manage", roles: "admin", shows: "Services" },
  roles: { path: () => "/settings/roles", needs: "principal:manage", roles: "admin", shows: "New role" },
  workspace: { path: () => "/settings/workspace", needs: "workspace:admin", roles: "admin", shows: "Days to keep" },
  notifications: { path: () => "/notifications", roles: ROLES.join(", "), shows: "You haven't been told anything yet" },
  "what was sent": { path: () => "/settings/sent", needs: "notification:view", roles: "auditor, admin", shows: "to whom, and what became of it" },
  audit: { path: () => "/settings/audit", needs: "audit:view", roles: "auditor, admin", shows: "Verify now" },
  you: { path: () => "/settings/you", roles: ROLES.join(", "), shows: "this one" },
};

const PLACES = {
  agent: ["Inbox", "Settings"],
  requester: ["Inbox", "Settings"],
  approver: ["Inbox", "History", "Settings"],
  member: ["Inbox", "History", "Operations", "Settings"],
  auditor: ["Inbox", "History", "Operations", "Settings"],
  operator: ["Operations", "Settings"],
  admin: ["Inbox", "History", "Operations", "Settings"],
};
/** Which addresses no link of theirs may lead to. */
const CLOSED = { "approval:view:pending": /^\/($|inbox|approvals|runs)/, "approval:view:history": /^\/history/, "cluster:view or connection:view": /^\/operations($|\?)/, "event:subscribe": /^\/operations\/tasks/ };

const seen = (locator) => locator.filter({ visible: true }).first();
const main = (page) => page.locator("#main");
/** The places of the rail, without their counts. */
const places = (page) => page.locator(".rail .rail-a[href]").evaluateAll((all) => all.map((it) => it.title));

for (const role of ROLES) {
  test(`${role}: each page shows what it may, hides what it may not, and asks the server for nothing that is refused`, async () => {
    const page = await signedIn(base, keys[role], { path: "/settings/you" });
    const refused = [];
    page.on("response", (response) => {
      if (response.status() === 403) refused.push(new URL(response.url()).pathname);
    });
    // One begins where there is something to see.
    await page.goto(`${base}/`);
    await page.waitForURL((url) => url.pathname.startsWith(role === "operator" ? "/operations" : "/inbox"));
    const closed = Object.values(PAGES).filter(({ needs, roles }) => needs in CLOSED && !roles.split(", ").includes(role)).map(({ needs }) => CLOSED[needs]);
    for (const [what, { path, needs, roles, shows }] of Object.entries(PAGES)) {
      await page.goto(`${base}${path()}`);
      if (roles.split(", ").includes(role)) {
        await seen(main(page).getByText(shows)).waitFor();
        assert.equal(await page.getByText("You may not see").count(), 0, what);
      } else {
        await page.getByRole("heading", { name: /^You may not see/ }).waitFor();
        await page.getByText(`This page needs the permission ${needs}.`).waitFor();
        await page.getByText(`Roles that have it: ${roles}.`).waitFor();
        await page.getByText("An administrator of the workspace can give it to you.").waitFor();
        assert.equal(await main(page).getByText(shows).filter({ visible: true }).count(), 0, what);
      }
      assert.deepEqual(await places(page), [...PLACES[role], "Notifications"], what);
      const links = await page.locator("a[href]:not([href^=\"#\"]):visible").evaluateAll((all) => all.map((it) => it.pathname + it.search));
      for (const pattern of closed) assert.deepEqual(links.filter((link) => pattern.test(link)), [], what);
      assert.deepEqual(refused, [], what);
    }
    await page.goto(`${base}/settings/nothing`);
    await page.getByText("There is nothing here").waitFor();
    // The way on from there leads to a page that one may see.
    await page.locator(".empty a").click();
    await page.getByText("There is nothing here").waitFor({ state: "detached" });
    assert.equal(await page.getByText("You may not see").count(), 0);
    await unharmed(page);
    await page.context().close();
  });
}

test("the bar offers each role what it may do, and says why it may not answer", async () => {
  const offers = { agent: [], requester: [], approver: ["Reject…", "Approve"], member: ["Reject…", "Approve"], auditor: [], admin: ["Reject…", "Approve"] };
  const more = { agent: [], requester: ["Cancel for everybody…"], approver: ["Edit…"], member: ["Edit…", "Cancel for everybody…"], auditor: [], admin: ["Edit…", "Cancel for everybody…"] };
  for (const [role, buttons] of Object.entries(offers)) {
    const page = await signedIn(base, keys[role], { path: `/approvals/${ids.pending}` });
    const bar = page.getByLabel("Your answer");
    await bar.waitFor();
    await page.getByRole("button", { name: "More: hand on, cancel, copy" }).click();
    const items = await page.getByRole("menuitem").evaluateAll((all) => all.map((it) => it.textContent.trim()));
    for (const text of ["Edit…", "Cancel for everybody…"]) assert.equal(items.some((it) => it.startsWith(text)), more[role].includes(text), `${role}: ${text}, ${items}`);
    await page.keyboard.press("Escape");
    for (const text of ["Reject…", "Approve"]) assert.equal(await bar.getByRole("button", { name: text }).count(), buttons.includes(text) ? 1 : 0, `${role}: ${text}`);
    if (buttons.length === 0) {
      await bar.getByText("You may look, not answer.").waitFor();
      // The keys of answering do nothing either.
      for (const key of ["a", "r", "m"]) await page.keyboard.press(key);
      assert.equal(await page.getByText(/^Approve as|^Reject as/).count(), 0);
    }
    await page.context().close();
  }
});

test("a run shows its events and its outcomes to those who may see them, and names what that takes to others", async () => {
  for (const [role, events, outcomes] of [["agent", false, false], ["requester", true, false], ["auditor", false, true], ["approver", true, true]]) {
    const page = await signedIn(base, keys[role], { path: "/runs/run-roles" });
    await page.getByRole("link", { name: "Roll out 4.18.0" }).first().waitFor();
    if (events) await page.getByText("14 tests passed").waitFor();
    else await page.getByText("Events need the permission event:subscribe.").waitFor();
    const approvals = page.getByRole("region", { name: "Its approvals", exact: true });
    if (outcomes) await approvals.getByText("Same as staging.").first().waitFor();
    else await page.getByText("approval:view:history").waitFor();
    assert.equal(await approvals.getByText("Same as staging.").count() > 0, outcomes, role);
    await page.context().close();
  }
});

test("an approval of another workspace is not found, by whichever address", async () => {
  for (const role of ["admin", "approver"]) {
    const page = await signedIn(base, keys[role], { path: "/settings/you" });
    for (const [path, told] of [["/approvals", "There is no such approval"], ["/inbox", "There is no such approval"]]) {
      await page.goto(`${base}${path}/${ids.foreign}`);
      await page.getByText(told).waitFor();
      assert.ok(!(await page.content()).includes("Of another workspace"));
    }
    await page.goto(`${base}/runs/run-foreign`);
    await page.getByText("There is no such run").waitFor();
    await unharmed(page);
    await page.context().close();
  }
});

// --- sessions that end while one types ---

const signInAgain = async (page, key) => {
  const dialog = page.getByRole("dialog", { name: "Sign in again" });
  await dialog.waitFor();
  assert.deepEqual(await axe(page), []);
  await page.keyboard.press("Escape");
  assert.ok(await dialog.isVisible());
  await dialog.getByLabel("API key").fill(key);
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
};
/** The instance knows it, too: what is withdrawn is refused within seconds. */
const refusedNow = (page) => until("the session is refused", async () => (await page.request.get(`${base}/auth/session`)).status() === 401);

const ENDS = {
  "a session that is ended elsewhere": async (page, person, key) => {
    const api = new Api(cluster.urls[1], key);
    for (const one of (await api.call("GET", "/browser-sessions")).body.items) await api.call("DELETE", `/browser-sessions/${one.id}`);
  },
  "a session whose time is over": (page, person) => database.ask(`UPDATE browser_sessions SET created_at = now() - interval '2 days', expires_at = now() - interval '1 second' WHERE principal_id IN (SELECT id FROM principals WHERE name = '${person}')`),
};

for (const [what, end] of Object.entries(ENDS)) {
  test(`${what} while a reason, edits and a comment for many are typed: the text is kept, and is sent by the next one`, async () => {
    const { keys: theirs, agent: asker, name: here } = await cluster.workspace();
    const person = `p-${here.slice(2)}`;
    theirs[person] = await cluster.key(here, person, APPROVER);
    const made = {};
    for (const title of ["To be rejected", "To be edited", "One of many"]) made[title] = (await asker.ask({ title, timeout_seconds: 900 })).id;
    const page = await signedIn(base, theirs[person], { path: `/approvals/${made["To be rejected"]}` });
    await page.getByRole("button", { name: /^Reject/ }).click();
    await page.getByLabel("Reason", { exact: true }).fill("The tax table is missing.");
    await end(page, person, theirs[person]);
    await refusedNow(page);
    await page.keyboard.press("Control+Enter");
    await signInAgain(page, theirs[person]);
    assert.equal((await asker.show(made["To be rejected"])).status, "pending");
    // Back at the buttons; the reason is where it was.
    await page.getByRole("button", { name: /^Reject/ }).click();
    assert.equal(await page.getByLabel("Reason", { exact: true }).inputValue(), "The tax table is missing.");
    await until("the breath is over", async () => {
      await page.keyboard.press("Control+Enter");
      return page.getByText("Your rejection is recorded.").isVisible();
    });
    assert.equal((await asker.show(made["To be rejected"])).result.feedback, "The tax table is missing.");

    await page.goto(`${base}/approvals/${made["To be edited"]}`);
    await page.getByRole("button", { name: /^Approve/ }).waitFor();
    await page.keyboard.press("m");
    await page.getByLabel("Amount").fill("39.90");
    await end(page, person, theirs[person]);
    await refusedNow(page);
    await page.getByRole("button", { name: "Approve with 1 edit" }).click();
    await signInAgain(page, theirs[person]);
    await page.keyboard.press("m");
    assert.equal(await page.getByLabel("Amount").inputValue(), "39.90");
    await page.getByRole("button", { name: "Approve with 1 edit" }).click();
    await page.getByText("Your approval with edits is recorded.").waitFor();

    await page.goto(`${base}/inbox`);
    await page.getByText("One of many").first().waitFor();
    await page.keyboard.press("x");
    await page.keyboard.press("*");
    await page.getByRole("heading", { name: "1 selected" }).waitFor();
    await page.keyboard.press("a");
    await page.getByLabel("Comment for all (optional)").fill("Fine, all of them.");
    await end(page, person, theirs[person]);
    await refusedNow(page);
    await until("it is sent, and refused", async () => {
      if (await page.getByRole("dialog", { name: "Sign in again" }).isVisible()) return true;
      await page.keyboard.press("Control+Enter");
      return page.getByRole("dialog", { name: "Sign in again" }).isVisible();
    });
    await signInAgain(page, theirs[person]);
    assert.equal((await asker.show(made["One of many"])).status, "pending");
    await page.getByRole("button", { name: "Ask again for 1" }).click();
    await page.getByRole("heading", { name: "1 of 1 recorded", exact: true }).waitFor();
    const { items } = (await asker.call("GET", `/approvals/${made["One of many"]}/decisions`)).body;
    assert.deepEqual(items.map((it) => it.feedback), ["Fine, all of them."]);
    await unharmed(page);
    await page.context().close();
  });
}
