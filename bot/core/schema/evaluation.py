"""How well the rules do, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.core.classify.calibration import opens_alone
from bot.core.classify.labelled import LabelledThread
from bot.core.classify.scores import Hits, Interval, Mistake, PhraseCount, Score
from bot.core.schema.times import SCHEMA
from bot.core.triage.evaluation import WouldSay, wanted_comments


def evaluation_json(
    threads: Sequence[LabelledThread],
    scores: Sequence[Score],
    mistakes: Sequence[Mistake],
    phrases: Sequence[PhraseCount],
    comments: Sequence[WouldSay],
) -> Mapping[str, object]:
    """Return everything that was measured."""
    return {
        "schema": SCHEMA,
        "threads": len(threads),
        "free_threading": sum(thread.is_about for thread in threads),
        "scores": [_score_json(score) for score in scores],
        "mistakes": [_mistake_json(mistake) for mistake in mistakes],
        "wanted_comments": _wanted_json(wanted_comments(threads, comments)),
        "comments": [
            {**_thread_json(thread), "about": thread.is_about, "stands": comment.stands, "says": list(comment.says)}
            for thread, comment in zip(threads, comments, strict=True)
        ],
        "phrases": [
            {"phrase": each.phrase, "right": each.right, "wrong": each.wrong, "opens_alone": opens_alone(each.phrase)}
            for each in phrases
        ],
    }


def _wanted_json(hits: Hits | None) -> Mapping[str, int] | None:
    return None if hits is None else {"right": hits.right, "wrong": hits.wrong, "missed": hits.missed}


def _score_json(score: Score) -> Mapping[str, object]:
    hits = score.hits
    return {
        "name": score.name,
        "right": hits.right,
        "wrong": hits.wrong,
        "missed": hits.missed,
        "precision": _share_json(hits.precision, score.precision),
        "recall": _share_json(hits.recall, score.recall),
        "f1": _share_json(hits.f1, score.f1),
    }


def _share_json(share: float | None, interval: Interval | None) -> Mapping[str, float] | None:
    if share is None or interval is None:
        return None
    return {"value": round(share, 4), "low": round(interval.low, 4), "high": round(interval.high, 4)}


def _mistake_json(mistake: Mistake) -> Mapping[str, object]:
    return {
        **_thread_json(mistake.thread),
        "about": mistake.about,
        "value": mistake.value,
        "wrong": mistake.wrong,
        "words": mistake.words or None,
        "rule": mistake.rule or None,
        "confidence": mistake.confidence or None,
    }


def _thread_json(thread: LabelledThread) -> Mapping[str, object]:
    return {"repo": thread.repo, "number": thread.number, "title": thread.title}
