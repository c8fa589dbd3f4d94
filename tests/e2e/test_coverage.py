"""Every action of the program through its success and each of its failures, with every header it takes; every event
with every field. What there is, the program says itself (`astout reference ami-json`): an action, a header or an event
that no case here exercises is a failure. The tables at the end of the run say what was exercised.

Against the simulated Asterisk, which has agents and answering machines at hand."""
import json
import os
import re
import shutil
import subprocess
import uuid

import pytest

import tables
from asterisk import process
from engine import TOP, Engine, binary, tries
from sim import SIM_LOGIN, Sim

WORLD = ("return { numbers = { ['91*'] = 'answer', ['92*'] = 'nopeer', ['93*'] = 'busy' }, agents = 1, amd = { time = 0.1 }, "
         "ring = { mean = 0.05, cv = 0.1 }, talk = { mean = 0.1, cv = 0.1 }, wrapup = { mean = 0.01, cv = 0.1 } }")
pytestmark = pytest.mark.xdist_group("coverage")  # test_tables looks at what all the others did
VARIABLES = ["A=1", "B=two, words"]
WORDS = {  # noun: words of Created, of the errors, of the list, of none, the closing event; headers with a value each
    "Campaign": ("Campaign", "creating campaign", "updating campaign", "deleting campaign", "Campaign List will follow",
                 "No such campaign", "OutCampaignListComplete",
                 {"Name": "n", "Detail": "d", "Plan": "@Plan", "Dlma": "@Dlma", "Dest": "@Destination", "ScMode": "1",
                  "ScDateStart": "2016-01-01", "ScDateEnd": "2016-12-31", "ScDateList": "2016-02-03,2016-02-04",
                  "ScDateListExcept": "2016-12-24", "ScTimeStart": "08:00", "ScTimeEnd": "20:00", "ScDayList": "1,2,3",
                  "Variable": VARIABLES, "NextCampaign": "@Campaign", "Channels": "30", "Cps": "5"}),
    "Plan": ("Plan", "creating plan", "updating plan", "deleting plan", "Plan List will follow", "No such plan",
             "OutPlanListComplete",
             {"Name": "n", "Detail": "d", "DialMode": "3", "DialTimeout": "20000", "CallerId": '"Sales" <5550100>',
              "DlEndHandle": "0", "RetryDelay": "7", "TrunkName": "carrier", "TechName": "sip/", "ServiceLevel": "2",
              **{f"MaxRetryCnt{i}": str(i) for i in range(1, 9)}, "EarlyMedia": "true", "Codecs": "ulaw,alaw",
              "Variable": VARIABLES,
              **{f"{hook}{what}": value for hook in ("Dial", "Retry", "Route", "Result", "Shadow")
                 for what, value in (("Script", "covered"), ("Params", "n=2"))}}),
    "Dlma": ("Dlma", "creating dlma", "updating dlma", "deleting dlma", "Dlma List will follow", "No such dlma",
             "OutDlmaListComplete", {"Name": "n", "Detail": "d", "Variable": VARIABLES}),
    "DlList": ("Dl list", "creating dl list.", "updating dl list.", "deleting dl_list", "Dl List will follow",
               "No such dl_list", "OutDlListComplete",
               {"DlmaUuid": "@Dlma", "Name": "n", "Detail": "d", "UKey": "k", "UData": "u", **{f"Number{i}": f"30{i}" for i in range(1, 9)},
                "Email": "a@b.example", "Variable": VARIABLES}),
    "Destination": ("Destination", "creating destination", "updating destination", "deleting destination",
                    "Destination List will follow", "No such destination", "OutDestinationListComplete",
                    {"Name": "n", "Detail": "d", "Type": "1", "Exten": "10", "Context": "c", "Priority": "2",
                     "Application": "queue", "Data": "sales_1", "Variable": VARIABLES}),
    "Queue": ("Queue", "creating queue", "updating queue", "deleting queue", "Queue List will follow", "No such queue",
              "OutQueueListComplete", {"Name": "n", "Detail": "d"}),
}
WRONG = {"Campaign": {"Plan": "x"}, "Plan": {"DialMode": "9"}, "Dlma": {"Variable": "no value"}, "DlList": {"Number1": "300&301"},
         "Destination": {"Type": "2"}, "Queue": {"Name": "x" * 901}}
