#!/usr/bin/env python3
"""Turns a manual page's Markdown into man(7): manual.py SOURCE.md VERSION > page.

Understands what the pages in docs/man use: `# name(section)`, `## SECTION`, paragraphs, `- ` lists, indented code, and
definition lists (`term` above `: definition`), with *emphasis* and `literal` text.
"""

import re
import sys


def escaped(text):
    return text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")


def inline(text):
    parts = re.split(r"(`[^`]+`|\*[^*]+\*|\[[^]]+\]\([^)]+\))", text)
    result = ""
    for part in parts:
        if part.startswith("`"):
            result += "\\fB" + escaped(part[1:-1]) + "\\fR"
        elif part.startswith("*") and len(part) > 1:
            result += "\\fI" + escaped(part[1:-1]) + "\\fR"
        elif link := re.fullmatch(r"\[([^]]+)\]\([^)]+\)", part):
            result += escaped(link.group(1))
        else:
            result += escaped(part)
    return "\\&" + result if result.startswith((".", "\\(aq")) else result


def block(lines):
    """One paragraph, list item, code block or definition, as man macros."""
    first = lines[0]
    if first.startswith("# "):
        return ""
    if first.startswith("## "):
        return f".SH {escaped(first[3:].upper())}\n"
    if first.startswith("    "):
        return ".PP\n.RS 4\n.nf\n" + "".join(escaped(line[4:]) + "\n" for line in lines) + ".fi\n.RE\n"
    if any(line.startswith(": ") for line in lines):
        at = next(i for i, line in enumerate(lines) if line.startswith(": "))
        term = " ".join(lines[:at])
        text = " ".join(line.removeprefix(":").strip() for line in lines[at:])
        return f".TP\n{inline(term)}\n{inline(text)}\n"
    if first.startswith("- "):
        items = re.split(r"(?:^|\n)- ", "\n".join(lines))[1:]
        return "".join(f".IP \\(bu 2\n{inline(' '.join(item.split()))}\n" for item in items)
    return f".PP\n{inline(' '.join(line.strip() for line in lines))}\n"


def page(text, version):
    name, section = re.match(r"# (\S+)\((\d)\)", text).groups()
    result = f'.TH {escaped(name).upper()} {section} "" "nomadic\\-cached {version}" "nomadic\\-cached"\n.nh\n'
    for paragraph in re.split(r"\n{2,}", re.sub(r"^(#.*)\n", r"\1\n\n", text.strip(), flags=re.M)):
        result += block(paragraph.split("\n"))
    return result


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as source:
        sys.stdout.write(page(source.read(), sys.argv[2]))
