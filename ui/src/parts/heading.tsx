// Headings in order wherever a part stands: one level below what surrounds it.

import { type ComponentChildren, createContext } from "preact";
import { useContext } from "preact/hooks";

export const Level = createContext(2);

export function H({ children }: { children: ComponentChildren }) {
  return useContext(Level) === 2 ? <h2>{children}</h2> : <h3>{children}</h3>;
}
