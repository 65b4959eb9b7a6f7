// One that was sent: how it stands, each try with the other side's answer, and sending it again.

import { useEffect, useState } from "preact/hooks";
import { type Trouble, troubleOf } from "../../data/http.ts";
import { type Again, readTries, sendAgain } from "../../data/sent.ts";
import { may } from "../../data/session.ts";
import type { Sent, SentWithTries } from "../../data/types.ts";
import { plain } from "../../logic/hidden.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Icon, Plain, Time } from "../../parts/small.tsx";
import { app } from "../../words.ts";
import { sent as words } from "../../words-told.ts";
import { Failed, Loading } from "../operations/pieces.tsx";

const LOOK: Record<string, [icon: string, tone: string]> = {
  pending: ["ring", "off"],
  sent: ["send", "ok"],
  read: ["eye", "ok"],
  failed: ["sq", "no"],
  skipped: ["slash", "off"],
};

/** A word with a shape. In the app a message has arrived as soon as it is there. */
export function State({ it }: { it: Pick<Sent, "status" | "channel"> }) {
  const [icon, tone] = LOOK[it.status] ?? ["ring", "off"];
  return (
    <span class={`st st-${tone}`}>
      <Icon name={icon} />
      {it.status === "sent" && it.channel === "in_app" ? words.here : (words.statuses[it.status] ?? it.status)}
    </span>
  );
}

/** An endpoint of a webhook has an id for a name. */
export const whoOf = (it: Sent): string => it.principal ?? (it.channel === "webhook" ? words.endpoint(it.recipient.slice(-8)) : it.recipient);
export const channelOf = (channel: string): string => words.channels[channel] ?? channel;
export const causeOf = (it: Pick<Sent, "cause" | "asks" | "action">): string => (it.action === "update" ? words.edited : words.causes[it.cause]?.[it.asks ? 0 : 1] || it.cause);
/** When it came to what it is. */
export const timeOf = (it: Pick<Sent, "created_at" | "sent_at" | "failed_at"> & { read_at?: string | null }): string => it.read_at ?? it.sent_at ?? it.failed_at ?? it.created_at;

/** Why it isn't there: what the other side said, or why it had not to be sent. */
export function Why({ it }: { it: Pick<Sent, "status" | "error_message"> & { skip_reason?: string | null } }) {
  const text = it.skip_reason ? (words.skipped[it.skip_reason] ?? it.skip_reason) : it.status === "sent" || it.status === "read" ? null : it.error_message;
  return text ? (
    <span class="told-w">
      <Plain text={text} />
    </span>
  ) : null;
}

/** What sending again came to: it stays until the next. */
export function Told({ it }: { it: Again | null }) {
  const [icon, tone] = it?.at === "done" ? ["ok-c", "ok"] : ["warn", "late"];
  return (
    <div role="status">
      {it && (
        <div class={`note st-${tone}`}>
          <Icon name={icon} />
          <p>
            {it.at === "done" ? words.done(it.amount, it.more) : it.at === "unknown" ? words.unknown : `${words.notDone} ${it.trouble.detail ?? ""}`}
            {it.at === "refused" && it.trouble.requestId && <span class="hint"> {it.trouble.requestId}</span>}
          </p>
        </div>
      )}
    </div>
  );
}

type Moment = Pick<Sent, "created_at" | "sent_at" | "failed_at" | "due_at" | "status" | "approval_id"> & { read_at?: string | null };

/** Since when it is what, and which approval it is about: rows of a list of facts. */
export function Moments({ it }: { it: Moment }) {
  return (
    <>
      {(["created_at", "sent_at", "read_at", "failed_at", "due_at"] as const).map((name) =>
        it[name] && (name !== "due_at" || it.status === "pending") ? (
          <>
            <dt>{words.at[name]}</dt>
            <dd>
              <Time at={it[name]} />
            </dd>
          </>
        ) : null,
      )}
      {it.approval_id && (
        <>
          <dt>{words.approval}</dt>
          <dd>{may("approval:view:pending") ? <a href={`/approvals/${it.approval_id}`}>{it.approval_id}</a> : it.approval_id}</dd>
        </>
      )}
    </>
  );
}

interface FootProps {
  is: string | undefined;
  told: Again | null;
  busy: boolean;
  again: () => void;
  onClose: () => void;
}

/** Below one that was sent: sending it again, where it failed. */
export function Foot({ is, told, busy, again, onClose }: FootProps) {
  return (
    <>
      {may("notification:manage") && (is === "failed" || told) && (
        <button type="button" class="b" aria-disabled={busy || is !== "failed"} onClick={again}>
          <Icon name="again" /> {busy ? words.sending : words.again}
        </button>
      )}
      <span class="grow" />
      <button type="button" class="b b-ink" onClick={onClose}>
        {app.close}
      </button>
    </>
  );
}

export function Tries({ of, onClose, onAgain }: { of: Sent; onClose: () => void; onAgain: () => void }) {
  const [it, setIt] = useState<SentWithTries | null>(null);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [told, setTold] = useState<Again | null>(null);
  const [busy, setBusy] = useState(false);
  const read = async () => {
    const reply = await readTries(of.id);
    setTrouble(reply?.ok ? null : troubleOf(reply));
    if (reply?.ok) setIt(reply.body);
  };
  useEffect(() => void read(), []);
  const here = it ?? of;
  const again = async () => {
    if (busy || here.status !== "failed") return;
    setBusy(true);
    setTold(await sendAgain(of.id));
    setBusy(false);
    await read();
    onAgain();
  };
  const foot = <Foot is={here.status} told={told} busy={busy} again={() => void again()} onClose={onClose} />;
  return (
    <Dialog title={`${plain(whoOf(of))}, ${channelOf(of.channel)}`} onClose={onClose} foot={foot}>
      <dl class="facts">
        <dt>{words.columns[3]}</dt>
        <dd>
          <State it={here} /> <Why it={here} />
        </dd>
        <dt>{words.columns[2]}</dt>
        <dd>{causeOf(of)}</dd>
        {of.principal !== of.recipient && (
          <>
            <dt>{words.columns[0]}</dt>
            <dd>
              {of.channel === "webhook" && may("webhook:manage") ? <a href={`/settings/webhooks?endpoint=${of.recipient}`}>{of.recipient}</a> : <Plain text={of.recipient} />}
            </dd>
          </>
        )}
        <Moments it={here} />
      </dl>
      {trouble ? <Failed it={trouble} again={() => void read()} /> : it ? of.channel !== "in_app" && <Attempts of={it.attempts} /> : <Loading />}
      <Told it={told} />
    </Dialog>
  );
}

export function Attempts({ of }: { of: SentWithTries["attempts"] }) {
  return (
    <>
      <h3>{words.tries(of.length)}</h3>
      {of.map((one, index) => (
        <div key={index} class="told-t">
          <p>
            <Time at={one.at} /> <b>{words.outcomes[one.outcome] ?? one.outcome}</b>{" "}
            <span class="muted">
              {words.took(one.duration_ms)}
              {one.status_code ? `, ${words.code(one.status_code)}` : ""}
            </span>
          </p>
          {[one.error, one.answer].map(
            (text) =>
              text && (
                <pre key={text} class="body" tabIndex={0}>
                  <Plain text={text} lines />
                </pre>
              ),
          )}
        </div>
      ))}
    </>
  );
}
