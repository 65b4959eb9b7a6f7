// From a JSON Schema to fields of a form, and from what was typed back to values of the right kind. Where there is no
// schema, the proposal's own values say which kinds there are. Pure.

import { type Dict, type Json, Num, type Path, at, isDict, isScalar, pointer, same } from "./json.ts";

export type Kind = "string" | "number" | "integer" | "boolean" | "choice" | "const" | "list" | "object" | "json";

export interface Field {
  kind: Kind;
  path: Path;
  label: string;
  hint: string;
  required: boolean;
  nullable: boolean;
  format: "date" | "date-time" | "uri" | null;
  choices: readonly Json[];
  /** What each choice is called; as many, or none. */
  titles: readonly string[];
  /** Of an object. */
  fields: readonly Field[];
  /** Of a list: what each item is. */
  item: Field | null;
  limits: Limits;
}

export interface Limits {
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
}

const KNOWN = new Set([
  "type", "title", "description", "properties", "required", "enum", "const", "items", "minimum", "maximum", "minLength", "maxLength",
  "minItems", "maxItems", "pattern", "format", "default", "examples", "additionalProperties", "nullable", "$schema", "$id", "$comment", "uniqueItems",
  "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minProperties", "maxProperties", "enumNames", "deprecated", "readOnly", "$defs",
]);
const FORMATS = new Set(["date", "date-time", "uri"]);
const words = (value: Json | undefined): string => (typeof value === "string" ? value : "");
const amount = (value: Json | undefined): number | undefined => (value instanceof Num ? Number(value.raw) : undefined);

const NULL = (it: Json): boolean => isDict(it) && it.get("type") === "null";

