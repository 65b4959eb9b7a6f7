// What travels, by name. Most are the document's own.

import type { components } from "./api.d.ts";

type Schemas = components["schemas"];

export type Approval = Schemas["Approval"] & {
  response_schema?: Record<string, unknown> | null;
};
export type Decision = Schemas["Decision"];
export type Claim = Schemas["Claim"];
export type Policy = Schemas["Policy"];
export type PolicyNode = Schemas["PolicyNode"];
export type Decided = Schemas["Decided"];
export type WhoAmI = Schemas["WhoAmI"];
export type SignInOptions = Schemas["SignInOptions"];

export type CanDo = "approve" | "edit" | "reject" | "cancel" | "escalate" | "extend";
export type WhyNot =
  | "own_request"
  | "not_named"
  | "service"
  | "voted"
  | "seat_taken"
  | "no_permission"
  | "ended"
  | "due";

export interface Summary {
  id: string;
  run_id: string;
  session_id: string | null;
  task_id: string;
  approval_type: string;
  workflow: string | null;
  title: string | null;
  digest: string | null;
  requested_by: string;
  status: "pending" | "resolved" | "expired" | "cancelled";
  resolution: "approved" | "rejected" | "modified" | null;
  resolved_via: string | null;
  resolved_by: string | null;
  resolved_for: string | null;
  version: number;
  created_at: string;
  updated_at: string;
  expires_at: string;
  resolved_at: string | null;
  /** What was said at its end, 200 characters at most. */
  feedback?: string | null;
  timeout_action: string;
  escalation_level: number;
  levels: number;
  extended_seconds: number;
  progress: { given: number; missing: number; summary: string } | null;
  my_vote: { verdict: "approved" | "rejected"; for: string | null } | null;
  can_decide: boolean;
  can: CanDo[];
  why_not: WhyNot | null;
}

export type Eligible = Schemas["EligibleView"];

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export interface Changes {
  items: Summary[];
  cursor: string;
  complete: boolean;
  restored: boolean;
}

export interface Counts {
  mine: number;
  all: number;
  soonest: { mine: string | null; all: string | null };
}

export interface Facet {
  value: string;
  count: number;
}
export type Facets = Record<"workflow" | "approval_type" | "requested_by", Facet[]>;

export type Key = Schemas["Key"];
export type MadeKey = Schemas["MadeKey"];
export type Principal = Schemas["Principal"];
export type Role = Schemas["Role"];
export type Workspace = Schemas["Workspace"];
export type BrowserSession = Schemas["BrowserSession"];
export type Delegation = Schemas["Delegation"];
export type Verification = Schemas["Verification"];
export type Checkpoint = Schemas["AuditCheckpoint"];
export type AuditRecord = Schemas["AuditRecord"];
export type Workspaces = Schemas["Workspaces"];
export type Own = Schemas["OwnNotification"];
export type Sent = Schemas["Notification"];
export type SentWithTries = Schemas["WithAttempts"];
export type HowTold = Schemas["NotificationPreferences"];
export type Webhook = Schemas["Webhook"];
export type WebhookWithSecret = Schemas["WebhookWithSecret"];
export type Delivery = Schemas["Delivery"];
export type DeliveryWithTries = Schemas["DeliveryWithAttempts"];
export type Outbox = Schemas["Outbox"];
export type StoredPreferences = Schemas["Preferences"];

export interface HistoryPage extends Page<Summary> {
  searched_back_to: string | null;
}
