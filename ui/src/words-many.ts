// The words of answering many at once. They come with its page, not with the first view.

import { type Sum, type Told, type Verdict } from "./logic/bulk.ts";
import { clock, number, short } from "./logic/durations.ts";
import { inbox, outcome } from "./words.ts";

const did: Record<string, string> = { approved: "approved", rejected: "rejected", modified: "approved with edits" };

export const many = {
  label: "Selected approvals",
  scroll: "Selected approvals, scrolls",
  selected: (amount: number) => `${number(amount)} selected`,
  lead: "One answer for all of them; what becomes of one has nothing to do with the others.",
  allLoaded: "All that you can decide are selected.",
  allShown: "All that you can decide with this filter are selected.",
  moreComes: "Others are still being loaded; they are not among them.",
  takeOut: (title: string) => `Take out: ${title}`,
  left: (ms: number) => `${short(ms)} left`,
  ends: "your vote ends it",
  leavesOpen: (missing: number) => (missing > 1 ? `needs ${number(missing)}: your vote leaves it open` : "your vote leaves it open"),
  notOpened: "not opened by you yet",
  over: (what: string, by: string | null) => `${what.toLowerCase()}${by ? ` by ${by}` : ""} meanwhile: it is left out`,
  notMine: "you can't decide it any more: it is left out",
  noVerb: { approve: "you may not approve it", reject: "you may not reject it" } as Record<Verdict, string>,
  bar: "Your answer to all selected",
  comment: "Comment for all (optional)",
  approve: (amount: number) => `Approve ${number(amount)}…`,
  reject: (amount: number) => `Reject ${number(amount)}…`,
  clear: "Clear",
  all: "Select all you can decide",
  show: (amount: number) => `Show the ${number(amount)}`,
  // asking back
  title: (verdict: Verdict, amount: number, name: string) =>
    `${verdict === "approve" ? "Approve" : "Reject"} ${amount === 1 ? "this one" : `these ${number(amount)}`} as ${name}?`,
  hint: { approve: "An answer can't be taken back.", reject: "Each agent gets your words. An answer can't be taken back." } as Record<Verdict, string>,
  willEnd: "ends with your vote",
  willStay: (missing: number) => (missing > 1 ? `stays open: ${number(missing - 1)} more needed` : "stays open"),
  never: (amount: number, all: number) => (amount === all && all > 1 ? "You have not opened any of them." : amount === 1 && all === 1 ? "You have not opened it." : `You have not opened ${number(amount)} of them.`),
  neverNames: (names: string, more: number) => (more > 0 ? `${names} and ${number(more)} more were never on your screen.` : `Never on your screen: ${names}.`),
  reason: "Reason for all",
  now: (verdict: Verdict, amount: number) => `${verdict === "approve" ? "Approve" : "Reject"} ${number(amount)}`,
  // outcome
  outcome: "Outcome",
  outcomeScroll: "Outcome, scrolls",
  forEach: "Outcome for each",
  sending: (verdict: Verdict, amount: number) => `Sending your ${verdict === "approve" ? "approval" : "rejection"} to ${number(amount)}. It counts when the server says so.`,
  sum: (sum: Sum) => {
    const parts = [`${number(sum.recorded)} of ${number(sum.all)} recorded`];
    if (sum.unknown > 0) parts.push(`${number(sum.unknown)} unknown`);
    if (sum.unsent > 0) parts.push(`${number(sum.unsent)} not sent`);
    return parts.join(", ");
  },
  sent: (at: number, took: number) => `Sent at ${clock(at, true)}, answered in ${took < 1000 ? `${Math.max(1, Math.round(took))} ms` : `${(took / 1000).toFixed(1)} s`}.`,
  sentBroken: (at: number) => `Sent at ${clock(at, true)}.`,
  isSending: "Sending",
  counts: "Your vote counts",
  recorded: "Recorded",
  notRecorded: "Not recorded",
  unknown: "Unknown",
  notSent: "Not sent",
  staysOpen: (needs: string | null) => (needs ? `stays open: ${needs.replace(/\.$/, "")}` : "stays open"),
  endedWithYours: "ended with your vote",
  endedBy: (name: string) => `ended with ${name}'s vote`,
  before: "recorded before; it counts once",
  late: (told: Told | null): string => {
    if (!told?.resolved_by) return "it had ended before";
    const at = told.resolved_at ? ` at ${clock(Date.parse(told.resolved_at), true)}` : "";
    return `${told.resolved_by} ${did[told.resolution ?? ""] ?? "answered"} it${at}${told.feedback ? `: ${told.feedback}` : ""}`;
  },
  cancelled: (told: Told | null): string => {
    const at = told?.resolved_at ? ` at ${clock(Date.parse(told.resolved_at), true)}` : "";
    return told?.resolved_by && told.resolved_via !== "run_deleted" ? `${told.resolved_by} cancelled it${at}${told.feedback ? `: ${told.feedback}` : ""}` : `it was cancelled${at}`;
  },
  expired: (told: Told | null): string =>
    `time was up${told?.resolved_at ? ` at ${clock(Date.parse(told.resolved_at), true)}` : ""}${told?.resolution ? `: ${(told.resolution === "approved" ? outcome.expiredApproved : outcome.expiredRejected).toLowerCase()}` : `: ${outcome.nobody}`}`,
  refused: {
    not_eligible: "its policy doesn't admit you, or it must be said in whose seat: open it by itself",
    already_voted: "you, or another in your seat, have voted otherwise before",
    modifications_differ: "it was approved with edits: open it by itself to sign the same",
    digest_mismatch: "it is not what was shown: open it by itself",
    not_found: "it is gone: deleted with its run",
    forbidden: "your permissions don't allow it",
  } as Record<string, string>,
  refusedOther: (detail: string | null, code: string | null) => detail ?? `the server refused it (${code ?? "no reason given"})`,
  broke: (status: number | null, request: string | null) =>
    `${status === null ? "no answer came" : `the answer broke off (${status}${request ? `, request ${request.slice(0, 8)}` : ""})`}. It stays selected; asking again is safe`,
  unsent: {
    rate_limited: "too many requests; nothing was begun. It stays selected",
    overloaded: "the service had too much to do; nothing was begun. It stays selected",
    draining: "the instance was going away; nothing was begun. It stays selected",
    unauthenticated: "your session had ended; nothing was begun. It stays selected",
  } as Record<string, string>,
  unsentOther: "its call was not made, for the one before broke off. It stays selected",
  again: (amount: number, seconds: number) => (seconds > 0 ? `Ask again for ${number(amount)} in ${number(seconds)} s` : `Ask again for ${number(amount)}`),
  done: "Done",
  copy: "Copy as text",
  copied: "Copied",
  titleOf: (it: { title?: string | null; approval_type: string } | undefined, id: string) => (it ? it.title || inbox.untitled(it.approval_type) : id),
};
