"""The relay, on a real Asterisk: what is not ours passes through byte for byte and in order, Asterisk itself decides
what a user may do and hear, and our own actions go on whatever becomes of Asterisk."""
import itertools
import os
import re
import threading
import time

import pytest

from ami import AmiError
from asterisk import process
from asterisk.asterisk import Asterisk
from engine import USERS
from raw import Raw

# Users of both: astout's file is Asterisk's own (relay_asterisk); `filtered` hears what both let through.
EXTRA = """
[filtered]
secret = filtered-secret
read = all
write = all
writetimeout = 5000
eventfilter = UserEvent: wanted
eventfilter = Event: OutPlanCreate
[single]
secret = single-secret
read = all
write = all
writetimeout = 5000
allowmultiplelogin = no
[operator]
secret = operator-secret
read = call,message
write = system,dialer
writetimeout = 5000
"""
MESSAGES = 10_000


def users_of(asterisk):
    """The conf of an engine that reads Asterisk's own manager.conf."""
    return {"ami": {"users": os.path.join(asterisk.dir, "etc", "manager.conf")}}


@pytest.fixture
def own(asterisk):
    """An Asterisk of the same version for this test alone: it may die."""
    with Asterisk(asterisk.version, extra={"manager.conf": EXTRA}, name=f"own-{asterisk.version}") as server:
        yield server


def relayed(server, user="admin", **more):
    """A session of ours whose way to Asterisk is open."""
    session = server.ami(user, **more)
    session.action("Challenge")  # any action of ours
    process.poll(lambda: session.action("CoreSettings").get("Message") not in AWAY, "the relay logs in")
    return session


AWAY = ("Asterisk is away", "Asterisk is shutting down", "Asterisk does not answer")


def bare(port):
    """A bare session, with Asterisk or through the relay, that hears everything."""
    session = Raw(port, timeout=60).login()
    session.until(b"Event: FullyBooted\r\n")
    session.packet()
    session.send("Action: CoreStatus\r\nActionID: up\r\n\r\n")
    while b"\r\nActionID: up\r\n" not in session.packet():
        pass
    return session


class Flood:
    """Sessions that act as fast as they can, as long as they have leave: give(n) lets each act n times more. Without a
    bound a busy machine gets so far behind that the engine takes its Asterisk for dead."""

    def __init__(self, *acts):
        self.leave = [threading.Semaphore(0) for _ in acts]
        self.over = False
        self.threads = [threading.Thread(target=self.act, args=pair) for pair in zip(self.leave, acts)]

    def act(self, leave, act):
        """One thread."""
        while leave.acquire() and not self.over:
            act()

    def give(self, count):
        """More of it."""
        for leave in self.leave:
            leave.release(count)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.give(1)
        for thread in self.threads:
            thread.join()


def test_byte_for_byte(asterisk, engine):
    """A relayed event is changed, lost, doubled or in another place than on a session with Asterisk itself."""
    server = engine(asterisk)
    sessions = bare(asterisk.ami_port), bare(server.port)
    with asterisk.ami() as source:
        source.action("Events", EventMask="off")
        values = itertools.cycle(["x", "", "ünï  ", "\x01\x7f", "a: b", "y" * 900, "Response: Error", 'say "hi"\\', "\udcff"])
        for i in range(MESSAGES):
            end = "last" if i == MESSAGES - 1 else "first" if i == 0 else "flood"
            source.send("UserEvent", [("UserEvent", end), ("Number", i), ("Value", next(values)), ("Event", "Nope")], action_id=f"u{i}")
            if i % 100 == 99:
                source.response(f"u{i}")
                source._replies.clear()  # pylint: disable=protected-access
                for session in sessions:  # nobody gets further behind than that
                    while b"\r\nNumber: %d\r\n" % i not in session.buffer[-1 << 18:]:
                        assert session.receive()
    streams = []
    for session in sessions:
        session.until(b"UserEvent: first\r\n")
        streams.append(session.until(b"UserEvent: last\r\n") + session.packet())
        session.__exit__()
    assert streams[0].count(b"Event: UserEvent\r\n") >= MESSAGES - 1
    assert streams[0] == streams[1]


# What tells how long something has lasted: on two sessions that is two moments.
MOMENT = re.compile(rb"^(Seconds|Duration): [0-9:]+\r$", re.M)


