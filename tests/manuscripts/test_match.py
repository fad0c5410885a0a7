"""What is right, wrong, superseded or unmarked, and which number a wrong one would be."""

import re
import sys
from types import SimpleNamespace

import pytest

from evidence.errors import ParameterError
from evidence.manuscripts import markdown
from evidence.manuscripts.ledgers import Known
from evidence.manuscripts.match import Finding, judge, located, unknown_ids
from tests.manuscripts.ledgers import (
    BARE,
    GONE,
    KEPT,
    KNOWN,
    ODDS,
    POINTS,
    POOLED,
    SHARE,
    SHARES,
    ZERO,
    entry,
)


def judged(text: str) -> list[Finding]:
    return judge(markdown.parse(text.encode()), KNOWN)


def statuses(text: str, estimate_id: str) -> list[tuple[str, str, str]]:
    return [(one.field, one.printed, one.status) for one in judged(f"{text} {{ev:{estimate_id}}}")]


def wrong(text: str, estimate_id: str) -> list[str]:
    return [field for field, _, status in statuses(text, estimate_id) if status != "right"]


@pytest.mark.parametrize(
    ("text", "estimate_id"),
    [
        ("g = 0.52 (95% CI −0.29 to 1.33), P = .11, three trials, N = 118", POOLED),
        ("g = 0.5 (−0.3 to 1.3), p > .05, 3 RCTs", POOLED),
        ("87.1% v 51.7%, OR 6.30 (1.76 to 22.61), RD 35.4%; n = 31 and n = 29", ODDS),
        ("87.1% against 51.7%, a difference of 35.4 percentage points (13.7 to 57.1)", SHARES),
        ("27 of 31 against 15 of 29: RD .35 [.14, .57]", SHARES),
        ("the difference was 35.4% (13.7 to 57.1)", SHARES),
        ("27 of 31 recovered (87.1%; 95% CI, 70.2 to 96.4)", SHARE),
        ("0.87 (0.70 to 0.96)", SHARE),
        ("87.1% of them recovered; confidence interval 70.2 to 96.4", SHARE),
        ("13.2 points of DASS-21 (6.8 to 19.6)", POINTS),
        ("55% of it was retained (7% to 104%)", KEPT),
        ("scores fell from 29.5 to 12.4 and from 26 to 19.1; MD 13.2 (6.8 to 19.6)", POINTS),
        ("in one trial, beside two more trials, with 66 randomized, n = 60: OR 6.3", ODDS),
        ("Hedges g, 0.52; the difference was 6.7 points", POOLED),
        ("randomized N = 66, analyzed n = 60, OR 6.30", ODDS),
    ],
)
def test_right(text: str, estimate_id: str) -> None:
    found = statuses(text, estimate_id)
    assert ("effect", "right") in [(field, status) for field, _, status in found]
    assert not [one for one in found if one[2] in ("wrong", "superseded")]


@pytest.mark.parametrize(
    ("text", "estimate_id", "fields"),
    [
        ("g = 0.62 (−0.29 to 1.33)", POOLED, ["effect"]),
        ("g = 0.52 (1.33 to −0.29)", POOLED, ["ci_low", "ci_high"]),
        ("g = 0.52 (0.29 to 1.33)", POOLED, ["ci_low"]),
        ("g = −0.52 (−0.29 to 1.33)", POOLED, ["effect"]),
        ("g = 0.52 (−0.29 to 1.43)", POOLED, ["ci_high"]),
        ("g = 0.52, P = .04", POOLED, ["p_value"]),
        ("g = 0.52, P < .05", POOLED, ["p_value"]),
        ("g = 0.52, N = 108", POOLED, ["n"]),
        ("g = 0.52 in 108 adolescents", POOLED, ["n"]),
        ("g = 0.52 in four trials", POOLED, ["k"]),
        ("it was 0.62 lower", POOLED, ["effect"]),
        ("52% (−0.29 to 1.33)", POOLED, ["effect"]),
        ("a risk difference of 35.4", SHARES, ["effect"]),
        ("RD 0.354% (0.14 to 0.57)", SHARES, ["effect"]),
        ("OR = 4.41", ODDS, ["effect"]),
        ("RR = 1.68", ODDS, ["effect"]),
        ("OR = 6.30 (1.76 to 22.61), P = .01", ODDS, ["p_value"]),
        ("OR 4.41 (1.43 to 13.56)", BARE, ["ci_low", "ci_high"]),
        ("13 of 30 recovered (87.1%)", SHARE, ["n"]),
        ("n = 31 and n = 28; OR 6.30", ODDS, ["n", "n"]),
        ("g = 0.52 and g = 0.39", POOLED, ["effect"]),
    ],
)
def test_wrong(text: str, estimate_id: str, fields: list[str]) -> None:
    assert wrong(text, estimate_id) == fields


