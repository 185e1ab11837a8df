"""The package as it stands in a checkout: what generate.py makes is made when it is imported, in a temporary folder, so that
PYTHONPATH=clients/python is enough. A package that was generated or installed has an __init__.py of its own."""
import pathlib as _pathlib
import sys as _sys
import tempfile as _tempfile


def _make() -> None:
    here = _pathlib.Path(__file__).resolve().parent
    _sys.path.insert(0, str(here.parent))
    try:
        import generate
    finally:
        _sys.path.pop(0)
    with _tempfile.TemporaryDirectory() as folder:
        generate.generate(generate.joined(), _pathlib.Path(folder))
        made = _pathlib.Path(folder) / "genesyscloud"
        __path__.append(str(made))
        try:  # every module that was made is loaded here: the folder is not needed afterwards
            exec(compile((made / "__init__.py").read_text(), str(made / "__init__.py"), "exec"), globals())
        finally:
            __path__.remove(str(made))


_make()
