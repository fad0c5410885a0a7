"""Closing sections of a trial card: methods, origins, citation, limits."""

from collections.abc import Sequence

from evidence.display import origins, sections
from evidence.display.escape import html
from evidence.display.output import Block
from evidence.display.quote import caveat
from evidence.display.trial_card import TrialCard
from evidence.display.trial_card_lines import Line, named
from evidence.terms import Favors


def methods(card: TrialCard) -> Block:
    """Return the methods section."""
    paragraphs = [
        "Printed numbers stand with the digits of their source. A row for each reading names the "
        "place, how many times it was read independently, and when. Where a source prints a value "
        "that cannot be right, the printed value stays and a remark says what is used."
    ]
    if len(card.estimates):
        paragraphs.append(
            "Estimates follow the rules of the report on every effect size, which tells the "
            "formulas. Positive values and ratios above 1 favor the treatment named first, of a "
            "harm those below. Each "
            "estimate leads to what its source prints, the conversion with the numbers put in, "
            "and how far it is from print. On the first screen one metric stands for each measure "
            "and time: points as printed, else Hedges g, else g from a test statistic, else an "
            "odds ratio; one with an interval before one without."
        )
    return sections.methods(paragraphs)


def provenance(card: TrialCard) -> Block:
    """Return where each estimate comes from."""
    if len(card.estimates):
        return origins.provenance(card.dataset, estimates=card.estimates)
    said = (
        "No estimate is made from this trial. Every printed number on this page leads to the row "
        "that says where it was read."
    )
    return Block(
        text=f"Where each number comes from\n{said}",
        html=f'<h2 id="numbers">Where each number comes from</h2><p>{html(said)}</p>',
    )


def citation(card: TrialCard, lines: Sequence[Line]) -> Block:
    """Return how to cite the trial's numbers: a sentence for each line of the first screen."""
    block = sections.citation(card.dataset, card.rows, also=card.locator_ids)
    quoted = [(_quoted(card, one), one.entries[0].estimate_id) for one in lines if one.entries]
    if not quoted:
        return block
    items = "".join(
        f'<p class="cite">{html(sentence)} <code>{html(estimate_id)}</code></p>'
        for sentence, estimate_id in quoted
    )
    return Block(
        text="\n".join([block.text, *(sentence for sentence, _ in quoted)]),
        html=f"{block.html}<h3>Sentences to quote, each with the id of its number</h3>{items}",
    )


def _quoted(card: TrialCard, line: Line) -> str:
    first = card.brief(line.intervention_arm_id)
    compared = card.compared(line.intervention_arm_id, [line.comparator_arm_id], "compared with")
    how = caveat(line.entries[0]) or line.processing
    # The line of a harm, which stands in its usual direction, says its side itself.
    above = line.entries[0].favors in (Favors.ABOVE_0, Favors.ABOVE_1)
    side = f"; values that favor {first} are positive or, for ratios, above 1" if above else ""
    return (
        f"{card.trial.label}: {compared}, {named(card, line)}: "
        f"{line.plain}; {line.size}; {how}{side}."
    )


def limits(card: TrialCard) -> Block:
    """Return what the card cannot say."""
    return sections.limits(
        card.dataset,
        trial_ids=[card.trial.trial_id],
        also=[
            "One trial is one trial: what it found says little on what another would find. The "
            "reports on each outcome set it beside the others."
        ],
    )