@pytest.fixture
def calm(asterisk):
    """Nothing begins or ends on this Asterisk but one call, which is up."""
    asterisk.hangup_all()
    with asterisk.ami() as source:
        source.action("Originate", Channel="Local/answer@far", Application="Wait", Data="3600", Async="true")
        process.poll(lambda: [half.get("Application") for half in source.list_action("CoreShowChannels")[1]] == ["Wait"] * 2,
                     "both halves of the call do what they will do to its end")
        yield
    asterisk.hangup_all()


@pytest.mark.parametrize("action", [
    b"ShowDialPlan", b"CoreShowChannels", b"Command\r\nCommand: core show help", b"Command\r\nCommand: no such thing",
    b"CoreSettings", b"QueueStatus", b"Command", b"Originate", b"Getvar\r\nVariable: X", b"Nonsense: \xff", b"ListCategories\r\nFilename: x.conf",
    b"GetConfig\r\nFilename: extensions.conf", b"Status", b"DBGet\r\nFamily: x\r\nKey: y"])
def test_answers_byte_for_byte(asterisk, engine, calm, action):  # pylint: disable=unused-argument
    """A relayed answer or list is changed, cut, or its events are in another place."""
    server, answers = engine(asterisk), []
    for port in (asterisk.ami_port, server.port):
        session = bare(port)
        for action_id in (b"", b"\r\nActionID: \xfe#1/2  ", b"\r\nActionID: " + b"z" * 900):
            session.send(b"Action: " + action + action_id + b"\r\n\r\n")
        session.send("Action: Ping\r\nActionID: end\r\n\r\n")
        answers.append(session.until(b"\r\nActionID: end\r\n"))
        session.__exit__()
    same = [re.sub(rb"Event: (SuccessfulAuth|ChallengeSent)\r\n.*?\r\n\r\n", b"", answer, flags=re.S) for answer in answers]
    same = [MOMENT.sub(rb"\1: some\r", answer) for answer in same]
    assert same[0] == same[1] and len(same[0]) > 100
    assert (b": some\r\n" in same[0]) == (action in (b"Status", b"CoreShowChannels")), "there was nothing to compare"


def test_order_of_relayed_and_local_answers(asterisk, engine):
    """Without ActionIDs only the order tells answers apart; a flood of both kinds of event goes on meanwhile, and not
    one event may stand inside of a list."""
    server = engine(asterisk)
    session, others = relayed(server), [asterisk.ami(events="off"), server.ami(events="off")]
    kinds = [("CoreSettings", "AMIversion"), ("Ping", "Ping: Pong"), ("OutPlanShow", "Plan List will"), ("QueueStatus", "Queue status will"),
             ("OutPlanCreate", "Plan created"), ("Command\r\nCommand: core show version", r"Asterisk \d\d"), ("Nonsense", "Invalid/unknown"),
             ("OutPlanShow\r\nUuid: x", "No such plan"), ("CoreShowChannels", "Channels will follow")]
    with Flood(lambda: others[0].action("UserEvent", UserEvent="flood"), lambda: others[1].action("OutDlmaCreate", Name="flood")) as flood:
        mark, replies = len(session.messages), []
        flood.give(20)
        session.send_raw("".join(f"Action: {action}\r\n\r\n" for action, _ in kinds) * 100)
        for _ in range(100 * len(kinds)):
            replies.append(session.response(False))
            flood.give(2)
        session.response(session.send("Ping"))
    for reply, (action, text) in zip(replies, kinds * 100):
        assert re.search(text, str(reply)), (action, reply)
    in_list, woven = None, {"UserEvent": 0, "OutDlmaCreate": 0}
    for message in session.messages[mark:]:
        woven[message.event] = woven.get(message.event, 0) + 1
        if message.get("EventList") == "start":
            assert in_list is None
            in_list = message["Message"]
        elif in_list:
            assert re.match("OutPlan|Queue|CoreShowChannel", message.event or "?"), (in_list, message)
            in_list = None if message.get("EventList") == "Complete" else in_list
    assert in_list is None and woven["UserEvent"] and woven["OutDlmaCreate"] and woven["OutPlanListComplete"] == 100


