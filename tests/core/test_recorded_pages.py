"""Verdicts on pages that PyPI's mirror gave on 2026-11-22, whole and as they were on earlier days."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.core.index.simple_api import Project, group, pack, parse, unpack
from bot.core.verdicts.judge import judge
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import Platform
from tests.core.pages import NOW, T314, T315
from tests.core.strategies import TARGETS

pytestmark = pytest.mark.no_cover  # large pages run lines that small ones run, too

Recorded = Callable[[str], Project]


@pytest.fixture(scope="module")
def recorded(shared: Path) -> Recorded:
    """Give a function that reads a recorded page, once."""
    pages: dict[str, Project] = {}

    def read(name: str) -> Project:
        if name not in pages:
            pages[name] = parse(name, gzip.decompress((shared / "data" / "simple" / f"{name}.json.gz").read_bytes()))
        return pages[name]

    return read


def _as_of(known: Project, now: datetime) -> Project:
    """Return a project as it was: with the files uploaded until then."""
    until = [file for file in known.files if file.uploaded is not None and file.uploaded <= now]
    return group(known.name, until, known.status)


def _said(known: Project, now: datetime) -> list[str]:
    """Return the version, and for 3.14t and 3.15t the verdict, ``-`` missing platforms and ``+`` modifiers."""
    judgement = judge(known, (T314, T315), now)
    words = [str(judgement.version)]
    for each in judgement.targets:
        missing = each.missing if each.verdict is Verdict.PARTIAL else ()
        words.append(
            each.verdict.value
            + "".join(f" -{platform}" for platform in missing)
            + "".join(f" +{modifier.kind}" for modifier in each.modifiers)
        )
    return words


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("abi3-abi3t-universal", ["0.2", "mis-tagged +suspect-wheels", "mis-tagged +suspect-wheels"]),
        ("backports-zstd", ["1.8.0", "excluded", "excluded"]),
        ("charset-normalizer", ["3.5.2", "supported +floor", "supported +floor"]),
        ("cryptography", ["50.0.2", "supported +narrowed", "supported"]),
        ("frozenlist", ["1.8.0", "supported", "pure-fallback +lagging"]),
        ("google-crc32c", ["1.9.0", "not-yet", "not-yet"]),
        ("grpcio", ["1.85.1", "not-yet", "not-yet"]),
        ("httpcore", ["1.0.9", "pure", "pure"]),
        ("hypothesis", ["6.170.15", "partial -win_arm64 -win32", "supported"]),
        ("lmdb", ["3.0.0", "not-yet +regressed", "not-yet"]),
        ("lxml", ["6.1.3", "supported", "supported"]),
        ("numpy", ["2.5.5", "supported +floor", "supported"]),
        ("orjson", ["3.13.0", "not-yet", "not-yet"]),
        ("protobuf", ["7.36.2", "pure-fallback", "pure-fallback"]),
        ("psutil", ["7.2.2", "partial -musllinux_x86_64 -musllinux_aarch64 +floor", "abi3-only +lagging"]),
        ("py-spy", ["0.4.3", "no-python-abi", "no-python-abi"]),
        ("pydantic-core", ["2.50.4", "supported", "supported"]),
        ("pyobjc-core", ["13.0", "supported", "supported"]),
        ("pyyaml", ["6.0.3", "supported", "not-yet +lagging"]),
        ("pyyaml-ft", ["8.0.0", "not-yet", "not-yet"]),
        ("ruff", ["0.17.6", "no-python-abi", "no-python-abi"]),
        ("soundfile", ["0.14.0", "no-python-abi", "no-python-abi"]),
        ("torch", ["2.15.0", "supported", "supported"]),
        ("usd-core", ["26.11", "mis-tagged +suspect-wheels", "excluded"]),
        ("uvloop", ["0.23.0", "supported", "supported"]),
    ],
)
def test_a_recorded_project_gets_the_verdict_that_its_files_deserve(
    recorded: Recorded, name: str, said: list[str]
) -> None:
    assert _said(recorded(name), NOW) == said


@pytest.mark.parametrize(
    ("name", "now", "said"),
    [
        # 2.50.3 came without free-threaded wheels and without an sdist; 2.50.4 was complete twelve hours later
        ("pydantic-core", "2026-11-04T12:00", ["2.50.2", "supported", "supported"]),
        ("pydantic-core", "2026-11-04T23:59", ["2.50.3", "blocked +uploading", "blocked +uploading"]),
        ("pydantic-core", "2026-11-06T00:00", ["2.50.4", "supported", "supported"]),
        # the first abi3t wheels: one release after none
        ("cryptography", "2026-09-30T12:00", ["50.0.1", "supported +narrowed", "abi3-only +lagging"]),
        # sdist first, free-threaded wheels some minutes later
        ("numpy", "2025-07-24T12:00", ["2.3.1", "not-yet", "not-yet"]),
        ("numpy", "2025-07-25T12:00", ["2.3.2", "supported", "not-yet +lagging"]),
        # the loss of lmdb: on the first day, and confirmed by the next release on the second
        ("lmdb", "2026-03-19T04:00", ["2.0.0", "not-yet +uploading", "not-yet"]),
        ("lmdb", "2026-03-19T12:00", ["2.1.0", "not-yet +regressed", "not-yet"]),
    ],
)
def test_a_recorded_project_got_another_verdict_on_an_earlier_day(
    recorded: Recorded, name: str, now: str, said: list[str]
) -> None:
    assert _said(_as_of(recorded(name), _at(now)), _at(now)) == said


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("2026-11-06T21:37", "blocked +uploading"),
        ("2026-11-10T00:00", "blocked +uploading"),
        ("2026-11-18T21:37", "blocked +uploading"),
        ("2026-11-18T21:38", "blocked +regressed"),
    ],
)
def test_a_truncated_release_would_have_been_uploading_for_14_days(recorded: Recorded, now: str, said: str) -> None:
    truncated = _as_of(recorded("pydantic-core"), _at("2026-11-04T23:00"))
    assert _said(truncated, _at(now)) == ["2.50.3", said, said]


@pytest.mark.parametrize(
    ("name", "on_314", "on_315"),
    [
        ("numpy", ("2.3.2", "2025-07-24"), ("2.5.2", "2026-08-09")),
        ("cryptography", ("46.0.0", "2025-09-16"), ("50.0.2", "2026-09-30")),
        ("pydantic-core", ("2.50.4", "2026-11-05"), ("2.50.4", "2026-11-05")),
        ("psutil", ("7.1.2", "2025-10-25"), None),
        ("lmdb", None, None),
        ("httpcore", None, None),
    ],
)
def test_a_recorded_project_has_had_wheels_since_a_release_and_a_day(
    recorded: Recorded, name: str, on_314: tuple[str, str] | None, on_315: tuple[str, str] | None
) -> None:
    targets = judge(recorded(name), (T314, T315), NOW).targets
    assert [each.since and (str(each.since.version), str(each.since.date)) for each in targets] == [on_314, on_315]


def test_abi3t_covers_3_15t_where_3_14t_has_wheels_of_its_own(recorded: Recorded) -> None:
    on_314, on_315 = judge(recorded("cryptography"), (T314, T315), NOW).targets
    assert {cover.how for cover in on_314.covered.values()} == {"cp314t"}
    assert {cover.how for cover in on_315.covered.values()} == {"abi3t"}
    assert str(on_315.covered[Platform.MANYLINUX_X86_64].floor) == "glibc 2.17"


def test_every_recorded_page_is_read_judged_and_packed(recorded: Recorded, shared: Path) -> None:
    names = sorted(path.name.partition(".")[0] for path in (shared / "data" / "simple").glob("*.json.gz"))
    assert len(names) >= 39
    for name in names:
        known = recorded(name)
        judgement = judge(known, TARGETS, NOW)
        assert judgement.version is not None, name
        assert judgement.released is not None, name
        assert all(each.verdict.ok is not None for each in judgement.targets), name
        assert judge(unpack(name, pack(known)), TARGETS, NOW) == judgement, name
