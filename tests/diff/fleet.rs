//! The reviews of many configs: what stands first, what a comment leaves out, and that no order of threads shows.

use std::collections::BTreeSet;
use std::sync::Arc;

use prebake::diff::{Diff, RenderState, diff};
use prebake::report::Templates;
use prebake::report::review::{Fleet, Format, Reviewer, Section, review};

use crate::diff::reports::{TEXT, busy, own, reviewed, unchanged};
use crate::diff::state::{base, set};

const FORMATS: [Format; 4] = [TEXT, Format::Markdown, Format::Html, Format::Json];

/// A pool with more nodes, and more lines in cloud-init under the same version of the image, which is an error.
fn grown() -> Diff {
    let mut after = resized();
    Arc::make_mut(&mut after.files)
        .entry("cloud-init.yaml".to_owned())
        .or_default()
        .push_str(&"  - [more]\n".repeat(90));
    diff(Some(&base()), Some(&after))
}

fn resized() -> RenderState {
    let mut after = base();
    set(&mut after, "/dev", "properties.scaleSettings.fixedScale.targetDedicatedNodes", 9);
    after
}

fn named(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("config-{number}")).collect()
}

/// The report of configs that are compared in one order and put together in another.
fn compared_backwards(configs: &[(&str, &Diff)], format: Format) -> String {
    let reviewer = Reviewer::new(format, &Templates::default()).unwrap();
    let backwards = configs.iter().rev();
    let mut sections: Vec<Section> =
        backwards.map(|(name, diff)| reviewer.section(name, diff)).collect();
    sections.reverse();
    reviewer.report(Fleet::new(sections)).unwrap().to_string()
}

#[test]
fn the_order_in_which_configs_are_compared_does_not_show() {
    let (busy, same, grown) = (busy(), unchanged(), grown());
    let few = [("same", &same), ("grown", &grown), ("busy", &busy)];
    let names = named(60);
    let kinds = [&grown, &same, &busy];
    let many: Vec<(&str, &Diff)> =
        names.iter().enumerate().map(|(index, name)| (name.as_str(), kinds[index % 3])).collect();
    for configs in [&few[..], &many] {
        for format in FORMATS {
            let report = reviewed(configs, format, &Templates::default()).unwrap();
            assert!(report == compared_backwards(configs, format), "{format:?}");
        }
    }
}

#[test]
fn errors_and_what_is_dangerous_stand_first() {
    let (busy, same, wrong) = (busy(), unchanged(), grown());
    let resized = diff(Some(&base()), Some(&resized()));
    let configs =
        [("a-resized", &resized), ("b-same", &same), ("c-busy", &busy), ("d-wrong", &wrong)];
    for (format, heading) in
        [(TEXT, "\nNAME: "), (Format::Markdown, "\n#### NAME "), (Format::Html, "<h2>NAME</h2>")]
    {
        let report = reviewed(&configs, format, &Templates::default()).unwrap();
        let at = |name: &str| report.find(&heading.replace("NAME", name));
        let order = [at("d-wrong"), at("c-busy"), at("a-resized")];
        assert!(order.is_sorted() && order[0].is_some(), "{order:?} in\n{report}");
        assert_eq!(at("b-same"), None, "{report}");
    }
}

#[test]
fn a_link_leads_to_the_one_place_it_names() {
    let (busy, grown) = (busy(), grown());
    let configs = [("pool", &grown), ("pool-1", &busy), ("pool 1", &busy), ("pool_20_1", &grown)];
    let page = reviewed(&configs, Format::Html, &Templates::default()).unwrap();
    let told = |start: &str| -> Vec<&str> {
        page.split(start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
    };
    let ids = told(" id=\"");
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "{ids:?}");
    let links: Vec<&str> = told(" href=\"#").into_iter().chain(told(" for=\"")).collect();
    assert!(links.len() > 20 && links.iter().all(|link| unique.contains(link)), "{links:?}");
}

