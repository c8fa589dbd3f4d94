"""Do the rooms work? Each fact the other tests build on is seen once here, on each version of Asterisk."""
import base64
import glob
import os
import uuid

import pytest

from ami import Ami
from .asterisk import Asterisk
from .phones import Phone

STAY = {"Application": "Wait", "Data": "60"}


def originate(ami, channel, timeout=10_000, **target):
    """Starts a call under an id of our own; returns (id, place in the events)."""
    call, mark = str(uuid.uuid4()), ami.mark()
    response = ami.action("Originate", ActionID=call, Channel=channel, ChannelId=call, OtherChannelId=f"{call}-2",
                          Async="true", Timeout=timeout, **(target or STAY))
    assert response.ok and "queued" in response["Message"]
    return call, mark


def outcome(ami, call, mark):
    """(Reason, DialStatus or None, Cause, TechCause or None) of a call, once it is over."""
    reply = ami.wait_event("OriginateResponse", after=mark, ActionID=call)
    hangup = ami.wait_event("Hangup", after=mark, Uniqueid=call)
    ends = ami.found("DialEnd", after=mark, DestUniqueid=call)
    return int(reply["Reason"]), ends[0]["DialStatus"] if ends else None, int(hangup["Cause"]), hangup.get("TechCause")


def test_login_and_cli(asterisk):
    with Ami(asterisk.ami_port) as plain, Ami(asterisk.ami_port) as challenged, Ami(asterisk.ami_port) as wrong:
        assert plain.banner.startswith("Asterisk Call Manager/" + {"16": "5.", "22": "11."}[asterisk.version])
        assert plain.login("astout", "astout-secret").ok
        assert challenged.login("astout", "astout-secret", md5=True)["Message"] == "Authentication accepted"
        assert not wrong.login("astout", "nonsense").ok and wrong.eof()
        assert plain.action("Ping")["Ping"] == "Pong"
        response, items, complete = plain.list_action("QueueStatus", Queue="sales_1")
        assert response.ok and items[0]["Queue"] == "sales_1" and complete["ListItems"] == "1"
    assert f"Asterisk {asterisk.version}." in asterisk.cli("core show version")


def test_listens_on_loopback_only(asterisk):
    sockets = set()
    for fd in glob.glob(f"/proc/{asterisk.process.pid}/fd/*"):
        try:
            sockets.add(os.readlink(fd))
        except OSError:
            pass  # closed meanwhile
    bound = {"tcp": [], "udp": []}
    for table in ("tcp", "udp", "tcp6", "udp6"):
        with open(f"/proc/net/{table}", encoding="ascii") as rows:
            bound[table[:3]] += [row.split()[1] for row in list(rows)[1:] if f"socket:[{row.split()[9]}]" in sockets]
    assert bound["tcp"] and all(address.startswith("0100007F:") for address in bound["tcp"]), bound
    assert f"0100007F:{asterisk.sip_port:04X}" in bound["udp"], bound
    # pjsip's DNS resolver asks from two ports of its own, one per protocol; it is no server.
    everywhere = [address for address in bound["udp"] if not address.startswith("0100007F:")]
    assert len(everywhere) <= (2 if asterisk.version == "22" else 0), bound


OUTCOMES = {
    #               16: chan_sip                        22: chan_pjsip
    "busy":        ((5, "BUSY", 17, None),              (0, "BUSY", 17, "486")),
    "reject":      ((5, "BUSY", 21, None),              (0, "NOANSWER", 21, "603")),
    "notfound":    ((0, "NOANSWER", 1, None),           (0, "NOANSWER", 1, "404")),
    "unavailable": ((5, "BUSY", 19, None),              (0, "NOANSWER", 19, "480")),
    "noservice":   ((8, "CONGESTION", 34, None),        (0, "CONGESTION", 34, "503")),
    "ring":        ((3, None, 16, None),                (3, None, 19, "480")),
    "dead":        ((3, None, 16, None),                (3, None, 19, "480")),
    "gone":        ((3, None, 0, None),                 (3, None, 19, "480")),
}
UNENDING = ("ring", "dead", "gone")


@pytest.mark.parametrize("scenario", OUTCOMES)
def test_phone_that_does_not_answer(asterisk, asterisk_ami, phones, scenario):
    phones(scenario, "301")
    # A refusal must not be mistaken for a timeout on a busy machine; what never ends by itself need not take long.
    call, mark = originate(asterisk_ami, asterisk.dial("301"), timeout=1000 if scenario in UNENDING else 10_000)
    assert outcome(asterisk_ami, call, mark) == OUTCOMES[scenario][asterisk.version == "22"]
    ringing = asterisk_ami.found("DialState", after=mark, DestUniqueid=call, DialStatus="RINGING")
    assert bool(ringing) == (scenario == "ring")


