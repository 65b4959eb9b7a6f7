// A form in a dialog, and its fields. It locks while it sends, and says what came of it: done, refused, or unknown.

import { type ComponentChildren, createContext } from "preact";
import { useContext, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Violation } from "../../data/http.ts";
import type { Sent } from "../../data/loading.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Icon } from "../../parts/small.tsx";
import { settings as words } from "../../words-settings.ts";

type Failed = Extract<Sent<unknown>, { ok: false }>;

const Errors = createContext<readonly Violation[]>([]);

interface FormProps<T> {
  title: string;
  button: string;
  /** null: something in it must be mended first. */
  send: () => Promise<Sent<T>> | null;
  onDone: (body: T | null) => void;
  onClose: () => void;
  children: ComponentChildren;
  danger?: boolean;
  /** To be typed, where nothing can bring it back. */
  typed?: string;
}

export function FormDialog<T>({ title, button, send, onDone, onClose, children, danger = false, typed }: FormProps<T>) {
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<Failed | null>(null);
  const [wrong, setWrong] = useState(false);
  const typing = useRef<HTMLInputElement>(null);
  const back = useRef<HTMLButtonElement>(null);
  const form = useId();
  useLayoutEffect(() => {
    if (danger && !typed) back.current?.focus();
  }, []);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    const bad = typed !== undefined && typing.current?.value.trim() !== typed;
    setWrong(bad);
    if (bad) return typing.current?.focus();
    const sending = send();
    if (!sending) return;
    setBusy(true);
    setFailed(null);
    const sent = await sending;
    setBusy(false);
    if (sent.ok) onDone(sent.body);
    else setFailed(sent);
  };

  const foot = (
    <>
      <button ref={back} type="button" class="b" onClick={onClose}>
        {words.cancel}
      </button>
      <button type="submit" form={form} class={`b ${danger ? "b-nofill" : "b-ink"}`} aria-disabled={busy}>
        {busy ? words.saving : button}
      </button>
    </>
  );
  return (
    <Dialog title={title} onClose={busy ? () => {} : onClose} foot={foot}>
      <Errors.Provider value={failed?.errors ?? []}>
        <form id={form} class="set-f" onSubmit={(event) => void submit(event)} noValidate>
          {children}
          {typed !== undefined && (
            <Field label={words.typeIt(typed)} error={wrong ? words.typedWrong(typed) : undefined}>
              {(its) => <input ref={typing} class="in mono" autocomplete="off" spellcheck={false} {...its} />}
            </Field>
          )}
          <Told failed={failed} />
        </form>
      </Errors.Provider>
    </Dialog>
  );
}

/** What went wrong, in words. What is about a field stands at the field, and is counted here. */
export function Told({ failed }: { failed: Failed | null }) {
  return (
    <div role="alert">
      {failed && (
        <div class={`note ${failed.unknown ? "st-late" : "st-no"}`}>
          <Icon name={failed.unknown ? "warn" : "x"} />
          <div>
            <p>
              <b>{failed.unknown ? words.unknown : words.notDone}</b> {failed.trouble.status === null ? words.noAnswer : failed.trouble.detail}
            </p>
            {failed.errors.map((one) => (
              <p key={one.pointer + one.rule} class="soft">
                <code>{one.pointer}</code> {one.message}
              </p>
            ))}
            {failed.unknown && failed.trouble.requestId && <p class="hint">{words.request(failed.trouble.requestId)}</p>}
          </div>
        </div>
      )}
    </div>
  );
}

interface Its {
  id: string;
  "aria-describedby": string;
  "aria-invalid": boolean;
}

interface FieldProps {
  label: string;
  hint?: string | undefined;
  /** Where the server's errors about it point. */
  pointer?: string;
  error?: string | undefined;
  children: (its: Its) => ComponentChildren;
}

export function Field({ label, hint, pointer, error, children }: FieldProps) {
  const id = useId();
  const errors = useContext(Errors);
  const said = error ?? (pointer && errors.find((one) => one.pointer === pointer || one.pointer.startsWith(`${pointer}/`))?.message);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, "aria-describedby": `${id}-hint ${id}-err`, "aria-invalid": Boolean(said) })}
      <p class="hint" id={`${id}-hint`} hidden={!hint}>
        {hint}
      </p>
      <p class="err" id={`${id}-err`} hidden={!said}>
        <Icon name="warn" class="i-sm" /> {said}
      </p>
    </div>
  );
}

interface CheckProps {
  label: ComponentChildren;
  hint?: ComponentChildren;
  checked: boolean;
  onChange: (now: boolean) => void;
  disabled?: boolean;
}

export function Check({ label, hint, checked, onChange, disabled = false }: CheckProps) {
  return (
    <label class={`check ${disabled ? "muted" : ""}`}>
      <input type="checkbox" checked={checked} disabled={disabled} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>
        {label} {hint && <span class="hint">{hint}</span>}
      </span>
    </label>
  );
}

interface ChooseProps {
  label: string;
  of: readonly (readonly [string, string])[];
  value: string;
  onChange: (to: string) => void;
  pointer: string;
}

export function Choose({ label, of, value, onChange, pointer }: ChooseProps) {
  return (
    <Field label={label} pointer={pointer}>
      {(its) => (
        <select class="sel" value={value} onChange={(event) => onChange(event.currentTarget.value)} {...its}>
          {of.map(([name, word]) => (
            <option key={name} value={name}>
              {word}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
