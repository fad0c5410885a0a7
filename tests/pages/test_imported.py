"""Cards and the page on robustness, of databases read by `import-metapsy`: true of their rows."""

import re
from pathlib import Path

import pytest

from evidence.analysis import analyze
from evidence.analysis.alternatives import examine
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.estimation import estimates
from evidence.estimation.choices import Specification
from evidence.estimation.missing_evidence import missing_evidence
from evidence.followup import durability
from evidence.pages import followup, robustness
from evidence.pages.followup import tables as tables_of_followup
from evidence.pages.followup.tables import arms_of
from evidence.pages.pooled.sections import sections as sections_of
from evidence.pages.robustness import tables
from evidence.pages.trial_card import checks, printed, read_card, screen, sections
from evidence.pages.trial_card.lines import lines
from tests.metapsy.files import events, imported, means, ready


def card(dataset: Dataset, trial_id: str) -> str:
    """Return all that the card of a trial shows."""
    one = read_card(dataset, trial_id, estimates(dataset))
    between = lines(one)
    blocks = [
        screen.first_screen(one, between),
        printed.printed(one),
        sections.left_out(one),
        sections.estimated(one),
        sections.risk_of_bias(one),
        checks.registered_against_reported(one),
        checks.contradictions(one),
        sections.companions(one),
        sections.missing(one),
        sections.closing_sections(one),
    ]
    return "\n".join(block.text for block in blocks)


def test_records_that_contradict_each_other_have_a_card(tmp_path: Path) -> None:
    """Their arms stand apart, in an analysis set that is named for the record."""
    made = imported(tmp_path, means(), means(condition_arm2="cau", mean_arm1="12.0"))
    assert list(made.discrepancies.kind) == ["kept_apart"] * 2
    shown = card(made.dataset, "ahn_2001")
    assert "mean 14.2, SD 8.1, n = 25" in shown
    assert "mean 12.0, SD 8.1, n = 25" in shown
    assert "as_printed" not in shown


SIDELESS = (
    ready(study="Bo, 2002"),
    events(study="Bo, 2002", outcome_type="dropout"),
)


@pytest.mark.parametrize("record", SIDELESS, ids=["g alone", "event"])
def test_a_number_between_arms_of_no_known_side_is_none_within_an_arm(
    tmp_path: Path, record: dict[str, str]
) -> None:
    dataset = imported(tmp_path, means(), record).dataset
    states = missing_evidence(dataset, estimates(dataset), therapy="cbt").set_index("trial_id")
    assert dict(states.state) == {"ahn_2001": "number", "bo_2002": "side_unknown"}
    shown = card(dataset, "bo_2002")
    assert "◒ side not known" in shown
    assert "△" not in shown


def test_what_nothing_unreported_is_added_to_is_not_above_zero(tmp_path: Path) -> None:
    """One small trial whose interval holds zero, and none without a number."""
    dataset = imported(tmp_path, means(mean_arm1="18.0")).dataset
    asked = Specification(therapy="cbt", outcome="depression", timepoint="post")
    found = examine(dataset, analyze(dataset, asked))
    assert found.analysis.pooled.ci_low < 0 < found.analysis.pooled.ci_high
    assert found.beside.stress is None
    columns = tables.one_more(dataset, found).frame
    assert set(columns["Added to those with the unreported at zero"]) == {"none unreported"}
    assert "above zero already" not in tables.one_more(dataset, found).text


def test_counts_whose_better_side_is_not_known_are_not_denied(tmp_path: Path) -> None:
    dataset = imported(tmp_path, means(), events(study="Bo, 2002", outcome_type="dropout")).dataset
    asked = Specification(therapy="cbt", outcome="depression", timepoint="post")
    found = examine(dataset, analyze(dataset, asked))
    assert found.missing.empty
    assert "and whether more is better, are known" in tables.missing(dataset, found).text


def test_one_analysis_of_several_does_not(tmp_path: Path) -> None:
    """By the baseline alone of six analyses the interval leaves zero."""
    record = means(
        **{"bl_mean_arm1": "21", "bl_sd_arm1": "4", "bl_n_arm1": "25"},
        **{"bl_mean_arm2": "21", "bl_sd_arm2": "4", "bl_n_arm2": "27"},
        mean_arm1="17.0",
    )
    dataset = imported(tmp_path, record).dataset
    asked = Specification(therapy="cbt", outcome="depression", timepoint="post")
    found = examine(dataset, analyze(dataset, asked))
    said = robustness.first_screen(dataset, found).text
    over = int(((found.panel.ci_low <= 0) & (found.panel.ci_high >= 0)).sum())
    left = len(found.panel) - over
    assert 0 < over < len(found.panel)
    assert f"{over} of {len(found.panel)} analyses" in said
    assert f"{left} {'does' if left == 1 else 'do'} not." in said


