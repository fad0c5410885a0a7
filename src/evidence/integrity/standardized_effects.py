"""Standardized effects against test statistics, intervals, means and each other."""

import math
from collections.abc import Iterator

from evidence.integrity.findings import Finding
from evidence.integrity.printed_numbers import STANDARDIZED, Reading, Row
from evidence.meta.effect_size import pooled_sd, small_sample_correction
from evidence.meta.effect_size.conversions import d_from_interval, d_from_t
from evidence.meta.effect_size.means import cohen_d


def check_d_against_t(reading: Reading) -> Iterator[Finding]:
    """Compare standardized effects with the t of the same arms."""
    for trial in reading.statistics_by_trial.values():
        tests = [row for row in trial if row["statistic"] in ("t", "t_within")]
        for row in trial:
            for test in tests:
                if _same(row, test, "intervention_arm_id", "comparator_arm_id", "timepoint"):
                    if row["statistic"] == "d_within" and test["statistic"] == "t_within":
                        yield from _d_within(row, test)
                    elif row["statistic"] in STANDARDIZED and test["statistic"] == "t":
                        yield from _d_between(reading, row, test)


def _d_within(row: Row, test: Row) -> Iterator[Finding]:
    t, df = test.number("estimate") or 0.0, test.number("df1")
    n = test.count("n_intervention") or row.count("n_intervention")
    low, high = _magnitude(row)
    by_n = None if n is None else abs(t) / math.sqrt(n)
    if by_n is not None and low <= by_n <= high:
        return
    if df and low <= 2 * abs(t) / math.sqrt(df) <= high:
        yield Finding(
            "d_from_t", row.id, row["estimate"], "" if by_n is None else f"{by_n:.2f}", "medium",
            f"2 x {test['estimate']} / root of {df:g} = {2 * abs(t) / math.sqrt(df):.2f}: a "
            "formula for two equal arms, so no standard deviation enters it"
            + ("." if by_n is None else f"; t / root of {n} gives {by_n:.2f} SD of change."),
        )  # fmt: skip


def _d_between(reading: Reading, row: Row, test: Row) -> Iterator[Finding]:
    sizes = reading.contrast_sizes(test) or reading.contrast_sizes(row)
    # within persons d depends on a correlation that is seldom printed
    if sizes is None or row["trial_id"] in reading.crossovers:
        return
    n_1, n_2, words = sizes
    d = abs(float(d_from_t(test.number("estimate") or 0.0, n_1, n_2).value))
    # the range that the last digit of t leaves, and d with or without small-sample correction
    slack = max(abs(end - (test.number("estimate") or 0.0)) for end in test.range("estimate"))
    unit = math.sqrt(1 / n_1 + 1 / n_2)
    factor = _small_sample(n_1 + n_2)
    low, high = _magnitude(row)
    if factor * (d - slack * unit) - 1e-9 <= high and low <= d + slack * unit + 1e-9:
        return
    yield Finding(
        "d_from_t", row.id, row["estimate"], f"{d:.2f}", "medium",
        f"t = {test['estimate']} with {n_1:g} and {n_2:g} participants ({words}) gives d = "
        f"{d:.2f}, printed as {row['estimate']}.",
    )  # fmt: skip


def check_f_against_t(reading: Reading) -> Iterator[Finding]:
    """Compare an F of two slopes with the t of each slope."""
    for trial in reading.statistics_by_trial.values():
        slopes = {
            (row["intervention_arm_id"], row["instrument_id"]): row
            for row in trial
            if row["statistic"] == "t_within"
        }
        for row in trial:
            if row["statistic"] != "f_slope" or row.number("df1") != 1:
                continue
            arms = [row["intervention_arm_id"], row["comparator_arm_id"]]
            found = [slopes.get((arm, row["instrument_id"])) for arm in arms]
            sizes = reading.contrast_sizes(row)
            if found[0] is None or found[1] is None or sizes is None:
                continue
            if row["trial_id"] in reading.crossovers:
                continue
            n_1, n_2, _ = sizes
            t_1, t_2 = (one.number("estimate") or 0.0 for one in found if one is not None)
            # slopes are t times an SE of s / root of n, with one s for both arms
            f = (t_1 / math.sqrt(n_1) - t_2 / math.sqrt(n_2)) ** 2 / (1 / n_1 + 1 / n_2)
            low, high = row.range("estimate")
            if low / 1.1 <= f <= high * 1.1:
                continue
            yield Finding(
                "f_from_t", row.id, row["estimate"], f"{f:.2f}", "medium",
                f"Slopes with t = {found[0]['estimate']} (n = {n_1:g}) and {found[1]['estimate']} "
                f"(n = {n_2:g}) differ with an F of about {f:.2f} if their residuals vary alike; "
                f"{row['estimate']} is printed.",
            )  # fmt: skip


