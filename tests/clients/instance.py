"""An instance of its own for a client's checks, and what those have in common. What it needs is in the environment:

    SIGNOFF_BIN           the program
    SIGNOFF_DATABASE_URL  and SIGNOFF_REDIS_URL, SIGNOFF_REDIS_PREFIX, as for any instance
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

PATIENCE = 30
BIN = os.environ["SIGNOFF_BIN"]
PUBLIC = "https://signoff.example"


def check(what, expected, got):
    if expected != got:
        fail(f"{what}\n  expected: {expected!r}\n  got:      {got!r}")
    passed(what)


def passed(what):
    print(f"ok      {what}", flush=True)


def fail(what):
    print(f"FAILED  {what}", flush=True)
    sys.exit(1)


def eventually(what, holds):
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            fail(f"{what}: not within {PATIENCE} s")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def key(workspace, principal, permissions):
    """Makes the workspace and the principal too, if need be."""
    made = subprocess.run(
        [BIN, "keys", "create", "--workspace", workspace, "--principal", principal, "--permissions", permissions],
        check=True, capture_output=True, text=True)
    return made.stdout.strip()


class Caller:
    """Whoever has a key."""

    def __init__(self, url, key):
        self.url = url
        self.key = key

    def send(self, method, path, body=None):
        """Answers the status and what is said; where that is nothing, None."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        request = urllib.request.Request(f"{self.url}{path}", data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as response:
                return response.status, json.loads(response.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def call(self, method, path, body=None):
        """The same where it must succeed."""
        status, answer = self.send(method, path, body)
        if status >= 300:
            fail(f"{method} {path}: {status} {answer}")
        return answer


class Instance:
    """Serves within a `with`; its log is printed where that fails."""

    def __init__(self, **settings):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ, "SIGNOFF_HTTP_LISTEN": f"127.0.0.1:{self.port}", "SIGNOFF_OPERATOR_LISTEN": "",
            "SIGNOFF_HTTP_PUBLIC_URL": PUBLIC, "SIGNOFF_DRAIN_GRACE_SECONDS": "0", **settings,
        }
        self.environment.pop("SIGNOFF_API_KEY", None)

    def caller(self, key):
        return Caller(self.url, key)

    def __enter__(self):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([BIN, "serve"], env=self.environment, stdout=self.log, stderr=self.log)
        try:
            self.await_ready()
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def await_ready(self):
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=PATIENCE):
                    return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    fail("the instance did not start")

    def __exit__(self, kind, error, trace):
        self.process.terminate()
        self.process.wait(PATIENCE)
        if kind is not None:
            self.log.seek(0)
            print(self.log.read(), flush=True)
        self.log.close()
