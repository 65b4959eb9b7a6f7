// A line for each signature that is needed: signed ones with a name, open ones with who may.

import type { Detail } from "../../data/detail.ts";
import { me } from "../../data/session.ts";
import type { Decision, Summary } from "../../data/types.ts";
import { H } from "../../parts/heading.tsx";
import { Icon, Name, Plain, Time } from "../../parts/small.tsx";
import { approval as words, listed, waitsFor } from "../../words.ts";

const LOOK: Record<string, { icon: string; tone: string }> = {
  approved: { icon: "ok-c", tone: "ok" },
  modified: { icon: "pencil", tone: "edit" },
  rejected: { icon: "no-o", tone: "no" },
};

export const verdictOf = (it: Decision): string => (it.verdict === "approved" && it.modifications ? "modified" : it.verdict);

/** Who may sign what is still open, in words: people by name, then roles, groups, anyone. */
function who(full: Detail): string {
  const next = full.eligible?.next;
  if (!next) return "";
  const names = [
    ...next.people.map((name) => (name === me.value ? `${name} ${words.you}` : name)),
    ...next.roles,
    ...next.groups,
    ...(next.anyone ? [words.anyone] : []),
  ];
  const most = 4;
  return listed(names.length > most ? [...names.slice(0, most), `${names.length - most} more`] : names);
}

export function Signatures({ full, row, side }: { full: Detail; row: Summary | undefined; side: boolean }) {
  const it = full.approval;
  const level = full.decisions.filter((one) => one.level === it.escalation_level);
  const given = level.filter((one) => one.counts && one.verdict === "approved");
  const missing = it.status === "pending" ? (full.eligible?.missing ?? it.progress?.missing ?? row?.progress?.missing ?? 0) : 0;
  const amount = full.decisions.length > 0 ? given.length : (row?.progress?.given ?? signers(full).length);
  const summary = full.eligible?.summary ?? it.progress?.summary ?? "";
  if (it.status !== "pending" && level.length === 0) return null;
  const named = full.decisions.length === 0 ? signers(full) : [];
  return (
    <section class={`sec sig ${side ? "" : "sig-inline"}`} aria-label={words.signatures}>
      <div class="sec-h">
        <H>{it.status === "pending" ? words.signedOf(amount, amount + missing) : words.signatures}</H>
        {it.status === "pending" && summary && (
          <span class="muted" title={summary}>
            {words.needs(waitsFor(summary))}
          </span>
        )}
      </div>
      <div class="sigs">
        {level.map((one) => (
          <Signed key={one.id} one={one} />
        ))}
        {named.map((name) => (
          <div key={name} class="sig-l">
            <span class="sig-n">
              <Name name={name} me={me.value} />
            </span>
            <span class="st st-ok">
              <Icon name="ok-c" />
            </span>
          </div>
        ))}
        {Array.from({ length: Math.min(missing, 12) }, (_, index) => (
          <div key={`open ${index}`} class="sig-l is-open">
            <span class="sig-n">
              <Plain text={who(full)} />
            </span>
            <span class="muted">{words.open}</span>
          </div>
        ))}
      </div>
    </section>
  );
}

/** Where decisions may not be seen: whose approvals the policy counts. */
const signers = (full: Detail): string[] => [...new Set((full.eligible?.needs ?? []).flatMap((need) => need.by.map((by) => by.principal)))];

function Signed({ one }: { one: Decision }) {
  const verdict = verdictOf(one);
  const look = LOOK[verdict] ?? LOOK.approved;
  return (
    <div class="sig-l">
      <span class="sig-n">
        <Name name={one.principal} me={me.value} />
        {one.for && (
          <small class="muted">
            {" "}
            <Plain text={words.forSeat(one.for)} />
          </small>
        )}
      </span>
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
