// A plot: what it finds as a sentence, the drawing with that as its name, and the same as a table. uPlot comes when the
// first one is shown.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { preferences } from "../data/preferences.ts";
import { app } from "../words.ts";
import { operations as words } from "../words-operations.ts";
import type { Drawn, Spec } from "./draw.ts";

export type { Spec } from "./draw.ts";

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

function Drawing({ spec, label }: { spec: Spec; label: string }) {
  const place = useRef<HTMLDivElement>(null);
  const hover = useRef<HTMLParagraphElement>(null);
  const drawn = useRef<Drawn | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let shown = true;
    void import("./draw.ts").then(
      ({ draw }) => {
        if (!shown || !place.current) return;
        const tell = (text: string | null) => {
          if (hover.current) hover.current.textContent = text ?? "";
        };
        drawn.current = draw(place.current, last.current, tell);
      },
      () => setFailed(true),
    );
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const again = () => drawn.current?.again();
    dark.addEventListener("change", again);
    return () => {
      shown = false;
      dark.removeEventListener("change", again);
      drawn.current?.end();
      drawn.current = null;
    };
  }, []);
  const last = useRef(spec);
  last.current = spec;
  useEffect(() => drawn.current?.update(spec), [spec]);
  const { theme } = preferences.value;
  useEffect(() => drawn.current?.again(), [theme]);
  if (failed) return <p class="card-m muted">{words.noPlot}</p>;
  return (
    <div class="plot-b">
      <div ref={place} class="pl-c" role="img" aria-label={label} />
      <p ref={hover} class="pl-hover" aria-hidden="true" />
    </div>
  );
}

function Table({ label, of }: { label: string; of: Cells }) {
  return (
    <div class="plot-t" tabIndex={0} role="region" aria-label={`${label}, ${app.scrolls}`}>
      <table class="tbl">
        <thead>
          <tr>
            {of.columns.map((name, index) => (
              <th key={name} scope="col" class={index > 0 ? "num" : ""}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
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
