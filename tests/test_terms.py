"""Kinds and the words of the data are one list, and each number says its kind."""

import ast
import json
from pathlib import Path

import pytest

import evidence
from evidence.errors import ParameterError
from evidence.estimation.missing_evidence import together
from evidence.terms import WHY, LeftOut, Said
from tests.manuscripts.ledgers import entry

DATA = Path(__file__).parents[1] / "data"


def test_a_direction_of_the_data_is_a_kind_of_what_is_said() -> None:
    described = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
    (table,) = (one for one in described["resources"] if one["name"] == "directions")
    (field,) = (one for one in table["schema"]["fields"] if one["name"] == "direction")
    # The last is what several of them say together.
    assert {*field["constraints"]["enum"]} == {*Said} - {Said.SOURCES_DIFFER}


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


def test_each_number_made_from_another_says_its_own_kind() -> None:
    """An entry made by `replace` would else pass for what it was made from."""
    made = 0
    for path in sorted(Path(evidence.__file__).parent.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or ast.unparse(call.func) != "replace":
                continue
            given = {one.arg for one in call.keywords}
            if {"estimate_id", "label"} <= given:
                made += 1
                assert "entry_kind" in given, f"{path.name}, line {call.lineno}"
    assert made > 5


def test_an_entry_of_no_kind_is_an_error() -> None:
    with pytest.raises(ParameterError, match="entry_kind: found 'other', expected one of trial"):
        entry(entry_kind="other")
