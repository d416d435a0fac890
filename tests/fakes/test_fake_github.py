"""The fake GitHub behaves like GitHub, as unmodified PyGithub and a plain HTTP client see it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import httpx
import msgspec
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from github import Auth, Github, GithubException, GithubIntegration

from tests.fakes import github_failures as go_wrong
from tests.fakes.discord_json import JsonObject, child, children, number, text
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.github_failures import Failure, Hold
from tests.fakes.github_world import FakeIssue, FakeRepository, SuggestionState

pytestmark = pytest.mark.no_cover  # a fake is no part of the program

_T = TypeVar("_T")

LIGHT = """query($ids:[ID!]!){rateLimit{cost remaining nodeCount} nodes(ids:$ids){
  ... on Issue{id number url title updatedAt issueState:state stateReason}
  ... on PullRequest{id number url title updatedAt prState:state merged}}}"""
RICH = """query($ids:[ID!]!){rateLimit{cost} nodes(ids:$ids){... on Issue{
  id author{login __typename} locked createdAt closedAt body repository{nameWithOwner isPrivate}
  labels(first:20){nodes{name}} comments(last:1){totalCount nodes{author{login __typename} bodyText createdAt}}
  timelineItems(last:50,itemTypes:[LABELED_EVENT,UNLABELED_EVENT]){nodes{__typename
    ... on LabeledEvent{createdAt actor{login __typename} label{name}}
    ... on UnlabeledEvent{createdAt actor{login __typename} label{name}}}}}}}"""


@dataclass(slots=True)
class Clock:
    """A clock that stands still until it is moved."""

    time: datetime = datetime(2026, 11, 23, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **by: float) -> None:
        self.time += timedelta(**by)


@dataclass(slots=True)
class Receiver:
    """A bot's webhook address; it answers with ``status``."""

    url: str = ""
    status: int = 202
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def payloads(self) -> list[tuple[str, JsonObject]]:
        return [(headers["X-GitHub-Event"], msgspec.json.decode(body, type=JsonObject)) for headers, body in self.got]

    @property
    def names(self) -> list[str]:
        return [f"{event} {text(payload, 'action')}".strip() for event, payload in self.payloads]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def fake(clock: Clock) -> AsyncIterator[FakeGitHub]:
    """Give a GitHub that finds nothing wrong; a test that wants something wrong clears the violations."""
    async with FakeGitHub(now=clock) as fake:
        yield fake
        assert fake.violations == []


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()

    async def receive(request: web.Request) -> web.Response:
        receiver.got.append((dict(request.headers), await request.read()))
        return web.Response(status=receiver.status)

    app = web.Application()
    app.router.add_post("/hook", receive)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield receiver
    await runner.cleanup()


@contextmanager
def pygithub(fake: FakeGitHub, auth: Auth.Auth | None) -> Iterator[Github]:
    client = Github(
        base_url=fake.url,
        auth=auth,
        retry=None,
        seconds_between_requests=0,
        seconds_between_writes=0,
        per_page=100,
        lazy=True,
    )
    try:
        yield client
    finally:
        client.close()


async def read(fake: FakeGitHub, work: Callable[[Github], _T]) -> _T:
    """Do something with the reading token, in a thread of its own."""

    def run() -> _T:
        with pygithub(fake, Auth.Token(fake.token)) as client:
            return work(client)

    return await asyncio.to_thread(run)


async def act(fake: FakeGitHub, repository: FakeRepository, work: Callable[[Github], _T]) -> _T:
    """Do something as the App, with a token of the repository's installation."""
    token = installation_token(fake, repository)

    def run() -> _T:
        with pygithub(fake, Auth.Token(token)) as client:
            return work(client)

    return await asyncio.to_thread(run)


def installation_token(fake: FakeGitHub, repository: FakeRepository, permissions: dict[str, str] | None = None) -> str:
    installation = fake.world.installation_of(repository)
    assert installation is not None
    token, _ = fake.credentials.issue(installation, None, permissions or installation.permissions)
    return token


@asynccontextmanager
async def http(fake: FakeGitHub, token: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=fake.url, headers=headers) as client:
        yield client


async def refusal(doing: Awaitable[object]) -> GithubException:
    with pytest.raises(GithubException) as caught:
        await doing
    return caught.value


async def ask(fake: FakeGitHub, query: str, **variables: object) -> JsonObject:
    async with http(fake, fake.token) as client:
        answer = await client.post("/graphql", json={"query": query, "variables": variables})
    assert answer.status_code == 200
    return msgspec.json.decode(answer.content, type=JsonObject)


def kinds(answer: JsonObject) -> list[str]:
    return [text(error, "type") for error in children(answer, "errors")]


# Reading


async def test_it_knows_the_operations_that_githubs_document_describes(fake: FakeGitHub) -> None:
    if not fake.validating:
        pytest.skip("needs GitHub's OpenAPI document")
    assert {(route.method, route.template) for route in fake.routes} == fake.schema.operations()
    assert len(fake.routes) == 44


async def test_pygithub_reads_a_repository_and_its_threads(fake: FakeGitHub, clock: Clock) -> None:
    numpy = fake.repository("numpy/numpy", labels=["39 - free-threading", "00 - Bug"])
    issue = numpy.open("Crash in 3.14t", "It crashes.", "ada", number=26157, labels=["00 - Bug"])
    clock.advance(minutes=1)
    issue.comment("Me too", "bob")
    numpy.open("Fix it", by="dependabot[bot]", is_pr=True).close(merged=True)

    def work(github: Github) -> None:
        repository = github.get_repo("numpy/numpy")
        assert (repository.full_name, repository.private, repository.owner.type) == (
            "numpy/numpy",
            False,
            "Organization",
        )
        assert [label.name for label in repository.get_labels()] == ["39 - free-threading", "00 - Bug"]
        assert repository.get_label("39 - free-threading").color == "ededed"
        assert [one.number for one in repository.get_issues()] == [26157]
        assert [one.number for one in repository.get_issues(state="all")] == [26158, 26157]
        found = repository.get_issue(26157)
        assert (found.id, found.title, found.body, found.user.login) == (
            issue.id,
            "Crash in 3.14t",
            "It crashes.",
            "ada",
        )
        assert (found.state, found.comments, found.pull_request) == ("open", 1, None)
        assert (found.created_at, found.updated_at) == (clock.time - timedelta(minutes=1), clock.time)
        assert [(one.body, one.user.login) for one in found.get_comments()] == [("Me too", "bob")]
        pull = repository.get_issue(26158)
        assert pull.pull_request is not None
        assert (pull.user.type, pull.pull_request.raw_data["merged_at"]) == ("Bot", "2026-11-23T09:01:00Z")
        assert [event.event for event in pull.get_events()] == ["merged", "closed"]
        assert [event.event for event in found.get_timeline()] == ["labeled", "commented"]
        assert [event.event for event in repository.get_issues_events()] == ["closed", "merged", "labeled"]
        assert github.get_user().login == "ftbot-reader"

    await read(fake, work)


async def test_a_listing_filters_orders_and_pages(fake: FakeGitHub, clock: Clock) -> None:
    numpy = fake.repository("numpy/numpy")
    for place in range(137):
        clock.advance(minutes=1)
        issue = numpy.open(f"Thread {place}", labels=["ft"] if place % 2 else [])
        if place % 4 == 0:
            issue.close()
    middle = clock.time - timedelta(minutes=60)

    def work(github: Github) -> None:
        repository = github.get_repo("numpy/numpy")
        assert [one.number for one in repository.get_issues(state="all", direction="asc")] == list(range(1, 138))
        assert repository.get_issues(state="closed").totalCount == 35
        recent = repository.get_issues(state="all", sort="updated", direction="asc", since=middle)
        assert [one.number for one in recent] == list(range(77, 138))
        assert {one.number % 2 for one in repository.get_issues(labels=["ft"])} == {0}

    await read(fake, work)
    assert fake.count("GET", "/issues$") == 5


