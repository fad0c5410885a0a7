"""A sentence and its references for every number of the ledger."""

import json
import re
from pathlib import Path

import pytest

import evidence
from evidence import ledger
from evidence.data.dataset import Dataset
from evidence.errors import ParameterError
from evidence.ledger import bibliography
from evidence.ledger.citation import citation, references
from tests.manuscripts.ledgers import entry

ROOT = Path(__file__).parents[2]
ENTRIES = ledger.read(ROOT / "reports" / "estimates.csv")
POOLED = next(one for one in ENTRIES if one.estimate_id == "abft.depression.post.hedges_g.pooled")


def test_trials_then_sources_then_workbook(dataset: Dataset) -> None:
    assert [one["id"] for one in references(POOLED, dataset)] == [
        "diamond2002",
        "israel2013",
        "diamond2010",
        "metapsy_childadol",
        "attachment_therapy_evidence",
    ]


def test_every_number_has_references(dataset: Dataset) -> None:
    for one in ENTRIES:
        found = references(one, dataset)
        assert len(found) > 1, one.estimate_id
        cited = {item["id"] for item in found}
        read_in = {dataset.locator(place).publication_id for place in one.locator_ids}
        assert read_in <= cited


@pytest.mark.parametrize("style", ["ama", "apa", "plain"])
def test_text(dataset: Dataset, style: str) -> None:
    text = citation(POOLED, dataset, style=style)
    for part in (
        "0.52",
        "waitlist, usual care or enhanced usual care",
        "at the end of treatment",
        "10.5281/zenodo.8096828",
        "Version 23.0.2",
        "10.1016/j.jaac.2009.11.002",
        "abft.depression.post.hedges_g.pooled",
        f"{evidence.__version__} with data {dataset.version}",
    ):
        assert part in text
    assert ("Diamond, G. S., Reis" in text) is (style == "apa")


def test_csl(dataset: Dataset) -> None:
    items = json.loads(citation(POOLED, dataset, form="csl"))
    assert items[3]["version"] == "23.0.2"
    assert items[-1]["type"] == "software"


def test_bibtex(dataset: Dataset) -> None:
    text = citation(POOLED, dataset, form="bibtex")
    assert re.findall(r"^@(\w+)\{", text, re.MULTILINE) == [*["article"] * 3, "misc", "misc"]
    assert "title = {{Depression in children \\& adolescents" in text
    assert "pages = {122--131}" in text
    assert text.count("{") == text.count("}")


def test_ris(dataset: Dataset) -> None:
    text = citation(POOLED, dataset, form="ris")
    assert re.findall(r"^TY  - (\w+)$", text, re.MULTILINE) == [*["JOUR"] * 3, "DATA", "COMP"]
    assert text.count("ER  - ") == 5
    assert "SP  - 122\nEP  - 131" in text


def test_data_are_text_in_every_form() -> None:
    item = {
        "id": "x",
        "type": "article-journal",
        "title": "50% & {more}_ <script>alert(1)</script>\nTY  - FAKE",
        "author": [{"literal": "A \\ B"}],
    }
    assert r"50\% \& \{more\}\_" in bibliography.bibtex([item])
    assert r"\textbackslash{}" in bibliography.bibtex([item])
    assert len(re.findall("^TY  - ", bibliography.ris([item]), re.MULTILINE)) == 1
    (line,) = bibliography.formatted([item], "ama")
    assert "alert(1)" in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"style": "mla"}, "style: found 'mla', expected one of ama, apa, plain"),
        ({"form": "xml"}, "format: found 'xml', expected one of text, bibtex, csl, ris"),
    ],
)
def test_unknown_choices(dataset: Dataset, arguments: dict[str, str], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        citation(POOLED, dataset, **arguments)  # type: ignore[arg-type]


def test_another_data_package(dataset: Dataset) -> None:
    with pytest.raises(ParameterError, match="data: found 'elsewhere'"):
        references(entry(locator_ids=("elsewhere",)), dataset)
