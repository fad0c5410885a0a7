"""Test statistics, p values, intervals and standardized effects against each other."""

import math
from collections.abc import Callable, Iterator
from functools import partial

from scipy.special import chdtrc, fdtrc, ndtr, ndtri, stdtr

from evidence.errors import ParameterError
from evidence.integrity.finding import Finding, Severity
from evidence.integrity.reading import STANDARDIZED, Reading, Row

_T = ("t", "t_within", "t_time_both_arms")
_DIFFERENCES = ("mixed_model_b", "mean_difference", "slope_b", "qaly_difference", "indirect_b")
_RATIOS = ("odds_ratio", "risk_ratio")

_TIE = 1e-9


def p_from_z(z: float) -> float:
    """Two-sided p of a z.

    Examples
    --------
    >>> round(p_from_z(-3.01), 4)
    0.0026
    """
    return float(2 * ndtr(-abs(z)))


def p_from_t(t: float, df: float) -> float:
    """Two-sided p of a t.

    Parameters
    ----------
    t : float
        Statistic; its sign does not matter.
    df : float
        Degrees of freedom, above 0; fractions are possible.

    Raises
    ------
    ParameterError
        For df of 0 or less.

    Examples
    --------
    >>> round(p_from_t(-3.14, 10), 4)
    0.0105
    """
    return float(2 * stdtr(_positive("df", df), -abs(t)))


def p_from_f(f: float, df1: float, df2: float) -> float:
    """P of an F.

    Parameters
    ----------
    f : float
        Statistic, 0 or more.
    df1, df2 : float
        Degrees of freedom of numerator and denominator, above 0.

    Raises
    ------
    ParameterError
        For df of 0 or less, a negative F.

    Examples
    --------
    >>> round(p_from_f(1.81, 1, 127), 2)
    0.18
    """
    if not f >= 0:
        raise ParameterError("f", f, "0 or more")
    return float(fdtrc(_positive("df1", df1), _positive("df2", df2), f))


def p_from_chi2(chi2: float, df: float) -> float:
    """P of a chi-square.

    Parameters
    ----------
    chi2 : float
        Statistic, 0 or more.
    df : float
        Degrees of freedom, above 0.

    Raises
    ------
    ParameterError
        For df of 0 or less, a negative chi-square.

    Examples
    --------
    >>> round(p_from_chi2(0.06, 2), 2)
    0.97
    """
    if not chi2 >= 0:
        raise ParameterError("chi2", chi2, "0 or more")
    return float(chdtrc(_positive("df", df), chi2))


def _positive(name: str, value: float) -> float:
    if not value > 0:
        raise ParameterError(name, value, "above 0")
    return value


def check_p(reading: Reading) -> Iterator[Finding]:
    """Compare printed p with the p of the printed t, F, chi-square or z."""
    for row in reading.statistics:
        if not row["p_value"]:
            continue
        kind, df1, df2 = row["statistic"], row.number("df1"), row.number("df2")
        if kind in _T and df1:
            yield from _p(row, "p_from_t", f"t({df1:g})", partial(p_from_t, df=df1))
        elif kind == "f_slope" and df1 and df2:
            name = f"F({df1:g}, {df2:g})"
            yield from _p(row, "p_from_f", name, partial(p_from_f, df1=df1, df2=df2))
        elif kind == "chi2_groups" and df1:
            name = f"chi-square with {df1:g} df"
            yield from _p(row, "p_from_chi2", name, partial(p_from_chi2, df=df1))
        elif kind == "z":
            yield from _p(row, "p_from_z", "z", p_from_z)
        elif kind in _DIFFERENCES:
            yield from _p_of_difference(row)


def _p(row: Row, check: str, name: str, p_of: Callable[[float], float]) -> Iterator[Finding]:
    low, high = row.range("estimate")
    if check in ("p_from_f", "p_from_chi2"):
        low = max(low, 0.0)
    ends = [p_of(low), p_of(high)]
    largest = p_of(0.0) if low < 0 < high else max(ends)
    smallest = min(ends)
    if _p_agrees(row, smallest, largest):
        return
    value = p_of(row.number("estimate") or 0.0)
    severity: Severity = "high"
    remark = ""
    if check != "p_from_chi2" and _p_agrees(row, smallest / 2, largest / 2):
        severity, remark = "medium", ", as a one-sided test would give"
    relation = "<" if row["p_relation"] == "below" else "="
    printed = f"p {relation} {row['p_value']}"
    yield Finding(
        check, row.id, f"{row['estimate']}, {printed}", f"p = {_small(value)}", severity,
        f"{name} = {row['estimate']} gives p = {_small(value)}; {printed} is printed{remark}.",
    )  # fmt: skip


