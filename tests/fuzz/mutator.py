"""Damage to a file, drawn at random and repeatable by its seed."""
import random
import re
from typing import Callable, List, Optional, Pattern, Tuple, Union

Rng = random.Random
# Which piece is replaced: of this many bytes, one of a kind, one of any
# length (None); and what replaces it, of it, another one of its kind and rng.
Change = Tuple[Union[int, Pattern, None], Callable[[bytes, bytes, Rng], bytes]]

_NUMBER = re.compile(rb'-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?')
_STRING = re.compile(rb'"[^"\n]{0,200}"')
_LINE = re.compile(rb'[^\n]*\n?')
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


def _integer(old: bytes, other: bytes, rng: Rng) -> bytes:
    """An extreme one of 1 to 8 bytes, over what was there."""
    size = rng.choice((1, 2, 4, 8))
    value = rng.choice(_INTEGERS) % 256**size
    return value.to_bytes(size, rng.choice(('little', 'big'))) + old[size:]


def _nest(old: bytes, other: bytes, rng: Rng) -> bytes:
    """Below many brackets."""
    opening, closing = rng.choice(_NESTS)
    depth = rng.choice((10, 100, 900, 970, 990, 1100, 20_000))
    return opening * depth + (old or b'1') + closing * depth


_BINARY: List[Change] = [
    *[(1, lambda old, _, rng: bytes(b ^ 1 << rng.randrange(8)
                                    for b in old))] * 2,
    *[(8, _integer)] * 2,
    (2**31, lambda *_: b''),
    (None, lambda *_: b''),
    (None, lambda old, _, rng: old * rng.choice((2, 2, 3, 51))),
    (None, lambda old, other, _: old + other),
    (None, lambda old, other, _: other[:len(old)]),
    (None, lambda old, _, rng: rng.randbytes(len(old))),
    (0, lambda old, _, rng: rng.choice(
        (b'a', b',', b'"', b'0', b'\n', b' ', b'\0', b'\xff')) * rng.choice(
            (300, 5000, 150_000))),
]  # yapf: disable
_TEXT: List[Change] = _BINARY + [
    *[(0, lambda old, _, rng: rng.choice(_TOKENS))] * 2,
    *[(_NUMBER, lambda old, _, rng: rng.choice(_NUMBERS))] * 2,
    (_NUMBER, lambda old, other, _: other),
    (_NUMBER, _nest),
    (None, _nest),
    (_STRING, lambda old, other, _: other),
    (_LINE, lambda old, other, rng: rng.choice((b'', other, old + other))),
]  # yapf: disable


def _pick(content: bytes, rng: Rng, kind: Union[int, Pattern, None]) -> slice:
    """A piece; more often at the head, where formats say what they are."""
    if isinstance(kind, re.Pattern):
        found = [match.span() for match in kind.finditer(content)]
        if found:
            return slice(*rng.choice(found))
    within = min(len(content), 512) if rng.random() < 0.4 else len(content)
    begin = rng.randrange(within + 1)
    longest = 64 if rng.random() < 0.8 else max(len(content), 1)
    size: Optional[int] = kind if isinstance(kind, int) else None
    return slice(begin,
                 begin + (rng.randint(1, longest) if size is None else size))


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
        kind, change = rng.choice(_TEXT if is_text else _BINARY)
        where = _pick(content, rng, kind)
        other = content[_pick(content, rng, kind)]
        new = change(content[where], other, rng)
        content = content[:where.start] + new + content[where.stop:]
    return content[:2**21]
