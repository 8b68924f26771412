"""Forms: reading a submitted one, and keeping every fault beside its field. `submitting.py` has the way through one.

A form is read by our own rules: Litestar keeps the raw bodies of forms, passwords included, in a cache
(`litestar._parsers.parse_url_encoded_form_data`).
"""

from collections.abc import Iterable, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec
from litestar import Request
from msgspec import UNSET, Struct

from tgl_protocol.api_keys import MAX_KEY_REPOS
from tgl_protocol.problem import FieldError
from tgl_server import errors
from tgl_server.http.body import media_type_of, read_capped
from tgl_server.http.plain_words import REQUIRED, field_error
from tgl_server.http.text_rules import is_storable

AnyRequest = Request[Any, Any, Any]
T = TypeVar("T", bound=Struct)

MAX_FORM_BYTES = 256 * 1024
#: A form with a box for each repository that a key may be restricted to, and its other fields.
_MAX_FIELDS = MAX_KEY_REPOS + 100
_FORM = "application/x-www-form-urlencoded"
#: Fields of a form whose session had ended travel through the sign-in page under this prefix.
_HELD = "held."
_MOST_HELD_CHARACTERS = 4000
#: Never shown again, so they are typed once more.
_SECRET_FIELDS = frozenset({"password", "current_password", "new_password", "secret", "passphrase"})
_CORRECT_THEM = "Please correct the fields that are marked."


class Form:
    """The fields of a form as typed, and the faults found in them; empty for a form that nobody has filled in."""

    def __init__(self, fields: Mapping[str, list[str]] | None = None) -> None:
        self.fields = dict(fields or {})
        self.faults: dict[str, str] = {}
        self.refusal: str | None = None
        #: Fields in which U+0000 was typed, which no database stores; the texts are kept without it.
        self.unstorable: set[str] = set()
        self._read: set[str] = set()

    @classmethod
    def of(cls, **values: str | Iterable[str] | None) -> "Form":
        """A form that is filled in beforehand."""
        return cls(
            {
                name: [value] if isinstance(value, str) else list(value)
                for name, value in values.items()
                if value is not None
            }
        )

    def text(self, name: str) -> str:
        """A field's text as typed; empty for a secret, which is never shown again."""
        return "" if name in _SECRET_FIELDS else self.fields.get(name, [""])[0]

    def all(self, name: str) -> list[str]:
        """All values of a field, such as those of several boxes that are ticked."""
        return self.fields.get(name, [])

    def fault(self, name: str) -> str | None:
        return self.faults.get(name)

    def to_hold(self) -> list[tuple[str, str]]:
        """The fields without secrets, under names that `held` finds again; nothing if they are too much for a URL."""
        pairs = [
            (_HELD + name, value)
            for name, values in self.fields.items()
            for value in values
            if name not in _SECRET_FIELDS
        ]
        return pairs if sum(len(name) + len(value) for name, value in pairs) <= _MOST_HELD_CHARACTERS else []

    def carried(self) -> list[tuple[str, str]]:
        """The fields of another form under the names that this form has for them."""
        return [(_HELD + name, value) for name, value in self.held()]

    def held(self) -> list[tuple[str, str]]:
        """The fields of another form that this one carries."""
        return [
            (name.removeprefix(_HELD), value)
            for name, values in self.fields.items()
            if name.startswith(_HELD)
            for value in values
        ]

    def read(self, type_: type[T], **others: Any) -> T:
        """The form as a Struct, with `others` beside it; raises `InvalidBody` with all faults of all fields at once."""
        found: dict[str, Any] = {}
        faults: list[FieldError] = []
        for field in msgspec.structs.fields(type_):
            if field.name in others:
                continue
            self._read.add(field.name)
            texts = self.fields.get(field.name, [])
            try:
                value = _convert(texts, field.type)
            except msgspec.ValidationError as error:
                words = field_error(error, field.type).message if any(texts) else REQUIRED
                faults.append(FieldError(words, field=field.name))
                continue
            if value is not UNSET:
                found[field.name] = value
            elif field.required:
                faults.append(FieldError(REQUIRED, field=field.name))
        if faults:
            raise errors.InvalidBody(errors=faults)
        return type_(**found, **others)

    def check_storable(self) -> None:
        """Raises `InvalidBody` for fields in which U+0000 was typed."""
        if self.unstorable:
            faults = [FieldError("A text cannot contain U+0000", field=name) for name in sorted(self.unstorable)]
            raise errors.InvalidBody(errors=faults)

    def check_typed(self, name: str, expected: str) -> None:
        """Raises `InvalidBody` unless a field has the name that confirms what cannot be undone."""
        if self.text(name).strip() != expected:
            fault = FieldError(f"Type {expected} exactly as it is written here", field=name)
            raise errors.InvalidBody("Nothing was deleted: the name is not the one that was asked for.", errors=[fault])

    def refuse(self, refusal: errors.ApiError, field: str | None = None) -> None:
        """Keep what a use case refuses: its faults beside their fields, and above the form a sentence about it all.

        `field` is the one that a refusal without faults is about. A fault of something that the form has no field for
        joins the sentence.
        """
        faults = refusal.errors if isinstance(refusal, errors.Invalid) else []
        if field and not faults:
            faults = [FieldError(refusal.detail, field=field)]
        elsewhere: list[str] = []
        for fault in faults:
            name = (fault.field or "").partition("[")[0]
            if name in self.fields or name in self._read or name == field:
                self.faults.setdefault(name, fault.message)
            else:
                elsewhere.append(f"{name}: {fault.message}." if name else f"{fault.message}.")
        says_something = refusal.detail != type(refusal).__doc__ or not self.faults
        self.refusal = " ".join([refusal.detail if says_something else _CORRECT_THEM, *elsewhere])


def form_of_query(request: AnyRequest) -> Form:
    """A form that is filled in by the query of its address, as a link or the sign-in page made it."""
    fields: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        fields.setdefault(name, []).append(str(value))
    return Form(fields)


async def read_form(request: AnyRequest) -> Form:
    """The submitted form; raises 413, 415 or 422 errors."""
    if media_type_of(request, _FORM) != _FORM:
        raise errors.UnsupportedMediaType(f"Send the form as {_FORM}.")
    body = await read_capped(request, MAX_FORM_BYTES)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise errors.InvalidBody("This is not a form that a browser sends.") from None
    form = Form()
    for name, value in pairs:
        if not is_storable(name):
            continue
        if not is_storable(value):
            form.unstorable.add(name)
        form.fields.setdefault(name, []).append(value.replace("\0", "").replace("\r\n", "\n"))
    return form


def _convert(texts: list[str], type_: Any) -> Any:
    """A field's texts as its type; UNSET for a field that is not there, or left empty where a text is not wanted."""
    if _is_list(type_):
        return msgspec.convert([text for text in texts if text], type_, strict=False) if texts else UNSET
    if not texts or (texts[0] == "" and not _takes_empty(type_)):
        return UNSET
    return msgspec.convert(texts[0], type_, strict=False)


def _is_list(type_: Any) -> bool:
    return any(get_origin(part) in (list, tuple, frozenset) for part in _parts(type_))


def _takes_empty(type_: Any) -> bool:
    """True for text that an empty field clears; an empty number, choice, date, or text or null, is left out."""
    parts = _parts(type_)
    return str in parts and NoneType not in parts


def _parts(type_: Any) -> list[Any]:
    """The types of a union without what is said about them."""
    origin = get_origin(type_)
    if origin is Annotated:
        return _parts(get_args(type_)[0])
    if origin in (Union, UnionType):
        return [part for member in get_args(type_) for part in _parts(member)]
    return [type_]
