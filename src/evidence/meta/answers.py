"""Results as people read them: a few lines in a terminal, a table in Jupyter, a data frame."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evidence.errors import ParameterError
from evidence.terms import Remark, words_of

if TYPE_CHECKING:
    from evidence.meta.figures import Plot

WIDTH = 100
MOST_LINES = 12
"""Characters and lines of a result in a terminal."""
LEAST_READ = 1e-9
"""Below that a number is read as 0: it is what rounding leaves."""


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


def enough(values: Iterable[Any], least: int = 2) -> int:
    """Return how many decimals show the largest of numbers: of small ones two digits."""
    known = [abs(one) for one in values if one is not None and np.isfinite(one)]
    largest = max(known, default=0.0)
    if not LEAST_READ < largest < 10.0 ** (1 - least):
        return least
    return 1 - int(np.floor(np.log10(largest)))


def p_words(p: float | None) -> str:
    """Return a P value as it is printed: two decimals from .01 on, three below, none below .001."""
    if p is None or np.isnan(p):
        return "P not defined"
    if p < 0.001:
        return "P < .001"
    text = f"{p:.3f}" if p < 0.01 or 0.045 <= p < 0.055 else f"{p:.2f}"
    return "P > .99" if float(text) >= 1 else f"P = {text[1:]}"


def percent(level: float) -> str:
    """Return a coverage as it is read: 95%, 99.5%."""
    return f"{100 * level:g}%"


def with_interval(value: Any, low: Any, high: Any, least: int = 3) -> str:
    """Return a number with its limits, with so many decimals or as many as show it."""
    decimals = enough((value, low, high), least)
    return f"{digits(value, decimals)} ({interval(low, high, decimals)})"


def spread(low: Any, high: Any) -> str:
    """Return the limits of a variance with three decimals, or as many as show them."""
    return interval(low, high, enough((low, high), 3))


def interval(low: Any, high: Any, decimals: int = 2) -> str:
    """Return two limits as they are read."""
    return f"{digits(low, decimals)} to {digits(high, decimals)}"


def sentences(remarks: Iterable[Any]) -> tuple[str, ...]:
    """Return the remarks of a kernel as text, each once."""
    texts = (words_of(one.text) if isinstance(one, Remark) else str(one) for one in remarks)
    return tuple(dict.fromkeys(texts))


@dataclass(frozen=True, slots=True)
class Scale:
    """What effects are, and how they are read.

    Attributes
    ----------
    measure : str
        Name in `MEASURES`, or "effect" where the table gives effects alone.
    name : str
        As readers see it.
    ratio : bool
        Whether effects are logarithms of ratios, which are read as ratios.
    favors : str
        The side of no difference that favors group 1, "above" or "below"; empty if not known.
    groups : int
        2, or 1 where the change of a single group is meant, which improves on that side.
    null : bool
        Whether 0 means that there is no difference; not so of a proportion, a rate or a mean of one
        group, which nothing is tested against.
    back : callable, optional
        From the scale of pooling to that which is read, where these differ and it is no logarithm
        of a ratio.
    pooled_as : str
        What effects are on the scale of pooling, where that is another.
    possible : (float, float)
        What an effect can be, as it is read.
    """

    measure: str = "effect"
    name: str = "effect"
    ratio: bool = False
    favors: str = ""
    groups: int = 2
    null: bool = True
    back: Callable[[float], Any] | None = None
    pooled_as: str = ""
    possible: tuple[float, float] = (-np.inf, np.inf)

    def read(self, value: float | None) -> float | None:
        """Return a value on the scale that is read."""
        if value is None or np.isnan(value):
            return value
        back = np.exp if self.ratio else self.back
        return value if back is None else float(back(value))

    def _decimals(self, *values: float | None) -> int:
        """Return how many decimals are read: two, or what shows how far values are from none."""
        known = [one for one in values if one is not None and np.isfinite(one)]
        decimals = enough(one - 1 if self.ratio else one for one in known)
        # Ratios, shares and rates are above 0 and never read as 0; a difference that is small
        # beside its interval is as good as none.
        small = [abs(one) for one in (known if self.ratio else [] if self.null else known[:1])]
        digit = [-int(np.floor(np.log10(one))) for one in small if LEAST_READ < one < 0.005]
        return max(decimals, *digit, 2)

    def beyond(self, **intervals: tuple[Any, Any]) -> list[str]:
        """Say which intervals have limits that no value of this measure can have.

        Parameters
        ----------
        **intervals : (array_like, array_like)
            Lower and upper limits by the name of the interval, None where there is none.
        """
        least, most = self.possible
        found = []
        for name, (low, high) in intervals.items():
            lows, highs = (
                np.array([self.read(one) for one in np.atleast_1d(ends)], dtype=float)
                for ends in (low, high)
            )
            for over, end in ((lows < least, least), (highs > most, most)):
                count, name_read = int(over.sum()), name.replace("_", " ")
                if over.size > 1 and count:
                    name_read = f"{count} of {over.size} {name_read}s reach"
                elif count:
                    name_read = f"The {name_read} reaches"
                if count:
                    shown = f"{end:.3g}".replace("-", "−")
                    found.append(f"{name_read} beyond {shown}, where no {self.name} can be.")
        return found

    def limits(self, low: float | None, high: float | None) -> str:
        """Return two limits as they are read."""
        ends = self.read(low), self.read(high)
        return interval(*ends, self._decimals(*ends))

    def words(self, effect: float | None, low: float | None, high: float | None) -> str:
        """Return an estimate with its limits as it is read."""
        shown = self.read(effect), self.read(low), self.read(high)
        decimals = self._decimals(*shown)
        return f"{digits(shown[0], decimals)} ({interval(*shown[1:], decimals)})"

    def tested(self, p: float | None) -> str:
        """Return a P value of no difference, after a comma; nothing where there is none."""
        return f", {p_words(p)}" if self.null else ""

    @property
    def as_pooled(self) -> str:
        """What effects are on the scale of pooling."""
        return self.pooled_as or (f"logarithm of the {self.name}" if self.ratio else self.name)

    def titled(self, what: str, level: float) -> tuple[str, str]:
        """Return a title, and the measure, the level of intervals, and the side that favors."""
        favors = f"; {self.direction}" if self.direction else ""
        return what, f"{self.name}, {percent(level)} intervals{favors}"

    @property
    def none(self) -> str:
        """The value of no difference."""
        return "1" if self.ratio else "0"

    def side(self, side: str) -> str:
        """Say what a value "above" or "below" no difference does, where that is known."""
        if self.groups == 1:
            return "is improvement" if side == self.favors else "is worsening"
        return f"favors group {1 if side == self.favors else 2}"

    @property
    def direction(self) -> str:
        """Say which side favors group 1, where that is known."""
        return f"{self.favors} {self.none} {self.side(self.favors)}" if self.favors else ""


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
        if len(shown) > MOST_LINES:
            cut = len(shown) - MOST_LINES + 1
            shown = [*shown[: MOST_LINES - 1], f"and {cut} more lines in .summary()"]
        return "\n".join(shown)

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
        shown = read_frame(frame).to_html(index=False, border=0) if not frame.empty else ""
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


def more_rows(frame: pd.DataFrame, shown: int) -> list[str]:
    """Say how many rows are not among the lines that are shown."""
    return [f"and {len(frame) - shown} more in .frame"] if len(frame) > shown else []


def read_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a data frame as text at reading precision, each column with decimals of its own."""

    def column(values: pd.Series) -> pd.Series:
        floats = [one for one in values if isinstance(one, float | np.floating)]
        decimals = enough(floats)
        return values.map(lambda one: digits(one, decimals)).astype(object)

    return frame.apply(column)


