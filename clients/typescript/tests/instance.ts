/**
 * An instance of the tests' own, which they may kill.
 *
 *     SIGNOFF_BIN           the program
 *     SIGNOFF_DATABASE_URL  and SIGNOFF_REDIS_URL, as for any instance
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

const PATIENCE_MS = 30_000;

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("there is no port");
  return address.port;
}

/** Serves always at the same address. */
export class Instance {
  readonly url: string;
  readonly #port: number;
  #process: ChildProcess | undefined;
  #log = "";

  private constructor(port: number) {
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** One that is not started yet. */
  static async make(): Promise<Instance> {
    return new Instance(await freePort());
  }

  async start(): Promise<void> {
    const program = process.env["SIGNOFF_BIN"];
    if (!program) throw new Error("no program: set SIGNOFF_BIN");
    const { SIGNOFF_API_KEY: _, ...environment } = process.env;
    const child = spawn(program, ["serve"], {
      env: {
        ...environment,
        SIGNOFF_HTTP_LISTEN: `127.0.0.1:${this.#port}`,
        SIGNOFF_OPERATOR_LISTEN: "",
        SIGNOFF_DRAIN_GRACE_SECONDS: "0",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (this.#log += String(text)));
    this.#process = child;
    const deadline = performance.now() + PATIENCE_MS;
    while (!(await this.#ready())) {
      if (child.exitCode !== null || performance.now() > deadline) throw new Error(`it doesn't start: ${this.#log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #ready(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/readyz`)).ok;
    } catch {
      return false;
    }
  }

  /** As a machine does that loses its power. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** As a deployment does. */
  async restart(): Promise<void> {
    await this.#end("SIGTERM");
    await this.start();
  }

  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  async #end(how: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    this.#process = undefined;
    const ended = once(child, "exit");
    child.kill(how);
    if (child.exitCode === null) await ended;
  }
}
