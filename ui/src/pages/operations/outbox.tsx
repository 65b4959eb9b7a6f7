// What waits to be sent, by channel: how much, for how many destinations, which of them are held or fail, since when.

import { outbox, outboxTrouble } from "../../data/operations.ts";
import { number, short } from "../../logic/durations.ts";
import { type Channel, type Tone, channelTone } from "../../logic/operations.ts";
import { Heads } from "../../parts/heads.tsx";
import { Icon } from "../../parts/small.tsx";
import { app } from "../../words.ts";
import { operations } from "../../words-operations.ts";
import { Card, Failed, Loading } from "./pieces.tsx";

const words = operations.outbox;
const ICON: Record<Tone, string> = { ok: "ok-c", late: "warn", no: "sq" };
/** A cause is routed within a second: what has waited for longer is worth a word. */
const LATE = 5;

const State = ({ tone, text }: { tone: Tone; text: string }) => (
  <span class={`st st-${tone}`}>
    <Icon name={ICON[tone]} /> {text}
  </span>
);

export function OutboxCard() {
  const it = outbox.value;
  const trouble = outboxTrouble.value;
  if (!it || trouble) {
    return (
      <Card title={words.title}>{trouble ? <Failed it={trouble} /> : <Loading lines={4} />}</Card>
    );
  }
  const { stuck, oldest_seconds: oldest } = it.causes;
  const behind = stuck > 0 || oldest > LATE;
  const text = [stuck > 0 && words.stuck(stuck), oldest > LATE && words.oldest(short(oldest * 1000))].filter(Boolean).join(", ");
  return (
    <Card title={words.title} note={words.what} tools={<State tone={behind ? "late" : "ok"} text={behind ? text : words.routed} />}>
      <div class="wrap-x" tabIndex={0} role="region" aria-label={`${words.title}, ${app.scrolls}`}>
        <table class="tbl stk">
          <Heads of={words.columns} />
          <tbody>
            {it.channels.map((one) => (
              <Row key={one.channel} it={one} />
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function Row({ it }: { it: Channel }) {
  const tone = channelTone(it);
  const cells = [words.waiting(it.waiting), number(it.destinations), number(it.held), number(it.failing), it.oldest_seconds < 1 ? "–" : short(it.oldest_seconds * 1000)];
  return (
    <tr>
      <th scope="row">
        <span class="t-main">{words.channels[it.channel] ?? it.channel}</span> <State tone={tone} text={words.states[tone] ?? ""} />
      </th>
      {cells.map((text, index) => (
        <td key={index} class="num soft" data-l={words.columns[index + 1]?.toLowerCase()}>
          {text}
        </td>
      ))}
    </tr>
  );
}