def test_an_event_by_two_instruments_and_two_follow_ups_of_one_post(tmp_path: Path) -> None:
    """Counts by one instrument are not those by the other, and what is supposed stands once."""
    sizes = {"rand_arm1": "35", "rand_arm2": "36"}
    of_event = {"study": "Bo, 2002", "outcome_type": "remission", **sizes}
    later = {"time": "FU1", "time_weeks": "26"}
    dataset = imported(
        tmp_path,
        means(),
        means(**later),
        events(**of_event),
        events(**of_event, **later, event_arm1="15"),
        events(**of_event, time="FU2", time_weeks="52", event_arm1="16"),
        events(**of_event, instrument="PHQ-9", event_arm1="10"),
        events(**of_event, **later, instrument="PHQ-9", event_arm1="9"),
    ).dataset
    found = durability(dataset, therapy="cbt")
    assert found.arms.proportion_id.is_unique
    # Each names its instrument where both count at one time, whichever row is first.
    instruments = found.arms.instrument_id
    assert instruments.nunique() == 2
    at_end = found.arms[found.arms.timepoint == "post"]
    named = [one.rpartition(".proportion.")[2] for one in at_end.proportion_id]
    assert named == list(at_end.instrument_id)
    # An arm that both instruments count is told apart by them, at each of two follow-ups of one.
    assert list(found.staying.groupby("arm_id").instrument_id.nunique()) == [2, 2]
    assert [*found.staying.value_counts(["arm_id", "instrument_id"])] == [2, 2, 1, 1]
    for row in records(found.comparisons[found.comparisons.event != ""]):
        counted = arms_of(row, found)
        assert list(counted.timepoint) == ["post", "post", "follow_up", "follow_up"]
    blocks = [followup.first_screen(dataset, found), followup.closing_sections(dataset, found)]
    page = "".join(one.html for one in blocks)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert sorted(ids) == sorted(set(ids))
    told = tables_of_followup.staying(dataset, found).text
    assert len(set(re.findall(r"waitlist, PHQ-9, at \w+ \w+", told))) == 1
    assert len(set(re.findall(r"waitlist, BDI-II, at \w+ \w+", told))) == 2


def test_an_interval_of_too_few_trials_shows_nothing(tmp_path: Path) -> None:
    """Two trials that agree give a cluster-robust interval far narrower than that of either."""
    dataset = imported(
        tmp_path,
        means(),
        means(study="Bo, 2002", mean_arm1="14.3"),
        means(study="Cy, 2003", condition_arm2="cau"),
    ).dataset
    asked = Specification(therapy="cbt", outcome="depression", timepoint="post", instrument="every")
    made = sections_of(dataset, asked, model="che")
    assert made.main.mean.df is not None
    assert made.main.mean.df < 4
    assert made.main.mean.ci_low is not None
    assert made.main.mean.ci_low > 0
    said = made.first_screen().text
    assert said.startswith("It is not known whether")
    by_class = said.partition("By comparator: ")[2]
    assert "of too few trials to rely on its interval; usual or enhanced usual care" in by_class
    assert "of too few trials" in made.comparators().text


def test_many_differences_at_follow_up_are_counted(tmp_path: Path) -> None:
    """Seven trials: at follow-up four are far ahead, two about even, one far behind."""
    later = ["14.2"] * 4 + ["19.5"] * 2 + ["26.0"]
    rows = [
        means(study=f"{name}o, 200{place}", mean_arm1=mean, **time)
        for place, (name, after) in enumerate(zip("ABCDEFG", later, strict=True))
        for mean, time in (("14.2", {}), (after, {"time": "FU1", "time_weeks": "26"}))
    ]
    dataset = imported(tmp_path, *rows).dataset
    said = followup.first_screen(dataset, durability(dataset, therapy="cbt")).text
    assert said.startswith(
        "Of seven differences at follow-up, of seven trials, four have an interval wholly in favor "
        "of cognitive behavioral therapy and one wholly against it."
    )
    assert said.count("\n") < 8
