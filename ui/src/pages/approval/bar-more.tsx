// More: edit, hand on, copy, cancel. What can't be taken back is asked about in a dialog that begins on "Back".

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { answer } from "../../data/answering.ts";
import type { Detail } from "../../data/detail.ts";
import { BREATH, type Verb } from "../../logic/answer.ts";
import { Dialog, Menu } from "../../parts/dialog.tsx";
import { useKeys } from "../../parts/keys.ts";
import { Icon, Kbd, Plain } from "../../parts/small.tsx";
import { approval as approvalWords, app, bar as words } from "../../words.ts";
import { type BarProps, you } from "./bar.tsx";
import { levelLabel } from "./fuse.tsx";
import { copy, linkTo } from "./head.tsx";

type Open = "menu" | "cancel" | "escalate" | null;

export function MoreMenu({ full, row, onEdit }: BarProps & { onEdit: (() => void) | null }) {
  const [open, setOpen] = useState<Open>(null);
  const it = full.approval;
  const to = levelLabel(it, it.escalation_level + 1);
  const canHandOn = you(full, row, "escalate").allowed;
  const canCancel = you(full, row, "cancel").allowed;
  useKeys({ ".": () => setOpen("menu"), ...(canHandOn ? { e: () => setOpen("escalate") } : {}) });
  const close = () => setOpen(null);
  const item = (icon: string, text: string, work: () => void, key?: string, bad = false) => (
    <button
      type="button"
      class={`menu-i ${bad ? "is-bad" : ""}`}
      role="menuitem"
      tabIndex={-1}
      onClick={() => {
        close();
        work();
      }}
    >
      <Icon name={icon} /> <Plain text={text} /> {key && <Kbd>{key}</Kbd>}
    </button>
  );
  return (
    <>
      <button type="button" class="b b-icon" aria-label={words.moreLabel} title={`${words.more} (.)`} aria-haspopup="menu" aria-expanded={open === "menu"} aria-keyshortcuts="." onClick={() => setOpen("menu")}>
        <Icon name="dots" />
      </button>
      {open === "menu" && (
        <Menu label={words.more} onClose={close}>
          {onEdit && item("pencil", words.edit, onEdit, "m")}
          {canHandOn && item("up", words.handOn(to), () => setOpen("escalate"), "e")}
          {(onEdit || canHandOn) && <hr />}
          {item("link", approvalWords.copyLink, () => void copy(linkTo(it.id)), "c")}
          {item("copy", words.copyCurl, () => void copy(curl(it.id)))}
          {canCancel && <hr />}
          {canCancel && item("slash", words.cancel, () => setOpen("cancel"), undefined, true)}
        </Menu>
      )}
      {open === "cancel" && <CancelDialog full={full} onClose={close} />}
      {open === "escalate" && <WhyDialog full={full} verb="escalate" title={words.handOnTitle(to)} hint={words.handOnHint} button={words.handOnButton} onClose={close} />}
    </>
  );
}

const curl = (id: string): string => `curl -sS '${location.origin}/api/v1/approvals/${id}' -H "Authorization: Bearer $SIGNOFF_API_KEY"`;

export function CancelDialog({ full, onClose }: { full: Detail; onClose: () => void }) {
  return <WhyDialog full={full} verb="cancel" title={words.cancelTitle} hint={words.cancelHint} button={words.cancelButton} onClose={onClose} />;
}

interface WhyProps {
  full: Detail;
  verb: Verb;
  title: string;
  hint: string;
  button: string;
  onClose: () => void;
}

function WhyDialog({ full, verb, title, hint, button, onClose }: WhyProps) {
  const { id, version } = full.approval;
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const first = useRef<HTMLButtonElement>(null);
  // The breath before a confirmation counts from here.
  const since = useRef(performance.now()).current;
  useLayoutEffect(() => first.current?.focus(), []);
  const go = () => {
    if (!reason.trim()) return setMissing(true);
    if (performance.now() - since < BREATH) return;
    onClose();
    void answer(id, verb, version, { reason }, since);
  };
  const foot = (
    <>
      <button ref={first} type="button" class="b" onClick={onClose}>
        {app.back}
      </button>
      <button type="button" class="b b-nofill" onClick={go}>
        {button}
      </button>
    </>
  );
  return (
    <Dialog title={title} onClose={onClose} foot={foot}>
      <p class="soft">{hint}</p>
      <div class="field">
        <label for="why">{words.reason}</label>
        <textarea id="why" rows={2} maxLength={5000} value={reason} aria-invalid={missing} aria-describedby="why-e" onInput={(event) => {
          setReason(event.currentTarget.value);
          setMissing(false);
        }} />
        <p id="why-e" class="err" hidden={!missing} role="alert">
          <Icon name="warn" class="i-sm" /> {words.reasonMissing}
        </p>
      </div>
    </Dialog>
  );
}
