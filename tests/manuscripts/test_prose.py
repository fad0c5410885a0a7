"""What each number of a sentence is, in the forms in which papers print it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.manuscripts.prose import FIELDS, LOOSE, Reading, read
from tests.work import growth

ALL = {"effect": "0.52", "ci_low": "-0.29", "ci_high": "1.33"}


def compared(text: str, **more: object) -> list[Reading]:
    return [one for one in read(text, **more) if one.field in FIELDS]  # type: ignore[arg-type]


def numbers(text: str, **more: object) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in compared(text, **more):
        if one.sureness > LOOSE:
            assert one.field not in found, text
            found[one.field] = str(one.number.value)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "g = 0.52, 95% CI [−0.29, 1.33]",
        "Hedges’s g was .52 (95 % CI: -.29, 1.33)",
        "Hedges g, 0.52 (95% CI, −0.29 to 1.33)",
        "0.52 (−0.29 to 1.33)",
        "a pooled effect of 0.52 (−0.29–1.33; see Table 2)",
        "SMD=0.52 [-0.29;1.33]",
        "(0.52; 95% confidence interval from −0.29 to 1.33)",
        "0.52 (95% Hartung-Knapp CI −0.29 to 1.33)",
        "The estimate (0.52) had a 95% CI ranging from −0.29 to 1.33",
        "a g of 0.52 with a 95% confidence interval between −0.29 and 1.33",
        "0.52, −0.29 to 1.33",
        "0.52 (−0.29 to 1.33, 95% CI)",
        "lower limit −0.29 and upper limit 1.33 of a g of 0.52",
        "0.52 (95% credible interval −0.29 to 1.33)",
        "g = 0.52\n(95%\nCI, −0.29\nto 1.33)",
        "g = 0.52 (SE = 0.19; 95% CI −0.29 to 1.33; I² = 0%, 95% CI 0% to 91%; tau² 0.1 (0 to 2))",
        "g = 0.52, 95% CI [−0.29, 1.33], t(2) = 2.77, Q(2) = 0.46, df = 2, Cronbach's α = .90",
        "On the BDI-II and HAM-D-17, 12 weeks after the 6-week waitlist of Diamond 2010 [3, 4], "
        "in youths aged 12 to 18 years, g = 0.52 (−0.29 to 1.33)",
        "means of 29.5 (SD 9.9) and 35.1 ± 12.7, g = 0.52 (−0.29 to 1.33)",
        "g = 0.52 (95% CI −0.29 to 1.33; 95% prediction interval −2.1 to 3.3)",
        "(Figure 2, page 14) g = 0.52¹² (95% CI −0.29 to 1.33)",
        "0.52 standard deviations (95% CI −0.29 to 1.33)",
    ],
)
def test_effect_and_interval(text: str) -> None:
    assert numbers(text) == ALL


def test_degrees_of_freedom_behind_q_are_those_of_q() -> None:
    found = {one.field: str(one.number.value) for one in read("Q = 0.46, df = 2")}
    assert found == {"q": "0.46", "q_df": "2"}


@pytest.mark.parametrize(
    ("text", "relation", "value"),
    [
        ("P = .11", "=", "0.11"),
        ("p=0.109", "=", "0.109"),
        ("P = 1.00", "=", "1.00"),
        ("P < .001", "<", "0.001"),
        ("p ≤ .05", "<", "0.05"),
        ("a P value of .11", "=", "0.11"),
        ("the p-value was less than .001", "<", "0.001"),
        ("two-sided p (Wald) = .11", "=", "0.11"),
        ("P > .99", ">", "0.99"),
        ("P =\n.04", "=", "0.04"),
        ("P = .64 (twice the smaller exact tail; Fisher’s two-sided P = .43)", "=", "0.64"),
        ("Fisher's exact test, P = .43", "=", "0.43"),
    ],
)
def test_p(text: str, relation: str, value: str) -> None:
    (one,) = compared(text)
    assert (one.field, one.number.relation, str(one.number.value)) == ("p_value", relation, value)


@pytest.mark.parametrize(
    "text",
    [
        "P for interaction = .04",
        "Q(2) = 1.10, P = .58",
        "p for heterogeneity .58",
        "Pheterogeneity = .58",
        "Fisher's two-sided P = .43",
        "on p. 12",
        "pp 12 and 13",
    ],
)
def test_no_p_of_the_estimate(text: str) -> None:
    assert numbers(text) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("k = 3, N = 118", {"k": "3", "n": "118"}),
        ("three trials (118 participants)", {"k": "3", "n": "118"}),
        ("Three small randomized controlled trials with n = 118", {"k": "3", "n": "118"}),
        ("3 RCTs, 118 depressed adolescents", {"k": "3", "n": "118"}),
        ("both trials; sample size of 86", {"k": "2", "n": "86"}),
        ("a total of 1,118 young people in twelve studies", {"k": "12", "n": "1118"}),
        ("in one trial of 66 adolescents; k = 1", {"k": "1", "n": "66"}),
        ("N = 1980", {"n": "1980"}),
    ],
)
def test_counts(text: str, expected: dict[str, str]) -> None:
    assert numbers(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "two more trials",
        "four of the five trials",
        "another 60 adolescents",
        "6 of 66 participants were missing",
        "Of 307 young people, half",
        "n = 16 per arm, 30 participants in each arm",
        "fewer than ten trials",
        "8 sessions in 12 weeks, 2 arms, 21 items, 5 sites",
        "at least five trials are needed",
    ],
)
def test_counts_of_something_else(text: str) -> None:
    assert numbers(text) == {}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("odds ratio of 6.30", "odds_ratio"),
        ("OR, 6.30", "odds_ratio"),
        ("RR 1.68", "risk_ratio"),
        ("risk difference, 0.35", "risk_difference"),
        ("standardized mean difference of 0.52", "standardized"),
        ("mean difference 13.2", "mean_difference"),
        ("B = 13.20", "mean_difference"),
        ("retained fraction of 0.55", "retained_fraction"),
        ("an estimate of 0.52", ""),
    ],
)
def test_what_an_effect_is_called(text: str, kind: str) -> None:
    (one,) = compared(text)
    assert (one.field, one.kind) == ("effect", kind)


@pytest.mark.parametrize(
    ("cell", "hint", "expected"),
    [
        ("0.52", "effect", {"effect": "0.52"}),
        ("0.52 (−0.29 to 1.33)", "effect", ALL),
        ("−0.29, 1.33", "ci", {"ci_low": "-0.29", "ci_high": "1.33"}),
        ("[-0.29; 1.33]", "ci", {"ci_low": "-0.29", "ci_high": "1.33"}),
        ("−0.29", "ci_low", {"ci_low": "-0.29"}),
        ("0.52", "effect_se", {"effect": "0.52"}),
        ("0.52 (0.19)", "effect_se", {"effect": "0.52"}),
        ("< .001", "p_value", {"p_value": "0.001"}),
        ("118", "n", {"n": "118"}),
        ("3", "k", {"k": "3"}),
        ("2010", "", {}),
        ("12 weeks", "", {}),
    ],
)
def test_cells_of_a_table(cell: str, hint: str, expected: dict[str, str]) -> None:
    assert numbers(cell, hint=hint) == expected


def _shown(value: float, *, leading: bool, minus: str) -> str:
    text = f"{abs(value):.2f}"
    if not leading:
        text = text.removeprefix("0")
    return (minus if value < 0 else "") + text


@given(
    st.floats(-3, 3),
    st.floats(-3, 3),
    st.floats(-3, 3),
    st.floats(0.001, 0.99),
    st.integers(1, 20),
    st.integers(2, 2000),
    st.booleans(),
    st.sampled_from("-−–"),
    st.sampled_from([" to ", "–", " – ", ", ", "; ", "-"]),
    st.sampled_from(["95% CI ", "95% CI, ", "95% confidence interval ", "CI: "]),
    st.sampled_from(["g = ", "Hedges g, ", "an effect of ", "SMD "]),
    st.sampled_from(["()", "[]"]),
)
def test_any_numbers_in_any_dress(
    effect: float,
    low: float,
    high: float,
    p: float,
    k: int,
    n: int,
    leading: bool,
    minus: str,
    separator: str,
    label: str,
    symbol: str,
    brackets: str,
) -> None:
    dressed = [_shown(one, leading=leading, minus=minus) for one in (effect, low, high)]
    text = (
        f"{symbol}{dressed[0]} {brackets[0]}{label}{dressed[1]}{separator}{dressed[2]}; "
        f"P = {p:.3f}; k = {k}; N = {n}{brackets[1]}"
    )
    found = {one.field: float(one.number.value) for one in compared(text)}
    assert found == {
        "effect": pytest.approx(round(effect, 2)),
        "ci_low": pytest.approx(round(low, 2)),
        "ci_high": pytest.approx(round(high, 2)),
        "p_value": pytest.approx(round(p, 3)),
        "k": k,
        "n": n,
    }


@given(st.text(alphabet="0123456789.,;()[]-–−=<>%PpgkNnCI to of and\n", max_size=300))
@settings(max_examples=200)
def test_no_text_breaks_it(text: str) -> None:
    for one in read(text):
        assert 0 <= one.start < one.end <= len(text)


@pytest.mark.parametrize("piece", ["(", "9", "95% CI ", "P = ", "a ", "-", "1 to ", "g = ", "\n"])
def test_a_long_text_takes_time_in_proportion(piece: str) -> None:
    # Ten times the text; a square would be 100 times the time.
    assert growth(lambda length: read(piece * (length // len(piece))), 2_000, 10) < 40
