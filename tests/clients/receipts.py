"""Receipts of claims, judged by libraries that others wrote: PyJWT and `rfc8785` here, npm's `jose` in `receipts.mjs`. And the
example of a system that acts, examples/receipts/act.py.

Starts two instances of its own on the database that the others use: `instance.py` says what that needs, besides

    SIGNOFF_NODE_CLIENTS   where npm's packages are

Prints a line for each check and stops at the first that fails.
"""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import secrets
import subprocess
import sys
import tempfile
import urllib.request

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from instance import PATIENCE, PUBLIC, Instance, fail, key, passed

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples" / "receipts"
WORKSPACE = "receipts"
AUDIENCE = "refunds"


def check(what, holds, told=""):
    if not holds:
        fail(f"{what}\n  {told}")
    passed(what)


class Team:
    """Who asks and acts, and who decides, each on an instance of their own."""

    def __init__(self, here, there, workspace=WORKSPACE):
        self.agent = here.caller(key(workspace, "agent", "workspace:admin"))
        self.ana = there.caller(key(workspace, "ana", "workspace:admin"))

    def approved(self, arguments, asked=None, **approving):
        context = {"tool": "refund", "arguments": arguments}
        asked = {"run_id": "receipts", "approval_type": "tool_call", "title": "Refund", "context": context, **(asked or {})}
        path = f"/api/v1/approvals/{self.agent.call('POST', '/api/v1/approvals', asked)['id']}"
        self.ana.call("POST", f"{path}/approve", approving)
        return self.agent.call("GET", path)

    def claimed(self, approval, name="one", **more):
        body = {"key": name, "audience": AUDIENCE, **more}
        return self.agent.call("POST", f"/api/v1/approvals/{approval['id']}/claim", body)


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def with_header(receipt, sign, **header):
    _, payload, _ = receipt.split(".")
    message = f"{encoded(json.dumps(header).encode())}.{payload}"
    return f"{message}.{encoded(sign(message.encode()))}"


