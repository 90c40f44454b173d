//! Configs made of several: what wins, where a value comes from, and what cannot be merged.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use prebake::config::layers::{Files, Layers, MAX_LAYERS, NoFiles, layers};
use prebake::diagnostic::{Diagnostics, Sources, text};
use serde_json::json;

use crate::processor::within;

/// Files in memory, by path.
struct Memory(BTreeMap<String, String>);

impl Files for Memory {
    fn read(&self, path: &Path) -> Result<Vec<u8>, String> {
        let found = self.0.get(&path.to_string_lossy().into_owned());
        found.map(|text| text.clone().into_bytes()).ok_or_else(|| "no such file".to_owned())
    }
}

struct Read {
    layers: Option<Layers>,
    sources: Sources,
    diagnostics: Diagnostics,
}

/// Reads the first file, with the others beside it.
fn read(files: &[(&str, &str)]) -> Read {
    let memory =
        Memory(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect());
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let (path, text) = files[0];
    let layers = layers(path, text.as_bytes(), &memory, &mut sources, &mut diagnostics);
    Read { layers, sources, diagnostics }
}

impl Read {
    fn base(&self) -> &prebake::config::Document {
        assert!(self.diagnostics.is_empty(), "{}", self.shown());
        &self.layers.as_ref().expect("reads").base
    }

    fn environment(&mut self, name: &str) -> prebake::config::Document {
        let layers = self.layers.as_ref().expect("reads");
        let document = layers.environment(name, &mut self.diagnostics);
        assert!(self.diagnostics.is_empty(), "{}", self.shown());
        document.expect("is an environment")
    }

    fn shown(&self) -> String {
        text::render(&self.diagnostics, &self.sources, false)
    }

    fn origin(&self, document: &prebake::config::Document, pointer: &str) -> String {
        let (file, at) = self.sources.position(document.place(pointer).expect("has a place"));
        format!("{file}:{}:{}", at.line, at.column)
    }

    /// The only finding: its code, and the positions that it names.
    fn refused(&self) -> (String, Vec<String>) {
        assert!(self.layers.is_none(), "must be refused");
        self.finding()
    }

    fn finding(&self) -> (String, Vec<String>) {
        let findings: Vec<_> = self.diagnostics.iter().collect();
        assert_eq!(findings.len(), 1, "{}", self.shown());
        let places = findings[0].place.into_iter();
        let places = places.chain(findings[0].related.iter().map(|related| related.place));
        let positions = places.map(|place| {
            let (file, at) = self.sources.position(place);
            format!("{file}:{}:{}", at.line, at.column)
        });
        assert!(!findings[0].help.is_empty());
        (findings[0].code.to_string(), positions.collect())
    }
}

#[test]
fn upper_layer_wins_mappings_merge_lists_are_replaced() {
    let read = read(&[
        ("team/a.yaml", "extends: ../base.yaml\nname: a\nnode: { gpu: true }\nimages: [x]\n"),
        ("base.yaml", "name: base\nlocation: west\nnode: { gpu: false, os: u }\nimages: [1, 2]\n"),
    ]);
    let base = read.base();
    assert_eq!(
        base.value,
        json!({ "name": "a", "location": "west", "node": { "gpu": true, "os": "u" },
                "images": ["x"] })
    );
    assert_eq!(read.origin(base, "/name"), "team/a.yaml:2:7");
    assert_eq!(read.origin(base, "/location"), "base.yaml:2:11");
    assert_eq!(read.origin(base, "/node/gpu"), "team/a.yaml:3:14");
    assert_eq!(read.origin(base, "/node/os"), "base.yaml:3:25");
    assert_eq!(read.origin(base, "/images/0"), "team/a.yaml:4:10");
    assert!(base.entries().all(|(pointer, _)| base.value.pointer(pointer).is_some()));
}

const POOLS: &str = "\
name: a
location: west
batch:
  pools:
    - { id: train, nodes: 2, metadata: { team: vision } }
    - { id: dev, nodes: 1 }
environments:
  prod: { batch: { pools: [{ id: train, nodes: 8 }, { id: eval, nodes: 1 }] } }
  lean: { batch: { pools: [{ id: dev, $remove: true }, { id: train, nodes: 1 }] } }
  bare: { batch: { pools: [{ id: only, $replace: true, nodes: 1 }] } }
  lost: { batch: { pools: [{ id: tain, $remove: true }] } }
";

