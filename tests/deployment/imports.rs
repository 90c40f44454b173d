//! Imports of images from other registries.

use serde_json::{Value, json};

use super::run::CONFIG;
use super::{Outcome, Place};

const BUILD: &str = "build: { context: ., dockerfile: Dockerfile }";
const SOURCE: &str = "/subscriptions/99999999-2222-3333-4444-555555555555/resourceGroups/shared/providers/\
Microsoft.ContainerRegistry/registries/sharedacr";

fn place(import: &str) -> Place {
    Place::new(&CONFIG.replace(BUILD, &format!("import: {{ {import} }}")))
}

/// The bodies of the imports since the last look.
fn imports(place: &Place) -> Vec<Value> {
    let requests = place.standin.take_requests();
    let imports = requests.iter().filter(|one| one.request.path.ends_with("/importImage"));
    imports.map(|one| serde_json::from_slice(&one.request.body).expect("JSON")).collect()
}

#[test]
fn an_image_is_imported_once() {
    let place = place("from: docker.io/library/python:3.12");
    place.deploy(&["--full"]).succeeds();
    place.is_equal();
    let expected = json!({
        "source": { "sourceImage": "library/python:3.12", "registryUri": "docker.io" },
        "targetTags": ["app:1.0"],
        "mode": "NoForce",
    });
    assert_eq!(imports(&place), [expected]);
    place.deploy(&["--full"]).succeeds();
    assert_eq!(imports(&place), Vec::<Value>::new());
}

#[test]
fn an_azure_registry_is_read_with_the_identity_that_deploys() {
    let place = place(&format!(
        "from: sharedacr.azurecr.io/base/app@sha256:{}, registryId: {SOURCE}",
        "0".repeat(64)
    ));
    place.deploy(&["--full"]).succeeds();
    let source = &imports(&place)[0]["source"];
    assert_eq!(source["resourceId"], SOURCE);
    assert_eq!(source["sourceImage"], format!("base/app@sha256:{}", "0".repeat(64)));
    assert!(source["registryUri"].is_null() && source["credentials"].is_null(), "{source}");
}

#[test]
fn a_password_comes_from_the_environment_and_stands_nowhere_else() {
    let place = place(
        "from: nvcr.io/nvidia/pytorch:24.10-py3, user: $oauthtoken, loginVariable: NGC_API_KEY",
    );
    let deploy = |password: Option<&str>| {
        let mut command = place.command(&["--full"]);
        command.envs(password.map(|password| ("NGC_API_KEY", password)));
        Outcome::of(command.output().expect("the binary runs"))
    };
    deploy(None).fails(1, "`NGC_API_KEY` is not set");
    assert!(
        place.standin.take_requests().iter().all(|one| !one.is_write()),
        "it ends before the first write"
    );
    deploy(Some("wrong")).fails(1, "The source registry denied the credentials");
    place.standin.take_requests();
    let done = deploy(Some("nvapi-geheim")).succeeds();
    let credentials = &imports(&place)[0]["source"]["credentials"];
    assert_eq!(*credentials, json!({ "username": "$oauthtoken", "password": "nvapi-geheim" }));
    assert!(!done.out.contains("geheim") && !done.errors.contains("geheim"));
}
