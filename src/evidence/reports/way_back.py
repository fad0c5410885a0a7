"""From the place that tells where a number comes from, back to where the page shows the number."""

import re

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
