"""The console from outside: its frames on the unix socket, the command, and the command in a real terminal (tmux)."""
import contextlib
import json
import os
import re
import socket
import struct
import subprocess
import time

import pytest

from engine import UUID, binary
from sim import SIM_LOGIN, Sim

WORLD = """return { numbers = { ['9*'] = 'answer', ['8*'] = 'ring', ['7*'] = 'busy' },
                    talk = { mean = 0.3, cv = 0.1 }, ring = { mean = 0.2, cv = 0.1 } }"""


class ConsoleError(Exception):
    """A line that ended with an error."""


class Console:
    """A connection to an engine's console, speaking its frames."""

    def __init__(self, path, width=0, as_json=False, timeout=60):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(timeout)
        self.sock.connect(path)
        self.said = ""  # what was printed since the last line began
        self.width = width
        self.buffer = b""
        with contextlib.suppress(BrokenPipeError):  # one too many is told so and closed, maybe before it can speak
            self.send(do="hello", json=as_json, width=width)
        self.hello = self.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, **frame):
        """Sends a frame."""
        data = json.dumps(frame).encode()
        self.sock.sendall(struct.pack(">I", len(data)) + data)

    def _take(self, count):
        while len(self.buffer) < count:
            got = self.sock.recv(65536)
            if not got:
                raise EOFError("the engine closed the console")
            self.buffer += got
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def read(self):
        """The next frame."""
        return json.loads(self._take(struct.unpack(">I", self._take(4))[0]))

    def begin(self, code):
        """Sends a line and does not wait."""
        self.said = ""
        self.send(do="line", code=code, width=self.width)

    def end(self):
        """Waits for the end of a line: what it printed. Raises its error."""
        while True:
            frame = self.read()
            self.said += frame.get("out", "")
            if frame.get("end") == "error":
                raise ConsoleError(frame["text"])
            if "end" in frame:
                return self.said if frame["end"] == "ok" else None

    def line(self, code):
        """Runs a line; what it printed, None if it is not complete. Raises its error."""
        self.begin(code)
        return self.end()

    def fails(self, code):
        """Runs a line that must end with an error; gives that."""
        try:
            self.line(code)
        except ConsoleError as error:
            return str(error)
        raise AssertionError(f"no error: {code}")

    def complete(self, text):
        """What Tab offers."""
        self.send(do="complete", text=text)
        frame = self.read()
        return frame["words"], frame["from"]


def command(engine, *args, stdin=None, **more):
    """`astout console` on that engine, to its end."""
    return subprocess.run([binary(), "console", "-c", os.path.join(engine.dir, "astout.conf"), *args], input=stdin,
                          capture_output=True, text=True, timeout=180, check=False, **more)


class Terminal:
    """`astout console` in a terminal of its own, typed into."""

    count = 0

    def __init__(self, engine, width=100, height=200):
        Terminal.count += 1  # the server of the one before may still be leaving
        self.socket = os.path.join(engine.dir, f"tmux{Terminal.count}")
        self._tmux("-u", "-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height),
                   f"HOME={engine.dir} LC_ALL=C.UTF-8 {binary()} console -c {engine.dir}/astout.conf;"
                   " echo exit status $?; read -r line")
        self.wait(lambda screen: screen.endswith("astout>"))

    def _tmux(self, *args):
        done = subprocess.run(["tmux", "-S", self.socket, *args], capture_output=True, text=True, timeout=60,
                              check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True, timeout=60, check=False)

    def screen(self):
        """What stands there, without empty lines at the end."""
        return self._tmux("capture-pane", "-p").rstrip()

    def wait(self, holds, timeout=60):
        """Waits until the screen is as wanted; returns it."""
        limit = time.monotonic() + timeout
        while not holds(self.screen()):
            assert time.monotonic() < limit, self.screen()
            time.sleep(0.05)
        return self.screen()

    def key(self, *names):
        """Presses keys by name: Tab, C-c, Up."""
        self._tmux("send-keys", *names)

    def type(self, text):
        """Types, without Enter, until it stands there."""
        self._tmux("send-keys", "-l", text)
        self.wait(lambda screen: "".join(screen.split()).endswith("".join(text.split())))  # a long one is wrapped

    def prompts(self):
        """How many prompts there are."""
        return len(re.findall(r"^(astout>|     >>)", self.screen(), re.M))

    def line(self, text):
        """Types a line, and waits for the next prompt."""
        count = self.prompts()
        self.type(text)
        self.key("Enter")
        self.wait(lambda screen: self.prompts() > count and re.search(r"(astout>|     >>)$", screen))

    def begin(self, text):
        """Types a line, and waits until it has been taken: from then on C-c stops it, and does not forget it."""
        self.type(text)
        row = self._row()
        self.key("Enter")
        self.wait(lambda _: self._row() > row)

    def _row(self):
        """Where the cursor is."""
        return int(self._tmux("display-message", "-p", "#{cursor_y}"))


def steady(text):
    """The same text from run to run: uuids and times by their order of appearance."""
    seen = {}

    def uuid(found):
        return seen.setdefault(found[0], f"{len(seen) + 1:08x}-0000-4000-8000-000000000000")

    text = re.sub(UUID, uuid, text)
    return re.sub(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", "2026-01-01T12:00:00.000000000Z", text)


# ---- fixtures ----


@pytest.fixture(scope="module", name="sim")
def fixture_sim():
    """A simulated Asterisk for all tests of a file."""
    with Sim(WORLD) as one:
        yield one


@pytest.fixture(name="e")
def fixture_e(engine, sim):
    """An engine that is connected to it."""
    e = engine(sim, conf={**SIM_LOGIN, "trunk:carrier": {"asterisk": "main", "channels": 2}})
    with Console(sock(e)) as c:
        c.line("while not out.asterisk.get('main').ready do out.sleep(0.02) end")
    return e


def sock(engine):
    """Where its console listens."""
    return os.path.join(engine.dir, "sock")


@pytest.fixture(name="c")
def fixture_c(e):
    """Its console."""
    with Console(sock(e)) as one:
        yield one
