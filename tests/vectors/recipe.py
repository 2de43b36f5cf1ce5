# SPDX-License-Identifier: Apache-2.0
"""Reads recipes (README.md says how they are written) and makes what they describe."""

import codecs
import json
import re
import shlex
import struct

import forge


class Attack:
    """What one recipe makes: a bundle, the root that the site trusts, and what must become of it."""

    def __init__(self, title):
        self.title = title
        self.roots = {1: forge.Root(1)}
        self.trusted = 1
        self.chain = None
        self.approvals = [{"by": "ci"}, {"by": "security"}]
        self.version = "2.0.0"
        self.compression = "zstd"
        self.image = False
        self.edits = {}
        self.expected = None  # by `verify` and `apply`: (error kind or "accepted", words)
        self.applied = None   # by `apply` alone, where `verify` accepts

    def edit(self, document, change):
        self.edits.setdefault(document, []).append(change)

    def file(self):
        chain = [self.trusted] if self.chain is None else self.chain
        return forge.Bundle(self.edits, self.roots, chain, self.approvals, self.version,
                            self.compression, self.image).file()


def text(word):
    """A word of a recipe as bytes: \\n, \\x00 and so on stand for what they do in Python."""
    return codecs.escape_decode(word.encode())[0]


def options(words):
    return dict(word.split("=", 1) for word in words)


def walk(value, pointer):
    """The parent of what a JSON pointer names, and the last step."""
    steps = [int(s) if s.isdigit() else s for s in pointer.split("/")[1:]]
    for step in steps[:-1]:
        value = value[step]
    return value, steps[-1]


def place(value, pointer, new):
    parent, step = walk(value, pointer)
    if isinstance(parent, list) and step == len(parent):
        parent.append(new)
    else:
        parent[step] = new
    return value


def remove(value, pointer):
    parent, step = walk(value, pointer)
    del parent[step]
    return value


def replaced(data, old, new):
    assert old in data, (old, data[:200])
    return data.replace(old, new, 1)


# Instructions: each takes the attack and its words.

def root(attack, number, *words):
    wanted = {k: tuple(v.split(",")) if k in ("root", "approvers", "signers") else v
              for k, v in options(words).items()}
    signers = wanted.pop("signers", None)
    if "threshold" in wanted:
        wanted["threshold"] = int(wanted["threshold"])
    made = forge.Root(int(number), **wanted)
    if signers:
        made.signers = list(signers)
    attack.roots[int(number)] = made


def root_set(attack, number, pointer, value):
    place(attack.roots[int(number)].signed, pointer, json.loads(value))


def root_alias(attack, number, name, key_id):
    """The key `name` a second time, under another id, in the role of the approvers."""
    signed = attack.roots[int(number)].signed
    signed["keys"][key_id] = forge.Key(name).public
    signed["roles"]["targets"]["keyids"].append(key_id)


def approvals(attack, *names):
    attack.approvals = [{"by": name} for name in names if name != "none"]


def approval(attack, *words):
    wanted = options(words)
    if "signs" in wanted:
        wanted["signs"] = text(wanted["signs"])
    attack.approvals.append(wanted)


def approval_of(attack, name, change, *words):
    """An envelope over a changed statement: the change is `replace OLD NEW`."""
    old, new = text(words[0]), text(words[1])
    assert change == "replace"
    number = len(attack.approvals)
    attack.approvals.append({"by": name})
    kept = {}

    def remember(data):
        kept["changed"] = replaced(data, old, new)
        return data

    def swap(envelope):
        bundle = forge.Bundle({}, {}, [], [])
        return bundle.approval(kept["changed"], name)

    attack.edit("statement!", remember)
    attack.edit(f"envelope:{number}", swap)


def nest(attack, document, depth):
    attack.edit(document + "!", lambda data: b"[" * int(depth) + data + b"]" * int(depth))


def duplicate(attack, document):
    """The first field of the document a second time."""
    def twice(data):
        first = re.match(rb'\{\s*("[^"]+"\s*:)', data).group(1)
        return data.replace(b"{", b"{" + first + b"0,", 1)
    attack.edit(document + "!", twice)


def number(attack, document, value):
    """A field with this number in front of the others."""
    attack.edit(document + "!", lambda data: data.replace(b"{", b'{"0":' + value.encode() + b",", 1))


