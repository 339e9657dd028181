"""What was fuzzed so far, so that a long run can be taken up again."""
import json
import os
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Dict, List


@dataclass
class Piece:
    """Files of consecutive numbers that a parser has met.

    Attributes:
        parser (str): Its name.
        seed (int): Of the damage.
        first (int): Number of the first file.
        count (int): How many.
        accepted (int): Of these.
        refused (int): Of these.
        findings (int): Of these.
        seconds (float): Wall time.
    """
    parser: str
    seed: int
    first: int
    count: int
    accepted: int
    refused: int
    findings: int
    seconds: float


class Progress:
    """Pieces in a file, one a line.

    A last line without its end, of a run that was stopped while writing it,
    is cut off; its piece is done again.

    Args:
        path (Path): Of the file; it need not be there yet.
        seed (int): Pieces of other seeds are left alone.
    """

    def __init__(self, path: Path, seed: int) -> None:
        self.path, self.seed = path, seed
        self.pieces: Dict[str, List[Piece]] = defaultdict(list)
        content = path.read_bytes() if path.exists() else b''
        whole = content[:content.rfind(b'\n') + 1]
        if whole != content:
            # Or else the next piece would go on in the half line.
            os.truncate(path, len(whole))
        for line in whole.splitlines():
            piece = Piece(**json.loads(line))
            if piece.seed == seed:
                self.pieces[piece.parser].append(piece)

    def done(self, parser: str) -> int:
        """Number of the first file that a parser has not met."""
        return sum(piece.count for piece in self.pieces[parser])

    def add(self, piece: Piece) -> None:
        """Note a piece that follows the ones before."""
        assert piece.seed == self.seed
        assert piece.first == self.done(piece.parser), 'a gap in the numbers'
        self.pieces[piece.parser].append(piece)
        with self.path.open('a') as file:
            file.write(f'{json.dumps(asdict(piece))}\n')

    def total(self, parser: str) -> Piece:
        """All pieces of a parser as one."""
        rows = [asdict(piece) for piece in self.pieces[parser]]
        return Piece(
            parser, self.seed, 0,
            *(sum(row[name] for row in rows)
              for name in ('count', 'accepted', 'refused', 'findings',
                           'seconds')))

    def table(self) -> str:
        """Markdown, a row for each parser."""
        rows = ['| parser | files | accepted | refused | findings |']
        rows.append('|---' * 5 + '|')
        for name in self.pieces:
            all_of = self.total(name)
            rows.append(f'| {name} | {all_of.count:,} | {all_of.accepted:,} | '
                        f'{all_of.refused:,} | {all_of.findings} |')
        return '\n'.join(rows)
