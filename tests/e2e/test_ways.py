"""The tutorial's seven ways to run a campaign, each from AMI alone, on Asterisk 16 and 22."""
import os

import pytest

from asterisk.asterisk import Asterisk
from asterisk.phones import Phone

AGENTS = ["agent-01", "agent-02", "agent-03"]


@pytest.fixture
def dialer(asterisk, engine):
    """A session with an engine on this Asterisk, and what belongs to it: .engine, .tech (`sip/` as typed on 16)."""
    server = engine(asterisk, conf={"trunk:trunk": {"asterisk": "main", "callerid": "Sales <5550100>"}})
    session = server.ami()
    session.engine = server
    session.tech = "sip/" if asterisk.version == "16" else "PJSIP/"
    return session


@pytest.fixture
def agents(asterisk, dialer, phones):
    """agents(name …): phones of agents, members of sales_1 by QueueAdd over our own port; gone with the test."""
    members = []

    def add(*names, talk_ms=300):
        for name in names:
            phones("answer", name, talk_ms=talk_ms)
            members.append(asterisk.dial(name))
            added = dialer.action("QueueAdd", Queue="sales_1", Interface=members[-1])
            assert added.ok and added["Message"] == "Added interface to queue"
        return list(members)

    yield add
    with asterisk.ami() as direct:
        for member in members:
            direct.action("QueueRemove", Queue="sales_1", Interface=member)


def steps(ami, mark, call):
    """The applications that call ran, in order, without Asterisk's own note of an outgoing line."""
    return [event["Application"] for event in ami.found("Newexten", after=mark, Uniqueid=call)
            if event["Application"] != "AppDial2"]


def check(server, campaign, **want):
    """Every lead has one result: answered, cleared normally, with these values; returns them by number."""
    lines = server.results(camp_uuid=campaign.uuid)
    assert sorted(line["dl_list_uuid"] for line in lines) == sorted(campaign.leads)
    for line in lines:
        got = {key: line.get(key) for key in want}
        assert (line["res_dial"], line["res_hangup"], got) == (4, 16, want), line
    return {line["dial_addr"]: line for line in lines}


def test_park(asterisk, dialer, phones):
    """Way 1: answered calls do not reach the parking lot, or one that is ended by a user has no result."""
    phones("answer", "300")
    phones("answer", "301", talk_ms=3000)  # time enough to be parked
    campaign = dialer.campaign(["300", "301"], plan={"TechName": dialer.tech},
                               dest={"Application": "park", "Data": None})
    mark = dialer.start(campaign)
    parked = dialer.wait_events("ParkedCall", 2, after=mark)
    calls = {event["ParkeeUniqueid"]: event["ParkeeChannel"] for event in parked}
    assert set(calls) == set(dialer.dialings(campaign, mark))
    ours = next(call for call, channel in calls.items() if "/300-" in channel)
    assert dialer.action("Hangup", Channel=ours, Cause=16).ok
    dialer.status(campaign, 0, mark)
    lines = check(dialer.engine, campaign, dial_application="park", dial_data="", dial_type=1)
    assert {line["channel_name"] for line in lines.values()} == set(calls.values())
    assert lines["300"]["dial_channel"] == f"{dialer.tech}300"
    assert lines["301"]["channel_name"].startswith(f"{asterisk.tech}/301-")


def test_queue_reaches_the_agents(dialer, agents, phones):
    """Way 2: more calls than free agents, calls that reach none, or events that do not say who took a call."""
    members = agents(*AGENTS)
    phones("answer", ["300", "301", "302", "303", "304", "305"])
    campaign = dialer.campaign([str(number) for number in range(300, 306)], plan={"TechName": dialer.tech, "DialScript": "available"},
                               dest={"Application": "queue", "Data": "sales_1"})
    mark = dialer.run(campaign)
    lines = check(dialer.engine, campaign, dial_application="queue", dial_data="sales_1")
    assert len(lines) == 6
    open_calls = most = 0
    for event in dialer.events[mark:]:
        if event.event == "OutDialingCreate":
            open_calls += 1
        elif event.event == "OutDialingUpdate" and event["Status"] == "6":
            open_calls -= 1
        most = max(most, open_calls)
    assert most <= len(members), "free agents + service level (0) - calls in flight"
    dialer.wait_events("AgentComplete", 6, after=mark)
    took = {event["Uniqueid"]: event["Interface"] for event in dialer.found("AgentConnect", after=mark)}
    calls = dialer.dialings(campaign, mark)
    assert set(took) == set(calls) and set(took.values()) <= set(members)
    for call, events in calls.items():
        assert (events[-1]["CurrentQueue"], events[-1]["CurrentAgent"]) == ("sales_1", took[call])
        assert "CurrentAgent" not in events[0]


