// Every word that people read, in one place. Short, in the reader's terms, one term for one thing.

import type { Ended, Verb } from "./logic/answer.ts";
import { clock, long, number } from "./logic/durations.ts";
import type { Finding, State as InstanceState } from "./logic/operations.ts";
import type { Kind } from "./logic/outcomes.ts";

const plural = (amount: number, one: string, many: string) => `${number(amount)} ${amount === 1 ? one : many}`;
export const listed = (names: readonly string[], last = "or"): string =>
  names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} ${last} ${names[names.length - 1]}`;

export const app = {
  name: "Signoff",
  skip: "Skip to content",
  scrolls: "scrolls",
  main: "Main",
  loading: "Loading",
  inbox: "Inbox",
  history: "History",
  keyboard: "Keyboard",
  signOut: "Sign out",
  account: (name: string, workspace: string) => `${name}, workspace ${workspace}`,
  theme: "Theme",
  themes: { system: "As the system", light: "Light", dark: "Dark" },
  singleKeys: "Single keys",
  singleKeysHint: "Off: hold Alt with each key.",
  youCanDecide: (amount: number) => `${number(amount)} you can decide`,
  close: "Close",
  back: "Back",
  copy: "Copy",
  copied: "Copied",
  notCopied: "Not copied: the browser refused",
  settings: "Settings",
  yourSettings: "Your settings",
  otherWorkspaces: "Other workspaces",
  goThere: (workspace: string, name: string) => `Go to ${workspace}, as ${name}`,
  notGone: "This workspace could not be opened. You are still in the one before.",
  signOutFailed: "No answer came. You may still be signed in.",
  again: "Try again",
  newBuild: "A newer version is here.",
  reload: "Load it",
};

export const live = {
  live: "Live",
  away: "No connection",
  connecting: "Connecting",
  polling: "every 5 s",
  refused: "Not live",
  last: (instance: string | null, age: string) => `last message${instance ? ` from ${instance}` : ""}: ${age} ago`,
  banner: (since: string) => `No connection since ${since}.`,
  known: "You see what was known then.",
  next: (seconds: number) => (seconds > 0 ? `Trying again in ${seconds} s.` : "Trying now."),
  now: "Try now",
};

export const signIn = {
  title: "Sign in",
  lead: "Approvals that people give, for agents and workflows that wait.",
  again: "Sign in again",
  ended: "Your session has ended. What you typed is kept.",
  key: "API key",
  keyHint: "It begins with so_. The browser gets a session for it, and forgets the key.",
  with: "Sign in with your organisation",
  or: "or",
  go: "Sign in",
  going: "Signing in…",
  trouble: {
    wrong_key: "This key isn't known here, or has been revoked.",
    no_answer: "No answer came. Is the service running?",
    too_many: "Too many tries from here.",
    empty: "A key is missing.",
  } as Record<string, string>,
  wait: (seconds: number) => `Again in ${seconds} s.`,
  other: "Sign in as another person",
};

export const inbox = {
  title: "Inbox",
  list: "Pending approvals",
  pending: (amount: number) => `${number(amount)} pending`,
  mine: "You can decide",
  mineCount: (amount: number) => (amount === 0 ? "none" : `${number(amount)}, soonest first`),
  mineOf: (shown: number, all: number) => `${number(shown)} of ${number(all)}`,
  others: "Waiting for others",
  search: "Search title, run, requester",
  searchLabel: "Search pending approvals",
  filter: "Filter",
  filters: "Filter by workflow, type, requester",
  workflow: "Workflow",
  type: "Type",
  by: "Requester",
  noFilter: "No filter",
  filteredBy: (name: string, value: string) => `${name}: ${value}. Remove this filter`,
  nothing: "Nothing matches",
  nothingHint: (all: number) => `${plural(all, "approval is", "approvals are")} pending without the filter.`,
  select: "Select several (x)",
  selectOff: "Select no more (Esc)",
  pick: (title: string) => `Select: ${title}`,
  notify: "Notify me on this computer",
  notifyOff: "Don't notify me any more",
  notifyDenied: "Your browser doesn't let this site notify you.",
  held: (amount: number) => `${number(amount)} new, held back`,
  timeLeft: "time left:",
  signed: (given: number, all: number) => `${given} of ${all} approvals`,
  fresh: "new",
  empty: "Nothing waits for you",
  emptyOthers: (amount: number) => (amount === 0 ? "Nothing is pending at all." : `${plural(amount, "other waits", "others wait")} for somebody else.`),
  emptyHint: "This tab's title counts them, too.",
  tell: "Tell me when one comes",
  pickOne: "Choose one on the left",
  pickHint: "j and k go up and down, o opens.",
  more: "Loading the rest",
  untitled: (type: string) => `${type}, without a title`,
};

export const whyNot: Record<string, (progress: string | null) => string> = {
  own_request: (wait) => (wait && wait !== "anyone" ? `your own request, waiting for ${wait}` : "your own request"),
  voted: (wait) => (wait ? `you approved, waiting for ${wait}` : "you approved"),
  seat_taken: (wait) => (wait ? `your seat has answered, waiting for ${wait}` : "your seat has answered"),
  not_named: (wait) => (wait ? `waiting for ${wait}` : "waiting for others"),
  no_permission: (wait) => (wait ? `waiting for ${wait}` : "you may look, not answer"),
  service: (wait) => (wait ? `waiting for ${wait}` : "services don't sign"),
  due: () => "time is up, being closed",
  ended: () => "ended",
};

/** "2 more of ana, bo or cy" without its number, where one is enough. */
export const waitsFor = (summary: string): string => summary.replace(/^1 more of /, "").replace(/\.$/, "");

export const outcome = {
  approved: "Approved",
  modified: "Approved with edits",
  rejected: "Rejected",
  expired: "Expired",
  expiredApproved: "Approved by timeout",
  expiredRejected: "Rejected by timeout",
  rule: "by a rule",
  cancelled: "Cancelled",
  pending: "Pending",
  by: (name: string, ago: string | null) => (ago ? `by ${name}, ${ago}` : `by ${name}`),
  nobody: "nobody answered",
  runDeleted: "its run was deleted",
};

export const approval = {
  label: "Approval",
  scroll: "Approval, scrolls",
  run: "run",
  workflow: "workflow",
  copyLink: "Copy link",
  openAlone: "Open by itself",
  asked: "asked",
  position: (index: number, all: number) => `${index} of ${all}`,
  toInbox: "Back to the inbox",
  previous: "Previous (k)",
  next: "Next (j)",
  why: "Why",
  signatures: "Signatures",
  signedOf: (given: number, all: number) => `${given} of ${all} signed`,
  needs: (text: string) => (text === "anyone" ? "needs anyone who may approve" : `needs ${text}`),
  you: "(you)",
  forSeat: (name: string) => `for ${name}`,
  open: "open",
  notCounted: "doesn't count",
  ways: (amount: number) => `${number(amount)} ways lead there; this is the nearest.`,
  anyone: "anyone",
  more: (amount: number) => `${number(amount)} more`,
  change: "What would change",
  changeCount: (changed: number, all: number) => (changed === all ? plural(all, "value", "values") : `${changed} of ${all}`),
  changes: "Changes",
  json: "JSON",
  showAs: "Show as",
  kind: "Kind",
  value: "Value",
  now: "Now",
  proposed: "Proposed",
  marks: { "~": "changed", "+": "added", "−": "removed", "=": "same" } as Record<string, string>,
  notSet: "not set",
  removed: "removed",
  unchanged: (amount: number) => `Show ${number(amount)} unchanged`,
  hideUnchanged: "Hide unchanged",
  allLines: (amount: number) => `Show all ${number(amount)} lines`,
  someLines: (amount: number) => plural(amount, "line", "lines"),
  someOf: (size: string, name: string) => `${size} of ${name}`,
  notAllShown: (parts: readonly string[]) => `Not on your screen yet: ${parts.join("; ")}.`,
  noChange: "Nothing differs from what is there now.",
  context: "Context",
  contextSize: (values: number, size: string) => `${plural(values, "value", "values")}, ${size}`,
  contextValues: "Context values",
  emptyContext: "No context was sent.",
  searchContext: "Search the context (s)",
  searchWords: "Search keys and values",
  found: (index: number, all: number) => (all === 0 ? "nothing found" : `${index} of ${all}`),
  copyContext: "Copy the context as JSON",
  copyValue: "Copy the value",
  copyPath: "Copy the path",
  openText: "Open",
  closeText: "Close",
  moreText: (left: string) => `Show more, ${left} left`,
  hidden: (amount: number) =>
    amount === 1
      ? "One value has hidden characters. They are shown as codes, never applied."
      : `${number(amount)} values have hidden characters. They are shown as codes, never applied.`,
  who: "Who can still sign",
  hereNow: "here now",
  lastSeen: (when: string) => `last here ${when}`,
  notSeen: "not seen here yet",
  states: {
    voted: "has voted",
    own_request: "asked for it, may not sign",
    disabled: "disabled",
    service: "a service, may not sign",
    unknown: "nobody is called so here",
    no_permission: "may not approve",
    ended: "",
  } as Record<string, string>,
  nobodyLeft: "Nobody who can sign is left.",
  steps: "What has happened",
  askedStep: (name: string) => `${name} asked`,
  verdicts: { approved: "approved", rejected: "rejected", modified: "approved with edits" } as Record<string, string>,
  handed: (name: string | null, to: string) => (name ? `${name} handed it to ${to}` : `nobody answered; handed to ${to}`),
  levelName: (level: number) => `level ${level + 1}`,
  goesTo: (to: string) => `goes to ${to}, if nobody answers`,
  thenExpires: { expire: "expires; the agent is told “nobody answered”", approve: "then approved by timeout", reject: "then rejected by timeout", escalate: "expires; the agent is told “nobody answered”" } as Record<string, string>,
  past: (workflow: string) => `Earlier ones of ${workflow}`,
  record: "On record",
  facts: { id: "Id", task: "Task", session: "Session", job: "Job", version: "Version", metadata: "Metadata", expires: "Expires", asked: "Asked", extended: "Extended by" },
  notFound: "There is no such approval",
  notFoundHint: "It may have been deleted with its run, or be in another workspace.",
  failed: "This approval could not be read",
  stale: "What you see may be old: the last reading failed.",
};

export const fuse = {
  left: "left",
  beforeGoes: (to: string) => `before it goes to ${to}`,
  asked: "asked",
  expires: "expires",
  timeUp: "time is up",
  asking: "asking the server how it ended",
  announce: (left: string) => `${left} left`,
  label: (left: string, whole: string, then: string) => `${left} left of ${whole}; ${then}`,
};

const doing: Record<Verb, string> = {
  approve: "approval",
  edit: "approval with edits",
  reject: "rejection",
  cancel: "cancellation",
  escalate: "hand-over",
};

const edits = (amount: number): string => (amount === 0 ? "edits" : plural(amount, "edit", "edits"));

export const bar = {
  label: "Your answer",
  comment: "Comment (optional)",
  reject: "Reject…",
  approve: "Approve",
  edit: "Edit…",
  more: "More",
  moreLabel: "More: hand on, cancel, copy",
  askApprove: (name: string) => `Approve as ${name}?`,
  askEdit: (amount: number, name: string) => `Approve with ${edits(amount)} as ${name}?`,
  askAgreed: (name: string) => `Approve these edits as ${name}?`,
  seat: "In whose seat",
  approveNow: "Approve now",
  approveEdits: (amount: number) => `Approve with ${edits(amount)}`,
  effect: {
    resolves: "Yours is the last one needed: the run goes on at once. An answer can't be taken back.",
    counts: "Your approval counts; more are needed before the run goes on. An answer can't be taken back.",
  } as Record<string, string>,
  rejectAs: (name: string) => `Reject as ${name}`,
  rejectHint: "The agent gets your words.",
  reason: "Reason",
  reasonStart: "Reason, as a start",
  reasonMissing: "Say why: the agent gets your words.",
  reasons: ["Not now, ask again later", "Wrong values", "Needs another test", "Not ours to decide"],
  rejectNow: "Reject",
  sending: (verb: Verb) => `Sending your ${doing[verb]}. It counts when the server says so.`,
  sendingButton: { approve: "Approving…", edit: "Approving…", reject: "Rejecting…", cancel: "Cancelling…", escalate: "Handing on…" } as Record<Verb, string>,
  unknown: (verb: Verb) => `We don't know whether your ${doing[verb]} was recorded`,
  brokeOff: (status: number | null, request: string | null) =>
    `${status === null ? "No answer came" : `The answer broke off (${status}${request ? `, request ${request.slice(0, 8)}` : ""})`}. Asking again is safe: the same answer counts once.`,
  askAgain: "Ask again",
  askAgainIn: (seconds: number) => `Ask again in ${seconds} s`,
  limited: "Too many requests",
  limitedHint: "Nothing was recorded. Your words are kept.",
  away: "No connection",
  awayHint: (since: string) => `What you see is from ${since}. Answers can't be sent until it is back; your comment is kept.`,
  voted: { approved: (at: string) => `You approved at ${at}.`, rejected: (at: string) => `You rejected at ${at}.` } as Record<string, (at: string) => string>,
  votedPlain: { approved: "You approved.", rejected: "You rejected." } as Record<string, string>,
  votedFor: (name: string) => `For ${name}.`,
  waitingFor: (summary: string) => `Waiting for ${summary}.`,
  notYours: "You can't answer this one.",
  onlyLooking: "You may look, not answer.",
  cancelOwn: "Cancel my request…",
  recorded: {
    approve: "Your approval is recorded.",
    edit: "Your approval with edits is recorded.",
    reject: "Your rejection is recorded.",
    cancel: "It is cancelled for everybody.",
    escalate: "It is handed on.",
  } as Record<Verb, string>,
  recordedBefore: "It had been recorded before; it counts once.",
  recordedEnds: "The run goes on.",
  next: "Next one",
  keptComment: "Your comment was not sent:",
  keptDraft: "Your draft is still here:",
  changedTitle: "It has changed since you read it",
  changedHint: "Nothing was recorded. Look again, and decide anew.",
  lookAgain: "Look again",
  refused: "This was not recorded",
  edits: {
    off: "Edits need the permission to approve.",
    firstAsIs: (name: string) => `No edits here: ${name} approved it as it is, and edits would have to be the same.`,
    second: (name: string) => `${name} approved it with edits. What you see as proposed has them, and you approve the same.`,
    title: "Your edits",
    differ: (amount: number, all: number) => `${amount} of ${all} differ`,
    form: "Form",
    as: "Edit as",
    edited: "edited",
    was: (text: string) => `proposed: ${text}`,
    drop: "Drop edits",
    mend: (amount: number) => `${plural(amount, "value must", "values must")} be mended first.`,
    none: "Nothing is edited yet.",
    secondSigns: "The next who signs is shown these edits, and signs the same.",
    kinds: { string: "text", number: "a number", integer: "a whole number", boolean: "yes or no" } as Record<string, string>,
    empty: "(empty)",
    unset: "not set",
    set: "Set",
    unsetIt: "Leave out",
    add: "Add",
    remove: (index: number) => `Remove ${index}`,
    notThere: "the proposal doesn't have it",
    whole: "The whole proposal as JSON",
  },
  handOn: (to: string) => `Hand to ${to} now…`,
  handOnTitle: (to: string) => `Hand it to ${to} now?`,
  handOnHint: "Those asked now can't answer any more. It is on record with your words.",
  handOnButton: "Hand on",
  copyCurl: "Copy as curl",
  cancel: "Cancel for everybody…",
  cancelTitle: "Cancel it for everybody?",
  cancelHint: "The agent is told that it was cancelled. Nothing is approved, and it can't be undone.",
  cancelButton: "Cancel it",
};

