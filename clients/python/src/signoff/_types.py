# Made by make_types.py; not to be edited.

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, Union

from typing_extensions import TypedDict


class AcceptedView(TypedDict):
    """
    The events are in the task's log.
    """

    connected: bool
    cursor: str


ApproveBody = TypedDict(
    'ApproveBody',
    {
        'comment': NotRequired[str | None],
        'digest': NotRequired[str | None],
        'for': NotRequired[str | None],
        'metadata': NotRequired[dict[str, Any] | None],
        'modifications': NotRequired[dict[str, Any] | None],
    },
    closed=True,
)


Because: TypeAlias = Literal['quorum', 'rejections', 'veto', 'impossible']


class BrowserSession(TypedDict):
    """
    One of them, as it is shown.
    """

    address: NotRequired[str | None]
    created_at: str
    expires_at: str
    id: str
    key: NotRequired[str | None]
    last_seen_at: str
    principal: str
    user_agent: NotRequired[str | None]


BulkAction: TypeAlias = Literal['approve', 'reject']


class CancelBody(TypedDict, closed=True):
    """
    Why.
    """

    reason: str


class ChannelChoices(TypedDict):
    """
    For each channel `immediate` or `off`.
    """

    email: str
    in_app: str
    slack: str


class ChannelsBody(TypedDict, closed=True):
    """
    For each channel `immediate`, which is the default, or `off`.
    """

    email: NotRequired[str | None]
    in_app: NotRequired[str | None]
    slack: NotRequired[str | None]


class Checkpoint(TypedDict):
    """
    Kept with the request, and handed back with the outcome.
    """

    name: str
    state: dict[str, Any]


class ClaimBody(TypedDict, closed=True):
    """
    Who will act, and for how long nobody else may.
    """

    audience: NotRequired[str | None]
    key: str
    lease_seconds: NotRequired[int | None]
    receipt_seconds: NotRequired[int | None]


ClaimOutcome: TypeAlias = Literal['succeeded', 'failed']


ClaimState: TypeAlias = Literal['claimed', 'released', 'completed']


ClusterEventKind: TypeAlias = Literal[
    'started',
    'draining',
    'redis_away',
    'redis_back',
    'database_away',
    'database_back',
    'stopped',
    'lost',
    'returned',
]


Code: TypeAlias = Literal[
    'malformed',
    'unauthenticated',
    'forbidden',
    'not_eligible',
    'not_found',
    'method_not_allowed',
    'already_decided',
    'cancelled',
    'already_voted',
    'modifications_differ',
    'digest_mismatch',
    'not_approved',
    'already_claimed',
    'stale_claim',
    'limit_reached',
    'not_redrivable',
    'expired',
    'claim_expired',
    'version_conflict',
    'too_large',
    'unsupported_media_type',
    'invalid',
    'idempotency_mismatch',
    'unsatisfiable_policy',
    'not_supported',
    'internal',
    'rate_limited',
    'overloaded',
    'unavailable',
    'draining',
]


class Commits(TypedDict):
    """
    Group commits of creates, votes and events.
    """

    count: int
    longest_seconds: float
    mean_seconds: NotRequired[float | None]


class CompleteBody(TypedDict, closed=True):
    """
    How the work ended.
    """

    detail: NotRequired[str | None]
    fence: int
    key: str
    outcome: ClaimOutcome


class Connection(TypedDict):
    """
    One live connection, as it is shown.
    """

    connected_at: str
    connection_id: str
    generation: int
    instance_id: str
    last_heartbeat: str
    principal: str
    principal_id: str
    session_id: NotRequired[str | None]
    task_id: str


class ConnectionsPage(TypedDict):
    """
    One page.
    """

    items: list[Connection]
    next_cursor: NotRequired[str | None]


Decision = TypedDict(
    'Decision',
    {
        'approval_id': str,
        'comment': NotRequired[str | None],
        'counted_as': NotRequired[list[str] | None],
        'counts': bool,
        'created_at': str,
        'delegations': NotRequired[list[str] | None],
        'digest': NotRequired[str | None],
        'feedback': NotRequired[str | None],
        'for': NotRequired[str | None],
        'for_id': NotRequired[str | None],
        'id': str,
        'level': int,
        'metadata': NotRequired[dict[str, Any] | None],
        'modifications': NotRequired[dict[str, Any] | None],
        'principal': str,
        'principal_id': str,
        'verdict': str,
    },
)


class Decisions(TypedDict):
    items: list[Decision]
    next_cursor: NotRequired[str | None]


Delegating: TypeAlias = Literal['off', 'own', 'managed']


DelegationBody = TypedDict(
    'DelegationBody',
    {
        'approval_types': NotRequired[list[str] | None],
        'ends_at': str,
        'from': NotRequired[str | None],
        'reason': NotRequired[str | None],
        'redelegable': NotRequired[bool],
        'starts_at': NotRequired[str | None],
        'to': str,
    },
    closed=True,
)


DelegationState: TypeAlias = Literal['scheduled', 'active', 'ended', 'revoked']


class Device(TypedDict):
    audience: str
    audience_parameter: NotRequired[str | None]
    client_id: str
    issuer: str
    scopes: str


Effect: TypeAlias = Literal['resolves', 'counts']


EligibleState: TypeAlias = Literal[
    'can_vote',
    'voted',
    'own_request',
    'disabled',
    'service',
    'unknown',
    'no_permission',
    'ended',
]


