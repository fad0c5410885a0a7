"""Widths of columns and sizes of type, from the text in a table."""

from typing import Any

import pytest

from evidence.reports import documents
from evidence.reports.documents.tables import (
    LANDSCAPE,
    PADDING,
    PORTRAIT,
    Layout,
    layout,
    pieces,
    prepared,
)


def table(*rows: tuple[str, ...]) -> Any:
    """Return a table of these rows, the first of them its head."""

    def cells(row: tuple[str, ...], tag: str) -> str:
        return "".join(f"<{tag}>{one}</{tag}>" for one in row)

    head, *body = rows
    lines = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in body)
    (made,) = documents.read(
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
    made = layout(table(("Trial", "k", "What"), ("Diamond 2002", "287", "a long remark " * 20)))
    assert points(made, 2) > 5 * points(made, 0)
    # At half the size of type a character, the least that any font needs.
    assert points(made, 0) > len("Diamond") * made.size / 2
    made = layout(table(("Route", "Remark"), ("reconstructed", "a long remark " * 40)))
    assert points(made, 0) > 6.06 * made.size + 2 * PADDING  # by the widths of Arial
    made = layout(table(("Trial", "k", "What"), ("Diamond 2002", "287", "a long remark " * 20)))
    # A digit of Arial is 0.556 wide; a number that is cut reads as two.
    assert points(made, 1) > 3 * 0.556 * made.size + 2 * PADDING


def test_numbers_stay_on_one_line_in_a_column_with_longer_text() -> None:
    number = "−13.20 (−19.57 to −6.84)"
    html = (
        "<table><thead><tr><th>Trial</th><th class='r'>Points</th></tr></thead><tbody>"
        f"<tr><td>{'remark ' * 9000}</td><td class='r'>{number}</td></tr>"
        "<tr><td>b</td><td>no difference, no number printed</td></tr></tbody></table>"
    )
    (made,) = documents.read(html)
    assert points(layout(made), 1) > len(number) * 9 / 2
    many = ", ".join(map(str, range(200)))
    (other,) = documents.read(html.replace("</tbody>", f"<tr><td></td><td>{many}</td></tr>"))
    assert len(number) * 9 / 2 < points(layout(other), 1) < PORTRAIT / 2
    (other,) = documents.read(html.replace(" class='r'", "").replace(number, "a " * 12))
    assert points(layout(other), 1) < len(number) * 9 / 2


def test_short_texts_stay_on_one_line_beside_long_ones() -> None:
    made = layout(table(("Trial", "Read in"), ("12 weeks", "a place with a long name " * 20)))
    assert points(made, 0) > 4.22 * made.size + 2 * PADDING  # by the widths of Arial
    made = layout(table(("Trial", "Read in"), ("twelve weeks after it all began", "a name " * 99)))
    assert points(made, 0) < len("twelve weeks after it all began") * made.size / 2


def test_short_texts_are_cut_where_they_would_make_the_table_much_higher() -> None:
    short = ("twenty-four weeks later",) * 4
    few = layout(table((*"abcd", "What"), (*short, "a remark")))
    many = layout(table((*"abcd", "What"), (*short, "a remark that is long " * 30)))
    assert points(few, 0) > points(many, 0)
    assert points(many, 4) > 2.5 * points(many, 0)


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
        "<table><thead><tr><th colspan='2'>A heading that is long</th><th>c</th></tr></thead>"
        "<tbody><tr><td>a</td><td>b</td><td>c</td></tr></tbody></table>"
    )
    (made,) = documents.read(html)
    assert layout(made).shares == pytest.approx((1 / 3,) * 3, abs=0.001)
    (made,) = documents.read(html.replace(">c</th>", ">A heading that is long</th>"))
    shares = layout(made).shares
    assert shares[0] == shares[1] < shares[2] / 2


def test_names_of_rows_go_to_their_first_cells_and_heads_are_bold() -> None:
    html = (
        "<table><thead><tr><th scope='col'>A</th><th scope='col'>B</th></tr></thead><tbody>"
        "<tr id='n-x'><th scope='row'>b</th><td>c</td></tr>"
        "<tr><th scope='row'>d</th><td id='n-y'>e</td></tr></tbody></table>"
    )
    (made,) = documents.read(html)
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
    (made,) = documents.read(html)
    changed, _ = prepared(made)
    (row,) = changed["c"][4][0][3]
    assert [documents.plain(cell[4]) for cell in row[1]] == [
        "a\n",
        "text\nabft.depression.post.hedges_g\n",
        "text short.id\n",
    ]
