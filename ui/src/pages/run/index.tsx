// A run: how it stands, its approvals, and what happens in its task.

import { useEffect } from "preact/hooks";
import { mine } from "../../data/approvals.ts";
import { now } from "../../data/clock.ts";
import { type Shown, looking, read, show } from "../../data/run.ts";
import type { Summary } from "../../data/types.ts";
import { clock, number } from "../../logic/durations.ts";
import { plain } from "../../logic/hidden.ts";
import { BarEnd } from "../../parts/shell.tsx";
import { Icon, Plain, Time } from "../../parts/small.tsx";
import { Due, Rings } from "../../parts/status.tsx";
import { app, approval, inbox, pages, waitsFor, whyNot } from "../../words.ts";
import { runs as words } from "../../words-past.ts";
import { Moment } from "../history/rows.tsx";
import { Events } from "./events.tsx";

export function Run({ id }: { id: string }) {
  const title = plain(id);
  useEffect(() => show(id), [id]);
  useEffect(() => {
    document.title = `${mine.value > 0 ? `(${number(mine.value)}) ` : ""}${words.label(title)} · ${app.name}`;
  }, [title, mine.value]);
  return (
    <>
      <div class="bar">
        <h1 class="run-h">
          <span class="muted">{words.kind}</span>{" "}
          <span class="clip">
            <Plain text={id} />
          </span>
        </h1>
        <span class="grow" />
        <BarEnd />
      </div>
      <Body />
    </>
  );
}

function Body() {
  const here = looking.value;
  if (here.at === "loading") return <Skeleton />;
  if (here.at === "not-found") return <Told title={words.notFound} line={words.notFoundHint} />;
  if (here.at === "failed") {
    return <Told title={pages.failed} line={here.reply?.detail ?? pages.unavailable} hint={here.reply?.requestId ? pages.request(here.reply.requestId) : null} again={() => void read()} />;
  }
  const { shown, stale } = here;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={words.label(plain(shown.run.run_id))}>
      <div class="page">
        <Head shown={shown} />
        {stale && (
          <p class="err">
            <Icon name="warn" class="i-sm" /> {approval.stale}
          </p>
        )}
        <div class="two">
          <Approvals shown={shown} />
          <Events />
        </div>
      </div>
    </div>
  );
}

function Head({ shown }: { shown: Shown }) {
  const { run } = shown;
  const counts = (["pending", "resolved", "expired", "cancelled"] as const).filter((name) => name === "pending" || run.approvals[name] > 0);
  return (
    <header class="run-f">
      <p class="soft">
        {counts.map((name) => (
          <span key={name} class="chip">
            <b>{number(run.approvals[name])}</b> {words.standings[name]}
          </span>
        ))}
        <span>
          {words.began} <Time at={run.created_at} as="ago" />
        </span>
        {run.session_ids.length > 0 && (
          <span>
            {words.sessions(run.session_ids.length)} <Plain text={run.session_ids.join(", ")} />
          </span>
        )}
      </p>
      {run.deleted_at && (
        <p class="note st-late">
          <Icon name="slash" /> {words.deleted(clock(Date.parse(run.deleted_at), true))}
        </p>
      )}
    </header>
  );
}

function Approvals({ shown }: { shown: Shown }) {
  const { run, pending, ended, more } = shown;
  const nothing = pending.length === 0 && ended?.length === 0;
  return (
    <section class="run-s" aria-label={words.approvals}>
      <h2>{words.approvals}</h2>
      {nothing && <p class="muted">{words.noneLeft}</p>}
      {pending.length > 0 && (
        <>
          <h3 class="tl-day">{words.waits}</h3>
          <ul class="card wait">
            {pending.map((it) => (
              <Waiting key={it.id} it={it} />
            ))}
          </ul>
        </>
      )}
      {ended === null && <p class="muted">{words.noHistory}</p>}
      {ended && ended.length > 0 && (
        <>
          <h3 class="tl-day">{words.hasEnded}</h3>
          <ol class="past-l">
            {ended.map((it) => (
              <Moment key={it.id} it={it} dated />
            ))}
          </ol>
          {more && (
            <p>
              <a href={`/history?${new URLSearchParams({ q: run.run_id })}`}>{words.moreEnded}</a>
            </p>
          )}
        </>
      )}
    </section>
  );
}

function Waiting({ it }: { it: Summary }) {
  void now.value;
  const why = !it.can_decide && it.why_not ? whyNot[it.why_not] : undefined;
  return (
    <li>
      <span>
        <a class="t-main" href={`/approvals/${it.id}`}>
          <Plain text={it.title || inbox.untitled(it.approval_type)} />
        </a>
        <span class="muted run-w">
          <Plain text={it.requested_by} /> · {why ? <Plain text={why(it.progress ? waitsFor(it.progress.summary) : null)} /> : inbox.mine.toLowerCase()}
        </span>
      </span>
      <span class="row-e">
        <Due at={it.expires_at} />
        {it.progress && <Rings given={it.progress.given} missing={it.progress.missing} />}
      </span>
    </li>
  );
}

function Told({ title, line, hint = null, again }: { title: string; line: string; hint?: string | null; again?: () => void }) {
  return (
    <div class="empty-w">
      <div class="empty" role="alert">
        <h2>{title}</h2>
        <p>{line}</p>
        {hint && <p class="hint">{hint}</p>}
        <p class="acts">
          {again && (
            <button type="button" class="b b-ink" onClick={again}>
              {app.again}
            </button>
          )}
          <a class="b" href="/inbox">
            {pages.toInbox}
          </a>
        </p>
      </div>
    </div>
  );
}

const Skeleton = () => (
  <div class="page" aria-busy="true">
    <p class="vh" role="status">
      {app.loading}
    </p>
    <span class="sk sk-b1" aria-hidden="true" />
    <div class="two" aria-hidden="true">
      <span class="sk sk-box" />
      <span class="sk sk-box" />
    </div>
  </div>
);
