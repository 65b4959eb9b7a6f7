// On an approval: who was asked and told, by which channel, when it arrived, and what failed.

import { useEffect, useMemo, useState } from "preact/hooks";
import { Listing } from "../../data/loading.ts";
import { whileSeen } from "../../data/seen.ts";
import { type Again, SENT, sendAllAgain } from "../../data/sent.ts";
import { may } from "../../data/session.ts";
import type { Sent } from "../../data/types.ts";
import { failedIn } from "../../logic/told.ts";
import { H } from "../../parts/heading.tsx";
import { Icon, Plain, Time } from "../../parts/small.tsx";
import { sent as words } from "../../words-told.ts";
import { Read } from "./read.tsx";
import { State, Told, Tries, Why, causeOf, channelOf, timeOf, whoOf } from "./tries.tsx";

/** Read anew now and then, for messages arrive by themselves; at once where the approval has changed. */
export function ToldSection({ id, version }: { id: string; version: number }) {
  const list = useMemo(() => new Listing<Sent>(SENT, { approval_id: id }, 20), [id]);
  const [open, setOpen] = useState<Sent | null>(null);
  const [told, setTold] = useState<Again | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => whileSeen(5000, () => list.read()), [id, version]);
  const failed = failedIn(list.items.value ?? []);
  const again = async () => {
    if (busy || failed === 0) return;
    setBusy(true);
    setTold(await sendAllAgain({ approval_id: id }));
    setBusy(false);
    void list.read();
  };
  return (
    <section class="sec" aria-label={words.about}>
      <div class="sec-h">
        <H>{words.about}</H>
        {failed > 0 && (
          <span class="st st-no">
            <Icon name="sq" /> {words.failedOf(failed)}
          </span>
        )}
        <span class="grow" />
        {may("notification:manage") && (failed > 0 || told) && (
          <button type="button" class="b b-sm" aria-disabled={busy || failed === 0} onClick={() => void again()}>
            <Icon name="again" /> {busy ? words.sending : words.again}
          </button>
        )}
      </div>
      <div>
        <Told it={told} />
        <Read of={list} none={<p class="muted">{words.noneHere}</p>}>
          {(items) => (
            <ul>
              {items.map((it) => (
                <li key={it.id}>
                  <button type="button" class="told-p" onClick={() => setOpen(it)}>
                    <span>
                      <Plain text={whoOf(it)} /> <span class="muted">{`${causeOf(it)}, ${channelOf(it.channel)}`}</span>
                    </span>
                    <State it={it} />
                    <Why it={it} />
                    <small>
                      <Time at={timeOf(it)} />
                    </small>
                  </button>
                </li>
              ))}
            </ul>
          )}
        </Read>
      </div>
      {open && <Tries of={open} onClose={() => setOpen(null)} onAgain={() => void list.read()} />}
    </section>
  );
}
