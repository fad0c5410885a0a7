"""What the summary of findings says, and that it follows the data."""

import dataclasses
import re
from functools import cache
from pathlib import Path

import pytest

from evidence.blocks.output import Block
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.pages import summary as summary_sections
from evidence.pages.summary import tables, weighing
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
        tables.absolute(dataset, summary),
        tables.points(dataset, summary),
        weighing.weighed(dataset, summary),
        weighing.side_by_side(dataset, summary),
        weighing.averages(dataset, summary),
        tables.others(dataset, summary),
        summary_sections.closing_sections(dataset, summary),
    ]


def test_the_first_screen(dataset: Dataset, summary: Summary) -> None:
    said = plain(summary_sections.first_screen(dataset, summary).html)
    for part in (
        "Of 13 comparisons of an outcome with a class of comparators, seven have a number, six of "
        "them from a single trial. Two intervals include no difference. The "
        "five others come from three trials.",
        "No GRADE rating was made",
        "Developers of ABFT took part in five of the six published trials and collaborated in one.",
        "0.52 (−0.29 to 1.33)",
        "0.33 (−0.18 to 0.84)",
        "three trials, 118 adolescents, against 6-week waitlist, usual care or enhanced usual care",
        "depressive symptoms, ABFT, as Schulte-Frankenfeld et al. 2024 publish it: 4 trials, 287 "
        "participants",
        "Diamond 2019 and Waraan 2021 would have had to average 0.26",
        "for the value of this workbook Waraan 2021 and Diamond 2019 would have had to average "
        "0.52",
        "0.65 (−0.06 to 1.36)",
        "0.47 (−2.32 to 3.26)",
        "13.2 (6.8 to 19.6)",
    ):
        assert part in said


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
    page = "<h1>x</h1>" + "".join(one.html for one in blocks)
    values = {}
    for one in blocks:
        for entry in one.entries:
            assert dataclasses.replace(entry, reports=()) == values.setdefault(
                entry.estimate_id, entry
            )
    assert faults(page, anchors=[f"n-{one}" for one in values]) == ()
    assert set(re.findall(r'href="#n-([a-z0-9_.]+)"', page)) <= set(values)


def test_events_are_more_or_fewer(dataset: Dataset, summary: Summary) -> None:
    said = plain(tables.absolute(dataset, summary).html)
    assert "with the comparator's risk taken as known" in said
    assert "517 with enhanced usual care (15 of 29, Diamond 2010)" in said
    assert "354 more (136 more to 443 more)" in said
    assert "222 with enhanced usual care (6 of 27, Diamond 2010)" in said
    assert "106 fewer (187 fewer to 78 more)" in said
    for one in summary.absolute:
        entry = tables.of_absolute(one, dataset)
        assert entry.effect == pytest.approx(one.risk - one.baseline, abs=CLOSED_FORM)
        assert entry.ci_low is not None
        assert entry.ci_high is not None
        assert entry.ci_low < entry.effect < entry.ci_high


def test_both_standard_deviations_are_shown(dataset: Dataset, summary: Summary) -> None:
    said = plain(tables.points(dataset, summary).html)
    for part in (
        "8.8, Israel 2013, comparator arm",
        "15.91, Diamond 2010, comparator arm",
        "4.6 (−2.5 to 11.7)",
        "8.3 (−4.6 to 21.1)",
        "2.1 (−1.4 to 5.5)",
        "3.7 (−2.6 to 10.0)",
        "imputed",
    ):
        assert part in said


def test_what_a_panel_would_weigh(dataset: Dataset, summary: Summary) -> None:
    said = plain(weighing.weighed(dataset, summary).html)
    for part in (
        "Diamond 2002: high for sequence generation, allocation concealment and intention to treat "
        "by four items of the first Cochrane tool (RoB 1) in a public database; high for blinding, "
        "baseline "
        "comparability and overall by the Maastricht-Amsterdam list in Henken et al. 2007; sources "
        "differ on intention to treat; outcome by self-report; arms 0.56 SD apart",
        "Diamond 2019: judged for suicidal ideation only by Meta-analytic suicide prevention",
        "Diamond 2019: high for overall by Meta-analytic suicide prevention database",
        "outcome by self-report; arms 0.56 SD apart before",
        "Waraan 2021: not assessed in any source seen",
        "two trials: I² 0% (0 to 100%)",
        "interval excludes no difference; 66 participants",
        "at zero 0.28 (−0.53 to 1.09). Developers of ABFT took part in two of the three published "
        "trials and collaborated in one.",
        "Developers of ABFT took part in the one published trial.",
        "Waraan 2021 (60): no clear difference",
    ):
        assert part in said


def test_what_both_values_would_take(dataset: Dataset, summary: Summary) -> None:
    said = plain(weighing.averages(dataset, summary).html)
    assert "Diamond 2019 alone would have had to show 0.38 on depressive symptoms, beyond" in said
    assert "narrower than the printed −0.18 to 0.84" in said
    assert (
        "all trials here that measured it and whose size is known, except Diamond 2002 (whether it "
        "is reported could not be seen)"
    ) in said
    beside = plain(weighing.side_by_side(dataset, summary).html)
    assert "presumably Diamond 2002, Diamond 2010, Diamond 2019 and Waraan 2021" in beside
    assert "287 = 32 + 66 + 129 + 60" in beside


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
        tables.of_published(rows[name], dataset)
        for name in ("schulte_si", "liu_si", "liu_sa", "letourneau15_security")
    ]
    assert [(one.scale, one.favors) for one in made] == [
        ("difference", "above_0"),
        ("difference", "below_0"),
        ("ratio", "below_1"),
        ("ratio", "above_1"),
    ]
