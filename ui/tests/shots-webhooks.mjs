// Pictures of the pages of webhooks, of the bell's list with their news, and what must have happened before.

import { APPROVER, signedIn, until } from "./browser/harness.mjs";

export async function shotsOfWebhooks({ cluster, receiver, base }) {
  const { keys, agent } = await cluster.workspace({ mia: ["workspace:admin"], ana: APPROVER }, "acme-hooks");
  const make = async (path, more) => (await agent.call("POST", "/webhooks", { url: receiver.url + path, ...more })).body;
  receiver.answer = ({ path }) => (path === "/builds" ? [500, "upstream connect error or disconnect/reset before headers"] : path === "/old" ? [410, ""] : [204, ""]);
  const deploys = await make("/deploys", { description: "the release pipeline goes on with what was approved", events: ["approval:resolved"] });
  const builds = await make("/builds", { description: "the dashboard of the build team" });
  await make("/old", { description: "what came before it" });
  await agent.call("POST", "/webhooks", { url: "https://hooks.acme.example/signoff/finance", events: ["approval:requested", "approval:resolved"], format: "cloudevents" });
  const asked = [];
  for (const title of ["Roll out checkout 4.18.0 to production", "Delete 312 inactive accounts in eu-west", "Refund order 10391: 89.00 EUR"]) asked.push((await agent.ask({ title })).id);
  await agent.call("POST", `/approvals/${asked[0]}/cancel`, { reason: "replaced by a later plan" });
  const state = async (id) => (await agent.call("GET", `/webhooks/${id}`)).body;
  await until("one works, and one fails", async () => (await state(deploys.id)).last_success_at !== null && (await state(builds.id)).failing_since !== null);
  await agent.call("POST", `/webhooks/${deploys.id}/test`);
  const shot = (path, act) => async (look) => {
    const page = await signedIn(base, keys.mia, { path, ...look });
    await act(page);
    return page;
  };
  const one = (it) => `/settings/webhooks?endpoint=${it.id}`;
  return {
    webhooks: shot("/settings/webhooks", (page) => page.getByText("since").first().waitFor()),
    "webhooks-one": shot(one(deploys), (page) => page.getByRole("rowheader", { name: "webhook:test" }).first().waitFor()),
    "webhooks-failing": shot(one(builds), (page) => page.getByRole("row").filter({ hasText: "waits" }).first().waitFor()),
    "webhooks-delivery": shot(one(builds), async (page) => {
      await page.getByRole("button", { name: /^Details/ }).last().click();
      await page.getByText("upstream connect error").last().waitFor();
    }),
    "webhooks-make": shot("/settings/webhooks", (page) => page.getByRole("button", { name: "New endpoint" }).click()),
    "webhooks-secret": shot(one(builds), async (page) => {
      await page.getByRole("button", { name: "New secret…" }).click();
      await page.getByRole("button", { name: "Make the new secret" }).click();
      await page.locator(".secret code").waitFor();
    }),
    "webhooks-news": shot("/notifications", (page) => page.getByText("is disabled").first().waitFor()),
  };
}
