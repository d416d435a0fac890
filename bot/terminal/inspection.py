"""What the extension modules of wheels declare, as people see it in a terminal: a card for each package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from types import MappingProxyType

from rich.console import Group, RenderableType
from rich.filesize import decimal
from rich.table import Table

from bot.core.inspection.inspection import Inspection
from bot.core.inspection.modules import Declaration, ExtensionModule, Gil, How, turning_on
from bot.core.text.sentences import counted, joined, listed, printable, shortened
from bot.core.verdicts.wording import GIL_LINES
from bot.services.packages.inspection import PackageInspection, TargetInspection
from bot.terminal.console import foreign
from bot.terminal.text import Text

_MOST_REASONS = 3

_NO_MODULE = "it has no extension module, so importing it leaves the GIL as it is"
_LOOKS: Mapping[Gil, tuple[str, str]] = MappingProxyType(
    {Gil.OFF: ("✅", "green"), Gil.ON: ("🟡", "yellow"), Gil.UNKNOWN: ("❔", "magenta"), Gil.NONE: ("⬜", "cyan")}
)
_DECLARED: Mapping[Declaration, tuple[str, str]] = MappingProxyType(
    {
        Declaration.NOT_USED: ("not used", "green"),
        Declaration.USED: ("used", "yellow"),
        Declaration.UNDECLARED: ("undeclared", "yellow"),
        Declaration.UNKNOWN: ("unknown", "magenta"),
    }
)
_HOW: Mapping[How, str] = MappingProxyType(
    {
        How.SLOT: "by a slot",
        How.CALL: "by PyUnstable_Module_SetGIL",
        How.CODE: "in its initialising function",
        How.CFFI: "by cffi, when it is imported",
    }
)


def inspection_card(found: PackageInspection) -> RenderableType:
    """Draw what was read of a package: a line for each Python, and below each wheel what its modules declare."""
    version = "" if found.version is None else f" {found.version}"
    return Group(foreign(f"{shortened(found.package)}{version}", style="bold"), *_lines(found))


def untold_line(found: PackageInspection) -> str | None:
    """Say for which Pythons it could not be told, and why; None where it could be for all."""
    untold = [each for each in found.targets if each.gil is Gil.UNKNOWN and each.inspection is not None]
    if not untold:
        return None
    names = joined([str(each.target) for each in untold])
    reasons = dict.fromkeys(reason for each in untold if each.inspection for reason in _reasons(each.inspection))
    rest = len(reasons) - _MOST_REASONS
    more = f" And {counted(rest, 'module')} more, which --json names." if rest > 0 else ""
    return f"It could not be told for {names}: {' '.join(islice(reasons, _MOST_REASONS))}{more}"


def _lines(found: PackageInspection) -> Iterator[RenderableType]:
    if not found.targets:
        yield foreign(f"– {found.file or 'It'} fits no such Python, by its tags.", style="dim")
    by_wheel: dict[str, list[TargetInspection]] = {}
    for each in found.targets:
        if each.inspection is not None:
            by_wheel.setdefault(each.inspection.wheel, []).append(each)
    for targets in by_wheel.values():
        inspection = targets[0].inspection
        if inspection is not None:
            yield from _wheel(joined([str(each.target) for each in targets]), inspection)
    for each in found.targets:
        if each.inspection is None:
            yield foreign(f"– {each.target}: {each.reason}", style="dim")


def _wheel(pythons: str, inspection: Inspection) -> Iterator[RenderableType]:
    glyph, style = _LOOKS[inspection.gil]
    sentence = GIL_LINES.get(inspection.gil, _NO_MODULE)
    on = turning_on(inspection.modules)
    which = f": {listed(on, 1)}" if on and inspection.gil is Gil.ON else ""
    yield foreign(f"{glyph} {pythons}: {sentence}{which}.", style=style)
    if on and inspection.gil is not Gil.ON:
        yield foreign(f"  Only test modules would turn it back on: {listed(on, 1)}.", style="dim")
    # Not wrapped: whoever copies a file's name wants all of it.
    yield Text(f"  {printable(inspection.wheel)}", style="dim", no_wrap=True, overflow="ignore")
    if inspection.reason is not None:
        yield foreign(f"  ! {shortened(inspection.reason)}", style="yellow")
    if inspection.modules:
        yield _modules(inspection)
    for note in inspection.notes:
        yield foreign(f"  • {note}")
    if (cost := _cost(inspection)) is not None:
        yield Text(f"  {cost}", style="dim")


def _modules(inspection: Inspection) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(style="dim")
    for module in inspection.modules:
        word, style = _DECLARED[module.gil]
        table.add_row(foreign(f"  {shortened(module.module, 80)}"), Text(word, style=style), foreign(_how(module)))
    return table


def _how(module: ExtensionModule) -> str:
    if module.reason is not None:
        return shortened(module.reason, 200)
    told = "nothing declares it" if module.how is None else _HOW[module.how]
    return f"{told}; a test module" if module.is_aside else told


def _reasons(inspection: Inspection) -> Iterator[str]:
    if inspection.reason is not None:
        yield shortened(inspection.reason)
    for module in inspection.untold:
        yield f"{shortened(module.module, 80)}: {shortened(module.reason or '', 200)}"


def _cost(inspection: Inspection) -> str | None:
    if inspection.requests == 0 and inspection.bytes_read == 0:
        return None if inspection.reason is not None else "from what was read before; nothing was fetched"
    of = "" if inspection.bytes is None else f" of {decimal(inspection.bytes)}"
    requests = f" in {counted(inspection.requests, 'request')}" if inspection.requests else ""
    verified = "; the sha256 is right" if inspection.verified and inspection.requests else ""
    return f"read {decimal(inspection.bytes_read)}{of}{requests}{verified}"
