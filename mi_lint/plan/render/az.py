"""The plan as a bash script for the Azure CLI: shows what it would do, and does it with `--apply`."""

from __future__ import annotations

from collections.abc import Iterator

from mi_lint.plan.model import Plan
from mi_lint.plan.render.script import Shell, written
from mi_lint.plan.render.shell import all_parameters, captured, defaults, quoted, spoken, variable, wrapped
from mi_lint.plan.step import Command

HEAD = r"""set -euo pipefail

apply=false
finish=false
for argument in "$@"; do
  case "${argument}" in
    --apply) apply=true ;;
    --finish) finish=true ;;
    *)
      printf 'usage: NAME=value ... %s [--apply] [--finish]\n' "$0" >&2
      exit 2
      ;;
  esac
done

incomplete=false
# need NAME DESCRIPTION [DEFAULT]: take a value from the environment, or its default.
need() {
  local name=$1 description=$2 default=${3:-}
  if [[ -n "${!name:-}" ]]; then
    return
  fi
  if [[ -n "${default}" ]]; then
    printf -v "${name}" '%s' "${default}"
  elif [[ "${apply}" == true ]]; then
    printf 'set %s: %s\n' "${name}" "${description}" >&2
    incomplete=true
  else
    printf -v "${name}" '<%s>' "${name}"
  fi
}

step() { printf '\n# %s\n' "$1"; }
note() { printf '#   %s\n' "$1"; }

# run COMMAND...: show a command, and run it with --apply.
run() {
  printf '+'
  printf ' %q' "$@"
  printf '\n'
  if [[ "${apply}" == true ]]; then
    "$@"
  fi
}

# keep NAME COMMAND...: keep what a command prints.
keep() {
  local name=$1 value
  shift
  if [[ "${apply}" != true ]]; then
    printf -v "${name}" '<%s>' "${name}"
    return
  fi
  value=$("$@")
  if [[ -z "${value}" ]]; then
    printf 'nothing was returned for %s by: %s\n' "${name}" "$*" >&2
    exit 1
  fi
  printf -v "${name}" '%s' "${value}"
}

# absent COMMAND...: succeed when a query finds nothing, so that the script can be run again.
absent() {
  local found
  if [[ "${apply}" != true ]]; then
    return 0
  fi
  # The shell does not stop by itself inside a condition.
  found=$("$@") || exit 1
  [[ -z "${found}" ]]
}
"""


def render(plan: Plan) -> str:
    """Return the script."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    yield "#!/usr/bin/env bash"
    yield f"# {plan.title}: from stored secrets to a managed identity. Written by `mi-lint plan`."
    yield "#"
    yield (
        "# Without --apply it only shows what it would do. With --apply it makes the identity, its rights "
        "and its settings;"
    )
    yield (
        "# with --apply --finish it also does what waits until the new code has run for a while: it "
        "removes the old settings"
    )
    yield "# and turns keys off. It stops at the first error and can be run again."
    yield HEAD
    yield "# Values; give them as environment variables."
    for parameter in all_parameters(plan):
        default = quoted(defaults(plan).get(parameter.name, ""))
        words = f"need {variable(parameter.name)} {quoted(spoken(parameter.description))}"
        default = default.replace("${RESOURCE_GROUP}", "${RESOURCE_GROUP:-}")
        yield f"{words} {default}" if default != "''" else words
    yield 'if [[ "${incomplete}" == true ]]; then'
    yield "  exit 2"
    yield "fi"
    names = captured(plan)
    if names:
        yield ""
        yield "# What the commands below find out."
        yield from (f"export {variable(name)}=''" for name in names)
    yield from written(plan, _BASH)


def _command(command: Command) -> Iterator[str]:
    if command.capture:
        yield from wrapped(("keep", variable(command.capture), *command.argv))
    elif command.unless:
        lines = list(wrapped(("absent", *command.unless)))
        yield f"if {lines[0]}"
        yield from (f"  {line}" for line in lines[1:-1])
        yield (f"  {lines[-1]}; then" if len(lines) > 1 else "")
        yield from (f"  {line}" for line in wrapped(("run", *command.argv)))
        yield "fi"
    else:
        yield from wrapped(("run", *command.argv))


_BASH = Shell(
    quoted,
    "step",
    "note",
    _command,
    (
        'if [[ "${finish}" != true ]]; then',
        "  printf '\\n# What remains is done with --finish, after the new code has run for a while.\\n'",
        "  exit 0",
        "fi",
    ),
)
