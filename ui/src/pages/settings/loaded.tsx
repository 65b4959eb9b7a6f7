// What is being read: a skeleton in its place, what was read, and what went wrong with a way to try again.

import type { ComponentChildren } from "preact";
import type { Trouble } from "../../data/http.ts";
import type { Listing } from "../../data/loading.ts";
import { Icon } from "../../parts/small.tsx";
import { app } from "../../words.ts";
import { settings as words } from "../../words-settings.ts";

export function Skeleton({ rows = 5 }: { rows?: number }) {
  return (
    <div class="set-sk" aria-busy="true">
      <p class="vh" role="status">
        {words.loading}
      </p>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} class="set-skr" aria-hidden="true">
          <span class={`sk sk-t sk-a${index % 4}`} />
          <span class={`sk sk-t sk-b${index % 4}`} />
        </div>
      ))}
    </div>
  );
}

export function TroubleNote({ trouble, stale, again }: { trouble: Trouble; stale: boolean; again: () => void }) {
  return (
    <div class="note st-late set-note" role="alert">
      <Icon name="warn" />
      <div class="grow">
        <p>
          <b>{stale ? words.stale : words.failed}</b> {trouble.status === null ? words.noAnswer : trouble.detail}
        </p>
        {trouble.requestId && <p class="hint">{words.request(trouble.requestId)}</p>}
      </div>
      <button type="button" class="b b-sm" onClick={again}>
        {app.again}
      </button>
    </div>
  );
}

interface ListedProps<T> {
  of: Listing<T>;
  children: (items: readonly T[]) => ComponentChildren;
  empty: string;
  rows?: number;
}

export function Listed<T>({ of, children, empty, rows }: ListedProps<T>) {
  const items = of.items.value;
  const trouble = of.trouble.value;
  return (
    <>
      {trouble && <TroubleNote trouble={trouble} stale={items !== null} again={() => void of.read()} />}
      {items === null ? !trouble && <Skeleton rows={rows ?? 5} /> : items.length === 0 && empty ? <p class="card-b soft">{empty}</p> : children(items)}
      {of.more.value && (
        <p class="card-b">
          <button type="button" class="b b-sm" aria-disabled={of.busy.value} onClick={() => void of.readMore()}>
            {of.busy.value ? words.loading : words.more}
          </button>
        </p>
      )}
    </>
  );
}

interface CardProps {
  title: string;
  hint?: string;
  actions?: ComponentChildren;
  children: ComponentChildren;
}

export function Card({ title, hint, actions, children }: CardProps) {
  return (
    <section class="card" aria-label={title}>
      <div class="card-h">
        <h2>{title}</h2>
        {hint && <span class="muted not-phone">{hint}</span>}
        <span class="grow" />
        {actions}
      </div>
      {children}
    </section>
  );
}

/** A table that may be wider than its place: it scrolls by itself, also by keys. */
export function Scrolls({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="wrap-x" tabIndex={0} role="region" aria-label={words.scrolls(name)}>
      {children}
    </div>
  );
}
