"""Preview dialing (DialMode 2): offers, what agents decide, what takes an offer back, and crashes in between; redirect
(DialMode 5). On the simulated Asterisk; the way to the agent's telephone on real ones."""
import json
import os
import re
import shutil

import pytest

from ami import Ami
from console import Console
from engine import TIME, TOP, UUID, tries
from sim import SIM_LOGIN, Sim

WORLD = """return { agents = %d, numbers = { ['9*'] = 'answer', ['7*'] = 'busy', ['8*'] = 'ring' },
                    ring = { mean = 0.1, cv = 0.1 }, talk = { mean = %s, cv = 0.1 },
                    wrapup = { mean = 0.01, cv = 0.1 } }"""
QUEUE = {"Application": "queue", "Data": "sales_1"}
HEAD = ["Uuid", "CampUuid", "PlanUuid", "DlmaUuid", "DlListUuid", "Agent", "Queue"]
OFFER = [*HEAD, "Name", "Detail", "UKey", "Email", *(f"Number{i}" for i in range(1, 9)), "DialIndex", "DialAddr",
         "Timeout", "TmCreate", "Variable"]
DONE = [*HEAD, "Result", "Reason", "DialingUuid"]


@pytest.fixture
def office(engine):
    """office(agents, talk): a session on an engine, on a simulated Asterisk with so many agents in sales_1."""
    sims = []

    def make(agents=1, talk=0.2, **conf):
        sims.append(Sim(WORLD % (agents, talk)).start())
        server = engine(sims[-1], conf={**SIM_LOGIN, **conf})
        session = server.ami()
        session.engine, session.sim = server, sims[-1]
        return session

    yield make
    for sim in sims:
        sim.kill9()
        os.unlink(sim.world)


def begin(c, leads, params=None, count=1, **plan):
    """A preview campaign that is started, and its first offers: (campaign, mark, [OutPreview …])."""
    camp = c.campaign(leads, plan={"TechName": "sip/", "DialMode": 2, "DialParams": params, **plan}, dest=QUEUE)
    mark = c.start(camp)
    return camp, mark, c.wait_events("OutPreview", count, after=mark, CampUuid=camp.uuid)


def ended(c, mark, offer, result, reason=None):
    """Waits for the end of an offer, which must be this one; returns OutPreviewDone."""
    done = c.wait_event("OutPreviewDone", after=mark, Uuid=offer["Uuid"])
    assert done.names() == ["Event", "Privilege", *DONE]
    assert done["Result"] == result, done
    assert [done[name] for name in HEAD] == [offer[name] for name in HEAD]
    if reason is not None:
        assert done["Reason"] == reason
    return done


def lead_row(c, uuid):
    """What the database says of a lead."""
    return c.engine.db("SELECT status, resv_target, trycnt_1, trycnt_2, res_dial FROM dl_list WHERE uuid = ?", uuid)[0]


def is_idle(c, uuid):
    """The lead is nobody's, and was not called."""
    return lead_row(c, uuid) == {"status": 0, "resv_target": None, "trycnt_1": 0, "trycnt_2": 0, "res_dial": 0}


def accept(c, offer, **more):
    """Accepts an offer."""
    return c.action("OutPreviewAccept", Uuid=offer["Uuid"], **more)


def refused(response, text, reason):
    """The answer is that failure."""
    assert (response["Response"], response["Message"], response.get("Reason")) == ("Error", text, reason)


def said(console, line):
    """What a line of the console gives."""
    return json.loads(console.line(line))


# ---- what an offer is, and what becomes of it ----


