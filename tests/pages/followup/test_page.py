"""The whole report on follow-up: numbers lead somewhere, tables and figures say the same."""

import dataclasses
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import evidence
from evidence import ledger
from evidence.blocks.figures.trajectory import Panel, Point, Series, described, draw, spread, weeks
from evidence.blocks.output import Block, Figure
from evidence.data.dataset import Dataset
from evidence.followup import Durability
from evidence.pages import followup, how_to_read
from evidence.pages.followup import figures, first_screen
from evidence.pages.followup import tables as followup_tables
from tests.claims.packages import changed, where
from tests.commands import run

LINK = re.compile(r'<a class="n" href="#n-([a-z0-9_.]+)">')
PLACE = re.compile(r'id="n-([a-z0-9_.]+)"')
THERAPIES = ("abft", "abct")


@pytest.fixture(scope="module", params=THERAPIES)
def found(request: pytest.FixtureRequest, dataset: Dataset) -> Durability:
    return evidence.durability(dataset, therapy=request.param)


def blocks(dataset: Dataset, found: Durability) -> list[Block]:
    tables = followup_tables
    made = [
        first_screen(dataset, found),
        figures.effects(dataset, found),
        figures.shares(dataset, found),
        tables.comparisons(dataset, found),
        tables.correlations(dataset, found),
        tables.retained(dataset, found),
        tables.missing(dataset, found),
        tables.staying(dataset, found),
        tables.uncontrolled(dataset, found),
        tables.unpaired(dataset, found),
        tables.trials(dataset, found),
        followup.closing_sections(dataset, found),
    ]
    return [one.table if isinstance(one, Figure) else one for one in made]


def test_every_number_leads_to_one_place(dataset: Dataset, found: Durability) -> None:
    pages = blocks(dataset, found)
    places = Counter(PLACE.findall(pages[-1].html))
    assert set(places.values()) == {1}
    links = {one for page in pages for one in LINK.findall(page.html)}
    entries = {one.estimate_id for page in pages for one in page.entries}
    assert links
    assert links <= set(places)
    assert entries == set(places)


def test_every_number_of_the_first_screen_is_of_the_ledger(
    dataset: Dataset, found: Durability
) -> None:
    by_id = {one.estimate_id: one for one in followup.closing_sections(dataset, found).entries}
    markup = first_screen(dataset, found).html
    places = followup.closing_sections(dataset, found).html
    for name, shown in re.findall(r'href="#n-([a-z0-9_.]+)">(.*?)</a>', markup):
        entry = by_id[name]
        numbers = [float(one.replace("−", "-")) for one in re.findall(r"−?[\d.]+", shown)]
        rounding = 0.051 if "." in shown else 0.51
        if counts := re.match(r"(\d+) of (\d+)", shown):
            at = places.index(f'id="n-{name}"')
            printed_as = rf"{counts[0]}|{counts[1]} with the event, n = {counts[2]}\b"
            assert re.search(printed_as, places[at : at + 2500])
            numbers = numbers[2:] if "(" in shown else []
        limits = [entry.ci_low, entry.ci_high]
        expected = limits if len(numbers) == 2 else [entry.effect, *limits][: len(numbers)]
        # What was lost is the change with its sign turned, so that its limits change places.
        printed = sorted(numbers, key=abs)
        values = sorted((one for one in expected if one is not None), key=abs)
        for number, value in zip(printed, values, strict=True):
            assert min(abs(abs(number) - abs(factor * value)) for factor in (1, 100)) <= rounding


def test_one_id_has_one_value(dataset: Dataset) -> None:
    every = [
        entry
        for therapy in THERAPIES
        for page in blocks(dataset, evidence.durability(dataset, therapy=therapy))
        for entry in page.entries
    ]
    merged = ledger.merge(every)
    assert len({one.estimate_id for one in merged}) == len(merged) > 50


def test_entries_have_origins_and_level(dataset: Dataset, found: Durability) -> None:
    for entry in followup.closing_sections(dataset, found).entries:
        assert entry.result_ids
        assert entry.locator_ids
        assert entry.ci_level == 0.95
        if "change" in entry.estimate_id or "retained" in entry.estimate_id:
            assert entry.processing == "imputed"
            assert "correlation" in entry.method