async def test_links_lead_to_all_pages_under_our_own_address(fake: FakeGitHub) -> None:
    numpy = fake.repository("numpy/numpy")
    for place in range(5):
        numpy.open(f"Thread {place}")
    async with http(fake) as client:
        first = await client.get("/repos/numpy/numpy/issues", params={"per_page": 2, "state": "all"})
        assert set(first.links) == {"next", "last"}
        assert first.links["next"]["url"].startswith(fake.url)
        last = await client.get(first.links["last"]["url"])
        assert set(last.links) == {"prev", "first"}
        assert [one["number"] for one in last.json()] == [1]


async def test_what_did_not_change_is_304_and_free(fake: FakeGitHub, clock: Clock) -> None:
    numpy = fake.repository("numpy/numpy", files={"README.md": b"hello"})
    issue = numpy.open("Crash")

    def work(github: Github) -> tuple[int, int, int]:
        requester = github.requester
        _, headers, _ = requester.requestJson("GET", "/repos/numpy/numpy/issues")
        before = int(str(headers["x-ratelimit-remaining"]))
        status, headers, body = requester.requestJson(
            "GET", "/repos/numpy/numpy/issues", headers={"If-None-Match": str(headers["etag"])}
        )
        assert body == ""
        return status, before, int(str(headers["x-ratelimit-remaining"]))

    assert await read(fake, work) == (304, 4999, 4999)
    async with http(fake) as client:
        etag = (await client.get("/repos/numpy/numpy/issues/1")).headers["ETag"]
        clock.advance(seconds=1)
        issue.label("ft")
        changed = await client.get("/repos/numpy/numpy/issues/1", headers={"If-None-Match": etag})
        assert (changed.status_code, changed.json()["labels"][0]["name"]) == (200, "ft")


async def test_files_come_encoded_and_large_ones_without_their_content(fake: FakeGitHub) -> None:
    files = {".github/ftbot.toml": b"version = 1\n", ".github/big": b"x" * (1 << 20) + b"y"}
    fake.repository("numpy/numpy", files=files)

    def work(github: Github) -> None:
        repository = github.get_repo("numpy/numpy")
        settings = repository.get_contents(".github/ftbot.toml")
        assert not isinstance(settings, list)
        assert settings.decoded_content == b"version = 1\n"
        big = repository.get_contents(".github/big")
        assert not isinstance(big, list)
        assert (big.encoding, big.content, big.size) == ("none", "", (1 << 20) + 1)
        folder = repository.get_contents(".github")
        assert isinstance(folder, list)
        assert [one.path for one in folder] == [".github/big", ".github/ftbot.toml"]
        repository.get_contents("missing")

    assert (await refusal(read(fake, work))).status == 404


async def test_comments_of_a_whole_repository_are_listed_since(fake: FakeGitHub, clock: Clock) -> None:
    numpy = fake.repository("numpy/numpy")
    one, two = numpy.open("One"), numpy.open("Two")
    early = one.comment("early")
    clock.advance(minutes=5)
    since = clock.time
    two.comment("late")
    clock.advance(minutes=5)
    one.edit_comment(early, "edited")

    def work(github: Github) -> list[tuple[str, str]]:
        comments = github.get_repo("numpy/numpy").get_issues_comments(sort="updated", direction="asc", since=since)
        return [(comment.body, comment.issue_url.rpartition("/")[2]) for comment in comments]

    assert await read(fake, work) == [("late", "2"), ("edited", "1")]


async def test_roles_are_told_by_name_and_in_the_old_coarse_way(fake: FakeGitHub) -> None:
    numpy = fake.repository("numpy/numpy", installed=True)
    for login, role in {"ada": "triage", "bob": "maintain", "eve": "security-champion"}.items():
        numpy.role(login, role)
    fake.user("zoe")

    def work(github: Github) -> list[tuple[str, str]]:
        repository = github.get_repo("numpy/numpy")
        return [
            (repository.get_collaborator_permission(login), repository.get_collaborator_role_name(login))
            for login in ("ada", "bob", "eve", "zoe")
        ]

    assert await act(fake, numpy, work) == [
        ("read", "triage"),
        ("write", "maintain"),
        ("read", "security-champion"),
        ("read", "read"),
    ]
    unknown = act(fake, numpy, lambda github: github.get_repo("numpy/numpy").get_collaborator_permission("x"))
    assert (await refusal(unknown)).status == 404
    mine = read(fake, lambda github: github.get_repo("numpy/numpy").get_collaborator_permission("ada"))
    assert (await refusal(mine)).status == 403


async def test_deleted_accounts_are_null(fake: FakeGitHub) -> None:
    numpy = fake.repository("numpy/numpy", labels=["ft"])
    issue = numpy.open("Crash", by=None)
    issue.comment("gone too", by=None)
    issue.label("ft", by=None)
    async with http(fake) as client:
        for path in ("", "/events", "/timeline", "/comments"):
            assert (await client.get(f"/repos/numpy/numpy/issues/1{path}")).status_code == 200
        assert (await client.get("/repos/numpy/numpy/issues/1")).json()["user"] is None
    (node,) = children(child(await ask(fake, RICH, ids=[issue.node_id]), "data"), "nodes")
    assert node["author"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('"free-threaded" in:title is:issue', {1}),
        ("segfault", {1, 3}),
        ("segfault in:title", {3}),
        ("is:pr repo:numpy/numpy", {2}),
        ("label:ft", {1}),
        ("is:issue -label:ft repo:numpy/numpy", {3}),
        ("is:open author:ada", {1}),
        ("updated:>=2026-11-23T09:05:00Z", {3}),
        ("updated:<2026-11-23T09:05:00Z is:public", {1, 2}),
        ("free", {1}),
        ("fre", set()),
    ],
)
async def test_search_knows_the_qualifiers_in_use(fake: FakeGitHub, clock: Clock, query: str, found: set[int]) -> None:
    numpy = fake.repository("numpy/numpy")
    numpy.open("Crash in free-threaded build", "segfault", "ada", labels=["ft"])
    numpy.open("Fix it", is_pr=True)
    clock.advance(minutes=5)
    numpy.open("Segfault in FFT")
    fake.repository("secret/secret", private=True).open("segfault in free-threaded")
    issues = await read(fake, lambda github: [one.number for one in github.search_issues(query)])
    assert set(issues) == found


async def test_search_says_what_it_does_not_know(fake: FakeGitHub) -> None:
    refused = read(fake, lambda github: github.search_issues("reactions:>5").totalCount)
    assert (await refusal(refused)).status == 422
    assert len(fake.violations) == 1
    fake.violations.clear()


# Who may do what


async def test_without_a_token_there_are_sixty_requests_an_hour(fake: FakeGitHub, clock: Clock) -> None:
    fake.repository("numpy/numpy")
    async with http(fake) as client:
        answers = [await client.get("/repos/numpy/numpy") for _ in range(61)]
        assert [answer.status_code for answer in answers[-2:]] == [200, 403]
        assert answers[-1].headers["X-RateLimit-Remaining"] == "0"
        reset = int(answers[-1].headers["X-RateLimit-Reset"])
        assert reset == int((clock.time + timedelta(hours=1)).timestamp())
        assert (await client.get("/rate_limit")).json()["rate"]["remaining"] == 0
        clock.advance(hours=1)
        assert (await client.get("/repos/numpy/numpy")).status_code == 200
        assert (await client.post("/graphql", json={"query": "{viewer{login}}"})).status_code == 401


