"""The shape of a case of an alert."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Series = Mapping[str, str]
SCRAPE_S = 15


@dataclass(frozen=True, slots=True)
class Case:
    """An alert, series with which it fires, and series with which it does not.

    The series are scraped every `step_s`, and `at_s` is the moment of the question.
    With `labels`, only an alert that has them counts.
    """

    alert: str
    fires: Series
    calm: tuple[Series, ...]
    step_s: int = SCRAPE_S
    at_s: int = 480
    labels: Mapping[str, str] = field(default_factory=dict)
