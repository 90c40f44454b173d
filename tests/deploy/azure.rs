//! A rendered deployment in a temporary folder, and the stand-in for Azure behind it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use prebake::catalog::Date;
use prebake::diagnostic::{Diagnostics, Sources};
use prebake::model::hex_digest;
use prebake::pipeline::{self, Input, Tools};
use prebake::render::Templates;
use tempfile::TempDir;

/// What one run of the script did.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    /// The calls of `az`, in order.
    pub calls: Vec<String>,
}

impl Run {
    /// The calls that change something in Azure.
    pub fn changes(&self) -> Vec<&str> {
        self.calls.iter().map(String::as_str).filter(|call| is_change(call)).collect()
    }

    pub fn has(&self, prefix: &str) -> bool {
        self.calls.iter().any(|call| call.starts_with(prefix))
    }

    #[track_caller]
    pub fn good(self) -> Self {
        assert_eq!(self.code, 0, "{}\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub fn failed_with(self, words: &str) -> Self {
        assert_eq!(self.code, 1, "{}\n{}", self.stdout, self.stderr);
        assert!(self.stderr.contains(words), "no `{words}` in:\n{}", self.stderr);
        self
    }
}

pub fn is_change(call: &str) -> bool {
    const CHANGES: [&str; 16] = [
        "group create",
        "deployment group create",
        "acr build",
        "acr task run",
        "vm deallocate",
        "vm generalize",
        "vm delete",
        "resource delete",
        "provider register",
        "batch job create",
        "batch job delete",
        "batch task create",
        "sig image-version delete",
        "image builder run",
        "image builder delete",
        "account set",
    ];
    CHANGES.iter().any(|change| call.starts_with(change))
}

/// One rendered deployment and its Azure.
pub struct Azure {
    folder: TempDir,
    pub bake_id: String,
}

impl Azure {
    /// The deployment of an example, with nothing in Azure and a bake that will succeed.
    pub fn with(example: &str, overrides: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let input = Input {
            path: format!("{example}.yaml"),
            bytes: fs::read(root.join(format!("examples/{example}.yaml"))).expect("an example"),
            overrides: overrides.iter().map(|text| (*text).to_owned()).collect(),
        };
        let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
        let templates = Templates::new(BTreeMap::default(), &mut sources, &mut diagnostics);
        let tools = Tools {
            schemas: prebake::schema::ResourceSchemas::embedded(),
            output: "out".to_owned(),
            templates: templates.expect("the templates parse"),
            as_of: Date::parse("2026-11-23").expect("a date"),
        };
        let outcome = pipeline::render(&input, &tools);
        let render = outcome.render.expect("the example renders");
        for (path, text) in &render.artifacts.files {
            let path = folder.path().join("out").join(path);
            fs::create_dir_all(path.parent().expect("below the folder")).expect("a new folder");
            fs::write(path, text).expect("a new file");
        }
        let script = &render.artifacts.files["deploy.sh"];
        let bake_id = script.lines().find_map(|line| line.strip_prefix("readonly BAKE_ID="));
        let azure = Self { folder, bake_id: bake_id.unwrap_or_default().to_owned() };
        for name in ["bin", "azure", "source"] {
            fs::create_dir(azure.path(name)).expect("a new folder");
        }
        azure.tool("az", &fs::read_to_string(root.join("tests/deploy/az")).expect("the stand-in"));
        fs::write(azure.path("source/Dockerfile.gpu.ubuntu"), "FROM scratch\n").expect("a file");
        azure.bake_succeeds();
        azure
    }

    pub fn vision() -> Self {
        Self::with("gpu-preload", &[])
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a program before all others on the path.
    pub fn tool(&self, name: &str, text: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, text).expect("a new file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("our own file");
    }

    /// Writes a file of the state behind the stand-in.
    pub fn set(&self, name: &str, text: &str) {
        fs::write(self.path("azure").join(name), text).expect("a file of the state");
    }

    pub fn get(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path("azure").join(name)).ok()
    }

    pub fn result_line(&self, status: &str, failed_step: &str) -> String {
        let json = format!(
            r#"{{"schema":1,"name":"vision","bakeId":"{}","status":"{status}","failedStep":"{failed_step}","exitCode":1,"steps":[{{"name":"docker","status":"succeeded","seconds":4}}],"versions":{{}},"images":[],"log":""}}"#,
            self.bake_id
        );
        let digest = hex_digest(json.as_bytes());
        format!("PREBAKE-RESULT {json} sha256:{digest}\r\n")
    }

    /// The console as a good bake leaves it, in two looks.
    pub fn bake_succeeds(&self) {
        let begin = "[    0.1] Linux version\r\nPREBAKE-STEP prepare started 0\r\n";
        let rest = "PREBAKE-STEP prepare done 31\r\nPREBAKE-STEP docker started 0\r\n\
                    PREBAKE-STEP docker done 64\r\n";
        self.set("console.1", begin);
        self.set("console.2", &format!("{begin}{rest}{}", self.result_line("succeeded", "")));
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        let _ = fs::remove_file(self.path("azure/calls"));
        let path = std::env::var_os("PATH").expect("there is a path");
        let mut paths = vec![self.path("bin")];
        paths.extend(std::env::split_paths(&path));
        let output = Command::new("bash")
            .arg(self.path("out/deploy.sh"))
            .args(arguments)
            .current_dir(self.path("source"))
            .env("PATH", std::env::join_paths(paths).expect("paths without colons"))
            .env("AZURE", self.path("azure"))
            .env("PREBAKE_POLL_SECONDS", "0")
            .output()
            .expect("bash runs");
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            calls: self.get("calls").unwrap_or_default().lines().map(str::to_owned).collect(),
        }
    }
}
