"""The sentences people read about the dependencies of an application; plain text, to be escaped by whoever shows it.

Names and versions come from people's files: whoever shows them keeps them on their line.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.core.dependencies.files import UnreadLine
from bot.core.dependencies.judged import DependencyState, JudgedBy, JudgedDependency
from bot.core.dependencies.report import DependencyReport
from bot.core.text.sentences import counted
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.wording import phrase
from bot.core.wheels.platforms import PLATFORMS, platform_list

STATE_GLYPHS: Mapping[DependencyState, str] = MappingProxyType(
    {
        DependencyState.BLOCKS: "⛔",
        DependencyState.GIL_ON: "🟡",
        DependencyState.WITHOUT_WHEELS: "🟡",
        DependencyState.PARTIAL: "🟡",
        DependencyState.FALLBACK: "🟡",
        DependencyState.READY: "✅",
        DependencyState.UNKNOWN: "❔",
    }
)

DEPENDENCY_DISCLAIMER = "A wheel shows that a build exists, not that it is thread-safe."


def place_name(report: DependencyReport) -> str:
    """Return where the application is to be installed: ``3.14t, Linux x86-64``."""
    everywhere = len(report.platforms) == len(PLATFORMS)
    return f"{report.target}, {'every platform' if everywhere else platform_list(report.platforms)}"


def first_line(report: DependencyReport) -> str:
    """Return the answer in a sentence: how many stop the move, how many of them have a version that works."""
    where, total = f"{report.subject} on {place_name(report)}", len(report.dependencies)
    if report.error is not None:
        return f"{where}: {report.error}"
    if not total:
        elsewhere = ", and what is left out below was not" if report.not_read else ""
        return f"{where}: there is nothing from an index to judge{elsewhere}."
    if not report.is_judged:
        none = "the only package could not" if total == 1 else f"none of {counted(total, 'package')} could"
        return f"{where}: {none} be judged. That is not a “no”."
    return f"{where}: {'; '.join(_findings(report))}."


def _findings(report: DependencyReport) -> list[str]:
    total, blocking = len(report.dependencies), report.blocking
    if not blocking:
        said = [f"nothing stops you ({counted(total, 'package')})"]
    else:
        said = [f"{len(blocking)} of {total} {'stops' if len(blocking) == 1 else 'stop'} you"]
        newer = sum(each.first_working is not None for each in blocking)
        if newer:
            of_them = "it" if len(blocking) == 1 else f"{newer} of them" if newer < len(blocking) else "all of them"
            verb = "works" if newer == 1 else "work"
            said.append(f"{of_them} {verb} in a newer version")
    on = len(report.in_state(DependencyState.GIL_ON))
    if on:
        said.append(f"{on} {'turns' if on == 1 else 'turn'} the GIL back on")
    without = len(report.in_state(DependencyState.WITHOUT_WHEELS))
    if without:
        verb = "does" if without == 1 else "do"
        where = "" if len(report.platforms) == 1 else " everywhere"
        said.append(f"{without} {verb} not install{where} on {report.target.gil_build} either")
    unknown = report.in_state(DependencyState.UNKNOWN)
    doubtful = sum(bool(each.missing) for each in unknown)
    if doubtful:
        said.append(f"{doubtful} would stop you, if {'it is' if doubtful == 1 else 'they are'} needed")
    if len(unknown) > doubtful:
        said.append(f"{len(unknown) - doubtful} could not be told")
    return said


def heading(state: DependencyState, number: int) -> str:
    """Return the heading over the dependencies in a state: ``Stops you (5)``."""
    return f"{state.value[0].upper()}{state.value[1:]} ({number})"


def why(found: JudgedDependency, report: DependencyReport) -> str:
    """Return in a few words how a dependency stands, and where."""
    words = phrase(found.verdict).word
    places = found.missing or found.lacking
    if places and (len(report.platforms) > 1 or found.verdict is Verdict.PARTIAL):
        words = f"{words}: none on {platform_list(places)}" if len(places) < len(PLATFORMS) else words
    if found.turns_gil_on and found.state is DependencyState.GIL_ON:
        words = f"{words}, GIL back on"
    if found.judged_by is JudgedBy.LOCK:
        words = f"{words} (by the lock: {found.needed.registry})"
    return words


def standing(found: JudgedDependency, report: DependencyReport) -> str:
    """Return in a few words how a dependency stands; of what could not be judged, why."""
    if found.state is DependencyState.UNKNOWN and found.reason is not None and not found.missing:
        return found.reason
    return why(found, report)


def way_out(found: JudgedDependency) -> str | None:
    """Return which version to take instead of one that does not work, None where this one does."""
    if found.state in {DependencyState.READY, DependencyState.PARTIAL, DependencyState.FALLBACK}:
        return None
    if found.first_working is None:
        return "no version yet" if found.verdict.ok is not None else None
    return None if found.first_working == found.version else f"works from {found.first_working}"


def pulled_in_by(found: JudgedDependency) -> str:
    """Return who requires a dependency: the shortest way to it, and how many more there are."""
    path = found.needed.paths[0][:-1] if found.needed.paths else ()
    more = found.needed.ways - 1
    way = " → ".join(path)
    if not way:
        return ""
    return way if more <= 0 else f"{way} (+{more} more)"


def unread_line(line: UnreadLine) -> tuple[str, ...]:
    """Return where a line that was not read stands (names that were typed are in no file), its text, and why."""
    place = line.file if line.line is None else f"{line.file}:{line.line}"
    return tuple(filter(None, (place, line.text, line.reason)))


def conditions(found: JudgedDependency, report: DependencyReport) -> str:
    """Return when a dependency is needed, if that is not always."""
    needed = found.needed
    said = ["may not be needed"] if found.missing and not needed.certain else []
    if needed.optional:
        said.append("optional")
    if len(needed.platforms) < len(report.platforms):
        said.append(f"only on {platform_list(needed.platforms)}")
    return ", ".join(said)
