"""A private, real Asterisk: its own directory and ports, in a root made by `tests/asterisk/root`."""
import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile

from ami import Ami, AmiError
from clock import unshifted

from . import process

HERE = os.path.dirname(os.path.abspath(__file__))
VERSIONS = ("16", "22")

# Who may register: the tutorial's agents and customers with the tutorial's secrets, then more customers.
SECRETS = {
    "agent-01": "83f8c590-89b1-11e6-9d93-eba8dc621725",
    "agent-02": "876054be-89b1-11e6-b7b7-cfb4ed95428e",
    "agent-03": "8b14c86a-89b1-11e6-aa09-f39f39e5592b",
    "300": "beb398d1-bf46-4895-a703-544679423e58",
    "301": "573958ec-862c-4ba3-b73d-3c281277f551",
    "302": "c3c3b964-cf44-421b-9529-4cb9f0b3e277",
}
SECRETS.update({str(number): f"secret-{number}" for number in range(303, 330)})

_MODULES = {
    "16": "chan_sip",
    "22": "res_sorcery_memory res_sorcery_astdb res_pjsip res_pjsip_session "
          "res_pjsip_authenticator_digest res_pjsip_caller_id res_pjsip_config_wizard "
          "res_pjsip_endpoint_identifier_user res_pjsip_nat res_pjsip_pubsub res_pjsip_registrar "
          "res_pjsip_rfc3326 res_pjsip_sdp_rtp chan_pjsip",
}


class Unavailable(Exception):
    """This version of Asterisk cannot be had here; the text says why."""


def root(version):
    """The path of the root that holds this version; makes it when it is not there (about a minute)."""
    made = subprocess.run([os.path.join(HERE, "root"), version], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False, env=unshifted())
    if made.returncode == 77:
        raise Unavailable(made.stderr.strip().splitlines()[-1])
    if made.returncode:
        raise RuntimeError(f"tests/asterisk/root {version}: {made.stderr.strip()}")
    return made.stdout.strip()


