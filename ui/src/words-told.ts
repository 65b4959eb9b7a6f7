// The words of notifications: one's own list, and what was sent to whom. They come with these pages.

import { number } from "./logic/durations.ts";

const amountOf = (amount: number, one: string, many = `${one}s`) => `${number(amount)} ${amount === 1 ? one : many}`;

export const more = "Show more";

export const own = {
  scroll: "Notifications, scrolls",
  asks: "Asked of you",
  news: "News",
  noAsks: "You haven't been asked for a decision.",
  noNews: "There is no news for you.",
  none: "You haven't been told anything yet",
  noneHint: "When you are asked to decide, or hear how your own request ends, it stands here.",
  unread: (amount: number) => (amount > 999 ? "over 999 unread" : `${number(amount)} unread`),
  markOne: "Mark as read (d)",
  mark: (title: string) => `Mark as read: ${title}`,
  markAll: "Mark all as read",
  notMarked: "This was not marked as read.",
  gone: "An approval without a title",
  isUnread: "unread",
  // What happened, to whom it asks for a decision and to whom it tells.
  causes: {
    requested: ["You are asked to decide", "Somebody was asked to decide"],
    escalated: ["It was handed to you", "It was handed on"],
    reminder: ["It still waits for you", "It still waits"],
    voted: ["", "A vote came in"],
    decided: ["", "It was decided"],
    expired: ["", "Its time was up"],
    cancelled: ["", "It was cancelled"],
  } as Record<string, readonly [string, string]>,
};

export const sent = {
  title: "What was sent",
  hint: "to whom, and what became of it",
  about: "Who was told",
  none: "Nothing was sent.",
  noneHere: "Nobody was told of this one.",
  columns: ["Recipient", "Channel", "What about", "State", "When"],
  filters: "Filter what was sent",
  status: "State",
  channel: "Channel",
  recipient: "Recipient",
  recipientHint: "The whole name or address",
  any: "any",
  clear: "No filter",
  details: "Details",
  detailsOf: (name: string) => `Details: ${name}`,
  channels: { in_app: "in the app", email: "mail", slack: "Slack", webhook: "webhook" } as Record<string, string>,
  statuses: { pending: "waits", sent: "sent", read: "read", failed: "failed", skipped: "not sent" } as Record<string, string>,
  // In the app nothing is under way: it is there.
  here: "arrived",
  skipped: {
    superseded: "there was nothing left to ask",
    too_many: "too many people for one change",
    unknown_recipient: "nobody is called so here",
    no_address: "there is no address",
    switched_off: "switched off by the person",
    summarised: "one message told of many",
    disabled_recipient: "the person is disabled",
  } as Record<string, string>,
  causes: {
    requested: ["asked", "told of the request"],
    escalated: ["asked, handed on", "told it was handed on"],
    reminder: ["asked again", "reminded"],
    voted: ["", "told of a vote"],
    decided: ["", "told it was decided"],
    expired: ["", "told its time was up"],
    cancelled: ["", "told it was cancelled"],
  } as Record<string, readonly [string, string]>,
  failedOf: (amount: number) => `${number(amount)} failed`,
  approval: "Approval",
  at: { created_at: "Happened", sent_at: "Sent", read_at: "Read", failed_at: "Given up", due_at: "Tried next" } as Record<string, string>,
  tries: (amount: number) => (amount === 0 ? "Not tried yet" : amountOf(amount, "try", "tries")),
  outcomes: { sent: "it was taken", skipped: "it had not to be sent", retried: "it failed, and is tried again", held: "the channel was away; this try doesn't count", failed: "it failed for good" } as Record<string, string>,
  took: (ms: number) => `${number(ms)} ms`,
  code: (code: number) => `code ${code}`,
  again: "Send again",
  againAll: "Send failed ones again…",
  againTitle: "Send failed ones again?",
  againText: (channel: string | null, recipient: string | null) =>
    `What has failed${channel ? `, by ${channel}` : ""}${recipient ? `, to ${recipient}` : ""}, waits for its channel again. What asks about an approval that has ended stays as it is.`,
  againNow: "Send them again",
  sending: "Sending…",
  done: (amount: number, more: boolean) => (amount === 0 ? "Nothing could be sent again." : `${amountOf(amount, "waits", "wait")} for ${amount === 1 ? "its" : "their"} channel again.${more ? " There may be more: send again." : ""}`),
  notDone: "It was not sent again.",
  unknown: "No answer came: whether it is sent again is unknown. Sending again is safe: what waits already stays as it is.",
};
