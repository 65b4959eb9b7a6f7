// The list: two groups, only the rows that can be seen in the document, and nothing that moves under the pointer.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { loaded, mine as decidable } from "../../data/approvals.ts";
import { busy, current, heldBack, mineShown, filtered, release, rows, selecting, shown, touched } from "../../data/inbox.ts";
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

export function List() {
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
  size: { row: number; head: number };
  tabbable: string | null;
}

function Group({ ids, top, label, note, view, size, tabbable }: GroupProps) {
  const begin = view.top - top - size.head;
  const from = Math.max(0, Math.floor(begin / size.row) - SPARE);
  const to = Math.min(ids.length, Math.ceil((begin + view.height) / size.row) + SPARE);
  const seen = new Set<number>();
  for (let index = from; index < to; index += 1) seen.add(index);
  // The row that can be reached by Tab, and with it the focus, is never taken out.
  for (const id of [tabbable, touched.value]) {
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

/** While the list is pointed at or scrolled, what is new waits outside. */
function useQuiet(box: { current: HTMLElement | null }): void {
  useEffect(() => {
    const own = box.current;
    if (!own) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const rest = () => {
      busy.value = false;
      if (!selecting.value) release();
    };
    const stir = (ms: number) => () => {
      busy.value = true;
      clearTimeout(timer);
      timer = setTimeout(rest, ms);
    };
    const [moved, scrolled] = [stir(5000), stir(1500)];
    const left = () => {
      touched.value = null;
      clearTimeout(timer);
      timer = setTimeout(rest, 300);
    };
    own.addEventListener("pointermove", moved);
    own.addEventListener("scroll", scrolled, { passive: true });
    own.addEventListener("pointerleave", left);
    return () => {
      clearTimeout(timer);
      rest();
      own.removeEventListener("pointermove", moved);
      own.removeEventListener("scroll", scrolled);
      own.removeEventListener("pointerleave", left);
    };
  }, []);
}

/** The current row is brought into view when it becomes current, not when others come and go. */
function useCurrentInView(box: { current: HTMLElement | null }, size: { row: number; head: number }): void {
  const id = current.value;
  useEffect(() => {
    const own = box.current;
    if (!own || id === null) return;
    const { mine, others } = shown.peek();
    const index = rows.peek().indexOf(id);
    if (index < 0) return;
    const top = size.head + index * size.row + (index >= mine.length && others.length > 0 ? size.head : 0);
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
