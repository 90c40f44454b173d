//! The steps run for real, against a registry that wants the identity's token.

use std::fs;

use prebake::config::fields::BakeStep;
use prebake::model::bake::{BakeInput, BakePlan, plan};

use crate::bake::builder::{Builder, tools_are_there};
use crate::bake::front::{ACCESS_TOKEN, REFRESH_TOKEN};
use crate::bake::plans;

const UNAUTHORIZED: &str =
    "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const TOO_MANY: &str = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\
                        Connection: close\r\n\r\n";
const DENIED: &str = "HTTP/1.1 401 Unauthorized\r\nWww-Authenticate: Basic realm=\"registry\"\r\n\
                      Content-Type: application/json\r\nContent-Length: 56\r\nConnection: close\r\n\r\n\
                      {\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"denied\"}]} ";

/// A plan whose images are in the builder's registry.
fn plan_for(builder: &Builder, images: &[(&str, &str)], steps: &[BakeStep]) -> BakePlan {
    let image = |(name, digest): &(&str, &str)| {
        plans::image(&format!("{}/{name}", builder.server()), digest)
    };
    let input = BakeInput {
        registries: vec![plans::login(&builder.server())],
        images: images.iter().map(image).collect(),
        steps,
        ..plans::input()
    };
    plan(&input).expect("no driver is needed")
}

fn assert_no_credential(builder: &Builder) {
    for token in [ACCESS_TOKEN, REFRESH_TOKEN, "MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw"] {
        assert_eq!(builder.files_with(token), "", "{token} was left behind");
    }
    assert!(!builder.path("run/docker").exists());
}

#[test]
fn login_and_preload_steps_run_alone() {
    if !tools_are_there() {
        return;
    }
    let builder = Builder::new();
    let digest = builder.push_image("demo/app:1");
    let by_digest = format!("demo/app@{digest}");
    builder.install(&plan_for(&builder, &[("demo/app:1", &digest), (&by_digest, &digest)], &[]));
    let ended = builder.run_step("login");
    assert_eq!(ended.code, 0, "{}", ended.output);
    assert!(!ended.output.contains(REFRESH_TOKEN), "{}", ended.output);
    assert!(builder.path("run/docker/config.json").exists());
    let ended = builder.run_step("preload");
    assert_eq!(ended.code, 0, "{}", ended.output);
    let images = fs::read_to_string(builder.path("state/images")).expect("the images");
    assert_eq!(images.matches(&digest).count(), 3, "{images}");
    let ended = builder.run_step("verify");
    assert_eq!(ended.code, 0, "{}", ended.output);
    let ended = builder.run_step("logout");
    assert_eq!(ended.code, 0, "{}", ended.output);
    assert_no_credential(&builder);
}

#[test]
fn refusals_that_pass_are_waited_for() {
    if !tools_are_there() {
        return;
    }
    let builder = Builder::new();
    builder.push_image("demo/app:1");
    builder.install(&plan_for(&builder, &[("demo/app:1", "")], &[]));
    builder.keep_steps(&["login", "preload", "logout"]);
    builder.front.refuse("/metadata/identity", 2, TOO_MANY);
    builder.front.refuse("/oauth2/exchange", 2, UNAUTHORIZED);
    builder.front.refuse("/oauth2/exchange", 1, TOO_MANY);
    // The role of the identity is not honored yet: it may log in, but not pull.
    builder.front.refuse("/v2/demo/app/manifests/", 3, DENIED);
    let ended = builder.bake();
    assert_eq!(ended.code, 0, "{}\n{}", ended.output, builder.console());
    assert_eq!(builder.result()["status"], "succeeded");
    assert!(builder.front.count("/metadata/identity") >= 5);
    assert!(builder.front.count("/oauth2/exchange") >= 4);
    assert_no_credential(&builder);
}

