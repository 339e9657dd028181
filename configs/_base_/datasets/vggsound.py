# VGG-Sound for training, VGG-SS for testing; all clips in one folder.
_base_ = './published.py'

_set = dict(
    data_root='data/vggsound',
    data_prefix=dict(img_path='frames', audio_path='audio'))
# Test clips stand in the published training lists.
train_dataloader = dict(
    dataset=dict(
        _set,
        type='VGGSound',
        list_file='metadata/vggss_144k.txt',
        exclude=['metadata/vggss_test.csv']))
val_dataloader = dict(
    dataset=dict(
        _set,
        type='VGGSS',
        list_file='metadata/vggss_test.csv',
        ann_file='metadata/vggss.json'))
test_dataloader = val_dataloader
del _set