def test_nothing_is_smuggled(asterisk, engine):
    """A line that ends earlier for Asterisk than for us makes two actions of one: every answer after that is another's."""
    session = relayed(engine(asterisk), events="off")
    for i, evil in enumerate([b"X: y\r\n\0\r\n", b"\0\r\n", b"\0Action: CoreStatus\r\n", b"\r\r\n", b" \r\n", b"\t\n", b"X: y\0\r\n\r\r\n", b"\n",
                              b"X: " + b"y" * 1019 + b"\r\n", b"X: " + b"y" * 1020 + b"\r\n", b"X: " + b"y" * 1021 + b"\r\n",
                              b"X: " + b"y" * 1022 + b"\n", b"X: " + b"y" * 2045 + b"\r\n", b"X: y\r\n" * 125, b"X: y\r\n" * 126, b"X: y\r\n" * 400]):
        session.send_raw(b"Action: CoreSettings\r\nActionID: first\r\n" + evil + b"Action: CoreStatus\r\nActionID: second\r\n\r\n")
        session.send_raw(f"Action: Getvar\r\nActionID: third-{i}\r\nVariable: X\r\n\r\nAction: Ping\r\nActionID: end-{i}\r\n\r\n")
        mark = len(session.messages)
        session.response(f"end-{i}")
        got = [message.get("ActionID") for message in session.messages[mark:]]
        assert got[-2:] == [f"third-{i}", f"end-{i}"] and len(got) in (3, 4), (evil[:20], session.messages[mark:])


def test_both_kinds_of_event_and_masks(asterisk, engine):
    """A session hears events outside of its mask, misses some within it, or hears more after `Events: Off`."""
    server = engine(asterisk)
    sessions = {mask: relayed(server, events=mask) for mask in ("on", "off", "call", "user", "message", "call,user", "4", "dialer")}
    wants = {"on": "Newchannel UserEvent OutPlanCreate VarSet", "off": "", "call": "Newchannel", "user": "UserEvent", "4": "",
             "message": "OutPlanCreate", "call,user": "Newchannel UserEvent", "dialer": ""}
    direct = asterisk.ami()
    for turn in range(2):
        marks = {mask: session.mark() for mask, session in sessions.items()}
        direct.action("UserEvent", UserEvent="told")
        direct.action("Originate", Channel="Local/busy@far", Application="Wait", Data="1", Variable="A=b")
        assert server.ami(events="off").action("OutPlanCreate").ok
        for mask, session in sessions.items():
            for name in wants[mask].split():
                session.wait_event(name, after=marks[mask])
            # An answer of Asterisk's has all events before it in front.
            session.action("Getvar", Variable="X")
            heard = {event.event for event in session.events[marks[mask]:]}
            assert heard & {"Newchannel", "UserEvent", "OutPlanCreate", "VarSet"} == set(wants[mask].split()), (turn, mask)
        # once more with the masks set by Events, each session with that of another
        names, shifted = list(sessions), list(sessions)[1:] + list(sessions)[:1]
        for old, new in zip(names, shifted):
            sessions[old].action("Events", EventMask=new)
        sessions = {new: sessions[old] for old, new in zip(names, shifted)}


def test_events_off_is_kept(asterisk, engine):
    """Events still come after the answer to `Events: off`; or those right after the answer to `on` are missing."""
    session, source = relayed(engine(asterisk), events="off"), asterisk.ami(events="off")
    with Flood(lambda: source.action("UserEvent", UserEvent="flood")) as flood:
        for _ in range(30):
            flood.give(10)  # some come before the answer, some after it
            assert session.action("Events", EventMask="on")["Events"] == "On"
            flood.give(50)
            session.wait_event("UserEvent", after=len(session.events))
            assert session.action("Events", EventMask="off")["Events"] == "Off"
            count = len(session.events)
            flood.give(10)
            for _ in range(5):
                session.action("CoreSettings")
            session.drain()
            assert len(session.events) == count


def test_list_commands(asterisk, engine):
    """ListCommands hides Asterisk's actions or ours, or shows ours to somebody who may not use them."""
    server = engine(asterisk)
    for user in ("admin", "watcher"):
        direct = asterisk.ami(user, events="off").action("ListCommands").pairs
        through = relayed(server, user, events="off").action("ListCommands").pairs
        ours = [name for name, _ in through if name.startswith("Out")]
        assert [pair for pair in through if pair[0] not in ours][2:] == direct[2:]
        assert (len(ours) > 25 and "OutDlListShow" in ours) if user == "admin" else ours == []
        assert all(re.fullmatch(r"[A-Z].*\.  \(Priv: command,dialer,all\)", text) for name, text in through if name in ours)


def test_rights_are_asterisks(asterisk, engine):
    """The relay lets through what Asterisk refuses this user, or refuses him in other words."""
    server = engine(asterisk)
    for action in ("CoreSettings", "Command", "Originate", "UserEvent", "Getvar", "Filter", "QueueAdd"):
        direct, through = (one.action(action, ActionID="same") for one in (asterisk.ami("watcher"), server.ami("watcher")))
        assert direct.pairs == through.pairs and (direct["Message"] == "Permission denied"), action


