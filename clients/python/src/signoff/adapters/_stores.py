"""Where parked runs are kept until people have decided.

What is kept is the framework's own state, with the conversation in it. It decides nothing: whoever goes on with it asks the
server.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Protocol


class Store(Protocol):
    """Where parked runs are kept, by name. A state holds the conversation: keep it to yourself."""

    async def load(self, run: str) -> str | None:
        """What was saved last, or None."""

    async def save(self, run: str, state: str) -> None:
        """Keeps it, whole or not at all, also if the machine stops now."""

    async def delete(self, run: str) -> None:
        """Forgets it. Nothing to do where there is none."""


class FileStore:
    """A folder with a file for each run, that only its owner may read."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = Path(folder)

    def _path(self, run: str) -> Path:
        # Not the name itself: some file systems take names for equal that are not.
        return self._folder / (hashlib.sha256(run.encode("utf-8", "surrogatepass")).hexdigest() + ".json")

    async def load(self, run: str) -> str | None:
        """What was saved last, or None."""
        try:
            return await asyncio.to_thread(self._path(run).read_text, "utf-8")
        except FileNotFoundError:
            return None

    async def save(self, run: str, state: str) -> None:
        """Keeps it, whole or not at all, also if the machine stops now."""
        await asyncio.to_thread(self._save, self._path(run), state)

    async def delete(self, run: str) -> None:
        """Forgets it."""
        await asyncio.to_thread(self._path(run).unlink, missing_ok=True)

    def _save(self, path: Path, state: str) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made with mode 0600.
        number, temporary = tempfile.mkstemp(dir=self._folder, suffix=".tmp")
        try:
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(state)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
            raise
        if os.name == "nt":
            return
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
