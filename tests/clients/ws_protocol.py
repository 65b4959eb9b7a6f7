"""The socket protocol as a client meets it that others wrote: Python's `websockets`.

Two instances of one cluster are needed, and two principals of one workspace:

    SIGNOFF_URLS         http://127.0.0.1:8081,http://127.0.0.1:8082 (more are ignored)
    SIGNOFF_API_KEY      asks; permission workspace:admin
    SIGNOFF_SECOND_KEY   decides; permission workspace:admin

Prints a line for each check and stops at the first that fails, with what was expected and what came. Nothing
sleeps: whatever is awaited has a time-out. `ws_protocol.mjs` makes the same checks; keep them alike.
"""

import asyncio
import json
import os
import sys
import urllib.error
import urllib.request
import uuid
from urllib.parse import urlencode

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

PATIENCE = 15
PROTOCOL = "signoff.v1"
HERE, THERE = os.environ["SIGNOFF_URLS"].split(",")[:2]
AGENT = os.environ["SIGNOFF_API_KEY"]
ANA = os.environ["SIGNOFF_SECOND_KEY"]


def check(what, expected, got):
    if expected != got:
        print(f"FAILED  {what}\n  expected: {expected!r}\n  got:      {got!r}", flush=True)
        sys.exit(1)
    print(f"ok      {what}", flush=True)


def new_task():
    return f"py-{uuid.uuid4()}"


def rest(base, method, path, body=None, key=AGENT):
    """One call; its status and its body. Nothing else happens meanwhile: frames wait in the socket."""
    request = urllib.request.Request(base + path, method=method)
    request.add_header("Authorization", f"Bearer {key}")
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            status, text = response.status, response.read()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read()
    return status, json.loads(text) if text else None


def publish(base, task, **data):
    return rest(base, "POST", f"/api/v1/tasks/{task}/events", {"event_type": "output", "data": data})


def ask(base, task, **fields):
    body = {"run_id": task, "approval_type": "tool_call", "context": {}, **fields}
    status, approval = rest(base, "POST", "/api/v1/approvals", body)
    if status != 201:
        check("an approval is made", 201, (status, approval))
    return approval["id"]


class Client:
    """One socket after its hello. What comes out of turn is kept for later."""

    def __init__(self, socket, hello):
        self.socket, self.hello, self.kept = socket, hello, []

    @classmethod
    async def open(cls, base, task, key=AGENT, **query):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        socket = await connect(address(base, task, query), subprotocols=[PROTOCOL], additional_headers=headers,
                               proxy=None, open_timeout=PATIENCE)
        return cls(socket, await receive(socket))

    async def send(self, **message):
        await self.socket.send(json.dumps(message))

    async def next(self, wanted):
        for kept in self.kept:
            if wanted(kept):
                self.kept.remove(kept)
                return kept
        while not wanted(message := await receive(self.socket)):
            self.kept.append(message)
        return message

    async def event(self, event_type):
        """The next of the task's log."""
        return await self.next(lambda it: it["event_type"] == event_type and "cursor" in it)

    async def reply(self, ref):
        return await self.next(lambda it: it.get("ref") == ref)

    async def ask(self, ref, **message):
        await self.send(ref=ref, **message)
        return await self.reply(ref)

    async def end(self):
        """Why the server closes the socket; what it sends until then is kept."""
        try:
            while True:
                self.kept.append(await receive(self.socket))
        except ConnectionClosed as closed:
            return closed.rcvd and (closed.rcvd.code, closed.rcvd.reason)

    async def close(self):
        await self.socket.close(1000, "bye")
        if self.socket.close_code != 1000:
            check("the server answers a close", 1000, self.socket.close_code)


async def receive(socket):
    return json.loads(await asyncio.wait_for(socket.recv(), PATIENCE))


def address(base, task, query):
    return base.replace("http", "ws", 1) + f"/ws/{task}" + (f"?{urlencode(query)}" if query else "")


async def refusal(task, query=None, **options):
    """The HTTP answer to a handshake that is refused: status, code and media type."""
    try:
        async with connect(address(HERE, task, query or {}), proxy=None, open_timeout=PATIENCE, **options):
            return 101, None, None
    except InvalidStatus as refused:
        response = refused.response
        return response.status_code, json.loads(response.body)["code"], response.headers["content-type"]


def problem(status, code):
    return status, code, "application/problem+json"


