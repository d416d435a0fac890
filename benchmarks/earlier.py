"""The earlier build that benchmarks compare with: a git worktree of its commit, with an environment of its own.

It is made once, in ``.benchmarks/`` of this checkout, from this checkout's history and the commit's own locks, with the
Python that runs the benchmark; that takes a minute or two and asks PyPI. ``--earlier``, or the variable
``FTBOT_TEST_EARLIER``, names a checkout that is there with its ``.venv`` instead.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from benchmarks.processes import ROOT

NAME = "e4c4b2e"

_COMMIT = "e4c4b2ea182c3659981f42f2dfe4425ea5369d12"
_FOLDER = Path(".benchmarks") / NAME
_VARIABLE = "FTBOT_TEST_EARLIER"
_MADE_BY_MAKE = ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "VENV", "PYTHON")
"""What ``make bench`` says to whatever make it starts."""


@dataclass(frozen=True, slots=True)
class Build:
    """A checkout of the program, and the virtual environment that runs it."""

    root: Path
    prefix: Path

    @property
    def python(self) -> Path:
        """Return the interpreter of its environment."""
        return self.prefix / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")

    def ftbot(self, *arguments: str) -> tuple[str, ...]:
        """Return a command line of it."""
        name = "ftbot.exe" if sys.platform == "win32" else "ftbot"
        return (str(self.python.with_name(name)), *arguments)


THIS_BUILD = Build(ROOT, Path(sys.prefix))


def add_option(parser: argparse.ArgumentParser) -> None:
    """Let a benchmark be told of a build that is there."""
    named = os.environ.get(_VARIABLE)
    parser.add_argument(
        "--earlier",
        type=Path,
        default=Path(named) if named else None,
        metavar="CHECKOUT",
        help=f"of {NAME}, with its .venv (default: ${_VARIABLE}, or one that is made in {_FOLDER})",
    )


def earlier_build(options: argparse.Namespace, checkout: Path = ROOT) -> Build:
    """Return the build that the options name, or else make it in a checkout with history.

    Ends the benchmark with a sentence where that cannot be done.
    """
    named: Path | None = options.earlier
    if named is not None:
        build = Build(named.resolve(), named.resolve() / ".venv")
        if not build.python.exists():
            raise SystemExit(f"{named} has no environment: there is no {build.python}. Run `make setup` there.")
        return build
    root = checkout / _FOLDER
    # One for each Python: to compare builds that different ones run would say little.
    build = Build(root, root / f".venv-{sys.version_info[0]}.{sys.version_info[1]}{sys.abiflags}")
    ready = build.prefix / ".ftbot-runtime"  # the last thing that its Makefile makes
    if not ready.exists():
        _check_out(checkout, root)
        _tell(f"Making its environment in {build.prefix.relative_to(checkout)}, which takes a minute or two")
        _install(root, sys.executable, "-m", "venv", str(build.prefix))
        _install(root, "make", f"VENV={build.prefix.name}", f"{build.prefix.name}/{ready.name}")
    return build


def _check_out(checkout: Path, root: Path) -> None:
    if not _succeeds(checkout, "git", "cat-file", "-e", f"{_COMMIT}^{{commit}}"):
        raise SystemExit(
            f"The build to compare with, commit {NAME}, is not in the history that is here. Fetch it (`git fetch"
            f" --unshallow` in a shallow clone), or name a checkout of it with its environment: --earlier CHECKOUT."
        )
    if not (root / ".git").exists():
        _tell(f"Checking out {NAME}, the build to compare with, in {_FOLDER}")
        # Forced, as git keeps remembering a worktree whose folder somebody has removed.
        _install(checkout, "git", "worktree", "add", "--force", "--detach", str(root), _COMMIT)


def _install(folder: Path, *command: str) -> None:
    """Run a command that says on stderr what goes wrong."""
    if not _succeeds(folder, *command, errors=sys.stderr):
        raise SystemExit(f"The build to compare with, commit {NAME}, could not be made: `{' '.join(command)}` failed.")


def _succeeds(folder: Path, *command: str, errors: IO[str] | None = None) -> bool:
    variables = {name: value for name, value in os.environ.items() if name not in _MADE_BY_MAKE}
    said = subprocess.DEVNULL if errors is None else errors
    try:
        ended = subprocess.run(
            command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False
        )
    except OSError as error:
        raise SystemExit(f"To measure beside commit {NAME} needs {command[0]}: {error.strerror}.") from None
    return ended.returncode == 0


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
