"""The PRISMA checklist: whole, its places exist, its counts are those of the data."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from evidence.data.dataset import Dataset
from evidence.errors import ParameterError
from evidence.pages import prisma
from evidence.reports import catalog
from evidence.reports.inspection import faults
from tests.claims.packages import added, changed, emptied
from tests.pages import plain

ROOT = Path(__file__).parents[2]
PARTS = {10: "ab", 13: "abcdef", 16: "ab", 20: "abcd", 23: "abcd", 24: "abc"}
"""Items that have lettered parts."""

ITEMS = [f"{item}{part}" for item in range(1, 28) for part in PARTS.get(item) or [""]]


@pytest.fixture(scope="module")
def found(dataset: Dataset) -> prisma.Checklist:
    return prisma.checklist(dataset)


def test_all_42_lines_of_27_items_are_there_in_order(found: prisma.Checklist) -> None:
    assert [one.item for one in found.lines] == ITEMS
    assert len(ITEMS) == 42


def test_every_line_says_what_where_and_why_not(found: prisma.Checklist) -> None:
    for line in found.lines:
        assert line.state in prisma.STATE
        assert line.asks
        assert line.says
        assert line.where, line.item
        assert (line.reason == "") == (line.state == "met"), line.item
    assert {one.reason for one in found.lines} - {""} == set(found.reasons)
    assert not any("{" in one.says for one in found.lines)


def test_every_report_is_in_the_catalog_with_its_section(found: prisma.Checklist) -> None:
    reports = {
        one.report_id
        for one in catalog.read(
            ROOT / "reports" / "catalog.toml", notebooks=ROOT / "notebooks", data=ROOT / "data"
        )
    }
    assert "prisma" in reports
    for line in found.lines:
        for place in line.where:
            assert bool(place.report) != bool(place.file)
            if not place.report:
                continue
            assert place.report in reports, line.item
            if place.section:
                page = (ROOT / "reports" / f"{place.report}.html").read_text("utf-8")
                assert f'id="{place.section}"' in page, (line.item, place)


def test_every_file_exists(found: prisma.Checklist) -> None:
    for line in found.lines:
        for place in line.where:
            assert not place.file or (ROOT / place.file).is_file(), (line.item, place.file)


def test_the_first_screen_counts_the_lines(dataset: Dataset, found: prisma.Checklist) -> None:
    said = plain(prisma.first_screen(dataset, found).html)
    numbers = re.search(
        r"no systematic review\. Of (\d+) lines of the PRISMA 2020 checklist, (\d+) are met, (\d+) "
        r"are met in part and (\d+) are not done\.",
        said,
    )
    assert numbers is not None
    states = Counter(one.state for one in found.lines)
    assert [int(one) for one in numbers.groups()] == [
        42, states["met"], states["partly"], states["not_done"],
    ]  # fmt: skip
    assert sum(states.values()) == 42


def test_what_is_not_done_is_said(found: prisma.Checklist) -> None:
    state = {one.item: one.state for one in found.lines}
    for item in ("1", "7", "8", "11", "15", "16a", "22", "24a", "24b"):
        assert state[item] == "not_done"


def test_readings_are_those_of_the_data(dataset: Dataset, found: prisma.Checklist) -> None:
    def table(name: str) -> list[dict[str, str]]:
        with (ROOT / "data" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    readings = {one["locator_id"]: int(one["readings"]) for one in table("locators")}
    names = ("arms", "trial_facts", "arm_results", "statistics", "directions", "risk_of_bias")
    rows = [readings[row["locator_id"]] for name in (*names, "syntheses") for row in table(name)]
    said = plain(prisma.first_screen(dataset, found).html)
    assert (
        f"Of {len(rows)} rows read, {sum(one > 1 for one in rows)} rest on two or more readings "
        f"and {sum(one == 1 for one in rows)} on one"
    ) in said


def test_counts_follow_the_data(tmp_path: Path) -> None:
    other = changed(tmp_path, emptied("risk_of_bias"))
    said = plain(prisma.first_screen(other, prisma.checklist(other)).html)
    assert "A database prints judgements on 0 of 11 randomized trials" in said


def test_only_randomized_trials_count_as_assessed(tmp_path: Path) -> None:
    judged = added("risk_of_bias", {"trial_id": "diamond2002"}, trial_id="russon2021")
    other = changed(tmp_path, judged)
    said = plain(prisma.first_screen(other, prisma.checklist(other)).html)
    assert "A database prints judgements on 4 of 11 randomized trials" in said


def test_the_page_is_whole(dataset: Dataset, found: prisma.Checklist) -> None:
    blocks = [
        prisma.first_screen(dataset, found),
        prisma.tables(found.lines),
        prisma.closing_sections(dataset, found),
    ]
    page = "<h1>x</h1>" + "\n".join(one.html for one in blocks)
    assert faults(page) == ()
    for place in ("methods", "numbers", "cite"):
        assert f'id="{place}"' in page
    for place, shown in re.findall(r'<a class="n" href="#([^"]+)">([^<]+)</a>', blocks[0].html):
        row = re.search(rf'<tr id="{place}".*?</tr>', blocks[2].html)
        assert row is not None
        assert f">{shown}<" in row[0]


def test_lines_of_one_state(found: prisma.Checklist) -> None:
    met = prisma.chosen(found, "met")
    assert {one.state for one in met} == {"met"}
    assert prisma.chosen(found, "all") == found.lines
    with pytest.raises(ParameterError, match="one of all, met, partly, not_done"):
        prisma.chosen(found, "done")
