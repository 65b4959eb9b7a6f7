"""How long something lasts, as callers write it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TypeAlias

#: `"90s"`, `"15m"`, `"24h"`, `"7d"`, seconds, or a timedelta.
Duration: TypeAlias = str | float | timedelta
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(duration: Duration) -> float:
    """Refuses what is no duration, at once: a wait would meet it only once the server is away."""
    if isinstance(duration, str):
        found = re.fullmatch(r"([0-9]+)([smhd])", duration)
        if found is None:
            raise ValueError(f"{duration!r} is no duration: say 90s, 15m, 24h or 7d")
        return int(found[1]) * _UNITS[found[2]]
    value = duration.total_seconds() if isinstance(duration, timedelta) else duration
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise ValueError(f"{duration!r} is no duration: say 90s, 15m, 24h or 7d, seconds, or a timedelta")
    return value


def seconds_or_none(duration: Duration | None) -> float | None:
    return None if duration is None else seconds(duration)


def whole_seconds(duration: Duration) -> int:
    """Whole ones, and at least one."""
    value = seconds(duration)
    if value < 1 or value != value // 1:
        raise ValueError(f"{duration!r} is no duration: at least a second, and whole ones")
    return int(value)
