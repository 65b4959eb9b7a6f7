import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { APPROVER, Cluster, addressOf, axe, closeBrowser, overflows, signedIn, unharmed } from "./harness.mjs";

let cluster, keys, agent, id;
before(async () => {
  cluster = await Cluster.start({ instances: 1 });
  ({ keys, agent } = await cluster.workspace({ ana: APPROVER, bo: APPROVER }));
  for (const title of ["Refund order 10427: 1,249.00 EUR to card ending 4417", "Roll out checkout 4.18.0 to production"]) {
    ({ id } = await agent.ask({
      title,
      workflow: "checkout",
      description: "Canary at 5 % held for 30 minutes.",
      context: { current: { image: "4.17.3", n: 6 }, proposed: { image: "4.18.0", n: 6, env: { NEW: "https://tax.internal.acme.example/v2" } }, canary: { percent: 5, held: "30m", rate: 0.0008, p95: 212 } },
      timeout_seconds: 900,
      policy: { allowed_approvers: ["ana", "bo"], min_approvers: 2 },
    }));
  }
});
after(async () => {
  await closeBrowser();
  await cluster.stop();
});

// The other widths: access.test.mjs.
const LOOKS = [[320, "light"], [320, "dark"]];

for (const [width, theme] of LOOKS) {
  test(`the pages are accessible and fit, ${width} px, ${theme}`, async () => {
    const page = await signedIn(cluster.urls[0], keys.ana, { width, theme, height: 900 });
    const look = async (what) => {
      assert.deepEqual(await axe(page), [], what);
      assert.ok(!(await overflows(page)), what);
    };
    await page.getByText("Refund order").first().waitFor();
    await look("inbox");
    await page.goto(`${cluster.urls[0]}/approvals/${id}`);
    await page.getByRole("button", { name: /^Approve/ }).waitFor();
    await look("approval");
    await page.getByRole("button", { name: /^Approve/ }).click();
    await page.getByText("Approve as ana?").waitFor();
    await look("asking back");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: /^Reject/ }).click();
    await page.getByLabel("Reason", { exact: true }).waitFor();
    await look("rejecting");
    await page.keyboard.press("Escape");
    await page.locator("article .scroll").focus();
    await page.keyboard.press("m");
    await page.getByLabel("Image").waitFor();
    await look("editing");
    await page.keyboard.press("Escape");
    await page.goto(`${cluster.urls[0]}/inbox/0192f0c4-7d3a-7000-8000-000000000000`);
    await page.getByText("There is no such approval").waitFor();
    await look("not found");
    await page.goto(`${cluster.urls[0]}/settings/nothing`);
    await page.getByText("There is nothing here").waitFor();
    await look("no such page");
    await unharmed(page);
    await page.context().close();
  });
}

test("the keyboard alone suffices, and keys are off in fields", async () => {
  const page = await signedIn(cluster.urls[0], keys.bo);
  await page.getByText("Refund order").first().waitFor();
  await page.waitForURL((url) => url.pathname.startsWith("/inbox/"));
  const first = page.url();
  await page.keyboard.press("j");
  await page.waitForURL((url) => url.href !== first);
  await page.keyboard.press("k");
  await page.waitForURL(first);
  await page.keyboard.press("/");
  await page.keyboard.type("ja");
  assert.equal(await page.getByRole("searchbox", { name: "Search pending approvals" }).inputValue(), "ja");
  assert.equal((await addressOf(page)).searchParams.get("q"), "ja");
  await page.getByText("Nothing matches").waitFor();
  await page.getByRole("button", { name: "No filter" }).click();
  await page.getByText("Refund order").first().waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.goBack();
  await unharmed(page);
});
