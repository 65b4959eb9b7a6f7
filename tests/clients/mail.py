"""Mail as others meet it: `aiosmtpd` takes it, protected and with a password; Python's `email` reads it.

Starts an instance of its own on the database that the others use:

    SIGNOFF_BIN           the program
    SIGNOFF_DATABASE_URL  and SIGNOFF_REDIS_URL, SIGNOFF_REDIS_PREFIX, as for any instance
    SIGNOFF_API_KEY       asks; permission workspace:admin

Prints a line for each check and stops at the first that fails, with what was expected and what came. Nothing sleeps:
whatever is awaited has a time-out.
"""

import email
import json
import os
import queue
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from email import policy

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

PATIENCE = 30
KEY = os.environ["SIGNOFF_API_KEY"]
BIN = os.environ["SIGNOFF_BIN"]
PUBLIC = "https://signoff.example"


def check(what, expected, got):
    if expected != got:
        print(f"FAILED  {what}\n  expected: {expected!r}\n  got:      {got!r}", flush=True)
        sys.exit(1)
    print(f"ok      {what}", flush=True)


class Inbox:
    """Keeps what comes, with who signed in."""

    def __init__(self):
        self.mails = queue.Queue()

    async def handle_DATA(self, server, session, envelope):
        protected = session.ssl is not None
        self.mails.put((session.auth_data, protected, envelope.rcpt_tos, envelope.content))
        return "250 taken"


def authenticator(server, session, envelope, mechanism, auth_data):
    known = LoginPassword(b"signoff", "päss wörd".encode())
    if auth_data == known:
        return AuthResult(success=True, auth_data=auth_data.login)
    return AuthResult(success=False, handled=False)


def certificate(folder):
    """An issuer, and a certificate of its for 127.0.0.1."""

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    with open(f"{folder}/leaf.ext", "w") as file:
        file.write("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/CN=issuer")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "leaf.key", "-out", "leaf.csr", "-subj", "/CN=relay")
    openssl("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
            "leaf.pem", "-days", "2", "-extfile", "leaf.ext")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(f"{folder}/leaf.pem", f"{folder}/leaf.key")
    return context


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def call(url, method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    request = urllib.request.Request(f"{url}{path}", data=data, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        return json.load(response)


def await_ready(url, instance):
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=PATIENCE):
                return
        except OSError:
            if instance.poll() is not None or time.monotonic() > deadline:
                print("FAILED  the instance did not start", flush=True)
                sys.exit(1)


def checks(url, inbox):
    hostile = "Refund é <b>45</b>\r\nBcc: eve@example.com"
    call(url, "POST", "/api/v1/principals", {"name": "mona", "kind": "person", "email": "mona@example.com",
                                             "roles": ["approver"]})
    made = call(url, "POST", "/api/v1/approvals", {
        "run_id": "mail", "approval_type": "refund", "title": hostile, "description": "Line one\n.\nLine three é",
        "context": {"amount": 45, "password": "PLANTED"}, "policy": {"allowed_approvers": ["mona"]},
    })
    who, protected, to, raw = inbox.mails.get(timeout=PATIENCE)
    check("it signs in, over TLS", (b"signoff", True), (who, protected))
    check("it is for one person", ["mona@example.com"], to)
    mail = email.message_from_bytes(raw, policy=policy.default)
    check("nothing is malformed", [], [part.defects for part in mail.walk() if part.defects])
    check("the subject is one line", r"[Signoff] Refund é <b>45</b>\r\nBcc: eve@example.com", mail["Subject"])
    check("and makes no header", None, mail["Bcc"])
    check("it says what it is", ("auto-generated", "All"), (mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"]))
    check("it is in its conversation", True, made["id"] in mail["References"] and made["id"] in mail["In-Reply-To"])
    text = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    html = mail.get_body(("html",)).get_content()
    lines = text.splitlines()
    begin = lines.index("Line one")
    check("a dot alone ends nothing", ["Line one", ".", "Line three é"], lines[begin:begin + 3])
    check("the link is whole", True, f"{PUBLIC}/d/sd_" in text and f"{PUBLIC}/d/sd_" in html)
    check("markup is text", True, "Refund é &lt;b&gt;45&lt;/b&gt;" in html)
    check("a secret is not there", False, "PLANTED" in text or "PLANTED" in html)
    token = text.split(f"{PUBLIC}/d/")[1].split("?")[0]
    with urllib.request.urlopen(f"{url}/d/{token}", timeout=PATIENCE) as page:
        check("the link is good", True, "agent asks for your approval." in page.read().decode())


def main():
    inbox = Inbox()
    with tempfile.TemporaryDirectory() as folder:
        context = certificate(folder)
        relay = Controller(inbox, hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True,
                           auth_required=True, authenticator=authenticator)
        relay.start()
        port = free_port()
        environment = {
            **os.environ, "SIGNOFF_HTTP_LISTEN": f"127.0.0.1:{port}", "SIGNOFF_OPERATOR_LISTEN": "",
            "SIGNOFF_HTTP_PUBLIC_URL": PUBLIC, "SIGNOFF_SMTP_HOST": "127.0.0.1", "SIGNOFF_SMTP_PORT": str(relay.port),
            "SIGNOFF_SMTP_FROM": "Signoff <signoff@example.com>", "SIGNOFF_SMTP_USER": "signoff",
            "SIGNOFF_SMTP_PASSWORD": "päss wörd", "SIGNOFF_SMTP_CA_FILE": f"{folder}/ca.pem",
        }
        environment.pop("SIGNOFF_API_KEY")
        log = open(f"{folder}/log", "w")
        instance = subprocess.Popen([BIN, "serve"], env=environment, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            await_ready(url, instance)
            checks(url, inbox)
        except Exception:
            print(open(f"{folder}/log").read(), flush=True)
            raise
        finally:
            instance.terminate()
            instance.wait(PATIENCE)
            relay.stop()


main()
