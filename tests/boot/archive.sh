#!/usr/bin/env bash
# Makes the archives of the boot test: a key and a certificate, packages, and the indices that apt reads.
#
#   tests/boot/archive.sh DEBS FOLDER ROOT     Debian's packages, where the archives go, the machine's folder
#
# A folder below FOLDER/www is a host: download.docker.com, nvidia.github.io and so on.
set -euo pipefail

debs=$1 folder=$2 root=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
www=$folder/www
mkdir -p "$www" "$work/gnupg"
chmod 700 "$work/gnupg"
export GNUPGHOME=$work/gnupg
gpg --batch --quiet --passphrase '' --quick-generate-key 'Boot test <boot@example.invalid>' rsa3072 sign never
gpg --armor --export > "$folder/key.asc"
gpg --with-colons --list-keys | awk -F: '$1 == "fpr" { print $10; exit }' > "$folder/fingerprint"

openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -keyout "$work/ca.key" -out "$folder/ca.crt" \
  -subj '/CN=boot test' 2> /dev/null
openssl req -newkey rsa:2048 -nodes -keyout "$work/server.key" -out "$work/server.csr" -subj '/CN=server' 2> /dev/null
printf 'subjectAltName=DNS:download.docker.com,DNS:developer.download.nvidia.com,DNS:nvidia.github.io,DNS:*.azurecr.io\n' \
  > "$work/extensions"
openssl x509 -req -in "$work/server.csr" -CA "$folder/ca.crt" -CAkey "$work/ca.key" -CAcreateserial -days 3650 \
  -extfile "$work/extensions" -out "$work/server.crt" 2> /dev/null
cat "$work/server.crt" "$work/server.key" > "$folder/server.pem"

# package FOLDER-OF-PACKAGE ARCHIVE: builds what lies below $work/NAME.
package() {
  dpkg-deb --root-owner-group --build -Znone "$work/$1" "$2" > /dev/null
}

# control NAME VERSION ARCHITECTURE DEPENDS
control() {
  mkdir -p "$work/$1/DEBIAN"
  {
    printf 'Package: %s\nVersion: %s\nArchitecture: %s\n' "$1" "$2" "$3"
    printf 'Maintainer: boot test <boot@example.invalid>\nDescription: stand-in of the boot test\n'
    if [ -n "$4" ]; then printf 'Depends: %s\n' "$4"; fi
  } > "$work/$1/DEBIAN/control"
}

# program PACKAGE NAME: a program of a package, from standard input.
program() {
  install -D --mode=0755 /dev/stdin "$work/$1/usr/bin/$2"
}

# recast NAME VERSION ORIGINAL DEPENDS ARCHIVE: a package of Debian's under another name.
recast() {
  rm -rf "${work:?}/$1"
  dpkg-deb --raw-extract "$debs"/"$3"_*.deb "$work/$1"
  if [ "$1" = containerd.io ]; then dpkg-deb --extract "$debs"/runc_*.deb "$work/$1"; fi
  sed --in-place --regexp-extended \
    "s/^Package: .*/Package: $1/; s|^Version: .*|Version: $2|; s/^Depends: .*/Depends: $4/
     /^(Conflicts|Breaks|Replaces|Provides|Recommends|Suggests|Source|Built-Using|Static-Built-Using): /d" \
    "$work/$1/DEBIAN/control"
  package "$1" "$5"
}

# --- Docker's archive
docker=$www/download.docker.com/linux/ubuntu
mkdir -p "$docker/pool" "$docker/dists/noble/stable/binary-amd64"
recast docker-ce '5:29.1.4-1~ubuntu.24.04~noble' docker.io \
  'docker-ce-cli, containerd.io, iptables, adduser, libc6, libsystemd0, tini' "$docker/pool"
# Docker's containerd brings its own runc, and conflicts with the distribution's.
recast containerd.io '1.7.29-1~ubuntu.24.04~noble' containerd 'libc6, libseccomp2' "$docker/pool"
for name in docker-ce-cli docker-buildx-plugin; do
  control "$name" '5:29.1.4-1~ubuntu.24.04~noble' amd64 ''
  package "$name" "$docker/pool"
done

# --- NVIDIA's driver, without a kernel module: the kernel is the host's
cuda=$www/developer.download.nvidia.com/compute/cuda/repos/ubuntu2404/x86_64
mkdir -p "$cuda"
control nvidia-open 0 amd64 ''
program nvidia-open nvidia-smi << 'SCRIPT'
#!/bin/sh
if [ "$1" = --list-gpus ]; then echo "GPU 0: stand-in (UUID: GPU-0)"; else echo "NVIDIA-SMI of the boot test"; fi
SCRIPT
mkdir -p "$work/nvidia-open/etc/modprobe.d" "$work/nvidia-open/usr/lib/systemd/system" "$work/nvidia-open/usr/lib/x86_64-linux-gnu"
printf 'install nvidia /bin/true\ninstall nvidia-uvm /bin/true\n' > "$work/nvidia-open/etc/modprobe.d/boot-test.conf"
printf '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n' \
  > "$work/nvidia-open/usr/lib/systemd/system/nvidia-persistenced.service"
