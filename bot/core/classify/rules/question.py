"""The thread asks something."""

from bot.core.classify.rules.rule import Rule, Where
from bot.core.classify.thread import Confidence, KindName

ABOUT_SUPPORT = frozenset({"support-asked-title", "plans-asked", "plans-wondered"})
"""The rules of questions that wheels answer: whether something is, or will be, supported."""

RULES: tuple[Rule, ...] = (
    Rule(
        id="support-asked-title",
        kind=KindName.QUESTION,
        confidence=Confidence.HIGH,
        where=Where.TITLE,
        needs="ask|? support-word|plans",
        unless="wheel pypi publish",
        is_pr=False,
        why="The title asks for support, or for plans.",
        example="When will free-threaded Python be supported?",
    ),
    Rule(
        id="ask-title",
        version=3,
        kind=KindName.QUESTION,
        confidence=Confidence.HIGH,
        where=Where.TITLE,
        needs="ask",
        unless="wheel pypi publish",
        is_pr=False,
        why="The title asks.",
        example="How to use this with free-threaded Python",
    ),
    Rule(
        id="question-mark-title",
        version=3,
        kind=KindName.QUESTION,
        confidence=Confidence.HIGH,
        where=Where.TITLE,
        needs="?",
        unless="wheel pypi publish",
        is_pr=False,
        why="The title ends in a question mark; a request for wheels does so out of politeness.",
        example="Is free-threaded Python on the way?",
    ),
    Rule(
        id="plans-asked",
        version=2,
        kind=KindName.QUESTION,
        confidence=Confidence.HIGH,
        where=Where.BODY,
        needs="? plans",
        is_pr=False,
        why="The report asks for plans: whatever its title wants, an answer is due.",
        example="Support for free-threaded Python. Are there any plans?",
    ),
    Rule(
        id="plans-wondered",
        kind=KindName.QUESTION,
        confidence=Confidence.HIGH,
        where=Where.BODY,
        needs="wonder plans",
        is_pr=False,
        why="As above, politely: without a question mark.",
        example="Free-threaded builds. I was wondering whether there are any plans for them",
    ),
    Rule(
        id="wonder-opening",
        kind=KindName.QUESTION,
        confidence=Confidence.MEDIUM,
        where=Where.OPENING,
        needs="wonder",
        is_pr=False,
        why="The report opens with wondering.",
        example="I wonder whether it works with free-threaded Python",
    ),
    Rule(
        id="question-told",
        kind=KindName.QUESTION,
        confidence=Confidence.LOW,
        where=Where.BODY,
        needs="? query",
        absent="wheel",
        is_pr=False,
        why="The report ends in a question.",
        example="It prints a warning. Is this expected?",
    ),
)
