// Each instance: what its lease says and how old that is, against when a heartbeat is due and when it is lost.

import { asOf, cluster, clusterTrouble, instances, limits } from "../../data/operations.ts";
import { age, clock, number, short, utc } from "../../logic/durations.ts";
import { type Judged, type Limits, type State, roomFor, track } from "../../logic/operations.ts";
import { Icon, Plain } from "../../parts/small.tsx";
import { app } from "../../words.ts";
import { operations as words } from "../../words-operations.ts";
import { Card, Failed, Loading } from "./pieces.tsx";

const LOOK: Record<State, { icon: string; tone: string }> = {
  serving: { icon: "beat", tone: "ok" },
  degraded: { icon: "warn", tone: "late" },
  late: { icon: "glass", tone: "late" },
  draining: { icon: "down", tone: "late" },
  lost: { icon: "sq", tone: "no" },
};

export function Instances({ wide = 12, most = Infinity }: { wide?: 8 | 12; most?: number }) {
  const { due, lost } = limits.value;
  const { shown, left } = roomFor(instances.value, most);
  return (
    <Card title={words.instances} wide={wide} note={words.beats(age(due), age(lost))}>
      {cluster.value === null ? (
        clusterTrouble.value ? <Failed it={clusterTrouble.value} /> : <Loading />
      ) : (
        <>
          <Table shown={shown} />
          <ul class="inst-cards">
            {shown.map((it) => (
              <InstanceCard key={it.it.id} of={it} />
            ))}
          </ul>
          {left > 0 && <p class="card-m muted">{words.moreInstances(left)}</p>}
        </>
      )}
    </Card>
  );
}

function Table({ shown }: { shown: readonly Judged[] }) {
  return (
    <div class="wrap-x inst-t" tabIndex={0} role="region" aria-label={`${words.instances}, ${app.scrolls}`}>
      <table class="tbl">
        <thead>
          <tr>
            {words.instanceColumns.map((name, index) => (
              <th key={name} scope="col" class={index === 6 ? "beat-h" : index > 3 ? "num" : ""}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((of) => (
            <tr key={of.it.id}>
              <th scope="row" class="t-main mono">
                <Plain text={of.it.id} />
              </th>
              <td>
                <StateWord state={of.state} />
              </td>
              <td class="soft">
                <Plain text={of.it.version} />
              </td>
              <td class="soft nowrap">
                <Up of={of} />
              </td>
              <td class="num">{number(of.it.connections)}</td>
              <td class="num">{number(of.it.waiters)}</td>
              <td>
                <Beat of={of} limits={limits.value} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function InstanceCard({ of }: { of: Judged }) {
  return (
    <li class="inst">
      <div class="inst-n">
        <b class="mono grow">
          <Plain text={of.it.id} />
        </b>
        <StateWord state={of.state} />
      </div>
      <Beat of={of} limits={limits.value} />
      <p class="inst-x">
        <span>
          <Plain text={of.it.version} />
        </span>
        <Up of={of} sentence />
        <span>{words.sockets(of.it.connections)}</span>
        <span>{words.waiters(of.it.waiters)}</span>
      </p>
    </li>
  );
}

function StateWord({ state }: { state: State }) {
  const { icon, tone } = LOOK[state];
  return (
    <span class={`st st-${tone}`}>
      <Icon name={icon} />
      {words.states[state]}
    </span>
  );
}

function Up({ of, sentence = false }: { of: Judged; sentence?: boolean }) {
  const { started_at, last_heartbeat } = of.it;
  const over = of.state === "lost";
  const text = over ? words.upUntil(clock(Date.parse(last_heartbeat))) : short(asOf.value - Date.parse(started_at));
  return (
    <time dateTime={over ? last_heartbeat : started_at} title={utc(Date.parse(over ? last_heartbeat : started_at))}>
      {sentence && !over ? words.upFor(text) : text}
    </time>
  );
}

/** Moves once a second: its name is told, its movement isn't. */
function Beat({ of, limits: { due, lost } }: { of: Judged; limits: Limits }) {
  const at = track(of.age, { due, lost });
  return (
    <div class={`beat-w st-${LOOK[of.state].tone}`}>
      <svg class="beat" viewBox="0 0 100 20" preserveAspectRatio="none" role="img" aria-label={words.beat(of.age, due, lost)}>
        <path class="beat-track" d="M0 10H100" vector-effect="non-scaling-stroke" />
        <path class="beat-age" d={`M0 10H${at.age}`} vector-effect="non-scaling-stroke" />
        <path class="beat-due" d={at.due.map((x) => `M${x} 6V14`).join("")} vector-effect="non-scaling-stroke" />
        <path class="beat-lost" d={`M${at.lost} 2V18`} vector-effect="non-scaling-stroke" />
        <path class="beat-now" d={`M${at.age} 4V16`} vector-effect="non-scaling-stroke" />
      </svg>
      <span class="nowrap num">{age(of.age)}</span>
    </div>
  );
}
