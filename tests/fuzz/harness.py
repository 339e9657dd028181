"""Feed a parser damaged files in a child process that has limits.

The child has little memory, no network and a limit on the processor time of
each file; it may start no program and write nothing outside its folder. A
parser may accept a file or end in an error that its docstring names, with the
file's name in the message. All else is a finding.
"""
import faulthandler
import json
import multiprocessing
import os
import random
import resource
import signal
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple, Type

from .mutator import mutate

# Of the name of each damaged file; its message must hold it.
STEM = 'fuzzed'
_LONGEST_MESSAGE = 5000
_PROGRAMS = ('socket.connect', 'socket.getaddrinfo', 'subprocess.Popen',
             'os.system', 'os.exec', 'os.posix_spawn', 'pickle.find_class')
_CHANGES = ('os.mkdir', 'os.rename', 'os.remove', 'os.symlink', 'os.link',
            'os.rmdir', 'shutil.rmtree')


@dataclass
class Target:
    """A parser.

    Attributes:
        name (str): Its name.
        suffix (str): Of its files.
        seeds (list[bytes]): Files that it accepts.
        read (callable): Reads a path.
        check (callable): Raises AssertionError if what was read should not
            have been accepted.
        errors (tuple[type]): What its docstring names.
        is_text (bool): How its files are damaged.
        repair (callable): Applied to a damaged file: a forger knows how to
            make a checksum.
    """
    name: str
    suffix: str
    seeds: List[bytes]
    read: Callable[[Path], Any]
    check: Callable[[Any], None] = lambda result: None
    errors: Tuple[Type[BaseException], ...] = (ValueError, FileNotFoundError)
    is_text: bool = True
    repair: Callable[[bytes], bytes] = lambda content: content

    def make(self, seed: int, number: int) -> bytes:
        """Damaged file of a number."""
        rng = random.Random(f'{seed}/{self.name}/{number}')
        content = mutate(rng.choice(self.seeds), rng, self.is_text)
        return self.repair(content)


@dataclass
class Limits:
    """Of a child: bytes above what it has, processor and wall seconds."""
    memory: int = 2**30
    processor: float = 20.0
    wall: float = 120.0


@dataclass
class Report:
    """What became of the files."""
    accepted: int = 0
    refused: int = 0
    findings: List[Dict[str, Any]] = field(default_factory=list)


class Violation(BaseException):
    """The parser did what no parser may; not to be caught by it."""


def _changed_paths(event: str, args: tuple) -> List[str]:
    """Paths that an event would write to."""
    if event == 'open':
        path, _, flags = args
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        is_path = isinstance(path, (str, bytes))
        return [os.fsdecode(path)] if writes and is_path else []
    if event in ('os.symlink', 'os.link', 'os.rename'):
        return [os.fsdecode(args[1])]
    if event == 'os.remove' and args[1] != -1:
        return [f'/proc/self/fd/{args[1]}/{os.fsdecode(args[0])}']
    return [os.fsdecode(args[0])] if event in _CHANGES else []


def _runs_code(event: str, args: tuple) -> bool:
    """Whether an event starts a program or runs text as Python."""
    if event != 'exec':
        return event in _PROGRAMS
    name = getattr(args[0], 'co_filename', '<string>')
    return name.startswith('<') and not name.startswith('<frozen')


def _watch(folder: Path, broken_rules: List[str]) -> None:
    """Note and stop programs, network and writing elsewhere."""

    def hook(event: str, args: tuple) -> None:
        outside = any(
            not os.path.realpath(path).startswith((f'{folder}/', '/dev/null'))
            for path in _changed_paths(event, args))
        if outside or _runs_code(event, args):
            broken_rules.append(f'{event} {str(args)[:200]}')
            raise Violation(broken_rules[-1])

    sys.addaudithook(hook)


