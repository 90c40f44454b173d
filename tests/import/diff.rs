//! The first review against the live pool shows only what the report said.

use prebake::diff::{self, Live};
use prebake::migrate::Outcome;
use prebake::pipeline::{self, Input};
use serde_json::Value;

use super::{case, migrated, tools};

#[test]
fn the_first_review_against_the_live_pool_shows_only_what_the_report_said() {
    let tools = tools();
    // Pools as Azure shows them today: `--live` reads no older API version.
    for name in ["gpu-identity.json", "machine.json", "resource.json", "mismatch.json", "pool.json"]
    {
        let migrated = migrated(&[name]);
        let input = Input {
            path: "prebake.yaml".to_owned(),
            bytes: migrated.configs[0].yaml.clone().into_bytes(),
            ..Input::default()
        };
        let outcome = pipeline::render(&input, &tools);
        let render = outcome.render.unwrap_or_else(|| panic!("{name} renders"));
        let text = std::fs::read_to_string(case(name)).expect("a case");
        let shown: Value = serde_json::from_str(&text).expect("JSON");
        let resources = diff::live::resources_of(&shown, None, render.state());
        let live = Live { resources: resources.expect("a pool"), ..Live::default() };
        let review = render.diff_with_live(None, &live, &outcome.sources);
        let pool = review
            .resources
            .iter()
            .find(|change| change.is(diff::POOL))
            .expect("the pool is there");
        for change in &pool.properties {
            let path = diff::path_text(&change.path);
            // A list's element is named by its key in a review and by its place in the report.
            let stem = path.split('[').next().unwrap_or_default();
            let told = migrated.report.rows.iter().any(|row| {
                let other = row.property.split('[').next().unwrap_or_default();
                row.outcome != Outcome::Same
                    && (row.property.starts_with(stem)
                        || !other.is_empty() && stem.starts_with(other))
                    || row.outcome == Outcome::Secret
                        && stem.ends_with(row.source.split(['[', '.']).next().unwrap_or_default())
            });
            assert!(
                told,
                "{name}: `{path}` differs ({:?} -> {:?}), and the report does not say so:\n{}",
                change.before,
                change.after,
                migrated.report.text()
            );
        }
    }
}
