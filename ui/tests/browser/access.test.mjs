import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { APPROVER, Api, Cluster, axe, closeBrowser, open, signedIn, unharmed, until } from "./harness.mjs";
import { fits, focused, largeType, looksRight, severable, tabTo } from "./looks.mjs";

let cluster, base, name, keys, agent, ana, bo;
const LOOKER = [...APPROVER, "event:subscribe", "approval:cancel"];
before(async () => {
  cluster = await Cluster.start({ instances: 1 });
  base = cluster.urls[0];
  ({ name, keys, agent } = await cluster.workspace({ ana: LOOKER, bo: LOOKER }));
  keys.auditor = await cluster.role(name, "fin", "auditor");
  keys.operator = await cluster.role(name, "olga", "operator");
  keys.root = await cluster.key(name, "root", ["workspace:admin"]);
  [ana, bo] = [new Api(base, keys.ana), new Api(base, keys.bo)];
  // Something has ended.
  await ana.call("POST", `/approvals/${await ask("Roll out checkout 4.17.3 to production")}/approve`, { comment: "Same as staging. Go." });
  await bo.call("POST", `/approvals/${await ask("Drop table users_tmp_2")}/reject`, { reason: "Still read by the nightly export." });
});
after(async () => {
  await closeBrowser();
  await cluster.stop();
});

const two = { allowed_approvers: ["ana", "bo"], min_approvers: 2 };
const CONTEXT = { current: { image: "checkout:4.17.3", replicas: 6 }, proposed: { image: "checkout:4.18.0", replicas: 10, env: { TAX_API_URL: "https://tax.internal.acme.example/v2" } }, canary: { percent: 5, held: "30m" } };
const ask = async (title, more = {}) => (await agent.ask({ title, workflow: "checkout-release", run_id: "run-looks", context: CONTEXT, timeout_seconds: 900, timeout_action: "escalate", escalation: [{ after_seconds: 1800, label: "platform-leads", policy: { allowed_approvers: ["bo"], min_approvers: 1 } }], ...more })).id;
const breath = async (page) => page.waitForFunction((begun) => performance.now() - begun > 450, await page.evaluate(() => performance.now()));
const approve = (page) => page.getByRole("button", { name: /^Approve/ });

const problem = (status, code, headers = {}) => ({ status, headers, contentType: "application/problem+json", body: JSON.stringify({ code, title: code, detail: `What the server says of ${code}.`, status }) });