def test_offer_and_accept(office):
    """The offer does not say who is to be called, is not on the disk when it is told, costs a try, or the accepted call
    goes to somebody else."""
    c = office()
    camp = c.campaign([], plan={"TechName": "sip/", "DialMode": 2}, dest=QUEUE)
    camp.leads = [c.lead(camp.dlma, "9001", "9002", Name="Ann", Detail="d", UKey="4711", Email="ann@example.org",
                         Variable=["A=1", "B=two, words"])]
    mark = c.start(camp)
    offer = c.wait_event("OutPreview", after=mark)
    assert offer.names() == ["Event", "Privilege", *OFFER, "Variable"] and offer["Privilege"] == "message,all"
    assert lead_row(c, camp.leads[0]) == {"status": 2, "resv_target": offer["Agent"], "trycnt_1": 0, "trycnt_2": 0,
                                          "res_dial": 0}
    said = {"CampUuid": camp.uuid, "PlanUuid": camp.plan, "DlmaUuid": camp.dlma, "DlListUuid": camp.leads[0], "Queue": "sales_1",
            "Name": "Ann", "Detail": "d", "UKey": "4711", "Email": "ann@example.org", "Number1": "9001", "Number2": "9002",
            "Number3": "<unknown>", "DialIndex": "1", "DialAddr": "9001", "Timeout": "30000"}
    assert {name: offer[name] for name in said} == said
    assert offer.all("Variable") == ["A=1", "B=two, words"]
    assert re.fullmatch(UUID, offer["Uuid"]) and re.fullmatch(TIME, offer["TmCreate"])
    update = c.found("OutDlListUpdate", after=mark, Uuid=camp.leads[0])
    assert [(event["Status"], event["TryCnt1"]) for event in update] == [("2", "0")]
    listed = c.list_action("OutPreviewShow")
    assert (listed[0]["Message"], listed[2].event) == ("Preview List will follow", "OutPreviewListComplete")
    assert [item.event for item in listed[1]] == ["OutPreviewEntry"]
    assert listed[1][0].pairs[2:] == offer.pairs[2:]
    assert c.stat(camp).Reason == "leads are offered to agents, who have not decided yet"
    response = accept(c, offer)
    assert (response["Response"], response["Message"]) == ("Success", "Preview accepted successfully")
    call = ended(c, mark, offer, "accepted", "<unknown>")["DialingUuid"]
    made = c.wait_event("OutDialingCreate", after=mark)
    assert (made["Uuid"], made["DlListUuid"], made["DialAddr"]) == (call, camp.leads[0], "9001")
    assert (made["DialApplication"], made["DialData"]) == ("Dial", offer["Agent"] + ",30")
    assert f"OUTAGENT={offer['Agent']}" in made.all("Variable")
    c.status(camp, 0, mark)
    [line] = c.engine.results()
    assert (line["dialing_uuid"], line["dial_application"], line["res_dial"], line["dial_trycnt"]) == (call, "Dial", 4, 1)
    assert lead_row(c, camp.leads[0]) == {"status": 0, "resv_target": None, "trycnt_1": 1, "trycnt_2": 0, "res_dial": 4}


def test_one_at_a_time(office):
    """An agent is offered a lead while he has one before him, or while the call he accepted is up."""
    c = office(agents=2)
    camp, mark, offers = begin(c, [f"9{i:03}" for i in range(6)], count=2)
    assert len({offer["Agent"] for offer in offers}) == len({offer["DlListUuid"] for offer in offers}) == 2
    for i in range(6):
        offers = c.wait_events("OutPreview", i + 1, after=mark)
        assert accept(c, offers[i]).ok
    c.status(camp, 0, mark)
    busy, calls = {}, {}
    for event in c.events[mark:]:
        if event.event == "OutPreview":
            assert busy.setdefault(event["Agent"], event["Uuid"]) == event["Uuid"], event
        elif event.event == "OutPreviewDone":
            calls[event["DialingUuid"]] = event["Agent"]
        elif event.event == "OutDialingUpdate" and event["Status"] == "6":
            del busy[calls[event["Uuid"]]]
    assert len(calls) == 6 and sorted(line["dl_list_uuid"] for line in c.engine.results()) == sorted(camp.leads)


def test_index(office):
    """The agent cannot choose which number is called, or chooses one that there is not or that has no try left."""
    c = office()
    camp, mark, [offer] = begin(c, [("7001", "9002", "7003")], **{**tries(1), "MaxRetryCnt3": 0})
    failure = "Error encountered while accepting preview"
    for index in ("0", "9", "x", "1x", "-1", "99999999999999999999"):
        refused(accept(c, offer, Index=index), failure, "Index must be 1 to 8")
    refused(accept(c, offer, Index="4"), failure, "Index: the lead does not have this number")
    refused(accept(c, offer, Index="3"), failure, "Index: this number has no attempt left")
    assert accept(c, offer, Index="2").ok
    ended(c, mark, offer, "accepted")
    c.status(camp, 0, mark)
    [line] = c.engine.results()
    assert (line["dial_index"], line["dial_addr"], line["res_dial"]) == (2, "9002", 4)
    assert (lead_row(c, camp.leads[0])["trycnt_1"], lead_row(c, camp.leads[0])["trycnt_2"]) == (0, 1)


