"""Tables under assumptions about participants whose outcome is missing."""

from typing import Literal, NamedTuple

from evidence.effects.checked import choice, whole

EventIs = Literal["good", "bad"]


class Table(NamedTuple):
    """Events and participants of intervention (1) and comparator (2).

    It can be put in where counts are taken: ``log_odds_ratio(*table)``.
    """

    events_1: int
    n_1: int
    events_2: int
    n_2: int


class MissingScenarios(NamedTuple):
    """One table per assumption; only `observed` leaves the missing participants out.

    Attributes
    ----------
    observed : Table
        Participants with an outcome.
    missing_not_event, missing_event : Table
        All randomized; nobody missing had the event, or everybody.
    best, worst : Table
        All randomized; the missing of both arms did as favors the intervention most, or least.
    """

    observed: Table
    missing_not_event: Table
    missing_event: Table
    best: Table
    worst: Table


def missing_scenarios(
    events_1: int,
    n_observed_1: int,
    n_randomized_1: int,
    events_2: int,
    n_observed_2: int,
    n_randomized_2: int,
    *,
    event_is: EventIs = "good",
) -> MissingScenarios:
    """Tables for observed cases and for four assumptions about the missing.

    Parameters
    ----------
    events_1, events_2 : int
        Participants with the event in intervention and comparator.
    n_observed_1, n_observed_2 : int
        Participants with an outcome, 1 or more.
    n_randomized_1, n_randomized_2 : int
        Participants randomized, not below those observed.
    event_is : {"good", "bad"}
        Whether the event is one to be reached, such as recovery, or one to be avoided. With a
        good event the best case lets the missing of the intervention have it and those of the
        comparator not.

    Returns
    -------
    MissingScenarios
        Scenarios after the Cochrane Handbook 2019, 10.12.3. Best and worst cases bound the effect;
        they are not likely.

    Raises
    ------
    ParameterError
        For counts that are not whole, events above those observed, fewer randomized than observed,
        a missing value.

    Examples
    --------
    >>> missing_scenarios(27, 31, 35, 15, 29, 31).missing_not_event
    Table(events_1=27, n_1=35, events_2=15, n_2=31)
    """
    choice("event_is", event_is, ("good", "bad"))
    a, seen_1, all_1 = _arm(1, events_1, n_observed_1, n_randomized_1)
    c, seen_2, all_2 = _arm(2, events_2, n_observed_2, n_randomized_2)
    more_1, more_2 = a + all_1 - seen_1, c + all_2 - seen_2
    only_1 = Table(more_1, all_1, c, all_2)
    only_2 = Table(a, all_1, more_2, all_2)
    good = event_is == "good"
    return MissingScenarios(
        observed=Table(a, seen_1, c, seen_2),
        missing_not_event=Table(a, all_1, c, all_2),
        missing_event=Table(more_1, all_1, more_2, all_2),
        best=only_1 if good else only_2,
        worst=only_2 if good else only_1,
    )


def _arm(number: int, events: int, observed: int, randomized: int) -> tuple[int, int, int]:
    had = int(whole(f"events_{number}", events, 0))
    seen = int(whole(f"n_observed_{number}", observed, max(had, 1)))
    return had, seen, int(whole(f"n_randomized_{number}", randomized, seen))
