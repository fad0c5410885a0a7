"""What a model of several effects per trial gives: results, robust errors, contrasts.

Cluster-robust variances with the bias-reduced linearization CR2, Satterthwaite degrees of freedom
and the approximate Hotelling test, all for weights that are the inverse of the working covariance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import special

from evidence.errors import ParameterError, check_choice
from evidence.meta.multilevel.covariance import BlockModel, Evaluation
from evidence.meta.multilevel.random_effects import Searched
from evidence.meta.numerics import Floats
from evidence.meta.pooling.batch import check_level, quantile, two_sided_p

LOW_DF = 4
"""Below this t by Satterthwaite is unreliable: Tipton (2015), Psychol Methods 20:375."""


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One coefficient or contrast; None where the data do not determine it.

    Attributes
    ----------
    name : str
    estimate : float
        On the scale of the effects (positive favors the intervention).
    se, ci_low, ci_high : float or None
        Standard error and interval; None where residuals cannot show the error (cluster-robust
        inference on a coefficient for which the design fits a trial exactly).
    df : float or None
        Degrees of freedom of t; None where the normal distribution is used, or without `se`.
    p_value : float or None
        Two-sided, against 0.
    """

    name: str
    estimate: float
    se: float | None
    ci_low: float | None
    ci_high: float | None
    df: float | None
    p_value: float | None

    @property
    def enough_df(self) -> bool:
        """Whether p value and interval have enough degrees of freedom to rely on.

        With fewer than `LOW_DF` errors of the first kind are far from their level (Tipton 2015,
        Psychol Methods 20:375).
        """
        return self.df is None or self.df >= LOW_DF


@dataclass(frozen=True, slots=True)
class JointTest:
    """Test that several coefficients are all 0.

    Attributes
    ----------
    names : tuple of str
        The coefficients.
    statistic, p_value : float or None
        F; with z, chi-square. None where too few trials leave CR2 no degrees of freedom, or
        where a coefficient has no robust standard error.
    df_numerator : int
    df_denominator : float or None
        None with z, or without `statistic`.
    inference : str
    """

    names: tuple[str, ...]
    statistic: float | None
    df_numerator: int
    df_denominator: float | None
    p_value: float | None
    inference: str


@dataclass(frozen=True, slots=True)
class Working:
    """Data, estimated covariance and names, from which contrasts and robust errors are computed.

    Attributes
    ----------
    names : tuple of str
        Columns of the design.
    model : BlockModel
    at : Evaluation
        At the estimated variances.
    searched : Searched or None
        Where they come from; None where they were not searched for.
    """

    names: tuple[str, ...]
    model: BlockModel
    at: Evaluation
    searched: Searched | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MultilevelFit:
    """A model of several effects per trial; None where a quantity is not part of the model.

    Attributes
    ----------
    coefficients : tuple of Coefficient
        One per column of the design; "intercept" is the mean effect.
    covariance : tuple of tuple of float
        Of the coefficients, by `inference`, as computed: see `Coefficient.se`.
    inference : {"z", "t", "CR0", "CR1", "CR2"}
        Where standard errors come from: the model, with the normal distribution or t on k - p
        degrees of freedom; or cluster-robust, with Satterthwaite degrees of freedom.
    level : float
        Coverage of all intervals.
    sigma2_cluster, sigma2_effect : float or None
        Variance between trials, and between effects within a trial.
    structure : str or None
        Kind of covariance between outcomes.
    outcomes : tuple of str
        Outcomes (or times) in the order of `tau2`; empty in a model without them.
    tau2 : tuple of float
        Variance between trials of each outcome.
    rho : tuple of float or None
        Correlations: of each pair of outcomes in the order (1, 2), (1, 3), ..., (2, 3), ... if
        unstructured, else the one parameter, empty without one. None where a variance of the pair
        is 0.
    log_likelihood : float
        At the estimates; restricted if the method is REML.
    i2, i2_cluster, i2_effect : float or None
        Share (0 to 1) of the variance that is not sampling error, and the part of each level.
    q, q_df, q_p : float, int, float
        Test of heterogeneity: weighted squares about the fit without random effects.
    prediction_low, prediction_high : float or None
        Interval for an effect of a new trial; None with moderators.
    k_trials, k_estimates : int
    method : {"REML", "ML"}
    converged : bool
        Whether the search ended at a maximum.
    boundary : tuple of str
        Parameters at an end of their range, such as "sigma2_effect" or "rho".
    warnings : tuple of str
        Sentences that a reader of the estimate needs.
    working : Working
        What contrasts and other inference start from.
    """

    coefficients: tuple[Coefficient, ...]
    covariance: tuple[tuple[float, ...], ...]
    inference: str
    level: float
    sigma2_cluster: float | None = None
    sigma2_effect: float | None = None
    structure: str | None = None
    outcomes: tuple[str, ...] = ()
    tau2: tuple[float, ...] = ()
    rho: tuple[float | None, ...] = ()
    log_likelihood: float
    i2: float | None = None
    i2_cluster: float | None = None
    i2_effect: float | None = None
    q: float
    q_df: int
    q_p: float
    prediction_low: float | None = None
    prediction_high: float | None = None
    k_trials: int
    k_estimates: int
    method: str
    converged: bool
    boundary: tuple[str, ...]
    warnings: tuple[str, ...]
    working: Working = field(repr=False, compare=False)


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


