import pytest

from harness import Daemon, Sandbox


@pytest.fixture
def sandbox():
    upstream = Sandbox()
    yield upstream
    upstream.kill()


@pytest.fixture
def start(tmp_path, sandbox):
    """Starts daemons against the sandbox; all are stopped in the end and must have ended well."""
    started = []

    def start_daemon(*arguments, data_dir=tmp_path / "data", upstream=sandbox, **options):
        daemon = Daemon(data_dir, upstream, *arguments, **options)
        started.append(daemon)
        return daemon

    yield start_daemon
    for daemon in started:
        if daemon.process.poll() is None:
            assert daemon.stop() == 0, daemon.output()


@pytest.fixture
def daemon(start):
    return start()
