// Asking back: what the answer does, as whom; the button that sends stands elsewhere than the one that asked.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { answer, back } from "../../data/answering.ts";
import { draft, keepDraft } from "../../data/drafts.ts";
import { me, session } from "../../data/session.ts";
import { BREATH, type State } from "../../logic/answer.ts";
import { plain } from "../../logic/hidden.ts";
import { write } from "../../logic/json.ts";
import { modifications } from "../../logic/schema.ts";
import { useKeys } from "../../parts/keys.ts";
import { Icon, Kbd, Plain } from "../../parts/small.tsx";
import { app, approval as approvalWords, bar as words } from "../../words.ts";
import { type BarProps, you } from "./bar.tsx";
import { notShown } from "./change.tsx";
import { edits } from "./edit.tsx";

type AskingState = Extract<State, { at: "asking" | "editing" }>;

export function Asking({ full, row, found, state }: BarProps & { state: AskingState }) {
  const { id, version, approval_type } = full.approval;
  const editing = state.at === "editing" || state.verb === "edit";
  const now = edits.value?.id === id ? edits.value : null;
  const differ = now?.differ.length ?? 0;
  const wrong = now?.errors.size ?? 0;
  const { effect, seats } = you(full, row, "approve");
  const [seat, setSeat] = useState(seats?.[0] ?? "");
  // A whole answer by a schema, which needs not differ from what it began with.
  const answers = editing && full.schema !== null;
  const blocked = editing && ((differ === 0 && !answers) || wrong > 0);
  const [comment, setComment] = useState(() => draft(id).comment);
  const confirm = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    // The list below has the keys of the page; the confirmation is here, and Enter is its key.
    if (!editing) confirm.current?.focus();
  }, []);
  const go = () => {
    if (blocked) return;
    const words = { comment, seat: seat || null, digest: full.digest };
    if (!editing && full.agreed !== null) return void answer(id, "edit", version, { ...words, modifications: write(full.agreed) });
    if (!editing) return void answer(id, "approve", version, words);
    if (now) void answer(id, "edit", version, { ...words, modifications: write(full.schema === null ? modifications(approval_type, found?.where ?? [], now.proposed, now.value) : now.value) });
  };
  const leave = () => {
    if (editing) {
      keepDraft(id, { edits: null });
      edits.value = null;
    }
    back(id);
  };
  useKeys({ Escape: () => back(id), ...(editing ? {} : { Enter: go }) });
  return (
    <form
      class="act is-ask"
      aria-label={words.label}
      onSubmit={(event) => {
        event.preventDefault();
        go();
      }}
    >
      <div class="grow">
        <p class="act-q">{answers ? words.askAnswer(me.value) : editing ? words.askEdit(differ, me.value) : full.agreed !== null ? words.askAgreed(me.value) : words.askApprove(me.value)}</p>
        <p class="soft">
          {editing && wrong > 0 ? (
            <span class="st st-late">
              <Icon name="warn" class="i-sm" /> {words.edits.mend(wrong)}
            </span>
          ) : editing && !answers && differ === 0 ? (
            words.edits.none
          ) : (
            <>
              {words.effect[effect ?? "counts"]} {editing && effect !== "resolves" && words.edits.secondSigns}
            </>
          )}
        </p>
        {notShown.value.size > 0 && !editing && (
          <p class="st st-late">
            <Icon name="warn" class="i-sm" /> <Plain text={approvalWords.notAllShown([...notShown.value.values()])} />
          </p>
        )}
        <Seat seats={seats ?? []} seat={seat} onSeat={setSeat} />
        {(editing || comment === "") && (
          <input
            class={`in act-c ${editing ? "" : "only-phone"}`}
            aria-label={words.comment}
            placeholder={words.comment}
            maxLength={5000}
            value={comment}
            onInput={(event) => {
              setComment(event.currentTarget.value);
              keepDraft(id, { comment: event.currentTarget.value });
            }}
          />
        )}
      </div>
      {!editing && comment !== "" && (
        <p class="act-said">
          <Plain text={`“${comment}”`} />
        </p>
      )}
      {/* The second click lands on Back: what sends stands where Reject was. */}
      <div class="act-b is-second">
        <button ref={confirm} type="submit" class="b b-ok" data-first aria-disabled={blocked} disabled={blocked}>
          <Icon name={editing ? "pencil" : "check"} /> {answers ? words.approveAnswer : editing ? words.approveEdits(differ) : words.approveNow} {!editing && <Kbd>⏎</Kbd>}
        </button>
        <button type="button" class="b" onClick={leave}>
          {editing ? words.edits.drop : app.back} {!editing && <Kbd>Esc</Kbd>}
        </button>
      </div>
    </form>
  );
}

