// Editing the proposal: a form where its kinds are known, JSON in any case, both ways without loss.

import { signal } from "@preact/signals";
import { useMemo, useState } from "preact/hooks";
import { stateOf } from "../../data/answering.ts";
import type { Detail } from "../../data/detail.ts";
import { draft, keepDraft } from "../../data/drafts.ts";
import type { Violation } from "../../data/http.ts";
import type { Proposal } from "../../logic/diff.ts";
import { type Json, JsonError, parse, write } from "../../logic/json.ts";
import { type Field, begun, edited, fromSchema, fromValue, leaves } from "../../logic/schema.ts";
import { H } from "../../parts/heading.tsx";
import { Icon } from "../../parts/small.tsx";
import { bar } from "../../words.ts";
import { FieldGroup } from "./fields.tsx";

const words = bar.edits;

/** The edits of the approval that is open: what the bar sends, and whether it may. */
export interface Edits {
  id: string;
  proposed: Json;
  value: Json;
  differ: string[];
  /** By pointer: what must be mended before it is sent. */
  errors: ReadonlyMap<string, string>;
}
export const edits = signal<Edits | null>(null);

/** Where there is a schema, the form is of the answer, and not of the proposal. */
export function proposedOf(full: Detail, found: Proposal | undefined): Json {
  const proposed = found?.kind === "values" ? found.proposed : found ? found.text : full.context;
  return full.schema === null ? proposed : begun(full.schema, proposed);
}

export function fieldOf(full: Detail, proposed: Json): Field {
  const field = full.schema === null ? fromValue(proposed) : fromSchema(full.schema);
  return field.kind === "json" && typeof proposed === "string" ? fromValue(proposed) : field;
}

/** What was edited before, or the proposal itself. */
export function beginEdits(full: Detail, found: Proposal | undefined): void {
  const proposed = proposedOf(full, found);
  const kept = draft(full.approval.id).edits;
  let value = proposed;
  if (kept !== null) {
    try {
      value = parse(kept);
    } catch {
      value = proposed;
    }
  }
  edits.value = { id: full.approval.id, proposed, value, differ: edited(fieldOf(full, proposed), proposed, value), errors: new Map() };
}

export function EditForm({ full, found }: { full: Detail; found: Proposal | undefined }) {
  const now = edits.value;
  const proposed = now?.proposed ?? proposedOf(full, found);
  const field = useMemo(() => fieldOf(full, proposed), [full.schema, proposed]);
  const [json, setJson] = useState(field.kind === "json");
  if (!now || now.id !== full.approval.id) return null;
  const state = stateOf(full.approval.id);
  const refused: readonly Violation[] = state.at === "refused" ? state.reply.errors : [];
  const set = (value: Json, errors: ReadonlyMap<string, string>) => {
    const differ = edited(field, proposed, value);
    edits.value = { ...now, value, errors, differ };
    keepDraft(now.id, { edits: differ.length > 0 ? write(value) : null });
  };
  return (
    <section class="sec" aria-label={words.title}>
      <div class="sec-h">
        <H>{words.title}</H>
        <span class="muted">{words.differ(now.differ.length, leaves(field))}</span>
        <span class="grow" />
        {field.kind !== "json" && (
          <div class="seg" role="group" aria-label={words.as}>
            <button type="button" aria-pressed={!json} onClick={() => setJson(false)}>
              {words.form}
            </button>
            <button type="button" aria-pressed={json} onClick={() => setJson(true)}>
              JSON
            </button>
          </div>
        )}
      </div>
      {refused.length > 0 && (
        <ul class="errs">
          {refused.map((error) => (
            <li key={error.pointer} class="err">
              <Icon name="warn" class="i-sm" /> {error.message} <span class="mono">{error.pointer}</span>
            </li>
          ))}
        </ul>
      )}
      {json ? (
        <JsonField value={now.value} onValue={set} />
      ) : (
        <div class="form">
          <FieldGroup field={field} proposed={proposed} value={now.value} errors={now.errors} refused={refused} onValue={set} />
        </div>
      )}
    </section>
  );
}

/** The whole as text. What can't be read yet is kept as it is typed, and isn't sent. */
function JsonField({ value, onValue }: { value: Json; onValue: (value: Json, errors: ReadonlyMap<string, string>) => void }) {
  const [text, setText] = useState(() => write(value, 2));
  const [trouble, setTrouble] = useState<string | null>(null);
  const typed = (next: string) => {
    setText(next);
    try {
      onValue(parse(next), new Map());
      setTrouble(null);
    } catch (error) {
      const line = error instanceof JsonError ? next.slice(0, error.at).split("\n").length : 1;
      const message = `Line ${line}: ${error instanceof Error ? error.message : ""}`;
      setTrouble(message);
      onValue(value, new Map([["", message]]));
    }
  };
  return (
    <div class="field">
      <label class="vh" for="edit-json">
        {words.whole}
      </label>
      <textarea
        id="edit-json"
        class="mono json-in"
        rows={Math.min(24, text.split("\n").length + 2)}
        spellcheck={false}
        value={text}
        aria-invalid={trouble !== null}
        aria-describedby="edit-json-e"
        onInput={(event) => typed(event.currentTarget.value)}
      />
      <p id="edit-json-e" class="err" hidden={trouble === null}>
        <Icon name="warn" class="i-sm" /> {trouble}
      </p>
    </div>
  );
}
