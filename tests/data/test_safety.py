"""How far data may reach: ids, addresses, characters, paths; refused or shown as they are."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import evidence
from evidence.blocks import escape
from evidence.blocks.tables import Cell, table
from evidence.data.safety import ID, INVISIBLE, inside, is_address, visible
from evidence.errors import ParameterError, RenderError
from evidence.reports.inspection import faults, sealed

SEEN = "a \u00e9\u4e2d\n\t\u2212\u2019"
UNSEEN = (
    "\x00\x07\x1b\x7f\x85\x9b\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2028\u202a"
    "\u202e\u2060\u2066\u2069\u3164\ue000\ufe0f\ufeff\ufffe\U000e0041\U0010ffff\ud800"
)
PACKAGE = Path(evidence.__file__).parent


@pytest.mark.parametrize("name", ["a", "a2", "2_a"])
def test_an_id_is_a_plain_word(name: str) -> None:
    assert ID.fullmatch(name)


@pytest.mark.parametrize("name", ["", "_a", "A", "a-b", "a.b", "../x", "a/b", "a\n", "\u0430"])
def test_an_id_is_nothing_else(name: str) -> None:
    assert not ID.fullmatch(name)


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\nscript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "vbscript:x",
        "//host/x",
        "/x",
        "http:",
        "http://",
        "https:///x",
        "https://a b",
        ' https://a"b',
        "https://a.org/<b>",
        "https://a.org/\u202e",
        "mailto:a@b.org",
        "",
    ],
)
def test_what_is_no_address_is_no_link(text: str) -> None:
    assert not is_address(text)
    assert "<a" not in escape.addressed(text, "x")
    if ":" in text:
        assert "<a" not in table("t", ("c",), [(Cell("x", href=text),)]).html


def test_an_address_is_a_link() -> None:
    for one in ("https://doi.org/10.1/x", "HTTP://a.org:8080/b?c=d#e"):
        assert is_address(one)
        assert f'<a href="{one}">' in escape.addressed(one, "x")
        assert f'<a href="{one}">' in table("t", ("c",), [(Cell("x", href=one),)]).html


@pytest.mark.parametrize("character", UNSEEN)
def test_what_nobody_sees_is_shown_as_what_it_is(character: str) -> None:
    shown = f"[U+{ord(character):04X}]"
    assert INVISIBLE.search(character)
    assert visible(f"a{character}b") == f"a{shown}b"
    assert escape.html(f"a{character}b") == f"a{shown}b"
    assert escape.markdown(f"a{character}b") == f"a\\{shown[:-1]}\\]b"
    assert any(shown[1:-1] in one for one in faults(f"<p>{character}</p>"))


def test_what_is_seen_stays() -> None:
    assert visible(SEEN) == SEEN
    assert visible("a\r\nb\rc") == "a\nb[U+000D]c"


PARTS = st.lists(
    st.one_of(st.sampled_from(["..", ".", "", "/", "a", "a/..", "/etc", "../a", "~"]), st.text())
)


@given(PARTS)
def test_no_path_made_from_data_leaves_its_folder(parts: list[str]) -> None:
    folder = Path("/nowhere/home")
    try:
        made = inside(folder, *parts)
    except ParameterError:
        return
    assert folder in Path(*made.resolve().parts).parents


@pytest.mark.parametrize(
    "name", ["..", "../x", "a/../../x", "a/../b", "/etc/x", "", ".", "a\\..\\x", "c:x", "a\0"]
)
def test_a_path_that_would_leave_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="inside"):
        inside(tmp_path, name)


def test_a_link_of_the_file_system_leads_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "home" / "out").symlink_to(tmp_path / "other")
    with pytest.raises(ParameterError, match="inside"):
        inside(tmp_path / "home", "out", "x")
    assert inside(tmp_path / "home", "x") == tmp_path / "home" / "x"


@pytest.mark.parametrize(
    "href", ["java\tscript:x", "\x01javascript:x", "//host/x", "\\\\host", "/\\host/x"]
)
def test_a_page_with_such_a_link_is_refused(href: str) -> None:
    assert any("a link to" in one for one in faults(f'<a href="{href}">x</a>'))


def test_a_page_is_sealed_by_what_it_is() -> None:
    page = '<meta charset="utf-8">\n<style>a{}</style><script>1</script>'
    head, policy, rest = sealed(page).partition("\n")
    made = sealed(page).splitlines()[1]
    assert (head, policy) == ('<meta charset="utf-8">', "\n")
    assert rest.endswith("<style>a{}</style><script>1</script>")
    # SHA-256 in base 64, by openssl dgst -sha256 -binary | base64.
    assert "style-src-elem 'sha256-X1RutGBrXCt9KkSaXMK7tHftWiRscFHOhxsS8tv8hBk='" in made
    assert "script-src 'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='" in made
    assert "default-src 'none'" in made
    assert "script-src 'none'" in sealed('<meta charset="utf-8">\n')
    with pytest.raises(RenderError, match="policy"):
        sealed('<meta charset="UTF-8">\n<p>x</p>')


def test_the_command_line_prints_through_one_function() -> None:
    files = list((PACKAGE / "cli").glob("*.py"))
    found = [
        f"{path.name}:{node.lineno}"
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Attribute) and node.attr in ("echo", "secho"))
        or (isinstance(node, ast.Name) and node.id == "print")
    ]
    assert len(files) > 1
    assert found == []
