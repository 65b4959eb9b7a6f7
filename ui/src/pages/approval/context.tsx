// The context as a tree: rows of text, never markup; only those that can be seen are in the document.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { bytes } from "../../logic/durations.ts";
import { hides } from "../../logic/hidden.ts";
import { type Dict, type Json, count, dotted, isScalar, write } from "../../logic/json.ts";
import { type Row, opened, rows, search } from "../../logic/tree.ts";
import { H } from "../../parts/heading.tsx";
import { useKeys } from "../../parts/keys.ts";
import { Icon } from "../../parts/small.tsx";
import { approval as words } from "../../words.ts";
import { CopyButton } from "./head.tsx";
import { TreeRow } from "./tree-row.tsx";

const MANY = 200;
const HEIGHT = 24;

interface ContextProps {
  context: Dict;
  whole: Dict;
  size: number;
  fold: readonly string[];
}

export function Context({ context, whole, size, fold }: ContextProps) {
  const [finding, setFinding] = useState(false);
  const [query, setQuery] = useState("");
  const [hit, setHit] = useState(0);
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const hits = useMemo(() => search(context, query), [context, query]);
  const hidden = useMemo(() => countHidden(context), [context]);
  useKeys({ s: (event) => {
    event.preventDefault();
    setFinding(true);
  } });
  const find = (text: string) => {
    setQuery(text);
    setHit(0);
    const found = search(context, text);
    if (found.length > 0) setToggled(opened(context, toggled, found.slice(0, 100), fold));
  };
  if (context.size === 0) return null;
  return (
    <section class="sec" aria-label={words.context}>
      <div class="sec-h">
        <H>{words.context}</H>
        <span class="muted">{words.contextSize(count(whole), bytes(size))}</span>
        <span class="grow" />
        <button type="button" class="b b-plain b-icon b-sm" aria-label={words.searchContext} title={words.searchContext} aria-keyshortcuts="s" aria-expanded={finding} onClick={() => setFinding(!finding)}>
          <Icon name="search" />
        </button>
        <CopyButton text={() => write(whole, 2)} label={words.copyContext} />
      </div>
      {finding && <Finder query={query} onQuery={find} hit={hit} all={hits.length} onHit={setHit} onClose={() => {
        setFinding(false);
        setQuery("");
      }} />}
      <Tree root={context} toggled={toggled} setToggled={setToggled} fold={fold} query={query} lead={hits[hit] ?? null} />
      {hidden > 0 && (
        <p class="hint hint-i">
          <Icon name="warn" class="i-sm" /> {words.hidden(hidden)}
        </p>
      )}
    </section>
  );
}

function countHidden(value: Json): number {
  if (typeof value === "string") return hides(value, true) ? 1 : 0;
  if (isScalar(value)) return 0;
  let sum = 0;
  if (value instanceof Map) for (const key of value.keys()) if (hides(key)) sum += 1;
  for (const it of value.values()) sum += countHidden(it);
  return sum;
}

interface FinderProps {
  query: string;
  onQuery: (text: string) => void;
  hit: number;
  all: number;
  onHit: (index: number) => void;
  onClose: () => void;
}

function Finder({ query, onQuery, hit, all, onHit, onClose }: FinderProps) {
  const own = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => own.current?.focus(), []);
  const step = (by: number) => all > 0 && onHit((hit + by + all) % all);
  return (
    <div class="find find-c">
      <Icon name="search" />
      <input
        ref={own}
        class="in"
        type="search"
        aria-label={words.searchWords}
        placeholder={words.searchWords}
        value={query}
        onInput={(event) => onQuery(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") step(event.shiftKey ? -1 : 1);
          else if (event.key === "Escape") onClose();
          else return;
          event.preventDefault();
        }}
      />
      <span class="muted nowrap" role="status">
        {query && words.found(all === 0 ? 0 : hit + 1, all)}
      </span>
    </div>
  );
}

