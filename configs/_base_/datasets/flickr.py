# Flickr-SoundNet; training and test clips in one folder.
_base_ = './published.py'

_set = dict(
    type='FlickrSoundNet',
    data_root='data/flickr',
    data_prefix=dict(img_path='frames', audio_path='audio'))
# Test clips stand in the published training lists.
train_dataloader = dict(
    dataset=dict(
        _set,
        list_file='metadata/flickr_144k.txt',
        exclude=['metadata/flickr_test.csv']))
val_dataloader = dict(
    dataset=dict(
        _set, list_file='metadata/flickr_test.csv', ann_dir='Annotations'))
test_dataloader = val_dataloader
del _set
