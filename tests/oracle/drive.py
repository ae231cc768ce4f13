"""A Wine prefix whose drive C: is laid out as the guest suite lays out its own, and is the same before every program."""

import os
import shutil
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

from heads import FOLDERS

REGISTRY = ["system.reg", "user.reg", "userdef.reg"]


@dataclass
class Ending:
    """How a program ended: its exit status as the host sees it, or nothing when the time was up; and what it printed."""

    status: object
    output: str
    errors: str


class Drive:
    """The prefix and the commands that work on it."""

    def __init__(self, wine, folder: Path, tree: Path, seconds):
        self.wine, self.seconds = wine, seconds
        self.server = wine[:-1] + [wine[-1] + "server"]
        self.prefix, self.kept = folder / "prefix", folder / "kept"
        self.root = self.prefix / "drive_c"
        # A crash ends the program at once, with its status and one line on standard error: no debugger is started.
        overrides = "winemenubuilder.exe,winedbg.exe=d"
        self.environment = {**os.environ, "WINEPREFIX": str(self.prefix), "WINEARCH": "win32", "WINEDEBUG": "-all", "WINEDLLOVERRIDES": overrides}
        self.files = {f"{path.name}": path for _, built in FOLDERS for path in (tree / "out" / built).glob("*.exe")}
        # For the tests of where DLLs are looked for; the runner's volume has it too.
        self.files["elsewhere/placed.exe"] = self.files["library_twin.exe"]

    def create(self):
        """Creates the prefix and keeps what every program is to find."""
        shutil.rmtree(self.prefix, ignore_errors=True)
        self.prefix.mkdir(parents=True)
        self.quietly(self.wine + ["wineboot", "--init"]).check_returncode()
        self.stop()
        # Z: is the host's whole file system; ours has drive C: alone.
        (self.prefix / "dosdevices" / "z:").unlink(missing_ok=True)
        self.system = {entry.name for entry in self.root.iterdir()}
        self.libraries = self.find_libraries()
        self.kept.mkdir(exist_ok=True)
        for name in REGISTRY:
            shutil.copy2(self.prefix / name, self.kept / name)
        self.copied = {}

    def find_libraries(self):
        """The files of Wine itself: a program that has harmed one costs a new prefix."""
        return {path.name: identity(path) for path in (self.root / "windows/system32").iterdir()}

    def clean(self):
        """Puts C: and the registry back to what they were."""
        if self.find_libraries() != self.libraries:
            self.create()
        for name in REGISTRY:
            shutil.copy2(self.kept / name, self.prefix / name)
        tops = {name.split("/")[0] for name in self.files} | self.system
        for entry in self.root.iterdir():
            if entry.name not in tops:
                shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        for name, source in self.files.items():
            target = self.root / name
            if name not in self.copied or self.copied[name] != identity(target):
                target.parent.mkdir(exist_ok=True)
                target.unlink(missing_ok=True)
                shutil.copyfile(source, target)
                self.copied[name] = identity(target)

    def run(self, program):
        """Runs a program on a clean drive, with nothing of the one before it alive."""
        self.clean()
        beside = self.start(program.beside, [], {}) if program.beside else None
        process = self.start(program.name, program.arguments, program.environment)
        readers = [Reader(process.stdout), Reader(process.stderr)]
        try:
            process.stdin.write(program.input.encode())
            process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            status = process.wait(self.seconds)
        except subprocess.TimeoutExpired:
            status = None
        self.stop()
        for each in filter(None, [process, beside]):
            each.kill()
            each.wait()
        return Ending(status, readers[0].text(), readers[1].text())

    def start(self, name, arguments, environment):
        pipe = subprocess.PIPE
        command = self.wine + [f"C:\\{name}.exe"] + arguments
        return subprocess.Popen(command, cwd=self.root, env={**self.environment, **environment}, stdin=pipe, stdout=pipe, stderr=pipe)

    def stop(self):
        """Ends every process of the prefix."""
        for switch in ["-k", "-w"]:
            self.quietly(self.server + [switch])

    def quietly(self, command):
        nothing = subprocess.DEVNULL
        return subprocess.run(command, cwd=self.prefix, env=self.environment, stdin=nothing, stdout=nothing, stderr=nothing)


class Reader(threading.Thread):
    """Reads a pipe to its end, so that nobody waits for room in it."""

    def __init__(self, pipe):
        super().__init__(daemon=True)
        self.pipe, self.bytes = pipe, b""
        self.start()

    def run(self):
        while part := self.pipe.read1(1 << 16):
            self.bytes += part

    def text(self):
        self.join(5)
        return self.bytes.decode(errors="replace").replace("\r\n", "\n")


def identity(path: Path):
    """What changes when a file does."""
    try:
        facts = path.lstat()
    except OSError:
        return None
    return facts.st_size, facts.st_mtime_ns, facts.st_ino
