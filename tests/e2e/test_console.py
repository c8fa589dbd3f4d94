"""The Lua console: everything that can be seen and changed from it, the command, and who may."""
import json
import os
import re
import shutil
import subprocess

import pytest

from console import *  # pylint: disable=wildcard-import,unused-wildcard-import
from console import Console, Terminal, command, sock, steady
from engine import TOP, UUID, Engine, binary
from sim import SIM_LOGIN, Sim

DOCUMENT = os.path.join(TOP, "docs", "console.md")
SETUP = """
p = out.plan.create{name = "plan", tech_name = "sip/", retry_delay = 0, max_retry_cnt_1 = 1}
l = out.dlma.create{name = "list"}
d = out.destination.create{name = "dest", type = 1, application = "Wait", data = "1"}
for i = 1, 3 do out.dl.create{dlma = l, number_1 = "900" .. i, name = "lead " .. i} end
c = out.campaign.create{name = "campaign", plan = p, dlma = l, dest = d}
"""
ENDED = "while c:refresh().status ~= 0 do out.sleep(0.05) end"


# ---- what it is for ----


def test_nouns(e, c):
    """What the console makes is not what AMI sees, or a change goes unlogged."""
    ami = e.ami()
    assert "help()" in c.hello["hello"] and c.hello["uid"] == os.getuid()
    assert c.line(SETUP) == ""
    for noun in ("Plan", "Dlma", "Destination", "Campaign"):
        ami.wait_event(f"Out{noun}Create")
    uuid = c.line("return c.uuid").strip()
    shown = ami.show("Campaign", uuid)[0]
    assert shown["Name"] == "campaign" and shown["Plan"] == c.line("p.uuid").strip()
    c.line("c:update{name = 'other', variables = {a = '1', b = 'x,y'}}")
    assert ami.show("Campaign", uuid)[0].all("Variable") == ["a=1", "b=x,y"]
    assert c.line("c.name, c.variables.b") == "other\nx,y\n"
    assert c.line("#out.campaign.list(), #out.campaign.find{plan = p}, #out.campaign.find{name = 'no'}") == "1\n1\n0\n"
    assert c.line("out.dl.find{dlma = l, number_1 = 9002}[1].name") == "lead 2\n"
    assert c.line("n = 0 for x in out.dl.each() do n = n + 1 end return n") == "3\n"
    assert c.line("out.dl.list()[1]:delete()") == "true\n"
    assert c.line("#l:leads()") == "2\n"
    assert c.line("out.plan.get('x')") == "nil\nno such plan\n"
    assert c.line("c:delete()") == "true\n" and ami.show("Campaign") == []
    with open(e.log, encoding="utf-8") as log:
        text = log.read()
    for what in ("plan create", "campaign update", "dl delete"):
        assert re.search(rf"console: uid {os.getuid()}: {what} {UUID}", text), what


def test_the_engines_own_session_is_left_alone(c):
    """out.ami.send deafens or ends the session that the engine works with, or waits for an answer to another."""
    for action in ("Events", "logoff", "Login", "WaitEvent"):
        assert "own session" in c.fails(f"out.ami.send{{Action = '{action}', EventMask = 'off'}}")
    assert "ActionID" in c.fails("out.ami.send{Action = 'Ping', ActionID = 'mine'}")
    assert "Pong" in c.line("out.ami.send{Action = 'Ping'}")


def test_wrong_use_is_told(c):
    """A slip of the finger is taken for something else."""
    c.line(SETUP)
    assert "no such field: nme; settable fields of campaign: name, detail, plan" in c.fails("out.campaign.create{nme = 'x'}")
    assert "uuid is read-only; settable fields of plan: name, detail" in c.fails("out.plan.create{uuid = 'x'}")
    assert c.fails("out.campaign.create{name = 'x'}") == "Plan is missing"
    assert c.fails("out.dl.create{dlma = l, number_1 = '1;2'}")== "Number1: only letters, digits and + * # . _ - are allowed"
    assert c.fails("out.dl.create{dlma = l, name = 'a\\nAction: x'}") == "Name must not contain a line break"
    assert c.fails("p:update{dial_mode = 77}") == "DialMode must be 0 to 5"
    assert c.fails("out.campain") == "there is no out.campain"
    assert c.fails("out.plan.lst()") == "there is no out.plan.lst"
    assert c.fails("nothing") == "line:1: there is no variable 'nothing'"
    assert "no such event: call.answered" in c.fails("out.on('call.answered', print)")
    c.line("c:start()")
    assert "used by a campaign" in c.fails("p:delete()")


