"""What the README and the page on commands show runs as it stands there, and is true."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from evidence import ledger
from evidence.language import fixed, limits

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS_PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
MOST_WORDS = 700


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README + COMMANDS_PAGE, re.DOTALL)


COMMANDS = dict.fromkeys(
    line
    for block in blocks("sh")
    for line in block.splitlines()
    if line.startswith(".venv/bin/evidence") and " build" not in line
)


@pytest.mark.parametrize("command", COMMANDS)
def test_command(command: str) -> None:
    arguments = shlex.split(command)[1:]
    done = subprocess.run(
        [sys.executable, "-m", "evidence", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("block", blocks("python"))
def test_python(block: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", block], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_every_make_target_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"make ([a-z]+)\b(?=`|\n)", README + COMMANDS_PAGE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_command_is_told_of() -> None:
    help_text = subprocess.run(
        [sys.executable, "-m", "evidence", "--help"], capture_output=True, text=True, check=True
    ).stdout
    commands = re.findall(r"^[│ ]+([a-z][a-z-]+)  ", help_text, re.MULTILINE)
    assert {"validate", "pool"} <= set(commands)
    for command in commands:
        assert f"evidence {command}" in README + COMMANDS_PAGE, command


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))])
def test_links_lead_somewhere(page: Path) -> None:
    for target, place in re.findall(r"\]\(([^)#\s]*)(?:#([^)]+))?\)", page.read_text("utf-8")):
        if target.startswith("http"):
            continue
        there = page.parent / target if target else page
        assert there.exists(), target
        if place:
            headings = re.findall(r"^#+ (.+)$", there.read_text("utf-8"), re.MULTILINE)
            assert place in {one.lower().replace(" ", "-") for one in headings}, place


def test_the_readme_is_short_and_leads_to_each_kind_of_page() -> None:
    assert len(README.split()) <= MOST_WORDS
    shown = {path.stem for path in (ROOT / "reports").glob("*.html")}
    single = {one for one in shown if one.startswith("trial-")}
    leading = {one for one in shown if f"(reports/{one}.html)" in README}
    assert shown - single == leading


def test_its_main_result_and_its_figure_are_those_of_the_reports() -> None:
    entries = {one.estimate_id: one for one in ledger.read(ROOT / "reports" / "estimates.csv")}
    pooled = entries["abft.depression.post.hedges_g.pooled"]
    at_zero = entries["abft.depression.post.hedges_g.pooled.trials_with_unreported_at_zero"]
    said = " ".join(README.split())
    interval = limits(pooled.ci_low, pooled.ci_high)
    assert f"three trials with {pooled.n} adolescents is {fixed(pooled.effect)}" in said
    assert f"{fixed(pooled.effect)} (95% CI {interval})" in said
    zeros = limits(at_zero.ci_low, at_zero.ci_high)
    assert pooled.k == 3
    assert at_zero.k == pooled.k + 2
    assert f"and {fixed(at_zero.effect)} ({zeros}) if two trials" in said
    name = "abft-depression-post"
    drawn = (ROOT / "docs" / f"{name}-forest.svg").read_text(encoding="utf-8")
    words = re.search(r"<desc[^>]*>(.*?)</desc>", drawn)
    assert words
    page = (ROOT / "reports" / f"{name}.html").read_text(encoding="utf-8")
    assert words[1] in page, f"evidence figure {name}-forest --output docs/{name}-forest.svg"
