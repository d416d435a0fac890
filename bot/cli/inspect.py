"""``ftbot inspect``: what the extension modules of wheels declare about the GIL."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from bot.cli.environment import command_settings
from bot.cli.output import CommandOutcome, print_json
from bot.config import Settings
from bot.core.errors import UserError
from bot.core.index.names import normalize
from bot.core.inspection.modules import Gil
from bot.core.schema.inspection import inspection_json
from bot.core.wheels.targets import Target, parse_target
from bot.services.packages.inspection import Inspector, PackageInspection, Problem
from bot.terminal.console import error_output, foreign, output
from bot.terminal.inspection import inspection_card, untold_line
from bot.wiring.inspection import holds_wheels, open_inspector, wheels_at

_PROBLEMS = {
    Problem.UNREACHABLE: CommandOutcome.UPSTREAM,
    Problem.MISSING: CommandOutcome.NOT_FOUND,
    Problem.MISNAMED: CommandOutcome.MISASKED,
    Problem.BROKEN: CommandOutcome.MISASKED,
}
_WORST_FIRST = (*_PROBLEMS.values(), CommandOutcome.NO)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What to read; without ``targets``, packages are read for the ``default`` ones, files for all that they fit."""

    wheels: Sequence[Path]
    names: Sequence[str]
    targets: tuple[Target, ...]
    default: tuple[Target, ...]
    version: Version | None


def inspect_wheels(
    what: Sequence[str], targets: Sequence[str], version: str | None, *, as_json: bool
) -> CommandOutcome:
    """Answer ``ftbot inspect``. Raises ``UserError`` for what is neither a package's name nor a wheel."""
    gc.enable()
    settings = command_settings()
    asked = tuple(dict.fromkeys(map(parse_target, targets)))
    return asyncio.run(_inspect(settings, what, asked, _version(version), as_json=as_json))


async def _inspect(
    settings: Settings, what: Sequence[str], targets: tuple[Target, ...], version: Version | None, *, as_json: bool
) -> CommandOutcome:
    wheels, names = await _sorted_out(what)
    if version is not None and (wheels or len(names) != 1):
        raise UserError("--version is of one package. Name one, or leave --version out.")
    outcomes: list[CommandOutcome] = []
    async with open_inspector(settings) as tools:
        if tools.warning is not None:
            error_output().print(foreign(f"ftbot: {tools.warning}"), soft_wrap=True)
        async for found in _answers(tools.inspector, _Asked(wheels, names, targets, settings.targets, version)):
            outcomes.append(_outcome(found))
            if as_json:
                answers = [(each.target, each.inspection, each.reason) for each in found.targets]
                print_json(inspection_json(found.package, found.version, answers, found.error))
            elif found.error is None:
                output().print(inspection_card(found), crop=False)
            if found.error is not None:
                error_output().print(foreign(f"ftbot: {found.error}"), soft_wrap=True)
            elif (line := untold_line(found)) is not None:
                error_output().print(foreign(f"ftbot: {line}"), soft_wrap=True)
    return next((outcome for outcome in _WORST_FIRST if outcome in outcomes), CommandOutcome.ANSWERED)


async def _answers(inspector: Inspector, asked: _Asked) -> AsyncIterator[PackageInspection]:
    for wheel in asked.wheels:
        yield await inspector.inspect_file(wheel, asked.targets)
    for name in asked.names:
        yield await inspector.inspect(name, asked.targets or asked.default, asked.version)


async def _sorted_out(what: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Sort what was asked for into files and packages.

    What ends in ``.whl`` or has a slash is a file or a folder, and so is the name of a folder here that holds wheels.
    """
    wheels: list[Path] = []
    names: list[str] = []
    for each in what:
        named = each.endswith(".whl") or "/" in each or "\\" in each or each in {".", ".."}
        if named or await holds_wheels(_path(each)):
            wheels += await wheels_at(_path(each))
        else:
            names.append(normalize(each))
    return wheels, list(dict.fromkeys(names))


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise UserError(f"There is no such home directory: `{text}`.") from None


def _version(text: str | None) -> Version | None:
    if text is None:
        return None
    try:
        return Version(text)
    except InvalidVersion:
        raise UserError(f"`{text}` is not a version. Use one as the index has it, such as 6.1.3.") from None


def _outcome(found: PackageInspection) -> CommandOutcome:
    if found.problem is not None:
        return _PROBLEMS[found.problem]
    if any(each.inspection is not None and each.inspection.temporary for each in found.targets):
        return CommandOutcome.UPSTREAM
    return CommandOutcome.NO if any(each.gil is Gil.ON for each in found.targets) else CommandOutcome.ANSWERED
