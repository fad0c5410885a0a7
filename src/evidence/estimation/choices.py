"""Every choice of a pooled analysis in one object, and the id that the choices make."""

from dataclasses import MISSING, dataclass, fields
from typing import Any

from evidence import terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Specification:
    """Every choice of a pooled analysis; the defaults are those of the main analysis.

    Attributes
    ----------
    therapy, outcome, timepoint : str
        What is analyzed; rows whose intervention is not the therapy never enter.
    metric : str
        "auto" for hedges_g where any trial allows it, else d_from_test_statistic; "standardized"
        for hedges_g and, in trials without it, g from a test statistic; or a metric.
    instrument : str
        "self_report_first", "clinician_first", or the id of one instrument; for a model of several
        estimates also "every". Of several instruments of one rater that most trials of the analysis
        have.
    adjustment : {"post", "ppc", "ppc_imbalanced"}
        Values at the time, d_ppc2, or d_ppc2 where the arms differed by more than `IMBALANCE` SDs
        at baseline.
    convention, correlation
        As `evidence.estimates` takes them.
    imputed : {"include", "exclude"}
        Whether estimates with an imputed value may enter.
    overall : {"leave_out", "as_post"}
        Whether statistics over the whole course may stand for the end of treatment, in trials
        without one of that time.
    analysis_set : {"itt_first", "completers_first"}
        Which of several analysis sets of one result stands: by intention to treat, then as
        printed, then cases assessed, then completers; or the other way round.
    arms : {"combined", "first"}
        Whether several arms of one condition are combined (Cochrane Handbook 2019, 6.5.2.10), or
        the first one stands. What is printed of contrasts alone cannot be combined: the first
        stands. A model of several estimates keeps each pair of arms.
    comparator : {"usual_care_first", "inactive_first", "active_first"}
        Which of several comparators stands; of one class the first. A model of several estimates
        keeps all.
    follow_up : {"longest", "shortest"}
        Which of several follow-ups stands. A model of several estimates keeps all.
    comparator_class : {"inactive", "usual_care", "active"}, optional
        Keep one class of comparators.
    leave_out : tuple of str
        Trials to leave out.
    tau2, interval, level
        As `evidence.pool` takes them.
    """

    therapy: str
    outcome: str
    timepoint: str
    metric: str = "auto"
    instrument: terms.InstrumentRule | str = "self_report_first"
    adjustment: terms.Adjustment = "post"
    convention: terms.Convention = "exact"
    correlation: float = 0.5
    imputed: terms.Imputed = "include"
    overall: terms.Overall = "leave_out"
    analysis_set: terms.AnalysisSetRule = "itt_first"
    arms: terms.ArmsRule = "combined"
    comparator: terms.ComparatorRule = "usual_care_first"
    follow_up: terms.FollowUpRule = "longest"
    comparator_class: terms.ComparatorClass | None = None
    leave_out: tuple[str, ...] = ()
    tau2: terms.Tau2 = "REML"
    interval: terms.Interval = "hksj_adhoc"
    level: float = 0.95

    @property
    def question(self) -> tuple[str, str, str]:
        """Therapy, outcome and timepoint."""
        return self.therapy, self.outcome, self.timepoint

    @property
    def changed(self) -> dict[str, Any]:
        """Choices other than those of the main analysis."""
        return {
            one.name: value
            for one in fields(self)
            if one.default is not MISSING and (value := getattr(self, one.name)) != one.default
        }

    @property
    def methods(self) -> dict[str, Any]:
        """How `evidence.meta` pools by these choices."""
        return {"tau2": self.tau2, "interval": self.interval, "level": self.level}

    def estimate_id(self, metric: str, scenario: str = "") -> str:
        """Return the id of the pooled number: choices other than the default, in a fixed order."""
        own = {
            "correlation": f"correlation_{self.correlation:g}",
            "comparator_class": f"trials_{self.comparator_class}",
            "overall": "trials_with_overall",
            "leave_out": ".".join(f"trials_without_{one}" for one in sorted(self.leave_out)),
            "tau2": f"tau2_{self.tau2.lower()}",
            "level": f"level_{100 * self.level:g}",
        }
        said = {name: own.get(name, f"{name}_{value}") for name, value in self.changed.items()}
        if "adjustment" not in said and metric != "d_ppc2":
            said.pop("correlation", None)
        if scenario:
            said["scenario"] = f"trials_with_{scenario}"
        choices = [said[name] for name in _IN_ID if name in said]
        return ".".join([*self.question, metric, "pooled", *choices])


_IN_ID = (
    *("instrument", "adjustment", "correlation", "convention", "imputed", "analysis_set", "arms"),
    *("comparator", "follow_up", "comparator_class", "overall", "leave_out", "scenario"),
    *("tau2", "interval", "level"),
)
"""Choices in the order in which an id names them."""
