"""Published lists and annotations, recognised by what they hold.

Facts only: how many entries each list has, and a digest of them.
"""
import json
import os
from pathlib import Path
from typing import List, NamedTuple, Optional, Union

from fnac_mm.datasets.extended import read_negative_list
from fnac_mm.datasets.id_lists import read_id_list
from fnac_mm.datasets.text_files import read_json_list, read_text
from fnac_mm.utils.files import list_digest

_PAIR_HEADER = 'video,audio,'


class PublishedList(NamedTuple):
    """A list as its authors published it.

    Attributes:
        name (str): Name of the file without suffix.
        publisher (str): Whose repositories hold it.
        size (int): Number of entries.
        remark (str): What to know about it.
        digest (str): See :func:`fnac_mm.utils.list_digest`, of
            :func:`list_entries`.
    """
    name: str
    publisher: str
    size: int
    remark: str
    digest: str


class ListFacts(NamedTuple):
    """A list file, and what is known of it.

    Attributes:
        size (int): Number of entries.
        digest (str): As in :class:`PublishedList`.
        published (PublishedList, optional): The list that it is.
        description (str): The same in words, for example ``"this is
            vggss_144k of FNAC (holds 3,715 VGG-SS test clips)"``.
    """
    size: int
    digest: str
    published: Optional[PublishedList]
    description: str


def list_entries(path: Union[str, Path]) -> List[str]:
    """Entries of a list or annotation file in one form.

    Args:
        path (str | Path): ``.txt`` or ``.csv`` of ids, ``.csv`` of pairs
            with the header ``video,audio,label``, or ``.json`` with a list.

    Returns:
        list[str]: Ids (classes play no part), pairs as ``video+audio``, or
        the entries as JSON with sorted keys; sorted.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is malformed; names file and line.
    """
    if os.fspath(path).lower().endswith('.json'):
        return sorted(
            json.dumps(entry, sort_keys=True)
            for entry in read_json_list(path))
    if read_text(path).startswith(_PAIR_HEADER):
        return sorted(read_negative_list(path))
    return sorted(read_id_list(path))


def recognize_list(path: Union[str, Path]) -> ListFacts:
    """Say which published list a file is.

    Args:
        path (str | Path): See :func:`list_entries`.

    Returns:
        ListFacts: Count, digest and what is known.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is malformed; names file and line.
    """
    entries = list_entries(path)
    digest = list_digest(entries)
    size, known = len(entries), None
    words, name = 'not a published list', Path(path).stem
    others = []
    for published in PUBLISHED_LISTS:
        if published.digest == digest:
            known = published
            words = f'this is {known.name} of {known.publisher} ' \
                    f'({known.remark})'
        elif published.name == name:
            others.append(f'that of {published.publisher} '
                          f'({published.size:,})')
    if others and known is None:
        words = f'named as a published list, but not {" or ".join(others)}'
    return ListFacts(size, digest, known, words)


