"""Running the command line inside the test, or as the installed program."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from typer.testing import CliRunner

from scripts.main import build

REPOSITORY = Path(__file__).parents[2]


class Said(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str


def scalp_radar(*arguments: str | Path, env: dict[str, str] | None = None) -> Said:
    """Run a command in this process; a defect is raised, not turned into an exit code."""
    result = CliRunner().invoke(build(str(arguments[0]) if arguments else ""), [str(a) for a in arguments], env=env)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.stdout, result.stderr)


def installed_scalp_radar(*arguments: str | Path, cwd: Path) -> Said:
    """Run the program as a user does, in a process of its own."""
    program = Path(sys.executable).with_name("scalp-radar")
    done = subprocess.run(
        [str(program), *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=60, check=False,
        env={k: v for k, v in os.environ.items() if not k.startswith("SCALP_RADAR_")},
    )
    return Said(done.returncode, done.stdout, done.stderr)


def copied_config(folder: Path) -> Path:
    """The shipped configuration, to be changed by a test; its folder of examples beside it."""
    shutil.copytree(REPOSITORY / "config", folder / "config")
    (folder / "examples").mkdir()
    return folder / "config"


def changed(config: Path, name: str, change: Callable[[dict[str, Any]], object]) -> Path:
    """Change one file of a copied configuration through its tree."""
    path = config / name
    tree = yaml.load(path.read_text(), yaml.CSafeLoader)
    change(tree)
    path.write_text(yaml.dump(tree, Dumper=yaml.CSafeDumper, sort_keys=False))
    return config


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content, to prove that nothing was changed."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
