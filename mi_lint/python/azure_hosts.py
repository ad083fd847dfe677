"""Whether a host is or may be one of Azure's: by its name, by what holds it, by what stands beside it."""

from __future__ import annotations

import ast
import functools
import posixpath
import re
import weakref
from collections.abc import Iterable, Iterator

from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.project import Project
from mi_lint.python.spelled import HOLE, sources, spelled, written

HOSTS = {
    "sql": r"\.database\.(?:windows\.net|chinacloudapi\.cn|usgovcloudapi\.net)|\.sql\.azuresynapse\.(?:net|azure\.cn)"
    r"|\.database\.fabric\.microsoft\.com",
    "postgresql": r"\.postgres\.(?:database|cosmos)\.(?:azure\.com|chinacloudapi\.cn|usgovcloudapi\.net)",
    "mysql": r"\.mysql\.database\.(?:azure\.com|chinacloudapi\.cn|usgovcloudapi\.net)",
    "redis": r"\.redis\.cache\.(?:windows\.net|chinacloudapi\.cn|usgovcloudapi\.net)"
    r"|\.redis\.azure\.net|\.redisenterprise\.cache\.azure\.net",
    "mongo": r"\.(?:mongo|mongocluster)\.cosmos\.azure\.com|\.documents\.azure\.com",
    "databricks": r"\.azuredatabricks\.net",
    "kafka": r"\.servicebus\.(?:windows\.net|chinacloudapi\.cn|usgovcloudapi\.net)",
}  # fmt: skip
_PATTERNS = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in HOSTS.items()}
_NAMED = re.compile(r"(?i)(?:^|_)AZURE|^AZ_|SQLAZURE|COSMOS|AzureSql")
_SETTINGS = (
    ".env*", "*.env", "env.*", "local.settings*.json*", "appsettings*.json*", "docker-compose*.y*ml", "compose*.y*ml",
    "secrets*.toml*",
)  # fmt: skip
_COMPOSE = ("docker-compose*.y*ml", "compose*.y*ml")
# What tells people and machines how to run the code.
_GUIDES = (
    "README*", "readme*", "*deploy*.y*ml", "*config*map*.y*ml", "values*.y*ml", "azure-pipelines*.y*ml", "*deploy*.sh",
)  # fmt: skip
_TEMPLATES = ("*.bicep", "*.tf", "azuredeploy*.json", "main.json")
# A template that makes such a resource and sets a setting of the code: the setting leads to Azure.
_RESOURCES = {
    "sql": r"Microsoft\.Sql/servers|azurerm_mssql_server",
    "postgresql": r"Microsoft\.DBforPostgreSQL/|azurerm_(?:cosmosdb_)?postgresql_",
    "mysql": r"Microsoft\.DBforMySQL/|azurerm_mysql_",
    "redis": r"Microsoft\.Cache/redis|azurerm_redis_|azurerm_managed_redis",
    "mongo": r"Microsoft\.DocumentDB/|azurerm_cosmosdb_|azurerm_mongo_cluster",
    "databricks": r"Microsoft\.Databricks/|azurerm_databricks_",
    "kafka": r"Microsoft\.EventHub/|azurerm_eventhub",
}
# https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs#environment
_NATIONAL_TEMPLATE = re.compile(r"""(?m)^\s*environment\s*=\s*["'](?:usgovernment|china)["']""")
_EMULATOR = re.compile(r"(?i)devstoreaccount1|^Eby8vdM02xNOcq|UseDevelopmentStorage|127\.0\.0\.1|localhost|azurite")
# A database of one's own machine, or of the container beside it.
LOCAL_SERVER = re.compile(
    r"(?i)\blocalhost\b|127\.0\.0\.1|\bhost\.docker\.internal\b"
    r"|(?:^[\W_]*|@)(?:db|database|postgres(?:ql)?|mysql|mariadb|redis|cache)(?=[\W_]*$|[:/])"
)
MAX_DEPTH = 3
_KNOWN: weakref.WeakKeyDictionary[Project, dict[tuple[str, ...], list[str]]] = weakref.WeakKeyDictionary()


