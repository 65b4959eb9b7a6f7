// Pictures of many at once, the history and a run, and what must have happened before.

import { Session } from "./browser/database.mjs";
import { Api, signedIn } from "./browser/harness.mjs";

const ENDED = [
  ["release-agent", "Roll out checkout 4.17.3 to production", "checkout-release", "ana", "approve", "Same as staging. Go."],
  ["train-pipeline", "Publish churn-v11: AUC 0.908", "train", "cy", "reject", "Holdout overlaps the training set."],
  ["billing-agent", "Refund order 10391: 89.00 EUR", "refunds", "bo", "approve", "Checked the ticket, it is a double charge."],
  ["campaign-agent", "Send reminder to 4,120 customers", "campaigns", "ana", "edit", "Only German and English."],
  ["infra-agent", "Scale search to 40 nodes", "search", null, "cancel", "replaced by a later plan"],
  ["dba-agent", "Drop table users_tmp_2", "db-care", "cy", "reject", "Still read by the nightly export."],
  ["buyer-agent", "Accept supplier quote Q-7702 (2,150.00 EUR)", "purchasing", "bo", "approve", ""],
];

async function end(api, id, how, words) {
  const body = { approve: { comment: words }, edit: { comment: words, modifications: { arguments: { amount: "1" } } }, reject: { reason: words }, cancel: { reason: words } }[how];
  const done = await api.call("POST", `/approvals/${id}/${how === "edit" ? "approve" : how}`, body);
  if (done.status !== 200) throw new Error(JSON.stringify(done.body));
}

/** A day's outcomes, most of them in the hours of work. */
async function seed({ base, by, keys }) {
  const database = new Session();
  const ids = [];
  for (let turn = 0; turn < 12; turn += 1) {
    for (const [agent, title, workflow, who, how, words] of ENDED) {
      const asker = await by(agent);
      const { id } = await asker.ask({ title: turn === 0 ? title : `${title.split(" ").slice(0, 2).join(" ")} ${turn}`, workflow, run_id: `${workflow}-${turn}`, timeout_seconds: 900 });
      const api = how === "cancel" ? new Api(base, keys.agent) : new Api(base, keys[who]);
      await end(api, id, turn > 0 && how === "reject" && turn % 2 ? "approve" : how, words || "Fine.");
      ids.push(id);
    }
  }
  await database.ask("SET session_replication_role = replica");
  for (const [index, id] of ids.entries()) {
    const minutes = Math.round(3 + index * 9 + (index > 40 ? (index - 40) * 14 : 0));
    await database.ask(`UPDATE approval_requests SET resolved_at = resolved_at - interval '${minutes} minutes', created_at = created_at - interval '${minutes + 2 + (index * 7) % 40} minutes' WHERE id = '${id}'`);
  }
  database.end();
}

export async function shotsOfMany(world) {
  const { at, base, keys, made, watcher } = world;
  await seed(world);
  const agent = new Api(base, keys.agent);
  const lines = ["helm upgrade checkout ./chart --atomic", "canary at 5 %", "error rate 0.08 % (limit 0.2 %)", "p95 212 ms (limit 250 ms)"];
  await agent.call("POST", "/tasks/deploy-2291/events", { events: [{ event_type: "workflow_started", data: {} }, ...lines.map((line) => ({ event_type: "output", data: { line } })), { event_type: "canary", data: { percent: 5, held_minutes: 30 } }] });
  const select = async (page) => {
    await page.getByText("Delete 312").first().waitFor();
    await page.getByRole("button", { name: "Select several (x)" }).click();
    for (const title of ["Delete 312", "Retry “load", "Publish churn-v12", "Rotate the signing"]) await page.getByRole("checkbox", { name: `Select: ${title}` }).click();
    // What a vote would do is read one after the other.
    const effects = page.getByLabel("Selected approvals", { exact: true }).getByText(/your vote (ends it|leaves it open)/);
    if (page.viewportSize().width > 960) await effects.nth(3).waitFor();
  };
  const asked = async (page) => {
    await select(page);
    await page.getByRole("button", { name: "Approve 4…" }).click();
    await page.getByRole("dialog").getByText("ends with your vote").first().waitFor();
  };
  const done = at(`/inbox/${made["sec-agent"]}`, async (page) => {
    // What a picture shows must not change what the next one does: the answer is a server's, played back.
    const shown = async (id) => (await agent.call("GET", `/approvals/${id}`)).body;
    await page.route("**/approvals/bulk", async (route) => {
      const [first, second, third, fourth] = route.request().postDataJSON().ids;
      const over = (it, more) => ({ ...it, version: it.version + 1, status: "resolved", resolution: "approved", resolved_via: "human", resolved_by: "bo", resolved_at: new Date().toISOString(), ...more });
      const results = [
        { id: first, status: 200, code: null, changed: true, approval: await shown(first) },
        { id: second, status: 200, code: null, changed: true, approval: over(await shown(second)) },
        { id: third, status: 409, code: "already_decided", changed: false, approval: over(await shown(third), { resolution: "rejected", resolved_by: "cy", result: { feedback: "Holdout overlaps the training set." } }) },
        { id: fourth, status: 503, code: "unavailable", changed: false },
      ];
      await route.fulfill({ json: { results } });
    });
    await page.goto(`${base}/inbox`);
    await asked(page);
    await page.waitForFunction((begun) => performance.now() - begun > 450, await page.evaluate(() => performance.now()));
    await page.getByRole("dialog").getByRole("button", { name: /^Approve 4/ }).click();
    await page.getByText("2 of 4 recorded, 1 unknown").waitFor();
  });
  const all = (page) => page.getByText("That is all").waitFor();
  return {
    "many-selected": at("/inbox", select),
    "many-confirm": at("/inbox", asked),
    "many-outcome": done,
    history: at("/history", all),
    "history-timeline": at("/history?view=timeline", all),
    run: async (look) => {
      const page = await signedIn(base, watcher, { path: "/runs/deploy-2291", ...look });
      await page.getByText("p95 212 ms").waitFor();
      return page;
    },
  };
}