def _p_agrees(row: Row, smallest: float, largest: float) -> bool:
    """Whether any p from smallest to largest is printed so."""
    if row["p_relation"] == "below":
        return smallest < (row.number("p_value") or 0.0)
    low, high = row.range("p_value")
    return smallest <= high + _TIE and largest >= low - _TIE


def _p_of_difference(row: Row) -> Iterator[Finding]:
    """Compare p with estimate and standard error, else ask whether the estimate is the z of p."""
    estimate, se = row.number("estimate") or 0.0, row.number("se")
    if se:
        (low, high), (se_low, se_high) = row.range("estimate"), row.range("se")
        if se_low <= 0:
            return
        sizes = sorted((abs(low), abs(high)))
        near = 0.0 if low < 0 < high else sizes[0]
        # a t with few df has a larger p than z; the df of a model are seldom printed
        largest = p_from_t(near / se_high, 2)
        smallest = p_from_z(sizes[1] / se_low)
        if not _p_agrees(row, smallest, largest):
            z = estimate / se
            yield Finding(
                "p_from_z", row.id, row["p_value"], f"p = {_small(p_from_z(z))}", "medium",
                f"{row['estimate']} / {row['se']} = {z:.2f} gives p = {_small(p_from_z(z))} or "
                f"more with few degrees of freedom; {row['p_value']} is printed.",
            )  # fmt: skip
        return
    if row["p_relation"] == "below" or row["ci_low"] or row["ci_high"]:
        return
    low, high = row.range("p_value")
    if not 0 < low < 0.5 or high >= 1:
        return
    z_low, z_high = -float(ndtri(high / 2)), -float(ndtri(low / 2))
    if z_low <= abs(estimate) <= z_high:
        yield Finding(
            "p_from_z", row.id, row["estimate"], "", "medium",
            f"The printed difference of {row['estimate']} has the size of the z that belongs to "
            f"p = {row['p_value']} ({z_low:.2f} to {z_high:.2f}), so it can be the z itself.",
        )  # fmt: skip


def check_intervals(reading: Reading) -> Iterator[Finding]:
    """Find estimates outside their intervals or, where the formula centers them, off the middle."""
    for row in reading.statistics:
        if not (row["ci_low"] and row["ci_high"]):
            continue
        estimate, low, high = (row.range(name) for name in ("estimate", "ci_low", "ci_high"))
        printed = f"{row['estimate']} ({row['ci_low']} to {row['ci_high']})"
        if low[0] > estimate[1] or high[1] < estimate[0] or low[0] > high[1]:
            yield Finding(
                "interval_order", row.id, printed, "", "high",
                f"The estimate {row['estimate']} does not lie between {row['ci_low']} and "
                f"{row['ci_high']}.",
            )  # fmt: skip
        elif row["statistic"] in (*_DIFFERENCES, *STANDARDIZED):
            yield from _centered(row, printed, estimate, low, high, ratio=False)
        elif row["statistic"] in _RATIOS and low[0] > 0:
            yield from _centered(row, printed, estimate, low, high, ratio=True)


def _centered(
    row: Row,
    printed: str,
    estimate: tuple[float, float],
    low: tuple[float, float],
    high: tuple[float, float],
    *,
    ratio: bool,
) -> Iterator[Finding]:
    values = [row.number(name) or 0.0 for name in ("estimate", "ci_low", "ci_high")]
    if ratio:
        # ratios have symmetric intervals on the logarithmic scale
        estimate, low, high = (
            (math.log(pair[0]), math.log(pair[1])) for pair in (estimate, low, high)
        )
        values = [math.log(value) for value in values]
    middle = ((low[0] + high[0]) / 2, (low[1] + high[1]) / 2)
    if middle[0] <= estimate[1] + _TIE and middle[1] >= estimate[0] - _TIE:
        return
    below, above = values[0] - values[1], values[2] - values[0]
    expected = (values[1] + values[2]) / 2
    scale = " on the logarithmic scale" if ratio else ""
    bootstrap = row["statistic"] == "indirect_b"
    yield Finding(
        "interval_symmetry", row.id, printed, f"{math.exp(expected) if ratio else expected:.3f}",
        "low" if bootstrap else "medium",
        f"The interval reaches {below:.3g} below the estimate and {above:.3g} above it{scale}; "
        + (
            "intervals of indirect effects by bootstrap need not be centered."
            if bootstrap
            else "one from a standard error would be centered."
        ),
    )  # fmt: skip


def _small(p: float) -> str:
    return f"{p:.3g}" if p >= 1e-4 else f"{p:.0e}"
