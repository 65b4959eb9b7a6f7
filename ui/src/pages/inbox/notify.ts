// Desktop notifications: one for each new approval that I can decide, none for my own, closed when it ends. The bell's
// list has the same and more: of that only a reminder is told again here. All of an approval have one tag, so that it is
// on the desktop once, whatever told of it and in however many tabs.

import { approval, loaded, watch } from "../../data/approvals.ts";
import { onTold } from "../../data/notifications.ts";
import { prefer, preferences } from "../../data/preferences.ts";
import { me } from "../../data/session.ts";
import { plain } from "../../logic/hidden.ts";
import { go } from "../../router.ts";
import { inbox as words } from "../../words.ts";

const open = new Map<string, Notification>();

/** Asks for permission on this click, never before. */
export async function wantNotices(): Promise<void> {
  const on = !preferences.value.notify && (await Notification.requestPermission()) === "granted";
  prefer({ notify: on });
}

export function notifyAsWanted(): () => void {
  const ends = [
    watch((changed, before) => {
      for (const id of changed) {
        const it = approval(id);
        if (!it) continue;
        if (it.status !== "pending" || !it.can_decide) {
          open.get(id)?.close();
          open.delete(id);
          continue;
        }
        const fresh = loaded.peek() === "all" && !before.get(id)?.can_decide && it.requested_by !== me.peek();
        if (fresh) show(id, it.title || words.untitled(it.approval_type), `${it.requested_by} · ${it.run_id}`);
      }
    }),
    onTold((it) => {
      if (it.cause === "reminder" && it.asks && it.approval_id) show(it.approval_id, it.subject ?? "", words.reminded);
    }),
  ];
  return () => ends.forEach((end) => end());
}

function show(id: string, title: string, body: string): void {
  if (open.has(id) || !preferences.peek().notify || Notification.permission !== "granted") return;
  const notice = new Notification(plain(title), { body: plain(body), tag: `signoff-${id}` });
  notice.onclick = () => {
    window.focus();
    go(`/inbox/${id}`);
    notice.close();
  };
  // Put away by hand: a reminder may come again.
  notice.onclose = () => {
    if (open.get(id) === notice) open.delete(id);
  };
  open.set(id, notice);
}
