"""Trim and fill: what the estimate would be if the funnel of trials had to be symmetric."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from evidence.errors import ParameterError, check_choice
from evidence.meta.bias import chance_warning, regression_test
from evidence.meta.numerics import Floats
from evidence.meta.pooling import Pooled, pool
from evidence.meta.pooling.weights import TIED, magnitude, numbers, tied_ranks
from evidence.terms import Interval, Tau2

ESTIMATORS = ("L0", "R0", "Q0")
SIDES = ("auto", "left", "right")

MAX_STEPS = 100


@dataclass(frozen=True, slots=True)
class TrimFill:
    """Trials that symmetry asks for, and the estimate with them.

    Attributes
    ----------
    missing : int
        Number of trials that were added.
    missing_se : float or None
        Its standard error; None where the formula gives no number.
    missing_p : float or None
        Probability of at least so many by chance where none is missing; with estimator "R0" only.
    side : str
        Where they are missing: "left" of the others (less favorable to the intervention) or
        "right".
    imputed_effect, imputed_variance : tuple of float
        The added trials, the mirrored trial nearest to the center first.
    center : float
        Estimate after trimming, about which trials are mirrored.
    filled, unfilled : Pooled
        Estimates with the added trials and without them.
    estimator : str
    converged : bool
        False where the number of missing trials did not settle.
    k : int
        Number of trials that were observed.
    warnings : tuple of str
        Sentences that a reader needs.
    """

    missing: int
    missing_se: float | None
    missing_p: float | None
    side: str
    imputed_effect: tuple[float, ...]
    imputed_variance: tuple[float, ...]
    center: float
    filled: Pooled
    unfilled: Pooled
    estimator: str
    converged: bool
    k: int
    warnings: tuple[str, ...]


def trimfill(
    effect: Any,
    variance: Any,
    *,
    estimator: str = "L0",
    side: str = "auto",
    tau2: Tau2 = "REML",
    interval: Interval = "hksj_adhoc",
    level: float = 0.95,
) -> TrimFill:
    """Add the mirror images of the most extreme trials until the funnel is symmetric.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects (positive favors the intervention; ratios on the log scale) and their sampling
        variances.
    estimator : {"L0", "R0", "Q0"}
        Estimator of the number of missing trials.
    side : {"auto", "left", "right"}
        Where trials may be missing; "auto" takes the side that the regression of effects on
        standard errors points to, and needs three or more trials.
    tau2, interval, level
        As in `evidence.meta.pooling.pool`.

    Returns
    -------
    TrimFill

    Raises
    ------
    ParameterError
        For side "auto" where the regression is not defined, for "Q0" where it gives no number,
        and as `evidence.meta.pooling.pool`.

    Notes
    -----
    Duval and Tweedie (2000), J Am Stat Assoc 95:89, and (2000), Biometrics 56:455. Equal
    distances from the center share their ranks, so that nothing is added to a symmetric funnel.

    Examples
    --------
    >>> found = trimfill(
    ...     [0.1, 0.15, 0.4, 0.5, 0.9], [0.01, 0.02, 0.05, 0.08, 0.2], side="left"
    ... )
    >>> found.missing, round(found.unfilled.effect, 3), round(found.filled.effect, 3)
    (2, 0.218, 0.15)
    """
    check_choice("estimator", estimator, ESTIMATORS)
    check_choice("side", side, SIDES)
    options: dict[str, Any] = {"tau2": tau2, "interval": interval, "level": level}
    unfilled = pool(effect, variance, **options)
    effects, variances = numbers("effect", effect), numbers("variance", variance)
    if side == "auto":
        side = _side(effects, variances, tau2)
    # Trials are trimmed from the right; where they are missing on the right, turn the funnel.
    sign = 1.0 if side == "left" else -1.0
    order = np.lexsort((np.arange(effects.size), sign * effects))
    turned, ordered = sign * effects[order], variances[order]
    k = effects.size
    missing, precise, trimmed, converged = 0, 0.0, 0, False
    seen: list[int] = []
    center = 0.0
    for _ in range(MAX_STEPS):
        kept = slice(0, k - missing)
        center = pool(turned[kept], ordered[kept], **options).effect
        trimmed, precise = missing, _missing(turned, center, estimator)
        # At least one trial has to stay.
        missing = min(max(0, round(precise)), k - 1)
        if missing == trimmed:
            converged = True
            break
        if missing in seen:
            break
        seen.append(missing)
    missing = trimmed
    mirrored = slice(k - missing, k)
    imputed = sign * (2 * center - turned[mirrored])
    filled = (
        pool(
            np.concatenate([effects, imputed]),
            np.concatenate([variances, ordered[mirrored]]),
            **options,
        )
        if missing
        else unfilled
    )
    return TrimFill(
        missing=missing,
        missing_se=_standard_error(k, precise, estimator),
        # Duval and Tweedie (2000): the run beyond the center has a geometric distribution
        missing_p=0.5 ** (missing + 1) if estimator == "R0" else None,
        side=side,
        imputed_effect=tuple(imputed.tolist()),
        imputed_variance=tuple(ordered[mirrored].tolist()),
        center=sign * center,
        filled=filled,
        unfilled=unfilled,
        estimator=estimator,
        converged=converged,
        k=k,
        warnings=_warnings(k, missing, converged=converged),
    )


def _side(effects: Floats, variances: Floats, tau2: Tau2) -> str:
    if effects.size < 3 or np.unique(variances).size == 1:
        raise ParameterError(
            "side",
            "auto",
            "left or right, where fewer than three variances or equal ones "
            "allow no regression that chooses",
        )
    slope = regression_test(effects, variances, tau2=tau2).slope.estimate
    # Small trials with larger effects: their counterparts on the left are missing.
    return "left" if slope > 0 else "right"


def _missing(turned: Floats, center: float, estimator: str) -> float:
    """Estimate, not rounded, from effects in ascending order; at the center is on no side."""
    tie = TIED * magnitude(turned)
    deviation = turned - center
    k, distance, right = deviation.size, np.abs(deviation), deviation > tie
    if estimator == "R0":
        # R0 = gamma - 1, where gamma trials lie on the right and farther out than any on the left
        farthest = float(distance[~right].max(initial=0.0)) + tie
        return float((distance[right] > farthest).sum() - 1)
    total = float(tied_ranks(distance, tie)[right].sum())
    if estimator == "L0":
        # L0 = (4 T - n (n + 1)) / (2 n - 1)
        return (4 * total - k * (k + 1)) / (2 * k - 1)
    # Q0 = n - 1/2 - sqrt(2 n^2 - 4 T + 1/4)
    under = 2 * k**2 - 4 * total + 0.25
    if under < 0:
        raise ParameterError(
            "estimator",
            "Q0",
            "L0 or R0: so many of the largest distances lie on one side that Q0 has no value",
        )
    return float(k - 0.5 - np.sqrt(under))


def _standard_error(k: int, precise: float, estimator: str) -> float | None:
    """Asymptotic standard error at the estimate before rounding; Duval and Tweedie (2000)."""
    m = precise
    if estimator == "R0":
        return float(np.sqrt(2 * max(m, 0.0) + 2))
    # Variance of T where m of n + m trials are missing
    variance = (
        k * (k + 1) * (2 * k + 1)
        + 10 * m**3
        + 27 * m**2
        + 17 * m
        - 18 * k * m**2
        - 18 * k * m
        + 6 * k**2 * m
    ) / 24
    if estimator == "L0":
        scale = (2 * k - 1) / 4
        return float(np.sqrt(variance) / scale) if variance >= 0 else None
    scale = (k - 0.5) ** 2 - m * (2 * k - m - 1)
    return float(np.sqrt(4 * variance / scale)) if variance >= 0 and scale > 0 else None


def _warnings(k: int, missing: int, *, converged: bool) -> tuple[str, ...]:
    sentences = [
        *chance_warning(k),
        "The added trials were never seen: trim and fill shows what one form of selection would "
        "do, and does not correct the estimate.",
    ]
    if missing == 0:
        sentences[-1] = "No trial was added, which does not show that none is missing."
    if not converged:
        sentences.append("The number of missing trials did not settle.")
    return tuple(sentences)
