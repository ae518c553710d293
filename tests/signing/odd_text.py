"""Random texts of what signers have got wrong, and how a request is told to the programs that sign for the tests
(request_lines.h)."""

# What has broken signers before comes often; anything else of Unicode now and then.
ODD_PIECES = [
    "?", "=", "&", "+", "%", " ", "*", "@", "~", "#", ":", ";", ",", "$", "!", "'", "(", ")", "[", "]", "{", "}", "|",
    "\\", "^", "`", "\"", "<", ">", "//", "/../", "/./", "..", ".", "-", "_", "%2F", "%20", "%zz", "é", "日本", "😀",
    "\t", "a", "Z", "0", "key", "value",
]  # fmt: skip


def random_text(rng, longest=12, odd_pieces=ODD_PIECES):
    pieces = []
    for _ in range(rng.randint(1, longest)):
        if rng.random() < 0.85:
            pieces.append(rng.choice(odd_pieces))
        else:
            code = rng.choice([rng.randint(0x21, 0x7E), rng.randint(0xA0, 0xD7FF), rng.randint(0xE000, 0x1FFFF)])
            pieces.append(chr(code))
    return "".join(pieces)


def as_hex(data):
    return (data if isinstance(data, bytes) else data.encode()).hex()


def hex_pairs(pairs):
    return "&".join(f"{as_hex(name)}={as_hex(value)}" for name, value in pairs)