install -D --mode=0755 /dev/stdin "$work/nvidia-open/usr/local/sbin/modinfo" << 'SCRIPT'
#!/bin/sh
[ "$1" != nvidia ] || exit 0
exec /usr/sbin/modinfo "$@"
SCRIPT
# CUDA as far as cuInit: one library that starts, and one that answers CUDA_ERROR_UNKNOWN.
for answer in 0 999; do
  printf 'int cuInit(unsigned flags) { return (int)flags + %d; }\n' "$answer" > "$work/cuda.c"
  gcc -shared -nostdlib -fPIC -Wl,-soname,libcuda.so.1 \
    -o "$work/nvidia-open/usr/lib/x86_64-linux-gnu/libcuda-$answer.so" "$work/cuda.c"
done
ln -s libcuda-0.so "$work/nvidia-open/usr/lib/x86_64-linux-gnu/libcuda.so.1"
control nvidia-open 580.1.2-1ubuntu1 amd64 dkms
package nvidia-open "$cuda"
control nvidia-driver-pinning-580.1.2 580-1 all ''
package nvidia-driver-pinning-580.1.2 "$cuda"
cp "$folder/key.asc" "$cuda/3bf863cc.pub"

# --- NVIDIA's container toolkit
toolkit=$www/nvidia.github.io/libnvidia-container/stable/deb/amd64
mkdir -p "$toolkit"
program nvidia-container-toolkit-base nvidia-ctk << 'SCRIPT'
#!/usr/bin/python3
import json, os, sys
file = "/etc/docker/daemon.json"
if sys.argv[1:3] == ["runtime", "configure"]:
    settings = json.load(open(file)) if os.path.exists(file) else {}
    settings.setdefault("runtimes", {})["nvidia"] = {"args": [], "path": "nvidia-container-runtime"}
    os.makedirs("/etc/docker", exist_ok=True)
    json.dump(settings, open(file, "w"), indent=4)
elif sys.argv[1:3] == ["cdi", "generate"]:
    os.makedirs("/var/run/cdi", exist_ok=True)
    open("/var/run/cdi/nvidia.yaml", "w").write("cdiVersion: 0.5.0\nkind: nvidia.com/gpu\ndevices: []\n")
else:
    print("NVIDIA Container Toolkit CLI of the boot test")
SCRIPT
program nvidia-container-toolkit-base nvidia-container-runtime << 'SCRIPT'
#!/bin/sh
exec runc "$@"
SCRIPT
# The real one refreshes the description of the GPUs at every boot, in a folder that is empty at every boot.
mkdir -p "$work/nvidia-container-toolkit-base/usr/lib/systemd/system"
printf '[Service]\nType=oneshot\nExecStart=/usr/bin/nvidia-ctk cdi generate\n[Install]\nWantedBy=multi-user.target\n' \
  > "$work/nvidia-container-toolkit-base/usr/lib/systemd/system/nvidia-cdi-refresh.service"
printf '[Path]\nPathChanged=/usr/bin/nvidia-ctk\n[Install]\nWantedBy=multi-user.target\n' \
  > "$work/nvidia-container-toolkit-base/usr/lib/systemd/system/nvidia-cdi-refresh.path"
# The hook puts the driver's library into the container, as the real one does.
program nvidia-container-toolkit nvidia-container-runtime-hook << 'SCRIPT'
#!/usr/bin/python3
import json, os, shutil, sys
state = json.load(sys.stdin)
config = json.load(open(os.path.join(state["bundle"], "config.json")))
asked = [entry for entry in config["process"]["env"] if entry.startswith("NVIDIA_DRIVER_CAPABILITIES=")]
if not asked or "compute" not in asked[0]:
    sys.exit(0)
root = os.path.join(state["bundle"], config["root"]["path"])
answer = 999 if os.path.exists("/etc/boot-test-cuda-fails") else 0
if os.path.isdir(root + "/lib64"):
    os.makedirs(root + "/usr/lib/x86_64-linux-gnu", exist_ok=True)
    shutil.copy(f"/usr/lib/x86_64-linux-gnu/libcuda-{answer}.so", root + "/usr/lib/x86_64-linux-gnu/libcuda.so.1")
