"""A machine of its own with a real systemd: a container of systemd-nspawn on an overlay of this machine's root."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import time
import uuid

PATIENCE = 60


def missing():
    """What keeps this machine from running one, or None."""
    if os.geteuid() != 0:
        return "needs root"
    if shutil.which("systemd-nspawn") is None:
        return "needs systemd-nspawn (Debian: systemd-container)"
    if not pathlib.Path("/lib/systemd/systemd").exists():
        return "needs systemd"
    return None


class Machine:
    def __init__(self, folder):
        """`folder` takes the changes; it must not be on an overlay itself."""
        self.folder = pathlib.Path(folder)
        self.root = self.folder / "root"
        self.root.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(self.folder / "root")], check=True)
        for name in ("upper", "work", "merged"):
            (self.root / name).mkdir()
        layers = f"lowerdir=/,upperdir={self.root}/upper,workdir={self.root}/work"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, str(self.root / "merged")], check=True)
        self.files = self.root / "merged"
        (self.files / "etc/machine-id").write_text(uuid.uuid4().hex + "\n")
        (self.files / "usr/sbin/policy-rc.d").unlink(missing_ok=True)  # images for containers forbid services by it
        self.log = open(self.folder / "console", "wb")
        self.nspawn = None
        self.leader = None

    def boot(self):
        name = f"cached-{os.getpid()}"
        self.nspawn = subprocess.Popen(
            ["systemd-nspawn", "--quiet", f"--directory={self.files}", f"--machine={name}", "--register=no", "--keep-unit",
             "--private-network", "--settings=no", "--console=pipe", "--boot", "--", "systemd.unit=basic.target"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT,
        )
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            assert self.nspawn.poll() is None, (self.folder / "console").read_text(errors="replace")
            self.leader = self._leader()  # its first child is only a step on the way
            if self.leader and self.run("systemctl", "is-active", "--quiet", "basic.target", check=False).returncode == 0:
                return
            time.sleep(0.2)
        raise RuntimeError("the machine did not boot: " + (self.folder / "console").read_text(errors="replace"))

    def _leader(self):
        children = pathlib.Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children").read_text().split()
        return children[0] if children else None

    def run(self, *command, check=True, **options):
        done = subprocess.run(
            ["nsenter", "--target", self.leader, "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", *map(str, command)],
            capture_output=True, text=True, timeout=PATIENCE, **options,
        )
        assert not check or done.returncode == 0, (command, done.stdout, done.stderr)
        return done

    def stop(self):
        if self.leader:  # the namespace's first process takes all others with it; systemd-nspawn alone would leave them
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(self.leader), signal.SIGKILL)
        if self.nspawn and self.nspawn.poll() is None:
            self.nspawn.kill()
            self.nspawn.wait(PATIENCE)
        self.log.close()
        subprocess.run(["umount", "--lazy", str(self.files)], check=False)
        subprocess.run(["umount", "--lazy", str(self.root)], check=False)