interface TreeProps {
  root: Dict;
  toggled: ReadonlySet<string>;
  setToggled: (next: ReadonlySet<string>) => void;
  fold: readonly string[];
  query: string;
  lead: string | null;
}

function Tree({ root, toggled, setToggled, fold, query, lead }: TreeProps) {
  const box = useRef<HTMLUListElement>(null);
  const list = useMemo(() => rows(root, toggled, fold), [root, toggled, fold]);
  const [focus, setFocus] = useState<string | null>(null);
  const [top, setTop] = useState(0);
  const many = list.length > MANY;
  const lead2 = lead ?? focus ?? list[0]?.id ?? null;
  const toggle = (id: string) => {
    const next = new Set(toggled);
    if (next.has(id)) next.delete(id);
    else next.add(id);
    setToggled(next);
  };
  const goTo = (index: number) => {
    const row = list[Math.max(0, Math.min(list.length - 1, index))];
    if (!row) return;
    setFocus(row.id);
    if (many && box.current) keepInView(box.current, list.indexOf(row));
    requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(row.id)}"]`)?.focus());
  };
  useEffect(() => {
    const index = list.findIndex((row) => row.id === lead);
    if (index < 0 || !box.current) return;
    if (many) keepInView(box.current, index);
    else box.current.querySelector(`[data-row="${CSS.escape(lead ?? "")}"]`)?.scrollIntoView({ block: "nearest" });
  }, [lead, list]);
  const from = many ? Math.max(0, Math.floor(top / HEIGHT) - 10) : 0;
  const to = many ? Math.min(list.length, from + 60) : list.length;
  return (
    <ul
      ref={box}
      class={`tree ${many ? "is-many" : ""}`}
      role="tree"
      aria-label={words.contextValues}
      tabIndex={many ? 0 : undefined}
      onScroll={many ? (event) => setTop(event.currentTarget.scrollTop) : undefined}
      onKeyDown={(event) => move(event, list, goTo, toggle)}
    >
      {many && <li role="none" class="tree-pad" style={{ height: `${from * HEIGHT}px` }} />}
      {list.slice(from, to).map((row) => (
        <TreeRow key={row.id} row={row} tabbable={row.id === lead2} found={row.id === lead} query={query} onToggle={() => toggle(row.id)} onFocus={() => setFocus(row.id)} name={dotted(row.path, root)} />
      ))}
      {many && <li role="none" class="tree-pad" style={{ height: `${(list.length - to) * HEIGHT}px` }} />}
    </ul>
  );
}

function keepInView(box: HTMLElement, index: number): void {
  const top = index * HEIGHT;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + 2 * HEIGHT > box.scrollTop + box.clientHeight) box.scrollTop = top + 2 * HEIGHT - box.clientHeight;
}

/** As trees are walked: up and down, in and out, to the ends. */
function move(event: KeyboardEvent, list: readonly Row[], goTo: (index: number) => void, toggle: (id: string) => void): void {
  const id = (event.target as HTMLElement).dataset.row;
  const index = list.findIndex((row) => row.id === id);
  const row = list[index];
  if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
  const foldable = row.kind === "branch" || row.kind === "text";
  const parent = list.slice(0, index).findLastIndex((it) => it.depth < row.depth);
  const work: Record<string, () => void> = {
    ArrowDown: () => goTo(index + 1),
    ArrowUp: () => goTo(index - 1),
    Home: () => goTo(0),
    End: () => goTo(list.length - 1),
    ArrowRight: () => (foldable && !row.open ? toggle(row.id) : goTo(index + 1)),
    ArrowLeft: () => (foldable && row.open ? toggle(row.id) : parent >= 0 && goTo(parent)),
    Enter: () => foldable && toggle(row.id),
    " ": () => foldable && toggle(row.id),
  };
  const does = work[event.key];
  if (!does) return;
  event.preventDefault();
  event.stopPropagation();
  does();
}
