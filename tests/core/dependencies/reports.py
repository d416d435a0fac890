"""Reports of a made-up application, as the drawings and tables are tried on."""

from __future__ import annotations

from dataclasses import replace

from packaging.version import Version

from bot.core.dependencies.files import FileKind, UnreadLine
from bot.core.dependencies.judged import JudgedBy, JudgedDependency, NeededPackage, NewestRelease
from bot.core.dependencies.report import DependencyReport, ReadFile, in_reading_order
from bot.core.inspection.modules import Gil
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target

LINUX = Platform.MANYLINUX_X86_64


def dependency(name: str, version: str, verdict: Verdict, *path: str, **more: object) -> JudgedDependency:
    """Make a dependency that is pulled in by a path of names."""
    needed = NeededPackage(name, Version(version), (LINUX,), paths=((*path, name),), ways=1, groups=("main",))
    found = JudgedDependency(needed, Version(version), verdict, first_working=Version(version) if verdict.ok else None)
    return replace(found, **more)  # type: ignore[arg-type] # whatever a test names


TORNADO = dependency(
    "tornado",
    "6.5.4",
    Verdict.ABI3_ONLY,
    "app",
    missing=(LINUX,),
    newest=NewestRelease(Version("6.6"), Verdict.SUPPORTED),
    first_working=Version("6.6"),
    tracking_issue="https://github.com/tornadoweb/tornado/issues/3501",
)
PYLSQPACK = dependency("pylsqpack", "0.3.23", Verdict.ABI3_ONLY, "app", "aioquic", missing=(LINUX,))
LXML = dependency("lxml", "6.1.3", Verdict.SUPPORTED, "app", gil=Gil.ON)
ATTRS = dependency("attrs", "25.4.0", Verdict.PURE, "app")
PRIVATE = dependency(
    "acme-internal", "1.0", Verdict.NOT_FOUND, "app", reason="The index has no such project; it may be a private one."
)
TORCH = dependency(
    "torch",
    "2.11.0+cu128",
    Verdict.SUPPORTED,
    "app",
    judged_by=JudgedBy.LOCK,
    needed=NeededPackage(
        "torch",
        Version("2.11.0+cu128"),
        (LINUX,),
        paths=(("app", "torch"),),
        ways=1,
        groups=("main",),
        registry="https://download.example/whl/cu128",
    ),
)


def report(*dependencies: JudgedDependency, **more: object) -> DependencyReport:
    """Make a report about an application on 3.14t."""
    found = DependencyReport(
        "app",
        Target(14),
        (LINUX,),
        files=(ReadFile("uv.lock", FileKind.UV_LOCK),),
        dependencies=in_reading_order(dependencies),
    )
    return replace(found, **more)  # type: ignore[arg-type] # whatever a test names


EVERYTHING = report(
    TORNADO,
    PYLSQPACK,
    LXML,
    ATTRS,
    PRIVATE,
    TORCH,
    not_read=(UnreadLine("requirements.txt", 3, "-e .", "an editable project"),),
)
