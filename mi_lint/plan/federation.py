"""Workflows and pipelines that log in with a stored secret: they can prove who they are by federation instead.

https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust-user-assigned-managed-identity
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mi_lint.plan.hosts import load_yaml
from mi_lint.plan.model import Federation
from mi_lint.plan.workspace import Workspace

GITHUB_ISSUER = "https://token.actions.githubusercontent.com"
_WORKFLOW = re.compile(r"(?:^|/)\.github/workflows/[^/]+\.ya?ml$")
_PIPELINE = re.compile(r"(?:^|/)azure-pipelines[^/]*\.ya?ml$|(?:^|/)\.azure[-_]?pipelines/.*\.ya?ml$")
_GITHUB_SECRET = re.compile(
    r"^\s*creds\s*:|AZURE_CLIENT_SECRET|ARM_CLIENT_SECRET|secrets\.AZURE_CREDENTIALS|--password\s+\$\{\{\s*secrets\.",
    re.MULTILINE,
)
_PIPELINE_SECRET = re.compile(r"servicePrincipalKey|AZURE_CLIENT_SECRET|ARM_CLIENT_SECRET")


def detect(workspace: Workspace) -> list[Federation]:
    """Return the workflows and pipelines of the plan that use a stored client secret."""
    found: list[Federation] = []
    for path in workspace.wanted:
        if _WORKFLOW.search(path):
            found += _workflow(path, workspace.text(path))
        elif _PIPELINE.search(path):
            found += _pipeline(path, workspace.text(path))
    return found


def _workflow(path: str, text: str) -> Iterator[Federation]:
    secret = _GITHUB_SECRET.search(text)
    documents = load_yaml(text) if secret else []
    if secret is None or not documents or not isinstance(documents[0], dict):
        return
    line = text.count("\n", 0, secret.end()) + 1
    for subject in sorted(set(_subjects(documents[0]))):
        reason = "it logs in with a client secret that is stored in the repository's secrets"
        yield Federation("github-actions", f"{path}:{line}", subject, GITHUB_ISSUER, reason)


def _subjects(workflow: dict[Any, Any]) -> Iterator[str]:
    """Yield the subjects of the tokens that GitHub gives to the jobs of a workflow."""
    jobs = workflow.get("jobs")
    environments = set()
    for job in jobs.values() if isinstance(jobs, dict) else ():
        environment = job.get("environment") if isinstance(job, dict) else None
        name = environment.get("name") if isinstance(environment, dict) else environment
        if isinstance(name, str):
            environments.add(name if "${{" not in name else "{githubEnvironment}")
    for name in sorted(environments):
        yield f"repo:{{githubRepository}}:environment:{name}"
    if environments:
        return
    # YAML 1.1 reads the key `on` as true.
    triggers: Any = workflow.get("on", workflow.get(True))
    if (isinstance(triggers, dict) and "pull_request" in triggers) or triggers == "pull_request":
        yield "repo:{githubRepository}:pull_request"
    push = triggers.get("push") if isinstance(triggers, dict) else None
    branches = push.get("branches") if isinstance(push, dict) else None
    for branch in branches if isinstance(branches, list) else ["main"]:
        if isinstance(branch, str) and "*" not in branch:
            yield f"repo:{{githubRepository}}:ref:refs/heads/{branch}"


def _pipeline(path: str, text: str) -> Iterator[Federation]:
    secret = _PIPELINE_SECRET.search(text)
    if secret:
        line = text.count("\n", 0, secret.end()) + 1
        reason = (
            "it uses the key of a service principal; a service connection with workload identity federation has none"
        )
        yield Federation(
            "azure-pipelines",
            f"{path}:{line}",
            "sc://{devopsOrganization}/{devopsProject}/{serviceConnection}",
            "",
            reason,
        )
