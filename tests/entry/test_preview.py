"""What would come of an entry: counts that fit, findings, estimates, what moves, in plain text."""

from html.parser import HTMLParser
from pathlib import Path

import pytest

from evidence.blocks.output import Block
from evidence.entry import Preview, copy_without, preview, preview_file
from evidence.entry import blocks as shown
from evidence.entry.file import read_entry
from evidence.entry.proposal import propose
from tests.entry.entries import DATA, EXAMPLE, RAISED, contents, edited, proposed


@pytest.fixture(scope="module")
def example() -> Preview:
    return preview_file(EXAMPLE, DATA, without="diamond2010")


@pytest.fixture(scope="module")
def blocks(example: Preview) -> dict[str, Block]:
    return dict(shown.blocks(example))


def test_the_only_tables_that_fit_are_found(example: Preview) -> None:
    """Diamond 2010: 27 of 31 and 15 of 29 at the end of treatment, 21 of 30 and 9 of 26 after."""
    found = {
        one.timepoint: [tuple(table[:4]) for table in one.found.solutions]
        for one in example.counts
        if one.found is not None and one.measure == "clinical_recovery"
    }
    assert found == {"post": [(27, 31, 15, 29)], "follow_up": [(21, 30, 9, 26)]}


def test_the_misprinted_limits_are_found_and_handled(example: Preview) -> None:
    high = example.findings[example.findings.severity == "high"]
    assert high.printed.tolist() == ["54.32", "15.6"]
    assert high.action.tolist() == ["withhold", "withhold"]
    assert example.unanswered.empty


def test_findings_are_those_that_the_entry_brings_up(example: Preview) -> None:
    ids = example.proposal.ids("result_id") | {"diamond2010"}
    assert set(example.findings.result_id) <= ids


def test_a_correction_to_fill_in_is_shown_for_each_grave_finding(tmp_path: Path) -> None:
    file = tmp_path / "entry.toml"
    text = EXAMPLE.read_text("utf-8")
    file.write_text(text[: text.index("# Two limits")], encoding="utf-8")
    folder = copy_without(DATA, "diamond2010", tmp_path / "data")
    without = preview(propose(read_entry(file), folder))
    assert without.unanswered.printed.tolist() == ["54.32", "15.6"]
    block = shown.findings(without)
    for field in ("percent_ci_high", "percent_ci_low"):
        assert f'field = "{field}"' in block.text
    assert 'result = "diamond2010_siq_jr_clinical_recovery_euc_fu24"' in block.text
    assert block.text.count("a correction is needed") == 2
    # with a reason, what is shown can be pasted as it stands
    pasted = "\n".join(
        line for line in block.text[block.text.index("[[correction]]") :].splitlines()
    ).replace('reason = ""', 'reason = "looked at again"')
    file.write_text(text[: text.index("# Two limits")] + pasted, encoding="utf-8")
    assert preview(propose(read_entry(file), folder)).unanswered.empty


def test_pooled_numbers_without_and_with_the_trial(blocks: dict[str, Block]) -> None:
    """Two trials without it, three with it: the main result of the workbook."""
    lines = blocks["What would move"].text.splitlines()
    main = next(one for one in lines if "hedges_g.pooled |" in one and "depress" in one)
    assert main.endswith(
        "| 0.69 (−2.94 to 4.32), k = 2, n = 52 | 0.52 (−0.29 to 1.33), k = 3, n = 118"
    )
    zero = next(one for one in lines if "unreported_at_zero |" in one and "depress" in one)
    assert zero.endswith("0.23 (−0.16 to 0.63), k = 5, n = 307")


def test_estimates_have_route_conversion_processing_and_remarks(blocks: dict[str, Block]) -> None:
    text = blocks["Estimates that would come of it"].text
    assert "Hedges g | 0.39 (−0.10 to 0.88) | means and SDs of both arms converted |" in text
    route = "percentages → counts reconstructed"
    assert f"odds ratio | 6.30 (1.76 to 22.61) | {route} |" in text
    assert "the only whole numbers that fit what is printed" in text


def test_what_stays_without_a_number_has_its_reason(blocks: dict[str, Block]) -> None:
    text = blocks["What stays without a number, and why"].text
    assert "an effect size of a kind that the source does not state" in text
    assert "24 tables fit the printed percentages" in text


def test_conclusions_that_change_are_named(tmp_path: Path) -> None:
    strong = edited(
        ('instrument = "psqi"', 'instrument = "bdi_ii"'),
        ("mean = 7.0, sd = 3.40", "mean = 14.0, sd = 11.40"),
        ("mean = 8.5, sd = 3.10", "mean = 21.0, sd = 11.10"),
    )
    text = shown.moved(preview(proposed(strong, DATA, tmp_path))).text
    assert "Conclusions that would change" in text
    assert (
        "side of zero abft.depression.post.hedges_g.pooled | above zero, interval includes zero | "
        "above zero, interval excludes zero"
    ) in text


class Tags(HTMLParser):
    """Names of the elements of a page."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.names.add(tag)


HOSTILE = "<script>alert(1)</script>\" 'x' =cmd|' /C calc'!A0 `*_[a](b) \\u0026 {ev:x} ]]> </pre>"


def test_hostile_text_is_text(tmp_path: Path) -> None:
    quoted = HOSTILE.replace("\\", "\\\\").replace('"', '\\"')
    text = edited(
        ('country = "SE"', f'label = "{quoted}"\nnote = "{quoted}"'),
        ('title = "An invented trial"', f'title = "{quoted}"'),
        ('place = "abstract"', f'name = "abstract"\nplace = "{quoted}"'),
        ('p = "< .05"', f'note = "{quoted}"'),
        ("treatment_weeks = 16", f'treatment_weeks = {{ value = 16, note = "{quoted}" }}'),
        ('meaning = "quality of sleep"', f'meaning = "{quoted}"'),
        ('name = "Pittsburgh Sleep Quality Index"', f'name = "{quoted}"'),
    )
    before = contents(DATA)
    would = preview(proposed(text, DATA, tmp_path))
    after = would.proposal.after
    assert after.trials.label.iloc[-1] == HOSTILE
    assert after.references["akerstrom2027"]["title"] == HOSTILE
    for _, block in shown.blocks(would):
        assert "script" not in Tags(block.html).names
        assert "</script" not in block.html
    assert contents(DATA) == before


def test_every_part_is_shown_in_words_where_there_is_nothing(tmp_path: Path) -> None:
    bare = "\n".join(edited().split("[[term]]")[:1]) + (
        '[[direction]]\noutcome = "depression"\ntimepoint = "post"\ndirection = "no_difference"\n'
    )
    would = preview(proposed(bare, DATA, tmp_path))
    texts = {heading: block.text for heading, block in shown.blocks(would)}
    assert texts["Whole numbers behind printed percentages"].startswith("No percentages")
    assert texts["Estimates that would come of it"] == "None: see below why."
    said = "reports no difference between the arms, in words"
    assert said in texts["What stays without a number, and why"]
    assert "trials with unreported at zero" in texts["What would move"]


def test_next_steps_name_the_reports(example: Preview) -> None:
    steps = shown.closing(example, written=True).text
    assert "reports/trial-diamond2010.html" in steps
    assert "CHANGELOG.md" in steps
    assert RAISED in steps
    assert shown.closing(example, written=False).text.startswith("Nothing was written.")
