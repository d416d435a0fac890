"""Chooses versions for what is required, by uv as a process that is given nothing of ours and reaches nobody but us.

uv reads requirement files with options, includes, variables and paths in them, runs code of local projects and asks
other indexes, if it is told to. So it is told nothing that was not written here, from demands that were read before; it
has no environment, no configuration, no home and no network but our relay; and it builds nothing.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import stat
import sys
import sysconfig
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import structlog

from bot.clients.children import Ended, LimitExceededError, Limits, Workplace, run
from bot.clients.index_relay import IndexRelay, OnPage
from bot.clients.readers import Readers
from bot.clients.web import Patience
from bot.core.dependencies.files import Demand
from bot.core.dependencies.resolving import (
    RESOLVER_PLATFORMS,
    Culprit,
    RequirementLines,
    Resolution,
    UnreadPackage,
    conflict,
    find_culprit,
    read_pins,
    read_warnings,
    requirement_lines,
)
from bot.core.errors import UnresolvableError, UserError
from bot.core.origins import Host
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target

SECONDS = 90.0
"""How long all rounds together may take."""

MOST_ROUNDS = 20
"""How often it is tried again without a package that cannot be resolved, each time another one."""

LIMITS = Limits(memory=4 << 30, file=256 << 20, output=2 << 20)
"""uv reserves more than it uses: 400 MB of address space are too little for any answer, 1.5 GB are enough for most."""

LARGEST_CACHE = 1 << 30
"""Bytes of what uv keeps between answers, and writes for one."""

_LOOK_SECONDS = 2.0
"""How often it is looked how large that is."""

_ROOM = 0.5
"""How much of the cache may be full when uv begins."""

_NEWEST_MACOS = "26.0"
_PATIENT_SECONDS = 600
"""How long uv waits for an answer: longer than we do, so that it is us who say what went wrong."""

_ANSWERED, _NO_SOLUTION = 0, "No solution found"
_STATUSES = frozenset({1, 2})
"""With which uv ends when it says why; with another it broke."""

_SHELL_FAILED = frozenset({126, 127})
"""The statuses of a shell that cannot run a program."""

_OPTIONS = (
    "pip",
    "compile",
    "--no-config",
    "--no-header",
    "--no-python-downloads",
    "--no-progress",
    "--color=never",
    "--no-sources",
    "--only-binary=:all:",
    "--annotation-style=line",
)

_AS_WITH_GIL = """\
import json, subprocess, sys
told = json.loads(subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, check=True).stdout)
print(json.dumps({**told, "gil_disabled": False}))
"""
"""Answers what uv asks a Python, as the same Python would with the GIL: uv takes other wheels for one without it."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python, of which uv asks only what it is like."""

    path: str = sys.executable
    free_threaded: bool = field(default_factory=lambda: bool(sysconfig.get_config_var("Py_GIL_DISABLED")))


