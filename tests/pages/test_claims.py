"""The report on the claims: every number leads to its source, no verdict stands by a sign alone."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import pytest

import evidence
from evidence.analysis import analyze
from evidence.analysis.stress_test import stress_test
from evidence.blocks.output import Block
from evidence.claims import Judgement, judgements
from evidence.claims.rules import RULES, SEVERAL, VERDICTS
from evidence.claims.sentences import Sentence
from evidence.data.dataset import Dataset
from evidence.estimation.choices import Specification
from evidence.language import Number
from evidence.pages import claims
from evidence.pages.claims import details
from evidence.terms import words_of
from tests.claims.packages import changed, where
from tests.pages import plain


@pytest.fixture(scope="module")
def answers(dataset: Dataset) -> tuple[Judgement, ...]:
    return judgements(dataset)


def page(dataset: Dataset, answers: tuple[Judgement, ...]) -> dict[str, Block]:
    """Return the blocks of the report in order."""
    return {
        "first screen": claims.first_screen(dataset, answers),
        "therapy": claims.overview(dataset, answers, about_therapy=True),
        "attachment": claims.overview(dataset, answers, about_therapy=False),
        "details": details.details(dataset, answers),
        "closing": claims.closing_sections(dataset, answers),
    }


@pytest.fixture(scope="module")
def blocks(dataset: Dataset, answers: tuple[Judgement, ...]) -> dict[str, Block]:
    return page(dataset, answers)


def test_the_first_screen_counts_the_verdicts_and_says_what_they_do_not_mean(
    blocks: dict[str, Block],
) -> None:
    text = blocks["first screen"].text
    assert text.startswith(
        "None of the 21 claims about therapy is supported as worded: 4 are partly supported, 2 are "
        "contradicted, 1 is not supported, 1 rests on an association only, 8 were not tested here, "
        "5 cannot be told. 1 of the 6 claims about attachment and other associations is supported "
        "as worded: 1 is partly supported, 2 rest on an association only, 2 were not tested here.\n"
    )
    assert "ABT in it is attachment-based therapy" in text
    assert "“What is attachment-based therapy? Signs that suggest" in text
    assert "(Headspace, 2025)" in text
    assert "no verdict on a therapy" in text
    assert "what was not tested here may be true" in text


def test_the_counts_of_the_answer_add_up(blocks: dict[str, Block]) -> None:
    say = blocks["first screen"].text.partition("\n")[0]
    sentences = re.findall(r"(\w+) of the (\d+) claims [^:]*: ([^.]*)\.", say)
    assert len(sentences) == 2
    for supported, total, others in sentences:
        parts = [int(one.split()[0]) for one in others.split(", ")]
        assert int(total) == sum(parts) + (0 if supported == "None" else int(supported))


@pytest.mark.parametrize(
    ("claim_id", "limit"),
    [
        ("abft_standard_care", "if the article means Diamond 2002, which is likely but not stated"),
        ("adult_benefit", ""),
        (
            "sign_emotions",
            "the pooled interval of ABFT on depressive symptoms includes no difference",
        ),
        (
            "abct_helps",
            "in one trial of ABCT against usual care; no clear difference from MBSR or waitlist",
        ),
        ("abft_conflict", "in one trial of ABFT against waitlist, in words"),
        (
            "abct_lasts",
            "in one trial of ABCT against usual care; no clear difference from MBSR; how much "
            "of it is left is not known",
        ),
        ("attachment_self_esteem", "how early it begins is not shown"),
        ("attachment_emotion", ""),
    ],
)
def test_a_verdict_has_its_limit_beside_it(
    claim_id: str, limit: str, answers: tuple[Judgement, ...], dataset: Dataset
) -> None:
    one = next(one for one in answers if one.claim.claim_id == claim_id)
    assert claims.in_few_words(dataset, one) == limit
    claim = words_of(one.claim.claim)
    assert (f"{claim} ({limit})" if limit else claim) in claims.first_screen(dataset, answers).text


def test_a_claim_that_only_lengths_speak_to_stands_in_the_table_alone(
    blocks: dict[str, Block], answers: tuple[Judgement, ...], dataset: Dataset
) -> None:
    one = next(one for one in answers if one.claim.claim_id == "takes_months")
    assert one.verdict == "cannot tell"
    assert claims.in_few_words(dataset, one) == ""
    assert words_of(one.claim.claim) not in blocks["first screen"].text
    assert any(
        words_of(limit).startswith("How long a treatment was planned to last does not say when")
        for limit in one.limits
    )


def test_claims_that_are_all_supported_leave_nothing_to_list(
    dataset: Dataset, answers: tuple[Judgement, ...]
) -> None:
    one = next(one for one in answers if one.verdict == "supported")
    first = claims.first_screen(dataset, [one, one]).text
    assert first.startswith(
        "All of the 2 claims about attachment and other associations are supported as worded.\n"
    )
    first = claims.first_screen(dataset, [one]).text
    assert first.startswith(
        "The one claim about attachment and other associations: supported as worded.\n"
    )
    assert (
        "\nHow to cite\nThe one claim about attachment and other associations in a popular "
        "article on attachment-based therapies: supported as worded.\n"
    ) in claims.closing_sections(dataset, [one]).text


def test_every_verdict_is_explained_with_its_count(
    blocks: dict[str, Block], answers: tuple[Judgement, ...]
) -> None:
    markup = blocks["first screen"].html
    for verdict, meaning in VERDICTS.items():
        row = re.search(
            rf"<tr[^<]*><th[^<]*>[^/]*?{verdict}</th><td>([^<]*)</td>(.*?)</tr>", markup
        )
        assert row is not None
        assert unescape(row[1]) == meaning
        counts = [int(one) for one in re.findall(r">(\d+)<", row[2])]
        assert sum(counts) == sum(one.verdict == verdict for one in answers)
    assert re.search(r'<b><a class="n" href="#count-supported">\d+</a> of', markup)


def test_every_claim_has_one_line_with_its_verdict_in_words(
    blocks: dict[str, Block], answers: tuple[Judgement, ...]
) -> None:
    for one in answers:
        own, other = ("therapy", "attachment") if one.about_therapy else ("attachment", "therapy")
        line = next(
            line
            for line in blocks[own].text.splitlines()
            if line.lower().startswith(words_of(one.claim.claim).lower())
        )
        assert line.split(" | ")[1] == f"{details.SIGN[one.verdict]}\u00a0{one.verdict}"
        said = "–" if one.verdict == "not tested" else one.sentence.text
        assert line.replace("\u00a0", " ").endswith(said)
        assert words_of(one.claim.claim) not in blocks[other].text


def test_the_rule_that_decided_is_no_label_that_documents_leave_out(
    dataset: Dataset, answers: tuple[Judgement, ...]
) -> None:
    shown = details.details(dataset, answers).html
    lines = [unescape(one) for one in re.findall(r"<summary>(.*?)</summary>", shown)]
    assert lines == [f"{details.named(one.verdict)}: {one.rule.condition}" for one in answers]
    assert 'class="again"' not in shown


def test_signs_differ() -> None:
    assert set(details.SIGN) == set(VERDICTS)
    assert len(set(details.SIGN.values())) == len(VERDICTS)


def test_every_link_leads_to_one_place_of_the_page(blocks: dict[str, Block]) -> None:
    markup = "".join(one.html for one in blocks.values())
    ids = re.findall(r' id="([^"]+)"', markup)
    assert len(ids) == len(set(ids))
    links = set(re.findall(r'href="#([^"]+)"', markup))
    assert links
    assert links <= set(ids)


def test_every_number_of_a_sentence_is_a_link_to_its_provenance(
    blocks: dict[str, Block], answers: tuple[Judgement, ...]
) -> None:
    origins = set(re.findall(r' id="(n-[^"]+)"', blocks["closing"].html))
    overview = blocks["therapy"].html + blocks["attachment"].html
    numbers = [number for one in answers for number in one.sentence.numbers]
    assert len(numbers) >= 4
    for number in numbers:
        assert f"n-{number.estimate_id}" in origins
        assert f'href="#n-{number.estimate_id}">{number.text}</a>' in overview


def test_every_number_behind_a_verdict_is_in_the_ledger_and_has_its_place(
    blocks: dict[str, Block], answers: tuple[Judgement, ...], dataset: Dataset
) -> None:
    frame = evidence.estimates(dataset)
    without = set(frame.estimate_id[frame.effect.isna()])
    behind = {one for answer in answers for one in answer.estimate_ids} - without
    for name in ("details", "closing"):
        assert {one.estimate_id for one in blocks[name].entries} == behind
        shown = set(re.findall(r"#?n-([a-z0-9_.]+)\"", blocks[name].html))
        assert behind <= shown
    entries = {one.estimate_id: one for one in blocks["closing"].entries}
    assert all(entries[one.estimate_id] == one for one in blocks["details"].entries)


def test_every_row_behind_a_verdict_stands_in_the_details_with_its_source(
    blocks: dict[str, Block], answers: tuple[Judgement, ...], dataset: Dataset
) -> None:
    markup = blocks["details"].html
    sources = blocks["closing"].html
    for one in answers:
        assert words_of(one.claim.question) in plain(markup)
        if one.verdict != "not tested":
            assert all(words_of(limit) in plain(markup) for limit in one.limits)
        for rows in (one.gathered.directions, one.gathered.syntheses, one.gathered.facts):
            for locator_id in rows.locator_id:
                url = dataset.locator(locator_id).url
                assert not url or f'href="{url}"'.replace("&", "&amp;") in sources
    named = set(re.findall(r'href="#(source-\d+)"', markup))
    assert named
    assert all(f'id="{one}"' in sources for one in named)


def test_ages_stand_behind_a_verdict_on_a_population(
    blocks: dict[str, Block], answers: tuple[Judgement, ...]
) -> None:
    (claim,) = [one.claim for one in answers if one.claim.claim_id == "adult_benefit"]
    text = blocks["details"].text.partition(words_of(claim.question))[2]
    text = text.partition("\nIn “")[0]
    for fact in ("Lowest age: 13 years", "Highest age: 17 years", "Mean age: 14.9 years"):
        assert f"Diamond 2002 | {fact} |" in text
    assert "Length of treatment: 26 weeks | at most |" in blocks["details"].text


def test_therapy_and_attachment_claims_are_counted_in_the_sentence_to_cite(
    blocks: dict[str, Block],
) -> None:
    assert (
        "\nHow to cite\nNone of the 21 claims about therapy in a popular article on "
        "attachment-based therapies is supported as worded: 4 are partly supported, 2 are "
        "contradicted, 1 is not supported, 1 rests on an association only, 8 were not tested here, "
        "5 cannot be told.\n"
    ) in blocks["closing"].text


def test_the_rules_are_in_the_report(blocks: dict[str, Block]) -> None:
    rules = blocks["closing"].text.partition("\nWhat a therapy does\n")[2]
    assert rules.startswith("If | Verdict\nNo estimate or direction of any design | –")


def test_a_number_is_linked_as_a_whole() -> None:
    sentence = Sentence("k = 10.52, 0.525 and 0.52, then 0.52.", (Number("0.52", "a.b"),))
    assert details.linked(sentence) == (
        'k\u00a0=\u00a010.52, 0.525 and <a class="n" href="#n-a.b">0.52</a>, then 0.52.'
    )


def test_every_kind_of_claim_is_in_the_data_and_several_outcomes_is_none(dataset: Dataset) -> None:
    assert set(dataset.claims.kind) == set(RULES) - {SEVERAL}


@pytest.mark.parametrize("kind", [kind for kind in RULES if kind != SEVERAL])
def test_the_report_can_be_made_for_one_kind_of_claim(kind: str, dataset: Dataset) -> None:
    some = judgements(dataset, kind=kind)
    made = page(dataset, some)
    assert all(block.html for block in made.values())
    own, other = ("therapy", "attachment") if some[0].about_therapy else ("attachment", "therapy")
    assert some[0].sentence.text in made[own].text.replace("\u00a0", " ")
    assert made[other].text == "No claim of this kind."
    assert other not in made["first screen"].text.partition(".")[0]


def test_data_are_text_and_never_markup(tmp_path: Path) -> None:
    hostile = '<script>"x"</script>'
    data = changed(
        tmp_path / "data",
        where("claims", claim_id="abct_helps")(claim=hostile, question=hostile, section=hostile),
        where("trials", trial_id="collado2021")(label=hostile),
        where("directions", direction_id="c21_mbsr_all")(note=hostile),
        where("syntheses", synthesis_id="pallini_control")(contrast=hostile, note=hostile),
    )
    for name, block in page(data, judgements(data)).items():
        assert "<script" not in block.html, name


def test_a_stress_test_stands_with_its_own_analysis() -> None:
    dataset = evidence.load()
    main = Specification(therapy="abft", outcome="depression", timepoint="post")
    first, second = (
        analyze(dataset, one) for one in (replace(main, leave_out=("israel2013",)), main)
    )
    assert first.estimate_id.startswith(second.estimate_id)
    stress = stress_test(first)
    gathered = SimpleNamespace(analyses=[first, second], stress=[stress])
    found = details.pooled_behind(dataset, [SimpleNamespace(gathered=gathered)])
    assert [analysis is first for analysis, _ in found] == [True, True, False]
    assert found[1][1].estimate_id == stress.estimate_id
