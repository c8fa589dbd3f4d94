"""Bad input: the error of docs/ami.md to the letter, nothing changed, nothing dialled. Asterisk is not needed for it."""
import uuid

import pytest

from engine import Engine

NOUNS = {  # noun: (its word in the errors of create and update, of delete, of show)
    "Campaign": ("campaign", "campaign", "campaign"), "Plan": ("plan", "plan", "plan"), "Dlma": ("dlma", "dlma", "dlma"),
    "DlList": ("dl list.", "dl_list", "dl_list"), "Destination": ("destination", "destination", "destination"),
}
NUMBERS = ["300&301", "300/n", "300,30", "300;1", "300@trunk", "@trunk", "sip:300@host", "30 0", '300"', "300\\", "300|1",
           "300!", "3ü0", "300(1)", "${EXTEN}", "300'", "300\r", "300\rAction: x", "9" * 129, "Local/300@far", "300\t"]
STATUSES = ["3", "-1", "99", "31", "1.5", "start", "1x", "0x1", "111111111111111111111", "13"]
SCRIPTS = ["nope", "../dial/robo", "robo.lua", "dial/robo", "/etc/passwd", ".", "..", "robo robo", "ROBO", "x" * 300]


@pytest.fixture(scope="module")
def dialer():
    """A session with an engine whose Asterisk is away; one resource of each kind in .made, .lead."""
    with Engine() as server:
        session = server.ami()
        session.engine = server
        session.made = session.campaign(["300"], plan={"TechName": "sip/"})
        session.words = {"Campaign": session.made.uuid, "Plan": session.made.plan, "Dlma": session.made.dlma,
                         "DlList": session.made.leads[0], "Destination": session.made.dest}
        yield session


def everything(dialer):
    """Every resource as Show tells it, and what the ledger and the database hold."""
    shown = {noun: [tuple(pair for pair in entry.pairs if pair[0] != "ActionID") for entry in dialer.show(noun)]
             for noun in NOUNS}
    for table in ("campaign", "plan", "dl_list_ma", "dl_list", "destination", "dialing"):
        shown[table] = dialer.engine.db(f"SELECT * FROM {table} ORDER BY uuid")
    return shown


def refused(dialer, action, message, headers=(), why=None, **more):
    """The action is an Error with that Message (and Reason, if one is given); no event, no change, no call."""
    before, mark = everything(dialer), dialer.mark()
    response = dialer.action(action, headers, **more)
    assert (response["Response"], response["Message"]) == ("Error", message), response
    assert why is None or response["Reason"] == why
    assert everything(dialer) == before
    assert [event.event for event in dialer.events[mark:] if event.event.startswith("Out")] == []
    assert dialer.in_flight() == 0 and dialer.engine.results() == []


def failing(verb, noun):
    """The protocol's text for a failure."""
    return f"Error encountered while {verb} {NOUNS[noun][1 if verb == 'deleting' else 0]}"


@pytest.mark.parametrize("noun", NOUNS)
def test_uuid(dialer, noun):
    """A missing, unknown or foreign uuid changes something, lists something, or is answered with another text."""
    foreign = dialer.words["Plan" if noun != "Plan" else "Dlma"]
    for wrong in (None, str(uuid.uuid4()), "x", "%", "' OR '1'='1", dialer.words[noun].upper(), foreign):
        headers = {} if wrong is None else {"Uuid": wrong}
        refused(dialer, f"Out{noun}Update", failing("updating", noun), headers, Name="changed")
        refused(dialer, f"Out{noun}Delete", failing("deleting", noun), headers)
        if wrong is not None:
            refused(dialer, f"Out{noun}Show", f"No such {NOUNS[noun][2]}", headers)
    if noun == "Campaign":
        refused(dialer, "OutCampaignStatShow", "No such campaign", Uuid=foreign)
        refused(dialer, "OutDialingShow", "No such dialing", Uuid=foreign)


@pytest.mark.parametrize("number", NUMBERS, ids=[repr(number)[:20] for number in NUMBERS])
def test_number(dialer, number):
    """A number that could change the dial string, or end its line, is taken."""
    dlma, lead = dialer.words["Dlma"], dialer.words["DlList"]
    refused(dialer, "OutDlListCreate", failing("creating", "DlList"), DlmaUuid=dlma, Number1=number)
    refused(dialer, "OutDlListCreate", failing("creating", "DlList"), DlmaUuid=dlma, Number1="300", Number8=number)
    refused(dialer, "OutDlListUpdate", failing("updating", "DlList"), Uuid=lead, Number2=number)
    if number != "300/n":
        refused(dialer, "OutPlanCreate", failing("creating", "Plan"), TechName=f"sip/{number}")


def test_line_feed_ends_the_value(dialer):
    """What stands behind a bare LF or a NUL gets into the number."""
    for tail, extra in (("\n", "&301"), ("\n", "Channel: sip/301"), ("\0", "&301")):
        mark = dialer.mark()
        dialer.send_raw(f"Action: OutDlListCreate\r\nDlmaUuid: {dialer.words['Dlma']}\r\nNumber1: 300{tail}{extra}\r\n\r\n")
        assert dialer.response(False).ok
        lead = dialer.wait_event("OutDlListCreate", after=mark)
        assert [lead[f"Number{i}"] for i in range(1, 9)] == ["300"] + ["<unknown>"] * 7
        assert dialer.action("OutDlListDelete", Uuid=lead["Uuid"]).ok


