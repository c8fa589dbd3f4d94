"""The reference says what the program does: nothing is missing, nothing is stale."""
import os
import re
import subprocess
import tempfile

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


def test_strategies():
    """docs/strategies.md does not hold what the program says of its hooks, views and functions."""
    told = subprocess.run([binary(), "reference", "strategies"], check=True,
                          stdout=subprocess.PIPE).stdout.decode()
    assert "`queue.available`" in told
    assert told in read("docs", "strategies.md"), "put in what `astout reference strategies` prints"


def test_actions():
    """An action is not in docs/ami.md."""
    page = read("docs", "ami.md")
    source = "".join(read("engine", "control", f"{name}.c") for name in ("actions", "strategies", "previews"))
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
    printed = re.findall(r'"([A-Z]\w+)"', read("engine", "dialer", "call", "dialingprint.c"))
    for room, name in (("plan", "strategy.c"), ("plan", "shadow.c"), ("pace", "preview.c")):
        printed += re.findall(r'header_\w+\(\S+ "([A-Z]\w+)"', read("engine", "dialer", room, name))
    assert printed and [h for h in printed if not re.search(rf"`{h}`", page)] == []


def test_links():
    """A page points to a file that is not there."""
    for page in ("README.md", *(f"docs/{name}" for name in os.listdir(os.path.join(TOP, "docs")))):
        for link in re.findall(r"\]\(([^)#]+)\)", read(page)):
            if "://" not in link:
                assert os.path.exists(os.path.join(TOP, os.path.dirname(page), link)), (page, link)


def test_examples():
    """An example of docs/strategies.md is no strategy that `astout check` lets pass."""
    blocks = re.findall(r"```lua\n(.*?)```", read("docs", "strategies.md"), re.S)
    assert len(blocks) == 4
    with tempfile.TemporaryDirectory() as folder:
        for i, block in enumerate(blocks):
            path = os.path.join(folder, f"example{i}.lua")
            with open(path, "w", encoding="utf-8") as out:
                out.write(block)
            run = subprocess.run([binary(), "check", path], check=False,
                                 stdout=subprocess.PIPE)
            assert run.returncode == 0, run.stdout.decode()
