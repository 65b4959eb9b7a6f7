// A page that is loaded when it is first shown. Where a newer version has taken its file away, the page says so.

import { type ComponentChildren, type ComponentType, h } from "preact";
import { useEffect, useState } from "preact/hooks";
import { EmptyPage } from "../pages/plain.tsx";
import { app, pages } from "../words.ts";

export function later<P extends object>(load: () => Promise<ComponentType<P>>, skeleton: () => ComponentChildren): ComponentType<P> {
  let there: ComponentType<P> | null = null;
  return function Later(props: P) {
    const [state, setState] = useState<"loading" | "there" | "failed">(there ? "there" : "loading");
    useEffect(() => {
      if (state !== "loading") return;
      load().then(
        (page) => {
          there = page;
          setState("there");
        },
        () => setState("failed"),
      );
    }, [state]);
    if (there && state === "there") return h(there, props);
    if (state === "failed") return <EmptyPage title={pages.failed} lines={[app.newBuild]} link={false} again={() => location.reload()} />;
    return <>{skeleton()}</>;
  };
}
