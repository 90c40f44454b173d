#!/usr/bin/env bash
# The bake of transcode for Azure Image Builder: writes the files of the bake and runs it.
# This file contains no secrets. Everyone who can read the image template can read it.
set -euo pipefail

install -D --mode=0644 /dev/stdin /opt/prebake/lib.sh << 'PREBAKE_END'
# shellcheck shell=bash
# Functions that the steps of the bake share. Each step sources this file first. You can set the
# variables below from outside, to run and test a single step.
set -euo pipefail
umask 022

: "${PREBAKE_HOME:=/opt/prebake}"
: "${PREBAKE_STATE:=/var/lib/prebake}"
: "${PREBAKE_RUN:=/run/prebake}"
: "${PREBAKE_CONSOLE:=/dev/ttyS0}"
: "${PREBAKE_IMDS:=http://169.254.169.254}"
: "${PREBAKE_REGISTRY_SCHEME:=https}"
: "${PREBAKE_RETRY_DELAY:=5}"
export PREBAKE_HOME PREBAKE_STATE PREBAKE_RUN PREBAKE_CONSOLE PREBAKE_IMDS
export PREBAKE_REGISTRY_SCHEME PREBAKE_RETRY_DELAY
export HOME="${HOME:-/root}" LC_ALL=C
# In memory, so that credentials never reach the disk that becomes the image.
export DOCKER_CONFIG="$PREBAKE_RUN/docker"
# Otherwise, gpg leaves a key ring in /root, and the image contains it.
export GNUPGHOME="$PREBAKE_RUN/gnupg"

mkdir -p "$PREBAKE_RUN" "$PREBAKE_STATE/facts"
install -d -m 0700 "$GNUPGHOME"

log() {
  printf '%s\n' "$*"
}

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# retry ATTEMPTS COMMAND...: the wait doubles from PREBAKE_RETRY_DELAY seconds up to a minute.
retry() {
  local attempts=$1 attempt=1 delay=$PREBAKE_RETRY_DELAY
  shift
  until "$@"; do
    if [ "$attempt" -ge "$attempts" ]; then
      log "gave up after $attempts attempts: $*"
      return 1
    fi
    log "attempt $attempt of $attempts failed, next one in ${delay}s: $*"
    sleep "$delay"
    attempt=$((attempt + 1))
    delay=$((delay * 2 > 60 ? 60 : delay * 2))
  done
}

# record NAME VALUE: adds a fact to the result of the bake.
record() {
  printf '%s\n' "$2" > "$PREBAKE_STATE/facts/$1"
  log "$1: $2"
}

# fetch URL FILE [SHA256]
fetch() {
  retry 5 curl --fail --silent --show-error --location --connect-timeout 20 --max-time 1800 \
    --output "$2" "$1"
  if [ -n "${3:-}" ]; then
    printf '%s  %s\n' "$3" "$2" | sha256sum --check --status \
      || die "$1 does not have the expected SHA-256 $3"
  fi
}

# fetch_key URL FINGERPRINT FILE: gets a signing key, and fails if its fingerprint differs.
fetch_key() {
  fetch "$1" "$3"
  gpg --batch --show-keys --with-colons "$3" | awk -F: '$1 == "fpr" { print $10 }' \
    | grep --fixed-strings --line-regexp --quiet "$2" \
    || die "the key at $1 does not have the expected fingerprint $2"
}

export DEBIAN_FRONTEND=noninteractive
# After an installation, Ubuntu restarts services, and this bake is one of them.
export NEEDRESTART_SUSPEND=1

apt_get() {
  apt-get --option DPkg::Lock::Timeout=600 --option Acquire::Retries=3 --yes \
    --no-install-recommends "$@"
}

# update_lists OPTION...: without this mode, apt succeeds with old lists if an archive does not answer.
update_lists() {
  apt_get --option APT::Update::Error-Mode=any "$@" update
}

# refresh_lists: updates the package lists once per boot.
refresh_lists() {
  if [ -e "$PREBAKE_RUN/lists" ]; then return 0; fi
  retry 6 update_lists && touch "$PREBAKE_RUN/lists"
}

