// One endpoint: what it gets, how it stands, what can be done with it, and what was sent to it.

import { useState } from "preact/hooks";
import type { Sent } from "../../data/loading.ts";
import type { Webhook, WebhookWithSecret } from "../../data/types.ts";
import { changeWebhook, testWebhook } from "../../data/webhooks.ts";
import { Icon, Plain, Time } from "../../parts/small.tsx";
import { go } from "../../router.ts";
import { settings } from "../../words-settings.ts";
import { webhooks as words } from "../../words-webhooks.ts";
import { Told } from "../settings/form.tsx";
import { type ListProps, State } from "./all.tsx";
import { Deliveries } from "./deliveries.tsx";
import { Delivery } from "./delivery.tsx";
import { Change, Remove, Rotate } from "./dialogs.tsx";

type Failed = Extract<Sent<unknown>, { ok: false }>;
type Asked = "change" | "rotate" | "remove";

export function Endpoint({ it, secret, onChanged }: ListProps & { it: Webhook }) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const [failed, setFailed] = useState<Failed | null>(null);
  const [busy, setBusy] = useState(false);
  const [open, setOpen] = useState<string | null>(null);
  const close = () => setAsked(null);
  const done = (made?: WebhookWithSecret | null) => {
    close();
    onChanged(made);
  };
  const work = async <T,>(sending: () => Promise<Sent<T>>, then: (body: T | null) => void) => {
    if (busy) return;
    setBusy(true);
    const sent = await sending();
    setBusy(false);
    setFailed(sent.ok ? null : sent);
    if (sent.ok) then(sent.body);
    onChanged();
  };
  const button = (name: string, act: () => void, more = "") => (
    <button type="button" class={`b b-sm ${more}`} aria-disabled={busy} onClick={act}>
      {name}
    </button>
  );
  return (
    <>
      <p>
        <a class="b b-plain b-sm" href="/settings/webhooks">
          <Icon name="left" class="i-sm" /> {words.back}
        </a>
      </p>
      <section class="card" aria-label={words.columns[0]}>
        <div class="card-h">
          <h2 class="hook-u">
            <Plain text={it.url} />
          </h2>
        </div>
        {secret}
        <div class="card-b set-f">
          <Facts it={it} />
          <Told failed={failed} />
          {it.managed_by === "configuration" && <p class="hint">{words.configured}</p>}
          <div class="set-foot">
            {button(words.test, () => void work(() => testWebhook(it.id), (sent) => setOpen(sent?.delivery_id ?? null)))}
            {button(it.enabled ? words.disable : words.enable, () => void work(() => changeWebhook(it.id, { enabled: !it.enabled }), () => {}))}
            {it.managed_by === "api" && (
              <>
                {button(words.change, () => setAsked("change"))}
                {button(words.rotate, () => setAsked("rotate"))}
                {button(words.remove, () => setAsked("remove"), "b-plain set-danger")}
              </>
            )}
          </div>
        </div>
      </section>
      <Deliveries it={it} onOpen={setOpen} />
      {asked === "change" && <Change it={it} onDone={() => done()} onClose={close} />}
      {asked === "rotate" && <Rotate it={it} onDone={done} onClose={close} />}
      {asked === "remove" && (
        <Remove
          it={it}
          onClose={close}
          onDone={() => {
            done();
            go("/settings/webhooks", "replace");
          }}
        />
      )}
      {open && <Delivery key={open} endpoint={it.id} id={open} onClose={() => setOpen(null)} />}
    </>
  );
}

function Facts({ it }: { it: Webhook }) {
  return (
    <dl class="facts">
      <dt>{words.state}</dt>
      <dd>
        <State it={it} />
      </dd>
      {it.last_error && it.failing_since && (
        <>
          <dt>{words.lastError}</dt>
          <dd>
            <Plain text={it.last_error} />
          </dd>
        </>
      )}
      <dt>{words.lastSuccess}</dt>
      <dd>{it.last_success_at ? <Time at={it.last_success_at} /> : words.never}</dd>
      <dt>{words.waiting}</dt>
      <dd>{it.enabled || it.waiting === 0 ? words.wait(it.waiting) : words.kept(it.waiting)}</dd>
      {it.dropped > 0 && (
        <>
          <dt>{words.dropped}</dt>
          <dd>{words.droppedOf(it.dropped)}</dd>
        </>
      )}
      {it.description && (
        <>
          <dt>{words.description}</dt>
          <dd>
            <Plain text={it.description} />
          </dd>
        </>
      )}
      <dt>{words.events}</dt>
      <dd>{it.events.join(", ") || words.allEvents}</dd>
      <dt>{words.format}</dt>
      <dd>{words.formats[it.format]}</dd>
      <dt>{words.contextOf}</dt>
      <dd>{it.include_context ? settings.yes : settings.no}</dd>
      <dt>{words.made}</dt>
      <dd>
        <Time at={it.created_at} />
      </dd>
    </dl>
  );
}
