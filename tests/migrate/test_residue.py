"""What a program still asks for after its client was rewritten holds that back; what something needs does not."""

from __future__ import annotations

import textwrap

import pytest

from mi_lint.migrate.outcome import HeldBack, Rewritten
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts
from mi_lint.rulebook.store import client_table

CLIENT = """\
from azure.ai.documentintelligence import DocumentIntelligenceClient
from azure.core.credentials import AzureKeyCredential
{}
client = DocumentIntelligenceClient(endpoint="https://a.cognitiveservices.azure.com", credential=AzureKeyCredential({}))
"""
SETTINGS = """\
from pydantic_settings import BaseSettings

class Settings(BaseSettings):
    {}
    region: str

{}
"""


def planned(texts):
    plan = session_of_texts({path: text.encode() for path, text in texts.items()}, client_table()).plan(Options())
    return plan, [outcome for _, outcome in plan.outcomes]


def by_function(
    declaration="key: str", reader="get_settings().key", function="def get_settings():\n    return Settings()"
):
    return {
        "app.py": CLIENT.format("from config import get_settings\n", reader),
        "config.py": SETTINGS.format(declaration, function),
    }


ENVIRONMENT = {
    "config.py": 'import os\n\nKEY = os.environ["KEY"]\n',
    "app.py": CLIENT.format("import config\n", "config.KEY"),
}
OTHERS = {"main.py": "import app\nfrom config import get_settings\n\nprint(get_settings().region, ['key'])\n"}
CALLED = CLIENT.replace("client =", "def make(key):\n    return").format("", "key")
READING = (
    "import os\nfrom dataclasses import dataclass\n\ndef require(name):\n    value = os.getenv(name)\n"
    "    if not value:\n        raise ValueError(name)\n    return value\n\n"
)
DEMANDS = {
    "pairs of names and values, whose function answers whether all are there": (
        {
            "app.py": CLIENT.format("import config\n", "config.KEY") + "print(config.MODE)\n",
            "config.py": 'import os\n\nKEY = os.getenv("KEY")\nURL = os.getenv("URL")\n\ndef is_valid():\n'
            '    pairs = [("URL", URL), ("KEY", KEY)]\n    missing = [name for name, value in pairs if not value]\n'
            '    print(missing)\n    return len(missing) == 0\n\nMODE = "live" if is_valid() else "demo"\n',
        },
        "config.py:8",
        "KEY",
    ),
    "required field whose name stands elsewhere": (
        by_function() | OTHERS,
        "config.py:4",
        "KEY",
    ),
    "field with an alias that is printed": (
        by_function('secret: str = Field(alias="DOC_KEY")', "get_settings().secret")
        | {"main.py": "import app\nfrom config import get_settings\n\nprint(get_settings().secret)\n"},
        "config.py:4",
        "DOC_KEY",
    ),
    "test of a field in another file": (
        by_function('azure_docint_key: str = ""', "get_settings().azure_docint_key")
        | {
            "router.py": "import app\nfrom config import get_settings\n\ndef choose():\n"
            "    if not get_settings().azure_docint_key:\n        return None\n    return app\n"
        },
        "router.py:5",
        "AZURE_DOCINT_KEY",
    ),
    "check before a call in the same file, whose function others may call": (
        {
            "shop/app.py": CALLED + "import os\n\ndef main():\n"
            '    key = os.getenv("KEY")\n    if not key:\n        return 1\n    make(key)\n',
            "other.py": "from shop.app import make\n",
        },
        "shop/app.py:10",
        "KEY",
    ),
    "answer of a handler in another file": (
        {
            "app.py": CALLED,
            "function_app.py": "import os\n\nfrom app import make\n\n"
            'KEY, REGION = os.getenv("KEY"), os.getenv("REGION")\n\n'
            'def main(request):\n    if not all([KEY, REGION]):\n        return "not set"\n    return make(KEY)\n',
        },
        "function_app.py:8",
        "KEY",
    ),
    "list of values that are looked through": (
        {
            "app.py": CLIENT.format("from config import KEY, REGION\n\nprint(REGION)\n", "KEY"),
            "config.py": "import os\n\nKEY, REGION = os.getenv('KEY'), os.getenv('REGION')\n\n"
            "required = [KEY, REGION]\nif not all(required):\n    raise ValueError('not set')\n",
        },
        "config.py:6",
        "KEY",
    ),
    "property that tells whether it is set": (
        {
            "app.py": CLIENT.format("import os\n\nKEY = os.getenv('KEY')\n", "KEY")
            + "class Service:\n    @property\n    def is_enabled(self):\n        return bool(KEY and client)\n\n"
            "def run(service: Service):\n    if not service.is_enabled:\n        raise ValueError\n",
        },
        "app.py:14",
        "KEY",
    ),
    "required field of a settings class that nobody reads": (
        {
            "app.py": CLIENT.format("import os\n", "os.environ['DOC_KEY']"),
            "config.py": SETTINGS.format("DOC_KEY: str", "settings = Settings()"),
            "main.py": "import app, config\n",
        },
        "config.py:4",
        "DOC_KEY",
    ),
    "choice of who fills a dataclass": (
        {
            "app.py": CALLED.replace("(key):", "(config: Config):")
            .replace("Credential(key)", "Credential(config.key)")
            .replace(
                "def make", "from dataclasses import dataclass\n\n@dataclass\nclass Config:\n    key: str\n\ndef make"
            ),
            "main.py": "from app import Config, make\nfrom config import settings\n\n"
            "config = Config(settings.docs_key) if settings.docs_key else None\nclient = config and make(config)\n",
            "config.py": SETTINGS.format('docs_key: str = ""', "settings = Settings()"),
        },
        "main.py:4",
        "DOCS_KEY",
    ),
    "method of a class that a client is made with": (
        {
            "app.py": CLIENT.format("from config import Docs\n\nDocs.validate()\n", "Docs.get_key()"),
            "config.py": "import os\n\nclass Docs:\n    _KEY = os.getenv('DOC_KEY')\n\n    @classmethod\n"
            "    def validate(cls):\n        if not cls._KEY:\n            raise ValueError('DOC_KEY')\n\n"
            "    @classmethod\n    def get_key(cls):\n        return cls._KEY\n",
        },
        "config.py:8",
        "DOC_KEY",
    ),
    "field that a validator fills from the environment": (
        {
            "app.py": CALLED.replace(
                "def make(key):", "class Docs(BaseModel):\n    doc_key: str\n\n    def make(self):"
            )
            .replace("    return", "        return")
            .replace("Credential(key)", "Credential(self.doc_key)")
            .replace("\nclass", "from pydantic import BaseModel, root_validator\n\nclass")
            + "\n    @root_validator(pre=True)\n    def validate(cls, values):\n"
            '        values["doc_key"] = get_from_dict_or_env(values, "doc_key", "DOC_KEY")\n        return values\n'
        },
        "app.py:13",
        "doc_key",
    ),
    "what a caller has by an attribute of it knows nobody": (
        {
            "app.py": CALLED,
            "run.py": "from app import make\n\ndef main(given):\n"
            "    missing = [n for n, v in {'url': given.url, 'key': given.doc_key}.items() if not v]\n"
            "    if missing:\n        return 2\n    return make(given.doc_key)\n",
        },
        "run.py:4",
        "doc_key",
    ),
    "one of several values that a function checks and returns": (
        {
            "app.py": CLIENT.format("from settings import checked\n\nurl, key = checked()\nprint(url)\n", "key"),
            "settings.py": "import os\n\ndef checked():\n    key = os.getenv('DOC_KEY')\n    url = os.getenv('URL')\n"
            "    if not key or not url:\n        raise ValueError\n    return url, key\n",
        },
        "settings.py:6",
        "DOC_KEY",
    ),
    "function of the project that raises": (
        {
            "app.py": CLIENT.format("from settings import KEY, URL\n\nprint(URL)\n", "KEY"),
            "settings.py": "import os\n\ndef _req(name):\n    value = os.getenv(name)\n    if not value:\n"
            "        raise RuntimeError(name)\n    return value\n\nURL = _req('URL')\nKEY: str = _req('DOC_KEY')\n"
            "print('key', len(KEY))\n",
        },
        "settings.py:10",
        "DOC_KEY",
    ),
    "required field of a class of settings inside of another": (
        {
            "app.py": CLIENT.format(
                "from config import get_settings\n\nprint(get_settings().region)\n", "get_settings().docs.key"
            ),
            "config.py": SETTINGS.format(
                "docs: Docs = Field(default_factory=Docs)", "def get_settings():\n    return Settings()"
            ).replace("\nclass", "\nclass Docs(BaseSettings):\n    key: str = Field(..., env='DOC_KEY')\n\nclass"),
        },
        "config.py:4",
        "DOC_KEY",
    ),
    "setting of Django": (
        {
            "app.py": CLIENT.format("from django.conf import settings\n", "settings.DOC_KEY"),
            "core/settings.py": "from core.secrets import get_secret\n\nDOC_KEY = get_secret('DOC_KEY')\n",
            "core/secrets.py": "from decouple import config\n\ndef get_secret(name):\n    return config(name)\n",
            "manage.py": "import app\nimport core.settings\n",
        },
        "core/settings.py:3",
        "DOC_KEY",
    ),
    "a secret that is sliced": (
        {"app.py": CLIENT.format('import os\n\nKEY = os.getenv("KEY")\nprint(KEY[:4])\n', "KEY")},
        "app.py:6",
        "KEY",
    ),
    "helper that demands": (
        {
            "app.py": CLIENT.format("import settings\n\nprint(settings.REGION)\n", "settings.KEY"),
            "settings.py": "from helpers import require\n\nREGION = 'a'\nKEY = require('KEY')\nprint(bool(KEY))\n",
            "helpers.py": "import os\n\ndef require(name):\n    return os.environ[name]\n",
        },
        "settings.py:4",
        "KEY",
    ),
    "file of settings": (
        {
            "app.py": CLIENT.format(
                "import json\n\nconfig = json.load(open('config.json'))\nkey = config['key']\nprint(len(key))\n", "key"
            )
        },
        "app.py:6",
        "key",
    ),
    "variable of the module that a function sets": (
        {
            "app.py": CLIENT.format(
                "from azure.keyvault.secrets import SecretClient\nfrom azure.identity import DefaultAzureCredential\n\n"
                "def main():\n    global key\n"
                "    vault = SecretClient('https://a.vault.azure.net', DefaultAzureCredential())\n"
                "    key = vault.get_secret('docs').value\n\nmain()\n",
                "key",
            )
        },
        "app.py:9",
        "vault.get_secret('docs')",
    ),
    "item of a dictionary that a function returns": (
        {
            "app.py": CALLED.replace(
                "(key):",
                "():\n    config = settings()\n    if not (config['url'] and config['key']):\n"
                "        raise RuntimeError",
            ).replace("Credential(key)", "Credential(config['key'])")
            + "import os\n\ndef settings():\n    key = os.getenv('DOC_KEY', '')\n"
            "    return {'url': os.getenv('URL'), 'key': key.strip()}\n"
        },
        "app.py:6",
        "DOC_KEY",
    ),
    "all values of a dictionary that is unpacked": (
        {
            "app.py": CALLED.replace("(key):", "(url=None, key=None):"),
            "main.py": "import os\nfrom app import make\n\nmake(key=os.getenv('DOC_KEY'))\n",
            "web.py": "import os\nfrom app import make\n\n"
            "config = {'url': os.getenv('URL'), 'key': os.getenv('DOC_KEY')}\n"
            "if not all(config.values()):\n    st.warning('not set')\nmake(**config)\n",
        },
        "web.py:5",
        "DOC_KEY",
    ),
    "what chooses the dictionary of another service": (
        {
            "app.py": CALLED.replace(
                "(key):",
                "():\n    config = settings.chosen()",
            )
            .replace("Credential(key)", "Credential(config['key'])")
            .replace("\ndef", "from config import settings\n\ndef", 1)
            + "def other():\n    return Other(settings.chosen()['key'])\n",
            "config.py": SETTINGS.format(
                "doc_key: str = ''\n    url: str = ''\n    other_key: str = ''\n\n    def chosen(self):\n"
                "        if self.url and self.doc_key:\n            return {'url': self.url, 'key': self.doc_key}\n"
                "        return {'key': self.other_key}\n",
                "settings = Settings()",
            ),
        },
        "config.py:9",
        "DOC_KEY",
    ),
    "flag of a class that switches a service on": (
        {
            "app.py": CALLED,
            "config.py": "import os\n\nclass Config:\n    DOC_KEY = os.getenv('DOC_KEY', '')\n"
            "    USES_DOCS = bool(DOC_KEY)\n",
            "main.py": "from app import make\nfrom config import Config\n\nif Config.USES_DOCS:\n"
            "    client = make(Config.DOC_KEY)\n    print(client)\n",
        },
        "main.py:4",
        "DOC_KEY",
    ),
    "required field that another class has, too": (
        {
            "app.py": CLIENT.format("from config import get_settings\n", "get_settings().docs.api_key"),
            "config.py": SETTINGS.format(
                "docs: Docs = Field(default_factory=Docs)\n    rest: Rest = Field(default_factory=Rest)",
                "def get_settings():\n    return Settings()",
            ).replace(
                "\nclass",
                "\nclass Docs(BaseSettings):\n    api_key: str = Field(..., env='DOC_KEY')\n\n"
                "class Rest(BaseSettings):\n    api_key: str = Field(..., env='REST_KEY')\n\nclass",
            ),
            "rest.py": "import app\nfrom config import get_settings\n\nconnect(get_settings().rest.api_key)\n",
        },
        "config.py:4",
        "DOC_KEY",
    ),
    "dataclass that is made of all that a vault has": (
        {
            "app.py": CLIENT.format("from config import get_settings\n", "get_settings().doc_key"),
            "config.py": "from dataclasses import dataclass\n\n@dataclass\nclass Settings:\n    doc_key: str\n"
            "    region: str\n\ndef get_settings() -> Settings:\n    return Settings(**load())\n",
        },
        "config.py:5",
        "doc_key",
    ),
    "model that is read from a file": (
        {
            "app.py": CLIENT.format("from config import load\n\nsettings = load()\n", "settings.docs.doc_key"),
            "config.py": "import yaml\nfrom pydantic import BaseModel\n\nclass Docs(BaseModel):\n    doc_key: str\n"
            "    url: str\n\nclass Config(BaseModel):\n    docs: Docs\n\n"
            "def load():\n    return Config(**yaml.safe_load(open('a.yaml')))\n",
            "main.py": "import app\n\nprint(['doc_key'])\n",
        },
        "config.py:5",
        "doc_key",
    ),
    "item of a file of settings that an object keeps": (
        {
            "app.py": CALLED.replace("(key):", "(config):").replace(
                "Credential(key)", "Credential(config.docs.primarykey)"
            ),
            "configuration.py": "class Docs:\n    def __init__(self, parser):\n"
            "        self.primarykey = parser['docs']['primarykey']\n",
            "main.py": "from app import make\nfrom configuration import read\n\nmake(read())\n",
        },
        "configuration.py:3",
        "primarykey",
    ),
    "variable that a client looks into by itself": (
        {
            "app.py": "from openai import AzureOpenAI\nimport settings\n\n"
            "client = AzureOpenAI(azure_endpoint='https://a.openai.azure.com')\n",
            "settings.py": "import os\n\nos.environ['AZURE_OPENAI_API_KEY'] = os.getenv('AZURE_OPENAI_API_KEY')\n",
        },
        "settings.py:3",
        "AZURE_OPENAI_API_KEY",
    ),
    "name from a file that is not part of the project": (
        {
            "app.py": CALLED,
            "main.py": "from app import make\nfrom constants import *\n\nclient = make(key)\n",
            "other.py": "from app import make\n",
        },
        "main.py:4",
        "key",
    ),
    "guard of the client by another name, although others need the secret": (
        {
            "app.py": CALLED.replace(
                "(key):", "():\n    api_key = os.getenv('DOC_KEY')\n    if not api_key:\n        raise ValueError"
            )
            .replace("Credential(key)", "Credential(settings.doc_key)")
            .replace("\ndef", "import os\nfrom config import settings\n\ndef", 1),
            "config.py": SETTINGS.format("doc_key: str = ''", "settings = Settings()"),
            "rest.py": "import app\nfrom config import settings\n\nconnect(settings.doc_key)\n",
        },
        "app.py:8",
        "DOC_KEY",
    ),
    "variable that gets another secret later": (
        {
            "app.py": CALLED.replace(
                "(key):",
                "(use):\n    if use:\n        key = os.getenv('DOC_KEY')\n        if not key:\n"
                "            raise ValueError\n        print(key == 'a')",
            )
            .replace("    return", "        return")
            .replace("\ndef", "import os\n\ndef", 1)
            + "    key = os.getenv('OTHER_KEY')\n    return connect(key)\n"
        },
        "app.py:8",
        "DOC_KEY",
    ),
    "status of what is read elsewhere by a function that is told the name": (
        {
            "app.py": CLIENT.format(
                "from config import get_status, require\n\nif not get_status().ready:\n    raise ValueError\n",
                "require('KEY')",
            ),
            "config.py": READING + "@dataclass\nclass Status:\n    ready: bool\n    region: str\n\n"
            "def get_status():\n    key = os.getenv('KEY', '').strip()\n    region = os.getenv('REGION')\n"
            "    return Status(ready=bool(region and key), region=region)\n",
        },
        "app.py:5",
        "KEY",
    ),
    "field that a function fills by the name of a setting": (
        {
            "app.py": CLIENT.format("import config\n\nsettings = config.load()\n", "settings.key"),
            "config.py": READING + "@dataclass\nclass Settings:\n    key: str\n    region: str\n\n"
            "def load():\n    return Settings(require('KEY'), require('REGION'))\n",
            "main.py": "from config import load\n\nprint(load().region)\n",
        },
        "config.py:16",
        "KEY",
    ),
    "item of a file whose name a function is told": (
        {
            "app.py": CLIENT.format("from config import read\n\nsecret = read('key')\n", "read('key')"),
            "config.py": "import json\n\ndef read(name):\n    with open('settings.json') as file:\n"
            "        settings = json.load(file)\n    return settings[name]\n",
        },
        "app.py:5",
        "key",
    ),
    "check of a method that makes an object of its own class": (
        {
            "app.py": CLIENT.format(
                "from config import Settings\n\nsettings = Settings.from_env()\nprint(settings.url)\n", "settings.key"
            ),
            "config.py": "import os\nfrom dataclasses import dataclass\n\n@dataclass\nclass Settings:\n    url: str\n"
            "    key: str\n\n    @classmethod\n    def from_env(cls):\n        url = os.getenv('URL')\n"
            "        key = os.getenv('KEY')\n        if not url or not key:\n            raise ValueError\n"
            "        return cls(url=url, key=key)\n",
        },
        "config.py:13",
        "KEY",
    ),
    "item of a file that is passed where nothing takes it": (
        {
            "app.py": CALLED,
            "main.py": "import yaml\nfrom app import make\n\ndef read():\n    with open('config.yaml') as file:\n"
            "        return yaml.safe_load(file)\n\ndef main():\n    config = read()\n    key = config['DB_KEY']\n"
            "    return make(key)\n",
        },
        "main.py:10",
        "DB_KEY",
    ),
    "item of a configuration that nobody knows, asked about elsewhere": (
        {
            "app.py": CALLED.replace("make(key)", "make()")
            .replace("    return", "    config = load()\n    key = config['key']\n    return")
            .replace(
                "\ndef",
                "from settings import load\n\ndef is_on():\n    config = load()\n"
                "    return bool(config['url'] and config['key'])\n\ndef",
                1,
            ),
            "main.py": "import app\n\nif app.is_on():\n    app.make()\n",
            "settings.py": "import store\n\ndef load():\n    return {name: store.get(name) for name in store.NAMES}\n",
        },
        "app.py:7",
        "key",
    ),
    "names of items that are asked one by one of what an object keeps, too": (
        {
            "app.py": CLIENT.format("from config import load\n\nconfig = load()\n", "config['KEY']")
            + "class Worker:\n    def __init__(self, config):\n        self.config = config\n\n    def run(self):\n"
            "        return self.config['URL']\n\ndef check():\n    required = ['KEY', 'URL']\n"
            "    missing = [name for name in required if not config.get(name)]\n    if missing:\n"
            "        raise ValueError(missing)\n    return Worker(config)\n",
            "config.py": "import os\n\ndef load():\n    config = {'KEY': os.getenv('KEY'), 'URL': os.getenv('URL')}\n"
            "    return config\n",
        },
        "app.py:17",
        "KEY",
    ),
    "values that are looked through for what is missing or empty": (
        {
            "app.py": CLIENT.format("import os\n\nKEY = os.getenv('KEY')\n", "KEY")
            + "def check():\n    required = {'KEY': KEY}\n"
            "    missing = [k for k, v in required.items() if v is None or (isinstance(v, str) and not v.strip())]\n"
            "    if missing:\n        raise ValueError(missing)\n",
        },
        "app.py:10",
        "KEY",
    ),
    "check of a dictionary that is made once, and of what its entries look like": (
        {
            "app.py": CALLED.replace("make(key)", "make()")
            .replace("Credential(key)", "Credential(settings()['key'])")
            .replace(
                "\ndef",
                "import os\n\n_settings = None\n\ndef settings():\n    global _settings\n"
                "    if _settings is not None:\n        return _settings\n    url = os.getenv('URL')\n"
                "    key = os.getenv('KEY')\n    if not all([url, key]):\n        raise ValueError\n"
                "    for name, value in [('URL', url), ('KEY', key)]:\n        if value and '@' in value:\n"
                "            raise ValueError(f'{name}: {value[:5]}')\n"
                "    _settings = {'url': url, 'key': key}\n    return _settings\n\ndef",
                1,
            )
        },
        "app.py:13",
        "KEY",
    ),
    "check that a function runs before it makes the client, though others need the secret": (
        {
            "app.py": CALLED.replace("make(key)", "make()")
            .replace("Credential(key)", "Credential(Settings.KEY)")
            .replace("    return", "    Settings.validate()\n    return")
            .replace("\ndef", "from config import Settings\n\ndef", 1),
            "config.py": "import os\n\nclass Settings:\n    KEY = os.getenv('KEY')\n\n    @classmethod\n"
            "    def validate(cls):\n        if not cls.KEY:\n            raise ValueError\n",
            "rest.py": "import app\nfrom config import Settings\n\nconnect(Settings.KEY)\n",
        },
        "config.py:8",
        "KEY",
    ),
    "parts of a connection string that nothing reads": (
        {
            "app.py": "import os\nfrom azure.storage.blob import BlobServiceClient\n\n"
            "connection_string = os.getenv('BLOBS')\n"
            "client = BlobServiceClient.from_connection_string(connection_string)\n\nkey = None\n"
            "for part in connection_string.split(';'):\n    if part.startswith('AccountKey='):\n"
            "        key = part[len('AccountKey='):]\n",
        },
        "app.py:8",
        "BLOBS",
    ),
}


