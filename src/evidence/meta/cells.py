"""The cells of a file: text with a separator, or the first sheet with a table of a workbook."""

import codecs
import csv
import io
import lzma
import re
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from evidence.errors import DataError, Fault

LARGEST = 50_000_000
"""Bytes of a file, and of what a workbook unpacks to."""

SEPARATORS = {"\t": "tabs", ";": "semicolons", ",": "commas"}
WANTED = "a table as CSV (commas, semicolons or tabs) or XLSX, column names in its first line"
# What openpyxl and zipfile let through of a workbook that is damaged or encrypted.
_NOT_WHOLE = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError),
    *(SyntaxError, TypeError, ValueError),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")

Cell = str | int | float
Line = tuple[int, list[Cell]]
"""A line of the file and its cells; "" where one is empty."""


@dataclass(frozen=True, slots=True)
class Cells:
    """How a file was read, its separator ("" for a workbook), and its lines that hold something."""

    how: str
    separator: str
    lines: list[Line]


def refuse(file: str, expected: str, row: int | None = None, value: str | None = None) -> NoReturn:
    """Raise the one fault of a file."""
    raise DataError([Fault(file, row, None, value, expected)], of=file)


def short(text: str) -> str:
    """Return a text on one line, of a length to read in an error."""
    line = " ".join(text.split())
    return line if len(line) <= 300 else f"{line[:299]}…"


def even(cells: list[Cell], width: int) -> bool:
    """Return whether a line is as long as its header, or longer by empty cells alone."""
    # Spreadsheets end lines with separators for columns that hold nothing.
    return len(cells) >= width and not any(cell != "" for cell in cells[width:])


def read_cells(path: Path) -> Cells:
    """Read the cells of a file, text with one space where it has several or a line break.

    Raises
    ------
    DataError
        If the file cannot be read, is neither text nor a workbook, or holds nothing.
    """
    file = path.name
    try:
        if path.stat().st_size > LARGEST:
            refuse(file, f"a file of at most {LARGEST // 1_000_000} megabytes")
        content = path.read_bytes()
    except OSError as error:
        refuse(file, f"a file that can be read ({error.strerror})")
    of_kind = _of_workbook if content.startswith(b"PK\x03\x04") else _of_text
    how, separator, lines = of_kind(file, content)
    filled = [(line, cells) for line, cells in lines if any(cell != "" for cell in cells)]
    if not filled:
        refuse(file, WANTED, value="no cell that holds anything")
    return Cells(how, separator, filled)


def _of_text(file: str, content: bytes) -> tuple[str, str, list[Line]]:
    """Return how the text of a file is read, its separator and its lines."""
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        refuse(file, f"{WANTED}, not an XLS file or a workbook with a password")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = {"utf-16": "UTF-16"}
    else:
        encodings = {"utf-8-sig": "UTF-8", "cp1252": "Windows-1252, for it is not UTF-8"}
    text, encoding = "", ""
    for codec in encodings:
        try:
            text, encoding = content.decode(codec), encodings[codec]
        except UnicodeDecodeError:
            continue
        break
    if not text.strip():
        found = "an empty file" if not content.strip() else "what is no text"
        refuse(file, WANTED, value=found)
    if _CONTROL.search(text):
        refuse(file, WANTED, value="what is no text")
    if text.lstrip().startswith("<"):
        refuse(file, f"{WANTED}, not HTML or XML", row=1, value=short(text))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    # Excel lets the first line name the separator.
    told = re.match(r"sep=([,;\t])\n", text)
    candidates = [told[1]] if told else list(SEPARATORS)
    above = text[: told.end() if told else 0]
    read = {one: _records(text[len(above) :], one, 1 + above.count("\n")) for one in candidates}
    separator = max(read, key=lambda one: _fit(*read[one]))
    rows, broken = read[separator]
    if broken is not None:
        refuse(file, f"quotation marks as CSV needs them ({broken[1]})", row=broken[0])
    return f"text in {encoding}, separated by {SEPARATORS[separator]}", separator, rows


def _records(text: str, separator: str, first: int) -> tuple[list[Line], tuple[int, str] | None]:
    """Return records with the line on which each starts, and where the quoting breaks."""
    reader = csv.reader(
        io.StringIO(text, newline="\n"), delimiter=separator, strict=True, skipinitialspace=True
    )
    rows: list[Line] = []
    line = first
    try:
        for cells in reader:
            rows.append((line, [" ".join(cell.split()) for cell in cells]))
            line = first + reader.line_num
    except csv.Error as error:
        return rows, (line, str(error))
    return rows, None


def _fit(rows: list[Line], broken: tuple[int, str] | None) -> tuple[bool, int]:
    """Return how well a separator fits: every line as long as the header first, then its length."""
    filled = [cells for _, cells in rows if any(cells)]
    names = sum(cell != "" for cell in filled[0]) if filled else 0
    alike = broken is None and names > 1 and all(even(one, len(filled[0])) for one in filled)
    return alike, names


def _of_workbook(file: str, content: bytes) -> tuple[str, str, list[Line]]:
    """Return how a workbook is read, and the rows of its first sheet with a table."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if "xl/workbook.xml" not in packed.namelist():
                refuse(file, WANTED, value="an archive that is no XLSX workbook")
            if sum(one.file_size for one in packed.infolist()) > LARGEST:
                refuse(file, f"a workbook of at most {LARGEST // 1_000_000} megabytes unpacked")
        with warnings.catch_warnings():
            # It warns of what it does not read: drop-down lists, headers to print.
            warnings.simplefilter("ignore")
            stored, typed = (_sheets(content, values) for values in (True, False))
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, InvalidFileException) as error:
        refuse(file, f"an XLSX workbook that is whole ({error})")
    except _NOT_WHOLE:
        refuse(file, "an XLSX workbook that is whole, without a password")
    tables = [
        title
        for title, rows in typed.items()
        if sum(sum(cell != "" for cell in cells) > 1 for _, cells in rows) > 1
    ]
    if not tables:
        refuse(file, f"{WANTED}, in one of its sheets", value=", ".join(typed))
    title = tables[0]
    faults = [
        Fault(file, line, None, str(formula), "a stored value: open and save it in a spreadsheet")
        for (line, values), (_, formulas) in zip(stored[title], typed[title], strict=True)
        for value, formula in zip(values, formulas, strict=True)
        if value == "" and str(formula).startswith("=")
    ]
    if faults:
        raise DataError(faults, of=file)
    others = ", ".join(repr(one) for one in tables[1:])
    more = f" (not read: the tables of {others})" if others else ""
    return f"the sheet {title!r} of a workbook{more}", "", stored[title]


def _sheets(content: bytes, values: bool) -> dict[str, list[Line]]:
    """Return the lines of each visible sheet: the stored values, or what was typed (formulas)."""
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=values)
    sheets = {}
    for sheet in book.worksheets:
        if sheet.sheet_state == "visible":
            lines = [[_of_sheet(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
            width = max(map(len, lines), default=0)
            sheets[sheet.title] = [
                (line, cells + [""] * (width - len(cells)))
                for line, cells in enumerate(lines, start=1)
            ]
    return sheets


def _of_sheet(cell: object) -> Cell:
    """Return a cell of a sheet; dates and truth values are text, so that none becomes a number."""
    if cell is None:
        return ""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return cell
    return " ".join(str(cell).split())