def plain_table(frame: pd.DataFrame) -> str:
    """Return a data frame as aligned text at reading precision."""
    cells = [[str(name) for name in frame.columns]]
    cells += [list(row) for row in read_frame(frame).itertuples(index=False)]
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
    picture : callable, optional
        Draws them.
    about : str
        The measure and the level of intervals, said beside the title.
    """

    title: str
    values: Mapping[str, Any]
    said: tuple[str, ...]
    remarks: tuple[str, ...]
    frame: pd.DataFrame
    picture: Any = None
    about: str = ""

    def plot(self) -> "Plot":
        """Return the figure of the numbers.

        Raises
        ------
        ParameterError
            For an answer without a figure.
        """
        if self.picture is None:
            raise ParameterError("plot", self.title, "an answer with a figure, or its frame")
        drawn: Plot = self.picture()
        return drawn

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
        return [f"{self.title}: {self.about}" if self.about else self.title, *self.said]

    def to_frame(self) -> pd.DataFrame:
        """Return the rows behind it, or its numbers in one row."""
        if not self.frame.empty:
            return self.frame.copy()
        return pd.DataFrame([{name: one for name, one in self.values.items() if _plain(one)}])


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, int | float | str | np.number)


def answer(
    title: str | tuple[str, str],
    of: Any,
    said: Sequence[str],
    *,
    frame: pd.DataFrame | None = None,
    remarks: Sequence[str] = (),
    picture: Any = None,
    **more: Any,
) -> Answer:
    """Return what a kernel found as an answer.

    Parameters
    ----------
    title : str or (str, str)
        What it is, and what is said beside that.
    of : dataclass or mapping
        What the kernel gave; its warnings become remarks.
    said : sequence of str
        Lines that say it.
    frame : DataFrame, optional
        Rows behind it.
    remarks : sequence of str
        Further remarks, said first.
    picture : callable, optional
        Draws it.
    **more
        Further numbers.
    """
    found = {one.name: getattr(of, one.name) for one in fields(of)} if is_dataclass(of) else {**of}
    own = sentences([*remarks, *found.pop("warnings", ())])
    rows = pd.DataFrame() if frame is None else frame
    name, about = (title, "") if isinstance(title, str) else title
    return Answer(name, {**found, **more}, tuple(said), own, rows, picture, about)
