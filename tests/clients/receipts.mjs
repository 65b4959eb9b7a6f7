// Asks `jose` what `receipts.py` has asked PyJWT. On standard input: a list of {what, receipt, keys, issuer, audience, takes}.
// Stops at the first answer that is another one.

import { text } from "node:stream/consumers";
import { createLocalJWKSet, errors, jwtVerify } from "jose";

async function takes({ receipt, keys, issuer, audience }) {
  try {
    await jwtVerify(receipt, createLocalJWKSet(keys), { issuer, audience, algorithms: ["EdDSA"], typ: "signoff-receipt+jwt" });
    return true;
  } catch (error) {
    if (error instanceof errors.JOSEError) return false;
    throw error;
  }
}

const questions = JSON.parse(await text(process.stdin));
for (const question of questions) {
  if ((await takes(question)) !== question.takes) {
    console.error(`FAILED  jose: ${question.what}`);
    process.exit(1);
  }
}
console.log(`ok      jose agrees about ${questions.length} receipts`);