def test_skip(office):
    """A skipped lead comes again at once instead of the others, is called, or costs a try."""
    c = office()
    camp, mark, [first] = begin(c, ["9001", "9002"], "again=3600")
    response = c.action("OutPreviewSkip", Uuid=first["Uuid"], Reason="wrong hour; ü, 50 %")
    assert (response["Response"], response["Message"]) == ("Success", "Preview skipped successfully")
    ended(c, mark, first, "skipped", "wrong hour; ü, 50 %")
    assert is_idle(c, first["DlListUuid"])
    second = c.wait_events("OutPreview", 2, after=mark)[1]
    assert {first["DlListUuid"], second["DlListUuid"]} == set(camp.leads)
    with Console(os.path.join(c.engine.dir, "sock"), as_json=True) as console:
        assert said(console, f"out.why(out.dl.get('{first['DlListUuid']}')).reason") == "was skipped by an agent"
    assert accept(c, second).ok
    c.wait_event("OutDialingDelete", after=mark)
    assert c.stat(camp).DlCalledCount == 1
    # nothing left but the one that waits: no offer, and the campaign goes on
    while not c.stat(camp).Reason.startswith("all remaining leads are waiting for their next attempt (first at "):
        c.read(0.05)
    assert c.stat(camp).DlAvailableCount == 1 and c.show("Preview") == []


def test_skip_and_again(office):
    """`again = 0` does not offer the lead anew, or a skip without a reason is refused."""
    c = office()
    camp, mark, [first] = begin(c, ["9001"], "again=0")
    assert c.action("OutPreviewSkip", Uuid=first["Uuid"]).ok
    ended(c, mark, first, "skipped", "<unknown>")
    second = c.wait_events("OutPreview", 2, after=mark)[1]
    assert second["DlListUuid"] == camp.leads[0] and second["Uuid"] != first["Uuid"]


def test_timeout(office):
    """An agent who does not decide keeps the lead, or his decision after the time is taken."""
    c = office()
    camp, mark, [first] = begin(c, ["9001", "9002"], "timeout=1,again=3600")
    assert first["Timeout"] == "1000"
    ended(c, mark, first, "timeout")
    assert is_idle(c, first["DlListUuid"])
    refused(accept(c, first), "Error encountered while accepting preview", "Uuid does not exist")
    second = c.wait_events("OutPreview", 2, after=mark)[1]
    assert {first["DlListUuid"], second["DlListUuid"]} == set(camp.leads)
    ended(c, mark, second, "timeout")
    assert c.engine.results() == []


def direct(c):
    """A session with the simulated Asterisk itself."""
    session = Ami(c.sim.ami_port)
    assert session.login("admin", "admin").ok
    return session


def pause(c, offer):
    """The agent takes a break."""
    with direct(c) as pbx:
        assert pbx.action("QueuePause", Queue="sales_1", Interface=offer["Agent"], Paused="true").ok


def remove(c, offer):
    """He goes home."""
    with direct(c) as pbx:
        assert pbx.action("QueueRemove", Queue="sales_1", Interface=offer["Agent"]).ok


def another_call(c, offer):  # pylint: disable=unused-argument
    """Somebody calls the queue, and the only agent is given the call."""
    with direct(c) as pbx:
        assert pbx.action("Originate", Channel="SIP/9999", Application="Queue", Data="sales_1", Async="true").ok


WITHDRAWALS = {
    "the campaign pauses": lambda c, offer: c.update("Campaign", offer["CampUuid"], Status=2),
    "the campaign stops": lambda c, offer: c.update("Campaign", offer["CampUuid"], Status=0),
    "the agent is paused": pause,
    "the agent is logged off": remove,
    "the agent has another call": another_call,
}


