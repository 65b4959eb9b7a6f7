// The inbox: what waits for me, what waits for others, and one of them beside the list.

import { useEffect, useLayoutEffect } from "preact/hooks";
import { catchUp, loaded, mine, pending, trouble } from "../data/approvals.ts";
import { isTold, showsMany } from "../data/bulk.ts";
import { current, filtered, isMine, noFilter, rows, selecting, touched } from "../data/inbox.ts";
import "../data/opened.ts";
import { preferences } from "../data/preferences.ts";
import { step } from "../logic/groups.ts";
import { useKeys } from "../parts/keys.ts";
import { later } from "../parts/later.tsx";
import { BarEnd } from "../parts/shell.tsx";
import { Icon } from "../parts/small.tsx";
import { go, inboxPath } from "../router.ts";
import { app, inbox as words, pages } from "../words.ts";
import { Detail } from "./approval/detail.tsx";
import { seen } from "./inbox/fresh.ts";
import { HeldBack, List } from "./inbox/list.tsx";
import { wantNotices } from "./inbox/notify.ts";
import { SelectButton, leaveMany, selectKeys } from "./inbox/select.tsx";
import { Tools } from "./inbox/tools.tsx";
import { focusRow, wide } from "./wide.ts";

const Many = later(async () => (await import("./many/index.tsx")).Many, () => null);

export function Inbox({ id }: { id: string | null }) {
  // With the list and the badge, not a moment after them.
  useLayoutEffect(() => {
    const amount = mine.value > 0 ? `(${mine.value}) ` : "";
    document.title = `${amount}${words.title} · ${app.name}`;
  }, [mine.value]);
  useEffect(() => {
    if (id) seen(id);
  }, [id]);
  // Beside the list there is always one: the first, until another is chosen. It is no step to go back to.
  const first = rows.value.find(isMine);
  useEffect(() => {
    if (id === null && wide.value && first && loaded.value !== "loading") go(inboxPath(first), "replace");
  }, [id, wide.value, first, loaded.value]);

  const many = isTold.value || (showsMany.value && (wide.value || id === null));
  const move = (by: number) => {
    const from = (wide.value || id !== null) && !many ? current.value : (touched.value ?? current.value);
    const to = step(rows.value, from, by);
    if (to === null) return;
    if (many) return focusRow(to);
    if (wide.value || id !== null) go(inboxPath(to), id === null ? "push" : "replace");
    if (wide.value || id === null) focusRow(to);
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    o: () => {
      if (id === null && touched.value) go(inboxPath(touched.value));
    },
    ...selectKeys(id, many),
    Escape: () => {
      if (leaveMany()) return;
      if (!wide.value && id !== null) go(inboxPath(null));
    },
  });
  return (
    <div class={`inbox ${id === null && !isTold.value ? "" : "is-second"}`}>
      <section class={`list ${selecting.value ? "picking" : ""}`} aria-label={words.list}>
        <div class="bar">
          <h1>{words.title}</h1>
          <span class="muted nowrap">{loaded.value === "no" || loaded.value === "loading" ? "" : words.pending(pending.value)}</span>
          <span class="grow" />
          <SelectButton />
          <BarEnd />
        </div>
        <Tools />
        <Body move={move} />
        <HeldBack />
        {selecting.value && !(many && wide.value) && !isTold.value && <Many part="bar" />}
      </section>
      {selecting.value && <Many part="dialog" />}
      {many ? <Many part="side" /> : id === null ? <Beside /> : <Detail key={id} id={id} list />}
    </div>
  );
}

function Body({ move }: { move: (by: number) => void }) {
  if (loaded.value === "failed") return <Failed />;
  if (loaded.value === "no" || loaded.value === "loading") return <Skeleton />;
  if (rows.value.length === 0) return <div class="scroll">{filtered.value ? <Nothing /> : <div class="only-phone empty-w"><Empty /></div>}</div>;
  return <List move={move} />;
}

function Beside() {
  const empty = loaded.value === "all" && !rows.value.some(isMine) && !filtered.value;
  return <div class="detail not-phone">{empty && <div class="empty-w"><Empty /></div>}</div>;
}

function Empty() {
  const others = pending.value - mine.value;
  return (
    <div class="empty">
      <h2>{words.empty}</h2>
      <p>{words.emptyOthers(others)}</p>
      {!preferences.value.notify && (
        <button type="button" class="b" onClick={() => void wantNotices()}>
          <Icon name="bell" /> {words.tell}
        </button>
      )}
      <p class="hint">{words.emptyHint}</p>
    </div>
  );
}

function Nothing() {
  return (
    <div class="empty">
      <h2>{words.nothing}</h2>
      <p>{words.nothingHint(pending.value)}</p>
      <button type="button" class="b" onClick={noFilter}>
        {words.noFilter}
      </button>
    </div>
  );
}

function Failed() {
  const it = trouble.value;
  return (
    <div class="empty" role="alert">
      <h2>{pages.failed}</h2>
      <p>{it?.detail ?? pages.unavailable}</p>
      {it?.requestId && <p class="hint">{pages.request(it.requestId)}</p>}
      <button type="button" class="b b-ink" onClick={() => void catchUp()}>
        {app.again}
      </button>
    </div>
  );
}

function Skeleton() {
  return (
    <div class="scroll" aria-busy="true">
      <p class="vh" role="status">
        {app.loading}
      </p>
      <ul aria-hidden="true">
        {Array.from({ length: 8 }, (_, index) => (
          <li key={index} class="row">
            <div class="sk-2">
              <span class={`sk sk-t sk-a${index % 4}`} />
              <span class={`sk sk-b${index % 4}`} />
            </div>
            <span class="sk sk-d" />
          </li>
        ))}
      </ul>
    </div>
  );
}
