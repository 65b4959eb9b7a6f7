// A line for each signature that is needed: signed ones with a name, open ones with who may. A tree's leaves are groups.

import type { Detail } from "../../data/detail.ts";
import { me } from "../../data/session.ts";
import type { Decision, Summary } from "../../data/types.ts";
import { type Group, groups } from "../../logic/signing.ts";
import { H } from "../../parts/heading.tsx";
import { Icon, Name, Plain, Time } from "../../parts/small.tsx";
import { approval as words, listed, waitsFor } from "../../words.ts";

const LOOK: Record<string, { icon: string; tone: string }> = {
  approved: { icon: "ok-c", tone: "ok" },
  modified: { icon: "pencil", tone: "edit" },
  rejected: { icon: "no-o", tone: "no" },
};

export const verdictOf = (it: Decision): string => (it.verdict === "approved" && it.modifications ? "modified" : it.verdict);

const named = (names: readonly string[]): string => {
  const shown = names.map((name) => (name === me.value ? `${name} ${words.you}` : name));
  const most = 4;
  if (shown.length === 0) return words.anyone;
  return listed(shown.length > most ? [...shown.slice(0, most), words.more(shown.length - most)] : shown);
};

export function Signatures({ full, row, side }: { full: Detail; row: Summary | undefined; side: boolean }) {
  const it = full.approval;
  const pending = it.status === "pending";
  const level = full.decisions.filter((one) => one.level === it.escalation_level);
  const needs = groups(it, full.eligible?.needs ?? []);
  const missing = pending ? (full.eligible?.missing ?? it.progress?.missing ?? row?.progress?.missing ?? 0) : 0;
  const given = full.eligible ? needs.reduce((sum, group) => sum + group.by.length, 0) : (row?.progress?.given ?? level.length);
  const summary = full.eligible?.summary ?? it.progress?.summary ?? "";
  if (!pending && level.length === 0) return null;
  // What was said besides what counts: rejections that didn't end it, votes that don't count.
  const counted = new Set(needs.flatMap((group) => group.by.map((by) => by.principal)));
  const others = pending ? level.filter((one) => one.verdict === "rejected" || !counted.has(one.principal)) : level;
  return (
    <section class={`sec sig ${side ? "" : "sig-inline"}`} aria-label={words.signatures}>
      <div class="sec-h">
        <H>{pending ? words.signedOf(given, given + missing) : words.signatures}</H>
        {pending && summary && (
          <span class="muted" title={summary}>
            <Plain text={words.needs(waitsFor(summary))} />
          </span>
        )}
      </div>
      {pending && needs.map((group) => <Leaf key={group.key} group={group} level={level} />)}
      {pending && (full.eligible?.ways ?? 1) > 1 && <p class="hint">{words.ways(full.eligible?.ways ?? 1)}</p>}
      {others.length > 0 && (
        <div class="sigs">
          {others.map((one) => (
            <Signed key={one.id} one={one} />
          ))}
        </div>
      )}
    </section>
  );
}

function Leaf({ group, level }: { group: Group; level: readonly Decision[] }) {
  const most = 12;
  return (
    <>
      {group.label && (
        <p class="sig-h">
          <Plain text={group.label} />
        </p>
      )}
      <div class="sigs">
        {group.by.map((by) => {
          const said = level.find((one) => one.verdict === "approved" && one.principal === by.principal && (one.for ?? null) === (by.for ?? null));
          return said ? <Signed key={said.id} one={said} /> : <Unsaid key={by.principal} name={by.principal} seat={by.for ?? null} />;
        })}
        {Array.from({ length: Math.min(group.open, most) }, (_, index) => (
          <div key={`open ${index}`} class="sig-l is-open">
            <span class="sig-n">
              <Plain text={named(group.who)} />
            </span>
            <span class="muted">{words.open}</span>
          </div>
        ))}
      </div>
      {group.open > most && <p class="hint">{words.more(group.open - most)}</p>}
    </>
  );
}

function Who({ name, seat }: { name: string; seat: string | null }) {
  return (
    <span class="sig-n">
      <Name name={name} me={me.value} />
      {seat && (
        <small class="muted">
          {" "}
          <Plain text={words.forSeat(seat)} />
        </small>
      )}
    </span>
  );
}

/** Where decisions may not be seen: that it counts, and no more. */
function Unsaid({ name, seat }: { name: string; seat: string | null }) {
  return (
    <div class="sig-l">
      <Who name={name} seat={seat} />
      <span class="st st-ok">
        <Icon name="ok-c" />
        <span class="vh">{words.verdicts.approved}</span>
      </span>
    </div>
  );
}

function Signed({ one }: { one: Decision }) {
  const verdict = verdictOf(one);
  const look = LOOK[verdict] ?? LOOK.approved;
  return (
    <div class="sig-l">
      <Who name={one.principal} seat={one.for ?? null} />
      <span class={`st st-${look?.tone}`} title={one.counts ? undefined : words.notCounted}>
        <Icon name={look?.icon ?? "ok-c"} />
        <span class="vh">{words.verdicts[verdict]}</span>
        <Time at={one.created_at} as="clock" />
      </span>
      {(one.feedback || one.comment) && (
        <q class="sig-q">
          <Plain text={[one.feedback, one.comment].filter(Boolean).join("\n")} lines />
        </q>
      )}
    </div>
  );
}
