"""What the summary of findings says, and that it follows the data."""

import dataclasses
import re
from functools import cache
from pathlib import Path

import pytest

from evidence.blocks.output import Block
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.estimation.row import Size
from evidence.pages import summary as summary_sections
from evidence.pages.summary import beside, findings, numbers
from evidence.reports.inspection import faults
from evidence.summary import Summary, collect
from tests.claims.packages import changed, where
from tests.pages import plain
from tests.tolerances import CLOSED_FORM

BOTH = ("abft", "abct")


collected = cache(collect)


@pytest.fixture(scope="module")
def summary(dataset: Dataset) -> Summary:
    return collected(dataset, BOTH)


def parts(dataset: Dataset, summary: Summary) -> list[Block]:
    return [
        summary_sections.first_screen(dataset, summary),
        findings.findings(dataset, summary),
        beside.side_by_side(dataset, summary),
        beside.averages(dataset, summary),
        beside.others(dataset, summary),
        summary_sections.closing_sections(dataset, summary),
    ]


def test_the_first_screen(dataset: Dataset, summary: Summary) -> None:
    said = plain(summary_sections.first_screen(dataset, summary).html)
    for part in (
        "Of 13 comparisons of an outcome in SDs with a class of comparators, seven have a number, "
        "six of them from a single trial. Two intervals include no difference. The five others "
        "favor the therapy, come from three trials, two are at follow-up and four rest on imputed "
        "numbers.",
        "at zero the value of this workbook would be 0.23 (−0.16 to 0.63): a stress test, no "
        "result.",
        "No GRADE rating was made",
        "Developers of ABFT took part in five of the six published trials and collaborated in one.",
        "0.52 (−0.29 to 1.33)",
        "0.33 (−0.18 to 0.84)",
        "three trials, 118 adolescents, against 6-week waitlist, usual care or enhanced usual care",
        "depressive symptoms, ABFT, as Schulte-Frankenfeld et al. 2024 publish it: 4 trials, 287 "
        "participants",
        "For the value of Schulte-Frankenfeld et al. 2024 Diamond 2019 and Waraan 2021, without a "
        "usable number, would have had to average 0.26, for that of this workbook 0.52.",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("number", "said"), [(0, "none rests"), (1, "one rests"), (2, "two rest"), (5, "five rest")]
)
def test_a_count_has_its_verb(number: int, said: str) -> None:
    assert summary_sections._counted(number, "rests", "rest") == said


def test_no_certainty_is_invented(dataset: Dataset, summary: Summary) -> None:
    said = " ".join(plain(one.html) for one in parts(dataset, summary)).lower()
    for word in (
        "low certainty",
        "very low",
        "moderate certainty",
        "high certainty",
        "significant",
    ):
        assert word not in said


@pytest.mark.parametrize("therapies", [BOTH, ("abft",), ("abct",)])
def test_every_number_leads_to_where_it_comes_from(
    dataset: Dataset, therapies: tuple[str, ...]
) -> None:
    blocks = parts(dataset, collected(dataset, therapies))
    page = "<h1>x</h1><h2>y</h2>" + "".join(one.html for one in blocks)
    values = {}
    for one in blocks:
        for entry in one.entries:
            assert dataclasses.replace(entry, reports=()) == values.setdefault(
                entry.estimate_id, entry
            )
    assert faults(page, anchors=[f"n-{one}" for one in values]) == ()
    assert set(re.findall(r'href="#n-([a-z0-9_.]+)"', page)) <= set(values)


@pytest.fixture(scope="module")
def of_findings(dataset: Dataset, summary: Summary) -> Block:
    return findings.findings(dataset, summary)


def rows_of(block: Block, caption: str) -> list[list[str]]:
    """Return the rows of the table of a caption."""
    captions = re.findall(r"<caption>(.*?)</caption>", block.html)
    return block.frames[captions.index(caption)].to_numpy().tolist()


def test_a_table_for_each_therapy_and_class(of_findings: Block) -> None:
    assert re.findall(r"<caption>(.*?)</caption>", of_findings.html) == [
        "ABFT against all comparators",
        "ABFT against waitlist or no intervention",
        "ABFT against usual or enhanced usual care",
        "ABFT against another structured treatment",
        "ABCT against waitlist or no intervention",
        "ABCT against usual or enhanced usual care",
        "ABCT against another structured treatment",
    ]
    rows = rows_of(of_findings, "ABFT against usual or enhanced usual care")
    assert [row[:4] for row in rows[:3]] == [
        [
            "Depressive symptoms (BDI-II, 0 to 63)",
            "86 (2)",
            "Hedges g 0.47 (−2.32 to 3.26) converted",
            "4.2 (−20.4 to 28.7) or 7.5 (−36.9 to 51.9) points of BDI-II [1] imputed",
        ],
        [
            "Suicidal ideation (SIQ-JR, 0 to 90)",
            "66 (1)",
            "Hedges g 0.77 (0.27 to 1.27) printed",
            "–",
        ],
        [
            "Recovery from suicidal ideation (suicidal ideation below the clinical range)",
            "60 (1)",
            f"odds ratio 6.30 (1.76 to 22.61) [{note(of_findings, 'Printed numbers cannot')}] "
            "reconstructed",
            "517 (15 of 29); with ABFT 871 (653 to 960); 354 more (136 more to 443 more)",
        ],
    ]


