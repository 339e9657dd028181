# FNAC on Flickr-SoundNet 144k.
# python tools/train.py configs/fnac_flickr.py --data-root data/flickr
# Test clips in one folder of their own: --cfg-options
# test_dataloader.dataset.data_prefix.img_path=test
# test_dataloader.dataset.data_prefix.audio_path=test
_base_ = [
    '_base_/models/fnac_resnet18.py',
    '_base_/datasets/flickr.py',
    '_base_/schedules/adam_30e.py',
    '_base_/default_runtime.py',
]
