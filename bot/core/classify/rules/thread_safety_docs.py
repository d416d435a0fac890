"""The thread is about what a document says of free-threading or of thread safety."""

from bot.core.classify.rules.rule import Rule, Where
from bot.core.classify.thread import Confidence, KindName

RULES: tuple[Rule, ...] = (
    Rule(
        id="doc-title",
        version=2,
        kind=KindName.THREAD_SAFETY_DOCS,
        confidence=Confidence.HIGH,
        where=Where.TITLE,
        needs="doc ft|t-tag|thread-safe",
        unless="ci crash slow-strong gil-slot-strict declare-strict",
        why="Documentation and free-threading, or thread safety, in one title.",
        example="DOC: describe thread safety on free-threaded Python",
    ),
    Rule(
        id="doc-title-plain",
        version=2,
        kind=KindName.THREAD_SAFETY_DOCS,
        confidence=Confidence.MEDIUM,
        where=Where.TITLE,
        needs="doc",
        unless="ci slow-strong declare-strict",
        why="A document in the title, and the gate found free-threading in the body.",
        example="Clarify what may be shared",
    ),
    Rule(
        id="guide",
        kind=KindName.THREAD_SAFETY_DOCS,
        confidence=Confidence.MEDIUM,
        where=Where.REPOSITORY,
        needs="guide",
        absent="tracking-title",
        why="The free-threading guide is a document; what is filed there is mostly about its text.",
        example="Rephrase the second paragraph",
    ),
    Rule(
        id="note-title",
        kind=KindName.THREAD_SAFETY_DOCS,
        confidence=Confidence.MEDIUM,
        where=Where.TITLE,
        needs="note",
        why="A note, a section or a recommendation is added.",
        example="Add a note on iterators",
    ),
    Rule(
        id="guarantee-title",
        kind=KindName.THREAD_SAFETY_DOCS,
        confidence=Confidence.MEDIUM,
        where=Where.TITLE,
        needs="guarantee thread-safe",
        unless="fail test ci",
        why="What is guaranteed about thread safety is a matter for the documentation.",
        example="Thread-safety guarantees of the cache",
    ),
)