class EscalateBody(TypedDict, closed=True):
    """
    Why it is handed on.
    """

    from_level: NotRequired[int | None]
    reason: str


class Event(TypedDict):
    """
    One event, as a socket would have got it.
    """

    cursor: str
    data: Any
    event_type: str
    run_id: NotRequired[str | None]
    session_id: NotRequired[str | None]
    task_id: str
    timestamp: str


class EventBody(TypedDict, closed=True):
    data: NotRequired[Any]
    event_type: str


class EventPage(TypedDict):
    """
    A part of a task's log.
    """

    cursor: str
    items: list[Event]
    next_cursor: NotRequired[str | None]
    recovered: NotRequired[bool | None]


class ExtendBody(TypedDict, closed=True):
    """
    By how much a deadline is moved, and why.
    """

    reason: str
    seconds: int


class Extension(TypedDict):
    """
    By how much, and by whom, the deadline of a level may be moved.
    """

    by: list[str]
    max_seconds: int


class ExtensionBody(TypedDict, closed=True):
    """
    By how much, and by whom, the deadline of a level may be moved.
    """

    by: NotRequired[list[str] | None]
    max_seconds: int


class Facet(TypedDict):
    """
    A value, and how many pending approvals have it.
    """

    count: int
    value: str


class Facets(TypedDict):
    """
    What there is to filter by.
    """

    approval_type: list[Facet]
    requested_by: list[Facet]
    workflow: list[Facet]


FindingKind: TypeAlias = Literal[
    'edited',
    'removed',
    'inserted',
    'reordered',
    'forked',
    'gap',
    'cut',
    'checkpoint_mismatch',
    'bad_signature',
    'unlinked',
    'unmatched_checkpoint',
]


GivenView = TypedDict(
    'GivenView',
    {
        'for': NotRequired[str | None],
        'principal': str,
    },
)


InstanceState: TypeAlias = Literal['serving', 'degraded', 'draining', 'lost']


class Jwk(TypedDict):
    """
    One public key.
    """

    crv: str
    kid: str
    kty: str
    use: NotRequired[str]
    x: str


class Jwks(TypedDict):
    """
    Those that may have signed a receipt.
    """

    keys: list[Jwk]


class MadeKey(TypedDict):
    """
    A key that was made.
    """

    expires_at: NotRequired[str | None]
    key: str
    permissions: list[str]
    prefix: str
    principal_id: str
    roles: list[str]


class MembersView(TypedDict):
    """
    How many are meant.
    """

    count: int
    selector: str


MyVote = TypedDict(
    'MyVote',
    {
        'for': NotRequired[str | None],
        'verdict': str,
    },
)


class NamedThing(TypedDict):
    id: str
    name: str


class NeedView(TypedDict):
    """
    One leaf.
    """

    by: list[GivenView]
    count: int
    label: NotRequired[str | None]
    pointer: str


class NextView(TypedDict):
    """
    Whose approval would bring the outcome nearer: exactly theirs.
    """

    anyone: bool
    groups: list[str]
    people: list[str]
    roles: list[str]


class NodeBody(TypedDict, closed=True):
    """
    One node of a tree: `all_of`, `any_of`, `k_of` with `k`, or a leaf.
    """

    all_of: NotRequired[list[NodeBody] | None]
    any_of: NotRequired[list[NodeBody] | None]
    count: NotRequired[int | None]
    groups: NotRequired[list[str] | None]
    k: NotRequired[int | None]
    k_of: NotRequired[list[NodeBody] | None]
    label: NotRequired[str | None]
    people: NotRequired[list[str] | None]
    roles: NotRequired[list[str] | None]


NotificationAction: TypeAlias = Literal['send', 'update']


NotificationCause: TypeAlias = Literal[
    'requested',
    'escalated',
    'voted',
    'reminder',
    'decided',
    'expired',
    'cancelled',
    'slack_refused',
    'endpoint_failing',
    'endpoint_disabled',
    'test',
]


NotificationChannel: TypeAlias = Literal['slack', 'email', 'webhook', 'in_app']


NotificationOutcome: TypeAlias = Literal['sent', 'skipped', 'retried', 'held', 'failed']


class NotificationPreferences(TypedDict):
    """
    How one is told.
    """

    channels: ChannelChoices
    timezone: str


class NotificationPreferencesBody(TypedDict, closed=True):
    """
    How one wants to be told. What is left out is as it is by default.
    """

    channels: NotRequired[ChannelsBody | None]
    timezone: NotRequired[str | None]


NotificationSkipped: TypeAlias = Literal[
    'superseded',
    'too_many',
    'unknown_recipient',
    'no_address',
    'endpoint_deleted',
    'switched_off',
    'summarised',
    'disabled_recipient',
    'not_sent',
    'message_gone',
]


NotificationStatus: TypeAlias = Literal['pending', 'sent', 'failed', 'skipped', 'read']


class Notify(TypedDict, closed=True):
    """
    Whom to tell besides those who may decide, and how.
    """

    channels: NotRequired[list[str] | None]
    context_fields: NotRequired[list[str] | None]
    roles: NotRequired[list[str] | None]
    slack_channel: NotRequired[str | None]
    users: NotRequired[list[str] | None]


class OpenSession(TypedDict, closed=True):
    api_key: str


