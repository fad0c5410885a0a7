"""Links that a page gets: to cards, back from where a number is from, and to words of method."""

import re
from collections.abc import Collection, Mapping

_NUMBER = re.compile(r'<a class="n" href="#([^"]+)">')
_PLACE = re.compile(r'<(article|tr|li|dt)(?: class="[\w ]+")? id="([^"]+)" tabindex="-1">')
_BACK = re.compile(r' <a class="back" href="[^"]+" aria-label="[^"]+">[^<]*</a>')
_NAMED = re.compile(r'(<a class="n") id="from-[^"]+"')
# Where the way back stands: after the number that a place begins with, at the end of its heading,
# or at its own end.
_NUMBER_FIRST = "<b>"
_END = {"article": "</h4>", "tr": "</th>", "li": "</li>", "dt": "</dt>"}


_ON_CARDS = re.compile(r'<section class="on-cards">.*?</section>\n', re.DOTALL)
_CARD_LINE = re.compile(r'<li id="([^"]+)" tabindex="-1"><b><a href="([^"#]+)\.html#\1">')
_LEADING = re.compile(r'href="#([^"]+)"')
_LISTED = re.compile(r'<li id="((?:source|set|method)-\d+)" tabindex="-1">.*?</li>\n')
_NUMBERED = re.compile(r'(id="|href="#)(source|set|method)-(\d+)"((?: tabindex="-1")?>)([^<]*)')
_NOT_SHOWN = re.compile(
    r'<li id="(n-[^"]+)" tabindex="-1"><b>[^\n]*<span class="what">[^\n]*</li>\n'
)
_NOTHING_LEFT = (
    re.compile(r'<h3 id="sources">[^<]*</h3>\n(?:<p>[^<]*</p>\n)?<ol class="sources">\n</ol>\n'),
    re.compile(
        r'<p>(?:Methods|Other methods|Sets of numbers)[^<]*</p>\n<ol class="sets">\n</ol>\n'
    ),
    re.compile(r'(?:<p class="shared">[^<]*</p>\n)?<ul class="lines">\n</ul>\n'),
    re.compile(r"<h3>[^<]*</h3>\n(?=<h3|</details>)"),
    re.compile(r'<details>\n<summary class="again">[^<]*</summary>\n</details>\n'),
)
_LABEL = re.compile(r'<span class="what">.*?</span>(?:; )?')
_RUN = re.compile(r'<p class="shared">[^<]*</p>\n(<ul class="lines">\n.*?</ul>\n)', re.DOTALL)
_NEXT_RUN = '</ul>\n<ul class="lines">\n'


def to_cards(page: str, reports: Collection[str]) -> str:
    """Return a page whose numbers of single trials lead to the cards of their trials.

    Lines that a notebook alone needs are left out, and sources that nothing else names. The index
    leads to the first link of a number.

    Parameters
    ----------
    page : str
        HTML.
    reports : collection of str
        Names of the reports that stand beside it; where a card is missing, lines stay.
    """
    moved: dict[str, str] = {}
    shown: set[str] = set()

    def first(link: re.Match[str]) -> str:
        if link[1] in shown or link[1] not in moved:
            return link[0]
        shown.add(link[1])
        return f'<a class="n" id="{shown_at(link[1])}" href="#{link[1]}">'

    def taken(section: re.Match[str]) -> str:
        places = dict(_CARD_LINE.findall(section[0]))
        if not set(places.values()) <= set(reports):
            return section[0]
        moved.update({place: f"{card}.html#{place}" for place, card in places.items()})
        return ""

    page = _ON_CARDS.sub(taken, page)
    if not moved:
        return page
    page = _NUMBER.sub(first, page)
    page = _LEADING.sub(lambda one: f'href="{moved.get(one[1], f"#{one[1]}")}"', page)
    return _without_orphans(page)


def without_what_is_not_shown(page: str) -> str:
    """Return a page that tells of no number but those that it shows, and names no other origins.

    Parameters
    ----------
    page : str
        HTML, as yet without ways back.
    """
    named = set(_LEADING.findall(page))
    return _without_orphans(_NOT_SHOWN.sub(lambda one: one[0] if one[1] in named else "", page))


def _named_alone(page: str) -> str:
    named = set(_LEADING.findall(page))
    return _LISTED.sub(lambda one: one[0] if one[1] in named else "", page)


def _without_orphans(page: str) -> str:
    """Return a page without origins that nothing names, the others numbered anew."""
    # A set that goes may have been all that named a source.
    for _ in ("set", "source"):
        page = _named_alone(page)
    for nothing in _NOTHING_LEFT:
        page = nothing.sub("", page)
    place: dict[str, str] = {}
    count: dict[str, int] = {}
    for one in _LISTED.finditer(page):
        kind = one[1].partition("-")[0]
        count[kind] = count.get(kind, 0) + 1
        place[one[1]] = str(count[kind])

    def numbered(link: re.Match[str]) -> str:
        new = place.get(f"{link[2]}-{link[3]}", link[3])
        shown = link[5]
        if link[1].startswith("href"):
            shown = {f"[{link[3]}]": f"[{new}]"}.get(shown, shown)
            shown = {f"{link[2]} {link[3]}": f"{link[2]} {new}"}.get(shown, shown)
        return f'{link[1]}{link[2]}-{new}"{link[4]}{shown}'

    return _NUMBERED.sub(numbered, page)


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
        # Its arrow is a matter of style.
        back = f' <a class="back" href="#{shown_at(place[2])}" aria-label="back to the text"></a>'
        parts += [page[done:end], back]
        done = end
        # What it is stands where the page shows it.
        label = _LABEL.match(page, end + 1)
        if label:
            parts.append(" ")
            done = label.end()
    return _RUN.sub(_unlabelled, "".join([*parts, page[done:]])).replace(_NEXT_RUN, "")


def _unlabelled(run: re.Match[str]) -> str:
    """Return a run of lines without what they share where none needs it."""
    return run[0] if '<span class="what">' in run[1] else run[1]


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