def test_lines_of_the_cli(c):
    """The lines that people typed at Asterisk's CLI do not work here."""
    c.line(SETUP)
    uuid = {name: c.line(f"{name}.uuid").strip() for name in "pldc"}
    c.width = 100
    table = c.line("out show campaigns").splitlines()
    assert table[0].split() == ["uuid", "name", "status", "plan", "dlma", "dest"]
    assert table[1].split() == [uuid["c"], "campaign", "stop", "plan", "list", "dest"]
    assert table[2] == "1 campaign"
    for words, name in (("plan", "p"), ("dlma", "l"), ("destination", "d"), ("campaign", "c")):
        assert uuid[name] in c.line(f"out show {words}s")
        one = json.loads(c.line(f"out show {words} {uuid[name]}"))
        assert one["uuid"] == uuid[name] and one["detail"] is None
    assert c.line("out show dialings") == "no dialings\n"
    assert c.line(f"out show dlma list {uuid['l']} 2").splitlines()[2].startswith(c.line("l:leads()[2].uuid").strip())
    assert json.loads(c.line("out show dl " + c.line("l:leads()[1].uuid")))["number_1"] == "9001"
    rest = f"plan={uuid['p']} dlma={uuid['l']} dest={uuid['d']}"
    made = json.loads(c.line(f"out create campaign name='two words' {rest}"))
    assert made["name"] == "two words"
    assert c.line(f"out delete campaign {made['uuid']}") == f"campaign {made['uuid']} is deleted\n"
    for word, status in (("start", 11), ("pause", 12), ("stopping", 10)):
        assert json.loads(c.line(f"out set status {word} on {uuid['c']}"))["status"] in (status, status - 10)
    assert c.fails("out show campaign x") == "no such campaign"
    assert "requires a uuid" in c.fails("out show plan")
    assert "no such command" in c.fails("out show me")
    assert "start|starting" in c.fails(f"out set status go on {uuid['c']}")


def test_tables_fit_the_terminal(c):
    """A long name breaks the lines of a table."""
    c.line("for i = 1, 30 do out.plan.create{name = ('é'):rep(i * 10), caller_id = ('x'):rep(80)} end")
    for width in (80, 100, 132):
        c.width = width
        lines = c.line("out show plans").splitlines()
        assert max(map(len, lines)) <= width and len(lines) == 32
        assert all(re.match(UUID, line) for line in lines[1:-1])
    c.width = 0
    assert c.line("out.plan.list(5)").splitlines()[-1] == "5 plans; there are more: list(count), each()"


def test_calls_and_events(c):
    """Events do not reach a function, or reach it after off()."""
    c.line(SETUP)
    c.line("seen = {} s = out.on('dialing.*', function(d, event) seen[event] = (seen[event] or 0) + 1 last = d end)")
    c.line("c:start()" + ENDED)
    c.line("while (seen['dialing.delete'] or 0) < 3 do out.sleep(0.05) end")
    assert c.line("seen['dialing.create'], last.res_dial, last.dial_addr:sub(1, 3)") == "3\n4\n900\n"
    assert c.line("s:off(), s:off()") == "true\nfalse\n"
    c.line("n = 0 local t t = out.every(0.02, function() n = n + 1 if n == 3 then t:off() end end)")
    c.line("while n < 3 do out.sleep(0.02) end out.sleep(0.1)")
    assert c.line("n") == "3\n"
    c.line("out.after(0, function() error('oops') end) out.after(0, function() x = 1 end) out.sleep(0.1)")
    assert "timer: line:1: oops\n" in c.said and c.line("x") == "1\n"


def test_loop_cost(c):
    """What the loop's turns cost is not told, or not since it was asked last."""
    c.line("out.loop() for i = 1, 3000000 do end a = out.loop() out.sleep(0.02) b = out.loop()")
    busy, calm = json.loads(c.line("json.encode(a)")), json.loads(c.line("json.encode(b)"))
    for cost in (busy, calm):
        assert 0 < cost["longest_us"] <= cost["cpu_us"] and cost["turns"] > 0
    assert calm["cpu_us"] < busy["cpu_us"]