class OutboxCauses(TypedDict):
    """
    What happened, and is not made messages of yet.
    """

    oldest_seconds: float
    stuck: int


class OutboxChannel(TypedDict):
    """
    How a channel stands.
    """

    channel: NotificationChannel
    destinations: int
    failing: int
    held: int
    late_seconds: float
    oldest_seconds: float
    waiting: int


class OwnNotification(TypedDict):
    """
    A notification of one's own.
    """

    approval_id: NotRequired[str | None]
    asks: bool
    cause: NotificationCause
    id: str
    level: int
    read_at: NotRequired[str | None]
    sent_at: str
    subject: NotRequired[str | None]


class OwnNotifications(TypedDict):
    """
    One page.
    """

    items: list[OwnNotification]
    next_cursor: NotRequired[str | None]


class OwnWorkspace(TypedDict):
    """
    The workspace, as far as everybody in it sees it.
    """

    id: str
    name: str
    reject_reasons: list[str]


class Place(TypedDict):
    """
    A workspace that one can work in.
    """

    current: bool
    id: str
    name: str
    principal: NamedThing


PrincipalKind: TypeAlias = Literal['person', 'service']


class Progress(TypedDict):
    """
    What is still missing until an approval is approved.
    """

    missing: int
    summary: str


class PublishBody(TypedDict, closed=True):
    """
    One event, or up to 500 of them.
    """

    data: NotRequired[Any]
    event_type: NotRequired[str | None]
    events: NotRequired[list[EventBody] | None]


class Queued(TypedDict):
    """
    The most that a sample saw waiting.
    """

    reads: int
    writes: int


class ReadAnswer(TypedDict):
    """
    What marking came to.
    """

    read: int
    unread: int


class ReadBody(TypedDict, closed=True):
    """
    Which notifications were read: one of the two.
    """

    before: NotRequired[str | None]
    ids: NotRequired[list[str] | None]


RecordVia: TypeAlias = Literal[
    'human', 'rule', 'timeout', 'run_deleted', 'operator', 'sign_in', 'service'
]


class Redaction(TypedDict):
    """
    What is taken out of notifications, webhooks and logs, and where the workspace wants it, of what is stored.
    """

    keys: list[str]
    patterns: list[str]
    store: bool


class RedactionBody(TypedDict, closed=True):
    """
    What is to be changed of it; what is left out stays, and null is the default.
    """

    keys: NotRequired[list[str] | None]
    patterns: NotRequired[list[str] | None]
    store: NotRequired[bool]


class RedriveBody(TypedDict, closed=True):
    """
    What is to be sent again of what has failed: what fits all that is given.
    """

    approval_id: NotRequired[str | None]
    channel: NotRequired[NotificationChannel | None]
    recipient: NotRequired[str | None]


class Redriven(TypedDict):
    """
    What it came to.
    """

    more: bool
    redriven: int


RejectBody = TypedDict(
    'RejectBody',
    {
        'comment': NotRequired[str | None],
        'digest': NotRequired[str | None],
        'for': NotRequired[str | None],
        'reason': str,
    },
    closed=True,
)


class ReleaseBody(TypedDict, closed=True):
    """
    Which claim is given back; an administrator says why instead.
    """

    fence: NotRequired[int | None]
    key: NotRequired[str | None]
    reason: NotRequired[str | None]


class RenewBody(TypedDict, closed=True):
    """
    Which claim, and for how long more.
    """

    fence: int
    key: str
    lease_seconds: NotRequired[int | None]
    receipt_seconds: NotRequired[int | None]


ReplayBody = TypedDict(
    'ReplayBody',
    {
        'from': NotRequired[str | None],
        'status': NotRequired[str | None],
        'to': NotRequired[str | None],
    },
    closed=True,
)


class Replayed(TypedDict):
    """
    What it came to.
    """

    more: bool
    replayed: int


Resolution: TypeAlias = Literal['approved', 'rejected', 'modified']


ResolvedVia: TypeAlias = Literal['human', 'rule', 'timeout', 'run_deleted']


class Role(TypedDict):
    """
    A named set of permissions.
    """

    built_in: bool
    description: NotRequired[str | None]
    name: str
    permissions: list[str]


class RoleBody(TypedDict, closed=True):
    """
    What a role is to be.
    """

    description: NotRequired[str | None]
    permissions: list[str]


class RolesPage(TypedDict):
    items: list[Role]
    next_cursor: NotRequired[str | None]


class RotateBody(TypedDict, closed=True):
    """
    How a key gets a successor.
    """

    overlap_seconds: NotRequired[int | None]


class RotateSecretBody(TypedDict, closed=True):
    """
    How an endpoint gets another secret.
    """

    overlap_seconds: NotRequired[int | None]


class SavedView(TypedDict, closed=True):
    """
    Filters under a name.
    """

    name: str
    query: str


class Selectors(TypedDict):
    """
    People by name, roles and groups: the union of the three.
    """

    groups: NotRequired[list[str]]
    people: NotRequired[list[str]]
    roles: NotRequired[list[str]]


class SelectorsBody(TypedDict, closed=True):
    """
    People by name, roles and groups: the union of the three.
    """

    groups: NotRequired[list[str] | None]
    people: NotRequired[list[str] | None]
    roles: NotRequired[list[str] | None]


class SessionsPage(TypedDict):
    """
    One page.
    """

    items: list[BrowserSession]
    next_cursor: NotRequired[str | None]


