"""One process at a time: of a run's state folder, of an account.

Law: the system holds the lock, not the file. It goes with the process that has it, however that ends.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # commands that only look ask here too, and load neither
    from core.settings import Exchange
    from exchanges.port import Credentials


class Taken(Exception):
    """Somebody else has it; ``pid`` is 0 when that is not known."""

    def __init__(self, path: Path, pid: int) -> None:
        self.path, self.pid = path, pid
        super().__init__(f"{path.name}: process {pid} has it" if pid else f"{path.name}: another process has it")


class Lock:
    """Held from construction until `release`, or until this process ends. Raises Taken."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            written = os.read(self._file, 32).decode(errors="replace").strip()
            os.close(self._file)
            raise Taken(path, int(written) if written.isdecimal() else 0) from error
        os.ftruncate(self._file, 0)
        os.write(self._file, str(os.getpid()).encode())

    def release(self) -> None:
        """Give it up; safe to call twice."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def account_lock(root: Path, exchange_name: str, exchange: Exchange, credentials: Credentials) -> Path:
    """The file that stands for one account, in the folder of all runs; its name does not tell the key."""
    account = f"{exchange_name}|{exchange.rest_url or ''}|{credentials.key}"
    return root / f"account-{hashlib.blake2b(account.encode(), digest_size=6).hexdigest()}.lock"
