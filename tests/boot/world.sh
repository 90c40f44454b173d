#!/usr/bin/env bash
# The surroundings of one machine of the boot test, in namespaces of their own: its disk below FOLDER/root,
# control groups as a machine has them, a network that ends at the stand-in of Azure. Lives until its
# standard input ends.
#
#   unshare --mount --net tests/boot/world.sh ARCHIVES FOLDER
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
archives=$1 folder=$2
ip link set lo up
for address in 10.64.0.1/24 169.254.169.254/32 168.63.129.16/32; do
  ip address add "$address" dev lo
done

# One tree of version 2 over whatever the host has. A group for each machine, so that many run beside each other.
umount /sys/fs/cgroup/* 2> /dev/null || true
umount --lazy /sys/fs/cgroup 2> /dev/null || true
mount -t cgroup2 cgroup2 /sys/fs/cgroup
group=/sys/fs/cgroup/prebake-boot-$$
mkdir "$group"

mkdir -p "$folder/root"
# A virtual machine has its disk to itself.
[ ! -f "$folder/disk.raw" ] || mount -o loop "$folder/disk.raw" "$folder/root"
cat > "$folder/registry.yml" << CONFIG
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $archives/registry}, maintenance: {readonly: {enabled: true}}}
http: {addr: 127.0.0.1:5000}
CONFIG
docker-registry serve "$folder/registry.yml" > "$folder/registry.log" 2>&1 &
registry=$!
python3 "$here/azure.py" "$archives" "$folder" > "$folder/azure.log" 2>&1 &
azure=$!
for port in 80 443 5000; do
  for _ in $(seq 200); do
    (: > "/dev/tcp/127.0.0.1/$port") 2> /dev/null && break
    sleep 0.05
  done
done
printf 'ready %s %s\n' "$$" "$group"
cat > /dev/null
kill "$registry" "$azure" || true
echo 1 > "$group/cgroup.kill" 2> /dev/null || true
[ ! -f "$folder/disk.raw" ] || umount "$folder/root" 2> /dev/null || umount --lazy "$folder/root"
for _ in $(seq 100); do
  find "$group" -depth -type d -exec rmdir {} + 2> /dev/null && break
  sleep 0.1
done
