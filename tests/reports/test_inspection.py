"""A page that would fetch, run or lead nowhere is refused."""

import pytest

from evidence.reports.inspection import faults

GOOD = (
    "<style>svg { fill: url(#a) }</style><h1 id='a'>A</h1><h2>B</h2><h3>C</h3><h2>D</h2>"
    "<a href='#a'>x</a><a href='https://doi.org/1'>y</a><a href='index.html'>z</a>"
    "<img alt='p' src='data:image/png;base64,AA'><g clip-path='url(#a)'></g>"
)


def test_a_page_that_stands_alone_has_no_fault() -> None:
    assert faults(GOOD, anchors=["a"]) == ()


@pytest.mark.parametrize(
    ("markup", "fault"),
    [
        ("<script>1</script>", "1 scripts, expected 0"),
        ("<p id='b'></p><p id='b'></p>", "the id 'b' 2 times"),
        ("<a href='#b'>x</a>", "links to #b, which is not there"),
        ("<a href='javascript:alert(1)'>x</a>", "a link to 'javascript:alert(1)'"),
        ("<a href=' JAVASCRIPT:x'>x</a>", "a link to ' JAVASCRIPT:x'"),
        ("<a href='file:///etc'>x</a>", "a link to 'file:///etc'"),
        ("<link href='x.css'>", "an element link"),
        ("<iframe></iframe>", "an element iframe"),
        ("<img src='x.png' alt='x'>", "an attribute src that leads to 'x.png'"),
        ("<img src='data:image/png;base64,AA'>", "an image without alternative text"),
        ("<p onclick='x()'>", "an attribute onclick"),
        ("<use href='x.svg#a'/>", "a link to 'x.svg#a'"),
        ("<style>@import 'x.css'</style>", "a style sheet that fetches"),
        ("<style>p { background: url(http://x) }</style>", "a style sheet that fetches"),
        ("<p style='background: url(x.png)'>", "a style that fetches: 'background: url(x.png)'"),
        ("<h1>A</h1><h3>B</h3>", "a heading h3 below level 1"),
    ],
)
def test_each_fault_is_found(markup: str, fault: str) -> None:
    assert fault in faults(markup)


def test_a_number_needs_its_place() -> None:
    assert faults("<p id='n-a'>", anchors=["n-a", "n-b"]) == (
        "no place 'n-b' for a number of the ledger",
    )
