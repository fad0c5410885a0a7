"""What follows from a choice, in words and as HTML: answer, figures, what was left out and why."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from evidence import language
from evidence.blocks import drawing, output
from evidence.blocks.escape import html
from evidence.blocks.figures import points_forest, pooled_forest
from evidence.blocks.output import Figure
from evidence.data.dataset import Dataset, default_folder
from evidence.data.records import records
from evidence.estimation.choices import Specification
from evidence.explore.model import ALONE, Found, Model, Place
from evidence.followup import Durability
from evidence.ledger import choices, entries, quotation, sentences
from evidence.pages.followup import figures
from evidence.pages.pooled import panel
from evidence.terms import LeftOut

MAIN_ANALYSIS = "This is the main analysis."

REASONS_SHOWN = 3


def result(dataset: Dataset, found: Found) -> str:
    """Return the result of choices as a sentence to quote.

    It names comparator, k, n and interval, and with trials that print no number the stress test.

    Raises
    ------
    ValueError
        If the choices lead to no result.
    """
    if found.analysis is None:
        raise ValueError("there is no result to state")
    return sentences.result(found.analysis, dataset, found.points, found.stress)


def nothing(dataset: Dataset, found: Found) -> str:
    """Return why choices lead to no result."""
    specification = found.specification
    said = f"Nothing to pool on {_question(dataset, specification)} by these choices: "
    if found.selection is None:
        return f"{said}{found.refused}."
    reasons = per_trial(dataset, found)
    if not reasons:
        return f"{said}no trial reports on it."
    shown = [f"{label}: {why}" for label, why in list(reasons.values())[:REASONS_SHOWN]]
    more = len(reasons) - len(shown)
    rest = f"; and {language.count(more)} more, listed below" if more else ""
    rows = found.selection.left_out
    printed = set(rows.metric[rows.variance.notna()])
    events = (
        " What trials print on it are counts of events; the reports on follow-up and on rare "
        "events show those."
        if printed and printed <= _OF_EVENTS
        else ""
    )
    return f"{said}{'; '.join(shown)}{rest}.{events}"


def per_trial(dataset: Dataset, found: Found) -> dict[str, tuple[str, str]]:
    """Return label and reason of each trial that did not enter, by its id.

    Of several reasons the one that tells most: what the trial says in words, then which choice
    keeps it out, then that its numbers are of another kind.
    """
    if found.selection is None:
        return {}
    left_out = found.selection.left_out
    other_kind = left_out.left_out_by == LeftOut.OTHER_METRIC
    standing = set(found.selection.estimates.trial_id)
    reasons: dict[str, tuple[str, str]] = {}
    for rows in (
        found.selection.without_number,
        left_out[~other_kind],
        left_out[other_kind],
    ):
        for row in records(rows):
            if row.trial_id not in standing:
                said = (row.label, sentences.reason_in_words(row, dataset))
                reasons.setdefault(row.trial_id, said)
    return reasons


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a trial is in a result, and why it is or is not.

    Attributes
    ----------
    enters : bool
        Whether its number, or zero in the stress test, is behind what is shown.
    why : str
        What keeps it out, or how it enters without a number; empty where it enters with one.
    free : bool
        Whether a reader can take it in or out; what other choices keep out comes back with these.
    """

    enters: bool
    why: str
    free: bool


def standings(dataset: Dataset, found: Found, trial_ids: Iterable[str]) -> dict[str, Standing]:
    """Return how each trial stands in what choices lead to."""
    by_hand = set(found.specification.leave_out)
    entered = set() if found.analysis is None else set(found.analysis.selection.estimates.trial_id)
    at_zero = set() if found.stress is None else set(found.stress.entered.trial_id)
    kept_out = per_trial(dataset, found)
    unasked = ("", "no result on this question")
    made = {}
    for one in trial_ids:
        if one in by_hand:
            made[one] = Standing(enters=False, why="left out by hand", free=True)
        elif one in entered:
            made[one] = Standing(enters=True, why="", free=True)
        elif one in at_zero:
            made[one] = Standing(enters=True, why="at zero, in the stress test alone", free=True)
        else:
            _, why = kept_out.get(one, unasked)
            made[one] = Standing(enters=False, why=why, free=False)
    return made


