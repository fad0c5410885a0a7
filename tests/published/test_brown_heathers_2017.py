"""Brown NJL, Heathers JAJ. The GRIM test. Soc Psychol Personal Sci. 2017;8:363-369. The worked
example: a mean of 5.19 of 28 whole numbers; and the ages of Heathers' essay on the test (2016).
"""

import pytest

from evidence.integrity.moments import grim


@pytest.mark.parametrize(
    ("mean", "n", "possible"),
    [
        # 145 / 28 is 5.18 and 146 / 28 is 5.21; nothing lies between
        ("5.18", 28, True),
        ("5.19", 28, False),
        ("5.20", 28, False),
        ("5.21", 28, True),
    ],
)
def test_worked_example(mean, n, possible):
    assert grim(mean, n) is possible


def test_ages_of_twelve_students():
    ages = [17, 19, 19, 20, 20, 21, 21, 21, 21, 22, 24, 26]
    assert f"{sum(ages) / 12:.2f}" == "20.92"
    assert grim("20.92", 12)
    # one year more in all, and the next mean that is possible is 21
    assert grim("21.00", 12)
    assert not any(grim(f"20.{digits}", 12) for digits in range(93, 100))