def note(block: Block, start: str) -> str:
    """Return the number of the note that starts so."""
    notes = re.findall(r'<li id="note-(\d+)"[^>]*>(.*?)</li>', block.html)
    return next(number for number, markup in notes if markup.startswith(start))


def test_a_ratio_stands_once_with_every_risk_and_against_what_it_is(of_findings: Block) -> None:
    every = rows_of(of_findings, "ABFT against all comparators")[-1]
    remarked = note(of_findings, "A printed number carries a remark")
    table_of_24 = note(of_findings, "Diamond 2010: of 24 tables of counts")
    assert every[:4] == [
        "Suicide attempts, at the last time of each trial",
        f"191 (2) [{table_of_24}]",
        f"odds ratio 0.46 (0.13 to 1.50), below 1 favors ABFT [{remarked}] imputed",
        "63 (4 of 63, Diamond 2019); with ABFT 30 (9 to 93); 33 fewer (55 fewer to 29 more); "
        f"222 (6 of 27, Diamond 2010) [{table_of_24}]; with ABFT 116 (35 to 301); 106 fewer (187 "
        "fewer to 78 more)",
    ]
    # Log odds ratios 0.774 and 0.80: Q is nothing, and means little with 16 events.
    spread = (
        "two trials: Q 0.00, P = .99 (Mantel-Haenszel); Differences of odds ratios are neither "
        "shown nor excluded"
    )
    assert facts(every)["Inconsistency"] == spread
    active = rows_of(of_findings, "ABFT against another structured treatment")[-1]
    assert active[:4] == [
        "Suicide attempts",
        "129 (1)",
        "odds ratio 0.46 (0.04 to 3.37), below 1 favors ABFT converted",
        "63 (4 of 63); with ABFT 30 (3 to 186); 33 fewer (61 fewer to 123 more)",
    ]
    usual = rows_of(of_findings, "ABFT against usual or enhanced usual care")[-1]
    assert usual[:4] == [
        "Suicide attempts, at follow-up",
        "not known (1)",
        "odds ratio between 0.41 and 0.46, bounds by counts that fit, no interval; below 1 favors "
        "ABFT imputed",
        "–",
    ]
    assert facts(usual)["Imprecision"] == "interval far wider"
    # Of Waraan 2021 and Diamond 2010 numbers were replaced or withheld, of others they are flagged.
    replaced = note(of_findings, "Printed numbers cannot")
    waiting = rows_of(of_findings, "ABFT against waitlist or no intervention")[-1]
    assert f"[{remarked}]" in waiting[2]
    of_usual = rows_of(of_findings, "ABFT against usual or enhanced usual care")
    assert [f"[{replaced}]" in row[2] for row in of_usual] == [*[False] * 2, *[True] * 3, False]
    assert of_findings.text.count("0.46 (0.13 to 1.50)") == 1


def test_a_difference_of_risks_is_that_of_its_risks(dataset: Dataset, summary: Summary) -> None:
    for one in summary.absolute:
        entry = numbers.of_absolute(one, dataset)
        assert entry.effect == pytest.approx(one.risk - one.baseline, abs=CLOSED_FORM)
        assert entry.ci_low is not None
        assert entry.ci_high is not None
        assert entry.ci_low < entry.effect < entry.ci_high


def test_both_standard_deviations_are_shown(of_findings: Block) -> None:
    total, _ = rows_of(of_findings, "ABFT against all comparators")
    assert total[:4] == [
        "Depressive symptoms (BDI, 0 to 63; BDI-II, 0 to 63)",
        "118 (3)",
        "Hedges g 0.52 (−0.29 to 1.33) converted",
        "4.6 (−2.5 to 11.7) or 8.3 (−4.6 to 21.1) points of BDI-II [1] imputed",
    ]
    assert "2.1 (−1.4 to 5.5) or 3.7 (−2.6 to 10.0) points of BDI-II [1]" in total[-1]
    assert "a comparator arm, 8.8 (Israel 2013," in plain(of_findings.html)
    assert "or 15.91 (Diamond 2010," in plain(of_findings.html)
    # Means of one trial, 15.2 and 21.9 with SDs around 10, have a difference of their own.
    waiting = rows_of(of_findings, "ABFT against waitlist or no intervention")[0]
    assert waiting[3] == "6.7 (−0.2 to 13.6) points of BDI"


