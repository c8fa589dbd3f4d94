"""The server's side of AMI on a bare socket: the checklist of what client libraries need (banner, framing, spelling,
ActionIDs, order, lists), who gets in and what he may do and hear. Byte by byte, as Asterisk does it."""
import hashlib
import re
import signal
import threading
import time

import pytest

from asterisk import process
from clock import Clock
from engine import Engine
from raw import LOGIN, Raw

USERS = """\
[general]
displayconnects = no

[admin]
secret = admin-secret
read = all
write = all

[guest](!)
secret = guest-secret
[watcher](guest)
secret = watcher-secret
read = call
[operator]
secret = operator-secret
read = message
write = dialer
[commander]
secret = commander-secret
read = command,call
write = command
[caller]
secret = caller-secret
read = system
write = call,originate
[elsewhere]
secret = elsewhere-secret
read = all
write = all
deny = 0.0.0.0/0.0.0.0
permit = 10.0.0.0/8
[here]
secret = here-secret
deny = 0.0.0.0/0
permit = 127.0.0.0/8
write = dialer
[single]
secret = single-secret
read = all
write = all
allowmultiplelogin = no
[shown]
secret = shown-secret
displayconnects = yes
[oldfilter]
secret = oldfilter-secret
read = all
write = all
eventfilter = Event: OutPlan
eventfilter = !Name: hidden
[newfilter]
secret = newfilter-secret
read = all
write = all
eventfilter(name(OutDlmaCreate)) =
eventfilter(name(OutPlanCreate),header(Name),method(starts_with)) = sales
eventfilter(action(exclude),header(Detail),method(exact)) = hidden
eventfilter(action(exclude),method(contains)) = secret words
"""
BANNER = rb"Asterisk Call Manager/\d+\.\d+\.\d+\r\n"
LINE = re.compile(rb"[A-Z][A-Za-z0-9]*: [^\r\n]*\r\n")
PING = b"Action: Ping\r\nActionID: %s\r\n\r\n"
LISTS = ["OutCampaignShow", "OutCampaignStatShow", "OutPlanShow", "OutDlmaShow", "OutDlListShow", "OutDestinationShow",
         "OutQueueShow", "OutDialingShow", "OutDialingSummary"]


@pytest.fixture(scope="module")
def server():
    """An engine without Asterisk that the tests of this file share."""
    clock = Clock()
    with Engine(users=USERS, clock=clock) as engine:
        yield engine
    clock.close()


def logged_in(server, user="admin"):
    """A bare session past its FullyBooted, if it hears one."""
    session = Raw(server.port).login(user)
    if user == "admin":
        session.until(b"Status: Fully Booted\r\n\r\n")
    return session


def test_banner(server):
    """1: a banner in pieces, another form, or bytes behind it: ami-io and nami never log in."""
    with Raw(server.port) as session:
        session.receive()
        assert re.fullmatch(BANNER, session.until(b"\r\n")) and session.buffer == b""
        assert session.ask(PING % b"1") == b"Response: Error\r\nActionID: 1\r\nMessage: Permission denied\r\n\r\n"
        assert len(session.segments) == 2 and session.buffer == b""


def test_banner_of_the_asterisk_behind(asterisk, engine):
    """1: a library that tells versions apart sees another one than before the engine stood between."""
    with Raw(asterisk.ami_port) as direct:
        assert direct.until(b"\r\n") == engine_banner(engine(asterisk))


def engine_banner(server):
    """Our banner, once the engine has seen Asterisk's."""
    def seen():
        with Raw(server.port) as session:
            line = session.until(b"\r\n")
            return line if b"logged in" in open(server.log, "rb").read() else None  # pylint: disable=consider-using-with
    return process.poll(seen, "the engine logs in")


