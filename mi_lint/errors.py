"""Exceptions whose message is meant for the user."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can mend: the message says what, where and what to do. Exit code 2, no traceback."""


class BaselineError(UserError):
    """A baseline that cannot be used: the message says where, why and what to do."""
