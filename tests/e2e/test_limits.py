"""Hard limits and the world outside: caps, rates, schedule, an Asterisk that is away. On the simulated Asterisk."""
import datetime
import re
import zoneinfo

import pytest

from ami import Ami
from asterisk import process
from clock import ZONE, utc_seconds
from engine import tries
from sim import SIM_LOGIN, Sim

ANSWER = "{ numbers = { ['9*'] = 'answer' }, ring = { mean = 0.3, cv = 0.1 }, talk = { mean = 1, cv = 0.1 } }"


@pytest.fixture
def sim():
    """Customers 9… all answer and talk for a second."""
    with Sim("return " + ANSWER) as one:
        yield one


def conf(**more):
    """The configuration of an engine on the simulator; main: what is added to [asterisk:main]."""
    main = {**SIM_LOGIN["asterisk:main"], **more.pop("main", {})}
    return {"asterisk:main": main, **{key.replace("_", ":"): value for key, value in more.items()}}


def most_at_once(events, begin, end):
    """The highest number of calls between their begin and end events."""
    up = top = 0
    for event in events:
        up += (event.event == begin) - (event.event == end)
        top = max(top, up)
    return top


def starts(e):
    """When each call was asked for, in seconds, ascending."""
    return sorted(utc_seconds(line["tm_dialing"]) for line in e.results())


@pytest.mark.slow
@pytest.mark.parametrize("where", ["asterisk", "trunk"])
def test_channels(engine, sim, where):
    """More calls are up than a server or a trunk may have."""
    limits = {"main": {"channels": 3}} if where == "asterisk" else {"trunk_gw": {"asterisk": "main", "channels": 3}}
    e = engine(sim, conf=conf(**limits))
    c = e.ami()
    camp = c.campaign([f"9{i:02}" for i in range(12)], plan={"TechName": "sip/", "TrunkName": "gw"})
    mark = c.run(camp)
    assert most_at_once(c.events[mark:], "OutDialingCreate", "OutDialingDelete") == 3
    assert len(e.results()) == 12


@pytest.mark.slow
@pytest.mark.parametrize("where", ["asterisk", "trunk"])
def test_calls_per_second(engine, sim, where):
    """Calls begin faster than a server or a trunk allows, or much slower."""
    limits = {"main": {"cps": 10}} if where == "asterisk" else {"trunk_gw": {"asterisk": "main", "cps": 10}}
    e = engine(sim, conf=conf(**limits))
    c = e.ami()
    c.run(c.campaign([f"9{i:02}" for i in range(20)], plan={"TechName": "sip/", "TrunkName": "gw"}))
    at = starts(e)
    assert at[-1] - at[0] >= 19 * 0.1 - 0.05  # 20 calls, evenly: never more than one in a tenth of a second


def test_calls_per_second_while_they_ring(engine):
    """With a rate set, the next call waits for the answer of the one before."""
    with Sim("return { numbers = { ['9*'] = 'ring' } }") as sim:
        e = engine(sim, conf=conf(main={"cps": 10}))
        c = e.ami()
        camp = c.campaign([f"9{i:02}" for i in range(20)], plan={"TechName": "sip/", "DialTimeout": "60000"})
        mark = c.start(camp)
        c.wait_events("OutDialingCreate", 20, after=mark, timeout=50)
        assert not c.found("OutDialingDelete", after=mark), "they began only as others ended"


def test_originates(engine, sim):
    """A long list on an unlimited destination takes Asterisk down: more Originates unanswered than allowed."""
    e = engine(sim, conf=conf(main={"originates": 7}))
    c = e.ami()
    camp = c.campaign([f"9{i:02}" for i in range(40)], plan={"TechName": "sip/"})
    mark = c.run(camp)
    up = top = 0
    for event in c.events[mark:]:
        up += event.event == "OutDialingCreate"
        up -= event.event == "OutDialingUpdate" and event["Status"] == "5"
        top = max(top, up)
    assert top == 7 and len(e.results()) == 40