# A power cut can leave a package half unpacked. apt then installs nothing until it is unpacked again.
half_unpacked() {
  dpkg-query --show --showformat='${db:Status-Eflag} ${Package}\n' | sed -n 's/^reinstreq //p'
}

# repair_packages: finishes what a power cut interrupted, because nothing can be installed before. If a later step adds
# the archive of a half unpacked package, that step installs the package again.
repair_packages() {
  local package
  dpkg --configure -a || true
  for package in $(half_unpacked); do
    apt_get install --reinstall --no-remove "$package" \
      || dpkg --remove --force-remove-reinstreq --force-depends "$package" || true
  done
  apt_get --fix-broken --no-remove install || true
}

# The lists become stale when an archive changes, and a step of the config can delete them.
install_once() {
  refresh_lists || return 1
  if apt_get install --no-remove "$@"; then return 0; fi
  rm -f "$PREBAKE_RUN/lists"
  repair_packages
  return 1
}

# install_packages PACKAGE...: never removes another package, such as cloud-init, to resolve a conflict.
install_packages() {
  retry 4 install_once "$@"
}

is_installed() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2> /dev/null)" = installed ]
}

remove_package() {
  retry 3 apt_get remove "$1"
}

# add_source NAME URI SUITE COMPONENTS KEY_URL FINGERPRINT
add_source() {
  local key="/etc/apt/keyrings/$1.asc"
  install -d -m 0755 /etc/apt/keyrings
  fetch_key "$5" "$6" "$key"
  {
    printf 'Types: deb\nURIs: %s\nSuites: %s\n' "$2" "$3"
    if [ -n "$4" ]; then printf 'Components: %s\n' "$4"; fi
    printf 'Architectures: amd64\nSigned-By: %s\n' "$key"
  } > "/etc/apt/sources.list.d/$1.sources"
  # Only this archive: the lists of the others are current.
  retry 6 update_lists --option "Dir::Etc::SourceList=sources.list.d/$1.sources" \
    --option Dir::Etc::SourceParts=- --option APT::Get::List-Cleanup=false
}

installed_version() {
  dpkg-query --show --showformat='${Version}' "$1"
}

hold() {
  apt-mark hold "$@"
}

# json_field NAME: prints a string field of the JSON on standard input. Tokens contain no escapes.
json_field() {
  tr -d '\n\r' | sed -n 's/.*"'"$1"'"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p'
}

# http NAME CURL-ARGUMENTS...: sends one request and prints the body of the answer.
# After 429 or 503, it waits as long as the server asks.
http() {
  local name=$1 body="$PREBAKE_RUN/body" head="$PREBAKE_RUN/head" code wait
  shift
  code=$(umask 077; curl --silent --show-error --connect-timeout 10 --max-time 60 \
    --output "$body" --dump-header "$head" --write-out '%{http_code}' "$@") || code=000
  if [ "$code" = 200 ]; then
    cat "$body"
    rm -f "$body" "$head"
    return 0
  fi
  log "$name answered HTTP $code: $(head -c 300 "$body" 2> /dev/null | tr -d '\n\r')" >&2
  if [ "$code" = 429 ] || [ "$code" = 503 ]; then
    wait=$(tr -d '\r' < "$head" | sed -n 's/^[Rr]etry-[Aa]fter: *\([0-9]\{1,4\}\)$/\1/p' | tail -n 1)
    sleep "$(( ${wait:-0} > 300 ? 300 : ${wait:-0} ))"
  fi
  rm -f "$body" "$head"
  return 1
}

# remove_credentials [SERVER...]: deletes everything that could log in to a registry.
remove_credentials() {
  local server
  for server in "$@"; do
    docker logout "$server" > /dev/null 2>&1 || true
  done
  rm -rf "$DOCKER_CONFIG" /root/.docker/config.json "$HOME/.docker/config.json"
  rm -f "$PREBAKE_RUN/body" "$PREBAKE_RUN/head"
}
PREBAKE_END

