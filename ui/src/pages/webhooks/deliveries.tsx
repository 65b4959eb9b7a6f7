// What was sent to an endpoint, the newest first. Which state is shown is in the address.

import { useEffect, useMemo, useState } from "preact/hooks";
import { Listing } from "../../data/loading.ts";
import { whileSeen } from "../../data/seen.ts";
import type { Delivery, Webhook } from "../../data/types.ts";
import { deliveriesOf } from "../../data/webhooks.ts";
import { utc } from "../../logic/durations.ts";
import { Icon, Plain, Time } from "../../parts/small.tsx";
import { query, setQuery } from "../../router.ts";
import { settings } from "../../words-settings.ts";
import { sent } from "../../words-told.ts";
import { webhooks as words } from "../../words-webhooks.ts";
import { Card, Listed, Scrolls } from "../settings/loaded.tsx";
import { State, Why, timeOf } from "../told/tries.tsx";
import { FailedAgain } from "./dialogs.tsx";

/** As a message of the channel: what is shown of it is shown alike. */
export const asSent = <T extends Delivery>(it: T) => ({ ...it, channel: "webhook" }) as const;

export function Deliveries({ it, onOpen }: { it: Webhook; onOpen: (id: string) => void }) {
  const list = useMemo(() => new Listing<Delivery>(deliveriesOf(it.id), {}, 50), [it.id]);
  const [asked, setAsked] = useState(false);
  const [told, setTold] = useState("");
  const status = query.value.get("status") ?? "";
  useEffect(() => {
    // Another state: what was there goes at once. Then what is shown is read anew.
    let filters: Record<string, string> | undefined = { status };
    return whileSeen(5000, async () => {
      const reading = list.read(filters);
      filters = undefined;
      await reading;
    });
  }, [list, status]);
  const tools = (
    <>
      <label class="who muted">
        {sent.status}
        <select class="sel" value={status} onChange={(event) => setQuery({ status: event.currentTarget.value })}>
          <option value="">{sent.any}</option>
          {["pending", "sent", "failed", "skipped"].map((name) => (
            <option key={name} value={name}>
              {sent.statuses[name]}
            </option>
          ))}
        </select>
      </label>
      <button type="button" class="b b-sm" onClick={() => setAsked(true)}>
        <Icon name="again" /> {words.again}
      </button>
    </>
  );
  return (
    <Card title={words.deliveries} hint={words.deliveriesHint} actions={tools}>
      <div role="status">{told && <p class="card-b soft">{told}</p>}</div>
      <Listed of={list} empty={words.noDeliveries} rows={4}>
        {(items) => <Table items={items} onOpen={onOpen} />}
      </Listed>
      {asked && (
        <FailedAgain
          it={it}
          onClose={() => setAsked(false)}
          onDone={(text) => {
            setAsked(false);
            setTold(text);
            void list.read();
          }}
        />
      )}
    </Card>
  );
}

function Table({ items, onOpen }: { items: readonly Delivery[]; onOpen: (id: string) => void }) {
  return (
    <Scrolls name={words.deliveries}>
      <table class="tbl stk">
        <thead>
          <tr>
            {words.deliveryColumns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
            <th>
              <span class="vh">{settings.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map(asSent).map((one) => (
            <tr key={one.id}>
              <th scope="row" class="t-main">
                <Plain text={one.event} />
              </th>
              <td class="set-full">
                <State it={one} /> <Why it={one} />
              </td>
              <td class="soft" data-l={words.deliveryColumns[2]?.toLowerCase()}>
                {one.attempt_count}
              </td>
              <td class="soft nowrap set-full">
                <Time at={timeOf(one)} />
              </td>
              <td class="num last">
                <button type="button" class="b b-plain b-sm" aria-label={words.deliveryOf(one.event, utc(Date.parse(one.created_at)))} onClick={() => onOpen(one.id)}>
                  {sent.details}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolls>
  );
}
