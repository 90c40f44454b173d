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