async def test_search_and_graphql_have_limits_of_their_own(fake: FakeGitHub) -> None:
    fake.limits.limits |= {"search": 2, "graphql": 1}
    async with http(fake, fake.token) as client:
        found = [await client.get("/search/issues", params={"q": "crash"}) for _ in range(3)]
        assert [answer.status_code for answer in found] == [200, 200, 403]
        assert found[0].headers["X-RateLimit-Resource"] == "search"
        assert (await client.get("/user")).status_code == 200
    assert "errors" not in await ask(fake, "{viewer{login}}")
    assert kinds(await ask(fake, "{viewer{login}}")) == ["RATE_LIMITED"]


async def test_every_answer_has_limits_and_an_identifier(fake: FakeGitHub) -> None:
    fake.repository("numpy/numpy").open("Crash")
    async with http(fake, fake.token) as client:
        answers = [
            await client.get("/repos/numpy/numpy/issues/1"),
            await client.get("/repos/numpy/numpy/issues/2"),
            await client.post("/repos/numpy/numpy/issues/1/comments", json={"body": "x"}),
            await client.post("/graphql", json={"query": "{viewer{login}}"}),
        ]
    assert [answer.status_code for answer in answers] == [200, 404, 403, 200]
    assert all(int(answer.headers["X-RateLimit-Remaining"]) < 5000 for answer in answers)
    assert len({answer.headers["X-GitHub-Request-Id"] for answer in answers}) == 4
    assert [request.status for request in fake.requests] == [200, 404, 403, 200]
    assert fake.requests[2].body == {"body": "x"}


async def test_an_unknown_token_is_refused(fake: FakeGitHub) -> None:
    fake.repository("numpy/numpy")
    async with http(fake, "ghp_wrong") as client:
        assert (await client.get("/repos/numpy/numpy")).status_code == 401
        assert (await client.post("/graphql", json={"query": "{viewer{login}}"})).status_code == 401


async def test_the_app_shows_who_it_is_with_its_key(fake: FakeGitHub) -> None:
    numpy = fake.repository("numpy/numpy", installed=True)
    fake.repository("scipy/scipy", installed=True)
    fake.repository("cython/cython")

    def work() -> None:
        auth = Auth.AppAuth(fake.app.id, fake.app.private_key)
        integration = GithubIntegration(
            auth=auth, base_url=fake.url, retry=None, seconds_between_requests=0, seconds_between_writes=0
        )
        assert integration.get_app().slug == "ftbot"
        assert {one.raw_data["account"]["login"] for one in integration.get_installations()} == {"numpy", "scipy"}
        installation = integration.get_repo_installation("numpy", "numpy")
        with pytest.raises(GithubException) as caught:
            integration.get_repo_installation("cython", "cython")
        assert caught.value.status == 404
        narrowed = auth.get_installation_auth(installation.id, {"issues": "write"}, integration.requester)
        with pygithub(fake, narrowed) as client:
            client.get_repo("numpy/numpy").get_issue(1).add_to_labels("ft")
        assert [one.full_name for one in installation.get_repos()] == ["numpy/numpy"]
        installation.requester.close()
        integration.close()

    issue = numpy.open("Crash")
    await asyncio.to_thread(work)
    assert issue.labels == ["ft"]


