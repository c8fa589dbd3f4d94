"""The shipped strategies with an engine around them: what they decide is carried out. On the simulated Asterisk, and the
dialplan of route/amd_split.lua on the real ones. Their decisions alone are tests of their own (unit/test_strategies.c)."""
import csv
import json
import os
import shutil

import pytest

from asterisk import process
from engine import TOP, tries
from sim import SIM_LOGIN, Sim

FAST = "ring = { mean = 0.1, cv = 0.1 }, talk = { mean = 0.2, cv = 0.1 }, amd = { time = 0.05, error = 0 }"
NUMBERS = "numbers = { ['91*'] = 'busy', ['92*'] = 'machine', ['93*'] = 'human', ['94*'] = 'answer' }"


@pytest.fixture
def sim():
    """91… is busy, 92… a machine, 93… a person, 94… somebody; s@amd listens, s@astout-amd is route/amd_split's."""
    split = "'AMD()', 'UserEvent(Split,Queue: ${OUT_QUEUE},Message: ${OUT_MESSAGE})', 'machine:Hangup()', 'Queue(sales_1)'"
    with Sim(f"return {{ {NUMBERS}, {FAST}, agents = 1, patience = 0.3, users = {{ astout = 'astout', admin = 'admin-secret' }}, "
             f"wrapup = {{ mean = 0.1, cv = 0.1 }}, dialplan = {{ ['s@astout-amd'] = {{ {split} }} }} }}") as one:
        yield one


@pytest.fixture
def dialer(engine, sim):
    """dialer(conf) is a session with an engine of that configuration; .engine."""
    def make(**conf):
        server = engine(sim, conf={**SIM_LOGIN, **{key.replace("_", ":"): value for key, value in conf.items()}})
        session = server.ami()
        session.engine = server
        return session
    return make


def plan(**more):
    """Headers of a plan whose every call goes out at once."""
    return {"TechName": "sip/", "DialMode": "4", **tries(5), **more}


def attempts(dialer, campaign):
    """What was dialled, in order: (number, its place, verdict or ResDial)."""
    return [(line["dial_addr"], line["dial_index"], line.get("res_amd", line["res_dial"]))
            for line in dialer.engine.results(camp_uuid=campaign.uuid)]


def counts(dialer, campaign):
    """(finished, available, called) leads and calls of OutCampaignStatShow."""
    stat = dialer.stat(campaign)
    return (stat.DlFinishedCount, stat.DlAvailableCount, stat.DlCalledCount)


AMD = {"Type": "0", "Application": None, "Data": None, "Exten": "s", "Context": "amd", "Priority": "1"}


def test_by_result(dialer):
    """Busy and machine are not told apart: another number is next, or a lead that has answered is called again."""
    dialer = dialer()
    rules = "busy=0,busy_tries=2,busy_next=next,machine=0,machine_tries=2,machine_next=same"
    campaign = dialer.campaign([("910", "920"), "930"], dest=AMD, plan=plan(RetryScript="by_result", RetryParams=rules))
    mark = dialer.run(campaign)
    told = [e["ResDialDetail"] for e in dialer.found("OutDlListUpdate", mark, Uuid=campaign.leads[0], Status="0")]
    assert told == ["busy", "machine", "machine", "busy"]
    calls = attempts(dialer, campaign)
    assert [call for call in calls if call[0] != "930"] == [
        ("910", 1, 5), ("920", 2, "MACHINE"), ("920", 2, "MACHINE"), ("910", 1, 5)]
    assert calls.count(("930", 1, "HUMAN")) == 1
    assert dialer.show("DlList", campaign.leads[1])[0]["ResDialDetail"] == "answered"


def test_a_machine_waits(dialer):
    """A lead that will be called again after a machine counts as finished; retry/standard calls it again."""
    dialer = dialer()
    campaign = dialer.campaign(["920"], dest=AMD, plan=plan(RetryScript="by_result", RetryParams="machine=3600"))
    mark = dialer.start(campaign)
    dialer.wait_event("OutDialingDelete", after=mark)
    assert counts(dialer, campaign) == (0, 1, 1)
    mark = dialer.mark()
    dialer.update("Plan", campaign.plan, RetryScript="standard", RetryParams="")
    dialer.status(campaign, 0, mark)
    assert counts(dialer, campaign) == (1, 0, 1)


