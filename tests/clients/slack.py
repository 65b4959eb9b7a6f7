"""Slack's own libraries against what an instance sends to Slack and takes from it.

A double plays Slack. Cards, edits, lists and forms come about as they do in service, for text that tries and for the
longest; `slack_payloads.py` has them read by Slack's libraries. `slack_signatures.py` compares what is taken with
`slack_bolt`. Starts instances of its own, one after the other: `instance.py` says what they need, besides

    SIGNOFF_NODE_CLIENTS  the directory of TypeScript and `@slack/web-api`

Prints a line for each check and stops at the first that fails. Nothing sleeps: whatever is awaited has a time-out.
"""

import json

import slack_payloads
import slack_signatures
from instance import Instance, check, fail, key, passed
from slack_double import SlackDouble, buttons, post, signed, submitted

WORKSPACE = "slack"
HOSTILE = "<!channel> <@U1> <https://evil.example|Approve> `a` *b* _c_ ~d~ &lt;!here&gt; & \" \\ \u202egnp\u2066"
# As they are, and as long as may be.
TEXTS = [
    HOSTILE, "one\r\n\r\n<b>two</b>\n```three```\u2028four\tfive\u0007", " \u200b ", "\u202e",
    "{{title}} ${x} %s :smile: @here #general",
]
LONG = ["x", "🙂", "<", "&", '"', "\\", "a\n", "e\u0301", "👩‍👩‍👧‍👦", "|", "\u0085 ", HOSTILE + " "]
# Names can't hide anything, but they may be odd and long.
ODD = "<!here> & \"`*_~ "
NAMES = {"agent": ODD + "agent " + "🙂" * 170, "ana": ODD + "ana " + "é" * 170, "bo": ODD + "bo " + "&" * 170}
ACCOUNTS = {"ana": "U1", "bo": "U2"}


def fill(text, most):
    return (text * most)[:most]


class Office:
    """People, by name, and Slack."""

    def __init__(self, instance, keys, double):
        self.instance, self.double, self.views = instance, double, []
        names = ("admin", "agent", "ana", "bo")
        self.admin, self.agent, self.ana, self.bo = (instance.caller(keys[name]) for name in names)

    def ask(self, channel=None, **more):
        body = {
            "run_id": "slack", "approval_type": "refund", "context": {"amount": 45},
            "policy": {"min_approvers": 2, "allowed_approvers": [NAMES["ana"], NAMES["bo"]]}, **more,
        }
        if channel:
            body["notify"] = {"slack_channel": channel}
        return self.agent.call("POST", "/api/v1/approvals", body)["id"]

    def act(self, who, id, what, body):
        return who.call("POST", f"/api/v1/approvals/{id}/{what}", body)

    def take(self, body):
        """Slack sends something, and it is taken."""
        status, said = post(self.instance, body, signed(body))
        if status != 200:
            fail(f"Slack's own was answered by {status} {said}: {body}")
        return said

    def shown(self, body):
        """The same, for a form that is answered by another view."""
        said = self.take(body)
        if said.get("response_action") != "update":
            fail(f"no view in {said}")
        self.views.append(said["view"])
        return said["view"]


# How an approval ends: what its card says then, what the request has for that, and what people do.

def approved(office, id, run, text):
    office.act(office.ana, id, "approve", {"comment": text})
    office.act(office.bo, id, "approve", {"comment": text})


def modified(office, id, run, text):
    for who in (office.ana, office.bo):
        office.act(who, id, "approve", {"comment": text, "modifications": {"amount": 40, "text": text}})


def rejected(office, id, run, text):
    office.act(office.ana, id, "approve", {})
    office.act(office.bo, id, "reject", {"reason": reason(text)})


def cancelled(office, id, run, text):
    office.act(office.agent, id, "cancel", {"reason": reason(text)})


def handed_on(office, id, run, text):
    office.act(office.admin, id, "escalate", {"reason": reason(text)})


def with_its_run(office, id, run, text):
    office.admin.call("DELETE", f"/api/v1/runs/{run}")


def by_itself(office, id, run, text):
    pass


def reason(text):
    return text if text.strip() else "no"


