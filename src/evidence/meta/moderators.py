"""Meta-regression by a formula: what goes with the effects of a table of studies."""

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from formulaic import Formula
from formulaic.errors import FormulaicError

from evidence.errors import ParameterError, check_choice
from evidence.meta.answers import (
    Answer,
    Scale,
    Shown,
    answer,
    digits,
    more_rows,
    p_words,
    percent,
    rows_of,
    spread,
    with_interval,
)
from evidence.meta.estimate import TITLES, errors_of, spread_of, supposed_in, trials_of
from evidence.meta.frame import EFFECT, STUDY, VARIANCE, Column, Faults
from evidence.meta.multilevel import fit_multilevel
from evidence.meta.multilevel.inference import MultilevelFit
from evidence.meta.multilevel.random_effects import LEVELS
from evidence.meta.numerics import Floats
from evidence.meta.regression import Regression, fit_design, linear
from evidence.meta.regression.inference import (
    column_test,
    generalized_variance_inflation,
    likelihood_ratio,
    linear_test,
    predicted,
    regression_diagnostics,
)
from evidence.meta.regression.location_scale import location_scale
from evidence.meta.result import INTERVALS
from evidence.meta.several import (
    NO_NULL,
    Several,
    beyond_rows,
    design_at,
    plain_words,
    with_null,
)
from evidence.meta.studies import Studies, read_studies
from evidence.terms import Interval, SeveralModel, Tau2

if TYPE_CHECKING:
    from evidence.meta.figures import Plot

INTERCEPT = "Intercept"
_NUMBERS = ("name", "estimate", "se", "ci_low", "ci_high", "p_value")