def check_d_against_intervals(reading: Reading) -> Iterator[Finding]:
    """Compare a lower bound on d with the intervals of the contrasts that it covers."""
    for trial in reading.statistics_by_trial.values():
        contrasts = [
            row
            for row in trial
            if row["statistic"] in ("mixed_model_b", "mean_difference")
            and row["ci_low"]
            and row["ci_high"]
        ]
        for row in trial:
            if row["statistic"] != "cohens_d_at_least":
                continue
            bound = row.range("estimate")[0]
            given = [(one, _d_of_interval(reading, one)) for one in contrasts]
            less = [
                (one, d)
                for one, d in given
                if one["instrument_id"] == row["instrument_id"] and d is not None and d < bound
            ]
            if less:
                words = ", ".join(f"{d:.2f} ({one.id})" for one, d in less)
                yield Finding(
                    "d_from_interval", row.id, row["estimate"], f"{min(d for _, d in less):.2f}",
                    "medium",
                    f"Printed as at least {row['estimate']}, but estimate, interval and arm sizes "
                    f"give {words}.",
                )  # fmt: skip


def _d_of_interval(reading: Reading, row: Row) -> float | None:
    sizes = reading.contrast_sizes(row)
    values = [row.number(name) for name in ("estimate", "ci_low", "ci_high")]
    estimate, low, high = (value or 0.0 for value in values)
    if sizes is None or not low < estimate < high or row["trial_id"] in reading.crossovers:
        return None
    return abs(float(d_from_interval(estimate, low, high, sizes[0], sizes[1]).value))


def check_compared(reading: Reading) -> Iterator[Finding]:
    """Compare a standardized effect of unspecified kind with the others of its instrument."""
    for trial_id, trial in reading.statistics_by_trial.items():
        for row in trial:
            if row["statistic"] != "cohens_d_unspecified":
                continue
            others = [
                (abs(one.number("estimate") or 0.0), _magnitude(one), one.id)
                for one in trial
                if one is not row and one["statistic"] in STANDARDIZED and _alike(one, row)
            ]
            for pair in reading.pairs_of_trial(trial_id):
                first = pair.intervention
                if first["timepoint"] != "baseline" and _alike(first, row):
                    d = _d_of_pair(reading, first, pair.comparator)
                    if d is not None:
                        others.append((*d, f"means of {first.id}"))
            low, high = _magnitude(row)
            sizes = reading.contrast_sizes(row)
            factor = _small_sample(sizes[0] + sizes[1]) if sizes else 1.0
            # with or without small-sample correction on either side
            if not others or any(
                least * factor <= high and low <= most / factor for _, (least, most), _ in others
            ):
                continue
            words = ", ".join(f"{d:.2f} ({name})" for d, _, name in others)
            yield Finding(
                "compare", row.id, row["estimate"], f"{others[0][0]:.2f}", "medium",
                f"Printed as {row['estimate']} without saying of which kind and time; others "
                f"give {words}.",
            )  # fmt: skip


def _alike(one: Row, row: Row) -> bool:
    """Tell whether instrument and time are the same, where both say a time."""
    times = {one["timepoint"], row["timepoint"]}
    same_time = len(times) == 1 or "overall" in times
    return one["instrument_id"] == row["instrument_id"] and same_time and not one["event"]


def _d_of_pair(reading: Reading, one: Row, two: Row) -> tuple[float, tuple[float, float]] | None:
    """Size of d from means and SDs, with the range that their digits leave."""
    sizes = [reading.size(row)[0] for row in (one, two)]
    n_1, n_2 = (size or 0 for size in sizes)
    if min(n_1, n_2) < 2 or not all(row["mean"] and row.number("sd") for row in (one, two)):
        return None
    m_1, m_2 = (row.number("mean") or 0.0 for row in (one, two))
    s_1, s_2 = (row.number("sd") or 0.0 for row in (one, two))
    d = abs(float(cohen_d(m_1, s_1, n_1, m_2, s_2, n_2).value))
    (low_1, high_1), (low_2, high_2) = one.range("mean"), two.range("mean")
    least = max(low_1 - high_2, low_2 - high_1, 0.0)
    most = max(high_1 - low_2, high_2 - low_1)
    (small_1, large_1), (small_2, large_2) = one.range("sd"), two.range("sd")
    smallest = float(pooled_sd(max(small_1, 0), n_1, max(small_2, 0), n_2))
    largest = float(pooled_sd(large_1, n_1, large_2, n_2))
    return d, (least / largest, most / smallest if smallest > 0 else math.inf)


def _magnitude(row: Row) -> tuple[float, float]:
    """Sizes that an estimate is printed for."""
    low, high = row.range("estimate")
    if low < 0 < high:
        return 0.0, max(-low, high)
    return min(abs(low), abs(high)), max(abs(low), abs(high))


def _same(one: Row, two: Row, *columns: str) -> bool:
    columns = (*columns, "instrument_id", "event")
    return all(one[column] == two[column] for column in columns)


def _small_sample(n: float) -> float:
    """Small-sample correction of two arms; 1 where they are too small for one."""
    return float(small_sample_correction(n - 2)) if n > 3 else 1.0
