// The record: whether it is whole, its checkpoints, its latest records, and how to check it without us.

import { useEffect, useMemo } from "preact/hooks";
import { Listing } from "../../data/loading.ts";
import type { Checkpoint, Verification } from "../../data/types.ts";
import { Verifying } from "../../data/verifying.ts";
import { number, short } from "../../logic/durations.ts";
import { chainLinks } from "../../logic/forms.ts";
import { CopyText } from "../../parts/copy.tsx";
import { Icon, Plain, Time } from "../../parts/small.tsx";
import { audit as words } from "../../words-settings.ts";
import { Told } from "./form.tsx";
import { Card, Listed, Scrolls, Skeleton, TroubleNote } from "./loaded.tsx";
import { Records } from "./records.tsx";

export function Audit() {
  const checkpoints = useMemo(() => new Listing<Checkpoint>("/api/v1/audit/checkpoints"), []);
  useEffect(() => void checkpoints.read(), []);
  return (
    <>
      <Chain checkpoints={checkpoints} />
      <Records />
      <div class="set-cols">
        <Checkpoints of={checkpoints} />
        <Without />
      </div>
    </>
  );
}

function Chain({ checkpoints }: { checkpoints: Listing<Checkpoint> }) {
  const verifying = useMemo(() => new Verifying(), []);
  useEffect(() => {
    void verifying.read();
    return () => verifying.stop();
  }, []);
  const it = verifying.latest.value;
  const trouble = verifying.trouble.value;
  const busy = it?.state === "running";
  return (
    <Card
      title={words.title}
      actions={
        <button type="button" class="b b-ink b-sm" aria-disabled={busy} onClick={() => !busy && void verifying.begin()}>
          <Icon name="again" /> {busy ? words.verifying : words.verify}
        </button>
      }
    >
      <div class="card-b set-grid">
        {trouble && <TroubleNote trouble={trouble} stale={Boolean(it)} again={() => void verifying.read()} />}
        {it === undefined && !trouble && <Skeleton rows={2} />}
        <div role="status">{it === null ? <Never /> : it && <Verdict it={it} />}</div>
        {it && <Look it={it} checkpoints={checkpoints} />}
        <Told failed={verifying.failed.value} />
      </div>
    </Card>
  );
}

const Never = () => (
  <>
    <p class="verdict-h st-off">
      <Icon name="ring" /> {words.never}
    </p>
    <p class="soft">{words.neverHint}</p>
  </>
);

function Verdict({ it }: { it: Verification }) {
  const looks: Record<string, readonly [string, string, string]> = {
    running: ["st-ink", "again", words.running(it.walked, it.records)],
    whole: ["st-ok", "link", words.whole(it.walked)],
    broken: ["st-no", "no-o", words.broken(it.broken_at ?? null)],
    failed: ["st-late", "warn", words.couldNot],
  };
  const [tone, icon, word] = looks[it.state] ?? ["st-off", "ring", it.state];
  return (
    <p class={`verdict-h ${tone}`}>
      <Icon name={icon} /> {word}
    </p>
  );
}

function Look({ it, checkpoints }: { it: Verification; checkpoints: Listing<Checkpoint> }) {
  const positions = (checkpoints.items.value ?? []).map((one) => one.checkpoint.position);
  return (
    <>
      {it.state === "running" ? <progress class="chain-run" aria-label={words.verifying} max={Math.max(it.records, 1)} value={it.walked} /> : <Picture it={it} positions={positions} />}
      {it.failure && <p>{it.failure}</p>}
      <p class="soft">
        {it.finished_at ? words.by : words.begunBy} <Plain text={it.started_by} />, <Time at={it.finished_at ?? it.started_at} as="ago" />
        {it.finished_at && `, ${words.took(took(it))}`}. {it.state === "whole" && typeof it.checkpoints === "number" && words.compared(it.checkpoints)} {it.unlinked ? words.unlinked(it.unlinked) : ""} {it.finished_at && positions.length > 0 && words.picture}
      </p>
      {it.found.length > 0 && <Findings it={it} />}
    </>
  );
}

const took = (it: Verification): string => {
  const ms = Date.parse(it.finished_at ?? "") - Date.parse(it.started_at);
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : short(ms);
};

const STEP = 10;

function Picture({ it, positions }: { it: Verification; positions: readonly number[] }) {
  const links = chainLinks(it.walked, it.broken_at ?? null, positions);
  if (links.length === 0) return null;
  return (
    <div class="chain" aria-hidden="true">
      <svg viewBox={`0 0 ${links.length * STEP} 24`} preserveAspectRatio={links.length < 60 ? "xMinYMid" : "none"}>
        {links.map((link, index) => (
          <>
            <rect class={`chain-${link.state === "sealed" ? "s" : link.state === "broken" ? "b" : "o"}`} x={index * STEP + 0.5} y="6.5" width="8" height="11" rx="2" />
            {link.mark && <rect class="chain-m" x={index * STEP + 8.75} y="2" width="1.5" height="20" />}
          </>
        ))}
      </svg>
    </div>
  );
}

function Findings({ it }: { it: Verification }) {
  return (
    <>
      <p>
        {words.findings(it.findings ?? it.found.length)} {(it.findings ?? 0) > it.found.length && words.firstTwenty}
      </p>
      <table class="tbl">
        <thead>
          <tr>
            <th scope="col">{words.at}</th>
            <th scope="col">{words.what}</th>
            <th scope="col">{words.words}</th>
          </tr>
        </thead>
        <tbody>
          {it.found.map((one) => (
            <tr key={`${one.position} ${one.kind}`}>
              <td>{number(one.position)}</td>
              <th scope="row" class="t-main">
                {words.kinds[one.kind] ?? one.kind}
              </th>
              <td class="soft">
                <Plain text={one.words} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Checkpoints({ of }: { of: Listing<Checkpoint> }) {
  const take = (
    <a class="b b-sm" href="/api/v1/audit/checkpoints?limit=200" download="checkpoints.json">
      <Icon name="save" /> {words.take}
    </a>
  );
  return (
    <Card title={words.checkpoints} hint={words.checkpointsHint} actions={of.items.value?.length ? take : undefined}>
      <Listed of={of} empty={words.noCheckpoints} rows={2}>
        {(items) => (
          <Scrolls name={words.checkpoints}>
            <table class="tbl stk">
              <thead>
                <tr>
                  <th scope="col">{words.position}</th>
                  <th scope="col">{words.time}</th>
                  <th scope="col">{words.signedBy}</th>
                </tr>
              </thead>
              <tbody>
                {items.map((one) => (
                  <tr key={one.signature}>
                    <th scope="row" class="t-main">
                      {number(one.checkpoint.position)}
                    </th>
                    <td class="soft">
                      <Time at={one.checkpoint.at} as="day" />
                    </td>
                    <td class="mono soft">{one.key_id}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scrolls>
        )}
      </Listed>
    </Card>
  );
}

function Without() {
  return (
    <Card title={words.without}>
      <div class="card-b set-grid">
        <p class="soft">{words.withoutText}</p>
        {words.commands.map((one) => (
          <div key={one} class="set-cmd">
            <pre class="body">{one}</pre>
            <CopyText text={one} />
          </div>
        ))}
        <p class="hint">{words.withoutLast}</p>
      </div>
    </Card>
  );
}
