// A superuser's session: holds an approval's row, as a neighbour that is busy with it would, and makes many in a moment.

import { spawn } from "node:child_process";
import { until } from "./harness.mjs";

export class Session {
  constructor() {
    this.child = spawn("psql", ["-X", "-q", "-A", "-t", process.env.WEB_TESTS_ADMIN_URL], { stdio: ["pipe", "pipe", "inherit"] });
    this.told = "";
    this.child.stdout.on("data", (text) => {
      this.told += text;
    });
  }

  /** The answer's lines. */
  async ask(sql) {
    const from = this.told.length;
    this.child.stdin.write(`${sql};\n\\echo __done__\n`);
    await until(sql, () => this.told.slice(from).includes("__done__"));
    return this.told.slice(from).split("__done__")[0].trim().split("\n").filter(Boolean);
  }

  async hold(id) {
    await this.ask("BEGIN");
    const [held] = await this.ask(`SELECT id FROM approval_requests WHERE id = '${id}' FOR UPDATE`);
    if (held !== id) throw new Error(`not held: ${id}`);
  }

  /** Copies of an approval, thousands in a moment: each a second later than the one before, its number in its title. */
  async copy(id, amount) {
    const own = "'id', gen_random_uuid(), 'title', a.title || ' ' || lpad(n::text, 5, '0'), 'expires_at', a.expires_at + n * interval '1 second'";
    const made = `SELECT (jsonb_populate_record(a, jsonb_build_object(${own}))).* FROM approval_requests a, generate_series(1, ${amount}) n WHERE a.id = '${id}'`;
    const [copied] = await this.ask(`WITH made AS (INSERT INTO approval_requests ${made} RETURNING 1) SELECT count(*) FROM made`);
    if (Number(copied) !== amount) throw new Error(`not copied: ${id}`);
    // As autovacuum would do soon.
    await this.ask("ANALYZE approval_requests");
  }

  async release() {
    await this.ask("ROLLBACK");
  }

  /** How many wait for a row that another holds. */
  async waiting() {
    const [amount] = await this.ask("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()");
    return Number(amount);
  }

  end() {
    this.child.stdin.end();
  }
}
