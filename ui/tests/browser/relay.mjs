// A mail relay on this machine: takes what it is given, and refuses the addresses that it is told to refuse.

import { createServer } from "node:net";

export class Relay {
  static async start() {
    const relay = new Relay();
    Object.assign(relay, { refused: new Set(), taken: [], sockets: new Set() });
    relay.server = createServer((socket) => relay.talk(socket));
    await new Promise((done) => relay.server.listen(0, "127.0.0.1", done));
    return relay;
  }

  /** For instances that send by it; links in their mail lead to themselves. */
  get settings() {
    return (url) => ({
      SIGNOFF_HTTP_PUBLIC_URL: url,
      SIGNOFF_SMTP_HOST: "127.0.0.1",
      SIGNOFF_SMTP_PORT: String(this.server.address().port),
      SIGNOFF_SMTP_SECURITY: "none",
      SIGNOFF_SMTP_FROM: "Signoff <signoff@acme.example>",
    });
  }

  talk(socket) {
    this.sockets.add(socket);
    socket.on("close", () => this.sockets.delete(socket));
    socket.on("error", () => {});
    socket.write("220 relay ready\r\n");
    let [rest, to, inData] = ["", [], false];
    socket.on("data", (bytes) => {
      rest += bytes;
      for (;;) {
        const end = inData ? rest.indexOf("\r\n.\r\n") : rest.indexOf("\r\n");
        if (end < 0) return;
        const line = rest.slice(0, end);
        rest = rest.slice(end + (inData ? 5 : 2));
        if (inData) {
          this.taken.push({ to, text: line });
          [to, inData] = [[], false];
          socket.write("250 2.0.0 queued\r\n");
        } else if (/^DATA/i.test(line)) {
          inData = true;
          socket.write("354 go on\r\n");
        } else if (/^RCPT/i.test(line)) {
          const [, address] = /<(.*)>/.exec(line);
          const gone = this.refused.has(address);
          if (!gone) to.push(address);
          socket.write(gone ? `550 5.1.1 <${address}>: no such mailbox here\r\n` : "250 2.1.5 ok\r\n");
        } else if (/^(RSET|MAIL)/i.test(line)) {
          to = [];
          socket.write("250 2.0.0 ok\r\n");
        } else if (/^QUIT/i.test(line)) {
          socket.end("221 2.0.0 bye\r\n");
        } else socket.write(/^EHLO/i.test(line) ? "250-relay\r\n250 8BITMIME\r\n" : "250 2.0.0 ok\r\n");
      }
    });
  }

  end() {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}
