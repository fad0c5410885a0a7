"""One way of escaping per output format: data are text, never markup.

Cells of CSV files are escaped by `evidence.ledger.csv_cell`, which the ledger itself needs.
"""

import re
from html import escape

from evidence.ledger import csv_cell

__all__ = ["csv_cell", "html", "markdown"]

# Characters that no HTML or XML document may contain, other than tab and line ends.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_INLINE = re.compile(r"([\\`*_{}\[\]<>|~$&^@])")
_LINE_START = re.compile(r"^([#+\-=:%!]|\d+(?=[.)](?: |$)))")


def html(text: str) -> str:
    """Return text for the content of an HTML element or a quoted attribute.

    Examples
    --------
    >>> html('<script>"&"</script>')
    '&lt;script&gt;&quot;&amp;&quot;&lt;/script&gt;'
    """
    return escape(_CONTROL.sub("\ufffd", text), quote=True)


def markdown(text: str) -> str:
    r"""Return text for a line of Markdown; line ends become spaces.

    Examples
    --------
    >>> print(markdown("*a* <b> 1_2"))
    \*a\* \<b\> 1\_2
    """
    line = " ".join(_CONTROL.sub("\ufffd", text).split())
    line = _INLINE.sub(r"\\\1", line)
    start = _LINE_START.match(line)
    if start is None:
        return line
    # "1." opens a list by its point, every other mark by itself.
    at = start.end() if start[0][0].isdigit() else 0
    return f"{line[:at]}\\{line[at:]}"
