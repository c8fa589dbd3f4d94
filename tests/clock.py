"""The clocks of a program under test, which the test may set (tests/clock.c, preloaded).

    Clock("2027-03-28 01:59:00")   the wall clock of programs that are started with .env() says so now, in ZONE
    .advance(60)                   a minute goes by at once, on the wall clock and on the monotonic one
"""
import datetime
import os
import struct
import subprocess
import tempfile
import time
import zoneinfo

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(HERE), "build")
# The time zone of the tests' engines: $TZ, a name of the tz database.
ZONE = os.environ.get("TZ", "").lstrip(":") or "UTC"
BILLION = 1_000_000_000


def library():
    """The path of the library to preload; compiles it where it is older than its source."""
    source, made = os.path.join(HERE, "clock.c"), os.path.join(BUILD, "clock.so")
    if not os.path.exists(made) or os.path.getmtime(made) < os.path.getmtime(source):
        os.makedirs(BUILD, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=BUILD) as folder:  # two runs may do it at once
            new = os.path.join(folder, "clock.so")
            subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared",
                            "-o", new, source], check=True)
            os.replace(new, made)
    return made


def local(seconds, zone=ZONE):
    """A time_t as a datetime of that zone."""
    return datetime.datetime.fromtimestamp(seconds, zoneinfo.ZoneInfo(zone))


def utc_seconds(text):
    """A time of the protocol, which is UTC, as seconds since 1970."""
    return datetime.datetime.fromisoformat(text[:26]).replace(tzinfo=datetime.timezone.utc).timestamp()


class Clock:
    """moment: what the wall clock says now, "2027-03-28 01:59:00" in the zone (fold=1: the later one of an hour that
    comes twice); None: what it says anyway."""

    def __init__(self, moment=None, zone=ZONE, fold=0):
        handle, self.path = tempfile.mkstemp(prefix="astout-clock-")
        os.close(handle)
        self.zone, self.wall, self.mono = zone, 0, 0
        if os.environ.get("ASTOUT_CLOCK"):  # the whole run has another clock than the machine
            with open(os.environ["ASTOUT_CLOCK"], "rb") as file:
                self.wall, self.mono = struct.unpack("qq", file.read())
        self.base = self.wall
        if moment:
            then = datetime.datetime.fromisoformat(moment).replace(tzinfo=zoneinfo.ZoneInfo(zone), fold=fold)
            self.wall += round(then.timestamp() * BILLION) - time.time_ns()
        self._write()

    def _write(self):
        with open(self.path, "r+b") as file:  # in place: it is mapped
            file.write(struct.pack("qq", self.wall, self.mono))

    def env(self):
        """The environment of a program that is to have this clock."""
        preload = [library(), *(path for path in os.environ.get("LD_PRELOAD", "").split(":") if path and path != library())]
        asan = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"]))
        return {**os.environ, "LD_PRELOAD": ":".join(preload), "ASTOUT_CLOCK": self.path, "ASAN_OPTIONS": asan}

    def advance(self, seconds):
        """So much time goes by at once. A program that waits notices it with the next byte that comes in."""
        self.wall += round(seconds * BILLION)
        self.mono += round(seconds * BILLION)
        self._write()

    def now(self):
        """What its wall clock says, in its zone."""
        return local(time.time() + (self.wall - self.base) / BILLION, self.zone)

    def close(self):
        """Removes its file; a program that has it mapped keeps it."""
        os.unlink(self.path)


def unshifted():
    """The environment of a program that must have the machine's own clock."""
    return {key: value for key, value in os.environ.items() if key not in ("LD_PRELOAD", "ASTOUT_CLOCK")}
