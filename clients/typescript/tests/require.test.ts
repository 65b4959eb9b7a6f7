/** A function that runs once a person has agreed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as signoff from "signoff";
import { requireApproval, RunScope, withRun } from "signoff";
import { FakeSignoff } from "signoff/testing";

interface Refund {
  readonly order: string;
  readonly amount?: number;
  readonly note?: string;
}

async function itRan(_: Refund): Promise<string> {
  throw new assert.AssertionError({ message: "it ran" });
}

test("it runs with what was approved", async () => {
  const fake = new FakeSignoff();
  const ran: Refund[] = [];
  const refund = requireApproval(
    async function refund(args: Refund): Promise<string> {
      ran.push(args);
      return "paid";
    },
    { title: "Refund {order}", approvers: ["ana"], client: fake.client() },
  );
  fake.approves(undefined, "ana");
  assert.equal(await refund({ order: "1042", amount: 49.9, note: "late" }), "paid");
  fake.edits({ amount: 10 }, "ana");
  assert.equal(await refund({ order: "1042", amount: 49.9 }), "paid");
  assert.deepEqual(ran, [{ order: "1042", amount: 49.9, note: "late" }, { order: "1042", amount: 10 }]);
  assert.equal(fake.requests[0]?.["title"], "Refund 1042");
  assert.deepEqual(fake.requests[0]?.["context"], {
    tool: "refund",
    arguments: { order: "1042", amount: 49.9, note: "late" },
    call_id: "1",
  });
});

test("it does not run otherwise", async () => {
  const fake = new FakeSignoff();
  const refund = requireApproval(itRan, { client: fake.client() });
  const told = requireApproval(itRan, { client: fake.client(), onDenied: "return" });
  for (const [script, error] of [
    [() => fake.rejects(), signoff.RejectedError],
    [() => fake.lapses(), signoff.LapsedError],
    [() => fake.cancels(), signoff.WithdrawnError],
    [() => fake.edits({ nothing: 1 }), signoff.ModificationRefusedError],
    [() => fake.responds("done by hand"), signoff.ModificationRefusedError],
  ] as const) {
    script();
    await assert.rejects(refund({ order: "1042" }), error);
  }
  fake.rejects("too much");
  assert.equal(await told({ order: "1042" }), "Rejected by approver: too much. Don't try this call again unless you are asked to.");
  fake.cancels();
  await assert.rejects(told({ order: "1042" }), signoff.WithdrawnError);
});

test("a check of one's own may allow more, or less", async () => {
  const fake = new FakeSignoff();
  const check = ({ amount }: Record<string, unknown>): void => {
    if (typeof amount !== "number") throw new TypeError("amount is a number");
  };
  const refund = requireApproval(async (args: Refund) => args.amount, { name: "checked", check, client: fake.client() });
  fake.edits({ amount: 5 });
  assert.equal(await refund({ order: "1" }), 5);
  fake.edits({ amount: "all" });
  await assert.rejects(refund({ order: "1" }), /amount is a number/);
});

test("within a run a restart finds the same approvals", async () => {
  const fake = new FakeSignoff();
  const night = (orders: string[]): Promise<string[]> => {
    const refund = requireApproval(async ({ order }: Refund) => order, { name: "repay", client: fake.client() });
    return withRun("nightly", async () => {
      const done: string[] = [];
      for (const order of orders) done.push(await refund({ order }));
      return done;
    });
  };
  fake.approves();
  assert.deepEqual(await night(["1", "2", "1"]), ["1", "2", "1"]);
  assert.equal(fake.requests.length, 3);
  assert.deepEqual(await night(["1", "2", "1"]), ["1", "2", "1"]);
  assert.equal(fake.requests.length, 3);
  assert.deepEqual(new Set(fake.requests.map((it) => it["run_id"])), new Set(["nightly"]));
});

test("runs that go on at once don't mix", async () => {
  const fake = new FakeSignoff();
  fake.approves();
  const refund = requireApproval(async ({ order }: Refund) => order, { name: "repay", client: fake.client() });
  const run = (id: string): Promise<string[]> => withRun(id, () => Promise.all(["1", "1"].map((order) => refund({ order }))));
  await Promise.all([run("a"), run("b")]);
  assert.deepEqual(fake.requests.map((it) => it["run_id"]).sort(), ["a", "a", "b", "b"]);
});

test("where there is no AsyncLocalStorage, a scope stands for the run", async () => {
  const fake = new FakeSignoff();
  fake.approves();
  const night = async (): Promise<void> => {
    const run = new RunScope("nightly");
    const refund = requireApproval(async ({ order }: Refund) => order, { name: "repay", run, client: fake.client() });
    const again = requireApproval(async ({ order }: Refund) => order, { name: "repay", run, client: fake.client() });
    await refund({ order: "1" });
    await again({ order: "1" });
  };
  await night();
  await night();
  assert.deepEqual(fake.requests.map((it) => it["run_id"]), ["nightly", "nightly"]);

  const key = Symbol.for("signoff.run");
  const host = globalThis as { [key]?: unknown };
  const [storage, getBuiltinModule] = [host[key], process.getBuiltinModule];
  delete host[key];
  process.getBuiltinModule = (() => undefined) as never;
  try {
    await assert.rejects(withRun("nightly", () => 1), /give run to requireApproval/);
    const refund = requireApproval(async ({ order }: Refund) => order, { name: "repay", client: fake.client() });
    assert.equal(await refund({ order: "2" }), "2");
  } finally {
    process.getBuiltinModule = getBuiltinModule;
    host[key] = storage;
  }
});

test("outside of a run each call asks anew", async () => {
  const fake = new FakeSignoff();
  fake.approves();
  const refund = requireApproval(async ({ order }: Refund) => order, { name: "repay", client: fake.client() });
  await refund({ order: "1" });
  await refund({ order: "1" });
  assert.equal(new Set(fake.requests.map((it) => it["run_id"])).size, 2);
});

test("arguments can't be changed behind the approver's back", async () => {
  const fake = new FakeSignoff();
  fake.approves();
  const order = { id: 1 };
  const change: typeof fetch = (input, init) => {
    order.id = 2;
    return fake.fetch(input as string, init);
  };
  const client = new signoff.Signoff({ url: fake.url, apiKey: "agent", fetch: change });
  const refund = requireApproval(async (args: { order: { id: number } }) => args.order, { name: "ship", client });
  assert.deepEqual(await refund({ order }), { id: 1 });
  assert.equal(order.id, 2);
});

test("what can't be guarded is refused at once", async () => {
  assert.throws(() => requireApproval(async () => 1), TypeError);
  assert.throws(() => requireApproval(itRan, { timeout: "soon" }), RangeError);
  const refund = requireApproval(itRan, { client: new FakeSignoff().client() });
  for (const wrong of [undefined, null, "1042", ["1042"], new Date()]) await assert.rejects(refund(wrong as never), TypeError);
});

test("without a client one is made from the environment", async () => {
  delete process.env["SIGNOFF_URL"];
  await assert.rejects(requireApproval(itRan)({ order: "1" }), /SIGNOFF_URL/);
});

/** Repays, and keeps which approval of the run each call had. */
function repaying(fake: FakeSignoff, options: signoff.RequireOptions = {}): (args: Refund) => Promise<string | undefined> {
  return requireApproval(async ({ order }: Refund): Promise<string> => order, { name: "repay", client: fake.client(), ...options });
}

