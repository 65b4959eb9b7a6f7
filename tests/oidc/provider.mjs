// An issuer for the tests: oidc-provider on a port of its own, with a few clients, and accounts that are whatever one
// signs in as. Prints its URL once it listens; ends with its standard input.
//
//   POST /test/rotate            new signing keys; {"keep": true} keeps the old ones beside them
//   POST /test/accounts/{name}   what is said of somebody from now on: {"roles": [...], "name": "..."}

import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const AUDIENCE = "https://signoff.example.com";
const DEVICE = "urn:ietf:params:oauth:grant-type:device_code";

const accounts = new Map();
const claimsOf = (id) => ({ name: `${id} of the test`, roles: ["member"], ...accounts.get(id) });

function key(alg) {
  const pair =
    alg === "RS256"
      ? generateKeyPairSync("rsa", { modulusLength: 2048 })
      : generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...pair.privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg };
}

const configuration = (keys) => ({
  jwks: { keys },
  cookies: { keys: ["not a secret"] },
  clients: [
    {
      client_id: "web",
      client_secret: "web secret: 100%",
      // Of a native application, any port of the loopback address will do.
      application_type: "native",
      redirect_uris: ["http://127.0.0.1/auth/callback"],
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
    {
      client_id: "cli",
      application_type: "native",
      token_endpoint_auth_method: "none",
      grant_types: [DEVICE, "refresh_token"],
      redirect_uris: [],
      response_types: [],
    },
    {
      client_id: "robot",
      client_secret: "robot secret",
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
    },
  ],
  features: {
    devInteractions: { enabled: true },
    deviceFlow: { enabled: true },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => AUDIENCE,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: "sign",
        audience: AUDIENCE,
        accessTokenFormat: "jwt",
        accessTokenTTL: Number(process.env.ACCESS_TOKEN_SECONDS ?? 300),
        jwt: { sign: { alg: process.env.ACCESS_TOKEN_ALG ?? "RS256" } },
      }),
    },
  },
  pkce: { required: () => true },
  conformIdTokenClaims: false,
  claims: { openid: ["sub"], profile: ["name", "roles"], email: ["email", "email_verified"] },
  scopes: ["openid", "offline_access", "profile", "email"],
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true, ...claimsOf(id) }),
  }),
  extraTokenClaims: (_, token) => (token.accountId ? claimsOf(token.accountId) : { roles: ["requester"] }),
  issueRefreshToken: (_, client) => client.grantTypeAllowed("refresh_token"),
  ttl: { RefreshToken: 3600, AccessToken: (_, token) => token.resourceServer?.accessTokenTTL ?? 300, IdToken: 300, Session: 3600, Grant: 3600, Interaction: 600 },
});

let keys = [key("RS256"), key("ES256")];
let handle;

const server = createServer(async (request, response) => {
  if (!request.url.startsWith("/test/")) return handle(request, response);
  let text = "";
  for await (const chunk of request) text += chunk;
  const body = JSON.parse(text || "{}");
  const [, , verb, name] = request.url.split("/");
  if (verb === "rotate") {
    const fresh = [key("RS256"), key("ES256")];
    keys = body.keep ? [...fresh, ...keys] : fresh;
    serve();
  } else {
    accounts.set(name, body);
  }
  response.writeHead(204).end();
});

function serve() {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  handle = new Provider(issuer, configuration(keys)).callback();
  return issuer;
}

// The library goes on talking when nobody listens any more.
process.stdout.on("error", () => {});
server.listen(0, "127.0.0.1", () => console.log(serve()));
process.stdin.resume().on("end", () => process.exit());