@pytest.mark.parametrize("reason", WITHDRAWALS)
def test_withdrawn(office, reason):
    """An offer stays open though nobody can take the call, or the lead is lost with it."""
    c = office(talk=3600)
    camp, mark, [offer] = begin(c, ["9001"], DlEndHandle=0)
    WITHDRAWALS[reason](c, offer)
    ended(c, mark, offer, "withdrawn", reason)
    assert is_idle(c, camp.leads[0])
    refused(accept(c, offer), "Error encountered while accepting preview", "Uuid does not exist")
    refused(c.action("OutPreviewSkip", Uuid=offer["Uuid"]), "Error encountered while skipping preview", "Uuid does not exist")
    refused(c.action("OutPreviewShow", Uuid=offer["Uuid"]), "No such preview", None)
    assert c.show("Preview") == []
    if reason == "the campaign stops":
        c.status(camp, 0, mark)
        assert c.action("OutCampaignDelete", Uuid=camp.uuid).ok
    elif reason == "the campaign pauses":  # it comes again
        mark = c.start(camp)
        assert c.wait_event("OutPreview", after=mark)["DlListUuid"] == camp.leads[0]
    elif reason == "the agent is paused":
        with direct(c) as pbx:
            assert pbx.action("QueuePause", Queue="sales_1", Interface=offer["Agent"], Paused="false").ok
        assert c.wait_events("OutPreview", 2, after=mark)[1]["DlListUuid"] == camp.leads[0]


def test_lead_deleted(office):
    """A lead that is before an agent cannot be deleted, or is offered or called all the same."""
    c = office()
    camp, mark, [offer] = begin(c, ["9001", "9002"])
    assert c.action("OutDlListDelete", Uuid=offer["DlListUuid"]).ok
    deleted = c.wait_event("OutDlListDelete", after=mark, Uuid=offer["DlListUuid"])
    assert deleted["Status"] == "0"
    ended(c, mark, offer, "withdrawn", "the lead was deleted")
    second = c.wait_events("OutPreview", 2, after=mark)[1]
    assert second["DlListUuid"] != offer["DlListUuid"]
    assert accept(c, second).ok
    c.status(camp, 0, mark)
    assert c.events.index(deleted) == max(i for i, event in enumerate(c.events)
                                          if event.event.startswith("OutDlList") and event["Uuid"] == offer["DlListUuid"])
    assert [line["dl_list_uuid"] for line in c.engine.results()] == [second["DlListUuid"]]


def test_lead_changed(office):
    """A number that was changed while the agent looks is called as it was."""
    c = office()
    camp, mark, [offer] = begin(c, ["7001"])
    c.update("DlList", camp.leads[0], Number1="9001")
    assert c.show("Preview", offer["Uuid"])[0]["DialAddr"] == "9001"
    assert accept(c, offer).ok
    c.status(camp, 0, mark)
    assert [line["dial_addr"] for line in c.engine.results()] == ["9001"]


# ---- the engine ends ----


def test_restart(office):
    """SIGTERM leaves leads reserved, or does not tell the agents."""
    c = office(agents=2)
    camp, mark, offers = begin(c, ["9001", "9002"], count=2)
    e = c.engine
    os.kill(e.process.pid, 15)
    for offer in offers:
        ended(c, mark, offer, "withdrawn", "the engine stops")
    assert e.process.wait(60) == 0
    assert e.db("SELECT count(*) AS n FROM dl_list WHERE status <> 0 OR resv_target NOTNULL")[0]["n"] == 0
    e.restart()
    c = e.ami()
    while len(c.show("Preview")) < 2:
        c.read(0.05)
    again = c.show("Preview")
    assert {offer["DlListUuid"] for offer in again} == set(camp.leads)
    assert not {offer["Uuid"] for offer in again} & {offer["Uuid"] for offer in offers}


def test_killed_with_open_offers(office):
    """A lead that was before an agent when the engine was killed is never called again."""
    c = office(agents=3)
    camp, _, offers = begin(c, ["9001", "9002", "9003"], count=3)
    e = c.engine
    e.kill9()
    assert {row["resv_target"] for row in e.db("SELECT resv_target FROM dl_list WHERE status = 2")} == {
        offer["Agent"] for offer in offers}
    e.start()
    c = e.ami()
    c.engine = e
    mark = 0
    for uuid in camp.leads:
        while not [offer for offer in c.show("Preview") if offer["DlListUuid"] == uuid]:
            c.read(0.05)
    for offer in c.show("Preview"):
        assert accept(c, offer).ok
    c.status(camp, 0, mark)
    assert sorted(line["dl_list_uuid"] for line in e.results()) == sorted(camp.leads)


