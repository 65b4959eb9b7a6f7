import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { APPROVER, Api, Cluster, addressOf, axe, closeBrowser, overflows, signedIn, unharmed, until } from "./harness.mjs";

let cluster, keys, agent;
const AMOUNT = 130;
before(async () => {
  cluster = await Cluster.start({ instances: 2, balancer: true });
  ({ keys, agent } = await cluster.workspace({ ana: APPROVER, bo: APPROVER, requester: ["approval:create", "approval:view:pending"] }));
  const [ana, bo] = [new Api(cluster.urls[0], keys.ana), new Api(cluster.urls[1], keys.bo)];
  const ids = [];
  for (let index = 0; index < AMOUNT; index += 1) ids.push((await agent.ask({ title: `Reprice article ${index}`, workflow: "pricing", timeout_seconds: 900 })).id);
  await ana.call("POST", "/approvals/bulk", { ids, action: "approve" });
  const one = async (title, body = {}) => (await agent.ask({ title, timeout_seconds: 900, ...body })).id;
  await bo.call("POST", `/approvals/${await one("Drop table users_tmp_2", { workflow: "db-care" })}/reject`, { reason: "Holdout overlaps the training set." });
  await ana.call("POST", `/approvals/${await one("Send reminder")}/approve`, { modifications: { arguments: { amount: "1" } } });
  await agent.call("POST", `/approvals/${await one("Scale search to 40 nodes")}/cancel`, { reason: "replaced by a later plan" });
  const expired = await one("Reprice 1,204 articles in the sale", { timeout_seconds: 1 });
  assert.equal((await agent.wait(expired, 30)).body.status, "expired");
});
after(async () => {
  await closeBrowser();
  await cluster.stop();
});

const at = (path, look = {}, key = keys.ana) => signedIn(cluster.url, key, { path, ...look });
const rows = (page) => page.getByRole("table", { name: "History" }).locator("tbody tr");
const search = async (page) => (await addressOf(page)).searchParams;

test("each outcome has its own words, and all that has ended is there", async () => {
  const page = await at("/history");
  await page.getByText(`That is all: ${AMOUNT + 4} outcomes.`).waitFor();
  await page.getByText(`${AMOUNT + 4} ended, half answered within`).waitFor();
  for (const [title, outcome, by] of [
    ["Reprice 1,204 articles in the sale", "Expired", "nobody"],
    ["Scale search to 40 nodes", "Cancelled", "agent"],
    ["Send reminder", "Approved with edits", "ana (you)"],
    ["Drop table users_tmp_2", "Rejected", "bo"],
  ]) {
    const row = rows(page).filter({ hasText: title });
    await row.getByRole("cell", { name: outcome, exact: true }).waitFor();
    await row.getByRole("cell", { name: by, exact: true }).last().waitFor();
  }
  // Rows are drawn as one comes to them.
  assert.equal(await rows(page).count(), 100);
  await rows(page).nth(99).scrollIntoViewIfNeeded();
  await rows(page).nth(AMOUNT + 3).waitFor();
  await page.getByRole("link", { name: "Reprice article 7", exact: true }).click();
  await page.getByRole("heading", { name: "Reprice article 7" }).waitFor();
  await page.goBack();
  await page.getByText("That is all").waitFor();
  await unharmed(page);
});

test("filters are in the address, say what they are, and are taken away one by one", async () => {
  const page = await at("/history");
  await rows(page).first().waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("drop tab");
  await page.getByText("That is all: 1 outcome.").waitFor();
  assert.equal((await search(page)).get("q"), "drop tab");
  await page.getByRole("button", { name: "No filter" }).click();
  await page.getByText(`That is all: ${AMOUNT + 4} outcomes.`).waitFor();
  await page.getByLabel("Outcome", { exact: true }).selectOption("Rejected");
  await page.getByText("That is all: 1 outcome.").waitFor();
  assert.deepEqual([(await search(page)).get("status"), (await search(page)).get("resolution")], ["resolved", "rejected"]);
  const csv = new URL(await page.getByRole("link", { name: "CSV" }).getAttribute("href"), cluster.url);
  assert.deepEqual([csv.pathname, csv.searchParams.get("format"), csv.searchParams.get("resolution")], ["/api/v1/approvals/history", "csv", "rejected"]);
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "CSV" }).click()]);
  assert.equal(file.suggestedFilename(), "signoff-history.csv");
  await page.goto(`${cluster.url}/history?workflow=pricing&decided_by=ana&by=agent`);
  await page.getByText(`That is all: ${AMOUNT} outcomes.`).waitFor();
  await page.getByRole("button", { name: "Workflow: pricing. Remove this filter" }).click();
  await page.getByText(`That is all: ${AMOUNT + 1} outcomes.`).waitFor();
  await page.getByRole("button", { name: "More filters" }).click();
  await page.getByRole("combobox", { name: "Decided by" }).fill("bo");
  await page.keyboard.press("Enter");
  await page.getByText("That is all: 1 outcome.").waitFor();
  await page.goto(`${cluster.url}/history?from=nonsense`);
  await page.getByRole("heading", { name: "This filter can't be used" }).waitFor();
  assert.deepEqual(await axe(page), []);
  await page.goto(`${cluster.url}/history?q=nothinglikeit`);
  await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
  assert.deepEqual(await axe(page), []);
  await unharmed(page);
});

