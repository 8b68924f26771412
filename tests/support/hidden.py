"""Characters that a terminal obeys or that reorder and hide text: one of each kind, by name."""

from tgl_protocol.visible import is_visible

HIDDEN = {
    "bell": "\x07",
    "escape": "\x1b",
    "delete": "\x7f",
    "next line": "\x85",
    "C1 control sequence": "\x9b",
    "soft hyphen": "\xad",
    "Arabic letter mark": "\u061c",
    "zero-width space": "\u200b",
    "left-to-right mark": "\u200e",
    "right-to-left override": "\u202e",
    "line separator": "\u2028",
    "isolate": "\u2066",
    "byte order mark": "\ufeff",
    "tag": "\U000e0041",
}


def hidden_in(text: str) -> list[str]:
    """What of a printed text is not visible, apart from line breaks and tabs."""
    return [repr(each) for each in text if not is_visible(each) and each not in "\n\t"]
