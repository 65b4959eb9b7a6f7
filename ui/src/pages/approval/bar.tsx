// The bar where one answers: which of its states is shown. Nothing here guesses an outcome.

import { useEffect, useRef } from "preact/hooks";
import { answer, set, stateOf } from "../../data/answering.ts";
import type { Detail } from "../../data/detail.ts";
import { isAway, phase } from "../../data/feed.ts";
import { me } from "../../data/session.ts";
import type { CanDo, Summary } from "../../data/types.ts";
import { type May, READY, mode } from "../../logic/answer.ts";
import type { Proposal } from "../../logic/diff.ts";
import { Asking, Rejecting } from "./bar-ask.tsx";
import { Ready } from "./bar-ready.tsx";
import { Away, Changed, Limited, NotYours, OnlyLooking, Recorded, Refused, Sending, Unknown, Voted } from "./bar-told.tsx";
import { LastOutcome, useAdvance } from "./advance.tsx";

export interface BarProps {
  full: Detail;
  row: Summary | undefined;
  found: Proposal | undefined;
  list: boolean;
}

const NO: May = { allowed: false };

/** What the server says that I may do; from the summary while the reasons are still being read. */
export function you(full: Detail, row: Summary | undefined, what: CanDo): May {
  const told = full.eligible?.you[what];
  if (told) return told;
  return row ? { allowed: row.can.includes(what), code: row.why_not } : NO;
}

export function myVote(full: Detail, row: Summary | undefined): { verdict: string; for: string | null; at: string | null } | null {
  const it = full.approval;
  const mine = full.decisions.findLast((one) => one.principal === me.value && one.level === it.escalation_level);
  if (mine) return { verdict: mine.verdict, for: mine.for ?? null, at: mine.created_at };
  return row?.my_vote ? { ...row.my_vote, at: null } : null;
}

export function AnswerBar(props: BarProps) {
  const { full, row, list } = props;
  const { id } = full.approval;
  const state = stateOf(id);
  const own = useRef<HTMLDivElement>(null);
  useAdvance(id, state, list);
  useFocusWithin(own, state.at);
  return (
    <div class="answer" ref={own}>
      <LastOutcome id={id} />
      <Inner {...props} row={row} />
    </div>
  );
}

function Inner(props: BarProps) {
  const { full, row } = props;
  const { id, status } = full.approval;
  const state = stateOf(id);
  switch (state.at) {
    case "sending":
      return <Sending state={state} />;
    case "unknown":
      return <Unknown state={state} />;
    case "limited":
      return <Limited state={state} />;
    case "recorded":
      return <Recorded {...props} state={state} />;
    case "lost":
    case "expired":
    case "cancelled":
      // What happened stands above, at the place of the time.
      return status === "pending" ? <Changed id={id} /> : null;
    case "changed":
      return status === "pending" ? <Changed id={id} /> : null;
    case "refused":
      return <Refused {...props} state={state} />;
  }
  const away = isAway.value || phase.value === "refused";
  const vote = myVote(full, row);
  const [approve, reject] = [you(full, row, "approve"), you(full, row, "reject")];
  switch (mode(status === "pending", away, vote !== null && !approve.allowed && !reject.allowed, approve, reject)) {
    case "ended":
      return null;
    case "away":
      return <Away />;
    case "voted":
      return <Voted {...props} vote={vote} />;
    case "only-looking":
      return <OnlyLooking {...props} may={approve} />;
    case "not-yours":
      return <NotYours {...props} may={approve} />;
    case "ready":
      if (state.at === "rejecting") return <Rejecting {...props} />;
      if (state.at === "asking" || state.at === "editing") return <Asking {...props} state={state} />;
      return <Ready {...props} />;
  }
}

/** When the bar changes under the focus, the focus goes to what took its place, never to the page. */
function useFocusWithin(own: { current: HTMLElement | null }, at: string): void {
  const had = useRef(false);
  useEffect(() => {
    const bar = own.current;
    if (!bar) return;
    const note = () => {
      had.current = true;
    };
    const forget = (event: FocusEvent) => {
      if (event.relatedTarget) had.current = bar.contains(event.relatedTarget as Node);
    };
    bar.addEventListener("focusin", note);
    bar.addEventListener("focusout", forget);
    return () => {
      bar.removeEventListener("focusin", note);
      bar.removeEventListener("focusout", forget);
    };
  }, []);
  useEffect(() => {
    const bar = own.current;
    if (!bar || !had.current || bar.contains(document.activeElement)) return;
    const target = bar.querySelector<HTMLElement>("[data-first]") ?? bar.querySelector<HTMLElement>("button:not([disabled]), input, textarea");
    if (target) target.focus();
    else bar.closest("article")?.querySelector<HTMLElement>(".scroll")?.focus();
  }, [at]);
}

export const backToReady = (id: string) => set(id, READY);
export const send = answer;
