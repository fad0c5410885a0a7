"""Random changes of the widgets of an explorer, as a reader could make them."""

import random
from typing import Any

from evidence.explore import Explorer

RESET = "reset"


def drawn(explorer: Explorer, draw: random.Random) -> tuple[str, Any]:
    """Return a widget that can be changed now, and its new value."""
    free = [one for one, box in explorer.trials.items() if not box.disabled]
    open_ = [one for one, widget in explorer.choices.items() if not widget.disabled]
    # Choices twice as often as trials, of which there are more.
    name = draw.choice([*open_, *open_, *free, RESET])
    if name in explorer.choices:
        return name, draw.choice([value for _, value in explorer.choices[name].options])
    return name, None if name == RESET else not explorer.trials[name].value


def apply(explorer: Explorer, change: tuple[str, Any]) -> None:
    """Make a change."""
    name, value = change
    if name == RESET:
        explorer.reset.click()
    else:
        widget: Any = explorer.choices.get(name) or explorer.trials[name]
        widget.value = value