@pytest.mark.slow
def test_killed_while_accepting(office):
    """Killed between the agent's decision and the call: the lead is lost, called twice for one try, or stays reserved."""
    c = office(talk=0.1)
    camp, _, _ = begin(c, [f"9{i:03}" for i in range(8)], "again=0")
    e = c.engine
    for i in range(5):
        while not c.show("Preview"):
            c.read(0.02)
        c.send("OutPreviewAccept", {"Uuid": c.show("Preview")[0]["Uuid"]})
        if i % 2:
            c.drain()
        e.kill9()
        e.start()
        c = e.ami()
    while c.show("Campaign", camp.uuid)[0]["Status"] != "0":
        for offer in c.show("Preview"):
            accept(c, offer)
        c.read(0.02)
    lines = e.results()
    assert sorted({line["dl_list_uuid"] for line in lines}) == sorted(camp.leads)
    assert len(lines) == len(camp.leads), "one try each, and each has its line"
    assert sorted(line["dialing_uuid"] for line in lines) == sorted(row["uuid"] for row in e.db("SELECT uuid FROM dialing"))
    assert e.db("SELECT count(*) AS n FROM dl_list WHERE status <> 0 OR trycnt_1 <> 1")[0]["n"] == 0


# ---- others at the same list, the same agents; wrong and hostile ways to ask ----


def test_two_campaigns_one_list(office):
    """A lead is offered twice, an agent has two, or a campaign that calls by itself takes what is reserved."""
    c = office(agents=4)
    camp, mark, _ = begin(c, ["9001", "9002"], count=2, DlEndHandle=0)
    other = c.make("Campaign", Name="other", Plan=camp.plan, Dlma=camp.dlma, Dest=camp.dest)["Uuid"]
    robo = c.make("Plan", TechName="sip/", DialMode=4, RetryDelay=0, **tries(1))["Uuid"]
    robo = c.make("Campaign", Plan=robo, Dlma=camp.dlma, Dest=c.make("Destination", Type=1, Application="Wait", Data=1)["Uuid"])
    for uuid in (other, robo["Uuid"]):
        c.update("Campaign", uuid, Status=1)
        c.wait_event("OutCampaignUpdate", after=mark, Uuid=uuid, Status=1)
    while c.show("CampaignStat", robo["Uuid"])[0]["Reason"] != "leads are offered to agents, who have not decided yet":
        c.read(0.05)
    assert c.show("Campaign", robo["Uuid"])[0]["Status"] == "1", "its list is not at its end: they may come back"
    assert c.in_flight() == 0 and len(c.show("Preview")) == 2
    c.update("Campaign", robo["Uuid"], Status=0)
    c.wait_event("OutCampaignUpdate", after=mark, Uuid=robo["Uuid"], Status=0)
    camp.leads += [c.lead(camp.dlma, "9003"), c.lead(camp.dlma, "9004")]
    while len(c.show("Preview")) < 4:
        c.read(0.05)
    offers = c.show("Preview")
    assert {offer["DlListUuid"] for offer in offers} == set(camp.leads)
    assert len({offer["Agent"] for offer in offers}) == 4
    assert {offer["CampUuid"] for offer in offers} <= {camp.uuid, other}


def test_accept_twice(office):
    """Two desktops accept the same offer and two calls begin."""
    c = office()
    camp, mark, [offer] = begin(c, ["9001"])
    second = c.engine.ami()
    ids = [(session, session.send(action, {"Uuid": offer["Uuid"]})) for session, action in
           ((c, "OutPreviewAccept"), (c, "OutPreviewAccept"), (second, "OutPreviewAccept"), (c, "OutPreviewSkip"))]
    answers = [session.response(id_) for session, id_ in ids]
    assert [answer.ok for answer in answers].count(True) == 1
    for answer in answers:
        assert answer.ok or answer["Reason"] == "Uuid does not exist"
    ended(c, mark, offer, "accepted" if any(a.ok and "accepted" in a["Message"] for a in answers) else "skipped")
    if not answers[3].ok:
        c.status(camp, 0, mark)
        assert len(c.engine.results()) == 1


