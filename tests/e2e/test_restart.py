"""Nothing is lost when the engine dies: the ledger, the channels that live on, the result file."""
import collections
import json
import os
import signal
import sqlite3
import subprocess

import pytest

from ami import Ami
from engine import binary, tries
from sim import SIM_LOGIN, Sim


def attempts(lines):
    """How often each try of each lead has a result."""
    return collections.Counter((line["uuid"], line["dial_index"], line["dial_trycnt"]) for line in lines)


def test_calls_in_progress_are_found_again(engine, asterisk):
    """A killed engine forgets calls that are up, or calls their leads again while they talk."""
    e = engine(asterisk)
    c = e.ami()
    camp = c.campaign(["talk60"] * 3 + ["ring"] * 2, plan={"TechName": "Local/", "TrunkName": "far", "DialTimeout": "60000"})
    mark = c.start(camp)
    up = {m["Uuid"] for m in c.wait_events("OutDialingUpdate", 3, after=mark, Status=5)}
    ringing = {m["Uuid"] for m in c.wait_events("OutDialingCreate", 5, after=mark)} - up
    for uuid in ringing:
        c.wait_event("OutDialingUpdate", after=mark, Uuid=uuid, Status=3)
    assert len(up) == 3 and len(ringing) == 2
    e.kill9()
    e.start()
    c = e.ami()
    with Ami(asterisk.ami_port) as pbx:
        pbx.login("admin", "admin-secret")
        # told again: found alive, three of them answered
        while sum(m["Status"] == "5" for m in c.show("Dialing")) < 3:
            c.read(1)
        assert {m["Uuid"] for m in c.show("Dialing")} == up | ringing
        for uuid in sorted(up | ringing):
            pbx.action("Hangup", Channel=uuid, Cause=16)
    while c.in_flight():
        c.read(1)
    lines = e.results()
    assert sorted(line["dialing_uuid"] for line in lines) == sorted(up | ringing)
    assert max(attempts(lines).values()) == 1
    for line in lines:
        assert line["res_dial"] == (4 if line["dialing_uuid"] in up else 1), line


def test_kill_in_mid_campaign(engine, asterisk):
    """A killed engine calls a lead twice for the same try, or leaves an attempt without its one result line."""
    e = engine(asterisk)
    c = e.ami()
    camp = c.campaign([f"1{i:04}" for i in range(600)], plan={"TechName": "Local/", "TrunkName": "fast"},
                      dest={"Application": "Hangup", "Data": ""})
    c.start(camp)
    for goal in (100, 250, 400):
        while c.stat(camp).DlCalledCount < goal:
            pass
        e.kill9()
        e.start()
        c = e.ami()
    c = e.ami()
    while c.show("Campaign", camp.uuid)[0]["Status"] != "0":
        c.read(1)
    lines, ledger = e.results(), e.db("SELECT uuid, state FROM dialing")
    assert max(attempts(lines).values()) == 1
    assert {line["uuid"] for line in lines} == set(camp.leads)
    assert sorted(line["dialing_uuid"] for line in lines) == sorted(row["uuid"] for row in ledger)
    assert all(row["state"] == 1 for row in ledger)
    unknown = [line for line in lines if line.get("res_dial_detail") == "unknown"]
    assert len(unknown) <= 3 * 100  # at most what may be under way at once, each time


@pytest.mark.slow
def test_restart_in_order(engine):
    """SIGTERM loses a reservation, or begins calls it cannot follow any more."""
    world = "{ numbers = { ['9*'] = 'answer' }, talk = { mean = 1, cv = 0.1 }, ring = { mean = 0.2, cv = 0.1 } }"
    with Sim("return " + world) as sim:
        e = engine(sim, conf=SIM_LOGIN)
        c = e.ami()
        camp = c.campaign([f"9{i:04}" for i in range(400)], plan={"TechName": "sip/"})
        c.start(camp)
        while c.stat(camp).DlCalledCount < 120:
            pass
        e.restart()
        c = e.ami()
        while c.show("Campaign", camp.uuid)[0]["Status"] != "0":
            c.read(1)
        called = [line for line in e.results() if line.get("res_dial_detail") != "local"]  # those left Asterisk
        assert len(called) == 400 and max(attempts(called).values()) == 1
        assert {line["res_dial"] for line in called} == {4}


def test_the_result_file_is_completed(engine):
    """A line that was committed but not written is missing after a crash, or stands there twice."""
    with Sim("return { numbers = { ['9*'] = 'busy' } }") as sim:
        e = engine(sim, conf=SIM_LOGIN)
        c = e.ami()
        camp = c.campaign(["901", "902", "903"], plan={"TechName": "sip/"})
        c.run(camp)
        e.end()
        with open(e.result, "rb") as file:
            whole = file.read()
        for keep in (len(whole), len(whole) - 40, 0):  # all there, cut in the last line, gone
            with open(e.result, "wb") as file:
                file.write(whole[:keep])
            for row in e.db("SELECT uuid FROM dialing"):
                mark_unwritten(e, row["uuid"])
            e.start()
            e.end()
            lines = e.results()
            assert sorted(json.dumps(line) for line in lines) == sorted(
                json.dumps(json.loads(line)) for line in whole.splitlines()), keep


def mark_unwritten(e, uuid):
    """What a crash leaves between the commit and the mark."""
    db = sqlite3.connect(e.data)
    with db:
        db.execute("INSERT INTO line_owed SELECT n FROM call WHERE uuid = ?", (uuid,))
    db.close()


@pytest.mark.slow
def test_asterisk_dies(engine):
    """Calls of an Asterisk that died are waited for for ever, or their leads called again."""
    with Sim("return { numbers = { ['9*'] = 'answer' }, talk = { mean = 60, cv = 0.1 } }") as sim:
        e = engine(sim, conf=SIM_LOGIN)
        c = e.ami()
        camp = c.campaign(["901", "902"], plan={"TechName": "sip/", **tries(3)})
        mark = c.start(camp)
        c.wait_events("OutDialingUpdate", 2, after=mark, Status=5)
        sim.kill9()
        sim.start()
        c.wait_events("OutDialingDelete", 2, after=mark, timeout=90)
        c.status(camp, 0, mark)
        lines = e.results()
        assert [line["res_dial"] for line in lines] == [4, 4] and len({line["uuid"] for line in lines}) == 2


def test_ended_as_soon_as_it_is_there(engine):
    """SIGTERM between the first port that opens and the last step of the start kills the engine instead of ending it."""
    e = engine(conf={"general": {"record": "recording"}})
    assert e.end() == 0
    for _ in range(20):
        with subprocess.Popen([binary(), "run", "-c", os.path.join(e.dir, "astout.conf")], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as one:
            while b"console: listening" not in one.stderr.readline():
                assert one.poll() is None
            one.send_signal(signal.SIGTERM)
            one.stderr.read()
        assert one.returncode == 0
    e.start()
