"""Webhooks as receivers meet them: others' libraries verify and read what an instance has really sent.

`standardwebhooks` of PyPI verifies here; what it was asked is then asked of the package from npm, by `webhooks.mjs`,
and both must say the same. `cloudevents` reads what is sent in that format. Starts an instance of its own, that may
send to this machine: `instance.py` says what that needs, besides

    SIGNOFF_NODE_CLIENTS  the directory of `webhooks.mjs` and its packages

Prints a line for each check and stops at the first that fails. Nothing sleeps: whatever is awaited has a time-out.
"""

import json
import os
import queue
import subprocess
import threading
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cloudevents.core.formats.json import JSONFormat
from standardwebhooks import Webhook, WebhookVerificationError

from instance import PATIENCE, PUBLIC, Instance, check, eventually, key

WORKSPACE = "webhooks"
HOSTILE = "Refund é 🙂 <b>45</b>\r\n\u2028\u202egnp\u2066 \\u0041 \" \\ </script>"
OTHER = "whsec_" + "A" * 43 + "="
SETTINGS = {
    "SIGNOFF_SECRETS_KEY": "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=",
    "SIGNOFF_WEBHOOKS_ALLOWED_NETWORKS": "127.0.0.0/8",
    "SIGNOFF_WEBHOOKS_ALLOW_HTTP": "true",
}


class Receiver:
    """Keeps what comes, by path: headers, and the body's bytes."""

    def __init__(self):
        received = self.received = defaultdict(queue.Queue)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                received[self.path].put(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self, path):
        return self.received[path].get(timeout=PATIENCE)


class Questions:
    """What the library here was asked, for the other one."""

    def __init__(self):
        self.asked = []

    def ask(self, what, takes, secret, headers, body):
        try:
            Webhook(secret).verify(body, headers)
            got = True
        except WebhookVerificationError:
            got = False
        check(what, takes, got)
        self.asked.append({"what": what, "takes": takes, "secret": secret, "headers": headers, "body": body.decode()})


class Hook:
    def __init__(self, admin, receiver, path, **more):
        self.receiver, self.path = receiver, path
        made = admin.call("POST", "/api/v1/webhooks", {"url": receiver.url + path, **more})
        self.id, self.secret = made["id"], made["secret"]

    def next(self):
        return self.receiver.next(self.path)


def asked(**more):
    return {
        "run_id": "webhooks", "approval_type": "refund", "title": HOSTILE, "context": {"text": HOSTILE},
        "policy": {"min_approvers": 2, "allowed_approvers": ["ana", "bo"]}, **more,
    }


def each_event(questions, hook, agent, people):
    """From the question to the outcome, with text that tries."""
    made = agent.call("POST", "/api/v1/approvals", asked(description=HOSTILE * 200))
    path = f"/api/v1/approvals/{made['id']}"
    acts = [
        ("approval:requested", lambda: None),
        ("approval:voted", lambda: people[0].call("POST", f"{path}/approve", {"comment": HOSTILE})),
        ("approval:resolved", lambda: people[1].call("POST", f"{path}/approve", {"comment": HOSTILE})),
    ]
    for event, act in acts:
        act()
        headers, body = hook.next()
        said = json.loads(body)
        check(f"{event} is told", (event, HOSTILE), (said["type"], said["data"]["title"]))
        questions.ask(f"{event}: it verifies", True, hook.secret, headers, body)
    return headers, body