def test_hostile(office):
    """What nobody should send ends the engine, changes the offer, or gets another answer than its own."""
    c = office()
    _, mark, [offer] = begin(c, ["9001"])
    texts = {"OutPreviewAccept": "Error encountered while accepting preview",
             "OutPreviewSkip": "Error encountered while skipping preview"}
    for action, text in texts.items():
        refused(c.action(action), text, "Uuid is missing")
        for uuid in ("x", offer["Uuid"].upper() + "0", offer["Uuid"][:-1], offer["CampUuid"], offer["DlListUuid"], "'; --", "%s%n" * 50,
                     "u" * 900):
            refused(c.action(action, Uuid=uuid), text, "Uuid does not exist")
    refused(c.action("OutPreviewShow", Uuid="x"), "No such preview", None)
    refused(c.action("OutPreviewSkip", Uuid=offer["Uuid"], Reason="r" * 901), texts["OutPreviewSkip"], "Reason must be at most 900 bytes")
    c.send_raw(f"Action: OutPreviewSkip\r\nActionID: raw\r\nUuid: {offer['Uuid']}\r\nReason: ".encode() + b"\xff\xfe\r\n\r\n")
    refused(c.response("raw"), texts["OutPreviewSkip"], "Reason must be UTF-8")
    with c.engine.ami("watcher") as watcher:
        for action in (*texts, "OutPreviewShow"):
            assert watcher.action(action, Uuid=offer["Uuid"])["Message"] == "Permission denied"
    with c.engine.connect() as stranger:
        assert stranger.action("OutPreviewAccept", Uuid=offer["Uuid"])["Message"] == "Permission denied"
    assert not c.found("OutPreviewDone", after=mark)
    for params in ("timeout=0", "timeout=4000", "again=-1", "keep=1.5", "lines=2", "timeout=x"):
        response = c.action("OutPlanCreate", DialMode=2, DialParams=params)
        assert response["Message"] == "Error encountered while creating plan" and response["Reason"].startswith("DialParams")
    assert accept(c, offer).ok


def test_limits(office, tmp_path):
    """A lead that must not be called is offered, or an agent's decision passes a limit."""
    (tmp_path / "dnc").write_text("9001\n", encoding="utf-8")
    c = office(agents=3, talk=3600, limits={"do_not_call": tmp_path / "dnc"})
    camp, mark, _ = begin(c, ["9001", "9002", "9003", "9004"], count=3)
    c.update("Campaign", camp.uuid, Channels=1)
    offers = {offer["DialAddr"]: offer for offer in c.show("Preview")}
    assert set(offers) == {"9002", "9003", "9004"}
    failure = "Error encountered while accepting preview"
    assert accept(c, offers["9002"]).ok
    refused(accept(c, offers["9003"]), failure, "the campaign's limit of calls at once or per second is reached")
    assert len(c.show("Preview")) == 2, "they stay open"
    c.update("Campaign", camp.uuid, Channels=0)
    assert accept(c, offers["9003"]).ok
    c.wait_events("OutDialingUpdate", 2, after=mark, Status=5)
    (tmp_path / "dnc").write_text("9001\n9004\n", encoding="utf-8")
    with Console(os.path.join(c.engine.dir, "sock"), as_json=True) as console:
        console.line("out reload")
        refused(accept(c, offers["9004"]), failure, "on the do-not-call list")
        ended(c, mark, offers["9004"], "withdrawn", "on the do-not-call list")
        assert is_idle(c, offers["9004"]["DlListUuid"])
        why = f"out.why(out.dl.get('{offers['9004']['DlListUuid']}')).reason"
        assert said(console, why) == "on the do-not-call list"
    c.update("Campaign", camp.uuid, Status=30)


def strategies(folder, hook, name, body):
    """A copy of the strategies' folder with one more file in it."""
    shutil.copytree(os.path.join(TOP, "strategies"), folder / "strategies")
    text = f"return {{ api = 1, {hook} = function(view)\n{body}\nend }}"
    (folder / "strategies" / hook / f"{name}.lua").write_text(text, encoding="utf-8")
    return {"path": folder / "strategies"}


