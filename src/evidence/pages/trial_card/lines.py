"""What a trial reports between its arms: one line per measure and time, a number or words."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from evidence import language
from evidence.blocks import origins
from evidence.blocks.escape import html, plain
from evidence.blocks.tables import number_link, place_of, place_of_reason
from evidence.data.records import records
from evidence.estimation.row import OF_COUNTS, QuotedScale, participants, size_of
from evidence.estimation.selection import IMBALANCE
from evidence.ledger import LedgerEntry, entries, sentences, units
from evidence.pages.trial_card import TrialCard, to_place
from evidence.terms import RemarkKind, Said, has

SAYS = {
    Said.FAVORS_INTERVENTION: "words_favor",
    Said.FAVORS_COMPARATOR: "words_against",
    Said.NO_DIFFERENCE: "words_none",
}
"""Directions that compare arms; a change within an arm or a mediation compares nothing."""

_RANK = ("hedges_g", "d_from_test_statistic", "log_odds_ratio", "log_risk_ratio")
_SHORT = {"d_from_test_statistic": "g"}


@dataclass(frozen=True, slots=True)
class Line:
    """What is known of one measure at one time between two arms.

    Attributes
    ----------
    intervention_arm_id, comparator_arm_id, outcome_id : str
        What is compared on what.
    what : str
        Measure in words, empty where the source names none.
    when : str
        Time in words.
    timepoint : str
        Time as a term.
    state : str
        favors, against or includes by the interval; no_interval; range; words_favor,
        words_against, words_none or words_differ.
    markup : str
        The number, linked to where it comes from, or the words, as HTML.
    size : str
        Participants.
    processing : str
        How the number was obtained, empty for words.
    entries : tuple of LedgerEntry
        The number, if there is an estimate, and one that stands beside it.
    measure : str
        Short name of the measure, empty for words.
    higher_is : str
        "better" or "worse" for scores, empty for events and words.
    said_by : str
        For words, a clause on who says them where no report of the trial itself does.
    analyzed : str
        Whom the number counts, where there are several analyses of one result.
    """

    intervention_arm_id: str
    comparator_arm_id: str
    outcome_id: str
    what: str
    when: str
    timepoint: str
    state: str
    markup: str
    size: str
    processing: str
    entries: tuple[LedgerEntry, ...] = ()
    measure: str = ""
    higher_is: str = ""
    said_by: str = ""
    analyzed: str = ""

    @property
    def plain(self) -> str:
        """The number or the words as text."""
        return plain(self.markup)


def lines(card: TrialCard) -> tuple[Line, ...]:
    """Return what a trial reports between its arms after baseline.

    Several metrics of one measure, time and contrast are views of the same participants; the first
    of these stands for them: a difference in points that the source prints, Hedges g, d from a
    test statistic, an odds ratio, a risk ratio, another. One with an interval comes before one
    without. Words of a source stand only where there is no number on the same contrast, outcome
    and time.
    """
    rows = card.rows
    rows = rows[(rows.comparator_arm_id != "") & (rows.timepoint != "baseline")]
    rows = rows[rows.effect.notna() | rows.effect_low.notna()]
    measure = rows.event.where(rows.event != "", rows.instrument_id)
    keys = [
        rows.intervention_arm_id,
        rows.comparator_arm_id,
        rows.outcome_id,
        measure,
        rows.timepoint,
    ]
    numbers = [
        _numeric(card, row)
        for _, group in rows.groupby(keys, sort=False)
        for row in records(_standing(group))
    ]
    return (*numbers, *_in_words(card, numbers))


def _standing(group: pd.DataFrame) -> pd.DataFrame:
    keys = [_key(row) for row in records(group)]
    return group[[one == min(keys) for one in keys]]


def _key(row: Any) -> tuple[bool, bool, int]:
    if row.metric == "mean_difference" and row.route.startswith("printed"):
        rank = 0
    else:
        rank = _RANK.index(row.metric) + 1 if row.metric in _RANK else len(_RANK) + 1
    return bool(pd.isna(row.effect)), bool(pd.isna(row.ci_low)), rank


def _numeric(card: TrialCard, row: Any) -> Line:
    found: tuple[LedgerEntry, ...] = ()
    if pd.isna(row.effect):
        state, markup, processing = "range", *_bounds(card, row)
    else:
        entry = entries.of_estimate(row, card.dataset)
        state, processing, found = _state(row), row.processing, (entry,)
        before, shown = _with_name(card, row, entries.quoted(entry))
        # A harm stands in its usual direction, with its counts: few events say more than a ratio.
        counts = f", {entry.counts}" if row.more_is == "worse" and entry.counts else ""
        below = entries.below_favors(
            QuotedScale(row.metric, row.more_is), row.intervention, card.dataset
        )
        # Beside an exact interval of the same counts this one has to say what it is.
        counted = row.route in OF_COUNTS and state != "no_interval"
        how = ", interval by normal approximation" if counted else ""
        after = html(counts + below + how + _left_open(row))
        markup = f"{html(before)}{number_link(entry, shown)}{after}"
        adjusted = _adjusted(card, row)
        if adjusted is not None:
            second, said = adjusted
            shown = entries.quoted(second)
            markup = f"{markup}; {html(said).format(number_link(second, shown))}"
            found = (entry, second)
    return Line(
        row.intervention_arm_id,
        row.comparator_arm_id,
        row.outcome_id,
        ", ".join(filter(None, (_what(card, row), units.analyzed(row, card.dataset)))),
        sentences.when(row, card.dataset),
        row.timepoint,
        state,
        markup,
        _size(card, row),
        processing,
        found,
        _what(card, row) if row.event else card.dataset.measure(row.instrument_id),
        "" if row.event else _higher_is(card, row),
        analyzed=units.analyzed(row, card.dataset),
    )


def _left_open(row: Any) -> str:
    """Return what the sources leave open of an estimate that supposes something."""
    span = entries.range_left_open(row)
    return f", {span} under other assumptions" if span else ""


def _with_name(card: TrialCard, row: Any, shown: str) -> tuple[str, str]:
    """Return the name of a metric and its number; of a difference, with unit and direction."""
    if row.metric != "mean_difference":
        return f"{_SHORT.get(row.metric) or units.metric(row, card.dataset)} ", shown
    with_it = f"{language.MOVED[_higher_is(card, row)]} with {card.brief(row.intervention_arm_id)}"
    # A number below 0 would say the contrary of "lower" in front of it.
    side = f" {with_it}" if row.effect > 0 else f", above 0 is {with_it}"
    number, gap, limits = shown.partition(" (")
    return "", f"{number} {units.unit(row, card.dataset)}{side}{gap}{limits}"


def _higher_is(card: TrialCard, row: Any) -> str:
    """Return whether higher scores are better or worse."""
    instruments = card.dataset.instruments.set_index("instrument_id").higher_is
    return str(instruments.get(row.instrument_id, ""))


def _adjusted(card: TrialCard, row: Any) -> tuple[LedgerEntry, str] | None:
    """Return the estimate adjusted for baseline, where the arms differed before treatment."""
    if row.metric != "hedges_g":
        return None
    rows = card.estimates
    rows = rows[
        (rows.instrument_id == row.instrument_id)
        & (rows.intervention_arm_id == row.intervention_arm_id)
        & (rows.comparator_arm_id == row.comparator_arm_id)
    ]
    before = rows[(rows.timepoint == "baseline") & (rows.metric == "hedges_g")]
    after = rows[(rows.timepoint == row.timepoint) & (rows.metric == "d_ppc2")]
    if before.empty or after.empty or abs(before.effect.iloc[0]) <= IMBALANCE:
        return None
    same = before.effect.iloc[0] * row.effect > 0
    said = (
        "pre-post-control d {} (imputed), since the arms differed before treatment, in "
        f"{'the same' if same else 'the other'} direction"
    )
    return entries.of_estimate(next(records(after)), card.dataset), said


def _state(row: Any) -> str:
    if pd.isna(row.ci_low):
        return "no_interval"
    if row.ci_low > 0:
        return "favors"
    return "against" if row.ci_high < 0 else "includes"


def _bounds(card: TrialCard, row: Any) -> tuple[str, str]:
    """Return what print leaves open where it allows no estimate, as HTML, and how obtained."""
    place = place_of_reason(row.estimate_id)
    if row.route == "chi2_bound":
        statistics = card.statistics.set_index("result_id")
        printed = to_place(place_of(row.result_ids[0]), _test(statistics.loc[row.result_ids[0]]))
        bound = to_place(place, f"{language.fixed(row.effect_high)} SD")
        return (
            f"{printed}; if it tested the difference between the arms, the observed difference is "
            f"at most {bound}; no confidence interval, and the true difference can be larger",
            "imputed",
        )
    scale = QuotedScale("log_odds_ratio", row.more_is)
    low, high = (language.fixed(one) for one in scale.ends(row.effect_low, row.effect_high))
    ends = to_place(place, f"{low} and {high}")
    side = f"{language.SIDE[scale.favors]} favors {html(card.brief(row.intervention_arm_id))}"
    return (
        f"the estimate of the odds ratio ({side}) lies between {ends}: bounds, counts not "
        "determined; its confidence interval is far wider and is not given here",
        "",
    )


def _test(one: Any) -> str:
    """Return a printed chi-square with its degrees of freedom and P."""
    p = [printed_p(one)] if one.p_value else []
    return ", ".join([f"chi-square {one.estimate}", f"df {one.df1}", *p])


def printed_p(one: Any) -> str:
    """Return P of a printed statistic, a bound where that is what is printed."""
    p = language.p_value(float(one.p_value))
    return p.replace("=", "<") if one.p_relation == "below" else p


def _what(card: TrialCard, row: Any) -> str:
    """Return the measure in short; the printed results name the instrument of an event too."""
    if not row.event:
        return card.measure(row)
    meaning = card.dataset.vocabulary("event").get(row.event, row.event.replace("_", " "))
    return "" if meaning in card.outcome(row.outcome_id) else meaning


def _size(card: TrialCard, row: Any) -> str:
    total = participants(row)
    if total is None:
        return "sizes not printed"
    imputed = ", arm sizes imputed" if has(row, RemarkKind.SIZES_IMPUTED) else ""
    if has(row, RemarkKind.SIZES_OF_RANDOMIZED) and row.metric != "events":
        return f"{size_of([row]).of()}{imputed}"
    if imputed or has(row, RemarkKind.SAME_PERSONS):
        return f"{total} participants{imputed}"
    if row.metric == "events":
        return f"how many of the {total} participants were counted is not printed"
    sizes = card.arms.set_index("arm_id").n_randomized
    randomized = [sizes[row.intervention_arm_id], sizes[row.comparator_arm_id]]
    everyone = sum(int(one) for one in randomized) if all(randomized) else total
    return f"{total} of {everyone} participants" if total < everyone else f"{total} participants"


def named(card: TrialCard, line: Line) -> str:
    """Return outcome, measure and time of a line in words."""
    outcome = card.outcome(line.outcome_id)
    measure = f" ({line.what})" if line.what else ""
    # A measure that begins with the outcome says it already.
    repeated = line.what.lower().startswith(outcome.lower())
    return f"{line.what if repeated else f'{outcome}{measure}'} {line.when}"


def _in_words(card: TrialCard, numbers: list[Line]) -> list[Line]:
    known = {
        (one.intervention_arm_id, one.comparator_arm_id, one.outcome_id, one.timepoint)
        for one in numbers
        if one.entries
    }
    rows = card.directions
    rows = rows[rows.direction.isin(list(SAYS)) & (rows.comparator_arm_id != "")]
    keys = ["intervention_arm_id", "comparator_arm_id", "outcome_id", "timepoint"]
    made = []
    for key in dict.fromkeys(map(tuple, rows[keys].to_numpy())):
        group = rows[(rows[keys] == list(key)).all(axis=1)]
        if key in known:
            continue
        states = {SAYS[one] for one in group.direction}
        state = states.pop() if len(states) == 1 else "words_differ"
        first, second, outcome, timepoint = key
        notes = "; ".join(one for one in dict.fromkeys(group.note) if one)
        said_by = _said_by(card, group)
        by = f", {said_by}" if said_by else ""
        said = f"{in_words(card, state, first, second)}{by}, in words"
        remark = f" ({notes})" if notes else ""
        made.append(
            Line(
                first,
                second,
                outcome,
                "",
                card.dataset.in_text("timepoint", timepoint),
                timepoint,
                state,
                to_place(place_of(group.direction_id.iloc[0]), said) + html(remark),
                "",
                "",
                said_by=said_by,
            )
        )
    return made


def _said_by(card: TrialCard, group: pd.DataFrame) -> str:
    """Return a clause on who says words, where none of them is from a report of the trial."""
    own = set(card.publications.publication_id)
    sources = [card.dataset.locator(one).publication_id for one in group.locator_id]
    if own & set(sources):
        return ""
    names = language.listed(
        f"{origins.reference_name(one, card.dataset)} "
        f"({card.dataset.publication(one).role.replace('_', ' ')}, no report of the trial)"
        for one in dict.fromkeys(sources)
    )
    return f"according to {names}"


def in_words(card: TrialCard, state: str, intervention_arm_id: str, comparator_arm_id: str) -> str:
    """Return what a source says of two arms."""
    return {
        "words_favor": f"in favor of {card.brief(intervention_arm_id)}",
        "words_against": f"in favor of {card.brief(comparator_arm_id)}",
        "words_none": "no clear difference",
        "words_differ": "sources say different things",
    }[state]
