"""The form of an entry names every key and every term, and is an entry itself."""

import re
import tomllib

import pytest

from evidence.data.validation import read_package
from evidence.entry.sections import ARM_NUMBERS, CSL, SECTIONS
from evidence.entry.template import STATISTICS, template
from tests.entry.entries import DATA

PACKAGE = read_package(DATA)
FORM = template(PACKAGE)


def test_it_is_toml_with_remarks_and_without() -> None:
    assert set(tomllib.loads(FORM)) == {"trial", "publication", "locator", "arm", "facts"}
    bare = re.sub(r"^# (?=\[|[a-z_]+ = )", "", FORM, flags=re.MULTILINE)
    assert set(tomllib.loads(bare)) == set(SECTIONS)


@pytest.mark.parametrize("name", SECTIONS)
def test_every_key_of_a_section_is_in_it(name: str) -> None:
    start = re.search(rf"^#? ?\[\[?{name}\]", FORM, re.MULTILINE)
    assert start is not None
    rest = FORM[start.end() :]
    following = re.search(r"^#? ?\[", rest, re.MULTILINE)
    text = rest[: following.start()] if following and name != "result" else rest
    if name == "facts":
        text = FORM
    for key in SECTIONS[name].keys:
        assert re.search(rf"\b{re.escape(key)}\b", text), key


def test_every_number_of_an_arm_is_explained() -> None:
    start = FORM.index("# Results of arms")
    text = FORM[start : FORM.index("[[result]]", start + 80)]
    for key in ARM_NUMBERS:
        assert re.search(rf"\b{key}\b", text), key


def test_every_field_of_a_reference_is_named() -> None:
    for key in CSL:
        assert re.search(rf"\b{key}\b", FORM), key


def test_every_kind_of_statistic_is_explained() -> None:
    stated = PACKAGE.sheets["statistics"].table.columns["statistic"].constraints["enum"]
    assert set(STATISTICS) == set(stated)
    for name, meaning in STATISTICS.items():
        assert re.search(rf"^#   {name} +{re.escape(meaning)}$", FORM, re.MULTILINE)


@pytest.mark.parametrize("vocabulary", ["therapy", "condition", "outcome", "event", "clock"])
def test_every_term_is_named(vocabulary: str) -> None:
    for row in PACKAGE.sheets["vocabularies"].rows:
        if row.text["vocabulary"] == vocabulary:
            assert re.search(rf"\b{row.text['term']}\b", FORM), row.text["term"]


def test_every_instrument_and_fact_is_named() -> None:
    for table, column in (("instruments", "instrument_id"), ("trial_facts", "fact")):
        for row in PACKAGE.sheets[table].rows:
            assert re.search(rf"\b{row.text[column]}\b", FORM), row.text[column]


def test_lines_fit_a_window() -> None:
    assert max(map(len, FORM.splitlines())) <= 110
    assert "{" not in re.sub(r"\{ .*? \}", "", FORM)
