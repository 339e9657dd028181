r"""Check the media and lists of all data sets of a config.

    python tools/dataset_converters/verify_dataset.py CONFIG \
        --data-root data/vggsound --out report.json --sheet problems.jpg

docs/verify.md explains each check, its threshold and what to do. The exit
status is 0 if nothing was found but what --allow names, 1 if there are
problems, 2 if the command line is wrong, 130 after Ctrl-C (what was found
until then is reported).
"""
import argparse
import json
import os
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from make_synthetic import write_atomically
from mmengine.config import Config
from rich.console import Console
from rich.progress import (BarColumn, MofNCompleteColumn, Progress, TextColumn,
                           TimeRemainingColumn)
from verification import cross_checks
from verification.inventory import (FileUse, View, collect_files, find_views,
                                    open_view)
from verification.probe import FileFacts, probe_file
from verification.problems import (ADVICE, Problem, count_kinds,
                                   print_problems, problem_rows)
from verification.sheet import write_sheet

from fnac_mm.engine.launch import add_config_arguments, load_config
from fnac_mm.functional import fingerprint, media_checks
from fnac_mm.utils.process_map import process_map
from fnac_mm.version import __version__

INTERRUPTED = 130


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read and check the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add('config', help='config file')
    add_config_arguments(parser)
    add('--out', type=Path, metavar='FILE', help='json with every problem')
    add('--sheet',
        type=Path,
        metavar='FILE',
        help='picture of the problem files, eight of each kind at most')
    add('--duplicates',
        action='store_true',
        help='search clips of training that are nearly one of a test, by '
        'perceptual hash and audio fingerprint')
    add('--sample',
        type=int,
        metavar='N',
        help='open the files of N clips of each data set only')
    add('--allow',
        nargs='+',
        default=[],
        choices=list(ADVICE),
        metavar='KIND',
        help='kinds of problems that are reported, but do not count for the '
        f'exit status: {", ".join(ADVICE)}')
    add('--workers',
        type=int,
        default=os.cpu_count() or 1,
        help='processes (default: one for each core)')
    add('--show',
        type=int,
        default=3,
        metavar='N',
        help='problems of each kind to print (default: 3)')
    args = parser.parse_args(argv)
    for name in ('workers', 'sample'):
        value = getattr(args, name)
        if value is not None and value < 1:
            parser.error(f'--{name} must be at least 1, got {value}')
    try:
        args.cfg = load_config(
            args.config,
            data_root=args.data_root,
            cfg_options=args.cfg_options)
        if args.duplicates:
            fingerprint.require_imagehash()
    except (OSError, ValueError, KeyError, ModuleNotFoundError) as error:
        parser.error(str(error))
    if not find_views(args.cfg):
        parser.error(f'{args.config}: no data set in any dataloader')
    return args


def probe_files(uses: Dict[str, FileUse], workers: int,
                facts: Dict[str, FileFacts]) -> None:
    """Open all files in worker processes.

    Args:
        uses (dict[str, FileUse]): Files by path.
        workers (int): Processes.
        facts (dict[str, FileFacts]): Filled in place, so that something is
            left after Ctrl-C.
    """
    columns = (TextColumn('{task.description}'), BarColumn(),
               MofNCompleteColumn(), TextColumn('{task.fields[rate]}'),
               TimeRemainingColumn())
    crashed = FileFacts([('unreadable', 'the decoder takes its process down')])
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task('files', total=len(uses), rate='')
        tasks = (use.task for use in uses.values())
        for task, found in process_map(probe_file, tasks, workers):
            facts[task.path] = crashed if found is None else found
            speed = progress.tasks[0].finished_speed or progress.tasks[0].speed
            progress.update(
                bar, advance=1, rate=f'{speed:,.0f} files/s' if speed else '')


def file_problems(uses: Dict[str, FileUse],
                  facts: Dict[str, FileFacts]) -> List[Problem]:
    """Problems of single files."""
    return [
        Problem(path, kind, found, uses[path].label)
        for path, fact in facts.items() for kind, found in fact.problems
    ]


