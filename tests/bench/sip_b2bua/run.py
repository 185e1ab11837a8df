#!/usr/bin/env python3
"""B2BUA signalling cost beside Kamailio, in one command: tests/bench/sip_b2bua/run.py

The same SIPp load runs in turn through Kamailio as a transaction-stateful, record-routing proxy (one worker) and through our B2BUA
(media: bypass), in interleaved rounds on the same two cores: generator on core 0, device on core 1. CPU is that of the device's whole
process tree (kernel accounting by tick, hence rounds of 10 s at one rate); memory is Pss at rest against Pss with calls up. A round counts
when fewer than 0.1 % of its calls failed and at least 98 % of the rate was reached. The verdict is a ratio of medians, not an absolute.

--anchored: media runs through the device: our media engine, rtpengine (user space, one thread) beside Kamailio and counted with it. Two
loads in turn: calls that end as soon as they are answered, without audio (what setting up and taking down media costs), and calls of 4 s
whose audio the callee echoes (200 packets each way a call); then memory with ten seconds' worth of the first kind up. `packets` is what
crossed the loopback interface per call: both devices must show about the same. No target is set for either.
"""
import argparse
import csv
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, '..', '..', '..'))
TICKS = os.sysconf('SC_CLK_TCK')
SERVICE = '+15551230000'
HOLD_MS = 4000  # of an anchored call with audio


def process_tree(root):
    children = {}
    for entry in os.listdir('/proc'):
        if not entry.isdigit():
            continue
        try:
            with open(f'/proc/{entry}/stat') as f:
                text = f.read()
        except OSError:
            continue
        children.setdefault(int(text[text.rindex(')') + 2:].split()[1]), []).append(int(entry))
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, [])
    return found


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        try:
            with open(f'/proc/{pid}/stat') as f:
                text = f.read()
        except OSError:
            continue
        fields = text[text.rindex(')') + 2:].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def pss_kb(pids):
    total = 0
    for pid in pids:
        try:
            with open(f'/proc/{pid}/smaps_rollup') as f:
                total += sum(int(line.split()[1]) for line in f if line.startswith('Pss:'))
        except OSError:
            continue
    return total


def loopback_packets():
    with open('/sys/class/net/lo/statistics/rx_packets') as f:
        return int(f.read())


def rows_of(path):
    try:
        with open(path) as f:
            return list(csv.DictReader(f, delimiter=';'))
    except OSError:
        return []


def free_udp_ports(count):
    """Ports that nobody holds at this moment, below the kernel's own range."""
    held, ports = [], []
    for port in range(6070, 9900, 10):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind(('127.0.0.1', port))
            ports.append(port)
        except OSError:
            pass
        held.append(udp)
        if len(ports) == count:
            break
    for udp in held:
        udp.close()
    return ports


def register_callee(port, server_port):
    """REGISTER with MD5 digest from the port that SIPp will answer on (SIPp itself stops at the SHA-256 challenge before it)."""
    realm, password = 'dialplane.test', 'secret'
    md5 = lambda text: hashlib.md5(text.encode()).hexdigest()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(('127.0.0.1', port))
        udp.settimeout(5)
        authorization = ''
        for cseq in (1, 2):
            udp.sendto((f'REGISTER sip:{realm} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK-bench-{cseq}\r\n'
                        f'Max-Forwards: 70\r\nFrom: <sip:callee@{realm}>;tag=bench\r\nTo: <sip:callee@{realm}>\r\n'
                        f'Call-ID: bench-register\r\nCSeq: {cseq} REGISTER\r\nContact: <sip:callee@127.0.0.1:{port}>\r\n'
                        f'Expires: 3600\r\n{authorization}Content-Length: 0\r\n\r\n').encode(), ('127.0.0.1', server_port))
            answer = udp.recv(4096).decode()
            if answer.startswith('SIP/2.0 200'):
                return
            nonce = re.search(r'nonce="([^"]+)", algorithm=MD5', answer).group(1)
            ha1, ha2 = md5(f'callee:{realm}:{password}'), md5(f'REGISTER:sip:{realm}')
            response = md5(f'{ha1}:{nonce}:00000001:bench:auth:{ha2}')
            authorization = (f'Authorization: Digest username="callee", realm="{realm}", nonce="{nonce}", uri="sip:{realm}", '
                             f'algorithm=MD5, qop=auth, nc=00000001, cnonce="bench", response="{response}"\r\n')
    sys.exit('the callee could not register')


