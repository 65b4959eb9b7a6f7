/** The API's types by their names; all others are in `components["schemas"]`. */

import type { components } from "./types.gen.js";

export type { components } from "./types.gen.js";

type Schemas = components["schemas"];

export type AcceptedEvents = Schemas["AcceptedView"];
export type Approval = Schemas["Approval"];
export type BulkAction = Schemas["BulkAction"];
export type BulkDone = Schemas["BulkDone"];
export type BulkResult = Schemas["BulkResult"];
export type Checkpoint = Schemas["Checkpoint"];
export type CreatedApproval = Schemas["CreatedApproval"];
export type Decided = Schemas["Decided"];
export type Event = Schemas["Event"];
export type EventBody = Schemas["EventBody"];
export type LevelBody = Schemas["LevelBody"];
export type Notify = Schemas["Notify"];
export type PendingApproval = Schemas["PendingApproval"];
export type PolicyBody = Schemas["PolicyBody"];
export type Problem = Schemas["Problem"];
export type Run = Schemas["Run"];
export type Ticket = Schemas["TicketView"];
export type TimeoutAction = Schemas["TimeoutAction"];
export type View = Schemas["View"];
export type Violation = Schemas["Violation"];

/** An object of JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;
