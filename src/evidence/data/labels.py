"""Labels of trials: names and year in one style, and a key by which two spellings are one."""

import re
import unicodedata
from typing import NamedTuple

_YEAR = r"(?:19|20)\d\d[a-z]?"
_LABEL = re.compile(
    rf"(?P<names>.+?)[\s,]*\(?(?P<year>{_YEAR}(?:\s*[,;&/]\s*{_YEAR})*)\)?\.?", re.IGNORECASE
)


class Label(NamedTuple):
    """The label of a study: names as printed, the year or years with letters; may have no year."""

    names: str
    year: str

    @property
    def text(self) -> str:
        """Names and year in one style."""
        return f"{self.names} {self.year}".strip()

    @property
    def key(self) -> str:
        """First name and year in lower case without accents: the same for two spellings."""
        first = re.split(r"[,&]|\bet al\b|\band\b", self.names, maxsplit=1)[0]
        return f"{slug(first)}_{slug(self.year) if self.year else ''}"


def read_label(text: str) -> Label:
    """Return names and year of a study label, whatever its style.

    Examples
    --------
    >>> read_label("Diamond, 2002").text, read_label("Johansen et al. (2022)").text
    ('Diamond 2002', 'Johansen et al. 2022')
    >>> read_label("Challacombe,2017").key
    'challacombe_2017'
    """
    plain = " ".join(text.split())
    found = _LABEL.fullmatch(plain)
    if found is None:
        return Label(plain, "")
    return Label(found["names"].strip(" ,"), found["year"].lower())


def slug(text: str) -> str:
    """Return text as the part of an id: lower-case letters, digits and underscores.

    Examples
    --------
    >>> slug("Löbner, 2018 (BDI-II)")
    'lobner_2018_bdi_ii'
    """
    letters = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o"))
    plain = "".join(one for one in letters if not unicodedata.combining(one))
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_") or "not_named"
