"""The report on context, which is built only where a database is given: one page, no ledger."""

from pathlib import Path
from typing import Any

from evidence import atomic
from evidence.dataset import load
from evidence.errors import ParameterError, RenderError
from evidence.report import kernel, parameters, render
from evidence.report.build import Folders, alone, find_root
from evidence.report.catalog import Report
from evidence.report.stamp import read_stamp

NOTEBOOK = "12_context.ipynb"


def build_context(
    database: Path,
    output: Path,
    *,
    data: Path | None = None,
    root: Path | None = None,
    **given: Any,
) -> None:
    """Run the notebook on context for a database and write its page.

    The page is no report of the catalog: its numbers rest on a file that is not in the repository,
    so they are not in the ledger.

    Parameters
    ----------
    database : Path
        Folder of an imported database.
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
    notebook = folders.notebooks / NOTEBOOK
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
    stamp = read_stamp(folders.data)
    surroundings = kernel.surroundings(data=folders.data, cache=folders.cache, stamp=stamp)
    try:
        # What an earlier run left in the cache is removed first, the folder of kernels with it.
        with alone(folders):
            manager = kernel.manager(root=base, cache=folders.cache, environment=surroundings)
            made = kernel.run(notebook, checked, executed=None, kernel_manager=manager)
    except kernel.NotebookError as error:
        raise RenderError(str(error)) from None
    atomic.replace(output, render.page(made, report, stamp).html)
