/**
 * Where the tests find a server. Each test of the contract runs on the fake and, with these in the environment, on the real
 * one; without them it fails, because a test that can't run has shown nothing.
 *
 *     SIGNOFF_URLS        one or more instances, with commas between them
 *     SIGNOFF_API_KEY     an agent's key
 *     SIGNOFF_SECOND_KEY  ana's, who may decide
 */

import { randomUUID } from "node:crypto";
import { Signoff, type SignoffOptions } from "signoff";
import { FakeSignoff } from "signoff/testing";

/** A server, and who may call it. */
export interface World {
  readonly url: string;
  readonly agentKey: string;
  agent(options?: SignoffOptions): Signoff;
  /** On another instance, where there are several. */
  ana(): Signoff;
}

export function fakeWorld(): World {
  const fake = new FakeSignoff();
  return { url: fake.url, agentKey: "agent", agent: (options) => fake.client("agent", options), ana: () => fake.client("ana") };
}

export function realWorld(): World {
  const [url, ...others] = (process.env["SIGNOFF_URLS"] ?? "").split(",");
  const [agentKey, anaKey] = [process.env["SIGNOFF_API_KEY"], process.env["SIGNOFF_SECOND_KEY"]];
  if (!url || !agentKey || !anaKey) throw new Error("no server: set SIGNOFF_URLS, SIGNOFF_API_KEY and SIGNOFF_SECOND_KEY");
  return {
    url,
    agentKey,
    agent: (options) => new Signoff({ url, apiKey: agentKey, ...options }),
    ana: () => new Signoff({ url: others.at(-1) ?? url, apiKey: anaKey }),
  };
}

export function newRun(): string {
  return `run-${randomUUID()}`;
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** What is pending, as soon as there are so many. */
export async function pending(ana: Signoff, runId: string, count = 1): Promise<string[]> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const found = await all(ana.approvals.pending({ runId }));
    if (found.length >= count) return found.map((it) => it.id);
    if (performance.now() > deadline) throw new Error(`fewer than ${count} are pending`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
