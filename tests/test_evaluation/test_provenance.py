"""What a file says of its origin, and who is refused for it."""
import json
from pathlib import Path

import pytest
from mmengine.logging import MessageHub

from fnac_mm.evaluation import (check_same_test, list_differences,
                                read_results, write_results)
from fnac_mm.evaluation.provenance import (RUN_KEY, add_provenance,
                                           annotation_digest)
from fnac_mm.utils import list_digest
from .samples import VGGSS, evaluate, random_samples

RUN = dict(
    config_sha256='c' * 64,
    code=dict(fnac_mm='0.1.0', commit='abc', dirty=False),
    hardware=dict(device='cpu', torch='2.11'))


@pytest.fixture()
def content(tmp_path: Path) -> dict:
    """A file of a run."""
    hub = MessageHub.get_instance('provenance_of_a_run')
    hub.update_info(RUN_KEY, RUN, resumed=False)
    path = tmp_path / 'a.json'
    meta = dict(VGGSS, list_sha256=list_digest(['000', '001', '002']))
    evaluate(random_samples(3), meta, out_file=str(path))
    hub.runtime_info.clear()
    return read_results(path)


def test_a_file_tells_its_run_list_and_annotation(content: dict) -> None:
    facts = content['provenance']
    assert {k: facts[k] for k in RUN} == RUN
    # printf '["000","001","002"]' | sha256sum
    assert facts['list_sha256'] == ('3080faef8ed6cc70d6e4c35aed9457bf'
                                    '75888e195dd48990b1f20e79f34cdb46')
    assert facts['annotation_sha256'] == annotation_digest(
        content['results'][::-1])


def save(content: dict, path: Path) -> None:
    write_results(path, {
        k: v
        for k, v in content.items() if k not in ('version', 'sha256')
    })


def rewrite(content: dict, path: Path, **facts: object) -> dict:
    facts = dict(content['provenance'], **facts)
    save(dict(content, provenance=facts), path)
    return read_results(path)


@pytest.mark.parametrize('key', ['list_sha256', 'annotation_sha256'])
def test_another_test_is_refused(content: dict, key: str) -> None:
    other = dict(
        content, provenance=dict(content['provenance'], **{key: 'f' * 64}))
    with pytest.raises(ValueError, match=f'x and z.*{key} .* ffffffffffff'):
        check_same_test(dict(x=content, y=content, z=other))


def test_other_models_and_files_without_origin_are_not(content: dict) -> None:
    other = dict(
        content, provenance=dict(content['provenance'], config_sha256='d'))
    old = {k: v for k, v in content.items() if k != 'provenance'}
    check_same_test(dict(x=content, y=other, z=old))


def test_other_code_is_said(content: dict, tmp_path: Path) -> None:
    assert list_differences(dict(A=content, B=content)) == []
    other = rewrite(
        content, tmp_path / 'b.json', code=dict(fnac_mm='0.2.0', dirty=True))
    line, = list_differences(dict(A=content, B=other))
    assert line == ('other code: A: fnac_mm 0.1.0, commit abc, dirty False; '
                    'B: fnac_mm 0.2.0, dirty True')


def test_an_edited_box_is_seen_even_with_a_new_digest(content: dict,
                                                      tmp_path: Path) -> None:
    """Whoever edits the rows and computes sha256 anew."""
    content['results'][0]['boxes'] = [[0., 0., 1., 1.]]
    with pytest.raises(ValueError, match='b.json.*annotation_sha256'):
        rewrite(content, tmp_path / 'b.json')


@pytest.mark.parametrize('change, message', [
    (lambda c: c.pop('sha256'), "'sha256' is missing"),
    (lambda c: c.update(provenance=3), "'provenance' should be a dict"),
    (lambda c: c['provenance'].update(list_sha256=3), 'should be a str'),
    (lambda c: c['provenance'].update(code='x'), "'code' should be a dict"),
    (lambda c: c['provenance'].update(config_sha256='x'), 'was changed'),
])
def test_a_file_without_its_seal_is_refused(content: dict, tmp_path: Path,
                                            change, message: str) -> None:
    change(content)
    if 'should be' in message:
        save(content, tmp_path / 'b.json')
    else:
        (tmp_path / 'b.json').write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        read_results(tmp_path / 'b.json')


def test_maps_that_are_scored_again_keep_their_origin(content: dict) -> None:
    again = add_provenance(content, dict(provenance=content['provenance']))
    assert again == content
