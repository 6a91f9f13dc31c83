"""Reading PromQL well enough to say which metrics and labels an expression names."""

import re
from collections.abc import Iterator
from typing import Any

from prometheus_client import Counter, Gauge, Histogram

from ofmemory.infra.observability.metrics import OWN
from ofmemory.infra.observability.state import State, _parts

_FUNCTIONS = frozenset(
    {
        "avg", "count", "deriv", "delta", "histogram_quantile", "increase", "max", "min", "predict_linear", "rate",
        "round", "sum", "time", "topk", "vector",
    }
)  # fmt: skip
_WORDS = frozenset({"and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "bool"})
# What Prometheus adds by itself.
_BUILT_IN = {"up": {"job", "instance"}, "ALERTS": {"alertname", "alertstate", "severity"}}
OF_TARGETS = frozenset({"job", "instance"})


def metrics_in(expression: str) -> dict[str, set[str]]:
    """Return metric → the labels that are asked of it, of every metric in ``expression``.

    Labels of ``by (...)`` count for every metric of the expression.
    """
    clauses = re.findall(r"\b(?:by|without) \(([^)]*)\)", expression)
    grouped = {label.strip() for clause in clauses for label in clause.split(",")}
    plain = re.sub(r"\b(?:by|without) \([^)]*\)", "", expression)
    found: dict[str, set[str]] = {}
    for name, matchers in re.findall(r"([a-zA-Z_:][\w:]*)(\{[^}]*\})?", _without_durations(plain)):
        if name in _FUNCTIONS | _WORDS:
            continue
        found.setdefault(name, set()).update(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", re.sub(r'"[^"]*"', '""', matchers)))
    return {name: labels | grouped for name, labels in found.items()}


def _without_durations(expression: str) -> str:
    return re.sub(r"\[[^\]]*\]", "", expression)


def exported() -> dict[str, set[str]]:
    """Return metric → labels of everything that the product exports; the database has to be there."""
    return dict(_BUILT_IN) | dict(_counted()) | dict(_looked_at())


def _counted() -> Iterator[tuple[str, set[str]]]:
    for collector in OWN._collector_to_names:
        metric: Any = collector
        labels = set(metric._labelnames)
        if isinstance(metric, Counter):
            yield f"{metric._name}_total", labels
        elif isinstance(metric, Histogram):
            yield f"{metric._name}_bucket", labels | {"le"}
            yield f"{metric._name}_count", labels
            yield f"{metric._name}_sum", labels
        elif isinstance(metric, Gauge):
            yield metric._name, labels


def _looked_at() -> Iterator[tuple[str, set[str]]]:
    for watched in _parts.values():
        watched.start()
    for part, watched in _parts.items():
        assert watched.wait(60), part
    for family in State().collect():
        for sample in family.samples:
            yield sample.name, set(sample.labels)


def unknown_in(expression: str, known: dict[str, set[str]]) -> list[str]:
    """Return what an expression asks for that nobody exports."""
    problems = []
    for metric, labels in metrics_in(expression).items():
        if metric not in known:
            problems.append(metric)
        elif not metric.startswith("ofmemory:"):
            problems += [f"{metric}{{{label}}}" for label in labels - known[metric] - OF_TARGETS]
    return problems