/** Each state of the bar: how one gets there, and what is seen then. */
const STATES = {
  ready: { go: (page) => approve(page).waitFor() },
  "asking back": { go: async (page) => (await approve(page).click(), page.getByText("Approve as ana?").waitFor()) },
  rejecting: {
    go: async (page) => {
      await page.getByRole("button", { name: /^Reject/ }).click();
      await breath(page);
      await page.getByRole("button", { name: "Reject", exact: true }).click();
      await page.getByText("Say why").waitFor();
    },
  },
  editing: {
    go: async (page) => {
      await approve(page).waitFor();
      await page.keyboard.press("m");
      await page.getByLabel("Replicas").fill("many");
      await page.getByText("must be mended first").waitFor();
    },
  },
  "editing as JSON": {
    go: async (page) => {
      await approve(page).waitFor();
      await page.keyboard.press("m");
      await page.getByRole("button", { name: "JSON", exact: true }).click();
      await page.getByLabel("The whole proposal as JSON").fill("{");
    },
  },
  more: { go: async (page) => (await page.getByRole("button", { name: /^More/ }).click(), page.getByRole("menuitem").first().waitFor()) },
  "handing on": {
    go: async (page) => {
      await approve(page).waitFor();
      await page.keyboard.press("e");
      await page.getByRole("dialog", { name: /^Hand it to/ }).waitFor();
    },
  },
  sending: {
    reply: async () => new Promise(() => {}),
    go: async (page) => (await confirm(page), page.getByText("Sending your approval.").waitFor()),
  },
  unknown: { reply: (route) => route.abort("connectionreset"), go: async (page) => (await confirm(page), page.getByText("We don't know whether").waitFor()) },
  "unknown, to be asked about later": {
    reply: (route) => route.fulfill(problem(503, "unavailable", { "retry-after": "120", "x-request-id": "0192f0c4" })),
    go: async (page) => (await confirm(page), page.getByRole("button", { name: /^Ask again in/ }).waitFor()),
  },
  "too many requests": { reply: (route) => route.fulfill(problem(429, "rate_limited", { "retry-after": "120" })), go: async (page) => (await confirm(page), page.getByText("Too many requests", { exact: true }).waitFor()) },
  refused: { reply: (route) => route.fulfill(problem(422, "invalid")), go: async (page) => (await confirm(page), page.getByText("This was not recorded").waitFor()) },
  changed: {
    more: { policy: two },
    go: async (page, id) => {
      await deaf(page, () => bo.call("POST", `/approvals/${id}/approve`, { comment: "Numbers look right." }));
      await page.getByText("It has changed since you read it").waitFor();
    },
  },
  "too late": {
    go: async (page, id) => {
      await page.getByLabel("Comment (optional)").fill("I watch the dashboards.");
      await deaf(page, () => bo.call("POST", `/approvals/${id}/reject`, { reason: "The tax table is missing." }));
      await page.getByRole("alert").getByText("Not approved: bo rejected it first").waitFor();
    },
  },
  "cancelled meanwhile": {
    go: async (page, id) => {
      await deaf(page, () => agent.call("POST", `/approvals/${id}/cancel`, { reason: "replaced" }));
      await page.getByRole("alert").waitFor();
    },
  },
  "expired while open": {
    more: { timeout_seconds: 4, timeout_action: "expire", escalation: undefined },
    go: async (page, id) => {
      await deaf(page, () => until("its time is up", async () => (await agent.show(id)).status === "expired"));
      await page.getByRole("alert").getByText(/nobody answered|Time was up|expired/i).first().waitFor();
    },
  },
  "you have voted": { before: (id) => ana.call("POST", `/approvals/${id}/approve`, {}), more: { policy: two }, go: (page) => page.getByText(/^You approved at/).waitFor() },
  "not yours": { more: { policy: { allowed_approvers: ["bo"], min_approvers: 1 } }, go: (page) => page.getByText("You can't answer this one.").waitFor() },
  "only looking": { who: "auditor", go: (page) => page.getByText("You may look, not answer.").waitFor() },
  "no connection": {
    go: async (page) => {
      await approve(page).waitFor();
      await page.line.sever();
      await page.getByText("Answers can't be sent until it is back").waitFor();
    },
    after: (page) => page.line.mend(),
  },
  "counted, the others to come": { more: { policy: two }, go: async (page) => (await confirm(page), page.getByText("Your approval is recorded.").waitFor()) },
  "recorded, and over": { go: async (page) => (await confirm(page), page.getByText("Your approval is recorded.").waitFor()) },
};

async function confirm(page) {
  await approve(page).click();
  await page.getByText("Approve as ana?").waitFor();
  await breath(page);
  await page.getByRole("button", { name: /^Approve now/ }).click();
}

/** Something happens between reading and sending, of which the page isn't told. */
async function deaf(page, happens) {
  await approve(page).waitFor();
  await page.route("**/api/v1/approvals/**", (route) => (route.request().method() === "POST" ? route.fallback() : route.abort()));
  await approve(page).click();
  await page.getByText("Approve as ana?").waitFor();
  const done = await happens();
  assert.ok(done === undefined || done.status === 200, JSON.stringify(done));
  await breath(page);
  await page.getByRole("button", { name: /^Approve now/ }).click();
}

