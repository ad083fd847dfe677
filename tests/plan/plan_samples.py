# ruff: noqa: E501 (the lines of the sampled programs)
"""Repositories that together reach every kind of host, right and step."""

from __future__ import annotations

BLOB = """
    import os
    from azure.storage.blob import BlobServiceClient
    service = BlobServiceClient(os.environ["STORAGE_URL"], credential=os.environ["STORAGE_KEY"])
    service.get_container_client(os.environ["BOX"]).upload_blob("a", b"")
    service.get_blob_client("it's a \\"box\\"", "a").download_blob()
"""
MANY = """
    import os
    import psycopg, pymysql, pyodbc, redis
    from azure.appconfiguration import AzureAppConfigurationClient
    from azure.core.credentials import AzureKeyCredential
    from azure.cosmos import CosmosClient
    from azure.identity import ClientSecretCredential
    from azure.keyvault.secrets import SecretClient
    from azure.kusto.data import KustoClient, KustoConnectionStringBuilder
    from azure.search.documents.indexes import SearchIndexClient
    from azure.servicebus import ServiceBusClient
    from azure.eventhub import EventHubProducerClient
    from azure.containerregistry import ContainerRegistryClient
    from msgraph import GraphServiceClient

    secret = ClientSecretCredential(os.environ["AZURE_TENANT_ID"], os.environ["AZURE_CLIENT_ID"], os.environ["AZURE_CLIENT_SECRET"])
    SecretClient(os.environ["VAULT"], secret).get_secret("a")
    AzureAppConfigurationClient.from_connection_string(os.environ["CONFIG"]).get_configuration_setting("a")
    CosmosClient(os.environ["COSMOS"], os.environ["COSMOS_KEY"]).get_database_client("d").get_container_client("c").read_item("a", "b")
    KustoClient(KustoConnectionStringBuilder.with_aad_application_key_authentication(os.environ["KUSTO"], "a", "b", "c")).execute_query("d", "q")
    SearchIndexClient(os.environ["SEARCH"], AzureKeyCredential(os.environ["SEARCH_KEY"])).create_index(i)
    ServiceBusClient.from_connection_string(os.environ["BUS"]).get_queue_sender("jobs").send_messages([])
    EventHubProducerClient.from_connection_string(os.environ["HUB"], eventhub_name="h").send_batch([])
    ContainerRegistryClient("https://shop.azurecr.io", secret).list_repository_names()
    GraphServiceClient(secret, ["https://graph.microsoft.com/.default"]).users.by_user_id("a").get()
    redis.Redis(host=os.environ["REDIS_HOST"], password=os.environ["REDIS_KEY"])
    psycopg.connect(host=os.environ["PGHOST"], dbname=os.environ["PGDATABASE"], password=os.environ["PGPASSWORD"]).execute("INSERT INTO a VALUES (1)")
    pymysql.connect(host=os.environ["MY_HOST"], password=os.environ["MY_PASSWORD"]).cursor().execute("SELECT a FROM b")
    pyodbc.connect(f"Server={os.environ['SQL_SERVER']};Database={os.environ['SQL_DB']};Uid=a;Pwd={os.environ['SQL_PWD']}").execute("SELECT a FROM b")
"""
DATABASES = "".join(
    f"resource r{number} '{type_}@2023-01-01' = {{\n  name: 'r{number}'\n}}\n"
    for number, type_ in enumerate(
        (
            "Microsoft.Sql/servers", "Microsoft.DBforPostgreSQL/flexibleServers", "Microsoft.DBforMySQL/flexibleServers",
            "Microsoft.Cache/redis",
        )
    )
)  # fmt: skip
FUNCTION = """
    import azure.functions as func
    app = func.FunctionApp()

    @app.blob_trigger(arg_name="blob", path="in/{name}", connection="Files")
    def work(blob):
        pass
"""
SITE = "resource {0} 'Microsoft.Web/sites@2023-12-01' = {{\n  name: '{0}'\n  kind: '{1}'\n}}\n"
WORKFLOW = """
    on: {push: {branches: [main]}, pull_request: {}}
    jobs:
      deploy:
        runs-on: ubuntu-latest
        environment: production
        steps:
          - uses: azure/login@v2
            with:
              creds: ${{ secrets.AZURE_CREDENTIALS }}
"""
PIPELINE = "steps:\n- script: echo\n  env:\n    AZURE_CLIENT_SECRET: $(secret)\n"

