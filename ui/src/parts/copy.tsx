// Copies a text, and says for a moment that it did. Where the browser refuses, it says that.

import { useState } from "preact/hooks";
import { app } from "../words.ts";
import { Icon } from "./small.tsx";

export function CopyText({ text, label = app.copy }: { text: string; label?: string }) {
  const [said, say] = useState<string | null>(null);
  const work = async () => {
    const done = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
    say(done ? app.copied : app.notCopied);
    setTimeout(() => say(null), 2000);
  };
  return (
    <button type="button" class="b b-sm" onClick={() => void work()}>
      <Icon name={said === app.copied ? "check" : "copy"} /> <span aria-live="polite">{said ?? label}</span>
    </button>
  );
}
