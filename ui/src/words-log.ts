// The words of a task's events, on a run's page and on the task's own.

import { number } from "./logic/durations.ts";

export const log = {
  scroll: "Events, scrolls",
  live: "as they come",
  notLive: "not live: read every 5 s",
  /** By how far back was read. */
  since: ["of the last hour", "of the last day", "from the oldest that is kept"],
  none: ["No events in the last hour.", "No events in the last day.", "Nothing was sent to this task yet. What comes is shown at once."],
  forbidden: "Events need the permission event:subscribe.",
  earlier: "Earlier events",
  latest: (amount: number) => `The latest ${number(amount)} are shown.`,
  lost: "Some events in between are no longer kept.",
  reading: "Reading events",
  failed: "The events could not be read.",
  newEvents: (amount: number) => `${number(amount)} new ${amount === 1 ? "event" : "events"}`,
  types: {
    approval_requested: "asked for approval",
    approval_resolved: "decided",
    approval_expired: "expired",
    approval_cancelled: "cancelled",
    approval_escalated: "handed on",
    approval_extended: "given more time",
    approval_claimed: "claimed",
    approval_completed: "carried out",
    approval_reminder: "reminded",
    workflow_paused: "waits",
    workflow_resumed: "goes on",
    workflow_started: "started",
    workflow_completed: "completed",
    workflow_failed: "failed",
    workflow_state_changed: "state changed",
    output: "output",
  } as Record<string, string>,
  showAll: (size: string) => `Show all ${size}`,
  less: "Show less",
};