def is_azure(kind: str, module: Module, host: ast.expr | str, analysis: Analysis) -> bool:
    """Whether a host is or may be on Azure. A host that is written out and is none of Azure's is not."""
    pattern = _PATTERNS[kind]
    texts, names = _evidence(module, host, analysis, 0) if isinstance(host, ast.expr) else ([host], [])
    if any(pattern.search(text) for text in texts):
        return True
    plain = [text for text in texts if re.search(r"[A-Za-z0-9]", re.sub(HOLE, "", text))]
    if not names and plain:
        return False
    if any(re.search(r"(?i)localhost|127\.0\.0\.1", text) for text in plain) and len(names) == 0:
        return False
    if any(_NAMED.search(name) for name in names):
        return True
    if pattern.search(module.source.text.decode("utf-8", "replace")):
        return True
    return any(
        is_set_to(pattern, name, analysis)
        or _is_deployed(kind, name, analysis)
        or (not settings_value(name, analysis) and _is_told(pattern, name, analysis))
        for name in names
    )


def is_named(pattern: str, modules: Iterable[Module], analysis: Analysis) -> bool:
    """Whether one of several modules, a file of settings or a template in the project names a host or resource."""
    texts = [module.source.text.decode("utf-8", "replace") for module in modules]
    return any(re.search(pattern, text) for text in [*texts, *_settings(analysis), *_texts(analysis, _TEMPLATES)])


def is_national(hosts: re.Pattern[str], analysis: Analysis) -> bool:
    """Whether files of settings name hosts of a national cloud outside of remarks, or a template is for one."""
    lines = (line for text in _settings(analysis) for line in text.splitlines() if not line.lstrip().startswith("#"))
    return any(map(hosts.search, lines)) or any(map(_NATIONAL_TEMPLATE.search, _texts(analysis, _TEMPLATES)))


def is_emulator(module: Module, values: Iterable[ast.expr], analysis: Analysis) -> bool:
    """Whether one of several values names the emulator of Azure Storage, whose account and key everybody knows."""
    return any(_EMULATOR.search(text) for value in values for text in _evidence(module, value, analysis, 0)[0])


def emulating_file(module: Module, name: str, analysis: Analysis, address: re.Pattern[str] = _EMULATOR) -> str:
    """Return the file of settings around a module that gives a setting the address of an emulator; empty for none.

    ``address`` tells another kind of address.
    """
    if not re.fullmatch(r"[A-Za-z_]\w+", name):
        return ""
    given = re.compile(rf"(?<!\w){re.escape(name)}\"?[ \t]*[=:]([^\n]*)")
    for path in analysis.project.named(_SETTINGS):
        if _belongs(path, module.path):
            text = analysis.project.text(path).decode("utf-8", "replace")
            if any(address.search(match[1].strip()) for match in given.finditer(text)):
                return path
    return ""


def _belongs(settings: str, module: str) -> bool:
    """Whether a file of settings stands above a module or below its folder; other projects have their own."""
    around, folder = posixpath.dirname(settings), posixpath.dirname(module)
    return not around or f"{folder}/".startswith(f"{around}/") or bool(folder and around.startswith(f"{folder}/"))


def emulator_beside(module: Module, name: str, analysis: Analysis) -> str:
    """Return the compose file whose service gets a setting from outside and waits for the storage emulator.

    ``environment: {BLOBS: "${BLOBS}"}`` with ``depends_on: [azurite]``: there, the setting leads to the emulator.
    """
    for path in analysis.project.named(_COMPOSE):
        text = analysis.project.text(path)
        if b"azurite" in text and name.encode() in text and _belongs(path, module.path):
            services = _services(text)
            emulators = {key for key, service in services.items() if "azurite" in str(service.get("image", ""))}
            given = re.compile(rf"(?<!\w){re.escape(name)}'?(?:[=:] ?'?\$\{{|'?[,\]])")
            for service in services.values():
                waits = service.get("depends_on")
                waits = emulators & {*waits} if isinstance(waits, list | dict) else None
                if waits and given.search(str(service.get("environment", ""))):
                    return path
    return ""


