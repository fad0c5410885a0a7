"""Judgements on the risk of bias of trials, in the words of the sources that made them."""

from evidence import language
from evidence.blocks import origins
from evidence.data.dataset import Dataset
from evidence.data.records import records

JUDGEMENT = {"self_report": "self-report"}
OF_OUTCOME = {"overall_ideation": ("overall", "suicidal_ideation")}
"""Domains that are judged for one outcome alone, in words and with the outcome."""


def judged(dataset: Dataset, trial_id: str, *, outcome: str = "", only_high: bool = False) -> str:
    """Return the judgements on the risk of bias of a trial, each with its tool and source.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    trial_id : str
        Trial.
    outcome : str
        The outcome that is spoken of: of a judgement on another one alone it is said that it is.
        Empty where several are.
    only_high : bool
        Whether only what is judged high is named.

    Returns
    -------
    str
        Empty where no source seen judges the trial.

    Examples
    --------
    >>> import evidence
    >>> data = evidence.load()
    >>> judged(data, "diamond2019", outcome="suicidal_ideation")
    'high for overall by Meta-analytic suicide prevention database dataset'
    >>> judged(data, "diamond2019", outcome="depression")
    'judged for suicidal ideation only by Meta-analytic suicide prevention database dataset'
    """
    rows = dataset.risk_of_bias
    rows = rows[rows.trial_id == trial_id]
    rows = rows.assign(place=[judge_in_words(one, dataset) for one in rows.locator_id])
    parts = []
    for (tool, place), group in rows.groupby(["tool", "place"], sort=False):
        said: dict[str, list[str]] = {}
        elsewhere = []
        for one in records(group):
            domain, about = OF_OUTCOME.get(one.domain, (one.domain.replace("_", " "), ""))
            only = f"{dataset.short('outcome', about)} only" if about else ""
            if about and outcome not in ("", about):
                elsewhere.append(f"judged for {only}")
                continue
            name = f"{domain} ({only})" if about and not outcome else domain
            said.setdefault(one.judgement, []).append(name)
        named = {one: said[one] for one in said if one == "high" or not only_high}
        told = [
            f"{language.term(JUDGEMENT, one)} for {language.listed(domains)}"
            for one, domains in named.items()
        ]
        told += ["no domain high"] if said and not told else []
        where = "" if tool in dataset.references else f" in {place}"
        by = f"{origins.tool_name(str(tool), dataset)}{where}"
        parts.append(f"{', '.join([*told, *elsewhere])} by {by}")
    distinct = rows.groupby("domain", sort=False).judgement.nunique()
    differ = [str(one).replace("_", " ") for one in distinct.index[distinct > 1]]
    if differ:
        parts.append(f"sources differ on {language.listed(differ)}")
    return "; ".join(parts)


def judgements(dataset: Dataset, trial_id: str, *, outcome: str = "") -> set[str]:
    """Return the judgements on a trial for an outcome, for any where none is named."""
    rows = dataset.risk_of_bias
    rows = rows[rows.trial_id == trial_id]
    about = [OF_OUTCOME.get(one, ("", ""))[1] for one in rows.domain]
    pairs = zip(rows.judgement, about, strict=True)
    return {str(judgement) for judgement, one in pairs if not one or outcome in ("", one)}


def only_on(dataset: Dataset, trial_id: str) -> str:
    """Return the one outcome that all judgements on a trial are on, empty where there is none."""
    rows = dataset.risk_of_bias
    about = {OF_OUTCOME.get(one, ("", ""))[1] for one in rows.domain[rows.trial_id == trial_id]}
    return about.pop() if len(about) == 1 else ""


def judge_in_words(locator_id: str, dataset: Dataset) -> str:
    """Return who judged a trial: a publication by its author, or a database."""
    publication = dataset.locator(locator_id).publication_id
    kind = dataset.publication(publication).kind
    return (
        "a public database" if kind == "dataset" else origins.reference_name(publication, dataset)
    )
