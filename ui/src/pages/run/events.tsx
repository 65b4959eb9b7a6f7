// What happens in a run: its task's events. It has several tasks only where its approvals name several.

import { useEffect, useState } from "preact/hooks";
import { tasks } from "../../data/run.ts";
import { following, followTask } from "../../data/task-log.ts";
import { plain } from "../../logic/hidden.ts";
import { runs as words } from "../../words-past.ts";
import { Log, Reach } from "../task-log.tsx";

export function Events() {
  const all = tasks.value;
  const [chosen, setChosen] = useState<string | null>(null);
  const task = chosen !== null && all.includes(chosen) ? chosen : (all[0] ?? null);
  useEffect(() => (task === null ? undefined : followTask(task)), [task]);
  const here = following.value;
  return (
    <section class="run-s" aria-label={words.events}>
      <div class="sec-h">
        <h2>{words.events}</h2>
        <span class="muted grow">
          <Reach />
        </span>
        {all.length > 1 && (
          <select class="sel" aria-label={words.tasks} value={task ?? ""} onChange={(event) => setChosen(event.currentTarget.value)}>
            {all.map((one) => (
              <option key={one} value={one}>
                {plain(one)}
              </option>
            ))}
          </select>
        )}
      </div>
      {here && here.task === task && <Log key={task} />}
    </section>
  );
}
