"""Which Python the Makefile takes, among those that a stranger's path may have."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import ROOT

MAKE: Final = shutil.which("make")

pytestmark = pytest.mark.skipif(MAKE is None, reason="needs make")


@dataclass(frozen=True, slots=True)
class Installed:
    """A Python on the path, as far as the Makefile asks it anything."""

    version: str
    starts: bool = True
    has_venv: bool = True

    def script(self, name: str) -> str:
        """Return a program that answers as this Python would, and says its name in place of making an environment."""
        old = tuple(map(int, self.version.split("."))) < (3, 11)
        return f"""#!/bin/sh
{"" if self.starts else "exit 127"}
case "$*" in
    "-m venv "*) echo "taken: {name}" ;;
    *"print("*) echo {self.version} ;;
    *"sys.exit("*) exit {int(old)} ;;
    *"import ensurepip, venv"*) exit {int(not self.has_venv)} ;;
esac
"""


OLD: Final = Installed("3.10")


def take(folder: Path, path: dict[str, Installed], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Let the Makefile choose among these Pythons and no others."""
    for name, installed in path.items():
        script = folder / name
        script.write_text(installed.script(name), "utf-8")
        script.chmod(0o700)
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "VENV"))}
    venv = folder / "environment"
    return subprocess.run(
        [str(MAKE), "--no-print-directory", f"VENV={venv}", *arguments, str(venv / "bin" / "python")],
        cwd=ROOT,
        env=variables | {"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        ({"python3": Installed("3.13"), "python3.15": Installed("3.15")}, "python3"),
        (
            {"python3": Installed("3.10"), "python3.12": Installed("3.12"), "python3.14": Installed("3.14")},
            "python3.14",
        ),
        ({"python3": Installed("3.13", has_venv=False), "python3.12": Installed("3.12")}, "python3.12"),
        ({"python3.15": Installed("3.15", starts=False), "python3.11": Installed("3.11")}, "python3.11"),
        ({"python": Installed("3.14")}, "python"),
    ],
    ids=["python3 as its owner chose", "else the newest", "with venv", "that starts", "by any name"],
)
def test_python3_is_taken_if_it_is_suitable_else_the_newest_that_is(
    tmp_path: Path, path: dict[str, Installed], taken: str
) -> None:
    assert take(tmp_path, path).stdout == f"taken: {taken}\n"


def test_one_that_was_named_is_taken_or_none(tmp_path: Path) -> None:
    path = {"python3": Installed("3.13"), "python3.12": Installed("3.12"), "python3.9": Installed("3.9")}
    assert take(tmp_path, path, "PYTHON=python3.12").stdout == "taken: python3.12\n"
    assert take(tmp_path, path, "PYTHON=python3.9").returncode == 2


def test_where_none_is_suitable_all_that_were_found_are_named(tmp_path: Path) -> None:
    path = {"python3": OLD, "python3.14": Installed("3.14", has_venv=False)}
    ended = take(tmp_path, path)
    assert ended.returncode == 2
    assert "Found: python3 (3.10) python3.14 (3.14) without venv." in ended.stderr


def test_installing_is_told_step_by_step_and_leaves_stdout_to_the_answer(tmp_path: Path) -> None:
    programs = {"python": 'echo "pip says: $*"', "ftbot": 'echo "the answer: $*"'}
    for name, does in programs.items():
        script = tmp_path / "bin" / name
        script.parent.mkdir(exist_ok=True)
        script.write_text(f"#!/bin/sh\n{does}\n", "utf-8")
        script.chmod(0o700)
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "VENV"))}
    ended = subprocess.run(
        [str(MAKE), "--no-print-directory", f"VENV={tmp_path}", "status", "PACKAGE=numpy lxml"],
        cwd=ROOT, env=variables, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ended.stdout == "the answer: status numpy lxml\n"
    told = [line for line in ended.stderr.splitlines() if not line.startswith("pip says: ")]
    pins = len(re.findall(r"^[a-z0-9].*==", (ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE))
    assert told == [
        f"Installing what ftbot needs into {tmp_path}: {pins} packages, which take about a minute",
        "Installing ftbot itself, which takes some seconds",
    ]


def test_the_makefile_says_what_it_does() -> None:
    """The words are not checked by running it: they are what a stranger reads, and were wrong once."""
    text = (ROOT / "Makefile").read_text("utf-8")
    assert "By default `python3`, as its owner chose it, or where that does not do, the newest that does." in text
