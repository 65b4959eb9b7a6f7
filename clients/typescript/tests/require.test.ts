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
  const refund = requireApproval(async (args: Refund) => args.amount, { name: "refund", check, client: fake.client() });
  fake.edits({ amount: 5 });
  assert.equal(await refund({ order: "1" }), 5);
  fake.edits({ amount: "all" });
  await assert.rejects(refund({ order: "1" }), /amount is a number/);
});

test("within a run a restart finds the same approvals", async () => {
  const fake = new FakeSignoff();
  const night = (orders: string[]): Promise<string[]> => {
    const refund = requireApproval(async ({ order }: Refund) => order, { name: "refund", client: fake.client() });
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
  const refund = requireApproval(async ({ order }: Refund) => order, { name: "refund", client: fake.client() });
  const run = (id: string): Promise<string[]> => withRun(id, () => Promise.all(["1", "1"].map((order) => refund({ order }))));
  await Promise.all([run("a"), run("b")]);
  assert.deepEqual(fake.requests.map((it) => it["run_id"]).sort(), ["a", "a", "b", "b"]);
});

test("where there is no AsyncLocalStorage, a scope stands for the run", async () => {
  const fake = new FakeSignoff();
  fake.approves();
  const night = async (): Promise<void> => {
    const run = new RunScope("nightly");
    const refund = requireApproval(async ({ order }: Refund) => order, { name: "refund", run, client: fake.client() });
    const again = requireApproval(async ({ order }: Refund) => order, { name: "refund", run, client: fake.client() });
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
    const refund = requireApproval(async ({ order }: Refund) => order, { name: "refund", client: fake.client() });
    assert.equal(await refund({ order: "2" }), "2");
  } finally {
    process.getBuiltinModule = getBuiltinModule;
    host[key] = storage;
  }
});

test("outside of a run each call asks anew", async () => {
  const fake = new FakeSignoff();
  fake.approves();
  const refund = requireApproval(async ({ order }: Refund) => order, { name: "refund", client: fake.client() });
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
  const refund = requireApproval(async (args: { order: { id: number } }) => args.order, { name: "refund", client });
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
