"""Labelled threads, a JSON object a line: what a person says that each is about, to measure the rules against.

`{"repo", "number", "title", "body", "is_pr", "labels": {"kind": [...], "pythons": [...], "platforms": [...],
"packages": [...], "comment": true}}`; other keys are ignored. The kind `not-free-threading` says that the gate must
refuse the thread. What is left out of the labels, but for the kind, nobody has looked at: it is not measured.
"""

import hashlib
from collections.abc import Sequence
from typing import Annotated

import msgspec

from bot.core.classify.thread import KindName, Thread

REFUSED = "not-free-threading"
"""Stands for a kind where a thread is about something else."""

_KINDS = frozenset({REFUSED, *KindName})
_PARTS = 3


class LabelledThreadError(ValueError):
    """A line is no labelled thread; the text says what is wrong with it."""


class Labels(msgspec.Struct, frozen=True):
    """What a person says of a thread; None where they did not say.

    ``comment`` is whether a comment would help: wheels, or what a wheel declares, answer it, or the report lacks
    something.
    """

    kind: list[str]
    pythons: list[str] | None = None
    platforms: list[str] | None = None
    packages: list[str] | None = None
    comment: bool | None = None


class LabelledThread(msgspec.Struct, frozen=True):
    """A thread and what a person says of it."""

    repo: Annotated[str, msgspec.Meta(min_length=1)]
    number: Annotated[int, msgspec.Meta(ge=0)]
    title: str
    labels: Labels
    body: str | None = None
    is_pr: bool = False

    @property
    def thread(self) -> Thread:
        """Return what the rules may see."""
        return Thread(self.repo, self.number, self.title, self.body, self.is_pr)

    @property
    def kinds(self) -> frozenset[str]:
        """Return the kinds that the rules should name."""
        return frozenset(self.labels.kind) - {REFUSED}

    @property
    def is_about(self) -> bool:
        """Return whether the thread is about free-threaded Python."""
        return REFUSED not in self.labels.kind


_DECODER = msgspec.json.Decoder(LabelledThread)


def parse_labelled(line: bytes | str) -> LabelledThread:
    """Read one line.

    Raises:
        LabelledThreadError: The line is no JSON, a key is missing or of another type, or a kind does not exist.
    """
    try:
        found = _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise LabelledThreadError(f"{error}.") from error
    unknown = sorted(set(found.labels.kind) - _KINDS)
    if unknown:
        raise LabelledThreadError(f"There is no kind {unknown[0][:40]!r}. There are {', '.join(sorted(_KINDS))}.")
    return found


def is_held_out(repo: str) -> bool:
    """Return whether a repository's threads are kept from whoever changes rules, so that they can measure the change.

    About a third of all repositories is. It depends on the name alone, so that a file that grows stays parted.
    """
    digest = hashlib.sha256(repo.lower().encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:4], "big") % _PARTS == 0


def part_of(threads: Sequence[LabelledThread], *, held_out: bool) -> tuple[LabelledThread, ...]:
    """Return the threads that are held out, or the others."""
    return tuple(each for each in threads if is_held_out(each.repo) is held_out)
