"""Commands in comments: `@ftbot label +crash`, at the start of a paragraph of its own, and who may give them.

What is not understood is a command too, so that it can be answered; what only mentions the bot within a sentence is
none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice
from types import MappingProxyType

from bot.core.errors import UserError
from bot.core.github.threads import IssueRef, parse_ref
from bot.core.index.names import normalize
from bot.core.triage.actions import TOPICS, Mode
from bot.core.triage.commands.addressed import addressed_lines, without_invisible
from bot.core.triage.settings import LONGEST_LABEL, NAME, NEEDS_INFO, RepoSettings, is_label_name

MOST_COMMANDS = 5
"""Commands of one comment that are obeyed, the first ones."""

MOST_LINES = 100
"""Lines spoken to the bot that are looked at in one comment."""

MOST_READ = 2_000
"""Lines of a comment of which it is asked whether they say more than commands."""

MOST_LABELS = 10
"""Labels in one command."""

LONGEST_LINE = 500
"""Characters of a line that are read."""

ROLES = frozenset({"triage", "maintain", "write", "admin"})
"""Who may do everything here; GitHub lets them label by hand as well."""


@dataclass(frozen=True, slots=True)
class LabelCommand:
    """Labels to put on and to take off, as they were written: label keys or the repository's names."""

    add: tuple[str, ...]
    remove: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """Asks what was decided, and why."""


@dataclass(frozen=True, slots=True)
class Retriage:
    """Asks to look at the thread again."""


@dataclass(frozen=True, slots=True)
class StatusCommand:
    """Asks for the status of a package, by its normalized name."""

    package: str


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Says that the thread is a duplicate of another."""

    ref: IssueRef


@dataclass(frozen=True, slots=True)
class UpstreamCommand:
    """Says where the thread's problem is dealt with."""

    ref: IssueRef


@dataclass(frozen=True, slots=True)
class Ignore:
    """Asks to leave the thread alone, or to stop doing so."""

    on: bool


@dataclass(frozen=True, slots=True)
class NeedsInfo:
    """Asks the author for `versions`, `repro` or `log`."""

    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Help:
    """Asks what commands there are."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something else that was said to the bot, and the sentence that says what is wrong with it."""

    text: str
    problem: str = ""


Command = (
    LabelCommand | Why | Retriage | StatusCommand | Duplicate | UpstreamCommand | Ignore | NeedsInfo | Help | Unknown
)


def find_commands(body: str, before: str | None, names: Collection[str], repository: str) -> tuple[Command, ...]:
    """Find the commands in a comment, at most `MOST_COMMANDS`.

    Args:
        body: The comment.
        before: What it was before it was edited: what stood there already is not a command again.
        names: What the bot is called, without the `@`.
        repository: Where the comment stands, for `#12`.
    """
    known = Counter(islice(_said_to(names, before), MOST_LINES)) if before is not None else Counter[str]()
    found: list[Command] = []
    for said in islice(_said_to(names, body), MOST_LINES):
        if known[said]:
            known[said] -= 1
        elif len(found) < MOST_COMMANDS:
            found.append(_parse(said, repository))
    return tuple(found)


def may(command: Command, role: str, *, is_author: bool, settings: RepoSettings) -> bool:
    """Return whether somebody may give a command, by their role in the repository; bots never get as far as this.

    The thread's author may ask; whoever comes along may do what ``allow-anyone`` lists. What is not understood is
    answered only to those who may do everything, and in dry-run nobody else is answered at all.
    """
    if role in ROLES:
        return True
    if settings.mode is Mode.DRY_RUN:
        return False
    if is_question(command):
        return is_author
    match command:
        case LabelCommand(add, remove):
            return all(_is_open(_names(label, settings), settings) for label in (*add, *remove))
        case NeedsInfo():
            return _is_open(_names(NEEDS_INFO, settings), settings)
        case _:
            return False


def is_question(command: Command) -> bool:
    """Return whether a command only asks, and is answered in words."""
    return isinstance(command, Why | StatusCommand | Help)


def says_more(body: str, names: Collection[str]) -> bool:
    """Return whether a comment says anything in words of its own besides what it says to the bot."""
    called = _called(names)
    lines = (without_invisible(line).strip() for line in islice(body.splitlines(), MOST_READ))
    return any(line and not line.startswith(">") and _said(line, called) is None for line in lines)


def names_of(login: str) -> frozenset[str]:
    """Return the names by which comments speak to the App that writes under a login."""
    return frozenset({NAME, login.removesuffix("[bot]") or NAME})


def _called(names: Collection[str]) -> frozenset[str]:
    return frozenset(name.lower().removesuffix("[bot]") for name in names)


def _said_to(names: Collection[str], body: str) -> Iterator[str]:
    """Return what is said to the bot, line by line."""
    called = _called(names)
    low = body.lower()
    if not any(f"@{name}" in low for name in called):
        return
    for line in addressed_lines(body):
        if (said := _said(line, called)) is not None:
            yield said


def _said(line: str, called: Collection[str]) -> str | None:
    """Return what a line says to the bot, None if it does not speak to it."""
    name, _, rest = line[:LONGEST_LINE].translate(_BLANKS).partition(" ")
    is_ours = name.startswith("@") and name.isascii()
    if is_ours and name[1:].lower().rstrip(":,").removesuffix("[bot]") in called:
        return without_invisible(rest).strip()
    return None


