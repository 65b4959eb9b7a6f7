"""The decorator: a function that runs once a person has agreed.

    @required(title="Refund {order}", approvers=["ana"], timeout="1h")
    def refund(order: str, amount: float) -> str: ...

    with run("nightly-2026-11-28"):
        refund("1042", 49.9)

Within `run`, the n-th call with the same arguments is always the same request. A process that starts again and makes the
same calls gets the outcomes of the same approvals. Outside of it each call asks anew.
"""

from __future__ import annotations

import functools
import inspect
import json
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any, Generic, Literal, ParamSpec, TypeVar, cast

from ._client import AsyncSignoff, Signoff
from ._errors import ModificationRefused
from ._types import Notify, PolicyBody
from .gate import Gate, Rule, Verdict
from .toolcall import Call, shown

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C")

_DIALECT = "function"


class _Run:
    """A run's name, and how often each call was made in it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._made: Counter[str] = Counter()
        self._lock = threading.Lock()

    def number(self, tool: str, arguments: Mapping[str, Any]) -> str:
        call = json.dumps([tool, shown(arguments)], sort_keys=True)
        with self._lock:
            self._made[call] += 1
            return str(self._made[call])


_RUN: ContextVar[_Run | None] = ContextVar("signoff_run", default=None)


@contextmanager
def run(run_id: str) -> Iterator[None]:
    """Names the run of all that is asked inside."""
    token = _RUN.set(_Run(run_id))
    try:
        yield
    finally:
        _RUN.reset(token)


def _call(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Call, inspect.BoundArguments]:
    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    arguments = dict(bound.arguments)
    tool = function.__name__
    current = _RUN.get()
    if current is None:
        name, number = f"{tool}-{uuid.uuid4()}", "1"
    else:
        name, number = current.name, current.number(tool, arguments)
    return Call.of(dialect=_DIALECT, run=name, tool=tool, arguments=arguments, call_id=number), bound


def _bound(bound: inspect.BoundArguments, arguments: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The call's arguments, as the person left them."""
    bound.arguments.update(arguments)
    return bound.args, bound.kwargs


def _check(function: Callable[..., Any]) -> Callable[[Mapping[str, Any]], None]:
    names = set(inspect.signature(function).parameters)

    def check(arguments: Mapping[str, Any]) -> None:
        if unknown := sorted(set(arguments) - names):
            raise ValueError(f"{function.__name__} has no argument {', '.join(unknown)}")

    return check


class _Lazy(Generic[C]):
    """A client that is made when it is first needed, so that importing a module needs no server."""

    def __init__(self, given: C | None, make: Callable[[], C]) -> None:
        self._client = given
        self._make = make
        self._lock = threading.Lock()

    def get(self) -> C:
        with self._lock:
            if self._client is None:
                self._client = self._make()
            return self._client


def required(
    *,
    approvers: Sequence[str] | None = None,
    roles: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    min_approvers: int | None = None,
    policy: PolicyBody | None = None,
    timeout: str | float | timedelta | None = None,
    title: str | None = None,
    description: str | None = None,
    workflow: str | None = None,
    notify: Notify | None = None,
    when: Callable[[Mapping[str, Any]], bool] | None = None,
    redact: Collection[str] = (),
    on_denied: Literal["raise", "return"] = "raise",
    client: Signoff | AsyncSignoff | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Makes a function, plain or `async`, wait for people before each call. The fields are those of `Rule`.

    A call that is not approved raises `NotApproved`; with `on_denied="return"` its text is returned instead, for a model to
    read. An approver's edits take the place of the arguments that they name. `client`: by default one from the environment,
    made at the first call.
    """
    rule = Rule(
        approvers=approvers,
        roles=roles,
        groups=groups,
        min_approvers=min_approvers,
        policy=policy,
        timeout=timeout,
        title=title,
        description=description,
        workflow=workflow,
        notify=notify,
        when=when,
        redact=redact,
    )
    gate = Gate(default=rule)

    def denied(decided: Verdict) -> Any:
        if on_denied == "return":
            return decided.text
        if decided.outcome is None:
            raise RuntimeError("a call was refused without an outcome")
        decided.outcome.unwrap()
        raise ModificationRefused(decided.text or "the edits could not be carried out")

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        check = _check(function)
        if inspect.iscoroutinefunction(function):
            if isinstance(client, Signoff):
                raise TypeError("an async function needs an AsyncSignoff")
            asking = _Lazy[AsyncSignoff](client, AsyncSignoff)

            @functools.wraps(function)
            async def awaiting(*args: P.args, **kwargs: P.kwargs) -> Any:
                call, bound = _call(function, args, kwargs)
                decided = await gate.pass_through_async(asking.get(), call, check=check)
                if not decided.runs:
                    return denied(decided)
                args, kwargs = cast(Any, _bound(bound, decided.arguments))
                return await function(*args, **kwargs)

            return cast(Callable[P, R], awaiting)
        if isinstance(client, AsyncSignoff):
            raise TypeError("a plain function needs a Signoff")
        blocking_client = _Lazy[Signoff](client, Signoff)

        @functools.wraps(function)
        def blocking(*args: P.args, **kwargs: P.kwargs) -> Any:
            call, bound = _call(function, args, kwargs)
            decided = gate.pass_through(blocking_client.get(), call, check=check)
            if not decided.runs:
                return denied(decided)
            args, kwargs = cast(Any, _bound(bound, decided.arguments))
            return function(*args, **kwargs)

        return cast(Callable[P, R], blocking)

    return decorate
