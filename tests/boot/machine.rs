//! A machine that boots: systemd, cloud-init, Azure's agent and Docker in `systemd-nspawn`, on a disk of its
//! own whose power can be cut.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Where `.ci/install` puts the disk and the archives.
pub const ARCHIVES: &str = "/opt/prebake-ci/boot";

/// The user is the one that the disk's cloud-init makes.
const PROVISIONING: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1" xmlns:wa="http://schemas.microsoft.com/windowsazure">
  <wa:ProvisioningSection>
    <wa:Version>1.0</wa:Version>
    <LinuxProvisioningConfigurationSet xmlns="http://schemas.microsoft.com/windowsazure">
      <ConfigurationSetType>LinuxProvisioningConfiguration</ConfigurationSetType>
      <HostName>builder</HostName>
      <UserName>prebake</UserName>
      <DisableSshPasswordAuthentication>true</DisableSshPasswordAuthentication>
    </LinuxProvisioningConfigurationSet>
  </wa:ProvisioningSection>
</Environment>
"#;

/// How long a boot may take before it counts as one that never ends.
const PATIENCE: Duration = Duration::from_secs(400);

/// What a machine that does not end is doing: the logs of the steps, what systemd waits for, every process.
const AT_WORK: &str = "tail -n 15 /run/prebake/log/*; systemctl --no-pager list-jobs; \
    systemctl --no-pager --failed; ps -eo pid,etime,stat,wchan:20,args --forest; \
    journalctl --no-pager --lines 40 --unit docker --unit containerd";

/// How a boot ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The machine powered off by itself.
    Off,
    /// The machine asked for a restart.
    Restart,
    /// A failed result was published, and the machine stayed on.
    Failed,
    /// Nothing of this within [`PATIENCE`].
    Never,
}

pub struct Machine {
    folder: TempDir,
    world: Child,
    /// The surroundings live as long as this is open.
    open: Option<ChildStdin>,
    pid: u32,
    group: PathBuf,
    running: Option<Child>,
    console: Arc<Console>,
    seed: Seed,
}

/// What cloud-init finds, as Azure's provisioning would give it.
#[derive(Debug, Clone)]
pub struct Seed {
    /// Identifies the machine: a new one makes cloud-init start anew.
    pub instance: String,
    /// The custom data.
    pub user_data: String,
}

#[derive(Default)]
struct Console {
    text: Mutex<String>,
    grew: Condvar,
}

impl Machine {
    /// A machine that was never on.
    pub fn new(seed: Seed) -> Self {
        Self::with_disk(Path::new(&format!("{ARCHIVES}/base.raw")), seed)
    }

