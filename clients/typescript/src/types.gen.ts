// Made by types.mjs; not to be edited.

export interface paths {
    "/api/v1/approvals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for an approval
         * @description Stored once this answers. With an `Idempotency-Key` (unique for workspace and principal, kept as long as the
         *     approval is pending, and 24 hours longer) a repeated call changes nothing: the same body gets 200 and the same approval as it stands now.
         */
        post: operations["create_approval"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get an approval
         * @description As it stands now. One whose deadline has passed is settled first.
         */
        get: operations["get_approval"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Approve
         * @description The same person approving again in the same way gets 200 and `changed: false`. A vote that leaves the policy
         *     unmet counts (`changed: true`) and leaves the approval pending.
         */
        post: operations["approve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{id}/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List an approval's changes
         * @description Every change has exactly one record, written with it; a vote that resolves is one.
         */
        get: operations["audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel
         * @description Withdraws the question; waiters wake. The same person cancelling again gets 200 and `changed: false`.
         */
        post: operations["cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{id}/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List an approval's decisions
         * @description Who said what, oldest first. With `approval:view:pending` alone those of what is pending: what has ended takes
         *     `approval:view:history`.
         */
        get: operations["decisions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{id}/eligible": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who may agree
         * @description What the policy still misses, whose approval would bring it nearer, how those whom it means stand, and what the caller
         *     may do: it says what deciding would do, and decides nothing. Members of roles and groups, and when somebody was seen, are shown to those
         *     who may approve.
         */
        get: operations["who_may_agree"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{id}/escalate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Escalate
         * @description Hands a pending approval to its next level, which has its own policy and its own full time. The same person handing
         *     it on from the same level again gets 200 and `changed: false`. Where no level is left: 409 `limit_reached`. Where it
         *     stands at another level than `from_level`: 412 `version_conflict`.
         */
        post: operations["escalate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{id}/extend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Extend
         * @description Moves the deadline of a pending approval, as far and by whom its policy's `extension` allows: 403 `not_eligible` and
         *     409 `limit_reached` otherwise. Once the deadline has passed: 410.
         */
        post: operations["extend"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{id}/reject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reject
         * @description Ends the approval as soon as as many people have rejected it as its policy says (one, by default).
         */
        post: operations["reject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{id}/wait": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Wait for an outcome
         * @description Answers as soon as the approval has ended, on whichever instance that happened. Still pending when the time is
         *     over: the approval as it stands and `Retry-After: 0`; ask again. A time-out or a lost connection changes nothing.
         */
        get: operations["wait"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/bulk": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Approve or reject many
         * @description Says the same to up to 200 approvals, each by itself: what becomes of one has nothing to do with the others.
         *     Repeating the call is safe. It counts as one request for each ten ids begun. Needs the permission of the action; without that of either it is refused unread.
         */
        post: operations["decide_many"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what changed
         * @description The approvals that were asked for, voted on, moved on or ended since the call before; at most 500, and 9 minutes
         *     back. Those of the 15 seconds before it come again: at most 2,000 in all.
         */
        get: operations["approval_changes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/counts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count pending approvals
         * @description All that the list of the same filters has, and those of them that the caller may still vote on. By the condition that
         *     the list goes by, so that they agree.
         */
        get: operations["count_pending"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/facets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what pending approvals can be filtered by
         * @description The workflows, types and requesters of what is pending, with their numbers.
         */
        get: operations["pending_facets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what has ended
         * @description The latest outcome first. Pages are stable: what ends between two of them neither repeats nor hides others. With
         *     `Accept: text/csv`, or `format=csv`, the whole history that matches, as a file; one that breaks off is incomplete.
         */
        get: operations["history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/pending": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List pending approvals
         * @description The most urgent first, or the newest. Pages are stable: what comes or goes between two of them neither repeats
         *     nor hides others.
         */
        get: operations["pending"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the record
         * @description Every change in the workspace, newest first, within a second of the change. A page looks at 5,000 records: with a
         *     filter that few of them fit it may be short, or empty, and still have a `next_cursor`.
         */
        get: operations["list_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/checkpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List checkpoints
         * @description Where the workspace's chain stood at some moments, signed.
         */
        get: operations["list_audit_checkpoints"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/verifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Look the record over
         * @description Begins to look over the workspace's chain, in the background, as `signoff audit verify` does: 202. One at a time: while
         *     one runs, that one is the answer, with 200. The last ten are kept.
         */
        post: operations["verify_audit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/verifications/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a look over the record
         * @description One whose instance is gone reads as failed.
         */
        get: operations["get_audit_verification"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/verifications/latest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the latest look over the record
         * @description 404 where there was none.
         */
        get: operations["get_latest_audit_verification"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/browser-sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List browser sessions
         * @description Your own; with `principal:manage` everybody's in the workspace.
         */
        get: operations["list_browser_sessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/browser-sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End a browser session
         * @description Your own; with `principal:manage` that of anybody in the workspace, unless it allows what you may not do. It is
         *     refused everywhere within 5 s, its sockets are closed within 60.
         */
        delete: operations["end_browser_session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/channels/slack": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the app in Slack
         * @description The workspace's own app, or the service's app where that serves the workspace. Secrets are never shown.
         */
        get: operations["get_slack_channel"];
        /**
         * Set the workspace's own app in Slack
         * @description Replaces the app that was set before, with its secrets. Slack is asked first: a token that it refuses is 422 at
         *     `/bot_token`. An app in a team serves one workspace: the same app for another one is 409. All instances take over the
         *     change within some seconds.
         */
        put: operations["set_slack_channel"];
        post?: never;
        /**
         * Remove the workspace's own app in Slack
         * @description Cards of the app stay as they are, and their buttons do nothing any more. New cards are posted by the service's app,
         *     where that serves the workspace.
         */
        delete: operations["remove_slack_channel"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cluster": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the instances
         * @description Every instance that holds a lease, with its heartbeat's age, and those that lost theirs within ten minutes.
         */
        get: operations["cluster"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cluster/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what happened to the service
         * @description Kept for 30 days by default. What an instance could not store before it ended is missing.
         */
        get: operations["list_cluster_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cluster/outbox": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show what waits to be sent
         * @description By channel, of all workspaces together.
         */
        get: operations["get_outbox"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cluster/samples": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show how the instances were
         * @description Each heartbeat stores a sample of its instance. They are kept for a day by default.
         */
        get: operations["list_cluster_samples"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connections": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List connections
         * @description The live sockets of the workspace. One whose instance has died disappears when the instance's lease runs out.
         */
        get: operations["list_connections"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connections/{task_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a task's connection */
        get: operations["get_connection"];
        put?: never;
        post?: never;
        /**
         * Close a task's connection
         * @description Its client is told not to reconnect (1008), but may.
         */
        delete: operations["close_connection"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/delegations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List delegations
         * @description Who does not manage principals sees those from and to themselves.
         */
        get: operations["list_delegations"];
        put?: never;
        /**
         * Let a person sit in a seat
         * @description Until it ends, `to` may decide in the seat of `from`, where the policy admits `from` and not `to` by themselves. As
         *     the workspace's setting `delegation` has it: `off` refuses it, and with `managed` it takes `principal:manage`.
         */
        post: operations["create_delegation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/delegations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a delegation */
        get: operations["get_delegation"];
        put?: never;
        post?: never;
        /**
         * Revoke a delegation
         * @description By either side, or by who manages principals. It opens nothing after 5 seconds at most; votes that were cast stay.
         *     Doing so again changes nothing.
         */
        delete: operations["revoke_delegation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List keys
         * @description Never their secrets, of which nothing but a hash is kept.
         */
        get: operations["list_keys"];
        put?: never;
        /** Make a key */
        post: operations["create_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/{prefix}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a key */
        get: operations["get_key"];
        put?: never;
        post?: never;
        /**
         * Revoke a key
         * @description Every instance refuses it within 5 seconds; its sockets are closed within 60. Doing so again changes nothing.
         */
        delete: operations["revoke_key"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/{prefix}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a key a successor
         * @description It allows the same. The old key stays good for a while, so that whoever uses it can change over.
         */
        post: operations["rotate_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/notification-preferences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show how one is told
         * @description The caller's own; no permission is needed.
         */
        get: operations["get_notification_preferences"];
        /**
         * Say how one wants to be told
         * @description Replaces all of it. It holds for what is sent some seconds later.
         */
        put: operations["put_notification_preferences"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List one's notifications
         * @description What the caller was told in the app; no permission is needed. Kept for `notify.retention_days`.
         */
        get: operations["list_own_notifications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/notifications/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Mark one's notifications as read
         * @description No permission is needed. What was read before stays as it is.
         */
        post: operations["read_notifications"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/notifications/unread-count": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count one's unread notifications
         * @description No permission is needed.
         */
        get: operations["count_unread_notifications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/preferences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show one's preferences
         * @description Of the principal who calls; no permission is needed. Where nothing is stored, nothing is chosen.
         */
        get: operations["get_preferences"];
        /**
         * Replace one's preferences
         * @description All of them, at most 16 KiB; those left out are not chosen any more. With `If-Match` only if they are still as they
         *     were seen.
         */
        put: operations["put_preferences"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List notifications
         * @description Newest first. `approval_id` finds those of one approval fastest. A page may be short or empty without being the last:
         *     follow `next_cursor`.
         */
        get: operations["list_notifications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notifications/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a notification
         * @description With what each try came to.
         */
        get: operations["get_notification"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notifications/{id}/redrive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a notification again
         * @description Makes a failed notification pending again. It is given up as late as a new one. 409 `not_redrivable` if it has not
         *     failed, or if it asks about an approval that has ended.
         */
        post: operations["redrive_notification"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notifications/redrive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send all again that has failed
         * @description Makes failed notifications pending again, the oldest first, 10,000 at most. Those that ask about approvals that have
         *     ended stay failed.
         */
        post: operations["redrive_notifications"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policies/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Check a policy
         * @description Says what creating with this policy would say: the fields that are wrong, what nobody could satisfy, and what today's
         *     members can't. Nothing is created.
         */
        post: operations["check_policy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/principals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List principals */
        get: operations["list_principals"];
        put?: never;
        /** Add a principal */
        post: operations["create_principal"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/principals/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a principal */
        get: operations["get_principal"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change a principal
         * @description Nobody changes, or disables, whoever may do what they may not do themselves.
         */
        patch: operations["update_principal"];
        trace?: never;
    };
    "/api/v1/roles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List roles */
        get: operations["list_roles"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/roles/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Make a role, or change what it allows
         * @description At once, for everybody who has it. A workspace has at most 500 roles of its own.
         */
        put: operations["put_role"];
        post?: never;
        /**
         * Delete a role
         * @description Whoever has it keeps its name, which allows nothing then.
         */
        delete: operations["delete_role"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a run
         * @description Its approvals are listed by `run_id` in `GET /approvals/pending` and `GET /approvals/history`.
         */
        get: operations["get_run"];
        put?: never;
        post?: never;
        /**
         * Delete a run
         * @description Cancels what the run still asks (`resolved_via: run_deleted`; its waiters wake) and refuses new approvals of
         *     it. Its approvals stay readable for ten minutes; their record stays.
         */
        delete: operations["delete_run"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{task_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a task's events
         * @description From a cursor, from a time, or from the oldest that is kept. What a socket delivers, without one.
         */
        get: operations["replay"];
        put?: never;
        /**
         * Send events of a task
         * @description They are in the task's log once this answers, and reach its socket on whichever instance that is.
         */
        post: operations["publish"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List webhooks
         * @description Secrets are never shown.
         */
        get: operations["list_webhooks"];
        put?: never;
        /**
         * Make a webhook
         * @description The endpoint gets events from now on. A workspace has 50 at most. Only this answer shows the secret.
         */
        post: operations["create_webhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a webhook */
        get: operations["get_webhook"];
        put?: never;
        post?: never;
        /**
         * Delete a webhook
         * @description Deliveries that wait for it are skipped.
         */
        delete: operations["delete_webhook"];
        options?: never;
        head?: never;
        /**
         * Change a webhook
         * @description A field that is left out stays. An endpoint that the configuration sets can only be disabled and enabled.
         */
        patch: operations["update_webhook"];
        trace?: never;
    };
    "/api/v1/webhooks/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List deliveries of a webhook
         * @description Newest first. Kept for `notify.retention_days`, 30 by default.
         */
        get: operations["list_deliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{id}/deliveries/{delivery_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a delivery
         * @description With the body as it is sent, and what each try came to.
         */
        get: operations["get_delivery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send events again
         * @description Sends the same bytes with the same `webhook-id` again, the oldest first, 10,000 at most. Pending deliveries stay as
         *     they are.
         */
        post: operations["replay_webhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{id}/rotate-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a webhook another secret
         * @description For a while each message is signed with both secrets, so that the receiver can change over.
         */
        post: operations["rotate_webhook_secret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Try a webhook
         * @description Sends `webhook:test` to the endpoint. The delivery shows what came of it. An endpoint that is left alone because it
         *     fails gets the test at once, before all other messages. 409 `not_redrivable` while the endpoint is disabled.
         */
        post: operations["test_webhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workspace": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show the workspace */
        get: operations["get_workspace"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change the workspace's settings */
        patch: operations["update_workspace"];
        trace?: never;
    };
    "/api/v1/ws-tickets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get a ticket for a socket
         * @description For browsers, which can't send a header when they open a socket; a key must never be part of a URL. The ticket
         *     stands for the caller's credential, once, for 30 seconds.
         */
        post: operations["ticket"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Come back from the issuer
         * @description Good once, in the browser that began, within ten minutes.
         */
        get: operations["come_back_from_issuer"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/configuration": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** See how to sign in */
        get: operations["sign_in_options"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Sign in at the issuer
         * @description For browsers: leads to the issuer, from there to `/auth/callback`, and with a session back to `return_to`.
         */
        get: operations["sign_in_at_issuer"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * See who you are
         * @description For every kind of credential.
         */
        get: operations["who_am_i"];
        put?: never;
        /**
         * Sign in with a key
         * @description For browsers: opens a session, whose secret is in a cookie that no script can read. It allows what the key does, and
         *     ends with it. Only for pages of this site (`Sec-Fetch-Site` or `Origin`).
         */
        post: operations["sign_in_with_key"];
        /**
         * Sign out
         * @description Ends the browser's session everywhere within 5 s, its sockets within 60. Doing so without one changes nothing.
         */
        delete: operations["sign_out"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/session/workspace": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Go to another workspace
         * @description For browsers: a new session there, and the end of the one that the cookie is of. It ends when that one would have, at
         *     the latest. Only for pages of this site (`Sec-Fetch-Site` or `Origin`). 404 for a workspace that is not among one's
         *     own, whether or not there is one of that name.
         */
        post: operations["switch_workspace"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/workspaces": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List one's workspaces
         * @description Those that `POST /auth/session/workspace` leads to, and the credential's own. A key, a token, and a session that was
         *     opened with a key have their own only. Of a session that the issuer opened: each workspace where the same subject is
         *     a principal who isn't disabled, if the issuer has vouched for them there within the longest time of a session, or an
         *     operator has bound them.
         */
        get: operations["list_own_workspaces"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
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
            /** @description As it was sent. */
            context: Record<string, never>;
            /** Format: date-time */
            created_at: string;
            description?: string | null;
            /** @description The levels above the first, as they were sent; null where none were. */
            escalation?: components["schemas"]["EscalationLevel"][] | null;
            /**
             * Format: int32
             * @description The level at which it stands, or ended: 0 is the request's own.
             */
            escalation_level: number;
            /** @description The hops that led there. */
            escalations: components["schemas"]["EscalationHop"][];
            /** Format: date-time */
            expires_at: string;
            /**
             * Format: int32
             * @description By how much the deadline of this level was moved.
             */
            extended_seconds: number;
            /**
             * Format: uuid
             * @example 0193d1a4-7c1e-7b60-9f43-0f2f5a3c9a10
             */
            id: string;
            job_id?: string | null;
            /** @description As it was sent. */
            metadata: Record<string, never>;
            notify?: components["schemas"]["Notify"] | null;
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
            /** @description 1 to 200 ids; doubles count once. */
            ids: string[];
            /** @description Required to reject, and only then; at most 5,000 characters. */
            reason?: string | null;
        };
        /** @description What became of each. */
        BulkDone: {
            /** @description In the order given, doubles once. */
            results: components["schemas"]["BulkResult"][];
        };
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
        Code: "malformed" | "unauthenticated" | "forbidden" | "not_eligible" | "not_found" | "method_not_allowed" | "already_decided" | "cancelled" | "already_voted" | "modifications_differ" | "limit_reached" | "not_redrivable" | "expired" | "version_conflict" | "too_large" | "unsupported_media_type" | "invalid" | "idempotency_mismatch" | "unsatisfiable_policy" | "not_supported" | "internal" | "rate_limited" | "overloaded" | "unavailable" | "draining";
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
            /** @description What is to be decided: any object, at most 256 KiB. It comes back untouched. */
            context: Record<string, never>;
            /** @description At most 10,000 characters. */
            description?: string | null;
            /**
             * @description The levels above this one, at most 5: who is asked next, and for how long. Where `timeout_action` is not
             *     `escalate`, people hand it on.
             */
            escalation?: components["schemas"]["LevelBody"][] | null;
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
            /** @description Not supported yet. */
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
            /** @description True is not supported yet. */
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
            /** @description In whose seat, where several are open to you by delegation. */
            for?: string | null;
            /** @description Required; at most 5,000 characters. */
            reason: string;
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
export interface operations {
    create_approval: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 255 visible ASCII characters */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateBody"];
            };
        };
        responses: {
            /** @description A repeated call */
            200: {
                headers: {
                    /** @description Its version */
                    ETag?: string;
                    /** @description true */
                    "Idempotency-Replayed"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    /** @description Its version */
                    ETag?: string;
                    /** @description The approval's path */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedApproval"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. `idempotency_mismatch`: The idempotency key was used for another body. `unsatisfiable_policy`: Nobody could ever satisfy this policy. `not_supported`: This is not supported yet. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_approval: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The approval's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Its version */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    approve: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only if its version is still this
                 * @example "1"
                 */
                "If-Match"?: string | null;
            };
            path: {
                /** @description The approval's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ApproveBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Its version */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Decided"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. `not_eligible`: The policy does not admit you. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already_decided`: Somebody has decided it already. `cancelled`: It was cancelled. `already_voted`: You have voted otherwise already. `modifications_differ`: Your modifications differ from the first approver's. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "already_decided",
                     *       "detail": "Somebody has decided it already",
                     *       "status": 409,
                     *       "title": "Somebody has decided it already",
                     *       "type": "urn:signoff:problem:already_decided"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `expired`: Its deadline has passed. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "expired",
                     *       "detail": "Its deadline has passed",
                     *       "status": 410,
                     *       "title": "Its deadline has passed",
                     *       "type": "urn:signoff:problem:expired"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `version_conflict`: It has changed since you looked. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "version_conflict",
                     *       "detail": "It has changed since you looked",
                     *       "status": 412,
                     *       "title": "It has changed since you looked",
                     *       "type": "urn:signoff:problem:version_conflict"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    audit: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description 1 to 200; 200 by default. A page with much in it ends earlier. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description The approval's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Audit"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only if its version is still this
                 * @example "1"
                 */
                "If-Match"?: string | null;
            };
            path: {
                /** @description The approval's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CancelBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Its version */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Decided"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already_decided`: Somebody has decided it already. `cancelled`: It was cancelled. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "already_decided",
                     *       "detail": "Somebody has decided it already",
                     *       "status": 409,
                     *       "title": "Somebody has decided it already",
                     *       "type": "urn:signoff:problem:already_decided"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `expired`: Its deadline has passed. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "expired",
                     *       "detail": "Its deadline has passed",
                     *       "status": 410,
                     *       "title": "Its deadline has passed",
                     *       "type": "urn:signoff:problem:expired"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `version_conflict`: It has changed since you looked. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "version_conflict",
                     *       "detail": "It has changed since you looked",
                     *       "status": 412,
                     *       "title": "It has changed since you looked",
                     *       "type": "urn:signoff:problem:version_conflict"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    decisions: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description 1 to 200; 200 by default. A page with much in it ends earlier. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description The approval's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Decisions"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    who_may_agree: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description 1 to 200; 50 by default. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description The approval's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EligibleView"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    escalate: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only if its version is still this
                 * @example "1"
                 */
                "If-Match"?: string | null;
            };
            path: {
                /** @description The approval's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EscalateBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Its version */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Decided"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already_decided`: Somebody has decided it already. `cancelled`: It was cancelled. `limit_reached`: A limit is reached. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "already_decided",
                     *       "detail": "Somebody has decided it already",
                     *       "status": 409,
                     *       "title": "Somebody has decided it already",
                     *       "type": "urn:signoff:problem:already_decided"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `expired`: Its deadline has passed. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "expired",
                     *       "detail": "Its deadline has passed",
                     *       "status": 410,
                     *       "title": "Its deadline has passed",
                     *       "type": "urn:signoff:problem:expired"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `version_conflict`: It has changed since you looked. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "version_conflict",
                     *       "detail": "It has changed since you looked",
                     *       "status": 412,
                     *       "title": "It has changed since you looked",
                     *       "type": "urn:signoff:problem:version_conflict"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    extend: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only if its version is still this
                 * @example "1"
                 */
                "If-Match"?: string | null;
            };
            path: {
                /** @description The approval's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExtendBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Its version */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Decided"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. `not_eligible`: The policy does not admit you. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already_decided`: Somebody has decided it already. `cancelled`: It was cancelled. `limit_reached`: A limit is reached. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "already_decided",
                     *       "detail": "Somebody has decided it already",
                     *       "status": 409,
                     *       "title": "Somebody has decided it already",
                     *       "type": "urn:signoff:problem:already_decided"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `expired`: Its deadline has passed. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "expired",
                     *       "detail": "Its deadline has passed",
                     *       "status": 410,
                     *       "title": "Its deadline has passed",
                     *       "type": "urn:signoff:problem:expired"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `version_conflict`: It has changed since you looked. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "version_conflict",
                     *       "detail": "It has changed since you looked",
                     *       "status": 412,
                     *       "title": "It has changed since you looked",
                     *       "type": "urn:signoff:problem:version_conflict"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reject: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only if its version is still this
                 * @example "1"
                 */
                "If-Match"?: string | null;
            };
            path: {
                /** @description The approval's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RejectBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Its version */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Decided"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. `not_eligible`: The policy does not admit you. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already_decided`: Somebody has decided it already. `cancelled`: It was cancelled. `already_voted`: You have voted otherwise already. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "already_decided",
                     *       "detail": "Somebody has decided it already",
                     *       "status": 409,
                     *       "title": "Somebody has decided it already",
                     *       "type": "urn:signoff:problem:already_decided"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `expired`: Its deadline has passed. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "expired",
                     *       "detail": "Its deadline has passed",
                     *       "status": 410,
                     *       "title": "Its deadline has passed",
                     *       "type": "urn:signoff:problem:expired"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `version_conflict`: It has changed since you looked. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "version_conflict",
                     *       "detail": "It has changed since you looked",
                     *       "status": 412,
                     *       "title": "It has changed since you looked",
                     *       "type": "urn:signoff:problem:version_conflict"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    wait: {
        parameters: {
            query?: {
                /** @description Seconds to hold, capped at 55; default 30. Wins over Prefer. */
                timeout?: number;
            };
            header?: {
                /**
                 * @description RFC 7240
                 * @example wait=30
                 */
                Prefer?: string | null;
            };
            path: {
                /** @description The approval's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Its version */
                    ETag?: string;
                    /** @description Present while it is pending: 0 to ask again at once, 1 when this instance is going away */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    decide_many: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BulkBody"];
            };
        };
        responses: {
            /** @description Each outcome by itself */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkDone"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    approval_changes: {
        parameters: {
            query?: {
                /** @description `cursor` of the answer before. Without it nothing is listed: the answer says from where to ask. */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Changes"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    count_pending: {
        parameters: {
            query?: {
                /**
                 * @description May be given up to 50 times: one of these.
                 * @example [
                 *       "tool_call"
                 *     ]
                 */
                approval_type?: string[];
                /** @description A text within title, description, type, run, requester or workflow, whatever its case. */
                q?: string;
                /**
                 * @description A principal's name. May be given up to 50 times: asked by one of these.
                 * @example [
                 *       "agent-7"
                 *     ]
                 */
                requested_by?: string[];
                run_id?: string;
                session_id?: string;
                task_id?: string;
                /**
                 * @description May be given up to 50 times: one of these.
                 * @example [
                 *       "checkout-release"
                 *     ]
                 */
                workflow?: string[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Counts"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    pending_facets: {
        parameters: {
            query?: {
                /**
                 * @description May be given up to 50 times: one of these.
                 * @example [
                 *       "tool_call"
                 *     ]
                 */
                approval_type?: string[];
                /** @description A text within title, description, type, run, requester or workflow, whatever its case. */
                q?: string;
                /**
                 * @description A principal's name. May be given up to 50 times: asked by one of these.
                 * @example [
                 *       "agent-7"
                 *     ]
                 */
                requested_by?: string[];
                run_id?: string;
                session_id?: string;
                task_id?: string;
                /**
                 * @description May be given up to 50 times: one of these.
                 * @example [
                 *       "checkout-release"
                 *     ]
                 */
                workflow?: string[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Facets"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    history: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. Not for CSV. */
                cursor?: string;
                /** @description The name of somebody who cast a vote, whether or not it was decisive, or who cancelled. */
                decided_by?: string;
                /**
                 * @description `json` or `csv`: what a link wants, which can't send `Accept`. It wins over that.
                 * @example csv
                 */
                format?: string;
                /** @description Outcomes from this time on (RFC 3339). */
                from?: string;
                /** @description 1 to 200; 50 by default. Not for CSV. */
                limit?: number;
                /** @description Words, whatever their case. For each there is one that begins like it, in title, description, type, run or workflow. */
                q?: string;
                /** @description A principal's name. */
                requested_by?: string;
                /**
                 * @description `approved`, `rejected`, `modified`, or `none`: ended without one.
                 * @example rejected
                 */
                resolution?: string;
                run_id?: string;
                /**
                 * @description For CSV: `true` for a file that spreadsheets open as it is, with a byte order mark and times like
                 *     `2026-11-21 12:00:00` (UTC); `false` by default.
                 */
                spreadsheet?: boolean;
                /**
                 * @description `resolved`, `expired` or `cancelled`.
                 * @example resolved
                 */
                status?: string;
                /** @description Outcomes before this time (RFC 3339). */
                to?: string;
                /**
                 * @description `full` (the default), or `summary`: without description, context, checkpoint, metadata and policy. Not for CSV.
                 * @example summary
                 */
                view?: string;
                workflow?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HistoryPage"];
                    /** @example id,run_id,… */
                    "text/csv": string;
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    pending: {
        parameters: {
            query?: {
                /**
                 * @description May be given up to 50 times: one of these.
                 * @example [
                 *       "tool_call"
                 *     ]
                 */
                approval_type?: string[];
                /**
                 * @description `me`: only what the caller may still vote on.
                 * @example me
                 */
                approver?: string;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description 1 to 200; 50 by default. */
                limit?: number;
                /** @description A text within title, description, type, run, requester or workflow, whatever its case. */
                q?: string;
                /**
                 * @description A principal's name. May be given up to 50 times: asked by one of these.
                 * @example [
                 *       "agent-7"
                 *     ]
                 */
                requested_by?: string[];
                run_id?: string;
                session_id?: string;
                /**
                 * @description `expires_at` (the default) or `-created_at`.
                 * @example expires_at
                 */
                sort?: string;
                task_id?: string;
                /**
                 * @description `full` (the default), or `summary`: without description, context, checkpoint, metadata and policy, and with what
                 *     the caller may do.
                 * @example summary
                 */
                view?: string;
                /**
                 * @description May be given up to 50 times: one of these.
                 * @example [
                 *       "checkout-release"
                 *     ]
                 */
                workflow?: string[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PendingPage"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_audit: {
        parameters: {
            query?: {
                /** @example approval.resolved */
                action?: string;
                /** @description Who did it, by name. */
                actor?: string;
                approval_id?: string;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description From then on. */
                from?: string;
                /** @description 1 to 200; 50 by default. */
                limit?: number;
                run_id?: string;
                /** @description What it was done to, where that is no approval: a key's prefix, a name. */
                subject?: string;
                /** @description Before then. */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditPage"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_audit_checkpoints: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description 1 to 200; 50 by default. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckpointsPage"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    verify_audit: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One runs already */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Verification"];
                };
            };
            /** @description It was begun */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Verification"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_audit_verification: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Verification"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_latest_audit_verification: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Verification"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_browser_sessions: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description 1 to 200; 50 by default. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionsPage"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    end_browser_session: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ended */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_slack_channel: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SlackChannel"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    set_slack_channel: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SlackChannelBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SlackChannel"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `limit_reached`: A limit is reached. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "limit_reached",
                     *       "detail": "A limit is reached",
                     *       "status": 409,
                     *       "title": "A limit is reached",
                     *       "type": "urn:signoff:problem:limit_reached"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. `not_supported`: This is not supported yet. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_slack_channel: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Taken away */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cluster: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Cluster"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_cluster_events: {
        parameters: {
            query?: {
                /** @description Only what happened from then on. */
                after?: string;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description 1 to 200; 50 by default. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClusterEventsPage"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_outbox: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Outbox"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_cluster_samples: {
        parameters: {
            query?: {
                /** @description From then on; an hour before `to` by default. */
                from?: string;
                /** @description Seconds that one point is about, 1 to 86,400. A wish: `step_seconds` says what was used. */
                step?: number;
                /** @description Before then; now by default. */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Samples"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_connections: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description 1 to 200; 50 by default. */
                limit?: number;
                session_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionsPage"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_connection: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The task's name
                 * @example run-42
                 */
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Connection"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    close_connection: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The task's name
                 * @example run-42
                 */
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Being closed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_delegations: {
        parameters: {
            query?: {
                /** @description Only those that hold now; with false only the others. */
                active?: boolean;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description Only those of this person's seat, by name. */
                from?: string;
                /** @description 1 to 200; 50 by default. */
                limit?: number;
                /** @description Only those to this person, by name. */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DelegationsPage"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_delegation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DelegationBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delegation"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `limit_reached`: A limit is reached. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "limit_reached",
                     *       "detail": "A limit is reached",
                     *       "status": 409,
                     *       "title": "A limit is reached",
                     *       "type": "urn:signoff:problem:limit_reached"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_delegation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The delegation's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delegation"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_delegation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The delegation's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoked */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_keys: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description 1 to 200; 50 by default. */
                limit?: number;
                /** @description Only those of this principal, by name. */
                principal?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeysPage"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_key: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    /** @description no-store */
                    "Cache-Control"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeKey"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The part of the key that is no secret
                 * @example lkaqmt2vfljk
                 */
                prefix: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The part of the key that is no secret
                 * @example lkaqmt2vfljk
                 */
                prefix: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoked */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rotate_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The part of the key that is no secret
                 * @example lkaqmt2vfljk
                 */
                prefix: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RotateBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    /** @description no-store */
                    "Cache-Control"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeKey"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_notification_preferences: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationPreferences"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_notification_preferences: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NotificationPreferencesBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationPreferences"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_own_notifications: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description 1 to 200; 50 by default. */
                limit?: number;
                /** @description Only those that are unread. */
                unread?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OwnNotifications"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_notifications: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReadBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadAnswer"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    count_unread_notifications: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Unread"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_preferences: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Their version */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Preferences"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_preferences: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Preferences"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Their new version */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Preferences"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `version_conflict`: It has changed since you looked. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "version_conflict",
                     *       "detail": "It has changed since you looked",
                     *       "status": 412,
                     *       "title": "It has changed since you looked",
                     *       "type": "urn:signoff:problem:version_conflict"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_notifications: {
        parameters: {
            query?: {
                approval_id?: string;
                channel?: components["schemas"]["NotificationChannel"];
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description 1 to 200; 50 by default. */
                limit?: number;
                /** @description Exactly this one: a name, or the address that the channel uses. */
                recipient?: string;
                status?: components["schemas"]["NotificationStatus"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationsPage"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_notification: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notification's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WithAttempts"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    redrive_notification: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notification's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Notification"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_redrivable`: It is not sent again. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_redrivable",
                     *       "detail": "It is not sent again",
                     *       "status": 409,
                     *       "title": "It is not sent again",
                     *       "type": "urn:signoff:problem:not_redrivable"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    redrive_notifications: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RedriveBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Redriven"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    check_policy: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CheckBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyChecked"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_principals: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description 1 to 200; 50 by default. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PrincipalsPage"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_principal: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PrincipalBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Principal"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_principal: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The principal's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Principal"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_principal: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The principal's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PrincipalChanges"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Principal"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_roles: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description How many of the workspace's own: 1 to 200, which is the default. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RolesPage"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_role: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description 1 to 200 of A-Z a-z 0-9 . _ : -
                 * @example ci
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RoleBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Role"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_role: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The role's name
                 * @example ci
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The run's name
                 * @example run-42
                 */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The run's name
                 * @example run-42
                 */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replay: {
        parameters: {
            query?: {
                /**
                 * @description What was seen last: the `cursor` of an event, a `hello` or a page.
                 * @example 1763700000000042
                 */
                after?: string;
                /** @description 1 to 200; 50 by default. */
                limit?: number;
                /** @description Instead of a cursor: events from this time on (RFC 3339). */
                since?: string;
            };
            header?: never;
            path: {
                /**
                 * @description The task's name
                 * @example run-42
                 */
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventPage"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    publish: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The task's name
                 * @example run-42
                 */
                task_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PublishBody"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AcceptedView"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_webhooks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhooksPage"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    /** @description no-store */
                    "Cache-Control"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookWithSecret"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `limit_reached`: A limit is reached. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "limit_reached",
                     *       "detail": "A limit is reached",
                     *       "status": 409,
                     *       "title": "A limit is reached",
                     *       "type": "urn:signoff:problem:limit_reached"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. `not_supported`: This is not supported yet. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The webhook's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The webhook's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The webhook's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookPatch"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_deliveries: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before. */
                cursor?: string;
                /** @description 1 to 200; 50 by default. */
                limit?: number;
                status?: components["schemas"]["NotificationStatus"];
            };
            header?: never;
            path: {
                /** @description The webhook's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveriesPage"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_delivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The delivery's id */
                delivery_id: string;
                /** @description The webhook's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryWithAttempts"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replay_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The webhook's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ReplayBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Replayed"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rotate_webhook_secret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The webhook's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RotateSecretBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description no-store */
                    "Cache-Control"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookWithSecret"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    test_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The webhook's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tested"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_redrivable`: It is not sent again. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_redrivable",
                     *       "detail": "It is not sent again",
                     *       "status": 409,
                     *       "title": "It is not sent again",
                     *       "type": "urn:signoff:problem:not_redrivable"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_workspace: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Workspace"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_workspace: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SettingsBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Workspace"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    ticket: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Created */
            201: {
                headers: {
                    /** @description no-store */
                    "Cache-Control"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TicketView"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    come_back_from_issuer: {
        parameters: {
            query?: {
                code?: string;
                error?: string;
                iss?: string;
                state?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Signed in */
            303: {
                headers: {
                    Location?: string;
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_in_options: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInOptions"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_in_at_issuer: {
        parameters: {
            query?: {
                /**
                 * @description A path of this site to go to afterwards; / by default.
                 * @example /approvals
                 */
                return_to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description To the issuer */
            303: {
                headers: {
                    Location?: string;
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    who_am_i: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhoAmI"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_in_with_key: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OpenSession"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    /** @description The session */
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhoAmI"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_out: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description There is no session any more */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    switch_workspace: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Switch"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The session */
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhoAmI"];
                };
            };
            /** @description `malformed`: The request, or its body, is malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "malformed",
                     *       "detail": "The request, or its body, is malformed",
                     *       "status": 400,
                     *       "title": "The request, or its body, is malformed",
                     *       "type": "urn:signoff:problem:malformed"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such thing here. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "not_found",
                     *       "detail": "There is no such thing here",
                     *       "status": 404,
                     *       "title": "There is no such thing here",
                     *       "type": "urn:signoff:problem:not_found"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "too_large",
                     *       "detail": "The body is too large",
                     *       "status": 413,
                     *       "title": "The body is too large",
                     *       "type": "urn:signoff:problem:too_large"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body must be application/json",
                     *       "status": 415,
                     *       "title": "The body must be application/json",
                     *       "type": "urn:signoff:problem:unsupported_media_type"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: Some fields are not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "invalid",
                     *       "detail": "Some fields are not valid",
                     *       "status": 422,
                     *       "title": "Some fields are not valid",
                     *       "type": "urn:signoff:problem:invalid"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. `draining`: This instance is going away; nothing was begun. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_own_workspaces: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Workspaces"];
                };
            };
            /** @description `unauthenticated`: A valid credential is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "unauthenticated",
                     *       "detail": "A valid credential is needed",
                     *       "status": 401,
                     *       "title": "A valid credential is needed",
                     *       "type": "urn:signoff:problem:unauthenticated"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "forbidden",
                     *       "detail": "The credential does not allow this",
                     *       "status": 403,
                     *       "title": "The credential does not allow this",
                     *       "type": "urn:signoff:problem:forbidden"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    /** @description How it stands: `"principal";r=0;t=1` */
                    RateLimit?: string;
                    /** @description The limit that was reached: `"principal";q=500;w=5` */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds until there is room for one more request */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "rate_limited",
                     *       "detail": "Too many requests",
                     *       "status": 429,
                     *       "title": "Too many requests",
                     *       "type": "urn:signoff:problem:rate_limited"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something is wrong on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "internal",
                     *       "detail": "Something is wrong on our side",
                     *       "status": 500,
                     *       "title": "Something is wrong on our side",
                     *       "type": "urn:signoff:problem:internal"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too much at once; nothing was begun. `unavailable`: Something that it needs can't be reached; whether it was done is unknown, trying again is safe. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "overloaded",
                     *       "detail": "Too much at once; nothing was begun",
                     *       "status": 503,
                     *       "title": "Too much at once; nothing was begun",
                     *       "type": "urn:signoff:problem:overloaded"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
