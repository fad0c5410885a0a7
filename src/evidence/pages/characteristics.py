"""All trials side by side: who took part, what was done, who was analyzed, what was planned."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from evidence import language
from evidence.blocks import closing
from evidence.blocks.escape import html
from evidence.blocks.headline import answer
from evidence.blocks.output import Block, items, joined
from evidence.blocks.tables import Cell, place_of, table, to_card
from evidence.data.dataset import RANDOMIZED, Dataset
from evidence.data.records import records
from evidence.errors import check_choice
from evidence.estimation.missing_evidence import reported_outcomes
from evidence.pages.trial_card import Fact, facts_of
from evidence.pages.trial_card.checks import REPORTED_AS
from evidence.pages.trial_card.printed import fact_name

_SILENT = "–"
_TOTAL = "n_randomized"
_SIZES = (_TOTAL, "n_enrolled", "n_planned")
_SAID = ("weeks", "percent")
"""Units that the name of a fact does not say."""


def chosen(dataset: Dataset, therapy: str) -> list[Any]:
    """Return the trials of a therapy, or all, those that compare groups at random first.

    Raises
    ------
    ParameterError
        If the therapy is unknown.
    """
    check_choice("therapy", therapy, ("all", *dataset.vocabulary("therapy")))
    rows = [one for one in records(dataset.trials) if therapy in ("all", one.therapy)]
    order = list(dataset.vocabulary("therapy"))
    return sorted(
        rows,
        key=lambda one: (
            order.index(one.therapy),
            one.status != "published",
            one.design != "randomized",
        ),
    )


def first_screen(dataset: Dataset, trials: Sequence[Any]) -> Block:
    """Return how many trials there are, how they were made and how deep they were read."""
    numbers = {name: closing.counted(name, number) for name, number, _ in _counts(dataset, trials)}
    say = (
        f"Of {numbers['trials']} trials, {numbers['reported']} were randomized and are published; "
        f"developers of the therapy took part in {numbers['developers']}."
    )
    paragraph = (
        f"Of {numbers['abstracts']} no more than an abstract was read, so that what is missing "
        "below can be in the paper. Each number leads to the place where it was read, on the card "
        "of its trial."
    )
    remarks = [
        "Who funded a trial, and where it was done beyond the country, was not recorded in the "
        "data of this workbook.",
        "How severe symptoms were is told by scores before treatment, where a source gives them.",
    ]
    return answer(
        say, paragraph, (), remarks, reported_outcomes(dataset, (one.trial_id for one in trials))
    )


def _counts(dataset: Dataset, trials: Sequence[Any]) -> list[tuple[str, int, str]]:
    read_as = [dataset.read_as(one.trial_id) for one in trials]
    reported = _reported(dataset, trials)
    yes = [one for one in trials if one.developer_involved in ("yes", "collaborated")]
    return [
        ("trials", len(trials), "rows of trials.csv"),
        ("reported", len(reported), "randomized and published"),
        ("developers", len(yes), "developers took part or collaborated"),
        ("abstracts", read_as.count("abstract"), "read as an abstract"),
    ]


def overview(dataset: Dataset, trials: Sequence[Any]) -> Block:
    """Return one line a trial that was randomized and published, and the names of the others."""
    reported = _reported(dataset, trials)
    lines = []
    for trial in reported:
        size = _values(trial, facts_of(dataset, trial.trial_id), *_SIZES)
        told = f"; n = {size}" if size else ""
        lines.append(f"{_link(trial)}: {html(_compared(dataset, trial))}{told}")
    others: dict[str, list[str]] = {}
    for trial in (one for one in trials if one not in reported):
        design = f"{trial.status}, design {trial.design.replace('_', ' ')}"
        others.setdefault(design, []).append(_link(trial))
    lines += [
        f"{language.capitalized(html(design))}: {language.listed(names)}"
        for design, names in others.items()
    ]
    return Block(items(lines))


def _reported(dataset: Dataset, trials: Sequence[Any]) -> list[Any]:
    """Return the trials that were randomized and are published."""
    randomized = set(dataset.randomized_trials.trial_id)
    return [one for one in trials if one.trial_id in randomized and one.status == "published"]


def _link(trial: Any) -> str:
    return f'<a href="trial-{html(trial.trial_id)}.html">{html(trial.label)}</a>'


def _compared(dataset: Dataset, trial: Any) -> str:
    """Return what was compared: treatments, and each comparator as one of its own."""
    own = dataset.arms[dataset.arms.trial_id == trial.trial_id]
    treated = [_arm(dataset, one) for one in records(own[own.role == "intervention"])]
    against = [_arm(dataset, one) for one in records(own[own.role == "comparator"])]
    if not against:
        return f"{language.listed(treated)}; no comparison group"
    return f"{language.listed(treated)} against {' and against '.join(against)}"


def who_took_part(dataset: Dataset, trials: Sequence[Any]) -> Block:
    """Return participants: who, where, age, sex, scores before treatment."""
    rows = []
    for trial in trials:
        facts = facts_of(dataset, trial.trial_id)
        age = _values(trial, facts, "mean_age")
        span = _span(trial, facts)
        where = language.country(trial.country) if trial.country else "country not known"
        rows.append(
            (
                _name(trial),
                Cell(f"{trial.population}; {where}"),
                Cell(markup="; ".join(one for one in (age, span) if one) or _SILENT),
                Cell(markup=_values(trial, facts, "percent_female") or _SILENT),
                Cell(markup=_scores(dataset, trial.trial_id) or _SILENT),
            )
        )
    return table(
        "Participants, as their sources describe them",
        (
            *("Trial", "Who, where", "Age in years: mean; range"),
            *("Female, %", "Before treatment, by arm: mean (SD)"),
        ),
        rows,
    )


def what_was_done(dataset: Dataset, trials: Sequence[Any]) -> Block:
    """Return treatments and comparators, length, sessions, design, and how deep was read."""
    rows = []
    for trial in trials:
        facts = facts_of(dataset, trial.trial_id)
        sessions = _values(trial, facts, "sessions_planned", "sessions_coded")
        rows.append(
            (
                _name(trial),
                Cell(f"{trial.design.replace('_', ' ')}, {trial.status}"),
                Cell(_compared(dataset, trial)),
                Cell(markup=_values(trial, facts, "treatment_weeks") or _SILENT),
                Cell(markup=sessions or _SILENT),
                Cell(trial.developer_involved.replace("_", " ")),
                Cell(dataset.read_as(trial.trial_id)),
            )
        )
    return table(
        "What was done, and how deep it was read",
        (
            *("Trial", "Design, status", "Compared", "Weeks", "Sessions"),
            *("Developers took part", "Read as"),
        ),
        rows,
    )


def by_arm(dataset: Dataset, trials: Sequence[Any]) -> Block:
    """Return how many were randomized, analyzed at the end of treatment, and not analyzed.

    Of a trial that is not known to be randomized those enrolled stand in, and are named so.
    """
    rows = []
    for trial in trials:
        own = dataset.arms[dataset.arms.trial_id == trial.trial_id]
        if own[own.role == "comparator"].empty:
            continue
        if own.n_randomized.isna().all():
            facts = [one for one in facts_of(dataset, trial.trial_id) if one.fact == _TOTAL]
            total = _linked(trial, facts, unit=False)
            if total:
                silent = Cell(_SILENT, numeric=True)
                all_arms = Cell("all arms together")
                rows.append(
                    (_name(trial), all_arms, Cell(markup=total, numeric=True), silent, silent)
                )
        for arm in records(own):
            known = not pd.isna(arm.n_randomized)
            enrolled = "" if trial.design in RANDOMIZED else " enrolled"
            analyzed = _analyzed(dataset, arm.arm_id)
            randomized = (
                to_card(trial.trial_id, place_of(arm.arm_id), str(int(arm.n_randomized))) + enrolled
                if known
                else ""
            )
            shown, lost = "", _SILENT
            if analyzed is not None:
                shown = to_card(trial.trial_id, place_of(analyzed[1]), str(analyzed[0]))
                # More than were randomized is no loss, and a finding of the audit.
                if known and analyzed[0] <= arm.n_randomized:
                    lost = str(int(arm.n_randomized) - analyzed[0])
            if randomized or shown:
                rows.append(
                    (
                        _name(trial),
                        Cell(_arm(dataset, arm)),
                        Cell(markup=randomized or _SILENT, numeric=True),
                        Cell(markup=shown or _SILENT, numeric=True),
                        Cell(lost, numeric=True),
                    )
                )
    return table(
        "By arm: randomized, and the most that a result at the end of treatment counts",
        ("Trial", "Arm", "Randomized", "Analyzed", "Not analyzed"),
        rows,
    )


def registered(dataset: Dataset, trials: Sequence[Any]) -> Block:
    """Return what was registered or planned beside what was reported, trial by trial."""
    rows = []
    for trial in trials:
        facts = facts_of(dataset, trial.trial_id)
        planned = [one for one in facts if one.planned]
        if not planned and not trial.registry_id:
            continue
        names = dict.fromkeys(REPORTED_AS.get(one.fact, one.fact) for one in planned)
        sides = []
        for before in (True, False):
            lines = []
            for name in names:
                same = [
                    one
                    for one in facts
                    if REPORTED_AS.get(one.fact, one.fact) == name and one.planned is before
                ]
                what = "participants" if name == _TOTAL else fact_name(name)
                lines.append(f"{html(what)}: {_linked(trial, same, unit=True) or 'not found'}")
            sides.append("<br>".join(lines) or "nothing to compare")
        label = f"{trial.label}, {trial.registry_id or 'no registration seen'}"
        rows.append(
            (
                Cell(label, f"trial-{trial.trial_id}.html"),
                Cell(markup=sides[0]),
                Cell(markup=sides[1]),
                Cell(trial.note or _SILENT),
            )
        )
    return table(
        "Registered or planned, and reported",
        ("Trial, registration", "Registered or planned", "Reported", "Remark"),
        rows,
    )


def closing_sections(dataset: Dataset, trials: Sequence[Any]) -> Block:
    """Return methods, what each count is made from, how to cite, and limits."""
    counted = closing.counts_table(_counts(dataset, trials))
    cited = closing.workbook(dataset, "characteristics")
    limits = [
        "A dash says that the sources read do not give it, not that a paper does not.",
        "Several values are those of several sources.",
        "Those not analyzed are not all lost: an analysis can leave out others. Where those lost "
        "were imputed, none is missing here.",
    ]
    return joined(
        closing.methods(
            [
                "Nothing was computed but the difference of those randomized and analyzed. Values "
                "are those of the trials, arms and facts of the data, as their sources print them; "
                "what a registration or protocol says counts as planned."
            ]
        ),
        Block(
            '<section class="provenance">\n<h2 id="numbers">Where each number comes from</h2>\n'
            f"<p>Numbers in the tables lead to the cards of their trials.</p>\n{counted.html}\n"
            "</section>"
        ),
        Block(f'<h2 id="cite">How to cite</h2><p class="cite">{html(cited)}</p>'),
        Block(f'<h2 id="limits">Limits</h2>{items(map(html, limits))}'),
    )


def _name(trial: Any) -> Cell:
    return Cell(str(trial.label), f"trial-{trial.trial_id}.html")


def _arm(dataset: Dataset, arm: Any) -> str:
    added = f" with {dataset.in_text('condition', arm.added_to)}" if arm.added_to else ""
    return f"{dataset.in_text('condition', arm.condition)}{added}"


def _values(trial: Any, facts: Iterable[Fact], *names: str) -> str:
    """Return what is reported of facts, else what is planned, as links to the card, as HTML."""
    same = [one for one in facts if one.fact in names]
    reported = [one for one in same if not one.planned]
    shown = _linked(trial, reported or same, unit=False)
    return shown if reported or not shown else f"{shown} planned"


def _span(trial: Any, facts: Sequence[Fact]) -> str:
    """Return the range of ages, as HTML; one that is planned alone, as such."""
    both = [[one for one in facts if one.fact == name] for name in ("age_min", "age_max")]
    reported = [[one for one in same if not one.planned] for same in both]
    known = any(reported)
    low, high = (_linked(trial, same, unit=False) for same in (reported if known else both))
    span = f"{low} to {high}" if low and high else f"from {low}" if low else f"to {high}"
    return "" if not low and not high else span if known else f"{span} planned"


def _linked(trial: Any, facts: Iterable[Fact], *, unit: bool) -> str:
    """Return values, each once, as links to the card of the trial, as HTML."""
    first: dict[str, Fact] = {}
    for one in facts:
        first.setdefault(one.value, one)
    shown = [
        to_card(trial.trial_id, one.place, one.shown if unit and one.unit in _SAID else one.value)
        for one in first.values()
    ]
    return language.listed(shown, "or")


def _scores(dataset: Dataset, trial_id: str) -> str:
    """Return scores before treatment by instrument, arm by arm, as HTML."""
    rows = dataset.text("arm_results")
    rows = rows[(rows.trial_id == trial_id) & (rows.timepoint == "baseline") & (rows["mean"] != "")]
    by_measure: dict[str, list[str]] = {}
    for one in records(rows):
        shown = one.mean + (f" ({one.sd})" if one.sd else "")
        linked = to_card(trial_id, place_of(one.result_id), shown)
        by_measure.setdefault(dataset.measure(one.instrument_id), []).append(linked)
    return "; ".join(f"{html(name)} {', '.join(own)}" for name, own in by_measure.items())


def _analyzed(dataset: Dataset, arm_id: str) -> tuple[int, str] | None:
    """Return the most that a result of an arm at the end of treatment counts, and which one."""
    found = []
    for name, columns in (
        ("arm_results", (("arm_id", "n_analyzed"),)),
        (
            "statistics",
            (("intervention_arm_id", "n_intervention"), ("comparator_arm_id", "n_comparator")),
        ),
    ):
        rows = getattr(dataset, name)
        rows = rows[rows.timepoint == "post"]
        for column, size in columns:
            own = rows[(rows[column] == arm_id) & rows[size].notna()]
            found += [(int(getattr(one, size)), str(one.result_id)) for one in records(own)]
    return max(found, key=lambda one: one[0]) if found else None
