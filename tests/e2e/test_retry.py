"""When a lead is called again, when a campaign ends and what comes after, and its states: start, pause, stop, kill."""
import pytest

from clock import utc_seconds
from engine import tries

LOCAL = {"TechName": "Local/", "TrunkName": "far"}
ONE_CALL = {"asterisk:main": {"channels": 1}}  # so that calls have an order


@pytest.fixture
def dialer(asterisk, engine):
    """A session with an engine on this Asterisk that makes one call at a time; .engine."""
    server = engine(asterisk, conf=ONE_CALL)
    session = server.ami()
    session.engine = server
    yield session
    asterisk.hangup_all()


def attempts(dialer, campaign):
    """What was dialled, in order: (number, its place, its tries, ResDial)."""
    return [(line["dial_addr"], line["dial_index"], line["dial_trycnt"], line["res_dial"])
            for line in dialer.engine.results(camp_uuid=campaign.uuid)]


def steps(dialer, campaign, after):
    """The Status of each OutCampaignUpdate so far."""
    return [int(event["Status"]) for event in dialer.found("OutCampaignUpdate", after, Uuid=campaign.uuid)]


def counts(dialer, campaign):
    """(total, finished, available, dialing, called) of OutCampaignStatShow."""
    stat = dialer.stat(campaign)
    return (stat.DlTotalCount, stat.DlFinishedCount, stat.DlAvailableCount, stat.DlDialingCount, stat.DlCalledCount)


def until_idle(dialer, campaign, reason):
    """Waits until the campaign says that this is why it does not dial; what it says may go on."""
    while not dialer.stat(campaign).Reason.startswith(reason):
        dialer.read(0.05)


def test_numbers_in_turn(dialer):
    """A number is tried more often than its MaxRetry, the next one is not tried, or one after the answer."""
    campaign = dialer.campaign([("busy", "cong", "talk0.1", "hc1")], plan={**LOCAL, **tries(1), "MaxRetryCnt1": 2})
    mark = dialer.run(campaign)
    assert attempts(dialer, campaign) == [("busy", 1, 1, 5), ("busy", 1, 2, 5), ("cong", 2, 1, 8), ("talk0.1", 3, 1, 4)]
    lead = dialer.show("DlList", campaign.leads[0])[0]
    assert [lead[f"TryCnt{i}"] for i in range(1, 9)] == ["2", "1", "1", "0", "0", "0", "0", "0"]
    assert counts(dialer, campaign) == (1, 1, 0, 0, 4)
    told = [(event["Status"], event["TryCnt1"], event["TryCnt2"]) for event in dialer.found("OutDlListUpdate", mark)]
    assert told[:6] == [("1", "1", "0"), ("0", "1", "0"), ("1", "2", "0"), ("0", "2", "0"), ("1", "2", "1"), ("0", "2", "1")]
    assert steps(dialer, campaign, mark) == [11, 1, 10, 0]


def test_fewest_tries_first(dialer):
    """One lead gets all its tries while another waits for its first; or a number with gaps before it is not found."""
    campaign = dialer.campaign(["busy", "hc17"], plan={**LOCAL, **tries(2)})
    campaign.leads.append(dialer.lead(campaign.dlma, None, None, None, None, None, None, None, "cong"))
    dialer.lead(campaign.dlma)  # no number at all: never due, and no reason to go on
    dialer.run(campaign)
    assert attempts(dialer, campaign) == [("busy", 1, 1, 5), ("hc17", 1, 1, 5), ("cong", 8, 1, 8),
                                          ("busy", 1, 2, 5), ("hc17", 1, 2, 5), ("cong", 8, 2, 8)]
    assert counts(dialer, campaign) == (4, 4, 0, 0, 6)


def test_delay(dialer):
    """A lead is called again before RetryDelay is over, counted from the hangup; a waiting lead keeps a ready one
    waiting; or the campaign ends while a lead waits."""
    campaign = dialer.campaign(["busy", "hc34"], plan={**LOCAL, **tries(2), "RetryDelay": 1})
    mark = dialer.start(campaign)
    dialer.wait_events("OutDialingDelete", 2, after=mark)
    until_idle(dialer, campaign, "all remaining leads are waiting for their next attempt")
    fresh = dialer.lead(campaign.dlma, "talk0.1")
    dialer.status(campaign, 0, mark)
    lines = dialer.engine.results()
    assert [line["dial_addr"] for line in lines] == ["busy", "hc34", "talk0.1", "busy", "hc34"]
    assert lines[2]["uuid"] == fresh
    for first, second in ((lines[0], lines[3]), (lines[1], lines[4])):
        assert utc_seconds(second["tm_dialing"]) - utc_seconds(first["tm_hangup"]) >= 0.999
    assert counts(dialer, campaign) == (3, 3, 0, 0, 5)


