// What happened to the service, as its instances told.

import { events, eventsMore, eventsTrouble, readEarlier } from "../../data/operations.ts";
import { Icon, Plain, Time } from "../../parts/small.tsx";
import { app } from "../../words.ts";
import { operations } from "../../words-operations.ts";
import { Card, Failed, Loading } from "./pieces.tsx";

const words = operations.happened;
const LOOK: Record<string, { icon: string; tone: string }> = {
  started: { icon: "beat", tone: "ok" },
  draining: { icon: "down", tone: "late" },
  stopped: { icon: "slash", tone: "off" },
  lost: { icon: "sq", tone: "no" },
  returned: { icon: "beat", tone: "ok" },
  redis_away: { icon: "warn", tone: "late" },
  redis_back: { icon: "ok-c", tone: "ok" },
  database_away: { icon: "no-o", tone: "no" },
  database_back: { icon: "ok-c", tone: "ok" },
};
const OTHER = { icon: "info", tone: "off" };

export function Happened({ wide = 6, most = Infinity }: { wide?: 4 | 6; most?: number }) {
  const items = events.value;
  const trouble = eventsTrouble.value;
  return (
    <Card title={words.title} wide={wide}>
      {items === null ? (
        trouble ? <Failed it={trouble} /> : <Loading lines={5} />
      ) : (
        <div class="card-b happened" tabIndex={0} role="region" aria-label={`${words.title}, ${app.scrolls}`}>
          {items.length === 0 && <p class="muted">{words.none}</p>}
          <ol class="steps">
            {items.slice(0, most).map((it) => {
              const { icon, tone } = LOOK[it.kind] ?? OTHER;
              return (
                <li key={it.id} class={`step st-${tone}`}>
                  <Icon name={icon} />
                  <span>
                    <span class="mono">
                      <Plain text={it.instance_id} />
                    </span>{" "}
                    <span class="soft">{words.kinds[it.kind] ?? <Plain text={it.kind} />}</span>
                  </span>
                  <Time at={it.at} />
                </li>
              );
            })}
          </ol>
          {most === Infinity && eventsMore.value !== null && (
            <button type="button" class="b b-plain b-sm" onClick={() => void readEarlier()}>
              {words.earlier}
            </button>
          )}
        </div>
      )}
    </Card>
  );
}