export const verdict = {
  lost: (mine: Verb, who: string, did: string) => `Not ${mine === "reject" ? "rejected" : "approved"}: ${who} ${did} it first`,
  lostTimeout: (mine: Verb) => `Not ${mine === "reject" ? "rejected" : "approved"}: it had ended before`,
  recordedAt: (what: string, at: string, before: string | null) =>
    `${what} was recorded at ${at}${before ? `, ${before} before your answer arrived` : ""}. Yours was not recorded.`,
  wrote: (name: string) => `${name} wrote:`,
  expired: "Expired while you were reading",
  expiredText: (at: string) => `Time was up at ${at} and nobody had answered.`,
  expiredThen: {
    none: "The agent was told “nobody answered”; nothing was approved.",
    approved: "Its timeout approved it, as it was asked with.",
    rejected: "Its timeout rejected it, as it was asked with.",
  } as Record<string, string>,
  cancelled: (who: string) => `${who} cancelled it`,
  cancelledText: (at: string) => `At ${at}. The agent was told; nothing was approved.`,
  ended: (it: Ended, at: string): string => {
    const who = it.resolved_by ?? "";
    if (it.status === "cancelled") return it.resolved_via === "run_deleted" ? `Cancelled at ${at}: its run was deleted.` : `${who} cancelled this at ${at}.`;
    if (it.status === "expired") return `Time was up at ${at} and nobody had answered.`;
    const did = { approved: "approved", rejected: "rejected", modified: "approved this with edits" }[it.resolution ?? ""] ?? "ended";
    const via = it.resolved_via === "rule" ? "A rule" : who;
    return it.resolution === "modified" ? `${via} ${did} at ${at}.` : `${via} ${did} this at ${at}.`;
  },
  did: { approved: "approved", rejected: "rejected", modified: "approved" } as Record<string, string>,
  noun: { approved: "approval", rejected: "rejection", modified: "approval with edits" } as Record<string, string>,
  possessive: (name: string, noun: string) => `${name}'s ${noun}`,
};

