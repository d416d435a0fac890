"""The wheel: installed, it is one name, and works beside a foreign package called bot, child processes included."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from hatchling.build import build_wheel

from bot.build import version
from tests.conftest import ROOT

PACKAGES: Final = ("bot", "cogs", "storage")
CHILD: Final = """
import subprocess, sys
print(subprocess.run([sys.executable, "-m", "ftbot", "--version"], capture_output=True, text=True).stdout, end="")
"""


@dataclass(frozen=True, slots=True)
class Installed:
    """The wheel as it is installed in a folder, and a folder with a package called bot that comes before it."""

    site: Path
    foreign: Path

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program from the foreign folder, as somebody does whose own bot lies there."""
        variables = {name: value for name, value in os.environ.items() if not name.startswith(("FTBOT_", "COV"))}
        return subprocess.run(
            command,
            cwd=self.foreign,
            env=variables
            | {
                "PYTHONPATH": os.pathsep.join([str(self.foreign), str(self.site)]),
                "FTBOT_DATABASE": str(self.foreign / "ftbot.db"),
            },
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def command(self) -> str:
        """Return the command as it was installed."""
        (script,) = (self.site / ("Scripts" if sys.platform == "win32" else "bin")).glob("ftbot*")
        return str(script)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return folder / build_wheel(str(folder))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    site, foreign = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("foreign")
    for name in PACKAGES:
        (foreign / name).mkdir()
        (foreign / name / "__init__.py").write_text("raise SystemExit('a foreign package was imported')\n", "utf-8")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet")
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--target", site, wheel], check=True)
    return Installed(site, foreign)


def test_the_wheel_holds_everything_that_the_program_reads(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        held = {name for name in opened.namelist() if ".dist-info/" not in name}
    assert held == {"ftbot/__init__.py", "ftbot/__main__.py"} | {
        f"ftbot/{path.relative_to(ROOT).as_posix()}"
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def test_beside_a_foreign_package_the_command_works(installed: Installed) -> None:
    told = installed.run(installed.command, "--version")
    assert (told.stderr, told.returncode) == ("", 0)
    assert told.stdout.startswith(f"ftbot {version()} ")


def test_beside_a_foreign_package_a_question_is_answered(installed: Installed) -> None:
    told = installed.run(installed.command, "status", "numpy", "--offline")
    assert told.returncode == 4
    assert told.stderr.startswith("ftbot: Nothing is stored about numpy, and the index was not to be asked.")


def test_beside_a_foreign_package_names_are_suggested_from_the_list_that_ships(installed: Installed) -> None:
    program = (
        "import ftbot.__main__ as start; start.find_packages(); from bot.clients import top_packages as listed;"
        " print(listed.__file__, len(listed.shipped_list().names))"
    )
    path, names = installed.run(sys.executable, "-c", program).stdout.split()
    assert Path(path).is_relative_to(installed.site / "ftbot")
    assert int(names) > 10_000


def test_beside_a_foreign_package_a_child_process_works(installed: Installed) -> None:
    told = installed.run(sys.executable, "-c", CHILD)
    assert told.stdout.startswith(f"ftbot {version()} ")


def test_one_name_is_taken(installed: Installed) -> None:
    assert {path.name for path in installed.site.iterdir() if path.suffix != ".dist-info"} == {"ftbot", "bin"}
