"""Programs that others wrote, as phones, carriers and relays: baresip, SIPp, Kamailio, coturn. Each on loopback, in a folder of its own, ended by
its pid."""
import json
import os
import pathlib
import socket

from harness.audio import tone, write_wav
from harness.ports import free_port
from harness.process import Process
from harness.waiting import until

INTEROP = pathlib.Path(__file__).resolve().parents[2] / "interop"
MODULES = ("/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules", "/usr/lib64/baresip/modules")


class Baresip:
    """A phone without a screen: answers by itself, plays a tone, writes what it hears to a file. `media`: parameters of the account, as
    `mediaenc=srtp`. With a `port` of its own it registers nowhere: a carrier whose number is the account's user name. TLS, with a `certificate` and its
    key in one file, is at the port behind that."""

    def __init__(self, folder: pathlib.Path, account: dict, hertz: float = 1000, codecs: str = "PCMU,PCMA", transport: str = "udp",
                 registrar: str = "", answer: bool = True, media: str = "", port: int = 0, certificate: pathlib.Path | None = None):
        folder.mkdir(parents=True)
        self.folder = folder
        self.control_port = free_port()
        write_wav(folder / "tone.wav", tone(hertz, 60))
        write_wav(folder / "silence.wav", [0] * 8000)
        modules = next(path for path in MODULES if pathlib.Path(path).is_dir())
        loaded = ["g711", "g722", "opus", "aufile", "aubridge", "sndfile", "srtp", "dtls_srtp", "ice", "auconv", "auresamp"]
        present = [name for name in loaded if (pathlib.Path(modules) / f"{name}.so").exists()]
        (folder / "config").write_text("\n".join([
            "poll_method epoll", f"sip_listen 127.0.0.1:{port or free_port()}", "net_interface 127.0.0.1", "call_local_timeout 60",
            "call_max_calls 4", "audio_player aubridge,sink", f"snd_path {folder}", f"audio_source aufile,{folder}/tone.wav",
            f"audio_alert aufile,{folder}/silence.wav", "ausrc_srate 8000", "auplay_srate 8000",
            "ausrc_channels 1", "auplay_channels 1", "audio_level no", "rtcp_mux no", "jitter_buffer_delay 5-10",
            "sip_verify_server no", *([f"sip_certificate {certificate}"] if certificate else []), f"module_path {modules}", *(f"module {name}.so" for name in present),
            "module_tmp uuid.so", "module_tmp account.so", "module_app menu.so", "module_app ctrl_tcp.so",
            f"ctrl_tcp_listen 127.0.0.1:{self.control_port}", ""]))
        sip = account["sip"]
        target = registrar or sip["registrar"].removeprefix("sip:")
        home = "regint=0" if port else f'outbound="sip:{target};transport={transport}";regint=120'
        extra = f";{media}" if media else ""
        (folder / "accounts").write_text(
            f'<sip:{sip["username"]}@{sip["domain"]};transport={transport}>;auth_user={sip["username"]};auth_pass={sip["password"]};'
            f'{home};answermode={"auto" if answer else "manual"};'
            f"audio_codecs={codecs}{extra}\n")
        self.process = Process("baresip", ["baresip", "-f", folder], folder, cwd=folder, env=os.environ | {"HOME": str(folder)})

    def command(self, name: str, parameters: str = "") -> None:
        text = json.dumps({"command": name, "params": parameters, "token": "t"})
        until(lambda: self._send(f"{len(text)}:{text},".encode()), 10, "baresip's control port")

    def _send(self, netstring: bytes) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.control_port), timeout=5) as control:
                control.sendall(netstring)
                control.settimeout(2)
                return bool(control.recv(4096))
        except OSError:
            return False

    def heard(self) -> pathlib.Path:
        return until(lambda: next(iter(sorted(self.folder.glob("dump-*-dec.wav"))), None), 10, "baresip's recording")

    def close(self) -> None:
        self.process.end()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Sipp:
    """One SIPp scenario; `words` fill its {{places}}."""

    def __init__(self, folder: pathlib.Path, scenario: str, port: int = 0, remote: str = "", calls: int = 1, service: str = "",
                 transport: str = "u1", timeout: int = 240, media_port: int = 0,
                 address: str = "127.0.0.1", **words):
        self.port, self.transport = port or free_port(), transport
        text = (INTEROP / "sipp" / f"{scenario}.xml").read_text()
        for name, value in words.items():
            text = text.replace("{{%s}}" % name, str(value))
        file = folder / f"{scenario}-{self.port}.xml"
        file.write_text(text)
        command = ["sipp", "-sf", file, "-i", address, "-p", self.port, "-mi", address,
                   "-mp", media_port or free_port(), "-m", calls, "-nostdin", "-t", transport, "-timeout", f"{timeout}s", "-timeout_error",
                   "-trace_err", "-error_file", folder / f"{scenario}-{self.port}.errors"]
        command += ["-trace_msg", "-message_file", folder / f"{scenario}-{self.port}.messages"]
        command += ["-s", service] if service else []
        command += [remote] if remote else []
        self.messages = folder / f"{scenario}-{self.port}.messages"
        self.process = Process(f"sipp-{scenario}-{self.port}", command, folder, cwd=folder)
        until(self._listens, 10, "SIPp listens")
        assert self.process.popen.returncode in (None, 0), f"{self.process.name}: {self.process.stderr[-2000:]}"

    def _listens(self) -> bool:
        """Itself, not another program that has the port; one that calls may be through already."""
        try:
            kinds = ("tcp", "tcp6") if self.transport.startswith("t") else ("udp", "udp6")
            return not self.process.running() or any(self.port in self.process.ports(kind) for kind in kinds)
        except OSError:  # it ended between the two
            return False

    def finish(self, seconds: float = 60) -> None:
        """Every call of the scenario went as written."""
        status = self.process.wait(seconds)
        assert status == 0, f"{self.process.name} exit {status}: {self.process.stderr[-2000:]}"

    def close(self) -> None:
        self.process.kill()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Kamailio:
    """A carrier's registrar with digest: user `trunk-*`, password `secret-` and the user name."""

    def __init__(self, folder: pathlib.Path, port: int = 0):
        folder.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self.control = folder / "control"
        self.process = Process("kamailio", ["kamailio", "-DD", "-E", "-m", "64", "-M", "8", "-P", folder / "pid", "-Y", folder,
                                            "-A", f"PORT={self.port}", "-A", f'CONTROL="unixs:{self.control}"',
                                            "-f", INTEROP / "kamailio" / "registrar.cfg"], folder)
        until(self._answers, 10, "Kamailio answers OPTIONS")

    def _answers(self) -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.connect(("127.0.0.1", self.port))
            udp.settimeout(0.5)
            here = "127.0.0.1:%d" % udp.getsockname()[1]
            try:
                udp.send((f"OPTIONS sip:127.0.0.1:{self.port} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bKup\r\n"
                          f"From: <sip:test@{here}>;tag=1\r\nTo: <sip:127.0.0.1>\r\nCall-ID: up\r\nCSeq: 1 OPTIONS\r\n"
                          "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n").encode())
                return udp.recv(2048).startswith(b"SIP/2.0 200")
            except OSError:
                return False

    def close(self) -> None:
        self.process.end()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Coturn:
    """A TURN server that lets in whoever has a login made from the shared secret (use-auth-secret), and nobody else."""

    def __init__(self, folder: pathlib.Path, secret: str, address: str = "127.0.0.1", port: int = 0, *options: str):
        folder.mkdir(parents=True, exist_ok=True)
        self.address, self.port = address, port or free_port()
        self.log = folder / "turn.log"
        self.process = Process("coturn", ["turnserver", "-n", "-v", f"--listening-ip={address}", f"--relay-ip={address}",
                                          f"--listening-port={self.port}", "--use-auth-secret", f"--static-auth-secret={secret}",
                                          "--realm=relay.test", "--no-tls", "--no-dtls", "--no-cli", "--allow-loopback-peers",
                                          f"--userdb={folder / 'turndb'}", f"--pidfile={folder / 'pid'}", f"--log-file={self.log}",
                                          "--simple-log", *options], folder)
        until(self._answers, 10, "coturn answers")

    def _answers(self) -> bool:
        binding = bytes.fromhex("000100002112a442") + os.urandom(12)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.connect((self.address, self.port))
            udp.settimeout(0.5)
            try:
                udp.send(binding)
                return udp.recv(2048)[8:20] == binding[8:20]
            except OSError:
                return False

    def close(self) -> None:
        self.process.end()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
