"""Makes threads for the tests of triage."""

from bot.core.classify.thread import Thread


def issue(title: str = "", body: str | None = "", repo: str = "spam/spam") -> Thread:
    return Thread(repo, 1, title, body, is_pr=False)


def pull(title: str = "", body: str | None = "", repo: str = "spam/spam") -> Thread:
    return Thread(repo, 1, title, body, is_pr=True)
