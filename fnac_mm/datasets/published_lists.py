"""Published lists and annotations, recognised by what they hold.

Facts only: how many entries each list has, and a digest of them.
"""
import hashlib
import json
import os
from pathlib import Path
from typing import List, NamedTuple, Optional, Union

from .extended import read_negative_list
from .id_lists import read_id_list
from .text_files import read_json_list, read_text

_PAIR_HEADER = 'video,audio,'


class PublishedList(NamedTuple):
    """A list as its authors published it.

    Attributes:
        name (str): Name of the file without suffix.
        publisher (str): Whose repositories hold it.
        size (int): Number of entries.
        remark (str): What to know about it.
        digest (str): See :func:`list_digest`.
    """
    name: str
    publisher: str
    size: int
    remark: str
    digest: str


class ListFacts(NamedTuple):
    """A list file, and what is known of it.

    Attributes:
        path (str): The file.
        size (int): Number of entries.
        digest (str): See :func:`list_digest`.
        published (PublishedList, optional): The list that it is.
        namesakes (list[PublishedList]): Those of its name that it is not,
            unless it is one.
    """
    path: str
    size: int
    digest: str
    published: Optional[PublishedList]
    namesakes: List[PublishedList]

    def describe(self) -> str:
        """What the list is, in words.

        Returns:
            str: For example ``"this is vggss_144k of FNAC (holds 3,715
            VGG-SS test clips)"``.
        """
        if self.published is not None:
            known = self.published
            return f'this is {known.name} of {known.publisher} ' \
                   f'({known.remark})'
        if self.namesakes:
            others = ' or '.join(f'that of {k.publisher} ({k.size:,})'
                                 for k in self.namesakes)
            return f'named as a published list, but not {others}'
        return 'not a published list'


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


def list_digest(entries: List[str]) -> str:
    """Digest that line ends, order and format of a file don't change.

    Args:
        entries (list[str]): Of :func:`list_entries`.

    Returns:
        str: SHA-256 of the sorted entries, joined by newlines, as hex.
    """
    return hashlib.sha256('\n'.join(sorted(entries)).encode()).hexdigest()


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
    known = [k for k in PUBLISHED_LISTS if k.digest == digest]
    stem = os.path.splitext(os.path.basename(path))[0]
    namesakes = [k for k in PUBLISHED_LISTS if k.name == stem]
    return ListFacts(
        os.fspath(path), len(entries), digest, known[0] if known else None,
        [] if known else namesakes)


