// The bell: how much I was told that I have not read. It leads to the list; it never rings by itself.

import { unread } from "../data/notifications.ts";
import { path } from "../router.ts";
import { bell as words } from "../words.ts";
import { Icon } from "./small.tsx";

export function Bell({ phone = false }: { phone?: boolean }) {
  const amount = unread.value ?? 0;
  return (
    <a
      class={phone ? "b b-plain b-icon b-sm only-phone bell" : "rail-a bell"}
      href="/notifications"
      title={words.title}
      aria-label={words.label(amount)}
      aria-keyshortcuts="g n"
      aria-current={path.value === "/notifications" ? "page" : undefined}
    >
      <Icon name="bell" />
      {!phone && <span>{words.title}</span>}{" "}
      {amount > 0 && <span class="unread">{amount > 999 ? "999+" : amount}</span>}
    </a>
  );
}