async def test_another_key_is_not_the_apps(fake: FakeGitHub) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    forged = Auth.AppAuth(fake.app.id, other.decode()).create_jwt()
    real = Auth.AppAuth(fake.app.id, fake.app.private_key)
    stranger = Auth.AppAuth("1", fake.app.private_key).create_jwt()
    old = real.create_jwt(expiration=15)
    async with http(fake) as client:
        for token, status in ((real.create_jwt(), 200), (forged, 401), (stranger, 401), (old, 200), ("a.b.c", 401)):
            answer = await client.get("/app", headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == status
        assert (await client.get("/app", headers={"Authorization": f"token {fake.token}"})).status_code == 401
        assert (await client.get("/app")).status_code == 401


async def test_tokens_are_narrowed_and_end(fake: FakeGitHub) -> None:
    numpy = fake.repository("numpy/numpy", installed=True)
    other = fake.repository("numpy/other", installed=True)
    for repository in (numpy, other):
        repository.open("Crash")
    installation = fake.world.installation_of(numpy)
    assert installation is not None
    path = f"/app/installations/{installation.id}/access_tokens"
    async with http(fake, Auth.AppAuth(fake.app.id, fake.app.private_key).create_jwt()) as app:
        narrow = (await app.post(path, json={"repositories": ["other"], "permissions": {"issues": "write"}})).json()
        assert [one["full_name"] for one in narrow["repositories"]] == ["numpy/other"]
        reading = (await app.post(path, json={"permissions": {"issues": "read"}})).json()["token"]
        assert (await app.post(path, json={"permissions": {"contents": "write"}})).status_code == 422
        assert (await app.post(path, json={"repositories": ["elsewhere"]})).status_code == 422
        assert (await app.post("/app/installations/1/access_tokens")).status_code == 404

    async def comment(token: str, full_name: str) -> int:
        async with http(fake, token) as client:
            return (await client.post(f"/repos/{full_name}/issues/1/comments", json={"body": "hi"})).status_code

    assert await comment(narrow["token"], "numpy/other") == 201
    assert await comment(narrow["token"], "numpy/numpy") == 403
    assert await comment(reading, "numpy/numpy") == 403
    fake.credentials.lifetime = timedelta(0)
    assert await comment(installation_token(fake, numpy), "numpy/numpy") == 401
    fake.credentials.lifetime = timedelta(hours=1)
    token = installation_token(fake, numpy)
    installation.suspend()
    assert await comment(token, "numpy/numpy") == 403
    installation.unsuspend()
    assert await comment(token, "numpy/numpy") == 201
    numpy.uninstall()
    assert await comment(token, "numpy/numpy") == 403
    other.uninstall()
    assert await comment(token, "numpy/numpy") == 401
    numpy.install()
    token = installation_token(fake, numpy)
    fake.expire_tokens()
    assert await comment(token, "numpy/numpy") == 401


async def test_only_where_it_is_installed_the_app_may_write(fake: FakeGitHub) -> None:
    numpy = fake.repository("numpy/numpy", installed=True)
    scipy = fake.repository("scipy/scipy", labels=["ft"])
    issue = scipy.open("Crash")

    def label(github: Github) -> None:
        github.get_repo("scipy/scipy").get_issue(1).add_to_labels("ft")

    elsewhere = await refusal(act(fake, numpy, label))
    assert (elsewhere.status, elsewhere.message) == (403, "Resource not accessible by integration")
    reading = await refusal(read(fake, label))
    assert (reading.status, issue.labels) == (403, [])


async def test_private_repositories_are_not_there_for_strangers(fake: FakeGitHub) -> None:
    secret = fake.repository("acme/secret", private=True, installed=True)
    numpy = fake.repository("numpy/numpy", installed=True)
    issue = secret.open("Crash")

    def title(github: Github) -> str:
        return github.get_repo("acme/secret").get_issue(1).title

    assert (await refusal(read(fake, title))).status == 404
    assert (await refusal(act(fake, numpy, title))).status == 404
    assert await act(fake, secret, title) == "Crash"
    assert kinds(await ask(fake, "query($id:ID!){node(id:$id){id}}", id=issue.node_id)) == ["NOT_FOUND"]


# Writing


async def test_labels_are_put_on_and_taken_off_and_both_are_in_the_history(fake: FakeGitHub, clock: Clock) -> None:
    numpy = fake.repository("numpy/numpy", labels=["39 - free-threading", "a/b", "Crash"], installed=True)
    issue = numpy.open("Crash", labels=["Crash"])
    clock.advance(minutes=3)

    def work(github: Github) -> None:
        found = github.get_repo("numpy/numpy").get_issue(1)
        found.add_to_labels("39 - free-threading", "a/b", "cRASH")
        found.add_to_labels("39 - free-threading")
        found.remove_from_labels("a/b")
        assert [label.name for label in found.get_labels()] == ["Crash", "39 - free-threading"]
        events = [(one.event, one.label.name, one.actor.type) for one in found.get_events()]
        assert events == [
            ("labeled", "Crash", "User"),
            ("labeled", "39 - free-threading", "Bot"),
            ("labeled", "a/b", "Bot"),
            ("unlabeled", "a/b", "Bot"),
        ]
        found.remove_from_labels("a/b")

    missing = await refusal(act(fake, numpy, work))
    assert (missing.status, missing.message) == (404, "Label does not exist")
    assert issue.labels == ["Crash", "39 - free-threading"]
    assert (issue.updated, issue.events[-1].actor) == (clock.time, fake.user("ftbot[bot]"))


async def test_a_label_that_is_not_there_is_made(fake: FakeGitHub) -> None:
    numpy = fake.repository("numpy/numpy", installed=True)
    issue = numpy.open("Crash")
    async with http(fake, installation_token(fake, numpy)) as client:
        labelled = await client.post("/repos/numpy/numpy/issues/1/labels", json={"labels": ["a", {"name": "b"}]})
        assert [label["name"] for label in labelled.json()] == ["a", "b"]
        many = [f"label {place}" for place in range(100)]
        assert (await client.post("/repos/numpy/numpy/issues/1/labels", json={"labels": many})).status_code == 422
        assert (await client.post("/repos/numpy/numpy/labels", json={"name": "A"})).status_code == 422
        made = await client.post("/repos/numpy/numpy/labels", json={"name": "c", "color": "ff0000"})
        assert (made.status_code, made.json()["color"]) == (201, "ff0000")
        renamed = await client.patch("/repos/numpy/numpy/labels/a", json={"new_name": "z"})
        assert renamed.json()["name"] == "z"
    assert issue.labels == ["z", "b"]
    assert set(numpy.labels) == {"z", "b", "c"}


async def test_setting_all_labels_at_once_is_what_no_bot_may_do(fake: FakeGitHub) -> None:
    numpy = fake.repository("numpy/numpy", labels=["ft", "human"], installed=True)
    issue = numpy.open("Crash", labels=["human"])
    await act(fake, numpy, lambda github: github.get_repo("numpy/numpy").get_issue(1).set_labels("ft"))
    assert issue.labels == ["ft"]
    await act(fake, numpy, lambda github: github.get_repo("numpy/numpy").get_issue(1).edit(labels=["human"]))
    assert issue.labels == ["human"]
    assert [violation.partition(" ")[0] for violation in fake.violations] == ["PUT", "PATCH"]
    fake.violations.clear()


async def test_comments_are_written_edited_and_deleted(fake: FakeGitHub) -> None:
    numpy = fake.repository("numpy/numpy", installed=True)
    issue = numpy.open("Crash")

    def write(github: Github) -> None:
        comment = github.get_repo("numpy/numpy").get_issue(1).create_comment("<!-- x -->\nhello")
        comment.edit("better")

    await act(fake, numpy, write)
    (comment,) = issue.comments
    assert (comment.body, comment.author, comment.via_app) == ("better", fake.user("ftbot[bot]"), True)

    def remove(github: Github) -> None:
        github.get_repo("numpy/numpy").get_issue(1).get_comment(comment.id).delete()

    await act(fake, numpy, remove)
    assert issue.comments == []
    async with http(fake, installation_token(fake, numpy)) as client:
        path = "/repos/numpy/numpy/issues/1/comments"
        assert (await client.post(path, json={"body": "x" * 65_537})).status_code == 422
        assert (await client.post(path, json={"body": " "})).status_code == 422
        issue.lock("ada")
        assert (await client.post(path, json={"body": "hello"})).status_code == 403
        assert (await client.get("/repos/numpy/numpy/issues/comments/7")).status_code == 404


async def test_a_bot_may_not_touch_what_others_wrote(fake: FakeGitHub) -> None:
    numpy = fake.repository("numpy/numpy", installed=True)
    comment = numpy.open("Crash").comment("mine", "ada")
    async with http(fake, installation_token(fake, numpy)) as client:
        await client.patch(f"/repos/numpy/numpy/issues/comments/{comment.id}", json={"body": "yours"})
    assert len(fake.violations) == 1
    fake.violations.clear()


async def test_the_same_reaction_twice_is_one(fake: FakeGitHub) -> None:
    numpy = fake.repository("numpy/numpy", installed=True)
    issue = numpy.open("Crash")
    comment = issue.comment("@ftbot help", "ada")
    path = f"/repos/numpy/numpy/issues/comments/{comment.id}/reactions"
    async with http(fake, installation_token(fake, numpy)) as client:
        answers = [await client.post(path, json={"content": "eyes"}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 200]
        issue.react("-1", "bob", comment)
        listed = (await client.get(path)).json()
        assert [(one["content"], one["user"]["login"]) for one in listed] == [("eyes", "ftbot[bot]"), ("-1", "bob")]
        assert (await client.delete(f"{path}/{listed[1]['id']}")).status_code == 404
        assert (await client.delete(f"{path}/{listed[0]['id']}")).status_code == 204
        assert (await client.post("/repos/numpy/numpy/issues/1/reactions", json={"content": "+1"})).status_code == 201
        shown = (await client.get(f"/repos/numpy/numpy/issues/comments/{comment.id}")).json()["reactions"]
        assert (shown["total_count"], shown["-1"]) == (1, 1)


async def test_issues_are_opened_closed_and_assigned(fake: FakeGitHub) -> None:
    numpy = fake.repository("numpy/numpy", installed=True)

    def work(github: Github) -> None:
        issue = github.get_repo("numpy/numpy").create_issue("Crash", "boom", labels=["ft"])
        issue.edit(state="closed", state_reason="not_planned")
        issue.add_to_assignees("ada")
        issue.edit(title="Crash!")

    await act(fake, numpy, work)
    issue = numpy.issues[1]
    assert (issue.title, issue.body, issue.labels, issue.state, issue.state_reason) == (
        "Crash!",
        "boom",
        ["ft"],
        "closed",
        "not_planned",
    )
    assert [user.login for user in issue.assignees] == ["ada"]


# Suggestions


async def test_labels_can_be_suggested_where_the_repository_takes_part(fake: FakeGitHub) -> None:
    numpy = fake.repository("numpy/numpy", labels=["crash", "ft", "race"], installed=True, suggestions=True)
    issue = numpy.open("Crash")
    path = "/repos/numpy/numpy/issues/1"
    wanted = {"name": "crash", "suggest": True, "confidence": "high", "rationale": "It says so."}
    unsure, sure = {"name": "race", "confidence": "medium"}, {"name": "ft", "confidence": "high"}
    async with http(fake, installation_token(fake, numpy)) as client:
        assert (await client.post(f"{path}/labels", json={"labels": [wanted, unsure, sure]})).status_code == 200
        assert issue.labels == ["ft"]
        first, second = (await client.get(f"{path}/suggestions")).json()
        assert (first["target_value"], first["state"], first["confidence"]) == ("crash", "pending", "HIGH")
        issue.dismiss(issue.suggestions[0], "ada")
        approved = await client.post(f"{path}/suggestions/{second['id']}/approve")
        assert approved.json()["state"] == "approved"
        assert (await client.post(f"{path}/suggestions/{second['id']}/dismiss")).status_code == 422
        assert (await client.get(f"{path}/suggestions")).json() == []
        everything = (await client.get(f"{path}/suggestions", params={"state": "all"})).json()
        assert [one["state"] for one in everything] == ["dismissed", "approved"]
        await client.post(f"{path}/labels", json={"labels": [wanted]})
        await client.post(f"{path}/labels", json={"labels": [wanted]})
        pending = (await client.get(f"{path}/suggestions")).json()
        assert (await client.post(f"{path}/suggestions/{pending[0]['id']}/dismiss")).json()["state"] == "dismissed"
    assert issue.labels == ["ft", "race"]
    assert issue.suggestions[2].state is SuggestionState.REPLACED


async def test_elsewhere_a_suggestion_puts_the_label_on(fake: FakeGitHub) -> None:
    plain = fake.repository("scipy/scipy", labels=["crash"], installed=True)
    numpy = fake.repository("numpy/numpy", labels=["crash"], installed=True)
    numpy.enable_suggestions()
    issue, pull = plain.open("Crash"), numpy.open("Fix", is_pr=True)
    for repository in (plain, numpy):
        async with http(fake, installation_token(fake, repository)) as client:
            path = f"/repos/{repository.full_name}/issues/1"
            assert (await client.get(f"{path}/suggestions")).status_code == 404
            await client.post(f"{path}/labels", json={"labels": [{"name": "crash", "suggest": True}]})
    assert issue.labels == pull.labels == ["crash"]
    assert len(fake.violations) == 2
    fake.violations.clear()


# What moved and what is gone


async def test_a_renamed_repository_is_found_under_its_old_name(fake: FakeGitHub) -> None:
    old = fake.repository("old/name", installed=True)
    issue = old.open("Crash")
    token = installation_token(fake, old)
    old.rename("new/name")

    def work(github: Github) -> str:
        return github.get_repo("old/name").get_issue(1).html_url

    assert await read(fake, work) == "https://github.com/new/name/issues/1"
    async with http(fake, token) as client:
        moved = await client.get("/repos/old/name/issues", params={"state": "all"})
        assert (moved.status_code, moved.headers["Location"]) == (
            301,
            f"{fake.url}/repositories/{old.id}/issues?state=all",
        )
        written = await client.post("/repos/old/name/issues/1/comments", json={"body": "hi"})
        assert (written.status_code, issue.comments) == (307, [])
        again = await client.post(written.headers["Location"], json={"body": "hi"})
        assert (again.status_code, len(issue.comments)) == (201, 1)
    data = child(await ask(fake, '{repository(owner:"old",name:"name"){nameWithOwner}}'), "data")
    assert data == {"repository": {"nameWithOwner": "new/name"}}


async def test_a_transferred_issue_leads_to_where_it_is(fake: FakeGitHub) -> None:
    old, new = fake.repository("a/old", labels=["ft", "only"]), fake.repository("b/new", labels=["ft"])
    new.open("Already there")
    issue = old.open("Crash", labels=["ft", "only"])
    issue.comment("hello")
    moved = old.transfer(issue, new)
    assert (moved.number, moved.labels, len(moved.comments)) == (2, ["ft"], 1)
    assert moved.node_id != issue.node_id
    found = await read(fake, lambda github: github.get_repo("a/old").get_issue(1).repository_url)
    assert found == f"{fake.url}/repos/b/new"
    assert await read(fake, lambda github: github.get_repo("a/old").get_issues(state="all").totalCount) == 0
    answer = await ask(fake, "query($ids:[ID!]!){nodes(ids:$ids){id}}", ids=[issue.node_id, moved.node_id])
    assert (kinds(answer), child(answer, "data")["nodes"]) == (["NOT_FOUND"], [None, {"id": moved.node_id}])
    hidden = fake.repository("c/hidden", private=True)
    new.transfer(moved, hidden)
    gone = read(fake, lambda github: github.get_repo("b/new").get_issue(2).title)
    assert (await refusal(gone)).status == 404


async def test_a_deleted_issue_is_gone(fake: FakeGitHub) -> None:
    numpy = fake.repository("numpy/numpy", installed=True)
    issue = numpy.open("Spam")
    numpy.delete(issue)
    for doing in (
        read(fake, lambda github: github.get_repo("numpy/numpy").get_issue(1).title),
        act(fake, numpy, lambda github: github.get_repo("numpy/numpy").get_issue(1).create_comment("x")),
    ):
        assert (await refusal(doing)).status == 410
    assert await read(fake, lambda github: github.get_repo("numpy/numpy").get_issues(state="all").totalCount) == 0


# GraphQL


async def test_a_poll_of_137_threads_costs_two_points(fake: FakeGitHub) -> None:
    threads: list[FakeIssue] = []
    for place in range(137):
        repository = fake.repository(f"owner{place}/project{place}")
        threads.append(repository.open(f"Support it {place}", is_pr=place % 7 == 0, number=26_000 + place))
    aliases = "".join(
        f'r{place}:repository(owner:"owner{place}",name:"project{place}"){{issueOrPullRequest(number:{26_000 + place})'
        f"{{... on Issue{{id}} ... on PullRequest{{id}}}}}}"
        for place in range(50)
    )
    resolved = child(await ask(fake, f"{{{aliases}}}"), "data")
    assert [text(child(child(resolved, f"r{place}"), "issueOrPullRequest"), "id") for place in range(50)] == [
        thread.node_id for thread in threads[:50]
    ]
    fake.graphql_points = 0
    for batch in (threads[:100], threads[100:]):
        answer = await ask(fake, LIGHT, ids=[thread.node_id for thread in batch])
        nodes = children(child(answer, "data"), "nodes")
        assert [number(node, "number") for node in nodes] == [thread.number for thread in batch]
        assert child(child(answer, "data"), "rateLimit")["cost"] == 1
    assert fake.graphql_points == 2
    rich = await ask(fake, RICH, ids=[thread.node_id for thread in threads[:100]])
    assert child(child(rich, "data"), "rateLimit") == {"cost": 3}


async def test_graphql_shows_threads_with_labels_comments_and_history(fake: FakeGitHub, clock: Clock) -> None:
    numpy = fake.repository("numpy/numpy", labels=["ft"], installed=True)
    issue = numpy.open("Crash", "boom", "ada")
    pull = numpy.open("Fix", is_pr=True)
    clock.advance(minutes=1)
    issue.comment("first", "bob")
    await act(fake, numpy, lambda github: github.get_repo("numpy/numpy").get_issue(1).add_to_labels("ft"))
    await act(fake, numpy, lambda github: github.get_repo("numpy/numpy").get_issue(1).create_comment("last"))
    issue.unlabel("ft", "ada")
    issue.close("ada", reason="not_planned")
    pull.close("ada", merged=True)
    (node,) = children(child(await ask(fake, RICH, ids=[issue.node_id]), "data"), "nodes")
    # GraphQL leaves out the `[bot]` that REST has in the name.
    bot = {"login": "ftbot", "__typename": "Bot"}
    assert node == {
        "id": issue.node_id,
        "author": {"login": "ada", "__typename": "User"},
        "locked": False,
        "createdAt": "2026-11-23T09:00:00Z",
        "closedAt": "2026-11-23T09:01:00Z",
        "body": "boom",
        "repository": {"nameWithOwner": "numpy/numpy", "isPrivate": False},
        "labels": {"nodes": []},
        "comments": {
            "totalCount": 2,
            "nodes": [{"author": bot, "bodyText": "last", "createdAt": "2026-11-23T09:01:00Z"}],
        },
        "timelineItems": {
            "nodes": [
                {
                    "__typename": "LabeledEvent",
                    "createdAt": "2026-11-23T09:01:00Z",
                    "actor": bot,
                    "label": {"name": "ft"},
                },
                {
                    "__typename": "UnlabeledEvent",
                    "createdAt": "2026-11-23T09:01:00Z",
                    "actor": {"login": "ada", "__typename": "User"},
                    "label": {"name": "ft"},
                },
            ]
        },
    }
    first, second = children(child(await ask(fake, LIGHT, ids=[issue.node_id, pull.node_id]), "data"), "nodes")
    assert (first["issueState"], first["stateReason"], second["prState"], second["merged"]) == (
        "CLOSED",
        "NOT_PLANNED",
        "MERGED",
        True,
    )


async def test_what_is_gone_is_null_beside_what_is_there(fake: FakeGitHub) -> None:
    numpy = fake.repository("numpy/numpy")
    one, gone = numpy.open("One"), numpy.open("Two")
    numpy.delete(gone)

    def work(github: Github) -> None:
        github.requester.graphql_query(LIGHT, {"ids": [one.node_id, gone.node_id]})

    partial = await refusal(read(fake, work))
    assert isinstance(partial.data, dict)
    nodes = child(partial.data, "data")["nodes"]
    assert isinstance(nodes, list)
    assert (nodes[0]["id"], nodes[1]) == (one.node_id, None)
    answer = await ask(
        fake, '{a:repository(owner:"numpy",name:"numpy"){issue(number:9){id}} b:repository(owner:"x",name:"y"){id}}'
    )
    assert kinds(answer) == ["NOT_FOUND", "NOT_FOUND"]
    assert answer["data"] == {"a": {"issue": None}, "b": None}


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ('{repository(owner:"numpy",name:"numpy"){labels{totalCount}}}', "MISSING_PAGINATION_BOUNDARIES"),
        ('{repository(owner:"numpy",name:"numpy"){labels(first:101){totalCount}}}', "EXCESSIVE_PAGINATION"),
        ('{nodes(ids:["' + '","'.join(["I_x"] * 101) + '"]){id}}', "ARGUMENT_LIMIT"),
    ],
)
async def test_graphql_has_githubs_limits(fake: FakeGitHub, query: str, kind: str) -> None:
    fake.repository("numpy/numpy")
    assert kinds(await ask(fake, query)) == [kind]


