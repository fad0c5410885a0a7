"""Files of a data package as text, with one meaning whatever program wrote them."""

import json
from pathlib import Path
from typing import Any

from evidence.validation.faults import Faults


def read_text(folder: Path, name: str, faults: Faults) -> str | None:
    """Read a file as UTF-8 with line breaks as LF and without a byte order mark.

    Parameters
    ----------
    folder : Path
        Folder of the data package.
    name : str
        Name of the file in it.
    faults : Faults
        Where a file that is missing, unreadable or not text is reported.

    Returns
    -------
    str or None
        None where a fault was found.
    """
    try:
        content = (folder / name).read_bytes()
    except FileNotFoundError:
        faults.add(name, "this file in the data package")
        return None
    except OSError as error:
        faults.add(name, f"a file that can be read ({error.strerror})")
        return None
    try:
        # Spreadsheets begin UTF-8 files with a byte order mark; "utf-8-sig" drops it.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        faults.add(
            name,
            'text in UTF-8; spreadsheets offer it as "CSV UTF-8"',
            row=error.object.count(b"\n", 0, error.start) + 1,
            value=f"byte 0x{byte:02X}",
        )
        return None
    # A cell with a line break has the same meaning on every system.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        faults.add(
            name,
            "text without NUL characters",
            row=text.count("\n", 0, text.index("\0")) + 1,
            value="\0",
        )
        return None
    return text


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def parse_json(text: str, name: str, faults: Faults) -> Any:
    """Parse JSON; None, and a fault, where it is broken."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        faults.add(name, f"valid JSON ({error.msg} at column {error.colno})", row=error.lineno)
    except (ValueError, RecursionError) as error:
        faults.add(name, f"valid JSON ({error})")
    return None
