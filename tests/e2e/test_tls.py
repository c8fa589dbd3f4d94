"""TLS: clients that come encrypted, and the way to Asterisk; certificates are made here with openssl."""
import os
import shutil
import socket
import ssl
import subprocess

import pytest

from ami import AmiError
from asterisk import process
from asterisk.asterisk import Asterisk
from engine import Engine
from raw import LOGIN, Raw


def openssl(*argv):
    """Runs openssl."""
    subprocess.run(["openssl", *argv], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A folder with ca.pem, server.pem (certificate and key of 127.0.0.1, signed by it), and another ca: other.pem."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl: tests/setup test installs it")
    folder = str(tmp_path_factory.mktemp("tls"))

    def path(name):
        return os.path.join(folder, name)
    for name in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN=tests {name}", "-keyout",
                path(f"{name}.key"), "-out", path(f"{name}.pem"), "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-keyout", path("key.pem"), "-out", path("csr"))
    with open(path("ext"), "w", encoding="ascii") as ext:
        ext.write("subjectAltName=IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", path("csr"), "-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-CAcreateserial", "-days", "2",
            "-extfile", path("ext"), "-out", path("cert.pem"))
    with open(path("server.pem"), "w", encoding="ascii") as both:
        for name in ("cert.pem", "key.pem"):
            with open(path(name), encoding="ascii") as part:
                both.write(part.read())
    return folder


def listener(certificates, **more):
    """The conf of an engine with an encrypted port."""
    return {"ami": {"tlsenable": "yes", "tlsport": 0, "tlscertfile": os.path.join(certificates, "server.pem"), **more}}


def tls_port(server):
    """Where it listens for TLS."""
    line = process.poll(lambda: [line for line in server.tail(50).splitlines() if "listening for TLS" in line], "it says so")[0]
    return int(line.rsplit(":", 1)[1])


def encrypt(certificates, **more):
    """How Raw gets encrypted, the engine's certificate being checked."""
    context = ssl.create_default_context(cafile=os.path.join(certificates, "ca.pem"))
    for key, value in more.items():
        setattr(context, key, value)
    return lambda plain: context.wrap_socket(plain, server_hostname="127.0.0.1")


def test_encrypted_client(asterisk, engine, certificates):
    """An encrypted client cannot log in, relay, hear events or take a long answer as a plain one can; or the plain
    port closes."""
    server = engine(asterisk, conf=listener(certificates))
    dialer = server.ami()
    with Raw(tls_port(server), wrap=encrypt(certificates), timeout=60) as session:
        assert session.until(b"\r\n").startswith(b"Asterisk Call Manager/")
        assert b"Authentication accepted" in session.ask(LOGIN % (b"admin", b"admin"))
        session.until(b"Event: FullyBooted\r\n")
        session.send("Action: CoreSettings\r\nActionID: 1\r\n\r\nAction: OutPlanCreate\r\nName: by tls\r\n\r\n")
        assert b"AsteriskVersion: " in session.until(b"ActionID: 1\r\n") + session.packet()
        session.until(b"Event: OutPlanCreate\r\nPrivilege: message,all\r\n")
        for i in range(200):  # 18 MB in events that it takes late, then in one answer
            assert dialer.action("OutDlmaCreate", Name=i, Variable=[f"V{j}={'x' * 890}" for j in range(30)]).ok
        for i in range(200):
            session.until(b"Name: %d\r\n" % i)
        session.send("Action: OutDlmaShow\r\nActionID: long\r\n\r\n")
        assert len(session.until(b"ListItems: 200\r\n\r\n")) > 5_000_000
        session.send("Action: Logoff\r\n\r\n")
        assert session.eof().endswith(b"fish.\r\n\r\n")
    dialer.wait_event("OutPlanCreate", Name="by tls")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_what_is_no_tls(engine, set_clock, certificates):
    """Plain bytes at the encrypted port, a handshake at the plain one, an old TLS, a handshake that never ends: the
    engine ends, or keeps the connection for ever."""
    clock = set_clock()
    server = engine(conf=listener(certificates, authtimeout=600), clock=clock)
    port, user = tls_port(server), server.ami()
    with Raw(port) as plain:
        plain.send(LOGIN % (b"admin", b"admin"))
        assert b"Asterisk" not in plain.eof()
    with Raw(port) as mute, Raw(port) as half:
        half.send(b"\x16\x03\x01\x02\x00\x01")
        assert user.action("Ping").ok  # it has taken both by now
        clock.advance(600)
        assert user.action("Ping").ok  # it sees how late it is
        assert mute.eof() == b"" and half.eof() == b""
    for wrap in (encrypt(certificates, minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1),
                 lambda plain: ssl.create_default_context().wrap_socket(plain, server_hostname="127.0.0.1")):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            Raw(port, wrap=wrap)
    with pytest.raises((ssl.SSLError, ConnectionError, socket.timeout)):
        Raw(server.port, wrap=encrypt(certificates), timeout=3)
    with Raw(port, wrap=encrypt(certificates)) as session:
        session.login()
    assert server.ami().action("Ping").ok


