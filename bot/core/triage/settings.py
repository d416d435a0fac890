"""What a repository asks of the bot in its `.github/ftbot.toml`, read strictly: a slip is told, never guessed around.

The file is TOML 1.1 on every Python: the standard library reads 1.0 before Python 3.15, and 1.1 from then on.
Nothing in it can take long: patterns are globs, and the file and its lines are short (a key of thirty thousand parts
keeps Python's TOML parser busy for half a minute).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from types import MappingProxyType

import tomli

from bot.core.classify.thread import KindName
from bot.core.github.events import Trigger
from bot.core.triage.actions import Mode

_BEGINNINGS = frozenset({Trigger.OPENED, Trigger.EDITED, Trigger.POLLED})

NAME = "ftbot"
"""What commands begin with, after the `@`, whatever the App is called."""

PATH = ".github/ftbot.toml"
"""Where the file is in a repository, on its default branch."""

TOPIC, NEEDS_INFO, UPSTREAM, DUPLICATE = "topic", "needs-info", "upstream", "duplicate"

NEUTRAL_IDS: tuple[str, ...] = (TOPIC, *KindName, NEEDS_INFO, UPSTREAM, DUPLICATE)
"""What labels can stand for, in names that no repository owns."""

LARGEST_FILE = 65_536
"""Bytes."""

LONGEST_LINE = 500
"""Characters; see above."""

LONGEST_LABEL = 50
"""Characters that GitHub allows in the name of a label."""

LONGEST_GRACE = 3_600
"""Seconds."""

MOST_PATTERNS = 50
"""Entries of ``allow-anyone``."""

MOST_PROBLEMS = 10
"""Problems that are told at once."""

_SHOWN = 40
_NO_TEXT = frozenset({"Cc", "Cs"})  # control characters, and halves of characters
_MODES = tuple(mode.value for mode in Mode)
_KINDS = tuple(kind.value for kind in KindName)
_KEYS = ("version", "mode", "not-before", "grace-seconds", "comments", "pull-requests", "labels", "rules", "commands")
_RESERVED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"notify": ("discord",), "needs-info": ("remind-after-days",)}
)
"""Tables that may be there and have no effect, with their keys: Discord servers choose, and nobody is reminded."""

_PLACE = re.compile(r"\(at line (\d{1,6}), column (\d{1,6})\)")


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """What holds for one kind: a mode of its own (it wins over the repository's), and whether it is used at all."""

    mode: Mode | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class RepoSettings:
    """What holds in a repository; as it stands here, it is what holds without a file.

    ``labels`` maps label keys (`topic`, a kind, `needs-info`, …) to the repository's labels. ``pull_requests`` is that
    rules may work on pull requests, too.
    """

    mode: Mode = Mode.DRY_RUN
    grace: timedelta = timedelta(seconds=120)
    not_before: date | None = None
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    rules: Mapping[KindName, RuleSettings] = field(default_factory=lambda: MappingProxyType({}))
    allow_anyone: tuple[str, ...] = ()
    comments: bool = True
    pull_requests: bool = False

    def mode_of(self, kind: KindName) -> Mode:
        """Return the mode that holds for a kind: its own, unless the repository is off."""
        own = self.rules.get(kind, RuleSettings()).mode
        return self.mode if own is None or self.mode is Mode.OFF else own


class SettingsError(ValueError):
    """The file cannot be used; ``problems`` are sentences that name the line or the key.

    What they repeat of the file is short, on one line and free of backticks, and stands between backticks.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Policy:
    """What a repository's settings say; with ``problems`` they could not be read, and the defaults stand for them.

    ``digest`` tells one content of the file from another, and is empty where there is no file.
    """

    settings: RepoSettings
    problems: tuple[str, ...] = ()
    digest: str = ""

    @classmethod
    def of(cls, body: bytes) -> Policy:
        """Read a settings file, which may take some milliseconds."""
        digest = hashlib.sha256(body).hexdigest()
        try:
            return cls(parse_settings(body), digest=digest)
        except SettingsError as error:
            return cls(RepoSettings(), error.problems, digest)


def parse_settings(body: bytes) -> RepoSettings:
    """Read the file; a ``SettingsError`` has as many of its problems as could be found, at most `MOST_PROBLEMS`."""
    problems: list[str] = []
    settings = _read(_decode(body), problems)
    if problems:
        raise SettingsError(tuple(problems[:MOST_PROBLEMS]))
    return settings


def _decode(body: bytes) -> dict[str, object]:
    if len(body) > LARGEST_FILE:
        raise _refuse(f"The file has {len(body):,} bytes. At most {LARGEST_FILE:,} are read.")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refuse(f"Byte {error.start + 1:,} of the file is not UTF-8. Save the file as UTF-8.") from None
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > LONGEST_LINE:
            raise _refuse(f"Line {number} has {len(line):,} characters. Break it up: at most {LONGEST_LINE} are read.")
    try:
        return tomli.loads(text)
    except RecursionError:
        raise _refuse("The file is nested too deeply. It needs no more than a list within a table.") from None
    except ValueError as error:  # tomli's own, and a number that is too long
        place = _PLACE.search(str(error))
        where = f"Line {place[1]}, column {place[2]}," if place else "The file"
        raise _refuse(
            f"{where} is not valid TOML. Look for a missing quote, bracket or `=`, or a key given twice."
        ) from None


def is_label_name(name: str) -> bool:
    """Return whether a label can be called so here; one of dots and slashes only would lead to another address."""
    is_text = not any(unicodedata.category(c) in _NO_TEXT for c in name)
    return 0 < len(name) <= LONGEST_LABEL and bool(name.strip("./")) and is_text


def _refuse(problem: str) -> SettingsError:
    return SettingsError((problem,))


def _read(top: Mapping[str, object], problems: list[str]) -> RepoSettings:
    """Read every table, whatever is wrong with the others; what is wrong goes to ``problems``."""
    _check_version(top, problems)
    _check_keys("", {key: value for key, value in top.items() if key not in _RESERVED}, _KEYS, problems)
    for name, keys in _RESERVED.items():
        _check_keys(name, _table(name, top, problems), keys, problems)
    return RepoSettings(
        mode=_mode("mode", top.get("mode", "dry-run"), problems) or Mode.DRY_RUN,
        grace=_grace(top.get("grace-seconds", 120), problems),
        not_before=_day(top.get("not-before"), problems),
        labels=MappingProxyType(_labels(_table("labels", top, problems), problems)),
        rules=MappingProxyType(_rules(_table("rules", top, problems), problems)),
        allow_anyone=_commands(_table("commands", top, problems), problems),
        comments=_flag("comments", top.get("comments", True), problems),
        pull_requests=_flag("pull-requests", top.get("pull-requests", False), problems),
    )


def _check_version(top: Mapping[str, object], problems: list[str]) -> None:
    version = top.get("version")
    if version is None:
        problems.append("`version` is missing. Write `version = 1` at the top of the file.")
    elif type(version) is not int or version != 1:
        problems.append(f"`version` is {_shown(version)}. There is only `1` so far.")


def _check_keys(path: str, table: Mapping[str, object], known: Sequence[str], problems: list[str]) -> None:
    for key in table:
        if key not in known:
            place = f"`{path}.{_plain(key)}`" if path else f"`{_plain(key)}`"
            problems.append(f"{place} means nothing here{_meant(key, known) or f'. Known are {_and(known)}.'}")


def _table(path: str, within: Mapping[str, object], problems: list[str]) -> Mapping[str, object]:
    """Return a table by the last part of its path; an empty one where it is missing, or something else."""
    value = within.get(path.rpartition(".")[2], {})
    if isinstance(value, dict):
        return value
    problems.append(f"`{path}` is {_shown(value)}. It is a table: write `[{path}]`, and its keys on the lines below.")
    return {}


def _mode(path: str, value: object, problems: list[str]) -> Mode | None:
    if isinstance(value, str) and value in _MODES:
        return Mode(value)
    meant = _meant(value, _MODES) if isinstance(value, str) else None
    problems.append(f"`{path}` is {_shown(value)}{meant or f'. It is {_or(_MODES)}, in quotes.'}")
    return None


def _flag(path: str, value: object, problems: list[str]) -> bool:
    if isinstance(value, bool):
        return value
    problems.append(f"`{path}` is {_shown(value)}. It is `true` or `false`, without quotes.")
    return True


def _grace(value: object, problems: list[str]) -> timedelta:
    if type(value) is int and 0 <= value <= LONGEST_GRACE:
        return timedelta(seconds=value)
    problems.append(f"`grace-seconds` is {_shown(value)}. It is a whole number from 0 to {LONGEST_GRACE:,}.")
    return timedelta(0)


def _day(value: object, problems: list[str]) -> date | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    problems.append(f"`not-before` is {_shown(value)}. It is a day without quotes: `not-before = 2026-12-01`.")
    return None


def _labels(table: Mapping[str, object], problems: list[str]) -> dict[str, str]:
    _check_keys("labels", table, NEUTRAL_IDS, problems)
    labels: dict[str, str] = {}
    for key, value in table.items():
        if key not in NEUTRAL_IDS:
            continue
        if isinstance(value, str) and value == value.strip() and value.isprintable() and is_label_name(value):
            labels[key] = value
        else:
            problems.append(
                f"`labels.{key}` is {_shown(value)}. It is a label: 1 to {LONGEST_LABEL} visible characters. "
                "One of dots and slashes only is not used."
            )
    return labels


def _rules(table: Mapping[str, object], problems: list[str]) -> dict[KindName, RuleSettings]:
    _check_keys("rules", table, _KINDS, problems)
    rules: dict[KindName, RuleSettings] = {}
    for key in (key for key in table if key in _KINDS):
        rule = _table(f"rules.{key}", table, problems)
        _check_keys(f"rules.{key}", rule, ("mode", "enabled"), problems)
        rules[KindName(key)] = RuleSettings(
            mode=_mode(f"rules.{key}.mode", rule["mode"], problems) if "mode" in rule else None,
            enabled=_flag(f"rules.{key}.enabled", rule.get("enabled", True), problems),
        )
    return rules


def _commands(table: Mapping[str, object], problems: list[str]) -> tuple[str, ...]:
    _check_keys("commands", table, ("allow-anyone",), problems)
    patterns = table.get("allow-anyone", [])
    if not isinstance(patterns, list) or len(patterns) > MOST_PATTERNS:
        problems.append(
            f"`commands.allow-anyone` is {_shown(patterns)}. It is a list of at most {MOST_PATTERNS} labels or globs, "
            'such as `["needs-info", "python:*"]`.'
        )
        return ()
    for number, pattern in enumerate(patterns, start=1):
        if not (isinstance(pattern, str) and 0 < len(pattern.removeprefix("!")) <= LONGEST_LABEL):
            problems.append(
                f"Entry {number} of `commands.allow-anyone` is {_shown(pattern)}. "
                f"It is a label or glob of 1 to {LONGEST_LABEL} characters, in quotes."
            )
    return tuple(pattern for pattern in patterns if isinstance(pattern, str))


def _meant(text: str, known: Sequence[str]) -> str | None:
    """Ask whether a known word was meant, where one looks alike; such as `. Did you mean `mode`?`."""
    alike = get_close_matches(text[:_SHOWN].lower().replace("_", "-"), known, n=1)
    return f". Did you mean `{alike[0]}`?" if alike else None


def _plain(text: str) -> str:
    """Make a piece of the file harmless between backticks."""
    cut = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
    return "".join(c if c.isprintable() and c != "`" else "\N{REPLACEMENT CHARACTER}" for c in cut)


def _shown(value: object) -> str:
    """Return what stands there: its text if it is short and simple, else only its type."""
    match value:
        case bool():
            return f"`{str(value).lower()}`"
        case str():
            return f'`"{_plain(value)}"`'
        case int() | float() | date() | time():
            return f"`{_plain(str(value))}`"
        case list():
            return f"a list of {len(value)}"
        case _:
            return "a table"


def _and(words: Sequence[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _or(words: Sequence[str]) -> str:
    return f"{_and(words[:-1])} or `{words[-1]}`"


def ready_at(created: datetime, trigger: Trigger, settings: RepoSettings) -> datetime:
    """Return from when on a thread may be worked on: what is just opened is left to people for a while."""
    return created + settings.grace if trigger in _BEGINNINGS else created
