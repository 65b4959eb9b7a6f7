// What I was told in the app, the newest first: what asks for my decision apart from what is news.

import { useEffect, useMemo, useState } from "preact/hooks";
import { approval, changes } from "../../data/approvals.ts";
import type { Trouble } from "../../data/http.ts";
import { Listing } from "../../data/loading.ts";
import { OWN, markRead, news, unread } from "../../data/notifications.ts";
import { preferences } from "../../data/preferences.ts";
import { may } from "../../data/session.ts";
import type { Own } from "../../data/types.ts";
import { justAfter, leadsTo, parted, upTo } from "../../logic/told.ts";
import { useKeys } from "../../parts/keys.ts";
import { LiveMark } from "../../parts/shell.tsx";
import { Icon, Plain, Time } from "../../parts/small.tsx";
import { Due } from "../../parts/status.tsx";
import { app, bell, inbox } from "../../words.ts";
import { own as words } from "../../words-told.ts";
import { wantNotices } from "../inbox/notify.ts";
import { Card, Failed } from "../operations/pieces.tsx";
import { Read } from "./read.tsx";

const LOOK: Record<string, string> = { requested: "ask", escalated: "up", reminder: "bell", voted: "check", decided: "ok-c", expired: "glass", cancelled: "slash", slack_refused: "warn", endpoint_failing: "warn", endpoint_disabled: "slash" };

export function Notifications() {
  const list = useMemo(() => new Listing<Own>(OWN, {}, 50), []);
  const [top, hold] = useState<string | null>(null);
  const [failed, setFailed] = useState<Trouble | null>(null);
  useEffect(() => void list.read(), [news.value]);
  useEffect(() => {
    document.title = `${bell.title} · ${app.name}`;
  }, []);
  useKeys({ j: () => step(1), k: () => step(-1), d: () => document.activeElement?.closest(".row")?.querySelector("button")?.click() });
  const items = list.items.value ?? [];
  const shown = upTo(items, top);
  const late = items.length - shown.length;
  const stay = () => hold(top ?? shown[0]?.id ?? null);
  const amount = unread.value ?? 0;
  const mark = async (which: Parameters<typeof markRead>[0]) => setFailed(await markRead(which));
  const markOne = (it: Own) => {
    if (!it.read_at) void mark({ ids: [it.id] });
  };
  const { asks, others } = parted(shown);
  return (
    <>
      <div class="bar">
        <h1>{bell.title}</h1>
        <span class="muted nowrap not-phone">{amount > 0 && words.unread(amount)}</span>
        <span class="grow" />
        <Desktop />
        <button type="button" class="b b-sm" aria-disabled={amount === 0} onClick={() => shown.length > 0 && amount > 0 && void mark({ before: justAfter(shown) })}>
          <Icon name="check" /> {words.markAll}
        </button>
        <LiveMark phone />
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label={words.scroll}>
        <div class="page told">
          {failed && <Failed it={{ ...failed, detail: `${words.notMarked} ${failed.detail ?? ""}` }} />}
          <Read of={list} lines={8} none={<Empty />}>
            {() => (
              <>
                <p class="newer" role="status" hidden={late === 0}>
                  <button type="button" class="b b-sm" onClick={() => hold(null)}>
                    <Icon name="upc" class="i-sm" /> {inbox.held(late)}
                  </button>
                </p>
                <div class="two" onPointerEnter={stay} onPointerLeave={() => hold(null)} onFocusIn={stay} onFocusOut={() => hold(null)} onKeyDown={arrows}>
                  <Group title={words.asks} none={words.noAsks} items={asks} onRead={markOne} />
                  <Group title={words.news} none={words.noNews} items={others} onRead={markOne} />
                </div>
              </>
            )}
          </Read>
        </div>
      </div>
    </>
  );
}

function Empty() {
  return (
    <div class="empty">
      <h2>{words.none}</h2>
      <p>{words.noneHint}</p>
    </div>
  );
}

/** The row before or after the one with the focus; without one, the first. */
function step(by: number | "Home" | "End"): void {
  const all = [...document.querySelectorAll<HTMLElement>(".told .row-a")];
  const at = all.findIndex((it) => it.closest(".row")?.contains(document.activeElement));
  const to = by === "Home" ? 0 : by === "End" ? all.length - 1 : Math.min(all.length - 1, Math.max(0, at + by));
  all[to]?.focus();
}

function arrows(event: KeyboardEvent): void {
  const by = ({ ArrowDown: 1, ArrowUp: -1, Home: "Home", End: "End" } as const)[event.key as "Home"];
  if (by === undefined) return;
  event.preventDefault();
  step(by);
}

interface GroupProps {
  title: string;
  none: string;
  items: readonly Own[];
  onRead: (it: Own) => void;
}

function Group({ title, none, items, onRead }: GroupProps) {
  return (
    <Card title={title}>
      {items.length === 0 ? (
        <p class="card-m muted">{none}</p>
      ) : (
        <ul>
          {items.map((it) => (
            <Row key={it.id} it={it} onRead={onRead} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function Row({ it, onRead }: { it: Own; onRead: (it: Own) => void }) {
  void changes.value;
  const id = it.approval_id;
  const waits = it.asks && id ? approval(id) : undefined;
  const title = it.subject || words.gone;
  const path = leadsTo(it, may);
  // News about no approval is a sentence.
  const look = `row-a row-t ${id ? "" : "told-n"}`;
  const name = (
    <>
      {!it.read_at && <span class="dot" role="img" aria-label={words.isUnread} />}
      <Plain text={title} />
    </>
  );
  return (
    <li class={`row ${it.read_at ? "is-over" : ""}`}>
      <div>
        {path ? (
          <a class={look} href={path} onClick={() => onRead(it)}>
            {name}
          </a>
        ) : (
          <span class={look} tabIndex={-1}>
            {name}
          </span>
        )}
        <p class="row-s">
          <Icon name={LOOK[it.cause] ?? "info"} class="i-sm" />
          <span>{words.causes[it.cause]?.[it.asks ? 0 : 1] || it.cause}</span> <Time at={it.sent_at} as="ago" />
        </p>
      </div>
      <div class="told-e">
        {waits?.can_decide && <Due at={waits.expires_at} />}
        {!it.read_at && (
          <button
            type="button"
            class="b b-plain b-icon b-sm row-p"
            aria-label={words.mark(title)}
            title={words.markOne}
            aria-keyshortcuts="d"
            onClick={(event) => {
              // The button leaves with the mark: the focus stays in its row.
              event.currentTarget.closest(".row")?.querySelector<HTMLElement>(".row-a")?.focus();
              onRead(it);
            }}
          >
            <Icon name="check" />
          </button>
        )}
      </div>
    </li>
  );
}

/** On this computer, too: the same preference as in the settings. */
function Desktop() {
  if (!("Notification" in window)) return null;
  const denied = Notification.permission === "denied";
  const on = preferences.value.notify && !denied;
  return (
    <button type="button" class="b b-plain b-sm not-phone" aria-pressed={on} title={denied ? inbox.notifyDenied : undefined} onClick={() => void wantNotices()}>
      <Icon name={on ? "pick" : "bell"} /> {inbox.notify}
    </button>
  );
}
