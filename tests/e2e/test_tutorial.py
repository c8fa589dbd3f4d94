"""The tutorial, word for word: what it types is sent, what it shows must come back, line by line and in its order.

In the text below {plan} and the like stand for uuids, {time} for a time; all else is to the letter. What is typed on
22 differs in one word: `sip/` is `PJSIP/` there.
"""
import json
import re
import subprocess
import textwrap

import pytest

from engine import TIME, UUID

PLAN = """
    Action: OutPlanCreate
    Name: {0}
    Detail: {1}
    DialMode: 1
    TechName: sip/

    Response: Success
    Message: Plan created successfully

    Event: OutPlanCreate
    Privilege: message,all
    Uuid: {plan}
    Name: {0}
    Detail: {1}
    DialMode: 1
    DialTimeout: 30000
    CallerId: <unknown>
    DlEndHandle: 1
    RetryDelay: 60
    TrunkName: <unknown>
    TechName: sip/
    Variable: <unknown>
    MaxRetryCnt1: 5
    MaxRetryCnt2: 5
    MaxRetryCnt3: 5
    MaxRetryCnt4: 5
    MaxRetryCnt5: 5
    MaxRetryCnt6: 5
    MaxRetryCnt7: 5
    MaxRetryCnt8: 5
    TmCreate: {time}
    TmDelete: <unknown>
    TmUpdate: <unknown>
"""

DLMA = """
    Action: OutDlmaCreate
    Name: {0}
    Detail: Test Dlma description

    Response: Success
    Message: Dlma created successfully

    Event: OutDlmaCreate
    Privilege: message,all
    Uuid: {dlma}
    Name: {0}
    Detail: Test Dlma description
    DlTable: {table}
    Variable: <unknown>
    TmCreate: {time}
    TmDelete: <unknown>
    TmUpdate: <unknown>
"""

DESTINATION = """
    Action: OutDestinationCreate
    Name: destination test
    Detail: test destination
    Type: 1
    {0}

    Response: Success
    Message: Destination created successfully

    Event: OutDestinationCreate
    Privilege: message,all
    Uuid: {dest}
    Name: destination test
    Detail: test destination
    Type: 1
    Exten: <unknown>
    Context: <unknown>
    Priority: <unknown>
    Variable: <unknown>
    {1}
    TmCreate: {time}
    TmDelete: <unknown>
    TmUpdate: <unknown>
"""

CAMPAIGN = """
    Privilege: message,all
    Uuid: {campaign}
    Name: Sales campaign
    Detail: test campaign
    Status: {0}
    Plan: {plan}
    Dlma: {dlma}
    Dest: {dest}
    ScMode: 0
    ScTimeStart: <unknown>
    ScTimeEnd: <unknown>
    ScDateStart: <unknown>
    ScDateEnd: <unknown>
    ScDateList: <unknown>
    ScDateListExcept: <unknown>
    ScDayList: <unknown>
    TmCreate: {time}
    TmDelete: <unknown>
    TmUpdate: {1}
"""

LEAD = """
    Action: OutDlListCreate
    DlmaUuid: {dlma}
    Name: client 01
    Detail: Dial to client 01
    Number1: 300

    Response: Success
    Message: Dl list created successfully

    Action: OutCampaignCreate
    Name: Sales campaign
    Detail: test campaign
    Plan: {plan}
    Dlma: {dlma}
    Dest: {dest}

    Response: Success
    Message: Campaign created successfully

    Event: OutCampaignCreate"""

START = """
    Action: OutCampaignUpdate
    Uuid: {campaign}
    Status: 1

    Response: Success
    Message: Campaign updated successfully
"""


def fill(text, *words):
    """The text with its {0}, {1} … put in."""
    for i, word in enumerate(words):
        text = text.replace("{%d}" % i, word)
    return text


UPDATE = "\n    Event: OutCampaignUpdate"
REST = (LEAD + fill(CAMPAIGN, "0", "<unknown>") + START + UPDATE + fill(CAMPAIGN, "11", "{time}")
        + UPDATE + fill(CAMPAIGN, "1", "{time}"))
PARK = (fill(PLAN, "sales_plan", "simple sales plan") + fill(DLMA, "DialListMaster_Sales")
        + fill(DESTINATION, "Application: park", "Application: park\n    Data: <unknown>") + REST)
# The tutorial makes the destination before the dlma here.
QUEUE = (fill(PLAN, "queue distribute plan", "simple queue distbute plan")
         + fill(DESTINATION, *["Application: queue\n    Data: sales_1"] * 2)
         + fill(DLMA, "DialListMaster queue distribute") + REST)