test("every state of the answer bar is accessible and fits, in both themes at three widths", async () => {
  const pages = { ana: await signedIn(base, keys.ana, { path: "/settings/you", routed: true }), auditor: await signedIn(base, keys.auditor, { path: "/settings/you", routed: true }) };
  for (const page of Object.values(pages)) page.line = await severable(page);
  for (const [what, { who = "ana", more, before: first, reply, go, after: last }] of Object.entries(STATES)) {
    const page = pages[who];
    const id = await ask(`Roll out: ${what}`, more);
    await first?.(id);
    if (reply) await page.route("**/approve", reply);
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(`${base}/approvals/${id}`);
    await page.getByRole("heading", { name: `Roll out: ${what}` }).waitFor();
    await go(page, id);
    await looksRight(page, what, ["article .answer", ".verdict", ".kept", "article form", "dialog[open]", ".note"]);
    await last?.(page);
    await page.unrouteAll({ behavior: "ignoreErrors" });
  }
  for (const page of Object.values(pages)) await unharmed(page);
});

test("every page and its states are accessible and fit, in both themes at three widths", async () => {
  const id = await ask("Send price change mail to 18,204 customers in the European Union and in Switzerland");
  await agent.call("POST", "/tasks/run-looks/events", { events: [{ event_type: "output", data: { line: "14 tests passed" } }] });
  const look = async (what, path, ready, { who = "ana", act, ...more } = {}) => {
    const page = who ? await signedIn(base, keys[who], { path, ...more }) : await open(base, more);
    if (!who) await page.goto(`${base}${path}`);
    await act?.(page);
    await ready(page).filter({ visible: true }).first().waitFor();
    await looksRight(page, what);
    await page.context().close();
  };
  const text = (words) => (page) => page.getByText(words);
  await look("signing in", "/sign-in", text("API key"), { who: null });
  await look("a key that isn't known", "/sign-in", text("isn't known here"), { who: null, act: async (page) => (await page.getByLabel("API key").fill("so_wrong"), page.keyboard.press("Enter")) });
  await look("the inbox with its filters", `/inbox/${id}?by=agent`, (page) => page.locator(".facets input"), { act: (page) => page.getByRole("button", { name: /^Filter by/ }).click() });
  await look("nothing matches", "/inbox?q=nothinglikeit", text("Nothing matches"));
  await look("not found", "/inbox/0192f0c4-7d3a-7000-8000-000000000000", text("There is no such approval"));
  await look("forbidden", "/inbox", text("You may not see approvals here"), { who: "operator" });
  await look("the keys", `/inbox/${id}`, (page) => page.getByRole("dialog", { name: "Keyboard" }), { act: async (page) => (await approve(page).waitFor(), page.keyboard.press("?")) });
  await look("the account", `/approvals/${id}`, (page) => page.getByRole("dialog"), { act: (page) => page.getByTitle(/^ana, workspace/).filter({ visible: true }).first().click() });
  await look("no connection", `/inbox/${id}`, text(/^No connection since/), {
    routed: true,
    act: async (page) => {
      const line = await severable(page);
      await page.reload();
      await approve(page).waitFor();
      await line.sever();
    },
  });
  await look("the inbox failed", "/inbox", text("This could not be loaded"), {
    routed: true,
    act: async (page) => {
      await page.route("**/api/v1/approvals/**", (route) => route.fulfill(problem(503, "unavailable", { "x-request-id": "req-1" })));
      await page.reload();
    },
  });
  await look("loading", "/inbox", (page) => page.locator(".scroll[aria-busy=true]"), {
    routed: true,
    act: async (page) => {
      await page.route("**/api/v1/approvals/**", () => {});
      await page.reload();
    },
  });
  await look("a run", "/runs/run-looks", text("14 tests passed"));
  await look("no such run", "/runs/none-such", text("There is no such run"));
  await look("a task", "/operations/tasks/run-looks", text("output"));
  await look("an empty inbox", "/inbox", text("Nothing waits for you"), { who: "auditor" });
});

// --- the keyboard alone ---

