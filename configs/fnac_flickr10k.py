# FNAC on Flickr-SoundNet 10k.
# python tools/train.py configs/fnac_flickr10k.py --data-root data/flickr
_base_ = [
    '_base_/models/fnac_resnet18.py',
    '_base_/datasets/flickr.py',
    '_base_/schedules/adam_30e.py',
    '_base_/default_runtime.py',
]

train_dataloader = dict(dataset=dict(list_file='metadata/flickr_10k.txt'))
