"""A digest as JSON (schema 1)."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.digest.digest import Digest, DigestThread, Move, Share, WaitingPackage
from bot.core.digest.imported import ImportedGil
from bot.core.schema.times import SCHEMA, timestamp


def digest_json(digest: Digest) -> dict[str, object]:
    """Return the JSON object of ``ftbot digest --format json`` (schema 1)."""
    names = [str(share.target) for share in digest.shares]
    return {
        "schema": SCHEMA,
        "week": str(digest.week),
        "complete": digest.complete,
        "from": digest.week.monday.isoformat(),
        "to": digest.week.sunday.isoformat(),
        "read": timestamp(digest.read),
        "rules": digest.rules,
        "tracked": digest.tracked,
        "unread": list(digest.unread),
        "shares": [_share_json(share) for share in digest.shares],
        "imported": None if digest.imported is None else _imported_json(digest.imported),
        "gained": [_move_json(move) for move in digest.gained],
        "completed": [_move_json(move) for move in digest.completed],
        "lost": [_move_json(move) for move in digest.lost],
        "narrowed": [_move_json(move) for move in digest.narrowed],
        "pure": [_move_json(move) for move in digest.pure],
        "waiting": [_waiting_json(waiting) for waiting in digest.waiting],
        "blocking": digest.blocking,
        "chart": [
            {
                "day": point.day.isoformat(),
                "percent": dict(zip(names, (round(each, 1) for each in point.percent), strict=True)),
            }
            for point in digest.chart
        ],
        "issues": {
            "opened": _threads_json(digest.issues.opened),
            "closed": _threads_json(digest.issues.closed),
            "discussed": _threads_json(digest.issues.discussed),
            "answered": [
                {**thread, "answer": each.answer}
                for thread, each in zip(_threads_json(digest.issues.answered), digest.issues.answered, strict=True)
            ],
            "totals": {
                "opened": digest.issues.totals.opened,
                "closed": digest.issues.totals.closed,
                "discussed": digest.issues.totals.discussed,
                "answered": digest.issues.totals.answered,
            },
        },
    }


def _share_json(share: Share) -> dict[str, object]:
    return {
        "python": str(share.target),
        "packages": share.packages,
        "with_wheels": share.with_wheels,
        "supported": share.supported,
        "partial": share.partial,
        "percent": round(share.percent, 1),
        "change": share.change,
    }


def _imported_json(imported: ImportedGil) -> dict[str, object]:
    return {
        "shares": [
            {"python": str(share.target), "gil_off": share.off, "unread": share.unread} for share in imported.shares
        ],
        "gil_on": [
            {"package": each.package, "rank": each.rank, "python": str(each.target), "modules": list(each.modules)}
            for each in imported.on
        ],
        "turning_on": imported.turning_on,
        "moves": [
            {
                "package": move.package,
                "rank": move.rank,
                "python": str(move.target),
                "version": move.version,
                "previous": move.previous,
                "gil": move.gil.value,
            }
            for move in imported.moves
        ],
    }


def _move_json(move: Move) -> dict[str, object]:
    return {
        "package": move.package,
        "rank": move.rank,
        "python": str(move.target),
        "version": move.version,
        "previous": move.previous,
        "day": move.day.isoformat(),
        "verdict": move.verdict.value,
        "how": list(move.how),
        "covered": [platform.value for platform in move.covered],
        "missing": [platform.value for platform in move.missing],
        "lost": [platform.value for platform in move.lost],
    }


def _waiting_json(waiting: WaitingPackage) -> dict[str, object]:
    return {"package": waiting.package, "rank": waiting.rank, "verdict": waiting.verdict.value}


def _threads_json(threads: Sequence[DigestThread]) -> list[dict[str, object]]:
    return [
        {
            "repository": thread.repository,
            "number": thread.number,
            "title": thread.title,
            "url": thread.url,
            "comments": thread.comments,
        }
        for thread in threads
    ]