install -D --mode=0755 /dev/stdin /opt/prebake/steps/001-prepare.sh << 'PREBAKE_END'
#!/usr/bin/env bash
# Stops automatic updates, holds the kernel, and installs what the later steps need.
# shellcheck source=/dev/null
. "${PREBAKE_HOME:-/opt/prebake}/lib.sh"


# A background update blocks package installations, and a kernel from after the bake has no driver.
for unit in apt-daily.timer apt-daily-upgrade.timer apt-daily.service apt-daily-upgrade.service \
  unattended-upgrades.service; do
  systemctl stop "$unit" || true
  systemctl mask "$unit" || true
done
cat > /etc/apt/apt.conf.d/99-prebake << 'CONFIG'
APT::Periodic::Enable "0";
APT::Periodic::Unattended-Upgrade "0";
CONFIG

install_packages ca-certificates curl gnupg

# shellcheck disable=SC1091
. /etc/os-release
record os "$PRETTY_NAME"
record kernel "$(uname -r)"
PREBAKE_END

install -D --mode=0755 /dev/stdin /opt/prebake/steps/002-docker.sh << 'PREBAKE_END'
#!/usr/bin/env bash
# Installs Docker Engine from Docker's own repository, with its data on the OS disk.
# shellcheck source=/dev/null
. "${PREBAKE_HOME:-/opt/prebake}/lib.sh"

version=''
packages=(docker-ce docker-ce-cli containerd.io docker-buildx-plugin)
conflicts=(docker.io docker-compose docker-compose-v2 docker-doc podman-docker containerd runc)

# One by one: if a package manager does not know one of them, it removes none of them.
for package in "${conflicts[@]}"; do
  if is_installed "$package"; then remove_package "$package"; fi
done

add_source docker https://download.docker.com/linux/ubuntu \
  noble stable \
  https://download.docker.com/linux/ubuntu/gpg \
  9DC858229FC7DD38854AE2D88D81803C0EBFCD88
if [ -n "$version" ]; then
  # Versions look like 5:28.5.1-1~ubuntu.24.04~noble. The newest is first.
  exact=$(apt-cache madison docker-ce | awk -v want="$version" '
    { plain = $3; sub(/^[0-9]+:/, "", plain) }
    index(plain, want ".") == 1 || index(plain, want "-") == 1 { print $3; exit }')
  [ -n "$exact" ] || die "Docker's repository has no docker-ce $version"
  for index in "${!packages[@]}"; do
    case ${packages[$index]} in docker-ce | docker-ce-cli) packages[index]+="=$exact" ;; esac
  done
fi

install_packages "${packages[@]}"
hold docker-ce docker-ce-cli containerd.io
systemctl enable --now docker.service
retry 6 docker info > /dev/null

