from __future__ import annotations

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from bot.core.index.simple_api import File, ProjectStatus, group
from bot.core.verdicts.curated import GIL_REENABLED, SUPERSEDED, UNTRACKED, gil_reenabled, superseded
from bot.core.verdicts.modifiers import ModifierKind
from tests.core.pages import judged


@pytest.mark.parametrize(
    ("package", "version", "reenabled"),
    [
        ("sqlalchemy", "2.0.0", True),
        ("sqlalchemy", "2.0.44", True),
        ("sqlalchemy", "1.4.54", False),
        ("sqlalchemy", "2.1.0", False),
        ("sqlalchemy", "2.1.0b1", False),
        ("apsw", "3.54.1.0", True),
        ("apsw", "4.0rc1", True),
        ("dhi", "1.3.2", True),
        ("dhi", "1.3.3", False),
        ("quantlib", "1.41", True),
        ("quantlib", "1.42", False),
        ("numpy", "2.5.5", False),
    ],
)
def test_the_gil_is_known_to_come_back_in_a_range_of_versions(package: str, version: str, reenabled: bool) -> None:
    assert (gil_reenabled(package, Version(version)) is not None) is reenabled


def test_every_entry_has_a_normalized_name_and_evidence() -> None:
    assert all(entry.evidence.startswith("https://github.com/") for entry in GIL_REENABLED)
    names = [entry.package for entry in (*GIL_REENABLED, *SUPERSEDED)] + [entry.by for entry in SUPERSEDED]
    assert names == [canonicalize_name(name) for name in names]
    assert len({entry.package for entry in GIL_REENABLED}) == len(GIL_REENABLED)


def test_every_untracked_package_has_a_normalized_name_and_a_reason() -> None:
    assert all(name == canonicalize_name(name) and len(why) > 10 for name, why in UNTRACKED.items())


def test_a_package_that_was_replaced_names_the_other() -> None:
    entry = superseded("pyyaml-ft")
    assert entry is not None
    assert entry.by == "pyyaml"
    assert superseded("pyyaml") is None


@pytest.mark.parametrize(
    ("name", "filename", "said"),
    [
        (
            "pyyaml-ft",
            "pyyaml_ft-8.0.0.tar.gz",
            "Use pyyaml instead: PyYAML has free-threaded wheels of its own since 6.0.3.",
        ),
        (
            "sqlalchemy",
            "sqlalchemy-2.0.44-cp314-cp314t-win32.whl",
            "Importing it turns the GIL back on: https://github.com/sqlalchemy/sqlalchemy/issues/13592",
        ),
    ],
)
def test_what_is_curated_is_said_with_the_verdict(name: str, filename: str, said: str) -> None:
    (modifier,) = judged(group(name, [File(filename)], ProjectStatus.ACTIVE)).modifiers
    assert modifier.kind in {ModifierKind.SUPERSEDED, ModifierKind.GIL_REENABLED}
    assert modifier.detail == said
