"""A rule book of a few lines, for tests that are about settings, suppressions and baselines and not about rules."""

from __future__ import annotations

import textwrap

from mi_lint.rulebook import store

ALPHA = """\
service: Alpha Storage
documentation: https://example.com/alpha
way_out: Use a managed identity.
secrets:
  - id: MI101
    name: AlphaKey
    title: Alpha key (storage)
    summary: A key of Alpha opens everything.
    severity: critical
    forms:
      - anchors: ['alpha_key=']
        pattern: 'alpha_key= (?P<secret> [A-Za-z0-9]{24} )'
        alphabet: base62
        verdict: format-only
    examples:
      match:
        - {path: a.env, text: "alpha_key=«<%base62 24%>»\\n", verdict: format-only}
        - {path: b.env, text: "x: «<%guid%>» alpha_key=«<%base62 24 #2%>»\\n"}
      no_match:
        - {path: c.env, text: "alpha_key=$KEY\\n"}
        - {path: d.env, text: "alpha_key=\\n"}
  - id: MI102
    name: AlphaPassword
    title: Alpha password
    summary: A password that a person has chosen.
    severity: high
    audience: thorough
    forms:
      - anchors: ['alpha_password=']
        pattern: 'alpha_password= (?P<secret> [^\\s"]{6,40} )'
        alphabet: password
    examples:
      match:
        - {path: a.env, text: "alpha_password=«<%password%>»\\n"}
        - {path: b.env, text: "alpha_password=«<%password #2%>»\\n"}
      no_match:
        - {path: c.env, text: "alpha_password=$KEY\\n"}
        - {path: d.env, text: "alpha_password=\\n"}
"""
BETA = """\
service: Beta
documentation: https://example.com/beta
way_out: Nothing to do.
secrets:
  - id: MI190
    name: BetaId
    title: Beta id
    summary: An id that is no secret.
    severity: info
    audience: "off"
    forms:
      - anchors: ['beta_id=']
        pattern: 'beta_id= (?P<secret> [a-z0-9]{12} )'
    examples:
      match:
        - {path: a.env, text: "beta_id=«<%hex 12%>»\\n"}
        - {path: b.env, text: "beta_id=«<%hex 12 #2%>»\\n"}
      no_match:
        - {path: c.env, text: "beta_id=1\\n"}
        - {path: d.env, text: "beta_id=\\n"}
"""
OWN = """\
service: Gamma
documentation: https://example.com/gamma
way_out: Ask the gamma team.
secrets:
  - id: ACME7
    name: GammaToken
    title: Gamma token
    summary: A token of our own service.
    severity: medium
    forms:
      - anchors: ['gamma_token=']
        pattern: 'gamma_token= (?P<secret> [a-z0-9]{20} )'
    examples:
      match:
        - {path: a.env, text: "gamma_token=«<%hex 20%>»\\n"}
        - {path: b.env, text: "gamma_token=«<%hex 20 #2%>»\\n"}
      no_match:
        - {path: c.env, text: "gamma_token=1\\n"}
        - {path: d.env, text: "gamma_token=\\n"}
"""


def use_small_rules(folder, monkeypatch):
    """Replace the shipped rules by two small files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "alpha.yaml").write_text(ALPHA, encoding="utf-8")
    (folder / "beta.yaml").write_text(BETA, encoding="utf-8")
    monkeypatch.setattr(store, "rules_directory", lambda: str(folder))
    monkeypatch.setenv("MI_LINT_CACHE_DIR", "")


def write(path, text):
    """Write a dedented text file and return its path as text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return str(path)
