"""Whoever speaks nonsense to our port, too much of it, or does not listen: he gets a clear error or is closed, the engine
keeps its size, the others are served and nothing is lost."""
import os
import random
import resource
import socket
import threading

import pytest

from asterisk import process
from asterisk.asterisk import Asterisk
from engine import USERS, Engine, tries
from raw import LOGIN, Raw
from sim import SIM_LOGIN, Sim

MB = 1 << 20
BIG = [f"V{i}={'x' * 890}" for i in range(100)]  # 90 kB in one event
END = b"\r\n\r\nAction: Ping\r\nActionID: end\r\n\r\n"


def rss(server):
    """Memory of the engine in bytes."""
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) * 1024


@pytest.fixture(autouse=True, scope="module")
def descriptors():
    """Room for a thousand sessions, here and in the engine."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def attack(port, data, login, end=END):
    """Sends it all while it reads all; returns what the server said, up to the end or the close."""
    with Raw(port, timeout=60) as session:
        if login:
            session.login()
        else:
            session.until(b"\r\n")

        def write():
            try:
                session.socket.sendall(data + end)
            except OSError:
                pass  # closed: as good an answer
        writer = threading.Thread(target=write)
        writer.start()
        at = 0
        while b"ActionID: end\r\n" not in session.buffer[at:]:
            at = max(0, len(session.buffer) - 20)
            if session.receive() in (b"", None):
                break
        writer.join()
        return session.buffer


NONSENSE = {
    "binary": random.Random(1).randbytes(2 * MB),
    "zeros": b"\0" * 2 * MB,
    "no colon": b"hello there\r\n" * 50_000,
    "a line of 10 MB": b"Action: " + b"x" * 10 * MB,
    "a name of 10 MB": b"x" * 10 * MB + b": y",
    "100,000 headers": b"Action: Ping\r\n" + b"A: b\r\n" * 100_000,
    "100,000 ActionIDs": b"Action: Ping\r\n" + b"".join(b"ActionID: %d\r\n" % i for i in range(100_000)),
    "empty lines": b"\r\n" * 20_000,
    "line feeds": b"\n" * 20_000,
    "carriage returns": b"\r" * 2 * MB,
    "half messages": b"Action: Ping\r\nActionID: h" * 20_000,
    "format": b"Action: %s%n%n%x\r\nActionID: %n%s\r\n" * 2_000,
    "messages at the limit": (b"Action: Ping\r\nActionID: " + b"y" * 1000 + b"\r\n" + (b"X: " + b"z" * 1019 + b"\r\n") * 126 + b"\r\n") * 100,
    "variables": b"Action: OutPlanCreate\r\n" + b"Variable: A=b\r\n" * 126,
    "logins": b"Action: Challenge\r\nAuthType: MD5\r\n\r\n" * 10_000,
}


@pytest.fixture(scope="module")
def server():
    """An engine that all the nonsense is sent to."""
    with Engine() as one:
        one.ami()  # what a first session takes
        attack(one.port, b"", True)
        yield one


@pytest.mark.parametrize("login", [True, False], ids=["logged in", "stranger"])
@pytest.mark.parametrize("kind", NONSENSE)
def test_nonsense(server, kind, login):
    """A client that speaks nonsense ends the engine, fills its memory, or keeps it from serving others."""
    before, other = rss(server), server.ami(events="off")
    thread = threading.Thread(target=lambda: answers.append(attack(server.port, NONSENSE[kind], login)))
    answers = []
    thread.start()
    while thread.is_alive():
        assert other.action("Ping", timeout=60).ok
        assert rss(server) - before < 24 * MB
    said, = answers
    packets = said.split(b"\r\n\r\n")
    assert all(packet.startswith((b"Response: ", b"Event: ")) for packet in packets if packet.strip()), packets[:3]
    assert not login or b"ActionID: end\r\nPing: Pong" in said or b"ActionID: end\r\nMessage: Failed" in said, said[-300:]
    if not login:
        assert b"Pong" not in said and b"created" not in said
    other.close()


def test_half_message_then_silence(server):
    """A session that stops in the middle of a message holds up the others, or is not there when it goes on."""
    with Raw(server.port) as session:
        session.login()
        session.send(b"Action: Pi")
        assert server.ami().action("Ping").ok
        session.send(b"ng\r\nActionID: late\r\n\r\n")
        session.until(b"ActionID: late\r\nPing: Pong\r\n")


def test_thousand_sessions(asterisk, engine):
    """A thousand idle sessions, each with its own way to Asterisk: one is not served, or they cost too much."""
    users = USERS.replace("read = call", "read = call,message")
    with Asterisk(asterisk.version, name=f"crowd-{asterisk.version}") as own:  # it is busy with them for a while
        server = engine(own, conf={"ami": {"max_sessions": 1100}}, users=users)
        before, idle = rss(server), []
        for _ in range(1000):
            session = Raw(server.port, timeout=60)
            session.send(LOGIN % (b"watcher", b"watcher") + b"Action: Getvar\r\nActionID: x\r\n\r\n")
            idle.append(session)
            session.until(b"accepted\r\n\r\n")
        for session in idle:  # refused by Asterisk itself
            assert b"Permission denied" in session.until(b"ActionID: x\r\n") + session.packet()
        assert rss(server) - before < 100 * MB
        dialer = server.ami(events="off")
        assert dialer.action("CoreSettings").ok and dialer.action("OutPlanCreate", Name="for all").ok
        for session in idle:
            session.until(b"Name: for all\r\n")
            session.__exit__()
        assert server.ami().action("CoreSettings").ok


def deaf(server, count, user="admin"):
    """Sessions that take nothing from now on."""
    return [Raw(server.port, rcvbuf=4096, timeout=60).login(user) for _ in range(count)]


def test_deaf_sessions(engine):
    """Sessions that never read while events flow fill the memory, or are not closed; the others wait for them or miss
    an event."""
    server = engine(conf={"ami": {"writebuffer": "1M"}})
    dialer, other = server.ami(), server.ami()
    before, sessions = rss(server), deaf(server, 20)
    for i in range(150):  # 14 MB for each
        assert dialer.action("OutDlmaCreate", Name=i, Variable=BIG).ok
        other.drain()
    assert rss(server) - before < 80 * MB  # 20 x 1 MB, and 14 MB of dlmas
    assert [event["Name"] for event in other.wait_events("OutDlmaCreate", 150)] == [str(i) for i in range(150)]
    for session in sessions:
        assert len(session.eof()) < 8 * MB
    assert server.tail(1000).count("reads too slowly, closed") == 20


def test_deaf_to_relayed_events(asterisk, engine):
    """The same for what Asterisk sends; and Asterisk must not be held up."""
    server = engine(asterisk, conf={"ami": {"writebuffer": "1M"}})
    dialer = server.ami()
    before, sessions = rss(server), deaf(server, 5)
    process.poll(lambda: dialer.action("CoreSettings").ok, "the relay logs in")
    source = asterisk.ami(events="off")
    for i in range(3000):
        source.send("UserEvent", {"UserEvent": i, "Text": "x" * 1000, "More": "y" * 1000})
        if i % 100 == 99:
            source.action("Ping")
            dialer.drain()
    assert rss(server) - before < 60 * MB
    assert [event["UserEvent"] for event in dialer.wait_events("UserEvent", 3000)] == [str(i) for i in range(3000)]
    for session in sessions:
        session.eof()


def test_asks_and_does_not_read(engine):
    """Lists that nobody takes are made in memory, one after the other."""
    server = engine(conf={"ami": {"writebuffer": "1M"}})
    dialer = server.ami(events="off")
    dlma = dialer.action("OutDlmaCreate", Name="d").ok and dialer.show("Dlma")[0]["Uuid"]
    for _ in range(300):
        assert dialer.action("OutDlListCreate", DlmaUuid=dlma, Number1="300", Variable=BIG[:50]).ok
    before = rss(server)
    for session in deaf(server, 5):
        session.socket.setblocking(False)
        try:
            for _ in range(2000):
                session.socket.send(f"Action: OutDlListShow\r\nDlmaUuid: {dlma}\r\nCount: 300\r\n\r\n".encode())
        except BlockingIOError:
            pass
        assert dialer.action("Ping").ok
    assert rss(server) - before < 30 * MB
    assert len(dialer.show("DlList", DlmaUuid=dlma, Count=300)) == 300  # who reads gets it, whatever its size


def test_small_buffer_takes_a_long_list(engine):
    """A session with the smallest buffer there is asks for a list of big leads: it is closed though it reads."""
    server = engine(conf={"ami": {"writebuffer": "64k"}})
    dialer = server.ami(events="off")
    dlma = dialer.action("OutDlmaCreate", Name="d").ok and dialer.show("Dlma")[0]["Uuid"]
    for _ in range(300):
        assert dialer.action("OutDlListCreate", DlmaUuid=dlma, Number1="300", Variable=BIG[:10]).ok
    assert len(dialer.show("DlList", DlmaUuid=dlma, Count=300)) == 300


def test_answers_held_back(asterisk, engine):
    """Answers that wait behind a slow action of Asterisk's pile up without bound."""
    server = engine(asterisk, conf={"ami": {"writebuffer": "1M"}})
    dialer = server.ami(events="off")
    for _ in range(5):
        dialer.action("OutPlanCreate", Variable=BIG)
    process.poll(lambda: dialer.action("CoreSettings").ok, "the relay logs in")
    before = rss(server)
    ring = "Action: Originate\r\nChannel: Local/ring@far\r\nApplication: Wait\r\nTimeout: 20000\r\n\r\n"
    sessions = [Raw(server.port).login() for _ in range(5)]
    for session in sessions:
        session.send(ring + "Action: OutPlanShow\r\n\r\n" * 900)
    for session in sessions:
        session.eof()
    assert rss(server) - before < 20 * MB and dialer.action("Ping").ok
    asterisk.hangup_all()


