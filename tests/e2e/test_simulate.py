"""The laboratory: the same engine against the simulated Asterisk on a virtual clock."""
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time
from html.parser import HTMLParser

import pytest

from engine import TOP, binary
from lab import Bench, figures, simulate


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def short(*more):
    """Half an hour of ten agents."""
    return ["--hours", "0.5", "--agents", "10", "--runs", "2", *more]


def test_same_bytes(bench):
    """Something that differs from process to process decides: addresses, time, the order of keys."""
    plan, told = bench.wild(), []
    out = bench.folder / "out"
    kept = [f"{kind}-{seed}" for seed in (5, 6) for kind in ("decisions", "results")]
    for _ in range(2):
        text = simulate("--plan", plan, "--seed", 5, "--out", out, "--json", *short()).stdout
        files = {name: next(out.glob(f"{name}.*")).read_bytes() for name in kept}
        told.append((text, files))
    assert told[0] == told[1]
    text, files = told[0]
    assert len(set(files.values())) == len(kept) and all(files.values())
    runs = json.loads(text)["runs"]
    assert [run["seed"] for run in runs] == [5, 6]
    for run in runs:  # each decision that asked a strategy is a line; each call has a result, or was up at the end
        lines = [json.loads(line) for line in files[f"decisions-{run['seed']}"].splitlines()]
        assert sum(line["begun"] for line in lines) >= run["dials"] > 0
        assert {line["script"] for line in lines} == {"wild"}
        assert [line["t"] for line in lines] == sorted(line["t"] for line in lines)
        results = files[f"results-{run['seed']}"].splitlines()
        assert run["dials"] - 40 <= len(results) <= run["dials"]


def test_runs_are_their_seeds(bench):
    """A run depends on how many are made, or on which process makes it."""
    plan = bench.progressive()
    three = figures("--plan", plan, "--hours", 0.2, "--agents", 5, "--runs", 3, "--seed", 7)["runs"]
    one = figures("--plan", plan, "--hours", 0.2, "--agents", 5, "--runs", 1, "--seed", 9)["runs"]
    assert three[2] == one[0]
    assert three[0]["dials"] != three[1]["dials"] or three[0]["utilisation"] != three[1]["utilisation"]


