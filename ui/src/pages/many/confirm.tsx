// One confirmation for all: what it does to each, and which of them were never opened.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { approval, changes } from "../../data/approvals.ts";
import { back, effect, send } from "../../data/bulk.ts";
import { me, session } from "../../data/session.ts";
import { wasOpened } from "../../data/opened.ts";
import type { Stage, Verdict } from "../../logic/bulk.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Icon, Kbd, Plain } from "../../parts/small.tsx";
import { look } from "../../parts/status.tsx";
import { app, bar, listed } from "../../words.ts";
import { many as words } from "../../words-many.ts";

const reasons = (): readonly string[] => {
  const own = session.value?.workspace.reject_reasons ?? [];
  return own.length > 0 ? own : bar.reasons;
};

export function Confirm({ stage }: { stage: Extract<Stage, { at: "asking" }> }) {
  const { verdict, ids } = stage;
  const [text, setText] = useState("");
  const [missing, setMissing] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => field.current?.focus(), []);
  const go = () => {
    if (verdict === "reject" && !text.trim()) {
      setMissing(true);
      field.current?.focus();
      return;
    }
    void send(verdict === "approve" ? { verdict, comment: text, reason: "" } : { verdict, comment: "", reason: text });
  };
  const keep = (next: string) => {
    setText(next);
    setMissing(false);
  };
  const foot = (
    <>
      <button type="button" class="b" onClick={back}>
        {app.back} <Kbd>Esc</Kbd>
      </button>
      <button type="button" class={`b ${verdict === "approve" ? "b-ok" : "b-nofill"}`} onClick={go}>
        <Icon name={verdict === "approve" ? "check" : "x"} /> {words.now(verdict, ids.length)} <Kbd>{/mac/i.test(navigator.platform) ? "⌘⏎" : "Ctrl ⏎"}</Kbd>
      </button>
    </>
  );
  return (
    <Dialog title={words.title(verdict, ids.length, me.value)} onClose={back} foot={foot}>
      <form
        class="ask-many"
        noValidate
        onSubmit={(event) => event.preventDefault()}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !(event.metaKey || event.ctrlKey) || event.repeat) return;
          event.preventDefault();
          go();
        }}
      >
        <p class="soft">{words.hint[verdict]}</p>
        <ol class="out" tabIndex={0}>
          {ids.map((id) => (
            <Line key={id} id={id} verdict={verdict} />
          ))}
        </ol>
        <Never ids={ids} />
        {verdict === "reject" && (
          <div class="reasons" role="group" aria-label={bar.reasonStart}>
            {reasons().map((one) => (
              <label key={one}>
                <input
                  type="radio"
                  name="why-all"
                  checked={text.startsWith(one)}
                  onChange={() => {
                    keep(one);
                    field.current?.focus();
                  }}
                />
                <Plain text={one} />
              </label>
            ))}
          </div>
        )}
        <div class="field">
          <label for="all-words">{verdict === "approve" ? words.comment : words.reason}</label>
          <textarea
            ref={field}
            id="all-words"
            rows={2}
            maxLength={5000}
            required={verdict === "reject"}
            value={text}
            aria-invalid={missing}
            aria-describedby={verdict === "reject" ? "all-words-e" : undefined}
            onInput={(event) => keep(event.currentTarget.value)}
          />
          {verdict === "reject" && (
            <p id="all-words-e" class="err" hidden={!missing} role="alert">
              <Icon name="warn" class="i-sm" /> {bar.reasonMissing}
            </p>
          )}
        </div>
      </form>
    </Dialog>
  );
}

function Line({ id, verdict }: { id: string; verdict: Verdict }) {
  void changes.value;
  const it = approval(id);
  const does = effect(id, verdict);
  const over = it && it.status !== "pending" ? words.over(look(it).word, it.resolved_by) : null;
  return (
    <li>
      <span class="t">
        <Plain text={words.titleOf(it, id)} />
      </span>
      <span class="muted">
        {over ? <Plain text={over} /> : does === "resolves" ? words.willEnd : does === "counts" ? words.willStay(verdict === "approve" ? (it?.progress?.missing ?? 0) : 0) : ""}
      </span>
    </li>
  );
}

/** A yes to what one has never seen is named as that. */
function Never({ ids }: { ids: readonly string[] }) {
  const never = ids.filter((id) => !wasOpened(id));
  if (never.length === 0) return null;
  const named = never.slice(0, 3).map((id) => `“${words.titleOf(approval(id), id)}”`);
  const more = never.length - named.length;
  return (
    <div class="note st-late">
      <Icon name="eye" />
      <p>
        <b>{words.never(never.length, ids.length)}</b> <Plain text={words.neverNames(more > 0 ? named.join(", ") : listed(named, "and"), more)} />
      </p>
    </div>
  );
}
