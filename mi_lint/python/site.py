"""One place where Python code authenticates with a secret: all that a finding and a rewrite need to know."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from mi_lint.python.facts import Module
from mi_lint.python.origins import Trace
from mi_lint.python.scopes import Scope
from mi_lint.rulebook.client import Client, Constructor


@dataclass(frozen=True, slots=True, eq=False)
class ClientCall:
    """A call that makes a client: which class, by which constructor, and what is passed for each parameter.

    ``arguments`` holds literal ``**{…}`` entries too. ``opaque`` is true when ``*args`` or an unknown ``**kwargs``
    may pass more; ``partial`` when the call is ``functools.partial(Class, …)``.
    """

    module: Module
    node: ast.Call
    client: Client
    constructor: Constructor
    arguments: dict[str, ast.expr]
    opaque: bool = False
    partial: bool = False

    @property
    def authenticates(self) -> bool:
        """Whether the call names anything that authenticates; what ``opaque`` passes may do so besides."""
        return not {self.client.token, *self.client.secret, *self.client.keyless}.isdisjoint(self.arguments)


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """A place to report, and to rewrite by the family of the same name in ``mi_lint.migrate.rewriters``.

    ``form`` tells the ways of one family apart. ``details`` fill the fields of the check's message. ``blocked`` is
    the reason why no rewrite can exist, such as a service that takes keys only.
    """

    module: Module
    check: str
    family: str
    form: str
    node: ast.expr | ast.stmt
    scope: Scope
    details: tuple[str, ...] = ()
    call: ClientCall | None = None
    secret: ast.expr | None = None
    argument: str = ""
    trace: Trace | None = None
    consumers: tuple[ClientCall, ...] = ()
    message_id: str = "default"
    blocked: str = ""
    data: dict[str, str] = field(default_factory=dict)

    @property
    def client(self) -> Client | None:
        if self.call is not None:
            return self.call.client
        return self.consumers[0].client if self.consumers else None
