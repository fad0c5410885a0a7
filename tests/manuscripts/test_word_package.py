"""DOCX files that mean harm, or are none: one clear line each."""

import io
import zipfile
from collections.abc import Iterator

import docx
import pytest

from evidence.errors import ParameterError
from evidence.manuscripts import word as word_draft
from evidence.manuscripts.annotate import annotate_word
from evidence.manuscripts.fill import fill_word
from tests.manuscripts.ledgers import KNOWN, POOLED
from tests.manuscripts.words import NAMESPACES, document, paragraph, run, word

BODY = paragraph(run("text"))


def unfit() -> Iterator[tuple[str, bytes]]:
    """A manuscript that python-docx made, each part in turn without its name or its root."""
    made = docx.Document()
    made.add_paragraph(f"g = 9.99 (95% CI, 8.88 to 10.10) {{ev:{POOLED}}}.")
    buffer = io.BytesIO()
    made.save(buffer)
    with zipfile.ZipFile(buffer) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name, content in parts.items():
        rest = {one: parts[one] for one in parts if one != name}
        changes = {
            "missing": rest,
            "in capitals": {**rest, name.upper(): content},
            "damaged": {**rest, f"\ufffd{name[1:]}": content},
            "of another kind": {**rest, name: b"<other/>"},
            "empty": {**rest, name: b""},
            "cut": {**rest, name: content[: len(content) // 2]},
        }
        for what, changed in changes.items():
            target = io.BytesIO()
            with zipfile.ZipFile(target, "w") as archive:
                for one, held in changed.items():
                    archive.writestr(one, held)
            yield f"{name} {what}", target.getvalue()


def test_parts_that_do_not_fit_are_one_line() -> None:
    """What a tool does with them is not said: it works, or says in one line that it cannot."""
    found: dict[str, int] = {}
    for name, data in unfit():
        for act in (word_draft.parse, annotated, filled):
            try:
                act(data)
            except ParameterError as error:
                message = str(error)
                assert message.startswith("draft: found "), name
                assert "\n" not in message, name
                kind = "unfit" if "do not fit together" in message else "refused"
                found[kind] = found.get(kind, 0) + 1
    assert found["unfit"] > 20
    assert found["refused"] > 20


def annotated(data: bytes) -> object:
    return annotate_word(data, KNOWN)


def filled(data: bytes) -> object:
    return fill_word(data, KNOWN)


def refused(data: bytes) -> str:
    with pytest.raises(ParameterError) as caught:
        word_draft.parse(data)
    message = str(caught.value)
    assert message.startswith("draft: found ")
    assert "\n" not in message
    return message


def test_entities_are_refused() -> None:
    entity = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    main = entity + document(paragraph(run("&x;")))
    assert "entities" in refused(word(BODY, **{"word/document.xml": main}))


def test_entities_that_grow_are_refused() -> None:
    entity = '<!DOCTYPE d [<!ENTITY a "aa"><!ENTITY b "&a;&a;&a;">]>'
    main = entity + document(paragraph(run("&b;")))
    assert "entities" in refused(word(BODY, **{"word/document.xml": main}))


def test_a_document_type_alone_is_refused() -> None:
    main = '<!DOCTYPE d SYSTEM "http://localhost/x.dtd">' + document(BODY)
    assert "document type" in refused(word(BODY, **{"word/document.xml": main}))


def test_entities_in_parts_that_others_read_are_refused() -> None:
    styles = f'<!DOCTYPE d [<!ENTITY a "aa">]><w:styles {NAMESPACES}/>'
    assert "word/styles.xml" in refused(word(BODY, **{"word/styles.xml": styles}))


def test_a_part_that_expands_is_refused() -> None:
    huge = document(paragraph(run("a" * (word_draft.LARGEST_PART + 1))))
    data = word(BODY, **{"word/document.xml": huge})
    assert len(data) < 100_000
    assert "expands beyond" in refused(data)


def test_parts_that_expand_together_are_refused() -> None:
    picture = "0" * (word_draft.LARGEST_EXPANDED // 4)
    data = word(BODY, **{f"word/media/{number}.png": picture for number in range(5)})
    assert len(data) < 1_000_000
    assert "expands beyond" in refused(data)


def test_a_size_that_lies_is_found() -> None:
    huge = document(paragraph(run("a" * (word_draft.LARGEST_PART + 1))))
    data = bytearray(word(BODY, **{"word/document.xml": huge}))
    size = len(huge).to_bytes(4, "little")
    assert data.count(size) == 2
    data = data.replace(size, (1000).to_bytes(4, "little"))
    refused(bytes(data))


def test_elements_without_end_are_refused() -> None:
    deep = "<w:sdt>" * 300 + "</w:sdt>" * 300
    assert "nested" in refused(word(deep))


def test_too_many_parts_are_refused() -> None:
    data = word(BODY, **{f"word/{number}.bin": "" for number in range(word_draft.MOST_PARTS)})
    assert "parts" in refused(data)


def test_a_part_twice_is_refused() -> None:
    data = io.BytesIO(word(BODY))
    with zipfile.ZipFile(data, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("word/document.xml", document(BODY))
    assert "twice" in refused(data.getvalue())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no intact zip"),
        (b"PK\x03\x04 and no more", "no intact zip"),
        (b"{\\rtf1 text}", "no intact zip"),
        (word(BODY, **{"_rels/.rels": "<x/>"}), "without a document"),
        (word(BODY, **{"word/document.xml": "<w:document>"}), "well-formed"),
        (word(BODY)[:-30], "no intact zip"),
        (word(BODY)[30:], "no intact zip"),
        (b"0" * (word_draft.LARGEST + 1), "at most 20,000,000 bytes"),
    ],
)
def test_what_is_no_document(data: bytes, message: str) -> None:
    assert message in refused(data)


def test_a_document_by_another_name_is_found() -> None:
    data = word(
        "",
        **{
            "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
            'relationships"><Relationship Id="a" Type="http://schemas.openxmlformats.org/'
            'officeDocument/2006/relationships/officeDocument" Target="/word/document2.xml"/>'
            "</Relationships>",
            "word/document2.xml": document(BODY),
        },
    )
    (part,) = word_draft.parse(data).parts
    assert part.text == "text"  # type: ignore[union-attr]
