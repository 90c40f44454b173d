//! The reviews in all formats: golden files under `golden/`, and what every review must be.
//!
//! `BLESS=1 cargo test --test diff` writes the golden files anew.

use std::path::PathBuf;
use std::sync::Arc;

use prebake::arm::evaluate::Evaluated;
use prebake::diagnostic::Diagnostic;
use prebake::diff::{Diff, RenderState, diff};
use prebake::report::Templates;
use prebake::report::review::{Fleet, Format, Reviewer, review};
use serde_json::{Value, json};

use crate::diff::state::{at, base, named, rename, set, typed};

/// A bit of everything: a new image version, more and larger nodes, a wider firewall, a new pool, a lost task.
pub fn busy() -> Diff {
    let before = base();
    let mut after = base();
    rename(&mut after, "/1.0.0", "1.1.0");
    let id = named(&mut after, "/1.1.0").id.clone();
    let machine = "/properties/deploymentConfiguration/virtualMachineConfiguration";
    *at(&mut after, "/dev", &format!("{machine}/imageReference/id")) = typed(id);
    set(&mut after, "/dev", "properties.scaleSettings.fixedScale.targetDedicatedNodes", 6);
    set(&mut after, "/dev", "properties.vmSize", "Standard_NC8as_T4_v3");
    set(
        &mut after,
        "/dev",
        "properties.startTask.commandLine",
        "/bin/bash -c 'nvidia-smi && df -h'",
    );
    set(&mut after, "visionacr", "sku.name", "Premium");
    set(&mut after, "visionacr", "properties.adminUserEnabled", true);
    set(&mut after, "/vision", "properties.hyperVGeneration", "V1");
    *at(&mut after, "vision-nsg", "/properties/securityRules/0/properties/sourceAddressPrefix") =
        typed(json!("*"));
    after.resources.retain(|resource| resource.name != "visionacr/build");
    let mut pool = named(&mut after, "/dev").clone();
    "visionbatch/cpu".clone_into(&mut pool.name);
    pool.id = pool.id.replace("/dev", "/cpu");
    let properties = pool.body.get_mut("properties").and_then(Evaluated::as_object_mut);
    properties.unwrap().insert("vmSize".to_owned(), typed("Standard_D4s_v5"));
    after.resources.push(Arc::new(pool));
    let cloud_init =
        "#cloud-config\n# what the builder runs\nruncmd:\n  - [install-driver, \"580\"]\n";
    Arc::make_mut(&mut after.files).insert("cloud-init.yaml".to_owned(), cloud_init.to_owned());
    set(&mut after, "/dev", "properties.interNodeCommunication", "disabled");
    diff(Some(&before), Some(&after))
}

pub fn unchanged() -> Diff {
    diff(Some(&base()), Some(&base()))
}

pub const TEXT: Format = Format::Text { color: false };

fn written(diff: &Diff, format: Format) -> String {
    review("vision", diff, format, &Templates::default()).unwrap().to_string()
}

pub fn reviewed(
    configs: &[(&str, &Diff)],
    format: Format,
    templates: &Templates,
) -> Result<String, Box<Diagnostic>> {
    let reviewer = Reviewer::new(format, templates)?;
    let sections = configs.iter().map(|(name, diff)| reviewer.section(name, diff)).collect();
    Ok(reviewer.report(Fleet::new(sections))?.to_string())
}

fn golden(name: &str, actual: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/diff/golden").join(name);
    if std::env::var("BLESS").is_ok() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == actual,
        "{name} differs: run with BLESS=1 and read the difference\n{actual}"
    );
}

#[test]
fn text() {
    golden("busy.txt", &written(&busy(), TEXT));
    golden("unchanged.txt", &written(&unchanged(), TEXT));
    let colored = written(&busy(), Format::Text { color: true });
    assert!(colored.contains("\u{1b}[1;31mYES"), "{colored}");
}

#[test]
fn markdown() {
    golden("busy.md", &written(&busy(), Format::Markdown));
    golden("unchanged.md", &written(&unchanged(), Format::Markdown));
}

#[test]
fn html() {
    let page = written(&busy(), Format::Html);
    golden("busy.html", &page);
    for outside in ["http://", "https://", "src=", "@import", "url("] {
        assert!(!page.contains(outside), "the page reaches for {outside}");
    }
}

