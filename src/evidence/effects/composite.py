"""Several effects of one trial as one, where an analysis takes one effect per trial."""

import numpy as np
from numpy.typing import ArrayLike

from evidence.effects.checked import at_least, between, finite_effect, numbers
from evidence.effects.effect import Effect
from evidence.errors import ParameterError


def composite(effect: ArrayLike, variance: ArrayLike, correlation: float) -> Effect:
    """Mean of several effects of one trial, with the variance that their correlation leaves it.

    Parameters
    ----------
    effect, variance : array_like of shape (m,)
        Effects on one scale (positive favors the intervention) and their sampling variances.
    correlation : float
        Supposed correlation of the errors of two of them, from 0 to 1.

    Returns
    -------
    Effect
        The plain mean, with variance (1/m)^2 (sum of v_i + sum of r sqrt(v_i v_j) over i != j)
        (Borenstein et al. 2009, Introduction to Meta-Analysis, chapter 24, multiple outcomes).

    Raises
    ------
    ParameterError
        For no effect, another number of variances, a missing value, a negative variance, or a
        correlation outside 0 to 1.

    Examples
    --------
    >>> composite([0.4, 0.6], [0.25, 0.25], 0.5)
    Effect(value=0.5, variance=0.1875)
    """
    effects = numbers("effect", effect)
    variances = at_least("variance", variance, 0)
    r = float(between("correlation", correlation, 0, 1))
    if effects.ndim != 1 or effects.size == 0 or variances.shape != effects.shape:
        raise ParameterError("effect", effects.shape, "a sequence with one variance for each")
    spread = np.sqrt(variances)
    # sum over all pairs of r s_i s_j, and the rest of the diagonal
    total = r * spread.sum() ** 2 + (1 - r) * variances.sum()
    return finite_effect(np.asarray(effects.mean()), np.asarray(total / effects.size**2))
