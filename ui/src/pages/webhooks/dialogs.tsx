// Making an endpoint and changing one, another secret, what failed once more, deleting it.

import { useState } from "preact/hooks";
import type { Webhook, WebhookWithSecret } from "../../data/types.ts";
import { changeWebhook, makeWebhook, removeWebhook, rotateWebhook, sendFailedAgain } from "../../data/webhooks.ts";
import { changed } from "../../logic/forms.ts";
import { hostOf } from "../../logic/webhooks.ts";
import { settings } from "../../words-settings.ts";
import { webhooks as words } from "../../words-webhooks.ts";
import { Check, Choose, Field, FormDialog } from "../settings/form.tsx";

interface DialogProps<T = unknown> {
  onDone: (it: T) => void;
  onClose: () => void;
}

type Draft = Pick<Webhook, "url" | "description" | "events" | "format" | "include_context">;

const tidy = (draft: Draft): Draft => ({ ...draft, url: draft.url.trim(), description: draft.description?.trim() || null });

export function Make({ onDone, onClose }: DialogProps<WebhookWithSecret | null>) {
  const [draft, setDraft] = useState<Draft>({ url: "", description: "", events: [], format: "standard", include_context: false });
  return (
    <FormDialog title={words.makeTitle} button={words.makeIt} send={() => makeWebhook(tidy(draft))} onDone={onDone} onClose={onClose}>
      <Fields draft={draft} set={(some) => setDraft({ ...draft, ...some })} />
    </FormDialog>
  );
}

export function Change({ it, onDone, onClose }: DialogProps & { it: Webhook }) {
  const [draft, setDraft] = useState<Draft>({ url: it.url, description: it.description ?? "", events: it.events, format: it.format, include_context: it.include_context });
  // Only what was changed here is sent: what another has changed meanwhile stays.
  const [before] = useState(() => tidy(draft));
  return (
    <FormDialog title={words.changeTitle} button={settings.save} send={() => changeWebhook(it.id, changed<object>(before, tidy(draft)))} onDone={onDone} onClose={onClose}>
      <Fields draft={draft} set={(some) => setDraft({ ...draft, ...some })} />
    </FormDialog>
  );
}

function Fields({ draft, set }: { draft: Draft; set: (some: Partial<Draft>) => void }) {
  const names = Object.keys(words.event) as Draft["events"];
  // In the order of the service, as it gives them back.
  const toggle = (name: string, on: boolean) => set({ events: names.filter((one) => (one === name ? on : draft.events.includes(one))) });
  return (
    <>
      <Field label={words.url} hint={words.urlHint} pointer="/url">
        {(its) => <input class="in" type="url" required autocomplete="off" spellcheck={false} value={draft.url} onInput={(event) => set({ url: event.currentTarget.value })} {...its} />}
      </Field>
      <Field label={words.description} pointer="/description">
        {(its) => <input class="in" maxLength={500} autocomplete="off" value={draft.description ?? ""} onInput={(event) => set({ description: event.currentTarget.value })} {...its} />}
      </Field>
      <fieldset class="set-opts">
        <legend class="set-lab">{words.events}</legend>
        <p class="hint">{words.eventsHint}</p>
        {names.map((name) => (
          <Check key={name} label={words.event[name]} hint={<code>{name}</code>} checked={draft.events.includes(name)} onChange={(on) => toggle(name, on)} />
        ))}
      </fieldset>
      <Choose label={words.format} of={Object.entries(words.formats)} value={draft.format} onChange={(format) => set({ format: format as Draft["format"] })} pointer="/format" />
      <Check label={words.context} hint={words.contextHint} checked={draft.include_context} onChange={(to) => set({ include_context: to })} />
    </>
  );
}

export function Rotate({ it, onDone, onClose }: DialogProps<WebhookWithSecret | null> & { it: Webhook }) {
  const [seconds, setSeconds] = useState(words.overlaps[0]?.[0] ?? "");
  return (
    <FormDialog title={words.rotateTitle} button={words.rotateIt} send={() => rotateWebhook(it.id, Number(seconds))} onDone={onDone} onClose={onClose}>
      <p class="soft">{words.rotateHint}</p>
      <Choose label={words.overlap} of={words.overlaps} value={seconds} onChange={setSeconds} pointer="/overlap_seconds" />
    </FormDialog>
  );
}

/** What it came to is said by the page. */
export function FailedAgain({ it, onDone, onClose }: DialogProps<string> & { it: Webhook }) {
  return (
    <FormDialog title={words.againTitle} button={words.againIt} send={() => sendFailedAgain(it.id)} onDone={(sent) => onDone(words.againDone(sent?.replayed ?? 0, sent?.more ?? false))} onClose={onClose}>
      <p class="soft">{words.againHint}</p>
    </FormDialog>
  );
}

/** Nothing brings its secret back, so its host is typed. */
export function Remove({ it, onDone, onClose }: DialogProps & { it: Webhook }) {
  return (
    <FormDialog title={words.removeTitle} button={words.removeIt} danger typed={hostOf(it.url)} send={() => removeWebhook(it.id)} onDone={onDone} onClose={onClose}>
      <p>{words.removeHint}</p>
    </FormDialog>
  );
}
