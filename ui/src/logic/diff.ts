// What would change: found by the pointers that the caller gave, or by custom; then compared value by value.

import { type Dict, type Json, type Path, at, count, dotted, isDict, isScalar, path, same } from "./json.ts";

/** The caller's hints, as they are on the approval. */
export interface View {
  proposed?: string | null;
  current?: string | null;
  primary?: readonly string[] | null;
  fold?: readonly string[] | null;
}

export type Proposal =
  | { kind: "values"; proposed: Json; current: Json | undefined; where: Path }
  | { kind: "text"; form: "diff" | "command"; text: string; where: Path };

export type Mark = "~" | "+" | "−" | "=";

export interface Line {
  mark: Mark;
  name: string;
  now: Json | undefined;
  will: Json | undefined;
}

const PAIRS: readonly [string, string][] = [
  ["proposed", "current"],
  ["after", "before"],
];
const TEXTS: readonly [string, "diff" | "command"][] = [
  ["diff", "diff"],
  ["patch", "diff"],
  ["command", "command"],
];

/** Which part of the context is the proposal; undefined where nothing says so. */
export function proposal(context: Dict, view: View | null | undefined, type: string): Proposal | undefined {
  if (view?.proposed != null) {
    const where = path(view.proposed);
    const proposed = at(context, where);
    if (proposed !== undefined) return told(proposed, view.current == null ? undefined : at(context, path(view.current)), where);
  }
  for (const [after, before] of PAIRS) {
    const proposed = context.get(after);
    if (proposed !== undefined) return told(proposed, context.get(before), [after]);
  }
  if (type === "tool_call") {
    const proposed = context.get("arguments");
    if (proposed !== undefined) return { kind: "values", proposed, current: undefined, where: ["arguments"] };
  }
  for (const [name, form] of TEXTS) {
    const text = context.get(name);
    if (typeof text === "string") return { kind: "text", form, text, where: [name] };
    if (form === "command" && Array.isArray(text) && text.every((word) => typeof word === "string")) {
      return { kind: "text", form, text: text.map(quoted).join(" "), where: [name] };
    }
  }
  return undefined;
}

function told(proposed: Json, current: Json | undefined, where: Path): Proposal {
  if (typeof proposed === "string" && current === undefined) {
    return { kind: "text", form: isPatch(proposed) ? "diff" : "command", text: proposed, where };
  }
  return { kind: "values", proposed, current, where };
}

const isPatch = (text: string) => /^(diff |--- |@@ )/m.test(text);
/** As a shell would want it, so that where one word ends can be seen. */
const quoted = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** The proposal as the first approver edited it: that is what the next one signs. */
export function withEdits(found: Proposal | undefined, type: string, edits: Json | null): Proposal | undefined {
  if (!isDict(edits ?? undefined) || !found) return found;
  const given = edits as Dict;
  if (type === "tool_call") {
    const changed = given.get("arguments");
    if (found.kind !== "values" || !isDict(found.proposed) || !isDict(changed)) return { kind: "values", proposed: given, current: undefined, where: found.where };
    return { ...found, proposed: new Map([...found.proposed, ...changed]), current: found.current ?? found.proposed };
  }
  if (found.kind === "text") {
    const text = given.get(found.where[found.where.length - 1] ?? "");
    return typeof text === "string" ? { ...found, text } : { kind: "values", proposed: given, current: undefined, where: found.where };
  }
  return { ...found, proposed: given, current: found.current ?? found.proposed };
}

/** Both sides as lines, changed ones and others, in the proposal's order; what goes away stands at its place. */
export function compare(current: Json | undefined, proposed: Json): Line[] {
  const lines: Line[] = [];
  walk(current, proposed, [], lines, current, proposed);
  return lines;
}

function walk(now: Json | undefined, will: Json | undefined, where: Path, lines: Line[], before: Json | undefined, after: Json) {
  const inside = parts(now, will);
  if (inside) {
    for (const key of inside) {
      const [old, next] = [now === undefined ? undefined : at(now, [key]), will === undefined ? undefined : at(will, [key])];
      walk(old, next, [...where, key], lines, before, after);
    }
    return;
  }
  const name = dotted(where, will === undefined ? before : after);
  if (will === undefined) lines.push({ mark: "−", name, now, will });
  else if (now === undefined) lines.push({ mark: before === undefined ? "=" : "+", name, now, will });
  else lines.push({ mark: same(now, will) ? "=" : "~", name, now, will });
}

/** The names to look into, where both sides have such; undefined where the value is compared as one. */
function parts(now: Json | undefined, will: Json | undefined): string[] | undefined {
  const sides = [will, now].filter((side) => side !== undefined);
  if (sides.length > 0 && sides.every((side) => isDict(side) && side.size > 0)) {
    return merged(sides.map((side) => [...(side as Dict).keys()]));
  }
  const lists = sides.every((side) => Array.isArray(side) && side.length > 0);
  // A list of plain values is one value: what moved in it would look like many changes.
  if (!lists || sides.every((side) => (side as Json[]).every(isScalar))) return undefined;
  const longest = Math.max(...sides.map((side) => (side as Json[]).length));
  return Array.from({ length: longest }, (_, index) => String(index));
}

/** The first's order, and what only the second has after its neighbour there. */
function merged([first = [], second = []]: string[][]): string[] {
  const order = [...first];
  second.forEach((key, index) => {
    if (order.includes(key)) return;
    const before = second.slice(0, index).findLast((it) => order.includes(it));
    order.splice(before === undefined ? 0 : order.indexOf(before) + 1, 0, key);
  });
  return order;
}

export const changed = (lines: readonly Line[]): Line[] => lines.filter((line) => line.mark !== "=");

/** What of the context isn't shown as a change. */
export function rest(context: Dict, found: Proposal | undefined, view: View | null | undefined): Dict {
  if (!found) return context;
  const shown = [found.where, view?.current == null ? undefined : path(view.current)];
  const pair = view?.proposed == null ? PAIRS.find(([after]) => after === found.where[0]) : undefined;
  if (pair) shown.push([pair[1]]);
  const left: Dict = new Map(context);
  // Only whole parts at the top are left out: what is further down stays in its place.
  for (const where of shown) if (where?.length === 1) left.delete(where[0] as string);
  return left;
}

export const values = (lines: readonly Line[]): number =>
  lines.reduce((sum, line) => sum + (line.will === undefined ? 1 : Math.max(1, count(line.will))), 0);
