// One connection: its task, who opened it, where it hangs, and when it last showed life.

import { now } from "../../data/clock.ts";
import { may } from "../../data/session.ts";
import { type By, type Connection, QUIET } from "../../logic/connections.ts";
import { age } from "../../logic/durations.ts";
import { Icon, Plain, Time } from "../../parts/small.tsx";
import { operations } from "../../words-operations.ts";

const words = operations.connections;
export const columns: readonly By[] = ["task", "session", "who", "instance", "since", "sign"];

export const taskPath = (task: string): string => `/operations/tasks/${encodeURIComponent(task)}`;

export function Row({ it, onClose }: { it: Connection; onClose: () => void }) {
  const name = <Plain text={it.task_id} />;
  return (
    <tr>
      <th scope="row" class="t-main">
        {may("event:subscribe") ? <a href={taskPath(it.task_id)}>{name}</a> : name}
      </th>
      <td class="soft" data-l={words.columns.session}>
        {it.session_id ? <Plain text={it.session_id} /> : <span class="muted">{words.noSession}</span>}
      </td>
      <td class="nowrap">
        <Plain text={it.principal} />
      </td>
      <td class="soft nowrap mono">
        <Plain text={it.instance_id} />
      </td>
      <td class="soft nowrap" data-l={words.columns.since}>
        <Time at={it.connected_at} />
      </td>
      <td class="soft nowrap" data-l={words.columns.sign}>
        <Sign at={it.last_heartbeat} />
      </td>
      {may("connection:close") && (
        <td class="num last">
          <button type="button" class="b b-plain b-sm" aria-label={words.closeLabel(it.task_id)} onClick={onClose}>
            {words.close}
          </button>
        </td>
      )}
    </tr>
  );
}

function Sign({ at }: { at: string }) {
  const since = Math.max(0, now.value - Date.parse(at));
  return since > QUIET ? (
    <span class="st st-late">
      <Icon name="warn" />
      {age(since)}
    </span>
  ) : (
    <>{age(since)}</>
  );
}
