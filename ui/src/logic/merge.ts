// One record for each approval, by id and version: higher wins, lower is dropped, the end is the end.

export interface Versioned {
  id: string;
  version: number;
  status: string;
  can_decide?: boolean;
}

/** Whether `next` tells more than `known`. */
export function isNewer<T extends Versioned>(known: T | undefined, next: T): boolean {
  if (!known) return true;
  if (next.version !== known.version) return next.version > known.version;
  // The same version read again: what I may do can change without one.
  return known.status === "pending" || next.status !== "pending";
}

/** Puts in what is newer; says which ids have changed. */
export function apply<T extends Versioned>(known: Map<string, T>, items: Iterable<T>): Set<string> {
  const changed = new Set<string>();
  for (const item of items) {
    if (!isNewer(known.get(item.id), item)) continue;
    known.set(item.id, item);
    changed.add(item.id);
  }
  return changed;
}

/**
 * A whole list was read that began when the ids in `since` had not changed: what was pending, isn't on it, and was not
 * told of meanwhile, has ended elsewhere. Says which must be asked about one by one.
 */
export function missing<T extends Versioned>(known: Map<string, T>, listed: ReadonlySet<string>, since: ReadonlySet<string>): string[] {
  const gone: string[] = [];
  for (const [id, item] of known) {
    if (item.status === "pending" && !listed.has(id) && !since.has(id)) gone.push(id);
  }
  return gone;
}
