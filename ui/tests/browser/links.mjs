// What tests can take away from the service or from a browser: a connection that can be cut or lose its packets, a
// Redis of their own, and a newer build of the app.

import { createServer, connect } from "node:net";
import { ended, freePort, started, until } from "./harness.mjs";

/** TCP to a port of this machine. Cut: nothing is there. Lost: what is open stays so and carries nothing, for ever. */
export class Link {
  static async to(port) {
    const link = new Link();
    Object.assign(link, { target: port, is: "open", pairs: new Set() });
    link.server = createServer((near) => link.join(near));
    await new Promise((done) => link.server.listen(0, "127.0.0.1", done));
    link.port = link.server.address().port;
    return link;
  }

  join(near) {
    near.on("error", () => {});
    if (this.is === "cut") return near.destroy();
    // Accepted by the system, and silent.
    if (this.is === "lost") return void this.pairs.add([near]);
    const far = connect(this.target, "127.0.0.1");
    far.on("error", () => {});
    const pair = [near, far];
    this.pairs.add(pair);
    near.pipe(far).pipe(near);
    for (const [one, other] of [[near, far], [far, near]]) {
      one.on("close", () => {
        other.destroy();
        this.pairs.delete(pair);
      });
    }
  }

  cut() {
    this.is = "cut";
    for (const pair of this.pairs) for (const one of pair) one.destroy();
  }

  lose() {
    this.is = "lost";
    for (const [near, far] of this.pairs) {
      far?.unpipe(near);
      near.unpipe(far);
      near.pause();
      far?.pause();
    }
  }

  /** What is opened from now on works. */
  mend() {
    this.is = "open";
  }

  end() {
    this.cut();
    this.server.close();
  }
}

/** A Redis that keeps nothing. */
export class Redis {
  static async start() {
    const redis = new Redis();
    redis.port = await freePort();
    await redis.begin();
    return redis;
  }

  get url() {
    return `redis://127.0.0.1:${this.port}/0`;
  }

  async begin() {
    this.child = started(process.env.SIGNOFF_REDIS_SERVER, ["--port", String(this.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
    await until("Redis answers", async () => (await this.say("PING")) === "+PONG");
  }

  stop() {
    return ended(this.child, "SIGKILL");
  }

  freeze() {
    this.child.kill("SIGSTOP");
  }

  thaw() {
    this.child.kill("SIGCONT");
  }

  say(command) {
    return new Promise((done, failed) => {
      const socket = connect(this.port, "127.0.0.1", () => socket.write(`${command}\r\n`));
      socket.on("error", failed);
      socket.on("data", (bytes) => {
        done(String(bytes).trim());
        socket.destroy();
      });
    });
  }
}
