// The lines to sign on: each leaf of the policy as the nearest way has it, signed ones first, then who may. Pure.

import { path } from "./json.ts";

export interface Leaf {
  pointer: string;
  count: number;
  label?: string | null;
  by: readonly { principal: string; for?: string | null }[];
}

export interface Group {
  key: string;
  label: string | null;
  by: readonly { principal: string; for?: string | null }[];
  open: number;
  /** Who may sign what is open: people, then roles and groups; empty where anyone may. */
  who: string[];
}

/** The policy's own node at a pointer such as `/policy/all_of/0`. */
function node(approval: unknown, pointer: string): Record<string, unknown> {
  let here: unknown = approval;
  for (const key of path(pointer)) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, key)) return {};
    here = (here as Record<string, unknown>)[key];
  }
  return typeof here === "object" && here !== null ? (here as Record<string, unknown>) : {};
}

const names = (value: unknown): string[] => (Array.isArray(value) ? value.filter((it) => typeof it === "string") : []);

export function groups(approval: unknown, needs: readonly Leaf[]): Group[] {
  return needs.map((leaf) => {
    const it = node(approval, leaf.pointer);
    const taken = new Set(leaf.by.map((by) => by.for ?? by.principal));
    const people = [...names(it.people), ...names(it.allowed_approvers)].filter((name) => !taken.has(name));
    const rest = [...names(it.roles), ...names(it.allowed_roles), ...names(it.groups), ...names(it.allowed_groups)];
    return { key: leaf.pointer, label: leaf.label ?? null, by: leaf.by, open: Math.max(0, leaf.count - leaf.by.length), who: [...people, ...rest] };
  });
}
