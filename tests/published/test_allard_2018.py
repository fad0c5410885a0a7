"""Allard A. Analytic-GRIMMER: a new way of testing the possibility of standard deviations. 2018.
Examples as distributed with the author's algorithm in the R package rsprite2 (tests of
GRIMMER_test) and, for the first, beside it as its example input.
"""

import pytest

from evidence.integrity.moments import grimmer


@pytest.mark.parametrize(
    ("mean", "sd", "n", "possible"),
    [
        # no whole sum of squares: 48.4 to 48.7
        ("1.03", "0.41", 40, False),
        # the only whole sum of squares, 317, is odd while the sum, 62, is even
        ("3.44", "2.47", 18, False),
        ("5.21", "1.6", 28, True),
        # the mean fails GRIM
        ("5.19", "1.5", 28, False),
    ],
)
def test_examples(mean, sd, n, possible):
    assert grimmer(mean, sd, n) is possible
