"""Mail as others meet it: `aiosmtpd` takes it, protected and with a password; Python's `email` reads it.

Starts an instance of its own on the database that the others use: `instance.py` says what that needs, besides

    SIGNOFF_API_KEY       asks; permission workspace:admin

Prints a line for each check and stops at the first that fails, with what was expected and what came. Nothing sleeps:
whatever is awaited has a time-out.
"""

import email
import os
import queue
import ssl
import subprocess
import tempfile
import urllib.request
from email import policy

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from instance import PATIENCE, PUBLIC, Instance, check, free_port

KEY = os.environ["SIGNOFF_API_KEY"]


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


def checks(instance, inbox):
    agent = instance.caller(KEY)
    hostile = "Refund é <b>45</b>\r\nBcc: eve@example.com"
    agent.call("POST", "/api/v1/principals", {"name": "mona", "kind": "person", "email": "mona@example.com",
                                                    "roles": ["approver"]})
    made = agent.call("POST", "/api/v1/approvals", {
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
    with urllib.request.urlopen(f"{instance.url}/d/{token}", timeout=PATIENCE) as page:
        check("the link is good", True, "agent asks for your approval." in page.read().decode())


def main():
    inbox = Inbox()
    with tempfile.TemporaryDirectory() as folder:
        context = certificate(folder)
        relay = Controller(inbox, hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True,
                           auth_required=True, authenticator=authenticator)
        relay.start()
        settings = {
            "SIGNOFF_SMTP_HOST": "127.0.0.1", "SIGNOFF_SMTP_PORT": str(relay.port),
            "SIGNOFF_SMTP_FROM": "Signoff <signoff@example.com>", "SIGNOFF_SMTP_USER": "signoff",
            "SIGNOFF_SMTP_PASSWORD": "päss wörd", "SIGNOFF_SMTP_CA_FILE": f"{folder}/ca.pem",
        }
        try:
            with Instance(**settings) as instance:
                checks(instance, inbox)
        finally:
            relay.stop()


main()
