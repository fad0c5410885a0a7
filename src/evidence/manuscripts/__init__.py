"""A manuscript as passages of text, each character with its place in the file."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from evidence.errors import ParameterError
from evidence.manuscripts.numbers import plain

MARK = re.compile(
    r"\{ ?ev ?: ?(?P<id>[^{}:]{0,300}?) ?(?:: ?(?P<style>[^{}:]{0,40}?) ?)?\}", re.IGNORECASE
)
"""The mark of a number: ``{ev:ID}``, or ``{ev:ID:style}`` to be filled in a style."""

MOST_NUMBERS = 20_000
"""Most numbers of a manuscript; a book has fewer, a table of data is none."""

_BLANKS = re.compile(r"\s{2,}")
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
_END = re.compile(r"[.!?…][\"')\]\u201d\u2019]{0,3}(?:[⁰¹²³⁴⁵⁶⁷⁸⁹,]{0,12})(?=\s)")
_ABBREVIATION = re.compile(
    r"al|approx|bzw|c\.i|ca|cf|d\.h|ci|conf|diff|dr|e\.g|eq|est|etc|ex|figs?|i\.e|incl|max|min|mo|mrs?|ms"
    r"|n\.s|nos?|p\.p|pp?|prof|refs?|resp|s\.[de]|sec|st|suppl|tab|v|viz|vol|vs|wks?|yrs?|z\.b"
)
# These can end a sentence too, and do where a capital follows.
_ALSO_LAST = re.compile(r"c\.i|est|etc|max|min|mo|n\.s|no|p|s\.[de]|sec|tab|v|wks?|yrs?")


@dataclass(frozen=True, slots=True)
class Passage:
    """Text that belongs together: a paragraph, a heading, a footnote, or a cell of a table.

    Attributes
    ----------
    text : str
        As readers see it, marks included.
    spots : tuple
        For each character where it stands in the file, as its reader needs it.
    place : str
        Where the passage stands, in words.
    lines : tuple of int
        For each character the line of the file; empty where a file has no lines.
    """

    text: str
    spots: tuple[Any, ...]
    place: str
    lines: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Keep one of several blanks in a row, a line end before others: readers see one."""
        gone: set[int] = set()
        for blanks in _BLANKS.finditer(self.text):
            stays = blanks.start() + max(blanks[0].find("\n"), 0)
            gone.update(at for at in range(*blanks.span()) if at != stays)
        if gone:
            kept = [at for at in range(len(self.text)) if at not in gone]
            object.__setattr__(self, "text", "".join(self.text[at] for at in kept))
            object.__setattr__(self, "spots", tuple(self.spots[at] for at in kept))
            if self.lines:
                object.__setattr__(self, "lines", tuple(self.lines[at] for at in kept))

    def where(self, at: int) -> str:
        """Return the place of a character in words."""
        return f"line {self.lines[at]}" if self.lines else self.place


