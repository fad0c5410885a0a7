"""Values of an entry: from what a person writes to the text of cells, digits untouched."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from evidence.data.safety import ADDRESS_WORDS, ID, ID_WORDS, INVISIBLE, SEEN_WORDS, is_address

_TYPOGRAPHY = str.maketrans({
    "\N{MINUS SIGN}": "-",
    "\N{EN DASH}": "-",
    "\N{NON-BREAKING HYPHEN}": "-",
    "\N{MIDDLE DOT}": ".",
})  # fmt: skip
NUMBER = re.compile(r"([+-]?)((\d+)(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_P = re.compile(r"(?:[pP]\s*)?([<=\N{LESS-THAN OR EQUAL TO}]?)\s*(.+)")
_INTERVAL = re.compile(r"[\[(]?\s*(\S+?)\s*(?:\bto\b|[,;]|\s[-\N{EN DASH}]\s)\s*(\S+?)\s*[\])]?")
_DIGITS = r"([+\N{MINUS SIGN}\N{EN DASH}-]?[\d.\N{MIDDLE DOT}]+)%?"
_SPAN = re.compile(r"[\[(]?\s*" + _DIGITS + r"[-\N{EN DASH}\N{EM DASH}]" + _DIGITS + r"\s*[\])]?")
_ABOUT = re.compile(
    r"(?:[~\N{ALMOST EQUAL TO}\N{TILDE OPERATOR}]|about|approximately|ca\.?)\s*(\d+)", re.IGNORECASE
)
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_DOI = re.compile(r"10\.\d{4,9}/\S+")


class RefusedError(ValueError):
    """A value that is not accepted; its message says what is."""


def text(value: Any) -> str:
    """Return a text with single spaces.

    Raises
    ------
    RefusedError
        For a list, a mapping, true, false, or characters that no reader sees.
    """
    if not isinstance(value, str):
        raise RefusedError("text or a number")
    line = " ".join(value.split())
    found = INVISIBLE.search(line)
    if found:
        raise RefusedError(f"{SEEN_WORDS} (U+{ord(found[0]):04X})")
    return line


def address(value: Any) -> str:
    """Return the address of a page; an empty one stays.

    Raises
    ------
    RefusedError
        For what is neither http nor https.
    """
    written = text(value)
    if written and not is_address(written):
        raise RefusedError(ADDRESS_WORDS)
    return written


def number(value: Any) -> str:
    """Return a number with the digits written, in the form of cells.

    A typographic minus becomes a hyphen, ".18" becomes "0.18"; what is no number stays as it is,
    for the checks of the data package to refuse.

    Examples
    --------
    >>> number("\N{MINUS SIGN}13.20"), number(".18"), number("70.0")
    ('-13.20', '0.18', '70.0')
    """
    written = text(value)
    plain = written.translate(_TYPOGRAPHY)
    found = NUMBER.fullmatch(plain)
    if found is None:
        return written
    return f"{found[1]}0{plain[len(found[1]) :]}" if found[3] is None else plain


def percent(value: Any) -> str:
    """Return a number that may be written with a percent sign."""
    written = text(value)
    return number(written.removesuffix("%").rstrip())


def interval(value: Any) -> tuple[str, str]:
    """Return the limits of an interval, "" for one that is not printed.

    Parameters
    ----------
    value : list of two or str
        ``[52.6, 87.4]``, ``["", 87.4]`` or ``"52.6 to 87.4"``.

    Raises
    ------
    RefusedError
        If there are not two.

    Examples
    --------
    >>> interval(["52.6", "87.4"]), interval("-19.57 to -6.84"), interval("52.6\N{EN DASH}87.4%")
    (('52.6', '87.4'), ('-19.57', '-6.84'), ('52.6', '87.4'))
    """
    limits = value
    if isinstance(value, str):
        written = text(value).removesuffix("%")
        found = _SPAN.fullmatch(written) or _INTERVAL.fullmatch(written)
        limits = [] if found is None else [found[1], found[2]]
    if not isinstance(limits, list) or len(limits) != 2:
        raise RefusedError('two limits, such as [52.6, 87.4] or "52.6 to 87.4"')
    low, high = (percent(one) for one in limits)
    return low, high


def p_value(value: Any) -> tuple[str, str]:
    """Return a p and whether it is printed as equal or as below.

    Raises
    ------
    RefusedError
        For what is neither, such as "ns".

    Examples
    --------
    >>> p_value("< .001"), p_value("0.18"), p_value("p = .003")
    (('0.001', 'below'), ('0.18', 'equal'), ('0.003', 'equal'))
    """
    found = _P.fullmatch(text(value))
    p = "" if found is None else number(found[2])
    if found is None or NUMBER.fullmatch(p) is None:
        raise RefusedError(
            'p as printed, such as 0.18 or "< .001"; where only "ns" or p above a '
            "value is printed, leave it out and write a [[direction]]"
        )
    return p, "equal" if found[1] in ("", "=") else "below"


def pair(value: Any) -> tuple[str, str]:
    """Return one or two numbers, as degrees of freedom are.

    Raises
    ------
    RefusedError
        For more than two.

    Examples
    --------
    >>> pair(["1", "127"]), pair("31.05")
    (('1', '127'), ('31.05', ''))
    """
    if isinstance(value, list):
        if len(value) != 2:
            raise RefusedError("one number, or two in brackets such as [1, 127]")
        return number(value[0]), number(value[1])
    return number(value), ""


def two(value: Any) -> tuple[str, str]:
    """Return two numbers: intervention first.

    Raises
    ------
    RefusedError
        If there are not two.
    """
    if not isinstance(value, list) or len(value) != 2:
        raise RefusedError("two numbers, the intervention first, such as [35, 31]")
    return size(value[0]), size(value[1])


def size(value: Any) -> str:
    """Return a number of participants; of "~47" or "about 47" the number.

    Examples
    --------
    >>> size("47"), size("~47"), size("about 47")
    ('47', '47', '47')
    """
    found = _ABOUT.fullmatch(text(value))
    return number(value) if found is None else found[1]


def approximate(value: Any) -> str:
    """Return sizes that are not printed as exact, as they are written; empty for others."""
    each = value if isinstance(value, list) else [value]
    found = [one for one in each if isinstance(one, str) and _ABOUT.fullmatch(text(one))]
    return ", ".join(found)


def date_parts(value: Any) -> list[int]:
    """Return year, month and day, as far as given.

    Raises
    ------
    RefusedError
        For what is no date.

    Examples
    --------
    >>> date_parts("2010"), date_parts("2021-07-16")
    ([2010], [2021, 7, 16])
    """
    found = _DATE.fullmatch(text(value))
    given = [] if found is None else [int(one) for one in found.groups() if one is not None]
    limits = zip(given[1:], (12, 31), strict=False)
    if not given or not all(1 <= one <= most for one, most in limits):
        raise RefusedError("a year, or a date such as 2021-07-16")
    return given


def doi(value: Any) -> str:
    """Return a DOI without the address of a resolver.

    Raises
    ------
    RefusedError
        For what is no DOI.

    Examples
    --------
    >>> doi("https://doi.org/10.1016/j.jaac.2009.11.002")
    '10.1016/j.jaac.2009.11.002'
    """
    found = re.sub(r"^(https?://(dx\.)?doi\.org/|doi:\s*)", "", text(value), flags=re.IGNORECASE)
    if _DOI.fullmatch(found) is None:
        raise RefusedError("a DOI, such as 10.1016/j.jaac.2009.11.002")
    return found


def person(value: Any) -> dict[str, str]:
    """Return an author as CSL has it.

    Parameters
    ----------
    value : str or dict
        "Family, Given"; without a comma an organization. Or a mapping with ``family`` and
        ``given``, or ``literal``.

    Raises
    ------
    RefusedError
        For anything else.

    Examples
    --------
    >>> person("Diamond, G. S."), person("Drexel University")
    ({'family': 'Diamond', 'given': 'G. S.'}, {'literal': 'Drexel University'})
    """
    if isinstance(value, dict):
        if not value or not set(value) <= {"family", "given", "literal"}:
            raise RefusedError("an author with family and given, or literal")
        return {key: text(one) for key, one in value.items()}
    name = text(value)
    family, comma, given = (part.strip() for part in name.partition(","))
    if not family:
        raise RefusedError('an author as "Family, Given"')
    return {"family": family, "given": given} if comma and given else {"literal": name}


def identifier(value: Any) -> str:
    """Return an id.

    Raises
    ------
    RefusedError
        For other characters than lower-case letters, digits and underscores.
    """
    written = text(value)
    if ID.fullmatch(written) is None:
        raise RefusedError(ID_WORDS)
    return written


Reader = Callable[[Any], tuple[str, ...]]

READERS: Mapping[str, Reader] = {
    "text": lambda value: (text(value),),
    "id": lambda value: (identifier(value),),
    "address": lambda value: (address(value),),
    "number": lambda value: (number(value),),
    "size": lambda value: (size(value),),
    "percent": lambda value: (percent(value),),
    "interval": interval,
    "p": p_value,
    "df": pair,
    "sizes": two,
}
"""How each kind of key is read; as many texts as the key has columns."""
