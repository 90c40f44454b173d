//! Host names that differ from cloud to cloud.

use serde_json::Value;

use super::Linting;
use crate::arm::hosts;
use crate::bicep::syntax::{ExpressionSyntax, StringSyntax};
use crate::diagnostic::Span;

/// The hosts that are the same everywhere, unless `excludedhosts` says otherwise.
const EVERYWHERE: [&str; 1] = ["schema.management.azure.com"];

pub(super) fn environment_urls(linting: &Linting<'_, '_>) {
    let disallowed = linting.hosts("disallowedhosts", &hosts::PUBLIC);
    let shortest = disallowed.iter().map(String::len).min().unwrap_or(usize::MAX);
    let everywhere = linting.hosts("excludedhosts", &EVERYWHERE);
    linting.undecorated(&mut |expression| {
        let ExpressionSyntax::String(node) = expression else { return };
        if node.span.range().len() > shortest {
            linting.hosts_in(node, &disallowed, &everywhere, shortest);
        }
    });
}

impl<'a> Linting<'a, '_> {
    /// A list of hosts in lowercase, which `bicepconfig.json` may name.
    fn hosts(&self, option: &str, default: &[&str]) -> Vec<String> {
        match &self.options[option] {
            Value::Array(hosts) => {
                hosts.iter().filter_map(Value::as_str).map(str::to_ascii_lowercase).collect()
            }
            _ => default.iter().map(|host| (*host).to_owned()).collect(),
        }
    }

    fn hosts_in(
        &self,
        node: &StringSyntax<'a>,
        hosts: &[String],
        everywhere: &[String],
        shortest: usize,
    ) {
        for part in parts(node) {
            let text = self.text(part).to_ascii_lowercase();
            if text.len() < shortest {
                continue;
            }
            let mut found: Vec<Span> = hosts.iter().flat_map(|host| matches(&text, host)).collect();
            // Microsoft's rule looks no further in this string.
            if found.is_empty() {
                break;
            }
            found.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
            let excluded: Vec<Span> =
                everywhere.iter().flat_map(|host| matches(&text, host)).collect();
            let overlaps =
                |left: Span, right: Span| left.start < right.end && right.start < left.end;
            let mut last: Option<Span> = None;
            for span in found {
                if last.is_some_and(|last| overlaps(last, span)) {
                    continue;
                }
                last = Some(span);
                if !excluded.iter().any(|it| overlaps(*it, span)) {
                    let place = Span::new(part.start + span.start, part.start + span.end);
                    let title = format!("the host name `{}` is hard-coded", self.text(place));
                    let help = "use a property of `environment()`";
                    self.report(place, title, "the host name differs in other Azure clouds", help);
                }
            }
        }
    }
}

/// The pieces of a string around its holes, as they are written.
fn parts(node: &StringSyntax<'_>) -> Vec<Span> {
    let mut start = node.span.start;
    let mut parts = Vec::new();
    for hole in node.holes {
        parts.push(Span::new(start, hole.span().start));
        start = hole.span().end;
    }
    parts.push(Span::new(start, node.span.end));
    parts
}

/// Where a host appears in a text as a whole word.
fn matches(text: &str, host: &str) -> Vec<Span> {
    let small = |at: usize| u32::try_from(at).unwrap_or(0);
    hosts::places(text, host).map(|place| Span::new(small(place.start), small(place.end))).collect()
}
