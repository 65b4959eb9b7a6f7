// One row of the context: a name, a value, what can be done with it. Long text opens in slices.

import { useState } from "preact/hooks";
import { bytes } from "../../logic/durations.ts";
import { type Json, Num, isDict, isScalar, write } from "../../logic/json.ts";
import { BLOB, type Row, gist } from "../../logic/tree.ts";
import { Icon, Plain } from "../../parts/small.tsx";
import { approval as words } from "../../words.ts";
import { CopyButton } from "./head.tsx";

interface TreeRowProps {
  row: Row;
  name: string;
  tabbable: boolean;
  found: boolean;
  query: string;
  onToggle: () => void;
  onFocus: () => void;
}

export function TreeRow({ row, name, tabbable, found, query, onToggle, onFocus }: TreeRowProps) {
  const foldable = row.kind === "branch" || row.kind === "text";
  return (
    <li
      class={`tn d${Math.min(row.depth, 12)} ${found ? "is-found" : ""}`}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-posinset={row.position}
      aria-setsize={row.brothers}
      aria-expanded={foldable ? row.open : undefined}
      aria-selected={found}
      tabIndex={tabbable ? 0 : -1}
      data-row={row.id}
      onFocus={onFocus}
    >
      <span class="tw" onClick={foldable ? onToggle : undefined}>
        {foldable && <Icon name={row.open ? "down" : "right"} />}
      </span>
      <span class={`k ${matches(row.key, query) ? "hit" : ""}`} onClick={foldable ? onToggle : undefined}>
        <Plain text={row.key} />
      </span>
      {row.kind === "text" && row.open ? (
        <Blob text={row.value as string} onClose={onToggle} />
      ) : (
        <span class={`v ${kindOf(row.value)} ${isScalar(row.value) && matches(text(row.value), query) ? "hit" : ""}`}>
          <Value row={row} onToggle={onToggle} />
        </span>
      )}
      <span class="tn-b">
        <CopyButton text={() => (typeof row.value === "string" ? row.value : write(row.value, 2))} label={words.copyValue} />
        <CopyButton text={() => name} label={words.copyPath} icon="link" />
      </span>
    </li>
  );
}

const matches = (value: string, query: string): boolean => query !== "" && value.toLowerCase().includes(query.toLowerCase());
const text = (value: Json): string => (typeof value === "string" ? value : value instanceof Num ? value.raw : String(value));

function kindOf(value: Json): string {
  if (typeof value === "string") return "v-s";
  if (value instanceof Num) return "v-n";
  if (typeof value === "boolean") return "v-b";
  return value === null ? "v-z" : "";
}

function Value({ row, onToggle }: { row: Row; onToggle: () => void }) {
  const { value } = row;
  if (row.kind === "text") {
    return (
      <>
        <span class="sum">{gist(value)}</span>{" "}
        <button type="button" tabIndex={-1} onClick={onToggle}>
          {words.openText}
        </button>
      </>
    );
  }
  if (row.kind === "branch") return <span class="sum" onClick={onToggle}>{gist(value)}</span>;
  if (row.kind === "line" && isDict(value)) {
    return (
      <>
        {[...value].map(([key, it]) => (
          <span key={key} class="pair">
            <span class="ik">
              <Plain text={key} />
            </span>{" "}
            <span class={kindOf(it)}>
              <Scalar value={it} />
            </span>{" "}
          </span>
        ))}
      </>
    );
  }
  return isScalar(value) ? <Scalar value={value} /> : <span class="sum">{Array.isArray(value) ? "[]" : "{}"}</span>;
}

function Scalar({ value }: { value: Json }) {
  if (typeof value === "string") {
    return (
      <>
        "<Plain text={value} lines />"
      </>
    );
  }
  return <>{text(value)}</>;
}

/** Read in slices, so that a quarter of a megabyte doesn't stop the page. */
function Blob({ text: whole, onClose }: { text: string; onClose: () => void }) {
  const [shown, setShown] = useState(BLOB);
  const left = whole.length - shown;
  return (
    <span class="v blob-w">
      <button type="button" tabIndex={-1} onClick={onClose}>
        {words.closeText}
      </button>
      <pre class="blob" tabIndex={0}>
        <Plain text={whole.slice(0, shown)} lines />
      </pre>
      {left > 0 && (
        <button type="button" tabIndex={-1} onClick={() => setShown(shown + 4 * BLOB)}>
          {words.moreText(bytes(left))}
        </button>
      )}
    </span>
  );
}
