"""What a pooled estimate owes to small studies and to P values, by one method each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from evidence.errors import ParameterError
from evidence.meta import bias
from evidence.meta.answers import Answer, Scale, Shown, answer, digits, more_rows, p_words
from evidence.meta.bias import (
    adjusted,
    excess_significance,
    fail_safe,
    selection_models,
    trim_and_fill,
)
from evidence.meta.bias.copas import CopasPoint, copas
from evidence.meta.bias.p_curve import p_curve
from evidence.meta.frame import EFFECT, STUDY, VARIANCE, numbers_of
from evidence.meta.numerics import Floats
from evidence.meta.pooling import Pooled

SIZES = (("n_1", "n_2"), ("n",))
"""Roles of columns that together count the participants of a study."""

STANDARDIZED = (
    *("smd", "cohen_d", "smd_unequal", "glass_delta"),
    *("smc_raw", "smc_raw_unequal", "smc_average", "smc_change"),
)
"""Measures in standard deviations."""

SPREAD_APART = (
    *("effect", "mean", "mean_difference", "mean_change", "variability_ratio", "fisher_z"),
    *("arcsine_difference", "proportion_arcsine", "proportion_freeman_tukey", "rate_root"),
)
"""Measures whose standard errors do not go by their values, or are given with them."""
_SPREADS = ("sei", "vi")
"""Predictors of the regression test that are made of standard errors."""


@dataclass(frozen=True, repr=False, eq=False)
class PooledStudies(Shown, Pooled):
    """A pooled estimate with the studies behind it, and what is asked of small studies.

    Attributes
    ----------
    studies : DataFrame
        The rows that were pooled, as they were given.
    left_out : DataFrame
        ``row, study, reason`` of each row that was not.
    n : int or None
        Participants of all studies; None where a size is not known.
    scale : Scale
        What the effects are.
    remarks : tuple of str
        What has to be said beside the estimate.
    roles : mapping of str to str
        Columns of `studies` by what they hold.

    Notes
    -----
    The other attributes are those of `evidence.meta.pooling.Pooled`; ratios are on the log scale.
    """

    studies: pd.DataFrame
    left_out: pd.DataFrame
    n: int | None
    scale: Scale
    remarks: tuple[str, ...]
    roles: Mapping[str, str]

    @property
    def effects(self) -> Floats:
        """Effects of the studies, (k,)."""
        return self.studies[EFFECT].to_numpy(dtype=float)

    @property
    def variances(self) -> Floats:
        """Their sampling variances, (k,)."""
        return self.studies[VARIANCE].to_numpy(dtype=float)

    @property
    def names(self) -> list[str]:
        """Names of the studies."""
        return [str(one) for one in self.studies[STUDY]]

    @property
    def choices(self) -> dict[str, Any]:
        """Methods, to be passed on."""
        return {"tau2": self.tau2_method, "interval": self.interval_method}

    def sizes(self) -> Floats | None:
        """Return participants of each study, (k,); None where one is not known."""
        # One group alone is not the participants of a study.
        known = next((own for own in SIZES if set(own) <= set(self.roles)), None)
        if known is None:
            return None
        columns = [self.roles[role] for role in known]
        total = sum(numbers_of(self.studies, one, one)[0] for one in columns)
        return None if np.isnan(total).any() else np.asarray(total, dtype=float)

    def tests_no_difference(self) -> None:
        """Refuse a method that rests on P values, of effects that nothing is tested against."""
        if not self.scale.null:
            expected = "one with a value of no difference, which this method tests against"
            raise ParameterError("measure", self.scale.measure, expected)

    def _titled(self, what: str) -> tuple[str, str]:
        return self.scale.titled(what, self.level)

    def _held(self) -> list[str]:
        """Say that standard errors hold the effect itself, where they do.

        Tests and regressions on them mistake that for asymmetry: Pustejovsky and Rodgers (2019),
        Res Synth Methods 10:57, on standardized differences; of counts and shares as well.
        """
        if self.scale.measure in SPREAD_APART:
            return []
        return ["The standard errors hold the effect itself, which can look like asymmetry."]

    def small_study(self, model: str = "rma", predictor: str = "sei") -> Answer:
        """Return the regression test of small-study effects (Egger: model "lm")."""
        by_size = predictor in ("ni", "ninv", "sqrtni", "sqrtninv")
        found = bias.regression_test(
            self.effects,
            self.variances,
            self.sizes() if by_size else None,
            model=model,
            predictor=predictor,
            **(self.choices if model == "rma" else {}),
            level=self.level,
        )
        kind = "z" if found.df is None else f"t on {found.df} df:"
        said = [f"{kind} {digits(found.statistic)}, {p_words(found.p_value)}"]
        if found.limit is not None:
            limits = (found.limit, found.limit_ci_low, found.limit_ci_high)
            said.append(f"For a study of endless size: {self.scale.words(*limits)}")
        name = "Small-study effects: regression test"
        title = (name, self.scale.name) if found.limit is None else self._titled(name)
        return answer(title, found, said, remarks=self._held() if predictor in _SPREADS else [])

    def rank_test(self) -> Answer:
        """Return the rank test of small-study effects (Begg and Mazumdar)."""
        found = bias.rank_test(self.effects, self.variances)
        said = [f"Kendall's tau {digits(found.tau)}, {p_words(found.p_value)}"]
        title = ("Small-study effects: rank test", self.scale.name)
        return answer(title, found, said, remarks=self._held())

    def trim_and_fill(self, estimator: str = "L0", side: str = "auto") -> Answer:
        """Return the estimate if the funnel had to be symmetric."""
        found = trim_and_fill.trimfill(
            self.effects, self.variances, estimator=estimator, side=side, **self.choices,
            level=self.level,
        )  # fmt: skip
        filled = found.filled
        number = "no study" if not found.missing else f"{found.missing} studies"
        said = [
            f"{number} filled in on the {found.side}: "
            f"{self.scale.name} {self.scale.words(filled.effect, filled.ci_low, filled.ci_high)}",
            "What is filled in is imputed: it shows how far asymmetry would matter, no result",
        ]
        return answer(self._titled("Trim and fill"), found, said)

    def selection_model(
        self, steps: Sequence[float] = (0.025,), alternative: str | None = None
    ) -> Answer:
        """Return the estimate if publication depended on P (step function).

        Without an alternative, small P are those on the side that favors group 1, or where no
        side is known on that of the estimate.
        """
        self.tests_no_difference()
        below = self.scale.favors == "below" or (not self.scale.favors and self.effect < 0)
        chosen = alternative or ("less" if below else "greater")
        found = selection_models.selection_model(
            self.effects, self.variances, steps=steps, alternative=chosen, level=self.level
        )
        plain = found.unadjusted
        said = [
            f"{self.scale.name} {self.scale.words(found.effect, found.ci_low, found.ci_high)}; "
            f"without selection {self.scale.words(plain.effect, plain.ci_low, plain.ci_high)} (ML)",
            f"Test of selection: {digits(found.selection_statistic)} on {found.selection_df} df, "
            f"{p_words(found.selection_p)}; one-sided P ({chosen}), steps at "
            f"{', '.join(f'{one:g}' for one in steps)}",
        ]
        return answer(self._titled("Selection model"), found, said)

    def pet_peese(self) -> Answer:
        """Return the effect of a study of endless size by PET, or PEESE where PET finds one.

        Raises
        ------
        ParameterError
            For effects without a value of no difference, against which PET tests.
        """
        self.tests_no_difference()
        found = adjusted.pet_peese(self.effects, self.variances, level=self.level)
        both = {"PET": found.pet, "PEESE": found.peese}
        said = [
            f"{name}: {self.scale.words(one.limit, one.limit_ci_low, one.limit_ci_high)}"
            + (" (taken)" if name == found.chosen else "")
            for name, one in both.items()
        ]
        said.append("PEESE is taken where the two-sided P of PET is below .10, else PET")
        return answer(self._titled("PET-PEESE"), found, said, remarks=self._held())

    def limit_meta_analysis(self) -> Answer:
        """Return the effect in the limit of endless size, variation between studies kept."""
        found = adjusted.limit_meta_analysis(
            self.effects, self.variances, tau2=self.choices["tau2"], level=self.level
        )
        said = [self.scale.words(found.estimate, found.ci_low, found.ci_high)]
        frame = pd.DataFrame({"study": self.names, "limit": found.limits})
        title = self._titled("Limit meta-analysis")
        return answer(title, found, said, frame=frame, remarks=self._held())

    def p_curve(self) -> Answer:
        """Return whether small P values are as small as true effects make them."""
        self.tests_no_difference()
        found = p_curve(self.effects, self.variances)
        said = [
            f"{found.k_below_05} studies with P below .05; right skew {p_words(found.right_full_p)}"
            f" (full), {p_words(found.right_half_p)} (half)",
            f"flatter than 33% power: {p_words(found.flat_full_p)} (full); power "
            f"{digits(100 * found.power, 0)}%",
        ]
        return answer("P-curve", found, said)

    def count_asymmetry(self, test: str = "peters") -> Answer:
        """Return the test of Peters, or of Harbord, of counts of an event."""
        tests: dict[str, Callable[..., bias.RegressionTest]] = {
            "peters": bias.peters_test,
            "harbord": bias.harbord_test,
        }
        if test not in tests:
            raise ParameterError("test", test, "peters or harbord")
        roles = ("events_1", "n_1", "events_2", "n_2")
        if lacking := [role for role in roles if role not in self.roles]:
            raise ParameterError("test", test, f"counts, of which {', '.join(lacking)} lack")
        counts = [numbers_of(self.studies, role, self.roles[role])[0] for role in roles]
        of_risks = test == "peters" and self.scale.measure == "risk_ratio"
        measure = {"measure": "risk_ratio"} if of_risks else {}
        found = tests[test](*counts, level=self.level, **measure)
        of = "risk ratios" if of_risks else "odds ratios"
        said = [f"statistic {digits(found.statistic)}, {p_words(found.p_value)}, of log {of}"]
        return answer(f"Small-study effects of counts: {test.capitalize()}", found, said)

    def copas(self, gamma0: Sequence[float], gamma1: Sequence[float]) -> Answer:
        """Return what the effect would be if studies were seen by their size and result (Copas).

        A study is seen with probability Phi(gamma0 + gamma1 / SE), of which the data say next to
        nothing: give several.
        """
        found = copas(self.effects, self.variances, gamma0, gamma1, level=self.level)
        names = [one.name for one in fields(CopasPoint)]
        frame = pd.DataFrame([{name: getattr(one, name) for name in names} for one in found.points])
        said = [
            f"gamma0 {digits(one.gamma0)}, gamma1 {digits(one.gamma1)}: "
            f"{self.scale.words(one.effect, one.ci_low, one.ci_high)}, {digits(one.unseen, 1)} "
            f"unseen; asymmetry left: {p_words(one.asymmetry_p)}"
            for one in found.points[:8]
        ]
        title = self._titled("Selection by size and result (Copas), assumed")
        return answer(title, found, [*said, *more_rows(frame, 8)], frame=frame)

    def excess_significance(self, alternative: str = "two_sided") -> Answer:
        """Return whether more studies have a small P than their power leads to expect."""
        self.tests_no_difference()
        found = excess_significance.test_of_excess(
            self.effects, self.variances, alternative=alternative
        )
        said = [
            f"{found.observed} observed, {digits(found.expected)} expected, "
            f"{p_words(found.p_value)}"
        ]
        return answer("Excess of small P values", found, said)

    def fail_safe_n(self, method: str = "rosenthal") -> Answer:
        """Return how many studies without an effect would undo the result."""
        self.tests_no_difference()
        methods: dict[str, Callable[..., fail_safe.FailSafe]] = {
            "rosenthal": fail_safe.rosenthal,
            "orwin": fail_safe.orwin,
            "rosenberg": fail_safe.rosenberg,
            "general": fail_safe.general,
        }
        if method not in methods:
            raise ParameterError("method", method, f"one of {', '.join(methods)}")
        found = methods[method](self.effects, self.variances)
        criterion = {
            "rosenthal": "for the one-sided combined P to rise to",
            "orwin": "for the average to fall to",
            "rosenberg": "for the P of the common effect to rise to",
            "general": "for the P of the pooled effect to rise to",
        }[method]
        at = found.target if method == "orwin" else found.alpha
        number = f"{digits(found.n)} {'study' if found.n == 1 else 'studies'} without an effect"
        return answer(f"Fail-safe N ({method})", found, [f"{number} {criterion} {digits(at)}"])