@dataclass(frozen=True, slots=True)
class Resolver:
    """Resolves what is required from one index; ``hosts`` are those besides its own that the index may lead to.

    What uv reads is kept in ``cache``, a folder of its own that is emptied when it grows too large; without one it is
    forgotten. ``uv`` is the program, by default that of the package of this name.
    """

    http: httpx.AsyncClient
    index_url: str
    hosts: tuple[Host, ...] = ()
    cache: Path | None = None
    patience: Patience = field(default_factory=Patience)
    readers: Readers = field(default_factory=Readers)
    seconds: float = SECONDS
    limits: Limits = LIMITS
    largest_cache: int = LARGEST_CACHE
    uv: Path | None = None
    interpreter: Interpreter = field(default_factory=Interpreter)

    async def resolve(
        self,
        demands: Sequence[Demand],
        constraints: Sequence[Demand],
        target: Target,
        platform: Platform,
        on_page: OnPage | None = None,
    ) -> Resolution:
        """Choose versions for a Python on a platform, of those with a wheel for its free-threaded or its other build.

        A package that cannot be resolved is left out, and listed as unread. ``on_page`` is told of every project page
        that was read. Raises ``UnresolvableError`` where requirements contradict each other or are too much,
        ``UpstreamError`` where the index cannot be read, and ``UserError`` without uv.
        """
        wanted = requirement_lines(demands, target, platform)
        if not wanted.lines:
            return Resolution((), wanted.unread)
        bounds = requirement_lines(constraints, target, platform)
        uv = self.uv or await asyncio.to_thread(find_uv)
        relay = IndexRelay(
            self.http, self.index_url, target.interpreter, self.hosts, self.patience, self.readers, on_page
        )
        try:
            async with asyncio.timeout(self.seconds), relay.serving(), self._workshop() as shop:
                options = await asyncio.to_thread(shop.set_up, bounds.lines, self.interpreter)
                about = [*_for(target, platform), "--default-index", relay.served_url]
                run = _Run(self, relay, shop, [str(uv), *_OPTIONS, *options, *about], wanted)
                return await run.resolve(target, platform)
        except TimeoutError:
            raise UnresolvableError(
                f"Choosing versions took more than {self.seconds:g} seconds. "
                "Require fewer packages, or give a lock file."
            ) from None
        except LimitExceededError:
            raise _too_much() from None

    @asynccontextmanager
    async def _workshop(self) -> AsyncIterator[_Workshop]:
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="ftbot-"))
        try:
            cache = await asyncio.to_thread(_open_cache, self.cache, self.largest_cache)
            yield _Workshop(folder, cache or folder / "cache")
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Workshop:
    """The folder of one resolution, and the one where uv keeps what it read."""

    folder: Path
    cache: Path

    @property
    def empty(self) -> Path:
        return self.folder / "empty"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def constraints(self) -> Path:
        return self.folder / "constraints.txt"

    @property
    def excluded(self) -> Path:
        return self.folder / "excluded.txt"

    def set_up(self, bounds: Sequence[str], interpreter: Interpreter) -> list[str]:
        """Make what uv finds here, and return the options that tell it."""
        for folder in (self.empty, self.home):
            folder.mkdir()
        options = ["--cache-dir", str(self.cache), "-p", self._python(interpreter)]
        if not bounds:  # it warns of files with nothing in them
            return options
        self.constraints.write_text("".join(f"{line}\n" for line in bounds), encoding="utf-8")
        return [*options, "--constraints", str(self.constraints)]

    def _python(self, interpreter: Interpreter) -> str:
        """Return the Python that uv is to ask what it is like."""
        if not interpreter.free_threaded or sys.platform == "win32":
            return interpreter.path
        answering = self.folder / "as_with_gil.py"
        answering.write_text(_AS_WITH_GIL, encoding="utf-8")
        python, words = self.folder / "python", (interpreter.path, "-I", str(answering), interpreter.path)
        python.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
        python.chmod(0o700)
        return str(python)

    def size(self) -> int:
        """Return the bytes of all that uv wrote."""
        kept = 0 if self.cache.is_relative_to(self.folder) else _size(self.cache)
        return _size(self.folder) + kept

    def leave_out(self, names: Iterable[str]) -> None:
        """Write down what is left out from now on."""
        self.excluded.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")

    def environment(self, proxy: str) -> Mapping[str, str]:
        """Return all of uv's environment; the proxy is there for whatever it may want to ask."""
        home = str(self.home)
        folders = ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "TMPDIR", "TEMP", "TMP", "UV_PYTHON_INSTALL_DIR")
        xdg = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CONFIG_DIRS", "XDG_STATE_HOME")
        return {
            **dict.fromkeys((*folders, *xdg), home),
            **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), proxy),
            "NO_PROXY": "",
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_HTTP_RETRIES": "0",
            "UV_HTTP_TIMEOUT": str(_PATIENT_SECONDS),
            "MACOSX_DEPLOYMENT_TARGET": _NEWEST_MACOS,
        }


