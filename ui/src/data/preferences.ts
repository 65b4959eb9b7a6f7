// What this person likes. It holds at once in this browser, and is kept under their name on the server.

import { effect, signal } from "@preact/signals";
import { ask, type Reply } from "./http.ts";
import type { StoredPreferences } from "./types.ts";

export interface Preferences {
  theme: "system" | "light" | "dark";
  density: "comfortable" | "compact";
  keys: boolean;
  notify: boolean;
}

const KEY = "signoff.preferences";
const PATH = "/api/v1/me/preferences";
const FIRST: Preferences = { theme: "system", density: "comfortable", keys: true, notify: false };

function stored(): Preferences {
  try {
    return { ...FIRST, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Preferences>) };
  } catch {
    return FIRST;
  }
}

export const preferences = signal<Preferences>(stored());
/** Whether the last change reached the server. */
export const preferencesKept = signal(true);

/** As the server has them, with what others have put there, which is put back as it was. */
let theirs: StoredPreferences = {};
let version = 0;
let changes: Partial<Preferences> = {};
let sending = false;

function here(some: Partial<Preferences>): void {
  preferences.value = { ...preferences.value, ...some };
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences.value));
  } catch {
    // A browser that keeps nothing: it holds for this tab.
  }
}

export function prefer(some: Partial<Preferences>): void {
  here(some);
  changes = { ...changes, ...some };
  void store();
}

/** What was chosen elsewhere counts here too, but for what was changed here since. */
export async function loadPreferences(): Promise<void> {
  const reply = await ask<StoredPreferences>(PATH);
  if (reply?.ok && reply.body) here({ ...take(reply), ...changes });
}

function take(reply: Reply<StoredPreferences>): Partial<Preferences> {
  theirs = reply.body ?? {};
  version = Number.parseInt(reply.etag?.replace(/\D/g, "") ?? "0", 10) || 0;
  const some: Partial<Preferences> = {};
  if (theirs.theme) some.theme = theirs.theme as Preferences["theme"];
  if (theirs.density) some.density = theirs.density as Preferences["density"];
  if (typeof theirs.single_keys === "boolean") some.keys = theirs.single_keys;
  if (typeof theirs.notifications === "boolean") some.notify = theirs.notifications;
  return some;
}

function merged(some: Partial<Preferences>): StoredPreferences {
  return {
    ...theirs,
    ...(some.theme === undefined ? {} : { theme: some.theme }),
    ...(some.density === undefined ? {} : { density: some.density }),
    ...(some.keys === undefined ? {} : { single_keys: some.keys }),
    ...(some.notify === undefined ? {} : { notifications: some.notify }),
  };
}

/** One call at a time. Another browser's change in between is read first, and ours put on top. */
async function store(): Promise<void> {
  if (sending) return;
  sending = true;
  for (let tries = 0; Object.keys(changes).length > 0 && tries < 4; tries += 1) {
    const sent = changes;
    const reply = await ask<StoredPreferences>(PATH, { method: "PUT", body: JSON.stringify(merged(sent)), version });
    preferencesKept.value = reply?.ok === true;
    if (reply?.ok) {
      take(reply);
      const left = Object.entries(changes).filter(([name, value]) => sent[name as keyof Preferences] !== value);
      changes = Object.fromEntries(left);
    } else if (reply?.status === 412) await loadPreferences();
    else break;
  }
  sending = false;
}

/** Another person's changes are not sent under this one's name. */
export function forgetPreferences(): void {
  theirs = {};
  version = 0;
  changes = {};
  preferencesKept.value = true;
}

/** The theme is the system's unless one was chosen. */
export function applyTheme(): void {
  effect(() => {
    const { theme, density } = preferences.value;
    const { dataset } = document.documentElement;
    if (theme === "system") delete dataset.theme;
    else dataset.theme = theme;
    if (density === "compact") dataset.density = density;
    else delete dataset.density;
  });
}
