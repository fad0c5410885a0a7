"""Sixty styles of sentences and tables: each right, and with each of its numbers wrong in turn."""

import re

import pytest

from evidence.manuscripts import markdown
from evidence.manuscripts.check import Checked, check_draft
from tests.manuscripts.ledgers import KNOWN, ODDS, POINTS, POOLED, SHARE, SHARES

G = f"{{ev:{POOLED}}}"
OR = f"{{ev:{ODDS}}}"
RD = f"{{ev:{SHARES}}}"
MD = f"{{ev:{POINTS}}}"
ARM = f"{{ev:{SHARE}}}"
ROWS = "|---" * 9

# Numbers between angle brackets are those that are turned wrong one by one.
STYLES = [
    f"Hedges g = <0.52>, 95% CI [<−0.29>, <1.33>], p = <.11> {G}.",
    f"Hedges' g was <0.52> (<95>% CI <−0.29> to <1.33>; P = <.11>; k = <3>; N = <118>) {G}.",
    f"The pooled effect was g = <0.52>, CI95 = [<−0.29>, <1.33>] {G}.",
    f"The pooled effect was g = <0.52>, CI~95~ [<−0.29>, <1.33>] {G}.",
    f"The pooled effect was g = <0.52>, CI₉₅ [<−0.29>, <1.33>] {G}.",
    f"The pooled effect was g = <0.52>, CI<sub>95</sub> [<−0.29>, <1.33>] {G}.",
    f"The pooled effect was g = <0.52>, 95CI <−0.29>, <1.33> {G}.",
    f"g = <0.52> (95% CI: <−0.29> ~ <1.33>) {G}.",
    f"g = <0.52> (CI 95%: <−0.29>–<1.33>) {G}.",
    f"g = <0.52>, CI (95%) = <−0.29>; <1.33> {G}.",
    f"g = <0.52> (95% CI = <−0.29> … <1.33>) {G}.",
    f"g = <0.52> (95% CI <−0.29> -- <1.33>) {G}.",
    f"SMD <0.52> [<−0.29>; <1.33>], P=<0.11> {G}.",
    f"SMD ~<0.52> (<95>% CI, <−0.29>–<1.33>; three trials, <118> adolescents) {G}.",
    f"A standardized mean difference of <.52> (<−.29>, <1.33>) {G}.",
    f"Hedges g = <0,52> (<95>%-KI <−0,29> bis <1,33>; p = <0,11>) {G}.",
    f"Hedges g = <0,52> [95%-KI: <−0,29>; <1,33>] {G}.",
    f"Der gepoolte Effekt betrug <0,52> (95%-Konfidenzintervall von <−0,29> bis <1,33>) {G}.",
    f"g = <0,52> (IC 95 % : <−0,29> à <1,33> ; p = <0,11>) {G}.",
    f"g = <0,52> (IC 95%: <−0,29> a <1,33>) {G}.",
    f"$g=<0.52>\\ (95\\%\\,\\mathrm{{CI}}\\ <-0.29>\\text{{ to }}<1.33>)$, $p=<.11>$ {G}.",
    f"$g = <0.52>$, $95\\%\\ \\text{{CI}} = [<-0.29>, <1.33>]$ {G}.",
    f"\\(g = <0.52>\\;[<-0.29>, <1.33>]\\) {G}.",
    f"g = <0.52>, ci.lb = <−0.29>, ci.ub = <1.33>, pval = .11 {G}.",
    f"g = <0.52>, 2.5% <−0.29>, 97.5% <1.33> {G}.",
    f"g = <0.52> (LCI <−0.29>, UCI <1.33>) {G}.",
    f"lower limit <−0.29> and upper limit <1.33> of a g of <0.52> {G}",
    f"SMD <0.52> [<-0.29>, <1.33>]; Heterogeneity: Tau² = 0.00; Chi² = 0.64, df = 2 (P = 0.72); "
    f"I² = 0%; Test for overall effect: t = 2.77 (P = <0.11>) {G}.",
    f"g = <0.52> (1,2) (95% CI <−0.29> to <1.33>) {G}.",
    f"g = <0.52> [3, 4] (<95>% CI <−0.29> to <1.33>) {G}.",
    f"g = <0.52> (SE = 0.19; 95% CI <−0.29> to <1.33>; I² = 0%) {G}.",
    f"Across <3> trials (N = <118>), g = <0.52> [<−0.29>, <1.33>], t(2) = 2.77, p = <.11> {G}.",
    f"Three trials gave <0.52> standard deviations (95% CI <−0.29> to <1.33>) {G}.",
    f"an estimate of <0.52> with a 95% confidence interval between <−0.29> and <1.33> {G}",
    f"<0.52>, <−0.29> to <1.33> {G}",
    f"<0.52> (<−0.29> to <1.33>, 95% CI) {G}",
    f"P was <.11> for the pooled g of <0.52> {G}.",
    f"g=<0.52>;95%CI[<-0.29>,<1.33>];p=<.11> {G}",
    f"g \uf03d <0.52> (95% CI \uf02d<0.29> to <1.33>) {G}",
    f"g = <0.52> (95 % CI −<0.29> to <1.33>), Q(2) = 1.10, p = .58 {G}.",
    f"The odds of recovery were <6.3> times as high (95% CI <1.8> to <22.6>) {OR}.",
    f"OR <6.30> (95% CI, <1.76>-<22.61>; n = <60>) {OR}.",
    f"Odds ratio <6.30>. {OR}",
    f"OR = <6,30> (95%-KI <1,76> bis <22,61>) {OR}.",
    f"87.1% against 51.7%, aOR <6.30> [<1.76>, <22.61>] {OR}.",
    f"the odds ratio was <6.3>, <95>% CI <1.8>–<22.6>, χ²(1) = 9.2 {OR}",
    f"The groups differed by RD <35.4> p.p. (95% CI <13.7>, <57.1>) {RD}.",
    f"a risk difference of <35.4>% (<13.7>% to <57.1>%) {RD}",
    f"RD = <0.354> (95% CI <0.137> to <0.571>) {RD}.",
    f"a difference of <35.4> percentage points (<13.7> to <57.1>) {RD}",
    f"RD <35,4> Prozentpunkte (95%-KI <13,7> bis <57,1>) {RD}",
    f"The difference was ΔM = <13.2>, 95% CI [<6.84>, <19.57>] {MD}.",
    f"Mean difference <13.2> points (95% CI <6.8> to <19.6>), M = 14.1 (SD 8.0) {MD}.",
    f"MD <13.20> [<6.84>, <19.57>] {MD}.",
    f"27 of <31> recovered (<87.1>%; 95% CI, <70.2> to <96.4>) {ARM}",
    f"| Analysis | estimate | se | zval | pval | ci.lb | ci.ub | id |\n{ROWS[:32]}|\n"
    f"| Main | <0.52> | 0.19 | 2.77 | <.11> | <−0.29> | <1.33> | {G} |",
    f"| | Main {G} |\n|---|---|\n| g | <0.52> |\n| 95% CI | <−0.29> to <1.33> |\n| P | <.11> |",
    f"| Analysis | b (SE) | 95% CI | P | id |\n|---|---|---|---|---|\n"
    f"| Main | <0.52> (0.19) | <−0.29>, <1.33> | <.11> | {G} |",
    f"| | g | 2.5% | 97.5% | k | n | |\n|---|---|---|---|---|---|---|\n"
    f"| Main | <0.52> | <−0.29> | <1.33> | <3> | <118> | {G} |",
    f"| | g [95% CI] | |\n|---|---|---|\n| Main | <0.52> [<−0.29>, <1.33>] | {G} |",
    f"| | OR | lower.CL | upper.CL | |\n|---|---|---|---|---|\n"
    f"| a | <6.30> | <1.76> | <22.61> | {OR} |",
]