class SettingsBody(TypedDict, closed=True):
    """
    What is to be changed; what is left out stays.
    """

    allow_timeout_approve: NotRequired[bool]
    delegation: NotRequired[Delegating]
    history_retention_days: NotRequired[int | None]
    redaction: NotRequired[RedactionBody | None]
    reject_reasons: NotRequired[list[str]]


class ShownItem(TypedDict, closed=True):
    """
    An approval, and what was shown of it.
    """

    digest: NotRequired[str | None]
    id: str


class SignInOptions(TypedDict):
    api_key: bool
    browser: bool
    device: NotRequired[Device | None]


SlackAppState: TypeAlias = Literal['good', 'refused', 'unusable']


class SlackChannelBody(TypedDict, closed=True):
    """
    An app of the workspace's own that is to be.
    """

    bot_token: str
    channel: NotRequired[str | None]
    signing_secret: str


class SlackTeam(TypedDict):
    """
    A team in Slack.
    """

    id: str
    name: str


class Soonest(TypedDict):
    """
    The earliest deadline.
    """

    all: NotRequired[str | None]
    mine: NotRequired[str | None]


class Standing(TypedDict):
    """
    What is signed.
    """

    at: str
    format: int
    hash: str
    position: int
    workspace_id: str


class Standings(TypedDict):
    """
    How many of a run's approvals there are, by status. What has had its time is not counted any more.
    """

    cancelled: int
    expired: int
    pending: int
    resolved: int


Status: TypeAlias = Literal['pending', 'resolved', 'expired', 'cancelled']


class Switch(TypedDict, closed=True):
    workspace: str


class Tested(TypedDict):
    """
    A test that is on its way.
    """

    delivery_id: str


class TicketView(TypedDict):
    """
    What a browser opens a socket with.
    """

    expires_at: str
    ticket: str


TimeoutAction: TypeAlias = Literal['expire', 'approve', 'reject', 'escalate']


class Unread(TypedDict):
    """
    How much is unread.
    """

    unread: int


Verb: TypeAlias = Literal['approve', 'edit', 'reject', 'cancel', 'escalate', 'extend']


VerificationState: TypeAlias = Literal['running', 'whole', 'broken', 'failed']


class View(TypedDict, closed=True):
    """
    Which parts of the context are the proposal, as JSON Pointers (RFC 6901) into it. Each must lead somewhere. Screens
    show by them what would change; nothing is decided by them.
    """

    current: NotRequired[str | None]
    fold: NotRequired[list[str] | None]
    primary: NotRequired[list[str] | None]
    proposed: NotRequired[str | None]


class Violation(TypedDict):
    """
    One field and the rule that it breaks.
    """

    message: str
    pointer: str
    rule: str


class WakeDelay(TypedDict):
    """
    From the outcome's moment, which lies before its commit, to the answer of a waiting call that had to be woken. By
    the database's clock, which an instance knows to within a heartbeat's round trip.
    """

    count: int
    p50_seconds: NotRequired[float | None]
    p99_seconds: NotRequired[float | None]


class Wakes(TypedDict):
    """
    Approvals whose waiters were woken, by how the instance learned of the outcome.
    """

    local: int
    redis: int
    sweep: int


WebhookDisabled: TypeAlias = Literal['by_hand', 'gone', 'failing', 'configuration']


WebhookEvent: TypeAlias = Literal[
    'approval:requested', 'approval:voted', 'approval:escalated', 'approval:resolved'
]


WebhookFormat: TypeAlias = Literal['standard', 'cloudevents']


WebhookManagedBy: TypeAlias = Literal['api', 'configuration']


class WebhookPatch(TypedDict, closed=True):
    """
    A change of an endpoint: what is left out stays.
    """

    description: NotRequired[str | None]
    enabled: NotRequired[bool]
    events: NotRequired[list[WebhookEvent]]
    format: NotRequired[WebhookFormat]
    include_context: NotRequired[bool]
    url: NotRequired[str]


class WhoAmI(TypedDict):
    """
    Who is signed in, and what they may do.
    """

    credential: str
    expires_at: NotRequired[str | None]
    permissions: list[str]
    principal: NamedThing
    workspace: OwnWorkspace


WhyNot: TypeAlias = Literal[
    'no_permission',
    'due',
    'ended',
    'voted',
    'taken_as_it_is',
    'edited_already',
    'seat_taken',
    'no_further_level',
    'extended_enough',
    'own_request',
    'service',
    'may_not_extend',
    'not_named',
    'refused',
]


class Workspace(TypedDict):
    """
    A tenant, as it is shown and recorded.
    """

    allow_timeout_approve: bool
    created_at: str
    delegation: str
    history_retention_days: NotRequired[int | None]
    id: str
    name: str
    redaction: Redaction
    reject_reasons: list[str]
    updated_at: str


class Workspaces(TypedDict):
    items: list[Place]


class ApprovalResult(TypedDict):
    """
    What was said when it ended.
    """

    because: NotRequired[Because | None]
    comment: NotRequired[str | None]
    feedback: NotRequired[str | None]
    modifications: NotRequired[dict[str, Any] | None]
    modifications_digest: NotRequired[str]
    resolution: NotRequired[Resolution | None]


class AuditCheckpoint(TypedDict):
    """
    A signed statement of where the chain stood. Keep it where nobody who can change the database can change it.
    """

    checkpoint: Standing
    key_id: str
    public_key: str
    signature: str


