"""What every report of the catalog shows, in this process, against what it showed unchanged.

The gate builds all reports and compares them with the committed ones; this stands for it. It is run
by `tests.mutants` alone, which keeps what is shown without a change.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

import evidence
from evidence.blocks import drawing, output
from evidence.blocks.output import Figure
from evidence.data.dataset import Dataset
from evidence.reports import catalog

ROOT = Path(__file__).parents[2]
SHOWN = ROOT / ".cache" / "mutants" / "shown"
REPORTS = {
    one.report_id: one
    for one in catalog.read(
        ROOT / "reports" / "catalog.toml", notebooks=ROOT / "notebooks", data=ROOT / "data"
    )
}


@pytest.mark.parametrize("report_id", REPORTS)
def test_a_report_shows_the_same(
    report_id: str, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = REPORTS[report_id]
    shown: list[str] = []

    def publish(text: str, markup: str, entries: tuple[Any, ...]) -> None:
        shown.append(f"{markup} {entries}")

    def show(what: object) -> None:
        if not isinstance(what, Figure):
            output.show(what)
            return
        about = {"title": what.caption, "description": what.alt}
        drawn = drawing.to_svg(what.matplotlib_figure, name=what.figure_id, **about)
        shown.append(f"{drawn} {what.table.html} {what.table.entries} {what.data.to_csv()}")

    monkeypatch.setenv("EVIDENCE_FIGURES", "svg")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    monkeypatch.setattr(output, "_publish", publish)
    monkeypatch.setattr(evidence, "show", show)
    monkeypatch.setattr(evidence, "load", lambda _=None: dataset)
    monkeypatch.setattr(evidence, "check_parameters", lambda: None)
    names: dict[str, Any] = {}
    for cell in json.loads(report.notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
            if "parameters" in cell["metadata"].get("tags", ()):
                names |= dict(report.parameters)
    found = [hashlib.sha256(one.encode()).hexdigest() for one in shown]
    kept = SHOWN / f"{report_id}.json"
    if "MUTANTS_RECORD" in os.environ:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(found), encoding="utf-8")
    assert found
    assert found == json.loads(kept.read_text(encoding="utf-8"))