def test_superseded() -> None:
    found = judged(f"g = 0.58 (−0.21 to 1.33), P = .11 {{ev:{POOLED}}}")
    assert [(one.field, one.status, one.expected) for one in found] == [
        ("effect", "superseded", 0.5205273829),
        ("ci_low", "superseded", -0.2875211305),
        ("ci_high", "right", 1.3285758963),
        ("p_value", "right", 0.1092502588),
    ]


MODEL = {"q": 3.25, "q_df": 2, "q_p": 0.1969, "tau2": 0.0431, "i2": 0.3846, "se": 0.1878}
WITH_MODEL = Known({POOLED: entry(**MODEL)}, {})
BESIDE = (
    "g = 0.52 (SE = <0.19>; 95% CI −0.29 to 1.33), Q(<2>) = <3.25>, P for heterogeneity = <.20>, "
    "tau² = <0.043>, I² = <38>%",
    "Heterogeneity: Tau² = <0.04>; Chi² = <3.25>, df = <2> (P = <0.20>); I² = <38.5>%; "
    "g = 0.52 (95% CI −0.29 to 1.33)",
)


@pytest.mark.parametrize("text", BESIDE)
def test_what_a_model_says_beside_its_estimate_is_compared(text: str) -> None:
    """Where the ledger has it; each number is right, and wrong with another digit."""
    right = re.sub("[<>]", "", text)

    def found(said: str, known: Known) -> list[Finding]:
        return judge(markdown.parse(f"{said} {{ev:{POOLED}}}.".encode()), known)

    assert {one.status for one in found(right, WITH_MODEL)} == {"right"}
    named = {one.field for one in found(right, WITH_MODEL)} & set(MODEL)
    assert len(named) == text.count("<")
    assert {one.status for one in found(right, KNOWN) if one.field in MODEL} == {"other"}
    for number in re.finditer("<([^>]+)>", text):
        turned = re.sub("[1-9]", lambda one: str(int(one[0]) % 9 + 1), number[1], count=1)
        said = f"{text[: number.start()]}{turned}{text[number.end() :]}"
        wrong = [
            one for one in found(re.sub("[<>]", "", said), WITH_MODEL) if one.status == "wrong"
        ]
        assert [one.printed.strip("%") for one in wrong] == [turned]


def test_an_id_that_is_gone() -> None:
    assert statuses("g = 0.44, N = 99", GONE) == [
        ("effect", "0.44", "superseded"),
        ("n", "99", "wrong"),
    ]


def test_an_id_that_never_was() -> None:
    draft = markdown.parse(b"g = 0.52 {ev:abft.depression} and {ev:abft.depression}")
    assert unknown_ids(draft, KNOWN) == ["abft.depression"]
    (one,) = judge(draft, KNOWN)
    assert (one.estimate_id, one.status, one.expected) == ("abft.depression", "wrong", None)


def test_unmarked() -> None:
    found = judged(f"g = 0.23 (−0.16 to 0.63), N = 307, in two trials. Then OR 6.30 {{ev:{ODDS}}}")
    assert [(one.estimate_id, one.field, one.status) for one in found[:-1]] == [
        (None, "effect", "unmarked"),
        (None, "ci_low", "unmarked"),
        (None, "ci_high", "unmarked"),
        (None, "n", "unmarked"),
    ]
    assert {one.closest.estimate_id for one in found[:-1] if one.closest} == {ZERO}


@pytest.mark.parametrize(
    "text",
    [
        "In 2010, 66 adolescents took part for 12 weeks (aged 12 to 18).",
        "Scores fell from 29.5 to 12.4; Cronbach's α = .90; I² = 0%.",
        "See J Am Acad Child Adolesc. 2010;49(2):122-131. doi:10.1016/j.jaac.2009.11.002",
        "| 1 | 2 |",
    ],
)
def test_plain_text_has_no_statistics(text: str) -> None:
    assert judged(text) == []


@pytest.mark.parametrize(
    ("text", "estimate_id", "field", "expected"),
    [
        ("g = 1.33", POOLED, "effect", (POOLED, "ci_high")),
        ("g = 0.52 (1.33 to −0.29)", POOLED, "ci_low", (POOLED, "ci_high")),
        ("OR = 4.41", ODDS, "effect", (BARE, "effect")),
        ("g = 0.52, P = .18", POOLED, "p_value", (ZERO, "p_value")),
        ("g = 0.52, N = 307", POOLED, "n", (ZERO, "n")),
        ("g = 0.23 (−0.16 to 0.63)", POOLED, "ci_high", (ZERO, "ci_high")),
        ("g = 0.77", POOLED, "effect", None),
    ],
)
def test_closest(text: str, estimate_id: str, field: str, expected: tuple[str, str] | None) -> None:
    (one,) = [one for one in judged(f"{text} {{ev:{estimate_id}}}") if one.field == field]
    found = None if one.closest is None else (one.closest.estimate_id, one.closest.field)
    assert found == expected