def _parse(said: str, repository: str) -> Command:
    word, _, rest = said.partition(" ")
    word = word.lower().rstrip(".!?,:")
    if word in _ASKING:
        return _ASKING[word]
    try:
        words = _words(rest)
        if word in _ALONE and not words:
            return _ALONE[word]
        if word in _READ:
            return _READ[word](words, repository)
    except UserError as error:
        return Unknown(said[:LONGEST_LABEL], str(error))
    return Unknown(said[:LONGEST_LABEL])


_BLANKS = {ord("\t"): " ", ord("\N{NO-BREAK SPACE}"): " "}

_ASKING: Mapping[str, Command] = MappingProxyType({"why": Why(), "help": Help()})
"""Questions, which people go on from ("why did you do that")."""

_ALONE: Mapping[str, Command] = MappingProxyType(
    {"retriage": Retriage(), "ignore": Ignore(on=True), "unignore": Ignore(on=False)}
)
"""What has effects stands alone."""


@dataclass(frozen=True, slots=True)
class _Word:
    """A word, or what stood between quotation marks, with the sign before it."""

    sign: str
    text: str


_QUOTES: Mapping[str, str] = MappingProxyType({'"': '"', "'": "'", "`": "`", "“": "”", "„": "“"})
_SIGNS: Mapping[str, str] = MappingProxyType({"+": "+", "-": "-", "\N{MINUS SIGN}": "-", "–": "-", "—": "-"})


def _words(text: str) -> list[_Word]:
    """Take a command's words apart; commas between them are blanks."""
    words: list[_Word] = []
    at = 0
    while at < len(text):
        if text[at] in " ,":
            at += 1
            continue
        sign = _SIGNS.get(text[at], "")
        at += len(sign)
        closing = _QUOTES.get(text[at : at + 1])
        if closing is None:
            end = text.find(" ", at) if " " in text[at:] else len(text)
            words.append(_Word(sign, text[at:end].rstrip(",")))
        else:
            at += 1
            end = text.find(closing, at)
            if end < 0:
                raise UserError(f"A quotation mark is not closed. Write {closing} after the name.")
            words.append(_Word(sign, text[at:end].strip()))
            end += 1
        at = end
    return words


def _read_label(words: list[_Word], _: str) -> Command:
    if not words:
        raise UserError("Which label? Write `label +crash -question`.")
    if len(words) > MOST_LABELS:
        raise UserError(f"That is {len(words)} labels. Give at most {MOST_LABELS} at once.")
    for word in words:
        if not word.sign:
            raise UserError(
                "Each label needs a + or a - before it, and quotation marks around it if it has blanks. Write "
                '`label +"good first issue" -question`.'
            )
        if not 0 < len(word.text) <= LONGEST_LABEL:
            raise UserError(f"A label has 1 to {LONGEST_LABEL} characters. Check the name.")
        if not is_label_name(word.text):
            raise UserError(
                "A label of dots and slashes only, or with control characters, is left alone. Use it by hand."
            )
    add = dict.fromkeys(word.text for word in words if word.sign == "+")
    remove = dict.fromkeys(word.text for word in words if word.sign == "-")
    if {name.casefold() for name in add} & {name.casefold() for name in remove}:
        raise UserError("A label cannot be put on and taken off at once. Give only one of both.")
    return LabelCommand(tuple(add), tuple(remove))


def _read_status(words: list[_Word], _: str) -> Command:
    if len(words) != 1:
        raise UserError("Which package? Give one name: `status numpy`.")
    return StatusCommand(normalize(words[0].sign + words[0].text))


def _read_ref(words: list[_Word], repository: str) -> IssueRef:
    texts = [word.sign + word.text for word in words]
    if texts[:1] in (["of"], ["in"], ["at"]):
        texts = texts[1:]
    if len(texts) != 1:
        raise UserError("Which issue? Give one: `#12`, `numpy/numpy#26157`, or its address.")
    number = texts[0].removeprefix("#")
    if number.isascii() and number.isdigit():
        return parse_ref(f"{repository}#{number}")
    return parse_ref(texts[0])


def _read_topics(words: list[_Word], _: str) -> Command:
    topics = {word.text.lower() for word in words}
    if not topics <= set(TOPICS):
        raise UserError("Authors can be asked for `versions`, `repro` and `log`. Write `needs-info` for all three.")
    return NeedsInfo(tuple(topic for topic in TOPICS if topic in topics) or TOPICS)


_READ: Mapping[str, Callable[[list[_Word], str], Command]] = MappingProxyType(
    {
        "label": _read_label,
        "status": _read_status,
        "dup": lambda words, repository: Duplicate(_read_ref(words, repository)),
        "duplicate": lambda words, repository: Duplicate(_read_ref(words, repository)),
        "upstream": lambda words, repository: UpstreamCommand(_read_ref(words, repository)),
        "needs-info": _read_topics,
    }
)


def _names(label: str, settings: RepoSettings) -> frozenset[str]:
    """Return all names of a label, in small letters: as it is written, the label behind an id, and the ids for that."""
    written = label.casefold()
    own = settings.labels.get(written, label).casefold()
    return frozenset({written, own, *(neutral for neutral, name in settings.labels.items() if name.casefold() == own)})


def _is_open(names: frozenset[str], settings: RepoSettings) -> bool:
    """Return whether everybody may use a label; `!` forbids, and wins."""
    allowed = False
    for pattern in settings.allow_anyone:
        if any(fnmatchcase(name, pattern.removeprefix("!").casefold()) for name in names):
            if pattern.startswith("!"):
                return False
            allowed = True
    return allowed
