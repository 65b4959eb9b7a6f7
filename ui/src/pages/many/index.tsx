// Many at once: the detail side while approvals are selected, and what became of them.

import { stage } from "../../data/bulk.ts";
import { Chosen, PickBar } from "./chosen.tsx";
import { Confirm } from "./confirm.tsx";
import { Outcome } from "./outcome.tsx";

export function Many({ part }: { part: "side" | "bar" | "dialog" }) {
  const now = stage.value;
  if (part === "dialog") return now.at === "asking" ? <Confirm stage={now} /> : null;
  if (part === "bar") return <PickBar />;
  return now.at === "sending" || now.at === "told" ? <Outcome stage={now} /> : <Chosen />;
}
