// Beside the change: who can still sign, what has happened and what will, earlier ones, what is on record.

import type { ComponentChildren } from "preact";
import { now } from "../../data/clock.ts";
import type { Detail } from "../../data/detail.ts";
import { me } from "../../data/session.ts";
import type { Summary } from "../../data/types.ts";
import { clock, short, utc, when } from "../../logic/durations.ts";
import { fuse } from "../../logic/fuse.ts";
import { plain } from "../../logic/hidden.ts";
import { write } from "../../logic/json.ts";
import { H } from "../../parts/heading.tsx";
import { Icon, Mark, Name, Plain, Time } from "../../parts/small.tsx";
import { look } from "../../parts/status.tsx";
import { approval as words, listed, verdict as verdicts } from "../../words.ts";
import { levelLabel } from "./fuse.tsx";
import { verdictOf } from "./signatures.tsx";

/** Evidence, not a promise: who may, and when they were last here. */
export function People({ full }: { full: Detail }) {
  if (full.approval.status !== "pending" || !full.eligible) return null;
  const seen = new Set<string>();
  const people = full.eligible.items.filter((one) => one.helps && one.state === "can_vote" && !seen.has(one.principal) && seen.add(one.principal));
  const most = 12;
  return (
    <section class="sec" aria-label={words.who}>
      <div class="sec-h">
        <H>{words.who}</H>
      </div>
      {people.length === 0 && <p class="muted">{words.nobodyLeft}</p>}
      <ul class="people">
        {people.slice(0, most).map((one) => (
          <li key={one.principal} class="person">
            <Mark name={one.principal} />
            <span>
              <Name name={one.principal} me={me.value} />
              {one.for && (
                <span class="muted">
                  {" "}
                  <Plain text={words.forSeat(one.for)} />
                </span>
              )}
            </span>
            <small>{one.principal === me.value || one.reachable ? words.hereNow : one.last_seen_at ? words.lastSeen(when(Date.parse(one.last_seen_at), now.peek())) : words.notSeen}</small>
          </li>
        ))}
      </ul>
      {people.length > most && <p class="hint">{words.more(people.length - most)}</p>}
    </section>
  );
}

interface StepItem {
  key: string;
  at: number;
  icon: string;
  tone: string;
  text: ComponentChildren;
  ahead?: boolean;
}

const VERDICT: Record<string, [string, string]> = { approved: ["ok-c", "st-ok"], modified: ["pencil", "st-edit"], rejected: ["no-o", "st-no"] };

function steps(full: Detail): StepItem[] {
  const it = full.approval;
  const list: StepItem[] = [{ key: "asked", at: Date.parse(it.created_at), icon: "ask", tone: "", text: <Plain text={words.askedStep(it.requested_by)} /> }];
  for (const hop of it.escalations) {
    const text = words.handed(hop.by ?? null, levelLabel(it, hop.from_level + 1));
    list.push({ key: `hop ${hop.at}`, at: Date.parse(hop.at), icon: "up", tone: "", text: <Said text={text} words={hop.reason} /> });
  }
  for (const one of full.decisions) {
    const verdict = verdictOf(one);
    const [icon, tone] = VERDICT[verdict] ?? ["ok-c", "st-ok"];
    const name = `${one.principal} ${words.verdicts[verdict] ?? verdict}${one.for ? `, ${words.forSeat(one.for)}` : ""}`;
    list.push({ key: one.id, at: Date.parse(one.created_at), icon, tone, text: <Said text={name} words={[one.feedback, one.comment].filter(Boolean).join("\n")} /> });
  }
  list.sort((a, b) => a.at - b.at);
  if (it.status === "pending") {
    const axis = fuse(it, now.peek());
    for (const ahead of axis.segments.filter((segment) => segment.at === "ahead")) {
      list.push({ key: `ahead ${ahead.from}`, at: ahead.from, icon: "up", tone: "", text: <Plain text={words.goesTo(levelLabel(it, ahead.level))} />, ahead: true });
    }
    list.push({ key: "end", at: axis.end, icon: "glass", tone: "", text: words.thenExpires[it.timeout_action], ahead: true });
  } else if (it.resolved_at && (it.status !== "resolved" || full.decisions.length === 0)) {
    const shape = look({ status: it.status, resolution: it.resolution ?? null, resolved_via: it.resolved_via ?? null });
    const ended = { status: it.status, resolution: it.resolution ?? null, resolved_via: it.resolved_via ?? null, resolved_by: it.resolved_by ?? null, resolved_at: it.resolved_at, version: it.version };
    list.push({ key: "ended", at: Date.parse(it.resolved_at), icon: shape.icon, tone: `st-${shape.tone}`, text: <Said text={verdicts.ended(ended, clock(Date.parse(it.resolved_at), true))} words={it.status === "cancelled" ? it.result?.feedback : null} /> });
  }
  return list;
}

