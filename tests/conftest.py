"""Fixtures of the end-to-end and interop suites. Logs of every server stay in pytest's folder of the failed test."""
import pathlib
import signal

import pytest

from harness.server import Server


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test says where the server's logs are, with their ends."""
    outcome = yield
    report = outcome.get_result()
    if report.when != "call" or not report.failed:
        return
    for value in getattr(item, "funcargs", {}).values():
        if isinstance(value, Server) and value.process:
            report.sections.append((f"server logs in {value.folder}", value.process.stderr[-6000:]))


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server with its sandbox for all tests that leave no trace."""
    shared = Server(tmp_path_factory.mktemp("server")).start()
    yield shared
    shared.stop()


@pytest.fixture(autouse=True)
def _time_limit(request):
    """A test that hangs is a failure of its own, not of the whole run."""
    def stop(_signal, _frame):
        raise TimeoutError("the test took too long")
    signal.signal(signal.SIGALRM, stop)
    signal.alarm(1800 if request.node.get_closest_marker("slow") else 300)
    yield
    signal.alarm(0)


@pytest.fixture(autouse=True)
def _sanitizers_stay_silent(request):
    """A report in the shared server's log fails the test that caused it, not the last one."""
    yield
    if "server" in request.fixturenames:
        request.getfixturevalue("server").process.check_sanitizers()


@pytest.fixture
def start_server(tmp_path):
    """Makes servers of a test's own; each is ended, and must have ended well, with the test."""
    made: list[Server] = []

    def start(name: str = "server", **settings) -> Server:
        made.append(Server(tmp_path / name, **settings))
        return made[-1].start()

    yield start
    for each in made:
        each.stop()


@pytest.fixture
def fresh(start_server):
    """A first run, for tests that change configuration."""
    return start_server()


@pytest.fixture(scope="session")
def api(server):
    return server.client().log_in()


@pytest.fixture
def agent(server):
    return server.agent


@pytest.fixture(scope="session")
def data_folder() -> pathlib.Path:
    return pathlib.Path(__file__).parent / "data"
