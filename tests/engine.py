"""The engine under test: its own directory and port, on real Asterisk servers or on none; and an AMI client that
knows its actions. The binary is $ASTOUT (default build/astout)."""
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
from types import SimpleNamespace

from ami import Ami, AmiError
from asterisk import process
from clock import ZONE

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
USERS = """\
[admin]
secret = admin-secret
read = all
write = all

; may look at calls and do nothing
[watcher]
secret = watcher-secret
read = call
"""
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
TIME = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"
CREATED = {"Campaign": "OutCampaignCreate", "Plan": "OutPlanCreate", "Dlma": "OutDlmaCreate",
           "DlList": "OutDlListCreate", "Destination": "OutDestinationCreate"}


def binary():
    """The program under test."""
    return os.environ.get("ASTOUT", os.path.join(TOP, "build", "astout"))


class Dialer(Ami):
    """A session on our port: Ami, and the steps nearly every test takes."""

    def make(self, noun, headers=(), **more):
        """Creates a resource; returns its Create event."""
        mark = len(self.events)
        response = self.action(f"Out{noun}Create", headers, **more)
        if not response.ok:
            raise AmiError(f"Out{noun}Create: {response}")
        return self.wait_event(CREATED[noun], after=mark)

    def lead(self, dlma, *numbers, **more):
        """A lead with these numbers, 1 to 8; returns its uuid."""
        fields = {f"Number{i}": number for i, number in enumerate(numbers, 1)}
        return self.make("DlList", DlmaUuid=dlma, **fields, **more)["Uuid"]

    def campaign(self, leads, plan=None, dest=None, dlma=None, **more):
        """A campaign of its own plan, list and destination; leads: numbers, or tuples of numbers.

        Returns its uuids: .uuid .plan .dlma .dest, and .leads in the order given. Unless said otherwise the answered
        call is parked in Wait, a lead has one try, and the next one is due at once.
        """
        plan = {"Name": "plan", "DialTimeout": "10000", "RetryDelay": "0", **tries(1), **(plan or {})}
        dest = {"Name": "dest", "Type": "1", "Application": "Wait", "Data": "60", **(dest or {})}
        made = SimpleNamespace()
        made.plan = self.make("Plan", plan)["Uuid"]
        made.dest = self.make("Destination", dest)["Uuid"]
        made.dlma = self.make("Dlma", {"Name": "dlma", **(dlma or {})})["Uuid"]
        made.leads = [self.lead(made.dlma, *([lead] if isinstance(lead, str) else lead)) for lead in leads]
        made.uuid = self.make("Campaign", {"Name": "campaign", "Plan": made.plan, "Dlma": made.dlma,
                                           "Dest": made.dest, **more})["Uuid"]
        return made

    def update(self, noun, uuid, **headers):
        """Changes a resource, which must succeed; returns the response."""
        response = self.action(f"Out{noun}Update", Uuid=uuid, **headers)
        if not response.ok:
            raise AmiError(f"Out{noun}Update: {response}")
        return response

    def start(self, campaign):
        """Starts it; returns the place in the events where that began."""
        mark = self.mark()
        self.update("Campaign", campaign.uuid, Status=1)
        return mark

    def status(self, campaign, status, after, timeout=None):
        """Waits until its Status is told to be that."""
        return self.wait_event("OutCampaignUpdate", timeout, after, Uuid=campaign.uuid, Status=status)

    def run(self, campaign, timeout=90):
        """Starts it and waits for its end; returns the place in the events where it began."""
        mark = self.start(campaign)
        self.status(campaign, 0, mark, timeout)
        return mark

    def dialings(self, campaign, after=0):
        """Events of its calls so far: {dialing uuid: [OutDialingCreate, -Update …, -Delete]}, in order."""
        calls = {}
        for event in self.events[after:]:
            if (event.event or "").startswith("OutDialing") and event.get("CampUuid") == campaign.uuid:
                calls.setdefault(event["Uuid"], []).append(event)
        return calls

    def show(self, noun, uuid=None, **more):
        """The entries of a Show action."""
        return self.list_action(f"Out{noun}Show", Uuid=uuid, **more)[1]

    def stat(self, campaign):
        """Its OutCampaignStatEntry, numbers as numbers."""
        entry = self.show("CampaignStat", campaign.uuid)[0]
        return SimpleNamespace(**{name: int(value) if value.isdigit() else value for name, value in entry.pairs})

    def in_flight(self):
        """Calls in flight, of all campaigns."""
        return int(self.list_action("OutDialingSummary")[1][0]["Count"])


def tries(count):
    """Plan headers that allow every number so many tries."""
    return {f"MaxRetryCnt{i}": count for i in range(1, 9)}


