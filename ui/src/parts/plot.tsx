// A plot: what it finds as a sentence, the drawing with that as its name, and the same as a table.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Spec } from "../logic/plot.ts";
import { app } from "../words.ts";
import { operations as words } from "../words-operations.ts";
import { Drawing } from "./drawing.tsx";
import { Heads } from "./heads.tsx";

export interface Cells {
  columns: readonly string[];
  /** The first is the row's head. */
  rows: readonly (readonly string[])[];
}

interface PlotProps {
  title: string;
  what: string;
  finding: string;
  spec: Spec | null;
  table: () => Cells;
  wide?: 4 | 5 | 6 | 7;
  legend?: readonly { color: string; text: string }[];
  children?: ComponentChildren;
}

export function PlotCard({ title, what, finding, spec, table, wide = 6, legend, children }: PlotProps) {
  const [asTable, setAsTable] = useState(false);
  return (
    <section class={`card plot-card w${wide}`} aria-label={title}>
      <div class="card-h">
        <h2>{title}</h2>
        <span class="grow" />
        {spec && (
          <button type="button" class="b b-plain b-sm" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
            {words.asTable}
          </button>
        )}
      </div>
      <p class="plot-s">{finding}</p>
      {children}
      {spec && (asTable ? <Table label={title} of={table()} /> : <Drawing spec={spec} label={`${what}: ${finding}`} />)}
      {spec && !asTable && legend && (
        <p class="leg plot-leg">
          {legend.map((it) => (
            <span key={it.text} class="lg">
              <i class={it.color} />
              {it.text}
            </span>
          ))}
        </p>
      )}
    </section>
  );
}

function Table({ label, of }: { label: string; of: Cells }) {
  return (
    <div class="plot-t" tabIndex={0} role="region" aria-label={`${label}, ${app.scrolls}`}>
      <table class="tbl">
        <Heads of={of.columns} />
        <tbody>
          {of.rows.map(([head, ...cells]) => (
            <tr key={head}>
              <th scope="row">{head}</th>
              {cells.map((cell, index) => (
                <td key={index} class="num">
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
