"""Reports of what a user names, in no catalog: a database beside the therapies, own studies."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evidence import ledger
from evidence.data import atomic
from evidence.data.dataset import load
from evidence.errors import ParameterError, RenderError
from evidence.reports import kernel, parameters, render
from evidence.reports.build import alone, find_root
from evidence.reports.catalog import FORMATS, Report
from evidence.reports.stamp import Stamp, read_stamp
from evidence.reports.work.single import Folders

CONTEXT = "43_context.ipynb"
OWN_STUDIES = "42_your_own_studies.ipynb"


def _run(folders: Folders, report: Report, stamp: Stamp) -> render.Page:
    """Run the notebook of a report on its own; return its page."""
    surroundings = kernel.surroundings(data=folders.data, cache=folders.cache, stamp=stamp)
    try:
        # What an earlier run left in the cache is removed first, the folder of kernels with it.
        with alone(folders):
            manager = kernel.manager(
                root=folders.root, cache=folders.cache, environment=surroundings
            )
            made = kernel.run(
                report.notebook, report.parameters, executed=None, kernel_manager=manager
            )
    except kernel.NotebookError as error:
        raise RenderError(str(error)) from None
    return render.page(made, report, stamp)


def build_context(
    database: Path,
    output: Path,
    *,
    data: Path | None = None,
    root: Path | None = None,
    **given: Any,
) -> None:
    """Run the notebook on context for a database and write its page.

    The databases in ``data/context`` have reports in the catalog. This page is of any database and
    any choices, so its numbers are not in the ledger.

    Parameters
    ----------
    database : Path
        Folder of a database, imported or as published (`evidence.metapsy.open_database`).
    output : Path
        Page to write, a file that ends in .html.
    data : Path, optional
        Data package of the workbook; ``data`` in the folder of the project where none is given.
    root : Path, optional
        Folder of the project; found from the working folder where none is given.
    **given : object
        Parameters of the notebook: therapy, outcome, timepoint, age_group, rho.

    Raises
    ------
    ParameterError
        If a parameter is not one of the notebook, or the output is no page.
    RenderError
        If the notebook fails, with the message of its error.
    """
    if output.suffix.lower() != ".html":
        raise ParameterError("output", output.name, "a file that ends in .html")
    base = (root or find_root()).resolve()
    folders = Folders(base, (data or base / "data").resolve())
    notebook = folders.notebooks / CONTEXT
    checked = parameters.checked(notebook, {"database": str(database.resolve()), **given})
    therapy = str(given.get("therapy", "abft"))
    name = load(folders.data).in_text("therapy", therapy)
    report = Report(
        "context",
        f"{name} beside other psychotherapies",
        "Trials of this workbook and of a published database, by the same methods.",
        notebook,
        checked,
        ("html",),
    )
    atomic.replace(output, _run(folders, report, read_stamp(folders.data)).html)


def build_own_studies(
    outputs: Sequence[Path],
    file: Path,
    *,
    columns: Mapping[str, str] | None = None,
    better: str | None = None,
    by: str = "",
    root: Path | None = None,
    **given: Any,
) -> Path:
    """Run the notebook on own studies for a file; write its reports and their ledger.

    Parameters
    ----------
    outputs : sequence of Path
        Reports to write of the one run, files that end in .html, .docx or .pdf.
    file : Path
        Table of studies.
    columns : mapping of str to str, optional
        Columns by role.
    better : {"lower", "higher"}, optional
        Whether lower or higher scores are better.
    by : str
        Column of groups that are pooled apart.
    root : Path, optional
        Folder of the project; found from the working folder where none is given.
    **given : object
        Further parameters of the notebook.

    Returns
    -------
    Path
        The ledger, beside the first report: its name with ``.estimates.csv``.

    Raises
    ------
    ParameterError
        If an output is no report or would replace the table of studies or another output, or a
        parameter is not one of the notebook.
    RenderError
        If the notebook fails, with the message of its error.
    OSError
        If a file cannot be written; none then is.
    """
    kept = outputs[0].with_suffix(".estimates.csv")
    taken = {file.resolve()}
    for one in (*outputs, kept):
        if one.resolve() in taken:
            expected = f"a name of which neither the report nor its ledger, {kept.name}, replaces "
            raise ParameterError("report", one.name, f"{expected}the table or another report")
        taken.add(one.resolve())
    kinds = [one.suffix.lower().removeprefix(".") for one in outputs]
    for one, kind in zip(outputs, kinds, strict=True):
        if kind not in FORMATS:
            raise ParameterError("report", one.name, "a file that ends in .html, .docx or .pdf")
    base = (root or find_root()).resolve()
    folders = Folders(base, base / "data")
    notebook = folders.notebooks / OWN_STUDIES
    checked = parameters.checked(
        notebook,
        {
            "file": str(file.resolve()),
            "columns": json.dumps(dict(columns or {}), ensure_ascii=False),
            "better": better or "",
            "by": by,
            **given,
        },
    )
    report = Report(
        "own-studies", f"Studies of {file.name}, pooled", "", notebook, checked, tuple(kinds)
    )
    read = datetime.fromtimestamp(file.stat().st_mtime, tz=UTC).date()
    stamp = Stamp("", read, f"Numbers of {file.name}, checked against no source")
    page = _run(folders, report, stamp)
    made = {"html": page.html.encode(), **render.documents(page.html, report, stamp, kinds)}
    atomic.replace_all(
        {
            **{path: made[kind] for path, kind in zip(outputs, kinds, strict=True)},
            kept: ledger.to_csv(ledger.merge(page.entries)).encode(),
        }
    )
    return kept