LEVELS = {"escalation": [{"policy": {"allowed_approvers": [NAMES["bo"]]}, "label": ODD}]}
ENDINGS = [
    ("*Approved* by", {}, approved), ("*Approved with changes* by", {}, modified), ("*Rejected* by", {}, rejected),
    ("*Cancelled* by", {}, cancelled), ("*Handed to the next level*", LEVELS, handed_on),
]
ONCE = [
    ("*Cancelled* with its run", {}, with_its_run), ("*Expired*", {"timeout_seconds": 6}, by_itself),
    ("*Rejected* by its deadline", {"timeout_seconds": 6, "timeout_action": "reject"}, by_itself),
    ("*Approved* by its deadline", {"timeout_seconds": 6, "timeout_action": "approve"}, by_itself),
]


def request(text, long):
    """One that has all that a card shows."""
    def of(most):
        return fill(text, most) if long else text

    fields = {f"{number} {of(100)}": of(300) for number in range(8)}
    return {"title": of(500), "description": of(10_000), "workflow": "w" * 200, "context": {**fields, "amount": 45}}


def cards(office):
    """All endings, with all texts."""
    whole = [(text, text in LONG, ending) for text in TEXTS + LONG for ending in ENDINGS]
    whole = [(HOSTILE, False, ending) for ending in ONCE] + whole
    runs = [f"{number}-" + "r" * 190 for number in range(len(whole))]
    ids = []
    for number, (text, long, (_, more, act)) in enumerate(whole):
        ids.append(office.ask(f"C{number}", run_id=runs[number], **request(text, long), **more))
        if act is by_itself:
            # Before its time is up.
            office.double.card(f"C{number}")
    for number, (text, long, (_, _, act)) in enumerate(whole):
        if act in (modified, rejected):
            forms(office, office.double.card(f"C{number}"))
        elif act is not by_itself:
            office.double.card(f"C{number}")
        act(office, ids[number], runs[number], fill(text, 5_000) if long else text)
    for number, (_, _, (said, _, _)) in enumerate(whole):
        office.double.card(f"C{number}", lambda body: outcome(body).startswith(said))
    passed(f"{len(whole)} cards say how it ended")


