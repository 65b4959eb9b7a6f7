import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { APPROVER, Cluster, addressOf, closeBrowser, signedIn, unharmed, until } from "./harness.mjs";

let cluster, base, keys, agent, name;
const ids = {};
const TITLES = ["First of all", "Second of all", "Third of all"];
before(async () => {
  cluster = await Cluster.start({ instances: 1 });
  base = cluster.urls[0];
  ({ keys, agent, name } = await cluster.workspace({ ana: APPROVER, bo: APPROVER }));
  keys.all = await cluster.key(name, "all", ["workspace:admin", "cluster:view"]);
  keys.alt = await cluster.key(name, "alt", ["workspace:admin", "cluster:view"]);
  for (const [index, title] of TITLES.entries()) {
    ids[title] = (await agent.ask({
      title, run_id: `run-${index}`, timeout_seconds: 900 + index * 60, timeout_action: "escalate",
      context: { tool: "refund", arguments: { amount: "49.90" }, ticket: { subject: "a double charge" } },
      escalation: [{ after_seconds: 900, label: "leads", policy: { allowed_approvers: ["bo"], min_approvers: 1 } }],
    })).id;
  }
});
after(async () => {
  await closeBrowser();
  await cluster.stop();
});

const at = (page, path) => page.waitForFunction((it) => location.pathname === it || location.pathname + location.search === it, path);
const dialog = (page) => page.getByRole("dialog");
const asked = (page) => page.getByText(/^Approve as/);
const checked = (page) => page.locator(".row input:checked");

/** On a list with its first one beside it. */
async function inbox(who = keys.all, more = {}) {
  const page = await signedIn(base, who, { path: `/inbox/${ids[TITLES[0]]}`, ...more });
  await page.getByRole("button", { name: /^Approve/ }).waitFor();
  await page.locator(".row").nth(2).waitFor();
  return page;
}

/** What each key does, and how one comes back from there; `alt`: pressed together with it. */
const press = (page, alt) => async (...all) => {
  for (const key of all) await page.keyboard.press(alt ? `Alt+${key}` : key);
};

