"""The alert rules and the dashboard speak of metrics that there are, by the labels that these have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest
from prometheus_client.metrics import MetricWrapperBase

from bot.jobs import Job, timetable
from bot.services.metrics import Metrics
from tests.conftest import ROOT

ALERTS = ROOT / "docs/monitoring/alerts.yml"
DASHBOARD = ROOT / "docs/monitoring/dashboard.json"
FROM_PROMETHEUS = {"up": frozenset({"job", "instance"})}
ADDED = frozenset({"job", "instance"})
"""Labels that Prometheus adds to everything that it reads."""

_METRIC = re.compile(r"(?<![\w$\"])(up|(?:ftbot|process|python)_\w+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"([^\"]*)\"")
_GROUPED = re.compile(r"\bby\s*\(([^)]*)\)")


class Target(msgspec.Struct):
    """A query of a panel."""

    expr: str
    legend_format: str = msgspec.field(name="legendFormat")


class Defaults(msgspec.Struct):
    """What holds for the values of a panel."""

    unit: str


class FieldConfig(msgspec.Struct):
    """How the values of a panel are shown."""

    defaults: Defaults


class GridPos(msgspec.Struct):
    """Where a panel is."""

    x: int
    y: int
    w: int
    h: int


class Panel(msgspec.Struct):
    """What these tests read of a panel."""

    id: int
    title: str
    description: str
    type: str
    grid: GridPos = msgspec.field(name="gridPos")
    config: FieldConfig = msgspec.field(name="fieldConfig")
    targets: list[Target]


class Dashboard(msgspec.Struct):
    """What these tests read of a dashboard."""

    title: str
    uid: str
    panels: list[Panel]


def dashboard() -> Dashboard:
    return msgspec.json.decode(DASHBOARD.read_bytes(), type=Dashboard)


def expressions() -> Iterator[tuple[str, str]]:
    """Give every query of the rules and the dashboard, each with the words that are shown of its labels."""
    rules = re.split(r"^ +- alert: ", ALERTS.read_text("utf-8"), flags=re.MULTILINE)[1:]
    for rule in rules:
        expression = re.search(r"^ +expr: (?:>-\n)?(.*?)(?=^ +(?:for|labels):)", rule, re.MULTILINE | re.DOTALL)
        assert expression is not None, rule
        yield expression[1], " ".join(re.findall(r"\$labels\.(\w+)", rule))
    for panel in dashboard().panels:
        for target in panel.targets:
            yield target.expr, " ".join(re.findall(r"\{\{(\w+)\}\}", target.legend_format))


@pytest.fixture(scope="module")
def known() -> dict[str, frozenset[str]]:
    """Give the labels of every metric that is served, by the names under which it is."""
    metrics = Metrics.new()
    found = FROM_PROMETHEUS | {name: labels | ADDED for name, labels in own_labels(metrics).items()}
    for family in metrics.registry.collect():
        for sample in family.samples:
            found.setdefault(sample.name, frozenset(sample.labels) | ADDED)
    return found


def own_labels(metrics: Metrics) -> dict[str, frozenset[str]]:
    """Return the labels that the bot itself gives to its metrics, by the names under which they are served."""
    found: dict[str, frozenset[str]] = {}
    for field in Metrics.__dataclass_fields__:
        metric = getattr(metrics, field)
        if isinstance(metric, MetricWrapperBase):
            labels = frozenset(metric._labelnames)  # noqa: SLF001 — nothing tells the labels of one without children
            for family in metric.describe():
                names = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(family.type, [""])
                more = {"le"} if family.type == "histogram" else set()
                found |= {f"{family.name}{ending}": labels | more for ending in names}
    return found


def test_there_are_rules_and_panels() -> None:
    assert len(list(expressions())) > 20


@pytest.mark.parametrize(("expression", "shown"), list(expressions()))
def test_what_is_asked_for_is_there(expression: str, shown: str, known: dict[str, frozenset[str]]) -> None:
    asked = _METRIC.findall(expression)
    assert asked, expression
    labels = frozenset[str]()
    for name, matchers in asked:
        assert name in known
        labels |= known[name]
        assert {label for label, _ in _MATCHER.findall(matchers)} <= known[name]
        assert matchers == "" or _MATCHER.search(matchers)
    grouped = {label.strip() for group in _GROUPED.findall(expression) for label in group.split(",")}
    assert grouped <= labels
    assert set(shown.split()) <= (grouped or labels)


def test_every_metric_of_ours_is_asked_for(known: dict[str, frozenset[str]]) -> None:
    asked = {name for expression, _ in expressions() for name, _ in _METRIC.findall(expression)}
    ours = {name for name in known if name.startswith("ftbot_") and not name.endswith(("_sum", "_count", "_created"))}
    assert ours - asked == set()


def test_no_metric_of_ours_has_a_label_that_prometheus_adds() -> None:
    assert {name for name, labels in own_labels(Metrics.new()).items() if labels & ADDED} == set()


async def test_what_an_alert_waits_for_to_increase_begins_at_0() -> None:
    metrics = Metrics.new()
    metrics.expect_bugs(["ftstatus"])
    async with timetable(metrics, Job("watch", timedelta(days=1), unexpected)):
        there = {
            (sample.name, label): sample.value
            for family in metrics.registry.collect()
            for sample in family.samples
            for label in sample.labels.items()
        }
    asked = [
        (name, label)
        for expression in re.findall(r"increase\((.*?)\[", ALERTS.read_text("utf-8"))
        for name, matchers in _METRIC.findall(expression)
        for label in _MATCHER.findall(matchers)
    ]
    assert len(asked) >= 4
    assert {each: there.get(each) for each in asked} == dict.fromkeys(asked, 0)


async def unexpected() -> None:
    pytest.fail("nothing is due")


def test_every_metric_of_ours_is_explained() -> None:
    page = (ROOT / "docs/operations.md").read_text("utf-8")
    names = {family.name for family in Metrics.new().registry.collect() if family.name.startswith("ftbot_")}
    assert names
    assert {name for name in names if not re.search(rf"`{name}(_total)?[`{{]", page)} == set()


def test_panels_have_titles_and_units_and_lie_side_by_side() -> None:
    board = dashboard()
    taken: set[tuple[int, int]] = set()
    assert (
        len({panel.id for panel in board.panels}) == len({panel.title for panel in board.panels}) == len(board.panels)
    )
    for panel in board.panels:
        assert panel.title
        assert panel.description
        assert panel.config.defaults.unit
        assert panel.targets
        assert panel.type in {"stat", "timeseries"}
        grid = panel.grid
        place = {(x, y) for x in range(grid.x, grid.x + grid.w) for y in range(grid.y, grid.y + grid.h)}
        assert grid.x + grid.w <= 24
        assert not place & taken
        taken |= place


def test_rules_say_what_is_wrong_and_what_next() -> None:
    rules = re.split(r"^ +- alert: ", ALERTS.read_text("utf-8"), flags=re.MULTILINE)[1:]
    for rule in rules:
        assert re.match(r"Ftbot\w+\n", rule)
        assert re.search(r"^ +labels: \{severity: (critical|warning)\}$", rule, re.MULTILINE)
        assert re.search(r"^ +summary: .+\.$", rule, re.MULTILINE)
        assert re.search(r"^ +description: .+\.$", rule, re.MULTILINE)
