#!/usr/bin/env bash
# Bakes in a virtual machine with a kernel of its own, for what a container cannot show: the switch to a newer
# kernel, a module that dkms builds, a real serial port, cloud-init's datasource of Azure, the random seed.
#
#   tests/boot/qemu.sh prepare FOLDER              what it boots from, once; needs root and Debian's mirror
#   tests/boot/qemu.sh bake FOLDER USER-DATA OUT   bakes, and leaves OUT/disk.raw, OUT/console and OUT/requests
#
# Uses KVM where it is there, and QEMU's own emulation elsewhere, which takes far longer. PREBAKE_QEMU_ACCELERATOR=tcg
# asks for the emulation: on a machine that is virtual itself, KVM may be there and start no kernel.
# There is no boot loader: like GRUB, it boots the newest kernel of the disk.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
boot=${PREBAKE_BOOT:-/opt/prebake-ci/boot}
mirror=${PREBAKE_DEBIAN_MIRROR:-http://deb.debian.org/debian}
security=${PREBAKE_DEBIAN_SECURITY:-http://deb.debian.org/debian-security}

work=$(mktemp -d)
cleanup() {
  if mountpoint --quiet "$work/root"; then
    umount --recursive "$work/root"
  fi
  rm -rf "$work"
}
trap cleanup EXIT

# in_disk COMMAND...: in the mounted disk.
in_disk() {
  DEBIAN_FRONTEND=noninteractive LC_ALL=C chroot "$work/root" "$@"
}

# package FOLDER ARCHIVE NAME VERSION DEPENDS: builds a package of what lies in a folder.
package() {
  mkdir -p "$1/DEBIAN"
  printf 'Package: %s\nVersion: %s\nArchitecture: amd64\nMaintainer: boot test <boot@example.invalid>\nDescription: boot test\n' \
    "$3" "$4" > "$1/DEBIAN/control"
  [ -z "$5" ] || printf 'Depends: %s\n' "$5" >> "$1/DEBIAN/control"
  dpkg-deb --root-owner-group --build -Znone "$1" "$2" > /dev/null
}

# A disk with the older of two kernels, and an archive that has only the newer one with its headers.
prepare() {
  local folder=$1 old new name
  rm -rf "$folder"
  mkdir -p "$folder" "$work/root" "$work/gnupg"
  cp --recursive "$boot/www" "$boot/registry" "$boot/server.pem" "$folder"
  cp --sparse=always "$boot/base.raw" "$folder/base.raw"
  truncate --size 6G "$folder/base.raw"
  resize2fs "$folder/base.raw" > /dev/null 2>&1
  mount -o loop "$folder/base.raw" "$work/root"
  for name in dev proc; do mount --bind "/$name" "$work/root/$name"; done
  cp "$work/root/etc/apt/sources.list" "$work/sources.list"
  cp "$work/root/etc/hosts" "$work/hosts"
  printf 'nameserver %s\n' "$(awk '$1 == "nameserver" { print $2; exit }' /etc/resolv.conf)" > "$work/root/etc/resolv.conf"
  cp /etc/hosts "$work/root/etc/hosts"
  printf 'deb %s bookworm main\n' "$mirror" > "$work/root/etc/apt/sources.list"
  in_disk apt-get update --quiet
  in_disk apt-get install --yes --no-install-recommends linux-image-cloud-amd64 initramfs-tools isc-dhcp-client zstd
  printf 'deb %s bookworm-security main\n' "$security" >> "$work/root/etc/apt/sources.list"
  in_disk apt-get update --quiet
  mkdir -p "$work/root/debs/partial"
  in_disk apt-get install --yes --no-install-recommends --download-only --option Dir::Cache::Archives=/debs \
    linux-image-cloud-amd64 linux-headers-cloud-amd64 dkms build-essential
  old=$(basename "$work"/root/boot/vmlinuz-*)
  old=${old#vmlinuz-}
  new=$(basename "$work"/root/debs/linux-image-6*-cloud-amd64_*.deb)
  new=${new#linux-image-} new=${new%%_*}
  [ "$old" != "$new" ] || { echo "error: the archive has one kernel only: $old" >&2; exit 1; }

  # The archive: the newer kernel under the names that Ubuntu has on Azure, Debian's own dkms and compiler.
  local ubuntu=$folder/www/azure.archive.ubuntu.com/ubuntu
  rm -f "$ubuntu"/{linux-*,dkms_*,build-essential}*.deb "$ubuntu"/{linux-azure,linux-image-azure,linux-headers-azure,dkms,build-essential}
  find "$ubuntu" -type f -exec sh -c 'case $(dpkg-deb --field "$1" Package 2> /dev/null) in linux-*|dkms|build-essential) rm "$1" ;; esac' _ {} \;
  mv "$work"/root/debs/*.deb "$ubuntu"
  package "$work/a" "$ubuntu/linux-image-azure.deb" linux-image-azure 6.99 "linux-image-$new"
  package "$work/b" "$ubuntu/linux-headers-azure.deb" linux-headers-azure 6.99 "linux-headers-$new"
  package "$work/c" "$ubuntu/linux-azure.deb" linux-azure 6.99 'linux-image-azure, linux-headers-azure'

  # A driver that dkms builds: the stand-in's programs, with a module.
  local cuda=$folder/www/developer.download.nvidia.com/compute/cuda/repos/ubuntu2404/x86_64 source=$work/driver/usr/src/nvidia-580.1.2
  dpkg-deb --raw-extract "$cuda"/nvidia-open* "$work/driver"
  rm -f "$cuda"/nvidia-open*
  rm -rf "$work/driver/usr/local/sbin/modinfo" "$work/driver/DEBIAN"
  printf 'install nvidia-uvm /bin/true\n' > "$work/driver/etc/modprobe.d/boot-test.conf"
  mkdir -p "$source" "$work/driver/DEBIAN"
  printf '#include <linux/module.h>\nMODULE_LICENSE("GPL");\nMODULE_VERSION("580.1.2");\n' > "$source/nvidia.c"
  # shellcheck disable=SC2016 # make expands it
  printf 'obj-m := nvidia.o\nall:\n\t$(MAKE) -C /lib/modules/$(KERNELRELEASE)/build M=$(CURDIR) modules\n' > "$source/Makefile"
  # shellcheck disable=SC2016 # dkms expands it
  printf '%s\n' 'PACKAGE_NAME=nvidia' 'PACKAGE_VERSION=580.1.2' 'BUILT_MODULE_NAME[0]=nvidia' \
    'DEST_MODULE_LOCATION[0]=/updates/dkms' 'AUTOINSTALL=yes' \
    'MAKE[0]="make -C ${kernel_source_dir} M=${dkms_tree}/nvidia/580.1.2/build modules"' > "$source/dkms.conf"
  printf '#!/bin/sh\nset -e\ndkms add nvidia/580.1.2 || true\ndkms build nvidia/580.1.2\ndkms install nvidia/580.1.2\n' \
    > "$work/driver/DEBIAN/postinst"
  chmod 755 "$work/driver/DEBIAN/postinst"
  package "$work/driver" "$cuda/nvidia-open.deb" nvidia-open 580.1.2-1ubuntu1 dkms

  sign "$folder"
  cp "$folder/key.asc" "$work/root/etc/apt/trusted.gpg.d/boot-test.asc"
  # What Azure's image has, where the container's disk has a seed folder and the network of the host.
  printf 'datasource_list: [Azure]\ndatasource: {Azure: {apply_network_config: false}}\n' > "$work/root/etc/cloud/cloud.cfg.d/99-boot-test.cfg"
  printf 'growpart: {mode: "off"}\nresize_rootfs: false\nssh_genkeytypes: [ed25519]\nlocale: false\nsystem_info: {default_user: {name: prebake}}\n' \
    >> "$work/root/etc/cloud/cloud.cfg.d/99-boot-test.cfg"
  in_disk systemctl unmask systemd-networkd.service systemd-networkd.socket
  in_disk systemctl enable systemd-networkd.service
  in_disk systemctl disable boot-test-serial.service
  printf '[Match]\nName=eth0\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\n' > "$work/root/etc/systemd/network/10-eth0.network"
  printf 'LABEL=root / ext4 defaults 0 1\n' > "$work/root/etc/fstab"
  cp "$work/sources.list" "$work/root/etc/apt/sources.list"
  cp "$work/hosts" "$work/root/etc/hosts"
  printf 'nameserver 127.0.0.1\n' > "$work/root/etc/resolv.conf"
  rm -rf "$work/root/debs" "$work"/root/var/lib/apt/lists/* "$work"/root/var/cache/apt/*
  mkdir -p "$work/root/var/cache/apt/archives/partial" "$work/root/var/lib/apt/lists/partial"
  umount --recursive "$work/root"
  echo "the disk boots $old, the archive has $new"
}

# sign FOLDER: a key of its own, and every index signed with it.
sign() {
  local folder=$1 index release
  export GNUPGHOME=$work/gnupg
  chmod 700 "$GNUPGHOME"
  gpg --batch --quiet --passphrase '' --quick-generate-key 'QEMU boot test <boot@example.invalid>' rsa3072 sign never
  gpg --armor --export > "$folder/key.asc"
  gpg --with-colons --list-keys | awk -F: '$1 == "fpr" { print $10; exit }' > "$folder/fingerprint"
  find "$folder/www" -name InRelease > "$work/indices"
  while read -r index; do
    release=$work/Release
    # A signed index is its text between two lines of the signature.
    sed '1,/^$/d; /^-----BEGIN PGP SIGNATURE-----/,$d; s/^- //' "$index" > "$release"
    if [ -f "${index%InRelease}Packages" ]; then
      (cd "${index%InRelease}" && dpkg-scanpackages --multiversion . > Packages 2> /dev/null)
      sed --in-place '/^SHA256:/,$d' "$release"
      printf 'SHA256:\n %s %s Packages\n' "$(sha256sum "${index%InRelease}Packages" | cut -d ' ' -f 1)" \
        "$(stat --format %s "${index%InRelease}Packages")" >> "$release"
    fi
    gpg --batch --yes --clearsign --output "$index" "$release"
  done < "$work/indices"
  find "$folder/www" \( -name gpg -o -name gpgkey -o -name '*.pub' \) -exec cp "$folder/key.asc" {} \;
}

# The provisioning disk of Azure: the custom data in `ovf-env.xml`.
provisioning() {
  mkdir "$work/provisioning"
  cat > "$work/provisioning/ovf-env.xml" << XML
<?xml version="1.0" encoding="utf-8"?>
<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1" xmlns:wa="http://schemas.microsoft.com/windowsazure" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">
  <wa:ProvisioningSection><wa:Version>1.0</wa:Version>
    <LinuxProvisioningConfigurationSet xmlns="http://schemas.microsoft.com/windowsazure">
      <ConfigurationSetType>LinuxProvisioningConfiguration</ConfigurationSetType>
      <HostName>builder</HostName><UserName>prebake</UserName>
      <DisableSshPasswordAuthentication>true</DisableSshPasswordAuthentication>
      <CustomData>$(base64 --wrap 0 "$1")</CustomData>
    </LinuxProvisioningConfigurationSet>
  </wa:ProvisioningSection>
  <wa:PlatformSettingsSection><wa:Version>1.0</wa:Version>
    <PlatformSettings xmlns="http://schemas.microsoft.com/windowsazure"><PreprovisionedVm>false</PreprovisionedVm></PlatformSettings>
  </wa:PlatformSettingsSection>
</Environment>
XML
  genisoimage -quiet -volid "rd_rdfe_stable" -iso-level 3 -udf -output "$2" "$work/provisioning"
}

# One boot, in the network of the surroundings.
power_on() {
  local out=$1 kernel accelerator=tcg
  [ ! -w /dev/kvm ] || accelerator=kvm
  accelerator=${PREBAKE_QEMU_ACCELERATOR:-$accelerator}
  mkdir -p "$work/root"
  mount -o loop,ro,noload "$out/disk.raw" "$work/root"
  kernel=$(cd "$work/root/boot" && printf '%s\n' vmlinuz-* | sort --version-sort | tail -n 1)
  cp "$work/root/boot/$kernel" "$work/kernel"
  cp "$work/root/boot/initrd.img-${kernel#vmlinuz-}" "$work/initrd"
  umount "$work/root"
  printf '##### %s boots %s\n' "$accelerator" "${kernel#vmlinuz-}" >> "$out/console"
  # The asset tag is how cloud-init knows Azure. A busy host emulates a timer too unevenly for the kernel's own check.
  nsenter --target "$world" --mount --net -- timeout "${PREBAKE_QEMU_SECONDS:-3600}" qemu-system-x86_64 \
    -machine "q35,accel=$accelerator" -cpu max,-arch-capabilities -smp 2 -m 2048 -nodefaults -nographic -no-reboot \
    -uuid 02aab8a4-74ef-476e-8182-f6d2ba4166a6 -smbios type=3,asset=7783-7084-3265-9085-8269-3286-77 -smbios type=1,manufacturer="Microsoft Corporation" \
    -kernel "$work/kernel" -initrd "$work/initrd" \
    -append 'root=LABEL=root rw console=tty1 console=ttyS0,115200 net.ifnames=0 no_timer_check' \
    -drive "if=virtio,format=raw,cache=unsafe,file=$out/disk.raw" -device virtio-scsi-pci \
    -drive "if=none,id=cd,format=raw,media=cdrom,readonly=on,file=$work/provisioning.iso" -device scsi-cd,drive=cd \
    -netdev user,id=net,net=10.64.0.0/24,host=10.64.0.1,dhcpstart=10.64.0.15 \
    -device virtio-net-pci,netdev=net,romfile= -device virtio-rng-pci -serial stdio >> "$out/console" 2>&1 < /dev/null
}

bake() {
  local folder=$1 user_data=$2 out=$3 boots
  mkdir -p "$out"
  : > "$out/console"
  cp --sparse=always "$folder/base.raw" "$out/disk.raw"
  provisioning "$user_data" "$work/provisioning.iso"
  mkfifo "$work/open" "$work/ready"
  mkdir "$work/world"
  WIRE_SERVER=1 unshare --mount --net bash "$here/world.sh" "$folder" "$work/world" < "$work/open" > "$work/ready" &
  exec 7> "$work/open"
  read -r _ world _ < "$work/ready"
  for boots in 1 2 3 4 5; do
    power_on "$out" || { echo "error: the machine did not end in time" >&2; break; }
    # A machine that restarts ends its QEMU, too.
    tail -n 40 "$out/console" | tr -d '\r' | grep --quiet 'reboot: Restarting system' || break
  done
  exec 7>&-
  wait
  cp "$work/world/requests" "$out/requests"
  echo "$boots boots"
}

case "${1:-}:$#" in
  prepare:2) prepare "$2" ;;
  bake:4) bake "$2" "$3" "$4" ;;
  *)
    sed -n 's/^# \{0,1\}//p; /^set/q' "$0" | sed 1d >&2
    exit 2
    ;;
esac