def test_one_standard_deviation_is_shown_alone(
    dataset: Dataset, summary: Summary, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = numbers.points_shown(dataset, summary)
    first = {one: points[:1] for one, points in both.items()}
    monkeypatch.setattr(numbers, "points_shown", lambda *_: first)
    total, _ = rows_of(findings.findings(dataset, summary), "ABFT against all comparators")
    assert total[3] == "4.6 (−2.5 to 11.7) points of BDI-II [1] imputed"


def test_a_range_is_one_of_the_data_or_all_that_are_possible(
    dataset: Dataset, summary: Summary, tmp_path: Path
) -> None:
    table = "ABCT against usual or enhanced usual care"
    (post, _) = rows_of(findings.findings(dataset, summary), table)
    assert post[0].startswith("Distress (DASS-21, 0 to 63 or 0 to 126 [")
    assert post[3].startswith("13.2 (6.8 to 19.6) points of DASS-21")
    other = changed(
        tmp_path / "data",
        where("instruments", instrument_id="dass_21")(range_low="0", range_high="126"),
        where("instruments", instrument_id="siq_jr")(range_low="", range_high=""),
    )
    found = findings.findings(other, collect(other, BOTH))
    assert rows_of(found, table)[0][0] == "Distress (DASS-21, 0 to 126)"
    usual = rows_of(found, "ABFT against usual or enhanced usual care")
    assert usual[1][0] == "Suicidal ideation (SIQ-JR)"


def facts(row: list[str]) -> dict[str, str]:
    """Return what a row says on each domain."""
    return dict(zip(findings.COLUMNS[4:], row[4:], strict=True))


def test_the_facts_of_each_domain(of_findings: Block) -> None:
    usual = rows_of(of_findings, "ABFT against usual or enhanced usual care")
    about = [
        note(of_findings, f"{one}: against")
        for one in ("Israel 2013", "Diamond 2010", "Waraan 2021", "NCT00329199")
    ]
    zero = note(of_findings, "A stress test, no result")
    assert facts(usual[0]) == {
        "Risk of bias": "high in no domain (Israel 2013 and Diamond 2010), not assessed (Waraan "
        "2021 and NCT00329199); self-report",
        "Inconsistency": "two trials: I² 0% (0 to 100%); differences between trials are neither "
        "shown nor excluded",
        "Indirectness": " ".join(f"[{one}]" for one in about),
        "Imprecision": "includes no difference; fewer than 128",
        "Publication bias": "no usable number: Waraan 2021 (60): no clear difference; NCT00329199; "
        f"at zero 0.28 (−0.53 to 1.09) [{zero}]",
    }
    lacking = facts(usual[2])["Publication bias"]
    assert lacking == "no such count found: Waraan 2021 and Hospital aftercare"
    waiting = rows_of(of_findings, "ABFT against waitlist or no intervention")
    high = note(of_findings, "Diamond 2002: high for sequence generation")
    assert facts(waiting[0])["Risk of bias"] == (
        f"high in some domain (Diamond 2002 [{high}]); self-report; ABFT arm of Diamond 2002 0.56 "
        "SD better before treatment"
    )
    assert facts(waiting[0])["Publication bias"] == "no known gap"
    active = rows_of(of_findings, "ABFT against another structured treatment")
    # A judgement of ideation alone is none of depression.
    assert facts(active[0])["Risk of bias"] == "not assessed (Diamond 2019)"
    assert facts(active[1]) == {
        "Risk of bias": "high in some domain (Diamond 2019 "
        f"[{note(of_findings, 'Diamond 2019: high for overall')}])",
        "Inconsistency": "–",
        "Indirectness": f"[{note(of_findings, 'Diamond 2019: against')}]",
        "Imprecision": "–",
        "Publication bias": "no usable number: Diamond 2019 (129): no clear difference",
    }
    # The odds ratio of both trials lacks who counted attempts against either comparator.
    every = rows_of(of_findings, "ABFT against all comparators")[-1]
    assert facts(every)["Publication bias"] == "no such count found: Hospital aftercare"
    said = plain(of_findings.html)
    assert "Optimal information size: 352 (0.3 SD) or 128 (0.5 SD) participants." in said
    for part in (
        "Diamond 2010: against enhanced usual care; suicidal ideation with depressive symptoms; "
        "United States; developers took part.",
        "Diamond 2002: high for sequence generation, allocation concealment and intention to treat "
        "by four items of the first Cochrane tool (RoB 1) in a public database; high for blinding, "
        "baseline comparability and overall by the Maastricht-Amsterdam list in Henken et al. "
        "2007; sources differ on intention to treat.",
        "Diamond 2019: high for overall by Meta-analytic suicide prevention database",
        "no search was made",
    ):
        assert part in said
    assert 'href="trial-diamond2002.html#risk-of-bias"' in of_findings.html
    assert "trial-waraan2021.html#risk-of-bias" not in of_findings.html


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (127, "fewer than 128"),
        (128, "fewer than 352"),
        (351, "fewer than 352"),
        (352, "352 or more"),
    ],
)
def test_participants_are_held_against_the_optimal_size(size: int, said: str) -> None:
    assert findings._optimal(Size(size)) == f"; {said}"
    assert findings._optimal(Size(None, size)) == f"; {said}"
    assert findings._optimal(Size(None)) == ""


