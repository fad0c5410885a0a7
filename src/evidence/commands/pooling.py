"""What `evidence pool --model` prints: a model of several estimates per trial."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from evidence.errors import ParameterError

if TYPE_CHECKING:
    from evidence.dataset import Dataset
    from evidence.specification import Specification


def several(
    dataset: "Dataset",
    specification: "Specification",
    model: str,
    rho: float | None,
    form: str,
    given: Collection[str],
) -> str:
    """Return a model of several estimates per trial as text.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    specification : Specification
        Choices on the estimates.
    model : {"che", "three-level"}
        Model.
    rho : float or None
        Correlation of errors for che; None for the default.
    form : {"csv", "json", "md"}
        Form of the text.
    given : collection of str
        Choices that were made by name; none of them may mean nothing for the model.

    Raises
    ------
    ParameterError
        If a choice is not accepted, or means nothing for the model.
    """
    from evidence.display.frames import to_json
    from evidence.display.multilevel_text import as_csv, as_markdown, as_record
    from evidence.specification.multilevel import KEEPS_EACH, RHO, analyze_several, keeps_each

    for name in given:
        value = getattr(specification, name, None)
        if name in ("tau2", "interval"):
            raise ParameterError(name, value, "no such choice with --model, which has its own")
        if name in KEEPS_EACH:
            raise keeps_each(name, value)
    if rho is not None and model == "three-level":
        raise ParameterError("rho", rho, "no such choice with --model three-level")
    analysis = analyze_several(dataset, specification, model=model, rho=RHO if rho is None else rho)
    if form == "json":
        return to_json(as_record(analysis))
    return as_csv(analysis) if form == "csv" else as_markdown(analysis, dataset)