def test_input_behind_a_slow_action(asterisk, engine):
    """What a client writes behind a slow action of Asterisk's is read without bound."""
    server = engine(asterisk)
    dialer = server.ami(events="off")
    process.poll(lambda: dialer.action("CoreSettings").ok, "the relay logs in")
    before, watch = rss(server), asterisk.ami()
    session = Raw(server.port).login()
    session.send("Action: Originate\r\nChannel: Local/ring@far\r\nApplication: Wait\r\nTimeout: 600000\r\n\r\n")
    message = (b"Action: Getvar\r\nVariable: X\r\nActionID: %04d\r\n" + (b"X: " + b"y" * 1000 + b"\r\n") * 100 + b"\r\n")
    session.socket.setblocking(False)
    sent = 0
    try:
        for sent in range(2000):  # 200 MB
            part = message % sent
            while part:
                part = part[session.socket.send(part):]
    except BlockingIOError:
        pass
    assert sent < 500 and rss(server) - before < 16 * MB
    assert dialer.action("CoreSettings").ok
    watch.wait_event("DialBegin")
    watch.close()
    asterisk.hangup_all()
    session.socket.settimeout(60)
    session.socket.sendall(part)
    for i in range(sent + 1):
        session.until(b"ActionID: %04d\r\n" % i)


