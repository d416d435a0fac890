"""A package as programs read it: the object of ``ftbot status --json``."""

from __future__ import annotations

from dataclasses import replace

from bot.core.schema.objects import encoded
from bot.core.schema.status import status_object
from bot.core.site.facts import SitePackage


def package_json(package: SitePackage) -> bytes:
    """Return the bytes of ``/packages/NAME.json``; one that the last scan could not read is stale, and says why."""
    status = package.status
    if package.failed is not None:
        status = replace(status, stale=True, error=package.failed)
    return encoded(status_object(status))
