"""Writes WebAssembly binaries piece by piece, lies included: what the tests of this folder feed to arris."""


def u(n):
    """Unsigned LEB128."""
    out = bytearray()
    while True:
        byte = n & 0x7F
        n >>= 7
        if n == 0:
            out.append(byte)
            return bytes(out)
        out.append(byte | 0x80)


def s(n):
    """Signed LEB128 of a number that is not negative: heap types are written so."""
    out = bytearray()
    while n >= 0x40:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


HEADER = b"\0asm\x01\0\0\0"
VOID_TYPE = b"\x60\0\0"
I32 = b"\x7f"
END = b"\x0b"


def section(code, payload, size=None):
    return bytes([code]) + u(len(payload) if size is None else size) + payload


def vec(items, count=None):
    return u(len(items) if count is None else count) + b"".join(items)


def body(code, local_groups=()):
    """A function body: local_groups are (count, type) pairs; `end` is added."""
    content = vec([u(count) + kind for count, kind in local_groups]) + code + END
    return u(len(content)) + content


def name(text):
    return u(len(text)) + text


def module(*sections):
    return HEADER + b"".join(sections)


def function_module(bodies, types=(VOID_TYPE,), func_type=0, exported=(b"_start", 0), extra=()):
    """Functions of one type; `extra` are (section code, section bytes) to merge in."""
    sections = [
        (1, section(1, vec(list(types)))),
        (3, section(3, u(len(bodies)) + u(func_type) * len(bodies))),
        (10, section(10, vec(bodies))),
    ]
    if exported:
        sections.append((7, section(7, vec([name(exported[0]) + b"\0" + u(exported[1])]))))
    order = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11]
    return module(*[data for _, data in sorted(sections + list(extra), key=lambda item: order.index(item[0]))])
