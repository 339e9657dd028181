# FNAC on 110 classes of VGG-Sound, tested on the clips of these classes.
# For the 110 unheard classes: --cfg-options
# test_dataloader.dataset.list_file=metadata/vggss_unheard_test.csv
_base_ = [
    '_base_/models/fnac_resnet18.py',
    '_base_/datasets/vggsound.py',
    '_base_/schedules/adam_30e.py',
    '_base_/default_runtime.py',
]

train_dataloader = dict(dataset=dict(list_file='metadata/vggss_heard.txt'))
val_dataloader = dict(dataset=dict(list_file='metadata/vggss_heard_test.csv'))
test_dataloader = val_dataloader