@dataclass(frozen=True, repr=False, eq=False)
class Moderated(Shown):
    """A meta-regression with the studies behind it.

    Attributes
    ----------
    formula : str
        As it was given.
    fit : Regression
        All numbers: coefficients, tau2, tests, likelihoods.
    studies : DataFrame
        The rows that entered.
    left_out : DataFrame
        ``row, study, reason`` of each row that did not.
    scale : Scale
        What the effects are.
    remarks : tuple of str
    spec : formulaic.ModelSpec
        How the design is made of a table.
    """

    formula: str
    fit: Regression
    studies: pd.DataFrame
    left_out: pd.DataFrame
    scale: Scale
    remarks: tuple[str, ...]
    spec: Any

    def __getattr__(self, name: str) -> Any:
        """Return a number of the fit by its name."""
        if name.startswith("_") or name == "fit":
            raise AttributeError(name)
        return getattr(self.fit, name)

    @property
    def aic(self) -> float:
        """Akaike's criterion: by the restricted likelihood for REML, else by the likelihood.

        Restricted likelihoods of different moderators cannot be compared; fit both by ML.
        """
        likelihood = self.fit.reml if self.fit.tau2_method == "REML" else self.fit.ml
        return float(likelihood.aic)

    @property
    def effects(self) -> Floats:
        """Effects of the studies, (k,)."""
        return self.studies[EFFECT].to_numpy(dtype=float)

    @property
    def variances(self) -> Floats:
        """Their sampling variances, (k,)."""
        return self.studies[VARIANCE].to_numpy(dtype=float)

    def lines(self) -> list[str]:
        """Return the formula, tests, what is left of heterogeneity, and the coefficients."""
        fit, own = self.fit, self._with_null()
        of = ("the " if self.scale.ratio else "") + self.scale.as_pooled
        favors = f" ({self.scale.direction})" if self.scale.direction else ""
        found = [
            f"Meta-regression of {of}{favors} on {self.formula} ({fit.tau2_method}, "
            f"{percent(fit.level)} {INTERVALS[fit.interval_method]}): {fit.k} studies",
            *(
                f"{one.name}: {with_interval(one.estimate, one.ci_low, one.ci_high)}"
                + (f", {p_words(one.p_value)}" if tested else "")
                for one, tested in zip(fit.coefficients, own, strict=True)
            ),
        ]
        # All but the intercept, where there is one.
        if fit.qm is not None and all(own[fit.coefficients[0].name == INTERCEPT :]):
            test = (
                f"F {digits(fit.qm)} on {fit.qm_df} and {fit.df} df"
                if fit.df is not None
                else f"chi-square {digits(fit.qm)} on {fit.qm_df} df"
            )
            found.append(f"All moderators: {test}, {p_words(fit.qm_p)}")
        explained = "" if fit.r2 is None else f"; R2 {digits(100 * fit.r2, 0)}%"
        limits = fit.tau2_ci_low, fit.tau2_ci_high
        common = fit.tau2_method == "common"
        between = f"taken as 0 ({spread(*limits)})" if common else with_interval(fit.tau2, *limits)
        found.append(
            f"Left: tau2 {between}"
            f"{explained}; QE {digits(fit.qe)} on {fit.qe_df} df, {p_words(fit.qe_p)}"
        )
        return found

    def to_frame(self) -> pd.DataFrame:
        """Return the coefficients, on the scale of the effects; P where 0 is a hypothesis."""
        found = pd.DataFrame(
            [{name: getattr(one, name) for name in _NUMBERS} for one in self.fit.coefficients]
        )
        return found.assign(p_value=found.p_value.where(self._with_null()))

    def _with_null(self, weights: Any = None) -> Any:
        """Say of which combinations of coefficients, or of which of these, 0 is a hypothesis."""
        rows = np.eye(len(self.fit.coefficients)) if weights is None else weights
        return with_null(self.scale, self.spec, self.studies, rows)

    def predict(self, new: pd.DataFrame) -> Answer:
        """Return the mean effect, and the range of a new study, at values of the moderators.

        Parameters
        ----------
        new : DataFrame
            A row for each prediction, with the columns of the formula.

        Raises
        ------
        ParameterError
            For a column or a level that the studies do not have.
        """
        found = predicted(self.fit, design_at(self.spec, new))
        frame = pd.DataFrame(
            {
                **{str(one): new[one].to_numpy() for one in new.columns},
                "effect": found.estimate,
                "se": found.se,
                "ci_low": found.ci_low,
                "ci_high": found.ci_high,
                "prediction_low": found.prediction_low,
                "prediction_high": found.prediction_high,
            }
        )
        said = [
            f"row {new.index[i]}: {self.scale.words(row.effect, row.ci_low, row.ci_high)}"
            + (
                f"; a new study {self.scale.limits(row.prediction_low, row.prediction_high)}"
                if row.prediction_low is not None
                else ""
            )
            for i, row in enumerate(rows_of(frame.head(6)))
        ]
        named = self.scale.titled(f"Predictions by {self.formula}", self.fit.level)
        return answer(
            named,
            found,
            [*said, *more_rows(frame, 6)],
            frame=frame,
            remarks=beyond_rows(self.scale, frame),
        )

    def typical(self, moderator: str, values: Any) -> pd.DataFrame:
        """Return rows at values of one moderator: other numbers at their mean, else the mode."""
        made: dict[str, Any] = {}
        for name in map(str, self.spec.required_variables):
            column = self.studies[name]
            number = pd.api.types.is_numeric_dtype(column)
            made[name] = column.mean() if number else column.mode().iloc[0]
        return pd.DataFrame({**made, moderator: np.asarray(values)})

    def test(self, term: str) -> Answer:
        """Return the joint test of all columns of a term, as "C(comparator)".

        Raises
        ------
        ParameterError
            For a term that the formula does not have, and for means of which 0 is no hypothesis.
        """
        slices = {str(one): place for one, place in self.spec.term_slices.items()}
        if term not in slices:
            raise ParameterError("term", term, f"one of {', '.join(slices)}")
        names = [one.name for one in self.fit.coefficients][slices[term]]
        if not all(self._with_null()[slices[term]]):
            raise ParameterError("term", term, NO_NULL.format(self.scale.name))
        return self._tested((f"Test of {term}", self.scale.as_pooled), column_test(self.fit, names))

    def contrast(self, weights: Any, right: Any = None) -> Answer:
        """Return linear combinations of coefficients, each and all together.

        Parameters
        ----------
        weights : array_like of shape (q, p)
            A row of weights for each combination, in the order of the coefficients.
        right : array_like of shape (q,), optional
            What each is tested against; 0 by default.

        Raises
        ------
        ParameterError
            For weights that do not fit, and without `right` for means of which 0 is no hypothesis.
        """
        rows = np.atleast_2d(weights)
        found = linear_test(self.fit, rows, right=right)
        if right is None and not all(self._with_null(rows)):
            raise ParameterError("right", None, f"values, since 0 is none of a {self.scale.name}")
        title = "Contrasts", f"{self.scale.as_pooled}, {percent(self.fit.level)} intervals"
        return self._tested(title, found)

    def _tested(self, title: tuple[str, str], found: Any) -> Answer:
        over = f" and {found.df_denominator}" if found.df_denominator is not None else ""
        kind = "F" if found.df_denominator is not None else "chi-square"
        said = [
            f"{kind} {digits(found.statistic)} on {found.df_numerator}{over} df, "
            f"{p_words(found.p_value)}"
        ]
        frame = pd.DataFrame(
            [{name: getattr(one, name) for name in _NUMBERS} for one in found.contrasts]
        )
        return answer(title, found, said, frame=frame)

    def influence(self) -> Answer:
        """Return what each study does to the regression: deletion diagnostics and residuals."""
        found = regression_diagnostics(self.fit)
        each = [one.name for one in fields(found) if one.name not in ("k", "dfbetas")]
        frame = pd.DataFrame(
            {
                "study": [str(one) for one in self.studies[STUDY]],
                **{name: getattr(found, name) for name in each},
                **{f"dfbetas {name}": one for name, one in found.dfbetas.items()},
            }
        )
        marked = frame.study[frame.influential]
        said = [f"Influential by the usual bounds: {', '.join(marked) or 'none'}"]
        return answer("Influence", found, said, frame=frame)

    def vif(self) -> Answer:
        """Return how much each term inflates the variance of its coefficients by the others.

        ``root`` is the factor to the power 1 / (2 df), which compares terms of several columns.

        Raises
        ------
        ParameterError
            For a formula without intercept, or with nothing else.
        """
        if self.fit.coefficients[0].name != INTERCEPT:
            raise ParameterError("formula", self.formula, "one with an intercept")
        rows = []
        for term, place in self.spec.term_slices.items():
            own = [*range(place.start, place.stop)]
            if own == [0]:
                continue
            factor = generalized_variance_inflation(self.fit.covariance, own)
            rows.append(
                {"term": str(term), "df": len(own), "vif": factor,
                 "root": factor ** (1 / (2 * len(own)))}
            )  # fmt: skip
        if not rows:
            raise ParameterError("formula", self.formula, "one with moderators")
        said = [f"{one['term']}: {digits(one['vif'])} on {one['df']} df" for one in rows[:8]]
        frame = pd.DataFrame(rows)
        return answer("Variance inflation", {}, [*said, *more_rows(frame, 8)], frame=frame)

    def location_scale(self, formula: str) -> Answer:
        """Return the model in which log tau2 goes with moderators too, by REML or ML.

        Parameters
        ----------
        formula : str
            What log tau2 goes with, with an intercept.

        Raises
        ------
        ParameterError
            For a formula that is none, one of both without intercept, and a missing value.
        """
        try:
            spread = Formula(formula).get_model_matrix(self.studies, na_action="raise")
        except (FormulaicError, SyntaxError, ValueError, AttributeError) as error:
            expected = f"a formula as 'weeks + x' ({plain_words(error)})"
            raise ParameterError("formula", formula, expected) from error
        effects = self.spec.get_model_matrix(self.studies)
        for name, matrix in ((self.formula, effects), (formula, spread)):
            if INTERCEPT not in map(str, matrix.columns):
                raise ParameterError("formula", name, "one with an intercept")
        design, scale = (
            {str(one): matrix[one].tolist() for one in matrix.columns if str(one) != INTERCEPT}
            for matrix in (effects, spread)
        )
        found = location_scale(
            self.effects, self.variances, design, scale,
            method="ML" if self.fit.tau2_method == "ML" else "REML", level=self.fit.level,
        )  # fmt: skip
        rows = [
            {"of": of, **{name: getattr(one, name) for name in _NUMBERS}}
            for of, group in (("effect", found.location), ("log tau2", found.scale or ()))
            for one in group
        ]
        said = [
            f"{one['of']}, {one['name']}: "
            + with_interval(one["estimate"], one["ci_low"], one["ci_high"])
            for one in rows[:8]
        ]
        for one in rows:
            # An intercept is no difference: tau2 of 1 is no hypothesis, nor is 0 of a share.
            if one["name"] == linear.INTERCEPT and (one["of"] != "effect" or not self.scale.null):
                one["p_value"] = None
        title = (
            f"Effects on {self.formula}, log tau2 on {formula} ({found.method})",
            f"{self.scale.as_pooled}, {percent(self.fit.level)} intervals",
        )
        frame = pd.DataFrame(rows)
        return answer(title, found, [*said, *more_rows(frame, 8)], frame=frame)

    def compare(self, other: "Moderated") -> Answer:
        """Return the likelihood-ratio test against a model within this one, or around it.

        Raises
        ------
        ParameterError
            For models that are not nested, of other studies, or not both by ML.
        """
        larger, smaller = (
            (self.fit, other.fit)
            if len(self.fit.coefficients) >= len(other.fit.coefficients)
            else (other.fit, self.fit)
        )
        found = likelihood_ratio(larger, smaller)
        said = [f"chi-square {digits(found.statistic)} on {found.df} df, {p_words(found.p_value)}"]
        return answer("Likelihood-ratio test", found, said)

    def bubble(self, moderator: str) -> "Plot":
        """Return effects against a moderator, with the line of the regression."""
        from evidence.meta.figures import bubble

        return bubble(self, moderator)


