// What is wrong, in order of harm, and the parts that an instance stands on, with whose view that is.

import { now } from "../../data/clock.ts";
import { cluster, clusterTrouble, instances, parts, readClusterAgain, samples } from "../../data/operations.ts";
import { age } from "../../logic/durations.ts";
import { type Finding, type Part, type Readiness, type Tone, findings, serving, worst } from "../../logic/operations.ts";
import { moments, recent, shares } from "../../logic/series.ts";
import { Icon, Plain } from "../../parts/small.tsx";
import { listed } from "../../words.ts";
import { milliseconds, operations as words, percent } from "../../words-operations.ts";
import { Failed, Loading, Pieces } from "./pieces.tsx";

const RECENT = 300_000;
const ICON: Record<Tone, string> = { ok: "ok-c", late: "warn", no: "sq" };

function rows() {
  const it = samples.value;
  return it ? moments(it).filter((row) => row.at * 1000 >= Date.parse(it.to) - Math.max(RECENT, 2000 * it.step_seconds)) : [];
}

export function StateCard() {
  if (cluster.value === null) {
    return (
      <section class="card w12" aria-label={words.state}>
        {clusterTrouble.value ? <Failed it={clusterTrouble.value} again={readClusterAgain} /> : <Loading lines={2} />}
      </section>
    );
  }
  const heard = [...parts.value.values()].map((one) => one.it);
  const found = findings({ instances: instances.value, parts: heard, recent: recent(rows(), 0) });
  return (
    <section class="card w12" aria-label={words.state}>
      <Sentence found={found} />
      <Parts heard={heard} />
    </section>
  );
}

/** Told politely, and only when what it says has changed. */
function Sentence({ found }: { found: readonly Finding[] }) {
  const { serve, all } = serving(instances.value);
  const tone = worst(found);
  return (
    <div class="card-b say">
      <p aria-live="polite" class={`tone st-${tone}`}>
        <Icon name={ICON[tone]} />
        <span class="say-t">
          {tone === "ok" ? words.allWell(serve, all) : serve < all ? words.someServe(serve, all) : null}
          {found.map((it) => (
            <span key={it.what}>
              {" "}
              <Pieces of={words.finding(it)} />
            </span>
          ))}
          {tone !== "ok" && ` ${words.rest}`}
        </span>
      </p>
    </div>
  );
}

function Parts({ heard }: { heard: readonly Readiness[] }) {
  const last = rows();
  const it = samples.value;
  const sources = it ? shares(it, last) : null;
  const mean = last.findLast((row) => row.mean !== null)?.mean ?? null;
  const { wakeP99, sweepLag } = recent(last, 0);
  const lag = sweepLag === null ? null : words.behind(milliseconds(sweepLag));
  return (
    <>
      <dl class="parts">
        <PartView part="postgres" heard={heard} more={mean === null ? null : words.commitTime(milliseconds(mean))} />
        <PartView part="redis" heard={heard} more={null} />
        <PartView part="bus" heard={heard} more={sources && sources.all > 0 ? words.bySweep(percent(sources.sweep)) : null} />
        <div class="part">
          <dt>{words.wakes}</dt>
          <dd>
            <Shape tone={wakeP99 === null ? "off" : wakeP99 > 0.1 ? "late" : "ok"}>{wakeP99 === null ? words.noWakes : words.wakesOf(milliseconds(wakeP99))}</Shape>
          </dd>
        </div>
        <PartView part="sweep" heard={heard} more={lag} />
        <PartView part="deadlines" heard={heard} more={null} />
        <PartView part="audit" heard={heard} more={null} />
        <PartView part="connections" heard={heard} more={null} />
      </dl>
      <Whose heard={heard} />
    </>
  );
}

function PartView({ part, heard, more }: { part: Part; heard: readonly Readiness[]; more: string | null }) {
  const said = heard.map((it) => it.parts[part]).filter(Boolean);
  const down = said.includes("down");
  const tone = said.length === 0 ? "off" : !down ? "ok" : part === "postgres" || part === "deadlines" ? "no" : "late";
  const word = said.length === 0 ? words.partUnknown : (down ? words.partDown : words.partUp)[part];
  return (
    <div class="part">
      <dt>{words.parts[part]}</dt>
      <dd>
        <Shape tone={tone}>{word}</Shape>
      </dd>
      {more && (
        <dd>
          <small>{more}</small>
        </dd>
      )}
    </div>
  );
}

const SHAPES = { ok: "ok-c", late: "warn", no: "no-o", off: "ring" };

function Shape({ tone, children }: { tone: keyof typeof SHAPES; children: string | undefined }) {
  return (
    <span class={`st st-${tone}`}>
      <Icon name={SHAPES[tone]} />
      {children}
    </span>
  );
}

/** Each instance knows only what it sees itself: said, not hidden. */
function Whose({ heard }: { heard: readonly Readiness[] }) {
  void now.value;
  const oldest = Math.min(...[...parts.value.values()].map((one) => one.at));
  const names = listed(heard.map((it) => it.instance_id).toSorted(), "and");
  return <p class="hint whose">{heard.length === 0 ? words.noView : <Plain text={words.viewOf(names, age(Date.now() - oldest))} />}</p>;
}
