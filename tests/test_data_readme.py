"""data/README.md describes the data as the schema states them."""

import json
import re
from pathlib import Path

import pytest

from evidence.data.dataset import load
from evidence.data.provenance import Processing
from evidence.terms import words_of

DATA = Path(__file__).parents[1] / "data"
README = (DATA / "README.md").read_text(encoding="utf-8")
SCHEMA = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))


def section(heading: str) -> str:
    """Text from a heading to the next one."""
    found = re.search(
        rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", README, re.DOTALL | re.MULTILINE
    )
    assert found, f"data/README.md has no heading {heading}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """Cells of the Markdown table in a text, without its header."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.parametrize("resource", SCHEMA["resources"], ids=lambda resource: resource["name"])
def test_every_table_lists_exactly_the_columns_of_the_schema(resource: dict) -> None:
    expected = [
        [
            field["name"],
            field["type"],
            "yes" if field.get("constraints", {}).get("required") else "",
            field["description"],
        ]
        for field in resource["schema"]["fields"]
    ]
    assert rows(section(resource["path"])) == expected


def test_no_other_table_is_described() -> None:
    described = re.findall(r"^### (\S+\.csv)$", README, re.MULTILINE)
    assert described == [resource["path"] for resource in SCHEMA["resources"]]


def test_keys_are_those_of_the_schema() -> None:
    for resource in SCHEMA["resources"]:
        text = section(resource["path"])
        stated = resource["schema"].get("primaryKey", [])
        keys = [stated] if isinstance(stated, str) else stated
        said = re.search(r"Key: ([^.]*)\.", text)
        assert (re.findall(r"`(\w+)`", said[1]) if said else []) == keys
        references = {
            key["fields"][0]: f"{key['reference']['resource']}.csv"
            for key in resource["schema"].get("foreignKeys", [])
        }
        assert dict(re.findall(r"`(\w+)` in `(\w+\.csv)`", text)) == references


def test_processing_levels_and_actions_are_those_of_the_data() -> None:
    levels = rows(section("Levels of processing"))
    assert dict(levels) == load(DATA).vocabulary("processing")
    assert [level for level, _ in levels] == [level.term for level in Processing]
    actions = next(
        field["constraints"]["enum"]
        for resource in SCHEMA["resources"]
        if resource["name"] == "corrections"
        for field in resource["schema"]["fields"]
        if field["name"] == "action"
    )
    assert [action for action, _ in rows(section("Corrections"))] == actions


def test_derived_columns_are_described() -> None:
    derived = [name for name, _ in rows(section("The two clocks"))]
    columns = [field["name"] for field in SCHEMA["resources"][7]["schema"]["fields"]]
    assert list(load(DATA).statistics.columns) == [*columns, *derived]


def test_the_locator_in_the_text_is_as_described() -> None:
    locator = load(DATA).locator("childadol_row28")
    text = section("How to read a locator")
    assert f"`{locator.publication_id}`" in text
    assert f"`{words_of(locator.place)}`" in text