class Round:
    """One device under one load; everything it starts it also ends, by process."""

    def __init__(self, options, device, audio=False):
        self.options, self.device, self.audio = options, device, audio
        self.folder = tempfile.mkdtemp(prefix='sip_b2bua.')
        self.started = []
        self.port, self.caller_port, self.callee_port, self.ng_port = free_udp_ports(4)

    def spawn(self, command, core, log, **more):
        process = subprocess.Popen(['taskset', '-c', str(core)] + command, stdin=subprocess.DEVNULL,
                                   stdout=open(os.path.join(self.folder, log), 'wb'), stderr=subprocess.STDOUT,
                                   cwd=self.folder, env=dict(os.environ, TERM='dumb'), **more)
        self.started.append(process)
        return process

    def stop_all(self):
        for process in reversed(self.started):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in reversed(self.started):
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def sipp(self, scenario, port, *more):
        return ['sipp', '-sf', os.path.join(HERE, scenario), '-i', '127.0.0.1', '-mi', '127.0.0.1', '-p', str(port), '-t', 'u1',
                '-nostdin', '-buff_size', '4194304', '-skip_rlimit', '-max_recv_loops', '10000', '-max_sched_loops', '10000',
                '-timer_resol', '1', '-watchdog_minor_maxtriggers', '100000', '-watchdog_major_maxtriggers', '100000',
                '-trace_stat', '-fd', '1', '-deadcall_wait', '0'] + list(more)

    def start_device(self):
        o = self.options
        listen = f'127.0.0.1:{self.port}'
        kamailio = self.device.startswith('kamailio')
        pids = []
        if self.device == 'kamailio+rtpengine':
            engine = self.spawn(['rtpengine', '--foreground', '--table=-1', '--interface=127.0.0.1',
                                 f'--listen-ng=127.0.0.1:{self.ng_port}', '--port-min=40000', '--port-max=58999', '--num-threads=1',
                                 '--log-level=3', '--log-stderr', '--delete-delay=0'], o.device_core, 'rtpengine.log')
            time.sleep(1)
            pids = process_tree(engine.pid)
        if kamailio:
            command = ['kamailio', '-DD', '-E', '-m', '512', '-M', '16', '-P', os.path.join(self.folder, 'pid'), '-Y', self.folder,
                       '-A', f'LISTEN=udp:{listen}', '-A', f'NEXT="sip:127.0.0.1:{self.callee_port}"',
                       '-f', os.path.join(HERE, 'kamailio.cfg')]
            if pids:
                command += ['-A', f'RTPENGINE="udp:127.0.0.1:{self.ng_port}"']
        else:
            command = [o.binary, listen, '127.0.0.1'] + (['anchored'] if o.anchored else [])
        device = self.spawn(command, o.device_core, 'device.log')
        time.sleep(2)
        if device.poll() is not None:
            with open(os.path.join(self.folder, 'device.log')) as f:
                sys.exit(f'{self.device} does not start: {f.read()[-2000:]}')
        if self.device == 'dialplane':
            register_callee(self.callee_port, self.port)
        return pids + process_tree(device.pid)

    def caller_scenario(self):
        """The same call; with audio it plays a second of noise in a loop from a port of its own until BYE."""
        with open(os.path.join(HERE, 'caller.xml')) as f:
            text = f.read()
        if self.audio:
            with open(os.path.join(self.folder, 'audio.ul'), 'wb') as f:
                f.write(os.urandom(8000))
            play = '<nop><action><exec rtp_stream="audio.ul,-1,0,PCMU/8000"/></action></nop>'
            text = text.replace('[media_port]', '[rtpstream_audio_port]').replace('<pause/>', play + '\n  <pause/>')
        path = os.path.join(self.folder, 'caller.xml')
        with open(path, 'w') as f:
            f.write(text)
        return path

    def run(self, rate, seconds, hold_ms, memory):
        o = self.options
        try:
            pids = self.start_device()
            echo = ['-rtp_echo'] if self.audio else []
            self.spawn(self.sipp('callee.xml', self.callee_port, '-mp', '20000', '-stf', 'callee.csv', *echo), o.generator_core, 'callee.log')
            time.sleep(0.5)
            calls = int(rate * seconds)
            memory_idle, cpu_before, packets_before = pss_kb(pids), cpu_seconds(pids), loopback_packets()
            began = time.time()
            caller = self.spawn(self.sipp(self.caller_scenario(), self.caller_port, '-mp', '30000', '-s', SERVICE, '-r', str(rate), '-m', str(calls),
                                          '-l', '1000000', '-d', str(hold_ms), '-recv_timeout', '12000', '-stf', 'caller.csv',
                                          f'127.0.0.1:{self.port}'), o.generator_core, 'caller.log')
            memory_peak = memory_idle
            while caller.poll() is None:
                time.sleep(0.5)
                if memory:
                    memory_peak = max(memory_peak, pss_kb(pids))
                if time.time() - began > seconds + hold_ms / 1000 + 40:
                    caller.kill()
                    caller.wait()
            cpu, packets = cpu_seconds(pids) - cpu_before, loopback_packets() - packets_before
            return {**self.summary(calls, rate, cpu, memory_idle, memory_peak), 'packets': round(packets / calls)}
        finally:
            self.stop_all()

    def summary(self, calls, rate, cpu, memory_idle, memory_peak):
        rows = rows_of(os.path.join(self.folder, 'caller.csv'))
        last = rows[-1] if rows else {}
        good = int(last.get('SuccessfulCall(C)', 0))
        active = [float(row['CallRate(P)']) for row in rows if int(row['OutgoingCall(P)']) > 0]
        reached = statistics.mean(active[1:-1] or active or [0])
        up = max([int(row['CurrentCall']) for row in rows] or [0])
        return {'device': self.device, 'calls': calls, 'good': good, 'cpu_ms_per_call': round(1000 * cpu / max(1, good), 4),
                'retransmissions': int(last.get('Retransmissions(C)', 0)), 'rate_reached': round(reached),
                'calls_up': up, 'memory_idle_kb': memory_idle, 'memory_peak_kb': memory_peak,
                'counts': good > 0.999 * calls and reached >= 0.98 * rate}


