"""The report on the data: what was read, what contradicts what, what is missing."""

from collections.abc import Sequence

import pandas as pd

from evidence import language
from evidence.analysis import Analysis, missing_numbers
from evidence.analysis.missing_numbers import Gap
from evidence.blocks import closing, headline, origins
from evidence.blocks.escape import html
from evidence.blocks.headline import Headline
from evidence.blocks.output import Block, joined
from evidence.blocks.tables import Cell, range_link
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.ledger import LedgerEntry, entries, sentences
from evidence.pages import pooled as pooled_sections
from evidence.pages.audit import findings, readings
from evidence.pages.audit import gaps as audit_gaps


def first_screen(
    dataset: Dataset,
    *,
    places: pd.DataFrame,
    found: pd.DataFrame,
    analyses: Sequence[Analysis],
    gaps: Sequence[Gap],
) -> Block:
    """Return how much was read, what contradicts what, how it is handled, what is most missed.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    places : DataFrame
        As `evidence.pages.audit.readings.readings` returns it.
    found : DataFrame
        As `evidence.integrity.findings.handled` returns it.
    analyses : sequence of Analysis
        As `evidence.analysis.missing_numbers.main_analyses` returns them.
    gaps : sequence of Gap
        Of all of them.
    """
    high = found[found.severity == "high"]
    paragraph = html(
        f"{readings.counted(places)} Recomputing gave {language.count(len(found), 'finding')}: "
        f"{findings.severities(found)}."
    )
    said = [_handling(found)]
    if len(high):
        said.insert(0, f"High: {findings.graves(dataset, found)}.")
    figures = []
    if gaps:
        # An interval over two trials says next to nothing, so the analysis with most trials stands.
        best = max(audit_gaps.by_trial(gaps)[0], key=lambda gap: gap.analysis.pooled.k)
        figures = _figures(dataset, best)
        said.append(f"Missing table of most weight: {audit_gaps.most(gaps, dataset)}")
    unsized = audit_gaps.unsized(analyses, dataset)
    if unsized:
        said.append(f"Missing, of a size that no source prints: {language.listed(unsized)}.")
    said.append(
        "Arithmetic shows that numbers do not agree, not which is wrong or why, nor how anyone "
        "worked."
    )
    return headline.answer(html(_say(high)), paragraph, figures, said)


def _say(high: pd.DataFrame) -> str:
    if high.empty:
        return "No printed numbers were found that cannot all be right."
    n = len(high)
    by_action = high.action.value_counts()
    done = {"replace": "replaced", "withhold": "withheld", "flag": "used with a remark", "": "open"}
    listed = language.listed(
        f"{language.count(int(by_action[one]))} {'is' if by_action[one] == 1 else 'are'} {name}"
        for one, name in done.items()
        if one in by_action
    )
    return (
        f"{language.capitalized(language.count(n, 'printed number'))} "
        f"{'does' if n == 1 else 'do'} not agree with others of the same source: {listed}."
    )


def _handling(found: pd.DataFrame) -> str:
    rest = found[found.severity != "high"]
    flagged = int((rest.action != "").sum())
    return html(
        f"Of the other {len(rest)}, {flagged} carry a remark wherever the number is used; "
        f"{len(rest) - flagged} are listed only."
    )


def _figures(dataset: Dataset, gap: Gap) -> list[Headline]:
    main = gap.analysis
    therapy = dataset.in_text("therapy", main.specification.therapy)
    entry = entries.of_analysis(main, dataset)
    name = dataset.in_text("outcome", main.specification.outcome)
    metric = language.term(language.METRIC, main.selection.metric)
    trials = language.count(main.pooled.k, "trial")
    then = audit_gaps.of_gap(gap, dataset)
    return [
        Headline(
            entry,
            2,
            f"{metric} of {therapy} on {name} now: {trials}, {main.size.of()}; against "
            f"{audit_gaps.compared(main, dataset)}",
        ),
        Headline(
            then,
            2,
            f"with {gap.row.label} at zero (against "
            f"{sentences.comparator(gap.row, dataset)}), {then.n} "
            "participants; imputed; ",
            also=f"the missing table leaves {range_link(audit_gaps.of_ends(gap, dataset))} open",
        ),
    ]


