"""Long lists: in pages, in bounded memory, without keeping others from being served."""
import pytest

LEADS = 30000


def rss(e):
    """Memory of the engine in kB."""
    with open(f"/proc/{e.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def fill(c, count):
    """A list of that many leads, loaded in a pipeline; returns its uuid."""
    dlma = c.make("Dlma", Name="long")["Uuid"]
    c.action("Events", EventMask="off")
    waiting = []
    for i in range(count):
        waiting.append(c.send("OutDlListCreate", {"DlmaUuid": dlma, "Number1": str(1000 + i)}))
        if len(waiting) == 500 or i == count - 1:
            assert all(c.response(one, timeout=60).ok for one in waiting)
            waiting = []
    return dlma


def test_pages(engine):
    """A page begins twice with the same lead, or leaves one out."""
    e = engine()
    c = e.ami()
    dlma = fill(c, 25)
    whole = [m["Uuid"] for m in c.show("DlList", DlmaUuid=dlma)]
    assert len(whole) == 25
    paged, after = [], {}
    while page := c.show("DlList", DlmaUuid=dlma, Count=10, **after):
        paged += [m["Uuid"] for m in page]
        after = {"After": paged[-1]}
    assert paged == whole
    assert not c.action("OutDlListShow", DlmaUuid=dlma, After="nobody").ok


@pytest.mark.slow
def test_long_list_is_streamed(engine):
    """A list is built in memory before it is sent, or a client that does not read it holds up the others."""
    e = engine()
    c = e.ami()
    dlma = fill(c, LEADS)
    before = rss(e)
    slow = e.ami(events="off")
    slow.send("OutDlListShow", {"DlmaUuid": dlma, "Count": LEADS})  # 30 MB that nobody takes for now
    for _ in range(50):
        assert c.action("Ping").ok
    assert rss(e) - before < 12000, "kB"
    end = slow.wait_event("OutDlListComplete", timeout=120)
    assert int(end["ListItems"]) == len(slow.found("OutDlListEntry")) == LEADS


def test_session_dies_in_its_list(engine):
    """A client that goes in the middle of a list takes the engine with it, or leaves its memory behind."""
    e = engine()
    c = e.ami()
    dlma = fill(c, 5000)
    for _ in range(20):
        gone = e.ami(events="off")
        gone.send("OutDlListShow", {"DlmaUuid": dlma, "Count": 5000})
        gone.read(5)
        gone.close()
    assert len(c.show("DlList", DlmaUuid=dlma, Count=5000)) == 5000
