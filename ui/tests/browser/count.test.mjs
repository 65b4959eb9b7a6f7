// The count in the title, in the badge and at the first group is one number, whatever happens in whichever order; and
// where nothing is under way it is the true one. Real instances, a real page; a random hour's events in some seconds.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { APPROVER, Api, Cluster, closeBrowser, signedIn, unharmed, until } from "./harness.mjs";
import { Link } from "./links.mjs";

const SEED = Number(process.env.SIGNOFF_SEED ?? Math.floor(Math.random() * 2 ** 31));
const EVENTS = Number(process.env.SIGNOFF_EVENTS ?? 160);

let cluster;
before(async () => {
  cluster = await Cluster.start({ instances: 2, balancer: true });
});
after(async () => {
  await closeBrowser();
  await cluster.stop();
});

/** The same numbers for the same seed (mulberry32). */
function random(seed) {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Looks after each change of the page, before it is painted. */
const watchCounts = () => {
  const number = (text) => Number((/([\d,  ]+)/.exec(text ?? "")?.[1] ?? "0").replace(/\D/g, ""));
  globalThis.wrong = [];
  globalThis.looks = 0;
  globalThis.counts = () => {
    const title = number(/^\((.*?)\)/.exec(document.title)?.[1]);
    const badge = number(document.querySelector(".rail .count [aria-hidden]")?.textContent);
    const note = [...document.querySelectorAll(".group-h")].find((it) => it.textContent.startsWith("You can decide"))?.querySelector("span").textContent;
    const group = note === undefined ? null : number(/ of (.*)/.exec(note)?.[1] ?? note);
    return { title, badge, group, text: document.title };
  };
  const look = () => {
    if (!document.title.includes("Inbox") || !location.pathname.startsWith("/inbox")) return;
    globalThis.looks += 1;
    const { title, badge, group } = globalThis.counts();
    if (title !== badge || (group !== null && group !== badge)) globalThis.wrong.push({ title, badge, group });
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
};

/** What the server has, as far as ana's count goes: which are pending, and which of those she can decide. */
class Model {
  constructor() {
    this.pending = new Map();
  }
  mine() {
    return [...this.pending.values()].filter((it) => it.mine).map((it) => it.title).sort();
  }
  pick(draw, wanted) {
    const fitting = [...this.pending].filter(([, it]) => wanted(it));
    return fitting.length === 0 ? null : fitting[draw(fitting.length)];
  }
}

test(`the count in the title, the badge and the first group are one, at every moment of a random hour (SIGNOFF_SEED=${SEED})`, async () => {
  const draw = random(SEED);
  const way = await Link.to(Number(new URL(cluster.url).port));
  const { keys } = await cluster.workspace({ ana: [...APPROVER, "approval:create"], cy: APPROVER });
  const by = (who) => new Api(cluster.urls[draw(2)], keys[who]);
  const page = await signedIn(`http://127.0.0.1:${way.port}`, keys.ana, { height: 2600 });
  await page.getByText("Nothing waits for you").filter({ visible: true }).first().waitFor();
  await page.evaluate(watchCounts);
  const model = new Model();
  const done = [];
  let named = 0;

  const ask = async (who, mine, more) => {
    const title = `N ${String((named += 1)).padStart(3, "0")}`;
    const { id } = await by(who).ask({ title, timeout_seconds: 900, ...more });
    model.pending.set(id, { title, mine, ...more });
  };
  const vote = async (who, verb, wanted, then) => {
    const found = model.pick(draw, wanted);
    if (!found) return;
    const [id, it] = found;
    const reply = await by(who).call("POST", `/approvals/${id}/${verb}`, verb === "approve" ? {} : { reason: "No." });
    assert.equal(reply.status, 200, `${verb} ${it.title}: ${JSON.stringify(reply.body)}`);
    if (then) then(it);
    else model.pending.delete(id);
  };
  const ladder = { timeout_action: "escalate", escalation: [{ label: "Leads", after_seconds: 600, policy: { allowed_approvers: ["cy"] } }] };
  const few = () => model.pending.size < 24;
  const events = {
    "asks anyone": () => few() && ask("agent", true),
    "asks cy": () => few() && ask("agent", false, { policy: { allowed_approvers: ["cy"] } }),
    "asks both": () => few() && ask("agent", true, { policy: { allowed_approvers: ["ana", "cy"], min_approvers: 2 } }),
    "asks with a ladder": () => few() && ask("agent", true, ladder),
    "is handed on": () => vote("agent", "escalate", (it) => it.mine && it.escalation !== undefined, (it) => (it.mine = false)),
    "ana asks": () => few() && ask("ana", false),
    "cy rejects": () => vote("cy", "reject", () => true),
    "ana signs one of two": () => vote("ana", "approve", (it) => it.mine && it.policy?.min_approvers === 2, (it) => (it.mine = false)),
    "ana approves": () => vote("ana", "approve", (it) => it.mine && it.policy?.min_approvers !== 2),
    "is cancelled": () => vote("agent", "cancel", () => true),
    "time runs out": () => by("agent").ask({ title: `Short ${draw(1000)}`, timeout_seconds: 1 }),
    "the pointer comes": () => page.mouse.move(200, 200 + draw(600)),
    "the pointer leaves": () => page.mouse.move(900, 20),
    "she filters": () => page.getByRole("searchbox").fill("N 0"),
    "she filters no more": () => page.getByRole("searchbox").fill(""),
    "she selects": () => page.evaluate(() => document.activeElement?.blur()).then(() => page.keyboard.press("x")),
    "she selects no more": () => page.keyboard.press("Escape"),
    "she opens one": () => page.evaluate((at) => document.querySelectorAll(".row-a")[at]?.click(), draw(8)),
    "she looks elsewhere": () => page.getByRole("navigation").getByRole("link", { name: "History" }).first().click(),
    "she comes back": () => page.getByRole("navigation").getByRole("link", { name: /Inbox/ }).first().click(),
    "the network breaks": () => way.cut(),
    "the network is back": () => way.mend(),
  };
  const often = ["asks anyone", "asks anyone", "asks both", "asks cy", "asks with a ladder", "is handed on", "ana asks", "cy rejects", "cy rejects", "ana signs one of two", "ana approves", "is cancelled"];
  const names = [...often, ...often, ...Object.keys(events)];

  /** Where nothing is under way any more the count is the server's, and so are the rows. */
  const quiet = async () => {
    way.mend();
    // What a browser says when the network is back.
    await page.evaluate(() => dispatchEvent(new Event("online")));
    await page.mouse.move(900, 20);
    await events["she comes back"]();
    await page.getByRole("searchbox").fill("");
    await page.evaluate(() => document.activeElement?.blur());
    // Once leaves the one that is looked at, once the selection.
    await until("she selects no more", async () => {
      await page.keyboard.press("Escape");
      return (await page.locator(".picking").count()) === 0;
    });
    const wanted = model.mine();
    const rows = () => page.locator(".rows[aria-label='You can decide'] .row:not(.is-over) .row-t").allInnerTexts();
    const seen = async () => [await page.evaluate(() => globalThis.counts()), (await rows()).map((it) => it.trim()).sort()];
    await until("the page has what the server has", async () => {
      const [{ title, badge, group }, shown] = await seen();
      const kept = shown.filter((it) => wanted.includes(it));
      return title === wanted.length && badge === wanted.length && (group ?? 0) === wanted.length && kept.length === wanted.length;
    }).catch(async (error) => assert.fail(`${error.message}: ${JSON.stringify(await seen())}, wanted ${JSON.stringify(wanted)}`));
    const told = await by("ana").call("GET", "/approvals/counts");
    assert.equal(told.body.mine, wanted.length, "the model is the server's");
  };

  try {
    for (let turn = 1; turn <= EVENTS; turn += 1) {
      const name = names[draw(names.length)];
      done.push(name);
      await events[name]();
      if (turn % 40 === 0) await quiet();
    }
    assert.deepEqual(await page.evaluate(() => globalThis.wrong), []);
    assert.ok((await page.evaluate(() => globalThis.looks)) > EVENTS / 4);
    await unharmed(page);
  } catch (error) {
    error.message += `\nSIGNOFF_SEED=${SEED}, after: ${done.slice(-40).join("; ")}; wrong: ${JSON.stringify(await page.evaluate(() => globalThis.wrong?.slice(0, 5)).catch(() => null))}`;
    throw error;
  }
  await page.context().close();
  way.end();
});
