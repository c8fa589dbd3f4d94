"""`make lab`: the whole table of docs/lab.md, from shifts of the laboratory (astout simulate).

Each row is kept under build/lab as soon as it is there, under a name made of everything it depends on (the code that
decides, strategy, world, arguments), so that a run that was interrupted goes on where it was. Two shifts work at a time.
"""
import concurrent.futures
import glob
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KEPT = os.path.join(TOP, "build", "lab")
PAGE = os.path.join(TOP, "docs", "lab.md")
PROGRAM = os.path.join(TOP, "build", "astout")

# Agents: (goal, utilisation of the rule that is told all distributions); the page says where they come from.
GOALS = {5: (0.833, 0.847), 10: (0.868, 0.874), 20: (0.902, 0.908), 50: (0.941, 0.945), 100: (0.958, 0.965),
         200: (0.974, 0.979)}
SIMPLE = {"one call per free agent": ("progressive", "3"), "ViciDial's rule": ("adapt", "0"),
          "dial/available": ("available", "3"), "2 lines per agent": ("power", "0")}
# World file, agents, the reference method's utilisation.
OTHERS = [("rate-15", 5, 0.793), ("rate-15", 10, 0.845), ("rate-15", 20, 0.895), ("rate-15", 50, 0.939),
          ("rate-15", 100, 0.962), ("rate-50", 10, 0.902), ("rate-50", 50, 0.948), ("short-15", 10, 0.777),
          ("short-15", 100, 0.958), ("short-30", 10, 0.797), ("short-30", 50, 0.930), ("short-50", 20, 0.879)]
# Exact limits of the memoryless world (a Markov decision problem), and the share of them to reach.
LIMITS = [(5, 0.880, None), (10, 0.896, 0.97), (20, 0.918, None), (50, 0.949, 0.985)]
HARD = [("drop", "the answer rate falls from 0.5 to 0.2 and rises again", 50),
        ("lunch", "half of the agents go to lunch", 50), ("long", "talk time doubles", 50),
        ("three", "three agents", 3), ("rare", "an answer rate of 0.03", 20),
        ("machines", "machines, AMD with 5 % errors", 50), ("trunk", "a trunk with too few channels", 50)]


def read(*parts):
    """A file's bytes."""
    with open(os.path.join(TOP, *parts), "rb") as file:
        return file.read()


# What the figures depend on beside strategy and world: the learner, the pacing, the simulated Asterisk.
DECIDING = ("cap", "dialview", "hazard", "learn", "learnlua", "live", "observe", "observer",
            "outlook", "pace", "queue", "room", "worktime")
DECIDES = b"".join(read(path) for path in sorted(
    glob.glob("engine/sim/*.c", root_dir=TOP) + [path for name in DECIDING for path in glob.glob(f"engine/dialer/*/{name}.c", root_dir=TOP)]))
# The files that strategies require.
PARTS = b"".join(read("strategies", name) for name in sorted(glob.glob("*.lua", root_dir=os.path.join(TOP, "strategies"))))


def simulate(plan, world, agents, runs, limit="3", kept=False):
    """The --json of these shifts, from build/lab if they were run before; kept: only then, else None."""
    args = ["--plan", plan, "--world", f"tests/worlds/{world}.lua", "--agents", str(agents), "--hours", "8", "--runs", str(runs),
            "--abandon-limit", limit, "--json"]
    key = hashlib.sha256(DECIDES + PARTS + read("strategies", "dial", plan + ".lua") + read("tests", "worlds", world + ".lua")
                         + repr(args).encode()).hexdigest()[:20]
    path = os.path.join(KEPT, f"{plan}-{world}-{agents}-{key}.json")
    if not os.path.exists(path):
        if kept:
            return None
        done = subprocess.run([PROGRAM, "simulate", *args], cwd=TOP, check=True, capture_output=True)
        with open(path + ".new", "wb") as file:
            file.write(done.stdout)
        os.rename(path + ".new", path)
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def figures(result):
    """Mean utilisation, mean and worst abandonment in per cent."""
    runs = result["runs"]
    lost = [100 * run["abandoned"] for run in runs]
    return sum(run["utilisation"] for run in runs) / len(runs), sum(lost) / len(lost), max(lost)


def cell(result):
    """`0.944 2.87 %`, with a mark if a run is above the line; a row that was not run is said to be."""
    if result is None:
        return "not run"
    used, lost, worst = figures(result)
    return f"{used:.3f} {lost:.2f} %{'!' if worst > 3 else ''}"


def machine():
    """What it ran on."""
    model = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo", encoding="ascii").read())  # pylint: disable=consider-using-with
    return f"{model.group(1) if model else platform.machine()}, {os.cpu_count()} cores"