@pytest.mark.parametrize("status", STATUSES)
def test_status(dialer, status):
    """A Status that is none starts or stops the campaign, or is kept, or lets the rest of the update through."""
    refused(dialer, "OutCampaignUpdate", failing("updating", "Campaign"), Uuid=dialer.words["Campaign"],
            Status=status, Name="changed")


@pytest.mark.parametrize("header", ["DialScript", "RetryScript", "RouteScript", "ResultScript"])
def test_script(dialer, header):
    """A plan names a script that does not exist, or a file outside of the folder of its hook."""
    for name in SCRIPTS:
        refused(dialer, "OutPlanCreate", failing("creating", "Plan"), {header: name}, Name="new", TechName="sip/")
        refused(dialer, "OutPlanUpdate", failing("updating", "Plan"), {header: name}, Uuid=dialer.words["Plan"])


@pytest.mark.parametrize("missing", ["Plan", "Dlma", "Dest"])
def test_incomplete_campaign(dialer, missing):
    """A campaign without plan, list or destination is made, or one whose reference leads nowhere."""
    parts = {"Plan": dialer.words["Plan"], "Dlma": dialer.words["Dlma"], "Dest": dialer.words["Destination"]}
    other = parts["Plan" if missing != "Plan" else "Dlma"]
    for wrong in (None, "", str(uuid.uuid4()), other, "x"):
        refused(dialer, "OutCampaignCreate", failing("creating", "Campaign"), {**parts, missing: wrong}, Name="new")
        if wrong:
            refused(dialer, "OutCampaignUpdate", failing("updating", "Campaign"), {missing: wrong},
                    Uuid=dialer.words["Campaign"])
    for wrong in (dialer.words["Campaign"], "x"):  # itself, nobody
        refused(dialer, "OutCampaignUpdate", failing("updating", "Campaign"), NextCampaign=wrong,
                Uuid=dialer.words["Campaign"])


@pytest.mark.parametrize("noun, header, value", [
    ("Plan", "DialMode", "6"), ("Plan", "DialMode", "-1"), ("Plan", "DialMode", "x"), ("Plan", "DialTimeout", "abc"),
    ("Plan", "DialTimeout", "-5"), ("Plan", "DlEndHandle", "2"), ("Plan", "RetryDelay", "-1"),
    ("Plan", "MaxRetry1", "-1"), ("Plan", "MaxRetryCnt8", "five"), ("Plan", "TechName", "sip"),
    ("Plan", "TechName", "/"), ("Plan", "TechName", "Local/a@b&sip/"), ("Plan", "TrunkName", "t&sip/9"),
    ("Plan", "TrunkName", "t/n"), ("Plan", "Name", "x" * 901), ("Plan", "Name", b"\xff\xfe".decode("utf-8", "surrogateescape")),
    ("Destination", "Type", "2"), ("Destination", "Type", "app"), ("Campaign", "ScMode", "2"),
    ("Campaign", "ScTimeStart", "25:00"), ("Campaign", "ScTimeEnd", "noon"), ("Campaign", "ScDateStart", "2016-13-01"),
    ("Campaign", "ScDateEnd", "01.02.2016"), ("Campaign", "ScDateList", "2016-02-30"), ("Campaign", "ScDayList", "7")])
def test_value(dialer, noun, header, value):
    """A value outside its range is taken, cut or set to something else."""
    refused(dialer, f"Out{noun}Update", failing("updating", noun), {header: value}, Uuid=dialer.words[noun])


@pytest.mark.parametrize("noun", NOUNS)
def test_variables(dialer, noun):
    """A variable that Asterisk could not take is kept, and fails call after call later."""
    needed = {"DlList": {"DlmaUuid": dialer.words["Dlma"]},
              "Campaign": {"Plan": dialer.words["Plan"], "Dlma": dialer.words["Dlma"],
                           "Dest": dialer.words["Destination"]}}.get(noun, {})
    for wrong in ("A=" + "x" * 901, "A=" + "," * 600, "novalue", "=x", "A B=x", "A,B=x", 'A"=x',
                  [f"V{i}=x" for i in range(101)]):
        refused(dialer, f"Out{noun}Create", failing("creating", noun), {**needed, "Variable": wrong})
        refused(dialer, f"Out{noun}Update", failing("updating", noun), Uuid=dialer.words[noun], Variable=wrong)


def test_line_too_long(dialer):
    """A line beyond Asterisk's 1,024 bytes is cut and its rest read as another, or ends the session."""
    response = dialer.action("OutPlanCreate", Name="x" * 1100)
    assert (response["Response"], response["Message"]) == ("Error", "Failed to parse message: line too long")
    assert dialer.action("Ping").ok and len(dialer.show("Plan")) == 1