_OF_EVENTS = {"log_odds_ratio", "log_risk_ratio", "risk_difference"}


def _question(dataset: Dataset, specification: Specification) -> str:
    therapy = dataset.in_text("therapy", specification.therapy)
    outcome = dataset.in_text("outcome", specification.outcome)
    when = dataset.in_text("timepoint", specification.timepoint)
    return f"{outcome} with {therapy}, {when},"


def as_code(dataset: Dataset, specification: Specification) -> str:
    """Return the lines of Python that lead to the result of choices."""
    own = "" if dataset.path == default_folder().resolve() else repr(str(dataset.path))
    given = [*map(repr, specification.question)]
    given += [f"{name}={value!r}" for name, value in specification.changed.items()]
    asked = ",\n    ".join(given)
    return (
        f"import evidence\n\nbook = evidence.load({own})\n"
        f"found = book.analyze(\n    {asked},\n)\nprint(found)"
    )


def option(dataset: Dataset, name: str, value: object) -> str:
    """Return one option of a choice in words."""
    if value is None:
        return "any comparator"
    condition = str(value).removeprefix(ALONE)
    if condition != value:
        return f"{dataset.in_text('condition', condition)} alone"
    if name == "tau2" and value in sentences.TAU2_SOURCE:
        return f"{value}: {sentences.TAU2_SOURCE[str(value)].partition(' (')[0]}"
    if name == "instrument":
        rule = sentences.INSTRUMENT_RULE.get(str(value))
        return rule or dataset.instrument_name(str(value))
    if name in ("therapy", "outcome", "timepoint", "comparator_class"):
        return dataset.in_text(name, str(value))
    return choices.choice_in_words(name, str(value))


def differing(dataset: Dataset, specification: Specification) -> str:
    """Return how choices differ from those of the main analysis, as a sentence."""
    said = choices.differing(specification, dataset).removeprefix(", ")
    return f"Otherwise than in the main analysis: {said}." if said else MAIN_ANALYSIS


_KEYS = (
    "this.closest('.evidence-explore').addEventListener('focusin', "
    "function (event) { event.target.dataset.lmSuppressShortcuts = 'true' })"
)
"""JupyterLab takes arrows and letters for its cells, also where they should change a choice; it
leaves them to elements with this mark."""

_STYLES = (Path(output.__file__).with_name("notebook.css"), Path(__file__).with_name("style.css"))
LOOK = f'<style onload="{_KEYS}">{"".join(one.read_text("utf-8") for one in _STYLES)}</style>'
"""How widgets look; the first of them."""

_COPY = (
    "var code = this.nextElementSibling.textContent, said = this;"
    "navigator.clipboard.writeText(code).then(function () { said.textContent = 'Copied' })"
)
_LINK = re.compile(r"</?a\b[^>]*>")


def unlinked(markup: str) -> str:
    """Return HTML without links: those of a report lead to places that a notebook lacks."""
    return _LINK.sub("", markup)


def code(lines: str) -> str:
    """Return lines of Python with a button that copies them, as HTML."""
    return (
        f'<h2>The same as code</h2>\n<button type="button" onclick="{_COPY}">Copy</button>'
        f"<pre>{html(lines)}</pre>"
    )


def forest(model: Model, found: Found) -> Figure | None:
    """Return the forest plot of what choices lead to; None where that is nothing."""
    if found.analysis is None:
        return None
    if found.points is not None:
        return points_forest.points_forest(model.dataset, found.analysis, found.points)
    return pooled_forest.pooled_forest(model.dataset, found.analysis, found.stress)