def test_each_note_is_told_once_and_named_by_its_number(of_findings: Block) -> None:
    notes = re.findall(r'<li id="note-(\d+)"[^>]*>(.*?)</li>', of_findings.html)
    assert [int(number) for number, _ in notes] == list(range(1, len(notes) + 1))
    assert len({markup for _, markup in notes}) == len(notes)
    marked = re.findall(r'href="#note-(\d+)">\[(\d+)\]', of_findings.html)
    assert {one for one, _ in marked} == {number for number, _ in notes}
    assert all(one == shown for one, shown in marked)


def test_what_both_values_would_take(dataset: Dataset, summary: Summary) -> None:
    said = plain(beside.averages(dataset, summary).html)
    assert "Diamond 2019 alone would have had to show 0.38 on depressive symptoms, beyond" in said
    assert (
        "For suicidal ideation (−0.12 to 0.93) and depressive symptoms (−0.18 to 0.84) the "
        "interval that the trials presumably pooled would give here is narrower than the published "
        "one"
    ) in said
    assert (
        "Suicidal ideation, all trials here whose size is known, except Diamond 2002 (whether it "
        "is reported could not be seen)"
    ) in said
    frame = beside.averages(dataset, summary).frame
    assert frame.iloc[-1].tolist() == [
        "Depressive symptoms, all trials here whose size is known",
        "Diamond 2002, Israel 2013 and Diamond 2010",
        "Waraan 2021 and Diamond 2019",
        "0.33: 0.21 (then 0.01 to 0.65)",
        "0.52: 0.52 (then 0.20 to 0.84)",
    ]
    published = beside.side_by_side(dataset, summary).frame.iloc[:, -1].tolist()
    assert published[0] == (
        "presumably Diamond 2002, Diamond 2010, Diamond 2019 and Waraan 2021, the only trials "
        "here whose sizes add up to 287"
    )
    assert published[2] == "presumably the same trials as above"


def test_an_average_names_only_the_trials_that_it_is_made_from(
    dataset: Dataset, summary: Summary
) -> None:
    # Israel 2013 is in our analysis, and not among the trials that the review presumably pooled.
    pair = next(one for one in summary.reconciled if one.synthesis.synthesis_id == "schulte_dep")
    analysis, needed = next(one for one in pair.needed if one[1].assumption == "presumed")
    entry = numbers.of_needed(needed, analysis, pair.synthesis, dataset)
    assert entry is not None
    chosen = analysis.selection.estimates
    left = chosen[chosen.trial_id == "israel2013"].iloc[0]
    assert not {*left.result_ids} & {*entry.result_ids}
    assert not {*left.locator_ids} & {*entry.locator_ids}
    assert left.comparator not in entry.comparator.split("; ")


def test_the_published_value_follows_the_data(tmp_path: Path) -> None:
    other = changed(
        tmp_path / "data", where("syntheses", synthesis_id="schulte_dep")(estimate="0.20")
    )
    summary = collect(other, ("abft",))
    said = plain(summary_sections.first_screen(other, summary).html)
    assert "0.20 (−0.18 to 0.84)" in said
    assert "would have had to average 0.26" not in said


def test_data_are_text(tmp_path: Path) -> None:
    other = changed(
        tmp_path / "data",
        where("trials", trial_id="diamond2002")(label="<script>alert(1)</script>"),
    )
    page = "".join(one.html for one in parts(other, collect(other, BOTH)))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_published_ratio_is_one_and_favors_its_own_side(dataset: Dataset) -> None:
    rows = {one.synthesis_id: one for one in records(dataset.syntheses)}
    made = [
        numbers.of_published(rows[name], dataset)
        for name in ("schulte_si", "liu_si", "liu_sa", "letourneau15_security")
    ]
    assert [(one.scale, one.favors) for one in made] == [
        ("difference", "above_0"),
        ("difference", "below_0"),
        ("ratio", "below_1"),
        ("ratio", "above_1"),
    ]