# The temporary disk is not part of the node image, so images must not be on it.
root=$(docker info --format '{{.DockerRootDir}}')
case $root in
  /mnt | /mnt/* | /media/*) die "Docker keeps its data on the temporary disk ($root)" ;;
esac
record docker "$(docker version --format '{{.Server.Version}}')"
PREBAKE_END

install -D --mode=0755 /dev/stdin /opt/prebake/steps/003-tools.sh << 'PREBAKE_END'
#!/usr/bin/env bash
# Installs packages from the config.
# shellcheck source=/dev/null
. "${PREBAKE_HOME:-/opt/prebake}/lib.sh"

install_packages mediainfo
PREBAKE_END

install -D --mode=0755 /dev/stdin /opt/prebake/steps/004-login.sh << 'PREBAKE_END'
#!/usr/bin/env bash
# Logs in to the registries with the identity of the VM: the registry exchanges a token from the instance
# metadata service. The credential stays in memory and is valid for at most three hours.
# shellcheck source=/dev/null
. "${PREBAKE_HOME:-/opt/prebake}/lib.sh"

null_user=00000000-0000-0000-0000-000000000000

metadata() {
  local path=$1
  shift
  http "the instance metadata service" --noproxy '*' --header "Metadata: true" --get "$@" \
    "$PREBAKE_IMDS/metadata/$path"
}

# identity_token RESOURCE_GROUP NAME: prints an Entra token for container registries.
identity_token() {
  local subscription group token query='api-version=2021-02-01&format=text' name=()
  group=$1
  subscription=$(metadata instance/compute/subscriptionId --data "$query") || subscription=
  if [ -z "$group" ]; then
    group=$(metadata instance/compute/resourceGroupName --data "$query") || group=
  fi
  # Name the identity, because a policy can attach more identities to the VM. A single identity needs no name.
  if [ -n "$subscription" ] && [ -n "$group" ]; then
    name=(--data-urlencode "msi_res_id=/subscriptions/$subscription/resourceGroups/$group/providers/Microsoft.ManagedIdentity/userAssignedIdentities/$2")
  fi
  token=$(metadata identity/oauth2/token --data api-version=2018-02-01 \
    --data-urlencode resource=https://containerregistry.azure.net/ "${name[@]}" \
    | json_field access_token) || return 1
  [ -n "$token" ] || return 1
  printf '%s' "$token"
}

# login SERVER RESOURCE_GROUP IDENTITY
login() {
  local token refresh
  token=$(identity_token "$2" "$3") || return 1
  # On standard input: everyone on the machine can read the arguments of a process.
  refresh=$(printf '%s' "$token" \
    | http "$1" --data-urlencode grant_type=access_token --data-urlencode "service=$1" \
      --data-urlencode access_token@- "$PREBAKE_REGISTRY_SCHEME://$1/oauth2/exchange" \
    | json_field refresh_token) || return 1
  [ -n "$refresh" ] || return 1
  printf '%s' "$refresh" | docker login "$1" --username "$null_user" --password-stdin
}

install -d -m 0700 "$DOCKER_CONFIG"
# A role assignment of this deployment can take minutes to become active.
retry 12 login transcodeacr53b1ded7.azurecr.io transcode transcode-pull \
  || die "this registry does not let the builder's identity in:" transcodeacr53b1ded7.azurecr.io transcode-pull
PREBAKE_END

install -D --mode=0755 /dev/stdin /opt/prebake/steps/005-preload.sh << 'PREBAKE_END'
#!/usr/bin/env bash
# Pulls the images that are on the disk of every node when it boots, and records their digests.
# shellcheck source=/dev/null
. "${PREBAKE_HOME:-/opt/prebake}/lib.sh"

output="$PREBAKE_RUN/pull"

pull_once() {
  if docker pull "$1" > "$output" 2>&1; then return 0; fi
  tail -n 5 "$output"
  if grep --ignore-case --quiet -E 'no space left on device' "$output"; then
    die "the OS disk is too small for $1"
  fi
  # A registry can answer alike for a missing image and a missing role. The message tells them apart.
  if grep --ignore-case --quiet -E 'manifest unknown|name unknown|not found: manifest|not known to registry' "$output" \
    && ! grep --ignore-case --quiet -E 'unauthorized|denied|authentication required' "$output"; then
    die "the registry does not have $1"
  fi
  return 1
}

# preload IMAGE DIGEST: an empty digest accepts every image that the tag points to.
preload() {
  local digest
  log "pulling $1"
  retry 12 pull_once "$1" || die "$1 could not be pulled"
  digest=$(docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$1" \
    | sed -n 's/.*@\(sha256:[0-9a-f]\{64\}\)$/\1/p' | sort -u)
  if [ -n "$2" ]; then
    printf '%s\n' "$digest" | grep --fixed-strings --line-regexp --quiet "$2" \
      || die "$1 has the digest $digest, not the pinned $2"
    digest=$2
  fi
  printf '%s %s\n' "$1" "$(printf '%s\n' "$digest" | head -n 1)" >> "$PREBAKE_STATE/images"
}

# Docker does not wait until a layer is on the disk. After a power cut, it can mistake half a layer for a whole one.
start_over() {
  local root
  log "an earlier pull was interrupted: its layers are removed"
  root=$(docker info --format '{{.DockerRootDir}}')
  systemctl stop docker.socket docker.service containerd.service
  find "$root" /var/lib/containerd -mindepth 1 -maxdepth 1 ! -name volumes -exec rm -rf {} +
  systemctl start containerd.service docker.service
  retry 6 docker info > /dev/null
}

# Images from a step of the config were complete before this step started, so they stay.
if [ -e "$PREBAKE_STATE/pulling" ]; then
  if grep --quiet empty "$PREBAKE_STATE/pulling"; then start_over; fi
else
  retry 6 docker info > /dev/null
  if [ -z "$(docker image ls --quiet)" ]; then printf 'empty\n'; fi > "$PREBAKE_STATE/pulling"
  sync
fi

: > "$PREBAKE_STATE/images"
preload transcodeacr53b1ded7.azurecr.io/transcode/ffmpeg:7.1 ''
# Write the images to the disk before the mark is deleted.
sync
rm "$PREBAKE_STATE/pulling"
PREBAKE_END

install -D --mode=0755 /dev/stdin /opt/prebake/steps/006-logout.sh << 'PREBAKE_END'
#!/usr/bin/env bash
# Removes every registry credential, and checks that none is left.
# shellcheck source=/dev/null
. "${PREBAKE_HOME:-/opt/prebake}/lib.sh"

remove_credentials transcodeacr53b1ded7.azurecr.io
for file in "$DOCKER_CONFIG/config.json" /root/.docker/config.json "$HOME/.docker/config.json"; do
  if [ -e "$file" ]; then die "$file is still there"; fi
done
PREBAKE_END

install -D --mode=0755 /dev/stdin /opt/prebake/steps/007-verify.sh << 'PREBAKE_END'
#!/usr/bin/env bash
# Checks everything that the nodes need: Docker, the images.
# shellcheck source=/dev/null
. "${PREBAKE_HOME:-/opt/prebake}/lib.sh"

systemctl is-enabled docker.service
docker info > /dev/null
docker image inspect --format '{{.Id}}' transcodeacr53b1ded7.azurecr.io/transcode/ffmpeg:7.1
PREBAKE_END

install -D --mode=0755 /dev/stdin /opt/prebake/steps/008-clean.sh << 'PREBAKE_END'
#!/usr/bin/env bash
# Removes what belongs to this machine and must not be in an image.
# A restart recreates much of it, so this step runs again after a restart.
# shellcheck source=/dev/null
. "${PREBAKE_HOME:-/opt/prebake}/lib.sh"

remove_credentials transcodeacr53b1ded7.azurecr.io

apt-get clean
rm -rf /var/lib/apt/lists/*

# Stop the service first, because it saves a new one when the machine powers off.
systemctl stop systemd-random-seed.service || true
rm -f /var/lib/systemd/random-seed /root/.bash_history /root/.wget-hsts
rm -rf /root/.cache /root/.gnupg
# It describes the GPUs of the builder. Each node creates its own.
rm -f /etc/cdi/nvidia*
# From here on, the journal is in memory. systemd 239 cannot switch back, so there it is always in memory.
journalctl --relinquish-var || true
find /var/log/journal -mindepth 1 -delete 2> /dev/null || true
find /var/log -type f -exec truncate --size 0 {} +
cloud-init clean --logs --seed --machine-id
sync
PREBAKE_END

install -D --mode=0755 /dev/stdin /opt/prebake/prebake-bake << 'PREBAKE_END'
#!/usr/bin/env bash
# Runs the steps of the bake in order and writes one machine-readable result:
#   - on the serial console, where `az vm boot-diagnostics get-boot-log` reads it:
#       PREBAKE-STEP <step> started|done|rebooting|failed <seconds>
#       PREBAKE-LOG <line>                  the end of the failed step's log
#       PREBAKE-RESULT <json> sha256:<digest of the json>
#     A marker is always at the start of its line. Markers inside a log are rewritten.
#   - in /var/lib/prebake/result.json, which stays in the image.
# Azure Image Builder shows the same lines in its customization log and generalizes the machine.
# A step requests a restart with exit code 194. The bake continues after the restart.
set -euo pipefail

# shellcheck source=/dev/null
. "${PREBAKE_HOME:-/opt/prebake}/lib.sh"

BAKE_NAME='transcode'
BAKE_ID=3024dbbde8abdc5ff0ff04c39ea0faee
readonly BAKE_NAME BAKE_ID REBOOT=194
SERVERS=(transcodeacr53b1ded7.azurecr.io)

console() {
  # The empty line ends a line that the kernel did not finish.
  printf '\n%s\n' "$*" >> "$PREBAKE_CONSOLE" 2> /dev/null || true
  printf '%s\n' "$*"
}

json_string() {
  printf '"'
  tr '\t\r' '  ' | tr -cd '\12\40-\176' | sed 's/\\/\\\\/g; s/"/\\"/g; s/PREBAKE-/PREBAKE\\u002d/g' \
    | awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }'
  printf '"'
}

json_facts() {
  local file first=1
  printf '{'
  for file in "$PREBAKE_STATE"/facts/*; do
    [ -f "$file" ] || continue
    [ "$first" = 1 ] || printf ','
    first=0
    printf '"%s":' "${file##*/}"
    json_string < "$file"
  done
  printf '}'
}

