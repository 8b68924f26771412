"""How Sphinx builds the documentation site: `just site`.

Its pages are the Markdown files of docs/, which read as well in the repository. Nothing comes from elsewhere: the theme
has no web fonts, and the search is Sphinx's own, a script with an index beside it, so it works from a disk as well.
"""

from importlib.metadata import version as version_of
from pathlib import Path

project = "TheGitLeague"
author = "The developers of TheGitLeague"
version = release = version_of("thegitleague")
language = "en"

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
nitpicky = True
myst_heading_anchors = 4
myst_enable_extensions = ["tasklist"]

html_theme = "furo"
html_title = project
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False
html_last_updated_fmt = None
html_search_scorer = str(Path(__file__).with_name("scorer.js"))