def test_the_subtraction_shown_gives_the_number(dataset: Dataset) -> None:
    """What the provenance puts in can be computed by hand."""
    found = evidence.durability(dataset, therapy="abct")
    said = followup.closing_sections(dataset, found).text
    line = next(one for one in said.splitlines() if "−6.00 (−12.40 to 0.40)" in one)
    assert "7.200 − 13.200; standard error √(3.248² + 3.283² − 2 × 0.5 × 3.248 × 3.283)" in line
    assert "= 3.266" in line
    assert np.isclose((3.248**2 + 3.283**2 - 3.248 * 3.283) ** 0.5, 3.266, atol=0.001)
    # A contrast of two contrasts, which the card of its trial does not have.
    assert "13.2 − 11.51 = 1.69" in followup.closing_sections(dataset, found).text


def test_years_of_life_stand_in_their_unit_with_whom_they_count(dataset: Dataset) -> None:
    found = evidence.durability(dataset, therapy="abct")
    said = followup_tables.unpaired(dataset, found).text
    name = "difference in quality-adjusted life years"
    assert f"{name} 0.021 (0.009 to 0.033), in the analysis “intention to treat; " in said
    assert f"{name} 0.023 (0.010 to 0.141), in the analysis “completers”" in said


def test_who_took_part_is_said_where_nobody_says_who_was_randomized(
    dataset: Dataset, tmp_path: Path
) -> None:
    said = followup_tables.trials(dataset, evidence.durability(dataset, therapy="abft")).text
    assert "Diamond GM 2016" not in said  # no source says that it was randomized
    as_trial = where("trials", trial_id="diamondgm2016")(design="randomized")
    other = changed(tmp_path / "data", as_trial)
    randomized = followup_tables.trials(other, evidence.durability(other, therapy="abft")).text
    assert "Diamond GM 2016; read: abstract | not printed (32 enrolled) |" in randomized
    assert "NCT00329199; read: registry record | not printed (240 planned) |" in said
    assert "Israel 2013; read: abstract | 20 |" in said


def test_missing_participants_stand_in_a_table(dataset: Dataset) -> None:
    said = followup_tables.missing(dataset, evidence.durability(dataset, therapy="abft")).text
    line = next(one for one in said.splitlines() if "Missing counted as not recovered" in one)
    for part in ("27 of 35 against 15 of 31", "3.60 (1.25 to 10.37)", "3.67", "imputed"):
        assert part in line
    assert "Missing counted so as to favor the therapy least" in said


def test_dropped_correlations_are_said(dataset: Dataset) -> None:
    said = followup_tables.correlations(dataset, evidence.durability(dataset, therapy="abft")).text
    assert said.count("not possible") == 6
    assert "−0.43 to 0.60 for the odds ratio" in said
    assert "−0.54 to 0.63 for the risk difference" in said
    other = followup_tables.correlations(dataset, evidence.durability(dataset, therapy="abct")).text
    assert "not possible" not in other


def test_who_stays_recovered_is_a_range(dataset: Dataset) -> None:
    said = followup_tables.staying(dataset, evidence.durability(dataset, therapy="abft")).text
    assert "65.6 to 80.4%" in said
    assert "13 to 21 of 27" in said
    assert "0.0 to 66.9%" in said


def test_tables_without_rows_say_why(dataset: Dataset) -> None:
    found = evidence.durability(dataset, therapy="abct")
    assert "rests on counts" in followup_tables.missing(dataset, found).text
    assert "event to be reached" in followup_tables.staying(dataset, found).text
    assert "one arm alone" in followup_tables.uncontrolled(dataset, found).text
    unclear = dataclasses.replace(found, changes=found.changes.assign(retained_fraction=np.nan))
    assert "clear enough of zero" in followup_tables.retained(dataset, unclear).text


def test_methods_name_what_was_done(dataset: Dataset, found: Durability) -> None:
    block = followup.closing_sections(dataset, found)
    said = block.text
    assert "suppose 0.5" in said
    assert 'href="how-to-read.html#follow-up"' in block.html
    for part in ("Fieller (1954)", "Fréchet 1951", "Borenstein et al. 2009"):
        assert part in how_to_read.follow_up().text
    assert ("Franchini" in said) == (found.therapy == "abct")


def test_the_sentence_to_cite(dataset: Dataset, found: Durability) -> None:
    said = followup.closing_sections(dataset, found).text
    assert "compared with" in said
    assert "95% CI" in said
    assert f"estimate {found.comparisons.trial_id.iloc[0]}" in said


def test_limits_name_open_times(dataset: Dataset, found: Durability) -> None:
    said = followup.closing_sections(dataset, found).text
    span = {"abft": "between 8 and 12 weeks", "abct": "between 18 and 26 weeks"}[found.therapy]
    assert span in said