DIALING = """
    Event: OutDialingCreate
    Privilege: message,all
    Uuid: {dialing}
    Status: 0
    CampUuid: {campaign}
    PlanUuid: {plan}
    DlmaUuid: {dlma}
    DestUuid: {dest}
    DlListUuid: {lead}
    DialIndex: 1
    DialAddr: 300
    DialChannel: sip/300
    DialTryCnt: 1
    DialTimeout: 30000
    DialType: 1
    DialExten: <unknown>
    DialContext: <unknown>
    DialApplication: {0}
    DialData: {1}
    Variable: <unknown>
    ChannelName: <unknown>
    ResDial: 0
    ResHangup: 0
    ResHangupDetail: <unknown>
    TmCreate: {time}
    TmUpdate: <unknown>
    TmDelete: <unknown>
"""

RESULT = {
    "camp_uuid": "{campaign}", "channel_name": r"\w+/300-[0-9a-f]{8}", "channelid": "{dialing}",
    "dest_uuid": "{dest}", "dest_variables": "", "dial_addr": "300", "dial_application": None,
    "dial_channel": "sip/300", "dial_data": None, "dial_index": 1, "dial_timeout": 30000, "dial_trycnt": 1,
    "dial_type": 1, "dialing_uuid": "{dialing}", "dl_list_uuid": "{lead}", "dl_variables": "",
    "dlma_uuid": "{dlma}", "otherchannelid": "{other}", "plan_uuid": "{plan}", "plan_variables": "",
    "res_dial": 4, "res_hangup": 16, "res_hangup_detail": "Normal Clearing", "tm_dial_begin": "{time}",
    "tm_dial_end": "{time}", "tm_dialing": "{time}", "tm_hangup": "{time}", "uuid": "{lead}", "variables": r"\{\}",
}

DL = ("Uuid DlmaUuid Name Detail Status UKey Variable DialingUuid DialingCampUuid DialingPlanUuid Number1 Number2 "
      "Number3 Number4 Number5 Number6 Number7 Number8 Email TryCnt1 TryCnt2 TryCnt3 TryCnt4 TryCnt5 TryCnt6 TryCnt7 "
      "TryCnt8 ResDial ResDialDetail ResHangup ResHangupDetail TmCreate TmDelete TmUpdate").split()
OPTIONAL = ("CurrentQueue", "CurrentAgent", "ResAmd", "ResAmdDetail")


def blocks(text):
    """The messages of a text, as lists of lines."""
    return [textwrap.dedent(block).strip("\n").split("\n") for block in re.split(r"\n\s*\n", text.strip("\n"))]


class Reader:
    """Follows the text over a connection; remembers which uuid stands for which word."""

    def __init__(self, ami, tech):
        self.ami, self.tech = ami, tech
        self.known = {"time": None}
        self.at = 0

    def fits(self, pattern, value):
        """Is the value what the tutorial shows? A word met for the first time is learnt."""
        pattern = pattern.replace("sip/", self.tech)
        word = re.fullmatch(r"\{(\w+)\}", pattern)
        if word is None:
            return value == pattern
        if word[1] == "time":
            return re.fullmatch(TIME, value) is not None
        if word[1] == "table":
            return value == self.known["dlma"].replace("-", "_")
        return re.fullmatch(UUID, value) is not None and self.known.setdefault(word[1], value) == value

    def check(self, block, message):
        """Every line, and no other, in this order."""
        assert message.names() == [line.split(":")[0] for line in block], message
        for line, (name, value) in zip(block, message.pairs):
            # "DialData: " ends in a blank in the tutorial, which editors like to take away
            assert self.fits(line[len(name) + 1:].strip(), value), (line, value)

    def follow(self, text):
        """Sends the actions, reads the rest: each event is the next one of ours."""
        for block in blocks(text):
            kind = block[0].split(":")[0]
            if kind == "Action":
                self.at = self.ami.mark()
                told = len(self.ami.messages)
                words = "\r\n".join(block).replace("sip/", self.tech)
                self.ami.send_raw(re.sub(r"\{(\w+)\}", lambda found: self.known[found[1]], words) + "\r\n\r\n")
            elif kind == "Response":
                self.check(block, self.ami.response(False))
                ours = [m.event for m in self.ami.messages[told:-1] if (m.event or "").startswith("Out")]
                assert ours == [], "an event before the response"
            else:
                name = block[0].split(": ")[1]
                event = self.ami.wait_event(name, after=self.at)
                self.at = self.ami.events.index(event) + 1
                self.check(block, event)


