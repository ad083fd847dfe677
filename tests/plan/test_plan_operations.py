from __future__ import annotations

import textwrap

import pytest
from plan_repositories import BLOB, VM, plan_of, rights

READER, CONTRIBUTOR, OWNER = (f"Storage Blob Data {level}" for level in ("Reader", "Contributor", "Owner"))
SENDER, RECEIVER = (f"Azure Service Bus Data {role}" for role in ("Sender", "Receiver"))
CONTAINER = "blobServices/default/containers/logs"
BUS = """
    import os
    from azure.servicebus import ServiceBusClient
    bus = ServiceBusClient.from_connection_string(os.environ["BUS"])
"""
QUEUE = """
    import os
    from azure.storage.queue import QueueClient
    queue = QueueClient.from_connection_string(os.environ["STORAGE"], "jobs")
"""
JOBS = "queueServices/default/queues/jobs"
VAULT = """
    import os
    from azure.identity import DefaultAzureCredential
    from azure.keyvault.secrets import SecretClient
    vault = SecretClient(os.environ["VAULT_URL"], DefaultAzureCredential())
"""
COSMOS = """
    import os
    from azure.cosmos import CosmosClient
    cosmos = CosmosClient(os.environ["COSMOS_URL"], os.environ["COSMOS_KEY"])
    orders = cosmos.get_database_client("shop").get_container_client("orders")
"""


@pytest.mark.parametrize(
    ("before", "code", "expected"),
    [
        (BLOB, 'service.get_blob_client("logs", "a").download_blob()', [f"{READER} @ {CONTAINER}"]),
        (BLOB, 'service.get_container_client("logs").upload_blob("a", b"")', [f"{CONTRIBUTOR} @ {CONTAINER}"]),
        (BLOB, 'service.get_blob_client("logs", "a").set_blob_tags({})', [f"{OWNER} @ {CONTAINER}"]),
        (BLOB, 'service.get_blob_client("logs", "a").upload_blob(b"", tags={"x": "y"})', [f"{OWNER} @ {CONTAINER}"]),
        (BLOB, 'service.get_blob_client("logs", "a").upload_blob(b"", tags=None)', [f"{CONTRIBUTOR} @ {CONTAINER}"]),
        (BLOB, 'service.get_container_client("logs").set_container_access_policy({})', [f"{OWNER} @ {CONTAINER}"]),
        (BLOB, "list(service.list_containers())", [READER]),
        (BLOB, 'service.create_container("logs")', [CONTRIBUTOR]),
        (BLOB, "service.get_user_delegation_key(a, b)", ["Storage Blob Delegator"]),
        (BLOB, 'name = input()\nservice.get_container_client(name).list_blobs()', [READER]),
        (BLOB, 'service.get_container_client(os.environ["BOX"]).list_blobs()', [(f"{READER} @ "
f"blobServices/default/containers/{{containerName}}")]),
        (BUS, 'bus.get_queue_sender("jobs").send_messages([])', [f"{SENDER} @ queues/jobs"]),
        (BUS, ('with bus.get_queue_receiver("jobs") as receiver:\n    for message in receiver:\n        '
'receiver.complete_message(message)'), [f"{RECEIVER} @ queues/jobs"]),
        (BUS, 'bus.get_queue_sender("a").send_messages([])\nbus.get_queue_receiver("a").receive_messages()',
         [f"{RECEIVER} @ queues/a", f"{SENDER} @ queues/a"]),
        (BUS, 'bus.get_subscription_receiver("t", "s").receive_messages()', [f"{RECEIVER} @ topics/t/subscriptions/s"]),
        (QUEUE, 'queue.send_message("x")', [f"Storage Queue Data Message Sender @ {JOBS}"]),
        (QUEUE, ("message = "
"queue.receive_message()\nqueue.delete_message(message)"), [f"Storage Queue Data Message Processor @ {JOBS}"]),
        (QUEUE, 'queue.send_message("x")\nqueue.receive_message()', [(f"Storage Queue Data Message Processor "
f"@ {JOBS}"), f"Storage Queue Data Message Sender @ {JOBS}"]),
        (QUEUE, 'queue.update_message("x")', [f"Storage Queue Data Contributor @ {JOBS}"]),
        (VAULT, 'vault.get_secret("a").value', ["Key Vault Secrets User"]),
        (VAULT, 'vault.get_secret("a")\nvault.list_properties_of_secrets()', ["Key Vault Secrets User"]),
        (VAULT, 'vault.set_secret("a", "b")', ["Key Vault Secrets Officer"]),
        (COSMOS, 'orders.read_item("a", "b")', ["Cosmos DB Built-in Data Reader @ /dbs/shop/colls/orders"]),
        (COSMOS, "orders.upsert_item({})", ["Cosmos DB Built-in Data Contributor @ /dbs/shop/colls/orders"]),
    ],
)  # fmt: skip
def test_the_calls_decide_the_role(tmp_path, before, code, expected):
    plan = plan_of(tmp_path, {"app.py": textwrap.dedent(before) + code + "\n", "main.bicep": VM})
    assert rights(plan) == sorted(expected)
    assert not any(assignment.default for assignment in plan.assignments)


