"""Processes and ports of the tests: started and ended one by one, by their id."""
import ctypes
import signal
import socket
import subprocess
import time

_libc = ctypes.CDLL(None, use_errno=True)
_handed_out = set()


def _die_with_parent():
    _libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: a killed test run leaves nothing behind


def start(argv, output, **more):
    """Starts a process whose output goes to a file; it dies with us."""
    with open(output, "ab") as log:
        # chroot() and SIPp need no terminal; TERM is for SIPp, which insists on one it knows.
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                start_new_session=True, preexec_fn=_die_with_parent, **more)


def stop(process, deadline=10.0):
    """Ends it by SIGTERM, by SIGKILL once the deadline is over; returns its status."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(deadline)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


def free_port(kind=socket.SOCK_DGRAM):
    """A free port of 127.0.0.1, not given out before. Even, with room for RTCP above it, where it is UDP."""
    while True:
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in _handed_out and (kind == socket.SOCK_STREAM or port % 2 == 0):
            _handed_out.add(port)
            return port


def udp_bound(port):
    """Does anybody hold this UDP port?"""
    with open("/proc/net/udp", encoding="ascii") as table:
        return any(int(line.split()[1].split(":")[1], 16) == port for line in list(table)[1:])


def poll(condition, what, deadline=60.0, process=None):
    """Waits until the condition holds; fails at the deadline, or at once when the process has ended."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"{what}: the process ended with status {process.returncode}")
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {deadline} s")
        time.sleep(0.01)
