//! The table of `docs/situations.md`: each row is a pair of configs, reviewed in all four formats.

use prebake::diff::{Diff, RenderState, diff};
use prebake::pipeline::{self, Input, Tools};
use prebake::report::Templates as ReportTemplates;
use prebake::report::review::{Format, review};
use prebake::schema::ResourceSchemas;
use serde_json::Value;

use crate::tools::tools;

const TABLE: &str = include_str!("../../docs/situations.md");

const CONFIG: &str = "\
name: vision
location: swedencentral
resourceGroup: vision-batch
registry: { create: true, sku: Basic }
images:
  - name: trainer
    tag: \"1.0\"
    build: { context: \"https://github.com/contoso/trainer.git#main\" }
node: { os: ubuntu-24.04, vmSize: Standard_NC4as_T4_v3 }
gallery: { version: 1.0.0 }
batch:
  pools:
    - id: dev
      nodes: 2
      replace: blue-green
";

const SUBNET: &str = "network: { subnetId: /subscriptions/11111111-1111-1111-1111-111111111111/\
resourceGroups/net/providers/Microsoft.Network/virtualNetworks/hub/subnets/";

/// What is done to a text of the config, each text once.
type Edits = &'static [(&'static str, &'static str)];

const BUMP: Edits = &[("tag: \"1.0\"\n    build", "tag: \"1.1\"\n    build"), ("1.0.0", "1.1.0")];
const ABAC: Edits = &[("sku: Basic", "sku: Basic, roleAssignmentMode: abac")];
const LOCAL: Edits = &[(
    "build: { context: \"https://github.com/contoso/trainer.git#main\" }",
    "build: { context: . }",
)];
const IN_PLACE: (&str, &str) = ("      replace: blue-green\n", "");
const POOLS: (&str, &str) =
    ("batch:\n  pools:\n    - id: dev\n      nodes: 2\n      replace: blue-green\n", "");
const SECOND: (&str, &str) =
    ("    - id: dev\n", "    - { id: old, nodes: 1, replace: blue-green }\n    - id: dev\n");

/// The edits that lead to the previous config, and those that lead to the new one; nothing for a side that
/// is not there.
fn sides(situation: &str) -> (Option<Vec<Edits>>, Option<Vec<Edits>>) {
    let both = |before: Vec<Edits>, after: Vec<Edits>| (Some(before), Some(after));
    match situation {
        "first deployment" => (None, Some(vec![])),
        "the config is gone" => (Some(vec![]), None),
        "nothing changes" => both(vec![], vec![]),
        "routine bump, blue-green"
        | "builder of a routine bump"
        | "image version of a routine bump" => both(vec![], vec![BUMP]),
        "routine bump, without blue-green" => both(vec![&[IN_PLACE]], vec![&[IN_PLACE], BUMP]),
        "routine bump of an image without pools" => both(vec![&[POOLS]], vec![&[POOLS], BUMP]),
        "new content under the same version" => both(vec![], vec![&BUMP[..1]]),
        "resize" => both(vec![], vec![&[("nodes: 2", "nodes: 4")]]),
        "shrink" => both(vec![], vec![&[("nodes: 2", "nodes: 1")]]),
        "larger VM size, blue-green" => {
            both(vec![], vec![&[("Standard_NC4as_T4_v3", "Standard_NC8as_T4_v3")]])
        }
        "larger VM size, without blue-green" => both(
            vec![&[IN_PLACE]],
            vec![&[IN_PLACE], &[("Standard_NC4as_T4_v3", "Standard_NC8as_T4_v3")]],
        ),
        "blue-green switched on" => both(vec![&[IN_PLACE]], vec![]),
        "blue-green switched off" => both(vec![], vec![&[IN_PLACE]]),
        "another operating system, blue-green" => {
            both(vec![], vec![&[("ubuntu-24.04", "ubuntu-22.04"), ("1.0.0", "1.1.0")]])
        }
        "start task" => both(
            vec![&[("nodes: 2\n", "nodes: 2\n      startTask: { command: nvidia-smi }\n")]],
            vec![&[("nodes: 2\n", "nodes: 2\n      startTask: { command: nvidia-smi -L }\n")]],
        ),
        "new pool" => both(vec![], vec![&[SECOND]]),
        "removed pool" => both(vec![&[SECOND]], vec![]),
        "renamed pool" => {
            both(vec![&[IN_PLACE]], vec![&[IN_PLACE], &[("- id: dev", "- id: training")]])
        }
        "network move, blue-green" => moved(&[]),
        "network move, without blue-green" => moved(&[&[IN_PLACE]]),
        "another address space" => both(
            vec![&[IN_PLACE], &[("batch:\n", "network: { addressSpace: 10.64.0.0/16 }\nbatch:\n")]],
            vec![&[IN_PLACE], &[("batch:\n", "network: { addressSpace: 10.70.0.0/16 }\nbatch:\n")]],
        ),
        "role removed" => both(vec![ABAC], vec![ABAC, BUMP, LOCAL]),
        "registry SKU raised" => both(vec![], vec![&[("sku: Basic", "sku: Standard")]]),
        "nodes with public addresses" => both(
            vec![&[IN_PLACE]],
            vec![
                &[IN_PLACE],
                &[("batch:\n", "network: { nodeAddresses: batchManaged }\nbatch:\n")],
            ],
        ),
        "another resource group" => {
            both(vec![], vec![&[("resourceGroup: vision-batch", "resourceGroup: other")]])
        }
        other => panic!("`{other}` stands in the table and has no pair of configs"),
    }
}

fn moved(base: &[Edits]) -> (Option<Vec<Edits>>, Option<Vec<Edits>>) {
    let with = |edit: Edits| base.iter().copied().chain([edit]).collect::<Vec<Edits>>();
    (
        Some(with(&[("batch:\n", "NETWORK-one }\nbatch:\n")])),
        Some(with(&[("batch:\n", "NETWORK-two }\nbatch:\n")])),
    )
}

fn state(edits: &[Edits]) -> RenderState {
    let mut text = CONFIG.to_owned();
    for (from, to) in edits.iter().flat_map(|edits| edits.iter()) {
        assert_eq!(text.matches(from).count(), 1, "{from:?} does not stand once in\n{text}");
        text = text.replace(from, to);
    }
    text = text.replace("NETWORK-", SUBNET);
    let tools = Tools { schemas: ResourceSchemas::default(), ..tools() };
    let bytes = text.clone().into_bytes();
    let input = Input { path: "prebake.yaml".to_owned(), bytes, overrides: Vec::new() };
    let outcome = pipeline::render(&input, &tools);
    let render = outcome.render.unwrap_or_else(|| {
        let titles: Vec<_> = outcome.diagnostics.iter().map(|it| (&it.code, &it.title)).collect();
        panic!("it does not render: {titles:?}\n{text}")
    });
    render.state().clone()
}

struct Row {
    situation: String,
    answers: [String; 3],
    resource: String,
    sign: String,
    color: String,
    exit: i64,
}

fn rows() -> Vec<Row> {
    let lines = TABLE.lines().filter(|line| line.starts_with("| ")).skip(1);
    let cells = |line: &str| -> Vec<String> {
        let cells = line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', ""));
        cells.collect()
    };
    let rows = lines.map(cells).map(|cells| {
        let [situation, danger, access, cost, resource, sign, color, exit] =
            <[String; 8]>::try_from(cells).expect("eight cells");
        let exit = exit.parse().expect("an exit code");
        Row { situation, answers: [danger, access, cost], resource, sign, color, exit }
    });
    rows.collect()
}

fn written(diff: &Diff, format: Format) -> String {
    let templates = ReportTemplates::default();
    review("vision", diff, format, &templates).expect("the embedded templates are used").to_string()
}

const QUESTIONS: [&str; 3] = ["replaced or deleted", "access", "cost"];

/// The word that JSON has for what people read.
fn of_json(word: &str) -> &str {
    match word {
        "no change" => "no",
        "temporary" => "for a while",
        "unknown" => "not known",
        word => word,
    }
}

/// The style of an answer: red, yellow or green.
fn level(word: &str) -> (&'static str, &'static str, &'static str) {
    match word {
        "YES" | "REFUSED" | "EMPTY POOL" => ("danger", "🔴", "1;31"),
        "WIDENS" | "RISES" | "temporary" | "unknown" | "changes" => ("warn", "🟡", "1;33"),
        "planned" | "falls" | "narrows" | "no" | "no change" => ("calm", "🟢", "32"),
        other => panic!("`{other}` is no answer"),
    }
}

fn escape(color: &str) -> &'static str {
    match color {
        "red" => "1;31",
        "green" => "32",
        "blue" => "36",
        other => panic!("`{other}` is no color of a resource that changes"),
    }
}