WAYS = {
    "assignment": "a = service\nb = a\nb.list_containers()",
    "with": "with service as open_service:\n    open_service.list_containers()",
    "parameter": "def show(s):\n    s.list_containers()\nshow(service)",
    "annotation": "def show(s: BlobServiceClient | None):\n    s.list_containers()",
    "attribute": ("class Store:\n    def __init__(self):\n        self.s = service\n    def show(self):\n     "
"   self.s.list_containers()"),
    "attribute of a parameter": ("class Store:\n    def __init__(self, s):\n        self.s = s\n    def "
"show(self):\n        self.s.list_containers()\nStore(service).show()"),
    "factory": "def make():\n    return service\nmake().list_containers()",
    "property": ("class Store:\n    @property\n    def s(self):\n        return service\n    def "
"show(self):\n        self.s.list_containers()"),
    "dependency": ("from fastapi import Depends\ndef give():\n    yield service\ndef show(s=Depends(give)):\n "
"   s.list_containers()"),
    "choice": "s = service if True else None\ns.list_containers()",
    "exit stack": ("import contextlib\nwith contextlib.ExitStack() as stack:\n    s = "
"stack.enter_context(service)\n    s.list_containers()"),
    "inheritance": ("class Base:\n    def __init__(self):\n        self.s = service\nclass Store(Base):\n    "
"def show(self):\n        self.s.list_containers()"),
    "method of a subclass": """
class Base:
    def __init__(self):
        self.s = self.make()
    def make(self):
        ...
    def show(self):
        self.s.list_containers()
class Store(Base):
    def make(self):
        return service""",
    "inherited method": """
class Base:
    def make(self):
        return service
class Store(Base):
    def show(self):
        self.make().list_containers()""",
    "walrus": "if (s := service):\n    s.list_containers()",
}  # fmt: skip


def test_clients_that_come_from_another_file_are_followed(tmp_path):
    files = {
        "database.py": textwrap.dedent(COSMOS),
        "items.py": """
            from database import orders
            def save(item):
                orders.create_item(item)
        """,
        "typed.py": """
            from azure.cosmos import ContainerProxy
            class Items:
                @property
                def container(self) -> ContainerProxy:
                    return self._container
                def delete(self, item):
                    self.container.delete_item(item, "a")
        """,
        "main.bicep": VM,
    }
    plan = plan_of(tmp_path, files)
    assert [a.role for a in plan.assignments] == ["Cosmos DB Built-in Data Contributor"]
    assert {reason.place for reason in plan.assignments[0].reasons} == {"items.py:4", "typed.py:8"}


@pytest.mark.parametrize("way", WAYS)
def test_clients_are_followed(tmp_path, way):
    plan = plan_of(tmp_path, {"app.py": textwrap.dedent(BLOB) + WAYS[way] + "\n", "main.bicep": VM})
    assert rights(plan) == [READER]
    assert not plan.assignments[0].default


