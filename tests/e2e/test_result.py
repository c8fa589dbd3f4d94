"""The result in its long form: as the tutorial's older example ("Transfer to the dialplan") shows it, key by key."""
import json
import re

from engine import TIME, UUID

TIMED, IDS = "<time>", "<uuid>"
# The tutorial's, with <uuid> and <time> for what differs from call to call.
LONG = {
    "dialing_uuid": IDS, "dial_exten": "10", "dial_timeout": 30000, "res_hangup": 16, "camp_uuid": IDS,
    "dlma_uuid": IDS, "dial_type": 0, "dial_addr": "300", "dial_priority": "40000", "plan_uuid": IDS,
    "dial_context": "ani", "dest_uuid": IDS, "dl_list_uuid": IDS, "res_dial": 4, "tm_hangup": TIMED, "dial_index": 1,
    "dial_trycnt": 1, "uuid": IDS, "dial_channel": "sip/300", "channelid": IDS, "tm_dial_end": TIMED,
    "info_events": [], "otherchannelid": IDS, "tm_dialing": TIMED, "channel_name": "SIP/300-00000000",
    "res_hangup_detail": "Normal Clearing",
    "info_dlma": {
        "name": "DialListMaster_Sales", "uuid": IDS, "detail": "extension Test Dlma description", "dl_table": "<table>",
        "tm_update": None, "in_use": 1, "tm_delete": None, "tm_create": TIMED},
    "info_plan": {
        "name": "test plan", "trunk_name": None, "uuid": IDS, "retry_delay": 60, "codecs": None,
        "detail": "extension test plan", "in_use": 1, "dial_timeout": 30000, "uui_field": None, "dial_mode": 1,
        "service_level": 0, "caller_id": None, "dl_end_handle": 1, "tech_name": "sip/", "early_media": None,
        "tm_create": TIMED, "tm_delete": None, "tm_update": None,
        **{f"max_retry_cnt_{i}": 5 for i in range(1, 9)}},
    "info_dest": {
        "name": "test destination", "priority": "40000", "uuid": IDS, "detail": "extension test destination",
        "exten": "10", "tm_update": None, "data": None, "in_use": 1, "application": None, "variables": None,
        "type": 0, "context": "ani", "tm_create": TIMED, "tm_delete": None},
    "info_camp": {
        "name": "test campaign", "status": 1, "uuid": IDS, "detail": "extension test campaign", "in_use": 1,
        "dlma": IDS, "next_campaign": None, "tm_delete": None, "plan": IDS, "dest": IDS, "tm_create": TIMED,
        "tm_update": TIMED},
    "info_dl_list": {
        "res_hangup_detail": None, "name": "client 01", "status": 0, "uuid": IDS, "dlma_uuid": IDS, "in_use": 1,
        "dialing_plan_uuid": None, "detail": "Dial to client 01", "tm_delete": None, "dialing_camp_uuid": None,
        "ukey": None, "res_dial_detail": None, "tm_last_dial": None, "tm_last_hangup": None, "resv_target": None,
        "dialing_uuid": None, "udata": None, "email": None, "tm_create": TIMED, "res_dial": 0, "res_hangup": 0,
        "tm_update": None, "trycnt": 0, "number_1": "300", **{f"number_{i}": None for i in range(2, 9)},
        **{f"trycnt_{i}": 0 for i in range(1, 9)}},
    "info_dial": {
        "dial_timeout": 30000, "dial_exten": "10", "dial_priority": "40000", "dial_context": "ani", "dial_addr": "300",
        "dial_index": 1, "dial_type": 0, "dial_trycnt": 1, "uuid": IDS, "dial_channel": "sip/300", "channelid": IDS,
        "otherchannelid": IDS},
}
# What the tutorial's newer, short example has beside that.
SHORT = {"dest_variables": "", "dl_variables": "", "plan_variables": "", "variables": "{}", "tm_dial_begin": TIMED}


