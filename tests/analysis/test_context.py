"""A therapy beside those of a database: overlap, one effect per trial, the same methods."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import evidence
from evidence.analysis import analyze
from evidence.analysis.context import Beside, other_ages, stand_beside
from evidence.blocks.output import Figure
from evidence.data.dataset import Dataset
from evidence.errors import ParameterError
from evidence.estimation.choices import Specification
from evidence.meta.effect_size import composite
from evidence.meta.pooling import pool
from evidence.metapsy import open_database
from evidence.pages import context
from evidence.reports.inspection import faults
from tests.metapsy.files import imported, means

ADOLESCENTS = {"age_group": "adol"}


@pytest.fixture(scope="module")
def workbook() -> Dataset:
    return evidence.load()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return imported(
        tmp_path_factory.mktemp("database"),
        means(**ADOLESCENTS),
        means(instrument="CDI", mean_arm1="16", **ADOLESCENTS),
        means(study="Bo 2002", mean_arm1="17", condition_arm2="cau", **ADOLESCENTS),
        means(study="Cho 2003", condition_arm1="ipt", **ADOLESCENTS),
        means(study="Diamond et al. (2010)", condition_arm1="other psy", **ADOLESCENTS),
        means(study="Dee 2004", age_group="adul"),
        means(study="Eun 2005", condition_arm1="dyn", sd_arm1="NA", sd_arm2="NA", **ADOLESCENTS),
        title="A <b>database</b>",
    ).dataset


@pytest.fixture(scope="module")
def beside(workbook: Dataset, database: Dataset) -> Beside:
    return stand_beside(
        workbook, database, therapy="abft", outcome="depression", age_group="adolescents"
    )


def test_the_main_analysis_is_that_of_the_workbook(workbook: Dataset, beside: Beside) -> None:
    main = analyze(workbook, Specification(therapy="abft", outcome="depression", timepoint="post"))
    assert beside.main.pooled.effect == main.pooled.effect


def test_classes_without_the_shared_trial_and_other_ages(beside: Beside) -> None:
    assert [(one.therapy, one.pooled.k) for one in beside.classes] == [("cbt", 2), ("ipt", 1)]
    assert [(one.label, one.database_label, one.by) for one in beside.overlap] == [
        ("Diamond 2010", "Diamond et al. 2010", "name and year")
    ]
    assert beside.without == ("psychodynamic therapy",)


def test_a_trial_with_several_estimates_enters_as_their_mean(
    database: Dataset, beside: Beside
) -> None:
    frame = evidence.estimates(database, therapy="cbt", metric="hedges_g").set_index("label")
    own = frame.loc["Ahn 2001"]
    one = composite(own.effect, own.variance, 0.6)
    row = beside.classes[0].trials.set_index("label").loc["Ahn 2001"]
    assert (row.effect, row.variance) == pytest.approx((one.value, one.variance))
    assert (row.estimates, row.n) == (2, 52)
    other = frame.loc["Bo 2002"]
    expected = pool(np.array([one.value, other.effect]), np.array([one.variance, other.variance]))
    assert beside.classes[0].pooled.effect == pytest.approx(expected.effect)
    assert beside.classes[0].pooled.ci_low == pytest.approx(expected.ci_low)


def test_comparators_and_all_estimates_stand_beside(beside: Beside) -> None:
    cbt, ipt = beside.classes
    assert {name: one.pooled.k for name, one in cbt.by_comparator.items()} == {
        "inactive": 1,
        "usual_care": 1,
    }
    assert cbt.several is not None
    assert cbt.several.fit.k_estimates == 3
    assert ipt.several is None
    assert cbt.n == 104


def test_a_shared_doi_is_overlap_whatever_the_label(workbook: Dataset, tmp_path: Path) -> None:
    doi = "10.1016/j.jaac.2009.11.002"
    other = imported(
        tmp_path,
        means(study="Another label 1990", doi=doi, reference="A trial.", **ADOLESCENTS),
        means(study="Bo 2002", doi="NA", reference="NA", **ADOLESCENTS),
    ).dataset
    found = stand_beside(workbook, other, therapy="abft", outcome="depression")
    assert [(one.label, one.by) for one in found.overlap] == [("Diamond 2010", "DOI")]


def test_every_age_group_on_request(workbook: Dataset, database: Dataset) -> None:
    found = stand_beside(workbook, database, therapy="abft", outcome="depression")
    assert found.classes[0].pooled.k == 3


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"age_group": "children"}, "age_group: found 'children', expected one of adolescents"),
        ({"outcome": "suicidal_ideation"}, "one that the database has at post: depression"),
        ({"therapy": "cbt"}, "therapy: found 'cbt', expected one of abct, abft"),
    ],
)
def test_what_is_not_accepted_is_named(
    workbook: Dataset, database: Dataset, choice: dict[str, str], message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        stand_beside(workbook, database, **({"therapy": "abft", "outcome": "depression"} | choice))


def test_without_a_database_every_section_says_so(workbook: Dataset) -> None:
    assert context.first_screen(workbook, None).text.startswith("No database is given.")
    for block in (
        context.figure(workbook, None),
        context.closing_sections(workbook, None),
    ):
        assert "No database is given" in block.text  # type: ignore[union-attr]


def test_the_first_screen_is_honest(workbook: Dataset, beside: Beside) -> None:
    said = context.first_screen(workbook, beside).text
    assert "cannot be told from trials that do not compare them" in said
    assert "Of the trials of ABFT, one is in the database, too: Diamond 2010." in said
    assert "no effect of one therapy against another" in said
    assert "the sources read give no usable number: " in said


def test_figure_and_table_hold_the_same_numbers_by_comparator(
    workbook: Dataset, beside: Beside
) -> None:
    figure = context.figure(workbook, beside)
    assert isinstance(figure, Figure)
    cbt = beside.classes[0].by_comparator["usual_care"].pooled
    usual = beside.within["usual_care"].pooled
    assert f"{cbt.effect:.2f}" in figure.alt
    assert f"{cbt.effect:.2f}" in figure.table.text
    assert f"{usual.effect:.2f} (" in figure.table.text
    # 0.52 is over several classes of comparators, none of the figure.
    assert "0.52 (−0.29 to 1.33)" not in figure.table.text
    assert "0.52 (−0.29 to 1.33)" in context.over_comparators(workbook, beside).text


def test_one_trial_is_a_square_and_several_are_a_diamond(workbook: Dataset, beside: Beside) -> None:
    figure = context.figure(workbook, beside)
    assert isinstance(figure, Figure)
    kinds = figure.data.set_index(["label", "group"]).kind
    assert kinds["ABFT", "Usual or enhanced usual care"] == "pooled"
    assert kinds["ABFT", "Waitlist or no intervention"] == "trial"
    assert kinds["cognitive behavioral therapy", "Usual or enhanced usual care"] == "trial"


def test_each_number_of_the_database_leads_to_its_records(
    workbook: Dataset, database: Dataset, beside: Beside
) -> None:
    others = other_ages(
        workbook, database, therapy="abft", outcome="depression", age_group="adolescents"
    )
    assert [one.age_group for one in others] == ["adults"]
    parts = [
        context.first_screen(workbook, beside),
        context.by_age(others),
        context.closing_sections(workbook, beside, others),
    ]
    figure = context.figure(workbook, beside)
    assert isinstance(figure, Figure)
    page = "".join(one.html for one in [*parts, figure.table])
    assert not [one for one in faults(page) if "which is not there" in one]
    assert len(re.findall(r'href="#db-', page)) > 3
    ahn = beside.classes[0].trials.set_index("label").loc["Ahn 2001"]
    shown = f"Ahn 2001 {ahn.effect:.2f} ({ahn.variance**0.5:.2f}) ["
    assert shown in parts[2].text.replace("\u00a0", " ")


def test_text_of_a_database_is_never_markup(workbook: Dataset, beside: Beside) -> None:
    block = context.closing_sections(workbook, beside)
    assert "<b>database</b>" not in block.html
    assert "A &lt;b&gt;database&lt;/b&gt;, version not stated" in block.html


def test_a_database_that_names_no_outcome_says_how_to_name_it(
    workbook: Dataset, tmp_path: Path
) -> None:
    other = imported(tmp_path, means(outcome="NA", **ADOLESCENTS)).dataset
    with pytest.raises(ParameterError, match="import-metapsy FILE --outcome depression"):
        stand_beside(workbook, other, therapy="abft", outcome="depression")


@pytest.mark.parametrize(
    ("name", "records", "outcome", "g"),
    [
        ("depression-childadol-psyctr", 123, "depression", None),
        ("suicide-psyctr", 190, "suicidal_ideation", 0.766209825942987),
    ],
)
def test_stored_databases_are_as_published(
    workbook: Dataset, name: str, records: int, outcome: str, g: float | None
) -> None:
    database, told = open_database(workbook.path / "context" / name)
    assert len(database.locators) == records
    assert told
    frame = evidence.estimates(database, outcome=outcome, metric="hedges_g")
    own = frame[(frame.label == "Diamond 2010") & (frame.timepoint == "post")]
    assert len(own) > 0
    if g is not None:
        # The sign of the workbook, which read the same record: it favors ABFT.
        assert list(own.effect) == pytest.approx([g])


def test_a_changed_file_is_refused(workbook: Dataset, tmp_path: Path) -> None:
    folder = shutil.copytree(workbook.path / "context" / "suicide-psyctr", tmp_path / "it")
    with (folder / "data.csv").open("a") as file:
        file.write(";")
    with pytest.raises(ParameterError, match="expected the file as published, 54926741"):
        open_database(folder)


def test_the_workbook_can_stand_beside_a_copy_of_itself(workbook: Dataset, tmp_path: Path) -> None:
    shutil.copytree(workbook.path, tmp_path / "copy")
    found = stand_beside(
        workbook, evidence.load(tmp_path / "copy"), therapy="abft", outcome="depression"
    )
    assert found.classes == ()
    assert {one.by for one in found.overlap} == {"DOI", "name and year"}
