"""Reconstruct the counts behind printed percentages, intervals, ratios and p values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evidence.errors import ParameterError, check_choice
from evidence.meta.effect_size import inside
from evidence.meta.reconstruction.decimals import Integers, Printed, Rounding
from evidence.meta.reconstruction.fit import Fit, fits_of, near_misses
from evidence.meta.reconstruction.proportion_intervals import FORMULAS
from evidence.meta.reconstruction.two_by_two import (
    MEASURES,
    Arm,
    Found,
    PercentOf,
    Query,
    TooManyError,
    Total,
    odds_ratio,
    search,
)

MAX_N = 10_000


@dataclass(frozen=True, slots=True)
class PrintedArm:
    """What a source prints of one arm.

    Attributes
    ----------
    percent : str or None
        Percent with the event as printed, such as "70" or "34.6": the digits matter.
    ci_low, ci_high : str or None
        Limits of its interval in percent; each may be None where it is not printed or not trusted.
    n : int or None
        Participants, where they are known exactly.
    n_max : int or None
        Most participants, such as the number randomized.
    n_min : int
        Fewest participants.
    events : int or None
        Participants with the event, where they are printed.
    """

    percent: str | None = None
    ci_low: str | None = None
    ci_high: str | None = None
    n: int | None = None
    n_max: int | None = None
    n_min: int = 1
    events: int | None = None


class Solution(NamedTuple):
    """Counts that fit all that is printed.

    Attributes
    ----------
    events_1, n_1, events_2, n_2 : int or None
        Events and participants of each arm; None for a second arm that was not asked for.
    formulas : tuple of str
        Formulas that give every printed limit of a percentage; empty where none is printed.
    """

    events_1: int
    n_1: int
    events_2: int | None = None
    n_2: int | None = None
    formulas: tuple[str, ...] = ()

    @property
    def odds_ratio(self) -> float | None:
        """Sample odds ratio of arm 1 against arm 2; None for one arm or where undefined."""
        if self.events_2 is None or self.n_2 is None:
            return None
        value = float(odds_ratio(np.array([[self.events_1, self.n_1, self.events_2, self.n_2]]))[0])
        return None if np.isnan(value) else value


@dataclass(frozen=True, slots=True)
class Miss:
    """Counts that fit all printed numbers but the failed ones.

    Attributes
    ----------
    solution : Solution
        The counts.
    failed : tuple of Fit
        The printed numbers that they do not meet, with what they would give.
    count : int
        How many tables fit without the failed numbers: the fewer, the more telling.
    """

    solution: Solution
    failed: tuple[Fit, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """Everything that fits what a source prints.

    Attributes
    ----------
    query : Query
        What was printed, as it was read.
    rounding : {"half", "truncation"}
        "truncation" where only cutting off digits, not rounding, explains the printed numbers.
    solutions : tuple of Solution
        Every table that fits, sorted by its counts.
    misses : tuple of Miss
        The nearest tables where none fits; else empty.
    not_examined : tuple of str
        Printed numbers without which too many tables would fit to look for the nearest.
    odds_ratio_low, odds_ratio_high : float or None
        Range of the sample odds ratio over the solutions; None for one arm or where undefined.
    n_identified : tuple of bool
        For each arm, whether all solutions have the same number of participants.
    """

    query: Query
    rounding: Rounding
    solutions: tuple[Solution, ...]
    misses: tuple[Miss, ...]
    not_examined: tuple[str, ...]
    odds_ratio_low: float | None
    odds_ratio_high: float | None
    n_identified: tuple[bool, ...]

    @property
    def identified(self) -> bool:
        """Whether exactly one table fits."""
        return len(self.solutions) == 1

    @property
    def formulas(self) -> tuple[str, ...]:
        """Interval formulas under which any solution fits."""
        found = {formula for solution in self.solutions for formula in solution.formulas}
        return tuple(formula for formula in FORMULAS if formula in found)

    def fits(self, solution: Solution) -> tuple[Fit, ...]:
        """How a solution meets each printed number."""
        formula = solution.formulas[0] if solution.formulas else None
        return fits_of(self.query, _table(solution), formula, self.rounding)


def reconstruct(
    arm_1: PrintedArm,
    arm_2: PrintedArm | None = None,
    *,
    odds_ratio: str | None = None,
    conditional_odds_ratio: str | None = None,
    risk_ratio: str | None = None,
    risk_difference: str | None = None,
    number_needed_to_treat: str | None = None,
    p_fisher: str | None = None,
    p_chi2: str | None = None,
    p_chi2_corrected: str | None = None,
    n_total: int | None = None,
    total: Total = "exact",
    percent_of: PercentOf = "arm",
    level: float = 0.95,
    formulas: Sequence[str] | None = None,
    nearest: bool = True,
    cut: bool = True,
) -> Reconstruction:
    """Find every table of whole numbers that fits what a source prints.

    Each printed number stands for all values within half a unit of its last digit, both ends
    included. Only if no table fits so, the same is tried with digits cut off instead of rounded.
    If still none fits, the nearest tables are those that meet all printed numbers but one. All
    intervals of a source are taken to come from one formula.

    Parameters
    ----------
    arm_1, arm_2 : PrintedArm
        What is printed of each arm; arm 1 is the intervention. One arm alone is possible.
    odds_ratio, conditional_odds_ratio : str, optional
        Odds ratio of arm 1 against arm 2, from the sample or as estimated beside Fisher's test.
    risk_ratio : str, optional
        Risk ratio of arm 1 against arm 2.
    risk_difference : str, optional
        Percent of arm 1 minus percent of arm 2, in percentage points.
    number_needed_to_treat : str, optional
        Without sign; a whole number may have been rounded or rounded up.
    p_fisher, p_chi2, p_chi2_corrected : str, optional
        Two-sided p of Fisher's exact test, of Pearson's chi-square, of that with Yates'
        correction; "<0.01" is understood.
    n_total : int, optional
        Participants of both arms together.
    total : {"exact", "at_most"}
        Whether the total is exact or an upper bound.
    percent_of : {"arm", "all"}
        Whether percentages are of the participants of their arm or of both arms together.
    level : float
        Level of the intervals.
    formulas : sequence of str, optional
        Names of the interval formulas to try, from `proportion_intervals.FORMULAS`; default all.
    nearest : bool
        Whether to look for the nearest tables where none fits, which takes longer.
    cut : bool
        Whether to suppose that digits were cut off where no table fits the rounded numbers.

    Returns
    -------
    Reconstruction
        All solutions, or the nearest misses and what failed.

    Raises
    ------
    ParameterError
        For a number that is not given as printed, an arm without an upper bound on its size,
        bounds that contradict each other, or so little that is printed that too much fits.

    Notes
    -----
    The search is exhaustive. Ratios of counts are compared with the printed digits in integers,
    so that ties are never decided by floating point.

    Examples
    --------
    >>> found = reconstruct(
    ...     PrintedArm("70", "52.6", "87.4", n_max=35), PrintedArm("34.6", n_max=31),
    ...     odds_ratio="4.41",
    ... )
    >>> [tuple(solution[:4]) for solution in found.solutions], found.formulas
    ([(21, 30, 9, 26)], ('wald_t_n_minus_1',))
    """
    given = {
        "odds_ratio": odds_ratio,
        "conditional_odds_ratio": conditional_odds_ratio,
        "risk_ratio": risk_ratio,
        "risk_difference": risk_difference,
        "number_needed_to_treat": number_needed_to_treat,
        "p_fisher": p_fisher,
        "p_chi2": p_chi2,
        "p_chi2_corrected": p_chi2_corrected,
    }
    check_choice("total", total, ("exact", "at_most"))
    check_choice("percent_of", percent_of, ("arm", "all"))
    inside("level", level, 0, 1)
    for formula in formulas or ():
        check_choice("formulas", formula, FORMULAS)
    _whole("n_total", n_total, 1, 2 * MAX_N)
    if arm_2 is None:
        _only_with_two_arms({**given, "n_total": n_total})
        check_choice("percent_of", percent_of, ("arm",))
    query = Query(
        tuple(
            _read(number, arm, n_total)
            for number, arm in enumerate((arm_1, arm_2), start=1)
            if arm is not None
        ),
        {
            name: Printed.of(name, given[name] or "", low=m.low, high=m.high, below=m.is_p)
            for name, m in MEASURES.items()
            if given[name] is not None
        },
        n_total,
        total,
        percent_of,
        level,
        tuple(FORMULAS) if formulas is None else tuple(formulas),
    )
    try:
        return _reconstructed(query, nearest=nearest, cut=cut)
    except TooManyError:
        expected = "smaller bounds or more printed numbers, since too many tables would fit"
        raise ParameterError("n_max", [arm.n_high for arm in query.arms], expected) from None


def _reconstructed(query: Query, *, nearest: bool, cut: bool) -> Reconstruction:
    rounding: Rounding = "half"
    found = search(query, rounding)
    if cut and not len(found.tables):
        cut_off = search(query, "truncation")
        if len(cut_off.tables):
            rounding, found = "truncation", cut_off
    misses: tuple[Miss, ...] = ()
    skipped: list[str] = []
    if nearest and not len(found.tables):
        near, skipped = near_misses(query)
        misses = tuple(
            Miss(
                _solution(one.table, () if one.formula is None else (one.formula,)),
                tuple(
                    fit
                    for fit in fits_of(query, one.table[None, :], one.formula, "half")
                    if not fit.met
                ),
                one.count,
            )
            for one in near
        )
    low, high = _odds_ratio_range(found)
    return Reconstruction(
        query,
        rounding,
        _solutions(found, query),
        misses,
        tuple(skipped),
        low,
        high,
        tuple(len(np.unique(column)) == 1 for column in found.tables[:, 1::2].T),
    )


def _solutions(found: Found, query: Query) -> tuple[Solution, ...]:
    named = [
        tuple(name for name, fits in zip(query.formulas, row, strict=True) if fits)
        if len(row)
        else ()
        for row in found.formulas
    ]
    return tuple(_solution(table, names) for table, names in zip(found.tables, named, strict=True))


def _solution(table: Integers, formulas: tuple[str, ...]) -> Solution:
    counts = table.tolist()
    second = counts[2:] if len(counts) > 2 else [None, None]
    return Solution(counts[0], counts[1], second[0], second[1], formulas)


def _table(solution: Solution) -> Integers:
    return np.array([[count for count in solution[:4] if count is not None]], dtype=np.int64)


def _odds_ratio_range(found: Found) -> tuple[float | None, float | None]:
    if not len(found.tables) or found.tables.shape[1] < 4:
        return None, None
    values = odds_ratio(found.tables)
    values = values[~np.isnan(values)]
    return (float(values.min()), float(values.max())) if len(values) else (None, None)


def _read(number: int, arm: PrintedArm, n_total: int | None) -> Arm:
    most = arm.n if arm.n is not None else arm.n_max
    if most is None:
        # each arm has at least one participant
        most = None if n_total is None else min(n_total - 1, MAX_N)
    if most is None:
        name = f"arm_{number}.n_max"
        raise ParameterError(name, None, "an upper bound, such as the number randomized")
    _whole(f"arm_{number}.n", arm.n, 1, MAX_N)
    _whole(f"arm_{number}.n_max", most, 1, MAX_N)
    _whole(f"arm_{number}.n_min", arm.n_min, 1, most)
    _whole(f"arm_{number}.events", arm.events, 0, most)
    percents = {
        name: None if text is None else Printed.of(f"arm_{number}.{name}", text, low=low, high=high)
        for name, text, low, high in (
            ("percent", arm.percent, 0, 100),
            ("ci_low", arm.ci_low, -1000, 100),
            ("ci_high", arm.ci_high, 0, 1000),
        )
    }
    least = most if arm.n is not None else arm.n_min
    return Arm(least, most, arm.events, **percents)


def _whole(name: str, value: int | None, low: int, high: int) -> None:
    if value is None:
        return
    if type(value) is not int or not low <= value <= high:
        raise ParameterError(name, value, f"a whole number from {low} to {high}")


def _only_with_two_arms(given: dict[str, str | int | None]) -> None:
    for name, value in given.items():
        if value is not None:
            raise ParameterError(name, value, "nothing, since only one arm is given")