def test_nothing_is_lost(engine):
    """While all that goes on, a campaign loses a call or a result."""
    world = "return { numbers = { ['9*'] = 'answer' }, ring = { mean = 0.2, cv = 0.1 }, talk = { mean = 0.3, cv = 0.1 } }"
    with Sim(world) as sim:
        server = engine(sim, conf=SIM_LOGIN)
        dialer = server.ami()
        made = dialer.campaign([f"9{i:04}" for i in range(400)], plan={"TechName": "sip/", **tries(1)}, dest={"Data": "0.3"})
        mark = dialer.start(made)
        threads = [threading.Thread(target=attack, args=(server.port, data, i % 2 == 0)) for i, data in enumerate(NONSENSE.values())]
        for thread in threads:
            thread.start()
        lost = deaf(server, 3)
        dialer.status(made, 0, mark, 60)
        for thread in threads:
            thread.join()
        results = server.results()
        assert sorted(line["dl_list_uuid"] for line in results) == sorted(made.leads)
        assert all(calls[-1].event == "OutDialingDelete" for calls in dialer.dialings(made, mark).values())
        for session in lost:
            session.__exit__()


def test_connections_that_come_and_go(server):
    """Half-open, reset and closed connections leave descriptors or memory behind."""
    def count():
        return len(os.listdir(f"/proc/{server.process.pid}/fd"))
    server.ami().action("Ping")
    before, size = count(), rss(server)
    for i in range(1500):
        one = socket.create_connection(("127.0.0.1", server.port))
        if i % 3:
            one.send((LOGIN % (b"admin", b"admin")) * (i % 2) + b"Action: OutPlanShow\r\n\r\n" * (i % 7))
        if i % 5 == 0:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, not a farewell
        one.close()
    process.poll(lambda: count() <= before, "descriptors are given back")
    assert rss(server) - size < 8 * MB
