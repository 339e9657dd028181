# VGG-Sound for training, VGG-SS for testing; all clips in one folder.
_base_ = './published.py'

train_dataloader = dict(
    dataset=dict(
        type='VGGSound',
        data_root='data/vggsound',
        data_prefix=dict(img_path='frames', audio_path='audio'),
        list_file='metadata/vggss_144k.txt',
        # Test clips stand in the published training lists.
        exclude=['metadata/vggss_test.csv']))

val_dataloader = dict(
    dataset=dict(
        type='VGGSS',
        data_root='data/vggsound',
        data_prefix=dict(img_path='frames', audio_path='audio'),
        list_file='metadata/vggss_test.csv',
        ann_file='metadata/vggss.json'))
test_dataloader = val_dataloader
