"""Tones: made, sent as RTP, recorded, and measured. G.711 mu-law (ITU-T G.711), 8 kHz mono, 20 ms packets."""
import array
import math
import pathlib
import random
import socket
import struct
import threading
import time
import wave

RATE = 8000
FRAME = 160


def tone(hertz: float, seconds: float, amplitude: float = 8000, rate: int = RATE) -> list[int]:
    return [round(amplitude * math.sin(2 * math.pi * hertz * i / rate)) for i in range(int(seconds * rate))]


def write_wav(path: pathlib.Path, samples: list[int], rate: int = RATE) -> pathlib.Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(array.array("h", samples).tobytes())
    return path


def read_wav(path: pathlib.Path) -> tuple[list[int], int]:
    """The first channel, and the sample rate. A file still being written has a head without a length: take all there is."""
    data = path.read_bytes()
    channels, rate = struct.unpack_from("<HI", data, 22)
    body = data[data.index(b"data") + 8:]
    samples = array.array("h", body[:len(body) - len(body) % 2])
    return list(samples[::channels]), rate


def encode_ulaw(sample: int) -> int:
    sign, magnitude = (0x80, -sample) if sample < 0 else (0, sample)
    magnitude = min(magnitude, 32635) + 132
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | (magnitude >> (exponent + 3)) & 0x0F) & 0xFF


def decode_ulaw(code: int) -> int:
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + 132 << ((code & 0x70) >> 4)) - 132
    return -magnitude if code & 0x80 else magnitude


def tone_snr_db(samples: list[int], hertz: float, rate: int = RATE) -> float:
    """How far the tone stands above everything else, in dB, over all of it. A sine of that frequency is fitted to every 100 ms, so
    that two clocks may drift; silence and clicks count as noise."""
    size = rate // 10
    signal = noise = 0.0
    turn = 2 * math.pi * hertz / rate
    wave_ = [(math.cos(turn * i), math.sin(turn * i)) for i in range(size)]
    for start in range(0, len(samples) - size + 1, size):
        window = samples[start:start + size]
        total = sum(float(x) * x for x in window)
        real = sum(x * c for x, (c, _) in zip(window, wave_))
        imaginary = sum(x * s for x, (_, s) in zip(window, wave_))
        power = 2 * (real * real + imaginary * imaginary) / size
        signal += power
        noise += max(total - power, 0.0)
    return 10 * math.log10(signal / max(noise, 1e-9)) if signal > 0 else -math.inf


def snr_db(samples: list[int], hertz: float, rate: int = RATE) -> float:
    """Over the middle half."""
    return tone_snr_db(samples[len(samples) // 4: len(samples) - len(samples) // 4], hertz, rate)


def best_snr_db(samples: list[int], hertz: float, rate: int = RATE, seconds: float = 3) -> float:
    """Of every stretch of that length: a machine busy with other things may lose packets in one of them."""
    size, step = int(seconds * rate), rate // 2
    return max(snr_db(samples[start:start + size], hertz, rate) for start in range(0, max(len(samples) - size, 1), step))


def _key_packets(event: int) -> list[bytes]:
    """100 ms of a key, then its end three times (RFC 4733 section 2.5)."""
    durations = [FRAME * (i + 1) for i in range(5)]
    return ([struct.pack(">BBH", event, 10, duration) for duration in durations]
            + [struct.pack(">BBH", event, 0x80 | 10, durations[-1])] * 3)


def envelope(samples: list[int], rate: int = RATE) -> list[float]:
    """Loudness of every 20 ms."""
    size = rate // 50
    return [math.sqrt(sum(float(x) * x for x in samples[i:i + size]) / size) for i in range(0, len(samples) - size + 1, size)]


def likeness(heard: list[int], said: list[float]) -> float:
    """How much some stretch of what was heard is like the envelope of what was said: 1 is the same speech, 0 another."""
    within, size = envelope(heard), len(said)
    best = 0.0
    for start in range(len(within) - size + 1):
        part = within[start:start + size]
        mean_a, mean_b = sum(part) / size, sum(said) / size
        both = sum((a - mean_a) * (b - mean_b) for a, b in zip(part, said))
        spread = math.sqrt(sum((a - mean_a) ** 2 for a in part) * sum((b - mean_b) ** 2 for b in said))
        best = max(best, both / spread if spread else 0.0)
    return best


class RtpEndpoint:
    """One PCMU media endpoint: sends a tone to whoever sent to it first (or to `target`), and keeps what it hears."""

    def __init__(self, hertz: float, seconds: float = 900, address: str = "127.0.0.1"):
        self.socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.port = self.socket.getsockname()[1]
        self.frames = [bytes(encode_ulaw(x) for x in tone(hertz, 1)[i:i + FRAME]) for i in range(0, RATE, FRAME)]
        self.target = None
        self.keys: list[str] = []  # to be pressed, RFC 4733 payload type 101
        self.packets: list[tuple[int, int, bytes]] = []  # (sequence, payload type, payload)
        self.sources: set = set()
        self._deadline = time.monotonic() + seconds
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._receive, self._send)]
        for thread in self._threads:
            thread.start()

    def _receive(self) -> None:
        self.socket.settimeout(0.2)
        while not self._stopped.is_set():
            try:
                packet, source = self.socket.recvfrom(2048)
            except TimeoutError:
                continue
            except OSError:
                return
            if len(packet) < 12 or packet[0] >> 6 != 2 or 64 <= packet[1] & 0x7F <= 95:
                continue  # not RTP, or RTCP (RFC 5761 section 4)
            self.sources.add(source)
            self.target = self.target or source
            self.packets.append((struct.unpack_from(">H", packet, 2)[0], packet[1] & 0x7F, packet[12:]))

    def _send(self) -> None:
        source = random.Random(self.port)
        sequence, timestamp, ssrc = source.getrandbits(16), source.getrandbits(32), source.getrandbits(32)
        event: list[bytes] = []
        began = 0
        due = time.monotonic()
        for number in range(1_000_000):
            if self._stopped.is_set() or time.monotonic() > self._deadline:
                return
            if self.target:
                if self.keys and not event:
                    event = _key_packets("0123456789*#ABCD".index(self.keys.pop(0)))
                    began = number
                kind, marker, when, payload = 0, 0, number, self.frames[number % len(self.frames)]
                if event:
                    kind, marker, when, payload = 101, 0x80 if number == began else 0, began, event.pop(0)
                head = struct.pack(">BBHII", 0x80, kind | marker, (sequence + number) & 0xFFFF, (timestamp + when * FRAME) & 0xFFFFFFFF, ssrc)
                try:
                    self.socket.sendto(head + payload, self.target)
                except OSError:
                    return
            due += 0.02
            self._stopped.wait(max(0.0, due - time.monotonic()))

    def press(self, key: str) -> None:
        """A key of the telephone, as telephone-event."""
        self.keys.append(key)

    def heard(self) -> list[int]:
        """What arrived as PCMU, in order of sequence numbers; a lost packet is a gap of silence."""
        codes, last = [], None
        for sequence, kind, payload in list(self.packets):
            if kind != 0:
                continue
            if last is not None and 1 < (sequence - last) & 0xFFFF < 50:
                codes += [0xFF] * FRAME * (((sequence - last) & 0xFFFF) - 1)
            last = sequence
            codes += payload
        return [decode_ulaw(code) for code in codes]

    def close(self) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(5)
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
