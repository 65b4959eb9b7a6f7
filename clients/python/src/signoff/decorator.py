"""The decorator: a function that runs once a person has agreed.

    @required(title="Refund {order}", approvers=["ana"], timeout="1h")
    def refund(order: str, amount: float) -> str: ...

    with run("nightly-2026-11-28"):
        refund("1042", 49.9)

Within `run`, the n-th call with the same arguments is always the same request. A process that starts again and makes the
same calls gets the outcomes of the same approvals. Outside of it each call asks anew, and so does one in another thread:
give a thread the context that `contextvars.copy_context()` answers.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any, Generic, Literal, ParamSpec, TypeAlias, TypeVar, cast
from weakref import WeakKeyDictionary

from ._client import AsyncSignoff, Signoff
from ._errors import ModificationRefused, NotApproved, NotShowable
from ._types import Notify, PolicyBody
from .gate import Gate, Rule, Verdict
from .toolcall import Call, shown

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C")

_DIALECT = "function"


class _Run:
    """A run's name, and which numbers of each call are taken in it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._taken: dict[str, set[int]] = {}
        self._lock = threading.Lock()

    def take(self, call: str) -> int:
        """The smallest number that no such call has."""
        with self._lock:
            taken = self._taken.setdefault(call, set())
            number = next(number for number in count(1) if number not in taken)
            taken.add(number)
            return number

    def give_back(self, call: str, number: int) -> None:
        """Nothing came of it: the next such call is this one again, and not another request."""
        with self._lock:
            self._taken[call].discard(number)


_RUN: ContextVar[_Run | None] = ContextVar("signoff_run", default=None)


@contextmanager
def run(run_id: str) -> Iterator[None]:
    """Names the run of all that is asked inside. One inside of another of the same name is the same."""
    current = _RUN.get()
    token = _RUN.set(current if current is not None and current.name == run_id else _Run(run_id))
    try:
        yield
    finally:
        _RUN.reset(token)


def current_run() -> str | None:
    """The name that `run` gave, where this is inside of one."""
    current = _RUN.get()
    return None if current is None else current.name


#: Tells two equal calls apart, by their arguments.
CallId: TypeAlias = Callable[[Mapping[str, Any]], str]


class _Function:
    """A function whose calls are asked about: what is shown of them, and how they are made after edits."""

    def __init__(self, function: Callable[..., Any], redact: Collection[str], call_id: CallId | None) -> None:
        self.name = getattr(function, "__name__", "")
        if not self.name:
            raise TypeError("only functions can be decorated: wrap this in one")
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(f"{self.name} is a generator: it would be asked about before it runs, and run later")
        self._path = f"{function.__module__}.{function.__qualname__}"
        self._signature = inspect.signature(function)
        self._call_id = call_id
        parameters = self._signature.parameters
        if next(iter(parameters), None) in ("self", "cls"):
            raise TypeError(f"{self.name} is a method: decorate a function, or what is bound, as in required()(it.{self.name})")
        if any(it.kind in (it.VAR_POSITIONAL, it.VAR_KEYWORD) for it in parameters.values()):
            raise TypeError(f"{self.name} takes arguments without names, which a person could not be shown: name them all")
        if unknown := sorted(set(redact) - set(parameters)):
            raise TypeError(f"{self.name} has no argument {', '.join(unknown)} to redact")

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> _Bound:
        bound = self._signature.bind(*args, **kwargs)
        given = dict(bound.arguments)
        defaults = {}
        for name, parameter in self._signature.parameters.items():
            if name not in given:
                # A default that can't be shown is always the same one.
                with suppress(NotShowable):
                    shown(parameter.default)
                    defaults[name] = parameter.default
        arguments = {**given, **defaults}
        made = partial(Call, dialect=_DIALECT, tool=self.name, arguments=arguments)
        current = _RUN.get()
        if current is None:
            return _Bound(self, bound, made(run=f"{self.name}-{uuid.uuid4()}", call_id=self._path))
        if self._call_id is not None:
            return _Bound(self, bound, made(run=current.name, call_id=f"{self._path}/{self._call_id(arguments)}"))
        same = made(run=current.name, call_id=self._path).key()
        number = current.take(same)
        call = made(run=current.name, call_id=f"{self._path}/{number}")
        return _Bound(self, bound, call, partial(current.give_back, same, number))

    def check(self, arguments: Mapping[str, Any]) -> None:
        """Raises where the function would refuse edited arguments."""
        if unknown := sorted(set(arguments) - set(self._signature.parameters)):
            raise ValueError(f"{self.name} has no argument {', '.join(unknown)}")