json_images() {
  local image digest first=1
  printf '['
  if [ -f "$PREBAKE_STATE/images" ]; then
    while read -r image digest; do
      [ "$first" = 1 ] || printf ','
      first=0
      printf '{"image":'
      printf '%s' "$image" | json_string
      printf ',"digest":'
      printf '%s' "$digest" | json_string
      printf '}'
    done < "$PREBAKE_STATE/images"
  fi
  printf ']'
}

json_steps() {
  local step name done_file first=1 status seconds
  printf '['
  for step in "$PREBAKE_HOME"/steps/*.sh; do
    name=$(step_name "$step")
    status=pending
    seconds=0
    done_file=$(done_file "$name")
    if [ -f "$done_file" ]; then
      status=succeeded
      seconds=$(cat "$done_file")
    elif [ "$name" = "$failed_step" ]; then
      status=failed
      seconds=$failed_seconds
    fi
    [ "$first" = 1 ] || printf ','
    first=0
    printf '{"name":"%s","status":"%s","seconds":%d}' "$name" "$status" "${seconds:-0}"
  done
  printf ']'
}

step_name() {
  local name=${1##*/}
  name=${name%.sh}
  printf '%s' "${name#*-}"
}

# A restart undoes these steps: it ends a login and recreates the machine ID, host keys and a user.
# Their marks are in memory, so these steps run again after a restart.
done_file() {
  case $1 in
    login | logout | clean | deprovision) printf '%s' "$PREBAKE_RUN/done/$1" ;;
    *) printf '%s' "$PREBAKE_STATE/done/$1" ;;
  esac
}