function Said({ text, words: said }: { text: string; words: string | null | undefined }) {
  return (
    <>
      <Plain text={text} />
      {said && (
        <q>
          <Plain text={said} lines />
        </q>
      )}
    </>
  );
}

export function Steps({ full }: { full: Detail }) {
  return (
    <section class="sec" aria-label={words.steps}>
      <div class="sec-h">
        <H>{words.steps}</H>
      </div>
      <ol class="steps">
        {steps(full).map((step) => (
          <li key={step.key} class={`step ${step.tone} ${step.ahead ? "is-next" : ""}`}>
            <Icon name={step.icon} />
            <span>{step.text}</span>
            <time dateTime={new Date(step.at).toISOString()} title={utc(step.at)}>
              {when(step.at, now.peek(), !step.ahead)}
            </time>
          </li>
        ))}
      </ol>
    </section>
  );
}

export function Past({ full }: { full: Detail }) {
  const { workflow } = full.approval;
  if (!workflow || full.earlier.length === 0) return null;
  return (
    <section class="sec" aria-label={words.past(plain(workflow))}>
      <div class="sec-h">
        <H>
          <Plain text={words.past(workflow)} />
        </H>
      </div>
      <ul class="past">
        {full.earlier.map((one) => (
          <li key={one.id}>
            <Earlier one={one} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Earlier({ one }: { one: Summary }) {
  const shape = look(one);
  return (
    <a class={`st st-${shape.tone}`} href={`/approvals/${one.id}`}>
      <Icon name={shape.icon} />
      <span class="vh">{shape.word}: </span>
      <span class="clip">
        <Plain text={one.title || one.run_id} />
      </span>
      {one.resolved_at && (
        <span class="muted">
          <Time at={one.resolved_at} as="ago" />
        </span>
      )}
    </a>
  );
}

export function Facts({ full }: { full: Detail }) {
  const it = full.approval;
  const facts: [string, ComponentChildren][] = [
    [words.facts.id, <span class="mono" key="id">{it.id}</span>],
    [words.facts.asked, <Time key="asked" at={it.created_at} />],
    [words.facts.expires, <Time key="expires" at={it.expires_at} />],
  ];
  if (it.extended_seconds > 0) facts.push([words.facts.extended, short(it.extended_seconds * 1000)]);
  for (const [name, value] of [[words.facts.task, it.task_id], [words.facts.session, it.session_id], [words.facts.job, it.job_id]] as const) {
    if (value && value !== it.run_id) facts.push([name, <Plain key={name} text={value} />]);
  }
  if (it.executors.length > 0) facts.push([words.facts.executors, <Plain key="executors" text={listed([it.requested_by, ...it.executors])} />]);
  if (it.claim_within_seconds) facts.push([words.facts.claimWithin, short(it.claim_within_seconds * 1000)]);
  facts.push([words.facts.version, String(it.version)]);
  if (full.metadata.size > 0) facts.push([words.facts.metadata, <code key="metadata"><Plain text={write(full.metadata)} /></code>]);
  return (
    <details class="sec">
      <summary class="sec-h">
        <H>{words.record}</H>
        <Icon name="right" class="i-sm" />
      </summary>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
      </dl>
    </details>
  );
}
