"""Wheels of the shapes that real ones have, made of bytes that do not compress, the same each time."""

from __future__ import annotations

import random
import zipfile
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

_SUFFIX = ".cpython-314t-x86_64-linux-gnu.so"
_SMALL = 2_000


@dataclass(frozen=True, slots=True)
class Shape:
    """What is in a wheel: modules and other files, by number and bytes, in ``folders``, and a library.

    A folder's modules are together in the wheel, as zip writes what a folder has by name or as it comes.
    """

    like: str
    modules: int
    module_bytes: int
    others: int
    other_bytes: int = _SMALL
    folders: int = 1
    library_bytes: int = 0


SHAPES = (
    Shape("audioop-lts", 1, 84_000, 8, 1_000),
    Shape("rpds-py", 1, 366_000, 7, 1_000),
    Shape("pydantic-core", 1, 2_200_000, 12, 4_000),
    Shape("aiohttp", 4, 430_000, 120, 2_200, 2),
    Shape("pillow", 8, 187_000, 100, 3_000, 1, 5_300_000),
    Shape("lxml", 7, 670_000, 180, 2_800, 3),
    Shape("fonttools", 6, 547_000, 500, 4_200, 6),
    Shape("sqlalchemy", 8, 349_000, 270, 7_600, 2),
    Shape("numpy", 19, 270_000, 900, 1_500, 6, 9_300_000),
    Shape("matplotlib", 8, 484_000, 820, 8_500, 4),
    Shape("mypy", 233, 62_000, 500, 5_000, 30),
    Shape("scipy", 106, 160_000, 1_300, 4_500, 34, 12_000_000),
)
"""By the Linux wheels of late 2026: sizes are compressed ones."""


def make_wheel(folder: Path, shape: Shape) -> Path:
    """Write a wheel of a shape into a folder."""
    noise = random.Random(shape.like)  # noqa: S311 — hides nothing
    path = folder / f"{shape.like.replace('-', '_')}-1.0-cp314-cp314t-manylinux_2_28_x86_64.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for place in range(shape.folders):
            modules = _share(shape.modules, shape.folders, place)
            others = _share(shape.others, shape.folders, place)
            sizes = [*repeat(("module", shape.module_bytes), modules), *repeat(("other", shape.other_bytes), others)]
            for number, (kind, size) in enumerate(sizes):
                name = f"{shape.like}/part{place}/{kind}{number}{_SUFFIX if kind == 'module' else '.py'}"
                archive.writestr(zipfile.ZipInfo(name), noise.randbytes(noise.randint(size // 2, size * 3 // 2)))
        if shape.library_bytes:
            name = f"{shape.like}.libs/libother.so.1"
            archive.writestr(zipfile.ZipInfo(name), noise.randbytes(shape.library_bytes))
    return path


def _share(number: int, parts: int, place: int) -> int:
    """Return how many of a number belong to a part."""
    return number * (place + 1) // parts - number * place // parts