OTHERS = {  # any other action: its Message, the closing event of a list, its failure
    "OutCampaignStatShow": ("Campaign Stat List will follow", "OutCampaignStatListComplete", "No such campaign"),
    "OutDialingShow": ("Dialing List will follow", "OutDialingListComplete", "No such dialing"),
    "OutDialingSummary": ("Summary List will follow", "OutSummaryListComplete", None),
    "OutStrategyShow": ("Strategy List will follow", "OutStrategyListComplete", "No such plan"),
    "OutStrategyShadowShow": ("Strategy Shadow List will follow", "OutStrategyShadowListComplete", "No such plan"),
    "OutStrategyReload": ("Strategies reloaded", None, "No such plan"),
    "OutPreviewAccept": ("Preview accepted successfully", None, "Error encountered while accepting preview"),
    "OutPreviewSkip": ("Preview skipped successfully", None, "Error encountered while skipping preview"),
    "OutPreviewShow": ("Preview List will follow", "OutPreviewListComplete", "No such preview"),
}
STRANGERS = ("Permission denied", "before login")  # failures that every action has

TOLD = json.loads(subprocess.run([binary(), "reference", "ami-json"], check=True, capture_output=True, text=True).stdout)
ACTIONS = [action["name"] for action in TOLD["actions"]]
TAKES = {action["name"]: {header["name"] for header in action["takes"]} for action in TOLD["actions"]}
EVENTS = {event["name"]: [header["name"] for header in event["headers"]] for event in TOLD["events"] + TOLD["entries"]}
ONCE = {(event["name"], header["name"]) for event in TOLD["events"] + TOLD["entries"] for header in event["headers"]
        if header["once"]}
FRESH = {"TmDelete", "TmUpdate"}  # nothing that begins has been changed or deleted
IDLE = {"DialingUuid", "DialingCampUuid", "DialingPlanUuid"}  # of a lead that is in no call
EMPTY = {  # what an event never has, because it cannot; all else is seen with a value
    **{name: FRESH for name in EVENTS if re.fullmatch("Out.*Create", name)},
    **{name: {"TmDelete"} for name in EVENTS if re.fullmatch("Out.*Update", name)},
    "OutDlListCreate": FRESH | IDLE | {"ResDialDetail", "ResHangupDetail"}, "OutDlListDelete": IDLE,
    "OutDialingCreate": FRESH | {"CurrentQueue", "CurrentAgent", "ChannelName", "ResAmd", "ResAmdDetail", "ResHangupDetail"},
    "OutDialingUpdate": {"TmDelete", "ResHangupDetail"},  # judged at the end, told by OutDialingDelete
}


def parts(action):
    """OutPlanCreate: Plan, Create. (None, None) if it is about no noun of the store."""
    match = re.fullmatch(r"Out(\w+?)(Create|Update|Delete|Show)", action)
    return match.groups() if match and match[1] in WORDS and action not in OTHERS else (None, None)


def failures(action):
    """The texts with which the protocol lets this action fail."""
    noun, verb = parts(action)
    if noun is None:
        return [text for text in OTHERS.get(action, (None,))[2:] if text]
    words = WORDS[noun]
    return [words[5] if verb == "Show" else "Error encountered while " + words[("Create", "Update", "Delete").index(verb) + 1]]


CASES = [(action, case) for action in ACTIONS for case in ("success", *failures(action), *STRANGERS)]
COVERED, HEADERS = {}, {}
SCRIPT = """return { api = 1, params = { n = { default = 1, help = "of the test" } }, %s = function(view)
%s
end }
"""
BODIES = {"dial": "return view.room", "retry": "return { index = 1, at = 0 }", "route": "return {}",
          "result": "return json.encode(view.fields)"}


def put(folder, hook, name, body):
    """Writes a strategy as an editor does: beside, then moved into its place."""
    beside = folder / "beside.tmp"
    beside.write_text(SCRIPT % (hook, body), encoding="utf-8")
    os.replace(beside, folder / hook / f"{name}.lua")


