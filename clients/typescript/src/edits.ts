/** An approver's edits: what was changed is theirs, and all else stays as the tool was called with it. */

import { canonical, sendable } from "./toolcall.js";
import type { JsonObject } from "./types.js";

/**
 * The edit of an object, name by name: a name that it doesn't have is left out. `before` is what was shown of the original,
 * under the names that were shown.
 */
export function editedEntries(original: JsonObject, before: JsonObject, edit: JsonObject): [name: string, value: unknown][] {
  const names = new Map(Object.keys(original).map((name) => [sendable(name), name]));
  return Object.entries(edit).map(([text, value]) => {
    const name = names.get(text);
    if (name === undefined || !Object.hasOwn(before, text)) return [name ?? text, value];
    return [name, merged(original[name], before[text], value)];
  });
}

/** Where the edit is what was shown, the original: text stands for bytes, large numbers and what was redacted. */
function merged(original: unknown, before: unknown, edit: unknown): unknown {
  if (canonical(edit) === canonical(before)) return original;
  if (isPlain(original) && isPlain(before) && isPlain(edit)) return Object.fromEntries(editedEntries(original, before, edit));
  if (Array.isArray(original) && Array.isArray(before) && Array.isArray(edit) && edit.length === before.length) {
    return edit.map((one, n) => merged(original[n], before[n], one));
  }
  return edit;
}

/** Of what `copy` has made. */
function isPlain(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
