//! Each source of tokens, and their renewal while something is waited for.

use std::time::Duration;

use super::run::CONFIG;
use super::{Outcome, Place};
use crate::azure::Standin;

fn deploy(place: &Place, environment: Vec<(&'static str, String)>, arguments: &[&str]) -> Outcome {
    let mut command = place.command_without_login(arguments);
    command.envs(environment);
    let output = command.output().expect("the binary runs");
    Outcome {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        errors: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn each_source_of_a_login_deploys() {
    let place = Place::new(CONFIG);
    deploy(&place, place.standin.github_environment(), &["--what-if"]).succeeds();
    deploy(&place, place.standin.devops_environment(), &["--what-if"]).succeeds();
    let token = place.folder.path().join("token");
    std::fs::write(&token, place.standin.assertion()).expect("a file");
    let mut environment = Standin::secret_environment();
    environment.retain(|(name, _)| *name != "AZURE_CLIENT_SECRET");
    environment.push(("AZURE_FEDERATED_TOKEN_FILE", token.display().to_string()));
    deploy(&place, environment, &["--what-if"]).succeeds();
    let machine = vec![
        ("AZURE_POD_IDENTITY_AUTHORITY_HOST", place.standin.metadata_base()),
        ("AZURE_SUBSCRIPTION_ID", crate::azure::SUBSCRIPTION.to_owned()),
    ];
    deploy(&place, machine, &["--what-if"]).succeeds();
    deploy(&place, place.standin.app_environment(), &["--what-if"]).succeeds();
}

/// `az` that prints what the real one prints: a token for each audience, or that nobody is logged in.
#[cfg(unix)]
fn cli(place: &Place, body: &str) -> Vec<(&'static str, String)> {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = place.folder.path().join("bin");
    std::fs::create_dir_all(&folder).expect("a folder");
    let program = folder.join("az");
    let calls = place.folder.path().join("calls");
    let text = format!("#!/bin/sh\necho \"$*\" >> '{}'\n{body}\n", calls.display());
    std::fs::write(&program, text).expect("a file");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&program, mode).expect("our own file");
    vec![("PATH", format!("{}:/usr/bin:/bin", folder.display()))]
}

/// The login has a subscription, so that none must be named; each audience costs one process.
#[cfg(unix)]
#[test]
fn the_login_of_the_cli_deploys() {
    let place = Place::new(CONFIG);
    let tokens = place.standin.cli_tokens();
    let cases: Vec<String> =
        tokens.iter().map(|(audience, json)| format!("*'{audience}'*) echo '{json}' ;;")).collect();
    let body = format!("case \"$*\" in\n{}\n*) exit 3 ;;\nesac", cases.join("\n"));
    deploy(&place, cli(&place, &body), &["--full", "--verify"]).succeeds();
    place.is_equal();
    let calls = std::fs::read_to_string(place.folder.path().join("calls")).expect("it was called");
    let wanted: Vec<String> = tokens
        .iter()
        .enumerate()
        .map(|(at, (audience, _))| {
            let subscription = format!(" --subscription {}", crate::azure::SUBSCRIPTION);
            let known = if at == 0 { "" } else { subscription.as_str() };
            format!("account get-access-token --output json --resource {audience}{known}")
        })
        .collect();
    assert_eq!(calls.lines().collect::<Vec<_>>(), wanted);
}

#[cfg(unix)]
#[test]
fn a_cli_without_a_login_is_told_in_its_own_words() {
    let place = Place::new(CONFIG);
    let body = "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1";
    let outcome = deploy(&place, cli(&place, body), &["--full"]);
    outcome.fails(2, "Please run 'az login' to setup account.");
    assert!(place.standin.take_requests().is_empty());
    deploy(&place, cli(&place, "echo '{}'"), &["--full"]).fails(2, "printed no token");
}

/// The token lives for less than the bake, and so does the assertion that got it.
#[test]
fn a_bake_outlives_tokens_and_assertions() {
    let place = Place::new(CONFIG);
    {
        let mut cloud = place.standin.cloud();
        cloud.knobs.token_seconds = 600;
        cloud.knobs.assertion_seconds = 300;
        cloud.knobs.console_step = Duration::from_secs(900);
    }
    deploy(&place, place.standin.github_environment(), &["--full"]).succeeds();
    place.is_equal();
}

#[test]
fn without_a_login_nothing_is_asked() {
    let place = Place::new(CONFIG);
    deploy(&place, Vec::new(), &["--full"]).fails(2, "not logged in to Azure");
    let mut wrong = Standin::secret_environment();
    wrong.retain(|(name, _)| *name != "AZURE_CLIENT_SECRET");
    wrong.push(("AZURE_CLIENT_SECRET", "wrong".to_owned()));
    let outcome = deploy(&place, wrong, &["--full"]).fails(2, "the login failed");
    assert!(
        !outcome.errors.contains("wrong~") && outcome.errors.contains("AADSTS7000215"),
        "{}",
        outcome.errors
    );
}
