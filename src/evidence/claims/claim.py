"""One claim of the article, as a row of `claims.csv` has it."""

from dataclasses import dataclass, fields

from evidence.dataset import Dataset
from evidence.records import records


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim and the question that it puts to the evidence; empty fields are "".

    Attributes
    ----------
    claim_id : str
        Its id.
    section, claim : str
        Where the article says it, and what, in other words.
    kind : str
        treatment_effect, durability, mechanism, association, comparator, process or population.
    assertion : str
        For an association: association, early_origin or cause.
    topic : str
        Topic of the published syntheses that it rests on, where one is meant.
    therapy, outcome_id, timepoint : str
        What it is about; an empty therapy means all. Several outcomes are separated by semicolons.
    comparator : str
        Condition that the article compares with, where it names one.
    likely_trial_id, match : str
        Trial that the article seems to mean, and how sure that is.
    question : str
        What the evidence has to answer.
    age_group : str
        For a population, the age group that it is about.
    """

    claim_id: str
    section: str
    claim: str
    kind: str
    assertion: str
    topic: str
    therapy: str
    outcome_id: str
    timepoint: str
    comparator: str
    likely_trial_id: str
    match: str
    question: str
    age_group: str

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Outcomes that it names."""
        return tuple(one.strip() for one in self.outcome_id.split(";") if one.strip())

    @property
    def time(self) -> str:
        """Timepoint asked about; that of what lasts is follow-up."""
        return self.timepoint or ("follow_up" if self.kind == "durability" else "")


def claims_of(dataset: Dataset) -> tuple[Claim, ...]:
    """Return the claims of a data set, in the order of the file."""
    names = [field.name for field in fields(Claim)]
    return tuple(Claim(*(str(value) for value in row)) for row in records(dataset.claims[names]))