function callIds(fake: FakeSignoff): unknown[] {
  return fake.requests.map((it) => (it["context"] as { call_id: string }).call_id);
}

test("a run within a run of the same id goes on in it", async () => {
  const fake = new FakeSignoff();
  fake.approves();
  const repay = repaying(fake);
  await withRun("nightly", async () => {
    await repay({ order: "1" });
    await withRun("nightly", () => repay({ order: "1" }));
    await withRun("other", async () => {
      await repay({ order: "1" });
      await withRun("nightly", () => repay({ order: "1" }));
    });
    await repay({ order: "1" });
  });
  assert.deepEqual(callIds(fake), ["1", "2", "1", "3", "4"]);
  assert.deepEqual(fake.requests.map((it) => it["run_id"]), ["nightly", "nightly", "other", "nightly", "nightly"]);
});

test("the number of a call that could not be asked about is given back", async () => {
  const fake = new FakeSignoff();
  fake.approves();
  let broken = true;
  const fetched: typeof fetch = (input, init) => (broken ? Promise.reject(new Error("no network")) : fake.fetch(input as string, init));
  const repay = repaying(fake, { client: fake.client("agent") });
  const failing = repaying(fake, { client: new signoff.Signoff({ url: fake.url, apiKey: "agent", fetch: fetched, patienceMs: 0 }) });
  await withRun("nightly", async () => {
    await repay({ order: "1" });
    await assert.rejects(failing({ order: "1" }), signoff.ConnectionFailedError);
    const condition = repaying(fake, { when: () => assert.fail("no answer") });
    await assert.rejects(condition({ order: "1" }), /no answer/);
    broken = false;
    await failing({ order: "1" });
    // One that is rejected has an outcome, and keeps its number.
    fake.rejects();
    await assert.rejects(repay({ order: "1" }), signoff.RejectedError);
    fake.cancels();
    await assert.rejects(repay({ order: "1" }), signoff.WithdrawnError);
    fake.approves();
    await repay({ order: "1" });
  });
  assert.deepEqual(callIds(fake), ["1", "2", "3", "4", "5"]);
});