test("signing in, approving, rejecting, editing and answering many: by Tab, Enter and typing alone, with the focus in sight", async () => {
  const own = await cluster.workspace({ dee: APPROVER });
  const made = {};
  for (const [index, title] of ["Approve me", "Reject me", "Edit me", "Many: one", "Many: two"].entries()) {
    made[title] = (await own.agent.ask({ title, timeout_seconds: 900 + index * 60 })).id;
  }
  const page = await open(base, { height: 900 });
  await page.goto(`${base}/sign-in`);
  await page.getByLabel("API key").waitFor();
  await until("the field has the focus", async () => (await focused(page)).name === "API key");
  await page.keyboard.type(own.keys.dee);
  await tabTo(page, "Sign in");
  await page.keyboard.press("Enter");
  await page.getByText("Approve me").first().waitFor();
  await approve(page).waitFor();

  // Approve: the button asks back, its own Enter sends.
  await tabTo(page, "Approve");
  await page.keyboard.press("Enter");
  await page.getByText("Approve as dee?").waitFor();
  await until("the confirmation has the focus", async () => (await focused(page)).name === "Approve now");
  await breath(page);
  await page.keyboard.press("Enter");
  await until("it is recorded", async () => (await own.agent.show(made["Approve me"])).resolution === "approved");
  // The next one is current, and the focus isn't lost.
  await page.waitForURL((url) => url.pathname.endsWith(made["Reject me"]));
  await approve(page).waitFor();
  await until("the focus is somewhere", () => page.evaluate(() => document.activeElement !== document.body));

  await tabTo(page, "Reject…");
  await page.keyboard.press("Enter");
  await until("the reason has the focus", async () => (await focused(page)).name === "Reason");
  await page.keyboard.type("Not this quarter.");
  await breath(page);
  await tabTo(page, "Reject");
  await page.keyboard.press("Enter");
  await until("it is recorded", async () => (await own.agent.show(made["Reject me"])).resolution === "rejected");
  await page.waitForURL((url) => url.pathname.endsWith(made["Edit me"]));
  await approve(page).waitFor();

  // Edit: by the menu.
  await tabTo(page, /^More/);
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: /^Edit/ }).waitFor();
  await until("the first of the menu has the focus", async () => /^Edit…/.test((await focused(page)).name));
  await page.keyboard.press("Enter");
  await page.getByLabel("Amount").waitFor();
  await tabTo(page, /^Amount/);
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("39.90");
  await tabTo(page, /^Approve with 1 edit/);
  await page.keyboard.press("Enter");
  await until("it is recorded", async () => (await own.agent.show(made["Edit me"])).resolution === "modified", 10_000).catch(async (error) => {
    throw new Error(`${error.message}: ${JSON.stringify(await focused(page))} ${await page.locator("article").innerText()}`);
  });

  // Many.
  await page.waitForURL((url) => url.pathname.endsWith(made["Many: one"]));
  await approve(page).waitFor();
  await tabTo(page, "Select several (x)");
  await page.keyboard.press("Enter");
  await tabTo(page, "Select: Many: one");
  await page.keyboard.press("Space");
  await page.getByRole("heading", { name: "1 selected" }).waitFor();
  await tabTo(page, /^Select all you can decide/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "2 selected" }).waitFor();
  await tabTo(page, "Approve 2…");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Approve these 2 as dee?" });
  await dialog.waitFor();
  await breath(page);
  await tabTo(page, "Approve 2");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "2 of 2 recorded" }).waitFor();
  await tabTo(page, "Done");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "2 of 2 recorded" }).waitFor({ state: "detached" });
  await until("the focus is in the list", () => page.evaluate(() => Boolean(document.activeElement?.closest(".row"))));
  await unharmed(page);
});

// --- large type, forced colours, reduced motion ---

/** Every page, with what shows that it is there. */
const EVERYWHERE = (id) => [
  ["/inbox", "You can decide"],
  [`/inbox/${id}`, "What has happened"],
  [`/approvals/${id}`, "What has happened"],
  ["/history", "That is all"],
  ["/history?view=timeline", "That is all"],
  ["/runs/run-looks", "Events"],
  ["/operations", "Connections"],
  ["/operations/tasks/run-looks", "Events"],
  ["/settings/keys", "Last used"],
  ["/settings/people", "Services"],
  ["/settings/roles", "requester"],
  ["/settings/workspace", "Days to keep"],
  ["/settings/audit", "Verify now"],
  ["/settings/you", "this one"],
  ["/settings/nothing", "There is nothing here"],
];

