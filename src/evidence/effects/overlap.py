"""What a standardized mean difference means for two normal distributions of equal SD.

All functions broadcast; scalars give Python floats. d is the difference in SDs, arm 1 minus arm 2.
A missing value, or one that is no finite number, raises `ParameterError`.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from evidence.effects.checked import Array, above, numbers, plain


def cohen_u1(d: ArrayLike) -> float | Array:
    """Share of both distributions taken together that does not overlap.

    Cohen (1988), Statistical power analysis, 2nd edition, section 2.2.

    Examples
    --------
    >>> round(cohen_u1(0.9), 3)
    0.516
    """
    u2 = ndtr(np.abs(numbers("d", d)) / 2)
    return plain((2 * u2 - 1) / u2)


def cohen_u2(d: ArrayLike) -> float | Array:
    """Share of one arm that exceeds the same share of the other.

    Cohen (1988), section 2.2.

    Examples
    --------
    >>> round(cohen_u2(0.9), 3)
    0.674
    """
    return plain(ndtr(numbers("d", d) / 2))


def cohen_u3(d: ArrayLike) -> float | Array:
    """Share of arm 2 that lies below the mean of arm 1.

    Cohen (1988), section 2.2.

    Examples
    --------
    >>> round(cohen_u3(0.9), 3)
    0.816
    """
    return plain(ndtr(numbers("d", d)))


def superiority_from_d(d: ArrayLike) -> float | Array:
    """Probability that a participant of arm 1 scores higher than one of arm 2.

    The common language effect size of McGraw and Wong (1992), Psychol Bull 111:361.

    Examples
    --------
    >>> round(superiority_from_d(0.9), 3)
    0.738
    """
    return plain(ndtr(numbers("d", d) / np.sqrt(2)))


def binomial_effect_size(d: ArrayLike) -> float | Array:
    """Success rate of arm 1 when the correlation of arm and outcome is shown as 50% plus or minus.

    The binomial effect size display of Rosenthal and Rubin (1982), J Educ Psychol 74:166, for equal
    arms. It is no risk of any event.

    Examples
    --------
    >>> round(binomial_effect_size(0.9), 3)
    0.705
    """
    d = numbers("d", d)
    return plain(0.5 + d / np.sqrt(d**2 + 4) / 2)


def points_from_d(d: ArrayLike, sd: ArrayLike) -> float | Array:
    """Difference in points of an instrument whose scores have this SD.

    Cochrane Handbook 2019, 15.5.3.2.

    Examples
    --------
    >>> points_from_d(0.9, 2.5)
    2.25
    """
    return plain(numbers("d", d) * above("sd", sd, 0))
