// Real instances, a real browser: what each browser test stands on. The database, Redis and the program come from
// `./dev test` (crates/harness/src/web.rs). Each program that uses this has a copy of the database to itself and starts
// instances of its own, so that a test may kill them while other files' tests run beside it.

import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, "../../..");
const AXE = readFileSync(join(HERE, "../../node_modules/axe-core/axe.min.js"), "utf8");
const run = promisify(execFile);

const variable = (name) => process.env[name] ?? raise(`${name} is missing: run ./dev test`);
const raise = (text) => {
  throw new Error(text);
};

/** Past this a wait has failed: generous, for the machine may be busy. */
export const PATIENCE = 30_000;

// --- instances ---

const children = new Set();
process.on("exit", () => children.forEach((child) => child.kill("SIGKILL")));

export const freePort = () =>
  new Promise((done, failed) => {
    const server = createServer();
    server.on("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

export async function until(what, holds, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    if (await Promise.resolve(holds()).catch(() => false)) return;
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

const isReady = async (url) => (await fetch(`${url}/readyz`)).status === 200;

class Instance {
  constructor(name, port, operator, settings) {
    Object.assign(this, { name, port, operator, settings, url: `http://127.0.0.1:${port}` });
  }

  async start() {
    const settings = {
      SIGNOFF_INSTANCE_NAME: this.name,
      SIGNOFF_HTTP_LISTEN: `127.0.0.1:${this.port}`,
      SIGNOFF_OPERATOR_LISTEN: `127.0.0.1:${this.operator}`,
      SIGNOFF_DRAIN_GRACE_SECONDS: "0",
      SIGNOFF_RATE_LIMITS_ADDRESS_REQUESTS_PER_SECOND: "100000",
      SIGNOFF_RATE_LIMITS_ADDRESS_BURST: "100000",
    };
    const own = typeof this.settings === "function" ? this.settings(this.url) : this.settings;
    this.child = spawn(variable("SIGNOFF_BIN"), ["serve"], { env: { ...process.env, ...settings, ...own }, stdio: ["ignore", "ignore", "pipe"] });
    children.add(this.child);
    this.log = "";
    this.child.stderr.on("data", (text) => {
      this.log = (this.log + text).slice(-20_000);
    });
    await until(`${this.name} is ready`, () => isReady(this.url)).catch((error) => raise(`${error.message}\n${this.log}`));
  }

  /** SIGKILL: what it was doing stays undone or unsaid. */
  kill() {
    return this.end("SIGKILL");
  }

  /** SIGTERM: it hands over what it has, and ends. */
  drain() {
    return this.end("SIGTERM");
  }

  async end(signal) {
    await ended(this.child, signal);
    children.delete(this.child);
  }

  /** It holds what it has, takes what comes, and does nothing. */
  freeze() {
    this.child.kill("SIGSTOP");
  }

  thaw() {
    this.child.kill("SIGCONT");
  }
}

export async function ended(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = new Promise((done) => child.once("exit", done));
  child.kill(signal);
  await over;
}

/** Ends with this process, at the latest. */
export function started(command, args) {
  const child = spawn(command, args, { stdio: "ignore" });
  children.add(child);
  return child;
}

const psql = (url, ...commands) => run("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", ...commands.flatMap((sql) => ["-c", sql]), url]);

/** Its name begins with that of what it copies: `./dev test` drops both. */
async function copyDatabase() {
  const named = ["SIGNOFF_DATABASE_URL", "WEB_TESTS_ADMIN_URL"].map((name) => [name, new URL(variable(name))]);
  const original = named[0][1].pathname.slice(1);
  const copy = `${original}_${process.pid}`;
  // Nobody else may be connected to what is copied: one copies at a time.
  await psql(variable("WEB_TESTS_OWNER_URL"), "SELECT pg_advisory_lock(7303)", `CREATE DATABASE ${copy} TEMPLATE ${original}`);
  for (const [name, url] of named) {
    url.pathname = `/${copy}`;
    process.env[name] = url.href;
  }
  process.env.SIGNOFF_REDIS_PREFIX = copy;
}

await copyDatabase();

/** Those that an earlier cluster's tests have killed would be shown as lost. */
const forgetInstances = () => psql(variable("WEB_TESTS_ADMIN_URL"), "DELETE FROM instances; DELETE FROM instance_samples; DELETE FROM cluster_events");

export class Cluster {
  static async start({ instances = 2, settings = {}, balancer = false } = {}) {
    await forgetInstances();
    const cluster = new Cluster();
    cluster.instances = [];
    for (let number = 1; number <= instances; number += 1) {
      cluster.instances.push(new Instance(`web-${number}`, await freePort(), await freePort(), settings));
    }
    await Promise.all(cluster.instances.map((it) => it.start()));
    cluster.urls = cluster.instances.map((it) => it.url);
    if (balancer) await cluster.balance();
    return cluster;
  }

  /** The shipped HAProxy configuration, before these instances. */
  async balance() {
    const port = await freePort();
    const servers = this.instances.map((it) => `    server ${it.name} 127.0.0.1:${it.port} check`).join("\n");
    const shipped = readFileSync(join(ROOT, "deploy/haproxy.cfg"), "utf8");
    const part = (name) => new RegExp(`[^\\n]*# >>> ${name}[\\s\\S]*?# <<<[^\\n]*\\n`);
    const config = shipped
      .replace(part("bind"), `    bind 127.0.0.1:${port}\n`)
      .replace(part("servers"), `${servers}\n`)
      .replaceAll(new RegExp(part("docker"), "g"), "");
    const file = join(mkdtempSync(join(tmpdir(), "signoff-web-")), "haproxy.cfg");
    writeFileSync(file, config);
    started("haproxy", ["-db", "-f", file]);
    this.url = `http://127.0.0.1:${port}`;
    await until("HAProxy passes requests on", () => isReady(this.url));
  }

  async stop() {
    for (const child of children) child.kill("SIGKILL");
    children.clear();
    // A page that a failed test has left behind must not keep the run from ending.
    setTimeout(() => process.exit(), 5000).unref();
  }

  /** A key for a principal of a workspace; both are made where new. */
  async key(workspace, principal, permissions, roles) {
    const args = ["keys", "create", "--workspace", workspace, "--principal", principal];
    if (roles) args.push("--roles", roles.join(","));
    if (permissions) args.push("--permissions", permissions.join(","));
    return (await run(variable("SIGNOFF_BIN"), args)).stdout.trim();
  }

  /** A key with a built-in role alone. */
  async role(workspace, principal, role) {
    const args = ["keys", "create", "--workspace", workspace, "--principal", principal, "--roles", role];
    return (await run(variable("SIGNOFF_BIN"), args)).stdout.trim();
  }

  /** A workspace of this test's own, with people in it. */
  async workspace(people = {}, name = `w-${randomBytes(5).toString("hex")}`) {
    const keys = { agent: await this.key(name, "agent", ["workspace:admin"]) };
    for (const [person, permissions] of Object.entries(people)) keys[person] = await this.key(name, person, permissions);
    return { name, keys, agent: new Api(this.urls[0], keys.agent) };
  }
}

/** The permissions of the built-in role. */
export const APPROVER = ["approval:view:pending", "approval:view:history", "approval:approve", "approval:reject", "approval:escalate", "approval:extend"];

// --- the API, as an agent calls it ---

export class Api {
  constructor(base, key) {
    Object.assign(this, { base, key });
  }

  async call(method, path, body, headers = {}) {
    const response = await fetch(`${this.base}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.key}`, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: /^[{[]/.test(text) ? JSON.parse(text) : null };
  }

  async ask(body) {
    const made = await this.call("POST", "/approvals", { run_id: "run-1", approval_type: "tool_call", context: { tool: "refund", arguments: { amount: "49.90" } }, ...body });
    if (made.status !== 201) throw new Error(JSON.stringify(made));
    return made.body;
  }

  wait(id, seconds = 55) {
    return this.call("GET", `/approvals/${id}/wait?timeout=${seconds}`);
  }

  async show(id) {
    return (await this.call("GET", `/approvals/${id}`)).body;
  }
}

/** A task's socket, as its agent holds it. */
export function taskSocket(url, task, key) {
  return new Promise((done, failed) => {
    const headers = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13", "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==", "sec-websocket-protocol": "signoff.v1", authorization: `Bearer ${key}` };
    const asked = request(`${url}/ws/${task}`, { headers });
    asked.on("upgrade", (_, it, head) => {
      it.isOpen = true;
      it.on("error", () => {});
      it.on("close", () => (it.isOpen = false));
      const read = frames((kind, body) => {
        // Under a mask of nothing. A ping is answered with what it said, a close with a close.
        const answer = (first) => it.write(Buffer.concat([Buffer.from([first, 0x80 | body.length, 0, 0, 0, 0]), body]));
        if (kind === 9) answer(0x8a);
        if (kind === 8) {
          it.isOpen = false;
          answer(0x88);
        }
      });
      it.on("data", read);
      read(head);
      done(it);
    });
    asked.on("response", (response) => failed(new Error(`refused: ${response.statusCode}`)));
    asked.on("error", failed);
    asked.end();
  });
}

/** Frames of a server: several may come at once, and one of them in parts. */
function frames(told) {
  let rest = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    for (;;) {
      if (rest.length < 2) return;
      const short = rest[1] & 0x7f;
      const begin = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (rest.length < begin) return;
      const length = short === 126 ? rest.readUInt16BE(2) : short === 127 ? Number(rest.readBigUInt64BE(2)) : short;
      if (rest.length < begin + length) return;
      told(rest[0] & 0x0f, rest.subarray(begin, begin + length));
      rest = rest.subarray(begin + length);
    }
  };
}

// --- browsers ---

let engine;
/** `routed`: the test answers or holds requests by `page.route`. A service worker would hide them from it, so there is none. */
export async function open(base, { width = 1280, height = 800, theme = "light", first = null, routed = false, ...more } = {}) {
  engine ??= await chromium.launch({ executablePath: variable("SIGNOFF_CHROMIUM"), args: ["--no-sandbox"] });
  const context = await engine.newContext({ viewport: { width, height }, colorScheme: theme, timezoneId: "Europe/Berlin", reducedMotion: "reduce", serviceWorkers: routed ? "block" : "allow", ...more });
  await context.addInitScript(() => {
    globalThis.violations = [];
    addEventListener("securitypolicyviolation", (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
  });
  // What is done in each page of it before its own scripts.
  if (first) await context.addInitScript(...first);
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(error.stack ?? String(error)));
  page.base = base;
  if (!routed) {
    page.route = () => {
      throw new Error("a test that uses page.route opens its page with `routed: true`");
    };
  }
  return page;
}

export async function closeBrowser() {
  await engine?.close();
  engine = undefined;
}

/** Signed in with a key, at a page of the app. */
export async function signedIn(base, key, { path = "/inbox", ...more } = {}) {
  const page = await open(base, more);
  await page.goto(`${base}/sign-in?to=${encodeURIComponent(path)}`);
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL((url) => url.pathname !== "/sign-in");
  return page;
}

/** Nothing went wrong in the page: no error, nothing that its policy had to refuse. */
export async function unharmed(page) {
  const violations = await page.evaluate(() => globalThis.violations);
  if (page.faults.length + violations.length > 0) throw new Error([...page.faults, ...violations].join("\n"));
}

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/**
 * In a world of its own: the page's policy keeps scripts out. Says what is wrong, in words. With `within` only those
 * parts of the page are looked at.
 */
export async function axe(page, within) {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const { executionContextId: contextId } = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id });
  const evaluate = (expression) => session.send("Runtime.evaluate", { expression, contextId, awaitPromise: true, returnByValue: true });
  await evaluate(AXE);
  const look = `axe.run(${within ? JSON.stringify({ include: within }) : "document"}, { runOnly: ${JSON.stringify(RULES)} }).then((it) => JSON.stringify(it.violations.map((one) =>
    one.id + ": " + one.nodes.map((node) => node.target.join(" ") + " (" + node.failureSummary.split("\\n")[1]?.trim() + ")").join(", "))))`;
  const { result, exceptionDetails } = await evaluate(look);
  await session.detach();
  if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
  return JSON.parse(result.value);
}

/** Where the page is, by itself. What the browser says of it can be a moment old. */
export const addressOf = async (page) => new URL(await page.evaluate(() => location.href));

export const overflows = (page) => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