def test_hangup(c):
    """A call cannot be ended by hand."""
    c.line(SETUP.replace('"900" ..', '"800" ..'))
    c.line("c:start() while #out.dialing.find{campaign = c, status = 3} < 3 do out.sleep(0.02) end")
    assert c.line("for _, x in ipairs(out.dialing.list()) do x:hangup() end " + ENDED) == ""
    assert c.line("l:leads()[1].res_dial") == "1\n"


def test_why(c):
    """A reason is missing, or the counts do not add up."""
    c.line(SETUP)
    assert c.line("out.why(c).reason, out.why(l:leads()[1]).reason") == "not started\nthe campaign is not started\n"
    c.line("out.dl.create{dlma = l} p:update{retry_delay = 3600, max_retry_cnt_1 = 2} out.plan.update(p, {})")
    c.line("for i = 1, 50 do out.dl.create{dlma = l, number_1 = '7' .. i} end c:start()")
    c.line("while not out.why(c).reason:find('^all remaining leads are waiting') or #out.dialing.list() > 0 do"
           " out.sleep(0.05) end")
    with_json = json.loads(c.line("w = out.why(c) return json.encode(w)"))
    assert sum(with_json["leads"].values()) == with_json["total"] == 54
    assert with_json["leads"] == {"answered": 3, "no number": 1, "waiting for its next attempt": 50}
    assert sum(with_json["decisions"].values()) > 0
    for number, reason in ((1, "answered"), (4, "no number"), (5, "waiting for its next attempt")):
        assert c.line(f"out.why(l:leads()[{number}]).reason") == reason + "\n"
    assert "due" in json.loads(c.line("json.encode(out.why(l:leads()[5]))"))["campaigns"][0]
    assert c.line("out.why('carrier').reason") == "no started campaign dials through it\n"
    assert c.line("out.trunk.get('carrier'):why().channels") == "2\n"
    assert "no campaign, lead or trunk" in c.fails("out.why('x')")


def test_ami(c):
    """The console cannot ask Asterisk, or a line slips into an action."""
    assert c.line("out.ami.send{Action = 'Ping'}.Ping") == "Pong\n"
    assert c.line("out.ami.send({Action = 'QueueStatus', Queue = 'q'}, 'main').items[1].Queue") == "q\n"
    assert c.line("out.ami.send{Action = 'Nonsense'}.Response") == "Error\n"
    assert c.fails("out.ami.send{Action = 'Ping', X = 'a\\r\\nAction: Logoff'}") == "a value has a line break"
    assert c.fails("out.ami.send({Action = 'Ping'}, 'other')") == "no such Asterisk"
    assert c.line("out.asterisk.get('main').ready") == "true\n"


def test_agents(engine):
    """The console shows other agents than Asterisk has."""
    with Sim("return { agents = 3, queue = { 'sales' } }") as sim:
        e = engine(sim, conf=SIM_LOGIN)
        with Console(sock(e)) as c:
            c.line("while #out.agent.list() < 3 do out.sleep(0.02) end")
            assert c.line("#out.agent.find{queue = 'sales'}, out.queue.find{name = 'sales'}[1].logged_in") == "3\n3\n"
            c.line("a = out.agent.list()[1]")
            one = c.line("a.key, a:refresh().state, out.agent.get(a.key).interface").split("\n")
            assert one[0] == f"main/sales/{one[2]}" and one[1] == "free"
            assert "no such" not in c.line("out.agent.list()")


def test_asterisk_away(engine):
    """Without an Asterisk the console waits instead of telling."""
    e = engine()
    with Console(sock(e)) as c:
        assert c.fails("out.ami.send{Action = 'Ping'}") == "Asterisk is away"
        assert c.line("out.asterisk.get('main').ready") == "false\n"