@pytest.mark.parametrize("change, said", [
    ({"tlscertfile": "/nowhere.pem"}, "/nowhere.pem"), ({"tlsprivatekey": "other.key"}, "other.key"), ({"tlsprivatekey": "ext"}, "ext")])
def test_certificate_that_cannot_be_used(certificates, change, said):
    """The engine starts without the encryption that was asked for, or does not say which file is wrong."""
    change = {key: os.path.join(certificates, value) for key, value in change.items()}
    with pytest.raises(RuntimeError, match=said):
        Engine(conf=listener(certificates, **change)).start()


@pytest.fixture
def encrypted(asterisk, certificates):
    """An Asterisk with an encrypted AMI port: .tls_port."""
    with_tls = Asterisk(asterisk.version, name=f"tls-{asterisk.version}")
    with_tls.tls_port = process.free_port(socket.SOCK_STREAM)
    shutil.copy(os.path.join(certificates, "server.pem"), os.path.join(with_tls.dir, "etc", "server.pem"))
    path = os.path.join(with_tls.dir, "etc", "manager.conf")
    with open(path, encoding="utf-8") as conf:
        text = conf.read()
    inside = path[len(with_tls.root):].replace("manager.conf", "server.pem")
    with_tls.write_conf("manager.conf", text.replace("[general]", "[general]\ntlsenable = yes\ntlsbindaddr = "
                                                     f"127.0.0.1:{with_tls.tls_port}\ntlscertfile = {inside}\n", 1))
    with with_tls:
        yield with_tls


def way(encrypted, ca):
    """The conf of an engine that goes to this Asterisk encrypted."""
    return {"asterisk:main": {"port": encrypted.tls_port, "tls": "yes", "tlscafile": ca}}


@pytest.mark.parametrize("checked", [True, False])
def test_encrypted_way_to_asterisk(encrypted, engine, certificates, checked):
    """Calls, events or relayed actions do not pass an encrypted way to Asterisk; or it does not come back."""
    server = engine(encrypted, conf=way(encrypted, os.path.join(certificates, "ca.pem") if checked else ""))
    dialer = server.ami()
    made = dialer.campaign(["talk0.1"] * 5, plan={"TechName": "Local/", "TrunkName": "far"})
    mark = dialer.run(made)
    assert {line["res_dial"] for line in server.results()} == {4} and len(server.results()) == 5
    assert dialer.found("Newchannel", after=mark) and dialer.action("CoreSettings").ok
    assert len(dialer.action("Command", Command="core show help").all("Output")) > 50
    if checked:
        encrypted.kill9()
        process.poll(lambda: not dialer.action("CoreSettings").ok, "the relay notices")
        encrypted.start()
        process.poll(lambda: dialer.action("CoreSettings").ok, "the relay comes back")


def test_certificate_of_somebody_else(encrypted, engine, certificates):
    """The engine tells its secret to an Asterisk whose certificate it cannot trust, or does not say why it is away."""
    server = engine(encrypted, conf=way(encrypted, os.path.join(certificates, "other.pem")))
    dialer = server.ami()
    process.poll(lambda: "certificate verify failed" in server.tail(), "the log says why")
    assert dialer.action("CoreSettings")["Message"] == "Asterisk is away"
    assert dialer.make("Plan")["Uuid"]
    with pytest.raises((AmiError, RuntimeError)):
        Engine(encrypted, conf=way(encrypted, os.path.join(certificates, "nothing.pem"))).start()
