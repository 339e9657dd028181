"""Feed a parser damaged files in a child process that has limits.

The child has little memory, no network and limits on the time of each file;
it may start no program and write nothing outside its folder. A parser may
accept a file or end in an error that its docstring names, with the file's
name in the message. All else is a finding.
"""
import json
import multiprocessing
import os
import random
import resource
import signal
import sys
import warnings
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple, Type

from .mutator import mutate

# Of the name of each damaged file; its message must hold it.
STEM = 'fuzzed'
_LONGEST_MESSAGE = 5000
_PROGRAMS = ('socket.connect', 'socket.getaddrinfo', 'subprocess.Popen',
             'os.system', 'os.exec', 'os.posix_spawn', 'pickle.find_class')
# Events that write, and which of their arguments says where.
_CHANGES = {
    'os.mkdir': 0,
    'os.rmdir': 0,
    'shutil.rmtree': 0,
    'os.symlink': 1,
    'os.link': 1,
    'os.rename': 1
}


@dataclass
class Target:
    """A parser.

    ``whole`` gives files that it accepts, ``check`` raises AssertionError if
    what was read should not have been accepted, ``errors`` are those that its
    docstring names, and ``repair`` is applied to a damaged file: a forger
    knows how to make a checksum.
    """
    name: str
    suffix: str
    whole: Callable[[], List[bytes]]
    read: Callable[[Path], Any]
    check: Callable[[Any], None] = lambda result: None
    errors: Tuple[Type[BaseException], ...] = (ValueError, FileNotFoundError)
    is_text: bool = True
    repair: Callable[[bytes], bytes] = lambda content: content

    @cached_property
    def seeds(self) -> List[bytes]:
        return self.whole()

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


def _changed_path(event: str, args: tuple) -> Optional[str]:
    """Path that an event would write to."""
    if event == 'open':
        path, _, flags = args
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        is_path = isinstance(path, (str, bytes))
        return os.fsdecode(path) if writes and is_path else None
    if event == 'os.remove':
        base = '' if args[1] == -1 else f'/proc/self/fd/{args[1]}/'
        return base + os.fsdecode(args[0])
    return os.fsdecode(args[_CHANGES[event]]) if event in _CHANGES else None


def _runs_code(event: str, args: tuple) -> bool:
    """Whether an event starts a program or runs text as Python."""
    if event != 'exec':
        return event in _PROGRAMS
    name = getattr(args[0], 'co_filename', '<string>')
    return name.startswith('<') and not name.startswith('<frozen')


def _watch(folder: Path, broken_rules: List[str]) -> None:
    """Note and stop programs, network and writing elsewhere."""

    def hook(event: str, args: tuple) -> None:
        path = _changed_path(event, args)
        outside = path is not None and not os.path.realpath(path).startswith(
            (f'{folder}/', '/dev/null'))
        if outside or _runs_code(event, args):
            broken_rules.append(f'{event} {str(args)[:200]}')
            raise Violation(broken_rules[-1])

    sys.addaudithook(hook)


def _set_timers(processor: float, wall: float) -> None:
    """Whose signals end the process, whatever it does."""
    signal.setitimer(signal.ITIMER_PROF, processor)
    signal.setitimer(signal.ITIMER_REAL, wall)


def judge(target: Target, path: Path) -> Tuple[bool, Optional[str]]:
    """Whether a damaged file is accepted, and what is wrong."""
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
    findings = open(folder / 'findings.jsonl', 'a', buffering=1)
    status = Path('/proc/self/status').read_text()
    used = int(status.split('VmData:')[1].split()[0]) * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (used + limits.memory, ) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _watch(folder.resolve(), broken_rules)
    for number in numbers:
        path.write_bytes(target.make(seed, number))
        counts[0] = number
        _set_timers(limits.processor, limits.wall)
        accepted, wrong = judge(target, path)
        _set_timers(0, 0)
        counts[1 if accepted else 2] += 1
        if broken_rules:
            wrong = f'forbidden: {broken_rules.pop()}'
        if wrong:
            findings.write(f'{json.dumps(dict(number=number, wrong=wrong))}\n')
    counts[0] = numbers.stop


def _describe_end(code: int) -> str:
    if code >= 0:
        return f'exit code {code}'
    ends = dict(
        SIGPROF='hangs: too much processor time', SIGALRM='hangs: no end')
    name = signal.Signals(-code).name
    return ends.get(name, f'crash: {name}')


def fuzz(target: Target,
         count: int,
         folder: Path,
         seed: int = 0,
         limits: Optional[Limits] = None,
         first: int = 0) -> Report:
    """Feed a parser damaged files from the first number on.

    A child works in the folder; of each finding ``number`` and ``wrong`` are
    told, and the file is kept there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / 'findings.jsonl'
    log.write_text('')
    context = multiprocessing.get_context('fork')
    counts: Any = context.RawArray('q', 3)
    deaths: List[Dict[str, Any]] = []
    stop = first + count
    assert target.seeds  # made here, where everything is allowed
    while first < stop:
        counts[0] = -1
        process = context.Process(
            target=_work,
            args=(target, range(first, stop), seed, folder, limits
                  or Limits(), counts))
        process.start()
        process.join()
        end, number = _describe_end(process.exitcode), counts[0]
        if number < first:
            raise RuntimeError(f'{target.name}: a seed was not accepted '
                               f'({end}); see {folder / "log.txt"}')
        if number < stop:
            deaths.append(dict(number=number, wrong=end))
        first = number + 1
    lines = log.read_text().splitlines()
    findings = deaths + [json.loads(line) for line in lines]
    for finding in findings:
        kept = folder / f'found_{finding["number"]}{target.suffix}'
        kept.write_bytes(target.make(seed, finding['number']))
    return Report(counts[1], counts[2], findings)
