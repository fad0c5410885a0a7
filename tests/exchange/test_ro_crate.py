"""The crate lists exactly its files, leads every number to its origins, and is the same twice."""

import hashlib
import json
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from evidence import __version__, ledger
from evidence.errors import DataError, ParameterError, RenderError
from evidence.exchange.ro_crate import bill_of_materials, export_ro_crate
from tests.commands import run

ROOT = Path(__file__).parents[2]
NOT_PARTS = {"ro-crate-metadata.json"}


def project(root: Path) -> Path:
    """Copy what an export reads; one report in all formats."""
    for name in ("LICENSE", "CITATION.cff", "requirements.lock"):
        shutil.copy(ROOT / name, root)
    shutil.copytree(ROOT / "data", root / "data")
    (root / "reports").mkdir()
    for path in (ROOT / "reports").iterdir():
        if path.suffix in (".html", ".csv", ".toml"):
            shutil.copy(path, root / "reports")
    for suffix in ("docx", "pdf"):
        (root / "reports" / f"claims.{suffix}").write_bytes(b"made elsewhere")
    return root


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = project(tmp_path_factory.mktemp("project"))
    export_ro_crate(base / "out.zip", base)
    return base / "out.zip"


@pytest.fixture(scope="module")
def files(made: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(made) as crate:
        return {name: crate.read(name) for name in crate.namelist()}


def graph(content: bytes) -> dict[str, dict[str, Any]]:
    nodes = json.loads(content)["@graph"]
    found = {node["@id"]: node for node in nodes}
    assert len(found) == len(nodes)
    return found


def links(value: Any) -> list[str]:
    """Return the ids that a property leads to."""
    values = value if isinstance(value, list) else [value]
    return [one["@id"] for one in values if isinstance(one, dict)]


def test_parts_are_the_files(files: dict[str, bytes]) -> None:
    assert json.loads(files["ro-crate-metadata.json"])["@context"] == (
        "https://w3id.org/ro/crate/1.1/context"
    )
    nodes = graph(files["ro-crate-metadata.json"])
    parts = links(nodes["./"]["hasPart"])
    assert len(parts) == len(set(parts))
    assert set(parts) == set(files) - NOT_PARTS
    for path in parts:
        assert nodes[path]["@type"] == "File"
        assert re.fullmatch(r"[a-z]+/[\w.+-]+", nodes[path]["encodingFormat"])
        assert nodes[path]["contentSize"] == str(len(files[path]))


def test_the_crate_holds_everything(files: dict[str, bytes]) -> None:
    expected = {f"data/{one.name}" for one in (ROOT / "data").iterdir() if one.is_file()}
    expected |= {f"reports/{one.name}" for one in (ROOT / "reports").glob("*.html")}
    expected |= {"reports/claims.docx", "reports/claims.pdf", "reports/estimates.csv"}
    expected |= {"reports/superseded.csv", "reports/reasons.csv"}
    expected |= {"LICENSE", "CITATION.cff", "ro-crate-metadata.json"}
    assert set(files) == expected | {"provenance.jsonld", "bill-of-materials.cdx.json"}
    assert files["data/arms.csv"] == (ROOT / "data" / "arms.csv").read_bytes()


def test_the_root_says_what_it_is(files: dict[str, bytes]) -> None:
    nodes = graph(files["ro-crate-metadata.json"])
    about, root = nodes["ro-crate-metadata.json"], nodes["./"]
    assert about["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert about["about"] == {"@id": "./"}
    locators = (ROOT / "data" / "locators.csv").read_text(encoding="utf-8")
    newest = max(re.findall(r",(\d{4}-\d\d-\d\d)$", locators, re.MULTILINE))
    assert root["datePublished"] == newest
    assert root["name"]
    assert "No systematic search" in root["description"]
    assert nodes[root["license"]["@id"]]["name"] == "MIT License"
    assert "Metapsy" in nodes[nodes["data/arms.csv"]["license"]["@id"]]["description"]
    assert "license" not in nodes["reports/claims.html"]


def test_whatever_is_named_is_described(files: dict[str, bytes]) -> None:
    nodes = graph(files["ro-crate-metadata.json"])
    outside = {"https://w3id.org/ro/crate/1.1"}
    for node in nodes.values():
        for value in node.values():
            assert set(links(value)) <= set(nodes) | outside


def test_reports_have_their_titles(files: dict[str, bytes]) -> None:
    nodes = graph(files["ro-crate-metadata.json"])
    page = files["reports/claims.html"].decode()
    title = page.partition("<title>")[2].partition("</title>")[0]
    assert nodes["reports/claims.pdf"]["name"] == f"{title} (PDF)"


def test_every_number_leads_to_its_origins(files: dict[str, bytes]) -> None:
    content = json.loads(files["provenance.jsonld"])
    assert content["@context"]["prov"] == "http://www.w3.org/ns/prov#"
    nodes = graph(files["provenance.jsonld"])
    entries = ledger.read(ROOT / "reports" / "estimates.csv")
    assert len(entries) > 100
    for one in entries:
        node = nodes[f"#estimate/{one.estimate_id}"]
        assert node["@type"] == "prov:Entity"
        assert node["prov:value"] == one.effect
        assert links(node["prov:wasDerivedFrom"]) == [
            *(f"#result/{result}" for result in one.result_ids),
            *(f"#locator/{place}" for place in one.locator_ids),
        ]
        assert links(node.get("prov:wasInfluencedBy", [])) == [
            f"#correction/{correction}" for correction in one.correction_ids
        ]
        build = nodes[node["prov:wasGeneratedBy"]["@id"]]
        assert build["@type"] == "prov:Activity"
        assert set(links(build["prov:used"])) == {
            each for each in files if each.startswith("data/")
        }
        agent = nodes[build["prov:wasAssociatedWith"]["@id"]]
        assert agent["schema:softwareVersion"] == __version__


def test_every_origin_is_there_and_ends_at_a_publication(files: dict[str, bytes]) -> None:
    nodes = graph(files["provenance.jsonld"])
    for key, node in nodes.items():
        for name, value in node.items():
            if name.startswith("prov:"):
                assert all(one in nodes or one in files for one in links(value)), (key, name)
            if name == "dcterms:isPartOf":
                assert links(value)[0] in files
        if key.startswith(("#result/", "#locator/")):
            ends = links(node["prov:wasDerivedFrom"])
            assert ends
            assert all(one.startswith(("#locator/", "#publication/")) for one in ends)


def test_pages_are_derived_from_the_numbers_they_show(files: dict[str, bytes]) -> None:
    nodes = graph(files["provenance.jsonld"])
    entries = ledger.read(ROOT / "reports" / "estimates.csv")
    shown = {f"#estimate/{one.estimate_id}" for one in entries if "claims" in one.reports}
    assert shown
    for page in ("reports/claims.html", "reports/claims.docx", "reports/claims.pdf"):
        assert set(links(nodes[page]["prov:wasDerivedFrom"])) == shown


def test_the_bill_lists_every_pin_with_its_hashes(files: dict[str, bytes]) -> None:
    bill = json.loads(files["bill-of-materials.cdx.json"])
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["version"] == __version__
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = set(re.findall(r"^([\w.-]+)==([\w.+-]+)", lock, re.MULTILINE))
    assert {(one["name"], one["version"]) for one in bill["components"]} == pins
    references = [one["bom-ref"] for one in bill["components"]]
    assert references == sorted(set(references))
    hashes = {each["content"] for one in bill["components"] for each in one["hashes"]}
    assert hashes == set(re.findall(r"--hash=sha256:([0-9a-f]{64})", lock))


def test_a_pin_keeps_its_own_hashes_and_markers() -> None:
    one, two = 64 * "1", 64 * "2"
    made = bill_of_materials(
        f"B_c==2 ; python_version < '3.12' \\\n    --hash=sha256:{two}\n    # via d\n"
        f"a==1 \\\n    --hash=sha256:{one}\n"
    )
    assert [(each["purl"], each["hashes"]) for each in made["components"]] == [
        ("pkg:pypi/a@1", [{"alg": "SHA-256", "content": one}]),
        ("pkg:pypi/b-c@2", [{"alg": "SHA-256", "content": two}]),
    ]
    assert made["components"][1]["properties"] == [
        {"name": "evidence:environment-marker", "value": "python_version < '3.12'"}
    ]


@pytest.mark.parametrize(
    ("lock", "message"),
    [
        ("# nothing\n", "expected pins"),
        ("numpy>=2\n", "row 1: found 'numpy>=2', expected a pin"),
        ("    --hash=sha256:" + 64 * "0", "row 1"),
    ],
)
def test_a_broken_lock_is_named(lock: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        bill_of_materials(lock)


def test_bytes_are_the_same_twice(made: Path, tmp_path: Path) -> None:
    base = project(tmp_path)
    export_ro_crate(tmp_path / "again.zip", base)
    assert (
        hashlib.sha256((tmp_path / "again.zip").read_bytes()).digest()
        == hashlib.sha256(made.read_bytes()).digest()
    )
    with zipfile.ZipFile(made) as crate:
        assert crate.namelist() == sorted(crate.namelist())
        assert len({one.date_time for one in crate.infolist()}) == 1


def test_reports_of_other_data_are_refused(tmp_path: Path) -> None:
    base = project(tmp_path)
    descriptor = base / "data" / "datapackage.json"
    content = json.loads(descriptor.read_text(encoding="utf-8"))
    descriptor.write_text(json.dumps(content | {"version": "9.9.9"}), encoding="utf-8")
    with pytest.raises(RenderError, match=r"the data are 9\.9\.9: build the reports first"):
        export_ro_crate(tmp_path / "out.zip", base)
    assert not (tmp_path / "out.zip").exists()


def test_an_origin_that_the_data_do_not_have_is_named(tmp_path: Path) -> None:
    base = project(tmp_path)
    path = base / "reports" / "estimates.csv"
    text = path.read_text(encoding="utf-8")
    assert "c21_dass_abct_fu" in text
    path.write_text(text.replace("c21_dass_abct_fu", "c21_gone"), encoding="utf-8")
    with pytest.raises(RenderError, match="do not have: #result/c21_gone"):
        export_ro_crate(tmp_path / "out.zip", base)


@pytest.mark.parametrize("name", ["estimates.csv", "claims.html"])
def test_missing_reports_are_named(name: str, tmp_path: Path) -> None:
    base = project(tmp_path)
    for path in (base / "reports").glob("claims.*"):
        path.unlink()
    (base / "reports" / name).unlink(missing_ok=True)
    with pytest.raises(RenderError, match=f"build the reports first: .*{name}"):
        export_ro_crate(tmp_path / "out.zip", base)


def test_a_place_that_is_no_zip_is_refused(tmp_path: Path) -> None:
    base = project(tmp_path)
    (tmp_path / "folder.zip").mkdir()
    (tmp_path / "file").write_text("in the way")
    for name in ("crate", "folder.zip", "file/out.zip"):
        with pytest.raises(ParameterError, match="ro_crate"):
            export_ro_crate(tmp_path / name, base)


def test_command(tmp_path: Path) -> None:
    done = run("export", "--ro-crate", tmp_path / "out.zip")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(tmp_path / "out.zip") as crate:
        assert done.stdout == f"out.zip: {len(crate.namelist())} files\n"
    wrong = run("export", "--ro-crate", tmp_path / "out.tar")
    assert wrong.returncode == 2
    assert "expected a file that ends in .zip" in wrong.stderr
