"""Made-up projects, the same each time, with pages of the sizes that real ones have and wheels of every kind."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from statistics import NormalDist

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
"""When the newest of the releases is a few days old."""

WALKED = 1_225
"""How many of the most downloaded projects have to be read to find ``NATIVE`` with native wheels."""

NATIVE = 360

_HEAD_MEDIAN, _HEAD_SPREAD = 57_000, 1.72
_TAIL_MEDIAN, _TAIL_SPREAD = 20_000, 1.3
_LARGEST = 6_300_000
_LARGEST_PURE = 1_200_000
"""Bytes: projects without native wheels have two files a release, and seldom more than a thousand releases."""

_TAIL_NATIVE = 0.17
_CALENDAR = 0.15
"""The share of projects that number their releases by the calendar."""

_FILE_BYTES = 560
"""What a file takes on a page of PyPI's, about."""

_DECADE = timedelta(days=3_650)
_PLATFORMS = (
    "manylinux_2_27_x86_64.manylinux_2_28_x86_64",
    "macosx_11_0_arm64",
    "win_amd64",
    "manylinux_2_27_aarch64.manylinux_2_28_aarch64",
    "macosx_10_13_x86_64",
    "musllinux_1_2_x86_64",
    "musllinux_1_2_aarch64",
    "win32",
    "win_arm64",
    "manylinux_2_28_ppc64le",
    "manylinux_2_28_s390x",
    "manylinux_2_31_armv7l",
    "manylinux_2_31_riscv64",
)


class Kind(Enum):
    """What the newest wheels of a project are."""

    PURE = "pure Python"
    GIL_ONLY = "one for each Python with the GIL"
    FREE_THREADED = "one for each Python, free-threaded ones too"
    ABI3 = "one for all Pythons with the GIL"
    ABI3T = "one for all Pythons from 3.15 on"


_NATIVE_KINDS = (Kind.FREE_THREADED, Kind.GIL_ONLY, Kind.FREE_THREADED, Kind.ABI3, Kind.GIL_ONLY, Kind.FREE_THREADED)
_ABI3T_EVERY = 24
"""Of so many native projects, one is ahead of the others."""