def test_trunk_of_the_route(office, tmp_path):
    """An accepted call passes the limit of the trunk that the route chooses, or its refusal loses the offer."""
    c = office(agents=2, talk=3600, scripts=strategies(tmp_path, "route", "one", "return { trunk = 'one' }"),
               **{"trunk:one": {"asterisk": "main", "channels": 1}})
    camp, mark, offers = begin(c, ["9001", "9002"], count=2, RouteScript="one")
    assert accept(c, offers[0]).ok
    first = ended(c, mark, offers[0], "accepted")["DialingUuid"]
    refused(accept(c, offers[1]), "Error encountered while accepting preview", "the trunk is full")
    assert [offer["Uuid"] for offer in c.show("Preview")] == [offers[1]["Uuid"]]
    assert lead_row(c, offers[1]["DlListUuid"])["resv_target"] == offers[1]["Agent"]
    with direct(c) as pbx:
        c.wait_event("OutDialingUpdate", after=mark, Uuid=first, Status=5)
        assert pbx.action("Hangup", Channel=first, Cause=16).ok
    c.wait_event("OutDialingDelete", after=mark, Uuid=first)
    assert accept(c, offers[1]).ok
    c.update("Campaign", camp.uuid, Status=30)
    c.status(camp, 0, mark)


def test_route_that_cannot_be_dialled(office, tmp_path):
    """An offer that cannot become a call stays open, or keeps its lead."""
    c = office(scripts=strategies(tmp_path, "route", "bad", "return { channel = 'a&b' }"))
    camp, mark, [offer] = begin(c, ["9001"], RouteScript="bad", DlEndHandle=0)
    refused(accept(c, offer), "Error encountered while accepting preview", "the lead cannot be dialed")
    ended(c, mark, offer, "withdrawn", "the lead cannot be dialed")
    again = c.wait_events("OutPreview", 2, after=mark)[1]
    assert again["DlListUuid"] == camp.leads[0] and c.engine.results() == []


def test_wrapup(office):
    """An agent is offered the next lead while he wraps up the call he accepted."""
    c = office(**{"asterisk:main": {**SIM_LOGIN["asterisk:main"], "queue_wrapup": 3600}})
    camp, mark, [offer] = begin(c, ["9001", "9002"])
    assert accept(c, offer).ok
    c.wait_event("OutDialingDelete", after=mark)
    while c.stat(camp).Reason != "the dial script wants no further call now":
        c.read(0.05)
    assert len(c.found("OutPreview", after=mark)) == 1 and c.show("Preview") == []


def test_extension(office):
    """A destination in the dialplan is passed over, or does not learn who accepted."""
    c = office()
    camp = c.campaign(["9001"], plan={"TechName": "sip/", "DialMode": 2},
                      dest={**QUEUE, "Type": "0", "Exten": "desk", "Context": "near", "Priority": "1"})
    mark = c.start(camp)
    offer = c.wait_event("OutPreview", after=mark)
    assert accept(c, offer).ok
    c.status(camp, 0, mark)
    [line] = c.engine.results()
    assert (line["dial_exten"], line["dial_context"], line["res_dial"]) == ("desk", "near", 4)
    assert json.loads(line["variables"])["OUTAGENT"] == offer["Agent"]


def test_failing_script_calls_nobody(office, tmp_path):
    """A preview plan whose script fails calls customers that no agent has accepted."""
    c = office(scripts=strategies(tmp_path, "dial", "bad", "error('on purpose')"))
    camp = c.campaign(["9001"], plan={"TechName": "sip/", "DialMode": 2, "DialScript": "bad"}, dest=QUEUE)
    mark = c.start(camp)
    c.wait_event("OutStrategyError", after=mark, Plan=camp.plan)
    while c.stat(camp).Reason != "the dial script wants no further call now":
        c.read(0.05)
    assert c.stat(camp).DlCalledCount == 0 and c.in_flight() == 0


def test_console(office):
    """The console does not show offers, or does not say for whom a lead is reserved."""
    c = office()
    _, _, [offer] = begin(c, ["9001"])
    with Console(os.path.join(c.engine.dir, "sock"), as_json=True) as console:
        [row] = said(console, "out.preview.list()")
        assert (row["uuid"], row["agent"], row["dial_addr"], row["timeout"]) == (offer["Uuid"], offer["Agent"], "9001", 30000)
        assert said(console, f"out.why(out.dl.get('{offer['DlListUuid']}')).reason") == f"reserved for {offer['Agent']}"
        assert said(console, "out show previews")[0]["uuid"] == offer["Uuid"]


