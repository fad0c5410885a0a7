"""What a finished page must hold to: it opens alone, runs nothing, and its links lead somewhere.

A page that does is sealed: its policy names its own style sheets and scripts and nothing else.
"""

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from html.parser import HTMLParser

from evidence.blocks.output import TAKEN
from evidence.data.safety import INVISIBLE
from evidence.errors import RenderError

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
# Browsers pass over these in an address, also in the middle of its scheme.
_PASSED_OVER = re.compile(r"[\x00-\x20]")
# Files that a page carries and hands out; nothing in them is opened or run.
_SAVED = tuple(f"data:{kind};base64," for kind in TAKEN.values())
_SCHEMES = ("http", "https", "mailto")
# Browsers read \ as /, and two of them lead to another host.
_OTHER_HOST = re.compile(r"\\|/[/\\]")
_FETCHING = re.compile(r"@import|url\(\s*['\"]?(?!#|['\"]?#)", re.IGNORECASE)
_ACTIVE = ("iframe", "object", "embed", "link", "base", "frame", "applet")
_SHEET = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_HEAD = '<meta charset="utf-8">\n'
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: Counter[str] = Counter()
        self.fragments: list[str] = []
        self.faults: list[str] = []
        self.scripts = 0
        self._heading = 0
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self._inside = tag
        if "id" in values:
            self.ids[values["id"]] += 1
        if tag == "script":
            self.scripts += 1
        if tag in _ACTIVE:
            self.faults.append(f"an element {tag}")
        if tag == "img" and not values.get("alt"):
            self.faults.append("an image without alternative text")
        if tag in _HEADINGS:
            level = _HEADINGS[tag]
            if level > self._heading + 1:
                self.faults.append(f"a heading {tag} below level {self._heading}")
            self._heading = level
        for name, value in values.items():
            self._attribute(tag, name, value, saved="download" in values)

    def _attribute(self, tag: str, name: str, value: str, *, saved: bool) -> None:
        if name.startswith("on"):
            self.faults.append(f"an attribute {name}")
        elif name in ("href", "xlink:href"):
            plain = _PASSED_OVER.sub("", value)
            scheme = _SCHEME.match(plain)
            if value.startswith("#"):
                self.fragments.append(value[1:])
            elif tag == "a" and saved and value.startswith(_SAVED):
                pass
            elif (
                tag != "a"
                or _OTHER_HOST.match(plain)
                or (scheme and scheme[1].lower() not in _SCHEMES)
            ):
                self.faults.append(f"a link to {value!r}")
        elif name in ("src", "srcset", "action", "formaction", "poster", "background"):
            if not value.startswith("data:image/"):
                self.faults.append(f"an attribute {name} that leads to {value!r}")
        elif name == "style" and _FETCHING.search(value):
            self.faults.append(f"a style that fetches: {value!r}")

    def handle_data(self, data: str) -> None:
        if self._inside == "style" and _FETCHING.search(data):
            self.faults.append("a style sheet that fetches")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""


def faults(page: str, *, anchors: Iterable[str] = (), scripts: int = 0) -> tuple[str, ...]:
    """Return what is wrong with a page, each fault as the end of a sentence.

    Parameters
    ----------
    page : str
        HTML.
    anchors : iterable of str
        Ids that must be in it.
    scripts : int
        How many scripts it may have.
    """
    parsed = _Page()
    parsed.feed(page)
    parsed.close()
    found = list(parsed.faults)
    if parsed.scripts != scripts:
        found.append(f"{parsed.scripts} scripts, expected {scripts}")
    found += [f"the id {one!r} {n} times" for one, n in sorted(parsed.ids.items()) if n > 1]
    hidden = dict.fromkeys(f"U+{ord(one):04X}" for one in INVISIBLE.findall(page))
    found += [f"a character that nobody sees, {one}" for one in hidden]
    missing = sorted(set(parsed.fragments) - set(parsed.ids) - {""})
    found += [f"links to #{one}, which is not there" for one in missing]
    found += [
        f"no place {one!r} for a number of the ledger"
        for one in sorted(set(anchors) - set(parsed.ids) - set(missing))
    ]
    return tuple(dict.fromkeys(found))


def sealed(page: str) -> str:
    """Return a page without faults with the policy that browsers hold it to, as its first element.

    Its own style sheets and scripts are allowed by what they are (SHA-256); drawings have styles as
    attributes, which cannot be named so by all browsers and fetch nothing, since nothing may be
    fetched. Pictures stand in the page.

    Parameters
    ----------
    page : str
        HTML in its last form.

    Raises
    ------
    RenderError
        If it has no head that the policy could follow.
    """
    if _HEAD not in page:
        raise RenderError("a page without its first line has no place for a policy of browsers")
    sheets, scripts = (
        " ".join(
            f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'"
            for one in dict.fromkeys(kind.findall(page))
        )
        or "'none'"
        for kind in (_SHEET, _SCRIPT)
    )
    policy = (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; style-src-attr "
        f"'unsafe-inline'; style-src-elem {sheets}; script-src {scripts}; base-uri 'none'; "
        "form-action 'none'"
    )
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
    return page.replace(_HEAD, _HEAD + meta, 1)
