"""File systems that fill up and break: an ext4 in a file of its own behind a loop device, else (without the right to mount) the container's
/dev/shm, which can be filled but not broken."""
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

SHM = pathlib.Path("/dev/shm")
LARGEST = 256 << 20  # what a test may fill


def mount(*words) -> subprocess.CompletedProcess:
    return subprocess.run(["mount", *map(str, words)], capture_output=True, text=True)


class Volume:
    def __init__(self, folder: pathlib.Path, megabytes: int = 48):
        self.folder = folder / "volume"
        self.folder.mkdir(parents=True)
        self.image = folder / "volume.img"
        with self.image.open("wb") as image:
            image.truncate(megabytes << 20)
        subprocess.run(["/sbin/mkfs.ext4", "-q", "-F", str(self.image)], check=True)
        self.mounted = False
        refused = self.mount()
        if refused:
            self.folder = self._without_mounting(refused)
        self.path = self.folder / "data"

    def _without_mounting(self, refused: str) -> pathlib.Path:
        free = shutil.disk_usage(SHM).total if SHM.is_dir() else LARGEST + 1
        if free > LARGEST:
            pytest.fail(f"no file system to fill: mounting is refused ({refused}), and /dev/shm is missing or too large")
        return pathlib.Path(tempfile.mkdtemp(dir=SHM))

    @property
    def can_break(self) -> bool:
        return self.mounted

    def mount(self, *options: str) -> str:
        done = mount("-o", ",".join(("loop", "errors=remount-ro", *options)), self.image, self.folder)
        self.mounted = done.returncode == 0
        return "" if self.mounted else done.stderr.strip()

    def unmount(self) -> None:
        if self.mounted:
            subprocess.run(["umount", str(self.folder)], check=True)
            self.mounted = False

    def fill(self) -> None:
        """To the last block."""
        handle = os.open(self.folder / "fill", os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        os.write(handle, b"x" * size)
                except OSError:
                    continue
        finally:
            os.close(handle)

    def free(self) -> None:
        (self.folder / "fill").unlink()

    def break_down(self) -> None:
        """Read-only from now on, whoever has files open: what ext4 does by itself when its journal cannot be written."""
        done = mount("-o", "remount,abort", self.folder)
        assert done.returncode == 0, done.stderr

    def remove(self) -> None:
        self.unmount()
        if self.folder.is_relative_to(SHM):
            shutil.rmtree(self.folder)
        self.image.unlink()
