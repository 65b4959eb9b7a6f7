// One approval, top to bottom, and the bar where one answers.

import { useEffect, useMemo, useRef } from "preact/hooks";
import { approval as summary, changes } from "../../data/approvals.ts";
import { answering, set, stateOf } from "../../data/answering.ts";
import { type Detail as Full, look, looking, read } from "../../data/detail.ts";
import { rows } from "../../data/inbox.ts";
import { may } from "../../data/session.ts";
import { READY, isBusy } from "../../logic/answer.ts";
import { compare, proposal, rest, withEdits } from "../../logic/diff.ts";
import { Level } from "../../parts/heading.tsx";
import { later } from "../../parts/later.tsx";
import { Icon } from "../../parts/small.tsx";
import { go, inboxPath } from "../../router.ts";
import { app, approval as words, pages } from "../../words.ts";
import { wide } from "../wide.ts";
import { EmptyPage } from "../plain.tsx";
import { AnswerBar } from "./bar.tsx";
import { Change } from "./change.tsx";
import { Acting } from "./acting.tsx";
import { Context } from "./context.tsx";
import { EditForm } from "./edit.tsx";
import { FuseAxis } from "./fuse.tsx";
import { Head, Why } from "./head.tsx";
import { Outcome } from "./outcome.tsx";
import { Facts, Past, People, Steps } from "./side.tsx";
import { Signatures } from "./signatures.tsx";

const Told = later(async () => (await import("../told/index.tsx")).ToldSection, () => null);

export function Detail({ id, list }: { id: string; list: boolean }) {
  useEffect(() => look(id), [id]);
  useEffect(
    () => () => {
      // What was answered is read; an answer that is still under way goes on.
      if (answering(id) && !isBusy(stateOf(id))) set(id, READY);
    },
    [id],
  );
  const here = looking.value;
  return (
    <>
      {list && <PhoneBar id={id} />}
      {here.at === "there" && here.detail.approval.id === id ? <Shown full={here.detail} stale={here.stale} list={list} /> : <Other at={here} />}
    </>
  );
}

function Other({ at }: { at: typeof looking.value }) {
  if (at.at === "not-found") return <Frame><EmptyPage part title={words.notFound} lines={[words.notFoundHint]} /></Frame>;
  if (at.at === "forbidden") return <Frame><EmptyPage part title={pages.forbidden(pages.approvals)} lines={[pages.needs(["approval:view:pending"])]} /></Frame>;
  if (at.at === "failed") {
    const lines = [at.reply?.detail ?? pages.unavailable, at.reply?.requestId ? pages.request(at.reply.requestId) : ""];
    return <Frame><EmptyPage part title={words.failed} lines={lines.filter(Boolean)} again={() => void read()} /></Frame>;
  }
  return (
    <div class="detail" aria-busy="true">
      <p class="vh" role="status">
        {app.loading}
      </p>
      <div class="d-pad" aria-hidden="true">
        <div class="sk-2">
          <span class="sk sk-b0" />
          <span class="sk sk-t sk-a0" />
          <span class="sk sk-b1" />
        </div>
        <span class="sk sk-line" />
        <span class="sk sk-box" />
      </div>
    </div>
  );
}

const Frame = ({ children }: { children: preact.ComponentChildren }) => <div class="detail">{children}</div>;

function Shown({ full, stale, list }: { full: Full; stale: boolean; list: boolean }) {
  const it = full.approval;
  void changes.value;
  const box = useRef<HTMLDivElement>(null);
  const asked = useMemo(() => proposal(full.context, it.view, it.approval_type), [full.context]);
  const found = useMemo(() => withEdits(asked, it.approval_type, full.agreed), [asked, full.agreed]);
  const lines = useMemo(() => (found?.kind === "values" ? compare(found.current, found.proposed) : []), [found]);
  const left = useMemo(() => rest(full.context, asked, it.view), [asked]);
  const state = stateOf(it.id);
  const row = summary(it.id);
  const editing = state.at === "editing" || (state.at === "asking" && state.verb === "edit");
  // Where the list isn't seen, this is the page.
  const beside = list && wide.value;
  const signatures = (side: boolean) => <Signatures full={full} row={row} side={side} />;
  return (
    <Level.Provider value={beside ? 3 : 2}>
    <article class="detail" aria-label={words.label}>
      <div class="scroll" tabIndex={0} role="region" aria-label={words.scroll} ref={box}>
        <div class="d-pad">
          <Head it={it} list={list} beside={beside} />
          {it.status === "pending" ? <FuseAxis it={it} /> : <Outcome full={full} state={state} />}
          {stale && (
            <p class="err">
              <Icon name="warn" class="i-sm" /> {words.stale}
            </p>
          )}
          <div class="d-cols">
            <div class="d-main">
              <Why it={it} />
              {signatures(false)}
              {editing ? <EditForm full={full} found={found} /> : found && <Change found={found} lines={lines} view={it.view} />}
              <Context context={left} whole={full.context} size={full.size} fold={it.view?.fold ?? []} />
            </div>
            <div class="d-side">
              {signatures(true)}
              <People full={full} />
              <Acting claim={full.claim} />
              <Steps full={full} />
              {may("notification:view") && <Told id={it.id} version={it.version} />}
              <Past full={full} />
              <Facts full={full} />
            </div>
          </div>
        </div>
      </div>
      <AnswerBar full={full} row={row} found={found} list={list} />
    </article>
    </Level.Provider>
  );
}

/** On a phone: back to the list, and which of how many this is. */
function PhoneBar({ id }: { id: string }) {
  const all = rows.value;
  const index = all.indexOf(id);
  const to = (at: number) => () => {
    const next = all[at];
    if (next) go(inboxPath(next), "replace");
  };
  return (
    <div class="bar d-bar only-phone">
      <a class="b b-plain b-icon b-sm" href={inboxPath(null)} aria-label={words.toInbox}>
        <Icon name="left" />
      </a>
      <span class="soft">{index >= 0 && words.position(index + 1, all.length)}</span>
      <span class="grow" />
      <button type="button" class="b b-plain b-icon b-sm" aria-label={words.previous} disabled={index <= 0} onClick={to(index - 1)}>
        <Icon name="upc" />
      </button>
      <button type="button" class="b b-plain b-icon b-sm" aria-label={words.next} disabled={index < 0 || index >= all.length - 1} onClick={to(index + 1)}>
        <Icon name="down" />
      </button>
    </div>
  );
}