def test_figures_have_the_numbers_in_words(dataset: Dataset) -> None:
    found = evidence.durability(dataset, therapy="abft")
    effects, shares = (make(dataset, found) for make in (figures.effects, figures.shares))
    assert isinstance(effects, Figure)
    assert isinstance(shares, Figure)
    assert (
        "35.4 (13.7 to 57.1) at the end of treatment, 35.4 (10.8 to 59.9) 8 to 12 weeks after the "
        "end "
        "of treatment"
    ) in effects.alt
    assert "6.30 (1.76 to 22.61) at the end of treatment" in effects.alt
    assert "ABFT 87.1 (70.2 to 96.4) at the end of treatment, 70.0" in shares.alt
    assert "21 of 30" in shares.table.text
    assert "31 + 29" in effects.table.text
    assert {one.estimate_id for one in effects.table.entries} <= set(found.estimates.estimate_id)


def test_figures_draw_every_point_with_its_n(dataset: Dataset, found: Durability) -> None:
    figure = figures.effects(dataset, found)
    assert isinstance(figure, Figure)
    texts = [one.get_text() for axes in figure.matplotlib_figure.axes for one in axes.texts]
    expected = {"abft": 4, "abct": 8}[found.therapy]
    assert len(texts) == expected
    assert all("n = " in one for one in texts)


def test_units_do_not_share_an_axis(dataset: Dataset) -> None:
    figure = figures.effects(dataset, evidence.durability(dataset, therapy="abct"))
    assert isinstance(figure, Figure)
    assert len(figure.matplotlib_figure.axes) == 2
    assert "Arm sizes imputed" in figure.caption


def test_no_arms_no_figure(dataset: Dataset) -> None:
    found = evidence.durability(dataset, therapy="abct")
    assert isinstance(figures.shares(dataset, found), Block)


def test_a_time_that_no_source_prints_has_no_place(dataset: Dataset) -> None:
    found = evidence.durability(dataset, therapy="abct", outcome="affective_distress")
    frame = found.comparisons.assign(follow_up_weeks_high=np.nan)
    said = figures.effects(dataset, dataclasses.replace(found, comparisons=frame))
    assert isinstance(said, Block)


def panel(values: list[tuple[float, float]]) -> Panel:
    series = tuple(
        Series(
            f"series {place}",
            tuple(
                Point(week, week, value, value - 1, value + 1, f"{value:.1f}", "n = 1 + 1")
                for week, value in zip((0.0, 10.0), pair, strict=True)
            ),
        )
        for place, pair in enumerate(values)
    )
    return Panel("points", series)


def test_labels_do_not_overlap() -> None:
    canvas = draw([panel([(5.0, 4.0), (5.1, 4.1), (5.2, 4.2)])])
    places = [one.get_position() for one in canvas.axes[0].texts]
    for side in {round(x, 3) for x, _ in places}:
        heights = sorted(y for x, y in places if round(x, 3) == side)
        assert len(heights) == 3
        assert min(np.diff(heights)) > 0.08


@pytest.mark.parametrize(
    ("heights", "expected"),
    [([0.1, 0.5], [0.1, 0.5]), ([0.4, 0.5], [0.35, 0.55]), ([0.5, 0.5, 0.5], [0.3, 0.5, 0.7])],
)
def test_spread_keeps_the_middle(heights: list[float], expected: list[float]) -> None:
    assert np.allclose(spread(heights, 0.2), expected)


def test_words_of_a_panel_are_those_of_its_points() -> None:
    said = described([panel([(5.0, 4.0)])])
    assert said == (
        "points: series 0 5.0 at the end of treatment, 4.0 10 weeks after the end of treatment."
    )
    open_time = Point(8.0, 12.0, 1.0, 0.0, 2.0, "1.0", "n = 1")
    assert weeks(open_time) == "8 to 12"


def test_the_command() -> None:
    done = run("followup", "--therapy", "abct", "--format", "json")
    assert done.returncode == 0
    record = json.loads(done.stdout)
    kept = [one["retained_fraction"] for one in record["comparisons"]]
    assert kept[0] == pytest.approx(7.2 / 13.2)
    assert kept[-1] is None
    assert record["bivariate_model"] is False
    said = run("followup", "--therapy", "abft").stdout
    assert "fell in both arms" in said
    assert "- Of 66 randomized" in said


def test_the_command_names_what_it_accepts() -> None:
    done = run("followup", "--therapy", "abft", "--outcome", "sleep")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "suicidal_ideation" in done.stderr
