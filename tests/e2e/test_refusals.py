"""An Asterisk that refuses what the engine needs: said once, asked again later, and no lead pays for it."""
import os
import signal
import subprocess

import pytest

from asterisk import process
from engine import Engine, binary, tries

RIGHTS = "[poor]\nsecret = poor-secret\nread = all\nwrite = {}\n"


@pytest.fixture
def poor(asterisk):
    """A factory: the engine's user on that Asterisk, with only these rights; returns the conf for it."""
    path = os.path.join(asterisk.dir, "etc", "manager.conf")
    with open(path, encoding="utf-8") as text:
        before = text.read()

    def make(write):
        asterisk.write_conf("manager.conf", before + "\n" + RIGHTS.format(write))
        asterisk.cli("manager reload")
        return {"asterisk:main": {"username": "poor", "secret": "poor-secret"}}

    yield make
    asterisk.write_conf("manager.conf", before)
    asterisk.cli("manager reload")


@pytest.mark.parametrize("write, action", [("call,agent,originate", "CoreShowChannels"),
                                           ("call,agent,reporting", "Originate")])
def test_too_few_rights(engine, asterisk, poor, write, action):
    """A missing right is a loop of requests, or eats the list, and nobody is told."""
    e = engine(asterisk, conf=poor(write))
    c = e.ami()
    camp = c.campaign(["answer"], plan={"TechName": "Local/", "TrunkName": "far", **tries(1)})
    mark = c.start(camp)
    c.status(camp, 1, mark)
    while c.stat(camp).Reason != "Asterisk refuses what the engine needs; the log says what":
        c.read(0.2)
    process.poll(lambda: action in e.tail(400), "the log says what")
    said = [line for line in e.tail(400).splitlines() if line.startswith("error") and action in line]
    assert len(said) == 1 and "ermission denied" in said[0]
    assert c.show("Campaign", camp.uuid)[0]["Status"] == "1"
    while c.in_flight():
        c.read(1)
    assert c.show("DlList", camp.leads[0])[0]["TryCnt1"] == "0"


def test_shutting_down(engine, asterisk):
    """`core stop gracefully` with a call up: each Originate is refused, and each lead pays a try for it."""
    e = engine(asterisk)
    c = e.ami()
    first = c.campaign(["talk60"], plan={"TechName": "Local/", "TrunkName": "far"})
    mark = c.start(first)
    c.wait_event("OutDialingUpdate", after=mark, Status=5)
    with asterisk.ami() as pbx, asterisk.ami() as asks:
        asks.send("Command", {"Command": "core stop gracefully"})
        while pbx.action("Ping").ok:
            pass
        camp = c.campaign(["talk1", "talk1"], plan={"TechName": "Local/", "TrunkName": "far", **tries(2)})
        mark = c.start(camp)
        c.wait_event("OutDialingDelete", after=mark)
        while c.stat(camp).Reason == "dialing":
            c.read(0.2)
        assert all(lead["TryCnt1"] == "0" for lead in c.show("DlList", DlmaUuid=camp.dlma) if lead["Status"] == "0")
    asterisk.cli("core abort shutdown")
    c.status(camp, 0, mark, timeout=60)
    assert [line["res_dial"] for line in e.results(camp_uuid=camp.uuid)].count(4) == 2


@pytest.mark.parametrize("conf, text", [
    ({"general": {"result_filename": "/nonexistent/dir/result"}}, "result_filename"),
    ({"scripts": {"path": "/nonexistent/strategies"}}, "strategies")])
def test_nothing_starts_half(conf, text):
    """A wrong path shows at the first call only."""
    e = Engine(conf=conf)
    told = subprocess.run([binary(), "run", "-c", os.path.join(e.dir, "astout.conf")], capture_output=True, text=True,
                          timeout=60, check=False)
    assert told.returncode == 1 and text in told.stderr


def test_sighup(engine):
    """Log rotation ends the engine."""
    e = engine()
    c = e.ami()
    os.kill(e.process.pid, signal.SIGHUP)
    assert c.action("Ping").ok and e.process.poll() is None
