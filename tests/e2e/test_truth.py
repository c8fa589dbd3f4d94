"""How true is the simulated Asterisk? The same campaign against it and against a real one tells the same story."""
import pytest

from engine import tries
from sim import SIM_LOGIN, Sim

# Numbers that mean the same to both: the fixed ones of the simulator and of tests/asterisk's phones.
SIP = {"300": "answer", "310": "busy", "311": "ring", "312": "reject", "313": "notfound", "314": "noservice",
       "315": "unavailable"}
LOCAL = ["talk1", "late1", "busy", "cong", "ring", "dead", "hc17", "hc34", "hc20", "hc3", "nosuch", "ringbusy"]
PLAN = {"RetryDelay": "0", **tries(1)}
UNENDING = ("311", "ring", "dead")  # end by the dial timeout, so theirs is short; nothing else may look as if it did


def story(e, plan, numbers, dest):
    """{number: (status steps, ResDial, ResHangup)} of a campaign with one call to each."""
    c = e.ami()
    camps = [c.campaign([n for n in numbers if (n in UNENDING) == brief], dest=dest,
                        plan={**PLAN, **plan, "DialTimeout": "1500" if brief else "60000"}) for brief in (True, False)]
    mark = c.mark()
    for camp in camps:
        c.start(camp)
    while len(over := {m["DlListUuid"] for m in c.events[mark:] if m.event == "OutDialingDelete"}) < len(numbers):
        assert c.read(40), f"only {len(over)} calls have ended"
    told = {}
    for steps in [steps for camp in camps for steps in c.dialings(camp, mark).values()]:
        last = steps[-1]
        seen = [int(m["Status"]) for m in steps]
        rising = [s for i, s in enumerate(seen) if i == 0 or s != seen[i - 1]]
        told[last["DialAddr"]] = (rising, last["ResDial"], last["ResHangup"])
    return told


def compare(real, simulated):
    """Same numbers; status rises through 1, 3, 4, 5, 6 on both; ResDial and ResHangup are exactly the same."""
    assert real.keys() == simulated.keys()
    for number, (steps, dial, hangup) in real.items():
        assert (number, dial, hangup) == (number, *simulated[number][1:])
        for one in (steps, simulated[number][0]):
            assert one == sorted(set(one)) and set(one) <= {0, 1, 3, 4, 5, 6}, (number, one)
        assert (6 in steps) == (6 in simulated[number][0]), number


@pytest.fixture
def simulated(engine, asterisk):
    """An engine on the simulator in the dialect of the real server beside it."""
    with Sim("return { talk = { mean = 1, cv = 0.1 }, ring = { mean = 0.3, cv = 0.1 } }",
             dialect=asterisk.version) as sim:
        yield engine(sim, conf=SIM_LOGIN)


def test_sip(engine, asterisk, phones, simulated):
    """The simulator's customers behind SIP fail in another way than real ones."""
    phones("answer", "300", talk_ms=500)
    phones("carrier", ["310", "311", "312", "313", "314", "315"])
    tech = {"TechName": asterisk.tech + "/"}
    numbers = [*SIP, "329"]  # nobody has registered 329: the real one finds no peer
    real = story(engine(asterisk), tech, numbers, {"Data": "5"})
    told = story(simulated, tech, [*SIP, "317"], {"Data": "5"})
    told["329"] = told.pop("317")
    compare(real, told)


def test_local(engine, asterisk, simulated):
    """The simulator's Local channels end with other causes than real ones."""
    plan = {"TechName": "Local/", "TrunkName": "far"}
    compare(story(engine(asterisk), plan, LOCAL, {"Application": "Wait", "Data": "2"}),
            story(simulated, plan, LOCAL, {"Application": "Wait", "Data": "2"}))
