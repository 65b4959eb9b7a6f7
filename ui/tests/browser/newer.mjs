// Stands before the service as a balancer would whose instances are replaced: from then on another build of the app is
// served, the files of the one before are gone, and feeds say which build is served.

import { readFileSync, readdirSync } from "node:fs";
import { createServer, request } from "node:http";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const DIST = join(dirname(fileURLToPath(import.meta.url)), "../../dist");
const KINDS = { js: "text/javascript", css: "text/css", svg: "image/svg+xml", html: "text/html", png: "image/png", webmanifest: "application/manifest+json" };
const PAGE = /^\/(inbox|approvals|runs|history|operations|settings|sign-in)?(\/|$|\?)/;

const turned = (text) => [...text].reverse().join("");

/** The same app under other names: each hash turned round, in names and wherever a file names another. */
function rebuilt() {
  const build = readFileSync(join(DIST, "build.txt"), "utf8");
  const names = readdirSync(join(DIST, "assets")).filter((name) => !/\.(br|gz)$/.test(name));
  const hashes = [build, ...names.map((name) => /-(\w+)\.\w+$/.exec(name)[1])];
  const renamed = (text) => hashes.reduce((all, hash) => all.replaceAll(hash, turned(hash)), text);
  const files = new Map();
  const add = (path, name) => {
    const bytes = readFileSync(join(DIST, path));
    files.set(name, /\.png$/.test(path) ? bytes : Buffer.from(renamed(bytes.toString())));
  };
  for (const name of names) add(`assets/${name}`, `/assets/${renamed(name)}`);
  for (const name of ["service-worker.js", "start.js", "manifest.webmanifest"]) add(name, `/${name}`);
  add("index.html", "/");
  return { build, next: turned(build), files };
}

export class Front {
  static async before(url) {
    const front = new Front();
    const { hostname, port } = new URL(url);
    Object.assign(front, { hostname, port: Number(port), replaced: false, halfway: false, feeds: new Set(), ...rebuilt() });
    front.server = createServer((asked, answer) => front.pass(asked, answer));
    front.server.on("upgrade", (asked, near, head) => front.join(asked, near, head));
    await new Promise((done) => front.server.listen(0, "127.0.0.1", done));
    front.url = `http://127.0.0.1:${front.server.address().port}`;
    return front;
  }

  pass(asked, answer) {
    const path = asked.url.split("?")[0];
    // Halfway: the page comes from a new instance, its files are asked of an old one.
    if (this.halfway && asked.method === "GET" && PAGE.test(path)) return this.serve(path, answer);
    if (this.replaced && asked.method === "GET" && (path.startsWith("/assets/") || this.files.has(path) || PAGE.test(path))) return this.serve(path, answer);
    const { hostname, port } = this;
    const passed = request({ hostname, port, path: asked.url, method: asked.method, headers: asked.headers }, (got) => {
      answer.writeHead(got.statusCode, got.headers);
      got.pipe(answer);
    });
    passed.on("error", () => answer.destroy());
    asked.pipe(passed);
  }

  serve(path, answer) {
    const bytes = this.files.get(path.startsWith("/assets/") || this.files.has(path) ? path : "/");
    if (!bytes) return answer.writeHead(404).end();
    const name = path.startsWith("/assets/") || path.includes(".") ? path : "index.html";
    answer.writeHead(200, { "content-type": KINDS[name.split(".").at(-1)], "cache-control": "no-cache" });
    answer.end(bytes);
  }

  join(asked, near, head) {
    const far = connect(this.port, this.hostname, () => {
      const headers = Object.entries(asked.headers).map(([name, value]) => `${name}: ${value}\r\n`);
      far.write(`${asked.method} ${asked.url} HTTP/1.1\r\n${headers.join("")}\r\n`);
      far.write(head);
      near.pipe(far);
    });
    far.on("data", (bytes) => near.write(this.replaced ? Buffer.from(bytes.toString("latin1").replaceAll(`+${this.build}"`, `+${this.next}"`), "latin1") : bytes));
    this.feeds.add(near);
    for (const [one, other] of [[near, far], [far, near]]) {
      one.on("error", () => {});
      one.on("close", () => {
        other.destroy();
        this.feeds.delete(near);
      });
    }
  }

  /** All instances are replaced: their feeds end. */
  replace() {
    this.replaced = true;
    for (const feed of this.feeds) feed.destroy();
  }

  end() {
    this.server.close();
    this.server.closeAllConnections();
  }
}
