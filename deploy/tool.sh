#!/usr/bin/env bash
# Packs the .NET tool for this machine's kind, installs it into a temporary folder from there, and asks it something from another folder.
#   deploy/tool.sh [FOLDER]    keeps the package in FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
packages=$(mkdir -p "${1:-$work/packages}" && cd "${1:-$work/packages}" && pwd)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT

# One kind of machine a package: libtorch is large, and NuGet takes 250 MB at most.
dotnet pack src/Gemma4.Server -c Release -r linux-x64 -p:SelfContained=false -v q -nologo -o "$packages"
ls -l "$packages"/gemma4.*.nupkg
dotnet tool install gemma4 --tool-path "$work/tools" --source "$packages"

cd /
"$work/tools/gemma4" --version
"$work/tools/gemma4" list
echo 'What is the capital of France?' | "$work/tools/gemma4" chat
"$work/tools/gemma4" --port 8978 &
server=$!
for _ in $(seq 60); do curl -fs http://127.0.0.1:8978/health >/dev/null && break; sleep 1; done
curl -fs http://127.0.0.1:8978/v1/chat/completions -H 'content-type: application/json' \
  -d '{"model":"gemma-4-demo","messages":[{"role":"user","content":"What is the capital of France?"}],"temperature":0}' | grep Paris
