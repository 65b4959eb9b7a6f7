// One row of the list: its title, who asked, how much time is left, how many have signed; or how it ended.

import { approval, changes } from "../../data/approvals.ts";
import { now } from "../../data/clock.ts";
import { current, focused, isMine, opening, pick, pickTo, selected, selecting, touched } from "../../data/inbox.ts";
import type { Summary } from "../../data/types.ts";
import { ago } from "../../logic/durations.ts";
import { plain } from "../../logic/hidden.ts";
import { Plain } from "../../parts/small.tsx";
import { Due, Rings, Status } from "../../parts/status.tsx";
import { inboxPath } from "../../router.ts";
import { inbox as words, outcome, waitsFor, whyNot } from "../../words.ts";

export interface RowProps {
  id: string;
  top: number;
  position: number;
  size: number;
  tabbable: boolean;
  fresh: boolean;
}

export const titleOf = (it: { title?: string | null; approval_type: string }): string => it.title || words.untitled(it.approval_type);

export function Row({ id, top, position, size, tabbable, fresh }: RowProps) {
  void changes.value;
  const it = approval(id);
  if (!it) return null;
  const over = it.status !== "pending";
  const isCurrent = id === current.value;
  const picked = selected.value.has(id);
  return (
    <li
      class={`row ${isCurrent ? "is-current" : ""} ${over ? "is-over" : ""} ${picked ? "is-picked" : ""}`}
      aria-setsize={size}
      aria-posinset={position}
      style={{ top: `${top}px` }}
      onFocusIn={() => {
        touched.value = focused.value = id;
      }}
      onFocusOut={() => {
        // A window that is left keeps its focus for later.
        if (document.hasFocus()) focused.value = null;
      }}
    >
      {selecting.value && (
        <span class="row-p">
          {(isMine(id) || picked) && (
            <input
              type="checkbox"
              checked={picked}
              tabIndex={tabbable ? 0 : -1}
              aria-label={words.pick(plain(titleOf(it)))}
              onClick={(event) => {
                if (event.shiftKey) pickTo(id);
                else pick(id);
                // What is checked is what is selected: the browser has no say in it.
                event.currentTarget.checked = selected.peek().has(id);
              }}
            />
          )}
        </span>
      )}
      <div>
        <a
          class="row-a"
          href={inboxPath(id)}
          data-id={id}
          tabIndex={tabbable ? 0 : -1}
          aria-current={isCurrent ? "true" : undefined}
          onClick={() => {
            if (selecting.value) opening.value = true;
          }}
        >
          <span class="row-t">
            {fresh && <span class="dot" role="img" aria-label={words.fresh} />}
            <Plain text={titleOf(it)} />
          </span>
        </a>
        <Second it={it} />
      </div>
      <div class="row-e">{over ? <Over it={it} /> : <Left it={it} />}</div>
    </li>
  );
}

function Second({ it }: { it: Summary }) {
  const why = it.status === "pending" && !it.can_decide && it.why_not ? whyNot[it.why_not] : undefined;
  return (
    <div class="row-s">
      <span>
        <Plain text={it.requested_by} />
      </span>
      <span aria-hidden="true">·</span>
      <span class="last">{why ? <Plain text={why(it.progress ? waitsFor(it.progress.summary) : null)} /> : <Plain text={it.run_id} />}</span>
    </div>
  );
}

function Left({ it }: { it: Summary }) {
  return (
    <>
      <Due at={it.expires_at} />
      {it.progress && <Rings given={it.progress.given} missing={it.progress.missing} />}
    </>
  );
}

function Over({ it }: { it: Summary }) {
  const when = it.resolved_at ? ago(now.value - Date.parse(it.resolved_at)) : null;
  return (
    <>
      <Status of={{ status: it.status, resolution: it.resolution, resolved_via: it.resolved_via }} />
      <span class="muted">
        {it.resolved_via === "human" && it.resolved_by ? (
          <Plain text={outcome.by(it.resolved_by, when)} />
        ) : it.resolved_via === "run_deleted" ? (
          outcome.runDeleted
        ) : it.status === "expired" ? (
          outcome.nobody
        ) : (
          when
        )}
      </span>
    </>
  );
}
