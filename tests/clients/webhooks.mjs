// Asks `standardwebhooks` of npm what `webhooks.py` has asked the package of PyPI. On standard input: a list of
// {what, secret, headers, body, takes}. Stops at the first answer that is another one.

import { text } from "node:stream/consumers";
import { Webhook, WebhookVerificationError } from "standardwebhooks";

function takes({ secret, headers, body }) {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return false;
    throw error;
  }
}

const questions = JSON.parse(await text(process.stdin));
for (const question of questions) {
  const got = takes(question);
  if (got !== question.takes) {
    console.log(`FAILED  npm: ${question.what}\n  expected: ${question.takes}\n  got:      ${got}`);
    process.exit(1);
  }
}
console.log(`ok      npm: ${questions.length} answers`);