@pytest.mark.parametrize("text", [
    b"Action: Ping\r\nActionID: 1\r\n\r\n", b"Action: Ping\nActionID: 1\n\n", b"action:PING\r\nactionid:1\n\r\n",
    b"ACTIONID:    1\r\nACTION: \tping\r\n\r\n", b"Action:\r\nAction: Ping\r\nAction: Nope\r\nActionID: 1\r\nActionID: 2\r\n\r\n",
    b"no colon\r\nAction: Ping\r\nAction : Nope\r\n: x\r\nActionID: 1\r\n\r\n", b"X: \xff\xfe\r\nAction: Ping\0x\r\nActionID: 1\0\r\n\r\n",
    b"Account: a\r\nAction: Ping\r\nActionID: 1\r\n\0Action: Logoff\r\n"])
def test_input_as_lenient_as_asterisk(server, text):
    """2: a way of writing that Asterisk takes is refused, or a packet cut in another place is read otherwise."""
    with logged_in(server) as session:
        for cuts in ([text], [text[i:i + 1] for i in range(len(text))], [text * 3]):
            for piece in cuts:
                session.send(piece)
            for _ in range(3 if cuts == [text * 3] else 1):
                assert re.fullmatch(rb"Response: Success\r\nActionID: 1\r\nPing: Pong\r\nTimestamp: \d+\.\d{6}\r\n\r\n",
                                    session.packet())
        assert session.buffer == b""


def test_input_before_the_banner_is_read(server):
    """2: asterisk-manager and starpy write their Login on connect."""
    with Raw(server.port) as session:
        session.send(LOGIN % (b"admin", b"admin") + PING % b"x")
        said = session.until(b"Pong\r\n")
        assert re.match(BANNER + rb"Response: Success\r\nMessage: Authentication accepted\r\n\r\nResponse: Success\r\nActionID: x", said)


@pytest.mark.parametrize("text", [b"Action : Ping\r\n\r\n", b"\r\n", b"Hello\r\n\r\n", b"Action:\r\nX: y\r\n\r\n"])
def test_no_action(server, text):
    """2: an empty packet, or one without an action, is answered otherwise than by Asterisk, or ends the session."""
    with logged_in(server) as session:
        assert session.ask(text) == b"Response: Error\r\nMessage: Missing action in request\r\n\r\n"
        assert b"Pong" in session.ask(PING % b"1")


def test_output_is_spelled_as_asterisk_spells(server):
    """3, 10, 11: a line without CRLF or with another blank, a packet that begins with something else, a Message or an
    event name that some library takes for a list, a line too long for Twisted, a line end within a value."""
    dialer = server.ami()
    mark = len(dialer.raw)
    made = dialer.campaign(["300"], plan={"TechName": "Local/", "Variable": [f"V{i}={'x' * 890}" for i in range(100)]})
    dialer.update("Campaign", made.uuid, Detail="ünï \x01\x7f", Status=1)
    for action in LISTS:
        assert dialer.list_action(action)[0].ok
    for action, headers in (("Ping", {}), ("Events", {"EventMask": "on"}), ("Nope", {}), ("OutPlanShow", {"Uuid": "x"}),
                            ("OutPlanCreate", {"DialMode": "9"}), ("Login", {}), ("Challenge", {"AuthType": "MD5"})):
        dialer.action(action, headers)
    dialer.update("Campaign", made.uuid, Status=0)
    dialer.status(made, 0, 0)
    in_list = 0
    packets = bytes(dialer.raw[mark:]).split(b"\r\n\r\n")
    assert packets.pop() == b"" and len(packets) > 20
    for packet in packets:
        lines = [line + b"\r\n" for line in packet.split(b"\r\n")]
        assert all(LINE.fullmatch(line) and len(line) < 16384 for line in lines), packet
        assert lines[0].startswith((b"Response: ", b"Event: ")), packet
        assert len(lines) < 150
        start, done = b"EventList: start\r\n" in lines, b"EventList: Complete\r\n" in lines
        assert (b"follow" in packet) == start and (b"Complete\r\n" in lines[0]) == done, packet
        assert not re.search(rb"Message: (Added.*to queue|.*successfully queued)\r\n", packet)
        in_list += start - done
        assert in_list in (0, 1)


