"""Reports of an imported package: built in its own folder, from a catalog that it gets."""

import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import evidence
from evidence.cli import app
from evidence.data.dataset import load
from evidence.ledger.sentences import effect_measure
from evidence.meta.multilevel import fit_multilevel
from evidence.meta.multilevel.covariance import correlated_covariance
from evidence.pages.followup import tables as followup_tables
from evidence.reports import catalog, package_catalog
from evidence.reports.build import Built, build
from tests.metapsy.files import events, imported, means, ready

ROOT = Path(__file__).parents[2]

STUDIES = (
    means(),
    means(instrument="HDRS", rating="clinician", mean_arm1="10.1", mean_arm2="13.9"),
    means(study="Bo, 2002", condition_arm2="cau", mean_arm1="15.5", n_arm1="40", n_arm2="38"),
    means(study="Cy, 2003", condition_arm2="tau-x", mean_arm1="17.0", sd_arm1="7.5"),
    means(time="FU1", time_weeks="26"),
    means(study="Bo, 2002", condition_arm2="cau", time="FU1", time_weeks="26"),
    means(study="Du, 2004", condition_arm1="pst"),
    events(study="Ey, 2005", condition_arm1="ipt", outcome_type="suicide attempts", outcome=""),
    events(
        study="Fu, 2006",
        condition_arm1="ipt",
        outcome_type="suicide attempts",
        outcome="",
        event_arm1="3",
    ),
)
"""Three trials of cbt, one with two instruments and two with a follow-up; one of pst; events."""

BUILT = ("cbt-depression-post", "cbt-depression-both-times", "cbt-effect-sizes")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Built, list[str]]:
    folder = tmp_path_factory.mktemp("database")
    imported(folder, *STUDIES, title="Trials of a test")
    told: list[str] = []
    package = folder / "made"
    return package, build(BUILT, data=package, root=ROOT, told=told.append), told


def page(package: Path, name: str) -> str:
    return (package / "reports" / f"{name}.html").read_text(encoding="utf-8")


def words(markup: str) -> str:
    text = re.sub(r"<(script|style|svg)\b.*?</\1>", "", markup, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_what_two_trials_answer_is_in_the_catalog(made: tuple[Path, Built, list[str]]) -> None:
    package, _, told = made
    path = package / "reports" / "catalog.toml"
    found = catalog.read(path, notebooks=ROOT / "notebooks", data=package)
    models = {one.report_id: one.parameters.get("model") for one in found}
    assert models == {
        "cbt-depression-post": "che",
        "cbt-depression-follow-up": "one_per_trial",
        "cbt-depression-both-times": None,
        "cbt-effect-sizes": None,
        "ipt-suicide-attempt-attempt": None,
        "ipt-effect-sizes": None,
    }
    assert told[-1] == "not built, one trial each: pst-depression-post, pst-effect-sizes"
    assert told[0].endswith("written, 6 reports")


def test_they_stand_in_the_folder_of_the_package(made: tuple[Path, Built, list[str]]) -> None:
    package, built, _ = made
    assert built.failures == ()
    assert built.made == tuple(sorted(BUILT))
    names = {one.name for one in (package / "reports").glob("*.html")}
    assert names == {"index.html", *(f"{one}.html" for one in BUILT)}
    assert not (ROOT / "reports" / f"{BUILT[0]}.html").exists()
    assert build(BUILT, data=package, root=ROOT).unchanged == BUILT


def test_the_mean_is_that_of_the_model_of_all_estimates(
    made: tuple[Path, Built, list[str]],
) -> None:
    package, _, _ = made
    frame = evidence.estimates(load(package))
    rows = frame[(frame.metric == "hedges_g") & (frame.timepoint == "post")]
    rows = rows[rows.therapy == "cbt"]
    trials = list(rows.trial_id)
    assert len(trials) == 4
    variance = rows.variance.to_numpy(dtype=float)
    fit = fit_multilevel(
        rows.effect.to_numpy(dtype=float), correlated_covariance(variance, trials, 0.6), trials
    )
    ledger = {
        one.estimate_id: one for one in evidence.ledger.read(package / "reports/estimates.csv")
    }
    entry = ledger["cbt.depression.post.hedges_g.pooled.model_che"]
    mean = fit.coefficients[0]
    np.testing.assert_allclose(
        [entry.effect, entry.ci_low, entry.ci_high],
        [mean.estimate, mean.ci_low, mean.ci_high],
        rtol=1e-9,
    )
    assert (entry.k, entry.n) == (3, 182)


FALSE = (
    *("ABFT", "ABCT", "adolescent", "young people", "attachment-based", "review by the developers"),
    *("abstracts, registrations", "No systematic search", "no systematic search"),
)
"""What is said of the workbook's own trials alone."""


@pytest.mark.parametrize("name", [*BUILT, "index"])
def test_nothing_is_said_of_other_trials(made: tuple[Path, Built, list[str]], name: str) -> None:
    text = words(page(made[0], name))
    assert [one for one in FALSE if one in text] == []
    assert "Trials of a test" in text


@pytest.mark.parametrize("name", [*BUILT, "index"])
def test_no_link_leads_to_a_page_that_is_not_there(
    made: tuple[Path, Built, list[str]], name: str
) -> None:
    folder = made[0] / "reports"
    linked = set(re.findall(r'href="([\w.-]+\.(?:html|csv))', page(made[0], name)))
    assert [one for one in linked if not (folder / one).is_file()] == []


def test_a_heading_without_content_is_left_out(made: tuple[Path, Built, list[str]]) -> None:
    text = page(made[0], "cbt-depression-post")
    assert "The trials and their estimates" in text
    assert "With a prior on the spread" not in text


def test_its_numbers_are_cited_and_checked(
    made: tuple[Path, Built, list[str]], tmp_path: Path
) -> None:
    package, _, _ = made
    number = "cbt.depression.post.hedges_g.pooled.model_che"
    cited = CliRunner().invoke(app, ["cite", number, "--data", str(package)])
    assert cited.exit_code == 0
    assert "with data of Trials of a test, version not stated" in cited.output
    shown = re.search(r"Hedges g, ([\d.]+)", cited.output)
    assert shown is not None
    draft = tmp_path / "draft.md"
    draft.write_text(f"It was g = {shown[1]} {{ev:{number}}}.\n", encoding="utf-8")
    ledger = str(package / "reports")
    assert CliRunner().invoke(app, ["check", str(draft), "--ledger", ledger]).exit_code == 0
    draft.write_text(f"It was g = 9.99 {{ev:{number}}}.\n", encoding="utf-8")
    assert CliRunner().invoke(app, ["check", str(draft), "--ledger", ledger]).exit_code == 1


def test_an_import_anew_keeps_the_reports(tmp_path: Path) -> None:
    imported(tmp_path, means(), means(study="Bo, 2002"))
    path = tmp_path / "made" / "reports" / "catalog.toml"
    package_catalog.write(tmp_path / "made", path)
    path.write_text("# mine\n", encoding="utf-8")
    imported(tmp_path, means(), means(study="Bo, 2002"), means(study="Cy, 2003"))
    assert path.read_text(encoding="utf-8") == "# mine\n"
    assert len(load(tmp_path / "made").trials) == 3


def test_a_package_without_two_trials_is_refused(tmp_path: Path) -> None:
    imported(tmp_path, means())
    path = tmp_path / "made" / "reports" / "catalog.toml"
    with pytest.raises(evidence.errors.ParameterError, match="two trials of a therapy"):
        package_catalog.write(tmp_path / "made", path)
    assert not path.exists()


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (("post", "post"), "end of treatment"),
        (("", "post"), "end of treatment or a time not named"),
        (("", ""), "time not named"),
    ],
)
def test_a_time_that_the_file_does_not_name_is_not_called_the_end(
    tmp_path: Path, times: tuple[str, str], said: str
) -> None:
    studies = [means(study=f"Trial {i}, 2001", time=one) for i, one in enumerate(times)]
    imported(tmp_path, *studies)
    assert load(tmp_path / "made").in_text("timepoint", "post") == said


