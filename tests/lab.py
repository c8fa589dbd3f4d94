"""`astout simulate` as tests call it: what it prints, and what it leaves in its folder."""
import json
import os
import subprocess

from engine import TOP, binary

# One call for each free agent: what any method should beat, and never abandons anybody.
PROGRESSIVE = """
local function dial(view)
    return math.max(0, view.queue.available - view.ringing - view.queue.waiting)
end
return { api = 1, about = "one call for each free agent", dial = dial }
"""
# Four for each free agent: abandons more than anybody may.
WILD = PROGRESSIVE.replace("view.queue.available", "4 * view.queue.available")


def simulate(*args, env=None, timeout=200):
    """A finished process; its figures are told by figures()."""
    return subprocess.run([binary(), "simulate", *map(str, args)], cwd=TOP, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=timeout, check=False,
                          env={**os.environ, **(env or {})})


def figures(*args, **more):
    """What --json prints."""
    done = simulate(*args, "--json", **more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Bench:
    """A folder with strategies, plans and worlds of a test's own."""

    def __init__(self, folder):
        self.folder = folder

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def progressive(self):
        return self.file("progressive.lua", PROGRESSIVE)

    def wild(self):
        return self.file("wild.lua", WILD)

    def world(self, table):
        return self.file("world.lua", f"return {table}")
