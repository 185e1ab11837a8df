"""Builds the package from the OpenAPI document on the way into a wheel."""
import pathlib
import sys

from setuptools import setup
from setuptools.command.build_py import build_py

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import generate  # noqa: E402


class Generate(build_py):
    def run(self):
        super().run()
        generate.generate(generate.joined(), pathlib.Path(self.build_lib))


setup(cmdclass={"build_py": Generate})
