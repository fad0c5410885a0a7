"""Rates per person-time pooled by Mantel and Haenszel, without adding anything to empty counts."""

from typing import Any

import numpy as np
from scipy import special

from evidence.errors import ParameterError, check_choice
from evidence.meta.numerics import Floats
from evidence.meta.pooling.batch import check_level
from evidence.meta.pooling.weights import numbers, refuse_first
from evidence.meta.rare_events.counts import PooledEvents

MEASURES = ("rate_ratio", "rate_difference")


def mantel_haenszel_rates(
    events_1: Any,
    time_1: Any,
    events_2: Any,
    time_2: Any,
    *,
    measure: str = "rate_ratio",
    level: float = 0.95,
) -> PooledEvents:
    """Pool rates per person-time by Mantel and Haenszel.

    Parameters
    ----------
    events_1, time_1, events_2, time_2 : array_like of shape (k,)
        Events and person-time in both arms, in one unit. The effect is arm 1 against arm 2.
    measure : {"rate_ratio", "rate_difference"}
        The ratio is on the log scale.
    level : float
        Coverage of the interval.

    Returns
    -------
    PooledEvents
        None for a ratio of 0 or without end, whose logarithm is not finite, which `warnings` says.

    Raises
    ------
    ParameterError
        For counts that are not whole or negative, times that are not above 0, or unequal length.

    Notes
    -----
    Rothman, Greenland and Lash (2008), Modern Epidemiology, 3rd edition, chapter 15: ratio
    sum(x_1 t_2 / T) / sum(x_2 t_1 / T), variance of its logarithm sum((x_1 + x_2) t_1 t_2 / T^2)
    over the product of both; difference sum((x_1 t_2 - x_2 t_1) / T) / sum(t_1 t_2 / T).

    Examples
    --------
    >>> pooled = mantel_haenszel_rates([7, 8], [1344, 1600], [11, 8], [1988, 1461])
    >>> round(pooled.effect, 3), pooled.k
    (-0.075, 2)
    """
    check_choice("measure", measure, MEASURES)
    check_level(level)
    x_1, t_1, x_2, t_2 = _read(events_1, time_1, events_2, time_2)
    total = t_1 + t_2
    r, s = float((x_1 * t_2 / total).sum()), float((x_2 * t_1 / total).sum())
    effect = se = low = high = p_value = None
    if measure == "rate_difference":
        weight = float((t_1 * t_2 / total).sum())
        spread = float((x_1 * (t_2 / total) ** 2 + x_2 * (t_1 / total) ** 2).sum())
        effect, se = (r - s) / weight, spread**0.5 / weight
    elif r > 0 and s > 0:
        spread = float(((x_1 + x_2) * t_1 * t_2 / total**2).sum())
        effect, se = float(np.log(r / s)), (spread / (r * s)) ** 0.5
    if effect is not None and se is not None:
        margin = float(special.ndtri((1 + level) / 2)) * se
        low, high = effect - margin, effect + margin
        p_value = float(2 * special.ndtr(-abs(effect) / se)) if se > 0 else None
    empty = np.flatnonzero(x_1 + x_2 == 0)
    return PooledEvents(
        measure=measure,
        effect=effect,
        se=se,
        ci_low=low,
        ci_high=high,
        level=float(level),
        p_value=p_value,
        p_fisher=None,
        q=None,
        q_df=None,
        q_p=None,
        k=x_1.size,
        k_informative=x_1.size - (empty.size if measure == "rate_ratio" else 0),
        double_zero=tuple(empty.tolist()),
        all_events=(),
        method="mantel_haenszel",
        warnings=_sentences(empty.size, effect, se, (r, s)),
    )


def _read(*given: Any) -> tuple[Floats, Floats, Floats, Floats]:
    names = ("events_1", "time_1", "events_2", "time_2")
    arrays = [np.atleast_1d(numbers(name, one)) for name, one in zip(names, given, strict=True)]
    for name, values in zip(names, arrays, strict=True):
        if values.ndim != 1 or values.shape != arrays[0].shape or values.size == 0:
            raise ParameterError(name, values.shape, "one number per trial")
        if name.startswith("events"):
            bad = ~((values >= 0) & (values == np.floor(values)) & (values < 1e9))
            refuse_first(name, values, bad, "a whole number of at least 0")
        else:
            bad = ~((values > 0) & (values < 1e15))
            refuse_first(name, values, bad, "person-time above 0")
    return arrays[0], arrays[1], arrays[2], arrays[3]


def _sentences(
    empty: int, effect: float | None, se: float | None, sums: tuple[float, float]
) -> tuple[str, ...]:
    said = []
    if empty:
        which = "1 trial has" if empty == 1 else f"{empty} trials have"
        said.append(
            f"{which} no event in either arm, which counts toward a rate difference and says "
            "nothing about a ratio."
        )
    if effect is None:
        limit = "0" if sums[1] else "infinite"
        said.append(
            f"The estimated ratio is {limit}, of which there is no finite logarithm."
            if any(sums)
            else "Without an event a ratio cannot be estimated."
        )
    elif se == 0:
        said.append("The standard error is 0 for want of events, not by precision.")
    return tuple(said)
