"""Each unit test program (tests/unit/test_*.c, built into build/unit) is one test here. Nothing is built: `make unit`
does that, and a program that is missing has failed. BUILD names another build folder (with sanitizers, say)."""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
NAMES = sorted(source.stem for source in (ROOT / "tests" / "unit").glob("test_*.c"))


@pytest.mark.parametrize("name", NAMES)
def test_program(name):
    program = BUILD / "unit" / name
    assert program.is_file(), f"{program} is not there: make unit"
    try:
        run = subprocess.run([program], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, timeout=300, check=False)
    except subprocess.TimeoutExpired as late:
        pytest.fail(f"{name} hangs:\n{(late.stdout or b'').decode(errors='replace')}", pytrace=False)
    if run.returncode:
        pytest.fail(f"{name} ended with {run.returncode}:\n{run.stdout.decode(errors='replace')}", pytrace=False)
