//! A rendered deployment in a temporary folder, and one run of its script.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use prebake::pipeline::{self, Input};
use tempfile::TempDir;

use super::recording;

use crate::tools::tools;

/// What one run of the script did.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    #[track_caller]
    pub fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        self
    }
}

/// A render with the folder of its config, and programs that stand before those of the path.
pub struct Script {
    folder: TempDir,
    pub bake_id: String,
}

impl Script {
    pub fn of(example: &str, overrides: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let input = Input {
            path: format!("{example}.yaml"),
            bytes: fs::read(root.join(format!("examples/{example}.yaml"))).expect("an example"),
            overrides: overrides.iter().map(|text| (*text).to_owned()).collect(),
        };
        let render = pipeline::render(&input, &tools()).render.expect("the example renders");
        for (path, text) in render.artifacts.files.iter() {
            let path = folder.path().join("out").join(path);
            fs::create_dir_all(path.parent().expect("below the folder")).expect("a new folder");
            fs::write(path, text).expect("a new file");
        }
        let script = &render.artifacts.files["deploy.sh"];
        let (_, rest) = script.split_once(r#""bakeId":""#).unwrap_or_default();
        let bake_id = rest.split('"').next().unwrap_or_default().to_owned();
        let made = Self { folder, bake_id };
        for name in ["bin", "source", "calls"] {
            fs::create_dir(made.path(name)).expect("a new folder");
        }
        fs::write(made.path("source/Dockerfile.gpu.ubuntu"), "FROM scratch\n").expect("a file");
        made
    }

    /// With the answers of a recorded scenario.
    pub fn replayed(example: &str, scenario: &str) -> Self {
        let script = Self::of(example, &[]);
        recording::unpack(&recording::load(scenario), &script.path("calls"), &script.bake_id);
        script.tools(include_str!("replay.sh"));
        script
    }

    /// Puts a program before `az` and `curl`.
    pub fn tools(&self, text: &str) {
        for name in ["az", "curl"] {
            let path = self.path("bin").join(name);
            fs::write(&path, text).expect("a new file");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("our own file");
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn text(&self) -> String {
        fs::read_to_string(self.path("out/deploy.sh")).expect("the script")
    }

    /// Each call so far as one line, as `replay.sh` writes them.
    pub fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("calls/calls")).unwrap_or_default();
        text.split_terminator("\n\n").map(|call| call.replace('\n', " ")).collect()
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        self.run_in(arguments, &[])
    }

    /// Runs it in the folder of the config.
    pub fn run_in(&self, arguments: &[&str], environment: &[(&str, OsString)]) -> Run {
        let path = std::env::var_os("PATH").expect("there is a path");
        let mut paths = vec![self.path("bin")];
        paths.extend(std::env::split_paths(&path));
        // A call that was not recorded must not be waited for as long as a bake is.
        let output = Command::new("timeout")
            .args(["600", "bash"])
            .arg(self.path("out/deploy.sh"))
            .args(arguments)
            .current_dir(self.path("source"))
            .env("PATH", std::env::join_paths(paths).expect("paths without colons"))
            .env("REPLAY", self.path("calls"))
            .env("PREBAKE_SOURCE", self.path("source"))
            .env("PREBAKE_POLL_SECONDS", "0")
            .envs(environment.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null())
            .output()
            .expect("bash runs");
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