@pytest.fixture(scope="module")
def dialer(tmp_path_factory):
    """A session, and all it has heard: .entries holds those of every list too."""
    folder = tmp_path_factory.mktemp("coverage") / "strategies"
    shutil.copytree(os.path.join(TOP, "strategies"), folder)
    for hook, body in BODIES.items():
        put(folder, hook, "covered", body)
    conf = {**SIM_LOGIN, "trunk:carrier": {"asterisk": "main"}, "scripts": {"path": folder}}
    with Sim(WORLD) as sim, Engine(sim, conf=conf) as server:
        session = server.ami()
        session.engine, session.entries, session.folder = server, [], folder
        yield session


def fill(dialer, noun, headers=None):
    """Headers with the uuids of resources in them."""
    made = {}
    for key, value in (WORDS[noun][7] if headers is None else headers).items():
        if isinstance(value, str) and value.startswith("@"):
            other = value[1:]
            value = make(dialer, other, {k: v for k, v in WORDS[other][7].items() if k != "NextCampaign"})
        made[key] = value
    return made


def make(dialer, noun, headers=None):
    """A resource; its uuid."""
    mark = dialer.mark()
    assert dialer.action(f"Out{noun}Create", fill(dialer, noun, headers)).ok
    return dialer.found(f"Out{noun}Create", after=mark)[-1]["Uuid"] if dialer.found(f"Out{noun}Create", after=mark) else (
        dialer.wait_event(f"Out{noun}Create", after=mark)["Uuid"])


def shows(event, headers):
    """Every header that was given is in the event (or list entry) as it was given."""
    for key, value in headers.items():
        assert event.all(key) == (value if isinstance(value, list) else [value]), (key, event)


def succeed(dialer, action):
    """The action does what it is for, with every header it takes."""
    noun, verb = parts(action)
    if noun is None:
        HEADERS.setdefault(action, set()).update(SUCCEED[action](dialer, action))
        return
    created, headers = WORDS[noun][0], fill(dialer, noun)
    if verb == "Create":
        mark = dialer.mark()
        response = dialer.action(action, headers)
        assert (response["Response"], response["Message"]) == ("Success", f"{created} created successfully")
        shows(dialer.wait_event(action, after=mark, **{key: value for key, value in headers.items() if isinstance(value, str)}), headers)
    else:
        needed = {key: value for key, value in headers.items() if verb == "Delete" or key in ("Plan", "Dlma", "Dest", "DlmaUuid")}
        uuid_ = make(dialer, noun, needed)
        mark = dialer.mark()
        if verb == "Update":
            response = dialer.action(action, Uuid=uuid_, **headers)
            assert (response["Response"], response["Message"]) == ("Success", f"{created} updated successfully")
            shows(dialer.wait_event(action, after=mark, Uuid=uuid_), headers)
            if noun == "Campaign":  # its schedule is over: it does what it is told, and stops because its list is at its end
                for status in ("0", "1", "11", "2", "12", "10", "30"):
                    assert dialer.action(action, Uuid=uuid_, Status=status).ok
                headers["Status"] = "1"
                process.poll(lambda: dialer.show(noun, uuid_)[0]["Status"] == "0", "it stops")
        elif verb == "Delete":
            assert dialer.action(f"Out{noun}Update", Uuid=uuid_, Detail="changed").ok
            response = dialer.action(action, Uuid=uuid_)
            assert (response["Response"], response["Message"]) == ("Success", f"{created} deleted successfully")
            assert dialer.wait_event(action, after=mark, Uuid=uuid_)["TmDelete"] != "<unknown>"
            headers = {}
        else:
            headers = succeed_show(dialer, action, noun, uuid_)
        headers["Uuid"] = uuid_
    HEADERS.setdefault(action, set()).update(headers)


def listed(dialer, action, text, end, **headers):
    """The entries of a list with this Message and closing event."""
    response, items, complete = dialer.list_action(action, **headers)
    assert (response["Message"], complete.event) == (text, end)
    dialer.entries += items
    return items


