"""The inside of a DOCX file, opened with distrust: sizes, names, entities."""

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree as safe  # type: ignore[import-untyped]
from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]

from evidence.errors import ParameterError

LARGEST = 20_000_000
"""Largest file, in bytes."""
LARGEST_EXPANDED = 100_000_000
"""Largest sum of its parts, in bytes."""
LARGEST_PART = 12_000_000
"""Largest part of text, in bytes."""
MOST_PARTS = 2_000
DEEPEST = 200
"""How deep elements may be nested; Word writes some twenty."""

DOCUMENT = "document"
NOTES = ("footnote", "endnote")
"""Names of the parts that hold text for readers."""

_RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


def _refuse(found: str, expected: str) -> ParameterError:
    return ParameterError("draft", found, expected)


def read_parts(data: bytes) -> dict[str, Element]:
    """Return the text parts of a DOCX file as elements.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    dict of str to Element
        `DOCUMENT`, and those of `NOTES` that are there. Every other part of XML is read too, so
        that none that another tool opens later holds an entity or a type declaration.

    Raises
    ------
    ParameterError
        If it is no DOCX file, or one that expands beyond the limits, is encrypted, or has document
        type declarations, entities or elements nested without end.
    """
    if len(data) > LARGEST:
        raise _refuse(f"{len(data):,} bytes", f"at most {LARGEST:,} bytes")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _parts(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError):
        raise _refuse("a file that is no intact zip archive", "a DOCX file") from None


@contextmanager
def fitting() -> Iterator[None]:
    """Let a library that opens, changes or saves a DOCX file say in one line what it cannot.

    Raises
    ------
    ParameterError
        If its parts do not fit together: one lacks, has another name or another root.
    """
    try:
        yield
    except (KeyError, ValueError, AttributeError, TypeError, SyntaxError, OSError) as error:
        # lxml says of XML that it does not read what Python says of programs.
        reason = " ".join(str(error.args[0] if error.args else error).split())[:200]
        raise _refuse(f"parts that do not fit together ({reason})", "a DOCX file") from None


def _parts(archive: zipfile.ZipFile) -> dict[str, Element]:
    members = archive.infolist()
    if len(members) > MOST_PARTS:
        raise _refuse(f"{len(members):,} parts", f"at most {MOST_PARTS:,}")
    names = [one.filename for one in members]
    if len(set(names)) != len(names):
        raise _refuse("a part that stands there twice", "each part once")
    found, total = {}, 0
    for member in members:
        content = _content(archive, member, LARGEST_EXPANDED - total)
        total += len(content)
        if member.filename.endswith((".xml", ".rels")):
            found[member.filename] = _element(member.filename, content)
    return _named(found)


def _named(elements: Mapping[str, Element]) -> dict[str, Element]:
    """Return the parts that hold text, found as the relations of the package name them."""
    main = next((path for kind, path in _related(elements, "") if kind == "officeDocument"), "")
    if main not in elements:
        raise _refuse("an archive without a document of Word", "a DOCX file")
    found = {DOCUMENT: elements[main]}
    for kind, path in _related(elements, main):
        name = kind.removesuffix("s")
        if name in NOTES and path in elements:
            found[name] = elements[path]
    return found


def _related(elements: Mapping[str, Element], source: str) -> Iterator[tuple[str, str]]:
    """Yield kind and path of the parts that a part names."""
    folder, _, name = source.rpartition("/")
    path = f"{folder}/_rels/{name}.rels".lstrip("/")
    for one in elements[path].iter(_RELATIONS) if path in elements else ():
        target = one.get("Target", "")
        joined = target[1:] if target.startswith("/") else f"{folder}/{target}".lstrip("/")
        yield one.get("Type", "").rpartition("/")[2], joined


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int) -> bytes:
    """Return a part, reading no more than allowed whatever the archive says of its size."""
    text = member.filename.endswith((".xml", ".rels"))
    most = min(left, LARGEST_PART) if text else left
    with archive.open(member) as part:
        content = part.read(most + 1)
    if len(content) > most:
        raise _refuse(
            f"{member.filename[:60]} that expands beyond {most:,} bytes",
            f"at most {LARGEST_PART:,} bytes in a part and {LARGEST_EXPANDED:,} in all",
        )
    return content


def _element(name: str, content: bytes) -> Element:
    try:
        element: Element = safe.fromstring(content, forbid_dtd=True)
    except DefusedXmlException:
        raise _refuse(
            f"{name[:60]} with a document type or entities", "parts without them"
        ) from None
    except (ParseError, ValueError, LookupError):
        raise _refuse(f"{name[:60]} that is no well-formed XML", "a DOCX file") from None
    level, depth = [element], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise _refuse(
                f"{name[:60]} with elements nested more than {DEEPEST} deep", "a DOCX file"
            )
        level = [child for one in level for child in one]
    return element