def test_shorter_delay_counts_at_once(dialer):
    """A lead waits for a delay that the plan no longer has."""
    campaign = dialer.campaign(["busy"], plan={**LOCAL, **tries(2), "RetryDelay": 3600})
    mark = dialer.start(campaign)
    dialer.wait_event("OutDialingDelete", after=mark)
    until_idle(dialer, campaign, "all remaining leads are waiting for their next attempt")
    assert counts(dialer, campaign) == (1, 0, 1, 0, 1)
    dialer.update("Plan", campaign.plan, RetryDelay=0)
    dialer.status(campaign, 0, mark)
    assert attempts(dialer, campaign) == [("busy", 1, 1, 5), ("busy", 1, 2, 5)]


def test_more_tries_resume(dialer):
    """Raising MaxRetry1 after the end does not make dialling resume, or calls those that have answered."""
    campaign = dialer.campaign(["busy", "talk0.1"], plan={**LOCAL, **tries(1), "DlEndHandle": 0})
    mark = dialer.start(campaign)
    dialer.wait_events("OutDialingDelete", 2, after=mark)
    until_idle(dialer, campaign, "no lead is left")
    assert counts(dialer, campaign) == (2, 2, 0, 0, 2)
    dialer.update("Plan", campaign.plan, MaxRetry1=2)
    dialer.wait_events("OutDialingDelete", 3, after=mark)
    until_idle(dialer, campaign, "no lead is left")
    assert attempts(dialer, campaign) == [("busy", 1, 1, 5), ("talk0.1", 1, 1, 4), ("busy", 1, 2, 5)]
    # A new number of an old lead, and a new lead, are found by the waiting campaign too.
    dialer.update("DlList", campaign.leads[0], Number2="cong")
    dialer.wait_events("OutDialingDelete", 4, after=mark)
    dialer.lead(campaign.dlma, "hc21")
    dialer.wait_events("OutDialingDelete", 6, after=mark)
    assert attempts(dialer, campaign)[3:] == [("cong", 2, 1, 8), ("hc21", 1, 1, 1), ("hc21", 1, 2, 1)]
    assert steps(dialer, campaign, mark) == [11, 1], "DlEndHandle 0 keeps it running"
    # DlEndHandle 1 from now on: nothing is left, so it ends.
    dialer.update("Plan", campaign.plan, DlEndHandle=1)
    dialer.status(campaign, 0, mark)
    assert steps(dialer, campaign, mark) == [11, 1, 10, 0]
    # Started again with more tries it goes on where it was; without any it ends at once.
    dialer.update("Plan", campaign.plan, MaxRetryCnt2=2)
    again = dialer.run(campaign)
    assert attempts(dialer, campaign)[6:] == [("cong", 2, 2, 8)]
    assert steps(dialer, campaign, again) == [11, 1, 10, 0]
    again = dialer.run(campaign)
    assert len(attempts(dialer, campaign)) == 7 and steps(dialer, campaign, again) == [11, 1, 10, 0]


def test_next_campaign(dialer):
    """The next campaign does not start, starts too early, or starts after a stop by hand."""
    last = dialer.campaign(["hc21"], plan=LOCAL)
    first = dialer.campaign(["busy", "cong"], plan=LOCAL, NextCampaign=last.uuid)
    assert dialer.show("Campaign", first.uuid)[0]["NextCampaign"] == last.uuid
    mark = dialer.start(first)
    dialer.status(last, 0, mark)
    assert steps(dialer, first, mark) == [11, 1, 10, 0] and steps(dialer, last, mark) == [11, 1, 10, 0]
    assert [line["dial_addr"] for line in dialer.engine.results()] == ["busy", "cong", "hc21"]
    order = [(event["Uuid"], int(event["Status"])) for event in dialer.found("OutCampaignUpdate", mark)]
    assert order.index((first.uuid, 10)) < order.index((last.uuid, 11))
    # By hand: stopped while its call is up, nothing follows.
    dialer.lead(first.dlma, "answer")
    mark = dialer.start(first)
    call = dialer.wait_event("OutDialingUpdate", after=mark, Status=5)["Uuid"]
    dialer.update("Campaign", first.uuid, Status=0)
    dialer.action("Hangup", Channel=call)
    dialer.status(first, 0, mark)
    assert dialer.show("Campaign", last.uuid)[0]["Status"] == "0" and steps(dialer, last, mark) == []