SCRIPT
for name in nvidia-container-toolkit nvidia-container-toolkit-base libnvidia-container-tools libnvidia-container1; do
  control "$name" 1.2.3-1 amd64 ''
  package "$name" "$toolkit"
done
cp "$folder/key.asc" "$www/nvidia.github.io/libnvidia-container/gpgkey"

# --- the distribution's archive: Debian's packages, and Azure's names for a kernel
ubuntu=$www/azure.archive.ubuntu.com/ubuntu
mkdir -p "$ubuntu"
find "$debs" -name '*.deb' ! -name 'libtinfo6_*' ! -name 'libncursesw6_*' ! -name 'busybox*' -exec cp {} "$ubuntu" \;
# A newer version of a library that bash has loaded, and of the one that wants its exact version.
recast libtinfo6 '99:1' libtinfo6 'libc6' "$ubuntu"
recast libncursesw6 '99:1' libncursesw6 'libc6, libtinfo6 (= 99:1)' "$ubuntu"
for name in linux-azure linux-image-azure linux-headers-azure "linux-headers-$(uname -r)"; do
  control "$name" 6.99 amd64 ''
  package "$name" "$ubuntu"
done
# The compiler is on the disk already: it would take most of a bake's time.
control build-essential 12 amd64 gcc
package build-essential "$ubuntu"
program dkms dkms << 'SCRIPT'
#!/bin/sh
echo "nvidia/stand-in: installed"
SCRIPT
control dkms 3.0 all ''
package dkms "$ubuntu"
for number in 1 2 3; do
  # A package that takes a while, so that power can be cut while dpkg works on it.
  control "slow-$number" 1 all ''
  mkdir -p "$work/slow-$number/usr/share/slow"
  head -c 3000000 /dev/urandom > "$work/slow-$number/usr/share/slow/$number"
  printf '#!/bin/sh\nsleep 1\n' > "$work/slow-$number/DEBIAN/postinst"
  chmod 755 "$work/slow-$number/DEBIAN/postinst"
  package "slow-$number" "$ubuntu"
done

# index FOLDER POOL BELOW CODENAME: the signed index of an archive.
index() {
  local file
  (cd "$1" && dpkg-scanpackages --multiversion "$2" > "$3/Packages" 2> /dev/null)
  {
    printf 'Origin: boot test\nCodename: %s\nSuite: %s\nComponents: stable\nArchitectures: amd64\n' "$4" "$4"
    printf 'Date: %s\nSHA256:\n' "$(LC_ALL=C date --utc '+%a, %d %b %Y %H:%M:%S UTC')"
    file=$1/$3/Packages
    printf ' %s %s %s\n' "$(sha256sum "$file" | cut -d ' ' -f 1)" "$(stat --format %s "$file")" "${5:-Packages}"
  } > "$work/Release"
  gpg --batch --yes --clearsign --output "$1/${6:-.}/InRelease" "$work/Release"
}
index "$ubuntu" . . boot
index "$cuda" . . boot
index "$toolkit" . . boot
cp "$folder/key.asc" "$docker/gpg"
index "$docker" pool dists/noble/stable/binary-amd64 noble stable/binary-amd64/Packages dists/noble

# --- the images, in the storage of a registry
image() {
  local name=$1
  podman "${store[@]}" build --quiet --tag "127.0.0.1:5999/$name" "$work/image" > /dev/null
  podman "${store[@]}" push --quiet --tls-verify=false "127.0.0.1:5999/$name" > /dev/null
}
store=(--root "$work/podman" --runroot "$work/podman-run" --storage-driver vfs)
printf 'version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: 127.0.0.1:5999}\n' \
  "$folder/registry" > "$work/registry.yml"
docker-registry serve "$work/registry.yml" > "$work/registry.log" 2>&1 &
registry=$!
trap 'kill "$registry"; rm -rf "$work"' EXIT
mkdir -p "$work/image"
dpkg-deb --extract "$debs"/busybox-static_*.deb "$work/busybox"
cp "$work/busybox/bin/busybox" "$work/image/busybox"
head -c 20000000 /dev/urandom > "$work/image/weights"
cp --dereference "$root/lib64/ld-linux-x86-64.so.2" "$work/image/loader"
printf '#!/bin/sh\necho "GPU 0: stand-in"\n' > "$work/image/nvidia-smi"
chmod 755 "$work/image/nvidia-smi"
printf 'FROM scratch\nENV PATH=/bin\nCOPY busybox /bin/sh\nCOPY busybox /bin/sleep\nCOPY nvidia-smi /bin/nvidia-smi\n' \
  > "$work/image/Dockerfile"
image small:1
printf 'COPY loader /lib64/ld-linux-x86-64.so.2\nCOPY weights /weights\n' >> "$work/image/Dockerfile"
image vision:1
