"""Coefficients, contrasts and joint tests of a fitted model of several effects per trial."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import special

from evidence.errors import ParameterError
from evidence.synthesis.intervals import check_choice, check_level, quantile, two_sided_p
from evidence.synthesis.multilevel_result import Coefficient, JointTest, MultilevelFit, Working
from evidence.synthesis.robust import ROBUST, Sandwich, hotelling, sandwich
from evidence.synthesis.roots import Floats

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
        `evidence.synthesis.robust`.

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
    >>> from evidence.synthesis.multilevel import fit_multivariate
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
