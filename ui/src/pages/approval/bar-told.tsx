// States of the bar in which there is nothing to choose: sending, unknown, too late, not mine, and why.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { askAgain, back } from "../../data/answering.ts";
import { now } from "../../data/clock.ts";
import { read } from "../../data/detail.ts";
import { lastReply } from "../../data/http.ts";
import { me } from "../../data/session.ts";
import type { May, State } from "../../logic/answer.ts";
import { clock } from "../../logic/durations.ts";
import { Icon, Plain } from "../../parts/small.tsx";
import { app, bar as words, waitsFor } from "../../words.ts";
import { type BarProps, you } from "./bar.tsx";
import { CancelDialog, MoreMenu } from "./bar-more.tsx";

type Of<At extends State["at"]> = Extract<State, { at: At }>;

function Told({ label, title, icon, tone, children, button, role }: { label: string; title: ComponentChildren; icon?: string; tone?: string; children?: ComponentChildren; button?: ComponentChildren; role?: "status" | "alert" }) {
  return (
    <div class="act is-ask" role="group" aria-label={label}>
      <div class="grow" role={role}>
        <p class={`act-q ${tone ? `tone st-${tone}` : ""}`}>
          {icon && <Icon name={icon} class="inl" />} {title}
        </p>
        {children && <p class="soft">{children}</p>}
      </div>
      {button}
    </div>
  );
}

export function Sending({ state }: { state: Of<"sending"> }) {
  const { verb } = state.call;
  return (
    <div class="act is-ask" role="group" aria-label={words.label}>
      <p class="grow act-q" role="status">
        <span class="spin" aria-hidden="true" />
        {words.sending(verb)}
      </p>
      <button type="button" class={`b ${verb === "reject" ? "b-nofill" : "b-ok"}`} aria-disabled="true" data-first>
        {words.sendingButton[verb]}
      </button>
    </div>
  );
}

/** The server's reasons are clauses. */
const sentence = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

const secondsLeft = (until: number): number => {
  void now.value;
  return Math.max(0, Math.ceil((until - Date.now()) / 1000));
};

function Again({ id, until }: { id: string; until: number }) {
  const left = secondsLeft(until);
  return (
    <button type="button" class="b b-ink" data-first aria-disabled={left > 0} onClick={() => void askAgain(id)}>
      <Icon name="again" /> {left > 0 ? words.askAgainIn(left) : words.askAgain}
    </button>
  );
}

export function Unknown({ state }: { state: Of<"unknown"> }) {
  const { call, reply } = state;
  return (
    <Told label={words.label} title={words.unknown(call.verb)} icon="warn" tone="late" role="alert" button={<Again id={call.id} until={state.until} />}>
      {words.brokeOff(reply?.status ?? null, reply?.requestId ?? null)}
    </Told>
  );
}

export function Limited({ state }: { state: Of<"limited"> }) {
  return (
    <Told label={words.label} title={words.limited} icon="warn" tone="late" role="alert" button={<Again id={state.call.id} until={state.until} />}>
      {words.limitedHint}
    </Told>
  );
}

export function Recorded({ full, row, state }: BarProps & { state: Of<"recorded"> }) {
  const { verb } = state.call;
  const tone = verb === "reject" ? "no" : verb === "edit" ? "edit" : verb === "approve" ? "ok" : "off";
  const icon = { approve: "ok-c", edit: "pencil", reject: "no-o", cancel: "slash", escalate: "up" }[verb];
  const waits = full.eligible?.summary ?? row?.progress?.summary ?? "";
  return (
    <Told label={words.label} title={words.recorded[verb]} icon={icon} tone={tone} role="status">
      {state.changed ? "" : words.recordedBefore}{" "}
      {state.ended ? (verb === "approve" || verb === "edit" ? words.recordedEnds : "") : verb !== "escalate" && waits ? <Plain text={words.waitingFor(waitsFor(waits))} /> : ""}
    </Told>
  );
}

export function Away() {
  return (
    <Told
      label={words.label}
      title={words.away}
      icon="plug"
      tone="late"
      button={
        <div class="act-b">
          <button type="button" class="b b-no" disabled>
            {words.reject}
          </button>
          <button type="button" class="b b-ok" disabled>
            {words.approve}
          </button>
        </div>
      }
    >
      {words.awayHint(clock(lastReply.value || Date.now(), true))}
    </Told>
  );
}

export function Voted(props: BarProps & { vote: { verdict: string; for: string | null; at: string | null } | null }) {
  const { full, row, vote } = props;
  if (!vote) return null;
  const said = vote.at ? words.voted[vote.verdict]?.(clock(Date.parse(vote.at))) : words.votedPlain[vote.verdict];
  const waits = full.eligible?.summary ?? row?.progress?.summary;
  return (
    <div class="act is-done" role="group" aria-label={words.label}>
      <p class="grow">
        <span class={`st st-${vote.verdict === "rejected" ? "no" : "ok"}`}>
          <Icon name={vote.verdict === "rejected" ? "no-o" : "ok-c"} />
          {said}
        </span>{" "}
        <span class="soft">
          {vote.for && <Plain text={words.votedFor(vote.for)} />} {waits && <Plain text={words.waitingFor(waitsFor(waits))} />}
        </span>
      </p>
      <MoreMenu {...props} onEdit={null} />
    </div>
  );
}

export function NotYours(props: BarProps & { may: May }) {
  const { full, row, may } = props;
  const [cancelling, setCancelling] = useState(false);
  const own = full.approval.requested_by === me.value && you(full, row, "cancel").allowed;
  const waits = full.eligible?.summary ?? row?.progress?.summary;
  return (
    <div class="act is-done" role="group" aria-label={words.label}>
      <p class="grow">
        <span class="act-q">{words.notYours}</span>{" "}
        <span class="soft">
          <Plain text={may.reason ? sentence(may.reason) : (waits ? words.waitingFor(waitsFor(waits)) : "")} />
        </span>
      </p>
      {own && (
        <button type="button" class="b b-no" onClick={() => setCancelling(true)}>
          <Icon name="slash" /> {words.cancelOwn}
        </button>
      )}
      {cancelling && <CancelDialog full={full} onClose={() => setCancelling(false)} />}
      {!own && <MoreMenu {...props} onEdit={null} />}
    </div>
  );
}

export function OnlyLooking({ may, ...props }: BarProps & { may: May }) {
  return (
    <div class="act is-done" role="group" aria-label={words.label}>
      <p class="grow">
        <span class="act-q">{words.onlyLooking}</span> <span class="soft">{may.reason && `${sentence(may.reason)}`}</span>
      </p>
      <MoreMenu {...props} onEdit={null} />
    </div>
  );
}

export function Changed({ id }: { id: string }) {
  const look = () => {
    back(id);
    void read();
  };
  return (
    <Told
      label={words.label}
      title={words.changedTitle}
      icon="warn"
      tone="late"
      role="alert"
      button={
        <button type="button" class="b b-ink" data-first onClick={look}>
          {words.lookAgain}
        </button>
      }
    >
      {words.changedHint}
    </Told>
  );
}

export function Refused({ state }: BarProps & { state: Of<"refused"> }) {
  const { call, reply } = state;
  return (
    <Told
      label={words.label}
      title={words.refused}
      icon="warn"
      tone="late"
      role="alert"
      button={
        <button type="button" class="b" data-first onClick={() => back(call.id)}>
          {app.back}
        </button>
      }
    >
      <Plain text={[reply.detail ?? "", ...reply.errors.map((it) => `${it.pointer}: ${it.message}`)].filter(Boolean).join(". ")} />
    </Told>
  );
}