def test_clients_are_followed_into_other_files(tmp_path):
    files = {
        "shop/clients.py": BLOB,
        "shop/app.py": "from shop.clients import service\nservice.list_containers()\n",
        "main.bicep": VM,
    }
    plan = plan_of(tmp_path, files)
    assert rights(plan) == [READER]
    assert plan.assignments[0].reasons[0].place == "shop/app.py:2"


def test_asynchronous_clients_need_the_same(tmp_path):
    code = """
        import os
        from azure.storage.blob.aio import BlobServiceClient
        async def main():
            async with BlobServiceClient(os.environ["URL"], os.environ["KEY"]) as service:
                blob = service.get_blob_client("logs", "a")
                await blob.upload_blob(b"")
    """
    assert rights(plan_of(tmp_path, {"app.py": code, "main.bicep": VM})) == [f"{CONTRIBUTOR} @ {CONTAINER}"]


def test_nested_attributes_are_part_of_the_operation(tmp_path):
    code = """
        from openai import AzureOpenAI
        client = AzureOpenAI(azure_endpoint="https://shop.openai.azure.com", api_key=KEY, api_version="1")
        client.chat.completions.create(model="m", messages=[])
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert rights(plan) == ["Cognitive Services OpenAI User"]
    assert plan.resources[0].label == "shop"


def test_a_client_that_is_handed_on_gets_the_usual_role_and_says_why(tmp_path):
    plan = plan_of(tmp_path, {"app.py": textwrap.dedent(BLOB) + "register(service)\n", "main.bicep": VM})
    assert rights(plan) == [CONTRIBUTOR]
    assert "could not" in plan.assignments[0].default or "could be followed" in plan.assignments[0].default


def test_what_tests_set_up_is_not_what_the_workload_needs(tmp_path):
    files = {
        "app.py": textwrap.dedent(BLOB) + "service.list_containers()\n",
        "tests/test_app.py": "from app import service\nservice.create_container('x')\n",
        "main.bicep": VM,
    }
    assert rights(plan_of(tmp_path, files)) == [READER]


def test_parts_get_rights_of_their_own(tmp_path):
    code = (
        'service.get_container_client("in").list_blobs()\nservice.get_container_client("out").upload_blob("a", b"")\n'
    )
    plan = plan_of(tmp_path, {"app.py": textwrap.dedent(BLOB) + code, "main.bicep": VM})
    assert rights(plan) == [
        f"{CONTRIBUTOR} @ blobServices/default/containers/out",
        f"{READER} @ blobServices/default/containers/in",
    ]


def test_many_parts_become_the_whole(tmp_path):
    code = "".join(f'service.get_container_client("c{number}").list_blobs()\n' for number in range(5))
    plan = plan_of(tmp_path, {"app.py": textwrap.dedent(BLOB) + code, "main.bicep": VM})
    assert rights(plan) == [READER]


def test_calls_without_a_data_role_are_listed(tmp_path):
    code = 'cosmos.create_database("new")\norders.read_item("a", "b")\n'
    plan = plan_of(tmp_path, {"app.py": textwrap.dedent(COSMOS) + code, "main.bicep": VM})
    assert [problem.call for problem in plan.problems] == ["CosmosClient.create_database"]


def test_a_role_that_reads_keys_is_never_assigned(tmp_path):
    code = """
        import os
        from azure.core.credentials import AzureKeyCredential
        from azure.search.documents.indexes import SearchIndexClient
        client = SearchIndexClient(os.environ["SEARCH"], AzureKeyCredential(os.environ["KEY"]))
        client.create_index(index)
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert rights(plan) == ["Search Service Contributor without keys"]
    assert plan.custom_roles[0].actions == tuple(
        f"Microsoft.Search/searchServices/indexes/{a}" for a in ("read", "write")
    )
    assert not plan.custom_roles[0].data_actions
    assert "could read the keys" in plan.assignments[0].custom


