"""A database that somebody else holds: people are answered, nothing is called, and it goes on by itself."""
import contextlib
import json
import os
import sqlite3

import pytest

from console import Console
from sim import SIM_LOGIN, Sim

WORLD = "return { numbers = { ['9*'] = 'answer' }, ring = { mean = 0.1, cv = 0.1 }, talk = { mean = 0.1, cv = 0.1 } }"


@contextlib.contextmanager
def held(e):
    """Nobody else can write to the engine's database meanwhile."""
    lock = sqlite3.connect(e.data, timeout=30, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        lock.execute("ROLLBACK")
        lock.close()


@pytest.mark.slow
def test_lists_and_statistics(engine):
    """A list, the statistics or a question at the console waits for a database that cannot be written; what is only
    waiting to be written is told as if it were there; something is called meanwhile; or it does not go on afterwards.
    """
    with Sim(WORLD) as sim:
        e = engine(sim, conf=SIM_LOGIN)
        c, other = e.ami(), e.ami()
        camp = c.campaign(["901", "902", "903"], plan={"TechName": sim.tech, "DlEndHandle": 0},
                          dest={"Application": "Hangup", "Data": ""})
        mark = c.start(camp)
        c.wait_events("OutDialingDelete", 3, after=mark)
        with held(e), Console(os.path.join(e.dir, "sock")) as console:
            waiting = [other.send("OutDlListCreate", {"DlmaUuid": camp.dlma, "Number1": f"91{i}"}) for i in range(3)]
            edit = other.send("OutDlListUpdate", {"Uuid": camp.leads[0], "Name": "Jane"})
            stat = c.stat(camp)
            assert (stat.DlTotalCount, stat.DlFinishedCount, stat.DlCalledCount, stat.DlDialingCount) == (3, 3, 3, 0)
            entries = c.show("DlList", DlmaUuid=camp.dlma)
            assert [entry["Number1"] for entry in entries] == ["901", "902", "903"]
            assert c.show("DlList", camp.leads[1])[0]["Number1"] == "902"
            assert console.line(f"#out.dl.find{{dlma_uuid = '{camp.dlma}'}}") == "3\n"
            assert console.line(f"out.dl.find{{number_1 = 903}}[1].uuid == '{camp.leads[2]}'") == "true\n"
            assert console.line(f"out.why('{camp.leads[1]}').reason") == "answered\n"
            why = json.loads(console.line(f"w = out.why('{camp.uuid}') return json.encode(w)"))
            assert why["leads"] == {"answered": 3}
            c.drain()
            assert len(c.found("OutDialingCreate", mark)) == 3
        assert all(other.response(sent).ok for sent in [*waiting, edit])
        c.wait_events("OutDialingDelete", 6, after=mark)
        assert c.show("DlList", camp.leads[0])[0]["Name"] == "Jane"
        assert c.stat(camp).DlFinishedCount == 6
