"""tests/check_style finds each kind of violation: a small tree is clean, and one is planted at a time."""
import os
import subprocess
import sys

import pytest

CHECK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "check_style")
CLEAN = {
    "base/low.c": "static int low_one(int a, int b) {\n    return f(a ? 1 : 2, b ? 3 : 4);\n}\n",
    "plan/plan.c": "static bool plan(int a) { return a ? yes() : no(); }\n"
                   "static int plan_two(void) { return 'x' == '?' ? 1 : 2; } /* a ? b : c ? d : e */\n",
    "pace/value.c": "static int (*const table[])(void) = {NULL};\n"
                    "static int pace_value_read(const char *s);\n"
                    "static int pace_value_read(const char *s) { return s ? \"? : ?\" : s; }\n",
    "base/value.c": "static int base_value_read(void) {\n" + "    f();\n" * 45 + "}\n",
    "base/low.h": "#define PICK(a, b, c) ((a) ? (b) : (c) ? 1 : 2)\n"
                  "static inline int low_two(int a) { return a ? 1 : 2; }\n",
}


def run(tmp_path, files, *options):
    for name, text in files.items():
        path = tmp_path / "engine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return subprocess.run([sys.executable, CHECK, "--top", tmp_path, *options], capture_output=True, text=True,
                          check=False)


def test_a_clean_tree_passes(tmp_path):
    done = run(tmp_path, CLEAN)
    assert (done.returncode, done.stderr) == (0, "")


PLANTED = {
    "chain": ({"base/low.c": "int f(int a) {\n    return a > 1 ? 1\n         : a > 0 ? 2\n                 : 3;\n}\n"},
              "engine/base/low.c:3: a conditional (?:) within another one"),
    "in parentheses": ({"base/low.c": "int f(int a) { return a ? (a > 1 ? 1 : 2) : 3; }\n"},
                       "engine/base/low.c:1: a conditional (?:) within another one"),
    "in an argument": ({"base/low.c": "int x = a ? f(1, b ? 2 : 3) : 4;\n"},
                       "engine/base/low.c:1: a conditional (?:) within another one"),
    "in a block": ({"base/low.c": "void f(void) {\n    if (a) {\n        x = (a ? b : c) + (d ? e ? 1 : 2 : 3);\n    }\n}\n"},
                   "engine/base/low.c:3: a conditional (?:) within another one"),
    "prefix": ({"base/low.c": "/* one\n * two */\nstatic int one(void) { return 1; }\n"},
               "engine/base/low.c:3: one: the name of a static function here begins with low_"),
    "prefix of another folder": ({"pace/value.c": "static struct x *\nbase_value_see(void) { return 1; }\n"},
                                 "engine/pace/value.c:1: base_value_see: the name of a static function here begins with "
                                 "value_"),
    "prefix of a longer word": ({"base/low.c": "static int lower(void) { return 1; }\n"},
                                "engine/base/low.c:1: lower: the name of a static function here begins with low_"),
    "twice": ({"plan/low_plan.c": "static int low_one(void) { return 1; }\n"},
              "engine/base/low.c:1: low_one: engine/plan/low_plan.c has a static function of that name, too"),
    "long function": ({"base/low.c": "int g(void) { return 1; }\nint f(void)\n{\n" + "    g();\n" * 46 + "}\n"},
                      "engine/base/low.c:3: a function of 46 lines; at most 45"),
    "long line": ({"base/low.c": "/* " + "ü" * 93 + " */\n"}, "engine/base/low.c:1: 99 columns; at most 96"),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_violation_is_found(tmp_path, kind):
    files, expected = PLANTED[kind]
    done = run(tmp_path, {**CLEAN, **files})
    assert done.returncode == 1 and expected in done.stderr.splitlines()


def test_other_folders_are_left_alone(tmp_path):
    files = {**CLEAN, **PLANTED["prefix"][0]}
    assert run(tmp_path, files, "plan", "pace").returncode == 0
    assert run(tmp_path, files, "plan", "base").returncode == 1
    assert "engine/attic has no sources" in run(tmp_path, files, "attic").stderr
