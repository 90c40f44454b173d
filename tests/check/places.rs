//! Where findings point: at the value, at the nearest one for a missing value, at the line of a file, and
//! at the config's line where that set the value.

use std::collections::BTreeMap;

use libtest_mimic::{Failed, Trial};
use prebake::catalog::StageName;
use prebake::check::{self, Finding, Places, Target};
use prebake::diagnostic::{FileId, Place, Span};

use crate::check::case::{Change, Deployment, fill};

type Test = fn(&Deployment) -> Result<(), Failed>;

pub fn trials(base: &Deployment) -> Vec<Trial> {
    let tests: [(&str, Test); 7] = [
        ("places::value", points_at_the_value),
        ("places::missing_value", points_beside_a_missing_value),
        ("places::line", points_at_the_line),
        ("places::custom_data", reads_custom_data),
        ("places::image_builder", reads_the_script_of_image_builder),
        ("places::own_commands", reads_what_a_shell_is_given),
        ("places::config", points_at_the_config),
    ];
    tests
        .into_iter()
        .map(|(name, test)| {
            let base = base.clone();
            Trial::test(name, move || test(&base))
        })
        .collect()
}

fn only(base: &Deployment, change: &str, code: &str) -> Result<Finding, Failed> {
    let change: Change = serde_yaml::from_str(&fill(change)).expect("the change is one");
    let found = base.with(&change).checked();
    let mut found: Vec<_> = found.into_iter().filter(|finding| finding.code == code).collect();
    match found.pop() {
        Some(finding) if found.is_empty() => Ok(finding),
        _ => Err(format!("{code} is not found exactly once").into()),
    }
}

fn pointer(finding: &Finding) -> &str {
    match &finding.target {
        Target::Resource { pointer, .. } => pointer,
        _ => "",
    }
}

fn expect(found: &str, expected: &str) -> Result<(), Failed> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("found {found}, expected {expected}").into())
    }
}

const MACHINE: &str =
    "/resources/pool/properties/deploymentConfiguration/virtualMachineConfiguration";

fn points_at_the_value(base: &Deployment) -> Result<(), Failed> {
    let change =
        r#"{ set: { "{machine}/containerConfiguration/containerRegistries/0/username": robot } }"#;
    let finding = only(base, change, "CTR006")?;
    expect(pointer(&finding), &format!("{MACHINE}/containerConfiguration/containerRegistries/0"))?;
    let change = r#"{ set: { "{machine}/nodeAgentSkuId": batch.node.el 9 } }"#;
    let finding = only(base, change, "POOL001")?;
    expect(pointer(&finding), &format!("{MACHINE}/nodeAgentSkuId"))?;
    expect(finding.help.as_deref().unwrap_or(""), "write `batch.node.ubuntu 24.04`")
}

