// A page that is loaded when it is first shown. Where its file is gone, a newer app is served: the page is loaded anew.

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { EmptyPage } from "../pages/plain.tsx";
import { app, pages } from "../words.ts";

export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let there: ComponentType<P> | null = null;
  return function Lazy(props: P) {
    const [, draw] = useState(0);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (there) return;
      let shown = true;
      load().then(
        (page) => {
          there = page;
          if (shown) draw(1);
        },
        () => shown && setFailed(true),
      );
      return () => void (shown = false);
    }, []);
    if (failed) return <EmptyPage title={pages.failed} lines={[pages.unavailable]} link={false} again={() => location.reload()} />;
    if (there) {
      const Page = there;
      return <Page {...props} />;
    }
    return (
      <p class="vh" role="status">
        {app.loading}
      </p>
    );
  };
}
