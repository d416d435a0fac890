"""What ``ftbot deps`` leaves behind of names in people's files: nothing that the index does not know anyway."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.test_completion import complete
from tests.command_line import Run
from tests.fakes.fake_index import FakeIndex, refusal
from tests.fakes.index_pages import wheels

SECRET = "acme-payroll"
KNOWN = "demo"


@pytest.fixture
async def index() -> AsyncIterator[FakeIndex]:
    async with FakeIndex() as running:
        (file,) = wheels(KNOWN, "1.0", "py3-none-any")
        running.publish(KNOWN, [replace(file, metadata=f"Metadata-Version: 2.4\nName: {KNOWN}\nVersion: 1.0\n")])
        yield running


@pytest.fixture(autouse=True)
def environment(index: FakeIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything that could be written be written below this test's folder, and all that can be logged be."""
    monkeypatch.setenv("FTBOT_INDEX_URL", index.index_url)
    monkeypatch.setenv("FTBOT_JSON_API_URL", index.json_api_url)
    monkeypatch.setenv("FTBOT_DATABASE", str(tmp_path / "left" / "ftbot.db"))
    monkeypatch.setenv("FTBOT_TARGETS", "3.14t")
    monkeypatch.setenv("FTBOT_LOG_LEVEL", "debug")
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "left"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "left" / "temporary"))
    (tmp_path / "left" / "temporary").mkdir(parents=True)


def traces(folder: Path, secret: str = SECRET) -> list[str]:
    """Return the files below a folder in whose name or content a name is."""
    found = [Path(place) / name for place, _, names in os.walk(folder) for name in names]
    words = (secret.encode(), secret.replace("-", "_").encode())
    return [
        str(path.relative_to(folder))
        for path in found
        if any(word in path.read_bytes() or word.decode() in str(path) for word in words)
    ]


FILES = {
    "requirements.txt": f"{KNOWN}==1.0\n{SECRET}==1.0\n-e git+https://host/{SECRET}\n",
    "open.txt": f"{KNOWN}\n{SECRET}>=1\n{SECRET}\n",
    "constrained.txt": f"{KNOWN}\n-c more.txt\n",
    "pyproject.toml": f'[project]\nname = "{SECRET}"\nversion = "1"\ndependencies = ["{KNOWN}", "{SECRET}[x]"]\n',
    "broken.lock": f'version = 1\n[[package]]\nname = "{SECRET}"\nversion = \n',
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("status", [404, 502, 403])
async def test_names_from_files_are_neither_stored_nor_logged(
    ftbot: Run, index: FakeIndex, tmp_path: Path, name: str, status: int
) -> None:
    index.script(refusal(status), path=f"^/simple/{SECRET}/", times=None)
    path, more = tmp_path / name, tmp_path / "more.txt"
    await asyncio.to_thread(path.write_text, FILES[name])
    await asyncio.to_thread(more.write_text, f"{SECRET}<2\n")
    ended = await ftbot("deps", "-r", str(path), "--platform", "manylinux_x86_64", "--json")
    assert SECRET not in ended.err
    assert await asyncio.to_thread(traces, tmp_path / "left") == []
    if (
        status == 404 and ended.code != 2
    ):  # what the index knows is kept, by us and by uv: so names can be seen where they are
        assert await asyncio.to_thread(traces, tmp_path / "left", KNOWN)
    offered = await asyncio.to_thread(
        complete, f"ftbot status {SECRET[:4]}", FTBOT_DATABASE=os.environ["FTBOT_DATABASE"]
    )
    assert SECRET not in offered


async def test_names_are_not_logged_where_storage_fails(ftbot: Run, tmp_path: Path) -> None:
    await asyncio.to_thread((tmp_path / "left" / "ftbot.db").write_bytes, b"no database" * 1_000)
    path = tmp_path / "requirements.txt"
    await asyncio.to_thread(path.write_text, FILES["requirements.txt"])
    ended = await ftbot("deps", "-r", str(path), "--platform", "manylinux_x86_64", "--json")
    assert ended.err.count("ftbot: ") >= 1
    assert SECRET not in ended.err
