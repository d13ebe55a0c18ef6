#!/usr/bin/env bash
# Check the models, and that each of them finds the fault when one of its fences is taken out.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

errors() {  # the number of faults that spin finds in a model, with options of the preprocessor
  rm -f pan*
  spin -a "${@:2}" "$here/$1" >spin.log || { cat spin.log >&2; exit 1; }
  gcc -w -O2 -DSAFETY -DMEMLIM=2000 -DVECTORSZ=2048 -o pan pan.c
  timeout 300 ./pan -m200000 >pan.log || { cat pan.log >&2; exit 1; }
  if grep -q "max search depth too small\|out of memory\|MEMLIM\|not completed" pan.log &&
    ! grep -q "errors: [1-9]" pan.log; then
    cat pan.log >&2
    exit 1
  fi
  sed -n 's/.*errors: \([0-9]*\).*/\1/p' pan.log
}

for model in ledger account; do
  found=$(errors "$model.pml")
  [ "$found" = 0 ] || { echo "$model: a fault was found"; grep "pan:" pan.log; exit 1; }
  echo "$model: no fault, $(sed -n 's/ *\([0-9.e+]*\) states, stored.*/\1/p' pan.log) states"
  for fence in $(sed -n 's/^ \*   -D\([A-Z_]*\) .*/\1/p' "$here/$model.pml"); do
    found=$(errors "$model.pml" "-D$fence")
    [ "$found" != 0 ] || { echo "$model: with $fence no fault was found"; exit 1; }
    echo "$model: with $fence a fault is found"
  done
done
