"""Strategies while calls are up: broken ones are taken out and hurt nobody, edits are swapped in or refused with file
and line, memory survives, shadows only watch. On the simulated Asterisk, once on a real one."""
import json
import os
import shutil
import subprocess

import pytest

from console import Console
from engine import TOP, binary
from sim import SIM_LOGIN, Sim

WORLD = """return { numbers = { ['9*'] = 'answer' }, ring = { mean = 0.2, cv = 0.1 }, talk = { mean = 0.5, cv = 0.1 } }"""
HOOKS = ("dial", "retry", "route", "result")

# What each hook does when it works. route sets a variable, result writes JSON: both show who was in charge.
GOOD = {
    "dial": "return view.room",
    "retry": "if view.lead.tries[1] >= 1 then return { reason = 'done' } end return { index = 1, at = 0 }",
    "route": "return { variables = { by = 'VERSION' } }",
    "result": "view.fields.by = 'VERSION' return json.encode(view.fields)",
}

# Each is the body of a hook, and whether one call of it is enough to be taken out of service.
BROKEN = {
    "endless": ("while true do end", True),
    "pcall": ("while true do pcall(function() while true do end end) end", True),
    "coroutine": ("local co = coroutine.wrap(function() while true do end end) while true do co() end", False),
    "rep": ("return ('x'):rep(1e9)", True),
    "deep": ("local t = {} for _ = 1, 1e7 do t = { t } end return t", True),
    "nested": ("local t = {} for _ = 1, 100 do t = { t } end return t", False),
    "error": ("error('on purpose')", False),
    "index": ("return view.no.such.thing", False),
    "nan": ("return 0/0", False),
    "recursion": ("local function f() return 1 + f() end return f()", False),
}


def strategy(hook, body, **more):
    """The text of a strategy whose function has this body."""
    fields = "".join(f"{key} = {value},\n" for key, value in more.items())
    return f"return {{ api = 1, {fields}{hook} = function(view, memory)\n{body}\nend }}\n"


@pytest.fixture
def folder(tmp_path):
    """A copy of the strategies' folder, to be edited."""
    path = tmp_path / "strategies"
    shutil.copytree(os.path.join(TOP, "strategies"), path)
    return path


def put(folder, hook, name, text):
    """Writes a strategy as an editor does: beside, then moved into its place."""
    target = folder / hook / f"{name}.lua"
    beside = folder / "beside.tmp"
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, target)


def conf(folder, **scripts):
    """An engine on the simulator with that folder."""
    return {**SIM_LOGIN, "scripts": {"path": folder, "instructions": 200000, "memory": "1M", **scripts},
            "asterisk:main": {**SIM_LOGIN["asterisk:main"], "originates": 50}}


@pytest.fixture
def sim():
    """Customers who answer and talk for half a second."""
    with Sim(WORLD) as one:
        yield one


def scripts(name, *hooks):
    """Plan headers that name this file for these hooks."""
    return {f"{hook.capitalize()}Script": name for hook in hooks}


def entry(c, plan, hook):
    """What OutStrategyShow says of a hook."""
    return next(e for e in c.list_action("OutStrategyShow", Plan=plan)[1] if e["Hook"] == hook)


def leads(count, first=0):
    """Numbers that answer."""
    return [f"9{i:04}" for i in range(first, first + count)]


def check_all_called(e, campaigns):
    """Every lead has its one line."""
    wanted = sorted(lead for camp in campaigns for lead in camp.leads)
    assert sorted(line["dl_list_uuid"] for line in e.results()) == wanted


