"""Where a program gets its packages: everything that installs those of a rewritten module must bring the new ones.

That is the manifest nearest to the module, those of the programs elsewhere that import it, and those of the images that
run it; where only a command names the package of the client, the command. What stays unmet is told.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.project_files import manifests as lists
from mi_lint.migrate.project_files.commands import command_changes, installed_names, names_any, normalized
from mi_lint.migrate.project_files.images import Image, images
from mi_lint.migrate.project_files.manifests import Requirement, folders_around
from mi_lint.migrate.residue.programs import Programs
from mi_lint.python.facts import Module
from mi_lint.python.imported import imported_words
from mi_lint.python.known import is_test
from mi_lint.python.project import Project

_SCRIPTS = ("*.sh", "*.bat", "*.cmd", "*.ps1", "Makefile", "devcontainer.json", "azure-pipelines*.y*ml")
_WORKFLOW = re.compile(r"(?:^|/)\.github/workflows/[^/]+\.ya?ml$")
_DOCUMENTS = ("README*.md", "readme*.md")
# Words that a name on the index has beside that of the import.
_LANGUAGE = frozenset({"python", "py"})

# What sends requests that are put together by hand.
SENDING = frozenset({"aiohttp", "httpx", "litellm", "requests", "websockets"})


class Packages:
    """Finds the places for each rewritten module of a project, and keeps what none of them can bring."""

    def __init__(self, project: Project, neighbours: Iterable[str]) -> None:
        """``neighbours`` are the packages of all modules: whichever asks, the new line stands at the same place."""
        self._project = project
        self._beside = lists.distributions(neighbours)
        self._programs = Programs(project)
        self._scripts: dict[str, frozenset[str]] | None = None
        self._known_users: dict[str, list[str]] = {}
        self._imported: dict[str, frozenset[bytes]] = {}
        self.missing: dict[str, set[str]] = {}
        self.generated: dict[str, set[str]] = {}

    def changes(
        self,
        module: str,
        packages: Iterable[str],
        needed: Sequence[Requirement],
        installed: Collection[str] = (),
    ) -> list[Change]:
        """Return the changes that bring what a module needs, which uses some packages, wherever it is run.

        ``installed`` are those of the needed packages that nobody has to be told of.
        """
        if not needed:
            return []
        project, wanted = self._project, lists.distributions(packages)
        found = [*lists.declaring_around(project, module, wanted), *self._of_users(module, wanted)]
        commands: list[str] = []
        for image in self._running(module, bool(found)):
            if not any(path in found for path in image.manifests):
                own = lists.declaring(project, image.manifests, wanted)
                found += own
                commands += [] if own or not self._installs(image.path, wanted) else [image.path]
        changes = [c for r in needed for path in self._taking(found, r) for c in self._added(path, r, wanted)]
        changes += [c for path in commands for c in self._commanded(path, needed)]
        # What declares a needed package says nothing of where only a command installs the SDK.
        own_steps = self._steps(module, wanted)
        changes += [c for path in own_steps for c in self._commanded(path, needed, each=True)]
        if not found and not commands:
            changes = list(dict.fromkeys([*changes, *self._otherwise(module, wanted, needed)]))
        self._note(module, [r for r in needed if r.name not in installed], [*found, *commands], changes)
        return changes

    def unmet(self, texts: Mapping[str, bytes]) -> dict[str, list[str]]:
        """Return the packages that nothing brings, with their modules; ``texts`` are the files as they will be."""
        found: dict[str, list[str]] = {}
        for name, modules in sorted(self.missing.items()):
            # What one module brings to the manifest of a program is there for the others.
            folders = {posixpath.dirname(path) for path, text in texts.items() if lists.declares(path, text, name)}
            lacking = [module for module in sorted(modules) if folders.isdisjoint(folders_around(module))]
            found.update({name: lacking} if lacking else {})
        return found

    def is_untold(self, module: Module, package: str, is_unmet: bool) -> bool:
        """Whether nothing says which release of a package a module runs with.

        Where manifests are those of the module (``is_unmet``: they are not), the package comes with what they have.
        """
        project, path = self._project, module.path
        folders = [*folders_around(path)]
        if not is_unmet and any(lists.manifests_in(project, folder) for folder in folders):
            return False
        wanted = lists.distributions([package])
        names = {normalized(name) for name in wanted}
        texts = [image.path for image in images(project) if image.holds(path)]
        texts += [script for script in self._installing() if posixpath.dirname(script) in folders]
        commands = [*map(project.text, texts), *(line.encode() for _, line in module.source.installs)]
        is_told = any(names_any(text, names) for text in commands) or self._of_users(path, wanted)
        return not is_told and not lists.declaring_around(project, path, wanted)

    def _taking(self, paths: Iterable[str], needed: Requirement) -> list[str]:
        """Return the lists that take a line: what one includes (``-r``) may have it, or be the one that takes it."""
        taking = [*dict.fromkeys(paths)]
        gaining = [path for path in taking if not lists.is_generated(self._project, path)]
        for path in list(taking):
            others = lists.included(self._project, [path])[1:]
            if any(other in gaining or lists.has(self._project, other, needed) for other in others):
                taking.remove(path)
                gaining = [other for other in gaining if other != path]
        return taking

    def _added(self, path: str, needed: Requirement, used: Iterable[str]) -> Iterator[Change]:
        return lists.addition(self._project, path, self._beside, needed, used)

    def _steps(self, module: str, wanted: Iterable[str]) -> list[str]:
        """Return the workflows and scripts that run a module with what they install by name, whatever manifests say."""
        names = {normalized(name) for name in wanted}
        installing = [path for path, there in self._installing().items() if not names.isdisjoint(there)]
        if not installing or is_test(module):
            return []
        stems = {path.rpartition("/")[2].removesuffix(".py") for path in (module, *self._users(module))}
        words = re.compile(rb"\b(?:%s)\b" % b"|".join(sorted(re.escape(stem.encode()) for stem in stems)))
        running = [
            path for path in {*installing, *self._project.named(_SCRIPTS)} if words.search(self._project.text(path))
        ]
        # What runs the module may leave the installing to another script: ``./install.sh``.
        texts = [self._project.text(path) for path in running]
        return [
            path
            for path in installing
            if path in running or any(path.rpartition("/")[2].encode() in text for text in texts)
        ]

    def _commanded(self, path: str, needed: Iterable[Requirement], each: bool = False) -> list[Change]:
        beside = {normalized(name) for name in self._beside}
        return command_changes(path, self._project.text(path), beside, needed, each)

    def _installs(self, path: str, wanted: Iterable[str]) -> bool:
        return names_any(self._project.text(path), {normalized(name) for name in wanted})

    def _users(self, module: str) -> list[str]:
        """Return the files of programs that import a module, be it by way of others."""
        if module not in self._known_users:
            found = {module: None}
            waiting = [module]
            while waiting:
                path = waiting.pop(0)
                users = [user for user in self._programs.importers_of(path) if user not in found]
                new = [user for user in sorted(users) if not is_test(user) and self._means(user, path)]
                found.update(dict.fromkeys(new))
                waiting += new
            self._known_users[module] = [*found][1:]
        return self._known_users[module]

    def _means(self, user: str, module: str) -> bool:
        """Whether an import of a module's name means the module: beside it, or by the name of its folder."""
        folder = posixpath.dirname(module)
        name = posixpath.basename(folder).encode("utf-8", "surrogatepass")
        return posixpath.dirname(user) == folder or (bool(name) and name in self._project.code_text(user))

    def _words(self, path: str) -> frozenset[bytes]:
        if path not in self._imported:
            self._imported[path] = frozenset(imported_words(self._project.code_text(path)).split())
        return self._imported[path]

    def _of_users(self, module: str, wanted: Sequence[str]) -> list[str]:
        """Return the manifests of programs that import a module, those above its own folder's included."""
        found: list[str] = []
        # Those of one folder have the same manifests.
        folders = dict.fromkeys(map(posixpath.dirname, self._users(module) if wanted else ()))
        for own_folder in folders:
            for folder in folders_around(posixpath.join(own_folder, "file")):
                own = lists.manifests_in(self._project, folder)
                if declared := lists.declaring(self._project, own, wanted):
                    found += declared
                    break
        return list(dict.fromkeys(found))

    def _running(self, module: str, is_met: bool) -> Iterator[Image]:
        """Yield the images that run a module; where a manifest has it already, only those that plainly do."""
        holding = [image for image in images(self._project) if image.holds(module)] if not is_test(module) else []
        users = self._users(module) if holding else []
        name = re.compile(rb"\b%s\b" % re.escape(module.rpartition("/")[2].removesuffix(".py").encode()))
        for image in holding:
            is_named = module in image.copied or name.search(self._project.text(image.path))
            if any(map(image.holds, users)) or (not users and (is_named or not is_met)):
                yield image
        if not (is_met or holding):
            yield from self._environments(module)

    def _environments(self, module: str) -> list[Image]:
        """Return the images in the nearest folder beside a module that hold no code: they run what they are given."""
        folders = [*folders_around(module)]
        beside: dict[str, list[Image]] = {}
        for image in images(self._project):
            folder = posixpath.dirname(posixpath.dirname(image.path))
            if folder in folders and image.manifests and not any(map(image.holds, self._project.paths)):
                beside.setdefault(folder, []).append(image)
        return next((beside[folder] for folder in folders if folder in beside), [])

    def _otherwise(self, module: str, wanted: Sequence[str], needed: Sequence[Requirement]) -> list[Change]:
        """Return the changes where nothing declares what a module uses: it comes with others, or is forgotten."""
        project = self._project
        missing = [r for r in needed if not lists.is_declared(project, module, r.name)]
        # What sends requests often comes with something else: any list of the folder is that of the program.
        is_any = SENDING.issuperset(wanted)
        changes: list[Change] = []
        for path in [module, *self._users(module)] if missing else []:
            found = lists.plain_manifests(project, path)
            own = {manifest: declared for manifest, declared in found if is_any or self._belongs(path, declared)}
            for manifest, declared in own.items():
                taken = [requirement for requirement in missing if manifest in self._taking(own, requirement)]
                changes += lists.plain_additions(project, manifest, declared, taken, self._beside)
            for manifest in (manifest for manifest, _ in found if changes and lists.is_generated(project, manifest)):
                self.generated.setdefault(manifest, set()).update(requirement.name for requirement in missing)
            if is_any:
                break
        if changes or not missing:
            return list(dict.fromkeys(changes))
        names = {normalized(name) for name in wanted}
        scripts = [path for path, installed in self._installing().items() if not names.isdisjoint(installed)]
        around = [path for folder in folders_around(module) for path in scripts if path.rpartition("/")[0] == folder]
        changes = [
            c for path in around or scripts if around or len(scripts) == 1 for c in self._commanded(path, missing)
        ]
        documents = (path for folder in folders_around(module) for path in project.named_in(folder, _DOCUMENTS))
        document = next((path for path in documents if self._installs(path, wanted)), "")
        return [*changes, *(self._commanded(document, missing) if document else [])]

    def _belongs(self, module: str, declared: Iterable[str]) -> bool:
        """Whether a module imports something that a manifest declares: it is the manifest of its program."""
        words = {word.decode("utf-8", "replace").lower() for word in self._words(module)}
        names = (frozenset(re.split(r"[-_.]", name.lower())) - _LANGUAGE for name in declared)
        return any(parts and parts <= words for parts in names)

    def _installing(self) -> dict[str, frozenset[str]]:
        """Return the files, besides manifests and images, whose commands install packages, with these."""
        if self._scripts is None:
            workflows = [path for path in self._project.named(("*.yml", "*.yaml")) if _WORKFLOW.search(path)]
            paths = [*self._project.named(_SCRIPTS), *workflows]
            found = {path: installed_names(self._project.text(path)) for path in paths}
            self._scripts = {path: names for path, names in found.items() if names}
        return self._scripts

    def _note(self, module: str, needed: Iterable[Requirement], places: list[str], changes: Iterable[Change]) -> None:
        """Keep what no place can bring; what a document tells to install is not installed by that."""
        added = " ".join(change.text for change in changes if not change.path.lower().endswith(".md"))
        for requirement in needed:
            lacking = [path for path in places if not self._has(path, requirement)]
            made = [path for path in lacking if path.endswith(".txt") and lists.is_generated(self._project, path)]
            for path in made:
                self.generated.setdefault(path, set()).add(requirement.name)
            there = len(lacking) < len(places) or requirement.name in added
            if not (there or made or lists.is_declared(self._project, module, requirement.name)):
                self.missing.setdefault(requirement.name, set()).add(module)

    def _has(self, path: str, needed: Requirement) -> bool:
        return lists.has(self._project, path, needed) or names_any(self._project.text(path), {needed.name})