def check_result(reader, asterisk, engine, application, data):
    """`tail -n 1` shows the tutorial's keys, sorted as there, with values of its types."""
    line = subprocess.run(["tail", "-n", "1", engine.result], stdout=subprocess.PIPE, text=True, check=True).stdout
    result = json.loads(line)
    assert list(result) == sorted(RESULT)
    for key, want in {**RESULT, "dial_application": application, "dial_data": data}.items():
        assert type(result[key]) is type(want), key
        if key in ("channel_name", "variables"):
            assert re.fullmatch(want, result[key]), (key, result[key])
        else:
            assert result[key] == want if isinstance(want, int) else reader.fits(want, result[key]), (key, result[key])
    assert result["channel_name"].startswith(asterisk.tech + "/")
    assert result["tm_dialing"] <= result["tm_dial_begin"] <= result["tm_dial_end"] <= result["tm_hangup"]


@pytest.mark.parametrize("way", ["park", "queue"])
def test_tutorial(asterisk, engine, phones, way):
    """Somebody who types the tutorial sees something else: another text, field, order of fields or of events, or
    no result as there."""
    tech = "sip/" if asterisk.version == "16" else "PJSIP/"
    application, data, text = ("park", "", PARK) if way == "park" else ("queue", "sales_1", QUEUE)
    phones("answer", "300", talk_ms=400 if way == "park" else 60_000)
    agents = [f"agent-0{i}" for i in (1, 2, 3)] if way == "queue" else []
    for agent in agents:
        phones("answer", agent, talk_ms=300)
        said = asterisk.cli(f"queue add member {tech}{agent} to sales_1")
        assert said.strip() == f"Added interface '{tech}{agent}' to queue 'sales_1'"
    try:
        server = engine(asterisk)
        reader = Reader(server.ami(), tech)
        reader.follow(text + fill(DIALING, application, data))
        reader.ami.wait_event("OutCampaignUpdate", after=reader.at, Status=0)
    finally:
        for agent in agents:
            asterisk.cli(f"queue remove member {tech}{agent} from sales_1")
    check_result(reader, asterisk, server, application, data)
    check_orders(reader)
    check_lists(reader)


def check_orders(reader):
    """The events that the tutorial does not show have their fields in the order of the protocol."""
    dialing = blocks(DIALING)[0]
    order = [line.split(":")[0] for line in dialing]
    seen = set()
    for event in reader.ami.events:
        if (event.event or "").startswith("OutDialing"):
            assert [name for name in event.names() if name not in OPTIONAL] == order
        elif (event.event or "").startswith("OutDlList"):
            assert event.names() == ["Event", "Privilege", *DL]
            assert reader.fits("{lead}", event["Uuid"])
        seen.add(event.event)
    assert {"OutDlListCreate", "OutDlListUpdate", "OutDialingUpdate", "OutDialingDelete"} <= seen
    agent = [event.names() for event in reader.ami.found("OutDialingDelete") if "CurrentAgent" in event]
    for names in agent:
        assert names[8:12] == ["DlListUuid", "CurrentQueue", "CurrentAgent", "DialIndex"]
    assert bool(agent) == (reader.ami.found("OutDialingDelete")[0]["DialApplication"] == "queue")


def check_lists(reader):
    """Show tells a resource with the fields of its event; a list is framed as Asterisk frames its own."""
    ami = reader.ami
    for noun, word in (("Campaign", "campaign"), ("Plan", "plan"), ("Dlma", "dlma"), ("Destination", "dest"),
                       ("DlList", "lead")):
        response, entries, complete = ami.list_action(f"Out{noun}Show", Uuid=reader.known[word])
        assert response.names() == ["Response", "ActionID", "EventList", "Message"]
        assert (response["EventList"], response["Message"][-11:]) == ("start", "will follow")
        assert complete.pairs[2:] == [("EventList", "Complete"), ("ListItems", "1")]
        entry, event = entries[0], ami.found(f"Out{noun}Create")[0]
        assert entry.names() == ["Event", "ActionID", *event.names()[2:]] and entry["Event"] == f"Out{noun}Entry"
    response, entries, complete = ami.list_action("OutCampaignStatShow")
    assert [name for name in entries[0].names() if name.startswith("Dl")] == [
        "DlTotalCount", "DlFinishedCount", "DlAvailableCount", "DlDialingCount", "DlCalledCount"]
    assert entries[0].all("DlFinishedCount") == ["1"] and complete["Event"] == "OutCampaignStatListComplete"
    _, entries, complete = ami.list_action("OutDialingShow")
    assert entries == [] and (complete["Event"], complete["ListItems"]) == ("OutDialingListComplete", "0")
