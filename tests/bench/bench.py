"""`make bench`: the figures of the README, with the machine they were taken on.

Loads a list and runs it as fast as a real Asterisk takes it (destination Hangup on Local channels); then asks how
long a freed agent waits for the next Originate. Speed is shown here, never asserted in a test.
"""
import os
import platform
import re
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# pylint: disable=wrong-import-position
from ami import Ami
from asterisk.asterisk import Asterisk, Unavailable
from engine import TOP, Engine, tries
from sim import SIM_LOGIN, Sim

HOOKS = ("dial", "retry", "route", "result")
LEADS = int(os.environ.get("LEADS", "20000"))


def machine():
    """One line about where this ran."""
    with open("/proc/cpuinfo", encoding="ascii") as info:
        name = re.search(r"model name\s*: (.*)", info.read())
    return f"{name[1] if name else platform.machine()}, {os.cpu_count()} cores"


def cpu_seconds(pid):
    """User and system time of a process so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(session, dlma, count):
    """Creates that many leads, pipelined; returns seconds."""
    begin, waiting = time.monotonic(), []
    for i in range(count):
        waiting.append(session.send("OutDlListCreate", {"DlmaUuid": dlma, "Number1": str(100000 + i)}))
        if len(waiting) == 500 or i == count - 1:
            for action_id in waiting:
                assert session.response(action_id, timeout=30).ok
            waiting = []
    return time.monotonic() - begin


def throughput(version):
    """Calls a second on a real Asterisk, and what they cost."""
    with Asterisk(version) as asterisk, Engine(asterisk) as engine:
        with engine.ami() as c:
            camp = c.campaign([], plan={"TechName": "Local/", "TrunkName": "fast", **tries(1)},
                              dest={"Application": "Hangup", "Data": ""})
            c.action("Events", EventMask="off")
            loaded = load(c, camp.dlma, LEADS)
            engine_cpu, asterisk_cpu = cpu_seconds(engine.process.pid), asterisk.cpu_seconds()
            begin = time.monotonic()
            c.update("Campaign", camp.uuid, Status=1)
            while c.show("Campaign", camp.uuid)[0]["Status"] != "0":
                time.sleep(0.2)
            took = time.monotonic() - begin
        engine_cpu = (cpu_seconds(engine.process.pid) - engine_cpu) / took
        asterisk_cpu = (asterisk.cpu_seconds() - asterisk_cpu) / took
        lines = engine.results()
    answered = sum(line["res_dial"] == 4 for line in lines)
    print(f"Asterisk {version}: {LEADS} leads loaded in {loaded:.1f} s ({LEADS / loaded:.0f}/s), called in {took:.1f} s: "
          f"{LEADS / took:.0f} calls/s, {answered} answered, {len(lines)} results; "
          f"engine {engine_cpu:.2f} of a core, Asterisk {asterisk_cpu:.2f}", flush=True)


def freed_agent(rounds=200):
    """From the event that frees an agent to the Originate it causes, as an observer on Asterisk's side sees both."""
    world = ("return { numbers = { ['9*'] = 'answer' }, ring = { mean = 0.05, cv = 0.1 }, agents = 1, "
             "talk = { mean = 0.05, cv = 0.1 }, wrapup = { mean = 0.01, cv = 0 } }")
    with Sim(world) as sim, Engine(sim, conf=SIM_LOGIN) as engine, Ami(sim.ami_port) as watch:
        watch.login("admin", "admin")
        with engine.ami() as c:
            camp = c.campaign([f"9{i:04}" for i in range(rounds)], plan={"TechName": "sip/"},
                              dest={"Application": "queue", "Data": "sales_1"})
            c.action("Events", EventMask="off")
            c.update("Campaign", camp.uuid, Status=1)
            while c.show("Campaign", camp.uuid)[0]["Status"] != "0":
                watch.read(0.01)
            watch.drain()
    waits, freed = [], None
    for event in watch.events:
        if event.event in ("QueueMemberPause", "Hangup") and event.get("Paused", "0") == "0":
            freed = event.at
        elif event.event == "Newchannel" and freed and event.get("Channel", "").startswith("SIP/9"):
            waits.append(event.at - freed)
            freed = None
    waits.sort()
    if waits:
        print(f"freed agent to next call's channel: median {waits[len(waits) // 2] * 1000:.1f} ms, "
              f"p99 {waits[int(len(waits) * 0.99)] * 1000:.1f} ms, {len(waits)} times", flush=True)


def relay(version, rounds=5000):
    """What the relay adds to an action of Asterisk's: CoreSettings in turn on a direct session and through the engine."""
    with Asterisk(version) as asterisk, Engine(asterisk) as engine:
        sessions = {"direct": asterisk.ami(events="off"), "relayed": engine.ami(events="off")}
        while not sessions["relayed"].action("CoreSettings").ok:
            time.sleep(0.1)
        took = {name: [] for name in sessions}
        for _ in range(rounds):
            for name, session in sessions.items():
                begin = time.perf_counter()
                session.action("CoreSettings")
                took[name].append(time.perf_counter() - begin)
                session.messages.clear()
                session.raw.clear()
    for times in took.values():
        times.sort()
    at = {name: [times[int(rounds * share)] * 1000 for share in (0.5, 0.99)] for name, times in took.items()}
    print(f"Asterisk {version}: an answer of its own takes {at['direct'][0]:.2f} ms (p99 {at['direct'][1]:.2f}) directly, "
          f"{at['relayed'][0]:.2f} ms (p99 {at['relayed'][1]:.2f}) through the relay: "
          f"added {at['relayed'][0] - at['direct'][0]:.2f} ms (p99 {at['relayed'][1] - at['direct'][1]:.2f})", flush=True)


