//! Texts that nobody wrote: none may crash a phase, or give a place outside of itself.

use prebake::bicep::syntax::FileKind;
use prebake::bicep::{MemoryFiles, compile};
use prebake::diagnostic::{Diagnostics, Sources};
use proptest::prelude::*;

/// What the language is made of, and what breaks it.
const PIECES: [&str; 72] = [
    "param",
    "var",
    "type",
    "func",
    "output",
    "resource",
    "module",
    "import",
    "extension",
    "metadata",
    "targetScope",
    "assert",
    "existing",
    "if",
    "for",
    "in",
    "from",
    "as",
    "with",
    "using",
    "none",
    "a",
    "b",
    "string",
    "int",
    "object",
    "true",
    "null",
    "42",
    "99999999999999999999",
    "'x'",
    "'${",
    "}'",
    "'''",
    "$'''",
    "'T/t@2020-01-01'",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    "=",
    "==",
    "=>",
    "!",
    "-",
    "+",
    "*",
    "/",
    "&&",
    "||",
    "|",
    "?",
    "??",
    ".",
    "...",
    ":",
    "::",
    ",",
    "@",
    "^",
    "\n",
    "\r\n",
    " ",
    "// c\n",
    "/* c */",
    "#disable-next-line BCP001\n",
    "\\u{41}",
    "\u{e9}",
];

fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60)
        .prop_map(|pieces| pieces.join(" "))
}

/// Soup in the form of statements, so that later phases see more of it.
fn statements() -> impl Strategy<Value = String> {
    let statement = (0..6_usize, soup()).prop_map(|(kind, soup)| {
        let soup = soup.replace(['\n', '\r'], " ");
        match kind {
            0 => format!("var a = {soup}\n"),
            1 => format!("param b {soup}\n"),
            2 => format!("output c object = {{ a: {soup} }}\n"),
            3 => format!("resource r 'A.B/c@2020-01-01' = {{ name: {soup} }}\n"),
            4 => format!("type t = {soup}\n"),
            _ => format!("module m 'main.bicep' = {{ params: {{ b: {soup} }} }}\n"),
        }
    });
    prop::collection::vec(statement, 1..5).prop_map(|statements| statements.concat())
}

fn survives(text: &str) {
    for kind in [FileKind::Bicep, FileKind::Parameters] {
        for finding in &super::findings(text, kind) {
            let place = finding.place.expect("the parser knows where");
            assert!(text.get(place.span.range()).is_some(), "{finding:?} in {text:?}");
        }
    }
    let files = MemoryFiles::from_iter([("main.bicep", text)]);
    let (mut sources, mut findings) = (Sources::new(), Diagnostics::new());
    let template = compile("main.bicep", &files, &mut sources, &mut findings);
    assert_eq!(template.is_none(), findings.has_errors(), "{text:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_survives(text in any::<String>()) {
        survives(&text);
    }

    #[test]
    fn any_soup_of_tokens_survives(text in soup()) {
        survives(&text);
    }

    #[test]
    fn any_soup_of_statements_survives(text in statements()) {
        survives(&text);
    }

    #[test]
    fn any_beginning_of_a_source_survives(at in 0..SOURCE.len()) {
        let end = (0..=at).rev().find(|end| SOURCE.is_char_boundary(*end)).unwrap_or(0);
        survives(&SOURCE[..end]);
        survives(&SOURCE[end..]);
    }
}

/// One of everything.
const SOURCE: &str = r"targetScope = 'resourceGroup'
metadata about = { a: 1 }
import { x, y as z } from 'other.bicep'
import * as all from 'other.bicep'
extension kubernetes with { kubeConfig: 'x' } as k8s
@description('d')
@minLength(1)
param name string = 'n'
param settings { a: string, *: int }?
param list ('a' | 'b')[] = ['a']
type pair = [int, string]
func twice(x string) string => '${x}${x}'
var items = [for (n, i) in list: { name: '${n}-${i}', 'odd key': -1 }]
var text = '''
multi 'line'
'''
var mixed = $'''a ${name} b'''
var chosen = empty(name) ? items[0].name : items[?^1].?name ?? 'none'
var spread = [...list, 'c']
var mapped = map(list, (x, i) => { v: x, ...settings })
resource account 'Microsoft.Storage/storageAccounts@2023-01-01' existing = {
  name: name
  resource blob 'blobServices' existing = {
    name: 'default'
  }
}
@batchSize(2)
resource others 'Microsoft.Storage/storageAccounts@2023-01-01' = [for n in list: if (n != 'b') {
  name: '${name}${n}'
  location: resourceGroup().location
  properties: { rules: [for r in items: { id: r.name }] }
  dependsOn: [account]
}]
module inner 'other.bicep' = if (!empty(name)) {
  name: 'inner'
  params: { p: account::blob.id, q: others[0].properties.x! }
}
#disable-next-line BCP081
output all array = [for i in range(0, 3): others[i].id]
output one string = sys.toLower(any(chosen))
";
