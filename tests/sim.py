"""The simulated Asterisk as a process of its own: stands where a test would put a real one."""
import os
import signal
import subprocess
import tempfile
import threading

from asterisk import process
from engine import binary

# How an engine finds it: pass as conf=SIM_LOGIN to Engine.
SIM_LOGIN = {"asterisk:main": {"username": "astout", "secret": "astout"}}


class Sim:
    """`astout sim`; world: the text of its Lua file. Ended by process id; start() after kill9() keeps the port."""

    def __init__(self, world="return {}", seed=1, dialect="16"):
        self.dialect, self.seed, self.ami_port, self.process = dialect, seed, 0, None
        self.tech = "sip/" if dialect == "16" else "PJSIP/"
        handle, self.world = tempfile.mkstemp(prefix="astout-world-", suffix=".lua")
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(world)

    def start(self, deadline=40.0):
        """Returns once it listens."""
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [binary(), "sim", "--listen", f"127.0.0.1:{self.ami_port}", "--world", self.world, "--seed",
             str(self.seed), "--dialect", self.dialect], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, start_new_session=True,
            preexec_fn=process._die_with_parent)  # pylint: disable=protected-access
        line = []
        reader = threading.Thread(target=lambda: line.append(self.process.stdout.readline()), daemon=True)
        reader.start()
        reader.join(deadline)
        if not line or b"listening on" not in line[0]:
            self.kill9()
            raise RuntimeError("the simulated Asterisk does not listen")
        self.ami_port = int(line[0].rsplit(b":", 1)[1])
        return self

    def kill9(self):
        """The cable is cut: no farewell."""
        if self.process:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process.stdout.close()
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill9()
        os.unlink(self.world)
