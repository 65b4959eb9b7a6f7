// What would change: in full, wrapped, never cut off silently.

import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { bytes } from "../../logic/durations.ts";
import { type Line, type Proposal, type View, changed } from "../../logic/diff.ts";
import { type Json, Num, isScalar, path, write } from "../../logic/json.ts";
import { H } from "../../parts/heading.tsx";
import { Plain } from "../../parts/small.tsx";
import { approval as words } from "../../words.ts";

const LINES = 200;
const MUCH = 16 * 1024;

/** Parts of the proposal that were not on the screen yet, in words, by their place: the bar names them. */
export const notShown = signal<ReadonlyMap<string, string>>(new Map());

/** Told anew whenever what is hidden of a part changes; forgotten with the part. */
function useNotShown(place: string, hidden: string | null): void {
  useEffect(() => {
    if (hidden === null) return;
    notShown.value = new Map(notShown.peek()).set(place, hidden);
    return () => {
      const left = new Map(notShown.peek());
      left.delete(place);
      notShown.value = left;
    };
  }, [place, hidden]);
}

export function Change({ found, lines, view }: { found: Proposal; lines: readonly Line[]; view: View | null | undefined }) {
  const [json, setJson] = useState(false);
  if (found.kind === "text") return <Text text={found.text} patch={found.form === "diff"} />;
  const differ = changed(lines);
  const compared = found.current !== undefined;
  return (
    <section class="sec" aria-label={words.change}>
      <div class="sec-h">
        <H>{words.change}</H>
        <span class="muted">{compared ? words.changeCount(differ.length, lines.length) : words.changeCount(lines.length, lines.length)}</span>
        <span class="grow" />
        <div class="seg" role="group" aria-label={words.showAs}>
          <button type="button" aria-pressed={!json} onClick={() => setJson(false)}>
            {words.changes}
          </button>
          <button type="button" aria-pressed={json} onClick={() => setJson(true)}>
            {words.json}
          </button>
        </div>
      </div>
      {json ? <Code text={write(found.proposed, 2)} counts={false} /> : <Lines lines={lines} compared={compared} first={firstNames(view)} />}
    </section>
  );
}

const firstNames = (view: View | null | undefined): string[] => (view?.primary ?? []).map((it) => path(it).join("."));

function Lines({ lines, compared, first }: { lines: readonly Line[]; compared: boolean; first: readonly string[] }) {
  const [all, setAll] = useState(false);
  const shown = compared ? changed(lines) : lines;
  const same = lines.length - shown.length;
  const leads = (line: Line) => first.some((name) => name.endsWith(line.name));
  const ordered = [...shown.filter(leads), ...shown.filter((line) => !leads(line))];
  return (
    <div class={`diff ${compared ? "" : "is-plain"}`}>
      {shown.length === 0 && <p class="diff-none">{words.noChange}</p>}
      <table>
        <thead>
          <tr>
            {compared && (
              <th class="c-s">
                <span class="vh">{words.kind}</span>
              </th>
            )}
            <th scope="col">{words.value}</th>
            {compared && <th scope="col">{words.now}</th>}
            <th scope="col">{words.proposed}</th>
          </tr>
        </thead>
        <tbody>
          {[...ordered, ...(all ? lines.filter((line) => line.mark === "=" && compared) : [])].map((line) => (
            <Changed key={`${line.mark}${line.name}`} line={line} compared={compared} />
          ))}
        </tbody>
      </table>
      {same > 0 && (
        <button type="button" class="more" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? words.hideUnchanged : words.unchanged(same)}
        </button>
      )}
    </div>
  );
}

function Changed({ line, compared }: { line: Line; compared: boolean }) {
  const { mark, now, will } = line;
  return (
    <tr>
      {compared && (
        <td class="c-s">
          <span aria-hidden="true">{mark === "=" ? "" : mark}</span>
          <span class="vh">{words.marks[mark]}</span>
        </td>
      )}
      <th scope="row">
        <Plain text={line.name} />
      </th>
      {compared && (now === undefined ? <td class="none">{words.notSet}</td> : <td class="was"><Shown value={now} beside={will} name={`${line.name}, ${words.now}`} /></td>)}
      {will === undefined ? <td class="gone">{words.removed}</td> : <td class={mark === "=" ? "was" : "will"}><Shown value={will} beside={now} name={line.name} /></td>}
    </tr>
  );
}

/** A text that would fill pages: its begin, and all of it on a click. */
function Long({ text, name }: { text: string; name: string }) {
  const [all, setAll] = useState(false);
  const hidden = all ? 0 : text.length - MUCH;
  useNotShown(name, hidden > 0 ? words.someOf(bytes(hidden), name) : null);
  return (
    <>
      <Plain text={all ? text : text.slice(0, MUCH)} lines />
      {hidden > 0 && (
        <button type="button" class="more-in" onClick={() => setAll(true)}>
          {words.moreText(bytes(hidden))}
        </button>
      )}
    </>
  );
}

/** Plain text bare where the other side is text, too; with its marks where the kind could be mistaken. */
export function Shown({ value, beside, name }: { value: Json; beside?: Json | undefined; name?: string }) {
  if (typeof value !== "string") return <Plain text={isScalar(value) && !(value instanceof Num) ? String(value) : write(value)} lines />;
  if (name !== undefined && value.length > MUCH) return <Long text={value} name={name} />;
  const bare = (beside === undefined || typeof beside === "string") && !/^(true|false|null|-?\d.*|\s.*|.*\s|)$/s.test(value);
  return <Plain text={bare ? value : JSON.stringify(value)} lines />;
}

function Text({ text, patch }: { text: string; patch: boolean }) {
  return (
    <section class="sec" aria-label={words.change}>
      <div class="sec-h">
        <H>{words.change}</H>
      </div>
      <Code text={text} patch={patch} />
    </section>
  );
}

/** In full up to 200 lines, then all on a click; what was not shown is named beside the buttons. */
function Code({ text, patch = false, counts = true }: { text: string; patch?: boolean; counts?: boolean }) {
  const [all, setAll] = useState(false);
  const lines = text.split("\n");
  const more = all ? 0 : Math.max(0, lines.length - LINES);
  useNotShown("", more > 0 && counts ? words.someLines(more) : null);
  const tone = (line: string) => (!patch ? "" : /^\+(?!\+\+)/.test(line) ? "add" : /^-(?!--)/.test(line) ? "del" : /^@@/.test(line) ? "hunk" : "");
  return (
    <div class="diff">
      <pre class="code" tabIndex={0}>
        {(more ? lines.slice(0, LINES) : lines).map((line, index) => (
          <span key={index} class={`ln-c ${tone(line)}`}>
            <Plain text={line} />
            {"\n"}
          </span>
        ))}
      </pre>
      {more > 0 && (
        <button type="button" class="more" onClick={() => setAll(true)}>
          {words.allLines(lines.length)}
        </button>
      )}
    </div>
  );
}
