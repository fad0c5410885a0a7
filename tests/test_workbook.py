"""The workbook in a shell and in Jupyter: what can be asked, and short ways to show it."""

from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

import evidence
from evidence import estimation, workbook
from evidence.analysis import Analysis, analyze
from evidence.analysis.multilevel import analyze_several
from evidence.analysis.stress_test import stress_test
from evidence.blocks.output import show
from evidence.data import dataset as data
from evidence.data.dataset import Dataset
from evidence.errors import ParameterError
from evidence.estimation.choices import Specification
from tests.data import packages
from tests.work import calls, name_of

QUESTION = Specification(therapy="abft", outcome="depression", timepoint="post")


@pytest.fixture(scope="module")
def book(dataset: Dataset) -> evidence.Workbook:
    return evidence.load(dataset.path)


@pytest.fixture(scope="module")
def analysis(book: evidence.Workbook) -> Analysis:
    return book.analyze("abft", "depression")


class Words(HTMLParser):
    """Reads HTML and holds its words; closing tags must match."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(markup)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(shown: object) -> str:
    return " ".join(Words(shown._repr_html_()).words)  # type: ignore[attr-defined]


def test_a_workbook_is_a_data_package_with_what_follows(
    book: evidence.Workbook, dataset: Dataset
) -> None:
    assert isinstance(book, Dataset)
    assert (book.version, book.digest, book.path) == (dataset.version, dataset.digest, dataset.path)
    pd.testing.assert_frame_equal(book.trials, dataset.trials)
    pd.testing.assert_frame_equal(
        book.estimates(therapy="abft"), evidence.estimates(dataset, therapy="abft")
    )
    assert repr(book.analyze("abft", "depression")) == repr(analyze(dataset, QUESTION))
    assert repr(book.follow_up("abct")) == repr(evidence.durability(dataset, therapy="abct"))
    pd.testing.assert_frame_equal(book.answers(), evidence.verdicts(dataset))
    pd.testing.assert_frame_equal(book.audit(), evidence.audit(dataset))


def test_what_can_be_asked_is_there(book: evidence.Workbook) -> None:
    """Each name that it lists is one that it has, and its help says what it does."""
    said = repr(book)
    assert said.startswith("Workbook of 25 trials in data/, data version ")
    names = [line.partition("(")[0].removeprefix(".") for line in said.splitlines()[1:]]
    assert len(names) > 5
    for name in names:
        assert getattr(book, name).__doc__, name
    assert all(name in read(book) for name in names)


def test_a_choice_is_an_argument_and_no_other_name_is(book: evidence.Workbook) -> None:
    found = book.analyze("abft", "depression", tau2="DL", interval="wald")
    assert found.estimate_id == "abft.depression.post.hedges_g.pooled.tau2_dl.interval_wald"
    with pytest.raises(ParameterError, match="found 'method', expected one of adjustment, "):
        book.analyze("abft", "depression", method="DL")


def test_a_number_is_traced_to_print_and_cited(book: evidence.Workbook, analysis: Analysis) -> None:
    traced = book.trace("diamond2010.depression.bdi_ii.post.hedges_g").text
    for part in ("(18.5 − 12.6) / 14.87", "record 119", "From: [1]"):
        assert part in traced
    with pytest.raises(ParameterError, match="an estimate_id of the frame"):
        book.trace(analysis.estimate_id)
    cited = book.cite(analysis)
    assert "0.52" in cited
    assert "Diamond" in cited


def test_results_are_short_in_a_shell(book: evidence.Workbook, analysis: Analysis) -> None:
    stress = stress_test(analysis)
    assert stress is not None
    for one in (
        analysis,
        analysis.selection,
        stress,
        analyze_several(book, QUESTION),
        book.follow_up("abft"),
    ):
        assert len(repr(one)) < 200
        assert "\n" not in repr(one)
    assert not repr(analysis).endswith("; imputed")
    assert repr(book.analyze("abct", "affective_distress")).endswith("; imputed")
    assert "0.23 (−0.16 to 0.63) with Waraan 2021 and Diamond 2019 at zero" in repr(stress)
    assert "0.52 (−0.17 to 1.21) by che, rho = 0.6, 3 trials" in repr(
        analyze_several(book, QUESTION)
    )


def test_results_are_tables_in_jupyter(book: evidence.Workbook, analysis: Analysis) -> None:
    said = read(analysis)
    for part in (
        "Israel 2013",
        "0.75 (−0.16 to 1.66)",
        "together, k = 3",
        "n = 118",
        "Waraan 2021",
    ):
        assert part in said
    assert "how obtained" in said
    assert said.count("converted") == 3
    assert "imputed" in read(book.analyze("abct", "affective_distress"))
    later = read(book.follow_up("abct"))
    assert "supposes a correlation of 0.5 (imputed)" in later
    # Each comparison that the line below counts is a row.
    compared = book.follow_up("abct")
    assert compared._repr_html_().count("<tr") == 1 + len(compared.comparisons)
    assert later.count("derived, ") == compared.comparisons.derived.sum() > 0
    for part in ("13.20 (6.84 to 19.57)", "7.20 (0.76 to 13.63)", " of one arm alone"):
        assert part in later


def test_show_takes_any_of_them(
    book: evidence.Workbook, analysis: Analysis, capsys: pytest.CaptureFixture[str]
) -> None:
    for one in (book, analysis, book.follow_up("abct"), book.trace(next(iter(analysis_ids(book))))):
        show(one)
    said = capsys.readouterr().out
    assert repr(book) in said
    assert repr(analysis) in said


def analysis_ids(book: evidence.Workbook) -> list[str]:
    frame = book.estimates(therapy="abft", outcome="depression")
    return list(frame.estimate_id[frame.effect.notna()])


def test_a_frame_shows_first_what_is_looked_for(book: evidence.Workbook) -> None:
    first = list(book.estimates().columns)[:10]
    assert first[:3] == ["estimate_id", "label", "comparator"]
    assert {"metric", "effect", "ci_low"} <= set(first)


def test_a_package_that_is_shared_is_loaded_once_until_a_file_of_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "_SHARED", {})
    package, other = (packages.build(tmp_path / name) for name in "ab")
    read = calls(lambda: workbook.share(package))
    assert read[name_of(data.load)] == 1
    shared = evidence.load(package)
    assert evidence.load(tmp_path / "b" / ".." / "a") is shared
    assert evidence.load(other).path == other.resolve()
    made = calls(lambda: (evidence.estimates(shared), evidence.estimates(evidence.load(package))))
    assert name_of(estimation._made) not in made
    trials = package / "trials.csv"
    trials.write_text(trials.read_text().replace("One", "Uno"))
    anew = evidence.load(package)
    assert anew is not shared
    assert "Uno 2020" in set(anew.trials.label)