class AuditFinding(TypedDict):
    """
    Something that doesn't fit.
    """

    kind: FindingKind
    position: int
    words: str


class AuditRecord(TypedDict):
    """
    One entry of the record, as it is shown.
    """

    action: str
    actor: NotRequired[str | None]
    actor_id: NotRequired[str | None]
    address: NotRequired[str | None]
    after: NotRequired[dict[str, Any] | None]
    approval_id: NotRequired[str | None]
    at: str
    before: NotRequired[dict[str, Any] | None]
    credential: NotRequired[str | None]
    detail: dict[str, Any]
    on_behalf_of: NotRequired[str | None]
    position: NotRequired[int | None]
    request_id: NotRequired[str | None]
    run_id: NotRequired[str | None]
    subject: NotRequired[str | None]
    user_agent: NotRequired[str | None]
    via: RecordVia


class BriefProgress(Progress):
    """
    What the votes so far come to.
    """

    given: int


BulkItem: TypeAlias = str | ShownItem


class CheckpointsPage(TypedDict):
    """
    One page.
    """

    items: list[AuditCheckpoint]
    next_cursor: NotRequired[str | None]


class Claim(TypedDict):
    """
    Who acts on what was approved.
    """

    approval_id: str
    audience: NotRequired[str | None]
    claimed_at: str
    claimed_by: str
    claimed_by_id: str
    completed_at: NotRequired[str | None]
    detail: NotRequired[str | None]
    fence: int
    id: str
    key: str
    lease_until: NotRequired[str | None]
    outcome: NotRequired[ClaimOutcome | None]
    released_at: NotRequired[str | None]
    renewed_at: NotRequired[str | None]
    state: ClaimState


class ClaimOf(TypedDict):
    """
    The claim of an approval.
    """

    claim: NotRequired[Claim | None]


class Claimed(TypedDict):
    """
    The answer to an executor.
    """

    changed: bool
    claim: Claim
    receipt: NotRequired[str | None]


class ClusterEvent(TypedDict):
    """
    Something that happened to the service.
    """

    at: str
    id: str
    instance_id: str
    kind: ClusterEventKind


class ClusterEventsPage(TypedDict):
    """
    One page.
    """

    items: list[ClusterEvent]
    next_cursor: NotRequired[str | None]


class Counts(TypedDict):
    """
    How many are pending.
    """

    all: int
    mine: int
    soonest: Soonest


Delegation = TypedDict(
    'Delegation',
    {
        'approval_types': NotRequired[list[str] | None],
        'created_at': str,
        'created_by': str,
        'created_by_id': str,
        'ends_at': str,
        'from': str,
        'from_id': str,
        'id': str,
        'reason': NotRequired[str | None],
        'redelegable': bool,
        'revoked_at': NotRequired[str | None],
        'revoked_by': NotRequired[str | None],
        'revoked_by_id': NotRequired[str | None],
        'starts_at': str,
        'state': DelegationState,
        'to': str,
        'to_id': str,
    },
)


class DelegationsPage(TypedDict):
    """
    One page.
    """

    items: list[Delegation]
    next_cursor: NotRequired[str | None]


class Delivery(TypedDict):
    """
    An event on its way to an endpoint.
    """

    approval_id: NotRequired[str | None]
    attempt_count: int
    created_at: str
    due_at: str
    error_message: NotRequired[str | None]
    event: str
    failed_at: NotRequired[str | None]
    id: str
    sent_at: NotRequired[str | None]
    skip_reason: NotRequired[str | None]
    status: NotificationStatus
    webhook_id: str


EligibleItem = TypedDict(
    'EligibleItem',
    {
        'as': list[str],
        'for': NotRequired[str | None],
        'helps': bool,
        'last_seen_at': NotRequired[str],
        'principal': str,
        'principal_id': NotRequired[str | None],
        'reachable': NotRequired[bool],
        'state': EligibleState,
    },
)


class EscalationHop(TypedDict):
    """
    A hop from one level to the next.
    """

    at: str
    by: NotRequired[str | None]
    by_id: NotRequired[str | None]
    from_level: int
    reason: NotRequired[str | None]
    via: ResolvedVia


class Instance(TypedDict):
    connections: int
    heartbeat_age_seconds: float
    id: str
    last_heartbeat: str
    started_at: str
    state: InstanceState
    uptime_seconds: float
    version: str
    waiters: int


class Key(TypedDict):
    """
    One key, as it is shown and recorded.
    """

    created_at: str
    expires_at: NotRequired[str | None]
    label: NotRequired[str | None]
    last_used_at: NotRequired[str | None]
    permissions: list[str]
    prefix: str
    principal: str
    principal_id: str
    principal_kind: PrincipalKind
    revoked_at: NotRequired[str | None]
    roles: list[str]
    rotated_to: NotRequired[str | None]
    workspace: str


class KeyBody(TypedDict, closed=True):
    """
    A key that is to be.
    """

    expires_in_seconds: NotRequired[int | None]
    kind: NotRequired[PrincipalKind | None]
    label: NotRequired[str | None]
    permissions: NotRequired[list[str]]
    principal: str
    roles: NotRequired[list[str]]


class KeysPage(TypedDict):
    """
    One page.
    """

    items: list[Key]
    next_cursor: NotRequired[str | None]


