"""What no strategy can pass, each with its reason: campaign caps, attempts, quiet hours, do-not-call, abandonment."""
import pytest

from asterisk import process
from console import command
from engine import tries as allowed
from sim import SIM_LOGIN, Sim

WORLD = "return { numbers = { ['9*'] = 'busy', ['8*'] = 'ring', ['7*'] = 'answer' }, talk = { mean = 1, cv = 0.1 } }"
PLAN = {"TechName": "sip/", "DialScript": "robo", "RetryDelay": "0", **allowed(5)}


def tries(dialer, camp):
    """How often each lead of the campaign was called."""
    return sorted(int(lead["TryCnt1"]) for lead in dialer.show("DlList", DlmaUuid=camp.dlma))


def test_attempts(engine):
    """A strategy that would call again at once calls a number more often than the window allows."""
    with Sim(WORLD) as sim:
        c = engine(sim, conf=SIM_LOGIN | {"limits": {"attempts_number": 2}}).ami()
        camp = c.campaign(["901", "902", "903"], plan=PLAN)
        c.start(camp)
        process.poll(lambda: tries(c, camp) == [2, 2, 2], "two tries each")
        process.poll(lambda: c.stat(camp).Reason.startswith("all remaining leads are waiting for their next attempt (first at "),
                     "it says so")
        assert tries(c, camp) == [2, 2, 2]


def test_attempts_reason(engine):
    """Who asks why a lead is not called is not told that a limit holds it."""
    with Sim(WORLD) as sim:
        e = engine(sim, conf=SIM_LOGIN | {"limits": {"attempts_lead": 1}})
        c = e.ami()
        camp = c.campaign(["901"], plan=PLAN)
        c.start(camp)
        lead = c.show("DlList", DlmaUuid=camp.dlma)[0]["Uuid"]
        process.poll(lambda: "the limit of attempts per lead is reached" in command(e, "-e", f'out.why("{lead}")').stdout,
                     "the reason")
        assert tries(c, camp) == [1]


def test_do_not_call(engine, tmp_path):
    """A number on the list is called, or one that is written otherwise slips through."""
    numbers = tmp_path / "numbers"
    numbers.write_text("; people who asked for it\n9-02\n\n(9) 03 ; she too\n")
    with Sim(WORLD) as sim:
        e = engine(sim, conf=SIM_LOGIN | {"limits": {"do_not_call": str(numbers)}})
        c = e.ami()
        camp = c.campaign(["901", "902", "903"], plan=PLAN | allowed(1))
        mark = c.start(camp)
        c.status(camp, 0, mark)
        assert tries(c, camp) == [0, 0, 1]
        assert [line["dial_addr"] for line in e.results()] == ["901"]


@pytest.mark.parametrize("moment, zone, hours", [
    ("2026-11-25 23:30:00", "UTC", 8.5), ("2027-02-28 23:30:00", "UTC", 8.5), ("2026-11-25 06:00:00", "UTC", 2),
    ("2027-03-28 01:30:00", "Europe/Berlin", 5.5),  # an hour less
    ("2026-10-25 01:30:00", "Europe/Berlin", 7.5)])  # an hour more
def test_quiet_hours(engine, set_clock, moment, zone, hours):
    """Calls begin in the quiet hours, nobody says why not, or the first call after them is late."""
    clock = set_clock(moment, zone)
    end = clock.now().timestamp() + hours * 3600
    with Sim(WORLD) as sim:
        c = engine(sim, conf=SIM_LOGIN | {"limits": {"quiet": "21:00-08:00"}, "general": {"timezone": zone}}, clock=clock).ami()
        camp = c.campaign(["701"], plan=PLAN)
        c.start(camp)
        process.poll(lambda: c.stat(camp).Reason == "quiet hours", "it says so")
        clock.advance(end - 60 - clock.now().timestamp())
        assert c.action("Ping").ok
        assert c.stat(camp).Reason == "quiet hours" and tries(c, camp) == [0]
        clock.advance(60)
        assert c.action("Ping").ok
        c.wait_event("OutDialingCreate")


def test_campaign_channels(engine):
    """A campaign's own limit counts the calls of another, or does not hold."""
    with Sim(WORLD) as sim:
        c = engine(sim, conf=SIM_LOGIN).ami()
        free = c.campaign([f"8{i:02}" for i in range(9)], plan=PLAN)
        held = c.campaign([f"8{i:02}" for i in range(9)], plan=PLAN, Channels=3)
        mark = c.start(free)
        c.wait_events("OutDialingCreate", 9, after=mark, CampUuid=free.uuid)
        c.start(held)
        why = "the campaign's limit of calls at once or per second is reached"
        process.poll(lambda: c.stat(held).Reason == why, "it says so")
        assert len([d for d in c.show("Dialing") if d["CampUuid"] == held.uuid]) == 3
        c.update("Campaign", held.uuid, Channels=5)
        process.poll(lambda: len([d for d in c.show("Dialing") if d["CampUuid"] == held.uuid]) == 5, "two more")


def test_wrong_limits(engine, tmp_path):
    """A limit that cannot be read is taken for none."""
    (tmp_path / "numbers").write_text("900\nnobody\n")
    for limits, words in (({"quiet": "21-8"}, "must be HH:MM-HH:MM"), ({"do_not_call": "/nowhere"}, "No such file"),
                          ({"do_not_call": str(tmp_path / "numbers")}, "numbers:2: must be a telephone number")):
        with pytest.raises(RuntimeError, match=words):
            engine(conf={"limits": limits})


def test_limits_are_read_again(engine, tmp_path):
    """A number that is put on the list is called until the next restart; or a wrong list takes the old one away."""
    numbers = tmp_path / "numbers"
    numbers.write_text("901\n")
    with Sim(WORLD) as sim:
        e = engine(sim, conf=SIM_LOGIN | {"limits": {"do_not_call": str(numbers)}})
        c = e.ami()
        numbers.write_text("901\n902\n")
        command(e, "-e", "out reload")
        numbers.write_text("nobody\n")
        assert "must be a telephone number" in command(e, "-e", "out reload").stdout
        camp = c.campaign(["901", "902", "903"], plan=PLAN | allowed(1))
        mark = c.start(camp)
        c.status(camp, 0, mark)
        assert tries(c, camp) == [0, 0, 1]
