"""Which service a hand-made request goes to follows from its host, then its path, then the names beside it."""

from __future__ import annotations

import ast

import pytest

from mi_lint.python import requests_made, rest_services
from mi_lint.python.facts import parse
from mi_lint.python.source import Source

KEY = "ocp-apim-subscription-key"


@pytest.mark.parametrize(
    ("header", "address", "names", "service", "by_host"),
    [
        ("api-key", "https://{name}.openai.azure.com/openai/deployments/{d}", "", "Azure OpenAI", True),
        ("api-key", "{endpoint}/openai/deployments/{d}/chat/completions", "", "Azure OpenAI", False),
        ("api-key", "{base}/openai/operations/images/{id}?api-version=1", "", "Azure OpenAI", False),
        ("api-key", "{url}", "AOAI_KEY", "Azure OpenAI", False),
        ("api-key", "{service_endpoint}/indexes/{index}/docs", "", "Azure AI Search", False),
        ("api-key", "https://{s}.search.windows.net/", "OPENAI_KEY", "Azure AI Search", True),
        ("api-key", "https://gateway.azure-api.net/openai/deployments/x", "", "Azure API Management", True),
        (KEY, "https://westeurope.api.cognitive.microsoft.com/vision/v3.2/analyze", "", "Azure AI services", True),
        (KEY, "{endpoint}vision/v3.2/analyze", "", "Azure AI services", False),
        (KEY, "{endpoint}/luis/prediction/v3.0", "", "Azure AI services", False),
        (KEY, "https://api.cognitive.microsofttranslator.com/translate", "", "Translator", True),
        (KEY, "https://api.bing.microsoft.com/v7.0/search", "", "Bing Search", True),
        (KEY, "https://api.contoso.com/orders", "", "a service that is not known", True),
        (KEY, "{url}", "key", "a service that is not known", False),
        ("x-functions-key", "https://{app}.azurewebsites.net/api/f", "", "Azure Functions", True),
        ("aeg-sas-key", "{topic}", "", "a service that is not known", False),
        ("x-api-key", "https://api.applicationinsights.io/v1/apps/{id}/query", "", "Application Insights", True),
        ("authorization", "https://{e}.westeurope.inference.ml.azure.com/score", "", "Azure Machine Learning", True),
    ],
)
def test_a_request_is_known_by_what_the_code_shows_of_it(header, address, names, service, by_host):
    match = rest_services.recognise(header, address, names)
    assert match is not None
    assert (match.service.name, match.by_host) == (service, by_host)


@pytest.mark.parametrize(
    ("header", "address", "names"),
    [
        ("api-key", "https://api.pinecone.io/indexes", "PINECONE_KEY"),
        ("api-key", "{url}", "VENDOR_KEY"),
        ("x-api-key", "{url}", "KEY"),
        ("authorization", "https://api.github.com/user", "token"),
        ("x-functions-key", "http://localhost:7071/api/f", "KEY"),
    ],
)
def test_other_services_are_left_alone(header, address, names):
    assert rest_services.recognise(header, address, names) is None


def test_a_service_has_a_scope_or_a_reason_and_a_source():
    for service in rest_services.SERVICES:
        assert bool(service.scope) != bool(service.reason)
        assert service.source.startswith("https://learn.microsoft.com/")


@pytest.mark.parametrize(
    ("code", "address"),
    [
        ("requests.get('https://a.b/' + path)", "https://a.b/{path}"),
        ("requests.request('GET', f'{host}/x')", "GET {host}/x"),
        ("base = 'https://a.b'\nrequests.post(url=f'{base}/c')", "https://a.b{base}/c"),
        ("requests.get('https://{}.b'.format(name))", "https://{}.b{name}"),
        ("requests.get(os.environ['U'] + '/c')", "{U}/c"),
        ("requests.get(urljoin(host, '/c'))", "{host}/c"),
        ("conn = HTTPSConnection('a.b')\nconn.request('GET', '/c', None, h)", "GET /c a.b"),
        ("def url():\n    return 'https://a.b'\nrequests.get(url())", "https://a.b"),
    ],
)
def test_the_address_is_read_as_the_code_writes_it(code, address):
    module = parse(Source("app.py", code.encode()))
    call = next(c for c in module.calls if ast.unparse(c.func).startswith(("requests.", "conn.")))
    assert requests_made.address(module, call) == address
