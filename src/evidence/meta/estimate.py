"""From a table of studies to a pooled estimate."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, Literal

import numpy as np
import pandas as pd

from evidence.errors import ParameterError
from evidence.meta import rare_events
from evidence.meta.answers import Answer, Scale, answer, digits, p_words, percent, sentences
from evidence.meta.effect_size import Moments, combined_arms
from evidence.meta.frame import (
    EFFECT,
    MEASURES,
    SE,
    STUDY,
    VARIANCE,
    Better,
    Column,
    Faults,
    Reading,
    aligned,
    effect_sizes,
    numbers_of,
    row_label,
    study_names,
)
from evidence.meta.multilevel import aggregation, fit_multilevel, moment_weights
from evidence.meta.multilevel.covariance import BlockCovariance, correlated_covariance
from evidence.meta.multilevel.inference import MultilevelFit
from evidence.meta.multilevel.sampling_covariance import shared_comparator_covariance
from evidence.meta.numerics import Floats
from evidence.meta.pooling import Pooled
from evidence.meta.pooling import pool as pool_arrays
from evidence.meta.rare_events import mixed_logistic
from evidence.meta.rare_events.rates import mantel_haenszel_rates
from evidence.meta.result import Fit
from evidence.terms import Interval, Tau2

Model = Literal["che", "three_level", "aggregate", "robust"]
MODELS = ("che", "three_level", "aggregate", "robust")
"""Models of several effects per trial: correlated and hierarchical effects, three levels with
independent errors, one mean per trial before pooling, robust variance estimation."""

_USES: dict[str | None, tuple[str, ...]] = {
    None: ("tau2", "interval"),
    "che": ("rho",),
    "three_level": (),
    "aggregate": ("tau2", "interval", "rho"),
    "robust": ("rho",),
}
"""Choices that each model takes."""

RHO = 0.6
"""Correlation of the errors of two effects of one trial that is supposed where none is given."""


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
    model: Model | None = None,
    rho: float | None = None,
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
    model : {"che", "three_level", "aggregate", "robust"}, optional
        How effects of one trial are handled; "che" where `cluster` is given.
    rho : float, optional
        Correlation of the errors of two effects of one trial, 0.6 where none is given. It is
        supposed: try others.
    faults : {"refuse", "leave_out"}
        As in `effect_sizes`.

    Returns
    -------
    Fit
        With `cluster`, an `Answer` with the numbers of the model of several effects per trial;
        of "aggregate" a `Fit` of one effect per trial.

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
    if model is not None and model not in MODELS:
        raise ParameterError("model", model, f"one of {', '.join(MODELS)}")
    if model is not None and cluster is None:
        raise ParameterError("cluster", None, f"the column of trials, which model {model} needs")
    model = model or ("che" if cluster is not None else None)
    given = {"tau2": tau2, "interval": interval, "rho": rho}
    for name, value in given.items():
        if value is not None and name not in _USES[model]:
            uses = "no trials with several rows" if model is None else f"model {model}"
            raise ParameterError(name, value, f"nothing, since {uses} has no use for it")
    tau2 = tau2 or "REML"
    interval = interval or ("wald" if tau2 == "common" else "hksj_adhoc")
    studies = read_studies(table, effect, variance, se, study, faults)
    if cluster is None:
        remarks = [*_repeated(studies.rows), *studies.remarks]
        fitted = pool_arrays(
            studies.effects, studies.variances, tau2=tau2, interval=interval, level=level
        )
        return _fit(fitted, studies, remarks)
    trials = [str(one) for one in aligned(table, "cluster", cluster).loc[studies.rows.index]]
    options = {"tau2": tau2, "interval": interval, "level": level}
    assert model is not None
    return _several(studies, trials, model, RHO if rho is None else rho, options)


class Studies:
    """Rows of a table with an effect and a variance, and what was left out before them."""

    def __init__(self, rows: pd.DataFrame, table: pd.DataFrame, reading: Reading) -> None:
        self.rows = rows
        self.scale = scale_of(table)
        self.roles = dict(table.attrs.get("columns", {}))
        self.left_out = pd.DataFrame(
            [*table.attrs.get("left_out", []), *reading.rows],
            columns=["row", "study", "reason"],
        )
        self.remarks = [*table.attrs.get("remarks", []), *reading.remarks()]

    @property
    def effects(self) -> Floats:
        """Effects, (k,)."""
        return self.rows[EFFECT].to_numpy(dtype=float)

    @property
    def variances(self) -> Floats:
        """Sampling variances, (k,)."""
        return self.rows[VARIANCE].to_numpy(dtype=float)


_READY_MADE = {"hazard_ratio": "hazard ratio"}
"""Ratios that no columns of a table give, and that a table can hold ready made."""


def scale_of(table: pd.DataFrame) -> Scale:
    """Return what the effects of a table are, as far as `effect_sizes` has noted it."""
    measure, better = str(table.attrs.get("measure")), table.attrs.get("better")
    if measure in _READY_MADE:
        side = "" if better is None else "above" if better == "higher" else "below"
        return Scale(measure, _READY_MADE[measure], True, side)
    if measure not in MEASURES:
        return Scale()
    known = MEASURES[measure]
    # Scores are turned, so that a positive effect favors group 1; counts keep their sign.
    above = better == "higher" or known.of_scores
    groups = 2 if any(role.endswith("_1") for role in known.needs) else 1
    favors = "" if better is None else "above" if above else "below"
    if groups == 1 and not known.of_scores:
        # A proportion, a mean or a correlation has no side of no difference.
        favors = ""
    return Scale(measure, known.name, known.ratio, favors, groups)


def read_studies(
    table: pd.DataFrame,
    effect: Column,
    variance: Column | None,
    se: Column | None,
    study: Column | None,
    faults: Faults,
) -> Studies:
    """Return the rows of a table that can be pooled; parameters and errors as in `pool`."""
    if variance is not None and se is not None:
        raise ParameterError("se", "both", "a column of variances or one of standard errors")
    if variance is None and se is None:
        variance = VARIANCE if VARIANCE in table else None
        se = SE if variance is None else None
    study = STUDY if study is None and STUDY in table else study
    names = study_names(table, study)
    reading = Reading(table, names, faults)
    effects = reading.numbers(EFFECT, effect)
    given = variance if variance is not None else se
    assert given is not None
    spread = reading.numbers(VARIANCE if se is None else SE, given)
    reading.missing({EFFECT: effects, VARIANCE if se is None else SE: spread})
    for position in np.flatnonzero(reading.kept & ~(spread > 0)):
        role = VARIANCE if se is None else SE
        reading.refuse(int(position), role, float(spread[position]), "a number above 0")
    if not reading.kept.any():
        raise ParameterError("table", f"{len(table)} rows", f"one to pool ({reading.said(3)})")
    rows = table.loc[reading.kept].copy()
    rows.attrs = {}
    rows[STUDY] = names[reading.kept]
    rows[EFFECT] = effects[reading.kept]
    rows[VARIANCE] = (spread if se is None else spread**2)[reading.kept]
    return Studies(rows, table, reading)


def _repeated(rows: pd.DataFrame) -> list[str]:
    repeated = sorted(set(rows[STUDY][rows[STUDY].duplicated()]))
    if not repeated:
        return []
    more = f" and {len(repeated) - 3} more" if len(repeated) > 3 else ""
    return [
        f"Several rows have the name {', '.join(repeated[:3])}{more}: effects of the same "
        "participants count more than once here; with cluster= they do not."
    ]


def _fit(fitted: Pooled, studies: Studies, remarks: Sequence[str]) -> Fit:
    numbers = {one.name: getattr(fitted, one.name) for one in fields(Pooled)}
    found = Fit(
        **numbers,
        studies=studies.rows,
        left_out=studies.left_out,
        n=None,
        scale=studies.scale,
        remarks=(*remarks, *sentences(fitted.warnings)),
        roles=studies.roles,
    )
    sizes = found.sizes()
    if sizes is None or len(set(found.names)) < found.k:
        # Who stands in several rows would be counted more than once.
        return found
    return Fit(**{**{one.name: getattr(found, one.name) for one in fields(found)},
                  "n": round(float(sizes.sum()))})  # fmt: skip


def _several(
    studies: Studies, trials: list[str], model: Model, rho: float, options: dict[str, Any]
) -> Fit | Answer:
    level = options["level"]
    errors = correlated_covariance(studies.variances, trials, rho)
    supposed = [f"The correlation {rho:g} of the errors of effects of one trial is supposed."]
    if model == "aggregate":
        made = aggregation.aggregate(studies.effects, errors, trials)
        rows = pd.DataFrame(
            {STUDY: made.cluster, EFFECT: made.effect, VARIANCE: made.variance,
             "effects": made.k_estimates}
        )  # fmt: skip
        averaged = Studies(rows, pd.DataFrame(), Reading(rows, rows[STUDY], "refuse"))
        averaged.scale, averaged.left_out = studies.scale, studies.left_out
        fitted = pool_arrays(averaged.effects, averaged.variances, **options)
        return _fit(fitted, averaged, [*studies.remarks, *supposed])
    if model == "robust":
        robust = moment_weights.robust_pool(
            studies.effects, studies.variances, trials, rho=rho, level=level
        )
        return _answer(studies, robust, robust.coefficients[0], "Robust variance estimation",
                       [f"tau2 {digits(robust.tau2, 3)}"], supposed)  # fmt: skip
    fitted_ml = fit_multilevel(
        studies.effects, errors if model == "che" else studies.variances, trials, level=level
    )
    title = "Correlated and hierarchical effects" if model == "che" else "Three levels"
    return _answer(studies, fitted_ml, fitted_ml.coefficients[0], title, _spread(fitted_ml),
                   supposed if model == "che" else [])  # fmt: skip


def _spread(fit: MultilevelFit) -> list[str]:
    return [
        f"variance between trials {digits(fit.sigma2_cluster, 3)}, within them "
        f"{digits(fit.sigma2_effect, 3)}; Q {digits(fit.q)} on {fit.q_df} df, {p_words(fit.q_p)}"
    ]


def _new_trial(studies: Studies, fit: Any) -> list[str]:
    low, high = getattr(fit, "prediction_low", None), getattr(fit, "prediction_high", None)
    if low is None or high is None:
        return []
    read = studies.scale.read
    shown = f"{digits(read(low))} to {digits(read(high))}"
    return [f"A new trial: {shown} ({percent(fit.level)} prediction interval)"]


def _answer(
    studies: Studies, fit: Any, mean: Any, title: str, said: Sequence[str], supposed: list[str]
) -> Answer:
    shown = studies.scale.words(mean.estimate, mean.ci_low, mean.ci_high)
    return answer(
        f"{title}: {fit.k_estimates} effects of {fit.k_trials} trials, robust errors (CR2)",
        fit,
        [
            f"{studies.scale.name} {shown}, {percent(fit.level)} interval, {p_words(mean.p_value)}",
            *([studies.scale.direction] if studies.scale.direction else []),
            *said,
            *_new_trial(studies, fit),
        ],
        frame=studies.rows,
        remarks=[*studies.remarks, *supposed],
        effect=mean.estimate,
        se=mean.se,
        ci_low=mean.ci_low,
        ci_high=mean.ci_high,
        df=mean.df,
        p_value=mean.p_value,
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
    measure : {"odds_ratio", "risk_ratio", "risk_difference", "rate_ratio", "rate_difference"}
        All but the first by Mantel and Haenszel only.
    method : {"mantel_haenszel", "peto", "exact", "glmm"}
        The last two: the exact conditional odds ratio, and a logistic model with random effects.
    study, better, faults
        As in `effect_sizes`; `better` is of use for words alone.
    level : float
    **columns : str or sequence
        ``events_1, n_1, events_2, n_2``, or ``non_events_1`` for ``n_1``; of rates ``events_1,
        time_1, events_2, time_2`` with person-time in one unit. Group 1 is the intervention.

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
    if measure not in (*_OF_RISKS, *_OF_RATES):
        raise ParameterError("measure", measure, f"one of {', '.join((*_OF_RISKS, *_OF_RATES))}")
    if method != "mantel_haenszel" and measure != "odds_ratio":
        raise ParameterError("measure", measure, f"odds_ratio, which {method} pools")
    # Reads and checks the counts; what it computes of single studies is shown beside.
    roles: dict[str, Any] = dict(columns)
    of, read_by = ("n", "arcsine_difference") if measure in _OF_RISKS else ("time", measure)
    read = effect_sizes(table, read_by, study=study, faults=faults, **roles)
    needs = ("events_1", f"{of}_1", "events_2", f"{of}_2")
    names = {role: read.attrs["columns"][role] for role in needs}
    counts = {role: numbers_of(read, role, name)[0] for role, name in names.items()}
    kind = {"measure": measure} if method == "mantel_haenszel" else {}
    name, compute = _COUNTS[method]
    if measure in _OF_RATES:
        compute = mantel_haenszel_rates
    found = compute(**counts, level=level, **kind)
    read.attrs["measure"], read.attrs["better"] = measure, better
    scale = scale_of(read)
    frame = read[[STUDY, *names.values()]]
    said = [
        f"{scale.name} {scale.words(found.effect, found.ci_low, found.ci_high)}, {percent(level)} "
        f"interval, {p_words(found.p_value)}",
        f"Events: {counts['events_1'].sum():.0f} of {counts[f'{of}_1'].sum():,.0f} in group 1, "
        f"{counts['events_2'].sum():.0f} of {counts[f'{of}_2'].sum():,.0f} in group 2"
        + (" (person-time)" if of == "time" else ""),
        *([scale.direction] if scale.direction else []),
    ]
    return answer(
        f"{name}: {len(read)} studies",
        found,
        said,
        frame=frame,
        remarks=read.attrs["remarks"],
        left_out=pd.DataFrame(read.attrs["left_out"], columns=["row", "study", "reason"]),
    )


def pool_groups(
    table: pd.DataFrame,
    by: str | Sequence[str],
    *,
    n: str,
    mean: str | None = None,
    sd: str | None = None,
    events: str | None = None,
) -> pd.DataFrame:
    """Combine several groups of one study into one, as if they had been one from the start.

    Parameters
    ----------
    table : DataFrame
        A group of a study in each row.
    by : str or sequence of str
        Columns that are the same for groups to be combined.
    n : str
        Column of sizes.
    mean, sd : str, optional
        Columns of means and SDs, together.
    events : str, optional
        Column of events.

    Returns
    -------
    DataFrame
        The columns of `by`, then n, mean and sd, or events, and ``groups``, how many there were.

    Raises
    ------
    ParameterError
        For columns that are not there, neither means nor events, or a value that is missing.

    Notes
    -----
    Cochrane Handbook, table 6.5.a; events and sizes are added up.

    Examples
    --------
    >>> arms = pd.DataFrame({"study": "A", "n": [20, 30], "m": [14.0, 15.0], "s": [6.0, 7.0]})
    >>> pool_groups(arms, "study", n="n", mean="m", sd="s").round(3).to_dict("records")
    [{'study': 'A', 'n': 50.0, 'm': 14.6, 's': 6.573, 'groups': 2}]
    """
    keys = [by] if isinstance(by, str) else list(by)
    wanted = {"n": n, "mean": mean, "sd": sd, "events": events}
    named = {role: name for role, name in wanted.items() if name is not None}
    if set(named) not in ({"n", "mean", "sd"}, {"n", "events"}):
        raise ParameterError("columns", sorted(named), "n with mean and sd, or n with events")
    for key in keys:
        aligned(table, "by", key)
    numbers = {}
    for role, name in named.items():
        values, wrong = numbers_of(table, role, name)
        bad = next(iter(wrong), None)
        if bad is None and np.isnan(values).any():
            bad = int(np.argmax(np.isnan(values)))
        if bad is not None:
            raise ParameterError(f"{name}, {row_label(table, bad)}", wrong.get(bad), "a number")
        numbers[role] = values
    made = []
    for _, rows in table.reset_index(drop=True).groupby(keys, sort=False, dropna=False):
        at = rows.index.to_numpy()
        own: dict[Any, Any] = {one: rows[one].iloc[0] for one in keys}
        if "events" in named:
            total: dict[str, float] = {
                named[role]: float(numbers[role][at].sum()) for role in ("n", "events")
            }
        else:
            arms = [Moments(*(float(numbers[role][i]) for role in ("n", "mean", "sd"))) for i in at]
            joined = combined_arms(arms)
            total = {named["n"]: joined.n, named["mean"]: joined.mean, named["sd"]: joined.sd}
        made.append({**own, **total, "groups": len(at)})
    return pd.DataFrame(made)


def _matrix(table: pd.DataFrame, made: BlockCovariance | Floats) -> pd.DataFrame:
    full = made if isinstance(made, np.ndarray) else np.zeros((len(table), len(table)))
    if isinstance(made, BlockCovariance):
        for rows, matrix in zip(made.rows, made.matrices, strict=True):
            full[np.ix_(rows, rows)] = matrix
    return pd.DataFrame(full, index=table.index, columns=table.index)


def repeated_covariance(table: pd.DataFrame, *, cluster: Column, rho: float) -> pd.DataFrame:
    """Return the covariance of effects of the same participants with one supposed correlation.

    Parameters
    ----------
    table : DataFrame of k rows
        With the column "variance".
    cluster : str or sequence
        The trial of each row.
    rho : float
        Correlation of the errors of two effects of one trial.

    Returns
    -------
    DataFrame of shape (k, k)

    Raises
    ------
    ParameterError
        As `evidence.meta.multilevel.covariance.correlated_covariance`.

    Examples
    --------
    >>> effects = pd.DataFrame({"trial": ["A", "A", "B"], "variance": [0.04, 0.09, 0.05]})
    >>> repeated_covariance(effects, cluster="trial", rho=0.5).round(3).to_numpy().tolist()
    [[0.04, 0.03, 0.0], [0.03, 0.09, 0.0], [0.0, 0.0, 0.05]]
    """
    trials = [str(one) for one in aligned(table, "cluster", cluster)]
    variances, _ = numbers_of(table, VARIANCE, VARIANCE)
    return _matrix(table, correlated_covariance(variances, trials, rho))


def shared_control_covariance(
    table: pd.DataFrame, *, cluster: Column, comparator: Column, shared: Column
) -> pd.DataFrame:
    """Return the covariance of effects that have a comparator arm in common.

    Parameters
    ----------
    table : DataFrame of k rows
        With the column "variance".
    cluster, comparator : str or sequence
        The trial of each row, and its comparator arm.
    shared : str or sequence
        What that arm adds to the variance: SD^2 / n of a mean difference, 1/c + 1/(n - c) of a log
        odds ratio, 1/c - 1/n of a log risk ratio, p (1 - p) / n of a risk difference.

    Returns
    -------
    DataFrame of shape (k, k)

    Raises
    ------
    ParameterError
        As `evidence.meta.multilevel.sampling_covariance.shared_comparator_covariance`.

    Examples
    --------
    >>> arms = pd.DataFrame({"trial": ["A", "A", "B"], "control": ["c", "c", "c"],
    ...                      "variance": [0.05, 0.06, 0.05], "of_control": 0.02})
    >>> made = shared_control_covariance(arms, cluster="trial", comparator="control",
    ...                                  shared="of_control")
    >>> made.round(3).to_numpy().tolist()
    [[0.05, 0.02, 0.0], [0.02, 0.06, 0.0], [0.0, 0.0, 0.05]]
    """
    trials, arms = (
        [str(one) for one in aligned(table, role, given)]
        for role, given in (("cluster", cluster), ("comparator", comparator))
    )
    variances, _ = numbers_of(table, VARIANCE, VARIANCE)
    added, _ = numbers_of(table, "shared", shared)
    return _matrix(table, shared_comparator_covariance(variances, trials, arms, added))
