#!/usr/bin/env python3
"""API reads and durable writes beside nginx and Node, in one command: tests/bench/api/run.py

Reads: GET of one user, against nginx serving the same bytes (from memory, and from a file) and against Fastify, which builds the same JSON
from memory or from a row of SQLite. Writes: POST of a site, which stores resource, event and audit entry before it answers, against
Fastify + better-sqlite3 storing the same three rows in a copy of the same database, with the same synchronous=FULL.

Every server runs on core 0, wrk (one thread, 32 connections) on core 1, in interleaved rounds. Requests per second mean something on a quiet
machine only; CPU per request (process accounting) and the ratios of one round stand more noise. `others` is the share of the machine that
neither server nor wrk used. As root all of them run at a real-time priority. Everything this starts it also ends, in a folder of its own, on free ports of 127.0.0.1.
"""
import argparse
import base64
import getpass
import json
import os
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, '..', '..', '..'))
TICKS = os.sysconf('SC_CLK_TCK')
USERS = '/api/v2/users'
SITES = '/api/v2/telephony/providers/edges/sites'


# --- what the kernel counts ---

def children_of(parent):
    found = []
    for entry in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{entry}/stat') as f:
                if int(f.read().rpartition(')')[2].split()[1]) == parent:
                    found.append(int(entry))
        except OSError:
            continue
    return found


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        with open(f'/proc/{pid}/stat') as f:
            fields = f.read().rpartition(')')[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def machine_busy():
    with open('/proc/stat') as f:
        fields = [int(x) for x in f.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICKS  # all but idle and iowait


def fsync_p50_ms(folder):
    """What one durable append costs here, nobody else writing: the floor under one unbatched write."""
    times = []
    with open(os.path.join(folder, 'fsync'), 'wb') as f:
        for _ in range(300):
            f.write(b'x' * 4096)
            f.flush()
            began = time.perf_counter()
            os.fdatasync(f.fileno())
            times.append(time.perf_counter() - began)
    return round(1000 * statistics.median(times), 3)


def pinned(core):
    """On its core, ahead of whatever else the machine does where the kernel lets us (as root): figures of a busy machine repeat then."""
    realtime = subprocess.run(['chrt', '-r', '10', 'true'], stderr=subprocess.DEVNULL).returncode == 0
    return ['taskset', '-c', core] + (['chrt', '-r', '10'] if realtime else [])


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


# --- the servers ---

class Server:
    def __init__(self, options, folder):
        self.options, self.folder, self.process, self.url = options, folder, None, ''

    def spawn(self, command, **more):
        env = {k: v for k, v in os.environ.items() if not k.startswith('DP_')}
        with open(os.path.join(self.folder, f'{type(self).__name__}.log'), 'wb') as log:
            self.process = subprocess.Popen(pinned(self.options.server_core) + command, stdin=subprocess.DEVNULL,
                                            stderr=log, cwd=self.folder, env=env, **({'stdout': log} | more))

    def wait_for(self, is_there, what):
        for _ in range(300):
            if self.process.poll() is not None:
                break
            if is_there():
                return
            time.sleep(0.1)
        with open(os.path.join(self.folder, f'{type(self).__name__}.log')) as f:
            sys.exit(f'{what} does not start: {f.read()[-2000:]}')

    def pids(self):
        return [self.process.pid] + children_of(self.process.pid)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Dialplane(Server):
    def start(self):
        self.data = os.path.join(self.folder, 'data')
        self.database = os.path.join(self.data, 'dialplane.db')
        self.spawn([self.options.binary, 'serve', '--data', self.data, '--http', '127.0.0.1:0', '--https', 'off', '--sip', 'off',
                    '--sips', 'off', '--rate-limit', '0'])
        told = os.path.join(self.data, 'first-run.json')
        self.wait_for(lambda: os.path.exists(told), 'dialplane')
        with open(told) as f:
            self.first_run = json.load(f)
        self.url = self.first_run['baseUrl']

    def token(self):
        oauth = self.first_run['oauth']
        basic = base64.b64encode(f'{oauth["clientId"]}:{oauth["clientSecret"]}'.encode()).decode()
        request = urllib.request.Request(self.url + '/oauth/token', b'grant_type=client_credentials', {'Authorization': f'Basic {basic}'})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)['access_token']

    def get(self, path, token):
        request = urllib.request.Request(self.url + path, headers={'Authorization': f'Bearer {token}'})
        with urllib.request.urlopen(request) as answer:
            return answer.read().decode(), answer.getheaders()


class Nginx(Server):
    def start(self, body, headers):
        port = free_port()
        kept = [(k, v) for k, v in headers if k.lower() not in ('content-type', 'content-length', 'date', 'server', 'connection')]
        values = {'FOLDER': self.folder, 'PORT': str(port), 'USER': getpass.getuser(), 'BODY': body,
                  'HEADERS': ' '.join(f"add_header {k} '{v}';" for k, v in kept)}
        with open(os.path.join(HERE, 'nginx.conf')) as f:
            text = f.read()
        for key, value in values.items():
            text = text.replace(f'@{key}@', value)
        for name, content in (('nginx.conf', text), ('body.json', body)):
            with open(os.path.join(self.folder, name), 'w') as f:
                f.write(content)
        self.spawn([self.options.nginx, '-c', os.path.join(self.folder, 'nginx.conf')])
        self.url = f'http://127.0.0.1:{port}'
        self.wait_for(lambda: len(self.pids()) == 2 and answers(port), 'nginx')


class Peer(Server):
    def start(self, database):
        self.database = os.path.join(self.folder, 'peer.db')
        with sqlite3.connect(database) as source, sqlite3.connect(self.database) as copy:
            source.backup(copy)
        installed = os.path.join(ROOT, 'build', 'bench', 'api_peer')
        install_peer(installed)
        self.spawn(['node', os.path.join(installed, 'server.mjs'), self.database], stdout=subprocess.PIPE, text=True)
        port = self.process.stdout.readline().strip()
        self.url = f'http://127.0.0.1:{port}'
        self.wait_for(lambda: port.isdigit(), 'the peer')


def answers(port):
    with socket.socket() as s:
        return s.connect_ex(('127.0.0.1', port)) == 0


def install_peer(target):
    """npm's packages with better-sqlite3 compiled here against the headers beside node: a prebuilt binary would come from elsewhere."""
    os.makedirs(target, exist_ok=True)
    for name in os.listdir(os.path.join(HERE, 'peer')):
        shutil.copy2(os.path.join(HERE, 'peer', name), target)
    addon = os.path.join(target, 'node_modules', 'better-sqlite3')
    if os.path.exists(os.path.join(addon, 'build', 'Release', 'better_sqlite3.node')):
        return
    print('installing the peer (better-sqlite3 is compiled: a minute or two)', flush=True)
    prefix = subprocess.check_output(['node', '-p', 'process.execPath'], text=True).strip().rpartition('/bin/')[0]
    env = dict(os.environ)
    for place in (prefix, '/usr/include/nodejs'):
        if os.path.exists(os.path.join(place, 'include', 'node', 'node.h')):
            env['npm_config_nodedir'] = place
    for command, folder in ((['npm', 'ci', '--ignore-scripts'], target), (['npm', 'run', 'build-release'], addon)):
        done = subprocess.run(command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            sys.exit(f'{" ".join(command)} failed: {done.stdout[-3000:]}')


# --- one measurement ---

def measure(options, server, path, token, seconds, write=''):
    env = dict(os.environ, BENCH_TOKEN=token)
    if write:
        env['BENCH_WRITE'] = write
    command = pinned(options.load_core) + ['wrk', '-t1', f'-c{options.connections}', f'-d{seconds}s', '--latency', '--timeout', '20s',
                                           '-s', os.path.join(HERE, 'load.lua'), server.url + path]
    pids = server.pids()
    before, busy, own, began = cpu_seconds(pids), machine_busy(), os.times(), time.time()
    output = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True).stdout
    cpu, wall = cpu_seconds(pids) - before, time.time() - began
    load_cpu = sum(os.times()[2:4]) - sum(own[2:4])
    result = json.loads(output.strip().splitlines()[-1])
    if result['refused'] or result['broken'] or not result['requests']:
        sys.exit(f'{server.url}{path}: not every request succeeded: {result}')
    others = max(0.0, (machine_busy() - busy - cpu - load_cpu) / (wall * os.cpu_count()))
    return {'per_second': round(result['requests'] / result['seconds']), 'cpu_us': round(1e6 * cpu / result['requests'], 1),
            'p50_ms': result['p50_ms'], 'p99_ms': result['p99_ms'], 'others': f'{100 * others:.0f} %', 'requests': result['requests']}


def run_rounds(options, title, cases, token):
    """cases: name → (server, path, write?); ratios are inside a round."""
    print(f'\n{title}')
    results = {name: [] for name in cases}
    for number in range(options.rounds):
        for name, (server, path, write) in cases.items():
            if number == 0:
                measure(options, server, path, token, 1, write and 'warm')
            result = measure(options, server, path, token, options.secs, write and str(number))
            results[name].append(result)
            print(f'  round {number + 1}  {name:<16} {result["per_second"]:>8}/s  {result["cpu_us"]:>7} us CPU  p50 {result["p50_ms"]:>7} ms  '
                  f'p99 {result["p99_ms"]:>7} ms  others {result["others"]}', flush=True)
    return results


def report_of(results):
    """Medians, and of each peer how many times as many requests we answer and what share of its CPU one of ours takes."""
    report = {}
    for name, rounds in results.items():
        report[name] = {key: round(statistics.median(r[key] for r in rounds), 3) for key in ('per_second', 'cpu_us', 'p50_ms', 'p99_ms')}
        for ratio, key in (('ours_per_second_ratio', 'per_second'), ('ours_cpu_ratio', 'cpu_us')):
            of_round = [round(mine[key] / other[key], 2) for mine, other in zip(results['dialplane'], rounds)]
            if name != 'dialplane':
                report[name][ratio] = {'rounds': of_round, 'median': round(statistics.median(of_round), 2)}
    return report


def print_report(report):
    for kind, cases in report.items():
        print(f'\n{kind}, medians')
        for name, values in cases.items():
            print(f'  {name:<16} {json.dumps(values)}')


def check_rows(name, database, rounds):
    """Every acknowledged write is there, three rows each."""
    acknowledged = sum(r['requests'] for r in rounds)
    with sqlite3.connect(database) as db:
        for table in ('sites', 'events', 'audit_entries'):
            rows = db.execute(f'SELECT COUNT(*) FROM {table}').fetchone()[0]
            if rows < acknowledged:
                sys.exit(f'{name}: {acknowledged} writes were acknowledged, {table} has {rows} rows')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--binary', default=os.path.join(ROOT, 'build', 'release', 'bin', 'dialplane'))
    parser.add_argument('--secs', type=int, default=5)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--connections', type=int, default=32)
    parser.add_argument('--server-core', default='0')
    parser.add_argument('--load-core', default='1')
    parser.add_argument('--folder', help='where data lies (a disk, not a memory file system)', default=None)
    parser.add_argument('--only', choices=('reads', 'writes'))
    options = parser.parse_args()
    options.binary = os.path.abspath(options.binary)
    options.nginx = shutil.which('nginx') or '/usr/sbin/nginx'
    for tool in (options.binary, options.nginx, shutil.which('wrk') or 'wrk', shutil.which('node') or 'node'):
        if not os.path.exists(tool):
            sys.exit(f'{tool} is missing (packages nginx-light, wrk, nodejs, npm; scripts/run.sh builds the binary)')

    folder = tempfile.mkdtemp(prefix='api_bench.', dir=options.folder)
    ours, nginx, peer = Dialplane(options, folder), Nginx(options, folder), Peer(options, folder)
    try:
        ours.start()
        token = ours.token()
        user = f'{USERS}/{ours.first_run["agents"][0]["userId"]}'
        body, headers = ours.get(user, token)
        nginx.start(body, headers)
        peer.start(ours.database)
        print(f'load average {os.getloadavg()[0]:.1f}, fdatasync p50 {fsync_p50_ms(folder)} ms, answer {len(body)} bytes')
        report, writes = {}, {}
        if options.only != 'writes':
            report['reads'] = report_of(run_rounds(options, 'GET of one user', {
                'dialplane': (ours, user, False), 'nginx memory': (nginx, '/memory', False), 'nginx file': (nginx, '/file', False),
                'fastify memory': (peer, user, False), 'fastify sqlite': (peer, user.replace('/api/v2', '/sqlite'), False)}, token))
        if options.only != 'reads':
            writes = run_rounds(options, 'POST of one site: resource, event and audit entry, synchronous=FULL', {
                'dialplane': (ours, SITES, True), 'fastify': (peer, SITES, True)}, token)
            report['writes'] = report_of(writes)
    finally:
        for server in (peer, nginx, ours):
            server.stop()
    if writes:
        check_rows('dialplane', ours.database, writes['dialplane'])
        check_rows('fastify', peer.database, writes['fastify'])
    shutil.rmtree(folder)
    print_report(report)


if __name__ == '__main__':
    main()
