"""``ftbot deps-action``: what the GitHub Action (action.yml) runs. Its inputs are environment variables.

GitHub reads commands to itself in what a step writes, so that it is told to read none until our own last line.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bot.cli.deps import DependenciesAsked, check_application, outcome_of_check
from bot.cli.environment import command_settings
from bot.cli.output import CommandOutcome
from bot.config import Settings
from bot.core.dependencies.ci import (
    LARGEST_SUMMARY,
    SOUGHT,
    blocking_names,
    bounded,
    ci_comment,
    ci_line,
    ci_page,
    ci_problem,
    comment_mark,
    is_ok,
    parse_switch,
    workflow_command,
)
from bot.core.dependencies.report import DependencyReport
from bot.core.errors import StorageError, UpstreamError, UserError
from bot.core.github.threads import ForbiddenError
from bot.core.schema.dependencies import dependencies_json
from bot.core.text.sentences import joined, printable
from bot.wiring.ci import PullRequestPlace, write_comment

_PRIVILEGED = "pull_request_target"


class _PullRequest(msgspec.Struct):
    number: int


class _Event(msgspec.Struct):
    """What is read of the event that started the workflow."""

    pull_request: _PullRequest | None = None


@dataclass(frozen=True, slots=True)
class _Ended:
    """How it ended, in the line that is shown last."""

    outcome: CommandOutcome
    line: str


def run_action() -> CommandOutcome:
    """Judge the checkout's dependencies, write summary and outputs, comment where that is wanted and possible."""
    token = secrets.token_hex(16)
    _say(f"::stop-commands::{token}")
    try:
        ended = _act()
    except (UserError, StorageError) as error:
        ended = _without_answer(str(error), CommandOutcome.MISASKED)
    except UpstreamError as error:
        ended = _without_answer(f"{error} Run it again later.", CommandOutcome.UPSTREAM)
    except Exception:
        _append("GITHUB_STEP_SUMMARY", ci_problem("Something broke inside ftbot. The step's log says what."))
        raise
    _say(f"::{token}::")
    _say(workflow_command("notice" if ended.outcome is CommandOutcome.ANSWERED else "error", ended.line))
    return ended.outcome


def _act() -> _Ended:
    if _given("GITHUB_EVENT_NAME") == _PRIVILEGED:
        raise UserError(
            f"This action does not run on {_PRIVILEGED}: the code of strangers would be read beside a token that may "
            "write. Use pull_request."
        )
    must_pass, wants_comment = _switch("fail"), _switch("comment")
    asked = _asked()
    settings = command_settings()
    reports = check_application(settings, asked, shown=False)
    page = ci_page(reports)
    _append("GITHUB_STEP_SUMMARY", bounded(page, LARGEST_SUMMARY, "**The rest does not fit into a summary.**"))
    _write_outputs(reports)
    outcome = outcome_of_check(reports)
    line = ci_line(reports)
    _say(line)
    if wants_comment:
        _say(_commented(settings, asked, page, anew=outcome is not CommandOutcome.ANSWERED))
    if must_pass or outcome is CommandOutcome.MISASKED:
        return _Ended(outcome, line)
    return _Ended(CommandOutcome.ANSWERED, line)


def _without_answer(problem: str, outcome: CommandOutcome) -> _Ended:
    _append("GITHUB_STEP_SUMMARY", bounded(ci_problem(problem), LARGEST_SUMMARY, ""))
    _write_outputs(())
    return _Ended(outcome, problem)


def _asked() -> DependenciesAsked:
    checkout = Path(_given("GITHUB_WORKSPACE") or ".").resolve()
    named = tuple(dict.fromkeys(_file_names(checkout, _given("INPUT_FILES"))))
    files = named or tuple(name for name in SOUGHT if (checkout / name).is_file())[:1]
    if not files:
        raise UserError(
            f"The checkout has no {joined(SOUGHT[:-1])} and no {SOUGHT[-1]}. Name one in the input `files`."
        )
    for name in files:
        _check_place(checkout, name)
    return DependenciesAsked(
        files=files,
        targets=_words("INPUT_TARGETS") or ("3.14t",),
        platform=_given("INPUT_PLATFORM").strip() or "manylinux_x86_64",
        extras=_words("INPUT_EXTRAS"),
        groups=_words("INPUT_GROUPS"),
        folder=checkout,
    )


