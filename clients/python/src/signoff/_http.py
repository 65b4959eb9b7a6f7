"""How requests go out and answers are read, with httpx2: blocking and awaiting."""

from __future__ import annotations

import json
import os
import platform
import re
import threading
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import httpx2

from ._errors import ConnectionFailed, SignoffError
from ._steps import Reply, Request

try:
    VERSION = version("signoff")
except PackageNotFoundError:
    VERSION = "0"

USER_AGENT = f"signoff-python/{VERSION} python/{platform.python_version()}"


class Credentials:
    """The key, or the file that has it. A file is read again when its key is no longer taken."""

    def __init__(self, api_key: str | None) -> None:
        self._file: Path | None = None
        self._lock = threading.Lock()
        key = api_key or os.environ.get("SIGNOFF_API_KEY")
        if not key and (name := os.environ.get("SIGNOFF_API_KEY_FILE")):
            self._file = Path(name)
            key = self._read()
        if not key:
            raise SignoffError("no key: give api_key, or set SIGNOFF_API_KEY or SIGNOFF_API_KEY_FILE")
        self.key = _sendable(key)

    def _read(self) -> str:
        if self._file is None:
            raise RuntimeError("there is no file")
        try:
            return self._file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SignoffError(f"the key can't be read from {self._file}: {error}") from error

    def renewed(self, refused: str) -> bool:
        """Whether there is another key by now than the one that was refused. Others may have read it already."""
        with self._lock:
            if self._file is not None and self.key == refused:
                # A file that is just being written may be empty: then the old one stays.
                self.key = _sendable(self._read() or self.key)
            return self.key != refused


def _sendable(key: str) -> str:
    """A key that a header can't hold would be told in an error about the header."""
    key = key.strip()
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise SignoffError("the key is empty, or has characters that no key has")
    return key


def base_url(url: str | None) -> str:
    found = url or os.environ.get("SIGNOFF_URL")
    if not found:
        raise SignoffError("no server: give url, or set SIGNOFF_URL")
    if not re.fullmatch(r"https?://[^/@?#]+(/[^?#]*)?", found):
        raise SignoffError("that is no address of a server: it is http:// or https:// and a host, without a name or a query")
    return found.rstrip("/")


#: No pool limit: each waiter holds a connection, and there may be thousands.
_LIMITS = httpx2.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=30)


class _Wire:
    """What both have in common: requests made and answers read."""

    def __init__(self, url: str | None, api_key: str | None, timeout: float) -> None:
        self.url = base_url(url)
        self.credentials = Credentials(api_key)
        self._timeout = timeout

    def _arguments(self, request: Request, key: str) -> dict[str, Any]:
        headers = {
            "authorization": f"Bearer {key}",
            "user-agent": USER_AGENT,
            "accept": "application/json",
            **request.headers,
        }
        content = None
        if request.body is not None:
            headers["content-type"] = "application/json"
            # Not what JSON forbids: NaN would be sent as it stands.
            content = json.dumps(request.body, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
        query = [
            (name, one)
            for name, value in request.query.items()
            if value is not None
            for one in (value if isinstance(value, (list, tuple)) else [value])
        ]
        return {
            "method": request.method,
            "url": self.url + request.path,
            "params": query or None,
            "content": content,
            "headers": headers,
            "timeout": httpx2.Timeout(self._timeout, read=self._timeout + request.held, pool=None),
            # The key goes nowhere else.
            "follow_redirects": False,
        }

    def _read(self, response: httpx2.Response, began: float, key: str) -> Reply:
        kind = response.headers.get("content-type", "").partition(";")[0].strip()
        body = problem = None
        try:
            if response.is_success:
                body = {} if response.status_code == 204 else response.json()
            elif kind == "application/problem+json":
                said = response.json()
                problem = said if isinstance(said, dict) and "code" in said else None
        except ValueError:
            body = None
        return Reply(response.status_code, response.headers, body, problem, time.monotonic() - began, key)

    def _failed(self, error: Exception) -> ConnectionFailed:
        return ConnectionFailed(f"{self.url}: {error or type(error).__name__}")


class Http(_Wire):
    """Blocks until the answer is there. May be used by several threads."""

    def __init__(
        self, url: str | None, api_key: str | None, timeout: float, transport: httpx2.BaseTransport | None
    ) -> None:
        super().__init__(url, api_key, timeout)
        self._client = httpx2.Client(transport=transport, limits=_LIMITS)

    def send(self, request: Request) -> Reply:
        began, key = time.monotonic(), self.credentials.key
        arguments = self._arguments(request, key)
        try:
            return self._read(self._client.request(**arguments), began, key)
        except httpx2.HTTPError as error:
            raise self._failed(error) from error

    def close(self) -> None:
        self._client.close()


class AsyncHttp(_Wire):
    """Awaits the answer."""

    def __init__(
        self, url: str | None, api_key: str | None, timeout: float, transport: httpx2.AsyncBaseTransport | None
    ) -> None:
        super().__init__(url, api_key, timeout)
        self._client = httpx2.AsyncClient(transport=transport, limits=_LIMITS)

    async def send(self, request: Request) -> Reply:
        began, key = time.monotonic(), self.credentials.key
        arguments = self._arguments(request, key)
        try:
            return self._read(await self._client.request(**arguments), began, key)
        except httpx2.HTTPError as error:
            raise self._failed(error) from error

    async def close(self) -> None:
        await self._client.aclose()
