"""From the printed numbers to an estimate, with the numbers put in, as a reader would check it."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import pandas as pd

from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.estimation.from_means import completed
from evidence.estimation.row import NORMAL_975, QuotedScale
from evidence.language import MINUS, SIDE, STATISTIC, fixed, minus, term
from evidence.ledger import LedgerEntry
from evidence.meta import effect_size
from evidence.meta.effect_size import Moments, combined_arms, printed_values
from evidence.terms import Basis


def printed(row: Any, dataset: Dataset) -> str:
    """Return what the sources print for the results behind an estimate, digits as printed."""
    parts = []
    for table in ("arm_results", "statistics"):
        text = dataset.text(table)
        frame = text[text.result_id.isin(row.result_ids)]
        describe = _arm_result if table == "arm_results" else _statistic
        parts += [describe(one, dataset) for one in records(frame)]
    directions = dataset.directions
    parts += [
        f"{one.direction.replace('_', ' ')}" + (f" ({one.note})" if one.note else "")
        for one in records(directions[directions.direction_id.isin(row.result_ids)])
    ]
    return minus("\n".join(parts))


def _arm_result(one: Any, dataset: Dataset) -> str:
    condition = dataset.in_text("condition", str(dataset.arm(one.arm_id).condition))
    when = "" if one.timepoint == "post" else f", {dataset.in_text('timepoint', one.timepoint)}"
    if one.mean:
        spread = f"SD {one.sd or 'not printed'}"
        if not one.sd and one.se:
            spread = f"SE {one.se}"
        elif not one.sd and one.ci_low:
            spread = f"{one.ci_level or '95'}% {one.ci_low} to {one.ci_high}"
        kind = "" if one.measured_as in ("", "level") else f"{one.measured_as}, "
        value = f"{kind}mean {one.mean} ({spread})"
    elif one.median:
        named = {"quartiles": (one.q1, one.q3), "range": (one.minimum, one.maximum)}
        spans = [f"{name} {low} to {high}" for name, (low, high) in named.items() if low]
        value = f"median {one.median} ({', '.join(spans) or 'no spread printed'})"
    elif one.events:
        value = f"{one.events} with the event"
    else:
        value = f"{one.percent}%"
        if one.percent_ci_low:
            value += f" ({one.percent_ci_low} to {one.percent_ci_high})"
    size = f", n = {one.n_analyzed}" if one.n_analyzed else ""
    return f"{condition}{when}: {value}{size}"


def _statistic(one: Any, _dataset: Dataset) -> str:
    parts = [f"{term(STATISTIC, one.statistic)} {one.estimate}"]
    if one.ci_low:
        level = f"{one.ci_level}%: " if one.ci_level else ""
        parts.append(f"({level}{one.ci_low} to {one.ci_high})")
    if one.se:
        parts.append(f"SE {one.se}")
    if one.df1:
        parts.append(f"df {one.df1}" + (f" and {one.df2}" if one.df2 else ""))
    if one.p_value:
        parts.append(f"p {'<' if one.p_relation == 'below' else '='} {one.p_value}")
    return " ".join(parts)


def conversion(row: Any, dataset: Dataset) -> str:
    """Return the conversion of an estimate by its route, with the numbers put in."""
    return route(row.route).chain(row, dataset)


def _as_printed(row: Any, dataset: Dataset) -> str:
    """Return what was done to a printed value: its sign, and where its standard error is from."""
    statistics = {*dataset.statistics.result_id}
    found = [dataset.result(one) for one in row.result_ids if one in statistics]
    parts = ["as printed"]
    if not found:
        return parts[0]
    one = found[0]
    ratio = row.metric.startswith("log_")
    if row.route == "number_needed_to_treat":
        parts = [f"1 / {one.estimate:g} = {fixed(abs(row.effect))}"]
    elif row.route == "relative_risk_reduction":
        parts = [f"risk ratio 1 {MINUS} {one.estimate:g} / 100 = {fixed(1 - one.estimate / 100)}"]
    elif not ratio and one.estimate * row.effect < 0:
        parts.append("sign turned, so that positive favors the treatment")
    if row.se_from == Basis.STANDARD_ERROR:
        parts += _of_se(row, one)
    elif row.se_from == Basis.INTERVAL:
        if row.processing == "converted":
            parts.append(f"standard error {fixed(row.se)} from the limits")
    elif row.se_from in _SOURCE:
        source = _SOURCE[row.se_from]
        if row.se_from in (Basis.P, Basis.P_BELOW):
            source += f"{fixed(abs(row.effect))} / {fixed(abs(row.effect) / row.se)}"
        parts.append(f"standard error {fixed(row.se)} from {source}; interval: value ± 1.96 × it")
    return "; ".join(parts)


_SOURCE = {
    Basis.LIMIT: "the one limit",
    Basis.SIZES: "the sizes of the arms",
    Basis.P: "p: ",
    Basis.P_BELOW: "p: the largest that fits, ",
}


def _of_se(row: Any, one: Any) -> list[str]:
    """Return what a printed standard error became, and whether the interval follows from it."""
    made = []
    if one.se_of == "ratio":
        made.append(f"standard error of the logarithm {one.se:g} / {one.estimate:g}")
    if math.isclose(row.ci_high - row.effect, NORMAL_975 * row.se):
        of_log = "logarithm ± 1.96 × its" if row.metric.startswith("log_") else "value ± 1.96 ×"
        return [*made, f"interval: {of_log} standard error"]
    return [*made, "standard error and interval as printed"]


def _arms(row: Any, dataset: Dataset, timepoints: tuple[str, ...]) -> list[Any]:
    results = dataset.arm_results
    results = results[results.result_id.isin(row.result_ids)]
    return [
        results[(results.arm_id == arm_id) & results.timepoint.isin(timepoints)].iloc[0]
        for arm_id in (row.intervention_arm_id, row.comparator_arm_id)
    ]


def _subtraction(row: Any, dataset: Dataset, one: float, two: float) -> str:
    """Return the difference in the order that makes a benefit positive."""
    higher_is = dataset.instrument(row.instrument_id).higher_is
    first, second = (one, two) if higher_is == "better" else (two, one)
    return f"{first:g} {MINUS} {second:g}".replace("-", MINUS)


def _means(row: Any, dataset: Dataset) -> str:
    one, two = (_completed(arm) for arm in _arms(row, dataset, (row.timepoint,)))
    fell = one.measured_as in ("reduction", "improvement")
    subtraction = (
        f"{one.mean:g} {MINUS} {two.mean:g}".replace("-", MINUS)
        if fell
        else _subtraction(row, dataset, one.mean, two.mean)
    )
    if row.metric == "mean_difference":
        return f"{subtraction} = {fixed(row.effect)}"
    sizes = int(one.n_analyzed), int(two.n_analyzed)
    sd = effect_size.pooled_sd(one.sd, sizes[0], two.sd, sizes[1])
    factor = effect_size.small_sample_correction(sum(sizes) - 2, convention=row.convention)
    return (
        f"({subtraction}) / {fixed(float(sd))} × {fixed(float(factor), 4)} = {fixed(row.effect)}; "
        f"pooled SD {fixed(float(sd))}, small-sample factor {fixed(float(factor), 4)}"
    )


def _completed(arm: Any) -> Any:
    """Return a result of an arm with the mean and SD that are used, printed or derived."""
    return completed(next(records(arm.to_frame().T.infer_objects())))[0]


def _means_change(row: Any, dataset: Dataset) -> str:
    one, two = _arms(row, dataset, (row.timepoint,))
    one, two = _completed(one), _completed(two)
    base_one, base_two = (_completed(arm) for arm in _arms(row, dataset, ("baseline",)))
    higher_is = dataset.instrument(row.instrument_id).higher_is
    changes = [
        (base.mean, after.mean) if higher_is == "worse" else (after.mean, base.mean)
        for base, after in ((base_one, one), (base_two, two))
    ]
    sizes = int(one.n_analyzed), int(two.n_analyzed)
    sd = effect_size.pooled_sd(base_one.sd, sizes[0], base_two.sd, sizes[1])
    first, second = (f"({high:g} {MINUS} {low:g})" for high, low in changes)
    return (
        f"({first} {MINUS} {second}) / {fixed(float(sd))} × small-sample factor = "
        f"{fixed(row.effect)}; pooled baseline SD {fixed(float(sd))}"
    )


def _combined(row: Any, dataset: Dataset) -> str:
    """Return each side with its arms taken as one, and the effect of the two."""
    results = dataset.arm_results
    results = results[results.result_id.isin(row.result_ids) & (results.timepoint == row.timepoint)]
    roles = results.arm_id.map(dataset.arms.set_index("arm_id").role)
    sides = []
    for role in ("intervention", "comparator"):
        used = [completed(one)[0] for one in records(results[roles == role])]
        arms = [Moments(one.n_analyzed, one.mean, one.sd) for one in used]
        n, mean, sd = combined_arms(arms)
        several = " and ".join(f"{one.mean:g} (SD {one.sd:g}, n = {one.n:g})" for one in arms)
        together = f" together {fixed(mean)} (SD {fixed(sd)}, n = {n:g})" if len(arms) > 1 else ""
        sides.append(several + together)
    return f"{sides[0]} against {sides[1]}: {fixed(row.effect)}".replace("-", MINUS)


def _b_interval(row: Any, dataset: Dataset) -> str:
    statistics = dataset.result(row.result_ids[0])
    estimate, low, high = statistics.estimate, statistics.ci_low, statistics.ci_high
    level = 95 if pd.isna(statistics.ci_level) else statistics.ci_level
    quantile = float(printed_values.z_from_p(1 - level / 100))
    if pd.isna(low) or pd.isna(high):
        limit = high if pd.isna(low) else low
        se = abs(limit - estimate) / quantile
        width = f"|{limit:g} {MINUS} ({estimate:g})| / {quantile:.3g}"
    else:
        se = (high - low) / (2 * quantile)
        width = f"({high:g} {MINUS} ({low:g})) / (2 × {quantile:.3g})"
    z = abs(estimate) / se
    return (
        f"SE = {width} = {fixed(se)}; z = {abs(estimate):g} / {fixed(se)} = {fixed(z)}; g = "
        f"{fixed(z)} × {_to_g(row)}"
    ).replace("-", MINUS)


def _b_se(row: Any, dataset: Dataset) -> str:
    statistics = dataset.result(row.result_ids[0])
    z = abs(statistics.estimate) / statistics.se
    return (
        f"z = {abs(statistics.estimate):g} / {statistics.se:g} = {fixed(z)}; g = {fixed(z)} × "
        f"{_to_g(row)}"
    )


def _b_p(row: Any, dataset: Dataset) -> str:
    statistics = dataset.result(row.result_ids[0])
    z = float(printed_values.z_from_p(statistics.p_value))
    return (
        f"z of a two-sided p of {statistics.p_value:g} = {fixed(z)}; g = {fixed(z)} × {_to_g(row)}"
    )


def _test(row: Any, dataset: Dataset) -> str:
    """Return the t or z behind g, as printed or as it follows from what is printed."""
    one = dataset.result(row.result_ids[0])
    sizes = (int(row.n_intervention), int(row.n_comparator))
    factor = float(effect_size.small_sample_correction(sum(sizes) - 2))
    if row.route == "cohens_d":
        made = f"{fixed(factor, 4)} × {one.estimate:g} = {fixed(row.effect)}"
    else:
        size = row.effect / factor / (1 / sizes[0] + 1 / sizes[1]) ** 0.5
        behind = f"{term(STATISTIC, row.route)} {one.estimate:g}"
        made = f"{behind}; g = {fixed(size)} × {_to_g(row)}"
    return made.replace("-", MINUS)


def _f_slope(row: Any, dataset: Dataset) -> str:
    statistics = dataset.result(row.result_ids[0])
    return f"√{statistics.estimate:g} × {_to_g(row)}"


def _to_g(row: Any) -> str:
    """Return what makes g of a statistic: the sizes of the arms and the factor of Hedges 1981."""
    sizes = (row.n_intervention, row.n_comparator)
    factor = float(effect_size.small_sample_correction(sum(sizes) - 2))
    root = "√(1/{} + 1/{})".format(*sizes)
    return f"{root} × {fixed(factor, 4)} = {fixed(row.effect)}"


def _counts(row: Any, _dataset: Dataset) -> str:
    """Return the counts, which the row carries, and the side that favors the treatment."""
    side = SIDE[QuotedScale(row.metric, row.more_is).favors]
    return f"{row.convention}; {side} favors the treatment"


def _shared_control(row: Any, dataset: Dataset) -> str:
    """Return the difference of two contrasts with one arm, and the correlation of the two."""
    statistics = [dataset.result(each) for each in row.result_ids]
    one, two = (abs(each.estimate) for each in statistics)
    first, second = (
        float(printed_values.se_from_interval(each.ci_low, each.ci_high)) for each in statistics
    )
    together = (first**2 + second**2 - row.variance) / (2 * first * second)
    return (
        f"{one:g} {MINUS} {two:g} = {fixed(row.effect)}; standard errors {fixed(first)} and "
        f"{fixed(second)} of the two against the same arm, correlation {fixed(together)} by the "
        f"sizes of the arms; √({fixed(first)}² + {fixed(second)}² {MINUS} 2 × {fixed(together)} × "
        f"{fixed(first)} × {fixed(second)}) = {fixed(row.se)}"
    )


class Route(NamedTuple):
    """A route from what is printed to an estimate: in labels, in tables, and with its numbers."""

    method: str
    shown: str
    chain: Callable[[Any, Dataset], str] = _as_printed


ROUTES = {
    "means": Route("from means and SDs of both arms", "means and SDs of both arms", _means),
    "means_change": Route(
        "from means before and after and SDs before",
        "means before and after, SDs before",
        _means_change,
    ),
    "printed": Route("printed", "as printed"),
    "printed_b": Route("printed", "coefficient of a model, printed"),
    "b_interval": Route(
        "from B of a model and its interval", "interval of a model coefficient → z → d", _b_interval
    ),
    "b_se": Route(
        "from B of a model and its standard error",
        "model coefficient over its standard error → z → d",
        _b_se,
    ),
    "b_p": Route("from P of B of a model", "p of a model coefficient → z → d", _b_p),
    "f_slope": Route(
        "from F of group by time", "F of group by time → d; direction from elsewhere", _f_slope
    ),
    "t": Route("from t of a test", "t of two arms → d", _test),
    "number_needed_to_treat": Route(
        "from the number needed to treat", "1 over the number needed to treat"
    ),
    "counts": Route("from printed counts", "printed counts", _counts),
    "reconstructed_counts": Route(
        "from counts reconstructed from percentages",
        "percentages → counts",
        _counts,
    ),
    "change_means": Route(
        "from means and SDs of the change in both arms",
        "means and SDs of the change in both arms",
        _means,
    ),
    "combined_change_means": Route(
        "from means and SDs of the change, arms of one condition combined",
        "means and SDs of the change, arms of one condition combined",
        _combined,
    ),
    "cohens_d": Route("from d between arms", "d between arms, times J", _test),
    "relative_risk_reduction": Route(
        "from the relative risk reduction", "1 less the relative risk reduction"
    ),
    "z": Route("from z of a test", "z of two arms → d", _test),
    "p": Route("from P of two arms", "P of two arms → d; direction from elsewhere", _test),
    "partial_eta_squared": Route(
        "from partial eta squared", "partial eta squared → F → d; direction from elsewhere", _test
    ),
    "eta_squared": Route(
        "from eta squared", "eta squared → F → d; direction from elsewhere", _test
    ),
    "cohens_f": Route("from Cohen's f", "Cohen's f → F → d; direction from elsewhere", _test),
    "combined_means": Route(
        "from means and SDs, arms of one condition combined",
        "means and SDs of arms of one condition, combined",
        _combined,
    ),
    "combined_means_change": Route(
        "from means before and after, arms of one condition combined",
        "means before and after of arms of one condition, combined",
        _combined,
    ),
    "combined_counts": Route(
        "from printed counts, arms of one condition combined",
        "counts of arms of one condition, added",
        _counts,
    ),
    "shared_control": Route(
        "difference of two contrasts with one arm", "shared_control", _shared_control
    ),
}
"""Routes by their names; one that is not here is named as it is in the data."""


def route(name: str) -> Route:
    """Return a route of the frame of estimates."""
    return ROUTES.get(name) or Route(name.replace("_", " "), name)


def subtraction(row: Any, before: LedgerEntry, after: LedgerEntry) -> str:
    """Return how a change follows from the effects at both times, a row of ``comparisons``."""
    ratio = row.metric.startswith("log_")
    if ratio:
        value = f"{fixed(after.effect)} / {fixed(before.effect)}"
    else:
        value = f"{fixed(row.follow_up_effect, 3)} {MINUS} {fixed(row.post_effect, 3)}"
    errors = [fixed(variance**0.5, 3) for variance in (row.post_variance, row.follow_up_variance)]
    scale = "; standard error of its logarithm " if ratio else "; standard error "
    return (
        f"{value}{scale}√({errors[0]}² + {errors[1]}² {MINUS} 2 × {row.correlation:g} × "
        f"{errors[0]} × {errors[1]}) = {fixed(row.change_se, 3)}"
    )


def division(row: Any) -> str:
    """Return how a share follows from the effects at both times, a row of ``comparisons``."""
    before, after = row.post_effect, row.follow_up_effect
    return f"{fixed(after, 3)} / {fixed(before, 3)} = {fixed(after / before, 3)}"
