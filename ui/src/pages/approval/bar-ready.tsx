// Ready: a comment, reject, approve, more. Nothing is sent from here; each asks back first.

import { useState } from "preact/hooks";
import { askBack, openEdit, openReject } from "../../data/answering.ts";
import type { Detail } from "../../data/detail.ts";
import { draft, keepDraft } from "../../data/drafts.ts";
import type { May } from "../../logic/answer.ts";
import { needsAnswer } from "../../logic/schema.ts";
import { useKeys } from "../../parts/keys.ts";
import { Icon, Kbd, Plain } from "../../parts/small.tsx";
import { approval as approvalWords, bar as words } from "../../words.ts";
import { type BarProps, you } from "./bar.tsx";
import { MoreMenu } from "./bar-more.tsx";
import { notShown } from "./change.tsx";
import { beginEdits } from "./edit.tsx";

/** Why edits are not offered, or whose edits one would sign. */
export function aboutEdits(full: Detail, edit: May): string | null {
  const first = full.decisions.find((one) => one.verdict === "approved" && one.level === full.approval.escalation_level);
  if (first && edit.code === "edited_already") return words.edits.second(first.principal);
  return first && edit.code === "taken_as_it_is" ? words.edits.firstAsIs(first.principal) : null;
}

export function Ready(props: BarProps) {
  const { full, row, found } = props;
  const { id } = full.approval;
  const [comment, setComment] = useState(() => draft(id).comment);
  const [approve, reject, edit] = [you(full, row, "approve"), you(full, row, "reject"), you(full, row, "edit")];
  const note = aboutEdits(full, edit);
  const canEdit = edit.allowed;
  const startEdit = () => {
    beginEdits(full, found);
    openEdit(id);
  };
  // An answer that must say something is given by the form.
  const startApproval = full.agreed === null && canEdit && needsAnswer(full.schema) ? startEdit : () => askBack(id, "approve");
  const keep = (text: string) => {
    setComment(text);
    keepDraft(id, { comment: text });
  };
  useKeys({
    ...(approve.allowed ? { a: startApproval } : {}),
    ...(reject.allowed ? { r: (event: KeyboardEvent) => {
      event.preventDefault();
      openReject(id);
    } } : {}),
    ...(canEdit ? { m: startEdit } : {}),
    t: (event) => {
      event.preventDefault();
      document.getElementById("comment")?.focus();
    },
  });
  return (
    <form class="act" aria-label={words.label} onSubmit={(event) => {
      event.preventDefault();
      if (approve.allowed) startApproval();
    }}>
      <input id="comment" class="in opt" aria-label={words.comment} placeholder={words.comment} aria-keyshortcuts="t" maxLength={5000} value={comment} onInput={(event) => keep(event.currentTarget.value)} />
      <button type="button" class="b b-no" disabled={!reject.allowed} title={reject.reason ?? undefined} aria-keyshortcuts="r" onClick={() => openReject(id)}>
        <Icon name="x" /> {words.reject} <Kbd>r</Kbd>
      </button>
      <button type="button" class="b b-ok" disabled={!approve.allowed} title={approve.reason ?? undefined} aria-keyshortcuts="a" data-first onClick={startApproval}>
        <Icon name="check" /> {words.approve} <Kbd>a</Kbd>
      </button>
      <MoreMenu {...props} onEdit={canEdit ? startEdit : null} />
      {notShown.value.size > 0 && (
        <p class="act-n st-late">
          <Icon name="warn" class="i-sm" /> <Plain text={approvalWords.notAllShown([...notShown.value.values()])} />
        </p>
      )}
      {note && (
        <p class="act-n">
          <Icon name="pencil" class="i-sm" /> <Plain text={note} />
        </p>
      )}
    </form>
  );
}
