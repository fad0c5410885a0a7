"""Location-scale models: characteristics of trials that go with how much effects vary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from evidence.errors import ParameterError, check_choice
from evidence.meta.numerics import Floats, Optimum, maximize
from evidence.meta.pooling.batch import check_level
from evidence.meta.pooling.weights import arrange_one, numbers
from evidence.meta.regression.linear import Coefficient, Design, coefficients, read_design

METHODS = ("REML", "ML")

REACH = 30.0
"""log tau2 is sought this far below and above what variances and residuals suggest."""


@dataclass(frozen=True, slots=True)
class LocationScale:
    """A location-scale model; None where a quantity is not determined.

    Attributes
    ----------
    location : tuple of Coefficient
        What the effects go with, the intercept first.
    location_covariance : tuple of tuple of float
    scale : tuple of Coefficient or None
        What log tau2 goes with, the intercept first; None where the likelihood has no maximum
        inside the bounds or is flat there, as where tau2 goes to 0.
    scale_covariance : tuple of tuple of float, or None
    tau2 : tuple of float
        Variance between trials like each trial, in the order of the input.
    qm, qm_df, qm_p : float, int, float, or None
        Wald test of all location coefficients but the intercept; None without moderators.
    qs, qs_df, qs_p : float, int, float, or None
        The same of the scale coefficients.
    log_likelihood : float
        Restricted, or not, by the method.
    level : float
        Coverage of all intervals, which are normal.
    k : int
        Number of trials.
    method : str
    converged : bool
    warnings : tuple of str
        Sentences that a reader needs.
    """

    location: tuple[Coefficient, ...]
    location_covariance: tuple[tuple[float, ...], ...]
    scale: tuple[Coefficient, ...] | None
    scale_covariance: tuple[tuple[float, ...], ...] | None
    tau2: tuple[float, ...]
    qm: float | None
    qm_df: int | None
    qm_p: float | None
    qs: float | None
    qs_df: int | None
    qs_p: float | None
    log_likelihood: float
    level: float
    k: int
    method: str
    converged: bool
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Model:
    """Effects with variances, an orthonormal location design and a centered scale design."""

    effect: Floats
    variance: Floats
    basis: Floats
    columns: Floats
    restricted: bool


@dataclass(frozen=True, slots=True)
class _Fit:
    """The model at one value of the scale coefficients."""

    tau2: Floats
    weight: Floats
    inverse: Floats
    coefficients: Floats
    residual: Floats
    height: float
    slope_tau2: Floats


def location_scale(
    effect: Any,
    variance: Any,
    moderators: Mapping[str, Sequence[Any]],
    scale: Mapping[str, Sequence[Any]],
    *,
    method: str = "REML",
    level: float = 0.95,
) -> LocationScale:
    """Model effects and the logarithm of their variance between trials by characteristics.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects (positive favors the intervention; ratios on the log scale) and their sampling
        variances.
    moderators, scale : mapping of str to sequence of length k
        What effects, and log tau2, may go with, as in
        `evidence.meta.regression.meta_regression`; either can be empty.
    method : {"REML", "ML"}
    level : float
        Coverage of the intervals.

    Returns
    -------
    LocationScale

    Raises
    ------
    ParameterError
        As `meta_regression`, for both sets of characteristics.

    Notes
    -----
    Viechtbauer and Lopez-Lopez (2022), Res Synth Methods 13:697: tau2_i = exp(z_i'a). Intervals
    and tests are Wald's, with the observed information of the scale coefficients.

    Examples
    --------
    >>> found = location_scale(
    ...     [0.1, 0.3, 0.2, 0.9, -0.4, 1.2, 0.5, 1.6],
    ...     [0.02, 0.03, 0.02, 0.04, 0.03, 0.02, 0.03, 0.02],
    ...     {}, {"weeks": [6, 8, 7, 12, 14, 12, 16, 16]})
    >>> found.scale[1].name, round(found.scale[1].estimate, 3)
    ('weeks', 0.42)
    """
    check_choice("method", method, METHODS)
    check_level(level)
    k = int(arrange_one(effect, variance).count[0])
    effects, variances = numbers("effect", effect), numbers("variance", variance)
    location, spread = read_design(moderators, k), _read_scale(scale, k)
    basis, triangle = np.linalg.qr(location.matrix)
    columns, back = _centered(spread.matrix)
    model = _Model(effects, variances, basis, columns, method == "REML")
    optimum, at = _search(model)
    uncentered = np.linalg.inv(triangle)
    estimates, covariance = (
        uncentered @ at.coefficients,
        uncentered @ at.inverse @ uncentered.T,
    )
    qm, qm_df, qm_p = _wald_test(estimates, covariance)
    information = -_curvature(model, at)
    determined = _determined(optimum, information)
    slopes = back @ optimum.theta
    slopes_covariance = back @ np.linalg.inv(information) @ back.T if determined else None
    qs, qs_df, qs_p = (
        (None, None, None) if slopes_covariance is None else _wald_test(slopes, slopes_covariance)
    )
    return LocationScale(
        location=coefficients(
            location.names, estimates, np.sqrt(np.diagonal(covariance)), None, level
        ),
        location_covariance=_plain(covariance),
        scale=None
        if slopes_covariance is None
        else coefficients(
            spread.names, slopes, np.sqrt(np.diagonal(slopes_covariance)), None, level
        ),
        scale_covariance=None if slopes_covariance is None else _plain(slopes_covariance),
        tau2=tuple(at.tau2.tolist()),
        qm=qm,
        qm_df=qm_df,
        qm_p=qm_p,
        qs=qs,
        qs_df=qs_df,
        qs_p=qs_p,
        log_likelihood=at.height + _constant(location.matrix, k, restricted=model.restricted),
        level=float(level),
        k=k,
        method=method,
        converged=optimum.converged,
        warnings=_warnings(optimum, determined=determined),
    )


def _read_scale(scale: Mapping[str, Sequence[Any]], k: int) -> Design:
    try:
        return read_design(scale, k)
    except ParameterError as error:
        name = error.name.replace("moderators", "scale")
        raise ParameterError(name, error.value, error.expected) from None


def _centered(matrix: Floats) -> tuple[Floats, Floats]:
    """Columns centered and in SDs but for the first, and what turns slopes back."""
    center, sd = matrix.mean(axis=0), matrix.std(axis=0)
    center[0], sd[0] = 0.0, 1.0
    back = np.diag(1 / sd)
    back[0, 1:] = -center[1:] / sd[1:]
    return (matrix - center) / sd, back


def _fitted(model: _Model, theta: Floats) -> _Fit:
    tau2 = np.exp(model.columns @ theta)
    weight = 1 / (model.variance + tau2)
    products = model.basis.T @ (weight[:, None] * model.basis)
    inverse = np.asarray(np.linalg.inv(products), dtype=np.float64)
    coefficients = inverse @ (model.basis.T @ (weight * model.effect))
    residual = model.effect - model.basis @ coefficients
    height = (np.log(weight).sum() - (weight * residual**2).sum()) / 2
    lost = weight
    if model.restricted:
        height += np.linalg.slogdet(inverse)[1] / 2
        # diagonal of P = W - W X (X'W X)^-1 X'W
        lost = weight * (1 - weight * ((model.basis @ inverse) * model.basis).sum(axis=1))
    # dl/dtau2_i = ((P y)_i^2 - P_ii) / 2, with W for P in the second part of ML
    slope = ((weight * residual) ** 2 - lost) / 2
    return _Fit(tau2, weight, inverse, coefficients, residual, float(height), slope)


def _search(model: _Model) -> tuple[Optimum, _Fit]:
    """Climb from several sizes of tau2 and slopes of either sign."""

    def objective(theta: Floats) -> tuple[float, Floats]:
        try:
            at = _fitted(model, theta)
        except np.linalg.LinAlgError:
            # Variances so unequal that some weights vanish beside the others.
            return -np.inf, np.zeros(theta.shape)
        return at.height, model.columns.T @ (at.slope_tau2 * at.tau2)

    residual = model.effect - model.basis @ (model.basis.T @ model.effect)
    crude = float((residual**2).sum()) / (model.effect.size - model.basis.shape[1])
    sizes = (crude, 0.1 * crude, float(np.median(model.variance)), float(model.variance.min()))
    terms = model.columns.shape[1]
    families = []
    for slope in (0.0, 1.5, -1.5) if terms > 1 else (0.0,):
        starts = []
        for size in sizes:
            start = np.full(terms, slope)
            start[0] = np.log(max(size, 1e-12 * float(model.variance.max())))
            starts.append(start)
        families.append(starts)
    lower, upper = np.full(terms, -REACH), np.full(terms, REACH)
    lower[0] = np.log(model.variance.min()) - REACH
    upper[0] = np.log(max(crude, float(model.variance.max()))) + REACH
    optimum = maximize(objective, families, lower, upper)
    return optimum, _fitted(model, optimum.theta)


def _curvature(model: _Model, at: _Fit) -> Floats:
    """Second derivatives of the log-likelihood in the scale coefficients."""
    loaded = at.weight[:, None] * model.basis
    projection = np.diag(at.weight) - loaded @ at.inverse @ loaded.T
    py = at.weight * at.residual
    # d2l/dtau2_i dtau2_j = P_ij^2 / 2 - (P y)_i P_ij (P y)_j; W for P in the first part of ML
    first = projection**2 if model.restricted else np.diag(at.weight**2)
    second = first / 2 - py[:, None] * projection * py
    scaled = model.columns * at.tau2[:, None]
    by_slope: Floats = model.columns.T @ ((at.slope_tau2 * at.tau2)[:, None] * model.columns)
    return scaled.T @ second @ scaled + by_slope


def _determined(optimum: Optimum, information: Floats) -> bool:
    inside = bool((np.abs(optimum.theta[1:]) < REACH).all())
    # In units of an SD of a characteristic; a coefficient with an SE of 1,000 says nothing.
    steep = bool(np.linalg.eigvalsh(information)[0] > 1e-6)
    return optimum.converged and not optimum.flat and inside and steep


def _wald_test(
    estimates: Floats, covariance: Floats
) -> tuple[float, int, float] | tuple[None, None, None]:
    tested = estimates[1:]
    if tested.size == 0:
        return None, None, None
    statistic = float(tested @ np.linalg.solve(covariance[1:, 1:], tested))
    return statistic, tested.size, float(special.chdtrc(tested.size, statistic))


def _constant(matrix: Floats, k: int, *, restricted: bool) -> float:
    """Give what the log-likelihood leaves out while it is climbed, for an orthonormal basis."""
    df = k - matrix.shape[1] if restricted else k
    return float(-df * np.log(2 * np.pi) / 2)


def _plain(matrix: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in matrix.tolist())


def _warnings(optimum: Optimum, *, determined: bool) -> tuple[str, ...]:
    sentences = []
    if not optimum.converged:
        sentences.append("The search for the scale coefficients did not converge.")
    elif not determined:
        sentences.append(
            "The trials do not determine what the variance between trials goes with: the "
            "likelihood is flat, or rises toward a variance of 0 in some trials."
        )
    return tuple(sentences)
