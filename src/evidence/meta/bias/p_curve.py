"""p-curve: whether results below 5% look like a true effect, like none, or like low power."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special
from scipy.optimize import brentq

from evidence.errors import ParameterError
from evidence.meta.numerics import Floats
from evidence.meta.pooling.weights import arrange_one, numbers

ALPHA = 0.05
LEAST = 2.2e-16
"""P values are kept this far from 0 and 1, so that one trial does not decide alone."""

LOWEST, HIGHEST = 0.05, 0.99
"""Powers between which the average one is looked for."""


@dataclass(frozen=True, slots=True)
class PCurve:
    """Tests on the P values below 5% of trials.

    Attributes
    ----------
    k, k_below_05, k_below_025 : int
        Trials, and those with a two-sided P below 5% and below 2.5%.
    right_full, right_full_p, right_half, right_half_p, right_binomial_p : float
        Right skew, as a true effect gives it: Stouffer's z (negative: skewed) and one-sided P of
        all below 5%, and of those below 2.5%; binomial P of the share below 2.5%.
    flat_full, flat_full_p, flat_half, flat_half_p, flat_binomial_p : float
        The same against the curve of trials with a power of 33%: a low P says flatter than that.
    power, power_low, power_high : float
        Average power that fits best, from 5% to 99%, with its 90% interval.
    true_effect, none_or_low_power : bool
        By the rule of Simonsohn et al. (2015): right-skewed with a half P below 5%, or both below
        10%; flat with a full P below 5%, or half and binomial P both below 10%.
    """

    k: int
    k_below_05: int
    k_below_025: int
    right_full: float
    right_full_p: float
    right_half: float
    right_half_p: float
    right_binomial_p: float
    flat_full: float
    flat_full_p: float
    flat_half: float
    flat_half_p: float
    flat_binomial_p: float
    power: float
    power_low: float
    power_high: float
    true_effect: bool
    none_or_low_power: bool


def p_curve(effect: Any, variance: Any) -> PCurve:
    """Test the curve of P values below 5%, taken from normal tests of the effects.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects and their sampling variances; in three or more the two-sided P must be below 5%, and
        in one below 2.5%. The direction of effects does not count.

    Returns
    -------
    PCurve

    Raises
    ------
    ParameterError
        For too few such trials, and as `evidence.meta.pooling.pool`.

    Notes
    -----
    Simonsohn, Nelson and Simmons (2014), J Exp Psychol Gen 143:534, and (2015), 144:1146: the P of
    a P value below 5%, given no effect or a power of 33%, turned into z and summed (Stouffer). The
    half curve is conditional on P below 2.5%, under 33% power too, where dmetar's divides by three
    times that probability. With much variation between trials the average power is not to be
    trusted.

    Examples
    --------
    >>> found = p_curve([0.5, 0.6, 0.7, 0.1], [0.02, 0.03, 0.02, 0.05])
    >>> found.k_below_05, round(found.right_full, 2), found.true_effect
    (3, -5.13, True)
    """
    k = int(arrange_one(effect, variance).count[0])
    z = np.abs(numbers("effect", effect)) / np.sqrt(numbers("variance", variance))
    p = 2 * special.ndtr(-z)
    below, half = p[p < ALPHA], p[p < ALPHA / 2]
    if below.size < 3 or half.size == 0:
        expected = "three or more trials with P below 5%, of which one below 2.5%"
        raise ParameterError("effect", below.size, expected)
    third = _noncentrality(1 / 3)
    share = float(_power(third, ALPHA / 2) / _power(third, ALPHA))
    right_full, right_half = (
        _stouffer(np.maximum(own, LEAST) / alpha)
        for own, alpha in ((below, ALPHA), (half, ALPHA / 2))
    )
    flat_full = _stouffer(_survival(below, third, ALPHA))
    flat_half = _stouffer(_survival(half, third, ALPHA / 2))
    right_binomial = float(special.bdtrc(half.size - 1, below.size, 0.5))
    flat_binomial = float(special.bdtr(half.size, below.size, share))
    right_p, half_p, flat_p, flat_half_p = (
        float(special.ndtr(value)) for value in (right_full, right_half, flat_full, flat_half)
    )
    power, low, high = (
        _average_power(below, float(special.ndtri(level))) for level in (0.5, 0.95, 0.05)
    )
    return PCurve(
        k=k,
        k_below_05=below.size,
        k_below_025=half.size,
        right_full=right_full,
        right_full_p=right_p,
        right_half=right_half,
        right_half_p=half_p,
        right_binomial_p=right_binomial,
        flat_full=flat_full,
        flat_full_p=flat_p,
        flat_half=flat_half,
        flat_half_p=flat_half_p,
        flat_binomial_p=flat_binomial,
        power=power,
        power_low=low,
        power_high=high,
        true_effect=half_p < 0.05 or (half_p < 0.1 and right_p < 0.1),
        none_or_low_power=flat_p < 0.05 or (flat_half_p < 0.1 and flat_binomial < 0.1),
    )


def _stouffer(probabilities: Floats) -> float:
    kept = np.clip(probabilities, LEAST, 1 - LEAST)
    return float(special.ndtri(kept).sum() / np.sqrt(kept.size))


def _power(shift: float, alpha: Floats | float) -> Floats:
    """P of a two-sided P below alpha, for z with mean `shift`."""
    bound = special.ndtri(np.asarray(alpha, dtype=np.float64) / 2)
    power: Floats = special.ndtr(bound + shift) + special.ndtr(bound - shift)
    return power


def _noncentrality(power: float) -> float:
    """Mean of z at which a two-sided test at 5% has this power."""
    return float(brentq(lambda shift: float(_power(shift, ALPHA)) - power, 0, 20, xtol=1e-15))


def _survival(p: Floats, shift: float, alpha: float) -> Floats:
    """P of a larger P value than each, given that it is below alpha."""
    chance: Floats = 1 - _power(shift, p) / _power(shift, alpha)
    return chance


def _average_power(p: Floats, target: float) -> float:
    """Power at which the Stouffer z of the curve is the target; it falls with power."""

    def gap(power: float) -> float:
        # At 5% there is no effect, and the root below may miss 0 by rounding.
        shift = 0.0 if power <= ALPHA else _noncentrality(power)
        return _stouffer(_survival(p, shift, ALPHA)) - target

    if gap(LOWEST) * gap(HIGHEST) > 0:
        return LOWEST if abs(gap(LOWEST)) < abs(gap(HIGHEST)) else HIGHEST
    return float(brentq(gap, LOWEST, HIGHEST, xtol=1e-13))
