"""What the pages compute by themselves: stores, formats, contrast of the colours; and the words of both languages."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.dashboard.browser import ROOT

HOME = ROOT / "dashboard"


@pytest.mark.skipif(not (HOME / "node_modules").is_dir() or not shutil.which("npx"), reason="needs make dashboard")
def test_stores_formats_and_colours_keep_their_laws() -> None:
    command = ["npx", "--no-install", "vitest", "run"]
    done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


@pytest.mark.skipif(not shutil.which("node"), reason="needs Node")
def test_make_and_ci_know_whether_this_node_can_build() -> None:
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    asked = [re.findall("node -e '([^']+)'", (ROOT / file).read_text()) for file in ("Makefile", ".ci/run")]
    assert all(asked)
    for (question,) in asked:
        said = subprocess.run(["node", "-e", question.replace("$$", "$")], capture_output=True, text=True, check=False)
        assert not said.stderr
        assert (said.returncode == 0) == (int(version[1:].split(".")[0]) >= 20)


@pytest.mark.skipif(not shutil.which("node"), reason="needs Node")
def test_a_new_build_takes_the_place_of_what_is_served_without_a_moment_of_nothing(tmp_path: Path) -> None:
    shutil.copytree(HOME / "scripts", tmp_path / "scripts")
    for folder, named in (("dist", "old"), (".build", "new")):
        (tmp_path / folder / "assets").mkdir(parents=True)
        (tmp_path / folder / "index.html").write_text(f"<script src=/assets/{named}.js>")
        (tmp_path / folder / "assets" / f"{named}.js").write_text(f"export default '{named}'" * 100)
    page = tmp_path / "dist" / "index.html"
    building = subprocess.Popen(["node", tmp_path / "scripts" / "publish.mjs"], cwd=tmp_path)
    while building.poll() is None:
        assert (tmp_path / "dist" / "assets" / f"{page.read_text()[20:23]}.js").is_file() or "new" in page.read_text()
    assert building.returncode == 0
    served = sorted(str(path.relative_to(tmp_path / "dist")) for path in (tmp_path / "dist").rglob("*.*"))
    assert served == ["assets/new.js", "assets/new.js.gz", "index.html"]
    assert "new.js" in page.read_text()
    assert not (tmp_path / ".build").exists()


def test_the_lock_names_no_address_and_one_version_of_what_bundles() -> None:
    lock = json.loads((HOME / "package-lock.json").read_text())
    assert all("resolved" not in package for package in lock["packages"].values())
    given = json.loads((HOME / "package.json").read_text())
    every = {**given["dependencies"], **given["devDependencies"], **given["overrides"]}
    assert [name for name, version in every.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    assert lock["packages"]["node_modules/rollup"]["version"] == given["overrides"]["rollup"]


def test_every_term_is_explained_in_both_languages() -> None:
    terms = json.loads((HOME / "src" / "glossary" / "terms.json").read_text(encoding="utf-8"))
    for key, term in terms.items():
        for language in ("en", "fr"):
            name, meaning = term[language]
            assert name, key
            assert meaning.endswith("."), key


def test_every_page_has_its_own_key_and_place() -> None:
    pages = [path.read_text() for path in (HOME / "src" / "pages").glob("*/page.ts")]
    for what in (r"key: '(.)'", r"order: (\d+)", r"id: '(\w+)'"):
        found = [match[1] for page in pages if (match := re.search(what, page))]
        assert len(found) == len(set(found)) == len(pages), what