def test_queue_freed_agent_is_answered_by_a_call(dialer, agents, phones):
    """Way 2: a campaign that polls, or misses that an agent came, was freed, paused or unpaused: it stands still, or
    calls customers nobody is there for."""
    phones("answer", ["300", "301", "302"])
    campaign = dialer.campaign(["300", "301", "302"], plan={"TechName": dialer.tech},
                               dest={"Application": "queue", "Data": "sales_1"})
    mark = dialer.start(campaign)
    dialer.status(campaign, 1, mark)
    while dialer.stat(campaign).Reason != "no agent is logged in to the queue":
        dialer.read(0.05)  # Asterisk's queues are being read
    assert dialer.in_flight() == 0 and dialer.stat(campaign).DlCalledCount == 0
    agents("agent-01", talk_ms=10_000)
    first = dialer.wait_event("OutDialingCreate", after=mark)["Uuid"]
    member = dialer.wait_event("AgentConnect", after=mark)["Interface"]
    # Paused while talking: the end of the call frees nobody.
    assert dialer.action("QueuePause", Queue="sales_1", Interface=member, Paused="true").ok
    dialer.wait_event("QueueMemberPause", after=mark, Paused="1")
    assert dialer.action("Hangup", Channel=first, Cause=16).ok
    dialer.wait_event("OutDialingDelete", after=mark, Uuid=first)
    dialer.wait_event("QueueMemberStatus", after=mark, Status="1")
    assert dialer.stat(campaign).DlCalledCount == 1
    assert dialer.action("QueuePause", Queue="sales_1", Interface=member, Paused="false").ok
    second = dialer.wait_events("OutDialingCreate", 2, after=mark)[1]["Uuid"]
    dialer.wait_event("AgentConnect", after=mark, Uniqueid=second)
    # Freed by the end of a call: the next one begins, and it begins behind that end.
    assert dialer.action("Hangup", Channel=second, Cause=16).ok
    third = dialer.wait_events("OutDialingCreate", 3, after=mark)[2]["Uuid"]
    order = [(event["Uuid"], event["Status"]) for event in dialer.found(
        lambda m: m.event in ("OutDialingCreate", "OutDialingUpdate"), after=mark)]
    assert order.index((first, "6")) < order.index((second, "0"))
    assert order.index((second, "6")) < order.index((third, "0"))
    dialer.wait_event("AgentConnect", after=mark, Uniqueid=third)
    dialer.action("Hangup", Channel=third, Cause=16)
    dialer.status(campaign, 0, mark)
    check(dialer.engine, campaign)


@pytest.mark.parametrize("customer, agent", [(60_000, 300), (3000, 60_000)], ids=["agent", "customer"])
def test_queue_either_hangs_up(dialer, agents, phones, customer, agent):
    """Way 2: the end of a call, by the customer or by the agent, does not free the agent."""
    agents("agent-01", talk_ms=agent)
    phones("answer", ["300", "301"], talk_ms=customer)
    campaign = dialer.campaign(["300", "301"], plan={"TechName": dialer.tech},
                               dest={"Application": "queue", "Data": "sales_1"})
    mark = dialer.run(campaign)
    check(dialer.engine, campaign)
    reasons = [event["Reason"] for event in dialer.wait_events("AgentComplete", 2, after=mark)]
    assert reasons == ["agent" if agent < customer else "caller"] * 2


def test_queue_member_without_device_state(asterisk, engine):
    """Way 2: chan_sip without callcounter, as in the tutorial's sip.conf, tells nothing of its agents; when Asterisk is
    told to end a call there is no AgentComplete either: the agent is lost to the campaign."""
    with Asterisk(asterisk.version, extra={"sip.conf": "[general](+)\ncallcounter = no\n"}) as other, \
            Phone(other, "answer", ["300", "301", "agent-01"]):
        dialer = engine(other).ami()
        assert dialer.action("QueueAdd", Queue="sales_1", Interface=other.dial("agent-01")).ok
        campaign = dialer.campaign(["300", "301"], plan={"TechName": other.tech + "/"},
                                   dest={"Application": "queue", "Data": "sales_1"})
        mark = dialer.start(campaign)
        for count in (1, 2):
            call = dialer.wait_events("AgentConnect", count, after=mark)[-1]["Uniqueid"]
            assert dialer.action("Hangup", Channel=call, Cause=16).ok
        dialer.status(campaign, 0, mark)


def test_playback(dialer, phones):
    """Way 3, power dialing: the message is not played, or the call does not end behind it."""
    phones("answer", ["300", "301"])
    campaign = dialer.campaign(["300", "301"], plan={"TechName": dialer.tech, "DialMode": "3"},
                               dest={"Application": "Playback", "Data": "digits/1&digits/2"})
    mark = dialer.run(campaign)
    check(dialer.engine, campaign, dial_application="Playback", dial_data="digits/1&digits/2")
    # `reporting` events of Asterisk tell each file it plays
    played = [event["Message"] for event in dialer.found("TestEvent", after=mark, State="PLAYBACK")]
    assert sorted(played) == ["digits/1"] * 2 + ["digits/2"] * 2


