// What has ended, one by one: a table where there is room and it is wanted, a timeline with what people said otherwise.

import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { now } from "../../data/clock.ts";
import { more, past } from "../../data/past.ts";
import { me } from "../../data/session.ts";
import type { Summary } from "../../data/types.ts";
import { clock, utc, when } from "../../logic/durations.ts";
import { days, took } from "../../logic/past.ts";
import { Icon, Name, Plain } from "../../parts/small.tsx";
import { Status, look } from "../../parts/status.tsx";
import { inbox, outcome } from "../../words.ts";
import { past as words } from "../../words-past.ts";

const small = matchMedia("(max-width: 44rem)");
const phone = signal(small.matches);
small.addEventListener("change", () => {
  phone.value = small.matches;
});

const titleOf = (it: Summary): string => it.title || inbox.untitled(it.approval_type);
const lasted = (it: Summary): string => (it.resolved_at ? took(Date.parse(it.resolved_at) - Date.parse(it.created_at)) : "");

/** So many rows are drawn; more as one comes to them. */
const STEP = 100;

export function Rows({ items, view }: { items: readonly Summary[]; view: "table" | "timeline" }) {
  const [drawn, setDrawn] = useState(STEP);
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!end.current) return;
    const watcher = new IntersectionObserver(
      ([entry]) => {
        if (!entry?.isIntersecting) return;
        if (drawn < past.peek().items.length) setDrawn(drawn + STEP);
        else if (past.peek().trouble === null) void more();
      },
      { rootMargin: "400px" },
    );
    watcher.observe(end.current);
    return () => watcher.disconnect();
  }, [drawn, items.length]);
  const shown = items.slice(0, drawn);
  return (
    <>
      {phone.value || view === "timeline" ? <Timeline items={shown} /> : <Table items={shown} />}
      <div ref={end} />
    </>
  );
}

function Table({ items }: { items: readonly Summary[] }) {
  return (
    <div class="card past-t">
      <table class="tbl" aria-label={words.title}>
        <thead>
          <tr>
            <th scope="col">{words.outcome}</th>
            <th scope="col">{words.titleHead}</th>
            <th scope="col" class="past-w">
              {words.workflow}
            </th>
            <th scope="col">{words.asked}</th>
            <th scope="col">{words.decided}</th>
            <th scope="col" class="num">
              {words.endedAt}
            </th>
            <th scope="col" class="num past-w">
              {words.tookHead}
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((it) => (
            <tr key={it.id}>
              <td>
                <Status of={it} />
              </td>
              <th scope="row" class="t-main">
                <a href={`/approvals/${it.id}`}>
                  <Plain text={titleOf(it)} />
                </a>
              </th>
              <td class="soft past-w">{it.workflow && <Plain text={it.workflow} />}</td>
              <td class="soft">
                <Plain text={it.requested_by} />
              </td>
              <td>
                <Decider it={it} />
              </td>
              <td class="num soft nowrap">{it.resolved_at && <At at={it.resolved_at} />}</td>
              <td class="num soft nowrap past-w">{lasted(it)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function At({ at }: { at: string }) {
  const time = Date.parse(at);
  return (
    <time dateTime={at} title={utc(time)}>
      {when(time, now.peek(), true)}
    </time>
  );
}

/** A person, a rule, or nobody. */
function Decider({ it }: { it: Summary }) {
  if (it.status === "expired") return <span class="muted">{it.resolution ? words.timeout : words.nobody}</span>;
  if (it.resolved_via === "run_deleted" && !it.resolved_by) return <span class="muted">{outcome.runDeleted}</span>;
  if (it.resolved_via === "rule") return <span class="muted">{words.rule}</span>;
  return it.resolved_by ? (
    <>
      <Name name={it.resolved_by} me={me.value} />
      {it.resolved_for && (
        <span class="muted">
          {" "}
          <Plain text={words.forSeat(it.resolved_for)} />
        </span>
      )}
    </>
  ) : null;
}

function Timeline({ items }: { items: readonly Summary[] }) {
  return (
    <div class="past-l">
      {days(items).map(({ day, items: those }) => (
        <section key={day}>
          <h2 class="tl-day">{words.day(day, now.peek())}</h2>
          <ol>
            {those.map((it) => (
              <Moment key={it.id} it={it} />
            ))}
          </ol>
        </section>
      ))}
    </div>
  );
}

/** One outcome: when, how, by whom, and in whose words. */
export function Moment({ it, dated = false }: { it: Summary; dated?: boolean }) {
  const { icon, tone, word } = look(it);
  const time = Date.parse(it.resolved_at ?? it.updated_at);
  const said = it.feedback && it.status !== "expired";
  return (
    <li class={`tl st-${tone}`}>
      <time dateTime={it.resolved_at ?? undefined} title={utc(time)}>
        {dated ? when(time, now.peek()) : clock(time, !phone.value)}
      </time>
      <Icon name={icon} />
      <div>
        <a href={`/approvals/${it.id}`}>
          <Plain text={titleOf(it)} />
        </a>
        <p>
          <span class="st">{word}</span>{" "}
          <span class="muted">
            {it.status === "expired" ? outcome.nobody : it.resolved_by ? <Plain text={words.by_(it.resolved_by)} /> : it.resolved_via === "run_deleted" ? outcome.runDeleted : null}
            {it.resolved_for && (
              <>
                {" "}
                <Plain text={words.forSeat(it.resolved_for)} />
              </>
            )}
            <span class="not-phone">
              {" · "}
              <Plain text={words.askedBy(it.requested_by)} />
            </span>
            {` · ${lasted(it)}`}
          </span>
        </p>
        {said && (
          <p class="said">
            {it.resolved_by && (
              <>
                <Plain text={it.resolved_by} />:{" "}
              </>
            )}
            <Plain text={it.feedback ?? ""} lines />
          </p>
        )}
      </div>
    </li>
  );
}
