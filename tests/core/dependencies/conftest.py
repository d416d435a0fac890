"""Gives the real dependency files in ``../shared``, unpacked."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_files(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack them into a temporary folder; in ``expected`` is what is in them, worked out without this program."""
    folder = tmp_path_factory.mktemp("dependencies")
    with tarfile.open(shared / "data" / "dependencies.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder / "dependencies"
