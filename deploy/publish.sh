#!/usr/bin/env bash
# Publishes the program with the .NET runtime in it, for a machine that has none, and asks it something where that machine can be had here.
#   deploy/publish.sh PLATFORM FOLDER    PLATFORM: linux-x64, linux-arm64, win-x64, osx-arm64 and what else build/Platform.targets names
#   TORCH=false deploy/publish.sh …      without libtorch: text alone, a quarter of the size
# linux-arm64 is asked under Debian's qemu-user-static, with Debian's own C and C++ libraries for it; Windows and macOS are only built.
set -euo pipefail
cd "$(dirname "$0")/.."
platform=${1:?PLATFORM}
folder=$(mkdir -p "${2:?FOLDER}" && cd "$2" && pwd)
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT

# Beside the folders of other builds: what is restored differs by platform.
dotnet publish src/Gemma4.Server -c Release -r "$platform" --self-contained -v q -nologo -p:DebugType=none ${TORCH:+-p:Gemma4Torch=$TORCH} \
  --artifacts-path "$work/artifacts" -o "$folder"
rm -f "$folder"/*.xml
du -sh "$folder"

case $platform in
  linux-x64) run=() ;;
  linux-arm64)
    command -v qemu-aarch64-static >/dev/null || { echo "Not asked: apt-get install qemu-user-static brings what runs it."; exit 0; }
    # Debian's libraries for Arm, unpacked into a folder: nothing of this machine changes.
    apt=(apt-get -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o "Dir::State=$work/apt" -o "Dir::State::status=$work/apt/status" -o "Dir::Cache=$work/apt/cache" -o APT::Sandbox::User=root -qq)
    mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/arm64"
    touch "$work/apt/status"
    "${apt[@]}" update
    (cd "$work" && "${apt[@]}" download libc6 libgcc-s1 libstdc++6 zlib1g libssl3 && for package in *.deb; do dpkg -x "$package" arm64; done)
    # The emulator does not see code that .NET writes through a second mapping of its memory; Arm itself does.
    run=(DOTNET_EnableWriteXorExecute=0 qemu-aarch64-static -L "$work/arm64") ;;
  *) echo "Not asked: $platform cannot be had here."; exit 0 ;;
esac

# No dotnet, no variables: what is needed is in the folder.
program=(env -i PATH=/usr/bin:/bin HOME="$work" "${run[@]}" "$folder/gemma4")
cd /
"${program[@]}" --version
echo 'What is the capital of France?' | "${program[@]}" chat | tee "$work/answer"
grep -q Paris "$work/answer"
"${program[@]}" --port 8979 &
server=$!
for _ in $(seq 300); do curl -fs http://127.0.0.1:8979/health >/dev/null && break; sleep 1; done
curl -fs http://127.0.0.1:8979/v1/chat/completions -H 'content-type: application/json' \
  -d '{"model":"gemma-4-demo","messages":[{"role":"user","content":"What is 7 + 5?"}],"temperature":0}' | grep 12
curl -s http://127.0.0.1:8979/v1/chat/completions -H 'content-type: application/json' \
  -d '{"model":"gemma-4-demo","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP4z8CAFWEXHbQSACj/P8Fu7N9hAAAAAElFTkSuQmCC"}},{"type":"text","text":"What is in this image?"}]}],"temperature":0}'
