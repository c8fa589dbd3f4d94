"""Fixtures for every test that needs a real Asterisk: `from asterisk.fixtures import *` in tests/conftest.py.

    asterisk       a running Asterisk, once per session and version ("16", "22")
    asterisk_ami   a fresh AMI session of `admin` on it, all events on
    phones         phones("busy", "310") starts a Phone there; all of them end with the test, and so do all calls
"""
import os

import pytest

from .asterisk import VERSIONS, Asterisk, Unavailable
from .phones import Phone

__all__ = ["asterisk", "asterisk_ami", "phones"]


@pytest.fixture(scope="session", params=VERSIONS, ids=[f"asterisk-{version}" for version in VERSIONS])
def asterisk(request):
    """A version that cannot be had is skipped with its reason; a missing 16 fails where it is required."""
    try:
        server = Asterisk(request.param)
    except Unavailable as reason:
        if request.param == "16" and os.environ.get("REQUIRE_ASTERISK") == "1":
            pytest.fail(f"REQUIRE_ASTERISK=1 and yet: {reason}", pytrace=False)
        pytest.skip(f"no Asterisk {request.param}: {reason}")
    failed_before = request.session.testsfailed
    with server:
        yield server
        # A test that failed is no exception here; its log is kept all the same.
        server.keep = server.keep or request.session.testsfailed > failed_before


@pytest.fixture
def asterisk_ami(asterisk):  # pylint: disable=redefined-outer-name
    """An AMI session that sees and may do everything."""
    with asterisk.ami() as connection:
        yield connection


@pytest.fixture
def phones(asterisk):  # pylint: disable=redefined-outer-name
    """A factory: phones(scenario, numbers, **times) is a started Phone; phones.trunk(...) the carrier."""
    started = []

    def make(scenario="answer", numbers=(), **more):
        phone = Phone(asterisk, scenario, numbers, **more)
        started.append(phone)
        return phone.start()

    make.trunk = lambda scenario="carrier", **more: make(scenario, port=asterisk.trunk_port, **more)
    yield make
    try:
        if asterisk.running:
            asterisk.hangup_all()
    finally:
        for phone in started:
            phone.stop()
