"""What no index says and people found out: wheels that turn the GIL back on or have other names, packages nobody needs.

Every entry has its evidence. Add one when it is public and checked; narrow its range when it is fixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from packaging.specifiers import SpecifierSet
from packaging.version import Version


@dataclass(frozen=True, slots=True)
class GilReenabled:
    """Releases of a package whose import turns the GIL back on although they have free-threaded wheels."""

    package: str
    versions: SpecifierSet
    evidence: str


@dataclass(frozen=True, slots=True)
class Superseded:
    """A package that another one replaced."""

    package: str
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Family:
    """A package whose wheels are published under other names; ``why`` goes on after their names."""

    package: str
    members: tuple[str, ...]
    why: str
    evidence: str


GIL_REENABLED = (
    GilReenabled("apsw", SpecifierSet(""), "https://github.com/rogerbinns/apsw/issues/568"),
    GilReenabled("dhi", SpecifierSet("<=1.3.2"), "https://github.com/justrach/dhi/issues/58"),
    GilReenabled("osqp", SpecifierSet(""), "https://github.com/osqp/osqp-python/issues/216"),
    GilReenabled("quantlib", SpecifierSet("<=1.41"), "https://github.com/lballabio/QuantLib-SWIG/issues/814"),
    GilReenabled("sqlalchemy", SpecifierSet(">=2.0,<2.0.54"), "https://github.com/sqlalchemy/sqlalchemy/issues/13592"),
)

SUPERSEDED = (Superseded("pyyaml-ft", "pyyaml", "PyYAML has free-threaded wheels of its own since 6.0.3"),)

FAMILIES = (
    Family("cuda-python", ("cuda-bindings",), "which it requires", "https://pypi.org/project/cuda-python/"),
    Family(
        "cupy",
        ("cupy-cuda12x", "cupy-cuda13x"),
        "one for each CUDA version",
        "https://docs.cupy.dev/en/stable/install.html",
    ),
    Family(
        "nvidia-cutlass-dsl",
        ("nvidia-cutlass-dsl-libs-base",),
        "which it requires",
        "https://py-free-threading.github.io/tracking/",
    ),
    Family("polars", ("polars-runtime-32",), "which it requires", "https://pypi.org/project/polars-runtime-32/"),
    Family(
        "psycopg",
        ("psycopg-binary",),
        "which psycopg[binary] installs",
        "https://www.psycopg.org/psycopg3/docs/basic/install.html",
    ),
    Family(
        "psycopg2",
        ("psycopg2-binary",),
        "as it has none of its own but for Windows",
        "https://www.psycopg.org/docs/install.html",
    ),
    Family("skimage", ("scikit-image",), "to which this name only points", "https://pypi.org/project/skimage/"),
    Family("sklearn", ("scikit-learn",), "to which this name only points", "https://pypi.org/project/sklearn/"),
    Family("zmq", ("pyzmq",), "to which this name only points", "https://pypi.org/project/zmq/"),
)

UNTRACKED: Mapping[str, str] = MappingProxyType(
    {entry.package: entry.why for entry in SUPERSEDED}
    | {
        "backports-zstd": "Python has had it in its standard library since 3.14",
        "pycrypto": "it has had no release since 2013; pycryptodome goes on with it",
        "pysha3": "Python has had it in its standard library since 3.6",
        "scandir": "Python has had it in its standard library since 3.5",
        "subprocess32": "it is a backport for Python 2",
        "typed-ast": "Python has had it in its standard library since 3.8",
    }
)
"""Much downloaded packages that nobody waits for, and why; they are tracked only if somebody asks about them."""

_GIL_REENABLED = {entry.package: entry for entry in GIL_REENABLED}
_SUPERSEDED = {entry.package: entry for entry in SUPERSEDED}
_FAMILIES = {entry.package: entry for entry in FAMILIES}


def gil_reenabled(package: str, version: Version) -> GilReenabled | None:
    """Look up whether importing this release of a package is known to turn the GIL back on."""
    entry = _GIL_REENABLED.get(package)
    return entry if entry is not None and entry.versions.contains(version, prereleases=True) else None


def superseded(package: str) -> Superseded | None:
    """Look up what replaced a package."""
    return _SUPERSEDED.get(package)


def family(package: str) -> Family | None:
    """Look up under which other names the wheels of a package are published."""
    return _FAMILIES.get(package)