/** The same said more simply: references followed, "this or null" as a type that may be null, titled choices as a list. */
function simpler(schema: Json, defs: Dict): Json {
  if (!isDict(schema)) return schema;
  const next: Dict = new Map([...schema].filter(([name]) => !name.startsWith("x-")));
  const reference = next.get("$ref");
  if (typeof reference === "string") {
    next.delete("$ref");
    const name = reference.replace(/^#\/\$defs\//, "").replaceAll("~1", "/").replaceAll("~0", "~");
    const there = simpler(defs.get(name) ?? null, defs);
    return isDict(there) ? new Map([...there, ...next]) : there;
  }
  for (const word of ["anyOf", "oneOf"]) {
    const ways = next.get(word);
    if (!Array.isArray(ways)) continue;
    const others = ways.filter((it) => !NULL(it));
    const [only] = others;
    if (only !== undefined && others.length === 1 && others.length < ways.length) {
      next.delete(word);
      const there = simpler(only, defs);
      return isDict(there) ? new Map([...there, ...next, ["nullable", true]]) : schema;
    }
    if (ways.every((it) => isDict(it) && isScalar(it.get("const") ?? []) && [...it.keys()].every((key) => key === "const" || key === "title"))) {
      next.delete(word);
      next.set("enum", ways.map((it) => (it as Dict).get("const") as Json));
      next.set("enumNames", ways.map((it) => (it as Dict).get("title") ?? ""));
      return next;
    }
  }
  return next;
}

const defsOf = (schema: Json): Dict => {
  const defs = isDict(schema) ? schema.get("$defs") : null;
  return isDict(defs ?? null) ? (defs as Dict) : new Map();
};

/** `fail back to JSON` for a part that uses what a form can't show. */
export function fromSchema(asked: Json, path: Path = [], required = true, defs: Dict = defsOf(asked)): Field {
  const schema = simpler(asked, defs);
  const key = path[path.length - 1] ?? "";
  const base: Field = {
    kind: "json", path, label: key, hint: "", required, nullable: false, format: null, choices: [], titles: [], fields: [], item: null, limits: {},
  };
  if (!isDict(schema)) return base;
  base.label = words(schema.get("title")) || readable(key);
  base.hint = words(schema.get("description"));
  if ([...schema.keys()].some((name) => !KNOWN.has(name))) return base;
  const given = schema.get("type");
  const types = (Array.isArray(given) ? given : [given]).filter((it): it is string => typeof it === "string");
  const real = types.filter((type) => type !== "null");
  base.nullable = types.includes("null") || schema.get("nullable") === true;
  base.limits = limits(schema);
  if (schema.has("const")) return { ...base, kind: "const", choices: [schema.get("const") as Json] };
  const choices = schema.get("enum");
  if (Array.isArray(choices)) {
    const names = schema.get("enumNames");
    const titles = Array.isArray(names) && names.length === choices.length ? names.map(words) : [];
    return choices.every(isScalar) ? { ...base, kind: "choice", choices, titles } : base;
  }
  if (real.length !== 1) return base;
  switch (real[0]) {
    case "string": {
      const format = words(schema.get("format"));
      return { ...base, kind: "string", format: FORMATS.has(format) ? (format as Field["format"]) : null };
    }
    case "number":
    case "integer":
    case "boolean":
      return { ...base, kind: real[0] };
    case "array": {
      const item = fromSchema(schema.get("items") ?? null, path, true, defs);
      const plain = ["string", "number", "integer", "boolean", "choice"].includes(item.kind);
      return plain ? { ...base, kind: "list", item } : base;
    }
    case "object": {
      const properties = schema.get("properties");
      if (!isDict(properties) || properties.size === 0) return base;
      const needed = schema.get("required");
      const needs = new Set(Array.isArray(needed) ? needed : []);
      return { ...base, kind: "object", fields: [...properties].map(([name, it]) => fromSchema(it, [...path, name], needs.has(name), defs)) };
    }
    default:
      return base;
  }
}

function limits(schema: Dict): Limits {
  const found: Limits = {};
  for (const name of ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"] as const) {
    const value = amount(schema.get(name));
    if (value !== undefined) found[name] = value;
  }
  const pattern = schema.get("pattern");
  if (typeof pattern === "string") found.pattern = pattern;
  return found;
}

/** From the values themselves. */
export function fromValue(value: Json, path: Path = []): Field {
  const key = path[path.length - 1] ?? "";
  const base: Field = {
    kind: "json", path, label: readable(key), hint: "", required: true, nullable: false, format: null, choices: [], titles: [], fields: [], item: null, limits: {},
  };
  if (typeof value === "string") return { ...base, kind: "string" };
  if (typeof value === "boolean") return { ...base, kind: "boolean" };
  if (value instanceof Num) return { ...base, kind: /[.eE]/.test(value.raw) ? "number" : "integer" };
  if (isDict(value) && value.size > 0) {
    return { ...base, kind: "object", fields: [...value].map(([name, it]) => fromValue(it, [...path, name])) };
  }
  return base;
}

/** `max_recipients` → `Max recipients`. The key itself is shown beside it where they differ. */
export function readable(key: string): string {
  const text = key.replace(/[_-]+/g, " ").replace(/([a-z])([A-Z])/g, "$1 $2").trim();
  return text ? (text[0] as string).toUpperCase() + text.slice(1) : key;
}

export type Read = { value: Json | undefined } | { error: string };

/** What a field's text means. Empty is "not there" for what may be left out, and not the empty string. */
export function read(field: Field, text: string): Read {
  const { limits: it } = field;
  if (text === "" && field.kind !== "string") {
    if (field.nullable) return { value: null };
    return field.required ? { error: "A value is missing" } : { value: undefined };
  }
  switch (field.kind) {
    case "integer":
    case "number": {
      const trimmed = text.trim().replace(/^\+/, "");
      if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(trimmed)) return { error: "Must be a number" };
      const value = Number(trimmed);
      if (!Number.isFinite(value)) return { error: "This number is too large" };
      if (field.kind === "integer" && !Number.isInteger(value)) return { error: "Must be a whole number" };
      if (it.minimum !== undefined && value < it.minimum) return { error: `At least ${show(it.minimum)}` };
      if (it.maximum !== undefined && value > it.maximum) return { error: `At most ${show(it.maximum)}` };
      return { value: new Num(trimmed) };
    }
    case "string": {
      if (text === "" && !field.required) return { value: undefined };
      const length = [...text].length;
      if (it.minLength !== undefined && length < it.minLength) return { error: `At least ${show(it.minLength)} characters` };
      if (it.maxLength !== undefined && length > it.maxLength) return { error: `At most ${show(it.maxLength)} characters` };
      if (field.format === "date" && !/^\d{4}-\d\d-\d\d$/.test(text)) return { error: "Must be a date: 2026-12-01" };
      if (field.format === "date-time" && Number.isNaN(Date.parse(text))) return { error: "Must be a time: 2026-12-01T09:00:00Z" };
      if (field.format === "uri" && !URL.canParse(text)) return { error: "Must be an address with its scheme: https://…" };
      return matches(it.pattern, text) ? { value: text } : { error: "Doesn't have the form that is asked for" };
    }
    default:
      return { value: text };
  }
}

