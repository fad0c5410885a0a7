"""What sources say of a trial against each other, and statistics against words."""

import math
from collections.abc import Iterator

from evidence.effects.continuous import standardized_mean_difference
from evidence.effects.printed import se_from_interval
from evidence.integrity.finding import Finding, Severity
from evidence.integrity.reading import Reading, Row, grouped

_ENTER_ANALYSES = ("treatment_weeks", "comparator_weeks", "n_randomized", "n_analyzed")
_PUBLISHED = ("main", "companion")
_TEXT_SIGN = {"favors_intervention": 1, "favors_comparator": -1, "no_difference": 0}
_CLEAR = 1.959964


def check_facts(reading: Reading) -> Iterator[Finding]:
    """Find facts that sources print differently."""
    for (trial_id, fact), rows in reading.facts.items():
        ranges = [row.range("value") for row in rows]
        # 15.2 and 15.21 are the same reading; 17 and 18 would be so only for 17.5 exactly
        if max(low for low, _ in ranges) < min(high for _, high in ranges):
            continue
        result = _result_of(reading, trial_id, fact, rows)
        values = " or ".join(dict.fromkeys(row["value"] for row in rows))
        places = ", ".join(f"{row['value']} in {row['locator_id']}" for row in rows)
        weighty = result is not None or fact in _ENTER_ANALYSES
        yield Finding(
            "sources_differ", result.id if result is not None else trial_id, values, "",
            "medium" if weighty else "low",
            f"{reading.labels[trial_id]}, {fact.replace('_', ' ')}: {places}.",
        )  # fmt: skip


def _result_of(reading: Reading, trial_id: str, fact: str, rows: list[Row]) -> Row | None:
    """Find the result that a fact repeats: place and number, with arm and time in its name."""
    for result in reading.results:
        role = reading.arms[result["arm_id"]].role
        if result["trial_id"] != trial_id or role not in fact or result["timepoint"] not in fact:
            continue
        for row in rows:
            printed = {result.number("percent"), result.number("mean"), result.number("events")}
            if row["locator_id"] == result["locator_id"] and row.number("value") in printed:
                return result
    return None


def check_arm_sizes(reading: Reading) -> Iterator[Finding]:
    """Compare the sizes of the arms with the total that is printed."""
    by_trial: dict[str, list[int | None]] = {}
    for arm in reading.arms.values():
        by_trial.setdefault(arm.trial_id, []).append(arm.n_randomized)
    for trial_id, sizes in by_trial.items():
        total = reading.randomized(trial_id)
        known = sum(size or 0 for size in sizes)
        if total is None or (None in sizes and known < total) or known == total:
            continue
        # arms that sum to less can leave out one that the data do not hold
        severity: Severity = "high" if known > total else "medium"
        yield Finding(
            "arm_sizes", trial_id, str(total), str(known), severity,
            f"{reading.labels[trial_id]}: the arms add to {known}, {total} are said to be "
            "randomized.",
        )  # fmt: skip


def check_times(reading: Reading) -> Iterator[Finding]:
    """Find arms that were measured at different times."""
    for pair in reading.pairs:
        one, two = pair.intervention, pair.comparator
        if one["clock"] != two["clock"] or not one["weeks"] or not two["weeks"]:
            continue
        if one.number("weeks") != two.number("weeks"):
            yield Finding(
                "unequal_times", one.id, one["weeks"], two["weeks"], "medium",
                f"The intervention arm was measured at {one['weeks']} weeks, the comparator at "
                f"{two['weeks']}.",
            )  # fmt: skip


def check_publications(reading: Reading) -> Iterator[Finding]:
    """Find trials that several articles report, which must be counted once."""
    reports = [
        row
        for row in reading.rows("publications")
        if row["kind"] == "article" and row["trial_id"] and row["role"] in _PUBLISHED
    ]
    for (trial_id,), rows in grouped(reports, "trial_id").items():
        if len(rows) > 1:
            names = ", ".join(row["publication_id"] for row in rows)
            yield Finding(
                "several_publications", trial_id, str(len(rows)), "1", "low",
                f"{reading.labels[trial_id]} is one trial in {len(rows)} articles: {names}.",
            )  # fmt: skip


