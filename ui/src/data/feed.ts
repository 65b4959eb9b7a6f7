// The feed's socket: one for each tab. What it says is a hint with a summary; what counts is read by `http.ts`.
// How it is kept is in logic/feed.ts; this file has the socket and the timers.

import { signal } from "@preact/signals";
import * as rules from "../logic/feed.ts";
import { heard } from "./clock.ts";
import { lastReply, signedOut } from "./http.ts";
import { check, session } from "./session.ts";

export interface Message {
  event_type: string;
  timestamp: string;
  data: unknown;
  ref?: string;
}

export const phase = signal<rules.Phase>("off");
/** By this machine's clock: when something last came. */
export const lastMessage = signal(0);
/** Since when there has been none; null while there is. */
export const awaySince = signal<number | null>(null);
/** Whether that has lasted long enough to say so. */
export const isAway = signal(false);
export const triesAgainAt = signal<number | null>(null);
export const instance = signal<string | null>(null);
/** A newer app is served than this page is of: it is loaded when nothing is being typed. */
export const newBuild = signal(false);
const OWN = document.querySelector<HTMLMetaElement>("meta[name=build]")?.content;

type Listener = (message: Message) => void;
const listeners = new Set<Listener>();
const topics = new Map<string, number>();
/** Told when what was missed must be caught up with: once the topics are followed, and on `resync`; `anew`: read all. */
const catchers = new Set<(anew: boolean) => void>();

let socket: WebSocket | null = null;
let attempt = 0;
let told: number | null = null;
let heartbeat = 20;
let pingAsked = 0;
const timers = new Map<string, ReturnType<typeof setTimeout>>();

function later(name: string, ms: number, work: () => void): void {
  cancel(name);
  timers.set(name, setTimeout(work, ms));
}

function cancel(...names: string[]): void {
  for (const name of names) {
    clearTimeout(timers.get(name));
    timers.delete(name);
  }
}

export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function onCatchUp(work: (anew: boolean) => void): () => void {
  catchers.add(work);
  return () => catchers.delete(work);
}

/** Follows a topic for as long as somebody shows it. */
export function follow(topic: string): () => void {
  topics.set(topic, (topics.get(topic) ?? 0) + 1);
  if (topics.get(topic) === 1) send({ type: "subscribe", topics: [topic] });
  return () => {
    const left = (topics.get(topic) ?? 1) - 1;
    if (left > 0) return void topics.set(topic, left);
    topics.delete(topic);
    send({ type: "unsubscribe", topics: [topic] });
  };
}

function send(message: object): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

export function start(): void {
  if (phase.value === "off") connect();
}

export function stop(): void {
  cancel("again", "watch", "poll", "banner", "hidden");
  close();
  phase.value = "off";
  awaySince.value = null;
  isAway.value = false;
}

export function restart(): void {
  stop();
  start();
}

export function tryNow(): void {
  cancel("again");
  if (phase.value !== "off") connect();
}

function close(): void {
  const old = socket;
  socket = null;
  old?.close();
}

function connect(): void {
  close();
  if (!session.value) return;
  phase.value = phase.value === "polling" ? "polling" : "connecting";
  triesAgainAt.value = null;
  told = null;
  const asked = Date.now();
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const mine = new WebSocket(`${scheme}//${location.host}/api/v1/feed`, "signoff.feed.v1");
  socket = mine;
  later("watch", 10_000, () => mine === socket && lost(1006));
  mine.addEventListener("message", (event) => {
    if (mine === socket) received(JSON.parse(String(event.data)) as Message, asked);
  });
  mine.addEventListener("close", (event) => {
    if (mine === socket) lost(event.code);
  });
}

