#!/usr/bin/env bash
# Makes what the boot test starts from, once: a disk with Debian, systemd, cloud-init and Azure's agent, and
# the archives that a bake downloads from, signed with a key of their own.
#
#   tests/boot/disk.sh [FOLDER]     /opt/prebake-ci/boot unless told otherwise; needs root and Debian's mirror
#
# Debian stands in for Ubuntu: same package manager, same init, same cloud-init. Docker is Debian's own under
# Docker's package names. NVIDIA's packages are stand-ins that hold the same commands.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-/opt/prebake-ci/boot}
mirror=${PREBAKE_DEBIAN_MIRROR:-http://deb.debian.org/debian}
suite=bookworm
# What is made depends on these scripts alone: they are what tells whether it is current.
version=$(cat "$here/disk.sh" "$here/archive.sh" | sha256sum | cut -d ' ' -f 1)
if [ "$(cat "$folder/version" 2> /dev/null)" = "$version" ]; then
  echo "the disk of the boot test in $folder is current"
  exit 0
fi

rm -rf "$folder"
mkdir -p "$folder"
work=$(mktemp -d "$folder/work.XXXXXX")
root=$work/root
trap 'umount "$root/proc" 2> /dev/null || true; rm -rf "$work"' EXIT

debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" "$mirror"
printf 'deb %s %s main\n' "$mirror" "$suite" > "$root/etc/apt/sources.list"
printf 'force-unsafe-io\n' > "$root/etc/dpkg/dpkg.cfg.d/boot-test"
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
mount -t proc proc "$root/proc"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
chroot "$root" apt-get install --yes --no-install-recommends \
  systemd-sysv dbus udev libpam-systemd cloud-init waagent openssh-server curl iproute2 sudo kmod procps \
  needrestart unattended-upgrades gcc gnupg iptables
# What the bake installs comes from the test's own archive.
mkdir -p "$root/debs/partial"
chroot "$root" apt-get install --yes --no-install-recommends --download-only \
  --option Dir::Cache::Archives=/debs docker.io containerd runc tini
(cd "$root/debs" && chroot "$root" sh -c 'cd /debs && apt-get download --quiet libtinfo6 libncursesw6 curl ca-certificates gnupg busybox-static')
mv "$root/debs" "$work/debs"
umount "$root/proc"

bash "$here/archive.sh" "$work/debs" "$folder" "$root"

# What Azure's image of Ubuntu has and Debian's packages do not.
cat "$folder/key.asc" > "$root/etc/apt/trusted.gpg.d/boot-test.asc"
printf 'deb http://azure.archive.ubuntu.com/ubuntu ./\n' > "$root/etc/apt/sources.list"
cp "$folder/ca.crt" "$root/usr/local/share/ca-certificates/boot-test.crt"
chroot "$root" update-ca-certificates > /dev/null
printf 'PRETTY_NAME="Debian, for Ubuntu"\nID=debian\nVERSION_CODENAME=%s\n' "$suite" > "$root/etc/os-release"
cat > "$root/etc/cloud/cloud.cfg.d/99-boot-test.cfg" << 'CONFIG'
datasource_list: [NoCloud]
network: {config: disabled}
growpart: {mode: "off"}
resize_rootfs: false
ssh_genkeytypes: [ed25519]
locale: false
system_info: {default_user: {name: prebake}}
CONFIG
printf '%s\n' '127.0.0.1 localhost' '10.64.0.1 azure.archive.ubuntu.com download.docker.com' \
  '10.64.0.1 developer.download.nvidia.com nvidia.github.io boottest.azurecr.io' > "$root/etc/hosts"
# The host's kernel has no tables of packets and no bridges to give.
mkdir -p "$root/etc/systemd/system/docker.service.d"
printf '[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd --host fd:// --iptables=false --bridge=none\n' \
  > "$root/etc/systemd/system/docker.service.d/boot-test.conf"
# A serial port, where the container has a console.
cat > "$root/etc/systemd/system/boot-test-serial.service" << 'UNIT'
[Unit]
DefaultDependencies=no
Before=sysinit.target
[Service]
Type=oneshot
ExecStart=/bin/ln -sf /dev/console /dev/ttyS0
[Install]
WantedBy=sysinit.target
UNIT
chroot "$root" systemctl enable boot-test-serial.service ssh.service walinuxagent.service
chroot "$root" systemctl mask systemd-networkd-wait-online.service getty.target console-getty.service \
  systemd-networkd.service systemd-networkd.socket
rm -f "$root/usr/sbin/policy-rc.d" "$root/etc/dpkg/dpkg.cfg.d/boot-test" "$root"/etc/ssh/ssh_host_* \
  "$root/etc/fstab" "$root/etc/resolv.conf" "$root/var/lib/dbus/machine-id"
printf 'nameserver 127.0.0.1\n' > "$root/etc/resolv.conf"
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/var/log/* "$root"/usr/share/{doc,man,locale}/*
mkdir -p "$root/var/cache/apt/archives/partial" "$root/var/lib/apt/lists/partial" "$root/var/log/journal"
printf 'uninitialized\n' > "$root/etc/machine-id"
ln -s /etc/machine-id "$root/var/lib/dbus/machine-id"

truncate --size 2G "$folder/base.raw"
mke2fs -q -t ext4 -L root -m 0 -d "$root" "$folder/base.raw"
printf '%s\n' "$version" > "$folder/version"
du --human-readable --summarize "$folder"