@pytest.mark.parametrize("action_id", [
    b"1", b"action/6e1a/1/2", b"a#b.c;d", b"x" * 128, b"y" * 900, b"\xff\xfe\x80", b"  lead", b"trail  ", b"%s%n", b"a: b"])
def test_action_id(server, action_id):
    """4: an ActionID comes back changed or in another place; one that was not sent comes back; an entry lacks it."""
    with logged_in(server) as session:
        want = b"\r\nActionID: " + action_id.lstrip() + b"\r\n"
        for action in [b"Ping", b"Events\r\nEventMask: on", b"OutPlanShow\r\nUuid: x", b"CoreSettings", b"OutPlanCreate\r\nDialMode: 9"]:
            answer = session.ask(b"Action: " + action + b"\r\nActionID: " + action_id + b"\r\n\r\n")
            assert re.match(rb"Response: (Success|Error)" + re.escape(want), answer), answer
            assert b"ActionID" not in session.ask(b"Action: " + action + b"\r\n\r\n")
        for action in LISTS:
            session.send(b"Action: " + action.encode() + b"\r\nActionID: " + action_id + b"\r\n\r\n")
            packets = [session.packet()]
            while b"EventList: Complete" not in packets[-1]:
                packets.append(session.packet())
            assert all(packet.split(b"\r\n")[1] == want.strip(b"\r\n") for packet in packets), packets


def test_events_carry_no_action_id(server):
    """12: an event with the ActionID of the action that caused it is taken for its answer by four libraries."""
    dialer, other = server.ami(), server.ami()
    for session in (dialer, other):
        session.mark()
    dialer.action("OutPlanCreate", ActionID="mine", Name="p")
    for session in (dialer, other):
        assert "ActionID" not in session.wait_event("OutPlanCreate")


@pytest.mark.parametrize("action", LISTS)
def test_list(server, action):
    """9: a list whose head, end or number of entries some library cannot take."""
    dialer = server.ami()
    dialer.campaign(["300", "301"], plan={"TechName": "Local/"})
    head, items, end = dialer.list_action(action)
    assert head.names() == ["Response", "ActionID", "EventList", "Message"]
    assert head["EventList"] == "start" and head["Message"].endswith(" List will follow")
    assert end.names() == ["Event", "ActionID", "EventList", "ListItems"]
    assert end.event.endswith("Complete") and int(end["ListItems"]) == len(items)
    assert len(items) >= (0 if action in ("OutDialingShow", "OutQueueShow") else 1)
    assert all("Complete" not in item.event and item.event.startswith("Out") for item in items)


@pytest.mark.slow
def test_order_of_pipelined_answers(server):
    """5: answers of slow and fast actions, written at once and without ActionIDs, come in another order."""
    with logged_in(server) as session:
        session.send(b"Action: Events\r\nEventMask: off\r\n\r\n")
        session.packet()
        kinds = [(b"Ping", b"Ping: Pong"), (b"OutPlanCreate", b"Plan created"), (b"OutQueueShow", b"Queue List"),
                 (b"CoreSettings", b"Asterisk is away"), (b"OutPlanShow\r\nUuid: x", b"No such plan")]
        session.send(b"".join(b"Action: " + action + b"\r\n\r\n" for action, _ in kinds) * 400)
        for i in range(400):
            for action, said in kinds:
                packet = session.packet()
                assert said in packet, (i, action, packet)
                while b"EventList: " in packet and b"EventList: Complete" not in packet:
                    packet = session.packet()


WRONG = [b"Username: admin\r\nSecret: wrong", b"Username: nobody\r\nSecret: admin-secret", b"Username: admin", b"Secret: admin-secret",
         b"Username: admin\r\nSecret:", b"Username: admin\r\nAuthType: MD5\r\nKey: 0", b"Username: elsewhere\r\nSecret: elsewhere-secret",
         b"Username: guest\r\nSecret: guest-secret", b"Username: general\r\nSecret: x", b"Username: admin@main\r\nSecret: wrong",
         b"Username: admin@nowhere\r\nSecret: admin-secret"]


