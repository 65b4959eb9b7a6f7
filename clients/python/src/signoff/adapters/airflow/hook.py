"""Where Signoff is and with which key: from a connection of Airflow's, or from the environment.

Only the connection's name goes to the trigger and into Airflow's database. The key does not.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from ..._client import AsyncSignoff, Signoff
from ..._errors import SignoffError

#: Address and key. Both None: those of the environment.
Access = tuple[str | None, str | None]
#: More than the client's own: a worker has nothing else to do, and an instance may just be starting again.
_RETRIES = 10


def _address(connection: Any) -> str:
    host = (connection.host or "").strip()
    if not host:
        raise SignoffError(f"connection {connection.conn_id} has no host: it is Signoff's URL")
    if "://" not in host:
        host = f"{connection.schema or 'https'}://{host}"
    if connection.port is None or re.search(r"://[^/]*:\d+(/|$)", host):
        return str(host)
    return re.sub(r"(://[^/]+)", rf"\1:{connection.port}", host, count=1)


def _access(connection: Any) -> Access:
    if connection.conn_type != SignoffHook.conn_type:
        raise SignoffError(f"connection {connection.conn_id} is of the type {connection.conn_type}, not signoff")
    # Not the environment's key: a person who may change the connection could have it sent anywhere.
    if not connection.password:
        raise SignoffError(f"connection {connection.conn_id} has no password: it is the API key")
    return _address(connection), connection.password


class SignoffHook(BaseHook):
    """`conn_id`: a connection of the type `signoff`, with the URL as its host and the API key as its password.

    None means the environment: `SIGNOFF_URL`, and `SIGNOFF_API_KEY` or `SIGNOFF_API_KEY_FILE`. So does the default one
    where it isn't defined. Any other name must be defined.
    """

    conn_name_attr = "conn_id"
    default_conn_name = "signoff_default"
    conn_type = "signoff"
    hook_name = "Signoff"

    def __init__(self, conn_id: str | None = default_conn_name, logger_name: str | None = None) -> None:
        super().__init__(logger_name)
        self.conn_id = conn_id

    def _absent(self, error: AirflowNotFoundException) -> Access:
        if self.conn_id != self.default_conn_name:
            raise error
        return None, None

    def access(self) -> Access:
        if self.conn_id is None:
            return None, None
        try:
            return _access(self.get_connection(self.conn_id))
        except AirflowNotFoundException as error:
            return self._absent(error)

    async def aaccess(self) -> Access:
        """The same on the event loop."""
        if self.conn_id is None:
            return None, None
        try:
            return _access(await self.aget_connection(self.conn_id))
        except AirflowNotFoundException as error:
            return self._absent(error)

    def get_conn(self) -> Signoff:
        """A client. Close it."""
        return Signoff(*self.access(), max_retries=_RETRIES)

    def test_connection(self) -> tuple[bool, str]:
        """For the button beside a connection."""
        try:
            with Signoff(*self.access(), max_retries=0) as client:
                next(iter(client.approvals.pending(limit=1)), None)
        except Exception as error:
            return False, str(error) or type(error).__name__
        return True, "Signoff answers, and takes the key"


class _Shared:
    """A client, and how many use it."""

    def __init__(self, client: AsyncSignoff) -> None:
        self.client = client
        self.users = 0


#: Of each event loop: a triggerer has a thousand triggers, and a client's own certificates take 30 ms and a megabyte.
_CLIENTS: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Access, _Shared]] = WeakKeyDictionary()


@asynccontextmanager
async def shared_client(access: Access) -> AsyncIterator[AsyncSignoff]:
    """The client of all who have the same address and key. The last one to leave closes it."""
    clients = _CLIENTS.setdefault(asyncio.get_running_loop(), {})
    shared = clients.get(access)
    if shared is None:
        shared = clients[access] = _Shared(AsyncSignoff(*access))
    shared.users += 1
    try:
        yield shared.client
    finally:
        shared.users -= 1
        if shared.users == 0:
            if clients.get(access) is shared:
                del clients[access]
            await shared.client.close()
