"""What tests want to be read at the end of a run, however it is captured: LINES are printed by conftest.py."""
LINES = []


def add(title, rows):
    """A table under its title; rows of text, the first one names the columns."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    LINES.append(title)
    LINES.extend("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)
