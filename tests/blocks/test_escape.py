"""Data stay text in every format: what comes out is what went in, and no markup."""

from html import unescape
from html.parser import HTMLParser

import mistune
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.blocks import escape
from evidence.data.safety import INVISIBLE

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "&lt;b&gt; & <b>",
    "a\0b\x1b[31m",
)
printable = st.text().filter(lambda text: not INVISIBLE.search(text))


class Collected(HTMLParser):
    """What a reader of HTML finds: elements, attributes, text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def read(markup: str) -> Collected:
    found = Collected()
    found.feed(markup)
    found.close()
    return found


@pytest.mark.parametrize("text", HOSTILE)
def test_html_is_text_in_content_and_in_attributes(text: str) -> None:
    found = read(f'<p title="{escape.html(text)}">{escape.html(text)}</p>')
    assert found.tags == ["p"]
    assert [name for name, _ in found.attributes] == ["title"]
    clean = text.replace("\0", "[U+0000]").replace("\x1b", "[U+001B]")
    assert found.text == found.attributes[0][1] == clean


@given(printable)
def test_html_gives_back_any_text(text: str) -> None:
    assert unescape(escape.html(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        *HOSTILE[:4],
        "*a* _b_ **c** `d` ~~e~~",
        "[x](javascript:alert(1)) ![y](z) <http://a.b>",
        "# no heading",
        "1. no list",
        "12) no list",
        "- no list",
        "+ no list",
        "> no quote",
        "=== no rule",
        "--- no rule",
        "| a | b |",
        "two\n\nparagraphs",
        "    no code",
        "back\\slash",
        "{#id} ^up^ $x$ @ref",
    ],
)
def test_markdown_is_one_paragraph_of_plain_text(text: str) -> None:
    rendered = mistune.create_markdown(
        escape=False, plugins=["strikethrough", "table", "math", "superscript", "def_list"]
    )(escape.markdown(text))
    found = read(str(rendered))
    assert found.tags == ["p"]
    assert found.text.strip() == " ".join(text.split())


def test_markdown_leaves_numbers_readable() -> None:
    assert escape.markdown("0.52 (−0.29 to 1.33), n = 118") == "0.52 (−0.29 to 1.33), n = 118"
