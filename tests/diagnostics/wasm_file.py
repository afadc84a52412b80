"""Reads the framing of a WebAssembly binary, independently of the engine: sections, LEB128, names."""


def uleb(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def sleb(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return (value - (1 << shift) if byte & 0x40 else value), at


def name(data, at):
    size, at = uleb(data, at)
    return data[at:at + size].decode(), at + size


def sections(data):
    """(id, name of a custom section or "", first byte of the payload behind that name, end)"""
    assert data[:8] == b"\0asm\1\0\0\0"
    at, found = 8, []
    while at < len(data):
        code = data[at]
        size, at = uleb(data, at + 1)
        end, start, custom = at + size, at, ""
        if code == 0:
            custom, start = name(data, at)
        found.append((code, custom, start, end))
        at = end
    return found


def custom(data, wanted):
    """The payloads of the custom sections of that name."""
    return [data[start:end] for code, found, start, end in sections(data) if code == 0 and found == wanted]
