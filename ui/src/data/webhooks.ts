// Where endpoints of webhooks are, and what is done with one.

import { send } from "./loading.ts";
import type { Webhook, WebhookWithSecret } from "./types.ts";

export const WEBHOOKS = "/api/v1/webhooks";

const at = (id: string, what = "") => `${WEBHOOKS}/${encodeURIComponent(id)}${what}`;

export const deliveriesOf = (id: string): string => at(id, "/deliveries");

export const makeWebhook = (body: object) => send<WebhookWithSecret>("POST", WEBHOOKS, body);
export const changeWebhook = (id: string, body: object) => send<Webhook>("PATCH", at(id), body);
export const removeWebhook = (id: string) => send("DELETE", at(id));
export const testWebhook = (id: string) => send<{ delivery_id: string }>("POST", at(id, "/test"));
export const rotateWebhook = (id: string, overlap: number) => send<WebhookWithSecret>("POST", at(id, "/rotate-secret"), { overlap_seconds: overlap });
export const sendFailedAgain = (id: string) => send<{ replayed: number; more: boolean }>("POST", at(id, "/replay"), { status: "failed" });
