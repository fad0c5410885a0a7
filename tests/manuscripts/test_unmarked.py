"""Statements without a mark: which number of the ledger each is, by numbers and names together."""

import random
import re
from functools import cache
from pathlib import Path

import pytest

from evidence.ledger import LedgerEntry
from evidence.manuscripts import markdown
from evidence.manuscripts.check import as_markdown
from evidence.manuscripts.ledgers import Known, read_known
from evidence.manuscripts.match import Finding, judge
from evidence.manuscripts.names import is_share

ROOT = Path(__file__).parents[2]
ISRAEL = "israel2013.depression.bdi_ii.post.hedges_g"
FORMS = (
    "{who}, {what}: {metric} {e} ({l} to {h}).",
    "{who} found for {what}, {metric} = {e}, 95% CI [{l}, {h}].",
    "For {what}, {metric} was {e} (95% CI {l} to {h}; P = {p}) in {who}.",
    "In {who}, {what}, the {metric} of {e} had a 95% CI from {l} to {h}.",
    "{metric} {e} [{l}; {h}] ({what}; {who}).",
    "{who} ({what}): {metric}, {e}; 95% CI, {l}-{h}; N = {n}.",
    "We found {metric} = {e} (CI95 {l}, {h}) for {what} in {who}.",
    "{what}: {metric} {e} ({l}, {h}), {who}.",
    "{metric} = {e} ({l} ~ {h}) in {who} for {what}.",
    "The {metric} in {who} was {e}, with limits {l} and {h}, for {what}.",
    "{who} reported {metric} {e} (95% CI: {l}–{h}), {what}, p = {p}.",
    "In {who}, {what} differed by a {metric} of {e} (95% confidence interval {l} to {h}).",
)
METRICS = {
    "hedges_g": "Hedges g",
    "odds_ratio": "odds ratio",
    "risk_ratio": "risk ratio",
    "risk_difference": "risk difference",
    "mean_difference": "mean difference",
    "retained_fraction": "retained fraction",
}
TIMES = {"post": "at the end of treatment", "follow_up": "at follow-up"}


@cache
def known() -> Known:
    return read_known(ROOT / "reports" / "estimates.csv")


def shown(entry: LedgerEntry, field: str, digits: int) -> str:
    value = getattr(entry, field)
    if value is None:
        return ""
    if field == "n":
        return str(value)
    if is_share(entry) and field != "p_value":
        return f"{100 * value:.1f}%"
    return f"{value:.{3 if field == 'p_value' else digits}f}".replace("-", "−")


def sentence(key: str, form: str, digits: int, wrong: random.Random | None) -> str:
    """Return a statement on a number; what it has not is left out, names are those it has."""
    entry = known().entries[key]
    words = known().vocabulary
    who = "; ".join(words.trials[one] for one in entry.trial_ids if one in words.trials)
    outcome = words.outcome(entry)
    names = [words.outcomes[outcome][0] if outcome else "", TIMES.get(entry.timepoint, "")]
    parts = {name: shown(entry, field, digits) for name, field in PARTS.items()}
    if wrong is not None:
        at = wrong.choice([name for name in parts if name in ("e", "l", "h") and parts[name]])
        places = [i for i, one in enumerate(parts[at]) if one.isdigit()]
        place = wrong.choice(places)
        digit = wrong.choice([one for one in "123456789" if one != parts[at][place]])
        parts[at] = parts[at][:place] + digit + parts[at][place + 1 :]
    metric = METRICS.get(entry.metric, "effect")
    what = ", ".join(one for one in names if one) or "the outcome"
    text = form.format(who=who or "the trials", what=what, metric=metric, **parts)
    for left in (r"[;,] ?[pPN] = (?=[);.])", r"; N = (?=[.;)])"):
        text = re.sub(left, "", text)
    return text


PARTS = {"e": "effect", "l": "ci_low", "h": "ci_high", "p": "p_value", "n": "n"}


def same_numbers(one: LedgerEntry, two: LedgerEntry, digits: int) -> bool:
    fields = ("effect", "ci_low", "ci_high")
    return all(shown(one, name, digits) == shown(two, name, digits) for name in fields)