def succeed_show(dialer, action, noun, uuid_):
    """One, all; of leads also by list, with Count and After. Returns the headers used."""
    text, end = WORDS[noun][4], WORDS[noun][6]
    assert [item["Uuid"] for item in listed(dialer, action, text, end, Uuid=uuid_)] == [uuid_]
    assert uuid_ in [item["Uuid"] for item in listed(dialer, action, text, end)] or noun == "DlList"
    if noun != "DlList":
        return {}
    dlma = listed(dialer, action, text, end, Uuid=uuid_)[0]["DlmaUuid"]
    second = make(dialer, noun, {"DlmaUuid": dlma})
    assert [item["Uuid"] for item in listed(dialer, action, text, end, DlmaUuid=dlma)] == [uuid_, second]
    assert [item["Uuid"] for item in listed(dialer, action, text, end, DlmaUuid=dlma, Count="1")] == [uuid_]
    assert [item["Uuid"] for item in listed(dialer, action, text, end, DlmaUuid=dlma, After=uuid_)] == [second]
    assert len(listed(dialer, action, text, end, Count="2")) == 2
    return {"DlmaUuid": dlma, "Count": "1", "After": uuid_}


def succeed_calls(dialer, action):
    """A list about calls, while there is one."""
    text, end, _ = OTHERS[action]
    made = dialer.campaign(["9100001"], plan={"TechName": "sip/"}, dest={"Application": "Wait", "Data": "60"})
    mark = dialer.start(made)
    call = dialer.wait_event("OutDialingUpdate", after=mark, CampUuid=made.uuid, Status=5)["Uuid"]
    headers = set()
    if action == "OutDialingSummary":
        assert int(listed(dialer, action, text, end)[0]["Count"]) == 1
    else:
        one = call if action == "OutDialingShow" else made.uuid
        assert [item["Uuid"] for item in listed(dialer, action, text, end, Uuid=one)] == [one]
        assert one in [item["Uuid"] for item in listed(dialer, action, text, end)]
        headers = {"Uuid"}
    dialer.update("Campaign", made.uuid, Status=30)
    dialer.status(made, 0, mark)
    return headers


def succeed_strategies(dialer, action):
    """A list about plans: of one, of all."""
    text, end, _ = OTHERS[action]
    made = dialer.campaign(["9100001"], plan={"TechName": "sip/", "DialScript": "covered", "ShadowScript": "available",
                                              "MaxRetry1": 1, "Name": "n"})
    dialer.run(made)
    assert {item["Plan"] for item in listed(dialer, action, text, end, Plan=made.plan)} == {made.plan}
    assert made.plan in {item["Plan"] for item in listed(dialer, action, text, end)}
    return {"Plan"}


def succeed_reload(dialer, action):
    """A file that has changed is taken, one that fails is told."""
    put(dialer.folder, "dial", "changing", "error('on purpose')")
    made = dialer.campaign(["9100001"], plan={"TechName": "sip/", "DialScript": "changing", "MaxRetry1": 1})
    mark = dialer.start(made)
    dialer.wait_event("OutStrategyError", after=mark, Plan=made.plan)
    put(dialer.folder, "dial", "changing", BODIES["dial"])
    response = dialer.action(action, Plan=made.plan)
    assert (response["Response"], response["Message"]) == ("Success", OTHERS[action][0])
    answers = next(known["answers"] for known in TOLD["actions"] if known["name"] == action)
    assert answers and all(response[header["name"]].isdigit() for header in answers)
    dialer.wait_event("OutStrategySwap", after=mark, Plan=made.plan)
    dialer.status(made, 0, mark)
    assert dialer.action(action)["Message"] == OTHERS[action][0]
    return {"Plan"}