def differences(want, got, tech, path=""):
    """Keys of the tutorial that are missing here or hold something else."""
    if isinstance(want, dict) and isinstance(got, dict):
        return [found for key in want for found in (
            differences(want[key], got[key], tech, f"{path}/{key}") if key in got else [f"{path}/{key}: missing"])]
    if want in (TIMED, IDS):
        fits = isinstance(got, str) and re.fullmatch(TIME if want == TIMED else UUID, got)
    elif want == "<table>":
        fits = isinstance(got, str) and re.fullmatch(UUID, got.replace("_", "-")) and "-" not in got
    elif isinstance(want, str):
        want = want.replace("SIP/", tech.upper()) if "SIP/" in want else want.replace("sip/", tech)
        fits = isinstance(got, str) and re.sub("-[0-9a-f]{8}$", "-00000000", got) == want
    else:
        fits = got == want and type(got) is type(want)
    return [] if fits else [f"{path}: {got!r}, not {want!r}"]


def test_long_form(asterisk, engine, phones):
    """A key of the long form is missing, has another type, or shows the lead as it was later."""
    server = engine(asterisk, conf={"general": {"result_info_enable": "1", "result_history_events_enable": "1"}})
    dialer = server.ami()
    tech = "sip/" if asterisk.version == "16" else "PJSIP/"
    phones("answer", "300", talk_ms=300)
    plan = dialer.make("Plan", Name="test plan", Detail="extension test plan", DialMode=1, TechName=tech)["Uuid"]
    dest = dialer.make("Destination", Name="test destination", Detail="extension test destination", Type=0, Exten="10",
                       Context="ani", Priority="40000")["Uuid"]
    dlma = dialer.make("Dlma", Name="DialListMaster_Sales", Detail="extension Test Dlma description")["Uuid"]
    lead = dialer.lead(dlma, "300", Name="client 01", Detail="Dial to client 01")
    campaign = dialer.make("Campaign", Name="test campaign", Detail="extension test campaign", Plan=plan, Dlma=dlma,
                           Dest=dest)["Uuid"]
    mark = dialer.mark()
    dialer.update("Campaign", campaign, Status=1)
    dialer.wait_event("OutCampaignUpdate", after=mark, Status=0)
    line = server.results()[0]
    assert differences({**LONG, **SHORT}, line, tech) == []
    assert (line["uuid"], line["info_dlma"]["dl_table"]) == (lead, dlma.replace("-", "_"))
    assert not set(line) - set(LONG) - set(SHORT) - {"history_events"}, "keys that the tutorial does not have"
    check_history(line)


def check_history(line):
    """The call's AMI events in order: header names in lower case, each with its time."""
    events = line["history_events"]
    names = [event["event"] for event in events]
    assert names[0] == "Newchannel" and names[-1] == "Hangup"
    assert {"DialBegin", "DialEnd", "OriginateResponse", "Newexten"} <= set(names)
    for event in events:
        assert all(key == key.lower() for key in event) and re.fullmatch(TIME, event["tm_event"])
        assert line["dialing_uuid"] in (event.get("uniqueid"), event.get("destuniqueid"), event.get("actionid"))
    assert [event["tm_event"] for event in events] == sorted(event["tm_event"] for event in events)


def test_one_line_each(asterisk, engine):
    """A result breaks its line, is no JSON, or is written before it is known."""
    server = engine(asterisk)
    dialer = server.ami()
    name = 'Zoë "Z" \\ Ann, ☎ \t end'
    campaign = dialer.campaign(["busy", "hc21"], plan={"TechName": "Local/", "TrunkName": "far", "Name": name})
    dialer.lead(campaign.dlma, "cong", Variable=["A=" + name, "B={}"])
    mark = dialer.start(campaign)
    for count in (1, 2, 3):  # written once the end of a call is told
        event = dialer.wait_events("OutDialingDelete", count, after=mark)[-1]
        assert server.results(dialing_uuid=event["Uuid"])
    dialer.status(campaign, 0, mark)
    with open(server.result, "rb") as lines:
        text = lines.read()
    assert text.count(b"\n") == 3 and text.endswith(b"\n") and b"\r" not in text
    assert {json.loads(line)["res_dial"] for line in text.splitlines()} == {5, 1, 8}
    assert json.loads(server.results(dial_addr="cong")[0]["variables"])["A"] == name
    rows = server.db("SELECT result, result_path, result_offset, result_written FROM dialing")
    for row in rows:  # the ledger can rebuild the file
        at = row["result_offset"]
        assert row["result_path"] == server.result and text[at:].startswith(row["result"].encode() + b"\n")
