"""The figures of a report on follow-up: effects, and shares by arm, at both times."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from evidence import language
from evidence.blocks.figures.trajectory import Panel, Point, Series, described, draw, frame, weeks
from evidence.blocks.output import Block, Figure, paragraphs
from evidence.blocks.tables import Cell, table, to_number
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.estimation.row import QuotedScale
from evidence.followup import Durability
from evidence.ledger import LedgerEntry
from evidence.ledger.followup_entries import event_in_words, of_proportion, of_time
from evidence.pages.followup.tables import (
    RELATIVE,
    TIMES,
    Group,
    arms_of,
    condition_in_words,
    groups,
    short_contrast,
    unit,
)
from evidence.terms import Favors, RemarkKind, has

NO_LINE = (
    "A dotted line joins two measurements and says nothing of the time between them. A pale bar "
    "reaches back to the earliest week that the sources allow."
)


def effects(dataset: Dataset, found: Durability) -> Figure | Block:
    """Return each comparison at both times against weeks, a panel for each unit.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    found : Durability
        What `evidence.durability` returns.
    """
    therapy = dataset.in_text("therapy", found.therapy)
    drawn = _placed(groups(found))
    if not drawn:
        return paragraphs(
            f"No comparison of {therapy} has a follow-up whose weeks after the end of treatment "
            "are known, so that none can be drawn against weeks."
        )
    panels: dict[tuple[str, Favors], list[Series]] = {}
    rows: list[tuple[Cell, ...]] = []
    for group in drawn:
        for row, factor, measure in _scales(group, dataset):
            name = short_contrast(row, dataset)
            points = []
            for timepoint in TIMES:
                entry = of_time(row, timepoint, found, dataset)
                point = _point(row, timepoint, entry, factor, group.digits if factor else 2)
                points.append(point)
                rows.append(
                    (
                        Cell(f"{row.label}: {name}"),
                        Cell(measure),
                        Cell(weeks(point), numeric=True),
                        Cell(point.size.removeprefix("n = "), numeric=True),
                        to_number(entry, point.shown),
                        Cell("", tag=entry.processing),
                    )
                )
            side = QuotedScale(row.metric, row.more_is).favors
            panels.setdefault((measure, side), []).append(Series(name, tuple(points)))
    shown = [
        Panel(
            f"{measure}; {side.replace('_', ' ')} favors the treatment named first",
            tuple(series),
            no_difference=1.0 if (ratio := side in (Favors.ABOVE_1, Favors.BELOW_1)) else 0.0,
            ratio=ratio,
        )
        for (measure, side), series in panels.items()
    ]
    return Figure(
        figure_id="effects",
        matplotlib_figure=draw(shown),
        phone=draw(shown, phone=True),
        alt=described(shown),
        caption="Effects at the end of treatment and at follow-up, with 95% intervals; hollow "
        "where imputed. Units that "
        f"differ have an axis each. {NO_LINE}"
        + (" * Arm sizes imputed." if any("*" in row[3].text for row in rows) else ""),
        data=frame(shown),
        table=table(
            "The effects at both times",
            (
                *("Comparison", "Unit", "Weeks since the end of treatment", "n"),
                *("Effect (95% CI)", "How obtained"),
            ),
            rows,
        ),
    )


def _placed(every: list[Group]) -> list[Group]:
    """Return the comparisons whose later time has a place on an axis of weeks."""
    return [one for one in every if not pd.isna(one.main.follow_up_weeks_high)]


def _scales(group: Group, dataset: Dataset) -> Iterator[tuple[Any, float, str]]:
    """Yield what is drawn of a comparison: its main metric, and of events the odds ratio too."""
    yield group.main, group.factor, group.unit(dataset)
    if RELATIVE in group.rows and group.main.metric != RELATIVE:
        row = group.rows[RELATIVE]
        yield row, 0.0, unit(row, dataset)


def _point(row: Any, timepoint: str, entry: LedgerEntry, factor: float, digits: int) -> Point:
    scale = factor or 1.0
    value, low, high = (scale * (one or 0.0) for one in (entry.effect, entry.ci_low, entry.ci_high))
    span = (0.0, 0.0)
    if timepoint != "post":
        span = (row.follow_up_weeks_low, row.follow_up_weeks_high)
    sizes = [getattr(row, f"{timepoint}_n_{arm}") for arm in ("intervention", "comparator")]
    imputed = "*" if has(row, RemarkKind.SIZES_IMPUTED) else ""
    return Point(
        span[0],
        span[1],
        value,
        low,
        high,
        language.estimate(value, low, high, digits),
        f"n = {sizes[0]} + {sizes[1]}{imputed}",
        entry.processing == "imputed",
    )


def shares(dataset: Dataset, found: Durability) -> Figure | Block:
    """Return the share of each arm with an event at both times against weeks.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    found : Durability
        What `evidence.durability` returns.
    """
    counted = [one for one in _placed(groups(found)) if not arms_of(one.main, found).empty]
    if not counted:
        return paragraphs(
            "No trial prints an event by arm at the end of treatment and at a follow-up whose "
            "weeks after it are known, so that none can be drawn against weeks."
        )
    panels, rows = [], []
    for group in counted:
        row = group.main
        series = []
        for _, at_times in arms_of(row, found).groupby("role", sort=False):
            name = condition_in_words(at_times.condition.iloc[0], dataset)
            points = []
            for one in records(at_times):
                entry = of_proportion(one, dataset)
                point = _share(row, one, entry)
                points.append(point)
                rows.append(
                    (
                        Cell(f"{row.label}: {name}"),
                        Cell(event_in_words(one.event, dataset)),
                        Cell(weeks(point), numeric=True),
                        Cell(point.size),
                        to_number(entry, point.shown),
                        Cell("", tag=entry.processing),
                    )
                )
            series.append(Series(name, tuple(points)))
        title = f"{row.label}: {dataset.in_text('event', row.event)}, percent of those assessed"
        panels.append(Panel(title, tuple(series), no_difference=None, whole=(0.0, 100.0)))
    return Figure(
        figure_id="shares",
        matplotlib_figure=draw(panels),
        phone=draw(panels, phone=True),
        alt=described(panels),
        caption="Share of each arm with the event among those assessed, with 95% Clopper-Pearson "
        f"intervals. {NO_LINE}",
        data=frame(panels),
        table=table(
            "The shares by arm at both times",
            (
                *("Arm", "Event", "Weeks since the end of treatment", "Counts"),
                *("Percent (95% CI)", "How obtained"),
            ),
            rows,
        ),
    )


def _share(row: Any, one: Any, entry: LedgerEntry) -> Point:
    value, low, high = (100 * (part or 0.0) for part in (entry.effect, entry.ci_low, entry.ci_high))
    post = one.timepoint == "post"
    return Point(
        0.0 if post else row.follow_up_weeks_low,
        0.0 if post else row.follow_up_weeks_high,
        value,
        low,
        high,
        language.estimate(value, low, high, 1),
        f"{int(one.events)} of {int(one.n)}",
        entry.processing == "imputed",
    )
