"""Printed effects against effects from the printed data, by every formula that files use."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from evidence.errors import ParameterError
from evidence.meta.effect_size import events, means, scales, small_sample_correction
from evidence.metapsy.records import Record, decimals
from evidence.terms import Convention

FULL_PRECISION = 1e-7
"""Relative difference that printing with all digits leaves, wherever it was computed."""

CONVENTIONS: tuple[Convention, ...] = ("metapsy", "exact")
FROM = {"": "means", "change": "changes from baseline"}
ODDS = "log odds ratio times sqrt(3)/pi"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An effect that a formula gives from data of a record.

    Attributes
    ----------
    formula : str
        What was computed, in words.
    value : float
        Arm 1 minus arm 2; for events positive where they are more frequent in arm 1.
    se : float or None
        Its standard error.
    usual : bool
        Whether the standard prints this one.
    counts_events : bool
        Whether it is made of events, whose direction is not that of the instrument.
    """

    formula: str
    value: float
    se: float | None
    usual: bool
    counts_events: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A printed number and the formula that gives it.

    Attributes
    ----------
    candidate : Candidate
        What gives it.
    digits : int or None
        Decimals to which it was rounded; None at full precision.
    turned : bool
        Whether it is printed with the other sign.
    """

    candidate: Candidate
    digits: int | None
    turned: bool


def standardized(record: Record) -> list[Candidate]:
    """Return what a record's own data give as a standardized difference, usual formulas first.

    From means and from changes: g by both conventions, then d. From events: the log odds ratio on
    the scale of d (Hasselblad and Hedges 1995) with the approximate small-sample correction of the
    standard, then without, then by the factor of Cox.

    Parameters
    ----------
    record : Record
        A record.
    """
    found: list[Candidate] = []
    for kind, source in FROM.items():
        middle = f"_{kind}" if kind else ""
        arms = record.pair(f"mean{middle}", f"sd{middle}", f"n{middle}")
        if arms is not None:
            found += _from_means([float(one) for arm in arms for one in arm], source)
    found += _from_events(record, "event", "totaln", usual=True)
    if _differ(record):
        found += _from_events(record, ".event", ".totaln", usual=False)
    return found


def _from_means(numbers: list[float], source: str) -> list[Candidate]:
    mean_1, sd_1, n_1, mean_2, sd_2, n_2 = numbers
    given = (mean_1, sd_1, n_1, mean_2, sd_2, n_2)
    try:
        effects = [
            (
                f"g from {source}, {convention}",
                means.standardized_mean_difference(*given, convention=convention),
                True,
            )
            for convention in CONVENTIONS
        ]
        effects.append((f"d from {source}, not corrected", means.cohen_d(*given), False))
    except ParameterError:
        # An SD of 0 or one participant: nothing to compare the printed effect with.
        return []
    return [
        Candidate(formula, float(effect.value), float(effect.variance) ** 0.5, usual)
        for formula, effect, usual in effects
    ]


def _differ(record: Record) -> bool:
    """Return whether the totals of the effect are others than those of the data."""
    return any(
        record.numbers.get(f".{name}_arm{arm}", record.numbers.get(f"{name}_arm{arm}"))
        != record.numbers.get(f"{name}_arm{arm}")
        for name in ("event", "totaln")
        for arm in (1, 2)
    )


def _from_events(record: Record, event: str, total: str, *, usual: bool) -> list[Candidate]:
    arms = record.pair(event, total)
    if arms is None:
        return []
    given = [float(one) for arm in arms for one in arm]
    which = "" if usual else f", totals of {total}"
    try:
        odds = events.log_odds_ratio(*given)
        d = scales.d_from_odds_ratio(float(odds.value), float(odds.variance))
        cox = scales.d_from_odds_ratio(float(odds.value), float(odds.variance), method="cox")
        # Half a participant in each cell where one is 0 adds two to the total.
        df = given[1] + given[3] - 2 + 2 * bool(odds.corrected)
        corrected = float(d.value) * float(small_sample_correction(df, convention="metapsy"))
    except ParameterError:
        return []
    se = float(d.variance) ** 0.5
    return [
        Candidate(f"{ODDS}, small-sample correction{which}", corrected, se, usual, True),
        Candidate(f"{ODDS}{which}", float(d.value), se, False, True),
        Candidate(
            f"log odds ratio divided by 1.65{which}",
            float(cox.value),
            float(cox.variance) ** 0.5,
            False,
            True,
        ),
    ]


def ratios(record: Record) -> list[Candidate]:
    """Return the log risk ratio that a record's events give, and by the totals of the effect."""
    found = []
    for event, total in (("event", "totaln"), (".event", ".totaln")):
        arms = record.pair(event, total)
        if arms is None or (event == ".event" and not _differ(record)):
            continue
        try:
            effect = events.log_risk_ratio(*(float(one) for arm in arms for one in arm))
        except ParameterError:
            continue
        if effect.double_zero:
            continue
        usual = event == "event"
        which = "" if usual else f", totals of {total}"
        found.append(
            Candidate(
                f"log risk ratio{which}",
                float(effect.value),
                float(effect.variance) ** 0.5,
                usual,
                True,
            )
        )
    return found


def se_of_printed(record: Record, value: float) -> list[Candidate]:
    """Return standard errors of a ready-made g that its arm sizes give.

    Parameters
    ----------
    record : Record
        Record with ``n`` of both arms.
    value : float
        Its g.
    """
    sizes = record.pair("n")
    if sizes is None:
        return []
    n_1, n_2 = (float(arm[0]) for arm in sizes)
    if n_1 + n_2 < 4:
        return []
    j = float(small_sample_correction(n_1 + n_2 - 2, convention="metapsy"))
    by_d = means.hedges_g(value / j, n_1, n_2, convention="metapsy")
    # 1/n_1 + 1/n_2 + g^2 / (2 (n_1 + n_2)), as the exact convention has it
    exact = 1 / n_1 + 1 / n_2 + value**2 / (2 * (n_1 + n_2))
    return [
        Candidate("from g and n, metapsy", value, float(by_d.variance) ** 0.5, True),
        Candidate("from g and n, exact", value, exact**0.5, True),
    ]


def match(
    printed: str, candidates: Iterable[Candidate], part: Literal["value", "se"] = "value"
) -> Match | None:
    """Return the first candidate that a printed number is, at full precision or rounded.

    Parameters
    ----------
    printed : str
        Number as printed, with a decimal point.
    candidates : iterable of Candidate
        Usual formulas first.
    part : {"value", "se"}
        What was printed.
    """
    number = float(printed)
    known = [(one, value) for one in candidates if (value := getattr(one, part)) is not None]
    for one, value in known:
        if abs(abs(number) - abs(value)) <= FULL_PRECISION * max(abs(value), 1e-3):
            return Match(one, None, number * value < 0)
    places = decimals(printed)
    half = 0.5 * 10.0**-places
    for one, value in known:
        if places <= 6 and abs(abs(number) - abs(value)) <= half * (1 + 1e-9):
            return Match(one, places, number * value < 0)
    return None