def entry_of(words):
    wanted = options(words)
    pax = [tuple(text(part) for part in w.split("=", 1)[1].split(":", 1))
           for w in words if w.startswith("pax=")]
    data = text(wanted.get("content", ""))
    made = forge.tar_entry(text(wanted["name"]), data, int(wanted.get("mode", "644"), 8),
                           text(wanted.get("type", "0")), text(wanted.get("link", "")), pax)
    if "size" in wanted:  # a header that lies
        header = bytearray(made[:512])
        header[124:136] = b"%011o\0" % int(wanted["size"])
        header[148:156] = b" " * 8
        header[148:156] = b"%06o\0 " % sum(header)
        made = bytes(header) + made[512:]
    return made


def index_of(entries, where):
    names = [name.decode() for name, _ in entries]
    return {"first": 0, "last": len(entries)}.get(where) if where in ("first", "last") else (
        names.index(where) if where in names else int(where))


def bundle_entry(attack, where, *words):
    made = entry_of(words)

    def insert(entries):
        entries.insert(index_of(entries, where), (b"inserted", made))
        return entries
    attack.edit("entries", insert)


def bundle_repeat(attack, which):
    def repeat(entries):
        at = index_of(entries, which)
        entries.insert(at, entries[at])
        return entries
    attack.edit("entries", repeat)


def bundle_move(attack, which, where):
    def move(entries):
        taken = entries.pop(index_of(entries, which))
        entries.insert(index_of(entries, where), taken)
        return entries
    attack.edit("entries", move)


def bundle_drop(attack, which):
    def drop(entries):
        del entries[index_of(entries, which)]
        return entries
    attack.edit("entries", drop)


def bundle_content(attack, which, change, *words):
    """Changes the content of an entry whose name stays; its size is corrected only with `resize`."""
    def apply(entries):
        at = index_of(entries, which)
        name, data = entries[at]
        body = data[512:]
        if change == "flip":
            body = bytes([body[0] ^ 1]) + body[1:]
        elif change == "longer":
            size = int(data[124:135], 8)
            return replace_entry(entries, at, name, body[:size] + b" ")
        elif change == "shorter":
            size = int(data[124:135], 8)
            return replace_entry(entries, at, name, body[:size - 1])
        entries[at] = (name, data[:512] + body)
        return entries
    attack.edit("entries", apply)


def replace_entry(entries, at, name, data):
    entries[at] = (name, forge.tar_entry(name, data))
    return entries


def tree_add(attack, *words):
    """An entry at the end of the release's own tree, which the insider signs."""
    made = entry_of(words)
    attack.edit("tree!", lambda tree: tree[:-1024] + made + forge.TAR_END)


def table_add(attack, line):
    """A line of the file table, in its place, with the tree's entry that it describes."""
    value = json.loads(line)
    attack.edit("table", lambda lines: sorted(lines + [value], key=lambda l: l["path"].encode()))


def table_first(attack, line):
    attack.edit("table", lambda lines: [json.loads(line)] + lines)


def files_add(attack, path, content=""):
    attack.edit("files", lambda files: {**files, text(path).decode("utf-8", "surrogateescape"):
                                        text(content)})


def trailing(attack, data):
    attack.edit("file!", lambda file: file + text(data))


