#!/usr/bin/env bash
# Checks the engine on a machine that has a GPU and PyTorch but no .NET: goldens, batch invariance, speeds and memory, in one JSON file.
#
#   deploy/gpu-check.sh pack ARCHIVE.tar.xz      here, with the .NET SDK; at most 60 MiB
#   python3 -m tarfile -e ARCHIVE.tar.xz && ./gpu-check.sh run OUT.json [options of Gemma4.GpuCheck]      there; at most 8 minutes
#
# The archive holds no libtorch: `run` takes PyTorch's own libraries (2.10 or 2.11; TORCH_LIB names their folder where python3 does not find
# them). Shapes of released models come from ../shared/reference/configs and calm goldens from ../shared/fixtures/mild, where they are.
# To try it without a GPU: TORCH_LIB=~/.nuget/packages/libtorch-cpu-linux-x64/2.10.0/runtimes/linux-x64/native ./gpu-check.sh run OUT.json --device cpu
set -euo pipefail

max_archive_bytes=$((60 * 1024 * 1024))
max_seconds=480
here="$(cd "$(dirname "$0")" && pwd)"

pack() {
  local archive root shared work name
  archive="$(realpath -m "$1")"
  root="$here/.."
  shared="${GEMMA4_SHARED:-$root/../shared}"
  work="$(mktemp -d)"
  trap 'rm -rf "$work"' EXIT
  dotnet publish "$root/bench/Gemma4.GpuCheck" -c Release -r linux-x64 --self-contained -o "$work/app" -p:DebugType=none --nologo -v quiet
  # What PyTorch brings. LibTorchSharp itself stays.
  find "$work/app" \( -name 'libtorch*' -o -name 'libc10*' -o -name 'libgomp*' -o -name 'libshm*' -o -name 'libaoti*' -o -name 'lib*backend*' \) -delete
  # What only a debugger or another garbage collector wants.
  rm -f "$work"/app/{libmscordaccore,libmscordbi,libcoreclrtraceptprovider,libclrgc,libclrgcexp}.so "$work/app/createdump"
  cp -r "$root/tests/fixtures" "$work/fixtures"
  rm -rf "$work/fixtures/quantized" "$work/fixtures/golden/preprocessing"
  if [ -d "$shared/fixtures/mild" ]; then
    # Their media are the same files.
    mkdir -p "$work/mild/media"
    cp -r "$shared/fixtures/mild/golden" "$shared/fixtures/mild/models" "$work/mild/"
    for file in "$shared"/fixtures/mild/media/*; do
      name="$(basename "$file")"
      if cmp -s "$file" "$work/fixtures/media/$name"; then ln -s "../../fixtures/media/$name" "$work/mild/media/"; else cp "$file" "$work/mild/media/"; fi
    done
  fi
  mkdir "$work/shapes"
  for model in gemma-4-E2B-it gemma-4-E4B-it gemma-4-26B-A4B-it gemma-4-31B-it; do
    if [ -d "$shared/reference/configs/$model" ]; then
      mkdir "$work/shapes/$model"
      cp "$shared/reference/configs/$model/config.json" "$work/shapes/$model/"
    fi
  done
  cp "$here/gpu-check.sh" "$work/"
  tar cJf "$archive" -C "$work" .
  local bytes
  bytes="$(stat -c %s "$archive")"
  echo "$archive: $bytes bytes"
  if [ "$bytes" -gt "$max_archive_bytes" ]; then echo "The archive is larger than $max_archive_bytes bytes." >&2; return 1; fi
}

run() {
  local out lib options=()
  out="$(realpath -m "$1")"; shift
  lib="${TORCH_LIB:-$(python3 -c 'import os, torch; print(os.path.join(os.path.dirname(torch.__file__), "lib"))')}"
  # In float32 every golden; in bfloat16 those of the calm models, which alone say something there.
  options+=(--goldens float32 "$here/fixtures")
  if [ -d "$here/mild" ]; then options+=(--goldens bfloat16 "$here/mild"); fi
  for shape in "$here"/shapes/*/; do
    if [ -d "$shape" ]; then options+=(--shape "${shape%/}"); fi
  done
  LD_LIBRARY_PATH="$lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" \
    timeout "$max_seconds" "$here/app/Gemma4.GpuCheck" "$out" "${options[@]}" "$@"
}

case "${1:-}" in
  pack) [ $# -eq 2 ] || { sed -n '2,10p' "$0" >&2; exit 2; }; pack "$2" ;;
  run)  [ $# -ge 2 ] || { sed -n '2,10p' "$0" >&2; exit 2; }; shift; run "$@" ;;
  *)    sed -n '2,10p' "$0" >&2; exit 2 ;;
esac
