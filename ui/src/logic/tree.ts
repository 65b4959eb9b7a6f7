// The context as rows: what is open, what is folded, what is found. Pure; the part that shows it only draws rows.

import { type Json, Num, type Path, at, count, isScalar, path as parsed, pointer } from "./json.ts";

export interface Row {
  /** Its JSON Pointer: the row's own name. */
  id: string;
  path: Path;
  key: string;
  depth: number;
  value: Json;
  kind: "scalar" | "line" | "branch" | "text";
  open: boolean;
  /** Of how many brothers it is which, from 1. */
  position: number;
  brothers: number;
}

/** Text from here on is folded; from BLOB on it is read in slices. */
export const FOLDED_TEXT = 400;
export const BLOB = 16 * 1024;
const DEEP = 4;
const LONG = 20;

/** Up to three plain values fit on one line. */
const fits = (value: Json): boolean =>
  value instanceof Map &&
  value.size > 0 &&
  value.size <= 3 &&
  [...value.values()].every((it) => isScalar(it) && (typeof it !== "string" || it.length <= 40));

function kind(value: Json): Row["kind"] {
  if (typeof value === "string" && (value.length > FOLDED_TEXT || value.split("\n", 4).length > 3)) return "text";
  if (isScalar(value) || (value instanceof Map && value.size === 0)) return "scalar";
  if (Array.isArray(value) && value.length === 0) return "scalar";
  return fits(value) ? "line" : "branch";
}

/** What is open before anybody has touched it. */
export function isOpenAtFirst(value: Json, depth: number, id: string, folded: ReadonlySet<string>): boolean {
  if (folded.has(id) || depth >= DEEP) return false;
  if (typeof value === "string") return false;
  return !Array.isArray(value) || value.length <= LONG;
}

/** The rows that can be seen. `toggled` has those whose state is the other one than at first. */
export function rows(root: Json, toggled: ReadonlySet<string>, fold: readonly string[] = []): Row[] {
  const folded = new Set(fold);
  const found: Row[] = [];
  const visit = (value: Json, where: Path, depth: number) => {
    if (isScalar(value)) return;
    const keys = Array.isArray(value) ? value.map((_, index) => String(index)) : [...value.keys()];
    keys.forEach((key, index) => {
      const child = at(value, [key]);
      if (child === undefined) return;
      const path = [...where, key];
      const id = pointer(path);
      const shape = kind(child);
      const foldable = shape === "branch" || shape === "text";
      const open = foldable && isOpenAtFirst(child, depth, id, folded) !== toggled.has(id);
      found.push({ id, path, key, depth, value: child, kind: shape, open, position: index + 1, brothers: keys.length });
      if (open && shape === "branch") visit(child, path, depth + 1);
    });
  };
  visit(root, [], 0);
  return found;
}

/** Where the words are, in keys and values: pointers, in order. */
export function search(root: Json, words: string, most = 1000): string[] {
  const wanted = words.toLowerCase();
  const found: string[] = [];
  if (!wanted) return found;
  const visit = (value: Json, where: Path) => {
    if (found.length >= most) return;
    if (isScalar(value)) {
      const text = typeof value === "string" ? value : value instanceof Num ? value.raw : String(value);
      if (text.toLowerCase().includes(wanted)) found.push(pointer(where));
      return;
    }
    const entries = Array.isArray(value) ? value.map((it, index) => [String(index), it] as const) : [...value];
    for (const [key, it] of entries) {
      if (found.length >= most) return;
      const path = [...where, key];
      const before = found.length;
      visit(it, path);
      const named = !Array.isArray(value) && key.toLowerCase().includes(wanted);
      if (named && found.length === before) found.push(pointer(path));
    }
  };
  visit(root, []);
  return found;
}

/** `toggled` so that each of the places can be seen. */
export function opened(root: Json, toggled: ReadonlySet<string>, places: readonly string[], fold: readonly string[] = []): Set<string> {
  const folded = new Set(fold);
  const next = new Set(toggled);
  for (const place of places) {
    const where = parsed(place);
    for (let depth = 0; depth < where.length; depth += 1) {
      const id = pointer(where.slice(0, depth + 1));
      const value = at(root, where.slice(0, depth + 1));
      if (value === undefined) break;
      const shape = kind(value);
      if (shape !== "branch" && shape !== "text") continue;
      const isOpen = isOpenAtFirst(value, depth, id, folded) !== next.has(id);
      if (isOpen) continue;
      if (next.has(id)) next.delete(id);
      else next.add(id);
    }
  }
  return next;
}

/** What a folded one is, in a few words. */
export function gist(value: Json): string {
  if (typeof value === "string") {
    const lines = value.split("\n").length;
    const size = value.length < 1000 ? `${value.length} characters` : `${Math.round(value.length / 1000)} KB`;
    return lines > 1 ? `text, ${size}, ${lines.toLocaleString("en")} lines` : `text, ${size}`;
  }
  if (Array.isArray(value)) return value.length === 1 ? "1 item" : `${value.length.toLocaleString("en")} items`;
  const amount = value instanceof Map ? value.size : count(value);
  return amount === 1 ? "1 value" : `${amount.toLocaleString("en")} values`;
}
