/** What the client promises of asking, waiting and deciding: on the fake and on the real server alike. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as signoff from "signoff";
import type { ApprovalRequest, Signoff } from "signoff";
import { all, fakeWorld, newRun, pending, realWorld, type World } from "./world.js";

interface Given {
  readonly world: World;
  readonly agent: Signoff;
  readonly ana: Signoff;
  readonly runId: string;
  /** A request of this test's run. */
  request(more?: Partial<ApprovalRequest>): ApprovalRequest;
}

const ARGUMENTS = { order: "1042", amount: 49.9 };

for (const [kind, makeWorld] of [["fake", fakeWorld], ["real", realWorld]] as const) {
  const on = (name: string, run: (given: Given) => Promise<void>): void => {
    test(name, async () => {
      const world = makeWorld();
      const runId = newRun();
      const context = { tool: "refund", arguments: ARGUMENTS };
      const request = (more = {}): ApprovalRequest => ({ runId, approvalType: "tool_call", context, title: "Refund 1042", ...more });
      await run({ world, agent: world.agent(), ana: world.ana(), runId, request });
    });
  };

  describe(kind, { concurrency: 4 }, () => {
    on("ask is answered when a person has approved", async ({ agent, ana, runId, request }) => {
      const asking = agent.approvals.ask(request());
      const [id = ""] = await pending(ana, runId);
      assert.equal((await ana.approvals.approve(id, { comment: "fine" })).changed, true);
      const outcome = await asking;
      assert.deepEqual(
        [outcome.approved, outcome.status, outcome.resolution, outcome.via, outcome.feedback, outcome.id],
        [true, "resolved", "approved", "human", "fine", id],
      );
      assert.equal(outcome.unwrap(), outcome);
      assert.deepEqual(outcome.arguments({ order: "1042" }), { order: "1042" });
    });

    on("edits change the arguments that they name", async ({ agent, ana, request }) => {
      const { id } = await agent.approvals.create(request());
      await ana.approvals.approve(id, { modifications: { arguments: { amount: 10 } } });
      const outcome = await agent.approvals.wait(id);
      const original = { ...ARGUMENTS };
      assert.deepEqual([outcome.approved, outcome.resolution], [true, "modified"]);
      assert.deepEqual(outcome.arguments(original), { order: "1042", amount: 10 });
      assert.equal(original.amount, 49.9);
    });

    on("an answer in the tool's place runs nothing", async ({ agent, ana, request }) => {
      const { id } = await agent.approvals.create(request());
      await ana.approvals.approve(id, { modifications: { response: "done by hand" } });
      const outcome = await agent.approvals.wait(id);
      assert.equal(outcome.response, "done by hand");
      assert.throws(() => outcome.arguments({ amount: 1 }), signoff.ModificationRefusedError);
    });

    on("a rejection has its reason", async ({ agent, ana, request }) => {
      const { id } = await agent.approvals.create(request());
      await ana.approvals.reject(id, "too much", { comment: "ask for less" });
      const outcome = await agent.approvals.wait(id);
      assert.deepEqual([outcome.approved, outcome.feedback, outcome.decidedBy], [false, "too much", "ana"]);
      assert.throws(() => outcome.unwrap(), (error) => error instanceof signoff.RejectedError && /too much/.test(error.message));
      assert.throws(() => outcome.arguments({}), { code: "rejected", name: "RejectedError" });
    });

    on("nobody answers", async ({ agent, request }) => {
      const outcome = await agent.approvals.ask(request({ timeoutSeconds: 1 }));
      assert.deepEqual([outcome.status, outcome.resolution, outcome.via], ["expired", null, "timeout"]);
      assert.throws(() => outcome.unwrap(), signoff.LapsedError);
    });

    on("a cancelled request is withdrawn", async ({ agent, request }) => {
      const { id } = await agent.approvals.create(request());
      assert.equal((await agent.approvals.cancel(id, "not needed")).changed, true);
      assert.equal((await agent.approvals.cancel(id, "not needed")).changed, false);
      const outcome = await agent.approvals.wait(id);
      assert.throws(() => outcome.unwrap(), (error) => error instanceof signoff.WithdrawnError && /not needed/.test(error.message));
    });

    on("the same key finds the same approval", async ({ agent, ana, runId, request }) => {
      const idempotencyKey = `${runId}/refund`;
      const { id } = await agent.approvals.create({ ...request(), idempotencyKey });
      assert.equal((await agent.approvals.create({ ...request(), idempotencyKey })).id, id);
      await ana.approvals.approve(id);
      assert.equal((await agent.approvals.ask({ ...request(), idempotencyKey })).id, id);
      await assert.rejects(
        agent.approvals.create({ ...request({ title: "another" }), idempotencyKey }),
        (error) => error instanceof signoff.IdempotencyMismatchError && error.code === "idempotency_mismatch",
      );
    });

    on("two requests without a key are two approvals", async ({ agent, request }) => {
      const [one, other] = await Promise.all([agent.approvals.create(request()), agent.approvals.create(request())]);
      assert.notEqual(one.id, other.id);
    });

    on("a wait that is over says so and leaves it pending", async ({ agent, request }) => {
      const { id } = await agent.approvals.create(request());
      await assert.rejects(
        agent.approvals.wait(id, { timeoutMs: 200 }),
        (error) => error instanceof signoff.StillPendingError && error.approval.id === id,
      );
      assert.equal((await agent.approvals.get(id)).status, "pending");
    });

    on("a wait that its caller ends leaves it pending", async ({ agent, ana, runId, request }) => {
      const ending = new AbortController();
      const asking = agent.approvals.ask({ ...request(), signal: ending.signal });
      const [id = ""] = await pending(ana, runId);
      ending.abort(new Error("not any more"));
      await assert.rejects(asking, /not any more/);
      assert.equal((await agent.approvals.get(id)).status, "pending");
    });

    on("any process may wait", async ({ world, agent, ana, request }) => {
      const { id } = await agent.approvals.create(request());
      await ana.approvals.approve(id);
      assert.equal((await world.agent().approvals.wait(id)).approved, true);
    });

    on("what can't be decided says why", async ({ agent, ana, request }) => {
      const { id } = await agent.approvals.create(request());
      await assert.rejects(agent.approvals.approve(id), signoff.NotEligibleError);
      await assert.rejects(
        ana.approvals.approve(id, { ifMatch: 9 }),
        (error) => error instanceof signoff.VersionConflictError && error.approval?.version === 1,
      );
      await assert.rejects(
        ana.approvals.approve(id, { modifications: { amount: 1 } }),
        (error) => error instanceof signoff.InvalidError && error.violations[0]?.pointer.startsWith("/modifications") === true,
      );
      assert.equal((await ana.approvals.approve(id, { ifMatch: 1 })).changed, true);
      assert.equal((await ana.approvals.approve(id)).changed, false);
      await assert.rejects(
        ana.approvals.reject(id, "no"),
        (error) => error instanceof signoff.AlreadyDecidedError && error.approval?.resolution === "approved",
      );
    });

    on("a vote stands, and more may be needed", async ({ agent, ana, request }) => {
      const policy = { min_approvers: 2, allowed_approvers: ["ana", "bo"] };
      const { id } = await agent.approvals.create(request({ policy }));
      const { changed, approval } = await ana.approvals.approve(id);
      assert.deepEqual([changed, approval.status, approval.version], [true, "pending", 2]);
      await assert.rejects(ana.approvals.reject(id, "no"), signoff.AlreadyVotedError);
      await assert.rejects(agent.approvals.wait(id, { timeoutMs: 100 }), signoff.StillPendingError);
    });

    on("other refusals", async ({ agent, runId, request }) => {
      await assert.rejects(agent.approvals.get("0193d1a4-7c1e-7b60-9f43-0f2f5a3c9a10"), signoff.NotFoundError);
      await assert.rejects(
        agent.approvals.ask({ runId, approvalType: "", context: {} }),
        (error) => error instanceof signoff.InvalidError && error.violations.map((it) => it.pointer).join() === "/approval_type",
      );
      const { id } = await agent.approvals.create(request());
      await agent.approvals.cancel(id, "over");
      await assert.rejects(agent.approvals.approve(id), signoff.CancelledAlreadyError);
    });

    on("lists come page by page", async ({ agent, ana, runId, request }) => {
      const made: string[] = [];
      for (let n = 0; n < 5; n++) made.push((await agent.approvals.create(request({ title: `number ${n}` }))).id);
      const ids = async (items: AsyncIterable<{ id: string }>): Promise<string[]> => (await all(items)).map((it) => it.id).sort();
      assert.deepEqual(await ids(ana.approvals.pending({ runId, limit: 2 })), made.sort());
      assert.deepEqual(await ids(ana.approvals.pending({ runId, approvalType: ["deploy", "tool_call"] })), made);
      assert.deepEqual(await ids(ana.approvals.pending({ runId, approvalType: "deploy" })), []);
      const results = await ana.approvals.bulk(made, "reject", { reason: "all of it" });
      assert.deepEqual(results.map((it) => [it.status, it.changed]), made.map(() => [200, true]));
      assert.deepEqual(await ids(ana.approvals.history({ runId, limit: 2 })), made);
      assert.deepEqual(await ids(ana.approvals.history({ runId, resolution: "approved" })), []);
      assert.deepEqual((await ana.approvals.bulk(made, "approve")).map((it) => it.status), made.map(() => 409));
    });

    on("events of a task", async ({ agent, runId }) => {
      const first = await agent.tasks.publish(runId, "output", { line: "1 passed" });
      await agent.tasks.publish(runId, [0, 1, 2].map((data) => ({ event_type: "output", data })));
      const data = async (after?: string): Promise<unknown[]> => (await all(agent.tasks.events(runId, { after }))).map((it) => it.data);
      assert.deepEqual(await data(), [{ line: "1 passed" }, 0, 1, 2]);
      assert.deepEqual(await data(first.cursor), [0, 1, 2]);
      await assert.rejects(agent.tasks.publish(runId, undefined as never), TypeError);
    });

    on("many ask at once", async ({ agent, ana, runId, request }) => {
      const asking = Promise.all(Array.from({ length: 20 }, (_, n) => agent.approvals.ask(request({ title: `${n}` }))));
      await ana.approvals.bulk(await pending(ana, runId, 20), "approve");
      const outcomes = await asking;
      assert.ok(outcomes.every((it) => it.approved));
      assert.equal(new Set(outcomes.map((it) => it.id)).size, 20);
    });
  });
}
