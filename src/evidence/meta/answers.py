"""Results as people read them: a few lines in a terminal, a table in Jupyter, a data frame."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from html import escape
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd

from evidence.terms import Remark, words_of

WIDTH = 100
MOST_LINES = 12
"""Characters and lines of a result in a terminal."""


def digits(value: Any, decimals: int = 2) -> str:
    """Return a number as it is read: a real minus sign, never "-0.00", "not defined" for None."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return "not defined"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return f"{value:,}".replace("-", "−")
    if isinstance(value, float | np.floating):
        if np.isinf(value):
            return "infinite" if value > 0 else "−infinite"
        text = f"{value:,.{decimals}f}"
        return (text if float(text.replace(",", "")) else text.lstrip("-")).replace("-", "−")
    return str(value)


def p_words(p: float | None) -> str:
    """Return a P value as it is printed: two decimals from .01 on, three below, none below .001."""
    if p is None or np.isnan(p):
        return "P not defined"
    if p < 0.001:
        return "P < .001"
    text = f"{p:.3f}" if p < 0.01 or 0.045 <= p < 0.055 else f"{p:.2f}"
    return "P > .99" if float(text) >= 1 else f"P = {text[1:]}"


def interval(low: Any, high: Any, decimals: int = 2) -> str:
    """Return two limits as they are read."""
    return f"{digits(low, decimals)} to {digits(high, decimals)}"


def sentences(remarks: Iterable[Any]) -> tuple[str, ...]:
    """Return the remarks of a kernel as text, each once."""
    texts = (words_of(one.text) if isinstance(one, Remark) else str(one) for one in remarks)
    return tuple(dict.fromkeys(texts))


class Shown:
    """What all results have: lines for a terminal, a table for Jupyter."""

    remarks: tuple[str, ...]

    def lines(self) -> list[str]:
        """Return what is said of the result, the first line its name."""
        raise NotImplementedError

    def to_frame(self) -> pd.DataFrame:
        """Return the rows behind the result."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """Return the name, the remarks, and the numbers, in at most twelve lines."""
        first, *others = self.lines()
        name = wrap(first, WIDTH)
        rest = [piece for line in others for piece in wrap(line, WIDTH)]
        room = MOST_LINES - len(name) - len(rest)
        said: list[str] = []
        for position, one in enumerate(self.remarks):
            pieces = wrap(f"! {one}", WIDTH, subsequent_indent="  ")
            left = len(self.remarks) - position
            if len(said) + len(pieces) + (left > 1) > room:
                said.append(f"! {left} more in .remarks" if said else f"! {left} in .remarks")
                break
            said += pieces
        shown = [*name, *said, *rest]
        return "\n".join(shown[:MOST_LINES])

    def summary(self) -> str:
        """Return all that is to be said, with the rows behind it."""
        frame = self.to_frame()
        table = [] if frame.empty else ["", plain_table(frame)]
        remarks = [f"! {one}" for one in self.remarks]
        name, *rest = self.lines()
        return "\n".join([name, *remarks, *rest, *table])

    def _repr_html_(self) -> str:
        name, *rest = self.lines()
        frame = self.to_frame()
        shown = frame.map(digits).to_html(index=False, border=0) if not frame.empty else ""
        remarks = "".join(f"<li>{escape(one)}</li>" for one in self.remarks)
        return (
            f"<p><strong>{escape(name)}</strong></p>"
            + (f"<ul>{remarks}</ul>" if remarks else "")
            + "".join(f"<p>{escape(one)}</p>" for one in rest)
            + shown
        )


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """Give the rows of a data frame with their columns as attributes."""
    yield from frame.itertuples()


def plain_table(frame: pd.DataFrame) -> str:
    """Return a data frame as aligned text at reading precision."""
    cells = [[str(name) for name in frame.columns]]
    cells += [[digits(one) for one in row] for row in frame.itertuples(index=False)]
    numeric = [pd.api.types.is_numeric_dtype(one) for one in frame.dtypes]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in cells
    )


@dataclass(frozen=True, repr=False, eq=False)
class Answer(Shown):
    """A result with its numbers as attributes.

    Attributes
    ----------
    title : str
        What it is.
    values : mapping of str to object
        The numbers by name; each is an attribute too.
    said : tuple of str
        Lines that say them.
    remarks : tuple of str
        What has to be said beside them.
    frame : DataFrame
        Rows behind them; empty where there are none.
    """

    title: str
    values: Mapping[str, Any]
    said: tuple[str, ...]
    remarks: tuple[str, ...]
    frame: pd.DataFrame

    def __getattr__(self, name: str) -> Any:
        """Return a number by its name."""
        if name.startswith("_") or name not in self.values:
            raise AttributeError(f"{self.title} has no {name!r}; it has {', '.join(self.values)}")
        return self.values[name]

    def __dir__(self) -> list[str]:
        """List the numbers too."""
        return [*super().__dir__(), *self.values]

    def lines(self) -> list[str]:
        """Return the title and what is said."""
        return [self.title, *self.said]

    def to_frame(self) -> pd.DataFrame:
        """Return the rows behind it, or its numbers in one row."""
        if not self.frame.empty:
            return self.frame.copy()
        return pd.DataFrame([{name: one for name, one in self.values.items() if _plain(one)}])


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, int | float | str | np.number)


def answer(
    title: str,
    of: Any,
    said: Sequence[str],
    *,
    frame: pd.DataFrame | None = None,
    remarks: Sequence[str] = (),
    **more: Any,
) -> Answer:
    """Return what a kernel found as an answer.

    Parameters
    ----------
    title : str
        What it is.
    of : dataclass or mapping
        What the kernel gave; its warnings become remarks.
    said : sequence of str
        Lines that say it.
    frame : DataFrame, optional
        Rows behind it.
    remarks : sequence of str
        Further remarks, said first.
    **more
        Further numbers.
    """
    found = {one.name: getattr(of, one.name) for one in fields(of)} if is_dataclass(of) else {**of}
    own = sentences([*remarks, *found.pop("warnings", ())])
    rows = pd.DataFrame() if frame is None else frame
    return Answer(title, {**found, **more}, tuple(said), own, rows)
