"""What is asked of pages, read from addresses and forms; nothing of it is repeated where it makes no sense."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.message import Message
from email.parser import HeaderParser

from multidict import MultiMapping

from bot.core.errors import UserError
from bot.core.index.names import normalize
from bot.core.listing.query import GilFilter, ListOrder, ListQuery
from bot.core.listing.words import parse_ranks
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target
from bot.web.naming import asked_day, asked_target, asked_word, asked_words, wrong

_LONGEST_PART = 200
_MOST_PARTS = 20

_LONGEST_HEAD = 1_000
"""Characters of what a form or a part of it says of itself: its parser takes long over what is made for that."""


def asked_query(query: MultiMapping[str], targets: Sequence[Target]) -> ListQuery:
    """Return what is asked of the list of packages. Raises ``Fault``."""
    return ListQuery(
        target=asked_target(query, "target", targets),
        verdicts=asked_words(query.getall("verdict", []), "verdict", Verdict),
        gil=asked_word(query, "gil", GilFilter),
        lagging=asked_flag(query, "lagging"),
        narrowed=asked_flag(query, "narrowed"),
        covers=asked_word(query, "covers", Platform),
        lacks=asked_word(query, "lacks", Platform),
        ranks=_ranks(query.get("ranks", "")),
        gained_since=asked_day(query, "gained_since"),
        part=query.get("q", "").strip().lower()[:_LONGEST_PART],
        order=asked_word(query, "order", ListOrder) or ListOrder.RANK,
    )


def asked_flag(query: Mapping[str, str], name: str) -> bool:
    """Return whether a parameter says yes, which it does not where it is left out. Raises ``Fault``."""
    text = query.get(name, "").lower()
    if text not in {"", "true", "false", "1", "0", "on"}:
        raise wrong(name, "true or false")
    return text in {"true", "1", "on"}


def asked_names(texts: Sequence[str], most: int) -> tuple[str, ...]:
    """Return the normalized names in a parameter, with spaces or commas between, each once. Raises ``Fault``."""
    words = [word for text in texts for word in text.replace(",", " ").split()]
    if len(words) > most:
        raise wrong("packages", f"up to {most} names")
    try:
        return tuple(dict.fromkeys(map(normalize, words)))
    except UserError:
        raise wrong("packages", "names of packages, such as `numpy lxml`") from None


def form_parts(content_type: str, body: bytes) -> dict[str, tuple[str, bytes]]:
    """Return the parts of a form that was sent with files (``multipart/form-data``): the file's name, and the content.

    Of a name that is there twice the last counts; what is no such form has no parts. Takes no longer for what was made
    to take long: parts are looked for in the body once, no more than there can be of a form, and none within another.
    """
    form = _head(f"Content-Type: {content_type}")
    boundary = None if form is None or form.get_content_type() != "multipart/form-data" else form.get_boundary()
    if not boundary:
        return {}
    found: dict[str, tuple[str, bytes]] = {}
    for piece in (b"\r\n" + body).split(b"\r\n--" + boundary.encode("ascii", "replace"), _MOST_PARTS + 1)[1:-1]:
        head, _, content = piece.partition(b"\r\n\r\n")
        part = _head(head.removeprefix(b"\r\n").decode("utf-8", "replace"))
        name = None if part is None else part.get_param("name", header="content-disposition")
        if part is not None and isinstance(name, str):
            found[name] = (part.get_filename() or "", content)
    return found


def _head(lines: str) -> Message | None:
    """Read headers, None where there are more than anybody needs."""
    return None if len(lines) > _LONGEST_HEAD else HeaderParser().parsestr(f"{lines}\r\n\r\n")


def _ranks(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    try:
        return parse_ranks(text)
    except UserError:
        raise wrong("ranks", "a range like `1-100`, or `100` for the first hundred") from None
