"""Whom numbers favor: against the roles of arms, instruments, events, words and each other."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

from scipy.special import ndtri

from evidence.integrity.findings import Finding
from evidence.integrity.printed_numbers import (
    DIFFERENCES,
    RATIOS,
    SCORES,
    STANDARDIZED,
    WHOLE_COURSE,
    Pair,
    Reading,
    Row,
    grouped,
    of_pair,
)
from evidence.meta.effect_size.means import standardized_mean_difference
from evidence.meta.effect_size.printed_values import se_from_interval
from evidence.terms import Said

_TEXT_SIGN: dict[str, int] = {
    Said.FAVORS_INTERVENTION: 1,
    Said.FAVORS_COMPARATOR: -1,
    Said.NO_DIFFERENCE: 0,
}
_CLEAR = 1.959964
"""z of a two-sided P of .05."""
_LIKELY = 1.281552
"""z of a two-sided P of .20: enough beside one that is clear."""
_WORSE, _STILL = -0.5, 0.25
"""Changes in SDs: what treated arms seldom worsen by on average, and what is hardly an improvement.
"""

_MORE = ("higher", "above_1")
_EVENT_KINDS = (*RATIOS, "log_odds_ratio", "log_risk_ratio", "risk_difference_percent")


@dataclass(frozen=True, slots=True)
class Effect:
    """A contrast with its z; positive favors the intervention."""

    row: Row
    contrast: tuple[str, ...]
    instrument: str
    timepoint: str
    z: float


def check_roles(reading: Reading) -> Iterator[Finding]:
    """Find contrasts whose arms stand in the place of each other."""
    for row in (*reading.statistics, *reading.directions):
        arms = [row["intervention_arm_id"], row["comparator_arm_id"]]
        roles = [reading.arms[arm].role for arm in arms if arm in reading.arms]
        if roles == ["comparator", "intervention"]:
            yield Finding(
                "roles", row.texts.get("result_id") or row["direction_id"],
                f"{arms[0]} against {arms[1]}", f"{arms[1]} against {arms[0]}", "high",
                f"{arms[0]} is a comparator and {arms[1]} an intervention in arms.csv, yet they "
                "stand in each other's place.", row,
            )  # fmt: skip
    therapies = {row["trial_id"]: row["therapy"] for row in reading.rows("trials")}
    roles_of = grouped(reading.rows("arms"), "trial_id", "condition")
    for row in reading.rows("arms"):
        given = row["condition"] == therapies.get(row["trial_id"])
        alike = roles_of[row["trial_id"], row["condition"]]
        others = [one for one in alike if one["role"] != row["role"]]
        if row["condition"] and given and row["role"] == "comparator" and not others:
            yield Finding(
                "roles", row["arm_id"], row["role"], "intervention", "high",
                f"{row['arm_id']} receives {row['condition']}, the therapy of the trial, and is "
                "its comparator.",
            )  # fmt: skip


def check_favors(reading: Reading) -> Iterator[Finding]:
    """Compare whom a number favors with whether more of the score or event is better."""
    for row in reading.statistics:
        when = row["favors_intervention_when"]
        if not when:
            continue
        if row["event"] and row["statistic"] in _EVENT_KINDS:
            better = reading.more_is.get(row["event"], 0)
            name = f"the event {row['event'].replace('_', ' ')}"
        elif not row["event"] and row["statistic"] in SCORES:
            higher_is = reading.instruments[row["instrument_id"]]["higher_is"]
            better = {"better": 1, "worse": -1}.get(higher_is, 0)
            name = f"the score of {row['instrument_id']}"
        else:
            # standardized effects and tests are often turned round by their sources
            continue
        if better == (-1 if when in _MORE else 1):
            other = {
                "higher": "lower", "lower": "higher", "above_1": "below_1", "below_1": "above_1",
            }  # fmt: skip
            yield Finding(
                "direction", row.id, when, other.get(when, ""), "high",
                f"More of {name} is {'better' if better > 0 else 'worse'}, yet {when} is said to "
                "favor the intervention; right only if the source takes the intervention from the "
                "comparator.",
            )  # fmt: skip


def check_event_directions(reading: Reading) -> Iterator[Finding]:
    """Compare ratios and differences of an event with the percentages or counts of both arms."""
    for pair in reading.pairs:
        shares = [_share(reading, row) for row in (pair.intervention, pair.comparator)]
        better = reading.more_is.get(pair.intervention["event"], 0)
        if shares[0] is None or shares[1] is None or not better or shares[0] == shares[1]:
            continue
        counted = better if shares[0] > shares[1] else -better
        # shares that hardly differ can lie on either side of an adjusted ratio
        likely = abs(_z_of_pair(reading, pair) or 0.0) > _LIKELY
        for row in reading.statistics_by_trial.get(pair.intervention["trial_id"], []):
            if row["statistic"] in _EVENT_KINDS and of_pair(row, pair):
                printed = _sign(row)
                if printed and printed != counted:
                    number = f"{row['estimate']}, {row['favors_intervention_when']}"
                    yield Finding(
                        "direction", row.id, number, f"favors {_side(counted)}",
                        "high" if likely else "medium",
                        f"{100 * shares[0]:.3g} and {100 * shares[1]:.3g} percent favor "
                        f"{_side(counted)}, {number} favors {_side(printed)}.",
                    )  # fmt: skip


def _sign(row: Row) -> int:
    """Whom a statistic favors by its own number: 1 the intervention, -1 the comparator."""
    value = row.number("estimate") or 0.0
    ratio = row["statistic"] in RATIOS
    value = value - 1 if ratio else value
    if value == 0 or not row["favors_intervention_when"]:
        return 0
    return (1 if value > 0 else -1) * (1 if row["favors_intervention_when"] in _MORE else -1)


def _side(sign: float) -> str:
    return "the intervention" if sign > 0 else "the comparator"


def check_instruments(reading: Reading) -> Iterator[Finding]:
    """Find instruments on which all arms worsen, as where better and worse are exchanged."""
    by_instrument: dict[str, list[float]] = {}
    before = {
        (row["arm_id"], row["instrument_id"]): row
        for row in reading.levels
        if row["timepoint"] == "baseline"
    }
    for row in reading.levels:
        base = before.get((row["arm_id"], row["instrument_id"]))
        if base is None or row["timepoint"] != "post":
            continue
        mean, first, sd = row.number("mean"), base.number("mean"), base.number("sd")
        if mean is None or first is None or not sd:
            continue
        sign = 1 if reading.instruments[row["instrument_id"]]["higher_is"] == "better" else -1
        by_instrument.setdefault(row["instrument_id"], []).append(sign * (mean - first) / sd)
    for name, changes in by_instrument.items():
        if len(changes) > 1 and max(changes) < _STILL and fmean(changes) < _WORSE:
            row = reading.instruments[name]
            yield Finding(
                "direction", name, row["higher_is"],
                "better" if row["higher_is"] == "worse" else "worse", "medium",
                f"With higher scores {row['higher_is']} none of {len(changes)} arms improved on "
                f"{name} from baseline to the end of treatment; they worsened by "
                f"{-fmean(changes):.1f} SD.",
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
    for effect in effects(reading):
        said = words.get((*effect.contrast, effect.timepoint), [])
        signs = {_TEXT_SIGN[row["direction"]] for row in said}
        clear = abs(effect.z) > _CLEAR
        if not signs or {1, -1} <= signs or effect.z == 0:
            continue
        # where one source says "no difference" and another a side, the side is what can be wrong
        sign = max(signs, key=abs)
        if (sign == 0 and not clear) or sign * effect.z > 0:
            continue
        row = next(one for one in said if _TEXT_SIGN[one["direction"]] == sign)
        yield Finding(
            "direction", effect.row.id, f"favors {_side(effect.z)}", row["direction"],
            "high" if sign and clear else "medium",
            f"The numbers favor {_side(effect.z)} (z = {abs(effect.z):.2f}), the words of "
            f"{row['locator_id']} say {row['direction'].replace('_', ' ')}.",
        )  # fmt: skip


def check_direction_of_results(reading: Reading) -> Iterator[Finding]:
    """Find results of one contrast and outcome that clearly favor different sides."""
    by_contrast: dict[tuple[str, ...], list[Effect]] = {}
    for effect in effects(reading):
        by_contrast.setdefault(effect.contrast, []).append(effect)
    for found in by_contrast.values():
        for effect in found:
            against = [other for other in found if _contradicts(effect, other)]
            if not against:
                continue
            with_it = [
                other
                for other in found
                if other is not effect and other.z * effect.z > 0 and abs(other.z) > _LIKELY
            ]
            if len(with_it) >= len(against):
                continue
            other = max(against, key=lambda one: abs(one.z))
            yield Finding(
                "direction", effect.row.id, f"favors {_side(effect.z)}",
                f"favors {_side(other.z)}", "medium",
                f"It favors {_side(effect.z)} (z = {abs(effect.z):.2f}), while {other.row.id} on "
                f"the same outcome of the same arms favors {_side(other.z)} "
                f"(z = {abs(other.z):.2f}).",
            )  # fmt: skip


def _contradicts(one: Effect, two: Effect) -> bool:
    if one.z * two.z >= 0:
        return False
    least, most = sorted((abs(one.z), abs(two.z)))
    times = {one.timepoint, two.timepoint}
    near = one.instrument == two.instrument and (len(times) == 1 or WHOLE_COURSE in times)
    return most > _CLEAR and least > (_LIKELY if near else _CLEAR)


def effects(reading: Reading) -> Iterator[Effect]:
    """Each contrast of two arms of which printed numbers give a z."""
    for pair in reading.pairs:
        one, two = pair.intervention, pair.comparator
        z = None if one["timepoint"] == "baseline" else _z_of_pair(reading, pair)
        if z is not None:
            yield _effect(reading, one, one["arm_id"], two["arm_id"], z)
    for row in reading.statistics:
        z = _z(reading, row) if row["comparator_arm_id"] else None
        if z is not None:
            arms = row["intervention_arm_id"], row["comparator_arm_id"]
            yield _effect(reading, row, *arms, z)


def _effect(reading: Reading, row: Row, arm_1: str, arm_2: str, z: float) -> Effect:
    outcome = reading.instruments[row["instrument_id"]]["outcome_id"]
    contrast = row["trial_id"], arm_1, arm_2, outcome
    return Effect(row, contrast, row["instrument_id"], row["timepoint"], z)


def _z_of_pair(reading: Reading, pair: Pair) -> float | None:
    rows = pair.intervention, pair.comparator
    n_1, n_2 = (reading.size(row)[0] or 0 for row in rows)
    if min(n_1, n_2) < 2 or n_1 + n_2 <= 4:
        return None
    if rows[0]["event"]:
        shares = [_share(reading, row) for row in rows]
        better = reading.more_is.get(rows[0]["event"], 0)
        if shares[0] is None or shares[1] is None:
            return None
        together = (n_1 * shares[0] + n_2 * shares[1]) / (n_1 + n_2)
        spread = together * (1 - together) * (1 / n_1 + 1 / n_2)
        if not spread > 0:
            return None
        return float(better * (shares[0] - shares[1]) / math.sqrt(spread))
    moments = [row.number(name) for row in rows for name in ("mean", "sd")]
    if any(value is None for value in moments):
        return None
    m_1, s_1, m_2, s_2 = (value or 0.0 for value in moments)
    better = 1 if reading.instruments[rows[0]["instrument_id"]]["higher_is"] == "better" else -1
    if rows[0]["measured_as"] == "reduction":
        better = -better
    elif rows[0]["measured_as"] == "improvement":
        better = 1
    g = standardized_mean_difference(m_1, s_1, n_1, m_2, s_2, n_2)
    return better * float(g.value) / math.sqrt(float(g.variance))


def _share(reading: Reading, row: Row) -> float | None:
    """Share of participants with the event."""
    percent, events, (n, _) = row.number("percent"), row.count("events"), reading.size(row)
    if percent is not None:
        return percent / 100
    return None if events is None or not n or events > n else events / n


def _z(reading: Reading, row: Row) -> float | None:
    """Estimate over its standard error, positive where it favors arm 1; None without one."""
    estimate, se = row.number("estimate"), row.number("se")
    low, high, p = row.number("ci_low"), row.number("ci_high"), row.number("p_value")
    when, kind = row["favors_intervention_when"], row["statistic"]
    # an indirect effect says nothing on the effect itself
    if estimate is None or not when or kind == "indirect_b":
        return None
    sign = 1 if when in _MORE else -1
    if kind in ("t", "z"):
        return sign * estimate
    if kind == "p":
        return -sign * float(ndtri(estimate / 2))
    if kind in RATIOS and not estimate:
        return None
    if kind in RATIOS:
        # ratios have their standard errors on the logarithmic scale
        low = None if low is None or low <= 0 else math.log(low)
        high = None if high is None or high <= 0 else math.log(high)
        estimate, se = math.log(estimate), None
    if not se and low is not None and high is not None and low < high:
        se = float(se_from_interval(low, high, level=row.level))
    if se:
        return sign * estimate / se
    if p and estimate and kind in (*DIFFERENCES, *RATIOS, *STANDARDIZED):
        return math.copysign(-float(ndtri(p / 2)), sign * estimate)
    sizes = reading.contrast_sizes(row)
    if sizes is None or min(sizes[:2]) < 2:
        return None
    spread = math.sqrt(1 / sizes[0] + 1 / sizes[1])
    if kind in STANDARDIZED:
        return sign * estimate / spread
    if kind == "risk_difference_percent":
        # at most, as shares of one half vary most
        return sign * estimate / 100 / (spread / 2)
    return None
