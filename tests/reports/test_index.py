"""The index: every number is found, and is cited as the command cite does."""

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from evidence import ledger
from evidence.data.dataset import Dataset
from evidence.errors import RenderError
from evidence.ledger import LedgerEntry, citation, quotation
from evidence.reports.catalog import Report
from evidence.reports.index import Listing, index, listing
from evidence.reports.stamp import Stamp
from evidence.terms import EntryKind
from tests.ledger.test_ledger import ENTRY

ROOT = Path(__file__).parents[2]
ENTRIES = ledger.read(ROOT / "reports" / "estimates.csv")
BY_ID = {one.estimate_id: one for one in ENTRIES}
REPORT = Report("a", "Title & <more>", "Whom <it> covers.", Path("n"), {}, ("html",))
STAMP = Stamp("1.2.0", date(2026, 11, 24))
FILTERS = ["therapy", "outcome", "timepoint", "comparator", "processing", "report"]
OWN = replace(ENTRY, locator_ids=("childadol_row28",), reports=("a",))
"""An entry that goes with the data of the workbook."""


@pytest.fixture(scope="module")
def listed(dataset: Dataset) -> Listing:
    return listing(ENTRIES, dataset, {"start-here": "Start here"})


@pytest.fixture(scope="module")
def content(listed: Listing) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(listed.data)
    return found


def of_set(content: dict[str, Any], number: dict[str, Any], key: str) -> list[Any]:
    """Return what stands for the references of a number: items, in one of their forms."""
    return [content[key][place] for place in content["sets"][number["set"]]["items"]]


def test_every_number_is_listed_once(listed: Listing, content: dict[str, Any]) -> None:
    ids = [one["id"] for one in content["numbers"]]
    assert sorted(ids) == sorted(BY_ID)
    assert len(listed.rows) == len(ids)


def test_main_analyses_stand_first_then_what_most_reports_show(
    listed: Listing, content: dict[str, Any]
) -> None:
    ids = [one["id"] for one in content["numbers"]]
    main = [one for one in ids if one.endswith(".pooled")]
    assert main
    assert ids[: len(main)] == main
    assert [one.is_main for one in listed.rows] == [one in main for one in ids]
    shown = [len(BY_ID[one].reports) for one in ids[len(main) :]]
    assert shown == sorted(shown, reverse=True)


def test_every_number_has_the_sentences_that_cite_prints(
    listed: Listing, content: dict[str, Any], dataset: Dataset
) -> None:
    for row, number in zip(listed.rows, content["numbers"], strict=True):
        entry = BY_ID[number["id"]]
        assert row.subject + row.rest == quotation.sentence(entry, dataset, "plain")
        for style in ("ama", "apa"):
            assert row.subject + number[style] == quotation.sentence(entry, dataset, style)
        assert row.origin == citation.origin(entry)
        assert row.shown.split(" ")[0] in row.rest


@pytest.mark.parametrize("style", ["ama", "apa"])
def test_every_set_of_references_is_that_of_cite(
    listed: Listing, content: dict[str, Any], dataset: Dataset, style: str
) -> None:
    seen = set()
    for row, number in zip(listed.rows, content["numbers"], strict=True):
        if number["set"] in seen:
            continue
        seen.add(number["set"])
        lines = [content["lines"][one] for one in content["sets"][number["set"]][style]]
        text = [row.subject + number[style], "", row.origin, "", content["heading"]]
        assert "\n".join([*text, *(f"- {one}" for one in lines)]) == citation.citation(
            BY_ID[number["id"]], dataset, style=style
        )
    assert seen == set(range(len(content["sets"])))


def test_every_number_has_references_for_managers_that_parse(
    content: dict[str, Any], dataset: Dataset
) -> None:
    for number in content["numbers"]:
        entry = BY_ID[number["id"]]
        items = of_set(content, number, "items")
        ids = [one["id"] for one in items]
        assert ids == [one["id"] for one in citation.references(entry, dataset)]
        bibtex, ris = of_set(content, number, "bibtex"), of_set(content, number, "ris")
        assert [re.match(r"@\w+\{(\w+),\n", one)[1] for one in bibtex] == ids  # type: ignore[index]
        assert all(one.count("{") == one.count("}") and one.endswith("\n}") for one in bibtex)
        for one, key in zip(ris, ids, strict=True):
            lines = one.removesuffix("\n").split("\n")
            assert lines[0].startswith("TY  - ")
            assert lines[-2:] == [f"ID  - {key}", "ER  - "]
            assert all(re.match(r"[A-Z][A-Z0-9]  - ", line) for line in lines)


def test_exports_are_joined_as_cite_joins_them(content: dict[str, Any], dataset: Dataset) -> None:
    number = next(one for one in content["numbers"] if one["id"] == ENTRY.estimate_id)
    entry = BY_ID[ENTRY.estimate_id]
    made = {form: citation.citation(entry, dataset, form=form) for form in ("bibtex", "ris", "csl")}
    assert "\n\n".join(of_set(content, number, "bibtex")) == made["bibtex"]
    assert "\n".join(of_set(content, number, "ris")) == made["ris"]
    assert of_set(content, number, "items") == json.loads(made["csl"])


