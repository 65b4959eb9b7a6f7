// Asks about a call and runs it once it is approved. A test kills this process, and starts it again.

import { appendFile } from "node:fs/promises";
import { requireApproval, withRun } from "signoff";

const [ran, runId] = process.argv.slice(2);
const refund = requireApproval(({ order }) => appendFile(ran, order), { name: "refund", title: "Refund {order}" });
await withRun(runId, () => refund({ order: "1042" }));