export const pages = {
  notFound: "There is nothing here",
  notFoundHint: "The address may have a slip in it, or what it named is gone.",
  toInbox: "To the inbox",
  forbidden: (what: string) => `You may not see ${what} here`,
  forbiddenWho: (name: string, workspace: string) => `You are signed in as ${name} in ${workspace}.`,
  needs: (permissions: readonly string[]) => `This page needs the permission ${permissions.join(" or ")}.`,
  rolesWith: (roles: string) => `Roles that have it: ${roles}.`,
  whoGives: "An administrator of the workspace can give it to you.",
  approvals: "approvals",
  failed: "This could not be loaded",
  unavailable: "No answer came.",
  request: (id: string) => `Request ${id}`,
};

export const keys = {
  title: "Keyboard",
  groups: [
    { title: "List", keys: [["j", "next"], ["k", "previous"], ["o", "open"], ["/", "search"], ["f", "filter"], ["x", "select"], ["⇧x", "select up to here"], ["*", "select all you can decide"]] },
    { title: "Answering", keys: [["a", "approve; asks back"], ["⏎", "confirm"], ["r", "reject"], ["m", "edit"], ["t", "comment"], [".", "more"], ["e", "hand on"]] },
    { title: "Reading", keys: [["s", "search the context"], ["c", "copy link"]] },
    { title: "Everywhere", keys: [["g i", "to the inbox"], ["g h", "to the history"], ["g o", "to operations"], ["g s", "to the settings"], ["w", "operations as a wall"], ["?", "this list"], ["Esc", "back"]] },
  ] as readonly { title: string; keys: readonly (readonly [string, string])[] }[],
};

