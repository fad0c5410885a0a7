"""Rows that an entry asks for: cells, where each comes from, names and ids."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from evidence.data.validation import Package
from evidence.entry.file import Entry, EntryFaults, Part, nearest, one_of
from evidence.entry.sections import Key
from evidence.entry.values import READERS, RefusedError, approximate, text

T = TypeVar("T")

ROLES = ("intervention", "comparator")


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A row to add.

    Attributes
    ----------
    table : str
        Its table.
    cells : mapping of str to str
        Text by column; columns that are not in it stay empty.
    part : Part
        The table of the entry that it was made from.
    arm : str
        The arm inside the table whose numbers it has; else empty.
    """

    table: str
    cells: Mapping[str, str]
    part: Part
    arm: str = ""


@dataclass(frozen=True, slots=True)
class Arm:
    """An arm of the entry."""

    arm_id: str
    role: str


@dataclass(slots=True)
class Draft:
    """Rows and references made so far, with the names by which parts of the entry refer to others.

    Attributes
    ----------
    entry : Entry
        What the rows are made from.
    package : Package
        The data package that they go to.
    trial_id : str
        Id of the trial.
    there : bool
        Whether the trial is in the data already, so that the entry adds to it.
    rows : list of DraftRow
        Rows in the order in which their tables get them.
    references : list of dict
        CSL items to add.
    publications, locators : dict of str to str
        Ids by name, of the entry.
    arms : dict of str to Arm
        Arms by name.
    arms_known : bool
        Whether those are all: False where one has a name that is refused.
    """

    entry: Entry
    package: Package
    trial_id: str = ""
    there: bool = False
    rows: list[DraftRow] = field(default_factory=list)
    references: list[dict[str, Any]] = field(default_factory=list)
    publications: dict[str, str] = field(default_factory=dict)
    locators: dict[str, str] = field(default_factory=dict)
    arms: dict[str, Arm] = field(default_factory=dict)
    arms_known: bool = True
    _taken: dict[str, set[str]] = field(default_factory=dict)

    @property
    def faults(self) -> EntryFaults:
        """Faults found so far."""
        return self.entry.faults

    def known(self, table: str, column: str) -> list[str]:
        """Return what stands in a column of the data package."""
        return [row.text[column] for row in self.package.sheets[table].rows]

    def drafted(self, table: str) -> list[DraftRow]:
        """Return the rows of a table made so far."""
        return [row for row in self.rows if row.table == table]

    def read(
        self, part: Part, keys: Mapping[str, Key], values: Mapping[str, Any], arm: str = ""
    ) -> dict[str, str]:
        """Return the cells that keys fill; what cannot be read becomes a fault and stays empty."""
        cells: dict[str, str] = {}
        about = ""
        for name, value in values.items():
            key = keys.get(name)
            if key is None or not key.columns or value in ("", [], {}):
                continue
            shown = f"{arm}.{name}" if arm else name
            texts = self.value(part, shown, value, READERS[key.kind])
            if texts is None:
                continue
            cells |= {column: one for column, one in zip(key.columns, texts, strict=True) if one}
            if key.kind in ("size", "sizes"):
                about = approximate(value)
        if about:
            cells["note"] = "; ".join(filter(None, (cells.get("note"), f"n printed as {about}")))
        return cells

    def check_keys(
        self, part: Part, keys: Collection[str], values: Iterable[str], arm: str = ""
    ) -> None:
        """Report keys that the section does not have."""
        for name in values:
            if name not in keys:
                shown = f"{arm}.{name}" if arm else name
                self.faults.add(part, shown, None, one_of(name, tuple(keys), "a key out of"))

    def value(self, part: Part, key: str, given: Any, read: Callable[[Any], T]) -> T | None:
        """Return what a reader makes of a value; None where it refuses it.

        That is a fault, unless the key is at fault already.
        """
        try:
            return read(given)
        except RefusedError as error:
            if not self.faults.has(part, key):
                self.faults.add(part, key, given, str(error))
            return None

    def word(self, part: Part, key: str) -> str:
        """Return a text; empty where it is not given or refused, which is a fault."""
        given = part.get(key)
        return "" if given is None else self.value(part, key, given, text) or ""

    def new_id(self, table: str, column: str, given: str, proposed: str) -> str:
        """Return the given id, else a proposed one that no row of the table has."""
        taken = self._taken.setdefault(table, set(self.known(table, column)))
        chosen = given
        if not given:
            chosen, count = proposed, 1
            while chosen in taken:
                count += 1
                chosen = f"{proposed}_{count}"
        taken.add(chosen)
        return chosen

    def locator(self, part: Part, value: Any, key: str = "locator") -> str:
        """Return the id of the place that a part names, or of the only one of the entry."""
        distinct = list(dict.fromkeys(self.locators.values()))
        if value in (None, ""):
            if len(distinct) == 1:
                return distinct[0]
            if distinct:
                names = tuple(self.locators)
                self.faults.add(
                    part, key, None, one_of("", names, "where it was read, a locator of")
                )
            elif self.there:
                accepted = "where it was read, a locator_id of locators.csv or a [[locator]] here"
                self.faults.add(part, key, None, accepted)
            # Without any, the fault is that of the section.
            self.faults.expect(part, key)
            return ""
        return self.refer(
            part,
            key,
            value,
            self.locators,
            self.known("locators", "locator_id"),
            "the name of a [[locator]] here, or a locator_id of locators.csv",
        )

    def refer(
        self,
        part: Part,
        key: str,
        value: Any,
        names: Mapping[str, str],
        known: Collection[str],
        accepted: str,
    ) -> str:
        """Return the id that a name stands for; a name of nothing is a fault."""
        name = self.value(part, key, value, text)
        if name is None:
            return ""
        if name in names:
            return names[name]
        if name in names.values() or name in known:
            return name
        here = ", ".join(names) or "none"
        near = nearest(name, [*names, *known])
        self.faults.add(
            part, key, name, f"{accepted} (here: {here})" + (f"; nearest: {near}" if near else "")
        )
        return ""

    def contrast(self, part: Part) -> dict[str, str]:
        """Return both arms of a contrast: as named, else the only ones; or one arm alone."""
        within = part.get("within")
        if within is not None:
            for key in ROLES:
                if part.get(key) is not None:
                    self.faults.add(part, key, part.get(key), "either within or a contrast of arms")
            return {"intervention_arm_id": self._arm(part, "within", within)}
        return {f"{role}_arm_id": self._arm(part, role, part.get(role)) for role in ROLES}

    def _arm(self, part: Part, key: str, value: Any) -> str:
        ids = {name: one.arm_id for name, one in self.arms.items()}
        if value is not None:
            return self.refer(part, key, value, ids, (), "the name of an [[arm]]")
        of_role = [one.arm_id for one in self.arms.values() if one.role == key]
        if len(of_role) == 1:
            return of_role[0]
        if not self.arms_known or any(one.role not in ROLES for one in self.arms.values()):
            # The fault is that of the arm, not of all that is said of it.
            self.faults.expect(part, key)
        else:
            expected = f"the name of an [[arm]] (here: {', '.join(ids)})"
            if not of_role:
                expected += "; for a change within one arm, write within = and its name"
            self.faults.add(part, key, None, expected)
        return ""
