"""The PRISMA 2020 checklist: which lines the workbook meets, where, and why others are not done."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import pandas as pd

from evidence import language
from evidence.blocks import closing
from evidence.blocks.escape import html
from evidence.blocks.headline import answer
from evidence.blocks.output import Block, items, joined
from evidence.blocks.tables import Cell, table
from evidence.data.dataset import Dataset
from evidence.errors import ParameterError

STATE = {"met": "● met", "partly": "◐ partly", "not_done": "○ not done"}
"""Each state in a sign and in words, so that neither color nor sign carries it alone."""

_NAME = {"met": "met", "partly": "met in part", "not_done": "not done"}
_READ = (
    *("arms", "trial_facts", "arm_results", "statistics", "directions"),
    *("risk_of_bias", "syntheses"),
)
_CHECKLIST = (
    "Page MJ, McKenzie JE, Bossuyt PM, et al. The PRISMA 2020 statement: an updated guideline for "
    "reporting systematic reviews. BMJ. 2021;372:n71. doi:10.1136/bmj.n71."
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the workbook answers a line: a report, or a section of it, or a file of the project."""

    report: str = ""
    section: str = ""
    file: str = ""

    @property
    def text(self) -> str:
        """The place in words."""
        if self.file:
            return self.file
        section = f", {self.section.replace('-', ' ')}" if self.section else ""
        return f"report {self.report}{section}"

    @property
    def markup(self) -> str:
        """The place as HTML; reports lie beside this page, files may not."""
        if self.file:
            return f"<code>{html(self.file)}</code>"
        fragment = f"#{self.section}" if self.section else ""
        return f'<a href="{html(self.report)}.html{html(fragment)}">{html(self.text)}</a>'


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the checklist.

    Attributes
    ----------
    item : str
        Number, with a letter where an item has several.
    section : str
        Part of a report that it belongs to.
    asks : str
        What it asks for, in our own words.
    state : str
        met, partly or not_done.
    reason : str
        Why it is not met whole, a key of the reasons; empty where it is.
    where : tuple of Place
        Where the workbook answers it.
    says : str
        How.
    """

    item: str
    section: str
    asks: str
    state: str
    reason: str
    where: tuple[Place, ...]
    says: str


@dataclass(frozen=True, slots=True)
class Checklist:
    """The lines, and why some are not met whole; reasons name counts in braces."""

    lines: tuple[Line, ...]
    reasons: Mapping[str, str]

    def of_state(self, state: str) -> tuple[Line, ...]:
        """Return the lines of a state."""
        return tuple(one for one in self.lines if one.state == state)


@cache
def _resource() -> Checklist:
    text = (files("evidence.pages") / "prisma.toml").read_text(encoding="utf-8")
    content = tomllib.loads(text)
    lines = tuple(
        Line(
            item=one["item"],
            section=one["section"],
            asks=one["asks"],
            state=one["state"],
            reason=one.get("reason", ""),
            where=tuple(Place(**place) for place in one["where"]),
            says=one["says"],
        )
        for one in content["line"]
    )
    return Checklist(lines, content["reason"])


def checklist(dataset: Dataset) -> Checklist:
    """Return the checklist, with the counts of the data put into its words.

    Parameters
    ----------
    dataset : Dataset
        Data package.

    Examples
    --------
    >>> import evidence
    >>> len(checklist(evidence.load()).lines)
    42
    """
    counts = {one.name: str(one.number) for one in counted(dataset)}
    found = _resource()
    lines = tuple(replace(one, says=one.says.format(**counts)) for one in found.lines)
    return replace(found, lines=lines)


@dataclass(frozen=True, slots=True)
class Count:
    """A number that the checklist names: what it is, and what it is counted from."""

    name: str
    number: int
    what: str
    of: str


def counted(dataset: Dataset) -> tuple[Count, ...]:
    """Return the counts that the checklist names."""
    locators = dataset.locators
    readings = locators.set_index("locator_id").readings
    rows = pd.concat([getattr(dataset, name).locator_id for name in _READ]).map(readings)
    trials = dataset.trials
    randomized = dataset.randomized_trials.trial_id
    assessed = set(dataset.risk_of_bias.trial_id) & set(randomized)
    tables = language.listed(f"{name}.csv" for name in _READ)
    again, once = int((rows >= 2).sum()), int((rows < 2).sum())
    publications = int(locators.publication_id.nunique())
    return (
        Count("rows", len(rows), "Rows read in sources", tables),
        Count("rows_more", again, "Rows read twice or more", "readings in locators.csv"),
        Count("rows_once", once, "Rows read once", "readings in locators.csv"),
        Count("places", len(locators), "Places in sources", "rows of locators.csv"),
        Count("publications", publications, "Publications with a place", "locators.csv"),
        Count("trials", len(trials), "Trials", "rows of trials.csv"),
        Count("randomized", len(randomized), "Randomized trials", "design in trials.csv"),
        Count("assessed", len(assessed), "Of these, with a judgement", "risk_of_bias.csv"),
    )


def chosen(found: Checklist, state: str) -> tuple[Line, ...]:
    """Return the lines of a state, or all.

    Raises
    ------
    ParameterError
        If the state is unknown.
    """
    if state == "all":
        return found.lines
    if state not in STATE:
        raise ParameterError("state", state, f"one of all, {', '.join(STATE)}")
    return found.of_state(state)


def first_screen(dataset: Dataset, found: Checklist) -> Block:
    """Return how many lines are met, and why others are not."""
    numbers = [closing.counted(name, str(len(found.of_state(name)))) for name in STATE]
    total = closing.counted("lines", str(len(found.lines)))
    say = (
        f"This is no systematic review. Of {total} lines of the PRISMA 2020 checklist, "
        f"{numbers[0]} are met, {numbers[1]} are met in part and {numbers[2]} are not done."
    )
    asked = len({one.item.rstrip("abcdef") for one in found.lines})
    paragraph = html(
        f"The checklist says what a reader of a systematic review is to be told. Its {asked} items "
        "stand below in our own words, each with the place that answers it or the reason why "
        "nothing does. A line counts as met where every report of its kind does what it asks; the "
        "counts are made from the tables of this page."
    )
    counts = {one.name: closing.counted(one.name, str(one.number)) for one in counted(dataset)}
    remarks = [_reason(found, key, counts) for key in found.reasons]
    why = "<p><strong>Why lines are not met, or in part alone:</strong></p>"
    return joined(answer(say, paragraph), Block(f"{why}\n{items(remarks, 'not')}"))


def _reason(found: Checklist, key: str, counts: Mapping[str, str]) -> str:
    lines = [one for one in found.lines if one.reason == key]
    parts = []
    for state in ("not_done", "partly"):
        names = [_to_line(one) for one in lines if one.state == state]
        if names:
            parts.append(f"{_NAME[state]}: {', '.join(names)}")
    return f"{html(found.reasons[key]).format(**counts)} ({'; '.join(parts)})."


def _to_line(line: Line) -> str:
    return f'<a href="#item-{html(line.item)}">{html(line.item)}</a>'


def tables(lines: Sequence[Line]) -> Block:
    """Return the lines, one table for each part of a report.

    Parameters
    ----------
    lines : sequence of Line
        Lines to show.
    """
    blocks = [
        table(
            f"{part}: what is asked, and where it is answered",
            ("Item", "Asks for", "State", "Where", "How, or why not"),
            [_row(one) for one in lines if one.section == part],
        )
        for part in dict.fromkeys(one.section for one in lines)
    ]
    return joined(*blocks)


def _row(line: Line) -> Sequence[Cell]:
    return (
        Cell(line.item, anchor=f"item-{line.item}"),
        Cell(line.asks),
        Cell(STATE[line.state]),
        Cell(markup="<br>".join(one.markup for one in line.where)),
        Cell(line.says),
    )


def _numbers(dataset: Dataset, found: Checklist) -> Block:
    """Return what each number of this page is counted from."""
    rows = [
        (
            Cell(f"Lines {_NAME[state]}", anchor=f"count-{state}"),
            Cell(str(len(found.of_state(state))), numeric=True),
            Cell(f"items {_items(found.of_state(state))}"),
        )
        for state in STATE
    ]
    rows.append(
        (
            Cell("Lines in all", anchor="count-lines"),
            Cell(str(len(found.lines)), numeric=True),
            Cell("items, or their lettered parts where they have some"),
        )
    )
    rows += [
        (
            Cell(one.what, anchor=f"count-{one.name}"),
            Cell(str(one.number), numeric=True),
            Cell(one.of),
        )
        for one in counted(dataset)
    ]
    block = table("Numbers on this page", ("What", "Number", "Counted from"), rows)
    return Block(
        '<section class="provenance">\n<h2 id="numbers">Where each number comes from</h2>\n'
        f"{block.html}\n</section>"
    )


def _items(lines: Iterable[Line]) -> str:
    return ", ".join(one.item for one in lines)


def closing_sections(dataset: Dataset, found: Checklist) -> Block:
    """Return methods, what each number is counted from, and how to cite."""
    told = closing.methods(
        [
            "The lines are those of the PRISMA 2020 checklist, in our own words; its sentences are "
            "to be read in the statement itself. Whether a line is met was judged by reading the "
            "reports, and stands in a table of the package. Met: done for every report that it "
            "concerns. Met in part: something of it is missing; the reason says what. Not done: "
            "nothing that a reader of a systematic review could rely on.",
            "The tests of the package hold each place of the tables to a report of the catalog, a "
            "section of its page or a file that exists. Counts are made from the data.",
        ]
    )
    workbook = html(closing.workbook(dataset, "prisma"))
    cited = Block(
        f'<h2 id="cite">How to cite</h2><p class="cite">{workbook}</p>'
        f"<p>The checklist: {html(_CHECKLIST)}</p>"
        "<p>Who cites a result of this workbook cites no systematic review, and says so.</p>"
    )
    return joined(told, _numbers(dataset, found), cited)
