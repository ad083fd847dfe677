"""Platforms of others have no managed identity; a plan and the summary of a migration say what signs in there."""

from __future__ import annotations

import pytest
from plan_repositories import BLOB, VM, plan_of, write

from mi_lint.configuration.settings import load
from mi_lint.migrate.opened import open_project
from mi_lint.plan.summary import of_migration

RENDER = {"render.yaml": "services:\n  - type: web\n    runtime: python\n"}
PRINCIPAL = (
    "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET of a service principal there, which "
    "DefaultAzureCredential reads"
)


def elsewhere(folder, files):
    """Return what a plan says of other platforms: names by files."""
    notes = plan_of(folder, {"app.py": BLOB, **files}).notes
    told = [note for note in notes if "gives no managed identity" in note]
    return {note.partition(":")[0]: note.split(": ")[1].removesuffix(" gives no managed identity") for note in told}


WORKFLOW = (
    "jobs:\n  load:\n    runs-on: ubuntu-latest\n    steps:\n      - run: python jobs/load.py\n        env:\n"
    "          AZURE_STORAGE_CONNECTION_STRING: ${{ secrets.AZURE_STORAGE_CONNECTION_STRING }}\n"
)


STATIC_WEB_APP = "      - uses: Azure/static-web-apps-deploy@v1\n        with:\n          api_location: {}\n"


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        ("render.yaml", RENDER["render.yaml"], "Render"),
        ("app.yaml", "runtime: python312\n", "Google App Engine"),
        ("deploy/cloudbuild.yaml", "steps:\n- args: ['gcloud run deploy shop']\n", "Google Cloud Run"),
        ("cloudbuild.yaml", "steps:\n- args:\n  - run\n  - deploy\n", "Google Cloud Run"),
        (".github/workflows/a.yml", "steps:\n- uses: google-github-actions/deploy-cloudrun@v2\n", "Google Cloud Run"),
        ("fly.toml", 'app = "shop"\n', "Fly.io"),
        ("vercel.json", '{"builds": [{"src": "api/index.py", "use": "@vercel/python"}]}', "Vercel"),
        ("railway.json", "{}", "Railway"),
        ("template.yaml", "Type: AWS::Serverless::Function\nProperties: {Runtime: python3.12}\n", "AWS"),
        ("serverless.yml", "provider:\n  name: aws\n", "AWS"),
        ("README.md", "---\ntitle: Shop\nsdk: gradio\n---\n", "Hugging Face Spaces"),
        ("README.md", "See https://shop.streamlit.app\n", "Streamlit Community Cloud"),
        ("Procfile", "web: gunicorn app:app\n", "Heroku"),
        # https://github.com/DhaneshRamesh/fique-rag-uploader/tree/b21a41dd5c
        (".github/workflows/load.yml", WORKFLOW, "a hosted runner of GitHub Actions"),
        (
            ".github/workflows/load.yml",
            WORKFLOW.replace("jobs/load.py", "-m shop"),
            "a hosted runner of GitHub Actions",
        ),
        # https://github.com/dev-fgf/grri-mac-framework
        (".github/workflows/swa.yml", STATIC_WEB_APP.format('"api"'), "a managed function of Azure Static Web Apps"),
        ("swa-cli.config.json", '{"apiLocation": "api"}', "a managed function of Azure Static Web Apps"),
        # https://github.com/ozgurgulerx/aviation-demos-01
        (
            ".github/workflows/load.yml",
            WORKFLOW.replace("AZURE_STORAGE_CONNECTION_STRING", "PGPASSWORD"),
            "a hosted runner of GitHub Actions",
        ),
        (".replit", 'run = "python main.py"\n', "Replit"),
        ("deploy.sh", "gcloud run services update shop\n", "Google Cloud Run"),
        ("deploy.sh", "aws ecs update-service --service shop\n", "AWS"),
        # https://github.com/imaikosuke/plant-murmur-raspberrypi/tree/3c07936344
        ("requirements.txt", "azure-storage-blob\nRPi.GPIO==0.7.1\n", "a Raspberry Pi"),
    ],
)
def test_a_platform_is_known_by_the_file_that_deploys_to_it(tmp_path, path, text, name):
    assert elsewhere(tmp_path, {path: text}) == {path: name}


@pytest.mark.parametrize(
    "files",
    [
        {"app.yaml": "runtime: nodejs20\n"},
        {"app.yaml": "name: shop\nservices: []\n"},
        {"vercel.json": '{"rewrites": []}'},
        {"serverless.yml": "provider:\n  name: azure\n"},
        {"tests/render.yaml": RENDER["render.yaml"]},
        {".github/workflows/load.yml": WORKFLOW.replace("ubuntu-latest", "self-hosted")},
        {".github/workflows/load.yml": WORKFLOW.replace("- run:", "- uses: azure/login@v2\n      - run:")},
        {".github/workflows/test.yml": WORKFLOW.replace("jobs/load.py", "-m pytest")},
        {".github/workflows/load.yml": WORKFLOW.replace("secrets.AZURE_STORAGE_CONNECTION_STRING", "secrets.PYPI")},
        {"jobs/load.yml": WORKFLOW},
        {".github/workflows/swa.yml": STATIC_WEB_APP.format('""')},
        {"Procfile": "web: gunicorn app:app\n", "README.md": "https://shop.streamlit.app", "main.bicep": VM},
    ],
)
def test_files_of_something_else_tell_nothing(tmp_path, files):
    assert elsewhere(tmp_path, files) == {}


def test_a_file_that_several_platforms_read_says_nothing_beside_another(tmp_path):
    files = {"Procfile": "web: gunicorn app:app\n", "railway.toml": "", "serverless.yml": "p:\n  name: aws\n"}
    files["sub/samconfig.toml"] = ""
    assert elsewhere(tmp_path, files) == {"railway.toml": "Railway", "serverless.yml and 1 more": "AWS"}


def test_the_summary_of_a_migration_says_it_in_one_line(tmp_path):
    write(str(tmp_path), {"app.py": BLOB, **RENDER})
    azure = of_migration(open_project([str(tmp_path)], load([str(tmp_path)])))
    assert azure.elsewhere == [f"render.yaml: Render gives no managed identity: {PRINCIPAL}"]


def test_a_sign_in_whose_rights_are_not_known_is_told_it_too(tmp_path):
    # https://github.com/iaaccsa/accsa-licitaciones/blob/9e9d0cdba3/accsa-licitaciones-api/app/core/azure.py#L22
    code = """\
import os

from azure.identity import ClientSecretCredential


def sign_in():
    return ClientSecretCredential(os.environ["TENANT"], os.environ["CLIENT"], os.environ["SECRET"])
"""
    files = {"app.py": code, **RENDER}
    write(str(tmp_path), files)
    azure = of_migration(open_project([str(tmp_path)], load([str(tmp_path)])))
    assert azure.elsewhere == [f"render.yaml: Render gives no managed identity: {PRINCIPAL}"]
    assert f"render.yaml: Render gives no managed identity: {PRINCIPAL}" in plan_of(tmp_path, files).notes


def test_of_many_files_the_first_is_named(tmp_path):
    files = {f".github/workflows/{name}.yml": WORKFLOW for name in "abc"}
    assert list(elsewhere(tmp_path, files)) == [".github/workflows/a.yml and 2 more"]


def test_nothing_is_said_where_nothing_is_opened(tmp_path):
    plan = plan_of(tmp_path, {"app.py": "print(1)\n", **RENDER})
    assert plan.notes == ()
