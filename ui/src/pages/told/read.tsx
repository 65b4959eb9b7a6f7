// A list as it is read: a skeleton in its place, what was read, what went wrong, and the way to the rest of it.

import type { ComponentChildren } from "preact";
import type { Listing } from "../../data/loading.ts";
import { app } from "../../words.ts";
import { more } from "../../words-told.ts";
import { Failed, Loading } from "../operations/pieces.tsx";

interface ReadProps<T> {
  of: Listing<T>;
  none: ComponentChildren;
  lines?: number;
  children: (items: readonly T[]) => ComponentChildren;
}

export function Read<T>({ of, none, lines = 3, children }: ReadProps<T>) {
  const items = of.items.value;
  const trouble = of.trouble.value;
  // A page may be empty and have a next one: it is read on by itself.
  const searching = items === null || (items.length === 0 && of.more.value);
  return (
    <>
      {trouble && <Failed it={trouble} again={() => void of.read()} />}
      {searching ? !trouble && <Loading lines={lines} /> : items.length === 0 ? none : children(items)}
      {of.more.value && (
        <p class="card-m">
          <button type="button" class="b b-sm" aria-disabled={of.busy.value} onClick={() => void of.readMore()}>
            {of.busy.value ? app.loading : more}
          </button>
        </p>
      )}
    </>
  );
}