test("pages that come short or empty are read on without being asked, and it says how far back", async () => {
  const page = await at("/inbox", { routed: true });
  const asked = [];
  await page.route("**/api/v1/approvals/history?**", async (route) => {
    const url = new URL(route.request().url());
    const cursor = url.searchParams.get("cursor");
    asked.push(cursor);
    const empty = { 0: "first", 1: "second" }[asked.length - 1];
    if (empty) return route.fulfill({ json: { items: [], next_cursor: empty, searched_back_to: "2026-03-03T12:00:00Z" } });
    if (cursor === "second") url.searchParams.delete("cursor");
    await new Promise((done) => (page.goOn = done));
    await route.continue({ url: url.href });
  });
  await page.getByText("Nothing waits for you").filter({ visible: true }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("h");
  await page.getByText("Searching: back to 3 March so far.").waitFor({ timeout: 8000 }).catch(async (error) => {
    throw new Error(`${error.message} ${JSON.stringify(asked)} ${page.url()} ${await page.locator("main").innerText()}`);
  });
  await until("it reads on", () => asked.length === 3 && page.goOn !== undefined);
  assert.deepEqual(asked, [null, "first", "second"]);
  page.goOn();
  await rows(page).first().waitFor();
  await unharmed(page);
});

test("the strip has a sentence and a table, and a brush sets from and to", async () => {
  const page = await at("/history");
  await page.getByText("That is all").waitFor();
  const strip = page.getByRole("img", { name: /^134 outcomes over time/ });
  assert.match(await strip.getAttribute("aria-label"), /130 approved, 1 edited, 1 rejected, 1 expired, 1 cancelled/);
  await page.getByRole("button", { name: "As table" }).click();
  await page.getByRole("region", { name: "Outcomes over time" }).getByRole("columnheader", { name: "Approved with edits" }).waitFor();
  assert.deepEqual(await axe(page), []);
  await page.getByRole("button", { name: "As strip" }).click();
  await page.getByLabel("When").selectOption("Last 24 hours");
  await page.getByText("That is all").waitFor();
  const box = await strip.boundingBox();
  await page.mouse.move(box.x + box.width * 0.9, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.4, box.y + 20, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL((url) => url.searchParams.has("to"));
  const [from, to] = [(await search(page)).get("from"), (await search(page)).get("to")].map(Date.parse);
  assert.ok(Math.abs((to - from) / 3_600_000 - 12) < 0.5, String((to - from) / 3_600_000));
  await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
  await page.goBack();
  await unharmed(page);
});

test("the timeline has what people said; a phone has nothing else", async () => {
  const page = await at("/history?view=timeline");
  await page.getByText("That is all").waitFor();
  await page.getByText("Holdout overlaps the training set.").waitFor();
  await page.getByRole("heading", { name: /^Today, / }).waitFor();
  await page.getByText("nobody answered").first().waitFor();
  await page.getByRole("button", { name: "Table", exact: true }).click();
  await rows(page).first().waitFor();
  assert.equal((await search(page)).get("view"), null);
  const phone = await at("/history", { width: 390, height: 844 });
  await phone.getByText("Holdout overlaps the training set.").waitFor();
  assert.equal(await phone.getByRole("table").count(), 0);
  await unharmed(phone);
});

test("what ends meanwhile waits until it is asked for", async () => {
  const page = await at("/history");
  await page.getByText("That is all").waitFor();
  const first = await rows(page).first().innerText();
  const { id } = await agent.ask({ title: "Ends while one looks", timeout_seconds: 900 });
  await new Api(cluster.urls[1], keys.bo).call("POST", `/approvals/${id}/approve`, {});
  await page.getByRole("button", { name: "1 has ended since. Show" }).waitFor();
  assert.equal(await rows(page).first().innerText(), first);
  await page.getByRole("button", { name: "1 has ended since. Show" }).click();
  await rows(page).filter({ hasText: "Ends while one looks" }).waitFor();
  await unharmed(page);
});

test("who may not see the history doesn't find it, and is told why at its address", async () => {
  const page = await at("/inbox", {}, keys.requester);
  await page.getByText("Nothing waits for you").filter({ visible: true }).waitFor();
  assert.equal(await page.getByRole("link", { name: "History" }).count(), 0);
  await page.goto(`${cluster.url}/history`);
  await page.getByText("This page needs the permission approval:view:history.").waitFor();
  assert.deepEqual(await axe(page), []);
});

for (const [width, theme] of [[320, "light"], [390, "dark"], [1280, "light"], [1280, "dark"], [1920, "dark"], [2560, "light"]]) {
  test(`the history is accessible and fits, ${width} px, ${theme}`, async () => {
    for (const view of ["table", "timeline"]) {
      const page = await at(`/history?view=${view}&workflow=pricing`, { width, theme, height: 900 });
      await page.getByText("That is all").waitFor();
      await page.getByRole("button", { name: "More filters" }).click();
      await page.getByRole("combobox", { name: "Decided by" }).waitFor();
      assert.deepEqual(await axe(page), []);
      assert.ok(!(await overflows(page)));
      await unharmed(page);
      await page.context().close();
    }
  });
}
