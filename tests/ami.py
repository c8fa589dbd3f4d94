"""A small AMI client for tests: blocking, every wait has a deadline, nothing sleeps.

It speaks to Asterisk and to astout's own port alike. It reads only while a caller waits for something; until
then the kernel keeps what the server has sent. Every message is kept, in order.
"""
import hashlib
import itertools
import socket
import time


class AmiError(Exception):
    """The server closed, was silent for too long, or said something that is no AMI."""


class Timeout(AmiError):
    """The deadline passed before what was waited for came."""


class Message:
    """One packet: its headers in order, found without regard to case."""

    def __init__(self, pairs, at=None):
        self.pairs = list(pairs)
        self.at = time.monotonic() if at is None else at  # when the client read it

    @classmethod
    def parse(cls, block):
        """A message from the bytes of one packet, without its closing empty line."""
        pairs = []
        for line in block.decode("utf-8", "surrogateescape").split("\r\n"):
            name, colon, value = line.partition(":")
            # A line without a colon keeps its text under an empty name, so that nothing is lost.
            pairs.append((name, value[1:] if value.startswith(" ") else value) if colon else ("", line))
        return cls(pairs)

    def get(self, name, default=None):
        """The first header of that name."""
        name = name.lower()
        return next((value for key, value in self.pairs if key.lower() == name), default)

    def all(self, name):
        """Every header of that name, in order."""
        name = name.lower()
        return [value for key, value in self.pairs if key.lower() == name]

    def names(self):
        """The header names in the order and spelling of the server."""
        return [key for key, _ in self.pairs]

    def __getitem__(self, name):
        value = self.get(name)
        if value is None:
            raise KeyError(f"{name} in {self}")
        return value

    def __contains__(self, name):
        return self.get(name) is not None

    @property
    def event(self):
        """The name of the event, None for a response."""
        return self.get("Event")

    @property
    def ok(self):
        """True for `Response: Success` (and Goodbye)."""
        return self.get("Response") in ("Success", "Goodbye")

    def matches(self, want):
        """Does it fit: an event name, a dict of header values, or a function of the message."""
        if callable(want):
            return bool(want(self))
        if isinstance(want, str):
            return self.event is not None and self.event.lower() == want.lower()
        return all(self.get(key) == str(value) for key, value in want.items())

    def __repr__(self):
        return "<" + " | ".join(f"{key}: {value}" for key, value in self.pairs) + ">"


