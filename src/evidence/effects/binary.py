"""Effects of two arms on an event, from counts.

Arm 1 is the intervention. Values compare arm 1 with arm 2 and are positive where the event is more
frequent in arm 1: the caller, who knows whether the event is good or bad, turns them so that
positive favors the intervention. Ratios are on the log scale. All functions broadcast; scalars give
Python floats. Conditional odds ratios, numbers needed to treat and missing participants are in the
modules beside this one and named in `__all__` too.
"""

import numpy as np
from numpy.typing import ArrayLike

from evidence.effects.absolute import (
    ExpectedResponse,
    NumberNeededToTreat,
    number_needed_to_treat,
    response_from_means,
)
from evidence.effects.cells import (
    BinaryEffect,
    To,
    binary_effect,
    double_zeros,
    read_cells,
    with_constant,
)
from evidence.effects.checked import Array, plain
from evidence.effects.conditional import conditional_odds_ratio
from evidence.effects.missing import MissingScenarios, Table, missing_scenarios
from evidence.errors import ParameterError

__all__ = [
    "BinaryEffect",
    "ExpectedResponse",
    "MissingScenarios",
    "NumberNeededToTreat",
    "Table",
    "arcsine_difference",
    "conditional_odds_ratio",
    "log_odds_ratio",
    "log_risk_ratio",
    "missing_scenarios",
    "number_needed_to_treat",
    "peto_log_odds_ratio",
    "response_from_means",
    "risk_difference",
    "sample_odds_ratio",
]


def log_odds_ratio(
    events_1: ArrayLike,
    n_1: ArrayLike,
    events_2: ArrayLike,
    n_2: ArrayLike,
    *,
    add: float = 0.5,
    to: To = "where_needed",
) -> BinaryEffect:
    """Logarithm of the odds ratio.

    Parameters
    ----------
    events_1, events_2 : float or array
        Participants with the event, from 0 to the size of the arm.
    n_1, n_2 : float or array
        Participants of the arms, 1 or more.
    add : float
        Constant added to all four cells (Haldane 1956; Gart and Zweifel 1967), 0 or more.
    to : {"where_needed", "all"}
        "where_needed" corrects tables with a cell of 0 only.

    Returns
    -------
    BinaryEffect
        log(ad / (bc)), positive where the event is more frequent in arm 1, with variance
        1/a + 1/b + 1/c + 1/d (Woolf 1955).

    Raises
    ------
    ParameterError
        For events outside 0 to n, an arm below 1, a cell of 0 with `add` 0, a missing value.

    Examples
    --------
    >>> round(log_odds_ratio(27, 31, 15, 29).value, 3)
    1.841
    """
    cells = read_cells(events_1, n_1, events_2, n_2)
    needed = np.any([cell == 0 for cell in cells], axis=0)
    (a, b, c, d), corrected = with_constant(cells, needed, add, to)
    value = np.log(a * d) - np.log(b * c)  # Woolf 1955
    return binary_effect(value, 1 / a + 1 / b + 1 / c + 1 / d, corrected, cells)


def log_risk_ratio(
    events_1: ArrayLike,
    n_1: ArrayLike,
    events_2: ArrayLike,
    n_2: ArrayLike,
    *,
    add: float = 0.5,
    to: To = "where_needed",
) -> BinaryEffect:
    """Logarithm of the risk ratio.

    Parameters
    ----------
    events_1, events_2 : float or array
        Participants with the event, from 0 to the size of the arm.
    n_1, n_2 : float or array
        Participants of the arms, 1 or more.
    add : float
        Constant added to all four cells, 0 or more.
    to : {"where_needed", "all"}
        "where_needed" corrects tables only where an arm has no event or both have nothing else.

    Returns
    -------
    BinaryEffect
        log(p_1 / p_2), positive where the event is more frequent in arm 1, with variance
        1/a - 1/n_1 + 1/c - 1/n_2 (Katz et al. 1978).

    Raises
    ------
    ParameterError
        As `log_odds_ratio`.

    Examples
    --------
    >>> round(log_risk_ratio(2, 66, 4, 63).value, 3)
    -0.74
    """
    cells = read_cells(events_1, n_1, events_2, n_2)
    needed = (cells[0] == 0) | (cells[2] == 0) | ((cells[1] == 0) & (cells[3] == 0))
    (a, b, c, d), corrected = with_constant(cells, needed, add, to)
    # Katz et al. 1978
    value = np.log(a * (c + d)) - np.log(c * (a + b))
    variance = 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)
    return binary_effect(value, variance, corrected, cells)