def test_branches_that_open_one_resource_two_ways_are_one_resource(tmp_path):
    code = """
        from azure.storage.blob import BlobServiceClient
        class Store:
            def __init__(self, connection, url, credential):
                if connection:
                    self.service = BlobServiceClient.from_connection_string(connection)
                else:
                    self.service = BlobServiceClient("https://known.blob.core.windows.net", credential)
            def show(self):
                self.service.list_containers()
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert rights(plan) == [READER]
    assert len(plan.resources) == 1


def test_planes_with_the_same_roles_share_an_assignment(tmp_path):
    code = """
        import os
        from azure.storage.blob import BlobServiceClient
        from azure.storage.filedatalake import DataLakeServiceClient
        BlobServiceClient(os.environ["URL"], os.environ["KEY"]).create_container("a")
        DataLakeServiceClient(os.environ["URL"], os.environ["KEY"]).list_file_systems()
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert rights(plan) == [CONTRIBUTOR]
    assert len(plan.assignments[0].reasons) == 2


def test_graph_needs_application_permissions(tmp_path):
    code = """
        from azure.identity import DefaultAzureCredential
        from msgraph import GraphServiceClient
        graph = GraphServiceClient(DefaultAzureCredential())
        async def show():
            await graph.users.get()
            await graph.groups.by_group_id("g").patch(body)
            await graph.me.get()
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert rights(plan) == ["Group.ReadWrite.All", "User.Read.All"]
    assert [problem.call for problem in plan.problems] == ["GraphServiceClient.me.get"]


def test_a_client_whose_rights_are_not_known_is_a_question(tmp_path):
    code = """
        from azure.agrifood.farming import FarmBeatsClient
        from azure.identity import DefaultAzureCredential
        FarmBeatsClient(endpoint=URL, credential=DefaultAzureCredential())
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert any("FarmBeatsClient" in question for question in plan.questions)


def test_a_credential_that_is_not_followed_is_a_question(tmp_path):
    code = """
        import os
        from azure.identity import ClientSecretCredential
        from azure.mgmt.compute import ComputeManagementClient
        credential = ClientSecretCredential(os.environ["T"], os.environ["C"], os.environ["S"])
        ComputeManagementClient(credential, "subscription")
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert any("could not be followed" in question for question in plan.questions)


def test_many_rights_on_one_resource_become_few(tmp_path):
    code = """
        import os
        from azure.storage.blob import BlobServiceClient
        from azure.storage.filedatalake import DataLakeServiceClient
        blobs = BlobServiceClient(os.environ["URL"], os.environ["KEY"])
        blobs.list_containers()
        lake = DataLakeServiceClient(os.environ["URL"], os.environ["KEY"])
        lake.create_file_system("a").get_directory_client("d").set_access_control(owner="o")
        blobs.get_container_client("b").upload_blob("n", b"")
        lake.list_file_systems()
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert rights(plan) == [CONTRIBUTOR, f"{OWNER} @ blobServices/default/containers/a"]


@pytest.mark.parametrize(
    "call",
    [
        "executor.submit(search.upload_documents, [document])",
        "asyncio.to_thread(search.upload_documents, documents=[document])",
        "retry(call=search.upload_documents)",
    ],
)
def test_methods_that_are_handed_on_count(tmp_path, call):
    plan = plan_of(tmp_path, {"app.py": textwrap.dedent(SEARCH) + f"{call}\n", "main.bicep": VM})
    assert rights(plan) == ["Search Index Data Contributor @ indexes/{indexName}"]
    assert not plan.assignments[0].default


SEARCH = """
    import os
    from azure.core.credentials import AzureKeyCredential
    from azure.search.documents import SearchClient
    search = SearchClient(os.environ["SEARCH"], os.environ["INDEX"], AzureKeyCredential(os.environ["KEY"]))
"""


