"""What each command does: reads the settings, calls one service, prints what it says."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from enum import Enum
from pathlib import Path

import structlog

from bot.config import LogFormat, LogLevel, Settings, describe, read_settings, unused_settings
from bot.core.classify.classify import classify
from bot.core.classify.jsonl import ThreadLineError, parse_thread
from bot.core.classify.jsonl import to_json as to_classification_json
from bot.core.digest import markdown as digest_text
from bot.core.digest import page as digest_page
from bot.core.digest.digest import Digest
from bot.core.digest.weeks import Week, parse_week
from bot.core.errors import UserError
from bot.core.history.timelines import Rule
from bot.core.index.names import normalize
from bot.core.text.sentences import printable
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import failed, to_json, with_upstream
from bot.core.wheels.targets import Target, parse_target
from bot.desks import open_checkup, open_desk, open_observatory, utc_now
from bot.ending import Ending, flush_logs
from bot.logs import Aside, set_up_logs
from bot.services.digest.history import Question, history_json
from bot.services.packages.families import look_up_all
from bot.services.packages.lookup import Freshness
from bot.streams import output_failure
from bot.terminal import (
    checks_table,
    error_output,
    foreign,
    history_table,
    output,
    page_progress,
    scan_progress,
    scan_report,
    settings_table,
    status_card,
)

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_ENDINGS = {"markdown": "md", "json": "json", "html": "html"}


class Outcome(Enum):
    """How a command ended, where nothing was wrong with the question."""

    ANSWERED = "everything was answered"
    NOT_FOUND = "a package does not exist"
    UPSTREAM = "an upstream could not be reached and nothing stored serves"
    MISCONFIGURED = "a setting does not work"
    MISASKED = "some of what was asked made no sense"


def answer_status(
    packages: Sequence[str], targets: Sequence[str], *, as_json: bool, offline: bool, refresh: bool
) -> Outcome:
    """Answer ``ftbot status``. Raises ``UserError`` for a name or a Python that cannot be."""
    if offline and refresh:
        raise UserError("--offline and --refresh exclude each other. Leave one away.")
    settings = read_settings()
    log_quietly(settings)
    names = [normalize(package) for package in packages]
    wanted = tuple(dict.fromkeys(parse_target(text) for text in targets))
    freshness = Freshness.OFFLINE if offline else Freshness.REFRESH if refresh else Freshness.NORMAL
    return asyncio.run(_answer(settings, names, wanted, freshness, as_json=as_json))


def scan_packages(*, top: int | None, as_json: bool) -> Outcome:
    """Answer ``ftbot scan``. Raises ``UpstreamError`` where the index answers nothing and nothing is stored."""
    settings = read_settings()
    log_quietly(settings)
    return asyncio.run(_scan(settings, settings.track if top is None else top, as_json=as_json))


def show_digest(week: str | None, form: str, into: str | None) -> Outcome:
    """Answer ``ftbot digest``. Raises ``UserError`` where there is none, or where it cannot be written."""
    settings = read_settings()
    log_quietly(settings)
    asked = None if week is None else parse_week(week)
    return asyncio.run(_digest(settings, asked, form, None if into is None else Path(into).expanduser()))


def show_history(question: Question, *, as_json: bool) -> Outcome:
    """Answer ``ftbot history``."""
    settings = read_settings()
    log_quietly(settings)
    return asyncio.run(_history(settings, question, as_json=as_json))


def ask_history(packages: str | None, most: int | None, first: str | None, last: str | None, rule: str) -> Question:
    """Read what was asked of the past; a ``UserError`` says what a name or a day looks like."""
    if packages is not None and most is not None:
        raise UserError("--packages and --top exclude each other. Leave one away.")
    names = tuple(dict.fromkeys(normalize(name) for name in (packages or "").split(",") if name.strip()))
    return Question(names, most, _day(first), _day(last), Rule(rule))


def classify_threads(*, jsonl: bool) -> Outcome:
    """Answer ``ftbot triage classify --jsonl``: a line that is no thread is told of, and the others are answered."""
    if not jsonl:
        raise UserError("Say --jsonl: threads are read from stdin, a JSON object a line.")
    outcome = Outcome.ANSWERED
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if not line.strip():
            continue
        try:
            print_json(to_classification_json(classify(parse_thread(line))))
        except ThreadLineError as error:
            sys.stderr.write(f"ftbot: Line {number} is left out: {error}. A line is a JSON object, see --help.\n")
            outcome = Outcome.MISASKED
        if output_failure() is not None:  # nobody sees the other answers, and there may be no end of threads
            break
    return outcome


def show_settings(*, as_json: bool) -> None:
    """Answer ``ftbot settings``."""
    listed = tuple(describe(read_settings()))
    _tell_of_unused_settings()
    if as_json:
        print_json({"schema": 1, "settings": {setting.variable: setting.value or None for setting in listed}})
    else:
        output().print(settings_table(listed))


def check_everything(*, as_json: bool) -> Outcome:
    """Answer ``ftbot check``."""
    settings = read_settings()
    log_quietly(settings)
    _tell_of_unused_settings()
    return asyncio.run(_check(settings, as_json=as_json))


def run_until_stopped() -> None:
    """Run the bot. Raises ``UserError`` without a token."""
    settings = read_settings()
    if settings.discord_token is None:
        raise UserError("FTBOT_DISCORD_TOKEN is not set. Create a bot (docs/operations.md) and set its token.")
    ending = Ending()
    ending.heed(signal.SIGINT, signal.SIGTERM)
    from bot.app import run_bot  # only the bot needs Discord's library, which takes its time to import

    as_json = settings.log_format is LogFormat.JSON
    set_up_logs(level=settings.log_level, as_json=as_json, secrets=settings.secrets(), to=Aside)
    try:
        for what in unused_settings():
            log.warning("setting_without_effect", reason=what)
        asyncio.run(run_bot(settings, ending))
    finally:
        flush_logs()  # before the sentence that says why it ended


async def _answer(
    settings: Settings, names: Sequence[str], targets: Sequence[Target], freshness: Freshness, *, as_json: bool
) -> Outcome:
    """Ask about all packages at once; print the answers in the order asked, each as soon as it is its turn."""
    out, err = output(), error_output()
    verdicts: set[Verdict] = set()
    async with open_desk(settings) as desk:
        if desk.warning is not None:
            err.print(foreign(f"ftbot: {desk.warning}"), soft_wrap=True)
        asking = look_up_all(desk.lookup, names, targets, freshness)
        try:
            for question in asking:
                answer = with_upstream(await question, desk.issues)
                verdicts.add(answer.headline.verdict)
                if as_json:
                    print_json(to_json(answer))
                elif not failed(answer.headline.verdict):
                    out.print(status_card(answer, utc_now()))
                if failed(answer.headline.verdict):
                    why = await desk.explain(answer, offline=freshness is Freshness.OFFLINE)
                    err.print(foreign(f"ftbot: {why}"), soft_wrap=True)
                if output_failure() is not None:  # nobody sees the other answers
                    break
        finally:
            for question in asking:
                question.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
    if Verdict.UNKNOWN in verdicts:
        return Outcome.UPSTREAM
    return Outcome.NOT_FOUND if Verdict.NOT_FOUND in verdicts else Outcome.ANSWERED


async def _scan(settings: Settings, track: int, *, as_json: bool) -> Outcome:
    async with open_observatory(settings) as observatory:
        with scan_progress(shown=not as_json) as progress:
            report = await observatory.scanner.scan(track, progress=progress)
    if as_json:
        print_json(
            {
                "schema": 1,
                "packages": report.packages,
                "requests": report.requests,
                "not_modified": report.not_modified,
                "bytes": report.bytes,
                "failed": list(report.failed),
                "verdicts": report.verdicts,
                "seconds": round(report.seconds, 3),
            }
        )
    else:
        output().print(scan_report(report))
    return Outcome.UPSTREAM if report.failed and not report.packages else Outcome.ANSWERED


async def _digest(settings: Settings, week: Week | None, form: str, into: Path | None) -> Outcome:
    async with open_observatory(settings) as observatory:
        digest = await observatory.digests.digest(week)
    if into is None:
        sys.stdout.write(_written(digest, form, chart=None))
        return Outcome.ANSWERED
    chart = into / f"{digest.week}.png"
    document = into / f"{digest.week}.{_ENDINGS[form]}"
    try:
        await asyncio.to_thread(into.mkdir, parents=True, exist_ok=True)
        if form != "json":
            await asyncio.to_thread(chart.write_bytes, await asyncio.to_thread(_draw, digest))
        await asyncio.to_thread(document.write_text, _written(digest, form, chart=chart.name), "utf-8")
    except OSError as error:
        raise UserError(f"{into} cannot be written: {error.strerror or error}. Name another folder.") from error
    sys.stdout.write(f"{document}\n")
    return Outcome.ANSWERED


def _written(digest: Digest, form: str, chart: str | None) -> str:
    """Write a digest; alone, an HTML page has its chart inside."""
    if form == "json":
        return json.dumps(digest_text.to_json(digest)) + "\n"
    if form == "html":
        return digest_page.page(digest, _draw(digest) if chart is None else chart)
    return digest_text.markdown(digest, chart)


def _draw(digest: Digest) -> bytes:
    from bot.charts import draw  # matplotlib takes its time to import

    return draw(digest)


async def _history(settings: Settings, question: Question, *, as_json: bool) -> Outcome:
    async with open_observatory(settings) as observatory:
        with page_progress(shown=not as_json) as progress:
            history = await observatory.historian.history(question, progress)
    if as_json:
        print_json(history_json(history))
    elif not history.is_void:
        output().print(history_table(history))
    err = error_output()
    for name, reason in sorted(history.failed.items()):
        err.print(foreign(f"ftbot: {name} is left out: {reason}"), soft_wrap=True)
    for name in history.missing:
        err.print(f"ftbot: There is no package called {name} on the index. Check the spelling.", soft_wrap=True)
    if history.failed:
        return Outcome.UPSTREAM
    return Outcome.NOT_FOUND if history.missing else Outcome.ANSWERED


def _tell_of_unused_settings() -> None:
    for what in unused_settings():
        sys.stderr.write(f"ftbot: {printable(what)}\n")


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise UserError(f"`{text}` is no day. Write it like `2026-11-22`.") from None


async def _check(settings: Settings, *, as_json: bool) -> Outcome:
    from bot.thread_desks import open_app  # GitHub's library takes its time to import

    async def app_login() -> str | None:
        async with open_app(settings) as app:
            return None if app is None else await app.login()

    async with open_checkup(settings, app_login) as checkup:
        checks = await checkup.run()
    if as_json:
        found = [{"subject": check.subject, "works": check.works, "finding": check.finding} for check in checks]
        print_json({"schema": 1, "checks": found})
    else:
        output().print(checks_table(checks))
    broken = [check for check in checks if check.works is False]
    if any(not check.upstream for check in broken):
        return Outcome.MISCONFIGURED
    return Outcome.UPSTREAM if broken else Outcome.ANSWERED


def log_quietly(settings: Settings) -> None:
    """Log nothing short of an error: a command that answers at once says in its answer what went wrong."""
    level = settings.log_level if settings.log_level is LogLevel.DEBUG else LogLevel.ERROR
    set_up_logs(level=level, as_json=settings.log_format is LogFormat.JSON, secrets=settings.secrets())


def print_json(content: Mapping[str, object]) -> None:
    """Print one object on a line of its own, at once."""
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()
