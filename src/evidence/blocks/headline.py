"""The parts of a first screen: the answer in words, numbers in large type, what stands beside."""

from collections.abc import Sequence
from dataclasses import dataclass

from evidence import language
from evidence.blocks.escape import html
from evidence.blocks.output import Block, anchor
from evidence.ledger import LedgerEntry


@dataclass(frozen=True, slots=True)
class Headline:
    """A number of the first screen in large type: the estimate, and what it is.

    Attributes
    ----------
    entry : LedgerEntry
        The number.
    digits : int
        Decimals.
    caption : str
        What it is.
    factor : float
        What it is shown as a multiple of: 100 for a proportion in percent.
    also : str
        What follows the caption, as HTML made from escaped parts.
    named : bool
        Whether the limits have their level before them and the exact P behind them.
    """

    entry: LedgerEntry
    digits: int
    caption: str
    factor: float = 1.0
    also: str = ""
    named: bool = False

    @property
    def shown(self) -> tuple[str, str]:
        """Number and limits as readers see them."""
        effect, low, high = (
            None if value is None else self.factor * value
            for value in (self.entry.effect, self.entry.ci_low, self.entry.ci_high)
        )
        return language.fixed(effect, self.digits), language.limits(low, high, self.digits)

    @property
    def interval(self) -> str:
        """Limits as they stand beside the number in large type."""
        limits = self.shown[1]
        if not self.named:
            return limits
        p = "" if self.entry.p_value is None else f"; {language.p_value(self.entry.p_value)}"
        return f"{100 * (self.entry.ci_level or 0.95):g}% CI {limits}{p}"


def answer(say: str, paragraph: str, figures: Sequence[Headline], said: Sequence[str]) -> Block:
    """Put a first screen together.

    Parameters
    ----------
    say : str
        The answer in one sentence.
    paragraph : str
        What follows it, as HTML made from escaped parts.
    figures : sequence of Headline
        Numbers in large type, all of one size.
    said : sequence of str
        Remarks, as HTML made from escaped parts.
    """
    boxes = []
    for one in figures:
        number, limits = one.shown[0], one.interval
        boxes.append(
            f'<div class="est"><b>{large_number(one.entry, number, limits)}</b>'
            f"<span>{html(one.caption)}{one.also}</span></div>"
        )
    markup = (
        f'<section class="answer" aria-label="Answer">\n<p class="say">{html(say)}</p>\n'
        f'<p>{paragraph}</p>\n</section>\n<div class="pair">\n'
        + "\n".join(boxes)
        + '\n</div>\n<ul class="not">\n'
        + "\n".join(f"<li>{remark}</li>" for remark in said)
        + "\n</ul>"
    )
    return Block(markup, tuple(one.entry for one in figures))


def large_number(entry: LedgerEntry, number: str, limits: str) -> str:
    """Return a number in large type with its limits in small type, as a link to its place."""
    shown = f"{html(number)} <small>{html(f'({limits})')}</small>"
    return f'<a class="n" href="#{html(anchor(entry.estimate_id))}">{shown}</a>'
