"""When a result was measured: weeks since randomization, and since the end of treatment."""

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

_NO_WEEK = "No source seen prints the week."
_NO_CLOCK = "The source does not say from when it counts."
_WHOLE_COURSE = "The statistic covers the whole course, not one time."
_BEFORE_THE_END = "Measured before the end of treatment."
_BEFORE_THE_STATED_END = "The week lies before the end of treatment that the sources state."


@dataclass(frozen=True, slots=True)
class _Length:
    """Weeks of treatment: those used, all that sources print, and what to say about them."""

    used: float
    printed: tuple[float, ...]
    note: str


@dataclass(frozen=True, slots=True)
class _Times:
    weeks_since_randomization: float
    follow_up_weeks: float
    follow_up_weeks_alternatives: str
    clock_note: str


class Clocks:
    """Both clocks, from the clock of the source and the length of the treatment.

    Parameters
    ----------
    facts, locators, publications : DataFrame
        Tables ``trial_facts`` (fact ``treatment_weeks``), ``locators`` and ``publications``. Where
        sources differ on the length, the one read in the trial's publication of role ``main`` is
        used, and what follows from the others is listed.
    """

    def __init__(
        self, facts: pd.DataFrame, locators: pd.DataFrame, publications: pd.DataFrame
    ) -> None:
        main = publications[publications["role"] == "main"]
        main_of = dict(zip(main["publication_id"], main["trial_id"], strict=True))
        read_in = dict(zip(locators["locator_id"], locators["publication_id"], strict=True))
        readings: dict[str, list[tuple[float, bool]]] = {}
        lengths = facts[facts["fact"] == "treatment_weeks"]
        for trial, weeks, locator in zip(
            lengths["trial_id"], lengths["value"], lengths["locator_id"], strict=True
        ):
            in_main = main_of.get(read_in[locator]) == trial
            readings.setdefault(trial, []).append((weeks, in_main))
        self._lengths = {trial: _length(read) for trial, read in readings.items()}

    def add_to(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a frame of results with the four columns of the clocks added."""
        times = [
            self._times(row.trial_id, row.timepoint, row.weeks, row.clock)
            for row in frame.itertuples(index=False)
        ]
        numbers = ("weeks_since_randomization", "follow_up_weeks")
        texts = ("follow_up_weeks_alternatives", "clock_note")
        added: dict[str, pd.Series[Any]] = {
            name: pd.Series([getattr(one, name) for one in times], dtype=dtype)
            for names, dtype in ((numbers, "float64"), (texts, "str"))
            for name in names
        }
        return frame.assign(**added)

    def _times(self, trial: Any, timepoint: Any, weeks: Any, clock: Any) -> _Times:
        length = self._lengths.get(
            trial, _Length(math.nan, (), "No source seen prints the length of treatment.")
        )
        notes = []
        since_randomization = follow_up = math.nan
        alternatives = ""
        if math.isnan(weeks):
            notes.append(_NO_WEEK)
        elif clock == "randomization":
            since_randomization = weeks
        elif clock == "end_of_treatment":
            since_randomization = weeks + length.used
            notes.append(length.note)
        else:
            notes.append(_NO_CLOCK)
        match timepoint:
            case "post":
                # The time of the measurement after treatment is the end of treatment by definition.
                follow_up = 0.0
            case "overall":
                notes = [_WHOLE_COURSE]
            case "baseline" | "mid":
                notes.append(_BEFORE_THE_END)
            case _ if clock == "end_of_treatment":
                follow_up = weeks
            case _ if clock == "randomization" and not math.isnan(weeks):
                follow_up = weeks - length.used
                notes.append(length.note)
                if follow_up < 0:
                    follow_up = math.nan
                    notes.append(_BEFORE_THE_STATED_END)
                if len(length.printed) > 1:
                    since = sorted(weeks - printed for printed in length.printed)
                    alternatives = "; ".join(f"{one:g}" for one in since)
        return _Times(since_randomization, follow_up, alternatives, " ".join(filter(None, notes)))


def _length(readings: list[tuple[float, bool]]) -> _Length:
    """Length of a treatment from its readings, each with whether the main publication has it."""
    printed = tuple(sorted({weeks for weeks, _ in readings}))
    if len(printed) == 1:
        return _Length(printed[0], printed, "")
    differ = (
        f"Sources differ on the length of treatment "
        f"({' or '.join(f'{weeks:g}' for weeks in printed)} weeks)"
    )
    in_main = {weeks for weeks, main in readings if main}
    if len(in_main) != 1:
        return _Length(math.nan, printed, f"{differ}, and the main publication does not settle it.")
    used = in_main.pop()
    return _Length(used, printed, f"{differ}; {used:g}, as in the main publication, is used.")