class Ami:
    """A connection to an AMI server.

    messages   everything received, in order
    events     what came with an Event header and is no item of a list that was asked for
    raw        the bytes received since connect
    """

    _ids = itertools.count(1)

    def __init__(self, port, host="127.0.0.1", timeout=40.0):
        self.timeout = timeout
        self.messages = []
        self.events = []
        self.raw = bytearray()
        self.closed = False
        self._buffer = bytearray()
        self._replies = []      # responses nobody has taken yet
        self._list = None       # (ActionID, items) while a list is being read
        self._socket = socket.create_connection((host, port), timeout=timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Events pile up here while a test does something else.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.banner = self._read_banner()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Closes the socket, without a Logoff."""
        self.closed = True
        self._socket.close()

    # -- bytes ------------------------------------------------------------------------------------------

    def send_raw(self, data):
        """Sends bytes (or text) as they are."""
        self._socket.settimeout(self.timeout)
        self._socket.sendall(data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data)

    def _receive(self, deadline):
        """Reads once; False when the deadline is over."""
        left = deadline - time.monotonic()
        # A deadline in the past still takes what is there already.
        self._socket.settimeout(max(left, 0.000001))
        try:
            data = self._socket.recv(1 << 16)
        except (socket.timeout, BlockingIOError):
            return False
        except OSError as error:
            self.closed = True
            raise AmiError(f"connection lost: {error}") from error
        if not data:
            self.closed = True
            raise AmiError("the server closed the connection")
        self.raw += data
        self._buffer += data
        return True

    def _read_banner(self):
        deadline = time.monotonic() + self.timeout
        while b"\n" not in self._buffer:
            if not self._receive(deadline):
                self.close()
                raise Timeout("no banner")
        line, _, rest = self._buffer.partition(b"\n")
        self._buffer = bytearray(rest)
        return line.decode("utf-8", "replace").rstrip("\r")

    def read(self, timeout=None):
        """The next message, filed where it belongs; None when nothing came in time."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            end = self._buffer.find(b"\r\n\r\n")
            if end >= 0:
                message = Message.parse(bytes(self._buffer[:end]))
                del self._buffer[:end + 4]
                self._file(message)
                return message
            if not self._receive(deadline):
                return None

    def _file(self, message):
        self.messages.append(message)
        if "Response" in message and "Event" not in message:
            self._replies.append(message)
        elif self._list and message.get("ActionID") == self._list[0]:
            self._list[1].append(message)
        else:
            # OriginateResponse and DialEnd hold a Response header too, yet they are events.
            self.events.append(message)

    def eof(self, timeout=None):
        """Reads until the server closes; raises Timeout when it does not."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        try:
            while self.read(deadline - time.monotonic()) is not None:
                pass
        except AmiError:
            return True
        raise Timeout("the server keeps the connection open")

    # -- actions ----------------------------------------------------------------------------------------

    def send(self, name, headers=(), action_id=None):
        """Sends an action without waiting; returns its ActionID (made unless given; False: none)."""
        pairs = list(headers.items()) if isinstance(headers, dict) else list(headers)
        if action_id is None:
            action_id = next((v for k, v in pairs if k.lower() == "actionid"), None)
        elif action_id is not False:
            pairs.insert(0, ("ActionID", action_id))
        if action_id is None:
            action_id = f"test-{next(self._ids)}"
            pairs.insert(0, ("ActionID", action_id))
        lines = [f"Action: {name}"]
        for key, value in pairs:
            if value is None:
                continue
            lines += [f"{key}: {item}" for item in (value if isinstance(value, (list, tuple)) else [value])]
        self.send_raw("\r\n".join(lines) + "\r\n\r\n")
        return action_id

    def response(self, action_id, timeout=None):
        """The response to that ActionID (False: the next response there is)."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            for reply in self._replies:
                # A server that could not parse the packet answers without the id.
                if action_id is False or reply.get("ActionID") in (action_id, None):
                    self._replies.remove(reply)
                    return reply
            if self.read(deadline - time.monotonic()) is None:
                raise Timeout(f"no response to {action_id}")

    def action(self, name, headers=(), timeout=None, **more):
        """Sends an action, returns its response. Headers: dict, pairs or keywords; a list repeats a header."""
        pairs = list(headers.items()) if isinstance(headers, dict) else list(headers)
        return self.response(self.send(name, pairs + list(more.items())), timeout)

    def list_action(self, name, headers=(), timeout=None, **more):
        """Sends a list action; returns (response, items, complete). An Error gives (response, [], None)."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        pairs = list(headers.items()) if isinstance(headers, dict) else list(headers)
        action_id = self.send(name, pairs + list(more.items()))
        items = []
        self._list = (action_id, items)
        try:
            response = self.response(action_id, deadline - time.monotonic())
            if not response.ok:
                return response, [], None
            while not items or items[-1].get("EventList") != "Complete":
                if self.read(deadline - time.monotonic()) is None:
                    raise Timeout(f"the list of {name} does not end: {items[-3:]}")
            return response, items[:-1], items[-1]
        finally:
            self._list = None

    def login(self, username, secret, md5=False, events=None, timeout=None):
        """Logs in (plain, or by challenge); returns the response, success or not."""
        headers = [("Username", username)]
        if md5:
            challenge = self.action("Challenge", AuthType="MD5", timeout=timeout)["Challenge"]
            key = hashlib.md5((challenge + secret).encode()).hexdigest()
            headers += [("AuthType", "MD5"), ("Key", key)]
        else:
            headers.append(("Secret", secret))
        if events is not None:
            headers.append(("Events", events))
        return self.action("Login", headers, timeout=timeout)

    def command(self, line, timeout=None):
        """Runs a CLI command by AMI; returns its output as text."""
        return "\n".join(self.action("Command", Command=line, timeout=timeout).all("Output"))

    # -- events -----------------------------------------------------------------------------------------

    def mark(self):
        """A place in `events`: what is there when it is called counts as old."""
        self.drain()
        return len(self.events)

    def drain(self):
        """Files what the server has sent already, waits for nothing."""
        try:
            while self.read(0) is not None:
                pass
        except AmiError:
            pass  # whoever reads next meets the closed connection

    def wait_event(self, want, timeout=None, after=0, **fields):
        """The first event from place `after` on that fits `want` (name, dict or function) and the fields."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        at = after
        while True:
            while at < len(self.events):
                event = self.events[at]
                at += 1
                if event.matches(want) and event.matches(fields):
                    return event
            if self.read(deadline - time.monotonic()) is None:
                seen = [event.event for event in self.events[after:]][-30:]
                raise Timeout(f"no event {want} {fields}; since then: {seen}")

    def wait_events(self, want, count, timeout=None, after=0, **fields):
        """The first `count` such events, in order."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        found = []
        while len(found) < count:
            event = self.wait_event(want, deadline - time.monotonic(), after, **fields)
            after = next(i for i in range(after, len(self.events)) if self.events[i] is event) + 1
            found.append(event)
        return found

    def found(self, want, after=0, **fields):
        """The events that fit and are here already; nothing is read."""
        return [event for event in self.events[after:] if event.matches(want) and event.matches(fields)]
