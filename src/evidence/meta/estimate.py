"""From a table of studies to a pooled estimate."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from evidence.errors import ParameterError, check_choice
from evidence.meta import rare_events
from evidence.meta.answers import Answer, answer, digits, enough, p_words, percent, sentences
from evidence.meta.asymmetry import SIZES
from evidence.meta.effect_size.association import rate_comparison, read_cells
from evidence.meta.effect_size.single_group import proportion
from evidence.meta.frame import (
    EFFECT,
    STUDY,
    VARIANCE,
    Column,
    Faults,
    aligned,
    numbers_of,
    read_columns,
)
from evidence.meta.multilevel import aggregation, fit_multilevel, moment_weights
from evidence.meta.multilevel.covariance import BlockCovariance, correlated_covariance
from evidence.meta.multilevel.inference import MultilevelFit
from evidence.meta.multilevel.random_effects import LEVELS
from evidence.meta.pooling import pool as pool_arrays
from evidence.meta.rare_events import mixed_logistic
from evidence.meta.rare_events.rates import mantel_haenszel_rates
from evidence.meta.result import Fit
from evidence.meta.several import Several
from evidence.meta.studies import Studies, given_covariance, read_studies, repeated, scale_of
from evidence.terms import ACCEPTED, RHO, Better, Interval, SeveralModel, Tau2

_USES: dict[str | None, tuple[str, ...]] = {
    None: ("tau2", "interval"),
    "che": ("rho", "covariance"),
    "three_level": (),
    "gls": ("rho", "covariance"),
    "aggregate": ("tau2", "interval", "rho", "covariance"),
    "robust": ("rho",),
}
"""Choices that each model takes."""


def pool(
    table: pd.DataFrame,
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
) -> Fit | Answer:
    """Pool the effects of a table of studies.

    Parameters
    ----------
    table : DataFrame
        What `effect_sizes` returns, or a table with effects and their variances or SEs.
    effect, variance, se : str or sequence
        Columns; ratios on the log scale. One of variance and se, by default the column "variance",
        else "se".
    study : str or sequence, optional
        Names of the studies; the column "study" where there is one.
    tau2 : {"REML", "ML", "DL", "PM", "EB", "SJ", "HE", "HS", "common"}, optional
        Estimator of the variance between studies, REML where none is given.
    interval : {"hksj_adhoc", "hksj", "wald"}, optional
        The first where none is given; normal where a common effect is assumed.
    level : float
        Coverage of all intervals.
    cluster : str or sequence, optional
        The trial of each row, where trials have several effects.
    model : {"che", "three_level", "gls", "aggregate", "robust"}, optional
        How effects of one trial are handled; "che" where `cluster` is given: correlated and
        hierarchical effects, three levels with independent errors, correlated errors without
        random effects (generalized least squares: Aitken 1935, Proc R Soc Edinb 55:42; Gleser and
        Olkin 2009, in The Handbook of Research Synthesis and Meta-Analysis, 2nd ed, 357), one mean
        per trial before pooling, robust variance estimation.
    rho : float, optional
        Correlation of the errors of two effects of one trial, 0.6 where none is given. It is
        supposed: try others.
    covariance : DataFrame or array_like of shape (k, k), optional
        Covariance of the errors in place of `rho` and the variances, 0 between trials, as
        `repeated_covariance` and `shared_control_covariance` give it: a DataFrame by the labels of
        the rows, an array in their order. Its diagonal are the variances.
    faults : {"refuse", "leave_out"}
        As in `effect_sizes`.

    Returns
    -------
    Fit
        With `cluster`, an `Answer` with the numbers of the model of several effects per trial (but
        for "robust" a `evidence.meta.several.Several`, with further questions as methods); of
        "aggregate" a `Fit` of one effect per trial. Participants are counted once for each
        trial, and only where all its rows have the same sizes.

    Raises
    ------
    ParameterError
        For columns that are not there, numbers that are not accepted, no row that can be pooled,
        a choice that the model has no use for (models of several effects but "aggregate" are by
        REML or moments, with CR2 errors and t), and as `evidence.meta.pooling.pool`.

    Examples
    --------
    >>> studies = pd.DataFrame({"study": list("ABC"), "yi": [0.0, 0.4, 0.9], "vi": 0.05})
    >>> pool(studies, effect="yi", variance="vi")
    Random effects (REML), Hartung-Knapp interval (factor at least 1): 3 studies, n not known
    ! Three trials: so few cannot say how much effects vary between trials.
    effect 0.43 (−0.69 to 1.55), 95% interval, P = .24
    Studies: 2 above 0, 0 below, 1 at 0
    tau2 0.153, 95% interval of tau2 0.005 to 7.981; I2 75%; Q 8.13 on 2 df, P = .02
    A new study: −1.59 to 2.46 (95% prediction interval)
    """
    if model is not None:
        check_choice("model", model, ACCEPTED["several_model"])
    if model is not None and cluster is None:
        raise ParameterError("cluster", None, f"the column of trials, which model {model} needs")
    model = model or ("che" if cluster is not None else None)
    given = {"tau2": tau2, "interval": interval, "rho": rho, "covariance": covariance}
    for name, value in given.items():
        if value is not None and name not in _USES[model]:
            uses = "no trials with several rows" if model is None else f"model {model}"
            raise ParameterError(
                name,
                "a matrix" if name == "covariance" else value,
                f"nothing, since {uses} has no use for it",
            )
    if rho is not None and covariance is not None:
        raise ParameterError("rho", rho, "nothing, since the covariance is given")
    tau2 = tau2 or "REML"
    interval = interval or ("wald" if tau2 == "common" else "hksj_adhoc")
    studies = read_studies(table, effect, variance, se, study, faults)
    if cluster is None:
        remarks = [*repeated(studies.rows), *studies.remarks]
        fitted = pool_arrays(
            studies.effects, studies.variances, tau2=tau2, interval=interval, level=level
        )
        return _fit(fitted, replace(studies, remarks=tuple(remarks)))
    assert model is not None
    trials = trials_of(table, studies, cluster)
    errors = errors_of(table, studies, trials, model, rho, covariance)
    options = {"tau2": tau2, "interval": interval, "level": level}
    return _several(studies, trials, model, RHO if rho is None else rho, errors, options)


def trials_of(table: pd.DataFrame, studies: Studies, cluster: Column) -> list[str]:
    """Return the trial of each row that is pooled."""
    known = aligned(table, "cluster", cluster)[studies.kept]
    return ["" if pd.isna(one) else " ".join(str(one).split()) for one in known]


def errors_of(
    table: pd.DataFrame,
    studies: Studies,
    trials: Sequence[str],
    model: SeveralModel,
    rho: float | None,
    covariance: Any,
) -> Any:
    """Return the covariance of errors: as given, by one correlation, or variances alone."""
    if covariance is not None:
        return given_covariance(table, studies, covariance)
    if "rho" in _USES[model]:
        return correlated_covariance(studies.variances, trials, RHO if rho is None else rho)
    return studies.variances


def supposed_in(errors: Any, rho: float | None) -> list[str]:
    """Say which correlation of errors is supposed, where one is, or that all were given."""
    if isinstance(errors, np.ndarray) and errors.ndim == 2:
        return ["The covariance of the errors is the one that was given (covariance=)."]
    if not isinstance(errors, BlockCovariance):
        return []
    rho = RHO if rho is None else rho
    return [f"The correlation {rho:g} of the errors of effects of one trial is supposed."]


def _fit(fitted: Any, studies: Studies) -> Fit:
    beyond = studies.scale.beyond(
        interval=(fitted.ci_low, fitted.ci_high),
        prediction_interval=(fitted.prediction_low, fitted.prediction_high),
    )
    found = Fit(
        **{one.name: getattr(fitted, one.name) for one in fields(fitted)},
        studies=studies.rows,
        left_out=studies.left_out,
        n=None,
        scale=studies.scale,
        remarks=(*studies.remarks, *beyond, *sentences(fitted.warnings)),
        roles=studies.roles,
    )
    sizes = found.sizes()
    # Who stands in several rows would be counted more than once.
    once = sizes is not None and len(set(found.names)) == found.k
    return replace(found, n=round(float(sizes.sum()))) if once and sizes is not None else found


def _sizes_of_trials(studies: Studies, trials: Sequence[str]) -> list[float | None]:
    """Return the participants of each trial, None where its rows have other sizes."""
    roles = next((one for one in SIZES if set(one) <= set(studies.roles)), ())
    columns = [numbers_of(studies.rows, role, studies.roles[role])[0] for role in roles]
    held: dict[str, set[tuple[float, ...]]] = {}
    for position, trial in enumerate(trials):
        held.setdefault(trial, set()).add(tuple(float(one[position]) for one in columns))
    return [
        sum(next(iter(own))) if columns and len(own) == 1 and not np.isnan([*own]).any() else None
        for own in held.values()
    ]


def _several(
    studies: Studies,
    trials: list[str],
    model: SeveralModel,
    rho: float,
    errors: Any,
    options: Mapping[str, Any],
) -> Fit | Answer:
    level = options["level"]
    supposed = supposed_in(errors, rho)
    sizes = _sizes_of_trials(studies, trials)
    n = None if None in sizes else round(float(sum(filter(None, sizes))))
    if model == "aggregate":
        made = aggregation.aggregate(studies.effects, errors, trials)
        rows = pd.DataFrame(
            {STUDY: made.cluster, EFFECT: made.effect, VARIANCE: made.variance,
             "effects": made.k_estimates, "n": sizes}
        )  # fmt: skip
        averaged = replace(
            studies, rows=rows, roles={} if n is None else {"n": "n"},
            remarks=(*studies.remarks, *supposed),
        )  # fmt: skip
        fitted = pool_arrays(averaged.effects, averaged.variances, **options)
        return _fit(fitted, averaged)
    if model == "robust":
        found: Any = moment_weights.robust_pool(
            studies.effects, studies.variances, trials, rho=rho, level=level
        )
        title, said = (
            "Robust variance estimation",
            [f"tau2 {digits(found.tau2, enough([found.tau2], 3))}"],
        )
    else:
        found = fit_multilevel(
            studies.effects,
            errors,
            trials,
            random=() if model == "gls" else LEVELS,
            level=level,
        )
        title, said = TITLES[model], spread_of(found)
    made_answer = _answer(studies, found, title, said, supposed, n)
    return made_answer if model == "robust" else Several.of(made_answer, found, trials, None)


TITLES = {
    "che": "Correlated and hierarchical effects",
    "three_level": "Three levels",
    "gls": "Correlated errors without random effects (generalized least squares)",
}


def spread_of(fit: MultilevelFit) -> list[str]:
    """Say how much effects vary between trials and within them."""
    between, within = fit.sigma2_cluster, fit.sigma2_effect
    spread = ""
    if between is not None:
        decimals = enough((between, within), 3)
        first, second = (digits(one, decimals) for one in (between, within))
        spread = f"variance between trials {first}, within them {second}; "
    return [f"{spread}Q {digits(fit.q)} on {fit.q_df} df, {p_words(fit.q_p)}"]


def _prediction(fit: Any) -> tuple[float | None, float | None]:
    return getattr(fit, "prediction_low", None), getattr(fit, "prediction_high", None)


def _new_trial(studies: Studies, fit: Any) -> list[str]:
    low, high = _prediction(fit)
    if low is None or high is None:
        return []
    shown = studies.scale.limits(low, high)
    return [f"A new trial: {shown} ({percent(fit.level)} prediction interval)"]


def _answer(
    studies: Studies, fit: Any, title: str, said: Sequence[str], supposed: list[str], n: int | None
) -> Answer:
    mean = fit.coefficients[0]
    shown = studies.scale.words(mean.estimate, mean.ci_low, mean.ci_high)
    beyond = studies.scale.beyond(
        interval=(mean.ci_low, mean.ci_high), prediction_interval=_prediction(fit)
    )
    return answer(
        f"{title}: {fit.k_estimates} effects of {fit.k_trials} trials, robust errors (CR2)",
        fit,
        [
            f"{studies.scale.name} {shown}, {percent(fit.level)} interval"
            + studies.scale.tested(mean.p_value),
            *([studies.scale.direction] if studies.scale.direction else []),
            *said,
            *_new_trial(studies, fit),
        ],
        frame=studies.rows,
        remarks=[*studies.remarks, *supposed, *beyond],
        effect=mean.estimate,
        se=mean.se,
        ci_low=mean.ci_low,
        ci_high=mean.ci_high,
        df=mean.df,
        p_value=mean.p_value,
        n=n,
        left_out=studies.left_out,
        scale=studies.scale,
    )


_COUNTS: dict[str, tuple[str, Callable[..., Any]]] = {
    "mantel_haenszel": ("Mantel-Haenszel", rare_events.mantel_haenszel),
    "peto": ("Peto", rare_events.peto),
    "exact": ("Exact conditional odds ratio", rare_events.exact),
    "glmm": ("Logistic mixed model", mixed_logistic.mixed_odds_ratio),
}
"""Methods that pool counts without adding to empty cells, by their names."""
_OF_RISKS = ("odds_ratio", "risk_ratio", "risk_difference")
_OF_RATES = ("rate_ratio", "rate_difference")
_OF_ONE = "proportion"


def pool_counts(
    table: pd.DataFrame,
    measure: str = "odds_ratio",
    *,
    method: str = "mantel_haenszel",
    study: Column | None = None,
    better: Better | None = None,
    level: float = 0.95,
    faults: Faults = "refuse",
    **columns: Column,
) -> Answer:
    """Pool counts of an event without adding anything to empty cells.

    Parameters
    ----------
    table : DataFrame
        A study in each row.
    measure : {"odds_ratio", "risk_ratio", "risk_difference", "rate_ratio", "rate_difference", \
"proportion"}
        All but the first by Mantel and Haenszel only; a proportion of one group by "glmm" only.
    method : {"mantel_haenszel", "peto", "exact", "glmm"}
        The last two: the exact conditional odds ratio, and a logistic model with random effects.
    study, better, faults
        As in `effect_sizes`; `better` is of use for words alone.
    level : float
    **columns : str or sequence
        ``events_1, n_1, events_2, n_2``, or ``non_events_1`` for ``n_1``; of rates ``events_1,
        time_1, events_2, time_2`` with person-time in one unit. Group 1 is the intervention. Of a
        proportion ``events, n``.

    Returns
    -------
    Answer
        ``effect, se, ci_low, ci_high, p_value, k, k_informative`` and more, ratios on the log
        scale; below 0 where events are fewer in group 1.

    Raises
    ------
    ParameterError
        For a method or measure that do not go together, and as `effect_sizes`.

    Examples
    --------
    >>> events = pd.DataFrame({"e_t": [12, 9, 0], "n_t": [45, 66, 50],
    ...                        "e_c": [20, 11, 4], "n_c": [53, 52, 37]})
    >>> found = pool_counts(events, events_1="e_t", n_1="n_t", events_2="e_c", n_2="n_c")
    >>> round(found.effect, 3), found.k
    (-0.694, 3)
    """
    if method not in _COUNTS:
        raise ParameterError("method", method, f"one of {', '.join(_COUNTS)}")
    check_choice("measure", measure, (*_OF_RISKS, *_OF_RATES, _OF_ONE))
    if method != "mantel_haenszel" and measure not in ("odds_ratio", _OF_ONE):
        raise ParameterError("measure", measure, f"odds_ratio, which {method} pools")
    if measure == _OF_ONE and method != "glmm":
        raise ParameterError("method", method, "glmm, which pools proportions of one group")
    of = "time" if measure in _OF_RATES else "n"
    groups = ("",) if measure == _OF_ONE else ("_1", "_2")
    needs = [f"{one}{group}" for group in groups for one in ("events", of)]
    check: Callable[..., Any] = partial(rate_comparison, measure="root_difference")
    if of == "n":
        check = read_cells if len(groups) == 2 else partial(proportion, scale="arcsine")
    read = read_columns(table, measure, needs, study, faults, columns)
    read.checked(check)
    if not read.kept.any():
        raise ParameterError("table", f"{len(table)} rows", f"one to pool ({read.said(3)})")
    counts = {role: values[read.kept] for role, values in read.values.items()}
    kind = {"measure": measure} if method == "mantel_haenszel" else {}
    name, compute = _COUNTS[method]
    if measure in _OF_RATES:
        compute = mantel_haenszel_rates
    if measure == _OF_ONE:
        compute = mixed_logistic.mixed_proportion
    found = compute(**counts, level=level, **kind)
    noted = pd.DataFrame()
    # The model has the logit of a proportion.
    noted.attrs = {
        "measure": "proportion_logit" if measure == _OF_ONE else measure,
        "better": better,
    }
    scale = scale_of(noted)
    frame = pd.DataFrame(
        {
            STUDY: read.studies[read.kept].to_numpy(),
            **{read.named.get(one, one): counts[one] for one in needs},
        }
    )
    totals = [
        f"{counts[f'events{one}'].sum():.0f} of {counts[f'{of}{one}'].sum():,.0f}"
        + (f" in group {one[1:]}" if one else "")
        for one in groups
    ]
    said = [
        f"{scale.name} {scale.words(found.effect, found.ci_low, found.ci_high)}, {percent(level)} "
        f"interval{scale.tested(found.p_value)}",
        f"Events: {', '.join(totals)}" + (" (person-time)" if of == "time" else ""),
        *([scale.direction] if scale.direction else []),
    ]
    return answer(
        f"{name}: {found.k} studies",
        found,
        said,
        frame=frame,
        remarks=[*read.remarks(), *scale.beyond(interval=(found.ci_low, found.ci_high))],
        left_out=pd.DataFrame(read.rows, columns=["row", "study", "reason"]),
    )
