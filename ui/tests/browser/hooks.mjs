// A receiver of webhooks on loopback: keeps what came, and answers as it is told to.

import { createHmac } from "node:crypto";
import { createServer } from "node:http";

/** What lets instances send to it. */
export const HOOKS = {
  SIGNOFF_WEBHOOKS_ALLOWED_NETWORKS: "127.0.0.0/8",
  SIGNOFF_WEBHOOKS_ALLOW_HTTP: "true",
};

export class Receiver {
  static async start() {
    const it = new Receiver();
    it.received = [];
    it.answer = () => [204, ""];
    it.server = createServer((request, response) => {
      const parts = [];
      request.on("data", (part) => parts.push(part));
      request.on("end", () => {
        const came = { path: request.url, headers: request.headers, body: Buffer.concat(parts).toString() };
        it.received.push(came);
        const [status, text] = it.answer(came);
        response.writeHead(status, { "content-type": "text/plain" }).end(text);
      });
    });
    await new Promise((done) => it.server.listen(0, "127.0.0.1", done));
    it.url = `http://127.0.0.1:${it.server.address().port}`;
    return it;
  }

  at(path) {
    return this.received.filter((it) => it.path === path);
  }

  end() {
    this.server.close();
    this.server.closeAllConnections();
  }
}

/** Which of these secrets have signed it. */
export function signers({ headers, body }, secrets) {
  const given = headers["webhook-signature"].split(" ");
  return secrets.filter((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
    return given.includes(`v1,${createHmac("sha256", key).update(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`).digest("base64")}`);
  });
}