def test_phone_that_answers(asterisk, asterisk_ami, phones):
    phones("answer", "300", talk_ms=300)
    # The tutorial's `sip/300`, in lower case; and once the phone ends the call, once Asterisk does.
    call, mark = originate(asterisk_ami, asterisk.dial("300").replace("SIP", "sip", asterisk.version == "16"))
    assert outcome(asterisk_ami, call, mark)[:3] == (4, "ANSWER", 16 if asterisk.version == "16" else 0)
    phones("answer", "300")
    call, mark = originate(asterisk_ami, asterisk.dial("300"), Application="Playback", Data="beep")
    assert outcome(asterisk_ami, call, mark)[:2] == (4, "ANSWER")


def test_unregistered_phone_has_no_channel(asterisk, asterisk_ami):
    call, mark = originate(asterisk_ami, asterisk.dial("329"))
    assert asterisk_ami.wait_event("OriginateResponse", after=mark, ActionID=call)["Reason"] == "0"
    asterisk_ami.drain()
    assert not asterisk_ami.found("Newchannel", after=mark, Uniqueid=call)


def test_trunk_and_numbers_of_the_carrier(asterisk, asterisk_ami, phones):
    phones.trunk(talk_ms=200)
    phones("carrier", [str(number) for number in range(310, 316)])
    call, mark = originate(asterisk_ami, asterisk.dial("300", "trunk"))
    assert outcome(asterisk_ami, call, mark)[1] == "ANSWER"
    for number, scenario in (("310", "busy"), ("311", "ring"), ("312", "reject"), ("313", "notfound"),
                             ("314", "noservice"), ("315", "unavailable")):
        for trunk in (None, "trunk"):
            call, mark = originate(asterisk_ami, asterisk.dial(number, trunk), timeout=1000 if number == "311" else 10_000)
            want = OUTCOMES[scenario][asterisk.version == "22"]
            assert outcome(asterisk_ami, call, mark) == want, (number, trunk)


def test_park(asterisk, asterisk_ami, phones):
    phones("answer", "300")
    call, mark = originate(asterisk_ami, asterisk.dial("300"), Application="park", Data="")
    assert asterisk_ami.wait_event("ParkedCall", after=mark)["ParkeeUniqueid"] == call
    asterisk_ami.action("Hangup", Channel=call, Cause=16)
    assert outcome(asterisk_ami, call, mark)[:3] == (4, "ANSWER", 16)


def test_queue_and_agent(asterisk, asterisk_ami, phones):
    phones("answer", "300")
    phones("answer", "agent-01", talk_ms=500)
    mark = asterisk_ami.mark()
    agent = asterisk.dial("agent-01")
    assert asterisk_ami.action("QueueAdd", Queue="sales_1", Interface=agent).ok
    try:
        call, mark = originate(asterisk_ami, asterisk.dial("300"), Application="queue", Data="sales_1")
        connected = asterisk_ami.wait_event("AgentConnect", after=mark)
        assert (connected["Uniqueid"], connected["Interface"], connected["DestLinkedid"]) == (call, agent, call)
        assert asterisk_ami.wait_event("AgentComplete", after=mark)["Reason"] == "agent"
        assert outcome(asterisk_ami, call, mark)[:2] == (4, "ANSWER")
        # callcounter=yes: the member was seen ringing or in use, and is free in the end.
        states = [event["Status"] for event in asterisk_ami.found("QueueMemberStatus", after=mark)]
        assert {"2", "6"} & set(states)
        _, items, _ = asterisk_ami.list_action("QueueSummary", Queue="sales_1")
        assert items[0]["LoggedIn"] == "1"
    finally:
        asterisk_ami.action("QueueRemove", Queue="sales_1", Interface=agent)


@pytest.mark.parametrize("who, status", [("human", "HUMAN"), ("machine", "MACHINE"), ("answer", "NOTSURE")])
def test_amd_hears_the_phone(asterisk, asterisk_ami, phones, who, status):
    phones(who, "300")  # `answer` sends no sound at all: AMD gives up after its 5 s (TOOLONG)
    call, mark = originate(asterisk_ami, asterisk.dial("300"), Context="amd", Exten="10", Priority=1)
    said = asterisk_ami.wait_event("UserEvent", after=mark, UserEvent="AmdResult", Uniqueid=call)
    assert said["Status"] == status, said["Cause"]
    assert asterisk_ami.wait_event("VarSet", after=mark, Variable="AMDSTATUS", Uniqueid=call)["Value"] == status


@pytest.mark.parametrize("who, status", [("human", "HUMAN"), ("machine", "MACHINE")])
def test_amd_hears_the_local_channel(asterisk_ami, phones, who, status):
    call, mark = originate(asterisk_ami, f"Local/{who}@far", Context="amd", Exten="10", Priority=1)
    assert asterisk_ami.wait_event("UserEvent", after=mark, Uniqueid=call)["Status"] == status