def break_all(e, folder, hook, plan, dest=None, count=5):
    """A campaign for each way of being broken, each with calls up as its strategy is swapped for the broken one, and
    a calm one beside them. After the last call: the session, where the events begin, {how: (the good hash, plan)}."""
    good = strategy(hook, GOOD[hook].replace("VERSION", "good"))
    for how in BROKEN:
        put(folder, hook, how, good)
    c = e.ami()
    stays = {**plan["headers"], "DlEndHandle": 0}  # at the end of its list: more is coming
    camps = {how: c.campaign([plan["number"](i) for i in range(count)], dest=dest,
                             plan={**stays, **scripts(how, hook)}) for how in BROKEN}
    calm = c.campaign([plan["number"](i) for i in range(count)], plan=plan["headers"], dest=dest)
    mark = c.mark()
    for camp in camps.values():
        c.start(camp)
        c.wait_event("OutDialingCreate", after=mark, CampUuid=camp.uuid)
    before = {how: entry(c, camp.plan, hook)["Hash"] for how, camp in camps.items()}
    for how, camp in camps.items():
        put(folder, hook, how, strategy(hook, BROKEN[how][0]))
        c.wait_event("OutStrategySwap", after=mark, Plan=camp.plan, Hook=hook)
        camp.leads += [c.lead(camp.dlma, plan["number"](i)) for i in range(count, 3 * count)]
    c.start(calm)
    c.wait_events("OutDialingDelete", len(BROKEN) * 3 * count + count, after=mark, timeout=120)
    check_all_called(e, [*camps.values(), calm])
    return c, mark, {how: (before[how], camp.plan) for how, camp in camps.items()}


def check_broken(c, mark, hook, plans):
    """Each was told with its place, and the last good version is back where one call was enough."""
    for how, (before, plan) in plans.items():
        error = c.wait_event("OutStrategyError", after=mark, Plan=plan, Hook=hook)
        assert error["Script"] == how and len(error["Hash"]) == 16
        if how not in ("nan", "nested"):  # these are told of the result: it has no line
            assert error["Place"].startswith(f"{hook}/{how}.lua:"), error
        now = entry(c, plan, hook)
        if BROKEN[how][1]:
            assert (now["InService"], now["Script"], now["Hash"]) == ("no", how, before), how
            assert error["InService"] == "no"


@pytest.mark.slow
@pytest.mark.parametrize("hook", HOOKS)
def test_broken(engine, sim, folder, hook):
    """A broken version swapped in while calls are up loses a call, or is not replaced by the last good one."""
    e = engine(sim, conf=conf(folder))
    plan = {"number": lambda i: f"9{i:04}", "headers": {"TechName": "sip/"}}
    c, mark, plans = break_all(e, folder, hook, plan)
    check_broken(c, mark, hook, plans)


SENSELESS = {
    "dial": "memory.n = (memory.n or 0) + 1 return { calls = memory.n % 2 == 1 and -5 or 1e300, ask_in = 0.05 }",
    "retry": "if view.lead.tries[1] >= 1 then return { reason = 'done' } end return { index = -1, at = -1e300 }",
    "route": "return { timeout = -5 }",
}


@pytest.mark.parametrize("hook", SENSELESS)
def test_senseless_numbers(engine, sim, folder, hook):
    """A number below zero or beyond all measure stops the campaign, loses a call, or fills the log."""
    put(folder, hook, "senseless", strategy(hook, SENSELESS[hook]))
    e = engine(sim, conf=conf(folder))
    c = e.ami()
    camp = c.campaign(leads(20), plan={"TechName": "sip/", **scripts("senseless", hook)})
    c.run(camp)
    check_all_called(e, [camp])
    told = [line for line in e.tail(1000).splitlines() if "senseless" in line and line.startswith("warn")]
    assert len(told) == 1, told


