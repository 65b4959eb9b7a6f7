// What it is, who asked and when, and why.

import { useState } from "preact/hooks";
import type { Approval } from "../../data/types.ts";
import { useKeys } from "../../parts/keys.ts";
import { Icon, Plain, Time } from "../../parts/small.tsx";
import { app, approval as words } from "../../words.ts";
import { titleOf } from "../inbox/row.tsx";

export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Says for a moment that it was copied; the button stays where it is. */
export function CopyButton({ text, label, icon = "copy", keys = "" }: { text: () => string; label: string; icon?: string; keys?: string }) {
  const [done, setDone] = useState(false);
  const work = async () => {
    if (!(await copy(text()))) return;
    setDone(true);
    setTimeout(() => setDone(false), 2000);
  };
  useKeys(keys ? { [keys]: () => void work() } : {});
  return (
    <button type="button" class="b b-plain b-icon b-sm" aria-label={done ? app.copied : label} title={label} aria-keyshortcuts={keys || undefined} onClick={() => void work()}>
      <Icon name={done ? "check" : icon} />
    </button>
  );
}

export const linkTo = (id: string): string => `${location.origin}/approvals/${id}`;

export function Head({ it, list, beside }: { it: Approval; list: boolean; beside: boolean }) {
  const Title = beside ? "h2" : "h1";
  return (
    <header class="d-head">
      <div class="d-crumb">
        <span class="chip mono">
          <Plain text={it.approval_type} />
        </span>
        <span>
          {words.run}{" "}
          <a class="soft" href={`/runs/${encodeURIComponent(it.run_id)}`}>
            <Plain text={it.run_id} />
          </a>
        </span>
        {it.workflow && (
          <span class="not-phone">
            {words.workflow}{" "}
            <span class="soft">
              <Plain text={it.workflow} />
            </span>
          </span>
        )}
        <span class="grow" />
        <CopyButton text={() => linkTo(it.id)} label={words.copyLink} icon="link" keys="c" />
        {list && (
          <a class="b b-plain b-icon b-sm not-phone" href={`/approvals/${it.id}`} aria-label={words.openAlone} title={words.openAlone}>
            <Icon name="open" />
          </a>
        )}
      </div>
      <Title class="d-title">
        <Plain text={titleOf(it)} />
      </Title>
      <div class="d-by">
        <span class="who">
          <Icon name="ask" class="i-sm" />
          <Plain text={it.requested_by} />
        </span>
        <span>{words.asked}</span>
        <span class="muted">
          <Time at={it.created_at} as="ago" />
        </span>
      </div>
    </header>
  );
}

export function Why({ it }: { it: Approval }) {
  if (!it.description) return null;
  return (
    <section class="sec" aria-label={words.why}>
      <p class="why">
        <Plain text={it.description} lines />
      </p>
    </section>
  );
}
