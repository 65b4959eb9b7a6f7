/** The client. */

import { Approvals } from "./approvals.js";
import { type Caller, checkDuration } from "./calls.js";
import type { SocketConstructor } from "./follow.js";
import { type ApiKey, Http } from "./http.js";
import { Runs, Tasks } from "./tasks.js";

/** What a client is made with. */
export interface SignoffOptions {
  /** Where the server is; `SIGNOFF_URL` where nothing is said. */
  readonly url?: string | undefined;
  /**
   * A key, or a function that answers one, asked again after a 401; `SIGNOFF_API_KEY` where nothing is said. Where it throws,
   * or takes longer than an answer may, that is a connection that failed.
   */
  readonly apiKey?: ApiKey | undefined;
  /** How long an answer may take that nobody holds; 10,000 where nothing is said. */
  readonly timeoutMs?: number | undefined;
  /** For how long `ask` and `wait` go on without any answer from the server; for ever where nothing is said. */
  readonly patienceMs?: number | undefined;
  /**
   * How often a call is repeated where that is safe; 4 where nothing is said. For `ask` and `wait`: how often in a row a redirect
   * or a refusal is taken that is not Signoff's.
   */
  readonly maxRetries?: number | undefined;
  /** In place of the global one. */
  readonly fetch?: typeof fetch | undefined;
  /** In place of the global one, which Node has from version 22 on. */
  readonly WebSocket?: SocketConstructor | undefined;
}

/** A client of a Signoff server. */
export class Signoff {
  readonly approvals: Approvals;
  readonly tasks: Tasks;
  readonly runs: Runs;

  constructor(options: SignoffOptions = {}) {
    const { url, apiKey, timeoutMs = 10_000, patienceMs, maxRetries = 4 } = options;
    checkDuration("timeoutMs", timeoutMs);
    checkDuration("patienceMs", patienceMs);
    const caller: Caller = { http: new Http(url, apiKey, timeoutMs, options.fetch), maxRetries, patienceMs };
    this.approvals = new Approvals(caller);
    this.tasks = new Tasks(caller, options.WebSocket);
    this.runs = new Runs(caller);
  }
}