PUBLISHED_LISTS = (
    PublishedList(
        'flickr_10k', 'FNAC, EZ-VSL, SLAVC', 10000,
        'holds 1 of the 250 Flickr test clips',
        '948c582d10edcb7724858d2f30c53663895c399e641517ad071f7cf8bc6f8e2d'),
    PublishedList(
        'flickr_144k', 'FNAC, EZ-VSL, SLAVC', 144000,
        'holds 20 of the 250 Flickr test clips',
        'b9e467797d9a28add80ea7f1c667dc3130d27c23d957eee7184feff28362b384'),
    PublishedList(
        'flickr_test', 'FNAC, EZ-VSL', 249,
        'one clip less than the 250 of SLAVC',
        '38f1aca160d600e058c16cb9ebfdf03b054d8fc29b41272619e0af203b9ec301'),
    PublishedList(
        'flickr_test', 'SLAVC', 250, 'Flickr-SoundNet test clips',
        'b44801f0694e5bd88bed774931f02dc6467c81329090af66dbbafad554915754'),
    PublishedList(
        'flickr_test_plus_silent', 'SLAVC', 250,
        'negatives of Extended Flickr-SoundNet',
        '2e44d0a0ff8f9d2c0ee68c68cfe9710c501c3af481a984a0992bfdca330498f2'),
    PublishedList(
        'ms3_box', 'SSL-Alignment', 320, 'boxes of AVSBench MS3',
        '2713ee29f483154f24e6f4308889bb4114681fb693377d1426017f1298621a84'),
    PublishedList(
        'ms3_seg', 'SSL-Alignment', 320, 'masks of AVSBench MS3',
        '8ae800d9eef53327baba56c90e713f22334bf4cc5ee76dbd9965326945b8ceba'),
    PublishedList(
        's4_box', 'SSL-Alignment', 3700, 'boxes of AVSBench S4',
        '49e4528fe7e749b1dd4daf9caf5fc8d2967682a2a65ef6736999eef1466a73da'),
    PublishedList(
        's4_seg', 'SSL-Alignment', 3700, 'masks of AVSBench S4',
        '92af0145186ca7ec01e5d8bb989be5109ab7522c2bdec2a04c46d60928f6068f'),
    PublishedList(
        'synthetic3240_bbox', 'SSL-Alignment', 6480, 'boxes of IS3',
        '3f0eed2e4e88442bc0941fea6032c30c7491d4cfecbb8299c9f4b797ea3d7a22'),
    PublishedList(
        'synthetic3240_seg', 'SSL-Alignment', 6480, 'masks of IS3',
        'b4fd41ff0b7e63e590652d36ba8109609a0332e542a1af289d62cac60d41926c'),
    PublishedList(
        'vggss', 'FNAC', 5158, 'boxes of VGG-SS',
        '41a79b013d2bc79949781b1ace9a8aedda6ecf9cddb4b908d6b9d4f20b228559'),
    PublishedList(
        'vggss_10k', 'EZ-VSL, SLAVC, SSL-Alignment', 10000,
        'holds 238 VGG-SS test clips',
        'c49190a5de0e23bf4208ece5c0c8e70eeb50b8eb04148c8bb90a50905eefce08'),
    PublishedList(
        'vggss_10k', 'FNAC', 10000, 'holds 229 VGG-SS test clips',
        'ec1667a41b76fb1dc0c5cdad85c8d90abbdec4ebd501deb4432130a342c31c9a'),
    PublishedList(
        'vggss_144k', 'EZ-VSL, SLAVC, SSL-Alignment', 144000,
        'holds 3,709 VGG-SS test clips',
        'b2e4109046c12dbe9fa6b5bac56a316673f8b478675d55b8aa4c5d3e97aae7d4'),
    PublishedList(
        'vggss_144k', 'FNAC', 144000, 'holds 3,715 VGG-SS test clips',
        'a3560ab7fc1d205ce404736d2698a0fe23c33e0ffccca2a8656f43216982c899'),
    PublishedList(
        'vggss_heard', 'FNAC, EZ-VSL', 59468, 'holds no VGG-SS test clip',
        '7fe3f8075e891ae30060d5145978877cc624301291f7de83b731016d8f7d7628'),
    PublishedList(
        'vggss_heard_test', 'FNAC', 2564, 'heard classes of VGG-SS',
        '0398d70f1b7d98cecd0e1aae6f6bfc675014e493946dac922cc54d16369be790'),
    PublishedList(
        'vggss_test', 'FNAC', 5158, 'all of VGG-SS',
        'f1aadf224b4f61a7054559a49ddf902db00d9a980267ccf61f7ea2212c7af07e'),
    PublishedList(
        'vggss_test_plus_silent', 'SLAVC', 5158,
        'negatives of Extended VGG-SS',
        '48555540b78592c90499fd2c07304148ccb1f1afd7741ec029f052fdbdd50e35'),
    PublishedList(
        'vggss_unheard_test', 'FNAC', 2575, 'unheard classes of VGG-SS',
        'df939c36c81433abc401741c3e525c93e510ba7d3d9b9c6a36cfee116ad10b15'),
    PublishedList(
        'vpo_ms_bbox', 'SSL-Alignment', 2157, 'boxes of VPO-MS',
        '4e935e9e6406e70eb450e63d4150486762f0590af9fb637372769acfce6c5788'),
    PublishedList(
        'vpo_ms_seg', 'SSL-Alignment', 2157, 'masks of VPO-MS',
        '23f68aabeafe517135496b10252a8af306c342611fb71694b4be0d4fa3d38d89'),
    PublishedList(
        'vpo_ss_bbox', 'SSL-Alignment', 890, 'boxes of VPO-SS',
        'c1396cd183af3b016687c94016568f88fd9a15ffb042ce29978b354182e211b1'),
    PublishedList(
        'vpo_ss_seg', 'SSL-Alignment', 890, 'masks of VPO-SS',
        'c4703e5305534ba99554ca1c069641c5ef3828a904d2d9b4cb428431383e4370'),
)
