"""The schema of a data package, as its ``datapackage.json`` states it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

from frictionless import fields

from evidence.data.validation.faults import Faults, parse_json, read_text

DESCRIPTOR = "datapackage.json"

# The field classes alone: frictionless takes most of a second to load its plug-ins, none of which
# a folder of CSV files needs.
_FIELDS: Mapping[str, Any] = {
    "string": fields.StringField,
    "integer": fields.IntegerField,
    "number": fields.NumberField,
    "date": fields.DateField,
}

# Columns that loading itself reads; the rest of the schema is free to grow.
_READ_BY_LOADING: Mapping[str, tuple[str, ...]] = {
    "publications": ("publication_id", "trial_id", "role", "read_as"),
    "locators": ("locator_id", "publication_id", "place", "url", "readings", "accessed"),
    "trials": ("trial_id", "therapy", "design", "status"),
    "arms": ("arm_id", "trial_id", "condition", "added_to"),
    "trial_facts": ("trial_id", "fact", "value", "locator_id"),
    "instruments": ("instrument_id",),
    "arm_results": ("result_id", "trial_id", "timepoint", "weeks", "clock", "measured_as"),
    "statistics": ("result_id", "trial_id", "timepoint", "weeks", "clock", "ci_level"),
    "directions": ("direction_id", "trial_id"),
    "corrections": ("table", "result_id", "field", "printed", "used", "action"),
    "syntheses": ("synthesis_id", "range_low", "range_high"),
    "risk_of_bias": ("trial_id",),
    "claims": ("claim_id", "age_group"),
    "vocabularies": (
        *("vocabulary", "term", "meaning", "in_text", "short", "comparator_class", "more_is"),
    ),
}

TABLES = tuple(_READ_BY_LOADING)

Value = str | int | Decimal | date
CellReader = Callable[[str], tuple[Value | None, dict[str, str] | None]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, type (string, integer, number or date), constraints and cell reader."""

    name: str
    type: str
    constraints: Mapping[str, Any]
    read: CellReader


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns whose values stand in columns of another table."""

    columns: tuple[str, ...]
    table: str
    target: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its name, file, columns in order and keys."""

    name: str
    file: str
    columns: Mapping[str, Column]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...]


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What ``datapackage.json`` states: its name, data version and tables in order."""

    text: str
    name: str
    version: str
    tables: Mapping[str, Table]


def read_descriptor(folder: Path, faults: Faults) -> Descriptor | None:
    """Read and check ``datapackage.json``; None, and faults, where it states no usable schema."""
    text = read_text(folder, DESCRIPTOR, faults)
    stated = None if text is None else parse_json(text, DESCRIPTOR, faults)
    if text is None or len(faults):
        return None
    reader = _Reader(faults)
    version = reader.get(stated, "version", str, "package")
    resources = reader.get(stated, "resources", list, "package") or []
    tables = [table for one in resources if (table := reader.table(one)) is not None]
    by_name = {table.name: table for table in tables}
    for repeated in {table.name for table in tables if by_name[table.name] is not table}:
        reader.complain("each resource once", "package", repeated)
    if not len(faults):
        reader.check_columns(by_name)
    if version is None or len(faults):
        return None
    name = stated.get("name", "") if isinstance(stated, dict) else ""
    return Descriptor(text, str(name), version, by_name)


class _Reader:
    """Reads parts of the descriptor and reports those that are missing or of another kind."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults

    def complain(self, expected: str, place: str, value: object = None) -> None:
        self.faults.add(
            DESCRIPTOR,
            f"{expected} ({place})",
            value=None if value is None else str(value),
        )

    def get(self, stated: object, key: str, kind: type, place: str) -> Any:
        """Value of a key, which must be there, of its kind and not empty."""
        kinds: dict[type, str] = {str: "text", list: "a list", dict: "an object"}
        value = stated.get(key) if isinstance(stated, dict) else None
        if isinstance(value, kind) and value:
            return value
        self.complain(f"{kinds[kind]} under {key!r}", place, value)
        return None

    def table(self, stated: object) -> Table | None:
        name = self.get(stated, "name", str, "a resource")
        if name is None or not isinstance(stated, dict):
            return None
        place = f"resource {name}"
        file = self.get(stated, "path", str, place)
        schema = self.get(stated, "schema", dict, place)
        listed = None if schema is None else self.get(schema, "fields", list, place)
        if file is None or listed is None:
            return None
        # A package never reaches outside its own folder.
        if PurePosixPath(file).name != file or "\\" in file or ":" in file:
            self.complain("the name of a file in the folder of the data package", place, file)
        self._check_dialect(stated, place)
        if schema.get("missingValues", [""]) != [""]:
            self.complain("the empty cell alone as missing value", place, schema["missingValues"])
        columns = [self._column(one, place) for one in listed]
        keys = schema.get("foreignKeys", [])
        return Table(
            name=name,
            file=file,
            columns={column.name: column for column in columns if column is not None},
            primary_key=_names(schema.get("primaryKey", [])),
            foreign_keys=tuple(
                key
                for one in (keys if isinstance(keys, list) else [])
                if (key := self._foreign_key(one, name, place)) is not None
            ),
        )

    def _check_dialect(self, stated: dict[str, Any], place: str) -> None:
        encoding = stated.get("encoding", "utf-8")
        if encoding not in ("utf-8", "utf8", "UTF-8"):
            self.complain("encoding utf-8", place, encoding)
        dialect = stated.get("dialect", {})
        csv = dialect.get("csv", {}) if isinstance(dialect, dict) else {}
        delimiter = csv.get("delimiter", ",") if isinstance(csv, dict) else None
        if delimiter != ",":
            self.complain("a comma as delimiter", place, delimiter)

    def _column(self, stated: object, place: str) -> Column | None:
        name = self.get(stated, "name", str, f"{place}, a field")
        if name is None or not isinstance(stated, dict):
            return None
        place = f"{place}, field {name}"
        kind = stated.get("type", "string")
        if not isinstance(kind, str) or kind not in _FIELDS:
            self.complain(f"a type out of {', '.join(_FIELDS)}", place, kind)
            return None
        constraints = stated.get("constraints", {})
        known = _FIELDS[kind].supported_constraints
        if not isinstance(constraints, dict) or not set(constraints) <= set(known):
            self.complain(f"constraints out of {', '.join(known)}", place, constraints)
            return None
        try:
            read = _FIELDS[kind](name=name, constraints=constraints).create_cell_reader()
            # A constraint that cannot be compared with a value shows at the first reading.
            for sample in ("1", "2026-01-01"):
                read(sample)
        except (TypeError, ValueError, ArithmeticError, re.error) as error:
            self.complain(f"constraints that can be applied ({error})", place, constraints)
            return None
        return Column(name, kind, constraints, read)

    def _foreign_key(self, stated: object, table: str, place: str) -> ForeignKey | None:
        reference = self.get(stated, "reference", dict, f"{place}, a foreign key")
        if reference is None or not isinstance(stated, dict):
            return None
        # An empty name means the table itself (Frictionless Table Schema, foreign keys).
        key = ForeignKey(
            columns=_names(stated.get("fields", [])),
            table=str(reference.get("resource") or table),
            target=_names(reference.get("fields", [])),
        )
        if not key.columns or len(key.columns) != len(key.target):
            self.complain("as many fields as the reference names", f"{place}, a foreign key")
            return None
        return key

    def check_columns(self, tables: Mapping[str, Table]) -> None:
        """Report tables and columns that keys or loading name and the schema does not have."""
        needed: list[tuple[str, str, str]] = [
            (table, column, "read when the data are loaded")
            for table, columns in _READ_BY_LOADING.items()
            for column in columns
        ]
        for table in tables.values():
            needed += [(table.name, column, "primary key") for column in table.primary_key]
            for key in table.foreign_keys:
                why = f"foreign key of {table.name}"
                needed += [(table.name, column, why) for column in key.columns]
                needed += [(key.table, column, why) for column in key.target]
        lacking: set[str] = set()
        for name, column, why in dict.fromkeys(needed):
            if name not in tables and name not in lacking:
                lacking.add(name)
                self.complain(f"a resource named {name}", why)
            elif name in tables and column not in tables[name].columns:
                self.complain(f"a field named {column}", f"resource {name}, {why}")


def _names(stated: object) -> tuple[str, ...]:
    """One name or a list of names; Table Schema allows both."""
    if isinstance(stated, str):
        return (stated,)
    return tuple(str(name) for name in stated) if isinstance(stated, list) else ()