def succeed_preview(dialer, action):
    """An offer to the one agent there is: shown, skipped or accepted."""
    text, end, failure = OTHERS[action]
    made = dialer.campaign([], plan={"TechName": "sip/", "DialMode": "2", "MaxRetry1": 1}, dest={"Application": "queue",
                                                                                                "Data": "sales_1"})
    numbers = {f"Number{i}": f"910000{i}" for i in range(1, 9)}
    dialer.make("DlList", DlmaUuid=made.dlma, Name="n", Detail="d", UKey="k", Email="a@b.example", Variable=VARIABLES, **numbers)
    mark = dialer.start(made)
    offer = dialer.wait_event("OutPreview", after=mark, CampUuid=made.uuid)["Uuid"]
    headers = {"Uuid": offer}
    if action == "OutPreviewShow":
        assert [item["Uuid"] for item in listed(dialer, action, text, end, Uuid=offer)] == [offer]
        assert [item["Uuid"] for item in listed(dialer, action, text, end)] == [offer]
    elif action == "OutPreviewAccept":
        for index in ("0", "9", "x"):
            assert dialer.action(action, Uuid=offer, Index=index)["Message"] == failure
        headers["Index"] = "1"
    else:
        headers["Reason"] = "not now"
    if action != "OutPreviewShow":
        assert dialer.action(action, headers)["Message"] == text
        dialer.wait_event("OutPreviewDone", after=mark, Uuid=offer)
    dialer.update("Campaign", made.uuid, Status=30)
    dialer.status(made, 0, mark, 60)
    return headers


SUCCEED = {
    **dict.fromkeys(("OutCampaignStatShow", "OutDialingShow", "OutDialingSummary"), succeed_calls),
    **dict.fromkeys(("OutStrategyShow", "OutStrategyShadowShow"), succeed_strategies),
    "OutStrategyReload": succeed_reload,
    **dict.fromkeys(("OutPreviewAccept", "OutPreviewSkip", "OutPreviewShow"), succeed_preview),
}


def fail(dialer, action):
    """Every way in which the action can get its own failure text; (headers) each."""
    noun, verb = parts(action)
    which = "Plan" if "Strategy" in action else "Uuid"
    unknown = [{which: str(uuid.uuid4())}, {which: "x"}]
    if verb == "Create":
        good = fill(dialer, noun)
        needed = {"Campaign": ("Plan", "Dlma", "Dest"), "DlList": ("DlmaUuid",)}.get(noun, ())
        return [{**good, **WRONG[noun]}] + [{key: value for key, value in good.items() if key != gone} for gone in needed]
    if verb == "Update":
        return [{}, *unknown, {"Uuid": make(dialer, noun, {**fill(dialer, noun), "Name": "n"}), **WRONG[noun]}]
    if verb == "Delete":
        busy = []
        if noun in ("Campaign", "Plan", "Dlma", "Destination"):
            made = dialer.campaign([], plan={"TechName": "sip/", "DlEndHandle": "0"})
            dialer.status(made, 1, dialer.start(made))
            busy = [{"Uuid": {"Campaign": made.uuid, "Plan": made.plan, "Dlma": made.dlma, "Destination": made.dest}[noun]}]
        return [{}, *unknown, *busy]
    more = [{"DlmaUuid": "x"}, {"Count": "0"}, {"Count": "x"}, {"After": "x"}] if noun == "DlList" else []
    return [*([{}] if action in ("OutPreviewAccept", "OutPreviewSkip") else []), *unknown, *more]


@pytest.mark.parametrize("action, case", CASES)
def test_action(dialer, action, case):
    """An action does not do what it is for, forgets a header, or fails with other words than the protocol's."""
    if case == "success":
        succeed(dialer, action)
    elif case == "before login":
        with dialer.engine.connect() as stranger:
            assert stranger.action(action, Uuid="x")["Message"] == "Permission denied"
    elif case == "Permission denied":
        with dialer.engine.ami("watcher") as watcher:
            assert watcher.action(action, Uuid="x")["Message"] == case
    else:
        ways = fail(dialer, action)
        for headers in ways:
            mark = dialer.mark()
            response = dialer.action(action, headers)
            assert (response["Response"], response["Message"]) == ("Error", case), headers
            dialer.drain()
            assert not dialer.found(action, after=mark)
    COVERED[action, case] = COVERED.get((action, case), 0) + (len(ways) if case in failures(action) else 1)