/// What is wrong with the four reviews of one situation.
fn wrong(row: &Row, diff: &Diff) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut expect = |holds: bool, what: String| {
        if !holds {
            wrong.push(format!("{}: {what}", row.situation));
        }
    };
    let json: Value = serde_json::from_str(&written(diff, Format::Json)).expect("JSON");
    let (text, markdown, html) = (
        written(diff, Format::Text { color: true }),
        written(diff, Format::Markdown),
        written(diff, Format::Html),
    );
    let config = &json["configs"][0];
    expect(config["exitCode"] == row.exit, format!("exit code {}", config["exitCode"]));
    for (index, (question, word)) in QUESTIONS.iter().zip(&row.answers).enumerate() {
        let (style, light, paint) = level(word);
        let found = &config["answers"][index];
        expect(found["word"] == *of_json(word), format!("JSON answers {found}"));
        expect(found["level"] == style, format!("JSON: {question} is {}", found["level"]));
        let painted = format!("\u{1b}[{paint}m{word:<11}\u{1b}[0m");
        let line = text
            .lines()
            .find(|line| line.starts_with(&format!("  {question:<20} ")))
            .unwrap_or_default();
        expect(line.contains(&painted), format!("text: {line:?}"));
        let cell = format!("| {light} | {question} | **{word}** ·");
        expect(markdown.contains(&cell), format!("Markdown: no {cell}"));
        let card = format!(
            "answer {style}\"><span class=\"question\">{question}</span><span class=\"word\">{word}<"
        );
        expect(html.contains(&card), format!("HTML: no {card}"));
    }
    let changes = json["changes"].as_array().expect("a list");
    let of_kind = |change: &&Value| {
        let kind = change["resourceType"].as_str().unwrap_or_default().to_lowercase();
        kind == kind_of(&row.resource)
    };
    let signs: Vec<&str> =
        changes.iter().filter(of_kind).filter_map(|change| change["sign"].as_str()).collect();
    expect(signs.contains(&row.sign.as_str()), format!("JSON: signs {signs:?}"));
    if row.color != "none" {
        let painted =
            format!("\u{1b}[{}m{:<3}\u{1b}[0m {}", escape(&row.color), row.sign, row.resource);
        expect(text.contains(&painted), format!("text: no {painted:?}"));
        let span = format!("| `{}` | {} ", row.sign, row.resource);
        expect(markdown.contains(&span), format!("Markdown: no {span}"));
        let sign = format!(
            "<span class=\"sign\">{}</span><span class=\"soft\">{}<",
            row.sign, row.resource
        );
        expect(html.contains(&sign), format!("HTML: no {sign}"));
        let drawn = format!(">{}</text>", row.sign);
        expect(html.contains(&drawn), format!("picture: no {drawn}"));
    }
    wrong
}

fn kind_of(words: &str) -> &'static str {
    match words {
        "pool" => "microsoft.batch/batchaccounts/pools",
        "virtual machine" => "microsoft.compute/virtualmachines",
        "image definition" => "microsoft.compute/galleries/images",
        "image version" => "microsoft.compute/galleries/images/versions",
        "virtual network" => "microsoft.network/virtualnetworks",
        "role assignment" => "microsoft.authorization/roleassignments",
        "registry" => "microsoft.containerregistry/registries",
        other => panic!("`{other}` is no resource of the table"),
    }
}

#[test]
fn every_situation_is_reviewed_as_the_table_says() {
    let rows = rows();
    assert!(rows.len() >= 20, "only {} rows are read", rows.len());
    let mut all = Vec::new();
    for row in &rows {
        let (before, after) = sides(&row.situation);
        let (before, after) = (before.as_deref().map(state), after.as_deref().map(state));
        let found = wrong(row, &diff(before.as_ref(), after.as_ref()));
        all.extend(found);
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}