class Notification(TypedDict):
    """
    One message to one recipient.
    """

    action: NotificationAction
    approval_id: NotRequired[str | None]
    asks: bool
    attempt_count: int
    cause: NotificationCause
    channel: NotificationChannel
    created_at: str
    due_at: str
    error_message: NotRequired[str | None]
    failed_at: NotRequired[str | None]
    id: str
    level: int
    principal: NotRequired[str | None]
    read_at: NotRequired[str | None]
    recipient: str
    sent_at: NotRequired[str | None]
    skip_reason: NotRequired[NotificationSkipped | None]
    status: NotificationStatus
    version: int


class NotificationAttempt(TypedDict):
    """
    What one try came to.
    """

    answer: NotRequired[str | None]
    at: str
    duration_ms: int
    error: NotRequired[str | None]
    outcome: NotificationOutcome
    status_code: NotRequired[int | None]


class NotificationsPage(TypedDict):
    """
    One page.
    """

    items: list[Notification]
    next_cursor: NotRequired[str | None]


class Outbox(TypedDict):
    """
    What waits to be sent, in all workspaces together.
    """

    causes: OutboxCauses
    channels: list[OutboxChannel]


class OwnView(TypedDict):
    """
    What it is to the one who looks.
    """

    can: list[Verb]
    can_decide: bool
    my_vote: NotRequired[MyVote | None]
    why_not: NotRequired[WhyNot | None]


class Point(TypedDict):
    """
    One instance within one step. Counts are of what came since its sample before this step.
    """

    at: str
    bus_up: bool
    commits: Commits
    decisions: int
    queued: Queued
    samples: int
    sockets: int
    sweep_lag_seconds: float
    waiters: int
    wake_delay: WakeDelay
    wakes: Wakes


class Policy1(TypedDict):
    """
    Who must agree, in the form in which it was put.
    """

    allow_self_approval: bool
    allow_services: bool
    allowed_approvers: NotRequired[list[str]]
    allowed_groups: NotRequired[list[str]]
    allowed_roles: NotRequired[list[str]]
    extension: NotRequired[Extension]
    min_approvers: NotRequired[int]
    rejections_to_reject: int
    require_all: NotRequired[bool]
    require_digest: NotRequired[bool]
    veto: NotRequired[Selectors]


class PolicyBody(TypedDict, closed=True):
    """
    Who must agree. Either the simple form (`min_approvers`, `allowed_…`, `require_all`), or a tree: the policy is then
    its root, with the options beside it.
    """

    all_of: NotRequired[list[NodeBody] | None]
    allow_self_approval: NotRequired[bool | None]
    allow_services: NotRequired[bool | None]
    allowed_approvers: NotRequired[list[str] | None]
    allowed_groups: NotRequired[list[str] | None]
    allowed_roles: NotRequired[list[str] | None]
    any_of: NotRequired[list[NodeBody] | None]
    check_membership: NotRequired[bool | None]
    count: NotRequired[int | None]
    extension: NotRequired[ExtensionBody | None]
    groups: NotRequired[list[str] | None]
    k: NotRequired[int | None]
    k_of: NotRequired[list[NodeBody] | None]
    label: NotRequired[str | None]
    min_approvers: NotRequired[int | None]
    people: NotRequired[list[str] | None]
    rejections_to_reject: NotRequired[int | None]
    require_all: NotRequired[bool | None]
    require_digest: NotRequired[bool | None]
    roles: NotRequired[list[str] | None]
    veto: NotRequired[SelectorsBody | None]


class PolicyChecked(TypedDict):
    """
    What there is to say of a policy before anything is asked.
    """

    alternatives: int
    errors: list[Violation]
    satisfiable: bool
    satisfiable_now: bool
    summary: NotRequired[str | None]
    valid: bool


class Preferences(TypedDict, closed=True):
    """
    What a person has chosen. A field that is null, or left out, is not chosen.
    """

    density: NotRequired[str | None]
    notifications: NotRequired[bool | None]
    saved_views: NotRequired[list[SavedView] | None]
    single_keys: NotRequired[bool | None]
    theme: NotRequired[str | None]


class Principal(TypedDict):
    """
    One of them, as it is shown and recorded.
    """

    claimed_groups: list[str]
    claimed_roles: list[str]
    created_at: str
    disabled_at: NotRequired[str | None]
    display_name: NotRequired[str | None]
    email: NotRequired[str | None]
    groups: list[str]
    id: str
    issuer: NotRequired[str | None]
    kind: PrincipalKind
    name: str
    roles: list[str]
    slack: NotRequired[str | None]
    subject: NotRequired[str | None]
    updated_at: str


class PrincipalBody(TypedDict, closed=True):
    """
    A principal that is to be.
    """

    display_name: NotRequired[str | None]
    email: NotRequired[str | None]
    groups: NotRequired[list[str]]
    kind: NotRequired[PrincipalKind | None]
    name: str
    roles: NotRequired[list[str]]


class PrincipalChanges(TypedDict, closed=True):
    """
    What is to be changed; what is left out stays, null takes it away, or empties it.
    """

    disabled: NotRequired[bool]
    display_name: NotRequired[str | None]
    email: NotRequired[str | None]
    groups: NotRequired[list[str] | None]
    kind: NotRequired[PrincipalKind]
    roles: NotRequired[list[str] | None]
    slack: NotRequired[str | None]