def edges(office):
    """The longest proposal that can be edited in Slack, and a longer one; and the longest context."""
    frame = len(json.dumps({"text": ""}, indent=2))
    for number, (text, has_button) in enumerate([
        ("x" * (3_000 - frame), True), ("x" * (3_001 - frame), False), ("🙂" * ((3_000 - frame) // 2), True),
        ("x" * 250_000, False), ('"' * 100_000, False),
    ]):
        channel = f"CEDGE{number}"
        office.ask(channel, title=HOSTILE, context={"text": text})
        card = office.double.card(channel)
        names = {button["action_id"] for button in buttons(card[1])}
        check("what can be edited has a button for it", has_button, "signoff_modify" in names)
        forms(office, card)


def outcome(body):
    return next((block["text"]["text"] for block in body["blocks"] if block.get("block_id") == "o"), "")


def forms(office, card):
    """Both forms of a card, and what is answered where they can't be taken."""
    names = {button["action_id"] for button in buttons(card[1])}
    for action, fault in [("signoff_reject", {"reason": " "}), ("signoff_modify", {"changes": "[]"})]:
        if action not in names:
            continue
        office.take(office.double.press(card, action, ACCOUNTS["ana"]))
        view = office.double.calls_of("views.open")[-1]["view"]
        said = office.take(submitted(view, ACCOUNTS["ana"], **fault))
        inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
        if (said["response_action"], set(said["errors"]) - inputs) != ("errors", set()):
            check("a fault is told at an input of the form", inputs, said)
        # By one who is bound to no person.
        office.shown(submitted(view, "U404", reason="no", changes="{\"amount\": 1}"))
        office.take(office.double.press(card, action, "U404"))


def decided_in_slack(office):
    """By buttons and forms; and a form that is late."""
    policy = {"min_approvers": 1, "allowed_approvers": [NAMES["ana"], NAMES["bo"]]}
    id = office.ask("CFORM", policy=policy, title=HOSTILE)
    card = office.double.card("CFORM")
    office.take(office.double.press(card, "signoff_reject", ACCOUNTS["ana"]))
    view = office.double.calls_of("views.open")[-1]["view"]
    said = office.take(submitted(view, ACCOUNTS["ana"], reason=fill(HOSTILE, 3_000)))
    check("a form decides", {"response_action": "clear"}, said)
    late = office.shown(submitted(view, ACCOUNTS["bo"], reason="no"))
    check("a late one is shown the outcome", True, "*Rejected* by" in json.dumps(late))
    office.take(office.double.press(card, "signoff_approve", ACCOUNTS["bo"]))
    told = "*Rejected* by"
    office.double.wait("who pressed is told",
                       lambda: any(told in it["text"] for it in office.double.calls_of("response_url")))
    check("once", "rejected", office.agent.call("GET", f"/api/v1/approvals/{id}")["resolution"])


def reminded(office):
    office.ask("CREMIND", timeout_seconds=600, remind_before_seconds=[599], title=HOSTILE)
    office.double.wait("a reminder",
                       lambda: any("thread_ts" in it for it in office.double.calls_of("chat.postMessage")))
    passed("a channel is reminded in the card's thread")


def refused_by_slack(office):
    """Where Slack says that a form is wrong, text comes in its place."""
    refusal = (200, {"ok": False, "error": "invalid_blocks"})
    office.double.script("chat.postMessage", *refusal)
    id = office.ask("CBARE", title=fill(HOSTILE, 500))
    bare = office.double.wait("the text", lambda: [it for it in office.double.calls_of("chat.postMessage")
                                                   if it["channel"] == "CBARE" and "blocks" not in it])
    check("a refused card comes as text", True, bare[0]["text"].endswith(f"/approvals/{id}"))
    office.double.script("chat.update", *refusal)
    office.act(office.bo, id, "reject", {"reason": HOSTILE})
    office.double.wait("the text", lambda: [it for it in office.double.calls_of("chat.update") if it["blocks"] == []])
    passed("and so does a refused edit")


def flooded(office):
    office.double.script("chat.postMessage", 429, {"ok": False, "error": "ratelimited"}, **{"retry-after": "2"})
    for number in range(14):
        office.ask("CFLOOD", title=fill(LONG[number % len(LONG)], 500))
    _, body = office.double.card("CFLOOD", lambda body: "wait for approval" in body["text"])
    check("many are one list", True, len(body["blocks"]) > 10)


def to_people(office):
    """Without a channel: to a bound account, and to an address."""
    office.ask(title=fill(HOSTILE, 500))
    for channel in ("DU1", "DU9"):
        office.double.card(channel)
    passed("without a channel each person has a card")


def press_in(office, channel):
    """An approval that awaits votes: what makes a press of its card, and its version."""
    id = office.ask(channel)
    card = office.double.card(channel)

    def press(trigger, user="U404"):
        return office.double.press(card, "signoff_approve", user, trigger)

    return press, lambda: office.agent.call("GET", f"/api/v1/approvals/{id}")["version"]


def main():
    double = SlackDouble()
    keys = {"admin": key(WORKSPACE, "admin", "workspace:admin")}
    keys |= {name: key(WORKSPACE, full, "workspace:admin") for name, full in NAMES.items()}
    with Instance(**double.settings(WORKSPACE, "C0")) as instance:
        office = Office(instance, keys, double)
        office.admin.call("PATCH", "/api/v1/workspace", {"allow_timeout_approve": True})
        people = {it["name"]: it["id"] for it in office.admin.call("GET", "/api/v1/principals?limit=200")["items"]}
        for name, account in ACCOUNTS.items():
            office.admin.call("PATCH", f"/api/v1/principals/{people[NAMES[name]]}", {"slack": f"T1/{account}"})
        slack_signatures.run(instance, *press_in(office, "CSIGN"))
        cards(office)
        edges(office)
        decided_in_slack(office)
        reminded(office)
        refused_by_slack(office)
        flooded(office)
        views = office.views
        bo = f"/api/v1/principals/{people[NAMES['bo']]}"
        office.admin.call("PATCH", bo, {"slack": None, "email": "bo@example.com"})
    with Instance(**double.settings(WORKSPACE, "")) as instance:
        to_people(Office(instance, keys, double))
    payloads = double.calls + [("view", view) for view in views]
    slack_payloads.read_by_models(payloads)
    slack_payloads.refused_by_models(payloads)
    slack_payloads.checked_by_tsc(payloads)


main()
