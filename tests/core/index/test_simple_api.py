from __future__ import annotations

import zlib
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.errors import UpstreamError
from bot.core.index.simple_api import File, Project, ProjectStatus, group, metadata_file, pack, parse, unpack
from tests.core.pages import LONG_AGO, NAME, page, project, sdist, wheel, wheels
from tests.core.strategies import files, projects

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "filename": _JSON | st.sampled_from(("demo-1.0.tar.gz", "demo-1.0-py3-none-any.whl")),
        "requires-python": _JSON,
        "upload-time": _JSON,
        "yanked": _JSON,
        "hashes": _JSON,
    },
)
_PAGES = st.fixed_dictionaries(
    {"files": _JSON | st.lists(_ENTRIES, max_size=4)},
    optional={"meta": _JSON, "project-status": _JSON, "name": _JSON, "versions": _JSON},
)


def _versions(found: Project) -> list[str]:
    return [str(release.version) for release in found.releases]


@given(st.binary() | _JSON.map(msgspec.json.encode) | _PAGES.map(msgspec.json.encode))
@example(b'{"files": [], "meta": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")
@example(b'{"files": [{"filename": "demo-' + b"1" * 5000 + b'.tar.gz"}]}')
@example(b'{"files": [{"filename": "demo-1.0.tar.gz", "upload-time": "9999-12-31T23:59:59-14:00"}]}')
@example(b'{"files": [{"filename": "demo-1\\ud800.tar.gz"}]}')
@example(b'{"files": [{"filename": "demo-1.0.tar.gz", "upload-time": "\xed\xa0\x80"}]}')
@example(b'{"files": [], "meta": {"project-status": "\xed\xa0\x80"}}')
@example(b"\xff\xfe")
def test_any_bytes_give_a_project_or_an_upstream_error(body: bytes) -> None:
    try:
        answer: Project | UpstreamError = parse(NAME, body)
    except UpstreamError as failure:
        answer = failure
    if isinstance(answer, UpstreamError):
        assert answer.retryable is not ("another project" in str(answer))
        assert str(answer).endswith(".")
    else:
        assert all(file.uploaded is None or file.uploaded.tzinfo is UTC for file in answer.files)


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"<!DOCTYPE html>", b'{"meta": {}}', b'{"files": null}', b'{"files": {}}', b'{"files": [}'],
)
def test_what_is_no_project_page_is_an_upstream_error(body: bytes) -> None:
    with pytest.raises(UpstreamError, match="not a project page"):
        parse(NAME, body)


@pytest.mark.parametrize("name", ["other", "demo-other", ""])
def test_the_page_of_another_project_is_an_upstream_error(name: str) -> None:
    for files_listed in ([sdist()], [sdist(), {"filename": None}]):
        with pytest.raises(UpstreamError, match="answered with another project's page"):
            parse(NAME, page(name=name, files=files_listed))


@pytest.mark.parametrize("name", ["demo", "Demo", "DEMO", None, 5, ["other"]])
def test_a_name_that_is_this_projects_or_none_is_taken(name: object) -> None:
    assert _versions(parse(NAME, page(sdist(), name=name))) == ["1.0"]


@pytest.mark.parametrize(
    "listed",
    [b"[null]", b'["demo-1.0.tar.gz", {"url": "x"}]', b'[{"filename": "demo-\xff.tar.gz"}]', b'[{"filename": 5}]'],
)
def test_a_page_of_which_no_entry_can_be_read_is_an_upstream_error(listed: bytes) -> None:
    with pytest.raises(UpstreamError, match="not one file can be read"):
        parse(NAME, b'{"files": ' + listed + b"}")


def test_every_key_after_api_1_0_is_optional() -> None:
    found = parse(NAME, b'{"files": [{"filename": "demo-1.0-py3-none-any.whl"}]}')
    assert found == Project(NAME, ProjectStatus.ACTIVE, project(File("demo-1.0-py3-none-any.whl")).releases)
    assert found.releases[0].first_upload is None
    assert not found.releases[0].is_yanked


