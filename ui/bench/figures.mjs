// Medians, goals, the table: as `./dev bench` prints them for the server. Nothing fails because it was slow.

import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";

const UNITS = {
  kB: (value) => `${(value / 1000).toFixed(1)} kB`,
  ms: (value) => `${value.toFixed(0)} ms`,
  "frames/s": (value) => `${value.toFixed(1)}/s`,
  MB: (value) => `${(value / 1e6).toFixed(1)} MB`,
  count: (value) => String(value),
};

/** By the nearest rank. */
function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.round(share * (sorted.length - 1))];
}

const load = readFileSync("/proc/loadavg", "utf8").split(" ").slice(0, 3).join(" ");
const figures = [];

/** `goal`: {most} or {least}, in the unit of the values; or none. The tail is at the worse end. */
export function add(what, unit, values, goal = null) {
  const value = quantile(values, 0.5);
  const met = goal && (goal.most === undefined ? value >= goal.least : value <= goal.most);
  const figure = { what, unit, value, p99: values.length > 1 ? quantile(values, goal?.least === undefined ? 0.99 : 0.01) : null, n: values.length, goal, met };
  figures.push(figure);
  console.error(`  ${line(figure)}`);
}

function line({ what, unit, value, p99, n, goal, met }) {
  const say = UNITS[unit];
  const wanted = goal === null ? "" : goal.most === undefined ? `≥ ${say(goal.least)}` : `≤ ${say(goal.most)}`;
  const verdict = met === null ? "" : met ? "met" : "**missed**";
  return `| ${what} | ${say(value)} | ${p99 === null ? "" : say(p99)} | ${n} | ${wanted} | ${verdict} |`;
}

export function report(file) {
  console.log(`\n${cpus().length} cores, load before the run: ${load}\n`);
  console.log("| figure | value | p99 | n | goal | |\n| --- | ---: | ---: | ---: | --- | --- |");
  for (const figure of figures) console.log(line(figure));
  if (file) writeFileSync(file, JSON.stringify({ cores: cpus().length, load_before: load, figures }, null, 2));
}
