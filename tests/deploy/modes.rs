//! What each mode does, and what stops it before it does harm.

use std::fs;

use crate::deploy::azure::Azure;

/// The first words of the calls, enough to tell them apart.
fn short(calls: &[&str]) -> Vec<String> {
    calls
        .iter()
        .map(|call| {
            let words: Vec<&str> = call.split(' ').collect();
            let value = |option: &str| {
                words.iter().position(|word| *word == option).and_then(|at| words.get(at + 1))
            };
            let head: Vec<&str> =
                words.iter().take_while(|word| !word.starts_with("--")).copied().collect();
            let name = value("--name").or(value("--image")).or(value("--pool-id")).unwrap_or(&"");
            let name = name.rsplit_once('-').filter(|_| name.starts_with("prebake-"));
            format!("{} {}", head.join(" "), name.map_or("", |(stage, _)| stage)).trim().to_owned()
        })
        .collect()
}

#[test]
fn full_runs_the_stages_in_order() {
    let azure = Azure::vision();
    let run = azure.run(&["--full"]).good();
    let expected = [
        "group create",
        "deployment group create prebake-registry",
        "acr build",
        "deployment group create prebake-builder",
        "vm deallocate",
        "vm generalize",
        "deployment group create prebake-image",
        "vm delete",
        "resource delete",
        "resource delete",
        "resource delete",
        "resource delete",
        "deployment group create prebake-batch",
    ];
    assert_eq!(short(&run.changes()), expected);
    assert!(run.stdout.contains("prepare done after 31s"), "{}", run.stdout);
    assert_eq!(azure.get("resources").as_deref(), Some(""), "the builder is gone");
    let result = fs::read_to_string(azure.path("out/bake-result.json")).expect("a result");
    assert!(result.contains(r#""status":"succeeded""#), "{result}");
}

#[test]
fn a_second_run_changes_nothing() {
    let azure = Azure::vision();
    azure.run(&["--full"]).good();
    let run = azure.run(&["--full"]).good();
    assert_eq!(run.changes(), Vec::<&str>::new());
}

#[test]
fn image_only_and_batch_only_make_the_whole() {
    let azure = Azure::vision();
    azure.run(&["--batch-only"]).failed_with("run: deploy.sh --image-only");
    let run = azure.run(&["--image-only"]).good();
    assert!(
        !run.has("batch")
            && !run
                .has("deployment group create --resource-group vision-batch --name prebake-batch")
    );
    let run = azure.run(&["--batch-only"]).good();
    assert_eq!(short(&run.changes()), ["deployment group create prebake-batch"]);
}

#[test]
fn arm_deploys_the_compiled_stages() {
    let azure = Azure::vision();
    let run = azure.run(&["--full", "--arm"]).good();
    assert!(!run.has("bicep"), "no Bicep CLI is needed");
    for call in run.calls.iter().filter(|call| call.starts_with("deployment group create")) {
        assert!(call.contains("--template-file ") && call.contains("/arm/"), "{call}");
        assert!(call.contains("--parameters @"), "{call}");
    }
}

#[test]
fn bicep_parameters_are_deployed_otherwise() {
    let run = Azure::vision().run(&["--full"]).good();
    for call in run.calls.iter().filter(|call| call.starts_with("deployment group create")) {
        assert!(call.contains(".bicepparam") && !call.contains("--template-file"), "{call}");
    }
}

#[test]
fn what_if_changes_nothing() {
    let azure = Azure::vision();
    let run = azure.run(&["--what-if"]).good();
    assert!(run.stdout.contains("resource group vision-batch is not there"), "{}", run.stdout);
    azure.set("group", "");
    let run = azure.run(&["--what-if"]).good();
    assert_eq!(run.changes(), Vec::<&str>::new());
    let compared = run.calls.iter().filter(|call| call.starts_with("deployment group what-if"));
    assert_eq!(compared.count(), 4);
}

#[test]
fn a_remote_context_is_built_by_its_task() {
    let azure = Azure::with("almalinux-gpu", &[]);
    azure.set("task-image", "render_blender:4.2.3");
    azure.set("batch-skus", "Standard_NC4as_T4_v3\n");
    azure.set("group", "");
    azure.set("version", "Succeeded\n");
    let run = azure.run(&["--image-only"]).good();
    assert!(run.has("acr task run --registry"), "{:?}", run.calls);
    assert!(!run.has("acr build"), "{:?}", run.calls);
}

#[test]
fn existing_images_are_not_built_again() {
    let azure = Azure::vision();
    fs::create_dir(azure.path("azure/images")).expect("a new folder");
    azure.set("images/batch-gpu-pytorch:2.4.1", "");
    let run = azure.run(&["--image-only"]).good();
    assert!(!run.has("acr build"));
}

#[test]
fn a_missing_dockerfile_says_where_to_look() {
    let azure = Azure::vision();
    fs::remove_file(azure.path("source/Dockerfile.gpu.ubuntu")).expect("our own file");
    let run = azure.run(&["--full"]).failed_with("--source DIR");
    assert!(!run.has("acr build"));
    let elsewhere = azure.path("elsewhere");
    fs::create_dir(&elsewhere).expect("a new folder");
    fs::write(elsewhere.join("Dockerfile.gpu.ubuntu"), "FROM scratch\n").expect("a new file");
    azure.run(&["--full", "--source", elsewhere.to_str().expect("text")]).good();
}

#[test]
fn verify_shows_what_the_container_says() {
    let azure = Azure::vision();
    azure.run(&["--full"]).good();
    let run = azure.run(&["--verify"]).good();
    assert!(run.stdout.contains("GPU 0: Tesla T4"), "{}", run.stdout);
    assert_eq!(azure.get("jobs").as_deref(), Some(""), "the job is gone");
    let task = azure.get("task.json").expect("the task was created");
    let task: serde_json::Value = serde_json::from_str(&task).expect("the task is JSON");
    let image = task["containerSettings"]["imageName"].as_str().expect("an image");
    assert!(image.ends_with("/batch-gpu-pytorch:2.4.1"), "{image}");
    assert!(!task.to_string().contains("--gpus"), "Batch adds the GPUs itself");
    assert!(task["commandLine"].as_str().expect("a command").contains("nvidia-smi"));
}

#[test]
fn a_failed_verification_keeps_its_job() {
    let azure = Azure::vision();
    azure.set("task-code", "9\n");
    azure.run(&["--full", "--verify"]).failed_with("pool dev failed its verification");
    assert!(azure.get("jobs").is_some_and(|jobs| jobs.starts_with("prebake-verify-")));
    azure.run(&["--clean-up"]).good();
    assert_eq!(azure.get("jobs").as_deref(), Some(""));
    azure.run(&["--verify", "--pool", "prod"]).failed_with("there is no pool prod");
}

#[test]
fn clean_up_removes_the_builder_and_nothing_else() {
    let azure = Azure::vision();
    azure.run(&["--clean-up"]).good();
    azure.set("fail", "vm deallocate");
    azure.run(&["--image-only"]).failed_with("the stand-in fails here");
    let _ = fs::remove_file(azure.path("azure/fail"));
    azure.set(
        "resources",
        &(azure.get("resources").expect("a builder")
            + "Microsoft.Compute/galleries\tvision_gallery\n"),
    );
    azure.run(&["--clean-up"]).good();
    assert_eq!(
        azure.get("resources").as_deref(),
        Some("Microsoft.Compute/galleries\tvision_gallery\n")
    );
}

#[test]
fn wrong_usage_is_told_from_failure() {
    let azure = Azure::vision();
    for arguments in [
        &[][..],
        &["--everything"],
        &["--full", "--image-only"],
        &["--source"],
        &["--what-if", "--verify"],
    ] {
        let run = azure.run(arguments);
        assert_eq!(run.code, 2, "{arguments:?}");
        assert!(run.stderr.contains("deploy.sh --help"), "{arguments:?}: {}", run.stderr);
        assert_eq!(run.calls, Vec::<String>::new(), "{arguments:?}");
    }
    let run = azure.run(&["--help"]).good();
    for mode in ["--image-only", "--batch-only", "--full", "--what-if", "--verify", "--clean-up"] {
        assert!(run.stdout.contains(mode), "{mode}");
    }
}

#[test]
fn prerequisites_are_checked_before_anything_changes() {
    let cases = [
        ("provider", "NotRegistered\n", "az provider register --namespace Microsoft.Batch --wait"),
        ("batch-skus", "", "Azure Batch does not offer size Standard_NC4as_T4_v3"),
    ];
    for (file, text, message) in cases {
        let azure = Azure::vision();
        azure.set(file, text);
        let run = azure.run(&["--full"]).failed_with(message);
        assert_eq!(run.changes(), Vec::<&str>::new(), "{file}");
    }
    let azure = Azure::vision();
    azure.set("fail", "account show");
    azure.run(&["--full"]).failed_with("run: az login");
    azure.set("fail", "bicep version");
    azure.run(&["--full"]).failed_with("--arm");
}

#[test]
fn the_builder_needs_its_size_and_quota() {
    let cases = [
        ("skus", "", "not offered in swedencentral"),
        ("skus", "Standard_NC4as_T4_v3\tNotAvailableForSubscription\n", "is restricted"),
        ("usage", "cores\t0\t100\nstandardNCASv3_T4Family\t62\t64\n", "2 free cores of family"),
        (
            "usage",
            "cores\t98\t100\nStandard NCASv3_T4 Family\t0\t64\n",
            "2 free cores of family cores",
        ),
    ];
    for (file, text, message) in cases {
        let azure = Azure::vision();
        azure.set(file, text);
        let run = azure.run(&["--full"]).failed_with(message);
        assert!(
            !run.has(
                "deployment group create --resource-group vision-batch --name prebake-builder"
            ),
            "{message}"
        );
    }
}

#[test]
fn a_managed_pool_counts_against_the_accounts_own_quota() {
    let azure = Azure::vision();
    azure.set("account", "");
    azure.set("batch-quota", "Standard NCASv3_T4 Family\t0\t0\n");
    let run = azure.run(&["--full"]).good();
    assert!(run.stdout.contains("warning: the pools ask for 4 cores"), "{}", run.stdout);
    assert!(run.stdout.contains("Batch account vision"), "{}", run.stdout);
}

#[test]
fn pools_on_an_existing_image_need_no_bake() {
    let azure = Azure::with("batch-only", &[]);
    azure.run(&["--image-only"]).code.eq(&2).then_some(()).expect("there is no image to bake");
    let run = azure.run(&["--full"]).good();
    assert_eq!(short(&run.changes()), ["group create", "deployment group create prebake-batch"]);
}

#[test]
fn image_builder_bakes_without_a_builder() {
    let azure = Azure::with("gpu-preload", &["bake=image-builder"]);
    azure.set("image-builder", "Failed - step docker ended with exit code 1\n");
    let run = azure.run(&["--image-only"]).failed_with("step docker ended with exit code 1");
    assert!(!run.has("vm "), "{:?}", run.calls);
    assert!(run.stdout.contains("Running Building"), "{}", run.stdout);
    let run = azure.run(&["--full"]).good();
    let expected = ["image builder run", "deployment group create prebake-batch"];
    assert_eq!(short(&run.changes()), expected);
    assert_eq!(azure.run(&["--full"]).good().changes(), Vec::<&str>::new());
    let run = azure.run(&["--clean-up"]).good();
    assert_eq!(short(&run.changes()).first().map(String::as_str), Some("image builder delete"));
}
