"""A recorded run, replayed by another process: the same decisions and bytes, or the first difference."""
import binascii
import os
import re
import shutil
import signal
import struct
import subprocess

import pytest

from console import Console
from engine import TOP, binary
from sim import SIM_LOGIN, Sim
from test_agi import request

WORLD = """return { agents = 5, talk = { mean = 1, cv = 0.3 }, wrapup = { mean = 0.3, cv = 0.3 },
                    ring = { mean = 0.3, cv = 0.3 }, answer_rate = 0.7 }"""
HEAD = 24  # bytes of the first line
CLOCK, TURN, END, SIGNAL, DATA, FILE, DECISION, SENT = 1, 2, 3, 4, 9, 13, 20, 21


def conf(**general):
    """The configuration of an engine on the simulator that records."""
    return {**SIM_LOGIN, "general": {"record": "recording", **general}, "agi": {"enabled": "yes", "port": 0}}


def recording(e):
    """Its path."""
    return os.path.join(e.dir, "recording")


def replay(path, *options, status=0):
    """Replays it; what is printed."""
    done = subprocess.run([binary(), "replay", *options, path], capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == status, (done.returncode, done.stdout[-3000:], done.stderr[-3000:])
    return done.stdout if status < 2 else done.stderr


def decisions(text):
    """How many were the same."""
    return int(re.match(r"(\d+) decisions", text)[1])


class Blocks:
    """The blocks of a recording, to be read and falsified."""

    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        self.head, self.blocks, at = data[:HEAD], [], HEAD
        while at + 8 <= len(data):
            length, crc = struct.unpack_from("<II", data, at)
            body = data[at + 8:at + 8 + length]
            assert len(body) == length and binascii.crc32(body) == crc
            self.blocks.append(body)
            at += 8 + length

    def write(self, path):
        """With the right checksums."""
        with open(path, "wb") as file:
            file.write(self.head)
            for body in self.blocks:
                file.write(struct.pack("<II", len(body), binascii.crc32(body)) + body)

    def change(self, old, new, which=0):
        """Puts new in the place of old, which has as many bytes, in the block that is the which-th to have it."""
        assert len(old) == len(new)
        found = [i for i, body in enumerate(self.blocks) if old in body]
        self.blocks[found[which]] = self.blocks[found[which]].replace(old, new, 1)


def shift(e, sim, leads=50):
    """A campaign with a queue and agents, to the end of its list."""
    c = e.ami()
    camp = c.campaign([f"9{i:04}" for i in range(leads)], plan={"TechName": sim.tech, "DialStrategy": "available"},
                      dest={"Application": "Queue", "Data": "sales_1"}, campaign={"Queue": "sales_1"})
    c.run(camp)
    return c, camp


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The recording of one shift, ended in order, with its log of decisions."""
    from engine import Engine  # pylint: disable=import-outside-toplevel
    folder = tmp_path_factory.mktemp("whole")
    with Sim(WORLD) as sim, Engine(sim, conf=conf()) as e:
        shift(e, sim)
        results = len(e.results())
        assert e.end() == 0
        for end in ("", ".db"):
            shutil.copy(recording(e) + end, folder / ("recording" + end))
            assert os.stat(recording(e) + end).st_mode & 0o777 == 0o600
    assert results >= 50
    return str(folder / "recording")


def falsified(whole, tmp_path, *change):
    """A copy with something else in it."""
    path = str(tmp_path / "recording")
    blocks = Blocks(whole)
    blocks.change(*change)
    blocks.write(path)
    shutil.copy(whole + ".db", path + ".db")
    return path


def test_the_same_again(whole):
    """A replay decides otherwise than the run did, or does without deciding."""
    shown = replay(whole, "--show")
    count = len(re.findall("^[^ ]+ decided ", shown, re.M))
    assert count > 20 and decisions(replay(whole)) == count
    assert shown.count("Action: Originate") >= 50