def test_the_closest_is_the_mark_itself_then_what_has_most_of_the_numbers() -> None:
    entries = (
        entry("a", effect=0.5, ci_low=0.1, ci_high=0.9, p_value=0.2, n=60),
        entry("b", effect=0.3, ci_low=0.1, ci_high=0.5, p_value=0.03, n=40),
        entry("c", effect=0.9, ci_low=0.7, ci_high=1.1, p_value=0.9, n=10),
    )
    known = Known({one.estimate_id: one for one in entries}, {})

    def closest(text: str) -> list[tuple[str, str] | None]:
        found = judge(markdown.parse(text.encode()), known)
        return [
            None if one.closest is None else (one.closest.estimate_id, one.closest.field)
            for one in found
            if one.field == "effect"
        ]

    assert closest("g = 0.90 {ev:a}") == [("a", "ci_high")]
    assert closest("g = 0.50 (P = .03; N = 40) {ev:c}") == [("b", "ci_high")]
    assert closest("g = 0.50 {ev:c}") == [("a", "effect")]


def test_rows_of_tables_by_their_headers() -> None:
    table = (
        "| Analysis | k | n | Hedges g | Lower | Upper | P | |\n|---|---|---|---|---|---|---|---|\n"
        f"| main | 3 | 118 | .52 | −.29 | 1.33 | .11 | {{ev:{POOLED}}} |\n"
        f"| stress test | 4 | 307 | .23 | .16 | .63 | .18 | {{ev:{ZERO}}} |\n"
    )
    found = judged(table)
    assert [one.field for one in found if one.status == "right"] == [
        *("k", "n", "effect", "ci_low", "ci_high", "p_value"),
        *("n", "effect", "ci_high", "p_value"),
    ]
    assert [(one.field, one.place) for one in found if one.status != "right"] == [
        ("k", "line 4"),
        ("ci_low", "line 4"),
    ]


def test_percent_in_a_header() -> None:
    table = f"| RD (%) | 95% CI (%) | |\n|---|---|---|\n| 35.4 | 13.7, 57.1 | {{ev:{SHARES}}} |\n"
    assert {(one.field, one.status) for one in judged(table)} == {
        (field, "right") for field in ("effect", "ci_low", "ci_high", "ci_level")
    }


PIECES = (
    "{ev:x} 1 ",
    "g = 0.52 ",
    ". {ev:a} 1",
    "> ",
    ">",
    "A. ",
    "[1] 2 ",
    "N = 1, ",
    "| 1 |\n|-|\n",
    "5% ",
    "5%",
    "5% (4% to 6%) ",
)


@pytest.mark.parametrize("piece", PIECES)
def test_a_long_passage_takes_steps_in_proportion(piece: str) -> None:
    def steps(length: int) -> int:
        """Calls of functions, those written in C too."""
        text, count = f"{piece * (length // len(piece))}{{ev:{POOLED}}}", 0

        def called(frame: object, event: str, argument: object) -> None:
            nonlocal count
            count += event in ("call", "c_call")

        before = sys.getprofile()
        sys.setprofile(called)
        try:
            judged(text)
        finally:
            sys.setprofile(before)
        return count

    # Four times the text: four times the steps, and what is done once; a square would be 16.
    assert steps(4_000) < 4.5 * steps(1_000)


def test_numbers_of_a_large_ledger_that_cannot_agree_are_not_looked_at() -> None:
    many = {f"{POOLED}.at_{at}": entry(f"{POOLED}.at_{at}", effect=float(at)) for at in range(999)}
    near = Known(many, {}).near(["effect"], (7.5, 8.5))
    assert sorted(near) == [f"{POOLED}.at_8"]
    assert sorted(Known(many, {}).near(["effect"], (795.0, 805.0))) == sorted(
        f"{POOLED}.at_{at}" for at in (8, *range(795, 806))
    )


def test_what_is_no_manuscript_is_refused_with_its_limit() -> None:
    with pytest.raises(
        ParameterError, match="found '20,001 numbers', expected a manuscript with at most 20,000"
    ):
        judged("5% " * 20_001)
    assert markdown.parse(b"5% " * 20_000)


def test_groups_of_two_parts_are_never_the_same() -> None:
    part = SimpleNamespace(text="0.52 (−0.29 to 1.33), and 0.2", hint="", percent=False, cell=False)
    found = located(SimpleNamespace(spans=[part, part]))  # type: ignore[arg-type]
    first, second = found[: len(found) // 2], found[len(found) // 2 :]
    in_first, in_second = ({one.reading.group for one in half} for half in (first, second))
    assert {one for one in in_first & in_second if one >= 0} == set()
    assert {one for one in in_first if one < 0} == {one for one in in_second if one < 0}
    assert max(in_first) >= 0
