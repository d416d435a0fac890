"""The JSON in which GitHub's REST API and its webhooks show what exists."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from tests.fakes.discord_json import JsonObject
from tests.fakes.github_world import (
    AccountKind,
    FakeApp,
    FakeComment,
    FakeEvent,
    FakeInstallation,
    FakeIssue,
    FakeLabel,
    FakeReaction,
    FakeRepository,
    FakeSuggestion,
    FakeUser,
    World,
)

SITE = "https://github.com"
REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")
_INLINE_BYTES = 1 << 20

_REPOSITORY_URLS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}
_USER_URLS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}


def stamp(when: datetime) -> str:
    """Write a time as GitHub does."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def _maybe(when: datetime | None) -> str | None:
    return None if when is None else stamp(when)


@dataclass(frozen=True, slots=True)
class Forms:
    """Shows what exists; addresses of the API lie under ``address()``."""

    world: World
    address: Callable[[], str]

    def user(self, user: FakeUser) -> JsonObject:
        """Show an account."""
        url = f"{self.address()}/users/{quote(user.login)}"
        bot = user.kind is AccountKind.BOT
        return {
            "login": user.login,
            "id": user.id,
            "node_id": user.node_id,
            "avatar_url": f"https://avatars.githubusercontent.com/u/{user.id}?v=4",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{SITE}/apps/{user.login.removesuffix('[bot]')}" if bot else f"{SITE}/{user.login}",
            **{name: url + path for name, path in _USER_URLS.items()},
            "type": user.kind.value,
            "user_view_type": "public",
            "site_admin": False,
        }

    def maybe_user(self, user: FakeUser | None) -> JsonObject | None:
        """Show an account, or null for a deleted one."""
        return None if user is None else self.user(user)

    def app(self) -> JsonObject:
        """Show the App."""
        app: FakeApp = self.world.app
        return {
            "id": int(app.id),
            "client_id": app.client_id,
            "slug": app.slug,
            "node_id": f"A_kwHO{app.id}",
            "owner": self.user(self.world.user("ftbot-dev", AccountKind.ORGANIZATION)),
            "name": app.slug,
            "description": "Triages issues about free-threaded Python",
            "external_url": "https://ftbot.example",
            "html_url": f"{SITE}/apps/{app.slug}",
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
            "permissions": dict(app.permissions),
            "events": list(app.events),
        }

    def _via_app(self, via_app: bool) -> JsonObject | None:
        return self.app() if via_app else None

    def repository_url(self, repository: FakeRepository) -> str:
        """Return a repository's address in the API."""
        return f"{self.address()}/repos/{repository.full_name}"

    def issue_url(self, issue: FakeIssue) -> str:
        """Return a thread's address in the API."""
        return f"{self.repository_url(issue.repository)}/issues/{issue.number}"

    def repository(self, repository: FakeRepository) -> JsonObject:
        """Show a repository, with everything that any of GitHub's forms of it has."""
        url = self.repository_url(repository)
        html = f"{SITE}/{repository.full_name}"
        open_issues = sum(issue.state == "open" for issue in repository.issues.values())
        return {
            "id": repository.id,
            "node_id": repository.node_id,
            "name": repository.name,
            "full_name": repository.full_name,
            "owner": self.user(repository.owner),
            "private": repository.private,
            "html_url": html,
            "description": None,
            "fork": False,
            "url": url,
            **{name: url + path for name, path in _REPOSITORY_URLS.items()},
            "git_url": f"git://github.com/{repository.full_name}.git",
            "ssh_url": f"git@github.com:{repository.full_name}.git",
            "clone_url": f"{html}.git",
            "svn_url": html,
            "mirror_url": None,
            "homepage": None,
            "language": "Python",
            "forks_count": 0,
            "stargazers_count": 0,
            "watchers_count": 0,
            "size": 0,
            "default_branch": "main",
            "open_issues_count": open_issues,
            "is_template": False,
            "topics": [],
            "has_issues": True,
            "has_projects": False,
            "has_wiki": False,
            "has_pages": False,
            "has_downloads": True,
            "has_discussions": False,
            "archived": repository.archived,
            "disabled": False,
            "visibility": "private" if repository.private else "public",
            "pushed_at": stamp(repository.created),
            "created_at": stamp(repository.created),
            "updated_at": stamp(repository.created),
            "allow_forking": True,
            "web_commit_signoff_required": False,
            "license": None,
            "forks": 0,
            "open_issues": open_issues,
            "watchers": 0,
        }

    def full_repository(self, repository: FakeRepository) -> JsonObject:
        """Show a repository as its own address does."""
        return self.repository(repository) | {"subscribers_count": 0, "network_count": 0}

    def label(self, repository: FakeRepository, label: FakeLabel) -> JsonObject:
        """Show a label."""
        return {
            "id": label.id,
            "node_id": label.node_id,
            "url": f"{self.repository_url(repository)}/labels/{quote(label.name, safe='')}",
            "name": label.name,
            "color": label.color,
            "default": False,
            "description": label.description,
        }

    def labels(self, issue: FakeIssue) -> list[JsonObject]:
        """Show a thread's labels."""
        known = issue.repository.labels
        return [self.label(issue.repository, known[name]) for name in issue.labels if name in known]

    def issue(self, issue: FakeIssue) -> JsonObject:
        """Show a thread."""
        url = self.issue_url(issue)
        assignees = [self.user(user) for user in issue.assignees]
        shown: JsonObject = {
            "id": issue.id,
            "node_id": issue.node_id,
            "url": url,
            "repository_url": self.repository_url(issue.repository),
            "labels_url": url + "/labels{/name}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "timeline_url": f"{url}/timeline",
            "html_url": issue.html_url,
            "number": issue.number,
            "state": issue.state,
            "state_reason": issue.state_reason,
            "title": issue.title,
            "body": issue.body or None,
            "user": self.maybe_user(issue.author),
            "labels": self.labels(issue),
            "assignee": assignees[0] if assignees else None,
            "assignees": assignees,
            "milestone": None,
            "locked": issue.locked,
            "active_lock_reason": issue.lock_reason,
            "comments": len(issue.comments),
            "created_at": stamp(issue.created),
            "updated_at": stamp(issue.updated),
            "closed_at": _maybe(issue.closed),
            "author_association": self.association(issue.repository, issue.author),
            "reactions": self.reaction_counts(url, issue.reactions),
            "performed_via_github_app": self._via_app(issue.author is self.world.bot),
        }
        if issue.is_pr:
            html = issue.html_url
            shown |= {
                "draft": False,
                "pull_request": {
                    "url": f"{self.repository_url(issue.repository)}/pulls/{issue.number}",
                    "html_url": html,
                    "diff_url": f"{html}.diff",
                    "patch_url": f"{html}.patch",
                    "merged_at": _maybe(issue.closed) if issue.merged else None,
                },
            }
        return shown

    def pull_request(self, issue: FakeIssue) -> JsonObject:
        """Show a pull request as its own webhooks do, as far as anybody here reads it."""
        shown = {key: value for key, value in self.issue(issue).items() if key not in {"pull_request", "state_reason"}}
        return shown | {
            "url": f"{self.repository_url(issue.repository)}/pulls/{issue.number}",
            "issue_url": self.issue_url(issue),
            "merged": issue.merged,
            "merged_at": _maybe(issue.closed) if issue.merged else None,
        }

    def full_issue(self, issue: FakeIssue) -> JsonObject:
        """Show a thread as its own address does."""
        return self.issue(issue) | {"closed_by": self.maybe_user(issue.closed_by)}

    def found_issue(self, issue: FakeIssue) -> JsonObject:
        """Show a thread as a search does."""
        return self.issue(issue) | {"score": 1.0}

    def comment(self, issue: FakeIssue, comment: FakeComment) -> JsonObject:
        """Show a comment."""
        url = f"{self.repository_url(issue.repository)}/issues/comments/{comment.id}"
        return {
            "id": comment.id,
            "node_id": comment.node_id,
            "url": url,
            "html_url": f"{issue.html_url}#issuecomment-{comment.id}",
            "issue_url": self.issue_url(issue),
            "body": comment.body,
            "user": self.maybe_user(comment.author),
            "created_at": stamp(comment.created),
            "updated_at": stamp(comment.updated),
            "author_association": self.association(issue.repository, comment.author),
            "reactions": self.reaction_counts(url, comment.reactions),
            "performed_via_github_app": self._via_app(comment.via_app),
        }

    def association(self, repository: FakeRepository, user: FakeUser | None) -> str:
        """Return what GitHub says about an author."""
        if user is repository.owner:
            return "OWNER"
        return "COLLABORATOR" if user is not None and user.login.casefold() in repository.roles else "NONE"

    def reaction(self, reaction: FakeReaction) -> JsonObject:
        """Show a reaction."""
        return {
            "id": reaction.id,
            "node_id": f"REA_kwDO{reaction.id}",
            "user": self.user(reaction.user),
            "content": reaction.content,
            "created_at": stamp(reaction.created),
        }

    def reaction_counts(self, url: str, reactions: Sequence[FakeReaction]) -> JsonObject:
        """Show how many reactions there are."""
        counts = Counter(reaction.content for reaction in reactions)
        return {
            "url": f"{url}/reactions",
            "total_count": len(reactions),
            **{content: counts[content] for content in REACTIONS},
        }

    def event(self, issue: FakeIssue, event: FakeEvent) -> JsonObject:
        """Show an event of a thread."""
        shown: JsonObject = {
            "id": event.id,
            "node_id": f"EV_lADO{event.id}",
            "url": f"{self.repository_url(issue.repository)}/issues/events/{event.id}",
            "actor": self.maybe_user(event.actor),
            "event": event.event,
            "commit_id": None,
            "commit_url": None,
            "created_at": stamp(event.created_at),
            "performed_via_github_app": self._via_app(event.via_app),
        }
        if event.label is not None:
            shown["label"] = {"name": event.label.name, "color": event.label.color}
        if event.rename is not None:
            shown["rename"] = {"from": event.rename[0], "to": event.rename[1]}
        if event.event in {"locked", "unlocked"}:
            shown["lock_reason"] = event.reason
        if event.event == "closed":
            shown["state_reason"] = event.reason
        return shown

    def commented(self, issue: FakeIssue, comment: FakeComment) -> JsonObject:
        """Show a comment as an entry of the timeline."""
        return self.comment(issue, comment) | {"event": "commented", "actor": self.maybe_user(comment.author)}

    def suggestion(self, issue: FakeIssue, suggestion: FakeSuggestion) -> JsonObject:
        """Show a suggested label."""
        confidence = suggestion.confidence
        return {
            "id": suggestion.id,
            "issue_id": issue.id,
            "action": "add_label",
            "state": suggestion.state.value,
            "target_id": suggestion.label.id,
            "target_value": suggestion.label.name,
            "rationale": suggestion.rationale,
            "confidence": None if confidence is None else confidence.upper(),
            "actor_id": suggestion.actor.id,
            "issue_event_id": None,
            "resolved_by": None if suggestion.resolved_by is None else suggestion.resolved_by.id,
            "created_at": stamp(suggestion.created),
            "updated_at": stamp(suggestion.updated),
        }

    def installation(self, installation: FakeInstallation) -> JsonObject:
        """Show where the App is installed."""
        account = installation.account
        return {
            "id": installation.id,
            "client_id": self.world.app.client_id,
            "account": self.user(account),
            "repository_selection": "selected",
            "access_tokens_url": f"{self.address()}/app/installations/{installation.id}/access_tokens",
            "repositories_url": f"{self.address()}/installation/repositories",
            "html_url": f"{SITE}/organizations/{account.login}/settings/installations/{installation.id}",
            "app_id": int(self.world.app.id),
            "app_slug": self.world.app.slug,
            "target_id": account.id,
            "target_type": account.kind.value,
            "permissions": dict(installation.permissions),
            "events": list(self.world.app.events),
            "created_at": stamp(installation.created),
            "updated_at": stamp(installation.created),
            "single_file_name": None,
            "has_multiple_single_files": False,
            "single_file_paths": [],
            "suspended_by": self.maybe_user(installation.suspended_by),
            "suspended_at": _maybe(installation.suspended),
        }

    def file(self, repository: FakeRepository, path: str, body: bytes) -> JsonObject:
        """Show a file; one over 1 MiB comes without its content."""
        sha = hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()  # noqa: S324 — Git's own name of a blob
        url = f"{self.repository_url(repository)}/contents/{quote(path)}?ref=main"
        git_url = f"{self.repository_url(repository)}/git/blobs/{sha}"
        html_url = f"{SITE}/{repository.full_name}/blob/main/{quote(path)}"
        small = len(body) <= _INLINE_BYTES
        return {
            "type": "file",
            "encoding": "base64" if small else "none",
            "size": len(body),
            "name": path.rpartition("/")[2],
            "path": path,
            "content": base64.encodebytes(body).decode() if small else "",
            "sha": sha,
            "url": url,
            "git_url": git_url,
            "html_url": html_url,
            "download_url": f"https://raw.githubusercontent.com/{repository.full_name}/main/{quote(path)}",
            "_links": {"git": git_url, "html": html_url, "self": url},
        }