fn points_beside_a_missing_value(base: &Deployment) -> Result<(), Failed> {
    let finding = only(base, r#"{ remove: ["{net}/subnetId"] }"#, "NET004")?;
    expect(
        pointer(&finding),
        "/resources/pool/properties/networkConfiguration/publicIPAddressConfiguration/provision",
    )?;
    let finding = only(base, "{ remove: [definition/properties/hyperVGeneration] }", "IMG003")?;
    expect(pointer(&finding), "/resources/definition/properties")
}

fn points_at_the_line(base: &Deployment) -> Result<(), Failed> {
    let change = r#"{ replace: { cloud-init.yaml: [["systemctl restart docker", "docker login x.azurecr.io -u me -p hunter2"]] } }"#;
    let finding = only(base, change, "CI007")?;
    let Target::Artifact { path, span } = &finding.target else { return Err("no file".into()) };
    let change: Change = serde_yaml::from_str(change).expect("the change is one");
    let text = &base.with(&change).artifacts[path];
    expect(&text[span.range()], "docker login x.azurecr.io -u me -p hunter2")
}

fn reads_custom_data(base: &Deployment) -> Result<(), Failed> {
    // `#cloud-config` with `runcmd: [export API_KEY=hunter2hunter2]`, as a template would inline it.
    let encoded = "I2Nsb3VkLWNvbmZpZwpydW5jbWQ6IFsiZXhwb3J0IEFQSV9LRVk9aHVudGVyMmh1bnRlcjIiXQo=";
    let change =
        format!(r#"{{ set: {{ builder/properties/osProfile/customData: "{encoded}" }} }}"#);
    let finding = only(base, &change, "CI006")?;
    expect(pointer(&finding), "/resources/builder/properties/osProfile/customData")
}

fn reads_the_script_of_image_builder(base: &Deployment) -> Result<(), Failed> {
    let change = r"
files:
  bake.sh: |
    #!/bin/bash
    set -e
    install -D /dev/stdin /opt/bake/steps/10-docker.sh << 'END'
    set -e
    apt-get install -y docker-ce
    ufw enable
    END
    bash /opt/bake/steps/10-docker.sh
remove: [builder]
";
    let finding = only(base, change, "IMG022")?;
    let Target::Artifact { path, span } = &finding.target else { return Err("no file".into()) };
    let change: Change = serde_yaml::from_str(change).expect("the change is one");
    expect(&base.with(&change).artifacts[path][span.range()], "ufw enable")?;
    // Image Builder generalizes the machine by itself, and its script is no custom data.
    for code in ["IMG005", "CI001"] {
        if base.with(&change).findings().contains(code) {
            return Err(format!("{code} is found").into());
        }
    }
    Ok(())
}

/// The commands of a config are files without an ending, which a step gives to a shell that ends at a failure.
fn reads_what_a_shell_is_given(base: &Deployment) -> Result<(), Failed> {
    let change = r#"
files:
  bake.sh: |
    #!/bin/bash
    set -e
    install -D /dev/stdin /opt/bake/steps/20-own.sh << 'END'
    set -e
    exec bash -euo pipefail "$BAKE"/own/firewall
    END
    install -D /dev/stdin /opt/bake/own/firewall << 'END'
    curl https://example.com/rules
    ufw enable
    END
    bash /opt/bake/steps/20-own.sh
remove: [builder]
"#;
    let finding = only(base, change, "IMG022")?;
    let Target::Artifact { path, span } = &finding.target else { return Err("no file".into()) };
    let change: Change = serde_yaml::from_str(change).expect("the change is one");
    expect(&base.with(&change).artifacts[path][span.range()], "ufw enable")?;
    if base.with(&change).findings().contains("CI010") {
        return Err("CI010 is found".into());
    }
    Ok(())
}

/// Every resource stands at the start of the rendered file; a value of these pointers is decided by the config.
struct Known {
    decided: BTreeMap<String, u32>,
}

impl Places for Known {
    fn resource(&self, _stage: &StageName, _pointer: &str) -> Option<Place> {
        Some(Place { file: FileId(1), span: Span::new(0, 1) })
    }

    fn artifact(&self, _path: &str, span: Span) -> Option<Place> {
        Some(Place { file: FileId(2), span })
    }

    fn cause(&self, target: &Target) -> Option<Place> {
        let Target::Resource { pointer, .. } = target else { return None };
        let start = *self.decided.get(pointer)?;
        Some(Place { file: FileId(0), span: Span::new(start, start + 1) })
    }
}

fn points_at_the_config(base: &Deployment) -> Result<(), Failed> {
    let finding = only(base, r#"{ set: { "{pool}/taskSlotsPerNode": 2 } }"#, "POOL014")?;
    let decided = BTreeMap::from([(pointer(&finding).to_owned(), 40)]);
    let diagnostic = check::diagnostic(&finding, &Known { decided });
    let place = diagnostic.place.ok_or("no place")?;
    let rendered = diagnostic.related.first().map(|it| (it.place.file, it.label.as_str()));
    if (place.file, place.span.start) != (FileId(0), 40)
        || rendered != Some((FileId(1), "the rendered line"))
    {
        return Err(format!("{diagnostic:?}").into());
    }
    // What no key decides is pointed at where it is rendered.
    let diagnostic = check::diagnostic(&finding, &Known { decided: BTreeMap::new() });
    match diagnostic.place {
        Some(place) if place.file == FileId(1) && diagnostic.related.is_empty() => Ok(()),
        _ => Err(format!("{diagnostic:?}").into()),
    }
}