    /// A machine with a copy of a disk.
    pub fn with_disk(base: &Path, seed: Seed) -> Self {
        let folder = tempfile::Builder::new().prefix("boot").tempdir().expect("a temporary folder");
        let disk = folder.path().join("disk.raw");
        let copied = Command::new("cp").arg("--sparse=always").arg(base).arg(&disk).status();
        assert!(copied.is_ok_and(|status| status.success()), "the disk can be copied");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/boot/world.sh");
        let mut world = Command::new("unshare")
            .args(["--mount", "--net", "bash"])
            .arg(script)
            .arg(ARCHIVES)
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare runs");
        let open = world.stdin.take();
        let mut line = String::new();
        let mut answers = BufReader::new(world.stdout.take().expect("it is piped"));
        answers.read_line(&mut line).expect("the world answers");
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words.first(), Some(&"ready"), "the surroundings did not begin: {line}");
        let (pid, group) = (words[1].parse().expect("a process"), PathBuf::from(words[2]));
        let console = Arc::default();
        Self { folder, world, open, pid, group, running: None, console, seed }
    }

    /// Switches it on. The custom data is there at every boot, as it is on a machine of Azure's.
    pub fn switch_on(&mut self) {
        let seed = self.path("/var/lib/cloud/seed/nocloud");
        fs::create_dir_all(&seed).expect("the disk is there");
        let meta = format!("instance-id: {0}\nlocal-hostname: {0}\n", self.seed.instance);
        fs::write(seed.join("meta-data"), meta).expect("the disk is there");
        fs::write(seed.join("user-data"), &self.seed.user_data).expect("the disk is there");
        // What cloud-init's Azure datasource keeps of the provisioning disk, and Azure's agent reads.
        self.write("/var/lib/waagent/ovf-env.xml", PROVISIONING, 0o600);
        self.console.text.lock().expect("no reader panicked").push_str("##### switched on\n");
        let group = self.group.display();
        let root = self.folder.path().join("root");
        let script = format!(
            "mkdir -p {group}/machine; echo $$ > {group}/machine/cgroup.procs; \
             exec systemd-nspawn --quiet --boot --directory={} --machine=boot-test-{} --register=no --keep-unit \
             --resolv-conf=off --link-journal=no --console=read-only --capability=all \
             --network-namespace-path=/proc/{}/ns/net --system-call-filter='@keyring bpf' < /dev/null 2>&1",
            root.display(),
            self.pid,
            self.pid,
        );
        let mut running = self
            .outside(&script)
            .env("SYSTEMD_NSPAWN_API_VFS_WRITABLE", "network")
            .stdout(Stdio::piped())
            .spawn()
            .expect("nsenter runs");
        let output = running.stdout.take().expect("it is piped");
        let console = Arc::clone(&self.console);
        std::thread::spawn(move || console.follow(output));
        self.running = Some(running);
    }

    /// Switches it on until it is off for good, or published a failed result, or never ends.
    pub fn bake(&mut self) -> End {
        self.switch_on();
        self.go_on()
    }

    /// Lets a machine that is on go on to its end, through all restarts that it asks for.
    pub fn go_on(&mut self) -> End {
        for _ in 0..5 {
            match self.end_of_boot() {
                End::Restart => self.switch_on(),
                end => return end,
            }
        }
        End::Never
    }

    /// Waits for the end of this boot.
    pub fn end_of_boot(&mut self) -> End {
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            let running = self.running.as_mut().expect("it was switched on");
            if let Some(status) = running.try_wait().expect("our own child") {
                self.running = None;
                self.sweep();
                return if status.code() == Some(133) { End::Restart } else { End::Off };
            }
            if self.this_boot().contains("\"status\":\"failed\"") {
                return End::Failed;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        End::Never
    }

    /// Waits until the console of this boot shows a text.
    pub fn wait_for(&self, text: &str) {
        let begin = Instant::now();
        let mut console = self.console.text.lock().expect("no reader panicked");
        while !last_boot(&console).contains(text) {
            assert!(begin.elapsed() < PATIENCE, "the console never showed {text:?}:\n{console}");
            let wait = Duration::from_millis(200);
            console = self.console.grew.wait_timeout(console, wait).expect("no reader panicked").0;
        }
    }

    /// Cuts the power: everything that runs ends at once, and what was not yet on the disk is lost.
    pub fn cut_power(&mut self) {
        let group = self.group.join("machine");
        let root = self.folder.path().join("root");
        let shutdown = "import fcntl, os, struct, sys\n\
                        EXT4_IOC_SHUTDOWN, NO_LOG_FLUSH = 0x8004587D, 2\n\
                        fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), EXT4_IOC_SHUTDOWN, struct.pack('I', NO_LOG_FLUSH))";
        let script = format!(
            "echo 1 > {group}/cgroup.kill; python3 -c \"{shutdown}\" {root}",
            group = group.display(),
            root = root.display()
        );
        self.must(&script);
        if let Some(mut running) = self.running.take() {
            running.wait().expect("our own child");
        }
        self.sweep();
        let disk = self.folder.path().join("disk.raw");
        // What the kernel still holds of the dead machine lets go within moments.
        self.must(&format!(
            "for _ in $(seq 100); do umount {root} 2> /dev/null && break; sleep 0.1; done; \
             mount -o loop {disk} {root}",
            root = root.display(),
            disk = disk.display()
        ));
    }

    /// Asks the machine to power off, as Azure does before it stops a VM.
    pub fn stop(&mut self) -> End {
        let leader = self.leader();
        self.must(&format!("kill -s RTMIN+4 {leader}"));
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            let running = self.running.as_mut().expect("it was switched on");
            if running.try_wait().expect("our own child").is_some() {
                self.running = None;
                self.sweep();
                return End::Off;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        End::Never
    }

    /// Runs a script on the machine while it is on.
    pub fn run(&self, script: &str) -> String {
        let leader = self.leader();
        let output = Command::new("nsenter")
            .args(["--target", &leader.to_string(), "--all", "--", "bash", "-c", script])
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .output()
            .expect("nsenter runs");
        let text = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Runs a script beside the machine, in its network.
    pub fn must(&self, script: &str) -> String {
        let output = self.outside(script).output().expect("nsenter runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}: {errors}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The kernel's view of the control group that the machine's processes are in.
    pub fn group(&self) -> PathBuf {
        self.group.join("machine")
    }

    /// The process of the machine's init.
    fn leader(&self) -> u32 {
        let nspawn = self.running.as_ref().expect("it was switched on").id();
        let begin = Instant::now();
        loop {
            let children = format!("/proc/{nspawn}/task/{nspawn}/children");
            let text = fs::read_to_string(children).unwrap_or_default();
            if let Some(leader) = text.split_whitespace().find_map(|pid| pid.parse().ok()) {
                return leader;
            }
            assert!(begin.elapsed() < Duration::from_secs(20), "the machine has no init");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A command in the machine's surroundings.
    fn outside(&self, script: &str) -> Command {
        let mut command = Command::new("nsenter");
        let pid = self.pid.to_string();
        command.args(["--target", &pid, "--mount", "--net", "--", "bash", "-c", script]);
        command
    }

    /// Control groups of processes that are gone, as a machine that is switched on has none.
    fn sweep(&self) {
        let group = self.group.join("machine");
        let _ = self
            .outside(&format!("find {} -depth -type d -exec rmdir {{}} +", group.display()))
            .stderr(Stdio::null())
            .status();
    }

    /// A file of the machine.
    pub fn path(&self, path: &str) -> PathBuf {
        let root = self.folder.path().join("root");
        PathBuf::from(format!("/proc/{}/root{}{path}", self.pid, root.display()))
    }

    /// Changes the machine before it is switched on.
    pub fn write(&self, path: &str, content: &str, mode: u32) {
        let file = self.path(path);
        fs::create_dir_all(file.parent().expect("a file has a folder")).expect("a new folder");
        fs::write(&file, content).expect("a new file");
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("our own file");
    }

    /// The text of a file of the machine, empty if there is none.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_default()
    }

    /// Names in a folder of the machine.
    pub fn list(&self, path: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(path)).into_iter().flatten().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// Makes it another machine with the same disk: a node that boots from the image.
    pub fn becomes(&mut self, instance: &str) {
        instance.clone_into(&mut self.seed.instance);
        "#cloud-config\n{}\n".clone_into(&mut self.seed.user_data);
    }

    /// What the console showed since the machine was last switched on.
    pub fn this_boot(&self) -> String {
        last_boot(&self.console.text.lock().expect("no reader panicked")).to_owned()
    }

    /// What the console showed in all boots.
    pub fn console(&self) -> String {
        self.console.text.lock().expect("no reader panicked").clone()
    }

    /// The results on the console, the whole ones, in their order.
    pub fn results(&self) -> Vec<Value> {
        let console = self.console();
        let lines =
            console.lines().filter_map(|line| line.trim_end().strip_prefix("PREBAKE-RESULT "));
        lines
            .filter_map(|line| line.rsplit_once(" sha256:"))
            .filter(|(json, digest)| prebake::model::hex_digest(json.as_bytes()) == *digest)
            .map(|(json, _)| serde_json::from_str(json).expect("the result is JSON"))
            .collect()
    }

    /// The markers of the bake, for messages.
    pub fn story(&self) -> String {
        let mut story = String::new();
        for line in self.console().lines() {
            let line = line.trim_end();
            if line.starts_with("PREBAKE-") || line.starts_with("#####") || line.contains("FAILED")
            {
                let _ = writeln!(story, "{}", line.chars().take(300).collect::<String>());
            }
        }
        story
    }

    /// The requests that reached the stand-in of Azure.
    pub fn requests(&self) -> String {
        fs::read_to_string(self.folder.path().join("requests")).unwrap_or_default()
    }

    /// Which of some texts are anywhere on the disk, in free blocks too.
    pub fn disk_holds(&self, texts: &[&str]) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/boot/search.py");
        let disk = self.folder.path().join("disk.raw");
        let texts = texts.join(" ");
        let search = format!("sync; python3 {} {} {texts}", script.display(), disk.display());
        self.must(&search).trim().to_owned()
    }
}

impl Console {
    fn follow(&self, mut output: impl Read) {
        let mut bytes = [0; 4096];
        while let Ok(read @ 1..) = output.read(&mut bytes) {
            let text = String::from_utf8_lossy(&bytes[..read]);
            self.text.lock().expect("no reader panicked").push_str(&text);
            self.grew.notify_all();
        }
    }
}

fn last_boot(console: &str) -> &str {
    console.rsplit("##### switched on\n").next().unwrap_or(console)
}

impl Drop for Machine {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.story());
            if self.running.is_some() {
                eprintln!("{}", self.run(AT_WORK));
            }
        }
        if let Some(mut running) = self.running.take() {
            let group = self.group.join("machine");
            let _ = self.outside(&format!("echo 1 > {}/cgroup.kill", group.display())).status();
            let _ = running.wait();
        }
        self.sweep();
        drop(self.open.take());
        let _ = self.world.wait();
    }
}
