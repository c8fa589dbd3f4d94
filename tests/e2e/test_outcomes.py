"""What became of a call: each behaviour of a customer gives the ResDial and ResHangup of docs/ami.md, the same
ResDial on every Asterisk. One engine and a few campaigns make all the calls at once; each test looks at its own."""
import pytest

from asterisk.phones import Phone
from engine import Engine

RISING = {"1", "3", "4", "5", "6"}

# A phone's behaviour by its number (tests/asterisk/sipp/carrier.xml): (ResDial, its text, ResHangup on 16, on 22)
SIP = {
    "300": (4, "answered", 16, 16), "310": (5, "busy", 17, 17), "311": (3, "no answer", 16, 19),
    "312": (1, "refused", 21, 21), "313": (0, "failed", 1, 1), "314": (8, "congestion", 34, 34),
    "315": (3, "no answer", 19, 19),
}
SIP_NAMES = {"300": "answers", "310": "486-busy", "311": "rings-out", "312": "603-declines", "313": "404-unknown",
             "314": "503-no-service", "315": "480-unavailable"}
# The far end of Local/NUMBER@far (tests/asterisk/conf/extensions.conf): (ResDial, its text, ResHangup)
LOCAL = {
    "talk0.2": (4, "answered", 16), "busy": (5, "busy", 17), "cong": (8, "congestion", 34), "hc17": (5, "busy", 17),
    "hc34": (8, "congestion", 34), "hc20": (0, "failed", 20), "hc21": (1, "refused", 21), "hc1": (0, "failed", 1),
    "hc19": (3, "no answer", 19), "nosuch": (0, "failed", 0), "fall": (1, "refused", 0), "ring": (3, "no answer", 19),
    "dead": (3, "no answer", 19), "ringbusy": (5, "busy", 17),
}
TEXTS = {0: "Unknown", 1: "Unallocated (unassigned) number", 16: "Normal Clearing", 17: "User busy",
         19: "User alerting, no answer", 20: "Subscriber absent", 21: "Call Rejected",
         34: "Circuit/channel congestion"}
UNENDING = ("311", "ring", "dead")  # end by the dial timeout, so theirs is short; a refusal must not look like one
UNKNOWN = "329"  # never registers: Asterisk makes no channel


class Calls:
    """All calls of the module: .session, .engine, .campaigns by name, .mark where they began."""

    def __init__(self, asterisk, server):
        self.engine, self.session = server, server.ami()
        dest = {"Application": "Wait", "Data": "0.3"}
        sip = {"TechName": "sip/" if asterisk.version == "16" else "PJSIP/"}
        local = {"TechName": "Local/", "TrunkName": "far"}
        self.campaigns = {}
        for name, plan, numbers in (("sip", sip, SIP), ("local", local, LOCAL)):
            brief = [number for number in numbers if number in UNENDING]
            patient = [number for number in numbers if number not in UNENDING]
            self.campaigns[name] = self.session.campaign(patient, plan=plan, dest=dest)
            self.campaigns[name + "-short"] = self.session.campaign(
                brief, plan={**plan, "DialTimeout": "900"}, dest=dest)
        self.campaigns["unknown"] = self.session.campaign([UNKNOWN], plan=sip, dest=dest)
        self.mark = self.session.mark()
        for campaign in reversed(self.campaigns.values()):  # the one that takes longest first
            self.session.start(campaign)

    def of(self, name, number):
        """(result, events, lead) of the one call to that number, once its campaign has ended."""
        campaign = self.campaigns[name + ("-short" if number in UNENDING else "")]
        self.session.status(campaign, 0, self.mark, timeout=90)
        lines = self.engine.results(camp_uuid=campaign.uuid, dial_addr=number)
        assert len(lines) == 1, lines
        events = self.session.dialings(campaign, self.mark)[lines[0]["dialing_uuid"]]
        return lines[0], events, self.session.show("DlList", lines[0]["dl_list_uuid"])[0]


@pytest.fixture(scope="module")
def calls(asterisk):
    """The engine and its campaigns, started; the customers are one house full of phones."""
    with Phone(asterisk, "carrier", list(SIP)), Engine(asterisk) as server:
        yield Calls(asterisk, server)
        asterisk.hangup_all()


def check(found, res_dial, detail, cause):
    """Result, events and lead tell the same."""
    line, events, lead = found
    assert (line["res_dial"], line["res_hangup"], line["res_hangup_detail"]) == (res_dial, cause, TEXTS[cause])
    last = events[-1]
    for told in (last, lead):
        assert (told["ResDial"], told["ResHangup"], told["ResHangupDetail"]) == (str(res_dial), str(cause), TEXTS[cause])
    assert lead["ResDialDetail"] == detail
    assert (lead["Status"], lead["DialingUuid"], lead["TryCnt1"]) == ("0", "<unknown>", "1")
    assert line["tm_dialing"] <= line["tm_hangup"]
    check_statuses(events)
    assert last["Status"] == "6" and last["ChannelName"] == line["channel_name"] != ""