@dataclass(frozen=True, slots=True)
class Row:
    """Row of a table.

    Attributes
    ----------
    cells : tuple of Passage
        From left to right.
    hints : tuple of tuple
        For each cell what its column holds, and whether as a percentage.
    """

    cells: tuple[Passage, ...]
    hints: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A manuscript, its passages and rows in order.

    Attributes
    ----------
    parts : tuple
        `Passage` and `Row`.
    """

    parts: tuple[Passage | Row, ...]

    def __post_init__(self) -> None:
        """Refuse what no manuscript is: the time of a check grows with its numbers."""
        count = sum(len(_NUMBER.findall(one.text)) for one in self.passages)
        if count > MOST_NUMBERS:
            raise ParameterError(
                "draft", f"{count:,} numbers", f"a manuscript with at most {MOST_NUMBERS:,} numbers"
            )

    @property
    def passages(self) -> tuple[Passage, ...]:
        """Each passage by itself, the cells of rows too, in the order of the parts."""
        return tuple(
            one for part in self.parts for one in (part.cells if isinstance(part, Row) else [part])
        )


@dataclass(frozen=True, slots=True)
class Span:
    """Part of a passage.

    Attributes
    ----------
    passage : Passage
        Which.
    start, end : int
        From the first to behind the last character.
    hint : str
        See `Row`.
    percent : bool
        See `Row`.
    cell : bool
        Whether it is of a row of a table.
    """

    passage: Passage
    start: int
    end: int
    hint: str = ""
    percent: bool = False
    cell: bool = False

    @property
    def text(self) -> str:
        """The text of the part."""
        return self.passage.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Bound:
    """A mark and the text whose numbers it binds; text without a mark has none.

    Attributes
    ----------
    estimate_id : str or None
        Of the mark.
    style : str
        Of the mark, empty where it has none.
    spans : tuple of Span
        What it binds.
    mark : Span or None
        The mark itself.
    """

    estimate_id: str | None
    spans: tuple[Span, ...]
    style: str = ""
    mark: Span | None = field(default=None)


def sentence_starts(text: str) -> list[int]:
    """Return where the sentences of a passage start.

    Examples
    --------
    >>> sentence_starts("P was .11. See Diamond et al. 2010. Here 0.5 vs. 0.6.")
    [0, 11, 36]
    """
    starts = [0]
    for match in _END.finditer(text):
        if match[0][0] == "." and _abbreviates(text, match.start()):
            continue
        if match[0] == "…" and _VALUE.match(text[match.end() :].lstrip()[:8]):
            continue
        at = match.end()
        while at < len(text) and text[at].isspace():
            at += 1
        if at < len(text):
            starts.append(at)
    return starts


def _abbreviates(text: str, point: int) -> bool:
    """Whether a point ends an abbreviation and no sentence."""
    start = point
    while start and (text[start - 1].isalpha() or text[start - 1] == ".") and point - start < 12:
        start -= 1
    word = text[start:point]
    if not word or (start and text[start - 1].isdigit()):
        return False
    if len(word) == 1 and word.isupper():
        # An initial stands behind a name or another initial, "Diamond G. S."
        before = text[max(0, start - 60) : start].split()[-1:] or [""]
        return before[0][-1:] in (".", ",") or before[0][:1].isupper() or before[0] in ("and", "&")
    plain_word = word.lower().strip(".")
    if _ALSO_LAST.fullmatch(plain_word) and text[point + 1 : point + 9].lstrip()[:1].isupper():
        return False
    return bool(_ABBREVIATION.fullmatch(plain_word))


def bound(draft: Draft) -> Iterator[Bound]:
    """Yield each mark with what it binds, and between them text that no mark binds.

    A mark binds from the start of its sentence, or from the mark before in it. A mark that stands
    right behind a sentence belongs to that sentence. In a row of a table a mark binds the cells
    since the mark before; the only mark of a row binds the whole row.
    """
    for part in draft.parts:
        if isinstance(part, Row):
            yield from _bound_row(part)
        else:
            yield from _bound_passage(part)


def _marks(text: str) -> list[re.Match[str]]:
    return list(MARK.finditer(text))


def _bound_passage(passage: Passage, hint: str = "", percent: bool = False) -> Iterator[Bound]:
    text = passage.text
    starts = sentence_starts(text)
    at = 0
    for match in _marks(text):
        number = bisect_right(starts, match.start()) - 1
        start = starts[number]
        if not any(letter.isalnum() for letter in text[max(start, at) : match.start()]):
            start = starts[max(number - 1, 0)]
        start = max(start, at)
        if at < start:
            yield Bound(None, (Span(passage, at, start, hint, percent),))
        yield Bound(
            match["id"].lower(),
            (Span(passage, start, match.start(), hint, percent),),
            (match["style"] or "").lower(),
            Span(passage, match.start(), match.end()),
        )
        at = match.end()
    if at < len(text):
        yield Bound(None, (Span(passage, at, len(text), hint, percent),))


def _bound_row(row: Row) -> Iterator[Bound]:
    holders = [index for index, cell in enumerate(row.cells) if MARK.search(cell.text)]
    marks = sum(len(_marks(cell.text)) for cell in row.cells)
    cells = list(zip(row.cells, row.hints, strict=True))
    if marks != len(holders):
        # Several marks in one cell: each cell is read by itself, as a paragraph.
        for cell, (hint, percent) in cells:
            yield from _bound_passage(cell, hint, percent)
        return
    at = 0
    for holder in holders:
        match = _marks(row.cells[holder].text)[0]
        last = len(cells) if len(holders) == 1 else holder + 1
        spans = []
        for index in range(at, last):
            cell, (hint, percent) = cells[index]
            pieces = [(0, len(cell.text))]
            if index == holder:
                pieces = [(0, match.start()), (match.end(), len(cell.text))]
            spans += [Span(cell, one, two, hint, percent, True) for one, two in pieces if one < two]
        yield Bound(
            match["id"].lower(),
            tuple(spans),
            (match["style"] or "").lower(),
            Span(row.cells[holder], match.start(), match.end()),
        )
        at = last
    rest = tuple(
        Span(cell, 0, len(cell.text), hint, percent, True) for cell, (hint, percent) in cells[at:]
    )
    if any(one.text.strip() for one in rest):
        yield Bound(None, rest)


def table(rows: Sequence[Sequence[tuple[int, Passage]]]) -> Iterator[Passage | Row]:
    """Yield the parts of a table: its headers, then its rows.

    Leading rows without a value are headers, a cell that spans several columns heads each of them.
    Where marks stand in a header and in no row, the statistics stand in the rows, and each column
    is read as a row.

    Parameters
    ----------
    rows : sequence of sequence of tuple
        Each cell with the first column that it takes, from left to right.
    """
    body = 1
    while body < len(rows) - 1 and not any(_has_value(one.text) for _, one in rows[body]):
        body += 1
    heads, below = rows[:body], rows[body:]
    marked = [
        (at, one) for row in heads for at, one in row if MARK.search(one.text) and at > row[0][0]
    ]
    if marked and below and not any(MARK.search(one.text) for row in below for _, one in row):
        for row in heads:
            yield from (one for at, one in row if (at, one) not in marked)
        yield from (row[0][1] for row in below if row)
        for column, head in marked:
            cells = [(hint(row[0][1].text), _cell_at(row, column)) for row in below if row]
            filled = [(said, one) for said, one in cells if one is not None]
            yield Row(
                (head, *(one for _, one in filled)), (("", False), *(said for said, _ in filled))
            )
        return
    for row in heads:
        yield from (one for _, one in row)
    for row in below:
        hints = []
        for at, _ in row:
            said = [_cell_at(head, at) for head in reversed(heads)]
            read = [hint(one.text) for one in said if one is not None]
            percent = any(share for _, share in read)
            hints.append((next((name for name, _ in read if name), ""), percent))
        yield Row(tuple(one for _, one in row), tuple(hints))


def _has_value(text: str) -> bool:
    """Whether a cell holds a number or a mark, and so belongs to no header."""
    return bool(MARK.search(text) or _VALUE.match(text.strip()))


def _cell_at(row: Sequence[tuple[int, Passage]], column: int) -> Passage | None:
    """Return the cell that takes a column: the last that starts there or before."""
    return next((one for at, one in reversed(row) if at <= column), None)


_VALUE = re.compile(r"[-−–<>≤≥=~(\[]{0,2} ?[0-9.]*[0-9]")
_LEVEL = re.compile(r"(?P<level>80|90|95|97[.,]5|99|99[.,]9) ?%")
_HEADERS = (
    (
        "ci_low",
        re.compile(
            r"\b(?:lower|low|LL|LB|LCL|LCI|ci_low|ci[._]lb|lcl)\b|^2[.,]5 ?%$|\buntere?",
            re.IGNORECASE,
        ),
    ),
    (
        "ci_high",
        re.compile(
            r"\b(?:upper|high|UL|UB|UCL|UCI|ci_high|ci[._]ub|ucl)\b|^97[.,]5 ?%$|\bobere?",
            re.IGNORECASE,
        ),
    ),
    ("q_p", re.compile(r"^(?:p[- _]?(?:for |of )?(?:het\w*|Q)|QEp)\b", re.IGNORECASE)),
    ("p_value", re.compile(r"^(?:two-sided |adj\.? )?p(?:[- _.]?val(?:ue)?s?)?\b", re.IGNORECASE)),
    ("effect_se", re.compile(r"\((?:SE|S\.E\.|std\.? ?err(?:or)?)\)", re.IGNORECASE)),
    ("q", re.compile(r"^(?:Q|QE|Cochran'?s? Q)$")),
    ("i2", re.compile(r"^I(?:²|\^?2|⁺)")),
    ("tau2", re.compile(r"^(?:tau|τ)(?:²|\^?2|⁺)", re.IGNORECASE)),
    (
        "se",
        re.compile(r"^(?:SE|S\.E\.|seTE|std\.?[ .]?err(?:or)?|standard errors?)$", re.IGNORECASE),
    ),
    (
        "statistic",
        re.compile(
            r"^(?:[tzF]|[tz]val|[tz][- ]values?|df|statistic|SDs?|var(?:iance)?|vi|weights?\b.*"
            r"|means?\b.*|M|mean \(SD\)|M \(SD\)|year|age\b.*)(?: ?\(%\))?$",
            re.IGNORECASE,
        ),
    ),
    ("k", re.compile(r"^(?:k|(?:no\.?|number) of (?:trials|studies)|trials|studies|rcts)\b", re.I)),
    (
        "n",
        re.compile(
            r"^(?:n|(?:no\.?|number) of (?:participants|patients|adolescents|people)|participants"
            r"|patients|adolescents|adults|people|sample(?: size)?|total n)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "effect",
        re.compile(
            r"\b(?:hedges|cohen|g|d|smd|md|rd|rr|or|b|es|te|yi|effects?|estimates?|odds ratios?"
            r"|risk ratios?|differences?|fraction|proportion|share|percent(?:age)?|effekt\w*)\b",
            re.IGNORECASE,
        ),
    ),
    ("ci", re.compile(r"\b(?:CI|KI|IC)(?:[-_~]?[0-9]|\b)|[Ii]ntervall?|limits")),
)
_PERCENT_HEADER = re.compile(r"\(%\)|, ?%|\(in %\)|\bin %|^%|\bpercent(?:age)?(?: points?)?\b")


def hint(header: str) -> tuple[str, bool]:
    """Return what a column holds by its header, and whether as percentages.

    The level of an interval stands behind an @.

    Examples
    --------
    >>> hint("P"), hint("95% CI"), hint("RD (%)"), hint("Trial")
    (('p_value', False), ('ci@95', False), ('effect', True), ('', False))
    """
    text = plain(MARK.sub("", header)).strip()
    field = next((name for name, pattern in _HEADERS if pattern.search(text)), "")
    level = _LEVEL.search(text) if re.search("CI|KI|IC|[Ii]nterval", text) else None
    if level is not None and field in ("ci", "effect", "ci_low"):
        field = f"{field}@{level['level'].replace(',', '.')}"
    return field, bool(_PERCENT_HEADER.search(text))
