# FNAC on Flickr-SoundNet 10k.
# python tools/train.py configs/fnac_flickr10k.py --data-root data/flickr
_base_ = './fnac_flickr.py'

train_dataloader = dict(dataset=dict(list_file='metadata/flickr_10k.txt'))