# What is left where a place asks for something else besides, or did nothing but ask for the secret.
SIMPLER = {
    "pairs of names and values, whose function answers whether all are there": (
        "config.py", '    pairs = [("URL", URL)]'
    ),
    "answer of a handler in another file": ("function_app.py", "    if not all([REGION]):"),
    "list of values that are looked through": ("config.py", "required = [REGION]"),
    "property that tells whether it is set": ("app.py", "        return bool(client)"),
    "method of a class that a client is made with": ("config.py", "    def validate(cls):\n        pass"),
    "what a caller has by an attribute of it knows nobody": (
        "run.py", "    missing = [n for n, v in {'url': given.url}.items() if not v]"
    ),
    "one of several values that a function checks and returns": ("settings.py", "    if not url:"),
    "item of a dictionary that a function returns": ("app.py", "    if not (config['url']):"),
    "variable that gets another secret later": (
        "app.py", "        key = os.getenv('DOC_KEY')\n        print(key == 'a')"
    ),
    "status of what is read elsewhere by a function that is told the name": (
        "config.py", "    return Status(ready=bool(region), region=region)"
    ),
    "check of a method that makes an object of its own class": ("config.py", "        if not url:"),
    "check of a dictionary that is made once, and of what its entries look like": (
        "app.py", "    if not all([url]):\n        raise ValueError"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SIMPLER)
def test_what_asks_in_vain_for_a_secret_besides_other_things_loses_it(name):
    texts, _, _ = DEMANDS[name]
    plan, (outcome,) = planned(texts)
    assert isinstance(outcome, Rewritten)
    path, line = SIMPLER[name]
    assert f"\n{line}\n" in plan.texts[path][1].decode()


def test_a_list_of_names_has_the_setting_that_takes_the_place_of_another():
    code = (
        "import os\nfrom azure.storage.blob import BlobServiceClient\n\n"
        "def check():\n    for name in ['BLOB_CONNECTION_STRING', 'BOX']:\n        if not os.environ.get(name):\n"
        "            raise ValueError(name)\n\n"
        "def make():\n    return BlobServiceClient.from_connection_string(os.getenv('BLOB_CONNECTION_STRING'))\n"
    )
    plan, (outcome,) = planned({"app.py": code})
    assert isinstance(outcome, Rewritten)
    text = plan.texts["app.py"][1].decode()
    assert "for name in ['BLOB_ENDPOINT', 'BOX']:" in text
    assert "os.getenv('BLOB_ENDPOINT')" in text


STAYING = {
    "collection that something else reads": "REQUIRED = ['KEY', 'URL']\nprint(len(REQUIRED))\n"
    "missing = [name for name in REQUIRED if not os.getenv(name)]\nif missing:\n    raise ValueError\n",
    "loop that does more than ask": "found = {}\nfor name in ['KEY', 'URL']:\n    if not os.getenv(name):\n"
    "        raise ValueError\n    found[name] = os.getenv(name)\n",
    "comment beside the entry": "missing = [\n    name\n    for name in [\n        'KEY',  # of the service\n"
    "        'URL',\n    ]\n    if not os.getenv(name)\n]\nif missing:\n    raise ValueError\n",
    "list of nothing but the name": "missing = [name for name in ['KEY'] if not os.getenv(name)]\nif missing:\n"
    "    raise ValueError\n",
}


@pytest.mark.parametrize("check", STAYING.values(), ids=STAYING)
def test_a_check_that_may_serve_for_more_holds_the_rewrite_back(check):
    texts = {
        "app.py": CLIENT.format("import os\nimport check\n", "os.getenv('KEY')"),
        "check.py": "import os\n" + check,
    }
    plan, (outcome,) = planned(texts)
    assert isinstance(outcome, HeldBack)
    assert plan.texts == {}


WAITING = {name: entry for name, entry in DEMANDS.items() if name not in SIMPLER}


@pytest.mark.parametrize(("texts", "place", "name"), WAITING.values(), ids=WAITING)
def test_a_rewrite_waits_for_what_would_still_ask_for_its_secret(texts, place, name):
    plan, outcomes = planned(texts)
    assert plan.texts == {}
    (outcome,) = outcomes
    assert isinstance(outcome, HeldBack)
    assert place in outcome.reason
    assert f"'{name}'" in outcome.reason
    assert isinstance(outcome.rewrite, Rewritten)


NEEDS = {
    "another library takes it": ENVIRONMENT
    | {"other.py": "import config\nfrom library import Client\n\nclient = Client(config.KEY)\n"},
    "header": ENVIRONMENT | {"other.py": "import config\n\nHEADERS = {'key': config.KEY}\n"},
    "attribute of a library": ENVIRONMENT
    | {"other.py": "import config\nimport openai\n\nopenai.api_key = config.KEY\n"},
    "required field of another program": {
        **by_function("key: str = ''"),
        "other.py": "import os\n\nif not os.environ['KEY']:\n    raise ValueError\n",
    },
    "line of a log": {
        "app.py": CLIENT.format(
            "import logging\nfrom config import get_settings\n\nlogging.info(get_settings().key)\n",
            "get_settings().key",
        ),
        "config.py": SETTINGS.format("key: str = ''", "def get_settings():\n    return Settings()"),
    },
    "what is shown instead of it": ENVIRONMENT
    | {
        "config.py": 'import os\n\nKEY = os.getenv("KEY")\n',
        "status.py": "import config\n\nSTATUS = {'key': 'set' if config.KEY else 'not', 'is': bool(config.KEY)}\n",
    },
    "check of a function whose secret others need": {
        "app.py": CALLED.replace("(key):", "():\n    if not KEY:\n        raise ValueError")
        .replace("Credential(key)", "Credential(KEY)")
        .replace("\ndef", "\nimport os\n\nKEY = os.getenv('KEY')\n\ndef", 1),
        "rest.py": "from app import KEY\n\nconnect(KEY)\n",
    },
    "item of a container with defaults": ENVIRONMENT
    | {
        "config.py": 'import os\n\nKEY = os.getenv("KEY", "")\n',
        "main.py": "from flask import Flask\nimport app, config\n\nflask = Flask()\nflask.config.from_object(config)\n"
        "print(flask.config['KEY'])\n",
    },
    "field that may be None": by_function("key: str | None"),
    "item of a dictionary that something else takes": {
        "app.py": CLIENT.format(
            "import os\n\nconfig = {'key': os.environ['KEY']}\nconnect(config.get('key'))\n", "config['key']"
        )
    },
    "variable that is never None": {
        "app.py": "from openai import AzureOpenAI\nimport os\n\n"
        "os.environ['AZURE_OPENAI_API_KEY'] = os.getenv('AZURE_OPENAI_API_KEY', '')\n"
        "client = AzureOpenAI(azure_endpoint='https://a.openai.azure.com')\n"
    },
    "method of another class that has the same name": {
        "app.py": CLIENT.format("from config import Docs\n", "Docs.get_key()"),
        "config.py": "import os\n\nclass Docs:\n    @staticmethod\n    def get_key():\n"
        "        return os.getenv('KEY')\n\n"
        "class Rest:\n    @staticmethod\n    def get_key():\n        return os.getenv('REST')\n",
        "main.py": "import app\nfrom config import Rest\n\nif not Rest.get_key():\n    raise ValueError\n",
    },
    "what a test demands": by_function("key: str = ''")
    | {"tests/test_app.py": "import app\nfrom config import get_settings\n\nassert get_settings().key\n"},
}


@pytest.mark.parametrize("texts", NEEDS.values(), ids=NEEDS)
def test_what_needs_a_secret_or_lives_without_it_holds_nothing_back(texts):
    _, (outcome,) = planned(texts)
    assert isinstance(outcome, Rewritten)


def test_a_field_of_what_a_function_returns_goes():
    plan, _ = planned(by_function())
    assert b"key" not in plan.texts["config.py"][1]


@pytest.mark.parametrize("comment", ["", "  # from the portal"])
def test_an_entry_with_a_comment_is_for_its_author_to_take_out(comment):
    """The comment would be lost, or tell of another entry."""
    required = f"""
        import os
        REQUIRED = [
            'DOC_URL',
            'DOC_KEY',{comment}
        ]
        if [name for name in REQUIRED if not os.environ.get(name)]:
            raise SystemExit(1)
    """
    _, (outcome,) = planned({"app.py": CLIENT.format(textwrap.dedent(required), "os.environ['DOC_KEY']")})
    assert isinstance(outcome, HeldBack if comment else Rewritten)


def test_a_test_of_settings_that_an_object_keeps_loses_the_key():
    code = CALLED.replace("(key):", "(self):").replace(
        "    return", "        if self.settings.url and self.settings.doc_key:\n            self.client ="
    )
    code = code.replace("def make(self)", "class Service:\n    def __init__(self)").replace(
        "Credential(key)", "Credential(self.settings.doc_key)"
    )
    code = code.replace("        if", "        self.settings = get_settings()\n        if", 1).replace(
        "class", "from config import get_settings\n\nclass", 1
    )
    texts = {
        "app.py": code,
        "config.py": SETTINGS.format('doc_key: str = ""\n    url: str', "def get_settings():\n    return Settings()"),
    }
    plan, _ = planned(texts)
    assert b"        if self.settings.url:\n" in plan.texts["app.py"][1]


def test_what_asks_is_left_to_the_user_when_he_says_so():
    texts = by_function() | OTHERS
    session = session_of_texts({path: text.encode() for path, text in texts.items()}, client_table())
    plan = session.plan(Options(unsafe=True))
    assert b"AzureKeyCredential" not in plan.texts["app.py"][1]
    assert plan.unused_settings == []


def test_only_the_sites_whose_secret_is_asked_for_wait():
    texts = by_function() | OTHERS | {"b.py": CLIENT.format("import os\n", 'os.environ["OTHER"]')}
    plan, outcomes = planned(texts)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["HeldBack", "Rewritten"]
    assert list(plan.texts) == ["b.py"]


@pytest.mark.parametrize(
    ("others", "unused"),
    [
        ({}, ["DOC_KEY"]),
        ({"web/server.ts": "const key = process.env.DOC_KEY;\n"}, []),
        ({"config.py": SETTINGS.format('doc_key: str = ""', "")}, []),
        ({"config.py": SETTINGS.format('model_config = {"env_prefix": ""}\n    key: str = ""', "")}, ["DOC_KEY"]),
        ({"config.py": SETTINGS.format('class Config:\n        env_prefix = "DOC_"\n\n    key: str = ""', "")}, []),
    ],
)
def test_a_setting_that_any_code_names_is_in_use(others, unused):
    plan, _ = planned({"app.py": CLIENT.format("import os\n", "os.environ['DOC_KEY']"), **others})
    assert "app.py" in plan.texts
    assert plan.unused_settings == unused


def test_a_guard_stays_before_a_use_of_the_key_that_stays():
    code = """\
import datetime

from azure.storage.blob import BlobServiceClient, generate_blob_sas
from config import settings


class Store:
    def client(self):
        return BlobServiceClient("https://contoso.blob.core.windows.net", credential=settings.ACCOUNT_KEY)

    def address(self, name):
        if not settings.ACCOUNT or not settings.ACCOUNT_KEY:
            raise RuntimeError("no account")
        return generate_blob_sas(
            settings.ACCOUNT, "box", name, account_key=settings.ACCOUNT_KEY, expiry=datetime.datetime(2040, 1, 1)
        )
"""
    config = """\
import os


class Settings:
    ACCOUNT = os.environ["ACCOUNT"]
    ACCOUNT_KEY = os.environ["ACCOUNT_KEY"]


settings = Settings()
"""
    plan, outcomes = planned({"store.py": code, "config.py": config})
    assert [type(outcome) for outcome in outcomes] == [Rewritten, HeldBack]
    new = plan.texts["store.py"][1].decode()
    assert "if not settings.ACCOUNT or not settings.ACCOUNT_KEY:" in new
    assert "credential=DefaultAzureCredential()" in new


def test_a_guard_of_a_client_that_is_rewritten_goes_though_others_use_the_secret():
    plan, _ = planned(NEEDS["check of a function whose secret others need"])
    assert b"raise" not in plan.texts["app.py"][1]


def test_a_guard_before_a_connection_string_that_stays_as_the_address_is_right():
    texts = {
        "app.py": "from azure.storage.blob import BlobServiceClient\n\ndef make(text):\n"
        "    return BlobServiceClient.from_connection_string(text)\n",
        "main.py": "import os\nfrom app import make\n\nTEXT = os.getenv('TEXT') or os.getenv('OTHER')\n\n"
        "def run():\n    if not TEXT:\n        raise ValueError\n    return make(TEXT)\n",
    }
    _, (outcome,) = planned(texts)
    assert isinstance(outcome, Rewritten)


def test_a_sas_keeps_its_key_where_the_client_that_would_sign_it_does():
    texts = {
        "app.py": "import os\nfrom datetime import datetime, timedelta, timezone\n"
        "from azure.storage.blob import BlobServiceClient, generate_blob_sas\n\n"
        "class Files:\n    def __init__(self):\n        self.key = os.getenv('KEY')\n"
        "        if not self.key.endswith('=='):\n            self.key += '=='\n"
        "        self.client = BlobServiceClient('https://a.blob.core.windows.net', credential=self.key)\n\n"
        "    def sas(self):\n        return generate_blob_sas('a', 'b', 'c', account_key=self.key, permission='r',\n"
        "            expiry=datetime.now(timezone.utc) + timedelta(hours=1))\n\n"
        "    def other(self):\n        return connect(self.key)\n",
    }
    plan, outcomes = planned(texts)
    assert plan.texts == {}
    assert "can give a user delegation key still authenticates" in outcomes[1].reason


def test_a_field_that_hides_its_value_goes():
    code = CLIENT.format("from config import settings\n", "settings.key.get_secret_value()")
    config = SETTINGS.format('key: SecretStr = SecretStr("")', "settings = Settings()")
    plan, outcomes = planned({"app.py": code, "config.py": "from pydantic import SecretStr\n" + config})
    assert [type(outcome) for outcome in outcomes] == [Rewritten]
    assert "key" not in plan.texts["config.py"][1].decode()


def test_a_variable_that_a_function_fills_may_say_what_the_code_does():
    code = """\
import os

from openai import AzureOpenAI


def first(*values):
    for value in values:
        if value:
            return value.strip()
    return ""


KEY = first(os.environ.get("AZURE_OPENAI_KEY"), os.environ.get("AZURE_OPENAI_API_KEY"))
ENDPOINT = os.environ.get("AZURE_OPENAI_ENDPOINT")
client = None
if KEY and ENDPOINT:
    client = AzureOpenAI(api_key=KEY, azure_endpoint=ENDPOINT, api_version="2024-10-21")
else:
    print("simulated, key:", bool(KEY))
"""
    _, (outcome,) = planned({"app.py": code})
    assert isinstance(outcome, HeldBack)
    assert outcome.reason.startswith("whether 'KEY' is set decides what the code does")


@pytest.mark.parametrize(
    ("field", "unused"),
    [
        ('doc_key: str = ""', ["DOC_KEY"]),
        ("doc_key: str", ["DOC_KEY"]),
        ('doc_key: str = Field("", alias="AZURE_DOC_KEY")', ["AZURE_DOC_KEY"]),
        ('doc_key: str = Field("", validation_alias=AliasChoices("A", "B"))', []),
        ('model_config = SettingsConfigDict(env_prefix="APP_", extra="ignore")\n    doc_key: str', ["APP_DOC_KEY"]),
        ('model_config = {"env_prefix": "APP_", "extra": "ignore"}\n    doc_key: str', []),
    ],
)
def test_a_field_that_goes_was_a_setting(field, unused):
    code = CLIENT.format("from config import settings\n", "settings.doc_key")
    texts = {"app.py": code, "config.py": SETTINGS.format(field, "settings = Settings()")}
    plan, _ = planned({**texts, ".env.example": "REGION=\nDOC_KEY=\n"})
    assert "doc_key" not in plan.texts["config.py"][1].decode()
    assert plan.unused_settings == unused
    assert (".env.example" in plan.texts) == (unused == ["DOC_KEY"])


def test_a_setting_that_a_client_reads_itself_is_in_use():
    code = 'import os\n\nfrom openai import AzureOpenAI\n\nclient = AzureOpenAI({}azure_endpoint="https://a.openai.azure.com")\n'
    given = code.format('api_key=os.environ["AZURE_OPENAI_API_KEY"], ')
    implicit = "from somewhere import *\n" + code.format("")
    plan, outcomes = planned({"app.py": given, "other.py": implicit})
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Manual", "Rewritten"]
    assert plan.unused_settings == []
    assert planned({"app.py": given})[0].unused_settings == ["AZURE_OPENAI_API_KEY"]


# https://github.com/assafelovic/gpt-researcher: options of somebody else may hold a key, or the client looks for it.
@pytest.mark.parametrize(
    ("options", "unused"),
    [("**options", []), ("azure_ad_token_provider=provider, **options", ["AZURE_OPENAI_API_KEY"])],
)
def test_a_setting_that_a_client_with_options_may_read_itself_is_in_use(options, unused):
    code = 'import os\n\nfrom openai import AzureOpenAI\n\nclient = AzureOpenAI({}azure_endpoint="https://a.openai.azure.com")\n'
    other = f"from openai import AzureOpenAI\n\n\ndef make(provider, options):\n    return AzureOpenAI({options})\n"
    plan, _ = planned({"app.py": code.format('api_key=os.environ["AZURE_OPENAI_API_KEY"], '), "other.py": other})
    assert "azure_ad_token_provider" in plan.texts["app.py"][1].decode()
    assert plan.unused_settings == unused


def test_a_file_whose_setting_other_code_still_reads_is_not_called_unread():
    storage = (
        "import streamlit as st\nfrom azure.storage.blob import BlobServiceClient\n\n"
        'connection_string = st.secrets["connection_string"]\n'
        "client = BlobServiceClient.from_connection_string(connection_string)\n"
    )
    texts = {"storage.py": storage, ".streamlit/secrets.toml": 'connection_string = "secret"\n'}
    assert planned(texts)[0].real_settings == [".streamlit/secrets.toml"]
    reader = {"app.py": 'import streamlit as st\nimport storage\nconnection_string = st.secrets["connection_string"]\n'}
    assert planned(texts | reader)[0].real_settings == []
