"""Values of campaign, plan, dlma, destination and lead on their way to the dialplan: each byte arrives, on 16 and 22,
and the later of two wins."""
import base64
import json

import pytest

from engine import Engine

LEVELS = ("campaign", "plan", "dlma", "dest", "lead")

# What Asterisk, AMI or JSON could take for something else, and a value of each length that matters.
VALUES = {
    "comma": "a,b,,c,", "quote": 'say "hi" and "', "backslash": "one\\ two\\\\ \\n \\, end\\",
    "mixed": '\\",",\\\\"",\\', "utf8": "Grüße, Zoë – 漢字 🙂", "equals": "a=b=c", "colon": "Header: value",
    "expression": "${EXTEN} $[1+1] ${SHELL(id)} {x}", "semicolon": "a;b|c&d^e~f`g'h", "parens": "f(x), (y) [z] <q@r>",
    "blanks": "  two  blanks  ", "tab": "\ta\t\tb", "percent": "100% %s %n", "hash": "#*!?/~", "action": "Action: Originate",
    "one": "x", "long": "y" * 890, "long commas": "," * 400, "digits": "00049301234567",
}


@pytest.fixture(scope="module")
def dialer(asterisk):
    """A session with an engine on this Asterisk, .engine."""
    with Engine(asterisk) as server:
        session = server.ami()
        session.engine = server
        yield session
        asterisk.hangup_all()


def echo(dialer, leads=(), **levels):
    """Runs a campaign into the dialplan that tells its variables A to E; variables: {level: {name: value}}.

    Returns [(lead's uuid, {name: value as Asterisk has it}, result)].
    """
    def headers(variables):
        return {"Variable": [f"{name}={value}" for name, value in variables.items()]} if variables else {}
    campaign = dialer.campaign(
        [], plan={"TechName": "Local/", "TrunkName": "far", **headers(levels.get("plan"))},
        dest={"Type": "0", "Application": None, "Data": None, "Context": "vars", "Exten": "echo", "Priority": "1",
              **headers(levels.get("dest"))},
        dlma=headers(levels.get("dlma")), **headers(levels.get("campaign")))
    for variables in leads or [levels.get("lead", {})]:
        campaign.leads.append(dialer.lead(campaign.dlma, "answer", **headers(variables)))
    mark = dialer.run(campaign)
    found = []
    for line in dialer.engine.results(camp_uuid=campaign.uuid):
        told = dialer.wait_event("UserEvent", after=mark, UserEvent="Vars", Uniqueid=line["dialing_uuid"])
        heard = {name: base64.b64decode(told[name]).decode("utf-8") for name in "ABCDE"}
        found.append((line["dl_list_uuid"], heard, line))
    assert [uuid for uuid, _, _ in sorted(found)] == sorted(campaign.leads)
    dialer.last = campaign
    return found


def test_each_value_arrives(dialer):
    """A comma splits a value, a quote or backslash is eaten or doubled, UTF-8 is broken, `${…}` is evaluated."""
    names = list(VALUES)
    groups = [names[i:i + 5] for i in range(0, len(names), 5)]
    leads = [dict(zip("ABCDE", (VALUES[name] for name in group))) for group in groups]
    found = {uuid: (heard, line) for uuid, heard, line in echo(dialer, leads)}
    for uuid, want in zip(dialer.last.leads, leads):
        heard, line = found[uuid]
        assert heard == {**dict.fromkeys("ABCDE", ""), **want}
        # and the way back: result, list and database tell the same
        assert json.loads(line["variables"]) == want
        assert json.loads(line["dl_variables"]) == want
        entry = dialer.show("DlList", uuid)[0]
        assert entry.all("Variable") == [f"{name}={value}" for name, value in want.items()]
        row = dialer.engine.db("SELECT variables FROM dl_list WHERE uuid = ?", uuid)[0]
        assert json.loads(row["variables"]) == want