def _answer(model: Model, found: Found) -> str:
    """Return the result in words and in large type, with the choices that led to it."""
    if found.analysis is None:
        return (
            '<div class="answer" role="status">'
            f'<p class="say">{html(nothing(model.dataset, found))}</p></div>'
        )
    analysis = found.analysis
    entry = entries.of_analysis(analysis, model.dataset)
    pooled = analysis.pooled
    measure = language.term(language.METRIC, analysis.selection.metric)
    boxes = [
        _number(
            language.estimate(pooled.effect, pooled.ci_low, pooled.ci_high),
            f"{measure}, {language.count(pooled.k, 'trial')}, {analysis.size.named}"
            + ("; imputed" if entry.processing == "imputed" else ""),
        )
    ]
    if found.stress is not None:
        zero = found.stress.at_zero
        boxes.append(
            _number(
                language.estimate(zero.effect, zero.ci_low, zero.ci_high),
                f"with {language.count(len(found.stress.entered), 'unreported result')} at zero, "
                f"{found.stress.size.named}; a stress test, imputed",
            )
        )
    reading = quotation.reading(entry)
    said = [differing(model.dataset, found.specification)]
    if reading:
        said.insert(0, f"{language.capitalized(reading)}.")
    return (
        f'<div class="answer" role="status"><p class="say">{html(result(model.dataset, found))}'
        f'</p>\n<div class="pair">{"".join(boxes)}</div>\n'
        f"<p>{html(' '.join(said))}</p>\n"
        f"<p>Id of the first number: <code>{html(entry.estimate_id)}</code></p></div>"
    )


def _number(number: str, caption: str) -> str:
    value, _, limits = number.partition(" ")
    return (
        f'<div class="est"><b>{html(value)} <small>{html(limits)}</small></b>'
        f"<span>{html(caption)}</span></div>"
    )


def _forest(model: Model, found: Found) -> str:
    figure = forest(model, found)
    return "" if figure is None else _figure("Forest plot", figure)


def _code(model: Model, found: Found) -> str:
    return "" if found.analysis is None else code(as_code(model.dataset, found.specification))


def _left_out(model: Model, found: Found) -> str:
    if found.selection is None:
        return ""
    items = "".join(
        f"<li>{html(label)}: {html(why)}.</li>"
        for label, why in per_trial(model.dataset, found).values()
    )
    trials = (
        f"<ul>{items}</ul>"
        if items
        else "<p>None: each trial that measured the outcome at this time entered.</p>"
    )
    return (
        f"<h2>Trials that did not enter, and why</h2>\n{trials}\n"
        f"{_other_numbers(found.selection.left_out, model.dataset)}"
    )


def _other_numbers(left_out: pd.DataFrame, dataset: Dataset) -> str:
    """Return every single result that did not enter, folded up."""
    if left_out.empty:
        return ""
    items = "".join(
        f"<li><code>{html(row.estimate_id)}</code>: "
        f"{html(sentences.reason_in_words(row, dataset))}</li>"
        for row in records(left_out)
    )
    many = language.count(len(left_out), "result")
    return (
        f"<details><summary>Each of the {many} that did not enter, by its id</summary>"
        f"<ul>{items}</ul></details>"
    )


