"""Programs that others wrote, as phones and carriers: baresip, SIPp, Kamailio. Each on loopback, in a folder of its own, ended by
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
    """A phone without a screen: answers by itself, plays a tone, writes what it hears to a file."""

    def __init__(self, folder: pathlib.Path, account: dict, hertz: float = 1000, codecs: str = "PCMU,PCMA", transport: str = "udp",
                 registrar: str = "", answer: bool = True, media: str = ""):
        folder.mkdir(parents=True)
        self.folder = folder
        self.control_port = free_port()
        write_wav(folder / "tone.wav", tone(hertz, 4, rate=48000), 48000)
        write_wav(folder / "silence.wav", [0] * 8000)
        modules = next(path for path in MODULES if pathlib.Path(path).is_dir())
        loaded = ["g711", "g722", "opus", "aufile", "aubridge", "sndfile", "srtp", "dtls_srtp", "ice", "auconv", "auresamp"]
        present = [name for name in loaded if (pathlib.Path(modules) / f"{name}.so").exists()]
        (folder / "config").write_text("\n".join([
            "poll_method epoll", f"sip_listen 127.0.0.1:{free_port()}", "net_interface 127.0.0.1", "call_local_timeout 60",
            "call_max_calls 4", "audio_player aubridge,sink", f"snd_path {folder}", f"audio_source aufile,{folder}/tone.wav",
            f"audio_alert aufile,{folder}/silence.wav", "audio_level no", "rtcp_mux no", "jitter_buffer_delay 5-10",
            "sip_verify_server no", f"module_path {modules}", *(f"module {name}.so" for name in present),
            "module_tmp uuid.so", "module_tmp account.so", "module_app menu.so", "module_app ctrl_tcp.so",
            f"ctrl_tcp_listen 127.0.0.1:{self.control_port}", ""]))
        sip = account["sip"]
        target = registrar or sip["registrar"].removeprefix("sip:")
        extra = f";{media}" if media else ""
        (folder / "accounts").write_text(
            f'<sip:{sip["username"]}@{sip["domain"]};transport={transport}>;auth_user={sip["username"]};auth_pass={sip["password"]};'
            f'outbound="sip:{target};transport={transport}";regint=120;answermode={"auto" if answer else "manual"};'
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
    """One SIPp scenario. `keys` are the scenario's own words."""

    def __init__(self, folder: pathlib.Path, scenario: str, port: int = 0, remote: str = "", calls: int = 1, service: str = "",
                 transport: str = "u1", timeout: int = 60, media_port: int = 0,
                 address: str = "127.0.0.1", **keys):
        self.port = port or free_port()
        command = ["sipp", "-sf", INTEROP / "sipp" / f"{scenario}.xml", "-i", address, "-p", self.port, "-mi", address,
                   "-mp", media_port or free_port(), "-m", calls, "-nostdin", "-t", transport, "-timeout", f"{timeout}s", "-timeout_error",
                   "-trace_err", "-error_file", folder / f"{scenario}-{self.port}.errors"]
        command += ["-trace_msg", "-message_file", folder / f"{scenario}-{self.port}.messages"]
        command += ["-s", service] if service else []
        for name, value in keys.items():
            command += ["-key", name, value]
        command += [remote] if remote else []
        self.messages = folder / f"{scenario}-{self.port}.messages"
        self.process = Process(f"sipp-{scenario}-{self.port}", command, folder, cwd=folder)

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

    def __init__(self, folder: pathlib.Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.control = folder / "control"
        self.process = Process("kamailio", ["kamailio", "-DD", "-E", "-m", "64", "-M", "8", "-P", folder / "pid", "-Y", folder,
                                            "-A", f"PORT={self.port}", "-A", f'CONTROL="unixs:{self.control}"',
                                            "-f", INTEROP / "kamailio" / "registrar.cfg"], folder)

    def close(self) -> None:
        self.process.end()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
