"""Which program this is, and on which Python it runs."""

from __future__ import annotations

import sys
from functools import cache
from importlib import metadata

from packaging.tags import platform_tags

from bot.core.wheels.platforms import Platform, read_platform


@cache
def version() -> str:
    """Return the version of the program as installed; reads files, once."""
    return metadata.version("ftbot")


def python_build() -> str:
    """Return which Python the program runs on, and whether that has the GIL on now."""
    gil_enabled = getattr(sys, "_is_gil_enabled", None)  # since Python 3.13
    build = "with the GIL" if gil_enabled is None or gil_enabled() else "free-threaded"
    return f"Python {sys.version.split()[0]}, {build}"


def current_platform() -> Platform:
    """Return the platform that the program runs on, by the tags of the wheels that it takes.

    One that is not judged counts as Linux x86-64, which is what most servers are.
    """
    families = (family for tag in platform_tags() for family in read_platform(tag).families)
    return next(families, Platform.MANYLINUX_X86_64)