def test_a_page_gives_the_files_of_each_release_in_the_index_order() -> None:
    newer, older = (
        wheels("py3-none-any", "cp314-cp314t-win32", version="1.10"),
        [wheel("py3-none-any", "1.9"), sdist("1.9")],
    )
    found = parse(NAME, page(*newer, *older))
    assert _versions(found) == ["1.9", "1.10"]
    assert found.files == (*older, *newer)


def test_releases_are_ordered_by_pep_440() -> None:
    spellings = ("1.0", "1!0.1", "1.0.post1", "1.0rc1", "1.0.dev2", "1.0+local", "0.9")
    found = project(*(sdist(version) for version in spellings))
    assert _versions(found) == ["0.9", "1.0.dev2", "1.0rc1", "1.0", "1.0+local", "1.0.post1", "1!0.1"]


def test_spellings_of_one_version_are_one_release_whose_name_does_not_hang_on_their_order() -> None:
    some = [sdist("1.0"), wheel("py3-none-any", "1.0.0"), wheel("cp314-cp314-win32", "1")]
    assert _versions(project(*some)) == _versions(project(*reversed(some))) == ["1.0.0"]
    assert len(project(*some).files) == 3


@pytest.mark.parametrize(
    ("filename", "version"),
    [
        ("demo-1.0.tar.gz", "1.0"),
        ("demo-1.0.zip", "1.0"),
        ("Demo-1.0-py3-none-any.whl", "1.0"),
        ("demo-2.0rc1-1-cp314-cp314t-win32.whl", "2.0rc1"),
        ("demo-2026.01.05.tar.gz", "2026.1.5"),
    ],
)
def test_wheels_and_sdists_are_sorted_by_the_version_in_their_names(filename: str, version: str) -> None:
    assert _versions(group(NAME, [File(filename)], ProjectStatus.ACTIVE)) == [version]


@pytest.mark.parametrize(
    ("filename", "counted"),
    [
        ("demo-1.0.tar.bz2", True),
        ("demo-1.0.tar.Z", True),
        ("demo-1.0.tgz", True),
        ("Demo-1.0-py2.7.egg", True),
        ("demo-1.0.win32.exe", True),
        ("demo-v1.0.msi", True),
        ("demo_1.0-1_all.deb", True),
        ("other-1.0.tar.bz2", False),
        ("demo-other-1.0.tar.bz2", False),
        ("demonstration-1.0.tar.bz2", False),
        ("demo.tar.bz2", False),
        ("demo-1.0.asc", False),
    ],
)
def test_the_projects_own_files_in_forgotten_formats_are_counted(filename: str, counted: bool) -> None:
    found = group(NAME, [File(filename)], ProjectStatus.ACTIVE)
    assert (found.releases, found.other_files) == ((), int(counted))


def test_a_forgotten_format_is_known_by_the_normalized_name() -> None:
    assert group("demo-x", [File("Demo_X-1.0.tar.bz2")], ProjectStatus.ACTIVE).other_files == 1


@pytest.mark.parametrize(
    "filename",
    [
        "demo-1.0.linux-x86_64.tar.gz",
        "demo-one.tar.gz",
        "demo-one-py3-none-any.whl",
        "demo.tar.gz",
        "-1.0.tar.gz",
        "other-1.0.tar.gz",
        "demo-1.0-py3-none.whl",
        "demo-1.0-1-2-py3-none-any.whl",
        "demo-" + "1" * 5000 + ".tar.gz",
        "demo-1.0+" + "a1" * 130 + ".tar.gz",
        "demo-1.0-cp314-cp314t-" + "linux_" * 40 + "x86_64.whl",
        "-.whl",
        "demo-.whl",
        "",
    ],
)
def test_a_file_that_does_not_parse_is_skipped(filename: str) -> None:
    found = group(NAME, [File(filename)], ProjectStatus.ACTIVE)
    assert (found.releases, found.other_files) == ((), 0)


