// What this person likes, in this browser.

import { effect, signal } from "@preact/signals";

export interface Preferences {
  theme: "system" | "light" | "dark";
  keys: boolean;
  notify: boolean;
}

const KEY = "signoff.preferences";
const FIRST: Preferences = { theme: "system", keys: true, notify: false };

function stored(): Preferences {
  try {
    return { ...FIRST, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Preferences>) };
  } catch {
    return FIRST;
  }
}

export const preferences = signal<Preferences>(stored());

export function prefer(some: Partial<Preferences>): void {
  preferences.value = { ...preferences.value, ...some };
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences.value));
  } catch {
    // A browser that keeps nothing: it holds for this tab.
  }
}

/** The theme is the system's unless one was chosen. */
export function applyTheme(): void {
  effect(() => {
    const { theme } = preferences.value;
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  });
}
