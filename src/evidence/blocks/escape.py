"""One way of escaping per output format, and back: data are text, never markup.

What is shown has one form, its markup; the lines of a terminal and the cells of a table are read
from it here. Cells of CSV files are escaped by `evidence.ledger.csv_cell`, which the ledger needs.
"""

import re
from html import escape, unescape

from evidence.data.safety import is_address, visible
from evidence.ledger import csv_cell
from evidence.terms import FreeText, words_of

__all__ = ["addressed", "csv_cell", "html", "lines", "markdown", "plain", "table_cells"]

# Within a word "_" is no markup, and an id with it can be copied.
_INLINE = re.compile(r"([\\`*{}\[\]<>|~$&^@]|(?<![^\W_])_|_(?![^\W_]))")
_LINE_START = re.compile(r"^([#+\-=:%!]|\d+(?=[.)](?: |$)))")
_ELEMENT = re.compile(r"<[^>]*>")
_AS_IT_STANDS = re.compile(r"<pre\b[^>]*>(.*?)</pre>", re.DOTALL)
_TABLE = re.compile(r"<table\b[^>]*>(.*?)</table>", re.DOTALL)
_ROW = re.compile(r"<tr\b[^>]*>(.*?)</tr>", re.DOTALL)
_CELL = re.compile(r"<(t[hd])\b[^>]*>(.*?)</\1>", re.DOTALL)
# What is no part of a line ends it; a term, its first meaning, and large type stand in one.
_BREAK = re.compile(r"<(?!/?(?:a|b|code|dd|em|small|span|strong)\b)[^>]*>")
_OPENS_ITEM = re.compile(r"<li\b[^>]*>")
_LEADS = re.compile(r"</b>|</dt>")
_SPACE = re.compile(r"[ \t\r\n]+")


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


def plain(markup: str) -> str:
    """Return the text of a line of HTML."""
    return unescape(_ELEMENT.sub("", markup))


def _cell(markup: str) -> str:
    """Return a cell in one line of HTML; a break in it becomes "; ", after a sentence a space."""
    parts = (one.strip() for one in _BREAK.split(markup))
    return "; ".join(one for one in parts if one).replace(".; ", ". ")


def _cells(row: str) -> list[str]:
    return [_cell(one) for _, one in _CELL.findall(row)]


def lines(markup: str) -> str:
    """Return markup made from escaped parts as lines of text.

    Examples
    --------
    >>> print(lines("<p>So <b>2 &lt; 3</b>true</p><ul><li>one</li></ul>"))
    So 2 < 3: true
    - one
    >>> print(lines("<table><tr><th>a</th><td>b<br>c</td></tr></table><pre>  d</pre>"))
    a | b; c
      d
    """
    found: list[str] = []
    for place, part in enumerate(_AS_IT_STANDS.split(markup)):
        if place % 2:
            found.append(unescape(part))
            continue
        part = _ROW.sub(lambda row: f"<tr>{' | '.join(_cells(row[1]))}</tr>", part)
        part = _OPENS_ITEM.sub("<li>- ", _LEADS.sub(": ", part.replace("</dd><dd>", "<br>")))
        made = (_SPACE.sub(" ", plain(line)).strip(" ") for line in _BREAK.split(part))
        found += [line for line in made if line]
    return "\n".join(found)


def table_cells(markup: str) -> list[list[list[str]]]:
    """Return the cells of each table in markup, row by row as they are shown, headings first."""
    return [
        [[_SPACE.sub(" ", plain(one)) for one in _cells(row)] for row in _ROW.findall(table)]
        for table in _TABLE.findall(markup)
    ]


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
    >>> print(markdown("*a* <b> _1_2"))
    \*a\* \<b\> \_1_2
    """
    line = " ".join(visible(_words(text)).split())
    line = _INLINE.sub(r"\\\1", line)
    start = _LINE_START.match(line)
    if start is None:
        return line
    # "1." opens a list by its point, every other mark by itself.
    at = start.end() if start[0][0].isdigit() else 0
    return f"{line[:at]}\\{line[at:]}"