#[test]
fn json() {
    let text = written(&busy(), Format::Json);
    golden("busy.json", &text);
    let value: Value = serde_json::from_str(&text).unwrap();
    let again = serde_json::to_string_pretty(&value).unwrap() + "\n";
    assert!(text == again, "it is not laid out as one document");
    let schema: Value =
        serde_json::from_str(include_str!("../../schemas/review.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let (busy, unchanged) = (busy(), unchanged());
    let one = [("vision", &busy)];
    let many = [("vision", &busy), ("other", &unchanged)];
    for configs in [&[][..], &one, &[("vision", &unchanged)], &many] {
        let json = reviewed(configs, Format::Json, &Templates::default()).unwrap();
        let json: Value = serde_json::from_str(&json).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&json)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    let pool = value["changes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|change| change["name"] == "visionbatch/dev");
    assert_eq!(pool.unwrap()["action"], "emptyPool");
    assert_eq!(pool.unwrap()["changeType"], "Modify");
    let version = value["changes"].as_array().unwrap().iter().find(|change| {
        change["changeType"] == "Create" && change["name"] == "visiongallery/vision/1.1.0"
    });
    assert!(version.unwrap()["beside"].as_str().unwrap().ends_with("1.0.0"));
}

#[test]
fn the_first_screen_answers_the_three_questions() {
    let reports = [
        written(&busy(), TEXT),
        written(&busy(), Format::Markdown),
        written(&busy(), Format::Html).split("<body>").nth(1).unwrap().to_owned(),
    ];
    for report in reports {
        let start: String = report.chars().take(2_000).collect();
        for answer in ["YES", "WIDENS", "RISES"] {
            assert!(start.contains(answer), "{answer} is not on the first screen of\n{start}");
        }
    }
}

#[test]
fn a_comment_fits_and_says_what_it_leaves_out() {
    let before = base();
    let mut after = base();
    let text = "  - [run, \"a line\"]\n".repeat(3_000);
    Arc::make_mut(&mut after.files)
        .insert("cloud-init.yaml".to_owned(), format!("#cloud-config\nruncmd:\n{text}"));
    for number in 0..400 {
        let mut pool = named(&mut after, "/dev").clone();
        pool.name = format!("visionbatch/pool-{number}");
        pool.id = pool.id.replace("/dev", &format!("/pool-{number}"));
        after.resources.push(Arc::new(pool));
    }
    let comment = written(&diff(Some(&before), Some(&after)), Format::Markdown);
    assert!(comment.len() <= 65_536, "{} bytes", comment.len());
    assert!(comment.starts_with("<!-- prebake-review:vision -->\n"));
    assert!(
        comment.contains("Omitted to fit") || comment.contains("exceeds the length of a comment")
    );
}

#[test]
fn no_value_escapes_its_format() {
    let hostile =
        "</script><b>`|\n```\n<!-- --> \u{1b}[31m \"quote\" {{x}} ]]> &amp; @team #1 \u{202e}";
    let mut after = base();
    set(&mut after, "/dev", "properties.displayName", hostile);
    set(&mut after, "/dev", "tags.note", hostile);
    named(&mut after, "vision-id").name = hostile.to_owned();
    Arc::make_mut(&mut after.files).insert("deploy.sh".to_owned(), hostile.to_owned());
    let diff = diff(Some(&base()), Some(&after));
    let written =
        |format| review(hostile, &diff, format, &Templates::default()).unwrap().to_string();
    let html = written(Format::Html);
    assert_eq!(html.matches("</script>").count(), 1, "only the page's own script ends");
    assert!(!html.contains("<b>`"));
    let text = written(TEXT);
    assert!(!text.contains('\u{1b}'), "{text}");
    let markdown = written(Format::Markdown);
    let outside = outside_code(&markdown);
    for markup in ["</script>", "<b>`", "<!-- -->", "{31m"] {
        assert!(!outside.contains(markup), "{markup} in\n{outside}");
    }
    assert_eq!(outside.matches("<!--").count(), 1, "only our own marker is a comment");
}

/// Markdown without its code blocks.
fn outside_code(markdown: &str) -> String {
    let mut outside = String::new();
    let mut fence = None::<usize>;
    for line in markdown.lines() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match fence {
            Some(open) if ticks >= open && line.trim_start_matches('`').is_empty() => fence = None,
            None if ticks >= 3 => fence = Some(ticks),
            None => {
                outside.push_str(line);
                outside.push('\n');
            }
            Some(_) => {}
        }
    }
    assert_eq!(fence, None, "a code block stays open");
    outside
}

pub fn own(templates: &[(&str, &str)]) -> Templates {
    let path = |name: &str| format!("report/{name}.hbs");
    let own = templates.iter().map(|(name, text)| (path(name), (*text).to_owned()));
    Templates::new(own.collect())
}

#[test]
fn a_team_can_replace_a_template() {
    let whole = "{{name}} has {{changed}} of {{total}}\n{{#each reviews}}{{part @index}}{{/each}}";
    let config = "{{#each resources}}{{#each leaves}}{{text}}\n{{/each}}{{/each}}";
    let templates = own(&[("review.txt", whole), ("config.txt", config)]);
    let text = review("vision", &busy(), TEXT, &templates).unwrap().to_string();
    assert!(text.starts_with("vision has 1 of 1\n") && text.contains("vmSize"), "{text}");
    let broken = own(&[("review.txt", "{{#if}\n")]);
    let error = review("vision", &busy(), TEXT, &broken).unwrap_err();
    assert_eq!(error.code, "PB2101");
    assert!(error.reason.starts_with("report/review.txt.hbs:1"), "{}", error.reason);
}

#[test]
fn a_fleet_counts_all_and_shows_what_differs() {
    let changed = |count: u64| {
        let mut after = base();
        set(&mut after, "/dev", "properties.scaleSettings.fixedScale.targetDedicatedNodes", count);
        diff(Some(&base()), Some(&after))
    };
    let (changed, same) = (changed(3), changed(2));
    let new = diff(None::<&RenderState>, Some(&base()));
    let configs = [("alpha", &changed), ("beta", &same), ("gamma", &new)];
    golden("fleet.txt", &reviewed(&configs, TEXT, &Templates::default()).unwrap());
    let reviewer = Reviewer::new(Format::Json, &Templates::default()).unwrap();
    let sections = configs.map(|(name, diff)| reviewer.section(name, diff));
    assert_eq!(Fleet::new(sections.into()).detailed_exit().code(), 2);
}

/// No report template of a team hangs a review, fills the memory or overflows the stack.
#[test]
fn own_templates_stay_within_bounds() {
    let busy = busy();
    let written = |template: &str| {
        let templates = own(&[("review.txt", template)]);
        let written = review("vision", &busy, TEXT, &templates);
        written.map(|text| text.to_string()).map_err(|error| error.reason)
    };
    let circle = "{{#*inline \"a\"}}{{> a}}{{/inline}}\n{{> a}}";
    let nested = |times: usize, inside: &str| {
        let each = "{{#each [0,1,2,3,4,5,6,7,8,9]}}".repeat(times);
        format!("{each}{inside}{}", "{{/each}}".repeat(times))
    };
    for (template, with) in [
        (nested(9, ""), "more than 1000000 times"),
        (nested(5, &"x".repeat(1000)), "the report is larger than 64 MiB"),
        (circle.to_owned(), "review.txt.hbs:1: partials are not supported"),
        ("a\n{{> report/review.txt.hbs}}".to_owned(), "review.txt.hbs:2: partials"),
        ("{{#if 1}}".repeat(101) + &"{{/if}}".repeat(101), "blocks are nested too deeply"),
        ("{{#if 1}}".repeat(50_000) + &"{{/if}}".repeat(50_000), "blocks are nested too deeply"),
        (
            format!("{{{{md {}\"a\"{}}}}}", "(md ".repeat(9), ")".repeat(9)),
            "calls are nested too deeply",
        ),
    ] {
        let why = written(&template).unwrap_err();
        assert!(why.contains(with), "{why}");
    }
    assert_eq!(written(&nested(2, "x")).unwrap().len(), 100);
    assert_eq!(written("{{pad \"a\" 99999999999}}").unwrap().len(), 1000);
    assert_eq!(
        written("{{#each reviews}}{{name}}{{#if name}}!{{/if}}{{else}}none{{/each}}").unwrap(),
        "vision!"
    );
}

#[test]
fn what_changes_alike_is_told_once() {
    let tagged = |stage: &str| {
        let mut state = base();
        for name in ["visionacr", "vision-id", "visionbatch"] {
            set(&mut state, name, "tags.stage", stage);
        }
        state
    };
    let diff = diff(Some(&tagged("dev")), Some(&tagged("prod")));
    assert_eq!(diff.resources.len(), base().resources.len());
    let text = written(&diff, TEXT);
    assert!(text.contains("identity vision-id and 2 more  modified in place"), "{text}");
    assert_eq!(text.matches("modified in place").count(), 1, "{text}");
    let html = written(&diff, Format::Html);
    assert_eq!(html.matches("id=\"r-vision-").count(), 1);
    assert_eq!(
        html.matches("href=\"#r-vision-0\"").count(),
        3,
        "each box leads to the one account"
    );
    for kind in ["Batch account", "identity", "registry"] {
        assert!(html.contains(&format!("data-kind=\"{kind}\" aria-pressed=\"false\"")), "{kind}");
    }
}

#[test]
fn of_many_configs_without_a_change_the_first_are_named() {
    let same = diff(Some(&base()), Some(&base()));
    let names: Vec<String> = (1..=25).map(|number| format!("config-{number}")).collect();
    let configs: Vec<(&str, &Diff)> = names.iter().map(|name| (name.as_str(), &same)).collect();
    let text = reviewed(&configs, TEXT, &Templates::default()).unwrap();
    assert!(text.contains(" config-20 and 5 more") && !text.contains("config-21"), "{text}");
}

#[test]
fn the_picture_calls_a_role_assignment_by_what_it_allows_on_both_sides() {
    let (mut before, mut after) = (base(), base());
    let role = "000000000001";
    let computed = "[guid(resourceGroup().id, 'pull', variables('registry'))]";
    rename(&mut before, role, &format!("{computed}-before"));
    rename(&mut after, role, &format!("{computed}-after"));
    let owner = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
    let id = at(&mut after, "-after", "/properties/roleDefinitionId");
    *id = id.as_str().unwrap().replace("7f951dda-4ed3-4680-a7ca-43fe172d538d", owner).into();
    let review = written(&diff(Some(&before), Some(&after)), Format::Markdown);
    let picture = review.split("```mermaid").nth(1).unwrap();
    let labels: Vec<&str> =
        picture.lines().filter(|line| line.contains("role assignment<br/>")).collect();
    assert_eq!(labels.len(), 2, "{picture}");
    assert!(labels[0].contains("Owner for") && labels[1].contains("AcrPull for"), "{labels:?}");
}
