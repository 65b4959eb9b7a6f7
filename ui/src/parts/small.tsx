// The smallest parts: an icon, text that can do no harm, a time, a key, a name.

import type { ComponentChildren } from "preact";
import { now } from "../data/clock.ts";
import { ago, clock, utc, when } from "../logic/durations.ts";
import { split } from "../logic/hidden.ts";
import { approval as words } from "../words.ts";

export function Icon({ name, class: more = "" }: { name: string; class?: string }) {
  return (
    <svg class={`i ${more}`} aria-hidden="true">
      <use href={`#i-${name}`} />
    </svg>
  );
}

/** Text from outside: what can't be seen is shown as a code, what reorders does nothing. */
export function Plain({ text, lines = false }: { text: string; lines?: boolean }) {
  const pieces = split(text, lines);
  if (pieces.length === 1 && pieces[0] && "text" in pieces[0]) return <bdi>{pieces[0].text}</bdi>;
  return (
    <bdi>
      {pieces.map((piece, index) =>
        "text" in piece ? (
          piece.text
        ) : (
          <span key={index} class="hid" title={piece.means}>
            {piece.code}
          </span>
        ),
      )}
    </bdi>
  );
}

export function Name({ name, me }: { name: string; me?: string | undefined }) {
  return (
    <>
      <Plain text={name} />
      {name === me ? ` ${words.you}` : ""}
    </>
  );
}

/** `ago`: relative under a day, ticking. `clock`: the time alone. `full`: to the second, with the day where it is another. `day`: to the minute. */
export function Time({ at, as = "full" }: { at: string; as?: "ago" | "clock" | "full" | "day" }) {
  const time = Date.parse(at);
  const relative = as === "ago" ? ago(now.value - time) : null;
  const text = relative ?? (as === "clock" ? clock(time) : when(time, now.peek(), as === "full"));
  return (
    <time dateTime={at} title={utc(time)}>
      {text}
    </time>
  );
}

/** Shown on pointers that are fine; readers of screens get the key by `aria-keyshortcuts`. */
export function Kbd({ children }: { children: ComponentChildren }) {
  return <kbd aria-hidden="true">{children}</kbd>;
}

/** People are round, services square. */
export function Mark({ name, service = false }: { name: string; service?: boolean }) {
  if (service) {
    return (
      <span class="av av-svc" aria-hidden="true">
        <Icon name="bot" />
      </span>
    );
  }
  const letters = [...name.replace(/[^\p{L}\p{N}]/gu, "")].slice(0, 2).join("");
  return (
    <span class="av" aria-hidden="true">
      {letters.toLowerCase()}
    </span>
  );
}