def run_rounds(o, devices, rate, hold_ms, audio):
    """Interleaved rounds; the median of CPU ms per call for each device."""
    results = {device: [] for device in devices}
    for number in range(o.rounds):
        for device in devices:
            result = Round(o, device, audio).run(rate, o.secs, hold_ms, False)
            results[device].append(result)
            print(json.dumps({'round': number + 1, **result}), flush=True)
    medians = {}
    for device in devices:
        values = [r['cpu_ms_per_call'] for r in results[device] if r['counts']]
        if not values:
            sys.exit(f'no round of {device} counts: the machine is too busy')
        medians[device] = statistics.median(values)
    return medians


def memory_per_call(o, device, rate):
    """kB of the device's processes per call, ten seconds' worth of calls up at once. What the kernel holds for sockets is not in it."""
    result = Round(o, device).run(rate, 10, 10500, True)
    print(json.dumps({'memory': True, **result}), flush=True)
    return round((result['memory_peak_kb'] - result['memory_idle_kb']) / max(1, result['calls_up']), 2)


def run_anchored(o):
    devices = ['kamailio+rtpengine', 'dialplane']
    for name, rate, hold_ms, audio in (('setup', o.rate, 0, False), ('audio', o.audio_rate, HOLD_MS, True)):
        medians = run_rounds(o, devices, rate, hold_ms, audio)
        print(json.dumps({'anchored': name, 'calls_a_second': rate, 'cpu_ms_per_call': medians,
                          'cpu_ratio': round(medians['dialplane'] / medians['kamailio+rtpengine'], 3)}), flush=True)
    if not o.no_memory:
        print(json.dumps({'kb_per_call_up': {device: memory_per_call(o, device, o.rate) for device in devices}}))
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--binary', default=os.path.join(ROOT, 'build', 'bench', 'bin', 'sip_b2bua_bench'))
    parser.add_argument('--rate', type=int, help='calls a second; 1000, anchored 200')
    parser.add_argument('--secs', type=float, default=10)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--generator-core', default='0')
    parser.add_argument('--device-core', default='1')
    parser.add_argument('--no-memory', action='store_true')
    parser.add_argument('--anchored', action='store_true', help='with media through the device')
    parser.add_argument('--audio-rate', type=int, default=40, help='anchored calls a second with audio')
    o = parser.parse_args()
    o.rate = o.rate or (200 if o.anchored else 1000)
    if not os.path.exists(o.binary):
        sys.exit(f'{o.binary} is missing: cmake --preset bench && cmake --build --preset bench --target sip_b2bua_bench')
    if o.anchored:
        return run_anchored(o)
    devices = ['kamailio', 'dialplane']
    medians = run_rounds(o, devices, o.rate, 0, False)
    ratio = medians['dialplane'] / medians['kamailio']
    report = {'cpu_ms_per_call': medians, 'cpu_ratio': round(ratio, 3), 'target': 0.5}
    if not o.no_memory:
        for device in devices:
            report.setdefault('kb_per_call_up', {})[device] = memory_per_call(o, device, 500)
        report['memory_target_kb'] = 8
    print(json.dumps(report))
    return 0 if ratio <= 0.5 else 1


if __name__ == '__main__':
    sys.exit(main())