@functools.lru_cache(maxsize=8)
def _services(text: bytes) -> dict[str, dict[str, object]]:
    import yaml

    try:
        document = yaml.safe_load(text.decode("utf-8", "replace"))
    except yaml.YAMLError:
        return {}
    services = document.get("services") if isinstance(document, dict) else None
    entries = services.items() if isinstance(services, dict) else ()
    return {str(key): service for key, service in entries if isinstance(service, dict)}


def _evidence(module: Module, host: ast.expr, analysis: Analysis, depth: int) -> tuple[list[str], list[str]]:
    """Return the texts that a host is made from and the names of the settings it is read from."""
    texts: list[str] = []
    names: list[str] = []
    for origin in sources(module, host, analysis):
        node = written(origin)
        if node is not None:
            found = spelled(node)
            texts.append(found.text)
            for hole in found.holes if depth < MAX_DEPTH else ():
                if hole is not host:
                    more = _evidence(origin.module, hole, analysis, depth + 1)
                    texts += more[0]
                    names += more[1]
            continue
        if isinstance(origin.default, ast.Constant):
            texts.append(str(origin.default.value))
        names.append(origin.name if origin.kind != "opaque" else _written(origin.module, origin.node))
    return texts, names


def _written(module: Module, node: ast.AST) -> str:
    return module.source.slice(node)[:120] if isinstance(node, ast.expr) else ""


def is_set_to(pattern: re.Pattern[str], name: str, analysis: Analysis) -> bool:
    """Whether a file of settings in the project gives a setting a value with a pattern, such as a host of Azure's."""
    if not re.fullmatch(r"[A-Za-z_]\w+", name):
        return False
    for text in _settings(analysis):
        for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)([^\n]*)", text):
            if pattern.search(match[1]):
                return True
    return False


def _is_deployed(kind: str, name: str, analysis: Analysis) -> bool:
    """Whether a template of the project sets a setting of this name beside a resource of the kind."""
    if not re.fullmatch(r"[A-Za-z_]\w+", name):
        return False
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    texts = _texts(analysis, _TEMPLATES)
    return any(word.search(text) and re.search(_RESOURCES[kind], text, re.IGNORECASE) for text in texts)


def _is_told(pattern: re.Pattern[str], name: str, analysis: Analysis) -> bool:
    """Whether a README, script or manifest of the project gives a setting such a value: there or in `value:` below."""
    if not re.fullmatch(r"[A-Za-z_]\w{2,}", name):
        return False
    told = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)[^\n]*(?:\n\s*value:[^\n]*)?")
    texts = (text for text in _texts(analysis, _GUIDES) if name in text)
    return any(pattern.search(match[0]) for text in texts for match in told.finditer(text))


def _settings(analysis: Analysis) -> list[str]:
    return _texts(analysis, _SETTINGS)


def _texts(analysis: Analysis, patterns: tuple[str, ...]) -> list[str]:
    """Return the texts of the files of a project that have one of the names, which are looked for once."""
    project = analysis.project
    known = _KNOWN.setdefault(project, {})
    if patterns not in known:
        known[patterns] = [project.text(path).decode("utf-8", "replace") for path in project.named(patterns)]
    return known[patterns]


def settings_value(name: str, analysis: Analysis) -> str:
    """Return what the files of settings in the project give a setting; empty when they do not name it."""
    return next(settings_values(name, analysis), "")


def settings_values(name: str, analysis: Analysis) -> Iterator[str]:
    """Yield what each file of settings in the project gives a setting first."""
    if re.fullmatch(r"[A-Za-z_]\w+", name):
        given = re.compile(rf"(?m)(?<!\w){re.escape(name)}\"?[ \t]*[=:][ \t]*([^\n]*)")
        for text in _settings(analysis):
            if match := given.search(text):
                yield match[1].strip()


def is_told(pattern: re.Pattern[str], name: str, analysis: Analysis) -> bool:
    """Whether files of settings, or guides when those do not name it, give a setting a value with a pattern."""
    values = list(settings_values(name, analysis))
    return any(map(pattern.search, values)) if values else _is_told(pattern, name, analysis)


def is_in_settings(pattern: re.Pattern[str], analysis: Analysis) -> bool:
    """Whether a file of settings in the project names something with a pattern."""
    return any(map(pattern.search, _settings(analysis)))
