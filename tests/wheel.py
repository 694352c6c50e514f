"""Builds the package, and tries what its users get: python tests/wheel.py [FOLDER].

It is built twice: from the repository by way of the sdist, and from a younger copy somewhere else.
Sdists and wheels must be the same to the byte both times, and hold what they should and no more.
The wheel is installed in a new environment, where its examples run and all its types are known.
FOLDER is where sdist and wheel are left, if they are wanted.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
TOOL = sys.executable, "-m"


def run(*command: str | Path, cwd: Path, **environ: str) -> str:
    """What a command prints; the end of it all, where it fails."""
    environ = {"SOURCE_DATE_EPOCH": "1700000000", **os.environ, **environ}
    done = subprocess.run(
        command, cwd=cwd, env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def same(what: str, found: set[str], wanted: set[str]) -> None:
    if found != wanted:
        sys.exit(f"{what}: {sorted(found - wanted)} too many, {sorted(wanted - found)} missing")


def built(source: Path, folder: Path, *options: str) -> list[Path]:
    """The wheel and the sdist."""
    run(*TOOL, "build", *options, "--outdir", folder, source, cwd=folder.parent)
    return sorted(folder.iterdir())


def main(work: Path) -> None:
    copy = work / "copy"
    ignored = shutil.ignore_patterns(".*", "__pycache__", "dist")
    shutil.copytree(ROOT, copy, ignore=ignored, copy_function=shutil.copyfile)
    wheel, sdist = built(ROOT, work / "first")
    again = built(copy, work / "second", "--sdist", "--wheel")
    for one, other in zip(again, (wheel, sdist), strict=True):
        if one.read_bytes() != other.read_bytes():
            sys.exit(f"{one.name}: not the same when built again")

    files = {path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file()}
    package = sdist.name.removesuffix(".tar.gz")
    info = {
        f"{package}.dist-info/{one}" for one in ("METADATA", "RECORD", "WHEEL", "entry_points.txt")
    }
    info.add(f"{package}.dist-info/licenses/docs/LICENSE")
    modules = {one for one in files if one.startswith("paramcalc/")}
    with zipfile.ZipFile(wheel) as archive:
        same(wheel.name, {*archive.namelist()}, modules | info)
    with tarfile.open(sdist) as tar:
        same(sdist.name, {*tar.getnames()}, {f"{package}/{one}" for one in (*files, "PKG-INFO")})

    run(*TOOL, "twine", "check", "--strict", wheel, sdist, cwd=work)
    run(*TOOL, "check_wheel_contents", wheel, cwd=work)
    run(*TOOL, "validate_pyproject", copy / "pyproject.toml", cwd=work)

    scripts = work / "new" / "bin"
    venv.create(work / "new")
    options = "--quiet", "--no-index", "--no-deps"
    run(*TOOL, "pip", "--python", scripts / "python", "install", *options, wheel, cwd=work)
    print(run(scripts / "python", "-I", ROOT / "tests" / "installed.py", cwd=work), end="")
    print(
        run(scripts / "paramcalc", "check", "zoo:lenet5", "--max-params", "61,706", cwd=work),
        end="",
    )
    # It looks at the first Python of the path, whatever --pythonpath says.
    path = f"{scripts}{os.pathsep}{os.environ['PATH']}"
    verified = run(
        *TOOL, "pyright", "--ignoreexternal", "--verifytypes", "paramcalc", cwd=work, PATH=path
    )
    print(*[line for line in verified.splitlines() if "score" in line])
    for folder in map(Path, sys.argv[1:]):
        folder.mkdir(parents=True, exist_ok=True)
        for one in (wheel, sdist):
            shutil.copyfile(one, folder / one.name)
    print(f"{wheel.name}: {wheel.stat().st_size:,} bytes; {sdist.name}: {sdist.stat().st_size:,}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as work:
        main(Path(work))