def _limit(limits: Limits) -> None:
    """Limit the memory of this process."""
    status = Path('/proc/self/status').read_text()
    used = int(status.split('VmData:')[1].split()[0]) * 1024
    bound = used + limits.memory
    resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def judge(target: Target, path: Path) -> Tuple[bool, Optional[str]]:
    """Read a damaged file.

    Args:
        target (Target): The parser.
        path (Path): The file.

    Returns:
        tuple[bool, str | None]: Whether it was accepted, and what is wrong.
    """
    try:
        result = target.read(path)
    except target.errors as error:
        text = str(error)
        if STEM not in text:
            return False, f'no file name in {error!r:.500}'
        if len(text) > _LONGEST_MESSAGE:
            return False, f'message of {len(text)} characters: {text[:300]}'
        return False, None
    except BaseException as error:
        return False, f'undocumented {type(error).__name__}: {error!s:.500}'
    try:
        target.check(result)
    except Exception as error:
        return True, f'accepted: {type(error).__name__}: {error!s:.500}'
    return True, None


def _work(target: Target, numbers: range, seed: int, folder: Path,
          limits: Limits, counts: Any) -> None:
    """Body of the child."""
    warnings.simplefilter('ignore')
    log = os.open(folder / 'log.txt', os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    path = folder / 'work' / f'{STEM}{target.suffix}'
    path.parent.mkdir(exist_ok=True)
    for content in target.seeds:  # imports what is imported late
        path.write_bytes(target.repair(content))
        target.check(target.read(path))
    broken_rules: List[str] = []
    findings = open(folder / 'findings.jsonl', 'a')
    _limit(limits)
    _watch(folder.resolve(), broken_rules)
    faulthandler.register(signal.SIGPROF, file=log, chain=True)
    for number in numbers:
        path.write_bytes(target.make(seed, number))
        counts[0] = number
        signal.setitimer(signal.ITIMER_PROF, limits.processor)
        accepted, wrong = judge(target, path)
        signal.setitimer(signal.ITIMER_PROF, 0)
        counts[1 if accepted else 2] += 1
        if broken_rules:
            wrong = f'forbidden: {broken_rules.pop()}'
        if wrong:
            findings.write(f'{json.dumps(dict(number=number, wrong=wrong))}\n')
            findings.flush()
    counts[0] = numbers.stop


def _end_of(process: Any, counts: Any, wall: float) -> str:
    """Wait for a child; how it ended."""
    while process.is_alive():
        last = counts[0]
        process.join(wall)
        if process.is_alive() and counts[0] == last:
            process.kill()
            process.join()
            return f'hangs: no end after {wall} s'
    code = process.exitcode
    if code == -signal.SIGPROF:
        return 'hangs: too much processor time'
    return f'crash: {signal.Signals(-code).name}' if code < 0 else \
        f'exit code {code}'


def fuzz(target: Target,
         count: int,
         folder: Path,
         seed: int = 0,
         limits: Optional[Limits] = None,
         first: int = 0) -> Report:
    """Feed a parser damaged files.

    Args:
        target (Target): The parser.
        count (int): How many files.
        folder (Path): Where the child works; findings are kept there.
        seed (int): Of the damage. Defaults to 0.
        limits (Limits, optional): Of the child.
        first (int): Number of the first file. Defaults to 0.

    Returns:
        Report: Counts, and ``number`` and ``wrong`` of each finding.
    """
    limits = limits or Limits()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'findings.jsonl').unlink(missing_ok=True)
    context = multiprocessing.get_context('fork')
    counts: Any = context.RawArray('q', 3)
    deaths: List[Dict[str, Any]] = []
    stop = first + count
    while first < stop:
        counts[0] = -1
        process = context.Process(
            target=_work,
            args=(target, range(first, stop), seed, folder, limits, counts))
        process.start()
        end = _end_of(process, counts, limits.wall)
        number = counts[0]
        if number < first:
            raise RuntimeError(f'{target.name}: a seed was not accepted '
                               f'({end}); see {folder / "log.txt"}')
        if number < stop:
            deaths.append(dict(number=number, wrong=end))
        first = number + 1
    report = Report(counts[1], counts[2])
    lines = (folder / 'findings.jsonl').read_text().splitlines()
    report.findings = deaths + [json.loads(line) for line in lines]
    for finding in report.findings:
        kept = folder / f'found_{finding["number"]}{target.suffix}'
        kept.write_bytes(target.make(seed, finding['number']))
    return report