class PrincipalsPage(TypedDict):
    """
    One page.
    """

    items: list[Principal]
    next_cursor: NotRequired[str | None]


class Run(TypedDict):
    """
    A run, and how its approvals stand.
    """

    approvals: Standings
    created_at: str
    deleted_at: NotRequired[str | None]
    run_id: str
    session_ids: list[str]


class SameView(TypedDict):
    """
    What all who look see alike.
    """

    approval_type: str
    created_at: str
    digest: NotRequired[str | None]
    escalation_level: int
    expires_at: str
    extended_seconds: int
    feedback: NotRequired[str | None]
    id: str
    levels: int
    progress: NotRequired[BriefProgress | None]
    requested_by: str
    resolution: NotRequired[Resolution | None]
    resolved_at: NotRequired[str | None]
    resolved_by: NotRequired[str | None]
    resolved_for: NotRequired[str | None]
    resolved_via: NotRequired[ResolvedVia | None]
    run_id: str
    session_id: NotRequired[str | None]
    status: Status
    task_id: str
    timeout_action: TimeoutAction
    title: NotRequired[str | None]
    updated_at: str
    version: int
    workflow: NotRequired[str | None]


class Series(TypedDict):
    """
    The points of one instance, which has a new id at each start.
    """

    instance_id: str
    points: list[Point]


class SlackChannel(TypedDict):
    """
    The app in Slack that serves the workspace.
    """

    bot: NotRequired[str | None]
    channel: NotRequired[str | None]
    detail: NotRequired[str | None]
    managed_by: WebhookManagedBy
    refused_at: NotRequired[str | None]
    state: SlackAppState
    team: NotRequired[SlackTeam | None]
    updated_at: NotRequired[str | None]


class StandingView(TypedDict):
    """
    One thing that a caller may want to do with an approval.
    """

    allowed: bool
    code: NotRequired[WhyNot | None]
    effect: NotRequired[Effect | None]
    reason: NotRequired[str | None]
    seats: NotRequired[list[str]]


class Summary(SameView, OwnView):
    """
    An approval in brief: without description, context, checkpoint, metadata and policy.
    """


class Verification(TypedDict):
    """
    A look over the workspace's chain.
    """

    broken_at: NotRequired[int | None]
    checkpoints: NotRequired[int | None]
    failure: NotRequired[str | None]
    findings: NotRequired[int | None]
    finished_at: NotRequired[str | None]
    found: list[AuditFinding]
    id: str
    records: int
    started_at: str
    started_by: str
    started_by_id: str
    state: VerificationState
    unlinked: NotRequired[int | None]
    walked: int


class Webhook(TypedDict):
    """
    An endpoint.
    """

    created_at: str
    description: NotRequired[str | None]
    disabled_at: NotRequired[str | None]
    disabled_reason: NotRequired[WebhookDisabled | None]
    dropped: int
    enabled: bool
    events: list[WebhookEvent]
    failing_since: NotRequired[str | None]
    format: WebhookFormat
    id: str
    include_context: bool
    last_error: NotRequired[str | None]
    last_success_at: NotRequired[str | None]
    managed_by: WebhookManagedBy
    updated_at: str
    url: str
    waiting: int


class WebhookBody(TypedDict, closed=True):
    """
    An endpoint that is to be.
    """

    description: NotRequired[str | None]
    events: NotRequired[list[WebhookEvent]]
    format: NotRequired[WebhookFormat | None]
    include_context: NotRequired[bool | None]
    url: str


class WebhookWithSecret(Webhook):
    """
    An endpoint with its secret.
    """

    secret: str


class WebhooksPage(TypedDict):
    """
    All of a workspace: 50 at most.
    """

    items: list[Webhook]
    next_cursor: NotRequired[str | None]


class WithAttempts(Notification):
    """
    A notification with its tries.
    """

    attempts: list[NotificationAttempt]


class YouView(TypedDict):
    """
    What the caller may do.
    """

    approve: StandingView
    cancel: StandingView
    edit: StandingView
    escalate: StandingView
    extend: StandingView
    reject: StandingView


class Audit(TypedDict):
    items: list[AuditRecord]
    next_cursor: NotRequired[str | None]


class AuditPage(TypedDict):
    """
    One page.
    """

    items: list[AuditRecord]
    next_cursor: NotRequired[str | None]


BulkBody = TypedDict(
    'BulkBody',
    {
        'action': BulkAction,
        'comment': NotRequired[str | None],
        'for': NotRequired[str | None],
        'ids': list[BulkItem],
        'reason': NotRequired[str | None],
    },
    closed=True,
)


class Changes(TypedDict):
    """
    What changed.
    """

    complete: bool
    cursor: str
    items: list[Summary]
    restored: bool


class CheckBody(TypedDict, closed=True):
    """
    A policy, and who would ask.
    """

    policy: PolicyBody
    requested_by: NotRequired[str | None]


class Cluster(TypedDict):
    heartbeat_seconds: float
    instances: list[Instance]
    lease_seconds: float


class DeliveriesPage(TypedDict):
    """
    One page.
    """

    items: list[Delivery]
    next_cursor: NotRequired[str | None]


class DeliveryWithAttempts(Delivery):
    """
    A delivery with what was sent, and what each try came to.
    """

    attempts: list[NotificationAttempt]
    body: NotRequired[str | None]


