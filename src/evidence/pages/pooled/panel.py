"""Every defensible analysis beside the main one: as a curve and as tables."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from numpy.typing import ArrayLike

from evidence import language
from evidence.analysis import Analysis
from evidence.analysis.alternatives import Companions, includes_no_difference
from evidence.analysis.multiverse import CHOICES
from evidence.analysis.stress_test import ZERO, StressTest
from evidence.blocks.output import Block, Figure, paragraphs
from evidence.blocks.tables import Cell, table, to_number
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.ledger import entries, sentences
from evidence.ledger.choices import CHOICE, choice_in_words
from evidence.meta.bayes import Posterior
from evidence.meta.figures import AMBER, BLUE, INK, PAPER, SOFT

PRIOR = {"half_normal": "half-normal", "half_cauchy": "half-Cauchy"}


def _entered(dataset: Dataset, main: Analysis, analysis: Analysis) -> str:
    """Return the estimates of an analysis; of another than the main one, those that differ."""
    as_in_main = set() if analysis is main else set(main.selection.estimates.estimate_id)
    rows = list(records(analysis.selection.estimates))
    other = [one for one in rows if one.estimate_id not in as_in_main]
    if not other and len(rows) == len(as_in_main):
        return "as main analysis"
    shown = "; ".join(
        f"{row.label} ({dataset.measure(row.instrument_id)}) {language.fixed(row.effect)}"
        for row in other
    )
    if not other:
        return f"{language.listed(row.label for row in rows)}, unchanged"
    return f"{shown}{'; others unchanged' if len(other) < len(rows) else ''}"


def choices(dataset: Dataset, main: Analysis, beside: Companions) -> Block:
    """Return the main analysis and those that differ from it in one choice."""
    rows = []
    for analysis in (
        main,
        *beside.other_methods,
        *beside.other_choices,
        *beside.without_each,
    ):
        entry = entries.of_analysis(analysis, dataset)
        pooled = analysis.pooled
        rows.append(
            (
                Cell(_difference(main, analysis)),
                Cell(_entered(dataset, main, analysis)),
                Cell(str(pooled.k), numeric=True),
                to_number(entry, language.estimate(pooled.effect, pooled.ci_low, pooled.ci_high)),
                Cell(language.fixed(pooled.tau2), numeric=True),
            )
        )
    converted = beside.converted
    if converted is not None:
        entry = entries.of_events_converted(converted, main, dataset)
        pooled = converted.pooled
        labels = language.listed(
            f"{row.label} ({row.event.replace('_', ' ')}) {language.fixed(row.d)}"
            for row in records(converted.entered)
        )
        rows.append(
            (
                Cell("Odds ratios of trials without means converted to d"),
                Cell(f"the main trials and {labels}"),
                Cell(str(pooled.k), numeric=True),
                to_number(entry, language.estimate(pooled.effect, pooled.ci_low, pooled.ci_high)),
                Cell(language.fixed(pooled.tau2), numeric=True),
            )
        )
    return table(
        "The main analysis and analyses that differ from it in one choice",
        ("Choice", "Estimates", "k", "Pooled (95% CI)", "tau²"),
        rows,
    )


def _difference(main: Analysis, other: Analysis) -> str:
    """Return in words what an analysis does otherwise than the main one."""
    if other is main:
        return "Main analysis"
    parts = [
        choice_in_words(name, getattr(other.specification, name))
        for name in CHOICE
        if name != "trials"
        and getattr(main.specification, name) != getattr(other.specification, name)
    ]
    labels = main.frame.drop_duplicates("trial_id").set_index("trial_id").label
    parts += [
        f"without {labels[trial]}"
        for trial in other.specification.leave_out
        if trial not in main.specification.leave_out
    ]
    return language.capitalized(", ".join(parts))


def priors(dataset: Dataset, main: Analysis, beside: Companions) -> Block:
    """Return posteriors, each beside the same with unreported results at zero."""
    if not beside.priors:
        return paragraphs("One trial: a prior alone would decide, so no posterior is given.")
    rows = []
    for view in beside.priors:
        both: list[tuple[str, Posterior, StressTest | None]] = [
            (view.estimate_id, view.posterior, None)
        ]
        if view.at_zero is not None:
            both.append((view.at_zero_id, view.at_zero, beside.stress))
        for estimate_id, posterior, stress in both:
            entry = entries.of_posterior(estimate_id, posterior, main, dataset, stress)
            what = choice_in_words("trials", "unreported_at_zero" if stress else "all")
            rows.append(
                (
                    Cell(f"{PRIOR[posterior.prior]}, scale {posterior.prior_scale:g}"),
                    Cell(what),
                    Cell(str(posterior.k), numeric=True),
                    to_number(
                        entry,
                        language.estimate(posterior.median, posterior.ci_low, posterior.ci_high),
                    ),
                    to_number(
                        entries.of_probability(entry, posterior.probability_positive),
                        language.percent(posterior.probability_positive),
                    ),
                )
            )
    return table(
        "Posterior of the mean effect: median with central 95% interval, flat prior on the mean",
        ("Prior of tau", "Trials", "k", "Median (95% interval)", "Probability above 0"),
        rows,
    )


def varied_choices(panel: pd.DataFrame) -> list[str]:
    """Return the choices that take more than one value in a panel."""
    names = [{"tau2": "tau2_method"}.get(one, one) for one in CHOICES]
    return [name for name in names if len(set(panel[name])) > 1]


def distinct(panel: pd.DataFrame) -> pd.DataFrame:
    """Return a panel with one row for each result that differs in a printed number.

    Of those that read alike the main analysis stays, else the first.
    """
    shown = pd.Series(
        [
            f"{row.k}: {language.estimate(row.effect, row.ci_low, row.ci_high)}"
            for row in records(panel)
        ],
        index=panel.index,
    )
    main_first = panel.index[panel.main].append(panel.index[~panel.main])
    return panel.loc[shown[main_first].drop_duplicates().index].sort_index()


def by_choice(panel: pd.DataFrame) -> Block:
    """Return what each choice leads to: how many results, how far apart, and how many include 0."""
    rows = []
    for name in varied_choices(panel):
        for value in dict.fromkeys(panel[name]):
            part = panel[panel[name] == value]
            rows.append(
                (
                    Cell(
                        language.capitalized(name.removesuffix("_method").replace("tau2", "tau²"))
                    ),
                    Cell(choice_in_words(name, value)),
                    Cell(language.limits(part.effect.min(), part.effect.max()), numeric=True),
                    Cell(f"{int(includes_no_difference(part).sum())} of {len(part)}", numeric=True),
                )
            )
    return table(
        "What each choice leads to, over all combinations with the others",
        ("Choice", "Value", "Estimates", "95% intervals that include no difference"),
        rows,
    )


WIDTH = 9.0
PHONE = 3.65
"""Inches across, on a phone too."""
INTERVAL = "#7394c0"
"""Color of intervals: lighter than the estimates on them, and three times as dark as paper."""
AT_ZERO = "#b98a4b"
"""The same for analyses with unreported results at zero, a stress test."""
MOST_WHOLE = 0.85
"""Share of the intervals whose upper (and lower) end the axis shows at least."""
CURVE_HEIGHT = 3.3
LINE_HEIGHT = 0.215
FONT_SIZE = 9.5


def panel_curve(dataset: Dataset, analysis: Analysis, panel: pd.DataFrame) -> Figure | Block:
    """Return the specification curve of a panel, or a sentence where there is one combination.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    analysis : Analysis
        Main analysis.
    panel : DataFrame
        As `evidence.analysis.multiverse.panel` returns it.
    """
    if len(panel) == 1:
        return paragraphs(
            "One trial and one way to read it: no other combination of choices gives a number."
        )
    therapy, outcome = sentences.names(analysis, dataset)
    ordered = distinct(panel).sort_values(["effect", "estimate_id"], ignore_index=True)
    over = int(includes_no_difference(ordered).sum())
    position = int(ordered.index[ordered.main][0]) + 1
    pooled = analysis.pooled
    alt = (
        f"{len(ordered)} distinct results of {len(panel)} combinations of choices, sorted by their "
        f"estimate, from "
        f"{language.fixed(ordered.effect.min())} to {language.fixed(ordered.effect.max())}; "
        f"{over} of their intervals include no difference. The main analysis, "
        f"{language.estimate(pooled.effect, pooled.ci_low, pooled.ci_high)}"
        f", is number {position} from below."
    )
    low, high = _frame(ordered)
    cut = bool(((ordered.ci_low < low) | (ordered.ci_high > high)).any())
    zero = "Amber: with unreported results at zero, a stress test. "
    caption = (
        f"Specification panel: {outcome} with {therapy}. {len(panel)} combinations of choices give "
        f"{len(ordered)} distinct results; {over} of the {len(ordered)} intervals include no "
        f"difference. Above, estimates with 95% intervals{'; those cut by the frame go on' * cut}; "
        f"below, the choices behind each. {zero if ZERO in set(ordered.trials) else ''}The "
        "vertical line is the main analysis. The results share their trials, so their number is no "
        "measure of evidence."
    )
    return Figure(
        figure_id="panel",
        matplotlib_figure=draw(ordered, marked=position - 1),
        phone=draw(ordered, marked=position - 1, phone=True),
        alt=alt,
        caption=caption,
        table=by_choice(panel),
        data=panel.drop(columns=["main"]),
    )


def _bars(
    axes: Axes,
    places: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    *,
    color: str,
    linewidth: float = 0.8,
) -> None:
    """Draw vertical bars as one path, since hundreds of single marks would swell the page."""
    x = np.repeat(np.asarray(places, dtype=float), 3)
    y = np.column_stack([low, high, np.full(len(x) // 3, np.nan)]).ravel()
    x[2::3] = np.nan
    axes.plot(x, y, color=color, linewidth=linewidth, solid_capstyle="butt")


def _frame(ordered: pd.DataFrame) -> tuple[float, float]:
    """Return the ends of the axis; a few intervals that are far longer than the others go on."""
    values = [0.0, *ordered.effect, *ordered.ci_low, *ordered.ci_high]
    most = [0.0, *ordered.effect, ordered.ci_low.quantile(1 - MOST_WHOLE),
            ordered.ci_high.quantile(MOST_WHOLE)]  # fmt: skip
    whole, part = ((min(one), max(one)) for one in (values, most))
    low, high = whole if np.ptp(whole) < 1.5 * np.ptp(part) else part
    pad = 0.1 * (high - low)
    return low - pad, high + pad


def draw(
    ordered: pd.DataFrame, *, marked: int, hollow: int | None = None, phone: bool = False
) -> Canvas:
    """Draw a panel.

    Parameters
    ----------
    ordered : DataFrame
        Rows of `evidence.analysis.multiverse.panel` in the order in which they stand side by side.
    marked : int
        Place of the analysis with the vertical line and the filled diamond.
    hollow : int, optional
        Place of another one, with a hollow diamond.
    phone : bool
        Whether for a narrow screen: the words of a choice above its line, not beside it.
    """
    lines = [
        (name, value) for name in varied_choices(ordered) for value in dict.fromkeys(ordered[name])
    ]
    each = 2 if phone else 1
    choices_height = LINE_HEIGHT * (each * len(lines) + 0.6)
    height = CURVE_HEIGHT + choices_height + 0.45
    width, left = (PHONE, 0.13) if phone else (WIDTH, 0.41)
    canvas = Canvas(figsize=(width, height))
    FigureCanvasAgg(canvas)
    right = 0.99
    top = canvas.add_axes(
        (left, (choices_height + 0.2) / height, right - left, CURVE_HEIGHT / height)
    )
    places = np.arange(len(ordered))
    thick = min(72 * width * (right - left) / len(ordered), 5.0)
    zero = (ordered.trials == ZERO).to_numpy()
    for own, pale, dark in ((~zero, INTERVAL, BLUE), (zero, AT_ZERO, AMBER)):
        rows, at = ordered[own], places[own]
        _bars(top, at, rows.ci_low, rows.ci_high, color=pale, linewidth=0.7 * thick)
        _bars(top, at, rows.effect - 0.016, rows.effect + 0.016, color=dark, linewidth=thick)
    if hollow is not None:
        effect = ordered.effect.iloc[hollow]
        top.plot([hollow], [effect], "D", color=INK, markerfacecolor=PAPER, markersize=7)
    top.plot([marked], [ordered.effect.iloc[marked]], "D", color=INK, markersize=7)
    top.set_ylim(*_frame(ordered))
    top.axhline(0, color=INK, linewidth=0.9)
    top.set_ylabel("estimate (95% CI)", fontsize=FONT_SIZE, color=INK, labelpad=1)
    below = canvas.add_axes((left, 0.1 / height, right - left, choices_height / height))
    for line, (name, value) in enumerate(lines):
        row = each * line + each - 1
        chosen = (ordered[name] == value).to_numpy()
        for own, dark in ((chosen & ~zero, BLUE), (chosen & zero, AMBER)):
            count = int(own.sum())
            _bars(below, places[own], np.full(count, row - 0.3), np.full(count, row + 0.3),
                  color=dark, linewidth=0.8 * thick)  # fmt: skip
        words = choice_in_words(name, value)
        x, side = ((0.01 - left) / (right - left), "left") if phone else (-0.01, "right")
        below.text(x, row - 0.85 * phone, words, transform=below.get_yaxis_transform(), ha=side,
                   va="center", fontsize=FONT_SIZE - 0.5 - phone, color=INK)  # fmt: skip
    below.set_ylim(each * len(lines) - 0.4, -0.6)
    for axes in (top, below):
        axes.set_xlim(-1, len(ordered))
        axes.axvline(marked, color=INK, linewidth=0.7)
        axes.set_xticks([])
        for side in ("right", "top", "bottom"):
            axes.spines[side].set_visible(False)
        axes.spines["left"].set_color(SOFT)
        axes.tick_params(axis="y", colors=SOFT, labelsize=FONT_SIZE - 0.5)
    below.set_yticks([])
    below.spines["left"].set_visible(False)
    return canvas
