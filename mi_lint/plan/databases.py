"""Connections to databases: drivers take no clients, so the rights follow from the statements that the code holds."""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from mi_lint.plan.model import Principal
from mi_lint.plan.resources import Target, host_name, origins
from mi_lint.plan.templates.declared import Declared
from mi_lint.python.facts import Module, called_name
from mi_lint.python.known import is_test
from mi_lint.python.odbc import is_url_maker
from mi_lint.python.values import Tracer
from mi_lint.rulebook.roles import Plane, Planes

_FIRST_WORD = re.compile(r"\s*(?:--[^\n]*\n\s*|\(\s*)*([A-Za-z]+)\s+\S")
# Statements of other languages start with the same words: a database statement has a second one.
_SECOND = re.compile(
    r"\b(?:FROM|INTO|SET|TABLE|VALUES|INDEX|VIEW|PROCEDURE|SCHEMA|JOIN|WHERE|DATABASE|EXEC(?:UTE)?|CALL|COPY)\b",
    re.IGNORECASE,
)

# So many values are looked at, when URLs are made from URLs.
_MANY = 60
_NO_SECRET = re.compile(r"PORT|DRIVER", re.IGNORECASE)
_PASSWORD = re.compile(r"PASS|PWD|SECRET|KEY", re.IGNORECASE)
_KEYLESS = re.compile(r"Authentication\s*=\s*Active\s?Directory|ossrdbms-aad|get_token", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class Connection:
    """One call that opens a connection to a database on Azure, or the settings from which a framework opens some."""

    plane: Plane
    module: Module
    node: ast.expr | ast.stmt
    target: Target
    database: str
    secrets: tuple[str, ...]
    keyless: bool

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.module.path}:{self.node.lineno}"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement in the code and the right that runs it."""

    word: str
    right: str
    place: str


def driver_words(planes: Planes) -> re.Pattern[bytes]:
    """Return what a file has that connects with a driver: the name of its package."""
    packages = {name.partition(".")[0] for plane in planes.by_name.values() for name in plane.connects}
    return re.compile(rb"\b(?:%s)\b" % b"|".join(re.escape(name.encode()) for name in sorted(packages)))


def statement_words(plane: Plane) -> re.Pattern[bytes]:
    """Return what a file has that may hold a statement, in any case."""
    words = b"|".join(re.escape(word.encode()) for word in sorted(plane.statements))
    return re.compile(rb"(?i)\b(?:%s)\b" % words if words else b"(?!)")


def connections(
    modules: Iterable[Module],
    planes: Planes,
    tracer: Tracer,
    declared: Sequence[Declared],
    text: str,
    moving: Container[ast.AST],
) -> Iterator[Connection]:
    """Yield the connections to databases for which something in the repository says that they are on Azure.

    That is a template, a settings file, the call itself, a token, or that the migration rewrites it (``moving``).
    """
    used = [module for module in modules if not is_test(module.path)]
    for plane in planes.by_name.values():
        suffix = plane.endpoint.replace("{name}", "").lower()
        on_azure = any(d.type in (plane.resource, plane.terraform) for d in declared) or suffix in text
        names = {name.rpartition(".")[2] for name in plane.connects}
        for module in used if names else ():
            for call in module.calls:
                qualified = (module.qualified(call.func) or "") if called_name(call) in names else ""
                wanted = plane.connects.get(qualified)
                if wanted is None:
                    continue
                values = [("", value) for value in call.args] + [(k.arg or "", k.value) for k in call.keywords]
                found = parts(module, values, tracer)
                if wanted and wanted not in found.text.lower():
                    continue
                signs_in = found.keyless or _signs_in(module, plane, found)
                if not (on_azure or signs_in or suffix in found.text.lower() or call in moving):
                    continue
                literal = host_name(plane, found.text)
                yield Connection(
                    plane,
                    module,
                    call,
                    Target(tuple(found.settings), literal),
                    found.database,
                    tuple(found.secrets),
                    signs_in,
                )


def _signs_in(module: Module, plane: Plane, found: Parts) -> bool:
    """Whether a file asks for tokens of such databases and passes no password: events of engines hide who gets them."""
    return plane.audience.encode() in module.source.text and not any(map(_PASSWORD.search, found.secrets))


@dataclass(slots=True)
class Parts:
    """What a connection is made from: literal text, names of settings, that of the database, those of secrets."""

    text: str
    settings: list[str]
    database: str
    secrets: list[str]
    keyless: bool


def parts(module: Module, values: Iterable[tuple[str, ast.expr]], tracer: Tracer) -> Parts:
    """Return the literal text and the settings that named values are made from."""
    given = [(module, name, value) for name, value in values]
    texts: list[str] = []
    settings: list[str] = []
    secrets: list[str] = []
    database = ""
    # What goes into a URL that is made from its parts is looked at as if it were passed itself.
    for home, keyword_name, value in given:
        for origin in origins(home, value, tracer):
            if origin.kind in ("environment", "setting") and origin.name:
                if keyword_name in ("dbname", "database", "db"):
                    database = database or origin.name
                elif _is_secret(origin.name):
                    secrets.append(origin.name)
                else:
                    settings.append(origin.name)
            elif origin.kind in ("literal", "template"):
                texts.append(origin.module.source.slice(origin.node))
            elif isinstance(origin.node, ast.Call) and is_url_maker(origin.module, origin.node) and len(given) < _MANY:
                given += ((origin.module, name, inner) for name, inner in _passed(origin.node))
    settings = list(dict.fromkeys(settings))
    named = [name for name in settings if re.search(r"(?:DATABASE|DB_?NAME|_DB)$", name, re.IGNORECASE)]
    servers = [name for name in settings if re.search(r"SERVER|HOST|URL|URI|CONN|DSN|ENDPOINT", name, re.IGNORECASE)]
    text = "\n".join(texts)
    hidden = [name for name in dict.fromkeys(secrets) if not _NO_SECRET.search(name)]
    signs_in = any(name == "attrs_before" or name.lower() == "authentication" for _, name, _ in given)
    return Parts(
        text,
        servers or [name for name in settings if name not in named],
        database or (named[0] if named else ""),
        hidden,
        not hidden and (signs_in or bool(_KEYLESS.search(text))),
    )