#[test]
fn a_missing_image_ends_at_once_and_names_its_step() {
    if !tools_are_there() {
        return;
    }
    let builder = Builder::new();
    builder.push_image("demo/app:1");
    builder.install(&plan_for(&builder, &[("demo/app:1", ""), ("demo/app:2", "")], &[]));
    builder.keep_steps(&["login", "preload", "logout", "deprovision"]);
    let ended = builder.bake();
    assert_eq!(ended.code, 1, "{}", ended.output);
    let result = builder.result();
    assert_eq!(result["status"], "failed");
    assert_eq!(result["failedStep"], "preload");
    let log = result["log"].as_str().expect("a log");
    assert!(log.contains("the registry does not have") && log.contains("demo/app:2"), "{log}");
    let console = builder.console();
    assert!(console.contains("PREBAKE-LOG error: the registry does not have"), "{console}");
    assert!(!builder.tools().contains("waagent"), "a failed builder is not deprovisioned");
    assert!(!builder.tools().contains("poweroff"), "a failed builder stays on");
    assert!(
        builder.front.count("/v2/demo/app/manifests/2") < 5,
        "a missing image is not waited for"
    );
    assert_no_credential(&builder);
}

#[test]
fn a_digest_that_differs_is_refused() {
    if !tools_are_there() {
        return;
    }
    let builder = Builder::new();
    builder.push_image("demo/app:1");
    let other = format!("sha256:{}", "0".repeat(64));
    builder.install(&plan_for(&builder, &[("demo/app:1", &other)], &[]));
    builder.keep_steps(&["login", "preload", "logout"]);
    builder.bake();
    let result = builder.result();
    assert_eq!(result["failedStep"], "preload");
    assert!(result["log"].as_str().expect("a log").contains("not the pinned"), "{result}");
}

#[test]
fn an_identity_that_is_never_let_in_ends_with_its_name() {
    if !tools_are_there() {
        return;
    }
    let builder = Builder::new();
    builder.install(&plan_for(&builder, &[("demo/app:1", "")], &[]));
    builder.front.refuse("/oauth2/exchange", 1000, UNAUTHORIZED);
    let ended = builder.run_step("login");
    assert_eq!(ended.code, 1, "{}", ended.output);
    assert!(ended.output.contains("does not let the builder's identity in"), "{}", ended.output);
    assert_eq!(builder.front.count("/oauth2/exchange"), 12, "{}", ended.output);
}

#[test]
fn a_full_disk_names_the_step_that_met_it() {
    if !tools_are_there() {
        return;
    }
    let mut builder = Builder::new();
    builder.push_image("demo/app:1");
    builder.install(&plan_for(&builder, &[("demo/app:1", "")], &[]));
    builder.keep_steps(&["login", "preload", "logout"]);
    let ended = builder.with_small_disk("podman", 40).bake();
    assert_eq!(ended.code, 1, "{}", ended.output);
    let result = builder.result();
    assert_eq!(result["failedStep"], "preload", "{result}");
    assert!(result["log"].as_str().expect("a log").contains("too small"), "{result}");
}

#[test]
fn a_full_state_folder_still_gives_a_result() {
    if !tools_are_there() {
        return;
    }
    let mut builder = Builder::new();
    builder.install(&plan_for(
        &builder,
        &[],
        &[plans::run("echo first"), plans::run("yes > \"$PREBAKE_STATE/fill\"")],
    ));
    builder.keep_steps(&["step-1", "step-2"]);
    let ended = builder.with_small_disk("state", 64).bake();
    assert_eq!(ended.code, 1, "{}", ended.output);
    let result = builder.result();
    assert_eq!(result["failedStep"], "step-2", "{result}");
    assert!(result["log"].as_str().expect("a log").contains("No space left"), "{result}");
}

#[test]
fn a_failing_driver_install_names_its_step() {
    if !tools_are_there() {
        return;
    }
    let builder = Builder::new();
    let gpu = plans::data_centre();
    let input = BakeInput { gpu: Some(&gpu), images: Vec::new(), ..plans::input() };
    builder.install(&plan(&input).expect("there is a driver"));
    builder.tool(
        "apt-get",
        "case $* in *nvidia-open*) echo 'E: Unable to locate package' >&2; exit 100 ;; esac",
    );
    let ended = builder.bake();
    assert_eq!(ended.code, 1, "{}", ended.output);
    let result = builder.result();
    assert_eq!(result["failedStep"], "gpu-driver", "{result}");
    assert!(result["log"].as_str().expect("a log").contains("Unable to locate package"));
    let steps = result["steps"].as_array().expect("the steps");
    let status = |name: &str| {
        steps.iter().find(|step| step["name"] == name).map(|step| step["status"].clone())
    };
    assert_eq!(status("kernel"), Some("succeeded".into()));
    assert_eq!(status("docker"), Some("pending".into()));
}

