"""One pooled estimate of a table of studies, and what a meta-analyst asks of it next."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evidence.errors import ParameterError
from evidence.meta import influence
from evidence.meta.answers import (
    Answer,
    answer,
    digits,
    enough,
    interval,
    p_words,
    percent,
    rows_of,
    spread,
    with_interval,
)
from evidence.meta.asymmetry import STANDARDIZED, PooledStudies
from evidence.meta.bayes import posterior
from evidence.meta.frame import Column, aligned, numbers_of, row_label
from evidence.meta.influence import subsets
from evidence.meta.pooling import common_weights, i2_limits, shrinkage, tau2_profile
from evidence.meta.pooling import pool as pool_arrays
from evidence.meta.pooling.batch import PooledBatch
from evidence.meta.regression import permutation, subgroups
from evidence.terms import Tau2

if TYPE_CHECKING:
    from evidence.meta.figures import Plot

INTERVALS = {
    "wald": "normal interval",
    "hksj": "Hartung-Knapp interval",
    "hksj_adhoc": "Hartung-Knapp interval (factor at least 1)",
}


@dataclass(frozen=True, repr=False, eq=False)
class Fit(PooledStudies):
    """A pooled estimate with the studies behind it, which shows itself."""

    def lines(self) -> list[str]:
        """Return the name, the estimate, the studies, heterogeneity and prediction."""
        common = self.tau2_method == "common"
        model = "Common effect" if common else f"Random effects ({self.tau2_method})"
        people = "n not known" if self.n is None else f"{digits(self.n)} participants"
        studies = f"{self.k} {'study' if self.k == 1 else 'studies'}"
        if (distinct := len(set(self.names))) < self.k:
            studies, people = f"{self.k} effects of {distinct} studies", "n counted more than once"
        found = [
            f"{model}, {INTERVALS[self.interval_method]}: {studies}, {people}",
            f"{self.scale.name} {self.scale.words(self.effect, self.ci_low, self.ci_high)}, "
            f"{percent(self.level)} interval{self.scale.tested(self.p_value)}",
            self._sides(),
        ]
        if self.k > 1:
            limits = (self.tau2_ci_low, self.tau2_ci_high)
            decimals = enough((self.tau2, *limits), 3)
            between = "" if common else f"tau2 {digits(self.tau2, decimals)}, "
            found.append(
                f"{between}{percent(self.level)} interval of tau2 {interval(*limits, decimals)}; "
                f"I2 {digits(100 * (self.i2 or 0.0), 0)}%; Q {digits(self.q)} on {self.q_df} df, "
                f"{p_words(self.q_p)}"
            )
        if self.prediction_low is not None:
            shown = self.scale.limits(self.prediction_low, self.prediction_high)
            found.append(f"A new study: {shown} ({percent(self.level)} prediction interval)")
        return found

    def _sides(self) -> str:
        if not self.scale.null:
            ends = self.scale.limits(self.effects.min(), self.effects.max())
            return "; ".join([f"Studies: {ends}", *self._pooled_as()])
        none, direction = self.scale.none, self.scale.direction
        above, below = int((self.effects > 0).sum()), int((self.effects < 0).sum())
        at = self.k - above - below
        rest = f", {at} at {none}" if at else ""
        favors = f"; {direction}" if direction else ""
        sides = f"Studies: {above} above {none}, {below} below{rest}{favors}"
        return "; ".join([sides, *self._pooled_as()])

    def _pooled_as(self) -> list[str]:
        return [f"pooled as {self.scale.pooled_as}"] if self.scale.pooled_as else []

    def to_frame(self) -> pd.DataFrame:
        """Return study, effect, interval and weight, on the scale of the effects."""
        z = pool_arrays([0.0], [1.0], level=self.level).ci_high
        half = z * np.sqrt(self.variances)
        return pd.DataFrame(
            {
                "study": self.names,
                "effect": self.effects,
                "ci_low": self.effects - half,
                "ci_high": self.effects + half,
                "se": np.sqrt(self.variances),
                "weight": self.weights,
            }
        )

    def heterogeneity(self) -> Answer:
        """Return tau2, I2 and Q with their intervals, and those by the likelihood of tau2."""
        shares = i2_limits(self, self.variances)
        named = {
            name: getattr(self, name)
            for name in ("tau2", "tau2_ci_low", "tau2_ci_high", "i2", "h2", "q", "q_df", "q_p")
        }
        low, high = shares or (None, None)
        if self.k == 1:
            said = ["One study: how much effects vary between studies is not defined"]
        else:
            between = [None if one is None else 100 * one for one in (low, high)]
            limits = self.tau2_ci_low, self.tau2_ci_high
            common = self.tau2_method == "common"
            tau2 = (
                f"taken as 0 ({spread(*limits)})" if common else with_interval(self.tau2, *limits)
            )
            said = [
                f"tau2 {tau2}",
                f"I2 {digits(100 * (self.i2 or 0.0), 0)}% ({interval(between[0], between[1], 0)})",
                f"Q {digits(self.q)} on {self.q_df} df, {p_words(self.q_p)}",
            ]
        title = "Heterogeneity", f"{percent(self.level)} intervals"
        return answer(title, named, said, i2_ci_low=low, i2_ci_high=high)

    def likelihood(self) -> Answer:
        """Return the likelihood of tau2: profile and Wald intervals, AIC, BIC, SE of tau2."""
        method: Tau2 = "ML" if self.tau2_method == "ML" else "REML"
        found = tau2_profile.tau2_likelihood(
            self.effects, self.variances, method=method, level=self.level
        )
        said = [
            f"tau2 {with_interval(found.tau2, found.profile_low, found.profile_high)}, by the "
            f"profile likelihood; SE {digits(found.se, enough([found.se], 3))}",
            f"log-likelihood {digits(found.log_likelihood)}; AIC {digits(found.aic)}; "
            f"BIC {digits(found.bic)}; AICc {digits(found.aicc)}",
        ]

        def picture() -> "Plot":
            from evidence.meta.figures.curves import profiles

            # To where the likelihood has fallen well below the line, and 0 where that is near.
            reach = found.profile_high - found.tau2
            low = 0.0 if found.profile_low == 0 else 0.5 * found.profile_low
            values = np.union1d(
                np.linspace(low, found.profile_high + 0.3 * reach, 201),
                [found.profile_low, found.tau2, found.profile_high],
            )
            heights = tau2_profile.log_likelihoods(
                self.effects, self.variances, values, method=method
            )
            curve = ("tau2", values, heights, found.tau2)
            return profiles([curve], found.log_likelihood, self.level)

        title = f"Likelihood ({method})", f"{percent(self.level)} interval"
        return answer(title, found, said, picture=picture)

    def leave_one_out(self) -> Answer:
        """Return the pooled estimate without each study."""
        found = influence.leave_one_out(
            self.effects, self.variances, **self.choices, level=self.level
        )
        low, high = float(found.effect.min()), float(found.effect.max())
        over = "; ".join(["", *self._no_difference(found)])
        said = [
            f"{self.scale.name} from {self.scale.limits(low, high)} as each study is left out{over}"
        ]
        frame = self._batch(found, {"left_out": self.names})
        return answer(self._titled("Leave one out"), {}, said, frame=frame)

    def cumulative(self, by: Column | None = None) -> Answer:
        """Return the pooled estimate as studies are added, in the order of a column."""
        order = None
        if by is not None:
            values, wrong = numbers_of(self.studies, "by", by)
            if wrong or np.isnan(values).any():
                first = next(iter(wrong), int(np.argmax(np.isnan(values))))
                raise ParameterError(
                    f"by, {row_label(self.studies, first)}", wrong.get(first), "a number"
                )
            order = values.tolist()
        found = subsets.cumulative(
            self.effects, self.variances, order, **self.choices, level=self.level
        )
        names = [self.names[one] for one in found.order]
        frame = self._batch(found.pooled, {"added": names, "k": range(1, self.k + 1)})
        said = self._no_difference(found.pooled)
        return answer(self._titled("Cumulative"), {"order": found.order}, said, frame=frame)

    def _no_difference(self, found: PooledBatch) -> list[str]:
        if not self.scale.null:
            return []
        over = int(((found.ci_low <= 0) & (found.ci_high >= 0)).sum())
        return [f"{over} of {found.effect.size} intervals include {self.scale.none}"]

    def _batch(self, found: PooledBatch, first: Mapping[str, Any]) -> pd.DataFrame:
        numbers = {
            name: getattr(found, name)
            for name in ("effect", "ci_low", "ci_high", "p_value", "tau2", "i2", "q", "q_p")
        }
        return self._tested(pd.DataFrame({**first, **numbers}))

    def _tested(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return rows without P where 0 is no hypothesis."""
        return frame if self.scale.null else frame.drop(columns="p_value")

    def influence(self) -> Answer:
        """Return what each study does to the estimate: deletion diagnostics and residuals."""
        found = influence.diagnostics(self.effects, self.variances, **self.choices)
        frame = pd.DataFrame(
            {"study": self.names, **{one.name: getattr(found, one.name) for one in fields(found)}}
        ).drop(columns="k")
        marked = [name for name, one in zip(self.names, found.influential, strict=True) if one]
        said = [f"Influential by the usual bounds: {', '.join(marked) or 'none'}"]
        return answer("Influence", found, said, frame=frame)

    def residuals(self) -> Answer:
        """Return how far studies lie from the pooled effect, in its unit and standardized."""
        found = influence.standardized_residuals(
            self.effects, self.variances, tau2=self.choices["tau2"]
        )
        numbers = {one.name: getattr(found, one.name) for one in fields(found)}
        return answer("Residuals", found, [], frame=pd.DataFrame({"study": self.names, **numbers}))

    def baujat(self) -> Answer:
        """Return what each study adds to heterogeneity and does to the estimate."""
        found = influence.baujat(self.effects, self.variances, **self.choices)
        frame = pd.DataFrame(
            {
                "study": self.names,
                "heterogeneity": found.heterogeneity,
                "influence": found.influence,
            }
        )

        def picture() -> "Plot":
            from evidence.meta.figures.studies import baujat

            return baujat(frame)

        return answer("Baujat", found, [], frame=frame, picture=picture)

    def gosh(
        self, sample: int | None = None, seed: int | None = None, *, jobs: int | None = None
    ) -> Answer:
        """Return the pooled estimate of every subset of studies, or of a sample of subsets.

        So many jobs share the loop (`evidence.meta.numerics.in_parts`); the result is the same.
        """
        found = subsets.all_subsets(
            self.effects,
            self.variances,
            tau2=self.choices["tau2"],
            sample=sample,
            seed=seed,
            jobs=jobs,
        )
        low, high = np.quantile(found.pooled.effect, [0.025, 0.975])
        which = "all" if found.complete else "a sample"
        if alone := int((found.pooled.k == 1).sum()):
            which += f", {digits(alone)} of them of a single study"
        said = [
            f"{digits(found.pooled.effect.size)} subsets of studies ({which}); 95% of them from "
            f"{self.scale.limits(low, high)}"
        ]
        frame = pd.DataFrame(
            {
                "k": found.pooled.k,
                "effect": found.pooled.effect,
                "i2": found.pooled.i2,
                "tau2": found.pooled.tau2,
            }
        )

        def picture() -> "Plot":
            from evidence.meta.figures.studies import gosh

            return gosh(self, frame)

        return answer(("GOSH", self.scale.name), found, said, frame=frame, picture=picture)

    def subgroups(self, by: Column, *, common_tau2: bool = False) -> Answer:
        """Return estimates of groups of studies, each with its own tau2 or one, and their test."""
        known, named = self._groups(by)
        found = subgroups(
            self.effects[known],
            self.variances[known],
            named,
            common_tau2=common_tau2,
            **self.choices,
            level=self.level,
        )
        columns = ("k", "effect", "ci_low", "ci_high", "p_value", "tau2", "i2")
        frame = self._tested(
            pd.DataFrame(
                [
                    {"group": name, **{one: getattr(estimate, one) for one in columns}}
                    for name, estimate in zip(found.names, found.estimates, strict=True)
                ]
            )
        )
        said = [
            f"{row.group}: {self.scale.words(row.effect, row.ci_low, row.ci_high)}, k = {row.k}"
            for row in rows_of(frame)
        ]
        said.append(
            f"Between groups: Q {digits(found.q_between)} on {found.q_df} df, {p_words(found.q_p)}"
        )
        unknown = self.k - len(known)
        number = "1 study" if unknown == 1 else f"{unknown} studies"
        verb = "is" if unknown == 1 else "are"
        remarks = [f"{number} of no known group {verb} left out."] if unknown else []
        limits = frame.ci_low.astype(float), frame.ci_high.astype(float)
        remarks += self.scale.beyond(interval=limits)
        return answer(self._titled("Subgroups"), found, said, frame=frame, remarks=remarks)

    def _groups(self, by: Column) -> tuple[list[int], list[str]]:
        """Return the positions of studies whose group is known, and the group of each."""
        groups = [
            "" if pd.isna(one) else " ".join(str(one).split())
            for one in aligned(self.studies, "by", by)
        ]
        known = [position for position, one in enumerate(groups) if one]
        return known, [groups[position] for position in known]

    def predict(self) -> Answer:
        """Return the interval for the effect of a new study."""
        values = {"low": self.prediction_low, "high": self.prediction_high}
        said = [
            "none in a common-effect model or from one study"
            if self.prediction_low is None
            else f"{self.scale.limits(self.prediction_low, self.prediction_high)} "
            f"({percent(self.level)})"
        ]
        said += [self.scale.direction] if self.scale.direction else []
        return answer(
            ("Prediction for a new study", self.scale.name),
            {**values, "df": self.prediction_df},
            said,
        )

    def shrunken(self) -> Answer:
        """Return the effect of each study in the light of the others (BLUP)."""
        found = shrinkage.shrunken_effects(
            self.effects, self.variances, **self.choices, level=self.level
        )
        names = ("effect", "se", "low", "high", "deviation", "shrinkage")
        frame = pd.DataFrame(
            {"study": self.names, **{name: getattr(found, name) for name in names}}
        )
        return answer(self._titled("Effects drawn toward the pooled one"), found, [], frame=frame)

    def outliers(self) -> Answer:
        """Return studies whose interval lies off the pooled one, and the estimate without them."""
        found = influence.outliers(self.effects, self.variances, **self.choices, level=self.level)
        named = [self.names[position] for position in found.positions]
        said = [f"off the pooled interval: {', '.join(named) or 'none'}"]
        if named and found.without is not None:
            rest = found.without
            shown = self.scale.words(rest.effect, rest.ci_low, rest.ci_high)
            said.append(f"without them {shown}; that they lie apart is no reason to leave them out")
        off = [position in found.positions for position in range(self.k)]
        frame = pd.DataFrame({"study": self.names, "effect": self.effects, "off": off})
        return answer(self._titled("Outliers"), found, said, frame=frame)

    def henmi_copas(self) -> Answer:
        """Return the common-effect estimate with an interval that allows for variation."""
        found = common_weights.henmi_copas(self.effects, self.variances, level=self.level)
        said = [self.scale.words(found.effect, found.ci_low, found.ci_high)]
        return answer(self._titled("Henmi and Copas"), found, said)

    def permutation(
        self, sample: int | None = None, seed: int | None = None, *, jobs: int | None = None
    ) -> Answer:
        """Return the P value by flipping the signs of effects; jobs as for `gosh`."""
        self.tests_no_difference()
        found = permutation.permutation_test(
            self.effects, self.variances, **self.choices, sample=sample, seed=seed, jobs=jobs
        )
        said = [f"{p_words(found.p_values[0])} of {digits(found.rearrangements)} patterns of signs"]
        return answer("Permutation test", found, said, p_value=found.p_values[0])

    def posterior(self, scale: float | None = None, prior: str = "half_normal") -> Answer:
        """Return the Bayesian companion: a flat prior of the mean, one of this scale for tau.

        Without a scale 0.5 is taken for standardized differences and for logarithms of ratios
        (Röver et al. 2021, Res Synth Methods 12:448); elsewhere it is asked for, in the unit of
        the effects.

        Raises
        ------
        ParameterError
            Without a scale for effects in another unit.
        """
        if scale is None:
            if not (self.scale.ratio or self.scale.measure in STANDARDIZED):
                raise ParameterError(
                    "scale",
                    None,
                    f"the scale of the prior of tau, in the unit of {self.scale.name}",
                )
            scale = 0.5
        found = posterior(self.effects, self.variances, scale=scale, prior=prior, level=self.level)
        said = [
            f"{self.scale.name} {self.scale.words(found.median, found.ci_low, found.ci_high)} "
            f"(median, {percent(self.level)} of the posterior)",
            (
                f"probability above {self.scale.none}: {digits(found.probability_positive, 3)}; "
                if self.scale.null
                else ""
            )
            + f"tau {with_interval(found.tau_median, found.tau_ci_low, found.tau_ci_high)}",
            *([self.scale.direction] if self.scale.direction else []),
        ]
        return answer(f"Posterior ({prior}, scale {scale:g})", found, said)

    def forest(self) -> "Plot":
        """Return a forest plot, with what is known of each group."""
        from evidence.meta.figures.forest import draw
        from evidence.meta.figures.forest_rows import of_fit

        return draw([of_fit(self)])

    def funnel(self, contours: bool = True) -> "Plot":
        """Return a funnel plot, with the regions in which P is below .10, .05 and .01."""
        from evidence.meta.figures import funnel

        return funnel(self, contours=contours)

    def radial(self) -> "Plot":
        """Return a radial plot (Galbraith): effects over standard errors against precision."""
        from evidence.meta.figures.studies import radial

        return radial(self)

    def labbe(self) -> "Plot":
        """Return a plot of the risks, or rates, of both groups (L'Abbe)."""
        from evidence.meta.figures.studies import labbe

        return labbe(self)

    def drapery(self) -> "Plot":
        """Return the P values of studies and of the pooled effect against every value."""
        from evidence.meta.figures.curves import drapery

        return drapery(self)

    def orchard(self, by: Column | None = None) -> "Plot":
        """Return effects with the interval and the prediction interval, of all or of each group."""
        from evidence.meta.figures.curves import orchard

        if by is None:
            return orchard(self)
        known, named = self._groups(by)
        found = subgroups(
            self.effects[known], self.variances[known], named, **self.choices, level=self.level
        )
        places = {
            name: [place for place, own in zip(known, named, strict=True) if own == name]
            for name in found.names
        }
        return orchard(
            self, [(n, one, places[n]) for n, one in zip(found.names, found.estimates, strict=True)]
        )