def check_statuses(events):
    """Create with 0, then a rising subset of 1, 3, 4, 5, 6, each told once; Delete with the last of them."""
    assert [event.event for event in events] == (
        ["OutDialingCreate"] + ["OutDialingUpdate"] * (len(events) - 2) + ["OutDialingDelete"])
    statuses = [event["Status"] for event in events]
    assert statuses[0] == "0" and statuses[-1] == statuses[-2]
    steps = statuses[1:-1]
    assert set(steps) <= RISING and all(one < other for one, other in zip(steps, steps[1:])), statuses
    assert steps[0] == "1"


@pytest.mark.parametrize("number", SIP, ids=SIP_NAMES.values())
def test_phone(asterisk, calls, number):
    """A behaviour of a SIP phone is classified wrongly, or otherwise on 16 (chan_sip) than on 22 (chan_pjsip); or
    its status falls, or jumps to a step that does not exist."""
    res_dial, detail, cause_16, cause_22 = SIP[number]
    check(calls.of("sip", number), res_dial, detail, cause_16 if asterisk.version == "16" else cause_22)


@pytest.mark.parametrize("number", LOCAL)
def test_local(calls, number):
    """The far end of a Local channel is classified by its near half alone, which does not know."""
    check(calls.of("local", number), *LOCAL[number])


def test_times(calls):
    """Asked for, being called, answered or given up, hung up: a time is missing, or before the one it follows."""
    for name, number in (("sip", "300"), ("local", "talk0.2"), ("local", "busy"), ("sip", "311")):
        line, _, lead = calls.of(name, number)
        times = [line[key] for key in ("tm_dialing", "tm_dial_begin", "tm_dial_end", "tm_hangup")]
        assert times == sorted(times)
        row = calls.engine.db("SELECT tm_last_dial, tm_last_hangup FROM dl_list WHERE uuid = ?", lead["Uuid"])[0]
        assert row["tm_last_hangup"] == line["tm_hangup"] and row["tm_last_dial"] <= line["tm_dialing"]


def test_no_channel_costs_no_try(asterisk, calls):
    """A failure of our own side costs the lead a try; or a mistyped number keeps its campaign open for ever, because
    none of its tries ever counts; or it is called again and again without a pause."""
    campaign, session = calls.campaigns["unknown"], calls.session
    attempts = 4 if asterisk.version == "16" else 1  # the pauses between them take 14 s: once is enough
    ends = session.wait_events("OutDialingDelete", attempts, 60, calls.mark, CampUuid=campaign.uuid)
    lead = campaign.leads[0]
    for event in ends:
        check_statuses(session.dialings(campaign, calls.mark)[event["Uuid"]])
        assert (event["Status"], event["ResDial"], event["ChannelName"]) == ("5", "0", "<unknown>")
        assert event["DialTryCnt"] == "1", "the try before was given back"
    told = [(event["Status"], event["TryCnt1"]) for event in session.found("OutDlListUpdate", calls.mark, Uuid=lead)]
    assert told[:2 * attempts] == ([("1", "1"), ("0", "0")] * 3 + [("1", "1"), ("0", "1")])[:2 * attempts]
    if attempts == 4:
        session.status(campaign, 0, calls.mark)
    lines = calls.engine.results(camp_uuid=campaign.uuid)
    assert len(lines) == attempts
    for line in lines:
        assert (line["res_dial"], line["res_dial_detail"], line["channel_name"]) == (0, "local", "")
    for one, other in zip(lines, lines[1:]):
        assert one["tm_hangup"][:19] < other["tm_dialing"][:19], "a back-off of seconds"


def test_number_of_events(calls):
    """A call is told twice, or not at all, by Create and Delete."""
    for name in ("sip", "local", "sip-short", "local-short"):
        campaign = calls.campaigns[name]
        calls.session.status(campaign, 0, calls.mark, timeout=90)
        told = calls.session.dialings(campaign, calls.mark)
        assert len(told) == len(campaign.leads)
        assert set(told) == {line["dialing_uuid"] for line in calls.engine.results(camp_uuid=campaign.uuid)}
        assert {row["uuid"]: row["state"] for row in calls.engine.db(
            "SELECT uuid, state FROM dialing WHERE camp_uuid = ?", campaign.uuid)} == dict.fromkeys(told, 1)
    assert calls.session.in_flight() <= 1  # the number nobody has may be tried once more