export const atTime = (time: number): string => clock(time, true);

// --- operations ---

/** Bold text is what it is about. */
export type Piece = string | { bold: string };
const behind = (words: string) => words && ` ${words}`;
const several = (names: readonly string[], one: string, many: string): Piece[] =>
  names.length <= 3
    ? [...names.flatMap((name, index): Piece[] => [index === 0 ? "" : index === names.length - 1 ? " and " : ", ", { bold: name }]), behind(names.length === 1 ? one : many)]
    : [{ bold: `${number(names.length)} instances` }, behind(many)];
const seconds = (value = 0): string => (value < 1 ? milliseconds(value) : value < 10 ? `${value.toFixed(1)} s` : `${number(Math.round(value))} s`);
/** From seconds, three digits at most. */
export const milliseconds = (value: number): string => {
  const ms = value * 1000;
  return ms >= 1000 ? `${ms / 1000 >= 10 ? number(Math.round(ms / 1000)) : (ms / 1000).toFixed(1)} s` : `${ms >= 100 ? Math.round(ms) : ms >= 10 ? Number(ms.toFixed(1)) : Number(ms.toFixed(2))} ms`;
};
/** Parts of 1: `0.4 %`, `61 %`. */
export const percent = (part: number): string => {
  const value = part * 100;
  if (value === 0 || value === 100) return `${value} %`;
  return value < 0.1 ? "under 0.1 %" : `${value < 10 || value > 99 ? Number(value.toFixed(1)) : Math.round(value)} %`;
};

