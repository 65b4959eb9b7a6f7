"""Slack as an instance meets it: keeps what it is sent, answers as Slack does, and has buttons that can be pressed."""

import http.client
import json
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from slack_sdk.signature import SignatureVerifier

from instance import PATIENCE, fail

SECRET = "a-signing-secret"
TEAM = "T1"
SIGNATURE, TIME = "X-Slack-Signature", "X-Slack-Request-Timestamp"


class SlackDouble:
    def __init__(self):
        self.changed = threading.Condition()
        # (method, body) of each call, in order.
        self.calls = []
        # By channel and time of the message, as it is shown now.
        self.messages = {}
        # By method: the answers that come first, each once.
        self.scripts = {}
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.answer(self.path, json.loads(self.rfile.read(int(self.headers["content-length"]))))

            def do_GET(self):
                path, _, query = self.path.partition("?")
                self.answer(path, dict(urllib.parse.parse_qsl(query)))

            def answer(self, path, body):
                status, headers, answer = double.called(path.rsplit("/", 1)[1], body)
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def settings(self, workspace, channel):
        return {
            "SIGNOFF_SLACK_BOT_TOKEN": "xoxb-a-token", "SIGNOFF_SLACK_SIGNING_SECRET": SECRET,
            "SIGNOFF_SLACK_CHANNEL": channel, "SIGNOFF_SLACK_WORKSPACE": workspace,
            "SIGNOFF_SLACK_API_URL": f"{self.url}/api/", "SIGNOFF_SLACK_HOOKS_URL": f"{self.url}/hooks/",
        }

    # --- what it is sent ---

    def called(self, method, body):
        with self.changed:
            self.calls.append((method, body))
            scripted = self.scripts.get(method)
            answer = scripted.pop(0) if scripted else (200, {}, {"ok": True, **self.done(method, body)})
            self.changed.notify_all()
        return answer

    def done(self, method, body):
        if method == "chat.postMessage":
            ts = f"1700000000.{len(self.calls):06}"
            self.messages[body["channel"], ts] = body
            return {"channel": body["channel"], "ts": ts, "message": {"team": TEAM, "ts": ts}}
        if method == "chat.update":
            self.messages[body["channel"], body["ts"]] = body
            return {"channel": body["channel"], "ts": body["ts"]}
        if method == "conversations.open":
            return {"channel": {"id": f"D{body['users']}"}}
        if method == "users.lookupByEmail":
            return {"user": {"id": "U9"}}
        return {"team_id": TEAM, "team": "Acme", "user_id": "UBOT"}

    def script(self, method, status, answer, **headers):
        self.scripts.setdefault(method, []).append((status, headers, answer))

    def calls_of(self, method):
        return [body for called, body in list(self.calls) if called == method]

    def wait(self, what, holds):
        """Waits until `holds` answers something, and answers that."""
        with self.changed:
            found = self.changed.wait_for(holds, PATIENCE)
        return found or fail(f"{what}: not within {PATIENCE} s")

    def card(self, channel, holds=lambda body: True):
        """Waits for the message of a channel that has one: where it is, and how it stands."""
        def found():
            return next(((place, body) for place, body in self.messages.items()
                         if place[0] == channel and body.get("blocks") and holds(body)), None)
        return self.wait(f"a card in {channel}", found)

    # --- what it sends ---

    def press(self, card, action, user, trigger="1.2"):
        """What is posted when a button of a card is pressed."""
        (channel, ts), body = card
        value = next(it["value"] for it in buttons(body) if it["action_id"] == action)
        return form({
            "type": "block_actions", "user": {"id": user, "username": "u", "team_id": TEAM}, "api_app_id": "A1",
            "team": {"id": TEAM, "domain": "acme"}, "enterprise": None, "is_enterprise_install": False,
            "trigger_id": trigger, "response_url": f"{self.url}/hooks/response_url",
            "container": {"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": False},
            "channel": {"id": channel, "name": "c"}, "message": {"ts": ts, "blocks": body["blocks"]},
            "actions": [{"type": "button", "action_id": action, "block_id": "a", "value": value, "action_ts": "1.3"}],
        })


def buttons(body):
    return [it for block in body["blocks"] if block["type"] == "actions" for it in block["elements"]]


def submitted(view, user, **inputs):
    """What is posted when a form is sent."""
    values = {name: {"v": {"type": "plain_text_input", "value": text}} for name, text in inputs.items()}
    return form({
        "type": "view_submission", "user": {"id": user, "team_id": TEAM}, "team": {"id": TEAM, "domain": "acme"},
        "api_app_id": "A1", "view": {**view, "id": "V1", "state": {"values": values}},
    })


def form(payload):
    return urllib.parse.urlencode({"payload": json.dumps(payload)})


def signed(body, secret=SECRET, at=0, timestamp=None):
    """Headers as the SDK signs a request, so many seconds from now."""
    timestamp = timestamp if timestamp is not None else str(int(time.time()) + at)
    signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body)
    return [(TIME, timestamp), (SIGNATURE, signature)]


def post(instance, body, headers):
    """Sends bytes to an instance, with headers as they are; answers the status and what it says, or None where that is
    nothing."""
    data = body.encode()
    connection = http.client.HTTPConnection("127.0.0.1", instance.port, timeout=PATIENCE)
    try:
        connection.putrequest("POST", "/slack/interactions")
        connection.putheader("content-type", "application/x-www-form-urlencoded")
        connection.putheader("content-length", str(len(data)))
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders(data)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()
