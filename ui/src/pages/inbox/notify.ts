// Desktop notifications: one for each new approval that I can decide, none for my own, closed when it ends.

import { approval, loaded, watch } from "../../data/approvals.ts";
import { preferences } from "../../data/preferences.ts";
import { me } from "../../data/session.ts";
import { plain } from "../../logic/hidden.ts";
import { go } from "../../router.ts";
import { inbox as words } from "../../words.ts";

const open = new Map<string, Notification>();

export function notifyAsWanted(): () => void {
  return watch((changed, before) => {
    for (const id of changed) {
      const it = approval(id);
      if (!it) continue;
      if (it.status !== "pending" || !it.can_decide) {
        open.get(id)?.close();
        open.delete(id);
        continue;
      }
      const fresh = loaded.peek() === "all" && !before.get(id)?.can_decide && it.requested_by !== me.peek();
      if (!fresh || open.has(id) || !preferences.peek().notify || Notification.permission !== "granted") continue;
      const title = plain(it.title || words.untitled(it.approval_type));
      const notice = new Notification(title, { body: plain(`${it.requested_by} · ${it.run_id}`), tag: `signoff-${id}` });
      notice.onclick = () => {
        window.focus();
        go(`/inbox/${id}`);
        notice.close();
      };
      open.set(id, notice);
    }
  });
}