AZD = """
    name: shop
    services:
      api: {project: src/api, host: containerapp, language: python}
      worker: {project: src/worker, host: containerapp, language: python}
      web: {project: src/web, host: containerapp, language: python}
      billing: {project: jobs/billing, host: function, language: python}
      orders: {project: jobs/orders, host: function, language: python}
"""
QUEUE = """
    import os
    from azure.servicebus import ServiceBusClient
    from shared import stored
    ServiceBusClient.from_connection_string(os.environ["BUS"]).get_queue_receiver("jobs").receive_messages()
"""
WORKLOADS = {
    "azure.yaml": AZD,
    "src/api/app.py": MANY,
    "src/worker/app.py": QUEUE,
    "src/web/app.py": "print('no client of Azure')\n",
    "jobs/billing/host.json": '{"version": "2.0"}',
    "jobs/billing/function_app.py": FUNCTION,
    "jobs/orders/host.json": '{"version": "2.0"}',
    "jobs/orders/function_app.py": FUNCTION,
    "shared/stored.py": BLOB,
}
DEPLOYMENT = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {0}, namespace: web}}\nspec: {{template: {{spec: "
    "{{serviceAccountName: {0}, containers: [{{image: shop.azurecr.io/{0}:1}}]}}}}}}\n"
)
IMAGES = {
    "api/Dockerfile": "FROM python:3.12\n",
    "api/app.py": BLOB,
    "worker/Dockerfile": "FROM python:3.12\n",
    "worker/app.py": QUEUE.replace("    from shared import stored\n", ""),
}

SAMPLES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "vm": ({"app.py": BLOB, "main.bicep": ("resource m 'Microsoft.Compute/virtualMachines@2024-07-01' = {\n  "
"name: 'm'\n}\n")}, {}),
    "vmss": ({"app.py": BLOB}, {"host": "vmss"}),
    "web-apps": ({"app.py": BLOB, "main.bicep": SITE.format("a", "app") + SITE.format("b", "app")}, {}),
    "web-apps-system": ({"app.py": BLOB, "main.bicep": SITE.format("a", "app") + SITE.format("b", "app")}, {"identity": "system-assigned"}),
    "web-apps-databases": ({"app.py": MANY, "main.bicep": DATABASES + SITE.format("a", "app") + SITE.format("b", "app")}, {"identity": "system-assigned"}),
    "slots": ({"app.py": BLOB, "main.bicep": SITE.format("a", "app") + ("resource s "
"'Microsoft.Web/sites/slots@2023-12-01' = {\n  name: 'a/staging'\n}\n")}, {}),
    "function": ({"function_app.py": FUNCTION, "host.json": '{"version": "2.0"}'}, {}),
    "function-user": ({"function_app.py": FUNCTION, "host.json": '{"version": "2.0"}'}, {"identity": "user-assigned"}),
    "container-app": ({"app.py": MANY, "main.bicep": DATABASES}, {"host": "container-app"}),
    "container-job": ({"app.py": MANY, "main.bicep": DATABASES}, {"host": "container-app-job"}),
    "container-instance": ({"app.py": BLOB}, {"host": "container-instance"}),
    "arc": ({"app.py": BLOB}, {"host": "arc"}),
    "ml": ({"app.py": BLOB}, {"host": "ml"}),
    "on-premises": ({"app.py": BLOB}, {"host": "on-premises"}),
    "aks": ({"app.py": MANY, "main.bicep": DATABASES, "k8s.yaml": ("apiVersion: apps/v1\nkind: "
"Deployment\nmetadata: {name: shop, namespace: web}\nspec: {template: {spec: {serviceAccountName: shop}}}\n")}, {}),
    "workloads": (WORKLOADS, {}),
    "workloads-user": ({**WORKLOADS, "main.bicep": DATABASES}, {"identity": "user-assigned"}),
    "workloads-aks": ({**IMAGES, "k8s.yaml": "---\n".join(DEPLOYMENT.format(name) for name in ("api", "worker"))}, {}),
    "unknown": ({"app.py": BLOB}, {}),
    "workflow": ({"app.py": BLOB, ".github/workflows/deploy.yml": WORKFLOW, "azure-pipelines.yml": PIPELINE}, {"host": "web-app"}),
}  # fmt: skip
