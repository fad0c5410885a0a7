"""How far what comes from outside may reach: ids, addresses, characters, paths."""

import re
from pathlib import Path

from evidence.errors import ParameterError

ID = re.compile(r"[a-z0-9][a-z0-9_]*")
"""Ids: names of files, of places in pages and of estimates are made of them."""

ID_WORDS = "an id of lower-case letters, digits and underscores, such as bdi_ii"
ADDRESS_WORDS = "an address that begins with http:// or https://, without spaces"
SEEN_WORDS = "text without invisible characters"

_ADDRESS = re.compile(r"https?://[^\s/?#\\<>\"]+[^\s<>\"]*", re.IGNORECASE)
# Controls (C0, C1) but tab and line feed; Default_Ignorable_Code_Point of the Unicode Character
# Database, in which bidirectional and zero-width characters are; line and paragraph separators,
# surrogates, private characters and noncharacters.
INVISIBLE = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5"
    "\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ud800-\\uf8ff"
    "\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb\\ufffe\\uffff\\U0001bca0-\\U0001bca3"
    "\\U0001d173-\\U0001d17a\\U000e0000-\\U0010ffff]"
)
"""Characters that no reader sees, or that change how others are shown."""


def visible(text: str) -> str:
    r"""Return a text with characters that no reader sees as their code points; lines stay.

    Examples
    --------
    >>> visible("a\x1b[2J\u202eb\r\n")
    'a[U+001B][2J[U+202E]b\n'
    """
    return INVISIBLE.sub(lambda found: f"[U+{ord(found[0]):04X}]", text.replace("\r\n", "\n"))


def is_address(text: str) -> bool:
    """Whether a text is the address of a page: http or https, and nothing that runs or reads.

    Examples
    --------
    >>> is_address("https://doi.org/10.1/x"), is_address("javascript:alert(1)")
    (True, False)
    """
    return _ADDRESS.fullmatch(text) is not None and INVISIBLE.search(text) is None


def inside(folder: Path, *parts: str) -> Path:
    """Return a path made from data; it is below a folder, whatever the data are.

    Parameters
    ----------
    folder : Path
        Where it has to be.
    parts : str
        Names from there.

    Raises
    ------
    ParameterError
        If it would lead to the folder itself or out of it, also by a link of the file system.
    """
    name = "/".join(parts)
    accepted = f"a path inside {folder.name}/"
    if INVISIBLE.search(name) or "\\" in name or ":" in name:
        raise ParameterError("path", name, accepted)
    path, home = folder.joinpath(*parts), folder.resolve()
    real = path.parent.resolve() / path.name
    if ".." in path.parts or home not in real.parents:
        raise ParameterError("path", name, accepted)
    return path
