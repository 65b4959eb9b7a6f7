// Where I am signed in. Ending the one that is looked through asks to sign in again, as any end of a session does.

import { useEffect, useState } from "preact/hooks";
import { type Listing, type Sent, send } from "../../data/loading.ts";
import { load, me, session } from "../../data/session.ts";
import type { BrowserSession } from "../../data/types.ts";
import { browserOf } from "../../logic/forms.ts";
import { plain } from "../../logic/hidden.ts";
import { Plain, Time } from "../../parts/small.tsx";
import { settings, you as words } from "../../words-settings.ts";
import { Told } from "./form.tsx";
import { Card, Listed, Scrolls } from "./loaded.tsx";

export function Sessions({ of }: { of: Listing<BrowserSession> }) {
  const [failed, setFailed] = useState<Extract<Sent<never>, { ok: false }> | null>(null);
  const [ended, setEnded] = useState(false);
  useEffect(() => {
    // Who has just signed in with a key is known by it, and not by the session that was made. Before any of them can be
    // ended, it is known which is the one that is looked through.
    const known = session.value?.credential.startsWith("session:") ? null : load();
    void Promise.resolve(known).then(() => of.read());
  }, []);
  const end = async (id: string) => {
    const sent = await send<never>("DELETE", `/api/v1/browser-sessions/${encodeURIComponent(id)}`);
    setFailed(sent.ok ? null : sent);
    setEnded(sent.ok);
    await of.read();
  };
  return (
    <Card title={words.sessions} hint={words.sessionsHint}>
      <div class="set-tell" role="status">
        {ended && <p class="card-b set-saved">{words.ended}</p>}
      </div>
      <Told failed={failed} />
      <Listed of={of} empty={words.noSessions} rows={2}>
        {(items) => <Table items={items.filter((one) => one.principal === me.value)} end={end} />}
      </Listed>
    </Card>
  );
}

function Table({ items, end }: { items: readonly BrowserSession[]; end: (id: string) => Promise<void> }) {
  const own = session.value?.credential ?? "";
  return (
    <Scrolls name={words.sessions}>
      <table class="tbl stk">
        <thead>
          <tr>
            <th scope="col">{words.browser}</th>
            <th scope="col">{words.with}</th>
            <th scope="col">{words.address}</th>
            <th scope="col">{words.since}</th>
            <th scope="col">{words.seen}</th>
            <th scope="col">{words.ends}</th>
            <th>
              <span class="vh">{settings.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <tr key={one.id}>
              <th scope="row" class="t-main">
                <Plain text={browserOf(one.user_agent ?? "")} /> {own.endsWith(one.id) && <span class="chip">{words.thisOne}</span>}
              </th>
              <td class="soft">{one.key ? words.byKey(one.key) : words.byIssuer}</td>
              <td class="soft" data-l={words.address.toLowerCase()}>
                <Plain text={one.address ?? ""} />
              </td>
              <td class="soft nowrap" data-l={words.since.toLowerCase()}>
                <Time at={one.created_at} as="ago" />
              </td>
              <td class="soft nowrap" data-l={words.seen.toLowerCase()}>
                <Time at={one.last_seen_at} as="ago" />
              </td>
              <td class="soft nowrap" data-l={words.ends.toLowerCase()}>
                <Time at={one.expires_at} as="day" />
              </td>
              <td class="num last">
                <button type="button" class="b b-plain b-sm set-danger" aria-label={words.endIt(plain(browserOf(one.user_agent ?? "")))} onClick={() => void end(one.id)}>
                  {words.end}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolls>
  );
}
