//! Reports of findings: exact outputs, and what their formats demand.

use prebake::diagnostic::{Diagnostic, Diagnostics, Place, Severity, Sources, Span};
use prebake::report::findings::{Checked, Format, render};
use serde_json::{Value, json};

const CONFIG: &str = "name: vision\nnode: { vmSize: Standard_NV12s_v3 }\n";
const RENDERED: &str = "resource pool 'x' = {\n  vmSize: 'Standard_NV12s_v3'\n}\n";

/// An error in the config that was rendered elsewhere, and a finding without place that needs escaping.
fn findings() -> (Diagnostics, Sources) {
    let mut sources = Sources::new();
    let config = sources.add("envs/gpu, dev.yaml", CONFIG);
    let rendered = sources.add("out/vision/batch.bicep", RENDERED);
    let mut findings = Diagnostics::new();
    let at = |file, start, end| Place { file, span: Span::new(start, end) };
    findings.push(
        Diagnostic::error("POOL004", "VM size is retired")
            .at(at(config, 29, 46), "Azure retired `Standard_NV12s_v3` on 2026-09-30")
            .related(at(rendered, 32, 51), "the rendered line")
            .reason("Allocation fails, or the pool cannot grow any more")
            .help("move to a current size"),
    );
    let mut loose = Diagnostic::warning("PB9999", "100% <odd> & \"quoted\"");
    loose.label.push_str("first line\r\nsecond: line\u{1}");
    findings.push(loose);
    (findings, sources)
}

fn report(format: Format, fail_on: Option<Severity>) -> String {
    let (diagnostics, sources) = findings();
    let checked = Checked { config: "prebake.yaml", diagnostics: &diagnostics, sources: &sources };
    let nothing = Diagnostics::new();
    let clean = Checked { config: "clean.yaml", diagnostics: &nothing, sources: &sources };
    render(format, &[checked, clean], fail_on)
}

#[test]
fn github_commands_are_escaped() {
    assert_eq!(
        report(Format::Github, None),
        "::error file=envs/gpu%2C dev.yaml,line=2,endLine=2,col=17,endColumn=33,\
         title=POOL004%3A VM size is retired::VM size is retired%0A\
         Azure retired `Standard_NV12s_v3` on 2026-09-30%0A\
         why: Allocation fails, or the pool cannot grow any more%0Ahelp: move to a current size\n\
         ::warning file=prebake.yaml,line=1,endLine=1,col=1,endColumn=1,\
         title=PB9999%3A 100%25 <odd> & \"quoted\"::100%25 <odd> & \"quoted\"%0A\
         first line%0D%0Asecond: line\u{1}\n"
    );
}

#[test]
fn junit_fails_from_the_bar_on() {
    let xml = report(Format::Junit, Some(Severity::Error));
    assert_eq!(
        xml,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"prebake validate\" tests=\"3\" skipped=\"0\" failures=\"1\" errors=\"0\">\n\
         \x20   <testsuite name=\"prebake.yaml\" tests=\"2\" skipped=\"0\" errors=\"0\" failures=\"1\">\n\
         \x20       <testcase name=\"POOL004 envs/gpu, dev.yaml:2:17\" classname=\"prebake.yaml\" \
         file=\"envs/gpu, dev.yaml\" line=\"2\">\n\
         \x20           <failure message=\"VM size is retired\" type=\"error\">envs/gpu, dev.yaml:2:17: VM \
         size is retired\nAzure retired `Standard_NV12s_v3` on 2026-09-30\nwhy: Allocation fails, or the pool \
         cannot grow any more\nhelp: move to a current size</failure>\n\
         \x20       </testcase>\n\
         \x20       <testcase name=\"PB9999 prebake.yaml:1:1\" classname=\"prebake.yaml\" \
         file=\"prebake.yaml\" line=\"1\">\n\
         \x20           <system-out>warning: prebake.yaml:1:1: 100% &lt;odd&gt; &amp; &quot;quoted&quot;\n\
         first line\u{fffd}\nsecond: line\u{fffd}</system-out>\n\
         \x20       </testcase>\n\
         \x20   </testsuite>\n\
         \x20   <testsuite name=\"clean.yaml\" tests=\"1\" skipped=\"0\" errors=\"0\" failures=\"0\">\n\
         \x20       <testcase name=\"no findings\" classname=\"clean.yaml\"/>\n\
         \x20   </testsuite>\n\
         </testsuites>\n"
    );
    assert!(report(Format::Junit, Some(Severity::Warning)).contains("failures=\"2\""));
    assert!(!report(Format::Junit, None).contains("<failure"));
}

