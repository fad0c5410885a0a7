"""Percentages, counts, their intervals and effects against whole numbers of participants."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from evidence.errors import ParameterError
from evidence.integrity.findings import Finding
from evidence.integrity.printed_numbers import LEVELS, Pair, Reading, Row, grouped, of_pair
from evidence.meta.reconstruction import MAX_N, PrintedArm, Reconstruction, reconstruct
from evidence.meta.reconstruction.decimals import Printed, Range
from evidence.meta.reconstruction.proportion_intervals import (
    FORMULAS,
    limits_inside,
    proportion_interval,
)
from evidence.meta.reconstruction.two_by_two import PercentOf

_SHOWN = 3

_MEASURES = {
    "odds_ratio": "odds_ratio",
    "odds_ratio_fisher": "conditional_odds_ratio",
    "risk_ratio": "risk_ratio",
    "risk_difference_percent": "risk_difference",
    "number_needed_to_treat": "number_needed_to_treat",
}
"""Kinds of statistics on two arms with an event, and what the search calls them."""

_WORDS = {
    "odds_ratio": "an odds ratio of",
    "conditional_odds_ratio": "a conditional odds ratio of",
    "risk_ratio": "a risk ratio of",
    "risk_difference": "a difference in points of",
    "number_needed_to_treat": "a number needed to treat of",
    "p_fisher": "an exact p of",
}


def check_percent_counts(reading: Reading) -> Iterator[Finding]:
    """Compare printed percentages with printed counts."""
    for row in reading.results:
        n, exact = reading.size(row)
        events = row.count("events")
        if events is None or n is None:
            continue
        if events > n:
            yield Finding(
                "percent_counts", row.id, row["events"], f"at most {n}", "high",
                f"{events} participants with the event of only {n}.",
            )  # fmt: skip
        elif row["percent"] and exact and not _rounds(row["percent"], events, n):
            yield Finding(
                "percent_counts", row.id, row["percent"], _like(row["percent"], 100 * events / n),
                "high",
                f"{events} of {n} is {100 * events / n:.2f} percent, printed as {row['percent']}.",
            )  # fmt: skip


def check_sizes(reading: Reading) -> Iterator[Finding]:
    """Compare participants analyzed with participants randomized."""
    for row in reading.results:
        arm = reading.arms[row["arm_id"]]
        n = row.count("n_analyzed")
        if n is not None and arm.n_randomized is not None and n > arm.n_randomized:
            yield Finding(
                "sizes", row.id, row["n_analyzed"], f"at most {arm.n_randomized}", "high",
                f"{n} participants are analyzed of {arm.n_randomized} randomized.",
            )  # fmt: skip
    for row in reading.statistics:
        for arm_column, column in (
            ("intervention_arm_id", "n_intervention"), ("comparator_arm_id", "n_comparator"),
        ):  # fmt: skip
            n, most = row.count(column), reading.most(row[arm_column])
            if n is not None and most is not None and n > most:
                yield Finding(
                    "sizes", row.id, row[column], f"at most {most}", "high",
                    f"{n} participants of {row[arm_column]} are analyzed of {most} randomized.",
                )  # fmt: skip


def check_twice(reading: Reading) -> Iterator[Finding]:
    """Find an arm that one source reports twice on the same measure at the same time."""
    keys = ("arm_id", "instrument_id", "event", "timepoint", "analysis_set", "locator_id")
    changes = (row for row in reading.results if row["measured_as"] not in LEVELS)
    groups = grouped(reading.levels, *keys) | grouped(changes, *keys, "measured_as")
    for rows in groups.values():
        weeks: set[str] = set()
        for row in rows:
            # follow-ups are told apart by their weeks, the end of treatment is one time
            week = row["weeks"] if row["timepoint"] in ("follow_up", "mid") else ""
            if week not in weeks:
                weeks.add(week)
                continue
            yield Finding(
                "arm_twice", row.id, row["arm_id"], "", "medium",
                f"{rows[0].id} is a result of the same arm and measure at the same time, read in "
                "the same place: one of them can be of another arm or time.",
            )  # fmt: skip


def check_percent_limits(reading: Reading) -> Iterator[Finding]:
    """Find percentages outside their intervals, and a risk difference against its NNT."""
    for row in reading.results:
        low, high = row.number("percent_ci_low"), row.number("percent_ci_high")
        percent = row.number("percent")
        if percent is None or low is None or high is None or low <= percent <= high:
            continue
        yield Finding(
            "interval_order", row.id, f"{row['percent']} ({row['percent_ci_low']} to "
            f"{row['percent_ci_high']})", "", "high",
            f"{row['percent']} percent does not lie between {row['percent_ci_low']} and "
            f"{row['percent_ci_high']}.",
        )  # fmt: skip
    keys = (
        "trial_id", "intervention_arm_id", "comparator_arm_id", "instrument_id", "event",
        "timepoint",
    )  # fmt: skip
    for rows in grouped(reading.statistics, *keys).values():
        of = {row["statistic"]: row for row in rows}
        if not {"risk_difference_percent", "number_needed_to_treat"} <= of.keys():
            continue
        difference, nnt = of["risk_difference_percent"], of["number_needed_to_treat"]
        ends = sorted(abs(end) for end in difference.range("estimate"))
        least, most = math.floor(100 / ends[1]), math.ceil(100 / ends[0]) if ends[0] else math.inf
        printed = sorted(abs(end) for end in nnt.range("estimate"))
        # whole numbers are rounded up, to the nearest, or down
        if printed[0] <= most and least <= printed[1]:
            continue
        yield Finding(
            "compare", nnt.id, nnt["estimate"], f"{100 / (sum(ends) / 2):.1f}", "high",
            f"100 / {difference['estimate']} points is {100 / (sum(ends) / 2):.2f} to treat, "
            f"printed as {nnt['estimate']}.",
        )  # fmt: skip


def check_percent_integers(reading: Reading) -> Iterator[Finding]:
    """Find percentages and risk differences that whole numbers of participants cannot give."""
    for row in reading.results:
        n, exact = reading.size(row)
        if row["percent"] and row.count("events") is None and n is not None and n <= MAX_N:
            yield from _percent_of(row, n, exact=exact)
    for row in reading.statistics:
        if row["statistic"] == "risk_difference_percent":
            yield from _difference_of(reading, row)


def _percent_of(row: Row, n: int, *, exact: bool) -> Iterator[Finding]:
    found = reconstruct(PrintedArm(row["percent"], n=n), nearest=False)
    if found.solutions and found.rounding == "half":
        return
    cut = [f"{one.events_1} of {one.n_1} if further digits were cut off" for one in found.solutions]
    fewer = reconstruct(PrintedArm(row["percent"], n_max=n), nearest=False)
    near = sorted(fewer.solutions, key=lambda one: -one.n_1)[:_SHOWN]
    possible = [f"{one.events_1} of {one.n_1}" for one in near if fewer.rounding == "half"]
    words = " or ".join(possible + cut)
    yield Finding(
        "percent_integers", row.id, row["percent"], possible[0] if len(possible) == 1 else "",
        # with an exact size, or with no smaller one that fits, something has to be wrong
        "medium" if words and (not exact or cut) else "high",
        f"No whole number of {n} participants gives {row['percent']} percent"
        + (f"; {words} would." if words else ", nor of fewer."),
    )  # fmt: skip


def _difference_of(reading: Reading, row: Row) -> Iterator[Finding]:
    sizes = reading.contrast_sizes(row)
    if sizes is None or not all(size == int(size) and size <= MAX_N for size in sizes[:2]):
        return
    n_1, n_2 = int(sizes[0]), int(sizes[1])
    arms = PrintedArm(n=n_1), PrintedArm(n=n_2)
    if any(
        found.rounding == "half" and found.solutions
        for found in _either_way(arms, {"risk_difference": row["estimate"]})
    ):
        return
    yield Finding(
        "percent_integers", row.id, row["estimate"], "", "medium",
        f"No whole numbers of {n_1} and {n_2} participants differ by {row['estimate']} points, so "
        f"not all {sizes[2]} were counted.",
    )  # fmt: skip


def check_joint_counts(reading: Reading) -> Iterator[Finding]:
    """Compare percentages or counts of both arms with the effect that is printed of them."""
    for pair in reading.pairs:
        one, two = pair.intervention, pair.comparator
        if not one["event"] or not _has_share(one) or not _has_share(two):
            continue
        printed = {
            _MEASURES[row["statistic"]]: row
            for row in reading.statistics_by_trial.get(one["trial_id"], [])
            if row["statistic"] in _MEASURES and of_pair(row, pair)
        }
        if printed:
            yield from _joint(reading, pair, printed)


def _joint(reading: Reading, pair: Pair, printed: dict[str, Row]) -> Iterator[Finding]:
    rows = pair.intervention, pair.comparator
    given = {name: row["estimate"] for name, row in printed.items()}
    fisher = printed.get("conditional_odds_ratio")
    if fisher is not None and fisher["p_value"] and fisher["p_relation"] != "below":
        given["p_fisher"] = fisher["p_value"]
    total = reading.randomized(rows[0]["trial_id"])
    arms = _printed_arm(reading, rows[0]), _printed_arm(reading, rows[1])
    unknown = any(arm.n is None and arm.n_max is None for arm in arms)
    try:
        ways = _either_way(arms, given, n_total=total if unknown else None)
        if any(found.solutions for found in ways):
            return
        of_all = _searched(arms, given, total, "all") if total else None
    except ParameterError:
        # sizes without a bound, or so little printed that nearly everything fits
        return
    words = " and ".join(f"{_WORDS[name]} {value}" for name, value in given.items())
    counts = of_all.solutions[0] if of_all is not None and of_all.identified else None
    for at, row in enumerate(rows):
        expected, reason = "", ""
        if counts is not None:
            events, n = counts[2 * at], counts[2 * at + 1]
            if isinstance(events, int) and isinstance(n, int):
                expected = _like(row["percent"] or "0", 100 * events / n)
                reason = (
                    f"; as percentages of all {total} they are {counts.events_1} of {counts.n_1} "
                    f"and {counts.events_2} of {counts.n_2}, so {expected} percent of this arm"
                )
        yield Finding(
            "joint_counts", row.id, row["percent"] or row["events"], expected, "high",
            f"No whole numbers give {_share(rows[0])} and {_share(rows[1])} with {words}{reason}; "
            "a ratio that was adjusted need not be the one of the counts.",
        )  # fmt: skip


def _either_way(
    arms: tuple[PrintedArm, PrintedArm], given: dict[str, str], n_total: int | None = None
) -> Iterator[Reconstruction]:
    """Search with the arms as they are and, since sources turn effects round, exchanged."""
    yield _searched(arms, given, n_total)
    yield _searched((arms[1], arms[0]), given, n_total)


def _searched(
    arms: tuple[PrintedArm, PrintedArm],
    given: dict[str, str],
    n_total: int | None,
    percent_of: PercentOf = "arm",
) -> Reconstruction:
    return reconstruct(
        *arms,
        odds_ratio=given.get("odds_ratio"),
        conditional_odds_ratio=given.get("conditional_odds_ratio"),
        risk_ratio=given.get("risk_ratio"),
        risk_difference=given.get("risk_difference"),
        number_needed_to_treat=given.get("number_needed_to_treat"),
        p_fisher=given.get("p_fisher"),
        n_total=n_total,
        percent_of=percent_of,
        nearest=False,
    )


def _printed_arm(reading: Reading, row: Row) -> PrintedArm:
    n, exact = reading.size(row)
    return PrintedArm(
        row["percent"] or None,
        n=n if exact else None,
        n_max=None if exact else n,
        events=row.count("events"),
    )


def _has_share(row: Row) -> bool:
    return bool(row["percent"] or row["events"])


def _share(row: Row) -> str:
    return f"{row['percent']} percent" if row["percent"] else f"{row['events']} events"


@dataclass(frozen=True, slots=True)
class _Limits:
    """A percentage with its limits and the counts that it can stand for."""

    row: Row
    events: np.ndarray
    n: np.ndarray
    low: Range | None
    high: Range | None

    @property
    def printed(self) -> int:
        """How many limits are printed."""
        return (self.low is not None) + (self.high is not None)

    def met(self, formula: str) -> tuple[np.ndarray, np.ndarray]:
        """Which counts give the lower and the upper limit by a formula."""
        alone = [
            limits_inside(formula, self.events, self.n, level=self.row.level, low=low, high=high)
            & np.full(self.events.shape, low is not None or high is not None)
            for low, high in ((self.low, None), (None, self.high))
        ]
        return alone[0], alone[1]


def check_percent_intervals(reading: Reading) -> Iterator[Finding]:
    """Recompute limits of percentages by the one formula that gives most limits of a source."""
    for rows in grouped(reading.results, "locator_id").values():
        read = [limits for row in rows if (limits := _limits(reading, row)) is not None]
        if not read:
            continue
        printed = sum(one.printed for one in read)
        scores: dict[str, int] = {}
        for formula in FORMULAS:
            mets = [one.met(formula) for one in read]
            scores[formula] = sum(int((low * 1 + high * 1).max()) for low, high in mets)
            if scores[formula] == printed:
                break
        formula = max(scores, key=lambda name: scores[name])
        if scores[formula] == printed:
            continue
        if scores[formula] < 2 or 2 * scores[formula] <= printed:
            for one in read:
                yield Finding(
                    "recompute", one.row.id, _interval(one.row), "", "low",
                    "No formula for the interval of a proportion gives these limits; they can "
                    "come from a model.",
                )  # fmt: skip
            continue
        for one in read:
            yield from _misprints(one, formula, f"{scores[formula]} of {printed}")


def _misprints(one: _Limits, formula: str, share: str) -> Iterator[Finding]:
    met = one.met(formula)
    best = np.flatnonzero((met[0] * 1 + met[1] * 1) == (met[0] * 1 + met[1] * 1).max())
    limits = proportion_interval(formula, one.events[best], one.n[best], level=one.row.level)
    counts = f"{one.events[best[0]]:.0f} of {one.n[best[0]]:.0f}"
    sides = (("percent_ci_low", "lower"), ("percent_ci_high", "upper"))
    for side, (column, word) in enumerate(sides):
        if not one.row[column] or met[side][best].any():
            continue
        value = 100 * float(limits[side][0])
        expected = _like(one.row[column], value) if len(best) == 1 else ""
        yield Finding(
            "recompute", one.row.id, one.row[column], expected, "high",
            f"The {word} limit of {_interval(one.row)} should be {value:.1f}: {counts} by the "
            f"formula {formula}, which gives {share} limits of the source.",
        )  # fmt: skip


def _limits(reading: Reading, row: Row) -> _Limits | None:
    if not row["percent"] or not (row["percent_ci_low"] or row["percent_ci_high"]):
        return None
    arm = _printed_arm(reading, row)
    most = arm.n or arm.n_max
    if most is None or most > MAX_N or (arm.events or 0) > most:
        return None
    solutions = reconstruct(arm, nearest=False).solutions
    if not solutions:
        return None
    try:
        ranges = [
            Printed.of(name, row[name], low=-1000, high=1000).range() if row[name] else None
            for name in ("percent_ci_low", "percent_ci_high")
        ]
    except ParameterError:
        # No limit that a percentage can have: it does not lie between the two, and that is found.
        return None
    events = np.array([float(one.events_1) for one in solutions])
    n = np.array([float(one.n_1) for one in solutions])
    return _Limits(row, events, n, ranges[0], ranges[1])


def _interval(row: Row) -> str:
    return f"{row['percent']} ({row['percent_ci_low']} to {row['percent_ci_high']})"


def _rounds(percent: str, events: int, n: int) -> bool:
    printed = Printed.of("percent", percent, low=0, high=100).range()
    return bool(printed.holds_ratio(np.array([100 * events]), np.array([n]))[0])


def _like(printed: str, value: float) -> str:
    """Give a number as many digits as a printed one."""
    digits = len(printed.partition(".")[2])
    return f"{value:.{digits}f}"
