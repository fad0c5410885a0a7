"""Tolerances of the tests, each named once with its reason."""

import math
from decimal import Decimal
from typing import Any

import numpy as np

CLOSED_FORM = 1e-12
"""Closed forms: only the order of a few double operations may differ."""

ITERATIVE = 1e-8
"""Estimates found by iteration, where the reference is converged that far."""

ITERATIVE_LOOSE = 1e-6
"""The same where the reference itself was stopped earlier; never looser."""

SEARCHED = 1e-5
"""Variance components that a search over several of them found, and what hangs on these, where the
reference stopped on the flat top of the likelihood; never without a test of the likelihood itself
and of what follows from the variances of the reference."""

UNREFINED = 1e-3
"""Estimates of a reference that stopped at its default thresholds (1e-5 on tau2, or a root found
to four digits), relative to the number or to its standard error; never without exact comparisons
of the same formulas where nothing is searched for."""

LIKELIHOOD = 1e-6
"""Log-likelihoods this near to each other are the same top: every parameter is then within
sqrt(2e-6) = 0.0014 of its standard error of the other."""


def of_tail(p_value: float, by: float) -> float:
    """Relative tolerance of a P whose F or chi-square, and degrees of freedom, hold to `by`.

    Far out P falls as exp(-x / 2) in chi-square x, and as x to the power of -df / 2 in F: a change
    of x by one part in a million moves P by about -ln(P) parts. So 5.7e-12 holds to 27 times `by`.
    """
    return by * (1 - math.log(p_value))


def half_unit(printed: str) -> float:
    """Half a unit of the last digit of a printed number: 0.005 for "0.40"."""
    exponent = Decimal(printed).as_tuple().exponent
    assert isinstance(exponent, int)
    return float(Decimal(5).scaleb(exponent - 1))


def assert_close(actual: Any, expected: Any, tolerance: float, scale: Any, what: str) -> None:
    """Compare numbers relative to the expected ones or the scale, whichever is larger.

    None is close to None alone.
    """
    if expected is None or actual is None:
        assert actual is expected, f"{what}: {actual!r} against {expected!r}"
        return
    actual, expected = np.asarray(actual, float), np.asarray(expected, float)
    assert actual.size, f"{what}: nothing to compare"
    assert actual.shape == expected.shape, f"{what}: {actual.shape}"
    near = np.abs(actual - expected) <= tolerance * np.maximum(np.abs(expected), scale)
    assert near.all(), f"{what}: {actual} against {expected}"
