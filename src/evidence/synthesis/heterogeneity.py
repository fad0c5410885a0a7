"""Variation between trials: tau2 by eight methods, Q, I2, H2 and the Q-profile interval.

All functions take `Sets` of two or more trials each and return one number per set.
"""

from collections.abc import Callable

import numpy as np
from scipy import special

from evidence.synthesis.likelihood import likelihood_tau2
from evidence.synthesis.roots import Flags, Floats, Rows, bracketed_newton
from evidence.synthesis.weighted import Sets, moments

TAU2_METHODS = ("REML", "ML", "DL", "PM", "EB", "SJ", "HE", "HS", "common")


def between_trial_variance(sets: Sets, method: str) -> tuple[Floats, Flags]:
    """Estimate tau2, truncated at 0.

    Parameters
    ----------
    sets : Sets
        Sets of two or more trials.
    method : str
        One of `TAU2_METHODS`; "common" sets tau2 to 0. EB solves the same equation as PM.

    Returns
    -------
    tau2 : ndarray of shape (n,)
    converged : ndarray of shape (n,)
        True for closed forms.

    Notes
    -----
    Veroniki et al. (2016), Res Synth Methods 7:55, section 3, and the sources named at each line.
    """
    if method in ("REML", "ML"):
        return likelihood_tau2(sets, restricted=method == "REML")
    if method in ("PM", "EB"):
        # Paule and Mandel (1982): Q(tau2) = k - 1. Morris (1983) arrives at the same equation.
        return generalized_q_root(sets, sets.degrees)
    closed_form = _CLOSED_FORMS[method](sets)
    return np.maximum(closed_form, 0.0), np.isfinite(closed_form)


def _common(sets: Sets) -> Floats:
    return np.zeros(sets.count.shape)


def _dersimonian_laird(sets: Sets) -> Floats:
    at = moments(sets.effect, sets.variance, 0.0)
    # DerSimonian and Laird (1986), equation 8; sum w - sum w^2 / sum w is the trace of P
    tau2: Floats = (at.q - sets.degrees) / at.trace
    return tau2


def _hedges(sets: Sets) -> Floats:
    mean_variance = np.where(sets.present, sets.variance, 0.0).sum(axis=0) / sets.count
    # Hedges (1983), Psychol Bull 93:388; Hedges and Olkin (1985), chapter 9
    tau2: Floats = sets.sum_of_squares / sets.degrees - mean_variance
    return tau2


def _hunter_schmidt(sets: Sets) -> Floats:
    at = moments(sets.effect, sets.variance, 0.0)
    # Hunter and Schmidt, in the form of Viechtbauer (2005), J Educ Behav Stat 30:261
    tau2: Floats = (at.q - sets.count) / at.total
    return tau2


def _sidik_jonkman(sets: Sets) -> Floats:
    # Sidik and Jonkman (2005), Appl Stat 54:367: one step from a crude variance
    crude = sets.sum_of_squares / sets.count
    at = moments(sets.effect, sets.variance, crude)
    tau2: Floats = crude * at.q / sets.degrees
    return tau2


_CLOSED_FORMS: dict[str, Callable[[Sets], Floats]] = {
    "DL": _dersimonian_laird,
    "SJ": _sidik_jonkman,
    "HE": _hedges,
    "HS": _hunter_schmidt,
    "common": _common,
}


def generalized_q_root(sets: Sets, target: Floats) -> tuple[Floats, Flags]:
    """Find the tau2 at which Q(tau2) = sum of (y - mu)^2 / (v + tau2) equals the target.

    Q falls with tau2; where it starts below the target the answer is 0. The root is sought in
    1/Q, which is nearly a straight line in tau2.
    """

    def reciprocal(tau2: Floats, rows: Rows) -> tuple[Floats, Floats]:
        at = moments(sets.effect[:, rows], sets.variance[:, rows], tau2)
        # dQ/dtau2 = -sum w^2 r^2
        fall = ((at.weight * at.residual) ** 2).sum(axis=0)
        return 1 / target[rows] - 1 / at.q, -fall / at.q**2

    tau2 = np.zeros(target.shape)
    converged = np.ones(target.shape, dtype=bool)
    above = np.flatnonzero(moments(sets.effect, sets.variance, 0.0).q > target)
    if above.size:
        # Q(tau2) <= SS / tau2, so that the root is at most SS / target.
        high = sets.sum_of_squares[above] / target[above]
        tau2[above], converged[above] = bracketed_newton(
            lambda x, rows: reciprocal(x, above[rows]),
            np.zeros(above.size),
            high,
            sets.variance[0, above],
        )
    return tau2, converged


def q_profile(sets: Sets, level: float) -> tuple[Floats, Floats]:
    """Interval of tau2 by inverting Q(tau2), which has a chi-square distribution.

    Viechtbauer (2007), Stat Med 26:37. Where the effects lie closer together than
    even the lower limit at 0 allows, the interval is empty and both ends are given as 0.
    """
    tail = (1 - level) / 2
    ends = [
        generalized_q_root(sets, chi_square_quantile(sets.degrees, probability))[0]
        for probability in (1 - tail, tail)
    ]
    return ends[0], ends[1]


def chi_square_quantile(df: Floats, probability: float) -> Floats:
    """Quantile of chi-square, evaluated once per distinct df."""
    distinct, where = np.unique(df, return_inverse=True)
    quantile = np.asarray(2 * special.gammaincinv(distinct / 2, probability), dtype=np.float64)
    return quantile[where]


def cochran_q(sets: Sets) -> tuple[Floats, Floats]:
    """Cochran's Q (1954) and its p value on k - 1 degrees of freedom."""
    q = moments(sets.effect, sets.variance, 0.0).q
    return q, np.asarray(special.chdtrc(sets.degrees, q), dtype=np.float64)


def typical_variance(sets: Sets) -> Floats:
    """Typical sampling variance: (k - 1) / (sum w - sum w^2 / sum w) with w = 1/v.

    Higgins and Thompson (2002), Stat Med 21:1539, equation 9.
    """
    typical: Floats = sets.degrees / moments(sets.effect, sets.variance, 0.0).trace
    return typical


def i_squared(sets: Sets, tau2: Floats) -> tuple[Floats, Floats]:
    """I2 (0 to 1) and H2 of a given tau2.

    Higgins and Thompson (2002), equations 9 and 10, with tau2 by any method: I2 = tau2 / (tau2 +
    typical variance), H2 = 1 / (1 - I2).
    """
    typical = typical_variance(sets)
    return tau2 / (tau2 + typical), (tau2 + typical) / typical


def i_squared_of_q(sets: Sets) -> tuple[Floats, Floats]:
    """I2 (0 to 1) and H2 of a common-effect analysis, from Q alone.

    Higgins and Thompson (2002), equation 10: H2 = Q / (k - 1), I2 = (H2 - 1) / H2, at least 0.
    """
    h2: Floats = moments(sets.effect, sets.variance, 0.0).q / sets.degrees
    i2: Floats = 1 - 1 / np.maximum(h2, 1.0)
    return i2, h2
