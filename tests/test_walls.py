"""tests/check_rooms finds each kind of violation: a small tree is clean, and one is planted at a time."""
import os
import subprocess
import sys

import pytest

CHECK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "check_rooms")
CLEAN = {
    "base/low.h": "int low(void);\n",
    "base/low.c": '#include "base/low.h"\nint low(void) { return 1; }\n',
    "dialer/call/inner.h": "int hidden(void);\n",
    "dialer/call/high.c": '#include "base/low.h"\n#include "dialer/call/inner.h"\n'
                          "int high(void) { return low(); }\n"
                          "int hidden(void) { return 2; }\n",
    "dialer/call/other.c": '#include "dialer/call/inner.h"\nint other(void) { return hidden(); }\n',
}


def run(tmp_path, files, build=True, design=""):
    for name, text in files.items():
        path = tmp_path / "engine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name in files if build else ():
        if name.endswith(".c"):
            obj = tmp_path / "build" / (name[:-2] + ".o")
            obj.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cc", "-c", f"-I{tmp_path}/engine", "-o", obj,
                            tmp_path / "engine" / name], check=True)
    (tmp_path / "docs").mkdir(exist_ok=True)
    (tmp_path / "docs/design.md").write_text(design)
    return subprocess.run([sys.executable, CHECK, tmp_path], capture_output=True, text=True)


def test_a_clean_tree_passes(tmp_path):
    done = run(tmp_path, CLEAN)
    assert (done.returncode, done.stderr) == (0, "")


PLANTED = {
    "include": ({"base/low.c": '#include "dialer/call/inner.h"\nint low(void) { return 1; }\n'},
                "engine/base/low.c:1: base may not include dialer/call/inner.h"),
    "call": ({"base/low.c": "int high(void);\nint low(void) { return high(); }\n"},
             "engine/base/low.c: base may not use high"),
    "beside": ({"sim/sim.c": "int high(void);\nint sim(void) { return high(); }\n"},
               "engine/sim/sim.c: sim may not use high"),
    "insiders": ({"dialer/pace/peep.c": '#include "dialer/call/inner.h"\nint peep(void) { return 0; }\n'},
                 "engine/dialer/pace/peep.c:1: dialer/call/inner.h is for its own folder only"),
    "folder": ({"cellar/wine.c": "int wine(void) { return 0; }\n"}, "engine/cellar: not a room"),
    "circle": ({"dialer/call/other.c": "int high(void);\nint other(void) { return high(); }\n",
                "dialer/call/high.c": "int low(void); int other(void);\n"
                                      "int high(void) { return low() + other(); }\n"},
               "circle without a reason in docs/design.md: `dialer/call/high, dialer/call/other`"),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_violation_is_found(tmp_path, kind):
    files, expected = PLANTED[kind]
    done = run(tmp_path, {**CLEAN, **files})
    assert done.returncode == 1 and expected in done.stderr


def test_a_circle_with_a_reason_passes(tmp_path):
    files, _ = PLANTED["circle"]
    done = run(tmp_path, {**CLEAN, **files},
               design="- `dialer/call/high, dialer/call/other`: two halves of one thing.\n")
    assert done.returncode == 0
    assert "circle: dialer/call/high, dialer/call/other" in done.stdout


def test_without_objects_nothing_is_proved(tmp_path):
    done = run(tmp_path, CLEAN, build=False)
    assert done.returncode == 1 and "no objects to read calls from" in done.stderr
