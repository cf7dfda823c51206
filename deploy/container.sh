#!/usr/bin/env bash
# Builds the Dockerfile without Docker and without a registry, runs the image as docker-compose.yml does (its user, read-only root, no capabilities)
# and asks it a question. The two base images are made here: Debian by debootstrap with this machine's .NET, under the names that the Dockerfile uses.
#
#   deploy/container.sh      as root on Debian, with the .NET SDK and: apt-get install buildah debootstrap jq curl
#
# GEMMA4_CONTAINER_ROOT names a folder that keeps the Debian root from run to run. GEMMA4_CONTAINER_OCI names a folder that does not exist yet:
# the image is written there as a registry would keep it, and the layers' sizes as downloads are said.
#
# Ends with 77 and the reason where the machine cannot do this: not root, a tool or Debian's mirror missing, mounts forbidden. All else that fails is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
unable() { echo "The image is not tried here: $1"; exit 77; }
[ "$(id -u)" -eq 0 ] || unable "this takes root."
for tool in buildah debootstrap jq curl; do
  command -v "$tool" >/dev/null || unable "$tool is missing (apt-get install buildah debootstrap jq curl)."
done

work=$(mktemp -d)
export TMPDIR=$work
port=8977
server=
store=(buildah --root "$work/storage" --runroot "$work/run" --storage-driver overlay)
cleanup() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  # A build that fails leaves its containers mounted.
  awk -v work="$work/" 'index($2, work) == 1 { print $2 }' /proc/self/mounts | sort -r | xargs -r umount
  rm -rf "$work"
}
trap cleanup EXIT
step() { echo "== $1 ($SECONDS s)"; }
fail() { echo "$1" >&2; exit 1; }

step "what this machine permits"
# A container of one program: all that buildah does below.
probe() {
  local container root
  container=$("${store[@]}" from scratch) && root=$("${store[@]}" mount "$container") || return
  ldd /bin/true | grep -o '/[^ ]*' | xargs cp --parents --dereference --target-directory "$root" /bin/true || return
  "${store[@]}" run --isolation chroot --network host "$container" /bin/true && "${store[@]}" rm "$container"
}
probe >"$work/probe.log" 2>&1 || { cat "$work/probe.log"; unable "buildah cannot mount its layers or run a program in them."; }
# The kinds of mounts and the change of user that the container is started with.
mkdir "$work/probe"
unshare --mount --ipc --uts bash -euc '
  mount --bind "$1" "$1"
  mount --types proc proc "$1"
  mount --types tmpfs tmpfs "$1"
  touch "$1/null"
  mount --bind /dev/null "$1/null"
  mount --options remount,bind,ro "$1"
  setpriv --reuid 1654 --regid 1654 --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs true' bash "$work/probe" 2>"$work/probe.log" \
  || { cat "$work/probe.log"; unable "a namespace with mounts of its own, or a user without capabilities, is forbidden."; }
debian=${GEMMA4_CONTAINER_ROOT:-$work/debian}
mirror=
if [ ! -d "$debian/usr/bin" ]; then
  # Where apt has its packages from, and by the proxy that it is told of. Other repositories are not Debian's by their own word.
  proxy=${http_proxy:-}
  [ -n "$proxy" ] || eval "$(apt-config shell proxy Acquire::http::Proxy)"
  for candidate in $(apt-get indextargets --format '$(REPO_URI)' | grep -E '^https?:' | sort -u) http://deb.debian.org/debian/; do
    release=$(http_proxy=$proxy curl --fail --silent --location --max-time 30 "${candidate}dists/bookworm/Release") || continue
    if grep -qx 'Origin: Debian' <<<"$release"; then mirror=$candidate; break; fi
  done
  [ -n "$mirror" ] || unable "no mirror of Debian 12 answers, neither apt's nor deb.debian.org."
fi

