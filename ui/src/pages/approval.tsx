// One approval by itself: where links from mail and chat lead.

import { useEffect } from "preact/hooks";
import { mine } from "../data/approvals.ts";
import { looking } from "../data/detail.ts";
import { plain } from "../logic/hidden.ts";
import { app, approval as words, inbox } from "../words.ts";
import { Detail } from "./approval/detail.tsx";

export function ApprovalPage({ id }: { id: string }) {
  const here = looking.value;
  const title = here.at === "there" ? plain(here.detail.approval.title || inbox.untitled(here.detail.approval.approval_type)) : words.label;
  useEffect(() => {
    document.title = `${mine.value > 0 ? `(${mine.value}) ` : ""}${title} · ${app.name}`;
  }, [title, mine.value]);
  return <Detail key={id} id={id} list={false} />;
}
