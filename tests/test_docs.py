"""The reference says what the program does: nothing is missing, nothing is stale."""
import os
import re
import subprocess

from engine import TOP, binary


def read(*path):
    """A file of the project."""
    with open(os.path.join(TOP, *path), encoding="utf-8") as text:
        return text.read()


def table(source, name):
    """The headers that a noun's table in noun.c takes or prints."""
    body = re.search(rf"{name}_fields\[\w+\] = \{{(.*?)^\}};", source, re.S | re.M)[1]
    headers = re.findall(r'\{"\w+", "(\w+)"', body)
    return headers + re.findall(r"^#define (?:RETRY|NUMBER|TRYCNT)", body, re.M)


def test_config():
    """docs/config.md is older than the table of options: `astout reference config > docs/config.md`."""
    told = subprocess.run([binary(), "reference", "config"], check=True, capture_output=True, text=True).stdout
    assert read("docs", "config.md") == told


def test_actions():
    """An action is not in docs/ami.md."""
    page = read("docs", "ami.md")
    source = read("engine", "face", "actions.c")
    names = re.findall(r'\{"(Out\w+)"', source)
    for noun in re.findall(r'NOUN\("(\w+)"', source):
        names += [f"Out{noun}{verb}" for verb in ("Create", "Update", "Delete")]
    assert names and [name for name in names if f"`{name}`" not in page] == []


def test_headers():
    """A header that an action takes or an event prints is not in docs/ami.md."""
    page = read("docs", "ami.md")
    source = read("engine", "store", "noun.c")
    for noun in ("campaign", "plan", "dlma", "lead", "destination", "queue"):
        assert [h for h in table(source, noun) if not re.search(rf"`{h}`", page)] == [], noun
    printed = re.findall(r'"([A-Z]\w+)"', read("engine", "dialer", "dialingprint.c"))
    assert printed and [h for h in printed if not re.search(rf"`{h}`", page)] == []


def test_links():
    """A page points to a file that is not there."""
    for page in ("README.md", *(f"docs/{name}" for name in os.listdir(os.path.join(TOP, "docs")))):
        for link in re.findall(r"\]\(([^)#]+)\)", read(page)):
            if "://" not in link:
                assert os.path.exists(os.path.join(TOP, os.path.dirname(page), link)), (page, link)