class _Bound:
    """One call of it."""

    def __init__(
        self, function: _Function, bound: inspect.BoundArguments, call: Call, give_back: Callable[[], None] = lambda: None
    ) -> None:
        self.function = function
        self.call = call
        self.give_back = give_back
        self._bound = bound

    def arguments(self, decided: Verdict) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What to call it with: copies of what was given, as the person left them. Other defaults stay the function's own."""
        edits = (decided.outcome.modifications or {}).get("arguments", {}) if decided.outcome is not None else {}
        for name, value in decided.arguments.items():
            if name in self._bound.arguments or name in edits:
                self._bound.arguments[name] = value
        return self._bound.args, self._bound.kwargs


class _Lazy(Generic[C]):
    """A client that is made when it is first needed, so that importing a module needs no server. One for each event loop:
    connections of one loop are of no use to another.
    """

    def __init__(self, given: C | None, make: Callable[[], C]) -> None:
        self._given = given
        self._make = make
        self._made: WeakKeyDictionary[Any, C] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def get(self, owner: object) -> C:
        if self._given is not None:
            return self._given
        with self._lock:
            if owner not in self._made:
                self._made[owner] = self._make()
            return self._made[owner]


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
    call_id: CallId | None = None,
    on_denied: Literal["raise", "return"] = "raise",
    client: Signoff | AsyncSignoff | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Makes a function, plain or `async`, wait for people before each call. The fields are those of `Rule`.

    A call that is not approved raises `NotApproved`; with `on_denied="return"` its text is returned instead, for a model to
    read. An approver's edits take the place of the arguments that they name. `client`: by default one from the environment,
    made at the first call.

    `call_id` tells two equal calls of a run apart, by their arguments. Without it they are counted. A run that is started
    again must then make the same calls from its beginning, also those that ran: they find their approvals, and run again.
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
        guarded = _Function(function, redact, call_id)
        if inspect.iscoroutinefunction(function):
            if isinstance(client, Signoff):
                raise TypeError("an async function needs an AsyncSignoff")
            asking = _Lazy[AsyncSignoff](client, AsyncSignoff)

            @functools.wraps(function)
            async def awaiting(*args: P.args, **kwargs: P.kwargs) -> Any:
                bound = guarded.bind(args, kwargs)
                try:
                    client = asking.get(asyncio.get_running_loop())
                    decided = await gate.pass_through_async(client, bound.call, check=guarded.check)
                except BaseException as error:
                    if not isinstance(error, NotApproved):
                        bound.give_back()
                    raise
                if not decided.runs:
                    return denied(decided)
                args, kwargs = cast(Any, bound.arguments(decided))
                return await function(*args, **kwargs)

            return cast(Callable[P, R], awaiting)
        if isinstance(client, AsyncSignoff):
            raise TypeError("a plain function needs a Signoff")
        blocking_client = _Lazy[Signoff](client, Signoff)

        @functools.wraps(function)
        def blocking(*args: P.args, **kwargs: P.kwargs) -> Any:
            bound = guarded.bind(args, kwargs)
            try:
                decided = gate.pass_through(blocking_client.get(required), bound.call, check=guarded.check)
            except BaseException as error:
                if not isinstance(error, NotApproved):
                    bound.give_back()
                raise
            if not decided.runs:
                return denied(decided)
            args, kwargs = cast(Any, bound.arguments(decided))
            return function(*args, **kwargs)

        return cast(Callable[P, R], blocking)

    return decorate
