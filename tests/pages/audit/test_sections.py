"""The report on the data: its first screen, its gaps, and where its numbers come from."""

import re
from collections import Counter
from dataclasses import replace

import pandas as pd
import pytest

import evidence
from evidence.analysis import Analysis
from evidence.analysis.missing_numbers import Gap, gaps, imputed_spread, main_analyses
from evidence.blocks.escape import plain
from evidence.blocks.output import Block, anchor
from evidence.data.dataset import Dataset
from evidence.estimation.missing_evidence import missing_evidence
from evidence.integrity.findings import handled
from evidence.ledger import entries, sentences
from evidence.pages import audit
from evidence.pages.audit import gaps as audit_gaps
from evidence.pages.audit import readings
from evidence.pages.followup import tables
from tests.tolerances import CLOSED_FORM


@pytest.fixture(scope="module")
def found(dataset: Dataset) -> pd.DataFrame:
    return handled(dataset, evidence.audit(dataset))


@pytest.fixture(scope="module")
def analyses(dataset: Dataset) -> list[Analysis]:
    return main_analyses(dataset, evidence.estimates(dataset))


@pytest.fixture(scope="module")
def missing(analyses: list[Analysis]) -> list[Gap]:
    return [gap for one in analyses for gap in gaps(one)]


def closing_sections(
    dataset: Dataset, found: pd.DataFrame, analyses: list[Analysis], missing: list[Gap]
) -> Block:
    places = readings.readings(dataset)
    return audit.closing_sections(
        dataset, places=places, found=found, analyses=analyses, gaps=missing
    )


def first_screen(
    dataset: Dataset, found: pd.DataFrame, analyses: list[Analysis], missing: list[Gap]
) -> str:
    places = readings.readings(dataset)
    block = audit.first_screen(dataset, places=places, found=found, analyses=analyses, gaps=missing)
    return plain(block.html.replace("</li>", "\n"))


def test_the_first_screen_says_it_all(
    dataset: Dataset, found: pd.DataFrame, analyses: list[Analysis], missing: list[Gap]
) -> None:
    said = first_screen(dataset, found, analyses, missing)
    assert len(said) < 2000
    for part in (
        "Five printed numbers do not agree with others of the same source: three are replaced "
        "and two are withheld.",
        "printed numbers were read at",
        "five of high severity",
        "54.32 withheld",
        "181 replaced by 1.81",
        "means and standard deviations by arm of Diamond 2019 (129 participants)",
        "68% of the weight by precision, and the pooled value would lie from 0.20 to 0.51 "
        "(now 0.77, against enhanced usual care)",
        "53% of the weight by precision, and the pooled value would lie from 0.28 to 0.43 "
        "(now 0.52, against 6-week waitlist, usual care or enhanced usual care)",
        "NCT00329199 (240 planned) and iABCT 2026 (68 planned)",
        "not which is wrong or why",
    ):
        assert part in said
    assert "significant" not in said


def test_the_large_numbers_are_of_the_analysis_with_most_trials(
    dataset: Dataset, found: pd.DataFrame, analyses: list[Analysis], missing: list[Gap]
) -> None:
    block = audit.first_screen(
        dataset,
        places=readings.readings(dataset),
        found=found,
        analyses=analyses,
        gaps=missing,
    )
    assert [one.estimate_id for one in block.entries] == [
        "abft.depression.post.hedges_g.pooled",
        "abft.depression.post.hedges_g.pooled.trials_with_diamond2019_at_zero",
    ]


def test_the_answer_follows_the_findings(
    dataset: Dataset, found: pd.DataFrame, analyses: list[Analysis]
) -> None:
    sound = first_screen(dataset, found[found.severity != "high"], analyses, [])
    assert "No printed numbers were found that cannot all be right." in sound
    assert "High:" not in sound
    assert "weigh most" not in sound
    one = found[found.severity == "high"].iloc[:1].assign(action="", used="", correction_id="")
    alone = first_screen(dataset, one, analyses, [])
    assert "One printed number does not agree with others of the same source: one is open." in alone


def test_a_gap_is_an_entry_of_its_own_with_the_union_of_origins(
    dataset: Dataset, missing: list[Gap]
) -> None:
    gap = next(one for one in missing if one.row.trial_id == "diamond2019")
    entry = audit_gaps.of_gap(gap, dataset)
    main = entries.of_analysis(gap.analysis, dataset)
    assert entry.effect == pytest.approx(gap.at_zero.effect, rel=CLOSED_FORM)
    assert entry.processing == "imputed"
    assert entry.k == (main.k or 0) + 1
    assert entry.n == 118 + 129
    assert entry.trial_ids == (*main.trial_ids, "diamond2019")
    assert set(main.result_ids) < set(entry.result_ids)
    assert entry.comparator_class == "inactive; usual_care; active"


