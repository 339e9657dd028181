"""Is one model better than the other? Paired tests on two files of results."""
from typing import Any, Dict, List, Mapping, Sequence

import numpy as np

from fnac_mm.functional import SampleStatistic, mcnemar_test
from fnac_mm.utils import json_digest
from .provenance import ANNOTATION
from .rescore import scored_rows

# Digests that files of one test have in common.
SAME = dict(
    list_sha256='lists of other ids (or of another release)',
    annotation_sha256='other annotations of the samples')
# Parts of a file that must agree; what to do if they don't.
PARTS = dict(
    metric='it is not the same number',
    dataset='it is not the same test',
    protocol='bring both to one with eval_metric.py --protocol')
Contents = Mapping[str, Mapping[str, Any]]


def check_same_test(contents: Contents) -> None:
    """Refuse results of other lists or annotations.

    Files without a hash are not judged by it.

    Args:
        contents (Mapping[str, dict]): Contents of files, by their names.

    Raises:
        ValueError: If two differ; names them.
    """
    for key, what in SAME.items():
        known = [(name, content['provenance'][key])
                 for name, content in contents.items()
                 if key in content.get('provenance', {})]
        for name, digest in known[1:]:
            if digest != known[0][1]:
                raise ValueError(
                    f'{known[0][0]} and {name} are of {what}: {key} '
                    f'{known[0][1][:12]} and {digest[:12]}; evaluate both '
                    'with tools/test.py on the same data')


def list_differences(contents: Contents) -> List[str]:
    """What else differs between runs, for a reader to know.

    Args:
        contents (Mapping[str, dict]): See :func:`check_same_test`.

    Returns:
        list[str]: A line for each of code and hardware.
    """

    def plain(value: Any) -> str:
        return 'unknown' if value is None else ', '.join(
            f'{k} {str(v)[:40]}' for k, v in value.items())

    lines = []
    for key in ('code', 'hardware'):
        told = {
            name: content.get('provenance', {}).get(key)
            for name, content in contents.items()
        }
        if len({json_digest(value) for value in told.values()}) > 1:
            lines.append(f'other {key}: ' +
                         '; '.join(f'{name}: {plain(value)}'
                                   for name, value in told.items()))
    return lines


def check_comparable(first: Dict[str, Any], second: Dict[str, Any]) -> None:
    """ValueError unless both tell of the same test.

    Metric, data set, protocol, samples and annotation must be the same.
    """
    for part, remedy in PARTS.items():
        parts = [content.get(part, {}) for content in (first, second)]
        keys = set(parts[0]) | set(parts[1])
        for key in sorted(keys, key=lambda k: (k != 'type', k)):
            pair = parts[0].get(key), parts[1].get(key)
            if pair[0] != pair[1]:
                raise ValueError(f'the files differ in {part} {key}: '
                                 f'{pair[0]!r} and {pair[1]!r}; {remedy}')
    rows, others = ({
        row['sample_id']: row
        for row in content['results']
    } for content in (first, second))
    alone = sorted(set(rows) ^ set(others))
    if alone:
        raise ValueError(f'{len(alone)} samples are in one file only '
                         f'({len(rows)} and {len(others)} in all): '
                         f'{", ".join(alone[:5])}')
    for sample_id, row in rows.items():
        for key in ANNOTATION:
            if row.get(key) != others[sample_id].get(key):
                raise ValueError(f'sample {sample_id!r}: its {key} differs '
                                 'between the files: not the same annotation')
    check_same_test(dict(A=first, B=second))


def compare(first: Dict[str, Any],
            second: Dict[str, Any],
            seed: int = 0) -> Dict[str, Dict[str, Any]]:
    """Tests of each score that both files have.

    Args:
        first (dict): See :func:`read_results`.
        second (dict): The same.
        seed (int): Of the draws.

    Returns:
        dict[str, dict]: By the score's key: ``first``, ``second``,
        ``difference``, ``low``, ``high``, ``p_value`` and, of what single
        samples are right or wrong in, ``mcnemar``. The bounds are None with
        one unit only.

    Raises:
        ValueError: See :func:`check_comparable`.
    """
    check_comparable(first, second)
    both = []
    for content in (first, second):
        metric, rows = scored_rows(content)
        both.append(
            metric.statistics(sorted(rows, key=lambda r: r['sample_id'])))
    found: Dict[str, Dict[str, Any]] = {}
    for key in (k for k in both[0] if k in both[1]):
        pair: List[SampleStatistic] = [of_file[key] for of_file in both]
        test = pair[0].compare(pair[1], seed)
        result: Dict[str, Any] = dict(
            first=pair[0].value(),
            second=pair[1].value(),
            **{
                k: None if v != v else v
                for k, v in test.items()
            })
        if all(_is_binary(statistic) for statistic in pair):
            result['mcnemar'] = mcnemar_test(*(statistic.columns[0] > 0
                                               for statistic in pair))
        found[key] = result
    return found


def count_units(rows: Sequence[Mapping[str, Any]]) -> int:
    """Number of what is drawn together: groups, or else samples."""
    return len({row.get('group', row['sample_id']) for row in rows})


def _is_binary(statistic: SampleStatistic) -> bool:
    """Whether single samples are right (100) or wrong (0)."""
    groups = statistic.groups
    return (statistic.function is None
            and (groups is None or len(set(groups)) == len(groups))
            and set(np.unique(statistic.columns[0])) <= {0., 100.})


def format_comparison(found: Dict[str, Dict[str, Any]]) -> str:
    """Table of the tests."""
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
