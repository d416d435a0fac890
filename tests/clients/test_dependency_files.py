"""Files and environments as they lie on a disk: links, pipes, encodings, and how much there is of them."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from bot.clients import dependency_files
from bot.clients.dependency_files import read_dependency_file, read_environment
from bot.core.dependencies.files import LARGEST_FILE
from bot.core.errors import UserError

METADATA = "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
async def test_text_is_read_in_the_encodings_that_tools_write(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("löwe==1.0\n", encoding)
    read = await read_dependency_file(path)
    assert (read.name, read.text) == ("requirements.txt", "löwe==1.0\n")


async def test_what_is_included_is_read_in_the_folder_only(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    (folder / "sub").mkdir(parents=True)
    (folder / "requirements.txt").write_text("")
    (folder / "sub" / "base.txt").write_text("base")
    (folder / "inside.txt").symlink_to(folder / "sub" / "base.txt")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "outside.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "away").symlink_to(tmp_path)
    (folder / "round.txt").symlink_to(folder / "round.txt")
    (folder / "binary.txt").write_bytes(b"\xff\xfe\x00")
    read = await read_dependency_file(folder / "requirements.txt")

    async def included(*names: str) -> list[str | None]:
        return [await asyncio.to_thread(read.included, name) for name in names]

    assert await included("sub/base.txt", "inside.txt") == ["base", "base"]
    outside = ["../secret.txt", "outside.txt", "away/secret.txt", str(tmp_path / "secret.txt")]
    others = ["round.txt", "binary.txt", "nowhere.txt", "sub", "", "a\0b", "x" * 5_000]
    assert await included(*outside, *others) == [None] * 11


@pytest.mark.parametrize("name", ["round.txt", "folder", "binary.txt", "large.txt", "file.txt/x", "x" * 5_000, "a\0b"])
async def test_what_cannot_be_read_is_a_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "round.txt").symlink_to(tmp_path / "round.txt")
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary.txt").write_bytes(b"\x80")
    (tmp_path / "file.txt").write_text("")
    with (tmp_path / "large.txt").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    with pytest.raises(UserError, match=r" cannot be read: .+\. Give a file of text, such as requirements\.txt\."):
        await read_dependency_file(tmp_path / name)


async def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^There is no file .*nowhere\.txt\. Check the path\."):
        await read_dependency_file(tmp_path / "nowhere.txt")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes in folders")
async def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(UserError, match="it is no file"):
        await read_dependency_file(tmp_path / "pipe.txt")


@pytest.mark.parametrize(
    "place", ["", "lib/python3.14t/site-packages", "lib64/python3.14/site-packages", "Lib/site-packages"]
)
async def test_dist_info_folders_are_found_where_installers_put_them(tmp_path: Path, place: str) -> None:
    site = tmp_path / place
    for name in ("demo-1.0.dist-info", "other-1.0.egg-info", "module"):
        (site / name).mkdir(parents=True)
        (site / name / "METADATA").write_text(METADATA)
    (site / "file-1.0.dist-info").write_text("")
    (found,) = await read_environment(tmp_path)
    assert (found.folder, found.metadata, found.direct_url) == ("demo-1.0.dist-info", METADATA, None)


async def test_metadata_that_is_no_text_or_very_long_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    for name, content in (("a", b"\xff\x00"), ("b", b"Name: b\n" + b"x" * (2 << 20))):
        (tmp_path / f"{name}.dist-info").mkdir()
        (tmp_path / f"{name}.dist-info" / "METADATA").write_bytes(content)
    (tmp_path / "c.dist-info" / "METADATA").mkdir(parents=True)
    (tmp_path / "d.dist-info").mkdir()
    (tmp_path / "d.dist-info" / "METADATA").symlink_to(tmp_path / "nowhere")
    found = await read_environment(tmp_path)
    assert [(each.folder[0], each.metadata and len(each.metadata)) for each in found] == [
        ("a", 2),
        ("b", 1 << 20),
        ("c", None),
        ("d", None),
    ]


async def test_more_packages_than_are_read_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dependency_files, "MOST_INSTALLED", 2)
    for number in range(3):
        (tmp_path / f"p{number}.dist-info").mkdir()
    with pytest.raises(UserError, match=r"has 3 packages\. At most 2 are read\."):
        await read_environment(tmp_path)


@pytest.mark.parametrize("name", ["nowhere", "file.txt", "empty", "x" * 5_000, "a\0b"])
async def test_what_is_no_environment_is_a_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "file.txt").write_text("")
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        UserError, match=r"\. Give (the folder of a virtual environment, such as \.venv|an environment)\."
    ):
        await read_environment(tmp_path / name)
