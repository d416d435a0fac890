"""What is said about an application in continuous integration: the summary of a job, a comment, a line of its log.

Names there come from whoever opened a pull request: they are no markup, mention nobody, and are no commands to GitHub.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Final

from bot.core.dependencies.report import DependencyReport
from bot.core.dependencies.tables import dependencies_markdown
from bot.core.dependencies.wording import place_name
from bot.core.errors import UserError
from bot.core.text.markdown import plain_markdown
from bot.core.text.sentences import counted, one_line

LARGEST_SUMMARY: Final = 1 << 20
"""Bytes that GitHub takes of a step's summary; of a larger one it takes nothing."""

LARGEST_COMMENT: Final = 65_536
"""Characters that GitHub takes of a comment; counted here in bytes, which are never fewer."""

SOUGHT: Final = (
    "uv.lock",
    "pylock.toml",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "requirements.txt",
    "pyproject.toml",
)
"""What is looked for where no file is named, what says most first."""

_TITLE = "## Free-threaded Python: what stops this application"
_ISSUE_LINK = re.compile(r"\]\(https://github\.com/")


def ci_page(reports: Sequence[DependencyReport]) -> str:
    """Return the answers as Markdown for the summary of a job."""
    return "\n".join((_TITLE, "", *_warnings(reports), dependencies_markdown(reports)))


def ci_problem(problem: str) -> str:
    """Return why there is no answer, as Markdown for the summary of a job."""
    return f"{_TITLE}\n\nNo answer: {plain_markdown(problem)}\n"


def ci_comment(mark: str, page: str, run: str) -> str:
    """Return a page as a comment that begins with its mark; ``run`` is the address of the run that it comes from.

    GitHub tells an issue's people of every comment that links to it, whoever wrote it where; its detour does not.
    """
    ending = f"[The run]({run}) has the same as the job’s summary." if run else ""
    whole = f"{mark}\n{_ISSUE_LINK.sub('](https://redirect.github.com/', page)}\n{ending}\n"
    return bounded(whole, LARGEST_COMMENT, f"**The rest does not fit into a comment.** {ending}".rstrip())


def comment_mark(*what: str) -> str:
    """Return the hidden mark of a comment; ``what`` is what makes it another comment than those of other jobs."""
    digest = hashlib.sha256("\0".join(what).encode("utf-8", "replace")).hexdigest()
    return f"<!-- ftbot-deps {digest[:16]} -->"


def bounded(text: str, most: int, ending: str) -> str:
    """Return Markdown of at most so many bytes: whole lines of it, what is folded closed, and ``ending`` if cut."""
    if _size(text) <= most:
        return text
    ends = f"\n\n{ending}\n"
    fold = "\n\n</details>"
    room = most - _size(ends) - _size(fold)
    kept: list[str] = []
    for line in text.split("\n"):
        room -= _size(line) + 1
        if room < 0:
            break
        kept.append(line)
    is_open = sum(line.startswith("<details>") for line in kept) > kept.count("</details>")
    return "\n".join(kept) + (fold if is_open else "") + ends


def ci_line(reports: Sequence[DependencyReport]) -> str:
    """Return the answers in a line, which holds nothing of anybody's files."""
    return " ".join(_told(report) for report in reports)


def workflow_command(command: str, text: str) -> str:
    """Return a line that GitHub shows as an annotation; whatever the text is, it is one line and no other command."""
    data = one_line(text).replace("%", "%25")
    return f"::{command} title=ftbot deps::{data}"


def blocking_names(reports: Sequence[DependencyReport]) -> frozenset[str]:
    """Return which packages stop the move to one of the targets at least."""
    return frozenset(found.package for report in reports for found in report.blocking)


def is_ok(reports: Sequence[DependencyReport]) -> bool | None:
    """Return whether nothing stops the move to any target; None where that could not be told of all that do not."""
    answers = [report.ok for report in reports]
    if False in answers:
        return False
    return None if None in answers or not answers else True


def parse_switch(name: str, text: str) -> bool:
    """Read an input that is true or false. Raises ``UserError``."""
    value = text.strip().lower()
    if value not in {"true", "false"}:
        raise UserError(f"The input `{name}` is `{one_line(text)[:40]}`. Write true or false.")
    return value == "true"


def _told(report: DependencyReport) -> str:
    where = place_name(report)
    if not report.is_judged:
        return f"{where}: nothing could be judged."
    total, blocking = counted(len(report.dependencies), "package"), len(report.blocking)
    if not blocking:
        return f"{where}: nothing stops you ({total})."
    return f"{where}: {blocking} of {total} {'stops' if blocking == 1 else 'stop'} you."


def _warnings(reports: Sequence[DependencyReport]) -> Iterator[str]:
    told = dict.fromkeys(warning for report in reports for warning in report.warnings)
    if told:
        yield from (f"- {plain_markdown(warning)}" for warning in told)
        yield ""


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
