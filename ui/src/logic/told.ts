// One's own notifications: which are shown, in which group, and up to when all are marked. Pure.

export interface Told {
  id: string;
  asks: boolean;
  sent_at: string;
}

/** What asks for a decision, and what is news; each as it came. */
export function parted<T extends Told>(items: readonly T[]): { asks: T[]; others: T[] } {
  return { asks: items.filter((it) => it.asks), others: items.filter((it) => !it.asks) };
}

/** While one points at the list, what is newer waits: ids are ordered by time. */
export const upTo = <T extends Told>(items: readonly T[], top: string | null): readonly T[] => (top === null ? items : items.filter((it) => it.id <= top));

/** The moment before which all of these came. The service's times are finer than a browser's. */
export const justAfter = (items: readonly Told[]): string => new Date(Math.max(...items.map((it) => Date.parse(it.sent_at))) + 1).toISOString();

export const failedIn = (items: readonly { status: string }[]): number => items.filter((it) => it.status === "failed").length;

/** News that isn't about an approval: where one can mend what it tells of, and what that takes. */
const MENDED: Record<string, readonly [path: string, permission: string]> = {
  slack_refused: ["/settings/sent?channel=slack", "notification:view"],
  endpoint_failing: ["/settings/webhooks", "webhook:manage"],
  endpoint_disabled: ["/settings/webhooks", "webhook:manage"],
};

/** Where a line of one's own list leads; null: nowhere, or nowhere that one may look. */
export function leadsTo(it: { approval_id?: string | null; asks: boolean; cause: string }, may: (permission: string) => boolean): string | null {
  const [path, permission] = it.approval_id ? [`/${it.asks ? "inbox" : "approvals"}/${it.approval_id}`, "approval:view:pending"] : (MENDED[it.cause] ?? [null, ""]);
  return path && may(permission) ? path : null;
}