function matches(pattern: string | undefined, text: string): boolean {
  if (pattern === undefined) return true;
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    // A pattern that browsers don't know: the server judges.
    return true;
  }
}

const show = (value: number) => value.toLocaleString("en");

/** What may be entered, in words. */
export function limitsInWords(field: Field): string {
  const { limits: it } = field;
  const kind = { integer: "a whole number", number: "a number" }[field.kind as string] ?? "";
  const range = [
    it.minimum !== undefined && it.maximum !== undefined ? `${show(it.minimum)} to ${show(it.maximum)}` : it.minimum !== undefined ? `at least ${show(it.minimum)}` : it.maximum !== undefined ? `at most ${show(it.maximum)}` : "",
    it.maxLength !== undefined ? `at most ${show(it.maxLength)} characters` : "",
  ].filter(Boolean);
  return [kind, ...range].filter(Boolean).join(", ");
}

/** A copy with another value at a path; undefined takes it away. */
export function put(root: Json, where: Path, value: Json | undefined): Json {
  const [key, ...more] = where;
  if (key === undefined) return value ?? null;
  if (Array.isArray(root)) {
    const index = Number(key);
    const next = [...root];
    if (more.length === 0 && value === undefined) next.splice(index, 1);
    else next[index] = put(root[index] ?? null, more, value);
    return next;
  }
  const next: Dict = new Map(isDict(root) ? root : []);
  if (more.length === 0 && value === undefined) next.delete(key);
  else next.set(key, put(next.get(key) ?? new Map(), more, value));
  return next;
}

/** The fields whose value isn't the proposed one. */
export function edited(field: Field, proposed: Json, value: Json): string[] {
  if (field.kind === "object") return field.fields.flatMap((it) => edited(it, proposed, value));
  const [before, after] = [at(proposed, field.path), at(value, field.path)];
  if (before === undefined && after === undefined) return [];
  return before !== undefined && after !== undefined && same(before, after) ? [] : [pointer(field.path)];
}

export const leaves = (field: Field): number => (field.kind === "object" ? field.fields.reduce((sum, it) => sum + leaves(it), 0) : 1);

/** What an answer by a schema begins with: what is proposed under the same names, otherwise the defaults. */
export function begun(schema: Json, proposed: Json): Dict {
  const fields = isDict(schema) ? schema.get("properties") : null;
  const value: Dict = new Map();
  for (const [name, it] of isDict(fields ?? null) ? (fields as Dict) : []) {
    const first = isDict(proposed) && proposed.has(name) ? proposed.get(name) : isDict(it) ? it.get("default") : undefined;
    if (first !== undefined) value.set(name, first);
  }
  return value;
}

/** Whether an approval must say something. */
export function needsAnswer(schema: Json): boolean {
  const required = isDict(schema) ? schema.get("required") : null;
  return Array.isArray(required) && required.length > 0;
}

/** What is sent as edits: of a tool's call the arguments that differ; otherwise the proposal as it now is. */
export function modifications(type: string, where: Path, proposed: Json, value: Json): Dict {
  if (type === "tool_call") {
    const changed: Dict = new Map();
    if (isDict(value)) {
      for (const [key, it] of value) {
        const before = at(proposed, [key]);
        if (before === undefined || !same(before, it)) changed.set(key, it);
      }
    }
    return new Map([["arguments", changed]]);
  }
  if (isDict(value)) return value;
  return new Map([[where[where.length - 1] ?? "value", value]]);
}
