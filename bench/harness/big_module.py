"""Makes a module of any size out of a real one: every function body again and again, behind the original functions, so that all
indices stay valid and the mix of instructions is the compiler's. What loading and validation are measured with."""


def read_leb(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def leb(value):
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def sections(data):
    at = 8
    while at < len(data):
        kind = data[at]
        size, at = read_leb(data, at + 1)
        yield kind, data[at:at + size]
        at += size


def enlarge(data, size):
    """A module at least `size` bytes long that behaves as `data` does."""
    if data[:8] != b"\0asm\1\0\0\0":
        raise ValueError("not a wasm module")
    parts = list(sections(data))
    code = dict(parts)[10]
    copies = max(0, -(-(size - len(data)) // len(code)))
    out = [data[:8]]
    for kind, payload in parts:
        if kind == 0:
            continue  # names and producers would only be bytes to skip
        if kind in (3, 10):  # type indices of the functions, bodies
            count, at = read_leb(payload, 0)
            payload = leb(count * (copies + 1)) + payload[at:] * (copies + 1)
        out += [bytes([kind]), leb(len(payload)), payload]
    return b"".join(out)
