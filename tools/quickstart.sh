#!/usr/bin/env bash
# From nothing to a trained, scored and drawn FNAC, on a machine without a GPU.
#   bash tools/quickstart.sh [--fresh] [--seed S]
# Stop it whenever you like: run again, it goes on where it was.
# --fresh starts the training over. Results: work_dirs/quickstart/, for another
# seed than 0 work_dirs/quickstart_seedS/.
set -euo pipefail

cd "$(dirname "$0")/.."
SEED=0
FRESH=0
while [ $# -gt 0 ]; do
    case $1 in
        --fresh) FRESH=1 ;;
        --seed) SEED=$2; shift ;;
        *) echo "usage: bash $0 [--fresh] [--seed S]" >&2; exit 2 ;;
    esac
    shift
done

say() { printf '\n[%s/5] %s\n' "$1" "$2"; }

say 1 'environment'
source tools/setup_env.sh
fnac_mm_python runtime
export MPLBACKEND=Agg
DATA=data/synthetic
OUT=work_dirs/quickstart
[ "$SEED" = 0 ] || OUT=work_dirs/quickstart_seed$SEED
[ $FRESH = 0 ] || rm -rf "$OUT"
CONFIG=configs/fnac_synthetic.py
SECONDS=0

say 2 "synthetic benchmark in $DATA"
"$PYTHON" tools/dataset_converters/make_synthetic.py "$DATA" \
    --num-train 2000 --num-test 500 --seed 0

say 3 "training of $CONFIG (epochs end with a score on validation clips)"
"$PYTHON" tools/train.py "$CONFIG" --data-root "$DATA" --work-dir "$OUT" \
    --resume --cfg-options randomness.seed="$SEED"

say 4 'evaluation on test clips that neither training nor the choice of epoch saw'
BEST=$(ls -t "$OUT"/best_*.pth | head -n 1)
mkdir -p "$OUT/test"
"$PYTHON" tools/test.py "$CONFIG" "$BEST" --data-root "$DATA" \
    --work-dir "$OUT/test" --out "$OUT/results.json" >"$OUT/test/scores.txt" ||
    { code=$?; cat "$OUT/test/scores.txt"; exit $code; }

say 5 'pictures'
"$PYTHON" tools/analysis_tools/visualize_results.py "$OUT/results.json" \
    --out "$OUT/heat_maps.png" --num 32 --pick random
"$PYTHON" tools/analysis_tools/analyze_logs.py "$OUT" --out "$OUT/curves.png"

printf '\nDone in %d min %d s after the installation. Look at\n' \
    $((SECONDS / 60)) $((SECONDS % 60))
printf '  %s\n' "$OUT/heat_maps.png  test frames; green: true box, white: prediction, number: cIoU" \
    "$OUT/curves.png     loss and cIoU over the epochs" \
    "$OUT/results.json   every sample's score"
printf 'On your own picture and sound:\n  %s tools/infer.py %s --image F --audio F --out-dir D\n\n' \
    "$PYTHON" "$BEST"
cat "$OUT/test/scores.txt"
