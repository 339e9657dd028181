"""Is one model better than the other? Paired tests on two files of results.

    python tools/analysis_tools/compare_results.py A.json B.json

Both are what ``tools/test.py --out`` wrote, of the same samples under the same
protocol; all else is refused with exit status 1. For each kind of map and
score: the two values, B - A with its bootstrap 95 % interval, and the
two-sided p of a permutation test; of cIoU@0.5 also McNemar's exact test, where
samples stand for themselves. Samples of a group change their sign together.
The table goes to stderr, json to stdout.
"""
import argparse
import json
import sys
from typing import Any, Dict, Hashable, List, Optional, Sequence

import numpy as np

from fnac_mm.evaluation import read_results
from fnac_mm.evaluation.report import ADAPTIVE, MAPS, SCORES
from fnac_mm.functional import mcnemar_test, paired_test, sample_scores

# What the same samples have in common, whatever the model.
ANNOTATION = ('boxes', 'mask', 'target_area', 'group')


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
    for part, remedy in (('dataset', 'it is not the same test'),
                         ('protocol', 'bring both to one with '
                          'eval_metric.py --protocol')):
        for key in sorted(set(first[part]) | set(second[part])):
            pair = first[part].get(key), second[part].get(key)
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


def compare(pairs: List[Sequence[Dict[str, Any]]],
            seed: int = 0) -> Dict[str, Dict[str, Any]]:
    """Tests of each score of each kind of map that both files have.

    Args:
        pairs (list): See :func:`pair_rows`.
        seed (int): Of the draws.

    Returns:
        dict[str, dict]: By ``<kind>/<score>``: ``first``, ``second``,
        ``difference``, ``low``, ``high``, ``p_value`` and, of cIoU@0.5 of
        single samples, ``mcnemar``. The bounds are None with one unit only.
    """
    groups: List[Hashable] = [
        row.get('group', row['sample_id']) for row, _ in pairs
    ]
    single = len(set(groups)) == len(groups)
    found: Dict[str, Dict[str, Any]] = {}
    for kind in MAPS + ADAPTIVE[:3]:
        if not all(kind in row['ciou'] for pair in pairs for row in pair):
            continue
        both = [[row['ciou'][kind] for row in rows] for rows in zip(*pairs)]
        scores = [sample_scores(cious) for cious in both]
        for score in SCORES:
            values = [of_file[score] for of_file in scores]
            test = paired_test(*values, groups=groups, seed=seed)
            result: Dict[str, Any] = dict(
                first=float(values[0].mean()),
                second=float(values[1].mean()),
                **{
                    k: None if v != v else v
                    for k, v in test.items()
                })
            if single and score == SCORES[0]:
                result['mcnemar'] = mcnemar_test(*(np.asarray(cious) >= 0.5
                                                   for cious in both))
            found[f'{kind}/{score}'] = result
    return found


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
        found = compare(pairs, args.seed)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    protocol = first['protocol']['name']
    n_groups = len({r.get('group', r['sample_id']) for r, _ in pairs})
    print(
        f'{first["dataset"]["name"]}: n = {len(pairs):,} in {n_groups:,} '
        f'units, protocol {protocol}\nA: {args.first}\nB: {args.second}\n'
        f'{format_comparison(found)}',
        file=sys.stderr)
    head = dict(n=len(pairs), n_units=n_groups, protocol=protocol)
    print(json.dumps(dict(head, scores=found), indent=2))


if __name__ == '__main__':
    main()