def test_ani_context_of_the_tutorial(asterisk, asterisk_ami, phones):
    phones("answer", "300")
    call, mark = originate(asterisk_ami, asterisk.dial("300"), Context="ani", Exten="10", Priority=40000)
    outcome(asterisk_ami, call, mark)
    steps = [event["Application"] for event in asterisk_ami.found("Newexten", after=mark, Uniqueid=call)]
    assert steps[1:] == ["NoOp", "Wait", "Answer", "Playback", "SayDigits", "Wait", "SayDigits", "Return"]


@pytest.mark.parametrize("exten, reason, status, near, far", [
    ("busy", 5, "BUSY", 0, 17), ("cong", 8, "CONGESTION", 0, 34), ("hc17", 0, "BUSY", 17, 17),
    ("hc34", 0, "CONGESTION", 34, 34), ("hc1", 0, "NOANSWER", 1, 1), ("hc3", 0, "CHANUNAVAIL", 3, 3),
    ("fall", 0, "NOANSWER", 0, 0), ("nosuch", 0, None, 0, 0), ("310", 5, "BUSY", 0, 17), ("313", 0, "NOANSWER", 1, 1)])
def test_local_channel_that_does_not_answer(asterisk_ami, phones, exten, reason, status, near, far):
    call, mark = originate(asterisk_ami, f"Local/{exten}@far")
    assert outcome(asterisk_ami, call, mark)[:3] == (reason, status, near)
    assert int(asterisk_ami.wait_event("Hangup", after=mark, Uniqueid=f"{call}-2")["Cause"]) == far


@pytest.mark.parametrize("exten", ["answer", "talk0.2", "late1", "300"])
def test_local_channel_that_answers(asterisk_ami, phones, exten):
    call, mark = originate(asterisk_ami, f"Local/{exten}@far")
    asterisk_ami.wait_event("DialEnd", after=mark, DestUniqueid=call, DialStatus="ANSWER")
    if exten == "talk0.2":
        asterisk_ami.wait_event("Hangup", after=mark, Uniqueid=call)


def test_fast_context_carries_a_load(asterisk_ami, phones):
    mark, count = asterisk_ami.mark(), 200
    for number in range(count):
        asterisk_ami.send("Originate", {"Channel": f"Local/{1000 + number}@fast", "Async": "true", **STAY},
                          action_id=f"load-{number}")
    replies = asterisk_ami.wait_events("OriginateResponse", count, 30, mark)
    assert {reply["Reason"] for reply in replies} == {"4"}


def test_message_is_written_from_variables(asterisk, asterisk_ami, phones):
    text = 'Dear "Ann", 50\\60, thanks; bye'
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace(",", "\\,")
    call, mark = originate(asterisk_ami, "Local/answer@far", Context="message", Exten="email", Priority=1,
                           Variable=["MAIL_TO=ann@example.org", "MAIL_SUBJECT=Offer", f"MAIL_TEXT={quoted}"])
    told = asterisk_ami.wait_event("UserEvent", after=mark, UserEvent="Message", Uniqueid=call)
    with open(os.path.join(asterisk.spool, "messages", told["File"]), encoding="utf-8") as mail:
        assert mail.read().lstrip("\n") == f"To: ann@example.org\nSubject: Offer\n\n{text}\n"


def test_variables_arrive_whole(asterisk_ami, phones):
    values = {"A": "x,y", "B": 'say "hi"', "C": "back\\slash", "D": "ünï; $5 {b} (c)", "E": "a=b"}
    variables = [name + "=" + value.replace("\\", "\\\\").replace('"', '\\"').replace(",", "\\,")
                 for name, value in values.items()]
    call, mark = originate(asterisk_ami, "Local/answer@far", Context="vars", Exten="echo", Priority=1,
                           Variable=variables)
    told = asterisk_ami.wait_event("UserEvent", after=mark, UserEvent="Vars", Uniqueid=call)
    assert {name: base64.b64decode(told[name]).decode() for name in values} == values


def test_second_instance_kill_and_restart(asterisk):
    extra = {"queues.conf": "[sales_2]\nstrategy = ringall\n"}
    with Asterisk(asterisk.version, extra=extra) as other, Phone(other, "answer", "300"):
        assert other.ami_port != asterisk.ami_port and "sales_2" in other.cli("queue show")
        assert "sales_2" not in asterisk.cli("queue show")
        other.restart()
        other.kill9()
        assert not other.running and asterisk.running
        other.start()
        with other.ami() as ami:  # the phone is still registered
            call, mark = originate(ami, other.dial("300"))
            ami.wait_event("DialEnd", after=mark, DestUniqueid=call, DialStatus="ANSWER")
        directory = other.dir
    assert not os.path.exists(directory)
    with open("/proc/mounts", encoding="utf-8") as mounts:
        assert other.root not in mounts.read()
