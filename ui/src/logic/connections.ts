// Connections: found, in order. Pure.

export interface Connection {
  connection_id: string;
  task_id: string;
  session_id?: string | null;
  principal: string;
  instance_id: string;
  connected_at: string;
  last_heartbeat: string;
}

export type By = "task" | "session" | "who" | "instance" | "since" | "sign";
export interface Order {
  by: By;
  down: boolean;
}

const VALUE: Record<By, (it: Connection) => string> = {
  task: (it) => it.task_id,
  session: (it) => it.session_id ?? "",
  who: (it) => it.principal,
  instance: (it) => it.instance_id,
  since: (it) => it.connected_at,
  sign: (it) => it.last_heartbeat,
};

/** All words, in any of task, session, name and instance. */
export function found(all: readonly Connection[], text: string): readonly Connection[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return all;
  return all.filter((it) => {
    const where = `${it.task_id} ${it.session_id ?? ""} ${it.principal} ${it.instance_id}`.toLowerCase();
    return words.every((word) => where.includes(word));
  });
}

/** Whatever is equal stays in the order of its task. */
export function sorted(all: readonly Connection[], { by, down }: Order): Connection[] {
  const value = VALUE[by];
  const sign = down ? -1 : 1;
  return all.toSorted((a, b) => sign * compare(value(a), value(b)) || compare(a.task_id, b.task_id));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A client shows life often, but it is written down about once a minute: only well beyond that is odd. */
export const QUIET = 150_000;
