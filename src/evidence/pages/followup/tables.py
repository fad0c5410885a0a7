"""Tables of a report on follow-up, in its order and its words."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from evidence import language
from evidence.blocks import closing
from evidence.blocks.escape import html
from evidence.blocks.headline import Headline
from evidence.blocks.output import Block, joined, paragraphs
from evidence.blocks.tables import Cell, enrollment, number_link, table, to_number
from evidence.data.dataset import Dataset
from evidence.data.provenance import worst
from evidence.data.records import records
from evidence.followup import Durability
from evidence.ledger import LedgerEntry, sentences, units
from evidence.ledger.entries import quoted_numbers
from evidence.ledger.followup_entries import (
    event_in_words,
    of_change,
    of_proportion,
    of_retained,
    of_scenario,
    of_time,
    scenario_in_words,
)
from evidence.terms import RemarkKind, has

TIMES = ("post", "follow_up")

ABSOLUTE = ("risk_difference", "mean_difference", "hedges_g", "d_from_test_statistic")
"""Metrics that a report leads with, the first that a comparison has."""

RELATIVE = "log_odds_ratio"


@dataclass(frozen=True, slots=True)
class Group:
    """One comparison at both times on each of its metrics.

    Attributes
    ----------
    rows : dict
        Rows of ``comparisons`` by metric.
    main : namedtuple
        The one that a reader meets first.
    """

    rows: dict[str, Any]
    main: Any

    @property
    def imputed(self) -> bool:
        """Whether the effect at either time is imputed."""
        return worst([self.main.post_processing, self.main.follow_up_processing]) == "imputed"

    @property
    def digits(self) -> int:
        """Decimals of its effects: one for points and percentages."""
        return 1 if self.main.metric in ("mean_difference", "risk_difference") else 2

    @property
    def factor(self) -> float:
        """What its effects are multiplied by for readers: 100 for percentage points."""
        return 100.0 if self.main.metric == "risk_difference" else 1.0

    def unit(self, dataset: Dataset) -> str:
        """Return what its effects are counted in."""
        return unit(self.main, dataset)

    def at_times(self, found: Durability, dataset: Dataset) -> list[LedgerEntry]:
        """Return the entries of its effect at both times."""
        return [of_time(self.main, one, found, dataset) for one in TIMES]

    def number(self, entry: LedgerEntry) -> str:
        """Return a number of this comparison as a link."""
        return number_link(entry, self.shown(entry)[0])

    def shown(self, entry: LedgerEntry) -> tuple[str, str]:
        """Return number and limits in its unit and decimals."""
        return Headline(entry, self.digits, "", self.factor).shown

    def estimate(self, entry: LedgerEntry) -> str:
        """Return a number with its limits in brackets as a link."""
        return number_link(entry, "{} ({})".format(*self.shown(entry)))


def unit(row: Any, dataset: Dataset) -> str:
    """Return what the effects of a comparison are counted in."""
    if row.metric == "risk_difference":
        return f"percentage points of {dataset.in_text('event', row.event)}"
    metric = language.term(language.METRIC, row.metric)
    if row.event:
        return f"{dataset.in_text('event', row.event)}, {metric}"
    instrument = dataset.measure(row.instrument_id)
    return (
        f"points of {instrument}" if row.metric == "mean_difference" else f"{metric}, {instrument}"
    )


def short_contrast(row: Any, dataset: Dataset) -> str:
    """Return both treatments, by their short names."""
    both = (row.intervention, row.comparator)
    return " against ".join(dataset.short("condition", one) for one in both)


def condition_in_words(condition: str, dataset: Dataset) -> str:
    """Return a treatment or comparator in words."""
    return dataset.in_text("condition", condition)


def ratio(entry: LedgerEntry) -> str:
    """Return a ratio with its limits in brackets as a link."""
    return number_link(entry, "{} ({})".format(*Headline(entry, 2, "").shown))


def groups(found: Durability) -> list[Group]:
    """Return the comparisons, all metrics of each together, in the order of the data."""
    keys = ["trial_id", "intervention_arm_id", "comparator_arm_id", "instrument_id", "event"]
    made = []
    weeks = ["follow_up_weeks", "weeks_since_randomization"]
    for _, rows in found.comparisons.groupby([*keys, *weeks], sort=False, dropna=False):
        by_metric = {row.metric: row for row in records(rows)}
        first = next((one for one in ABSOLUTE if one in by_metric), next(iter(by_metric)))
        made.append(Group(by_metric, by_metric[first]))
    return made


@dataclass(frozen=True, slots=True)
class Parts:
    """Comparisons by the part that they have in a report.

    Attributes
    ----------
    main : list of Group
        Of the therapy, those that are not imputed if there are any.
    imputed : list of Group
        Others of the therapy.
    other_treatments : list of Group
        Treatments that the same trials compared with the same arm.
    derived : list of Group
        Contrasts with those treatments that no source prints.
    """

    main: list[Group]
    imputed: list[Group]
    other_treatments: list[Group]
    derived: list[Group]


def parts(found: Durability) -> Parts:
    """Return the comparisons of a therapy by their part."""
    every = groups(found)
    printed = [one for one in every if not one.main.derived]
    own = [one for one in printed if one.main.intervention == found.therapy]
    near = [one for one in own if not one.imputed]
    return Parts(
        main=near or own,
        imputed=[one for one in own if one.imputed] if near else [],
        other_treatments=[one for one in printed if one.main.intervention != found.therapy],
        derived=[one for one in every if one.main.derived],
    )


def arms_of(row: Any, found: Durability) -> pd.DataFrame:
    """Return the counts of both arms of a comparison at both times."""
    arms = found.arms
    chosen: pd.DataFrame = arms[
        (arms.trial_id == row.trial_id)
        & (arms.event == row.event)
        & arms.arm_id.isin([row.intervention_arm_id, row.comparator_arm_id])
        # A comparison can have several follow-ups.
        & arms.result_ids.map(set(row.result_ids).issuperset)
    ]
    return chosen


def assessed(row: Any, timepoint: str, found: Durability) -> str:
    """Return how many of each arm are behind a comparison at one time, or what is known of it."""
    rows = found.estimates
    one = next(records(rows[rows.estimate_id == getattr(row, f"{timepoint}_id")]))
    if pd.isna(one.n_intervention) or pd.isna(one.n_comparator):
        return "n not known"
    sizes = f"{one.n_intervention} + {one.n_comparator}"
    if has(one, RemarkKind.SIZES_IMPUTED):
        return f"{sizes} randomized, arm sizes imputed"
    if has(one, RemarkKind.SIZES_OF_RANDOMIZED):
        return f"n not printed ({sizes} randomized)"
    return f"{sizes} assessed"


def when(row: Any, found: Durability, dataset: Dataset) -> str:
    """Return the later time of a comparison in words, as "at 6 months after treatment"."""
    rows = found.estimates
    return sentences.when(next(records(rows[rows.estimate_id == row.follow_up_id])), dataset)


POINTS = "risk_difference"
"""Metric in percentage points."""

STATE = {
    "both_times": "a comparison at both times",
    "follow_up_only": "a comparison, without the same number at the end of treatment",
    "uncontrolled": "a follow-up without a randomized comparison",
    "no_result": "measured or planned, and no result seen",
    "none": "no follow-up in any source seen",
}


def _shown(entry: LedgerEntry, metric: str = "") -> str:
    """Return a number with its limits in the decimals of its metric."""
    number, limits = _headline(entry, metric).shown
    return f"{number} ({limits})"


def _headline(entry: LedgerEntry, metric: str) -> Headline:
    percent = metric in (POINTS, "proportion")
    digits = 1 if percent or metric == "mean_difference" else 2
    return Headline(entry, digits, "", 100.0 if percent else 1.0)


def _limits(entry: LedgerEntry, metric: str = "") -> Cell:
    return to_number(entry, _headline(entry, metric).shown[1])


def _value(entry: LedgerEntry, metric: str = "") -> Cell:
    return to_number(entry, _headline(entry, metric).shown[0])


def _sized(entry: LedgerEntry, row: Any, timepoint: str, found: Durability) -> Cell:
    """Return a number as a link with the participants assessed below it."""
    shown, size = _shown(entry, row.metric), assessed(row, timepoint, found)
    return Cell(
        markup=f"{number_link(entry, shown)}<br>{html(size)}", numeric=True, entries=(entry,)
    )


def comparisons(dataset: Dataset, found: Durability) -> Block:
    """Return every comparison at both times, trials side by side, and that they are not pooled.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    found : Durability
        What `evidence.durability` returns.
    """
    rows = []
    later: dict[str, dict[str, None]] = {}
    for row in records(found.comparisons):
        later.setdefault(row.label, {})[when(row, found, dataset)] = None
    for row in records(found.comparisons):
        at_times = [of_time(row, one, found, dataset) for one in TIMES]
        change, kept = of_change(row, dataset), of_retained(row, dataset)
        at = f"\n{when(row, found, dataset)}" * (len(later[row.label]) > 1)
        rows.append(
            (
                Cell(f"{row.label}\n{short_contrast(row, dataset)}{at}"),
                Cell(unit(row, dataset), tag=at_times[1].processing),
                *(
                    _sized(entry, row, one, found)
                    for entry, one in zip(at_times, TIMES, strict=True)
                ),
                to_number(change, _shown(change, row.metric)),
                to_number(kept, _shown(kept)) if kept else Cell("–", numeric=True),
            )
        )
    times = "; ".join(f"{label} {language.listed(at)}" for label, at in later.items())
    block = table(
        "Comparisons at the end of treatment and at follow-up; positive (ratios: above 1) favors "
        f"the treatment named first; {language.OF_HARMS}. The change of a ratio "
        f"is the ratio of both. Follow-up: {times}.",
        (
            *("Trial and contrast", "Measure", "End of treatment", "Follow-up"),
            *("Change", "Retained fraction"),
        ),
        rows,
    )
    return joined(block, paragraphs(across_trials(found)))


def across_trials(found: Durability) -> str:
    """Return whether enough trials have both times for a model across trials."""
    most = language.count(found.most_trials, "trial")
    if found.bivariate_model:
        return (
            f"One outcome has {most} with both times on one scale, enough for a bivariate model of "
            "both times together; this page shows them side by side."
        )
    return (
        "No outcome has three trials with both times on one scale (the most is "
        f"{most}), so the trials stand side by side and no bivariate model is fitted."
    )


def _by_correlation(found: Durability, row: Any) -> list[Any]:
    return list(records(found.changes[found.changes.change_id == row.change_id]))


def _headings(found: Durability) -> list[str]:
    return [f"r = {one:g}" for one in dict.fromkeys(found.changes.correlation)]


def correlations(dataset: Dataset, found: Durability) -> Block:
    """Return the interval of each change by the correlation that it supposes."""
    rows, bounds = [], []
    for row in records(found.comparisons):
        cells = []
        tried = _by_correlation(found, row)
        for one in tried:
            if one.reason:
                cells.append(Cell("not possible", numeric=True))
                continue
            cells.append(_limits(of_change(row, dataset, one), row.metric))
        if any(one.reason for one in tried):
            span = language.limits(row.correlation_low, row.correlation_high)
            bounds.append(f"{span} for the {language.term(language.METRIC, row.metric)}")
        change = of_change(row, dataset)
        name = f"{short_contrast(row, dataset)}\n{unit(row, dataset)}"
        rows.append((Cell(name), _value(change, row.metric), *cells))
    block = table(
        "95% intervals of the change by the correlation of the estimates at both times",
        ("Comparison", "Change", *_headings(found)),
        rows,
    )
    if not bounds:
        return block
    said = (
        "Not possible: the shares at both times allow correlations of the two estimates from "
        f"{language.listed(bounds)} only."
    )
    return joined(block, paragraphs(said))


def retained(dataset: Dataset, found: Durability) -> Block:
    """Return the retained fraction of each comparison by correlation."""
    rows = []
    for row in records(found.comparisons):
        made = [of_retained(row, dataset, one) for one in _by_correlation(found, row)]
        kept = [one for one in made if one]
        if kept:
            cells = [_limits(one) if one else Cell("–", numeric=True) for one in made]
            name = f"{short_contrast(row, dataset)}\n{unit(row, dataset)}"
            rows.append((Cell(name), _value(kept[0]), *cells))
    if not rows:
        return paragraphs(
            "No effect at the end of treatment is clear enough of zero for a fraction of it to "
            "mean anything."
        )
    return table(
        "Retained fraction with its 95% Fieller interval by the correlation of both estimates, "
        "where the effect at the end of treatment is clear of zero",
        ("Comparison", "Fraction", *_headings(found)),
        rows,
    )


def missing(dataset: Dataset, found: Durability) -> Block:
    """Return effects on events at both times under assumptions about the missing."""
    if found.scenarios.empty:
        return paragraphs(
            "No comparison here rests on counts, so nothing can be said of the missing."
        )
    metrics = (RELATIVE, "log_risk_ratio", POINTS)
    return joined(*(_scenarios(dataset, found, one, counts=one == RELATIVE) for one in metrics))


def _scenarios(dataset: Dataset, found: Durability, metric: str, *, counts: bool) -> Block:
    compared = {row.change_id: row for row in records(found.comparisons)}
    frame = found.scenarios[found.scenarios.metric == metric]
    rows: dict[tuple[str, str], list[Cell]] = {}
    for one in records(frame):
        row = compared[one.change_id]
        entry = _of_scenario(one, row, found, dataset)
        cells = rows.setdefault((one.change_id, one.scenario), [])
        if not cells:
            said = language.capitalized(scenario_in_words(one.scenario, row.more_is))
            cells.append(Cell(f"{row.label}: {said}", tag=one.processing))
        if counts and one.counts:
            cells.append(Cell(one.counts))
        cells.append(to_number(entry, _shown(entry, metric)))
    name = language.capitalized(language.term(language.METRIC, metric))
    headings = [
        heading
        for at in ("end", "later")
        for heading in (*([f"Counts, {at}"] if counts else []), f"{name}, {at}")
    ]
    return table(
        f"{name}{' in percentage points' if metric == POINTS else ''} at the end of treatment and "
        "later under assumptions about the missing",
        ("Assumption", *headings, "Change"),
        rows.values(),
    )


def _of_scenario(one: Any, row: Any, found: Durability, dataset: Dataset) -> LedgerEntry:
    if one.scenario != "observed":
        return of_scenario(one, row, dataset)
    if one.timepoint == "change":
        return of_change(row, dataset)
    return of_time(row, one.timepoint, found, dataset)


def staying(dataset: Dataset, found: Durability) -> Block:
    """Return what the counts allow for those who recovered and stayed recovered."""
    if found.staying.empty:
        return paragraphs("No trial prints an event to be reached by arm at both times.")
    rows_of = found.staying.value_counts("arm_id")

    def of_arm(row: Any) -> str:
        parts = [f"{row.label}: {condition_in_words(row.condition, dataset)}"]
        if rows_of[row.arm_id] > 1:
            parts += [dataset.measure(row.instrument_id), sentences.when(row, dataset)]
        return ", ".join(parts)

    rows = [
        (
            Cell(of_arm(row)),
            Cell(f"{row.events_post} of {row.n_post}", numeric=True),
            Cell(f"{row.events_follow_up} of {row.n_follow_up}", numeric=True),
            Cell(
                f"{language.limits(100 * row.share_low, 100 * row.share_high, 1)}%",
                numeric=True,
            ),
            Cell(
                "–"
                if pd.isna(row.count_low)
                else f"{row.count_low} to {row.count_high} of {row.events_post}",
                numeric=True,
            ),
        )
        for row in records(found.staying)
    ]
    return table(
        "Of those recovered at the end of treatment, how many still are at follow-up: the least "
        "and the most that the counts allow, as no source says who. Stay recovered: possible "
        "percentage of those recovered at the end who still are, if nobody missing changes the "
        "percentages. Seen twice: those seen recovered both times, whoever is missing.",
        ("Arm", "End of treatment", "Follow-up", "Stay recovered", "Seen twice"),
        rows,
    )


def uncontrolled(dataset: Dataset, found: Durability) -> Block:
    """Return follow-ups of one arm alone."""
    if found.uncontrolled.empty:
        return paragraphs("No source seen prints a follow-up of one arm alone.")
    rows = []
    for row in records(found.uncontrolled):
        counted = not pd.isna(row.proportion)
        entry = of_proportion(row, dataset) if counted else None
        rows.append(
            (
                Cell(f"{row.label}: {condition_in_words(row.condition, dataset)}"),
                Cell(event_in_words(row.event, dataset) if row.event else row.outcome_id),
                Cell(sentences.when(row, dataset).removeprefix("at ")),
                Cell(f"{int(row.events)} of {int(row.n)}" if counted else "–", numeric=True),
                to_number(entry, _shown(entry, "proportion")) if entry else Cell("–", numeric=True),
                Cell(row.reason),
            )
        )
    return table(
        "Follow-ups without a randomized control group: no comparison, and no evidence that a "
        "treatment keeps people well",
        ("Trial and arm", "Event", "Time", "Counts", "Percent (95% CI)", "Why it stands apart"),
        rows,
    )


def unpaired(dataset: Dataset, found: Durability) -> Block:
    """Return results at follow-up whose comparison has no number at the end of treatment."""
    if found.unpaired.empty:
        return paragraphs("Every comparison at follow-up has its partner at the end of treatment.")
    return table(
        "Comparisons at follow-up without the same number at the end of treatment",
        ("Trial and contrast", "Outcome", "What the source gives"),
        [
            (
                Cell(f"{row.label}\n{short_contrast(row, dataset)}"),
                Cell(dataset.in_text("outcome", row.outcome_id)),
                Cell(row.reason or _without_partner(row, dataset)),
            )
            for row in records(found.unpaired)
        ],
    )


def _without_partner(row: Any, dataset: Dataset) -> str:
    """Return a number at follow-up on the scale that readers quote, and whom it counts."""
    metric = units.metric(row, dataset)
    effect, low, high, digits = quoted_numbers(
        row.metric, row.more_is, row.effect, row.ci_low, row.ci_high
    )
    digits = units.DECIMALS.get(units.quoted_metric(row, dataset), digits)
    shown = language.estimate(effect, low, high, digits)
    return ", ".join(filter(None, (f"{metric} {shown}", units.analyzed(row, dataset))))


def _took_part(row: Any, dataset: Dataset) -> str:
    """Return how many were randomized, else how many were enrolled or planned."""
    if not pd.isna(row.n_randomized):
        return str(row.n_randomized)
    for kind, number in enrollment(dataset, row.trial_id).items():
        return f"not printed ({number} {kind})"
    return "not known"


def trials(dataset: Dataset, found: Durability) -> Block:
    """Return what each randomized trial of the therapy has at follow-up."""
    block = table(
        "Randomized trials and what they have at follow-up",
        ("Trial", "Randomized", "Status", "At follow-up", "Developers took part"),
        [
            (
                Cell(f"{row.label}\nread: {dataset.read_as(row.trial_id)}"),
                Cell(_took_part(row, dataset)),
                Cell(row.status),
                Cell(STATE[row.state]),
                Cell(dataset.trial(row.trial_id).developer_involved.replace("_", " ")),
            )
            for row in records(found.trials)
        ],
    )
    return closing.with_planned(block, dataset, found.therapy)


def uncertain_weeks(comparisons: pd.DataFrame) -> list[str]:
    """Return for which trials the time since the end of treatment is open."""
    made = {
        row.label: f"{row.label}: between {row.follow_up_weeks_low:g} and "
        f"{row.follow_up_weeks_high:g} weeks after the end of treatment, as its sources do not "
        "agree on the length of treatment or do not say from when they count."
        for row in records(comparisons)
        if row.follow_up_weeks_low < row.follow_up_weeks_high
    }
    return list(made.values())
