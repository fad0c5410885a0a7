"""Links that a page gets: back from where a number comes from, and to words of method."""

import re
from collections.abc import Mapping

_NUMBER = re.compile(r'<a class="n" href="#([^"]+)">')
_PLACE = re.compile(r'<(article|tr|li|dt)(?: class="[\w ]+")? id="([^"]+)" tabindex="-1">')
_BACK = re.compile(r' <a class="back" href="[^"]+" aria-label="[^"]+">[^<]*</a>')
_NAMED = re.compile(r'(<a class="n") id="from-[^"]+"')
# Where the way back stands: after the number that a place begins with, at the end of its heading,
# or at its own end.
_NUMBER_FIRST = "<b>"
_END = {"article": "</h4>", "tr": "</th>", "li": "</li>", "dt": "</dt>"}


def shown_at(place: str) -> str:
    """Return the id of the link by which a page first shows the number of a place."""
    return f"from-{place}"


def with_ways_back(page: str) -> str:
    """Return a page whose places of numbers lead back to the first link that leads to them.

    A browser that goes back scrolls to the number and leaves the keyboard at its place; a link
    takes both along.

    Parameters
    ----------
    page : str
        HTML.

    Examples
    --------
    >>> text = '<a class="n" href="#n-a">1</a><ul><li id="n-a" tabindex="-1">One</li></ul>'
    >>> print(with_ways_back(text).partition("<ul>")[0])
    <a class="n" id="from-n-a" href="#n-a">1</a>
    """
    shown: set[str] = set()

    def name(link: re.Match[str]) -> str:
        if link[1] in shown:
            return link[0]
        shown.add(link[1])
        return f'<a class="n" id="{shown_at(link[1])}" href="#{link[1]}">'

    page = _NUMBER.sub(name, page)
    parts = []
    done = 0
    for place in _PLACE.finditer(page):
        if place[2] not in shown:
            continue
        if page.startswith(_NUMBER_FIRST, place.end()):
            end = page.index("</b>", place.end()) + len("</b>")
        else:
            end = page.index(_END[place[1]], place.end())
        back = f' <a class="back" href="#{shown_at(place[2])}" aria-label="back to the text">↩</a>'
        parts += [page[done:end], back]
        done = end
    return "".join([*parts, page[done:]])


def without_ways_back(page: str) -> str:
    """Return a page without them, for a document whose reader goes back in other ways.

    Parameters
    ----------
    page : str
        HTML.

    Examples
    --------
    >>> text = '<a class="n" href="#n-a">1</a><ul><li id="n-a" tabindex="-1">One</li></ul>'
    >>> without_ways_back(with_ways_back(text)) == text
    True
    """
    return _NAMED.sub(r"\1", _BACK.sub("", page))


_TOKEN = re.compile(r"<!--.*?-->|<[^>]*>|[^<]+", re.DOTALL)
_NAME = re.compile(r"</?([a-z0-9]+)")
_APART = frozenset(
    "a button caption code h1 h2 h3 h4 nav script style summary svg title".split()  # noqa: SIM905
)
"""Elements in which no word leads anywhere else."""
_TERM = re.compile(r'<a class="term" href="[^"]+">([^<]*)</a>')


def with_terms(page: str, places: Mapping[str, str]) -> str:
    """Return a page whose words of method lead, where they first stand, to what they mean.

    Parameters
    ----------
    page : str
        HTML.
    places : mapping of str to str
        Address of what each word means.

    Examples
    --------
    >>> page = "<main><p>Odds ratio, odds ratio</p></main>"
    >>> without_terms(with_terms(page, {"odds ratio": "glossary.html"})) == page
    True
    """
    left = dict(places)
    inside: list[str] = []
    parts = []
    for token in _TOKEN.findall(page):
        if token.startswith("<"):
            found = _NAME.match(token)
            name = found[1] if found else ""
            if name in _APART or name == "main":
                if token.startswith("</"):
                    inside = inside[:-1]
                elif not token.endswith("/>"):
                    inside.append(name)
            parts.append(token)
        elif inside == ["main"] and left:
            parts.append(_first(token, left))
        else:
            parts.append(token)
    return "".join(parts)


def _first(text: str, left: dict[str, str]) -> str:
    """Return a text with a link at the first of each word that has none yet."""
    words = "|".join(re.escape(one) for one in sorted(left, key=len, reverse=True))
    linked: set[str] = set()

    def link(found: re.Match[str]) -> str:
        address = left[found[0].lower()]
        if address in linked:
            return found[0]
        linked.add(address)
        return f'<a class="term" href="{address}">{found[0]}</a>'

    made = re.sub(rf"(?<![\w-])(?:{words})(?![\w-])", link, text, flags=re.IGNORECASE)
    for word in [one for one in left if left[one] in linked]:
        del left[word]
    return made


def without_terms(page: str) -> str:
    """Return a page without links to words of method, for a document that stands alone."""
    return _TERM.sub(r"\1", page)
