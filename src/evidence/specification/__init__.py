"""Pooled analyses: every choice named, alternatives beside the main one, gaps put to the test."""

from evidence.specification.all_choices import panel
from evidence.specification.analysis import (
    Analysis,
    Specification,
    analyze,
    by_comparator_class,
    points_behind,
    with_other_choices,
    with_other_methods,
    without_each,
)
from evidence.specification.companions import Companions, companions
from evidence.specification.scenarios import (
    EventsConverted,
    PriorView,
    StressTest,
    stress_test,
    with_events_converted,
    with_priors,
)

__all__ = [
    "Analysis",
    "Companions",
    "EventsConverted",
    "PriorView",
    "Specification",
    "StressTest",
    "analyze",
    "by_comparator_class",
    "companions",
    "panel",
    "points_behind",
    "stress_test",
    "with_events_converted",
    "with_other_choices",
    "with_other_methods",
    "with_priors",
    "without_each",
]
