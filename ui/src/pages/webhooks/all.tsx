// All endpoints: how each stands.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Webhook, WebhookWithSecret } from "../../data/types.ts";
import { type Standing, standing } from "../../logic/webhooks.ts";
import { Icon, Plain, Time } from "../../parts/small.tsx";
import { webhooks as words } from "../../words-webhooks.ts";
import { Card, Scrolls } from "../settings/loaded.tsx";
import { Make } from "./dialogs.tsx";

export interface ListProps {
  secret: ComponentChildren;
  onChanged: (secret?: WebhookWithSecret | null) => void;
}

const LOOK: Record<Standing, [icon: string, tone: string]> = {
  works: ["ok-c", "ok"],
  unused: ["ring", "off"],
  failing: ["warn", "late"],
  off: ["slash", "off"],
};

/** A word with a shape, and since when or why. */
export function State({ it }: { it: Webhook }) {
  const state = standing(it);
  const [icon, tone] = LOOK[state];
  return (
    <>
      <span class={`st st-${tone}`}>
        <Icon name={icon} /> {words.states[state]}
      </span>{" "}
      {state === "off" && it.disabled_reason && <span class="set-x soft">{words.disabledBy[it.disabled_reason] ?? it.disabled_reason}</span>}
      {state === "failing" && it.failing_since && (
        <span class="set-x soft">
          {words.since} <Time at={it.failing_since} as="day" />
        </span>
      )}
    </>
  );
}

export function All({ items, secret, onChanged }: ListProps & { items: readonly Webhook[] }) {
  const [making, setMaking] = useState(false);
  const make = (
    <button type="button" class="b b-ink b-sm" onClick={() => setMaking(true)}>
      <Icon name="plus" /> {words.make}
    </button>
  );
  return (
    <Card title={words.title} hint={words.hint} actions={make}>
      {secret}
      {items.length === 0 ? <p class="card-b soft">{words.none}</p> : <Table items={items} />}
      {making && (
        <Make
          onClose={() => setMaking(false)}
          onDone={(made) => {
            setMaking(false);
            onChanged(made);
          }}
        />
      )}
    </Card>
  );
}

function Table({ items }: { items: readonly Webhook[] }) {
  return (
    <Scrolls name={words.title}>
      <table class="tbl stk">
        <thead>
          <tr>
            {words.columns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((it) => (
            <tr key={it.id} class={it.enabled ? "" : "set-off"}>
              <th scope="row">
                <span class="set-who">
                  <a class="t-main hook-u" href={`/settings/webhooks?endpoint=${it.id}`}>
                    <Plain text={it.url} />
                  </a>
                  {it.description && (
                    <span class="muted set-x">
                      <Plain text={it.description} />
                    </span>
                  )}
                </span>
              </th>
              <td class="soft set-full">{it.events.join(", ") || words.allEvents}</td>
              <td class="set-full">
                <State it={it} />
              </td>
              <td class="soft nowrap" data-l={words.lastSuccess.toLowerCase()}>
                {it.last_success_at ? <Time at={it.last_success_at} as="ago" /> : words.never}
              </td>
              <td class="soft nowrap" data-l={words.waiting.toLowerCase()}>
                {words.wait(it.waiting)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolls>
  );
}
