"""A recorded run, replayed by another process: the same decisions and bytes, or the first difference."""
import binascii
import os
import re
import shutil
import signal
import struct
import subprocess

import pytest

from console import Console
from engine import TOP, Engine, binary
from sim import SIM_LOGIN, Sim
from test_agi import request

pytestmark = pytest.mark.xdist_group("replay")  # one recording for all
WORLD = """return { agents = 5, talk = { mean = 0.4, cv = 0.3 }, wrapup = { mean = 0.2, cv = 0.3 },
                    ring = { mean = 0.3, cv = 0.3 }, numbers = { ['91*'] = 'busy', ['9*'] = 'answer' } }"""
HEAD = 24  # bytes of the first line


def conf(**general):
    """The configuration of an engine on the simulator that records."""
    return {**SIM_LOGIN, "general": {"record": "recording", **general}, "agi": {"enabled": "yes", "port": 0}}


def recording(e):
    """Its path."""
    return os.path.join(e.dir, "recording")


def replay(path, *options, status=0):
    """Replays it; what is printed."""
    done = subprocess.run([binary(), "replay", *options, path], capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == status, (done.returncode, done.stdout[-3000:], done.stderr[-3000:])
    return done.stdout if status < 2 else done.stderr


def decisions(text):
    """How many were the same."""
    return int(re.match(r"(\d+) decisions", text)[1])


class Blocks:
    """The blocks of a recording, to be read and falsified."""

    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        self.head, self.blocks, at = data[:HEAD], [], HEAD
        while at + 8 <= len(data):
            length, crc = struct.unpack_from("<II", data, at)
            body = data[at + 8:at + 8 + length]
            assert len(body) == length and binascii.crc32(body) == crc
            self.blocks.append(body)
            at += 8 + length

    def write(self, path):
        """With the right checksums."""
        with open(path, "wb") as file:
            file.write(self.head)
            for body in self.blocks:
                file.write(struct.pack("<II", len(body), binascii.crc32(body)) + body)

    def change(self, old, new, which=0):
        """Puts new in the place of old, which has as many bytes, in the block that is the which-th to have it."""
        assert len(old) == len(new)
        found = [i for i, body in enumerate(self.blocks) if old in body]
        self.blocks[found[which]] = self.blocks[found[which]].replace(old, new, 1)


def shift(e, sim, leads=50):
    """A campaign with a queue and agents, to the end of its list."""
    c = e.ami()
    camp = c.campaign([f"9{i % 3}{i:03}" for i in range(leads)], plan={"TechName": sim.tech, "DialScript": "available"},
                      dest={"Application": "Queue", "Data": "sales_1"}, campaign={"Queue": "sales_1"})
    c.run(camp)
    return c, camp


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The recording of one shift that ended in order, with the database beside it."""
    folder = tmp_path_factory.mktemp("whole")
    with Sim(WORLD) as sim, Engine(sim, conf=conf()) as e:
        shift(e, sim)
        results = len(e.results())
        assert e.end() == 0
        for end in ("", ".db"):
            shutil.copy(recording(e) + end, folder / ("recording" + end))
            assert os.stat(recording(e) + end).st_mode & 0o777 == 0o600
    assert results >= 50
    return str(folder / "recording")


def falsified(whole, tmp_path, *change):
    """A copy with something else in it."""
    path = str(tmp_path / "recording")
    blocks = Blocks(whole)
    blocks.change(*change)
    blocks.write(path)
    shutil.copy(whole + ".db", path + ".db")
    return path


def test_the_same_again(whole):
    """A replay decides otherwise than the run did, or does without deciding."""
    shown = replay(whole, "--show")
    count = len(re.findall("^[^ ]+ decided ", shown, re.M))
    assert count > 20 and decisions(replay(whole)) == count
    assert shown.count("Action: Originate") >= 50


def test_another_script(whole, tmp_path):
    """A script that is not what it was decides, and nobody sees it."""
    shutil.copytree(os.path.join(TOP, "strategies"), tmp_path / "strategies")
    shutil.copytree(os.path.join(TOP, "scripts"), tmp_path / "scripts")
    assert decisions(replay(whole, "--strategies", tmp_path / "strategies")) > 20
    script = tmp_path / "strategies" / "dial" / "available.lua"
    before = script.read_text()
    script.write_text(before + "-- one line more\n")
    told = replay(whole, "--strategies", tmp_path / "strategies", status=1)
    assert "recorded: decided" in told and "replayed: decided" in told and "after 0 decisions" in told
    assert script.read_text() == before + "-- one line more\n"  # the recorded text was not put there


@pytest.mark.parametrize("old, new", [
    (b"Event: OriginateResponse", b"Event: OriginateResponsX"),  # came from Asterisk
    (b"Action: Originate", b"Action: Originatf"),                # was sent to it
    (b'"reason":"', b'"season":"'),                              # was decided
])
def test_another_byte(whole, tmp_path, old, new):
    """What came, what was sent or what was decided is not what the recording says, and nobody sees it."""
    told = replay(falsified(whole, tmp_path, old, new, 10), status=1)
    assert re.search(r"different at turn \d+, 20\d\d-..-..T[^ ]+, after (\d+) decisions:\n  recorded: .+\n  replayed: .+",
                     told), told


@pytest.mark.slow
def test_killed(engine, tmp_path):
    """A run that was killed cannot be replayed: the recording ends in the middle of what one turn noted."""
    with Sim(WORLD) as sim:
        e = engine(sim, conf=conf())
        c = e.ami()
        camp = c.campaign([f"92{i:03}" for i in range(60)], plan={"TechName": sim.tech}, campaign={"Queue": "sales_1"},
                          dest={"Application": "Queue", "Data": "sales_1"})
        c.start(camp)
        while c.stat(camp).DlCalledCount < 25:
            c.read(1)
        e.kill9()
    count = decisions(replay(recording(e)))
    assert count > 0
    with open(recording(e), "rb") as file:
        data = file.read()
    shutil.copy(recording(e) + ".db", tmp_path / "cut.db")
    for keep in (len(data) - 3, len(data) // 2, HEAD + 9, HEAD):
        (tmp_path / "cut").write_bytes(data[:keep])
        if keep > HEAD + 9:
            assert decisions(replay(tmp_path / "cut")) <= count
            assert "ends before the run did" in replay(tmp_path / "cut")
        else:
            assert "does not begin with a time" in replay(tmp_path / "cut", status=2)
    e.start()  # what was recorded is kept: the run after a crash is not the one that matters
    assert e.end() == 0
    assert decisions(replay(recording(e) + ".old")) == count
    assert decisions(replay(recording(e))) >= 0


def test_broken(whole, tmp_path):
    """A recording with a wrong byte is replayed as if it had none, or one of something else is."""
    path = tmp_path / "recording"
    with open(whole, "rb") as file:
        data = bytearray(file.read())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    shutil.copy(whole + ".db", tmp_path / "recording.db")
    assert re.search(r"checksum of a block is wrong \(\d+ decisions before it are the same\)", replay(path, status=2))
    for text in (b"", b"astout recording 9 start" + bytes(100), b"x" * 1000):
        path.write_bytes(text)
        assert "not a recording" in replay(path, status=2)
    assert "No such file" in replay(tmp_path / "none", status=2)
    os.unlink(tmp_path / "recording.db")
    shutil.copy(whole, path)
    assert "recording.db" in replay(path, status=2)


@pytest.mark.slow
def test_bounded(engine):
    """A recording grows without end, or what is over is taken for a beginning."""
    with Sim(WORLD) as sim:
        e = engine(sim, conf=conf(record_size="256k"))
        c, _ = shift(e, sim)
        while not os.path.exists(recording(e) + ".2"):
            c.show("Plan")  # the bytes of a question count too
            c.action("UserEvent", UserEvent="x" * 4000)
        assert e.end() == 0
    sizes = [os.path.getsize(recording(e) + end) for end in ("", ".1", ".2")]
    assert sum(sizes) <= 256 * 1024 and min(sizes) > 0
    assert "ends before the run did" in replay(recording(e))
    assert "later part" in replay(recording(e) + ".1", status=2)
    assert " got " in replay(recording(e) + ".2", "--show")


@pytest.mark.slow
def test_under_load(engine):
    """What the disk had taken when a query looked, and what the engine had been told by then, are two things."""
    with Sim("return { numbers = { ['9*'] = 'answer' }, ring = { mean = 0.1, cv = 0.3 }, talk = { mean = 0.1, cv = 0.3 } }") as sim:
        e = engine(sim, conf=conf())
        c = e.ami()
        c.run(c.campaign([f"9{i:04}" for i in range(1000)], plan={"TechName": sim.tech},
                         dest={"Application": "Hangup", "Data": ""}))
        assert len(e.results()) == 1000 and e.end() == 0
    replay(recording(e))


def test_questions(engine):
    """What was read for people, and for changes, comes back at another moment, or after other writes, than it did."""
    with Sim(WORLD) as sim:
        e = engine(sim, conf=conf())
        c, asks = e.ami(), e.ami()
        camp = c.campaign([f"9{i % 3}{i:03}" for i in range(120)], plan={"TechName": sim.tech},
                          dest={"Application": "Hangup", "Data": ""})
        mark, asked = c.start(camp), 0
        with Console(os.path.join(e.dir, "sock")) as console:
            while not c.found("OutCampaignUpdate", mark, Uuid=camp.uuid, Status="0"):
                edits = [asks.send("OutDlListUpdate", {"Uuid": camp.leads[(asked * 7) % 120], "Name": f"{asked}.{i}"})
                         for i in range(5)]
                assert asks.stat(camp).DlTotalCount == 120
                assert len(asks.show("DlList", DlmaUuid=camp.dlma, Count=1000)) == 120
                assert asks.show("DlList", camp.leads[(asked * 7) % 120])[0]["Uuid"] == camp.leads[(asked * 7) % 120]
                assert int(console.line(f"#out.dl.find{{dlma_uuid = '{camp.dlma}', status = 0}}")) <= 120
                assert console.line(f"out.why('{camp.uuid}') ~= nil, out.why('{camp.leads[0]}') ~= nil") == "true\ntrue\n"
                assert all(asks.response(sent).ok for sent in edits)
                asked += 1
                c.drain()
        asks.action("OutDlListDelete", Uuid=camp.leads[0])
        assert asks.stat(camp).DlTotalCount == 119
        assert len(e.results()) == 120 and e.end() == 0
    assert asked > 0 and decisions(replay(recording(e))) > 20


def test_real(engine, asterisk):
    """A real Asterisk sends what the simulated one does not."""
    e = engine(asterisk, conf={"general": {"record": "recording"}})
    c = e.ami()
    c.run(c.campaign([f"1{i:03}" for i in range(30)] + ["busy"], plan={"TechName": "Local/", "TrunkName": "fast"},
                     dest={"Application": "Hangup", "Data": ""}))
    c.command("core show version")
    assert len(e.results()) == 31 and e.end() == 0
    assert decisions(replay(recording(e))) > 0


@pytest.mark.slow
def test_every_way_in(engine):
    """Sessions, consoles, AGI, scripts that change and a reload are inputs that the recording does not have."""
    with Sim(WORLD) as sim:
        e = engine(sim, conf=conf())
        folder = os.path.join(e.dir, "strategies")
        e.end()
        shutil.copytree(os.path.join(TOP, "strategies"), folder)
        shutil.copytree(os.path.join(TOP, "scripts"), os.path.join(e.dir, "scripts"))
        path = os.path.join(e.dir, "astout.conf")
        with open(path, encoding="utf-8") as file:
            text = file.read().replace(os.path.join(TOP, "strategies"), folder)
        e.write("astout.conf", text)
        os.unlink(e.log)  # it names the ports of the first start
        e.start()
        c, camp = shift(e, sim, leads=20)
        sessions = [e.ami() for _ in range(3)]
        for s in sessions:
            s.action("Ping")
        sessions[0].close()  # and one goes without a farewell
        told = request(e, camp.dlma, "9200", "Jane Doe")
        assert told["OUTSTATUS"] == "SUCCESS"
        script = os.path.join(folder, "dial", "available.lua")
        with open(script, "a", encoding="utf-8") as file:
            file.write("-- changed\n")
        with Console(os.path.join(e.dir, "sock")) as console:
            assert console.line("out reload")
            assert console.line("local n = 0; for i = 1, 3000000 do n = n + i % 7 end; print(n)") == "8999997\n"
            assert console.fails("no such thing") and console.line("help()")
        e.write("astout.conf", text.replace("[ami]", "[limits]\nabandon_limit = 4\n[ami]"))
        os.kill(e.process.pid, signal.SIGHUP)
        c.run(camp)
        lines = len(e.results())
        assert lines > 20 and e.end() == 0
    replay(recording(e))
