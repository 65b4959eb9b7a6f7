// The words of what has ended: the history, and a run's page. They come with these pages, not with the first view.

import { clock, long, number } from "./logic/durations.ts";
import { type Kind, type Totals, took } from "./logic/past.ts";
import { outcome } from "./words.ts";

const plural = (amount: number, one: string, many: string) => `${number(amount)} ${amount === 1 ? one : many}`;
const weekday = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });
const inYear = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const dayMonth = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long" });
const dayMonthYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric" });
const weekdayShort = new Intl.DateTimeFormat("en-GB", { weekday: "short" });

/** `3 March`, with the year where it is another. */
export const dayOf = (time: number, now: number): string => (new Date(time).getFullYear() === new Date(now).getFullYear() ? dayMonth : dayMonthYear).format(time);

export const past = {
  title: "History",
  what: "the history",
  scroll: "History, scrolls",
  filters: "Filters",
  search: "Words in title, type, run",
  searchLabel: "Search the history",
  when: "When",
  spans: { any: "Any time", day: "Last 24 hours", week: "Last 7 days", month: "Last 30 days", other: "From and to" } as Record<string, string>,
  outcome: "Outcome",
  anyOutcome: "Any outcome",
  otherOutcome: "Another",
  kinds: { approved: outcome.approved, modified: outcome.modified, rejected: outcome.rejected, expired: outcome.expired, cancelled: outcome.cancelled } as Record<Kind, string>,
  more: "More filters",
  workflow: "Workflow",
  by: "Asked by",
  decidedBy: "Decided by",
  decidedHint: "Who voted or cancelled, in full.",
  from: "From",
  to: "Before",
  noFilter: "No filter",
  remove: (name: string, value: string) => `${name}: ${value}. Remove this filter`,
  showAs: "Show as",
  table: "Table",
  timeline: "Timeline",
  csv: "CSV",
  csvTitle: "All that matches, as a file for spreadsheets",
  // the strip
  stripTitle: (set: boolean) => (set ? "These outcomes over time" : "Outcomes over time"),
  ended: (totals: Totals, done: boolean) => {
    const what = done ? `${number(totals.all)} ended` : `the latest ${number(totals.all)}`;
    return totals.median === null ? what : `${what}, half answered within ${took(totals.median)}`;
  },
  counted: { approved: "approved", modified: "edited", rejected: "rejected", expired: "expired", cancelled: "cancelled" } as Record<Kind, string>,
  finding: (totals: Totals, counted: string, step: string, peak: string) => `${plural(totals.all, "outcome", "outcomes")} over time, ${step} each: ${counted}.${peak}`,
  peak: (when: string, amount: number) => ` Most ${when}: ${number(amount)}.`,
  step: (ms: number) => long(ms),
  unread: "not searched yet",
  brushHint: "Drag over it to look at a part.",
  asTable: "As table",
  asStrip: "As strip",
  tableLabel: "Outcomes over time",
  begins: "From",
  all: "All",
  axis: (time: number, day: boolean) => (day ? `${weekdayShort.format(time)} ${clock(time)}` : clock(time)),
  // the list
  asked: "Asked by",
  decided: "Decided by",
  endedAt: "Ended",
  tookHead: "Took",
  titleHead: "Title",
  nobody: "nobody",
  timeout: "timeout",
  rule: "a rule",
  forSeat: (name: string) => `for ${name}`,
  by_: (name: string) => `by ${name}`,
  askedBy: (name: string) => `asked by ${name}`,
  day: (day: number, now: number) => {
    const today = new Date(now).setHours(0, 0, 0, 0);
    const name = (new Date(day).getFullYear() === new Date(now).getFullYear() ? weekday : inYear).format(day);
    if (day === today) return `Today, ${name}`;
    return day === new Date(today).setDate(new Date(today).getDate() - 1) ? `Yesterday, ${name}` : name;
  },
  newer: (amount: number) => `${plural(amount, "has ended", "have ended")} since. Show`,
  searching: (back: string | null) => (back ? `Searching: back to ${back} so far.` : "Searching."),
  searched: (back: string) => `Searched back to ${back}.`,
  further: "Search further back",
  end: (amount: number) => `That is all: ${plural(amount, "outcome", "outcomes")}.`,
  empty: "Nothing has ended yet",
  emptyHint: "What was approved, rejected, cancelled, or has expired will stand here.",
  nothing: "Nothing matches",
  nothingHint: "Names are looked for in full, words by their beginnings.",
  bad: "This filter can't be used",
  brokeOff: "The rest could not be read.",
};

export const runs = {
  label: (name: string) => `Run ${name}`,
  kind: "Run",
  what: "runs",
  began: "first seen",
  deleted: (when: string) => `It was deleted at ${when}. Its approvals go ten minutes later.`,
  sessions: (amount: number) => (amount === 1 ? "session" : "sessions"),
  standings: { pending: "pending", resolved: "resolved", expired: "expired", cancelled: "cancelled" } as Record<string, string>,
  approvals: "Its approvals",
  waits: "Waiting",
  hasEnded: "Ended",
  none: "It has asked for nothing.",
  noneLeft: "None that has ended is kept.",
  noHistory: "What has ended needs the permission approval:view:history.",
  moreEnded: "All of them in the history",
  events: "What happens in it",
  task: "task",
  tasks: "Task",
  notFound: "There is no such run",
  notFoundHint: "It may have been deleted, or be in another workspace.",
};
