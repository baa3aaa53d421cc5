"""The command ``scalp-radar``: every file of ``scripts/commands`` with a ``register`` is a part of it.

Law: one error boundary. An InputError is one line on standard error and exit code 2, any other error raised on
purpose one line and exit code 1; a defect keeps its traceback.
"""

from __future__ import annotations

import atexit
import hashlib
import importlib
import os
import pkgutil
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import typer
from typer.core import TyperGroup

from core.errors import InputError, ScalpRadarError
from scripts import commands
from scripts.pandas_out import shut_pandas_out

WRONG_INPUT: Final = 2
FAILED: Final = 1
INTERRUPTED: Final = 130
KERNELS: Final = ("core", "engine", "indicators")


class Boundary(TyperGroup):
    """The command group in which errors end as a line and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """What the command returns. Raises typer.Exit for every error that was raised on purpose."""
        try:
            return super().invoke(ctx)
        except InputError as error:
            _say(error)
            raise typer.Exit(WRONG_INPUT) from error
        except ScalpRadarError as error:
            _say(error)
            raise typer.Exit(FAILED) from error


def build(first: str = "") -> typer.Typer:
    """The application: every command that is there, or that of the file named ``first`` alone, if there is one."""
    app = typer.Typer(
        name="scalp-radar",
        cls=Boundary,
        help="Automated trading of crypto perpetual futures: research, paper and live with one engine.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )

    @app.callback()
    def root() -> None:
        """A callback makes sub-commands sub-commands even when there is only one."""

    names = sorted(module.name for module in pkgutil.iter_modules(commands.__path__))
    for name in [first] if first in names else names:
        importlib.import_module(f"{commands.__name__}.{name}").register(app)
    return app


def main() -> None:
    """Entry point of the installed command."""
    ending = Ending()
    keep_compiled_code()
    shut_pandas_out()
    with ending:
        build(sys.argv[1] if len(sys.argv) > 1 else "")()  # no other command is loaded than the one that is asked for


class Ending:
    """Leaves the process once everything that was to happen at its end has happened.

    Taking the interpreter apart comes after that: half a second for compiled code, which the system does at once.
    """

    def __init__(self) -> None:
        self._code = FAILED  # with a traceback
        atexit.register(self._leave)  # before all others, so that it is called after them

    def __enter__(self) -> None:
        """Nothing happens yet."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is None:
            self._code = 0
        elif isinstance(error, SystemExit) and (error.code is None or isinstance(error.code, int)):
            self._code = error.code or 0
        elif isinstance(error, KeyboardInterrupt):
            self._code = INTERRUPTED

    def _leave(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):  # nobody may be listening any more
                stream.flush()
        os._exit(self._code)


def keep_compiled_code() -> None:
    """Tell Numba, before it is imported, to keep compiled code in one folder that ``make install`` fills.

    The folder bears a digest of the kernels' sources: Numba renews a kernel when its own file changes, but does not
    notice that a function it copied from another file has changed.
    """
    repository = Path(__file__).resolve().parents[1]
    home = repository if (repository / "pyproject.toml").exists() else Path.home()
    digest = hashlib.blake2s(digest_size=6)
    for file in sorted(p for part in KERNELS for p in (repository / part).glob("*.py")):
        digest.update(file.read_bytes())
    base = Path(os.environ.get("NUMBA_CACHE_DIR") or home / ".cache" / "numba")
    if base.name != digest.hexdigest():
        os.environ["NUMBA_CACHE_DIR"] = str(base / digest.hexdigest())


def _say(error: ScalpRadarError) -> None:
    line = " ".join(str(error).split()) or type(error).__name__
    typer.echo(f"scalp-radar: {line}", err=True)


if __name__ == "__main__":
    main()
