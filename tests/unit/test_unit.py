"""Each unit test program (tests/unit/test_*.c, built into build/unit) is one test here. Nothing is built: `make unit`
does that, and a program that is missing has failed. BUILD names another build folder (with sanitizers, say)."""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
NAMES = sorted(source.stem for source in (ROOT / "tests" / "unit").glob("test_*.c"))


def run(name, env=None):
    """Runs one of them, which must end well."""
    program = BUILD / "unit" / name
    assert program.is_file(), f"{program} is not there: make unit"
    try:
        done = subprocess.run([program], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=300, check=False, env=env)
    except subprocess.TimeoutExpired as late:
        pytest.fail(f"{name} hangs:\n{(late.stdout or b'').decode(errors='replace')}", pytrace=False)
    if done.returncode:
        pytest.fail(f"{name} ended with {done.returncode}:\n{done.stdout.decode(errors='replace')}", pytrace=False)


@pytest.mark.parametrize("name", NAMES)
def test_program(name):
    run(name)


def test_full_disk_at_another_time(set_clock):
    """The store asks a full disk again by the wall clock, which may be set: with this one it would wait for years."""
    run("test_crash", set_clock("2099-12-31 23:59:59").env())
