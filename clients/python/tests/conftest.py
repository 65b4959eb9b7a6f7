"""Where the tests find a server. Each test of the contract runs on the fake and, with these in the environment, on the
real one; without them it fails, because a test that can't run has shown nothing.

    SIGNOFF_URLS        one or more instances, with commas between them
    SIGNOFF_API_KEY     an agent's key
    SIGNOFF_SECOND_KEY  ana's, who may decide
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from instance import Instance

from signoff import AsyncSignoff, Signoff
from signoff.testing import FakeSignoff


@dataclass
class World:
    """A server, and who may call it."""

    url: str
    agent_key: str
    ana_key: str
    other_url: str
    transport: FakeSignoff | None = None

    def agent(self, **settings: Any) -> Signoff:
        return Signoff(self.url, self.agent_key, transport=self.transport, **settings)

    def ana(self) -> Signoff:
        """On another instance, where there are several."""
        return Signoff(self.other_url, self.ana_key, transport=self.transport)

    def async_agent(self, **settings: Any) -> AsyncSignoff:
        return AsyncSignoff(self.url, self.agent_key, transport=self.transport, **settings)


def real_world() -> World:
    urls = os.environ.get("SIGNOFF_URLS", "").split(",")
    if not urls[0]:
        pytest.fail("no server: set SIGNOFF_URLS, SIGNOFF_API_KEY and SIGNOFF_SECOND_KEY")
    return World(urls[0], os.environ["SIGNOFF_API_KEY"], os.environ["SIGNOFF_SECOND_KEY"], urls[-1])


@pytest.fixture(params=["fake", "real"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "real":
        return real_world()
    return World(FakeSignoff.url, "agent", "ana", FakeSignoff.url, FakeSignoff())


@pytest.fixture
def real() -> World:
    return real_world()


@pytest.fixture
def run_id() -> str:
    return f"run-{uuid.uuid4()}"


@pytest.fixture
def fake() -> FakeSignoff:
    return FakeSignoff()


@pytest.fixture
def client(fake: FakeSignoff) -> Iterator[Signoff]:
    with fake.client() as client:
        yield client


@pytest.fixture
def instance() -> Iterator[Instance]:
    """An instance of this test's own, which it may kill."""
    with Instance() as instance:
        yield instance
