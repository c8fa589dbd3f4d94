"""Client libraries as people use them run the tutorial's campaign against the engine, with a real Asterisk behind it:
the scripts of tests/clients, on Debian's Node and on the machine's; panoramisk on Debian's Python."""
import json
import os
import re
import shutil
import subprocess

import pytest

from engine import TOP

CLIENTS = os.path.join(TOP, "tests", "clients")
MODULES = os.path.join(os.environ.get("ASTOUT_CLIENTS", os.path.join(TOP, "build", "clients")), "node_modules")
OURS = {"OutPlanCreate", "OutCampaignUpdate", "OutDialingCreate", "OutDialingUpdate", "OutDialingDelete", "OutDlListUpdate"}
RELAYED = {"Newchannel", "DialBegin", "Hangup", "ParkedCall", "VarSet"}


def nodes():
    """Every Node there is: Debian's, the machine's own if it is another one."""
    found = [path for path in ("/usr/bin/node", shutil.which("node")) if path and os.access(path, os.X_OK)]
    return list({os.path.realpath(path): path for path in found}.values()) or ["node"]


def run(argv, **more):
    """What the script found out; its output tells why it failed."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=180, check=False, **more)
    assert done.returncode == 0, done.stdout
    return json.loads(done.stdout.splitlines()[-1])


def check(asterisk, server, said):
    """It heard both kinds of event, reached Asterisk, and the campaign ran."""
    assert OURS | RELAYED <= set(said["events"]), said["events"]
    assert said["version"].startswith(asterisk.version)
    result, = server.results()
    assert (result["dialing_uuid"], result["camp_uuid"], result["res_dial"]) == (said["call"], said["camp"], 4)
    assert result["dial_application"] == "park"
    log = server.tail(10000)
    assert "reads too slowly" not in log and "refused" not in log


@pytest.mark.parametrize("node", nodes())
@pytest.mark.parametrize("library", ["asterisk-manager", "asterisk-ami-client"])
def test_node(asterisk, engine, phones, library, node):
    """A script written with this library cannot log in, misses an answer or event, or does so on this Node only."""
    if shutil.which(node) is None:
        pytest.skip("no Node: tests/setup test installs Debian's")
    if not os.path.isdir(os.path.join(MODULES, library)):
        pytest.skip(f"npm's {library} is not in {MODULES}: tests/setup test could not get it from npm's registry")
    phones("answer", "300", talk_ms=60_000)
    server = engine(asterisk)
    tech = "sip/" if asterisk.version == "16" else "PJSIP/"
    said = run([node, os.path.join(CLIENTS, f"{library}.js"), str(server.port), tech],
               env={**os.environ, "NODE_PATH": MODULES})
    check(asterisk, server, said)


def test_panoramisk(asterisk, engine, phones):
    """The same for panoramisk, which takes lists apart by EventList, names and messages."""
    if subprocess.run(["/usr/bin/python3", "-c", "import panoramisk"], stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("no python3-panoramisk: tests/setup test installs it")
    phones("answer", "300", talk_ms=60_000)
    server = engine(asterisk)
    tech = "sip/" if asterisk.version == "16" else "PJSIP/"
    check(asterisk, server, run(["/usr/bin/python3", os.path.join(CLIENTS, "panoramisk_client.py"), str(server.port), tech]))


def test_versions_are_locked():
    """A library changes from one run to the next, or the lock file names a registry that others do not have."""
    with open(os.path.join(CLIENTS, "package.json"), encoding="utf-8") as text:
        wanted = json.load(text)["dependencies"]
    with open(os.path.join(CLIENTS, "package-lock.json"), encoding="utf-8") as text:
        lock = text.read()
    packages = json.loads(lock)["packages"]
    assert "resolved" not in lock and "http" not in lock
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert all("integrity" in package for path, package in packages.items() if path)