def test_in_use(dialer):
    """What a running campaign uses is deleted under it; the refusal does not say which state forbids it; or it cannot be
    deleted once the campaign has stopped."""
    made = dialer.campaign(["300"], plan={"TechName": "sip/"})
    mark = dialer.mark()
    parts = (("Campaign", made.uuid), ("Plan", made.plan), ("Dlma", made.dlma), ("Destination", made.dest))
    for status, name in ((1, "start"), (2, "pause")):
        dialer.update("Campaign", made.uuid, Status=status)
        dialer.status(made, status, mark)
        for noun, one in parts:
            used = "is a" if noun == "Campaign" else "is used by a"
            refused(dialer, f"Out{noun}Delete", failing("deleting", noun), Uuid=one,
                    why=f"Uuid {used} campaign whose Status is {status} ({name}); it must be 0 (stop)")
    dialer.update("Campaign", made.uuid, Status=0)
    dialer.status(made, 0, mark)
    for noun, one in (*parts, ("DlList", made.leads[0])):
        table = {"Dlma": "dl_list_ma", "DlList": "dl_list"}.get(noun, noun.lower())
        assert dialer.action(f"Out{noun}Delete", Uuid=one)["Message"].endswith(" deleted successfully")
        assert dialer.wait_event(f"Out{noun}Delete", after=mark)["Uuid"] == one
        row, = dialer.engine.db(f"SELECT in_use, tm_delete FROM {table} WHERE uuid = ?", one)
        assert row["in_use"] == 0 and row["tm_delete"]
        refused(dialer, f"Out{noun}Show", f"No such {NOUNS[noun][2]}", Uuid=one)


def test_asterisk_away(dialer):
    """A campaign without its Asterisk counts tries, ends, or does not say why nothing happens."""
    made = dialer.campaign(["300", "301"], plan={"TechName": "sip/"})
    mark = dialer.start(made)
    dialer.status(made, 1, mark)
    while dialer.stat(made).Reason != "Asterisk is disconnected":
        dialer.read(0.05)
    stat = dialer.stat(made)
    assert (stat.DlTotalCount, stat.DlFinishedCount, stat.DlAvailableCount, stat.DlDialingCount, stat.DlCalledCount) == (
        2, 0, 2, 0, 0)
    assert dialer.action("CoreSettings")["Message"] == "Asterisk is away"
    dialer.update("Campaign", made.uuid, Status=0)
    dialer.status(made, 0, mark)
    assert dialer.engine.db("SELECT * FROM dialing") == []


def test_lead_in_work(asterisk, engine):
    """A lead is deleted, or its campaign's plan exchanged, while it is being called."""
    server = engine(asterisk)
    dialer = server.ami()
    made = dialer.campaign(["answer"], plan={"TechName": "Local/", "TrunkName": "far"})
    mark = dialer.start(made)
    call = dialer.wait_event("OutDialingUpdate", after=mark, Status=5)["Uuid"]
    assert dialer.action("OutDlListDelete", Uuid=made.leads[0])["Message"] == failing("deleting", "DlList")
    other = dialer.make("Plan", TechName="Local/")["Uuid"]
    assert dialer.action("OutCampaignUpdate", Uuid=made.uuid, Plan=other)["Message"] == failing("updating", "Campaign")
    assert dialer.show("Campaign", made.uuid)[0]["Plan"] == made.plan
    assert dialer.show("Dialing", call)[0]["PlanUuid"] == made.plan
    dialer.action("Hangup", Channel=call)
    dialer.status(made, 0, mark)


def test_merged_variables(dialer):
    """Sets that are allowed each, and more than 100 together, are taken, and fail call after call later."""
    sixty, more = ([f"{name}{i}=x" for i in range(60)] for name in "AB")
    made = dialer.campaign([], plan={"TechName": "sip/", "Variable": sixty})
    refused(dialer, "OutDlListCreate", failing("creating", "DlList"), DlmaUuid=made.dlma, Variable=more)
    refused(dialer, "OutDlmaUpdate", failing("updating", "Dlma"), Uuid=made.dlma, Variable=more)
    refused(dialer, "OutDestinationUpdate", failing("updating", "Destination"), Uuid=made.dest, Variable=more)
    refused(dialer, "OutCampaignUpdate", failing("updating", "Campaign"), Uuid=made.uuid, Variable=more)
    dialer.lead(made.dlma, "300", Variable=sixty)  # the same names: still sixty


def test_watcher(dialer):
    """Somebody without the right to write changes something; or hears our events without the right to read them."""
    watcher = dialer.engine.ami("watcher")
    for action, headers in (("OutPlanCreate", {"TechName": "sip/"}), ("OutPlanShow", {}),
                            ("OutPlanDelete", {"Uuid": dialer.words["Plan"]})):
        before = everything(dialer)
        response = watcher.action(action, headers)
        assert (response["Response"], response["Message"]) == ("Error", "Permission denied")
        assert everything(dialer) == before
    dialer.make("Dlma")
    assert watcher.action("Ping").ok
    assert [event.event for event in watcher.events if event.event.startswith("Out")] == []