def _passed(call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """Yield what a call passes by its names, the entries of its dictionaries as well."""
    for name, value in [*(("", value) for value in call.args), *((k.arg or "", k.value) for k in call.keywords)]:
        if not isinstance(value, ast.Dict):
            yield name, value
            continue
        for key, inner in zip(value.keys, value.values, strict=True):
            yield str(key.value) if isinstance(key, ast.Constant) else "", inner


def _is_secret(name: str) -> bool:
    return bool(re.search(r"PASS|PWD|SECRET|TOKEN|USER|UID|LOGIN|PORT|DRIVER|KEY", name, re.IGNORECASE))


_RUNS = frozenset(
    {"execute", "executemany", "executescript", "fetch", "fetchrow", "fetchval", "fetchall", "read_sql",
     "read_sql_query", "copy_records_to_table"}
)  # fmt: skip
_HOLDS_STATEMENTS = re.compile(r"sql|quer|statement", re.IGNORECASE)


def statements(modules: Iterable[Module], plane: Plane) -> list[Statement]:
    """Return the statements that stand in modules which run some, or are named after them."""
    found = []
    for module in modules:
        name = module.path.rpartition("/")[2]
        runs = any(isinstance(call.func, ast.Attribute) and call.func.attr in _RUNS for call in module.calls)
        if is_test(module.path) or not (runs or _HOLDS_STATEMENTS.search(name)):
            continue
        docs = _docstrings(module)
        for node in module.strings:
            match = _FIRST_WORD.match(str(node.value))
            if match is None or id(node) in docs or not _SECOND.search(str(node.value)):
                continue
            # "Select a file from the list" is a sentence.
            right = "" if match[1].istitle() else plane.statements.get(match[1].upper(), "")
            if right:
                found.append(Statement(match[1].upper(), right, f"{module.path}:{node.lineno}"))
    return found


def _docstrings(module: Module) -> set[int]:
    found: set[int] = set()
    for node in ast.walk(module.tree):
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            found.add(id(body[0].value))
    return found


def lines(plane: Plane, rights: Sequence[str], who: Principal, database: str) -> tuple[str, ...]:
    """Return what an administrator runs to give the identity its rights; ``{…}`` are parameters."""
    if plane.mechanism == "sql":
        return _sql(rights, who.name)
    if plane.mechanism == "postgresql":
        return _postgresql(rights, who.name, who.object_id, database)
    return _mysql(rights, who.name, who.client_id, database)


def _sql(rights: Sequence[str], name: str) -> tuple[str, ...]:
    found = [
        (
            f"IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE name = N'{name}') "
            f"CREATE USER [{name}] FROM EXTERNAL PROVIDER;"
        )
    ]
    for right in rights:
        member = f"GRANT EXECUTE TO [{name}];" if right == "EXECUTE" else f"ALTER ROLE {right} ADD MEMBER [{name}];"
        found.append(member)
    return tuple(found)


def _postgresql(rights: Sequence[str], name: str, principal: str, database: str) -> tuple[str, ...]:
    tables = [right for right in rights if right in ("SELECT", "INSERT", "UPDATE", "DELETE")]
    found = [
        "\\connect postgres",
        (
            f"SELECT pgaadauth_create_principal_with_oid('{name}', '{{{principal}}}', 'service', false, false) "
            f"WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{name}');"
        ),
        f'GRANT CONNECT ON DATABASE "{{{database}}}" TO "{name}";',
        f"\\connect {{{database}}}",
        f'GRANT USAGE ON SCHEMA public TO "{name}";',
    ]
    if tables:
        found.append(f'GRANT {", ".join(tables)} ON ALL TABLES IN SCHEMA public TO "{name}";')
    if "INSERT" in tables:
        found.append(f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO "{name}";')
    if "CREATE" in rights:
        found.append(f'GRANT CREATE ON SCHEMA public TO "{name}";')
    if "EXECUTE" in rights:
        found.append(f'GRANT EXECUTE ON ALL ROUTINES IN SCHEMA public TO "{name}";')
    return tuple(found)


def _mysql(rights: Sequence[str], name: str, client: str, database: str) -> tuple[str, ...]:
    return (
        "SET aad_auth_validate_oids_in_tenant = OFF;",
        f"CREATE AADUSER IF NOT EXISTS '{name}' IDENTIFIED BY '{{{client}}}';",
        f"GRANT {', '.join(rights)} ON `{{{database}}}`.* TO '{name}'@'%';",
    )
