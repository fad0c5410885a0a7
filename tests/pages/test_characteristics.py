"""All trials side by side: every trial once, values as their sources print them, losses right."""

import re
from collections.abc import Callable

import pandas as pd
import pytest

import evidence
from evidence.blocks.output import Block
from evidence.data.dataset import Dataset
from evidence.errors import ParameterError
from evidence.pages import characteristics
from tests.claims.packages import changed, where


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return evidence.load()


def rows(dataset: Dataset, section: Callable[..., Block]) -> pd.DataFrame:
    return section(dataset, characteristics.chosen(dataset, "all")).frame


@pytest.mark.parametrize("section", [characteristics.who_took_part, characteristics.what_was_done])
def test_each_trial_is_there_once(dataset: Dataset, section: Callable[..., Block]) -> None:
    assert sorted(rows(dataset, section).Trial) == sorted(dataset.trials.label)


def test_values_are_those_of_the_sources(dataset: Dataset) -> None:
    who = rows(dataset, characteristics.who_took_part).set_index("Trial")
    waraan = who.loc["Waraan 2021"]
    # The registration has 13 to 17 years; what is reported stands here.
    assert waraan["Age in years: mean; range"] == "14.9; 13 to 18"
    assert waraan["Female, %"] == "86.7"
    ages = who["Age in years: mean; range"]
    assert ages["REPAIR"] == "18 or 16 to 25 or 30 planned"
    assert ages["NCT05766592"] == "from 20 planned"
    assert who.loc["Diamond 2002"].iloc[-1] == "BDI 23.8 (7.4), 28 (7.1)"
    done = rows(dataset, characteristics.what_was_done).set_index("Trial")
    assert done.Weeks["Waraan 2021"] == "16"
    assert done.Weeks["Diamond 2010"] == "12 or 16"
    assert done.Weeks["Hospital aftercare"] == "16"
    assert done["Read as"]["NCT05766592"] == "registry record"


def test_planned_stands_beside_reported(dataset: Dataset) -> None:
    found = rows(dataset, characteristics.registered)
    planned, reported = (
        dict(zip(found.iloc[:, 0], found.iloc[:, place], strict=True)) for place in (1, 2)
    )
    israel = "Israel 2013, NCT00700609"
    assert planned[israel] == "participants: 60"
    assert reported[israel] == "participants: 20"
    waraan = "Waraan 2021, NCT01830088"
    assert "length of treatment: 12 weeks" in planned[waraan]
    assert "length of treatment: 16 weeks" in reported[waraan]
    remarks = " ".join(found.Remark)
    assert "against enhanced care; reported as 16 weeks against usual care" in remarks
    assert "superiority over MBSR" in remarks


def test_arms_with_and_without_numbers(dataset: Dataset) -> None:
    found = rows(dataset, characteristics.by_arm)
    assert found[found.Trial == "Waraan 2021"].values.tolist() == [
        ["Waraan 2021", "all arms together", "60", "–", "–"]
    ]
    both = found[found.Trial == "Diamond 2019"]
    assert both["Not analyzed"].tolist() == ["0", "0"]


def test_who_is_not_analyzed_is_counted_and_more_than_randomized_is_no_loss(
    dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = changed(
        tmp_path_factory.mktemp("fewer") / "data",
        where("arms", arm_id="diamond2019_abft")(n_randomized="70"),
        where("arms", arm_id="diamond2019_nst")(n_randomized="60"),
    )
    found = rows(other, characteristics.by_arm)
    assert found[found.Trial == "Diamond 2019"]["Not analyzed"].tolist() == ["4", "–"]


def test_numbers_lead_to_the_cards(dataset: Dataset) -> None:
    trials = characteristics.chosen(dataset, "all")
    page = characteristics.who_took_part(dataset, trials).html
    links = re.findall(r'<a class="n" href="([^"]+)"', page)
    assert len(links) > 30
    assert all(re.fullmatch(r"trial-[a-z0-9_]+\.html#p-.+", one) for one in links)


def test_the_first_screen_counts_and_one_therapy_is_enough(dataset: Dataset) -> None:
    both = characteristics.chosen(dataset, "all")
    text = characteristics.first_screen(dataset, both).text
    assert text.startswith("Of 25 trials, 9 were randomized and are published;")
    assert {one.therapy for one in characteristics.chosen(dataset, "abct")} == {"abct"}
    with pytest.raises(ParameterError, match="therapy: found 'cbt'"):
        characteristics.chosen(dataset, "cbt")
