// Pictures of the bell's list, of what was sent, and of who was told of an approval; and what must have happened before.

import { APPROVER, Api, signedIn, until } from "./browser/harness.mjs";

const two = { allowed_approvers: ["ana", "bo"], min_approvers: 2 };
const anyOf = { allowed_approvers: ["ana", "bo"] };

export async function shotsOfTold({ base, cluster, relay }) {
  const { name, keys, agent } = await cluster.workspace({ ana: APPROVER, bo: [...APPROVER, "approval:create"] }, "acme-eu");
  keys.mia = await cluster.key(name, "mia", ["workspace:admin"]);
  const people = (await agent.call("GET", "/principals?limit=200")).body.items;
  for (const one of people) if (one.name === "ana" || one.name === "bo") await agent.call("PATCH", `/principals/${one.id}`, { email: `${one.name}@acme.example`, kind: "person" });
  relay.refused.add("bo@acme.example");
  const [ana, bo] = [new Api(base, keys.ana), new Api(base, keys.bo)];
  const ask = async (api, title, more = {}) => (await api.ask({ title, timeout_seconds: 3000, policy: anyOf, ...more })).id;
  const decided = await ask(agent, "Refund order 10391: 89.00 EUR");
  await ana.call("POST", `/approvals/${decided}/approve`, { comment: "Checked the ticket." });
  const own = await ask(bo, "Read access to warehouse.finance for bo", { policy: { allowed_approvers: ["ana"] } });
  const replaced = await ask(agent, "Scale search to 40 nodes");
  await agent.call("POST", `/approvals/${replaced}/cancel`, { reason: "replaced by a later plan" });
  await ask(agent, "Delete 312 inactive accounts in eu-west", { timeout_seconds: 1560 });
  const counted = await ask(agent, "Roll out checkout 4.18.0 to production", { policy: two, timeout_seconds: 768, workflow: "checkout-release", context: { current: { image: "checkout:4.17.3", replicas: 6 }, proposed: { image: "checkout:4.18.0", replicas: 10 } } });
  await ana.call("POST", `/approvals/${counted}/approve`, { comment: "Numbers look right." });
  await ana.call("POST", `/approvals/${own}/reject`, { reason: "Ask for the view instead." });
  await ask(agent, "Retry “load invoices” a third time, skipping 4 bad rows", { timeout_seconds: 100 });
  const mia = new Api(base, keys.mia);
  await until("all is told", async () => (await mia.call("GET", "/notifications?status=pending")).body.items.length === 0 && (await mia.call("GET", "/notifications?status=failed")).body.items.length >= 3);
  const { items } = (await bo.call("GET", "/me/notifications")).body;
  await bo.call("POST", "/me/notifications/read", { ids: items.slice(-4).map((it) => it.id) });
  const shot = (key, path, act) => async (look) => {
    const page = await signedIn(base, key, { path, ...look });
    await act(page);
    return page;
  };
  const sent = async (page) => page.getByRole("row").nth(3).waitFor();
  return {
    notifications: shot(keys.bo, "/notifications", (page) => page.getByText("You are asked to decide").first().waitFor()),
    "settings-sent": shot(keys.mia, "/settings/sent", sent),
    "settings-sent-tries": shot(keys.mia, "/settings/sent?status=failed", async (page) => {
      await sent(page);
      await page.getByRole("button", { name: "Details: bo, mail" }).first().click();
      await page.getByText("no such mailbox here").last().waitFor();
    }),
    "approval-told": shot(keys.mia, `/approvals/${counted}`, async (page) => {
      const part = page.getByRole("region", { name: "Who was told" });
      await part.getByRole("button", { name: /bo/ }).first().waitFor();
      await part.scrollIntoViewIfNeeded();
    }),
  };
}
