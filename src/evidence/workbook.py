"""A data package with all that follows from it, for a shell or a notebook."""

import os
from contextlib import suppress
from dataclasses import dataclass, fields
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from evidence import language
from evidence.analysis import Analysis, analyze
from evidence.blocks.origins import Sources, told_whole
from evidence.blocks.output import Block, joined
from evidence.claims import verdicts
from evidence.data import dataset as data
from evidence.data.dataset import Dataset
from evidence.errors import ParameterError
from evidence.estimation import estimates
from evidence.estimation.choices import Specification
from evidence.estimation.missing_evidence import missing_evidence
from evidence.followup import Durability, durability
from evidence.integrity import audit
from evidence.ledger import entries
from evidence.ledger.citation import citation

_CALLS = (
    ("trial('diamond2010'), arm(id), result(id)", "one row of a table"),
    ("estimates(therapy='abft', outcome='depression')", "every effect size, a frame"),
    ("analyze('abft', 'depression')", "one pooled result, with every choice as an argument"),
    ("follow_up('abct')", "the end of treatment against follow-up"),
    ("answers()", "the claims of the article, each with its verdict"),
    ("audit()", "what contradicts itself"),
    ("trace(estimate_id)", "how a number follows from print"),
    ("cite(result)", "a pooled result as a sentence with its sources"),
)
"""What can be asked, in the order in which people ask it."""


@dataclass(frozen=True, eq=False, repr=False)
class Workbook(Dataset):
    """A data package, its tables as frames, and what follows from them.

    All that takes a `Dataset` takes a workbook.
    """

    def __repr__(self) -> str:
        """Return the package in a line, and what can be asked."""
        width = max(len(call) for call, _ in _CALLS)
        lines = [f".{call:<{width}}  {said}" for call, said in _CALLS]
        return "\n".join([self._called(), *lines])

    def _repr_html_(self) -> str:
        asked = pd.DataFrame([(f".{call}", said) for call, said in _CALLS], columns=["ask", "for"])
        return f"<p>{escape(self._called())}</p>{language.as_table(asked)}"

    def _called(self) -> str:
        trials = language.count(len(self.trials), "trial")
        return f"Workbook of {trials} in {self.path.name}/, data version {self.version}"

    def estimates(self, **narrowed: Any) -> pd.DataFrame:
        """Return every effect size; `evidence.estimates` says what may narrow it.

        Examples
        --------
        >>> import evidence
        >>> frame = evidence.load().estimates(therapy="abft", outcome="depression")
        >>> list(frame.columns[:3])
        ['estimate_id', 'label', 'comparator']
        """
        return estimates(self, **narrowed)

    def analyze(
        self, therapy: str, outcome: str, timepoint: str = "post", **choices: Any
    ) -> Analysis:
        """Return one pooled result.

        Parameters
        ----------
        therapy, outcome, timepoint : str
            The question, in terms of ``vocabularies.csv``.
        **choices : object
            Choices other than those of the main analysis, as `Specification` names them.

        Raises
        ------
        ParameterError
            If a choice is not accepted, or no estimate is left.

        Examples
        --------
        >>> import evidence
        >>> evidence.load().analyze("abft", "depression", interval="wald").pooled.k
        3
        """
        known = {one.name for one in fields(Specification)}
        for name in choices:
            if name not in known:
                raise ParameterError("choice", name, f"one of {', '.join(sorted(known))}")
        asked = Specification(therapy=therapy, outcome=outcome, timepoint=timepoint, **choices)
        return analyze(self, asked)

    def follow_up(self, therapy: str, outcome: str | None = None, **choices: Any) -> Durability:
        """Return results at the end of treatment against follow-up, as `evidence.durability`."""
        return durability(self, therapy=therapy, outcome=outcome, **choices)

    def answers(self) -> pd.DataFrame:
        """Return the claims of the article with their verdicts, as `evidence.verdicts`."""
        return verdicts(self)

    def audit(self) -> pd.DataFrame:
        """Return every contradiction of printed numbers, as `evidence.audit`."""
        return audit(self)

    def trace(self, estimate_id: str) -> Block:
        """Return how an estimate of one trial follows from print: values, places, conversions.

        Parameters
        ----------
        estimate_id : str
            An id of the frame of estimates.

        Raises
        ------
        ParameterError
            If no estimate with an effect has this id; numbers of several trials say in the index
            of the reports what entered them.
        """
        frame = estimates(self)
        rows = frame[(frame.estimate_id == estimate_id) & frame.effect.notna()]
        if rows.empty:
            expected = "an estimate_id of the frame of estimates that has an effect"
            raise ParameterError("estimate_id", estimate_id, expected)
        listed = Sources(self)
        told = told_whole(self, rows, listed)
        return joined(told, Block(listed.markup()))

    def cite(self, result: Analysis, style: str = "ama") -> str:
        """Return a pooled result as a sentence to quote, with the references behind it.

        Parameters
        ----------
        result : Analysis
            As `analyze` returns it.
        style : {"ama", "apa", "plain"}
            How references are written.
        """
        return citation(entries.of_analysis(result, self), self, style=style)


def load(path: str | os.PathLike[str] | None = None) -> Workbook:
    """Read and check a data package, and return it with what can be asked of it.

    Parameters
    ----------
    path : str or path-like, optional
        Its folder; where it is looked for by default, and what is refused, as
        `evidence.data.dataset.load` says.

    Examples
    --------
    >>> import evidence
    >>> evidence.load().trial("diamond2010").label
    'Diamond 2010'
    """
    folder = data.default_folder() if path is None else Path(path)
    if _SHARED and (shared := _SHARED.get(folder.resolve())) and shared[0] == _state(folder):
        return shared[1]
    read = data.load(folder)
    given = {one.name: getattr(read, one.name) for one in fields(Dataset) if one.init}
    return Workbook(**given)


_SHARED: dict[Path, tuple[object, Workbook]] = {}
"""Packages that `share` loaded, by their folder, with the state of its files."""


def share(path: str | os.PathLike[str] | None = None) -> Workbook:
    """Load a data package once for all processes that are forked from this one.

    There `load` returns it as long as no file of the folder has changed, with its estimates and its
    audit made. As all that takes it only reads it, they are none the wiser.
    """
    found = load(path)
    frame = estimates(found)
    estimates(found, convention="metapsy")
    found.once("findings", lambda: audit(found))
    for therapy in dict.fromkeys(found.trials.therapy):
        with suppress(ParameterError):
            missing_evidence(found, frame, therapy=therapy)
    _SHARED[found.path] = (_state(found.path), found)
    return found


def _state(folder: Path) -> object:
    """Return names, sizes and times of the files of a package."""
    return sorted(
        (one.name, one.stat().st_size, one.stat().st_mtime_ns) for one in folder.glob("*.*")
    )
