"""Several effects as one: the formula of Borenstein et al. (2009), chapter 24."""

import numpy as np
import pytest

from evidence.errors import ParameterError
from evidence.meta.effect_size import composite
from tests.tolerances import CLOSED_FORM


def test_the_variance_by_the_whole_matrix() -> None:
    variance = np.array([0.04, 0.09, 0.05])
    spread = np.sqrt(variance)
    for r in (0.0, 0.3, 0.6, 1.0):
        matrix = r * np.outer(spread, spread)
        np.fill_diagonal(matrix, variance)
        found = composite([0.4, 0.1, 0.7], variance, r)
        assert found.value == pytest.approx(0.4, abs=CLOSED_FORM)
        assert found.variance == pytest.approx(matrix.sum() / 9, abs=CLOSED_FORM)


def test_one_effect_is_itself() -> None:
    found = composite([0.3], [0.05], 0.6)
    assert (found.value, found.variance) == (0.3, 0.05)


def test_the_published_example() -> None:
    """Borenstein et al. (2009), table 24.2, Carr: 0.30 and 0.10, variance 0.05 both, r 0.5."""
    found = composite([0.30, 0.10], [0.05, 0.05], 0.5)
    assert found.value == pytest.approx(0.20, abs=CLOSED_FORM)
    assert found.variance == pytest.approx(0.0375, abs=CLOSED_FORM)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (([], [], 0.5), "effect"),
        (([0.1, 0.2], [0.1], 0.5), "effect"),
        (([0.1], [-0.1], 0.5), "variance"),
        (([0.1], [0.1], 1.2), "correlation"),
        (([0.1], [0.1], -0.2), "correlation"),
    ],
)
def test_what_is_not_accepted_is_named(arguments: tuple[object, ...], name: str) -> None:
    with pytest.raises(ParameterError) as raised:
        composite(*arguments)  # type: ignore[arg-type]
    assert raised.value.name == name
