// JSON as it came: numbers keep their digits, and an object is a Map, so that no key has a meaning of its own.

/** A number by its own digits: a double would change some of them. */
export class Num {
  readonly raw: string;
  constructor(raw: string) {
    this.raw = raw;
  }
}

export type Json = null | boolean | string | Num | Json[] | Dict;
export type Dict = Map<string, Json>;

export const isDict = (value: Json | undefined): value is Dict => value instanceof Map;
export const isScalar = (value: Json): value is null | boolean | string | Num =>
  !Array.isArray(value) && !(value instanceof Map);

const STRING = /"(?:[^"\\]|\\.)*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \t\n\r]*/y;

export class JsonError extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** Throws a JsonError where the text isn't JSON. */
export function parse(text: string): Json {
  let at = 0;
  const skip = () => {
    SPACE.lastIndex = at;
    SPACE.test(text);
    at = SPACE.lastIndex;
  };
  const fail = (what: string): never => {
    throw new JsonError(what, at);
  };
  const take = (pattern: RegExp, what: string): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? fail(what);
    at += found.length;
    return found;
  };
  const string = (): string => {
    const from = at;
    const raw = take(STRING, "a string must end with a quotation mark");
    if (!raw.includes("\\") && !/[\u0000-\u001f]/.test(raw)) return raw.slice(1, -1);
    try {
      return JSON.parse(raw) as string;
    } catch {
      at = from;
      return fail("this string has a character that JSON doesn't take");
    }
  };
  const value = (depth: number): Json => {
    if (depth > 200) fail("this is nested too deep");
    skip();
    const first = text[at];
    if (first === "{") return dict(depth);
    if (first === "[") return list(depth);
    if (first === '"') return string();
    for (const [word, meaning] of [["true", true], ["false", false], ["null", null]] as const) {
      if (text.startsWith(word, at)) {
        at += word.length;
        return meaning;
      }
    }
    if (first === undefined) fail("a value is missing at the end");
    return new Num(take(NUMBER, "a value must stand here"));
  };
  const dict = (depth: number): Dict => {
    const found: Dict = new Map();
    at += 1;
    skip();
    if (text[at] === "}") {
      at += 1;
      return found;
    }
    for (;;) {
      skip();
      if (text[at] !== '"') fail("a name in quotation marks must stand here");
      const key = string();
      if (found.has(key)) fail(`the name ${JSON.stringify(key)} stands there twice`);
      skip();
      if (text[at] !== ":") fail("a colon must stand here");
      at += 1;
      found.set(key, value(depth + 1));
      skip();
      at += 1;
      if (text[at - 1] === "}") return found;
      if (text[at - 1] !== ",") {
        at -= 1;
        fail("a comma or a closing brace must stand here");
      }
    }
  };
  const list = (depth: number): Json[] => {
    const found: Json[] = [];
    at += 1;
    skip();
    if (text[at] === "]") {
      at += 1;
      return found;
    }
    for (;;) {
      found.push(value(depth + 1));
      skip();
      at += 1;
      if (text[at - 1] === "]") return found;
      if (text[at - 1] !== ",") {
        at -= 1;
        fail("a comma or a closing bracket must stand here");
      }
    }
  };
  const whole = value(0);
  skip();
  if (at < text.length) fail("nothing more may stand here");
  return whole;
}

/** As text again; with `indent` spaces a level where it is given. */
export function write(value: Json, indent = 0, depth = 0): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Num) return value.raw;
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  const parts = Array.isArray(value)
    ? value.map((it) => write(it, indent, depth + 1))
    : [...value].map(([key, it]) => `${JSON.stringify(key)}:${indent ? " " : ""}${write(it, indent, depth + 1)}`);
  if (parts.length === 0) return open + close;
  if (!indent) return open + parts.join(",") + close;
  const pad = " ".repeat(indent * (depth + 1));
  return `${open}\n${pad}${parts.join(`,\n${pad}`)}\n${" ".repeat(indent * depth)}${close}`;
}

/** Digits and power of ten, however it was written: a double would take large numbers for one another. */
function exactly(raw: string): string {
  const [, sign = "", whole = "", part = "", power = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(raw) ?? [];
  const digits = (whole + part).replace(/^0+/, "");
  const short = digits.replace(/0+$/, "");
  return short === "" ? "0" : `${sign}${short}e${Number(power) - part.length + digits.length - short.length}`;
}

/** Whether both say the same; 1.0 and 1 do. */
export function same(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (a instanceof Num && b instanceof Num) return a.raw === b.raw || exactly(a.raw) === exactly(b.raw);
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((it, index) => same(it, b[index] as Json));
  }
  if (a instanceof Map && b instanceof Map) {
    if (a.size !== b.size) return false;
    for (const [key, it] of a) {
      const other = b.get(key);
      if (other === undefined || !same(it, other)) return false;
    }
    return true;
  }
  return false;
}

/** From what JSON.parse gave. */
export function from(plain: unknown): Json {
  return parse(JSON.stringify(plain ?? null));
}

// --- JSON Pointers (RFC 6901) ---

export type Path = readonly string[];

export const pointer = (path: Path): string =>
  path.map((key) => "/" + key.replaceAll("~", "~0").replaceAll("/", "~1")).join("");

export function path(text: string): Path {
  if (text === "") return [];
  return text.slice(1).split("/").map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
}

export function at(value: Json | undefined, where: Path): Json | undefined {
  let here = value;
  for (const key of where) {
    if (here instanceof Map) here = here.get(key);
    else if (Array.isArray(here) && /^(0|[1-9]\d*)$/.test(key)) here = here[Number(key)];
    else return undefined;
    if (here === undefined) return undefined;
  }
  return here;
}

/** As people write a path: `env.TAX_URL`, `steps[2].name`. */
export function dotted(where: Path, root: Json | undefined): string {
  let text = "";
  let here = root;
  for (const key of where) {
    const index = Array.isArray(here);
    text += index ? `[${key}]` : text ? `.${key}` : key;
    here = at(here, [key]);
  }
  return text;
}

/** How many values there are in it that hold no others. */
export function count(value: Json): number {
  if (isScalar(value)) return 1;
  let sum = 0;
  for (const it of value.values()) sum += count(it);
  return sum;
}