@pytest.mark.parametrize("headers", WRONG)
def test_refused_login(server, headers):
    """5: which part of a login was wrong can be told from words or time; or what was sent behind it is done."""
    with Raw(server.port) as session:
        session.until(b"\r\n")
        begin = time.monotonic()
        session.send(b"Action: Login\r\nActionID: 7\r\n" + headers + b"\r\n\r\nAction: OutPlanCreate\r\n\r\n")
        assert session.eof() == b"Response: Error\r\nActionID: 7\r\nMessage: Authentication failed\r\n\r\n"
        assert time.monotonic() - begin > 0.9


def test_login_md5(server):
    """6: asterisk-java and AsterNET log in by challenge only; a key of another session, or in capitals, gets in."""
    with Raw(server.port) as session:
        session.until(b"\r\n")
        assert session.ask("Action: Challenge\r\nAuthType: plain\r\n\r\n") == b"Response: Error\r\nMessage: Must specify AuthType\r\n\r\n"
        answers = [session.ask("Action: Challenge\r\nAuthType: md5\r\n\r\n") for _ in range(2)]
        assert answers[0] == answers[1] and re.fullmatch(rb"Response: Success\r\nChallenge: \d{9,10}\r\n\r\n", answers[0])
        challenge = answers[0].split(b": ")[2].strip()
        key = hashlib.md5(challenge + b"admin-secret").hexdigest()
        login = "Action: Login\r\nAuthType: MD5\r\nUsername: admin\r\nKey: {}\r\n\r\n"
        with Raw(server.port) as other:
            other.send("Action: Challenge\r\nAuthType: MD5\r\n\r\n" + login.format(key))
            assert b"Authentication failed" in other.eof()
        assert b"Authentication accepted" in session.ask(login.format(key))
        assert session.ask(LOGIN % (b"watcher", b"x")) == b"Response: Success\r\nMessage: Already authenticated\r\n\r\n"
    with Raw(server.port) as session:
        session.until(b"\r\n")
        challenge = session.ask("Action: Challenge\r\nAuthType: MD5\r\n\r\n").split(b": ")[2].strip()
        session.send(login.format(hashlib.md5(challenge + b"admin-secret").hexdigest().upper()))
        assert b"Authentication failed" in session.eof()


def test_fully_booted(server):
    """6: FullyBooted shares the login's segment (asterisk-ami-client loses it), comes before it, or without being due."""
    with Raw(server.port) as session:
        session.login()
        session.until(b"Status: Fully Booted\r\n\r\n")
        assert session.segments[-2].endswith(b"accepted\r\n\r\n") and session.segments[-1].startswith(b"Event: FullyBooted\r\n")
    for user, events in ((b"admin", b"off"), (b"admin", b"call"), (b"watcher", b"on")):
        with Raw(server.port) as session:
            session.until(b"\r\n")
            session.send(b"Action: Login\r\nUsername: %s\r\nSecret: %s-secret\r\nEvents: %s\r\n\r\n" % (user, user, events))
            session.until(b"accepted\r\n\r\n")
            server.clock.advance(1)  # whatever was to come after a while comes now
            session.send(PING % b"1" + PING % b"2")
            assert b"FullyBooted" not in session.until(b"ActionID: 2\r\n")


def test_logoff(server):
    """7: a Logoff is not answered, leaves the connection open, or what is behind it is still done."""
    with logged_in(server) as session:
        session.send(PING % b"1" + b"Action: Logoff\r\nActionID: 2\r\n\r\n" + PING % b"3")
        assert re.fullmatch(rb"Response: Success\r\nActionID: 1\r\n.*\r\n\r\nResponse: Goodbye\r\nActionID: 2\r\n"
                            rb"Message: Thanks for all the fish\.\r\n\r\n", session.eof(), re.S)


