"""Builds the API reference of the package from its docstrings: pages that open from disk alone."""

import importlib
import pkgutil
import shutil
import sys
import types
import warnings
from pathlib import Path

import pandas as pd
import pdoc.doc
import pdoc.render

import evidence

HERE = Path(__file__).parent


def modules() -> list[str]:
    """Return the public modules of the package, imported."""
    found = [evidence.__name__]
    pending = [evidence]
    while pending:
        package = pending.pop()
        for one in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            if one.name.rpartition(".")[2].startswith("_"):
                continue
            found.append(one.name)
            module = importlib.import_module(one.name)
            if one.ispkg:
                pending.append(module)
    return sorted(found)


def build(folder: Path) -> None:
    """Write the reference into a folder, in place of what stands there.

    Parameters
    ----------
    folder : Path
        Its ``index.html`` is the front page. Whatever pdoc warns of in this package is an error.
    """
    names = modules()
    # Packages import their functions when they are asked for; pdoc looks where they then stand.
    for module in map(sys.modules.__getitem__, names):
        for name in getattr(module, "__all__", ()):
            vars(module)[name] = getattr(module, name)
    # Annotations name the type in a series, as stubs of pandas have it and pandas itself has not.
    pd.Series.__class_getitem__ = classmethod(types.GenericAlias)
    pdoc.render.configure(docformat="numpy", template_directory=HERE, show_source=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # A class of ours has its base there, whose annotations name types that pdoc takes wrongly.
        warnings.filterwarnings("ignore", r"Error parsing type annotation .* for jupyter_client\.")
        # One by one: pdoc itself leaves out modules that a package does not hand out.
        documented = {name: pdoc.doc.Module.from_name(name) for name in names}
        pages = {
            f"{name.replace('.', '/')}.html": pdoc.render.html_module(module, documented)
            for name, module in documented.items()
        }
        pages["index.html"] = pdoc.render.html_index(documented)
        pages["search.js"] = pdoc.render.search_index(documented)
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    build(Path(sys.argv[1]))
    sys.stdout.write(f"{Path(sys.argv[1]) / 'index.html'}\n")
