"""Widths of columns and sizes of type, from the text in a table."""

from typing import Any

import pytest

from evidence.report import document_tree
from evidence.report.document_tables import LANDSCAPE, PORTRAIT, Layout, layout, pieces, prepared


def table(*rows: tuple[str, ...], number: int = -1) -> Any:
    """Return a table of these rows, the first of them its head; one column may hold numbers."""

    def cells(row: tuple[str, ...], tag: str) -> str:
        kinds = ['class="r"' if place == number else "" for place in range(len(row))]
        return "".join(f"<{tag} {k}>{c}</{tag}>" for k, c in zip(kinds, row, strict=True))

    head, *body = rows
    lines = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in body)
    (made,) = document_tree.read(
        f"<table><thead><tr>{cells(head, 'th')}</tr></thead><tbody>{lines}</tbody></table>"
    )
    return made


def points(made: Layout, column: int) -> float:
    return made.shares[column] * (LANDSCAPE if made.turned else PORTRAIT)


def test_columns_fill_the_page_and_no_more() -> None:
    for rows in (
        [("a", "b"), ("x", "y")],
        [("a", "b"), ("x " * 50, "y " * 300)],
        [("a", "b", "c"), ("", "", "")],
        [tuple("abcdefgh"), ("word " * 9,) * 8],
    ):
        made = layout(table(*rows))
        assert 0.99 < sum(made.shares) <= 1


def test_text_gets_room_by_its_length_and_words_stay_whole() -> None:
    made = layout(table(("Trial", "k", "What"), ("Diamond 2002", "3", "a long remark " * 20)))
    assert points(made, 2) > 5 * points(made, 0)
    # At half the size of type a character, the least that any font needs.
    assert points(made, 0) > len("Diamond") * made.size / 2
    assert points(made, 1) > 2 * made.size / 2


def test_numbers_stay_on_one_line() -> None:
    number = "−13.20 (−19.57 to −6.84)"
    rows = [("Trial", "Points"), ("remark " * 60, number)]
    assert points(layout(table(*rows, number=1)), 1) > len(number) * 9 / 2
    assert points(layout(table(*rows)), 1) < points(layout(table(*rows, number=1)), 1)


def test_short_texts_stay_on_one_line_beside_long_ones() -> None:
    made = layout(table(("Trial", "Read in"), ("12 weeks", "a place with a long name " * 20)))
    assert points(made, 0) > len("12 weeks") * made.size / 2
    made = layout(table(("Trial", "Read in"), ("twelve weeks after it", "a long name " * 20)))
    assert points(made, 0) < len("twelve weeks after it") * made.size / 2


@pytest.mark.parametrize(
    ("columns", "word", "size", "turned"),
    [
        (3, "word", 9.0, False),
        (6, "word", 8.0, False),
        (8, "x" * 14, 7.0, False),
        (8, "x" * 20, 7.0, True),
    ],
)
def test_type_gets_smaller_before_a_page_is_turned(
    columns: int, word: str, size: float, turned: bool
) -> None:
    made = layout(table(("a",) * columns, (word,) * columns))
    assert (made.size, made.turned) == (size, turned)


def test_a_table_of_many_rows_is_turned() -> None:
    rows = [("a", "b")] + [("x", "y")] * 101
    assert layout(table(*rows)).turned
    assert not layout(table(*rows[:90])).turned


def test_long_words_are_cut_where_a_line_may_end() -> None:
    name = "abft.depression.post.hedges_g"
    assert pieces(name) == ["abft.", "depression.", "post.", "hedges_", "g"]
    assert pieces("post.hedges_g") == ["post.hedges_g"]
    assert "".join(pieces("https://doi.org/10.1000/a_b.c")) == "https://doi.org/10.1000/a_b.c"


def test_cells_over_two_columns_leave_widths_to_the_others() -> None:
    html = (
        "<table><thead><tr><th colspan='2'>A heading that is long</th></tr></thead>"
        "<tbody><tr><td>a</td><td>b</td></tr></tbody></table>"
    )
    (made,) = document_tree.read(html)
    assert layout(made).shares == pytest.approx((0.5, 0.5), abs=0.001)


def test_names_of_rows_go_to_their_first_cells_and_heads_are_bold() -> None:
    html = (
        "<table><thead><tr><th scope='col'>A</th><th scope='col'>B</th></tr></thead><tbody>"
        "<tr id='n-x'><th scope='row'>b</th><td>c</td></tr>"
        "<tr><th scope='row'>d</th><td id='n-y'>e</td></tr></tbody></table>"
    )
    (made,) = document_tree.read(html)
    changed, _ = prepared(made)
    (head,), rows = changed["c"][3][1], changed["c"][4][0][3]
    assert head[1][0][4][0]["c"][0]["t"] == "Strong"
    place, name = rows[0][1][0][4][0]["c"]
    assert (place["t"], place["c"][0][0], name["t"]) == ("Span", "n-x", "Strong")
    assert rows[0][0][0] == ""
    place, name = rows[1][1][1][4][0]["c"]
    assert (place["t"], place["c"][0][0], name["t"]) == ("Span", "n-y", "Str")


def test_a_long_id_behind_text_stands_on_its_own_line() -> None:
    html = (
        "<table><tbody><tr><th scope='row'>a</th><td>text <code>abft.depression.post.hedges_g"
        "</code></td><td>text <code>short.id</code></td></tr></tbody></table>"
    )
    (made,) = document_tree.read(html)
    changed, _ = prepared(made)
    (row,) = changed["c"][4][0][3]
    assert [document_tree.plain(cell[4]) for cell in row[1]] == [
        "a\n",
        "text\nabft.depression.post.hedges_g\n",
        "text short.id\n",
    ]
