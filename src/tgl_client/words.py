"""Numbers and times as people say them."""


def duration(seconds: float) -> str:
    """For people: `40 s`, `3 min`, `2 h 5 min`, `3 d 4 h`; a round number alone."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours = round(minutes / 60)
    if hours < 48:
        return _joined(minutes // 60, "h", minutes % 60, "min")
    return _joined(hours // 24, "d", hours % 24, "h")


def counted(number: int, one: str, many: str = "") -> str:
    """`1 branch`, `1,234 commits`; `many` where an s is not enough."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _joined(large: int, unit: str, small: int, small_unit: str) -> str:
    return f"{large} {unit} {small} {small_unit}" if small else f"{large} {unit}"