INFERENCE = ("z", "t", *ROBUST)


class Inference:
    """Standard errors and degrees of freedom of one kind for one fit."""

    def __init__(self, working: Working, kind: str, level: float) -> None:
        check_choice("inference", kind, INFERENCE)
        check_level(level)
        self.working, self.kind, self.level = working, kind, level
        model, at = working.model, working.at
        self.sandwich: Sandwich | None = None
        self.on_basis: Floats = at.inverse
        if kind in ROBUST:
            self.sandwich = sandwich(model, at, kind)
            self.on_basis = self.sandwich.covariance
        self.estimate = model.offset + at.coefficients

    def on_design(self, weights: Floats) -> Floats:
        """Turn weights of coefficients of the design, (..., p), into weights on the basis."""
        # L beta = L R^-1 gamma
        turned = np.linalg.solve(self.working.model.triangle.T, weights.T).T
        return np.asarray(turned, dtype=np.float64)

    def covariance(self) -> tuple[tuple[float, ...], ...]:
        """Covariance of the coefficients of the design."""
        turn = self.on_design(np.eye(len(self.working.names)))
        matrix = turn @ self.on_basis @ turn.T * self.working.model.unit**2
        return tuple(tuple(row) for row in ((matrix + matrix.T) / 2).tolist())

    def contrast(self, name: str, weights: Floats) -> Coefficient:
        """Estimate one linear combination of the coefficients."""
        unit = self.working.model.unit
        turned = self.on_design(weights)
        estimate = float(turned @ self.estimate) * unit
        df = None
        if self.kind == "t":
            k, p = self.working.model.basis.shape
            df = float(k - p)
        elif self.sandwich is not None:
            df = self.sandwich.degrees(turned)
            if df is None:
                return Coefficient(name, estimate, None, None, None, None, None)
        se = float(np.sqrt(turned @ self.on_basis @ turned)) * unit
        margin = self.reach(df) * se
        p_value = two_sided_p(np.array([estimate]), np.array([se]), _as_array(df))
        return Coefficient(
            name, estimate, se, estimate - margin, estimate + margin, df, float(p_value[0])
        )

    def reach(self, df: float | None) -> float:
        """Two-sided quantile of the distribution of the statistic."""
        return float(quantile(_as_array(df), self.level)[0])

    def coefficients(self) -> tuple[Coefficient, ...]:
        """All coefficients of the design."""
        names = self.working.names
        return tuple(
            self.contrast(name, row) for name, row in zip(names, np.eye(len(names)), strict=True)
        )


def _as_array(df: float | None) -> Floats:
    return np.array([np.nan if df is None else df])


def coefficients(fit: MultilevelFit, inference: str) -> tuple[Coefficient, ...]:
    """Give the coefficients of a fit with another kind of inference.

    Parameters
    ----------
    fit : MultilevelFit
    inference : {"z", "t", "CR0", "CR1", "CR2"}
        As in `MultilevelFit`. CR0 takes residuals as they are, CR1 multiplies by J / (J - 1), CR2
        is bias-reduced linearization; all with Satterthwaite degrees of freedom. Sources in
        `evidence.meta.multilevel.inference`.

    Raises
    ------
    ParameterError
        For a kind that is not accepted.
    """
    return Inference(fit.working, inference, fit.level).coefficients()


