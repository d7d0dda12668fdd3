"""The rooms of docs/architecture.md: which may include which, and how large a file may grow."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = {
    "base": set(),
    "batch": {"base"},
    "config": {"base"},
    "cache": {"batch", "config", "base"},
    "proxy": {"cache", "batch", "config", "base"},
    "sandbox": {"proxy", "cache", "batch", "config", "base"},
}


def sources(room):
    return [path for path in (ROOT / room).rglob("*") if path.suffix in {".cpp", ".hpp"}]


def wrong_arrows(room, text):
    for name in re.findall(r'^#include "([a-z]+)/', text, re.M):
        if name != room and name not in ROOMS[room]:
            yield name


def test_rooms_include_only_what_the_house_allows():
    wrong = [
        f"{path.relative_to(ROOT)} includes {name}/"
        for room in ROOMS
        for path in sources(room)
        for name in wrong_arrows(room, path.read_text())
    ]
    assert not wrong


def test_a_wrong_arrow_is_seen():
    assert list(wrong_arrows("batch", '#include "cache/store.hpp"\n')) == ["cache"]


def test_no_file_is_everyones_room():
    files = [path for room in ROOMS for path in sources(room)]
    assert files
    assert not [str(path) for path in files if len(path.read_text().splitlines()) > 500]
    assert not [str(path) for path in files if {"util", "utils", "common", "misc"} & set(path.parts)]
