"""Standard errors that hold when the assumed correlations within trials are wrong.

Cluster-robust variances with the bias-reduced linearization CR2, Satterthwaite degrees of freedom
and the approximate Hotelling test, all for weights that are the inverse of the working covariance.
"""

from dataclasses import dataclass

import numpy as np

from evidence.synthesis.block_likelihood import BlockModel, Evaluation
from evidence.synthesis.roots import Floats

ROBUST = ("CR0", "CR1", "CR2")

NULL = 1e-10
"""Share of a variance below which it is taken as 0: the design then fits a cluster exactly."""

UNSEEN = 0.01
"""Share of a variance that may be missing from a robust one: its root is then 0.5% too small."""


@dataclass(frozen=True, slots=True)
class Sandwich:
    """What cluster-robust inference needs, in coordinates of the basis of the model.

    Attributes
    ----------
    covariance : ndarray of shape (p, p)
        Robust covariance of the coefficients.
    inverse : ndarray of shape (p, p)
        Their covariance if the working covariance is right.
    own : ndarray of shape (J, p, p)
        Variance that each cluster's term would have by its own working covariance.
    reach : ndarray of shape (J, p, p)
        X' times the loading of each cluster's residuals on the coefficients.
    unseen : ndarray of shape (p, p)
        Part of the working covariance of the coefficients that no residual shows, because the
        design fits some cluster exactly.
    """

    covariance: Floats
    inverse: Floats
    own: Floats
    reach: Floats
    unseen: Floats

    def overlap(self, a: Floats, b: Floats, c: Floats, d: Floats) -> float:
        """Sum over clusters i, j of cov(a_i, b_j) cov(c_i, d_j) under the working covariance.

        a_i is the term of cluster i in the estimate of the contrast a. With P = W - W X A X'W the
        covariance of two terms is [i = j] a'own_i b - (reach_i a)'A (reach_j b); the sum over
        pairs then needs no matrix of clusters by clusters.
        """
        own_ab, own_cd = (np.einsum("jpq,p,q->j", self.own, *pair) for pair in ((a, b), (c, d)))
        ra, rb, rc, rd = (self.reach @ contrast for contrast in (a, b, c, d))
        at_ab, at_cd = (
            np.einsum("jp,pq,jq->j", left, self.inverse, right)
            for left, right in ((ra, rb), (rc, rd))
        )
        crossed = np.trace(self.inverse @ (rb.T @ rd) @ self.inverse @ (rc.T @ ra))
        return float(own_ab @ own_cd - own_ab @ at_cd - own_cd @ at_ab + crossed)

    def expected(self, a: Floats, b: Floats) -> float:
        """Give the expected robust covariance of two contrasts under the working covariance."""
        own = float(np.einsum("jpq,p,q->", self.own, a, b))
        return own - float(np.einsum("jp,pq,jq->", self.reach @ a, self.inverse, self.reach @ b))

    def hides(self, contrasts: Floats) -> bool:
        """Whether the residuals leave out a part of the variance of some of the contrasts."""
        unseen, model = (contrasts @ own @ contrasts.T for own in (self.unseen, self.inverse))
        root = np.linalg.inv(np.linalg.cholesky(model))
        shares = np.linalg.eigvalsh(root @ unseen @ root.T)
        return bool(shares[-1] > UNSEEN)

    def degrees(self, contrast: Floats) -> float | None:
        """Satterthwaite degrees of freedom: 2 E(V)^2 / Var(V).

        Pustejovsky and Tipton (2018), J Bus Econ Stat 36:672, section 3.1. None where the design
        fits a trial exactly whose error is part of the contrast: its residuals are 0 whatever that
        error is, so that the variance would come out too small.
        """
        if self.hides(contrast[None, :]):
            return None
        expected = self.expected(contrast, contrast)
        return expected**2 / self.overlap(contrast, contrast, contrast, contrast)