@pytest.mark.parametrize("mask, answer, heard", [
    ("on", "On", True), ("yes", "On", True), ("1073741824", "On", True), ("message", "On", True), ("call, message", "On", True),
    ("call", "On", False), ("2", "On", False), ("off", "Off", False), ("0", "Off", False), ("nonsense", "Off", False), (None, None, True)])
def test_event_mask(server, mask, answer, heard):
    """7: an EventMask means another thing than in Asterisk."""
    dialer, other = server.ami(), server.ami()
    response = dialer.action("Events", EventMask=mask)
    assert (response.get("Events"), response.get("Message")) == (answer, None if answer else "Invalid event mask")
    uuid = other.make("Plan")["Uuid"]
    dialer.action("Ping")
    dialer.drain()
    assert bool(dialer.found("OutPlanCreate", Uuid=uuid)) == heard


def test_unknown_action_and_missing_right(server):
    """13: the texts of Asterisk; a right that is missing ends the session, or is one too many."""
    may = {"operator": True, "commander": True, "here": True, "caller": False, "watcher": False}
    for user, allowed in may.items():
        session = server.ami(user)
        for action in ("OutPlanCreate", "OutPlanShow", "OutDialingSummary", "OutCampaignStatShow", "OutQueueShow"):
            response = session.action(action)
            assert response.ok == allowed, (user, action)
            assert allowed or response["Message"] == "Permission denied"
        assert session.action("Ping").ok


def test_read_classes(server):
    """Events go to somebody whose `read` does not hold `message`, or not to one whose does."""
    hears = {name: server.ami(name) for name in ("operator", "commander", "caller", "watcher")}
    server.ami().make("Plan", Name="heard")
    for name, session in hears.items():
        session.action("Ping")
        session.drain()
        assert bool(session.found("OutPlanCreate", Name="heard")) == (name == "operator"), name


def test_filters(server):
    """eventfilter, both syntaxes: an event is heard that should not be, or the other way round."""
    dialer = server.ami()
    old, new = server.ami("oldfilter"), server.ami("newfilter")
    for name in ("sales 1", "other", "hidden"):
        dialer.make("Plan", Name=name)
        dialer.make("Dlma", Name=name)
    dialer.make("Dlma", Name="x", Detail="hidden")
    dialer.make("Dlma", Name="y", Detail="my secret words")
    dialer.make("Destination", Name="sales")
    heard = {}
    for session in (old, new):
        session.action("Ping")
        session.drain()
        heard[session] = [f"{event.event} {event['Name']}" for event in session.events if event.event.startswith("Out")]
    assert heard[old] == ["OutPlanCreate sales 1", "OutPlanCreate other"]
    assert heard[new] == ["OutPlanCreate sales 1", "OutDlmaCreate sales 1", "OutDlmaCreate other", "OutDlmaCreate hidden"]


def test_single_login(server):
    """allowmultiplelogin = no: a second session gets in, or the first one's end does not make room."""
    first = server.ami("single")
    with Raw(server.port) as second:
        second.until(b"\r\n")
        second.send(LOGIN % (b"single", b"single"))
        assert second.eof() == b"Response: Error\r\nMessage: Login Already In Use\r\n\r\n"
    assert first.action("Logoff").ok and first.eof()
    assert server.ami("single").action("Ping").ok


def test_display_connects(server):
    """displayconnects = yes: the log does not tell who came and went; = no: it does; a secret is in it."""
    shown, quiet = server.ami("shown"), server.ami("watcher")
    for session in (shown, quiet):
        session.action("Logoff")
        session.eof()
    process.poll(lambda: "ami: shown@127.0.0.1 logged off" in server.tail(), "the log tells it")
    log = server.tail(10000)
    assert "ami: shown@127.0.0.1 logged in" in log and "watcher@" not in log and "-secret" not in log


