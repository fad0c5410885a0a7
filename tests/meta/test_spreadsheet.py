"""From the file of a researcher to the numbers that metafor gives for it."""

import json
import math
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from evidence import meta
from evidence.errors import DataError, ParameterError
from evidence.meta import spreadsheet
from tests.meta import own
from tests.meta.test_estimate import RIGHT

BETTER: dict[str, Any] = {"twelve-studies-means": "lower", "eight-heterogeneous": "lower"}


@pytest.mark.parametrize("name", RIGHT)
def test_a_file_gives_its_right_values(name: str) -> None:
    found = meta.read(own.FOLDER / f"{name}.csv", better=BETTER.get(name))
    fit, right = found.fit, RIGHT[name]
    assert (fit.effect, fit.ci_low, fit.ci_high, fit.tau2) == pytest.approx(right[:4], abs=5e-5)
    assert fit.left_out.empty
    assert (fit.n is None) == (not found.computed)


def test_semicolons_give_the_same_numbers() -> None:
    fits = [
        meta.read(own.FOLDER / f"twelve-studies-{kind}.csv", better="lower").fit
        for kind in ("means", "semicolon")
    ]
    assert fits[0].effect == fits[1].effect


def test_events_are_odds_ratios_unless_another_measure_is_named() -> None:
    path = own.FOLDER / "events.csv"
    assert math.exp(meta.read(path).fit.effect) == pytest.approx(0.457, abs=5e-4)
    assert meta.read(path, measure="RD").fit.effect == pytest.approx(-0.127, abs=5e-4)
    with pytest.raises(ParameterError, match="measure: found 'smd', expected one for a table of e"):
        meta.read(path, measure="smd", better="lower")


def test_rows_with_a_fault_are_left_out_and_named_by_their_line(tmp_path: Path) -> None:
    text = (own.FOLDER / "twelve-studies-means.csv").read_text(encoding="utf-8")
    path = tmp_path / "mine.csv"
    path.write_text(text.replace("22.5,7.9", "about 22,7.9").replace("10.8,37", "10.8,"), "utf-8")
    found = meta.read(path, better="lower")
    assert found.fit.k == 10
    left = found.left_out
    assert left.row.tolist() == ["line 3", "line 4"]
    assert "found 'about 22'" in left.reason[0]
    assert left.reason[1].startswith("no n")


def test_a_ratio_with_its_interval_is_pooled_as_a_logarithm(tmp_path: Path) -> None:
    counts = meta.effect_sizes(own.table("events"), "OR", study="study", **own.EVENTS)
    z = 1.959963984540054
    table = pd.DataFrame(
        {
            "study": counts.study,
            "OR": counts.effect.map(math.exp),
            "CI lower": (counts.effect - z * counts.se).map(math.exp),
            "CI upper": (counts.effect + z * counts.se).map(math.exp),
        }
    )
    path = tmp_path / "ratios.csv"
    table.to_csv(path, index=False)
    found = meta.read(path)
    assert found.fit.effect == pytest.approx(meta.pool(counts).effect, rel=1e-9)
    assert found.fit.se == pytest.approx(meta.pool(counts).se, rel=1e-9)


def test_a_hazard_ratio_is_read_as_a_ratio(tmp_path: Path) -> None:
    path = tmp_path / "hazards.csv"
    path.write_text("study,HR,CI lower,CI upper\nA,0.6,0.4,0.9\nB,0.8,0.5,1.3\n", "utf-8")
    fit = meta.read(path, better="lower").fit
    assert (fit.scale.name, fit.scale.direction) == ("hazard ratio", "below 1 favors group 1")
    assert f"hazard ratio {math.exp(fit.effect):.2f}" in repr(fit)


def test_a_measure_of_ready_made_effects_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "logs.csv"
    path.write_text("study,yi,vi\nA,-0.5,0.04\nB,-0.2,0.06\nC,-0.6,0.05\n", "utf-8")
    fit = meta.read(path, measure="hazard_ratio", better="lower").fit
    assert fit.scale.direction == "below 1 favors group 1"
    shares = meta.read(path, measure="PLO")
    assert "proportion 0.3" in repr(shares.fit)
    made = json.loads(json.dumps(spreadsheet.as_json(shares)))
    assert made["p_value"] is None
    assert made["read"] == pytest.approx(1 / (1 + math.exp(-made["effect"])))
    with pytest.raises(ParameterError, match="measure: found 'hazard_ratio', expected one for a"):
        meta.read(own.FOLDER / "events.csv", measure="hazard_ratio")


def test_a_direction_of_scores_is_not_one_of_effects_that_stand_in_the_file() -> None:
    fit = meta.read(own.FOLDER / "twelve-yi-vi.csv", better="lower").fit
    assert fit.remarks[0].startswith("Effects stand in the file and keep their sign")
    assert fit.scale.direction == ""


