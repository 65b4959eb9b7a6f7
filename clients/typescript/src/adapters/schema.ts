/**
 * Whether edited arguments are such as a tool takes.
 *
 * An adapter calls this before edits are run. It must not let through what the tool would refuse, and no name that the tool
 * would overlook: people would believe that their edit was carried out.
 */

import type { JsonObject } from "../types.js";

/** A schema of zod's or another library's: the part that they have in common. */
interface StandardSchema {
  readonly "~standard": { readonly validate: (value: unknown) => Validated | Promise<Validated> };
}

interface Validated {
  readonly value?: unknown;
  readonly issues?: readonly Issue[] | undefined;
}

interface Issue {
  readonly message: string;
  readonly path?: readonly unknown[] | undefined;
}

export function isStandardSchema(schema: unknown): schema is StandardSchema {
  // Some libraries' schemas are functions.
  return ((typeof schema === "object" && schema !== null) || typeof schema === "function") && "~standard" in schema;
}

/** Throws, saying why, where the schema refuses the arguments. Answers what it makes of them. */
export async function validated(schema: StandardSchema, args: JsonObject): Promise<unknown> {
  const { value, issues } = await schema["~standard"].validate(args);
  if (issues !== undefined) throw new TypeError(said(issues));
  return value;
}

/** What a schema complains about, in one line. */
export function said(issues: readonly Issue[]): string {
  return issues.map(({ message, path }) => [where(path), message].filter(Boolean).join(": ")).join("; ");
}

function where(path: readonly unknown[] = []): string {
  return path.map((it) => String(typeof it === "object" && it !== null && "key" in it ? it.key : it)).join(".");
}

/** Throws where the edits name what neither the call had nor the tool takes. */
export function onlyTaken(tool: string, original: JsonObject, args: JsonObject, taken: unknown): void {
  if (typeof taken !== "object" || taken === null) return;
  const unknown = Object.keys(args).filter((name) => !Object.hasOwn(original, name) && !Object.hasOwn(taken, name));
  if (unknown.length > 0) throw new TypeError(`${tool} has no argument ${unknown.sort().join(", ")}`);
}
