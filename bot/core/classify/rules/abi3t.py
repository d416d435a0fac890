"""The thread is about abi3t, the stable ABI of free-threaded builds."""

from bot.core.classify.rules.rule import Rule, Where
from bot.core.classify.thread import Confidence, KindName

RULES: tuple[Rule, ...] = (
    Rule(
        id="abi3t-title",
        kind=KindName.ABI3T,
        confidence=Confidence.HIGH,
        where=Where.TITLE,
        needs="abi3t",
        why="The stable ABI of free-threaded builds, or the PEPs that make it, by name.",
        example="Add support for abi3t (PEP 803)",
    ),
    Rule(
        id="stable-abi-315-title",
        kind=KindName.ABI3T,
        confidence=Confidence.HIGH,
        where=Where.TITLE,
        needs="stable-abi py315",
        unless="limited-error fail",
        why="From 3.15 on the limited API covers free-threaded builds; before that it fails on them.",
        example="Limited API and free-threaded Python 3.15",
    ),
    Rule(
        id="stable-abi-title",
        kind=KindName.ABI3T,
        confidence=Confidence.MEDIUM,
        where=Where.TITLE,
        needs="stable-abi ft|t-tag|ft-mark",
        unless="limited-error fail build-verb neg",
        why="Stable ABI and free-threading in one title, and nothing that fails.",
        example="A stable ABI for free-threaded extensions",
    ),
    Rule(
        id="abi3t-named",
        kind=KindName.ABI3T,
        confidence=Confidence.MEDIUM,
        where=Where.ANY,
        needs="abi3t",
        unless="aside",
        why="abi3t is named in the text, and not as an aside.",
        example="Wheels for 3.15t would be welcome. An abi3t build would do",
    ),
)