@pytest.mark.parametrize("level", LEVELS)
def test_each_level_arrives(dialer, level):
    """The variables of one of the five places are forgotten, or escaped there in another way."""
    want = {"A": VALUES["mixed"], "B": VALUES["utf8"], "C": VALUES["comma"], "D": VALUES["expression"], "E": "end"}
    (_, heard, line), = echo(dialer, **{level: want})
    assert heard == want
    assert json.loads(line["variables"]) == want
    for key, owner in (("plan_variables", "plan"), ("dest_variables", "dest"), ("dl_variables", "lead")):
        assert line[key] == "" if owner != level else json.loads(line[key]) == want


def test_later_wins(dialer):
    """The order campaign, plan, dlma, destination, lead is not kept."""
    values = {level: {name: f"{level}, \"{name}\"" for name in "ABCDE"[i:]} for i, level in enumerate(LEVELS)}
    (_, heard, line), = echo(dialer, **values)
    want = {name: f"{level}, \"{name}\"" for name, level in zip("ABCDE", LEVELS)}
    assert heard == want and json.loads(line["variables"]) == want


def test_events_tell_them(dialer):
    """An event prints a value escaped, cut or on the wrong place, or a resource without any lacks its line."""
    want = {"A": VALUES["mixed"], "B": VALUES["utf8"]}
    lines = [f"{name}={value}" for name, value in want.items()]
    mark = dialer.mark()
    plan = dialer.make("Plan", Variable=lines)
    assert plan.all("Variable") == lines
    assert plan.names()[plan.names().index("Variable") - 1] == "TechName"
    assert dialer.make("Dlma").all("Variable") == ["<unknown>"]
    assert dialer.make("Destination", Variable=lines).all("Variable") == lines
    # A later Variable of the same name replaces the former; an update replaces them all; none leaves them.
    assert dialer.make("Dlma", Variable=["A=1", "B=2", "A=3"]).all("Variable") in (["A=3", "B=2"], ["B=2", "A=3"])
    dialer.update("Plan", plan["Uuid"], Variable="C=new")
    dialer.update("Plan", plan["Uuid"], Name="renamed")
    updates = dialer.wait_events("OutPlanUpdate", 2, after=mark)
    assert [update.all("Variable") for update in updates] == [["C=new"]] * 2
    echo(dialer, lead=want, dlma={"C": "dlma"})
    create = dialer.wait_event("OutDialingCreate", after=mark)
    assert sorted(create.all("Variable")) == sorted(lines + ["C=dlma"])


def test_hundred_variables(dialer):
    """As many as are allowed do not fit Asterisk's 128 lines a message."""
    many = {f"V{i:03}": f"value {i}, " + "z" * 40 for i in range(95)}
    (_, heard, line), = echo(dialer, plan=many, lead=dict.fromkeys("ABCDE", "last, of 100"))
    assert set(heard.values()) == {"last, of 100"}
    assert len(json.loads(line["variables"])) == 100


def test_frozen_while_the_call_runs(dialer):
    """An edit of a resource changes a call that has begun."""
    campaign = dialer.campaign([], plan={"TechName": "Local/", "TrunkName": "far"}, dest={"Data": "60"})
    campaign.leads.append(dialer.lead(campaign.dlma, "answer", Variable="A=before"))
    mark = dialer.start(campaign)
    call = dialer.wait_event("OutDialingUpdate", after=mark, CampUuid=campaign.uuid, Status="5")["Uuid"]
    dialer.update("DlList", campaign.leads[0], Variable="A=after", Name="renamed")
    dialer.update("Destination", campaign.dest, Data="1")
    dialer.update("Plan", campaign.plan, DialTimeout="12345")
    assert dialer.show("Dialing", call)[0].all("Variable") == ["A=before"]
    assert dialer.action("Hangup", Channel=call, Cause=16).ok
    dialer.status(campaign, 0, mark)
    line = dialer.engine.results(camp_uuid=campaign.uuid)[0]
    assert (json.loads(line["variables"]), line["dial_data"], line["dial_timeout"]) == ({"A": "before"}, "60", 10000)
    lead = dialer.show("DlList", campaign.leads[0])[0]
    assert (lead["Variable"], lead["Name"], lead["ResDial"], lead["TryCnt1"]) == ("A=after", "renamed", "4", "1")
