"""The pre-commit hook: its entry is run with the names of several files, as pre-commit runs it."""

from __future__ import annotations

import re
import shlex
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import msgspec
import pytest
import yaml

from tests.command_line import Ended, Run
from tests.conftest import ROOT
from tests.fakes.fake_index import FakeIndex, refusal
from tests.fakes.index_pages import wheels

LINUX: Final = "manylinux_2_28_x86_64"


class Hook(msgspec.Struct):
    """A hook of ``.pre-commit-hooks.yaml``."""

    id: str
    entry: str
    language: str
    files: str
    require_serial: bool


def hook() -> Hook:
    """Read the only hook."""
    (found,) = msgspec.convert(yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")), type=list[Hook])
    return found


@pytest.fixture
async def index() -> AsyncIterator[FakeIndex]:
    async with FakeIndex() as running:
        running.publish("solid", wheels("solid", "1.0", f"cp314-cp314-{LINUX}", f"cp314-cp314t-{LINUX}"))
        running.publish("behind", wheels("behind", "1.0", f"cp314-cp314-{LINUX}"))
        yield running


@pytest.fixture
def folder(index: FakeIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FTBOT_INDEX_URL", index.index_url)
    monkeypatch.setenv("FTBOT_JSON_API_URL", index.json_api_url)
    monkeypatch.setenv("FTBOT_DATABASE", str(tmp_path / "data" / "ftbot.db"))
    monkeypatch.chdir(tmp_path)
    files = {
        "good.txt": "solid==1.0\n",
        "bad requirements.txt": "solid==1.0\nbehind==1.0\n",
        "private.txt": "solid==1.0\nour-own-thing==1.0\n",
        "broken.toml": "nothing = [\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


async def commit(ftbot: Run, *files: str, args: tuple[str, ...] = ()) -> Ended:
    """Run the hook for files, with the ``args`` of a ``.pre-commit-config.yaml``."""
    program, *entry = shlex.split(hook().entry)
    assert program == "ftbot"
    return await ftbot(*entry, *args, *files)


@pytest.mark.usefixtures("folder")
async def test_files_where_nothing_blocks_pass_with_a_line_each(ftbot: Run) -> None:
    ended = await commit(ftbot, "good.txt", "private.txt")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "good.txt: 3.14t, Linux x86-64: nothing stops you (1 package).",
        "private.txt: 3.14t, Linux x86-64: nothing stops you (2 packages).",
    ]


@pytest.mark.usefixtures("folder")
async def test_a_file_with_what_blocks_fails_and_each_is_judged_by_itself(ftbot: Run) -> None:
    ended = await commit(ftbot, "good.txt", "bad requirements.txt")
    assert ended.code == 5
    assert "good.txt: 3.14t, Linux x86-64: nothing stops you (1 package).\n" in ended.out
    assert "bad requirements.txt on 3.14t, Linux x86-64: 1 of 2 stops you." in ended.out


@pytest.mark.usefixtures("folder")
async def test_a_file_that_cannot_be_read_does_not_keep_the_others_from_being_judged(ftbot: Run) -> None:
    ended = await commit(ftbot, "broken.toml", "gone.txt", "bad requirements.txt")
    assert ended.code == 2
    first, second, *_ = ended.err.splitlines()
    assert first.startswith("ftbot: broken.toml: broken.toml is none of the files that are read.")
    assert second == "ftbot: gone.txt: There is no file gone.txt. Check the path."
    assert "1 of 2 stops you" in ended.out


@pytest.mark.usefixtures("folder")
async def test_arguments_choose_targets_and_platform(ftbot: Run) -> None:
    ended = await commit(ftbot, "good.txt", args=("--target", "3.15t", "--platform", "win_amd64"))
    assert ended.out.startswith("good.txt: 3.15t, Windows x64: ")


@pytest.mark.usefixtures("folder")
async def test_an_index_that_is_down_passes_nothing_in_silence(ftbot: Run, index: FakeIndex) -> None:
    index.script(refusal(410), times=None)
    assert (await commit(ftbot, "good.txt")).code == 4


def test_the_hook_runs_for_locks_and_requirements() -> None:
    found = hook()
    assert (found.id, found.language, found.require_serial) == ("ftbot-deps", "python", True)
    runs_for = [
        "uv.lock", "services/api/uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pixi.lock", "pylock.toml",
        "pylock.dev.toml", "conda-lock.yml", "dev.conda-lock.yaml", "requirements.txt", "requirements-dev.txt",
        "requirements/production.txt",
    ]  # fmt: skip
    not_for = ["pyproject.toml", "Cargo.lock", "notuv.lock", "uv.lock.orig", "docs/notes.txt", "pylock.a.b.toml"]
    assert [name for name in runs_for + not_for if re.search(found.files, name)] == runs_for
