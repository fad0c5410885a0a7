"""A model of several effects per trial, and what a meta-analyst asks of it next."""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evidence.errors import ParameterError
from evidence.meta.answers import (
    Answer,
    Scale,
    answer,
    digits,
    more_rows,
    p_words,
    percent,
    rows_of,
    with_interval,
)
from evidence.meta.multilevel.inference import MultilevelFit, contrast, joint_test
from evidence.meta.multilevel.profile import (
    ProfileInterval,
    profile_intervals,
    profile_likelihood,
    trial_diagnostics,
)
from evidence.meta.numerics import Floats

if TYPE_CHECKING:
    from evidence.meta.figures import Plot

_NUMBERS = ("name", "estimate", "se", "ci_low", "ci_high", "df", "p_value")


NO_NULL = "differences, since 0 is no hypothesis on a {}: a term beside an intercept"

_MARKS = re.compile(r"\x1b\[[0-9;]*m|[⧛⧚]")
"""Colors and marks of places in messages on formulas."""


def plain_words(error: BaseException) -> str:
    """Return the message of an error on a formula, without colors and marks."""
    return " ".join(_MARKS.sub("", str(error)).split())


def design_at(spec: Any, new: pd.DataFrame) -> Floats:
    """Return the rows of a design at values of the moderators.

    Raises
    ------
    ParameterError
        For a column or a level that the studies do not have.
    """
    # Reading formulas takes a second that nobody else should wait for.
    from formulaic.errors import DataMismatchWarning, FormulaicError

    needed = set(map(str, spec.required_variables))
    if lacking := sorted(needed - set(map(str, new.columns))):
        raise ParameterError("new", sorted(map(str, new.columns)), f"columns {lacking}")
    try:
        with warnings.catch_warnings():
            # A level that no study has would else be taken for the reference.
            warnings.simplefilter("error", DataMismatchWarning)
            return np.asarray(spec.get_model_matrix(new, na_action="raise"), dtype=float)
    except (FormulaicError, ValueError, DataMismatchWarning) as error:
        raise ParameterError("new", plain_words(error), "values as the studies have") from error


def beyond_rows(scale: Scale, frame: pd.DataFrame) -> list[str]:
    """Say which intervals of predictions have limits that no effect can have."""
    return scale.beyond(
        interval=(frame.ci_low, frame.ci_high),
        prediction_interval=(frame.prediction_low, frame.prediction_high),
    )


def with_null(scale: Scale, spec: Any, rows: pd.DataFrame, weights: Any) -> Any:
    """Say of which combinations of coefficients 0 is a hypothesis.

    Of effects with a value of no difference it is one of all. Else it is one of differences alone,
    which stay as they are when all effects are moved by the same amount.

    Parameters
    ----------
    scale : Scale
    spec : formulaic.ModelSpec, optional
        How the design is made of a table; None for a mean alone.
    rows : DataFrame
        The rows that entered.
    weights : array_like of shape (q, p)
        A combination of the coefficients in each row.
    """
    weights = np.asarray(weights, dtype=float)
    if scale.null:
        return np.ones(len(weights), dtype=bool)
    design = np.ones((len(rows), 1)) if spec is None else design_at(spec, rows)
    # What moving all effects by 1 does to each coefficient, in terms of its column.
    size = np.abs(design).max(axis=0)
    moved = np.linalg.lstsq(design / size, np.ones(len(rows)), rcond=None)[0]
    if not np.allclose(design / size @ moved, 1.0, rtol=0.0, atol=1e-8):
        # Without anything like an intercept no coefficient is a difference.
        return np.zeros(len(weights), dtype=bool)
    scaled = weights / size
    most = np.abs(scaled).max(axis=1) * np.abs(moved).max()
    return np.abs(scaled @ moved) <= 1e-8 * most


def _around(found: ProfileInterval) -> Floats:
    """Return values to where the likelihood has fallen well below the line, with the limits."""
    high = found.high if found.high is not None else 2 * found.estimate + 1
    low = 0.0 if found.low == 0 else 0.5 * found.low
    places = np.linspace(low, high + 0.3 * (high - found.estimate), 41)
    return np.union1d(places, [found.low, found.estimate, high])


