"""Damage to a file, drawn at random and repeatable by its seed."""
import random
import re
from typing import Callable, List, Optional

_NUMBER = re.compile(rb'-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?')
_STRING = re.compile(rb'"[^"\n]{0,200}"')
_NUMBERS = (b'0', b'-1', b'-0.0', b'0.5', b'1e308', b'1e999', b'-1e999',
            b'NaN', b'Infinity', b'2147483648', b'9223372036854775808',
            b'1' + b'0' * 400, b'7' * 5000, b'1_0', '\u0663'.encode(), b'true',
            b'null', b'"1"', b'[]', b'{}', b'1e-320', b'0x10')
_TOKENS = (b'\0', b'\xef\xbb\xbf', b'\xff\xfe', b'\r\n', b'\r', b'\n', b'\t',
           b' ', '\u2028'.encode(), '\u202e'.encode(), b'\xed\xa0\x80',
           b'\\ud800', b'\xc3', b'../', b'/etc/passwd', b'..\\', b'"', b"'",
           b',', b'{', b'}', b'[', b']', b'<', b'>', b'&lol;', b'<!--',
           b'<!DOCTYPE a [<!ENTITY lol "lol">]>', b'<?xml version="1.1"?>',
           b'#EXTM3U\n', b'__import__("os").system("id")', b'%s', b'$HOME')
_NESTS = ((b'[', b']'), (b'{"a":', b'}'), (b'<a>', b'</a>'), (b'(', b')'),
          (b'dict(a=', b')'), (b'-', b''))
_INTEGERS = (0, 1, 127, 255, 2**15 - 1, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1,
             2**63 - 1, 2**64 - 1)

Rng = random.Random


def _span(content: bytes, rng: Rng, longest: int = 64) -> slice:
    """A short piece, most of the time; now and then up to all of it."""
    begin = rng.randrange(len(content) + 1)
    limit = longest if rng.random() < 0.8 else len(content)
    return slice(begin, begin + rng.randint(1, max(limit, 1)))


def _put(content: bytes, where: slice, new: bytes) -> bytes:
    return content[:where.start] + new + content[where.stop:]


def _insert(content: bytes, rng: Rng, new: Optional[bytes]) -> bytes:
    begin = rng.randrange(len(content) + 1)
    new = rng.choice(_TOKENS) if new is None else new
    return content[:begin] + new + content[begin:]


def flip_bits(content: bytes, rng: Rng) -> bytes:
    """Flip one to eight bits."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8)) if content else 0):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def set_integer(content: bytes, rng: Rng) -> bytes:
    """Write an extreme integer of 1 to 8 bytes, more often at the head."""
    size = rng.choice((1, 2, 4, 8))
    value = rng.choice(_INTEGERS) % 256**size
    within = min(len(content), 512) if rng.random() < 0.7 else len(content)
    begin = rng.randrange(within + 1)
    number = value.to_bytes(size, rng.choice(('little', 'big')))
    return _put(content, slice(begin, begin + size), number)


def overwrite_piece(content: bytes, rng: Rng) -> bytes:
    """Overwrite a piece with noise, or with another piece."""
    where = _span(content, rng)
    length = len(content[where])
    begin = rng.randrange(len(content) + 1)
    piece = content[begin:begin + length]
    return _put(content, where,
                piece if rng.random() < 0.5 else rng.randbytes(length))


def insert_run(content: bytes, rng: Rng) -> bytes:
    """Insert a very long run of one byte."""
    byte = rng.choice((b'a', b',', b'"', b'0', b'\n', b' ', b'\0', b'\xff'))
    begin = rng.randrange(len(content) + 1)
    return _put(content, slice(begin, begin),
                byte * rng.choice((300, 5000, 150_000)))


def nest(content: bytes, rng: Rng) -> bytes:
    """Bury a piece below many brackets."""
    opening, closing = rng.choice(_NESTS)
    depth = rng.choice((10, 100, 900, 970, 990, 1100, 20_000))
    strings = list(_NUMBER.finditer(content)) if rng.random() < 0.7 else []
    where = slice(*rng.choice(strings).span()) if strings else \
        _span(content, rng)
    piece = content[where] or b'1'
    return _put(content, where, opening * depth + piece + closing * depth)


def swap_numbers(content: bytes, rng: Rng) -> bytes:
    """Exchange two numbers, or set one to something extreme."""
    found = list(_NUMBER.finditer(content))
    if not found:
        return set_integer(content, rng)
    one, other = rng.choice(found), rng.choice(found)
    value = other.group() if rng.random() < 0.4 else rng.choice(_NUMBERS)
    return _put(content, slice(*one.span()), value)


def swap_strings(content: bytes, rng: Rng) -> bytes:
    """Replace a quoted string by another one."""
    found = list(_STRING.finditer(content))
    if not found:
        return overwrite_piece(content, rng)
    one, other = rng.choice(found), rng.choice(found)
    return _put(content, slice(*one.span()), other.group())


def change_lines(content: bytes, rng: Rng) -> bytes:
    """Repeat, drop or exchange lines."""
    lines = content.split(b'\n')
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    kind = rng.randrange(3)
    if kind == 0:
        lines.insert(other, lines[one])
    elif kind == 1:
        del lines[one]
    else:
        lines[one], lines[other] = lines[other], lines[one]
    return b'\n'.join(lines)


_BINARY: List[Callable[[bytes, Rng], bytes]] = [
    flip_bits, flip_bits, set_integer, set_integer,
    # Cut the end off; take a piece out; repeat one, there or elsewhere.
    lambda content, rng: content[:rng.randrange(len(content) + 1)],
    lambda content, rng: _put(content, _span(content, rng), b''),
    lambda content, rng: _insert(
        content, rng,
        content[_span(content, rng)] * rng.choice((1, 1, 2, 50))),
    overwrite_piece, insert_run
]  # yapf: disable
# Insert what text formats trip over.
_TOKEN = [lambda content, rng: _insert(content, rng, None)] * 2
_TEXT = _BINARY + _TOKEN + [
    nest, swap_numbers, swap_numbers, swap_numbers, swap_strings, change_lines
]


def mutate(content: bytes, rng: Rng, is_text: bool) -> bytes:
    """A damaged copy.

    Args:
        content (bytes): A file.
        rng (random.Random): Draws what is done to it.
        is_text (bool): Also use what makes sense in text only.

    Returns:
        bytes: The copy after one to five changes; at most 2 MiB.
    """
    for _ in range(rng.choice((1, 1, 1, 2, 3, 5))):
        content = rng.choice(_TEXT if is_text else _BINARY)(content, rng)
    return content[:2**21]