def test_last_good_version(engine, sim, folder):
    """After the overrun the version before decides again; a good edit afterwards takes over."""
    put(folder, "result", "mine", strategy("result", GOOD["result"].replace("VERSION", "first")))
    e = engine(sim, conf=conf(folder))
    c = e.ami()
    plan = {"TechName": "sip/", **scripts("mine", "result")}
    c.run(c.campaign(leads(3), plan=plan))
    camp = c.campaign(leads(3, 10), plan=plan)
    first = entry(c, camp.plan, "result")["Hash"]
    c.run(camp)
    mark = c.mark()
    put(folder, "result", "mine", strategy("result", "while true do end"))
    c.wait_event("OutStrategySwap", after=mark, Plan=camp.plan)
    for number in leads(3, 20):
        c.lead(camp.dlma, number)
    c.run(camp)
    assert entry(c, camp.plan, "result")["Hash"] == first
    assert "instructions" in entry(c, camp.plan, "result")["Why"]
    mark = c.mark()
    put(folder, "result", "mine", strategy("result", GOOD["result"].replace("VERSION", "second")))
    swap = c.wait_event("OutStrategySwap", after=mark, Plan=camp.plan)
    assert swap["OldHash"] == first
    for number in leads(3, 30):
        c.lead(camp.dlma, number)
    c.run(camp)
    lines = e.results()
    assert [line.get("by") for line in lines].count("second") == 3
    assert len(lines) == 12 and sum("by" not in line for line in lines) == 1  # the one call that overran


def test_calls_end_under_what_they_began_with(engine, sim, folder):
    """A call that is up is written down by a version that came later."""
    put(folder, "result", "mine", strategy("result", GOOD["result"].replace("VERSION", "old")))
    e = engine(sim, conf=conf(folder))
    c = e.ami()
    camp = c.campaign(leads(10), plan={"TechName": "sip/", **scripts("mine", "result")})
    mark = c.start(camp)
    c.wait_events("OutDialingCreate", 10, after=mark)
    put(folder, "result", "mine", strategy("result", GOOD["result"].replace("VERSION", "new")))
    c.wait_event("OutStrategySwap", after=mark)
    up = {call for call, events in c.dialings(camp, mark).items() if events[-1].event != "OutDialingDelete"}
    c.status(camp, 0, mark)
    by = {line["dialing_uuid"]: line["by"] for line in e.results()}
    assert len(by) == 10 and all(by[call] == "old" for call in up)


@pytest.mark.parametrize("text, place", [
    ("return { api = 1, dial = function(view)\nreturn 1 1 end }", "dial/mine.lua:2"),
    ("return { api = 1 }", ""),
    (strategy("dial", "return 1", tests="{ ['two'] = function(run)\nassert(run{} == 2, 'not two') end }"),
     "dial/mine.lua:2"),
    ("\x1bLua", ""),
])
def test_refused_edit(engine, sim, folder, text, place):
    """A file that does not load, or fails its own tests, takes the place of one that works."""
    put(folder, "dial", "mine", strategy("dial", GOOD["dial"]))
    e = engine(sim, conf=conf(folder))
    c = e.ami()
    camp = c.campaign(leads(5), plan={"TechName": "sip/", **scripts("mine", "dial")})
    before = entry(c, camp.plan, "dial")["Hash"]
    mark = c.mark()
    put(folder, "dial", "mine", text)
    error = c.wait_event("OutStrategyError", after=mark, Plan=camp.plan)
    assert error["Place"] == place and error["InService"] == "yes", error
    assert entry(c, camp.plan, "dial")["Hash"] == before
    assert entry(c, camp.plan, "dial")["InService"] == "no"
    c.run(camp)
    check_all_called(e, [camp])


def test_pipe_among_the_strategies(engine, sim, folder):
    """Looking at a pipe waits for somebody who writes into it."""
    os.mkfifo(folder / "dial" / "fifo.lua")
    put(folder, "dial", "needs", "require 'dial.fifo'\n" + strategy("dial", "return 1"))
    c = engine(sim, conf=conf(folder)).ami()
    for name, why in (("fifo", "not a regular file"), ("needs", "dial/fifo.lua: not a regular file")):
        answer = c.action("OutPlanCreate", Name=name, DialScript=name)
        assert answer["Response"] == "Error" and why in answer["Reason"], answer
    assert c.action("Ping")["Response"] == "Success"


