"""From the page of a report to the documents that writers work with: DOCX and PDF."""

from collections.abc import Iterable

from evidence import __version__
from evidence.errors import RenderError
from evidence.report import document_parts, document_source, document_tree
from evidence.report.catalog import Report
from evidence.report.stamp import Stamp


def documents(page: str, report: Report, stamp: Stamp, formats: Iterable[str]) -> dict[str, bytes]:
    """Return a report in other formats than its page, made from the page and nothing else.

    Numbers and words are those of the page, in its order; only tables too wide or too long for an
    upright page stand at the end. What the page folds away stands open, a link from a number leads
    to where it comes from, and each page of a document says the state of the data.

    Parameters
    ----------
    page : str
        HTML of the report.
    report : Report
        Its line of the catalog.
    stamp : Stamp
        State of the data.
    formats : iterable of str
        ``docx`` and ``pdf``; others are passed over.

    Returns
    -------
    dict of str to bytes
        By format. The same page gives the same bytes.

    Raises
    ------
    RenderError
        If a document cannot be made, or the PDF would not be accessible.
    """
    wanted = [one for one in formats if one in ("docx", "pdf")]
    if not wanted:
        return {}
    # Loading what writes documents takes time that a build with nothing to do should not take.
    from evidence.report import document_pdf, document_word

    writers = {"docx": document_word.make, "pdf": document_pdf.make}
    source = document_source.read(page)
    for number, picture in enumerate(source.pictures, start=1):
        if not picture.alt:
            raise RenderError(f"picture {number} of {report.report_id} has no text for its content")
    parts = document_parts.parts(document_tree.read(source.html))
    state = f"Data {stamp.data_version}, workbook {__version__}, sources as of {stamp.day}"
    return {
        one: writers[one](
            parts,
            source.pictures,
            title=report.title,
            description=f"{state}; no systematic search. Report {report.report_id}.",
            state=f"{state}; no systematic search",
            day=stamp.sources_as_of,
        )
        for one in wanted
    }