def risk_difference(
    events_1: ArrayLike,
    n_1: ArrayLike,
    events_2: ArrayLike,
    n_2: ArrayLike,
    *,
    add: float = 0.5,
) -> BinaryEffect:
    """Risk difference.

    Parameters
    ----------
    events_1, events_2 : float or array
        Participants with the event, from 0 to the size of the arm.
    n_1, n_2 : float or array
        Participants of the arms, 1 or more.
    add : float
        Constant added to all four cells for the variance alone, and only where both arms have a
        risk of 0 or 1, which would make the variance 0.

    Returns
    -------
    BinaryEffect
        p_1 - p_2, never corrected, positive where the event is more frequent in arm 1, with
        variance p_1 (1 - p_1) / n_1 + p_2 (1 - p_2) / n_2.

    Raises
    ------
    ParameterError
        As `log_odds_ratio`.

    Examples
    --------
    >>> round(risk_difference(27, 31, 15, 29).value, 3)
    0.354
    """
    cells = read_cells(events_1, n_1, events_2, n_2)
    needed = ((cells[0] == 0) | (cells[1] == 0)) & ((cells[2] == 0) | (cells[3] == 0))
    (a, b, c, d), corrected = with_constant(cells, needed, add, "where_needed")
    value = cells[0] / (cells[0] + cells[1]) - cells[2] / (cells[2] + cells[3])
    # Borenstein et al. 2009, eq. 5.19
    return binary_effect(value, a * b / (a + b) ** 3 + c * d / (c + d) ** 3, corrected, cells)


def arcsine_difference(
    events_1: ArrayLike, n_1: ArrayLike, events_2: ArrayLike, n_2: ArrayLike
) -> BinaryEffect:
    """Difference of the arcsines of the square roots of the risks; needs no constant.

    Parameters
    ----------
    events_1, events_2 : float or array
        Participants with the event, from 0 to the size of the arm.
    n_1, n_2 : float or array
        Participants of the arms, 1 or more.

    Returns
    -------
    BinaryEffect
        asin(sqrt(p_1)) - asin(sqrt(p_2)), positive where the event is more frequent in arm 1, with
        variance 1 / (4 n_1) + 1 / (4 n_2) (Rücker et al. 2009, section 2).

    Raises
    ------
    ParameterError
        For events outside 0 to n, an arm below 1, a missing value.

    Examples
    --------
    >>> round(arcsine_difference(2, 66, 4, 63).value, 3)
    -0.08
    """
    a, b, c, d = cells = read_cells(events_1, n_1, events_2, n_2)
    # Rücker et al. 2009, section 2
    value = np.arcsin(np.sqrt(a / (a + b))) - np.arcsin(np.sqrt(c / (c + d)))
    return binary_effect(
        value, 1 / (4 * (a + b)) + 1 / (4 * (c + d)), np.zeros_like(a, bool), cells
    )


def peto_log_odds_ratio(
    events_1: ArrayLike, n_1: ArrayLike, events_2: ArrayLike, n_2: ArrayLike
) -> BinaryEffect:
    """Logarithm of the odds ratio by Peto's one-step method, for rare events.

    Parameters
    ----------
    events_1, events_2 : float or array
        Participants with the event, from 0 to the size of the arm.
    n_1, n_2 : float or array
        Participants of the arms, 1 or more.

    Returns
    -------
    BinaryEffect
        (O - E) / V, positive where the event is more frequent in arm 1, with variance 1 / V
        (Yusuf et al. 1985, appendix).

    Raises
    ------
    ParameterError
        For tables without any event or with nothing else, on which the method is silent, and as
        `arcsine_difference`.

    Examples
    --------
    >>> round(peto_log_odds_ratio(2, 66, 4, 63).value, 3)
    -0.743
    """
    a, b, c, d = cells = read_cells(events_1, n_1, events_2, n_2)
    total, events = a + b + c + d, a + c
    if np.any(double_zeros(cells)):
        expected = "a participant with the event and one without, in the two arms together"
        raise ParameterError("events_1 + events_2", float(events[double_zeros(cells)][0]), expected)
    # Yusuf et al. 1985: observed minus expected, and the hypergeometric variance
    expected_1 = events * (a + b) / total
    v = expected_1 * (total - events) / total * (c + d) / (total - 1)
    return binary_effect((a - expected_1) / v, 1 / v, np.zeros_like(a, bool), cells)


def sample_odds_ratio(
    events_1: ArrayLike, n_1: ArrayLike, events_2: ArrayLike, n_2: ArrayLike
) -> float | Array:
    """Odds ratio of the table as it is.

    Parameters
    ----------
    events_1, events_2 : float or array
        Participants with the event, from 0 to the size of the arm.
    n_1, n_2 : float or array
        Participants of the arms, 1 or more.

    Returns
    -------
    float or ndarray
        ad / (bc), on the ratio scale, without a constant: 0 and infinity where cells are 0.

    Raises
    ------
    ParameterError
        For tables with both products 0, events outside 0 to n, an arm below 1, a missing value.

    Examples
    --------
    >>> round(sample_odds_ratio(21, 30, 9, 26), 3)
    4.407
    """
    a, b, c, d = read_cells(events_1, n_1, events_2, n_2)
    above, below = a * d, b * c
    if np.any((above == 0) & (below == 0)):
        raise ParameterError("events_1 + events_2", 0.0, "tables that give an odds ratio")
    with np.errstate(divide="ignore"):
        return plain(above / below)
