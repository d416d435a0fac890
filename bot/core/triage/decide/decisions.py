"""What is done about a thread: everything that could be is proposed, and each proposal goes through the policy.

What is so already is not proposed. Deciding again, when what was decided is done, adds nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.triage.actions import Action, ActionKind, Decision, Mode, Outcome
from bot.core.triage.changeset import Progress
from bot.core.triage.decide import texts as comments
from bot.core.triage.decide.comment import kept_comment
from bot.core.triage.decide.policy import (
    Tally,
    against_everything,
    against_label,
    against_suggesting,
    against_thread,
    is_doubtful,
    tally_of,
)
from bot.core.triage.decide.proposals import Wanted, concerns, topics_to_ask, wanted_labels
from bot.core.triage.overrides import COMMAND, same_label
from bot.core.triage.settings import PATH
from bot.core.triage.snapshot import Snapshot, counts


def decide(snapshot: Snapshot, comment: int | None = None) -> tuple[Decision, ...]:
    """Return what shall be done about a thread, what would be in another mode, and what is not, each with the reason.

    ``comment`` is the comment with the command to look again, where that is why this is decided.
    """
    told = _about_settings(snapshot)
    tally = tally_of(snapshot)
    topics = topics_to_ask(snapshot) if snapshot.settings.comments else ()
    found = (_about_label(wanted, snapshot, tally, comment) for wanted in wanted_labels(snapshot, topics))
    decisions = [decision for decision in found if decision is not None]
    labelled = _has_labelled(snapshot) or bool(_labels_done(decisions))
    kept = kept_comment(snapshot, topics, comment, labelled=labelled)
    return tuple(decision for decision in (told, *decisions, kept) if decision is not None)


def revise(snapshot: Snapshot, comment: int | None = None) -> tuple[Decision, ...]:
    """Return what becomes of the comment that is kept, where there is one, when people changed what it speaks of."""
    if not any(counts(entry) for entry in snapshot.entries_for(ActionKind.COMMENT)):
        return ()
    return about_comment(snapshot, comment)


def about_comment(snapshot: Snapshot, comment: int | None) -> tuple[Decision, ...]:
    """Return what becomes of the comment that is kept, and of nothing else."""
    return tuple(each for each in decide(snapshot, comment) if each.action.kind is ActionKind.COMMENT)


def settings_notice(snapshot: Snapshot) -> Action | None:
    """Return what tells a repository that its settings cannot be used, None if they can."""
    if not snapshot.problems:
        return None
    issue = snapshot.issue
    return Action(
        ActionKind.NOTICE,
        issue.ref,
        issue.node_id,
        snapshot.settings_digest,
        "settings",
        1,
        body=comments.notice(snapshot.problems),
    )


def _about_settings(snapshot: Snapshot) -> Decision | None:
    """Decide about that, on the first thread that concerns the repository."""
    action = settings_notice(snapshot)
    known = any(
        entry.progress is not Progress.DROPPED and entry.action.value == snapshot.settings_digest
        for entry in snapshot.entries_for(ActionKind.NOTICE)
    )
    if action is None or known or not concerns(snapshot):
        return None
    against = against_everything(snapshot) or against_thread(snapshot)
    if against is not None:
        return Decision(action, snapshot.settings.mode, Outcome.BLOCKED, against)
    return Decision(action, snapshot.settings.mode, Outcome.DO, "The settings cannot be used, which is said once.")


def _has_labelled(snapshot: Snapshot) -> bool:
    """Return whether rules put labels on the thread before."""
    return any(counts(each) and each.action.rule != COMMAND for each in snapshot.entries_for(ActionKind.ADD_LABEL))


def _labels_done(decisions: Sequence[Decision]) -> list[Decision]:
    return [each for each in decisions if each.outcome is Outcome.DO and each.action.kind is ActionKind.ADD_LABEL]


def _about_label(wanted: Wanted, snapshot: Snapshot, tally: Tally, comment: int | None) -> Decision | None:
    """Decide about one label: None if it is on, or on its way."""
    label = snapshot.label_for(wanted.neutral) if wanted.neutral in snapshot.settings.labels else None
    if label is not None and (snapshot.is_on(label) or _is_under_way(label, snapshot)):
        return None
    if label in tally.new:  # several ids may stand for one label
        return None
    doubt = _doubt(wanted, label, snapshot, tally)
    kind = ActionKind.SUGGEST_LABEL if doubt else ActionKind.ADD_LABEL
    action = Action(
        kind,
        snapshot.issue.ref,
        snapshot.issue.node_id,
        label or wanted.neutral,
        wanted.rule,
        wanted.version,
        evidence=wanted.evidence,
        comment=comment,
        kind_name=wanted.neutral,
    )
    against = against_label(wanted, label, snapshot, tally, again=comment is not None)
    if against is None and doubt and label is not None and wanted.mode is not Mode.DRY_RUN:
        against = against_suggesting(action, snapshot)
    if against is not None:
        return Decision(action, wanted.mode, Outcome.BLOCKED, against)
    tally.note(action)
    tally.new.add(action.value)
    if label is None:
        once = f"Once `{PATH}` names a label for it."
        return Decision(action, wanted.mode, Outcome.WOULD_DO, f"{once} {doubt or _sure(wanted)}")
    if wanted.mode is Mode.DRY_RUN:
        return Decision(action, wanted.mode, Outcome.WOULD_DO, f"The mode is dry-run. {doubt or _sure(wanted)}")
    return Decision(action, wanted.mode, Outcome.DO, doubt or _sure(wanted))


def _is_under_way(label: str, snapshot: Snapshot) -> bool:
    """Return whether a label is about to be put on, or was suggested in GitHub's own way."""
    adding = any(
        entry.progress in {Progress.PLANNED, Progress.SENT}
        for entry in snapshot.entries_for(ActionKind.ADD_LABEL, label)
    )
    return adding or any(counts(entry) for entry in snapshot.entries_for(ActionKind.SUGGEST_LABEL, label))


def _doubt(wanted: Wanted, label: str | None, snapshot: Snapshot, tally: Tally) -> str:
    """Return why a label is suggested rather than put on, empty if it may be put on."""
    if is_doubtful(wanted.rule, snapshot):
        return f"People corrected the rule {wanted.rule} too often, so it only suggests."
    if wanted.mode is Mode.SUGGEST:
        return "The mode is suggest."
    if not wanted.is_sure:
        return f"Its confidence is {wanted.confidence}, or its kind a matter of judgement: a person decides."
    own = label is not None and tally.kind is not None and same_label(label, tally.kind)
    if wanted.kind is not None and tally.kind is not None and not own:
        return f"One kind is put on without a person, and that is {tally.kind}."
    return ""


def _sure(wanted: Wanted) -> str:
    return f"The rule {wanted.rule} is sure."
