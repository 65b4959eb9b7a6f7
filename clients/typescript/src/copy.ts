/** A copy of what a tool is called with, so that nothing changes between what is shown and what runs. */

/**
 * A deep copy of plain data. What isn't plain data is refused: a function or an object of some class could do another thing
 * by the time that a person has decided.
 */
export function copy<T>(value: T): T {
  return copied(value, new Map()) as T;
}

function copied(value: unknown, seen: Map<object, unknown>): unknown {
  if (typeof value === "function" || typeof value === "symbol") {
    throw new TypeError(`a ${typeof value} can't be copied: give plain data`);
  }
  if (typeof value !== "object" || value === null) return value;
  if (seen.has(value)) return seen.get(value);
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    seen.set(value, list);
    for (const one of value) list.push(copied(one, seen));
    return list;
  }
  if (value instanceof Map) {
    const map = new Map<unknown, unknown>();
    seen.set(value, map);
    for (const [key, one] of value) map.set(copied(key, seen), copied(one, seen));
    return map;
  }
  if (value instanceof Set) {
    const set = new Set<unknown>();
    seen.set(value, set);
    for (const one of value) set.add(copied(one, seen));
    return set;
  }
  if (value instanceof Date) return new Date(value);
  if (isShared(ArrayBuffer.isView(value) ? value.buffer : value)) {
    throw new TypeError("a SharedArrayBuffer can't be copied: give bytes that nobody else writes");
  }
  // By its own class: a Buffer stays one.
  if (value instanceof Uint8Array) return (value.constructor as Uint8ArrayConstructor).from(value);
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return structuredClone(value);
  if (value instanceof URL) return new URL(value.href);
  const prototype: unknown = Object.getPrototypeOf(value);
  // A plain object of another realm has a prototype that has none.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new TypeError(`an object of ${value.constructor?.name || "a class"} can't be copied: give plain data`);
  }
  const object: Record<string, unknown> = {};
  seen.set(value, object);
  for (const [name, one] of Object.entries(value)) {
    // Also a name such as __proto__ becomes a property like any other.
    Object.defineProperty(object, name, { value: copied(one, seen), writable: true, enumerable: true, configurable: true });
  }
  return object;
}

/** By its name: browsers have the class only on pages that are isolated. */
function isShared(value: object): boolean {
  return Object.prototype.toString.call(value) === "[object SharedArrayBuffer]";
}