PUBLISHED_LISTS = (
    PublishedList(
        'flickr_10k', 'FNAC, EZ-VSL, SLAVC', 10000,
        'holds 1 of the 250 Flickr test clips',
        '773429321cd7690710660446b4aab9157ef75fe9a1f6b788649989a8066a77b1'),
    PublishedList(
        'flickr_144k', 'FNAC, EZ-VSL, SLAVC', 144000,
        'holds 20 of the 250 Flickr test clips',
        '0ee7dc0a5144f0dfa9221c5cfa9724f2f1c1b857922bcc9f3b661c0ac781b9a6'),
    PublishedList(
        'flickr_test', 'FNAC, EZ-VSL', 249,
        'one clip less than the 250 of SLAVC',
        '09c34846bd90eb7b2275807253f36459f2518c06112e1ce6040b5bbe4644564d'),
    PublishedList(
        'flickr_test', 'SLAVC', 250, 'Flickr-SoundNet test clips',
        '696ab39ce58b0fa111bfdf2323443d08c659da06a6fce4d808db9b2d3de37239'),
    PublishedList(
        'flickr_test_plus_silent', 'SLAVC', 250,
        'negatives of Extended Flickr-SoundNet',
        '910d3c8623e5200aafad18bf9504bedc731acd6dd7db77ac84ef1ed27bc8f6b2'),
    PublishedList(
        'ms3_box', 'SSL-Alignment', 320, 'boxes of AVSBench MS3',
        '56ff0515dd95bc93c6762c68648adde0898716fae21f20a7d07f530412cb4127'),
    PublishedList(
        'ms3_seg', 'SSL-Alignment', 320, 'masks of AVSBench MS3',
        '5903738a6bdff60b01dad684026495dfa8a13360021f5b9dd0d055f0a61fcb3f'),
    PublishedList(
        's4_box', 'SSL-Alignment', 3700, 'boxes of AVSBench S4',
        '8ba9d4c66bace056878c9ce920d8846af10f65d9b788d8101ad7e474759ce0ae'),
    PublishedList(
        's4_seg', 'SSL-Alignment', 3700, 'masks of AVSBench S4',
        '327eb4b329d29efdca3d2a2a15f7ded41f2892748b97304a3242ed0de3dfe671'),
    PublishedList(
        'synthetic3240_bbox', 'SSL-Alignment', 6480, 'boxes of IS3',
        'd671d8564491a261dde5d4315023e0b9194ed1137f393e42f66a514caf088512'),
    PublishedList(
        'synthetic3240_seg', 'SSL-Alignment', 6480, 'masks of IS3',
        'a9a443e49292e22801090db59e5da279b0b03b497877156f5c1b1bf871ba268c'),
    PublishedList(
        'vggss', 'FNAC', 5158, 'boxes of VGG-SS',
        '52b9756c85412673c4aaffe610872ec5c5a21629b829e810aa26373a6adba943'),
    PublishedList(
        'vggss_10k', 'EZ-VSL, SLAVC, SSL-Alignment', 10000,
        'holds 238 VGG-SS test clips',
        'f1941a01921f95e6597b48912b435976fcb0517fb960891ff84dc8fb8d563fa9'),
    PublishedList(
        'vggss_10k', 'FNAC', 10000, 'holds 229 VGG-SS test clips',
        'b5cff5e5c3201d136f3dbe4affad31850ede819d45479fa706578e55758781d1'),
    PublishedList(
        'vggss_144k', 'EZ-VSL, SLAVC, SSL-Alignment', 144000,
        'holds 3,709 VGG-SS test clips',
        '52bf528c44545e41e9c9a2bad3b500d091272121a1eddee7cbebffadba5aa53d'),
    PublishedList(
        'vggss_144k', 'FNAC', 144000, 'holds 3,715 VGG-SS test clips',
        '9a6368ca93d28d54b9ee72a1d5c558846b4364fd6a4499f09ab931fc6c93e984'),
    PublishedList(
        'vggss_heard', 'FNAC, EZ-VSL', 59468, 'holds no VGG-SS test clip',
        'db900e2df283236b3e5485ae95a4a09f0904f8da184fc7da6f1ab1d24f6c5aa2'),
    PublishedList(
        'vggss_heard_test', 'FNAC', 2564, 'heard classes of VGG-SS',
        '619bccbc43cded73b9782b287a033418963cff074f803799fbca12763522cea7'),
    PublishedList(
        'vggss_test', 'FNAC', 5158, 'all of VGG-SS',
        '8acc0c93362233f7a16f82240d8d77361740ffc93859809d021ff71a29f63bb3'),
    PublishedList(
        'vggss_test_plus_silent', 'SLAVC', 5158,
        'negatives of Extended VGG-SS',
        'c974fe72318d61d4da6943a64307debbacd222ece76833629870cfeb08013cba'),
    PublishedList(
        'vggss_unheard_test', 'FNAC', 2575, 'unheard classes of VGG-SS',
        'ad5f876fe0df3f4a6acad52bc6fee91f868c42cbf77151805f243d5901566b4a'),
    PublishedList(
        'vpo_ms_bbox', 'SSL-Alignment', 2157, 'boxes of VPO-MS',
        'a0c8a90bd0734026a43fa3e58fa1ecca8270bee018cef8479ed9386acef23fdd'),
    PublishedList(
        'vpo_ms_seg', 'SSL-Alignment', 2157, 'masks of VPO-MS',
        '02fe7d9277cc0cde91e0fe32b6ed4f93d7faa00c446da986ea67eef19207ca43'),
    PublishedList(
        'vpo_ss_bbox', 'SSL-Alignment', 890, 'boxes of VPO-SS',
        'f34ddf2ca18c8df9e483058b6c7be1b4ea88cacebe95497d728956819209856c'),
    PublishedList(
        'vpo_ss_seg', 'SSL-Alignment', 890, 'masks of VPO-SS',
        'e526c7d0b25cd3bcecc5465321723117d9ad8959eecb284809637fbdac59b806'),
)
