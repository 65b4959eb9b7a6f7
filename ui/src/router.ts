// Which page the address means, and going to others. Back and forward are the browser's own.

import { computed, signal } from "@preact/signals";

export type Route =
  | { page: "inbox"; id: string | null }
  | { page: "approval"; id: string }
  | { page: "operations"; task: string | null }
  | { page: "settings"; part: string | null }
  | { page: "history" }
  | { page: "notifications" }
  | { page: "run"; id: string }
  | { page: "sign-in" }
  | { page: "unknown" };

interface Place {
  path: string;
  query: string;
}

const here = (): Place => ({ path: location.pathname, query: location.search });
const place = signal<Place>(here());

export const query = computed(() => new URLSearchParams(place.value.query));
export const path = computed(() => place.value.path);

export const route = computed<Route>(() => {
  const parts = place.value.path.split("/").filter(Boolean).map(decoded);
  const [first, second, ...more] = parts;
  if (first === "operations") return operations(second, more);
  if (more.length > 0) return { page: "unknown" };
  switch (first) {
    case undefined:
      return { page: "inbox", id: null };
    case "inbox":
      return { page: "inbox", id: second ?? null };
    case "approvals":
      return second ? { page: "approval", id: second } : { page: "unknown" };
    case "settings":
      return { page: "settings", part: second ?? null };
    case "history":
    case "notifications":
      return second ? { page: "unknown" } : { page: first };
    case "runs":
      return second ? { page: "run", id: second } : { page: "unknown" };
    case "sign-in":
      return second ? { page: "unknown" } : { page: "sign-in" };
    default:
      return { page: "unknown" };
  }
});

function operations(second: string | undefined, more: readonly string[]): Route {
  if (second === undefined) return { page: "operations", task: null };
  return second === "tasks" && more.length === 1 && more[0] ? { page: "operations", task: more[0] } : { page: "unknown" };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A path of the app's own, or null: nobody is sent elsewhere by a link. */
export function ownPath(text: string | null): string | null {
  if (!text || !/^\/(?![/\\])[\x21-\x7e]*$/.test(text) || text.includes("\\")) return null;
  const url = new URL(text, location.origin);
  if (url.origin !== location.origin) return null;
  return /^\/(inbox|approvals|runs|history|notifications|operations|settings)?(\/|$)/.test(url.pathname) ? url.pathname + url.search : null;
}

export function go(to: string, how: "push" | "replace" = "push"): void {
  if (to === location.pathname + location.search) return;
  if (how === "push") history.pushState(null, "", to);
  else history.replaceState(null, "", to);
  place.value = here();
}

/** The same page with another query. */
export function setQuery(values: Record<string, string | readonly string[]>): void {
  const next = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    next.delete(name);
    for (const one of typeof value === "string" ? [value] : value) if (one) next.append(name, one);
  }
  const text = next.toString();
  go(location.pathname + (text && `?${text}`), "replace");
}

/** The list's query goes along from one approval to the next. */
export const inboxPath = (id: string | null): string =>
  `/inbox${id ? `/${encodeURIComponent(id)}` : ""}${place.peek().query}`;

/** Links of the app don't load the page anew. */
export function followLinks(): void {
  addEventListener("popstate", () => {
    place.value = here();
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest?.("a[href]");
    if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute("download")) return;
    if (link.origin !== location.origin || !ownPath(link.pathname) || link.hash) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