@pytest.mark.parametrize("brief", [True, False])
def test_a_release_that_no_file_system_could_keep_hides_no_other(brief: bool) -> None:
    too_long = "2.0+" + "a1" * 130
    names = [f"demo-{version}-py3-none-any.whl" for version in ("1.0", too_long)]
    found = parse(NAME, page(*map(File, names)), brief=brief)
    assert [str(release.version) for release in found.releases] == ["1.0"]


@pytest.mark.parametrize(
    ("keys", "status"),
    [
        ({}, ProjectStatus.ACTIVE),
        ({"project_status": {"status": "quarantined"}}, ProjectStatus.QUARANTINED),
        ({"project_status": {"state": "quarantined"}}, ProjectStatus.QUARANTINED),
        ({"project_status": "quarantined"}, ProjectStatus.QUARANTINED),
        ({"meta": {"project-status": "quarantined"}}, ProjectStatus.QUARANTINED),
        ({"meta": {"project-status": {"status": "quarantined", "reason": "malware"}}}, ProjectStatus.QUARANTINED),
        ({"project_status": {"status": "archived"}}, ProjectStatus.ARCHIVED),
        ({"project_status": {"status": "deprecated", "reason": None}}, ProjectStatus.DEPRECATED),
        ({"project_status": {"status": "retired"}}, ProjectStatus.ACTIVE),
        ({"project_status": None}, ProjectStatus.ACTIVE),
        ({"project_status": ["quarantined"]}, ProjectStatus.ACTIVE),
        ({"project_status": {"status": ["quarantined"]}}, ProjectStatus.ACTIVE),
        ({"meta": []}, ProjectStatus.ACTIVE),
    ],
)
def test_the_status_marker_is_found_in_each_shape_it_was_given(keys: dict[str, object], status: ProjectStatus) -> None:
    assert parse(NAME, page(sdist(), **keys)).status is status


def test_one_wrong_type_does_not_cost_the_rest_of_the_page() -> None:
    entries = [
        {"filename": "demo-1.0-py3-none-any.whl", "requires-python": 3, "upload-time": 5, "yanked": 0},
        {"filename": "demo-1.0.tar.gz", "requires-python": ">=3.9", "upload-time": LONG_AGO, "yanked": 1},
        {"filename": "demo-1.1.tar.gz", "requires-python": ["x"], "yanked": "broken"},
        {"filename": None},
        {"url": "https://files.example/demo-1.2.tar.gz"},
        "demo-1.3.tar.gz",
        None,
    ]
    body = msgspec.json.encode({"files": entries, "project-status": {"status": "archived"}})
    found = parse(NAME, body)
    assert found.status is ProjectStatus.ARCHIVED
    assert found.files == (
        File("demo-1.0-py3-none-any.whl"),
        File("demo-1.0.tar.gz", ">=3.9", LONG_AGO, yanked=True),
        File("demo-1.1.tar.gz", yanked="broken"),
    )


@pytest.mark.parametrize(
    ("yanked", "counts"), [(False, True), (True, False), ("broken", False), ("", True), (None, True)]
)
def test_a_truthy_yanked_key_takes_a_file_away(yanked: bool | str | None, counts: bool) -> None:
    body = msgspec.json.encode({"files": [{"filename": "demo-1.0.tar.gz", "yanked": yanked}]})
    assert parse(NAME, body).releases[0].is_yanked is not counts