# compose STATUS EXIT_CODE
compose() {
  printf '{"schema":1,"name":'
  printf '%s' "$BAKE_NAME" | json_string
  printf ',"bakeId":"%s","status":"%s","failedStep":"%s","exitCode":%d,"steps":' \
    "$BAKE_ID" "$1" "$failed_step" "$2"
  json_steps
  printf ',"versions":'
  json_facts
  printf ',"images":'
  json_images
  printf ',"log":'
  if [ -n "$failed_step" ]; then
    tail -n 20 "$PREBAKE_RUN/log/$failed_step" | cut -c -300 | json_string
  else
    printf '""'
  fi
  printf '}'
}

# publish JSON: three times on the console, because the kernel can write into a line.
publish() {
  local digest
  published=1
  digest=$(printf '%s' "$1" | sha256sum | cut -d ' ' -f 1)
  printf '%s\n' "$1" > "$PREBAKE_STATE/result.json" || true
  for _ in 1 2 3; do
    console "PREBAKE-RESULT $1 sha256:$digest"
  done
}

# A shutdown stops services one by one. A step that fails because of this has not really failed.
machine_stops() {
  [ "$(systemctl is-system-running 2> /dev/null || true)" = stopping ]
}

fail() {
  local line
  if machine_stops; then stop; fi
  failed_step=$1 failed_seconds=$3
  remove_credentials "${SERVERS[@]+"${SERVERS[@]}"}"
  console "PREBAKE-STEP $1 failed $3"
  tail -n 40 "$PREBAKE_RUN/log/$1" | cut -c -300 | while IFS= read -r line; do
    console "PREBAKE-LOG ${line//PREBAKE-/PREBAKE_}"
  done
  publish "$(compose failed "$2")"
  exit 1
}