#[test]
fn lists_of_named_things_merge_by_their_names_and_every_value_keeps_its_place() {
    let read = read(&[("a.yaml", POOLS)]);
    let layers = read.layers.as_ref().expect("reads");
    let mut found = Diagnostics::new();
    let prod = layers.environment("prod", &mut found).expect("is an environment");
    assert_eq!(
        prod.value["batch"]["pools"],
        json!([
            { "id": "train", "nodes": 8, "metadata": { "team": "vision" } },
            { "id": "dev", "nodes": 1 },
            { "id": "eval", "nodes": 1 },
        ])
    );
    assert_eq!(read.origin(&prod, "/batch/pools/0/nodes"), "a.yaml:8:48");
    assert_eq!(read.origin(&prod, "/batch/pools/0/metadata/team"), "a.yaml:5:48");
    assert_eq!(read.origin(&prod, "/batch/pools/1/id"), "a.yaml:6:13");
    assert_eq!(read.origin(&prod, "/batch/pools/2/id"), "a.yaml:8:59");
    assert!(prod.entries().all(|(pointer, _)| prod.value.pointer(pointer).is_some()));
    let codes: Vec<_> = found.iter().map(|it| (it.code.clone(), it.title.clone())).collect();
    let kept = "`batch.pools` keeps `dev` from the lower layer".to_owned();
    assert_eq!(codes, [("PB0310".into(), kept)]);
}

#[test]
fn an_item_can_be_taken_out_and_a_whole_list_replaced() {
    let mut read = read(&[("a.yaml", POOLS)]);
    let lean = read.environment("lean");
    let train = json!({ "id": "train", "nodes": 1, "metadata": { "team": "vision" } });
    assert_eq!(lean.value["batch"]["pools"], json!([train]));
    let bare = read.environment("bare");
    assert_eq!(bare.value["batch"]["pools"], json!([{ "id": "only", "nodes": 1 }]));
    assert_eq!(read.origin(&bare, "/batch/pools/0/nodes"), "a.yaml:10:63");
    let layers = read.layers.as_ref().expect("reads");
    let mut found = Diagnostics::new();
    layers.environment("lost", &mut found);
    let codes: Vec<_> = found.iter().map(|it| it.code.to_string()).collect();
    assert_eq!(codes, ["PB0310", "PB0309"]);
}

#[test]
fn key_set_to_nothing_goes() {
    let read = read(&[
        ("a.yaml", "extends: b.yaml\nregistry: ~\n"),
        ("b.yaml", "name: b\nregistry: { sku: Basic }\n"),
    ]);
    let base = read.base();
    assert_eq!(base.value, json!({ "name": "b" }));
    assert!(base.entries().all(|(pointer, _)| !pointer.starts_with("/registry")));
}

#[test]
fn three_levels_and_two_sides() {
    let read = read(&[
        ("a.yaml", "extends: [b.yaml, c.yaml]\nname: a\n"),
        ("b.yaml", "extends: d.yaml\nname: b\nlocation: west\n"),
        ("c.yaml", "extends: d.yaml\nname: c\ntags: { cost: c }\n"),
        ("d.yaml", "tags: { team: d }\n"),
    ]);
    let base = read.base();
    assert_eq!(
        base.value,
        json!({ "tags": { "team": "d", "cost": "c" }, "name": "a", "location": "west" })
    );
}

#[test]
fn environments_lie_over_the_config_and_name_themselves() {
    let mut read = read(&[
        (
            "a.yaml",
            "name: a\nlocation: west\nenvironments:\n  dev: { location: north }\n  prod: over/prod.yaml\n  \
             own: { name: chosen }\n  same:\n",
        ),
        ("over/prod.yaml", "location: east\n"),
    ]);
    let names: Vec<_> = read.layers.as_ref().expect("reads").names().map(str::to_owned).collect();
    assert_eq!(names, ["dev", "prod", "own", "same"]);
    let dev = read.environment("dev");
    assert_eq!(dev.value, json!({ "name": "a-dev", "location": "north" }));
    assert_eq!(read.origin(&dev, "/location"), "a.yaml:4:20");
    let prod = read.environment("prod");
    assert_eq!(prod.value, json!({ "name": "a-prod", "location": "east" }));
    assert_eq!(read.origin(&prod, "/location"), "over/prod.yaml:1:11");
    assert_eq!(read.environment("own").value["name"], "chosen");
    assert_eq!(read.environment("same").value, json!({ "name": "a-same", "location": "west" }));
}

#[test]
fn environments_of_a_lower_layer_are_inherited_with_their_paths() {
    let mut read = read(&[
        ("team/a.yaml", "extends: ../base/b.yaml\nname: a\nenvironments: { dev: { tags: {} } }\n"),
        ("base/b.yaml", "environments: { dev: { location: n }, prod: prod.yaml }\n"),
        ("base/prod.yaml", "location: east\n"),
    ]);
    assert_eq!(
        read.environment("dev").value,
        json!({ "name": "a-dev", "location": "n", "tags": {} })
    );
    assert_eq!(read.environment("prod").value["location"], "east");
}

