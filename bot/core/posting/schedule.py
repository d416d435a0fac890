"""When a server's weekly digest is due: its weekday and hour in its own time zone, across changes of its clocks.

Every ISO week has one slot, in the week after it, so that a change of clocks or of the schedule neither repeats nor
skips a week. Weeks end at midnight UTC: a slot that would come before that (a Monday morning in Auckland) waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.core.digest.weeks import Week, week_of

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

MADE_UP_FOR = timedelta(days=7)
"""How long after its slot a digest is still posted."""

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A weekday (0 is Monday), an hour (0 to 23), and the IANA name of the time zone that both are in."""

    weekday: int = 0
    hour: int = 9
    zone: str = "UTC"

    def __str__(self) -> str:
        return f"{WEEKDAYS[self.weekday]} {self.hour:02}:00 {self.zone}"


DEFAULT_SCHEDULE = Schedule()


@dataclass(frozen=True, slots=True)
class Slot:
    """The moment (UTC) from which the digest of a week may be posted; ``waits`` tells that the week ends only then."""

    week: Week
    moment: datetime
    waits: bool = False

    @property
    def expires(self) -> datetime:
        """Return the moment from which it is not made up for any more."""
        return self.moment + MADE_UP_FOR


def moment_of(day: date, hour: int, zone: tzinfo) -> datetime:
    """Return a local hour in UTC: one that clocks skip is the next there is, one that they repeat is the first."""
    local = datetime.combine(day, time(hour), zone)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    # PEP 495: in a gap the two folds lie on both sides of the change, the second first.
    change = local.replace(fold=1).astimezone(UTC)
    before = change.astimezone(zone).utcoffset()
    while change.astimezone(zone).utcoffset() == before:
        change += _MINUTE
    return change


def slot_of(week: Week, schedule: Schedule, zone: tzinfo) -> Slot:
    """Return when the digest of a week is due: in the week after it, not before it is over."""
    day = week.monday + timedelta(days=7 + schedule.weekday)
    moment = moment_of(day, schedule.hour, zone)
    return Slot(week, max(moment, week.end), waits=moment < week.end)


def last_slot(now: datetime, schedule: Schedule, zone: tzinfo) -> Slot:
    """Return the newest slot that has come."""
    slot = slot_of(week_of(now.date()).before, schedule, zone)
    while slot.moment > now:
        slot = slot_of(slot.week.before, schedule, zone)
    return slot


def next_slot(now: datetime, schedule: Schedule, zone: tzinfo) -> Slot:
    """Return the first slot that has not come yet."""
    last = last_slot(now, schedule, zone)
    return slot_of(week_of(last.week.end.date()), schedule, zone)


def due_slot(now: datetime, since: datetime, schedule: Schedule, zone: tzinfo) -> Slot | None:
    """Return the slot to post for, None if there is none: the newest, unless it is older than the setting."""
    slot = last_slot(now, schedule, zone)
    return slot if since <= slot.moment and now < slot.expires else None