restart() {
  printf 'error: this step needs a restart, which Azure Image Builder does not know\n' >> "$PREBAKE_RUN/log/$1"
  fail "$1" "$REBOOT" "$2"
}

# Write the output of the step to the disk before its mark: a power cut must not leave only the mark.
mark_done() {
  sync
  { printf '%d\n' "$2" > "$(done_file "$1")"; } 2>> "$PREBAKE_RUN/log/$1" || fail "$1" 1 "$2"
}

run_step() {
  local step=$1 name started code=0
  name=$(step_name "$step")
  [ ! -s "$(done_file "$name")" ] || return 0
  console "PREBAKE-STEP $name started 0"
  started=$SECONDS
  # In the background, so that the script handles signals at once. Without the lock, which a process that the
  # step leaves running would keep.
  bash "$step" > "$PREBAKE_RUN/log/$name" 2>&1 < /dev/null 9>&- &
  step_process=$!
  wait "$step_process" || code=$?
  step_process=""
  case $code in
    0) mark_done "$name" "$((SECONDS - started))" ;;
    "$REBOOT") restart "$name" "$((SECONDS - started))" ;;
    *) fail "$name" "$code" "$((SECONDS - started))" ;;
  esac
  console "PREBAKE-STEP $name done $((SECONDS - started))"
}

# If this script ends without a result, the bake must not look as if it is still running.
on_exit() {
  local code=$?
  [ -z "$published" ] || return 0
  [ "$code" != 0 ] || code=1
  failed_step=runner
  printf 'the runner ended with exit code %d\n' "$code" > "$PREBAKE_RUN/log/runner"
  publish "$(compose failed "$code")"
}

# Someone stopped the service. This is not a failure: the next start continues with this step.
stop() {
  trap - EXIT TERM INT HUP
  [ -z "$step_process" ] || kill "$step_process" 2> /dev/null || true
  exit 143
}

# A machine that starts continues the bake as long as the unit exists. So remove the unit last, with its files.
finish() {
  trap '' TERM INT HUP
  sync
  rm -rf "$PREBAKE_STATE/done" "$PREBAKE_STATE/restarted" "$PREBAKE_STATE/facts" \
    "$PREBAKE_STATE/images" "$PREBAKE_HOME"
  sync
}

main() {
  local step resumed=""
  failed_step="" failed_seconds=0 published="" step_process=""
  [ ! -d "$PREBAKE_STATE/done" ] || resumed=1
  mkdir -p "$PREBAKE_RUN/log" "$PREBAKE_STATE/done" "$PREBAKE_STATE/restarted"
  exec 9> "$PREBAKE_RUN/lock"
  flock --nonblock 9 || die "a bake is already running"
  trap on_exit EXIT
  trap stop TERM INT HUP
  # cloud-init does not wait until its files are on the disk: a power cut must not leave the unit or a step empty.
  sync
  # Marks of an earlier start: a later start can have undone these steps.
  rm -rf "$PREBAKE_RUN/done"
  mkdir -p "$PREBAKE_RUN/done"
  [ -z "$resumed" ] || repair_packages > "$PREBAKE_RUN/log/repair" 2>&1 9>&-
  for step in "$PREBAKE_HOME"/steps/*.sh; do
    run_step "$step"
  done
  publish "$(compose succeeded 0)"
  finish
}

main "$@"
PREBAKE_END

exec bash /opt/prebake/prebake-bake
