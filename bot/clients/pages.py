"""What a package index answers about a project, whoever asks it and by whatever library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from bot.core.index.file_links import FileLink
from bot.core.index.simple_api import MetadataFile, Project, Release
from bot.core.verdicts.freshness import Newest

_T = TypeVar("_T")


class NoPage(Enum):
    """Why the index gave no project page although it answered."""

    NOT_FOUND = "the index has no such project"
    NOT_MODIFIED = "nothing changed since the ETag"


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """A project page as read: the project and its newest release, the page's ETag, where the metadata of that is."""

    project: Project
    newest: Newest | None
    etag: str | None
    metadata_file: MetadataFile | None


@dataclass(frozen=True, slots=True)
class LinkedProject:
    """A project, and where the files of one of its releases are, by file name; no links where it has no release."""

    project: Project
    release: Release | None
    links: Mapping[str, FileLink]


@dataclass(frozen=True, slots=True)
class PageSummary(Generic[_T]):
    """What was concluded from a project page, the page's ETag, and its bytes as sent."""

    concluded: _T
    etag: str | None
    size: int
