"""A number as a manuscript prints it, and whether it agrees with a value."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

NOISE = 1e-9
"""What arithmetic in doubles may add to half a unit, absolute or relative, the larger."""

RELATIONS = ("=", "<", ">")


@dataclass(frozen=True, slots=True)
class Printed:
    """A number in a text.

    Attributes
    ----------
    text : str
        As it stands there, sign, percent sign and relation included.
    value : Decimal
        Its value; of a percentage the number before the sign.
    unit : Decimal
        One unit of its last printed digit.
    percent : bool or None
        Whether it is printed as a percentage; None where the text does not say, as in the limits
        of "35.4% (13.7 to 57.1)".
    relation : str
        ``=``, ``<`` or ``>``: "P < .001" bounds a value.
    """

    text: str
    value: Decimal
    unit: Decimal
    percent: bool | None = False
    relation: str = "="

    def agrees(self, expected: float, *, share: bool = False) -> bool:
        """Return whether the value rounds to what is printed, by either rule of rounding.

        Parameters
        ----------
        expected : float
            The value at full precision.
        share : bool
            Whether it is a share of a whole, which may be printed as a percentage.

        Examples
        --------
        >>> printed("0.52").agrees(0.5205273829)
        True
        >>> printed("35.4", percent=True).agrees(0.3537, share=True)
        True
        >>> printed("52", percent=True).agrees(0.5205273829)
        False
        """
        if self.percent and not share:
            return False
        scales = {True: (100.0,), False: (1.0,), None: (1.0, 100.0) if share else (1.0,)}
        return any(self._meets(scale * expected) for scale in scales[self.percent])

    @property
    def span(self) -> tuple[float, float]:
        """The least and the greatest value, or hundredth of a value, that it may stand for."""
        value, unit = float(self.value), float(self.unit) + NOISE
        infinite = float("inf")
        return (
            -infinite if self.relation == "<" else value - unit,
            infinite if self.relation == ">" else value + unit,
        )

    def _meets(self, expected: float) -> bool:
        slack = NOISE * max(1.0, abs(expected))
        value = float(self.value)
        if self.relation == "<":
            return expected < value + slack
        if self.relation == ">":
            return expected > value - slack
        return abs(value - expected) <= float(self.unit) / 2 + slack


def printed(
    digits: str, *, text: str = "", percent: bool | None = False, relation: str = "="
) -> Printed:
    """Return a number from its digits with a plain minus and a decimal point.

    Parameters
    ----------
    digits : str
        As ``-0.29``, ``.04``, ``1,234`` or ``4.8e-05``.
    text : str
        As it stands in the manuscript; `digits` where nothing is given.
    percent : bool or None
        See `Printed`.
    relation : str
        See `Printed`.

    Raises
    ------
    ValueError
        If it is no number.
    """
    try:
        value = Decimal(digits.replace(",", ""))
    except InvalidOperation:
        raise ValueError(f"no number: {digits!r}") from None
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError(f"no finite number: {digits!r}")
    return Printed(text or digits, value, Decimal(1).scaleb(exponent), percent, relation)
