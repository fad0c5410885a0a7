"""Test statistics, p values, intervals and standardized effects against each other."""

import math
from collections.abc import Callable, Iterator
from functools import partial

from scipy.special import chdtrc, fdtrc, ndtr, ndtri, stdtr, stdtrit

from evidence.errors import ParameterError
from evidence.integrity.findings import Finding, Severity
from evidence.integrity.printed_numbers import (
    DIFFERENCES,
    RATIOS,
    SCORES,
    STANDARDIZED,
    Reading,
    Row,
)

_T = ("t", "t_within", "t_time_both_arms")
_RATIOS = tuple(kind for kind in RATIOS if kind != "odds_ratio_fisher")
"""Ratios with intervals around their logarithm; that of Fisher's exact test is not."""
_COVARIATES = 3
"""Degrees of freedom that a test between arms commonly spends on covariates."""
_FEW_DF = 10
"""Degrees of freedom of the widest t by which an interval is taken to be made."""
_SMALLER, _LARGER = 1.4, 4.0
"""How many times smaller (as with a baseline that explains half of the variance) or larger (as in
clusters) a standard error may be than that of two independent arms."""

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


def check_possible(reading: Reading) -> Iterator[Finding]:
    """Find values that no number of their kind can have; no other check uses them."""
    for row, column, accepted in reading.impossible:
        one_id = row.texts.get("result_id") or row.texts.get("arm_id") or row["instrument_id"]
        yield Finding(
            "impossible", one_id, row[column], accepted, "high",
            f"{column} is {row[column]}; accepted is {accepted}.", row,
        )  # fmt: skip


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
        elif kind in DIFFERENCES:
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
        elif row["statistic"] in (*DIFFERENCES, *STANDARDIZED):
            yield from _centered(row, printed, estimate, low, high, ratio=False)
        elif row["statistic"] in _RATIOS and min(low[0], estimate[0]) > 0:
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


def check_standard_errors(reading: Reading) -> Iterator[Finding]:
    """Compare standard errors with intervals and, of standardized effects, with arm sizes."""
    for row in reading.statistics:
        se, kind = row.number("se"), row["statistic"]
        if se is None:
            continue
        (least, most), printed = row.range("se"), row["se"]
        if row["ci_low"] and row["ci_high"] and kind in (*DIFFERENCES, *STANDARDIZED):
            (low_0, low_1), (high_0, high_1) = row.range("ci_low"), row.range("ci_high")
            # by the normal distribution, or by a t with few degrees of freedom
            normal, t = _quantiles(row)
            small, large = (high_0 - low_1) / (2 * t), (high_1 - low_0) / (2 * normal)
            if 0 < large < least or most < small:
                yield Finding(
                    "se", row.id, printed, f"{large:.3g}", "medium",
                    f"The interval from {row['ci_low']} to {row['ci_high']} has a standard error "
                    f"of {large:.3g}, or of {small:.3g} with {_FEW_DF} degrees of freedom; "
                    f"{printed} is printed.",
                )  # fmt: skip
        n_1, n_2 = row.count("n_intervention"), row.count("n_comparator")
        # that of differences within persons depends on a correlation that is seldom printed
        between = row["trial_id"] not in reading.crossovers
        if kind in STANDARDIZED and between and n_1 and n_2 and n_1 + n_2 > 4:
            # Borenstein 2009, formula 4.20; covariates make it smaller, clusters and effects that
            # were converted from events larger
            d = row.number("estimate") or 0.0
            expected = math.sqrt(1 / n_1 + 1 / n_2 + d**2 / (2 * (n_1 + n_2)))
            if least > _LARGER * expected or most < expected / _SMALLER:
                yield Finding(
                    "se", row.id, printed, f"{expected:.3g}", "medium",
                    f"{row['estimate']} with {n_1} and {n_2} participants has a standard error of "
                    f"about {expected:.3g}; {printed} is printed.",
                )  # fmt: skip


def check_p_of_intervals(reading: Reading) -> Iterator[Finding]:
    """Compare p with estimate and interval."""
    for row in reading.statistics:
        ratio = row["statistic"] in _RATIOS
        if not (row["p_value"] and row["ci_low"] and row["ci_high"]) or not (
            ratio or row["statistic"] in (*SCORES, *STANDARDIZED)
        ):
            continue
        ends = [row.range(name) for name in ("estimate", "ci_low", "ci_high")]
        if ratio:
            if min(end[0] for end in ends) <= 0:
                continue
            ends = [(math.log(low), math.log(high)) for low, high in ends]
        estimate, low, high = ends
        widths = high[0] - low[1], high[1] - low[0]
        if not widths[0] > 0:
            continue
        sizes = sorted(abs(end) for end in estimate)
        if estimate[0] < 0 < estimate[1]:
            sizes[0] = 0.0
        normal, t = _quantiles(row)
        smallest = p_from_z(sizes[1] * 2 * normal / widths[0])
        smallest = min(smallest, p_from_t(sizes[1] * 2 * t / widths[0], _FEW_DF))
        largest = p_from_z(sizes[0] * 2 * normal / widths[1])
        largest = max(largest, p_from_t(sizes[0] * 2 * t / widths[1], _FEW_DF))
        if not _p_agrees(row, smallest, largest):
            value = p_from_z((sizes[0] + sizes[1]) * 2 * normal / (widths[0] + widths[1]))
            yield Finding(
                "p_from_interval", row.id, row["p_value"], f"p = {_small(value)}", "medium",
                f"{row['estimate']} ({row['ci_low']} to {row['ci_high']}) gives p = "
                f"{_small(value)}; p {'<' if row['p_relation'] == 'below' else '='} "
                f"{row['p_value']} is printed.",
            )  # fmt: skip


def check_df(reading: Reading) -> Iterator[Finding]:
    """Compare the degrees of freedom of t and F between arms with the participants."""
    for row in reading.statistics:
        kind = row["statistic"]
        column = {"t": "df1", "f_slope": "df2"}.get(kind)
        sizes = reading.contrast_sizes(row) if row["comparator_arm_id"] and column else None
        df = row.number(column) if column else None
        if sizes is None or df is None or column is None or df != int(df):
            # fractions come from unequal variances or a mixed model
            continue
        # differences within the persons of a cross-over trial have one mean
        within = row["trial_id"] in reading.crossovers
        means = 1 if within else 2
        full = max(sizes[:2]) - 1 if within else sizes[0] + sizes[1] - 2
        # F of groups by time has the degrees of freedom once for each time after the first
        times = max(1, round(df / full)) if kind == "f_slope" and full > 0 else 1
        if times * full - _COVARIATES * times <= df <= times * full:
            continue
        yield Finding(
            "df", row.id, row[column], f"{full:g}", "medium",
            f"{sizes[0]:g} and {sizes[1]:g} participants ({sizes[2]}) leave {full:g} degrees of "
            f"freedom, {row[column]} are printed, as of {df + means:g} participants.",
        )  # fmt: skip


def _quantiles(row: Row) -> tuple[float, float]:
    """Return the quantiles of z, and of t with few df, by which an interval is taken to be made."""
    tail = (1 - row.level) / 2
    return -float(ndtri(tail)), -float(stdtrit(_FEW_DF, tail))


def _small(p: float) -> str:
    return f"{p:.3g}" if p >= 1e-4 else f"{p:.0e}"