def sandwich(model: BlockModel, at: Evaluation, kind: str) -> Sandwich:
    """Compute the cluster-robust covariance.

    Parameters
    ----------
    model : BlockModel
        Its effects, and the clusters: the trials.
    at : Evaluation
        Working covariance and residuals.
    kind : {"CR0", "CR1", "CR2"}
        Residuals as they are (Hedges, Tipton and Johnson 2010, Res Synth Methods 1:39, equation
        3); times J / (J - 1); adjusted so that the variance is unbiased if the working covariance
        is right (Pustejovsky and Tipton 2018, J Bus Econ Stat 36:672, equations 6 to 8).
    """
    p = model.basis.shape[1]
    covariance, unseen = np.zeros((p, p)), np.zeros((p, p))
    own, reach = np.zeros((model.k_trials, p, p)), np.zeros((model.k_trials, p, p))
    factor = model.k_trials / (model.k_trials - 1) if kind == "CR1" else 1.0
    for group, precision, residual in zip(model.groups, at.precision, at.residual, strict=True):
        columns = model.basis[group.rows]
        loading = at.inverse @ (precision @ columns).transpose(0, 2, 1)
        working = np.asarray(np.linalg.inv(precision), dtype=np.float64)
        shown = working - columns @ at.inverse @ columns.transpose(0, 2, 1)
        adjustment = _adjustment(working, shown)
        hidden = working - adjustment @ shown @ adjustment.transpose(0, 2, 1)
        unseen += (loading @ hidden @ loading.transpose(0, 2, 1)).sum(axis=0)
        loading = loading @ adjustment if kind == "CR2" else loading * np.sqrt(factor)
        term = (loading @ residual[:, :, None])[:, :, 0]
        covariance += term.T @ term
        own[group.trials] = loading @ working @ loading.transpose(0, 2, 1)
        reach[group.trials] = (loading @ columns).transpose(0, 2, 1)
    return Sandwich(covariance, at.inverse, own, reach, unseen)


def _adjustment(working: Floats, shown: Floats) -> Floats:
    """Find A with A S A' = Phi for the covariance of residuals S = Phi - X M X'.

    Pustejovsky and Tipton (2018), equation 8: A = D' B^(-1/2) D with Phi = D'D and B = D S D', the
    root by the Moore-Penrose inverse.
    """
    root = np.linalg.cholesky(working)  # D'
    inner = root.transpose(0, 2, 1) @ shown @ root
    values, vectors = np.linalg.eigh((inner + inner.transpose(0, 2, 1)) / 2)
    present = values > NULL * np.linalg.norm(working, axis=(1, 2))[:, None] ** 2
    powers = np.where(present, 1 / np.sqrt(np.where(present, values, 1.0)), 0.0)
    inverse_root = (vectors * powers[:, None, :]) @ vectors.transpose(0, 2, 1)
    return np.asarray(root @ inverse_root @ root.transpose(0, 2, 1))


def hotelling(sandwich: Sandwich, contrasts: Floats, estimate: Floats) -> tuple[float, float]:
    """F and its denominator degrees of freedom for several contrasts, all 0, by CR2.

    Parameters
    ----------
    sandwich : Sandwich
        By CR2.
    contrasts : ndarray of shape (q, p)
        On the basis.
    estimate : ndarray of shape (p,)

    Notes
    -----
    Tipton and Pustejovsky (2015), J Educ Behav Stat 40:604, the test AHT-Z; Pustejovsky and
    Tipton (2018), section 3.2. The degrees can be 0 or less: then there is no test.
    """
    q = contrasts.shape[0]
    expected = np.array([[sandwich.expected(a, b) for b in contrasts] for a in contrasts])
    values, vectors = np.linalg.eigh(expected)
    standard = (vectors / np.sqrt(values)) @ vectors.T @ contrasts
    spread = sum(
        sandwich.overlap(s, s, t, t) + sandwich.overlap(s, t, t, s)
        for s in standard
        for t in standard
    )
    # eta = q (q + 1) / sum of Var(d_st)
    eta = q * (q + 1) / spread
    value = contrasts @ estimate
    robust = contrasts @ sandwich.covariance @ contrasts.T
    quadratic = float(value @ np.linalg.solve(robust, value))
    # (eta - q + 1) / (eta q) times the quadratic form is F(q, eta - q + 1)
    degrees = eta - q + 1
    return degrees / (eta * q) * quadratic, degrees
