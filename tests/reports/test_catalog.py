"""The catalog is refused as a whole, in one sentence, before anything runs."""

from pathlib import Path

import pytest

from evidence.errors import ParameterError
from evidence.reports import catalog
from evidence.reports.catalog import Report
from tests.reports import projects


def read(root: Path) -> tuple[Report, ...]:
    return catalog.read(
        root / "reports" / "catalog.toml", notebooks=root / "notebooks", data=root / "data"
    )


def test_a_report_is_read_with_its_defaults(tmp_path: Path) -> None:
    text = projects.CATALOG.replace('formats = ["html"]\n', "")
    (report,) = read(projects.make(tmp_path, catalog=text))
    notebook = tmp_path / "notebooks" / "tiny.ipynb"
    every = ("html", "docx", "pdf")
    assert report == Report("first", "First <report>", "", notebook, {"word": "one"}, every)


def test_one_report_is_made_for_each_trial(tmp_path: Path) -> None:
    text = (
        '[[report]]\nid = "trial"\ntitle = "{label}, card"\nnotebook = "tiny.ipynb"\n'
        'for_each = "trials"\nparameters = { word = "two" }\n'
    )
    found = read(projects.make(tmp_path, catalog=text))
    assert [(one.report_id, one.title, one.parameters) for one in found] == [
        ("trial-one", "One 2020, card", {"word": "two", "trial_id": "one"}),
        ("trial-two", "Two 2021, card", {"word": "two", "trial_id": "two"}),
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[[report]]", "[[reports]]", "catalog.toml: found ['reports'], expected [[report]]"),
        ("[[report]]", "[[report", "expected a TOML file in UTF-8"),
        ('id = "first"', "", "report 1, id: found None, expected a text"),
        ('"first"', '"index"', "report 1, id: found 'index', expected lower-case"),
        ('"first"', '"../first"', "report 1, id: found '../first', expected lower-case"),
        ('"First <report>"', '"a\u202e"', "title: found 'a[U+202E]', expected text without invis"),
        (
            '"one" }',
            '"one" }\nlede = "a\u200bb"',
            "lede: found 'a[U+200B]b', expected text without",
        ),
        ('"First <report>"', "3", "report 1, title: found 3, expected a text"),
        ("tiny.ipynb", "none.ipynb", "found 'none.ipynb', expected one of tiny.ipynb"),
        ("tiny.ipynb", "../notebooks/tiny.ipynb", "expected one of tiny.ipynb"),
        ('"one" }', '"one" }\nformat = "html"', "key: found 'format', expected one of id, title"),
        ('["html"]', '["odt"]', "formats: found ['odt'], expected a list out of html, docx, pdf"),
        ('["html"]', '["docx"]', "formats: found ['docx'], expected a list out of html, docx, pdf"),
        ('["html"]', "[]", "formats: found [], expected a list out of html, docx, pdf with html"),
        ('"one" }', '"one" }\nlede = 1', "lede: found 1, expected a text"),
        ('"one" }', '"one" }\nfor_each = "arms"', "for_each: found 'arms', expected 'trials'"),
        (
            "{ word",
            "{ wrd",
            "catalog.toml, report 1, tiny.ipynb, parameter: found 'wrd', expected a name out of: ",
        ),
        ('["html"]', '["html", ["pdf"]]', "formats: found ['html', ['pdf']], expected a list out"),
        ("[[report]]", f"x = {'[' * 9_000}", "catalog.toml: found 'maximum recursion"),
        ('{ word = "one" }', "{ word = 1 }", "word: found 1, expected str (a word, or fail)"),
        ('{ word = "one" }', "3", "report 1, parameters: found 3, expected a table"),
    ],
)
def test_a_fault_is_named_with_what_is_accepted(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert projects.CATALOG.count(old) == 1
    root = projects.make(tmp_path, catalog=projects.CATALOG.replace(old, new))
    with pytest.raises(ParameterError) as caught:
        read(root)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_id_stands_once(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="id: found 'first', expected each id once"):
        read(projects.make(tmp_path, catalog=projects.CATALOG * 2))


def test_a_missing_catalog_is_named(tmp_path: Path) -> None:
    root = projects.make(tmp_path)
    (root / "reports" / "catalog.toml").unlink()
    with pytest.raises(ParameterError, match="expected a catalog of reports that exists"):
        read(root)
