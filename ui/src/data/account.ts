// The workspaces that one can go to, and going there.

import { signal } from "@preact/signals";
import { ask } from "./http.ts";
import type { WhoAmI, Workspaces } from "./types.ts";

/** Those besides the one that one is in. */
export const otherWorkspaces = signal<Workspaces["items"]>([]);

export async function lookForWorkspaces(): Promise<void> {
  const reply = await ask<Workspaces>("/auth/workspaces");
  if (reply?.ok && reply.body) otherWorkspaces.value = reply.body.items.filter((one) => !one.current);
}

/** The page is loaded anew there: nothing of the workspace before stays in it. */
export async function goToWorkspace(workspace: string): Promise<boolean> {
  const reply = await ask<WhoAmI>("/auth/session/workspace", { method: "POST", body: JSON.stringify({ workspace }) });
  if (!reply?.ok) return false;
  location.assign("/");
  return true;
}