def _methods(analyses: Sequence[Analysis]) -> Block:
    level = language.percent(analyses[0].specification.level, 0) if analyses else "95%"
    return closing.methods(
        [
            "Each number was copied from its source with its digits and with the place where it "
            "stands; how often a place was read independently is recorded beside it. The audit "
            "takes values as printed, before any correction, and compares them with each other. A "
            "printed number stands for all values within half a unit of its last digit, so that "
            "rounding is never taken for a contradiction.",
            "Percentages, intervals, ratios and P values are compared with every table of whole "
            "numbers of participants that the sizes allow; all intervals of a source are taken to "
            "come from one formula. Means and standard deviations of whole scores are tested as "
            "by Brown and Heathers (2017, GRIM) and Anaya (2016) and Allard (2018, GRIMMER). "
            "Severity is high where the printed numbers cannot all be right, medium where they are "
            "right only under a condition that matters for their use, low where it is worth "
            "knowing. A printed value is never edited: a row of corrections.csv says whether it is "
            "replaced, withheld or flagged, and why.",
            "What a missing number could change: each trial that measured an outcome, and of "
            "which no usable number was found, is added, alone, to the others, with variance "
            "1/n₁ + 1/n₂ for the arms randomized (equal halves where only a total is printed). Its "
            "effect is moved by up to 1.96 standard errors to either side, which is what “no "
            "difference” allows, or as far as a printed statistic bounds it. A trial that says "
            "nothing leaves more open than this, and a statistic over the whole course does not "
            "bound the effect at one time. Weight is the share of the inverse variances; it, and "
            f"half the width of the {level} interval of a common effect now and then, show "
            "what precision alone would do. The interval with a trial at zero is by the "
            "method of the main analysis, which with two trials has one degree of freedom and "
            "says next to nothing. "
            "All of this is imputed and no result.",
            "Values that stand in for missing tables: d from the z of a model coefficient, over "
            "pre-post correlations of 0.3 to 0.8 between baseline and outcome.",
        ]
    )


def _computed(
    dataset: Dataset, analyses: Sequence[Analysis], gaps: Sequence[Gap]
) -> list[tuple[LedgerEntry, Cell]]:
    """Return every pooled number with what entered it."""
    pooled = [(entries.of_analysis(one, dataset), pooled_sections.members(one)) for one in analyses]
    for gap in gaps:
        members = pooled_sections.members(gap.analysis)
        pooled.append(
            (audit_gaps.of_gap(gap, dataset), members.followed_by(f"; at zero: {gap.row.label}"))
        )
        allowed = f"; and {gap.row.label} at ±{language.fixed(gap.bound)}"
        pooled += [(end, members.followed_by(allowed)) for end in audit_gaps.of_ends(gap, dataset)]
        with_it = f"; and {gap.row.label}, by the sizes of its arms"
        pooled.append((audit_gaps.of_weight(gap, dataset), members.followed_by(with_it)))
    for spread in filter(None, map(missing_numbers.imputed_spread, analyses)):
        over = Cell(f"lowest and highest over {entries.left_open(next(records(spread.rows)))}")
        pooled += [(end, over) for end in audit_gaps.of_spread(spread, dataset)]
    return pooled


def closing_sections(
    dataset: Dataset,
    *,
    places: pd.DataFrame,
    found: pd.DataFrame,
    analyses: Sequence[Analysis],
    gaps: Sequence[Gap],
) -> Block:
    """Return methods, where each number comes from, how to cite, and limits.

    The sources are the list of every place; the parameters are those of the first screen.
    """
    high = int((found.severity == "high").sum())
    numbers = places.numbers.sum()
    sentence = (
        f"Of {numbers} printed numbers on attachment-based family therapy and attachment-based "
        f"compassion therapy, read at {int((places.numbers > 0).sum())} places, an arithmetic "
        f"audit found {language.count(high)} that {'does' if high == 1 else 'do'} not agree with "
        "others of the same source, and "
        f"{len(found) - high} further findings."
    )
    chosen = pd.concat([one.selection.estimates for one in analyses], ignore_index=True)
    limits = closing.limits(
        dataset,
        trial_ids=list(dataset.trials.trial_id),
        also=[
            "The audit finds only what contradicts something else that is printed, no wrong number "
            "that agrees with all others, and none that stands alone. That a place was read twice "
            "shows that a number was copied right.",
            "What a missing number leaves open supposes that words such as “no difference” mean "
            "an interval that includes zero. Outcomes without a pooled value are in the matrix "
            "alone.",
        ],
    )
    pooled = _computed(dataset, analyses, gaps)
    return joined(
        _methods(analyses),
        origins.provenance(dataset, estimates=chosen, pooled=pooled),
        closing.citation(dataset, chosen, sentence=sentence, sources="#places"),
        limits,
    )
