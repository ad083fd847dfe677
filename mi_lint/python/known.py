"""What common libraries mean for a value: which calls read settings, which make tokens, which only wrap."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from mi_lint.python.facts import Module
from mi_lint.python.origins import Trace
from mi_lint.python.scopes import Binding

ENVIRONMENT_CALLS = frozenset(
    {"os.getenv", "os.environ.get", "os.environ.pop", "os.environ.setdefault", "decouple.config"}
)
ENVIRONMENT_METHODS = frozenset({"env", "env.str", "environ.Env", "config.getenv"})
KEY_OBJECTS: Mapping[str, str] = {
    "azure.core.credentials.AzureKeyCredential": "key",
    "azure.core.credentials.AzureNamedKeyCredential": "named-key",
    "azure.core.credentials.AzureSasCredential": "sas",
    "azure.ai.metricsadvisor.MetricsAdvisorKeyCredential": "key",
    "azure.ai.metricsadvisor.aio.MetricsAdvisorKeyCredential": "key",
    "azure.ai.translation.text.TranslatorCredential": "key",
    "azure.eventhub.EventHubSharedKeyCredential": "named-key",
    "azure.eventhub.aio.EventHubSharedKeyCredential": "named-key",
    "azure.servicebus.ServiceBusSharedKeyCredential": "named-key",
}
# Endpoints that Azure SDKs are used with, but that take no token of Microsoft Entra ID.
_FOREIGN = re.compile(
    r"models\.github\.ai|models\.inference\.ai\.azure\.com|api\.openai\.com|//localhost\b|//127\.0\.0\.1|^GITHUB_(?:TOKEN|PAT)$",
    re.IGNORECASE,
)
# Attributes and methods that return the same secret in another wrapping.
UNWRAPPED_ATTRIBUTES = frozenset({"value", "get_secret_value", "token"})
_UNWRAPPING_METHODS = frozenset(
    {"strip", "rstrip", "lstrip", "encode", "decode", "get_secret_value", "replace", "removesuffix", "removeprefix"}
)
_UNWRAPPING_CALLS = frozenset({"str", "pydantic.SecretStr", "SecretStr", "typing.cast", "pydantic.types.SecretStr"})
_VAULT_METHODS = frozenset({"get_secret", "getSecret", "get_bundle"})
_KEY_LISTING = frozenset(
    {"list_keys", "list_account_keys", "list_admin_keys", "regenerate_key", "list_connection_strings"}
)
_TOKEN_CALLS = frozenset(
    {
        "get_bearer_token_provider",
        "get_token",
        "get_azure_credential",
        "get_azure_credential_async",
        "get_token_provider",
    }
)
_CONFIGURATION_CALLS = {
    "dotenv.dotenv_values": "config",
    "configparser.ConfigParser": "config",
    "configparser.RawConfigParser": "config",
    "configparser.SafeConfigParser": "config",
    "ConfigParser.ConfigParser": "config",
    "json.load": "config",
    "json.loads": "config",
    "yaml.safe_load": "config",
    "yaml.load": "config",
    "toml.load": "config",
    "tomllib.load": "config",
    "tomli.load": "config",
}
_CONFIGURATION_NAMES = {"streamlit.secrets": "config", "st.secrets": "config", "django.conf.settings": "setting"}


_TEST = re.compile(
    r"(?:^|/)(?:(?:[\w-]*[_-])?tests?|testing|unittests?)/|(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.py$"
)


def is_test(path: str) -> bool:
    """Whether a file holds tests: their keys are made up more often than not, and no workload needs what they do."""
    return _TEST.search(path) is not None


def is_token_annotation(annotation: str) -> bool:
    """Whether a parameter is declared to be a token credential and nothing else."""
    return "TokenCredential" in annotation and "Key" not in annotation and "str" not in annotation


def is_foreign(*traces: Trace | None) -> bool:
    """Whether an endpoint or a key belongs to a service that is not Azure's own, such as GitHub Models."""
    return any(_FOREIGN.search(text) for trace in traces if trace is not None for text in trace.texts)


def is_identity_class(qualified: str) -> bool:
    """Whether a name is a credential class of azure-identity."""
    return qualified.startswith(("azure.identity.", "azure.ai.ml.identity.", "azureml.core.authentication.")) and (
        qualified.endswith(("Credential", "Authentication"))
    )


def call_kind(module: Module, node: ast.Call, qualified: str) -> str | None:
    """Return the kind of origin that a call is, or None when it has to be followed."""
    name = callee(node)
    if qualified in ENVIRONMENT_CALLS or _calls_environment(module, node):
        return "environment"
    if (
        is_identity_class(qualified)
        or name in _TOKEN_CALLS
        or name.endswith("token_provider")
        or qualified.startswith("azure.identity.")
    ):
        return "token"
    if name.startswith("generate_") and name.endswith("_sas"):
        # Whoever signs it here is told so (MI216); the SAS itself is stored nowhere.
        return "token"
    if qualified in KEY_OBJECTS:
        return "key-object"
    if name.endswith("Credential") and not name.endswith(("KeyCredential", "SasCredential")) and name[:1].isupper():
        return "token"
    if name in _VAULT_METHODS:
        return "vault"
    if name in _KEY_LISTING:
        return "keys-listed"
    if qualified in ("input", "getpass.getpass") or (isinstance(node.func, ast.Name) and node.func.id == "input"):
        return "argument"
    if qualified == "dbutils.secrets.get" or ast.unparse(node.func).endswith("secrets.get"):
        return "vault"
    if isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        return configuration(module, node.func.value)
    return None


