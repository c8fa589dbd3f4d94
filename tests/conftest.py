"""pytest of the whole project: real Asterisk servers, the engine, and one line that counts."""
import pytest

import tables
from asterisk.fixtures import *  # pylint: disable=wildcard-import,unused-wildcard-import
from clock import Clock
from engine import Engine


def pytest_configure(config):
    """What `make check` chooses by (Makefile)."""
    config.addinivalue_line("markers", "asterisk: needs a real Asterisk (set by the fixture of that name)")
    config.addinivalue_line("markers", "slow: takes seconds; `make check` leaves it out")
    config.addinivalue_line("markers", "xdist_group(name): tests that have to run in one process, in their order")


def pytest_collection_modifyitems(items):
    """Whoever asks for an Asterisk is marked so."""
    for item in items:
        if "asterisk" in item.fixturenames:
            item.add_marker("asterisk")


@pytest.fixture
def engine():
    """A factory: engine(asterisk, conf=…) is a started Engine; all of them end with the test, and must end well."""
    started = []

    def make(*asterisks, **more):
        started.append(Engine(*asterisks, **more))
        return started[-1].start()

    yield make
    for one in started:
        one.stop()


@pytest.fixture
def set_clock():
    """A factory: set_clock("2027-03-28 01:59:00", "Europe/Berlin") is a Clock that says so now; for Engine(clock=…)."""
    made = []

    def make(*moment, **more):
        made.append(Clock(*moment, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):  # pylint: disable=unused-argument
    """A failure shows the end of the log of every engine that was up, and keeps its directory."""
    report = (yield).get_result()
    if report.failed:
        for one in Engine.alive:
            one.keep = True
            report.sections.append((f"log of the engine in {one.dir}", one.tail()))


def _counts(reporter):
    """(passed, failed, skipped) of a session; errors of set-up, tear-down and collection are failures."""
    count = {key: len(reports) for key, reports in reporter.stats.items()}
    return (count.get("passed", 0) + count.get("xpassed", 0), count.get("failed", 0) + count.get("error", 0),
            count.get("skipped", 0) + count.get("xfailed", 0))


def pytest_terminal_summary(terminalreporter):
    """Nobody overlooks what was skipped; what tests have to show is shown."""
    for line in tables.LINES:
        terminalreporter.write_line(line)
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        terminalreporter.write_line(f"skipped {report.nodeid}: {str(reason).removeprefix('Skipped: ')}")
    for report in terminalreporter.stats.get("xfailed", []):
        terminalreporter.write_line(f"skipped {report.nodeid}: known to fail: {report.wasxfail}")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    """The very last line of a run."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter and hasattr(reporter, "_session"):
        print("{} passed, {} failed, {} skipped".format(*_counts(reporter)), flush=True)