def checked(text: str) -> Checked:
    return check_draft(markdown.parse(text.encode()), KNOWN)


def numbers(style: str) -> list[re.Match[str]]:
    return list(re.finditer(r"(?<![a-z/b])<([−-]?[0-9.,]+)>", style))


def turned(number: str) -> str:
    """Return a number with its first digit that can be turned turned, another of as many digits."""
    at = next(at for at, one in enumerate(number) if one.isdigit() and one != "0")
    other = str(int(number[at]) % 9 + 1) if number != "95" else "8"
    return number[:at] + other + number[at + 1 :] if number != "95" else "90"


def plain(style: str, wrong: re.Match[str] | None = None) -> str:
    done, at = "", 0
    for one in numbers(style):
        value = turned(one[1]) if wrong is not None and one.span() == wrong.span() else one[1]
        done, at = done + style[at : one.start()] + value, one.end()
    return done + style[at:]


def test_there_are_sixty_styles() -> None:
    assert len(STYLES) >= 60
    assert sum(len(numbers(one)) for one in STYLES) >= 200


@pytest.mark.parametrize("style", STYLES)
def test_right_and_each_number_wrong_in_turn(style: str) -> None:
    right = checked(plain(style))
    assert {one.status for one in right.findings} <= {"right", "other"}, right.findings
    assert ("effect", "right") in [(one.field, one.status) for one in right.findings]
    assert right.exit_code == 0
    for number in numbers(style):
        found = checked(plain(style, number))
        wrong = [one for one in found.findings if one.status in ("wrong", "not_compared")]
        assert wrong, (number[1], plain(style, number))
        assert found.exit_code == 1