def test_read_and_tested_once(engine, sim, folder):
    """A file is tested again for each plan that names it, although it is the same."""
    def text(version):
        return strategy("dial", f"return {version}", tests="{ one = function(run)\n"
                        f"log.info('tested {version}') assert(run{{}} == {version}) end }}")

    put(folder, "dial", "mine", text(0))
    put(folder, "dial", "other", strategy("dial", "return 0"))
    e = engine(sim, conf=conf(folder))
    c = e.ami()
    plans = [c.make("Plan", Name=f"m{i}", **scripts("mine", "dial")) for i in range(10)]
    other = c.make("Plan", Name="other", **scripts("other", "dial"))["Uuid"]
    mark = c.mark()
    put(folder, "dial", "other", strategy("dial", "return 1 - 1"))
    c.wait_event("OutStrategySwap", after=mark, Plan=other)
    c.action("OutStrategyReload")
    put(folder, "dial", "mine", text(1))
    c.wait_events("OutStrategySwap", 1 + len(plans), after=mark)
    assert e.end() == 0  # the log is whole
    told = e.tail(10000)
    assert told.count("tested 0") == 1
    assert told.count("tested 1") == 1


def test_parameters(engine, sim, folder):
    """Parameters that do not fit are taken, or those that do are not in force."""
    put(folder, "result", "mine", strategy("result", "view.fields.by = view.params.word return json.encode(view.fields)",
                                           params="{ word = { 'a', 'm', oneof = { 'a', 'b', 'c' } } }"))
    e = engine(sim, conf=conf(folder))
    c = e.ami()
    camp = c.campaign(leads(2), plan={"TechName": "sip/", **scripts("mine", "result"), "ResultParams": "word=b"})
    c.run(camp)
    assert {line["by"] for line in e.results()} == {"b"}
    for bad, reason in (("word=x", "must be one of"), ("size=1", "is not a parameter"), ("{", "must be valid JSON")):
        for refused in (c.action("OutPlanUpdate", Uuid=camp.plan, ResultParams=bad),
                        c.action("OutPlanCreate", ResultScript="mine", ResultParams=bad)):
            assert not refused.ok and refused["Reason"].startswith("ResultParams ") and reason in refused["Reason"]
    mark = c.mark()
    c.update("Plan", camp.plan, ResultParams='{"word": "c"}')
    c.wait_event("OutStrategySwap", after=mark, Plan=camp.plan)
    assert json.loads(entry(c, camp.plan, "result")["Params"]) == {"word": "c"}
    assert c.show("Plan", camp.plan)[0]["ResultParams"] == '{"word": "c"}'
    refused = c.action("OutPlanUpdate", [("Uuid", camp.plan), ("Variable", "word=nothing")])
    assert not refused.ok and "word" in refused["Reason"]


def test_memory_survives(engine, sim, folder):
    """What was learnt is forgotten by a swap, a fall-back or a restart."""
    count = "memory.n = (memory.n or 0) + 1 view.fields.n = memory.n "
    put(folder, "result", "mine", strategy("result", count + "return json.encode(view.fields)"))
    e = engine(sim, conf=conf(folder))
    c = e.ami()
    camp = c.campaign(leads(5), plan={"TechName": "sip/", **scripts("mine", "result")})
    c.run(camp)
    for name, text in (("swap", count + "local x = 1 return json.encode(view.fields), x"),
                       ("overrun", count + "while true do end")):
        mark = c.mark()
        put(folder, "result", "mine", strategy("result", text))
        c.wait_event("OutStrategySwap", after=mark)
        for number in leads(5, 100 if name == "swap" else 200):
            c.lead(camp.dlma, number)
        c.run(camp)
    seen = sorted(line["n"] for line in e.results() if "n" in line)
    assert seen[:10] == list(range(1, 11)) and seen == sorted(set(seen))
    last = seen[-1]
    put(folder, "result", "mine", strategy("result", count + "return json.encode(view.fields)"))
    e.restart()
    c = e.ami()
    c.lead(camp.dlma, "9900")
    c.run(camp)
    assert max(line.get("n", 0) for line in e.results()) > last


