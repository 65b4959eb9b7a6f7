// The service on a wall: all on one screen, kept awake, grey as soon as what it shows is old, and never an old app.

import { useEffect, useState } from "preact/hooks";
import { approvals, catchUp, changes, loaded, pending, trouble } from "../../data/approvals.ts";
import { now } from "../../data/clock.ts";
import { newBuild } from "../../data/feed.ts";
import { type Range, stale } from "../../data/operations.ts";
import { may, session } from "../../data/session.ts";
import type { Summary } from "../../data/types.ts";
import { clock, utc } from "../../logic/durations.ts";
import { LiveMark } from "../../parts/shell.tsx";
import { Icon, Plain } from "../../parts/small.tsx";
import { Due } from "../../parts/status.tsx";
import { inbox } from "../../words.ts";
import { operations as words } from "../../words-operations.ts";
import { Happened } from "./happened.tsx";
import { Instances } from "./instances.tsx";
import { Outcomes } from "./outcomes.tsx";
import { Card, Failed, Loading } from "./pieces.tsx";
import { Commits, Latency, Sources } from "./samples.tsx";
import { Silent } from "./silent.tsx";
import { StateCard } from "./state.tsx";

const ROOM = { instances: 6, events: 6, waiting: 6 };

export function Wall({ range, onLeave }: { range: Range; onLeave: () => void }) {
  useEffect(() => {
    document.documentElement.classList.add("wall");
    return () => document.documentElement.classList.remove("wall");
  }, []);
  useReload();
  const dark = useWake();
  const old = stale.value;
  return (
    <>
      <div class="bar">
        <span class="brand">
          <svg aria-hidden="true">
            <use href="#i-brand" />
          </svg>
        </span>
        <h1>{session.value && <Plain text={session.value.workspace.name} />}</h1>
        <span class="muted">{words.title}</span>
        <span class="grow" />
        {dark && <span class="muted wall-d">{words.mayGoDark}</span>}
        <LiveMark />
        <Clock />
        <button type="button" class="b b-sm b-plain b-icon" aria-label={words.leaveWall} title={words.leaveWall} aria-keyshortcuts="w Escape" onClick={onLeave}>
          <Icon name="x" />
        </button>
      </div>
      <Silent />
      <div class={`scroll wall-s ${old ? "is-old" : ""}`} tabIndex={0} role="region" aria-label={words.scroll}>
        <div class="page">
          <div class="ops">
            <StateCard />
            <Instances wide={8} most={ROOM.instances} />
            {may("approval:view:pending") ? <WaitingNow /> : <Happened wide={4} most={ROOM.events} />}
            <Latency range={range} wide={4} />
            <Sources range={range} wide={4} />
            {may("approval:view:history") ? <Outcomes range={range} wide={4} /> : <Commits range={range} wide={4} />}
          </div>
        </div>
      </div>
    </>
  );
}

function Clock() {
  const time = now.value;
  return (
    <time class="wall-clock" dateTime={new Date(time).toISOString()} title={utc(time)}>
      {clock(time, true)}
    </time>
  );
}

function soonest(): Summary[] {
  void changes.value;
  const waiting = [...approvals().values()].filter((it) => it.status === "pending");
  return waiting.toSorted((a, b) => (a.expires_at < b.expires_at ? -1 : 1)).slice(0, ROOM.waiting);
}

function WaitingNow() {
  const items = soonest();
  // What isn't read yet is not "none".
  if (items.length === 0 && loaded.value !== "all") {
    return (
      <Card title={words.wait.title} wide={4}>
        {loaded.value === "failed" && trouble.value ? <Failed it={trouble.value} again={() => void catchUp()} /> : <Loading lines={4} />}
      </Card>
    );
  }
  return (
    <Card title={words.wait.title} wide={4} note={words.wait.amount(pending.value)}>
      {items.length === 0 ? (
        <p class="card-m muted">{words.wait.none}</p>
      ) : (
        <ul class="wait">
          {items.map((it) => (
            <li key={it.id}>
              <span class="row-t clip">
                <Plain text={it.title ?? inbox.untitled(it.approval_type)} />
              </span>
              <Due at={it.expires_at} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

const typing = (): boolean => (document.activeElement?.closest("input, textarea, select, [contenteditable], dialog") ?? null) !== null;

const RELOADED = "signoff.reloaded";
/** While instances are being replaced an old one may send the page once more: no circle is made of that. */
const AT_MOST_EVERY = 60_000;

/** A newer app is served: taken as soon as nothing is being typed. */
function useReload(): void {
  const wanted = newBuild.value;
  useEffect(() => {
    if (!wanted) return;
    const since = Date.now() - Number(sessionStorage.getItem(RELOADED) ?? 0);
    const wait = since < 0 ? AT_MOST_EVERY : Math.max(0, AT_MOST_EVERY - since);
    const free = performance.now() + wait;
    const now = () => {
      if (performance.now() < free || typing() || document.querySelector("dialog[open]") !== null) return;
      sessionStorage.setItem(RELOADED, String(Date.now()));
      location.reload();
    };
    const timer = setTimeout(now, wait + 1);
    // Focus has moved on only after this.
    const later = () => setTimeout(now);
    document.addEventListener("focusout", later);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("focusout", later);
    };
  }, [wanted]);
}

/** Keeps the screen on. A browser may refuse that, or lack it: then the wall says so. */
function useWake(): boolean {
  const [dark, setDark] = useState(false);
  useEffect(() => {
    let lock: WakeLockSentinel | null = null;
    let ended = false;
    const wake = async () => {
      if (document.hidden) return;
      try {
        if (!("wakeLock" in navigator)) throw new Error("there is none");
        const got = await navigator.wakeLock.request("screen");
        if (ended) return void got.release();
        lock = got;
        setDark(false);
      } catch {
        if (!ended) setDark(true);
      }
    };
    // It is let go whenever the page is hidden.
    const turned = () => void wake();
    document.addEventListener("visibilitychange", turned);
    void wake();
    return () => {
      ended = true;
      document.removeEventListener("visibilitychange", turned);
      void lock?.release();
    };
  }, []);
  return dark;
}
