#!/usr/bin/env bash
# Walks the Dockerfile without Docker: every COPY and dotnet RUN of its build stage in a temporary folder, then the entry point and one
# question. Needs the .NET SDK of the build stage. Options are those of `dotnet restore`/`publish` in the Dockerfile, CPU only.
set -euo pipefail
cd "$(dirname "$0")/.."
walk=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$walk"' EXIT
mkdir "$walk/source"

# Joins continued lines, stops where the second stage begins.
sed -e ':a' -e '/\\$/N; s/\\\n *//; ta' Dockerfile | awk '/^FROM/ { stage++ } stage == 1' | while read -r word rest; do
  case "$word" in
    COPY)
      read -ra paths <<<"$rest"
      target="$walk/source/${paths[-1]#./}"
      for path in "${paths[@]::${#paths[@]}-1}"; do
        mkdir -p "$target"
        if [ -d "$path" ]; then cp -r "$path/." "$target"; else cp "$path" "$target"; fi
      done ;;
    RUN)
      echo "RUN $rest"
      command=${rest//\$GEMMA4_CUDA/false}
      (cd "$walk/source" && eval "${command//-o \/app/-o $walk/app}") ;;
  esac
done

# The second stage: what is copied from the first, and the entry point on another port.
cd "$walk/app"
dotnet gemma4.dll --host 127.0.0.1 --port 8977 &
server=$!
for _ in $(seq 120); do curl --fail --silent http://127.0.0.1:8977/health >/dev/null && break; sleep 1; done
answer=$(curl --fail --silent http://127.0.0.1:8977/v1/chat/completions -H 'content-type: application/json' \
  -d '{"model":"gemma-4-demo","messages":[{"role":"user","content":"What is the capital of France?"}],"temperature":0}')
echo "$answer"
grep -q 'The capital of France is Paris.' <<<"$answer"
kill "$server"; wait "$server" || true
echo "The Dockerfile's steps hold."
