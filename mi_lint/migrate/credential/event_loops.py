"""Event loops that functions of a project make: what the module keeps works in the first of them alone."""

from __future__ import annotations

from mi_lint.python.analysis import Analysis

_RUNNERS = ("asyncio.run", "run_until_complete", "async_to_sync")


def makes_loops(analysis: Analysis) -> bool:
    """Whether functions of the project run coroutines, each time in an event loop of its own.

    An asynchronous credential that the module keeps works in the first of them alone.
    """
    found: bool = analysis.once("event loops", lambda: _makes_loops(analysis))
    return found


def _makes_loops(analysis: Analysis) -> bool:
    for path in analysis.project.paths:
        text = analysis.project.text(path)
        names = [name for name in _RUNNERS if name.encode() in text]
        module = analysis.project.module(path) if names else None
        if module is not None and any(
            module.place(call)[0].enclosing("function", "lambda") is not None
            for name in names
            for call in module.calls_of(name.rpartition(".")[2])
        ):
            return True
    return False