def test_every_number_leads_to_its_one_place(
    dataset: Dataset, found: pd.DataFrame, analyses: list[Analysis], missing: list[Gap]
) -> None:
    spreads = [one for one in map(imputed_spread, analyses) if one is not None]
    blocks = [
        audit.first_screen(
            dataset,
            places=readings.readings(dataset),
            found=found,
            analyses=analyses,
            gaps=missing,
        ),
        audit_gaps.gaps_tables(dataset, analyses, missing),
        audit_gaps.imputed_table(dataset, spreads),
        closing_sections(dataset, found, analyses, missing),
    ]
    markup = "\n".join(block.html for block in blocks)
    ids = Counter(re.findall(r'id="(n-[^"]+)"', markup))
    assert set(ids.values()) == {1}
    assert set(re.findall(r'href="#(n-[^"]+)"', markup)) <= set(ids)
    assert {anchor(one.estimate_id) for block in blocks for one in block.entries} <= set(ids)


def test_tables_hold_the_trials_that_cannot_be_computed_too(
    dataset: Dataset, analyses: list[Analysis], missing: list[Gap]
) -> None:
    said = audit_gaps.gaps_tables(dataset, analyses, missing).text
    assert "NCT00329199 (240 planned); against enhanced usual care | not computed" in said
    assert "iABCT 2026 (68 planned); against waitlist | not computed" in said
    assert "53%; ±0.37 → ±0.25" in said


def test_the_figure_has_its_numbers_in_words_and_as_a_table(
    dataset: Dataset, missing: list[Gap]
) -> None:
    figure = audit_gaps.gaps_figure(dataset, missing)
    for gap in missing:
        assert f"{gap.row.label} (n = {gap.n})" in figure.alt
        assert gap.row.label in figure.table.text
    axes = figure.matplotlib_figure.axes[0]
    drawn = [end for bar in axes.patches for end in (bar.get_x(), bar.get_x() + bar.get_width())]
    assert drawn == pytest.approx(
        [end for gap in missing for end in (gap.low.effect, gap.high.effect)]
    )
    now = [float(line.get_xdata()[0]) for line in axes.lines if line.get_marker() == "D"]
    assert now == [gap.analysis.pooled.effect for gap in missing]


def test_no_section_judges_anyone(
    dataset: Dataset, found: pd.DataFrame, analyses: list[Analysis], missing: list[Gap]
) -> None:
    said = closing_sections(dataset, found, analyses, missing).text
    for word in ("significant", "fraud", "manipul", "should"):
        assert word not in said.lower()


def test_what_to_fetch_names_the_report_and_the_gap(dataset: Dataset) -> None:
    frame = evidence.estimates(dataset)
    states = {
        one: missing_evidence(dataset, frame, therapy=one) for one in dataset.worded("therapy")
    }
    rows = audit_gaps.to_fetch(dataset, states).text.splitlines()[2:]
    cells = {row.split(" | ")[0]: row.split(" | ")[1:] for row in rows}
    report, lacks = cells["Waraan 2021"]
    assert report.startswith("Waraan et al. 2021 (abstract)")
    assert "numbers on the score: depressive symptoms" in lacks
    assert lacks.endswith("sizes of the arms")
    assert "Abbott et al. 2019 (not read)" in cells["Diamond 2019"][0]
    assert cells["NCT00329199"][0] == "no report known"
    # and no trials of which nothing can be fetched yet
    assert not set(cells) & set(dataset.planned_trials.label)
    own = dataset.publications
    own.loc[own.publication_id == "waraan2021_depression", "read_as"] = "full_text"
    read = replace(dataset, _used={**dataset._used, "publications": own})
    assert "Waraan 2021" not in audit_gaps.to_fetch(read, states).text


def test_planned_trials_have_a_sign_of_their_own_and_a_line(dataset: Dataset) -> None:
    frame = evidence.estimates(dataset)
    for therapy, said in (
        (
            "abft",
            "Planned trials of ABFT without a result, outcomes not entered: two (young adults).",
        ),
        ("abct", "Planned trials of ABCT without a result, outcomes not entered: one (adults)."),
    ):
        states = missing_evidence(dataset, frame, therapy=therapy)
        planned = states.trial_id.isin(dataset.planned_trials.trial_id)
        assert set(states.state[planned]) == {"planned"}
        assert "planned" not in set(states.state[~planned])
        assert sentences.planned(dataset, therapy) == [said]
        line = f"{said} Their outcomes and participants may be other than those here."
        durability = evidence.durability(dataset, therapy=therapy)
        shown = tables.trials(dataset, durability)
        assert shown.text.endswith(f"\n{line}")
        assert shown.html.endswith(f"\n<p>{line}</p>")
    assert sentences.planned(dataset, "cbt") == []


def test_outcomes_that_a_planned_trial_names_were_read(dataset: Dataset) -> None:
    named = dataset.directions
    one = named[named.direction_id == "nct00329199_depression"].assign(
        trial_id="repair", intervention_arm_id="repair_abft", comparator_arm_id="repair_tau"
    )
    told = {**dataset._used, "directions": pd.concat([named, one])}
    changed = replace(dataset, _used=told)
    states = missing_evidence(changed, evidence.estimates(changed), therapy="abft")
    found = states.set_index(["trial_id", "outcome_id"]).state
    assert found["repair", "depression"] == "not_reported"
    assert found["repair", "anxiety"] == "unknown"
    assert found["nct05766592", "anxiety"] == "planned"
    assert sentences.planned(changed, "abft") == [
        "Planned trials of ABFT without a result: two (young adults)."
    ]
