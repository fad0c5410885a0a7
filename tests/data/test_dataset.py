"""The curated data as frames: as used, as printed, as text; copies; where they are found."""

import json
import shutil
from dataclasses import FrozenInstanceError, replace
from datetime import date
from pathlib import Path

import frictionless
import numpy as np
import pandas as pd
import pytest

import evidence.data.dataset
from evidence.data.dataset import CLASSES, UNKNOWN_CLASS, Dataset, load
from evidence.data.provenance import Locator
from evidence.data.validation.descriptor import TABLES
from evidence.errors import DataError, ParameterError
from evidence.terms import FreeText
from tests.data.packages import DATA, build, edit


@pytest.fixture(scope="module")
def data() -> Dataset:
    return load(DATA)


def test_the_data_are_valid_for_frictionless_too() -> None:
    report = frictionless.Package(str(DATA / "datapackage.json")).validate()
    assert report.valid, report.flatten(["rowNumber", "fieldName", "message"])


def test_tables_are_those_of_the_schema_in_file_order(data: Dataset) -> None:
    schema = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
    assert {resource["name"] for resource in schema["resources"]} == set(TABLES)
    for resource in schema["resources"]:
        frame = data.printed(resource["name"])
        raw = pd.read_csv(DATA / resource["path"], dtype=str, keep_default_na=False)
        names = [field["name"] for field in resource["schema"]["fields"]]
        assert list(frame.columns)[: len(names)] == names
        assert isinstance(frame.index, pd.RangeIndex)
        pd.testing.assert_frame_equal(data.text(resource["name"]), raw.astype("str"))


def test_types_of_columns(data: Dataset) -> None:
    results = data.arm_results
    assert results["event"][0] == ""
    assert results["n_analyzed"].dtype == "Int64"
    assert results["n_analyzed"][4] is pd.NA
    assert results["mean"].dtype == np.float64
    assert np.isnan(results["mean"][4])
    assert data.locators["accessed"][0] == date(2026, 11, 24)
    assert all(isinstance(note, str) for note in data.trials["note"])


def test_corrections_are_applied_and_print_is_kept(data: Dataset) -> None:
    row = data.statistics.result_id.tolist().index("d19_si_f")
    assert data.statistics.estimate[row] == 1.81
    assert data.printed("statistics").estimate[row] == 181
    assert data.text("statistics").estimate[row] == "181"
    limits = data.arm_results.set_index("result_id").percent_ci_high
    assert np.isnan(limits["d10_si_euc_post"])
    printed = data.printed("arm_results").set_index("result_id").percent_ci_high
    assert printed["d10_si_euc_post"] == 54.32
    flagged = data.statistics.set_index("result_id").estimate["m18_fiq_post"]
    assert flagged == -3.01


def test_text_keeps_the_digits_of_print(data: Dataset) -> None:
    texts = data.text("statistics").set_index("result_id").estimate
    assert texts["c21_dass_abct_post"] == "-13.20"
    assert texts["m18_fiq_rd"] == "40.0"