def test_abandoned(engine):
    """Who waited for an agent in vain is done as if somebody had talked to him."""
    with Sim(f"return {{ {NUMBERS}, {FAST}, agents = 0, patience = 0.3 }}") as sim:
        dialer = engine(sim, conf=SIM_LOGIN).ami()
        campaign = dialer.campaign(["940"], dest={"Application": "Queue", "Data": "sales_1"}, plan=plan(
            RetryScript="by_result", RetryParams="abandoned=0,abandoned_tries=2"))
        dialer.run(campaign)
        lead = dialer.show("DlList", campaign.leads[0])[0]
    assert (lead["ResDial"], lead["ResDialDetail"], lead["TryCnt1"]) == ("4", "abandoned", "2")


def test_a_file_for_each_plan(dialer):
    """Results of two plans end in one file, or with columns out of place; the main file gets them too."""
    dialer = dialer()
    runs = {}
    for script, params in (("csv", {"columns": "dial_addr outcome res_dial dial_data"}), ("cdr", {"file": "Master.csv"})):
        campaign = dialer.campaign(["910", "940"], dest={"Data": "5,comma"}, Name="spring \"one\"", plan=plan(
            ResultScript=script, ResultParams=json.dumps(params), CallerId='"Shop" <100>', **tries(1)))
        dialer.run(campaign)
        runs[script] = campaign
    folder = os.path.dirname(dialer.engine.result)
    with open(os.path.join(folder, runs["csv"].plan + ".csv"), encoding="utf-8", newline="") as lines:
        assert sorted(csv.reader(lines)) == [["910", "busy", "5", "5,comma"], ["940", "answered", "4", "5,comma"]]
    with open(os.path.join(folder, "Master.csv"), encoding="utf-8", newline="") as lines:
        rows = {row[2]: row for row in csv.reader(lines)}
    assert {number: len(row) for number, row in rows.items()} == {"910": 18, "940": 18}
    for number, row in rows.items():
        assert row[0] == 'spring "one"' and row[1] == "100" and row[4] == '"Shop" <100>' and row[8] == "5,comma"
        assert row[14] == ("BUSY" if number == "910" else "ANSWERED") and bool(row[10]) == (number == "940")
    assert dialer.engine.results() == []
    for row in dialer.engine.db("SELECT result_written, result_path FROM dialing"):
        assert row["result_written"] == 1 and os.path.dirname(row["result_path"]) == folder


@pytest.mark.parametrize("name", ["../out", ".hidden", "a/b", "", "x" * 101, "db", "db-wal", "a.sqlite3"])
def test_a_file_that_may_not_be(engine, sim, tmp_path, name):
    """A result is written outside of its folder, over the database, or lost with its wrong name."""
    shutil.copytree(os.path.join(TOP, "strategies"), tmp_path / "strategies")
    (tmp_path / "strategies" / "result" / "odd.lua").write_text(
        "return { api = 1, result = function(view) return { line = 'mine ' .. view.fields.dial_addr, "
        f"file = {json.dumps(name)} }} end }}")
    server = engine(sim, conf={**SIM_LOGIN, "scripts": {"path": tmp_path / "strategies"}})
    dialer = server.ami()
    before = set(os.listdir(server.dir))
    dialer.run(dialer.campaign(["910"], plan=plan(ResultScript="odd", **tries(1))))
    with open(server.result, encoding="utf-8") as lines:
        assert lines.read() == "mine 910\n"
    assert set(os.listdir(server.dir)) - before <= {"result"}
    assert server.db("PRAGMA integrity_check")[0]["integrity_check"] == "ok"


