"""Where the files of a wheel contradict its tags: sentences, each about one wheel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.core.inspection.extension import Build, Extension
from bot.core.inspection.zip_directory import shown
from bot.core.text.sentences import listed
from bot.core.wheels.tags import ABI3T, Abi, read_tags

_MOST_NAMED = 3


def notes_of(tags: str, extensions: Sequence[Extension]) -> tuple[str, ...]:
    """Return what the tags of a wheel promise and its files do not keep."""
    return tuple(_notes(tags, [each for each in extensions if each.is_cpython]))


def _notes(tags: str, extensions: Sequence[Extension]) -> Iterator[str]:
    wheel = read_tags(tags)
    if wheel is None:
        return
    if wheel.abi in {Abi.NO_PYTHON, Abi.ANYWHERE} and extensions:
        yield f"Its tags say that it holds no CPython extension, and it holds {_files(extensions)}."
    if ABI3T not in {abi for _, abi in wheel.pairs}:
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