def test_completion(c):
    """Tab offers what is not there, or not what is."""
    c.line(SETUP)
    uuid = c.line("c.uuid").strip()
    offers = {
        "out.camp": (["campaign"], 4),
        "x = out.pl": (["plan"], 2),
        "c:st": (["start(", "stop("], 2),
        "c.sc_d": (["sc_date_end", "sc_date_list", "sc_date_list_except", "sc_date_start", "sc_day_list"], 4),
        "out.dl.create{nu": ([f"number_{i} = " for i in range(1, 9)], 2),
        "out.dl.create{name = 'x', ema": (["email = "], 3),
        f"out.campaign.get('{uuid[:6]}": ([uuid + "'"], 6),
        'out.campaign.create{name = "x", plan = "': ([c.line("p.uuid").strip() + '"'], 0),
        'out.on("dialing.u': (['dialing.update"'], 9),
        f"out show campaign {uuid[:4]}": ([uuid], 4),
        "out set status pau": (["pause on ", "pausing on "], 3),
        "out sh": (["show "], 2),
        "string.for": (["format("], 3),
        "retu": (["return"], 4),
        "nothing.": ([], 0),
        "f(": None, "'": None, "{{{((": None, "out..": None, "out:": None, "\\": None,
    }
    for text, words in offers.items():
        got = c.complete(text)
        assert words is None or got == words, text


# ---- the command ----


def test_one_line(e):
    """A script cannot tell success from failure."""
    made = command(e, "-e", "return out.plan.create{name = 'x'}.name, 1 + 1")
    assert (made.returncode, made.stdout, made.stderr) == (0, "x\n2\n", "")
    failed = command(e, "-e", "out.plan.create{name = ")
    assert (failed.returncode, failed.stderr) == (1, "astout: the line is not complete\n")
    failed = command(e, "-e", "print 'so far' error('no', 0)")
    assert (failed.returncode, failed.stdout, failed.stderr) == (1, "so far\n", "astout: no\n")
    listed = command(e, "--json", "-e", "return out.plan.list(), nil, {1, 'a'}, out.dlma.list()")
    lists = [json.loads(line) for line in listed.stdout.splitlines()]
    assert lists[0][0]["name"] == "x" and lists[0][0]["detail"] is None and lists[1:] == [None, [1, "a"], []]
    several = command(e, stdin="for i = 1, 2 do\nprint(i)\nend\nx = 5\nx\n")
    assert (several.returncode, several.stdout) == (0, "1\n2\n5\n")
    assert command(e, stdin="error('x')\nprint('not this')\n").stdout == ""
    assert command(e, "-x").returncode == 2


