"""An instance of the tests' own, which they may kill.

    SIGNOFF_BIN           the program
    SIGNOFF_DATABASE_URL  and SIGNOFF_REDIS_URL, as for any instance
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from types import TracebackType
from typing import IO, Self

PATIENCE = 30


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Instance:
    """Serves within a `with`, always at the same address."""

    def __init__(self) -> None:
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._environment = {
            **os.environ,
            "SIGNOFF_HTTP_LISTEN": f"127.0.0.1:{port}",
            "SIGNOFF_OPERATOR_LISTEN": "",
            "SIGNOFF_DRAIN_GRACE_SECONDS": "0",
        }
        self._environment.pop("SIGNOFF_API_KEY", None)
        self._log: IO[str] = tempfile.TemporaryFile("w+")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = os.environ["SIGNOFF_BIN"]
        self._process = subprocess.Popen([program, "serve"], env=self._environment, stdout=self._log, stderr=self._log)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=PATIENCE):
                    return
            except OSError:
                assert self._process.poll() is None and time.monotonic() < deadline, self._logged()
                time.sleep(0.02)

    def _logged(self) -> str:
        self._log.seek(0)
        return self._log.read()

    def kill(self) -> None:
        """As a machine does that loses its power."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """As a deployment does."""
        self._end(signal.SIGTERM)
        self.start()

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(PATIENCE)
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end(signal.SIGTERM)
        if kind is not None:
            print(self._logged())
        self._log.close()