class Acting:
    """The system that acts: its keys, its record, and a place for what it is given."""

    def __init__(self, keys, workspace):
        self.workspace = workspace
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="signoff-receipts-"))
        self.write("keys.json", keys)

    def write(self, name, value):
        path = self.folder / name
        path.write_text(json.dumps(value))
        return str(path)

    def does(self, receipt, approval, arguments, record="done.db", audience=AUDIENCE):
        command = [
            sys.executable, str(EXAMPLES / "act.py"), "--jwks", str(self.folder / "keys.json"), "--issuer", PUBLIC,
            "--workspace", self.workspace, "--audience", audience, "--receipt", receipt, "--approval", self.write("approval.json", approval),
            "--arguments", self.write("arguments.json", arguments), "--record", str(self.folder / record),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        if done.returncode not in (0, 1) or "Traceback" in done.stderr:
            fail(f"act.py: {done.stderr}")
        return done.returncode == 0, done.stderr


def checks(team, strangers, seed):
    with urllib.request.urlopen(f"{team.agent.url}/.well-known/jwks.json", timeout=PATIENCE) as answer:
        keys = json.load(answer)
    arguments = {"order": 1042, "amount": 49.9, "big": 2**60}
    approval = team.approved(arguments)
    acting = Acting(keys, approval["workspace_id"])
    receipt = team.claimed(approval)["receipt"]
    status, _ = team.agent.send("POST", f"/api/v1/approvals/{approval['id']}/claim", {"key": "two"})
    check("a second executor is refused", status == 409)
    what_is_done(team, strangers, acting, approval, receipt, arguments)
    what_is_done_once(team, acting, arguments)
    what_is_forged(team, acting, keys, arguments, Ed25519PrivateKey.from_private_bytes(seed).sign)


def what_is_done(team, strangers, acting, approval, receipt, arguments):
    for name, changed in (("amount", 50), ("order", 1043), ("more", True)):
        did, why = acting.does(receipt, approval, {**arguments, name: changed})
        check(f"another {name} is not done", not did and "not what was approved" in why, why)
    did, why = acting.does(receipt, {**approval, "title": "Refund everything"}, arguments)
    check("an approval that was changed on its way is not done", not did, why)
    did, why = acting.does(receipt, approval, arguments, audience="else")
    check("a receipt for somebody else is not good here", not did, why)
    other = {"approval_type": "note", "context": {"tool": "send_mail", "arguments": arguments}}
    mail = team.approved(arguments, other)
    did, why = acting.does(team.claimed(mail)["receipt"], mail, arguments)
    check("what was approved for something else is not done", not did and "not what was approved" in why, why)
    theirs = strangers.approved(arguments)
    did, why = acting.does(strangers.claimed(theirs)["receipt"], theirs, arguments)
    check("what another workspace approved is not done", not did and "workspace" in why, why)
    did, why = acting.does(receipt, approval, arguments)
    check("what was approved is done", did, why)

    edited = team.approved({"limit": 100}, modifications={"arguments": {"limit": 10}})
    receipt = team.claimed(edited)["receipt"]
    check("what was proposed is not done where approvers changed it", not acting.does(receipt, edited, {"limit": 100})[0])
    like = team.approved({"limit": 100}, other | {"approval_type": "tool_call"}, modifications={"arguments": {"limit": 10}})
    did, why = acting.does(team.claimed(like)["receipt"], like, {"limit": 10})
    check("the same changes to something else are not done", not did and "not what was approved" in why, why)
    check("what they made of it is", acting.does(receipt, edited, {"limit": 10})[0])


def what_is_done_once(team, acting, arguments):
    handed = team.approved(arguments)
    path = f"/api/v1/approvals/{handed['id']}/claim"
    first = team.claimed(handed, "one", lease_seconds=60)
    check("the first executor acts", acting.does(first["receipt"], handed, arguments)[0])
    renewed = team.agent.call("POST", f"{path}/renew", {"key": "one", "fence": 1})
    team.agent.call("POST", f"{path}/release", {"key": "one", "fence": 1})
    second = team.claimed(handed, "two", lease_seconds=60)
    check("the next executor has a higher fence", second["claim"]["fence"] == 2)
    for what, one in (("the same", first), ("a renewed", renewed), ("the next executor's", second)):
        did, why = acting.does(one["receipt"], handed, arguments)
        check(f"it is not done again with {what} receipt", not did and "before" in why, why)


def what_is_forged(team, acting, keys, arguments, own):
    of = team.approved(arguments)
    receipt = team.claimed(of)["receipt"]
    kid = keys["keys"][0]["kid"]
    public = base64.urlsafe_b64decode(keys["keys"][0]["x"] + "=")
    hs256 = lambda message: hmac.new(public, message, hashlib.sha256).digest()  # noqa: E731
    typ = "signoff-receipt+jwt"
    forged = {
        "an unsigned one": with_header(receipt, lambda _: b"", alg="none", typ=typ, kid=kid),
        "one by HS256 with the public key": with_header(receipt, hs256, alg="HS256", typ=typ, kid=kid),
        "one that says EdDSA and isn't": with_header(receipt, hs256, alg="EdDSA", typ=typ, kid=kid),
        "another type": with_header(receipt, own, alg="EdDSA", typ="JWT", kid=kid),
        "one of an unknown key": with_header(receipt, own, alg="EdDSA", typ=typ, kid="else"),
        "a cut one": receipt[:-4],
    }
    questions = [
        {"what": "a good one", "receipt": receipt, "takes": True},
        # So that what is wrong with the others is what they say.
        {"what": "one that we signed", "receipt": with_header(receipt, own, alg="EdDSA", typ=typ, kid=kid), "takes": True},
    ]
    for what, text in forged.items():
        did, why = acting.does(text, of, arguments)
        check(f"PyJWT: {what} is refused", not did, why)
        questions.append({"what": what, "receipt": text, "takes": False})
    check("PyJWT: the good one is taken", acting.does(questions[1]["receipt"], of, arguments)[0])
    questions += [
        {"what": "another issuer", "receipt": receipt, "issuer": "https://else.example", "takes": False},
        {"what": "another audience", "receipt": receipt, "audience": "else", "takes": False},
    ]
    questions = [{"keys": keys, "issuer": PUBLIC, "audience": AUDIENCE, **it} for it in questions]
    jose = ["node", f"{os.environ['SIGNOFF_NODE_CLIENTS']}/receipts.mjs"]
    if subprocess.run(jose, input=json.dumps(questions), text=True, timeout=60, check=False).returncode != 0:
        fail("jose says otherwise")


def main():
    seed = secrets.token_bytes(32)
    settings = {"SIGNOFF_RECEIPTS_SIGNING_KEY": base64.b64encode(seed).decode()}
    with Instance(**settings) as here, Instance(**settings) as there:
        checks(Team(here, there), Team(here, there, "strangers"), seed)


if __name__ == "__main__":
    main()
