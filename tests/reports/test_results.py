"""The page of results, of which each command that measures replaces one section."""

from benchmarks.sections import replaced, table

PAGE = "# Benchmarks\n\nFirst.\n\n## One\n\nOld.\n\n| a |\n\n## Two\n\nStays.\n"


def test_a_section_is_replaced_and_the_others_stay() -> None:
    assert replaced(PAGE, "One", "New.\n") == PAGE.replace("Old.\n\n| a |", "New.")
    assert replaced(PAGE, "", "# Other\n") == PAGE.replace("# Benchmarks\n\nFirst.", "# Other")
    assert replaced(PAGE, "Three", "More.") == f"{PAGE}\n## Three\n\nMore.\n"
    assert replaced("", "One", "New.").strip() == "## One\n\nNew."


def test_a_table_has_its_heads() -> None:
    assert table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
