"""The platform that a command is about where nobody names one."""

from __future__ import annotations

from packaging.tags import platform_tags

from bot.core.wheels.platforms import Platform, read_platform


def current_platform() -> Platform:
    """Return the platform that the program runs on, by the tags of the wheels that it takes.

    One that is not judged counts as Linux x86-64, which is what most servers are.
    """
    families = (family for tag in platform_tags() for family in read_platform(tag).families)
    return next(families, Platform.MANYLINUX_X86_64)