test("the smallest free number is taken", async () => {
  const run = new RunScope("nightly");
  const [one, two, three] = [1, 2, 3].map(() => run.take("repay", { order: "1" }));
  assert.deepEqual([one, two, three].map((it) => it?.call.callId), ["1", "2", "3"]);
  two?.giveBack();
  assert.equal(run.take("repay", { order: "2" }).call.callId, "1");
  assert.equal(run.take("repay", { order: "1" }).call.callId, "2");
  assert.equal(run.take("repay", { order: "1" }).call.callId, "4");
});

test("an id of one's own tells calls apart, whatever ran before", async () => {
  const fake = new FakeSignoff();
  fake.approves();
  const repay = repaying(fake, { callId: (args) => `line ${String(args["note"])}` });
  await withRun("nightly", async () => {
    await repay({ order: "1", note: "a" });
    await repay({ order: "1", note: "b" });
  });
  await withRun("nightly", () => repay({ order: "1", note: "b" }));
  assert.deepEqual(callIds(fake), ["line a", "line b"]);
  const changing = repaying(fake, { callId: (args) => String(Object.assign(args, { order: "9" }).order) });
  assert.equal(await changing({ order: "1" }), "1");
  for (const wrong of ["", undefined, 7]) {
    await assert.rejects(repaying(fake, { callId: () => wrong as string })({ order: "1" }), /callId of repay must answer a text/);
  }
});

test("two functions under one name are refused", () => {
  const twice = (): unknown => requireApproval(async () => 1, { name: "one of two" });
  twice();
  twice();
  assert.throws(() => requireApproval(async () => 2, { name: "one of two" }), {
    name: "TypeError",
    message: "two functions are called one of two: give one of them a name",
  });
  requireApproval(async () => 2, { name: "the other" });
});

test("edits leave what was redacted and what is no JSON", async () => {
  const fake = new FakeSignoff();
  const ran: unknown[] = [];
  const pay = requireApproval(async (args: object) => void ran.push(args), { name: "pay", redact: ["card"], client: fake.client() });
  fake.edits({ card: "…", amount: 10 });
  await pay({ card: "4242", amount: 49.9 });
  fake.edits({ card: "4343" });
  await pay({ card: "4242", amount: 49.9 });
  assert.deepEqual(ran, [{ card: "4242", amount: 10 }, { card: "4343", amount: 49.9 }]);
});
