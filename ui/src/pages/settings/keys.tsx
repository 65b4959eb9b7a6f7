// Keys: who acts when no person does. A key is shown once, where it is made.

import { useEffect, useMemo, useState } from "preact/hooks";
import { Listing } from "../../data/loading.ts";
import type { Key, MadeKey } from "../../data/types.ts";
import { now } from "../../data/clock.ts";
import { short } from "../../logic/durations.ts";
import { ending } from "../../logic/forms.ts";
import { Icon, Mark, Plain, Time } from "../../parts/small.tsx";
import { CopyText } from "../../parts/copy.tsx";
import { keys as words, settings } from "../../words-settings.ts";
import { MakeKey, RevokeKey, RotateKey } from "./key-dialogs.tsx";
import { Card, Listed, Scrolls } from "./loaded.tsx";

type Asked = { what: "make" } | { what: "rotate" | "revoke"; key: Key };
interface Shown {
  made: MadeKey;
  name: string;
}

export function Keys() {
  const list = useMemo(() => new Listing<Key>("/api/v1/keys"), []);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [shown, setShown] = useState<Shown | null>(null);
  useEffect(() => void list.read(), []);
  const close = () => setAsked(null);
  const done = (next?: Shown) => {
    close();
    if (next) setShown(next);
    void list.read();
  };
  const make = (
    <button type="button" class="b b-ink b-sm" onClick={() => setAsked({ what: "make" })}>
      <Icon name="plus" /> {words.make}
    </button>
  );
  return (
    <Card title={words.title} hint={words.hint} actions={make}>
      <div role="status">{shown && <Secret {...shown} onHave={() => setShown(null)} />}</div>
      <Listed of={list} empty={words.none}>
        {(items) => <Table items={items} onAsk={setAsked} />}
      </Listed>
      {asked?.what === "make" && <MakeKey onDone={(made, name) => done({ made, name })} onClose={close} />}
      {asked?.what === "rotate" && <RotateKey it={asked.key} onDone={(made) => done({ made, name: asked.key.principal })} onClose={close} />}
      {asked?.what === "revoke" && <RevokeKey it={asked.key} onDone={() => done()} onClose={close} />}
    </Card>
  );
}

function Secret({ made, name, onHave }: Shown & { onHave: () => void }) {
  const may = [...made.roles, ...made.permissions];
  return (
    <div class="card-b">
      <div class="note st-ok">
        <Icon name="key" />
        <div class="grow set-grid">
          <p>
            <b>{words.shown(name)}</b> {words.shownHint}
          </p>
          <p class="secret">
            <code class="grow">{made.key}</code>
            <CopyText text={made.key} />
          </p>
          <p class="set-chips">
            {words.shownMay} <Chips names={may} />
          </p>
        </div>
        <button type="button" class="b b-plain b-sm" onClick={onHave}>
          {words.have}
        </button>
      </div>
    </div>
  );
}

const Chips = ({ names }: { names: readonly string[] }) => (
  <>
    {names.map((one) => (
      <span key={one} class="chip">
        <Plain text={one} />
      </span>
    ))}
  </>
);

function Table({ items, onAsk }: { items: readonly Key[]; onAsk: (asked: Asked) => void }) {
  const [all, setAll] = useState(false);
  const good = items.filter((one) => !one.revoked_at);
  return (
    <>
      <Scrolls name={words.title}>
        <table class="tbl stk">
          <thead>
            <tr>
              <th scope="col">{words.key}</th>
              <th scope="col">{words.actsAs}</th>
              <th scope="col">{words.may}</th>
              <th scope="col">{words.made}</th>
              <th scope="col">{words.used}</th>
              <th scope="col">{words.ends}</th>
              <th>
                <span class="vh">{settings.actions}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {(all ? items : good).map((one) => (
              <Row key={one.prefix} it={one} onAsk={onAsk} />
            ))}
          </tbody>
        </table>
      </Scrolls>
      {!all && items.length > good.length && (
        <p class="card-b">
          <button type="button" class="b b-sm" onClick={() => setAll(true)}>
            {words.showRevoked(items.length - good.length)}
          </button>
        </p>
      )}
    </>
  );
}

function Row({ it, onAsk }: { it: Key; onAsk: (asked: Asked) => void }) {
  return (
    <tr class={it.revoked_at ? "set-off" : ""}>
      <th scope="row">
        <span class="set-who">
          <span class="t-main mono">so_{it.prefix}…</span>
          {it.label && (
            <span class="muted set-x">
              <Plain text={it.label} />
            </span>
          )}
        </span>
      </th>
      <td class="set-full">
        <span class="who">
          <Mark name={it.principal} service={it.principal_kind === "service"} /> <Plain text={it.principal} />
        </span>
      </td>
      <td class="set-full">
        <May it={it} />
      </td>
      <td class="soft nowrap" data-l={words.made.toLowerCase()}>
        <Time at={it.created_at} as="ago" />
      </td>
      <td class="soft nowrap" data-l={it.last_used_at ? words.used.toLowerCase() : undefined}>
        {it.last_used_at ? <Time at={it.last_used_at} as="ago" /> : words.unused}
      </td>
      <td class="nowrap" data-l={words.ends.toLowerCase()}>
        <Ends it={it} />
      </td>
      <td class="num nowrap">
        {!it.revoked_at && (
          <>
            {!it.rotated_to && (
              <button type="button" class="b b-plain b-sm" aria-label={words.rotateIt(it.prefix)} onClick={() => onAsk({ what: "rotate", key: it })}>
                {words.rotate}
              </button>
            )}
            <button type="button" class="b b-plain b-sm set-danger" aria-label={words.revokeIt(it.prefix)} onClick={() => onAsk({ what: "revoke", key: it })}>
              {words.revoke}
            </button>
          </>
        )}
      </td>
    </tr>
  );
}

function May({ it }: { it: Key }) {
  if (it.permissions.length < 3) {
    return (
      <span class="set-chips">
        <Chips names={[...it.roles, ...it.permissions]} />
      </span>
    );
  }
  return (
    <details class="set-mini">
      <summary>
        <Chips names={it.roles} /> <span class="chip">{words.permissions(it.permissions.length)} ▾</span>
      </summary>
      <ul class="mono">
        {it.permissions.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
    </details>
  );
}

function Ends({ it }: { it: Key }) {
  if (it.revoked_at) {
    return (
      <span class="st st-off">
        <Icon name="slash" /> {words.revoked}
      </span>
    );
  }
  const { how, left } = ending(it.expires_at, now.value);
  return (
    <>
      {how === "never" && <span class="soft">{words.never}</span>}
      {how === "over" && (
        <span class="st st-off">
          <Icon name="glass" /> {words.over}
        </span>
      )}
      {how === "near" && (
        <span class="st st-late">
          <Icon name="glass" /> {words.near(short(left))}
        </span>
      )}
      {how === "far" && it.expires_at && (
        <span class="soft">
          <Time at={it.expires_at} as="day" />
        </span>
      )}
      {it.rotated_to && <span class="muted set-x"> {words.rotated(it.rotated_to)}</span>}
    </>
  );
}
