"""The report on somebody's own studies says nothing false, of any table."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import evidence
from evidence import meta
from evidence.blocks.output import Block, Figure
from evidence.errors import ParameterError
from evidence.ledger import citation, quotation
from evidence.meta.spreadsheet import Spreadsheet
from evidence.pages import own_studies
from tests.meta import own


def said(found: Spreadsheet) -> str:
    return own_studies.first_screen(found).text


def read(name: str, **options: object) -> Spreadsheet:
    return meta.read(own.FOLDER / f"{name}.csv", **options)  # type: ignore[arg-type]


def test_sides_and_spread_are_those_of_the_studies() -> None:
    text = said(read("twelve-studies-means", better="lower"))
    assert "11 are above 0 and 1 is below 0" in text
    assert "The effects of the studies differ." in text
    assert "neither shown nor excluded" not in text
    assert "which favors group 1" in text
    assert "1,230 participants" in text
    eight = said(read("eight-heterogeneous", better="lower"))
    assert "5 are above 0" in eight
    assert "participants not known" not in eight


def test_what_the_file_does_not_tell_is_not_said() -> None:
    for name in ("twelve-yi-vi", "twelve-ready-made"):
        text = said(read(name))
        assert "participants not known" in text
        assert "favors" not in text
        assert "1 is at 0" in text


def test_a_harm_is_said_in_its_usual_direction() -> None:
    text = said(read("events", better="lower"))
    assert "odds ratio 0.46 (0.26 to 0.82)" in text
    assert "below no difference (1), which favors group 1" in text
    assert "of single studies 6 are below 1" in text


def test_every_section_has_something_to_say_of_one_study_and_of_many(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("study,yi,vi\nA,0.3,0.04\n", "utf-8")
    for found in (meta.read(path), read("twelve-studies-means", better="lower")):
        for section in (
            own_studies.first_screen,
            own_studies.heterogeneity,
            own_studies.leave_one_out,
            own_studies.small_study,
            own_studies.methods,
            own_studies.how_read,
            own_studies.data_table,
            own_studies.citing,
        ):
            assert section(found).text
        assert own_studies.figure(found).alt
    assert "cannot be told from one" in said(meta.read(path))


@pytest.mark.parametrize("name", ["twelve-yi-vi", "twelve-ready-made"])
def test_studies_of_one_standard_error_are_all_of_one_size(name: str) -> None:
    found = read(name)
    with pytest.raises(ParameterError, match="collinearity"):
        found.fit.small_study()
    assert own_studies.small_study(found).text.startswith("All studies have the same standard er")


def test_standard_errors_that_hardly_differ_end_no_report(tmp_path: Path) -> None:
    for nearly in (0.0, 1e-12, 1e-9, 1e-7, 1e-5):
        rows = (f"S{i},{0.1 * i:.1f},{0.05 * (1 + nearly * (i % 5))!r}\n" for i in range(12))
        path = tmp_path / "alike.csv"
        path.write_text(f"study,yi,vi\n{''.join(rows)}", "utf-8")
        text = own_studies.small_study(meta.read(path)).text
        assert ("no test of asymmetry is possible" in text) == (nearly < 1e-6)
        assert "nan" not in text


NOTEBOOK = Path(evidence.__file__).parents[2] / "notebooks" / "42_your_own_studies.ipynb"
SCORES = ("twelve-studies-means", "twelve-studies-semicolon", "eight-heterogeneous")


@pytest.mark.parametrize("path", sorted(own.FOLDER.glob("*.csv")), ids=lambda one: one.stem)
def test_the_notebook_reports_on_each_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Block | Figure] = []
    monkeypatch.setattr(evidence, "show", shown.append)
    scores = path.stem in (*SCORES, "44-sd-zero-and-se")
    names: dict[str, object] = {}
    for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
            if "parameters" in cell["metadata"].get("tags", ()):
                names |= {"file": str(path), "better": "lower" if scores else ""}
    text = "\n".join(one.text for one in shown if isinstance(one, Block))
    fit = meta.read(str(path), better="lower" if scores else None).fit
    assert len(shown) == 10
    assert fit.scale.words(fit.effect, fit.ci_low, fit.ci_high) in text
    assert not re.search(r"\bnan\b|None|n = 0\b|\b0 participants", text)


def test_which_scores_count_as_better_and_who_the_groups_are_is_said() -> None:
    text = own_studies.first_screen(read("twelve-studies-means", better="lower")).html
    assert "Lower scores count as better, as was asked for" in text
    higher = own_studies.first_screen(read("twelve-studies-means", better="higher")).html
    assert "above 0 means higher scores in group 1" in higher
    events = own_studies.first_screen(read("events", better="lower")).html
    assert "Comparator, by the column comparator: " in events
    assert "scores count as better" not in events
    named = own_studies.first_screen(read("eight-heterogeneous", better="lower")).html
    assert "Group 1, by the column condition_arm1: mytherapy (8)" in named


def test_a_value_that_rests_on_doubted_sds_is_not_handed_out_without_saying_so() -> None:
    found = read("44-sd-zero-and-se", better="lower")
    warning = "Not to be cited yet: the SDs of Beispiel (2030) look like standard errors"
    assert said(found).startswith(warning)
    assert warning in own_studies.citing(found).text
    assert "Not to be cited" not in said(read("twelve-studies-means", better="lower"))


def test_how_standard_errors_came_about_is_said(tmp_path: Path) -> None:
    path = tmp_path / "ratios.csv"
    path.write_text("study,OR,CI lower,CI upper\nA,0.5,0.3,0.9\nB,0.7,0.4,1.2\n", "utf-8")
    found = meta.read(path)
    assert "width of the intervals of the logarithms" in own_studies.methods(found).text
    assert own_studies.pooled_entry(found).processing == "converted"
    assert own_studies.pooled_entry(read("twelve-yi-vi")).processing == "printed"


def test_rows_left_out_stand_in_the_report_with_the_reason() -> None:
    found = read("44-sd-zero-and-se", better="lower")
    assert "sd_1: found 0.0, expected an SD above 0" in own_studies.how_read(found).text
    assert "its SDs are 6 times smaller" in own_studies.first_screen(found).html


def test_each_number_of_the_ledger_is_that_of_its_study() -> None:
    found = read("events", better="lower")
    entries = own_studies.study_entries(found)
    assert [one.effect for one in entries] == pytest.approx(np.exp(found.fit.effects))
    pooled = own_studies.pooled_entry(found)
    assert (pooled.favors, pooled.scale, pooled.k, pooled.n) == ("below_1", "ratio", 6, 609)
    assert pooled.estimate_id == "own.events.pooled"
    assert pooled.data_version.startswith("sha256-")


def test_a_number_can_be_cited_and_is_not_said_to_be_of_the_data() -> None:
    dataset = evidence.load()
    entry = own_studies.pooled_entry(read("twelve-studies-means", better="lower"))
    assert quotation.sentence(entry, dataset) == (
        "12 studies of twelve-studies-means.csv, pooled: Hedges g, 0.47 (95% CI, 0.26 to 0.69), "
        "P < .001; 12 trials, 1,230 participants; positive favors the intervention."
    )
    (workbook,) = citation.references(entry, dataset)
    assert workbook["version"] == evidence.__version__
    events = own_studies.pooled_entry(read("events", better="lower"))
    assert quotation.sentence(events, dataset).startswith("Six studies of events.csv, pooled: odds")


def test_groups_and_moderators_are_said_where_they_are_asked_for() -> None:
    found = read("events")
    assert "Between groups" in own_studies.groups(found, "comparator", "").text
    assert "Meta-regression" in own_studies.groups(found, "", "C(comparator)").text
    assert "No column for groups" in own_studies.groups(found, "", "").text


_EFFECTS = st.lists(
    st.tuples(st.floats(-2, 2).map(lambda x: round(x, 3)), st.floats(0.01, 0.5)),
    min_size=1,
    max_size=9,
)


@given(_EFFECTS)
def test_no_sentence_is_false_of_any_studies(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, float]]
) -> None:
    path = tmp_path_factory.mktemp("own") / "any.csv"
    lines = [f"S{i},{effect},{variance}" for i, (effect, variance) in enumerate(rows)]
    path.write_text("\n".join(["study,yi,vi", *lines]) + "\n", "utf-8")
    found = meta.read(path)
    fit, text = found.fit, said(found)
    counted = {
        side: int(number)
        for number, side in re.findall(r"(\d+) (?:is|are) (above|below|at) 0", text)
    }
    signs = np.sign([effect for effect, _ in rows])
    for side, sign in (("above", 1), ("below", -1), ("at", 0)):
        assert counted.get(side, 0) == int((signs == sign).sum())
    first, paragraph = text.split("\n")[:2]
    assert ("includes no difference" in first) == (fit.ci_low <= 0 <= fit.ci_high)
    ahead = (fit.prediction_low, fit.prediction_high)
    assert ("In a new study" in paragraph) == (ahead[0] is not None)
    if ahead[0] is not None and ahead[1] is not None:
        assert ("which includes no difference" in paragraph) == (ahead[0] <= 0 <= ahead[1])
    assert ("lies above no difference" in text) == (fit.ci_low > 0)
    assert ("lies below no difference" in text) == (fit.ci_high < 0)
    low, high = fit.tau2_ci_low, fit.tau2_ci_high
    if low is not None and high is not None:
        assert ("The effects of the studies differ." in text) == (low > 0)
        assert ("closer together than chance" in text) == (high == 0)
        assert ("The test of Q says" in text) == (low == 0 < high and fit.q_p < 0.05)
        assert ("neither shown nor excluded" in text) == (low == 0 < high and fit.q_p >= 0.05)
    assert "favors" not in text
    assert "significant" not in text
