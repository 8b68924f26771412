"""How pages look and behave for the visitor of a browser: cookies, which the server reads, so that nothing flickers.

Each preference is an attribute of the page's root, such as `data-theme`, unless it is the usual choice.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from litestar import Request
from litestar.datastructures import Cookie
from msgspec import Struct

from tgl_server.settings import Settings
from tgl_server.web.forms import Form

_A_YEAR: Final = 365 * 86_400
_USUAL: Final = ""


class Preference(Struct, frozen=True):
    """A preference with its choices in words; the usual one has the value ``, and no cookie."""

    name: str
    label: str
    choices: Mapping[str, str]
    hint: str = ""

    @property
    def cookie(self) -> str:
        return f"tgl-{self.name}"

    def of(self, request: Request[Any, Any, Any]) -> str:
        """What the visitor has chosen."""
        value = request.cookies.get(self.cookie, _USUAL)
        return value if value in self.choices else _USUAL


PREFERENCES: Final = (
    Preference("theme", "Theme", {_USUAL: "Like the system", "light": "Light", "dark": "Dark"}),
    Preference("density", "Rows of tables", {_USUAL: "Roomy", "dense": "Dense, for more of them at a glance"}),
    Preference(
        "shortcuts",
        "Shortcuts of single keys",
        {_USUAL: "On", "off": "Off"},
        "They can be in the way of speech input, and of what a browser does with keys.",
    ),
    Preference(
        "ranks",
        "Ranks of people",
        {_USUAL: "Shown", "off": "Hidden; tables are by name"},
        "Points stay where they are; who is before whom is left out.",
    ),
)


def chosen(request: Request[Any, Any, Any]) -> dict[str, str]:
    """What the visitor has chosen, by name, without what is as usual."""
    found = {preference.name: preference.of(request) for preference in PREFERENCES}
    return {name: value for name, value in found.items() if value}


def cookies_of(form: Form, settings: Settings) -> Iterator[Cookie]:
    """The cookies that keep a form's choices; one that is not on offer is as usual."""
    for preference in PREFERENCES:
        wanted = form.text(preference.name)
        value = wanted if wanted in preference.choices else _USUAL
        yield Cookie(
            key=preference.cookie,
            value=value,
            max_age=_A_YEAR if value else 0,
            path="/",
            httponly=True,
            samesite="lax",
            secure=settings.is_secure,
        )