def offered(text: str) -> list[Finding]:
    found = judge(markdown.parse(text.encode()), known())
    return [one for one in found if one.status == "unmarked" and one.field == "effect"]


def test_two_hundred_statements_half_of_them_with_a_wrong_digit() -> None:
    chance = random.Random(20260)
    keys = sorted(key for key, one in known().entries.items() if one.ci_low is not None)
    right, missed, misnamed = 0, [], []
    for number in range(200):
        key, form = chance.choice(keys), FORMS[number % len(FORMS)]
        digits = chance.choice((2, 3))
        text = sentence(key, form, digits, chance if number % 2 else None)
        named = known().vocabulary.named(text)
        found = offered(text)
        ids = found[0].candidates if found else ()
        entry = known().entries[key]
        equal = {
            one
            for one, other in known().entries.items()
            if same_numbers(entry, other, digits)
            and other.metric == entry.metric
            and not known().vocabulary.contradicted(named, other)
        }
        misnamed += [
            (text, one)
            for one in ids
            if known().vocabulary.contradicted(named, known().entries[one])
        ]
        if key in ids and equal <= set(ids):
            right += 1
        else:
            missed.append((key, text, ids[:3]))
    assert not misnamed
    assert right >= 180, missed


def test_one_candidate_for_a_statement_with_what_agrees_and_what_should_be() -> None:
    entry = known().entries[ISRAEL]
    assert entry.ci_low is not None
    low, high = (f"{one:.2f}" for one in (entry.ci_low, entry.ci_high))
    wrong = f"{entry.effect + 0.1:.2f}"
    text = f"In Israel 2013, depression at the end of treatment, g = {wrong} ({low} to {high})."
    found = offered(text)
    assert found[0].candidates[0] == ISRAEL
    said = as_markdown(judge(markdown.parse(text.encode()), known()))
    assert "\n\nUnmarked:\n\n- " in said
    assert f"closest: `{ISRAEL}`" in said
    assert f"limits agree, effect {wrong} should be {entry.effect:.2f}" in said


def test_no_id_of_another_trial_outcome_time_or_metric_than_the_sentence_names() -> None:
    entry = known().entries[ISRAEL]
    numbers = f"{entry.effect:.2f} ({entry.ci_low:.2f} to {entry.ci_high:.2f})"
    for names in (
        "In Waraan 2021, g =",
        "For suicidal ideation, g =",
        "At follow-up, g =",
        "Odds ratio",
        "Cohen's d =",
        "Compared with relaxation, g =",
    ):
        ids = [key for one in offered(f"{names} {numbers}.") for key in one.candidates]
        assert ISRAEL not in ids, names
    assert ISRAEL in [key for one in offered(f"g = {numbers}.") for key in one.candidates]


@pytest.mark.parametrize(
    "text", ["Odds ratio 4.41.", "87.1% against 51.7%.", "There was an NNT of 3.", "OR 4.41."]
)
def test_short_statements_are_statements_too(text: str) -> None:
    found = judge(markdown.parse(text.encode()), known())
    assert {one.status for one in found} == {"unmarked"}


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("In Waraan 2021, g = {g} {mark}.", "trial"),
        ("For suicidal ideation, g = {g} {mark}.", "outcome"),
        ("At follow-up, g = {g} {mark}.", "timepoint"),
        ("Compared with relaxation, g = {g} {mark}.", "comparator"),
        ("OR = {g} {mark}.", "metric"),
        ("Cohen's d = {g} {mark}.", "metric"),
    ],
)
def test_names_of_a_marked_sentence_are_compared(text: str, field: str) -> None:
    said = {"g": f"{known().entries[ISRAEL].effect:.2f}", "mark": f"{{ev:{ISRAEL}}}"}
    found = judge(markdown.parse(text.format(**said).encode()), known())
    assert [one.field for one in found if one.status == "wrong"] == [field]
    right = "In Israel 2013, depression in adolescents, post-treatment, compared with usual care, "
    found = judge(markdown.parse(f"{right}g = {said['g']} {said['mark']}".encode()), known())
    assert {one.status for one in found} == {"right"}