#[test]
fn circle_is_refused_with_its_chain() {
    let read = read(&[
        ("x/a.yaml", "extends: b.yaml\n"),
        ("x/b.yaml", "extends: ../c.yaml\n"),
        ("c.yaml", "name: c\nextends: [./x/../x/b.yaml]\n"),
    ]);
    assert_eq!(read.refused(), ("PB0301".to_owned(), vec!["c.yaml:2:11".to_owned()]));
    assert!(read.shown().contains("`x/b.yaml` extends `c.yaml` extends `x/b.yaml`"));
}

#[test]
fn config_that_extends_itself_is_refused() {
    let read = read(&[("a.yaml", "extends: a.yaml\n")]);
    assert_eq!(read.refused(), ("PB0301".to_owned(), vec!["a.yaml:1:10".to_owned()]));
}

#[test]
fn missing_layer_is_refused_where_it_is_named() {
    let read = read(&[("a.yaml", "name: a\nextends:\n  - gone.yaml\n")]);
    assert_eq!(read.refused(), ("PB0302".to_owned(), vec!["a.yaml:3:5".to_owned()]));
}

#[test]
fn extends_must_name_files() {
    for text in ["extends: 3\n", "extends: [a, {}]\n", "extends:\n", "extends: ''\n"] {
        let read = read(&[("a.yaml", text)]);
        assert_eq!(read.refused().0, "PB0302", "{text}");
    }
}

#[test]
fn different_forms_conflict_at_both_places() {
    let read = read(&[
        ("a.yaml", "extends: b.yaml\nnode: gpu\n"),
        ("b.yaml", "name: b\nnode: { gpu: true }\n"),
    ]);
    let places = vec!["a.yaml:2:7".to_owned(), "b.yaml:2:7".to_owned()];
    assert_eq!(read.refused(), ("PB0303".to_owned(), places));
}

#[test]
fn environment_of_another_form_conflicts() {
    let mut read =
        read(&[("a.yaml", "name: a\nnode: { gpu: true }\nenvironments: { dev: { node: [] } }\n")]);
    let layers = read.layers.take().expect("reads");
    assert!(layers.environment("dev", &mut read.diagnostics).is_none());
    let places = vec!["a.yaml:3:30".to_owned(), "a.yaml:2:7".to_owned()];
    assert_eq!(read.finding(), ("PB0303".to_owned(), places));
}

#[test]
fn sides_that_disagree_are_refused_unless_the_config_decides() {
    let sides = [("b.yaml", "node: { os: u, gpu: true }\n"), ("c.yaml", "node: { os: v }\n")];
    let files = |own| [&[("a.yaml", own)][..], &sides].concat();
    let undecided = read(&files("extends: [b.yaml, c.yaml]\nname: a\n"));
    let places = vec!["c.yaml:1:13".to_owned(), "b.yaml:1:13".to_owned()];
    assert_eq!(undecided.refused(), ("PB0304".to_owned(), places));
    assert!(undecided.shown().contains("node.os"));
    let decided = read(&files("extends: [b.yaml, c.yaml]\nname: a\nnode: { os: w }\n"));
    assert_eq!(decided.base().value["node"], json!({ "os": "w", "gpu": true }));
}

#[test]
fn unknown_environment_is_refused_with_the_nearest() {
    let mut read = read(&[("a.yaml", "name: a\nenvironments: { dev: {}, prod: {} }\n")]);
    let layers = read.layers.take().expect("reads");
    assert!(layers.environment("prdo", &mut read.diagnostics).is_none());
    assert_eq!(read.finding(), ("PB0305".to_owned(), vec!["a.yaml:2:17".to_owned()]));
    assert!(read.shown().contains("did you mean `prod`?"));
}

#[test]
fn environment_of_a_config_without_any_is_refused() {
    let mut read = read(&[("a.yaml", "name: a\n")]);
    let layers = read.layers.take().expect("reads");
    assert!(layers.environment("dev", &mut read.diagnostics).is_none());
    assert_eq!(read.finding(), ("PB0305".to_owned(), vec!["a.yaml:1:1".to_owned()]));
}

#[test]
fn malformed_environments_are_refused() {
    for (text, place) in [
        ("environments: [dev]\n", "a.yaml:1:1"),
        ("environments: { Dev: {} }\n", "a.yaml:1:17"),
        ("environments: { ../../x: {} }\n", "a.yaml:1:17"),
        ("environments: { dev: 3 }\n", "a.yaml:1:17"),
        ("environments: { dev: { extends: b.yaml } }\n", "a.yaml:1:24"),
        ("environments: { dev: { environments: {} } }\n", "a.yaml:1:24"),
    ] {
        let read = read(&[("a.yaml", text)]);
        assert_eq!(read.refused(), ("PB0306".to_owned(), vec![place.to_owned()]), "{text}");
    }
}

