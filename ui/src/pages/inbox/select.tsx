// Selecting several in the list: the button, the keys, and how it is left.

import { answerableBy, askBack, back, dismiss, stage } from "../../data/bulk.ts";
import { isAway } from "../../data/feed.ts";
import { current, opening, pick, pickAll, pickTo, selecting, startSelecting, stopSelecting, touched } from "../../data/inbox.ts";
import type { Verdict } from "../../logic/bulk.ts";
import type { Keys } from "../../parts/keys.ts";
import { Icon } from "../../parts/small.tsx";
import { inbox as words } from "../../words.ts";
import { go, inboxPath } from "../../router.ts";

export function SelectButton() {
  const on = selecting.value;
  const label = on ? words.selectOff : words.select;
  return (
    <button
      type="button"
      class="b b-plain b-icon b-sm"
      aria-label={label}
      title={label}
      aria-pressed={on}
      aria-keyshortcuts="x"
      onClick={() => {
        if (on) leaveAll();
        else startSelecting();
      }}
    >
      <Icon name="pick" />
    </button>
  );
}

/** An answer that is under way isn't left. */
function leaveAll(): void {
  if (stage.value.at === "told") dismiss();
  else if (stage.value.at !== "sending") stopSelecting();
}

/** One step back; false where there is none to take. */
export function leaveMany(): boolean {
  if (document.querySelector("dialog[open]")) return true;
  if (!selecting.value && stage.value.at === "choosing") return false;
  if (stage.value.at === "asking") back();
  else if (opening.value) opening.value = false;
  else leaveAll();
  return true;
}

const verdict = (which: Verdict) => (event: KeyboardEvent) => {
  event.preventDefault();
  if (!isAway.value && answerableBy(which).length > 0) askBack(which);
};

/** `many`: the selected ones stand beside the list, so the keys of answering mean all of them. */
export function selectKeys(id: string | null, many: boolean): Keys {
  if (stage.value.at !== "choosing") return {};
  const here = () => touched.value ?? current.value;
  const on = (work: (id: string) => void) => () => {
    const it = here();
    if (it !== null) work(it);
    else startSelecting();
  };
  return {
    x: on(pick),
    X: on(pickTo),
    "*": pickAll,
    ...(many ? { a: verdict("approve"), r: verdict("reject") } : {}),
    ...(selecting.value
      ? {
          o: () => {
            const it = here();
            if (it === null) return;
            opening.value = true;
            if (it !== id) go(inboxPath(it), id === null ? "push" : "replace");
          },
        }
      : {}),
  };
}