class Asterisk:
    """A running Asterisk, bound to 127.0.0.1 only. Use it in `with`, or call start() and stop().

    ami_port, sip_port   where it listens
    trunk_port           where its peer `trunk` is expected: a Phone with this port is the carrier
    tech                 "SIP" or "PJSIP"
    spool                its spool directory, seen from here; messages of the dialplan lie in spool/messages
    extra                {"queues.conf": "text"}: appended to the rendered configuration
    """

    def __init__(self, version="16", extra=None, name=None):
        self.version = str(version)
        self.name = name or f"asterisk-{self.version}"
        self.tech = "SIP" if self.version == "16" else "PJSIP"
        self.root = root(self.version)
        self.extra = extra or {}
        self.keep = bool(os.environ.get("ASTOUT_KEEP"))
        self.ami_port = process.free_port(socket.SOCK_STREAM)
        self.sip_port = process.free_port()
        self.trunk_port = process.free_port()
        self.process = None
        self.kept_log = None
        self._connection = None
        # The directory has the same name inside the root and, behind the root's path, outside.
        self.dir = tempfile.mkdtemp(prefix="astout-", dir=os.path.join(self.root, "tmp"))
        now = os.path.getmtime(self.dir)  # by the clock of the file system: ours may be set (tests/at)
        for path in glob.glob(os.path.join(self.root, "tmp", "astout-*")):
            if os.path.getmtime(path) < now - 86400:
                shutil.rmtree(path, ignore_errors=True)  # a run that was killed could not tidy up
        self._inside = self.dir[len(self.root):]
        self.spool = os.path.join(self.dir, "spool")
        self.log = os.path.join(self.dir, "log", "messages")
        self._output = os.path.join(self.dir, "log", "output")
        self._render()

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop(keep=True)
            raise

    def __exit__(self, kind, *_):
        self.stop(keep=kind is not None)

    def _render(self):
        for name in ("etc", "lib/keys", "run", "log", "spool/messages", "lib/agi-bin"):
            os.makedirs(os.path.join(self.dir, name))
        # Where the modules lie differs by release.
        modules = glob.glob(f"{self.root}/usr/lib/**/asterisk/modules/app_queue.so", recursive=True)
        if self.version == "16":
            peer = "[{0}]\ntype = friend\nsecret = {1}\nhost = dynamic\n"
        else:
            peer = "[{0}](phone)\ninbound_auth/username = {0}\ninbound_auth/password = {1}\n"
        values = {
            "DIR": self._inside,
            "MODULES": os.path.dirname(modules[0])[len(self.root):],
            "AMI_PORT": self.ami_port,
            "SIP_PORT": self.sip_port,
            "TRUNK_PORT": self.trunk_port,
            "CHANNEL": "\n".join(f"load = {name}.so" for name in _MODULES[self.version].split()),
            "PEERS": "\n".join(peer.format(*pair) for pair in SECRETS.items()),
        }
        skip = ("pjsip.conf", "pjsip_wizard.conf") if self.version == "16" else ("sip.conf",)
        for path in glob.glob(os.path.join(HERE, "conf", "*.conf")):
            name = os.path.basename(path)
            if name in skip:
                continue
            with open(path, encoding="utf-8") as template:
                text = template.read()
            for key, value in values.items():
                text = text.replace(f"@{key}@", str(value))
            self.write_conf(name, text + "\n" + self.extra.get(name, ""))

    def write_conf(self, name, text):
        """Replaces one configuration file; a reload by CLI makes it count."""
        with open(os.path.join(self.dir, "etc", name), "w", encoding="utf-8") as out:
            out.write(text)

    def _argv(self, *more):
        return ["chroot", self.root, "/usr/sbin/asterisk", "-C", f"{self._inside}/etc/asterisk.conf", *more]

    @staticmethod
    def _env():
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C", "TERM": "dumb"}

    # -- life -------------------------------------------------------------------------------------------

    def start(self, deadline=60.0):
        """Starts it and returns once it is fully booted."""
        self.process = process.start(self._argv("-f"), self._output, env=self._env(), cwd="/")
        try:
            self._connection = process.poll(self._greet, f"{self.name} boots", deadline, self.process)
            self._connection.wait_event("FullyBooted", deadline)
        except (RuntimeError, TimeoutError, AmiError) as error:
            raise RuntimeError(f"{error}\n{self.tail()}") from error
        return self

    def _greet(self):
        """The port opens early in the boot; an answer to Login is what counts."""
        connection = None
        try:
            connection = Ami(self.ami_port, timeout=5)
            if connection.login("admin", "admin-secret").ok:
                return connection
        except (OSError, AmiError):
            pass
        if connection:
            connection.close()
        return None

    def stop(self, keep=False):
        """Ends it (SIGTERM, then SIGKILL) and removes its directory; the log stays when `keep`."""
        self.end()
        if (keep or self.keep) and os.path.isdir(self.dir):
            logs = os.path.join(os.path.dirname(self.root), "logs")
            os.makedirs(logs, exist_ok=True)
            self.kept_log = os.path.join(logs, f"{self.name}-{os.path.basename(self.dir)}")
            shutil.copytree(os.path.join(self.dir, "log"), self.kept_log)
            print(f"{self.name}: log kept in {self.kept_log}")
        shutil.rmtree(self.dir, ignore_errors=True)

    def end(self, deadline=10.0):
        """Ends the process only: directory, ports and configuration stay for start()."""
        if self._connection:
            self._connection.close()
            self._connection = None
        if self.process:
            process.stop(self.process, deadline)
            self.process = None

    def kill9(self):
        """The power cut: SIGKILL. start() brings it back on the same ports."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.end()

    def restart(self):
        """SIGTERM, then up again on the same ports; registrations are remembered by Asterisk itself."""
        self.end()
        return self.start()

    @property
    def running(self):
        """Is the process alive?"""
        return self.process is not None and self.process.poll() is None

    # -- use --------------------------------------------------------------------------------------------

    def ami(self, username="admin", secret=None, **more):
        """A new AMI session, logged in (`Ami` of tests/ami.py). secret=None: that of conf/manager.conf."""
        connection = Ami(self.ami_port)
        response = connection.login(username, secret or f"{username}-secret", **more)
        if not response.ok:
            connection.close()
            raise AmiError(f"{self.name} refuses {username}: {response}")
        return connection

    def cli(self, command, timeout=45.0):
        """Runs a CLI command as an administrator would (asterisk -rx); returns what it prints."""
        done = subprocess.run(self._argv("-rx", command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=timeout, env=self._env(), cwd="/",
                              check=False)
        return done.stdout

    def dial(self, number, trunk=None):
        """The dial string of a number: SIP/300, PJSIP/300@trunk."""
        return f"{self.tech}/{number}" + (f"@{trunk}" if trunk else "")

    def hangup_all(self, deadline=40.0):
        """Ends every call and waits until none is left."""
        with self.ami() as connection:
            def quiet():
                _, channels, _ = connection.list_action("CoreShowChannels")
                for channel in channels:
                    connection.action("Hangup", Channel=channel["Channel"])
                return not channels
            process.poll(quiet, f"{self.name}: calls end", deadline)

    def cpu_seconds(self):
        """Processor time it has used so far (user + system), all threads."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def tail(self, lines=25):
        """The end of its log, for messages of failure."""
        text = ""
        for path in (self._output, self.log):
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as log:
                    text += f"--- {path}\n" + "".join(log.readlines()[-lines:])
        return text