def _panel(model: Model, found: Found) -> str:
    place = model.place(found)
    title = "Among all defensible combinations of choices"
    heading = f"<h2>{title}</h2>"
    if place is None:
        said = "There is no combination of choices to show: nothing can be pooled."
        return f"{heading}\n<p>{said}</p>" if found.selection is not None else ""
    if len(place.panel) == 1:
        said = "One trial and one way to read it: no other combination of choices gives a number."
        return f"{heading}\n<p>{said}</p>"
    rows = place.panel
    chosen = rows.iloc[place.chosen]
    shown = language.estimate(chosen.effect, chosen.ci_low, chosen.ci_high)
    main = rows.iloc[place.main]
    combinations = rows if place.among else rows[~rows.chosen]
    over = int(((combinations.ci_low <= 0) & (combinations.ci_high >= 0)).sum())
    same = place.chosen == place.main
    # The place among the combinations alone: a result that is none of them counts as the next one.
    alt = (
        f"{len(combinations)} combinations of choices sorted by their estimate, from "
        f"{language.fixed(combinations.effect.min())} to "
        f"{language.fixed(combinations.effect.max())}; "
        f"{over} of their intervals include no difference. Your choices, {shown}, stand "
        f"{'at' if place.among else 'before'} place {place.chosen + 1} from below"
        + (
            ": this is the main analysis."
            if same
            else "; the main analysis, "
            f"{language.estimate(main.effect, main.ci_low, main.ci_high)}, "
            f"at place {place.main + 1}."
        )
    )
    caption = (
        f"{len(combinations)} analyses with all trials, sorted by their estimate: above, estimates "
        "with 95% intervals; below, the choices behind each. Filled diamond with the line: your "
        "choices"
        + (", which are those of the main analysis. " if same else "; hollow: the main analysis. ")
        + ("" if place.among else "Yours are none of these combinations and stand beside them. ")
        + "The analyses share their trials, so their number is no measure of evidence."
    )
    in_words = f"<details><summary>The figure in words</summary><p>{html(alt)}</p></details>"
    return f"{heading}\n{_drawn(title, _panel_svg(place, alt), caption, in_words)}"


def _panel_svg(place: Place, alt: str) -> str:
    hollow = None if place.chosen == place.main else place.main
    canvas = panel.draw(place.panel, marked=place.chosen, hollow=hollow)
    return drawing.to_svg(
        canvas, name="explore-panel", title="All defensible combinations", description=alt
    )


def _trajectory(model: Model, now: Found) -> str:
    specification = now.specification
    title = "At the end of treatment and at follow-up"
    heading = f"<h2>{title}</h2>"
    found = model.follow_up(specification)
    if found is None:
        return f"{heading}\n<p>No trial of this therapy has a result after treatment has ended.</p>"
    figure = figures.effects(model.dataset, found) if len(found.comparisons) else None
    if not isinstance(figure, Figure):
        outcome = model.dataset.in_text("outcome", specification.outcome)
        return (
            f"{heading}\n<p>No randomized comparison among these trials has a number on "
            f"{html(outcome)} at both times.{html(_apart(found))}</p>"
        )
    return f"{heading}\n{_figure(title, figure, also=_apart(found))}"


def _apart(found: Durability) -> str:
    labels = dict.fromkeys(found.uncontrolled.label)
    return f" Apart, since uncontrolled: {language.listed(labels)}." if labels else ""


def _figure(title: str, figure: Figure, also: str = "") -> str:
    svg = drawing.to_svg(
        figure.matplotlib_figure,
        name=f"explore-{figure.figure_id}",
        title=title,
        description=figure.alt,
    )
    table = (
        f"<details><summary>The figure as a table</summary>{unlinked(figure.table.html)}</details>"
    )
    return _drawn(title, svg, f"{figure.caption}{also}", table)


def _drawn(title: str, svg: str, caption: str, folded: str) -> str:
    return (
        f'<figure><div class="scroll" tabindex="0" role="region" aria-label="{html(title)}">'
        f"{svg}</div>\n<figcaption>{html(caption)}</figcaption>\n{folded}</figure>"
    )


PARTS: dict[str, Callable[[Model, Found], str]] = {
    "answer": _answer,
    "forest": _forest,
    "left_out": _left_out,
    "panel": _panel,
    "trajectory": _trajectory,
    "code": _code,
}
"""Parts of the page in the order in which they are read, each as HTML made from escaped text."""


def part(model: Model, name: str, specification: Specification) -> str:
    """Return one part of what follows from a specification.

    Parameters
    ----------
    model : Model
        Questions and answers.
    name : str
        A key of `PARTS`.
    specification : Specification
        The choices.
    """
    return PARTS[name](model, model.found(specification))


def basis(model: Model, name: str, specification: Specification) -> Specification:
    """Return the choices that a part follows from: effects at both times rest on trials alone."""
    if name != "trajectory":
        return specification
    main = model.start(*specification.question)
    return replace(
        main,
        comparator_class=specification.comparator_class,
        leave_out=specification.leave_out,
    )
