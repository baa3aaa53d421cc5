"""The local exchange as a child process of ``scalp-radar up``."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from core.errors import InputError, ScalpRadarError

_START_S: Final = 60.0
_STOP_S: Final = 3.0


class LocalExchange:
    """Starts ``scalp-radar sandbox`` with ``arguments``; `listening` waits until it can be used."""

    def __init__(self, arguments: Sequence[str], log: Path) -> None:
        self._said = log
        self._url = self._admin_key = ""
        self._log = log.open("wb")
        self._process = subprocess.Popen(  # noqa: S603 - our own program with our own arguments
            [sys.executable, "-m", "scripts.main", "sandbox", "--paused", "--child", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, cwd=Path.cwd(),
            env={**os.environ, "PYTHONPATH": _path()},
            start_new_session=True,  # Ctrl-C is ours to pass on, after the actors have stopped
        )

    def listening(self) -> str:
        """Its URL, once it listens. Raises InputError with the child's own line when it refuses its input."""
        ready = self._first_line(self._said)
        self._url, self._admin_key = f"http://127.0.0.1:{ready['port']}", str(ready["admin_key"])
        return self._url

    @property
    def url(self) -> str:
        """Where it listens."""
        return self._url

    @property
    def admin_key(self) -> str:
        """What opens its admin endpoint."""
        return self._admin_key

    def begin(self) -> None:
        """Let its time run, which stands until everybody is there."""
        request = urllib.request.Request(  # noqa: S310 - our own loopback address
            self._url + "/admin/resume", data=b"{}", headers={"X-Admin-Key": self._admin_key}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=_START_S) as answer:  # noqa: S310 - as above
            answer.read()

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End it; safe to call twice."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._log.close()

    def _first_line(self, log: Path) -> dict[str, Any]:
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            line = self._process.stdout.readline() if selector.select(_START_S) else b""
        if not line:
            self._process.terminate()
            code = self._process.wait()
            self.stop()
            said = log.read_text(errors="replace").strip().splitlines()
            message = said[-1].removeprefix("scalp-radar: ") if said else f"exit code {code}"
            raise (InputError if code == 2 else ScalpRadarError)(f"local exchange: {message}")
        ready: dict[str, Any] = json.loads(line)
        return ready


def _path() -> str:
    root = str(Path(__file__).resolve().parents[1])
    return os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