def compare(views: List[View], uses: Dict[str, FileUse],
            facts: Dict[str, FileFacts], duplicates: bool) -> List[Problem]:
    """Problems of several files together."""
    problems = cross_checks.equal_content(uses, facts)
    problems += cross_checks.still_clips(views, facts)
    problems += cross_checks.mixed_rates(views, facts)
    if duplicates:
        problems += cross_checks.near_duplicates(views, facts)
    return problems


def view_row(view: View, facts: Dict[str, FileFacts]) -> Dict[str, Any]:
    """A data set in the report."""
    survey = view.survey
    return dict(
        loaders=view.loaders,
        type=str(view.cfg.type),
        name=view.name,
        readable=view.readable,
        n_listed=survey.n_listed,
        n_excluded=survey.n_excluded,
        n_wanted=len(survey.ids),
        n_complete=len(survey.clips),
        n_opened=len(view.clips),
        n_unlisted=survey.n_unlisted,
        sample_rates=cross_checks.count_rates(view, facts),
        lists=view.lists)


def print_view(row: Dict[str, Any]) -> None:
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


def thresholds() -> Dict[str, float]:
    """Numbers that the checks depend on."""
    names = {
        media_checks:
        ('SILENCE_LEVEL', 'BLACK_LEVEL', 'CONSTANT_RANGE', 'STILL_CHANGE'),
        fingerprint: ('MAX_IMAGE_BITS', 'MAX_AUDIO_ERROR', 'MAX_SHIFT')
    }
    return {
        name.lower(): getattr(module, name)
        for module, many in names.items()
        for name in many
    }


def verify(cfg: Config, args: argparse.Namespace) -> Dict[str, Any]:
    """Run all checks.

    Args:
        cfg (Config): The config.
        args (Namespace): Of the command line.

    Returns:
        dict: The report; ``problems`` are :class:`Problem` objects.
    """
    views, problems = find_views(cfg), []
    for view in views:
        problems += open_view(view, args.sample)
    problems += cross_checks.leaked_ids(views)
    uses = collect_files(views, args.duplicates)
    facts: Dict[str, FileFacts] = {}
    interrupted = False
    try:
        probe_files(uses, args.workers, facts)
        problems += compare(views, uses, facts, args.duplicates)
    except KeyboardInterrupt:
        interrupted = True
    problems += file_problems(uses, facts)
    return dict(
        version=__version__,
        config=args.config,
        data_root=args.data_root,
        interrupted=interrupted,
        near_duplicates_searched=args.duplicates and not interrupted,
        n_files=len(uses),
        n_files_opened=len(facts),
        allowed=args.allow,
        thresholds=thresholds(),
        data_sets=[view_row(view, facts) for view in views],
        problems=problems)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Verify and report.

    Returns:
        int: Exit status.
    """
    args = parse_args(argv)
    report = verify(args.cfg, args)
    problems: List[Problem] = report['problems']
    counts = count_kinds(problems)
    for row in report['data_sets']:
        print_view(row)
    print_problems(problems, args.allow, args.show)
    counted = sum(n for kind, n in counts.items() if kind not in args.allow)
    print(f'\n{report["n_files_opened"]:,} of {report["n_files"]:,} files '
          f'opened{" (interrupted)" if report["interrupted"] else ""}; '
          f'{len(problems):,} problems, {len(problems) - counted:,} of them '
          'of allowed kinds')
    if args.out is not None:
        report.update(counts=counts, problems=problem_rows(problems))
        write_atomically(args.out,
                         f'{json.dumps(report, indent=1)}\n'.encode())
        print(f'report: {args.out}')
    if args.sheet is not None:
        drawn, total = write_sheet(problems, args.sheet)
        print(f'sheet: {args.sheet}, {drawn} of {total:,} problem files'
              if drawn else 'no sheet: no problem has a file to draw')
    if report['interrupted']:
        return INTERRUPTED
    return 1 if counted else 0


if __name__ == '__main__':
    raise SystemExit(main())
