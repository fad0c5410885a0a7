"""Files of a data package with rows added: what stood there stays, and how it is written."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

BOM = b"\xef\xbb\xbf"

_LINE_ENDS = re.compile(r"\r\n|\n|\r")


def with_rows(
    content: bytes, columns: Sequence[str], rows: Iterable[Mapping[str, str]]
) -> tuple[bytes, int]:
    """Return a CSV file with rows at its end.

    Parameters
    ----------
    content : bytes
        The file; its line ends and its byte order mark stay.
    columns : sequence of str
        Columns in the order of the file.
    rows : iterable of mappings
        Cells by column, each on one line; a column that is not in it stays empty.

    Returns
    -------
    content : bytes
        The file with the rows.
    line : int
        Line of the first of them; the header is line 1.
    """
    text = content.decode("utf-8")
    end = _line_end(text)
    # Empty lines at the end are no records, but would be between two.
    kept = text.rstrip("\r\n")
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator=end)
    for row in rows:
        writer.writerow([row.get(column, "") for column in columns])
    line = len(_LINE_ENDS.findall(kept)) + 2
    return f"{kept}{end}{buffer.getvalue()}".encode(), line


def with_items(content: bytes, items: Sequence[Mapping[str, Any]]) -> bytes:
    """Return a JSON file, a list of objects, with items at its end, written as those before."""
    text = content.decode("utf-8")
    end = _line_end(text)
    body = text.rstrip()
    kept = body.removesuffix("]").rstrip()
    written = [
        "\n".join(f"  {line}" for line in json.dumps(one, ensure_ascii=False, indent=2).split("\n"))
        for one in items
    ]
    first = "" if kept.endswith("[") else ","
    added = first + "\n" + ",\n".join(written) + "\n]"
    return (kept + added.replace("\n", end) + text[len(body) :]).encode()


def with_version(content: bytes, old: str, new: str) -> bytes:
    """Return the descriptor of a data package with another version and all else as it was.

    Raises
    ------
    ValueError
        If the version does not stand there so that it alone can be changed.
    """
    text = content.decode("utf-8")
    described = json.loads(text.removeprefix(BOM.decode()))
    wanted = described | {"version": new}
    for found in re.finditer(rf'("version"\s*:\s*"){re.escape(old)}(")', text):
        changed = f"{text[: found.start()]}{found[1]}{new}{found[2]}{text[found.end() :]}"
        if json.loads(changed.removeprefix(BOM.decode())) == wanted:
            return changed.encode()
    raise ValueError(old)


def raised(version: str) -> str:
    """Return a version with its middle number raised, as for a new trial.

    Raises
    ------
    ValueError
        If it is not three numbers with points between.

    Examples
    --------
    >>> raised("1.0.3")
    '1.1.0'
    """
    major, minor, _ = map(int, version.split("."))
    return f"{major}.{minor + 1}.0"


def _line_end(text: str) -> str:
    """Return the line end of the last line that has one."""
    ends = _LINE_ENDS.findall(text)
    return ends[-1] if ends else "\n"