def contrast(
    fit: MultilevelFit, weights: Mapping[str, float], *, inference: str | None = None
) -> Coefficient:
    """Estimate a linear combination of coefficients, such as follow-up minus post.

    Parameters
    ----------
    fit : MultilevelFit
    weights : mapping of str to float
        Weight of each coefficient, by name; 0 for those not named.
    inference : {"z", "t", "CR0", "CR1", "CR2"}, optional
        That of the fit by default.

    Raises
    ------
    ParameterError
        For a name that is not a coefficient, or weights that are all 0 or not finite.

    Examples
    --------
    >>> from evidence.meta.multilevel import fit_multivariate
    >>> fit = fit_multivariate(
    ...     [0.5, 0.3, 0.6, 0.5, 0.2, 0.1], [0.04, 0.05, 0.06, 0.06, 0.05, 0.07],
    ...     ["a", "a", "b", "b", "c", "c"], ["post", "later"] * 3, structure="CS")
    >>> change = contrast(fit, {"later": 1, "post": -1})
    >>> change.name, round(change.estimate, 2)
    ('later - post', -0.13)
    """
    place = _places(fit, "weights", list(weights))
    values = np.zeros(len(fit.working.names))
    values[place] = [float(weight) for weight in weights.values()]
    if not np.isfinite(values).all() or not values.any():
        raise ParameterError("weights", dict(weights), "finite weights that are not all 0")
    kind = fit.inference if inference is None else inference
    return Inference(fit.working, kind, fit.level).contrast(_describe(weights), values)


def _describe(weights: Mapping[str, float]) -> str:
    text = ""
    for name, weight in weights.items():
        size = "" if abs(weight) == 1 else f"{abs(weight):g} "
        sign = "-" if weight < 0 else "+"
        text += f" {sign} {size}{name}" if text else f"{'-' if weight < 0 else ''}{size}{name}"
    return text


def joint_test(
    fit: MultilevelFit, names: Sequence[str], *, inference: str | None = None
) -> JointTest:
    """Test whether several coefficients are all 0, such as the levels of a moderator.

    Parameters
    ----------
    fit : MultilevelFit
    names : sequence of str
        Coefficients.
    inference : {"z", "t", "CR2"}, optional
        Chi-square; F on k - p; approximate Hotelling test by CR2 (Tipton and Pustejovsky 2015).
        That of the fit by default.

    Raises
    ------
    ParameterError
        For a name that is not a coefficient, no or repeated names, or a kind that is not accepted.
    """
    kind = fit.inference if inference is None else inference
    check_choice("inference", kind, ("z", "t", "CR2"))
    place = _places(fit, "names", list(names))
    q = len(place)
    chosen = tuple(names)
    by = Inference(fit.working, kind, fit.level)
    turned = by.on_design(np.eye(len(fit.working.names))[place])
    if by.sandwich is not None:
        statistic, degrees = hotelling(by.sandwich, turned, by.estimate)
        if degrees <= 0 or by.sandwich.hides(turned):
            return JointTest(chosen, None, q, None, None, kind)
        p_value = float(special.fdtrc(q, degrees, statistic))
        return JointTest(chosen, statistic, q, degrees, p_value, kind)
    value = turned @ by.estimate
    wald = float(value @ np.linalg.solve(turned @ by.on_basis @ turned.T, value))
    if kind == "z":
        return JointTest(chosen, wald, q, None, float(special.chdtrc(q, wald)), kind)
    k, p = fit.working.model.basis.shape
    return JointTest(chosen, wald / q, q, k - p, float(special.fdtrc(q, k - p, wald / q)), kind)


def _places(fit: MultilevelFit, name: str, given: list[str]) -> list[int]:
    accepted = fit.working.names
    for own in given:
        if own not in accepted:
            raise ParameterError(name, own, "one of " + ", ".join(accepted))
    if not given or len(set(given)) < len(given):
        raise ParameterError(name, given, "one or more coefficients, each once")
    return [accepted.index(own) for own in given]