class Engine:
    """`astout run` in a directory of its own; use it in `with`, or call start() and stop().

    asterisks   tests/asterisk servers ([asterisk:main], [asterisk:other1] …); none: one that is away
    conf        {"general": {"allow_uri": "yes"}, "asterisk:main": {…}, "trunk:trunk": {…}}: over what is written here
    clock       a Clock (tests/clock.py) that it is to have
    users       text of manager.conf; the names and secrets of the tests' Asterisk, so that the relay may log in
    """

    alive = []  # for conftest.py: whose log belongs to a failure

    def __init__(self, *asterisks, conf=None, users=USERS, clock=None):
        self.dir = tempfile.mkdtemp(prefix="astout-engine-")
        self.log = os.path.join(self.dir, "log")
        self.result = os.path.join(self.dir, "result")
        self.data = os.path.join(self.dir, "db")
        self.keep = bool(os.environ.get("ASTOUT_KEEP"))
        self.port = None
        self.process = None
        self.clock = clock
        self._sessions = []
        ports = [asterisk.ami_port for asterisk in asterisks]
        if not ports:  # an Asterisk that is away: nobody listens on this port, and nobody else can have it
            self._away = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._away.bind(("127.0.0.1", 0))
            ports = [self._away.getsockname()[1]]
        sections = {
            "general": {"result_filename": self.result, "log_level": "debug", "timezone": ZONE},
            "database": {"db_sqlite3_data": self.data},
            "ami": {"port": 0, "users": "manager.conf"},
            "console": {"socket": os.path.join(self.dir, "sock")},
            "scripts": {"path": os.path.join(TOP, "strategies")},
        }
        for i, port in enumerate(ports):
            sections["asterisk:" + (f"other{i}" if i else "main")] = {
                "port": port, "username": "astout", "secret": "astout-secret"}
        for name, values in (conf or {}).items():
            sections.setdefault(name, {}).update(values)
        self.write("astout.conf", "".join(
            f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())
            for name, values in sections.items()))
        self.write("manager.conf", users)

    def write(self, name, text):
        """Writes a file into the engine's directory; returns its path."""
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        self.keep = self.keep or kind is not None
        self.stop()

    # -- life -------------------------------------------------------------------------------------------

    def start(self, deadline=60.0):
        """Starts it and returns once its port is open; ports are kept from one start to the next."""
        listening = threading.Event()
        Engine.alive.append(self)
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [binary(), "run", "-c", os.path.join(self.dir, "astout.conf")], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
            env=self.clock.env() if self.clock else None,
            preexec_fn=process._die_with_parent)  # pylint: disable=protected-access
        reader = threading.Thread(target=self._read_log, args=(self.process.stderr, listening), daemon=True)
        reader.start()
        if not listening.wait(deadline) or self.port is None:
            self.kill9()
            raise RuntimeError(f"the engine does not listen\n{self.tail()}")
        return self

    def _read_log(self, pipe, listening):
        with pipe, open(self.log, "ab") as log:
            for line in pipe:
                log.write(line)
                log.flush()
                found = re.search(rb"ami: listening on [^ ]*:(\d+)", line)
                if found:
                    self.port = int(found[1])
                    listening.set()
        listening.set()

    def end(self, deadline=45.0):
        """SIGTERM; returns the exit status. Directory and configuration stay for start()."""
        for session in self._sessions:
            session.close()
        self._sessions = []
        if self.process is None:
            return 0
        status = process.stop(self.process, deadline)
        self._forget()
        return status

    def _forget(self):
        self.process = self.port = None
        Engine.alive.remove(self)

    def stop(self):
        """Ends it, which must go well, and removes its directory unless it is to be kept."""
        status = self.end()
        text = "" if status == 0 else f"the engine ended with status {status}\n{self.tail()}"
        if self.keep or status:
            print(f"engine: kept in {self.dir}")
        else:
            shutil.rmtree(self.dir, ignore_errors=True)
        if status:
            raise RuntimeError(text)

    def kill9(self):
        """The power cut: SIGKILL. start() brings it back."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._forget()

    def restart(self):
        """SIGTERM, then up again."""
        if self.end():
            raise RuntimeError(f"the engine did not end well\n{self.tail()}")
        return self.start()

    # -- use --------------------------------------------------------------------------------------------

    def connect(self):
        """A connection to our port, not logged in."""
        session = Dialer(self.port)
        self._sessions.append(session)
        return session

    def ami(self, username="admin", secret=None, **more):
        """A new session on our port, logged in (and closed at the end)."""
        session = self.connect()
        response = session.login(username, secret or f"{username}-secret", **more)
        if not response.ok:
            raise AmiError(f"the engine refuses {username}: {response}")
        return session

    def results(self, **fields):
        """The lines of the result file, parsed; only those with these values."""
        if not os.path.exists(self.result):
            return []
        with open(self.result, encoding="utf-8") as lines:
            found = [json.loads(line) for line in lines]
        return [line for line in found if all(line.get(key) == value for key, value in fields.items())]

    def db(self, sql, *args):
        """Rows of a query of the database (dicts), read only; what the engine has told is there."""
        connection = sqlite3.connect(f"file:{self.data}?mode=ro", uri=True, timeout=60)
        try:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, args)]
        finally:
            connection.close()

    def tail(self, lines=40):
        """The end of the log."""
        if not os.path.exists(self.log):
            return ""
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-lines:])
