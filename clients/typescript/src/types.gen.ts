// Made by types.mjs; not to be edited.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description The events are in the task's log. */
        AcceptedView: {
            /** @description Whether a socket follows the task now. Without one they wait in the log. */
            connected: boolean;
            /**
             * @description Where the last of them is.
             * @example 1763700000000042
             */
            cursor: string;
        };
        /** @description One question to people, and how it stands. */
        Approval: {
            /** @example tool_call */
            approval_type: string;
            checkpoint?: components["schemas"]["Checkpoint"] | null;
            /**
             * Format: int32
             * @description How long after the outcome it may be claimed; null: without end.
             */
            claim_within_seconds?: number | null;
            /** @description As it was sent. */
            context: Record<string, never>;
            /** Format: date-time */
            created_at: string;
            description?: string | null;
            /**
             * @description Of what is asked: SHA-256 over canonical JSON (RFC 8785). An approver sends it along to say what they were shown.
             *     Null where an older version took in a number that no double holds.
             */
            digest?: string | null;
            /** @description The levels above the first, as they were sent; null where none were. */
            escalation?: components["schemas"]["EscalationLevel"][] | null;
            /**
             * Format: int32
             * @description The level at which it stands, or ended: 0 is the request's own.
             */
            escalation_level: number;
            /** @description The hops that led there. */
            escalations: components["schemas"]["EscalationHop"][];
            /** @description Who may claim what was approved, besides the requester. */
            executors: string[];
            /** Format: date-time */
            expires_at: string;
            /**
             * Format: int32
             * @description By how much the deadline of this level was moved.
             */
            extended_seconds: number;
            /** @description `flat` where `response_schema` is one object of plain fields, as MCP's elicitation takes it. Absent otherwise. */
            form?: string;
            /**
             * Format: uuid
             * @example 0193d1a4-7c1e-7b60-9f43-0f2f5a3c9a10
             */
            id: string;
            job_id?: string | null;
            /** @description As it was sent. */
            metadata: Record<string, never>;
            notify?: components["schemas"]["Notify"] | null;
            /** @description For whom the requester acted. */
            on_behalf_of?: string | null;
            policy: components["schemas"]["Policy"];
            /** @description What the policy still misses. Absent where it has ended. */
            progress?: components["schemas"]["Progress"];
            /** @description How many seconds before each level's deadline its approvers are reminded, the longest first. */
            remind_before_seconds: number[];
            /** @example agent-7 */
            requested_by: string;
            /** Format: uuid */
            requested_by_id: string;
            resolution?: components["schemas"]["Resolution"] | null;
            /** Format: date-time */
            resolved_at?: string | null;
            /** @description Who ended it: the name they had then. */
            resolved_by?: string | null;
            /** Format: uuid */
            resolved_by_id?: string | null;
            /** @description In whose seat they did, where it was not their own. */
            resolved_for?: string | null;
            resolved_via?: components["schemas"]["ResolvedVia"] | null;
            /** @description What modifications must satisfy, as it was sent. */
            response_schema?: Record<string, never> | null;
            result?: components["schemas"]["ApprovalResult"] | null;
            /** @example run-42 */
            run_id: string;
            session_id?: string | null;
            /** @description `pending`, or one of three final ones: `resolved`, `expired`, `cancelled`. */
            status: components["schemas"]["Status"];
            /**
             * @description What a socket is about; the run's id unless given.
             * @example run-42
             */
            task_id: string;
            /** @description What the deadline does: `expire`, `approve`, `reject` or `escalate`. */
            timeout_action: components["schemas"]["TimeoutAction"];
            /** @example Drop table users? */
            title?: string | null;
            /** Format: date-time */
            updated_at: string;
            /**
             * Format: int32
             * @description Raised by every accepted vote and every change of state; the `ETag`.
             * @example 1
             */
            version: number;
            view?: components["schemas"]["View"] | null;
            /**
             * @description The workflow that the run is one of.
             * @example checkout-release
             */
            workflow?: string | null;
            /** Format: uuid */
            workspace_id: string;
        };
        /** @description What was said when it ended. */
        ApprovalResult: {
            because?: components["schemas"]["Because"] | null;
            /** @description What a rejecter added to the reason. */
            comment?: string | null;
            /** @description An approver's comment, or a rejecter's or canceller's reason. */
            feedback?: string | null;
            /** @description The proposal's edits, where it was approved with some. */
            modifications?: Record<string, never> | null;
            /** @description Of the modifications, as `digest` is of the request. The system that acts compares it with what it is about to do. */
            modifications_digest?: string;
            resolution?: components["schemas"]["Resolution"] | null;
        };
        /**
         * @description What to say with an approval. All of it may be left out, and so may the body.
         * @example {
         *       "comment": "Looks right",
         *       "modifications": {
         *         "limit": 10
         *       }
         *     }
         */
        ApproveBody: {
            /** @description At most 5,000 characters. */
            comment?: string | null;
            /** @description The `digest` of what you were shown. Where the approval has another, nothing is decided. */
            digest?: string | null;
            /** @description In whose seat, where several are open to you by delegation. */
            for?: string | null;
            /** @description Kept with the decision. At most 64 KiB. */
            metadata?: Record<string, never> | null;
            /**
             * @description Edits to the proposal. Where there are any, the resolution is `modified`; in a quorum they must equal the
             *     first approver's. At most 256 KiB.
             */
            modifications?: Record<string, never> | null;
        };
        Audit: {
            /** @description Oldest first. */
            items: components["schemas"]["AuditRecord"][];
            /** @description Null on the last page. */
            next_cursor?: string | null;
        };
        /** @description A signed statement of where the chain stood. Keep it where nobody who can change the database can change it. */
        AuditCheckpoint: {
            checkpoint: components["schemas"]["Standing"];
            /**
             * @description The first 16 digits of the SHA-256 of the public key.
             * @example 8a5c3e1f0b7d9264
             */
            key_id: string;
            /** @description Ed25519, 32 bytes in base64. */
            public_key: string;
            /** @description Of `checkpoint` as canonical JSON (RFC 8785), 64 bytes in base64. */
            signature: string;
        };
        /** @description Something that doesn't fit. */
        AuditFinding: {
            kind: components["schemas"]["FindingKind"];
            /**
             * Format: int64
             * @description In the chain.
             */
            position: number;
            words: string;
        };
        /** @description One page. */
        AuditPage: {
            /** @description Newest first. */
            items: components["schemas"]["AuditRecord"][];
            /** @description Null on the last page. There may be one on an empty page: it goes on from there. */
            next_cursor?: string | null;
        };
        /** @description One entry of the record, as it is shown. */
        AuditRecord: {
            /** @example approval.resolved */
            action: string;
            /** @description Null: nobody (a timeout), or an operator at the command line. */
            actor?: string | null;
            /** Format: uuid */
            actor_id?: string | null;
            address?: string | null;
            after?: Record<string, never> | null;
            /** Format: uuid */
            approval_id?: string | null;
            /** Format: date-time */
            at: string;
            before?: Record<string, never> | null;
            /**
             * @description What the actor came with, by its public name.
             * @example key:lkaqmt2vfljk
             */
            credential?: string | null;
            detail: Record<string, never>;
            /** @description For whom the actor acted. */
            on_behalf_of?: string | null;
            /**
             * Format: int64
             * @description Its place in the workspace's chain; null until it is linked, which takes a second at most.
             */
            position?: number | null;
            request_id?: string | null;
            run_id?: string | null;
            /** @description What it happened to, where that is no approval: a key's prefix, a name. */
            subject?: string | null;
            user_agent?: string | null;
            via: components["schemas"]["RecordVia"];
        };
        /**
         * @description Why votes ended it.
         * @enum {string}
         */
        Because: "quorum" | "rejections" | "veto" | "impossible";
        /** @description What the votes so far come to. */
        BriefProgress: components["schemas"]["Progress"] & {
            /**
             * @description Approvals at this level that count.
             * @example 1
             */
            given: number;
        };
        /** @description One of them, as it is shown. */
        BrowserSession: {
            address?: string | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            expires_at: string;
            /** Format: uuid */
            id: string;
            /** @description The prefix of the key that it was opened with; null: the issuer vouched. */
            key?: string | null;
            /**
             * Format: date-time
             * @description To the minute.
             */
            last_seen_at: string;
            /** @example ana */
            principal: string;
            user_agent?: string | null;
        };
        /**
         * @description What is said to many.
         * @enum {string}
         */
        BulkAction: "approve" | "reject";
        /**
         * @description One answer to up to 200 approvals.
         * @example {
         *       "action": "approve",
         *       "comment": "The whole batch is fine",
         *       "ids": [
         *         "0193d1a4-7c1e-7b60-9f43-0f2f5a3c9a10",
         *         "0193d1a4-7c1e-7b60-9f43-0f2f5a3c9a11"
         *       ]
         *     }
         */
        BulkBody: {
            action: components["schemas"]["BulkAction"];
            /** @description At most 5,000 characters. */
            comment?: string | null;
            /** @description In whose seat, where several are open to you by delegation. */
            for?: string | null;
            /** @description 1 to 200 ids, each with the digest of what was shown or without it; of doubles the first counts. */
            ids: components["schemas"]["BulkItem"][];
            /** @description Required to reject, and only then; at most 5,000 characters. */
            reason?: string | null;
        };
        /** @description What became of each. */
        BulkDone: {
            /** @description In the order given, doubles once. */
            results: components["schemas"]["BulkResult"][];
        };
        /** @description One of the approvals. */
        BulkItem: string | components["schemas"]["ShownItem"];
        /** @description What became of one approval. */
        BulkResult: {
            /** @description As it stands, where a call for it alone would have shown it. Left out once others in this answer have 4 MiB. */
            approval?: components["schemas"]["Approval"];
            /** @description False where the same had been said before, and where it was not done. */
            changed: boolean;
            code?: components["schemas"]["Code"] | null;
            /** Format: uuid */
            id: string;
            /**
             * Format: int32
             * @description The HTTP status that a call for it alone would have got.
             * @example 200
             */
            status: number;
        };
        /**
         * @description Why.
         * @example {
         *       "reason": "The run was superseded"
         *     }
         */
        CancelBody: {
            /** @description Required; at most 5,000 characters. */
            reason: string;
        };
        /** @description What changed. */
        Changes: {
            /**
             * @description False where it was too much, or too long ago, or the database was restored since: read the lists anew, and ask
             *     from `cursor` on.
             */
            complete: boolean;
            /** @description For `after` of the next call. */
            cursor: string;
            /** @description Each as it stands now, in no order. Some may have been told before: of each, the highest version counts. */
            items: components["schemas"]["Summary"][];
            /** @description The database was restored from a backup since: what was told may never have happened. Forget what you have. */
            restored: boolean;
        };
        /** @description For each channel `immediate` or `off`. */
        ChannelChoices: {
            /** @example off */
            email: string;
            /** @example immediate */
            in_app: string;
            /** @example immediate */
            slack: string;
        };
        /** @description For each channel `immediate`, which is the default, or `off`. */
        ChannelsBody: {
            email?: string | null;
            /** @description It can't be switched off. */
            in_app?: string | null;
            slack?: string | null;
        };
        /**
         * @description A policy, and who would ask.
         * @example {
         *       "policy": {
         *         "all_of": [
         *           {
         *             "groups": [
         *               "security"
         *             ]
         *           },
         *           {
         *             "groups": [
         *               "product"
         *             ]
         *           }
         *         ]
         *       },
         *       "requested_by": "agent-7"
         *     }
         */
        CheckBody: {
            policy: components["schemas"]["PolicyBody"];
            /** @description The caller by default, and for whom the caller acts. */
            requested_by?: string | null;
        };
        /** @description Kept with the request, and handed back with the outcome. */
        Checkpoint: {
            /** @example before-drop */
            name: string;
            state: Record<string, never>;
        };
        /** @description One page. */
        CheckpointsPage: {
            /** @description Newest first. */
            items: components["schemas"]["AuditCheckpoint"][];
            /** @description Null on the last page. */
            next_cursor?: string | null;
        };
        /** @description Who acts on what was approved. */
        Claim: {
            /** Format: uuid */
            approval_id: string;
            /** @description For whom its receipt is. */
            audience?: string | null;
            /** Format: date-time */
            claimed_at: string;
            /** @example deployer */
            claimed_by: string;
            /** Format: uuid */
            claimed_by_id: string;
            /** Format: date-time */
            completed_at?: string | null;
            detail?: string | null;
            /**
             * Format: int64
             * @description Rises with each take-over: the system that acts refuses what has a lower one than it has seen.
             * @example 1
             */
            fence: number;
            /** Format: uuid */
            id: string;
            /** @example deploy-42/attempt-1 */
            key: string;
            /**
             * Format: date-time
             * @description From then on another executor may take it over; null: never.
             */
            lease_until?: string | null;
            outcome?: components["schemas"]["ClaimOutcome"] | null;
            /** Format: date-time */
            released_at?: string | null;
            /**
             * Format: date-time
             * @description When it was renewed last.
             */
            renewed_at?: string | null;
            /** @description `claimed`, `released` or `completed`. */
            state: components["schemas"]["ClaimState"];
        };
        /**
         * @description Who will act, and for how long nobody else may.
         * @example {
         *       "audience": "deployer",
         *       "key": "deploy-42/attempt-1",
         *       "lease_seconds": 300,
         *       "receipt_seconds": 600
         *     }
         */
        ClaimBody: {
            /** @description For whom the receipt is: the `aud` that the system that acts expects. At most 200 characters. */
            audience?: string | null;
            /** @description Names this attempt: the same principal with the same key gets the same claim. At most 200 characters. */
            key: string;
            /**
             * Format: int64
             * @description For how long nobody takes it over, 10 to 86,400; without it, the claim is for good.
             */
            lease_seconds?: number | null;
            /**
             * Format: int64
             * @description How long the receipt is good, 10 to 604,800; 600 by default.
             */
            receipt_seconds?: number | null;
        };
        /** @description The answer to an executor. */
        Claimed: {
            /** @description False where the same executor had it already, or had said the same. */
            changed: boolean;
            claim: components["schemas"]["Claim"];
            /**
             * @description A JWT that shows it to the system that acts; null where the service has no key that signs, and where the claim has
             *     ended.
             * @example eyJhbGciOiJFZERTQSIsInR5cCI6InNpZ25vZmYtcmVjZWlwdCtqd3QiLCJraWQiOiI…
             */
            receipt?: string | null;
        };
        /** @description The claim of an approval. */
        ClaimOf: {
            claim?: components["schemas"]["Claim"] | null;
        };
        /**
         * @description What an executor says of its work.
         * @enum {string}
         */
        ClaimOutcome: "succeeded" | "failed";
        /**
         * @description How a claim stands.
         * @enum {string}
         */
        ClaimState: "claimed" | "released" | "completed";
        Cluster: {
            /**
             * Format: double
             * @description How often an instance says that it lives.
             * @example 10
             */
            heartbeat_seconds: number;
            /** @description Oldest first; lost ones stay for ten minutes. */
            instances: components["schemas"]["Instance"][];
            /**
             * Format: double
             * @description After how long without a heartbeat an instance is lost.
             * @example 30
             */
            lease_seconds: number;
        };
        /** @description Something that happened to the service. */
        ClusterEvent: {
            /** Format: date-time */
            at: string;
            /** Format: uuid */
            id: string;
            /** @example web-1-0af3c2d1 */
            instance_id: string;
            kind: components["schemas"]["ClusterEventKind"];
        };
        /**
         * @description What happened to the service. `stopped`: in good order. `lost`: its lease ran out; `at` is when another instance found that. `returned`: it was lost, and lives. Redis and the database: as this instance saw them.
         * @enum {string}
         */
        ClusterEventKind: "started" | "draining" | "redis_away" | "redis_back" | "database_away" | "database_back" | "stopped" | "lost" | "returned";
        /** @description One page. */
        ClusterEventsPage: {
            /** @description Newest first. */
            items: components["schemas"]["ClusterEvent"][];
            /** @description Null on the last page. */
            next_cursor?: string | null;
        };
        /**
         * @description What went wrong, for programs. The status follows from it.
         * @enum {string}
         */
        Code: "malformed" | "unauthenticated" | "forbidden" | "not_eligible" | "not_found" | "method_not_allowed" | "already_decided" | "cancelled" | "already_voted" | "modifications_differ" | "digest_mismatch" | "not_approved" | "already_claimed" | "stale_claim" | "limit_reached" | "not_redrivable" | "expired" | "claim_expired" | "version_conflict" | "too_large" | "unsupported_media_type" | "invalid" | "idempotency_mismatch" | "unsatisfiable_policy" | "not_supported" | "internal" | "rate_limited" | "overloaded" | "unavailable" | "draining";
        /** @description Group commits of creates, votes and events. */
        Commits: {
            /** Format: int64 */
            count: number;
            /** Format: double */
            longest_seconds: number;
            /**
             * Format: double
             * @description Null where there was none.
             */
            mean_seconds?: number | null;
        };
        /**
         * @description How the work ended.
         * @example {
         *       "fence": 1,
         *       "key": "deploy-42/attempt-1",
         *       "outcome": "succeeded"
         *     }
         */
        CompleteBody: {
            /** @description At most 2,000 characters. */
            detail?: string | null;
            /** Format: int64 */
            fence: number;
            key: string;
            /** @description `succeeded` or `failed`. */
            outcome: components["schemas"]["ClaimOutcome"];
        };
        /** @description One live connection, as it is shown. */
        Connection: {
            /** Format: date-time */
            connected_at: string;
            /** Format: uuid */
            connection_id: string;
            /**
             * Format: int64
             * @description Rises with every change of the task's owner.
             */
            generation: number;
            /**
             * @description The instance that the client hangs on.
             * @example web-1-0af3c2d1
             */
            instance_id: string;
            /**
             * Format: date-time
             * @description When the client last showed life; written down about once a minute.
             */
            last_heartbeat: string;
            /**
             * @description Whose credential opened it.
             * @example agent-7
             */
            principal: string;
            /** Format: uuid */
            principal_id: string;
            session_id?: string | null;
            /** @example run-42 */
            task_id: string;
        };
        /** @description One page. */
        ConnectionsPage: {
            /** @description In the order of their tasks. */
            items: components["schemas"]["Connection"][];
            /** @description Null on the last page. */
            next_cursor?: string | null;
        };
        /** @description How many are pending. */
        Counts: {
            /**
             * Format: int64
             * @example 23
             */
            all: number;
            /**
             * Format: int64
             * @description Those that the caller may still vote on: as many as the list has with `approver=me`.
             * @example 7
             */
            mine: number;
            soonest: components["schemas"]["Soonest"];
        };
        /**
         * @description A question to people.
         * @example {
         *       "approval_type": "tool_call",
         *       "context": {
         *         "statement": "DROP TABLE users",
         *         "tool": "sql"
         *       },
         *       "policy": {
         *         "allowed_approvers": [
         *           "ana",
         *           "bo"
         *         ],
         *         "min_approvers": 1
         *       },
         *       "run_id": "run-42",
         *       "timeout_seconds": 900,
         *       "title": "Drop table users?"
         *     }
         */
        CreateBody: {
            /** @description `plan_approval`, `step_approval`, `error_recovery`, `tool_call`, or a name of your own. */
            approval_type: string;
            checkpoint?: components["schemas"]["Checkpoint"] | null;
            /**
             * Format: int64
             * @description How long after the outcome it may be claimed, 1 to 31,536,000; without it there is no end.
             */
            claim_within_seconds?: number | null;
            /** @description What is to be decided: any object, at most 256 KiB. It comes back untouched. */
            context: Record<string, never>;
            /** @description At most 10,000 characters. */
            description?: string | null;
            /**
             * @description The levels above this one, at most 5: who is asked next, and for how long. Where `timeout_action` is not
             *     `escalate`, people hand it on.
             */
            escalation?: components["schemas"]["LevelBody"][] | null;
            /**
             * @description Who may claim the action besides you, by name: at most 20.
             * @example [
             *       "deployer"
             *     ]
             */
            executors?: string[] | null;
            job_id?: string | null;
            /** @description Any object of yours. */
            metadata?: Record<string, never> | null;
            notify?: components["schemas"]["Notify"] | null;
            policy?: components["schemas"]["PolicyBody"] | null;
            /**
             * @description How many seconds before a level's deadline its approvers are reminded: at most 5 times.
             * @example [
             *       600,
             *       60
             *     ]
             */
            remind_before_seconds?: number[] | null;
            /**
             * @description A JSON Schema (2020-12) of the modifications: an approval must fit it, with `{}` where it has none. At most 16 KiB; the
             *     keywords are those of docs/typed-answers.md.
             */
            response_schema?: Record<string, never> | null;
            /** @description The workflow's or agent's run; made known by its first approval. */
            run_id: string;
            session_id?: string | null;
            /** @description What a socket is about; the run's id by default. */
            task_id?: string | null;
            timeout_action?: components["schemas"]["TimeoutAction"] | null;
            /**
             * Format: int64
             * @description 1 to 31,536,000 (a year); 300 by default.
             */
            timeout_seconds?: number | null;
            /** @description At most 500 characters. */
            title?: string | null;
            view?: components["schemas"]["View"] | null;
            /** @description The workflow that the run is one of: what the runs of a pipeline have in common. */
            workflow?: string | null;
        };
        /** @description A new approval. */
        CreatedApproval: components["schemas"]["Approval"] & {
            /**
             * @description What may keep it from being decided. Absent where there is nothing to say, and in the answer to a repeated
             *     call.
             */
            warnings?: components["schemas"]["Violation"][];
        };
        /** @description The answer to a decision. */
        Decided: {
            approval: components["schemas"]["Approval"];
            /** @description False where the same person had said the same before. */
            changed: boolean;
        };
        /** @description One recorded decision, as it is shown. */
        Decision: {
            /** Format: uuid */
            approval_id: string;
            /** @description What a rejecter added to the reason. */
            comment?: string | null;
            /**
             * @description What of the policy admitted it then: `person:NAME`, `role:NAME`, `group:NAME`, `anyone`, `veto`. Null where a
             *     version before this wrote it.
             */
            counted_as?: string[] | null;
            /** @description False for an approval whose approver is disabled, or was when the request ended. */
            counts: boolean;
            /** Format: date-time */
            created_at: string;
            /** @description The delegations that opened the seat. */
            delegations?: string[] | null;
            /** @description Of what the voter was shown, where the voter said so. */
            digest?: string | null;
            /** @description An approver's comment, or a rejecter's reason. */
            feedback?: string | null;
            /** @description In whose seat, where it was not their own: the name that person had then. */
            for?: string | null;
            /** Format: uuid */
            for_id?: string | null;
            /** Format: uuid */
            id: string;
            /**
             * Format: int32
             * @description The escalation level it was said at.
             */
            level: number;
            metadata?: Record<string, never> | null;
            modifications?: Record<string, never> | null;
            /** @description Who said it: the name they had then. */
            principal: string;
            /** Format: uuid */
            principal_id: string;
            /** @example approved */
            verdict: string;
        };
        Decisions: {
            /** @description Oldest first. */
            items: components["schemas"]["Decision"][];
            /** @description Null on the last page. */
            next_cursor?: string | null;
        };
        /**
         * @description Whether people may let others sit in their seats.
         * @enum {string}
         */
        Delegating: "off" | "own" | "managed";
        /** @description One person's leave for another to sit in their seat, as it is shown and recorded. */
        Delegation: {
            /**
             * @description Exact names; null: all types.
             * @example [
             *       "deploy"
             *     ]
             */
            approval_types?: string[] | null;
            /** Format: date-time */
            created_at: string;
            /** @description Who made it: the name they had then. */
            created_by: string;
            /** Format: uuid */
            created_by_id: string;
            /**
             * Format: date-time
             * @description From this moment on it opens nothing.
             */
            ends_at: string;
            /**
             * @description Whose seat it is.
             * @example ana
             */
            from: string;
            /** Format: uuid */
            from_id: string;
            /** Format: uuid */
            id: string;
            reason?: string | null;
            /** @description Whether delegates of `to` may sit in the seat as well. */
            redelegable: boolean;
            /** Format: date-time */
            revoked_at?: string | null;
            revoked_by?: string | null;
            /** Format: uuid */
            revoked_by_id?: string | null;
            /** Format: date-time */
            starts_at: string;
            state: components["schemas"]["DelegationState"];
            /**
             * @description Who may sit in it.
             * @example bo
             */
            to: string;
            /** Format: uuid */
            to_id: string;
        };
        /**
         * @description A delegation that is to be.
         * @example {
         *       "approval_types": [
         *         "deploy"
         *       ],
         *       "ends_at": "2026-12-24T18:00:00Z",
         *       "reason": "leave",
         *       "to": "bo"
         *     }
         */
        DelegationBody: {
            /** @description Exact names, 1 to 100; all types by default. */
            approval_types?: string[] | null;
            /**
             * Format: date-time
             * @description 1 minute to 90 days after the start. From this moment on it opens nothing.
             */
            ends_at: string;
            /** @description Whose seat it is, by name: the caller's own by default. Another's takes `principal:manage`. */
            from?: string | null;
            /** @description At most 1,000 characters. */
            reason?: string | null;
            /** @description Whether delegates of `to` may sit in the seat as well; false by default. */
            redelegable?: boolean;
            /**
             * Format: date-time
             * @description Now by default.
             */
            starts_at?: string | null;
            /** @description Who may sit in it, by name. */
            to: string;
        };
        /** @description One page. */
        DelegationsPage: {
            /** @description Newest first. */
            items: components["schemas"]["Delegation"][];
            /** @description Null on the last page. */
            next_cursor?: string | null;
        };
        /**
         * @description How a delegation stands.
         * @enum {string}
         */
        DelegationState: "scheduled" | "active" | "ended" | "revoked";
        /** @description One page. */
        DeliveriesPage: {
            /** @description Newest first. */
            items: components["schemas"]["Delivery"][];
            /** @description Null on the last page. */
            next_cursor?: string | null;
        };
        /** @description An event on its way to an endpoint. */
        Delivery: {
            /**
             * Format: uuid
             * @description Null: a test.
             */
            approval_id?: string | null;
            /**
             * Format: int32
             * @description How often it was tried.
             */
            attempt_count: number;
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description When it is tried next, while it is pending.
             */
            due_at: string;
            /** @description Of the last try that failed. */
            error_message?: string | null;
            /**
             * @description `webhook:test` for a test.
             * @example approval:resolved
             */
            event: string;
            /** Format: date-time */
            failed_at?: string | null;
            /** Format: uuid */
            id: string;
            /** Format: date-time */
            sent_at?: string | null;
            /** @description Why it had not to be sent. */
            skip_reason?: string | null;
            status: components["schemas"]["NotificationStatus"];
            /**
             * @description The event's own id, the same in every try and replay, and at every endpoint.
             * @example evt_0197c5d0a1b27c3d8e4f5a6b7c8d9e0f_2_decided
             */
            webhook_id: string;
        };
        /** @description A delivery with what was sent, and what each try came to. */
        DeliveryWithAttempts: components["schemas"]["Delivery"] & {
            /** @description Oldest first; the last 100. */
            attempts: components["schemas"]["NotificationAttempt"][];
            /** @description The bytes that are signed and sent, as text. */
            body?: string | null;
        };
        Device: {
            /**
             * @description What `aud` of the token must contain.
             * @example https://signoff.example.com
             */
            audience: string;
            /**
             * @description The parameter that the issuer wants the audience in; null: none.
             * @example resource
             */
            audience_parameter?: string | null;
            /** @example signoff-cli */
            client_id: string;
            /** @example https://id.example.com/realms/acme */
            issuer: string;
            /** @example openid profile email */
            scopes: string;
        };
        /**
         * @description What a vote would do.
         * @enum {string}
         */
        Effect: "resolves" | "counts";
        /** @description One person whom the policy means. */
        EligibleItem: {
            /**
             * @description What of the policy means them, or the owner of the seat. For who may not approve: their name alone.
             * @example [
             *       "person:bo"
             *     ]
             */
            as: string[];
            /** @description Whose seat they may take as a delegate. Null for who is meant by themselves. */
            for?: string | null;
            /** @description Whether their approval would bring the outcome nearer. For who may not approve: by their name alone. */
            helps: boolean;
            /**
             * Format: date-time
             * @description When a connection or a browser session of theirs was last seen. Absent for those who may not approve.
             */
            last_seen_at?: string;
            principal: string;
            /**
             * Format: uuid
             * @description Null where nobody is called so.
             */
            principal_id?: string | null;
            /** @description Whether a connection of theirs is live now. Absent for those who may not approve. */
            reachable?: boolean;
            state: components["schemas"]["EligibleState"];
        };
        /**
         * @description What stands in somebody's way.
         * @enum {string}
         */
        EligibleState: "can_vote" | "voted" | "own_request" | "disabled" | "service" | "unknown" | "no_permission" | "ended";
        /** @description What is still missing, and who could give it. */
        EligibleView: {
            /** @description Whether the votes leave no way to satisfy it, even if all who are named and free approved. */
            impossible: boolean;
            /** @description By name. Who may not approve sees those alone whom the policy names, and not when they were seen. */
            items: components["schemas"]["EligibleItem"][];
            /**
             * Format: int32
             * @description The escalation level at which it stands.
             */
            level: number;
            /** @description How many members were found for each role and group, and for anyone. */
            members: components["schemas"]["MembersView"][];
            /**
             * Format: int32
             * @description The fewest approvals that it still takes.
             * @example 1
             */
            missing: number;
            /** @description How the leaves of the nearest way stand, by one assignment of the votes: the same for the same votes. */
            needs: components["schemas"]["NeedView"][];
            next: components["schemas"]["NextView"];
            /** @description Null on the last page. */
            next_cursor?: string | null;
            /**
             * @description Whether those who may vote now could complete it. False is a warning and no outcome: members come and go. Where not
             *     all were looked at, it is never false. Once it has ended: whether it was satisfied.
             */
            satisfiable_now: boolean;
            /**
             * @description The same in a sentence, of 300 characters at most.
             * @example 1 more of bo, cy or the group sre
             */
            summary: string;
            /** @description Not all who are meant were looked at: of each role and group 1,000 members at most, and 2,000 people together. */
            truncated: boolean;
            /** @description In how many ways the policy can be satisfied. */
            ways: number;
            /** @description What the caller may do now, by policy and permissions, and why not. */
            you: components["schemas"]["YouView"];
        };
        /**
         * @description Why it is handed on.
         * @example {
         *       "from_level": 0,
         *       "reason": "The on-call is away"
         *     }
         */
        EscalateBody: {
            /**
             * Format: int64
             * @description Only if it stands at this level. Send it: a repeated call then hands it on once.
             */
            from_level?: number | null;
            /** @description Required; at most 5,000 characters. */
            reason: string;
        };
        /** @description A hop from one level to the next. */
        EscalationHop: {
            /** Format: date-time */
            at: string;
            /** @description Who did it: the name they had then. */
            by?: string | null;
            /** Format: uuid */
            by_id?: string | null;
            /** Format: int32 */
            from_level: number;
            reason?: string | null;
            /** @description `human`, or `timeout` where no answer came in time. */
            via: components["schemas"]["ResolvedVia"];
        };
        /** @description One level above the request's own. */
        EscalationLevel: {
            /**
             * Format: int32
             * @description How long it has, in seconds, from the hop that leads to it.
             * @example 1800
             */
            after_seconds: number;
            label?: string | null;
            policy: components["schemas"]["Policy"];
        };
        /** @description One event, as a socket would have got it. */
        Event: {
            cursor: string;
            data: unknown;
            /** @example output */
            event_type: string;
            run_id?: string | null;
            session_id?: string | null;
            task_id: string;
            /** Format: date-time */
            timestamp: string;
        };
        EventBody: {
            data?: unknown;
            event_type: string;
        };
        /** @description A part of a task's log. */
        EventPage: {
            /** @description Where this part ends, also at the end of the log: for `after`, or a socket's `cursor`, later. */
            cursor: string;
            /** @description Oldest first. */
            items: components["schemas"]["Event"][];
            /** @description For `after`, where there is more now; null at the end of the log. */
            next_cursor?: string | null;
            /**
             * @description With `after`: false where events behind it are no longer kept, or where the database was restored since; then
             *     this begins with the oldest that are.
             */
            recovered?: boolean | null;
        };
        /**
         * @description By how much a deadline is moved, and why.
         * @example {
         *       "reason": "Waiting for the vendor",
         *       "seconds": 3600
         *     }
         */
        ExtendBody: {
            /** @description Required; at most 5,000 characters. */
            reason: string;
            /** Format: int64 */
            seconds: number;
        };
        /** @description By how much, and by whom, the deadline of a level may be moved. */
        Extension: {
            /** @description `approvers`, `requester` or both. */
            by: string[];
            /**
             * Format: int32
             * @description All extensions of a level together.
             */
            max_seconds: number;
        };
        /**
         * @description By how much, and by whom, the deadline of a level may be moved.
         * @example {
         *       "by": [
         *         "approvers"
         *       ],
         *       "max_seconds": 86400
         *     }
         */
        ExtensionBody: {
            /** @description `approvers` (the default) and/or `requester`. */
            by?: string[] | null;
            /**
             * Format: int64
             * @description All extensions of a level together.
             */
            max_seconds: number;
        };
        /** @description A value, and how many pending approvals have it. */
        Facet: {
            /**
             * Format: int64
             * @example 4
             */
            count: number;
            /** @example tool_call */
            value: string;
        };
        /** @description What there is to filter by. */
        Facets: {
            approval_type: components["schemas"]["Facet"][];
            requested_by: components["schemas"]["Facet"][];
            /** @description The most frequent first, 50 at most; so the others. */
            workflow: components["schemas"]["Facet"][];
        };
        /**
         * @description What doesn't fit.
         * @enum {string}
         */
        FindingKind: "edited" | "removed" | "inserted" | "reordered" | "forked" | "gap" | "cut" | "checkpoint_mismatch" | "bad_signature" | "unlinked" | "unmatched_checkpoint";
        /** @description An approval that counts for a leaf. */
        GivenView: {
            /** @description In whose seat, where it was not their own. */
            for?: string | null;
            principal: string;
        };
        /** @description In the form that `view` names. */
        HistoryItem: components["schemas"]["Approval"] | components["schemas"]["Summary"];
        /** @description One page. */
        HistoryPage: {
            /** @description The latest outcome first. */
            items: components["schemas"]["HistoryItem"][];
            /** @description Null on the last page. A page may be short, or empty, without being the last. */
            next_cursor?: string | null;
            /**
             * Format: date-time
             * @description How far back this page has searched: what ended later and matches is on it, or on those before. Null on the last
             *     page.
             */
            searched_back_to?: string | null;
        };
        Instance: {
            /**
             * Format: int64
             * @description Live sockets. Those of an instance that was lost disappear when they are reaped.
             */
            connections: number;
            /** Format: double */
            heartbeat_age_seconds: number;
            /**
             * @description New at each start of the process.
             * @example web-1-0af3c2d1
             */
            id: string;
            /** Format: date-time */
            last_heartbeat: string;
            /** Format: date-time */
            started_at: string;
            state: components["schemas"]["InstanceState"];
            /** Format: double */
            uptime_seconds: number;
            version: string;
            /**
             * Format: int32
             * @description Waiting calls, as of the last heartbeat.
             */
            waiters: number;
        };
        /**
         * @description How an instance is: `degraded` is without Redis, `lost` is one whose lease ran out.
         * @enum {string}
         */
        InstanceState: "serving" | "degraded" | "draining" | "lost";
        /** @description One public key. */
        Jwk: {
            /** @example Ed25519 */
            crv: string;
            /** @description The key's thumbprint (RFC 7638); a receipt names it. */
            kid: string;
            /** @example OKP */
            kty: string;
            /** @example sig */
            use?: string;
            /** @description The key's 32 bytes in base64url. */
            x: string;
        };
        /** @description Those that may have signed a receipt. */
        Jwks: {
            keys: components["schemas"]["Jwk"][];
        };
        /** @description One key, as it is shown and recorded. */
        Key: {
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            expires_at?: string | null;
            label?: string | null;
            /**
             * Format: date-time
             * @description To the minute or so.
             */
            last_used_at?: string | null;
            permissions: string[];
            /**
             * @description The part of the key that is no secret.
             * @example lkaqmt2vfljk
             */
            prefix: string;
            /** @example agent-7 */
            principal: string;
            /** Format: uuid */
            principal_id: string;
            principal_kind: components["schemas"]["PrincipalKind"];
            /** Format: date-time */
            revoked_at?: string | null;
            roles: string[];
            /** @description The prefix of the key that took its place. */
            rotated_to?: string | null;
            workspace: string;
        };
        /**
         * @description A key that is to be.
         * @example {
         *       "expires_in_seconds": 7776000,
         *       "principal": "agent-7",
         *       "roles": [
         *         "agent"
         *       ]
         *     }
         */
        KeyBody: {
            /**
             * Format: int64
             * @description 1 to 315,360,000; without it the key is good until it is revoked.
             */
            expires_in_seconds?: number | null;
            kind?: components["schemas"]["PrincipalKind"] | null;
            /** @description What it is for; at most 200 characters. */
            label?: string | null;
            /** @description Each once, at most what the caller has. Neither permissions nor roles: the role `member`. */
            permissions?: string[];
            /**
             * @description Who acts with it; added where it is new, if the caller has `principal:manage`. Only an administrator makes keys
             *     for other people.
             */
            principal: string;
            /** @description Each once, at most 100. */
            roles?: string[];
        };
        /** @description One page. */
        KeysPage: {
            /** @description Oldest first. */
            items: components["schemas"]["Key"][];
            /** @description Null on the last page. */
            next_cursor?: string | null;
        };
        /**
         * @description One level above the request's own: a new question to other people.
         * @example {
         *       "after_seconds": 1800,
         *       "label": "Managers",
         *       "policy": {
         *         "allowed_roles": [
         *           "manager"
         *         ]
         *       }
         *     }
         */
        LevelBody: {
            /**
             * Format: int64
             * @description How long it has, in seconds: the request's own `timeout_seconds` by default.
             */
            after_seconds?: number | null;
            /** @description What it is called where it is shown: at most 100 characters. */
            label?: string | null;
            policy: components["schemas"]["PolicyBody"];
        };
        /** @description A key that was made. */
        MadeKey: {
            /** Format: date-time */
            expires_at?: string | null;
            /**
             * @description The key itself, told this once.
             * @example so_lkaqmt2vfljk_...
             */
            key: string;
            permissions: string[];
            /** @example lkaqmt2vfljk */
            prefix: string;
            /** Format: uuid */
            principal_id: string;
            roles: string[];
        };
        /** @description How many are meant. */
        MembersView: {
            count: number;
            /** @example group:sre */
            selector: string;
        };
        MyVote: {
            /** @description In whose seat, where it was not their own. */
            for?: string | null;
            /** @description `approved` or `rejected`. */
            verdict: string;
        };
        NamedThing: {
            /** Format: uuid */
            id: string;
            /** @example acme */
            name: string;
        };
        /** @description One leaf. */
        NeedView: {
            /** @description Whose approvals it has. */
            by: components["schemas"]["GivenView"][];
            /**
             * Format: int32
             * @description Approvals that it takes.
             */
            count: number;
            label?: string | null;
            /**
             * @description JSON Pointer to the leaf; `/policy` for the simple form; `/escalation/0/policy` and what follows at
             *     level 1.
             * @example /policy/all_of/0
             */
            pointer: string;
        };
        /** @description Whose approval would bring the outcome nearer: exactly theirs. */
        NextView: {
            anyone: boolean;
            groups: string[];
            people: string[];
            roles: string[];
        };
        /**
         * @description One node of a tree: `all_of`, `any_of`, `k_of` with `k`, or a leaf.
         * @example {
         *       "count": 1,
         *       "groups": [
         *         "security"
         *       ],
         *       "label": "Security"
         *     }
         */
        NodeBody: {
            all_of?: components["schemas"]["NodeBody"][] | null;
            any_of?: components["schemas"]["NodeBody"][] | null;
            /** Format: int64 */
            count?: number | null;
            groups?: string[] | null;
            /** Format: int64 */
            k?: number | null;
            k_of?: components["schemas"]["NodeBody"][] | null;
            label?: string | null;
            people?: string[] | null;
            roles?: string[] | null;
        };
        /** @description One message to one recipient. */
        Notification: {
            action: components["schemas"]["NotificationAction"];
            /**
             * Format: uuid
             * @description Null: about no approval.
             */
            approval_id?: string | null;
            /** @description Whether the recipient is asked to decide. */
            asks: boolean;
            /**
             * Format: int32
             * @description How often it was tried.
             */
            attempt_count: number;
            /** @description What happened. */
            cause: components["schemas"]["NotificationCause"];
            channel: components["schemas"]["NotificationChannel"];
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description When it is tried next, while it is pending.
             */
            due_at: string;
            /** @description Of the last try that failed. */
            error_message?: string | null;
            /** Format: date-time */
            failed_at?: string | null;
            /** Format: uuid */
            id: string;
            /**
             * Format: int32
             * @description The approval's level and version at that time.
             */
            level: number;
            /** @description Whose it is, by name. Null: no one person's. */
            principal?: string | null;
            /** Format: date-time */
            read_at?: string | null;
            /** @description A name, or the address that the channel uses. */
            recipient: string;
            /** Format: date-time */
            sent_at?: string | null;
            skip_reason?: components["schemas"]["NotificationSkipped"] | null;
            status: components["schemas"]["NotificationStatus"];
            /** Format: int32 */
            version: number;
        };
        /**
         * @description Whether a message is sent, or one that was sent is edited.
         * @enum {string}
         */
        NotificationAction: "send" | "update";
        /** @description What one try came to. */
        NotificationAttempt: {
            /** @description The beginning of what the other side answered, 4 KiB at most. */
            answer?: string | null;
            /** Format: date-time */
            at: string;
            /** Format: int32 */
            duration_ms: number;
            error?: string | null;
            outcome: components["schemas"]["NotificationOutcome"];
            /**
             * Format: int32
             * @description The channel's own code: an HTTP status, an SMTP reply.
             */
            status_code?: number | null;
        };
        /**
         * @description What a notification is about.
         * @enum {string}
         */
        NotificationCause: "requested" | "escalated" | "voted" | "reminder" | "decided" | "expired" | "cancelled" | "slack_refused" | "endpoint_failing" | "endpoint_disabled" | "test";
        /**
         * @description A way to reach people.
         * @enum {string}
         */
        NotificationChannel: "slack" | "email" | "webhook" | "in_app";
        /**
         * @description What a try came to.
         * @enum {string}
         */
        NotificationOutcome: "sent" | "skipped" | "retried" | "held" | "failed";
        /** @description How one is told. */
        NotificationPreferences: {
            channels: components["schemas"]["ChannelChoices"];
            /**
             * @description Times in messages are those of a clock there.
             * @example Europe/Berlin
             */
            timezone: string;
        };
        /**
         * @description How one wants to be told. What is left out is as it is by default.
         * @example {
         *       "channels": {
         *         "email": "off"
         *       },
         *       "timezone": "Europe/Berlin"
         *     }
         */
        NotificationPreferencesBody: {
            channels?: components["schemas"]["ChannelsBody"] | null;
            /** @description By its name in the IANA's list; `UTC` by default. */
            timezone?: string | null;
        };
        /**
         * @description Why a notification had not to be sent.
         * @enum {string}
         */
        NotificationSkipped: "superseded" | "too_many" | "unknown_recipient" | "no_address" | "endpoint_deleted" | "switched_off" | "summarised" | "disabled_recipient" | "not_sent" | "message_gone";
        /** @description One page. */
        NotificationsPage: {
            /** @description Newest first. */
            items: components["schemas"]["Notification"][];
            /** @description Null on the last page. */
            next_cursor?: string | null;
        };
        /**
         * @description What became of a notification.
         * @enum {string}
         */
        NotificationStatus: "pending" | "sent" | "failed" | "skipped" | "read";
        /**
         * @description Whom to tell besides those who may decide, and how.
         * @example {
         *       "channels": [
         *         "in_app"
         *       ],
         *       "users": [
         *         "dora"
         *       ]
         *     }
         */
        Notify: {
            /**
             * @description The channels to use, of those that the workspace has; all of them by default. What is in the app comes in any
             *     case.
             * @example [
             *       "in_app"
             *     ]
             */
            channels?: string[] | null;
            /** @description Names or JSON Pointers of the fields of the context that are shown, at most 20. */
            context_fields?: string[] | null;
            /** @description Roles, at most 100, with the same meaning for those who have them. */
            roles?: string[] | null;
            /** @description The Slack channel for its card. */
            slack_channel?: string | null;
            /** @description People by name, at most 100. Those who may decide are asked; others are told. */
            users?: string[] | null;
        };
        OpenSession: {
            /** @example so_lkaqmt2vfljk_Zx0d... */
            api_key: string;
        };
        /** @description What waits to be sent, in all workspaces together. */
        Outbox: {
            causes: components["schemas"]["OutboxCauses"];
            /** @description Each channel that sends to somewhere else. */
            channels: components["schemas"]["OutboxChannel"][];
        };
        /** @description What happened, and is not made messages of yet. */
        OutboxCauses: {
            /**
             * Format: double
             * @description How long the oldest has waited. 0: none waits.
             */
            oldest_seconds: number;
            /**
             * Format: int64
             * @description Causes that could not be made messages of so far; 1,000 at most.
             */
            stuck: number;
        };
        /** @description How a channel stands. */
        OutboxChannel: {
            channel: components["schemas"]["NotificationChannel"];
            /**
             * Format: int64
             * @description Destinations for which something waits: relays, conversations, endpoints.
             */
            destinations: number;
            /**
             * Format: int64
             * @description Those of them whose last try failed.
             */
            failing: number;
            /**
             * Format: int64
             * @description Those of them that are left alone for now: because they failed or asked for it, or because an instance has them.
             */
            held: number;
            /**
             * Format: double
             * @description The same of those that nothing holds: an instance should have sent it. Above 60, none does.
             */
            late_seconds: number;
            /**
             * Format: double
             * @description How long the longest overdue of them has been due, held or not. 0: nothing is overdue.
             */
            oldest_seconds: number;
            /**
             * Format: int64
             * @description Messages that wait; 10,001 for more than ten thousand.
             */
            waiting: number;
        };
        /** @description A notification of one's own. */
        OwnNotification: {
            /**
             * Format: uuid
             * @description Null: about no approval.
             */
            approval_id?: string | null;
            /** @description Whether the reader was asked to decide. */
            asks: boolean;
            /** @description What happened. */
            cause: components["schemas"]["NotificationCause"];
            /** Format: uuid */
            id: string;
            /**
             * Format: int32
             * @description The approval's level at that time.
             */
            level: number;
            /**
             * Format: date-time
             * @description Null: unread.
             */
            read_at?: string | null;
            /** Format: date-time */
            sent_at: string;
            /** @description The approval's title; where it has none, its type. */
            subject?: string | null;
        };
        /** @description One page. */
        OwnNotifications: {
            /** @description Newest first. */
            items: components["schemas"]["OwnNotification"][];
            /** @description Null on the last page. */
            next_cursor?: string | null;
        };
        /** @description What it is to the one who looks. */
        OwnView: {
            /**
             * @description What they may do with it now: `approve`, `edit`, `reject`, `cancel`, `escalate`, `extend`. By policy and
             *     permissions; another may be quicker.
             */
            can: components["schemas"]["Verb"][];
            /** @description Whether they may vote on it now: what `approver=me` lists, and `mine` counts. */
            can_decide: boolean;
            my_vote?: components["schemas"]["MyVote"] | null;
            why_not?: components["schemas"]["WhyNot"] | null;
        };
        /** @description The workspace, as far as everybody in it sees it. */
        OwnWorkspace: {
            /** Format: uuid */
            id: string;
            /** @example acme */
            name: string;
            /**
             * @description What who rejects is offered to say.
             * @example [
             *       "Too risky at this hour"
             *     ]
             */
            reject_reasons: string[];
        };
        PendingApproval: components["schemas"]["Approval"] & {
            /** @description Whether the caller may vote on it now. */
            can_decide: boolean;
        };
        /** @description In the form that `view` names. */
        PendingItem: components["schemas"]["PendingApproval"] | components["schemas"]["Summary"];
        /** @description One page. */
        PendingPage: {
            items: components["schemas"]["PendingItem"][];
            /** @description Null on the last page. */
            next_cursor?: string | null;
        };
        /** @description A workspace that one can work in. */
        Place: {
            /** @description Whether it is the one that the credential is of. */
            current: boolean;
            /** Format: uuid */
            id: string;
            /** @example acme */
            name: string;
            /** @description Who one is there. */
            principal: components["schemas"]["NamedThing"];
        };
        /** @description One instance within one step. Counts are of what came since its sample before this step. */
        Point: {
            /**
             * Format: date-time
             * @description The beginning of the step.
             */
            at: string;
            /** @description Whether hints arrived through Redis in every sample. */
            bus_up: boolean;
            commits: components["schemas"]["Commits"];
            /**
             * Format: int64
             * @description Approvals that ended here: by a decision, a cancellation or a deadline.
             */
            decisions: number;
            queued: components["schemas"]["Queued"];
            /**
             * Format: int64
             * @description Heartbeats that arrived in it.
             */
            samples: number;
            /**
             * Format: int32
             * @description The most that a sample saw.
             */
            sockets: number;
            /**
             * Format: double
             * @description The longest time since a sweep for outcomes or for deadlines had worked, in seconds.
             */
            sweep_lag_seconds: number;
            /**
             * Format: int32
             * @description The most that a sample saw.
             */
            waiters: number;
            wake_delay: components["schemas"]["WakeDelay"];
            wakes: components["schemas"]["Wakes"];
        };
        /** @description Who must agree, in the form in which it was put. */
        Policy: (components["schemas"]["PolicyNode"] | null) & {
            /** @description Whether the requester may decide too. */
            allow_self_approval: boolean;
            /** @description Whether principals of kind `service` may decide. */
            allow_services: boolean;
            /**
             * @description Names of those who may decide.
             * @example [
             *       "ana",
             *       "bo"
             *     ]
             */
            allowed_approvers?: string[];
            /** @description Groups whose members may decide. */
            allowed_groups?: string[];
            /** @description Roles whose members may decide. */
            allowed_roles?: string[];
            /** @description By how much, and by whom, the deadline may be moved. */
            extension?: components["schemas"]["Extension"];
            /**
             * Format: int32
             * @description Distinct people who must approve. Simple form only, like the four that follow.
             * @example 1
             */
            min_approvers?: number;
            /**
             * Format: int32
             * @description Distinct people whose rejection ends it.
             * @example 1
             */
            rejections_to_reject: number;
            /** @description Everybody named must approve. */
            require_all?: boolean;
            /** @description True: each vote must say the `digest` of what the voter was shown. */
            require_digest?: boolean;
            /** @description One rejection by one of these ends it. */
            veto?: components["schemas"]["Selectors"];
        };
        /**
         * @description Who must agree. Either the simple form (`min_approvers`, `allowed_…`, `require_all`), or a tree: the policy is then
         *     its root, with the options beside it.
         * @example {
         *       "allowed_approvers": [
         *         "ana",
         *         "bo"
         *       ],
         *       "min_approvers": 1
         *     }
         */
        PolicyBody: {
            /** @description All of these must be satisfied. */
            all_of?: components["schemas"]["NodeBody"][] | null;
            /** @description Whether the requester may decide too; false by default. */
            allow_self_approval?: boolean | null;
            /** @description Whether principals of kind `service` may decide; false by default. */
            allow_services?: boolean | null;
            /**
             * @description Names of those who may decide: at most 1,000, of at most 32 KiB together. Where none of the three lists is given,
             *     anybody with the permission may decide; where several are, whoever is on one of them.
             */
            allowed_approvers?: string[] | null;
            /** @description Groups whose members may decide. */
            allowed_groups?: string[] | null;
            /** @description Roles whose members may decide. */
            allowed_roles?: string[] | null;
            /** @description One of these must be satisfied. */
            any_of?: components["schemas"]["NodeBody"][] | null;
            /** @description Refuse the policy if the members that roles and groups have now can't satisfy it. */
            check_membership?: boolean | null;
            /**
             * Format: int64
             * @description So many distinct people; 1 by default.
             */
            count?: number | null;
            extension?: components["schemas"]["ExtensionBody"] | null;
            groups?: string[] | null;
            /**
             * Format: int64
             * @description 1 to as many as there are.
             */
            k?: number | null;
            /** @description `k` of these must be satisfied. */
            k_of?: components["schemas"]["NodeBody"][] | null;
            /** @description What a leaf is called where it is shown: at most 100 characters. */
            label?: string | null;
            /**
             * Format: int64
             * @description Distinct people who must approve; 1 by default.
             */
            min_approvers?: number | null;
            people?: string[] | null;
            /**
             * Format: int64
             * @description Distinct people whose rejection ends it; 1 by default.
             */
            rejections_to_reject?: number | null;
            /** @description Everybody named must approve. Not beside roles and groups: their members change. */
            require_all?: boolean | null;
            /** @description Whether each vote must say the `digest` of what the voter was shown; false by default. */
            require_digest?: boolean | null;
            roles?: string[] | null;
            veto?: components["schemas"]["SelectorsBody"] | null;
        };
        /** @description What there is to say of a policy before anything is asked. */
        PolicyChecked: {
            /** @description In how many ways it can be satisfied. */
            alternatives: number;
            /** @description What is wrong: each field, and the rule that it breaks. */
            errors: components["schemas"]["Violation"][];
            /** @description The people whom it names can satisfy it, as far as that depends on them. */
            satisfiable: boolean;
            /** @description The members that its roles and groups have now could satisfy it. */
            satisfiable_now: boolean;
            /**
             * @description What it takes, in a sentence.
             * @example 2 more of the group product or the group security
             */
            summary?: string | null;
            /** @description The form is right. */
            valid: boolean;
        };
        /** @description One node of a tree. */
        PolicyNode: (components["schemas"]["Selectors"] | null) & {
            all_of?: components["schemas"]["PolicyNode"][];
            any_of?: components["schemas"]["PolicyNode"][];
            /** Format: int32 */
            count?: number;
            k?: number;
            k_of?: components["schemas"]["PolicyNode"][];
            label?: string;
        };
        /**
         * @description What a person has chosen. A field that is null, or left out, is not chosen.
         * @example {
         *       "saved_views": [
         *         {
         *           "name": "Deploys",
         *           "query": "?type=deploy"
         *         }
         *       ],
         *       "theme": "dark"
         *     }
         */
        Preferences: {
            /** @description `comfortable` or `compact`. */
            density?: string | null;
            /** @description Whether the browser shows notifications. */
            notifications?: boolean | null;
            /** @description At most 50. */
            saved_views?: components["schemas"]["SavedView"][] | null;
            /** @description Whether single keys do something. */
            single_keys?: boolean | null;
            /** @description `system`, `light` or `dark`. */
            theme?: string | null;
        };
        /** @description One of them, as it is shown and recorded. */
        Principal: {
            claimed_groups: string[];
            /** @description What the issuer said at the last sign-in. */
            claimed_roles: string[];
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            disabled_at?: string | null;
            display_name?: string | null;
            email?: string | null;
            groups: string[];
            /** Format: uuid */
            id: string;
            /** @description Whom the issuer knows it as. */
            issuer?: string | null;
            kind: components["schemas"]["PrincipalKind"];
            /**
             * @description As policies name it.
             * @example ana
             */
            name: string;
            /** @description Given here. */
            roles: string[];
            /**
             * @description Their account in Slack: team and user.
             * @example T0123ABCD/U0456EFGH
             */
            slack?: string | null;
            subject?: string | null;
            /** Format: date-time */
            updated_at: string;
        };
        /**
         * @description A principal that is to be.
         * @example {
         *       "email": "ana@example.com",
         *       "kind": "person",
         *       "name": "ana",
         *       "roles": [
         *         "approver"
         *       ]
         *     }
         */
        PrincipalBody: {
            /** @description 1 to 200 characters. */
            display_name?: string | null;
            email?: string | null;
            /** @description At most 100, each once. */
            groups?: string[];
            kind?: components["schemas"]["PrincipalKind"] | null;
            /** @description As policies name it: 1 to 200 characters, brought to NFC. */
            name: string;
            /** @description At most 100, each once, none of which allows what the caller may not do. */
            roles?: string[];
        };
        /**
         * @description What is to be changed; what is left out stays, null takes it away, or empties it.
         * @example {
         *       "disabled": false,
         *       "roles": [
         *         "approver",
         *         "auditor"
         *       ]
         *     }
         */
        PrincipalChanges: {
            /** @description Whether everything that the principal comes with is refused: within seconds, sockets closed within a minute. */
            disabled?: boolean;
            display_name?: string | null;
            email?: string | null;
            groups?: string[] | null;
            /** @description `person` or `service`; only an administrator makes one of the other. */
            kind?: components["schemas"]["PrincipalKind"];
            roles?: string[] | null;
            /**
             * @description Their account in Slack, team and user. Who has it may decide as them by pressing buttons there: it takes
             *     `workspace:admin`.
             * @example T0123ABCD/U0456EFGH
             */
            slack?: string | null;
        };
        /**
         * @description What a principal is. A service decides only where a policy says so.
         * @enum {string}
         */
        PrincipalKind: "person" | "service";
        /** @description One page. */
        PrincipalsPage: {
            /** @description In the order of their names. */
            items: components["schemas"]["Principal"][];
            /** @description Null on the last page. */
            next_cursor?: string | null;
        };
        /** @description A problem document (RFC 9457). */
        Problem: {
            /** @description For 409, 410 and 412 about an approval: the approval as it stands. */
            approval?: components["schemas"]["Approval"];
            /** @description For 409 about a claim: the claim as it stands. */
            claim?: components["schemas"]["Claim"];
            code: components["schemas"]["Code"];
            /**
             * @description What happened this time, for people.
             * @example timeout_seconds must be 1 to 31536000
             */
            detail: string;
            /** @description For invalid input: each field and the rule it breaks. */
            errors?: components["schemas"]["Violation"][];
            /**
             * Format: int32
             * @description The HTTP status once more.
             * @example 422
             */
            status: number;
            /**
             * @description What the code means, always the same words.
             * @example Some fields are not valid
             */
            title: string;
            /**
             * @description A URI that stands for the code.
             * @example urn:signoff:problem:invalid
             */
            type: string;
        };
        /** @description What is still missing until an approval is approved. */
        Progress: {
            /**
             * Format: int32
             * @description The fewest approvals that it still takes.
             * @example 1
             */
            missing: number;
            /**
             * @description The same in a sentence, of 300 characters at most.
             * @example 1 more of ana or the group security
             */
            summary: string;
        };
        /**
         * @description One event, or up to 500 of them.
         * @example {
         *       "data": {
         *         "line": "14 tests passed"
         *       },
         *       "event_type": "output"
         *     }
         */
        PublishBody: {
            /** @description Any JSON, at most 256 KiB; an empty object by default. It comes back untouched. */
            data?: unknown;
            /**
             * @description `output`, `workflow_started`, `workflow_state_changed`, `workflow_completed`, `workflow_failed`, or a name of
             *     your own. Names that Signoff sends itself are refused.
             */
            event_type?: string | null;
            /** @description Instead of the other two. All are kept, in this order, or none. */
            events?: components["schemas"]["EventBody"][] | null;
        };
        /** @description The most that a sample saw waiting. */
        Queued: {
            /**
             * Format: int32
             * @description Reads that wait for their turn.
             */
            reads: number;
            /**
             * Format: int32
             * @description Commands that wait to be committed: creates, votes, events.
             */
            writes: number;
        };
        /** @description What marking came to. */
        ReadAnswer: {
            /**
             * Format: int64
             * @description How many had been unread.
             */
            read: number;
            /**
             * Format: int64
             * @description How many are still unread; at most 1,000 are counted.
             */
            unread: number;
        };
        /**
         * @description Which notifications were read: one of the two.
         * @example {
         *       "before": "2026-11-28T12:00:00Z"
         *     }
         */
        ReadBody: {
            /**
             * Format: date-time
             * @description All that came before this moment; 10,000 of them at most are marked by one call, the oldest first.
             */
            before?: string | null;
            /** @description At most 200. Ids that are none of the caller's own are passed over. */
            ids?: string[] | null;
        };
        /**
         * @description How something came about: as an approval ended, by an operator at the command line, by a sign-in, or by the service itself.
         * @enum {string}
         */
        RecordVia: "human" | "rule" | "timeout" | "run_deleted" | "operator" | "sign_in" | "service";
        /** @description What is taken out of notifications, webhooks and logs, and where the workspace wants it, of what is stored. */
        Redaction: {
            /**
             * @description Names of fields whose values are taken out, at any depth. `*` stands for any characters, `?` for one; case,
             *     hyphens, underscores, dots and blanks are not looked at.
             * @example [
             *       "*password*",
             *       "iban"
             *     ]
             */
            keys: string[];
            /**
             * @description Regular expressions for parts of texts that are taken out.
             * @example [
             *       "[A-Z]{2}[0-9]{20}"
             *     ]
             */
            patterns: string[];
            /** @description Whether it is taken out before an approval is stored. */
            store: boolean;
        };
        /** @description What is to be changed of it; what is left out stays, and null is the default. */
        RedactionBody: {
            /**
             * @description Names of fields whose values are taken out: at most 100, of 1 to 100 characters. `*` stands for any characters,
             *     `?` for one.
             */
            keys?: string[] | null;
            /** @description Regular expressions for parts of texts that are taken out: at most 20, of 1 to 200 characters. */
            patterns?: string[] | null;
            /** @description Whether it is taken out before an approval is stored. */
            store?: boolean;
        };
        /**
         * @description What is to be sent again of what has failed: what fits all that is given.
         * @example {
         *       "channel": "email"
         *     }
         */
        RedriveBody: {
            /** Format: uuid */
            approval_id?: string | null;
            channel?: components["schemas"]["NotificationChannel"] | null;
            /** @description Exactly this one: a name, or the address that the channel uses. */
            recipient?: string | null;
        };
        /** @description What it came to. */
        Redriven: {
            /** @description Whether there may be more: 10,000 is the most of one call. */
            more: boolean;
            /** Format: int64 */
            redriven: number;
        };
        /**
         * @description What to say with a rejection.
         * @example {
         *       "reason": "Not on a Friday"
         *     }
         */
        RejectBody: {
            /** @description At most 5,000 characters. */
            comment?: string | null;
            /** @description The `digest` of what you were shown. Where the approval has another, nothing is decided. */
            digest?: string | null;
            /** @description In whose seat, where several are open to you by delegation. */
            for?: string | null;
            /** @description Required; at most 5,000 characters. */
            reason: string;
        };
        /**
         * @description Which claim is given back; an administrator says why instead.
         * @example {
         *       "fence": 1,
         *       "key": "deploy-42/attempt-1"
         *     }
         */
        ReleaseBody: {
            /** Format: int64 */
            fence?: number | null;
            key?: string | null;
            /**
             * @description In place of the key, with the permission `workspace:admin`: why another's claim is released. At most 2,000
             *     characters. With a fence, only the claim that has it is.
             */
            reason?: string | null;
        };
        /**
         * @description Which claim, and for how long more.
         * @example {
         *       "fence": 1,
         *       "key": "deploy-42/attempt-1"
         *     }
         */
        RenewBody: {
            /** Format: int64 */
            fence: number;
            key: string;
            /**
             * Format: int64
             * @description From now on; as long as before by default. A claim for good stays one.
             */
            lease_seconds?: number | null;
            /**
             * Format: int64
             * @description Of the new receipt; as long as before by default.
             */
            receipt_seconds?: number | null;
        };
        /**
         * @description Which deliveries are sent again: those that fit all that is given.
         * @example {
         *       "from": "2026-11-28T00:00:00Z",
         *       "status": "failed"
         *     }
         */
        ReplayBody: {
            /**
             * Format: date-time
             * @description Of events from then on.
             */
            from?: string | null;
            /** @description `sent` or `failed`; both by default. */
            status?: string | null;
            /**
             * Format: date-time
             * @description Of events before then.
             */
            to?: string | null;
        };
        /** @description What it came to. */
        Replayed: {
            /** @description Whether there may be more: 10,000 is the most of one call. */
            more: boolean;
            /** Format: int64 */
            replayed: number;
        };
        /**
         * @description Which way it went.
         * @enum {string}
         */
        Resolution: "approved" | "rejected" | "modified";
        /**
         * @description What ended it.
         * @enum {string}
         */
        ResolvedVia: "human" | "rule" | "timeout" | "run_deleted";
        /** @description A named set of permissions. */
        Role: {
            /** @description Every workspace has it, and it stays as it is. */
            built_in: boolean;
            description?: string | null;
            /** @example member */
            name: string;
            permissions: string[];
        };
        /**
         * @description What a role is to be.
         * @example {
         *       "description": "Our CI",
         *       "permissions": [
         *         "approval:create",
         *         "event:publish"
         *       ]
         *     }
         */
        RoleBody: {
            /** @description At most 1,000 characters. */
            description?: string | null;
            /** @description By name, each once, at most what the caller has. */
            permissions: string[];
        };
        RolesPage: {
            /** @description Those that are built in, on the first page; then the workspace's own, by name. */
            items: components["schemas"]["Role"][];
            /** @description Null on the last page. */
            next_cursor?: string | null;
        };
        /**
         * @description How a key gets a successor.
         * @example {
         *       "overlap_seconds": 3600
         *     }
         */
        RotateBody: {
            /**
             * Format: int64
             * @description How long the old key stays good: 0 to 2,592,000; 3,600 by default.
             */
            overlap_seconds?: number | null;
        };
        /**
         * @description How an endpoint gets another secret.
         * @example {
         *       "overlap_seconds": 86400
         *     }
         */
        RotateSecretBody: {
            /**
             * Format: int64
             * @description How long the old secret still signs, in seconds. 86,400 by default. 0 is for a secret that others have seen.
             */
            overlap_seconds?: number | null;
        };
        /** @description A run, and how its approvals stand. */
        Run: {
            approvals: components["schemas"]["Standings"];
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description When it was deleted; its approvals go ten minutes later.
             */
            deleted_at?: string | null;
            /** @example run-42 */
            run_id: string;
            /**
             * @description The sessions that its approvals name, twenty at most: mostly one.
             * @example [
             *       "session-7"
             *     ]
             */
            session_ids: string[];
        };
        /** @description What all who look see alike. */
        SameView: {
            /** @example tool_call */
            approval_type: string;
            /** Format: date-time */
            created_at: string;
            /** @description Of what is asked. Null where the version before asked: the approval itself has it. */
            digest?: string | null;
            /**
             * Format: int32
             * @description The level at which it stands, or ended: 0 is the request's own.
             */
            escalation_level: number;
            /** Format: date-time */
            expires_at: string;
            /** Format: int32 */
            extended_seconds: number;
            /** @description The comment or reason that ended it: 200 characters of it at most. */
            feedback?: string | null;
            /** Format: uuid */
            id: string;
            /** @description How many levels there are; 1 without escalation. */
            levels: number;
            progress?: components["schemas"]["BriefProgress"] | null;
            requested_by: string;
            resolution?: components["schemas"]["Resolution"] | null;
            /** Format: date-time */
            resolved_at?: string | null;
            resolved_by?: string | null;
            /** @description In whose seat they did, where it was not their own. */
            resolved_for?: string | null;
            resolved_via?: components["schemas"]["ResolvedVia"] | null;
            /** @example run-42 */
            run_id: string;
            session_id?: string | null;
            status: components["schemas"]["Status"];
            task_id: string;
            timeout_action: components["schemas"]["TimeoutAction"];
            title?: string | null;
            /** Format: date-time */
            updated_at: string;
            /**
             * Format: int32
             * @description The higher one is the later one.
             */
            version: number;
            workflow?: string | null;
        };
        /** @description How the instances were. */
        Samples: {
            /** @description False where points were left out, the oldest ones: too many instances had samples. */
            complete: boolean;
            /** Format: date-time */
            from: string;
            instances: components["schemas"]["Series"][];
            /**
             * Format: int64
             * @description What one point is about. Longer than was asked for where there would be more than some 2,000 points; never
             *     shorter than a heartbeat.
             * @example 30
             */
            step_seconds: number;
            /** Format: date-time */
            to: string;
        };
        /** @description Filters under a name. */
        SavedView: {
            /**
             * @description 1 to 100 characters.
             * @example Deploys
             */
            name: string;
            /**
             * @description At most 2,000 characters.
             * @example ?type=deploy
             */
            query: string;
        };
        /** @description People by name, roles and groups: the union of the three. */
        Selectors: {
            groups?: string[];
            people?: string[];
            roles?: string[];
        };
        /** @description People by name, roles and groups: the union of the three. */
        SelectorsBody: {
            groups?: string[] | null;
            people?: string[] | null;
            roles?: string[] | null;
        };
        /** @description The points of one instance, which has a new id at each start. */
        Series: {
            /** @example web-1-0af3c2d1 */
            instance_id: string;
            /** @description Oldest first. A step without a sample has no point. */
            points: components["schemas"]["Point"][];
        };
        /** @description One page. */
        SessionsPage: {
            /** @description Oldest first. */
            items: components["schemas"]["BrowserSession"][];
            /** @description Null on the last page. */
            next_cursor?: string | null;
        };
        /**
         * @description What is to be changed; what is left out stays.
         * @example {
         *       "allow_timeout_approve": true
         *     }
         */
        SettingsBody: {
            /** @description Whether approvals may be asked for that a timeout approves. */
            allow_timeout_approve?: boolean;
            /** @description Whether people may let others sit in their seats: `off`, `own` or `managed`. */
            delegation?: components["schemas"]["Delegating"];
            /**
             * Format: int32
             * @description After so many days what has ended is deleted, its record apart; 1 to 36,500, null for never.
             */
            history_retention_days?: number | null;
            redaction?: components["schemas"]["RedactionBody"] | null;
            /** @description What who rejects is offered to say: at most 20, of 1 to 200 characters, in this order. */
            reject_reasons?: string[];
        };
        /** @description An approval, and what was shown of it. */
        ShownItem: {
            /** @description The approval's `digest`. Where it has another, nothing is decided. */
            digest?: string | null;
            /** Format: uuid */
            id: string;
        };
        SignInOptions: {
            /** @description With an API key: `POST /auth/session`. */
            api_key: boolean;
            /** @description With a browser, at the issuer: `GET /auth/login`. */
            browser: boolean;
            device?: components["schemas"]["Device"] | null;
        };
        /**
         * @description Whether the app in Slack works.
         * @enum {string}
         */
        SlackAppState: "good" | "refused" | "unusable";
        /** @description The app in Slack that serves the workspace. */
        SlackChannel: {
            /**
             * @description The user that posts.
             * @example U0456EFGH
             */
            bot?: string | null;
            channel?: string | null;
            /** @description Why nothing arrives, where that is so. */
            detail?: string | null;
            /** @description `api`: it is the workspace's own. `configuration`: it is the service's. */
            managed_by: components["schemas"]["WebhookManagedBy"];
            /**
             * Format: date-time
             * @description Since when Slack has refused the token.
             */
            refused_at?: string | null;
            state: components["schemas"]["SlackAppState"];
            team?: components["schemas"]["SlackTeam"] | null;
            /** Format: date-time */
            updated_at?: string | null;
        };
        /**
         * @description An app of the workspace's own that is to be.
         * @example {
         *       "bot_token": "xoxb-…",
         *       "channel": "C0123456789",
         *       "signing_secret": "0123456789abcdef0123456789abcdef"
         *     }
         */
        SlackChannelBody: {
            /** @description The bot's token, as Slack shows it under OAuth & Permissions. It is tried before it is kept. */
            bot_token: string;
            /**
             * @description The channel for cards whose request names none, by its id; without one, those who may decide get messages of their
             *     own.
             */
            channel?: string | null;
            /** @description What Slack signs presses with, as it shows it under Basic Information: at least 16 characters. */
            signing_secret: string;
        };
        /** @description A team in Slack. */
        SlackTeam: {
            /** @example T0123ABCD */
            id: string;
            name: string;
        };
        /** @description The earliest deadline. */
        Soonest: {
            /** Format: date-time */
            all?: string | null;
            /** Format: date-time */
            mine?: string | null;
        };
        /** @description What is signed. */
        Standing: {
            /**
             * @description Exactly as it was signed.
             * @example 2026-11-21T12:00:00.000000Z
             */
            at: string;
            /** Format: int32 */
            format: number;
            /** @description Of the link at `position`; SHA-256 in hexadecimal. */
            hash: string;
            /** Format: int64 */
            position: number;
            /** Format: uuid */
            workspace_id: string;
        };
        /** @description How many of a run's approvals there are, by status. What has had its time is not counted any more. */
        Standings: {
            /** Format: int64 */
            cancelled: number;
            /** Format: int64 */
            expired: number;
            /** Format: int64 */
            pending: number;
            /** Format: int64 */
            resolved: number;
        };
        /** @description One thing that a caller may want to do with an approval. */
        StandingView: {
            allowed: boolean;
            code?: components["schemas"]["WhyNot"] | null;
            effect?: components["schemas"]["Effect"] | null;
            /** @description Why not, in words. Where it is allowed: what is to be known before. */
            reason?: string | null;
            /** @description The people in one of whose seats they may vote, and must say in which: `for`. Absent where they need not. */
            seats?: string[];
        };
        /**
         * @description How an approval stands; the last three are final.
         * @enum {string}
         */
        Status: "pending" | "resolved" | "expired" | "cancelled";
        /** @description An approval in brief: without description, context, checkpoint, metadata and policy. */
        Summary: components["schemas"]["SameView"] & components["schemas"]["OwnView"];
        Switch: {
            /**
             * @description Its name.
             * @example acme
             */
            workspace: string;
        };
        /** @description A test that is on its way. */
        Tested: {
            /** Format: uuid */
            delivery_id: string;
        };
        /** @description What a browser opens a socket with. */
        TicketView: {
            /**
             * Format: date-time
             * @description Half a minute from now.
             */
            expires_at: string;
            /**
             * @description For `?ticket=` of a socket's address. Good once.
             * @example wt_pVJ6...
             */
            ticket: string;
        };
        /**
         * @description What the deadline does.
         * @enum {string}
         */
        TimeoutAction: "expire" | "approve" | "reject" | "escalate";
        /** @description How much is unread. */
        Unread: {
            /**
             * Format: int64
             * @description At most 1,000 are counted.
             */
            unread: number;
        };
        /**
         * @description What may be done with a pending approval.
         * @enum {string}
         */
        Verb: "approve" | "edit" | "reject" | "cancel" | "escalate" | "extend";
        /** @description A look over the workspace's chain. */
        Verification: {
            /**
             * Format: int64
             * @description The lowest position at which something doesn't fit, of those that are shown.
             */
            broken_at?: number | null;
            /**
             * Format: int64
             * @description Checkpoints that were compared, and records that wait for their links; null until it has ended.
             */
            checkpoints?: number | null;
            /** @description Why it could not be told. */
            failure?: string | null;
            /**
             * Format: int64
             * @description How many things don't fit; null until it has ended.
             */
            findings?: number | null;
            /**
             * Format: date-time
             * @description Null while it runs.
             */
            finished_at?: string | null;
            /** @description The first twenty of them. */
            found: components["schemas"]["AuditFinding"][];
            /** Format: uuid */
            id: string;
            /**
             * Format: int64
             * @description Records that had a link at its start, and how many of them have been looked at. More may come meanwhile.
             */
            records: number;
            /** Format: date-time */
            started_at: string;
            /**
             * @description By name, as it was then.
             * @example ana
             */
            started_by: string;
            /** Format: uuid */
            started_by_id: string;
            state: components["schemas"]["VerificationState"];
            /** Format: int64 */
            unlinked?: number | null;
            /** Format: int64 */
            walked: number;
        };
        /**
         * @description How a look over a chain ended. `whole`: nothing was found; `broken`: something was; `failed`: it could not be told.
         * @enum {string}
         */
        VerificationState: "running" | "whole" | "broken" | "failed";
        /**
         * @description Which parts of the context are the proposal, as JSON Pointers (RFC 6901) into it. Each must lead somewhere. Screens
         *     show by them what would change; nothing is decided by them.
         * @example {
         *       "current": "/before",
         *       "fold": [
         *         "/build_log"
         *       ],
         *       "proposed": "/after"
         *     }
         */
        View: {
            /** @description What is now: of the same shape, so that screens can show the difference. */
            current?: string | null;
            /** @description What is folded at first: at most 64. */
            fold?: string[] | null;
            /** @description What an approver should see first: at most 16. */
            primary?: string[] | null;
            /** @description What would be, once it is approved. */
            proposed?: string | null;
        };
        /** @description One field and the rule that it breaks. */
        Violation: {
            /**
             * @description The rule in words.
             * @example must be 1 to 31536000
             */
            message: string;
            /**
             * @description JSON Pointer to the field in the body; `?name` for a query parameter, the header's name for a header.
             * @example /timeout_seconds
             */
            pointer: string;
            /**
             * @description The rule's name, for programs.
             * @example range
             */
            rule: string;
        };
        /**
         * @description From the outcome's moment, which lies before its commit, to the answer of a waiting call that had to be woken. By
         *     the database's clock, which an instance knows to within a heartbeat's round trip.
         */
        WakeDelay: {
            /**
             * Format: int64
             * @description Waiting calls that were answered so.
             */
            count: number;
            /**
             * Format: double
             * @description Half were no longer; null where there was none. From a histogram, as `histogram_quantile` reckons; at most 5.
             */
            p50_seconds?: number | null;
            /** Format: double */
            p99_seconds?: number | null;
        };
        /** @description Approvals whose waiters were woken, by how the instance learned of the outcome. */
        Wakes: {
            /**
             * Format: int64
             * @description It was decided on this instance.
             */
            local: number;
            /**
             * Format: int64
             * @description A hint came through Redis.
             */
            redis: number;
            /**
             * Format: int64
             * @description The sweep found it.
             */
            sweep: number;
        };
        /** @description An endpoint. */
        Webhook: {
            /** Format: date-time */
            created_at: string;
            description?: string | null;
            /** Format: date-time */
            disabled_at?: string | null;
            disabled_reason?: components["schemas"]["WebhookDisabled"] | null;
            /**
             * Format: int64
             * @description Events that were not kept while it was disabled, because 100,000 waited already.
             */
            dropped: number;
            enabled: boolean;
            /** @description Empty: all. */
            events: components["schemas"]["WebhookEvent"][];
            /**
             * Format: date-time
             * @description Since when nothing has arrived, though something was tried. Null: the last that was tried has arrived.
             */
            failing_since?: string | null;
            format: components["schemas"]["WebhookFormat"];
            /** Format: uuid */
            id: string;
            include_context: boolean;
            /** @description Of the last try that failed. */
            last_error?: string | null;
            /** Format: date-time */
            last_success_at?: string | null;
            managed_by: components["schemas"]["WebhookManagedBy"];
            /** Format: date-time */
            updated_at: string;
            url: string;
            /**
             * Format: int64
             * @description How many events wait; 1,001 for more than a thousand.
             */
            waiting: number;
        };
        /**
         * @description An endpoint that is to be.
         * @example {
         *       "events": [
         *         "approval:resolved"
         *       ],
         *       "url": "https://hooks.example/signoff"
         *     }
         */
        WebhookBody: {
            /** @description What it is for; at most 500 characters. */
            description?: string | null;
            /** @description Which events it gets; all by default. */
            events?: components["schemas"]["WebhookEvent"][];
            format?: components["schemas"]["WebhookFormat"] | null;
            /** @description Whether bodies hold the context of requests; they don't by default. */
            include_context?: boolean | null;
            /** @description Where events are posted: `https`, without credentials and fragment, at a public address. At most 2,048 bytes. */
            url: string;
        };
        /**
         * @description Why an endpoint gets nothing.
         * @enum {string}
         */
        WebhookDisabled: "by_hand" | "gone" | "failing" | "configuration";
        /**
         * @description What a webhook tells.
         * @enum {string}
         */
        WebhookEvent: "approval:requested" | "approval:voted" | "approval:escalated" | "approval:resolved";
        /**
         * @description How a webhook's body is written.
         * @enum {string}
         */
        WebhookFormat: "standard" | "cloudevents";
        /**
         * @description Who says what an endpoint is like.
         * @enum {string}
         */
        WebhookManagedBy: "api" | "configuration";
        /**
         * @description A change of an endpoint: what is left out stays.
         * @example {
         *       "enabled": true
         *     }
         */
        WebhookPatch: {
            /** @description Null: none. */
            description?: string | null;
            /** @description Whether it gets anything. What waits for one that is disabled is kept, and goes when it is enabled again. */
            enabled?: boolean;
            /** @description An empty list: all. */
            events?: components["schemas"]["WebhookEvent"][];
            format?: components["schemas"]["WebhookFormat"];
            include_context?: boolean;
            url?: string;
        };
        /** @description All of a workspace: 50 at most. */
        WebhooksPage: {
            /** @description Oldest first. */
            items: components["schemas"]["Webhook"][];
            /** @description Always null: there is one page. */
            next_cursor?: string | null;
        };
        /** @description An endpoint with its secret. */
        WebhookWithSecret: components["schemas"]["Webhook"] & {
            /**
             * @description What signs messages, told this once.
             * @example whsec_...
             */
            secret: string;
        };
        /** @description Who is signed in, and what they may do. */
        WhoAmI: {
            /**
             * @description What they came with, by its public name.
             * @example key:lkaqmt2vfljk
             */
            credential: string;
            /**
             * Format: date-time
             * @description When it ends at the latest, where that is known: of sessions and tokens.
             */
            expires_at?: string | null;
            /**
             * @example [
             *       "approval:approve",
             *       "approval:view:pending"
             *     ]
             */
            permissions: string[];
            principal: components["schemas"]["NamedThing"];
            workspace: components["schemas"]["OwnWorkspace"];
        };
        /**
         * @description Why something can't be done with an approval.
         * @enum {string}
         */
        WhyNot: "no_permission" | "due" | "ended" | "voted" | "taken_as_it_is" | "edited_already" | "seat_taken" | "no_further_level" | "extended_enough" | "own_request" | "service" | "may_not_extend" | "not_named" | "refused";
        /** @description A notification with its tries. */
        WithAttempts: components["schemas"]["Notification"] & {
            /** @description Oldest first; the last 100. */
            attempts: components["schemas"]["NotificationAttempt"][];
        };
        /** @description A tenant, as it is shown and recorded. */
        Workspace: {
            /** @description Whether approvals may be asked for that a timeout approves. */
            allow_timeout_approve: boolean;
            /** Format: date-time */
            created_at: string;
            /**
             * @description Whether people may let others sit in their seats: `off`, `own` (each for themselves), or `managed` (who manages
             *     principals, for them).
             * @example off
             */
            delegation: string;
            /**
             * Format: int32
             * @description How long what has ended is kept; null: for ever.
             */
            history_retention_days?: number | null;
            /** Format: uuid */
            id: string;
            /** @example acme */
            name: string;
            /** @description What of approvals is shown to no one outside. */
            redaction: components["schemas"]["Redaction"];
            /** @description What who rejects is offered to say. Everybody in the workspace sees it in `GET /auth/session`. */
            reject_reasons: string[];
            /** Format: date-time */
            updated_at: string;
        };
        Workspaces: {
            /** @description By name. */
            items: components["schemas"]["Place"][];
        };
        /** @description What the caller may do. */
        YouView: {
            approve: components["schemas"]["StandingView"];
            cancel: components["schemas"]["StandingView"];
            /** @description Approve with edits of their own. */
            edit: components["schemas"]["StandingView"];
            /** @description Hand it to the next level. */
            escalate: components["schemas"]["StandingView"];
            /** @description Move its deadline. */
            extend: components["schemas"]["StandingView"];
            reject: components["schemas"]["StandingView"];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
