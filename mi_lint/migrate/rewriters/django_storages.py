"""django-storages: `AZURE_TOKEN_CREDENTIAL` in the place of a key, which would win over it."""

from __future__ import annotations

import ast
import re

from mi_lint.migrate.context import Context
from mi_lint.migrate.editing.dictionaries import DictEditor
from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.python.families.django_storages import OPTIONS, SETTINGS
from mi_lint.python.mappings import entry
from mi_lint.python.site import Site

ROLE = "Storage Blob Data Contributor"
_ACCOUNT = "a connection string names the account as well: set {} first, then a token credential can take its place"
_SEVERAL = "several secrets are set: take the others out, so that one token credential takes the place of all"
_WINS = (
    "the setting '{}' gives the backend a secret all the same, which wins over a token credential: take it out first"
)
_DESCRIPTION = "let django-storages use a token credential"


def rewrite(site: Site, context: Context) -> Outcome:
    """Rename the setting or option that held the key, and give it a token credential."""
    names = {"setting": SETTINGS, "attribute": OPTIONS, "option": OPTIONS}[site.form]
    new = "AZURE_TOKEN_CREDENTIAL" if site.form == "setting" else "token_credential"
    account = "AZURE_ACCOUNT_NAME" if site.form == "setting" else "account_name"
    scope = site.scope if site.form != "option" else None
    if site.form == "option":
        assert isinstance(site.node, ast.Dict)
        present = [name for name in (*names, account, new) if entry(site.node, name) is not None]
    else:
        found = context.module.scope if scope is None else scope
        present = [name for name in (*names, account, new) if name in found.bindings]
    if site.argument == names[0] and account not in present:
        return HeldBack(_ACCOUNT.format(account))
    if new in present or sum(name in present for name in names) > 1:
        return HeldBack(_SEVERAL)
    if site.form != "setting" and (winning := _winning(site, context)):
        return HeldBack(_WINS.format(winning))
    credential = context.credential(site)
    if site.form == "option":
        assert isinstance(site.node, ast.Dict)
        editor = DictEditor(context.module.source, site.node)
        index = editor.index(site.argument)
        assert index is not None
        editor.rename(index, new)
        editor.set(index, credential)
        return Rewritten(editor.changes(), _DESCRIPTION, role=ROLE)
    if not isinstance(site.node, ast.Assign) or len(site.node.targets) != 1 or site.secret is None:
        return HeldBack(_SEVERAL)
    changes = (context.replace(site.node.targets[0], new), context.replace(site.secret, credential))
    return Rewritten(changes, _DESCRIPTION, role=ROLE)


def _winning(site: Site, context: Context) -> str:
    """Return the setting of the project that the backend takes its secret from where class and options give none."""
    nodes = ast.walk(site.secret) if site.secret is not None else ()
    # What the class takes from the settings goes there, too.
    own = {getattr(node, "attr", getattr(node, "id", "")) for node in nodes}
    project = context.analysis.project
    for name in SETTINGS:
        assigned = re.compile(rb"(?m)^[ \t]*%s[ \t]*(?::[^=\n]+)?=(?!=)" % name.encode())
        if name not in own and any(assigned.search(project.code_text(path)) for path in project.code):
            return name
    return ""