def test_calls_show_every_field(dialer):
    """A field of an event never gets a value: of a call to an agent, to a machine, to nobody; of its lead."""
    plan = {"TechName": "sip/", "RetryDelay": "0", **tries(2)}
    lead = {"Name": "n", "Detail": "d", "UKey": "k", "Email": "a@b.example", "UData": "u", "Variable": VARIABLES}
    ways = [({"Application": "queue", "Data": "sales_1"}, "91"), ({"Type": "0", "Exten": "10", "Context": "amd", "Priority": "1",
                                                                  "Application": "", "Data": ""}, "91"), ({}, "92"), ({}, "93")]
    for dest, first in ways:
        made = dialer.campaign([], plan=plan, dest=dest, Variable=VARIABLES)
        numbers = {f"Number{i}": f"{first}0000{i}" for i in range(1, 9)}
        one = dialer.make("DlList", DlmaUuid=made.dlma, **numbers, **lead)["Uuid"]
        mark = dialer.start(made)
        if first == "92":  # a number that has no peer has no end either: its try is given back
            dialer.wait_events("OutDialingDelete", 2, after=mark, CampUuid=made.uuid)
            dialer.update("Campaign", made.uuid, Status=0)
        dialer.status(made, 0, mark, 60)
        dialer.drain()
        listed(dialer, "OutDlListShow", "Dl List will follow", "OutDlListComplete", Uuid=one)
        assert dialer.action("OutDlListDelete", Uuid=one).ok
        dialer.wait_event("OutDlListDelete", after=mark, Uuid=one)


def test_cases():
    """An action has no case here, or a case has no action."""
    stored = {f"Out{noun}{verb}" for noun in WORDS for verb in ("Create", "Update", "Delete", "Show")}
    assert set(ACTIONS) == stored | set(OTHERS) and set(SUCCEED) == set(OTHERS)


def test_tables(dialer):
    """An action, a failure text, a header, an event or a field was not exercised; the tables say which."""
    if len(COVERED) < len(CASES):
        pytest.skip("only with all tests of this file")
    forgotten = {action: sorted(TAKES[action] - HEADERS[action]) for action in ACTIONS if TAKES[action] - HEADERS[action]}
    assert not forgotten, f"headers that no case sends: {forgotten}"
    rows = [("action", "success, with headers", "its own failure, ways", "no right", "no login")]
    for action in ACTIONS:
        own = failures(action)
        rows.append((action, f"ok {len(HEADERS[action])}", f"{own[0]}: {COVERED[action, own[0]]}" if own else "-",
                     *("ok" if COVERED[action, case] else "MISSING" for case in STRANGERS)))
    tables.add("Actions exercised:", rows)

    heard, valued, orders = {}, {}, {}
    for message in dialer.events + dialer.entries:
        name = message.event or ""
        if not name.startswith("Out"):
            continue
        names = [key for key, _ in message.pairs if key not in ("Event", "Privilege", "ActionID")]
        heard.setdefault(name, set()).update(names)
        valued.setdefault(name, set()).update(key for key, value in message.pairs if value not in ("<unknown>", ""))
        orders.setdefault(name, []).append(names)
    rows, gaps = [("event", "fields", "with a value", "never a value, as it must")], []
    for name, fields in EVENTS.items():
        printed, empty = heard.get(name, set()), EMPTY.get(name, set()) & set(fields)
        missing = [field for field in fields if field not in printed and field not in empty]
        blank = [field for field in fields if field in printed and field not in valued[name] and field not in empty]
        wrong = [field for field in empty if field in valued.get(name, ())]
        extra = sorted(printed - set(fields))
        if name.endswith("Entry"):  # what a list shows depends on what there is; the order counts
            blank = []
            missing = [field for field in missing if (name, field) not in ONCE]
        for names in orders.get(name, []):
            once = list(dict.fromkeys(names))
            plain = [field for field in fields if field in once]
            if once != plain:
                gaps.append((name, "order", once))
                break
        if missing or blank or wrong or extra:
            gaps.append((name, "missing", missing, "never a value", blank, "should have none", wrong, "not in the reference", extra))
        rows.append((name, f"{len(printed & set(fields))}/{len(fields)}", str(len(valued.get(name, set()) & set(fields))),
                     " ".join(sorted(empty))))
    tables.add("Events and list entries exercised:", rows)
    assert not gaps, "\n".join(map(str, gaps))
