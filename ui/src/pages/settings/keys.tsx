// Keys: who acts when no person does. A key is shown once, where it is made.

import { useEffect, useMemo, useState } from "preact/hooks";
import { Listing } from "../../data/loading.ts";
import type { Key, MadeKey } from "../../data/types.ts";
import { plain } from "../../logic/hidden.ts";
import { Icon } from "../../parts/small.tsx";
import { CopyText } from "../../parts/copy.tsx";
import { keys as words, settings } from "../../words-settings.ts";
import { MakeKey, RevokeKey, RotateKey } from "./key-dialogs.tsx";
import { Chips, Row } from "./key-row.tsx";
import { Card, Listed, Scrolls } from "./loaded.tsx";

export type Asked = { what: "make" } | { what: "rotate" | "revoke"; key: Key };
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
            <b>{words.shown(plain(name))}</b> {words.shownHint}
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
