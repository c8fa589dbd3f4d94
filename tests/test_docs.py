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


def test_rooms():
    """docs/design.md shows other rooms than there are."""
    check = os.path.join(TOP, "tests", "check_rooms")
    told = subprocess.run([check, "--table"], check=True, capture_output=True, text=True).stdout
    page = read("docs", "design.md")
    assert told in page
    for room in re.findall(r"^\| ([a-z/]+) \|", told, re.M):
        assert room == "room" or re.search(rf"^    {room} ", page, re.M), room


def test_ami():
    """The reference of docs/ami.md is older than the tables of actions and events: ASTOUT_UPDATE=1 writes it anew."""
    told = subprocess.run([binary(), "reference", "ami"], check=True, stdout=subprocess.PIPE).stdout.decode()
    mark = "<!-- reference -->\n\n"
    written = read("docs", "ami.md").partition(mark)
    assert written[1] and "| `OutCampaignCreate` |" in told
    if os.environ.get("ASTOUT_UPDATE"):
        with open(os.path.join(TOP, "docs", "ami.md"), "w", encoding="utf-8") as page:
            page.write(written[0] + mark + told)
    else:
        assert written[2] == told


PAGES = ("README.md", *sorted(f"docs/{name}" for name in os.listdir(os.path.join(TOP, "docs")) if name.endswith(".md")))
# Words that are terms of the glossary in some sentences and something else in others (AMD also makes processors).
PLAIN = {"AMD", "attempt", "batch", "decision", "dialing", "level", "memory", "plan", "policy", "recording", "result", "room",
         "swap", "version", "view", "window", "world"}


def prose(page):
    """A page without its examples, generated parts and tables of code: what somebody wrote for somebody to read."""
    text = re.split(r"<!-- reference -->|Returns: ", read(page))[0]
    text = re.sub(r"^\| [a-z/]+ \| [a-z/… ,]+ \| [a-z/… ,]+ \|$", "", text, flags=re.M)  # of rooms
    text = re.sub(r"<!-- session -->.*?<!-- end of the session -->", "", text, flags=re.S)
    return re.sub(r"```.*?```|^    [^\n]*$|`[^`\n]*`", " ", text, flags=re.S | re.M)


def anchor(heading):
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(page):
    """Those of all headings of a page."""
    text = re.sub(r"```.*?```", "", read(page), flags=re.S)
    return {anchor(heading) for heading in re.findall(r"^#+ (.*)$", text, re.M)}


def terms():
    """The glossary's terms, in its order."""
    return re.findall(r"^### (.*)$", read("docs", "glossary.md"), re.M)


def test_links():
    """A page points to a file or a heading that is not there."""
    for page in PAGES:
        for link in re.findall(r"\]\(([^)]+)\)", read(page)):
            path, _, heading = link.partition("#")
            target = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
            if "://" not in link:
                assert os.path.exists(os.path.join(TOP, target)), (page, link)
                assert not heading or heading in anchors(target), (page, link)


def sources():
    """(path, text) of everything in the project that somebody reads."""
    for top in ("engine", "tests", "strategies", "scripts", "conf", "docs", ".ci"):
        for folder, _, names in os.walk(os.path.join(TOP, top)):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), TOP)
                if name.endswith((".c", ".h", ".lua", ".py", ".md", ".conf", ".service", ".js")) or "." not in name:
                    yield path, read(path)
    for name in ("README.md", "Makefile", ".luacheckrc"):
        yield name, read(name)


def test_files():
    """Text speaks of a file that the repository does not have."""
    missing = []
    for path, text in sources():
        for name in re.findall(r"(?<![\w/.-])(?:[\w.-]+/)*[\w-]+\.md\b", text):
            if not any(os.path.exists(os.path.join(TOP, folder, name)) for folder in ("", "docs", os.path.dirname(path))):
                missing.append((path, name))
        if path.endswith(".py"):  # strings of tests name files that a test makes
            continue
        top = "(?:engine|tests|strategies|scripts|conf|docs)"
        for name in re.findall(rf"(?<![\w/.-]){top}/[\w/.-]*[a-z]\.(?:c|h|lua|py)\b", text):
            found = any(os.path.exists(os.path.join(TOP, room, name)) for room in ("", "engine"))
            if not found and not re.search("HOOK|NAME|/folder/", name):
                missing.append((path, name))
    assert missing == []


def test_glossary():
    """A term is defined twice, out of order, or at length."""
    names = terms()
    assert len(names) > 40 and names == sorted(set(names), key=str.lower)
    for entry in re.split(r"^### ", read("docs", "glossary.md"), flags=re.M)[1:]:
        definition = entry.partition("\n")[2].strip()
        assert 20 < len(definition) < 400 and "\n\n" not in definition, entry


def test_terms():
    """A page stresses a word as a term that the glossary does not have."""
    known = {term.lower() for term in terms()}
    for page in PAGES:
        for word in re.findall(r"(?<![*\w])\*([^*\s][^*\n]*)\*(?![*\w])", prose(page)):
            assert word.lower() in known or page == "docs/glossary.md", (page, word)


def first_places(page):
    """(term, whether the page links to the glossary where it uses the term first), for the terms that the page uses."""
    text = re.sub(r"^#+ .*$|\[[\w/]+\.\w+\]\([^)]*\)", "", prose(page), flags=re.M)
    for term in set(terms()) - PLAIN:
        word = rf"(?<![\w-]){re.escape(term)}s?(?![\w-])"
        link = re.search(rf"\[[^\]\n]*{word}[^\]\n]*\]\((?:docs/)?glossary\.md#{anchor(term)}\)", text, re.I)
        before = re.sub(r"\]\([^)]*\)", "", text[:link.start()] if link else text)
        if link or re.search(word, before, re.I):
            yield term, not re.search(word, before, re.I)


def test_first_places():
    """A page uses a term of the glossary before it links to it."""
    pages = [page for page in PAGES if page not in ("docs/glossary.md", "docs/config.md", "docs/lab.md")]
    assert [(page, term) for page in pages for term, linked in first_places(page) if not linked] == []


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
