"""Static files: third-party ones exactly as published, all under names that change with their content."""

import hashlib
import re
from pathlib import Path

import tgl_server.web
from tests.support.visitor import Visitor
from tgl_server.web.assets import asset_url

WEB = Path(tgl_server.web.__file__).parent
VENDOR = WEB / "vendor"


def test_vendored_files_are_those_that_were_published() -> None:
    listed = dict(line.split()[::-1] for line in (VENDOR / "SHA256SUMS").read_text().splitlines())
    found = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    assert found == listed


def test_each_vendored_package_has_its_licence() -> None:
    assert all((folder / "LICENSE").is_file() for folder in VENDOR.iterdir() if folder.is_dir())


def test_each_icon_is_one_that_a_page_shows() -> None:
    sources = [path for path in WEB.rglob("*") if path.suffix in (".html", ".py", ".js") and VENDOR not in path.parents]
    written = "".join(path.read_text() for path in sources)
    assert [path.stem for path in VENDOR.rglob("*.svg") if f'"{path.stem}"' not in written] == []


async def test_assets_are_kept_for_good_and_unknown_ones_are_not_there(visitor: Visitor) -> None:
    answer = await visitor.get(asset_url("app.css"))
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in answer.headers["Cache-Control"]
    assert (await visitor.get("/assets/app.css")).status == 404
    assert (await visitor.get("/assets/..%2f..%2fapp.py")).status == 404


def test_templates_contain_nothing_that_the_policy_forbids() -> None:
    refused = re.compile(r"""\sstyle=|<style|\son[a-z]+=|hx-on|js:|\|\s*safe|hx-trigger="[^"]*\[""")
    for template in (WEB / "templates").rglob("*.html"):
        assert not refused.search(template.read_text()), template
