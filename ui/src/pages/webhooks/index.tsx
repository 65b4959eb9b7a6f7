// Where events are sent: all endpoints, or one of them with what was sent to it. Which one is in the address.

import { useEffect, useMemo, useState } from "preact/hooks";
import { Source } from "../../data/loading.ts";
import { whileSeen } from "../../data/seen.ts";
import type { Page, Webhook, WebhookWithSecret } from "../../data/types.ts";
import { WEBHOOKS } from "../../data/webhooks.ts";
import { CopyText } from "../../parts/copy.tsx";
import { Icon, Plain } from "../../parts/small.tsx";
import { query } from "../../router.ts";
import { webhooks as words } from "../../words-webhooks.ts";
import { Card, Skeleton, TroubleNote } from "../settings/loaded.tsx";
import { All } from "./all.tsx";
import { Endpoint } from "./endpoint.tsx";

/** There are fifty at most, so that one is known where all are. They fail and recover by themselves: read now and then. */
export function Webhooks() {
  const source = useMemo(() => new Source<Page<Webhook>>(WEBHOOKS), []);
  const [made, setMade] = useState<WebhookWithSecret | null>(null);
  useEffect(() => whileSeen(5000, () => source.read()), []);
  const id = query.value.get("endpoint");
  const items = source.data.value?.items;
  const trouble = source.trouble.value;
  const one = items?.find((it) => it.id === id);
  const changed = (secret?: WebhookWithSecret | null) => {
    if (secret) setMade(secret);
    void source.read();
  };
  const shown = <div role="status">{made && (!id || made.id === id) && <Secret it={made} onHave={() => setMade(null)} />}</div>;
  return (
    <>
      {trouble && <TroubleNote trouble={trouble} stale={Boolean(items)} again={() => void source.read()} />}
      {!items ? (
        !trouble && (
          <Card title={words.title}>
            <Skeleton rows={3} />
          </Card>
        )
      ) : !id ? (
        <All items={items} secret={shown} onChanged={changed} />
      ) : one ? (
        <Endpoint key={id} it={one} secret={shown} onChanged={changed} />
      ) : (
        <p>
          {words.gone} <a href="/settings/webhooks">{words.back}</a>
        </p>
      )}
    </>
  );
}

function Secret({ it, onHave }: { it: WebhookWithSecret; onHave: () => void }) {
  return (
    <div class="card-b">
      <div class="note st-ok">
        <Icon name="key" />
        <div class="grow set-grid">
          <p>
            <b>{words.secret}</b> {words.secretHint}
          </p>
          <p class="set-x mono">
            <Plain text={it.url} />
          </p>
          <p class="secret">
            <code class="grow">{it.secret}</code>
            <CopyText text={it.secret} />
          </p>
        </div>
        <button type="button" class="b b-plain b-sm" onClick={onHave}>
          {words.have}
        </button>
      </div>
    </div>
  );
}
