"""How well the rules do, as people see it in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType

from bot.core.classify.calibration import opens_alone
from bot.core.classify.labelled import LabelledThread
from bot.core.classify.scores import RESAMPLES, Interval, Mistake, PhraseCount, Score
from bot.core.text.sentences import counted, shortened
from bot.core.triage.evaluation import WouldSay, wanted_comments
from bot.terminal.console import foreign
from bot.terminal.text import Text
from bot.terminal.threads import plain_table

_LONGEST_TITLE = 70


def evaluation_report(
    threads: Sequence[LabelledThread],
    scores: Sequence[Score],
    mistakes: Sequence[Mistake],
    comments: Sequence[WouldSay],
) -> RenderableType:
    """Draw the scores, every mistake with the words that led to it, and where a comment would stand."""
    about = sum(thread.is_about for thread in threads)
    head = f"{counted(len(threads), 'thread')}, {about} about free-threading"
    if repeated := len(threads) - len({(thread.repo.lower(), thread.number) for thread in threads}):
        head += f" ({counted(repeated, 'line')} of a thread that is there already: it counts again)"
    lines: list[RenderableType] = [Text(head, style="bold"), _scores_table(scores)]
    lines.append(Text(f"In brackets: 95 of 100 of {RESAMPLES:,} draws of the repositories.", style="dim"))
    lines += [Text(), Text(f"{counted(len(mistakes), 'mistake')}", style="bold")]
    lines += [_mistake_line(mistake) for mistake in mistakes]
    lines += [Text(), *_comment_lines(threads, comments, about)]
    return Group(*lines)


def phrases_report(phrases: Sequence[PhraseCount]) -> RenderableType:
    """Draw what each phrase that may open the gate is worth."""
    if not phrases:
        return Text("No title has a phrase that may open the gate.")
    table = plain_table()
    table.add_row(*(Text(head, style="dim") for head in ("phrase", "right", "wrong", "opens alone")))
    for each in phrases:
        alone = "yes" if opens_alone(each.phrase) else "no"
        table.add_row(foreign(each.phrase), Text(str(each.right)), Text(str(each.wrong)), Text(alone))
    return table


def _scores_table(scores: Sequence[Score]) -> RenderableType:
    table = plain_table()
    heads = ("", "wanted", "right", "wrong", "precision", "recall", "F1")
    table.add_row(*(Text(head, style="dim") for head in heads))
    for score in scores:
        hits = score.hits
        table.add_row(
            Text(score.name),
            Text(str(hits.right + hits.missed)),
            Text(str(hits.right)),
            Text(str(hits.wrong)),
            _share(hits.precision, score.precision),
            _share(hits.recall, score.recall),
            _share(hits.f1, score.f1),
        )
    return table


def _share(share: float | None, interval: Interval | None) -> Text:
    if share is None or interval is None:
        return Text("–")
    return Text(f"{share:.2f} ({interval.low:.2f}–{interval.high:.2f})")


def _mistake_line(mistake: Mistake) -> Text:
    said = "said, and it is not" if mistake.wrong else "not said"
    by = f", rule {mistake.rule}" if mistake.rule else ""
    sure = f" ({mistake.confidence}{by})" if mistake.confidence else ""
    line = foreign(f"{_name(mistake.thread)}: {mistake.about} {mistake.value} {said}{sure}")
    if mistake.words:
        line.append_text(foreign(f", because of “{mistake.words}”", style="dim"))
    return line


def _comment_lines(threads: Sequence[LabelledThread], comments: Sequence[WouldSay], about: int) -> list[RenderableType]:
    standing = [(thread, each) for thread, each in zip(threads, comments, strict=True) if each.stands]
    on_others = sum(not thread.is_about for thread, _ in standing)
    head = (
        f"A comment would stand on {len(standing) - on_others} of {about} about free-threading, and on {on_others} of"
    )
    lines: list[RenderableType] = [Text(f"{head} {len(threads) - about} others.", style="bold")]
    if (hits := wanted_comments(threads, comments)) is not None:
        wanted = hits.right + hits.missed
        lines.append(
            Text(f"Of {wanted} where one is wanted it would stand on {hits.right}, and on {hits.wrong} where none is.")
        )
    lines += [foreign(f"{_name(thread)}: {'; '.join(each.says)}") for thread, each in standing]
    return lines


def _name(thread: LabelledThread) -> str:
    return f"{thread.repo}#{thread.number} {shortened(thread.title, _LONGEST_TITLE)}"
