"""Printed decimal numbers, and the exact range of the values that each can stand for."""

import re
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from evidence.errors import ParameterError

Rounding = Literal["half", "truncation"]
"""half: to the nearest last digit, ties either way; truncation: further digits cut off."""

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

MAX_DIGITS = 6
MAX_SCALED = 10**9
"""Limits under which products with four counts of up to 10,000 stay exact in 64 bits."""

_DECIMAL = re.compile(r"(?P<below><\s*)?(?P<sign>[+-]?)(?P<whole>\d*)(?:\.(?P<part>\d*))?")

# Values that come from a quantile or a sum of exponentials carry errors of a few last bits;
# a value on the very border of a range counts as inside.
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Range:
    """Values from low / scale to high / scale, with the ends unless they are open."""

    low: int
    high: int
    scale: int
    low_open: bool = False
    high_open: bool = False

    def holds_ratio(self, numerator: Integers, denominator: Integers) -> Mask:
        """Whether numerator / denominator lies inside, exactly; a denominator of 0 does not."""
        scaled = numerator * self.scale
        low, high = self.low * denominator, self.high * denominator
        above = scaled > low if self.low_open else scaled >= low
        below = scaled < high if self.high_open else scaled <= high
        return np.asarray((denominator > 0) & above & below)

    def holds(self, value: Floats) -> Mask:
        """Whether a value that is no ratio of counts lies inside; NaN does not."""
        low, high = self.ends
        above = value > low if self.low_open else value >= low - _SLACK * max(1.0, abs(low))
        below = value < high if self.high_open else value <= high + _SLACK * max(1.0, abs(high))
        return np.asarray(above & below)

    @property
    def ends(self) -> tuple[float, float]:
        """Lower and upper end."""
        return self.low / self.scale, self.high / self.scale


@dataclass(frozen=True, slots=True)
class Printed:
    """A number as a source prints it.

    Attributes
    ----------
    text : str
        As printed, such as "70", "52.6", "-13.20", "<0.01".
    scaled : int
        The digits as an integer.
    digits : int
        Digits after the decimal point.
    below : bool
        Whether the source says that the value is below the printed one.
    """

    text: str
    scaled: int
    digits: int
    below: bool = False

    @classmethod
    def of(cls, name: str, text: str, *, low: float, high: float, below: bool = False) -> Self:
        """Read a printed number.

        Parameters
        ----------
        name : str
            Name of the argument, for the message.
        text : str
            As printed; a number would have lost its last digits, so text alone is accepted.
        low, high : float
            Lowest and highest value accepted.
        below : bool
            Whether "<0.01" is accepted.

        Raises
        ------
        ParameterError
            For anything but a decimal number in that range with at most six decimals.
        """
        expected = f"a number from {low:g} to {high:g} as printed, in text, such as '52.6'"
        try:
            found = _DECIMAL.fullmatch(text.strip())
        except AttributeError:
            # a number has lost the digits that it was printed with
            found = None
        if found is None or not (found["whole"] or found["part"]):
            raise ParameterError(name, text, expected)
        digits = len(found["part"] or "")
        scaled = int(f"{found['sign']}{found['whole']}{found['part'] or ''}")
        fits = low <= scaled / 10**digits <= high
        sized = digits <= MAX_DIGITS and abs(scaled) <= MAX_SCALED
        if not fits or not sized or (found["below"] and not below):
            raise ParameterError(name, text, expected)
        return cls(text.strip(), scaled, digits, bool(found["below"]))

    @property
    def value(self) -> float:
        """The number."""
        return self.scaled / 10.0**self.digits

    @property
    def unit(self) -> float:
        """One unit of the last printed digit."""
        return 1 / 10.0**self.digits

    def range(self, rounding: Rounding = "half") -> Range:
        """Values that are printed so.

        Parameters
        ----------
        rounding : {"half", "truncation"}
            half: half a unit of the last digit on both sides, ends included, since sources round
            ties up or to even. truncation: from the number to one unit further from zero.

        Returns
        -------
        Range
            The range; for a number printed as "below", all from 0 up to it.
        """
        scale = 10**self.digits
        if self.below:
            return Range(0, self.scaled, scale, high_open=True)
        if rounding == "half":
            return Range(2 * self.scaled - 1, 2 * self.scaled + 1, 2 * scale)
        if self.scaled < 0:
            return Range(self.scaled - 1, self.scaled, scale, low_open=True)
        return Range(self.scaled, self.scaled + 1, scale, high_open=True)
