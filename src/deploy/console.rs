//! The serial console of a builder: the lines that the bake writes among those of the kernel.
//!
//! `templates/cloud-init/prebake-bake.sh.tera` writes them. A line counts from its first marker on, and a result only
//! with its digest: whatever the kernel wrote into it leaves another one.

use serde_json::Value;

use crate::model::hex_digest;

const STEP: &str = "PREBAKE-STEP ";
const LOG: &str = "PREBAKE-LOG ";
const RESULT: &str = "PREBAKE-RESULT ";

/// What a console says so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Console {
    /// Step, state and seconds, in order.
    pub steps: Vec<BakeStep>,
    /// The end of the failed step's log.
    pub log: Vec<String>,
    /// The result, if one stands there whole.
    pub result: Option<BakeResult>,
}

/// One step of a bake, as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BakeStep {
    /// Name.
    pub name: String,
    /// `started`, `done`, `rebooting` or `failed`.
    pub state: String,
    /// Seconds that it took.
    pub seconds: String,
}

/// What a bake ended with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BakeResult {
    /// Digest of the bake that ran.
    pub bake_id: String,
    /// Whether every step was done.
    pub succeeded: bool,
    /// The step that failed; empty without one.
    pub failed_step: String,
    /// The JSON as the bake wrote it.
    pub json: String,
}

/// Reads a console from its start.
pub(super) fn read(bytes: &[u8]) -> Console {
    let text = String::from_utf8_lossy(bytes);
    let mut console = Console::default();
    for line in text.lines() {
        let line = line.trim_end_matches('\r');
        let first = [STEP, LOG, RESULT].into_iter().filter_map(|marker| line.find(marker)).min();
        let Some(first) = first else { continue };
        let line = &line[first..];
        if let Some(step) = line.strip_prefix(STEP) {
            console.steps.extend(read_step(step));
        } else if let Some(line) = line.strip_prefix(LOG) {
            console.log.push(line.to_owned());
        } else if let Some(result) = line.strip_prefix(RESULT).and_then(read_result) {
            console.result = Some(result);
        }
    }
    // The console keeps the lines of a step that ran again after a restart.
    console.steps.dedup();
    console
}

fn read_step(text: &str) -> Option<BakeStep> {
    let mut words = text.split_whitespace();
    let (name, state) = (words.next()?, words.next()?);
    let seconds = words.next().unwrap_or("0");
    let known = ["started", "done", "rebooting", "failed"].contains(&state);
    let whole = known && seconds.bytes().all(|byte| byte.is_ascii_digit());
    whole.then(|| BakeStep {
        name: name.to_owned(),
        state: state.to_owned(),
        seconds: seconds.to_owned(),
    })
}

fn read_result(text: &str) -> Option<BakeResult> {
    let (json, digest) = text.trim_end().rsplit_once(" sha256:")?;
    if hex_digest(json.as_bytes()) != digest {
        return None;
    }
    let value: Value = serde_json::from_str(json).ok()?;
    let field = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(BakeResult {
        bake_id: field("bakeId"),
        succeeded: field("status") == "succeeded",
        failed_step: field("failedStep"),
        json: json.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(json: &str) -> String {
        format!("PREBAKE-RESULT {json} sha256:{}", hex_digest(json.as_bytes()))
    }

    #[test]
    fn a_result_counts_only_whole() {
        let json = r#"{"bakeId":"ab","status":"succeeded","failedStep":""}"#;
        let whole = line(json);
        let (start, end) = whole.split_at(40);
        let garbled = format!("{start}[  99.1] EXT4-fs{end}");
        assert_eq!(read(garbled.as_bytes()).result, None);
        let both = format!("{garbled}\r\n[ 3.1] audit {whole}\r\n");
        let result = read(both.as_bytes()).result.expect("the second line is whole");
        assert!(result.succeeded);
        assert_eq!(result.json, json);
    }

    #[test]
    fn the_first_marker_of_a_line_counts() {
        let text = "PREBAKE-LOG a text with PREBAKE-RESULT {} in it\n[ 1.0] PREBAKE-STEP docker done 12\nPREBAKE-STEP x wrong 1\n";
        let console = read(text.as_bytes());
        assert_eq!(console.result, None);
        assert_eq!(console.log, ["a text with PREBAKE-RESULT {} in it"]);
        let step = |name: &str| BakeStep {
            name: name.to_owned(),
            state: "done".to_owned(),
            seconds: "12".to_owned(),
        };
        assert_eq!(console.steps, [step("docker")]);
    }
}
