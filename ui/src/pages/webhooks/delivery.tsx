// One that was sent to an endpoint: the bytes of it, each try with its answer, and sending it again.

import { useEffect, useMemo, useState } from "preact/hooks";
import { Source } from "../../data/loading.ts";
import { whileSeen } from "../../data/seen.ts";
import { type Again, sendAgain } from "../../data/sent.ts";
import type { DeliveryWithTries } from "../../data/types.ts";
import { deliveriesOf } from "../../data/webhooks.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Plain } from "../../parts/small.tsx";
import { sent } from "../../words-told.ts";
import { webhooks as words } from "../../words-webhooks.ts";
import { Skeleton, TroubleNote } from "../settings/loaded.tsx";
import { Attempts, Foot, Moments, State, Told, Why } from "../told/tries.tsx";
import { asSent } from "./deliveries.tsx";

export function Delivery({ endpoint, id, onClose }: { endpoint: string; id: string; onClose: () => void }) {
  const source = useMemo(() => new Source<DeliveryWithTries>(`${deliveriesOf(endpoint)}/${id}`), [id]);
  const [told, setTold] = useState<Again | null>(null);
  const [busy, setBusy] = useState(false);
  // While it waits, it is looked at anew: a test arrives within a second.
  const isOver = () => (source.data.peek()?.status ?? "pending") !== "pending";
  useEffect(() => whileSeen(1000, () => !isOver() && source.read()), [source]);
  const it = source.data.value;
  const trouble = source.trouble.value;
  const again = async () => {
    if (busy || it?.status !== "failed") return;
    setBusy(true);
    setTold(await sendAgain(id));
    await source.read();
    setBusy(false);
  };
  const foot = <Foot is={it?.status} told={told} busy={busy} again={() => void again()} onClose={onClose} />;
  return (
    <Dialog title={it?.event ?? words.deliveries} onClose={onClose} foot={foot}>
      {trouble && <TroubleNote trouble={trouble} stale={it !== null} again={() => void source.read()} />}
      {it ? <Shown it={it} /> : source.none.value ? <p>{sent.none}</p> : !trouble && <Skeleton rows={4} />}
      <Told it={told} />
    </Dialog>
  );
}

function Shown({ it }: { it: DeliveryWithTries }) {
  return (
    <>
      <dl class="facts">
        <dt>{words.state}</dt>
        <dd aria-live="polite">
          <State it={asSent(it)} /> <Why it={asSent(it)} />
        </dd>
        <dt>{words.id}</dt>
        <dd class="mono">{it.webhook_id}</dd>
        <Moments it={it} />
      </dl>
      <h3>{words.request}</h3>
      {it.body ? (
        <pre class="body hook-b" tabIndex={0}>
          <Plain text={it.body} lines />
        </pre>
      ) : (
        <p class="muted">{words.noBody}</p>
      )}
      <Attempts of={it.attempts} />
    </>
  );
}
