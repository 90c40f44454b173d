use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use regex::Regex;

use super::{pages, read, root};

/// The text of a page without its code, whose brackets are no links.
fn prose(text: &str) -> String {
    let fences = Regex::new(r"(?ms)^\s*```.*?^\s*```\s*?$").expect("it is valid");
    let spans = Regex::new("`[^`\n]*`").expect("it is valid");
    spans.replace_all(&fences.replace_all(text, ""), "code").into_owned()
}

/// The anchors that mdBook and GitHub give the headings of a page.
fn anchors(text: &str) -> BTreeSet<String> {
    let fences = Regex::new(r"(?ms)^\s*```.*?^\s*```\s*?$").expect("it is valid");
    let mut anchors = BTreeSet::new();
    for line in fences.replace_all(text, "").lines() {
        let heading = line.trim_start_matches('#');
        if heading.len() == line.len() || !heading.starts_with(' ') {
            continue;
        }
        let kept = heading.trim().to_lowercase();
        let kept = kept.chars().filter(|sign| sign.is_alphanumeric() || " -_".contains(*sign));
        let anchor: String = kept.map(|sign| if sign == ' ' { '-' } else { sign }).collect();
        let mut unique = anchor.clone();
        let mut count = 0;
        while !anchors.insert(unique.clone()) {
            count += 1;
            unique = format!("{anchor}-{count}");
        }
    }
    for named in Regex::new(r#"<a (?:id|name)="([^"]+)""#).expect("valid").captures_iter(text) {
        anchors.extend(named.get(1).map(|name| name.as_str().to_owned()));
    }
    anchors
}

/// The links of a page that stay in the repository, as written.
fn links(text: &str) -> Vec<String> {
    let inline = Regex::new(r#"\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)|(?:href|src|srcset)="([^"]+)""#);
    let text = prose(text);
    let found = inline.expect("it is valid");
    let found = found.captures_iter(&text).filter_map(|link| link.get(1).or(link.get(2)));
    found
        .map(|link| link.as_str().to_owned())
        .filter(|link| !link.contains("://") && !link.starts_with("mailto:"))
        .collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut files = pages();
    files.extend(["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root().join(name)));
    let mut broken = Vec::new();
    let mut seen = 0;
    for file in &files {
        let text = read(file);
        for link in links(&text) {
            seen += 1;
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match path {
                "" => file.clone(),
                path => file.parent().expect("a file has a folder").join(path),
            };
            let shown = file.strip_prefix(root()).expect("it is ours").display();
            if !target.exists() {
                broken.push(format!("{shown}: {link}"));
            } else if !anchor.is_empty() && !anchors(&read(&target)).contains(anchor) {
                broken.push(format!("{shown}: {link} (no such heading)"));
            }
        }
    }
    assert!(seen >= 100, "only {seen} links are found");
    assert!(broken.is_empty(), "these links lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn every_page_is_in_the_table_of_contents() {
    let summary = read(&root().join("docs/SUMMARY.md"));
    let listed: BTreeSet<PathBuf> =
        links(&summary).iter().map(|link| root().join("docs").join(link)).collect();
    let missing: Vec<_> = pages()
        .into_iter()
        .filter(|page| !page.ends_with("SUMMARY.md") && !listed.contains(page))
        .collect();
    assert!(missing.is_empty(), "docs/SUMMARY.md does not list {missing:?}");
}

/// Pages of the book cannot link to files outside of it: on the site they would lead nowhere.
#[test]
fn pages_link_to_the_repository_by_its_address() {
    let docs = root().join("docs");
    for page in pages() {
        for link in links(&read(&page)) {
            let path = link.split('#').next().unwrap_or_default();
            if path.is_empty() {
                continue;
            }
            let target = page.parent().expect("a page has a folder").join(path);
            let target = target.canonicalize().unwrap_or(target);
            assert!(
                target.starts_with(Path::new(&docs)),
                "{}: {link} leaves the book; use https://github.com/prebake/prebake/...",
                page.display()
            );
        }
    }
}