def test_each_follow_up_of_a_trial_is_named_by_its_weeks(tmp_path: Path) -> None:
    weeks = {"FU1": "26", "FU2": "52"}
    later = [means(time=time, time_weeks=at, mean_arm1="16.0") for time, at in weeks.items()]
    dataset = imported(tmp_path, means(), *later).dataset
    found = evidence.durability(dataset, therapy="cbt")
    lines = followup_tables.comparisons(dataset, found).text.splitlines()
    assert "26 weeks" in lines[0] or "6 months" in lines[0]
    named = [one for one in lines[2:] if one.startswith("Ahn 2001")]
    assert all("months after randomization" in one for one in named)
    assert len({one.split(" | ")[0] for one in named}) == 2


def test_a_printed_effect_is_not_said_to_be_computed_here(tmp_path: Path) -> None:
    imported(tmp_path, ready(), ready(study="Bo, 2002"), positive_g="intervention")
    frame = evidence.estimates(load(tmp_path / "made"))
    said = effect_measure("hedges_g", frame[frame.metric == "hedges_g"], "exact")
    assert said == "Hedges g as the source prints it, by whatever formula that used"
    own = tmp_path / "own"
    own.mkdir()
    imported(own, means(), ready(study="Bo, 2002"), positive_g="intervention")
    frame = evidence.estimates(load(own / "made"))
    said = effect_measure("hedges_g", frame[frame.metric == "hedges_g"], "exact")
    assert said.endswith(
        "; of Bo 2002 it is as the source prints it, by whatever formula that used"
    )


def test_two_arms_of_one_condition_keep_their_counts_at_both_times(tmp_path: Path) -> None:
    def counted(arm: str, time: str, number: str) -> dict[str, str]:
        return events(
            outcome_type="remission", multi_arm1=arm, time=time, event_arm1=number, time_weeks=""
        )

    imported(
        tmp_path,
        *(counted(arm, time, n) for time, n in (("post", "9"), ("FU1", "8")) for arm in "ab"),
    )
    found = evidence.durability(load(tmp_path / "made"), therapy="cbt")
    own = found.arms[found.arms.role == "intervention"]
    assert own.groupby("arm_id").timepoint.nunique().to_list() == [2, 2]
    assert found.arms.proportion_id.is_unique
