// Fields of the form: each keeps its value's kind, shows what was proposed, and says what is wrong with it.

import { useId, useState } from "preact/hooks";
import type { Violation } from "../../data/http.ts";
import { type Json, Num, at, parse, pointer, same, write } from "../../logic/json.ts";
import { type Field, limitsInWords, put, read } from "../../logic/schema.ts";
import { Icon, Plain } from "../../parts/small.tsx";
import { bar } from "../../words.ts";

const words = bar.edits;

interface GroupProps {
  field: Field;
  proposed: Json;
  value: Json;
  errors: ReadonlyMap<string, string>;
  refused: readonly Violation[];
  onValue: (value: Json, errors: ReadonlyMap<string, string>) => void;
}

export function FieldGroup(props: GroupProps) {
  const { field } = props;
  if (field.kind !== "object") return <One {...props} />;
  const inner = field.fields.map((it) => <FieldGroup key={pointer(it.path)} {...props} field={it} />);
  if (field.path.length === 0) return <>{inner}</>;
  return (
    <fieldset class="wide form form-in">
      <legend class="lab">
        <Plain text={field.label} />
      </legend>
      {inner}
    </fieldset>
  );
}

function One({ field, proposed, value, errors, refused, onValue }: GroupProps) {
  const id = useId();
  const where = pointer(field.path);
  const now = at(value, field.path);
  const before = at(proposed, field.path);
  const changed = now === undefined || before === undefined ? now !== before : !same(now, before);
  const told = refused.find((it) => it.pointer.endsWith(where));
  const error = errors.get(where) ?? told?.message;
  const set = (next: Json | undefined, trouble: string | null) => {
    const left = new Map(errors);
    if (trouble === null) left.delete(where);
    else left.set(where, trouble);
    onValue(trouble === null ? put(value, field.path, next) : value, left);
  };
  const hint = [field.hint, limitsInWords(field)].filter(Boolean).join("; ");
  const own = { id, error: error !== undefined, described: `${id}-h ${id}-e` };
  const wide = field.kind === "json" || field.kind === "list" || (typeof now === "string" && now.length > 40);
  return (
    <div class={`field ${changed ? "is-changed" : ""} ${wide ? "wide" : ""}`}>
      <label for={id}>
        <Plain text={field.label} />
      </label>
      <Input field={field} now={now} own={own} set={set} />
      <p class="hint" id={`${id}-h`}>
        {hint && <Plain text={hint} />}
        {changed && (
          <span class="was-line">
            <Plain text={before === undefined ? words.notThere : words.was(write(before))} lines />
          </span>
        )}
      </p>
      {error && (
        <p class="err" id={`${id}-e`}>
          <Icon name="warn" class="i-sm" /> {error} <span class="mono hint">{where}</span>
        </p>
      )}
    </div>
  );
}

interface InputProps {
  field: Field;
  now: Json | undefined;
  own: { id: string; error: boolean; described: string };
  set: (value: Json | undefined, error: string | null) => void;
}

function Input(props: InputProps) {
  const { field, now, own, set } = props;
  const shared = { id: own.id, "aria-invalid": own.error, "aria-describedby": own.described };
  switch (field.kind) {
    case "boolean":
      return <input {...shared} type="checkbox" checked={now === true} onChange={(event) => set(event.currentTarget.checked, null)} />;
    case "const":
      return <output {...shared} class="mono">{write(field.choices[0] ?? null)}</output>;
    case "choice":
      return <Choice {...props} />;
    case "list":
      return field.item?.kind === "choice" ? <Several {...props} /> : <Raw {...props} />;
    case "json":
    case "object":
      return <Raw {...props} />;
    default:
      return <Text {...props} />;
  }
}

const textOf = (value: Json | undefined): string =>
  value === undefined || value === null ? "" : typeof value === "string" ? value : value instanceof Num ? value.raw : write(value);

/** What is typed is kept as typed, also where it isn't a value yet. */
function Text({ field, now, own, set }: InputProps) {
  const [typed, setTyped] = useState(textOf(now));
  const work = (text: string) => {
    setTyped(text);
    const result = read(field, text);
    if ("error" in result) set(undefined, result.error);
    else set(result.value, null);
  };
  const shared = {
    id: own.id,
    class: "in",
    value: typed,
    "aria-invalid": own.error,
    "aria-describedby": own.described,
    onInput: (event: { currentTarget: { value: string } }) => work(event.currentTarget.value),
  };
  if (field.kind === "string" && (typed.includes("\n") || typed.length > 120)) return <textarea {...shared} rows={Math.min(12, typed.split("\n").length + 2)} />;
  if (field.format === "date") return <input {...shared} type="date" />;
  const mode = field.kind === "integer" ? "numeric" : field.kind === "number" ? "decimal" : "text";
  return <input {...shared} inputMode={mode} spellcheck={field.kind === "string"} />;
}

function Choice({ field, now, own, set }: InputProps) {
  const index = now === undefined ? -1 : field.choices.findIndex((it) => same(it, now));
  return (
    <select id={own.id} class="sel" aria-invalid={own.error} aria-describedby={own.described} value={String(index)} onChange={(event) => set(field.choices[Number(event.currentTarget.value)], null)}>
      {(index < 0 || !field.required) && <option value="-1">{words.unset}</option>}
      {field.choices.map((it, at) => (
        <option key={at} value={String(at)}>
          {field.titles[at] || textOf(it) || (it === null ? "null" : words.empty)}
        </option>
      ))}
    </select>
  );
}

function Several({ field, now, own, set }: InputProps) {
  const chosen = Array.isArray(now) ? now : [];
  return (
    <div id={own.id} role="group" aria-describedby={own.described}>
      {field.item?.choices.map((it, at) => (
        <label key={write(it)} class="check">
          <input
            type="checkbox"
            checked={chosen.some((one) => same(one, it))}
            onChange={(event) => set(event.currentTarget.checked ? [...chosen, it] : chosen.filter((one) => !same(one, it)), null)}
          />
          <Plain text={field.item?.titles[at] || textOf(it)} />
        </label>
      ))}
    </div>
  );
}

/** A part that no field fits: as JSON. */
function Raw({ now, own, set }: InputProps) {
  const [typed, setTyped] = useState(now === undefined ? "" : write(now, 2));
  const work = (text: string) => {
    setTyped(text);
    try {
      set(text.trim() === "" ? undefined : parse(text), null);
    } catch (error) {
      set(undefined, error instanceof Error ? error.message : "");
    }
  };
  return (
    <textarea id={own.id} class="mono json-in" rows={Math.min(10, typed.split("\n").length + 1)} spellcheck={false} aria-invalid={own.error} aria-describedby={own.described} value={typed} onInput={(event) => work(event.currentTarget.value)} />
  );
}
