"""Measure how fast a part is, beside the usual way of doing it.

    python tools/analysis_tools/benchmark.py loss --versus dense
    python tools/analysis_tools/benchmark.py loader --out loader.json

Alternatives run in turn in one process, so their ratios hold on any machine
that is otherwise idle.
"""
import ast
import importlib
import sys
from pathlib import Path
from typing import Dict

from fnac_mm.utils.command_line import make_parser


def find_parts() -> Dict[str, str]:
    """What can be measured, by name, and the first line that says what it is.

    Parts are modules with ``add_arguments(parser)`` and ``run(args)``, which
    returns rows: dicts of one set of keys.
    """
    folder = Path(__file__).with_name('benchmark_parts')
    texts = {p.stem: p.read_text() for p in sorted(folder.glob('*.py'))}
    return {
        name: str(ast.get_docstring(ast.parse(text))).split('\n')[0]
        for name, text in texts.items() if '\ndef add_arguments(' in text
    }


def main() -> None:
    """Measure, print a table, write json."""
    parser = make_parser(__doc__)
    choices = parser.add_subparsers(dest='part', required=True)
    for name, text in find_parts().items():
        own = choices.add_parser(name, help=text)
        own.add_argument('--out', metavar='FILE', help='json of the table')
        # Others would be imported for nothing, and some take seconds.
        if name in sys.argv[1:2]:
            module = importlib.import_module(f'benchmark_parts.{name}')
            module.add_arguments(own)
    args = parser.parse_args()
    import mmengine
    from benchmark_parts.common import hardware, markdown_table
    rows = module.run(args)
    found = hardware()
    print('\n'.join(f'{key}: {value}' for key, value in found.items()))
    print(f'\n{markdown_table(rows)}')
    if args.out:
        mmengine.dump(
            dict(part=args.part, hardware=found, rows=rows),
            args.out,
            file_format='json',
            indent=1)
        print(f'\nwritten: {args.out}')


if __name__ == '__main__':
    main()
