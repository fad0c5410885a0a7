"""What is written: printed values in the tables of the workbook, each trait with its outcome."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import evidence
from evidence.analysis import analyze
from evidence.cli import app
from evidence.errors import DataError, ParameterError
from evidence.estimation.choices import Specification
from evidence.estimation.missing_evidence import missing_evidence
from evidence.ledger.citation import database_of
from evidence.metapsy import import_database
from evidence.reports.stamp import Stamp
from evidence.terms import LeftOut, words_of
from tests.data.packages import DATA
from tests.metapsy.files import WHEN, as_text, changes, events, imported, means, ready, write

BEFORE = {
    "bl_mean_arm1": "25.50",
    "bl_sd_arm1": "7",
    "bl_n_arm1": "28",
    "bl_mean_arm2": "24.1",
    "bl_sd_arm2": "7.5",
    "bl_n_arm2": "28",
}


def effects(folder: Path, *records: dict[str, str], **options: object) -> dict[str, float]:
    """Effects by id without metrics that all means have too."""
    frame = evidence.estimates(imported(folder, *records, **options).dataset)
    frame = frame[frame.metric.isin(["hedges_g", "log_odds_ratio", "log_risk_ratio"])]
    assert frame.estimate_id.is_unique
    return dict(zip(frame.estimate_id, frame.effect, strict=True))


def test_means_stand_as_printed(tmp_path: Path) -> None:
    record = means(mean_arm1="14,20", **BEFORE)
    dataset = imported(tmp_path, record).dataset
    rows = dataset.text("arm_results").set_index("result_id")
    assert dict(rows.loc["r1_mean_arm1", ["mean", "sd", "n_analyzed", "weeks", "clock"]]) == {
        "mean": "14.20",
        "sd": "8.1",
        "n_analyzed": "25",
        "weeks": "8",
        "clock": "randomization",
    }
    assert rows["mean"]["r1_baseline_arm1"] == "25.50"
    frame = evidence.estimates(dataset).set_index("estimate_id")
    # (19.9 - 14.2) / sqrt((24 8.1^2 + 26 9.0^2) / 50) times J(50) by the gamma function
    assert frame.effect["ahn_2001.depression.bdi_ii.post.hedges_g"] == pytest.approx(
        5.7 / (((24 * 8.1**2 + 26 * 9.0**2) / 50) ** 0.5) * 0.984912, abs=1e-6
    )
    assert "ahn_2001.depression.bdi_ii.post.d_ppc2" in frame.index
    assert frame.locator_ids["ahn_2001.depression.bdi_ii.post.hedges_g"] == ("record_1",)


@pytest.mark.parametrize(
    ("printed", "label"),
    [
        ("Diamond, 2002", "Diamond 2002"),
        ("Diamond 2010", "Diamond 2010"),
        ("Challacombe,2017", "Challacombe 2017"),
        ("Johansen et al. (2022)", "Johansen et al. 2022"),
        ("March 2004 study 1", "March 2004 study 1"),
        ("Löbner, 2018b", "Löbner 2018b"),
        ("unpublished", "unpublished"),
    ],
)
def test_labels_of_studies(tmp_path: Path, printed: str, label: str) -> None:
    trials = imported(tmp_path, means(study=printed)).dataset.trials
    assert list(trials.label) == [label]
    assert (trials.note.iloc[0] == "") == (printed == label)


def test_several_therapies_of_one_trial_are_selected_by_their_arm(tmp_path: Path) -> None:
    dataset = imported(
        tmp_path,
        means(study="Bo 2002"),
        means(study="Bo 2002", condition_arm1="bat", mean_arm1="16"),
        means(study="Cho 2003"),
    ).dataset
    assert list(dataset.trials.therapy) == ["cbt", "cbt"]
    cbt = analyze(dataset, Specification(therapy="cbt", outcome="depression", timepoint="post"))
    bat = analyze(dataset, Specification(therapy="bat", outcome="depression", timepoint="post"))
    assert list(cbt.selection.estimates.label) == ["Bo 2002", "Cho 2003"]
    assert list(bat.selection.estimates.label) == ["Bo 2002"]
    arms = dataset.arms.set_index("arm_id")
    assert list(arms.index) == [
        "bo_2002_cbt",
        "bo_2002_waitlist",
        "bo_2002_bat",
        "cho_2003_cbt",
        "cho_2003_waitlist",
    ]
    shared = dataset.arm_results.set_index("result_id").note["r1_mean_arm2"]
    assert shared == "also in record 2"


def test_head_to_head_comparisons_are_those_of_the_file(tmp_path: Path) -> None:
    records = (
        means(study="Bo 2002", condition_arm2="bat", mean_arm2="15"),
        means(study="Bo 2002", condition_arm1="bat", mean_arm1="15", sd_arm1="9.0", n_arm1="27"),
    )
    found = effects(tmp_path, *records)
    arms = imported(tmp_path, *records).dataset.arms.set_index("arm_id").role
    assert arms["bo_2002_bat_comparator"] == "comparator"
    assert arms["bo_2002_bat"] == "intervention"
    assert set(found) == {
        "bo_2002.cbt_vs_bat.depression.bdi_ii.post.hedges_g",
        "bo_2002.bat_vs_waitlist.depression.bdi_ii.post.hedges_g",
    }


def test_two_arms_of_one_condition_are_two_arms(tmp_path: Path) -> None:
    found = effects(
        tmp_path,
        means(multi_arm1="group", mean_arm1="14"),
        means(multi_arm1="alone", mean_arm1="17"),
    )
    # each arm, and both as one
    assert [one.endswith(".combined_means") for one in found] == [False, False, True]
    assert len(set(found.values())) == 3


def test_instruments_raters_and_outcomes_are_apart(tmp_path: Path) -> None:
    dataset = imported(
        tmp_path,
        means(),
        means(rating="clinician", mean_arm1="13"),
        means(outcome="QoL", mean_arm1="20", mean_arm2="18"),
        means(instrument="NA", rating="NA", mean_arm1="15"),
    ).dataset
    rows = dataset.instruments.set_index("instrument_id")
    assert list(rows.index) == [
        "bdi_ii_depression_self",
        "bdi_ii_depression_clinician",
        "bdi_ii_quality_of_life",
        "depression_instrument_not_stated",
    ]
    assert list(rows.rater) == ["self", "clinician", "self", "not_stated"]
    assert list(rows.higher_is) == ["worse", "worse", "better", "worse"]


def test_times(tmp_path: Path) -> None:
    dataset = imported(
        tmp_path,
        means(time="Post"),
        means(time="FU1", time_weeks="26", mean_arm1="15"),
        means(time="FU2", time_weeks="52", mean_arm1="16"),
        means(study="Bo 2002", time="NA", time_weeks="NA"),
    ).dataset
    rows = dataset.arm_results[dataset.arm_results.result_id.str.endswith("arm1")]
    assert list(rows.timepoint) == ["post", "follow_up", "follow_up", "post"]
    assert list(rows.weeks_since_randomization[:3]) == [8, 26, 52]
    assert np.isnan(rows.weeks_since_randomization.iloc[3])


def test_events_and_their_direction(tmp_path: Path) -> None:
    found = effects(
        tmp_path,
        events(),
        events(study="Bo 2002", outcome_type="remission (cut-off)"),
        events(study="Cho 2003", outcome_type="deterioration"),
        events(study="Dee 2004", outcome_type="attempts", outcome="", instrument="NA"),
    )
    odds = np.log(12 * 25 / (18 * 6))
    assert found["ahn_2001.depression.response.post.log_odds_ratio"] == pytest.approx(odds)
    assert found["bo_2002.depression.remission.post.log_odds_ratio"] == pytest.approx(odds)
    assert found["cho_2003.depression.deterioration.post.log_odds_ratio"] == pytest.approx(-odds)
    assert found["dee_2004.suicide_attempt.attempt.post.log_odds_ratio"] == pytest.approx(-odds)


def test_an_event_of_unknown_direction_gives_no_estimate(tmp_path: Path) -> None:
    made = imported(tmp_path, events(outcome_type="reliable change"))
    frame = evidence.estimates(made.dataset)
    assert frame.effect.isna().all()
    assert set(frame.reason) == {"whether more of this event is better or worse is not known here"}
    assert list(made.discrepancies.kind) == ["direction_unknown"]


def test_an_instrument_of_unknown_direction_gives_no_estimate(tmp_path: Path) -> None:
    made = imported(tmp_path, means(outcome="locus of control", instrument="LOC"))
    frame = evidence.estimates(made.dataset)
    assert frame.effect.isna().all()
    assert "higher score is better or worse is not known" in frame.reason.iloc[0]
    assert list(made.discrepancies.kind) == ["direction_unknown"]


def test_the_sign_of_printed_g_tells_the_direction_of_an_instrument(tmp_path: Path) -> None:
    g = {".g": "0.6543", ".g_se": "0.285"}
    made = imported(
        tmp_path,
        means(**g),
        means(outcome="locus of control", instrument="LOD", **(g | {".g": "-0.2333"})),
        means(outcome="locus of control", instrument="LOE", **(g | {".g": "-0.6543"})),
    )
    rows = made.dataset.instruments.set_index("instrument_id").higher_is
    assert rows["loe"] == "better"
    assert rows["lod"] == "not_stated"


def test_changes_from_baseline_are_used_with_a_remark(tmp_path: Path) -> None:
    dataset = imported(tmp_path, changes()).dataset
    frame = evidence.estimates(dataset)
    row = frame[frame.metric == "hedges_g"].iloc[0]
    # (9.5 - 4.1) / pooled SD of the changes, times J(50)
    spread = ((24 * 7.0**2 + 26 * 6.5**2) / 50) ** 0.5
    assert row.effect == pytest.approx(5.4 / spread * 0.984912, abs=1e-6)
    assert row.instrument_id == "bdi_ii_change"
    assert any("a change from baseline" in words_of(one.text) for one in row.remarks)


def test_ready_made_g_turns_as_the_file_or_the_caller_says(tmp_path: Path) -> None:
    alone = imported(tmp_path, ready())
    assert any("cannot be told" in one and "(0 are below 0, 1 above)" in one for one in alone.lines)
    assert evidence.estimates(alone.dataset).effect.isna().all()
    assert "the source does not say whom it favors" in set(evidence.estimates(alone.dataset).reason)
    for side, sign in (("intervention", 1), ("comparator", -1)):
        (found,) = effects(tmp_path, ready(), positive_g=side).values()
        assert found == sign * 0.41
    lower = means(study="Bo 2002", **{".g": "-0.6543"})
    assert effects(tmp_path, lower, ready())["ahn_2001.depression.bdi_ii.post.hedges_g"] == -0.41
    higher = means(study="Bo 2002", **{".g": "0.6543"})
    assert effects(tmp_path, higher, ready())["ahn_2001.depression.bdi_ii.post.hedges_g"] == 0.41


def test_ready_made_log_risk_ratio(tmp_path: Path) -> None:
    record = ready(
        outcome_type="response", **{".g": "", ".g_se": "", ".log_rr": "0,35", ".log_rr_se": "0,2"}
    )
    dataset = imported(tmp_path, record).dataset
    row = evidence.estimates(dataset).iloc[0]
    assert (row.metric, row.effect, row.event) == ("log_risk_ratio", 0.35, "response")
    assert row.se == pytest.approx(0.2)


def test_a_printed_g_beside_data_is_no_second_estimate(tmp_path: Path) -> None:
    dataset = imported(tmp_path, means(**{".g": "0.6543"}), events(**{".log_rr": "0.7"})).dataset
    assert dataset.statistics.empty


def test_an_arm_with_other_numbers_in_another_record_stands_by_itself(tmp_path: Path) -> None:
    made = imported(
        tmp_path,
        means(multi_arm1="group"),
        means(multi_arm1="alone", mean_arm1="17", mean_arm2="20.9"),
    )
    results = made.dataset.arm_results
    assert set(results.analysis_set) == {"as_printed_record_1", "as_printed_record_2"}
    frame = evidence.estimates(made.dataset)
    found = sorted(frame.effect[frame.metric == "mean_difference"])
    assert found == pytest.approx([20.9 - 17, 19.9 - 14.2])
    assert list(made.discrepancies.kind) == ["kept_apart"] * 2


def test_a_repeated_record_does_not_count_twice(tmp_path: Path) -> None:
    twice = [means(), means(), ready(study="Bo 2002"), ready(study="Bo 2002")]
    made = imported(tmp_path, *twice, positive_g="intervention")
    assert list(made.discrepancies.kind[made.discrepancies.kind == "duplicate_record"]) == [
        "duplicate_record",
        "duplicate_record",
    ]
    assert made.dataset.arm_results.result_id.is_unique
    main = Specification(therapy="cbt", outcome="depression", timepoint="post")
    assert analyze(made.dataset, main).pooled.k == 2
    printed = made.dataset.text("arm_results").set_index("result_id")["mean"]
    assert printed["r2_mean_arm1"] == "14.2"


@pytest.mark.parametrize("beside", [{}, {"mean_arm1": "14.2"}])
def test_an_effect_that_was_taken_over_does_not_count_twice(
    tmp_path: Path, beside: dict[str, str]
) -> None:
    taken = {".g": "NA", ".g_se": "NA", "precalc_g": "0.5", "precalc_g_se": "0.2"}
    made = imported(tmp_path, *[ready(**(taken | beside))] * 2, positive_g="intervention")
    repeated = made.discrepancies[made.discrepancies.kind == "duplicate_record"]
    assert "precalc_g" in list(repeated.column)
    frame = evidence.estimates(made.dataset)
    assert (frame.metric[frame.effect.notna()] == "hedges_g").sum() == 1


def test_more_events_than_participants_are_printed_and_not_used(tmp_path: Path) -> None:
    made = imported(tmp_path, events(event_arm1="31"))
    assert made.dataset.text("arm_results").events[0] == "31"
    assert evidence.estimates(made.dataset).effect.isna().all()
    assert "contradictory_n" in set(made.discrepancies.kind)


def test_sizes_randomized_that_contradict_each_other_stay_empty(tmp_path: Path) -> None:
    made = imported(
        tmp_path,
        means(rand_arm1="30", rand_arm2="30"),
        means(instrument="HAM-D", rand_arm1="30", rand_arm2="31"),
    )
    arms = made.dataset.text("arms").set_index("arm_id").n_randomized
    assert dict(arms) == {"ahn_2001_cbt": "30", "ahn_2001_waitlist": ""}
    assert list(made.discrepancies.kind) == ["contradictory_n"]


def test_fractions_under_a_name_of_percentages_stay_fractions(tmp_path: Path) -> None:
    made = imported(tmp_path, means(percent_women="0,84", mean_age="NR"))
    facts = made.dataset.trial_facts
    assert list(facts.fact) == ["fraction_female"]
    assert list(facts.value) == [0.84]
    other = imported(tmp_path, means(percent_women="84", mean_age="41.5"))
    assert dict(
        zip(other.dataset.trial_facts.fact, other.dataset.trial_facts.value, strict=True)
    ) == {
        "mean_age": 41.5,
        "percent_female": 84,
    }


def test_one_percentage_makes_no_percentages_of_fractions(tmp_path: Path) -> None:
    shares = {"Ahn, 2001": "0,84", "Bo, 2002": "0,52", "Cy, 2003": "43,1"}
    made = imported(tmp_path, *(means(study=one, percent_women=shares[one]) for one in shares))
    facts = made.dataset.trial_facts
    assert list(zip(facts.fact, facts.value, facts.unit, strict=True)) == [
        ("fraction_female", 0.84, "fraction"),
        ("fraction_female", 0.52, "fraction"),
        ("percent_female", 43.1, "percent"),
    ]
    assert any("fractions, 1 above 1 as percentages" in one for one in made.lines)


@pytest.mark.parametrize(
    ("name", "outcome", "expected"),
    [
        ("grief-psyctr", None, "grief"),
        ("some-folder", None, "outcome_not_named"),
        ("grief-psyctr", "anxiety", "anxiety"),
    ],
)
def test_outcome_of_a_file_without_one(
    tmp_path: Path, name: str, outcome: str | None, expected: str
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    path = write(folder, as_text(means(outcome="")), "data.csv")
    made = import_database(path, tmp_path / "made", accessed=WHEN, outcome=outcome)
    assert list(made.dataset.instruments.outcome_id) == [expected]


def test_what_is_known_of_the_database_is_in_reference_and_locators(tmp_path: Path) -> None:
    reference = "Ahn, A. (2001). A trial. A journal, 1, 1-9."
    dataset = imported(
        tmp_path,
        means(full_reference=reference),
        title="A database",
        version="24.0.3",
        doi="https://doi.org/10.5281/zenodo.1",
        license_name="ODC-By 1.0",
    ).dataset
    locator = dataset.locator("record_1")
    assert words_of(locator.place) == "file.csv, record 1 (version 24.0.3)"
    assert locator.url == "https://doi.org/10.5281/zenodo.1"
    assert locator.accessed == WHEN
    assert dataset.version == "24.0.3"
    assert dataset.references["metapsy_database"]["DOI"] == "10.5281/zenodo.1"
    assert dataset.references["ahn_2001"]["title"] == reference
    stated = json.loads((dataset.path / "datapackage.json").read_text("utf-8"))
    assert stated["licenses"] == [{"title": "ODC-By 1.0"}]


@pytest.mark.parametrize(
    ("given", "said"), [("", "version not stated"), ("2024-01-b", "version 2024-01-b")]
)
def test_the_version_of_a_database_is_said_in_words_or_as_it_is(
    tmp_path: Path, given: str, said: str
) -> None:
    made = imported(tmp_path, means(), title="A database", **({"version": given} if given else {}))
    assert database_of(made.dataset) == f"A database, {said}"
    stamp = Stamp(made.dataset.version, WHEN, database="A database")
    assert stamp.state.startswith(f"A database, {said}, workbook")
    checked = CliRunner().invoke(app, ["validate", str(made.dataset.path)])
    assert f"valid, data {said}," in " ".join(checked.output.split())


def test_text_that_a_spreadsheet_would_compute_is_neutralized(tmp_path: Path) -> None:
    made = imported(tmp_path, means(study="=1+1", instrument="@sum"))
    text = (made.dataset.path / "trials.csv").read_text("utf-8")
    assert "'=1+1" in text
    assert ",=1+1" not in text
    report = (made.dataset.path / "import-report.md").read_text("utf-8")
    assert "<script>" not in report


def test_markup_in_a_file_is_text_in_the_report(tmp_path: Path) -> None:
    made = imported(tmp_path, means(study="<script>x</script>", **{".g": "0.9"}))
    report = (made.dataset.path / "import-report.md").read_text("utf-8")
    assert "<script>" not in report
    assert "\\<script\\>" in report


def test_two_imports_are_the_same_bytes(tmp_path: Path) -> None:
    first = imported(tmp_path, means(), events()).dataset.path
    kept = {one.name: one.read_bytes() for one in first.iterdir()}
    second = imported(tmp_path, means(), events()).dataset.path
    assert {one.name: one.read_bytes() for one in second.iterdir()} == kept
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(ParameterError, match="a new or empty folder, or one that evidence"):
        imported(tmp_path, means())
    assert [one.name for one in folder.iterdir()] == ["notes.txt"]
    shutil.rmtree(folder)
    shutil.copytree(DATA, folder)
    with pytest.raises(ParameterError, match=r"^output: "):
        imported(tmp_path, means())
    folder_is_file = tmp_path / "file"
    folder_is_file.write_text("")
    path = write(tmp_path, as_text(means()))
    with pytest.raises(ParameterError, match=r"^output: "):
        import_database(path, folder_is_file, accessed=WHEN)


def test_a_bad_file_leaves_an_earlier_import_as_it_was(tmp_path: Path) -> None:
    first = imported(tmp_path, means()).dataset
    with pytest.raises(DataError):
        imported(tmp_path, means(mean_arm1="x"))
    assert evidence.load(first.path).digest == first.digest


def test_an_interrupted_write_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("evidence.metapsy.package.load", broken)
    with pytest.raises(KeyboardInterrupt):
        imported(tmp_path, means())
    assert [one.name for one in tmp_path.iterdir()] == ["file.csv"]


def test_the_schema_is_that_of_the_workbook_with_named_differences(tmp_path: Path) -> None:
    made = imported(tmp_path, means()).dataset.path
    own = json.loads((made / "datapackage.json").read_text("utf-8"))
    main = json.loads((DATA / "datapackage.json").read_text("utf-8"))
    differing = {
        (table["name"], field["name"])
        for table, other in zip(own["resources"], main["resources"], strict=True)
        for field, same in zip(table["schema"]["fields"], other["schema"]["fields"], strict=True)
        if field != same
    }
    assert differing == {
        ("trials", "therapy"),
        ("instruments", "rater"),
        ("instruments", "higher_is"),
        ("statistics", "statistic"),
        ("arm_results", "analysis_set"),
    }


def test_a_package_without_claims_says_so(tmp_path: Path) -> None:
    dataset = imported(tmp_path, means()).dataset
    with pytest.raises(ParameterError, match="expected a data package with claims; it has none"):
        evidence.verdicts(dataset)


def test_missing_evidence_counts_trials_by_their_arms(tmp_path: Path) -> None:
    dataset = imported(
        tmp_path, means(study="Bo 2002"), means(study="Bo 2002", condition_arm1="bat")
    ).dataset
    states = missing_evidence(dataset, evidence.estimates(dataset), therapy="bat")
    assert list(states.state) == ["number"]


def test_commands_take_the_package(tmp_path: Path) -> None:
    dataset = imported(
        tmp_path,
        means(),
        means(study="Bo 2002", mean_arm1="16"),
        means(study="Bo 2002", time="FU1", time_weeks="26"),
        events(study="Cho 2003"),
    ).dataset
    assert evidence.durability(dataset, therapy="cbt").comparisons.trial_id.nunique() == 1
    assert set(evidence.audit(dataset).severity) <= {"low", "medium"}
    main = Specification(therapy="cbt", outcome="depression", timepoint="post")
    assert analyze(dataset, main).pooled.k == 2
    two_scales = imported(tmp_path, means(), means(instrument="PHQ-9")).dataset
    chosen = analyze(two_scales, main).selection
    assert len(chosen.estimates) == 1
    assert LeftOut.OTHER_INSTRUMENT in set(chosen.left_out.left_out_by)
