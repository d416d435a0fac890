"""GitHub's REST operations that are in use, on the state of one fake world."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias, TypeVar
from urllib.parse import unquote, urlencode

from tests.fakes.discord_json import JsonObject, child, number, text
from tests.fakes.github_auth import Caller, Credentials, Kind, Limits
from tests.fakes.github_forms import REACTIONS, Forms, stamp
from tests.fakes.github_search import SearchError, read_search, sorted_by
from tests.fakes.github_world import (
    DEFAULT_COLOR,
    MAX_LABELS,
    FakeComment,
    FakeInstallation,
    FakeIssue,
    FakeReaction,
    FakeRepository,
    FakeSuggestion,
    SuggestionState,
    World,
    visible,
)

DOCUMENTATION = "https://docs.github.com/rest"
NOT_ACCESSIBLE = "Resource not accessible by integration"
SUSPENDED = "This installation has been suspended"
_LEGACY = {"admin": "admin", "maintain": "write", "write": "write", "triage": "read", "read": "read", "none": "none"}
_MAX_BODY = 65_536
_MAX_RATIONALE = 280
_MAX_FOUND = 1000
_WITH_SLASHES = {"path", "name"}
"""Places at the end of a template; GitHub takes a label's slash as it is, which is how PyGithub sends it."""
_PERMISSION_LEVELS = ("read", "write", "admin")


class RefusedError(Exception):
    """An answer that is an error, or leads elsewhere."""

    def __init__(self, status: int, message: str, *, location: str | None = None, **more: object) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {} if location is None else {"Location": location}
        self.body: JsonObject = {"message": message, "documentation_url": DOCUMENTATION, "status": str(status), **more}


def invalid(field_name: str, code: str = "invalid", message: str | None = None) -> RefusedError:
    """Make GitHub's answer to a request with something wrong in it."""
    error: JsonObject = {"resource": "Issue", "field": field_name, "code": code}
    return RefusedError(422, message or "Validation Failed", errors=[error])


class Redeliveries(Protocol):
    """The App's webhooks, as its own API shows them."""

    def listed(self) -> list[JsonObject]:
        """Return every attempt to deliver, newest first."""

    def resend(self, number: int) -> bool:
        """Try a delivery again; False if there is none of that number."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, taken apart; ``path`` is as it was asked for."""

    method: str
    path: str
    places: Mapping[str, str]
    query: Mapping[str, str]
    body: object
    caller: Caller

    @property
    def form(self) -> JsonObject:
        """Return the body as an object."""
        return self.body if isinstance(self.body, dict) else {}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; a body of None is none."""

    status: int
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


Operation: TypeAlias = Callable[[Call], Reply]
_T = TypeVar("_T")
_R = "/repos/{owner}/{repo}"
_I = _R + "/issues/{issue_number}"


@dataclass(frozen=True, slots=True)
class Route:
    """Where an operation is: its method, its path template and what such paths look like."""

    method: str
    template: str
    pattern: re.Pattern[str]
    run: Operation

    def places(self, raw_path: str) -> dict[str, str] | None:
        """Return what stands in the template's places, None if the path is not one of this template."""
        found = self.pattern.fullmatch(raw_path)
        return None if found is None else {name: unquote(value) for name, value in found.groupdict().items()}


