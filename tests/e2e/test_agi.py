"""The dialplan adds leads: AGI(agi://host/OutDlCreate,…) from a real dialplan, and what is wrong with a request."""
import re
import socket

import pytest

CONF = {"agi": {"enabled": "yes", "port": 0}}


def agi_port(e):
    """The engine says it before the AMI port, so it is in the log by now."""
    with open(e.log, encoding="utf-8") as log:
        return int(re.search(r"agi: listening on [^ ]*:(\d+)", log.read())[1])


def request(e, *args, name="OutDlCreate"):
    """Speaks FastAGI as Asterisk does; returns the variables that were set."""
    with socket.create_connection(("127.0.0.1", agi_port(e)), timeout=60) as link, link.makefile("rwb") as file:
        lines = ["agi_network: yes", f"agi_network_script: {name}", f"agi_request: agi://127.0.0.1/{name}",
                 *(f"agi_arg_{i}: {arg}" for i, arg in enumerate(args, 1)), "", ""]
        file.write("\n".join(lines).encode())
        file.flush()
        told = {}
        for line in file:
            found = re.fullmatch(r'SET VARIABLE (\w+) "(.*)"\n', line.decode())
            told[found[1]] = found[2].replace('\\"', '"')
            file.write(b"200 result=1\n")
            file.flush()
        return told


def test_all_arguments(engine):
    """An argument of OutDlCreate ends up in the wrong field, or nowhere."""
    e = engine(conf=CONF)
    c = e.ami()
    dlma = c.make("Dlma", Name="list")["Uuid"]
    told = request(e, dlma, "300:301", "Jane Doe", "a detail", "jane@example.org", "key-1", "A=1:B=two words")
    assert told["OUTSTATUS"] == "SUCCESS"
    lead = c.show("DlList", told["OUTDETAIL"])[0]
    assert [lead[h] for h in ("DlmaUuid", "Number1", "Number2", "Name", "Detail", "Email", "UKey")] == [
        dlma, "300", "301", "Jane Doe", "a detail", "jane@example.org", "key-1"]
    assert lead.all("Variable") == ["A=1", "B=two words"] and lead["Number3"] == "<unknown>"


@pytest.mark.parametrize("args, why", [
    ((), "are needed"), (("DLMA",), "are needed"), (("nobody", "300"), "DlmaUuid does not exist"),
    (("DLMA", "300&301"), "Number1"), (("DLMA", ":".join(["300"] * 9)), "eight"),
    (("DLMA", "300", "n", "d", "e", "u", "novalue"), "Variable")])
def test_wrong_requests(engine, args, why):
    """A request that cannot be carried out tells the dialplan nothing, or adds half a lead."""
    e = engine(conf=CONF)
    c = e.ami()
    dlma = c.make("Dlma", Name="list")["Uuid"]
    told = request(e, *(dlma if arg == "DLMA" else arg for arg in args))
    assert told["OUTSTATUS"] == "FAILURE" and why in told["OUTDETAIL"]
    assert c.show("DlList", DlmaUuid=dlma) == []
    assert request(e, dlma, "300", name="Reboot")["OUTSTATUS"] == "FAILURE"


def test_hostile(engine):
    """Endless lines, endless headers, or a caller that says nothing stop the dialplan's way in."""
    e = engine(conf=CONF)
    c = e.ami()
    dlma = c.make("Dlma", Name="list")["Uuid"]
    for junk in (b"x" * 100000, b"agi_x: y\n" * 1000, b"\0\n" * 500):
        with socket.create_connection(("127.0.0.1", agi_port(e)), timeout=60) as link:
            try:
                link.sendall(junk)
                while link.recv(4096):
                    pass
            except ConnectionError:
                pass
    with socket.create_connection(("127.0.0.1", agi_port(e)), timeout=10):
        assert request(e, dlma, "300")["OUTSTATUS"] == "SUCCESS"


def test_real_dialplan(engine, asterisk):
    """A real Asterisk speaks another FastAGI than we do."""
    e = engine(asterisk, conf=CONF)
    c = e.ami()
    dlma = c.make("Dlma", Name="list")["Uuid"]
    call = f"agi://127.0.0.1:{agi_port(e)}/OutDlCreate,{dlma},300:301,Jane,,,key,A=1"
    with asterisk.ami() as pbx:
        for target, status in ((call, "SUCCESS"), (call.replace(dlma, "nobody"), "FAILURE")):
            mark = pbx.mark()
            added = asterisk.cli(f"dialplan add extension lead,1,AGI,{target} into far replace")
            assert "lead@far" in added and target in added, added
            assert pbx.action("Originate", Channel="Local/answer@far", Context="far", Exten="lead", Priority="1",
                              Async="true").ok
            told = pbx.wait_event("VarSet", after=mark, Variable="OUTSTATUS")
            detail = pbx.wait_event("VarSet", after=mark, Variable="OUTDETAIL")
            assert told["Value"] == status
            if status == "SUCCESS":
                lead = c.show("DlList", detail["Value"])[0]
                assert (lead["Number2"], lead["Name"], lead["UKey"]) == ("301", "Jane", "key")
