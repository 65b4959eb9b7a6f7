// Search and filters. They live in the address, so a link shows the same list.

import { useEffect, useRef, useState } from "preact/hooks";
import { ask, query as search } from "../../data/http.ts";
import { filter, filters } from "../../data/inbox.ts";
import type { Facets } from "../../data/types.ts";
import { plain } from "../../logic/hidden.ts";
import { useKeys } from "../../parts/keys.ts";
import { Icon, Kbd, Plain } from "../../parts/small.tsx";
import { inbox as words } from "../../words.ts";

const KINDS = [
  ["workflow", "workflow", words.workflow],
  ["type", "approval_type", words.type],
  ["by", "requested_by", words.by],
] as const;

export function Tools() {
  const field = useRef<HTMLInputElement>(null);
  const [open, setOpen] = useState(false);
  useKeys({
    "/": (event) => {
      event.preventDefault();
      field.current?.focus();
      field.current?.select();
    },
    f: () => setOpen(!open),
  });
  const { q } = filters.value;
  return (
    <div class="list-tools" role="search">
      <div class="find">
        <Icon name="search" />
        <input
          ref={field}
          class="in"
          type="search"
          placeholder={words.search}
          aria-label={words.searchLabel}
          aria-keyshortcuts="/"
          value={q}
          onInput={(event) => filter({ q: event.currentTarget.value })}
          onKeyDown={(event) => {
            if (event.key === "Escape") event.currentTarget.blur();
          }}
        />
        {!q && (
          <span class="not-phone">
            <Kbd>/</Kbd>
          </span>
        )}
      </div>
      <button type="button" class="b b-icon" aria-label={words.filters} title={`${words.filter} (f)`} aria-keyshortcuts="f" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name="filter" />
      </button>
      <Chosen />
      {open && <Choices />}
    </div>
  );
}

/** What is filtered by, each to be taken away again. */
function Chosen() {
  const now = filters.value;
  const chosen = KINDS.flatMap(([name, , word]) => now[name].map((value) => ({ name, word, value })));
  if (chosen.length === 0) return null;
  return (
    <div class="filters">
      {chosen.map(({ name, word, value }) => (
        <button
          key={`${name} ${value}`}
          type="button"
          class="chip chip-b"
          aria-label={words.filteredBy(word, plain(value))}
          onClick={() => filter({ [name]: now[name].filter((it) => it !== value) })}
        >
          <Plain text={value} /> <Icon name="x" class="i-sm" />
        </button>
      ))}
    </div>
  );
}

function Choices() {
  const [facets, setFacets] = useState<Facets | null>(null);
  const now = filters.value;
  useEffect(() => {
    const stop = new AbortController();
    void ask<Facets>(`/api/v1/approvals/facets${search({ q: now.q })}`, { signal: stop.signal }).then((reply) => {
      if (reply?.body) setFacets(reply.body);
    });
    return () => stop.abort();
  }, [now.q]);
  if (!facets) return null;
  return (
    <div class="facets">
      {KINDS.map(([name, facet, word]) => (
        <fieldset key={name} hidden={facets[facet].length === 0}>
          <legend>{word}</legend>
          {facets[facet].map(({ value, count }) => (
            <label key={value} class="check">
              <input
                type="checkbox"
                checked={now[name].includes(value)}
                onChange={(event) => {
                  const others = now[name].filter((it) => it !== value);
                  filter({ [name]: event.currentTarget.checked ? [...others, value] : others });
                }}
              />
              <span class="grow clip">
                <Plain text={value} />
              </span>
              <span class="muted">{count}</span>
            </label>
          ))}
        </fieldset>
      ))}
    </div>
  );
}
