"""The API reference: it is whole, every link leads somewhere, and it needs no network."""

import importlib.util
import inspect
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

import evidence
import evidence.meta

ROOT = Path(__file__).parents[1]
_SCRIPT = re.compile(r"<script>.*?</script>", re.DOTALL)
_REMOTE = re.compile(r"""\b(?:src|href|action)\s*=\s*["']?(?:https?:)?//|@import|url\(["']?http""")
_ID = re.compile(r'\sid="([^"]+)"')
_LINK = re.compile(r'\shref="([^"]+)"')

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("pdoc") is None, reason="no pdoc: a tool of developers"
    ),
]


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference, built by the command that make runs."""
    folder = tmp_path_factory.mktemp("reference") / "made"
    folder.mkdir()
    (folder / "of-an-earlier-build.html").write_text("old")
    run = subprocess.run(
        [sys.executable, ROOT / "tools" / "reference" / "build.py", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == f"{folder / 'index.html'}\n"
    assert "warn" not in run.stderr.lower()
    return folder


def pages(folder: Path) -> dict[Path, str]:
    """Return the markup of all pages, without their scripts."""
    return {
        path: _SCRIPT.sub("", path.read_text(encoding="utf-8")) for path in folder.rglob("*.html")
    }


def test_it_has_a_page_for_each_module_and_nothing_old(reference: Path) -> None:
    source = ROOT / "src"
    expected = {"index.html"}
    for path in (source / "evidence").rglob("*.py"):
        module = path.parent if path.stem == "__init__" else path.with_suffix("")
        if not module.name.startswith("_"):
            expected.add(f"{module.relative_to(source).as_posix()}.html")
    found = {path.relative_to(reference).as_posix() for path in reference.rglob("*.html")}
    assert found == expected


@pytest.mark.parametrize("module", [evidence, evidence.meta])
def test_it_has_what_a_package_hands_out(reference: Path, module: object) -> None:
    name = module.__name__  # type: ignore[attr-defined]
    page = (reference / f"{name.replace('.', '/')}.html").read_text(encoding="utf-8")
    text = unescape(re.sub(r"<[^>]*>", "", page))
    for one in module.__all__:  # type: ignore[attr-defined]
        value = getattr(module, one)
        if inspect.ismodule(value):
            assert f"/{one}.html" in page
            continue
        assert f'id="{one}"' in page
        if callable(value):
            assert (inspect.getdoc(value) or "nothing").partition("\n")[0] in text


def test_every_link_leads_somewhere(reference: Path) -> None:
    ids = {path: set(_ID.findall(text)) for path, text in pages(reference).items()}
    lost = []
    for path, text in pages(reference).items():
        for link in map(unescape, _LINK.findall(text)):
            name, _, place = link.partition("#")
            target = (path.parent / name).resolve() if name else path
            if target not in ids or (place and unquote(place) not in ids[target]):
                lost.append(f"{path.name}: {link}")
    assert not lost


def test_the_front_page_leads_to_functions_by_task(reference: Path) -> None:
    front = (reference / "index.html").read_text(encoding="utf-8")
    named = set(re.findall(r"\.html#(\w+)", front))
    assert set(evidence.__all__) - {"__version__"} <= named


def test_what_the_front_page_shows_runs() -> None:
    front = (ROOT / "tools" / "reference" / "front.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", front, re.DOTALL):
        exec(block, names)
    assert names["fit"].k == 12
    assert names["analysis"].pooled.k == 3
    for shown in re.findall(r"`(analysis\.\w+)`", front):
        eval(shown, names)


def test_nothing_leads_to_the_network(reference: Path) -> None:
    for path in reference.rglob("*.*"):
        assert not _REMOTE.findall(path.read_text(encoding="utf-8")), path


def test_private_names_are_left_out(reference: Path) -> None:
    for path, text in pages(reference).items():
        names = [one for one in _ID.findall(text) if not one.endswith("__")]
        assert not [one for one in names if re.search(r"(^|\.)_", one)], path


def test_what_is_not_documented_rightly_is_refused(tmp_path: Path) -> None:
    program = (
        "import evidence.data.atomic, sys\n"
        "def wrong(one: 'Unheard[int]') -> None: pass\n"
        "wrong.__module__ = 'evidence.data.atomic'\n"
        "evidence.data.atomic.wrong = wrong\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from build import build\n"
        "from pathlib import Path\n"
        "build(Path(sys.argv[2]))\n"
    )
    place = tmp_path / "made"
    run = subprocess.run(
        [sys.executable, "-c", program, ROOT / "tools" / "reference", place],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "Unheard" in run.stderr
    assert not place.exists()
