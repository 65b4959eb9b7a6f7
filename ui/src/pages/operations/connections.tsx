// Who is connected: found, in order, and closed where one may. The rows stand still while one points at them.

import { useEffect, useState } from "preact/hooks";
import { type Closed, connectionOf, connections, connectionsTrouble, held, keepConnections, readConnections, readUntilGone } from "../../data/connections.ts";
import { may } from "../../data/session.ts";
import { type By, type Connection, type Order, found, sorted } from "../../logic/connections.ts";
import { Icon } from "../../parts/small.tsx";
import { operations } from "../../words-operations.ts";
import { CloseDialog } from "./close.tsx";
import { Row, columns } from "./connection-row.tsx";
import { Card, Failed, Loading, Pieces } from "./pieces.tsx";

const words = operations.connections;
const AT_ONCE = 50;

export function Connections() {
  const [text, setText] = useState("");
  const [order, setOrder] = useState<Order>({ by: "task", down: false });
  const [shown, setShown] = useState(AT_ONCE);
  const [closing, setClosing] = useState<Connection | null>(null);
  const [told, setTold] = useState<{ task: string; it: Closed } | null>(null);
  useEffect(keepConnections, []);
  const known = connections.value;
  const far = useFar(text, known !== null && !known.all && found(known.items, text).length === 0);
  if (!known) return <Card title={words.title}>{connectionsTrouble.value ? <Failed it={connectionsTrouble.value} again={() => void readConnections()} /> : <Loading />}</Card>;
  const matching = sorted(far ? [far] : found(known.items, text), order);
  const done = ({ task_id, connection_id }: Connection, it: Closed) => {
    setClosing(null);
    setTold({ task: task_id, it });
    void readUntilGone(connection_id);
  };
  return (
    <Card title={words.title} note={words.live(known.items.length, known.all)} tools={<Search text={text} onText={setText} />}>
      {connectionsTrouble.value && <Failed it={connectionsTrouble.value} again={() => void readConnections()} />}
      <div aria-live="polite">{told && <Told task={told.task} it={told.it} onClose={() => setTold(null)} />}</div>
      {known.items.length === 0 ? (
        <p class="card-m">
          {words.none}. <span class="muted">{words.noneHint}</span>
        </p>
      ) : matching.length === 0 ? (
        <p class="card-m muted">{words.nothing}</p>
      ) : (
        <Table items={matching.slice(0, shown)} order={order} onOrder={setOrder} onClose={setClosing} />
      )}
      {!known.all && <p class="card-m muted">{words.unread}</p>}
      {matching.length > shown && (
        <p class="card-m">
          <button type="button" class="b b-sm" onClick={() => setShown(shown + AT_ONCE)}>
            {words.more(Math.min(AT_ONCE, matching.length - shown))}
          </button>
        </p>
      )}
      {closing !== null && <CloseDialog task={closing.task_id} onDone={(it) => done(closing, it)} onKeep={() => setClosing(null)} />}
    </Card>
  );
}

/** A task beyond those that were read, by its whole name. */
function useFar(text: string, wanted: boolean): Connection | null {
  const [far, setFar] = useState<Connection | null>(null);
  useEffect(() => {
    setFar(null);
    if (!wanted || text.trim() === "") return;
    let here = true;
    const timer = setTimeout(async () => {
      const it = await connectionOf(text.trim());
      if (here && it !== null && it !== "none") setFar(it);
    }, 250);
    return () => {
      here = false;
      clearTimeout(timer);
    };
  }, [text, wanted]);
  return wanted ? far : null;
}

function Search({ text, onText }: { text: string; onText: (text: string) => void }) {
  return (
    <div class="find conn-find">
      <Icon name="search" />
      <input class="in" type="search" placeholder={words.search} aria-label={words.searchLabel} value={text} onInput={(event) => onText(event.currentTarget.value)} />
    </div>
  );
}

interface TableProps {
  items: readonly Connection[];
  order: Order;
  onOrder: (order: Order) => void;
  onClose: (it: Connection) => void;
}

function Table({ items, order, onOrder, onClose }: TableProps) {
  useEffect(() => () => void (held.value = false), []);
  const hold = (on: boolean) => () => void (held.value = on);
  const by = (column: By) => onOrder({ by: column, down: order.by === column && !order.down });
  return (
    <div class="wrap-x" tabIndex={0} role="region" aria-label={words.scroll} onPointerEnter={hold(true)} onPointerLeave={hold(false)} onFocusIn={hold(true)} onFocusOut={hold(false)}>
      <table class="tbl stk">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col" aria-sort={order.by === column ? (order.down ? "descending" : "ascending") : undefined} title={column === "sign" ? words.signHint : undefined}>
                <button type="button" class="sort" onClick={() => by(column)}>
                  {words.columns[column]}
                  {order.by === column && <Icon name={order.down ? "down" : "upc"} />}
                </button>
              </th>
            ))}
            {may("connection:close") && (
              <th>
                <span class="vh">{words.close}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {items.map((it) => (
            <Row key={it.connection_id} it={it} onClose={() => onClose(it)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Stays until it is dealt with. */
export function Told({ task, it, onClose }: { task: string; it: Closed; onClose: () => void }) {
  const tone = { closed: "ok", gone: "off", unknown: "late", refused: "no" }[it.at];
  return (
    <div class={`note is-strip st-${tone}`}>
      <Icon name={it.at === "closed" ? "ok-c" : it.at === "gone" ? "info" : "warn"} />
      <p class="grow">
        <Pieces of={words[it.at](task)} /> {it.at === "refused" && it.detail}
        {it.at === "refused" && it.requestId && <span class="hint"> {operations.requestId(it.requestId)}</span>}
      </p>
      <button type="button" class="b b-plain b-icon b-sm" aria-label={operations.dismiss} onClick={onClose}>
        <Icon name="x" />
      </button>
    </div>
  );
}
