// How it ended, at the place where the time was; and where my answer came too late, who was first.

import { now, serverNow } from "../../data/clock.ts";
import { ended } from "../../data/answering.ts";
import type { Detail } from "../../data/detail.ts";
import { draft } from "../../data/drafts.ts";
import type { Approval } from "../../data/types.ts";
import type { State, Verb } from "../../logic/answer.ts";
import { utc, when } from "../../logic/durations.ts";
import { Icon, Plain } from "../../parts/small.tsx";
import { look } from "../../parts/status.tsx";
import { bar, verdict as words } from "../../words.ts";
import { CopyButton } from "./head.tsx";

export function Outcome({ full, state }: { full: Detail; state: State }) {
  const it = full.approval;
  const shape = look(ended(it));
  const lost = state.at === "lost" || state.at === "expired" || state.at === "cancelled";
  const verb: Verb | null = lost ? state.call.verb : null;
  const kept = lost ? state.call.words : draft(it.id).comment || draft(it.id).reason;
  return (
    <>
      <div class={`verdict st-${shape.tone}`} role={lost ? "alert" : undefined}>
        <p class="verdict-h">
          <Icon name={shape.icon} /> <Plain text={title(it, verb, shape.word)} />
        </p>
        <Told it={it} state={state} />
        {said(it).map((line) => (
          <p class="soft" key={line}>
            {it.resolved_by ? <Plain text={words.wrote(it.resolved_by)} /> : null} <Plain text={line} lines />
          </p>
        ))}
      </div>
      {kept && (
        <div class="kept">
          <span class="grow">
            {lost && state.at !== "expired" ? bar.keptComment : bar.keptDraft} <Plain text={kept} lines />
          </span>
          <CopyButton text={() => kept} label={bar.keptComment} />
        </div>
      )}
    </>
  );
}

function title(it: Approval, mine: Verb | null, word: string): string {
  if (mine === null) return word;
  if (it.status === "expired") return words.expired;
  if (it.status === "cancelled") return words.cancelled(it.resolved_by ?? "");
  if (!it.resolved_by) return words.lostTimeout(mine);
  return words.lost(mine, it.resolved_by, words.did[it.resolution ?? ""] ?? "answered");
}

function Told({ it, state }: { it: Approval; state: State }) {
  const time = it.resolved_at ? Date.parse(it.resolved_at) : null;
  if (time === null) return null;
  const at = when(time, now.peek(), true);
  if (it.status === "expired") {
    return (
      <p title={utc(time)}>
        {words.expiredText(at)} {words.expiredThen[it.resolution ?? "none"]}
      </p>
    );
  }
  if (state.at === "lost" && it.resolved_by) {
    const what = words.possessive(it.resolved_by, words.noun[it.resolution ?? ""] ?? "answer");
    const ahead = state.since + serverNow() - Date.now() - time;
    return (
      <p title={utc(time)}>
        <Plain text={words.recordedAt(what, at, ahead > 0 && ahead < 60_000 ? `${(ahead / 1000).toFixed(1)} s` : null)} />
      </p>
    );
  }
  return (
    <p title={utc(time)}>
      <Plain text={words.ended(ended(it), at)} />
    </p>
  );
}

const said = (it: Approval): string[] => [it.result?.feedback, it.result?.comment].filter((line): line is string => Boolean(line));