def regress(
    table: pd.DataFrame,
    formula: str,
    *,
    effect: Column = EFFECT,
    variance: Column | None = None,
    se: Column | None = None,
    study: Column | None = None,
    tau2: Tau2 | None = None,
    interval: Interval | None = None,
    level: float = 0.95,
    cluster: Column | None = None,
    model: SeveralModel | None = None,
    rho: float | None = None,
    covariance: Any = None,
    faults: Faults = "refuse",
) -> Moderated | Several:
    """Regress the effects of a table of studies on their characteristics.

    Parameters
    ----------
    table : DataFrame
        What `effect_sizes` returns, or a table with effects and their variances or SEs.
    formula : str
        As "weeks + C(comparator)"; it has an intercept unless it says "0 +" or "- 1". Text is a
        category with its first level in alphabetical order as reference.
    effect, variance, se, study, tau2, interval, level, cluster, rho, covariance, faults
        As in `evidence.meta.pool`.
    model : {"che", "three_level", "gls"}, optional
        Where trials have several effects; "che" where `cluster` is given.

    Returns
    -------
    Moderated
        With `cluster`, a `Several`, with robust errors (CR2).

    Raises
    ------
    ParameterError
        For a formula that is none, columns that are not there, too few studies, moderators that
        determine each other, and as `evidence.meta.pool`.

    Notes
    -----
    Formulas are read by formulaic; the model is that of `evidence.meta.regression`.

    Examples
    --------
    >>> studies = pd.DataFrame({"effect": [0.1, 0.3, 0.2, 0.7, 0.8], "variance": 0.05,
    ...                         "weeks": [6, 8, 8, 12, 16]})
    >>> found = regress(studies, "weeks")
    >>> round(found.fit.coefficients[1].estimate, 3)
    0.075
    >>> found.predict(pd.DataFrame({"weeks": [10]})).frame.round(2).to_dict("records")
    [{'weeks': 10, 'effect': 0.42, 'se': 0.1, 'ci_low': 0.1, 'ci_high': 0.74, \
'prediction_low': 0.1, 'prediction_high': 0.74}]
    """
    chosen: dict[str, Any] = {"tau2": tau2, "interval": interval}
    uses = "nothing, since models of several effects per trial have REML, CR2 errors and t"
    if cluster is None:
        chosen = {"model": model, "rho": rho, "covariance": covariance}
        uses = "nothing without cluster, the column of trials"
    for name, one in chosen.items():
        if one is not None:
            shown = "a matrix" if name == "covariance" else one
            raise ParameterError(name, shown, uses)
    model = model or "che"
    check_choice("model", model, tuple(TITLES))
    if rho is not None and (covariance is not None or model == "three_level"):
        raise ParameterError("rho", rho, "nothing, since the covariance follows without it")
    tau2 = tau2 or "REML"
    interval = interval or ("wald" if tau2 == "common" else "hksj_adhoc")
    studies = read_studies(table, effect, variance, se, study, faults)
    rows = studies.rows
    try:
        read = Formula(formula)
        if not hasattr(read, "required_variables") or hasattr(read, "lhs"):
            raise ParameterError("formula", formula, "moderators alone, as 'weeks + C(comparator)'")
        needed = sorted(map(str, read.required_variables))
        lacking = [one for one in needed if one not in rows]
        if lacking:
            raise ParameterError(
                "formula", formula, f"columns of the table, which has no {', '.join(lacking)}"
            )
        known = ~rows[needed].isna().any(axis=1) if needed else pd.Series(True, index=rows.index)
        matrix = read.get_model_matrix(rows.loc[known], na_action="raise")
    except ParameterError:
        raise
    except (FormulaicError, SyntaxError, ValueError) as error:
        expected = f"a formula as 'weeks + x' ({plain_words(error)})"
        raise ParameterError("formula", formula, expected) from error
    missing = rows.loc[~known, STUDY]
    remarks = list(studies.remarks)
    if len(missing):
        shown = ", ".join(missing.head(3))
        remarks.append(f"{len(missing)} rows without a value of a moderator are left out: {shown}.")
    names = [str(one) for one in matrix.columns]
    spec = matrix.model_spec
    added = [
        {"row": f"row {label}", "study": str(name), "reason": "no value of a moderator"}
        for label, name in missing.items()
    ]
    left_out = pd.concat([studies.left_out, pd.DataFrame(added)], ignore_index=True)
    if cluster is not None:
        kept = np.flatnonzero(known.to_numpy())
        held = studies.kept.copy()
        held[np.flatnonzero(held)[~known.to_numpy()]] = False
        entered = replace(
            studies, rows=rows.iloc[kept], kept=held, left_out=left_out, remarks=tuple(remarks)
        )
        trials = trials_of(table, entered, cluster)
        errors = errors_of(table, entered, trials, model, rho, covariance)
        fitted = fit_multilevel(
            entered.effects,
            errors,
            trials,
            design=dict(zip(names, np.asarray(matrix, dtype=float).T, strict=True)),
            random=() if model == "gls" else LEVELS,
            level=level,
        )
        entered = replace(entered, remarks=(*remarks, *supposed_in(errors, rho)))
        return _of_several(formula, fitted, entered, trials, spec, TITLES[model])
    fit = fit_design(
        rows.loc[known, EFFECT].to_numpy(dtype=float),
        rows.loc[known, VARIANCE].to_numpy(dtype=float),
        names,
        np.asarray(matrix, dtype=float),
        intercept=bool(names) and names[0] == INTERCEPT,
        moderators=len([one for one in spec.terms if str(one) != "1"]),
        tau2=tau2,
        interval=interval,
        level=level,
    )
    return Moderated(
        formula=formula,
        fit=fit,
        studies=rows.loc[known],
        left_out=left_out,
        scale=studies.scale,
        remarks=(*remarks, *fit.warnings),
        spec=spec,
    )


def _of_several(
    formula: str, fit: MultilevelFit, studies: Studies, trials: list[str], spec: Any, title: str
) -> Several:
    scale = studies.scale
    own = with_null(scale, spec, studies.rows, np.eye(len(fit.coefficients)))
    said = [
        f"{one.name}: {with_interval(one.estimate, one.ci_low, one.ci_high)}"
        + (f", {p_words(one.p_value)}" if tested else "")
        for one, tested in zip(fit.coefficients, own, strict=True)
    ]
    favors = f" ({scale.direction})" if scale.direction else ""
    found = answer(
        f"{title}, {scale.as_pooled}{favors} on {formula}: {fit.k_estimates} effects of "
        f"{fit.k_trials} trials, robust errors (CR2), {percent(fit.level)} intervals",
        fit,
        [*said, f"Left: {spread_of(fit)[0]}"],
        frame=studies.rows,
        remarks=studies.remarks,
        left_out=studies.left_out,
        scale=scale,
    )
    return Several.of(found, fit, trials, spec)