def test_lookups(data: Dataset) -> None:
    assert data.locator("diamond2021_table1") == Locator(
        locator_id="diamond2021_table1",
        publication_id="diamond2021_review",
        place=FreeText("Table 1"),
        url="https://pmc.ncbi.nlm.nih.gov/articles/PMC8489519/table/T1",
        readings=2,
        accessed=date(2026, 11, 24),
    )
    assert data.vocabulary("processing")["converted"] == "by a formula from printed numbers alone"
    assert data.corrections_for("statistics", "d19_si_f").correction_id.tolist() == ["c03", "c20"]
    assert data.corrections_for("arm_results", "d19_si_f").empty
    facts = data.fact("diamond2010", "treatment_weeks")
    assert facts.value.tolist() == [12, 16]
    assert facts.index.tolist() == [0, 1]
    assert data.references["diamond2002"]["volume"] == "41"
    assert data.version == "1.3.1"
    assert repr(data) == f"Dataset({str(DATA)!r}, version 1.3.1)"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda data: data.locator("nowhere"), "locator_id: found 'nowhere'"),
        (lambda data: data.vocabulary("colors"), "vocabulary: found 'colors', expected one of the"),
        (lambda data: data.printed("results"), "table: found 'results', expected one of public"),
        (lambda data: data.text("results"), "table: found 'results', expected one of public"),
    ],
)
def test_unknown_names_are_refused(data: Dataset, call, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        call(data)


@pytest.mark.parametrize("table", TABLES)
def test_copies_are_handed_out(data: Dataset, table: str) -> None:
    for read in (
        lambda: getattr(data, table),
        lambda: data.printed(table),
        lambda: data.text(table),
    ):
        before = read().copy()
        changed = read()
        changed.iloc[0, 0] = "changed"
        del changed[changed.columns[1]]
        pd.testing.assert_frame_equal(read(), before)


def test_nothing_that_a_caller_does_changes_it(data: Dataset) -> None:
    data.references["diamond2002"]["title"] = "changed"
    assert data.references["diamond2002"]["title"].startswith("Attachment-based")
    data.vocabulary("event").clear()
    assert data.vocabulary("event")
    for name in ("version", "trials", "anything"):
        with pytest.raises((FrozenInstanceError, AttributeError)):
            setattr(data, name, None)


def test_comparator_classes() -> None:
    assert CLASSES == ("inactive", "usual_care", "active")
    data = load(DATA)
    assert [*CLASSES, UNKNOWN_CLASS] == list(data.vocabulary("comparator_class"))
    classes = {one: data.comparator_class(one) for one in data.vocabulary("condition")}
    assert [name for name, one in classes.items() if one == "inactive"] == [
        "waitlist",
        "no_intervention",
    ]
    assert [name for name, one in classes.items() if one == "usual_care"] == [
        "usual_care",
        "enhanced_usual_care",
    ]
    assert classes["supportive_therapy"] == "active"
    with pytest.raises(ParameterError, match="condition: found ''"):
        data.comparator_class("")


def test_terms_have_words_for_sentences_and_for_tables(data: Dataset) -> None:
    therapy = data.term("condition", "mindfulness_based_stress_reduction")
    assert (therapy.in_text, therapy.short) == ("mindfulness-based stress reduction (MBSR)", "MBSR")
    # An empty cell: the form in a sentence serves in tables, the meaning in a sentence.
    assert data.short("therapy", "abft") == data.in_text("therapy", "abft") == "ABFT"
    assert data.in_text("condition", "relaxation") == "relaxation"
    # Age groups of imported trials are in no vocabulary.
    assert data.in_text("age_group", "older_adults") == "older adults"
    assert {data.term("event", one).more_is for one in ("remission", "attempt")} == {
        "better",
        "worse",
    }
    with pytest.raises(ParameterError, match="therapy: found 'emdr', expected one of abft, abct"):
        data.term("therapy", "emdr")


def test_a_trial_without_any_report_is_planned_and_in_no_count(data: Dataset) -> None:
    assert set(data.planned_trials.trial_id) == {"repair", "nct05766592", "abct_students"}
    randomized = set(data.randomized_trials.trial_id)
    # Unpublished or terminated, and something of it is known.
    assert {"aftercare", "nct00329199"} <= randomized
    assert not randomized & {*data.planned_trials.trial_id, "diamondgm2016", "nebot2022"}
    published = data.randomized_trials[data.randomized_trials.status == "published"]
    assert len(published) == 9


def test_every_publication_with_a_place_of_its_own_says_how_deep_it_was_read(data: Dataset) -> None:
    publications = data.publications.set_index("publication_id").read_as
    unread = set(publications.index[publications == ""]) & set(data.locators.publication_id)
    # Read as quoted by others alone.
    assert unread == {"iabct2026", "groh2017", "spengler2022"}
    assert set(publications[publications == "full_text"].index) == {"headspace2025"}


def test_digest_follows_the_content(tmp_path: Path) -> None:
    first = load(build(tmp_path)).digest
    (tmp_path / "unrelated.txt").write_text("not of the package", encoding="utf-8")
    assert load(tmp_path).digest == first
    assert load(edit(tmp_path, "trials.csv", "Two 2021", "Two 2022")).digest != first


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "byte order mark"])
@pytest.mark.parametrize("line_break", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
def test_byte_order_mark_and_line_breaks_have_no_meaning(
    mark: bytes, line_break: bytes, tmp_path: Path
) -> None:
    build(tmp_path / "plain")
    (tmp_path / "other").mkdir()
    for file in (tmp_path / "plain").iterdir():
        content = file.read_bytes()
        assert b"\r" not in content
        (tmp_path / "other" / file.name).write_bytes(mark + content.replace(b"\n", line_break))
    plain, other = load(tmp_path / "plain"), load(tmp_path / "other")
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(plain, table), getattr(other, table))
        pd.testing.assert_frame_equal(plain.text(table), other.text(table))
    assert plain.references == other.references
    assert plain.digest == other.digest
    assert plain.trials.note[0] == "a note\non two lines"


