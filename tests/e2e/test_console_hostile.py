"""Nothing that is typed into a console, or sent to its socket, hurts the engine or anybody else."""
import re
import socket
import struct

import pytest

from console import *  # pylint: disable=wildcard-import,unused-wildcard-import
from console import Console, ConsoleError, sock

HOSTILE = {
    "while true do end": "more than",
    "while true do pcall(function() while true do end end) end": "more than",
    "local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) return t[1]": "",
    "table.sort({3, 2, 1}, function() while true do end end)": "cannot pause",
    "('a'):rep(40000):find(('a-'):rep(6) .. 'b')": "cannot pause",
    "return ('x'):rep(1e9)": "out of memory",
    "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end": "out of memory",
    "local function f() return f() + 1 end f()": "",
    "local s = 'x' while true do s = s .. s end": "out of memory",
    "setmetatable({}, {__gc = function() while true do end end})": "not available",
    "error(setmetatable({}, {__tostring = function() error('x') end}))": "error is a table",
    "error()": "error is a nil",
    "out.campaign.list = nil raw = out": None,
    "while true do print(('x'):rep(1000)) end": "print at most",
    "t = {} t.t = t return t": None,
    "for i = 1, 1e6 do out.after(1000, print) end": "1000 timers",
    "string = nil pairs = nil out = nil": None,
    "return out": "no variable 'out'",
    "out show plans": None,
    "\x1b[2J\x00\xff": "",
    "local local": "line:1:",
    "return " + "(" * 1000: "",
    "return " + "{" * 150 + "}" * 150: None,
    "x = '" + "x" * 60000 + "' return #x": None,
    "--" + "x" * 70000: "at most 65536 bytes",
    "out.dl.find{dlma = {}}": "",
}


@pytest.mark.slow
def test_hostile_lines(e):
    """A line of Lua stops the engine, or the console for good."""
    ami = e.ami()
    with Console(sock(e)) as c:
        for code, text in HOSTILE.items():
            try:
                c.line(code)
                error = None
            except ConsoleError as said:
                error = str(said)
            assert (text is None) == (error is None) and (text or "") in (error or ""), (code[:80], error)
            assert len(c.said) < 300000
    assert ami.action("Ping").ok
    with Console(sock(e)) as c:
        assert c.line("#out.campaign.list()") == "0\n"


def test_hostile_frames(e):
    """Bytes that are no frame, 10 MB of them, or half a frame: an error or a closed connection, and nothing else."""
    head = struct.pack(">I", 10_000_000)
    for data in (head + b"x" * 10_000_000, b"\xff" * 100, struct.pack(">I", 3) + b"[1]", struct.pack(">I", 2) + b"{}",
                 struct.pack(">I", 9) + b"\x00\xff\xfe{}{}{}", b"GET / HTTP/1.0\r\n\r\n", head[:2],
                 struct.pack(">I", 400) + b"{", b""):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
            peer.settimeout(20)
            peer.connect(sock(e))
            try:
                peer.sendall(data)
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(65536):
                    pass
            except OSError:
                pass
    with Console(sock(e)) as c:
        c.send(do="line", code=5)
        with pytest.raises(ConsoleError, match="needs code"):
            c.end()
        c.begin("while true do end")
        c.begin("1")
        with pytest.raises(ConsoleError, match="a line is running"):
            c.end()
        c.send(do="stop")
        with pytest.raises(ConsoleError, match="stopped"):
            c.end()
        assert c.line("1 + 1") == "2\n"
    assert e.ami().action("Ping").ok


def test_many_consoles(e):
    """Consoles that nobody closes take everything."""
    consoles = [Console(sock(e)) for _ in range(32)]
    extra = Console(sock(e))
    assert extra.hello == {"end": "error", "text": "too many consoles are open"}
    for one in consoles + [extra]:
        one.sock.close()
    with Console(sock(e)) as c:
        while "too many" in c.hello.get("text", ""):
            c = Console(sock(e))
        assert c.line("1") == "1\n"


def test_a_console_that_never_reads(e):
    """Output for a console that does not read grows without end."""
    def rss():
        with open(f"/proc/{e.process.pid}/status", encoding="utf-8") as status:
            return int(re.search(r"VmRSS:\s*(\d+) kB", status.read())[1])
    ami = e.ami()
    with Console(sock(e)) as c, Console(sock(e)) as other:
        before = rss()
        c.begin("n = 0 out.every(0.01, function() for i = 1, 200 do print(('x'):rep(1000)) end n = n + 1 "
                "if n == 100 then out.dlma.create{name = '20 MB'} end end)")
        ami.wait_event("OutDlmaCreate", Name="20 MB")
        assert other.line("1") == "1\n" and rss() - before < 10_000


@pytest.mark.slow
def test_a_long_line_delays_nobody(e):
    """While a console computes, AMI and other consoles wait."""
    ami = e.ami()
    with Console(sock(e)) as c, Console(sock(e)) as other:
        c.begin("while true do end")
        for i in range(5):
            assert ami.action("OutPlanCreate", Name=f"plan {i}").ok
        assert other.line("#out.plan.list()") == "5\n"
        c.sock.setblocking(False)
        with pytest.raises(BlockingIOError):  # it is still at it
            c.sock.recv(1, socket.MSG_PEEK)
        c.sock.settimeout(30)
        with pytest.raises(ConsoleError, match="more than"):
            c.end()


def test_leaving_in_the_middle(e):
    """A console that goes while its line runs leaves the engine with a call into nothing."""
    for code in ("while true do end", "out.sleep(0.2)", "out.ami.send{Action = 'CoreShowChannels'}",
                 "for i = 1, 100 do out.plan.create{name = 'x'} end", "out.on('*', print) for i = 1, 9 do"
                 " out.dlma.create{} end"):
        for _ in range(5):
            c = Console(sock(e))
            c.begin(code)
            c.sock.close()
    with Console(sock(e)) as c:
        assert c.line("out.sleep(0.5) return 1") == "1\n"