def test_login_then_at_once(asterisk, engine):
    """asterisk-java asks for CoreSettings, AsterNET for the version, right behind the Login: they get an Error."""
    server = engine(asterisk)
    for _ in range(10):
        with Raw(server.port) as session:
            session.send("Action: Login\r\nUsername: admin\r\nSecret: admin-secret\r\nEvents: off\r\n\r\nAction: CoreSettings\r\n\r\n"
                         "Action: Command\r\nCommand: core show version\r\n\r\n")
            session.until(b"accepted\r\n\r\n")
            assert b"AsteriskVersion: " in session.packet()
            assert b"Output: Asterisk " + asterisk.version.encode() in session.packet()


def test_user_whom_asterisk_does_not_know(asterisk, engine):
    """Somebody known to us alone gets through to Asterisk as another, or cannot use our actions; the relay floods
    Asterisk with logins."""
    server = engine(asterisk, users=USERS + "[onlyhere]\nsecret = onlyhere-secret\nread = all\nwrite = all\n"
                    "[astout]\nsecret = changed-secret\nread = all\nwrite = all\n")
    watch = asterisk.ami()
    for user, secret in (("onlyhere", "onlyhere-secret"), ("astout", "changed-secret")):
        session = server.ami(user, secret)
        assert session.make("Plan")["Uuid"] and session.action("Ping").ok
        assert session.action("CoreSettings")["Message"] == "Asterisk refuses this user: Authentication failed"
        assert session.make("Plan")["Uuid"]
    watch.drain()
    assert len(watch.found("InvalidAccountID")) + len(watch.found("InvalidPassword")) + len(watch.found("ChallengeResponseFailed")) <= 6


def test_asterisk_dies(own, engine):
    """With actions outstanding, Asterisk dies: an answer never comes, comes in another order, an action of ours does
    not go on; or the way to Asterisk does not come back by itself."""
    server = engine(own)
    session = relayed(server)
    ids = [session.send(*action) for action in (
        ("Originate", {"Channel": "Local/ring@far", "Application": "Wait", "Timeout": 60000}), ("CoreSettings",), ("OutPlanShow", {"Uuid": "x"}),
        ("CoreShowChannels",), ("OutPlanCreate", {"Name": "p"}), ("Command", {"Command": "core show version"}), ("Ping",))]
    session.wait_event("OutPlanCreate")
    own.kill9()
    mark, texts = len(session.messages), ["Asterisk is away", "Asterisk is away", "No such plan", "Asterisk is away",
                                          "Plan created successfully", "Asterisk is away", None]
    assert [session.response(one).get("Message") for one in ids] == texts
    assert [m["ActionID"] for m in session.messages[mark:] if "Response" in m and "Event" not in m] == ids
    made = session.campaign(["300"], plan={"TechName": "Local/"})
    assert session.action("CoreSettings")["Message"] == "Asterisk is away"
    assert session.show("Campaign", made.uuid) and server.ami().action("Ping").ok
    own.start()
    process.poll(lambda: session.action("CoreSettings").ok, "the relay comes back")
    mark = session.mark()
    with own.ami() as direct:
        direct.action("UserEvent", UserEvent="again")
    session.wait_event("UserEvent", after=mark, UserEvent="again")


def test_dies_in_the_middle(own, engine):
    """A list or a packet that breaks off in the middle leaves the client in it for ever, or our events are lost."""
    server = engine(own)
    session = relayed(server)
    session.send("Originate", {"Channel": "Local/answer@far", "Application": "Wait", "Data": 60, "Async": "true"})
    for _ in range(50):
        session.send("ShowDialPlan", action_id="plan")
        session.send("Command", {"Command": "core show help"}, action_id="help")
    session.read()
    own.kill9()
    session.response(session.send("OutPlanCreate", {"Name": "after"}), timeout=60)
    session.wait_event("OutPlanCreate", Name="after")
    assert session.action("CoreSettings")["Message"] == "Asterisk is away"