class EligibleView(TypedDict):
    """
    What is still missing, and who could give it.
    """

    impossible: bool
    items: list[EligibleItem]
    level: int
    members: list[MembersView]
    missing: int
    needs: list[NeedView]
    next: NextView
    next_cursor: NotRequired[str | None]
    satisfiable_now: bool
    summary: str
    truncated: bool
    ways: int
    you: YouView


class LevelBody(TypedDict, closed=True):
    """
    One level above the request's own: a new question to other people.
    """

    after_seconds: NotRequired[int | None]
    label: NotRequired[str | None]
    policy: PolicyBody


Samples = TypedDict(
    'Samples',
    {
        'complete': bool,
        'from': str,
        'instances': list[Series],
        'step_seconds': int,
        'to': str,
    },
)


class CreateBody(TypedDict, closed=True):
    """
    A question to people.
    """

    approval_type: str
    checkpoint: NotRequired[Checkpoint | None]
    claim_within_seconds: NotRequired[int | None]
    context: dict[str, Any]
    description: NotRequired[str | None]
    escalation: NotRequired[list[LevelBody] | None]
    executors: NotRequired[list[str] | None]
    job_id: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any] | None]
    notify: NotRequired[Notify | None]
    policy: NotRequired[PolicyBody | None]
    remind_before_seconds: NotRequired[list[int] | None]
    response_schema: NotRequired[dict[str, Any] | None]
    run_id: str
    session_id: NotRequired[str | None]
    task_id: NotRequired[str | None]
    timeout_action: NotRequired[TimeoutAction | None]
    timeout_seconds: NotRequired[int | None]
    title: NotRequired[str | None]
    view: NotRequired[View | None]
    workflow: NotRequired[str | None]


class Approval(TypedDict):
    """
    One question to people, and how it stands.
    """

    approval_type: str
    checkpoint: NotRequired[Checkpoint | None]
    claim_within_seconds: NotRequired[int | None]
    context: dict[str, Any]
    created_at: str
    description: NotRequired[str | None]
    digest: NotRequired[str | None]
    escalation: NotRequired[list[EscalationLevel] | None]
    escalation_level: int
    escalations: list[EscalationHop]
    executors: list[str]
    expires_at: str
    extended_seconds: int
    form: NotRequired[str]
    id: str
    job_id: NotRequired[str | None]
    metadata: dict[str, Any]
    notify: NotRequired[Notify | None]
    on_behalf_of: NotRequired[str | None]
    policy: Policy
    progress: NotRequired[Progress]
    remind_before_seconds: list[int]
    requested_by: str
    requested_by_id: str
    resolution: NotRequired[Resolution | None]
    resolved_at: NotRequired[str | None]
    resolved_by: NotRequired[str | None]
    resolved_by_id: NotRequired[str | None]
    resolved_for: NotRequired[str | None]
    resolved_via: NotRequired[ResolvedVia | None]
    response_schema: NotRequired[dict[str, Any] | None]
    result: NotRequired[ApprovalResult | None]
    run_id: str
    session_id: NotRequired[str | None]
    status: Status
    task_id: str
    timeout_action: TimeoutAction
    title: NotRequired[str | None]
    updated_at: str
    version: int
    view: NotRequired[View | None]
    workflow: NotRequired[str | None]
    workspace_id: str


class BulkDone(TypedDict):
    """
    What became of each.
    """

    results: list[BulkResult]


class BulkResult(TypedDict):
    """
    What became of one approval.
    """

    approval: NotRequired[Approval]
    changed: bool
    code: NotRequired[Code | None]
    id: str
    status: int


class Decided(TypedDict):
    """
    The answer to a decision.
    """

    approval: Approval
    changed: bool


class EscalationLevel(TypedDict):
    """
    One level above the request's own.
    """

    after_seconds: int
    label: NotRequired[str | None]
    policy: Policy


HistoryItem: TypeAlias = Approval | Summary


class HistoryPage(TypedDict):
    """
    One page.
    """

    items: list[HistoryItem]
    next_cursor: NotRequired[str | None]
    searched_back_to: NotRequired[str | None]


PendingItem: TypeAlias = Union["PendingApproval", Summary]


class PendingPage(TypedDict):
    """
    One page.
    """

    items: list[PendingItem]
    next_cursor: NotRequired[str | None]


Policy: TypeAlias = "Policy2"
"""
Who must agree, in the form in which it was put.
"""


class PolicyNode1(TypedDict):
    """
    One node of a tree.
    """

    all_of: NotRequired[list[PolicyNode]]
    any_of: NotRequired[list[PolicyNode]]
    count: NotRequired[int]
    k: NotRequired[int]
    k_of: NotRequired[list[PolicyNode]]
    label: NotRequired[str]


PolicyNode: TypeAlias = "PolicyNode2"
"""
One node of a tree.
"""


class Problem(TypedDict):
    """
    A problem document (RFC 9457).
    """

    approval: NotRequired[Approval]
    claim: NotRequired[Claim]
    code: Code
    detail: str
    errors: NotRequired[list[Violation]]
    status: int
    title: str
    type: str


class CreatedApproval(Approval):
    """
    A new approval.
    """

    warnings: NotRequired[list[Violation]]


class PendingApproval(Approval):
    can_decide: bool


class PolicyNode2(Selectors, PolicyNode1):
    """
    One node of a tree.
    """


class Policy2(Policy1):
    """
    Who must agree, in the form in which it was put.
    """
