"""Published lists are known again, and only they."""
import hashlib
import json
from pathlib import Path

import pytest

from fnac_mm.utils import list_digest
from fnac_mm.verification.published_lists import (PUBLISHED_LISTS,
                                                  list_entries, recognize_list)


def raw_ids(path: Path) -> set:
    lines = path.read_bytes().replace(b'\r', b'').decode().split('\n')
    return {line.split(',')[0] for line in lines if line}


@pytest.mark.parametrize('path, publisher, size, remark', [
    ('fnac/vggss_144k.txt', 'FNAC', 144000, '3,715'),
    ('ezvsl/vggss_144k.txt', 'EZ-VSL', 144000, '3,709'),
    ('fnac/vggss_10k.txt', 'FNAC', 10000, '229'),
    ('ezvsl/vggss_10k.txt', 'EZ-VSL', 10000, '238'),
    ('fnac/flickr_144k.txt', 'FNAC', 144000, '20 of'),
    ('fnac/flickr_10k.txt', 'FNAC', 10000, '1 of'),
    ('fnac/vggss_heard.txt', 'FNAC', 59468, 'no VGG-SS'),
    ('slavc/flickr_test.csv', 'SLAVC', 250, ''),
])
def test_counts_of_the_published_lists(shared, path, publisher, size, remark):
    """Leaks counted here from the raw files, as benchmarks 1.4 has them."""
    facts = recognize_list(shared / 'metadata' / path)
    assert facts.published.publisher.split(',')[0] == publisher
    assert facts.size == facts.published.size == size
    assert remark in facts.description
    ids = raw_ids(shared / 'metadata' / path)
    test = raw_ids(shared / 'metadata/fnac/vggss_test.csv') | raw_ids(
        shared / 'metadata/slavc/flickr_test.csv')
    if 'holds' in remark or remark[:1].isdigit():
        assert f'{len(ids & test):,}' in facts.description


def test_every_published_file_is_known(shared):
    known = set()
    paths = [
        path for publisher in ('ezvsl', 'fnac', 'slavc', 'sslalign')
        for path in (shared / 'metadata' / publisher).glob('*.[ctj]*')
    ]
    for path in paths:
        facts = recognize_list(path)
        assert facts.published, path
        assert facts.published.name == path.stem
        assert facts.size == facts.published.size
        known.add(facts.digest)
    assert known == {item.digest for item in PUBLISHED_LISTS}
    assert len(known) == len(PUBLISHED_LISTS)


def test_digest_is_that_of_the_ids(tmp_path):
    path = tmp_path / 'list.txt'
    path.write_bytes(b'\xef\xbb\xbfb_2\r\na_1\r\nc_3')
    expected = hashlib.sha256(b'["a_1","b_2","c_3"]').hexdigest()
    assert recognize_list(path).digest == expected
    for name, content in (('x.txt', b'c_3\nb_2\na_1\n'),
                          ('x.csv', b'a_1,dog\nb_2,cat\nc_3,cow\n')):
        (tmp_path / name).write_bytes(content)
        assert recognize_list(tmp_path / name).digest == expected
    (tmp_path / 'y.txt').write_bytes(b'c_3\nb_2\na_2\n')
    assert recognize_list(tmp_path / 'y.txt').digest != expected


def test_pairs_and_annotations(tmp_path):
    pairs = tmp_path / 'pairs.csv'
    pairs.write_bytes(b'video,audio,label\r\na,b,non-sounding\r\n')
    assert list_entries(pairs) == ['a+b']
    boxes = [dict(file='b', bbox=[[0, 0, 1, 1]]), dict(file='a', bbox=[])]
    digests = []
    for index, content in enumerate((boxes, boxes[::-1], boxes[:1])):
        path = tmp_path / f'{index}.json'
        path.write_text(json.dumps(content, indent=index))
        digests.append(list_digest(list_entries(path)))
    assert digests[0] == digests[1] != digests[2]


def test_a_namesake_is_called_one(tmp_path):
    path = tmp_path / 'vggss_144k.txt'
    path.write_text('abcdefghijk_000001\n')
    facts = recognize_list(path)
    assert facts.published is None
    assert 'not that of' in facts.description
    assert '144,000' in facts.description
    other = tmp_path / 'mine.txt'
    other.write_text('abcdefghijk_000001\n')
    assert recognize_list(other).description == 'not a published list'