def test_auth_limits(engine, set_clock):
    """authtimeout: a mute connection stays; authlimit: more than so many strangers keep the users out for long, or
    those who are logged in count too; max_sessions is not kept."""
    clock = set_clock()
    server = engine(users=USERS, conf={"ami": {"authtimeout": 600, "authlimit": 3, "max_sessions": 6}}, clock=clock)
    users = [server.ami() for _ in range(3)]
    strangers = [Raw(server.port) for _ in range(3)]
    for stranger in strangers:
        stranger.until(b"\r\n")
    for seconds in (300, 300):
        with Raw(server.port) as one_more:
            assert one_more.eof() == b""
        clock.advance(seconds)
    assert users[0].action("Ping").ok  # lets the engine see how late it is
    assert all(stranger.eof() == b"" for stranger in strangers)
    users += [server.ami() for _ in range(3)]
    with Raw(server.port) as one_more:
        assert one_more.eof() == b""
    assert all(user.action("Ping").ok for user in users)


@pytest.mark.slow
def test_wrong_secrets_in_a_loop(engine):
    """Somebody who guesses gets a thousand tries a second, fills the port for the others, or the memory."""
    server = engine(users=USERS, conf={"ami": {"authlimit": 20}})
    user, begin = server.ami(), time.monotonic()
    failed = 0
    while time.monotonic() - begin < 3:
        guess = Raw(server.port)
        try:
            guess.send(LOGIN % (b"admin", b"%d" % failed))
        except OSError:
            pass
        failed += 1
        assert user.action("Ping", timeout=60).ok
    refused = len(re.findall("login of 'admin' from 127.0.0.1 refused", open(server.log, encoding="utf-8").read()))  # pylint: disable=consider-using-with
    assert 20 <= refused <= 20 * (time.monotonic() - begin + 1), "each of the twenty that may be there has one guess a second"
    assert process.poll(lambda: free_login(server), "room again")


def free_login(server):
    """A login, or None while strangers fill the port."""
    try:
        with Raw(server.port) as session:
            return session.login()
    except (AssertionError, OSError):
        return None


def test_shutdown(engine):
    """14: panoramisk waits for `Event: Shutdown`; the engine just closes."""
    server = engine(users=USERS)
    session, deaf, stranger = logged_in(server), Raw(server.port).login("watcher"), Raw(server.port)
    stranger.until(b"\r\n")
    server.process.send_signal(signal.SIGTERM)
    assert session.eof() == b"Event: Shutdown\r\nPrivilege: system,all\r\nShutdown: Cleanly\r\nRestart: False\r\n\r\n"
    assert deaf.eof() == b"" and stranger.eof() == b""
    assert server.process.wait(60) == 0


@pytest.mark.slow
def test_slow_reader_keeps_its_timeout(engine):
    """writetimeout: a session that takes nothing stays beyond its user's patience; one that reads slowly is closed."""
    server = engine(users=USERS.replace("[admin]", "[admin]\nwritetimeout = 3000"), conf={"ami": {"writebuffer": "64M"}})
    dialer = server.ami("commander")
    slow, stuck = (Raw(server.port, rcvbuf=4096).login() for _ in range(2))
    over, said = threading.Event(), []

    def read():
        while not over.is_set() and said[-1:] != [b""]:
            said.append(slow.receive(1))
    reader = threading.Thread(target=read)
    reader.start()
    big = [f"V{i}={'x' * 890}" for i in range(100)]
    for _ in range(80):  # 7 MB for each of the two
        assert dialer.action("OutDlmaCreate", Variable=big).ok
    process.poll(lambda: "reads too slowly, closed" in server.tail(), "the stuck one is closed")
    over.set()
    reader.join()
    assert b"" not in said, "the slow reader is closed"
    assert len(stuck.eof()) < 7_000_000 and server.tail(1000).count("reads too slowly, closed") == 1
    assert slow.buffer.count(b"Event: OutDlmaCreate") > 5
