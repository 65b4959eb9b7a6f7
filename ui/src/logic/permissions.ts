// Permissions, the built-in roles, and which page of the settings needs which. As docs/permissions.md has them.

export const PERMISSIONS = [
  "approval:create",
  "approval:approve",
  "approval:reject",
  "approval:cancel",
  "approval:escalate",
  "approval:extend",
  "approval:claim",
  "approval:view:pending",
  "approval:view:history",
  "run:delete",
  "event:publish",
  "event:subscribe",
  "connection:view",
  "connection:close",
  "cluster:view",
  "key:manage",
  "principal:manage",
  "policy:manage",
  "notification:view",
  "notification:manage",
  "webhook:manage",
  "audit:view",
  "workspace:admin",
] as const;

const DECIDING = ["approval:approve", "approval:reject", "approval:escalate", "approval:extend", "approval:view:pending", "approval:view:history", "event:subscribe"];
const ASKING = ["approval:create", "approval:cancel", "approval:claim", "approval:view:pending", "event:publish", "event:subscribe"];

export const BUILT_IN: Readonly<Record<string, readonly string[]>> = {
  agent: ["approval:create", "approval:view:pending", "event:publish"],
  requester: ASKING,
  approver: DECIDING,
  member: [...new Set([...ASKING, ...DECIDING, "connection:view"])],
  auditor: ["approval:view:pending", "approval:view:history", "connection:view", "notification:view", "audit:view"],
  operator: ["connection:view", "connection:close", "cluster:view"],
  admin: ["workspace:admin"],
};

/** `workspace:admin` stands for all of them but `cluster:view`, which looks beyond the workspace. */
export const allows = (granted: Iterable<string>, permission: string): boolean => {
  const all = new Set(granted);
  return all.has(permission) || (all.has("workspace:admin") && permission !== "cluster:view");
};

/** The built-in roles that have one of them. */
export const rolesWith = (...permissions: readonly string[]): string[] =>
  Object.entries(BUILT_IN)
    .filter(([, granted]) => permissions.some((permission) => allows(granted, permission)))
    .map(([role]) => role);

/** Nobody gives what they don't have. */
export const within = (wanted: readonly string[], mine: readonly string[]): boolean => wanted.every((one) => allows(mine, one));

export type Part = "keys" | "people" | "roles" | "workspace" | "webhooks" | "sent" | "audit" | "you";

/** null: for everybody. */
export const PARTS: Readonly<Record<Part, string | null>> = {
  keys: "key:manage",
  people: "principal:manage",
  roles: "principal:manage",
  workspace: "workspace:admin",
  webhooks: "webhook:manage",
  sent: "notification:view",
  audit: "audit:view",
  you: null,
};

export const isPart = (text: string): text is Part => Object.hasOwn(PARTS, text);

/** What a permission hides is not in the navigation. */
export const partsFor = (granted: readonly string[]): Part[] =>
  (Object.keys(PARTS) as Part[]).filter((part) => PARTS[part] === null || allows(granted, PARTS[part] ?? ""));