async function everyKey(page, alt) {
  const key = press(page, alt);
  const [first, second, third] = TITLES.map((title) => `/inbox/${ids[title]}`);
  const ready = () => page.getByRole("button", { name: "Reject…" }).waitFor();

  // The list.
  await key("j");
  await at(page, second);
  await ready();
  await key("j");
  await at(page, third);
  await key("k", "k");
  await at(page, first);
  await ready();
  await key("/");
  await page.keyboard.type("Second");
  await page.locator(".row").nth(1).waitFor({ state: "detached" });
  assert.equal((await addressOf(page)).searchParams.get("q"), "Second");
  await page.getByRole("searchbox", { name: "Search pending approvals" }).fill("");
  await page.keyboard.press("Escape");
  await page.locator(".row").nth(2).waitFor();
  await key("f");
  await page.getByRole("group", { name: "Asked by" }).or(page.getByRole("group", { name: "Requester" })).first().waitFor();
  await key("f");
  await page.locator(".facets").waitFor({ state: "detached" });

  // Selecting.
  await key("x");
  await until("one is selected", async () => (await checked(page).count()) === 1);
  await key("j");
  await page.waitForFunction((id) => document.activeElement?.dataset.id === id, ids[TITLES[1]]);
  await key("j");
  await page.waitForFunction((id) => document.activeElement?.dataset.id === id, ids[TITLES[2]]);
  await page.keyboard.press(alt ? "Alt+Shift+KeyX" : "Shift+X");
  await until("up to here", async () => (await checked(page).count()) === 3);
  await key("x");
  await until("one less", async () => (await checked(page).count()) === 2);
  await key("*");
  await until("all", async () => (await checked(page).count()) === 3);
  await key("o");
  await page.getByRole("button", { name: "Show the 3" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("heading", { name: "3 selected" }).waitFor();
  for (const [one, text] of [["a", /^Approve these 3/], ["r", /^Reject these 3/]]) {
    await key(one);
    await page.getByRole("dialog", { name: text }).waitFor();
    await page.keyboard.press("Escape");
    await dialog(page).waitFor({ state: "detached" });
  }
  await page.keyboard.press("Escape");
  await page.locator(".row input").first().waitFor({ state: "detached" });
  await page.goto(`${base}${first}`);
  await ready();

  // Answering.
  await key("a");
  await asked(page).waitFor();
  await page.keyboard.press("Escape");
  await ready();
  await key("r");
  await page.getByLabel("Reason", { exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await ready();
  await key("m");
  await page.getByLabel("Amount").waitFor();
  await page.keyboard.press("Escape");
  await ready();
  await key("t");
  await until("the comment has the focus", () => page.getByLabel("Comment (optional)").evaluate((it) => it === document.activeElement));
  await page.getByLabel("Comment (optional)").blur();
  await key(".");
  await page.getByRole("menuitem").first().waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("menuitem").first().waitFor({ state: "detached" });
  await key("e");
  await page.getByRole("dialog", { name: /^Hand it to leads now/ }).waitFor();
  await until("the focus is on Back", () => page.evaluate(() => document.activeElement?.textContent === "Back"));
  await page.keyboard.press("Enter");
  await dialog(page).waitFor({ state: "detached" });

  // Reading.
  await key("s");
  await page.getByRole("searchbox", { name: "Search keys and values" }).waitFor();
  await page.keyboard.type("double");
  await page.getByText("1 of 1").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("searchbox", { name: "Search keys and values" }).waitFor({ state: "detached" });
  await key("c");
  await page.getByRole("button", { name: "Copied" }).waitFor();
  await until("the link is copied", async () => (await page.evaluate(() => navigator.clipboard.readText())) === `${base}/approvals/${ids[TITLES[0]]}`);

  // Everywhere.
  await key("g", "h");
  await at(page, "/history");
  await page.getByRole("heading", { name: "History" }).waitFor();
  await key("g", "o");
  await at(page, "/operations");
  await page.getByRole("region", { name: "State", exact: true }).waitFor();
  await key("w");
  await page.waitForURL((url) => url.searchParams.has("wall"));
  await page.getByRole("button", { name: "Leave the wall" }).waitFor();
  await key("w");
  await page.waitForURL((url) => !url.searchParams.has("wall"));
  await key("w");
  await page.getByRole("button", { name: "Leave the wall" }).waitFor();
  await page.keyboard.press("Escape");
  await page.waitForURL((url) => !url.searchParams.has("wall"));
  await key("g", "s");
  await page.waitForURL((url) => url.pathname.startsWith("/settings"));
  await key("g", "i");
  await page.waitForURL((url) => url.pathname.startsWith("/inbox"));
  await page.locator(".row").nth(2).waitFor();
  await key("?");
  await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "detached" });
}

const CLIPBOARD = { permissions: ["clipboard-read", "clipboard-write"] };

test("every key of the list does what the list says", async () => {
  const page = await inbox(keys.all, CLIPBOARD);
  await everyKey(page, false);
  await unharmed(page);
  await page.context().close();
});

test("keys are turned off in the settings: alone they do nothing, with Alt they work", async () => {
  const page = await signedIn(base, keys.alt, { path: "/settings/you", ...CLIPBOARD });
  await page.getByRole("checkbox", { name: /Single keys/ }).uncheck();
  await page.goto(`${base}/inbox/${ids[TITLES[0]]}`);
  await page.getByRole("button", { name: /^Approve/ }).waitFor();
  await page.locator(".row").nth(2).waitFor();
  const { href: before } = await addressOf(page);
  for (const key of ["j", "k", "o", "/", "f", "x", "*", "a", "r", "m", "t", ".", "e", "s", "c", "?", "g", "h"]) await page.keyboard.press(key);
  assert.equal((await addressOf(page)).href, before);
  assert.equal(await page.locator("dialog, [role=menu], .facets, .row input, .act.is-ask, .find-c").count(), 0);
  // Where the system makes another character of it.
  await page.evaluate(() => document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "å", code: "KeyA", altKey: true, bubbles: true })));
  await asked(page).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Approve/ }).waitFor();
  await everyKey(page, true);
  await page.goto(`${base}/settings/you`);
  await page.getByRole("checkbox", { name: /Single keys/ }).check();
  await unharmed(page);
  await page.context().close();
});

