"""What a source prints of the uncertainty of a value, and the standard error that follows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from evidence.effects import convert
from evidence.errors import ParameterError
from evidence.estimation.context import number
from evidence.terms import Basis

LEVEL = 0.95
"""Level of the intervals of the frame of estimates."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Uncertainty of a printed value, on the scale of the effect and with the sign of the source.

    Attributes
    ----------
    basis : Basis
        What the standard error follows from.
    se : float or None
        None where nothing is printed that it follows from.
    low, high : float or None
        Limits of 95% as printed; None where not both are.
    quantile : float
        By which the distance of a limit was divided.
    """

    basis: Basis
    se: float | None = None
    low: float | None = None
    high: float | None = None
    quantile: float = 0.0


def spread(
    one: Any,
    scale: Callable[[float], float] = float,
    *,
    se_unit: float | None = 1.0,
    df: float | None = None,
    by_sizes: Callable[[float], float] | None = None,
) -> Spread:
    """Return the uncertainty of a statistic from whatever is printed beside it.

    Parameters
    ----------
    one : row of statistics
        With estimate, se, ci_low, ci_high, ci_level, p_value and p_relation.
    scale : function
        From a printed value to the scale of the effect, as the logarithm of a ratio.
    se_unit : float or None
        A printed standard error of 1 on the scale of the effect; None where it is not known what a
        printed standard error is that of.
    df : float, optional
        Degrees of freedom of the t behind p; without it p is that of a z.
    by_sizes : function, optional
        Standard error of a value by the sizes of the arms.

    Raises
    ------
    ParameterError
        For a value or limits out of the range of the scale, limits in the wrong order, a value
        outside its limits.

    Notes
    -----
    A p that is printed as below a value gives the largest standard error that fits it (Cochrane
    Handbook 2019, 6.5.2.3).
    """
    value = scale(one.estimate)
    limits = [_limit(limit, scale) for limit in (one.ci_low, one.ci_high)]
    known = [limit for limit in limits if limit is not None]
    level = (number(one.ci_level) or 95) / 100
    printed = number(one.se)
    se = None if printed is None or se_unit is None else printed * se_unit
    if len(known) == 2:
        low, high = sorted(known)
        basis = Basis.INTERVAL if se is None else Basis.STANDARD_ERROR
        width = float(convert.se_from_interval(low, high, level=level))
        if not low <= value <= high:
            raise ParameterError("estimate", one.estimate, "a value between its limits")
        # Limits of another level are not those that are shown, which are of 95%.
        shown = (low, high) if level == LEVEL else (None, None)
        return Spread(basis, width if se is None else se, *shown)
    if se is not None:
        return Spread(Basis.STANDARD_ERROR, se)
    if known and known[0] != value:
        quantile = float(convert.z_from_p(1 - level))
        return Spread(Basis.LIMIT, abs(known[0] - value) / quantile, quantile=quantile)
    if by_sizes is not None:
        return Spread(Basis.SIZES, by_sizes(value))
    p = number(one.p_value)
    if value and p is not None and 0 < p < 1:
        basis = Basis.P if one.p_relation == "equal" else Basis.P_BELOW
        return Spread(basis, float(convert.se_from_p(value, p, df=df)))
    return Spread(Basis.NOTHING)


def _limit(printed: Any, scale: Callable[[float], float]) -> float | None:
    value = number(printed)
    # A limit of a ratio that is printed as 0.00 has no logarithm; the other one still counts.
    if value is None or (scale is convert.log_ratio and value <= 0):
        return None
    return scale(value)
