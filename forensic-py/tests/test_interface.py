"""The stubs match the module, everything public is described, and the examples in the documentation run."""

import doctest
import pathlib
import subprocess
import sys

import forensic


# Each Rust file has a stub of its name; at run time all of them are forensic._forensic.
STUBTEST = """
import pathlib, sys, forensic, forensic._forensic as native
from mypy import stubtest
for stub in pathlib.Path(forensic.__file__).parent.glob("_[a-z]*.pyi"):
    if stub.stem != "_forensic":
        sys.modules["forensic." + stub.stem] = native
arguments = ["forensic", "--ignore-missing-stub", "--concise", "--allowlist", sys.argv[1]]
sys.exit(stubtest.test_stubs(stubtest.parse_options(arguments)))
"""


def test_the_stubs_match_the_module(tmp_path):
    allowlist = pathlib.Path(__file__).with_name("stubtest.allowlist")
    command = [sys.executable, "-c", STUBTEST, str(allowlist)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_everything_public_is_described():
    for name in forensic.__all__:
        item = getattr(forensic, name)
        assert name == "__version__" or item.__doc__, name
        for member in vars(item) if isinstance(item, type) else ():
            assert member.startswith("_") or member in ("structure", "offset") or getattr(item, member).__doc__, f"{name}.{member}"


def test_the_examples_run():
    assert doctest.testmod(forensic).failed == 0