def test_rows_are_lines_also_with_other_line_breaks(tmp_path: Path) -> None:
    edit(build(tmp_path), "trials.csv", "not_known", "unknown")
    file = tmp_path / "trials.csv"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    with pytest.raises(DataError, match=r"trials\.csv, row 4, column developer_involved"):
        load(tmp_path)


def test_empty_lines_at_the_end_of_a_file_are_no_records(tmp_path: Path) -> None:
    file = build(tmp_path) / "trials.csv"
    file.write_bytes(file.read_bytes() + b"\n\n")
    assert len(load(tmp_path).trials) == 2


class TestFolder:
    def test_the_environment_comes_first(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        build(tmp_path / "named")
        build(tmp_path / "here" / "data")
        monkeypatch.setenv("EVIDENCE_DATA", str(tmp_path / "named"))
        monkeypatch.chdir(tmp_path / "here")
        assert load().path == tmp_path / "named"

    def test_then_the_current_folder_and_those_above(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        build(tmp_path / "here" / "data")
        (tmp_path / "here" / "below" / "data").mkdir(parents=True)
        monkeypatch.delenv("EVIDENCE_DATA", raising=False)
        monkeypatch.chdir(tmp_path / "here" / "below")
        assert load().path == tmp_path / "here" / "data"

    def test_then_the_one_beside_the_source(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("EVIDENCE_DATA", raising=False)
        monkeypatch.chdir(tmp_path)
        assert load().path == DATA

    def test_none_is_said(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        source = tmp_path / "lib" / "evidence" / "dataset" / "__init__.py"
        monkeypatch.setattr(evidence.data.dataset, "__file__", str(source))
        monkeypatch.delenv("EVIDENCE_DATA", raising=False)
        monkeypatch.chdir(tmp_path)
        with pytest.raises(DataError, match="expected a folder data/ with this file") as caught:
            load()
        assert "$EVIDENCE_DATA" in str(caught.value)


def test_a_path_may_be_text(tmp_path: Path) -> None:
    shutil.copytree(DATA, tmp_path / "copy")
    assert load(str(tmp_path / "copy")).path == tmp_path / "copy"


def test_how_deep_a_trial_was_read_is_its_deepest_report_else_its_deepest_plan(
    data: Dataset,
) -> None:
    read = {one: data.read_as(one) for one in data.trials.trial_id}
    assert read["diamond2010"] == read["diamond2019"] == "abstract"
    # of the article nothing was read, of its protocol the abstract
    assert read["iabct_chronic"] == read["repair"] == "protocol abstract"
    assert read["nct05766592"] == "registry record"
    own = data.publications
    own.loc[own.publication_id == "zisk2019", "read_as"] = "full_text"
    own.loc[own.trial_id == "nct05766592", "read_as"] = ""
    other = replace(data, _used={**data._used, "publications": own})
    assert other.read_as("diamond2019") == "full text"
    assert other.read_as("nct05766592") == "nothing of its own"
