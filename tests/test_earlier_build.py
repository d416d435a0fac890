"""The earlier build that benchmarks compare with: where it is taken from, and what they say where it is not."""

from __future__ import annotations

import argparse
import shutil
import subprocess
from pathlib import Path

import pytest

from benchmarks.earlier import add_option, earlier_build
from benchmarks.figures import Figure, Limit


def options(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_option(parser)
    return parser.parse_args(arguments)


def checkout(folder: Path) -> Path:
    """Make what looks like a checkout with an environment."""
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    return folder


def test_option_names_a_build_that_is_there(tmp_path: Path) -> None:
    root = checkout(tmp_path)

    build = earlier_build(options("--earlier", str(root)))

    assert build.root == root
    assert build.ftbot("status", "numpy") == (str(root / ".venv" / "bin" / "ftbot"), "status", "numpy")


def test_variable_names_one_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTBOT_TEST_EARLIER", str(checkout(tmp_path)))

    assert earlier_build(options()).python == tmp_path / ".venv" / "bin" / "python"


def test_named_build_without_environment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"has no environment.*make setup"):
        earlier_build(options("--earlier", str(tmp_path)))


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_without_history_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(("git", "init", "--quiet"), cwd=tmp_path, check=True)
    monkeypatch.delenv("FTBOT_TEST_EARLIER", raising=False)

    with pytest.raises(SystemExit, match=r"not in the history.*--unshallow.*--earlier"):
        earlier_build(options(), tmp_path)


@pytest.mark.parametrize(
    ("value", "limit", "told"),
    [
        (1.0, Limit(2.0), "met (0.50 of the target)"),
        (3.0, Limit(2.0), "missed (1.50 of the target)"),
        (3.0, Limit(2.0, at_least=True), "met (1.50 of the target)"),
        (0.0, Limit(0.0), "met"),
        (1.0, Limit(0.0), "missed"),
        (None, Limit(2.0), ""),
    ],
)
def test_every_target_is_met_or_missed(value: float | None, limit: Limit, told: str) -> None:
    assert Figure("anything", value, limit=limit).cells()[3] == told