def test_shadow(engine, sim, folder):
    """A shadow's decisions are carried out, or not counted."""
    put(folder, "dial", "own", strategy("dial", "return 3"))
    put(folder, "dial", "other", strategy("dial", "memory.n = (memory.n or 0) + 1\n"
                                          "if memory.n == 4 then error('of the shadow') end return 1"))
    e = engine(sim, conf=conf(folder))
    c = e.ami()
    camp = c.campaign(leads(12), plan={"TechName": "sip/", "DialScript": "own", "ShadowScript": "other"})
    mark = c.run(camp)
    told = c.list_action("OutStrategyShadowShow")[1]
    assert len(told) == 1 and told[0]["ShadowScript"] == "other" and told[0]["Script"] == "own"
    decisions = int(told[0]["Decisions"])
    assert decisions >= 4 and told[0]["Errors"] == "1" and told[0]["Same"] == "0"
    assert float(told[0]["MeanDifference"]) == 2 and float(told[0]["ShadowMeanCalls"]) == 1
    assert 0 < len(told[0].all("Pair")) <= 20
    assert not c.found("OutStrategyError", after=mark)
    check_all_called(e, [camp])
    with Console(os.path.join(e.dir, "sock")) as con:
        assert "other" in con.line("out show shadows") and "own" in con.line("out show strategies")


@pytest.mark.parametrize("body, why", [
    ("for _ = 1, 3e6 do end return 1", "took more than 1 ms 3 times in a row"),
    ("while true do end", "more than"),
])
def test_shadow_out_of_service(engine, sim, folder, body, why):
    """A shadow that is slow is asked for ever; or one that was taken out is not asked again after a reload."""
    put(folder, "dial", "own", strategy("dial", "return 3"))
    put(folder, "dial", "other", strategy("dial", body))
    e = engine(sim, conf=conf(folder, instructions=20000000, overrun=1))
    c = e.ami()
    camp = c.campaign(leads(12), plan={"TechName": "sip/", "DialScript": "own", "ShadowScript": "other"})
    c.run(camp)
    check_all_called(e, [camp])

    def shadow():
        return c.list_action("OutStrategyShadowShow")[1][0]

    assert shadow()["InService"] == "no" and why in shadow()["Why"], shadow()
    assert c.action("OutStrategyReload").ok
    assert shadow()["InService"] == "yes" and shadow()["Errors"] == "0", shadow()


def test_reload(engine, sim, folder):
    """`out reload` and SIGHUP do not give a strategy that was taken out another chance, or do not read astout.conf."""
    put(folder, "dial", "mine", strategy("dial", "while true do end"))
    e = engine(sim, conf=conf(folder))
    c = e.ami()
    camp = c.campaign(leads(4), plan={"TechName": "sip/", **scripts("mine", "dial")})
    c.run(camp)  # by the built-in
    check_all_called(e, [camp])
    assert entry(c, camp.plan, "dial")["Script"] == "built-in"
    mark = c.mark()
    answer = c.action("OutStrategyReload", Plan=camp.plan)
    assert (answer["Swapped"], answer["Refused"]) == ("1", "0")
    c.wait_event("OutStrategySwap", after=mark, Plan=camp.plan, Script="mine")
    path = os.path.join(e.dir, "astout.conf")
    with open(path, encoding="utf-8") as old:
        text = old.read()
    e.write("astout.conf", text.replace("originates = 50", "originates = 7\nchannels = 9\ntimeout = 11"))
    with Console(os.path.join(e.dir, "sock")) as con:
        said = con.line("out reload")
        assert "changed asterisk:main.originates asterisk:main.channels" in said, said
        assert "needs a restart: asterisk:main.timeout" in said
        assert con.line("out.asterisk.get('main').channels").strip() == "9"
        e.write("astout.conf", text.replace("originates = 50", "originates = none"))
        assert "kept as it was" in con.line("out reload")


