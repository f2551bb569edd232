"""The shapes of a rule: something computed ahead, or an alert with what a person must know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

# Somebody is woken by a page. A ticket waits for the morning. The heartbeat is neither, and a
# reaction is for automation.
Severity = Literal["page", "ticket", "none", "reaction"]
PAGE = "docs/operations/alerts.md"
PAGE_OF_REACTIONS = "docs/operations/automation.md"


@dataclass(frozen=True, slots=True)
class Record:
    """A series that is computed at each evaluation, under the name `name`."""

    name: str
    expression: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition that a person must know of, once it has lasted `for_s` seconds.

    The alert ends when the condition has been absent for `calm_s` seconds.
    `summary` is a sentence; `{{ $labels.x }}` and `{{ $value }}` in it are Prometheus's. What to do
    is in the section of the alert's name in PAGE.
    """

    name: str
    expression: str
    for_s: int
    severity: Severity
    component: str
    summary: str
    labels: Mapping[str, str] = field(default_factory=dict)
    calm_s: int = 0

    @property
    def page(self) -> str:
        """The page and the section that say what to do."""
        page = PAGE_OF_REACTIONS if self.severity == "reaction" else PAGE
        return f"{page}#{self.name.lower()}"


Rule = Record | Alert


def as_document(rule: Rule) -> dict[str, object]:
    """Return a rule as Prometheus reads it."""
    if isinstance(rule, Record):
        written: dict[str, object] = {"record": rule.name, "expr": rule.expression}
        return {**written, "labels": dict(rule.labels)} if rule.labels else written
    return {
        "alert": rule.name,
        "expr": rule.expression,
        "for": f"{rule.for_s}s",
        "keep_firing_for": f"{rule.calm_s}s",
        "labels": {"severity": rule.severity, "component": rule.component, **rule.labels},
        "annotations": {
            "summary": rule.summary,
            "description": f"What it means and what to do: {rule.page}",
            "page": rule.page,
        },
    }