def children(pid):
    """The processes that it has begun and not yet waited for."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return file.read().split()


def test_as_many_workers_as_processors(bench):
    """Where there is one processor shifts hinder each other; where there are many some idle."""
    cpus = sorted(os.sched_getaffinity(0))
    for allowed in ({cpus[0]}, set(cpus)):
        wanted = min(len(allowed), 64)
        args = ["--plan", bench.progressive(), "--hours", "1", "--agents", "10", "--runs", str(wanted + 1)]
        with subprocess.Popen([binary(), "simulate", *map(str, args)], cwd=TOP, stdout=subprocess.DEVNULL,
                              preexec_fn=lambda: os.sched_setaffinity(0, allowed)) as process:  # pylint: disable=all
            most = 0
            while process.poll() is None:
                most = max(most, len(children(process.pid)))
        assert (process.returncode, most) == (0, wanted)


def outcomes(path):
    """{lead's number: ResDial of its call} of a ledger; the k-th call goes to the k-th lead."""
    with sqlite3.connect(path) as db:
        return dict(db.execute("SELECT number_1, res_dial FROM dl_list WHERE res_dial NOT NULL AND res_dial > 0"))


def test_same_customers(bench):
    """Two methods are compared on different customers."""
    out = bench.folder / "out"
    figures("--plan", bench.progressive(), "--compare", "available", "--out", out, *short())
    for seed in (1, 2):
        one, other = (outcomes(out / f"ledger-{which}{seed}.sqlite3") for which in ("", "compare-"))
        both = one.keys() & other.keys()
        assert len(both) > 50 and {one[n] for n in both} >= {3, 4}
        assert all(one[n] == other[n] for n in both)


@pytest.mark.slow
def test_truth(bench):
    """What is reported is not what happened: utilisation, abandonment, waits against the ledger's view."""
    out = bench.folder / "out"
    said = figures("--plan", bench.progressive(), "--compare", bench.wild(), "--hours", 2, "--agents", 10, "--runs", 2,
                   "--out", out)
    calm, wild = said, said["compare"]
    assert (calm["plan"], wild["plan"]) == ("progressive", "wild")
    for run in calm["runs"]:
        assert run["abandoned"] == 0 and run["connected"] == run["answers"]
        assert 0.70 < run["utilisation"] < 0.83  # 0.760 is known for long shifts
        assert run["agent_hours"] == pytest.approx(20)
        assert abs(run["answers"] / run["dials"] - 0.30) < 0.06
        # an agent's time is talk, wrap-up or waiting
        waited = run["wait_mean"] * run["connected"]
        assert waited == pytest.approx((1 - run["utilisation"]) * 20 * 3600, rel=0.06)
    for run in wild["runs"]:
        assert run["abandoned"] > 0.03
        assert run["abandoned_calls"] == pytest.approx(run["abandoned"] * run["answers"])
        assert run["connected"] + run["abandoned_calls"] == run["answers"]
        with sqlite3.connect(out / f"ledger-compare-{run['seed']}.sqlite3") as db:  # the engine saw the same
            seen = db.execute("SELECT sum(abandoned) FROM dialing").fetchone()[0]
        assert abs(seen - run["abandoned_calls"]) <= 1  # one may be on its way at the end
    assert wild["mean"]["utilisation"] > calm["mean"]["utilisation"] + 0.03
    mean = sum(run["utilisation"] for run in calm["runs"]) / 2
    assert calm["mean"]["utilisation"] == pytest.approx(mean)


def test_agents_come_and_go(bench):
    """Logged-in time follows the schedule, who leaves finishes his call, and --agents scales it."""
    world = bench.world("{ agents = { { 0, 4 }, { 600, 2 }, { 1200, 4 } }, talk = { mean = 60 }, wrapup = { mean = 10 } }")
    args = ["--plan", bench.progressive(), "--world", world, "--hours", 0.5, "--runs", 1]
    plain = figures(*args)["runs"][0]["agent_hours"]
    scaled = figures(*args, "--agents", 8)["runs"][0]["agent_hours"]
    assert 10 * 600 / 3600 <= plain < 11 * 600 / 3600
    assert 20 * 600 / 3600 <= scaled < 22 * 600 / 3600


def test_list_ends(bench):
    """A list of so many leads is called once each, and the shift goes on without it."""
    out = bench.folder / "out"
    world = bench.world("{ leads = 60, agents = 5 }")
    run = figures("--plan", bench.progressive(), "--world", world, "--hours", 1, "--runs", 1, "--out", out)["runs"][0]
    assert run["dials"] == run["leads"] == 60
    assert run["agent_hours"] == pytest.approx(5)


def test_machines(bench):
    """AMD: machines are no live answers, its mistakes are told, and the campaign is paced by its queue."""
    said = figures("--plan", bench.wild(), "--world", "tests/worlds/machines.lua", "--hours", 1, "--agents", 10,
                   "--runs", 1)["runs"][0]
    persons = said["answers"] + said["mistaken"]
    assert said["machines"] > 50 and said["mistaken"] < 0.2 * persons
    assert abs(said["machines"] / (said["machines"] + persons) - 0.5) < 0.12
    assert said["abandoned_calls"] < said["answers"]


@pytest.mark.parametrize("world", ["drop", "long", "lunch", "memoryless", "rare", "short-50", "three", "trunk"])
def test_worlds(bench, world):
    """A world of tests/worlds cannot be read, or nothing happens in it."""
    run = figures("--plan", bench.progressive(), "--world", f"tests/worlds/{world}.lua", "--hours", 0.5, "--agents", 3,
                  "--runs", 1)["runs"][0]
    assert run["dials"] > 10 and run["utilisation"] > 0.05


def test_headers(bench):
    """A file of headers is a plan as OutPlanCreate makes it."""
    plan = bench.file("plan.lua", 'return { DialScript = "power", DialTimeout = 12000, Variable = { "A=1", "B=2" } }')
    out = bench.folder / "out"
    said = figures("--plan", plan, "--hours", 0.1, "--agents", 3, "--runs", 1, "--out", out)
    assert said["plan"] == "plan" and said["runs"][0]["dials"] > 0
    result = json.loads((out / "results-1.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert result["dial_timeout"] == 12000 and json.loads(result["variables"]) == {"A": "1", "B": "2"}
    first = json.loads((out / "decisions-1.log").read_text(encoding="utf-8").splitlines()[0])
    assert first["script"] == "power"


@pytest.mark.parametrize("file,text,told", [
    ("x.lua", "return { Nonsense = 1 }", "Nonsense: unknown header"),
    ("x.lua", 'return { DialScript = "nosuch" }', "DialScript"),
    ("x.lua", "return { DialTimeout = -5 }", "DialTimeout"),
    ("x.lua", "return 5", "x.lua"),
    ("x.lua", "this is not Lua", "x.lua:1"),
    ("x.lua", "return { api = 1, dial = 3, retry = function() end }", "no function 'dial'"),
    ("world.lua", "return { agnets = 5 }", "agnets: no such key"),
    ("world.lua", "return 5", "world.lua"),
    ("world.lua", 'return { start = "yesterday" }', "start"),
    ("world.lua", "return { leads = -1 }", "leads"),
    ("world.lua", 'return { destination = { Nonsense = 1 } }', "Nonsense: unknown header"),
])
def test_bad_input(bench, file, text, told):
    """A mistake is said, with the name of what is wrong, and nothing is simulated."""
    path = bench.file(file, text)
    args = ["--plan", path] if file == "x.lua" else ["--plan", "available", "--world", path]
    done = simulate(*args, "--hours", 0.1, "--runs", 1, env={"TMPDIR": str(bench.folder)})
    assert done.returncode == 1 and told in done.stderr, done.stderr
    assert done.stdout == "" and not list(bench.folder.glob("astout-simulate-*"))


@pytest.mark.parametrize("args", [[], ["--plan"], ["--plan", "available", "--hours", "0"], ["--plan", "available", "--runs", "x"],
                                  ["--plan", "available", "--agents", "0"], ["--plan", "available", "more"],
                                  ["--plan", "available", "--nosuch"]])
def test_usage(args):
    """An option that is none, or has no such value."""
    done = simulate(*args)
    assert done.returncode == 2 and done.stdout == "" and re.search("usage:|--(hours|runs|agents) must be a ", done.stderr)


def test_script_that_fails(bench):
    """A strategy that raises is told of, a bounded number of times; the shift goes on with the built-in."""
    plan = bench.file("bad.lua", "return { api = 1, dial = function(view) return view.x.y end }")
    done = simulate("--plan", plan, "--json", "--hours", 0.5, "--agents", 3, "--runs", 1)
    assert done.returncode == 0
    assert "dial/bad.lua:1" in done.stderr and len(done.stderr.splitlines()) <= 40
    run = json.loads(done.stdout)["runs"][0]
    assert run["warnings"] > 0 and run["dials"] > 0


# ---- the report ----

QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"]


class Page(HTMLParser):
    """Every tag that was opened is closed; attributes that could fetch something are kept."""
    VOID = {"meta", "link"}

    def __init__(self, text):
        super().__init__()
        self.open, self.count, self.links, self.words = [], {}, [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.count[tag] = self.count.get(tag, 0) + 1
        self.links += [value for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.count[tag] = self.count.get(tag, 0) + 1

    def handle_endtag(self, tag):
        """A tag is closed in its turn."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture
def report(bench):
    """A folder with the report of two strategies, one with a name that is markup, and what the terminal was shown."""
    hostile = bench.file("<b>&wild.lua", "return { DialScript = 'power' }")
    out = bench.folder / "out"
    done = simulate("--plan", bench.progressive(), "--compare", hostile, *short("--out", out), env={"LANG": "C.UTF-8"})
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def test_report_in_the_terminal(report):
    """Columns that are not aligned, or figures that are not those of the runs."""
    out, shown = report
    runs = json.loads((out / "report.json").read_text(encoding="utf-8"))["trials"][0]["runs"]
    mean = sum(run["utilisation"] for run in runs) / len(runs)
    lines = shown.splitlines()
    rows = [line for line in lines if re.search(r" \d/2 ", line)]
    assert [row.split()[0] for row in rows] == ["progressive", "<b>&wild"]
    assert len({len(row) for row in rows}) == 1
    assert rows[0].split()[1] == f"{mean:.3f}"
    assert sum("full =" in line for line in lines) == 8 and any("█" in line for line in lines)


def test_report_without_blocks(bench):
    """Characters that a plain terminal cannot show."""
    done = simulate("--plan", bench.progressive(), *short(), env={"LC_ALL": "C"})
    assert done.returncode == 0 and done.stdout.isascii() and "full =" in done.stdout


def test_page(report):
    """A page that needs something from elsewhere, lacks a plot, or takes a name for markup."""
    text = (report[0] / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == [] and page.count["svg"] == 8 and "script" not in page.count
    assert page.count["circle"] == 4  # a point for each run
    assert all(link.startswith("data:") for link in page.links) and "b" not in page.links
    assert "<b>&wild" in page.words and "url(" not in text and "http" not in text
    assert not re.search(r"\bnan\b|\binf\b", text)
    for run in json.loads((report[0] / "report.json").read_text(encoding="utf-8"))["trials"][0]["runs"]:
        assert f"{100 * run['utilisation']:.2f}%" in page.words


@pytest.mark.slow
def test_page_in_a_browser(report, tmp_path):
    """The real browser has something to complain of, or shows an empty page."""
    if not shutil.which("chromium"):
        pytest.skip("no chromium")
    pictures = []
    for scheme in (0, 1):  # dark, light
        picture = tmp_path / f"{scheme}.png"
        done = subprocess.run(
            ["chromium", *QUIET, f"--user-data-dir={tmp_path}/profile", f"--blink-settings=preferredColorScheme={scheme}",
             "--enable-logging=stderr", "--window-size=1280,1900", f"--screenshot={picture}",
             f"file://{report[0]}/report.html"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=200, check=False)
        assert "CONSOLE" not in done.stderr and "Page load failed" not in done.stderr, done.stderr
        pictures.append(picture.read_bytes())
        assert len(pictures[-1]) > 60000  # an empty page is a tenth of it
    assert pictures[0] != pictures[1]


def test_one_run(bench):
    """One run has no spread, and a tiny shift few points."""
    out = bench.folder / "out"
    done = simulate("--plan", bench.progressive(), "--hours", 0.02, "--agents", 1, "--runs", 1, "--out", out)
    assert done.returncode == 0, done.stderr
    text = (out / "report.html").read_text(encoding="utf-8")
    assert Page(text).open == [] and not re.search(r"\bnan\b|\binf\b", text)


# ---- a world learned from a ledger ----

@pytest.mark.slow
def test_learn(bench):
    """What was learned from a ledger is not the world that made it."""
    out = bench.folder / "out"
    world = bench.world("{ answer_rate = { { 0, 0.5 }, { 3600, 0.2 } }, talk = { mean = 100, cv = 0.8 }, wrapup = { mean = 18 }, agents = 12,"
                        " ring = { mean = 8, cv = 0.3 }, fail_early = 0.4, busy = 0.1, start = '2026-05-04T10:00:00' }")
    plan = bench.wild()
    figures("--plan", plan, "--world", world, "--hours", 2, "--runs", 1, "--out", out)
    ledger = out / "ledger-1.sqlite3"
    said = figures("--plan", plan, "--world", f"from:{ledger}:shift", "--hours", 2, "--runs", 2, "--out", out / "again")
    learned = said["learned"]
    with sqlite3.connect(ledger) as db:
        calls, answers, uuid = db.execute("SELECT count(*), sum(answered), max(camp_uuid) FROM dialing WHERE state = 1"
                                          ).fetchone()
    assert learned["calls"] == calls > 500
    assert learned["answer_rate"] == pytest.approx(answers / calls)
    four = 4 / answers ** 0.5  # sigmas of a mean
    assert learned["ring_mean"] == pytest.approx(8, rel=0.3 * four)
    assert learned["talk_mean"] == pytest.approx(100, rel=0.8 * 4 / learned["talks"] ** 0.5)
    assert learned["met_nobody"] > 0 and learned["met_nobody"] + learned["talks"] == answers
    assert 10 <= learned["agents"] <= 12
    assert learned["wrapup_learnt"] and learned["wrapup_mean"] == pytest.approx(18, rel=0.15)
    table = json.loads((out / "again" / "report.json").read_text(encoding="utf-8"))["world"]
    assert table["start"] == "2026-05-04T10:00:00"
    (_, first), (later, second) = table["answer_rate"]
    assert later == 3600 and abs(first - 0.5) < 0.09 and abs(second - 0.2) < 0.07
    assert table["fail_early"] == pytest.approx(0.4, abs=0.1) and table["busy"] == pytest.approx(0.1, abs=0.07)
    assert table["wrapup"]["mean"] == pytest.approx(18, rel=0.15) and table["wrapup"]["cv"] == pytest.approx(0.6, abs=0.2)
    assert table["fail"]["mean"] == pytest.approx(4.5, abs=0.6)
    # its name and its uuid are the same campaign
    assert figures("--plan", plan, "--world", f"from:{ledger}:{uuid}", "--hours", 2, "--runs", 2)["runs"] == said["runs"]
    with sqlite3.connect(ledger) as db:  # a ledger of the time before it knew of agents
        db.execute("CREATE TABLE old AS SELECT * FROM dialing")
        db.execute("DROP VIEW dialing")
        db.execute("ALTER TABLE old RENAME TO dialing")
        for column in ("tm_join", "tm_connect", "abandoned"):
            db.execute(f"ALTER TABLE dialing DROP COLUMN {column}")
    older = figures("--plan", plan, "--world", f"from:{ledger}:shift", "--hours", 0.1, "--runs", 1)["learned"]
    assert older["talk_mean"] == pytest.approx(learned["talk_mean"], rel=0.03)
    assert older["met_nobody"] == pytest.approx(learned["met_nobody"], abs=5)
    assert "Learned from" in (out / "again" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("world,told", [
    ("from:", "from:DATABASE:CAMPAIGN"), ("from:nosuch.db:x", "nosuch.db"), ("from:LEDGER:nosuch", "no campaign nosuch"),
    ("from:LEDGER:shift", "only"), ("from:TEXT:shift", "not a database"),
])
def test_learn_bad_input(bench, world, told):
    """A ledger that is none, has no such campaign, or too few calls."""
    out = bench.folder / "out"
    figures("--plan", "available", "--hours", 0.01, "--agents", 1, "--runs", 1, "--out", out)
    text = bench.file("text", "this is no database, however long one looks at it, is it? No.\n" * 20)
    world = world.replace("LEDGER", str(out / "ledger-1.sqlite3")).replace("TEXT", str(text))
    done = simulate("--plan", "available", "--world", world, "--runs", 1)
    assert done.returncode == 1 and told in done.stderr, done.stderr


def test_interrupted(bench):
    """Ctrl-C leaves processes or files behind."""
    env = {**os.environ, "TMPDIR": str(bench.folder)}
    with subprocess.Popen([binary(), "simulate", "--plan", "available", "--hours", "700", "--agents", "100"], cwd=TOP,
                          env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        while not list(bench.folder.glob("astout-simulate-*/*.conf")):  # a shift has begun
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=200)
    assert process.returncode == 1 and "interrupted" in told
    assert not list(bench.folder.glob("astout-simulate-*"))


def test_decisions_of_two_builds(tmp_path):
    """tests/lab/decisions finds a difference between a program and itself, or none where a strategy decides otherwise."""
    def compare(*args):
        done = subprocess.run([os.path.join(TOP, "tests", "lab", "decisions"), binary(), binary(), "--worlds", "three", "--seeds", "1",
                               "--hours", "0.2", "--old-strategies", "strategies", *args], cwd=TOP, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    folder = tmp_path / "strategies"
    shutil.copytree(os.path.join(TOP, "strategies"), folder)
    new = ("--new-strategies", folder)
    power = folder / "dial" / "power.lua"
    text = power.read_text()
    power.write_text("-- Another hash decides the same.\n" + text)
    code, out, _ = compare("--plan", "power", *new)
    assert code == 0 and "three, seed 1: " in out and "1 of 1 shifts alike" in out, out
    assert text.count("view.params.lines") == 1
    otherwise = text.replace("view.params.lines", "(view.now % 120 < 60 and 2 or 1)")
    power.write_text(otherwise.replace("tests = tests", "tests = {}"))  # which would find it out
    code, out, _ = compare("--plan", "power", *new)
    old, now = re.search(r"different after [1-9]\d* of \d+ decisions\n  old: (.*)\n  new: (.*)\n0 of 1 shifts alike", out).groups()
    assert json.loads(old)["calls"] != json.loads(now)["calls"], out
    power.unlink()
    code, _, err = compare("--plan", "power", *new)
    assert code == 2 and "power" in err
