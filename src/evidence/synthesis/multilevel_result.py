"""What a model of several effects per trial gives."""

from dataclasses import dataclass, field

from evidence.synthesis.block_likelihood import BlockModel, Evaluation


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
    """

    names: tuple[str, ...]
    model: BlockModel
    at: Evaluation


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