def test_functions_that_are_the_operation_are_no_default(tmp_path):
    code = """
        import os
        from azure.appconfiguration.provider import load
        from azure.identity import DefaultAzureCredential
        def settings(endpoint):
            if endpoint:
                config = load(endpoint=os.environ["ENDPOINT"], credential=DefaultAzureCredential())
            else:
                config = load(connection_string=os.environ["CONFIG"])
            return config
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert rights(plan) == ["App Configuration Data Reader"]
    assert not plan.assignments[0].default
    assert plan.resources[0].settings == ("ENDPOINT", "CONFIG")


def test_what_is_opened_one_after_the_other_stays_two(tmp_path):
    code = """
        import os
        from azure.storage.blob import BlobServiceClient
        service = BlobServiceClient(os.environ["FROM_URL"], os.environ["FROM_KEY"])
        service.get_container_client("a").list_blobs()
        service = BlobServiceClient(os.environ["TO_URL"], os.environ["TO_KEY"])
        service.get_container_client("a").upload_blob("n", b"")
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert len(plan.resources) == 2


def test_calls_that_no_single_role_allows_get_several(tmp_path):
    code = """
        import os
        from langchain_community.vectorstores import AzureSearch
        AzureSearch(azure_search_endpoint=os.environ["SEARCH"], azure_search_key=os.environ["KEY"], index_name="i")
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    roles = {name.partition(" @ ")[0] for name in rights(plan)}
    assert roles == {"Search Index Data Contributor", "Search Service Contributor without keys"}
    assert plan.custom_roles[0].actions == tuple(
        f"Microsoft.Search/searchServices/indexes/{action}" for action in ("read", "write")
    )


def test_documents_are_analysed_with_no_more_than_that(tmp_path):
    code = """
        import os
        from azure.ai.formrecognizer import DocumentAnalysisClient
        from azure.core.credentials import AzureKeyCredential
        forms = DocumentAnalysisClient(os.environ["FORMS"], AzureKeyCredential(os.environ["KEY"]))
        forms.begin_analyze_document_from_url("prebuilt-read", url)
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    names = [action.partition("FormRecognizer/")[2] for action in plan.custom_roles[0].data_actions]
    assert names == ["documentmodels:analyze/action", "*/read"]


def test_roles_of_its_own_carry_the_name_of_the_plan(tmp_path):
    code = """
        import os
        from azure.ai.formrecognizer import DocumentAnalysisClient
        from azure.core.credentials import AzureKeyCredential
        DocumentAnalysisClient(os.environ["A"], AzureKeyCredential(os.environ["K"])).begin_analyze_document("m", d)
        DocumentAnalysisClient(os.environ["B"], AzureKeyCredential(os.environ["L"])).begin_classify_document("m", d)
    """
    plan = plan_of(tmp_path / "shop", {"app.py": code, "main.bicep": VM})
    assert [role.name for role in plan.custom_roles] == [
        "Cognitive Services User without keys (shop, aiAccount)",
        "Cognitive Services User without keys (shop, aiAccount2)",
    ]
    assert {a.role for a in plan.assignments} == {role.name for role in plan.custom_roles}


def test_a_project_gives_clients_of_its_models_and_agents(tmp_path):
    code = """
        import os
        from azure.ai.projects import AIProjectClient
        from azure.identity import DefaultAzureCredential
        project = AIProjectClient(endpoint=os.environ["PROJECT"], credential=DefaultAzureCredential())
        project.get_openai_client().responses.create(model="m")
    """
    assert rights(plan_of(tmp_path, {"app.py": code, "main.bicep": VM})) == ["Cognitive Services OpenAI User"]
    code += "    project.agents.get_agent('a')\n"
    assert rights(plan_of(tmp_path, {"app.py": code, "main.bicep": VM})) == [
        "Cognitive Services OpenAI User", "Foundry User without keys",
    ]  # fmt: skip


def test_a_setting_that_a_client_reads_itself_names_its_resource(tmp_path):
    code = """
        import os
        from azure.monitor.opentelemetry import configure_azure_monitor
        from openai import AzureOpenAI
        configure_azure_monitor()
        configure_azure_monitor(connection_string=os.environ["APPLICATIONINSIGHTS_CONNECTION_STRING"])
        AzureOpenAI(api_version="1").chat.completions.create(model="m", messages=[])
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert sorted(r.settings for r in plan.resources) == [
        ("APPLICATIONINSIGHTS_CONNECTION_STRING",), ("AZURE_OPENAI_ENDPOINT",),
    ]  # fmt: skip
