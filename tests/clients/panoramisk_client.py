"""The tutorial's campaign (park), as a script of panoramisk runs it. usage: panoramisk_client.py PORT TECH"""
import asyncio
import json
import sys

from panoramisk import Manager


class Listener:
    """Every event, past or to come."""

    def __init__(self, manager):
        self.seen, self.news = [], asyncio.Event()
        manager.register_event("*", self.heard)

    def heard(self, _manager, event):
        """A callback of panoramisk."""
        self.seen.append(event)
        self.news.set()

    async def wait(self, name, **fields):
        """The first such event."""
        at = 0
        while True:
            while at < len(self.seen):
                event = self.seen[at]
                at += 1
                if event.event == name and all(event[key] == value for key, value in fields.items()):
                    return event
            self.news.clear()
            await self.news.wait()


async def tutorial(port, tech):
    """Logs in, makes the campaign, runs it, hangs up the parked call, sees the end."""
    manager = Manager(loop=asyncio.get_running_loop(), host="127.0.0.1", port=port, username="admin", secret="admin-secret",
                      ping_delay=1, ping_interval=1)
    listener = Listener(manager)
    await manager.connect()
    await listener.wait("FullyBooted")
    assert manager.authenticated

    async def must(action, **headers):
        answer = await manager.send_action({"Action": action, **headers})
        first = answer[0] if isinstance(answer, list) else answer
        assert first.success, answer
        return answer

    async def make(noun, **headers):
        answer = await must(f"Out{noun}Create", Detail="by panoramisk", **headers)
        assert answer.message.endswith(" created successfully"), answer
        return (await listener.wait(f"Out{noun}Create", Name=headers["Name"])).uuid

    plan = await make("Plan", Name="sales_plan", DialMode=1, TechName=tech, Variable=["A=1", "B=2"])
    dlma = await make("Dlma", Name="sales_list")
    dest = await make("Destination", Name="sales_dest", Type=1, Application="park")
    await make("DlList", Name="client 01", DlmaUuid=dlma, Number1="300")
    camp = await make("Campaign", Name="sales", Plan=plan, Dlma=dlma, Dest=dest)
    version = (await must("CoreSettings")).asteriskversion
    added = await manager.send_action({"Action": "QueueAdd", "Queue": "sales_1", "Interface": "Local/nobody@far"}, as_list=False)
    assert added.success, added
    await must("OutCampaignUpdate", Uuid=camp, Status=1)
    call = (await listener.wait("OutDialingCreate", CampUuid=camp)).uuid
    await listener.wait("Newchannel", Uniqueid=call)
    await listener.wait("ParkedCall", ParkeeUniqueid=call)
    shown = await must("CoreShowChannels")
    assert shown[-1].event == "CoreShowChannelsComplete" and call in [one.uniqueid for one in shown]
    shown = await must("OutDialingShow")
    assert [one.event for one in shown[1:]] == ["OutDialingEntry", "OutDialingListComplete"] and shown[1].uuid == call
    await must("Hangup", Channel=call)
    await listener.wait("OutDialingDelete", Uuid=call)
    await listener.wait("OutCampaignUpdate", Uuid=camp, Status="0")
    await must("QueueRemove", Queue="sales_1", Interface="Local/nobody@far")
    refused = await manager.send_action({"Action": "OutCampaignDelete", "Uuid": "nobody"})
    assert not refused.success and refused.message == "Error encountered while deleting campaign"
    manager.close()
    print(json.dumps({"call": call, "camp": camp, "version": version, "events": sorted({event.event for event in listener.seen})}))


if __name__ == "__main__":
    asyncio.run(tutorial(int(sys.argv[1]), sys.argv[2]))
