"""What is imported without libraries that others import only where they are installed."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from bot.cli.unused import as_if_not_installed


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the name of a library that is installed and was not imported."""
    name = "ftbot_test_ornament"
    (tmp_path / f"{name}.py").write_text("", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, name, raising=False)
    return name


def test_a_library_is_not_there_while_the_block_runs_and_afterwards_it_is(library: str) -> None:
    with as_if_not_installed(library, "ftbot_test_nowhere"), pytest.raises(ImportError):
        importlib.import_module(library)
    assert importlib.import_module(library).__name__ == library
    assert "ftbot_test_nowhere" not in sys.modules


def test_a_library_that_was_imported_stays(library: str) -> None:
    imported = importlib.import_module(library)
    with as_if_not_installed(library):
        assert importlib.import_module(library) is imported
    assert sys.modules[library] is imported


def test_it_is_there_again_after_a_failure(library: str) -> None:
    with pytest.raises(RuntimeError), as_if_not_installed(library):
        raise RuntimeError(library)
    importlib.import_module(library)
