"""Sizes of what is pooled, with those that are added to it."""

from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.estimation import estimates
from evidence.estimation.row import Size, participants
from evidence.terms import RemarkKind, has


def test_participants_are_added_as_randomized_only_where_that_is_all_that_is_known(
    dataset: Dataset,
) -> None:
    frame = estimates(dataset)
    frame = frame[frame.n_intervention.notna() & frame.n_comparator.notna()]
    rows = {has(one, RemarkKind.SIZES_OF_RANDOMIZED): one for one in records(frame)}
    for as_randomized, row in rows.items():
        more = participants(row)
        assert more
        assert Size(66, None, 0).with_further([row]) == Size(66 + more, None, more * as_randomized)
        assert Size(None, 66, 0).with_further([row]).added == 0
    assert set(rows) == {True, False}