for (const [width, percent] of [[1280, 200], [390, 200], [320, 100]]) {
  test(`with text at ${percent} % on ${width} px nothing is cut off, nothing scrolls sideways`, async () => {
    const id = await ask("Send price change mail to 18,204 customers in the European Union");
    const page = await signedIn(base, keys.root, { path: "/settings/you", width, height: 800 });
    await largeType(page, percent);
    for (const [path, text] of EVERYWHERE(id)) {
      await page.goto(`${base}${path}`);
      await page.getByText(text).first().waitFor({ state: "attached" });
      await page.locator(".set-sk, .loads").first().waitFor({ state: "detached" });
      assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).fontSize), `${(16 * percent) / 100}px`);
      await fits(page, path);
    }
    await page.goto(`${base}/approvals/${id}`);
    await approve(page).click();
    await page.getByText("Approve as root?").waitFor();
    await fits(page, "asking back");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: /^Reject/ }).click();
    await page.getByLabel("Reason", { exact: true }).waitFor();
    await fits(page, "rejecting");
    // What one types and what one presses can be brought into sight together with the question.
    for (const it of [page.getByLabel("Reason", { exact: true }), page.getByRole("button", { name: "Reject", exact: true })]) {
      await it.scrollIntoViewIfNeeded();
      const box = await it.boundingBox();
      assert.ok(box.y >= 0 && box.y + Math.min(box.height, 40) <= 800, JSON.stringify(box));
    }
    assert.deepEqual(await axe(page), []);
    await unharmed(page);
    await page.context().close();
  });
}

test("in forced colours every page is accessible, and the focus, the current row and what is pressed are seen", async () => {
  const id = await ask("Rotate the signing key");
  const page = await signedIn(base, keys.root, { path: "/settings/you", forcedColors: "active", colorScheme: "dark" });
  for (const [path, text] of EVERYWHERE(id)) {
    await page.goto(`${base}${path}`);
    await page.getByText(text).first().waitFor({ state: "attached" });
    await page.locator(".set-sk, .loads").first().waitFor({ state: "detached" });
    assert.deepEqual(await axe(page), [], path);
    await fits(page, path);
    // Colours of shapes are dropped there: what is told by a surface alone needs an edge, or keeps its own.
    const lost = await page.locator(".seg > [aria-pressed=true], .row.is-current, .count, .lg i, .rail-a[aria-current], .set-nav [aria-current]").evaluateAll((all) =>
      all.filter((it) => it.checkVisibility()).filter((it) => {
        const style = getComputedStyle(it);
        const edge = Number.parseFloat(style.outlineWidth) > 0 && style.outlineStyle !== "none";
        const border = Number.parseFloat(style.borderTopWidth) + Number.parseFloat(style.borderInlineStartWidth) + Number.parseFloat(style.borderBottomWidth) > 0;
        return !(edge || border || style.forcedColorAdjust === "none" || style.textDecorationLine !== "none");
      }).map((it) => `${it.className} ${it.textContent}`),
    );
    assert.deepEqual([...new Set(lost)], [], path);
  }
  await page.goto(`${base}/approvals/${id}`);
  await approve(page).waitFor();
  await tabTo(page, "Approve");
  await unharmed(page);
  await page.context().close();
});

test("with reduced motion nothing moves; without it the wait for an answer does", async () => {
  for (const reducedMotion of ["reduce", "no-preference"]) {
    const id = await ask("Scale search to 40 nodes");
    const page = await signedIn(base, keys.ana, { path: `/approvals/${id}`, reducedMotion, routed: true });
    await page.route("**/approve", () => {});
    await confirm(page);
    await page.getByText("Sending your approval.").waitFor();
    const moving = await page.evaluate(() => document.getAnimations().filter((it) => it.playState === "running").length);
    assert.equal(moving > 0, reducedMotion === "no-preference");
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await page.context().close();
  }
});