def test_redirect(office):
    """Mode 5 begins no call where nobody waits for it, or overruns a queue's agents."""
    c = office(agents=2, talk=0.3)
    out = c.campaign(["9001", "9002", "9003"], plan={"TechName": "sip/", "DialMode": 5},
                     dest={"Type": "0", "Application": None, "Data": None, "Exten": "outside", "Context": "handed-on", "Priority": "1"})
    mark = c.run(out)
    lines = c.engine.results(camp_uuid=out.uuid)
    assert len(lines) == 3 and {(line["dial_exten"], line["res_dial"]) for line in lines} == {("outside", 4)}
    queued = c.campaign([f"9{i:03}" for i in range(10, 16)], plan={"TechName": "sip/", "DialMode": 5}, dest=QUEUE)
    mark = c.run(queued)
    dialing = most = 0
    for event in c.events[mark:]:
        dialing += (event.event == "OutDialingCreate") - (event.event == "OutDialingUpdate" and event["Status"] == "5")
        most = max(most, dialing)
    assert 1 <= most <= 2


# ---- on real Asterisk ----


def test_accepted_call_reaches_the_agent(asterisk, engine, phones):
    """The customer who answers does not reach the agent who accepted, another one's telephone rings, or events and result
    do not say who had the call."""
    server = engine(asterisk)
    c = server.ami()
    phones("answer", ["300", "301"], talk_ms=4000)
    members = [asterisk.dial(name) for name in ("agent-01", "agent-02")]
    phones("answer", ["agent-01", "agent-02"], talk_ms=60_000)
    try:
        for member in members:
            assert c.action("QueueAdd", Queue="sales_1", Interface=member).ok
        camp = c.campaign(["300", "301"], plan={"TechName": "sip/" if asterisk.version == "16" else "PJSIP/", "DialMode": 2,
                                                "DialParams": "timeout=300"}, dest=QUEUE)
        mark = c.start(camp)
        offers = c.wait_events("OutPreview", 2, after=mark)
        assert {offer["Agent"] for offer in offers} == set(members)
        for offer in offers:
            assert accept(c, offer).ok
        calls = {ended(c, mark, offer, "accepted")["DialingUuid"]: offer["Agent"] for offer in offers}
        c.status(camp, 0, mark)
        lines = {line["dialing_uuid"]: line for line in server.results()}
        assert set(lines) == set(calls)
        for call, agent in calls.items():
            last = c.wait_event("OutDialingDelete", after=mark, Uuid=call)
            assert (last["CurrentAgent"], lines[call]["res_dial"], lines[call]["dial_data"]) == (agent, 4, f"{agent},30")
            rang = [event["DestChannel"] for event in c.found("DialBegin", after=mark, Uniqueid=call)]
            assert len(rang) == 1 and rang[0].startswith(agent + "-")
            bridged = c.found("BridgeEnter", after=mark, Uniqueid=call)
            assert bridged, "customer and agent were not brought together"
            there = {event["Channel"] for event in c.found("BridgeEnter", after=mark, BridgeUniqueid=bridged[0]["BridgeUniqueid"])}
            assert rang[0] in there
        rows = server.db("SELECT tm_join, tm_connect FROM dialing")
        assert all(row["tm_join"] and row["tm_connect"] for row in rows)
    finally:
        with asterisk.ami() as pbx:
            for member in members:
                pbx.action("QueueRemove", Queue="sales_1", Interface=member)


def test_agent_who_does_not_pick_up(asterisk, engine, phones):
    """A customer whom the agent's telephone leaves alone is not counted as abandoned, or keeps the agent from the next."""
    server = engine(asterisk)
    c = server.ami()
    phones("answer", ["300", "301"])
    member = asterisk.dial("agent-01")
    phones("busy", "agent-01")
    try:
        assert c.action("QueueAdd", Queue="sales_1", Interface=member).ok
        camp = c.campaign(["300", "301"], plan={"TechName": "sip/" if asterisk.version == "16" else "PJSIP/", "DialMode": 2},
                          dest=QUEUE)
        mark = c.start(camp)
        for count in (1, 2):
            assert accept(c, c.wait_events("OutPreview", count, after=mark)[-1]).ok
        c.status(camp, 0, mark)
        assert [line["res_dial"] for line in server.results()] == [4, 4]
        assert all("CurrentAgent" not in event for event in c.found("OutDialingDelete", after=mark))
        assert {(row["tm_connect"], row["abandoned"]) for row in server.db("SELECT * FROM dialing")} == {(None, 1)}
    finally:
        with asterisk.ami() as pbx:
            pbx.action("QueueRemove", Queue="sales_1", Interface=member)