def test_a_release_is_yanked_when_all_its_files_are() -> None:
    half, whole = project(
        sdist("1.0", yanked=True),
        wheel("py3-none-any", "1.0"),
        sdist("2.0", yanked="bad"),
        wheel("py3-none-any", "2.0", yanked=True),
    ).releases
    assert not half.is_yanked
    assert [file.filename for file in half.standing] == ["demo-1.0-py3-none-any.whl"]
    assert not half.has_sdist
    assert whole.is_yanked
    assert whole.standing == whole.files
    assert whole.has_sdist


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-15T21:30:10Z", datetime(2026, 11, 15, 21, 30, 10, tzinfo=UTC)),
        ("2026-11-15T21:30:10.123456+00:00", datetime(2026, 11, 15, 21, 30, 10, 123456, tzinfo=UTC)),
        ("2026-11-15T23:30:10+02:00", datetime(2026, 11, 15, 21, 30, 10, tzinfo=UTC)),
        ("2026-11-15 21:30:10", datetime(2026, 11, 15, 21, 30, 10, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
    ],
)
def test_upload_times_are_read_as_utc(text: str, time: datetime | None) -> None:
    assert File("demo-1.0.tar.gz", upload_time=text).uploaded == time


def test_a_release_came_out_with_its_first_file() -> None:
    (release,) = project(
        sdist(uploaded="2026-11-02T00:00:00Z"),
        wheel("py3-none-any", uploaded="2026-11-01T23:00:00Z"),
        wheel("cp314-cp314-win32", uploaded=None),
    ).releases
    assert release.first_upload == datetime(2026, 11, 1, 23, tzinfo=UTC)


@given(projects)
def test_packing_and_unpacking_gives_the_same_project(packed: Project) -> None:
    assert unpack(packed.name, pack(packed)) == packed


@given(st.binary() | st.binary().map(zlib.compress) | _JSON.map(msgspec.msgpack.encode).map(zlib.compress))
@example(zlib.compress(msgspec.msgpack.encode(("active", 0, [("demo-" + "1" * 5000 + ".tar.gz", None, None, False)]))))
@example(zlib.compress(msgspec.msgpack.encode(("active", 0, [("demo-1.0.whl", None, None, False)]))))
@example(zlib.compress(b"\x93\xa6active\x00\x91\x94\xa1\xff\xc0\xc0\xc2"))
@example(pack(project(sdist()))[:-3])
def test_any_stored_bytes_give_a_project_or_a_value_error(packed: bytes) -> None:
    try:
        answer = unpack(NAME, packed).name
    except ValueError as failure:
        answer = str(failure)
    assert NAME in answer


@given(st.lists(files, max_size=8))
def test_no_file_is_kept_and_counted(some: list[File]) -> None:
    found = project(*some)
    assert len(found.files) + found.other_files <= len(some)


_PAGE_URL = "https://index.example/simple/demo/"


def _links(*links: dict[str, object]) -> bytes:
    return msgspec.json.encode({"files": links})


@pytest.mark.parametrize(
    ("link", "address"),
    [
        (
            {"url": "https://files.example/a/demo.whl", "core-metadata": True},
            "https://files.example/a/demo.whl.metadata",
        ),
        ({"url": "../../a/demo.whl", "core-metadata": {"sha256": "00"}}, "https://index.example/a/demo.whl.metadata"),
        ({"url": "https://files.example/a/demo.whl", "core-metadata": False}, None),
        ({"url": "https://files.example/a/demo.whl"}, None),
        ({"url": "http://files.example/a/demo.whl", "core-metadata": True}, None),
        ({"url": "https://[files.example/a/demo.whl", "core-metadata": True}, None),
        ({"url": 5, "core-metadata": True}, None),
        ({}, None),
    ],
)
def test_the_metadata_file_lies_beside_the_wheel_where_the_index_offers_it(
    link: dict[str, object], address: str | None
) -> None:
    found = metadata_file(_links({"filename": "demo.whl", **link}), _PAGE_URL, ["demo.whl"])
    assert (None if found is None else found.url) == address


def test_only_the_wheels_asked_for_are_looked_at() -> None:
    body = _links({"filename": "other.whl", "url": "other.whl", "core-metadata": True})
    assert metadata_file(body, _PAGE_URL, ["demo.whl"]) is None


@given(st.binary() | _PAGES.map(msgspec.json.encode))
def test_any_bytes_give_the_address_of_a_metadata_file_or_none(body: bytes) -> None:
    assert metadata_file(body, _PAGE_URL, ["demo.whl"]) is None