def resident(pid):
    """kB of a process in memory."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def strategies(leads=3000, swaps=10000):
    """What a hook costs, and swaps under load: memory, calls lost or doubled."""
    world = "return { numbers = { ['9*'] = 'answer' }, ring = { mean = 0.05, cv = 0.1 }, talk = { mean = 0.05, cv = 0.1 } }"
    with Sim(world) as sim, Engine(sim, conf={**SIM_LOGIN, "general": {"log_level": "info"}}) as engine:
        with engine.ami() as c:
            camp = c.campaign([], plan={"TechName": "sip/", "DlEndHandle": 0, **tries(1)})
            c.action("Events", EventMask="off")
            numbers = [c.action("OutDlListCreate", DlmaUuid=camp.dlma, Number1=f"9{i:05}") for i in range(leads)]
            assert all(answer.ok for answer in numbers)
            c.update("Campaign", camp.uuid, Status=1)
            begin, cpu, used = time.monotonic(), cpu_seconds(engine.process.pid), 0.0
            while int(c.show("CampaignStat", camp.uuid)[0]["DlFinishedCount"]) < leads:
                time.sleep(0.1)
            took, cpu = time.monotonic() - begin, cpu_seconds(engine.process.pid) - cpu
            told = c.list_action("OutStrategyShow", Plan=camp.plan)[1]
            for hook in told:
                used += int(hook["Calls"]) * int(hook["MeanUs"]) / 1e6
            hooks = ", ".join(f"{hook['Hook']} {hook['MeanUs']} µs (worst {hook['WorstUs']}, {hook['Calls']} calls)"
                              for hook in told)
            print(f"hooks at {leads / took:.0f} calls/s: {hooks}; {used / cpu:.1%} of the engine's processor time",
                  flush=True)
            for i in range(leads, 2 * leads):
                c.action("OutDlListCreate", DlmaUuid=camp.dlma, Number1=f"9{i:05}")
            memory, begin = [], time.monotonic()
            for i in range(1, swaps + 1):
                assert c.action("OutPlanUpdate", Uuid=camp.plan, DialScript=("available", "robo")[i % 2]).ok
                if i in (swaps // 10, swaps):
                    memory.append(resident(engine.process.pid))
                    c.messages.clear()
            took = time.monotonic() - begin
            while int(c.show("CampaignStat", camp.uuid)[0]["DlFinishedCount"]) < 2 * leads:
                time.sleep(0.1)
        lines = [line["dl_list_uuid"] for line in engine.results()]
        print(f"{swaps} swaps while {leads} calls are made: {swaps / took:.0f} a second, {memory[0]} kB after "
              f"{swaps // 10}, {memory[1]} kB after all; {2 * leads - len(set(lines))} calls lost, "
              f"{len(lines) - len(set(lines))} doubled", flush=True)


def held(rounds=10):
    """How long others wait while strategies that do not end are ended, with the instructions that they may take: the
    slowest answer to another session's Ping in each round, beside that of rounds without such a strategy."""
    world = "return { numbers = { ['9*'] = 'answer' }, talk = { mean = 0.05, cv = 0.1 }, ring = { mean = 0.05, cv = 0.1 } }"
    with tempfile.TemporaryDirectory() as folder, Sim(world) as sim:
        path = os.path.join(folder, "strategies")
        shutil.copytree(os.path.join(TOP, "strategies"), path)
        for hook in HOOKS:
            with open(os.path.join(path, hook, "endless.lua"), "w", encoding="ascii") as file:
                file.write(f"return {{ api = 1, {hook} = function() while true do end end }}")
        with Engine(sim, conf={**SIM_LOGIN, "scripts": {"path": path}}) as engine, engine.ami() as c, engine.ami() as other:
            other.action("Events", EventMask="off")
            slowest = {}
            for hook in (None, *HOOKS):
                for _ in range(rounds):
                    script = {f"{hook.capitalize()}Script": "endless"} if hook else {}
                    camp = c.campaign(["90001"], plan={"TechName": "sip/", **tries(1), **script})
                    mark, longest = c.start(camp), 0.0
                    while not c.found("OutDialingDelete", after=mark):
                        begin = time.monotonic()
                        other.action("Ping")
                        longest = max(longest, time.monotonic() - begin)
                        c.drain()
                    slowest.setdefault(hook, []).append(longest * 1000)
                    if hook:
                        assert c.wait_event("OutStrategyError", after=mark, Plan=camp.plan)["InService"] == "no"
        told = ", ".join(f"{hook or 'none'} {max(times):.1f}" for hook, times in slowest.items())
        print(f"slowest answer to others while a hook's endless loop is ended, ms: {told}; {rounds} rounds each", flush=True)


def main():
    """All figures; a version that cannot be had is said to be missing."""
    print(f"{machine()}, {time.strftime('%Y-%m-%d')}")
    for version in ("16", "22"):
        try:
            throughput(version)
            relay(version)
        except Unavailable as why:
            print(f"Asterisk {version}: not measured, {why}")
    freed_agent()
    strategies()
    held()


if __name__ == "__main__":
    main()
