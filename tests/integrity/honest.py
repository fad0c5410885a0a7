"""Reports of simulated trials: computed from drawn participants, then rounded as sources do."""

import math
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import numpy as np
from scipy import special

from evidence.meta.reconstruction.proportion_intervals import FORMULAS, proportion_interval
from evidence.meta.reconstruction.two_by_two import MEASURES

_ROUNDINGS = (ROUND_HALF_UP, ROUND_HALF_EVEN)
_KINDS = {
    "odds_ratio": "odds_ratio",
    "risk_ratio": "risk_ratio",
    "risk_difference": "risk_difference_percent",
    "number_needed_to_treat": "number_needed_to_treat",
    "conditional_odds_ratio": "odds_ratio_fisher",
}


def tables(trials, seed):
    """Tables of so many honest trials, as rows of text."""
    rng = np.random.default_rng(seed)
    found = {"trials": [], "arms": [], "arm_results": [], "statistics": [], "trial_facts": []}
    for number in range(trials):
        _Trial(f"t{number}", rng, found).report()
    return found


class _Trial:
    def __init__(self, trial_id, rng, found):
        self.id, self.rng, self.found = trial_id, rng, found
        self.n = [int(rng.integers(8, 90)) for _ in range(2)]
        self.rounding = _ROUNDINGS[rng.integers(2)]
        self.digits = int(rng.integers(0, 3))
        self.arms = [f"{trial_id}_a", f"{trial_id}_b"]

    def report(self):
        self.found["trials"].append({"trial_id": self.id, "label": self.id})
        roles = "intervention", "comparator"
        for arm, role, n in zip(self.arms, roles, self.n, strict=True):
            self.found["arms"].append(
                {"arm_id": arm, "trial_id": self.id, "role": role, "n_randomized": str(n)}
            )
        self.found["trial_facts"].append(
            {"trial_id": self.id, "fact": "n_randomized", "value": str(sum(self.n)),
             "locator_id": self.id}
        )  # fmt: skip
        self.scores()
        self.events()

    def show(self, value, digits):
        step = Decimal(1).scaleb(-digits)
        return str(Decimal(repr(float(value))).quantize(step, rounding=self.rounding))

    def result(self, suffix, arm, **columns):
        self.found["arm_results"].append(
            {"result_id": f"{self.arms[arm]}_{suffix}", "trial_id": self.id,
             "arm_id": self.arms[arm], "timepoint": "post", "clock": "randomization",
             "weeks": "12", "analysis_set": "as_printed", "locator_id": self.id, **columns}
        )  # fmt: skip

    def statistic(self, suffix, kind, estimate, **columns):
        self.found["statistics"].append(
            {"result_id": f"{self.id}_{suffix}", "trial_id": self.id,
             "intervention_arm_id": self.arms[0], "comparator_arm_id": self.arms[1],
             "instrument_id": "bdi", "timepoint": "post", "clock": "randomization",
             "statistic": kind, "estimate": estimate, "locator_id": self.id, **columns}
        )  # fmt: skip

    def p(self, value):
        """Print p as a source does: in two or three digits, or as below 0.001."""
        if value < 0.001:
            return {"p_value": "0.001", "p_relation": "below"}
        return {"p_value": self.show(value, int(self.rng.integers(2, 4))), "p_relation": "equal"}

    def scores(self):
        rng = self.rng
        mean, sd = rng.uniform(3, 45), rng.uniform(2, 14)
        analyzed = [n - int(rng.integers(0, 3)) for n in self.n]
        drawn = []
        for time in ("baseline", "post"):
            for arm, n in enumerate(analyzed):
                values = np.clip(np.rint(rng.normal(mean, sd, n)), 0, 63)
                self.result(
                    time, arm, instrument_id="bdi", timepoint=time, n_analyzed=str(n),
                    mean=self.show(values.mean(), self.digits),
                    sd=self.show(values.std(ddof=1), self.digits),
                )  # fmt: skip
                drawn.append(values)
            mean = max(mean - rng.uniform(0, 12), 1)
        one, two = drawn[2:]
        n_1, n_2 = analyzed
        df = n_1 + n_2 - 2
        pooled = math.sqrt(((n_1 - 1) * one.var(ddof=1) + (n_2 - 1) * two.var(ddof=1)) / df)
        if pooled == 0:
            return
        difference, unit = one.mean() - two.mean(), math.sqrt(1 / n_1 + 1 / n_2)
        se = pooled * unit
        t = difference / se
        sizes = {"n_intervention": str(n_1), "n_comparator": str(n_2)}
        p = self.p(2 * special.stdtr(df, -abs(t)))
        self.statistic("t", "t", self.show(t, 2), df1=str(df), **p, **sizes)
        self.statistic("f", "f_slope", self.show(t * t, 2), df1="1", df2=str(df), **p, **sizes)
        self.statistic("d", "cohens_d_unspecified", self.show(difference / pooled, 2), **sizes)
        half = special.stdtrit(df, 0.975) * se
        limits = {
            "ci_low": self.show(difference - half, 2),
            "ci_high": self.show(difference + half, 2),
        }
        self.statistic("md", "mean_difference", self.show(difference, 2), **limits, **p, **sizes)
        self.statistic("b", "mixed_model_b", self.show(difference, 2), se=self.show(se, 2), **p)
        z = rng.normal()
        self.statistic("z", "z", self.show(z, 2), **self.p(2 * special.ndtr(-abs(z))))
        chi2, groups = rng.chisquare(2), 2
        self.statistic(
            "chi2", "chi2_groups", self.show(chi2, 2), df1=str(groups),
            **self.p(special.chdtrc(groups, chi2)),
        )  # fmt: skip
        change = one - drawn[0]
        if change.std() > 0:
            within = change.mean() / (change.std(ddof=1) / math.sqrt(n_1))
            self.statistic(
                "tw", "t_within", self.show(within, 2), comparator_arm_id="", df1=str(n_1 - 1),
                n_intervention=str(n_1), **self.p(2 * special.stdtr(n_1 - 1, -abs(within))),
            )  # fmt: skip

    def events(self):
        rng = self.rng
        analyzed = [n - int(rng.integers(0, 3)) for n in self.n]
        counts = [int(rng.binomial(n, rng.uniform(0.05, 0.95))) for n in analyzed]
        formula = list(FORMULAS)[rng.integers(len(FORMULAS))]
        says_n, says_events, says_limits = rng.random(3) < 0.5
        for arm, (events, n) in enumerate(zip(counts, analyzed, strict=True)):
            columns = {"instrument_id": "vas", "event": "recovery"}
            columns["percent"] = self.show(100 * events / n, self.digits)
            if says_n:
                columns["n_analyzed"] = str(n)
                if says_events:
                    columns["events"] = str(events)
            low, high = proportion_interval(formula, events, n)
            if says_limits and not np.isnan(low):
                columns["percent_ci_low"] = self.show(100 * low, self.digits)
                columns["percent_ci_high"] = self.show(100 * high, self.digits)
            self.result("event", arm, **columns)
        table = np.array([[counts[0], analyzed[0], counts[1], analyzed[1]]])
        for name, kind in _KINDS.items():
            value = MEASURES[name].value(table)[0]
            if not np.isfinite(value) or rng.random() < 0.5:
                continue
            digits = 0 if name == "number_needed_to_treat" else int(rng.integers(1, 3))
            more = {"p_value": "", "p_relation": ""}
            if name == "conditional_odds_ratio":
                more = self.p(MEASURES["p_fisher"].value(table)[0])
            self.statistic(
                name, kind, self.show(value, digits), instrument_id="vas", event="recovery", **more
            )  # fmt: skip