def test_the_engine_goes(e):
    """The command hangs when the engine is gone."""
    conf = os.path.join(e.dir, "astout.conf")
    waiting = subprocess.Popen([os.environ.get("ASTOUT", os.path.join(TOP, "build", "astout")), "console", "-c", conf,
                                "-e", "print 'here' out.sleep(60)"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)
    assert waiting.stdout.readline() == "here\n"
    e.kill9()
    assert waiting.communicate(timeout=60)[1] == "astout: the engine has gone\n" and waiting.returncode == 1
    assert command(e, "-e", "1").returncode == 1
    e.start()  # over the socket that the dead one left
    assert command(e, "-e", "1").stdout == "1\n"
    with pytest.raises(RuntimeError, match="another engine is listening there"):
        Engine(conf={"console": {"socket": sock(e)}}).start()


# ---- who may ----


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become somebody else")
@pytest.mark.parametrize("groups, mode, why", [
    ([], "0660", "Permission denied"), ([], "0666", "only root, the engine's user and the group"), ([0], "0660", ""),
    ([0], "0600", "Permission denied")])
def test_who_may(engine, groups, mode, why):
    """Somebody who is neither root nor the engine nor in the socket's group talks to the engine."""
    e = engine(conf={"console": {"mode": mode}})
    os.chmod(e.dir, 0o755)
    mine = shutil.copy(binary(), e.dir)  # the checkout may lie where only root can read
    done = subprocess.run([mine, "console", "-c", os.path.join(e.dir, "astout.conf"), "-e", "return 1"], user=65534,
                          group=65534, extra_groups=groups, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == ((1, "") if why else (0, "1\n")), done.stderr
    assert why in done.stderr
    if mode == "0666":
        assert why in e.tail()


# ---- the terminal ----


def test_keys(e):
    """History, Ctrl-C, Ctrl-D or what the engine says in between breaks the prompt."""
    with Terminal(e) as t:
        t.line("print('é', 1)")
        assert "é       1" in t.screen()
        t.type("x = 1 forgotten")
        t.key("C-c")
        t.wait(lambda screen: screen.endswith("^C\nastout>"))
        t.line("for i = 1, 2 do")
        t.type("x")
        t.key("C-c")
        t.wait(lambda screen: screen.endswith("astout>"))
        t.line("s = out.on('plan.create', function() print 'in between' end)")
        t.type("half a li")
        e.ami().make("Plan")
        t.wait(lambda screen: screen.endswith("in between\nastout> half a li"))
        t.type("ne")
        t.wait(lambda screen: screen.endswith("half a line"))
        t.key("C-c")
        t.wait(lambda screen: screen.endswith("astout>"))
        t.begin("while true do end")
        t.key("C-c")
        t.wait(lambda screen: screen.endswith("stopped\nastout>"))
        t.type("pri")
        t.key("Tab")
        t.wait(lambda screen: screen.endswith("print("))
        t.key("C-c")
        t.key("C-d")
        t.wait(lambda screen: screen.endswith("exit status 0"))
    with Terminal(e) as t:  # a new one knows what was typed
        t.key("Up")
        t.wait(lambda screen: screen.endswith("while true do end"))
    assert os.stat(os.path.join(e.dir, ".astout_history")).st_mode & 0o777 == 0o600


def record(e):
    """The session of docs/console.md, typed into a terminal."""
    with Terminal(e) as t:
        for line in ("help(out.dl.create)",
                     'p = out.plan.create{name = "first plan", tech_name = "sip/", max_retry_cnt_1 = 1}',
                     'l = out.dlma.create{name = "first list"}',
                     "for i = 1, 3 do", 'out.dl.create{dlma = l, name = "client " .. i, number_1 = "900" .. i}', "end",
                     'd = out.destination.create{name = "wait", type = 1, application = "Wait", data = "1"}'):
            t.line(line)
        t.type("c = out.camp")
        t.key("Tab")
        t.wait(lambda screen: screen.endswith("c = out.campaign"))
        for line in ('.create{name = "first campaign", plan = p, dlma = l, dest = d}', "out show campaigns",
                     "out.campain.list()", "out.why(c)", "ended = 0",
                     'out.on("dialing.delete", function(x) ended = ended + 1 end)', "c:start().status",
                     "while ended < 3 or c:refresh().status ~= 0 do out.sleep(0.1) end", "out.dl.find{dlma = l}"):
            t.line(line)
        t.begin("while true do end")
        t.key("C-c")
        t.wait(lambda screen: screen.endswith("stopped\nastout>"))
        t.line('out.ami.send{Action = "Ping"}.Response')
        return "\n".join(line.rstrip() for line in t.screen().splitlines()[:-1])


def reference():
    """What the tables in the program say."""
    done = subprocess.run([os.environ.get("ASTOUT", os.path.join(TOP, "build", "astout")), "console", "--reference"],
                          capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def test_document(e):
    """docs/console.md is older than the program: ASTOUT_UPDATE=1 writes it anew."""
    session = steady(record(e))
    with open(DOCUMENT, encoding="utf-8") as file:
        old = file.read()
    parts = re.fullmatch(r"(.*<!-- session -->\n).*?(\n<!-- end of the session -->.*<!-- reference -->\n).*", old, re.S)
    new = f"{parts[1]}```\n{session}\n```{parts[2]}{reference()}"
    if os.environ.get("ASTOUT_UPDATE"):
        with open(DOCUMENT, "w", encoding="utf-8") as file:
            file.write(new)
    else:
        assert new == old


def test_everything_has_help(c):
    """A function of the console is not in help() or in the reference."""
    text = reference()
    names = c.line("""
        local function walk(path, t)
            for name, v in pairs(t) do
                if type(v) == "table" then walk(path .. name .. ".", v) else print(path .. name) end
            end
        end
        walk("out.", out)""").split()
    assert len(names) > 40
    for name in names:
        assert c.line(f"help({name})"), name
        assert f"`{name}" in text, name
    for noun in ("campaign", "plan", "dlma", "dl", "destination", "dialing", "agent", "asterisk", "queue", "trunk"):
        fields = json.loads(c.line(f"local f = {{}} for name in help and pairs(out.{noun}) do f[#f + 1] = name end"
                                   " return json.encode(f)"))
        assert {"list", "get", "find"} <= set(fields)
        assert f"out.{noun}" in c.line(f"help('{noun}')") and f"### out.{noun}" in text
