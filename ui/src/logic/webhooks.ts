// How an endpoint stands, and what deleting it asks to type. Pure.

export interface Stands {
  enabled: boolean;
  failing_since?: string | null;
  last_success_at?: string | null;
}

export type Standing = "works" | "unused" | "failing" | "off";

/** Disabled counts for more than that it failed; failing for more than that something once arrived. */
export const standing = (it: Stands): Standing => (!it.enabled ? "off" : it.failing_since ? "failing" : it.last_success_at ? "works" : "unused");

/** The host of a URL, with its port; the text itself where it is none. */
export const hostOf = (url: string): string => (URL.canParse(url) && new URL(url).host) || url;
