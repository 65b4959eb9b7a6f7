// Characters that can't be seen, or that change how others are seen, become codes. Text is never anything but text.

/** Controls, formats, unassigned and private ones, those that browsers leave out, line separators, blanks that aren't. */
const HIDDEN = /[\p{C}\p{DI}\u2028\u2029\u2800\u115f\u1160\u3164\uffa0]/u;
const PICTURE = /\p{Extended_Pictographic}/u;
const TONE = /[\u{1f3fb}-\u{1f3ff}]/u;

export type Piece = { text: string } | { code: string; means: string };

const MEANS: readonly [number, number, string][] = [
  [0x00, 0x1f, "control character"],
  [0x7f, 0x9f, "control character"],
  [0xad, 0xad, "soft hyphen: not seen"],
  [0x200b, 0x200d, "zero width: not seen"],
  [0x200e, 0x200f, "direction mark: reorders what is near"],
  [0x202a, 0x202b, "embedding: reorders what follows"],
  [0x202d, 0x202e, "override: reorders what follows"],
  [0x2060, 0x2064, "zero width: not seen"],
  [0x2066, 0x2069, "isolate: reorders what follows"],
  [0x2028, 0x2029, "line separator"],
  [0xfe00, 0xfe0f, "variation selector: not seen"],
  [0xfeff, 0xfeff, "zero width: not seen"],
  [0xe0000, 0xe007f, "tag: not seen"],
  [0xe0100, 0xe01ef, "variation selector: not seen"],
];

const named = new Map([
  [9, "tab"],
  [10, "new line"],
  [13, "carriage return"],
]);

/** Whether anything in it would be shown as a code. */
export const hides = (text: string, lines = false): boolean =>
  HIDDEN.test(text) && split(text, lines).some((piece) => "code" in piece);

/** The text as pieces. With `lines`, tabs and new lines are what they are. */
export function split(text: string, lines = false): Piece[] {
  if (!HIDDEN.test(text)) return text === "" ? [] : [{ text }];
  const pieces: Piece[] = [];
  const characters = [...text];
  let plain = "";
  for (const [index, character] of characters.entries()) {
    if (!HIDDEN.test(character) || isPlain(character, characters[index - 1], characters[index + 1], lines)) {
      plain += character;
      continue;
    }
    if (plain) pieces.push({ text: plain });
    plain = "";
    pieces.push(code(character));
  }
  if (plain) pieces.push({ text: plain });
  return pieces;
}

/** New lines and tabs where they are wanted; what joins one picture out of several. */
function isPlain(character: string, before: string | undefined, after: string | undefined, lines: boolean): boolean {
  if (lines && (character === "\n" || character === "\t")) return true;
  if (lines && character === "\r" && after === "\n") return true;
  if (before === undefined) return false;
  if (character === "\ufe0f") return PICTURE.test(before) && before > "\u00ff";
  const joins = character === "\u200d" && after !== undefined && PICTURE.test(after) && after > "\u00ff";
  return joins && (before === "\ufe0f" || TONE.test(before) || (PICTURE.test(before) && before > "\u00ff"));
}

function code(character: string): Piece {
  const point = character.codePointAt(0) ?? 0;
  const range = MEANS.find(([low, high]) => low <= point && point <= high);
  const hex = point.toString(16).toUpperCase().padStart(4, "0");
  return { code: `U+${hex}`, means: named.get(point) ?? range?.[2] ?? "a character that can't be seen" };
}

/** One line of plain text, for titles of windows and names for screen readers. */
export const plain = (text: string): string =>
  split(text).map((piece) => ("text" in piece ? piece.text : `[${piece.code}]`)).join("");