@dataclass(frozen=True, slots=True)
class Rest:
    """The operations."""

    world: World
    forms: Forms
    credentials: Credentials
    limits: Limits
    webhooks: Redeliveries
    complain: Callable[[str], None]

    def routes(self) -> list[Route]:
        """Return all operations, those with fixed paths first."""
        table: dict[str, Operation] = {
            "GET /rate_limit": self._rate_limit,
            "GET /user": self._me,
            "GET /notifications": self._notifications,
            "GET /search/issues": self._search,
            "GET /app": self._app,
            "GET /app/installations": self._installations,
            "POST /app/installations/{installation_id}/access_tokens": self._access_token,
            "GET /app/hook/deliveries": self._deliveries,
            "POST /app/hook/deliveries/{delivery_id}/attempts": self._redeliver,
            "GET /installation/repositories": self._installed_repositories,
            f"GET {_R}": self._repository_itself,
            f"GET {_R}/installation": self._repository_installation,
            f"GET {_R}/contents/{{path}}": self._contents,
            f"GET {_R}/collaborators/{{username}}/permission": self._permission,
            f"GET {_R}/labels": self._labels,
            f"POST {_R}/labels": self._create_label,
            f"GET {_R}/labels/{{name}}": self._label,
            f"PATCH {_R}/labels/{{name}}": self._update_label,
            f"GET {_R}/issues": self._issues,
            f"POST {_R}/issues": self._create_issue,
            f"GET {_R}/issues/comments": self._repository_comments,
            f"GET {_R}/issues/events": self._repository_events,
            f"GET {_R}/issues/comments/{{comment_id}}": self._comment,
            f"PATCH {_R}/issues/comments/{{comment_id}}": self._update_comment,
            f"DELETE {_R}/issues/comments/{{comment_id}}": self._delete_comment,
            f"GET {_R}/issues/comments/{{comment_id}}/reactions": self._comment_reactions,
            f"POST {_R}/issues/comments/{{comment_id}}/reactions": self._react_to_comment,
            f"DELETE {_R}/issues/comments/{{comment_id}}/reactions/{{reaction_id}}": self._unreact_to_comment,
            f"GET {_I}": self._issue_itself,
            f"PATCH {_I}": self._update_issue,
            f"GET {_I}/labels": self._issue_labels,
            f"POST {_I}/labels": self._add_labels,
            f"PUT {_I}/labels": self._set_labels,
            f"DELETE {_I}/labels/{{name}}": self._remove_label,
            f"GET {_I}/comments": self._comments,
            f"POST {_I}/comments": self._create_comment,
            f"GET {_I}/reactions": self._reactions,
            f"POST {_I}/reactions": self._react,
            f"GET {_I}/events": self._events,
            f"GET {_I}/timeline": self._timeline,
            f"POST {_I}/assignees": self._assign,
            f"GET {_I}/suggestions": self._suggestions,
            f"POST {_I}/suggestions/{{suggestion_id}}/approve": self._approve,
            f"POST {_I}/suggestions/{{suggestion_id}}/dismiss": self._dismiss,
        }
        ordered = sorted(table.items(), key=lambda item: item[0].count("{"))
        return [_route(name, run) for name, run in ordered]

    # Who may do what

    def _repository(self, call: Call) -> FakeRepository:
        full_name = f"{call.places['owner']}/{call.places['repo']}"
        repository = self.world.find(full_name)
        if repository is None or not call.caller.sees(repository):
            raise RefusedError(404, "Not Found")
        if repository.full_name.casefold() != full_name.casefold():
            raise self._moved(call, repository, call.path.split("/", 4)[4:])
        return repository

    def _moved(self, call: Call, repository: FakeRepository, rest: Sequence[str]) -> RefusedError:
        query = f"?{urlencode(call.query)}" if call.query else ""
        url = "/".join([f"{self.forms.address()}/repositories/{repository.id}", *rest]) + query
        # Writes are answered with 307, so that clients repeat them as they are.
        return RefusedError(301 if call.method == "GET" else 307, "Moved Permanently", location=url, url=url)

    def _issue(self, call: Call) -> FakeIssue:
        repository = self._repository(call)
        wanted = call.places["issue_number"]
        issue = repository.issues.get(int(wanted)) if wanted.isdecimal() else None
        if issue is None:
            raise RefusedError(404, "Not Found")
        new = issue.moved_to
        if new is not None:
            if not call.caller.sees(new.repository):
                raise RefusedError(404, "Not Found")
            raise self._moved(call, new.repository, ["issues", str(new.number), *call.path.split("/", 6)[6:]])
        if issue.deleted:
            raise RefusedError(410, "This issue was deleted")
        return issue

    def _found_comment(self, call: Call) -> tuple[FakeIssue, FakeComment]:
        wanted = call.places["comment_id"]
        for issue in visible(self._repository(call).issues.values()):
            for comment in issue.comments:
                if str(comment.id) == wanted:
                    return issue, comment
        raise RefusedError(404, "Not Found")

    def _may_write(self, call: Call, repository: FakeRepository) -> None:
        caller = call.caller
        if caller.kind is Kind.ANONYMOUS:
            raise RefusedError(401, "Requires authentication")
        if caller.kind is Kind.READER:
            raise RefusedError(403, "Resource not accessible by personal access token")
        if not caller.has(repository) or caller.permissions.get("issues") != "write":
            raise RefusedError(403, NOT_ACCESSIBLE)
        if repository.archived:
            raise RefusedError(403, "Repository was archived so is read-only.")

    def _must_be(self, call: Call, kind: Kind) -> None:
        if call.caller.kind is kind:
            return
        if kind is Kind.APP:
            raise RefusedError(401, "A JSON web token could not be decoded")
        if call.caller.kind is Kind.ANONYMOUS:
            raise RefusedError(401, "Requires authentication")
        raise RefusedError(403, NOT_ACCESSIBLE)

    # Whoever asks

    def _rate_limit(self, call: Call) -> Reply:
        def shown(resource: str) -> JsonObject:
            usage, limit = self.limits.usage(call.caller, resource), self.limits.limit(call.caller, resource)
            reset = int(usage.resets.timestamp())
            return {"limit": limit, "remaining": max(0, limit - usage.used), "reset": reset, "used": usage.used}

        resources = {resource: shown(resource) for resource in self.limits.limits}
        return Reply(200, {"resources": resources, "rate": resources["core"]})

    def _me(self, call: Call) -> Reply:
        self._must_be(call, Kind.READER)
        assert call.caller.user is not None
        counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
        nothing = dict.fromkeys(("name", "company", "blog", "location", "email", "hireable", "bio"))
        now = stamp(self.world.now())
        return Reply(200, self.forms.user(call.caller.user) | counts | nothing | {"created_at": now, "updated_at": now})

    def _notifications(self, call: Call) -> Reply:
        self._must_be(call, Kind.READER)
        return Reply(200, [], {"X-Poll-Interval": "60"})

    def _search(self, call: Call) -> Reply:
        try:
            search = read_search(call.query.get("q", ""))
        except SearchError as error:
            self.complain(f"search {call.query.get('q')!r}: {error}")
            raise RefusedError(422, "Validation Failed", errors=[{"code": "invalid", "field": "q"}]) from error
        found = [
            issue
            for issue in self.world.issues.values()
            if call.caller.sees(issue.repository) and search.matches(issue)
        ]
        found = sorted_by(found, call.query.get("sort", ""), ascending=call.query.get("order") == "asc")
        page, headers = self._page(call, found[:_MAX_FOUND])
        body: JsonObject = {
            "total_count": len(found),
            "incomplete_results": False,
            "search_type": "lexical",
            "items": [self.forms.found_issue(issue) for issue in page],
        }
        return Reply(200, body, headers)

    # The App

    def _app(self, call: Call) -> Reply:
        self._must_be(call, Kind.APP)
        return Reply(200, self.forms.app() | {"installations_count": len(self.world.installations)})

    def _installations(self, call: Call) -> Reply:
        self._must_be(call, Kind.APP)
        page, headers = self._page(call, list(self.world.installations.values()))
        return Reply(200, [self.forms.installation(installation) for installation in page], headers)

    def _repository_installation(self, call: Call) -> Reply:
        self._must_be(call, Kind.APP)
        repository = self.world.find(f"{call.places['owner']}/{call.places['repo']}")
        installation = None if repository is None else self.world.installation_of(repository)
        if repository is None or installation is None:
            raise RefusedError(404, "Not Found")
        return Reply(200, self.forms.installation(installation))

    def _access_token(self, call: Call) -> Reply:
        self._must_be(call, Kind.APP)
        wanted = call.places["installation_id"]
        installation = self.world.installations.get(int(wanted)) if wanted.isdecimal() else None
        if installation is None:
            raise RefusedError(404, "Not Found")
        if installation.suspended is not None:
            raise RefusedError(403, SUSPENDED)
        permissions = self._narrowed(call, installation)
        repositories = self._selected(call, installation)
        only = None if repositories is None else frozenset(repository.id for repository in repositories)
        token, expires = self.credentials.issue(installation, only, permissions)
        body: JsonObject = {
            "token": token,
            "expires_at": stamp(expires),
            "permissions": permissions,
            "repository_selection": "selected",
        }
        if repositories is not None:
            body["repositories"] = [self.forms.repository(repository) for repository in repositories]
        return Reply(201, body)

    def _narrowed(self, call: Call, installation: FakeInstallation) -> dict[str, str]:
        asked = child(call.form, "permissions")
        if "permissions" not in call.form:
            return dict(installation.permissions)
        for name, level in asked.items():
            granted = installation.permissions.get(name)
            if granted is None or _PERMISSION_LEVELS.index(str(level)) > _PERMISSION_LEVELS.index(granted):
                raise RefusedError(422, "The permissions requested are not granted to this installation.")
        return {"metadata": "read"} | {name: str(level) for name, level in asked.items()}

    def _selected(self, call: Call, installation: FakeInstallation) -> list[FakeRepository] | None:
        names, ids = call.form.get("repositories"), call.form.get("repository_ids")
        if names is None and ids is None:
            return None
        wanted = {str(item) for chosen in (names, ids) if isinstance(chosen, list) for item in chosen}
        found = [one for one in installation.repositories if {one.name, str(one.id)} & wanted]
        if len(found) != len(wanted):
            message = (
                "There is at least one repository that does not exist or is not accessible to the parent installation."
            )
            raise RefusedError(422, message)
        return found

    def _installed_repositories(self, call: Call) -> Reply:
        self._must_be(call, Kind.INSTALLATION)
        assert call.caller.installation is not None
        mine = [one for one in call.caller.installation.repositories if call.caller.has(one)]
        page, headers = self._page(call, mine)
        body: JsonObject = {
            "total_count": len(mine),
            "repository_selection": "selected",
            "repositories": [self.forms.repository(repository) for repository in page],
        }
        return Reply(200, body, headers)

    def _deliveries(self, call: Call) -> Reply:
        self._must_be(call, Kind.APP)
        wanted = call.query.get("status")
        listed = [
            delivery
            for delivery in self.webhooks.listed()
            if wanted is None or (200 <= number(delivery, "status_code") < 300) == (wanted == "success")
        ]
        if "cursor" in call.query:
            last = int(call.query["cursor"].removeprefix("v1_"))
            listed = [delivery for delivery in listed if number(delivery, "id") < last]
        size = self._per_page(call)
        page = listed[:size]
        headers: dict[str, str] = {}
        if len(listed) > size:
            cursor = f"v1_{number(page[-1], 'id')}"
            url = f"{self.forms.address()}{call.path}?{urlencode({**call.query, 'cursor': cursor})}"
            headers["Link"] = f'<{url}>; rel="next"'
        return Reply(200, page, headers)

    def _redeliver(self, call: Call) -> Reply:
        self._must_be(call, Kind.APP)
        wanted = call.places["delivery_id"]
        if not wanted.isdecimal() or not self.webhooks.resend(int(wanted)):
            raise RefusedError(404, "Not Found")
        return Reply(202, {})

    # Repositories

    def _repository_itself(self, call: Call) -> Reply:
        return Reply(200, self.forms.full_repository(self._repository(call)))

    def _contents(self, call: Call) -> Reply:
        repository = self._repository(call)
        if repository.private and call.caller.permissions.get("contents") is None:
            raise RefusedError(403, NOT_ACCESSIBLE)
        path = call.places["path"]
        if path in repository.files:
            return Reply(200, self.forms.file(repository, path, repository.files[path]))
        inside = {name: body for name, body in repository.files.items() if name.startswith(f"{path}/")}
        if not inside:
            raise RefusedError(404, "Not Found")
        entries = [self.forms.file(repository, name, body) for name, body in sorted(inside.items())]
        hidden = {"content", "encoding"}
        return Reply(200, [{key: value for key, value in one.items() if key not in hidden} for one in entries])

    def _permission(self, call: Call) -> Reply:
        repository = self._repository(call)
        if call.caller.kind is Kind.ANONYMOUS:
            raise RefusedError(401, "Requires authentication")
        if not call.caller.has(repository):
            reader = call.caller.kind is Kind.READER
            raise RefusedError(
                403, "Must have push access to view collaborator permission." if reader else NOT_ACCESSIBLE
            )
        user = self.world.users.get(call.places["username"].casefold())
        if user is None:
            raise RefusedError(404, f"{call.places['username']} is not a user")
        role = repository.role_of(user)
        permission = _LEGACY.get(role, "read")
        shown = self.forms.user(user) | {"role_name": role, "permissions": _permissions(permission, role)}
        return Reply(200, {"permission": permission, "role_name": role, "user": shown})

    def _labels(self, call: Call) -> Reply:
        repository = self._repository(call)
        page, headers = self._page(call, list(repository.labels.values()))
        return Reply(200, [self.forms.label(repository, label) for label in page], headers)

    def _label(self, call: Call) -> Reply:
        repository = self._repository(call)
        label = repository.find_label(call.places["name"])
        if label is None:
            raise RefusedError(404, "Not Found")
        return Reply(200, self.forms.label(repository, label))

    def _create_label(self, call: Call) -> Reply:
        repository = self._repository(call)
        self._may_write(call, repository)
        name = text(call.form, "name")
        if repository.find_label(name) is not None:
            raise RefusedError(
                422, "Validation Failed", errors=[{"resource": "Label", "code": "already_exists", "field": "name"}]
            )
        label = repository.create_label(
            name,
            call.caller.user,
            color=text(call.form, "color") or DEFAULT_COLOR,
            description=text(call.form, "description") or None,
        )
        return Reply(201, self.forms.label(repository, label))

    def _update_label(self, call: Call) -> Reply:
        repository = self._repository(call)
        self._may_write(call, repository)
        label = repository.find_label(call.places["name"])
        if label is None:
            raise RefusedError(404, "Not Found")
        if "new_name" in call.form:
            repository.rename_label(label.name, text(call.form, "new_name"), call.caller.user)
        label.color = text(call.form, "color") or label.color
        label.description = text(call.form, "description") or label.description
        return Reply(200, self.forms.label(repository, label))

    def _issues(self, call: Call) -> Reply:
        repository = self._repository(call)
        query = call.query
        state, since = query.get("state", "open"), _since(query)
        wanted = {name.casefold() for name in query.get("labels", "").split(",") if name}
        creator = query.get("creator", "").casefold()
        found = [
            issue
            for issue in visible(repository.issues.values())
            if state in {"all", issue.state}
            and (since is None or issue.updated >= since)
            and wanted <= {name.casefold() for name in issue.labels}
            and (not creator or (issue.author is not None and issue.author.login.casefold() == creator))
        ]
        found = sorted_by(found, query.get("sort", "created"), ascending=query.get("direction") == "asc")
        page, headers = self._page(call, found)
        return Reply(200, [self.forms.issue(issue) for issue in page], headers)

    def _create_issue(self, call: Call) -> Reply:
        repository = self._repository(call)
        self._may_write(call, repository)
        issue = repository.open(
            str(call.form.get("title", "")),
            text(call.form, "body"),
            call.caller.user,
            labels=[text(item, "name") for item in _label_items(call.form)],
        )
        return Reply(201, self.forms.full_issue(issue))

    def _repository_comments(self, call: Call) -> Reply:
        repository = self._repository(call)
        since = _since(call.query)
        found = [
            (issue, comment)
            for issue in visible(repository.issues.values())
            for comment in issue.comments
            if since is None or comment.updated >= since
        ]
        match call.query.get("sort"):
            case "updated":
                found.sort(key=lambda pair: (pair[1].updated, pair[1].id))
            case "created":
                found.sort(key=lambda pair: (pair[1].created, pair[1].id))
            case _:
                found.sort(key=lambda pair: pair[1].id)
        if call.query.get("sort") is not None and call.query.get("direction") != "asc":
            found.reverse()
        page, headers = self._page(call, found)
        return Reply(200, [self.forms.comment(issue, comment) for issue, comment in page], headers)

    def _repository_events(self, call: Call) -> Reply:
        repository = self._repository(call)
        events = [(issue, event) for issue in visible(repository.issues.values()) for event in issue.events]
        events.sort(key=lambda pair: pair[1].id, reverse=True)
        page, headers = self._page(call, events)
        shown = [self.forms.event(issue, event) | {"issue": self.forms.issue(issue)} for issue, event in page]
        return Reply(200, shown, headers)

    # Threads

    def _issue_itself(self, call: Call) -> Reply:
        return Reply(200, self.forms.full_issue(self._issue(call)))

    def _update_issue(self, call: Call) -> Reply:
        issue = self._issue(call)
        if "labels" in call.form:
            self.complain(f"PATCH {call.path} sets all labels at once, which loses those that people put on meanwhile")
        self._may_write(call, issue.repository)
        by, form = call.caller.user, call.form
        if "title" in form or "body" in form:
            title = str(form["title"]) if form.get("title") is not None else None
            body = form.get("body", issue.body)
            issue.edit(title=title, body=str(body or ""), by=by)
        if "labels" in form:
            self._replace_labels(call, issue, form["labels"])
        if form.get("state") == "closed":
            issue.close(by, reason=text(form, "state_reason") or "completed")
        elif form.get("state") == "open":
            issue.reopen(by)
        return Reply(200, self.forms.full_issue(issue))

    def _issue_labels(self, call: Call) -> Reply:
        issue = self._issue(call)
        page, headers = self._page(call, self.forms.labels(issue))
        return Reply(200, page, headers)

    def _add_labels(self, call: Call) -> Reply:
        issue = self._issue(call)
        self._may_write(call, issue.repository)
        items = _label_items(call.body)
        if not items:
            raise invalid("labels", "missing_field")
        if len({*issue.labels, *(text(item, "name") for item in items)}) > MAX_LABELS:
            raise invalid("labels", message=f"An issue can have at most {MAX_LABELS} labels")
        if any(len(text(item, "rationale")) > _MAX_RATIONALE for item in items):
            raise invalid("rationale", message=f"A rationale has at most {_MAX_RATIONALE} characters")
        for item in items:
            self._add_label(call, issue, item)
        return Reply(200, self.forms.labels(issue))

    def _add_label(self, call: Call, issue: FakeIssue, item: JsonObject) -> None:
        """Put a label on, or hold it for approval where the repository has that.

        Held is what asks for it, and what is not sure by itself. Elsewhere, and on pull requests, the extra keys mean
        nothing: the label is put on, which is what a bot that did not look first has to be afraid of.
        """
        repository, name = issue.repository, text(item, "name")
        confidence = text(item, "confidence") or None
        held = item.get("suggest") is True or confidence in {"low", "medium"}
        assert call.caller.user is not None
        if held and repository.suggestions and not issue.is_pr:
            label = repository.find_label(name)
            if label is None:
                raise invalid("labels", message=f"There is no label {name!r} to suggest")
            issue.suggest(label, call.caller.user, confidence, text(item, "rationale") or None)
            return
        if held:
            self.complain(f"POST {call.path} suggests {name!r} where suggestions are not known: the label is put on")
        issue.label(name, call.caller.user)

    def _set_labels(self, call: Call) -> Reply:
        issue = self._issue(call)
        self.complain(f"PUT {call.path} sets all labels at once, which loses those that people put on meanwhile")
        self._may_write(call, issue.repository)
        items = call.form.get("labels", call.body)
        self._replace_labels(call, issue, items)
        return Reply(200, self.forms.labels(issue))

    def _replace_labels(self, call: Call, issue: FakeIssue, items: object) -> None:
        names = [text(item, "name") for item in _label_items({"labels": items})]
        for label in list(issue.labels):
            if label not in names:
                issue.unlabel(label, call.caller.user)
        for name in names:
            issue.label(name, call.caller.user)

    def _remove_label(self, call: Call) -> Reply:
        issue = self._issue(call)
        self._may_write(call, issue.repository)
        label = issue.repository.find_label(call.places["name"])
        if label is None or label.name not in issue.labels:
            raise RefusedError(404, "Label does not exist")
        issue.unlabel(label.name, call.caller.user)
        return Reply(200, self.forms.labels(issue))

    def _comments(self, call: Call) -> Reply:
        issue = self._issue(call)
        since = _since(call.query)
        page, headers = self._page(call, [one for one in issue.comments if since is None or one.updated >= since])
        return Reply(200, [self.forms.comment(issue, comment) for comment in page], headers)

    def _create_comment(self, call: Call) -> Reply:
        issue = self._issue(call)
        self._may_write(call, issue.repository)
        body = self._comment_body(call)
        if issue.locked:
            raise RefusedError(403, "Unable to create comment because issue is locked.")
        return Reply(201, self.forms.comment(issue, issue.comment(body, call.caller.user)))

    def _comment_body(self, call: Call) -> str:
        body = text(call.form, "body")
        if not body.strip():
            raise invalid("body", "missing_field")
        if len(body) > _MAX_BODY:
            raise invalid("body", message=f"body is too long (maximum is {_MAX_BODY} characters)")
        return body

    def _comment(self, call: Call) -> Reply:
        return Reply(200, self.forms.comment(*self._found_comment(call)))

    def _update_comment(self, call: Call) -> Reply:
        issue, comment = self._found_comment(call)
        self._may_write(call, issue.repository)
        self._must_be_own(call, comment)
        issue.edit_comment(comment, self._comment_body(call), call.caller.user)
        return Reply(200, self.forms.comment(issue, comment))

    def _delete_comment(self, call: Call) -> Reply:
        issue, comment = self._found_comment(call)
        self._may_write(call, issue.repository)
        self._must_be_own(call, comment)
        issue.delete_comment(comment, call.caller.user)
        return Reply(204)

    def _must_be_own(self, call: Call, comment: FakeComment) -> None:
        # GitHub would let an App with `issues: write` change anybody's words; no bot of ours may.
        if comment.author is not call.caller.user:
            self.complain(f"{call.method} {call.path} changes a comment of somebody else")

    def _reactions(self, call: Call) -> Reply:
        return self._listed_reactions(call, self._issue(call).reactions)

    def _comment_reactions(self, call: Call) -> Reply:
        return self._listed_reactions(call, self._found_comment(call)[1].reactions)

    def _listed_reactions(self, call: Call, reactions: Sequence[FakeReaction]) -> Reply:
        wanted = call.query.get("content")
        page, headers = self._page(call, [one for one in reactions if wanted in {None, one.content}])
        return Reply(200, [self.forms.reaction(reaction) for reaction in page], headers)

    def _react(self, call: Call) -> Reply:
        return self._reacted(call, self._issue(call), None)

    def _react_to_comment(self, call: Call) -> Reply:
        return self._reacted(call, *self._found_comment(call))

    def _reacted(self, call: Call, issue: FakeIssue, comment: FakeComment | None) -> Reply:
        self._may_write(call, issue.repository)
        content = text(call.form, "content")
        if content not in REACTIONS:
            raise invalid("content")
        before = list(issue.reactions if comment is None else comment.reactions)
        reaction = issue.react(content, call.caller.user, comment)
        return Reply(200 if reaction in before else 201, self.forms.reaction(reaction))

    def _unreact_to_comment(self, call: Call) -> Reply:
        issue, comment = self._found_comment(call)
        self._may_write(call, issue.repository)
        mine = [one for one in comment.reactions if str(one.id) == call.places["reaction_id"]]
        if not mine or mine[0].user is not call.caller.user:
            raise RefusedError(404, "Not Found")
        comment.reactions.remove(mine[0])
        return Reply(204)

    def _events(self, call: Call) -> Reply:
        issue = self._issue(call)
        page, headers = self._page(call, issue.events)
        return Reply(200, [self.forms.event(issue, event) for event in page], headers)

    def _timeline(self, call: Call) -> Reply:
        issue = self._issue(call)
        entries = [(event.created_at, event.id, self.forms.event(issue, event)) for event in issue.events]
        entries += [(one.created, one.id, self.forms.commented(issue, one)) for one in issue.comments]
        entries.sort(key=lambda entry: entry[:2])
        page, headers = self._page(call, [shown for _, _, shown in entries])
        return Reply(200, page, headers)

    def _assign(self, call: Call) -> Reply:
        issue = self._issue(call)
        self._may_write(call, issue.repository)
        assignees = call.form.get("assignees")
        for login in assignees if isinstance(assignees, list) else []:
            user = self.world.user(str(login))
            if user not in issue.assignees:
                issue.assignees.append(user)
        return Reply(201, self.forms.issue(issue))

    # Suggestions: issues only, and only where the repository takes part

    def _suggestible(self, call: Call) -> FakeIssue:
        issue = self._issue(call)
        if call.caller.kind is not Kind.INSTALLATION or not issue.repository.suggestions or issue.is_pr:
            raise RefusedError(404, "Not Found")
        self._may_write(call, issue.repository)
        return issue

    def _suggestions(self, call: Call) -> Reply:
        issue = self._suggestible(call)
        state = call.query.get("state", "pending")
        wanted = [one for one in issue.suggestions if state in {"all", one.state.value}]
        page, headers = self._page(call, [one for one in wanted if call.query.get("action") in {None, "add_label"}])
        return Reply(200, [self.forms.suggestion(issue, suggestion) for suggestion in page], headers)

    def _pending(self, call: Call) -> tuple[FakeIssue, FakeSuggestion]:
        issue = self._suggestible(call)
        found = [one for one in issue.suggestions if str(one.id) == call.places["suggestion_id"]]
        if not found:
            raise RefusedError(404, "Not Found")
        if found[0].state is not SuggestionState.PENDING:
            raise RefusedError(422, f"The suggestion is {found[0].state.value} already")
        return issue, found[0]

    def _approve(self, call: Call) -> Reply:
        issue, suggestion = self._pending(call)
        issue.approve(suggestion, call.caller.user)
        return Reply(200, self.forms.suggestion(issue, suggestion))

    def _dismiss(self, call: Call) -> Reply:
        issue, suggestion = self._pending(call)
        issue.dismiss(suggestion, call.caller.user)
        return Reply(200, self.forms.suggestion(issue, suggestion))

    # Pages

    def _per_page(self, call: Call) -> int:
        wanted = call.query.get("per_page", "30")
        return min(100, int(wanted)) if wanted.isdecimal() and wanted != "0" else 30

    def _page(self, call: Call, items: Sequence[_T]) -> tuple[list[_T], dict[str, str]]:
        size = self._per_page(call)
        wanted = call.query.get("page", "1")
        page = max(1, int(wanted)) if wanted.isdecimal() else 1
        last = max(1, -(-len(items) // size))
        pages = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        shown = [rel for rel in pages if (page > 1 if rel in {"prev", "first"} else page < last)]
        url = f"{self.forms.address()}{call.path}"
        links = [f'<{url}?{urlencode({**call.query, "page": str(pages[rel])})}>; rel="{rel}"' for rel in shown]
        headers = {"Link": ", ".join(links)} if links else {}
        return list(items[(page - 1) * size : page * size]), headers


def _route(name: str, run: Operation) -> Route:
    method, _, template = name.partition(" ")
    pattern = re.sub(
        r"\{(\w+)\}",
        lambda place: f"(?P<{place[1]}>{'.+' if place[1] in _WITH_SLASHES else '[^/]+'})",
        template,
    )
    return Route(method, template, re.compile(pattern), run)


def _since(query: Mapping[str, str]) -> datetime | None:
    if "since" not in query:
        return None
    try:
        since = datetime.fromisoformat(query["since"])
    except ValueError as error:
        raise invalid("since") from error
    if since.tzinfo is None:
        raise invalid("since")
    return since


def _label_items(body: object) -> list[JsonObject]:
    """Return the labels of a request as objects, whichever of the forms it has."""
    items = body.get("labels") if isinstance(body, dict) else body
    found: list[JsonObject] = [
        {"name": item} if isinstance(item, str) else item if isinstance(item, dict) else {}
        for item in (items if isinstance(items, list) else [])
    ]
    if not all(text(item, "name") for item in found):
        raise invalid("labels")
    return found


def _permissions(permission: str, role: str) -> JsonObject:
    levels = ["none", "read", "write", "admin"]
    level = levels.index(permission)
    return {
        "pull": level >= 1,
        "triage": level >= 2 or role == "triage",
        "push": level >= 2,
        "maintain": level == 3 or role == "maintain",
        "admin": level == 3,
    }
