// Pages that come when they are wanted: each a file of its own, so that the first view stays small.

import type { ComponentType, VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { app, pages } from "../words.ts";

/** `meanwhile` is drawn until it is here: the page's own skeleton, so that nothing jumps. */
export function lazy<Props extends object>(load: () => Promise<ComponentType<Props>>, meanwhile: () => VNode | null = () => null): (props: Props) => VNode | null {
  let ready: ComponentType<Props> | null = null;
  return function Lazy(props: Props) {
    const [state, setState] = useState<"loading" | "ready" | "failed">(ready ? "ready" : "loading");
    const fetch = () => {
      setState("loading");
      load().then(
        (it) => {
          ready = it;
          setState("ready");
        },
        () => setState("failed"),
      );
    };
    useEffect(() => {
      if (!ready) fetch();
    }, []);
    if (state === "failed") return <Failed again={fetch} />;
    const It = ready;
    return It ? <It {...props} /> : meanwhile();
  };
}

function Failed({ again }: { again: () => void }) {
  return (
    <div class="empty-w">
      <div class="empty" role="alert">
        <p class="empty-h">{pages.failed}</p>
        <p>{pages.unavailable}</p>
        <button type="button" class="b b-ink" onClick={again}>
          {app.again}
        </button>
      </div>
    </div>
  );
}
