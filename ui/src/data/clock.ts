// The server's time. What ticks on the screen is text made from it once a second, and only while the page is seen.

import { signal } from "@preact/signals";
import { type Sample, best, sample, steadied } from "../logic/feed.ts";

const samples: Sample[] = [];
let wanted = 0;
let shown = 0;
let last = Date.now();

/** The server's time as of the last tick, in milliseconds. */
export const now = signal(Date.now());

/** Told of a question that was asked and answered, by this machine's clock. */
export function heard(serverNow: number, asked: number, came: number): void {
  samples.push(sample(serverNow, asked, came));
  if (samples.length > 5) samples.shift();
  wanted = best(samples);
  if (samples.length === 1) shown = wanted;
  tick();
}

/** The server's time at this moment. */
export const serverNow = (): number => Date.now() + shown;

export function tick(): void {
  const here = Date.now();
  shown = steadied(shown, wanted, Math.max(0, here - last));
  last = here;
  now.value = here + shown;
}

let timer: ReturnType<typeof setTimeout> | undefined;

/** Ticks on whole seconds, so that all countdowns on a page turn together. */
export function run(): void {
  clearTimeout(timer);
  if (document.hidden) return;
  tick();
  timer = setTimeout(run, 1000 - (now.value % 1000) + 5);
}

document.addEventListener("visibilitychange", run);
