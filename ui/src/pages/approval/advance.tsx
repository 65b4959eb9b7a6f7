// After an answer was recorded: beside the list the next one becomes current, and what was recorded stays to be read.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { approval } from "../../data/approvals.ts";
import { isMine, shown } from "../../data/inbox.ts";
import { serverNow } from "../../data/clock.ts";
import type { State } from "../../logic/answer.ts";
import { clock } from "../../logic/durations.ts";
import { nextAfter } from "../../logic/groups.ts";
import { Icon, Plain } from "../../parts/small.tsx";
import { go, inboxPath } from "../../router.ts";
import { app, bar as words } from "../../words.ts";
import { focusRow, wide } from "../wide.ts";
import { titleOf } from "../inbox/row.tsx";

interface Last {
  id: string;
  title: string;
  at: number;
  text: string;
  tone: string;
  icon: string;
}
const last = signal<Last | null>(null);

export function useAdvance(id: string, state: State, list: boolean): void {
  useEffect(() => {
    if (state.at !== "recorded" || !list || !wide.peek()) return;
    const { verb } = state.call;
    if (verb === "escalate") return;
    const next = nextAfter(shown.peek().mine, id, (other) => other === id || !isMine(other));
    if (next === null) return;
    const it = approval(id);
    last.value = {
      id,
      title: it ? titleOf(it) : id,
      at: serverNow(),
      text: `${words.recorded[verb]}${state.ended && verb !== "reject" && verb !== "cancel" ? ` ${words.recordedEnds}` : ""}`,
      tone: verb === "reject" ? "no" : verb === "edit" ? "edit" : verb === "approve" ? "ok" : "off",
      icon: verb === "reject" ? "no-o" : verb === "edit" ? "pencil" : verb === "approve" ? "ok-c" : "slash",
    };
    go(inboxPath(next), "push");
    focusRow(next);
  }, [state.at]);
}

/** What was recorded last, for as long as nothing else was, or until it is put away. */
export function LastOutcome({ id }: { id: string }) {
  const it = last.value;
  return (
    <div role="status">
      {it && it.id !== id && (
        <p class={`act-l st-${it.tone}`}>
          <Icon name={it.icon} />
          <span class="grow">
            <a href={inboxPath(it.id)}>
              <Plain text={it.title} />
            </a>{" "}
            <span class="tone">{it.text}</span> <span class="muted">{clock(it.at, true)}</span>
          </span>
          <button type="button" class="b b-plain b-icon b-sm" aria-label={app.close} onClick={() => (last.value = null)}>
            <Icon name="x" />
          </button>
        </p>
      )}
    </div>
  );
}
