"""One way of escaping per output format: data are text, never markup.

Cells of CSV files are escaped by `evidence.ledger.csv_cell`, which the ledger itself needs.
"""

import re
from html import escape

from evidence.data.safety import is_address, visible
from evidence.ledger import csv_cell
from evidence.terms import FreeText, words_of

__all__ = ["addressed", "csv_cell", "html", "markdown"]

_INLINE = re.compile(r"([\\`*_{}\[\]<>|~$&^@])")
_LINE_START = re.compile(r"^([#+\-=:%!]|\d+(?=[.)](?: |$)))")


def _words(text: str | FreeText) -> str:
    return words_of(text) if isinstance(text, FreeText) else text


def html(text: str | FreeText) -> str:
    """Return text for the content of an HTML element or a quoted attribute, all of it to be seen.

    Examples
    --------
    >>> html('<script>"&"</script>')
    '&lt;script&gt;&quot;&amp;&quot;&lt;/script&gt;'
    """
    return escape(visible(_words(text)), quote=True)


def addressed(address: str, shown: str) -> str:
    """Return text as HTML, as a link where it has an address that only leads to a page.

    Examples
    --------
    >>> addressed("https://a.org/?b&c", "A").split('"'), addressed("javascript:alert(1)", "A")
    (['<a href=', 'https://a.org/?b&amp;c', '>A</a>'], 'A')
    """
    name = html(shown)
    return f'<a href="{html(address)}">{name}</a>' if is_address(address) else name


def markdown(text: str | FreeText) -> str:
    r"""Return text for a line of Markdown; line ends become spaces.

    Examples
    --------
    >>> print(markdown("*a* <b> 1_2"))
    \*a\* \<b\> 1\_2
    """
    line = " ".join(visible(_words(text)).split())
    line = _INLINE.sub(r"\\\1", line)
    start = _LINE_START.match(line)
    if start is None:
        return line
    # "1." opens a list by its point, every other mark by itself.
    at = start.end() if start[0][0].isdigit() else 0
    return f"{line[:at]}\\{line[at:]}"