def truncate(attack, part, whole):
    attack.edit("file!", lambda file: file[:len(file) * int(part) // int(whole)])


def frame_before(attack, where, kind, *words):
    """Another frame in front of frame `where` (0 or 1), not in the seek table."""
    made = {"skippable": lambda: forge.skippable(0x184D2A50, b"hello"),
            "empty": lambda: forge.frame(b"")}[kind]()

    def insert(frames):
        frames.insert(int(where), (made, 0))
        return frames
    attack.edit("frames", insert)


def with_header(attack, header):
    """Another frame header in front of the first frame's blocks."""
    def lie(frames):
        data, content = frames[0]
        old = data[4]  # its descriptor says how long the old header is
        field = {0: 1 if old & 0x20 else 0, 1: 2, 2: 4, 3: 8}[old >> 6]
        blocks = data[5 + (0 if old & 0x20 else 1) + field:]
        frames[0] = (data[:4] + header(content) + blocks, content)
        return frames
    attack.edit("frames", lie)


def frame_claims(attack, size):
    """The first frame's header claims this content size, whatever follows."""
    with_header(attack, lambda content: bytes([0xE0]) + struct.pack("<Q", int(size)))


def frame_window(attack, log):
    """The first frame asks for a window of 2^log bytes."""
    window = (int(log) - 10) << 3
    with_header(attack, lambda content: bytes([0x80, window]) + struct.pack("<I", content))


def bomb(attack, megabytes):
    """Zeros behind the true payload, much smaller in the file than unpacked."""
    zeros = forge.frame(b"\0" * (8 << 20))
    attack.edit("frames", lambda frames: frames + [(zeros, 8 << 20)] * (int(megabytes) // 8))


def seek_table(attack, change):
    def lie(file):
        count = struct.unpack("<I", file[-9:-5])[0]
        at = len(file) - 9 - 8 * count
        if change == "sizes":
            return file[:at] + struct.pack("<I", 1) + file[at + 4:]
        if change == "count":
            return file[:-9] + struct.pack("<I", count + 1) + file[-5:]
        if change == "huge":
            return file[:-9] + struct.pack("<I", 0xFFFFFFF) + file[-5:]
        return file[:at - 8]  # "none"
    attack.edit("trailer", lie)


INSTRUCTIONS = {
    "root": root, "root-set": root_set, "root-alias": root_alias,
    "root-edit": lambda a, n, old, new: a.edit(f"root:{n}!", lambda d: replaced(d, text(old), text(new))),
    "trust": lambda a, n: setattr(a, "trusted", int(n)),
    "chain": lambda a, *n: setattr(a, "chain", [int(v) for v in n]),
    "approvals": approvals, "approval": approval, "approval-of": approval_of,
    "version": lambda a, v: setattr(a, "version", v),
    "image": lambda a: setattr(a, "image", True),
    "compression": lambda a, v: setattr(a, "compression", v),
    "set": lambda a, d, p, v: a.edit(d, lambda value: place(value, p, json.loads(v))),
    "remove": lambda a, d, p: a.edit(d, lambda value: remove(value, p)),
    "edit": lambda a, d, old, new: a.edit(d + "!", lambda x: replaced(x, text(old), text(new))),
    "bytes": lambda a, d, new: a.edit(d + "!", lambda x: text(new)),
    "add": lambda a, d, more: a.edit(d + "!", lambda x: x + text(more)),
    "drop-referrers": lambda a, kind: a.edit(
        "referrers", lambda all: [r for r in all if not r[0].startswith(kind)]),
    "repeat-referrers": lambda a, kind: a.edit(
        "referrers", lambda all: all + [r for r in all if r[0].startswith(kind)]),
    "reverse-referrers": lambda a: a.edit("referrers", lambda all: all[::-1]),
    "nest": nest, "duplicate": duplicate, "number": number,
    "bundle-entry": bundle_entry, "bundle-repeat": bundle_repeat, "bundle-move": bundle_move,
    "bundle-drop": bundle_drop, "bundle-content": bundle_content,
    "tree-add": tree_add, "table-add": table_add, "table-first": table_first,
    "file": files_add, "trailing": trailing, "truncate": truncate, "frame-before": frame_before,
    "frame-claims": frame_claims, "frame-window": frame_window, "bomb": bomb,
    "seek-table": seek_table,
}


def attacks(name, source):
    """Every attack of one recipe: one, or one for each value of its `for`."""
    lines = [line for line in source.splitlines() if line.strip() and not line.startswith("#")]
    loop = [line for line in lines if line.startswith("for ")]
    values = [None]
    if loop:
        match = re.match(r"for (\w+) in (.+)", loop[0])
        values = shlex.split(match.group(2))
        if len(values) == 1 and ".." in values[0]:
            first, last = values[0].split("..")
            values = [str(n) for n in range(int(first), int(last) + 1)]
    for value in values:
        attack = Attack(name if value is None else f"{name} {value}")
        for line in lines:
            if line.startswith("for "):
                continue
            if value is not None:
                line = line.replace("$" + match.group(1), value)
            word, *words = shlex.split(line)
            if word == "expect":
                attack.expected = attack.applied = (words[0], words[1:])
            elif word == "apply-expect":
                attack.expected, attack.applied = ("accepted", []), (words[0], words[1:])
            else:
                INSTRUCTIONS[word](attack, *words)
        assert attack.expected, f"{name}: expects nothing"
        yield attack