function received(message: Message, asked: number): void {
  const came = Date.now();
  lastMessage.value = came;
  lastReply.value = came;
  watch();
  switch (message.event_type) {
    case "hello": {
      const data = message.data as { now: string; build: string; instance_id: string; heartbeat_seconds: number };
      heartbeat = data.heartbeat_seconds;
      instance.value = data.instance_id;
      // "0.1.0+" and the build of the app; nothing behind it where the server has none.
      newBuild.value = ![OWN, undefined].includes(data.build.split("+")[1]);
      heard(Date.parse(data.now), asked, came);
      opened();
      break;
    }
    case "pong":
      heard(Date.parse((message.data as { now: string }).now), pingAsked, came);
      break;
    case "reconnect":
      told = (message.data as { after_ms: number }).after_ms;
      break;
    case "subscribed":
      // From here on nothing is missed: so now, and not before, what was missed is read.
      if (opening) catchUp(false);
      opening = false;
      break;
    case "resync":
      if ((message.data as { reason: string }).reason === "restored") beginAnew();
      else catchUp(true);
      break;
  }
  for (const listener of listeners) listener(message);
}

function opened(): void {
  attempt = 0;
  phase.value = "open";
  awaySince.value = null;
  isAway.value = false;
  cancel("banner", "poll");
  opening = topics.size > 0;
  if (opening) send({ type: "subscribe", topics: [...topics.keys()] });
  send({ type: "presence", visible: !document.hidden });
}

/** Whether the topics of a new connection are not followed yet. */
let opening = false;

/** The database was restored: what this page was told may never have happened. What was typed survives a reload. */
export function beginAnew(): void {
  later("anew", 2000 * Math.random(), () => location.reload());
}

function catchUp(anew: boolean): void {
  for (const work of catchers) work(anew);
}

/** Looks whether anything came; asks for a sign of life in good time. */
function watch(): void {
  later("watch", rules.pingEvery(heartbeat), () => {
    if (rules.isDead(Date.now(), lastMessage.value, heartbeat)) return lost(1006);
    pingAsked = Date.now();
    send({ type: "ping" });
    watch();
  });
}

function lost(code: number): void {
  close();
  cancel("watch");
  const now = Date.now();
  if (awaySince.value === null) {
    awaySince.value = lastMessage.value || now;
    // Perhaps the feed alone is away: what answers in the meantime says so.
    catchUp(false);
    later("banner", rules.BANNER_AFTER, () => {
      if (awaySince.value !== null) isAway.value = lastReply.value <= now;
    });
    later("poll", rules.POLL_AFTER, poll);
  }
  const next = rules.afterClose(code, attempt, Math.random(), told);
  attempt += 1;
  if (next.act === "sign-in") {
    signedOut.value = true;
    phase.value = "refused";
  } else if (next.act === "stop") {
    phase.value = "refused";
    void check();
  } else {
    if (phase.value !== "polling") phase.value = "waiting";
    triesAgainAt.value = now + next.after;
    later("again", next.after, connect);
  }
}

/** No feed, but perhaps the API: what has changed is asked for, and the age says how often. */
function poll(): void {
  if (phase.value === "open" || phase.value === "off" || document.hidden) return;
  const before = lastReply.value;
  catchUp(false);
  later("heard", 2500, () => {
    const answered = lastReply.value > before;
    if (phase.value !== "open" && phase.value !== "off") {
      phase.value = answered ? "polling" : "waiting";
      isAway.value = !answered;
    }
  });
  later("poll", rules.pollEvery(Math.random()), poll);
}

let hiddenAt = 0;
document.addEventListener("visibilitychange", () => {
  if (phase.value === "off") return;
  if (document.hidden) {
    hiddenAt = Date.now();
    send({ type: "presence", visible: false });
    later("hidden", rules.HIDDEN_CLOSE, () => {
      cancel("again", "watch", "poll", "banner");
      close();
      phase.value = "waiting";
    });
    return;
  }
  cancel("hidden");
  send({ type: "presence", visible: true });
  if (phase.value !== "open") tryNow();
  else if (Date.now() - hiddenAt > rules.HIDDEN_PROBE) probe();
});

/** After sleep: an answer within 5 s, or a new connection. */
function probe(): void {
  const asked = Date.now();
  pingAsked = asked;
  send({ type: "ping" });
  later("watch", 5000, () => (lastMessage.value < asked ? lost(1006) : watch()));
}

addEventListener("online", tryNow);
addEventListener("offline", () => {
  if (phase.value === "open") probe();
});
