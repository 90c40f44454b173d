//! The stand-in itself: it keeps state, and refuses what Azure refuses.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Client, deployment};
use super::{Action, Fault, SECRET, Standin, entra};

/// The compiled files of a stage of a committed render.
fn stage(render: &str, name: &str) -> Value {
    let read = |suffix: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("out/{render}/arm/{name}{suffix}.json"));
        let text = std::fs::read_to_string(path).expect("a committed render");
        serde_json::from_str(&text).expect("JSON")
    };
    deployment(&read(""), &read(".parameters"))
}

/// Deploys a stage and gives what the deployment shows in the end.
fn deploy(client: &Client<'_>, render: &str, name: &str) -> Value {
    let path =
        format!("resourceGroups/{render}-batch/providers/Microsoft.Resources/deployments/{name}");
    let reply = client.ask("PUT", &path, &stage(render, name));
    assert!(matches!(reply.status, 200 | 201), "{reply:?}");
    assert!(reply.header("azure-asyncoperation").is_some(), "{reply:?}");
    for _ in 0..200 {
        let shown = client.get(&path).json();
        match shown["properties"]["provisioningState"].as_str() {
            Some("Succeeded" | "Failed") => return shown,
            _ => sleep(Duration::from_millis(10)),
        }
    }
    unreachable!("deployment {name} does not end")
}

fn state(shown: &Value) -> &str {
    shown["properties"]["provisioningState"].as_str().unwrap_or("")
}

fn with_group(client: &Client<'_>, name: &str) {
    let reply = client.ask(
        "PUT",
        &format!("resourceGroups/{name}"),
        &json!({ "location": "swedencentral" }),
    );
    assert_eq!(reply.status, 201, "{reply:?}");
}

#[test]
fn a_token_is_good_for_its_audience_and_its_time() {
    let standin = Standin::start();
    let mut client = Client::stranger(&standin);
    assert_eq!(client.get("/subscriptions").status, 401);
    client.token = client.login(&[("client_secret", "wrong")], entra::MANAGEMENT);
    assert_eq!(client.token, "");
    client.token = client.login(&[("client_secret", SECRET)], entra::BATCH);
    assert_eq!(client.get("/subscriptions").code(), "InvalidAuthenticationTokenAudience");
    client.token = client.login(&[("client_secret", SECRET)], entra::MANAGEMENT);
    assert_eq!(client.get("/subscriptions").status, 200);
    standin.cloud().clock.advance(Duration::from_secs(3_600));
    assert_eq!(client.get("/subscriptions").code(), "ExpiredAuthenticationToken");
}

#[test]
fn an_assertion_is_good_for_five_minutes() {
    let standin = Standin::start();
    let client = Client::stranger(&standin);
    let assertion = standin.assertion();
    let kind = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    let credential = [("client_assertion", assertion.as_str()), kind];
    assert_ne!(client.login(&credential, entra::MANAGEMENT), "");
    standin.cloud().clock.advance(Duration::from_secs(300));
    let reply = client.token_reply(&credential, entra::MANAGEMENT);
    assert_eq!(reply.json()["error_codes"][0], 700_024, "{reply:?}");
}

#[test]
fn the_stages_of_a_render_deploy_in_their_order_only() {
    let standin = Standin::start();
    let client = Client::new(&standin);
    with_group(&client, "vision-batch");
    let early = deploy(&client, "vision", "batch");
    assert_eq!(
        early["properties"]["error"]["details"][0]["code"], "InvalidResourceReference",
        "{early:#}"
    );
    for name in ["registry", "builder"] {
        let shown = deploy(&client, "vision", name);
        assert_eq!(state(&shown), "Succeeded", "{shown:#}");
    }
    let early = deploy(&client, "vision", "image");
    let inner = &early["properties"]["error"]["details"][0]["details"][0];
    assert_eq!(inner["code"], "InvalidParameter", "the builder is not generalized: {early:#}");
    let vm =
        "resourceGroups/vision-batch/providers/Microsoft.Compute/virtualMachines/vision-builder";
    assert_eq!(client.ask("POST", &format!("{vm}/generalize"), &Value::Null).status, 409);
    assert_eq!(client.ask("POST", &format!("{vm}/deallocate"), &Value::Null).status, 202);
    sleep(Duration::from_millis(20));
    assert_eq!(client.ask("POST", &format!("{vm}/generalize"), &Value::Null).status, 200);
    for name in ["image", "batch"] {
        let shown = deploy(&client, "vision", name);
        assert_eq!(state(&shown), "Succeeded", "{shown:#}");
    }
    assert_eq!(standin.cloud().unknown, Vec::<String>::new());
}

#[test]
fn what_is_in_use_is_not_deleted() {
    let standin = Standin::start();
    let client = Client::new(&standin);
    with_group(&client, "vision-batch");
    for name in ["registry", "builder"] {
        deploy(&client, "vision", name);
    }
    let network = "resourceGroups/vision-batch/providers/Microsoft.Network";
    let delete = |path: &str| client.ask("DELETE", path, &Value::Null);
    assert_eq!(
        delete(&format!("{network}/virtualNetworks/vision-builder-vnet")).code(),
        "InUseSubnetCannotBeDeleted"
    );
    assert_eq!(
        delete(&format!("{network}/networkInterfaces/vision-builder-nic")).code(),
        "NicInUse"
    );
    let vm =
        "resourceGroups/vision-batch/providers/Microsoft.Compute/virtualMachines/vision-builder";
    assert_eq!(delete(vm).status, 202);
    sleep(Duration::from_millis(20));
    assert_eq!(client.get(vm).status, 404);
    // Its network interface and disk go with it, so that the network can go too.
    assert_eq!(client.get(&format!("{network}/networkInterfaces/vision-builder-nic")).status, 404);
    assert_eq!(delete(&format!("{network}/virtualNetworks/vision-builder-vnet")).status, 202);
}

#[test]
fn a_fault_strikes_where_it_should() {
    let standin = Standin::start();
    let client = Client::new(&standin);
    standin.add_fault(
        Fault::new(Action::DropAnswer).method("PUT").path("resourcegroups/late$").times(1),
    );
    let put =
        || client.ask("PUT", "resourceGroups/late", &json!({ "location": "swedencentral" })).status;
    assert_eq!(put(), 0, "the connection breaks");
    assert_eq!(put(), 200, "and yet the group is there");
    standin.add_fault(
        Fault::new(Action::Answer(super::refusal(429, "TooManyRequests", "slow down"))).after(1),
    );
    assert_eq!(client.get("resourceGroups/late").status, 200);
    assert_eq!(client.get("resourceGroups/late").status, 429);
    let requests = standin.take_requests();
    assert_eq!(requests.iter().filter(|request| request.is_write()).count(), 2);
}