def rows():
    """Every simulate call of the page, what matters most first."""
    for agents in sorted(GOALS, reverse=True):
        yield "predictive", "table", agents, 20
    for agents in GOALS:
        for plan, limit in SIMPLE.values():
            yield plan, "table", agents, 4, limit
    for agents, _, _ in LIMITS:
        yield "predictive", "memoryless", agents, 8
    for world, _, agents in HARD:
        yield "predictive", world, agents, 4
    for world, agents, _ in OTHERS:
        yield "predictive", world, agents, 4


def run_all():
    """Runs what is missing; shows how far it is. A simulate call uses both cores itself."""
    todo, begun = list(rows()), time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        for n, _ in enumerate(pool.map(lambda row: simulate(*row), todo), 1):
            print(f"\r{n} of {len(todo)} rows, {time.monotonic() - begun:.0f} s", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def own(world, agents, runs):
    """Two cells: what predictive dialing reaches there, and its worst run."""
    result = simulate("predictive", world, agents, runs, kept=True)
    if result is None:
        return "not run | "
    used, lost, worst = figures(result)
    return f"**{used:.4f}** {lost:.2f} % | {worst:.2f} %"


def page():
    """docs/lab.md."""
    out = [f"""# The laboratory's table

What predictive dialing reaches, in figures. `make lab` makes this page; it was run on {time.strftime('%Y-%m-%d')}, {machine()}. Each
run is a [shift](glossary.md#shift) of 8 hours through the whole engine: AMI bytes, the copy of the queues, Lua, the store.
The [answer rate](glossary.md#answer-rate) is 0.30 and the mean talk 180 s unless a table says otherwise
([tests/worlds](../tests/worlds)).

A cell gives the [utilisation](glossary.md#utilisation), then the share of the live answers that were
[abandoned](glossary.md#abandoned); `!` marks a run above 3 %. [simulate.md](simulate.md#figures) defines these figures,
[predictive.md](predictive.md) explains the method. The figures to compare with were computed in a model of calls and agents
alone, without the engine:

- **reference method**: dials by the risk of one more call, without the four differences that
  [predictive.md](predictive.md#where-it-comes-from) lists.
- **goal**: the reference method, tuned so carefully that it stayed below 3 % on each of 328 days in 64 worlds.
- **told everything but the future**: the same rule, given all distributions and tuned in hindsight to exactly 3 %.
- **exact limit**: the best that any rule can reach where ring and handling times are memoryless, computed as a constrained
  Markov decision problem.

## Team sizes

`dial/predictive`: 20 seeds; the other rules: 4 seeds. ViciDial's rule (`dial/adapt`) and two lines per agent (`dial/power`)
run without the engine's own abandonment limit.

| agents | goal | told everything but the future | predictive | worst run | {' | '.join(SIMPLE)} |
|---|---|---|---|---|{'---|' * len(SIMPLE)}"""]
    for agents, (goal, told) in GOALS.items():
        simple = " | ".join(cell(simulate(plan, "table", agents, 4, limit, kept=True)) for plan, limit in SIMPLE.values())
        out.append(f"| {agents} | {goal:.3f} | {told:.3f} | {own('table', agents, 20)} | {simple} |")
    out.append("\n## Other answer rates and call lengths\n\n4 seeds; rate-15: answer rate 0.15; short: talk 60 s, wrap-up 15 s.\n\n"
               "| world | agents | reference method | predictive | worst run |\n|---|---|---|---|---|")
    for world, agents, reference in OTHERS:
        out.append(f"| {world} | {agents} | {reference:.3f} | {own(world, agents, 4)} |")
    out.append("\n## The memoryless world, whose limit is known exactly\n\n8 seeds; ring 11 s, handling 210 s, nobody waits.\n\n"
               "| agents | exact limit | goal | predictive | worst run |\n|---|---|---|---|---|")
    for agents, limit, goal in LIMITS:
        wanted = f"{goal * limit:.3f} ({goal} of it)" if goal else ""
        out.append(f"| {agents} | {limit:.3f} | {wanted} | {own('memoryless', agents, 8)} |")
    out.append("\n## Worlds that break naive methods\n\n4 seeds.\n\n| world | | agents | predictive | worst run |\n|---|---|---|---|---|")
    for world, words, agents in HARD:
        out.append(f"| {world} | {words} | {agents} | {own(world, agents, 4)} |")
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    os.makedirs(KEPT, exist_ok=True)
    if sys.argv[1:] != ["page"]:  # `lab.py page`: of what has been run so far
        run_all()
    with open(PAGE, "w", encoding="utf-8") as written:
        written.write(page())