async def handshakes():
    task, key = new_task(), {"Authorization": f"Bearer {AGENT}"}
    check("without the subprotocol: 400", problem(400, "malformed"), await refusal(task, additional_headers=key))
    check("without a credential: 401", problem(401, "unauthenticated"),
          await refusal(task, subprotocols=[PROTOCOL]))
    status, ticket = rest(HERE, "POST", "/api/v1/ws-tickets")
    check("a ticket is made", (201, ["expires_at", "ticket"]), (status, sorted(ticket)))
    check("with a ticket, from a foreign origin: 403", problem(403, "forbidden"),
          await refusal(task, {"ticket": ticket["ticket"]}, subprotocols=[PROTOCOL], origin="https://evil.example"))
    client = await Client.open(HERE, task, key=None, ticket=ticket["ticket"])
    check("a ticket opens a socket", "hello", client.hello["event_type"])
    await client.close()
    check("the same ticket opens no second one", problem(401, "unauthenticated"),
          await refusal(task, {"ticket": ticket["ticket"]}, subprotocols=[PROTOCOL]))


async def greeting():
    task = new_task()
    client = await Client.open(HERE, task, session_id="session-1")
    hello, data = client.hello, client.hello["data"]
    check("the subprotocol is agreed on", PROTOCOL, client.socket.subprotocol)
    check("hello is about the task", ("hello", task, "session-1", None),
          (hello["event_type"], hello["task_id"], hello["session_id"], hello["run_id"]))
    check("hello has a time and a cursor", (str, str), (type(hello["timestamp"]), type(hello["cursor"])))
    check("hello has its fields", ["connection_id", "generation", "heartbeat_seconds", "instance_id", "pending",
                                   "pending_more", "recovered"], sorted(data))
    check("nothing was recovered, nothing is pending", (None, [], False),
          (data["recovered"], data["pending"], data["pending_more"]))
    check("hello says the ping interval", 20, data["heartbeat_seconds"])
    check("hello says where it is", rest(HERE, "GET", "/readyz")[1]["instance_id"], data["instance_id"])
    status, shown = rest(THERE, "GET", f"/api/v1/connections/{task}")
    check("the other instance knows the connection", (200, data["connection_id"], data["generation"], "session-1",
                                                      data["instance_id"]),
          (status, shown["connection_id"], shown["generation"], shown["session_id"], shown["instance_id"]))
    status, page = rest(THERE, "GET", "/api/v1/connections?session_id=session-1&limit=200")
    check("and lists it", (200, True), (status, shown in page["items"]))
    await client.close()


async def messages():
    client = await Client.open(HERE, new_task())
    for ref in ["a", 7]:
        pong = await client.ask(ref, type="ping")
        check(f"a ping is answered, with its ref {ref!r}", ("pong", ref), (pong["event_type"], pong["ref"]))
    await client.send(type="ping")
    pong = await receive(client.socket)
    check("or without one", ("pong", False), (pong["event_type"], "ref" in pong))
    await client.socket.send('{"type": "ping"')
    error = await receive(client.socket)
    check("malformed JSON is an error", ("error", "malformed"), (error["event_type"], error["data"]["code"]))
    check("and the socket stays open", "pong", (await client.ask(1, type="ping"))["event_type"])
    error = await client.ask(2, type="dance")
    check("an unknown type is invalid", ("error", "invalid"), (error["event_type"], error["data"]["code"]))
    error = await client.ask(3, type="ping", extra=True)
    check("so is an unknown field", ("error", "invalid"), (error["event_type"], error["data"]["code"]))
    await client.ask(4, type="ping")
    codes = []
    for _ in range(19):
        await client.socket.send("no JSON")
        codes.append((await receive(client.socket))["data"]["code"])
    check("nineteen malformed in a row: an error each", ["malformed"] * 19, codes)
    await client.socket.send("no JSON")
    check("the twentieth: 1008", 1008, (await client.end())[0])
    client = await Client.open(HERE, new_task())
    try:
        await client.send(type="ping", ref="x" * 600 * 1024)
    except ConnectionClosed:
        pass
    check("a frame of 600 KiB: 1009", 1009, (await client.end())[0])


async def events():
    task = new_task()
    client = await Client.open(HERE, task)
    status, accepted = publish(THERE, task, number=1)
    check("an event is taken for a connected task", (202, True), (status, accepted["connected"]))
    event = await client.event("output")
    check("and arrives from the other instance", ({"number": 1}, accepted["cursor"], task),
          (event["data"], event["cursor"], event["task_id"]))
    await client.close()


