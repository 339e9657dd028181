"""Kinds of problems, and the report of them."""
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Dict, List

# Kind of problem, and what to do about it. docs/verify.md explains each.
ADVICE = dict(
    data_set='correct the config, the list or the folder that is named',
    missing='prepare or download the clip; a test is an error without it',
    unreadable='prepare the clip again, or leave it out by an exclude list',
    truncated='prepare or download the recording again: it was cut short',
    short='nothing, if repeating it is acceptable; else exclude the clip',
    silent='exclude the clip: no sound tells where its source is',
    black='prepare the frame at another time, or exclude the clip',
    constant='prepare the frame at another time, or exclude the clip',
    still='exclude the clip: its frames are one picture',
    rates='set sample_rate of LoadAudio in the config',
    duplicate='keep one of the clips; exclude the others',
    leaked_id='add the test list to exclude of the training set',
    leaked_content='exclude the training clip: a test clip has its content',
    near_duplicate='compare the two clips; exclude the one for training')


@dataclass(frozen=True)
class Problem:
    """A problem of a file.

    Attributes:
        file (str): The file or list.
        kind (str): A key of :data:`ADVICE`.
        found (str): What was found, in words.
        data_set (str): Dataloaders that use it.
        other (str): The file that it is like, if any.
    """
    file: str
    kind: str
    found: str
    data_set: str
    other: str = ''


def count_kinds(problems: List[Problem]) -> Dict[str, int]:
    """Number of problems of each kind that occurs, in fixed order."""
    counts = Counter(problem.kind for problem in problems)
    return {kind: counts[kind] for kind in ADVICE if counts[kind]}


def problem_rows(problems: List[Problem]) -> List[Dict[str, Any]]:
    """Rows of the report, by kind, then by file."""
    order = list(ADVICE)
    return [
        asdict(p) for p in sorted(
            problems, key=lambda p: (order.index(p.kind), p.file, p.found))
    ]


def print_problems(problems: List[Problem], allowed: List[str],
                   most: int) -> None:
    """Print the counts, the first few of each kind, and what to do."""
    for kind, count in count_kinds(problems).items():
        mark = ' (allowed)' if kind in allowed else ''
        print(f'\n{kind}{mark}: {count:,}. What to do: {ADVICE[kind]}')
        same = [row for row in problem_rows(problems) if row['kind'] == kind]
        for row in same[:most]:
            print(f'  [{row["data_set"]}] {row["file"]}: {row["found"]}')
        if count > most:
            print(f'  ... and {count - most:,} more')


def print_data_set(row: Dict[str, Any]) -> None:
    """Print the counts and lists of a data set."""
    title = f'{"+".join(row["loaders"])} ({row["name"] or row["type"]})'
    if not row['readable']:
        print(f'{title}: lists or folders can\'t be read, see data_set')
    else:
        print(f'{title}: {row["n_complete"]:,} complete of '
              f'{row["n_wanted"]:,} clips wanted ({row["n_listed"]:,} '
              f'listed, {row["n_excluded"]:,} excluded); '
              f'{row["n_unlisted"]:,} clips in the folder are on no list')
    for item in row['lists']:
        print(f'  {item["argument"]} {item["file"]}: {item["count"]:,} '
              f'entries, {item["recognized"]}')
    if len(row['sample_rates']) > 1:
        rates = ', '.join(f'{count:,} of {rate} Hz'
                          for rate, count in row['sample_rates'].items())
        print(f'  sample rates: {rates}')
