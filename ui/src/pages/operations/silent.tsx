// Says that what is shown is old. Where there is no connection at all, the frame's own banner does.

import { isAway } from "../../data/feed.ts";
import { isOld, lastTold } from "../../data/operations.ts";
import { clock } from "../../logic/durations.ts";
import { Icon } from "../../parts/small.tsx";
import { operations as words } from "../../words-operations.ts";

export function Silent() {
  return (
    <div aria-live="polite">
      {isOld.value && !isAway.value && (
        <div class="note is-strip st-late">
          <Icon name="plug" />
          <p class="grow">
            <b>{words.stale(clock(lastTold.value, true))}</b>
          </p>
        </div>
      )}
    </div>
  );
}
