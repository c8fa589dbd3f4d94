"""Asks an engine `Ping` again and again and keeps how long each answer takes: `pinger.py PORT`, in a process of its own, so
that nothing else of a bench delays it. A line on standard input asks for what there is since the last one: JSON, ms."""
import json
import select
import socket
import sys
import time

PAUSE = 0.002  # s from an answer to the next Ping


def ask(session, text):
    """Sends an action; returns once its answer is there."""
    session.sendall(text.encode())
    got = b""
    while not got.endswith(b"\r\n\r\n"):
        more = session.recv(65536)
        if not more:
            raise OSError("the engine closed the connection")
        got += more
    return got


def main():
    """Until standard input ends."""
    session = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    session.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    banner = session.recv(200)
    assert banner.endswith(b"\n")
    answer = ask(session, "Action: Login\r\nUsername: admin\r\nSecret: admin-secret\r\nEvents: off\r\n\r\n")
    assert b"Success" in answer
    took = []
    while True:
        if select.select([sys.stdin], [], [], PAUSE)[0]:
            if not sys.stdin.readline():
                return
            print(json.dumps(took), flush=True)
            took = []
        begin = time.monotonic()
        ask(session, "Action: Ping\r\n\r\n")
        took.append((time.monotonic() - begin) * 1000)


if __name__ == "__main__":
    try:
        main()
    except OSError as why:
        sys.exit(f"pinger: {why}")
