"""From statistics that a source prints between arms to effects, by kind of statistic."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from evidence.data.records import records
from evidence.errors import ParameterError
from evidence.estimation.lookups import Context, Spread, number, spread
from evidence.estimation.row import Row, interval
from evidence.meta.effect_size import (
    Effect,
    conversions,
    means,
    printed_values,
    small_sample_correction,
)
from evidence.meta.effect_size.events import difference_from_number_needed
from evidence.terms import Basis, LeftOut, RemarkKind, Said

MAGNITUDES = ("p", "f_slope", "chi2_groups", "eta_squared", "partial_eta_squared", "cohens_f")
"""Kinds that say how large a difference is, never whom it favors."""

SIGN = {"lower": -1, "higher": 1, "above_1": 1, "below_1": -1}

MODEL_REMARK = (
    "the standard error of a repeated-measures or adjusted model is that of a change or residual, "
    "so this g can be off, more often too large; its range is over pre-post correlations of 0.3 to "
    "0.8"
)

TIMES_J = "times J (Hedges 1981)"
"""How a standardized difference from a test statistic is corrected for small samples."""

SMALLEST_P = 1e-12
"""A printed p of 0.000 begins at zero, which no statistic has."""

WITHIN_ARM = "a change within one arm; no comparison"
NO_ROUTE = {
    "cohens_d_unspecified": "an effect size of a kind that the source does not state",
    "cohens_d_at_least": "a lower bound printed for several contrasts at once, not an estimate",
    "d_within": WITHIN_ARM,
    "t_within": WITHIN_ARM,
    "slope_b": WITHIN_ARM,
    "t_time_both_arms": "the change of both arms together; no comparison",
    "standardized_beta": "a standardized coefficient depends on what else is in the model; it is "
    "kept and not converted",
    "indirect_b": "an indirect effect through a mediator, not an effect of the therapy",
}
"""Kinds of statistics that allow no effect between arms, and why."""
NO_ROUTE_ALONE = "a rounded transformation of the risk difference, without interval"


def rows(context: Context) -> list[Row]:
    """Return the estimates of every statistic, or the reason why it allows none."""
    made: list[Row] = []
    for one in records(context.statistics):
        made += _rows(context, one)
    return made


def _rows(context: Context, one: Any) -> list[Row]:
    row = context.base(one.trial_id, one.intervention_arm_id, one.comparator_arm_id)
    row = context.measured(row, one.instrument_id, one.event)
    row = replace(
        row,
        more_is=context.more_is(one.event),
        timepoint=one.timepoint,
        analysis_set=one.analysis_set or "as_printed",
        weeks_since_randomization=number(one.weeks_since_randomization),
        follow_up_weeks=number(one.follow_up_weeks),
        locator_ids=(one.locator_id,),
    ).remarked(*([(RemarkKind.CLOCK, one.clock_note)] if one.clock_note else []))
    row, imputed = context.sized(row, one.n_intervention, one.n_comparator)
    row = context.corrected(row, "statistics", (one.result_id,))
    unusable = replace(row, metric=one.statistic)
    if one.statistic in NO_ROUTE:
        by = LeftOut.NO_ESTIMATE if one.comparator_arm_id else LeftOut.ONE_ARM
        return [unusable.without(by, NO_ROUTE[one.statistic])]
    if not one.comparator_arm_id:
        return [unusable.without(LeftOut.ONE_ARM, WITHIN_ARM)]
    if not context.randomized(one.trial_id):
        return [unusable.without(LeftOut.NOT_RANDOMIZED, "the groups were not formed at random")]
    route = _ROUTES.get(one.statistic)
    reason = ""
    if route is None:
        reason = f"no route yet from {one.statistic} to an effect"
    elif number(one.estimate) is None:
        reason = "the printed value is withheld"
    elif number(one.se) == 0:
        reason = "a standard error of 0 is printed"
    if route is None or reason:
        return [unusable.without(LeftOut.NO_ESTIMATE, reason)]
    try:
        return route(context, row, one, imputed)
    except ParameterError as error:
        reason = f"what is printed allows no estimate: {error}"
        return [unusable.without(LeftOut.NO_ESTIMATE, reason)]


def _sign(one: Any) -> int | None:
    return SIGN.get(one.favors_intervention_when)


def _unsigned(row: Row, metric: str) -> Row:
    reason = "the source does not say whom it favors"
    return row.without(LeftOut.SIGN_UNKNOWN, reason, metric=metric)


def _unsized(row: Row, one: Any) -> Row:
    return row.without(LeftOut.NO_ESTIMATE, "arm sizes are not printed", metric=one.statistic)


def _printed_g(_context: Context, row: Row, one: Any, imputed: bool) -> list[Row]:
    """Take a standardized difference as the source prints it, with what its uncertainty is."""
    sign = _sign(one)
    if sign is None:
        return [_unsigned(row, "hedges_g")]
    made = replace(
        row,
        metric="hedges_g",
        route="printed",
        convention="as printed" + (f"; {one.note}" if one.note else ""),
        processing="printed",
        effect=sign * one.estimate,
    )
    found = spread(one, by_sizes=_by_sizes(row))
    if found.basis is Basis.INTERVAL:
        made = replace(made, processing="converted")
    imputed = imputed or _sizes_of_randomized(one)
    return [_with_spread(made, one, found, sign, sizes_imputed=imputed)]


def _printed_d(_context: Context, row: Row, one: Any, imputed: bool) -> list[Row]:
    """Take d between arms: times J it is g, with its error (Borenstein 2009, 4.22 to 4.24)."""
    sign = _sign(one)
    if sign is None:
        return [_unsigned(row, "cohens_d")]
    if row.n_intervention is None or row.n_comparator is None:
        return [_unsized(row, one)]
    factor = float(small_sample_correction(row.n_intervention + row.n_comparator - 2))
    found = spread(one, lambda d: factor * d, se_unit=factor, by_sizes=_by_sizes(row))
    made = replace(
        row,
        metric="hedges_g",
        route="cohens_d",
        convention=f"d {TIMES_J}",
        processing="converted",
        effect=sign * factor * one.estimate,
    )
    imputed = imputed or _sizes_of_randomized(one)
    return [_with_spread(made, one, found, sign, sizes_imputed=imputed)]


def _by_sizes(row: Row) -> Callable[[float], float] | None:
    """Return the standard error of a g by the sizes of the arms, if these are known."""
    if row.n_intervention is None or row.n_comparator is None:
        return None
    n_1, n_2 = row.n_intervention, row.n_comparator
    if n_1 + n_2 < 4:
        return None
    factor = float(small_sample_correction(n_1 + n_2 - 2))
    return lambda g: float(means.hedges_g(g / factor, n_1, n_2).se)


def _model_b(context: Context, row: Row, one: Any, imputed: bool) -> list[Row]:
    """Take a model coefficient: in points as printed, and standardized by its z, always imputed."""
    sign = _sign(one)
    if sign is None:
        return [_unsigned(row, one.statistic)]
    rows = []
    found = spread(one)
    if found.basis in (Basis.STANDARD_ERROR, Basis.INTERVAL, Basis.LIMIT):
        made = replace(
            row,
            metric="mean_difference",
            route="printed_b",
            convention="model coefficient in points of the instrument",
            processing="printed",
            effect=sign * one.estimate,
        )
        rows.append(_with_spread(made, one, found, sign))
    if row.n_intervention is None or row.n_comparator is None:
        return rows or [_unsized(row, one)]
    sizes = (row.n_intervention, row.n_comparator)
    if rows and found.se:
        d = _corrected(conversions.d_from_z(one.estimate / found.se, *sizes), sizes)
        value, variance = sign * float(d.value), float(d.variance)
        span = conversions.range_over_correlations(value)
        route = "b_se" if found.basis is Basis.STANDARD_ERROR else "b_interval"
        rows.append(_standardized(row, route, value, variance, span))
    elif number(one.p_value) is not None and one.p_relation == "equal":
        toward = sign * (1 if one.estimate > 0 else -1)
        d = _corrected(conversions.d_from_p(one.p_value, *sizes), sizes)
        value, variance = toward * float(d.value), float(d.variance)
        text = context.used_text("statistics", one.result_id, "p_value")
        limits = [
            toward
            * float(
                _corrected(conversions.d_from_p(min(max(p, SMALLEST_P), 1.0), *sizes), sizes).value
            )
            for p in printed_values.range_from_printed(text)
        ]
        spans = [conversions.range_over_correlations(limit) for limit in limits]
        span = (min(map(min, spans)), max(map(max, spans)))
        digits = (
            RemarkKind.DIGITS_OF_P,
            f"by the digits of p = {text} alone it lies from {min(limits):.3f} to "
            f"{max(limits):.3f}",
        )
        rows.append(_standardized(row, "b_p", value, variance, span, digits))
    reason = "neither interval nor exact p printed"
    return rows or [row.without(LeftOut.NO_ESTIMATE, reason, metric=one.statistic)]


def _corrected(d: Effect, sizes: tuple[int, int]) -> Effect:
    """Return g: d of a test statistic times J(n_1 + n_2 - 2), the variance times its square."""
    return conversions.correct_for_small_samples(d, sum(sizes) - 2)


def _standardized(
    row: Row,
    route: str,
    value: float,
    variance: float,
    span: tuple[float, float],
    *remarks: tuple[RemarkKind, str],
) -> Row:
    return replace(
        row,
        metric="d_from_test_statistic",
        route=route,
        convention=TIMES_J,
        processing="imputed",
        effect_low=min(span),
        effect_high=max(span),
        **interval(value, variance),
    ).remarked(*remarks, (RemarkKind.FROM_A_MODEL, MODEL_REMARK))


def _f_slope(context: Context, row: Row, one: Any, _imputed: bool) -> list[Row]:
    """Take F with one numerator df as a magnitude; its sign comes from elsewhere."""
    if number(one.df1) != 1:
        reason = "F with other than one numerator df, or none printed: no direction"
        return [row.without(LeftOut.SIGN_UNKNOWN, reason, metric=one.statistic)]
    if row.n_intervention is None or row.n_comparator is None:
        return [_unsized(row, one)]
    sizes = (row.n_intervention, row.n_comparator)
    d = _corrected(conversions.d_from_f(one.estimate, *sizes), sizes)
    return [_of_magnitude(context, row, "f_slope", float(d.value), float(d.variance))]


def _of_magnitude(context: Context, row: Row, route: str, size: float, variance: float) -> Row:
    """Return a standardized difference whose direction is that of words or percentages."""
    sign, source = _sign_from_arms(context, row)
    if sign is not None:
        span = conversions.range_over_correlations(sign * size)
        return _standardized(row, route, sign * size, variance, span, source)
    return _standardized(row, route, size, variance, (-size, size), source)


def _chi2_bound(context: Context, row: Row, one: Any, _imputed: bool) -> list[Row]:
    """Take chi-square with two or more df as a bound on the absolute effect, never a point."""
    unusable = replace(row, metric=one.statistic)
    if row.n_intervention is None or row.n_comparator is None:
        return [_unsized(row, one)]
    text = context.used_text("statistics", one.result_id, "estimate")
    bound = float(conversions.chi2_bound(text, row.n_intervention, row.n_comparator))
    return [
        unusable.without(
            LeftOut.NO_ESTIMATE,
            f"a chi-square of {text}{_with_df(one)} gives no estimate; if it tested "
            "the difference between the arms, which the source does not spell out, the observed "
            f"standardized difference is at most {bound:.3f} to either side; no confidence "
            "interval follows",
            route="chi2_bound",
            convention="Scheffé bound at the upper end of the printed digits",
            processing="imputed",
            effect_low=-bound,
            effect_high=bound,
        )
    ]


def _with_df(one: Any) -> str:
    df = number(one.df1)
    return "" if df is None else f" with {df:g} df"


def _sign_from_arms(context: Context, row: Row) -> tuple[int | None, tuple[RemarkKind, str]]:
    """Return the direction that directions, else percentages by arm on the instrument, give.

    Both are of the time of the statistic; one over the whole course has that of the end.
    """
    when = "post" if row.timepoint == "overall" else row.timepoint
    said = context.directions
    said = said[
        (said.intervention_arm_id == row.intervention_arm_id)
        & (said.comparator_arm_id == row.comparator_arm_id)
        & (said.outcome_id == row.outcome_id)
        & (said.timepoint == when)
        & said.direction.isin([Said.FAVORS_INTERVENTION, Said.FAVORS_COMPARATOR])
    ]
    if len(set(said.direction)) == 1:
        sign = 1 if said.direction.iloc[0] == Said.FAVORS_INTERVENTION else -1
        return sign, (
            RemarkKind.SIGN_FROM_WORDS,
            "a magnitude only; its direction is that which the source states",
        )
    results = context.arm_results
    found = results[
        (results.instrument_id == row.instrument_id)
        & (results.timepoint == when)
        & results.percent.notna()
    ].drop_duplicates(["arm_id", "event"])
    for event in context.dataset.vocabulary("event"):
        sign = context.dataset.event_sign(event)
        if not sign:
            continue
        by_arm = found[found.event == event].set_index("arm_id").percent
        if row.intervention_arm_id in by_arm and row.comparator_arm_id in by_arm:
            one, two = by_arm[row.intervention_arm_id], by_arm[row.comparator_arm_id]
            if one != two:
                return sign if one > two else -sign, (
                    RemarkKind.SIGN_FROM_EVENTS,
                    f"a magnitude only; its direction is that of {event} by arm "
                    f"({one:g}% and {two:g}%)",
                )
    return None, (
        RemarkKind.SIGN_UNKNOWN,
        "no source gives the direction: the absolute value stands and is not pooled",
    )


def _difference(_context: Context, row: Row, one: Any, _imputed: bool) -> list[Row]:
    """Take a difference that a source prints, with what its uncertainty is."""
    sign = _sign(one)
    if sign is None:
        return [_unsigned(row, one.statistic)]
    metric, scale = _DIFFERENCES[one.statistic]
    made = replace(
        row,
        metric=metric,
        route="printed",
        processing="printed",
        effect=sign * one.estimate / scale,
    )
    found = spread(one, lambda value: value / scale, se_unit=1 / scale, df=_df(row, one))
    return [_with_spread(made, one, found, sign)]


def _df(row: Row, one: Any) -> float | None:
    """Return the degrees of freedom behind the p of a difference of two means."""
    if one.statistic != "mean_difference":
        return None
    if number(one.df1) is not None:
        return number(one.df1)
    if row.n_intervention is None or row.n_comparator is None:
        return None
    return max(row.n_intervention + row.n_comparator - 2, 1)


def _ratio(_context: Context, row: Row, one: Any, _imputed: bool) -> list[Row]:
    """Take a ratio that a source prints, on the log scale."""
    sign = _sign(one)
    metric = _RATIOS[one.statistic]
    if sign is None:
        return [_unsigned(row, one.statistic)]
    made = replace(
        row,
        metric=metric,
        route="printed",
        convention="conditional estimate" if one.statistic == "odds_ratio_fisher" else "",
        processing="printed",
        effect=sign * conversions.log_ratio(one.estimate),
    )
    # Of the ratio itself by the delta method: the derivative of the logarithm is 1 over the ratio.
    unit = {"logarithm": 1.0, "ratio": 1 / one.estimate}.get(one.se_of)
    return [_with_spread(made, one, spread(one, conversions.log_ratio, se_unit=unit), sign)]


def _risk_reduction(_context: Context, row: Row, one: Any, _imputed: bool) -> list[Row]:
    """Take a relative risk reduction: 1 less it is a risk ratio (Cochrane Handbook 6.4.1.5)."""
    sign = _sign(one)
    if sign is None:
        return [_unsigned(row, one.statistic)]

    def log_of(percent: float) -> float:
        return -conversions.log_ratio(1 - percent / 100)

    made = replace(
        row,
        metric="log_risk_ratio",
        route="relative_risk_reduction",
        processing="converted",
        effect=sign * log_of(one.estimate),
    )
    return [_with_spread(made, one, spread(one, log_of, se_unit=None), sign)]


_SAID_OF = {
    Basis.P: "standard error from p, as no interval is printed",
    Basis.P_BELOW: "p is printed only as below a value: the standard error is the largest that "
    "fits it",
    Basis.LIMIT: "one limit only can be used: the standard error is its distance by {quantile:.3g}",
    Basis.SIZES: "standard error by the sizes of the arms, as none is printed",
    Basis.NOTHING: "a number without uncertainty: no interval, standard error or p that gives one "
    "is printed, so it is not pooled",
}


def _with_spread(
    row: Row, one: Any, found: Spread, sign: int, *, sizes_imputed: bool = False
) -> Row:
    """Return the row with the standard error and interval that follow from what is printed."""
    effect = row.effect
    if effect is None:
        return row
    row = replace(row, se_from=found.basis)
    if found.low is not None and found.high is not None:
        low, high = sorted((sign * found.low, sign * found.high))
        return replace(row, ci_low=low, ci_high=high, se=found.se, variance=(found.se or 0) ** 2)
    if found.basis in _SAID_OF:
        kind = RemarkKind.SPREAD_DERIVED if found.se is not None else RemarkKind.NO_INTERVAL
        row = row.remarked((kind, _SAID_OF[found.basis].format(quantile=found.quantile)))
    if found.basis is Basis.INTERVAL:
        level = f"the printed interval is of {one.ci_level:g}%; that of 95% stands here"
        row = row.remarked((RemarkKind.SPREAD_DERIVED, level))
    if number(one.se) is not None and found.basis is not Basis.STANDARD_ERROR:
        unclear = (
            "whether the printed standard error is that of the ratio or that of its logarithm is "
            "not stated, so it is not used"
        )
        row = row.remarked((RemarkKind.SCALE_OF_SE_UNKNOWN, unclear))
    if found.se is None:
        return row
    processing = (
        row.processing
        if row.metric == "hedges_g" and found.basis is Basis.STANDARD_ERROR
        else "converted"
    )
    if found.basis is Basis.P_BELOW or (found.basis is Basis.SIZES and sizes_imputed):
        processing = "imputed"
    return replace(row, processing=processing, **interval(effect, found.se**2))


def _log_ratio(_context: Context, row: Row, one: Any, _imputed: bool) -> list[Row]:
    """Take the logarithm of a ratio as printed, with its interval or standard error."""
    sign = _sign(one)
    if sign is None:
        return [_unsigned(row, one.statistic)]
    made = replace(
        row,
        metric=one.statistic,
        route="printed",
        processing="printed",
        effect=sign * one.estimate,
    )
    return [_with_spread(made, one, spread(one), sign)]


def _number_needed(_context: Context, row: Row, one: Any, _imputed: bool) -> list[Row]:
    """Take a number needed to treat with its interval: 1 over each is a risk difference."""
    sign = _sign(one)
    if sign is None or number(one.ci_low) is None or number(one.ci_high) is None:
        return [row.without(LeftOut.NO_ESTIMATE, NO_ROUTE_ALONE, metric=one.statistic)]
    made = replace(
        row,
        metric="risk_difference",
        route="number_needed_to_treat",
        processing="converted",
        effect=sign * difference_from_number_needed(one.estimate),
    )
    found = spread(one, difference_from_number_needed, se_unit=None)
    return [_with_spread(made, one, found, sign)]


def _share(context: Context, row: Row, one: Any, _imputed: bool) -> list[Row]:
    """Take eta squared or f of one numerator df as a magnitude; its sign comes from elsewhere."""
    if number(one.df1) not in (None, 1.0):
        reason = "more than one numerator df compares more than two means: no direction"
        return [row.without(LeftOut.SIGN_UNKNOWN, reason, metric=one.statistic)]
    if row.n_intervention is None or row.n_comparator is None:
        return [_unsized(row, one)]
    sizes = (row.n_intervention, row.n_comparator)
    squared = one.estimate**2 / (1 + one.estimate**2)
    share = squared if one.statistic == "cohens_f" else one.estimate
    df = number(one.df2) or sum(sizes) - 2
    d = _corrected(conversions.d_from_partial_eta_squared(share, df, *sizes), sizes)
    made = _of_magnitude(context, row, one.statistic, float(d.value), float(d.variance))
    if one.statistic == "eta_squared":
        alone = (
            "taken as if the arms were all that divides the scores, as partial eta squared has it"
        )
        made = made.remarked((RemarkKind.FROM_A_MODEL, alone))
    return [made]


def _p_alone(context: Context, row: Row, one: Any, _imputed: bool) -> list[Row]:
    """Take a p between arms as a magnitude; its sign comes from elsewhere."""
    if row.n_intervention is None or row.n_comparator is None:
        return [_unsized(row, one)]
    sizes = (row.n_intervention, row.n_comparator)
    d = _corrected(conversions.d_from_p(one.estimate, *sizes), sizes)
    return [_of_magnitude(context, row, "p", float(d.value), float(d.variance))]


def _test(_context: Context, row: Row, one: Any, imputed: bool) -> list[Row]:
    """Take a two-sample t or a z between arms to d."""
    sign = _sign(one)
    if sign is None:
        return [_unsigned(row, one.statistic)]
    if row.n_intervention is None or row.n_comparator is None:
        return [_unsized(row, one)]
    if one.statistic == "t" and _sizes_of_randomized(one):
        row, imputed = _analyzed_by_df(row, number(one.df1)), True
    sizes = (row.n_intervention or 0, row.n_comparator or 0)
    convertible = {"t": conversions.d_from_t, "z": conversions.d_from_z}
    d = _corrected(convertible[one.statistic](one.estimate, *sizes), sizes)
    value, variance = sign * float(d.value), float(d.variance)
    if one.statistic == "t":
        return [
            replace(
                row,
                metric="d_from_test_statistic",
                route="t",
                convention=TIMES_J,
                processing="imputed" if imputed else "converted",
                **interval(value, variance),
            )
        ]
    return [
        _standardized(
            row, one.statistic, value, variance, conversions.range_over_correlations(value)
        )
    ]


def _sizes_of_randomized(one: Any) -> bool:
    """Whether a statistic is printed without the sizes of the arms that it rests on."""
    return number(one.n_intervention) is None or number(one.n_comparator) is None


def _analyzed_by_df(row: Row, df: float | None) -> Row:
    """Return the row with the sizes that the df of a t leave of those randomized, and a remark."""
    n_1, n_2 = row.n_intervention or 0, row.n_comparator or 0
    if df is None or df != int(df) or not 0 < df + 2 < n_1 + n_2:
        return row
    analyzed = int(df) + 2
    first = round(analyzed * n_1 / (n_1 + n_2))
    remark = (
        f"{df:g} degrees of freedom are those of {analyzed} analyzed, taken in proportion to "
        f"the {n_1} and {n_2} randomized"
    )
    kept = tuple(one for one in row.remarks if one.kind != RemarkKind.SIZES_OF_RANDOMIZED)
    row = replace(row, n_intervention=first, n_comparator=analyzed - first, remarks=kept)
    return row.remarked((RemarkKind.SIZES_IMPUTED, remark))


_DIFFERENCES = {
    "mean_difference": ("mean_difference", 1.0),
    "qaly_difference": ("mean_difference", 1.0),
    "risk_difference_percent": ("risk_difference", 100.0),
}
_RATIOS = {
    "odds_ratio": "log_odds_ratio",
    "odds_ratio_fisher": "log_odds_ratio",
    "risk_ratio": "log_risk_ratio",
    "hazard_ratio": "log_hazard_ratio",
    "incidence_rate_ratio": "log_incidence_rate_ratio",
}
_ROUTES: dict[str, Callable[[Context, Row, Any, bool], list[Row]]] = (
    {
        "hedges_g": _printed_g,
        "cohens_d": _printed_d,
        "relative_risk_reduction_percent": _risk_reduction,
        "partial_eta_squared": _share,
        "eta_squared": _share,
        "cohens_f": _share,
        "mixed_model_b": _model_b,
        "f_slope": _f_slope,
        "number_needed_to_treat": _number_needed,
        "chi2_groups": _chi2_bound,
        "log_odds_ratio": _log_ratio,
        "log_risk_ratio": _log_ratio,
        "t": _test,
        "z": _test,
        "p": _p_alone,
    }
    | dict.fromkeys(_DIFFERENCES, _difference)
    | dict.fromkeys(_RATIOS, _ratio)
)