def test_hangs_without_closing(own, engine):
    """`core restart gracefully` with a call up answers nothing and closes nothing: whoever asked waits for ever, or so
    do his actions behind it; and once the call has ended he has no way to Asterisk."""
    server = engine(own, conf={"asterisk:main": {"timeout": 2}})
    session, other = relayed(server), relayed(server)
    mark = other.mark()
    other.action("Originate", Channel="Local/held@far", Application="Wait", Data="3600", Async="true")
    other.wait_event("OriginateResponse", after=mark)
    begin, mark = time.monotonic(), len(session.messages)
    ids = [session.send(*action) for action in (("Command", {"Command": "core restart gracefully"}), ("CoreSettings",), ("Ping",),
                                                ("OutPlanShow", {"Uuid": "x"}), ("QueueStatus",))]
    said = [session.response(one).get("Message") for one in ids]
    assert said == ["Asterisk does not answer"] * 2 + [None, "No such plan", "Asterisk does not answer"]
    assert time.monotonic() - begin > 1.9
    assert other.action("CoreSettings")["Message"] == "Asterisk is shutting down"  # its own words
    process.poll(lambda: session.action("CoreSettings")["Message"] == "Asterisk is shutting down", "the login says why")
    assert session.make("Plan")["Uuid"]
    with open(os.path.join(own.spool, "messages", "hang-up"), "w", encoding="ascii"):
        pass  # the call ends, and so does the wait for it
    for one in (session, other):
        process.poll(lambda one=one: one.action("CoreSettings").ok, "the relay comes back")


def test_patience_is_not_cut_short(own, engine):
    """An action that waits by nature (a synchronous Originate, WaitEvent) is given up like one that hangs."""
    server = engine(own, conf={"asterisk:main": {"timeout": 1}})
    session, waiter = relayed(server), relayed(server, "watcher", events="off")
    begin = time.monotonic()
    wait = waiter.send("WaitEvent", {"Timeout": "3"})
    ring = session.send("Originate", {"Channel": "Local/ring@far", "Application": "Wait", "Timeout": "2500"})
    behind = session.send("CoreSettings")
    assert session.response(ring)["Message"] == "Originate failed" and time.monotonic() - begin > 2.4
    assert session.response(behind).ok
    assert waiter.response(wait)["Message"] not in AWAY


def test_choose_a_server(asterisk, own, engine):
    """user@NAME: a session gets to another Asterisk than it asked for, or our events only at one of them."""
    server = engine(own, asterisk)
    assert not server.connect().login("admin@nowhere", "admin-secret").ok
    sessions = {name: relayed(server, name, secret="admin-secret") for name in ("admin", "admin@main", "admin@other1")}
    for place, direct in ((own, own.ami()), (asterisk, asterisk.ami())):
        direct.action("UserEvent", UserEvent=f"from {place.name}")
    for name, session in sessions.items():
        place = asterisk if name == "admin@other1" else own
        session.wait_event("UserEvent", UserEvent=f"from {place.name}")
        session.action("Getvar", Variable="X")
        assert len(session.found("UserEvent")) == 1
    sessions["admin"].make("Plan", Name="for all")
    for session in sessions.values():
        session.wait_event("OutPlanCreate", Name="for all")


def test_asterisks_own_users(own, engine):
    """The users file is Asterisk's own: a right, a filter or allowmultiplelogin counts on one side only."""
    server = engine(own, conf=users_of(own))
    session = relayed(server, "filtered")
    for name in ("wanted", "other"):
        session.action("UserEvent", UserEvent=name)
    session.make("Plan")
    session.action("OutDlmaCreate")
    session.action("Getvar", Variable="X")
    assert [event.get("UserEvent") or event.event for event in session.events if event.event != "FullyBooted"] == ["wanted", "OutPlanCreate"]
    operator = relayed(server, "operator")
    operator.make("Plan")  # the class `dialer` is unknown to Asterisk
    assert operator.action("Originate")["Message"] == "Permission denied"
    for _ in range(3):
        single = server.ami("single")
        assert process.poll(lambda one=single: one.action("CoreSettings").ok, "one at a time")
        with pytest.raises(AmiError):
            server.ami("single")
        single.action("Logoff")
        assert single.eof()


def test_client_goes(asterisk, engine):
    """A client that goes with actions outstanding takes others' answers, its session in Asterisk, or the engine along."""
    server = engine(asterisk)
    watch = asterisk.ami(events="off")

    def sessions():
        return len(watch.action("Command", Command="manager show connected").all("Output"))
    before = process.poll(sessions, "Asterisk tells its sessions")
    for i in range(20):
        gone = server.ami()
        gone.send("Originate", {"Channel": "Local/ring@far", "Application": "Wait", "Timeout": "500"})
        for _ in range(5):
            gone.send("ShowDialPlan")
            gone.send("OutPlanCreate")
        if i % 2:
            gone.send("Logoff")
        gone.close()
    assert relayed(server).action("Ping").ok
    process.poll(lambda: sessions() <= before + 2, "they end", 70)