async def test_graphql_pages_by_cursor(fake: FakeGitHub) -> None:
    fake.repository("numpy/numpy", labels=[f"l{place}" for place in range(5)])
    query = """query($after:String){repository(owner:"numpy",name:"numpy"){labels(first:2,after:$after){
      totalCount nodes{name} pageInfo{hasNextPage endCursor}}}}"""
    names: list[str] = []
    cursor: object = None
    while True:
        page = child(child(child(await ask(fake, query, after=cursor), "data"), "repository"), "labels")
        names += [text(label, "name") for label in children(page, "nodes")]
        cursor = child(page, "pageInfo")["endCursor"]
        if child(page, "pageInfo")["hasNextPage"] is False:
            break
    assert names == ["l0", "l1", "l2", "l3", "l4"]
    assert number(page, "totalCount") == 5


async def test_graphql_searches(fake: FakeGitHub) -> None:
    fake.repository("numpy/numpy").open("Crash in free-threaded build")
    query = '{search(query:"free-threaded in:title",type:ISSUE,first:10){issueCount nodes{... on Issue{number}}}}'
    assert child(await ask(fake, query), "data") == {"search": {"issueCount": 1, "nodes": [{"number": 1}]}}


@pytest.mark.parametrize(
    "query", ["{viewer{nonsense}}", "{viewer", '{nodes(ids:["x"]){... on Issue{state} ... on PullRequest{state}}}']
)
async def test_a_wrong_query_is_answered_with_errors_and_noted(fake: FakeGitHub, query: str) -> None:
    answer = await ask(fake, query)
    assert "data" not in answer
    assert children(answer, "errors")
    assert len(fake.violations) == 1
    fake.violations.clear()