_GIL = (
    (datetime(2000, 1, 1, tzinfo=UTC), ("cp35-cp35m", "cp36-cp36m", "cp37-cp37m", "cp38-cp38")),
    (datetime(2021, 10, 1, tzinfo=UTC), ("cp38-cp38", "cp39-cp39", "cp310-cp310")),
    (datetime(2023, 10, 1, tzinfo=UTC), ("cp39-cp39", "cp310-cp310", "cp311-cp311", "cp312-cp312")),
    (datetime(2024, 9, 15, tzinfo=UTC), ("cp310-cp310", "cp311-cp311", "cp312-cp312", "cp313-cp313")),
    (datetime(2025, 9, 15, tzinfo=UTC), ("cp311-cp311", "cp312-cp312", "cp313-cp313", "cp314-cp314")),
    (datetime(2026, 9, 15, tzinfo=UTC), ("cp312-cp312", "cp313-cp313", "cp314-cp314", "cp315-cp315")),
)
_FREE_THREADED = (
    (datetime(2024, 9, 15, tzinfo=UTC), ("cp313-cp313t",)),
    (datetime(2025, 9, 15, tzinfo=UTC), ("cp313-cp313t", "cp314-cp314t")),
    (datetime(2026, 9, 15, tzinfo=UTC), ("cp314-cp314t", "cp315-cp315t")),
)
_ABI3T_SINCE = datetime(2026, 9, 15, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class MadeProject:
    """A project to be made: its normalized name, its kind, about how many files, the serial of its last change."""

    name: str
    kind: Kind
    files: int
    serial: int

    @property
    def native(self) -> bool:
        """Return whether the newest release has native wheels."""
        return self.kind is not Kind.PURE


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a project numbers releases: by the calendar, or with so many patches a minor and minors a major version."""

    calendar: bool
    first: int
    patches: int
    minors: int

    def version(self, number: int, came: datetime) -> str:
        """Return the version of a release by its number."""
        if self.calendar:
            return f"{came.year}.{came.month}.{number}"
        minor, patch = divmod(number, self.patches)
        return f"{self.first + minor // self.minors}.{minor % self.minors}.{patch}"


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file of a release, with the random digits that index pages are full of."""

    name: str
    version: str
    python: str
    uploaded: str
    digits: str
    size: int


def most_downloaded(count: int) -> list[MadeProject]:
    """List projects: of the first 1,225 are 360 native, among them the last; the tail has smaller pages."""
    head = _head()[:count]
    randomly = random.Random(2)  # noqa: S311 — the same projects each time
    tail = range(WALKED, count)
    sizes = _sizes(len(tail), _TAIL_MEDIAN, _TAIL_SPREAD)
    randomly.shuffle(sizes)
    return head + [
        _project(number, size, native=randomly.random() < _TAIL_NATIVE)
        for number, size in zip(tail, sizes, strict=True)
    ]


def sample_of(projects: Sequence[MadeProject], every: int) -> list[MadeProject]:
    """Take every so manieth project by size, so that the sample is like the whole; 1 takes all."""
    return sorted(projects, key=lambda project: (project.files, project.name))[every // 2 :: every]


def page_of(project: MadeProject, changes: int = 0) -> bytes:
    """Make the JSON page of the Simple API; each change adds a release."""
    files = list(_files(project, changes))
    entries = ",".join(map(_simple_entry, files))
    versions = '","'.join(dict.fromkeys(file.version for file in files))
    return (
        f'{{"alternate-locations":[],"files":[{entries}],'
        f'"meta":{{"_last-serial":{project.serial + changes},"api-version":"1.4"}},"name":"{project.name}",'
        f'"project-status":{{"status":"active"}},"versions":["{versions}"]}}\n'
    ).encode()


def document_of(project: MadeProject) -> bytes:
    """Make the document of the JSON API."""
    releases: dict[str, list[str]] = {}
    for file in _files(project, 0):
        releases.setdefault(file.version, []).append(_json_entry(file))
    newest = list(releases)[-1]
    listed = ",".join(f'"{version}":[{",".join(entries)}]' for version, entries in releases.items())
    description = " ".join(hashlib.sha256(f"{project.name}{line}".encode()).hexdigest()[:7] for line in range(1_200))
    return (
        f'{{"info":{{"author":"","classifiers":["Programming Language :: Python :: 3"],"description":"{description}",'
        f'"name":"{project.name}","requires_dist":[],"version":"{newest}"}},"last_serial":{project.serial},'
        f'"releases":{{{listed}}},"urls":[{",".join(releases[newest])}],"vulnerabilities":[]}}\n'
    ).encode()


def _head() -> list[MadeProject]:
    """Make the projects of the walk: the larger a page, the likelier its project is native."""
    randomly = random.Random(1)  # noqa: S311 — the same projects each time
    sizes = _sizes(WALKED, _HEAD_MEDIAN, _HEAD_SPREAD)
    drawn = [(randomly.random() ** (1 / (size**0.4)), size) for size in sizes]
    by_weight = sorted(drawn, key=lambda each: (each[1] <= _LARGEST_PURE, -each[0]))
    natives = [size for _, size in by_weight[:NATIVE]]
    others = [size for _, size in by_weight[NATIVE:]]
    randomly.shuffle(natives)
    randomly.shuffle(others)
    native_places = {WALKED - 1, *randomly.sample(range(WALKED - 1), NATIVE - 1)}
    return [
        _project(place, natives.pop() if place in native_places else others.pop(), native=place in native_places)
        for place in range(WALKED)
    ]


def _project(place: int, size: int, *, native: bool) -> MadeProject:
    kind = Kind.PURE
    if native:
        kind = Kind.ABI3T if place % _ABI3T_EVERY == 0 else _NATIVE_KINDS[place % len(_NATIVE_KINDS)]
    return MadeProject(f"project-{place:05}", kind, max(2, size // _FILE_BYTES), 20_000_000 + place * 1_000)


def _sizes(count: int, middle: int, spread: float) -> list[int]:
    """Return sizes in bytes that spread as those of real pages do: log-normally, many small ones and few huge ones."""
    normal = NormalDist()
    exact = (middle * math.exp(spread * normal.inv_cdf((place + 0.5) / count)) for place in range(count))
    return [min(_LARGEST, int(size)) for size in exact]


def _files(project: MadeProject, changes: int) -> Iterator[MadeFile]:
    """Make the files, the oldest first: the larger the project, the more releases and the more wheels in each."""
    randomly = random.Random(project.name)  # noqa: S311 — the same files each time
    count = project.files // 2 if not project.native else round(project.files**0.6)
    wheels = max(1, project.files // max(1, count) - 1)
    age = _DECADE * randomly.uniform(0.3, 1.0)
    last = NOW - timedelta(days=randomly.uniform(1, 120))
    scheme = Scheme(randomly.random() < _CALENDAR, randomly.randint(0, 4), *randomly.choices(range(2, 30), k=2))
    for number in range(max(1, count)):
        came = last - age * (1 - (number + 1) / max(1, count))
        yield from _release(project, scheme.version(number, came), came, wheels, randomly)
    for number in range(count, count + changes):
        came = NOW + timedelta(minutes=1 + number - count)
        yield from _release(project, scheme.version(number, came), came, wheels, randomly)


def _release(
    project: MadeProject, version: str, came: datetime, wheels: int, randomly: random.Random
) -> Iterator[MadeFile]:
    stem = f"{project.name.replace('-', '_')}-{version}"
    names = [f"{stem}-{tags}.whl" for tags in _tags(project.kind, came, wheels)]
    for place, name in enumerate((*names, f"{stem}.tar.gz")):
        yield MadeFile(
            name=name,
            version=version,
            python=">=3.9" if project.native else ">=3.8",
            uploaded=f"{came + timedelta(seconds=place):%Y-%m-%dT%H:%M:%S}.{randomly.randrange(1_000_000):06}Z",
            digits=randomly.randbytes(96).hex(),
            size=randomly.randrange(20_000, 20_000_000),
        )


def _tags(kind: Kind, came: datetime, wheels: int) -> list[str]:
    """Return the tags of a release's wheels: those for the newest Pythons first, then platform by platform."""
    if kind is Kind.PURE:
        return ["py3-none-any"]
    if kind is Kind.ABI3 or (kind is Kind.ABI3T and came < _ABI3T_SINCE):
        pythons: tuple[str, ...] = ("cp39-abi3",)
    elif kind is Kind.ABI3T:
        pythons = ("cp315-abi3.abi3t", "cp314-cp314t", "cp39-abi3")
    else:
        pythons = _in_force(_GIL, came) + (_in_force(_FREE_THREADED, came) if kind is Kind.FREE_THREADED else ())
    everywhere = [f"{python}-{platform}" for platform in _PLATFORMS for python in reversed(pythons)]
    return everywhere[: max(wheels, len(pythons))]


def _in_force(eras: Sequence[tuple[datetime, tuple[str, ...]]], came: datetime) -> tuple[str, ...]:
    return next((pythons for since, pythons in reversed(eras) if came >= since), ())


def _url(file: MadeFile) -> str:
    place = file.digits[64:124]
    return f"https://files.example/packages/{place[:2]}/{place[2:4]}/{place[4:]}/{file.name}"


def _simple_entry(file: MadeFile) -> str:
    core = f'{{"sha256":"{file.digits[128:]}"}}' if file.name.endswith(".whl") else "false"
    return (
        f'{{"core-metadata":{core},"data-dist-info-metadata":{core},"filename":"{file.name}",'
        f'"hashes":{{"sha256":"{file.digits[:64]}"}},"provenance":null,"requires-python":"{file.python}",'
        f'"size":{file.size},"upload-time":"{file.uploaded}","url":"{_url(file)}","yanked":false}}'
    )


def _json_entry(file: MadeFile) -> str:
    wheel = file.name.endswith(".whl")
    core = f'{{"sha256":"{file.digits[128:]}"}}' if wheel else "false"
    return (
        f'{{"comment_text":null,"core-metadata":{core},"digests":{{"blake2b_256":"{file.digits[64:128]}",'
        f'"md5":"{file.digits[100:132]}","sha256":"{file.digits[:64]}"}},"downloads":-1,"filename":"{file.name}",'
        f'"has_sig":false,"md5_digest":"{file.digits[100:132]}",'
        f'"packagetype":"{"bdist_wheel" if wheel else "sdist"}","python_version":"{"py3" if wheel else "source"}",'
        f'"requires_python":"{file.python}","size":{file.size},"upload_time":"{file.uploaded[:19]}",'
        f'"upload_time_iso_8601":"{file.uploaded}","url":"{_url(file)}","yanked":false,"yanked_reason":null}}'
    )
