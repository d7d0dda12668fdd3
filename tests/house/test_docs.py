"""What the documentation says is in the program, and what is in the program is documented."""

import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.path.join(os.environ["NOMADIC_BUILD"], "nomadic-cached")
DOCS = ROOT / "docs"
MANUAL = (DOCS / "man/nomadic-cached.1.md").read_text()


def output(*arguments):
    done = subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


def commands():
    listed = re.search(r"^(?:Subcommands|SUBCOMMANDS):\n(.*)", output("--help"), re.S | re.M).group(1)
    return re.findall(r"^  (\S+)", listed, re.M)


def settings():
    names, table = [], ""
    for line in output("config", "--reference").splitlines():
        if found := re.match(r"\[(\w+)\]", line):
            table = found.group(1)
        elif found := re.match(r"#(\w+) = ", line):
            names.append((table, found.group(1)))
    return names


def test_every_command_is_documented_and_explains_itself():
    assert len(commands()) >= 15
    documented = set(re.findall(r"^`([a-z]+)`", MANUAL, re.M))
    assert set(commands()) == documented
    for command in commands():
        assert "--help" in output(command, "--help")


def test_every_option_of_a_command_is_in_the_manual():
    everywhere = {"--help", "--config", "--server"}
    for command in commands():
        explained = re.search(rf"^`{command}`.*\n(?:.+\n)*", MANUAL, re.M).group(0)
        own, _, rest = output(command, "--help").partition("\nSettings:\n")  # the settings have a manual of their own
        faults = rest.partition("\nFaults:\n")[2]
        options = set(re.findall(r"^ +(?:-\w,)?(--[a-z-]+)", own + "\n" + faults, re.M)) - everywhere
        assert not [option for option in options if not re.search(option + r"\b(?!-)", explained)], command


def test_every_setting_is_in_the_reference_with_what_it_means():
    source = (ROOT / "config/table.cpp").read_text()
    table = re.findall(r'Setting\{"(\w+)",\s*"(\w+)"|\.table = "(\w+)",\s*\.key = "(\w+)"', source)
    assert sorted(settings()) == sorted((a or c, b or d) for a, b, c, d in table)
    manual = output("config", "--manual")
    for _, key in settings():
        assert f"\n`{key}` = " in manual


def test_the_reference_is_a_configuration_that_changes_nothing(tmp_path):
    reference = tmp_path / "config.toml"
    reference.write_text(output("config", "--reference"))
    assert output("config", "--config", str(reference)) == output("config")
    reference.write_text(re.sub(r"^#(\w+ = )", r"\1", reference.read_text(), flags=re.M))
    values = [re.sub(r"  # from .*", "", line) for line in output("config", "--config", str(reference)).splitlines()]
    defaults = [re.sub(r"  # from .*", "", line) for line in output("config").splitlines()]
    assert values == defaults


def messages():
    """The first column that is a literal, of every table of the troubleshooting page."""
    for row in re.findall(r"^\|(.*)\|$", (DOCS / "troubleshooting.md").read_text(), re.M):
        cells = [cell.strip() for cell in row.split("|")]
        literal = next((cell for cell in cells[:-1] if cell.startswith("`")), "")
        yield from re.findall(r"`([^`]+)`", literal)


def test_every_message_of_the_troubleshooting_page_is_in_the_sources():
    text = ""
    for room in ("base", "batch", "cache", "config", "proxy", "daemon"):
        for path in (ROOT / room).rglob("*.cpp"):
            text += re.sub(r'"\s*\n\s*"', "", path.read_text())
    found = list(messages())
    assert len(found) > 15
    assert not [message for message in found if message not in text]


# Of the code's details those that no person is shown as an error: words of Cache-Status, and what a client that has gone
# can't read.
NOT_SHOWN = {"stale-if-error", "as-of", "partial", "The client went away.", " is not there."}


def source_texts():
    for room in ("base", "batch", "cache", "config", "proxy", "daemon"):
        for path in sorted((ROOT / room).rglob("*.cpp")):
            yield path, re.sub(r'"\s*\n\s*"', "", path.read_text())


def printed_errors():
    """The literal parts of every Failure's detail, and the message of every warning of the log."""
    literal = r'"((?:[^"\\]|\\.)*)"'
    for path, text in source_texts():
        for detail in re.findall(r'\.detail\s*=\s*((?:[^,;{}"]|"(?:[^"\\]|\\.)*")*)', text):
            if parts := [part for part in re.findall(literal, detail) if len(part) > 3]:
                yield path, parts
        for message in re.findall(r"log::(?:warn|error)\(\s*" + literal, text):
            yield path, [message]


def test_every_error_can_be_found_on_the_troubleshooting_page():
    explained = [message for message in messages() if len(message) > 5]
    errors = [(path, parts) for path, parts in printed_errors() if not NOT_SHOWN & set(parts)]
    assert len(errors) > 100
    missing = [f"{path.relative_to(ROOT)}: {parts}" for path, parts in errors
               if not any(message in part for part in parts for message in explained)]
    assert not missing, "\n".join(missing)


def test_links_between_documents_lead_somewhere():
    for page in [ROOT / "README.md", *DOCS.glob("*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_proof_that_the_security_page_names_exists():
    page = (DOCS / "security.md").read_text()
    tests = ROOT / "tests"
    files = re.findall(r"`((?:e2e|unit)/[\w/]+\.(?:py|cpp))`", page)
    assert len(files) > 15 and all((tests / name).exists() for name in files)
    assert all((ROOT / name).exists() for name in re.findall(r"`(fuzz/[\w.]*)`", page))
    sources = "".join((tests / name).read_text() for name in set(files))
    assert not [name for name in re.findall(r"`(test_\w+)`", page) if f"def {name}(" not in sources]