def test_least_used_trunk(dialer):
    """Calls go to a full trunk, leads lose tries while all are full, or nobody dials on when a call has ended."""
    dialer = dialer(trunk_one={"asterisk": "main", "channels": 2}, trunk_two={"asterisk": "main", "channels": 1})
    campaign = dialer.campaign([f"talk60{n}" for n in range(5)], plan=plan(RouteScript="least_used_trunk", **tries(1)))
    mark = dialer.start(campaign)
    up = dialer.wait_events("OutDialingUpdate", 3, after=mark, Status="5")
    process.poll(lambda: dialer.stat(campaign).Reason == "the trunk is full", "it says so")
    assert dialer.in_flight() == 3 and dialer.stat(campaign).DlCalledCount == 3
    assert sorted(call["DialChannel"].rsplit("@", 1)[1] for call in up) == ["one", "one", "two"]
    two = next(call for call in up if call["DialChannel"].endswith("@two"))
    for gone in (two, next(call for call in up if call["DialChannel"].endswith("@one"))):
        at = dialer.mark()
        dialer.action("Hangup", Channel=gone["Uuid"])
        begun = dialer.wait_event("OutDialingCreate", after=at)
        assert begun["DialChannel"].rsplit("@", 1)[1] == gone["DialChannel"].rsplit("@", 1)[1]
        up = dialer.wait_events("OutDialingUpdate", 1, after=at, Uuid=begun["Uuid"], Status="5")
    dialer.update("Campaign", campaign.uuid, Status=30)
    dialer.status(campaign, 0, mark)
    lines = dialer.engine.results()
    assert sorted(line["dl_list_uuid"] for line in lines) == sorted(campaign.leads)
    assert [lead["TryCnt1"] for lead in dialer.show("DlList", DlmaUuid=campaign.dlma)] == ["1"] * 5


def test_trunk_that_is_none(engine, sim, tmp_path):
    """A route names a trunk that is not configured: the call goes out uncounted, or nobody says why it does not."""
    shutil.copytree(os.path.join(TOP, "strategies"), tmp_path / "strategies")
    (tmp_path / "strategies" / "route" / "odd.lua").write_text(
        "return { api = 1, route = function(view) return { channel = 'sip/910', trunk = 'nowhere' } end }")
    server = engine(sim, conf={**SIM_LOGIN, "scripts": {"path": tmp_path / "strategies"}})
    dialer = server.ami()
    campaign = dialer.campaign(["910"], plan=plan(RouteScript="odd", **tries(1)))
    dialer.start(campaign)
    process.poll(lambda: "names a trunk that has no [trunk:] section" in server.tail(200), "it says so")
    process.poll(lambda: dialer.show("DlList", campaign.leads[0])[0]["ResDialDetail"] == "local", "a failure of our own")
    assert server.results() == []


def test_amd_split(dialer):
    """A machine reaches an agent, a person does not, or the extension is not told where to send them."""
    dialer = dialer()
    campaign = dialer.campaign(["920", "930"], dest={"Application": "Queue", "Data": "sales_1"}, plan=plan(
        RouteScript="amd_split", RouteParams="message=vm-intro", **tries(1)))
    mark = dialer.run(campaign)
    told = dialer.found("UserEvent", mark, UserEvent="Split")
    assert [(event["Queue"], event["Message"]) for event in told] == [("sales_1", "vm-intro")] * 2
    lines = {line["dial_addr"]: line for line in dialer.engine.results()}
    assert {number: line["res_amd"] for number, line in lines.items()} == {"920": "MACHINE", "930": "HUMAN"}
    agents = {call["DialAddr"]: call.get("CurrentAgent") for call in dialer.found("OutDialingDelete", mark)}
    assert agents["920"] is None and "agent-01" in agents["930"]
    details = {lead["Number1"]: lead["ResDialDetail"] for lead in dialer.show("DlList", DlmaUuid=campaign.dlma)}
    assert details == {"920": "machine", "930": "answered"}


def test_amd_split_dialplan(asterisk, engine):
    """The dialplan that the file shows does not split: on the real Asterisk, extension s of astout-amd."""
    dialer = engine(asterisk).ami()
    campaign = dialer.campaign(["human", "machine"], dest={"Application": "Queue", "Data": "sales_1,t,,,1"}, plan={
        "TechName": "Local/", "TrunkName": "far", "DialMode": "4", "RouteScript": "amd_split",
        "RouteParams": "message=hello-world"})
    mark = dialer.start(campaign)
    try:
        ends = dialer.wait_events(lambda event: event.event == "Newexten" and event.get("Application") in (
            "Queue", "Playback") and event.get("Context") == "astout-amd", 2, after=mark, timeout=60)
        calls = {event["Uniqueid"]: (event["Application"], event["AppData"]) for event in ends}
        dialer.update("Campaign", campaign.uuid, Status=30)
        dialer.status(campaign, 0, mark)
    finally:
        asterisk.hangup_all()
    ran = {event["DialAddr"]: (calls[event["Uuid"]], event["ResAmd"]) for event in dialer.found("OutDialingDelete", mark)}
    assert ran == {"human": (("Queue", "sales_1,t,,,1"), "HUMAN"), "machine": (("Playback", "hello-world"), "MACHINE")}
