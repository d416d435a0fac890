"""Makes wheels of releases as they were read, by what their modules declare."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from packaging.version import Version

from bot.core.inspection.inspection import Inspection, ReadWheel
from bot.core.inspection.modules import Declaration, ExtensionModule

OFF, ON, UNKNOWN = Declaration.NOT_USED, Declaration.USED, Declaration.UNKNOWN
READ = datetime(2026, 11, 20, tzinfo=UTC)


def wheel_name(version: str, minor: int = 14, name: str = "demo", platform: str = "manylinux_2_28_x86_64") -> str:
    return f"{name}-{version}-cp3{minor}-cp3{minor}t-{platform}.whl"


def read_wheel(
    version: str,
    *declared: Declaration,
    when: datetime = READ,
    minor: int = 14,
    name: str = "demo",
    platform: str = "manylinux_2_28_x86_64",
) -> ReadWheel:
    """Return a wheel with modules ``demo.m0`` and so on."""
    modules = tuple(
        ExtensionModule(f"{name}.m{number}", f"{name}/m{number}.so", each, reason="No." if each is UNKNOWN else None)
        for number, each in enumerate(declared)
    )
    file = wheel_name(version, minor, name, platform)
    inspection = Inspection(file, sha256(file.encode()).hexdigest(), False, 1, 1, 1, modules)
    return ReadWheel(name, Version(version), inspection, when)
