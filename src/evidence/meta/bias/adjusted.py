"""What effects would be in trials of endless size: PET-PEESE and limit meta-analysis."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from evidence.errors import ParameterError, check_choice
from evidence.meta.bias import RegressionTest, chance_warning, regression_test
from evidence.meta.numerics import Floats
from evidence.meta.pooling import pool
from evidence.meta.pooling.batch import check_level
from evidence.meta.pooling.weights import arrange_one, numbers
from evidence.meta.regression.linear import DEPENDENT
from evidence.terms import Interval, Tau2

PET_BELOW = 0.10
"""Two-sided P of PET below which PEESE is taken, in whichever direction its effect lies."""

ADJUSTMENTS = ("beta0", "betalim", "mulim")


@dataclass(frozen=True, slots=True)
class PetPeese:
    """Effect of a trial of endless size, by a line in the standard error or in the variance.

    Attributes
    ----------
    estimate, se, ci_low, ci_high, p_value : float
        Of the line that the rule chose.
    chosen : {"PET", "PEESE"}
    pet, peese : RegressionTest
        Both lines; the intercept is the effect.
    warnings : tuple of str
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p_value: float
    chosen: str
    pet: RegressionTest
    peese: RegressionTest
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LimitMetaAnalysis:
    """Effect adjusted for small-study effects by a limit meta-analysis.

    Attributes
    ----------
    estimate, se, ci_low, ci_high, p_value : float
        Adjusted effect, with normal interval.
    slope, intercept : float
        Radial regression on the root of v + tau2: what one unit of it adds, and the effect at 0.
    tau2 : float
    limits : tuple of float
        Effect of each trial if it were of endless size, in the order of the input.
    q_small, q_small_p : float
        Part of Q that small-study effects account for, with its chi-square test on 1 df.
    q_residual, q_residual_p : float
        The rest, on k - 2.
    g2 : float
        Share (0 to 1) of the variance of the limits that small-study effects do not account for.
    adjustment : str
    level : float
    k : int
    warnings : tuple of str
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p_value: float
    slope: float
    intercept: float
    tau2: float
    limits: tuple[float, ...]
    q_small: float
    q_small_p: float
    q_residual: float
    q_residual_p: float
    g2: float
    adjustment: str
    level: float
    k: int
    warnings: tuple[str, ...]


def pet_peese(
    effect: Any,
    variance: Any,
    *,
    model: str = "lm",
    tau2: Tau2 = "REML",
    interval: Interval = "hksj_adhoc",
    level: float = 0.95,
) -> PetPeese:
    """Estimate the effect of a trial of endless size by PET, or by PEESE where PET finds one.

    Parameters
    ----------
    effect, variance, model, tau2, interval, level
        As in `evidence.meta.bias.regression_test`; by default weighted least squares with a
        multiplicative error, as the authors have it.

    Returns
    -------
    PetPeese

    Raises
    ------
    ParameterError
        As `evidence.meta.bias.regression_test`.

    Notes
    -----
    Stanley and Doucouliagos (2014), Res Synth Methods 5:60: the intercept of the regression on the
    standard error (PET), and where its two-sided P is below 10%, of that on the variance (PEESE).

    Examples
    --------
    >>> found = pet_peese([0.1, 0.2, 0.4, 0.5, 0.9], [0.01, 0.02, 0.05, 0.08, 0.2])
    >>> found.chosen, round(found.estimate, 3)
    ('PEESE', 0.081)
    """
    pet, peese = (
        regression_test(
            effect,
            variance,
            model=model,
            predictor=predictor,
            tau2=tau2,
            interval=interval,
            level=level,
        )
        for predictor in ("sei", "vi")
    )
    chosen = "PEESE" if pet.intercept.p_value < PET_BELOW else "PET"
    line = (peese if chosen == "PEESE" else pet).intercept
    return PetPeese(
        line.estimate, line.se, line.ci_low, line.ci_high, line.p_value, chosen, pet, peese,
        tuple(dict.fromkeys((*pet.warnings, *peese.warnings))),
    )  # fmt: skip


def limit_meta_analysis(
    effect: Any,
    variance: Any,
    *,
    adjustment: str = "beta0",
    tau2: Tau2 = "REML",
    level: float = 0.95,
) -> LimitMetaAnalysis:
    """Estimate the effect in the limit of endless size, with the variation between trials kept.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects (positive favors the intervention) and their sampling variances, of three or more
        trials.
    adjustment : {"beta0", "betalim", "mulim"}
        Expected limit; or from the limits of the trials, by a radial line with or without
        intercept.
    tau2 : str
        Estimator, as in `evidence.meta.pooling.pool`; not "common".
    level : float

    Returns
    -------
    LimitMetaAnalysis

    Raises
    ------
    ParameterError
        For fewer than three trials, variances that are all the same, and as
        `evidence.meta.pooling.pool`.

    Notes
    -----
    Rucker et al. (2011), Biostatistics 12:122; `limitmeta` of metasens. With s_i = sqrt(v_i +
    tau2): y_i = b + s_i (a + e_i); the limit of a trial is b + tau (y_i - b) / s_i, beta0 is
    b + tau a.

    Examples
    --------
    >>> found = limit_meta_analysis([0.1, 0.9, 0.4, 0.5, 1.4], [0.01, 0.02, 0.05, 0.08, 0.2])
    >>> round(found.estimate, 3), round(found.q_small, 2)
    (0.285, 8.49)
    """
    check_choice("adjustment", adjustment, ADJUSTMENTS)
    check_level(level)
    k = int(arrange_one(effect, variance).count[0])
    if k < 3:
        raise ParameterError("effect", k, "three or more trials")
    if tau2 == "common":
        raise ParameterError("tau2", tau2, "an estimator of the variance between trials")
    effects, variances = numbers("effect", effect), numbers("variance", variance)
    if np.ptp(np.sqrt(variances)) <= DEPENDENT * np.sqrt(variances).max():
        raise ParameterError("variance", variances.tolist(), "variances that are not all the same")
    pooled = pool(effects, variances, tau2=tau2, interval="wald", level=level)
    between = pooled.tau2 or 0.0
    root = np.sqrt(variances + between)
    if np.ptp(root) <= DEPENDENT * root.max():
        raise ParameterError("effect", between, "a tau2 beside which variances still differ")
    (b, a), covariance, _ = _line(effects, root)
    tau = np.sqrt(between)
    limits = b + tau / root * (effects - b)
    line, at_limits, rest = _line(limits, np.sqrt(variances))
    radial = limits / np.sqrt(variances)
    weight = 1 / variances
    estimate, error = {
        "beta0": (b + tau * a, np.array([1, tau]) @ covariance @ np.array([1, tau])),
        "betalim": (line[0], at_limits[0, 0]),
        "mulim": (weight @ limits / weight.sum(), 1 / weight.sum()),
    }[adjustment]
    se, q_residual = float(np.sqrt(error)), _line(effects, np.sqrt(variances))[2]
    q_small = max(0.0, (pooled.q or 0.0) - q_residual)
    margin = float(special.ndtri((1 + level) / 2)) * se
    spread = float(((radial - radial.mean()) ** 2).sum())
    return LimitMetaAnalysis(
        estimate=float(estimate),
        se=se,
        ci_low=float(estimate) - margin,
        ci_high=float(estimate) + margin,
        p_value=float(2 * special.ndtr(-abs(estimate) / se)),
        slope=float(a),
        intercept=float(b),
        tau2=between,
        limits=tuple(limits.tolist()),
        q_small=q_small,
        q_small_p=float(special.chdtrc(1, q_small)),
        q_residual=q_residual,
        q_residual_p=float(special.chdtrc(k - 2, q_residual)),
        g2=rest / spread if spread > 0 else 0.0,
        adjustment=adjustment,
        level=float(level),
        k=k,
        warnings=chance_warning(k),
    )


def _line(values: Floats, error: Floats) -> tuple[Floats, Floats, float]:
    """Regress values on their errors by weights 1 / error^2: coefficients, covariance, Q."""
    # The radial form: values / error on 1 / error, whose columns are then of like size
    basis, triangle = np.linalg.qr(np.column_stack([1 / error, np.ones(error.size)]))
    turned = basis.T @ (values / error)
    rest = values / error - basis @ turned
    back = np.linalg.inv(triangle)
    return back @ turned, back @ back.T, float(rest @ rest)