def test_reload_without_end(engine, sim, folder):
    """After some reloads the configuration is not read again."""
    e = engine(sim, conf=conf(folder))
    with open(os.path.join(e.dir, "astout.conf"), encoding="utf-8") as old:
        text = old.read()
    with Console(os.path.join(e.dir, "sock")) as con:
        for i in range(1, 41):
            e.write("astout.conf", text.replace("originates = 50", f"originates = {i}"))
            said = con.line("out reload")
            assert "changed asterisk:main.originates" in said and "users read" in said, said
    assert e.ami().action("Ping").ok


def test_check(folder):
    """`astout check` lets a broken file pass, or finds fault with a good one."""
    def check(*paths):
        run = subprocess.run([binary(), "check", *paths], stdout=subprocess.PIPE, check=False)
        return run.returncode, run.stdout.decode()
    good = [str(path) for path in folder.glob("*/*.lua")]
    assert check(*good)[0] == 0
    mine = str(folder / "dial" / "mine.lua")
    for text, said in (("return 1", "returns a number, not a table"),
                       (strategy("dial", "return 'x'"), "no result of 'dial'"),
                       (strategy("dial", "return view.queue.nobody.x"), "mine.lua:2:"),
                       (strategy("dial", "return 1", params="{ a = { 1 } }"), "params.a must be"),
                       (strategy("dial", "return 1", tests="{ t = function(run)\nassert(run{} == 2) end }"),
                        "mine.lua:2: assertion failed (test 't')")):
        put(folder, "dial", "mine", text)
        code, out = check(mine, good[0])
        assert code == 1 and said in out, (text, out)
        assert good[0] in out  # the others are looked at all the same


@pytest.mark.slow
def test_many_swaps(engine, sim, folder):
    """Swaps under load lose or double a call, or the memory grows."""
    put(folder, "result", "mine", strategy("result", GOOD["result"].replace("VERSION", "v")))
    e = engine(sim, conf=conf(folder))
    c = e.ami()
    camp = c.campaign(leads(150), plan={"TechName": "sip/", **scripts("mine", *("result",))})
    mark = c.start(camp)
    rss = []
    for i in range(300):
        answer = c.action("OutPlanUpdate", Uuid=camp.plan, DialScript=("robo", "available")[i % 2])
        assert answer.ok
        if i in (99, 299):
            rss.append(resident(e.process.pid))
    assert len([m for m in c.events[mark:] if m.event == "OutStrategySwap"]) >= 299
    c.status(camp, 0, mark, 120)
    check_all_called(e, [camp])
    assert rss[1] - rss[0] < 4096, f"{rss} kB"


def resident(pid):
    """kB of a process in memory."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


@pytest.mark.parametrize("asterisk", ["16"], indirect=True, ids=["asterisk-16"])  # what is tried here is the engine
@pytest.mark.parametrize("hook", HOOKS)
def test_broken_on_asterisk(engine, asterisk, phones, folder, hook):
    """The same with fifty calls up on a real Asterisk: a call is lost, an event missed."""
    phones("answer", "300", talk_ms=4000)
    e = engine(asterisk, conf={"scripts": {"path": folder, "instructions": 200000, "memory": "1M"}})
    plan = {"number": lambda i: "300", "headers": {"TechName": asterisk.tech + "/"}}
    c, mark, plans = break_all(e, folder, hook, plan)
    check_broken(c, mark, hook, plans)
    created = {m["Uuid"] for m in c.events if m.event == "OutDialingCreate"}
    assert created == {m["Uuid"] for m in c.events if m.event == "OutDialingDelete"}
    assert len(created) == 10 * 15 + 5
    up = most = 0
    for event in c.events:
        up += {"OutDialingCreate": 1, "OutDialingDelete": -1}.get(event.event, 0)
        most = max(most, up)
    assert most >= 50