/** Where several seats are open by delegation, it must be said which one is taken. */
function Seat({ seats, seat, onSeat }: { seats: readonly string[]; seat: string; onSeat: (name: string) => void }) {
  if (seats.length === 0) return null;
  return (
    <div class="field act-c">
      <label for="seat">{words.seat}</label>
      <select id="seat" class="sel" value={seat} onChange={(event) => onSeat(event.currentTarget.value)}>
        {seats.map((name) => (
          <option key={name} value={name}>
            {plain(name)}
          </option>
        ))}
      </select>
    </div>
  );
}

export function Rejecting({ full, row }: BarProps) {
  const offered = session.value?.workspace.reject_reasons;
  const { id, version } = full.approval;
  const { seats } = you(full, row, "reject");
  const [seat, setSeat] = useState(seats?.[0] ?? "");
  const [reason, setReason] = useState(() => draft(id).reason);
  const [missing, setMissing] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const since = useRef(performance.now());
  useLayoutEffect(() => field.current?.focus(), []);
  const keep = (text: string) => {
    setReason(text);
    setMissing(false);
    keepDraft(id, { reason: text });
  };
  const go = () => {
    if (performance.now() - since.current < BREATH) return;
    if (!reason.trim()) {
      setMissing(true);
      field.current?.focus();
      return;
    }
    void answer(id, "reject", version, { reason, comment: draft(id).comment, seat: seat || null, digest: full.digest });
  };
  const start = (text: string) => {
    keep(text);
    field.current?.focus();
  };
  useKeys({ Escape: () => back(id) });
  return (
    <form
      class="act is-ask"
      aria-label={words.rejectAs(me.value)}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        go();
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.metaKey || event.ctrlKey) && !event.repeat) {
          event.preventDefault();
          go();
        }
      }}
    >
      <fieldset class="grow act-f">
        <legend class="act-q">{words.rejectAs(me.value)}</legend>
        <p class="soft">{words.rejectHint}</p>
        <div class="reasons" role="group" aria-label={words.reasonStart}>
          {(offered?.length ? offered : words.reasons).map((text) => (
            <label key={text}>
              <input type="radio" name="why" checked={reason.startsWith(text)} onChange={() => start(text)} />
              {text}
            </label>
          ))}
        </div>
        <Seat seats={seats ?? []} seat={seat} onSeat={setSeat} />
        <div class="field">
          <label for="reason">{words.reason}</label>
          <textarea ref={field} id="reason" rows={2} required maxLength={5000} value={reason} aria-invalid={missing} aria-describedby="reason-e" onInput={(event) => keep(event.currentTarget.value)} />
          <p id="reason-e" class="err" hidden={!missing} role="alert">
            <Icon name="warn" class="i-sm" /> {words.reasonMissing}
          </p>
        </div>
      </fieldset>
      <div class="act-b">
        <button type="button" class="b" onClick={() => back(id)}>
          {app.back} <Kbd>Esc</Kbd>
        </button>
        <button type="submit" class="b b-nofill">
          <Icon name="x" /> {words.rejectNow} <Kbd>{/mac/i.test(navigator.platform) ? "⌘⏎" : "Ctrl ⏎"}</Kbd>
        </button>
      </div>
    </form>
  );
}
