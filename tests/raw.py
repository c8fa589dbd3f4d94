"""A bare AMI socket for tests that look at bytes: what is sent goes out as it is, what comes is kept as it came."""
import socket
import time

LOGIN = b"Action: Login\r\nUsername: %s\r\nSecret: %s-secret\r\n\r\n"


class Raw:
    """segments: what each recv() returned, in order; buffer: what nobody has taken yet."""

    def __init__(self, port, wrap=None, timeout=40.0, rcvbuf=None):
        self.timeout, self.buffer, self.segments = timeout, b"", []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if rcvbuf:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if wrap:
            self.socket = wrap(self.socket)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """Sends bytes (or text) whole."""
        self.socket.settimeout(self.timeout)
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def receive(self, timeout=None):
        """Reads once; the bytes, b"" at the end of the connection, None when nothing came in time."""
        self.socket.settimeout(self.timeout if timeout is None else max(timeout, 1e-6))
        try:
            data = self.socket.recv(1 << 18)
        except (socket.timeout, BlockingIOError):
            return None
        except OSError:
            return b""
        if data:
            self.segments.append(data)
            self.buffer += data
        return data

    def until(self, end, timeout=None):
        """Takes everything up to these bytes, them included."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while end not in self.buffer:
            if not self.receive(deadline - time.monotonic()):
                raise AssertionError(f"no {end!r} in {self.buffer[-300:]!r}")
        at = self.buffer.index(end) + len(end)
        taken, self.buffer = self.buffer[:at], self.buffer[at:]
        return taken

    def packet(self, timeout=None):
        """The next packet, its empty line included."""
        return self.until(b"\r\n\r\n", timeout)

    def ask(self, data, timeout=None):
        """Sends and takes the next packet."""
        self.send(data)
        return self.packet(timeout)

    def eof(self, timeout=None):
        """Reads to the end; what came since the last packet. Fails when nothing comes and the connection stays open."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)  # megabytes through 4 kB take minutes
        while (data := self.receive(timeout)) != b"":
            assert data is not None, f"still open after {self.buffer[-300:]!r}"
        taken, self.buffer = self.buffer, b""
        return taken

    def login(self, user="admin"):
        """Past the banner and the login, FullyBooted not waited for."""
        self.until(b"\r\n")
        answer = self.ask(LOGIN % (user.encode(), user.encode()))
        assert b"Response: Success" in answer, answer
        return self