async def approvals():
    task = new_task()
    client = await Client.open(HERE, task)
    request = {"type": "request_approval", "approval_type": "tool_call", "title": "Refund?", "context": {"a": 1},
               "idempotency_key": task}
    first = await client.ask("first", **request)
    check("an approval is requested", ("approval_requested", task, task, "Refund?"),
          (first["event_type"], first["run_id"], first["data"]["task_id"], first["data"]["title"]))
    again = await client.ask("again", **request)
    check("the same key is the same approval", first["data"]["approval_id"], again["data"]["approval_id"])
    error = await client.ask("other", **{**request, "title": "Another?"})
    check("with another body it is a mismatch", ("error", "idempotency_mismatch"),
          (error["event_type"], error["data"]["code"]))
    event = await client.event("approval_requested")
    check("the log has it too", first["data"]["approval_id"], event["data"]["approval_id"])
    approval = first["data"]["approval_id"]
    await client.send(type="wait_for_approval", approval_id=approval, ref="wait")
    check("a wait does not hold up the socket", "pong", (await client.ask("ping", type="ping"))["event_type"])
    status, _ = rest(THERE, "POST", f"/api/v1/approvals/{approval}/approve", {"comment": "Fine."}, ANA)
    check("it is approved on the other instance", 200, status)
    received = await client.reply("wait")
    check("and the wait is answered", ("approval_received", approval, "resolved", True, "approved", "Fine."),
          (received["event_type"], *(received["data"][name] for name in (
              "approval_id", "status", "approved", "resolution", "feedback"))))
    event = await client.event("approval_resolved")
    check("and the log tells", approval, event["data"]["approval_id"])
    await client.close()


async def decisions():
    task = new_task()
    ana = await Client.open(THERE, new_task(), key=ANA)
    for what, decision, outcome in [
        ("resolve_approval, approved", {"type": "resolve_approval", "resolution": "approved"},
         (True, "approved", None, None)),
        ("resolve_approval, modified", {"type": "resolve_approval", "resolution": "modified", "feedback": "Less.",
                                        "modifications": {"arguments": {"amount": "5"}}},
         (True, "modified", "Less.", {"arguments": {"amount": "5"}})),
        ("resolve_approval, rejected", {"type": "resolve_approval", "resolution": "rejected", "feedback": "No."},
         (False, "rejected", "No.", None)),
        ("approval_response, true", {"type": "approval_response", "approved": True, "feedback": "Yes."},
         (True, "approved", "Yes.", None)),
        ("approval_response, false", {"type": "approval_response", "approved": False, "feedback": "Never."},
         (False, "rejected", "Never.", None)),
    ]:
        approval = ask(HERE, task)
        received = await ana.ask(what, approval_id=approval, **decision)
        got = tuple(received["data"].get(name) for name in ("approved", "resolution", "feedback", "modifications"))
        check(what, ("approval_received", *outcome), (received["event_type"], *got))
        status, shown = rest(HERE, "GET", f"/api/v1/approvals/{approval}")
        check("  as the other instance sees it", (200, "resolved", outcome[1]),
              (status, shown["status"], shown["resolution"]))
    approval = ask(HERE, task)
    for decision in [{"type": "resolve_approval", "resolution": "rejected"},
                     {"type": "approval_response", "approved": False}]:
        error = await ana.ask("bare", approval_id=approval, **decision)
        check(f"{decision['type']}: rejecting needs feedback", ("error", "invalid", ["/feedback"]),
              (error["event_type"], error["data"]["code"], [it["pointer"] for it in error["data"]["errors"]]))
    await ana.close()


async def recovery():
    task = new_task()
    client = await Client.open(HERE, task)
    publish(HERE, task, number=0)
    cursor = (await client.event("output"))["cursor"]
    await client.close()
    for number in range(1, 4):
        publish(HERE, task, number=number)
    client = await Client.open(THERE, task, cursor=cursor)
    check("with a cursor, elsewhere, it goes on", (True, cursor),
          (client.hello["data"]["recovered"], client.hello["cursor"]))
    for number in range(4, 7):
        publish(HERE, task, number=number)
    got = [(await client.event("output"))["data"]["number"] for _ in range(6)]
    check("each later event comes once, in order", [1, 2, 3, 4, 5, 6], got)
    check("and nothing else", "pong", (await client.ask("end", type="ping"))["event_type"])
    check("  not even late", [], client.kept)
    await client.close()
    approval = ask(HERE, task)
    for bogus in ["nonsense", "9223372036854775807"]:
        client = await Client.open(THERE, task, cursor=bogus)
        data = client.hello["data"]
        check(f"with the cursor {bogus} it says that it can't", (False, [approval], False),
              (data["recovered"], [it["approval_id"] for it in data["pending"]], data["pending_more"]))
        await client.close()


async def owners():
    task = new_task()
    old = await Client.open(HERE, task)
    new = await Client.open(THERE, task)
    check("a newer socket replaces the older", (1000, "Reconnection"), await old.end())
    check("and has the later generation", True, new.hello["data"]["generation"] > old.hello["data"]["generation"])
    publish(HERE, task, number=1)
    check("events go to it", {"number": 1}, (await new.event("output"))["data"])
    check("a connection is closed by hand", (204, None), rest(HERE, "DELETE", f"/api/v1/connections/{task}"))
    check("and its client told not to come again", 1008, (await new.end())[0])
    check("then there is none", 404, rest(HERE, "GET", f"/api/v1/connections/{task}")[0])


async def main():
    for part in [handshakes, greeting, messages, events, approvals, decisions, recovery, owners]:
        await part()


asyncio.run(main())