step "Debian"
if [ -n "$mirror" ]; then
  http_proxy=$proxy debootstrap --variant=minbase --include=ca-certificates,libssl3,libstdc++6,zlib1g bookworm "$debian" "$mirror" >"$work/debootstrap.log" \
    || { tail "$work/debootstrap.log"; exit 1; }
  rm -rf "$debian"/var/cache/apt/archives/*.deb "$debian"/var/lib/apt/lists/*
fi

step "base images"
dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
sdk_name=$(awk '$1 == "FROM" && $3 == "AS" { print $2 }' Dockerfile)
runtime_name=$(awk '$1 == "FROM" && NF == 2 { print $2 }' Dockerfile)
runtime=$("${store[@]}" from scratch)
root=$("${store[@]}" mount "$runtime")
cp -a "$debian/." "$root"
cp -a "$dotnet"/{dotnet,host,shared} "$root/usr/bin/"
chroot "$root" useradd --uid 1654 --create-home app
"${store[@]}" config --env APP_UID=1654 "$runtime"
"${store[@]}" commit --quiet --rm "$runtime" "$runtime_name" >/dev/null
sdk=$("${store[@]}" from --pull-never "$runtime_name")
root=$("${store[@]}" mount "$sdk")
cp -a "$dotnet"/{sdk,sdk-manifests,packs,templates} "$root/usr/bin/"
# Where this machine takes packages from, and whom it trusts there.
if [ -f ~/.nuget/NuGet/NuGet.Config ]; then install -D -t "$root/root/.nuget/NuGet" ~/.nuget/NuGet/NuGet.Config; fi
install -t "$root/etc/ssl/certs" /etc/ssl/certs/ca-certificates.crt
"${store[@]}" config --env DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 --env DOTNET_CLI_TELEMETRY_OPTOUT=1 --env MSBUILDDISABLENODEREUSE=1 --env UseSharedCompilation=false \
  --env NUGET_CERT_REVOCATION_MODE="${NUGET_CERT_REVOCATION_MODE:-}" "$sdk"
"${store[@]}" commit --quiet --rm "$sdk" "$sdk_name" >/dev/null

step "the Dockerfile"
# Docker's own format: the other has no health check.
"${store[@]}" build --isolation chroot --network host --format docker --pull-never --layers \
  --build-arg REVISION="$(git rev-parse HEAD)" --tag gemma4-server:cpu . || fail "The Dockerfile does not build." # a step's own status could be 77

step "the image"
"${store[@]}" inspect --type image gemma4-server:cpu | jq .Docker >"$work/image.json"
config() { jq -e "$@" "$work/image.json"; }
config .config >"$work/config.json"
jq -e '.User == "1654"' "$work/config.json" >/dev/null || fail "The image's user is not the base's APP_UID."
jq -e '(.Volumes // {}) == {}' "$work/config.json" >/dev/null || fail "The image has anonymous volumes."
jq -e '.Healthcheck.Test[0] == "CMD"' "$work/config.json" >/dev/null || fail "The image has no health check by a program."
jq -c '{User, ExposedPorts, Entrypoint, Healthcheck, Labels}' "$work/config.json"
from=$("${store[@]}" from --pull-never gemma4-server:cpu)
root=$("${store[@]}" mount "$from")
[ ! -e "$root/usr/bin/curl" ] || fail "The image has curl."
[ ! -e "$root/app/libtorch_python.so" ] || fail "The image has what only Python needs of libtorch."
# Layers from the base up, without compression.
jq --raw-output --slurpfile image "$work/image.json" '
  (map(select(."diff-digest")) | map({(."diff-digest"): ."diff-size"}) | add) as $sizes
  | [$image[0].rootfs.diff_ids[] | $sizes[.]] as $layers
  | [$image[0].history[] | select(.empty_layer | not) | .created_by | gsub("\\s+"; " ") | .[0:100]] as $commands
  | range($layers | length) | "\($layers[.] / 1e6 | round) MB  \($commands[.])"' "$work/storage/overlay-layers/layers.json"
du -smx "$work" | awk '{ print $1 " MB of disk for all of the build" }'
if [ -n "${GEMMA4_CONTAINER_OCI:-}" ]; then
  "${store[@]}" push --quiet gemma4-server:cpu "oci:$GEMMA4_CONTAINER_OCI:cpu"
  manifest=$(jq --raw-output '.manifests[0].digest | sub(":"; "/")' "$GEMMA4_CONTAINER_OCI/index.json")
  jq --raw-output '.layers[] | "\(.size / 1e6 | round) MB as a download  \(.mediaType)"' "$GEMMA4_CONTAINER_OCI/blobs/$manifest"
fi

step "the container"
# What an engine does, by util-linux: own mounts, a root that is read-only, /tmp in memory, the image's user and variables, no capabilities.
mapfile -t variables < <(jq -r '.Env[]' "$work/config.json")
mapfile -t entrypoint < <(jq -r '.Entrypoint[]' "$work/config.json")
mapfile -t check < <(jq -r '.Healthcheck.Test[1:][]' "$work/config.json")
confined=(chroot "$root" setpriv --reuid 1654 --regid 1654 --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs
  env --ignore-environment --chdir "$(jq -r .WorkingDir "$work/config.json")" "${variables[@]}" "GEMMA4__Server__Port=$port")
unshare --mount --ipc --uts bash -euc '
  root=$1; shift
  mount --bind "$root" "$root"
  mount --options remount,bind,ro "$root"
  mount --types proc proc "$root/proc"
  mount --types tmpfs --options nosuid,nodev,noexec,size=64m tmpfs "$root/tmp"
  mount --types tmpfs --options nosuid,nodev,noexec,size=64m,uid=1654,gid=1654,mode=700 tmpfs "$root/data"
  mount --types tmpfs --options nosuid,noexec,mode=755,size=64k tmpfs "$root/dev"
  for device in null zero random urandom; do touch "$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"; done
  exec "$@"' bash "$root" "${confined[@]}" "${entrypoint[@]}" >"$work/server.log" 2>&1 &
server=$!
inside() { nsenter --target "$server" --mount "${confined[@]}" "$@"; }
for _ in $(seq 300); do
  inside "${check[@]}" >"$work/health.log" 2>&1 && break
  kill -0 "$server" 2>/dev/null || { cat "$work/server.log"; fail "The server has ended."; }
  sleep 1
done
cat "$work/health.log"
answer=$(curl --fail --silent --show-error --noproxy 127.0.0.1 "http://127.0.0.1:$port/v1/chat/completions" -H 'content-type: application/json' \
  -d '{"model":"gemma-4-demo","messages":[{"role":"user","content":"What is the capital of France?"}],"temperature":0}') || { cat "$work/server.log"; exit 1; }
echo "$answer"
grep -q 'The capital of France is Paris.' <<<"$answer"
grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs)' "/proc/$server/status"
{ inside touch /hub/x 2>&1 || true; } | grep 'Read-only file system' || fail "The root can be written."
kill -TERM "$server"
wait "$server" || { cat "$work/server.log"; fail "On SIGTERM it did not end with 0."; }
server=
step "The container holds."
