"""A list of a million leads while calls run: how long does everybody else wait?

    /usr/bin/python3 tests/bench/million.py                               build/astout
    ASTOUT=../older/build/astout /usr/bin/python3 tests/bench/million.py  another build, as far as it can

Part of `make bench`. A session of its own sends Ping all the time; the slowest answer while something large goes on stands
beside the slowest while nothing but calls did, moments before. The longest turn of the loop is the program's own figure
(out.loop), by its thread's clock: what else runs on the machine does not count there.

Environment: LEADS_LISTED (1000000), LEADS_IMPORTED (100000), SECONDS of a measurement (10), ROUNDS (3), BUILD_SECONDS that the
building of the agenda may take (900).
"""
import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
# pylint: disable=wrong-import-position
import bigdb
import machine
from asterisk import process
from console import Console, ConsoleError
from engine import Engine, tries
from sim import SIM_LOGIN, Sim

LISTED = int(os.environ.get("LEADS_LISTED", "1000000"))
IMPORTED = int(os.environ.get("LEADS_IMPORTED", "100000"))
SECONDS = float(os.environ.get("SECONDS", "10"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
BUILD_SECONDS = float(os.environ.get("BUILD_SECONDS", "900"))
WORLD = """return { numbers = { ['9*'] = 'answer', ['7*'] = 'busy' }, ring = { mean = 0.2, cv = 0.1 },
                    talk = { mean = 1, cv = 0.1 } }"""
PIPE = 500  # actions of an import under way


class Pinger:
    """pinger.py beside an engine."""

    def __init__(self, port):
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen([sys.executable, os.path.join(HERE, "pinger.py"), str(port)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, start_new_session=True,
                                        preexec_fn=process._die_with_parent)  # pylint: disable=protected-access
        self.take()

    def take(self):
        """ms of each answer since it was asked last."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        """Ends it."""
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Bench:
    """An engine with that list, calls under way, and what is measured of it."""

    def __init__(self, engine, session, console):
        self.engine, self.session, self.console = engine, session, console
        self.pinger = Pinger(engine.port)
        self.big = next(one for one in session.show("Campaign") if one["Name"] == bigdb.NAME)
        self.began = time.monotonic()
        self.has_cost = self.cost() is not None

    def cost(self):
        """ms of the longest turn since this was asked last; None of a build that does not know."""
        with contextlib.suppress(ConsoleError):
            return json.loads(self.console.line("json.encode(out.loop())"))["longest_us"] / 1000
        return None

    def call(self):
        """Calls from now on: 20 a second that are busy, and due again 10 s later."""
        camp = self.session.campaign([f"7{i:04}" for i in range(400)], Cps="20", plan={
            "TechName": "sip/", "DialMode": "4", "DlEndHandle": "0", "RetryDelay": "10", **tries(1000000)})
        self.session.action("Events", EventMask="off")
        self.session.update("Campaign", camp.uuid, Status=1)

    def measure(self, wait):
        """Waits; (answers in ms, the longest turn) of meanwhile."""
        self.pinger.take()
        self.cost()
        wait()
        return self.pinger.take(), self.cost()

    def quiet(self, seconds=SECONDS):
        """Nothing but calls."""
        return self.measure(lambda: time.sleep(seconds))

    def during(self, work):
        """While work(stop) goes on in a thread, for a while; (answers, longest, what work returned)."""
        said, stop = [], threading.Event()
        thread = threading.Thread(target=lambda: said.append(work(stop)))

        def wait():
            thread.start()
            stop.wait(SECONDS)
            stop.set()
            thread.join()
        return (*self.measure(wait), said[0])

    def compare(self, what, work, rounds=ROUNDS):
        """A line of the table: alternately nothing and that work."""
        without, with_it, said = [], [], []
        for _ in range(rounds):
            without.append(self.quiet())
            *measured, words = self.during(work)
            with_it.append(measured)
            said.append(words)
        self.tell(what, without, with_it, said)

    def tell(self, what, without, with_it, said):
        """A line of the table."""
        cells = [what]
        for index in (0, 0.99):
            for measured in (without, with_it):
                every = sorted(ms for answers, _ in measured for ms in answers)
                cells.append(f"{every[int(len(every) * index) if index else -1]:.1f}")
        for measured in (without, with_it):
            cells.append(f"{max(longest for _, longest in measured):.1f}" if self.has_cost else "-")
        print("| " + " | ".join(cells + [", ".join(str(one) for one in said)]) + " |", flush=True)

    # -- what goes on meanwhile ---------------------------------------------------------------------------

    def ask_stats(self, stop):
        """OutCampaignStatShow again and again; how often."""
        count = 0
        with self.engine.ami(events="off") as session:
            while not stop.is_set():
                _, items, _ = session.list_action("OutCampaignStatShow", Uuid=self.big["Uuid"])
                assert LISTED <= int(items[0]["DlTotalCount"])
                count += 1
        return f"{count} answers"

    def find(self, stop):
        """A lead that is not there, looked for again and again, as far as a line's instructions go."""
        count = 0
        with Console(os.path.join(self.engine.dir, "sock")) as console:
            while not stop.is_set():
                try:
                    console.line("out.dl.find{number_1 = 'none'}")
                except ConsoleError as error:
                    assert "instructions" in str(error), error
                count += 1
        return f"{count} lines"

    def import_leads(self, _):
        """All of them through OutDlListCreate, PIPE at a time."""
        begin, sent, answered = time.monotonic(), 0, 0
        with self.engine.ami(events="off") as session:
            raw, tail = session._socket, b""  # pylint: disable=protected-access
            raw.settimeout(60)
            while answered < IMPORTED:
                if sent < IMPORTED and sent - answered <= PIPE // 2:
                    upto = min(answered + PIPE, IMPORTED)
                    raw.sendall("".join(f"Action: OutDlListCreate\r\nDlmaUuid: {self.big['Dlma']}\r\nName: lead {i}\r\n"
                                        f"Number1: 95{i:06}\r\n\r\n" for i in range(sent, upto)).encode())
                    sent = upto
                got = tail + raw.recv(1 << 18)
                assert b"Response: Error" not in got
                *ended, tail = got.split(b"\r\n\r\n")
                answered += len(ended)
        took = time.monotonic() - begin
        return f"{IMPORTED} leads in {took:.0f} s, {IMPORTED / took:.0f}/s"

    def built(self):
        """(Leads that the big list's agenda has looked at, whether it is complete)."""
        found = self.engine.db("SELECT cursor, complete FROM agenda WHERE dlma_uuid = ?", self.big["Dlma"])
        return (found[0]["cursor"], bool(found[0]["complete"])) if found else (0, False)

    def build(self):
        """Starts the big campaign, and measures while its agenda is built, to the end if that comes in time."""
        without = [self.quiet() for _ in range(ROUNDS)]

        def wait():
            begin = time.monotonic()
            self.session.update("Campaign", self.big["Uuid"], Status=1)
            while not self.built()[1] and time.monotonic() - begin < BUILD_SECONDS:
                time.sleep(0.5)
            took.append(time.monotonic() - begin)
        took = []
        with_it = self.measure(wait)
        self.tell("its agenda is built", without, [with_it],
                  [f"{'complete' if self.built()[1] else 'not complete'} after {took[0]:.0f} s"])
        return self.built()[1]


def main():
    """One table."""
    path = bigdb.database(LISTED)
    with Sim(WORLD) as sim:
        engine = Engine(sim, conf={**SIM_LOGIN, **bigdb.conf()})
        shutil.copyfile(path, engine.data)
        with engine, engine.ami() as session, Console(os.path.join(engine.dir, "sock"), timeout=120) as console:
            bench = Bench(engine, session, console)
            print(f"\n{LISTED} leads; {machine.about()}\n", flush=True)
            print("| while … | slowest Ping, ms: without | with | 99 % of them: without | with | longest turn, ms: without |"
                  " with | |\n|---|---|---|---|---|---|---|---|", flush=True)
            bench.call()
            bench.compare("OutCampaignStatShow, before the start", bench.ask_stats)
            if bench.build():
                bench.compare("OutCampaignStatShow, running", bench.ask_stats)
            bench.compare("out.dl.find in the console", bench.find)
            bench.compare("an import over AMI", bench.import_leads, rounds=1)
            took = time.monotonic() - bench.began
            bench.pinger.close()
            print(f"\n{len(engine.results()) / took:.0f} calls a second on average; load at the end "
                  f"{os.getloadavg()[0]:.1f}", flush=True)


if __name__ == "__main__":
    main()