@pytest.mark.slow
def test_two_campaigns_share_a_limit(engine, sim):
    """One campaign takes the whole server and the other one starves."""
    e = engine(sim, conf=conf(main={"channels": 2}))
    c = e.ami()
    camps = [c.campaign([f"9{n}{i}" for i in range(6)], plan={"TechName": "sip/"}) for n in (1, 2)]
    marks = [c.start(camp) for camp in camps]
    for camp, mark in zip(camps, marks):
        c.status(camp, 0, mark, timeout=60)
    order = [line["camp_uuid"] for line in e.results()]
    assert len(order) == 12
    assert len(set(order[:8])) == 2, "the second one had to wait for the end of the first"


def test_away_from_the_start(engine, sim):
    """A campaign dials into the void, loses tries, or does not begin when Asterisk comes."""
    sim.kill9()
    e = engine(sim, conf=conf())
    c = e.ami()
    camp = c.campaign(["901"], plan={"TechName": "sip/"})
    mark = c.start(camp)
    c.status(camp, 1, mark)
    process.poll(lambda: c.stat(camp).Reason == "Asterisk is disconnected", "it says so")
    stat = c.stat(camp)
    assert stat.DlCalledCount == 0 and c.in_flight() == 0
    assert c.action("CoreStatus").get("Message") == "Asterisk is away"
    sim.start()
    c.status(camp, 0, mark)
    assert [line["dial_trycnt"] for line in e.results()] == [1]


