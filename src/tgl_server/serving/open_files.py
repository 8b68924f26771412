"""The limit of open files, which also limits connections: each is one."""

import resource

_MAX_OPEN_FILES = 65_536


def raise_open_files() -> int:
    """Raise the limit of open files, which workers inherit, and return it: idle connections use up the usual 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _MAX_OPEN_FILES)
    if soft == resource.RLIM_INFINITY or soft >= most:
        return most
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    except (OSError, ValueError):  # macOS has a lower limit that it does not report
        return soft
    return most