# Webhooks


async def test_what_happens_where_the_app_is_installed_is_told_and_signed(
    fake: FakeGitHub, receiver: Receiver, clock: Clock
) -> None:
    fake.hook_url = receiver.url
    numpy = fake.repository("numpy/numpy", labels=["ft"], installed=True)
    issue = numpy.open("Crash", "boom", "ada", labels=["ft"])
    comment = issue.comment("@ftbot why", "bob")
    issue.edit_comment(comment, "@ftbot help")
    clock.advance(minutes=1)
    issue.edit(title="Crash!", body="boom!")
    issue.unlabel("ft", "ada")
    issue.close("ada")
    issue.reopen("ada")
    issue.lock("ada")
    issue.unlock("ada")
    issue.delete_comment(comment)
    numpy.delete(numpy.open("Spam"))
    fake.repository("scipy/scipy").open("Not installed")
    await fake.delivered()
    assert receiver.names == [
        "issues opened",
        "issues labeled",
        "issue_comment created",
        "issue_comment edited",
        "issues edited",
        "issues unlabeled",
        "issues closed",
        "issues reopened",
        "issues locked",
        "issues unlocked",
        "issue_comment deleted",
        "issues opened",
        "issues deleted",
    ]
    for headers, body in receiver.got:
        expected = hmac.new(fake.app.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
        assert headers["X-Hub-Signature-256"] == f"sha256={expected}"
    assert len({headers["X-GitHub-Delivery"] for headers, _ in receiver.got}) == 13
    edited = receiver.payloads[3][1]
    assert child(edited, "changes") == {"body": {"from": "@ftbot why"}}
    assert text(child(edited, "comment"), "body") == "@ftbot help"
    unlabeled = receiver.payloads[5][1]
    assert (child(unlabeled, "label")["name"], child(unlabeled, "sender")["type"]) == ("ft", "User")
    assert child(unlabeled, "issue")["updated_at"] == "2026-11-23T09:01:00Z"
    assert all(delivery.arrived for delivery in fake.deliveries)


async def test_the_bots_own_deeds_come_back_to_it(fake: FakeGitHub, receiver: Receiver) -> None:
    fake.hook_url = receiver.url
    numpy = fake.repository("numpy/numpy", labels=["ft"], installed=True)
    numpy.open("Crash")

    def work(github: Github) -> None:
        issue = github.get_repo("numpy/numpy").get_issue(1)
        issue.add_to_labels("ft")
        issue.create_comment("hello")

    await act(fake, numpy, work)
    await fake.delivered()
    assert receiver.names == ["issues opened", "issues labeled", "issue_comment created"]
    assert [child(payload, "sender")["type"] for _, payload in receiver.payloads] == ["User", "Bot", "Bot"]


async def test_installing_moving_and_labels_are_told(fake: FakeGitHub, receiver: Receiver) -> None:
    fake.hook_url = receiver.url
    numpy, other = fake.repository("numpy/numpy"), fake.repository("numpy/other")
    installation = numpy.install()
    other.install()
    numpy.create_label("ft")
    numpy.rename_label("ft", "free-threading")
    numpy.delete_label("free-threading")
    issue = numpy.open("Crash")
    numpy.transfer(issue, other)
    installation.suspend()
    numpy.open("Nobody hears of it")
    installation.unsuspend()
    other.uninstall()
    numpy.uninstall()
    fake.webhooks.ping()
    await fake.delivered()
    assert receiver.names == [
        "installation created",
        "installation_repositories added",
        "label created",
        "label edited",
        "label deleted",
        "issues opened",
        "issues transferred",
        "issues opened",
        "installation suspend",
        "installation unsuspend",
        "installation_repositories removed",
        "installation deleted",
        "ping",
    ]
    transferred, opened = receiver.payloads[6][1], receiver.payloads[7][1]
    changes = child(transferred, "changes")
    assert (child(changes, "new_repository")["full_name"], child(changes, "new_issue")["number"]) == ("numpy/other", 1)
    assert child(child(opened, "changes"), "old_repository")["full_name"] == "numpy/numpy"


async def test_pull_requests_are_told_of_to_who_subscribed(fake: FakeGitHub) -> None:
    numpy = fake.repository("numpy/numpy", installed=True)
    numpy.open("Fix", is_pr=True).comment("nice")
    assert [delivery.event for delivery in fake.deliveries] == ["issue_comment"]
    fake.app.events.append("pull_request")
    numpy.open("Fix more", is_pr=True)
    assert child(fake.deliveries[-1].payload, "pull_request")["number"] == 2


async def test_lost_webhooks_are_listed_and_sent_again_under_the_same_name(
    fake: FakeGitHub, receiver: Receiver, clock: Clock
) -> None:
    fake.hook_url = receiver.url
    numpy = fake.repository("numpy/numpy", installed=True)
    fake.lose_deliveries(2)
    for place in range(5):
        clock.advance(minutes=1)
        numpy.open(f"Thread {place}")
    await fake.delivered()
    assert [child(payload, "issue")["number"] for _, payload in receiver.payloads] == [3, 4, 5]
    async with http(fake, Auth.AppAuth(fake.app.id, fake.app.private_key).create_jwt()) as app:
        failed = (await app.get("/app/hook/deliveries", params={"status": "failure"})).json()
        assert [one["delivered_at"] for one in failed] == ["2026-11-23T09:02:00Z", "2026-11-23T09:01:00Z"]
        page = await app.get("/app/hook/deliveries", params={"per_page": 4})
        rest = await app.get(page.links["next"]["url"])
        assert [len(page.json()), len(rest.json()), len(rest.links)] == [4, 1, 0]
        assert (await app.post(f"/app/hook/deliveries/{failed[0]['id']}/attempts")).status_code == 202
        await fake.delivered()
        newest = (await app.get("/app/hook/deliveries")).json()[0]
        assert (newest["guid"], newest["redelivery"], newest["status_code"]) == (failed[0]["guid"], True, 202)
        assert (await app.post("/app/hook/deliveries/7/attempts")).status_code == 404
    assert receiver.got[-1][0]["X-GitHub-Delivery"] == failed[0]["guid"]


async def test_a_bot_that_is_down_or_refuses_has_failed_deliveries(fake: FakeGitHub, receiver: Receiver) -> None:
    numpy = fake.repository("numpy/numpy", installed=True)
    numpy.open("Before there was a webhook")
    fake.hook_url = receiver.url
    receiver.status = 500
    numpy.open("Refused")
    await fake.delivered()
    fake.hook_url = "http://127.0.0.1:9/hook"
    numpy.open("Nobody there")
    await fake.delivered()
    assert [[attempt.status for attempt in one.attempts] for one in fake.deliveries] == [[], [500], [0]]
    assert not any(delivery.arrived for delivery in fake.deliveries)


async def test_a_webhook_can_be_forged(fake: FakeGitHub) -> None:
    headers, body = fake.delivery("issues", {"action": "opened"}, guid="me")
    forged, _ = fake.delivery("issues", {"action": "opened"}, secret="guessed")
    assert (headers["X-GitHub-Event"], headers["X-GitHub-Delivery"], body) == ("issues", "me", b'{"action":"opened"}')
    assert headers["X-Hub-Signature-256"] != forged["X-Hub-Signature-256"]
    assert fake.deliveries == []


async def test_payloads_are_judged(fake: FakeGitHub) -> None:
    if not fake.validating:
        pytest.skip("needs GitHub's webhook schemas")
    fake.webhooks.deliver("issues", {"action": "opened"}, None, None)
    assert fake.violations
    assert all(violation.startswith("webhook issues-opened") for violation in fake.violations)
    fake.violations.clear()


# What goes wrong


COMMENT = "/repos/numpy/numpy/issues/1/comments"


@pytest.mark.parametrize(
    ("failure", "status", "headers", "comments"),
    [
        (go_wrong.server_error(), 502, {}, 0),
        (go_wrong.bad_gateway_after_write(), 502, {}, 1),
        (go_wrong.too_many_requests(), 429, {}, 0),
        (go_wrong.too_many_requests(7), 429, {"Retry-After": "7"}, 0),
        (go_wrong.secondary_limit(), 403, {"Retry-After": "60"}, 0),
        (
            go_wrong.rate_limited(datetime(2026, 11, 23, 10, tzinfo=UTC)),
            403,
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795428000"},
            0,
        ),
        (go_wrong.gone(), 410, {}, 0),
        (go_wrong.not_found(), 404, {}, 0),
        (go_wrong.moved("/elsewhere"), 301, {"Location": "/elsewhere"}, 0),
        (go_wrong.html_page(), 200, {"Content-Type": "text/html; charset=utf-8"}, 0),
        (go_wrong.slow(0.01), 201, {}, 1),
    ],
)
async def test_a_failure_happens_once(
    fake: FakeGitHub, failure: Failure, status: int, headers: dict[str, str], comments: int
) -> None:
    numpy = fake.repository("numpy/numpy", installed=True)
    issue = numpy.open("Crash")
    fake.fail("/comments$", failure, method="POST")
    async with http(fake, installation_token(fake, numpy)) as client:
        assert (await client.get(COMMENT)).status_code == 200
        answer = await client.post(COMMENT, json={"body": "hi"})
        assert (answer.status_code, len(issue.comments)) == (status, comments)
        assert {name: answer.headers[name] for name in headers} == headers
        assert ("Retry-After" in answer.headers) == ("Retry-After" in headers)
        assert (await client.post(COMMENT, json={"body": "hi"})).status_code == 201
    assert [request.status for request in fake.requests] == [200, status, 201]


@pytest.mark.parametrize("after", [False, True])
async def test_a_connection_is_cut_before_or_after_the_request_was_done(fake: FakeGitHub, after: bool) -> None:
    numpy = fake.repository("numpy/numpy", installed=True)
    issue = numpy.open("Crash")
    fake.fail("/comments$", go_wrong.dropped(after=after))
    async with http(fake, installation_token(fake, numpy)) as client:
        with pytest.raises(httpx.TransportError):
            await client.post(COMMENT, json={"body": "hi"})
    assert (len(issue.comments), fake.requests[-1].status) == (int(after), 0)


async def test_pygithubs_own_retry_posts_twice_after_a_late_502(fake: FakeGitHub) -> None:
    numpy = fake.repository("numpy/numpy", installed=True)
    issue = numpy.open("Crash")
    fake.fail("/comments$", go_wrong.bad_gateway_after_write())
    token = installation_token(fake, numpy)

    def work() -> None:
        client = Github(
            base_url=fake.url,
            auth=Auth.Token(token),
            seconds_between_writes=0,
            seconds_between_requests=0,
            lazy=True,
        )
        client.get_repo("numpy/numpy").get_issue(1).create_comment("hi")
        client.close()

    await asyncio.to_thread(work)
    assert [comment.body for comment in issue.comments] == ["hi", "hi"]


async def test_a_request_is_held_until_the_test_lets_it_go(fake: FakeGitHub) -> None:
    numpy = fake.repository("numpy/numpy", labels=["ft"], installed=True)
    issue = numpy.open("Crash")
    hold = Hold()
    fake.fail("/labels$", go_wrong.held(hold))
    async with http(fake, installation_token(fake, numpy)) as client:
        doing = asyncio.create_task(client.post("/repos/numpy/numpy/issues/1/labels", json={"labels": ["ft"]}))
        await hold.arrived.wait()
        assert issue.labels == []
        hold.release.set()
        assert (await doing).status_code == 200
    assert issue.labels == ["ft"]


async def test_a_test_can_wait_for_what_the_bot_does(fake: FakeGitHub) -> None:
    numpy = fake.repository("numpy/numpy", labels=["ft"], installed=True)
    issue = numpy.open("Crash")
    doing = asyncio.create_task(
        act(fake, numpy, lambda github: github.get_repo("numpy/numpy").get_issue(1).add_to_labels("ft"))
    )
    await fake.until(lambda: issue.labels == ["ft"])
    await doing
    with pytest.raises(AssertionError, match="not reached"):
        await fake.until(lambda: issue.locked, seconds=0.01)


async def test_failures_of_graphql_come_with_status_200(fake: FakeGitHub) -> None:
    numpy = fake.repository("numpy/numpy")
    ids = [numpy.open("One").node_id, numpy.open("Two").node_id]
    fake.fail("/graphql", go_wrong.graphql_rate_limited(), go_wrong.graphql_partial())
    limited = await ask(fake, LIGHT, ids=ids)
    assert (limited["data"], kinds(limited)) == (None, ["RATE_LIMITED"])
    partial = await ask(fake, LIGHT, ids=ids)
    nodes = child(partial, "data")["nodes"]
    assert isinstance(nodes, list)
    assert (nodes[0]["id"], nodes[1], kinds(partial)) == (ids[0], None, ["SERVICE_UNAVAILABLE"])
    aliases = '{a:repository(owner:"numpy",name:"numpy"){id} b:repository(owner:"numpy",name:"numpy"){id}}'
    fake.fail("/graphql", go_wrong.graphql_partial())
    assert child(await ask(fake, aliases), "data")["b"] is None
    assert kinds(await ask(fake, LIGHT, ids=ids)) == []


async def test_a_search_can_give_up(fake: FakeGitHub) -> None:
    fake.fail("/search/issues", go_wrong.incomplete_search())
    async with http(fake, fake.token) as client:
        answers = [await client.get("/search/issues", params={"q": "crash"}) for _ in range(2)]
    assert [answer.json()["incomplete_results"] for answer in answers] == [True, False]


# What is wrong with what the bot sends


@pytest.mark.parametrize(
    ("method", "path", "body", "what"),
    [
        ("POST", COMMENT, {"text": "hi"}, '"body" is a required property'),
        ("POST", COMMENT, {"body": "hi", "extra": 1}, "extra"),
        ("POST", COMMENT, {"body": 7}, "is not of type"),
        ("POST", "/repos/numpy/numpy/issues/1/labels", {"labels": [{"name": "ft", "sugest": True}]}, "sugest"),
        (
            "POST",
            "/repos/numpy/numpy/issues/1/labels",
            {"labels": [{"name": "ft", "confidence": "HIGH"}]},
            '"HIGH" is not one of',
        ),
        ("POST", "/repos/numpy/numpy/issues/1/reactions", {"content": "thumbs"}, '"thumbs" is not one of'),
        ("GET", "/repos/numpy/numpy/issues?stat=all", None, "unknown query parameter 'stat'"),
        ("GET", "/repos/numpy/numpy/issues?state=everything", None, "everything"),
        ("GET", "/repos/numpy/numpy/issues?since=yesterday", None, "yesterday"),
        ("GET", "/search/issues", None, "'q' is missing"),
        ("DELETE", "/repos/numpy/numpy/issues/1/labels/ft", {"labels": []}, "takes no body"),
        ("POST", COMMENT, None, "the body is missing"),
    ],
)
async def test_what_does_not_fit_githubs_document_is_noted(
    fake: FakeGitHub, method: str, path: str, body: JsonObject | None, what: str
) -> None:
    if not fake.validating:
        pytest.skip("needs GitHub's OpenAPI document")
    numpy = fake.repository("numpy/numpy", labels=["ft"], installed=True)
    numpy.open("Crash", labels=["ft"])
    async with http(fake, installation_token(fake, numpy)) as client:
        await client.request(method, path, json=body)
    assert any(what in violation for violation in fake.violations)
    assert not [violation for violation in fake.violations if "the fake failed" in violation]
    fake.violations.clear()


async def test_what_github_does_not_have_is_noted(fake: FakeGitHub) -> None:
    async with http(fake) as client:
        assert (await client.get("/repos/numpy/numpy/pulls")).status_code == 404
        assert (await client.post("/app", content=b"{")).status_code == 404
    assert ["pulls" in fake.violations[0], "no JSON" in fake.violations[1], "POST /app" in fake.violations[2]] == [
        True,
        True,
        True,
    ]
    fake.violations.clear()


async def test_answers_are_judged_too(fake: FakeGitHub) -> None:
    if not fake.validating:
        pytest.skip("needs GitHub's OpenAPI document")
    path = "/repos/{owner}/{repo}/issues/{issue_number}/labels"
    assert fake.schema.answer("GET", path, 200, [{"id": "seven"}])
    assert fake.schema.answer("GET", path, 202, [])
    assert fake.schema.answer("GET", path, 404, {"message": "Not Found"}) == []


async def test_without_githubs_documents_it_answers_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("FTBOT_TEST_OPENAPI", str(tmp_path_factory.mktemp("nothing")))
    async with FakeGitHub() as fake:
        assert not fake.validating
        numpy = fake.repository("numpy/numpy", labels=["ft"], installed=True)
        issue = numpy.open("Crash", labels=["ft"])
        async with http(fake, installation_token(fake, numpy)) as client:
            assert (await client.post(COMMENT, json={"body": "hi"})).status_code == 201
        (node,) = children(child(await ask(fake, LIGHT, ids=[issue.node_id]), "data"), "nodes")
        assert node["issueState"] == "OPEN"
        (node,) = children(child(await ask(fake, RICH, ids=[issue.node_id]), "data"), "nodes")
        assert number(child(node, "comments"), "totalCount") == 1
        assert fake.violations == []


async def test_who_is_killed_while_asking_asks_nothing(fake: FakeGitHub) -> None:
    address = httpx.URL(fake.url)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(
        b"POST /app/installations/1/access_tokens HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n"
        b"Expect: 100-continue\r\n\r\n"
    )
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.transport.abort()
    async with httpx.AsyncClient() as http:
        await http.get(f"{fake.url}/repos/a/b")
    assert len(fake.requests) == 1
    assert fake.violations == []