@dataclass(frozen=True, repr=False, eq=False)
class Several(Answer):
    """An answer with the model behind it.

    Attributes
    ----------
    fit : MultilevelFit
        All numbers; errors are cluster-robust (CR2).
    trials : sequence of str
        The trial of each effect.
    spec : formulaic.ModelSpec, optional
        How the design is made of a table, where there are moderators.
    """

    fit: MultilevelFit | None = None
    trials: Sequence[str] = ()
    spec: Any = None

    @classmethod
    def of(cls, found: Answer, fit: MultilevelFit, trials: Sequence[str], spec: Any) -> "Several":
        """Return an answer with its model."""
        return cls(
            **{one.name: getattr(found, one.name) for one in fields(Answer)},
            fit=fit,
            trials=tuple(trials),
            spec=spec,
        )

    def _model(self) -> tuple[MultilevelFit, Scale]:
        if self.fit is None:
            raise ParameterError("fit", None, "a model")
        return self.fit, self.values["scale"]

    def coefficients(self) -> pd.DataFrame:
        """Return the coefficients, on the scale of the effects; P where 0 is a hypothesis."""
        fit, _ = self._model()
        made = pd.DataFrame([{one: getattr(c, one) for one in _NUMBERS} for c in fit.coefficients])
        return made.assign(p_value=made.p_value.where(self._with_null(np.eye(len(made)))))

    def _with_null(self, weights: Any) -> Any:
        return with_null(self._model()[1], self.spec, self.frame, weights)

    def predict(self, new: pd.DataFrame | None = None) -> Answer:
        """Return the mean effect, and the range of an effect of a new trial.

        Parameters
        ----------
        new : DataFrame, optional
            A row for each prediction, with the columns of the formula; none without moderators.

        Raises
        ------
        ParameterError
            For a column or a level that the trials do not have.

        Notes
        -----
        t by Satterthwaite, for a new trial with both variances added, as metafor predicts from
        robust results.
        """
        fit, scale = self._model()
        frame = pd.DataFrame(index=[0]) if new is None else new
        design = np.ones((len(frame), 1)) if self.spec is None else design_at(self.spec, frame)
        names = [one.name for one in fit.coefficients]
        spread = (fit.sigma2_cluster or 0.0) + (fit.sigma2_effect or 0.0)
        rows = []
        for line in design:
            weights: dict[str, float] = dict(zip(names, map(float, line), strict=True))
            one = contrast(fit, weights)
            low = high = None
            if one.se is not None and one.ci_high is not None and fit.sigma2_cluster is not None:
                half = (one.ci_high - one.estimate) * float(np.hypot(one.se, spread**0.5)) / one.se
                low, high = one.estimate - half, one.estimate + half
            rows.append(
                {"effect": one.estimate, **{n: getattr(one, n) for n in _NUMBERS[2:6]},
                 "prediction_low": low, "prediction_high": high}
            )  # fmt: skip
        made = pd.DataFrame(rows, index=frame.index)
        # A column of the table that has the name of a number gives way to it.
        given = frame.drop(columns=[one for one in frame.columns if one in made])
        found = pd.concat([given, made], axis=1).reset_index(drop=True)
        said = [
            ("" if new is None else f"row {frame.index[i]}: ")
            + scale.words(row.effect, row.ci_low, row.ci_high)
            + (
                f"; a new trial {scale.limits(row.prediction_low, row.prediction_high)}"
                if row.prediction_low is not None
                else ""
            )
            for i, row in enumerate(rows_of(found.head(6)))
        ]
        return answer(
            scale.titled("Predictions", fit.level),
            {},
            [*said, *more_rows(found, 6)],
            frame=found,
            remarks=beyond_rows(scale, found),
        )

    def test(self, term: str) -> Answer:
        """Return the joint test of all columns of a term (approximate Hotelling, CR2).

        Raises
        ------
        ParameterError
            For a term that the formula does not have, and for means of which 0 is no hypothesis.
        """
        fit, scale = self._model()
        terms = {} if self.spec is None else self.spec.term_slices
        slices = {str(one): place for one, place in terms.items()}
        if term not in slices:
            raise ParameterError("term", term, f"one of {', '.join(slices) or 'a formula'}")
        if not all(self._with_null(np.eye(len(fit.coefficients))[slices[term]])):
            raise ParameterError("term", term, NO_NULL.format(scale.name))
        found = joint_test(fit, [one.name for one in fit.coefficients][slices[term]])
        said = [
            f"F {digits(found.statistic)} on {found.df_numerator} and "
            f"{digits(found.df_denominator)} df, {p_words(found.p_value)}"
        ]
        return answer((f"Test of {term}", scale.as_pooled), found, said)

    def profile(self) -> Answer:
        """Return profile-likelihood intervals of the variances."""
        fit, _ = self._model()
        found = profile_intervals(fit)
        names = ("name", "estimate", "low", "high")
        frame = pd.DataFrame([{name: getattr(one, name) for name in names} for one in found])
        said = [f"{one.name} {with_interval(one.estimate, one.low, one.high)}" for one in found]
        title = "Profile likelihood of the variances", f"{percent(fit.level)} intervals"

        def picture() -> "Plot":
            from evidence.meta.figures.curves import profiles

            return profiles(
                [
                    (one.name, values, profile_likelihood(fit, one.name, values), one.estimate)
                    for one in found
                    for values in [_around(one)]
                ],
                fit.log_likelihood,
                fit.level,
            )

        return answer(title, {}, said, frame=frame, picture=picture)

    def influence(self, *, refit: bool = False) -> Answer:
        """Return what each trial does to the coefficients.

        Parameters
        ----------
        refit : bool
            Whether variances are estimated anew without each trial; else they are kept.
        """
        fit, _ = self._model()
        found = trial_diagnostics(fit, refit=refit)
        frame = pd.DataFrame(
            {
                "trial": list(dict.fromkeys(self.trials)),
                "cook_distance": found.cook_distance,
                **{f"dfbetas {name}": one for name, one in found.dfbetas.items()},
            }
        )
        known = [
            (one, trial)
            for one, trial in zip(found.cook_distance, frame["trial"], strict=True)
            if one is not None
        ]
        said = [
            f"Cook's distance is largest without {trial}: {digits(one)}"
            for one, trial in sorted(known, reverse=True)[:1]
        ]
        about = f"variances {'estimated anew without each' if refit else 'of all trials kept'}"
        return answer(("Influence of trials", about), found, said, frame=frame)
