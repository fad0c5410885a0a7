"""What a mark binds."""

import pytest

from evidence.manuscripts import bound, hint, markdown, sentence_starts


def spans(text: str) -> list[tuple[str | None, str]]:
    draft = markdown.parse(text.encode())
    return [
        (one.estimate_id, " | ".join(span.text.strip() for span in one.spans))
        for one in bound(draft)
        if one.estimate_id is not None
    ]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It was 0.52. Then 0.3.", ["It was 0.52. ", "Then 0.3."]),
        (
            "Diamond et al. 2010 vs. X, e.g. P = .11. No.",
            ["Diamond et al. 2010 vs. X, e.g. P = .11. ", "No."],
        ),
        (
            "By Diamond G. S. Diamond and P. Israel. Next",
            ["By Diamond G. S. Diamond and P. Israel. ", "Next"],
        ),
        ("In group B. The rest", ["In group B. ", "The rest"]),
        ("lasting 50 min. Then", ["lasting 50 min. ", "Then"]),
        ("(95% C.I. 0.1) of ca. 5", ["(95% C.I. 0.1) of ca. 5"]),
        ("Really? Yes! “So.” And", ["Really? ", "Yes! ", "“So.” ", "And"]),
        ("g = .52. h = .1", ["g = .52. ", "h = .1"]),
        ("seen in Fig. 2 and No. 3.", ["seen in Fig. 2 and No. 3."]),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    starts = sentence_starts(text)
    found = [text[one:two] for one, two in zip(starts, [*starts[1:], len(text)], strict=True)]
    assert found == sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("First 1. Second 2 {ev:a}. Third 3.", [("a", "Second 2")]),
        ("One 1 {ev:a} and two 2 {ev:b}.", [("a", "One 1"), ("b", "and two 2")]),
        ("First 1. Second 2. {ev:a} Third 3 {ev:b}.", [("a", "Second 2."), ("b", "Third 3")]),
        ("Second 2.{ev:a} Third 3.", [("a", "Second 2.")]),
        ("Para 1.\n\nPara 2 {ev:a}", [("a", "Para 2")]),
        ("- item 1\n- item 2 {ev:a}", [("a", "item 2")]),
        ("Text 1\nwraps 2 {ev:a}", [("a", "Text 1\nwraps 2")]),
        ("Twice 1 {ev:a}{ev:b}", [("a", "Twice 1"), ("b", "")]),
        ("Odd 1 { EV: A.B_c :APA } ", [("a.b_c", "Odd 1")]),
        (r"Escaped 1 \{ev:a\_b\}", [("a_b", "Escaped 1")]),
        ("{ev:a} first", [("a", "")]),
        ("Code `{ev:a}` 1 {ev:b}", [("b", "Code 1")]),
        ("Empty 1 {ev:}", [("", "Empty 1")]),
    ],
)
def test_what_a_mark_binds(text: str, expected: list[tuple[str, str]]) -> None:
    assert spans(text) == expected


TABLE = """
| Trial | n | g | 95% CI | P | |
|---|--:|--:|---|---|---|
| A | 32 | 0.65 | −0.06 to 1.36 | .07 | {ev:a} |
| B {ev:b} | 20 | 0.75 | −0.16 to 1.66 | .11 | |
| C | 0.1 {ev:c} | 0.2 {ev:d} | | | |
"""


def test_rows_of_a_table() -> None:
    assert spans(TABLE) == [
        ("a", "A | 32 | 0.65 | −0.06 to 1.36 | .07 |  | "),
        ("b", "B |  | 20 | 0.75 | −0.16 to 1.66 | .11 | "),
        ("c", "C | 0.1 | "),
        ("d", "0.2 | "),
    ]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("k", ("k", False)),
        ("No. of trials", ("k", False)),
        ("N", ("n", False)),
        ("Participants", ("n", False)),
        ("P value", ("p_value", False)),
        ("p", ("p_value", False)),
        ("95% CI", ("ci@95", False)),
        ("95% confidence interval", ("ci@95", False)),
        ("Lower limit", ("ci_low", False)),
        ("UL", ("ci_high", False)),
        ("Hedges g (95% CI)", ("effect@95", False)),
        ("SMD", ("effect", False)),
        ("Risk difference, %", ("effect", True)),
        ("RD (%)", ("effect", True)),
        ("Trial", ("", False)),
        ("Comparator", ("", False)),
        ("Weeks", ("", False)),
        ("Processing", ("", False)),
    ],
)
def test_headers(header: str, expected: tuple[str, bool]) -> None:
    assert hint(header) == expected
