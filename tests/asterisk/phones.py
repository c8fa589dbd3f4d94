"""Phones of the tests: one SIPp each, registered at an Asterisk, with one behaviour.

    answer   rings ring_ms, answers, talks talk_ms and hangs up (or the caller does, whichever is first)
    human, machine   as answer, and says one word / a long announcement (for AMD)
    busy 486, reject 603, notfound 404, unavailable 480, noservice 503   refuse
    ring     rings until the caller gives up;  dead: the same without ringing
    gone     is registered, but nobody listens at its address
    carrier  the end of the called number decides (sipp/carrier.xml): 310 is busy, 311 rings …, others answer
"""
import hashlib
import os
import re
import shutil
import socket
import tempfile
import time
import uuid

from . import process
from .asterisk import SECRETS

HERE = os.path.dirname(os.path.abspath(__file__))
REFUSALS = {
    "busy": "486 Busy Here",
    "reject": "603 Decline",
    "notfound": "404 Not Found",
    "unavailable": "480 Temporarily Unavailable",
    "noservice": "503 Service Unavailable",
}
FOREVER = 3_600_000  # ms: longer than any test

# What is heard, as (milliseconds, tone or silence): AMD hears words in it.
SOUNDS = {
    "human": [(300, False), (400, True), (10_000, False)],
    "machine": [(200, False)] + [(350, True), (150, False)] * 16,
}


