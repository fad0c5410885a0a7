"""Numbers of a file as text: one decimal point, no thousands separators, every digit kept."""

import re

MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none", "nr", "ni", "-", "."})
"""What files write for a number that is not there, in lower case."""

MISSING_TEXT = frozenset({"", "na", "n/a", "#n/a", "nan", "null"})
"""The same for words; "none" is a word there."""

NUMBER = "a number, such as 13.2 or 13,2, or NA where there is none"

_PLAIN = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
_POINTS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?")
_COMMAS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_MINUS = str.maketrans(dict.fromkeys("\N{MINUS SIGN}\N{EN DASH}\N{HYPHEN}", "-"))


def missing(text: str) -> bool:
    """Return whether a cell of a column of numbers holds none."""
    return text.strip().lower() in MISSING


def with_point(text: str) -> str | None:
    """Return a number as text with a decimal point and its digits as they are.

    One comma or point alone is the decimal separator. Of both the last one is, and the other
    separates thousands; so do several of one kind.

    Parameters
    ----------
    text : str
        A cell.

    Returns
    -------
    str or None
        None where the cell is no number.

    Examples
    --------
    >>> with_point("-0,23"), with_point("1.234,50"), with_point("1,234,567"), with_point("abc")
    ('-0.23', '1234.50', '1234567', None)
    """
    plain = text.strip().translate(_MINUS)
    if _PLAIN.fullmatch(plain):
        return plain.replace(",", ".").removeprefix("+")
    for pattern, thousands in ((_POINTS, "."), (_COMMAS, ",")):
        if pattern.fullmatch(plain):
            return plain.replace(thousands, "").replace(",", ".").removeprefix("+")
    return None


def decimals(text: str) -> int:
    """Return the number of digits behind the point of a number with a decimal point.

    Examples
    --------
    >>> decimals("-0.230"), decimals("12"), decimals("1.5e-3")
    (3, 0, 4)
    """
    mantissa, _, exponent = text.lower().partition("e")
    return max(0, len(mantissa.partition(".")[2]) - int(exponent or 0))