#[test]
fn json_tells_everything() {
    let found: Value = serde_json::from_str(&report(Format::Json, None)).unwrap();
    let place = json!({ "file": "envs/gpu, dev.yaml", "line": 2, "column": 17, "endLine": 2, "endColumn": 34 });
    let related = json!([{
        "file": "out/vision/batch.bicep", "line": 2, "column": 11, "endLine": 2, "endColumn": 30,
        "label": "the rendered line",
    }]);
    assert_eq!(
        found,
        json!({
            "version": 1,
            "findings": [
                {
                    "config": "prebake.yaml", "code": "POOL004", "severity": "error",
                    "title": "VM size is retired", "place": place,
                    "label": "Azure retired `Standard_NV12s_v3` on 2026-09-30", "related": related,
                    "reason": "Allocation fails, or the pool cannot grow any more",
                    "help": "move to a current size", "note": "",
                    "facts": [],
                },
                {
                    "config": "prebake.yaml", "code": "PB9999", "severity": "warning",
                    "title": "100% <odd> & \"quoted\"", "place": null,
                    "label": "first line\r\nsecond: line\u{1}", "related": [], "reason": "", "help": "",
                    "note": "", "facts": [],
                },
            ],
            "summary": { "configs": 2, "errors": 1, "warnings": 1, "infos": 0 },
        })
    );
}

#[test]
fn sarif_points_at_the_config_and_relates_the_render() {
    let sarif: Value = serde_json::from_str(&report(Format::Sarif, None)).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    let physical = &result["locations"][0]["physicalLocation"];
    assert_eq!(physical["artifactLocation"]["uri"], "envs/gpu%2C%20dev.yaml");
    let region = json!({ "startLine": 2, "startColumn": 17, "endLine": 2, "endColumn": 34 });
    assert_eq!(physical["region"], region);
    let related = &result["relatedLocations"][0];
    assert_eq!(related["physicalLocation"]["artifactLocation"]["uri"], "out/vision/batch.bicep");
    assert_eq!(related["physicalLocation"]["region"]["startLine"], 2);
    assert_eq!(related["message"]["text"], "the rendered line");
    assert_eq!(
        result["message"]["text"],
        "VM size is retired: Azure retired `Standard_NV12s_v3` on 2026-09-30. Help: move to a current size"
    );
}

#[test]
fn sarif_has_the_shape_of_its_schema() {
    let sarif: Value = serde_json::from_str(&report(Format::Sarif, None)).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let runs = sarif["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0]["columnKind"], "unicodeCodePoints");
    let driver = &runs[0]["tool"]["driver"];
    assert_eq!(driver["name"], "prebake");
    assert!(driver["informationUri"].as_str().unwrap().starts_with("https://"));
    let rules = driver["rules"].as_array().unwrap();
    let ids: Vec<_> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["PB9999", "POOL004"]);
    for rule in rules {
        assert!(!rule["shortDescription"]["text"].as_str().unwrap().is_empty());
        assert!(matches!(
            rule["defaultConfiguration"]["level"].as_str(),
            Some("error" | "warning" | "note")
        ));
    }
    let help = rules[1]["help"]["markdown"].as_str().unwrap();
    assert!(help.contains("**Why:**") && help.contains("**Fix:**") && help.contains("**Source:**"));
    for result in runs[0]["results"].as_array().unwrap() {
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let region = &result["locations"][0]["physicalLocation"]["region"];
        for bound in ["startLine", "startColumn", "endLine", "endColumn"] {
            assert!(region[bound].as_u64().unwrap() >= 1);
        }
        assert_eq!(result["partialFingerprints"].as_object().unwrap().len(), 1);
    }
}

#[test]
fn fingerprints_survive_new_lines_above_and_tell_equals_apart() {
    let fingerprints = |config: &str, start: u32| -> Vec<String> {
        let mut sources = Sources::new();
        let file = sources.add("prebake.yaml", config);
        let mut findings = Diagnostics::new();
        for _ in 0..2 {
            let place = Place { file, span: Span::new(start, start + 4) };
            findings.push(Diagnostic::error("POOL004", "retired").at(place, "here"));
        }
        let checked = Checked { config: "prebake.yaml", diagnostics: &findings, sources: &sources };
        let sarif: Value = serde_json::from_str(&render(Format::Sarif, &[checked], None)).unwrap();
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        let prints =
            results.iter().map(|it| it["partialFingerprints"]["prebakeFinding/v1"].to_string());
        prints.collect()
    };
    let before = fingerprints("name: vision\n", 0);
    assert_ne!(before[0], before[1]);
    assert_eq!(before, fingerprints("# new\nname: vision\n", 6));
    assert_ne!(before, fingerprints("name: visions\n", 0));
}
