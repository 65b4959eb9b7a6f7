// What became of each: it stays until it is put away, and what isn't known can be asked again.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { approval } from "../../data/approvals.ts";
import { dismiss, sendAgain } from "../../data/bulk.ts";
import { now } from "../../data/clock.ts";
import { current, rows } from "../../data/inbox.ts";
import { me } from "../../data/session.ts";
import { type Fate, type Stage, type Verdict, openOf, sum } from "../../logic/bulk.ts";
import { plain } from "../../logic/hidden.ts";
import { Icon, Kbd, Plain } from "../../parts/small.tsx";
import { look } from "../../parts/status.tsx";
import { waitsFor } from "../../words.ts";
import { many as words } from "../../words-many.ts";
import { focusRow, wide } from "../wide.ts";
import { copy } from "../approval/head.tsx";

interface Said {
  word: string;
  icon: string;
  tone: string;
  detail: string;
  bad: boolean;
}

/** A line in words. */
export function say(fate: Fate, verdict: Verdict): Said {
  const not = (detail: string, icon = "no-o", tone = "no"): Said => ({ word: words.notRecorded, icon, tone, detail, bad: true });
  switch (fate.at) {
    case "sending":
      return { word: words.isSending, icon: "ring", tone: "off", detail: "", bad: false };
    case "recorded":
      return recorded(fate, verdict);
    case "late":
      return not(words.late(fate.told));
    case "cancelled":
      return not(words.cancelled(fate.told), "slash", "off");
    case "expired":
      return not(words.expired(fate.told), "glass", "late");
    case "refused":
      return not(words.refused[fate.code ?? ""] ?? words.refusedOther(fate.detail, fate.code));
    case "unknown":
      return { word: words.unknown, icon: "warn", tone: "late", detail: words.broke(fate.status, fate.request), bad: true };
    case "unsent":
      return { word: words.notSent, icon: "warn", tone: "late", detail: words.unsent[fate.code ?? ""] ?? words.unsentOther, bad: true };
  }
}

function recorded({ told, changed }: Extract<Fate, { at: "recorded" }>, verdict: Verdict): Said {
  const before = changed ? "" : `${words.before}; `;
  const mine = { icon: verdict === "approve" ? "ok-c" : "no-o", tone: verdict === "approve" ? "ok" : "no", bad: false };
  if (!told) return { ...mine, word: words.recorded, detail: changed ? "" : words.before };
  if (told.status === "pending") return { ...mine, word: words.counts, detail: before + words.staysOpen(told.needs ? waitsFor(told.needs) : null) };
  const { word, icon, tone } = look(told);
  const own = told.resolved_by === null || told.resolved_by === me.value;
  return { word, icon, tone, bad: false, detail: before + (own ? words.endedWithYours : words.endedBy(told.resolved_by ?? "")) };
}

type Told = Extract<Stage, { at: "sending" | "told" }>;

export function Outcome({ stage }: { stage: Told }) {
  const head = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => head.current?.focus(), [stage.at]);
  useEffect(
    () => () => {
      // Put away: back in the list, never on the page as such.
      document.getElementById("main")?.focus();
      focusRow(current.peek() ?? rows.peek()[0] ?? null);
    },
    [],
  );
  const total = sum(stage.fates);
  const { verdict } = stage.said;
  // Beside the list its heading is the page's.
  const Title = wide.value ? "h2" : "h1";
  return (
    <article class="detail" aria-label={words.outcome}>
      <div class="scroll" tabIndex={0} role="region" aria-label={words.outcomeScroll}>
        <div class="d-pad">
          <header class="d-head">
            <div role="status">
              <Title ref={head} class="d-title" tabIndex={-1}>
                {stage.at === "sending" ? words.sending(verdict, total.sending) : words.sum(total)}
              </Title>
            </div>
            {stage.at === "told" && <p class="soft">{total.unknown + total.unsent > 0 ? words.sentBroken(stage.sentAt) : words.sent(stage.sentAt, stage.took)}</p>}
          </header>
          <ol class="out" aria-label={words.forEach}>
            {stage.ids.map((id) => (
              <Line key={id} id={id} fate={stage.fates.get(id) ?? { at: "sending" }} verdict={verdict} />
            ))}
          </ol>
          {stage.at === "told" && <Buttons stage={stage} />}
        </div>
      </div>
    </article>
  );
}

function Line({ id, fate, verdict }: { id: string; fate: Fate; verdict: Verdict }) {
  const { word, icon, tone, detail, bad } = say(fate, verdict);
  return (
    <li class={bad ? "bad" : ""}>
      <span class="t">
        <Plain text={words.titleOf(approval(id), id)} />
      </span>
      <span class={`st st-${tone}`}>
        {fate.at === "sending" ? <span class="spin" aria-hidden="true" /> : <Icon name={icon} />}
        {word}
      </span>
      {detail && (
        <span class="d">
          <Plain text={detail} lines />
        </span>
      )}
    </li>
  );
}

function Buttons({ stage }: { stage: Extract<Stage, { at: "told" }> }) {
  const [done, setDone] = useState(false);
  const open = openOf(stage).length;
  const wait = open > 0 ? Math.max(0, Math.ceil((stage.until - now.value) / 1000)) : 0;
  const text = () =>
    stage.ids
      .map((id) => {
        const { word, detail } = say(stage.fates.get(id) ?? { at: "sending" }, stage.said.verdict);
        return plain(`${words.titleOf(approval(id), id)}: ${word}${detail ? `, ${detail}` : ""}`);
      })
      .join("\n");
  return (
    <p class="acts">
      {open > 0 && (
        <button type="button" class="b b-ink" aria-disabled={wait > 0} onClick={() => void sendAgain()}>
          <Icon name="again" /> {words.again(open, wait)}
        </button>
      )}
      <button type="button" class="b" onClick={dismiss}>
        {words.done} <Kbd>Esc</Kbd>
      </button>
      <button
        type="button"
        class="b b-plain"
        onClick={() => {
          void copy(text()).then(setDone);
        }}
      >
        <Icon name={done ? "check" : "copy"} /> {done ? words.copied : words.copy}
      </button>
    </p>
  );
}