@dataclass(frozen=True, slots=True)
class _Run:
    """One resolution: uv is asked until it answers, each time without another package that it cannot resolve."""

    resolver: Resolver
    relay: IndexRelay
    shop: _Workshop
    command: Sequence[str]
    wanted: RequirementLines

    async def resolve(self, target: Target, platform: Platform) -> Resolution:
        left_out: dict[str, UnreadPackage] = {}
        for _ in range(MOST_ROUNDS):
            excluding = ["--excludes", str(self.shop.excluded)] if left_out else []
            ended = await self._ask([*self.command, *excluding, "-"])
            if ended.status == _ANSWERED:
                pins = read_pins(ended.out, self.wanted.names)
                return Resolution(pins, (*self.wanted.unread, *left_out.values()), read_warnings(ended.err))
            if self.relay.failure is not None:
                raise self.relay.failure
            find = partial(self._culprit, ended, frozenset(left_out), target, platform)
            culprit = await self.resolver.readers.aside(find)
            left_out[culprit.name] = UnreadPackage(
                culprit.name, culprit.reason, culprit.required_by, culprit.name in self.wanted.names
            )
            await asyncio.to_thread(self.shop.leave_out, left_out)
        raise UnresolvableError(f"More than {MOST_ROUNDS} packages cannot be resolved. Give a lock file.")

    async def _ask(self, command: Sequence[str]) -> Ended:
        place = Workplace(self.shop.empty, self.shop.environment(self.relay.proxy_url))
        text = "".join(f"{line}\n" for line in self.wanted.lines)
        try:
            ended = await run(command, text, place, self.resolver.limits, self._watch)
        except OSError as error:
            raise _cannot_run() from error
        if ended.status in _SHELL_FAILED:
            raise _cannot_run()
        return ended

    def _culprit(self, ended: Ended, left_out: frozenset[str], target: Target, platform: Platform) -> Culprit:
        if ended.status not in _STATUSES:
            raise _too_much()
        culprit = find_culprit(ended.err, left_out, target, platform)
        if culprit is not None:
            return culprit
        if _NO_SOLUTION in ended.err:
            raise UnresolvableError(f"{conflict(ended.err)} Change one of the requirements.")
        log.error("resolver_failed", status=ended.status, lines=len(ended.err.splitlines()))
        raise UnresolvableError("uv could not choose versions, for a reason that is not understood. Give a lock file.")

    async def _watch(self) -> None:
        """End uv when it wrote too much."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if await asyncio.to_thread(self.shop.size) > self.resolver.largest_cache:
                raise LimitExceededError


def find_uv() -> Path:
    """Return the uv of the package of this name, never one that lies about. Raises ``UserError`` without it."""
    try:
        from uv import find_uv_bin  # noqa: PLC0415 — where it has no wheel it may have been left out

        return Path(find_uv_bin())
    except (ImportError, FileNotFoundError) as error:
        raise UserError(
            "Choosing versions needs uv, which is not installed. Install ftbot again, or give a lock file."
        ) from error


def _for(target: Target, platform: Platform) -> list[str]:
    return ["--python-version", f"3.{target.minor}", "--python-platform", RESOLVER_PLATFORMS[platform]]


def _cannot_run() -> UserError:
    return UserError("uv cannot be run. Install ftbot again, or give a lock file.")


def _too_much() -> UnresolvableError:
    return UnresolvableError(
        "Choosing versions takes more memory or disk than it may. Require fewer packages, or give a lock file."
    )


def _open_cache(folder: Path | None, largest: int) -> Path | None:
    """Return the folder where uv keeps what it read, ours alone and with room; None where there can be none."""
    if folder is None:
        return None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or (sys.platform != "win32" and found.st_uid != os.getuid()):
            log.warning("resolver_cache_not_ours")
            return None
        if stat.S_IMODE(found.st_mode) & 0o077:
            folder.chmod(0o700)
        if _size(folder) > largest * _ROOM:
            shutil.rmtree(folder)
            folder.mkdir(mode=0o700)
    except OSError as error:
        log.warning("resolver_cache_unusable", reason=error.strerror)
        return None
    return folder


def _size(folder: Path) -> int:
    """Return the bytes of all files in a folder; what vanishes while it is looked at counts nothing."""
    size = 0
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    size += _size(Path(entry.path))
                else:
                    size += entry.stat(follow_symlinks=False).st_size
    return size