def test_pause(dialer):
    """A pause ends calls, lets new ones begin, or forgets what was there; or does not send both its steps."""
    campaign = dialer.campaign(["answer", "busy"], plan=LOCAL)
    mark = dialer.start(campaign)
    call = dialer.wait_event("OutDialingUpdate", after=mark, Status=5)["Uuid"]
    dialer.update("Campaign", campaign.uuid, Status=2)
    dialer.status(campaign, 2, mark)
    assert steps(dialer, campaign, mark) == [11, 1, 12, 2]
    assert dialer.in_flight() == 1 and dialer.show("Dialing", call)[0]["Status"] == "5"
    assert counts(dialer, campaign) == (2, 0, 1, 1, 1)
    dialer.action("Hangup", Channel=call)
    dialer.wait_event("OutDialingDelete", after=mark)
    dialer.lead(campaign.dlma, "cong")  # any decision to dial would be taken before this is answered
    assert counts(dialer, campaign) == (3, 1, 2, 0, 1) and dialer.stat(campaign).Reason == "paused"
    dialer.update("Campaign", campaign.uuid, Status=1)
    dialer.status(campaign, 0, mark)
    assert steps(dialer, campaign, mark) == [11, 1, 12, 2, 11, 1, 10, 0]
    assert attempts(dialer, campaign) == [("answer", 1, 1, 4), ("busy", 1, 1, 5), ("cong", 1, 1, 8)]


def test_stop(dialer):
    """A stop hangs up calls, says 0 while one is up, or never comes to 0; the codes of the steps are not taken."""
    campaign = dialer.campaign(["answer", "busy"], plan=LOCAL)
    mark = dialer.mark()
    dialer.update("Campaign", campaign.uuid, Status=11)
    call = dialer.wait_event("OutDialingUpdate", after=mark, Status=5)["Uuid"]
    dialer.update("Campaign", campaign.uuid, Status=10)
    dialer.status(campaign, 10, mark)
    assert dialer.in_flight() == 1 and dialer.show("Campaign", campaign.uuid)[0]["Status"] == "10"
    dialer.action("Hangup", Channel=call)
    dialer.status(campaign, 0, mark)
    assert steps(dialer, campaign, mark) == [11, 1, 10, 0]
    order = [event.event for event in dialer.found(
        lambda m: m.event in ("OutDialingDelete", "OutCampaignUpdate"), mark)]
    assert order[-2:] == ["OutDialingDelete", "OutCampaignUpdate"], "0 comes once no call is in flight"
    assert attempts(dialer, campaign) == [("answer", 1, 1, 4)]
    dialer.run(campaign)
    assert attempts(dialer, campaign)[1:] == [("busy", 1, 1, 5)]


@pytest.mark.parametrize("number, status, res_dial", [("answer", "5", 4), ("ring", "3", 1)])
def test_kill(asterisk, engine, number, status, res_dial):
    """30 leaves calls up (answered or ringing), begins others, or says 0 before the last is gone."""
    server = engine(asterisk)
    dialer = server.ami()
    dialer.engine = server
    campaign = dialer.campaign([number] * 5, plan={**LOCAL, **tries(2), "RetryDelay": 60})
    mark = dialer.start(campaign)
    dialer.wait_events("OutDialingUpdate", 5, after=mark, Status=status)
    dialer.update("Campaign", campaign.uuid, Status=30)
    dialer.status(campaign, 0, mark)
    assert steps(dialer, campaign, mark) == [11, 1, 10, 0]
    order = [event.event for event in dialer.found(
        lambda m: m.event in ("OutDialingDelete", "OutCampaignUpdate"), mark)]
    assert order[-6:] == ["OutDialingDelete"] * 5 + ["OutCampaignUpdate"]
    lines = server.results()
    assert [(line["res_dial"], line["res_hangup"]) for line in lines] == [(res_dial, 16)] * 5
    assert dialer.in_flight() == 0
    _, channels, _ = dialer.list_action("CoreShowChannels")
    ours = {line["dialing_uuid"] for line in lines}
    assert not [channel for channel in channels if channel["Uniqueid"] in ours]
