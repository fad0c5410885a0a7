"""Markdown as readers see it, each character with its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import ParameterError
from evidence.manuscripts import Passage, Row, markdown


def texts(source: str) -> list[str]:
    found = []
    for part in markdown.parse(source.encode()).parts:
        cells = part.cells if isinstance(part, Row) else (part,)
        found += [one.text for one in cells]
    return found


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("*g* = **0.52**, _P_ = .11", "g = 0.52, P = .11"),
        ("hedges_g and a * b", "hedges_g and a * b"),
        ("P&nbsp;= .11, &minus;0.29, &#8722;0.3", "P\xa0= .11, −0.29, −0.3"),
        ("a [link](https://x.org/0.9) and ![0.8](y.png)", "a link and "),
        ("0.52[^1] and [@diamond2010, p. 3]", "0.52 and "),
        ("0.52^12^ and I^2^ <sup>a</sup>", "0.52¹² and I² ⁺"),
        ("$g = -0.29$, $I^2 = 0\\%$, $\\tau^{2}$", "g = -0.29, I² = 0%, tau²"),
        ("~~0.9~~0.52 <del>1</del><b>2</b>", "0.52 2"),
        ("a<br>b, P < .001", "a b, P < .001"),
        (r"\[−0.29, 1.33\] \< .001", "[−0.29, 1.33] < .001"),
        ("`0.9` and ``a ` b``", " and "),
        ("> quoted 0.5\n> more", "quoted 0.5\nmore"),
        ("costs $5 and $6 today", "costs $5 and $6 today"),
        ("line one  \nline two\\\nthree", "line one\nline two three"),
    ],
)
def test_markup_goes(source: str, seen: str) -> None:
    assert texts(source) == [seen]


def test_what_is_no_text() -> None:
    source = (
        "---\ntitle: 0.1\n---\n\n<!-- 0.2\n0.3 -->\n\n```\n0.4 {ev:a}\n```\n\n***\n\nText\n====\n"
    )
    assert [one.strip() for one in texts(source) if one.strip()] == ["Text"]


def test_blocks_and_lines() -> None:
    source = (
        "# Head\nText\nmore\n\n1. one\n2. two\n\n[^a]: Note\n    goes on\n\n"
        "| x | y |\n|---|---|\n| a \\| b | c |\n"
    )
    parts = markdown.parse(source.encode()).parts
    passages = [part for part in parts if isinstance(part, Passage)]
    assert [(one.text.strip(), one.where(0)) for one in passages] == [
        ("Head", "line 1"),
        ("Text\nmore", "line 2"),
        ("one\n2. two", "line 5"),
        ("Note\ngoes on", "line 8"),
        ("x", "line 11"),
        ("y", "line 11"),
    ]
    (row,) = [part for part in parts if isinstance(part, Row)]
    assert [one.text.strip() for one in row.cells] == ["a | b", "c"]


def test_windows_line_ends_and_byte_order_mark() -> None:
    source = "\ufeffText 0.5\r\nmore {ev:a}\r\n".encode()
    (part,) = markdown.parse(source).parts
    assert isinstance(part, Passage)
    assert part.text.split() == ["Text", "0.5", "more", "{ev:a}"]
    assert part.where(len(part.text) - 3) == "line 2"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff\xfe0\x00", "no UTF-8"),
        (b"a\0b", "NUL"),
        (b"a" * (markdown.LARGEST + 1), "at most 2,000,000 bytes"),
    ],
)
def test_what_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        markdown.parse(data)


@given(st.text(alphabet="ab0.5 \n|-*_`[](){}<>&;$^~\\#:evEV!@", max_size=200))
def test_no_text_breaks_it_and_every_place_is_in_the_source(source: str) -> None:
    for part in markdown.parse(source.encode()).parts:
        for one in part.cells if isinstance(part, Row) else (part,):
            assert len(one.text) == len(one.spots) == len(one.lines)
            assert all(0 <= spot < max(len(source), 1) for spot in one.spots)
            assert list(one.spots) == sorted(one.spots)


@given(
    st.lists(
        st.sampled_from(["~~", "<del>", "`", "[", "$", "|", "&", "*", "\\", "(", "<!--"]),
        max_size=400,
    )
)
def test_open_markup_takes_no_long_time(pieces: list[str]) -> None:
    markdown.parse("a".join(pieces).encode())