def check_directions_of_sources(reading: Reading) -> Iterator[Finding]:
    """Find directions that sources state differently."""
    between = [row for row in reading.directions if row["direction"] in _TEXT_SIGN]
    keys = ("trial_id", "intervention_arm_id", "comparator_arm_id", "outcome_id", "timepoint")
    for rows in grouped(between, *keys).values():
        first = rows[0]
        for row in rows[1:]:
            if row["direction"] != first["direction"]:
                yield Finding(
                    "sources_differ", row["direction_id"], row["direction"], first["direction"],
                    "medium",
                    f"{reading.labels[row['trial_id']]}, {row['outcome_id'].replace('_', ' ')}: "
                    f"{first['direction'].replace('_', ' ')} in {first['locator_id']}, "
                    f"{row['direction'].replace('_', ' ')} in {row['locator_id']}.",
                )  # fmt: skip


def check_direction_of_numbers(reading: Reading) -> Iterator[Finding]:
    """Find effects that point the other way than the words on them."""
    words = grouped(
        (row for row in reading.directions if row["direction"] in _TEXT_SIGN),
        "trial_id", "intervention_arm_id", "comparator_arm_id", "outcome_id", "timepoint",
    )  # fmt: skip
    for key, result_id, z in _effects(reading):
        stated = {_TEXT_SIGN[row["direction"]] for row in words.get(key, [])}
        if len(stated) != 1:
            continue
        sign = stated.pop()
        clear = abs(z) > _CLEAR
        if (sign == 0 and not clear) or sign * z > 0 or z == 0:
            continue
        row = words[key][0]
        way = "the intervention" if z > 0 else "the comparator"
        yield Finding(
            "direction", result_id, f"favors {way}", row["direction"],
            "high" if sign and clear else "medium",
            f"The numbers favor {way} (z = {abs(z):.2f}), the words of {row['locator_id']} say "
            f"{row['direction'].replace('_', ' ')}.",
        )  # fmt: skip


def _effects(reading: Reading) -> Iterator[tuple[tuple[str, ...], str, float]]:
    """Contrast, result and z of each effect with a standard error; positive favors arm 1."""
    for pair in reading.pairs:
        one, two = pair.intervention, pair.comparator
        arms = [(r.number("mean"), r.number("sd"), reading.size(r)[0]) for r in (one, two)]
        if one["timepoint"] == "baseline" or any(
            mean is None or not sd or n is None or n < 2 for mean, sd, n in arms
        ):
            continue
        (m1, s1, n1), (m2, s2, n2) = [(m or 0.0, s or 0.0, n or 0) for m, s, n in arms]
        if n1 + n2 <= 4:
            continue
        g = standardized_mean_difference(m1, s1, n1, m2, s2, n2)
        better = 1 if reading.instruments[one["instrument_id"]]["higher_is"] == "better" else -1
        z = better * float(g.value) / float(g.variance) ** 0.5
        yield _contrast(reading, one, one["arm_id"], two["arm_id"]), one.id, z
    for row in reading.statistics:
        z = _z(row)
        # an indirect effect says nothing on the effect itself
        if z is None or row["statistic"] == "indirect_b":
            continue
        arms_of = row["intervention_arm_id"], row["comparator_arm_id"]
        yield _contrast(reading, row, *arms_of), row.id, z


def _z(row: Row) -> float | None:
    """Estimate over its standard error, positive where it favors arm 1; None without one."""
    estimate, se = row.number("estimate"), row.number("se")
    low, high = row.number("ci_low"), row.number("ci_high")
    when = row["favors_intervention_when"]
    if estimate is None or not when:
        return None
    if when.endswith("_1"):
        # ratios have their standard errors on the logarithmic scale
        if low is None or high is None or not 0 < low < high or estimate <= 0:
            return None
        estimate, low, high, se = math.log(estimate), math.log(low), math.log(high), None
    if not se and low is not None and high is not None and low < high:
        se = float(se_from_interval(low, high))
    return estimate / se * (1 if when in ("higher", "above_1") else -1) if se else None


def _contrast(reading: Reading, row: Row, arm_1: str, arm_2: str) -> tuple[str, ...]:
    outcome = reading.instruments[row["instrument_id"]]["outcome_id"]
    return row["trial_id"], arm_1, arm_2, outcome, row["timepoint"]