export const operations = {
  title: "Operations",
  scroll: "Operations, scrolls",
  heading: (serve: number, all: number) => `Operations: ${number(serve)} of ${number(all)} serve`,
  range: "Range",
  ranges: { "15m": "15 min", "1h": "1 h", "24h": "24 h" } as Record<string, string>,
  rangeWords: { "15m": "the last 15 minutes", "1h": "the last hour", "24h": "the last 24 hours" } as Record<string, string>,
  wall: "Wall",
  leaveWall: "Leave the wall",
  state: "State",
  allWell: (serve: number, all: number) => `All is well: ${number(serve)} of ${plural(all, "instance serves", "instances serve")}.`,
  someServe: (serve: number, all: number) => `${number(serve)} of ${plural(all, "instance serves", "instances serve")}.`,
  nothingKnown: "Nothing is known of the instances yet.",
  rest: "All else is well.",
  finding: (it: Finding): Piece[] => {
    switch (it.what) {
      case "postgres":
        return ["Postgres doesn't answer ", ...several(it.names, "", ""), ": nothing can be decided there."];
      case "nothing_serves":
        return [{ bold: "No instance serves." }];
      case "lost":
        return [...several(it.names, "is lost", "are lost"), "."];
      case "deadlines":
        return [{ bold: "Deadlines are late" }, " at ", ...several(it.names, "", ""), ": what is due isn't ended there."];
      case "sweep":
        return it.names.length > 0
          ? ["The sweep is late at ", ...several(it.names, "", ""), ": what hints have missed is found later."]
          : ["The sweep was ", { bold: `${seconds(it.seconds)} behind` }, " in the last minutes."];
      case "late":
        return [...several(it.names, "hasn't been heard of", "haven't been heard of"), " for longer than a heartbeat."];
      case "redis":
        return [...several(it.names, "is", "are"), " without Redis: who waits there is woken by the sweep, seconds later."];
      case "slow":
        return ["Who waits was told late: ", { bold: `p99 ${milliseconds(it.seconds ?? 0)}` }, " in the last minutes."];
      case "connections":
        return [...several(it.names, "is", "are"), " short of connections to Postgres."];
      case "draining":
        return [...several(it.names, "is draining", "are draining"), "."];
      case "audit":
        return ["The audit chain is behind at ", ...several(it.names, "", ""), "."];
      case "replaced":
        return [...several(it.names, "was lost, and has been replaced", "were lost, and have been replaced"), "."];
      case "versions":
        return ["Several versions run: ", { bold: listed(it.names, "and") }, "."];
    }
  },
  parts: { postgres: "Postgres", redis: "Redis", bus: "Hints", sweep: "Sweep", deadlines: "Deadlines", audit: "Audit chain", connections: "Pools" } as Record<string, string>,
  partUp: { postgres: "answers", redis: "answers", bus: "arrive", sweep: "works", deadlines: "kept", audit: "linked", connections: "enough" } as Record<string, string>,
  partDown: { postgres: "doesn't answer", redis: "doesn't answer", bus: "don't arrive", sweep: "late", deadlines: "late", audit: "behind", connections: "short" } as Record<string, string>,
  partUnknown: "unknown",
  wakes: "Wake-ups",
  wakesOf: (p99: string) => `p99 ${p99}`,
  bySweep: (part: string) => `${part} by the sweep`,
  noWakes: "none lately",
  commitTime: (mean: string) => `${mean} to commit`,
  behind: (lag: string) => `${lag} behind at most`,
  viewOf: (names: string, age: string) => `Parts as ${names} ${names.includes(" and ") ? "see" : "sees"} them, ${age} ago. Another instance may see them otherwise.`,
  noView: "No instance has said how its parts are.",
  instances: "Instances",
  beats: (due: string, lost: string) => `a heartbeat every ${due}, lost after ${lost}`,
  instanceColumns: ["Instance", "State", "Version", "Up", "Sockets", "Waiters", "Last heartbeat"],
  states: { serving: "serving", degraded: "without Redis", late: "late", draining: "draining", lost: "lost" } satisfies Record<InstanceState, string>,
  upUntil: (time: string) => `until ${time}`,
  upFor: (time: string) => `up ${time}`,
  sockets: (amount: number) => plural(amount, "socket", "sockets"),
  waiters: (amount: number) => plural(amount, "waiter", "waiters"),
  beat: (age: number, due: number, lost: number) => `last heartbeat ${long(age)} ago; one is due every ${long(due)}; lost after ${long(lost)}`,
  moreInstances: (amount: number) => `${plural(amount, "other instance", "other instances")}, no worse`,
  asTable: "As table",
  asPlot: "As plot",
  at: "At",
  none: "none",
  noPlot: "The drawing could not be loaded. The table has the same.",
  requestId: (id: string) => `Request ${id}`,
  dismiss: "Put this away",
  noSamples: "Nothing was told in this time.",
  left: "Too many instances had samples: the oldest are left out.",
  latency: {
    title: "Decision to waiting caller",
    what: "From a decision to the answer of who waited for it",
    none: (range: string) => `Nobody who waited had to be woken in ${range}.`,
    now: (p99: string, at: string) => `p99 ${p99} at ${at}`,
    most: (p99: string, at: string) => `; ${p99} at ${at}`,
    slowest: "Of the slowest instance.",
    columns: ["p50", "p99"],
  },
  sources: {
    title: "Who woke them",
    what: "Wake-ups a second, by source",
    none: (range: string) => `Nobody was woken in ${range}.`,
    all: (amount: number, range: string) => `${number(amount)} woken in ${range}`,
    fine: "; the sweep has next to nothing to do, as it should be",
    missed: (part: string) => `; the sweep had to find ${part}: hints get lost, or Redis is away`,
    names: { local: "same instance", redis: "Redis", sweep: "sweep" } as Record<string, string>,
  },
  commits: {
    title: "Commits",
    what: "Time to commit creates, votes and events",
    none: (range: string) => `Nothing was written in ${range}.`,
    finding: (mean: string, longest: string, at: string) => `${mean} a commit on average, the longest ${longest} at ${at}`,
    queued: (amount: number, at: string) => `; at most ${number(amount)} waited in line, at ${at}`,
    columns: ["Mean", "Longest", "Commits", "Most in line"],
    mean: "mean",
    longest: "longest",
  },
  outcomes: {
    title: "How they end",
    what: "Outcomes over time",
    none: (range: string) => `Nothing has ended in ${range}.`,
    all: (amount: number, range: string) => `${number(amount)} in ${range}`,
    some: (amount: number) => `Of the last ${number(amount)}`,
    names: { approved: "approved", edited: "edited", rejected: "rejected", expired: "expired", cancelled: "cancelled" } satisfies Record<Kind, string>,
  },
  took: {
    title: "How long people take",
    by: "By",
    type: "Type",
    person: "Person",
    finding: "Half decide before the mark, nine of ten within the bar",
    some: (amount: number) => `, of the last ${number(amount)} outcomes`,
    none: "Nobody has decided anything in this time.",
    row: (name: string, half: string, most: string, amount: number) => `${name}: half within ${half}, nine of ten within ${most}, of ${plural(amount, "decision", "decisions")}`,
    columns: ["Half within", "Nine of ten within", "Decisions"],
  },
  happened: {
    title: "What happened",
    none: "Nothing is on record.",
    earlier: "Earlier",
    kinds: {
      started: "started",
      draining: "began to drain",
      stopped: "stopped in good order",
      lost: "was found lost",
      returned: "came back, after it was lost",
      redis_away: "lost Redis",
      redis_back: "has Redis again",
      database_away: "lost Postgres",
      database_back: "has Postgres again",
    } as Record<string, string>,
  },
  connections: {
    title: "Connections",
    live: (amount: number, all: boolean) => (all ? `${number(amount)} live` : `the first ${number(amount)}`),
    search: "Task, session, name, instance",
    searchLabel: "Search connections",
    columns: { task: "Task", session: "Session", who: "Who", instance: "Instance", since: "Since", sign: "Last sign" } as Record<string, string>,
    scroll: "Connections, scrolls",
    none: "Nobody is connected",
    noneHint: "A task's socket stands here for as long as it is open.",
    nothing: "No connection matches.",
    unread: "These are the first by name. A task's whole name finds it, too.",
    more: (amount: number) => `Show ${number(amount)} more`,
    noSession: "none",
    signHint: "Written down about once a minute",
    close: "Close…",
    closeLabel: (task: string) => `Close the connection of ${task}`,
    closeTitle: "Close this connection?",
    closeText: (task: Piece): Piece[] => ["The client of ", task, " is told not to come back, but it may come back. What it works on is not stopped, and its events are kept."],
    keep: "Keep it open",
    closeIt: "Close it",
    closing: "Closing…",
    closed: (task: string): Piece[] => ["The connection of ", { bold: task }, " is being closed. It may come back."],
    gone: (task: string): Piece[] => ["The connection of ", { bold: task }, " was gone already."],
    unknown: (task: string): Piece[] => ["No answer came. Whether the connection of ", { bold: task }, " was closed is unknown."],
    refused: (task: string): Piece[] => ["The connection of ", { bold: task }, " was not closed."],
  },
  task: {
    title: "Task",
    back: "Back to operations",
    events: "Events",
    scroll: "Events, scrolls",
    lastHour: "of the last hour, as they come",
    fromStart: "from the oldest that is kept, as they come",
    older: "From the oldest that is kept",
    none: "No events in this time",
    noneHint: "New ones appear by themselves.",
    cut: (amount: number) => `Only the last ${number(amount)} are shown.`,
    gap: "Some events in between are no longer kept.",
    connected: (name: string, instance: string) => `connected as ${name}, at ${instance}`,
    notConnected: "not connected now",
    data: (type: string) => `Data of ${type}`,
    forbidden: "a task's events",
  },
  wait: {
    title: "Waiting now",
    amount: (amount: number) => (amount === 0 ? "none" : `${number(amount)}, soonest first`),
    none: "Nothing is pending.",
  },
  stale: (since: string) => `Nothing heard of the instances since ${since}.`,
  mayGoDark: "This screen may go dark: the browser doesn't keep it on.",
  what: "operations",
};
