//! `bicepconfig.json`: aliases of registries and the experiments that are switched on.

use std::collections::BTreeMap;

use serde_json::Value;

use super::files::{FileProvider, join};

/// What the compiler takes from the `bicepconfig.json` nearest to a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// Experiments that are switched on.
    pub experiments: Vec<String>,
    registries: BTreeMap<String, (String, String)>,
    template_specs: BTreeMap<String, (String, String)>,
}

impl Config {
    /// Reads the file next to, or in the nearest folder above, a folder.
    pub fn near(folder: &str, files: &dyn FileProvider) -> Self {
        let mut folder = folder.to_owned();
        loop {
            if let Ok(bytes) = files.read(&join(&folder, "bicepconfig.json")) {
                let text = String::from_utf8_lossy(&bytes);
                let value = serde_json::from_str(&plain_json(&text)).unwrap_or(Value::Null);
                return Self::from_json(&value);
            }
            if folder.is_empty() || folder.ends_with("..") {
                return Self::default();
            }
            folder.truncate(folder.rfind('/').unwrap_or(0));
        }
    }

    fn from_json(value: &Value) -> Self {
        let experiments = value["experimentalFeaturesEnabled"].as_object();
        let experiments = experiments.into_iter().flatten();
        let experiments = experiments.filter(|(_, on)| **on == Value::Bool(true));
        let pairs = |kind: &str, first: &str, second: &str| {
            let aliases = value["moduleAliases"][kind].as_object().into_iter().flatten();
            aliases
                .map(|(name, alias)| {
                    let text = |key: &str| alias[key].as_str().unwrap_or_default().to_owned();
                    (name.clone(), (text(first), text(second)))
                })
                .collect()
        };
        Self {
            experiments: experiments.map(|(name, _)| name.clone()).collect(),
            registries: pairs("br", "registry", "modulePath"),
            template_specs: pairs("ts", "subscription", "resourceGroup"),
        }
    }

    /// Whether an experiment is switched on.
    pub fn has(&self, experiment: &str) -> bool {
        self.experiments.iter().any(|name| name == experiment)
    }

    /// Registry and path of a `br/` alias.
    pub fn registry(&self, alias: &str) -> Option<(&str, &str)> {
        match self.registries.get(alias) {
            Some((registry, path)) => Some((registry, path)),
            None if alias == "public" => Some(("mcr.microsoft.com", "bicep")),
            None => None,
        }
    }

    /// Subscription and resource group of a `ts/` alias.
    pub fn template_specs(&self, alias: &str) -> Option<(&str, &str)> {
        let (subscription, group) = self.template_specs.get(alias)?;
        Some((subscription, group))
    }
}

/// JSON without the comments and trailing commas that Bicep allows in its own files.
pub fn plain_json(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut quoted = false;
    // Where a comma stands that nothing but blanks follow so far.
    let mut comma = None;
    while let Some(letter) = letters.next() {
        if quoted {
            out.push(letter);
            if letter == '\\' {
                out.extend(letters.next());
            }
            quoted = letter != '"';
            continue;
        }
        match (letter, letters.peek()) {
            ('/', Some('/')) => {
                letters.by_ref().find(|next| *next == '\n');
                out.push('\n');
                continue;
            }
            ('/', Some('*')) => {
                let mut last = ' ';
                letters.next();
                letters
                    .by_ref()
                    .find(|next| std::mem::replace(&mut last, *next) == '*' && *next == '/');
                out.push(' ');
                continue;
            }
            _ => {}
        }
        match letter {
            '"' => (quoted, comma) = (true, None),
            ',' => comma = Some(out.len()),
            '}' | ']' => {
                if let Some(at) = comma.take() {
                    out.remove(at);
                }
            }
            blank if blank.is_whitespace() => {}
            _ => comma = None,
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_comments_and_trailing_commas() {
        let text = "{ // a\n \"x\": [1, 2, /* b */ ], \"y\": \"// no, ]\", }";
        let value: Value = serde_json::from_str(&plain_json(text)).unwrap();
        assert_eq!(value, serde_json::json!({ "x": [1, 2], "y": "// no, ]" }));
    }
}
