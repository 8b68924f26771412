"""Tables of results, as Markdown."""

from collections.abc import Sequence

#: Values by column; the first column is the row's name.
Row = dict[str, str]


def print_rows(title: str, rows: Sequence[Row]) -> None:
    """Print rows as a table under a heading; every row has the columns of the first."""
    names = list(rows[0])
    print(f"\n### {title}\n")
    print("| " + " | ".join(names) + " |")
    print("|---|" + "---:|" * (len(names) - 1))
    for row in rows:
        print("| " + " | ".join(row[name] for name in names) + " |", flush=True)