def _calls_environment(module: Module, node: ast.Call) -> bool:
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "pop", "setdefault"):
        return module.qualified(node.func.value) == "os.environ"
    if not isinstance(node.func, ast.Name) or node.func.id not in ("env", "getenv", "config"):
        return False
    return module.qualified(node.func) in (None, "os.getenv", "decouple.config") and bool(node.args)


def configuration(module: Module, node: ast.expr) -> str | None:
    """Return the kind of origin of a configuration object's items, or None when it is no such object."""
    while isinstance(node, ast.Subscript):
        node = node.value
    qualified = module.qualified(node) or ""
    if qualified in _CONFIGURATION_NAMES:
        return _CONFIGURATION_NAMES[qualified]
    if isinstance(node, ast.Call):
        return _CONFIGURATION_CALLS.get(module.qualified(node.func) or "")
    if isinstance(node, ast.Name):
        for binding in module.reaching(node):
            if binding.value is not None and isinstance(binding.value, ast.Call | ast.Subscript | ast.Name):
                return configuration(module, binding.value)
    return None


def is_argparse(module: Module, node: ast.expr) -> bool:
    """Whether an expression holds parsed command-line arguments."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr in ("parse_args", "parse_known_args")
    if not isinstance(node, ast.Name):
        return False
    bindings = module.reaching(node)
    if not bindings or bindings[0].kind == "parameter":
        return node.id in ("args", "opts", "options", "arguments", "parsed_args")
    return any(binding.value is not None and is_argparse(module, binding.value) for binding in bindings)


def unwrapped(node: ast.Call, qualified: str) -> ast.expr | None:
    """Return what a call only wraps or trims, or None when it makes a value of its own."""
    if isinstance(node.func, ast.Attribute) and node.func.attr in _UNWRAPPING_METHODS:
        return node.func.value
    name = qualified or (node.func.id if isinstance(node.func, ast.Name) else "")
    if name in _UNWRAPPING_CALLS and node.args:
        return node.args[-1]
    return None


def text_of(module: Module, node: ast.expr) -> str | None:
    """Return the text of a literal, or of a name that is bound to one and to nothing else."""
    if isinstance(node, ast.Name):
        bindings = module.reaching(node)
        value = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "assign" else None
        node = value if value is not None else node
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def puts_together(module: Module, node: ast.Call) -> bool:
    """Whether a call makes a text of a pattern and values, or of written-out parts."""
    if not isinstance(node.func, ast.Attribute) or text_of(module, node.func.value) is None:
        return False
    listed = len(node.args) == 1 and isinstance(node.args[0], ast.List | ast.Tuple)
    return node.func.attr == "format" or (node.func.attr == "join" and listed)


def is_settings_class(class_: ast.ClassDef) -> bool:
    """Whether a class reads its fields from the environment itself, as those of pydantic-settings do."""
    return any("Settings" in ast.unparse(base) for base in class_.bases)


def settings_field(module: Module, class_: ast.ClassDef, binding: Binding) -> str | None:
    """Return the environment name of a field of a settings class, or None when the field is an ordinary one."""
    if not is_settings_class(class_) or binding.kind == "function":
        return None
    prefix = ""
    for node in ast.walk(class_):
        if isinstance(node, ast.keyword) and node.arg == "env_prefix" and isinstance(node.value, ast.Constant):
            prefix = str(node.value.value)
        if isinstance(node, ast.Assign) and any(getattr(t, "id", "") == "env_prefix" for t in node.targets):
            prefix = str(getattr(node.value, "value", ""))
    if isinstance(binding.value, ast.Call):
        for name in ("validation_alias", "alias", "env"):
            given = keyword(binding.value, name)
            if isinstance(given, ast.Constant) and isinstance(given.value, str):
                return given.value
    return (prefix + binding.name).upper()


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """Return what a call passes by a keyword."""
    return next((entry.value for entry in call.keywords if entry.arg == name), None)


# Names of settings and entries: words without digits, which keys are not made of.
_PLAIN_KEY = re.compile(r"[A-Za-z]{1,20}(?:[._-][A-Za-z]{1,20}){0,4}")


def without_arguments(node: ast.expr) -> str:
    """Return the code of what is called or read, without what calls on the way are given: a key may be among that."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return f"{without_arguments(node.value)}.{node.attr}"
        case ast.Call():
            return f"{without_arguments(node.func)}(…)"
        case ast.Subscript(value=value, slice=ast.Constant(value=str() as key)) if _PLAIN_KEY.fullmatch(key):
            return f"{without_arguments(value)}[{key!r}]"
        case ast.Subscript():
            return f"{without_arguments(node.value)}[…]"
        case ast.Await():
            return without_arguments(node.value)
    return "…"


def callee(call: ast.Call) -> str:
    """Return the last part of the name of what is called."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""
