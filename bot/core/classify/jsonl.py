"""The lines of `ftbot triage classify --jsonl`: a thread in, a classification out."""

from typing import Annotated, TypedDict

import msgspec

from bot.core.classify.thread import Classification, Thread


class ThreadLineError(ValueError):
    """A line is not a thread; the text says what is wrong with it."""


class KindJson(TypedDict):
    """One kind as it is printed."""

    kind: str
    confidence: str
    evidence: str


class ClassificationJson(TypedDict):
    """One line of output."""

    repo: str
    number: int
    free_threading: bool
    confidence: str
    kinds: list[KindJson]
    pythons: list[str]
    platforms: list[str]
    packages: list[str]


class _Line(msgspec.Struct, frozen=True):
    repo: Annotated[str, msgspec.Meta(min_length=1)]
    number: Annotated[int, msgspec.Meta(ge=0)]
    title: str
    body: str | None = None
    is_pr: bool = False


_DECODER = msgspec.json.Decoder(_Line)


def parse_thread(line: bytes | str) -> Thread:
    """Read one line of JSON; other keys are ignored, and `body` and `is_pr` may be left out.

    Raises:
        ThreadLineError: The line is no JSON, or a key is missing or of another type.
    """
    try:
        found = _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ThreadLineError(f"not a thread: {error}") from error
    return Thread(found.repo, found.number, found.title, found.body, found.is_pr)


def to_json(classification: Classification) -> ClassificationJson:
    """Return the plain dictionary that is printed as one line, its keys in the published order."""
    return {
        "repo": classification.repo,
        "number": classification.number,
        "free_threading": classification.free_threading,
        "confidence": classification.confidence.value,
        "kinds": [
            {"kind": kind.kind.value, "confidence": kind.confidence.value, "evidence": kind.evidence}
            for kind in classification.kinds
        ],
        "pythons": list(classification.pythons),
        "platforms": list(classification.platforms),
        "packages": list(classification.packages),
    }
