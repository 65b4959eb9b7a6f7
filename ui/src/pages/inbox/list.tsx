// The list: two groups, only the rows that can be seen in the document, and nothing that moves under the pointer.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { loaded, mine as decidable } from "../../data/approvals.ts";
import { current, filtered, focused, heldBack, mineShown, pointed, release, rest, rows, shown, touched, use } from "../../data/inbox.ts";
import { inbox as words } from "../../words.ts";
import { Row } from "./row.tsx";
import { isFresh } from "./fresh.ts";

const HEAD = 2;
const SPARE = 6;

/** Row heights in rem, as the style sheet has them. */
const heights = () => {
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
  const wide = document.documentElement.dataset.density === "compact" ? 3 : 3.5;
  return { row: (matchMedia("(max-width: 44rem)").matches ? 4.75 : wide) * rem, head: HEAD * rem };
};

interface Size {
  row: number;
  head: number;
}

/** How far below the list's beginning a row is; null where it isn't in the list. */
function placeOf(id: string | null, size: Size): number | null {
  const index = id === null ? -1 : rows.peek().indexOf(id);
  if (index < 0) return null;
  const { mine, others } = shown.peek();
  return size.head + index * size.row + (index >= mine.length && others.length > 0 ? size.head : 0);
}

/** `move`: to the row so many places further. */
export function List({ move }: { move: (by: number) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  const [size, setSize] = useState(heights);
  useLayoutEffect(() => {
    const own = box.current;
    if (!own) return;
    const measure = () => {
      setSize(heights());
      setView({ top: own.scrollTop, height: own.clientHeight });
    };
    const watcher = new ResizeObserver(measure);
    watcher.observe(own);
    return () => watcher.disconnect();
  }, []);
  useQuiet(box);
  useCurrentInView(box, size);
  usePointedStays(box, size);

  const { mine, others } = shown.value;
  const groupTop = size.head + mine.length * size.row;
  const lead = current.value ?? touched.value ?? rows.value[0] ?? null;
  const tabbable = lead !== null && rows.value.includes(lead) ? lead : (rows.value[0] ?? null);
  const props = { view, size, tabbable };
  return (
    <div
      class="scroll"
      ref={box}
      onScroll={(event) => {
        const own = event.currentTarget;
        setView({ top: own.scrollTop, height: own.clientHeight });
      }}
      onKeyDown={(event) => {
        const page = Math.max(1, Math.floor(view.height / size.row) - 1);
        const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[event.key];
        if (by === undefined || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        move(by);
      }}
    >
      <Group {...props} ids={mine} top={0} label={words.mine} note={filtered.value ? words.mineOf(mineShown.value, decidable.value) : words.mineCount(decidable.value)} />
      {others.length > 0 && <Group {...props} ids={others} top={groupTop} label={words.others} note={String(others.length)} />}
      {loaded.value === "part" && <p class="hint list-more">{words.more}</p>}
    </div>
  );
}

interface GroupProps {
  ids: readonly string[];
  top: number;
  label: string;
  note: string;
  view: { top: number; height: number };
  size: Size;
  tabbable: string | null;
}

function Group({ ids, top, label, note, view, size, tabbable }: GroupProps) {
  const begin = view.top - top - size.head;
  const from = Math.max(0, Math.floor(begin / size.row) - SPARE);
  const to = Math.min(ids.length, Math.ceil((begin + view.height) / size.row) + SPARE);
  const seen = new Set<number>();
  for (let index = from; index < to; index += 1) seen.add(index);
  // The row that can be reached by Tab and the one with the focus are never taken out.
  for (const id of [tabbable, touched.value, focused.value]) {
    const index = id === null ? -1 : ids.indexOf(id);
    if (index >= 0) seen.add(index);
  }
  return (
    <section>
      <h2 class="group-h">
        {label} <span>{note}</span>
      </h2>
      <ul class="rows" aria-label={label} style={{ height: `${ids.length * size.row}px` }}>
        {[...seen]
          .sort((a, b) => a - b)
          .map((index) => {
            const id = ids[index] as string;
            return (
              <Row key={id} id={id} top={index * size.row} position={index + 1} size={ids.length} tabbable={id === tabbable} fresh={isFresh(id)} />
            );
          })}
      </ul>
    </section>
  );
}

/** While a row is pointed at, or the list is scrolled, what is new waits outside. */
function useQuiet(box: { current: HTMLElement | null }): void {
  useEffect(() => {
    const own = box.current;
    if (!own) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const restIn = (ms: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (pointed.value === null) rest();
      }, ms);
    };
    const at = (id: string | null) => {
      if (id === pointed.value) return;
      pointed.value = id;
      if (id === null) return restIn(300);
      touched.value = id;
      use();
    };
    const over = (event: Event) => at((event.target as Element).closest(".row")?.querySelector<HTMLElement>(".row-a")?.dataset.id ?? null);
    const left = () => {
      touched.value = focused.value;
      at(null);
    };
    const scrolled = () => {
      use();
      restIn(1500);
    };
    const events = { pointerover: over, pointerleave: left, scroll: scrolled };
    for (const [name, work] of Object.entries(events)) own.addEventListener(name, work, { passive: true });
    return () => {
      for (const [name, work] of Object.entries(events)) own.removeEventListener(name, work);
      clearTimeout(timer);
      pointed.value = null;
      rest();
    };
  }, []);
}

/** What comes or goes above the row under the pointer, as pages that are still being read do, doesn't move it. */
function usePointedStays(box: { current: HTMLElement | null }, size: Size): void {
  const before = useRef<{ id: string | null; place: number | null }>({ id: null, place: null });
  const id = pointed.value;
  useLayoutEffect(() => {
    const place = placeOf(id, size);
    const was = before.current;
    if (box.current && id === was.id && place !== null && was.place !== null) box.current.scrollTop += place - was.place;
    before.current = { id, place };
  });
}

/** The current row is brought into view when it becomes current, not when others come and go. */
function useCurrentInView(box: { current: HTMLElement | null }, size: Size): void {
  const id = current.value;
  useEffect(() => {
    const own = box.current;
    const top = placeOf(id, size);
    if (!own || top === null) return;
    if (top - size.head < own.scrollTop) own.scrollTop = top - size.head;
    else if (top + size.row > own.scrollTop + own.clientHeight) own.scrollTop = top + size.row - own.clientHeight;
  }, [id, loaded.value === "all"]);
}

export function HeldBack() {
  if (heldBack.value === 0) return null;
  return (
    <button type="button" class="b b-sm fresh" onClick={release}>
      {words.held(heldBack.value)}
    </button>
  );
}
