# All test sets of the field, below one folder; see docs/data.md. Those whose
# files are not there are named and left out.
pipeline = [
    dict(type='LoadImage', imdecode_backend='simplejpeg'),
    dict(type='LoadAudio', duration=3.0, sample_rate=16000, to_float32=False),
    dict(
        type='Resize',
        scale=(224, 224),
        keep_ratio=False,
        backend='pillow',
        interpolation='bicubic'),
    dict(type='PackAVInputs'),
]

# cIoU of boxes or masks, also told the size of the target.
localization = dict(
    type='LocalizationMetric',
    protocol='fnac_test',
    adaptive=True,
    negatives=[])
negative_audio = dict(type='NegativeAudioMetric')
of_clips = [localization, negative_audio, dict(type='RetrievalMetric')]
of_masks = [localization, dict(type='SegmentationMetric')]
extended = [dict(type='ExtendedLocalizationMetric')]
clips = dict(img_path='frames', audio_path='audio')

vggss = dict(
    type='VGGSS',
    data_root='vggsound',
    data_prefix=clips,
    list_file='metadata/vggss_test.csv',
    ann_file='metadata/vggss.json')
flickr = dict(
    type='FlickrSoundNet',
    data_root='flickr',
    data_prefix=clips,
    list_file='metadata/flickr_test.csv',
    ann_dir='Annotations')
vpo = dict(
    type='VPO',
    data_prefix=dict(
        img_path='visual_frames',
        audio_path='audio_wav',
        mask_path='gray_masks'))

test_cfg = dict(
    type='BenchmarkLoop',
    data_root='data',
    pipeline=pipeline,
    benchmarks=[
        dict(
            name='vggss',
            dataset=vggss,
            negatives=['silence', 'noise', 'offscreen'],
            subsets=dict(
                vggss_heard='metadata/vggss_heard_test.csv',
                vggss_unheard='metadata/vggss_unheard_test.csv'),
            evaluator=of_clips),
        dict(
            name='flickr',
            dataset=flickr,
            # The meaning of its classes was not published: no 'offscreen'.
            negatives=['silence', 'noise'],
            evaluator=of_clips),
        dict(
            name='extended_vggss',
            dataset=dict(
                vggss,
                type='ExtendedVGGSS',
                negative_file='metadata/vggss_test_plus_silent.csv'),
            evaluator=extended),
        dict(
            name='extended_flickr',
            dataset=dict(
                flickr,
                type='ExtendedFlickrSoundNet',
                negative_file='metadata/flickr_test_plus_silent.csv'),
            evaluator=extended),
        *(dict(
            name=f'avsbench_{subset}',
            masks=True,
            dataset=dict(
                type=f'AVSBench{subset.upper()}',
                data_root=f'avsbench/{folder}',
                ann_file=f'{subset}_meta_data.csv'),
            evaluator=of_masks)
          for subset, folder in (('s4', 'Single-source'),
                                 ('ms3', 'Multi-sources'))),
        dict(
            name='is3',
            masks=True,
            dataset=dict(
                type='IS3',
                data_root='is3',
                ann_file='synthetic3240_bbox.json',
                data_prefix=dict(
                    img_path='visual_frames',
                    audio_path='audio_wav',
                    mask_path='gt_masks')),
            negatives=['silence', 'noise', 'offscreen'],
            evaluator=[
                localization, negative_audio,
                dict(type='SegmentationMetric', negatives=[])
            ]),
        *(dict(
            name=f'vpo_{variant}',
            masks=True,
            dataset=dict(
                vpo,
                variant=variant,
                data_root=f'vpo/{folder}',
                ann_file=f'vpo_{variant}_bbox.json'),
            evaluator=of_masks)
          for variant, folder in (('ss', 'COCO_AV'), ('ms', 'COCO_AV_MS'))),
    ])

test_dataloader = dict(
    batch_size=32,
    num_workers=4,
    pin_memory=True,
    drop_last=False,
    collate_fn=dict(type='fnac_mm.collate_av'),
    sampler=dict(type='DefaultSampler', shuffle=False))
# Each set has its own.
test_evaluator = []
