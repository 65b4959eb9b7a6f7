// Small parts of the cards: a sentence with bold names, what went wrong, what is being loaded.

import type { ComponentChildren } from "preact";
import type { Trouble } from "../../data/http.ts";
import { Plain } from "../../parts/small.tsx";
import { app, pages } from "../../words.ts";
import type { Piece } from "../../words-operations.ts";

export function Pieces({ of }: { of: readonly Piece[] }) {
  return (
    <>
      {of.map((piece, index) =>
        typeof piece === "string" ? (
          piece
        ) : (
          <b key={index}>
            <Plain text={piece.bold} />
          </b>
        ),
      )}
    </>
  );
}

interface CardProps {
  title: string;
  /** How many of twelve columns. */
  wide?: 4 | 5 | 6 | 7 | 8 | 12;
  note?: ComponentChildren;
  tools?: ComponentChildren;
  children: ComponentChildren;
}

export function Card({ title, wide = 12, note, tools, children }: CardProps) {
  return (
    <section class={`card w${wide}`} aria-label={title}>
      <div class="card-h">
        <h2>{title}</h2>
        {note && <span class="muted card-n">{note}</span>}
        <span class="grow" />
        {tools}
      </div>
      {children}
    </section>
  );
}

/** In the card where it happened: the others go on. */
export function Failed({ it, again }: { it: Trouble; again?: () => void }) {
  return (
    <div class="card-b failed" role="alert">
      <p>{it.detail ?? pages.unavailable}</p>
      {it.requestId && <p class="hint">{pages.request(it.requestId)}</p>}
      {again && (
        <button type="button" class="b b-sm" onClick={again}>
          {app.again}
        </button>
      )}
    </div>
  );
}

export function Loading({ lines = 3 }: { lines?: number }) {
  return (
    <div class="card-b loads" aria-busy="true">
      <p class="vh" role="status">
        {app.loading}
      </p>
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} class={`sk sk-b${index % 4}`} aria-hidden="true" />
      ))}
    </div>
  );
}