test("in fields, in dialogs, with modifiers and while text is composed keys are letters", async () => {
  const page = await inbox();
  const letters = "jkofxartmesc.?*/";
  const nothing = async () => {
    assert.equal(await page.locator(".row input, .act.is-ask, .facets").count(), 0);
    assert.equal((await addressOf(page)).pathname, `/inbox/${ids[TITLES[0]]}`);
  };
  await page.getByLabel("Comment (optional)").fill("");
  await page.getByLabel("Comment (optional)").focus();
  await page.keyboard.type(letters);
  assert.equal(await page.getByLabel("Comment (optional)").inputValue(), letters);
  assert.equal(await dialog(page).count(), 0);
  await nothing();
  await page.getByLabel("Comment (optional)").fill("");
  await page.getByLabel("Comment (optional)").blur();
  await page.keyboard.press("?");
  await dialog(page).waitFor();
  for (const key of ["a", "r", "x", "j", "m", "g", "h"]) await page.keyboard.press(key);
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "detached" });
  await nothing();
  for (const key of ["Control+a", "Meta+a", "Control+x", "Alt+a", "Alt+j"]) await page.keyboard.press(key);
  await page.evaluate(() => document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true, isComposing: true })));
  await nothing();
  // The same key alone is not a letter: so the ones before were heard, and left alone.
  await page.keyboard.press("a");
  await asked(page).waitFor();
  await unharmed(page);
  await page.context().close();
});

/** Presses them as fast as the browser takes them: none waits for what the one before has drawn. */
const atOnce = (page, text) => Promise.all([...text].map((letter) => page.keyboard.press(letter)));

test("what is typed right behind a key lands in the field that the key opens", async () => {
  const page = await inbox();
  const find = page.getByRole("searchbox", { name: "Search keys and values" });
  await atOnce(page, "sdouble");
  await page.getByText("1 of 1").waitFor();
  assert.equal(await find.inputValue(), "double");
  await page.keyboard.press("Escape");
  await find.waitFor({ state: "detached" });
  // Each of these letters is a key of the page: none of them may be heard as one.
  await atOnce(page, "raftxmejo");
  assert.equal(await page.getByLabel("Reason", { exact: true }).inputValue(), "aftxmejo");
  assert.equal((await addressOf(page)).pathname, `/inbox/${ids[TITLES[0]]}`);
  assert.equal(await page.locator("dialog, .facets, .row input").count(), 0);
  await page.getByLabel("Reason", { exact: true }).fill("");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Approve/ }).waitFor();
  await atOnce(page, "/Second");
  assert.equal(await page.getByRole("searchbox", { name: "Search pending approvals" }).inputValue(), "Second");
  await unharmed(page);
  await page.context().close();
});

/** Each call that would answer, from now on. */
function calls(page) {
  const sent = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && /\/approvals\/(bulk|[^/]+\/(approve|reject|cancel|escalate))$/.test(new URL(request.url()).pathname)) sent.push(request.url());
  });
  return sent;
}

test("a held a asks back and sends nothing; a held Enter and many clicks send once", async () => {
  const made = [];
  for (const title of ["Held", "Clicked"]) made.push((await agent.ask({ title, timeout_seconds: 900 })).id);
  const page = await signedIn(base, keys.ana, { path: `/approvals/${made[0]}` });
  const sent = calls(page);
  await page.getByRole("button", { name: /^Approve/ }).waitFor();
  // As a keyboard does it: one press, then repeats for longer than the breath.
  await page.keyboard.down("a");
  await asked(page).waitFor();
  const hold = async (key, held) => {
    const begun = Date.now();
    while (Date.now() - begun < held) await page.keyboard.down(key);
  };
  await hold("a", 700);
  await page.keyboard.up("a");
  assert.deepEqual(sent, []);
  await asked(page).waitFor();
  await page.keyboard.down("Enter");
  await hold("Enter", 300);
  await page.keyboard.up("Enter");
  await page.getByText("Your approval is recorded.").waitFor();
  assert.equal(sent.length, 1);

  await page.goto(`${base}/approvals/${made[1]}`);
  // A double click on Approve: the second lands on Back, or in the breath.
  await page.getByRole("button", { name: /^Approve/ }).dblclick();
  await until("nothing is under way", async () => (await page.getByText("Sending").count()) === 0);
  assert.equal(sent.length, 1);
  if (!(await asked(page).isVisible())) await page.getByRole("button", { name: /^Approve/ }).click();
  await page.waitForFunction((begun) => performance.now() - begun > 450, await page.evaluate(() => performance.now()));
  await page.getByRole("button", { name: /^Approve now/ }).click({ clickCount: 3 });
  await page.getByText("Your approval is recorded.").waitFor();
  assert.equal(sent.length, 2);
  assert.equal((await agent.call("GET", `/approvals/${made[1]}/decisions`)).body.items.length, 1);
  await unharmed(page);
  await page.context().close();
});