def test_of_several_columns_those_that_were_mapped_are_pooled(tmp_path: Path) -> None:
    path = tmp_path / "both.csv"
    path.write_text("study,g,se_g,variance\nA,0.5,0.2,9\nB,0.3,0.1,9\n", "utf-8")
    found = meta.read(path, columns={"effect": "g", "se": "se_g"})
    assert found.fit.studies.variance.tolist() == pytest.approx([0.04, 0.01])


def test_several_rows_of_a_trial_have_a_model(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(
        "study,yi,vi\na,0.5,0.04\na,0.3,0.05\nb,0.6,0.06\nc,0.2,0.05\nd,0.4,0.07\n", "utf-8"
    )
    found = meta.read(path, model="che")
    assert found.result.k_trials == 4
    with pytest.raises(ParameterError, match="model: found 'che', expected aggregate"):
        _ = found.fit
    assert meta.read(path, model="aggregate").fit.k == 4
    assert any("Several rows" in one for one in meta.read(path).fit.remarks)


def test_the_result_as_json_has_what_a_program_asks_for() -> None:
    found = meta.read(own.FOLDER / "events.csv", better="lower")
    made = json.loads(json.dumps(spreadsheet.as_json(found)))
    assert made["ratio"] == pytest.approx(math.exp(made["effect"]))
    assert made["favors"] == "below 1 favors group 1"
    assert made["k"] == len(made["studies"]) == 6
    assert made["n"] == 609
    assert made["mapping"]["events_1"] == "events_treat"
    assert made["left_out"] == []
    unknown = meta.read(own.FOLDER / "twelve-yi-vi.csv")
    assert spreadsheet.as_json(unknown)["n"] is None


def test_examples_are_named() -> None:
    assert len(meta.example("events")) == 6
    with pytest.raises(ParameterError, match="name: found 'x', expected one of events, scores"):
        meta.example("x")


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    with pytest.raises(DataError):
        meta.read(path)
    path.write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(ParameterError, match=r"mine.csv, columns: found 'a, b'"):
        meta.read(path)
    path.write_text("study,yi,vi\na,x,.1\n", "utf-8")
    with pytest.raises(
        ParameterError, match=r"mine.csv, table: found '1 rows', expected one to pool"
    ):
        _ = meta.read(path).result
    path.write_text("study,m1,sd1,n1,m2,sd2,n2\na,1,0,9,2,1,9\n", "utf-8")
    with pytest.raises(ParameterError, match=r"mine.csv, table: found '1 rows', expected one with"):
        meta.read(path, better="lower")
    path.write_text("study,yi,vi\na,.2,.1\nb,.3,.1\n", "utf-8")
    with pytest.raises(ParameterError, match=r"^level: found 2"):
        _ = meta.read(path, level=2).result


def test_a_number_of_a_workbook_that_no_double_holds_is_no_number(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["study", "yi", "vi"], ["a", 0.2, 0.1], ["b", 77, 0.1], ["c", 0.3, 0.1]):
        book.active.append(row)
    book.save(tmp_path / "made.xlsx")
    with (
        zipfile.ZipFile(tmp_path / "made.xlsx") as old,
        zipfile.ZipFile(tmp_path / "mine.xlsx", "w") as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"<v>77<", b"<v>1%s<" % (b"0" * 400)))
    found = meta.read(tmp_path / "mine.xlsx")
    assert found.result.k == 2
    assert found.left_out.study.tolist() == ["b"]


def test_a_workbook_without_one_of_its_parts_is_refused(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "made.xlsx")
    with zipfile.ZipFile(tmp_path / "made.xlsx") as old:
        for damaged in old.namelist():
            with zipfile.ZipFile(tmp_path / "mine.xlsx", "w") as new:
                for name in old.namelist():
                    new.writestr(name, b"" if name == damaged else old.read(name))
            with pytest.raises(DataError, match=r"mine.xlsx: "):
                meta.read(tmp_path / "mine.xlsx")


def test_moderators_go_by_the_model_of_several_rows_of_a_trial(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    rows = ["a,.5,.04,1", "a,.3,.05,2", "b,.6,.06,3", "c,.2,.05,5", "d,.4,.07,4", "d,.1,.05,6"]
    path.write_text("\n".join(["study,yi,vi,weeks", *rows]), "utf-8")
    found = meta.read(path, model="che", rho=0.5)
    right = meta.regress(
        *(found.effects, "weeks"), variance="variance", study="study", cluster="study", rho=0.5
    )
    assert repr(found.regress("weeks")) == repr(right)
    assert "6 effects of 4 trials" in repr(right)
    with pytest.raises(
        ParameterError, match="model: found 'aggregate', expected one of che, three"
    ):
        meta.read(path, model="aggregate").regress("weeks")
