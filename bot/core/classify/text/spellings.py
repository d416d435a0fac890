"""How versions, wheel tags and what is said beside them are spelled, word by word, for every version at once."""

from collections.abc import Mapping
from types import MappingProxyType

MINORS = (13, 14, 15, 16, 17, 18, 19)
"""Minor versions of Python 3 that have, or may get, a free-threaded build."""

_FREE_THREADED = ("free threaded", "free threading", "freethreaded", "freethreading", "nogil", "no gil")


def _tags(minor: int) -> tuple[str, ...]:
    """Spell the tag of a free-threaded build: cp314t, 3.14t, python3.14t, py314t, 3.14td, 3.14.2t, 3.14(t)."""
    names = ("cp", "py", "python", "cpython", "libpython", "")
    return (
        *(f"{name}3{dot}{minor}t{debug}" for name in names for dot in ("", " ") for debug in ("", "d")),
        *(f"3 {minor} {patch}t" for patch in range(20)),
        f"3 {minor} t",
    )


def _releases(minor: int) -> tuple[str, ...]:
    """Spell a version, free-threaded or not: 3.14, python3.14, cp314."""
    return (f"3 {minor}", f"python3 {minor}", f"python3{minor}", f"cpython3 {minor}", f"py3{minor}", f"cp3{minor}")


def _supports(minor: int) -> tuple[str, ...]:
    """Spell support for the free-threaded build of one version: "support for Python 3.14 free-threaded"."""
    return (
        *(
            f"{support} {python}3 {minor} {word}"
            for support in ("support", "support for", "supports", "supporting")
            for python in ("", "python ", "cpython ")
            for word in _FREE_THREADED
        ),
        *(f"3 {minor} {word} support" for word in _FREE_THREADED),
    )


_NEGATED = (*_FREE_THREADED, "free thread", "freethread", "ft", "t")
_SKIPPED = ("cp31 t", "cp3 t", "t", *(tag for minor in MINORS for tag in (f"cp3{minor}t", f"3 {minor}t")))

SPELLINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "t-tag": tuple(tag for minor in MINORS for tag in _tags(minor)),
        "python-release": tuple(release for minor in MINORS for release in _releases(minor)),
        **{f"tag-{minor}": _tags(minor) for minor in MINORS},
        **{f"release-{minor}": _releases(minor) for minor in MINORS},
        "no-tag": tuple(
            f"{no} {tag}" for no in ("no", "without", "missing") for minor in MINORS for tag in _tags(minor)
        ),
        "beside-tag": tuple(
            f"{one} {joint}{other}"
            for minor in MINORS
            for one, other in (
                (f"3 {minor}", f"3 {minor}t"),
                (f"cp3{minor}", f"cp3{minor}t"),
                (f"3{minor}", f"3{minor}t"),
            )
            for joint in ("", "and ", "or ", "and python ")
        ),
        "non-ft": tuple(f"{no} {word}" for no in ("non", "no non", "non experimental") for word in _NEGATED),
        "skip-tag": tuple(
            f"{skip} {tag}"
            for skip in ("skip", "skips", "skipping", "exclude", "excludes", "excluding")
            for tag in _SKIPPED
        ),
        "support-title": tuple(phrase for minor in MINORS for phrase in _supports(minor)),
        "build-log": tuple(f"{name}3{minor}t lib" for name in ("python", "") for minor in MINORS),
        "linux": tuple(f"{minor}t so" for minor in MINORS),
    }
)
"""Term to phrases, beside those of the vocabulary."""