# A minute before the window opens, its zone, and its edges: an ordinary day, the night from Sunday to Monday, the nights
# of one hour less and one hour more (the edges are there once), the last night of February.
MOMENTS = {
    "a Wednesday": ("2026-11-25 10:59:00", "UTC", "11:00", "11:00:20", "3"),
    "Sunday night": ("2026-11-29 23:58:50", "UTC", "23:59:50", "00:00:10", "0"),
    "an hour less": ("2027-03-28 01:59:00", "Europe/Berlin", "03:00", "03:00:20", "0"),
    "an hour more": ("2026-10-25 00:59:00", "Europe/Berlin", "01:00", "01:00:20", "0"),
    "end of February": ("2027-02-28 23:59:00", "America/New_York", "00:00", "00:00:20", "1"),
    "leap day": ("2028-02-28 23:59:00", "Asia/Kolkata", "00:00", "00:00:20", "2"),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_schedule_opens_and_closes(engine, sim, set_clock, moment):
    """A scheduled campaign does not start by itself, or dials on after its window; at moments when that is not trivial."""
    start, zone, opens, closes, day = MOMENTS[moment]
    clock = set_clock(start, zone)
    begin = clock.now().timestamp() + 60
    e = engine(sim, conf=conf(main={"cps": 5, "timeout": 600}, general={"timezone": zone}), clock=clock)
    c = e.ami()
    mark = c.mark()
    camp = c.campaign([f"9{i:02}" for i in range(90)], plan={"TechName": "sip/", "DialTimeout": "300000"}, ScMode="1",
                      ScTimeStart=opens, ScTimeEnd=closes, ScDayList=day)
    assert c.show("Campaign", camp.uuid)[0]["Status"] == "0" and c.in_flight() == 0
    clock.advance(60)
    assert c.action("Ping").ok
    opened = c.status(camp, 1, mark)
    c.wait_events("OutDialingDelete", 3, after=mark)
    clock.advance(20)
    assert c.action("Ping").ok
    closed = c.status(camp, 0, mark)
    assert begin <= utc_seconds(opened["TmUpdate"]) <= begin + 21 <= utc_seconds(closed["TmUpdate"])
    assert begin <= starts(e)[0] and starts(e)[-1] <= begin + 21
    assert 3 <= len(e.results()) < 90


def test_schedule_respects_a_stop_by_hand(engine, sim):
    """Who stops a campaign within its window sees it start again at once."""
    e = engine(sim, conf=conf(main={"cps": 5}))
    c = e.ami()
    mark = c.mark()
    camp = c.campaign([f"9{i:02}" for i in range(90)], plan={"TechName": "sip/"}, ScMode="1")
    c.status(camp, 1, mark)
    mark = c.mark()
    c.update("Campaign", camp.uuid, Status=0)
    c.status(camp, 0, mark)
    c.update("Campaign", camp.uuid, Detail="something else")
    assert c.show("Campaign", camp.uuid)[0]["Status"] == "0"


def test_closed_days(engine, sim, set_clock):
    """A campaign runs on a day of its exception list, or not on a day of its list."""
    e = engine(sim, conf=conf(), clock=set_clock("2026-11-25 12:00:00"))
    c = e.ami()
    today = "2026-11-25"
    closed = c.campaign(["901"], plan={"TechName": "sip/"}, ScMode="1", ScDateListExcept=today)
    open_ = c.campaign(["902"], plan={"TechName": "sip/"}, ScMode="1", ScDateList=today, ScDateEnd="2001-01-01")
    c.wait_event("OutDialingDelete")
    c.wait_event(lambda m: m.event == "OutCampaignUpdate" and m["Uuid"] == open_.uuid and m["Status"] == "0")
    assert c.show("Campaign", closed.uuid)[0]["Status"] == "0"
    assert [line["camp_uuid"] for line in e.results()] == [open_.uuid]


def test_nothing_that_cannot_dial_starts(engine, sim):
    """A plan without technology, or a destination without target, eats the list."""
    e = engine(sim, conf=conf())
    c = e.ami()
    for plan, dest in (({"TechName": ""}, {}), ({"TechName": "sip/"}, {"Application": ""}),
                       ({"TechName": "sip/"}, {"Type": "0", "Application": ""})):
        camp = c.campaign(["901"], plan=plan, dest=dest)
        refused = c.action("OutCampaignUpdate", Uuid=camp.uuid, Status=1)
        assert refused["Message"] == "Error encountered while updating campaign" and refused["Reason"]
        assert c.show("Campaign", camp.uuid)[0]["Status"] == "0"
    running = c.campaign([f"9{i:02}" for i in range(50)], plan={"TechName": "sip/"}, dest={"Data": "1"})
    mark = c.start(running)
    c.wait_event("OutDialingCreate", after=mark)
    c.update("Plan", running.plan, TechName="")
    while c.stat(running).Reason != "plan, dlma or destination is missing or incomplete":
        c.read(1)
    c.update("Plan", running.plan, TechName="sip/")
    c.status(running, 0, mark)
    assert len({line["uuid"] for line in e.results()}) == 50


def test_queue_without_agents(engine):
    """A campaign for a queue that nobody has logged in to does not say so; a queue's name knows case."""
    with Sim("return { agents = 0, numbers = { ['9*'] = 'answer' },"
             " talk = { mean = 1, cv = 0.1 }, ring = { mean = 0.2, cv = 0.1 }, wrapup = { mean = 0.1, cv = 0.1 } }") as sim:
        e = engine(sim, conf=conf())
        c = e.ami()
        camp = c.campaign(["901", "902"], plan={"TechName": "sip/"}, dest={"Application": "Queue", "Data": "SALES_1"})
        mark = c.start(camp)
        c.status(camp, 1, mark)
        process.poll(lambda: c.stat(camp).Reason == "no agent is logged in to the queue", "it says so")
        with Ami(sim.ami_port) as pbx:
            assert pbx.login("admin", "admin").ok
            for agent in ("agent-01", "agent-02"):
                assert pbx.action("QueueAdd", Queue="sales_1", Interface=f"SIP/{agent}").ok
        c.status(camp, 0, mark)


def test_reason_has_numbers(engine):
    """Reason does not say how many calls and agents there are, when the next attempt is, or when the list ended."""
    with Sim("return { agents = 1, numbers = { ['9*'] = 'answer', ['8*'] = 'busy' },"
             " talk = { mean = 0.1, cv = 0.1 }, ring = { mean = 3000, cv = 0.1 } }") as sim:
        e = engine(sim, conf=conf())
        c = e.ami()
        ringing = c.campaign(["901", "902"], plan={"TechName": "sip/", "DialScript": "available", "DialTimeout": 3600000},
                             dest={"Application": "Queue", "Data": "sales_1"})
        mark = c.start(ringing)
        process.poll(lambda: c.stat(ringing).Reason == "enough calls in progress for the agents (1 call, 1 agent)", "it says so")
        c.update("Campaign", ringing.uuid, Status=2)
        c.status(ringing, 2, mark)
        assert c.stat(ringing).Reason == "paused"
        busy = c.campaign(["801"], plan={"TechName": "sip/", "RetryDelay": 3600, **tries(2)})
        mark = c.start(busy)
        c.wait_event("OutDialingDelete", after=mark)
        process.poll(lambda: c.stat(busy).Reason.startswith("all remaining leads are waiting"), "it waits")
        [line] = e.results(camp_uuid=busy.uuid)
        due = datetime.datetime.fromtimestamp(utc_seconds(line["tm_hangup"]) + 3600, zoneinfo.ZoneInfo(ZONE))
        assert re.fullmatch(r"all remaining leads are waiting for their next attempt \(first at (\d{4}-\d\d-\d\d )?"
                            rf"{due:%H:%M:%S}\)", c.stat(busy).Reason)
        c.update("Plan", busy.plan, RetryDelay=0)
        c.status(busy, 0, mark)
        assert re.fullmatch(r"finished: end of list at \d\d:\d\d:\d\d", c.stat(busy).Reason)


@pytest.mark.slow
def test_lead_and_start_in_one_write(engine, sim):
    """A lead that is on its way to the disk while its campaign starts is never called."""
    e = engine(sim, conf=conf())
    c = e.ami()
    for n in range(5):
        camp = c.campaign([f"9{n}{i}" for i in range(3)], plan={"TechName": "sip/"}, dest={"Data": "1"})
        mark = c.mark()
        c.send_raw(f"Action: OutDlListCreate\r\nDlmaUuid: {camp.dlma}\r\nNumber1: 99{n}\r\n\r\n"
                   f"Action: OutCampaignUpdate\r\nUuid: {camp.uuid}\r\nStatus: 1\r\n\r\n")
        c.status(camp, 0, mark)
        assert c.stat(camp).DlCalledCount == 4


def test_plan_changes_under_load(engine):
    """Leads lose the tries they have left when the plan changes in mid campaign."""
    with Sim("return { numbers = { ['9*'] = 'busy' } }") as sim:
        e = engine(sim, conf=conf())
        c = e.ami()
        camp = c.campaign([f"9{i:03}" for i in range(300)], plan={"TechName": "sip/", **tries(3)})
        mark = c.start(camp)
        for n in range(6):
            c.wait_events("OutDialingDelete", 60 * (n + 1), after=mark)
            c.update("Plan", camp.plan, MaxRetryCnt8=6 + n)
        c.status(camp, 0, mark, timeout=60)
        assert e.db("SELECT count(*) AS n FROM dl_list WHERE trycnt_1 != 3")[0]["n"] == 0


def test_faults_cluster(engine):
    """An Asterisk that can open no more channels is asked for ever more calls."""
    with Sim("return { numbers = { ['9*'] = 'nopeer' } }") as sim:
        e = engine(sim, conf=conf(main={"originates": 64}))
        c = e.ami()
        camp = c.campaign([f"9{i:02}" for i in range(30)], plan={"TechName": "sip/", **tries(1)})
        mark = c.start(camp)
        c.wait_events("OutDialingDelete", 30, after=mark, timeout=90)
        assert "slowing down to" in e.tail(400)
        assert all(int(m["TryCnt1"]) == 0 for m in c.show("DlList", DlmaUuid=camp.dlma))
