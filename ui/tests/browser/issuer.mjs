// A small OpenID Connect issuer: who comes is signed in at once, as the person that the test has set.

import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { createServer } from "node:http";

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

export class Issuer {
  /** Claims of whoever comes next. */
  person = {};
  codes = new Map();
  keys = generateKeyPairSync("rsa", { modulusLength: 2048 });

  static async start() {
    const issuer = new Issuer();
    issuer.server = createServer((request, response) => issuer.answer(request, response));
    await new Promise((done) => issuer.server.listen(0, "127.0.0.1", done));
    issuer.url = `http://127.0.0.1:${issuer.server.address().port}`;
    return issuer;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** How an instance is told to trust it. */
  settings(publicUrl) {
    return {
      SIGNOFF_HTTP_PUBLIC_URL: publicUrl,
      SIGNOFF_OIDC_ISSUER: this.url,
      SIGNOFF_OIDC_CLIENT_ID: "web",
      SIGNOFF_OIDC_CLIENT_SECRET: "a secret",
      SIGNOFF_OIDC_CLAIM_WORKSPACE: "org",
    };
  }

  async answer(request, response) {
    const url = new URL(request.url, this.url);
    const json = (body) => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (url.pathname === "/.well-known/openid-configuration") return json(this.about());
    if (url.pathname === "/jwks") return json({ keys: [{ ...this.keys.publicKey.export({ format: "jwk" }), kid: "1", alg: "RS256", use: "sig" }] });
    if (url.pathname === "/authorize") {
      const code = randomBytes(16).toString("hex");
      this.codes.set(code, { nonce: url.searchParams.get("nonce"), challenge: url.searchParams.get("code_challenge"), person: this.person });
      const back = new URL(url.searchParams.get("redirect_uri"));
      for (const [name, value] of Object.entries({ code, state: url.searchParams.get("state"), iss: this.url })) back.searchParams.set(name, value);
      return response.writeHead(302, { location: back.href }).end();
    }
    if (url.pathname !== "/token") return response.writeHead(404).end();
    let text = "";
    for await (const part of request) text += part;
    const form = new URLSearchParams(text);
    const asked = this.codes.get(form.get("code"));
    this.codes.delete(form.get("code"));
    const proof = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
    if (!asked || asked.challenge !== proof) return response.writeHead(400, { "content-type": "application/json" }).end('{"error":"invalid_grant"}');
    return json({ id_token: this.token(asked), access_token: "unused", token_type: "Bearer", expires_in: 300 });
  }

  about() {
    return {
      issuer: this.url,
      authorization_endpoint: `${this.url}/authorize`,
      token_endpoint: `${this.url}/token`,
      jwks_uri: `${this.url}/jwks`,
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
      code_challenge_methods_supported: ["S256"],
      token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
      authorization_response_iss_parameter_supported: true,
    };
  }

  token({ nonce, person }) {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: this.url, aud: "web", iat: now, exp: now + 300, auth_time: now, ...(nonce && { nonce }), ...person };
    const text = `${encoded({ alg: "RS256", typ: "JWT", kid: "1" })}.${encoded(claims)}`;
    return `${text}.${sign("sha256", Buffer.from(text), this.keys.privateKey).toString("base64url")}`;
  }
}
