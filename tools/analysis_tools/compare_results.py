"""Is one model better than the other? Paired tests on two files of results.

    python tools/analysis_tools/compare_results.py A.json B.json

Both are what ``tools/test.py --out`` wrote, of the same metric and samples
under the same protocol; all else is refused with exit status 1. For each kind
of map and score: the two values, B - A with its bootstrap 95 % interval, and
the two-sided p of a permutation test; where single samples are right or wrong
also McNemar's exact test. Samples of a group change places together.
The table goes to stderr, json to stdout.
"""
import argparse
import json
import sys
from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from fnac_mm.evaluation import (check_same_test, list_differences,
                                read_results, score_again)
from fnac_mm.functional import SampleStatistic, mcnemar_test

# What the same samples have in common, whatever the model.
ANNOTATION = ('boxes', 'mask', 'target_area', 'group', 'negative_kind')


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('first', help='json written by tools/test.py --out')
    parser.add_argument('second', help='the same, of the other model')
    parser.add_argument('--seed', type=int, default=0, help='of the draws')
    return parser.parse_args(argv)


def check_comparable(first: Dict[str, Any], second: Dict[str, Any]) -> None:
    """Refuse files that do not tell of the same test.

    Args:
        first (dict): See :func:`read_results`.
        second (dict): The same.

    Raises:
        ValueError: If data set, protocol, samples or annotation differ.
    """
    for part, remedy in (('metric', 'it is not the same number'),
                         ('dataset', 'it is not the same test'),
                         ('protocol', 'bring both to one with '
                          'eval_metric.py --protocol')):
        parts = [content.get(part, {}) for content in (first, second)]
        keys = set(parts[0]) | set(parts[1])
        for key in sorted(keys, key=lambda k: (k != 'type', k)):
            pair = parts[0].get(key), parts[1].get(key)
            if pair[0] != pair[1]:
                raise ValueError(f'the files differ in {part} {key}: '
                                 f'{pair[0]!r} and {pair[1]!r}; {remedy}')
    ids = [{row['sample_id']
            for row in content['results']} for content in (first, second)]
    alone = sorted(ids[0] ^ ids[1])
    if alone:
        raise ValueError(f'{len(alone)} samples are in one file only '
                         f'({len(ids[0])} and {len(ids[1])} in all): '
                         f'{", ".join(alone[:5])}')


def pair_rows(first: Dict[str, Any],
              second: Dict[str, Any]) -> List[Sequence[Dict[str, Any]]]:
    """Results of the same sample side by side.

    Args:
        first (dict): See :func:`read_results`.
        second (dict): The same; see :func:`check_comparable`.

    Returns:
        list: Pairs of rows, in the order of the first file.

    Raises:
        ValueError: If a sample is annotated otherwise in the second file.
    """
    others = {row['sample_id']: row for row in second['results']}
    pairs = [(row, others[row['sample_id']]) for row in first['results']]
    for left, right in pairs:
        for key in ANNOTATION:
            if left.get(key) != right.get(key):
                raise ValueError(f'sample {left["sample_id"]!r}: its {key} '
                                 'differs between the files: not the same '
                                 'annotation')
    return pairs


def compare(first: Dict[str, Any],
            second: Dict[str, Any],
            seed: int = 0) -> Dict[str, Dict[str, Any]]:
    """Tests of each score that both files have.

    Args:
        first (dict): See :func:`read_results`.
        second (dict): The same; see :func:`check_comparable`.
        seed (int): Of the draws.

    Returns:
        dict[str, dict]: By the score's key: ``first``, ``second``,
        ``difference``, ``low``, ``high``, ``p_value`` and, of what single
        samples are right or wrong in, ``mcnemar``. The bounds are None with
        one unit only.
    """
    both = [list_statistics(content) for content in (first, second)]
    found: Dict[str, Dict[str, Any]] = {}
    for key in (k for k in both[0] if k in both[1]):
        pair = [of_file[key] for of_file in both]
        test = pair[0].compare(pair[1], seed)
        result: Dict[str, Any] = dict(
            first=pair[0].value(),
            second=pair[1].value(),
            **{
                k: None if v != v else v
                for k, v in test.items()
            })
        if all(is_binary(statistic) for statistic in pair):
            result['mcnemar'] = mcnemar_test(*(statistic.columns[0] > 0
                                               for statistic in pair))
        found[key] = result
    return found


def list_statistics(content: Dict[str, Any]) -> Dict[str, SampleStatistic]:
    """Scores of a file as functions of its samples.

    Args:
        content (dict): See :func:`read_results`.

    Returns:
        dict[str, SampleStatistic]: By the keys of the metric.
    """
    metric = score_again(content)
    stored = 'ciou' in content['results'][0]
    return metric.statistics(content['results'] if stored else metric.results)


def is_binary(statistic: SampleStatistic) -> bool:
    """Whether single samples are right (100) or wrong (0)."""
    groups = statistic.groups
    return (statistic.function is None
            and (groups is None or len(set(groups)) == len(groups))
            and set(np.unique(statistic.columns[0])) <= {0., 100.})


def format_comparison(found: Dict[str, Dict[str, Any]]) -> str:
    """Table of the tests.

    Args:
        found (dict[str, dict]): See :func:`compare`.

    Returns:
        str: Several lines.
    """
    lines = [
        f'{"":<32}{"A":>8}{"B":>8}{"B - A":>8}{"95 %":>18}{"p":>9}'
        f'{"McNemar p":>11}'
    ]
    for name, row in found.items():
        span = ('unknown' if row['low'] is None else
                f'{row["low"]:.2f} to {row["high"]:.2f}')
        mcnemar = (f'{row["mcnemar"]["p_value"]:.2g}'
                   if 'mcnemar' in row else '')
        lines.append(f'{name:<32}{row["first"]:>8.2f}{row["second"]:>8.2f}'
                     f'{row["difference"]:>+8.2f}{span:>18}'
                     f'{row["p_value"]:>9.4f}{mcnemar:>11}')
    return '\n'.join(lines)


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Check, test, print."""
    args = parse_args(argv)
    try:
        first, second = (read_results(p) for p in (args.first, args.second))
        check_comparable(first, second)
        pairs = pair_rows(first, second)
        files = dict(A=first, B=second)
        check_same_test(files)
        found = compare(first, second, args.seed)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    protocol = first.get('protocol', {}).get('name')
    n_groups = len({r.get('group', r['sample_id']) for r, _ in pairs})
    kind = first['metric']['type']
    for line in list_differences(files):
        print(line, file=sys.stderr)
    print(
        f'{first["dataset"]["name"]}: n = {len(pairs):,} in {n_groups:,} '
        f'units, {kind}, protocol {protocol}\n'
        f'A: {args.first}\nB: {args.second}\n{format_comparison(found)}',
        file=sys.stderr)
    head = dict(n=len(pairs), n_units=n_groups, metric=kind, protocol=protocol)
    print(json.dumps(dict(head, scores=found), indent=2))


if __name__ == '__main__':
    main()
