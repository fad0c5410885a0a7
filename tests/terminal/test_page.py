"""What commands say for reading: in the width of a terminal, or as Markdown."""

import io
import sys

import mistune
import pandas as pd
import pytest

import evidence
from evidence.analysis import analyze
from evidence.blocks.escape import plain
from evidence.cli.options import _form
from evidence.estimation.choices import Specification
from evidence.terminal import Item, Part, Table, page
from evidence.terminal.pooled import as_parts

DATASET = evidence.load()
MAIN = Specification(therapy="abft", outcome="depression", timepoint="post")
SAID = as_parts(analyze(DATASET, MAIN), DATASET)
IDS = {
    *analyze(DATASET, MAIN).selection.left_out.estimate_id,
    "abft.depression.post.hedges_g.pooled",
}
ESTIMATES = Table(
    evidence.estimates(DATASET),
    ("estimate_id", "comparator", "metric", "effect", "ci_low", "ci_high", "reason"),
)


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("parts", [SAID, [ESTIMATES]], ids=["analysis", "estimates"])
def test_lines_fit_the_terminal_and_ids_stay_whole(parts: list[Part], width: int) -> None:
    lines = page(parts, "text", width).splitlines()
    long = [one.strip(" ,;:") for one in lines if len(one) > width]
    # What is wider is one word that must not be broken: an id.
    assert all(" " not in one and "." in one for one in long)
    words = {word.rstrip(",;:") for line in lines for word in line.split()}
    ids = IDS if parts is SAID else {*ESTIMATES.frame.estimate_id}
    assert ids <= words


def test_markdown_shows_what_was_said_and_ids_can_be_copied() -> None:
    text = page(SAID, "md")
    assert all(one in text for one in IDS)
    shown = plain(mistune.html(text))
    for one in SAID:
        if not isinstance(one, Table):
            said = one.text if isinstance(one, Item) else one
            assert " ".join(said.split()) in " ".join(shown.split())


def test_columns_are_aligned_and_numbers_stand_on_the_right() -> None:
    frame = pd.DataFrame(
        {
            "trial": ["A", "Bee 2002"],
            "kind": ["usual_care", "waitlist"],
            "row_id": ["a_b", "c"],
            "effect": [0.5, -12.25],
            "empty": ["", ""],
            "said": ["x " * 30 + "end", ""],
        }
    )
    assert page([Table(frame)], "text", 60).splitlines() == [
        "trial     kind        row id  effect",
        "A         usual care  a_b       0.50",
        "    said: x x x x x x x x x x x x x x x x x x x x x x x x x",
        "    x x x x x end",
        "Bee 2002  waitlist    c       −12.25",
    ]
    narrow = page([Table(frame.assign(row_id="w" * 30))], "text", 44).splitlines()
    assert narrow[:2] == ["trial A; kind usual care; row id", f"  {'w' * 30}; effect"]


def test_what_a_terminal_would_obey_is_seen_and_counted() -> None:
    frame = pd.DataFrame({"a": ["\x1b[2J", "名前"], "b": ["c", "d"]})
    assert page([Table(frame), "\u202eend", "", Item("one")], "text", 80).splitlines() == [
        "a            b",
        "[U+001B][2J  c",
        "名前         d",
        "[U+202E]end",
        "",
        "- one",
    ]


def test_reasons_and_remarks_are_said_once() -> None:
    items = [one.text for one in SAID if isinstance(one, Item)]
    reasons = [one.partition(": ")[0].partition(" (4)")[0] for one in items]
    assert reasons.count("metric mean_difference; this analysis uses hedges_g") == 1
    assert f"Left out ({len(IDS) - 1})" in SAID


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_text_and_a_file_markdown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Screen())
    assert (_form(""), _form("md"), _form("csv")) == ("text", "md", "csv")
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert (_form(""), _form("text")) == ("md", "text")
