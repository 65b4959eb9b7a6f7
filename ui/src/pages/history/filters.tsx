// The history's filters: each a field of the address, each to be taken away again.

import { useEffect, useRef, useState } from "preact/hooks";
import { now, serverNow } from "../../data/clock.ts";
import { past } from "../../data/past.ts";
import type { Summary } from "../../data/types.ts";
import { when } from "../../logic/durations.ts";
import { plain } from "../../logic/hidden.ts";
import { KINDS, type Kind, NOTHING, OUTCOMES, type Wanted, fromField, isWanted, outcomeOf, toField } from "../../logic/past.ts";
import { useKeys } from "../../parts/keys.ts";
import { Icon, Plain } from "../../parts/small.tsx";
import { setQuery } from "../../router.ts";
import { past as words } from "../../words-past.ts";

const set = (some: Partial<Wanted>): void => setQuery(some as Record<string, string>);
export const noFilter = (): void => set(NOTHING);
const DAY = 86_400_000;
const SPANS: Record<string, number> = { day: DAY, week: 7 * DAY, month: 30 * DAY };

export function Filters({ now: filters }: { now: Wanted }) {
  const [open, setOpen] = useState(false);
  useKeys({ f: () => setOpen(!open) });
  const other = outcomeOf(filters) === "other";
  return (
    <div class="past-f" role="search" aria-label={words.filters}>
      <div class="filters">
        <Search q={filters.q} />
        <Span filters={filters} onOther={() => setOpen(true)} />
        <select class="sel" aria-label={words.outcome} value={outcomeOf(filters)} onChange={(event) => set(OUTCOMES[event.currentTarget.value as Kind] ?? { status: "", resolution: "" })}>
          <option value="">{words.anyOutcome}</option>
          {KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {words.kinds[kind]}
            </option>
          ))}
          {other && <option value="other">{words.otherOutcome}</option>}
        </select>
        <button type="button" class="b" aria-expanded={open} aria-keyshortcuts="f" onClick={() => setOpen(!open)}>
          <Icon name="filter" /> {words.more}
        </button>
      </div>
      {open && <More filters={filters} />}
      <Chosen filters={filters} />
    </div>
  );
}

/** Words are looked for once typing pauses. */
function Search({ q }: { q: string }) {
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    if (field.current && document.activeElement !== field.current) field.current.value = q;
  }, [q]);
  useEffect(() => () => clearTimeout(timer.current), []);
  useKeys({
    "/": (event) => {
      event.preventDefault();
      field.current?.focus();
      field.current?.select();
    },
  });
  return (
    <div class="find find-w">
      <Icon name="search" />
      <input
        ref={field}
        class="in"
        type="search"
        placeholder={words.search}
        aria-label={words.searchLabel}
        aria-keyshortcuts="/"
        defaultValue={q}
        onInput={(event) => {
          const text = event.currentTarget.value;
          clearTimeout(timer.current);
          timer.current = setTimeout(() => set({ q: text }), 300);
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
    </div>
  );
}

function Span({ filters, onOther }: { filters: Wanted; onOther: () => void }) {
  const age = serverNow() - Date.parse(filters.from);
  const near = (span: number) => !filters.to && Math.abs(age - span) < span / 20;
  const current = !filters.from && !filters.to ? "any" : (Object.keys(SPANS).find((name) => near(SPANS[name] ?? 0)) ?? "other");
  return (
    <select
      class="sel"
      aria-label={words.when}
      value={current}
      onChange={(event) => {
        const name = event.currentTarget.value;
        const span = SPANS[name];
        if (name === "other") return onOther();
        set({ from: span ? new Date(Math.floor((serverNow() - span) / 60_000) * 60_000).toISOString() : "", to: "" });
      }}
    >
      {Object.entries(words.spans).map(([name, word]) => (
        <option key={name} value={name}>
          {word}
        </option>
      ))}
    </select>
  );
}

const values = (name: "workflow" | "requested_by" | "resolved_by", items: readonly Summary[]): string[] =>
  [...new Set(items.map((it) => it[name]).filter((it): it is string => Boolean(it)))].sort().slice(0, 50);

function More({ filters }: { filters: Wanted }) {
  const { items } = past.value;
  const text = (name: "workflow" | "by" | "decided_by", label: string, known: string[], hint?: string) => (
    <div class="field">
      <label for={`f-${name}`}>{label}</label>
      <input id={`f-${name}`} class="in" list={`l-${name}`} value={filters[name]} maxLength={200} spellcheck={false} autocapitalize="off" aria-describedby={hint ? `h-${name}` : undefined} onChange={(event) => set({ [name]: event.currentTarget.value.trim() })} />
      <datalist id={`l-${name}`}>
        {known.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      {hint && (
        <p class="hint" id={`h-${name}`}>
          {hint}
        </p>
      )}
    </div>
  );
  const time = (name: "from" | "to", label: string) => (
    <div class="field">
      <label for={`f-${name}`}>{label}</label>
      <input id={`f-${name}`} class="in" type="datetime-local" value={toField(filters[name])} onChange={(event) => set({ [name]: fromField(event.currentTarget.value) })} />
    </div>
  );
  return (
    <div class="past-m card">
      {text("workflow", words.workflow, values("workflow", items))}
      {text("by", words.by, values("requested_by", items))}
      {text("decided_by", words.decidedBy, values("resolved_by", items), words.decidedHint)}
      {time("from", words.from)}
      {time("to", words.to)}
    </div>
  );
}

function Chosen({ filters }: { filters: Wanted }) {
  const time = (text: string) => (Number.isNaN(Date.parse(text)) ? text : when(Date.parse(text), now.peek()));
  const shown: [keyof Wanted, string, string][] = [
    ["workflow", words.workflow, filters.workflow],
    ["by", words.by, filters.by],
    ["decided_by", words.decidedBy, filters.decided_by],
    ["from", words.from, filters.from && time(filters.from)],
    ["to", words.to, filters.to && time(filters.to)],
  ];
  const chosen = shown.filter(([, , value]) => value);
  if (!isWanted(filters)) return null;
  return (
    <div class="filters">
      {chosen.map(([name, label, value]) => (
        <button key={name} type="button" class="fbtn is-set" aria-label={words.remove(label, plain(value))} onClick={() => set({ [name]: "" })}>
          <span>
            {label} <Plain text={value} />
          </span>
          <Icon name="x" class="i-sm" />
        </button>
      ))}
      <button type="button" class="b b-plain b-sm" onClick={noFilter}>
        {words.noFilter}
      </button>
    </div>
  );
}
