//! A machine that plays the builder: real bash, curl, registry and client; package managers, drivers and
//! Azure's agent are stand-ins; the system's folders are empty ones in a mount namespace of its own.

use std::fmt::Write as _;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use prebake::model::bake::BakePlan;
use serde_json::Value;
use tempfile::TempDir;

use crate::bake::front::Front;
use crate::bake::plans;

/// What the last `.ci/install` brings; without it these tests say that they did not run.
pub fn tools_are_there() -> bool {
    let script = "command -v podman docker-registry curl flock && unshare --mount true";
    let output = Command::new("sh").args(["-c", script]).output().expect("sh runs");
    if !output.status.success() {
        eprintln!(
            "NOT CHECKED: podman, docker-registry, curl or the right to make a mount namespace is \
             missing; run .ci/install as root"
        );
    }
    output.status.success()
}

pub struct Builder {
    folder: TempDir,
    registry: Child,
    registry_address: SocketAddr,
    pub front: Front,
    small_disks: Vec<(String, u32)>,
}

/// How a run of the bake or of one step ended.
pub struct Ended {
    pub code: i32,
    pub output: String,
}

impl Builder {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let registry_address = free_port();
        let config = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n\
             http: {{addr: {registry_address}}}\n",
            folder.path().join("registry").display()
        );
        fs::write(folder.path().join("registry.yml"), config).expect("a new file");
        let registry = Command::new("docker-registry")
            .arg("serve")
            .arg(folder.path().join("registry.yml"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("docker-registry runs");
        let begin = Instant::now();
        while TcpStream::connect(registry_address).is_err() {
            assert!(begin.elapsed() < Duration::from_secs(20), "docker-registry did not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        let front = Front::start(registry_address);
        let builder = Self { folder, registry, registry_address, front, small_disks: Vec::new() };
        builder.write_tools();
        builder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Login server of the registry.
    pub fn server(&self) -> String {
        self.front.address.to_string()
    }

    /// Builds a small image and pushes it past the login; gives its digest.
    pub fn push_image(&self, name: &str) -> String {
        let context = self.path("context");
        fs::create_dir_all(&context).expect("a new folder");
        fs::write(context.join("Dockerfile"), "FROM scratch\nCOPY Dockerfile /\n").expect("a file");
        let reference = format!("{}/{name}", self.registry_address);
        let script = format!(
            "set -e; docker build --quiet --tag {reference} {0}; docker push --quiet --digestfile {0}/digest {reference}; \
             cat {0}/digest; echo; docker rmi --force {reference}",
            context.display()
        );
        let output = self.command("bash").args(["-c", &script]).output().expect("bash runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        let digest = text.lines().find(|line| line.starts_with("sha256:"));
        digest.expect("podman shows the digest").to_owned()
    }

    /// Puts the files of a bake on the machine.
    pub fn install(&self, plan: &BakePlan) {
        let (files, _) = plans::render(plan);
        plans::install(&files, &self.path("home"));
        for folder in ["state", "run", "system"] {
            fs::create_dir_all(self.path(folder)).expect("a new folder");
        }
    }

    /// Replaces the script of a step.
    pub fn replace_step(&self, name: &str, body: &str) {
        fs::write(self.step(name), format!("#!/usr/bin/env bash\n{body}\n")).expect("a step");
    }

    /// Keeps only these steps.
    pub fn keep_steps(&self, names: &[&str]) {
        for entry in fs::read_dir(self.path("home/steps")).expect("the steps") {
            let path = entry.expect("a step").path();
            let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
            let name = stem.split_once('-').map_or(stem, |(_, name)| name);
            if !names.contains(&name) {
                fs::remove_file(&path).expect("our own file");
            }
        }
    }

    pub fn step(&self, name: &str) -> PathBuf {
        let mut steps = fs::read_dir(self.path("home/steps")).expect("the steps").flatten();
        let found = steps.find(|entry| {
            let file = entry.file_name().to_string_lossy().into_owned();
            file.split_once('-').is_some_and(|(_, rest)| rest == format!("{name}.sh"))
        });
        found.expect("the plan has this step").path()
    }

    pub fn run_step(&self, name: &str) -> Ended {
        self.isolated(&format!("bash {}", self.step(name).display()))
    }

    pub fn bake(&self) -> Ended {
        self.isolated(&format!("bash {}", self.path("home/prebake-bake").display()))
    }

    pub fn run_script(&self, name: &str) -> Ended {
        self.isolated(&format!("bash {}", self.path(name).display()))
    }

    /// Gives one folder a disk of its own with so many KiB.
    pub fn with_small_disk(&mut self, folder: &str, kib: u32) -> &Self {
        self.small_disks.push((folder.to_owned(), kib));
        self
    }

    /// The result that a deployment would read from the console.
    pub fn result(&self) -> Value {
        let console = fs::read_to_string(self.path("console")).expect("the console was written");
        let line = console.lines().rev().find_map(|line| line.strip_prefix("PREBAKE-RESULT "));
        let (json, digest) =
            line.and_then(|line| line.rsplit_once(" sha256:")).expect("there is a result");
        assert_eq!(prebake::model::hex_digest(json.as_bytes()), digest);
        serde_json::from_str(json).expect("the result is JSON")
    }

    pub fn console(&self) -> String {
        fs::read_to_string(self.path("console")).unwrap_or_default()
    }

    /// Every file that the run left and that holds a text, as `grep` finds it.
    pub fn files_with(&self, text: &str) -> String {
        let folders = ["home", "state", "run", "root", "system"].map(|name| self.path(name));
        let folders = folders.iter().filter(|path| path.exists());
        let output = Command::new("grep")
            .args(["--recursive", "--files-with-matches", "--text", text])
            .args(folders)
            .output();
        String::from_utf8_lossy(&output.expect("grep runs").stdout).into_owned()
    }

    pub fn tool(&self, name: &str, body: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, format!("#!/usr/bin/env bash\n{body}\n")).expect("a new file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("our own file");
    }

    fn isolated(&self, command: &str) -> Ended {
        let mut disks = String::new();
        for (folder, kib) in &self.small_disks {
            let path = self.path(folder);
            let _ = writeln!(
                disks,
                "mkdir -p {0}; mount -t tmpfs -o size={kib}k none {0}",
                path.display()
            );
        }
        let script = format!(
            "{disks}for folder in /etc/apt /etc/cdi /etc/docker /etc/modprobe.d /etc/modules-load.d \
             /etc/nvidia /etc/ssh /etc/sudoers.d /etc/systemd/system /etc/udev/rules.d /etc/yum.repos.d /root /var/lib/apt/lists \
             /var/lib/containerd /var/lib/docker /var/lib/systemd /var/log; do\n\
               mkdir -p \"$folder\"; mount -t tmpfs none \"$folder\"\ndone\n\
             mkdir -p /etc/apt/apt.conf.d /etc/apt/sources.list.d\n\
             touch /etc/systemd/system/prebake-bake.service\n\
             {command}"
        );
        let output = self
            .command("unshare")
            .args(["--mount", "bash", "-c", &script])
            .output()
            .expect("unshare runs");
        let text = [output.stdout, output.stderr].concat();
        Ended {
            code: output.status.code().unwrap_or(-1),
            output: String::from_utf8_lossy(&text).into_owned(),
        }
    }

    fn command(&self, program: &str) -> Command {
        let path = std::env::var_os("PATH").expect("there is a path");
        let mut paths = vec![self.path("bin")];
        paths.extend(std::env::split_paths(&path));
        let mut command = Command::new(program);
        command
            .env("PATH", std::env::join_paths(paths).expect("paths without colons"))
            .env("HOME", self.path("root"))
            .env("PREBAKE_HOME", self.path("home"))
            .env("PREBAKE_STATE", self.path("state"))
            .env("PREBAKE_RUN", self.path("run"))
            .env("PREBAKE_CONSOLE", self.path("console"))
            .env("PREBAKE_IMDS", format!("http://{}", self.front.address))
            .env("PREBAKE_REGISTRY_SCHEME", "http")
            .env("PREBAKE_RETRY_DELAY", "0")
            .env("CONTAINERS_REGISTRIES_CONF", self.path("registries.conf"));
        command
    }

    fn write_tools(&self) {
        fs::create_dir(self.path("bin")).expect("a new folder");
        fs::create_dir(self.path("root")).expect("a new folder");
        fs::write(self.path("console"), "").expect("a new file");
        let insecure =
            |server: &str| format!("[[registry]]\nlocation = \"{server}\"\ninsecure = true\n");
        let registries = insecure(&self.server()) + &insecure(&self.registry_address.to_string());
        fs::write(self.path("registries.conf"), registries).expect("a new file");
        self.write_docker("/var/lib/docker");
        let log = format!(
            "printf '%s %s\\n' \"${{0##*/}}\" \"$*\" >> {}/tools",
            self.folder.path().display()
        );
        for tool in [
            "apt-cache",
            "apt-get",
            "apt-mark",
            "dpkg",
            "dnf",
            "rpm",
            "systemctl",
            "modprobe",
            "modinfo",
            "waagent",
            "cloud-init",
            "journalctl",
            "nvidia-ctk",
            "sync",
        ] {
            self.tool(tool, &log);
        }
        self.tool("dkms", &format!("{log}\necho 'nvidia/580: installed'"));
        self.tool("nvidia-smi", &format!("{log}\necho 'GPU 0: Tesla T4'"));
        // What it is asked about was just installed in the wanted version.
        self.tool("dpkg-query", &format!("{log}\ncase $* in *nvidia-open*) printf '580.178.04-1' ;; *) printf '1.19.1-1' ;; esac"));
        self.tool(
            "gpg",
            "printf 'fpr:::::::::%s:\\n' 9DC858229FC7DD38854AE2D88D81803C0EBFCD88 \
             C95B321B61E88C1809C4F759DDCAE044F796ECB0 EB693B3035CD5710E231E123A4B469963BF863CC",
        );
        // Downloads from the internet give an empty file; everything on loopback is real.
        self.tool(
            "curl",
            "case $* in *https://d*|*https://nvidia*) while [ \"$1\" != --output ]; do shift; done; : > \"$2\" ;;\n\
             *) exec /usr/bin/curl \"$@\" ;; esac",
        );
    }

    /// podman as `docker`, with the answers that only a Docker daemon could give.
    pub fn write_docker(&self, root: &str) {
        self.tool(
            "docker",
            &format!(
                "export REGISTRY_AUTH_FILE=\"${{DOCKER_CONFIG:-none}}/config.json\"\n\
                 [ \"$1\" = login ] || [ -e \"$REGISTRY_AUTH_FILE\" ] || unset REGISTRY_AUTH_FILE\n\
                 case \"$1 ${{*: -1}}\" in\n\
                 'info {{{{.DockerRootDir}}}}') echo {root} ;;\n\
                 'info {{{{.CgroupDriver}}}}') echo cgroupfs ;;\n\
                 'info {{{{json .Runtimes}}}}') echo '{{\"nvidia\":{{}}}}' ;;\n\
                 info*) ;;\n\
                 version*) echo 29.1.4 ;;\n\
                 run*) echo 'GPU 0: Tesla T4' ;;\n\
                 *) exec podman --root {0}/podman --runroot {0}/podman-run --storage-driver vfs \"$@\" ;;\n\
                 esac",
                self.folder.path().display()
            ),
        );
    }

    /// The calls of the stand-ins.
    pub fn tools(&self) -> String {
        fs::read_to_string(self.path("tools")).unwrap_or_default()
    }
}

impl Drop for Builder {
    fn drop(&mut self) {
        let _ = self.registry.kill();
        let _ = self.registry.wait();
    }
}

fn free_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound")
}