#[test]
fn a_whole_gpu_bake_cleans_deprovisions_and_powers_off() {
    if !tools_are_there() {
        return;
    }
    let builder = Builder::new();
    let digest = builder.push_image("demo/app:1");
    let gpu = plans::data_centre();
    let own =
        [plans::file("/etc/nvidia/own.conf", "a b\n"), plans::run("cat /etc/nvidia/own.conf")];
    let input = BakeInput {
        gpu: Some(&gpu),
        builder_has_gpu: true,
        registries: vec![plans::login(&builder.server())],
        images: vec![plans::image(&format!("{}/demo/app:1", builder.server()), "")],
        steps: &own,
        ..plans::input()
    };
    builder.install(&plan(&input).expect("there is a driver"));
    let ended = builder.bake();
    assert_eq!(ended.code, 0, "{}\n{}", ended.output, builder.console());
    let result = builder.result();
    assert_eq!(result["status"], "succeeded");
    assert_eq!(result["versions"]["driver"], "580.178.04");
    assert_eq!(result["versions"]["docker"], "29.1.4");
    assert_eq!(result["versions"]["toolkit"], "1.19.1-1");
    assert_eq!(result["versions"]["gpus"], "1");
    assert_eq!(result["images"][0]["digest"], digest.as_str());
    let steps = result["steps"].as_array().expect("the steps");
    assert!(steps.iter().all(|step| step["status"] == "succeeded"), "{steps:?}");
    let tools = builder.tools();
    let at = |text: &str| tools.find(text).unwrap_or_else(|| panic!("no {text} in {tools}"));
    assert!(at("apt-get --option") < at("nvidia-ctk runtime configure --runtime=docker"));
    assert!(
        at("cloud-init clean --logs --seed --machine-id") < at("waagent -force -deprovision+user")
    );
    assert!(at("waagent -force -deprovision+user") < at("systemctl poweroff"));
    assert!(!builder.path("home").exists(), "the scripts are not in the image");
    assert_no_credential(&builder);
    let kept = fs::read_to_string(builder.path("state/result.json")).expect("the image keeps it");
    assert!(kept.contains(&digest), "{kept}");
}

#[test]
fn a_step_may_ask_for_one_restart_and_the_bake_goes_on() {
    if !tools_are_there() {
        return;
    }
    let builder = Builder::new();
    builder.install(&plan_for(
        &builder,
        &[],
        &[plans::run("true"), plans::run("true"), plans::run("true")],
    ));
    builder.keep_steps(&["step-1", "step-2", "step-3"]);
    let marker = builder.path("restarted");
    builder.replace_step("step-1", &format!("echo once >> {}", builder.path("ran").display()));
    builder.replace_step(
        "step-2",
        &format!("[ -e {0} ] || {{ touch {0}; exit 194; }}", marker.display()),
    );
    let ended = builder.bake();
    assert_eq!(ended.code, 0, "{}", ended.output);
    assert!(builder.tools().contains("systemctl reboot"));
    assert!(!builder.console().contains("PREBAKE-RESULT"), "{}", builder.console());
    builder.bake();
    assert_eq!(builder.result()["status"], "succeeded");
    assert_eq!(fs::read_to_string(builder.path("ran")).expect("it ran"), "once\n");
}

/// A power cut while a package is unpacked: apt refuses to install anything else until it is whole or gone.
#[test]
fn a_half_unpacked_package_is_unpacked_again_or_goes() {
    if !tools_are_there() {
        return;
    }
    for is_in_an_archive in [true, false] {
        let builder = Builder::new();
        builder.install(&plan_for(&builder, &[], &[plans::run("true")]));
        builder.keep_steps(&["step-1"]);
        let marker = builder.path("restarted");
        builder.replace_step(
            "step-1",
            &format!("[ -e {0} ] || {{ touch {0}; exit 194; }}", marker.display()),
        );
        let tools = builder.path("tools").display().to_string();
        builder.tool("dpkg-query", "echo 'ok bash'; echo 'reinstreq docker-ce'");
        let fails = if is_in_an_archive { "true" } else { "! [[ $* = *--reinstall* ]]" };
        builder.tool("apt-get", &format!("printf 'apt-get %s\\n' \"$*\" >> {tools}\n{fails}"));
        assert_eq!(builder.bake().code, 0);
        assert!(!builder.tools().contains("--reinstall"), "{}", builder.tools());
        assert_eq!(builder.bake().code, 0);
        assert_eq!(builder.result()["status"], "succeeded");
        let told = builder.tools();
        assert!(told.contains("install --reinstall --no-remove docker-ce"), "{told}");
        let removed = "dpkg --remove --force-remove-reinstreq --force-depends docker-ce";
        assert_eq!(told.contains(removed), !is_in_an_archive, "{told}");
        assert!(!told.contains("--no-remove bash"), "{told}");
    }
}

