"""Each printed effect beside what its own data give, and the reason where the two differ."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evidence.metapsy.assignment import Placed
from evidence.metapsy.direction import WORSE_OR_BETTER, Orientation
from evidence.metapsy.formulas import Candidate, Match, match, ratios, se_of_printed, standardized
from evidence.metapsy.vocabulary import event_sign


@dataclass(frozen=True, slots=True)
class Compared:
    """A printed number beside what its data give.

    Attributes
    ----------
    placed : Placed
        Its record.
    column, printed : str
        Column, and the number with a decimal point.
    metapsy, exact : float or None
        g of the record's data by both conventions, or its standard error, with the sign that the
        file gives benefits; None where the record prints no means or changes.
    recomputed : float or None
        What the usual formula gives, signed as the file does.
    formula : str
        The formula that gives the printed number.
    verdict : str
        agrees, sign, rounding, formula or unexplained.
    explanation : str
        In words; empty where it agrees.
    """

    placed: Placed
    column: str
    printed: str
    metapsy: float | None
    exact: float | None
    recomputed: float | None
    formula: str
    verdict: str
    explanation: str


def compare(placed: Sequence[Placed], orientation: Orientation) -> list[Compared]:
    """Return every printed effect and standard error beside what the data of its record give.

    Parameters
    ----------
    placed : sequence of Placed
        Records with their places.
    orientation : Orientation
        Directions of the file.
    """
    made: list[Compared] = []
    own = {one.record.number: standardized(one.record) for one in placed}
    for one in placed:
        numbers = one.record.numbers
        candidates = own[one.record.number]
        elsewhere = [
            replace(
                candidate,
                formula=f"{candidate.formula}, of record {other.record.number}",
                usual=False,
            )
            for other in placed
            if other.trial == one.trial and other is not one
            for candidate in own[other.record.number]
            if candidate.usual
        ]
        if ".g" in numbers:
            made += _g(one, candidates, elsewhere, orientation)
        if ".log_rr" in numbers:
            made += _log_rr(one)
    return made


def _turned(one: Placed, candidate: Candidate, orientation: Orientation) -> int | None:
    """Return the factor that gives a raw effect the sign that the file gives benefits."""
    if candidate.counts_events:
        direction = event_sign(one.event)
    else:
        direction = WORSE_OR_BETTER.get(orientation.higher_is[one.measure.instrument_id])
    if direction is None or orientation.positive_g is None:
        return None
    return direction * orientation.positive_g


def _g(
    one: Placed,
    candidates: Sequence[Candidate],
    elsewhere: Sequence[Candidate],
    orientation: Orientation,
) -> list[Compared]:
    numbers = one.record.numbers
    printed = numbers[".g"]
    if not candidates:
        return _ready_made(one)
    found = match(printed, [*candidates, *elsewhere])
    usual = next(candidate for candidate in candidates if candidate.usual)
    factor = _turned(one, usual, orientation)
    # Means come before changes, where a record has both.
    by = {one.formula.rpartition(", ")[2]: one.value for one in reversed(candidates)}
    made = [
        _judged(
            Compared(
                one,
                ".g",
                printed,
                _signed(by.get("metapsy"), factor),
                _signed(by.get("exact"), factor),
                _signed(usual.value, factor),
                "" if found is None else found.candidate.formula,
                "",
                "",
            ),
            found,
            None if found is None else _turned(one, found.candidate, orientation),
        )
    ]
    if ".g_se" in numbers:
        spread = match(numbers[".g_se"], [*candidates, *elsewhere], "se")
        errors = {one.formula.rpartition(", ")[2]: one.se for one in reversed(candidates)}
        made.append(
            _judged(
                Compared(
                    one,
                    ".g_se",
                    numbers[".g_se"],
                    errors.get("metapsy"),
                    errors.get("exact"),
                    usual.se,
                    "" if spread is None else spread.candidate.formula,
                    "",
                    "",
                ),
                spread,
                None,
            )
        )
    return made


def _signed(value: float | None, factor: int | None) -> float | None:
    return None if value is None else value * (factor or 1)


def _judged(one: Compared, found: Match | None, factor: int | None) -> Compared:
    """Return the comparison with its verdict; ``factor`` is None where signs mean nothing."""
    if found is None:
        return replace(
            one,
            verdict="unexplained",
            explanation="no formula tried gives it, from this record or others of the study",
        )
    signed = float(one.printed) != 0 and found.candidate.value != 0
    wrong = factor is not None and signed and found.turned == (factor > 0)
    rounded = (
        f"rounded to {found.digits} decimal{'s' * (found.digits != 1)}"
        if found.digits is not None
        else ""
    )
    if wrong:
        other = "" if found.candidate.counts_events else ", or the instrument runs the other way"
        said = "; ".join(filter(None, [f"printed with the other sign{other}", rounded]))
        return replace(one, verdict="sign", explanation=said)
    if not found.candidate.usual:
        said = "; ".join(filter(None, [f"it is the {found.candidate.formula}", rounded]))
        return replace(one, verdict="formula", explanation=said)
    if rounded:
        return replace(one, verdict="rounding", explanation=rounded)
    return replace(one, verdict="agrees")


def _ready_made(one: Placed) -> list[Compared]:
    """Compare a ready-made g with what it was made from, and its error with its arm sizes."""
    numbers = one.record.numbers
    printed = numbers[".g"]
    made = []
    given = numbers.get("precalc_g")
    if given is not None:
        candidate = Candidate("precalc_g of the record", float(given), None, True)
        found = match(printed, [candidate])
        blank = Compared(
            one, ".g", printed, None, None, float(given), "precalc_g of the record", "", ""
        )
        # Here the signs are compared as printed: the file turns some and not others.
        judged = _judged(blank, found, 1)
        if judged.verdict == "sign":
            judged = replace(judged, explanation=f"precalc_g prints {given}, with the other sign")
        made.append(judged)
    spread = numbers.get(".g_se")
    candidates = se_of_printed(one.record, float(printed))
    if spread is not None and candidates and given is None:
        found = match(spread, candidates, "se")
        made.append(
            _judged(
                Compared(
                    one,
                    ".g_se",
                    spread,
                    candidates[0].se,
                    candidates[1].se,
                    candidates[0].se,
                    "" if found is None else found.candidate.formula,
                    "",
                    "",
                ),
                found,
                None,
            )
        )
    return made


def _log_rr(one: Placed) -> list[Compared]:
    numbers = one.record.numbers
    candidates = ratios(one.record)
    if not candidates:
        return []
    made = []
    for column, part in ((".log_rr", "value"), (".log_rr_se", "se")):
        if column not in numbers:
            continue
        found = match(numbers[column], candidates, "se" if part == "se" else "value")
        usual = candidates[0]
        made.append(
            _judged(
                Compared(
                    one,
                    column,
                    numbers[column],
                    None,
                    None,
                    usual.value if part == "value" else usual.se,
                    "" if found is None else found.candidate.formula,
                    "",
                    "",
                ),
                found,
                1 if part == "value" else None,
            )
        )
    return made