def test_extension(asterisk, dialer, phones):
    """Way 4, the tutorial's [ani] context: the call is not sent to exten 10, priority 40000."""
    phones("answer", "300", talk_ms=2000)  # the customer does not listen to the end: that takes ten seconds
    campaign = dialer.campaign(["300"], plan={"TechName": dialer.tech, "CallerId": '"Sales" <5551>'}, dest={
        "Type": "0", "Application": None, "Data": None, "Exten": "10", "Context": "ani", "Priority": "40000"})
    mark = dialer.run(campaign)
    line = check(dialer.engine, campaign, dial_type=0, dial_exten="10", dial_context="ani", dial_priority="40000")["300"]
    assert "dial_application" not in line and "dial_data" not in line
    call = line["dialing_uuid"]
    dialer.wait_event("Hangup", after=mark, Uniqueid=call)
    assert steps(dialer, mark, call)[:4] == ["NoOp", "Wait", "Answer", "Playback"]
    create = dialer.dialings(campaign, mark)[call][0]
    assert [create[name] for name in ("DialType", "DialExten", "DialContext", "DialApplication", "DialData")] == [
        "0", "10", "ani", "<unknown>", "<unknown>"]
    caller = dialer.found("OriginateResponse", after=mark, ActionID=call)[0]
    assert (caller["CallerIDNum"], caller["CallerIDName"]) == ("5551", "Sales"), asterisk.version


def test_human_or_machine(dialer, phones):
    """Way 5: what AMD() found is not in the result, not in the events, or is that of another call."""
    phones("human", "300")
    phones("machine", "301")
    campaign = dialer.campaign(["300", "301"], plan={"TechName": dialer.tech}, dest={
        "Type": "0", "Application": None, "Data": None, "Exten": "10", "Context": "amd", "Priority": "1"})
    mark = dialer.start(campaign)
    for event in dialer.wait_events("UserEvent", 2, after=mark, UserEvent="AmdResult"):
        dialer.action("Hangup", Channel=event["Uniqueid"], Cause=16)  # what they are told then takes long
    dialer.status(campaign, 0, mark)
    lines = check(dialer.engine, campaign)
    for number, status in (("300", "HUMAN"), ("301", "MACHINE")):
        line = lines[number]
        told = dialer.wait_event("UserEvent", after=mark, Uniqueid=line["dialing_uuid"])
        assert (told["Status"], told["Cause"]) == (line["res_amd"], line["res_amd_detail"])
        assert line["res_amd"] == status
        events = dialer.dialings(campaign, mark)[line["dialing_uuid"]]
        assert "ResAmd" not in events[0]
        last = events[-1]
        assert (last.event, last["ResAmd"], last["ResAmdDetail"]) == ("OutDialingDelete", status, told["Cause"])
        names = last.names()
        at = names.index("ResAmd")
        assert names[at - 1:at + 3] == ["ResDial", "ResAmd", "ResAmdDetail", "ResHangup"]
        assert any(event.event == "OutDialingUpdate" and event.get("ResAmd") == status for event in events)


def test_trunk(asterisk, dialer, phones):
    """Way 6: the number does not go out through the trunk, or without the trunk's caller id."""
    phones.trunk(talk_ms=300)
    campaign = dialer.campaign(["300", "310"], plan={"TechName": dialer.tech, "TrunkName": "trunk"})
    mark = dialer.run(campaign)
    lines = {line["dial_addr"]: line for line in dialer.engine.results()}
    assert [lines[number]["res_dial"] for number in ("300", "310")] == [4, 5]
    answered = lines["300"]
    assert answered["dial_channel"] == f"{dialer.tech}300@trunk"
    assert answered["channel_name"].startswith(f"{asterisk.tech}/trunk-")
    said = dialer.wait_event("OriginateResponse", after=mark, ActionID=answered["dialing_uuid"])
    assert (said["CallerIDNum"], said["CallerIDName"]) == ("5550100", "Sales")


def test_message(asterisk, dialer):
    """Way 7: the dialplan does not get the lead's variables whole, or a lead gets another lead's message."""
    texts = {"ann@example.org": 'Dear "Ann", 50\\60, thanks; bye', "zoë@example.org": "Grüße, Zoë | ${EXTEN} &c."}
    campaign = dialer.campaign([], plan={"TechName": "Local/", "TrunkName": "far"}, dlma={"Variable": "MAIL_SUBJECT=Offer"},
                               dest={"Type": "0", "Application": None, "Data": None, "Exten": "email",
                                     "Context": "message", "Priority": "1"})
    for to, text in texts.items():
        campaign.leads.append(dialer.lead(campaign.dlma, "answer",
                                          Variable=[f"MAIL_TO={to}", f"MAIL_TEXT={text}"]))
    mark = dialer.run(campaign)
    check_all = dialer.engine.results(camp_uuid=campaign.uuid)
    assert len(check_all) == 2 and {line["res_dial"] for line in check_all} == {4}
    written = set()
    for line in check_all:
        told = dialer.wait_event("UserEvent", after=mark, Uniqueid=line["dialing_uuid"])
        with open(os.path.join(asterisk.spool, "messages", told["File"]), encoding="utf-8") as mail:
            written.add(mail.read().lstrip("\n"))
    assert written == {f"To: {to}\nSubject: Offer\n\n{text}\n" for to, text in texts.items()}