#[test]
fn a_comment_leaves_out_no_more_than_it_must() {
    let grown = grown();
    let mut notes = BTreeSet::new();
    for count in [2, 15, 25, 40, 60, 100, 1_000] {
        let names = named(count);
        let configs: Vec<(&str, &Diff)> =
            names.iter().map(|name| (name.as_str(), &grown)).collect();
        let comment = reviewed(&configs, Format::Markdown, &Templates::default()).unwrap();
        assert!(comment.len() <= 65_024, "{count} configs: {} bytes", comment.len());
        let last = format!("#### config-{count} ");
        let cut = comment.contains("exceeds the length of a comment");
        assert_eq!(comment.contains(&last), !cut, "{count} configs");
        let note = comment.lines().find(|line| line.starts_with("> Omitted"));
        let level = note.map_or(if cut { 4 } else { 0 }, |note| note.split(", ").count());
        assert_eq!(comment.contains("[more]"), level == 0, "{count} configs");
        assert_eq!(comment.contains("```mermaid"), level < 3, "{count} configs");
        assert_eq!(comment.contains("@@ properties"), level < 4, "{count} configs");
        notes.insert((level, cut));
    }
    assert!(notes.len() >= 4, "too few levels were seen: {notes:?}");
    assert!(notes.contains(&(0, false)) && notes.contains(&(4, true)), "{notes:?}");
}

#[test]
fn the_only_config_that_is_left_is_told_as_one() {
    let grown = grown();
    for format in FORMATS {
        let reviewer = Reviewer::new(format, &Templates::default()).unwrap();
        let sections = vec![reviewer.section("vision", &grown)];
        let report = reviewer.report(Fleet::new(sections).without(1)).unwrap().to_string();
        let alone = review("vision", &grown, format, &Templates::default()).unwrap().to_string();
        let failed = ["could not be compared", "\"failedConfigs\": 1"];
        assert!(failed.iter().any(|words| report.contains(words)), "{report}");
        let heading = |text: &str| text.matches("<h2>").count() + text.matches("####").count();
        assert_eq!((heading(&report), heading(&alone)), (0, 0), "{report}");
    }
}

#[test]
fn a_broken_template_is_one_error() {
    let grown = grown();
    let configs = [("one", &grown), ("two", &grown), ("three", &grown)];
    for (text, why) in [
        ("{{#if}", "report/config.txt.hbs:1"),
        ("\n{{nothing name}}", "report/config.txt.hbs:2: Helper not found nothing"),
        ("{{> report/config.txt.hbs}}", "report/config.txt.hbs:1: partials are not supported"),
    ] {
        let error = reviewed(&configs, TEXT, &own(&[("config.txt", text)])).unwrap_err();
        assert_eq!(error.code, "PB2101");
        assert!(error.reason.starts_with(why), "{}", error.reason);
    }
}

/// Neither where the parts wait nor whether a team has its own copy of the built-in templates shows.
#[test]
fn parts_in_a_file_and_copied_templates_give_the_same_report() {
    let (busy, same, grown) = (busy(), unchanged(), grown());
    let names = named(9);
    let kinds = [&grown, &same, &busy];
    let configs: Vec<(&str, &Diff)> =
        names.iter().enumerate().map(|(index, name)| (name.as_str(), kinds[index % 3])).collect();
    let copies = Templates::embedded().map(|(path, text)| (path.to_owned(), text.to_owned()));
    let copies = Templates::new(copies.collect());
    for configs in [&configs[..], &configs[..1], &configs[1..2]] {
        for format in FORMATS {
            let report = reviewed(configs, format, &Templates::default()).unwrap();
            assert!(report == reviewed(configs, format, &copies).unwrap(), "{format:?}");
            let reviewer = Reviewer::new(format, &Templates::default()).unwrap();
            let reviewer = reviewer.with_file(tempfile::tempfile().unwrap());
            let sections =
                configs.iter().map(|(name, diff)| reviewer.section(name, diff)).collect();
            let in_file = reviewer.report(Fleet::new(sections)).unwrap().to_string();
            assert!(report == in_file, "{format:?}");
        }
    }
}

/// What a template may do, it may do for every config.
#[test]
fn the_bounds_of_a_template_hold_for_each_config() {
    let grown = grown();
    let each = "{{#each [0,1,2,3,4,5,6,7,8,9]}}".repeat(5);
    let loops = format!("{each}{}", "{{/each}}".repeat(5));
    let names = named(12);
    let configs: Vec<(&str, &Diff)> = names.iter().map(|name| (name.as_str(), &grown)).collect();
    let whole = "{{#each reviews}}{{part @index}}.{{part 99}}{{/each}}";
    let templates = own(&[("config.txt", &loops), ("review.txt", whole)]);
    assert_eq!(reviewed(&configs, TEXT, &templates).unwrap(), ".".repeat(12));
}