#[test]
fn too_many_layers_are_refused() {
    let names: Vec<String> = (0..=MAX_LAYERS + 1).map(|at| format!("{at}.yaml")).collect();
    let texts: Vec<String> =
        (0..names.len()).map(|at| format!("extends: {}.yaml\nname: n\n", at + 1)).collect();
    let files: Vec<(&str, &str)> =
        names.iter().zip(&texts).map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(read(&files).refused().0, "PB0307");
}

#[test]
fn layers_of_many_values_merge_in_time() {
    let tags = |value: &dyn Fn(usize) -> String| -> String {
        let lines: Vec<String> =
            (0..40_000).map(|at| format!("  k{at}: {}\n", value(at))).collect();
        lines.concat()
    };
    let lower = format!("name: a\ntags:\n{}", tags(&|_| "a".to_owned()));
    let other = |at: usize| if at.is_multiple_of(2) { "~".to_owned() } else { "b".to_owned() };
    let upper = format!("extends: b.yaml\ntags:\n{}", tags(&other));
    // Every replaced value was once looked for among all others.
    let files = [("a.yaml", &*upper), ("b.yaml", &*lower)];
    let read = within(Duration::from_secs(20), "the merge", || read(&files));
    let tags = read.base().value["tags"].as_object().expect("tags");
    assert_eq!((tags.len(), &tags["k1"]), (20_000, &"b".into()));
}

#[test]
fn doubling_layers_are_refused_in_bounded_time() {
    // Every level extends the next twice: a billion reads without a limit.
    let names: Vec<String> = (0..30).map(|at| format!("{at}.yaml")).collect();
    let texts: Vec<String> =
        (0..30).map(|at| format!("extends: [{0}.yaml, ./{0}.yaml]\nname: n\n", at + 1)).collect();
    let files: Vec<(&str, &str)> =
        names.iter().zip(&texts).map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let read = read(&files);
    assert!(read.layers.is_none());
    assert!(read.diagnostics.iter().count() <= 2 * MAX_LAYERS, "{}", read.shown());
}

#[test]
fn layer_that_is_no_yaml_shows_its_own_place() {
    let read = read(&[("a.yaml", "extends: b.yaml\n"), ("b.yaml", "name: [\n")]);
    assert_eq!(read.refused().0, "PB0003");
    assert!(read.shown().contains("b.yaml:2"));
}

#[test]
fn no_files_gives_a_reason() {
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let read = layers("a.yaml", b"extends: b.yaml\n", &NoFiles, &mut sources, &mut diagnostics);
    assert!(read.is_none());
    assert!(text::render(&diagnostics, &sources, false).contains("cannot be read here"));
}

#[test]
fn layers_are_counted_together() {
    let tags = |layer: usize| -> String {
        let lines: Vec<String> = (0..20_000).map(|at| format!("  a{layer}_{at}: v\n")).collect();
        format!("tags:\n{}", lines.concat())
    };
    let (one, two, three) = (tags(1), tags(2), tags(3));
    let files = [
        ("a.yaml", "extends: [one.yaml, two.yaml, three.yaml]\nname: a\n"),
        ("one.yaml", one.as_str()),
        ("two.yaml", two.as_str()),
        ("three.yaml", three.as_str()),
    ];
    assert_eq!(read(&files).refused().0, "PB0006");
    read(
        &files[..3]
            .iter()
            .map(|(path, text)| {
                (
                    *path,
                    if *path == "a.yaml" {
                        "extends: [one.yaml, two.yaml]\nname: a\n"
                    } else {
                        text
                    },
                )
            })
            .collect::<Vec<_>>(),
    )
    .base();
}

#[test]
fn environments_are_counted_together() {
    let lines: Vec<String> = (0..20_000).map(|at| format!("  a{at}: v\n")).collect();
    let environments: Vec<String> = (0..20).map(|at| format!("  e{at}: {{}}\n")).collect();
    let config =
        format!("name: a\ntags:\n{}environments:\n{}", lines.concat(), environments.concat());
    let mut read = read(&[("a.yaml", &config)]);
    let layers = read.layers.take().expect("reads");
    let names: Vec<String> = layers.names().map(str::to_owned).collect();
    assert!(layers.fit(&names[..10], &mut read.diagnostics));
    assert!(!layers.fit(&names, &mut read.diagnostics));
    assert!(read.shown().contains("PB0006"), "{}", read.shown());
}