def test_every_number_answers_the_filters(listed: Listing, content: dict[str, Any]) -> None:
    assert [one.name for one in listed.filters] == FILTERS
    offered = [{value for value, _ in one.options} for one in listed.filters]
    for number in content["numbers"]:
        answers = dict(zip(FILTERS, number["at"], strict=True))
        entry = BY_ID[number["id"]]
        # What a review reports on another therapy answers no question on a therapy of the workbook.
        elsewhere = entry.entry_kind == EntryKind.PUBLISHED and not answers["therapy"]
        for name in ("processing", "report", *(() if elsewhere else ("therapy", "outcome"))):
            assert answers[name], (name, number["id"])
        assert all(set(one) <= known for one, known in zip(number["at"], offered, strict=True))
        assert "; ".join(answers["comparator"]) == entry.comparator_class
        assert answers["timepoint"] == ([entry.timepoint] if entry.timepoint else [])
        assert answers["report"] == list(entry.reports)


@pytest.mark.parametrize(
    ("changes", "therapy", "outcome"),
    [
        ({}, ["abft"], ["depression"]),
        ({"estimate_id": "waraan2021.depression.post.power_0.3"}, ["abft"], ["depression"]),
        (
            {"estimate_id": "collado2021.abct_vs_usual_care.affective_distress.x.post"},
            ["abct"],
            ["affective_distress"],
        ),
        (
            {
                "estimate_id": "collado2021.mindfulness_based_stress_reduction_vs_usual_care."
                "affective_distress.x.post"
            },
            ["mindfulness_based_stress_reduction"],
            ["affective_distress"],
        ),
        ({"estimate_id": "published.schulte_si"}, ["abft"], ["suicidal_ideation"]),
        ({"estimate_id": "published.elsewhere", "trial_ids": ()}, [], []),
    ],
)
def test_therapy_and_outcome_are_those_that_are_compared(
    dataset: Dataset, changes: dict[str, Any], therapy: list[str], outcome: list[str]
) -> None:
    entry = replace(OWN, **{"trial_ids": ("waraan2021",), **changes})
    (number,) = json.loads(listing([entry], dataset, {}).data)["numbers"]
    assert number["at"][:2] == [therapy, outcome]


def test_filters_have_words_in_the_order_of_readers(dataset: Dataset) -> None:
    several = [
        replace(OWN, estimate_id=f"abft.depression.{time}.x", timepoint=time, reports=(report,))
        for time, report in (("post", "b"), ("baseline", "a"))
    ]
    asked = {one.name: one for one in listing(several, dataset, {"b": "B!", "a": "A!"}).filters}
    assert asked["timepoint"].options == (
        ("baseline", "Before treatment"),
        ("post", "At the end of treatment"),
    )
    assert asked["therapy"].options == (("abft", "ABFT"),)
    assert asked["outcome"].options == (("depression", "Depressive symptoms"),)
    assert asked["comparator"].options[0] == ("inactive", "Waitlist or no intervention")
    assert asked["processing"].options[0][1].startswith("Converted, by a formula")
    assert asked["report"].options == (("b", "B!"), ("a", "A!"))


def test_a_number_of_other_data_is_listed_without_references(dataset: Dataset) -> None:
    stale = replace(OWN, estimate_id="abft.depression.stale", locator_ids=("gone",))
    numbers = json.loads(listing([OWN, stale], dataset, {}).data)["numbers"]
    assert [one["set"] for one in numbers] == [0, None]


def page(*entries: LedgerEntry, dataset: Dataset) -> str:
    return index([(REPORT, "Answer <x>.")], entries, STAMP, dataset)


def test_reports_and_numbers_are_text(dataset: Dataset) -> None:
    label = "<script>alert(1)</script></script><!--&amp;"
    html = page(replace(OWN, label=label, reports=("a", "b")), dataset=dataset)
    assert '<a href="a.html">Title &amp; &lt;more&gt;</a><p>Answer &lt;x&gt;.</p>' in html
    assert "<b>&lt;script&gt;alert(1)" in html
    assert html.count("<script") == html.count("</script>") == 2
    assert "<!--" not in html
    assert f'href="a.html#n-{ENTRY.estimate_id}">0.52 (−0.29 to 1.33)</a>' in html
    assert "Main analyses stand first" in html
    assert "sources as of 24 November 2026" in html


@pytest.mark.parametrize(("character", "name"), [("\u2028", "U+2028"), ("\x85", "U+0085")])
def test_what_nobody_sees_is_refused(dataset: Dataset, character: str, name: str) -> None:
    for field in ("label", "comparator"):
        with pytest.raises(RenderError, match=re.escape(name)):
            page(replace(OWN, **{field: f"text{character}"}), dataset=dataset)


def test_data_of_the_script_are_text_too(dataset: Dataset) -> None:
    hostile = replace(OWN, method="</script>", comparator="</script><b>")
    html = page(hostile, dataset=dataset)
    data = html.partition('id="data">')[2].partition("</script>")[0]
    (number,) = json.loads(data)["numbers"]
    assert not set("<>&") & set(data)
    assert quotation.sentence(hostile, dataset, "apa").endswith(number["apa"])


def test_the_same_numbers_give_the_same_bytes_in_any_order(dataset: Dataset) -> None:
    several = [replace(OWN, estimate_id=f"abft.depression.{one}") for one in "abc"]
    assert page(*several, dataset=dataset) == page(*several[::-1], dataset=dataset)


def test_the_committed_page_is_of_a_size_that_opens_at_once() -> None:
    assert (ROOT / "reports" / "index.html").stat().st_size < 700_000
