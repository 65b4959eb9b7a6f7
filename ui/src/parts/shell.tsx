// The frame of every page: rail, tabs, what is live, the banner.

import type { ComponentChildren } from "preact";
import { mine } from "../data/approvals.ts";
import { now } from "../data/clock.ts";
import { awaySince, instance, isAway, lastMessage, newBuild, phase, triesAgainAt, tryNow } from "../data/feed.ts";
import { lastReply } from "../data/http.ts";
import { may, session } from "../data/session.ts";
import { age, clock } from "../logic/durations.ts";
import { path } from "../router.ts";
import { app, live, operationsTitle } from "../words.ts";
import { Account, AccountOpen } from "./account.tsx";
import { Bell } from "./bell.tsx";
import { Icon } from "./small.tsx";

interface Place {
  href: string;
  label: string;
  icon: string;
  is: RegExp;
  allowed: () => boolean;
}

/** What a permission hides is not here. */
const PLACES: readonly Place[] = [
  { href: "/inbox", label: app.inbox, icon: "inbox", is: /^\/($|inbox|approvals)/, allowed: () => may("approval:view:pending") },
  { href: "/history", label: app.history, icon: "history", is: /^\/(history|runs)/, allowed: () => may("approval:view:history") },
  { href: "/operations", label: operationsTitle, icon: "pulse", is: /^\/operations/, allowed: () => may("cluster:view") || may("connection:view") },
  { href: "/settings", label: app.settings, icon: "gear", is: /^\/settings/, allowed: () => true },
];

/** Where one may go; the first is where one begins. */
export const places = () => PLACES.filter((place) => place.allowed());

function Count() {
  return mine.value > 0 ? (
    <span class="count">
      <span class="vh">{app.youCanDecide(mine.value)}</span>
      <span aria-hidden="true">{mine.value > 999 ? "999+" : mine.value}</span>
    </span>
  ) : null;
}

export function Shell({ children, onKeyboard, tabs = true }: { children: ComponentChildren; onKeyboard: () => void; tabs?: boolean }) {
  return (
    <>
      <a class="skip" href="#main">
        {app.skip}
      </a>
      <div class="app">
        <Rail onKeyboard={onKeyboard} />
        <div class="stage">
          <Banner />
          <main id="main" tabIndex={-1}>
            {children}
          </main>
        </div>
        {tabs && <Tabs />}
      </div>
      {session.value && <AccountOpen who={session.value} />}
    </>
  );
}

function Rail({ onKeyboard }: { onKeyboard: () => void }) {
  const shown = places();
  return (
    <nav class="rail" aria-label={app.main}>
      <a class="brand" href={shown[0]?.href ?? "/"} aria-label={`${app.name}, ${shown[0]?.label}`}>
        <svg aria-hidden="true">
          <use href="#i-brand" />
        </svg>
        <span>{app.name}</span>
      </a>
      {shown.map((place) => (
        <a key={place.href} class="rail-a" href={place.href} title={place.label} aria-current={place.is.test(path.value) ? "page" : undefined}>
          <Icon name={place.icon} />
          <span>{place.label}</span>
          {place.href === "/inbox" && <Count />}
        </a>
      ))}
      <div class="rail-end">
        <Bell />
        <LiveMark />
        <button type="button" class="rail-a" title={app.keyboard} aria-keyshortcuts="?" onClick={onKeyboard}>
          <Icon name="keyb" />
          <span>{app.keyboard}</span>
        </button>
        {session.value && <Account who={session.value} />}
      </div>
    </nav>
  );
}

function Tabs() {
  const shown = places();
  return (
    <nav class="tabs" aria-label={app.main}>
      {shown.map((place) => (
        <a key={place.href} href={place.href} aria-current={place.is.test(path.value) ? "page" : undefined}>
          <Icon name={place.icon} />
          {place.label}
          {place.href === "/inbox" && <Count />}
        </a>
      ))}
      {session.value && <Account who={session.value} tab />}
    </nav>
  );
}

/** The end of a page's bar: on a phone there is no rail. */
export function BarEnd() {
  return (
    <>
      <Bell phone />
      <LiveMark phone />
    </>
  );
}

/** Liveness as an age. It ticks with the clock, never by itself. */
export function LiveMark({ phone = false }: { phone?: boolean }) {
  void now.value;
  const since = Math.max(0, Date.now() - lastMessage.value);
  const here = state();
  return (
    <p class={`live ${here.away ? "is-away" : ""} ${phone ? "only-phone" : ""}`} title={lastMessage.value ? live.last(instance.value, age(since)) : here.word}>
      <Icon name={here.away ? "plug" : "beat"} />
      <span class={phone ? "vh" : ""}>
        {here.word} {here.word === live.live && <span class="muted">{age(since)}</span>}
      </span>
    </p>
  );
}

function state(): { word: string; away: boolean } {
  if (phase.value === "polling") return { word: live.polling, away: false };
  if (phase.value === "refused") return { word: live.refused, away: true };
  if (isAway.value) return { word: live.away, away: true };
  if (phase.value === "open" || awaySince.value !== null) return { word: lastMessage.value ? live.live : live.connecting, away: false };
  return { word: live.connecting, away: false };
}

function Banner() {
  if (newBuild.value && !isAway.value) return <NewBuild />;
  return <div aria-live="polite">{isAway.value && <Away />}</div>;
}

function Away() {
  const since = clock(lastReply.value || (awaySince.value ?? Date.now()), true);
  return (
    <div class="note is-strip st-late">
      <Icon name="plug" />
      <p class="grow">
        <b>{live.banner(since)}</b> {live.known} <Seconds />
      </p>
      <button type="button" class="b b-sm" onClick={tryNow}>
        {live.now}
      </button>
    </div>
  );
}

/** Ticking, so no business of a screen reader's. */
function Seconds() {
  void now.value;
  const at = triesAgainAt.value;
  return at === null ? null : <span aria-hidden="true">{live.next(Math.max(0, Math.ceil((at - Date.now()) / 1000)))}</span>;
}

function NewBuild() {
  return (
    <div class="note is-strip st-ink" role="status">
      <Icon name="again" />
      <p class="grow">{app.newBuild}</p>
      <button type="button" class="b b-sm" onClick={() => location.reload()}>
        {app.reload}
      </button>
    </div>
  );
}