def others_do_not(questions, hook, headers, body):
    secret = hook.secret
    for what, changed in [("a blank more", body + b" "), ("a letter", body.replace(b"approved", b"Approved", 1)),
                          ("nothing left", b"{}")]:
        questions.ask(f"a changed body does not: {what}", False, secret, headers, changed)
    questions.ask("another secret does not", False, OTHER, headers, body)
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        without = {given: value for given, value in headers.items() if given != name}
        questions.ask(f"without {name} it does not", False, secret, without, body)
    now = int(headers["webhook-timestamp"])
    for name, value in [("webhook-id", headers["webhook-id"] + "x"), ("webhook-timestamp", str(now - 1)),
                        ("webhook-signature", headers["webhook-signature"].replace("v1,", "v2,"))]:
        questions.ask(f"with another {name} it does not", False, secret, headers | {name: value}, body)
    # What we say of the tolerance, told to receivers who check by hand.
    for seconds, takes in [(-310, False), (310, False), (-290, True), (290, True)]:
        at = datetime.now(timezone.utc) + timedelta(seconds=seconds)
        signature = Webhook(secret).sign(headers["webhook-id"], at, body.decode())
        moved = headers | {"webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}
        questions.ask(f"signed at {seconds:+} s: {'it does' if takes else 'it does not'}", takes, secret, moved, body)


def large(questions, hook, agent):
    agent.call("POST", "/api/v1/approvals", asked(context={"text": "🙂é\"" * 9_000}))
    headers, body = hook.next()
    check("a large one is cut to 64 KiB", (True, True), (len(body) <= 65_536, json.loads(body)["data"]["truncated"]))
    questions.ask("and verifies", True, hook.secret, headers, body)


def again(questions, hook, admin, before):
    """The same event, sent again: the same bytes, signed anew."""
    path = f"/api/v1/webhooks/{hook.id}"
    eventually("all are on record as sent", lambda: admin.call("GET", path)["waiting"] == 0)
    count = admin.call("POST", f"{path}/replay", {"status": "sent"})["replayed"]
    replayed = [hook.next() for _ in range(count)]
    headers, body = next(it for it in replayed if it[0]["webhook-id"] == before[0]["webhook-id"])
    check("a replay has the same id and the same bytes", before[1], body)
    for headers, body in replayed:
        questions.ask("a replay verifies", True, hook.secret, headers, body)


def rotated(questions, hook, admin, agent):
    old = hook.secret
    path = f"/api/v1/webhooks/{hook.id}/rotate-secret"
    new = admin.call("POST", path, {})["secret"]
    agent.call("POST", "/api/v1/approvals", asked())
    headers, body = hook.next()
    check("while a secret is rotated there are two signatures", 2, len(headers["webhook-signature"].split(" ")))
    for what, secret, takes in [("the new one", new, True), ("the old one", old, True), ("another", OTHER, False)]:
        questions.ask(f"{what} {'verifies' if takes else 'does not'}", takes, secret, headers, body)
    newest = admin.call("POST", path, {"overlap_seconds": 0})["secret"]
    admin.call("POST", f"/api/v1/webhooks/{hook.id}/test")
    headers, body = hook.next()
    check("a test says so", "webhook:test", json.loads(body)["type"])
    for what, secret, takes in [("the newest", newest, True), ("the last", new, False), ("the first", old, False)]:
        questions.ask(f"without an overlap {what} {'verifies' if takes else 'does not'}", takes, secret, headers, body)


def cloud_events(questions, hook, admin, agent):
    made = agent.call("POST", "/api/v1/approvals", asked())
    agent.call("POST", f"/api/v1/approvals/{made['id']}/cancel", {"reason": HOSTILE})
    admin.call("POST", f"/api/v1/webhooks/{hook.id}/test")
    for _ in range(3):
        headers, body = hook.next()
        event = from_http_event(HTTPMessage(headers=headers, body=body), JSONFormat())
        kind = event.get_type()
        check(f"{kind}: its id is the header's", headers["webhook-id"], event.get_id())
        check("and it says where it is from", f"{PUBLIC}/workspaces/{WORKSPACE}", event.get_source())
        age = abs(datetime.now(timezone.utc) - event.get_time())
        check("and when, within a minute", True, age < timedelta(minutes=1))
        check("and what its data is", ("1.0", "application/json"),
              (event.get_specversion(), event.get_datacontenttype()))
        if kind != "signoff.webhook.test":
            data = event.get_data()
            check("and which approval it is about", (made["id"], made["id"], HOSTILE),
                  (event.get_subject(), data["approval_id"], data["title"]))
        questions.ask("and it verifies", True, hook.secret, headers, body)


def main():
    receiver, questions = Receiver(), Questions()
    keys = {name: key(WORKSPACE, name, "workspace:admin") for name in ("admin", "agent", "ana", "bo")}
    with Instance(**SETTINGS) as instance:
        admin, agent, ana, bo = (instance.caller(keys[name]) for name in ("admin", "agent", "ana", "bo"))
        hook = Hook(admin, receiver, "/standard", include_context=True)
        last = each_event(questions, hook, agent, (ana, bo))
        others_do_not(questions, hook, *last)
        large(questions, hook, agent)
        again(questions, hook, admin, last)
        rotated(questions, hook, admin, agent)
        admin.call("DELETE", f"/api/v1/webhooks/{hook.id}")
        cloud_events(questions, Hook(admin, receiver, "/cloudevents", format="cloudevents"), admin, agent)
    program = os.path.join(os.environ["SIGNOFF_NODE_CLIENTS"], "webhooks.mjs")
    other = subprocess.run(["node", program], input=json.dumps(questions.asked), text=True)
    check("the library of npm says the same", 0, other.returncode)


main()