def _ulaw(parts):
    """µ-law bytes: 400 Hz at about half of full scale, and silence."""
    tone, silence = b"\x90" * 10 + b"\x10" * 10, b"\xff" * 20
    return b"".join((tone if loud else silence) * (ms * 8 // 20) for ms, loud in parts)


def _md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def register(server_port, user, secret, contact_port, expires=3600, deadline=40.0):
    """Registers user's contact 127.0.0.1:contact_port, with digest authentication; raises when it is refused."""
    call_id, tag = uuid.uuid4().hex, uuid.uuid4().hex[:8]
    uri = f"sip:127.0.0.1:{server_port}"
    authorization = ""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.connect(("127.0.0.1", server_port))
        sock.settimeout(0.5)
        me = f"127.0.0.1:{sock.getsockname()[1]}"
        end = time.monotonic() + deadline
        sequence = 1
        while time.monotonic() < end:
            request = (f"REGISTER {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bK{tag}{sequence}\r\n"
                       f"Max-Forwards: 70\r\nFrom: <sip:{user}@127.0.0.1>;tag={tag}\r\nTo: <sip:{user}@127.0.0.1>\r\n"
                       f"Call-ID: {call_id}\r\nCSeq: {sequence} REGISTER\r\n"
                       f"Contact: <sip:{user}@127.0.0.1:{contact_port}>\r\nExpires: {expires}\r\n"
                       f"{authorization}Content-Length: 0\r\n\r\n")
            try:
                sock.send(request.encode())
                answer = sock.recv(65535).decode("utf-8", "replace")
            except OSError:
                continue  # lost, or Asterisk is not there yet: the same request again
            status = int(answer.split()[1])
            if not re.search(rf"(?im)^CSeq:\s*{sequence}\s", answer) or status < 200:
                continue  # of an earlier try, or provisional
            if status == 200:
                return
            if status != 401 or (authorization and "stale=true" not in answer.lower()):
                raise RuntimeError(f"REGISTER of {user}: {answer.splitlines()[0]}")
            field = dict(re.findall(r'(\w+)="([^"]*)"', re.search(r"(?im)^WWW-Authenticate:(.*)$", answer)[1]))
            first = _md5(f"{user}:{field['realm']}:{secret}")
            second = _md5(f"REGISTER:{uri}")
            authorization = (f'Authorization: Digest username="{user}", realm="{field["realm"]}", '
                             f'nonce="{field["nonce"]}", uri="{uri}", algorithm=MD5')
            if "qop" in field:
                count, own = "00000001", uuid.uuid4().hex[:8]
                reply = _md5(f"{first}:{field['nonce']}:{count}:{own}:auth:{second}")
                authorization += f', qop=auth, nc={count}, cnonce="{own}"'
            else:
                reply = _md5(f"{first}:{field['nonce']}:{second}")
            authorization += f', response="{reply}"'
            if "opaque" in field:
                authorization += f', opaque="{field["opaque"]}"'
            authorization += "\r\n"
            sequence += 1
    raise TimeoutError(f"REGISTER of {user}: no answer from port {server_port}")


class Phone:
    """SIPp as one or several phones; use it in `with`, or call start() and stop().

    asterisk   where `numbers` ("300", "agent-01" …) are registered; the trunk registers nowhere:
               Phone(asterisk, "carrier", port=asterisk.trunk_port)
    """

    def __init__(self, asterisk, scenario="answer", numbers=(), port=None, ring_ms=200, talk_ms=FOREVER):
        self.asterisk = asterisk
        self.scenario = scenario
        self.numbers = [numbers] if isinstance(numbers, str) else [str(number) for number in numbers]
        self.port = port or process.free_port()
        self.ring_ms, self.talk_ms = ring_ms, talk_ms
        self.process = None
        self.dir = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def _render(self):
        """Writes the scenario with its times into our own directory; returns its path."""
        name = "refuse" if self.scenario in REFUSALS else {"dead": "ring"}.get(self.scenario, self.scenario)
        sound, media_port = "", "[media_port]"
        if self.scenario in SOUNDS:
            name, media_port = "answer", "[rtpstream_audio_port]"
            with open(os.path.join(self.dir, "sound.ulaw"), "wb") as out:
                out.write(_ulaw(SOUNDS[self.scenario]))
            sound = f'<nop><action><exec rtp_stream="{self.dir}/sound.ulaw,1,0"/></action></nop>'
        values = {
            "RING_MS": max(1, self.ring_ms),
            "TALK_MS": max(1, self.talk_ms),
            "REFUSAL": REFUSALS.get(self.scenario, ""),
            "FIRST": "100 Trying" if self.scenario == "dead" else "180 Ringing",
            "SOUND": sound,
            "MEDIA_PORT": media_port,
        }
        with open(os.path.join(HERE, "sipp", f"{name}.xml"), encoding="utf-8") as template:
            text = template.read()
        for key, value in values.items():
            text = text.replace(f"@{key}@", str(value))
        path = os.path.join(self.dir, f"{name}.xml")
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def start(self):
        """Starts SIPp, waits until it listens, registers the numbers."""
        if self.scenario != "gone":
            self.dir = tempfile.mkdtemp(prefix="astout-phone-")
            argv = ["sipp", "-sf", self._render(), "-i", "127.0.0.1", "-p", str(self.port), "-mi", "127.0.0.1",
                    "-mp", str(process.free_port()), "-ci", "127.0.0.1", "-cp", str(process.free_port()), "-nostdin", "-trace_err",
                    "-error_file", os.path.join(self.dir, "errors")]
            self.process = process.start(argv, os.path.join(self.dir, "output"), cwd=self.dir,
                                         env={"PATH": os.environ["PATH"], "TERM": "xterm", "LC_ALL": "C"})
            try:
                process.poll(lambda: process.udp_bound(self.port), f"SIPp {self.scenario}", process=self.process)
            except (RuntimeError, TimeoutError) as error:
                text = f"{error}\n{self.errors()}"
                self.stop()
                raise RuntimeError(text) from error
        self.register()
        return self

    def register(self, expires=3600):
        """Registers its numbers, again if need be; expires=0 takes them away."""
        for number in self.numbers:
            register(self.asterisk.sip_port, number, SECRETS[number], self.port, expires)

    def stop(self):
        """Ends SIPp. The registration stays: the next phone of that number replaces it."""
        if self.process:
            process.stop(self.process, 2)
            self.process = None
        if self.dir:
            shutil.rmtree(self.dir, ignore_errors=True)
            self.dir = None

    def errors(self):
        """What SIPp complained about, its output included."""
        text = ""
        for name in ("errors", "output"):
            path = os.path.join(self.dir or "", name)
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as log:
                    text += log.read()[-2000:]
        return text
