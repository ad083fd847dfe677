"""Kafka clients of Azure Event Hubs that send a connection string as the password (MI214)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.azure_hosts import is_azure
from mi_lint.python.facts import Module
from mi_lint.python.mappings import dictionaries, entry
from mi_lint.python.site import Site
from mi_lint.python.spelled import resolved, written

MARKERS = (b"sasl.password", b"sasl_plain_password", b"sasl.jaas.config")

# https://learn.microsoft.com/azure/databricks/connect/streaming/kafka/authentication
_JAAS = (
    "Spark gets tokens from what it runs on: on Databricks name a service credential of Unity Catalog in the option "
    "'databricks.serviceCredential'; elsewhere set sasl.mechanism to OAUTHBEARER and let a login callback handler on "
    "the nodes ask for tokens of their managed identity"
)

_CONFLUENT = frozenset(
    f"{package}.{name}"
    for package in ("confluent_kafka", "confluent_kafka.admin", "confluent_kafka.aio")
    for name in (
        "Producer", "Consumer", "SerializingProducer", "DeserializingConsumer", "AdminClient", "AIOProducer",
        "AIOConsumer",
    )
)  # fmt: skip
_KEYWORDS = frozenset(
    f"{package}.{name}"
    for package in ("kafka", "kafka.admin", "aiokafka", "aiokafka.admin")
    for name in (
        "KafkaProducer", "KafkaConsumer", "KafkaAdminClient", "AIOKafkaProducer", "AIOKafkaConsumer",
        "AIOKafkaAdminClient",
    )
)  # fmt: skip


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the Kafka clients of a module that authenticate to Event Hubs with a connection string."""
    for call in module.calls:
        name = module.qualified(call.func) or ""
        if name in _CONFLUENT and call.args:
            for home, node in dictionaries(module, call.args[0], analysis):
                server, user = entry(node, "bootstrap.servers", "metadata.broker.list"), entry(node, "sasl.username")
                secret = entry(node, "sasl.password")
                if secret is not None and _is_event_hubs(home, server, user, analysis):
                    yield _site(module, call, "confluent", secret, home, analysis)
                    break
        elif name in _KEYWORDS:
            server, user = known.keyword(call, "bootstrap_servers"), known.keyword(call, "sasl_plain_username")
            secret = known.keyword(call, "sasl_plain_password")
            if secret is not None and _is_event_hubs(module, server, user, analysis):
                yield _site(module, call, "kafka-python", secret, module, analysis)
    yield from _jaas(module, analysis)


def keyless(module: Module, analysis: Analysis) -> Iterator[ast.Call]:
    """Yield the Kafka clients of a module that give Event Hubs tokens."""
    for call in module.calls:
        name = module.qualified(call.func) or ""
        if name in _CONFLUENT and call.args:
            for home, node in dictionaries(module, call.args[0], analysis):
                server, callback = entry(node, "bootstrap.servers", "metadata.broker.list"), entry(node, "oauth_cb")
                if callback is not None and _is_event_hubs(home, server, None, analysis):
                    yield call
                    break
        elif name in _KEYWORDS and known.keyword(call, "sasl_oauth_token_provider") is not None:
            server = known.keyword(call, "bootstrap_servers")
            if _is_event_hubs(module, server, None, analysis):
                yield call


def _jaas(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the options of Spark and Java clients whose login module sends a connection string."""
    pairs = [(call.args[0], call.args[1]) for call in module.calls if len(call.args) == 2]
    pairs += [(key, value) for node in module.dicts for key, value in zip(node.keys, node.values, strict=True) if key]
    for key, value in pairs:
        if not isinstance(key, ast.Constant) or key.value not in ("kafka.sasl.jaas.config", "sasl.jaas.config"):
            continue
        trace = analysis.tracer.trace(module, value)
        made = [(origin.module, node) for origin in trace.origins if (node := written(origin)) is not None]
        if any("$ConnectionString" in resolved(home, node).text for home, node in made):
            scope, _ = module.place(value)
            yield Site(
                module, "MI214", "kafka_clients", "jaas", value, scope, (str(key.value),), None, value, "", trace,
                blocked=_JAAS,
            )  # fmt: skip


def _is_event_hubs(module: Module, server: ast.expr | None, user: ast.expr | None, analysis: Analysis) -> bool:
    """Whether a broker is Event Hubs: by its name, or by the user name that only Event Hubs knows."""
    if user is not None and analysis.tracer.constant(module, user) == "$ConnectionString":
        return True
    if isinstance(server, ast.List | ast.Tuple) and server.elts:
        server = server.elts[0]
    return server is not None and is_azure("kafka", module, server, analysis)


def _site(module: Module, call: ast.Call, form: str, secret: ast.expr, home: Module, analysis: Analysis) -> Site:
    scope, _ = module.place(call)
    trace = analysis.tracer.trace(home, secret)
    package = "confluent-kafka" if form == "confluent" else "kafka-python"
    return Site(
        module, "MI214", "kafka_clients", form, call, scope, (known.without_arguments(call.func),), None,
        secret if home is module else None, "", trace, data={"package": package},
    )  # fmt: skip
