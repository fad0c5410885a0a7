"""The report on a table of somebody's own studies."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from evidence import language
from evidence.blocks import closing
from evidence.blocks.escape import html
from evidence.blocks.figures import forest_figure
from evidence.blocks.headline import Headline, answer
from evidence.blocks.output import Block, Figure, anchor, joined, paragraphs
from evidence.blocks.tables import Cell, number_link, table, to_number
from evidence.ledger import HETEROGENEITY, LedgerEntry, quotation, sentences
from evidence.meta.answers import Answer, percent, rows_of
from evidence.meta.bias import ENOUGH_TRIALS
from evidence.meta.figures.forest_rows import of_fit
from evidence.meta.result import Fit
from evidence.meta.spreadsheet import Spreadsheet
from evidence.meta.table import Kind
from evidence.terms import EntryKind, Favors


def _scale(fit: Fit) -> str:
    if fit.scale.name == "proportion":
        return "proportion"
    return "ratio" if fit.scale.ratio else "difference"


def _metric(fit: Fit) -> str:
    if fit.scale.back is not None:
        return fit.scale.name
    return "hedges_g" if fit.scale.measure == "smd" else fit.scale.measure


def _favors(fit: Fit) -> str:
    return str(Favors(f"{fit.scale.favors}_{fit.scale.none}")) if fit.scale.favors else ""


def _entry(
    found: Spreadsheet, one_id: str, label: str, kind: EntryKind, **numbers: Any
) -> LedgerEntry:
    fit = found.fit
    read = fit.scale.read
    effect: Any = read(numbers.pop("effect"))
    low, high = (read(numbers.pop(one)) for one in ("ci_low", "ci_high"))
    return LedgerEntry(
        estimate_id=f"own.{found.name}.{one_id}",
        label=label,
        entry_kind=kind,
        metric=_metric(fit),
        scale=_scale(fit),
        favors=_favors(fit),
        effect=float(effect),
        ci_low=low,
        ci_high=high,
        ci_level=fit.level,
        p_value=numbers.pop("p_value", None),
        p_note="",
        k=numbers.pop("k", None),
        n=numbers.pop("n", None),
        **numbers,
        counts="",
        comparator="",
        comparator_class="",
        timepoint="",
        processing="printed" if found.as_printed else "converted",
        method=_method(fit),
        trial_ids=(),
        result_ids=(),
        locator_ids=(),
        correction_ids=(),
        reports=(),
        data_version=found.version,
    )


def _method(fit: Fit) -> str:
    model = "common effect" if fit.tau2_method == "common" else f"random effects, {fit.tau2_method}"
    return f"{model}, {fit.interval_method}"


def pooled_entry(found: Spreadsheet) -> LedgerEntry:
    """Return the pooled estimate as a number of the ledger."""
    fit = found.fit
    beside = {name: getattr(fit, name) for name in HETEROGENEITY}
    if _scale(fit) == "proportion":
        # The standard error is that of the scale on which shares are pooled.
        del beside["se"]
    return _entry(
        found,
        "pooled",
        f"{language.capitalized(_studies(fit))} of {found.file}, pooled, {fit.scale.name}",
        EntryKind.POOLED,
        effect=fit.effect,
        ci_low=fit.ci_low,
        ci_high=fit.ci_high,
        p_value=fit.p_value if fit.scale.null else None,
        k=fit.k,
        n=fit.n,
        **beside,
    )


def study_entries(found: Spreadsheet) -> list[LedgerEntry]:
    """Return the effect of each study as a number of the ledger."""
    rows, sizes = found.fit.to_frame(), found.fit.sizes()
    return [
        _entry(
            found,
            f"study_{position}",
            f"{row.study}, {found.fit.scale.name}",
            EntryKind.TRIAL,
            effect=row.effect,
            ci_low=row.ci_low,
            ci_high=row.ci_high,
            n=None if sizes is None else round(float(sizes[position - 1])),
        )
        for position, row in enumerate(rows_of(rows), start=1)
    ]


def first_screen(found: Spreadsheet) -> Block:
    """Return the pooled estimate, on which side studies lie, and what has to be said beside it."""
    fit, entry = found.fit, pooled_entry(found)
    number = number_link(entry, language.estimate(entry.effect, entry.ci_low, entry.ci_high))
    people = "participants not known" if fit.n is None else f"{fit.n:,} participants"
    studies = _studies(fit)
    paragraph = (
        f"{language.capitalized(studies)}, {html(people)}: {html(fit.scale.name)} {number}. "
        f"{html(_sides(fit))} {html(_spread(fit))}{html(_new_study(fit))}"
    )
    remarks = [html(one) for one in [*_groups(found), *fit.remarks, *_LIMITS]]
    caption = f"{fit.scale.name}, {studies}" + (
        f"; {fit.scale.direction}" if fit.scale.direction else ""
    )
    return answer(
        html(_doubt(found) or _say(fit)), paragraph, [Headline(entry, 2, caption)], remarks
    )


def _studies(fit: Fit) -> str:
    distinct = len(set(fit.names))
    counted = language.count(distinct, "study", "studies")
    return counted if distinct == fit.k else f"{fit.k} effects of {counted}"


def _say(fit: Fit) -> str:
    scale = fit.scale
    if not scale.null:
        return f"Pooled, the {scale.name} is {scale.words(fit.effect, fit.ci_low, fit.ci_high)}."
    none = f"no difference ({scale.none})"
    if fit.ci_low <= 0 <= fit.ci_high:
        return f"The interval of the pooled effect includes {none}."
    side = "above" if fit.ci_low > 0 else "below"
    which = f", which {scale.side(side)}" if scale.favors else ""
    return f"The whole interval of the pooled effect lies {side} {none}{which}."


def _doubt(found: Spreadsheet) -> str:
    """Say that a pooled value is not to be cited while SDs in it look like standard errors."""
    doubted = found.effects.attrs.get("doubted", [])
    if not doubted:
        return ""
    return (
        f"Not to be cited yet: the SDs of {language.listed(doubted)} look like standard errors, "
        "and the pooled value rests on them."
    )


def _groups(found: Spreadsheet) -> list[str]:
    """Say which scores count as better, who the groups are, and that comparators differ."""
    said = []
    better = found.effects.attrs.get("better")
    if found.roles.kind == Kind.MEANS and better and found.fit.scale.favors:
        said.append(
            f"{language.capitalized(better)} scores count as better, as was asked for: above 0 "
            f"means {better} scores in group 1 than in group 2."
        )
    named, rows = dict(found.mapping), found.fit.studies
    for role, what in (("arm_1", "Group 1"), ("arm_2", "Group 2"), ("comparator", "Comparator")):
        if named.get(role) not in rows:
            continue
        counts = rows[named[role]].dropna().astype(str).value_counts()
        shown = [f"{name} ({count})" for name, count in counts.head(4).items()]
        more = [f"{len(counts) - 4} others"] if len(counts) > 4 else []
        said.append(f"{what}, by the column {named[role]}: {language.listed(shown + more)}.")
    return said


def _new_study(fit: Fit) -> str:
    low, high = fit.prediction_low, fit.prediction_high
    if low is None or high is None:
        return ""
    both = ", which includes no difference" if fit.scale.null and low <= 0 <= high else ""
    return f" In a new study it is expected at {fit.scale.limits(low, high)}{both}."


def _sides(fit: Fit) -> str:
    if not fit.scale.null:
        ends = fit.scale.limits(float(fit.effects.min()), float(fit.effects.max()))
        return f"Those of single studies are {ends}."
    above, below = int((fit.effects > 0).sum()), int((fit.effects < 0).sum())
    found = [
        f"{number} {'is' if number == 1 else 'are'} {side} {fit.scale.none}"
        for number, side in ((above, "above"), (below, "below"), (fit.k - above - below, "at"))
        if number
    ]
    return f"Of the effects of single studies {language.listed(found)}."


def _spread(fit: Fit) -> str:
    """Say whether effects differ, by the Q-profile interval of tau2 and the test of Q."""
    if fit.k == 1 or fit.tau2_ci_low is None or fit.tau2_ci_high is None:
        return "How much effects vary between studies cannot be told from one."
    limits = language.limits(fit.tau2_ci_low, fit.tau2_ci_high, 3)
    return f"{sentences.spread(fit, 'studies')} The interval of tau² is {limits}.".strip()


_LIMITS = (
    "The numbers are those of the file; none was checked against a source, and studies without a "
    "row are not known here.",
)


def figure(found: Spreadsheet) -> Figure:
    """Return the forest plot with its table."""
    fit = found.fit
    plot = of_fit(fit)
    entry = pooled_entry(found)
    rows = list(zip(rows_of(fit.to_frame()), study_entries(found), strict=True))
    shown = [(one, language.estimate(one.effect, one.ci_low, one.ci_high)) for _, one in rows]
    cells = [
        (
            Cell(row.study, anchor=anchor(one.estimate_id)),
            Cell("–" if one.n is None else str(one.n), numeric=True),
            to_number(one, text),
            Cell(language.percent(row.weight), numeric=True),
        )
        for (row, one), (_, text) in zip(rows, shown, strict=True)
    ]
    total = "–" if fit.n is None else str(fit.n)
    pooled = language.estimate(entry.effect, entry.ci_low, entry.ci_high)
    if fit.k > 1:
        cells.append(
            (Cell("Pooled", anchor=anchor(entry.estimate_id)), Cell(total, numeric=True),
             to_number(entry, pooled), Cell("", numeric=True))
        )  # fmt: skip
    spoken = "; ".join(
        f"{row.study} {text}" for (row, _), (_, text) in zip(rows, shown, strict=True)
    )
    return forest_figure(
        "forest",
        [plot],
        alt=f"{fit.scale.name} with {percent(fit.level)} intervals. {spoken}; pooled {pooled}.",
        caption=f"{fit.scale.name} of each study and pooled"
        + (f". {language.capitalized(fit.scale.direction)}." if fit.scale.direction else "."),
        table=table(
            "Effects of studies, and pooled",
            ("Study", "n", f"{fit.scale.name} ({percent(fit.level)} CI)", "Weight"),
            cells,
            entries=[entry],
        ),
    )


def heterogeneity(found: Spreadsheet) -> Block:
    """Return how much effects vary, and what a new study might find."""
    fit = found.fit
    if fit.k == 1:
        return paragraphs("One study: there is no variation between studies to be seen.")
    shares = fit.heterogeneity()
    ends = (shares.i2_ci_low, shares.i2_ci_high)
    common = fit.tau2_method == "common"
    between = language.limits(fit.tau2_ci_low, fit.tau2_ci_high, 3)
    rows = [
        ("tau2", "taken as 0" if common else language.fixed(fit.tau2, 3), between),
        ("I2", language.percent(fit.i2), " to ".join(language.percent(one) for one in ends)),
        ("Q", f"{language.fixed(fit.q)} on {fit.q_df} df", language.p_value(fit.q_p or 0.0)),
    ]
    if fit.prediction_low is not None:
        limits = fit.scale.limits(fit.prediction_low, fit.prediction_high)
        rows.append(("Prediction for a new study", "", limits))
    columns = ("Quantity", "Value", f"{percent(fit.level)} interval or P")
    return table("Variation between studies", columns, rows)


def leave_one_out(found: Spreadsheet) -> Block:
    """Return the pooled estimate without each study."""
    fit = found.fit
    if fit.k < 3:
        return paragraphs("Fewer than three studies: none can be left out.")
    answered = fit.leave_one_out()
    rows = [
        (
            Cell(row.left_out),
            Cell(fit.scale.words(row.effect, row.ci_low, row.ci_high), numeric=True),
            Cell(language.fixed(row.tau2, 3), numeric=True),
        )
        for row in rows_of(answered.frame)
    ]
    made = table("Pooled without one study", ("Without", fit.scale.name, "tau2"), rows)
    return joined(paragraphs(*answered.said), made)


def groups(found: Spreadsheet, by: str, moderators: str) -> Block:
    """Return estimates of groups of studies with their test, and a meta-regression."""
    said: list[str] = []
    if by:
        answered = found.fit.subgroups(by)
        said += [*answered.said, *answered.remarks]
    if moderators:
        fitted = found.regress(moderators)
        said += [*fitted.lines(), *fitted.remarks]
    said = said or ["No column for groups and no formula of moderators were given."]
    return paragraphs(*said)


ALIKE = 1e-6
"""Of standard errors: what they differ by, as a part of the largest, where they count as one."""


def small_study(found: Spreadsheet) -> Block:
    """Return whether small studies show other effects, where there are enough to tell."""
    fit = found.fit
    if fit.k < ENOUGH_TRIALS:
        return paragraphs(
            f"{language.capitalized(language.count(fit.k, 'study', 'studies'))}: with fewer than "
            f"{ENOUGH_TRIALS} no test tells asymmetry from chance."
        )
    spread = np.sqrt(fit.variances)
    if np.ptp(spread) <= ALIKE * spread.max():
        return paragraphs(
            "All studies have the same standard error, so that no study is small beside another: "
            "no test of asymmetry is possible."
        )
    tried: Iterable[Answer] = (fit.small_study(), fit.rank_test(), fit.trim_and_fill())
    said = [f"{one.title}: {'. '.join(one.said)}." for one in tried]
    return paragraphs(*said, "Asymmetry can have other reasons than studies left unpublished.")


def methods(found: Spreadsheet) -> Block:
    """Return the methods section with references."""
    fit = found.fit
    effects = (
        f"Effects ({fit.scale.name}) were computed from the columns of the file."
        if found.computed
        else _ready_made(found)
    )
    if fit.scale.pooled_as:
        effects += f" They were pooled as {fit.scale.pooled_as} and are read as {fit.scale.name}s."
    return closing.methods(
        [
            effects,
            f"{_pooled_by(fit)} The interval of tau2 is the Q-profile (Viechtbauer 2007, Stat Med "
            "26:37); I2 and Q follow Higgins and Thompson (2002), Stat Med 21:1539; a new study is "
            "predicted by the distribution of the interval (Higgins et al. 2009, J R Stat Soc A "
            "172:137).",
        ]
    )


def _ready_made(found: Spreadsheet) -> str:
    if found.as_printed:
        return "Effects and their standard errors are those of the file."
    scale = " of the logarithms" if found.fit.scale.ratio else ""
    return (
        "Effects are those of the file; standard errors follow from the width of the intervals"
        f"{scale}, taken as normal intervals of 95% (Cochrane Handbook 2019, 6.5.2.2)."
    )


def _pooled_by(fit: Fit) -> str:
    interval = sentences.INTERVAL_SOURCE[fit.interval_method]
    if fit.tau2_method == "common":
        return f"A common effect was assumed, with the interval {interval}."
    source = sentences.TAU2_SOURCE[fit.tau2_method]
    return (
        f"The variance between studies was estimated by {source}; the interval is made {interval}."
    )


def how_read(found: Spreadsheet) -> Block:
    """Return how the file was read, what its columns are, and which rows were left out."""
    mapping = table(
        "What the columns are", ("Role", "Column"), [(str(a), str(b)) for a, b in found.mapping]
    )
    blocks = [paragraphs(f"{found.read_as}."), mapping]
    left = found.fit.left_out
    if left.empty:
        blocks.append(paragraphs("No row was left out."))
    else:
        rows = [(str(one.row), str(one.study), str(one.reason)) for one in rows_of(left)]
        blocks.append(table("Rows that were left out", ("Row", "Study", "Reason"), rows))
    return joined(*blocks)


def data_table(found: Spreadsheet) -> Block:
    """Return the rows of the file that entered."""
    rows = found.fit.studies
    columns = [str(one) for one in rows.columns if str(one) not in ("effect", "variance", "se")]
    shown = [
        tuple("–" if pd.isna(row[one]) else str(row[one]) for one in columns)
        for row in rows.to_dict("records")
    ]
    return table("The rows that entered", columns, shown)


def citing(found: Spreadsheet) -> Block:
    """Return the sentence to take along, with the id of its number."""
    fit, entry = found.fit, pooled_entry(found)
    sentence = f"{entry.label}: {quotation.statistic(entry)}; k = {fit.k} ({entry.estimate_id})."
    block = paragraphs(*filter(None, (_doubt(found), sentence)))
    return Block(f'<h2 id="cite">How to cite</h2>{block.html}', (entry,))
