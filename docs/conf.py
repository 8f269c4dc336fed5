"""How the site is built: `make docs`."""

import re

import udrl_sklearn

project = "udrl_sklearn"
author = "The udrl_sklearn developers"
copyright = author
version = release = udrl_sklearn.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
myst_heading_anchors = 3
numpydoc_show_class_members = False
autosummary_generate = True
# Scikit-learn makes these methods for metadata routing.
autodoc_default_options = {"exclude-members": "set_fit_request, set_score_request"}
templates_path = ["_templates"]
exclude_patterns = ["build"]

html_theme = "furo"
html_title = f"udrl_sklearn {version}"
html_show_sourcelink = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "show_memory": False,
}

# The pages are read in the repository too, where these links lead to files.
LINKS = {
    "../examples": "gallery/index.rst",
    "../udrl_sklearn/recipes.py": "api.rst",
    "../CONTRIBUTING.md": "contributing.md",
}


def lead_links_to_pages(app, name, source):
    """Replace links to files of the repository; what has no page becomes plain text."""
    text = source[0]
    for target, page in LINKS.items():
        text = text.replace(f"]({target})", f"]({page})")
    source[0] = re.sub(r"\[([^\]]*)\]\(\.\./[^)]*\)", r"\1", text)


def setup(app):
    """Connect the above."""
    app.connect("source-read", lead_links_to_pages)
