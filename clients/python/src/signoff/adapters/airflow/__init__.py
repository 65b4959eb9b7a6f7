"""Airflow: a task that waits for people, and takes no worker while it waits.

    ship = SignoffOperator(task_id="ship_it", title="Ship {{ ds }}?", context={"rows": "{{ ti.xcom_pull('count') }}"},
                           approvers=["ana"], timeout=timedelta(hours=4))

The task asks, and is deferred. A trigger waits, and believes nothing. Once it has been told, the task reads the approval
again and goes on by that alone.
"""

from __future__ import annotations

try:
    import airflow.sdk  # noqa: F401
except ImportError as missing:
    raise ImportError("Airflow is not installed: pip install 'signoff[airflow]'") from missing

from ._ends import SignoffLapsed, SignoffRefused, SignoffRejected, SignoffWithdrawn
from .hook import SignoffHook
from .operator import SignoffOperator
from .trigger import SignoffTrigger

__all__ = [
    "SignoffHook",
    "SignoffLapsed",
    "SignoffOperator",
    "SignoffRefused",
    "SignoffRejected",
    "SignoffTrigger",
    "SignoffWithdrawn",
]
