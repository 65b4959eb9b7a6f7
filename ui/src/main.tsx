// The app: who is here, which page, and what lies over it.

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { keep } from "./data/approvals.ts";
import { run } from "./data/clock.ts";
import { restart, start, stop } from "./data/feed.ts";
import { signedOut } from "./data/http.ts";
import { keepUnread } from "./data/notifications.ts";
import { applyTheme, forgetPreferences, loadPreferences } from "./data/preferences.ts";
import { load, may, session, sessionTrouble } from "./data/session.ts";
import { Dialog } from "./parts/dialog.tsx";
import { later } from "./parts/later.tsx";
import { listenToKeys, useKeys } from "./parts/keys.ts";
import { Shell, places } from "./parts/shell.tsx";
import { Kbd } from "./parts/small.tsx";
import { ApprovalPage } from "./pages/approval.tsx";
import { Inbox } from "./pages/inbox.tsx";
import { notifyAsWanted } from "./pages/inbox/notify.ts";
import { SettingsSkeleton } from "./pages/settings-skeleton.tsx";
import { EmptyPage, Forbidden, NotFound } from "./pages/plain.tsx";
import { SignIn, SignInDialog } from "./pages/sign-in.tsx";
import { followLinks, go, path, route } from "./router.ts";
import { app, keys, pages } from "./words.ts";

function App() {
  const who = session.value;
  const here = route.value;
  if (here.page === "sign-in") return <SignIn />;
  if (who === undefined) return sessionTrouble.value ? <EmptyPage title={pages.failed} lines={[pages.unavailable]} link={false} again={() => void load()} /> : null;
  if (who === null) {
    const to = location.pathname + location.search;
    queueMicrotask(() => go(to === "/" ? "/sign-in" : `/sign-in?to=${encodeURIComponent(to)}`, "replace"));
    return null;
  }
  return <Inside key={`${who.workspace.id} ${who.principal.id}`} />;
}

/** Signed in: the feed runs for as long as this is shown. */
function Inside() {
  const [help, setHelp] = useState(false);
  const here = route.value;
  const allowed = may("approval:view:pending");
  useEffect(() => {
    const ends = allowed ? [keep(), notifyAsWanted()] : [];
    start();
    return () => {
      ends.forEach((end) => end());
      stop();
    };
  }, [allowed]);
  useEffect(keepUnread, []);
  useEffect(() => {
    void loadPreferences();
    return forgetPreferences;
  }, []);
  const was = useRef(signedOut.value);
  useEffect(() => {
    // Signed in again: with the new session.
    if (was.current && !signedOut.value) restart();
    was.current = signedOut.value;
  }, [signedOut.value]);
  useKeys({ "?": () => setHelp(true), "g i": () => go("/inbox"), "g h": () => go("/history"), "g n": () => go("/notifications"), "g o": () => go("/operations"), "g s": () => go("/settings") });
  // Not everybody has an inbox: one begins with the first place that there is.
  const home = places()[0]?.href;
  useEffect(() => {
    if (path.value === "/" && home) go(home, "replace");
  }, [path.value, home]);
  const detail = (here.page === "inbox" && here.id !== null) || here.page === "approval";
  return (
    <>
      <Shell onKeyboard={() => setHelp(true)} tabs={!detail}>
        <Page />
      </Shell>
      {help && <Help onClose={() => setHelp(false)} />}
      {signedOut.value && <SignInDialog />}
    </>
  );
}

const Loading = () => (
  <p class="vh" role="status">
    {app.loading}
  </p>
);
const History = later(async () => (await import("./pages/history/index.tsx")).History, Loading);
const Notifications = later(async () => (await import("./pages/told/index.tsx")).Notifications, Loading);
const Run = later(async () => (await import("./pages/run/index.tsx")).Run, Loading);
const Operations = later(async () => (await import("./pages/operations.tsx")).Operations, Loading);
const Settings = later(async () => (await import("./pages/settings.tsx")).Settings, SettingsSkeleton);

function Page() {
  const here = route.value;
  if (here.page === "unknown" || here.page === "sign-in") return <NotFound />;
  if (here.page === "operations") return <Operations task={here.task} />;
  if (here.page === "settings") return <Settings part={here.part} />;
  if (here.page === "history") return <History />;
  if (here.page === "notifications") return <Notifications />;
  if (!may("approval:view:pending")) return <Forbidden what={pages.approvals} permission="approval:view:pending" />;
  if (here.page === "run") return <Run key={here.id} id={here.id} />;
  return here.page === "approval" ? <ApprovalPage id={here.id} /> : <Inbox id={here.id} />;
}

function Help({ onClose }: { onClose: () => void }) {
  const close = (
    <button type="button" class="b b-ink" onClick={onClose}>
      {app.close}
    </button>
  );
  return (
    <Dialog title={keys.title} onClose={onClose} foot={close}>
      <div class="keys">
        {keys.groups.map((group) => (
          <section key={group.title}>
            <h3>{group.title}</h3>
            <dl>
              {group.keys.map(([key, does]) => (
                <>
                  <dt>{does}</dt>
                  <dd>
                    {key.split(" ").map((one) => (
                      <Kbd key={one}>{one}</Kbd>
                    ))}
                  </dd>
                </>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

/** The only script address that is ever made from text: the worker's own. */
function keepFiles(): void {
  if (!("serviceWorker" in navigator)) return;
  const own = (url: string) => (url === "/service-worker.js" ? url : "");
  const policy = (window as { trustedTypes?: { createPolicy(name: string, rules: object): { createScriptURL(url: string): string } } }).trustedTypes;
  const url = policy?.createPolicy("signoff", { createScriptURL: own }).createScriptURL("/service-worker.js") ?? "/service-worker.js";
  void navigator.serviceWorker.register(url).catch(() => {});
}

document.documentElement.dataset.app = "here";
applyTheme();
followLinks();
listenToKeys();
run();
const root = document.getElementById("app");
if (root) {
  const draw = () => render(<App />, root);
  // The skeleton stays until it is known who is here.
  void load().then(() => {
    root.replaceChildren();
    draw();
  });
}
addEventListener("load", keepFiles);
