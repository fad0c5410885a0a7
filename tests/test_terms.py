"""Kinds and the words of the data are one list."""

import json
from pathlib import Path

import pytest

from evidence.estimation.unreported import together
from evidence.terms import WHY, LeftOut, Said

DATA = Path(__file__).parents[1] / "data"


def test_a_direction_of_the_data_is_a_kind_of_what_is_said() -> None:
    described = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
    (table,) = (one for one in described["resources"] if one["name"] == "directions")
    (field,) = (one for one in table["schema"]["fields"] if one["name"] == "direction")
    # The last is what several of them say together, and NOT_SEEN came with data 1.2.0.
    of_sources = {*Said} - {Said.SOURCES_DIFFER}
    assert {*field["constraints"]["enum"], Said.NOT_SEEN} == of_sources


def test_each_kind_of_reason_that_a_rule_gives_has_words() -> None:
    of_rows = {LeftOut.NOT_RANDOMIZED, LeftOut.ONE_ARM, LeftOut.IN_WORDS, LeftOut.NO_ESTIMATE}
    assert {*WHY} == {*LeftOut} - of_rows


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        (("no_difference", "no_difference"), Said.NO_DIFFERENCE),
        (("no_difference", "measured_not_reported"), Said.NO_DIFFERENCE),
        (("no_difference", "favors_intervention"), Said.SOURCES_DIFFER),
        (("sources_differ", "favors_intervention"), Said.SOURCES_DIFFER),
        (("sources_differ", "measured_not_reported"), Said.SOURCES_DIFFER),
        (("favors_comparator", "favors_intervention"), Said.SOURCES_DIFFER),
        (("measured_not_reported", "measured_not_seen"), Said.NOT_SEEN),
    ],
)
def test_sources_together_say_what_they_share(said: tuple[str, str], whole: Said) -> None:
    assert together(*said) == together(*reversed(said)) == whole