def _file_names(checkout: Path, text: str) -> Iterator[str]:
    """Return the names in a text: those between spaces, and a line that is the name of a file, spaces and all."""
    for line in text.splitlines():
        name = line.strip()
        if " " in name and _is_file(checkout / name):
            yield name
        else:
            yield from name.split()


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long for a name, or a NUL in it
        return False


def _check_place(checkout: Path, name: str) -> None:
    """Raise ``UserError`` for a file that is none of the checkout's, or git's own, by whichever links it is named.

    Lines that are not understood are shown, and elsewhere they may be secrets.
    """
    try:
        path = (checkout / name).resolve()
    except (OSError, RuntimeError, ValueError):
        raise UserError(f"{printable(name)[:100]} is no file's name. Check the input `files`.") from None
    inside = path.is_relative_to(checkout) and ".git" not in path.relative_to(checkout).as_posix().lower().split("/")
    if not inside:
        raise UserError(f"{printable(name)[:100]} is no file of the checkout. Name one that is inside it.")


def _commented(settings: Settings, asked: DependenciesAsked, page: str, *, anew: bool) -> str:
    """Write the comment, and return what became of it."""
    number, token = _pull_request(), _given("INPUT_GITHUB_TOKEN")
    if number is None:
        return "No comment: this is no pull request."
    if not token:
        return "No comment: there is no token."
    repository = _given("GITHUB_REPOSITORY")
    place = PullRequestPlace(
        api_url=_given("GITHUB_API_URL") or "https://api.github.com",
        graphql_url=_given("GITHUB_GRAPHQL_URL") or "https://api.github.com/graphql",
        repository=repository,
        number=number,
        token=token,
    )
    run = f"{_given('GITHUB_SERVER_URL')}/{repository}/actions/runs/{_given('GITHUB_RUN_ID')}"
    mark = comment_mark(
        _given("GITHUB_WORKFLOW"), _given("GITHUB_JOB"), asked.platform, *asked.targets, "", *asked.files
    )
    body = ci_comment(mark, page, run if _given("GITHUB_RUN_ID") else "")
    try:
        written = asyncio.run(write_comment(settings, place, mark, body, anew=anew))
    except ForbiddenError:
        return "No comment: the token may not write."
    except UpstreamError as error:
        return f"No comment: {error}"
    return "The comment on the pull request is up to date." if written else "No comment: nothing stops you."


def _pull_request() -> int | None:
    path = _given("GITHUB_EVENT_PATH")
    if _given("GITHUB_EVENT_NAME") != "pull_request" or not path:
        return None
    try:
        event = msgspec.json.decode(Path(path).read_bytes(), type=_Event)
    except (OSError, msgspec.DecodeError):
        return None
    return None if event.pull_request is None else event.pull_request.number


def _write_outputs(reports: Sequence[DependencyReport]) -> None:
    ok = is_ok(reports)
    answer, blocks = ("", "") if ok is None else (str(ok).lower(), str(len(blocking_names(reports))))
    _append("GITHUB_OUTPUT", f"ok={answer}\nblocks={blocks}\nreport={_report_file(reports)}\n")


def _report_file(reports: Sequence[DependencyReport]) -> Path:
    """Write the answers as `ftbot deps --json` has them, and return where."""
    folder = Path(tempfile.mkdtemp(prefix="ftbot-deps-", dir=_given("RUNNER_TEMP") or None))
    path = folder / "report.jsonl"
    path.write_text("".join(f"{json.dumps(dependencies_json(report))}\n" for report in reports), "utf-8")
    return path


def _append(variable: str, text: str) -> None:
    """Append to the file that GitHub names in a variable; elsewhere there is none."""
    path = _given(variable)
    if path:
        with Path(path).open("a", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text)


def _switch(name: str) -> bool:
    return parse_switch(name, _given(f"INPUT_{name.upper()}") or "true")


def _words(variable: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_given(variable).replace(",", " ").split()))


def _given(variable: str) -> str:
    return os.environ.get(variable, "")


def _say(line: str) -> None:
    sys.stdout.write(f"{printable(line)}\n")
    sys.stdout.flush()
