"""Where the files of a wheel contradict its tags, or bear them out: sentences, each about one wheel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.core.inspection.extension import Build, Extension
from bot.core.inspection.inspection import Inside
from bot.core.inspection.modules import Declaration
from bot.core.inspection.zip_directory import shown
from bot.core.text.sentences import listed
from bot.core.wheels.tags import ABI3T, Abi, read_tags

_MOST_NAMED = 3


def notes_of(tags: str, extensions: Sequence[Extension], inside: Inside | None = None) -> tuple[str, ...]:
    """Return what the tags of a wheel promise and its files do not keep, or keep though it looked as if they did not.

    ``inside`` is what ``inside_of`` tells of them.
    """
    return tuple(_notes(tags, [each for each in extensions if each.is_cpython], inside))


def inside_of(extensions: Sequence[Extension], *, complete: bool) -> Inside | None:
    """Return what the files of a wheel are, ``complete`` if all were read; None where that does not tell it."""
    hooked = [each for each in extensions if each.is_cpython]
    is_complete = complete and not any(_is_untold(each) for each in extensions)
    if not hooked:
        return Inside.NO_EXTENSION if is_complete else None
    asked = [each for each in hooked if each.build is not Build.ABI3]
    is_exporting = is_complete and bool(asked) and all(each.has_export_hook for each in asked)
    return Inside.EXPORT_HOOKS if is_exporting else Inside.EXTENSION


def _is_untold(extension: Extension) -> bool:
    """Return whether a file could not even be opened: whether it has a hook is not known."""
    unknown = any(module.gil is Declaration.UNKNOWN for module in extension.modules)
    return unknown and not extension.exports and extension.build is not Build.NOT_CPYTHON


def _notes(tags: str, extensions: Sequence[Extension], inside: Inside | None) -> Iterator[str]:
    wheel = read_tags(tags)
    if wheel is None:
        return
    abis = {abi for _, abi in wheel.pairs}
    if abis == {"none"} and wheel.abi is not Abi.FOREIGN and extensions:
        yield f"It is mis-tagged: its tags say that it holds no CPython extension, and it holds {_files(extensions)}."
    if abis == {"none"} and wheel.abi is Abi.NATIVE and inside is Inside.NO_EXTENSION:
        yield "It names one Python and no ABI, and holds no CPython extension: free-threaded Pythons can use it, too."
    if ABI3T not in abis:
        return
    if misnamed := [each for each in extensions if each.build is Build.ABI3]:
        yield f"It is tagged abi3t, and {_names(misnamed)} named for abi3, which no free-threaded Python imports."
    if hookless := [each for each in extensions if each.build is not Build.ABI3 and not each.has_export_hook]:
        yield f"It is tagged abi3t, and {_names(hookless)} without a PyModExport hook, which abi3t modules need."
    if unlinked := [each for each in extensions if each.file.endswith(".pyd") and not each.links_python3t]:
        yield f"It is tagged abi3t, and {_names(unlinked)} not linked against python3t.dll, as on Windows they are."


def _files(extensions: Sequence[Extension]) -> str:
    return listed([shown(each.file) for each in extensions], _MOST_NAMED)


def _names(extensions: Sequence[Extension]) -> str:
    return f"{_files(extensions)} {'is' if len(extensions) == 1 else 'are'}"
