//! `--pattern`: the files that a pattern names.

use std::path::{Path, PathBuf};

use regex_lite::Regex;
use walkdir::WalkDir;

/// The folder that a pattern starts at, and the files in it that the pattern names, sorted by path.
pub(super) fn find(pattern: &str) -> std::io::Result<(PathBuf, Vec<PathBuf>)> {
    let fixed = pattern.find('*').unwrap_or(pattern.len());
    let (root, rest) = match pattern[..fixed].rfind('/') {
        Some(0) => ("/", &pattern[1..]),
        Some(slash) => (&pattern[..slash], &pattern[slash + 1..]),
        None => (".", pattern),
    };
    let expression = expression(rest).map_err(std::io::Error::other)?;
    let mut found = Vec::new();
    for entry in WalkDir::new(root).sort_by_file_name() {
        let Ok(entry) = entry else { continue };
        if !entry.path().is_file() {
            continue;
        }
        let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
        if expression.is_match(&relative.to_string_lossy().replace('\\', "/")) {
            found.push(relative.to_owned());
        }
    }
    Ok((Path::new(root).to_owned(), found))
}

/// `*` is any text in one name, `**` any number of folders; upper and lower case are the same.
fn expression(pattern: &str) -> Result<Regex, regex_lite::Error> {
    let mut expression = String::from("(?i)^");
    let names: Vec<&str> = pattern.split('/').filter(|name| *name != ".").collect();
    for (index, name) in names.iter().enumerate() {
        let last = index + 1 == names.len();
        match *name {
            "**" if last => expression.push_str(".*"),
            "**" => expression.push_str("(?:[^/]*/)*"),
            name => {
                let parts: Vec<String> = name.split('*').map(regex_lite::escape).collect();
                expression.push_str(&parts.join("[^/]*"));
                if !last {
                    expression.push('/');
                }
            }
        }
    }
    expression.push('$');
    Regex::new(&expression)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_names_and_folders() {
        let matches = |pattern: &str, path: &str| expression(pattern).unwrap().is_match(path);
        assert!(matches("*.bicep", "main.bicep"));
        assert!(!matches("*.bicep", "a/main.bicep"));
        assert!(matches("**/*.bicep", "main.bicep"));
        assert!(matches("**/*.bicep", "a/b/main.BICEP"));
        assert!(matches("a/**", "a/b/c.txt"));
        assert!(!matches("*.bicep", "main.bicepparam"));
    }
}
