// Single keys: off in fields, dialogs and menus, while text is being composed, and with modifiers. A page gives what its
// keys do; the one that was shown last is asked first.

import { useLayoutEffect, useRef } from "preact/hooks";
import { preferences } from "../data/preferences.ts";

export type Keys = Record<string, (event: KeyboardEvent) => void>;

const layers: { current: Keys }[] = [];
let first = "";
let firstAt = 0;

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [role=menu], dialog") !== null);

const OTHERS: Record<string, string> = { Slash: "/?", Period: "..", Digit8: "8*" };

/** With Alt some systems make another character of the key: then its place says which it is. */
const named = ({ altKey, shiftKey, key, code }: KeyboardEvent): string => {
  if (!altKey || (key <= "~" && key !== "Dead")) return key;
  const letter = code.slice(3);
  const both = code.startsWith("Key") ? letter.toLowerCase() + letter : OTHERS[code];
  return both?.[shiftKey ? 1 : 0] ?? key;
};

export function listenToKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey) return;
    const escape = event.key === "Escape";
    if (!escape && (typing(event.target) || document.querySelector("dialog[open]"))) return;
    // Turned off, they need Alt (WCAG 2.1.4).
    if (!escape && event.key !== "Enter" && event.altKey === preferences.value.keys) return;
    const name = named(event);
    // A modifier between two keys of a pair is none of them.
    if (/^(Alt|Shift)/.test(name)) return;
    const pair = Date.now() - firstAt < 1000 ? `${first} ${name}` : "";
    for (const layer of layers.toReversed()) {
      const work = layer.current[pair] ?? layer.current[name];
      if (!work) continue;
      first = "";
      // A key that is held does nothing twice, but for moving.
      if (event.repeat && !/^[jk]$/.test(name)) return;
      work(event);
      return;
    }
    first = name;
    firstAt = Date.now();
  });
}

export function useKeys(keys: Keys): void {
  const layer = useRef({ current: keys }).current;
  layer.current = keys;
  // Before the next key can come.
  useLayoutEffect(() => {
    layers.push(layer);
    return () => void layers.splice(layers.indexOf(layer), 1);
  }, []);
}
