"""The parts of a first screen: the answer in words, numbers in large type, what stands beside."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evidence import language
from evidence.blocks.escape import html
from evidence.blocks.output import Block, anchor, items
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

    @property
    def markup(self) -> str:
        """The number with its limits in small type, which lead to its place, and what it is."""
        shown = f"{html(self.shown[0])} <small>{html(f'({self.interval})')}</small>"
        link = f'<a class="n" href="#{html(anchor(self.entry.estimate_id))}">{shown}</a>'
        return f"<b>{link}</b><span>{html(self.caption)}{self.also}</span>"


SUICIDALITY = frozenset({"suicidal_ideation", "suicide_attempt", "self_harm"})
"""Outcomes whose readers may be in danger, or write for people who are."""

_SAFETY = (
    '<p class="safety">In danger, or worried about someone? Call the emergency number, or see '
    '<a href="https://findahelpline.com">findahelpline.com</a>; in the US call or text 988. '
    'Writing about suicide: <a href="https://reportingonsuicide.org">reporting guidelines.</a> '
    "No clinical advice.</p>"
)
_NO_ADVICE = '<p class="advice">No clinical advice.</p>'


def answer(
    say: str,
    paragraph: str,
    figures: Sequence[Headline | str] = (),
    remarks: Sequence[str] = (),
    about: Iterable[str] = (),
) -> Block:
    """Put a first screen together; all but headlines is HTML made from escaped parts.

    It says that nothing is clinical advice, so that no other part of a page has to.

    Parameters
    ----------
    say : str
        The answer in one sentence.
    paragraph : str
        What follows it.
    figures : sequence of Headline or str
        Numbers in large type, all of one size, or what stands in place of one.
    remarks : sequence of str
        What has to be said beside them.
    about : iterable of str
        Outcomes that the page is on.
    """
    markup = (
        f'<section class="answer" aria-label="Answer">\n<p class="say">{say}</p>\n'
        f"<p>{paragraph}</p>\n</section>"
    )
    if figures:
        boxes = (one if isinstance(one, str) else one.markup for one in figures)
        shown = "\n".join(f'<div class="est">{one}</div>' for one in boxes)
        markup += f'\n<div class="pair">\n{shown}\n</div>'
    if remarks:
        markup += f"\n{items(remarks, 'not')}"
    markup += f"\n{_SAFETY if SUICIDALITY.intersection(about) else _NO_ADVICE}"
    return Block(markup, tuple(one.entry for one in figures if isinstance(one, Headline)))
