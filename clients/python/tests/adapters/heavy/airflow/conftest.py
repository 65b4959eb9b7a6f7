"""One Airflow for all tests here: it takes half a minute to start."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator

import pytest

# What the tests themselves import of Airflow reads this at once, and would make a folder in the home.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="airflow-")
atexit.register(shutil.rmtree, os.environ["AIRFLOW_HOME"], ignore_errors=True)
os.environ["AIRFLOW__CORE__UNIT_TEST_MODE"] = "True"

from stage import Airflow  # noqa: E402


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    url = os.environ["SIGNOFF_URLS"].split(",")[0]
    with Airflow(tmp_path_factory.mktemp("airflow") / "it", url, os.environ["SIGNOFF_API_KEY"]) as started:
        yield started
