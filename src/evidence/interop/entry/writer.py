"""Writing an entry to the data package: all files or none."""

from evidence import atomic
from evidence.errors import EvidenceError, ParameterError
from evidence.interop.entry.preview import Preview


class ChangedError(EvidenceError):
    """A data package that changed after the entry was checked against it."""


class UnansweredError(EvidenceError):
    """Printed numbers that cannot all be right, without a correction that says what is used."""


class BrokenError(EvidenceError):
    """An entry with which an analysis would have no result any more."""


def write(preview: Preview) -> tuple[str, ...]:
    """Write the rows of an entry to the data package, and raise its version.

    Parameters
    ----------
    preview : Preview
        What was shown: exactly that is written.

    Returns
    -------
    tuple of str
        Names of the files that changed.

    Raises
    ------
    ParameterError
        If it was checked with a copy that was not kept.
    UnansweredError
        If a finding of high severity has no correction.
    BrokenError
        If an analysis would have no result any more.
    ChangedError
        If the data package is no longer the one that the entry was checked with.
    OSError
        If a file cannot be written; the data package then stands as it was.
    """
    proposal = preview.proposal
    if not proposal.folder.is_dir():
        raise ParameterError(
            "write",
            True,
            "an entry that was checked with the data, not with a copy without a trial",
        )
    unanswered = preview.unanswered
    if len(unanswered):
        named = "; ".join(unanswered.result_id + ": " + unanswered.explanation)
        raise UnansweredError(
            "nothing was written: printed numbers cannot all be right, and no [[correction]] says "
            f"what is used instead ({named})"
        )
    if preview.broken:
        named = "; ".join(f"{one.outcome}, {one.timepoint}: {one.error}" for one in preview.broken)
        raise BrokenError(
            "nothing was written: with the entry an analysis would have no result any more "
            f"({named})"
        )
    for name, content in proposal.old.items():
        if (proposal.folder / name).read_bytes() != content:
            raise ChangedError(f"nothing was written: {name} changed while the entry was checked")
    # Each file comes after those that it refers to, so even a power cut between two leaves a
    # package that loads.
    atomic.replace_all({proposal.folder / name: one for name, one in proposal.new.items()})
    return tuple(proposal.new)
