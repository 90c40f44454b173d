//! The script with the real Azure CLI against the stand-in of Azure; what the CLI says is kept for the fast tests.
//!
//! `.ci/azure-cli` installs the CLI and runs this.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::recording;
use super::script::{Run, Script};
use crate::azure::{BakeEnd, CLIENT, SECRET, Standin, TENANT};

/// A login of the real CLI at a stand-in.
struct Cli {
    standin: Standin,
    bin: PathBuf,
    folder: tempfile::TempDir,
}

impl Cli {
    fn login(bin: &Path) -> Self {
        let standin = Standin::start();
        // The CLI takes no or zero seconds for thirty.
        standin.cloud().knobs.retry_after = 1;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cli = Self { standin, bin: bin.to_owned(), folder };
        let manager = format!("{}/", cli.standin.base());
        for words in [
            &["config", "set", "core.instance_discovery=false", "core.collect_telemetry=false"][..],
            // What a user has set must not change what the script reads.
            &["config", "set", "core.output=table"],
            &["cloud", "register", "--name", "standin", "--endpoint-resource-manager", &manager],
            &["cloud", "set", "--name", "standin"],
            &[
                "login",
                "--service-principal",
                "--username",
                CLIENT,
                "--password",
                SECRET,
                "--tenant",
                TENANT,
            ],
        ] {
            let output = cli.command().args(words).output().expect("az runs");
            assert!(
                output.status.success(),
                "{words:?}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        cli
    }

    fn environment(&self) -> Vec<(&'static str, OsString)> {
        let ca = self.standin.ca_file().into_os_string();
        vec![
            ("AZURE_CONFIG_DIR", self.folder.path().join("config").into_os_string()),
            ("REQUESTS_CA_BUNDLE", ca.clone()),
            ("CURL_CA_BUNDLE", ca),
        ]
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.bin.join("az"));
        command.envs(self.environment());
        command
    }

    /// Runs the script in its modes, one after the other, and keeps what was said.
    fn record(&self, scenario: &str, script: &Script, modes: &[&str]) -> Vec<Run> {
        let kept = self.folder.path().join(scenario);
        fs::create_dir(&kept).expect("a new folder");
        script.tools(include_str!("record.sh"));
        let path = std::env::var_os("PATH").expect("there is a path");
        let mut real = vec![self.bin.clone()];
        real.extend(std::env::split_paths(&path));
        let mut environment = self.environment();
        environment.push(("RECORD", kept.clone().into_os_string()));
        environment.push(("REAL_PATH", std::env::join_paths(real).expect("paths")));
        let runs = modes.iter().map(|mode| script.run_in(&[mode], &environment)).collect();
        let calls = recording::pack(&kept, &script.path("source"), &script.bake_id);
        let text = serde_json::to_string_pretty(&calls).expect("JSON");
        fs::write(recording::path(scenario), format!("{text}\n")).expect("our own file");
        assert_eq!(self.standin.cloud().unknown, Vec::<String>::new(), "the stand-in has a gap");
        runs
    }
}

/// Types of the resources that are left of the builder's stage.
fn builder_left(standin: &Standin) -> Vec<String> {
    let cloud = standin.cloud();
    let names = cloud.resources.keys().filter(|id| id.contains("builder"));
    names.cloned().collect()
}

#[test]
#[ignore = "needs the Azure CLI: .ci/azure-cli"]
fn the_real_cli_deploys_with_the_script() {
    let bin = PathBuf::from(std::env::var_os("PREBAKE_AZURE_CLI").expect("the folder of `az`"));

    let cli = Cli::login(&bin);
    let script = Script::of("gpu-preload", &[]);
    for run in cli.record("vision", &script, &["--image-only", "--batch-only", "--full"]) {
        run.ends_with(0);
    }
    let result =
        fs::read_to_string(script.path("out/bake-result.json")).expect("the result of the bake");
    assert!(result.contains(r#""status":"succeeded""#), "{result}");
    assert_eq!(builder_left(&cli.standin), Vec::<String>::new());
    let cloud = cli.standin.cloud();
    for id in ["/versions/1.0.0", "/pools/dev"] {
        assert!(cloud.resources.keys().any(|known| known.ends_with(id)), "{id}");
    }
}

#[test]
#[ignore = "needs the Azure CLI: .ci/azure-cli"]
fn the_real_cli_shows_how_a_bake_ends() {
    let bin = PathBuf::from(std::env::var_os("PREBAKE_AZURE_CLI").expect("the folder of `az`"));
    for (scenario, end) in
        [("failed", BakeEnd::Failed), ("foreign", BakeEnd::Foreign), ("halted", BakeEnd::Halted)]
    {
        let cli = Cli::login(&bin);
        cli.standin.cloud().knobs.bake = end;
        let script = Script::of("cpu", &[]);
        for run in cli.record(scenario, &script, &["--full"]) {
            run.ends_with(1);
        }
        assert_ne!(builder_left(&cli.standin), Vec::<String>::new(), "the builder stays");
    }
}