#[test]
fn a_bake_that_is_stopped_publishes_nothing_and_goes_on() {
    if !tools_are_there() {
        return;
    }
    let builder = Builder::new();
    builder.install(&plan_for(&builder, &[], &[plans::run("true"), plans::run("true")]));
    builder.keep_steps(&["step-1", "step-2"]);
    let first = builder.path("first");
    builder.replace_step("step-1", &format!("echo once >> {}", first.display()));
    let marker = builder.path("waits");
    builder.replace_step(
        "step-2",
        &format!("[ -e {0} ] || {{ touch {0}; exec sleep 60; }}", marker.display()),
    );
    let script = format!(
        "bash {} & bake=$!\nuntil [ -e {} ]; do sleep 0.05; done\nkill $bake; wait $bake\n",
        builder.path("home/prebake-bake").display(),
        marker.display()
    );
    fs::write(builder.path("stopped.sh"), script).expect("a new file");
    let ended = builder.run_script("stopped.sh");
    assert_eq!(ended.code, 143, "{}", ended.output);
    assert!(!builder.console().contains("PREBAKE-RESULT"), "{}", builder.console());
    let ended = builder.bake();
    assert_eq!(ended.code, 0, "{}", ended.output);
    assert_eq!(builder.result()["status"], "succeeded");
    assert_eq!(fs::read_to_string(first).expect("it ran"), "once\n");
}

#[test]
fn a_marker_in_a_log_is_no_marker_on_the_console() {
    if !tools_are_there() {
        return;
    }
    let builder = Builder::new();
    builder.install(&plan_for(&builder, &[], &[plans::run("true")]));
    builder.keep_steps(&["step-1"]);
    builder.replace_step("step-1", "echo 'see PREBAKE-STEP and PREBAKE-RESULT {} here'; exit 3");
    builder.bake();
    let log = builder.result()["log"].as_str().expect("a log").to_owned();
    assert_eq!(log, "see PREBAKE-STEP and PREBAKE-RESULT {} here");
    for line in builder.console().lines() {
        assert_eq!(line.rfind("PREBAKE-").unwrap_or(0), 0, "{line}");
    }
    // Once as a line of the log; the result holds it in an escaped form.
    assert!(
        builder.console().contains("PREBAKE-LOG see PREBAKE_STEP and"),
        "{}",
        builder.console()
    );
}

#[test]
fn a_step_that_restarts_for_ever_fails() {
    if !tools_are_there() {
        return;
    }
    let builder = Builder::new();
    builder.install(&plan_for(&builder, &[], &[plans::run("exit 194")]));
    builder.keep_steps(&["step-1"]);
    builder.bake();
    let ended = builder.bake();
    assert_eq!(ended.code, 1, "{}", ended.output);
    assert_eq!(builder.result()["failedStep"], "step-1");
    assert_eq!(builder.result()["exitCode"], 194);
}

#[test]
fn clean_refuses_a_machine_that_is_no_builder() {
    if !tools_are_there() {
        return;
    }
    let builder = Builder::new();
    builder.install(&plan_for(&builder, &[], &[]));
    fs::write(
        builder.path("no-unit.sh"),
        format!(
            "rm /etc/systemd/system/prebake-bake.service\nexec bash {}\n",
            builder.step("clean").display()
        ),
    )
    .expect("a new file");
    let ended = builder.run_script("no-unit.sh");
    assert_eq!(ended.code, 1, "{}", ended.output);
    assert!(ended.output.contains("this is not a builder"), "{}", ended.output);
    assert_eq!(builder.tools(), "");
}

#[test]
fn docker_on_the_temporary_disk_is_refused() {
    if !tools_are_there() {
        return;
    }
    let builder = Builder::new();
    builder.install(&plan_for(&builder, &[], &[]));
    builder.write_docker("/mnt/docker");
    let ended = builder.run_step("docker");
    assert_eq!(ended.code, 1, "{}", ended.output);
    assert!(ended.output.contains("temporary disk"), "{}", ended.output);
}
