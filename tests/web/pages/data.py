"""A database as scans leave it, whose packages, threads and modules are called what strangers would call them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from packaging.version import Version

from bot.config import Settings, settings_of
from bot.core.github.threads import IssueRef
from bot.core.history.scan import conclude
from bot.core.index.metadata import Metadata
from bot.core.index.simple_api import File, ProjectStatus, group
from bot.core.inspection.inspection import Inspection
from bot.core.inspection.modules import Declaration, ExtensionModule
from bot.core.wheels.targets import Target
from storage.engine.engine import Engine
from storage.github.threads import Threads
from storage.packages.inspections import Inspections
from storage.packages.metadata import ReleaseMetadata
from storage.packages.projects import Projects
from storage.packages.scans import Scans
from tests.storage.made_threads import ISSUE, THREAD

TARGETS = (Target(14), Target(15))
EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}{% raw %}\u202egnp.\x00"
"""Whatever a stranger may write: out of an attribute, into a script, into a template, against the direction."""

WIN, LINUX = "win_amd64", "manylinux_2_28_x86_64"


def settings_for(path: Path) -> Settings:
    """Return the settings of a site on a database; nobody is there to be asked."""
    nobody = "http://127.0.0.1:9/"
    return settings_of(
        {"FTBOT_DATABASE": str(path), "FTBOT_INDEX_URL": nobody, "FTBOT_JSON_API_URL": nobody, "FTBOT_TRACK": "5"}
    )


def files(name: str, version: str, tags: Sequence[str], days: float, yanked: bool | str = False) -> list[File]:
    """Make the files of a release that came so many days ago: wheels, and an sdist."""
    uploaded = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    names = [*(f"{name}-{version}-{each}.whl" for each in tags), f"{name}-{version}.tar.gz"]
    return [File(each, None, uploaded, yanked) for each in names]


async def fill(database: Engine, *, failed: str | None = EVIL, packages: int = 5) -> None:
    """Store a scan of some packages: some have wheels, some do not, all have something hostile about them."""
    now = datetime.now(UTC)
    gil, first, second = (f"{tag}-{WIN}" for tag in ("cp314-cp314", "cp314-cp314t", "cp315-cp315t"))
    pages = {
        "alpha": [
            *files("alpha", "1.0", [gil], 300),
            *files("alpha", "2.0", [gil, first, f"cp314-cp314-{LINUX}"], 9),
        ],
        "beta": files("beta", "1.0", [gil, first, second, f"cp314-cp314t-{LINUX}"], 100),
        "gamma": files("gamma", "1.0", [f"cp314-abi3-{WIN}"], 50, yanked=EVIL),
        "delta": files("delta", "3.1", [gil], 20),
    }
    pages |= {f"many{number:04}": files(f"many{number:04}", "1.0", [gil], 30) for number in range(packages - 4)}
    concluded = [conclude(group(name, some, ProjectStatus.ACTIVE), TARGETS, now) for name, some in pages.items()]
    await Projects(database).record(1, now, [(each, None) for each in concluded])
    await _surround(database, now)
    scans = Scans(database)
    number = await scans.begin(now, now)
    tracked = [(name, place if name != "delta" else None) for place, name in enumerate(pages, start=1)]
    await scans.end(number, now, tracked, {} if failed is None else {"delta": failed}, packages)


async def _surround(database: Engine, now: datetime) -> None:
    """Store what is known round the packages."""
    modules = (
        ExtensionModule(f"alpha.{EVIL}", "alpha/_c.cpython-314t-win.pyd", Declaration.USED),
        ExtensionModule("alpha.good", "alpha/good.cp314t-win_amd64.pyd", Declaration.NOT_USED),
    )
    wheel = "alpha-2.0-cp314-cp314t-win_amd64.whl"
    read = Inspection(wheel, "00" * 32, verified=True, bytes_read=1, bytes=1, requests=1, modules=modules)
    await Inspections(database).record("alpha", Version("2.0"), read, now)
    said = Metadata(
        f"Programming Language :: Python :: Free Threading :: 3 - Stable{EVIL}",
        source=f"https://example.org/{EVIL}",
        tracker="javascript:alert(3)",
        requires=("delta", "gamma>=1", f"gamma; {EVIL}", "nothing-known"),
    )
    await ReleaseMetadata(database).record("alpha", "2.0", said, now)
    issue = replace(ISSUE, title=EVIL, ref=IssueRef("alpha/alpha", 7), node_id="I_alpha")
    await Threads(database).record([replace(THREAD, issue=issue, package="alpha")], [], [], now)


async def change(database: Engine, name: str) -> None:
    """Let a later scan find that a package has wheels now."""
    now = datetime.now(UTC)
    some = files(name, "9.0", [f"cp314-cp314-{WIN}", f"cp314-cp314t-{WIN}"], 0.5)
    await Projects(database).record(2, now, [(conclude(group(name, some, ProjectStatus.ACTIVE), TARGETS, now), None)])
    scans = Scans(database)
    latest = await scans.latest()
    if latest is not None:
        number = await scans.begin(now, now)
        await scans.end(number, now, latest.tracked, latest.failed, latest.wanted)


def lines_of(body: bytes) -> dict[str, object]:
    """Read the file that the script reads."""
    return msgspec.json.decode(body, type=dict[str, object])
